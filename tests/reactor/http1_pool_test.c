/*
 * The pool over HTTP/1.1, where a connection carries one exchange at a time: who shares one, who waits, and for how long.
 */
#include "support/h1world.h"
#include "support/test.h"

#include "reactor/endpoint.h"
#include "reactor/request.h"
#include "reactor/stream.h"

#include <event2/event.h>

static void never_done(freshet_request *request, const freshet_response *response, void *user)
{
	(void)request;
	(void)response;
	(void)user;
	abort();
}

static void requests_share_a_connection(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	h1world_endpoint(&w);
	for (int i = 0; i < 20; i++) {
		h1world_get(&w, "/", &r);
		h1world_run(&w);
		h1world_assert_ok(&r, "ok");
	}
	assert_int_equal(w.server.accepted, 1);
	assert_int_equal(w.server.requests, 20);
	h1world_close(&w);
}

static void a_bound_makes_them_wait_in_order(void **state)
{
	struct h1world w;
	struct reply r[50];
	char path[50][16];
	char order[1024] = "";
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	w.o.max_connections = 1;
	h1world_endpoint(&w);
	for (int i = 0; i < 50; i++) {
		snprintf(path[i], sizeof path[i], "/%d", i);
		snprintf(order + strlen(order), sizeof order - strlen(order), "/%d ", i);
		h1world_get(&w, path[i], &r[i]);
	}
	h1world_run(&w);
	for (int i = 0; i < 50; i++)
		h1world_assert_ok(&r[i], "ok");
	assert_int_equal(w.server.accepted, 1);
	assert_string_equal(w.server.order, order);
	h1world_close(&w);
}

static void as_many_connections_as_the_line_needs(void **state)
{
	struct h1world w;
	struct reply r[50];
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	w.o.max_connections = 7;
	h1world_endpoint(&w);
	for (int i = 0; i < 50; i++)
		h1world_get(&w, "/", &r[i]);
	h1world_run(&w);
	for (int i = 0; i < 50; i++)
		h1world_assert_ok(&r[i], "ok");
	assert_int_equal(w.server.accepted, 7);
	assert_int_equal(w.server.requests, 50);
	h1world_close(&w);
}

static bool one_is_connected(void *user)
{
	const struct h1world *w = user;
	return client_counters(&w->client).connections == 1 && w->server.open == 1;
}

static void streams_have_one_each(void **state)
{
	struct h1world w;
	struct follower f[5];
	struct reply r[10];
	(void)state;
	h1world_open(&w, h1world_answer_events);
	h1world_endpoint(&w);
	for (int i = 0; i < 5; i++) {
		f[i].on_event = NULL;
		client_follow(&w.client, w.e, "/events", &f[i]);
	}
	h1world_wait_open(&w, 5);
	assert_int_equal(w.server.accepted, 5);
	/* Requests beside them share one more. */
	for (int i = 0; i < 10; i++) {
		h1world_get(&w, "/", &r[i]);
		h1world_wait(&w, h1world_was_replied, &r[i]);
		h1world_assert_ok(&r[i], "ok");
	}
	assert_int_equal(w.server.accepted, 6);
	for (int i = 0; i < 5; i++)
		freshet_stream_close(f[i].stream);
	h1world_run(&w);
	h1world_wait(&w, one_is_connected, &w);
	h1world_close(&w);
}

static void streams_wait_for_each_other(void **state)
{
	struct h1world w;
	struct follower f[3] = {0};
	(void)state;
	h1world_open(&w, h1world_answer_events);
	w.o.max_connections = 2;
	h1world_endpoint(&w);
	client_follow(&w.client, w.e, "/events/0", &f[0]);
	client_follow(&w.client, w.e, "/events/1", &f[1]);
	client_follow(&w.client, w.e, "/events/2", &f[2]);
	h1world_wait_open(&w, 2);
	assert_string_equal(freshet_stream_state(f[2].stream), "waiting");
	/* The first one ends, and its connection takes the third. */
	struct h1server_conn *first = h1server_find(&w.server, "/events/0");
	h1server_write(first, "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
	h1server_done(first);
	h1world_wait(&w, h1world_has_ended, &f[0]);
	assert_int_equal(f[0].seen.events, 1);
	h1world_wait_open(&w, 2);
	assert_string_equal(freshet_stream_state(f[2].stream), "open");
	assert_int_equal(w.server.accepted, 2);
	/* A stream that is given up leaves a connection that cannot be used again. */
	freshet_stream_close(f[1].stream);
	freshet_stream_close(f[2].stream);
	h1world_run(&w);
	h1world_wait(&w, h1world_is_idle, &w);
	h1world_close(&w);
}

static void the_line_has_an_end(void **state)
{
	struct h1world w;
	struct follower f[4] = {0};
	freshet_stream_options so;
	freshet_request_options ro;
	freshet_stream *stream = (void *)&w;
	freshet_request *request = (void *)&w;
	(void)state;
	h1world_open(&w, h1world_answer_events);
	w.o.max_connections = 1;
	w.o.max_waiting = 3;
	h1world_endpoint(&w);
	client_follow(&w.client, w.e, "/events", &f[0]);
	h1world_wait_open(&w, 1);
	for (int i = 1; i < 4; i++)
		client_follow(&w.client, w.e, "/events", &f[i]);
	freshet_stream_options_init(&so);
	so.path = "/events";
	so.callbacks = f[0].stream->callbacks;
	assert_int_equal(freshet_stream_open(w.e, &so, &stream), FRESHET_EQUEUE_FULL);
	assert_null(stream);
	freshet_request_options_init(&ro);
	ro.path = "/";
	ro.on_done = never_done;
	assert_int_equal(freshet_request_send(w.e, &ro, &request), FRESHET_EQUEUE_FULL);
	assert_null(request);
	/* One leaves the line: there is a place again. */
	freshet_stream_close(f[2].stream);
	h1world_wait(&w, h1world_has_ended, &f[2]);
	client_follow(&w.client, w.e, "/events", &f[2]);
	freshet_endpoint_close(w.e);
	h1world_run(&w);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f[i].end.outcome.err, FRESHET_ECANCELED);
	h1world_wait(&w, h1world_is_idle, &w);
	h1world_close(&w);
}

/* Connections of an endpoint that is gone are gone, idle ones and busy ones. */
static void a_closed_endpoint_leaves_nothing(void **state)
{
	struct h1world w;
	struct follower f = {0};
	struct reply r;
	(void)state;
	h1world_open(&w, h1world_answer_events);
	h1world_endpoint(&w);
	client_follow(&w.client, w.e, "/events", &f);
	h1world_wait_open(&w, 1);
	h1world_get(&w, "/", &r);
	h1world_wait(&w, h1world_was_replied, &r);
	assert_int_equal(client_counters(&w.client).connections, 2);
	freshet_endpoint_close(w.e);
	h1world_run(&w);
	h1world_wait(&w, h1world_is_idle, &w);
	assert_int_equal(f.end.outcome.err, FRESHET_ECANCELED);
	h1world_close(&w);
}

static void answer_later(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)c;
	(void)q;
}

static bool two_requests_came(void *user)
{
	const struct h1world *w = user;
	return w->server.requests == 2;
}

static void a_request_is_canceled(void **state)
{
	struct h1world w;
	struct reply r[2];
	freshet_request *q;
	freshet_request_options o;
	(void)state;
	h1world_open(&w, answer_later);
	h1world_endpoint(&w);
	h1world_get(&w, "/stays", &r[0]);
	freshet_request_options_init(&o);
	r[1] = (struct reply){.client = &w.client};
	o.path = "/canceled";
	client_send(&w.client, w.e, &o, &r[1]);
	q = container_of(w.e->requests.prev, freshet_request, in_endpoint);
	h1world_wait(&w, two_requests_came, &w);
	freshet_request_cancel(q);
	h1world_wait(&w, h1world_was_replied, &r[1]);
	assert_int_equal(r[1].outcome.outcome.err, FRESHET_ECANCELED);
	for (unsigned i = 1; i <= 2; i++)
		h1server_reply(h1server_conn_of(&w.server, i), 200, "", "late");
	h1world_run(&w);
	h1world_assert_ok(&r[0], "late");
	assert_int_equal(client_counters(&w.client).connections, 1);
	h1world_close(&w);
}

/*
 * A dial that fails while all connections carry streams: whoever waits would wait for ever, so they are told. Where a
 * request is on one of them they wait for that, and for the next dial.
 */
static void nobody_waits_for_ever(void **state)
{
	struct h1world w;
	struct follower f[3] = {0};
	struct reply r;
	(void)state;
	h1world_open(&w, h1world_answer_events);
	w.o.stream.max_attempts = 100;
	h1world_endpoint(&w);
	client_follow(&w.client, w.e, "/events/0", &f[0]);
	client_follow(&w.client, w.e, "/events/1", &f[1]);
	h1world_wait_open(&w, 2);
	h1server_stop_listening(&w.server);
	client_follow(&w.client, w.e, "/events/2", &f[2]);
	h1world_get(&w, "/", &r);
	h1world_wait(&w, h1world_was_cut, &f[2]);
	assert_string_equal(freshet_err_name(f[2].cut.outcome.err), "FRESHET_ECONNECT");
	assert_true(f[2].cut.outcome.unprocessed);
	assert_string_equal(freshet_stream_state(f[2].stream), "backoff");
	h1world_wait(&w, h1world_was_replied, &r);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECONNECT");
	/* The others never noticed. */
	assert_int_equal(f[0].cuts + f[1].cuts, 0);
	assert_int_equal(w.client.open, 2);
	for (int i = 0; i < 3; i++)
		freshet_stream_close(f[i].stream);
	h1world_run(&w);
	h1world_close(&w);
}

static bool one_request_came(void *user)
{
	const struct h1world *w = user;
	return w->server.requests == 1;
}

/* One request is on the only connection that there will be. */
static void open_busy(struct h1world *w, struct reply *first)
{
	h1world_open(w, answer_later);
	h1world_endpoint(w);
	h1world_get(w, "/0", first);
	h1world_wait(w, one_request_came, w);
	h1server_stop_listening(&w->server);
}

static void a_line_that_moves_is_not_told(void **state)
{
	struct h1world w;
	struct reply r[3];
	(void)state;
	open_busy(&w, &r[0]);
	h1world_get(&w, "/1", &r[1]);
	h1world_get(&w, "/2", &r[2]);
	/* Both dials fail; the clock stands, so there is no third one. */
	while (client_counters(&w.client).connections_failed < 2)
		event_base_loop(w.client.base, EVLOOP_ONCE);
	assert_int_equal(r[1].dones + r[2].dones, 0);
	assert_int_equal(client_counters(&w.client).waiting, 2);
	w.server.answer = h1world_answer_ok;
	h1server_reply(h1server_conn_of(&w.server, 1), 200, "", "ok");
	h1world_run(&w);
	for (int i = 0; i < 3; i++)
		h1world_assert_ok(&r[i], "ok");
	assert_string_equal(w.server.order, "/0 /1 /2 ");
	assert_int_equal(client_counters(&w.client).connections_failed, 2);
	h1world_close(&w);
}

/* Dials that fail together are one failure: the next is due after the shortest pause, not after the longest. */
static void dials_that_fail_together(void **state)
{
	struct h1world w;
	struct reply r[40];
	(void)state;
	open_busy(&w, &r[0]);
	for (int i = 1; i < 40; i++)
		h1world_get(&w, "/", &r[i]);
	while (client_counters(&w.client).connections_failed < 39)
		event_base_loop(w.client.base, EVLOOP_ONCE);
	assert_in_range(w.e->redial_ms, h1world_now() + 1, h1world_now() + 200);
	freshet_endpoint_close(w.e);
	h1world_run(&w);
	h1world_close(&w);
}

/* Fields that only the library writes are not taken from anybody. */
static void reserved_fields_are_refused(void **state)
{
	static const char *const names[] = {
		"Expect", "Content-Length", "Transfer-Encoding", "Host", "Connection", "TE"};
	struct h1world w;
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	h1world_endpoint(&w);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		freshet_header field = {freshet_str_of(names[i]), freshet_str_of("1"), false};
		freshet_request_options o;
		freshet_request_options_init(&o);
		o.path = "/";
		o.on_done = never_done;
		o.headers = &field;
		o.header_count = 1;
		assert_int_equal(freshet_request_send(w.e, &o, NULL), FRESHET_EINVAL);
	}
	h1world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_share_a_connection),
		cmocka_unit_test(a_bound_makes_them_wait_in_order),
		cmocka_unit_test(as_many_connections_as_the_line_needs),
		cmocka_unit_test(streams_have_one_each),
		cmocka_unit_test(streams_wait_for_each_other),
		cmocka_unit_test(the_line_has_an_end),
		cmocka_unit_test(a_closed_endpoint_leaves_nothing),
		cmocka_unit_test(a_request_is_canceled),
		cmocka_unit_test(nobody_waits_for_ever),
		cmocka_unit_test(a_line_that_moves_is_not_told),
		cmocka_unit_test(dials_that_fail_together),
		cmocka_unit_test(reserved_fields_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
