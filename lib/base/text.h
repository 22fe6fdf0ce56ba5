/*
 * A string of bytes that lies in its owner's record while it is short, and on the heap only when it is not. A zeroed one
 * is empty and owns nothing. It may be moved by copying the record.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <freshet/types.h>

/* Bytes that need no heap. */
#define TEXT_INSIDE 23

struct text {
	union {
		struct {
			char bytes[TEXT_INSIDE];
			uint8_t len; /* or TEXT_ON_HEAP */
		} inside;
		struct {
			char *bytes;
			size_t len;
			uint8_t log2_cap;
			uint8_t unused[TEXT_INSIDE - sizeof(char *) - sizeof(size_t) - 1];
			uint8_t mark; /* the same byte as inside.len, TEXT_ON_HEAP */
		} heap;
	} u;
};

#define TEXT_ON_HEAP 0xff

_Static_assert(offsetof(struct text, u.inside.len) == offsetof(struct text, u.heap.mark), "it tells the forms apart");

/* The bytes; valid until the text changes or moves. */
static inline freshet_str text_str(const struct text *t)
{
	freshet_str s = {t->u.inside.bytes, t->u.inside.len};
	if (t->u.inside.len == TEXT_ON_HEAP) {
		s.ptr = t->u.heap.bytes;
		s.len = t->u.heap.len;
	}
	return s;
}

static inline size_t text_len(const struct text *t)
{
	return t->u.inside.len == TEXT_ON_HEAP ? t->u.heap.len : t->u.inside.len;
}

/* Appends; false when there is no memory, and then the text is as it was. */
bool text_add(struct text *t, const void *bytes, size_t len);

/* Replaces; false when there is no memory, and then the text is as it was. `bytes` may be its own. */
bool text_set(struct text *t, const void *bytes, size_t len);

/*
 * As text_set, for bytes outside of the text which are mostly few: `readable` bytes may be read at `bytes`, which saves
 * asking how many to copy.
 */
static inline bool text_put(struct text *t, const void *bytes, size_t len, size_t readable)
{
	if (len > TEXT_INSIDE || readable < TEXT_INSIDE || t->u.inside.len == TEXT_ON_HEAP)
		return text_set(t, bytes, len);
	memcpy(t->u.inside.bytes, bytes, TEXT_INSIDE);
	t->u.inside.len = (uint8_t)len;
	return true;
}

/* Gives its memory back; the text is empty then. */
void text_clear(struct text *t);

/* Hands what `from` holds over to `to`; `from` is empty then. */
void text_move(struct text *to, struct text *from);

#endif
