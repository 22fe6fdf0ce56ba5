/*
 * One connection: signs of life, idling, credit by consumption, and the ways in which it is lost.
 */
#include "support/client.h"
#include "support/peer.h"
#include "support/stage.h"
#include "support/test.h"

#include <event2/event.h>
#include <nghttp2/nghttp2.h>

static struct h2server_conn *conn(struct stage *g)
{
	return g->server.conns[g->server.conn_count - 1];
}

/* A stage with an open stream on "/x", on a connection that is asked after ten silent seconds. */
static struct watch *open_watched(struct stage *g, uint64_t ping_timeout_ms)
{
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.ping_interval_ms = 10000;
	o.endpoint.ping_timeout_ms = ping_timeout_ms;
	stage_open(g, &o);
	struct watch *s = stage_stream(g, "/x");
	stage_serve(g, "/x", "");
	return s;
}

static void a_silent_connection_is_asked_and_answers(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s = open_watched(&g, 0);
	stage_advance(&g, 9999);
	assert_int_equal(conn(&g)->peer->pings, 0);
	stage_advance(&g, 1);
	assert_int_equal(conn(&g)->peer->pings, 1);
	stage_advance(&g, 100000);
	assert_in_range(conn(&g)->peer->pings, 5, 12);
	assert_string_equal(watch_said(s), "open\n");
	stage_close(&g);
}

static void one_that_does_not_answer_is_dead(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s = open_watched(&g, 3000);
	struct h2server_conn *first = conn(&g);
	first->peer->mute = true;
	stage_advance(&g, 12999);
	assert_string_equal(watch_said(s), "open\n");
	stage_advance(&g, 1);
	assert_string_equal(watch_said(s), "cut FRESHET_EPING_TIMEOUT\n");
	assert_true(first->closed);
	/* The next attempt goes to another connection. */
	stage_advance(&g, 1000);
	assert_int_equal(g.server.conn_count, 2);
	stage_serve(&g, "/x", "data: a\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message a\n");
	stage_close(&g);
}

/* Bytes are a sign of life as good as the answer. */
static void one_that_sends_but_does_not_answer_lives(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s = open_watched(&g, 3000);
	static const uint8_t comment[] = {0, 0, 2, NGHTTP2_DATA, 0, 0, 0, 0, 1, ':', '\n'};
	assert_int_equal(stage_call(&g, "/x")->id, 1);
	conn(&g)->peer->mute = true;
	for (int i = 0; i < 50; i++) {
		stage_advance(&g, 2000);
		h2peer_raw(conn(&g)->peer, comment, sizeof comment);
		stage_settle(&g);
	}
	assert_string_equal(watch_said(s), "open\n");
	stage_close(&g);
}

static void no_ping_where_none_is_wanted(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.ping_interval_ms = UINT64_MAX;
	o.endpoint.stream.idle_timeout_ms = UINT64_MAX;
	stage_open(&g, &o);
	stage_stream(&g, "/x");
	stage_serve(&g, "/x", "");
	stage_advance(&g, 36000000);
	assert_int_equal(conn(&g)->peer->pings, 0);
	assert_false(conn(&g)->closed);
	stage_close(&g);
}

static void a_connection_without_exchanges_closes(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.idle_close_ms = 5000;
	stage_open(&g, &o);
	struct watch *q = stage_request(&g, "GET", "/q", NULL);
	stage_advance(&g, 6000);
	assert_false(conn(&g)->closed);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
	stage_settle(&g);
	assert_int_equal(q->dones, 1);
	stage_advance(&g, 4999);
	assert_false(conn(&g)->closed);
	/* Another exchange starts the time anew. */
	stage_request(&g, "GET", "/q", NULL);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
	stage_settle(&g);
	stage_advance(&g, 4999);
	assert_false(conn(&g)->closed);
	stage_advance(&g, 1);
	assert_true(conn(&g)->closed);
	assert_true(conn(&g)->peer->goaway);
	assert_int_equal(stage_counters(&g).connections, 0);
	assert_int_equal(stage_counters(&g).connections_lost, 0);
	/* The next one opens another. */
	stage_request(&g, "GET", "/q", NULL);
	assert_int_equal(g.server.conn_count, 2);
	stage_close(&g);
}

/* The stream that it was dialed for has gone meanwhile. */
static void a_connection_that_nobody_wants_any_more_closes_too(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.idle_close_ms = 5000;
	stage_open(&g, &o);
	struct watch *s = stage_watch(&g);
	freshet_stream_options so;
	freshet_stream_options_init(&so);
	so.path = "/x";
	assert_int_equal(watch_stream(s, &so), FRESHET_OK);
	/* A turn in which the dial begins, and no more. */
	while (stage_counters(&g).connections == 0)
		stage_turn(&g);
	freshet_stream_close(s->stream);
	stage_settle(&g);
	assert_int_equal(s->dones, 1);
	assert_int_equal(stage_counters(&g).connections, 1);
	stage_advance(&g, 5000);
	assert_int_equal(stage_counters(&g).connections, 0);
	stage_close(&g);
}

static void closing_from_outside_starts_the_idle_time(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.idle_close_ms = 5000;
	o.endpoint.ping_interval_ms = UINT64_MAX;
	stage_open(&g, &o);
	struct watch *s = stage_stream(&g, "/x");
	stage_serve(&g, "/x", "");
	stage_advance(&g, 100000);
	freshet_stream_close(s->stream);
	stage_settle(&g);
	stage_advance(&g, 4999);
	assert_false(conn(&g)->closed);
	stage_advance(&g, 1);
	assert_true(conn(&g)->closed);
	stage_close(&g);
}

/* What the streams of a connection hear when it is lost. */
struct loss {
	const char *what;
	freshet_err err;
	bool has_code;
	uint32_t code;
};

static const struct loss losses[] = {
	{"closed", FRESHET_ECLOSED, false, 0},
	{"reset", FRESHET_ECLOSED, false, 0},
	{"GOAWAY and closed", FRESHET_EHTTP_GOAWAY, true, NGHTTP2_ENHANCE_YOUR_CALM},
	{"garbage", FRESHET_EHTTP_PROTOCOL, false, 0},
	{"a frame that is too large", FRESHET_EHTTP_PROTOCOL, false, 0},
};

static void lose(struct stage *g, size_t way)
{
	static const uint8_t too_large[] = {1, 0, 0, NGHTTP2_DATA, 0, 0, 0, 0, 1};
	struct h2server_conn *c = conn(g);
	if (way == 2)
		h2peer_goaway(c->peer, 3, NGHTTP2_ENHANCE_YOUR_CALM);
	if (way == 3)
		h2peer_raw(c->peer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	if (way == 4)
		h2peer_raw(c->peer, too_large, sizeof too_large);
	if (way < 3)
		h2server_drop(c, way == 1);
	/* Now that it is broken no barrier passes. */
	c->peer->mute = true;
	while (stage_counters(g).connections > 0)
		stage_turn(g);
	stage_settle(g);
}

static void a_loss_is_told_to_all_with_its_cause(void **state)
{
	(void)state;
	for (size_t way = 0; way < sizeof losses / sizeof losses[0]; way++) {
		const struct loss *l = &losses[way];
		char expected[100];
		struct stage g;
		print_message("%s\n", l->what);
		stage_open(&g, NULL);
		struct watch *a = stage_stream(&g, "/a");
		struct watch *b = stage_stream(&g, "/b");
		stage_serve(&g, "/a", "id: 1\ndata: a\n\nda");
		lose(&g, way);
		snprintf(expected, sizeof expected, "open\nevent 1 message a\ncut %s\n", freshet_err_name(l->err));
		assert_string_equal(watch_said(a), expected);
		snprintf(expected, sizeof expected, "cut %s\n", freshet_err_name(l->err));
		assert_string_equal(watch_said(b), expected);
		struct watch *const both[] = {a, b};
		for (int i = 0; i < 2; i++) {
			assert_int_equal(both[i]->outcome.has_http2_code, l->has_code);
			assert_int_equal(both[i]->outcome.http2_code, l->code);
			assert_false(both[i]->outcome.unprocessed);
			assert_non_null(strstr(both[i]->text, g.url));
		}
		assert_int_equal(stage_counters(&g).connections_lost, 1);
		stage_advance(&g, 1000);
		assert_int_equal(g.server.conn_count, 2);
		assert_int_equal(h2server_call_count(&g.server), 4);
		stage_close(&g);
	}
}

static void credit_comes_back_as_events_are_consumed(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.stream_window = 65536;
	o.endpoint.connection_window = 65536 * 4;
	stage_open(&g, &o);
	struct watch *s = stage_stream(&g, "/x");
	struct h2peer_call *call = stage_serve(&g, "/x", "");
	static char line[4096];
	memset(line, ':', sizeof line);
	line[sizeof line - 1] = '\n';
	uint64_t sent = 0;
	for (int i = 0; i < 256; i++) {
		h2peer_data(call, line, sizeof line);
		sent += sizeof line;
	}
	stage_settle(&g);
	assert_int_equal(call->out_from, sent);
	assert_in_range(call->credit, sent - 65536, sent);
	assert_in_range(conn(&g)->peer->credit - (65536 * 4 - 65535), sent - 65536 * 4, sent);
	assert_int_equal(s->events, 0);
	/* A few bytes are not worth a frame each. */
	uint64_t before = call->credit;
	stage_send(&g, call, ":\n");
	assert_int_equal(call->credit, before);
	stage_close(&g);
}

static void a_peer_that_reads_nothing_stops_nobody_else(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.max_streams_per_connection = 1;
	stage_open(&g, &o);
	struct watch *a = stage_stream(&g, "/a");
	h2server_deaf(g.server.conns[0], true);
	struct watch *b = stage_stream(&g, "/b");
	stage_serve(&g, "/b", "data: b\n\n");
	assert_string_equal(watch_said(b), "open\nevent  message b\n");
	/* What was asked of the deaf one is told when it listens again. */
	freshet_stream_close(a->stream);
	stage_settle(&g);
	assert_int_equal(a->dones, 1);
	assert_false(stage_call(&g, "/a")->reset);
	h2server_deaf(g.server.conns[0], false);
	stage_settle(&g);
	assert_true(stage_call(&g, "/a")->reset);
	stage_close(&g);
}

static void large_answers_share_the_loop(void **state)
{
	(void)state;
	enum { SIZE = 3 * 1024 * 1024 };
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.max_streams_per_connection = 1;
	o.reactor.read_buffer = 4096;
	o.reactor.read_budget = 8192;
	stage_open(&g, &o);
	struct watch *big = stage_request(&g, "GET", "/big", NULL);
	struct watch *small = stage_stream(&g, "/small");
	char *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	struct h2peer_call *call = stage_call(&g, "/big");
	h2peer_answer(call, 200, NULL);
	h2peer_data(call, bytes, SIZE);
	h2peer_end(call);
	free(bytes);
	h2peer_open_events(stage_call(&g, "/small"));
	h2peer_text(stage_call(&g, "/small"), "data: a\n\n");
	/* The small one is served while the big one still comes. */
	while (small->events == 0) {
		assert_int_equal(big->dones, 0);
		stage_turn(&g);
	}
	stage_settle(&g);
	assert_int_equal(big->dones, 1);
	assert_int_equal(big->outcome.err, FRESHET_OK);
	stage_close(&g);
}

#define UPLOAD_SIZE ((size_t)32 * 1024 * 1024)

static void skip_head(struct peer_conn *c)
{
	static const char end[] = "\r\n\r\n";
	size_t like = 0;
	for (char byte; like < sizeof end - 1 && peer_read(c, &byte, 1);)
		like = byte == end[like] ? like + 1 : byte == end[0];
}

/* On a thread of its own: takes an upload as fast as it comes. */
static void take_upload(struct peer_conn *c, void *user)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	char bytes[64 * 1024];
	(void)user;
	skip_head(c);
	for (size_t had = 0; had < UPLOAD_SIZE && peer_read(c, bytes, sizeof bytes);)
		had += sizeof bytes;
	peer_write(c, answer, sizeof answer - 1);
	peer_listen(c);
}

/* However fast the peer takes it, a turn of the loop brings half a MiB and what was gathered last. */
static void large_uploads_share_the_loop(void **state)
{
	(void)state;
	enum { TURN_MOST = 1024 * 1024 };
	struct client client;
	struct peer *peer = peer_start(take_upload, NULL, NULL);
	freshet_endpoint_options o;
	freshet_request_options q;
	freshet_endpoint *e;
	struct reply reply;
	char url[128];
	char *bytes = calloc(1, UPLOAD_SIZE);
	assert_non_null(bytes);
	client_start(&client, NULL);
	client_endpoint_options(&o, &(struct client_url){"http", "127.0.0.1", peer_port(peer), NULL}, url);
	o.protocol = FRESHET_PROTOCOL_HTTP1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	freshet_request_options_init(&q);
	q.method = "POST";
	q.path = "/upload";
	q.body = (freshet_str){bytes, UPLOAD_SIZE};
	client_send(&client, e, &q, &reply);
	for (uint64_t had = 0; reply.dones == 0;) {
		event_base_loop(client.base, EVLOOP_ONCE);
		uint64_t now = client_counters(&client).bytes_written;
		assert_in_range(now - had, 0, TURN_MOST);
		had = now;
	}
	assert_int_equal(reply.status, 200);
	client_stop(&client);
	peer_stop(peer);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_connection_is_asked_and_answers),
		cmocka_unit_test(one_that_does_not_answer_is_dead),
		cmocka_unit_test(one_that_sends_but_does_not_answer_lives),
		cmocka_unit_test(no_ping_where_none_is_wanted),
		cmocka_unit_test(a_connection_without_exchanges_closes),
		cmocka_unit_test(a_connection_that_nobody_wants_any_more_closes_too),
		cmocka_unit_test(closing_from_outside_starts_the_idle_time),
		cmocka_unit_test(a_loss_is_told_to_all_with_its_cause),
		cmocka_unit_test(credit_comes_back_as_events_are_consumed),
		cmocka_unit_test(a_peer_that_reads_nothing_stops_nobody_else),
		cmocka_unit_test(large_answers_share_the_loop),
		cmocka_unit_test(large_uploads_share_the_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
