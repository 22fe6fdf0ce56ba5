/*
 * Everything is allowed inside every callback: each pair «call X inside callback Y» of the two tables below is a test of
 * its own, on a reactor of its own. Whatever the pair: nobody is told anything after an end but that end, once; nothing
 * leaks; and what the call promises comes true.
 *
 * One connection carries an actor and others in every state: one that is open, one that holds bytes while it is paused,
 * one that waits in line, one that pauses after a cut, two requests, and one whose body is still being read.
 */
#include "support/stage.h"
#include "support/test.h"

#include <freshet/freshet.h>

struct play;

/* What is left where a callback comes. */
enum left {
	ALL,            /* streams, requests, endpoints, the reactor */
	ENDED,          /* the same, but the reactor is closing: nothing new is let in */
	REACTOR,        /* the first endpoint is gone, with all that was on it */
	CLOSED_REACTOR, /* the same, and the reactor is closing */
	NOTHING,        /* the reactor is gone */
};

/* A callback in which a call is made, and how it is brought about. */
struct place {
	const char *name;
	const char *path; /* of the watch whose callback it is; NULL: `bring` sees to it */
	enum told told;
	unsigned nth; /* event of that watch */
	void (*bring)(struct play *p);
	enum left left;
};

/* Whom a call is made on. */
enum target { NOBODY, SELF, OPEN, HOLDING, WAITING, PAUSING, ASKED, SENDING, TARGET_COUNT };

static const char *const target_paths[TARGET_COUNT] = {[OPEN] = "/open",
	[HOLDING] = "/holding",
	[WAITING] = "/waiting",
	[PAUSING] = "/pausing",
	[ASKED] = "/asked",
	[SENDING] = "/sending"};

struct call {
	const char *name;
	unsigned targets; /* 1 << enum target */
	void (*make)(struct play *p, struct watch *on, const freshet_event *event);
	/* After all is settled: did it do what it says? NULL where the general checks say it. */
	void (*check)(struct play *p, struct watch *on);
	bool ends;          /* the target, or everything when there is none */
	freshet_err result; /* with which it ends */
	enum left needs;    /* the least that must be left for the call to be possible */
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
	freshet_endpoint *third; /* for what the calls open */
	freshet_event *held;
	struct watch *fresh; /* opened by the call */
	unsigned endpoints_closed;
	unsigned posts_run;
	unsigned reads;          /* of the body */
	unsigned strangers_done; /* streams of other reactors */
};

/* What new things are answered. */
static freshet_err let_in(const struct play *p)
{
	enum left left = p->pair->place->left;
	return left == ENDED || left == CLOSED_REACTOR ? FRESHET_ESTATE : FRESHET_OK;
}

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
	freshet_counters counters = stage_counters(&p->g);
	freshet_endpoint *endpoint = freshet_stream_endpoint(on->stream);
	(void)event;
	assert_int_equal(counters.streams_opened, counters.streams + counters.streams_ended);
	assert_int_equal(freshet_endpoint_counters_get(endpoint, &counters), FRESHET_OK);
	assert_true(counters.streams > 0);
	assert_ptr_equal(freshet_stream_user(on->stream), on);
	assert_ptr_equal(freshet_endpoint_reactor(endpoint), p->g.reactor);
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
	p->g.endpoint = p->third;
	assert_int_equal(watch_stream(p->fresh, &o), let_in(p));
}

static void check_open(struct play *p, struct watch *on)
{
	(void)on;
	const char *served = "open\nevent 9 message z\n";
	assert_string_equal(watch_said(p->fresh), let_in(p) == FRESHET_OK ? served : "");
}

static void make_send(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/fresh-request";
	p->fresh = stage_watch(&p->g);
	p->g.endpoint = p->third;
	assert_int_equal(watch_request(p->fresh, &o), let_in(p));
}

static void check_send(struct play *p, struct watch *on)
{
	(void)on;
	assert_string_equal(watch_said(p->fresh), let_in(p) == FRESHET_OK ? "done FRESHET_OK 200 \n" : "");
}

static void endpoint_closed(void *user)
{
	struct play *p = user;
	p->endpoints_closed++;
}

/* NULL where the reactor lets nothing in. */
static freshet_endpoint *another_endpoint(struct play *p, void (*on_closed)(void *user), freshet_err expected)
{
	freshet_endpoint *endpoint;
	freshet_endpoint_options o;
	freshet_endpoint_options_init(&o);
	o.url = p->g.url;
	o.protocol = FRESHET_PROTOCOL_HTTP2;
	o.on_closed = on_closed;
	o.user = p;
	assert_int_equal(freshet_endpoint_new(p->g.reactor, &o, &endpoint), expected);
	return endpoint;
}

static void make_endpoint(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	freshet_endpoint_close(another_endpoint(p, endpoint_closed, let_in(p)));
}

static void check_endpoint(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->endpoints_closed, let_in(p) == FRESHET_OK ? 2 : 0);
}

static void run_post(freshet_reactor *reactor, void *arg)
{
	struct play *p = arg;
	assert_ptr_equal(reactor, p->g.reactor);
	p->posts_run++;
}

static void make_post(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	assert_int_equal(freshet_reactor_post(p->g.reactor, run_post, NULL, p), let_in(p));
	assert_int_equal(p->posts_run, 0);
}

static void check_post(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->posts_run, let_in(p) == FRESHET_OK ? 2 : 0);
}

static void stranger_event(freshet_stream *stream, const freshet_event *event, void *user)
{
	(void)stream;
	(void)event;
	(void)user;
	fail();
}

static void stranger_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	struct play *p = user;
	(void)stream;
	assert_int_equal(end->outcome.err, FRESHET_ECANCELED);
	p->strangers_done++;
}

/* Another reactor on the same loop, with a stream. */
static void make_reactor(struct play *p, struct watch *on, const freshet_event *event)
{
	freshet_reactor *reactor;
	freshet_reactor_options o;
	freshet_endpoint *endpoint;
	freshet_endpoint_options e;
	freshet_stream *stream;
	freshet_stream_options s;
	(void)on;
	(void)event;
	freshet_reactor_options_init(&o);
	o.base = p->g.base;
	assert_int_equal(freshet_reactor_new(&o, &reactor), FRESHET_OK);
	freshet_endpoint_options_init(&e);
	e.url = p->g.url;
	assert_int_equal(freshet_endpoint_new(reactor, &e, &endpoint), FRESHET_OK);
	freshet_stream_options_init(&s);
	s.path = "/stranger";
	s.callbacks.on_event = stranger_event;
	s.callbacks.on_done = stranger_done;
	s.user = p;
	assert_int_equal(freshet_stream_open(endpoint, &s, &stream), FRESHET_OK);
	freshet_reactor_free(reactor);
}

static void check_reactor(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->strangers_done, 2);
}

static void make_resume_body(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)p;
	(void)event;
	freshet_request_resume(on->request);
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
	{"freshet_stream_close", STREAMS, make_close, NULL, true, FRESHET_ECANCELED, ENDED},
	{"freshet_stream_finish", STREAMS, make_finish, NULL, true, FRESHET_OK, ENDED},
	{"freshet_stream_fail", STREAMS, make_fail, NULL, true, FRESHET_EBAD_ANSWER, ENDED},
	{"freshet_stream_reconnect", STREAMS, make_reconnect, check_reconnect, false, FRESHET_OK, ENDED},
	{"freshet_stream_reconnect later", STREAMS, make_reconnect_later, check_reconnect, false, FRESHET_OK, ENDED},
	{"freshet_stream_pause", STREAMS, make_pause, NULL, false, FRESHET_OK, ENDED},
	{"freshet_stream_resume", STREAMS, make_resume, NULL, false, FRESHET_OK, ENDED},
	{"pause and resume", STREAMS, make_pause_and_resume, NULL, false, FRESHET_OK, ENDED},
	{"pause and close", STREAMS, make_pause_and_close, NULL, true, FRESHET_ECANCELED, ENDED},
	{"reconnect and close", STREAMS, make_reconnect_and_close, NULL, true, FRESHET_ECANCELED, ENDED},
	{"freshet_stream_set_cursor", STREAMS, make_set_cursor, NULL, false, FRESHET_OK, ENDED},
	{"questions", STREAMS, make_look, NULL, false, FRESHET_OK, ENDED},
	{"freshet_event_hold", 1u << NOBODY, make_hold, check_hold, false, FRESHET_OK, NOTHING},
	{"freshet_request_cancel", 1u << SELF | 1u << ASKED, make_cancel, NULL, true, FRESHET_ECANCELED, ENDED},
	{"freshet_request_resume", 1u << SELF | 1u << ASKED | 1u << SENDING, make_resume_body, NULL, false, FRESHET_OK,
		ENDED},
	{"freshet_stream_open", 1u << NOBODY, make_open, check_open, false, FRESHET_OK, REACTOR},
	{"freshet_request_send", 1u << NOBODY, make_send, check_send, false, FRESHET_OK, REACTOR},
	{"freshet_endpoint_new and _close", 1u << NOBODY, make_endpoint, check_endpoint, false, FRESHET_OK,
		CLOSED_REACTOR},
	{"freshet_endpoint_close", 1u << NOBODY, make_close_endpoint, NULL, true, FRESHET_ECANCELED, ENDED},
	{"freshet_reactor_post", 1u << NOBODY, make_post, check_post, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_reactor_close", 1u << NOBODY, make_close_reactor, check_reactor_gone, true, FRESHET_ECANCELED,
		CLOSED_REACTOR},
	{"freshet_reactor_free", 1u << NOBODY, make_free_reactor, check_reactor_gone, true, FRESHET_ECANCELED,
		CLOSED_REACTOR},
	{"freshet_reactor_stop and _run", 1u << NOBODY, make_stop_and_run, NULL, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_reactor_new and _free", 1u << NOBODY, make_reactor, check_reactor, false, FRESHET_OK, NOTHING},
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

static void bring_read(struct play *p)
{
	freshet_request_resume(find(p, "/sending")->request);
}

static void bring_rewind(struct play *p)
{
	h2peer_reset(stage_call(&p->g, "/sending"), 7);
}

static void act(struct play *p, struct watch *self, const freshet_event *event);

static void second_closed(void *user)
{
	struct play *p = user;
	if (p->pair->place->left != REACTOR)
		act(p, NULL, NULL);
}

static void bring_end_of_endpoint(struct play *p)
{
	freshet_endpoint_close(p->second);
}

static void first_closed(void *user)
{
	struct play *p = user;
	if (p->pair->place->left == REACTOR || p->pair->place->left == CLOSED_REACTOR)
		act(p, NULL, NULL);
}

static void bring_end_of_first(struct play *p)
{
	freshet_endpoint_close(p->g.endpoint);
}

static void bring_end_of_reactor(struct play *p)
{
	freshet_reactor_close(p->g.reactor, stage_on_closed, &p->g);
}

static void posted(freshet_reactor *reactor, void *arg)
{
	struct play *p = arg;
	assert_ptr_equal(reactor, p->g.reactor);
	act(p, NULL, NULL);
}

static void bring_post(struct play *p)
{
	assert_int_equal(freshet_reactor_post(p->g.reactor, posted, NULL, p), FRESHET_OK);
}

static void dropped(void *arg)
{
	act(arg, NULL, NULL);
}

static void posted_close(freshet_reactor *reactor, void *arg)
{
	(void)reactor;
	bring_end_of_reactor(arg);
}

/* The first one closes the reactor under the second. */
static void bring_dropped_post(struct play *p)
{
	assert_int_equal(freshet_reactor_post(p->g.reactor, posted_close, NULL, p), FRESHET_OK);
	assert_int_equal(freshet_reactor_post(p->g.reactor, posted, dropped, p), FRESHET_OK);
}

static void reactor_closed(void *user)
{
	struct play *p = user;
	stage_on_closed(&p->g);
	act(p, NULL, NULL);
}

static void bring_last_of_reactor(struct play *p)
{
	freshet_reactor_close(p->g.reactor, reactor_closed, p);
}

static void bring_last_of_freed_reactor(struct play *p)
{
	freshet_reactor *reactor = p->g.reactor;
	bring_last_of_reactor(p);
	freshet_reactor_free(reactor);
}

static const struct place places[] = {
	{"on_open", "/actor", TOLD_OPEN, 0, bring_open, ALL},
	{"on_event, the first of three", "/actor", TOLD_EVENT, 1, bring_open, ALL},
	{"on_event, the middle of three", "/actor", TOLD_EVENT, 2, bring_open, ALL},
	{"on_event, the last of three", "/actor", TOLD_EVENT, 3, bring_open, ALL},
	{"on_event, the last before the end", "/actor", TOLD_EVENT, 3, bring_end, ALL},
	{"on_event of a held piece", "/holding", TOLD_EVENT, 1, bring_held, ALL},
	{"on_event, the last of a held piece", "/holding", TOLD_EVENT, 3, bring_held, ALL},
	{"on_cut by the end", "/actor", TOLD_CUT, 0, bring_end, ALL},
	{"on_cut by a reset", "/actor", TOLD_CUT, 0, bring_reset, ALL},
	{"on_cut by a refusal", "/actor", TOLD_CUT, 0, bring_refusal, ALL},
	{"on_cut by time", "/actor", TOLD_CUT, 0, bring_headers_timeout, ALL},
	{"on_cut by a loss, the first to hear of it", "/actor", TOLD_CUT, 0, bring_loss, ALL},
	{"on_cut by a loss, after others", "/open", TOLD_CUT, 0, bring_loss, ALL},
	{"on_done of a stream that was closed", "/actor", TOLD_DONE, 0, bring_close, ALL},
	{"on_done of a stream that failed", "/actor", TOLD_DONE, 0, bring_failure, ALL},
	{"on_done of a request that was answered", "/answered", TOLD_ANSWER, 0, bring_answer, ALL},
	{"on_done of a request that was cancelled", "/answered", TOLD_ANSWER, 0, bring_cancel, ALL},
	{"on_done of a request that was lost", "/answered", TOLD_ANSWER, 0, bring_loss, ALL},
	{"the reading of a body", "/sending", TOLD_READ, 0, bring_read, ALL},
	{"the rewinding of a body", "/sending", TOLD_REWIND, 0, bring_rewind, ALL},
	{"a function that was posted", NULL, 0, 0, bring_post, ALL},
	{"the dropping of one that was posted", NULL, 0, 0, bring_dropped_post, ENDED},
	{"on_closed of another endpoint", NULL, 0, 0, bring_end_of_endpoint, ALL},
	{"on_closed of the endpoint", NULL, 0, 0, bring_end_of_first, REACTOR},
	{"on_closed of an endpoint by its reactor", NULL, 0, 0, bring_end_of_reactor, CLOSED_REACTOR},
	{"on_closed of the reactor", NULL, 0, 0, bring_last_of_reactor, NOTHING},
	{"on_closed of a reactor that is freed", NULL, 0, 0, bring_last_of_freed_reactor, NOTHING},
};

/* The place has been reached: the call is made. */
static void act(struct play *p, struct watch *self, const freshet_event *event)
{
	const struct place *place = p->pair->place;
	if (p->made)
		return;
	p->made = true;
	if (p->pair->target == SELF)
		p->on = self;
	else if (p->pair->target != NOBODY)
		p->on = find(p, target_paths[p->pair->target]);
	if (p->on != NULL) {
		/* One whose on_done has come before is not there any more. */
		if (p->on->stream == NULL && p->on->request == NULL)
			return;
		p->was_done = p->on->dones > 0 || p->on->over || place->left == ENDED;
		/* A request that is not repeated has ended with its connection; it is only told later. */
		p->was_done |= place->bring == bring_loss && p->pair->target == ASKED;
		p->subscriptions = asked_for(p, p->on->path);
	}
	/* Twice: whatever can be asked for can be asked for again. */
	p->pair->call->make(p, p->on, event);
	p->pair->call->make(p, p->on, event);
}

static void make_the_call(struct watch *w, enum told told, const freshet_event *event)
{
	struct play *p = w->user;
	const struct place *place = p->pair->place;
	if (place->path != NULL && strcmp(w->path, place->path) == 0 && told == place->told &&
		(told != TOLD_EVENT || w->events == place->nth))
		act(p, w, event);
}

/* The first piece, and the rest later; what is asked for then is a place. */
static freshet_body_step read_body(freshet_request *request, void *to, size_t room, size_t *len, void *user)
{
	struct watch *w = user;
	struct play *p = w->user;
	assert_ptr_equal(request, w->request);
	assert_true(room >= 4);
	assert_false(w->over || w->dones > 0);
	if (p->reads++ == 0) {
		memcpy(to, "body", *len = 4);
		return FRESHET_BODY_LATER;
	}
	make_the_call(w, TOLD_READ, NULL);
	return FRESHET_BODY_END;
}

static bool rewind_body(freshet_request *request, void *user)
{
	struct watch *w = user;
	assert_ptr_equal(request, w->request);
	assert_false(w->over || w->dones > 0);
	make_the_call(w, TOLD_REWIND, NULL);
	return true;
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
		if (strcmp(path, "/sending") == 0)
			o.source = (freshet_body_source){.read = read_body, .rewind = rewind_body};
		else
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
	o.endpoint.max_streams_per_connection = 6;
	o.endpoint.on_closed = first_closed;
	o.endpoint.user = p;
	o.reactor.posts = true;
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
	cast(p, "/sending", true);
	cast(p, "/waiting", false);
	stage_settle(&p->g);
	stage_serve(&p->g, "/open", "id: 5\ndata: o\n\n");
	freshet_stream_pause(holding->stream);
	stage_serve(&p->g, "/holding", three_events);
	p->second = another_endpoint(p, second_closed, FRESHET_OK);
	p->third = another_endpoint(p, NULL, FRESHET_OK);
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
	bool request = pair->place->told >= TOLD_ANSWER;
	bool on_request = pair->call->make == make_cancel || pair->call->make == make_resume_body;
	if (pair->place->left > pair->call->needs)
		return false;
	/* Itself is a request in one place and a stream in others; endpoints, reactors and posts are none of both. */
	return pair->target != SELF || (pair->place->path != NULL && request == on_request);
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
