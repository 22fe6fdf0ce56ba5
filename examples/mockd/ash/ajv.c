/*
 * Coercion follows Ajv: scalars become strings, strings of digits numbers, "true" and "false" booleans, null the empty
 * value, a scalar an array of one and an array of one a scalar.
 */
#include "mockd/ash/ajv.h"

#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <math.h>
#include <stdio.h>

void ajv_fail(struct ajv *c, const char *name, const char *what)
{
	if (c->failed)
		return;
	c->failed = true;
	ash_refuse(c->call, 400, "FST_ERR_VALIDATION", "%s%s%s %s", c->where, name != NULL ? "/" : "",
		name != NULL ? name : "", what);
}

void ajv_body(struct ajv *c, struct ash_call *call)
{
	*c = (struct ajv){.call = call, .object = call->body, .where = "body"};
	if (!json_is_object(call->body))
		ajv_fail(c, NULL, "must be object");
}

/* The parameters in the order in which they came; of several of one name the last. */
static json_t *read_query(const struct request *r)
{
	json_t *query = json_object();
	freshet_str rest = r->query;
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '&', rest.len);
		size_t len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
		const char *equals = memchr(rest.ptr, '=', len);
		char *name =
			must_copy_span((freshet_str){rest.ptr, equals != NULL ? (size_t)(equals - rest.ptr) : len});
		char *value = request_query(r, name);
		json_object_set_new(query, name, json_string(value != NULL ? value : ""));
		free(value);
		free(name);
		size_t step = len + (end != NULL);
		rest = (freshet_str){rest.ptr + step, rest.len - step};
	}
	return query;
}

void ajv_query(struct ajv *c, struct ash_call *call)
{
	*c = (struct ajv){.call = call, .object = read_query(call->request), .where = "querystring"};
}

bool ajv_end(struct ajv *c)
{
	if (c->object != c->call->body)
		json_decref(c->object);
	return !c->failed;
}

void ajv_required(struct ajv *c, const char *const *names)
{
	for (; *names != NULL && !c->failed; names++) {
		if (json_object_get(c->object, *names) != NULL)
			continue;
		char what[96];
		snprintf(what, sizeof what, "must have required property '%s'", *names);
		ajv_fail(c, NULL, what);
	}
}

struct ajv ajv_item(const struct ajv *c, const char *name, size_t i, json_t *item)
{
	struct ajv inner = {.call = c->call, .object = item, .failed = c->failed};
	snprintf(inner.where, sizeof inner.where, "%.24s/%.24s/%zu", c->where, name, i);
	if (!json_is_object(item))
		ajv_fail(&inner, NULL, "must be object");
	return inner;
}

/* The member; NULL when it is absent or something was wrong before. An array of one is its element. */
static json_t *scalar(struct ajv *c, const char *name)
{
	json_t *value = c->failed ? NULL : json_object_get(c->object, name);
	if (json_array_size(value) != 1)
		return value;
	json_object_set(c->object, name, json_array_get(value, 0));
	return json_object_get(c->object, name);
}

/* Puts what the member was coerced to in its place. */
static json_t *become(struct ajv *c, const char *name, json_t *value)
{
	json_object_set_new(c->object, name, value);
	return value;
}

static json_t *to_string(struct ajv *c, const char *name, json_t *value)
{
	if (json_is_string(value))
		return value;
	if (json_is_null(value))
		return become(c, name, json_string(""));
	if (json_is_object(value) || json_is_array(value))
		return NULL;
	char *text = ash_json_text(value);
	json_t *string = become(c, name, json_string(text));
	free(text);
	return string;
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

const char *ajv_string(struct ajv *c, const char *name, size_t min, size_t max)
{
	json_t *value = scalar(c, name);
	if (value == NULL)
		return NULL;
	value = to_string(c, name, value);
	if (value == NULL) {
		ajv_fail(c, name, "must be string");
		return NULL;
	}
	size_t len = characters(json_string_value(value));
	char what[64];
	if (len < min)
		snprintf(what, sizeof what, "must NOT have fewer than %zu characters", min);
	else if (len > max)
		snprintf(what, sizeof what, "must NOT have more than %zu characters", max);
	else
		return json_string_value(value);
	ajv_fail(c, name, what);
	return NULL;
}

const char *ajv_word(struct ajv *c, const char *name, const char *const *allowed)
{
	const char *word = ajv_string(c, name, 0, SIZE_MAX);
	for (size_t i = 0; word != NULL && allowed[i] != NULL; i++) {
		if (strcmp(word, allowed[i]) == 0)
			return word;
	}
	if (word != NULL)
		ajv_fail(c, name, "must be equal to one of the allowed values");
	return NULL;
}

const char *ajv_uuid(struct ajv *c, const char *name)
{
	const char *text = ajv_string(c, name, 0, SIZE_MAX);
	struct uuid id;
	if (text == NULL || uuid_read(freshet_str_of(text), &id))
		return text;
	ajv_fail(c, name, "must match format \"uuid\"");
	return NULL;
}

json_t *ajv_array(struct ajv *c, const char *name, size_t min, size_t max)
{
	json_t *value = c->failed ? NULL : json_object_get(c->object, name);
	if (value == NULL)
		return NULL;
	if (!json_is_array(value) && !json_is_object(value))
		value = become(c, name, json_pack("[O]", value));
	char what[64];
	if (!json_is_array(value))
		snprintf(what, sizeof what, "must be array");
	else if (json_array_size(value) < min)
		snprintf(what, sizeof what, "must NOT have fewer than %zu items", min);
	else if (json_array_size(value) > max)
		snprintf(what, sizeof what, "must NOT have more than %zu items", max);
	else
		return value;
	ajv_fail(c, name, what);
	return NULL;
}

json_t *ajv_strings(struct ajv *c, const char *name)
{
	json_t *array = ajv_array(c, name, 0, SIZE_MAX);
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *value = json_array_get(array, i);
		if (json_is_string(value))
			continue;
		if (json_is_object(value) || json_is_array(value)) {
			ajv_fail(c, name, "must be string");
			return NULL;
		}
		char *text = ash_json_text(value);
		json_array_set_new(array, i, json_string(json_is_null(value) ? "" : text));
		free(text);
	}
	return array;
}

json_t *ajv_object(struct ajv *c, const char *name)
{
	json_t *value = scalar(c, name);
	if (value == NULL || json_is_object(value))
		return value;
	ajv_fail(c, name, "must be object");
	return NULL;
}

json_t *ajv_string_map(struct ajv *c, const char *name)
{
	json_t *map = ajv_object(c, name);
	struct ajv inner = {.call = c->call, .object = map};
	snprintf(inner.where, sizeof inner.where, "%.24s/%.24s", c->where, name);
	const char *key;
	void *after;
	json_t *value;
	json_object_foreach_safe(map, after, key, value) ajv_string(&inner, key, 0, SIZE_MAX);
	c->failed |= inner.failed;
	return inner.failed ? NULL : map;
}

bool ajv_boolean(struct ajv *c, const char *name, bool fallback)
{
	json_t *value = scalar(c, name);
	const char *text = json_string_value(value);
	if (value == NULL)
		return fallback;
	if (json_is_boolean(value))
		return json_is_true(value);
	if (text != NULL && strcmp(text, "true") == 0)
		return true;
	if (json_is_null(value) || (text != NULL && strcmp(text, "false") == 0))
		return false;
	if (json_is_number(value) && (json_number_value(value) == 0 || json_number_value(value) == 1))
		return json_number_value(value) == 1;
	ajv_fail(c, name, "must be boolean");
	return fallback;
}

/* The member as a number; false when it is absent or none. */
static bool read_number(struct ajv *c, const char *name, double *number)
{
	json_t *value = scalar(c, name);
	const char *text = json_string_value(value);
	char *end;
	if (value == NULL)
		return false;
	if (json_is_number(value)) {
		*number = json_number_value(value);
	} else if (json_is_boolean(value) || json_is_null(value)) {
		*number = json_is_true(value);
	} else if (text != NULL && *text != '\0') {
		*number = strtod(text, &end);
		return *end == '\0' && isfinite(*number);
	} else {
		return false;
	}
	return true;
}

int64_t ajv_integer(struct ajv *c, const char *name, int64_t min, int64_t max, int64_t fallback)
{
	double number;
	char what[48];
	if (c->failed || json_object_get(c->object, name) == NULL)
		return fallback;
	if (!read_number(c, name, &number) || number != floor(number))
		snprintf(what, sizeof what, "must be integer");
	else if (number < (double)min)
		snprintf(what, sizeof what, "must be >= %lld", (long long)min);
	else if (number > (double)max)
		snprintf(what, sizeof what, "must be <= %lld", (long long)max);
	else
		return (int64_t)number;
	ajv_fail(c, name, what);
	return fallback;
}

double ajv_number(struct ajv *c, const char *name, double min, double fallback)
{
	double number;
	char what[48];
	if (c->failed || json_object_get(c->object, name) == NULL)
		return fallback;
	if (!read_number(c, name, &number))
		snprintf(what, sizeof what, "must be number");
	else if (number < min)
		snprintf(what, sizeof what, "must be >= %g", min);
	else
		return number;
	ajv_fail(c, name, what);
	return fallback;
}
