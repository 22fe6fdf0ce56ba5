/*
 * Growth by doubling, up to a bound that the caller knows. A failed growth leaves the buffer as it was.
 */
#include "base/buf.h"

#include "base/mem.h"

#include <string.h>

#define SMALLEST_CAPACITY 256

bool buf_reserve(struct buf *b, size_t more, size_t most)
{
	if (more <= b->cap - b->len)
		return true;
	if (more > PTRDIFF_MAX - b->len)
		return false;
	size_t need = b->len + more;
	size_t cap = b->cap <= PTRDIFF_MAX / 2 ? b->cap * 2 : PTRDIFF_MAX;
	if (cap < SMALLEST_CAPACITY)
		cap = SMALLEST_CAPACITY;
	if (cap > most)
		cap = most;
	if (cap < need)
		cap = need;
	uint8_t *bytes = mem_realloc(b->bytes, cap);
	if (bytes == NULL)
		return false;
	b->bytes = bytes;
	b->cap = cap;
	return true;
}

bool buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (!buf_reserve(b, len, SIZE_MAX))
		return false;
	if (len > 0)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	return true;
}

void buf_drop_front(struct buf *b, size_t len)
{
	b->len -= len;
	if (b->len > 0)
		memmove(b->bytes, b->bytes + len, b->len);
}

void buf_clear(struct buf *b)
{
	mem_free(b->bytes);
	b->bytes = NULL;
	b->len = 0;
	b->cap = 0;
}
