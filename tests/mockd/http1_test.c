/*
 * HTTP/1.1 of the emulator, to the byte: how it is told from HTTP/2, how requests are read and answered in order, how
 * event streams are cut into chunks, what is refused, and when a connection ends.
 */
#include "support/caller.h"
#include "support/mock_world.h"
#include "support/test.h"

#include <sys/socket.h>

#define AUTHORIZATION "authorization: Bearer " MOCKD_TOKEN "\r\n"
#define HEALTH                                                                                                         \
	"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 56\r\n\r\n"                              \
	"{\"status\": \"ok\", \"checks\": {\"db\": \"ok\", \"crypto\": \"ok\"}}"

static struct caller *caller;

static void open_with(const struct mockd_options *options)
{
	mock_open(options);
	caller = caller_open(mock.base, mockd_port(mock.mockd), NULL);
}

static void open_world(void)
{
	struct mockd_options options = mock_options();
	options.control = true;
	open_with(&options);
}

static void reconnect(void)
{
	caller_close(caller);
	caller = caller_open(mock.base, mockd_port(mock.mockd), NULL);
}

static int close_world(void **state)
{
	caller_close(caller);
	caller = NULL;
	return mock_close(state);
}

static struct mockd_stats stats(void)
{
	struct mockd_stats s;
	mockd_get_stats(mock.mockd, &s);
	return s;
}

static void get(const char *path)
{
	char request[512];
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: mockd\r\n" AUTHORIZATION "\r\n", path);
	caller_say(caller, request);
}

static void assert_health(void)
{
	assert_string_equal(caller_take(caller, "}}"), HEALTH);
}

static void assert_begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("does not begin with \"%s\": %s", with, text);
}

/* A finished session with one stage row (9001) and the output "one" (9002). */
static const char *finished_session(void)
{
	int code = 0;
	const char *session = mock_session("script:manual stages=0");
	mockd_advance(mock.mockd, 1000);
	mockd_add_row(mock.mockd, session, "stdout", "one", 3);
	assert_true(mockd_end_session(mock.mockd, session, "completed", &code));
	mockd_advance(mock.mockd, 1000);
	return session;
}

static void get_stream(const char *session, uint64_t since)
{
	char path[128];
	snprintf(path, sizeof path, "/sessions/%s/stream?since=%llu", session, (unsigned long long)since);
	get(path);
}

/* ---- which protocol ---- */

static void one_port_speaks_both(void **state)
{
	(void)state;
	open_world();
	get("/health");
	assert_health();
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
}

/* The preface is known from a request at the first byte that differs, however the bytes come. */
static void first_bytes_tell_the_protocol(void **state)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	(void)state;
	open_world();
	for (size_t i = 0; i + 2 < sizeof preface; i++) {
		caller_say_bytes(caller, preface + i, 1);
		assert_int_equal(caller->len, 0);
	}
	caller_say(caller, "\n");
	static const char settings[] = "\0\0\0\x04\0\0\0\0\0";
	caller_say_bytes(caller, settings, sizeof settings - 1);
	while (caller->len < 9)
		caller_turn(caller);
	/* SETTINGS */
	assert_int_equal(caller->heard[3], 4);
	reconnect();
	caller_say(caller, "P");
	caller_turn(caller);
	caller_say(caller, "UT /health HTTP/1.1\r\nhost: x\r\n\r\n");
	assert_begins(caller_take(caller, "\r\n\r\n"), "HTTP/1.1 405 Method Not Allowed\r\n");
	reconnect();
	caller_say(caller, "PRI * HTTP/2.0\r\n\r\nSX");
	assert_begins(caller_take(caller, "\r\n\r\n"), "HTTP/1.1 400 Bad Request\r\n");
}

static void one_of_them_can_be_left_out(void **state)
{
	struct mockd_options options = mock_options();
	(void)state;
	options.no_http1 = true;
	open_with(&options);
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	caller_say(caller, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
	caller_until_down(caller);
	assert_null(strstr(caller->heard, "HTTP/1.1"));
	close_world(NULL);
	options.no_http1 = false;
	options.no_http2 = true;
	open_with(&options);
	caller_say(caller, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	assert_begins(caller_take(caller, "\r\n\r\n"), "HTTP/1.1 ");
	reconnect();
	get("/health");
	assert_health();
	close_world(NULL);
	options.no_http1 = true;
	struct mockd *m;
	struct event_base *base = event_base_new();
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	event_base_free(base);
}

/* ---- requests and their answers ---- */

static void requests_share_a_connection(void **state)
{
	(void)state;
	open_world();
	for (int i = 0; i < 3; i++) {
		get("/health");
		assert_health();
	}
	/* The probe's and this one. */
	assert_int_equal(stats().accepted, 2);
	assert_int_equal(stats().exchanges, 0);
}

static void what_is_sent_ahead_is_answered_in_order(void **state)
{
	(void)state;
	open_world();
	assert_true(mockd_fault_add_text(mock.mockd, "action=delay ms=3000 path=/health", NULL, 0) > 0);
	caller_say(caller, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
			   "POST /mockd/sessions HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\n\r\nscript:successGET "
			   "/events/none HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\nGET /health HTTP/1.1\r\n\r\n");
	for (int i = 0; i < 10; i++)
		caller_turn(caller);
	assert_int_equal(caller->len, 0);
	mockd_advance(mock.mockd, 3000);
	assert_health();
	assert_begins(caller_take(caller, "\"}"), "HTTP/1.1 201 Created\r\n");
	caller_until_down(caller);
	/* What follows "connection: close" is no request. */
	assert_string_equal(caller_take_all(caller),
		"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 21\r\nconnection: close\r\n\r\n"
		"no such event stream\n");
	assert_int_equal(caller->state, CALLER_FIN);
}

/* Bodies with a length, in chunks with extensions and trailers; and every request at every cut. */
static void bodies_arrive_in_every_shape(void **state)
{
	static const char *const requests[] = {
		"POST /mockd/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\nscript:manual",
		"POST /mockd/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"7;a=b\r\nscript:\r\n6\r\nmanual\r\n0\r\nX-Trailer: 1\r\nHost: y\r\n\r\n",
		"\r\nPOST http://mockd.example:80/mockd/sessions?x=1 HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH:13 "
		"\r\n\r\n"
		"script:manual",
		"POST /mockd/sessions HTTP/1.0\r\nconnection: Keep-Alive\r\ncontent-length: 13\r\n\r\nscript:manual",
	};
	(void)state;
	open_world();
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		for (size_t cut = 1; cut < strlen(requests[i]); cut++) {
			caller_say_bytes(caller, requests[i], cut);
			caller_say(caller, requests[i] + cut);
			assert_begins(caller_take(caller, "\"}"), "HTTP/1.1 201 Created\r\n");
		}
	}
	json_t *ledger = json_loads(mock_ask("GET", "/mockd/ledger", NULL)->body, 0, NULL);
	assert_non_null(ledger);
	size_t index;
	json_t *entry;
	json_array_foreach(json_object_get(ledger, "sessions"), index, entry)
		assert_string_equal(json_string_value(json_object_get(entry, "prompt")), "script:manual");
	assert_true(index > 300);
	json_decref(ledger);
}

static void a_body_that_is_too_long_is_refused(void **state)
{
	static char body[3000000];
	char head[256];
	(void)state;
	open_world();
	memset(body, 'x', sizeof body);
	snprintf(head, sizeof head, "POST /agents HTTP/1.1\r\nhost: x\r\n" AUTHORIZATION "content-length: %zu\r\n\r\n",
		sizeof body);
	caller_say(caller, head);
	caller_say_bytes(caller, body, sizeof body);
	assert_begins(caller_take(caller, "</html>"), "HTTP/1.1 413 Content Too Large\r\n");
	caller_take_all(caller);
	get("/health");
	assert_non_null(strstr(caller_take(caller, "}}"), HEALTH));
}

static void head_has_no_body(void **state)
{
	(void)state;
	open_world();
	caller_say(caller, "HEAD /events/none HTTP/1.1\r\nhost: x\r\n\r\n");
	get("/health");
	assert_string_equal(caller_take(caller, "\r\n\r\n"),
		"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 21\r\n\r\n");
	assert_health();
	/* Of a stream as well. */
	caller_say(caller, "HEAD /events/idle HTTP/1.1\r\nhost: x\r\n\r\n");
	get("/health");
	assert_string_equal(caller_take(caller, "\r\n\r\n"),
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\r\n");
	assert_health();
}

static void expectations_are_met_or_refused(void **state)
{
	(void)state;
	open_world();
	caller_say(caller,
		"POST /mockd/sessions HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\ncontent-length: 13\r\n\r\n");
	assert_string_equal(caller_take(caller, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
	caller_say(caller, "script:manual");
	assert_begins(caller_take(caller, "\"}"), "HTTP/1.1 201 Created\r\n");
	/* Nothing is waited for where there is no body, and HTTP/1.0 knows no interim answers. */
	caller_say(caller, "GET /health HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\r\n");
	assert_health();
	caller_say(caller, "POST /mockd/sessions HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 13\r\n\r\n");
	for (int i = 0; i < 10; i++)
		caller_turn(caller);
	caller_say(caller, "script:manual");
	assert_begins(caller_take(caller, "\"}"), "HTTP/1.1 201 Created\r\n");
	reconnect();
	caller_say(caller, "GET /health HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n\r\n");
	assert_begins(caller_take(caller, "\r\n\r\n"), "HTTP/1.1 417 Expectation Failed\r\n");
}

static void who_asks_decides_how_long_it_lasts(void **state)
{
	static const struct {
		const char *version;
		const char *field;
		const char *answered; /* the connection field of the answer; "": none */
	} cases[] = {
		{"1.1", "", ""},
		{"1.1", "connection: keep-alive\r\n", ""},
		{"1.1", "connection: close\r\n", "connection: close\r\n"},
		{"1.1", "connection: keep-alive, close\r\n", "connection: close\r\n"},
		{"1.0", "", "connection: close\r\n"},
		{"1.0", "connection: close\r\n", "connection: close\r\n"},
		{"1.0", "connection: keep-alive\r\n", "connection: keep-alive\r\n"},
		{"1.0", "connection: keep-alive, close\r\n", "connection: close\r\n"},
	};
	(void)state;
	open_world();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char request[128], expected[256];
		snprintf(request, sizeof request, "GET /events/none HTTP/%s\r\nhost: x\r\n%s\r\n", cases[i].version,
			cases[i].field);
		snprintf(expected, sizeof expected,
			"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 21\r\n%s\r\n",
			cases[i].answered);
		caller_say(caller, request);
		assert_string_equal(caller_take(caller, "\r\n\r\n"), expected);
		if (strstr(cases[i].answered, "close") != NULL) {
			caller_until_down(caller);
			assert_int_equal(caller->state, CALLER_FIN);
		}
		reconnect();
	}
}

/* ---- event streams ---- */

static void each_write_is_a_chunk(void **state)
{
	char expected[1024];
	(void)state;
	open_world();
	const char *session = finished_session();
	get_stream(session, 9001);
	caller_until(caller, "one");
	mockd_advance(mock.mockd, 500);
	snprintf(expected, sizeof expected,
		"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
		"cache-control: no-cache\r\nx-accel-buffering: no\r\n\r\n"
		"68\r\ndata: {\"type\": \"start\", \"provider\": \"anthropic\", \"session_id\": \"%s\"}\n\n\r\n"
		"35\r\ndata: {\"type\": \"turn_start\", \"id\": 9002, \"turn\": 1}\n\n\r\n"
		"9\r\nid: 9002\n\r\n"
		"54\r\ndata: {\"type\": \"output\", \"id\": 9002, \"stream\": \"stdout\", \"data\": \"one\", \"turn\": "
		"1}\n\n\r\n"
		"9\r\nid: 9002\n\r\n"
		"2f\r\ndata: {\"type\": \"exit\", \"id\": 9002, \"code\": 0}\n\n\r\n"
		"0\r\n\r\n",
		session);
	assert_string_equal(caller_take(caller, "\r\n0\r\n\r\n"), expected);
	/* The connection is good for more. */
	get("/health");
	assert_health();
}

static void merged_writes_share_a_chunk(void **state)
{
	struct mockd_options options = mock_options();
	(void)state;
	options.merge_writes = true;
	open_with(&options);
	const char *session = finished_session();
	get_stream(session, 9001);
	caller_until(caller, "one");
	const char *body = strstr(caller_take(caller, "\"turn\": 1}\n\n\r\n"), "\r\n\r\n");
	assert_non_null(body);
	char *end;
	size_t size = strtoul(body + 4, &end, 16);
	assert_begins(end, "\r\ndata: {\"type\": \"start\"");
	assert_int_equal(strlen(end), 2 + size + 2);
}

static void old_clients_get_it_to_the_close(void **state)
{
	(void)state;
	open_world();
	caller_say(
		caller, "GET /events/tick?interval_ms=10&count=1&split=1 HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
	caller_until(caller, "\r\n\r\n");
	mockd_advance(mock.mockd, 10);
	caller_until_down(caller);
	const char *all = caller_take_all(caller);
	assert_begins(all, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
			   "cache-control: no-cache\r\n\r\nid: 1\ndata: {");
	assert_non_null(strstr(all, "\"code\": 0}\n\n"));
	assert_int_equal(caller->state, CALLER_FIN);
}

static void who_goes_away_is_noticed(void **state)
{
	(void)state;
	open_world();
	get("/events/idle");
	caller_until(caller, "\r\n\r\n");
	assert_int_equal(stats().exchanges, 1);
	reconnect();
	/* The probe's and the new one. */
	while (stats().exchanges > 0 || stats().connections != 2)
		caller_turn(caller);
}

/* More than can be kept is left on the socket, and nothing of it is lost. */
static void too_much_ahead_has_to_wait(void **state)
{
	static const char request[] = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
	static char many[1000 * (sizeof request - 1)];
	(void)state;
	open_world();
	/* The system would let megabytes wait here, and each request of them be answered. */
	const int kept_here = 16 * 1024;
	assert_int_equal(setsockopt(caller->fd, SOL_SOCKET, SO_SNDBUF, &kept_here, sizeof kept_here), 0);
	for (size_t at = 0; at < sizeof many; at += sizeof request - 1)
		memcpy(many + at, request, sizeof request - 1);
	get("/events/tick?interval_ms=10&count=1");
	caller_take(caller, "\r\n\r\n");
	size_t said = 0;
	/* Until neither this socket nor the server takes more, though it has every chance to. */
	for (int refused = 0; refused < 200;) {
		size_t n = caller_try(caller, many + said % sizeof many, sizeof many - said % sizeof many);
		refused = n > 0 ? 0 : refused + 1;
		said += n;
		caller_turn(caller);
	}
	/* What the emulator keeps, and more. */
	assert_true(said > 65536);
	mockd_advance(mock.mockd, 10);
	caller_take(caller, "0\r\n\r\n");
	size_t whole = said / (sizeof request - 1);
	caller_say_bytes(caller, many + said % (sizeof request - 1), sizeof request - 1 - said % (sizeof request - 1));
	for (size_t i = 0; i < whole + 1; i++)
		caller_take(caller, "}}");
	assert_int_equal(caller->taken, caller->len);
	assert_int_equal(stats().requests, whole + 2);
}

/* ---- ends ---- */

static void idle_connections_are_closed(void **state)
{
	(void)state;
	open_world();
	get("/health");
	assert_health();
	mockd_advance(mock.mockd, 4999);
	get("/health");
	assert_health();
	/* The time counts from the last answer, and does not run while there is none. */
	assert_true(mockd_fault_add_text(mock.mockd, "action=delay ms=60000 path=/health", NULL, 0) > 0);
	get("/health");
	while (stats().requests < 3)
		caller_turn(caller);
	mockd_advance(mock.mockd, 60000);
	assert_health();
	mockd_advance(mock.mockd, 5000);
	caller_until_down(caller);
	assert_int_equal(caller->state, CALLER_FIN);
	assert_int_equal(caller->taken, caller->len);
}

static void streams_are_never_idle(void **state)
{
	struct mockd_options options = mock_options();
	(void)state;
	options.keep_alive_ms = 70;
	open_with(&options);
	get("/events/tick?interval_ms=1000&count=1");
	caller_until(caller, "\r\n\r\n");
	mockd_advance(mock.mockd, 1000);
	caller_until(caller, "0\r\n\r\n");
	mockd_advance(mock.mockd, 70);
	caller_until_down(caller);
}

/* What is said: `repeated` so many times behind `request`, then `after`. */
struct refused {
	const char *request;
	int status;
	const char *repeated;
	size_t times;
	const char *after;
};

static void say_refused(const struct refused *r)
{
	caller_say(caller, r->request);
	char *text = malloc(r->times * 8 + 1);
	assert_non_null(text);
	size_t len = 0;
	for (size_t i = 0; i < r->times; i++, len += strlen(r->repeated))
		memcpy(text + len, r->repeated, strlen(r->repeated));
	caller_say_bytes(caller, text, len);
	caller_say(caller, r->after != NULL ? r->after : "");
	free(text);
}

static void what_is_no_request_is_refused(void **state)
{
#define POST   "POST /agents HTTP/1.1\r\nhost: a\r\n"
#define CHUNKS POST "transfer-encoding: chunked\r\n"
	static const struct refused cases[] = {
		{"hello\r\n\r\n", 400, NULL, 0, NULL},
		{"GET /health\r\n\r\n", 505, NULL, 0, NULL},
		{"GET /health HTTP/1.1\r\n\r\n", 400, NULL, 0, NULL},
		{"GET /health HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400, NULL, 0, NULL},
		{"GET /health HTTP/1.1\r\nhost: a\r\n: empty\r\n\r\n", 400, NULL, 0, NULL},
		{"GET /health HTTP/1.1\r\nhost : a\r\n\r\n", 400, NULL, 0, NULL},
		{"GET /health HTTP/2.0\r\nhost: a\r\n\r\n", 505, NULL, 0, NULL},
		{POST "content-length: 1\r\ncontent-length: 2\r\n\r\n", 400, NULL, 0, NULL},
		{CHUNKS "content-length: 3\r\n\r\n", 400, NULL, 0, NULL},
		{POST "transfer-encoding: gzip\r\n\r\n", 400, NULL, 0, NULL},
		{CHUNKS "\r\nxyz\r\n", 400, NULL, 0, NULL},
		{"GET /", 431, "a", 66000, " HTTP/1.1\r\nhost: a\r\n\r\n"},
		{"GET /health HTTP/1.1\r\nhost: a\r\n", 431, "f: v\r\n", 2000, "\r\n"},
		{CHUNKS "\r\n5;", 431, "a", 66000, "\r\n"},
		{CHUNKS "\r\n0\r\n", 431, "f: v\r\n", 2000, "\r\n"},
	};
	(void)state;
	open_world();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[32];
		snprintf(expected, sizeof expected, "HTTP/1.1 %d ", cases[i].status);
		say_refused(&cases[i]);
		const char *head = caller_take(caller, "\r\n\r\n");
		if (strncmp(head, expected, strlen(expected)) != 0)
			fail_msg("case %zu: %s: %s", i, cases[i].request, head);
		assert_non_null(strstr(head, "\r\nconnection: close\r\n"));
		caller_until_down(caller);
		assert_string_equal(caller_take_all(caller), "Invalid HTTP request received.");
		reconnect();
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_port_speaks_both),
		TEST(first_bytes_tell_the_protocol),
		TEST(one_of_them_can_be_left_out),
		TEST(requests_share_a_connection),
		TEST(what_is_sent_ahead_is_answered_in_order),
		TEST(bodies_arrive_in_every_shape),
		TEST(a_body_that_is_too_long_is_refused),
		TEST(head_has_no_body),
		TEST(expectations_are_met_or_refused),
		TEST(who_asks_decides_how_long_it_lasts),
		TEST(each_write_is_a_chunk),
		TEST(merged_writes_share_a_chunk),
		TEST(old_clients_get_it_to_the_close),
		TEST(who_goes_away_is_noticed),
		TEST(too_much_ahead_has_to_wait),
		TEST(idle_connections_are_closed),
		TEST(streams_are_never_idle),
		TEST(what_is_no_request_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
