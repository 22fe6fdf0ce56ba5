/*
 * What the files of a stream have in common: stream_open.c makes and unmakes it, stream.c is its life, stream_ask.c says
 * what it asks for and what answers mean.
 */
#ifndef REACTOR_STREAM_PARTS_H
#define REACTOR_STREAM_PARTS_H

#include "reactor/stream.h"

/* ---- stream.c ---- */

extern const struct exchange_owner stream_owner;

/* Its task: goes on with what is held, or tells the end. */
void stream_turn(struct task *task);

/* Sets its deadline by its state. */
void stream_arm(freshet_stream *s);

/* Drops what is held; harmless when nothing is. */
void stream_drop_held(freshet_stream *s);

/* A step between its states; one that is not in the table is noticed. */
void stream_step(freshet_stream *s, enum stream_step by);

/* The place where its last failure is kept; NULL when there is no memory for it. */
struct ending *stream_ending(freshet_stream *s);

static inline freshet_stream *stream_of(struct exchange *ex)
{
	return container_of(ex, freshet_stream, exchange);
}

/* ---- stream_ask.c ---- */

/* Two of the functions of stream_owner. */
freshet_err stream_describe(struct exchange *ex, struct wire_request *out);
void stream_on_answer(struct exchange *ex, struct wire_answer *answer);

/* ---- stream_open.c ---- */

/* The record of what only some streams have, made when it is missing; NULL when there is no memory. */
struct stream_extra *stream_extra_of(freshet_stream *s);

/* Gives back a stream, also a half-made one. */
void stream_free(freshet_stream *s);

#endif
