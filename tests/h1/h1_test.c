/*
 * One HTTP/1.1 client connection without a socket: what it writes, how an exchange lives and is given up, and its bounds.
 */
#include "support/h1run.h"
#include "support/test.h"

#define OK      "HTTP/1.1 200 OK\r\n"
#define REQUEST " /path?query HTTP/1.1\r\nhost: test:80\r\naccept: text/event-stream\r\nx-secret: hidden\r\n"

static void open_run(struct h1run *r)
{
	assert_int_equal(h1run_init(r, NULL), FRESHET_OK);
}

static void feed(struct h1run *r, const char *text)
{
	h1run_feed(r, text, strlen(text));
}

/* A GET that is out and waits for its answer. */
static void ask(struct h1run *r)
{
	assert_int_equal(h1run_submit(r, "GET", NULL), FRESHET_OK);
	assert_non_null(h1run_sent(r, SIZE_MAX));
}

static void a_request_is_written(void **state)
{
	/* A length is said where there is a body, and where the method is meant to have one (RFC 9110, section 8.6). */
	static const struct {
		const char *method;
		const char *body;
		const char *sent;
	} table[] = {
		{"GET", NULL, "GET" REQUEST "\r\n"},
		{"HEAD", NULL, "HEAD" REQUEST "\r\n"},
		{"DELETE", NULL, "DELETE" REQUEST "\r\n"},
		{"OPTIONS", NULL, "OPTIONS" REQUEST "\r\n"},
		{"POST", NULL, "POST" REQUEST "content-length: 0\r\n\r\n"},
		{"PUT", NULL, "PUT" REQUEST "content-length: 0\r\n\r\n"},
		{"PATCH", NULL, "PATCH" REQUEST "content-length: 0\r\n\r\n"},
		{"POST", "{}", "POST" REQUEST "content-length: 2\r\n\r\n{}"},
		{"GET", "body", "GET" REQUEST "content-length: 4\r\n\r\nbody"},
		{"DELETE", "body", "DELETE" REQUEST "content-length: 4\r\n\r\nbody"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct h1run r;
		open_run(&r);
		assert_false(r.wire->protocol->wants_output(r.wire));
		assert_int_equal(h1run_submit(&r, table[i].method, table[i].body), FRESHET_OK);
		assert_true(r.wire->protocol->wants_output(r.wire));
		assert_string_equal(h1run_sent(&r, SIZE_MAX), table[i].sent);
		assert_false(r.wire->protocol->wants_output(r.wire));
		assert_string_equal(h1run_sent(&r, SIZE_MAX), "");
		h1run_clear(&r);
	}
}

static void a_body_goes_out_in_steps(void **state)
{
	static const char *const steps[] = {"POST" REQUEST "content-length: 10\r\n\r\n", "0123", "4567", "89", ""};
	struct h1run r;
	(void)state;
	open_run(&r);
	assert_int_equal(h1run_submit(&r, "POST", "0123456789"), FRESHET_OK);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		assert_int_equal(r.wire->protocol->wants_output(r.wire), i < 4);
		assert_string_equal(h1run_sent(&r, 4), steps[i]);
	}
	assert_int_equal(r.body.sent, 10);
	h1run_clear(&r);
}

/* Puts others in the place of the bytes that were taken. */
static void fill(struct h1run *r, const char *bytes, bool last)
{
	assert_true(r->body.wanted);
	r->body = (struct wire_body){.bytes = freshet_str_of(bytes), .open = !last};
}

static void an_open_body_goes_out_as_it_is_filled(void **state)
{
	struct h1run r;
	(void)state;
	for (int known = 0; known < 2; known++) {
		open_run(&r);
		r.open = true;
		r.length = known == 1 ? "23" : NULL;
		assert_int_equal(h1run_submit(&r, "POST", NULL), FRESHET_OK);
		assert_string_equal(h1run_sent(&r, SIZE_MAX), known == 1 ? "POST" REQUEST "content-length: 23\r\n\r\n"
									 : "POST" REQUEST
									   "transfer-encoding: chunked\r\n\r\n");
		assert_string_equal(h1run_trace(&r), "1 wanted\n");
		/* Told once; until it is filled there is nothing to send. */
		assert_false(r.wire->protocol->wants_output(r.wire));
		assert_string_equal(h1run_sent(&r, SIZE_MAX), "");
		assert_string_equal(h1run_trace(&r), "");
		fill(&r, "0123456789abcdefghij", false);
		assert_true(r.wire->protocol->wants_output(r.wire));
		assert_string_equal(h1run_sent(&r, 16), known == 1 ? "0123456789abcdef" : "10\r\n0123456789abcdef\r\n");
		assert_string_equal(h1run_trace(&r), "");
		assert_string_equal(h1run_sent(&r, 16), known == 1 ? "ghij" : "4\r\nghij\r\n");
		assert_string_equal(h1run_trace(&r), "1 wanted\n");
		/* Its end comes with the last bytes, or alone. */
		if (known == 1)
			fill(&r, "xyz", true);
		else
			fill(&r, "", true);
		assert_true(r.wire->protocol->wants_output(r.wire));
		assert_string_equal(h1run_sent(&r, 16), known == 1 ? "xyz" : "0\r\n\r\n");
		assert_false(r.wire->protocol->wants_output(r.wire));
		feed(&r, OK "content-length: 0\r\n\r\n");
		assert_string_equal(h1run_trace(&r), "1 answer 200 content-length=0\n1 end\n");
		assert_false(r.wire->draining);
		h1run_clear(&r);
	}
}

static void an_open_body_is_given_up(void **state)
{
	struct h1run r;
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		open_run(&r);
		r.open = true;
		assert_int_equal(h1run_submit(&r, "POST", NULL), FRESHET_OK);
		assert_non_null(h1run_sent(&r, SIZE_MAX));
		fill(&r, "01", false);
		if (answered == 1)
			feed(&r, OK "content-length: 0\r\n\r\n");
		else
			h1run_cancel(&r);
		/* Where the next request would begin the peer cannot know. */
		assert_true(r.wire->draining);
		memset(&r.body, 0xff, sizeof r.body);
		assert_false(r.wire->protocol->wants_output(r.wire));
		assert_string_equal(h1run_sent(&r, SIZE_MAX), "");
		h1run_clear(&r);
	}
}

static void one_exchange_at_a_time(void **state)
{
	struct h1run r;
	(void)state;
	open_run(&r);
	assert_int_equal(r.wire->capacity, 1);
	assert_true(r.wire->greeted);
	ask(&r);
	assert_int_equal(h1run_submit(&r, "GET", NULL), FRESHET_EHTTP_GOAWAY);
	assert_string_equal(h1run_sent(&r, SIZE_MAX), "");
	feed(&r, OK "Content-Length: 1\r\n\r\n");
	assert_int_equal(h1run_submit(&r, "GET", NULL), FRESHET_EHTTP_GOAWAY);
	feed(&r, "x");
	assert_string_equal(h1run_trace(&r), "1 answer 200 content-length=1\n1 data x\n1 end\n");
	for (int i = 2; i < 5; i++) {
		char expected[80];
		ask(&r);
		feed(&r, OK "Content-Length: 1\r\n\r\nx");
		snprintf(expected, sizeof expected, "%d answer 200 content-length=1\n%d data x\n%d end\n", i, i, i);
		assert_string_equal(h1run_trace(&r), expected);
	}
	r.wire->protocol->goodbye(r.wire);
	assert_true(r.wire->draining);
	assert_int_equal(h1run_submit(&r, "GET", NULL), FRESHET_EHTTP_GOAWAY);
	h1run_clear(&r);
}

/* Told for each exchange anew: the reactor sends again what was not answered at all. */
static void the_first_byte_of_an_answer_is_told(void **state)
{
	struct h1run r;
	(void)state;
	open_run(&r);
	ask(&r);
	assert_false(r.wire->answer_begun);
	feed(&r, "H");
	assert_true(r.wire->answer_begun);
	feed(&r, &OK "Content-Length: 0\r\n\r\n"[1]);
	assert_string_equal(h1run_trace(&r), "1 answer 200 content-length=0\n1 end\n");
	ask(&r);
	assert_false(r.wire->answer_begun);
	h1run_clear(&r);
}

/* A final answer before the body is out: the rest of the body would stand before the next request. */
static void an_answer_before_the_request_is_out(void **state)
{
	struct h1run r;
	(void)state;
	open_run(&r);
	assert_int_equal(h1run_submit(&r, "POST", "0123456789"), FRESHET_OK);
	h1run_sent(&r, 1);
	h1run_sent(&r, 4);
	feed(&r, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(h1run_trace(&r), "1 answer 413 content-length=0\n1 end\n");
	assert_true(r.wire->draining);
	assert_false(r.wire->protocol->wants_output(r.wire));
	assert_string_equal(h1run_sent(&r, SIZE_MAX), "");
	h1run_clear(&r);

	/* An interim one changes nothing. */
	open_run(&r);
	assert_int_equal(h1run_submit(&r, "POST", "0123456789"), FRESHET_OK);
	h1run_sent(&r, 1);
	feed(&r, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_string_equal(h1run_sent(&r, SIZE_MAX), "0123456789");
	feed(&r, OK "Content-Length: 0\r\n\r\n");
	assert_string_equal(h1run_trace(&r), "1 answer 200 content-length=0\n1 end\n");
	assert_false(r.wire->draining);
	h1run_clear(&r);
}

static void a_request_that_is_not_out_is_taken_back(void **state)
{
	struct h1run r;
	(void)state;
	open_run(&r);
	assert_int_equal(h1run_submit(&r, "POST", "body"), FRESHET_OK);
	h1run_cancel(&r);
	assert_false(r.wire->draining);
	assert_string_equal(h1run_sent(&r, SIZE_MAX), "");
	ask(&r);
	feed(&r, OK "Content-Length: 0\r\n\r\n");
	assert_string_equal(h1run_trace(&r), "2 answer 200 content-length=0\n2 end\n");
	h1run_clear(&r);
}

/* Given up after so many bytes of the answer, nothing more of it is told, and the connection is not used again. */
static void a_request_that_is_out_is_given_up(void **state)
{
	static const char answer[] = "HTTP/1.1 103 Early Hints\r\n\r\n" OK
				     "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n";
	(void)state;
	for (size_t cut = 0; cut < sizeof answer - 1; cut++) {
		struct h1run r;
		open_run(&r);
		ask(&r);
		h1run_feed(&r, answer, cut);
		h1run_trace(&r);
		assert_false(r.over);
		h1run_cancel(&r);
		assert_true(r.wire->draining);
		assert_int_equal(r.wire->room, 64 * 1024);
		h1run_feed(&r, answer + cut, sizeof answer - 1 - cut);
		assert_string_equal(h1run_trace(&r), "");
		assert_int_equal(r.err, FRESHET_OK);
		assert_int_equal(h1run_submit(&r, "GET", NULL), FRESHET_EHTTP_GOAWAY);
		h1run_close(&r, cut % 2 == 0);
		assert_string_equal(h1run_trace(&r), "");
		h1run_clear(&r);
	}
}

static void a_body_that_is_half_out_is_given_up(void **state)
{
	struct h1run r;
	(void)state;
	open_run(&r);
	assert_int_equal(h1run_submit(&r, "POST", "0123456789"), FRESHET_OK);
	h1run_sent(&r, 1);
	h1run_sent(&r, 4);
	h1run_cancel(&r);
	assert_true(r.wire->draining);
	assert_false(r.wire->protocol->wants_output(r.wire));
	h1run_clear(&r);
}

static void the_window_bounds_what_nobody_has_taken(void **state)
{
	const struct h1_options options = {.window = 10, .max_header_bytes = 1024};
	struct h1run r;
	(void)state;
	assert_int_equal(h1run_init(&r, &options), FRESHET_OK);
	ask(&r);
	feed(&r, OK "Content-Length: 30\r\n\r\n");
	assert_int_equal(r.wire->room, 10);
	feed(&r, "012");
	assert_int_equal(r.wire->room, 7);
	feed(&r, "3456789");
	assert_int_equal(r.wire->room, 0);
	r.wire->protocol->consumed(r.wire, 1, 4);
	assert_int_equal(r.wire->room, 4);
	/* TLS may give more than there was room for. */
	feed(&r, "0123456789");
	assert_int_equal(r.wire->room, 0);
	r.wire->protocol->consumed(r.wire, 1, 7);
	assert_int_equal(r.wire->room, 1);
	r.wire->protocol->consumed(r.wire, 1, 9);
	assert_int_equal(r.wire->room, 10);
	feed(&r, "0123456789");
	/* Whoever holds the rest of an answer that is over holds it alone. */
	assert_int_equal(r.wire->room, 10);
	assert_false(r.wire->draining);
	h1run_clear(&r);
}

/* An answer of `fields` fields of 19 bytes, each counted with 32 more. */
static freshet_err answer_of(size_t fields, size_t max_header_bytes, const char *before, const char *behind)
{
	const struct h1_options options = {.window = 1000, .max_header_bytes = max_header_bytes};
	struct h1run r;
	assert_int_equal(h1run_init(&r, &options), FRESHET_OK);
	ask(&r);
	feed(&r, before);
	for (size_t i = 0; i < fields; i++)
		feed(&r, "x-names: of 12 bytes.\r\n");
	feed(&r, behind);
	freshet_err err = r.err;
	if (err == FRESHET_OK)
		assert_true(r.over);
	h1run_clear(&r);
	return err;
}

static void headers_are_bounded(void **state)
{
	/* The message, "OK", the fields, and the length with its name. */
	enum { MESSAGE = 32 + 2, FIELD = 32 + 7 + 12, LENGTH = 32 + 15 };
	static const char end[] = "Content-Length: 0\r\n\r\n";
	(void)state;
	for (size_t fields = 0; fields < 20; fields++) {
		size_t exact = MESSAGE + fields * FIELD + LENGTH;
		assert_int_equal(answer_of(fields, exact, OK, end), FRESHET_OK);
		assert_int_equal(answer_of(fields, exact - 1, OK, end), FRESHET_EHTTP_HEADERS);
	}
	assert_int_equal(answer_of(0, 0, OK, end), FRESHET_EHTTP_HEADERS);
	/* Interim answers and trailers count with them. */
	assert_int_equal(answer_of(10, 1000, "HTTP/1.1 103 \r\n", "\r\n" OK "Content-Length: 0\r\n\r\n"), FRESHET_OK);
	assert_int_equal(
		answer_of(10, 600, "HTTP/1.1 103 \r\n", "\r\n" OK "Content-Length: 0\r\n\r\n"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(answer_of(10, 600, OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "\r\n"), FRESHET_OK);
	assert_int_equal(
		answer_of(10, 599, OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "\r\n"), FRESHET_EHTTP_HEADERS);
}

/* Feeds the same piece until that fails or has gone on for too long. */
static freshet_err endless(const char *before, const char *piece)
{
	struct h1run r;
	open_run(&r);
	ask(&r);
	feed(&r, before);
	for (int i = 0; i < 20000 && r.err == FRESHET_OK; i++)
		feed(&r, piece);
	freshet_err err = r.err;
	h1run_clear(&r);
	return err;
}

static void nothing_goes_on_for_ever(void **state)
{
	(void)state;
	assert_int_equal(endless("", "HTTP/1.1 100 Continue\r\n\r\n"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless("HTTP/1.1 200 ", "reason "), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK, "name"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK "Name: ", "value "), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK, "X:\r\n"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK "Name: x", "\r\n folded"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X:\r\n"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK "Transfer-Encoding: chunked\r\n\r\n1;", "extension"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK "Transfer-Encoding: chunked\r\n\r\n1;a=", "extension"), FRESHET_EHTTP_HEADERS);
	assert_int_equal(endless(OK "Transfer-Encoding: chunked\r\n\r\n1;a=\"", "extension"), FRESHET_EHTTP_HEADERS);
	/* But each chunk may have its own. */
	assert_int_equal(endless(OK "Transfer-Encoding: chunked\r\n\r\n", "1;a=b\r\nx\r\n"), FRESHET_OK);
}

/* The bound is that of one answer, not of the connection. */
static void each_exchange_has_the_whole_bound(void **state)
{
	const struct h1_options options = {.window = 1000, .max_header_bytes = 100};
	struct h1run r;
	(void)state;
	assert_int_equal(h1run_init(&r, &options), FRESHET_OK);
	for (int i = 0; i < 10; i++) {
		ask(&r);
		feed(&r, OK "Content-Length: 0\r\n\r\n");
		assert_int_equal(r.err, FRESHET_OK);
	}
	h1run_clear(&r);
}

static void a_server_says_how_long_it_keeps_a_connection(void **state)
{
	static const struct {
		const char *value;
		uint64_t ms;
	} table[] = {{"timeout=5", 5000}, {"timeout=5, max=100", 5000}, {"max=100,TimeOut=72", 72000}, {"timeout=0", 0},
		{"max=100", 0}, {"timeout", 0}, {"timeout=", 0}, {"timeout=x", 0}, {"", 0},
		{"timeout=99999999999999999999", 42949672950000 + 9000}};
	struct h1run r;
	(void)state;
	open_run(&r);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		char answer[128];
		ask(&r);
		assert_int_equal(r.wire->kept_ms, 0);
		snprintf(answer, sizeof answer, OK "Keep-Alive: %s\r\nContent-Length: 0\r\n\r\n", table[i].value);
		feed(&r, answer);
		if (i + 1 < sizeof table / sizeof table[0])
			assert_int_equal(r.wire->kept_ms, table[i].ms);
		else
			assert_true(r.wire->kept_ms > (uint64_t)1000 * 3600 * 24 * 365);
	}
	h1run_clear(&r);
}

/* The outcome tells people what was wrong. */
static void failures_say_why(void **state)
{
	static const struct {
		const char *answer;
		const char *why;
	} table[] = {
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n", "switched unasked"},
		{"HTTP/1.1 20 OK\r\n\r\n", ""},
		{"HTTP/2.0 200 OK\r\n\r\n", "another version"},
		{OK "Transfer-Encoding: gzip\r\n\r\n", "transfer coding"},
		{OK "Content-Length: x\r\n\r\n", "Content-Length"},
		{OK "Content-Length: 0\r\n\r\n" OK, "no request"},
		{"<html>", "HTTP/"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct h1run r;
		open_run(&r);
		ask(&r);
		feed(&r, table[i].answer);
		assert_int_equal(r.err, FRESHET_EHTTP_PROTOCOL);
		assert_non_null(r.wire->loss.why);
		assert_non_null(strstr(r.wire->loss.why, table[i].why));
		h1run_clear(&r);
	}
}

/* A server that speaks first, or again: 408 before it closes a kept connection, for one. */
static void bytes_that_nobody_asked_for(void **state)
{
	struct h1run r;
	(void)state;
	open_run(&r);
	feed(&r, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
	assert_int_equal(r.err, FRESHET_EHTTP_PROTOCOL);
	assert_string_equal(h1run_trace(&r), "failed FRESHET_EHTTP_PROTOCOL\n");
	h1run_clear(&r);

	open_run(&r);
	ask(&r);
	feed(&r, OK "Content-Length: 0\r\n\r\n");
	feed(&r, "x");
	assert_int_equal(r.err, FRESHET_EHTTP_PROTOCOL);
	h1run_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_written),
		cmocka_unit_test(a_body_goes_out_in_steps),
		cmocka_unit_test(an_open_body_goes_out_as_it_is_filled),
		cmocka_unit_test(an_open_body_is_given_up),
		cmocka_unit_test(one_exchange_at_a_time),
		cmocka_unit_test(the_first_byte_of_an_answer_is_told),
		cmocka_unit_test(an_answer_before_the_request_is_out),
		cmocka_unit_test(a_request_that_is_not_out_is_taken_back),
		cmocka_unit_test(a_request_that_is_out_is_given_up),
		cmocka_unit_test(a_body_that_is_half_out_is_given_up),
		cmocka_unit_test(the_window_bounds_what_nobody_has_taken),
		cmocka_unit_test(headers_are_bounded),
		cmocka_unit_test(nothing_goes_on_for_ever),
		cmocka_unit_test(each_exchange_has_the_whole_bound),
		cmocka_unit_test(a_server_says_how_long_it_keeps_a_connection),
		cmocka_unit_test(failures_say_why),
		cmocka_unit_test(bytes_that_nobody_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
