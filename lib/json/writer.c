/*
 * The writer. Each call puts what separates it from the last value, then its own text. The first error sticks and later
 * calls do nothing, so a text is either finished and valid or not given out at all.
 *
 * Text may hold secrets: with `wipe` a block of memory is overwritten before it is given back, also when the text has
 * outgrown it.
 */
#include "json/double.h"
#include "json/scan.h"
#include "json/walk.h"

#include "base/mem.h"
#include "base/options.h"
#include "base/utf8.h"

#include <math.h>

/* What the first piece of text allocates. */
#define FIRST_CAPACITY 256

struct freshet_json_writer {
	char *text;
	size_t len;
	size_t capacity;
	size_t max_size;
	size_t max_depth;
	size_t depth;    /* containers open */
	freshet_err err; /* the first one */
	bool ascii;      /* options, see the header */
	bool spaced;
	bool wipe;
	bool keyed;                                    /* a key was written and its value has to follow */
	bool comma;                                    /* a value stands before the next one in the same container */
	bool done;                                     /* the outermost value is complete */
	uint64_t objects[FRESHET_JSON_DEPTH_MAX / 64]; /* which of the open containers are objects */
};

/* ---- text ---- */

static void fail(freshet_json_writer *w, freshet_err err)
{
	if (w->err == FRESHET_OK)
		w->err = err;
}

static void release(freshet_json_writer *w, char *text, size_t capacity)
{
	if (w->wipe)
		mem_wipe(text, capacity);
	mem_free(text);
}

static bool grow(freshet_json_writer *w, size_t want)
{
	size_t capacity = w->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : w->capacity * 2;
	if (capacity < want)
		capacity = want;
	char *text = mem_alloc(capacity);
	if (text == NULL) {
		fail(w, FRESHET_ENOMEM);
		return false;
	}
	if (w->len > 0)
		memcpy(text, w->text, w->len);
	release(w, w->text, w->capacity);
	w->text = text;
	w->capacity = capacity;
	return true;
}

/* Room for `len` more bytes, which then count; NULL after an error. */
static char *extend(freshet_json_writer *w, size_t len)
{
	if (w->err != FRESHET_OK)
		return NULL;
	if (len > w->max_size - w->len) {
		fail(w, FRESHET_EJSON_SIZE);
		return NULL;
	}
	if (len > w->capacity - w->len && !grow(w, w->len + len))
		return NULL;
	char *to = w->text + w->len;
	w->len += len;
	return to;
}

static void append(freshet_json_writer *w, const char *bytes, size_t len)
{
	char *to = extend(w, len);
	if (to != NULL && len > 0)
		memcpy(to, bytes, len);
}

/* ---- structure ---- */

static bool in_object(const freshet_json_writer *w)
{
	return w->depth > 0 && (w->objects[(w->depth - 1) / 64] >> (w->depth - 1) % 64 & 1);
}

static void separate(freshet_json_writer *w)
{
	if (w->comma)
		append(w, ", ", w->spaced ? 2 : 1);
}

/* A value comes next. */
static void begin_value(freshet_json_writer *w)
{
	if (w->done || (in_object(w) && !w->keyed))
		fail(w, FRESHET_ESTATE);
	if (!w->keyed)
		separate(w);
	w->keyed = false;
}

static void end_value(freshet_json_writer *w)
{
	w->comma = true;
	w->done = w->depth == 0;
}

static void put(freshet_json_writer *w, const char *text, size_t len)
{
	begin_value(w);
	append(w, text, len);
	end_value(w);
}

static void open_container(freshet_json_writer *w, bool object)
{
	begin_value(w);
	if (w->depth == w->max_depth)
		fail(w, FRESHET_EJSON_DEPTH);
	append(w, object ? "{" : "[", 1);
	if (w->err != FRESHET_OK)
		return;
	uint64_t bit = (uint64_t)1 << w->depth % 64;
	uint64_t *word = &w->objects[w->depth / 64];
	*word = object ? *word | bit : *word & ~bit;
	w->depth++;
	w->comma = false;
}

void freshet_json_write_object(freshet_json_writer *w)
{
	open_container(w, true);
}

void freshet_json_write_array(freshet_json_writer *w)
{
	open_container(w, false);
}

void freshet_json_write_end(freshet_json_writer *w)
{
	if (w->depth == 0 || w->keyed)
		fail(w, FRESHET_ESTATE);
	append(w, in_object(w) ? "}" : "]", 1);
	if (w->err != FRESHET_OK)
		return;
	w->depth--;
	end_value(w);
}

/* ---- strings ---- */

static void append_unit(freshet_json_writer *w, uint32_t unit)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[6] = {'\\', 'u', hex[unit >> 12], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};
	append(w, escape, sizeof escape);
}

/* A quote, a backslash or a control character. */
static void append_escape(freshet_json_writer *w, char c)
{
	switch (c) {
	case '"': append(w, "\\\"", 2); break;
	case '\\': append(w, "\\\\", 2); break;
	case '\b': append(w, "\\b", 2); break;
	case '\f': append(w, "\\f", 2); break;
	case '\n': append(w, "\\n", 2); break;
	case '\r': append(w, "\\r", 2); break;
	case '\t': append(w, "\\t", 2); break;
	default: append_unit(w, (unsigned char)c);
	}
}

/* Characters beyond ASCII as UTF-16 escapes. */
static void append_ascii(freshet_json_writer *w, const uint8_t *text, size_t len)
{
	while (len > 0 && w->err == FRESHET_OK) {
		uint32_t c;
		size_t sequence = utf8_read(text, len, &c);
		if (c < 0x80) {
			append(w, (const char *)text, 1);
		} else if (c < 0x10000) {
			append_unit(w, c);
		} else {
			append_unit(w, 0xd800 + ((c - 0x10000) >> 10));
			append_unit(w, 0xdc00 + (c & 0x3ff));
		}
		text += sequence;
		len -= sequence;
	}
}

static void append_repaired(freshet_json_writer *w, const uint8_t *text, size_t len)
{
	char *to = extend(w, utf8_repaired_len(text, len));
	if (to != NULL)
		utf8_repair((uint8_t *)to, text, len);
}

/* A run without anything that JSON has to escape. What ends it is ASCII, so no character goes on behind it. */
static void append_run(freshet_json_writer *w, const char *text, size_t len, bool high)
{
	if (high && w->ascii)
		append_ascii(w, (const uint8_t *)text, len);
	else if (high && !utf8_valid((const uint8_t *)text, len))
		append_repaired(w, (const uint8_t *)text, len);
	else
		append(w, text, len);
}

static void append_string(freshet_json_writer *w, freshet_str text)
{
	/* An empty one may have no address. */
	const char *at = text.len > 0 ? text.ptr : "";
	const char *end = at + text.len;
	append(w, "\"", 1);
	while (at < end && w->err == FRESHET_OK) {
		struct scan_run run = scan_plain(at, end);
		append_run(w, at, (size_t)(run.stop - at), run.high);
		if (run.stop < end)
			append_escape(w, *run.stop++);
		at = run.stop;
	}
	append(w, "\"", 1);
}

void freshet_json_write_string(freshet_json_writer *w, freshet_str text)
{
	begin_value(w);
	append_string(w, text);
	end_value(w);
}

void freshet_json_write_key_str(freshet_json_writer *w, freshet_str key)
{
	if (!in_object(w) || w->keyed)
		fail(w, FRESHET_ESTATE);
	separate(w);
	append_string(w, key);
	append(w, ": ", w->spaced ? 2 : 1);
	w->keyed = true;
}

void freshet_json_write_key(freshet_json_writer *w, const char *terminated)
{
	freshet_json_write_key_str(w, freshet_str_of(terminated));
}

/* ---- other values ---- */

/* Writes the digits backwards from `end` and returns the first. */
static char *print_uint64(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

void freshet_json_write_uint64(freshet_json_writer *w, uint64_t number)
{
	char digits[20];
	char *end = digits + sizeof digits;
	char *at = print_uint64(end, number);
	put(w, at, (size_t)(end - at));
}

void freshet_json_write_int64(freshet_json_writer *w, int64_t number)
{
	char digits[21];
	char *end = digits + sizeof digits;
	char *at = print_uint64(end, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
	if (number < 0)
		*--at = '-';
	put(w, at, (size_t)(end - at));
}

void freshet_json_write_double(freshet_json_writer *w, double number)
{
	char digits[DOUBLE_PRINTED];
	if (!isfinite(number))
		fail(w, FRESHET_EJSON_NUMBER);
	else
		put(w, digits, double_print(number, digits));
}

void freshet_json_write_bool(freshet_json_writer *w, bool truth)
{
	put(w, truth ? "true" : "false", truth ? 4 : 5);
}

void freshet_json_write_null(freshet_json_writer *w)
{
	put(w, "null", 4);
}

void freshet_json_write_raw(freshet_json_writer *w, freshet_str json)
{
	struct walk walk;
	freshet_json_value value = {FRESHET_JSON_MISSING, 0, {NULL, 0}};
	walk_init(&walk, json, &walk_whole, &value, w->max_depth - w->depth);
	freshet_err err = walk_text(&walk);
	if (err != FRESHET_OK)
		fail(w, err);
	put(w, value.raw.ptr, value.raw.len);
}

/* ---- life ---- */

freshet_err freshet_json_writer_new(const freshet_json_writer_options *options, freshet_json_writer **out)
{
	freshet_json_writer_options o;
	*out = NULL;
	if (!OPTIONS_TAKE(&o, options) || o.max_depth > FRESHET_JSON_DEPTH_MAX)
		return FRESHET_EINVAL;
	freshet_json_writer *w = mem_zalloc(sizeof *w);
	if (w == NULL)
		return FRESHET_ENOMEM;
	w->max_size = o.max_size != 0 ? o.max_size : PTRDIFF_MAX;
	w->max_depth = o.max_depth != 0 ? o.max_depth : FRESHET_JSON_DEPTH;
	w->ascii = o.ascii;
	w->spaced = o.spaced;
	w->wipe = o.wipe;
	*out = w;
	return FRESHET_OK;
}

void freshet_json_writer_free(freshet_json_writer *w)
{
	if (w == NULL)
		return;
	release(w, w->text, w->capacity);
	mem_free(w);
}

void freshet_json_writer_reset(freshet_json_writer *w)
{
	if (w->wipe)
		mem_wipe(w->text, w->len);
	w->len = 0;
	w->depth = 0;
	w->err = FRESHET_OK;
	w->keyed = false;
	w->comma = false;
	w->done = false;
}

freshet_err freshet_json_writer_text(freshet_json_writer *w, freshet_str *out)
{
	freshet_err err = w->err;
	if (err == FRESHET_OK && !w->done)
		err = FRESHET_ESTATE;
	*out = (freshet_str){err == FRESHET_OK ? w->text : NULL, err == FRESHET_OK ? w->len : 0};
	return err;
}
