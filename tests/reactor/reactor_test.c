/*
 * The reactor: closing and freeing it, its own loop and the caller's, and what it counts.
 */
#include "support/blackhole.h"
#include "support/failmem.h"
#include "support/stage.h"
#include "support/test.h"

#include <event2/event.h>

static void closing_ends_everything_on_later_turns(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/s");
	struct watch *q = stage_request(&g, "GET", "/q", NULL);
	stage_serve(&g, "/s", "data: a\n\n");
	freshet_reactor_close(g.reactor, stage_on_closed, &g);
	freshet_reactor_close(g.reactor, stage_on_closed, &g);
	assert_int_equal(s->dones + q->dones + g.closed, 0);
	freshet_endpoint *endpoint;
	freshet_endpoint_options eo;
	freshet_endpoint_options_init(&eo);
	eo.url = g.url;
	assert_int_equal(freshet_endpoint_new(g.reactor, &eo, &endpoint), FRESHET_ESTATE);
	freshet_stream_options so;
	freshet_stream_options_init(&so);
	so.path = "/late";
	assert_int_equal(watch_stream(stage_watch(&g), &so), FRESHET_ESTATE);
	stage_settle(&g);
	assert_string_equal(watch_said(s), "open\nevent  message a\ndone FRESHET_ECANCELED\n");
	assert_string_equal(watch_said(q), "done FRESHET_ECANCELED 0 \n");
	assert_int_equal(g.closed, 1);
	assert_null(g.reactor);
	assert_int_equal(failmem_live(), 0);
	/* It said farewell. */
	assert_true(g.server.conns[0]->peer->goaway);
	stage_close(&g);
}

static void closing_without_a_callback(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	stage_stream(&g, "/s");
	freshet_reactor_close(g.reactor, NULL, NULL);
	g.reactor = NULL;
	stage_settle(&g);
	assert_int_equal(failmem_live(), 0);
	stage_close(&g);
}

static void freeing_tells_everybody_at_once(void **state)
{
	(void)state;
	/* With the close before it or without. */
	for (int closed = 0; closed < 2; closed++) {
		struct stage g;
		stage_open(&g, NULL);
		struct watch *s = stage_stream(&g, "/s");
		struct watch *q = stage_request(&g, "GET", "/q", NULL);
		stage_serve(&g, "/s", "");
		freshet_reactor *reactor = g.reactor;
		if (closed)
			freshet_reactor_close(reactor, stage_on_closed, &g);
		freshet_reactor_free(reactor);
		g.reactor = NULL;
		assert_string_equal(watch_said(s), "open\ndone FRESHET_ECANCELED\n");
		assert_string_equal(watch_said(q), "done FRESHET_ECANCELED 0 \n");
		assert_int_equal(g.closed, closed);
		assert_int_equal(failmem_live(), 0);
		stage_close(&g);
	}
	freshet_reactor_free(NULL);
}

static void freeing_one_that_dials(void **state)
{
	(void)state;
	struct blackhole nobody;
	char hangs[64];
	blackhole_open(&nobody, "127.0.0.1", 0);
	snprintf(hangs, sizeof hangs, "http://127.0.0.1:%u", (unsigned)nobody.port);
	const char *const urls[] = {"http://127.0.0.1:9", "http://localhost:9", hangs};
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
		for (int turns = 0; turns < 4; turns++) {
			struct stage g;
			stage_open(&g, NULL);
			freshet_endpoint_options o;
			freshet_endpoint_options_init(&o);
			o.url = urls[i];
			assert_int_equal(freshet_endpoint_new(g.reactor, &o, &g.endpoint), FRESHET_OK);
			freshet_stream_options so;
			freshet_stream_options_init(&so);
			so.path = "/x";
			assert_int_equal(watch_stream(stage_watch(&g), &so), FRESHET_OK);
			for (int turn = 0; turn < turns; turn++)
				event_base_loop(g.base, EVLOOP_NONBLOCK);
			stage_close(&g);
		}
	blackhole_close(&nobody);
}

static void the_callers_loop_is_left_alone(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	freshet_reactor_options o;
	freshet_reactor *r;
	freshet_reactor_options_init(&o);
	o.base = base;
	assert_int_equal(freshet_reactor_new(&o, &r), FRESHET_OK);
	assert_ptr_equal(freshet_reactor_base(r), base);
	assert_int_equal(freshet_reactor_run(r), FRESHET_ESTATE);
	freshet_reactor_stop(r);
	freshet_reactor_free(r);
	/* Nothing of the reactor is left on it: it has nothing to wait for. */
	assert_int_equal(event_base_loop(base, 0), 1);
	event_base_free(base);
}

static void answer_at_once(struct h2peer_call *call, void *user)
{
	(void)user;
	if (strcmp(h2peer_field(call, ":path"), "/stay") == 0) {
		h2peer_open_events(call);
		h2peer_text(call, "data: a\n\n");
	} else {
		h2peer_answer_empty(call, 200, NULL);
	}
}

static void own_loop(struct stage *g)
{
	struct stage_options o;
	stage_options_init(&o);
	o.own_loop = true;
	o.peer.hooks.on_call = answer_at_once;
	stage_open(g, &o);
}

static void its_own_loop_runs_until_nothing_is_left(void **state)
{
	(void)state;
	struct stage g;
	own_loop(&g);
	assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK); /* nothing to do */
	for (int i = 0; i < 3; i++) {
		struct watch *q = stage_watch(&g);
		freshet_request_options o;
		freshet_request_options_init(&o);
		o.path = "/q";
		assert_int_equal(watch_request(q, &o), FRESHET_OK);
		assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
		assert_string_equal(watch_said(q), "done FRESHET_OK 200 \n");
	}
	assert_int_equal(g.server.conn_count, 1);
	stage_close(&g);
}

static void stop_at_event(struct watch *s, enum told told, const freshet_event *event)
{
	(void)event;
	if (told != TOLD_EVENT)
		return;
	assert_int_equal(freshet_reactor_run(s->stage->reactor), FRESHET_ESTATE);
	freshet_reactor_stop(s->stage->reactor);
}

static struct watch *stay(struct stage *g)
{
	struct watch *s = stage_watch(g);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/stay";
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	return s;
}

static void its_own_loop_can_be_stopped_and_run_again(void **state)
{
	(void)state;
	struct stage g;
	own_loop(&g);
	struct watch *s = stay(&g);
	s->hook = stop_at_event;
	assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
	assert_string_equal(watch_said(s), "open\nevent  message a\n");
	freshet_stream_close(s->stream);
	assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
	assert_string_equal(watch_said(s), "done FRESHET_ECANCELED\n");
	stage_close(&g);
}

static void server_first(void *user)
{
	struct stage *g = user;
	/* The loop goes with the reactor. */
	h2server_close(&g->server);
	stage_on_closed(g);
}

static void close_at_event(struct watch *s, enum told told, const freshet_event *event)
{
	(void)event;
	if (told == TOLD_EVENT)
		freshet_reactor_close(s->stage->reactor, server_first, s->stage);
}

static void free_at_event(struct watch *s, enum told told, const freshet_event *event)
{
	close_at_event(s, told, event);
	if (told == TOLD_EVENT)
		freshet_reactor_free(s->stage->reactor);
}

static void closing_it_ends_its_own_loop(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		struct stage g;
		own_loop(&g);
		struct watch *s = stay(&g);
		s->hook = way == 0 ? close_at_event : free_at_event;
		assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
		assert_string_equal(watch_said(s), "open\nevent  message a\ndone FRESHET_ECANCELED\n");
		assert_int_equal(g.closed, 1);
		assert_int_equal(failmem_live(), 0);
		stage_close(&g);
	}
}

static void one_that_is_closed_before_it_runs(void **state)
{
	(void)state;
	struct stage g;
	own_loop(&g);
	struct watch *s = stay(&g);
	freshet_reactor_close(g.reactor, server_first, &g);
	assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
	assert_string_equal(watch_said(s), "done FRESHET_ECANCELED\n");
	assert_int_equal(g.closed, 1);
	stage_close(&g);
}

static void counters_tell_what_happened(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	freshet_counters c = stage_counters(&g);
	assert_int_equal(c.connections + c.streams + c.waiting, 0);
	struct watch *s = stage_stream(&g, "/s");
	stage_serve(&g, "/s", "id: 1\ndata: a\n\ndata: b\n\n");
	struct watch *q = stage_request(&g, "GET", "/q", NULL);
	c = stage_counters(&g);
	assert_int_equal(c.connections, 1);
	assert_int_equal(c.connections_opened, 1);
	assert_int_equal(c.streams, 1);
	assert_int_equal(c.events, 2);
	assert_int_equal(c.requests_done, 0);
	assert_true(c.bytes_read > 100);
	assert_true(c.bytes_written > 100);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
	stage_settle(&g);
	assert_int_equal(q->dones, 1);
	h2server_drop(g.server.conns[0], false);
	stage_settle(&g);
	c = stage_counters(&g);
	assert_int_equal(c.requests_done, 1);
	assert_int_equal(c.connections, 0);
	assert_int_equal(c.connections_lost, 1);
	assert_int_equal(c.streams, 1);
	freshet_stream_close(s->stream);
	stage_settle(&g);
	assert_int_equal(stage_counters(&g).streams, 0);
	stage_close(&g);
}

static void what_makes_no_reactor(void **state)
{
	(void)state;
	freshet_reactor_options o;
	freshet_reactor *r;
	assert_int_equal(freshet_reactor_new(NULL, NULL), FRESHET_EINVAL);
	freshet_reactor_options_init(&o);
	o.size = 1;
	assert_int_equal(freshet_reactor_new(&o, &r), FRESHET_EINVAL);
	assert_null(r);
	freshet_reactor_options_init(&o);
	o.read_buffer = 100;
	assert_int_equal(freshet_reactor_new(&o, &r), FRESHET_EINVAL);
	o.read_buffer = SIZE_MAX;
	assert_int_equal(freshet_reactor_new(&o, &r), FRESHET_EINVAL);
	assert_null(r);
	assert_int_equal(freshet_reactor_new(NULL, &r), FRESHET_OK);
	freshet_reactor_free(r);
}

/* Many streams on one reactor, all served, all cut, all served again. */
static void many_streams_on_one_connection(void **state)
{
	(void)state;
	enum { COUNT = 1000 };
	struct stage g;
	struct watch *s[COUNT];
	stage_open(&g, NULL);
	stage_stream(&g, "/first");
	for (int i = 0; i < COUNT - 1; i++) {
		char path[20];
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		snprintf(path, sizeof path, "/%d", i);
		o.path = path;
		s[i] = stage_watch(&g);
		assert_int_equal(watch_stream(s[i], &o), FRESHET_OK);
	}
	stage_settle(&g);
	assert_int_equal(g.server.conn_count, 1);
	for (int round = 0; round < 2; round++) {
		struct h2peer *peer = g.server.conns[round]->peer;
		for (size_t i = 0; i < peer->call_count; i++) {
			h2peer_open_events(peer->calls[i]);
			h2peer_text(peer->calls[i], "id: 1\ndata: x\n\n");
		}
		stage_settle(&g);
		assert_int_equal(stage_counters(&g).events, (round + 1) * COUNT);
		h2server_drop(g.server.conns[round], false);
		stage_settle(&g);
		stage_advance(&g, 1000);
		assert_int_equal(h2server_call_count(&g.server), (round + 2) * COUNT);
	}
	stage_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_ends_everything_on_later_turns),
		cmocka_unit_test(closing_without_a_callback),
		cmocka_unit_test(freeing_tells_everybody_at_once),
		cmocka_unit_test(freeing_one_that_dials),
		cmocka_unit_test(the_callers_loop_is_left_alone),
		cmocka_unit_test(its_own_loop_runs_until_nothing_is_left),
		cmocka_unit_test(its_own_loop_can_be_stopped_and_run_again),
		cmocka_unit_test(closing_it_ends_its_own_loop),
		cmocka_unit_test(one_that_is_closed_before_it_runs),
		cmocka_unit_test(counters_tell_what_happened),
		cmocka_unit_test(what_makes_no_reactor),
		cmocka_unit_test(many_streams_on_one_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
