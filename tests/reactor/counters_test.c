/*
 * The counters are held against what really happened, as the other side or the test itself has counted it: over HTTP/2 on
 * a clock that stands, over HTTP/1.1, over TLS; and docs/counters.md against the struct.
 */
#include "support/files.h"
#include "support/h1world.h"
#include "support/nameserver.h"
#include "support/peer.h"
#include "support/stage.h"
#include "support/test.h"

#include "flow/retry.h"
#include "reactor/counters.h"

/* ---- the list and the document ---- */

static void every_field_is_in_the_list_once(void **state)
{
	freshet_counters counters;
	size_t count;
	(void)state;
	const freshet_counter *list = freshet_counter_list(&count);
	size_t fields = (sizeof counters - sizeof counters.size - sizeof counters.reconnects_by) / sizeof(uint64_t);
	assert_int_equal(count, fields);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(list[i].offset, offsetof(freshet_counters, connections) + i * sizeof(uint64_t));
		assert_true(strlen(list[i].name) > 0 && strlen(list[i].text) > 0);
	}
	assert_string_equal(list[0].name, "connections");
	for (int cause = 0; cause < FRESHET_CAUSE_COUNT; cause++)
		for (int other = 0; other < cause; other++)
			assert_string_not_equal(
				freshet_cause_name((freshet_cause)cause), freshet_cause_name((freshet_cause)other));
	assert_string_equal(freshet_cause_name(FRESHET_CAUSE_RESET), "reset");
	assert_string_equal(freshet_cause_name((freshet_cause)1000), "other");
	assert_string_equal(freshet_cause_name((freshet_cause)-1), "other");
}

/* How many rows of the document begin with that name and have the second word. */
static unsigned rows_of(const char *name, const char *second)
{
	char line[1024], first[64], next[16];
	unsigned rows = 0;
	FILE *document = fopen(FRESHET_SOURCE_DIR "/docs/counters.md", "r");
	assert_non_null(document);
	while (fgets(line, sizeof line, document) != NULL)
		if (sscanf(line, "| `%63[a-z0-9_]` | %15[a-z] |", first, next) == 2)
			rows += (name == NULL || strcmp(first, name) == 0) && strcmp(next, second) == 0;
	fclose(document);
	return rows;
}

static void the_document_has_every_name(void **state)
{
	size_t count;
	(void)state;
	const freshet_counter *list = freshet_counter_list(&count);
	for (size_t i = 0; i < count; i++)
		if (rows_of(list[i].name, list[i].now ? "now" : "ever") != 1)
			fail_msg("docs/counters.md has not one row for %s", list[i].name);
	assert_int_equal(rows_of(NULL, "now") + rows_of(NULL, "ever"), count);
	for (int cause = 0; cause < FRESHET_CAUSE_COUNT; cause++)
		if (rows_of(freshet_cause_name((freshet_cause)cause), "cause") != 1)
			fail_msg("docs/counters.md has not one row for %s", freshet_cause_name((freshet_cause)cause));
	assert_int_equal(rows_of(NULL, "cause"), FRESHET_CAUSE_COUNT);
}

/* Whatever makes a stream come back has a cause of its own. */
static void every_error_that_is_tried_again_has_its_cause(void **state)
{
	static const freshet_err codes[] = {
#define CODE(name, number, text) FRESHET_E##name,
		FRESHET_ERR_MAP(CODE)
#undef CODE
	};
	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		const struct retry_cause busy = {.err = codes[i], .http_status = 503};
		bool named = cause_of(&(freshet_outcome){.err = codes[i]}) != FRESHET_CAUSE_OTHER;
		if (named != retry_worthwhile(&busy))
			fail_msg("%s", freshet_err_name(codes[i]));
	}
}

/* ---- snapshots ---- */

static void a_snapshot_is_as_large_as_its_caller_knows(void **state)
{
	struct stage g;
	struct {
		freshet_counters counters;
		uint64_t more[4];
	} larger = {.more = {7, 7, 7, 7}};
	freshet_counters smaller;
	(void)state;
	stage_open(&g, NULL);
	stage_stream(&g, "/s");
	freshet_counters_init(&smaller);
	memset((char *)&smaller + sizeof smaller.size, 0x55, sizeof smaller - sizeof smaller.size);
	smaller.size = offsetof(freshet_counters, connections_connecting);
	assert_int_equal(freshet_reactor_counters_get(g.reactor, &smaller), FRESHET_OK);
	assert_int_equal(smaller.connections, 1);
	assert_int_equal(smaller.connections_connecting, 0x5555555555555555);
	assert_int_equal(smaller.size, offsetof(freshet_counters, connections_connecting));
	larger.counters.size = sizeof larger;
	assert_int_equal(freshet_endpoint_counters_get(g.endpoint, &larger.counters), FRESHET_OK);
	assert_int_equal(larger.counters.streams, 1);
	assert_int_equal(larger.counters.size, sizeof larger);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(larger.more[i], 7);
	smaller.size = 0;
	assert_int_equal(freshet_reactor_counters_get(g.reactor, &smaller), FRESHET_EINVAL);
	assert_int_equal(freshet_endpoint_counters_get(g.endpoint, &smaller), FRESHET_EINVAL);
	assert_int_equal(freshet_reactor_counters_get(NULL, &larger.counters), FRESHET_EINVAL);
	assert_int_equal(freshet_endpoint_counters_get(NULL, &larger.counters), FRESHET_EINVAL);
	assert_int_equal(freshet_reactor_counters_get(g.reactor, NULL), FRESHET_EINVAL);
	stage_close(&g);
}

static freshet_counters of_endpoint(const freshet_endpoint *endpoint)
{
	freshet_counters counters;
	freshet_counters_init(&counters);
	assert_int_equal(freshet_endpoint_counters_get(endpoint, &counters), FRESHET_OK);
	return counters;
}

static freshet_endpoint *second_endpoint(struct stage *g)
{
	freshet_endpoint *endpoint;
	freshet_endpoint_options o;
	freshet_endpoint_options_init(&o);
	o.url = g->url;
	o.protocol = FRESHET_PROTOCOL_HTTP2;
	assert_int_equal(freshet_endpoint_new(g->reactor, &o, &endpoint), FRESHET_OK);
	return endpoint;
}

/* Each endpoint has its own; the reactor has the sum, also of those that are gone. */
static void the_reactor_has_the_sum(void **state)
{
	struct stage g;
	(void)state;
	stage_open(&g, NULL);
	freshet_endpoint *first = g.endpoint;
	freshet_endpoint *second = second_endpoint(&g);
	stage_stream(&g, "/first");
	stage_serve(&g, "/first", "data: 1\n\ndata: 2\n\n");
	g.endpoint = second;
	stage_stream(&g, "/second");
	stage_serve(&g, "/second", "data: 3\n\n");
	freshet_counters one = of_endpoint(first);
	freshet_counters two = of_endpoint(second);
	freshet_counters all = stage_counters(&g);
	assert_int_equal(one.events, 2);
	assert_int_equal(two.events, 1);
	assert_int_equal(all.events, 3);
	assert_int_equal(all.connections, 2);
	assert_int_equal(all.streams_open, 2);
	assert_true(one.bytes_read > 0 && two.bytes_read > 0);
	assert_int_equal(all.bytes_read, one.bytes_read + two.bytes_read);
	freshet_endpoint_close(first);
	stage_settle(&g);
	freshet_counters left = stage_counters(&g);
	assert_int_equal(left.events, 3);
	assert_true(left.bytes_read >= all.bytes_read);
	assert_int_equal(left.connections, 1);
	assert_int_equal(left.connections_opened, 2);
	assert_int_equal(left.streams, 1);
	assert_int_equal(left.streams_open, 1);
	assert_int_equal(left.streams_opened, 2);
	assert_int_equal(left.streams_ended, 1);
	g.endpoint = second;
	stage_close(&g);
}

/* ---- HTTP/2 ---- */

static void connections_by_state(void **state)
{
	struct stage g;
	struct stage_options o;
	(void)state;
	stage_options_init(&o);
	o.endpoint.max_connections = 1;
	o.endpoint.max_streams_per_connection = 2;
	stage_open(&g, &o);
	struct watch *s = stage_watch(&g);
	freshet_stream_options so;
	freshet_stream_options_init(&so);
	so.path = "/s";
	assert_int_equal(watch_stream(s, &so), FRESHET_OK);
	assert_int_equal(stage_counters(&g).connections, 0);
	while (stage_counters(&g).connections == 0)
		stage_turn(&g);
	assert_int_equal(stage_counters(&g).connections_connecting, 1);
	assert_int_equal(stage_counters(&g).waiting, 1);
	stage_settle(&g);
	freshet_counters c = stage_counters(&g);
	assert_int_equal(c.connections_connecting, 0);
	assert_int_equal(c.connections_open_http2, 1);
	assert_int_equal(c.connections_opened, 1);
	assert_int_equal(c.waiting, 0);
	assert_int_equal(c.streams, 1);
	assert_int_equal(c.streams_open, 0);
	stage_serve(&g, "/s", "data: a\n\n");
	assert_int_equal(stage_counters(&g).streams_open, 1);
	/* It takes no more, but the stream goes on. */
	h2peer_goaway(g.server.conns[0]->peer, stage_call(&g, "/s")->id, 0);
	stage_settle(&g);
	c = stage_counters(&g);
	assert_int_equal(c.connections_open_http2, 0);
	assert_int_equal(c.connections_draining_http2, 1);
	assert_int_equal(c.streams_open, 1);
	stage_request(&g, "GET", "/q", NULL);
	c = stage_counters(&g);
	assert_int_equal(c.connections, 2);
	assert_int_equal(c.connections_open_http2, 1);
	assert_int_equal(c.connections_draining_http2, 1);
	assert_int_equal(c.requests_in_flight, 1);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
	h2peer_end(stage_call(&g, "/s"));
	stage_settle(&g);
	stage_advance(&g, 0);
	c = stage_counters(&g);
	assert_int_equal(c.connections, 1);
	assert_int_equal(c.connections_draining_http2, 0);
	assert_int_equal(c.requests_in_flight, 0);
	assert_int_equal(c.requests_done, 1);
	assert_int_equal(c.connections_lost + c.connections_failed, 0);
	assert_int_equal(c.connections_open_http1 + c.connections_draining_http1 + c.handshakes, 0);
	stage_close(&g);
}

static void pauses_are_counted(void **state)
{
	struct stage g;
	(void)state;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/s");
	struct watch *t = stage_watch(&g);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/t";
	o.paused = true;
	assert_int_equal(watch_stream(t, &o), FRESHET_OK);
	assert_int_equal(stage_counters(&g).streams_paused, 1);
	for (int i = 0; i < 3; i++) {
		freshet_stream_pause(s->stream);
		freshet_stream_pause(s->stream);
		assert_int_equal(stage_counters(&g).streams_paused, 2);
		freshet_stream_resume(s->stream);
		freshet_stream_resume(s->stream);
		assert_int_equal(stage_counters(&g).streams_paused, 1);
	}
	assert_int_equal(stage_counters(&g).pauses, 4);
	/* A stream that has ended is not paused any more, nor can it be. */
	freshet_stream_close(t->stream);
	freshet_stream_pause(t->stream);
	freshet_stream_resume(t->stream);
	assert_int_equal(stage_counters(&g).streams_paused, 0);
	stage_settle(&g);
	assert_int_equal(stage_counters(&g).pauses, 4);
	stage_close(&g);
}

static void assert_levels_are_zero(const freshet_counters *c)
{
	size_t count;
	const freshet_counter *list = freshet_counter_list(&count);
	for (size_t i = 0; i < count; i++) {
		uint64_t value;
		memcpy(&value, (const char *)c + list[i].offset, sizeof value);
		if (list[i].now && value != 0)
			fail_msg("%s is %llu", list[i].name, (unsigned long long)value);
	}
}

/* Streams and requests in every state end with their endpoint: nothing is left standing in a level. */
static void levels_come_back_to_zero(void **state)
{
	struct stage g;
	struct stage_options o;
	(void)state;
	stage_options_init(&o);
	o.endpoint.max_connections = 1; /* beside one that drains */
	o.endpoint.max_streams_per_connection = 3;
	stage_open(&g, &o);
	stage_stream(&g, "/open");
	stage_serve(&g, "/open", "data: a\n\n");
	struct watch *held = stage_stream(&g, "/held");
	freshet_stream_pause(held->stream);
	stage_serve(&g, "/held", "data: a\n\ndata: b\n\n");
	stage_stream(&g, "/pausing");
	h2peer_answer_empty(stage_call(&g, "/pausing"), 503, NULL);
	stage_settle(&g);
	stage_stream(&g, "/refused");
	h2peer_answer(stage_call(&g, "/refused"), 404, NULL);
	h2peer_goaway(g.server.conns[0]->peer, stage_call(&g, "/refused")->id, 0);
	stage_settle(&g);
	stage_request(&g, "GET", "/sent", NULL);
	stage_stream(&g, "/sent-too");
	stage_stream(&g, "/third");
	stage_stream(&g, "/in-line");
	stage_request(&g, "GET", "/in-line-too", NULL);
	freshet_counters c = stage_counters(&g);
	assert_int_equal(c.streams, 7);
	assert_int_equal(c.streams_open, 2);
	assert_int_equal(c.streams_paused, 1);
	assert_int_equal(c.requests_in_flight, 2);
	assert_int_equal(c.waiting, 2);
	assert_int_equal(c.connections_open_http2, 1);
	assert_int_equal(c.connections_draining_http2, 1);
	freshet_endpoint_close(g.endpoint);
	stage_settle(&g);
	c = stage_counters(&g);
	assert_levels_are_zero(&c);
	assert_int_equal(c.streams_ended, 7);
	assert_int_equal(c.requests_done, 2);
	stage_close(&g);
}

/* ---- why streams come back ---- */

static void end_it(struct stage *g)
{
	h2peer_end(stage_serve(g, "/s", "data: a\n\n"));
}

static void cut_it(struct stage *g)
{
	stage_serve(g, "/s", "data: a\n\n");
	h2server_drop(g->server.conns[0], false);
}

static void reset_it(struct stage *g)
{
	h2peer_reset(stage_call(g, "/s"), 2);
}

/* Once more than it is moved at once. */
static void refuse_it(struct stage *g)
{
	for (int i = 0; i < 9; i++) {
		h2peer_reset(stage_call(g, "/s"), 7);
		stage_settle(g);
	}
}

static void go_away(struct stage *g)
{
	h2peer_goaway(g->server.conns[0]->peer, stage_call(g, "/s")->id, 11);
	h2server_drop(g->server.conns[0], false);
}

static void break_protocol(struct stage *g)
{
	h2peer_raw(g->server.conns[0]->peer, "\0\0\1\0\0\0\0\0\0x", 10);
}

static void say_later(struct stage *g)
{
	h2peer_answer_empty(stage_call(g, "/s"), 503, NULL);
}

static void be_silent(struct stage *g)
{
	stage_serve(g, "/s", "data: a\n\n");
	stage_advance(g, 300000);
}

static void be_dead(struct stage *g)
{
	stage_serve(g, "/s", "data: a\n\n");
	h2server_deaf(g->server.conns[0], true);
	stage_advance(g, 30000);
}

static void answer_nothing(struct stage *g)
{
	stage_advance(g, 30000);
}

static void be_asked(struct stage *g)
{
	freshet_stream_reconnect(g->watches->stream, 1000);
}

struct return_case {
	freshet_cause cause;
	void (*bring)(struct stage *g);
	unsigned moves;
};

static const struct return_case returns[] = {
	{FRESHET_CAUSE_END, end_it, 0},
	{FRESHET_CAUSE_CUT, cut_it, 0},
	{FRESHET_CAUSE_RESET, reset_it, 0},
	{FRESHET_CAUSE_REFUSED, refuse_it, 8},
	{FRESHET_CAUSE_GOAWAY, go_away, 0},
	{FRESHET_CAUSE_PROTOCOL, break_protocol, 0},
	{FRESHET_CAUSE_STATUS, say_later, 0},
	{FRESHET_CAUSE_IDLE, be_silent, 0},
	{FRESHET_CAUSE_PING, be_dead, 0},
	{FRESHET_CAUSE_HEADERS, answer_nothing, 0},
	{FRESHET_CAUSE_ASKED, be_asked, 0},
};

/* One stream is made to come back for one reason: that one is counted once, and no other. */
static void streams_come_back_for_a_cause(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof returns / sizeof returns[0]; i++) {
		struct stage g;
		stage_open(&g, NULL);
		struct watch *s = stage_stream(&g, "/s");
		returns[i].bring(&g);
		stage_settle(&g);
		assert_string_equal(freshet_stream_state(s->stream), "backoff");
		freshet_counters c = stage_counters(&g);
		for (int cause = 0; cause < FRESHET_CAUSE_COUNT; cause++)
			if (c.reconnects_by[cause] != (cause == (int)returns[i].cause))
				fail_msg("%s: %u", freshet_cause_name((freshet_cause)cause),
					(unsigned)c.reconnects_by[cause]);
		assert_int_equal(c.moves, returns[i].moves);
		assert_int_equal(c.reconnects, 0);
		assert_int_equal(c.streams_open, 0);
		stage_advance(&g, 2000);
		assert_int_equal(stage_counters(&g).reconnects, 1);
		stage_close(&g);
	}
}

/* Endpoints that lead nowhere. */
struct dial_case {
	freshet_cause cause;
	const char *url;
	const char *address;
	const char *proxy;
};

static const struct dial_case dials[] = {
	{FRESHET_CAUSE_CONNECT, "http://127.0.0.1:1", NULL, NULL},
	{FRESHET_CAUSE_CONNECT, "http://127.0.0.1:1", "unix:/nothing/is/here", NULL},
	{FRESHET_CAUSE_RESOLVE, "http://nxdomain.test:1", NULL, NULL},
	{FRESHET_CAUSE_PROXY, "http://nxdomain.test:1", NULL, "http://127.0.0.1:1"},
};

/* Two attempts, of which the first is followed by another. */
static freshet_counters dial_in_vain(const struct dial_case *d, const char *dns_server)
{
	struct client client;
	struct follower f = {0};
	freshet_endpoint *e;
	freshet_endpoint_options o;
	freshet_reactor_options r;
	freshet_reactor_options_init(&r);
	r.dns_server = dns_server;
	client_start(&client, &r);
	freshet_endpoint_options_init(&o);
	o.url = d->url;
	o.address = d->address;
	o.proxy = d->proxy;
	o.stream.max_attempts = 2;
	o.stream.backoff_min_ms = 1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/", &f);
	client_run(&client, NULL, NULL);
	freshet_counters c = client_counters(&client);
	client_stop(&client);
	return c;
}

static void dials_that_fail(void **state)
{
	(void)state;
	struct nameserver *names = nameserver_start();
	for (size_t i = 0; i < sizeof dials / sizeof dials[0]; i++) {
		freshet_counters c = dial_in_vain(&dials[i], nameserver_address(names));
		assert_int_equal(c.connections_failed, 2);
		assert_int_equal(c.connections_opened + c.connections + c.reconnects, 0);
		for (int cause = 0; cause < FRESHET_CAUSE_COUNT; cause++)
			assert_int_equal(c.reconnects_by[cause], cause == (int)dials[i].cause);
	}
	nameserver_stop(names);
}

/* ---- HTTP/1.1 ---- */

static void over_http1(void **state)
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
	freshet_counters c = client_counters(&w.client);
	assert_int_equal(c.connections, 2);
	assert_int_equal(c.connections_open_http1, 2);
	assert_int_equal(c.connections_open_http2 + c.connections_draining_http1, 0);
	assert_int_equal(c.streams_open, 1);
	assert_int_equal(c.requests_done, 1);
	/* A stream that is given up in the middle of its answer leaves a connection of no use. */
	freshet_stream_close(f.stream);
	c = client_counters(&w.client);
	assert_int_equal(c.connections_open_http1, 1);
	assert_int_equal(c.connections_draining_http1, 1);
	h1world_run(&w);
	h1world_advance(&w, 0);
	c = client_counters(&w.client);
	assert_int_equal(c.connections, 1);
	assert_int_equal(c.connections_draining_http1, 0);
	assert_int_equal(c.connections_lost, 0);
	h1world_close(&w);
}

/* Answers the first request of each connection, and closes over the second. */
static void answer_once(struct h1server_conn *c, const struct h1server_request *q)
{
	if (c->requests == 1)
		h1world_answer_events(c, q);
	else
		h1server_drop(c, false);
}

/* The server has never seen the subscription that met its FIN: that is no reconnect. */
static void a_stale_connection_is_no_reconnect(void **state)
{
	struct h1world w;
	struct follower f = {0};
	(void)state;
	h1world_open(&w, answer_once);
	h1world_endpoint(&w);
	h1world_keep(&w, 1);
	client_follow(&w.client, w.e, "/events", &f);
	h1world_wait_open(&w, 1);
	freshet_counters c = client_counters(&w.client);
	assert_int_equal(c.connections_stale, 1);
	assert_int_equal(c.connections_lost, 1);
	assert_int_equal(c.moves, 1);
	assert_int_equal(c.reconnects, 0);
	for (int cause = 0; cause < FRESHET_CAUSE_COUNT; cause++)
		assert_int_equal(c.reconnects_by[cause], 0);
	freshet_stream_close(f.stream);
	h1world_run(&w);
	assert_int_equal(f.reconnects, 0);
	h1world_close(&w);
}

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static void answer_raw(struct peer_conn *c, void *user)
{
	char last[4] = "";
	(void)user;
	while (memcmp(last, "\r\n\r\n", 4) != 0) {
		memmove(last, last + 1, 3);
		if (!peer_read(c, last + 3, 1))
			return;
	}
	peer_write(c, ANSWER, strlen(ANSWER));
	peer_listen(c);
}

static void bytes_are_those_of_the_socket(void **state)
{
	struct client client;
	struct reply r;
	freshet_endpoint *e;
	freshet_endpoint_options o;
	char url[128];
	(void)state;
	struct peer *peer = peer_start(answer_raw, NULL, NULL);
	client_start(&client, NULL);
	client_endpoint_options(&o, &(struct client_url){"http", "127.0.0.1", peer_port(peer), NULL}, url);
	o.protocol = FRESHET_PROTOCOL_HTTP1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_get(&client, e, "/", &r);
	client_run(&client, NULL, NULL);
	assert_int_equal(r.body_len, 5);
	freshet_counters c = client_counters(&client);
	client_stop(&client);
	peer_quiesce(peer);
	assert_int_equal(c.bytes_read, strlen(ANSWER));
	assert_int_equal(c.bytes_written, peer_seen(peer).application_bytes);
	peer_stop(peer);
}

/* ---- TLS ---- */

static void serve_tls(struct peer_conn *c, void *user)
{
	(void)user;
	if (!peer_greet(c))
		return;
	for (uint32_t id = peer_request(c); id != 0; id = peer_request(c)) {
		peer_answer(c, id, 200, peer_event_stream);
		peer_text(c, id, "data: 1\n\n");
		peer_end(c, id);
	}
}

static bool nobody_is_connected(void *user)
{
	return client_counters(user).connections == 0;
}

/* Four connections, one after the other; with the wrong authority none of them comes up. */
static void shake_hands(const struct test_folder *folder, const char *authority, const struct cert *cert, int version)
{
	struct client client;
	freshet_endpoint *e;
	freshet_endpoint_options o;
	char url[128];
	bool right = strcmp(authority, "right.pem") == 0;
	struct peer *peer = peer_start(serve_tls, NULL, &(struct peer_tls){.cert = cert, .max_version = version});
	client_start(&client, NULL);
	client_endpoint_options(&o,
		&(struct client_url){"https", "localhost", peer_port(peer), test_folder_file(folder, authority)}, url);
	o.idle_close_ms = 1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	for (int i = 0; i < 4; i++) {
		struct follower f = {0};
		client_follow(&client, e, "/", &f);
		client_run(&client, NULL, NULL);
		assert_int_equal(f.seen.events, right);
		client_idle(&client, nobody_is_connected, &client);
	}
	freshet_counters c = client_counters(&client);
	client_stop(&client);
	peer_quiesce(peer);
	struct peer_seen seen = peer_seen(peer);
	peer_stop(peer);
	assert_int_equal(c.handshakes, right ? seen.handshakes : 0);
	assert_int_equal(c.handshakes_resumed, right ? seen.resumed : 0);
	assert_int_equal(c.handshakes_resumed, right ? 3 : 0);
	assert_int_equal(c.handshakes_failed, right ? 0 : 4);
	assert_int_equal(c.connections_failed, right ? 0 : 4);
	assert_int_equal(c.connections_opened, right ? 4 : 0);
}

static void handshakes_and_resumptions(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct test_folder folder;
	struct cert right, wrong, cert;
	(void)state;
	test_folder_make(&folder);
	cert_make(&right, NULL, &(struct cert_wish){.authority = true});
	cert_make(&wrong, NULL, &(struct cert_wish){.authority = true});
	cert_make(&cert, &right, &(struct cert_wish){0});
	cert_write(&right, test_folder_file(&folder, "right.pem"));
	cert_write(&wrong, test_folder_file(&folder, "wrong.pem"));
	for (size_t i = 0; i < 2; i++) {
		shake_hands(&folder, "right.pem", &cert, versions[i]);
		shake_hands(&folder, "wrong.pem", &cert, versions[i]);
	}
	cert_clear(&right);
	cert_clear(&wrong);
	cert_clear(&cert);
	test_folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_in_the_list_once),
		cmocka_unit_test(the_document_has_every_name),
		cmocka_unit_test(every_error_that_is_tried_again_has_its_cause),
		cmocka_unit_test(a_snapshot_is_as_large_as_its_caller_knows),
		cmocka_unit_test(the_reactor_has_the_sum),
		cmocka_unit_test(connections_by_state),
		cmocka_unit_test(pauses_are_counted),
		cmocka_unit_test(levels_come_back_to_zero),
		cmocka_unit_test(streams_come_back_for_a_cause),
		cmocka_unit_test(dials_that_fail),
		cmocka_unit_test(over_http1),
		cmocka_unit_test(a_stale_connection_is_no_reconnect),
		cmocka_unit_test(bytes_are_those_of_the_socket),
		cmocka_unit_test(handshakes_and_resumptions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
