/*
 * A byte buffer that grows. A zeroed one is empty and owns nothing.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *bytes;
	size_t len;
	size_t cap;
};

/*
 * Makes room for `more` bytes behind the ones that are there. The capacity at least doubles, so that appending stays
 * linear, but does not pass `most` for it. False when there is no memory; the buffer stands as it was.
 */
bool buf_reserve(struct buf *b, size_t more, size_t most);

/* Appends; false when there is no memory, and then nothing was appended. */
bool buf_add(struct buf *b, const void *bytes, size_t len);

/* Removes the first `len` bytes, which must be there. */
void buf_drop_front(struct buf *b, size_t len);

/* Gives the memory back; the buffer is empty then. */
void buf_clear(struct buf *b);

#endif
