/*
 * Everything is allowed inside every callback: each pair «call X inside callback Y» of two tables is a test of its own, on
 * a reactor of its own; the calls stand in support/play.c, the callbacks here. Whatever the pair: nobody is told anything
 * after an end but that end, once; nothing leaks; and what the call promises comes true.
 *
 * One connection carries an actor and others in every state: one that is open, one that holds bytes while it is paused,
 * one that waits in line, one that pauses after a cut, two requests, and one whose body is still being read.
 */
#include "support/play.h"
#include "support/test.h"

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
	freshet_stream_close(play_find(p, "/actor")->stream);
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
	freshet_request_cancel(play_find(p, "/answered")->request);
}

static void bring_held(struct play *p)
{
	freshet_stream_resume(play_find(p, "/holding")->stream);
}

static void bring_read(struct play *p)
{
	freshet_request_resume(play_find(p, "/sending")->request);
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

static void tick(freshet_timer *timer, void *user)
{
	struct play *p = user;
	assert_ptr_equal(timer, p->ticker);
	p->ticks++;
	if (p->pair->place->told == TOLD_TICK)
		act(p, NULL, NULL);
}

static void bring_tick(struct play *p)
{
	freshet_timer_set(p->ticker, 0);
	stage_advance(&p->g, 0);
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
	{"a timer", NULL, TOLD_TICK, 0, bring_tick, ALL},
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
		p->on = play_find(p, play_paths[p->pair->target]);
	if (p->on != NULL) {
		/* One whose on_done has come before is not there any more. */
		if (p->on->stream == NULL && p->on->request == NULL)
			return;
		p->was_done = p->on->dones > 0 || p->on->over || place->left == ENDED;
		/* A request that is not repeated has ended with its connection; it is only told later. */
		p->was_done |= place->bring == bring_loss && p->pair->target == ASKED;
		p->subscriptions = play_asked_for(p, p->on->path);
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
	p->second = play_endpoint(p, second_closed, FRESHET_OK);
	p->third = play_endpoint(p, NULL, FRESHET_OK);
	assert_int_equal(freshet_timer_new(p->g.reactor, tick, p, &p->ticker), FRESHET_OK);
	assert_string_equal(freshet_stream_state(play_find(p, "/pausing")->stream), "backoff");
	assert_string_equal(freshet_stream_state(play_find(p, "/waiting")->stream), "waiting");
	assert_string_equal(freshet_stream_state(play_find(p, "/actor")->stream), "sent");
	assert_string_equal(freshet_stream_state(play_find(p, "/open")->stream), "open");
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
	bool on_request = (pair->call->targets & 1u << ASKED) != 0;
	if (pair->place->left > pair->call->needs)
		return false;
	/* Itself is a request in one place and a stream in others; endpoints, reactors and posts are none of both. */
	return pair->target != SELF || (pair->place->path != NULL && request == on_request);
}

int main(void)
{
	const size_t places_count = sizeof places / sizeof places[0];
	const size_t most = places_count * play_call_count * TARGET_COUNT;
	struct pair *pairs = calloc(most, sizeof *pairs);
	struct CMUnitTest *tests = calloc(most, sizeof *tests);
	size_t count = 0;
	if (pairs == NULL || tests == NULL)
		abort();
	for (size_t i = 0; i < most; i++) {
		struct pair *pair = &pairs[count];
		*pair = (struct pair){.place = &places[i / TARGET_COUNT / play_call_count],
			.call = &play_calls[i / TARGET_COUNT % play_call_count],
			.target = (enum target)(i % TARGET_COUNT)};
		if ((pair->call->targets & 1u << pair->target) == 0 || !makes_sense(pair))
			continue;
		const char *on = pair->target == SELF ? " on itself" : play_paths[pair->target];
		snprintf(pair->name, sizeof pair->name, "%s inside %s %s", pair->call->name, pair->place->name,
			on != NULL ? on : "");
		tests[count++] = (struct CMUnitTest){pair->name, a_pair, NULL, NULL, pair};
	}
	int failed = _cmocka_run_group_tests("callbacks", tests, count, NULL, NULL);
	free(pairs);
	free(tests);
	return failed;
}
