/*
 * Everything is allowed inside every callback: each pair «call X inside callback Y» of the two tables below is a test of
 * its own, on a reactor of its own. Whatever the pair: nobody is told anything after an end but that end, once; nothing
 * leaks; and what the call promises comes true.
 *
 * One connection carries an actor and others in every state: one that is open, one that holds bytes while it is paused,
 * one that waits in line, one that pauses after a cut, and two requests.
 */
#include "support/stage.h"
#include "support/test.h"

#include <freshet/freshet.h>

struct play;

/* A callback in which a call is made, and how it is brought about. */
struct place {
	const char *name;
	const char *path; /* of the watch whose callback it is */
	enum told told;
	unsigned nth; /* event of that watch */
	void (*bring)(struct play *p);
};

/* Whom a call is made on. */
enum target { NOBODY, SELF, OPEN, HOLDING, WAITING, PAUSING, ASKED, TARGET_COUNT };

static const char *const target_paths[TARGET_COUNT] = {
	[OPEN] = "/open", [HOLDING] = "/holding", [WAITING] = "/waiting", [PAUSING] = "/pausing", [ASKED] = "/asked"};

struct call {
	const char *name;
	unsigned targets; /* 1 << enum target */
	void (*make)(struct play *p, struct watch *on, const freshet_event *event);
	/* After all is settled: did it do what it says? NULL where the general checks say it. */
	void (*check)(struct play *p, struct watch *on);
	bool ends;          /* the target, or everything when there is none */
	freshet_err result; /* with which it ends */
};

struct pair {
	const struct place *place;
	const struct call *call;
	enum target target;
	char name[100];
};

struct play {
	struct stage g;
	const struct pair *pair;
	struct watch *on; /* of the call; NULL: nobody */
	bool made;
	bool was_done;        /* the target, before the call */
	size_t subscriptions; /* of the target, before the call */
	freshet_endpoint *second;
	freshet_event *held;
	struct watch *fresh; /* opened by the call */
	unsigned seconds_closed;
};

static struct watch *find(struct play *p, const char *path)
{
	for (struct watch *w = p->g.watches; w != NULL; w = w->next)
		if (strcmp(w->path, path) == 0)
			return w;
	return NULL;
}

static size_t asked_for(const struct play *p, const char *path)
{
	size_t count = 0;
	for (size_t i = 0; i < p->g.server.conn_count; i++) {
		const struct h2peer *peer = p->g.server.conns[i]->peer;
		for (size_t j = 0; j < peer->call_count; j++)
			count += strcmp(h2peer_field(peer->calls[j], ":path"), path) == 0;
	}
	return count;
}

/* The calls. */

static void over(struct watch *w)
{
	w->over = true;
}

static void all_over(struct play *p)
{
	for (struct watch *w = p->g.watches; w != NULL; w = w->next)
		w->over = true;
}

static void make_close(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_close(on->stream);
	over(on);
}

static void make_finish(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_finish(on->stream);
	over(on);
}

static void make_fail(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_fail(on->stream, FRESHET_EBAD_ANSWER);
	over(on);
}

static void make_reconnect(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_reconnect(on->stream, 0);
}

static void make_reconnect_later(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_reconnect(on->stream, 700);
}

static void check_reconnect(struct play *p, struct watch *on)
{
	if (!p->was_done)
		assert_true(asked_for(p, on->path) > p->subscriptions);
}

static void make_pause(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_pause(on->stream);
	on->silent = true;
}

static void make_resume(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_stream_resume(on->stream);
	on->silent = false;
}

static void make_pause_and_resume(struct play *p, struct watch *on, const freshet_event *event)
{
	make_pause(p, on, event);
	make_resume(p, on, event);
}

static void make_pause_and_close(struct play *p, struct watch *on, const freshet_event *event)
{
	make_pause(p, on, event);
	make_resume(p, on, event);
	make_pause(p, on, event);
	make_close(p, on, event);
}

static void make_reconnect_and_close(struct play *p, struct watch *on, const freshet_event *event)
{
	make_reconnect(p, on, event);
	make_close(p, on, event);
	make_reconnect(p, on, event);
}

static void make_set_cursor(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_str id = freshet_str_of("a cursor that does not lie inside the record");
	assert_int_equal(freshet_stream_set_cursor(on->stream, id), FRESHET_OK);
}

static void make_look(struct play *p, struct watch *on, const freshet_event *event)
{
	freshet_reactor_counters counters;
	(void)event;
	freshet_reactor_counters_get(p->g.reactor, &counters);
	assert_ptr_equal(freshet_stream_user(on->stream), on);
	assert_ptr_equal(freshet_endpoint_reactor(freshet_stream_endpoint(on->stream)), p->g.reactor);
	assert_true(strlen(freshet_stream_state(on->stream)) > 0);
	assert_true(freshet_stream_last_event_id(on->stream).len < 100);
}

static void make_hold(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	const freshet_event own = {.data = freshet_str_of("no event is told here")};
	freshet_event_drop(p->held);
	assert_int_equal(freshet_event_hold(event != NULL ? event : &own, &p->held), FRESHET_OK);
}

static void check_hold(struct play *p, struct watch *on)
{
	(void)on;
	assert_true(freshet_str_is(p->held->data, "no event is told here") || p->held->data.len == 1);
	freshet_event_drop(p->held);
}

static void make_cancel(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_request_cancel(on->request);
	over(on);
}

static void make_open(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/fresh";
	p->fresh = stage_watch(&p->g);
	p->g.endpoint = p->second;
	assert_int_equal(watch_stream(p->fresh, &o), FRESHET_OK);
}

static void check_open(struct play *p, struct watch *on)
{
	(void)on;
	assert_string_equal(watch_said(p->fresh), "open\nevent 9 message z\n");
}

static void make_send(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/fresh-request";
	p->fresh = stage_watch(&p->g);
	p->g.endpoint = p->second;
	assert_int_equal(watch_request(p->fresh, &o), FRESHET_OK);
}

static void check_send(struct play *p, struct watch *on)
{
	(void)on;
	assert_string_equal(watch_said(p->fresh), "done FRESHET_OK 200 \n");
}

static void second_closed(void *user)
{
	struct play *p = user;
	p->seconds_closed++;
}

static freshet_endpoint *another_endpoint(struct play *p)
{
	freshet_endpoint *endpoint;
	freshet_endpoint_options o;
	freshet_endpoint_options_init(&o);
	o.url = p->g.url;
	o.protocol = FRESHET_PROTOCOL_HTTP2;
	o.on_closed = second_closed;
	o.user = p;
	assert_int_equal(freshet_endpoint_new(p->g.reactor, &o, &endpoint), FRESHET_OK);
	return endpoint;
}

static void make_endpoint(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_endpoint_close(another_endpoint(p));
}

static void check_endpoint(struct play *p, struct watch *on)
{
	(void)on;
	assert_true(p->seconds_closed >= 2);
}

static void make_close_endpoint(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_endpoint_close(p->g.endpoint);
	all_over(p);
}

static void make_close_reactor(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_reactor_close(p->g.reactor, stage_on_closed, &p->g);
	all_over(p);
}

static void make_free_reactor(struct play *p, struct watch *on, const freshet_event *event)
{
	make_close_reactor(p, on, event);
	freshet_reactor_free(p->g.reactor);
}

static void check_reactor_gone(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->g.closed, 1);
}

static void make_stop_and_run(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_reactor_stop(p->g.reactor);
	assert_int_equal(freshet_reactor_run(p->g.reactor), FRESHET_ESTATE);
}

#define STREAMS (1u << SELF | 1u << OPEN | 1u << HOLDING | 1u << WAITING | 1u << PAUSING)

static const struct call calls[] = {
	{"freshet_stream_close", STREAMS, make_close, NULL, true, FRESHET_ECANCELED},
	{"freshet_stream_finish", STREAMS, make_finish, NULL, true, FRESHET_OK},
	{"freshet_stream_fail", STREAMS, make_fail, NULL, true, FRESHET_EBAD_ANSWER},
	{"freshet_stream_reconnect", STREAMS, make_reconnect, check_reconnect, false, FRESHET_OK},
	{"freshet_stream_reconnect later", STREAMS, make_reconnect_later, check_reconnect, false, FRESHET_OK},
	{"freshet_stream_pause", STREAMS, make_pause, NULL, false, FRESHET_OK},
	{"freshet_stream_resume", STREAMS, make_resume, NULL, false, FRESHET_OK},
	{"pause and resume", STREAMS, make_pause_and_resume, NULL, false, FRESHET_OK},
	{"pause and close", STREAMS, make_pause_and_close, NULL, true, FRESHET_ECANCELED},
	{"reconnect and close", STREAMS, make_reconnect_and_close, NULL, true, FRESHET_ECANCELED},
	{"freshet_stream_set_cursor", STREAMS, make_set_cursor, NULL, false, FRESHET_OK},
	{"questions", STREAMS, make_look, NULL, false, FRESHET_OK},
	{"freshet_event_hold", 1u << NOBODY, make_hold, check_hold, false, FRESHET_OK},
	{"freshet_request_cancel", 1u << SELF | 1u << ASKED, make_cancel, NULL, true, FRESHET_ECANCELED},
	{"freshet_stream_open", 1u << NOBODY, make_open, check_open, false, FRESHET_OK},
	{"freshet_request_send", 1u << NOBODY, make_send, check_send, false, FRESHET_OK},
	{"freshet_endpoint_new and _close", 1u << NOBODY, make_endpoint, check_endpoint, false, FRESHET_OK},
	{"freshet_endpoint_close", 1u << NOBODY, make_close_endpoint, NULL, true, FRESHET_ECANCELED},
	{"freshet_reactor_close", 1u << NOBODY, make_close_reactor, check_reactor_gone, true, FRESHET_ECANCELED},
	{"freshet_reactor_free", 1u << NOBODY, make_free_reactor, check_reactor_gone, true, FRESHET_ECANCELED},
	{"freshet_reactor_stop and _run", 1u << NOBODY, make_stop_and_run, NULL, false, FRESHET_OK},
};

/* The places. */

static const char three_events[] = "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n";

static void bring_open(struct play *p)
{
	h2peer_open_events(stage_call(&p->g, "/actor"));
	h2peer_text(stage_call(&p->g, "/actor"), three_events);
}

static void bring_end(struct play *p)
{
	bring_open(p);
	h2peer_end(stage_call(&p->g, "/actor"));
}

static void bring_reset(struct play *p)
{
	h2peer_reset(stage_call(&p->g, "/actor"), 2);
}

static void bring_refusal(struct play *p)
{
	h2peer_answer_empty(stage_call(&p->g, "/actor"), 503, NULL);
}

static void bring_failure(struct play *p)
{
	h2peer_answer_empty(stage_call(&p->g, "/actor"), 404, NULL);
}

static void bring_close(struct play *p)
{
	freshet_stream_close(find(p, "/actor")->stream);
}

static void bring_loss(struct play *p)
{
	h2server_drop(p->g.server.conns[0], false);
}

static void bring_headers_timeout(struct play *p)
{
	stage_advance(&p->g, 30000);
}

static void bring_answer(struct play *p)
{
	h2peer_answer_empty(stage_call(&p->g, "/answered"), 200, NULL);
}

static void bring_cancel(struct play *p)
{
	freshet_request_cancel(find(p, "/answered")->request);
}

static void bring_held(struct play *p)
{
	freshet_stream_resume(find(p, "/holding")->stream);
}

static const struct place places[] = {
	{"on_open", "/actor", TOLD_OPEN, 0, bring_open},
	{"on_event, the first of three", "/actor", TOLD_EVENT, 1, bring_open},
	{"on_event, the middle of three", "/actor", TOLD_EVENT, 2, bring_open},
	{"on_event, the last of three", "/actor", TOLD_EVENT, 3, bring_open},
	{"on_event, the last before the end", "/actor", TOLD_EVENT, 3, bring_end},
	{"on_event of a held piece", "/holding", TOLD_EVENT, 1, bring_held},
	{"on_event, the last of a held piece", "/holding", TOLD_EVENT, 3, bring_held},
	{"on_cut by the end", "/actor", TOLD_CUT, 0, bring_end},
	{"on_cut by a reset", "/actor", TOLD_CUT, 0, bring_reset},
	{"on_cut by a refusal", "/actor", TOLD_CUT, 0, bring_refusal},
	{"on_cut by time", "/actor", TOLD_CUT, 0, bring_headers_timeout},
	{"on_cut by a loss, the first to hear of it", "/actor", TOLD_CUT, 0, bring_loss},
	{"on_cut by a loss, after others", "/open", TOLD_CUT, 0, bring_loss},
	{"on_done of a stream that was closed", "/actor", TOLD_DONE, 0, bring_close},
	{"on_done of a stream that failed", "/actor", TOLD_DONE, 0, bring_failure},
	{"on_done of a request that was answered", "/answered", TOLD_ANSWER, 0, bring_answer},
	{"on_done of a request that was cancelled", "/answered", TOLD_ANSWER, 0, bring_cancel},
	{"on_done of a request that was lost", "/answered", TOLD_ANSWER, 0, bring_loss},
};

static void make_the_call(struct watch *w, enum told told, const freshet_event *event)
{
	struct play *p = w->user;
	const struct place *place = p->pair->place;
	if (p->made || strcmp(w->path, place->path) != 0 || told != place->told ||
		(told == TOLD_EVENT && w->events != place->nth))
		return;
	p->made = true;
	if (p->pair->target == SELF)
		p->on = w;
	else if (p->pair->target != NOBODY)
		p->on = find(p, target_paths[p->pair->target]);
	if (p->on != NULL) {
		/* One whose on_done has come before is not there any more. */
		if (p->on->stream == NULL && p->on->request == NULL)
			return;
		p->was_done = p->on->dones > 0 || p->on->over;
		/* A request that is not repeated has ended with its connection; it is only told later. */
		p->was_done |= place->bring == bring_loss && p->pair->target == ASKED;
		p->subscriptions = asked_for(p, p->on->path);
	}
	/* Twice: whatever can be asked for can be asked for again. */
	p->pair->call->make(p, p->on, event);
	p->pair->call->make(p, p->on, event);
}

static struct watch *cast(struct play *p, const char *path, bool request)
{
	struct watch *w = stage_watch(&p->g);
	w->user = p;
	w->hook = make_the_call;
	snprintf(w->path, sizeof w->path, "%s", path);
	if (request) {
		freshet_request_options o;
		freshet_request_options_init(&o);
		o.method = "POST"; /* it is not repeated */
		o.path = path;
		o.body = freshet_str_of("body");
		assert_int_equal(watch_request(w, &o), FRESHET_OK);
	} else {
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		o.path = path;
		assert_int_equal(watch_stream(w, &o), FRESHET_OK);
	}
	return w;
}

static void set_the_stage(struct play *p)
{
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.max_connections = 1;
	o.endpoint.max_streams_per_connection = 5;
	stage_open(&p->g, &o);
	cast(p, "/pausing", false);
	stage_settle(&p->g);
	h2peer_answer_empty(stage_call(&p->g, "/pausing"), 503, (const char *const[]){"retry-after", "60", NULL});
	stage_settle(&p->g);
	cast(p, "/actor", false);
	cast(p, "/open", false);
	struct watch *holding = cast(p, "/holding", false);
	cast(p, "/answered", true);
	cast(p, "/asked", true);
	cast(p, "/waiting", false);
	stage_settle(&p->g);
	stage_serve(&p->g, "/open", "id: 5\ndata: o\n\n");
	freshet_stream_pause(holding->stream);
	stage_serve(&p->g, "/holding", three_events);
	p->second = another_endpoint(p);
	assert_string_equal(freshet_stream_state(find(p, "/pausing")->stream), "backoff");
	assert_string_equal(freshet_stream_state(find(p, "/waiting")->stream), "waiting");
	assert_string_equal(freshet_stream_state(find(p, "/actor")->stream), "sent");
	assert_string_equal(freshet_stream_state(find(p, "/open")->stream), "open");
}

/* Answers everything that nobody has answered yet, as it comes. */
static void serve_all(struct play *p)
{
	for (size_t i = 0; i < p->g.server.conn_count; i++) {
		struct h2server_conn *c = p->g.server.conns[i];
		for (size_t j = 0; c->fd >= 0 && j < c->peer->call_count; j++) {
			struct h2peer_call *call = c->peer->calls[j];
			if (call->gone || call->answered)
				continue;
			if (h2peer_field(call, "accept") == NULL) {
				h2peer_answer_empty(call, 200, NULL);
			} else {
				h2peer_open_events(call);
				h2peer_text(call, "id: 9\ndata: z\n\n");
			}
		}
	}
	stage_settle(&p->g);
}

static void go_on(struct play *p)
{
	serve_all(p);
	for (struct watch *w = p->g.watches; w != NULL; w = w->next)
		if (w->stream != NULL && !w->over) {
			w->silent = false;
			freshet_stream_resume(w->stream);
		}
	stage_settle(&p->g);
	for (int i = 0; i < 3; i++) {
		stage_advance(&p->g, 29000);
		serve_all(p);
	}
}

static void check_everybody(struct play *p)
{
	const struct call *call = p->pair->call;
	for (struct watch *w = p->g.watches; w != NULL; w = w->next) {
		bool target = p->pair->target == NOBODY || w == p->on;
		if (call->ends && target && w != p->fresh) {
			assert_int_equal(w->dones, 1);
			/* Some were ended by what brought the place about. */
			if (w == p->on && !p->was_done)
				assert_int_equal(w->outcome.err, call->result);
		} else if (w->stream != NULL) {
			/* Whoever goes on has been served. */
			assert_string_equal(freshet_stream_state(w->stream), "open");
			assert_true(w->events > 0);
		}
	}
	if (call->check != NULL)
		call->check(p, p->on);
}

static void a_pair(void **state)
{
	const struct pair *pair = *state;
	struct play p = {.pair = pair};
	set_the_stage(&p);
	pair->place->bring(&p);
	stage_settle(&p.g);
	if (!p.made)
		stage_advance(&p.g, 0);
	assert_true(p.made);
	if (p.g.reactor != NULL)
		go_on(&p);
	check_everybody(&p);
	stage_close(&p.g);
}

static bool makes_sense(const struct pair *pair)
{
	bool request = pair->place->told == TOLD_ANSWER;
	bool on_request = pair->call->make == make_cancel;
	/* Itself is a request in one place and a stream in the others. */
	return pair->target != SELF || request == on_request;
}

int main(void)
{
	enum {
		PLACES = sizeof places / sizeof places[0],
		CALLS = sizeof calls / sizeof calls[0],
	};
	static struct pair pairs[PLACES * CALLS * TARGET_COUNT];
	static struct CMUnitTest tests[PLACES * CALLS * TARGET_COUNT];
	size_t count = 0;
	for (size_t i = 0; i < PLACES * CALLS * TARGET_COUNT; i++) {
		struct pair *pair = &pairs[count];
		*pair = (struct pair){.place = &places[i / TARGET_COUNT / CALLS],
			.call = &calls[i / TARGET_COUNT % CALLS],
			.target = (enum target)(i % TARGET_COUNT)};
		if ((pair->call->targets & 1u << pair->target) == 0 || !makes_sense(pair))
			continue;
		const char *on = pair->target == SELF ? " on itself" : target_paths[pair->target];
		snprintf(pair->name, sizeof pair->name, "%s inside %s %s", pair->call->name, pair->place->name,
			on != NULL ? on : "");
		tests[count++] = (struct CMUnitTest){pair->name, a_pair, NULL, NULL, pair};
	}
	return _cmocka_run_group_tests("callbacks", tests, count, NULL, NULL);
}
