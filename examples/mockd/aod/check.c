/*
 * What pydantic says about bodies, word for word where its words are known.
 */
#include "mockd/aod/check.h"

#include "mockd/aod/aod.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_begin(struct check *c, json_t *body)
{
	c->body = body;
	c->errors = json_array();
}

bool check_passed(struct check *c, struct aod_call *call)
{
	if (json_array_size(c->errors) > 0) {
		aod_answer(call, 422, json_pack("{s:o}", "detail", c->errors));
		return false;
	}
	json_decref(c->errors);
	return true;
}

void check_error(struct check *c, const char *type, json_t *loc, json_t *input, const char *message)
{
	char url[128];
	snprintf(url, sizeof url, "https://errors.pydantic.dev/2.11/v/%s", type);
	json_array_append_new(c->errors, json_pack("{s:s, s:o, s:s, s:o, s:s}", "type", type, "loc", loc, "msg",
						 message, "input", json_deep_copy(input), "url", url));
}

void check_value_error(struct check *c, json_t *loc, json_t *input, const char *format, ...)
{
	char text[256] = "Value error, ";
	size_t len = strlen(text);
	va_list args;
	va_start(args, format);
	vsnprintf(text + len, sizeof text - len, format, args);
	va_end(args);
	check_error(c, "value_error", loc, input, text);
}

json_t *check_loc(const char *key)
{
	return json_pack("[s]", key);
}

json_t *check_loc_item(const char *key, size_t index)
{
	return json_pack("[s, I]", key, (json_int_t)index);
}

json_t *check_loc_member(const char *key, size_t index, const char *member)
{
	return json_pack("[s, I, s]", key, (json_int_t)index, member);
}

/* The member, or NULL when it counts as absent. */
static json_t *find(struct check *c, const char *key, bool required)
{
	json_t *value = json_object_get(c->body, key);
	if (value == NULL && required)
		check_error(c, "missing", check_loc(key), c->body, "Field required");
	return json_is_null(value) && !required ? NULL : value;
}

static size_t count_characters(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

json_t *check_string(struct check *c, const char *key, bool required, size_t max)
{
	json_t *value = find(c, key, required);
	if (value == NULL)
		return NULL;
	if (!json_is_string(value)) {
		check_error(c, "string_type", check_loc(key), value, "Input should be a valid string");
		return NULL;
	}
	if (count_characters(json_string_value(value)) > max) {
		char text[80];
		snprintf(text, sizeof text, "String should have at most %zu characters", max);
		check_error(c, "string_too_long", check_loc(key), value, text);
		return NULL;
	}
	return value;
}

json_t *check_array(struct check *c, const char *key, size_t max)
{
	json_t *value = find(c, key, false);
	if (value == NULL)
		return NULL;
	if (!json_is_array(value)) {
		check_error(c, "list_type", check_loc(key), value, "Input should be a valid list");
		return NULL;
	}
	if (json_array_size(value) > max) {
		char text[100];
		snprintf(text, sizeof text, "List should have at most %zu items after validation, not %zu", max,
			json_array_size(value));
		check_error(c, "too_long", check_loc(key), value, text);
		return NULL;
	}
	return value;
}

json_t *check_object(struct check *c, const char *key)
{
	json_t *value = find(c, key, false);
	if (value != NULL && !json_is_object(value)) {
		check_error(c, "dict_type", check_loc(key), value, "Input should be a valid dictionary");
		return NULL;
	}
	return value;
}

/* Reads an integer as pydantic does: from a number without fraction, a boolean, or a string of digits. */
static bool read_integer(struct check *c, const char *key, json_t *value, long *number)
{
	if (json_is_integer(value)) {
		*number = (long)json_integer_value(value);
	} else if (json_is_boolean(value)) {
		*number = json_is_true(value);
	} else if (json_is_real(value)) {
		double real = json_real_value(value);
		if (real != floor(real) || fabs(real) > 1e15) {
			check_error(c, "int_from_float", check_loc(key), value,
				"Input should be a valid integer, got a number with a fractional part");
			return false;
		}
		*number = (long)real;
	} else if (json_is_string(value)) {
		char *end;
		errno = 0;
		*number = strtol(json_string_value(value), &end, 10);
		if (errno != 0 || *end != '\0' || json_string_length(value) == 0) {
			check_error(c, "int_parsing", check_loc(key), value,
				"Input should be a valid integer, unable to parse string as an integer");
			return false;
		}
	} else {
		check_error(c, "int_type", check_loc(key), value, "Input should be a valid integer");
		return false;
	}
	return true;
}

long check_integer(struct check *c, const char *key, bool required, long min, long max, long fallback)
{
	json_t *value = find(c, key, required);
	long number;
	if (value == NULL || !read_integer(c, key, value, &number))
		return fallback;
	bool low = number < min;
	if (!low && number <= max)
		return number;
	char text[80];
	snprintf(text, sizeof text, "Input should be %s than or equal to %ld", low ? "greater" : "less",
		low ? min : max);
	check_error(c, low ? "greater_than_equal" : "less_than_equal", check_loc(key), value, text);
	return fallback;
}

static bool variable_name(const char *name)
{
	bool good = strchr("_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", name[0]) != NULL && name[0] != '\0';
	return good && strspn(name, "_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == strlen(name);
}

void check_variables(struct check *c, const char *key)
{
	json_t *variables = check_object(c, key);
	const char *bad = NULL;
	const char *name;
	json_t *value;
	json_object_foreach(variables, name, value)
	{
		if (!json_is_string(value))
			check_error(c, "string_type", json_pack("[s, s]", key, name), value,
				"Input should be a valid string");
		else if (!variable_name(name) && bad == NULL)
			bad = name;
	}
	if (bad != NULL)
		check_value_error(c, check_loc(key), variables, "invalid variable name: %s", bad);
}

const char *check_member(
	struct check *c, json_t *object, const char *key, size_t index, const char *member, bool required)
{
	json_t *value = json_object_get(object, member);
	if (value == NULL && required)
		check_error(c, "missing", check_loc_member(key, index, member), object, "Field required");
	if (value == NULL || (json_is_null(value) && !required))
		return NULL;
	if (!json_is_string(value))
		check_error(c, "string_type", check_loc_member(key, index, member), value,
			"Input should be a valid string");
	return json_string_value(value);
}
