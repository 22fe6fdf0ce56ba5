/*
 * UUIDs (version 4) and a table of objects by UUID.
 */
#ifndef MOCKD_UUID_H
#define MOCKD_UUID_H

#include "mockd/random.h"

#include <freshet/types.h>

#define UUID_TEXT 36

struct uuid {
	uint64_t high;
	uint64_t low;
};

struct uuid uuid_new(struct random *random);

/* Writes 36 lower-case characters and the terminator. */
void uuid_write(struct uuid id, char out[UUID_TEXT + 1]);

/* Only lower-case digits are taken, as in the routes of Django. */
bool uuid_read(freshet_str text, struct uuid *out);

static inline bool uuid_equal(struct uuid a, struct uuid b)
{
	return a.high == b.high && a.low == b.low;
}

/* Objects by their UUID: open addressing, at most half full. */
struct uuid_table {
	struct uuid_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

struct uuid_slot {
	struct uuid id;
	void *object; /* NULL: free */
};

void uuid_table_put(struct uuid_table *t, struct uuid id, void *object);
void *uuid_table_get(const struct uuid_table *t, struct uuid id);
void uuid_table_remove(struct uuid_table *t, struct uuid id);
void uuid_table_clear(struct uuid_table *t);

#endif
