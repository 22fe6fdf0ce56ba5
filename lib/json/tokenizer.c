/*
 * The tokenizer: the structure of a text, and every token but strings, which are in pieces.c.
 *
 * Between two calls everything is in the state and the fields around it; a token that a cut divides is held until its
 * last byte. A failure is remembered with its place, and next() has no other answer until the reset.
 */
#include "json/tokenizer.h"

#include "base/mem.h"
#include "base/options.h"

#define DEFAULT_MAX_KEY    ((size_t)4 << 10)
#define DEFAULT_MAX_NUMBER ((size_t)1 << 10)
#define DEFAULT_MAX_STRING ((size_t)8 << 20)

freshet_json_result token_fail(struct freshet_json_tokenizer *t, freshet_err err, uint64_t place)
{
	if (t->err == FRESHET_OK) {
		t->err = err;
		t->err_place = place;
	}
	return FRESHET_JSON_FAILED;
}

static freshet_json_result fail_here(struct freshet_json_tokenizer *t, freshet_err err)
{
	return token_fail(t, err, place_of(t, t->at));
}

void token_make(const struct freshet_json_tokenizer *t, freshet_json_token *token, freshet_json_token_type type)
{
	*token = (freshet_json_token){.type = type, .position = t->token_place, .depth = t->depth};
}

/* ---- input ---- */

/* The text may have `max` bytes from `place` on. */
static void limit_text(struct freshet_json_tokenizer *t, uint64_t place, uint64_t max)
{
	t->limit_place = max < UINT64_MAX - place ? place + max : UINT64_MAX;
	t->end = t->piece_end;
	if (place_of(t, t->end) > t->limit_place)
		t->end = t->piece + (t->limit_place - t->piece_place);
}

/* ---- structure ---- */

static bool in_object(const struct freshet_json_tokenizer *t)
{
	return t->objects[(t->depth - 1) / 64] >> (t->depth - 1) % 64 & 1;
}

/* A value is complete. With `lines`, what follows it on its line does not count. */
static void value_ended(struct freshet_json_tokenizer *t)
{
	t->state = t->depth > 0 ? AT_SEPARATOR : AT_TEXT_END;
	if (t->limits.lines && t->depth == 0)
		limit_text(t, place_of(t, t->at), UINT64_MAX);
}

static freshet_json_result open_container(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	bool object = *t->at == '{';
	if (t->depth == t->limits.max_depth)
		return fail_here(t, FRESHET_EJSON_DEPTH);
	token_make(t, token, object ? FRESHET_JSON_OBJECT_BEGIN : FRESHET_JSON_ARRAY_BEGIN);
	uint64_t bit = (uint64_t)1 << t->depth % 64;
	uint64_t *word = &t->objects[t->depth / 64];
	*word = object ? *word | bit : *word & ~bit;
	t->depth++;
	t->state = object ? AT_FIRST_KEY : AT_FIRST_ELEMENT;
	t->at++;
	return FRESHET_JSON_TOKEN;
}

static freshet_json_result close_container(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	bool object = in_object(t);
	if (*t->at != (object ? '}' : ']'))
		return fail_here(t, FRESHET_EJSON_SYNTAX);
	t->depth--;
	token_make(t, token, object ? FRESHET_JSON_OBJECT_END : FRESHET_JSON_ARRAY_END);
	value_ended(t);
	t->at++;
	return FRESHET_JSON_TOKEN;
}

/* ---- numbers and literals ---- */

static void begin_literal(struct freshet_json_tokenizer *t, freshet_json_type type, const char *literal)
{
	t->literal = literal;
	t->literal_value = (freshet_json_value){type, 0, freshet_str_of(literal)};
	t->state = IN_LITERAL;
}

static freshet_json_result literal_next(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	for (; *t->literal != '\0'; t->literal++, t->at++) {
		if (t->at == t->end)
			return FRESHET_JSON_MORE;
		if (*t->at != *t->literal)
			return fail_here(t, FRESHET_EJSON_SYNTAX);
	}
	token_make(t, token, FRESHET_JSON_SCALAR);
	token->value = t->literal_value;
	value_ended(t);
	return FRESHET_JSON_TOKEN;
}

/* The number ends here: `tail` is what of it lies in this piece, behind what is held. */
static freshet_json_result give_number(struct freshet_json_tokenizer *t, freshet_json_token *token, freshet_str tail)
{
	if (t->held.len > 0) {
		if (!bytes_append_str(&t->held, tail))
			return fail_here(t, FRESHET_ENOMEM);
		tail = bytes_str(&t->held);
		t->held_given = true;
	}
	token_make(t, token, FRESHET_JSON_SCALAR);
	token->value = (freshet_json_value){FRESHET_JSON_NUMBER, t->real ? FRESHET_JSON_REAL : 0, tail};
	value_ended(t);
	return FRESHET_JSON_TOKEN;
}

static freshet_json_result number_more(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	const char *begin = t->at;
	size_t held = t->held.len;
	for (; t->at < t->end; t->at++) {
		size_t len = (size_t)(t->at - begin);
		enum number_state next = number_next(t->number, *t->at);
		if (next == NUMBER_ENDED)
			return give_number(t, token, (freshet_str){begin, len});
		if (next == NUMBER_BAD)
			return fail_here(t, FRESHET_EJSON_NUMBER);
		if (held + len == t->limits.max_number)
			return fail_here(t, FRESHET_EJSON_SIZE);
		t->number = next;
		t->real = t->real || next == NUMBER_POINT || next == NUMBER_E;
	}
	if (!bytes_append(&t->held, begin, (size_t)(t->end - begin)))
		return fail_here(t, FRESHET_ENOMEM);
	return FRESHET_JSON_MORE;
}

/* ---- between tokens ---- */

static freshet_json_result begin_value(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	switch (*t->at) {
	case '{':
	case '[': return open_container(t, token);
	case '"':
		t->at++;
		string_begin(t, false);
		t->state = IN_STRING;
		return FRESHET_JSON_MORE;
	case 't': begin_literal(t, FRESHET_JSON_BOOL, "true"); return FRESHET_JSON_MORE;
	case 'f': begin_literal(t, FRESHET_JSON_BOOL, "false"); return FRESHET_JSON_MORE;
	case 'n': begin_literal(t, FRESHET_JSON_NULL, "null"); return FRESHET_JSON_MORE;
	default:
		if (*t->at != '-' && !is_digit(*t->at))
			return fail_here(t, FRESHET_EJSON_SYNTAX);
		t->number = NUMBER_START;
		t->real = false;
		t->state = IN_NUMBER;
		return FRESHET_JSON_MORE;
	}
}

static freshet_json_result begin_key(struct freshet_json_tokenizer *t)
{
	if (*t->at != '"')
		return fail_here(t, FRESHET_EJSON_SYNTAX);
	t->at++;
	string_begin(t, true);
	t->state = IN_STRING;
	return FRESHET_JSON_MORE;
}

static freshet_json_result read_colon(struct freshet_json_tokenizer *t)
{
	if (*t->at != ':')
		return fail_here(t, FRESHET_EJSON_SYNTAX);
	t->at++;
	t->state = AT_VALUE;
	return FRESHET_JSON_MORE;
}

static freshet_json_result read_separator(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	if (*t->at != ',')
		return close_container(t, token);
	t->at++;
	t->state = in_object(t) ? AT_KEY : AT_VALUE;
	return FRESHET_JSON_MORE;
}

static freshet_json_result give_end(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	t->token_place = place_of(t, t->at);
	token_make(t, token, FRESHET_JSON_END);
	t->state = t->limits.lines ? AT_VALUE : AFTER_END;
	return FRESHET_JSON_TOKEN;
}

/* Behind a complete text: its line may end. */
static freshet_json_result read_text_end(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	if (*t->at != '\n' || !t->limits.lines)
		return fail_here(t, FRESHET_EJSON_TRAILING);
	give_end(t, token);
	t->at++;
	return FRESHET_JSON_TOKEN;
}

/* The byte at t->at is not white space, and begins something. */
static freshet_json_result begin_token(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	bool closes = *t->at == '}' || *t->at == ']';
	t->token_place = place_of(t, t->at);
	if (t->limits.lines && t->depth == 0 && t->state == AT_VALUE)
		limit_text(t, t->token_place, t->limits.max_text);
	switch (t->state) {
	case AT_FIRST_ELEMENT: return closes ? close_container(t, token) : begin_value(t, token);
	case AT_FIRST_KEY: return closes ? close_container(t, token) : begin_key(t);
	case AT_KEY: return begin_key(t);
	case AT_COLON: return read_colon(t);
	case AT_SEPARATOR: return read_separator(t, token);
	case AT_TEXT_END: return read_text_end(t, token);
	default: return begin_value(t, token);
	}
}

/* Stops behind a text at the end of its line, which ends it. */
static void skip_space(struct freshet_json_tokenizer *t)
{
	bool line = t->limits.lines && t->state == AT_TEXT_END;
	while (t->at < t->end && is_space(*t->at) && !(line && *t->at == '\n'))
		t->at++;
}

static freshet_json_result read_string(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	freshet_json_result result = string_next(t, token);
	if (result != FRESHET_JSON_TOKEN || !string_ended(token))
		return result;
	if (t->key)
		t->state = AT_COLON;
	else
		value_ended(t);
	return result;
}

/* One step: MORE when it took no token. */
static freshet_json_result step(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	switch (t->state) {
	case IN_STRING: return read_string(t, token);
	case IN_NUMBER: return number_more(t, token);
	case IN_LITERAL: return literal_next(t, token);
	default: break;
	}
	skip_space(t);
	return t->at < t->end ? begin_token(t, token) : FRESHET_JSON_MORE;
}

/* ---- the ends of pieces and of the text ---- */

static freshet_json_result end_text(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	if (t->state == IN_NUMBER && number_complete(t->number))
		return give_number(t, token, (freshet_str){NULL, 0});
	if (t->state == AT_TEXT_END)
		return give_end(t, token);
	bool nothing_began = t->limits.lines && t->state == AT_VALUE && t->depth == 0;
	if (t->state == AFTER_END || nothing_began)
		return FRESHET_JSON_MORE;
	return fail_here(t, FRESHET_EJSON_TRUNCATED);
}

freshet_json_result freshet_json_tokenizer_next(freshet_json_tokenizer *t, freshet_json_token *token)
{
	freshet_json_result result = FRESHET_JSON_MORE;
	if (t->err != FRESHET_OK)
		return FRESHET_JSON_FAILED;
	if (t->held_given) {
		t->held.len = 0;
		t->held_given = false;
	}
	while (result == FRESHET_JSON_MORE && t->at < t->end)
		result = step(t, token);
	if (result == FRESHET_JSON_MORE && t->at < t->piece_end)
		return fail_here(t, FRESHET_EJSON_SIZE);
	if (result == FRESHET_JSON_MORE && t->finished)
		result = end_text(t, token);
	return result;
}

freshet_err freshet_json_tokenizer_feed(freshet_json_tokenizer *t, const uint8_t *bytes, size_t len)
{
	if (t->finished || t->at < t->piece_end)
		return FRESHET_ESTATE;
	if (len == 0)
		return FRESHET_OK;
	t->piece_place = place_of(t, t->at);
	t->piece = (const char *)bytes;
	t->piece_end = t->piece + len;
	t->at = t->piece;
	limit_text(t, t->limit_place, 0);
	return FRESHET_OK;
}

void freshet_json_tokenizer_finish(freshet_json_tokenizer *t)
{
	t->finished = true;
}

freshet_err freshet_json_tokenizer_error(const freshet_json_tokenizer *t, uint64_t *position)
{
	if (t->err != FRESHET_OK && position != NULL)
		*position = t->err_place;
	return t->err;
}

/* ---- life ---- */

static bool set_limits(freshet_json_tokenizer_options *limits, const freshet_json_tokenizer_options *options)
{
	if (!OPTIONS_TAKE(limits, options) || limits->max_depth > FRESHET_JSON_DEPTH_MAX)
		return false;
	if (limits->max_depth == 0)
		limits->max_depth = FRESHET_JSON_DEPTH;
	if (limits->max_key == 0)
		limits->max_key = DEFAULT_MAX_KEY;
	if (limits->max_number == 0)
		limits->max_number = DEFAULT_MAX_NUMBER;
	if (limits->max_string == 0)
		limits->max_string = DEFAULT_MAX_STRING;
	if (limits->max_text == 0)
		limits->max_text = UINT64_MAX;
	return true;
}

void freshet_json_tokenizer_reset(freshet_json_tokenizer *t)
{
	/* Everything else is set when it is begun. */
	t->piece = "";
	t->piece_end = t->piece;
	t->at = t->piece;
	t->piece_place = 0;
	limit_text(t, 0, t->limits.lines ? UINT64_MAX : t->limits.max_text);
	t->finished = false;
	t->err = FRESHET_OK;
	t->state = AT_VALUE;
	t->depth = 0;
	t->held.len = 0;
	t->held_given = false;
}

freshet_err freshet_json_tokenizer_new(const freshet_json_tokenizer_options *options, freshet_json_tokenizer **out)
{
	freshet_json_tokenizer_options limits;
	*out = NULL;
	if (!set_limits(&limits, options))
		return FRESHET_EINVAL;
	freshet_json_tokenizer *t = mem_zalloc(sizeof *t);
	if (t == NULL)
		return FRESHET_ENOMEM;
	t->limits = limits;
	freshet_json_tokenizer_reset(t);
	*out = t;
	return FRESHET_OK;
}

void freshet_json_tokenizer_free(freshet_json_tokenizer *t)
{
	if (t == NULL)
		return;
	bytes_clear(&t->held);
	mem_free(t);
}
