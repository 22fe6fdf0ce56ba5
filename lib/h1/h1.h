/*
 * HTTP/1.1 (RFC 9112) on llhttp: one client connection, bytes in, bytes out. See base/wire.h for the calls.
 *
 * One exchange at a time and no pipelining: the capacity is 1. A connection that cannot be used again (the peer said so,
 * the exchange was given up, the body ends with the connection) is draining.
 */
#ifndef H1_H1_H
#define H1_H1_H

#include "base/wire.h"

struct h1_options {
	uint32_t window;         /* bytes of a body that the application has not taken, then the socket is not read */
	size_t max_header_bytes; /* of one response */
};

/* Its events go to `queue`, which outlives it. FRESHET_ENOMEM. */
freshet_err h1_new(const struct h1_options *options, struct wire_queue *queue, struct wire **out);

#endif
