/*
 * Passing over values of JSON that is known to be good.
 */
#include "mockd/agentos/json_span.h"

#include <stdbool.h>

static const char *skip_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Behind the closing quote. */
static const char *skip_text(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

static bool ends_plain(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;
	if (at < end && *at != '{' && *at != '[' && *at != '"') {
		while (at < end && !ends_plain(*at))
			at++;
		return at;
	}
	while (at < end) {
		if (*at == '"') {
			at = skip_text(at, end);
		} else {
			depth += *at == '{' || *at == '[';
			depth -= *at == '}' || *at == ']';
			at++;
		}
		if (depth == 0)
			break;
	}
	return at;
}

/* The value that begins here, and *at behind it and its comma. */
static freshet_str take_value(const char **at, const char *end)
{
	const char *from = *at;
	const char *behind = skip_value(from, end);
	*at = skip_blank(behind, end);
	if (*at < end && **at == ',')
		*at = skip_blank(*at + 1, end);
	return (freshet_str){from, (size_t)(behind - from)};
}

/* Where the value of the member begins; NULL when there is none. */
static const char *find_member(freshet_str object, const char *name)
{
	const char *end = object.ptr + object.len;
	const char *at = skip_blank(object.ptr, end);
	if (at < end && *at == '{')
		at = skip_blank(at + 1, end);
	while (at < end && *at == '"') {
		const char *key = at;
		at = skip_text(at, end);
		freshet_str found = {key + 1, (size_t)(at - key) - 2};
		at = skip_blank(at, end);
		at = at < end ? skip_blank(at + 1, end) : end;
		if (freshet_str_is(found, name))
			return at;
		take_value(&at, end);
	}
	return NULL;
}

freshet_str json_span_member(freshet_str object, const char *name)
{
	const char *at = find_member(object, name);
	return at != NULL ? take_value(&at, object.ptr + object.len) : (freshet_str){object.ptr, 0};
}

freshet_str json_span_items(freshet_str object, const char *name)
{
	const char *end = object.ptr + object.len;
	const char *at = find_member(object, name);
	at = at != NULL && at < end ? skip_blank(at + 1, end) : end;
	return (freshet_str){at, (size_t)(end - at)};
}

freshet_str json_span_next(freshet_str *items)
{
	const char *end = items->ptr + items->len;
	const char *at = items->ptr;
	if (at >= end || *at == ']')
		return (freshet_str){at, 0};
	freshet_str value = take_value(&at, end);
	*items = (freshet_str){at, (size_t)(end - at)};
	return value;
}
