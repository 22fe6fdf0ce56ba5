/*
 * Members of JSON objects under any of several names: each field has a list of paths (as in <freshet/json.h>, "error.code")
 * and is the first of them that is there and not null. The lists are known at run time; all fields are picked at once.
 */
#ifndef GUEST_FIELDS_H
#define GUEST_FIELDS_H

#include <freshet/json.h>

/* Paths of all fields together. */
#define GUEST_PATHS_MAX 96

struct guest_fields;

/*
 * For `count` fields, each with its own list that ends with NULL; all is copied. A list may be empty: its field is always
 * missing. FRESHET_EINVAL (a path that cannot be read, too many of them), FRESHET_ENOMEM; on failure *out is NULL.
 */
freshet_err guest_fields_new(const char *const *const *lists, size_t count, struct guest_fields **out);

/* NULL is fine. */
void guest_fields_free(struct guest_fields *fields);

/*
 * Checks the text and fills in one value for each field: null where all that is there is null. FRESHET_EJSON_... with the
 * position (may be NULL); all values are then missing. Several threads may use the same fields.
 */
freshet_err guest_fields_pick(
	const struct guest_fields *fields, freshet_str text, freshet_json_value *values, size_t *position);

static inline bool guest_absent(const freshet_json_value *value)
{
	return value->type == FRESHET_JSON_MISSING || value->type == FRESHET_JSON_NULL;
}

/*
 * Each leaves *out as it was when the value is missing or null; FRESHET_EJSON_TYPE for another type, FRESHET_ENOMEM.
 */
freshet_err guest_take_str(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out);
freshet_err guest_take_bool(const freshet_json_value *value, bool *out);

/* A number, or a string of decimal digits. FRESHET_EJSON_NUMBER when it is no integer or out of range. */
freshet_err guest_take_int(const freshet_json_value *value, int64_t *out);

/* A string, or a number as it is written: for ids that may be either. FRESHET_EJSON_STRING for one that a NUL would cut. */
freshet_err guest_take_id(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out);

/* A string decoded; anything else as its JSON text. */
freshet_err guest_take_any(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out);

/* The JSON text, whatever it is. */
void guest_take_raw(const freshet_json_value *value, freshet_str *out);

#endif
