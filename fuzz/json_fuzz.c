/*
 * JSON: whatever the bytes, the picker and the tokenizer say the same of them, one feed equals many feeds, every kind of
 * vectors picks and decodes what the careful walk does, the iterators see what the tokenizer sees, and what was read reads
 * back when it is written again.
 */
#include "../tests/support/json_trace.h"

#include "base/cpu.h"

#define REQUIRE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

/* The value as the writer writes it. */
static void write_value(freshet_json_writer *w, const freshet_json_value *value, freshet_json_scratch *scratch)
{
	freshet_json_each each;
	freshet_json_value key;
	freshet_json_value element;
	freshet_str text;
	switch (value->type) {
	case FRESHET_JSON_OBJECT: freshet_json_write_object(w); break;
	case FRESHET_JSON_ARRAY: freshet_json_write_array(w); break;
	case FRESHET_JSON_STRING:
		REQUIRE(freshet_json_string(value, scratch, &text) == FRESHET_OK);
		freshet_json_write_string(w, text);
		return;
	case FRESHET_JSON_MISSING:
	case FRESHET_JSON_NULL:
	case FRESHET_JSON_BOOL:
	case FRESHET_JSON_NUMBER: freshet_json_write_raw(w, value->raw); return;
	}
	REQUIRE(freshet_json_each_begin(&each, value) == FRESHET_OK);
	while (freshet_json_each_next(&each, &key, &element)) {
		if (value->type == FRESHET_JSON_OBJECT) {
			REQUIRE(freshet_json_string(&key, scratch, &text) == FRESHET_OK);
			freshet_json_write_key_str(w, text);
		}
		write_value(w, &element, scratch);
	}
	REQUIRE(freshet_json_each_error(&each, NULL) == FRESHET_OK);
	freshet_json_write_end(w);
}

/* Written and read and written again, it is the same text. */
static void round_trip(const freshet_json_value *value)
{
	freshet_json_writer *w;
	freshet_json_scratch scratch;
	freshet_str first;
	freshet_str second;
	freshet_json_value again;
	freshet_json_scratch_init(&scratch, NULL, 0);
	REQUIRE(freshet_json_writer_new(NULL, &w) == FRESHET_OK);
	write_value(w, value, &scratch);
	REQUIRE(freshet_json_writer_text(w, &first) == FRESHET_OK);
	char *copy = malloc(first.len + 1);
	REQUIRE(copy != NULL);
	memcpy(copy, first.ptr, first.len);
	const freshet_str text = {copy, first.len};
	REQUIRE(freshet_json_read(text, &again, NULL) == FRESHET_OK);
	freshet_json_writer_reset(w);
	write_value(w, &again, &scratch);
	REQUIRE(freshet_json_writer_text(w, &second) == FRESHET_OK);
	REQUIRE(freshet_str_equal(text, second));
	free(copy);
	freshet_json_writer_free(w);
	freshet_json_scratch_clear(&scratch);
}

/* FNV-1a over the tokens. Parts of one string count as the string. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
	return hash;
}

struct verdict {
	uint64_t hash;
	freshet_err err;
	uint64_t position;
};

static bool take(freshet_json_tokenizer *t, struct verdict *v)
{
	freshet_json_token token;
	freshet_json_result result;
	while ((result = freshet_json_tokenizer_next(t, &token)) == FRESHET_JSON_TOKEN) {
		if ((token.flags & FRESHET_JSON_CONTINUED) == 0) {
			v->hash = mix(v->hash, &token.type, sizeof token.type);
			v->hash = mix(v->hash, &token.position, sizeof token.position);
		}
		v->hash = mix(v->hash, token.text.ptr, token.text.len);
		v->hash = mix(v->hash, token.value.raw.ptr, token.value.raw.len);
	}
	v->err = freshet_json_tokenizer_error(t, &v->position);
	return result == FRESHET_JSON_MORE;
}

/* Pieces of 1 to `step` bytes, or all at once when it is 0. */
static struct verdict tokenize(const uint8_t *data, size_t size, size_t step, bool parts)
{
	freshet_json_tokenizer_options o;
	freshet_json_tokenizer *t;
	struct verdict v = {.hash = UINT64_C(14695981039346656037)};
	freshet_json_tokenizer_options_init(&o);
	o.parts = parts;
	REQUIRE(freshet_json_tokenizer_new(&o, &t) == FRESHET_OK);
	bool more = true;
	for (size_t at = 0, len; at < size && more; at += len) {
		len = step == 0 ? size : 1 + (data[at] + at) % step;
		if (len > size - at)
			len = size - at;
		REQUIRE(freshet_json_tokenizer_feed(t, data + at, len) == FRESHET_OK);
		more = take(t, &v);
	}
	if (more) {
		freshet_json_tokenizer_finish(t);
		take(t, &v);
	}
	freshet_json_tokenizer_free(t);
	return v;
}

#define PATHS 6
FRESHET_JSON_PLAN(plan, "type", "id", "a.b", "a[1]", "[0]", "message.content[0].text");

struct picked {
	freshet_err err;
	size_t position;
	freshet_json_value values[PATHS];
};

static struct picked pick(enum cpu_vector kind, freshet_str text)
{
	struct picked p;
	memset(&p, 0, sizeof p);
	cpu_force(kind);
	p.err = freshet_json_pick(&plan, text, p.values, &p.position);
	cpu_force(CPU_VECTORS);
	return p;
}

static void every_kind_agrees(freshet_str text)
{
	struct picked want = pick(CPU_SCALAR, text);
	for (int kind = CPU_BASE; kind < CPU_VECTORS; kind++) {
		if (!cpu_force((enum cpu_vector)kind))
			continue;
		struct picked got = pick((enum cpu_vector)kind, text);
		REQUIRE(got.err == want.err && got.position == want.position);
		for (size_t i = 0; i < PATHS; i++) {
			REQUIRE(got.values[i].type == want.values[i].type &&
				got.values[i].flags == want.values[i].flags);
			REQUIRE(got.values[i].raw.ptr == want.values[i].raw.ptr);
			REQUIRE(got.values[i].raw.len == want.values[i].raw.len);
		}
	}
}

/* The strings of a good text, decoded and written again. */
static uint64_t decode(enum cpu_vector kind, const freshet_json_value *value)
{
	freshet_json_writer *w;
	freshet_json_scratch scratch;
	freshet_str text;
	freshet_json_scratch_init(&scratch, NULL, 0);
	REQUIRE(freshet_json_writer_new(NULL, &w) == FRESHET_OK);
	cpu_force(kind);
	write_value(w, value, &scratch);
	cpu_force(CPU_VECTORS);
	REQUIRE(freshet_json_writer_text(w, &text) == FRESHET_OK);
	uint64_t hash = mix(UINT64_C(14695981039346656037), text.ptr, text.len);
	freshet_json_writer_free(w);
	freshet_json_scratch_clear(&scratch);
	return hash;
}

static void every_kind_decodes(const freshet_json_value *value)
{
	uint64_t want = decode(CPU_SCALAR, value);
	for (int kind = CPU_BASE; kind < CPU_VECTORS; kind++)
		if (cpu_force((enum cpu_vector)kind))
			REQUIRE(decode((enum cpu_vector)kind, value) == want);
}

/* Of a good text. */
static void iterators_agree(const char *text, size_t len)
{
	struct json_trace whole = {0};
	struct json_trace tokens = {0};
	freshet_json_tokenizer *t;
	REQUIRE(freshet_json_tokenizer_new(NULL, &t) == FRESHET_OK);
	json_trace_text(&whole, text, len);
	json_trace_tokens(&tokens, t, text, len, NULL, 0);
	REQUIRE(tokens.err == FRESHET_EJSON_SIZE || strcmp(whole.text, tokens.text) == 0);
	json_trace_clear(&whole);
	json_trace_clear(&tokens);
	freshet_json_tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	freshet_json_value value;
	size_t position = 0;
	freshet_err err = freshet_json_read((freshet_str){(const char *)data, size}, &value, &position);
	struct verdict whole = tokenize(data, size, 0, false);
	struct verdict in_parts = tokenize(data, size, 0, true);
	REQUIRE(in_parts.err == whole.err && in_parts.position == whole.position);
	for (size_t step = 1; step <= 17; step += 8) {
		struct verdict cut = tokenize(data, size, step, step == 9);
		REQUIRE(cut.err == whole.err && cut.position == whole.position);
		REQUIRE(whole.err != FRESHET_OK || cut.hash == whole.hash);
	}
	/* A key or a number beyond the tokenizer's limits is nothing to the picker. */
	if (whole.err != FRESHET_EJSON_SIZE) {
		REQUIRE(whole.err == err);
		REQUIRE(err == FRESHET_OK || whole.position == position);
	}
	every_kind_agrees((freshet_str){(const char *)data, size});
	if (err == FRESHET_OK) {
		iterators_agree((const char *)data, size);
		round_trip(&value);
		every_kind_decodes(&value);
	}
	return 0;
}
