/*
 * Events that lie in one piece from their first byte to their last: read where they lie, in one vector pass over the
 * piece. This is nearly all of the work of a busy stream. Whatever is out of the ordinary is left to the draft.
 */
#ifndef SSE_WHOLE_H
#define SSE_WHOLE_H

#include "base/cpu.h"
#include "sse/parser.h"

/* Reads on at p->at, where an event begins. There is at least one byte. */
typedef freshet_sse_result sse_whole_fn(struct sse_parser *p, freshet_event *event);

/* One for each kind of vectors that the machine may have. */
extern sse_whole_fn *const sse_whole_next[CPU_VECTORS];

/* What is known of the piece when the draft takes over. */
struct sse_ahead {
	const uint8_t *open; /* from here on it has no line end */
	bool not_ascii;      /* false: from p->at to its end it is all ASCII */
};

/* In parser.c: the event at p->at is cut or special, and the draft must read it. */
freshet_sse_result sse_draft_next(struct sse_parser *p, freshet_event *event, struct sse_ahead ahead);

/* In parser.c: the piece is used up. */
freshet_sse_result sse_want_more(struct sse_parser *p);

#endif
