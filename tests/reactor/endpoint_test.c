/*
 * An endpoint's connections and its line: how many are opened for how many exchanges, who goes first, what a dial that
 * fails means for whom, and how an endpoint ends.
 */
#include "support/blackhole.h"
#include "support/test.h"
#include "support/stage.h"

#include "reactor/conn.h"
#include "reactor/endpoint.h"
#include "reactor/reactor.h"

#include <errno.h>

/* Opens `count` streams at once on paths of their numbers, without settling between them. */
static void open_streams(struct stage *g, struct watch **s, int from, int count)
{
	for (int i = from; i < from + count; i++) {
		char path[20];
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		snprintf(path, sizeof path, "/%d", i);
		o.path = path;
		s[i] = stage_watch(g);
		assert_int_equal(watch_stream(s[i], &o), FRESHET_OK);
	}
	stage_settle(g);
}

static size_t calls_on(const struct stage *g, size_t conn)
{
	return g->server.conns[conn]->peer->call_count;
}

static void one_connection_carries_many(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s[300];
	stage_open(&g, NULL);
	/* The server sets no bound; before that is known a hundred are taken to be allowed. */
	open_streams(&g, s, 0, 100);
	assert_int_equal(g.server.conn_count, 1);
	open_streams(&g, s, 100, 200);
	assert_int_equal(g.server.conn_count, 1);
	assert_int_equal(calls_on(&g, 0), 300);
	assert_int_equal(stage_counters(&g).connections, 1);
	assert_int_equal(stage_counters(&g).waiting, 0);
	stage_close(&g);
}

static void connections_are_opened_as_the_peers_limit_demands(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[35];
	stage_options_init(&o);
	o.peer.max_streams = 10;
	o.endpoint.max_connections = 3;
	stage_open(&g, &o);
	open_streams(&g, s, 0, 1);
	assert_int_equal(g.server.conn_count, 1);
	open_streams(&g, s, 1, 9);
	assert_int_equal(g.server.conn_count, 1);
	open_streams(&g, s, 10, 25);
	assert_int_equal(g.server.conn_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(calls_on(&g, i), 10);
	/* Five wait, the last ones. */
	assert_int_equal(stage_counters(&g).waiting, 5);
	for (int i = 0; i < 35; i++)
		assert_string_equal(freshet_stream_state(s[i]->stream), i < 30 ? "sent" : "waiting");
	/* Each that ends makes room for the one that waits longest. */
	for (int i = 30; i < 35; i++) {
		freshet_stream_close(s[i - 30]->stream);
		stage_settle(&g);
		assert_string_equal(freshet_stream_state(s[i]->stream), "sent");
	}
	assert_int_equal(stage_counters(&g).waiting, 0);
	assert_int_equal(g.server.conn_count, 3);
	stage_close(&g);
}

static void they_go_in_the_order_in_which_they_came(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[20];
	stage_options_init(&o);
	o.peer.max_streams = 1;
	o.endpoint.max_connections = 1;
	stage_open(&g, &o);
	open_streams(&g, s, 0, 1);
	open_streams(&g, s, 1, 19);
	for (int i = 0; i < 20; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%d", i);
		assert_int_equal(calls_on(&g, 0), i + 1);
		assert_string_equal(h2peer_field(g.server.conns[0]->peer->calls[i], ":path"), path);
		freshet_stream_close(s[i]->stream);
		stage_settle(&g);
	}
	assert_int_equal(g.server.conn_count, 1);
	stage_close(&g);
}

static void our_own_limit_holds_beside_the_peers(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[12];
	stage_options_init(&o);
	o.endpoint.max_streams_per_connection = 4;
	stage_open(&g, &o);
	open_streams(&g, s, 0, 12);
	assert_int_equal(g.server.conn_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(calls_on(&g, i), 4);
	stage_close(&g);
}

static void a_limit_that_changes_counts_from_then_on(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[12];
	stage_options_init(&o);
	o.peer.max_streams = 4;
	o.endpoint.max_connections = 1;
	stage_open(&g, &o);
	open_streams(&g, s, 0, 1);
	open_streams(&g, s, 1, 11);
	assert_int_equal(calls_on(&g, 0), 4);
	h2peer_settings(g.server.conns[0]->peer, 6);
	stage_settle(&g);
	assert_int_equal(calls_on(&g, 0), 6);
	h2peer_settings(g.server.conns[0]->peer, 2);
	stage_settle(&g);
	for (int i = 0; i < 4; i++) {
		freshet_stream_close(s[i]->stream);
		stage_settle(&g);
		assert_int_equal(calls_on(&g, 0), 6);
	}
	freshet_stream_close(s[4]->stream);
	stage_settle(&g);
	assert_int_equal(calls_on(&g, 0), 7);
	stage_close(&g);
}

static void refused_streams_move_without_a_pause_or_a_failure(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s[3];
	stage_open(&g, NULL);
	open_streams(&g, s, 0, 3);
	h2peer_reset(stage_call(&g, "/1"), 7);
	stage_settle(&g);
	assert_int_equal(calls_on(&g, 0), 4);
	assert_string_equal(freshet_stream_state(s[1]->stream), "sent");
	stage_serve(&g, "/1", "data: a\n\n");
	assert_string_equal(watch_said(s[1]), "open\nevent  message a\n");
	freshet_stream_close(s[1]->stream);
	stage_settle(&g);
	assert_int_equal(s[1]->end.reconnects, 0);
	stage_close(&g);
}

static void endless_refusals_end(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.max_attempts = 2};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	struct watch *q = stage_request(&g, "POST", "/q", "body");
	for (int i = 0; i < 100 && s->dones == 0; i++) {
		h2peer_reset(stage_call(&g, "/x"), 7);
		stage_settle(&g);
		if (s->cuts > 0)
			stage_advance(&g, s->retry_ms);
	}
	assert_string_equal(watch_said(s), "cut FRESHET_EHTTP_REFUSED\ndone FRESHET_EHTTP_REFUSED\n");
	assert_true(s->outcome.unprocessed);
	for (int i = 0; i < 100 && q->dones == 0; i++) {
		h2peer_reset(stage_call(&g, "/q"), 7);
		stage_settle(&g);
		stage_advance(&g, 5000);
	}
	assert_string_equal(watch_said(q), "done FRESHET_EHTTP_REFUSED 0 \n");
	assert_true(q->outcome.unprocessed);
	assert_int_equal(q->outcome.attempts, 3);
	stage_close(&g);
}

static void goaway_drains_and_moves(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s[4];
	stage_open(&g, NULL);
	open_streams(&g, s, 0, 4);
	struct h2peer_call *old = stage_serve(&g, "/0", "data: a\n\n");
	stage_serve(&g, "/1", "");
	/* Of the four the server has taken two. */
	h2peer_goaway(g.server.conns[0]->peer, stage_call(&g, "/1")->id, 0);
	stage_settle(&g);
	assert_int_equal(g.server.conn_count, 2);
	assert_int_equal(calls_on(&g, 1), 2);
	assert_int_equal(s[2]->cuts + s[3]->cuts, 0);
	/* The old connection goes on with what it has, and takes nothing new. */
	stage_send(&g, old, "data: b\n\n");
	assert_string_equal(watch_said(s[0]), "open\nevent  message a\nevent  message b\n");
	stage_request(&g, "GET", "/new", NULL);
	assert_int_equal(calls_on(&g, 1), 3);
	h2peer_end(old);
	freshet_stream_close(s[1]->stream);
	stage_settle(&g);
	/* Its last one has gone: it closes at once. */
	stage_advance(&g, 0);
	assert_true(g.server.conns[0]->closed);
	assert_int_equal(stage_counters(&g).connections, 1);
	assert_int_equal(stage_counters(&g).connections_lost, 0);
	stage_close(&g);
}

/* A stream of the stage on a path of its own, open on the connection that came last, which then drains. */
static struct watch *open_and_drain(struct stage *g, unsigned number)
{
	char path[20];
	snprintf(path, sizeof path, "/%u", number);
	struct watch *s = stage_stream(g, path);
	struct h2peer_call *call = stage_serve(g, path, "");
	h2peer_goaway(call->peer, call->id, 0);
	stage_settle(g);
	return s;
}

static void those_that_drain_have_a_bound(void **state)
{
	(void)state;
	enum { DRAINING = PLACE_DRAINING + 1 };
	struct stage g;
	struct stage_options o;
	struct watch *s[DRAINING];
	stage_options_init(&o);
	o.endpoint.max_connections = 1;
	stage_open(&g, &o);
	for (unsigned i = 0; i < DRAINING; i++)
		s[i] = open_and_drain(&g, i);
	assert_int_equal(g.server.conn_count, DRAINING);
	assert_int_equal(stage_counters(&g).connections_draining_http2, DRAINING);
	struct watch *last = stage_stream(&g, "/last");
	assert_int_equal(g.server.conn_count, DRAINING);
	assert_int_equal(stage_counters(&g).waiting, 1);
	/* One of them ends: there is place for another. */
	freshet_stream_close(s[3]->stream);
	stage_settle(&g);
	stage_advance(&g, 0);
	assert_int_equal(g.server.conn_count, DRAINING + 1);
	stage_serve(&g, "/last", "data: a\n\n");
	assert_string_equal(watch_said(last), "open\nevent  message a\n");
	stage_close(&g);
}

static void count_standstills(freshet_log_level level, const char *line, void *user)
{
	unsigned *said = user;
	if (strstr(line, "wait in line") == NULL)
		return;
	assert_int_equal(level, FRESHET_LOG_WARNING);
	assert_non_null(strstr(line, "http://127.0.0.1"));
	(*said)++;
}

static void a_line_that_stands_is_said_once(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[4];
	unsigned said = 0;
	stage_options_init(&o);
	o.peer.max_streams = 1;
	o.endpoint.max_connections = 1;
	stage_open(&g, &o);
	freshet_set_log(count_standstills, FRESHET_LOG_WARNING, &said);
	open_streams(&g, s, 0, 1);
	assert_int_equal(said, 0);
	open_streams(&g, s, 1, 3);
	assert_int_equal(said, 1);
	/* It goes on, one by one, and stands again: that is no news. */
	freshet_stream_close(s[0]->stream);
	stage_settle(&g);
	assert_int_equal(calls_on(&g, 0), 2);
	assert_int_equal(said, 1);
	for (int i = 1; i < 4; i++)
		freshet_stream_close(s[i]->stream);
	stage_settle(&g);
	open_streams(&g, s, 0, 2);
	assert_int_equal(said, 2);
	freshet_set_log(NULL, FRESHET_LOG_WARNING, NULL);
	stage_close(&g);
}

/* More than the first connection takes were sent before it had told its limit: the others move, in their order. */
static void moved_streams_go_first_and_in_their_order(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[9];
	stage_options_init(&o);
	o.endpoint.max_connections = 1;
	o.peer.max_streams = 2;
	stage_open(&g, &o);
	open_streams(&g, s, 0, 6);
	open_streams(&g, s, 6, 3);
	size_t sent = calls_on(&g, 0);
	for (int i = 0; i < 7; i++) {
		char path[20];
		freshet_stream_close(s[i]->stream);
		stage_settle(&g);
		snprintf(path, sizeof path, "/%d", i + 2);
		assert_int_equal(calls_on(&g, 0), sent + (size_t)i + 1);
		assert_string_equal(h2peer_field(g.server.conns[0]->peer->calls[sent + (size_t)i], ":path"), path);
	}
	stage_close(&g);
}

static void nobody_listens(void **state)
{
	(void)state;
	struct stage g;
	struct watch *s[2];
	stage_open(&g, NULL);
	h2server_stop_listening(&g.server);
	open_streams(&g, s, 0, 2);
	assert_int_equal(stage_counters(&g).connections_failed, 1);
	struct watch *q = stage_request(&g, "POST", "/q", "body");
	assert_string_equal(watch_said(s[0]), "cut FRESHET_ECONNECT\n");
	assert_string_equal(watch_said(s[1]), "cut FRESHET_ECONNECT\n");
	assert_true(s[0]->outcome.unprocessed);
	assert_int_equal(s[0]->outcome.system_errno, ECONNREFUSED);
	assert_non_null(strstr(s[0]->text, "127.0.0.1"));
	assert_int_equal(q->dones, 0);
	h2server_listen_again(&g.server);
	stage_advance(&g, 1000);
	assert_int_equal(h2server_call_count(&g.server), 3);
	/* A POST that surely did not arrive is sent again. */
	assert_memory_equal(stage_call(&g, "/q")->body.data, "body", 4);
	stage_close(&g);
}

static void a_peer_that_hangs_up(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	g.server.hang_up = true;
	const freshet_stream_policy policy = {.max_attempts = 3};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	stage_advance(&g, 60000);
	assert_int_equal(s->cuts, 2);
	assert_int_equal(s->dones, 1);
	assert_int_equal(s->outcome.err, FRESHET_ECLOSED);
	assert_int_equal(g.server.conn_count, 3);
	stage_close(&g);
}

/* A request ends by itself, so those behind it may wait for it; a stream may stay for ever. */
static void a_dial_that_fails_beside_a_request_is_tried_again(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[2];
	stage_options_init(&o);
	o.peer.max_streams = 1;
	stage_open(&g, &o);
	freshet_request_options ro;
	freshet_request_options_init(&ro);
	ro.path = "/q";
	ro.deadline_ms = 3600000;
	assert_int_equal(watch_request(stage_watch(&g), &ro), FRESHET_OK);
	stage_settle(&g);
	h2server_stop_listening(&g.server);
	open_streams(&g, s, 0, 2);
	assert_int_equal(s[0]->cuts + s[1]->cuts, 0);
	assert_int_equal(stage_counters(&g).waiting, 2);
	stage_advance(&g, 3000);
	assert_in_range(stage_counters(&g).connections_failed, 3, 12);
	assert_int_equal(s[0]->cuts + s[1]->cuts, 0);
	h2server_listen_again(&g.server);
	stage_advance(&g, 30000);
	assert_int_equal(stage_counters(&g).waiting, 0);
	assert_int_equal(h2server_call_count(&g.server), 3);
	stage_close(&g);
}

static void a_dial_that_fails_beside_a_stream_is_told(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[3];
	stage_options_init(&o);
	o.peer.max_streams = 1;
	stage_open(&g, &o);
	open_streams(&g, s, 0, 1);
	h2server_stop_listening(&g.server);
	open_streams(&g, s, 1, 2);
	assert_string_equal(watch_said(s[0]), "");
	assert_string_equal(watch_said(s[1]), "cut FRESHET_ECONNECT\n");
	assert_string_equal(watch_said(s[2]), "cut FRESHET_ECONNECT\n");
	h2server_listen_again(&g.server);
	stage_advance(&g, 2000);
	assert_int_equal(h2server_call_count(&g.server), 3);
	stage_close(&g);
}

static void a_connection_must_come_up_in_time(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.connect_timeout_ms = 700;
	stage_open(&g, &o);
	struct blackhole nobody;
	char url[64];
	blackhole_open(&nobody, "127.0.0.1", 0);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)nobody.port);
	freshet_endpoint *endpoint = g.endpoint;
	o.endpoint.url = url;
	o.endpoint.protocol = FRESHET_PROTOCOL_HTTP2;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o.endpoint, &g.endpoint), FRESHET_OK);
	g.dial_hangs = true;
	struct watch *s = stage_stream(&g, "/x");
	stage_advance(&g, 699);
	assert_int_equal(s->cuts, 0);
	stage_advance(&g, 1);
	assert_int_equal(s->cuts, 1);
	assert_int_equal(s->outcome.err, FRESHET_ECONNECT_TIMEOUT);
	assert_true(s->outcome.unprocessed);
	freshet_endpoint_close(g.endpoint);
	g.endpoint = endpoint;
	stage_settle(&g);
	stage_close(&g);
	blackhole_close(&nobody);
}

static void closed(void *user)
{
	(*(int *)user)++;
}

static void closing_an_endpoint_ends_what_is_on_it(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	struct watch *s[4];
	int gone = 0;
	stage_options_init(&o);
	o.endpoint.on_closed = closed;
	o.endpoint.user = &gone;
	o.endpoint.max_streams_per_connection = 2;
	o.endpoint.max_connections = 1;
	stage_open(&g, &o);
	freshet_endpoint *other;
	o.endpoint.url = g.url;
	o.endpoint.protocol = FRESHET_PROTOCOL_HTTP2;
	o.endpoint.on_closed = NULL;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o.endpoint, &other), FRESHET_OK);
	assert_ptr_equal(freshet_endpoint_reactor(other), g.reactor);
	open_streams(&g, s, 0, 3); /* one waits */
	struct watch *q = stage_request(&g, "GET", "/q", NULL);
	freshet_endpoint_close(g.endpoint);
	freshet_stream_options so;
	freshet_stream_options_init(&so);
	so.path = "/late";
	freshet_request_options ro;
	freshet_request_options_init(&ro);
	ro.path = "/late";
	assert_int_equal(watch_stream(stage_watch(&g), &so), FRESHET_ESTATE);
	assert_int_equal(watch_request(stage_watch(&g), &ro), FRESHET_ESTATE);
	assert_int_equal(s[0]->dones + s[1]->dones + s[2]->dones + q->dones + (unsigned)gone, 0);
	stage_settle(&g);
	for (int i = 0; i < 3; i++)
		assert_string_equal(watch_said(s[i]), "done FRESHET_ECANCELED\n");
	assert_string_equal(watch_said(q), "done FRESHET_ECANCELED 0 \n");
	assert_int_equal(gone, 1);
	/* It said farewell. */
	assert_true(g.server.conns[0]->peer->goaway);
	assert_true(g.server.conns[0]->closed);
	assert_int_equal(stage_counters(&g).connections, 0);
	/* The other one does not notice. */
	g.endpoint = other;
	struct watch *after = stage_stream(&g, "/after");
	stage_serve(&g, "/after", "data: a\n\n");
	assert_string_equal(watch_said(after), "open\nevent  message a\n");
	freshet_endpoint_close(NULL);
	stage_close(&g);
}

/* The peer has reset the connection; the endpoint's farewell fails over it. */
static void a_farewell_that_fails_is_the_end_all_the_same(void **state)
{
	(void)state;
	struct stage g;
	int gone = 0;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.on_closed = closed;
	o.endpoint.user = &gone;
	stage_open(&g, &o);
	struct watch *s = stage_stream(&g, "/x");
	h2server_drop(g.server.conns[0], true);
	freshet_endpoint_close(g.endpoint);
	freshet_reactor_free(g.reactor); /* at once: nobody has read the reset yet */
	g.reactor = NULL;
	assert_string_equal(watch_said(s), "done FRESHET_ECANCELED\n");
	assert_int_equal(gone, 1);
	stage_close(&g);
}

static void who_we_are_is_told(void **state)
{
	(void)state;
	static const char ours[] = "freshet/" FRESHET_VERSION;
	static const struct {
		const char *agent, *suffix, *expected;
	} agents[] = {
		{NULL, NULL, ours},
		{NULL, "orchestrator/2.1 (nightly; on (some) host) x", NULL},
		{"mine/1", NULL, "mine/1"},
		{"mine/1", "(it)", "mine/1 (it)"},
	};
	for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
		char expected[128];
		struct stage g;
		struct stage_options o;
		stage_options_init(&o);
		o.endpoint.user_agent = agents[i].agent;
		o.endpoint.user_agent_suffix = agents[i].suffix;
		stage_open(&g, &o);
		stage_request(&g, "GET", "/q", NULL);
		snprintf(expected, sizeof expected, "%s %s", ours, i == 1 ? agents[i].suffix : "");
		const char *seen = h2peer_field(stage_call(&g, "/q"), "user-agent");
		assert_string_equal(seen, i == 1 ? expected : agents[i].expected);
		stage_close(&g);
	}
}

static void what_makes_no_endpoint(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	freshet_endpoint_options good, o;
	freshet_endpoint *e = NULL;
	freshet_endpoint_options_init(&good);
	good.url = g.url;
	good.protocol = FRESHET_PROTOCOL_HTTP2;
	assert_int_equal(freshet_endpoint_new(g.reactor, &good, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_endpoint_new(g.reactor, NULL, &e), FRESHET_EINVAL);
	assert_int_equal(freshet_endpoint_new(NULL, &good, &e), FRESHET_EINVAL);
	o = good;
	o.url = NULL;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.url = "ftp://x";
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.bearer_token = "a\nb";
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.user_agent = "a\rb";
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.user_agent_suffix = "two  blanks";
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.header_count = 1;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.stream_window = UINT32_MAX;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.connection_window = UINT32_MAX;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.stream.cursor_place = FRESHET_CURSOR_QUERY;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	o = good;
	o.size = 3;
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &e), FRESHET_EINVAL);
	assert_null(e);
	stage_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_carries_many),
		cmocka_unit_test(connections_are_opened_as_the_peers_limit_demands),
		cmocka_unit_test(they_go_in_the_order_in_which_they_came),
		cmocka_unit_test(our_own_limit_holds_beside_the_peers),
		cmocka_unit_test(a_limit_that_changes_counts_from_then_on),
		cmocka_unit_test(refused_streams_move_without_a_pause_or_a_failure),
		cmocka_unit_test(endless_refusals_end),
		cmocka_unit_test(goaway_drains_and_moves),
		cmocka_unit_test(those_that_drain_have_a_bound),
		cmocka_unit_test(a_line_that_stands_is_said_once),
		cmocka_unit_test(moved_streams_go_first_and_in_their_order),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_peer_that_hangs_up),
		cmocka_unit_test(a_dial_that_fails_beside_a_request_is_tried_again),
		cmocka_unit_test(a_dial_that_fails_beside_a_stream_is_told),
		cmocka_unit_test(a_connection_must_come_up_in_time),
		cmocka_unit_test(closing_an_endpoint_ends_what_is_on_it),
		cmocka_unit_test(a_farewell_that_fails_is_the_end_all_the_same),
		cmocka_unit_test(who_we_are_is_told),
		cmocka_unit_test(what_makes_no_endpoint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
