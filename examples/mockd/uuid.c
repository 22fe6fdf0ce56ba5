/*
 * UUIDs are random already, so their own bits are the hash.
 */
#include "mockd/uuid.h"

#include "mockd/alloc.h"

struct uuid uuid_new(struct random *random)
{
	struct uuid id = {random_next(random), random_next(random)};
	id.high = (id.high & ~UINT64_C(0xf000)) | 0x4000;
	id.low = (id.low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	return id;
}

static bool dash_before(size_t digit)
{
	return digit == 8 || digit == 12 || digit == 16 || digit == 20;
}

void uuid_write(struct uuid id, char out[UUID_TEXT + 1])
{
	for (size_t digit = 0; digit < 32; digit++) {
		if (dash_before(digit))
			*out++ = '-';
		uint64_t half = digit < 16 ? id.high : id.low;
		*out++ = "0123456789abcdef"[half >> (60 - 4 * (digit % 16)) & 15];
	}
	*out = '\0';
}

static int lower_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_read(freshet_str text, struct uuid *out)
{
	if (text.len != UUID_TEXT)
		return false;
	const char *at = text.ptr;
	*out = (struct uuid){0, 0};
	for (size_t digit = 0; digit < 32; digit++) {
		if (dash_before(digit) && *at++ != '-')
			return false;
		int value = lower_hex(*at++);
		if (value < 0)
			return false;
		uint64_t *half = digit < 16 ? &out->high : &out->low;
		*half = *half << 4 | (uint64_t)value;
	}
	return true;
}

/* The slot that holds the id, or the free one where it belongs. */
static size_t find_slot(const struct uuid_table *t, struct uuid id)
{
	size_t i = (size_t)(id.high ^ id.low) & (t->capacity - 1);
	while (t->slots[i].object != NULL && !uuid_equal(t->slots[i].id, id))
		i = (i + 1) & (t->capacity - 1);
	return i;
}

static void widen(struct uuid_table *t)
{
	struct uuid_table wide = {.capacity = t->capacity > 0 ? t->capacity * 2 : 16, .count = t->count};
	wide.slots = must_zalloc(wide.capacity * sizeof *wide.slots);
	for (size_t i = 0; i < t->capacity; i++) {
		if (t->slots[i].object != NULL)
			wide.slots[find_slot(&wide, t->slots[i].id)] = t->slots[i];
	}
	free(t->slots);
	*t = wide;
}

void uuid_table_put(struct uuid_table *t, struct uuid id, void *object)
{
	if (t->count * 2 >= t->capacity)
		widen(t);
	t->slots[find_slot(t, id)] = (struct uuid_slot){id, object};
	t->count++;
}

void *uuid_table_get(const struct uuid_table *t, struct uuid id)
{
	return t->capacity > 0 ? t->slots[find_slot(t, id)].object : NULL;
}

void uuid_table_remove(struct uuid_table *t, struct uuid id)
{
	if (t->capacity == 0)
		return;
	size_t hole = find_slot(t, id);
	if (t->slots[hole].object == NULL)
		return;
	t->count--;
	/* What stood behind the hole because of a collision moves up. */
	size_t mask = t->capacity - 1;
	for (size_t i = (hole + 1) & mask; t->slots[i].object != NULL; i = (i + 1) & mask) {
		size_t home = (size_t)(t->slots[i].id.high ^ t->slots[i].id.low) & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].object = NULL;
}

void uuid_table_clear(struct uuid_table *t)
{
	free(t->slots);
	*t = (struct uuid_table){.slots = NULL};
}
