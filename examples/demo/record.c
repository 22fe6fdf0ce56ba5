#include "demo/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t fnv(uint64_t hash, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
	return hash;
}

uint64_t hash_row(uint64_t hash, uint64_t id, freshet_str data)
{
	char before[24];
	int len = snprintf(before, sizeof before, "%" PRIu64 ":", id);
	hash = fnv(hash, before, (size_t)len);
	hash = fnv(hash, data.ptr, data.len);
	return fnv(hash, "\n", 1);
}

static bool make_room(struct record *r)
{
	if (r->count < r->capacity)
		return true;
	uint32_t grown = r->capacity + r->capacity / 2 + 16;
	struct row *rows = realloc(r->rows, grown * sizeof *rows);
	if (rows == NULL)
		return false;
	r->rows = rows;
	r->capacity = grown;
	return true;
}

bool record_add(struct record *r, uint64_t id, freshet_str data)
{
	if (!make_room(r))
		return false;
	r->rows[r->count] = (struct row){.id = id, .hash = hash_row(HASH_START, 0, data)};
	r->hash = hash_row(r->count > 0 ? r->hash : HASH_START, id, data);
	r->count++;
	return true;
}

void record_clear(struct record *r)
{
	free(r->rows);
	*r = (struct record){.rows = NULL};
}
