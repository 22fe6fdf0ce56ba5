/*
 * Texts in pieces: the table of good and bad ones at every pair of cuts, the same tokens as the iterators see, limits, parts, lines, misuse,
 * and every allocation failing in turn.
 */
#include "json/cases.h"
#include "support/failmem.h"
#include "support/json_trace.h"
#include "support/test.h"

static freshet_json_tokenizer *make(const freshet_json_tokenizer_options *options)
{
	freshet_json_tokenizer *tokenizer;
	assert_int_equal(freshet_json_tokenizer_new(options, &tokenizer), FRESHET_OK);
	return tokenizer;
}

static freshet_json_tokenizer_options defaults(void)
{
	freshet_json_tokenizer_options options;
	freshet_json_tokenizer_options_init(&options);
	return options;
}

/* The text has the same trace at every pair of cuts. */
static void check_cuts(freshet_json_tokenizer *tokenizer, const char *text, size_t len, const char *want)
{
	struct json_trace trace = {0};
	for (size_t first = 0; first <= len; first++)
		for (size_t second = first; second <= len; second++) {
			const size_t cuts[2] = {first, second};
			trace.len = 0;
			json_trace_tokens(&trace, tokenizer, text, len, cuts, 2);
			if (strcmp(trace.text, want) != 0)
				fail_msg("%s\ncut at %zu and %zu:\n%snot\n%s", text, first, second, trace.text, want);
		}
	json_trace_clear(&trace);
}

static void check_uncut(freshet_json_tokenizer *tokenizer, const char *text, size_t len, const char *want)
{
	struct json_trace trace = {0};
	json_trace_tokens(&trace, tokenizer, text, len, NULL, 0);
	assert_string_equal(trace.text, want);
	json_trace_clear(&trace);
}

static void every_case_at_every_pair_of_cuts(void **state)
{
	(void)state;
	freshet_json_tokenizer_options options = defaults();
	for (int parts = 0; parts < 2; parts++) {
		options.parts = parts;
		freshet_json_tokenizer *tokenizer = make(&options);
		for (size_t i = 0; i < JSON_CASES; i++) {
			const struct json_case *c = &json_cases[i];
			struct json_trace uncut = {0};
			json_trace_tokens(&uncut, tokenizer, c->text, c->len, NULL, 0);
			if (uncut.err != c->err || (c->err != FRESHET_OK && uncut.position != c->position))
				fail_msg("%s:\n%snot %s at %zu", c->text, uncut.text, freshet_err_name(c->err),
					c->position);
			/* In parts, what was given of a string before its failure depends on the cuts. */
			if (!parts || c->err == FRESHET_OK)
				check_cuts(tokenizer, c->text, c->len, uncut.text);
			json_trace_clear(&uncut);
		}
		freshet_json_tokenizer_free(tokenizer);
	}
}

static void good_texts_read_as_the_iterators_read_them(void **state)
{
	(void)state;
	freshet_json_tokenizer *tokenizer = make(NULL);
	for (size_t i = 0; i < JSON_CASES; i++) {
		struct json_trace tokens = {0}, whole = {0};
		json_trace_tokens(&tokens, tokenizer, json_cases[i].text, json_cases[i].len, NULL, 0);
		json_trace_text(&whole, json_cases[i].text, json_cases[i].len);
		if (json_cases[i].err == FRESHET_OK)
			assert_string_equal(tokens.text, whole.text);
		json_trace_clear(&tokens);
		json_trace_clear(&whole);
	}
	freshet_json_tokenizer_free(tokenizer);
}

static void what_each_token_says(void **state)
{
	(void)state;
	static const char text[] = " {\"k\\n\" : [1.5e3, \"\\ud83d\\ude00\", true, null, -7]} ";
	static const struct {
		freshet_json_token_type type;
		uint64_t position;
		size_t depth;
		const char *text;
		freshet_json_type scalar;
		const char *raw;
	} want[] = {
		{FRESHET_JSON_OBJECT_BEGIN, 1, 0, "", FRESHET_JSON_MISSING, ""},
		{FRESHET_JSON_KEY, 2, 1, "k\n", FRESHET_JSON_MISSING, ""},
		{FRESHET_JSON_ARRAY_BEGIN, 10, 1, "", FRESHET_JSON_MISSING, ""},
		{FRESHET_JSON_SCALAR, 11, 2, "", FRESHET_JSON_NUMBER, "1.5e3"},
		{FRESHET_JSON_TEXT, 18, 2, "\xf0\x9f\x98\x80", FRESHET_JSON_MISSING, ""},
		{FRESHET_JSON_SCALAR, 34, 2, "", FRESHET_JSON_BOOL, "true"},
		{FRESHET_JSON_SCALAR, 40, 2, "", FRESHET_JSON_NULL, "null"},
		{FRESHET_JSON_SCALAR, 46, 2, "", FRESHET_JSON_NUMBER, "-7"},
		{FRESHET_JSON_ARRAY_END, 48, 1, "", FRESHET_JSON_MISSING, ""},
		{FRESHET_JSON_OBJECT_END, 49, 0, "", FRESHET_JSON_MISSING, ""},
		{FRESHET_JSON_END, 51, 0, "", FRESHET_JSON_MISSING, ""},
	};
	for (size_t cut = 0; cut < sizeof text; cut++) {
		freshet_json_tokenizer *tokenizer = make(NULL);
		freshet_json_token token;
		size_t seen = 0;
		for (int piece = 0; piece < 3; piece++) {
			if (piece == 2)
				freshet_json_tokenizer_finish(tokenizer);
			else
				assert_int_equal(freshet_json_tokenizer_feed(tokenizer,
							 (const uint8_t *)text + (piece == 1 ? cut : 0),
							 piece == 1 ? sizeof text - 1 - cut : cut),
					FRESHET_OK);
			if (piece < 2 && cut == sizeof text - 1 && piece == 1)
				continue;
			while (freshet_json_tokenizer_next(tokenizer, &token) == FRESHET_JSON_TOKEN) {
				assert_true(seen < sizeof want / sizeof want[0]);
				assert_int_equal(token.type, want[seen].type);
				assert_int_equal(token.position, want[seen].position);
				assert_int_equal(token.depth, want[seen].depth);
				assert_true(freshet_str_is(token.text, want[seen].text));
				assert_int_equal(token.value.type, want[seen].scalar);
				assert_true(freshet_str_is(token.value.raw, want[seen].raw));
				seen++;
			}
		}
		assert_int_equal(seen, sizeof want / sizeof want[0]);
		freshet_json_tokenizer_free(tokenizer);
	}
}

static void the_limit_fails_at_the_first_byte_it_does_not_cover(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t max_key, max_number, max_string;
		uint64_t max_text;
		const char *last; /* line of the trace */
	} cases[] = {
		{"\"abcd\"", 0, 0, 4, 0, "end\n"},
		{"\"abcde\"", 0, 0, 4, 0, "error FRESHET_EJSON_SIZE at 5\n"},
		{"\"abc\xc3\xa9\"", 0, 0, 4, 0, "error FRESHET_EJSON_SIZE at 5\n"},
		{"\"abc\xc3\xa9\"", 0, 0, 5, 0, "end\n"},
		{"\"abcd\\n\"", 0, 0, 4, 0, "error FRESHET_EJSON_SIZE at 6\n"},
		{"\"abc\\u00e9\"", 0, 0, 4, 0, "error FRESHET_EJSON_SIZE at 9\n"},
		{"\"a\\ud800x\"", 0, 0, 3, 0, "error FRESHET_EJSON_SIZE at 8\n"},
		{"\"\\ud83d\\ude00\"", 0, 0, 3, 0, "error FRESHET_EJSON_SIZE at 12\n"},
		{"\"\\ud83d\\ude00\"", 0, 0, 4, 0, "end\n"},
		{"\"abcd\xff\"", 0, 0, 4, 0, "error FRESHET_EJSON_UTF8 at 5\n"},
		{"\"abcde\xff\"", 0, 0, 4, 0, "error FRESHET_EJSON_SIZE at 5\n"},
		{"\"abcd\n\"", 0, 0, 4, 0, "error FRESHET_EJSON_STRING at 5\n"},
		{"{\"abcd\":\"abcdef\"}", 4, 0, 6, 0, "end\n"},
		{"{\"abcde\":0}", 4, 0, 6, 0, "error FRESHET_EJSON_SIZE at 6\n"},
		{"[1234,1]", 0, 4, 0, 0, "end\n"},
		{"[12345]", 0, 4, 0, 0, "error FRESHET_EJSON_SIZE at 5\n"},
		{"12345", 0, 4, 0, 0, "error FRESHET_EJSON_SIZE at 4\n"},
		{"1.2x", 0, 3, 0, 0, "error FRESHET_EJSON_TRAILING at 3\n"},
		{"1.2.", 0, 3, 0, 0, "error FRESHET_EJSON_TRAILING at 3\n"},
		{"1.e5", 0, 2, 0, 0, "error FRESHET_EJSON_NUMBER at 2\n"},
		{"[1,2]", 0, 0, 0, 5, "end\n"},
		{"[1,2] ", 0, 0, 0, 5, "error FRESHET_EJSON_SIZE at 5\n"},
		{"[1,2]", 0, 0, 0, 4, "error FRESHET_EJSON_SIZE at 4\n"},
		{"\"abc\"", 0, 0, 0, 3, "error FRESHET_EJSON_SIZE at 3\n"},
		{"123", 0, 0, 0, 2, "error FRESHET_EJSON_SIZE at 2\n"},
		{"tru", 0, 0, 0, 3, "error FRESHET_EJSON_TRUNCATED at 3\n"},
		{"[1,}", 0, 0, 0, 3, "error FRESHET_EJSON_SIZE at 3\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		freshet_json_tokenizer_options options = defaults();
		options.max_key = cases[i].max_key;
		options.max_number = cases[i].max_number;
		options.max_string = cases[i].max_string;
		options.max_text = cases[i].max_text;
		freshet_json_tokenizer *tokenizer = make(&options);
		struct json_trace uncut = {0};
		size_t len = strlen(cases[i].text);
		json_trace_tokens(&uncut, tokenizer, cases[i].text, len, NULL, 0);
		size_t last = strlen(cases[i].last);
		if (uncut.len < last || strcmp(uncut.text + uncut.len - last, cases[i].last) != 0)
			fail_msg("%s:\n%snot %s", cases[i].text, uncut.text, cases[i].last);
		check_cuts(tokenizer, cases[i].text, len, uncut.text);
		json_trace_clear(&uncut);
		freshet_json_tokenizer_free(tokenizer);
	}
}

static void depth_is_limited(void **state)
{
	(void)state;
	freshet_json_tokenizer_options options = defaults();
	char text[FRESHET_JSON_DEPTH_MAX + 2];
	memset(text, '[', sizeof text);
	for (size_t depth = 1; depth <= FRESHET_JSON_DEPTH_MAX; depth = depth * 3 + 1) {
		options.max_depth = depth;
		freshet_json_tokenizer *tokenizer = make(&options);
		struct json_trace trace = {0};
		json_trace_tokens(&trace, tokenizer, text, sizeof text, NULL, 0);
		assert_int_equal(trace.err, FRESHET_EJSON_DEPTH);
		assert_int_equal(trace.position, depth);
		json_trace_clear(&trace);
		freshet_json_tokenizer_free(tokenizer);
	}
	freshet_json_tokenizer *tokenizer = make(NULL);
	struct json_trace trace = {0};
	json_trace_tokens(&trace, tokenizer, text, sizeof text, NULL, 0);
	assert_int_equal(trace.position, FRESHET_JSON_DEPTH);
	json_trace_clear(&trace);
	freshet_json_tokenizer_free(tokenizer);
}

static void strings_come_in_parts_where_that_is_wanted(void **state)
{
	(void)state;
	freshet_json_tokenizer_options options = defaults();
	freshet_json_token token;
	options.parts = true;
	options.max_string = 4; /* does not count */
	freshet_json_tokenizer *tokenizer = make(&options);

	/* One part for each piece, as it lies there; none for a piece that adds nothing. */
	static const char *const pieces[] = {"{\"long\": \"abc", "defghij", "\\", "n", "\xc3", "\xa9", "", "z", "\"}"};
	static const char *const parts[] = {"abc", "defghij", "", "\n", "", "\xc3\xa9", "", "z", ""};
	size_t given = 0;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		freshet_str piece = freshet_str_of(pieces[i]);
		assert_int_equal(
			freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)piece.ptr, piece.len), FRESHET_OK);
		while (freshet_json_tokenizer_next(tokenizer, &token) == FRESHET_JSON_TOKEN) {
			if (token.type != FRESHET_JSON_TEXT)
				continue;
			assert_true(freshet_str_is(token.text, parts[i]));
			assert_int_equal(token.position, 9);
			bool last = i == sizeof pieces / sizeof pieces[0] - 1;
			assert_int_equal(token.flags & FRESHET_JSON_PART, last ? 0 : FRESHET_JSON_PART);
			assert_int_equal(token.flags & FRESHET_JSON_CONTINUED, given > 0 ? FRESHET_JSON_CONTINUED : 0);
			given++;
		}
	}
	assert_int_equal(given, 6);

	/* A string inside one piece comes whole, decoded or as it lies. */
	freshet_json_tokenizer_reset(tokenizer);
	static const char text[] = "[\"abc\\tdef\",\"abcdefghijklmnopqrstuvwxyz\"]";
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)text, sizeof text - 1), FRESHET_OK);
	assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_TOKEN);
	assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_TOKEN);
	assert_true(freshet_str_is(token.text, "abc\tdef"));
	assert_int_equal(token.flags, 0);
	assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_TOKEN);
	assert_true(freshet_str_is(token.text, "abcdefghijklmnopqrstuvwxyz"));
	assert_ptr_equal(token.text.ptr, text + 13);
	assert_int_equal(token.flags, 0);
	freshet_json_tokenizer_free(tokenizer);
}

/* A string much larger than what may be held, with and without escapes, in pieces of many sizes. */
static void parts_need_little_memory(void **state)
{
	(void)state;
	enum { SIZE = 100000 };
	static char text[SIZE + 8];
	freshet_json_tokenizer_options options = defaults();
	options.parts = true;
	for (int escaped = 0; escaped < 2; escaped++) {
		text[0] = '"';
		for (size_t i = 1; i <= SIZE; i++)
			text[i] = escaped ? "\\n\\\"abc"[(i - 1) % 7] : 'x';
		size_t len = escaped ? SIZE / 7 * 7 + 1 : SIZE + 1;
		text[len++] = '"';
		for (size_t piece = 1; piece <= 65536; piece = piece * 7 + 3) {
			freshet_json_tokenizer *tokenizer = make(&options);
			freshet_json_token token;
			size_t got = 0;
			for (size_t at = 0; at < len; at += piece) {
				size_t bytes = len - at < piece ? len - at : piece;
				freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)text + at, bytes);
				while (freshet_json_tokenizer_next(tokenizer, &token) == FRESHET_JSON_TOKEN) {
					if (escaped)
						assert_true(token.text.len <= 4096 + 64);
					got += token.text.len;
				}
			}
			assert_int_equal(got, escaped ? SIZE / 7 * 5 : SIZE);
			assert_int_equal(freshet_json_tokenizer_error(tokenizer, NULL), FRESHET_OK);
			freshet_json_tokenizer_free(tokenizer);
		}
	}
}

static void lines_of_values(void **state)
{
	(void)state;
	freshet_json_tokenizer_options options = defaults();
	options.lines = true;
	freshet_json_tokenizer *tokenizer = make(&options);
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"", ""},
		{" \n\n ", ""},
		{"1\n2\n", "number 1\nend\nnumber 2\nend\n"},
		{"1\r\n\r\n \t2", "number 1\nend\nnumber 2\nend\n"},
		{"[1,\n2]\n{}\n", "[\nnumber 1\nnumber 2\n]\nend\n{\n}\nend\n"},
		{"{} []", "{\n}\nerror FRESHET_EJSON_TRAILING at 3\n"},
		{"{}\n]", "{\n}\nend\nerror FRESHET_EJSON_SYNTAX at 3\n"},
		{"\"a\"\n\"b", "string \"a\"\nend\nerror FRESHET_EJSON_TRUNCATED at 6\n"},
		{"true \n false", "true\nend\nfalse\nend\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (*cases[i].want == '\0') {
			freshet_json_token token;
			freshet_json_tokenizer_reset(tokenizer);
			freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)cases[i].text, strlen(cases[i].text));
			freshet_json_tokenizer_finish(tokenizer);
			assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_MORE);
		} else {
			check_cuts(tokenizer, cases[i].text, strlen(cases[i].text), cases[i].want);
		}
	}
	freshet_json_tokenizer_free(tokenizer);

	/* Each value has a limit of its own; the empty lines between them have none. */
	options.max_text = 3;
	tokenizer = make(&options);
	static const char good[] = "[1]\n\n\n\n\n\n[2]\n";
	check_cuts(tokenizer, good, sizeof good - 1, "[\nnumber 1\n]\nend\n[\nnumber 2\n]\nend\n");
	check_uncut(tokenizer, "[1]\n[22]\n", 9, "[\nnumber 1\n]\nend\n[\nerror FRESHET_EJSON_SIZE at 7\n");
	freshet_json_tokenizer_free(tokenizer);
}

static void a_failure_repeats_until_the_reset(void **state)
{
	(void)state;
	freshet_json_tokenizer *tokenizer = make(NULL);
	freshet_json_token token;
	uint64_t position = 99;
	assert_int_equal(freshet_json_tokenizer_error(tokenizer, &position), FRESHET_OK);
	assert_int_equal(position, 99);
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)"[}]", 3), FRESHET_OK);
	assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_TOKEN);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_FAILED);
		assert_int_equal(freshet_json_tokenizer_error(tokenizer, &position), FRESHET_EJSON_SYNTAX);
		assert_int_equal(position, 1);
	}
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)"1", 1), FRESHET_ESTATE);
	freshet_json_tokenizer_reset(tokenizer);
	check_uncut(tokenizer, "[1]", 3, "[\nnumber 1\n]\nend\n");
	freshet_json_tokenizer_free(tokenizer);
}

static void misuse_is_told(void **state)
{
	(void)state;
	freshet_json_tokenizer *tokenizer = make(NULL);
	freshet_json_token token;
	assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_MORE);
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)"[1", 2), FRESHET_OK);
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)"]", 1), FRESHET_ESTATE);
	while (freshet_json_tokenizer_next(tokenizer, &token) == FRESHET_JSON_TOKEN)
		;
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, NULL, 0), FRESHET_OK);
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)"]", 1), FRESHET_OK);
	freshet_json_tokenizer_finish(tokenizer);
	freshet_json_token_type last = FRESHET_JSON_KEY;
	while (freshet_json_tokenizer_next(tokenizer, &token) == FRESHET_JSON_TOKEN)
		last = token.type;
	assert_int_equal(last, FRESHET_JSON_END);
	assert_int_equal(freshet_json_tokenizer_next(tokenizer, &token), FRESHET_JSON_MORE);
	assert_int_equal(freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)" ", 1), FRESHET_ESTATE);
	freshet_json_tokenizer_free(tokenizer);
	freshet_json_tokenizer_free(NULL);

	freshet_json_tokenizer_options options = defaults();
	options.size++;
	assert_int_equal(freshet_json_tokenizer_new(&options, &tokenizer), FRESHET_EINVAL);
	assert_null(tokenizer);
	options = defaults();
	options.max_depth = FRESHET_JSON_DEPTH_MAX + 1;
	assert_int_equal(freshet_json_tokenizer_new(&options, &tokenizer), FRESHET_EINVAL);
	memset(&options, 0, sizeof options);
	options.size = sizeof options;
	tokenizer = make(&options);
	check_uncut(tokenizer, "{\"a\":[1]}", 9, "{\nkey \"a\"\n[\nnumber 1\n]\n}\nend\n");
	freshet_json_tokenizer_free(tokenizer);
}

/* Strings, keys and numbers that are cut need memory; each allocation fails once. */
static void every_allocation_failure(void **state)
{
	(void)state;
	static const char text[] = "{\"key\\n\":\"some \\t text\",\"n\":123.5}";
	bool done = false;
	for (size_t n = 1; !done; n++) {
		freshet_json_tokenizer *tokenizer = NULL;
		freshet_json_token token;
		freshet_json_result result = FRESHET_JSON_MORE;
		failmem_arm(n);
		freshet_err err = freshet_json_tokenizer_new(NULL, &tokenizer);
		for (size_t i = 0; err == FRESHET_OK && i < sizeof text - 1 && result != FRESHET_JSON_FAILED; i++) {
			assert_int_equal(
				freshet_json_tokenizer_feed(tokenizer, (const uint8_t *)text + i, 1), FRESHET_OK);
			do
				result = freshet_json_tokenizer_next(tokenizer, &token);
			while (result == FRESHET_JSON_TOKEN);
		}
		if (result == FRESHET_JSON_FAILED)
			err = freshet_json_tokenizer_error(tokenizer, NULL);
		done = !failmem_fired();
		assert_int_equal(err, done ? FRESHET_OK : FRESHET_ENOMEM);
		freshet_json_tokenizer_free(tokenizer);
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_at_every_pair_of_cuts),
		cmocka_unit_test(good_texts_read_as_the_iterators_read_them),
		cmocka_unit_test(what_each_token_says),
		cmocka_unit_test(the_limit_fails_at_the_first_byte_it_does_not_cover),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(strings_come_in_parts_where_that_is_wanted),
		cmocka_unit_test(parts_need_little_memory),
		cmocka_unit_test(lines_of_values),
		cmocka_unit_test(a_failure_repeats_until_the_reset),
		cmocka_unit_test(misuse_is_told),
		cmocka_unit_test(every_allocation_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
