/*
 * What came out of a JSON text, as text, so that the readers can be held against each other: one line for each token.
 *
 *	{
 *	key "a\n"
 *	number 1.5
 *	string "x"
 *	true
 *	}
 *	end
 *	error FRESHET_EJSON_SYNTAX at 17
 *
 * Parts of one string are one line. Header only: the tests and the fuzzer share it.
 */
#ifndef SUPPORT_JSON_TRACE_H
#define SUPPORT_JSON_TRACE_H

#include <freshet/json.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_trace {
	char *text;
	size_t len;
	size_t cap;
	freshet_err err; /* of the reading */
	uint64_t position;
};

static inline void json_trace_clear(struct json_trace *t)
{
	free(t->text);
	memset(t, 0, sizeof *t);
}

static inline void json_trace_add(struct json_trace *t, const char *bytes, size_t len)
{
	if (t->cap - t->len < len + 1) {
		t->cap = t->cap * 2 + len + 256;
		t->text = realloc(t->text, t->cap);
		if (t->text == NULL)
			abort();
	}
	if (len > 0)
		memcpy(t->text + t->len, bytes, len);
	t->len += len;
	t->text[t->len] = '\0';
}

static inline void json_trace_word(struct json_trace *t, const char *word)
{
	json_trace_add(t, word, strlen(word));
}

/* The characters of a string, with what would break the line as \xNN. */
static inline void json_trace_characters(struct json_trace *t, freshet_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		char escape[8];
		if (c == '"' || c == '\\' || c < 0x20 || c == 0x7f)
			json_trace_add(t, escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", c));
		else
			json_trace_add(t, s.ptr + i, 1);
	}
}

static inline void json_trace_string(struct json_trace *t, const char *what, freshet_str s)
{
	json_trace_word(t, what);
	json_trace_word(t, " \"");
	json_trace_characters(t, s);
	json_trace_word(t, "\"\n");
}

static inline void json_trace_scalar(struct json_trace *t, const freshet_json_value *value)
{
	if (value->type == FRESHET_JSON_NUMBER)
		json_trace_word(t, value->flags & FRESHET_JSON_REAL ? "real " : "number ");
	json_trace_add(t, value->raw.ptr, value->raw.len);
	json_trace_word(t, "\n");
}

static inline void json_trace_error(struct json_trace *t, freshet_err err, uint64_t position)
{
	char line[96];
	t->err = err;
	t->position = position;
	snprintf(line, sizeof line, "error %s at %" PRIu64 "\n", freshet_err_name(err), position);
	json_trace_word(t, line);
}

/* ---- the tokenizer ---- */

static inline void json_trace_token(struct json_trace *t, const freshet_json_token *token)
{
	bool continued = token->flags & FRESHET_JSON_CONTINUED;
	switch (token->type) {
	case FRESHET_JSON_OBJECT_BEGIN: json_trace_word(t, "{\n"); break;
	case FRESHET_JSON_OBJECT_END: json_trace_word(t, "}\n"); break;
	case FRESHET_JSON_ARRAY_BEGIN: json_trace_word(t, "[\n"); break;
	case FRESHET_JSON_ARRAY_END: json_trace_word(t, "]\n"); break;
	case FRESHET_JSON_KEY: json_trace_string(t, "key", token->text); break;
	case FRESHET_JSON_TEXT:
		if (!continued)
			json_trace_word(t, "string \"");
		json_trace_characters(t, token->text);
		if (!(token->flags & FRESHET_JSON_PART))
			json_trace_word(t, "\"\n");
		break;
	case FRESHET_JSON_SCALAR: json_trace_scalar(t, &token->value); break;
	case FRESHET_JSON_END: json_trace_word(t, "end\n"); break;
	}
}

/* Takes what there is. False after a failure. */
static inline bool json_trace_take(struct json_trace *t, freshet_json_tokenizer *tokenizer)
{
	freshet_json_token token;
	freshet_json_result result;
	while ((result = freshet_json_tokenizer_next(tokenizer, &token)) == FRESHET_JSON_TOKEN)
		json_trace_token(t, &token);
	return result != FRESHET_JSON_FAILED;
}

static inline bool json_trace_feed(
	struct json_trace *t, freshet_json_tokenizer *tokenizer, const char *bytes, size_t len)
{
	/* An exact allocation, so that a sanitizer sees the first byte read past the end. */
	uint8_t *piece = malloc(len > 0 ? len : 1);
	if (piece == NULL)
		abort();
	if (len > 0)
		memcpy(piece, bytes, len);
	if (freshet_json_tokenizer_feed(tokenizer, piece, len) != FRESHET_OK)
		abort();
	bool good = json_trace_take(t, tokenizer);
	free(piece);
	return good;
}

/* Reads the text cut at `cuts`, which ascend. The tokenizer is reset first. */
static inline void json_trace_tokens(struct json_trace *t, freshet_json_tokenizer *tokenizer, const char *text,
	size_t len, const size_t *cuts, size_t count)
{
	size_t at = 0;
	bool good = true;
	uint64_t position;
	freshet_json_tokenizer_reset(tokenizer);
	t->err = FRESHET_OK;
	for (size_t i = 0; i <= count && good; i++) {
		size_t stop = i < count ? cuts[i] : len;
		good = json_trace_feed(t, tokenizer, text + at, stop - at);
		at = stop;
	}
	freshet_json_tokenizer_finish(tokenizer);
	if (good && json_trace_take(t, tokenizer))
		return;
	freshet_err err = freshet_json_tokenizer_error(tokenizer, &position);
	json_trace_error(t, err, position);
}

/* ---- the picker and the iterators ---- */

static inline void json_trace_decoded(struct json_trace *t, const char *what, const freshet_json_value *value)
{
	freshet_json_scratch scratch = {0};
	freshet_str text;
	if (freshet_json_string(value, &scratch, &text) != FRESHET_OK || !freshet_json_equals(value, text))
		abort();
	json_trace_string(t, what, text);
	freshet_json_scratch_clear(&scratch);
}

/* One value without what is inside it. */
static inline void json_trace_begin(struct json_trace *t, const freshet_json_value *value)
{
	switch (value->type) {
	case FRESHET_JSON_OBJECT: json_trace_word(t, "{\n"); break;
	case FRESHET_JSON_ARRAY: json_trace_word(t, "[\n"); break;
	case FRESHET_JSON_STRING: json_trace_decoded(t, "string", value); break;
	case FRESHET_JSON_MISSING: abort();
	default: json_trace_scalar(t, value);
	}
}

/* Walks over a value by iterators, all the way in. The first error ends it, with its place in the text at `begin`. */
static inline void json_trace_each(struct json_trace *t, const freshet_json_value *whole, const char *begin)
{
	static freshet_json_each stack[FRESHET_JSON_DEPTH_MAX];
	freshet_json_value key, value = *whole;
	size_t depth = 0;
	json_trace_begin(t, whole);
	if (freshet_json_each_begin(&stack[0], &value) == FRESHET_OK)
		depth = 1;
	while (depth > 0) {
		freshet_json_each *each = &stack[depth - 1];
		bool object = each->begin[0] == '{';
		if (!freshet_json_each_next(each, &key, &value)) {
			size_t position;
			freshet_err err = freshet_json_each_error(each, &position);
			if (err != FRESHET_OK) {
				json_trace_error(t, err, (uint64_t)(each->begin - begin) + position);
				return;
			}
			json_trace_word(t, object ? "}\n" : "]\n");
			depth--;
			continue;
		}
		if ((key.type == FRESHET_JSON_STRING) != object)
			abort();
		if (object)
			json_trace_decoded(t, "key", &key);
		json_trace_begin(t, &value);
		if (freshet_json_each_begin(&stack[depth], &value) == FRESHET_OK)
			depth++;
	}
	json_trace_word(t, "end\n");
}

/* Reads the text with the picker, and when it is good, with the iterators. */
static inline void json_trace_text(struct json_trace *t, const char *text, size_t len)
{
	freshet_json_value value;
	size_t position = 0;
	t->err = freshet_json_read((freshet_str){text, len}, &value, &position);
	if (t->err != FRESHET_OK)
		json_trace_error(t, t->err, position);
	else
		json_trace_each(t, &value, text);
}

#endif
