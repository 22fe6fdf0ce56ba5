/*
 * What the two files of a stream have in common: stream_open.c makes and unmakes it, stream.c is its life.
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

/* ---- stream_open.c ---- */

/* The record of what only some streams have, made when it is missing; NULL when there is no memory. */
struct stream_extra *stream_extra_of(freshet_stream *s);

/* Gives back a stream, also a half-made one. */
void stream_free(freshet_stream *s);

#endif
