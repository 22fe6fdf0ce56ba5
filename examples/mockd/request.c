/*
 * What platforms ask a request: its fields and its query.
 */
#include "mockd/alloc.h"
#include "mockd/http.h"

#include <errno.h>

const freshet_str *request_field(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->field_count; i++) {
		if (freshet_str_is(r->fields[i].name, name))
			return &r->fields[i].value;
	}
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes application/x-www-form-urlencoded; a percent sign without two digits stays as it is. */
static char *form_decode(freshet_str text)
{
	char *decoded = must_alloc(text.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%' && i + 2 < text.len && hex_digit(text.ptr[i + 1]) >= 0 &&
			hex_digit(text.ptr[i + 2]) >= 0) {
			c = (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		decoded[len++] = c;
	}
	decoded[len] = '\0';
	return decoded;
}

char *request_query(const struct request *r, const char *name)
{
	freshet_str rest = r->query;
	size_t name_len = strlen(name);
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '&', rest.len);
		freshet_str pair = {rest.ptr, end != NULL ? (size_t)(end - rest.ptr) : rest.len};
		size_t step = pair.len + (end != NULL);
		rest = (freshet_str){rest.ptr + step, rest.len - step};
		if (pair.len < name_len || memcmp(pair.ptr, name, name_len) != 0)
			continue;
		if (pair.len == name_len)
			return must_copy("");
		if (pair.ptr[name_len] == '=')
			return form_decode((freshet_str){pair.ptr + name_len + 1, pair.len - name_len - 1});
	}
	return NULL;
}

uint64_t request_query_number(const struct request *r, const char *name, uint64_t fallback)
{
	char *text = request_query(r, name);
	if (text == NULL)
		return fallback;
	char *end;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	bool good = errno == 0 && end != text && *end == '\0' && text[0] != '-';
	free(text);
	return good ? (uint64_t)number : fallback;
}
