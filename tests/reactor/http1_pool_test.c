/*
 * The pool over HTTP/1.1, where a connection carries one exchange at a time: who shares one, who waits, which are used
 * again, and which are not to be trusted any more.
 */
#include "support/client.h"
#include "support/h1server.h"
#include "support/test.h"

#include "reactor/conn.h"
#include "reactor/endpoint.h"
#include "reactor/reactor.h"
#include "reactor/request.h"
#include "reactor/stream.h"

#include <event2/event.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

struct world {
	struct client client;
	struct h1server server;
	freshet_endpoint_options o;
	char url[128];
	freshet_endpoint *e;
};

static uint64_t fake_ms;

static uint64_t fake_clock(void)
{
	return fake_ms;
}

/* A client and a server on one loop, and a clock that stands until the test moves it. */
static void world_open(struct world *w, h1server_fn *answer)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	fake_ms = 1000000;
	w->client.reactor->clock = fake_clock;
	h1server_open(&w->server, w->client.base, answer, w);
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->server.port, NULL}, w->url);
	w->o.protocol = FRESHET_PROTOCOL_AUTO;
}

static void world_endpoint(struct world *w)
{
	assert_int_equal(freshet_endpoint_new(w->client.reactor, &w->o, &w->e), FRESHET_OK);
}

static void world_close(struct world *w)
{
	assert_int_equal(w->server.pipelined, 0);
	h1server_close(&w->server);
	client_stop(&w->client);
}

static bool nobody_is_connected(void *user)
{
	const struct world *w = user;
	freshet_reactor_counters now;
	freshet_reactor_counters_get(w->client.reactor, &now);
	return now.connections == 0 && w->server.open == 0;
}

static void advance(struct world *w, uint64_t ms)
{
	fake_ms += ms;
	w->client.reactor->loop.handlers.on_timer(w->client.reactor);
}

static void get(struct world *w, const char *path, struct reply *reply)
{
	client_get(&w->client, w->e, path, reply);
}

static void post(struct world *w, bool repeatable, struct reply *reply)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/post";
	o.method = "POST";
	o.body = freshet_str_of("body");
	o.max_attempts = 1;
	o.repeatable = repeatable;
	client_send(&w->client, w->e, &o, reply);
}

static void never_done(freshet_request *request, const freshet_response *response, void *user)
{
	(void)request;
	(void)response;
	(void)user;
	abort();
}

/* Until everything has ended. */
static void run(struct world *w)
{
	client_run(&w->client, NULL, NULL);
}

/* Until the condition holds, whether something is still open or not. */
static void wait_for(struct world *w, bool (*until)(void *user), void *user)
{
	while (!until(user))
		assert_int_equal(event_base_loop(w->client.base, EVLOOP_ONCE), 0);
}

static bool was_replied(void *user)
{
	const struct reply *r = user;
	return r->dones > 0;
}

static void assert_replied(const struct reply *r, const char *body)
{
	assert_int_equal(r->dones, 1);
	assert_string_equal(freshet_err_name(r->outcome.outcome.err), "FRESHET_OK");
	assert_int_equal(r->status, 200);
	assert_string_equal(r->body, body);
}

static void answer_ok(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "", "ok");
}

/* /events stays open; everything else is answered at once. */
static void answer_events(struct h1server_conn *c, const struct h1server_request *q)
{
	if (strncmp(q->target, "/events", 7) == 0)
		h1server_write(c, EVENTS);
	else
		answer_ok(c, q);
}

static void requests_share_a_connection(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_ok);
	world_endpoint(&w);
	for (int i = 0; i < 20; i++) {
		get(&w, "/", &r);
		run(&w);
		assert_replied(&r, "ok");
	}
	assert_int_equal(w.server.accepted, 1);
	assert_int_equal(w.server.requests, 20);
	world_close(&w);
}

static void a_bound_makes_them_wait_in_order(void **state)
{
	struct world w;
	struct reply r[50];
	char path[50][16];
	char order[1024] = "";
	(void)state;
	world_open(&w, answer_ok);
	w.o.max_connections = 1;
	world_endpoint(&w);
	for (int i = 0; i < 50; i++) {
		snprintf(path[i], sizeof path[i], "/%d", i);
		snprintf(order + strlen(order), sizeof order - strlen(order), "/%d ", i);
		get(&w, path[i], &r[i]);
	}
	run(&w);
	for (int i = 0; i < 50; i++)
		assert_replied(&r[i], "ok");
	assert_int_equal(w.server.accepted, 1);
	assert_string_equal(w.server.order, order);
	world_close(&w);
}

static void as_many_connections_as_the_line_needs(void **state)
{
	struct world w;
	struct reply r[50];
	(void)state;
	world_open(&w, answer_ok);
	w.o.max_connections = 7;
	world_endpoint(&w);
	for (int i = 0; i < 50; i++)
		get(&w, "/", &r[i]);
	run(&w);
	for (int i = 0; i < 50; i++)
		assert_replied(&r[i], "ok");
	assert_int_equal(w.server.accepted, 7);
	assert_int_equal(w.server.requests, 50);
	world_close(&w);
}

struct open_count {
	const struct world *w;
	size_t open;
};

static bool so_many_are_open(void *user)
{
	const struct open_count *wanted = user;
	return wanted->w->client.open == wanted->open;
}

static bool one_is_connected(void *user)
{
	const struct world *w = user;
	return w->client.reactor->counters.connections == 1 && w->server.open == 1;
}

static void streams_have_one_each(void **state)
{
	struct world w;
	struct follower f[5];
	struct reply r[10];
	(void)state;
	world_open(&w, answer_events);
	world_endpoint(&w);
	for (int i = 0; i < 5; i++) {
		f[i].on_event = NULL;
		client_follow(&w.client, w.e, "/events", &f[i]);
	}
	wait_for(&w, so_many_are_open, &(struct open_count){&w, 5});
	assert_int_equal(w.server.accepted, 5);
	/* Requests beside them share one more. */
	for (int i = 0; i < 10; i++) {
		get(&w, "/", &r[i]);
		wait_for(&w, was_replied, &r[i]);
		assert_replied(&r[i], "ok");
	}
	assert_int_equal(w.server.accepted, 6);
	for (int i = 0; i < 5; i++)
		freshet_stream_close(f[i].stream);
	run(&w);
	wait_for(&w, one_is_connected, &w);
	world_close(&w);
}

static bool has_ended(void *user)
{
	const struct follower *f = user;
	return f->dones > 0;
}

static void streams_wait_for_each_other(void **state)
{
	struct world w;
	struct follower f[3] = {0};
	(void)state;
	world_open(&w, answer_events);
	w.o.max_connections = 2;
	world_endpoint(&w);
	client_follow(&w.client, w.e, "/events/0", &f[0]);
	client_follow(&w.client, w.e, "/events/1", &f[1]);
	client_follow(&w.client, w.e, "/events/2", &f[2]);
	wait_for(&w, so_many_are_open, &(struct open_count){&w, 2});
	assert_string_equal(freshet_stream_state(f[2].stream), "waiting");
	/* The first one ends, and its connection takes the third. */
	struct h1server_conn *first = h1server_find(&w.server, "/events/0");
	h1server_write(first, "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
	h1server_done(first);
	wait_for(&w, has_ended, &f[0]);
	assert_int_equal(f[0].seen.events, 1);
	wait_for(&w, so_many_are_open, &(struct open_count){&w, 2});
	assert_string_equal(freshet_stream_state(f[2].stream), "open");
	assert_int_equal(w.server.accepted, 2);
	/* A stream that is given up leaves a connection that cannot be used again. */
	freshet_stream_close(f[1].stream);
	freshet_stream_close(f[2].stream);
	run(&w);
	wait_for(&w, nobody_is_connected, &w);
	world_close(&w);
}

static void the_line_has_an_end(void **state)
{
	struct world w;
	struct follower f[4] = {0};
	freshet_stream_options so;
	freshet_request_options ro;
	freshet_stream *stream = (void *)&w;
	freshet_request *request = (void *)&w;
	(void)state;
	world_open(&w, answer_events);
	w.o.max_connections = 1;
	w.o.max_waiting = 3;
	world_endpoint(&w);
	client_follow(&w.client, w.e, "/events", &f[0]);
	wait_for(&w, so_many_are_open, &(struct open_count){&w, 1});
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
	wait_for(&w, has_ended, &f[2]);
	client_follow(&w.client, w.e, "/events", &f[2]);
	freshet_endpoint_close(w.e);
	run(&w);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f[i].end.outcome.err, FRESHET_ECANCELED);
	wait_for(&w, nobody_is_connected, &w);
	world_close(&w);
}

static void an_idle_connection_closes(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_ok);
	w.o.idle_close_ms = 7000;
	world_endpoint(&w);
	get(&w, "/", &r);
	run(&w);
	advance(&w, 6999);
	assert_int_equal(w.client.reactor->counters.connections, 1);
	get(&w, "/", &r);
	run(&w);
	/* Used again, it is kept from then on. */
	advance(&w, 6999);
	assert_int_equal(w.client.reactor->counters.connections, 1);
	advance(&w, 1);
	wait_for(&w, nobody_is_connected, &w);
	assert_int_equal(w.server.accepted, 1);
	get(&w, "/", &r);
	run(&w);
	assert_replied(&r, "ok");
	assert_int_equal(w.server.accepted, 2);
	world_close(&w);
}

static void answer_keep_alive(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "Keep-Alive: timeout=5, max=100\r\n", "ok");
}

/* A server that says when it closes is forestalled: a request that must not be repeated could meet its FIN. */
static void a_server_says_how_long_it_waits(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_keep_alive);
	world_endpoint(&w);
	get(&w, "/", &r);
	run(&w);
	advance(&w, 3999);
	assert_int_equal(w.client.reactor->counters.connections, 1);
	advance(&w, 1);
	wait_for(&w, nobody_is_connected, &w);
	world_close(&w);
}

/* Connections of an endpoint that is gone are gone, idle ones and busy ones. */
static void a_closed_endpoint_leaves_nothing(void **state)
{
	struct world w;
	struct follower f = {0};
	struct reply r;
	(void)state;
	world_open(&w, answer_events);
	world_endpoint(&w);
	client_follow(&w.client, w.e, "/events", &f);
	wait_for(&w, so_many_are_open, &(struct open_count){&w, 1});
	get(&w, "/", &r);
	wait_for(&w, was_replied, &r);
	assert_int_equal(w.client.reactor->counters.connections, 2);
	freshet_endpoint_close(w.e);
	run(&w);
	wait_for(&w, nobody_is_connected, &w);
	assert_int_equal(f.end.outcome.err, FRESHET_ECANCELED);
	world_close(&w);
}

static void answer_and_say_close(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "Connection: close\r\n", "ok");
}

/* The client closes such a connection, also where the server does not. */
static void connections_that_drain_vanish(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_and_say_close);
	world_endpoint(&w);
	for (unsigned i = 1; i <= 5; i++) {
		get(&w, "/", &r);
		run(&w);
		assert_replied(&r, "ok");
		assert_int_equal(w.server.accepted, i);
		advance(&w, 0);
		wait_for(&w, nobody_is_connected, &w);
	}
	world_close(&w);
}

/* Answers the first request of each connection, and closes over the second. */
static void answer_once(struct h1server_conn *c, const struct h1server_request *q)
{
	struct world *w = c->server->user;
	(void)q;
	if (c->requests == 1)
		h1server_reply(c, 200, "", "ok");
	else
		h1server_drop(c, w->o.user != NULL);
}

/* Makes `count` kept connections, by so many requests at once. */
static void keep_connections(struct world *w, size_t count)
{
	struct reply r[16];
	for (size_t i = 0; i < count; i++)
		get(w, "/", &r[i]);
	run(w);
	assert_int_equal(w->client.reactor->counters.connections, count);
	assert_int_equal(w->server.accepted, count);
}

/*
 * A server that closes while the request is on its way to it. The repetition goes to a fresh connection, whatever number
 * of kept ones there are, and counts as no attempt.
 */
static void a_stale_connection_over_a_get(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct world w;
		struct reply r;
		world_open(&w, answer_once);
		w.o.user = reset ? &w : NULL;
		world_endpoint(&w);
		keep_connections(&w, 12);
		get(&w, "/again", &r);
		run(&w);
		assert_replied(&r, "ok");
		assert_int_equal(r.outcome.outcome.attempts, 1);
		assert_int_equal(w.server.accepted, 13);
		assert_int_equal(w.server.requests, 14);
		assert_int_equal(w.client.reactor->counters.connections, 1);
		world_close(&w);
	}
}

static void a_stale_connection_over_a_post(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_once);
	world_endpoint(&w);
	keep_connections(&w, 3);
	post(&w, false, &r);
	run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECLOSED");
	assert_false(r.outcome.outcome.unprocessed);
	assert_int_equal(w.server.requests, 4);
	world_close(&w);

	world_open(&w, answer_once);
	world_endpoint(&w);
	keep_connections(&w, 3);
	post(&w, true, &r);
	run(&w);
	assert_replied(&r, "ok");
	assert_int_equal(w.server.requests, 5);
	assert_int_equal(w.server.accepted, 4);
	world_close(&w);
}

static void a_stale_connection_over_a_stream(void **state)
{
	struct world w;
	struct follower f = {0};
	(void)state;
	world_open(&w, answer_once);
	world_endpoint(&w);
	keep_connections(&w, 3);
	client_follow(&w.client, w.e, "/events", &f);
	run(&w);
	/* It got as far as the answer, which is no event stream, without a word of a cut. */
	assert_int_equal(f.cuts, 0);
	assert_int_equal(f.end.outcome.err, FRESHET_ECONTENT_TYPE);
	assert_int_equal(w.server.requests, 5);
	world_close(&w);
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
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_one_byte);
	world_endpoint(&w);
	keep_connections(&w, 2);
	get(&w, "/", &r);
	run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECLOSED");
	assert_int_equal(w.server.requests, 3);
	assert_int_equal(w.client.reactor->counters.connections, 1);
	world_close(&w);
}

static void drop_all(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_drop(c, false);
}

/* Nor is a fresh connection stale: a server that closes on every request would be asked for ever. */
static void a_fresh_connection_is_not_stale(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, drop_all);
	world_endpoint(&w);
	get(&w, "/", &r);
	run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECLOSED");
	assert_int_equal(w.server.requests, 1);
	world_close(&w);
}

/* What is closed by the time that it would be used is not used: a POST is safe then. */
static void a_kept_connection_is_looked_at(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct world w;
		struct reply r;
		world_open(&w, answer_ok);
		world_endpoint(&w);
		keep_connections(&w, 4);
		for (unsigned i = 1; i <= 4; i++)
			h1server_drop(h1server_conn_of(&w.server, i), reset);
		/* The loop has not run since: nobody has noticed yet. */
		assert_int_equal(w.client.reactor->counters.connections, 4);
		post(&w, false, &r);
		run(&w);
		assert_replied(&r, "ok");
		assert_int_equal(w.server.requests, 5);
		assert_int_equal(w.server.accepted, 5);
		assert_int_equal(w.client.reactor->counters.connections, 1);
		world_close(&w);
	}
}

/* An answer that came before its request is not taken for the next one's. */
static void an_answer_to_nobody(void **state)
{
	struct world w;
	struct reply r;
	(void)state;
	world_open(&w, answer_ok);
	world_endpoint(&w);
	keep_connections(&w, 1);
	h1server_write(h1server_conn_of(&w.server, 1), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
	event_base_loop(w.client.base, EVLOOP_NONBLOCK);
	post(&w, false, &r);
	run(&w);
	assert_replied(&r, "ok");
	assert_int_equal(w.server.accepted, 2);
	world_close(&w);
}

static void answer_later(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)c;
	(void)q;
}

static bool two_requests_came(void *user)
{
	const struct world *w = user;
	return w->server.requests == 2;
}

static void a_request_is_canceled(void **state)
{
	struct world w;
	struct reply r[2];
	freshet_request *q;
	freshet_request_options o;
	(void)state;
	world_open(&w, answer_later);
	world_endpoint(&w);
	get(&w, "/stays", &r[0]);
	freshet_request_options_init(&o);
	r[1] = (struct reply){.client = &w.client};
	o.path = "/canceled";
	client_send(&w.client, w.e, &o, &r[1]);
	q = container_of(w.e->requests.prev, freshet_request, in_endpoint);
	wait_for(&w, two_requests_came, &w);
	freshet_request_cancel(q);
	wait_for(&w, was_replied, &r[1]);
	assert_int_equal(r[1].outcome.outcome.err, FRESHET_ECANCELED);
	for (unsigned i = 1; i <= 2; i++)
		h1server_reply(h1server_conn_of(&w.server, i), 200, "", "late");
	run(&w);
	assert_replied(&r[0], "late");
	assert_int_equal(w.client.reactor->counters.connections, 1);
	world_close(&w);
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
	struct world w;
	struct reply r;
	freshet_request_options o;
	size_t size = (size_t)24 * 1024 * 1024;
	char *body = calloc(1, size);
	(void)state;
	assert_non_null(body);
	world_open(&w, refuse_body);
	w.server.eager = true;
	world_endpoint(&w);
	freshet_request_options_init(&o);
	o.path = "/upload";
	o.method = "POST";
	o.body = (freshet_str){body, size};
	client_send(&w.client, w.e, &o, &r);
	free(body);
	run(&w);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
	assert_int_equal(r.status, 413);
	assert_string_equal(r.body, "no!");
	wait_for(&w, nobody_is_connected, &w);
	world_close(&w);
}

static bool was_cut(void *user)
{
	const struct follower *f = user;
	return f->cuts > 0;
}

/*
 * A dial that fails while all connections carry streams: whoever waits would wait for ever, so they are told. Where a
 * request is on one of them they wait for that, and for the next dial.
 */
static void nobody_waits_for_ever(void **state)
{
	struct world w;
	struct follower f[3] = {0};
	struct reply r;
	(void)state;
	world_open(&w, answer_events);
	w.o.stream.max_attempts = 100;
	world_endpoint(&w);
	client_follow(&w.client, w.e, "/events/0", &f[0]);
	client_follow(&w.client, w.e, "/events/1", &f[1]);
	wait_for(&w, so_many_are_open, &(struct open_count){&w, 2});
	h1server_stop_listening(&w.server);
	client_follow(&w.client, w.e, "/events/2", &f[2]);
	get(&w, "/", &r);
	wait_for(&w, was_cut, &f[2]);
	assert_string_equal(freshet_err_name(f[2].cut.outcome.err), "FRESHET_ECONNECT");
	assert_true(f[2].cut.outcome.unprocessed);
	assert_string_equal(freshet_stream_state(f[2].stream), "backoff");
	wait_for(&w, was_replied, &r);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_ECONNECT");
	/* The others never noticed. */
	assert_int_equal(f[0].cuts + f[1].cuts, 0);
	assert_int_equal(w.client.open, 2);
	for (int i = 0; i < 3; i++)
		freshet_stream_close(f[i].stream);
	run(&w);
	world_close(&w);
}

static bool one_request_came(void *user)
{
	const struct world *w = user;
	return w->server.requests == 1;
}

static void a_line_that_moves_is_not_told(void **state)
{
	struct world w;
	struct reply r[3];
	(void)state;
	world_open(&w, answer_later);
	world_endpoint(&w);
	get(&w, "/0", &r[0]);
	wait_for(&w, one_request_came, &w);
	h1server_stop_listening(&w.server);
	get(&w, "/1", &r[1]);
	get(&w, "/2", &r[2]);
	/* Both dials fail; the clock stands, so there is no third one. */
	while (w.client.reactor->counters.connections_failed < 2)
		event_base_loop(w.client.base, EVLOOP_ONCE);
	assert_int_equal(r[1].dones + r[2].dones, 0);
	assert_int_equal(w.client.reactor->counters.waiting, 2);
	w.server.answer = answer_ok;
	h1server_reply(h1server_conn_of(&w.server, 1), 200, "", "ok");
	run(&w);
	for (int i = 0; i < 3; i++)
		assert_replied(&r[i], "ok");
	assert_string_equal(w.server.order, "/0 /1 /2 ");
	assert_int_equal(w.client.reactor->counters.connections_failed, 2);
	world_close(&w);
}

/* Dials that fail together are one failure: the next is due after the shortest pause, not after the longest. */
static void dials_that_fail_together(void **state)
{
	struct world w;
	struct reply r[40];
	(void)state;
	world_open(&w, answer_later);
	world_endpoint(&w);
	get(&w, "/0", &r[0]);
	wait_for(&w, one_request_came, &w);
	h1server_stop_listening(&w.server);
	for (int i = 1; i < 40; i++)
		get(&w, "/", &r[i]);
	while (w.client.reactor->counters.connections_failed < 39)
		event_base_loop(w.client.base, EVLOOP_ONCE);
	assert_in_range(w.e->redial_ms, fake_ms + 1, fake_ms + 200);
	freshet_endpoint_close(w.e);
	run(&w);
	world_close(&w);
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
	struct world w;
	(void)state;
	world_open(&w, answer_ok);
	w.o.ping_interval_ms = 15000;
	w.o.ping_timeout_ms = 9500;
	world_endpoint(&w);
	keep_connections(&w, 1);
	const struct conn *c = container_of(w.e->conns.next, struct conn, node);
	assert_int_not_equal(option_of(c, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option_of(c, IPPROTO_TCP, TCP_KEEPIDLE), 15);
	assert_int_equal(option_of(c, IPPROTO_TCP, TCP_KEEPINTVL), 4);
	assert_int_equal(option_of(c, IPPROTO_TCP, TCP_KEEPCNT), 3);
	world_close(&w);

	world_open(&w, answer_ok);
	w.o.ping_interval_ms = UINT64_MAX;
	world_endpoint(&w);
	keep_connections(&w, 1);
	c = container_of(w.e->conns.next, struct conn, node);
	assert_int_equal(option_of(c, SOL_SOCKET, SO_KEEPALIVE), 0);
	world_close(&w);
}

/* Fields that only the library writes are not taken from anybody. */
static void reserved_fields_are_refused(void **state)
{
	static const char *const names[] = {
		"Expect", "Content-Length", "Transfer-Encoding", "Host", "Connection", "TE"};
	struct world w;
	(void)state;
	world_open(&w, answer_ok);
	world_endpoint(&w);
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
	world_close(&w);
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
		cmocka_unit_test(an_idle_connection_closes),
		cmocka_unit_test(a_server_says_how_long_it_waits),
		cmocka_unit_test(a_closed_endpoint_leaves_nothing),
		cmocka_unit_test(connections_that_drain_vanish),
		cmocka_unit_test(a_stale_connection_over_a_get),
		cmocka_unit_test(a_stale_connection_over_a_post),
		cmocka_unit_test(a_stale_connection_over_a_stream),
		cmocka_unit_test(a_connection_that_had_begun_to_answer),
		cmocka_unit_test(a_fresh_connection_is_not_stale),
		cmocka_unit_test(a_kept_connection_is_looked_at),
		cmocka_unit_test(an_answer_to_nobody),
		cmocka_unit_test(a_request_is_canceled),
		cmocka_unit_test(a_server_that_refuses_a_body),
		cmocka_unit_test(nobody_waits_for_ever),
		cmocka_unit_test(a_line_that_moves_is_not_told),
		cmocka_unit_test(dials_that_fail_together),
		cmocka_unit_test(tcp_watches_the_peer),
		cmocka_unit_test(reserved_fields_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
