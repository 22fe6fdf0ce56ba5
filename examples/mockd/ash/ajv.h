/*
 * Checks of bodies and queries as Ajv makes them with coercion on: what can be read as the wanted type becomes it, and
 * the first thing that is wrong is answered with 400. After that all further checks of the same kind do nothing.
 */
#ifndef MOCKD_ASH_AJV_H
#define MOCKD_ASH_AJV_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ash_call;

struct ajv {
	struct ash_call *call;
	json_t *object; /* whose members are looked at; changed by coercion */
	char where[64]; /* "body", "querystring", "body/files/0" */
	bool failed;    /* it was answered */
};

/* The body must be an object. */
void ajv_body(struct ajv *c, struct ash_call *call);
/* The query as an object of strings, which ajv_end drops. */
void ajv_query(struct ajv *c, struct ash_call *call);
/* False when it was answered. */
bool ajv_end(struct ajv *c);

/* The members that must be there, all of them before any is looked at: "a", "b", NULL. */
void ajv_required(struct ajv *c, const char *const *names);

/*
 * A member of that type; NULL when it is absent, or when something was or is wrong. Lengths are in characters.
 */
const char *ajv_string(struct ajv *c, const char *name, size_t min, size_t max);
const char *ajv_word(struct ajv *c, const char *name, const char *const *allowed);
json_t *ajv_strings(struct ajv *c, const char *name);
json_t *ajv_object(struct ajv *c, const char *name);
/* An object whose values are strings. */
json_t *ajv_string_map(struct ajv *c, const char *name);
json_t *ajv_array(struct ajv *c, const char *name, size_t min, size_t max);
bool ajv_boolean(struct ajv *c, const char *name, bool fallback);
int64_t ajv_integer(struct ajv *c, const char *name, int64_t min, int64_t max, int64_t fallback);
double ajv_number(struct ajv *c, const char *name, double min, double fallback);
/* A UUID in text; NULL when it is absent or none. */
const char *ajv_uuid(struct ajv *c, const char *name);

/* The checks of an element of an array that was found: its `where` is told. */
struct ajv ajv_item(const struct ajv *c, const char *name, size_t i, json_t *item);

/* Something else is wrong with the member: "must ...". `name` may be NULL. */
void ajv_fail(struct ajv *c, const char *name, const char *what);

#endif
