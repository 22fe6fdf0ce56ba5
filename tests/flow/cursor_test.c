/*
 * The cursor: which ids may be one, how it travels in a query, and how ids that are numbers are ordered.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "flow/cursor.h"

static void an_id_has_no_line_end_and_no_nul(void **state)
{
	(void)state;
	assert_true(cursor_valid((freshet_str){NULL, 0}));
	for (int c = 0; c < 256; c++) {
		char id[] = {'a', (char)c};
		assert_int_equal(cursor_valid((freshet_str){id, 2}), c != 0 && c != '\r' && c != '\n');
	}
}

struct query {
	const char *path;
	const char *name;
	const char *cursor;
	const char *expected;
};

static const struct query queries[] = {
	{"/a", "after", "5", "/a?after=5"},
	{"/a?b=c", "after", "5", "/a?b=c&after=5"},
	{"/a?", "after", "5", "/a?&after=5"},
	{"", "after", "5", "?after=5"},
	{"/a", "after", "", "/a?after="},
	{"/a", "a b", "c&d=e?f#g/h+i%j", "/a?a%20b=c%26d%3De%3Ff%23g%2Fh%2Bi%25j"},
	{"/a", "x", "\xc3\xa4\x01\x7f\xff", "/a?x=%C3%A4%01%7F%FF"},
	{"/a", "x", "AZaz09-._~", "/a?x=AZaz09-._~"},
};

static void a_query_parameter_is_percent_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		const struct query *q = &queries[i];
		struct bytes out = {0};
		assert_true(bytes_append_str(&out, freshet_str_of("/base")));
		assert_true(cursor_append_query(&out, freshet_str_of(q->path), q->name, freshet_str_of(q->cursor)));
		char expected[200];
		snprintf(expected, sizeof expected, "/base%s", q->expected);
		assert_true(freshet_str_is(bytes_str(&out), expected));
		bytes_clear(&out);
	}
}

static void a_query_needs_memory(void **state)
{
	(void)state;
	char cursor[600];
	memset(cursor, '/', sizeof cursor);
	for (size_t n = 1;; n++) {
		struct bytes out = {0};
		failmem_arm(n);
		bool done = cursor_append_query(&out, freshet_str_of("/a"), "b", (freshet_str){cursor, sizeof cursor});
		assert_int_equal(done, !failmem_fired());
		bytes_clear(&out);
		assert_int_equal(failmem_live(), 0);
		if (!failmem_fired())
			break;
	}
	failmem_off();
}

struct number {
	const char *text;
	bool is_number;
	uint64_t value;
};

static const struct number numbers[] = {
	{"0", true, 0},
	{"1", true, 1},
	{"000", true, 0},
	{"00000000000000000000000000000000000007", true, 7},
	{"18446744073709551615", true, UINT64_MAX},
	{"0018446744073709551615", true, UINT64_MAX},
	{"18446744073709551616", false, 0},
	{"99999999999999999999", false, 0},
	{"100000000000000000000", false, 0},
	{"", false, 0},
	{"-1", false, 0},
	{"+1", false, 0},
	{" 1", false, 0},
	{"1a", false, 0},
	{"0x10", false, 0},
	{"1.0", false, 0},
};

static void numbers_have_64_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		uint64_t value = 12345;
		print_message("\"%s\"\n", numbers[i].text);
		assert_int_equal(cursor_number(freshet_str_of(numbers[i].text), &value), numbers[i].is_number);
		assert_true(value == (numbers[i].is_number ? numbers[i].value : 12345));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_has_no_line_end_and_no_nul),
		cmocka_unit_test(a_query_parameter_is_percent_encoded),
		cmocka_unit_test(a_query_needs_memory),
		cmocka_unit_test(numbers_have_64_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
