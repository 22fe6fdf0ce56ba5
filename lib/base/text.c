/*
 * The longer form: the first growth moves the bytes to the heap, where the capacity is a power of two; a shorter text
 * that is set moves them back. A failed growth leaves the text as it was.
 */
#include "base/text.h"

#include "base/mem.h"

static bool on_heap(const struct text *t)
{
	return t->u.inside.len == TEXT_ON_HEAP;
}

/* The smallest power of two that holds `need` bytes. */
static uint8_t log2_for(size_t need)
{
	uint8_t log2 = 5;
	while (((size_t)1 << log2) < need)
		log2++;
	return log2;
}

/* Puts the text on the heap with room for `need` bytes, which do not fit as it is. */
static bool grow(struct text *t, size_t need)
{
	if (need > PTRDIFF_MAX)
		return false;
	uint8_t log2 = log2_for(need);
	char *old = on_heap(t) ? t->u.heap.bytes : NULL;
	char *bytes = mem_realloc(old, (size_t)1 << log2);
	if (bytes == NULL)
		return false;
	size_t len = text_len(t);
	if (old == NULL)
		memcpy(bytes, t->u.inside.bytes, len);
	t->u.heap.bytes = bytes;
	t->u.heap.len = len;
	t->u.heap.log2_cap = log2;
	t->u.inside.len = TEXT_ON_HEAP;
	return true;
}

static size_t capacity(const struct text *t)
{
	return on_heap(t) ? (size_t)1 << t->u.heap.log2_cap : TEXT_INSIDE;
}

bool text_add(struct text *t, const void *bytes, size_t len)
{
	size_t before = text_len(t);
	if (len > capacity(t) - before && (len > PTRDIFF_MAX - before || !grow(t, before + len)))
		return false;
	if (len == 0)
		return true;
	if (on_heap(t)) {
		memcpy(t->u.heap.bytes + before, bytes, len);
		t->u.heap.len += len;
	} else {
		memcpy(t->u.inside.bytes + before, bytes, len);
		t->u.inside.len = (uint8_t)(before + len);
	}
	return true;
}

bool text_set(struct text *t, const void *bytes, size_t len)
{
	struct text fresh = {0};
	if (on_heap(t) && len > TEXT_INSIDE && len <= capacity(t)) {
		memmove(t->u.heap.bytes, bytes, len);
		t->u.heap.len = len;
		return true;
	}
	if (!text_add(&fresh, bytes, len))
		return false;
	text_move(t, &fresh);
	return true;
}

void text_clear(struct text *t)
{
	if (on_heap(t))
		mem_free(t->u.heap.bytes);
	memset(t, 0, sizeof *t);
}

void text_move(struct text *to, struct text *from)
{
	text_clear(to);
	*to = *from;
	memset(from, 0, sizeof *from);
}
