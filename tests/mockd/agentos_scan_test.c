/*
 * The reader of JSON without a tree, held against jansson: what it takes, what it refuses, and where values lie.
 */
#include "mockd/agentos/scan.h"

#include "support/test.h"

#include <jansson.h>

/* Read as a whole, value by value. */
static bool takes(const char *text, size_t len)
{
	freshet_str value = {NULL, 0};
	struct scan s = scan_of((freshet_str){text, len});
	return scan_value(&s, &value) && scan_end(&s);
}

static bool jansson_takes(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_decref(json);
	return json != NULL;
}

static const char *const texts[] = {"{}", "[]", "\"\"", "0", "-0", "10.25", "1e5", "1E-5", "0.1e+10", "true", "false",
	"null", " [ 1 , 2 ] ", "{\"a\":{\"b\":[{},[],[[]]]},\"c\":\"}]\\\"\"}", "\"\\u00e9\\n\\\\\\/\"", "[[[[[[]]]]]]",
	"{\"a\" : null , \"b\" : [ true , false ] }", "\t\r\n1\n",
	/* none of these is any */
	"", " ", "{", "[", "\"", "[1", "[1,", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
	"[1 2]", "01", "-", "+1", ".5", "1.", "1e", "1e+", "tru", "truee", "nul", "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"",
	"\"a\nb\"", "{\"a\":1 \"b\":2}", "[}", "{]", "[1]]", "{}{}", "]", "}", ",", ":", "'a'", "[\"a\":1]", "{1:2}",
	"--1", "1-", "\"\\"};

static void it_takes_what_is_json_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		size_t len = strlen(texts[i]);
		if (takes(texts[i], len) != jansson_takes(texts[i], len))
			fail_msg("%s: %d", texts[i], takes(texts[i], len));
	}
}

/* Every beginning of every text, at the end of its memory. */
static void beginnings_are_told_from_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		for (size_t len = 0; len < strlen(texts[i]); len++) {
			char *part = malloc(len + (len == 0));
			memcpy(part, texts[i], len);
			if (takes(part, len) != jansson_takes(part, len))
				fail_msg("%zu bytes of %s: %d", len, texts[i], takes(part, len));
			free(part);
		}
	}
}

/* A byte of each text is another one. */
static void changed_bytes_are_noticed_where_jansson_does(void **state)
{
	(void)state;
	static const char others[] = "{}[]\",:0-e.\\u \x01t";
	char text[128];
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		size_t len = strlen(texts[i]);
		for (size_t at = 0; at < len; at++) {
			for (size_t j = 0; j < sizeof others - 1; j++) {
				memcpy(text, texts[i], len);
				text[at] = others[j];
				if (takes(text, len) != jansson_takes(text, len))
					fail_msg("%.*s: %d", (int)len, text, takes(text, len));
			}
		}
	}
}

static void members_and_items_come_with_their_bytes(void **state)
{
	(void)state;
	static const char text[] =
		" { \"run\" : \"x\\\"y\" , \"list\" : [ {\"a\":[1, 2]} , 7 ,\"s\"] ,\"last\":null } ";
	struct scan s = scan_of(freshet_str_of(text));
	freshet_str name = {NULL, 0};
	freshet_str value = {NULL, 0};
	freshet_str word = {NULL, 0};
	scan_open(&s, '{');
	assert_true(scan_member(&s, &name) && scan_value(&s, &value));
	assert_true(freshet_str_is(name, "run"));
	assert_true(freshet_str_is(value, "\"x\\\"y\""));
	assert_true(scan_string(value, &word) && freshet_str_is(word, "x\\\"y"));
	assert_true(scan_member(&s, &name) && scan_value(&s, &value));
	assert_false(scan_string(value, &word));
	struct scan list = scan_of(value);
	static const char *const items[] = {"{\"a\":[1, 2]}", "7", "\"s\""};
	scan_open(&list, '[');
	for (size_t i = 0; i < 3; i++) {
		assert_true(scan_item(&list) && scan_value(&list, &value));
		assert_true(freshet_str_is(value, items[i]));
	}
	assert_false(scan_item(&list));
	assert_true(scan_end(&list));
	assert_true(scan_member(&s, &name) && scan_value(&s, &value));
	assert_true(freshet_str_is(value, "null"));
	assert_false(scan_member(&s, &name));
	assert_true(scan_end(&s));
}

static void what_is_wrong_ends_it(void **state)
{
	(void)state;
	freshet_str name = {NULL, 0};
	freshet_str value = {NULL, 0};
	struct scan s = scan_of(freshet_str_of("{\"a\":1,}"));
	scan_open(&s, '{');
	assert_true(scan_member(&s, &name) && scan_value(&s, &value));
	assert_false(scan_member(&s, &name));
	assert_false(scan_end(&s));
	s = scan_of(freshet_str_of("[1]"));
	scan_open(&s, '{');
	assert_false(scan_member(&s, &name));
	assert_false(scan_value(&s, &value));
	assert_false(scan_end(&s));
	/* Too deep. */
	char deep[1024];
	memset(deep, '[', 512);
	memset(deep + 512, ']', 512);
	assert_false(takes(deep, 1024));
	assert_true(takes(deep + 512 - 200, 400));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_what_is_json_and_nothing_else),
		cmocka_unit_test(beginnings_are_told_from_the_whole),
		cmocka_unit_test(changed_bytes_are_noticed_where_jansson_does),
		cmocka_unit_test(members_and_items_come_with_their_bytes),
		cmocka_unit_test(what_is_wrong_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
