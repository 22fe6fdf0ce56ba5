/*
 * Strings that come in pieces. While a string lies in one piece and has no escapes, its span is given as it lies.
 * Otherwise what is decoded of it is held: up to a limit, past which it fails, or, where string values may come in parts,
 * until the piece ends or enough is held.
 *
 * A cut may fall anywhere: inside an escape, between two surrogates, inside a UTF-8 sequence. Each of these is a field
 * of the tokenizer. Errors are found at the byte at which an uncut text fails, so that cuts do not show.
 */
#include "json/scan.h"
#include "json/string.h"
#include "json/tokenizer.h"

#include "base/utf8.h"

/* With `parts`: as much is held before it is given; and a run as long as this is given rather than copied. */
#define PART_HELD 4096
#define PART_RUN  64

void string_begin(struct freshet_json_tokenizer *t, bool key)
{
	t->key = key;
	t->continued = false;
	t->string = STRING_PLAIN;
	t->high = 0;
	t->open_count = 0;
}

static bool in_parts(const struct freshet_json_tokenizer *t)
{
	return t->limits.parts && !t->key;
}

/* Decoded bytes that may still come. */
static size_t room(const struct freshet_json_tokenizer *t)
{
	if (in_parts(t))
		return SIZE_MAX;
	return (t->key ? t->limits.max_key : t->limits.max_string) - t->held.len;
}

/* Holds decoded bytes, the first of which is at `place` of the text; where they are more than one, so are its. */
static bool hold(struct freshet_json_tokenizer *t, const void *bytes, size_t len, uint64_t place)
{
	if (len > room(t))
		token_fail(t, FRESHET_EJSON_SIZE, place + room(t));
	else if (!bytes_append(&t->held, bytes, len))
		token_fail(t, FRESHET_ENOMEM, place);
	return t->err == FRESHET_OK;
}

/* Holds the character of an escape that ends with the byte at t->at. */
static bool hold_character(struct freshet_json_tokenizer *t, uint32_t c)
{
	uint8_t encoded[4];
	size_t len = utf8_encode(c, encoded);
	uint64_t place = place_of(t, t->at);
	if (len > room(t))
		return token_fail(t, FRESHET_EJSON_SIZE, place) == FRESHET_JSON_TOKEN;
	return hold(t, encoded, len, place);
}

/* A high surrogate that waits for its other half has none. */
static bool settle_high(struct freshet_json_tokenizer *t)
{
	if (t->high == 0)
		return true;
	t->high = 0;
	return hold_character(t, REPLACEMENT);
}

static bool hold_unit(struct freshet_json_tokenizer *t, uint32_t unit)
{
	if (t->high != 0 && is_low_surrogate(unit)) {
		uint32_t c = 0x10000 + ((t->high - 0xd800) << 10) + (unit - 0xdc00);
		t->high = 0;
		return hold_character(t, c);
	}
	if (!settle_high(t))
		return false;
	if (is_high_surrogate(unit)) {
		t->high = unit;
		return true;
	}
	return hold_character(t, is_low_surrogate(unit) ? REPLACEMENT : unit);
}

/* The byte at t->at is part of an escape, behind its backslash. */
static bool read_escape(struct freshet_json_tokenizer *t)
{
	char c = *t->at;
	unsigned digit = hex_digit(c);
	bool good = true;
	if (t->string == STRING_BACKSLASH) {
		uint8_t character = escape_of[(unsigned char)c];
		if (character == 0)
			return token_fail(t, FRESHET_EJSON_STRING, place_of(t, t->at)) == FRESHET_JSON_TOKEN;
		t->string = character == 'u' ? STRING_HEX : STRING_PLAIN;
		t->hex_count = 0;
		t->unit = 0;
		if (character != 'u')
			good = settle_high(t) && hold_character(t, character);
	} else {
		if (digit > 15)
			return token_fail(t, FRESHET_EJSON_STRING, place_of(t, t->at)) == FRESHET_JSON_TOKEN;
		t->unit = t->unit << 4 | digit;
		if (++t->hex_count == 4) {
			t->string = STRING_PLAIN;
			good = hold_unit(t, t->unit);
		}
	}
	t->at += good;
	return good;
}

/* The byte at t->at goes on with the sequence that an earlier piece began, or shows that it is not valid. */
static bool read_open(struct freshet_json_tokenizer *t)
{
	uint64_t place = place_of(t, t->at) - t->open_count;
	t->open[t->open_count++] = (uint8_t)*t->at;
	if (utf8_open_tail(t->open, t->open_count) == t->open_count) {
		t->at++;
		return true;
	}
	if (!utf8_valid(t->open, t->open_count))
		return token_fail(t, FRESHET_EJSON_UTF8, place) == FRESHET_JSON_TOKEN;
	if (!hold(t, t->open, t->open_count, place))
		return false;
	t->open_count = 0;
	t->at++;
	return true;
}

/* A run of plain characters: [text, text + len) is what is valid and complete of it, and fits. */
struct run {
	const char *text;
	size_t len;
};

/* The run at t->at, which moves to its stop. What the end of the piece cuts off is put aside. */
static bool read_run(struct freshet_json_tokenizer *t, struct run *run)
{
	struct scan_run found = scan_plain(t->at, t->end);
	const uint8_t *text = (const uint8_t *)t->at;
	size_t len = (size_t)(found.stop - t->at);
	size_t valid = found.high ? utf8_valid_prefix(text, len) : len;
	size_t open = len - valid;
	*run = (struct run){t->at, valid};
	if (valid > room(t))
		return token_fail(t, FRESHET_EJSON_SIZE, place_of(t, t->at) + room(t)) == FRESHET_JSON_TOKEN;
	if (open > 0 && (found.stop < t->end || utf8_open_tail(text, len) != open))
		return token_fail(t, FRESHET_EJSON_UTF8, place_of(t, t->at) + valid) == FRESHET_JSON_TOKEN;
	memcpy(t->open, text + valid, open);
	t->open_count = (unsigned)open;
	t->at = found.stop;
	return true;
}

static freshet_json_result give(
	struct freshet_json_tokenizer *t, freshet_json_token *token, freshet_str text, bool more)
{
	token_make(t, token, t->key ? FRESHET_JSON_KEY : FRESHET_JSON_TEXT);
	token->text = text;
	token->flags = (more ? FRESHET_JSON_PART : 0) | (t->continued ? FRESHET_JSON_CONTINUED : 0);
	t->continued = true;
	return FRESHET_JSON_TOKEN;
}

static freshet_json_result give_held(struct freshet_json_tokenizer *t, freshet_json_token *token, bool more)
{
	t->held_given = true;
	return give(t, token, bytes_str(&t->held), more);
}

/* With `parts`, a long run is not copied behind what is held: that is given, and the run read again. */
static bool give_way(struct freshet_json_tokenizer *t, const struct run *run)
{
	if (!in_parts(t) || t->held.len == 0 || run->len < PART_RUN)
		return false;
	t->at = run->text;
	t->open_count = 0;
	return true;
}

/* The string ends with the quote at t->at. */
static freshet_json_result give_last(struct freshet_json_tokenizer *t, freshet_json_token *token, const struct run *run)
{
	freshet_str text = {run->text, run->len};
	bool copy = t->held.len > 0;
	if (copy && !hold(t, run->text, run->len, place_of(t, run->text)))
		return FRESHET_JSON_FAILED;
	t->at++;
	return copy ? give_held(t, token, false) : give(t, token, text, false);
}

/* A run that did not end the string: held, or given as a part. */
static freshet_json_result keep_run(struct freshet_json_tokenizer *t, freshet_json_token *token, const struct run *run)
{
	freshet_str text = {run->text, run->len};
	if (run->len == 0)
		return FRESHET_JSON_MORE;
	if (in_parts(t) && t->held.len == 0 && (t->at == t->end || run->len >= PART_RUN))
		return give(t, token, text, true);
	return hold(t, run->text, run->len, place_of(t, run->text)) ? FRESHET_JSON_MORE : FRESHET_JSON_FAILED;
}

/* Plain characters up to a backslash, the closing quote or the end of the piece. */
static freshet_json_result read_plain(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	struct run run;
	if (*t->at != '\\' && !settle_high(t))
		return FRESHET_JSON_FAILED;
	if (!read_run(t, &run))
		return FRESHET_JSON_FAILED;
	if (give_way(t, &run))
		return give_held(t, token, true);
	if (t->at < t->end && *t->at == '"')
		return give_last(t, token, &run);
	freshet_json_result result = keep_run(t, token, &run);
	if (result == FRESHET_JSON_FAILED || t->at == t->end)
		return result;
	if (*t->at != '\\')
		return token_fail(t, FRESHET_EJSON_STRING, place_of(t, t->at));
	t->at++;
	t->string = STRING_BACKSLASH;
	return result;
}

freshet_json_result string_next(struct freshet_json_tokenizer *t, freshet_json_token *token)
{
	while (t->at < t->end) {
		if (in_parts(t) && t->held.len >= PART_HELD)
			return give_held(t, token, true);
		if (t->open_count > 0) {
			if (!read_open(t))
				return FRESHET_JSON_FAILED;
		} else if (t->string != STRING_PLAIN) {
			if (!read_escape(t))
				return FRESHET_JSON_FAILED;
		} else {
			freshet_json_result result = read_plain(t, token);
			if (result != FRESHET_JSON_MORE)
				return result;
		}
	}
	if (in_parts(t) && t->held.len > 0)
		return give_held(t, token, true);
	return FRESHET_JSON_MORE;
}
