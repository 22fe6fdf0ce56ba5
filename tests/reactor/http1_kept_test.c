/*
 * Connections over HTTP/1.1 that are kept between exchanges: how long, which of them are used again, and which are not to
 * be trusted any more.
 */
#include "support/h1world.h"
#include "support/test.h"

#include "reactor/conn.h"
#include "reactor/endpoint.h"

#include <event2/event.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static void an_idle_connection_closes(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	w.o.idle_close_ms = 7000;
	h1world_endpoint(&w);
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	h1world_advance(&w, 6999);
	assert_int_equal(client_counters(&w.client).connections, 1);
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	/* Used again, it is kept from then on. */
	h1world_advance(&w, 6999);
	assert_int_equal(client_counters(&w.client).connections, 1);
	h1world_advance(&w, 1);
	h1world_wait(&w, h1world_is_idle, &w);
	assert_int_equal(w.server.accepted, 1);
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	h1world_assert_ok(&r, "ok");
	assert_int_equal(w.server.accepted, 2);
	h1world_close(&w);
}

static void answer_keep_alive(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "Keep-Alive: timeout=5, max=100\r\n", "ok");
}

/* A server that says when it closes is forestalled: a request that must not be repeated could meet its FIN. */
static void a_server_says_how_long_it_waits(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, answer_keep_alive);
	h1world_endpoint(&w);
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	h1world_advance(&w, 3999);
	assert_int_equal(client_counters(&w.client).connections, 1);
	h1world_advance(&w, 1);
	h1world_wait(&w, h1world_is_idle, &w);
	h1world_close(&w);
}

static void answer_and_say_close(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "Connection: close\r\n", "ok");
}

/* The client closes such a connection, also where the server does not. */
static void connections_that_drain_vanish(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, answer_and_say_close);
	h1world_endpoint(&w);
	for (unsigned i = 1; i <= 5; i++) {
		h1world_get(&w, "/", &r);
		h1world_run(&w);
		h1world_assert_ok(&r, "ok");
		assert_int_equal(w.server.accepted, i);
		h1world_advance(&w, 0);
		h1world_wait(&w, h1world_is_idle, &w);
	}
	h1world_close(&w);
}

static void answer_no_more(struct h1server_conn *c, const struct h1server_request *q)
{
	if (strcmp(q->target, "/gone") == 0)
		h1server_reply(c, 204, "", "");
	else if (strcmp(q->target, "/events") == 0)
		h1server_reply(c, 200, "Content-Type: text/event-stream\r\n", "data: last\n\n");
	else
		h1server_reply(c, 200, "", "ok");
}

static void finish_at_once(struct follower *f)
{
	freshet_stream_finish(f->stream);
}

/* The owner leaves while the end of the answer, which has come with it, is still to be read. */
static void a_connection_whose_answer_was_whole_is_kept(void **state)
{
	struct h1world w;
	struct reply r;
	struct follower gone = {0}, last = {.on_event = finish_at_once};
	(void)state;
	h1world_open(&w, answer_no_more);
	h1world_endpoint(&w);
	client_follow(&w.client, w.e, "/gone", &gone);
	h1world_run(&w);
	assert_string_equal(freshet_err_name(gone.end.outcome.err), "FRESHET_OK");
	client_follow(&w.client, w.e, "/events", &last);
	h1world_run(&w);
	assert_int_equal(last.seen.events, 1);
	assert_string_equal(freshet_err_name(last.end.outcome.err), "FRESHET_OK");
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	h1world_assert_ok(&r, "ok");
	assert_int_equal(w.server.accepted, 1);
	h1world_close(&w);
}

/* Answers the first request of each connection, and closes over the second. */
static void answer_once(struct h1server_conn *c, const struct h1server_request *q)
{
	struct h1world *w = c->server->user;
	(void)q;
	if (c->requests == 1)
		h1server_reply(c, 200, "", "ok");
	else
		h1server_drop(c, w->o.user != NULL);
}

/*
 * A server that closes while the request is on its way to it. The repetition goes to a fresh connection, whatever number
 * of kept ones there are, and counts as no attempt.
 */
static void a_stale_connection_over_a_get(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct h1world w;
		struct reply r;
		h1world_open(&w, answer_once);
		w.o.user = reset ? &w : NULL;
		h1world_endpoint(&w);
		h1world_keep(&w, 12);
		h1world_get(&w, "/again", &r);
		h1world_run(&w);
		h1world_assert_ok(&r, "ok");
		assert_int_equal(r.outcome.outcome.attempts, 1);
		assert_int_equal(w.server.accepted, 13);
		assert_int_equal(w.server.requests, 14);
		assert_int_equal(client_counters(&w.client).connections, 1);
		h1world_close(&w);
	}
}

static void a_stale_connection_over_a_post(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, answer_once);
	h1world_endpoint(&w);
	h1world_keep(&w, 3);
	h1world_post(&w, false, &r);
	h1world_run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECLOSED");
	assert_false(r.outcome.outcome.unprocessed);
	assert_int_equal(w.server.requests, 4);
	h1world_close(&w);

	h1world_open(&w, answer_once);
	h1world_endpoint(&w);
	h1world_keep(&w, 3);
	h1world_post(&w, true, &r);
	h1world_run(&w);
	h1world_assert_ok(&r, "ok");
	assert_int_equal(w.server.requests, 5);
	assert_int_equal(w.server.accepted, 4);
	h1world_close(&w);
}

static void a_stale_connection_over_a_stream(void **state)
{
	struct h1world w;
	struct follower f = {0};
	(void)state;
	h1world_open(&w, answer_once);
	h1world_endpoint(&w);
	h1world_keep(&w, 3);
	client_follow(&w.client, w.e, "/events", &f);
	h1world_run(&w);
	/* It got as far as the answer, which is no event stream, without a word of a cut. */
	assert_int_equal(f.cuts, 0);
	assert_int_equal(f.end.outcome.err, FRESHET_ECONTENT_TYPE);
	assert_int_equal(w.server.requests, 5);
	h1world_close(&w);
}

static void answer_one_byte(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	if (c->requests == 1) {
		h1server_reply(c, 200, "", "ok");
		return;
	}
	h1server_write(c, "H");
	h1server_finish(c);
}

/* One byte of an answer makes it a lost connection as any other: that counts. */
static void a_connection_that_had_begun_to_answer(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, answer_one_byte);
	h1world_endpoint(&w);
	h1world_keep(&w, 2);
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECLOSED");
	assert_int_equal(w.server.requests, 3);
	assert_int_equal(client_counters(&w.client).connections, 1);
	h1world_close(&w);
}

static void drop_all(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_drop(c, false);
}

/* Nor is a fresh connection stale: a server that closes on every request would be asked for ever. */
static void a_fresh_connection_is_not_stale(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, drop_all);
	h1world_endpoint(&w);
	h1world_get(&w, "/", &r);
	h1world_run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECLOSED");
	assert_int_equal(w.server.requests, 1);
	h1world_close(&w);
}

/* What is closed by the time that it would be used is not used: a POST is safe then. */
static void a_kept_connection_is_looked_at(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct h1world w;
		struct reply r;
		h1world_open(&w, h1world_answer_ok);
		h1world_endpoint(&w);
		h1world_keep(&w, 4);
		for (unsigned i = 1; i <= 4; i++)
			h1server_drop(h1server_conn_of(&w.server, i), reset);
		/* The loop has not run since: nobody has noticed yet. */
		assert_int_equal(client_counters(&w.client).connections, 4);
		h1world_post(&w, false, &r);
		h1world_run(&w);
		h1world_assert_ok(&r, "ok");
		assert_int_equal(w.server.requests, 5);
		assert_int_equal(w.server.accepted, 5);
		assert_int_equal(client_counters(&w.client).connections, 1);
		h1world_close(&w);
	}
}

/* An answer that came before its request is not taken for the next one's. */
static void an_answer_to_nobody(void **state)
{
	struct h1world w;
	struct reply r;
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	h1world_endpoint(&w);
	h1world_keep(&w, 1);
	h1server_write(h1server_conn_of(&w.server, 1), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
	event_base_loop(w.client.base, EVLOOP_NONBLOCK);
	h1world_post(&w, false, &r);
	h1world_run(&w);
	h1world_assert_ok(&r, "ok");
	assert_int_equal(w.server.accepted, 2);
	h1world_close(&w);
}

/* Half of the body is on its way when the server refuses it and closes: its answer counts, not the failure to write. */
static void refuse_body(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_write(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!");
	h1server_finish(c);
}

static void a_server_that_refuses_a_body(void **state)
{
	struct h1world w;
	struct reply r;
	freshet_request_options o;
	size_t size = (size_t)24 * 1024 * 1024;
	char *body = calloc(1, size);
	(void)state;
	assert_non_null(body);
	h1world_open(&w, refuse_body);
	w.server.eager = true;
	h1world_endpoint(&w);
	freshet_request_options_init(&o);
	o.path = "/upload";
	o.method = "POST";
	o.body = (freshet_str){body, size};
	client_send(&w.client, w.e, &o, &r);
	free(body);
	h1world_run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
	assert_int_equal(r.status, 413);
	assert_string_equal(r.body, "no!");
	h1world_wait(&w, h1world_is_idle, &w);
	h1world_close(&w);
}

static int option_of(const struct conn *c, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof value;
	assert_int_equal(getsockopt(c->socket.fd, level, name, &value, &size), 0);
	return value;
}

/* HTTP/1.1 has no PING: TCP asks for the peer in its stead. */
static void tcp_watches_the_peer(void **state)
{
	struct h1world w;
	(void)state;
	h1world_open(&w, h1world_answer_ok);
	w.o.ping_interval_ms = 15000;
	w.o.ping_timeout_ms = 9500;
	h1world_endpoint(&w);
	h1world_keep(&w, 1);
	const struct conn *c = container_of(w.e->conns.next, struct conn, node);
	assert_int_not_equal(option_of(c, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option_of(c, IPPROTO_TCP, TCP_KEEPIDLE), 15);
	assert_int_equal(option_of(c, IPPROTO_TCP, TCP_KEEPINTVL), 4);
	assert_int_equal(option_of(c, IPPROTO_TCP, TCP_KEEPCNT), 3);
	h1world_close(&w);

	h1world_open(&w, h1world_answer_ok);
	w.o.ping_interval_ms = UINT64_MAX;
	h1world_endpoint(&w);
	h1world_keep(&w, 1);
	c = container_of(w.e->conns.next, struct conn, node);
	assert_int_equal(option_of(c, SOL_SOCKET, SO_KEEPALIVE), 0);
	h1world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_connection_closes),
		cmocka_unit_test(a_server_says_how_long_it_waits),
		cmocka_unit_test(connections_that_drain_vanish),
		cmocka_unit_test(a_connection_whose_answer_was_whole_is_kept),
		cmocka_unit_test(a_stale_connection_over_a_get),
		cmocka_unit_test(a_stale_connection_over_a_post),
		cmocka_unit_test(a_stale_connection_over_a_stream),
		cmocka_unit_test(a_connection_that_had_begun_to_answer),
		cmocka_unit_test(a_fresh_connection_is_not_stale),
		cmocka_unit_test(a_kept_connection_is_looked_at),
		cmocka_unit_test(an_answer_to_nobody),
		cmocka_unit_test(a_server_that_refuses_a_body),
		cmocka_unit_test(tcp_watches_the_peer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
