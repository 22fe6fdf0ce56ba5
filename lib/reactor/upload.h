/*
 * A request body that is pulled from the application (freshet_body_source).
 */
#ifndef REACTOR_UPLOAD_H
#define REACTOR_UPLOAD_H

#include "reactor/request.h"

struct upload {
	freshet_body_source source;
	uint8_t *bytes; /* what was read and is not taken yet; NULL before the first read */
	size_t size;    /* of that memory */
	size_t len;
	uint64_t given; /* by the source, since it began */
	bool ended;     /* it has said so */
	bool later;     /* it has said so, and was not resumed since */
	bool resumed;   /* while it was being read */
	bool rewind;    /* before it is read again */
};

/* FRESHET_EINVAL (a buffer too small), FRESHET_ENOMEM. *out is NULL where the options have no source. */
freshet_err upload_new(const freshet_body_source *source, struct upload **out);

/* NULL is fine. */
void upload_free(struct upload *u);

/* False once it could not be sent again: something was read of it and it cannot be rewound. */
bool upload_is_repeatable(const struct upload *u);

/* The request is about to be sent: its body is open and empty. */
void upload_begin(freshet_request *q);

/* Its body was taken, or its source has more: the task of the request is asked for when it has something to do. */
void upload_wanted(freshet_request *q);
void upload_resume(freshet_request *q);

/* Asks the source and hands over what it gave. The request may have ended when this returns. */
void upload_fill(freshet_request *q);

#endif
