#include "base/bytes.h"

#include "base/mem.h"

bool bytes_reserve(struct bytes *b, size_t more)
{
	if (more > PTRDIFF_MAX - b->len)
		return false;
	void *data = b->data;
	bool ok = mem_grow(&data, &b->capacity, b->len + more, 1);
	b->data = data;
	return ok;
}

bool bytes_append(struct bytes *b, const void *data, size_t len)
{
	if (len == 0)
		return true;
	if (!bytes_reserve(b, len))
		return false;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return true;
}

bool bytes_append_str(struct bytes *b, freshet_str s)
{
	return bytes_append(b, s.ptr, s.len);
}

void bytes_clear(struct bytes *b)
{
	mem_free(b->data);
	b->data = NULL;
	b->len = 0;
	b->capacity = 0;
}
