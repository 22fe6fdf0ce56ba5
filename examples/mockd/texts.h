/*
 * What agents say: chunks of a CLI's stream-json output, made from the seed once and shared by all rows. A chunk is no
 * line: some hold several, and some end inside a line that the next chunk completes, or inside a character, which then
 * shows as U+FFFD on both sides.
 */
#ifndef MOCKD_TEXTS_H
#define MOCKD_TEXTS_H

#include "mockd/random.h"

#include <freshet/types.h>

struct text {
	freshet_str raw;         /* UTF-8 */
	freshet_str json;        /* as it stands between the quotes of an ASCII-only JSON string */
	const struct text *rest; /* the chunk that must follow; NULL: any */
	bool continues;          /* it is the rest of another one */
};

enum text_role {
	TEXT_INIT,   /* the CLI begins */
	TEXT_WORK,   /* it thinks, speaks and uses tools */
	TEXT_RESULT, /* it is done */
	TEXT_ROLES,
};

struct texts;

struct texts *texts_new(uint64_t seed);
void texts_free(struct texts *t);

/* A chunk of the usual size that continues no other, and is continued by none unless `open`. It lives as the texts do. */
const struct text *texts_pick(struct texts *t, enum text_role role, bool open, struct random *random);

/* A chunk of exactly that many bytes of UTF-8. */
const struct text *texts_sized(struct texts *t, enum text_role role, size_t size);

/* A chunk of the caller's own bytes, which must be UTF-8; freed with text_free. */
struct text *text_new(freshet_str raw);
void text_free(struct text *text);

#endif
