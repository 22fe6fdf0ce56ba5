/*
 * The control API under /mockd.
 */
#ifndef MOCKD_CONTROL_H
#define MOCKD_CONTROL_H

#include "mockd/http.h"

#include <jansson.h>

struct platform *control_new(struct mockd *m);

/* Answers with the JSON value, which is given up. */
void control_answer(struct exchange *x, int status, json_t *body);
/* 200 and {}, or 400 and the complaint. */
void control_answer_done(struct exchange *x, bool done, const char *complaint);

/* The value of a query parameter, for fault_add_named and its like. */
char *control_word(const void *request, const char *name);

/* control_webhook.c: true when it has answered. */
bool control_webhook(struct mockd *m, struct exchange *x, const struct request *r);

#endif
