/*
 * Memory between two pages that cannot be read: a byte looked at before or behind a piece that lies at the edge ends the
 * program, with or without a sanitizer.
 */
#ifndef SUPPORT_GUARD_H
#define SUPPORT_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct guard {
	uint8_t *mapping;
	size_t size; /* of all of it */
	uint8_t *first;
	uint8_t *end;
};

/* Room for `most` bytes; ends the program when there is none. */
void guard_make(struct guard *g, size_t most);
void guard_clear(struct guard *g);

/* A copy that ends right before the unreadable page, and one that begins right behind the other. */
const uint8_t *guard_at_end(struct guard *g, const uint8_t *bytes, size_t len);
const uint8_t *guard_at_start(struct guard *g, const uint8_t *bytes, size_t len);

#endif
