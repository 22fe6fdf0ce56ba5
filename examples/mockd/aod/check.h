/*
 * Checks of request bodies, with the 422 answers that pydantic gives: an array of what is wrong, each entry with type,
 * loc, msg, input and url. Numbers are read leniently, as pydantic does by default.
 */
#ifndef MOCKD_AOD_CHECK_H
#define MOCKD_AOD_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct aod_call;

struct check {
	json_t *body;
	json_t *errors;
};

void check_begin(struct check *c, json_t *body);

/* Answers 422 and returns false when something was wrong. Ends the check either way. */
bool check_passed(struct check *c, struct aod_call *call);

/* Adds an error. `loc` is given up; `input` stays the caller's. */
void check_error(struct check *c, const char *type, json_t *loc, json_t *input, const char *message);

/* An error that a rule of the application found: type value_error. */
__attribute__((format(printf, 4, 5))) void check_value_error(
	struct check *c, json_t *loc, json_t *input, const char *format, ...);

/* Where a member is: ["key"], ["key", index], ["key", index, "member"]. */
json_t *check_loc(const char *key);
json_t *check_loc_item(const char *key, size_t index);
json_t *check_loc_member(const char *key, size_t index, const char *member);

/*
 * A member of the body. Each returns NULL when it is absent (null counts as absent unless it is required) and, with an
 * error added, when it is missing or of another type. Lengths are in characters.
 */
json_t *check_string(struct check *c, const char *key, bool required, size_t max);
json_t *check_array(struct check *c, const char *key, size_t max);
json_t *check_object(struct check *c, const char *key);

/* An integer from `min` to `max`; `fallback` when it is absent or wrong. */
long check_integer(struct check *c, const char *key, bool required, long min, long max, long fallback);

/* An object whose names are those of environment variables and whose values are strings. */
void check_variables(struct check *c, const char *key);

/*
 * A string of the `index`-th object in the array `key`. NULL when it is absent or null and not required, and, with an
 * error added, when it is missing or of another type.
 */
const char *check_member(
	struct check *c, json_t *object, const char *key, size_t index, const char *member, bool required);

#endif
