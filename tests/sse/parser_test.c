/*
 * What the parser promises beside the events: when they come, where their bytes lie, what it owns, how it fails and
 * starts again, and how a piece is taken back from it.
 */
#include "support/failmem.h"
#include "support/sse_run.h"
#include "support/test.h"

#include "base/cpu.h"

static struct sse_limits limits;

static int use_defaults(void **state)
{
	(void)state;
	return sse_limits_init(&limits, NULL);
}

static void feed(struct sse_parser *p, const char *text)
{
	assert_int_equal(sse_feed(p, (const uint8_t *)text, strlen(text)), FRESHET_OK);
}

static void expect_event(struct sse_parser *p, const char *id, const char *type, const char *data)
{
	freshet_event event;
	assert_int_equal(sse_next(p, &event), FRESHET_SSE_EVENT);
	assert_true(freshet_str_is(event.id, id));
	assert_true(freshet_str_is(event.type, type));
	assert_true(freshet_str_is(event.data, data));
}

static void expect_more(struct sse_parser *p)
{
	freshet_event event;
	assert_int_equal(sse_next(p, &event), FRESHET_SSE_MORE);
}

static void expect_failed(struct sse_parser *p, freshet_err err, uint64_t position)
{
	freshet_event event;
	uint64_t at = 0;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sse_next(p, &event), FRESHET_SSE_FAILED);
		assert_int_equal(sse_error(p, &at), err);
		assert_int_equal(at, position);
	}
}

static void the_record_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct sse_parser) <= 96);
}

/* The very byte that ends the blank line gives the event: nothing is waited for, and a LF behind a CR is no new line. */
static void an_event_comes_with_its_last_byte(void **state)
{
	(void)state;
	static const char *const streams[] = {"data: a\n\n", "data: a\r\r", "data: a\r\n\r", "data: a\n\r",
		("\xef\xbb\xbf"
		 "data: a\r\r")};
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		struct sse_parser p;
		size_t len = strlen(streams[i]);
		sse_init(&p, &limits);
		for (size_t at = 0; at + 1 < len; at++) {
			assert_int_equal(sse_feed(&p, (const uint8_t *)streams[i] + at, 1), FRESHET_OK);
			expect_more(&p);
			assert_int_equal(sse_feed(&p, NULL, 0), FRESHET_OK);
			expect_more(&p);
		}
		assert_int_equal(sse_feed(&p, (const uint8_t *)streams[i] + len - 1, 1), FRESHET_OK);
		expect_event(&p, "", "message", "a");
		expect_more(&p);
		feed(&p, "\n");
		expect_more(&p);
		feed(&p, "data: b\n\n");
		expect_event(&p, "", "message", "b");
		sse_clear(&p);
	}
}

static bool lies_in(freshet_str s, const uint8_t *bytes, size_t len)
{
	return s.ptr >= (const char *)bytes && s.ptr + s.len <= (const char *)bytes + len;
}

static void an_event_in_one_piece_is_not_copied(void **state)
{
	(void)state;
	static const char text[] = "event: \xc3\xbc\nid: 5\ndata: caf\xc3\xa9\r\n\r\n";
	const uint8_t *bytes = (const uint8_t *)text;
	struct sse_parser p;
	freshet_event event;
	failmem_arm(1);
	sse_init(&p, &limits);
	assert_int_equal(sse_feed(&p, bytes, sizeof text - 1), FRESHET_OK);
	assert_int_equal(sse_next(&p, &event), FRESHET_SSE_EVENT);
	assert_true(lies_in(event.data, bytes, sizeof text - 1));
	assert_true(lies_in(event.type, bytes, sizeof text - 1));
	expect_more(&p);
	assert_false(failmem_fired());
	sse_clear(&p);
	failmem_off();
}

/* Between events a parser owns nothing but a long id; inside of one, what it has of it, and not beyond its end. */
static void an_idle_parser_owns_nothing(void **state)
{
	(void)state;
	static const char *const idle[] = {"data: a\n\n", ": heartbeat\n\n", "\n", "id: 12345678901234567890123\n\n",
		"data: a\ndata: b\n\n", "data: \xff\n\n", ": comment\n", "retry: 5\n", "unknown\r"};
	struct sse_parser p;
	freshet_event event;
	failmem_arm(0);
	for (size_t cut = 0; cut < 40; cut++) {
		sse_init(&p, &limits);
		for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
			size_t len = strlen(idle[i]);
			size_t first = cut < len ? cut : len;
			assert_int_equal(sse_feed(&p, (const uint8_t *)idle[i], first), FRESHET_OK);
			while (sse_next(&p, &event) == FRESHET_SSE_EVENT)
				;
			assert_int_equal(sse_feed(&p, (const uint8_t *)idle[i] + first, len - first), FRESHET_OK);
			while (sse_next(&p, &event) == FRESHET_SSE_EVENT)
				;
			assert_int_equal(failmem_live(), 0);
			assert_int_equal(sse_unfinished(&p), 0);
		}
		feed(&p, "id: 123456789012345678901234\n\n");
		expect_more(&p);
		assert_int_equal(failmem_live(), 1);
		feed(&p, "id: 1\n\n");
		expect_more(&p);
		assert_int_equal(failmem_live(), 0);
		sse_clear(&p);
	}
	sse_init(&p, &limits);
	feed(&p, "data: a\nda");
	expect_more(&p);
	assert_true(failmem_live() > 0);
	assert_int_equal(sse_unfinished(&p), 10);
	sse_clear(&p);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static void an_id_moves_with_its_event(void **state)
{
	(void)state;
	struct sse_parser p;
	sse_init(&p, &limits);
	assert_int_equal(sse_set_last_id(&p, freshet_str_of("start")), FRESHET_OK);
	assert_true(freshet_str_is(sse_last_id(&p), "start"));
	feed(&p, "data: a\n\nid: 1\ndata: b\n\nid: 2\ndata: c\n");
	expect_event(&p, "start", "message", "a");
	assert_true(freshet_str_is(sse_last_id(&p), "start"));
	expect_event(&p, "1", "message", "b");
	assert_true(freshet_str_is(sse_last_id(&p), "1"));
	expect_more(&p);
	assert_true(freshet_str_is(sse_last_id(&p), "1"));
	sse_reset(&p);
	assert_true(freshet_str_is(sse_last_id(&p), "1"));
	feed(&p, "data: d\n\n");
	expect_event(&p, "1", "message", "d");
	sse_clear(&p);
}

static void a_last_id_must_be_one_that_a_stream_can_send(void **state)
{
	(void)state;
	struct sse_parser p;
	sse_init(&p, &limits);
	assert_int_equal(sse_set_last_id(&p, freshet_str_of("good")), FRESHET_OK);
	assert_int_equal(sse_set_last_id(&p, freshet_str_of("a\nb")), FRESHET_EINVAL);
	assert_int_equal(sse_set_last_id(&p, freshet_str_of("a\rb")), FRESHET_EINVAL);
	assert_int_equal(sse_set_last_id(&p, (freshet_str){"a\0b", 3}), FRESHET_EINVAL);
	assert_int_equal(sse_set_last_id(&p, freshet_str_of("\xff")), FRESHET_EINVAL);
	char longest[1025];
	memset(longest, '7', sizeof longest);
	assert_int_equal(sse_set_last_id(&p, (freshet_str){longest, 1025}), FRESHET_ESSE_ID);
	assert_true(freshet_str_is(sse_last_id(&p), "good"));
	assert_int_equal(sse_set_last_id(&p, (freshet_str){longest, 1024}), FRESHET_OK);
	assert_int_equal(sse_last_id(&p).len, 1024);
	/* Its own, and a part of its own. */
	assert_int_equal(sse_set_last_id(&p, sse_last_id(&p)), FRESHET_OK);
	assert_int_equal(sse_last_id(&p).len, 1024);
	assert_int_equal(sse_set_last_id(&p, (freshet_str){sse_last_id(&p).ptr + 1000, 24}), FRESHET_OK);
	assert_memory_equal(sse_last_id(&p).ptr, longest, 24);
	assert_int_equal(sse_set_last_id(&p, (freshet_str){NULL, 0}), FRESHET_OK);
	assert_int_equal(sse_last_id(&p).len, 0);
	sse_clear(&p);
}

static void a_retry_outlives_a_reset(void **state)
{
	(void)state;
	struct sse_parser p;
	uint64_t retry = 42;
	sse_init(&p, &limits);
	assert_false(sse_retry_ms(&p, &retry));
	assert_int_equal(retry, 42);
	feed(&p, "retry: 2500\n");
	expect_more(&p);
	sse_reset(&p);
	assert_true(sse_retry_ms(&p, &retry));
	assert_int_equal(retry, 2500);
	sse_clear(&p);
}

static void pieces_come_one_after_the_other(void **state)
{
	(void)state;
	struct sse_parser p;
	sse_init(&p, &limits);
	assert_int_equal(sse_feed(&p, NULL, 1), FRESHET_EINVAL);
	feed(&p, "data: a\n\ndata: b\n\n");
	assert_int_equal(sse_feed(&p, (const uint8_t *)"x", 1), FRESHET_ESTATE);
	expect_event(&p, "", "message", "a");
	assert_int_equal(sse_feed(&p, (const uint8_t *)"x", 1), FRESHET_ESTATE);
	expect_event(&p, "", "message", "b");
	feed(&p, "data: c\n\n");
	expect_event(&p, "", "message", "c");
	expect_more(&p);
	expect_more(&p);
	sse_clear(&p);
}

static void a_failure_lasts_until_the_reset(void **state)
{
	(void)state;
	struct sse_parser p;
	struct sse_limits small = limits;
	small.max_line = small.max_whole = 10;
	failmem_arm(0);
	sse_init(&p, &small);
	assert_int_equal(sse_error(&p, NULL), FRESHET_OK);
	feed(&p, "id: 1\ndata: a\n\nid: 2\ndata: 0123456789\n\n");
	expect_event(&p, "1", "message", "a");
	expect_failed(&p, FRESHET_ESSE_LINE, 31);
	assert_int_equal(sse_feed(&p, (const uint8_t *)"x", 1), FRESHET_ESSE_LINE);
	assert_int_equal(sse_feed(&p, NULL, 0), FRESHET_ESSE_LINE);
	expect_failed(&p, FRESHET_ESSE_LINE, 31);
	assert_true(freshet_str_is(sse_last_id(&p), "1"));
	assert_int_equal(failmem_live(), 0);
	sse_reset(&p);
	assert_int_equal(sse_error(&p, NULL), FRESHET_OK);
	feed(&p, "\xef\xbb\xbf"
		 "data: b\n\n:234567890\n:2345678901\n");
	expect_event(&p, "1", "message", "b");
	expect_failed(&p, FRESHET_ESSE_LINE, 33);
	sse_clear(&p);
	failmem_off();
}

static void a_reset_forgets_what_is_unfinished(void **state)
{
	(void)state;
	static const char *const unfinished[] = {
		"id: 2\nevent: x\ndata: a\n", "data: a", "id: 2", "da", "data: a\r", "\xef\xbb", "retry: 1"};
	for (size_t i = 0; i < sizeof unfinished / sizeof unfinished[0]; i++) {
		struct sse_parser p;
		sse_init(&p, &limits);
		feed(&p, "id: 1\n\n");
		expect_more(&p);
		sse_reset(&p);
		feed(&p, unfinished[i]);
		expect_more(&p);
		sse_reset(&p);
		feed(&p, "\n\xef\xbb\xbf\ndata: b\n\n");
		expect_event(&p, "1", "message", "b");
		expect_more(&p);
		sse_reset(&p);
		feed(&p, "\xef\xbb\xbf"
			 "data: c\n\n");
		expect_event(&p, "1", "message", "c");
		sse_clear(&p);
	}
}

/* After each event the rest is taken back and fed again, as a paused stream does it: nothing changes. */
static void a_rest_that_was_taken_can_be_fed_again(void **state)
{
	(void)state;
	static const char text[] =
		"\xef\xbb\xbf"
		"id: 1\ndata: a\r\n\r\n: x\r\rdata: b\rdata: c\r\rid: 2\ndata: \xff\n\n\ndata: d\n\ndata: e";
	const uint8_t *bytes = (const uint8_t *)text;
	for (size_t cut = 0; cut < sizeof text; cut++) {
		struct sse_run r;
		struct sse_trace want = {0}, got = {0};
		freshet_event event;
		sse_run_cut(&limits, bytes, sizeof text - 1, &cut, 1, &want);
		sse_run_begin(&r, &limits, &got);
		for (size_t from = 0, to = cut; from < sizeof text - 1;) {
			const uint8_t *rest;
			assert_int_equal(sse_feed(&r.parser, bytes + from, to - from), FRESHET_OK);
			if (sse_next(&r.parser, &event) == FRESHET_SSE_EVENT)
				sse_run_event(&r, &event);
			size_t left = sse_unread(&r.parser, &rest);
			assert_true(left == 0 || rest == bytes + to - left);
			assert_int_equal(sse_take_rest(&r.parser, &rest), left);
			assert_int_equal(sse_unread(&r.parser, &rest), 0);
			from = to - left;
			to = left > 0 ? to : sizeof text - 1;
		}
		sse_run_end(&r);
		assert_string_equal(got.text, want.text);
		sse_trace_free(&want);
		sse_trace_free(&got);
	}
}

static void a_taken_rest_does_not_count_twice(void **state)
{
	(void)state;
	struct sse_parser p;
	struct sse_limits small = limits;
	const uint8_t *rest;
	small.max_line = small.max_whole = 10;
	sse_init(&p, &small);
	feed(&p, "data: a\n\ndata: b\n\ndata: 67890\n");
	expect_event(&p, "", "message", "a");
	assert_int_equal(sse_take_rest(&p, &rest), 21);
	assert_int_equal(sse_feed(&p, rest, 21), FRESHET_OK);
	expect_event(&p, "", "message", "b");
	assert_int_equal(sse_take_rest(&p, &rest), 12);
	assert_int_equal(sse_feed(&p, rest, 12), FRESHET_OK);
	expect_failed(&p, FRESHET_ESSE_LINE, 28);
	sse_clear(&p);
}

static void parts_say_what_they_are(void **state)
{
	(void)state;
	struct sse_parser p;
	struct sse_limits small = limits;
	freshet_event event;
	small.max_event = small.max_whole = 4;
	small.parts = true;
	sse_init(&p, &small);
	feed(&p, "id: 9\ndata: 0123456789\nevent: t\n\ndata: ab\n\n");
	assert_int_equal(sse_next(&p, &event), FRESHET_SSE_EVENT);
	assert_true(freshet_str_is(event.data, "0123") && freshet_str_is(event.type, "message"));
	assert_true(freshet_str_is(event.id, "") && event.flags == FRESHET_EVENT_PART);
	assert_int_equal(sse_next(&p, &event), FRESHET_SSE_EVENT);
	assert_true(freshet_str_is(event.data, "4567") && freshet_str_is(event.id, ""));
	assert_int_equal(event.flags, FRESHET_EVENT_PART | FRESHET_EVENT_CONTINUED);
	assert_int_equal(sse_next(&p, &event), FRESHET_SSE_EVENT);
	assert_true(
		freshet_str_is(event.data, "89") && freshet_str_is(event.type, "t") && freshet_str_is(event.id, "9"));
	assert_int_equal(event.flags, FRESHET_EVENT_CONTINUED | FRESHET_EVENT_OWN_ID);
	assert_int_equal(sse_next(&p, &event), FRESHET_SSE_EVENT);
	assert_true(freshet_str_is(event.data, "ab") && event.flags == 0);
	sse_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_record_is_small),
		cmocka_unit_test(an_event_comes_with_its_last_byte),
		cmocka_unit_test(an_event_in_one_piece_is_not_copied),
		cmocka_unit_test(an_idle_parser_owns_nothing),
		cmocka_unit_test(an_id_moves_with_its_event),
		cmocka_unit_test(a_last_id_must_be_one_that_a_stream_can_send),
		cmocka_unit_test(a_retry_outlives_a_reset),
		cmocka_unit_test(pieces_come_one_after_the_other),
		cmocka_unit_test(a_failure_lasts_until_the_reset),
		cmocka_unit_test(a_reset_forgets_what_is_unfinished),
		cmocka_unit_test(a_rest_that_was_taken_can_be_fed_again),
		cmocka_unit_test(a_taken_rest_does_not_count_twice),
		cmocka_unit_test(parts_say_what_they_are),
	};
	return cmocka_run_group_tests(tests, use_defaults, NULL);
}
