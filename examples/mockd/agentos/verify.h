/*
 * Strict checks of bodies: nothing is coerced. The first thing that is wrong is answered with 400; after that all
 * further checks of the same body do nothing.
 */
#ifndef MOCKD_AGENTOS_VERIFY_H
#define MOCKD_AGENTOS_VERIFY_H

#include "mockd/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct aos_call;

#define VERIFY_MEMBERS 12

struct verify {
	struct aos_call *call;
	json_t *object;
	const char *where;                 /* "" or "task." */
	size_t index;                      /* in an array, counted from 1; 0: it is in none */
	const char *known[VERIFY_MEMBERS]; /* members that were asked for */
	size_t known_count;
	bool failed; /* it was answered */
};

/* The body itself, which must be an object. */
void verify_body(struct verify *c, struct aos_call *call);
/* An object inside a body that was checked. */
void verify_inside(struct verify *c, const struct verify *outer, json_t *object, const char *where, size_t index);
/* False when it was answered. Members that nobody asked for are wrong where the emulator is strict. */
bool verify_end(struct verify *c);

/* A member of that type; NULL when it is absent, or when something was or is wrong. */
const char *verify_string(struct verify *c, const char *name, bool required);
json_t *verify_object(struct verify *c, const char *name, bool required);
json_t *verify_array(struct verify *c, const char *name, bool required);
/* Its index in the list, which ends with NULL; -1 when it is absent or wrong. */
int verify_word(struct verify *c, const char *name, bool required, const char *const *allowed);
bool verify_uuid(struct verify *c, const char *name, bool required, struct uuid *id);
bool verify_boolean(struct verify *c, const char *name);
bool verify_time(struct verify *c, const char *name, bool required);
/* A count that is not negative. */
void verify_number(struct verify *c, const char *name, bool required);
/* A span's id: 16 hex digits, or null where that is allowed. */
void verify_span_id(struct verify *c, const char *name, bool null);
/* Any value. */
json_t *verify_any(struct verify *c, const char *name);

/* Something else is wrong with the member. `name` NULL: with the object. */
__attribute__((format(printf, 3, 4))) void verify_fail(struct verify *c, const char *name, const char *format, ...);

#endif
