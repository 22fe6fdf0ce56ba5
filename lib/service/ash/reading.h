/*
 * JSON texts as the structs of the public header. Each struct has a shape: a table of members, their types and their
 * places, from which one function reads them all.
 */
#ifndef ASH_READING_H
#define ASH_READING_H

#include "client.h"

/* Reads the values of one text; the first error sticks. */
struct ash_reading {
	freshet_str text;
	freshet_json_scratch *scratch;
	freshet_err err;
	size_t position; /* of the error, in the text */
	void *blocks;    /* of memory for arrays */
};

enum ash_field_type {
	ASH_NEED,   /* freshet_str; missing and null are errors */
	ASH_STR,    /* freshet_str */
	ASH_INT,    /* int64_t */
	ASH_BOOL,   /* bool */
	ASH_DOUBLE, /* double */
	ASH_NUMBER, /* freshet_ash_number */
	ASH_RAW,    /* freshet_str: the JSON text of the value, whatever it is */
	ASH_STRS,   /* const freshet_str *, and a size_t right behind it */
	ASH_OBJECT, /* a struct of the shape */
	ASH_LIST,   /* a pointer to an array of them, and a size_t right behind it */
};

struct ash_field {
	enum ash_field_type type;
	size_t offset;
	const struct ash_shape *shape; /* of OBJECT and LIST */
};

/* The struct begins with `freshet_str raw`. */
struct ash_shape {
	freshet_json_plan *plan; /* the paths of the fields, in their order */
	const struct ash_field *fields;
	size_t count;                 /* at most ASH_FIELDS */
	size_t size;                  /* of the struct */
	void (*finish)(void *object); /* optional: what follows from the fields, as enum values */
};

#define ASH_FIELDS 24

/* An error found by the caller, at `value`. */
void ash_reading_fail(struct ash_reading *r, const freshet_json_value *value, freshet_err err);

/* Missing and null leave the struct as it was; another type than object is an error. */
void ash_read_object(
	struct ash_reading *r, const struct ash_shape *shape, const freshet_json_value *value, void *object);

/* An array of structs, or one struct for an object. NULL with a count of 0 when there are none, and on error. */
void *ash_read_objects(
	struct ash_reading *r, const struct ash_shape *shape, const freshet_json_value *value, size_t *count);

/* Gives back the memory of arrays. */
void ash_reading_clear(struct ash_reading *r);

/*
 * Each leaves *out as it was when the value is missing or null. A value of another type is an error: what cannot be
 * read is told, not passed over.
 */
void ash_take_str(struct ash_reading *r, const freshet_json_value *value, freshet_str *out);
void ash_take_int(struct ash_reading *r, const freshet_json_value *value, int64_t *out);
void ash_take_double(struct ash_reading *r, const freshet_json_value *value, double *out);
void ash_take_bool(struct ash_reading *r, const freshet_json_value *value, bool *out);

static inline bool ash_absent(const freshet_json_value *value)
{
	return value->type == FRESHET_JSON_MISSING || value->type == FRESHET_JSON_NULL;
}

#endif
