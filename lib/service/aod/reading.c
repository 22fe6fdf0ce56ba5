#include "reading.h"

/* Goes before each array: what follows it is as aligned as it is. */
struct reading_block {
	union {
		struct reading_block *next;
		max_align_t align;
	};
};

void reading_clear(struct reading *r)
{
	while (r->blocks != NULL) {
		struct reading_block *block = r->blocks;
		r->blocks = block->next;
		freshet_mem_free(block);
	}
}

void reading_fail(struct reading *r, const freshet_json_value *value, freshet_err err)
{
	if (err == FRESHET_OK || r->err != FRESHET_OK)
		return;
	r->err = err;
	r->position = value->raw.ptr != NULL ? (size_t)(value->raw.ptr - r->text.ptr) : 0;
}

bool reading_pick(struct reading *r, freshet_json_plan *plan, freshet_str text, freshet_json_value *values)
{
	size_t position = 0;
	freshet_err err = r->err == FRESHET_OK ? freshet_json_pick(plan, text, values, &position) : r->err;
	if (err != FRESHET_OK && r->err == FRESHET_OK) {
		r->err = err;
		r->position = (size_t)(text.ptr - r->text.ptr) + position;
	}
	return r->err == FRESHET_OK;
}

/* ---- single values ---- */

static bool absent(const freshet_json_value *value)
{
	return value->type == FRESHET_JSON_MISSING || value->type == FRESHET_JSON_NULL;
}

void need_str(struct reading *r, const freshet_json_value *value, freshet_str *out)
{
	reading_fail(r, value, freshet_json_string(value, r->scratch, out));
}

void take_str(struct reading *r, const freshet_json_value *value, freshet_str *out)
{
	if (!absent(value))
		need_str(r, value, out);
}

void take_loose_str(struct reading *r, const freshet_json_value *value, freshet_str *out)
{
	if (value->type == FRESHET_JSON_STRING)
		need_str(r, value, out);
}

void take_int(struct reading *r, const freshet_json_value *value, int64_t *out)
{
	if (!absent(value))
		reading_fail(r, value, freshet_json_int64(value, out));
}

void take_id(struct reading *r, const freshet_json_value *value, uint64_t *out)
{
	if (!absent(value))
		reading_fail(r, value, freshet_json_uint64(value, out));
}

void take_object(struct reading *r, const freshet_json_value *value, freshet_str *out)
{
	if (absent(value))
		return;
	if (value->type == FRESHET_JSON_OBJECT)
		*out = value->raw;
	else
		reading_fail(r, value, FRESHET_EJSON_TYPE);
}

void take_number(struct reading *r, const freshet_json_value *value, bool *has, int64_t *out)
{
	*has = !absent(value);
	take_int(r, value, out);
}

/* ---- arrays and objects ---- */

size_t count_elements(const freshet_json_value *container)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count = 0;
	freshet_json_each_begin(&each, container);
	while (freshet_json_each_next(&each, NULL, &element))
		count++;
	return count;
}

/* NULL when there is no memory. */
static void *reading_alloc(struct reading *r, size_t count, size_t size)
{
	if (count > (SIZE_MAX - sizeof(struct reading_block)) / size)
		return NULL;
	struct reading_block *block = freshet_mem_new(1, sizeof *block + count * size);
	if (block == NULL)
		return NULL;
	block->next = r->blocks;
	r->blocks = block;
	return block + 1;
}

void *begin_elements(struct reading *r, const freshet_json_value *container, freshet_json_type type,
	freshet_json_each *each, size_t size, size_t *count)
{
	*count = 0;
	if (!absent(container) && container->type != type)
		reading_fail(r, container, FRESHET_EJSON_TYPE);
	if (absent(container) || r->err != FRESHET_OK)
		return NULL;
	size_t elements = count_elements(container);
	void *memory = elements > 0 ? reading_alloc(r, elements, size) : NULL;
	if (elements > 0 && memory == NULL)
		reading_fail(r, container, FRESHET_ENOMEM);
	*count = memory != NULL ? elements : 0;
	freshet_json_each_begin(each, container);
	return memory;
}

void *begin_list(struct reading *r, freshet_json_each *each, size_t size, size_t *count)
{
	freshet_json_value data;
	*count = 0;
	r->err = freshet_json_get(r->text, "data", &data, &r->position);
	if (r->err == FRESHET_OK && data.type == FRESHET_JSON_MISSING)
		r->err = FRESHET_EJSON_MISSING;
	return r->err == FRESHET_OK ? begin_elements(r, &data, FRESHET_JSON_ARRAY, each, size, count) : NULL;
}

const freshet_str *read_strings(struct reading *r, const freshet_json_value *array, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element;
	freshet_str *strings = begin_elements(r, array, FRESHET_JSON_ARRAY, &each, sizeof *strings, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, NULL, &element); i++)
		need_str(r, &element, &strings[i]);
	return strings;
}

/* The string, or the JSON text of what is none. */
static void read_loose(struct reading *r, const freshet_json_value *value, freshet_str *out)
{
	*out = value->raw;
	take_loose_str(r, value, out);
}

static const freshet_json_value *only(const freshet_json_value *container, freshet_json_type type)
{
	static const freshet_json_value missing;
	return container->type == type ? container : &missing;
}

const freshet_str *read_loose_strings(struct reading *r, const freshet_json_value *array, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element;
	const freshet_json_value *given = only(array, FRESHET_JSON_ARRAY);
	freshet_str *strings = begin_elements(r, given, FRESHET_JSON_ARRAY, &each, sizeof *strings, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, NULL, &element); i++)
		read_loose(r, &element, &strings[i]);
	return strings;
}

const freshet_aod_secret *read_loose_pairs(struct reading *r, const freshet_json_value *object, size_t *count)
{
	freshet_json_each each;
	freshet_json_value key, value;
	const freshet_json_value *given = only(object, FRESHET_JSON_OBJECT);
	freshet_aod_secret *pairs = begin_elements(r, given, FRESHET_JSON_OBJECT, &each, sizeof *pairs, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, &key, &value); i++) {
		need_str(r, &key, &pairs[i].name);
		read_loose(r, &value, &pairs[i].value);
	}
	return pairs;
}
