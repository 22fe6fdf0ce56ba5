/*
 * A growing run of bytes.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <freshet/types.h>

/* All zero is the empty run. */
struct bytes {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

/* Appends; false when there is no memory, and the run stands as it was. */
bool bytes_append(struct bytes *b, const void *data, size_t len);
bool bytes_append_str(struct bytes *b, freshet_str s);

/* Room for `more` bytes behind what there is. */
bool bytes_reserve(struct bytes *b, size_t more);

/* Gives the memory back; the run is empty and may be used again. */
void bytes_clear(struct bytes *b);

static inline freshet_str bytes_str(const struct bytes *b)
{
	freshet_str s = {(const char *)b->data, b->len};
	return s;
}

#endif
