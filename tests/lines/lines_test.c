/*
 * Lines out of pieces: every cut gives the same lines, long ones come in parts that never cut a character and are the
 * line when put together, an allocation that fails loses nothing.
 */
#include "support/failmem.h"
#include "support/test.h"

#include <freshet/lines.h>

#define MAX_LINE 64

/* Every line as flags, a colon, the text in brackets: "0[abc] 4[d] ". */
struct trace {
	char text[4096];
	size_t len;
	size_t failures;
};

static struct trace trace;

static void note(const freshet_line *line)
{
	assert_true(trace.len + line->text.len + 8 < sizeof trace.text);
	trace.len += (size_t)sprintf(trace.text + trace.len, "%u[", line->flags);
	if (line->text.len > 0)
		memcpy(trace.text + trace.len, line->text.ptr, line->text.len);
	trace.len += line->text.len;
	trace.len += (size_t)sprintf(trace.text + trace.len, "] ");
}

static void take(freshet_lines *lines)
{
	freshet_lines_result result;
	freshet_line line;
	while ((result = freshet_lines_next(lines, &line)) != FRESHET_LINES_MORE) {
		if (result == FRESHET_LINES_LINE)
			note(&line);
		else
			trace.failures++;
	}
}

static freshet_lines *begin(size_t max_line)
{
	freshet_lines_options o;
	freshet_lines *lines;
	freshet_lines_options_init(&o);
	o.max_line = max_line;
	memset(&trace, 0, sizeof trace);
	assert_int_equal(freshet_lines_new(&o, &lines), FRESHET_OK);
	return lines;
}

static void feed(freshet_lines *lines, const char *text, size_t len)
{
	assert_int_equal(freshet_lines_feed(lines, (freshet_str){text, len}), FRESHET_OK);
	take(lines);
}

static void end(freshet_lines *lines, const char *want)
{
	freshet_lines_finish(lines);
	take(lines);
	assert_string_equal(trace.text, want);
	freshet_lines_free(lines);
}

/* Whole, at every pair of cuts, byte by byte. */
static void assert_lines(size_t max_line, const char *text, const char *want)
{
	size_t len = strlen(text);
	for (size_t a = 0; a <= len; a++) {
		for (size_t b = a; b <= len; b++) {
			freshet_lines *lines = begin(max_line);
			feed(lines, text, a);
			feed(lines, text + a, b - a);
			feed(lines, text + b, len - b);
			end(lines, want);
		}
	}
	freshet_lines *lines = begin(max_line);
	for (size_t i = 0; i < len; i++)
		feed(lines, text + i, 1);
	end(lines, want);
}

static void lines_end_at_lf(void **state)
{
	(void)state;
	assert_lines(0, "", "");
	assert_lines(0, "\n", "0[] ");
	assert_lines(0, "a", "4[a] ");
	assert_lines(0, "a\n", "0[a] ");
	assert_lines(0, "a\r\n\nbc\n\rd", "0[a\r] 0[] 0[bc] 4[\rd] ");
	assert_lines(0, "\xe6\x97\xa5\n\xff\x80\n", "0[\xe6\x97\xa5] 0[\xff\x80] ");
}

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"

static void long_lines_come_in_parts(void **state)
{
	(void)state;
	assert_lines(MAX_LINE, SIXTY "1234\n", "0[" SIXTY "1234] ");
	assert_lines(MAX_LINE, SIXTY "1234", "4[" SIXTY "1234] ");
	assert_lines(MAX_LINE, SIXTY "12345\nx\n", "1[" SIXTY "1234] 2[5] 0[x] ");
	assert_lines(MAX_LINE, SIXTY "12345", "1[" SIXTY "1234] 6[5] ");
	assert_lines(MAX_LINE, SIXTY "1234" SIXTY "5678\n", "1[" SIXTY "1234] 2[" SIXTY "5678] ");
	assert_lines(MAX_LINE, SIXTY "1234" SIXTY "56789", "1[" SIXTY "1234] 3[" SIXTY "5678] 6[9] ");
}

static void parts_hold_whole_characters(void **state)
{
	(void)state;
	assert_lines(MAX_LINE, SIXTY "123\xc3\xa9\n", "1[" SIXTY "123] 2[\xc3\xa9] ");
	assert_lines(MAX_LINE, SIXTY "12\xe6\x97\xa5\n", "1[" SIXTY "12] 2[\xe6\x97\xa5] ");
	assert_lines(MAX_LINE, SIXTY "1\xf0\x9f\x9a\x80z", "1[" SIXTY "1] 6[\xf0\x9f\x9a\x80z] ");
	assert_lines(MAX_LINE, SIXTY "12\xc3\xa9z\n", "1[" SIXTY "12\xc3\xa9] 2[z] ");
	/* No character at all: any place does. */
	assert_lines(MAX_LINE, SIXTY "\x80\x80\x80\x80\x80\x80\n", "1[" SIXTY "\x80\x80\x80\x80] 2[\x80\x80] ");
}

static void a_line_in_one_piece_is_not_copied(void **state)
{
	(void)state;
	static const char text[] = "one\ntwo\n";
	freshet_line line;
	freshet_lines *lines = begin(0);
	failmem_arm(1);
	assert_int_equal(freshet_lines_feed(lines, freshet_str_of(text)), FRESHET_OK);
	assert_int_equal(freshet_lines_next(lines, &line), FRESHET_LINES_LINE);
	assert_ptr_equal(line.text.ptr, text);
	assert_int_equal(freshet_lines_next(lines, &line), FRESHET_LINES_LINE);
	assert_ptr_equal(line.text.ptr, text + 4);
	assert_int_equal(freshet_lines_next(lines, &line), FRESHET_LINES_MORE);
	assert_false(failmem_fired());
	failmem_off();
	freshet_lines_free(lines);
}

static void what_has_not_ended_can_be_seen(void **state)
{
	(void)state;
	freshet_lines *lines = begin(0);
	assert_int_equal(freshet_lines_rest(lines).len, 0);
	feed(lines, "a\nbc", 4);
	assert_true(freshet_str_is(freshet_lines_rest(lines), "bc"));
	feed(lines, "d\n", 2);
	assert_int_equal(freshet_lines_rest(lines).len, 0);
	end(lines, "0[a] 0[bcd] ");
}

static void a_text_can_follow_a_text(void **state)
{
	(void)state;
	freshet_lines *lines = begin(MAX_LINE);
	feed(lines, "a", 1);
	freshet_lines_finish(lines);
	take(lines);
	feed(lines, "b\nc", 3);
	freshet_lines_reset(lines);
	feed(lines, "d\n", 2);
	/* Forgotten: a part that was given, and an end that was told. */
	feed(lines, SIXTY "12345", 65);
	freshet_lines_finish(lines);
	freshet_lines_reset(lines);
	feed(lines, "e", 1);
	end(lines, "4[a] 0[b] 0[d] 1[" SIXTY "1234] 4[e] ");
}

static void pieces_come_one_at_a_time(void **state)
{
	(void)state;
	freshet_line line;
	freshet_lines *lines = begin(0);
	assert_int_equal(freshet_lines_feed(lines, freshet_str_of("a\nb")), FRESHET_OK);
	assert_int_equal(freshet_lines_feed(lines, freshet_str_of("c")), FRESHET_ESTATE);
	assert_int_equal(freshet_lines_next(lines, &line), FRESHET_LINES_LINE);
	assert_int_equal(freshet_lines_feed(lines, freshet_str_of("c")), FRESHET_ESTATE);
	assert_int_equal(freshet_lines_next(lines, &line), FRESHET_LINES_MORE);
	freshet_lines_finish(lines);
	assert_int_equal(freshet_lines_feed(lines, freshet_str_of("c")), FRESHET_ESTATE);
	take(lines);
	feed(lines, "c\n", 2);
	end(lines, "4[b] 0[c] ");
}

static void options_are_checked(void **state)
{
	(void)state;
	freshet_lines_options o;
	freshet_lines *lines;
	freshet_lines_options_init(&o);
	o.max_line = MAX_LINE - 1;
	assert_int_equal(freshet_lines_new(&o, &lines), FRESHET_EINVAL);
	assert_null(lines);
	o.max_line = SIZE_MAX;
	assert_int_equal(freshet_lines_new(&o, &lines), FRESHET_EINVAL);
	o.max_line = 0;
	o.size = sizeof o + 1;
	assert_int_equal(freshet_lines_new(&o, &lines), FRESHET_EINVAL);
	assert_int_equal(freshet_lines_new(NULL, &lines), FRESHET_OK);
	freshet_lines_free(lines);
	freshet_lines_free(NULL);
}

static void no_memory_loses_nothing(void **state)
{
	(void)state;
	freshet_lines *lines;
	failmem_arm(1);
	assert_int_equal(freshet_lines_new(NULL, &lines), FRESHET_ENOMEM);
	assert_null(lines);
	size_t n = 1;
	for (bool fired = true; fired; n++) {
		failmem_arm(0);
		lines = begin(MAX_LINE);
		failmem_arm_one(n);
		feed(lines, "ab", 2);
		feed(lines, SIXTY "1", 61);
		feed(lines, "23\nx", 4);
		fired = failmem_fired();
		assert_int_equal(trace.failures, fired);
		end(lines, "1[ab" SIXTY "12] 2[3] 4[x] ");
	}
	assert_true(n > 2);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

/* Memory is bounded by the longest line allowed, however much comes without an end. */
static void memory_is_bounded(void **state)
{
	(void)state;
	static char piece[1 << 16];
	freshet_line line;
	size_t bytes = 0;
	freshet_lines *lines = begin(1000);
	memset(piece, 'x', sizeof piece);
	failmem_arm(0);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(freshet_lines_feed(lines, (freshet_str){piece, sizeof piece - i}), FRESHET_OK);
		while (freshet_lines_next(lines, &line) == FRESHET_LINES_LINE) {
			assert_int_equal(line.text.len, 1000);
			bytes += line.text.len;
		}
	}
	assert_true(failmem_largest() < 2000);
	freshet_lines_finish(lines);
	assert_int_equal(freshet_lines_next(lines, &line), FRESHET_LINES_LINE);
	assert_int_equal(bytes + line.text.len, 100 * sizeof piece - 99 * 100 / 2);
	freshet_lines_free(lines);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_at_lf),
		cmocka_unit_test(long_lines_come_in_parts),
		cmocka_unit_test(parts_hold_whole_characters),
		cmocka_unit_test(a_line_in_one_piece_is_not_copied),
		cmocka_unit_test(what_has_not_ended_can_be_seen),
		cmocka_unit_test(a_text_can_follow_a_text),
		cmocka_unit_test(pieces_come_one_at_a_time),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(no_memory_loses_nothing),
		cmocka_unit_test(memory_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
