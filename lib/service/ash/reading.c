#include "reading.h"

/* Ahead of the memory that it stands for. */
union block {
	void *next;
	long double alignment;
};

void ash_reading_fail(struct ash_reading *r, const freshet_json_value *value, freshet_err err)
{
	if (err == FRESHET_OK || r->err != FRESHET_OK)
		return;
	r->err = err;
	r->position = value->raw.ptr != NULL ? (size_t)(value->raw.ptr - r->text.ptr) : 0;
}

/* Zeroed; NULL and the error of the reading when there is none. */
static void *take_memory(struct ash_reading *r, const freshet_json_value *value, size_t count, size_t size)
{
	bool fits = count <= (SIZE_MAX - sizeof(union block)) / size;
	union block *block = fits ? freshet_mem_new(1, sizeof *block + count * size) : NULL;
	if (block == NULL) {
		ash_reading_fail(r, value, FRESHET_ENOMEM);
		return NULL;
	}
	block->next = r->blocks;
	r->blocks = block;
	return block + 1;
}

void ash_reading_clear(struct ash_reading *r)
{
	for (union block *block = r->blocks, *next; block != NULL; block = next) {
		next = block->next;
		freshet_mem_free(block);
	}
	r->blocks = NULL;
}

void ash_take_str(struct ash_reading *r, const freshet_json_value *value, freshet_str *out)
{
	if (!ash_absent(value))
		ash_reading_fail(r, value, freshet_json_string(value, r->scratch, out));
}

void ash_take_int(struct ash_reading *r, const freshet_json_value *value, int64_t *out)
{
	if (!ash_absent(value))
		ash_reading_fail(r, value, freshet_json_int64(value, out));
}

void ash_take_double(struct ash_reading *r, const freshet_json_value *value, double *out)
{
	if (!ash_absent(value))
		ash_reading_fail(r, value, freshet_json_double(value, out));
}

void ash_take_bool(struct ash_reading *r, const freshet_json_value *value, bool *out)
{
	if (!ash_absent(value))
		ash_reading_fail(r, value, freshet_json_bool(value, out));
}

static size_t count_elements(const freshet_json_value *array)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count = 0;
	freshet_json_each_begin(&each, array);
	while (freshet_json_each_next(&each, NULL, &element))
		count++;
	return count;
}

/* Copied as bytes, since the pointer there has a type of its own. */
static void put_array(void *place, const void *items, size_t count)
{
	memcpy(place, &items, sizeof items);
	memcpy((unsigned char *)place + sizeof items, &count, sizeof count);
}

static void take_strs(struct ash_reading *r, const freshet_json_value *value, void *place)
{
	freshet_json_each each;
	freshet_json_value element;
	if (ash_absent(value))
		return;
	ash_reading_fail(r, value, value->type == FRESHET_JSON_ARRAY ? FRESHET_OK : FRESHET_EJSON_TYPE);
	size_t count = r->err == FRESHET_OK ? count_elements(value) : 0;
	freshet_str *items = count > 0 ? take_memory(r, value, count, sizeof *items) : NULL;
	if (items == NULL)
		return;
	freshet_json_each_begin(&each, value);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &element); i++)
		ash_reading_fail(r, &element, freshet_json_string(&element, r->scratch, &items[i]));
	put_array(place, items, count);
}

static void read_field(
	struct ash_reading *r, const struct ash_field *field, const freshet_json_value *value, unsigned char *object)
{
	void *place = object + field->offset;
	freshet_ash_number *number = place;
	size_t count;
	switch (field->type) {
	case ASH_NEED: ash_reading_fail(r, value, freshet_json_string(value, r->scratch, place)); break;
	case ASH_STR: ash_take_str(r, value, place); break;
	case ASH_INT: ash_take_int(r, value, place); break;
	case ASH_BOOL: ash_take_bool(r, value, place); break;
	case ASH_DOUBLE: ash_take_double(r, value, place); break;
	case ASH_NUMBER:
		number->given = !ash_absent(value);
		ash_take_double(r, value, &number->value);
		break;
	case ASH_RAW: *(freshet_str *)place = ash_absent(value) ? (freshet_str){NULL, 0} : value->raw; break;
	case ASH_STRS: take_strs(r, value, place); break;
	case ASH_OBJECT: ash_read_object(r, field->shape, value, place); break;
	case ASH_LIST:
		if (!ash_absent(value)) {
			const void *items = ash_read_objects(r, field->shape, value, &count);
			put_array(place, items, count);
		}
		break;
	}
}

void ash_read_object(
	struct ash_reading *r, const struct ash_shape *shape, const freshet_json_value *value, void *object)
{
	freshet_json_value values[ASH_FIELDS];
	size_t position = 0;
	if (ash_absent(value) || r->err != FRESHET_OK)
		return;
	if (value->type != FRESHET_JSON_OBJECT) {
		ash_reading_fail(r, value, FRESHET_EJSON_TYPE);
		return;
	}
	r->err = freshet_json_pick(shape->plan, value->raw, values, &position);
	if (r->err != FRESHET_OK) {
		r->position = (size_t)(value->raw.ptr - r->text.ptr) + position;
		return;
	}
	*(freshet_str *)object = value->raw;
	for (size_t i = 0; i < shape->count && r->err == FRESHET_OK; i++) {
		if (shape->fields[i].type == ASH_NEED && ash_absent(&values[i]))
			ash_reading_fail(r, value, FRESHET_EJSON_MISSING);
		else
			read_field(r, &shape->fields[i], &values[i], object);
	}
	if (r->err == FRESHET_OK && shape->finish != NULL)
		shape->finish(object);
}

void *ash_read_objects(
	struct ash_reading *r, const struct ash_shape *shape, const freshet_json_value *value, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element = *value;
	bool many = value->type == FRESHET_JSON_ARRAY;
	*count = 0;
	size_t elements = many ? count_elements(value) : 1;
	unsigned char *objects = elements > 0 ? take_memory(r, value, elements, shape->size) : NULL;
	if (objects == NULL)
		return NULL;
	if (many)
		freshet_json_each_begin(&each, value);
	for (size_t i = 0; i < elements && (!many || freshet_json_each_next(&each, NULL, &element)); i++) {
		ash_reading_fail(r, &element, element.type == FRESHET_JSON_OBJECT ? FRESHET_OK : FRESHET_EJSON_TYPE);
		ash_read_object(r, shape, &element, objects + i * shape->size);
	}
	*count = r->err == FRESHET_OK ? elements : 0;
	return r->err == FRESHET_OK ? objects : NULL;
}
