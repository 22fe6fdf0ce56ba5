/*
 * Allocation that cannot fail, and the growing buffer that stands on it.
 */
#include "mockd/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

static void *require(void *memory, size_t size)
{
	if (memory == NULL) {
		fprintf(stderr, "mockd: no memory for %zu bytes\n", size);
		abort();
	}
	return memory;
}

void *must_alloc(size_t size)
{
	return require(malloc(size > 0 ? size : 1), size);
}

void *must_zalloc(size_t size)
{
	return require(calloc(1, size > 0 ? size : 1), size);
}

void *must_realloc(void *memory, size_t size)
{
	return require(realloc(memory, size > 0 ? size : 1), size);
}

char *must_copy(const char *text)
{
	return text != NULL ? must_copy_span(freshet_str_of(text)) : NULL;
}

char *must_copy_span(freshet_str text)
{
	char *copy = must_alloc(text.len + 1);
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return copy;
}

void *must_grow(void *array, size_t *capacity, size_t want, size_t size)
{
	if (want <= *capacity)
		return array;
	size_t grown = *capacity + *capacity / 2 + 4;
	if (grown < want)
		grown = want;
	if (grown > PTRDIFF_MAX / size)
		require(NULL, SIZE_MAX);
	array = must_realloc(array, grown * size);
	*capacity = grown;
	return array;
}

void buffer_clear(struct buffer *b)
{
	free(b->bytes);
	*b = (struct buffer){0};
}

char *buffer_extend(struct buffer *b, size_t len)
{
	b->bytes = must_grow(b->bytes, &b->capacity, b->len + len, 1);
	b->len += len;
	return b->bytes + b->len - len;
}

void buffer_append(struct buffer *b, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(buffer_extend(b, len), bytes, len);
}

void buffer_text(struct buffer *b, const char *text)
{
	buffer_append(b, text, strlen(text));
}

void buffer_format(struct buffer *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = NULL;
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		require(NULL, 0);
	buffer_append(b, text, (size_t)len);
	free(text);
}
