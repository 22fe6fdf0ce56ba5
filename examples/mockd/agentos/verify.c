/*
 * The checks, one member after the other.
 */
#include "mockd/agentos/verify.h"

#include "mockd/agentos/agentos.h"
#include "mockd/server.h"

#include <stdarg.h>
#include <stdio.h>

void verify_fail(struct verify *c, const char *name, const char *format, ...)
{
	if (c->failed)
		return;
	va_list args;
	va_start(args, format);
	char what[160];
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	c->failed = true;
	if (c->index > 0)
		aos_refuse(c->call, 400, "validation_error", "%s%zu.%s: %s", c->where, c->index - 1,
			name != NULL ? name : "", what);
	else
		aos_refuse(c->call, 400, "validation_error", "%s%s: %s", c->where, name != NULL ? name : "body", what);
}

void verify_body(struct verify *c, struct aos_call *call)
{
	*c = (struct verify){.call = call, .object = call->body, .where = ""};
	if (!json_is_object(call->body))
		verify_fail(c, NULL, "must be an object");
}

void verify_inside(struct verify *c, const struct verify *outer, json_t *object, const char *where, size_t index)
{
	*c = (struct verify){
		.call = outer->call, .object = object, .where = where, .index = index, .failed = outer->failed};
	if (!json_is_object(object))
		verify_fail(c, NULL, "must be an object");
}

static bool is_known(const struct verify *c, const char *name)
{
	for (size_t i = 0; i < c->known_count; i++) {
		if (strcmp(c->known[i], name) == 0)
			return true;
	}
	return false;
}

bool verify_end(struct verify *c)
{
	const char *name;
	json_t *value;
	if (!c->failed && c->call->aos->mockd->options.agentos_strict) {
		json_object_foreach(c->object, name, value)
		{
			(void)value;
			if (!is_known(c, name))
				verify_fail(c, name, "is unknown");
		}
	}
	return !c->failed;
}

json_t *verify_any(struct verify *c, const char *name)
{
	if (c->known_count < VERIFY_MEMBERS)
		c->known[c->known_count++] = name;
	return c->failed ? NULL : json_object_get(c->object, name);
}

/* The member, if it has the type. */
static json_t *typed(struct verify *c, const char *name, bool required, json_type type, const char *complaint)
{
	json_t *value = verify_any(c, name);
	if (value == NULL && required)
		verify_fail(c, name, "is required");
	else if (value != NULL && json_typeof(value) != type)
		verify_fail(c, name, "must be %s", complaint);
	return c->failed ? NULL : value;
}

const char *verify_string(struct verify *c, const char *name, bool required)
{
	return json_string_value(typed(c, name, required, JSON_STRING, "a string"));
}

json_t *verify_object(struct verify *c, const char *name, bool required)
{
	return typed(c, name, required, JSON_OBJECT, "an object");
}

json_t *verify_array(struct verify *c, const char *name, bool required)
{
	return typed(c, name, required, JSON_ARRAY, "an array");
}

int verify_word(struct verify *c, const char *name, bool required, const char *const *allowed)
{
	const char *word = verify_string(c, name, required);
	for (int i = 0; word != NULL && allowed[i] != NULL; i++) {
		if (strcmp(allowed[i], word) == 0)
			return i;
	}
	if (word != NULL)
		verify_fail(c, name, "is none of the values that are allowed");
	return -1;
}

bool verify_uuid(struct verify *c, const char *name, bool required, struct uuid *id)
{
	const char *text = verify_string(c, name, required);
	*id = (struct uuid){0, 0};
	if (text != NULL && !aos_read_uuid(freshet_str_of(text), id))
		verify_fail(c, name, "must be a UUID");
	return text != NULL && !c->failed;
}

bool verify_boolean(struct verify *c, const char *name)
{
	json_t *value = verify_any(c, name);
	if (value != NULL && !json_is_boolean(value))
		verify_fail(c, name, "must be a boolean");
	return json_is_true(value);
}

void verify_number(struct verify *c, const char *name, bool required)
{
	json_t *value = verify_any(c, name);
	if (value == NULL && required)
		verify_fail(c, name, "is required");
	else if (value != NULL && (!json_is_number(value) || json_number_value(value) < 0))
		verify_fail(c, name, "must be a number that is not negative");
}

bool verify_time(struct verify *c, const char *name, bool required)
{
	const char *text = verify_string(c, name, required);
	if (text != NULL && !aos_is_time(freshet_str_of(text)))
		verify_fail(c, name, "must be a date and time of ISO 8601");
	return text != NULL && !c->failed;
}

void verify_span_id(struct verify *c, const char *name, bool null)
{
	const json_t *value = verify_any(c, name);
	const char *text = json_string_value(value);
	if (value == NULL ? null : json_is_null(value) && null)
		return;
	if (text == NULL || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		verify_fail(c, name, "must be 16 hexadecimal digits");
}
