/*
 * A request and its whole answer: what is sent, what may be sent again, and the bounds of size and time.
 */
#include "support/test.h"
#include "support/stage.h"

/* Answers the last call of a path. */
static void answer(struct stage *g, const char *path, int status, const char *body)
{
	static const char *const type[] = {"content-type", "application/json", NULL};
	struct h2peer_call *call = stage_call(g, path);
	h2peer_answer(call, status, type);
	h2peer_text(call, body);
	h2peer_end(call);
	stage_settle(g);
}

static void a_request_is_sent_and_answered(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options so;
	stage_options_init(&so);
	so.endpoint.bearer_token = "token";
	stage_open(&g, &so);
	const freshet_header mine = {freshet_str_of("X-Mine"), freshet_str_of("1"), false};
	struct watch *q = stage_watch(&g);
	char body[] = "{}";
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = "PATCH";
	o.path = "/q?a=b";
	o.headers = &mine;
	o.header_count = 1;
	o.body = freshet_str_of(body);
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	memset(body, 'x', 2);
	assert_int_equal(q->dones, 0);
	stage_settle(&g);
	const struct h2peer_call *call = stage_call(&g, "/q?a=b");
	assert_string_equal(h2peer_field(call, ":method"), "PATCH");
	assert_string_equal(h2peer_field(call, "content-length"), "2");
	assert_string_equal(h2peer_field(call, "authorization"), "!Bearer token");
	assert_string_equal(h2peer_field(call, "x-mine"), "1");
	assert_null(h2peer_field(call, "accept"));
	assert_memory_equal(call->body.data, "{}", 2);
	assert_true(call->ended);
	answer(&g, "/q?a=b", 200, "hello");
	assert_string_equal(watch_said(q), "done FRESHET_OK 200 hello\n");
	assert_int_equal(q->outcome.attempts, 1);
	assert_int_equal(q->outcome.http_status, 200);
	assert_string_equal(q->content_type, "application/json");
	assert_int_equal(stage_counters(&g).requests_done, 1);
	stage_close(&g);
}

static void headers_done(freshet_request *request, const freshet_response *response, void *user)
{
	(void)request;
	assert_int_equal(response->header_count, 2);
	assert_true(freshet_str_is(freshet_response_header(response, "X-Two"), "2"));
	assert_true(freshet_str_is(freshet_response_header(response, "x-one"), "1"));
	assert_null(freshet_response_header(response, "x-three").ptr);
	assert_int_equal(response->body.len, 0);
	(*(int *)user)++;
}

static void the_headers_of_the_answer_are_there(void **state)
{
	(void)state;
	static const char *const fields[] = {"x-one", "1", "x-two", "2", NULL};
	struct stage g;
	stage_open(&g, NULL);
	int told = 0;
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/q";
	o.on_done = headers_done;
	o.user = &told;
	assert_int_equal(freshet_request_send(g.endpoint, &o, NULL), FRESHET_OK);
	stage_settle(&g);
	h2peer_answer_empty(stage_call(&g, "/q"), 200, fields);
	stage_settle(&g);
	assert_int_equal(told, 1);
	stage_close(&g);
}

static void any_whole_answer_is_one(void **state)
{
	(void)state;
	static const int statuses[] = {200, 204, 301, 400, 404, 429, 500, 503, 599};
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		char expected[100];
		struct stage g;
		stage_open(&g, NULL);
		struct watch *q = stage_request(&g, "GET", "/q", NULL);
		if (statuses[i] == 204)
			h2peer_answer_empty(stage_call(&g, "/q"), 204, NULL);
		else
			answer(&g, "/q", statuses[i], "why");
		stage_settle(&g);
		snprintf(expected, sizeof expected, "done FRESHET_OK %d %s\n", statuses[i],
			statuses[i] == 204 ? "" : "why");
		assert_string_equal(watch_said(q), expected);
		assert_int_equal(q->outcome.body.len, statuses[i] == 200 || statuses[i] == 204 ? 0 : 3);
		assert_int_equal(h2server_call_count(&g.server), 1);
		stage_close(&g);
	}
}

static void what_cannot_be_sent_keeps_nothing(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *q = stage_watch(&g);
	freshet_request_options good, o;
	freshet_request_options_init(&good);
	good.path = "/q";
	const freshet_header bad = {freshet_str_of("x"), {"a\0b", 3}, false};
	const freshet_header hop = {freshet_str_of("transfer-encoding"), freshet_str_of("chunked"), false};
	static const char *const paths[] = {NULL, "", "q", "/ ", "/#"};
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		o = good;
		o.path = paths[i];
		assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	}
	o = good;
	o.method = "";
	assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	o = good;
	o.headers = &bad;
	o.header_count = 1;
	assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	o.headers = &hop;
	assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	o.headers = NULL;
	assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	o = good;
	o.body.len = 1;
	assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	o = good;
	o.size = 0;
	assert_int_equal(watch_request(q, &o), FRESHET_EINVAL);
	assert_int_equal(freshet_request_send(g.endpoint, &good, NULL), FRESHET_EINVAL); /* no on_done */
	assert_int_equal(freshet_request_send(NULL, &good, NULL), FRESHET_EINVAL);
	stage_settle(&g);
	assert_int_equal(h2server_call_count(&g.server), 0);
	stage_close(&g);
}

/* HTTP/2 puts them into one block, for which nghttp2 has a bound: no server has anything to do with it. */
static void headers_past_what_can_be_sent_are_told(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	static char large[70000];
	memset(large, 'x', sizeof large);
	freshet_header header = {freshet_str_of("x-large"), {large, sizeof large}, false};
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/large";
	o.headers = &header;
	o.header_count = 1;
	struct watch *q = stage_watch(&g);
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	struct watch *other = stage_request(&g, "GET", "/other", NULL);
	assert_string_equal(watch_said(q), "done FRESHET_EINVAL 0 \n");
	assert_non_null(strstr(q->text, "the request's headers are too large"));
	assert_true(q->outcome.unprocessed);
	assert_int_equal(q->outcome.attempts, 1);
	assert_int_equal(stage_counters(&g).moves, 0);
	answer(&g, "/other", 200, "well");
	assert_string_equal(watch_said(other), "done FRESHET_OK 200 well\n");
	/* What fits goes. */
	header.value.len = 60000;
	q = stage_watch(&g);
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	stage_settle(&g);
	assert_int_equal(strlen(h2peer_field(stage_call(&g, "/large"), "x-large")), 60000);
	answer(&g, "/large", 200, "");
	assert_int_equal(g.server.conn_count, 1);
	stage_close(&g);
}

/* A traceparent goes with every attempt of a request and every subscription of a stream. */
static void a_trace_goes_along(void **state)
{
	(void)state;
	static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	const freshet_header fields[] = {{freshet_str_of("tracestate"), freshet_str_of("a=b"), false},
		{freshet_str_of("traceparent"), freshet_str_of("anything"), false}};
	struct stage g;
	stage_open(&g, NULL);
	struct watch *q = stage_watch(&g), *s = stage_watch(&g);
	freshet_request_options ro;
	freshet_stream_options so;
	freshet_request_options_init(&ro);
	ro.path = "/q";
	ro.traceparent = trace;
	ro.headers = fields;
	ro.header_count = 1;
	freshet_stream_options_init(&so);
	so.path = "/s";
	so.traceparent = trace;
	assert_int_equal(watch_request(q, &ro), FRESHET_OK);
	assert_int_equal(watch_stream(s, &so), FRESHET_OK);
	stage_settle(&g);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(h2peer_field(stage_call(&g, "/q"), "traceparent"), trace);
		assert_string_equal(h2peer_field(stage_call(&g, "/q"), "tracestate"), "a=b");
		assert_string_equal(h2peer_field(stage_call(&g, "/s"), "traceparent"), trace);
		h2peer_reset(stage_call(&g, "/q"), 2);
		h2peer_reset(stage_call(&g, "/s"), 2);
		stage_settle(&g);
		stage_advance(&g, 3000);
		assert_int_equal(h2server_call_count(&g.server), 4 + 2 * i);
	}
	/* One that is none, and two of them. */
	struct watch *bad = stage_watch(&g);
	ro.traceparent = "00-1-2-3";
	so.traceparent = "";
	assert_int_equal(watch_request(bad, &ro), FRESHET_EINVAL);
	assert_int_equal(watch_stream(bad, &so), FRESHET_EINVAL);
	ro.traceparent = trace;
	ro.header_count = 2;
	assert_int_equal(watch_request(bad, &ro), FRESHET_EINVAL);
	/* A plain header is the caller's. */
	ro.traceparent = NULL;
	assert_int_equal(watch_request(bad, &ro), FRESHET_OK);
	stage_settle(&g);
	assert_string_equal(h2peer_field(stage_call(&g, "/q"), "traceparent"), "anything");
	stage_close(&g);
}

/* What happened to a request that had been sent. */
enum mishap { CONNECTION_LOST, STREAM_RESET, REFUSED, LEFT_OUT_BY_GOAWAY, ANSWERED_THEN_REFUSED, ANSWERED_THEN_LOST };

struct repeat {
	const char *method;
	bool repeatable;
	enum mishap mishap;
	bool again;
	freshet_err err; /* where it is not */
};

static const struct repeat repeats[] = {
	{"GET", false, CONNECTION_LOST, true, FRESHET_OK},
	{"HEAD", false, CONNECTION_LOST, true, FRESHET_OK},
	{"OPTIONS", false, STREAM_RESET, true, FRESHET_OK},
	{"PUT", false, CONNECTION_LOST, true, FRESHET_OK},
	{"DELETE", false, STREAM_RESET, true, FRESHET_OK},
	{"POST", false, CONNECTION_LOST, false, FRESHET_ECLOSED},
	{"POST", false, STREAM_RESET, false, FRESHET_EHTTP_RESET},
	{"PATCH", false, CONNECTION_LOST, false, FRESHET_ECLOSED},
	{"POST", true, CONNECTION_LOST, true, FRESHET_OK},
	{"POST", true, STREAM_RESET, true, FRESHET_OK},
	{"POST", false, REFUSED, true, FRESHET_OK},
	{"POST", false, LEFT_OUT_BY_GOAWAY, true, FRESHET_OK},
	{"GET", false, REFUSED, true, FRESHET_OK},
	/* A peer that has answered has processed it, whatever it says. */
	{"POST", false, ANSWERED_THEN_REFUSED, false, FRESHET_EHTTP_REFUSED},
	{"POST", false, ANSWERED_THEN_LOST, false, FRESHET_ECLOSED},
	{"GET", false, ANSWERED_THEN_REFUSED, true, FRESHET_OK},
	{"GET", false, ANSWERED_THEN_LOST, true, FRESHET_OK},
};

static void befall(struct stage *g, enum mishap mishap)
{
	struct h2peer_call *call = stage_call(g, "/q");
	if (mishap == ANSWERED_THEN_REFUSED || mishap == ANSWERED_THEN_LOST) {
		h2peer_answer(call, 200, NULL);
		h2peer_text(call, "half of it");
		stage_settle(g);
	}
	if (mishap == CONNECTION_LOST || mishap == ANSWERED_THEN_LOST)
		h2server_drop(h2server_conn_of(&g->server, call), false);
	else if (mishap == LEFT_OUT_BY_GOAWAY)
		h2peer_goaway(call->peer, 0, 0);
	else
		h2peer_reset(call, mishap == STREAM_RESET ? 2 : 7);
	stage_settle(g);
}

static void only_what_may_be_is_sent_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
		const struct repeat *r = &repeats[i];
		struct stage g;
		print_message("%s, mishap %d\n", r->method, r->mishap);
		stage_open(&g, NULL);
		struct watch *q = stage_watch(&g);
		freshet_request_options o;
		freshet_request_options_init(&o);
		o.method = r->method;
		o.path = "/q";
		o.body = freshet_str_of("body");
		o.repeatable = r->repeatable;
		assert_int_equal(watch_request(q, &o), FRESHET_OK);
		stage_settle(&g);
		befall(&g, r->mishap);
		bool moved = r->mishap == REFUSED || r->mishap == LEFT_OUT_BY_GOAWAY;
		assert_int_equal(h2server_call_count(&g.server), moved ? 2 : 1);
		stage_advance(&g, 200);
		assert_int_equal(h2server_call_count(&g.server), r->again ? 2 : 1);
		if (r->again) {
			assert_memory_equal(stage_call(&g, "/q")->body.data, "body", 4);
			h2peer_answer_empty(stage_call(&g, "/q"), 200, NULL);
			stage_settle(&g);
			assert_string_equal(watch_said(q), "done FRESHET_OK 200 \n");
			/* Nothing of the first attempt is left in it. */
			assert_int_equal(q->outcome.attempts, moved ? 1 : 2);
			assert_false(q->outcome.has_http2_code);
			assert_false(q->outcome.unprocessed);
			assert_string_equal(q->text, "no error");
		} else {
			assert_int_equal(q->dones, 1);
			assert_int_equal(q->outcome.err, r->err);
			assert_int_equal(q->outcome.attempts, 1);
			assert_false(q->outcome.unprocessed);
			assert_int_equal(q->status, 0);
		}
		stage_close(&g);
	}
}

static void attempts_end(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *q = stage_request(&g, "GET", "/q", NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(q->dones, 0);
		h2peer_reset(stage_call(&g, "/q"), 2);
		stage_settle(&g);
		stage_advance(&g, 5000);
	}
	assert_string_equal(watch_said(q), "done FRESHET_EHTTP_RESET 0 \n");
	assert_int_equal(q->outcome.attempts, 3);
	assert_int_equal(h2server_call_count(&g.server), 3);
	stage_close(&g);
}

static void one_attempt_where_one_is_wanted(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *q = stage_watch(&g);
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/q";
	o.max_attempts = 1;
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	stage_settle(&g);
	h2peer_reset(stage_call(&g, "/q"), 2);
	stage_settle(&g);
	assert_int_equal(q->dones, 1);
	assert_int_equal(q->outcome.attempts, 1);
	stage_close(&g);
}

static void a_body_past_its_bound_is_an_error(void **state)
{
	(void)state;
	for (size_t len = 10; len <= 11; len++) {
		struct stage g;
		stage_open(&g, NULL);
		struct watch *q = stage_watch(&g);
		freshet_request_options o;
		freshet_request_options_init(&o);
		o.path = "/q";
		o.max_body = 10;
		assert_int_equal(watch_request(q, &o), FRESHET_OK);
		stage_settle(&g);
		struct h2peer_call *call = stage_call(&g, "/q");
		h2peer_answer(call, 200, NULL);
		h2peer_data(call, "0123456789x", 5);
		stage_settle(&g);
		h2peer_data(call, "56789x", len - 5);
		h2peer_end(call);
		stage_settle(&g);
		assert_int_equal(q->dones, 1);
		assert_int_equal(q->outcome.err, len == 10 ? FRESHET_OK : FRESHET_EHTTP_BODY);
		assert_int_equal(q->status, 200);
		stage_close(&g);
	}
}

static void a_large_answer_comes_whole(void **state)
{
	(void)state;
	enum { SIZE = 1024 * 1024 };
	struct stage g;
	stage_open(&g, NULL);
	struct watch *q = stage_request(&g, "GET", "/q", NULL);
	struct h2peer_call *call = stage_call(&g, "/q");
	char *bytes = malloc(SIZE);
	assert_non_null(bytes);
	memset(bytes, 'b', SIZE);
	h2peer_answer(call, 200, NULL);
	h2peer_data(call, bytes, SIZE);
	h2peer_end(call);
	free(bytes);
	stage_settle(&g);
	assert_int_equal(q->dones, 1);
	assert_int_equal(q->body_len, SIZE);
	stage_close(&g);
}

static void a_large_body_goes_as_credit_comes(void **state)
{
	(void)state;
	enum { SIZE = 1024 * 1024 };
	struct stage g;
	struct stage_options so;
	stage_options_init(&so);
	so.peer.hoard = true;
	stage_open(&g, &so);
	struct watch *q = stage_watch(&g);
	char *bytes = malloc(SIZE);
	assert_non_null(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i % 251);
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/q";
	o.body = (freshet_str){bytes, SIZE};
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	stage_settle(&g);
	struct h2peer_call *call = stage_call(&g, "/q");
	for (size_t had = 0; !call->ended;) {
		size_t fresh = call->body.len - had;
		assert_true(fresh > 0);
		had = call->body.len;
		h2peer_credit(call->peer, call, fresh);
		stage_settle(&g);
	}
	assert_int_equal(call->body.len, SIZE);
	assert_memory_equal(call->body.data, bytes, SIZE);
	free(bytes);
	answer(&g, "/q", 200, "thanks");
	assert_string_equal(watch_said(q), "done FRESHET_OK 200 thanks\n");
	stage_close(&g);
}

static void an_early_answer_to_a_large_body(void **state)
{
	(void)state;
	enum { SIZE = 1024 * 1024 };
	struct stage g;
	struct stage_options so;
	stage_options_init(&so);
	so.peer.hoard = true;
	stage_open(&g, &so);
	struct watch *q = stage_watch(&g);
	char *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/q";
	o.body = (freshet_str){bytes, SIZE};
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	free(bytes);
	stage_settle(&g);
	answer(&g, "/q", 413, "too large");
	assert_string_equal(watch_said(q), "done FRESHET_OK 413 too large\n");
	/* The connection goes on. */
	struct watch *next = stage_request(&g, "GET", "/next", NULL);
	answer(&g, "/next", 200, "fine");
	assert_string_equal(watch_said(next), "done FRESHET_OK 200 fine\n");
	assert_int_equal(g.server.conn_count, 1);
	stage_close(&g);
}

/* How far a request has come. */
enum way { UNSENT, IN_LINE, SENT, HALF_ANSWERED, PAUSING, WAYS };

/* A stage with one request on "/q" that has come so far. */
static struct watch *open_request(struct stage *g, enum way way, uint64_t deadline_ms)
{
	struct stage_options so;
	stage_options_init(&so);
	so.endpoint.max_connections = 1;
	so.endpoint.max_streams_per_connection = 1;
	stage_open(g, &so);
	if (way == IN_LINE)
		stage_stream(g, "/first");
	struct watch *q = stage_watch(g);
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/q";
	o.deadline_ms = deadline_ms;
	assert_int_equal(watch_request(q, &o), FRESHET_OK);
	if (way == UNSENT)
		return q;
	stage_settle(g);
	if (way == HALF_ANSWERED) {
		h2peer_answer(stage_call(g, "/q"), 200, NULL);
		h2peer_text(stage_call(g, "/q"), "half");
	}
	if (way == PAUSING)
		h2peer_reset(stage_call(g, "/q"), 2);
	stage_settle(g);
	return q;
}

static void the_deadline_holds_in_every_state(void **state)
{
	(void)state;
	for (int way = UNSENT; way < WAYS; way++) {
		struct stage g;
		struct watch *q = open_request(&g, (enum way)way, 90);
		stage_settle(&g);
		stage_advance(&g, 89);
		assert_int_equal(q->dones, 0);
		stage_advance(&g, 1);
		assert_int_equal(q->dones, 1);
		assert_int_equal(q->outcome.err, FRESHET_EDEADLINE);
		assert_int_equal(q->outcome.attempts, 1);
		stage_advance(&g, 100000);
		stage_close(&g);
	}
}

static void cancelling_is_told_in_every_state(void **state)
{
	(void)state;
	for (int way = UNSENT; way < WAYS; way++) {
		struct stage g;
		struct watch *q = open_request(&g, (enum way)way, 0);
		freshet_request_cancel(q->request);
		freshet_request_cancel(q->request);
		assert_int_equal(q->dones, 0);
		stage_settle(&g);
		assert_int_equal(q->dones, 1);
		assert_int_equal(q->outcome.err, FRESHET_ECANCELED);
		assert_false(q->outcome.has_http2_code);
		assert_string_equal(q->text, "closed by the application");
		if (way == SENT || way == HALF_ANSWERED)
			assert_true(stage_call(&g, "/q")->reset);
		stage_close(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_sent_and_answered),
		cmocka_unit_test(the_headers_of_the_answer_are_there),
		cmocka_unit_test(any_whole_answer_is_one),
		cmocka_unit_test(what_cannot_be_sent_keeps_nothing),
		cmocka_unit_test(headers_past_what_can_be_sent_are_told),
		cmocka_unit_test(a_trace_goes_along),
		cmocka_unit_test(only_what_may_be_is_sent_again),
		cmocka_unit_test(attempts_end),
		cmocka_unit_test(one_attempt_where_one_is_wanted),
		cmocka_unit_test(a_body_past_its_bound_is_an_error),
		cmocka_unit_test(a_large_answer_comes_whole),
		cmocka_unit_test(a_large_body_goes_as_credit_comes),
		cmocka_unit_test(an_early_answer_to_a_large_body),
		cmocka_unit_test(the_deadline_holds_in_every_state),
		cmocka_unit_test(cancelling_is_told_in_every_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
