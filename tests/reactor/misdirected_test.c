/*
 * 421 (RFC 9110, section 15.5.20) over both protocols: what was answered so was not processed, and is asked for once more
 * on another connection, whatever the method.
 */
#include "support/client.h"
#include "support/web.h"
#include "support/test.h"

#include "reactor/reactor.h"

struct world {
	struct client client;
	struct web web;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	unsigned right_from;     /* the first connection that leads to the right server */
	bool right_every_second; /* call, on whatever connection */
	bool cut_short;          /* the connection ends within the answer 421 */
	unsigned conns[8];       /* on which calls came */
	char body[16];           /* of the last call */
};

static void handle(struct web_call *call)
{
	struct world *w = call->web->user;
	w->conns[call->number % 8] = call->conn;
	if (w->right_every_second)
		w->right_from = call->number % 2 == 0 ? 0 : UINT32_MAX;
	snprintf(w->body, sizeof w->body, "%.*s", (int)call->body_len, call->body_len > 0 ? call->body : "");
	if (strcmp(call->target, "/open") == 0)
		web_events(call, "id: 1\ndata: x\n\n", false);
	else if (strcmp(call->target, "/fine") == 0)
		web_reply(call, 200, "", "fine");
	else if (call->conn >= w->right_from && strcmp(call->target, "/events") == 0)
		web_events(call, "id: 1\ndata: x\n\n", true);
	else if (call->conn >= w->right_from)
		web_reply(call, 200, "", "right");
	else if (w->cut_short)
		web_cut_short(call, 421, "");
	else
		web_reply(call, 421, "", "wrong");
}

static void world_open(struct world *w, bool http1)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	web_open(&w->web, w->client.base, http1, handle, w);
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->web.port, NULL}, w->url);
	w->o.protocol = http1 ? FRESHET_PROTOCOL_HTTP1 : FRESHET_PROTOCOL_HTTP2;
	w->o.stream.max_attempts = 5;
	assert_int_equal(freshet_endpoint_new(w->client.reactor, &w->o, &w->e), FRESHET_OK);
}

static void world_close(struct world *w)
{
	web_close(&w->web);
	client_stop(&w->client);
}

static void post(struct world *w, struct reply *r)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/post";
	o.body = freshet_str_of("body");
	client_send(&w->client, w->e, &o, r);
}

static void a_post_is_sent_on_another_connection(void **state)
{
	const bool *http1 = *state;
	for (int cut = 0; cut < 2; cut++) {
		struct world w;
		struct reply r;
		world_open(&w, *http1);
		w.right_from = 2;
		w.cut_short = cut == 1;
		post(&w, &r);
		client_run(&w.client, NULL, NULL);
		assert_int_equal(r.outcome.outcome.err, FRESHET_OK);
		assert_int_equal(r.status, 200);
		assert_string_equal(r.body, "right");
		assert_int_equal(r.outcome.outcome.attempts, 1);
		assert_int_equal(w.web.calls, 2);
		assert_int_equal(w.conns[1], 1);
		assert_int_equal(w.conns[2], 2);
		assert_string_equal(w.body, "body");
		world_close(&w);
	}
}

static void the_second_time_it_is_reported(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct reply r;
	world_open(&w, *http1);
	w.right_from = 1000;
	for (unsigned i = 1; i <= 2; i++) {
		post(&w, &r);
		client_run(&w.client, NULL, NULL);
		assert_int_equal(r.outcome.outcome.err, FRESHET_OK);
		assert_int_equal(r.status, 421);
		assert_string_equal(r.body, "wrong");
		assert_int_equal(w.web.calls, 2 * i);
		assert_true(w.conns[2 * i] != w.conns[2 * i - 1]);
	}
	world_close(&w);
}

static void end_after_three(struct follower *f)
{
	if (f->seen.events == 3)
		freshet_stream_finish(f->stream);
}

static void a_stream_is_opened_on_another_connection(void **state)
{
	const bool *http1 = *state;
	for (int cut = 0; cut < 2; cut++) {
		struct world w;
		struct follower f = {.on_event = NULL};
		world_open(&w, *http1);
		w.right_from = 2;
		w.cut_short = cut == 1;
		client_follow(&w.client, w.e, "/events", &f);
		client_run(&w.client, NULL, NULL);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_int_equal(f.end_events, 1);
		assert_int_equal(f.cuts, 0);
		assert_int_equal(f.reconnects, 0);
		assert_int_equal(w.web.calls, 2);
		world_close(&w);
	}
}

/* A stream that was open has its one repetition again. */
static void each_subscription_may_be_misdirected_once(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct follower f = {.on_event = NULL};
	freshet_stream_options so;
	const freshet_stream_policy again = {.max_attempts = 2, .backoff_min_ms = 1, .backoff_max_ms = 1};
	world_open(&w, *http1);
	w.right_every_second = true;
	freshet_stream_options_init(&so);
	so.path = "/events";
	so.policy = &again;
	f.on_event = end_after_three;
	client_open(&w.client, w.e, &so, &f);
	client_run(&w.client, NULL, NULL);
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
	assert_int_equal(f.end_events, 3);
	assert_int_equal(f.cuts, 2);
	assert_int_equal(w.web.calls, 6);
	world_close(&w);
}

static void a_stream_ends_when_that_was_no_better(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct follower f = {.on_event = NULL};
	world_open(&w, *http1);
	w.right_from = 1000;
	client_follow(&w.client, w.e, "/events", &f);
	client_run(&w.client, NULL, NULL);
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_EHTTP_STATUS");
	assert_int_equal(f.end.outcome.http_status, 421);
	assert_string_equal(f.end.body, "wrong");
	assert_int_equal(w.web.calls, 2);
	assert_int_equal(web_accepted(&w.web), 2);
	world_close(&w);
}

static bool all_are_open(void *user)
{
	struct world *w = user;
	return w->client.open == 3;
}

static bool three_are_left(void *user)
{
	return ((struct world *)user)->client.live == 3;
}

static bool was_told(void *user)
{
	return ((struct reply *)user)->dones == 1;
}

/* Over HTTP/1.1 the other kept connections are as doubtful; over HTTP/2 what is open on the connection stays. */
static void what_is_open_stays_and_what_is_kept_goes(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct follower f[3];
	struct reply fine[3], r;
	world_open(&w, *http1);
	w.right_from = *http1 ? 7 : 2;
	for (int i = 0; i < 3; i++) {
		f[i].on_event = NULL;
		client_follow(&w.client, w.e, "/open", &f[i]);
	}
	client_run(&w.client, all_are_open, &w);
	for (int i = 0; i < 3; i++)
		client_get(&w.client, w.e, "/fine", &fine[i]);
	client_run(&w.client, three_are_left, &w);
	assert_int_equal(web_accepted(&w.web), *http1 ? 6 : 1);
	post(&w, &r);
	client_run(&w.client, was_told, &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(w.conns[w.web.calls % 8], *http1 ? 7 : 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(f[i].dones, 0);
		freshet_stream_close(f[i].stream);
	}
	client_run(&w.client, NULL, NULL);
	world_close(&w);
}

int main(void)
{
	static bool http1 = true, http2 = false;
#define OVER_BOTH(test)                                                                                                \
	{#test " over HTTP/2", test, NULL, NULL, &http2},                                                              \
	{                                                                                                              \
#test " over HTTP/1.1", test, NULL, NULL, &http1                                                       \
	}
	const struct CMUnitTest tests[] = {
		OVER_BOTH(a_post_is_sent_on_another_connection),
		OVER_BOTH(the_second_time_it_is_reported),
		OVER_BOTH(a_stream_is_opened_on_another_connection),
		OVER_BOTH(each_subscription_may_be_misdirected_once),
		OVER_BOTH(a_stream_ends_when_that_was_no_better),
		OVER_BOTH(what_is_open_stays_and_what_is_kept_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
