#include "fields.h"

/*
 * One path may be an alias of several fields, but a plan takes it once: `slots` leads from each alias to its path. The
 * slots of a field are those from first[field] up to first[field + 1].
 */
struct guest_fields {
	freshet_json_plan *plan;
	size_t count;
	size_t slot_count;
	uint8_t slots[GUEST_PATHS_MAX];
	uint8_t *first; /* behind the struct */
};

static bool add_path(struct guest_fields *fields, const char **paths, size_t *path_count, const char *path)
{
	size_t slot = 0;
	if (fields->slot_count == GUEST_PATHS_MAX)
		return false;
	while (slot < *path_count && strcmp(paths[slot], path) != 0)
		slot++;
	if (slot == *path_count)
		paths[(*path_count)++] = path;
	fields->slots[fields->slot_count++] = (uint8_t)slot;
	return true;
}

freshet_err guest_fields_new(const char *const *const *lists, size_t count, struct guest_fields **out)
{
	const char *paths[GUEST_PATHS_MAX];
	size_t path_count = 0;
	*out = NULL;
	struct guest_fields *fields = count < SIZE_MAX / 2 ? freshet_mem_new(1, sizeof *fields + count + 1) : NULL;
	if (fields == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = FRESHET_OK;
	fields->count = count;
	fields->first = (uint8_t *)(fields + 1);
	for (size_t i = 0; i < count; i++) {
		for (const char *const *path = lists[i]; path != NULL && *path != NULL && err == FRESHET_OK; path++)
			err = add_path(fields, paths, &path_count, *path) ? FRESHET_OK : FRESHET_EINVAL;
		fields->first[i + 1] = (uint8_t)fields->slot_count;
	}
	if (err == FRESHET_OK)
		err = freshet_json_plan_new(paths, path_count, 0, &fields->plan);
	if (err == FRESHET_OK)
		*out = fields;
	else
		freshet_mem_free(fields);
	return err;
}

void guest_fields_free(struct guest_fields *fields)
{
	if (fields != NULL)
		freshet_json_plan_free(fields->plan);
	freshet_mem_free(fields);
}

/* The first that is there and not null, else a null, else missing. */
static void choose(
	const struct guest_fields *fields, size_t field, const freshet_json_value *found, freshet_json_value *out)
{
	memset(out, 0, sizeof *out);
	for (size_t i = fields->first[field]; i < fields->first[field + 1] && guest_absent(out); i++)
		if (found[fields->slots[i]].type != FRESHET_JSON_MISSING)
			*out = found[fields->slots[i]];
}

freshet_err guest_fields_pick(
	const struct guest_fields *fields, freshet_str text, freshet_json_value *values, size_t *position)
{
	freshet_json_value found[GUEST_PATHS_MAX];
	freshet_err err = freshet_json_pick(fields->plan, text, found, position);
	for (size_t i = 0; i < fields->count; i++)
		choose(fields, i, found, &values[i]);
	return err;
}

/* ---- values ---- */

freshet_err guest_take_str(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out)
{
	return guest_absent(value) ? FRESHET_OK : freshet_json_string(value, scratch, out);
}

freshet_err guest_take_bool(const freshet_json_value *value, bool *out)
{
	return guest_absent(value) ? FRESHET_OK : freshet_json_bool(value, out);
}

freshet_err guest_take_int(const freshet_json_value *value, int64_t *out)
{
	if (guest_absent(value))
		return FRESHET_OK;
	if (value->type != FRESHET_JSON_STRING)
		return freshet_json_int64(value, out);
	/* What stands between the quotes is read as the number that it looks like; escapes are no digits. */
	freshet_json_value number;
	freshet_str digits = {value->raw.ptr + 1, value->raw.len - 2};
	for (size_t i = 0; i < digits.len; i++)
		if ((digits.ptr[i] < '0' || digits.ptr[i] > '9') && (i > 0 || digits.ptr[i] != '-'))
			return FRESHET_EJSON_NUMBER;
	if (freshet_json_read(digits, &number, NULL) != FRESHET_OK)
		return FRESHET_EJSON_NUMBER;
	return freshet_json_int64(&number, out);
}

freshet_err guest_take_id(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out)
{
	if (value->type == FRESHET_JSON_NUMBER) {
		*out = value->raw;
		return FRESHET_OK;
	}
	freshet_str id = {NULL, 0};
	freshet_err err = guest_take_str(value, scratch, &id);
	if (err != FRESHET_OK || guest_absent(value))
		return err;
	if (id.len > 0 && memchr(id.ptr, '\0', id.len) != NULL)
		return FRESHET_EJSON_STRING;
	*out = id;
	return FRESHET_OK;
}

freshet_err guest_take_any(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out)
{
	if (value->type == FRESHET_JSON_STRING)
		return freshet_json_string(value, scratch, out);
	guest_take_raw(value, out);
	return FRESHET_OK;
}

void guest_take_raw(const freshet_json_value *value, freshet_str *out)
{
	if (!guest_absent(value))
		*out = value->raw;
}
