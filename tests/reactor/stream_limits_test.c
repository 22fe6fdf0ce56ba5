/*
 * What becomes of the line when the peer changes how many streams it allows (SETTINGS_MAX_CONCURRENT_STREAMS): none at
 * all, for a while or for good, and fewer than have been submitted.
 */
#include "support/stage.h"
#include "support/test.h"

#include "reactor/conn.h"
#include "reactor/endpoint.h"

#include <sys/socket.h>

#define CONNECT_LIMIT_MS 10000

static void a_server_of_none(struct stage *g, uint32_t max_connections)
{
	struct stage_options o;
	stage_options_init(&o);
	o.peer.no_streams = true;
	o.endpoint.max_connections = max_connections;
	o.endpoint.connect_timeout_ms = CONNECT_LIMIT_MS;
	stage_open(g, &o);
}

static size_t calls_on(const struct stage *g, size_t conn)
{
	return g->server.conns[conn]->peer->call_count;
}

/* It may be for a short time only (RFC 9113, section 6.5.2). */
static void none_for_a_while_is_waited_for(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s[3];
	a_server_of_none(&g, 1);
	for (int i = 0; i < 3; i++)
		s[i] = stage_stream(&g, "/s");
	/* The first may have been sent before the limit was known; it was refused, and moved. */
	size_t before = calls_on(&g, 0);
	stage_advance(&g, CONNECT_LIMIT_MS - 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(s[i]->cuts + s[i]->dones, 0);
	assert_int_equal(calls_on(&g, 0), before);
	h2peer_settings(g.server.conns[0]->peer, 3);
	stage_settle(&g);
	assert_int_equal(calls_on(&g, 0), before + 3);
	stage_advance(&g, CONNECT_LIMIT_MS);
	assert_int_equal(g.server.conn_count, 1);
	assert_false(g.server.conns[0]->closed);
	stage_close(&g);
}

/* Not for ever: it counts as a connection that never came up, and everybody in line is told. */
static void none_for_good_is_a_failure(void **state)
{
	(void)state;
	struct stage g;
	a_server_of_none(&g, 1);
	const freshet_stream_policy policy = {.max_attempts = 2};
	struct watch *s = stage_stream_with(&g, "/s", &policy);
	stage_advance(&g, CONNECT_LIMIT_MS);
	assert_string_equal(watch_said(s), "cut FRESHET_ECONNECT_TIMEOUT\n");
	assert_non_null(strstr(s->text, "the server allows no streams"));
	assert_true(s->outcome.unprocessed);
	assert_int_equal(stage_counters(&g).reconnects_by[FRESHET_CAUSE_CONNECT_TIMEOUT], 1);
	/* The server was told. */
	assert_true(g.server.conns[0]->peer->goaway);
	assert_true(g.server.conns[0]->closed);
	stage_advance(&g, s->retry_ms + CONNECT_LIMIT_MS);
	assert_string_equal(watch_said(s), "done FRESHET_ECONNECT_TIMEOUT\n");
	assert_int_equal(g.server.conn_count, 2);
	stage_close(&g);
}

/* A POST as well: it surely never reached anybody. A server that has recovered by then gets it. */
static void none_for_a_request(void **state)
{
	(void)state;
	struct stage g;
	a_server_of_none(&g, 1);
	struct watch *q = stage_request(&g, "POST", "/q", "body");
	size_t before = calls_on(&g, 0);
	g.server.peer.no_streams = false;
	stage_advance(&g, CONNECT_LIMIT_MS + 5000);
	assert_int_equal(g.server.conn_count, 2);
	assert_int_equal(calls_on(&g, 0), before);
	assert_int_equal(calls_on(&g, 1), 1);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
	stage_settle(&g);
	assert_string_equal(watch_said(q), "done FRESHET_OK 200 \n");
	stage_close(&g);
}

/* The time runs from when the server said so, not from when the connection fell idle. */
static void none_after_a_long_idle_time(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.max_connections = 1;
	o.endpoint.idle_close_ms = 3 * CONNECT_LIMIT_MS;
	o.endpoint.ping_interval_ms = UINT64_MAX;
	stage_open(&g, &o);
	stage_request(&g, "GET", "/q", NULL);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
	stage_settle(&g);
	stage_advance(&g, 2 * CONNECT_LIMIT_MS);
	h2peer_settings(g.server.conns[0]->peer, 0);
	stage_settle(&g);
	struct watch *s = stage_stream(&g, "/s");
	stage_advance(&g, CONNECT_LIMIT_MS - 1);
	assert_string_equal(freshet_stream_state(s->stream), "waiting");
	stage_advance(&g, 1);
	assert_string_equal(watch_said(s), "cut FRESHET_ECONNECT_TIMEOUT\n");
	stage_close(&g);
}

/* Streams that are open go on whatever is allowed to others, and others look for another connection. */
static void none_beside_an_open_stream(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/s");
	struct h2peer_call *call = stage_serve(&g, "/s", "data: a\n\n");
	h2peer_settings(g.server.conns[0]->peer, 0);
	stage_settle(&g);
	struct watch *t = stage_stream(&g, "/t");
	assert_int_equal(g.server.conn_count, 2);
	stage_serve(&g, "/t", "data: t\n\n");
	stage_advance(&g, 2 * CONNECT_LIMIT_MS);
	stage_send(&g, call, "data: b\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message a\nevent  message b\n");
	assert_string_equal(watch_said(t), "open\nevent  message t\n");
	stage_close(&g);
}

/* A server that allows nothing is not stormed: no more connections are made than are dialed at once. */
static void none_brings_no_storm(void **state)
{
	(void)state;
	struct stage g;
	a_server_of_none(&g, 0);
	for (int i = 0; i < 50; i++) {
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		o.path = "/s";
		assert_int_equal(watch_stream(stage_watch(&g), &o), FRESHET_OK);
	}
	stage_settle(&g);
	stage_advance(&g, CONNECT_LIMIT_MS - 1);
	assert_in_range(g.server.conn_count, 1, 8);
	assert_int_equal(stage_counters(&g).waiting, 50);
	stage_close(&g);
}

static void small_buffer(int fd, int option)
{
	const int size = 4096;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, option, &size, sizeof size), 0);
}

static size_t times_asked(const struct stage *g, const char *path)
{
	size_t count = 0;
	for (size_t i = 0; i < g->server.conn_count; i++)
		for (size_t j = 0; j < calls_on(g, i); j++)
			count += strcmp(h2peer_field(g->server.conns[i]->peer->calls[j], ":path"), path) == 0;
	return count;
}

/*
 * Requests that wait for a server that does not read, when it lowers its limit: they would wait behind the others, so
 * they go where there is room. None is lost, none is sent twice.
 */
static void what_has_not_gone_out_goes_elsewhere(void **state)
{
	enum { COUNT = 60 };
	(void)state;
	struct stage g;
	char value[8000];
	struct watch *s[COUNT];
	memset(value, '~', sizeof value);
	const freshet_header large = {freshet_str_of("x-large"), {value, sizeof value}, true};
	stage_open(&g, NULL);
	stage_stream(&g, "/first");
	struct h2server_conn *slow = g.server.conns[0];
	const struct conn *c = container_of(g.endpoint->conns.next, struct conn, node);
	small_buffer(c->socket.fd, SO_SNDBUF);
	small_buffer(slow->fd, SO_RCVBUF);
	h2server_deaf(slow, true);
	for (int i = 0; i < COUNT; i++) {
		char path[20];
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		snprintf(path, sizeof path, "/%d", i);
		o.path = path;
		o.headers = &large;
		o.header_count = 1;
		s[i] = stage_watch(&g);
		assert_int_equal(watch_stream(s[i], &o), FRESHET_OK);
	}
	stage_settle(&g);
	assert_int_equal(g.server.conn_count, 1);
	h2peer_settings(slow->peer, 1);
	stage_settle(&g);
	size_t elsewhere = h2server_call_count(&g.server) - calls_on(&g, 0);
	assert_in_range(elsewhere, 1, COUNT - 1);
	h2server_deaf(slow, false);
	stage_settle(&g);
	for (int i = 0; i < COUNT; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%d", i);
		assert_int_equal(times_asked(&g, path), 1);
		assert_int_equal(s[i]->cuts + s[i]->dones, 0);
		assert_string_equal(freshet_stream_state(s[i]->stream), "sent");
	}
	/* Those that had gone out were refused by then, and have followed. */
	assert_int_equal(calls_on(&g, 0), 1);
	assert_int_equal(stage_counters(&g).moves, COUNT);
	stage_close(&g);
}

/* A server that goes away as soon as it has been reached is not dialed for ever: everybody in line is told. */
static void one_that_goes_away_at_once(void **state)
{
	(void)state;
	struct stage g;
	a_server_of_none(&g, 1);
	struct watch *s = stage_stream(&g, "/s");
	size_t told = 0;
	for (int i = 0; i < 50 && s->cuts == 0; i++) {
		while (told < g.server.conn_count)
			h2peer_goaway(g.server.conns[told++]->peer, 0, 0);
		stage_settle(&g);
		stage_advance(&g, 0);
	}
	assert_string_equal(watch_said(s), "cut FRESHET_EHTTP_GOAWAY\n");
	assert_true(s->outcome.unprocessed);
	assert_in_range(g.server.conn_count, 1, 10);
	stage_close(&g);
}

/* A connection that nobody needed by the time it was up may end as it likes. */
static void one_that_was_not_needed(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.peer.max_streams = 1;
	stage_open(&g, &o);
	struct watch *s = stage_stream(&g, "/s");
	struct watch *t = stage_watch(&g);
	freshet_stream_options so;
	freshet_stream_options_init(&so);
	so.path = "/t";
	assert_int_equal(watch_stream(t, &so), FRESHET_OK);
	while (stage_counters(&g).connections < 2)
		stage_turn(&g);
	freshet_stream_close(t->stream);
	stage_settle(&g);
	assert_int_equal(g.server.conn_count, 2);
	assert_int_equal(calls_on(&g, 1), 0);
	h2peer_goaway(g.server.conns[1]->peer, 0, 0);
	stage_settle(&g);
	stage_advance(&g, 0);
	assert_int_equal(stage_counters(&g).connections, 1);
	assert_int_equal(g.endpoint->dial_failures, 0);
	assert_int_equal(s->cuts, 0);
	stage_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_for_a_while_is_waited_for),
		cmocka_unit_test(none_for_good_is_a_failure),
		cmocka_unit_test(none_for_a_request),
		cmocka_unit_test(none_after_a_long_idle_time),
		cmocka_unit_test(none_beside_an_open_stream),
		cmocka_unit_test(none_brings_no_storm),
		cmocka_unit_test(what_has_not_gone_out_goes_elsewhere),
		cmocka_unit_test(one_that_goes_away_at_once),
		cmocka_unit_test(one_that_was_not_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
