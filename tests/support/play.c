/*
 * The calls: each is made on its target, twice, and says afterwards whether it did what it promises.
 */
#include "support/play.h"

#include "support/test.h"

const char *const play_paths[TARGET_COUNT] = {[OPEN] = "/open",
	[HOLDING] = "/holding",
	[WAITING] = "/waiting",
	[PAUSING] = "/pausing",
	[ASKED] = "/asked",
	[SENDING] = "/sending"};

freshet_err play_let_in(const struct play *p)
{
	enum left left = p->pair->place->left;
	return left == ENDED || left == CLOSED_REACTOR ? FRESHET_ESTATE : FRESHET_OK;
}

struct watch *play_find(struct play *p, const char *path)
{
	for (struct watch *w = p->g.watches; w != NULL; w = w->next)
		if (strcmp(w->path, path) == 0)
			return w;
	return NULL;
}

size_t play_asked_for(const struct play *p, const char *path)
{
	size_t count = 0;
	for (size_t i = 0; i < p->g.server.conn_count; i++) {
		const struct h2peer *peer = p->g.server.conns[i]->peer;
		for (size_t j = 0; j < peer->call_count; j++)
			count += strcmp(h2peer_field(peer->calls[j], ":path"), path) == 0;
	}
	return count;
}

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
		assert_true(play_asked_for(p, on->path) > p->subscriptions);
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
	assert_int_equal(watch_stream(p->fresh, &o), play_let_in(p));
}

static void check_open(struct play *p, struct watch *on)
{
	(void)on;
	const char *served = "open\nevent 9 message z\n";
	assert_string_equal(watch_said(p->fresh), play_let_in(p) == FRESHET_OK ? served : "");
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
	assert_int_equal(watch_request(p->fresh, &o), play_let_in(p));
}

static void check_send(struct play *p, struct watch *on)
{
	(void)on;
	assert_string_equal(watch_said(p->fresh), play_let_in(p) == FRESHET_OK ? "done FRESHET_OK 200 \n" : "");
}

static void endpoint_closed(void *user)
{
	struct play *p = user;
	p->endpoints_closed++;
}

freshet_endpoint *play_endpoint(struct play *p, void (*on_closed)(void *user), freshet_err expected)
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
	freshet_endpoint_close(play_endpoint(p, endpoint_closed, play_let_in(p)));
}

static void check_endpoint(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->endpoints_closed, play_let_in(p) == FRESHET_OK ? 2 : 0);
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
	assert_int_equal(freshet_reactor_post(p->g.reactor, run_post, NULL, p), play_let_in(p));
	assert_int_equal(p->posts_run, 0);
}

static void check_post(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->posts_run, play_let_in(p) == FRESHET_OK ? 2 : 0);
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

static void fresh_tick(freshet_timer *timer, void *user)
{
	struct play *p = user;
	p->fresh_ticks++;
	freshet_timer_free(timer);
}

static void make_timer(struct play *p, struct watch *on, const freshet_event *event)
{
	freshet_timer *timer;
	(void)on;
	(void)event;
	assert_int_equal(freshet_timer_new(p->g.reactor, fresh_tick, p, &timer), play_let_in(p));
	if (timer != NULL)
		freshet_timer_set(timer, p->fresh_ticks);
	assert_int_equal(p->fresh_ticks, 0);
}

static void check_timer(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->fresh_ticks, play_let_in(p) == FRESHET_OK ? 2 : 0);
}

static void make_timer_set(struct play *p, struct watch *on, const freshet_event *event)
{
	(void)on;
	(void)event;
	p->ticks_before = p->ticks;
	freshet_timer_set(p->ticker, 10);
	assert_int_equal(freshet_timer_is_set(p->ticker), play_let_in(p) == FRESHET_OK);
}

static void check_timer_set(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->ticks, p->ticks_before + (play_let_in(p) == FRESHET_OK ? 1 : 0));
}

static void make_timer_clear(struct play *p, struct watch *on, const freshet_event *event)
{
	make_timer_set(p, on, event);
	freshet_timer_clear(p->ticker);
	assert_false(freshet_timer_is_set(p->ticker));
}

static void make_timer_free(struct play *p, struct watch *on, const freshet_event *event)
{
	if (p->ticker != NULL)
		make_timer_set(p, on, event);
	freshet_timer_free(p->ticker);
	p->ticker = NULL;
}

static void check_no_tick(struct play *p, struct watch *on)
{
	(void)on;
	assert_int_equal(p->ticks, p->ticks_before);
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

const struct call play_calls[] = {
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
	{"freshet_timer_new and _set", 1u << NOBODY, make_timer, check_timer, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_timer_set", 1u << NOBODY, make_timer_set, check_timer_set, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_timer_clear", 1u << NOBODY, make_timer_clear, check_no_tick, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_timer_free", 1u << NOBODY, make_timer_free, check_no_tick, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_endpoint_close", 1u << NOBODY, make_close_endpoint, NULL, true, FRESHET_ECANCELED, ENDED},
	{"freshet_reactor_post", 1u << NOBODY, make_post, check_post, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_reactor_close", 1u << NOBODY, make_close_reactor, check_reactor_gone, true, FRESHET_ECANCELED,
		CLOSED_REACTOR},
	{"freshet_reactor_free", 1u << NOBODY, make_free_reactor, check_reactor_gone, true, FRESHET_ECANCELED,
		CLOSED_REACTOR},
	{"freshet_reactor_stop and _run", 1u << NOBODY, make_stop_and_run, NULL, false, FRESHET_OK, CLOSED_REACTOR},
	{"freshet_reactor_new and _free", 1u << NOBODY, make_reactor, check_reactor, false, FRESHET_OK, NOTHING},
};

const size_t play_call_count = sizeof play_calls / sizeof play_calls[0];
