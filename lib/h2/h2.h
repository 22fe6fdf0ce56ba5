/*
 * HTTP/2 (RFC 9113) on nghttp2: one client session, bytes in, bytes out. See base/wire.h for the calls.
 */
#ifndef H2_H2_H
#define H2_H2_H

#include "base/wire.h"

struct h2_options {
	uint32_t stream_window;     /* SETTINGS_INITIAL_WINDOW_SIZE: what the peer may send ahead on a stream */
	uint32_t connection_window; /* and on the connection */
	size_t max_header_bytes;    /* of one response */
};

/* A session whose preface is ready for output; its events go to `queue`, which outlives it. FRESHET_ENOMEM. */
freshet_err h2_new(const struct h2_options *options, struct wire_queue *queue, struct wire **out);

#endif
