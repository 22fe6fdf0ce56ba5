/*
 * Random texts, good ones and ones with a few bytes changed: the picker, the tokenizer fed in random pieces, and jansson
 * (which nobody here wrote) must agree on which of them are JSON.
 *
 * jansson refuses three things that RFC 8259 allows, and they are left out of the comparison: lone surrogates, numbers
 * that no double or 64-bit integer holds, and NUL in member names.
 */
#include "base/random.h"
#include "support/test.h"

#include <freshet/json.h>
#include <jansson.h>

#define ROUNDS   60000
#define TEXT_MAX 512

struct text {
	char bytes[TEXT_MAX];
	size_t len;
};

static struct random random_state;

static size_t below(size_t bound)
{
	return (size_t)(random_next(&random_state) % bound);
}

static void add(struct text *t, const char *piece)
{
	size_t len = strlen(piece);
	if (t->len + len < TEXT_MAX) {
		memcpy(t->bytes + t->len, piece, len);
		t->len += len;
	}
}

static void add_string(struct text *t)
{
	static const char *const pieces[] = {"a", "type", " ", "\\n", "\\u00e9", "\\ud83d\\ude00", "\xc3\xa9",
		"\xf0\x9f\x98\x80", "\\\"", "\\\\", "0123456789abcdefghijklmnopqrstuvwxyz"};
	add(t, "\"");
	for (size_t n = below(4); n > 0; n--)
		add(t, pieces[below(sizeof pieces / sizeof pieces[0])]);
	add(t, "\"");
}

static void add_value(struct text *t, unsigned depth)
{
	static const char *const scalars[] = {"0", "-1", "12.5", "1e3", "true", "false", "null", "9007199254740993"};
	static const char *const blanks[] = {"", "", "", " ", "\n", "\t\r"};
	add(t, blanks[below(6)]);
	size_t kind = depth > 0 ? below(5) : below(3);
	if (kind < 2) {
		add(t, scalars[below(sizeof scalars / sizeof scalars[0])]);
	} else if (kind == 2) {
		add_string(t);
	} else {
		add(t, kind == 3 ? "[" : "{");
		for (size_t n = below(4), i = 0; i < n; i++) {
			add(t, i > 0 ? "," : "");
			if (kind == 4) {
				add_string(t);
				add(t, blanks[below(6)]);
				add(t, ":");
			}
			add_value(t, depth - 1);
		}
		add(t, kind == 3 ? "]" : "}");
	}
	add(t, blanks[below(6)]);
}

static void damage(struct text *t)
{
	static const char nasty[] = "{}[]:,\"\\u0019.eE+-tfn \n\x01\x7f\x80\xc3\xa9\xed\xa0\xff";
	for (size_t n = below(3); n > 0 && t->len > 0; n--) {
		size_t at = below(t->len);
		switch (below(3)) {
		case 0: t->bytes[at] = nasty[below(sizeof nasty - 1)]; break;
		case 1: t->len = at; break;
		default:
			memmove(t->bytes + at, t->bytes + at + 1, t->len - at - 1);
			t->len--;
			break;
		}
	}
}

static freshet_err tokenize(const struct text *t, uint64_t *position)
{
	freshet_json_tokenizer *k;
	freshet_json_token token;
	freshet_json_result result = FRESHET_JSON_MORE;
	assert_int_equal(freshet_json_tokenizer_new(NULL, &k), FRESHET_OK);
	for (size_t at = 0; at < t->len && result != FRESHET_JSON_FAILED;) {
		size_t len = 1 + below(t->len - at);
		assert_int_equal(freshet_json_tokenizer_feed(k, (const uint8_t *)t->bytes + at, len), FRESHET_OK);
		while ((result = freshet_json_tokenizer_next(k, &token)) == FRESHET_JSON_TOKEN)
			;
		at += len;
	}
	freshet_json_tokenizer_finish(k);
	while (freshet_json_tokenizer_next(k, &token) == FRESHET_JSON_TOKEN)
		;
	freshet_err err = freshet_json_tokenizer_error(k, position);
	freshet_json_tokenizer_free(k);
	return err;
}

/* What jansson will not have though it is JSON. */
static bool beyond_jansson(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);
	return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
	       strstr(error->text, "\\uD") != NULL || strstr(error->text, "\\ud") != NULL ||
	       strstr(error->text, "invalid Unicode '\\u") != NULL || strstr(error->text, "too big") != NULL;
}

static void all_readers_agree(void **state)
{
	size_t good = 0;
	size_t bad = 0;
	(void)state;
	random_init(&random_state, 3);
	for (int i = 0; i < ROUNDS; i++) {
		struct text t = {.len = 0};
		freshet_json_value value;
		size_t position = 0;
		uint64_t token_position = 0;
		json_error_t error;
		add_value(&t, 3);
		if (i % 2 != 0)
			damage(&t);
		freshet_err err = freshet_json_read((freshet_str){t.bytes, t.len}, &value, &position);
		assert_int_equal(tokenize(&t, &token_position), err);
		if (err != FRESHET_OK)
			assert_int_equal(token_position, position);
		json_t *tree = json_loadb(t.bytes, t.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
		if ((tree != NULL) != (err == FRESHET_OK) && !(tree == NULL && beyond_jansson(&error)))
			fail_msg("%.*s: %s at %zu; jansson: %s", (int)t.len, t.bytes, freshet_err_name(err), position,
				tree != NULL ? "good" : error.text);
		json_decref(tree);
		good += err == FRESHET_OK;
		bad += err != FRESHET_OK;
	}
	print_message("%zu good, %zu bad\n", good, bad);
	assert_true(good > ROUNDS / 4 && bad > ROUNDS / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_readers_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
