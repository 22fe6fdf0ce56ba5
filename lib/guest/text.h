/*
 * A text that grows and may hold a secret: its memory is overwritten whenever it is left. The first error sticks and makes
 * what follows do nothing, so that only the end needs a check. A zeroed one is empty.
 */
#ifndef GUEST_TEXT_H
#define GUEST_TEXT_H

#include <freshet/error.h>
#include <freshet/types.h>

struct guest_text {
	char *ptr; /* terminated; NULL while nothing was added */
	size_t len;
	size_t room;
	freshet_err err; /* FRESHET_ENOMEM, or what guest_text_fail said */
};

void guest_text_add(struct guest_text *text, const char *bytes, size_t len);
void guest_text_str(struct guest_text *text, freshet_str bytes);
void guest_text_put(struct guest_text *text, const char *terminated);
void guest_text_int(struct guest_text *text, int64_t number);

/* All but the unreserved characters of RFC 3986, section 2.3, percent-encoded. */
void guest_text_encode(struct guest_text *text, freshet_str bytes);

void guest_text_fail(struct guest_text *text, freshet_err err);

/* What was added so far. */
static inline freshet_str guest_text_get(const struct guest_text *text)
{
	return (freshet_str){text->ptr, text->len};
}

/* Never NULL. */
static inline const char *guest_text_terminated(const struct guest_text *text)
{
	return text->ptr != NULL ? text->ptr : "";
}

/* Empties it and keeps the memory, overwritten; the error is forgotten. */
void guest_text_reset(struct guest_text *text);

/* Gives the memory back, overwritten. */
void guest_text_clear(struct guest_text *text);

/* Overwrites memory; the compiler does not remove it. NULL is fine. */
void guest_wipe(void *memory, size_t len);

#endif
