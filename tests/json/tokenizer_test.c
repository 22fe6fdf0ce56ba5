/*
 * The tokenizer: every good and bad text of the table, whole, byte by byte, at every cut and at every pair of cuts; its
 * tokens; its limits; strings in parts; JSON lines; each allocation failing in turn.
 */
#include "json/cases.h"
#include "support/failmem.h"
#include "support/test.h"

#include <sys/mman.h>
#include <unistd.h>

/* What came of a run: the tokens as text, and how it ended. */
struct run {
	char trace[4096];
	size_t len;
	freshet_err err;
	uint64_t position;
};

static void note(struct run *run, const char *text, size_t len)
{
	assert_true(run->len + len < sizeof run->trace);
	if (len > 0)
		memcpy(run->trace + run->len, text, len);
	run->len += len;
	run->trace[run->len] = '\0';
}

static void note_token(struct run *run, const freshet_json_token *token)
{
	static const char *const names[] = {"{", "}", "[", "]", "k:", "s:", "v:", "."};
	/* Parts are written as the string that they are parts of: where they are cut is not told. */
	if ((token->flags & FRESHET_JSON_CONTINUED) == 0) {
		char at[48];
		int len = snprintf(at, sizeof at, " %llu/%zu ", (unsigned long long)token->position, token->depth);
		note(run, at, (size_t)len);
		note(run, names[token->type], strlen(names[token->type]));
	}
	note(run, token->text.ptr, token->text.len);
	note(run, token->value.raw.ptr, token->value.raw.len);
}

static bool take_tokens(freshet_json_tokenizer *t, struct run *run)
{
	freshet_json_token token;
	freshet_json_result result;
	while ((result = freshet_json_tokenizer_next(t, &token)) == FRESHET_JSON_TOKEN)
		note_token(run, &token);
	if (result == FRESHET_JSON_MORE)
		return true;
	run->err = freshet_json_tokenizer_error(t, &run->position);
	assert_int_not_equal(run->err, FRESHET_OK);
	/* A failure repeats. */
	assert_int_equal(freshet_json_tokenizer_next(t, &token), FRESHET_JSON_FAILED);
	return false;
}

/* Feeds the pieces that end at the given places; the last one is the end of the text. */
static void run_pieces(freshet_json_tokenizer *t, const char *text, const size_t *ends, size_t count, struct run *run)
{
	size_t at = 0;
	run->len = 0;
	run->trace[0] = '\0';
	run->err = FRESHET_OK;
	run->position = 0;
	freshet_json_tokenizer_reset(t);
	for (size_t i = 0; i < count; i++) {
		/* A copy of just the piece: nothing behind it may be read, and nothing of it may be kept. */
		size_t len = ends[i] - at;
		uint8_t *piece = malloc(len > 0 ? len : 1);
		memcpy(piece, text + at, len);
		assert_int_equal(freshet_json_tokenizer_feed(t, piece, len), FRESHET_OK);
		bool more = take_tokens(t, run);
		memset(piece, 0xee, len);
		free(piece);
		if (!more)
			return;
		at = ends[i];
	}
	freshet_json_tokenizer_finish(t);
	take_tokens(t, run);
}

static freshet_json_tokenizer *tokenizer(bool parts, bool lines)
{
	freshet_json_tokenizer_options o;
	freshet_json_tokenizer *t;
	freshet_json_tokenizer_options_init(&o);
	o.parts = parts;
	o.lines = lines;
	assert_int_equal(freshet_json_tokenizer_new(&o, &t), FRESHET_OK);
	return t;
}

static void same_whatever_the_cuts(freshet_json_tokenizer *t, const char *text, size_t len, struct run *whole)
{
	struct run cut;
	size_t end = len;
	run_pieces(t, text, &end, 1, whole);
	for (size_t i = 0; i <= len; i++) {
		for (size_t j = i; j <= (len <= 48 ? len : i); j++) {
			const size_t ends[] = {i, j, len};
			run_pieces(t, text, ends, 3, &cut);
			assert_int_equal(cut.err, whole->err);
			assert_int_equal(cut.position, whole->position);
			/* A failure may come before or behind the last token of the whole run, never change one. */
			if (cut.err == FRESHET_OK)
				assert_string_equal(cut.trace, whole->trace);
		}
	}
}

static void every_case_at_every_cut(void **state)
{
	(void)state;
	for (int parts = 0; parts < 2; parts++) {
		freshet_json_tokenizer *t = tokenizer(parts != 0, false);
		for (size_t i = 0; i < JSON_CASES; i++) {
			struct run whole;
			same_whatever_the_cuts(t, json_cases[i].text, json_cases[i].len, &whole);
			if (whole.err != json_cases[i].err || whole.position != json_cases[i].position)
				fail_msg("%s: %s at %llu, not %s at %zu", json_cases[i].text,
					freshet_err_name(whole.err), (unsigned long long)whole.position,
					freshet_err_name(json_cases[i].err), json_cases[i].position);
		}
		freshet_json_tokenizer_free(t);
	}
}

static void the_tokens(void **state)
{
	static const struct {
		const char *text;
		const char *trace;
	} table[] = {
		{"null", " 0/0 v:null 4/0 ."},
		{"[]", " 0/0 [ 1/0 ] 2/0 ."},
		{" {\"a\" : -1.5e3 , \"b\":[true,\"x\\ny\"]}",
			" 1/0 { 2/1 k:a 8/1 v:-1.5e3 17/1 k:b 21/1 [ 22/2 v:true 27/2 s:x\ny 33/1 ] 34/0 } 35/0 ."},
		{"\"\\ud83d\\ude00\\ud800!\"", " 0/0 s:\xf0\x9f\x98\x80\xef\xbf\xbd! 21/0 ."},
		{"{\"\\u0061\":\"\xc3\xa9\"}", " 0/0 { 1/1 k:a 10/1 s:\xc3\xa9 14/0 } 15/0 ."},
	};
	(void)state;
	freshet_json_tokenizer *t = tokenizer(false, false);
	freshet_json_tokenizer *in_parts = tokenizer(true, false);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct run whole;
		same_whatever_the_cuts(t, table[i].text, strlen(table[i].text), &whole);
		assert_string_equal(whole.trace, table[i].trace);
		same_whatever_the_cuts(in_parts, table[i].text, strlen(table[i].text), &whole);
		assert_string_equal(whole.trace, table[i].trace);
	}
	freshet_json_tokenizer_free(t);
	freshet_json_tokenizer_free(in_parts);
}

static void lines_are_texts_of_their_own(void **state)
{
	static const char text[] = "1\n{\"a\":2}\r\n\n \"b\"";
	(void)state;
	struct run whole;
	freshet_json_tokenizer *t = tokenizer(false, true);
	same_whatever_the_cuts(t, text, sizeof text - 1, &whole);
	assert_int_equal(whole.err, FRESHET_OK);
	assert_non_null(strstr(whole.trace, "v:1"));
	assert_non_null(strstr(whole.trace, "k:a"));
	assert_non_null(strstr(whole.trace, "s:b"));
	same_whatever_the_cuts(t, "1 2\n", 4, &whole);
	assert_int_equal(whole.err, FRESHET_EJSON_TRAILING);
	assert_int_equal(whole.position, 2);
	freshet_json_tokenizer_free(t);
}

static void limits(void **state)
{
	static const struct {
		const char *text;
		size_t max_depth;
		size_t max_key;
		size_t max_number;
		size_t max_string;
		uint64_t max_text;
		freshet_err err;
	} table[] = {
		{"[[1]]", 2, 0, 0, 0, 0, FRESHET_OK},
		{"[[1]]", 1, 0, 0, 0, 0, FRESHET_EJSON_DEPTH},
		{"{\"abc\":1}", 0, 3, 0, 0, 0, FRESHET_OK},
		{"{\"abcd\":1}", 0, 3, 0, 0, 0, FRESHET_EJSON_SIZE},
		{"{\"\\u0061bcd\":1}", 0, 3, 0, 0, 0, FRESHET_EJSON_SIZE},
		{"[123]", 0, 0, 3, 0, 0, FRESHET_OK},
		{"[1234]", 0, 0, 3, 0, 0, FRESHET_EJSON_SIZE},
		{"\"abc\"", 0, 0, 0, 3, 0, FRESHET_OK},
		{"\"abcd\"", 0, 0, 0, 3, 0, FRESHET_EJSON_SIZE},
		{"\"\\n\\n\\n\"", 0, 0, 0, 3, 0, FRESHET_OK},
		{"[1,2]", 0, 0, 0, 0, 5, FRESHET_OK},
		{"[1,2] ", 0, 0, 0, 0, 5, FRESHET_EJSON_SIZE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		freshet_json_tokenizer_options o;
		freshet_json_tokenizer *t;
		struct run whole;
		freshet_json_tokenizer_options_init(&o);
		o.max_depth = table[i].max_depth;
		o.max_key = table[i].max_key;
		o.max_number = table[i].max_number;
		o.max_string = table[i].max_string;
		o.max_text = table[i].max_text;
		assert_int_equal(freshet_json_tokenizer_new(&o, &t), FRESHET_OK);
		same_whatever_the_cuts(t, table[i].text, strlen(table[i].text), &whole);
		if (whole.err != table[i].err)
			fail_msg("%s: %s", table[i].text, freshet_err_name(whole.err));
		freshet_json_tokenizer_free(t);
	}
}

static void a_piece_that_is_not_used_up_is_refused(void **state)
{
	freshet_json_token token;
	(void)state;
	freshet_json_tokenizer *t = tokenizer(false, false);
	assert_int_equal(freshet_json_tokenizer_feed(t, (const uint8_t *)"[1", 2), FRESHET_OK);
	assert_int_equal(freshet_json_tokenizer_feed(t, (const uint8_t *)"]", 1), FRESHET_ESTATE);
	assert_int_equal(freshet_json_tokenizer_next(t, &token), FRESHET_JSON_TOKEN);
	assert_int_equal(freshet_json_tokenizer_next(t, &token), FRESHET_JSON_MORE);
	assert_int_equal(freshet_json_tokenizer_feed(t, NULL, 0), FRESHET_OK);
	assert_int_equal(freshet_json_tokenizer_feed(t, (const uint8_t *)"]", 1), FRESHET_OK);
	freshet_json_tokenizer_free(t);
}

/* Pieces that end at a page which cannot be read. */
static void nothing_is_read_behind_a_piece(void **state)
{
	(void)state;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
	freshet_json_tokenizer *t = tokenizer(false, false);
	for (size_t i = 0; i < JSON_CASES; i++) {
		const struct json_case *c = &json_cases[i];
		if (c->len > page)
			continue;
		char *text = memory + page - c->len;
		struct run run = {.len = 0};
		memcpy(text, c->text, c->len);
		freshet_json_tokenizer_reset(t);
		assert_int_equal(freshet_json_tokenizer_feed(t, (const uint8_t *)text, c->len), FRESHET_OK);
		if (take_tokens(t, &run)) {
			freshet_json_tokenizer_finish(t);
			take_tokens(t, &run);
		}
		assert_int_equal(run.err, c->err);
	}
	freshet_json_tokenizer_free(t);
	munmap(memory, 2 * page);
}

static void every_allocation_may_fail(void **state)
{
	static const char text[] =
		"{\"a long name with an escape \\u00e9\":[\"a long string \\n of which\",12345,{\"x\":1}]}";
	(void)state;
	failmem_arm(0);
	for (size_t n = 1;; n++) {
		freshet_json_tokenizer *t;
		struct run run;
		failmem_arm(n);
		freshet_err err = freshet_json_tokenizer_new(NULL, &t);
		if (err == FRESHET_OK) {
			size_t ends[sizeof text - 1];
			for (size_t i = 0; i < sizeof text - 1; i++)
				ends[i] = i + 1;
			run_pieces(t, text, ends, sizeof text - 1, &run);
			err = run.err;
			freshet_json_tokenizer_free(t);
		} else {
			assert_null(t);
		}
		assert_int_equal(err, failmem_fired() ? FRESHET_ENOMEM : FRESHET_OK);
		assert_int_equal(failmem_live(), 0);
		if (!failmem_fired())
			break;
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tokens),
		cmocka_unit_test(every_case_at_every_cut),
		cmocka_unit_test(lines_are_texts_of_their_own),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_piece_that_is_not_used_up_is_refused),
		cmocka_unit_test(nothing_is_read_behind_a_piece),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
