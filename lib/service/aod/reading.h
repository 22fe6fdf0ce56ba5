/*
 * How members of JSON texts become fields. Nothing is copied but strings with escapes; arrays of fields are allocated
 * and live as long as the reading.
 */
#ifndef AOD_READING_H
#define AOD_READING_H

#include <freshet/aod.h>
#include <freshet/json.h>

struct reading_block;

/* Reads the values of one text; the first error sticks. */
struct reading {
	freshet_str text;
	freshet_json_scratch *scratch;
	freshet_err err;
	size_t position;              /* of the error, in the text */
	struct reading_block *blocks; /* the arrays */
};

/* Gives the arrays back. */
void reading_clear(struct reading *r);

/* An error of this reading found by the caller, at `value`. */
void reading_fail(struct reading *r, const freshet_json_value *value, freshet_err err);

/* Fills in the values of a text that lies in the reading's. False when the reading has failed. */
bool reading_pick(struct reading *r, freshet_json_plan *plan, freshet_str text, freshet_json_value *values);

/*
 * Each leaves *out as it was when the value is missing or null. A value of another type is an error: what cannot be
 * read is told, not passed over.
 */
void take_str(struct reading *r, const freshet_json_value *value, freshet_str *out);
void take_int(struct reading *r, const freshet_json_value *value, int64_t *out);
void take_id(struct reading *r, const freshet_json_value *value, uint64_t *out);

/* The JSON text of an object. */
void take_object(struct reading *r, const freshet_json_value *value, freshet_str *out);

/* As take_int, and tells whether there was a number. */
void take_number(struct reading *r, const freshet_json_value *value, bool *has, int64_t *out);

/* As take_str, but missing and null are errors too. */
void need_str(struct reading *r, const freshet_json_value *value, freshet_str *out);

/* For what the server keeps unchecked: as take_str, and a value that is no string leaves *out as it was. */
void take_loose_str(struct reading *r, const freshet_json_value *value, freshet_str *out);

/*
 * Room for the elements of a container of that type, and a walk over them; NULL with a count of 0 where there are none.
 * An element is `size` bytes. What is missing or null has no elements; another type is an error.
 */
void *begin_elements(struct reading *r, const freshet_json_value *container, freshet_json_type type,
	freshet_json_each *each, size_t size, size_t *count);

/* The same for the `data` of the text, which is a list. A list without `data` is an error. */
void *begin_list(struct reading *r, freshet_json_each *each, size_t size, size_t *count);

/*
 * The elements of an array, and the members of an object. They are loose: a container of another type has none, an
 * element that is no string is given as its JSON text.
 */
const freshet_str *read_loose_strings(struct reading *r, const freshet_json_value *array, size_t *count);
const freshet_aod_secret *read_loose_pairs(struct reading *r, const freshet_json_value *object, size_t *count);

/* An array of strings, where anything else is an error. */
const freshet_str *read_strings(struct reading *r, const freshet_json_value *array, size_t *count);

/* Of an array or object of a text that was checked. */
size_t count_elements(const freshet_json_value *container);

#endif
