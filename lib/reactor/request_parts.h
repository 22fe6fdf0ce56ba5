/*
 * What the files of a request have in common: request_open.c makes and unmakes it, request.c is its life,
 * upload.c a body that is pulled.
 */
#ifndef REACTOR_REQUEST_PARTS_H
#define REACTOR_REQUEST_PARTS_H

#include "reactor/request.h"

/* ---- request.c ---- */

extern const struct exchange_owner request_owner;

/* Its task: fills the body, or tells the end. */
void request_turn(struct task *task);

/* Sets its deadline by its state. */
void request_arm(freshet_request *q);

/* Ends it with an error of its own. */
void request_fail(freshet_request *q, freshet_err err);

/* Drops what came of an answer; harmless when there is none. */
void request_forget_answer(freshet_request *q);

/* ---- request_open.c ---- */

/* Gives back a request, also a half-made one. */
void request_free(freshet_request *q);

#endif
