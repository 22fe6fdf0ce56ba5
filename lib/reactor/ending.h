/*
 * An outcome that is kept until its owner has been told: the spans point into memory of its own.
 */
#ifndef REACTOR_ENDING_H
#define REACTOR_ENDING_H

#include "base/bytes.h"
#include "base/wire.h"

#include <freshet/outcome.h>

/* So much of the body of an error answer is kept, where nothing else is asked for. */
#define ENDING_BODY_MAX ((size_t)64 * 1024)

struct ending {
	freshet_outcome outcome;
	struct bytes text;
	struct bytes content_type;
	struct bytes location;
	struct bytes body;
};

/* NULL when there is no memory. */
struct ending *ending_new(void);

/* NULL is fine. */
void ending_free(struct ending *e);
void ending_clear(struct ending *e);

/*
 * Takes over why an exchange failed. What is known of an answer stays. Where there is no memory for the text, the code's
 * own text stands in.
 */
void ending_set(struct ending *e, const freshet_outcome *why);
void ending_set_error(struct ending *e, freshet_err err, const char *text);

/* Takes over what an answer said of itself: status, Content-Type, Location, Retry-After. */
void ending_set_answer(struct ending *e, const struct wire_answer *answer, int64_t calendar_s);

/* Appends to the body, which is `most` bytes long at most; false when that is not all, or there is no memory. */
bool ending_add_body(struct ending *e, const uint8_t *bytes, size_t len, size_t most);

/* The body has ended as it should: what is kept is all of it. Before, an answer's body counts as cut. */
void ending_body_is_whole(struct ending *e);

/* The outcome, with its spans up to date. */
const freshet_outcome *ending_outcome(struct ending *e);

#endif
