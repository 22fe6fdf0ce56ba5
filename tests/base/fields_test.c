/*
 * Header fields: which may be sent, how a value is found, and what Retry-After says.
 */
#include "support/test.h"

#include "base/fields.h"

static freshet_header field(const char *name, const char *value)
{
	return (freshet_header){freshet_str_of(name), freshet_str_of(value), false};
}

static void a_name_is_a_token(void **state)
{
	(void)state;
	static const char token[] = "!#$%&'*+-.^_`|~";
	for (int c = 0; c < 256; c++) {
		char name[] = {(char)c, '\0'};
		freshet_header h = {{name, 1}, {"", 0}, false};
		bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		assert_int_equal(field_valid(&h), alphanumeric || (c != 0 && strchr(token, c) != NULL));
	}
	freshet_header h = field("", "x");
	assert_false(field_valid(&h));
	h = field(":method", "GET");
	assert_false(field_valid(&h));
}

static void a_value_has_no_control_but_tab(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char value[] = {'a', (char)c, 'b'};
		freshet_header h = {{"x", 1}, {value, sizeof value}, false};
		assert_int_equal(field_valid(&h), c == '\t' || (c >= 0x20 && c != 0x7f));
	}
	freshet_header h = {{"x", 1}, {NULL, 0}, false};
	assert_true(field_valid(&h));
}

static void fields_of_the_library_are_told_apart(void **state)
{
	(void)state;
	static const char *const reserved[] = {"connection", "Content-Length", "EXPECT", "Host", "Keep-Alive",
		"proxy-connection", "TE", "trailer", "Transfer-Encoding", "upgrade"};
	static const char *const other[] = {"accept", "content-type", "hosts", "connectio", "authorization", ""};
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		assert_true(field_is_reserved(freshet_str_of(reserved[i])));
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
		assert_false(field_is_reserved(freshet_str_of(other[i])));
}

static void the_first_value_of_a_name_is_found_in_any_case(void **state)
{
	(void)state;
	const freshet_header fields[] = {
		field("X-One", "1"), field("x-two", "2"), field("x-one", "3"), {{"x-empty", 7}, {NULL, 0}, false}};
	assert_true(freshet_str_is(field_find(fields, 4, "x-one"), "1"));
	assert_true(freshet_str_is(field_find(fields, 4, "x-two"), "2"));
	assert_non_null(field_find(fields, 4, "x-empty").ptr);
	assert_int_equal(field_find(fields, 4, "x-empty").len, 0);
	assert_null(field_find(fields, 4, "x-three").ptr);
	assert_null(field_find(NULL, 0, "x-one").ptr);
}

static void blanks_around_a_value_are_none_of_it(void **state)
{
	(void)state;
	static const char *const values[][2] = {
		{"", ""}, {" ", ""}, {"\t \t", ""}, {"a", "a"}, {" a", "a"}, {"a\t", "a"}, {"  a b\t c \t", "a b\t c"}};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		assert_true(freshet_str_is(field_trim(freshet_str_of(values[i][0])), values[i][1]));
	assert_int_equal(field_trim((freshet_str){NULL, 0}).len, 0);
}

static void an_event_stream_is_known_by_its_type(void **state)
{
	(void)state;
	static const char *const yes[] = {"text/event-stream", "TEXT/Event-Stream", "text/event-stream;charset=utf-8",
		"text/event-stream ; charset=UTF-8", "text/event-stream\t"};
	static const char *const no[] = {"", "text/html", "text/event-streams", "text/event-strea",
		" text/event-stream", "text/event-stream,text/html", "application/json"};
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(field_is_event_stream(freshet_str_of(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(field_is_event_stream(freshet_str_of(no[i])));
	assert_false(field_is_event_stream((freshet_str){"text/event-stream\0x", 19}));
	assert_false(field_is_event_stream((freshet_str){NULL, 0}));
}

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7. */
#define EXAMPLE_S 784111777

struct retry_after {
	const char *value;
	int64_t now_s;
	uint64_t expected_ms;
	bool said;
};

static const struct retry_after retry_after[] = {
	{"0", 0, 0, true},
	{"1", 0, 1000, true},
	{"120", 0, 120000, true},
	{"00120", 0, 120000, true},
	/* Of the three forms of a date the first is sent, all three are read. */
	{"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_S - 60, 60000, true},
	{"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE_S - 60, 60000, true},
	{"Sun Nov  6 08:49:37 1994", EXAMPLE_S - 60, 60000, true},
	{"Fri, 31 Dec 1999 23:59:59 GMT", 946684799 - 1, 1000, true},
	/* The past. */
	{"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_S, 0, true},
	{"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_S + 1, 0, true},
	/* Malformed. */
	{"", 0, 0, false},
	{"-1", 0, 0, false},
	{"+1", 0, 0, false},
	{"1.5", 0, 0, false},
	{" 1", 0, 0, false},
	{"1 ", 0, 0, false},
	{"soon", 0, 0, false},
	{"Sun, 06 Nov 1994 08:49:37", EXAMPLE_S - 60, 0, false},
	{"Sun, 06 Nov 1994 08:49:37 GMT and more", EXAMPLE_S - 60, 0, false},
	{"Sun, 06 Nov 1994 08:49:37 GMT, and much more than any date would ever need to be told", EXAMPLE_S - 60, 0,
		false},
	{"1994-11-06T08:49:37Z", EXAMPLE_S - 60, 0, false},
};

static void retry_after_is_read_in_every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof retry_after / sizeof retry_after[0]; i++) {
		const struct retry_after *r = &retry_after[i];
		print_message("%s\n", r->value);
		uint64_t ms = 1;
		assert_true(field_retry_after(freshet_str_of(r->value), r->now_s, &ms) == r->said);
		assert_true(ms == r->expected_ms);
	}
	uint64_t none = 1;
	assert_false(field_retry_after((freshet_str){NULL, 0}, 0, &none));
	assert_true(none == 0);
	assert_false(field_retry_after((freshet_str){"1\0", 2}, 0, &none));
}

static void seconds_without_end_are_long_but_do_not_overflow(void **state)
{
	(void)state;
	char digits[200];
	memset(digits, '9', sizeof digits);
	uint64_t ms;
	assert_true(field_retry_after((freshet_str){digits, sizeof digits}, 0, &ms));
	assert_true(ms >= (uint64_t)UINT32_MAX * 1000 && ms < UINT64_MAX / 1000);
}

static void a_user_agent_has_products_and_comments(void **state)
{
	(void)state;
	static const char *const good[] = {"a", "a/1", "a/1.0 b/2", "(c)", "a (b; c) d/1", "a ((nested) \\) \\\\ \tx)",
		"(\xc3\xa4)", "a! #$%&'*+-.^_`|~1/~"};
	static const char *const bad[] = {"", " ", " a", "a ", "a  b", "a\tb", "a/", "/1", "a/1/2", "a//1", "a,b",
		"a;b", "\"a\"", "a@b", "(", ")", "(a", "a)", "(a))", "(a)b", "a(b)", "(a\\", "a\r\nx: y", "a\nb",
		"(a\nb)", "(\\\n)", "(\\)", "(\x7f)", "\xc3\xa4", "a=b"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(field_is_product_list(freshet_str_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		print_message("%s\n", bad[i]);
		assert_false(field_is_product_list(freshet_str_of(bad[i])));
	}
	assert_false(field_is_product_list((freshet_str){"(a\0b)", 5}));
	assert_false(field_is_product_list((freshet_str){"(\\", 2}));
}

#define TRACE_ID  "0af7651916cd43dd8448eb211c80319c"
#define PARENT_ID "b7ad6b7169203331"

static void a_traceparent_is_as_the_standard_says(void **state)
{
	(void)state;
	static const char *const good[] = {"00-" TRACE_ID "-" PARENT_ID "-01", "00-" TRACE_ID "-" PARENT_ID "-00",
		"00-" TRACE_ID "-" PARENT_ID "-ff", "01-" TRACE_ID "-" PARENT_ID "-00",
		"cc-" TRACE_ID "-" PARENT_ID "-00-what comes later", "01-" TRACE_ID "-" PARENT_ID "-00-"};
	static const char *const bad[] = {"", "00", "00-" TRACE_ID "-" PARENT_ID "-0", "00-" TRACE_ID "-" PARENT_ID,
		"00-" TRACE_ID "-" PARENT_ID "-01-", "00-" TRACE_ID "-" PARENT_ID "-011",
		"00-" TRACE_ID "-" PARENT_ID "-01-more", "ff-" TRACE_ID "-" PARENT_ID "-01",
		"FE-" TRACE_ID "-" PARENT_ID "-01", "00-0AF7651916CD43DD8448EB211C80319C-" PARENT_ID "-01",
		"00-" TRACE_ID "-B7AD6B7169203331-01", "00-" TRACE_ID "-" PARENT_ID "-0A",
		"00-00000000000000000000000000000000-" PARENT_ID "-01", "00-" TRACE_ID "-0000000000000000-01",
		"00_" TRACE_ID "-" PARENT_ID "-01", "00-" TRACE_ID "_" PARENT_ID "-01",
		"00-" TRACE_ID "-" PARENT_ID "_01", "0g-" TRACE_ID "-" PARENT_ID "-01",
		" 00-" TRACE_ID "-" PARENT_ID "-01", "00-" TRACE_ID "-" PARENT_ID "-01 ",
		"01-" TRACE_ID "-" PARENT_ID "-00.more", "01-" TRACE_ID "-" PARENT_ID "-00-\r\nx: y"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(field_is_traceparent(freshet_str_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		print_message("%s\n", bad[i]);
		assert_false(field_is_traceparent(freshet_str_of(bad[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_a_token),
		cmocka_unit_test(a_value_has_no_control_but_tab),
		cmocka_unit_test(fields_of_the_library_are_told_apart),
		cmocka_unit_test(the_first_value_of_a_name_is_found_in_any_case),
		cmocka_unit_test(blanks_around_a_value_are_none_of_it),
		cmocka_unit_test(an_event_stream_is_known_by_its_type),
		cmocka_unit_test(retry_after_is_read_in_every_form),
		cmocka_unit_test(a_user_agent_has_products_and_comments),
		cmocka_unit_test(a_traceparent_is_as_the_standard_says),
		cmocka_unit_test(seconds_without_end_are_long_but_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
