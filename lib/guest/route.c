/*
 * Templates are checked when the table is made, so that expanding one can only fail for a value that is missing. Nothing
 * that a caller gives gets into a path as it is: values are percent-encoded and cannot be dot segments.
 */
#include "route.h"

#include "options.h"

#include <freshet/types.h>

/* ---- checks ---- */

static bool is_token(const char *method)
{
	const char *at = method;
	while ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || *at == '-')
		at++;
	return at != method && *at == '\0';
}

/* What may stand in a path and its query (RFC 3986, sections 3.3 and 3.4), braces aside. */
static bool is_path_character(char c)
{
	return c > ' ' && c < 0x7f && strchr("#\"<>\\^`|", c) == NULL;
}

/* True when `name` is one of the words of `names`. */
static bool is_word_of(const char *names, const char *name, size_t len)
{
	while (names != NULL && *names != '\0') {
		size_t word = strcspn(names, " ");
		if (word == len && memcmp(names, name, len) == 0)
			return true;
		names += word + strspn(names + word, " ");
	}
	return false;
}

static bool is_prefix(const char *prefix)
{
	if (*prefix != '\0' && *prefix != '/')
		return false;
	for (const char *at = prefix; *at != '\0'; at++)
		if (!is_path_character(*at) || *at == '{' || *at == '}' || *at == '?')
			return false;
	return true;
}

static bool is_template(const char *path, const char *names)
{
	if (*path != '/')
		return false;
	for (const char *at = path; *at != '\0';) {
		if (*at == '{') {
			size_t len = strcspn(at + 1, "}");
			if (at[len + 1] == '\0' || !is_word_of(names, at + 1, len))
				return false;
			at += len + 2;
		} else if (*at == '}' || !is_path_character(*at++)) {
			return false;
		}
	}
	return true;
}

/* ---- the table ---- */

static const struct guest_route *row_of(const struct guest_routes *routes, size_t route)
{
	return routes->own != NULL ? &routes->own[route] : &routes->defaults[route];
}

/* FRESHET_EINVAL, and then nothing has changed. */
static freshet_err check(const struct guest_routes *routes, const freshet_route *replaced, size_t *route)
{
	size_t at = 0;
	while (at < routes->count && (replaced->key == NULL || strcmp(routes->defaults[at].key, replaced->key) != 0))
		at++;
	if (at == routes->count)
		return FRESHET_EINVAL;
	*route = at;
	bool good = replaced->method == NULL || is_token(replaced->method);
	good = good && (replaced->path == NULL || is_template(replaced->path, routes->defaults[at].names));
	return good ? FRESHET_OK : FRESHET_EINVAL;
}

/* The bytes that the strings of one replacement need. */
static size_t size_of(const freshet_route *replaced)
{
	size_t method = replaced->method != NULL ? strlen(replaced->method) + 1 : 0;
	return method + (replaced->path != NULL ? strlen(replaced->path) + 1 : 0);
}

static const char *put(char **at, const char *terminated)
{
	size_t len = strlen(terminated) + 1;
	char *copy = *at;
	memcpy(copy, terminated, len);
	*at += len;
	return copy;
}

/* Rows, prefix and strings lie in one block. */
static freshet_err fill(
	struct guest_routes *routes, const char *prefix, const freshet_route *replaced, size_t replaced_count)
{
	size_t prefix_len = strlen(prefix), route = 0, bytes;
	while (prefix_len > 0 && prefix[prefix_len - 1] == '/')
		prefix_len--;
	bytes = routes->count * sizeof *routes->own + prefix_len + 1;
	for (size_t i = 0; i < replaced_count; i++) {
		if (check(routes, &replaced[i], &route) != FRESHET_OK)
			return FRESHET_EINVAL;
		bytes += size_of(&replaced[i]);
	}
	routes->own = freshet_mem_new(1, bytes);
	if (routes->own == NULL)
		return FRESHET_ENOMEM;
	memcpy(routes->own, routes->defaults, routes->count * sizeof *routes->own);
	routes->prefix = (char *)(routes->own + routes->count);
	memcpy(routes->prefix, prefix, prefix_len);
	char *at = routes->prefix + prefix_len + 1;
	for (size_t i = 0; i < replaced_count; i++) {
		check(routes, &replaced[i], &route);
		if (replaced[i].method != NULL)
			routes->own[route].method = put(&at, replaced[i].method);
		if (replaced[i].path != NULL)
			routes->own[route].path = put(&at, replaced[i].path);
	}
	return FRESHET_OK;
}

freshet_err guest_routes_init(struct guest_routes *routes, const struct guest_route *defaults, size_t count,
	const char *prefix, const freshet_route *replaced, size_t replaced_count)
{
	memset(routes, 0, sizeof *routes);
	if ((prefix != NULL && !is_prefix(prefix)) || (replaced == NULL && replaced_count > 0))
		return FRESHET_EINVAL;
	routes->defaults = defaults;
	routes->count = count;
	return fill(routes, prefix != NULL ? prefix : "", replaced, replaced_count);
}

void guest_routes_clear(struct guest_routes *routes)
{
	freshet_mem_free(routes->own);
	routes->own = NULL;
	routes->prefix = NULL;
}

const char *guest_route_key(const struct guest_routes *routes, size_t route)
{
	return row_of(routes, route)->key;
}

const char *guest_route_method(const struct guest_routes *routes, size_t route)
{
	return row_of(routes, route)->method;
}

bool guest_route_knows(const struct guest_routes *routes, size_t route, const char *name)
{
	return is_word_of(row_of(routes, route)->names, name, strlen(name));
}

/* ---- paths ---- */

bool guest_is_segment(freshet_str value)
{
	return guest_is_id(value) && !freshet_str_is(value, ".") && !freshet_str_is(value, "..");
}

static void put_value(
	struct guest_text *path, const char *name, size_t len, const struct guest_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(values[i].name) != len || memcmp(values[i].name, name, len) != 0)
			continue;
		if (guest_is_segment(values[i].value))
			guest_text_encode(path, values[i].value);
		else
			guest_text_fail(path, FRESHET_EINVAL);
		return;
	}
	guest_text_fail(path, FRESHET_EINVAL);
}

void guest_route_path(const struct guest_routes *routes, size_t route, const struct guest_value *values, size_t count,
	struct guest_text *path)
{
	guest_text_put(path, routes->prefix);
	for (const char *at = row_of(routes, route)->path; *at != '\0' && path->err == FRESHET_OK;) {
		size_t len = strcspn(at, "{");
		guest_text_add(path, at, len);
		at += len;
		if (*at == '{') {
			len = strcspn(++at, "}");
			put_value(path, at, len, values, count);
			at += len + 1;
		}
	}
}

void guest_query(struct guest_text *path, const char *name, freshet_str value)
{
	if (value.ptr == NULL)
		return;
	bool more = path->len > 0 && memchr(path->ptr, '?', path->len) != NULL;
	guest_text_put(path, more ? "&" : "?");
	guest_text_put(path, name);
	guest_text_put(path, "=");
	guest_text_encode(path, value);
}

void guest_query_int(struct guest_text *path, const char *name, int64_t value)
{
	struct guest_text digits = {0};
	guest_text_int(&digits, value);
	guest_text_fail(path, digits.err);
	guest_query(path, name, guest_text_get(&digits));
	guest_text_clear(&digits);
}
