/*
 * Memory of the emulator. It comes from malloc and not from the library's allocator hook: tests let the library's
 * allocations fail while the emulator in the same process must go on. A test whose emulator has no memory has no
 * result, so running out ends the process with a message.
 */
#ifndef MOCKD_ALLOC_H
#define MOCKD_ALLOC_H

#include <freshet/types.h>

#include <stdlib.h>

void *must_alloc(size_t size);

/* Zeroed. */
void *must_zalloc(size_t size);

void *must_realloc(void *memory, size_t size);

/* A terminated copy; NULL gives NULL. */
char *must_copy(const char *text);
char *must_copy_span(freshet_str text);

/* Room for `want` elements of `size` bytes in an array of `*capacity`; appending stays linear. Returns the array. */
void *must_grow(void *array, size_t *capacity, size_t want, size_t size);

/* Bytes that grow. `bytes` is NULL while nothing was put in. */
struct buffer {
	char *bytes;
	size_t len;
	size_t capacity;
};

void buffer_clear(struct buffer *b);
void buffer_append(struct buffer *b, const void *bytes, size_t len);
void buffer_text(struct buffer *b, const char *text);
__attribute__((format(printf, 2, 3))) void buffer_format(struct buffer *b, const char *format, ...);

/* `len` bytes more at the end, for the caller to fill. */
char *buffer_extend(struct buffer *b, size_t len);

static inline freshet_str buffer_span(const struct buffer *b)
{
	freshet_str s = {b->bytes, b->len};
	return s;
}

#endif
