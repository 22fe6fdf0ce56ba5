/*
 * A client session of lib/h2 and a scripted server (support/h2peer.h) that talk through memory. What the client's
 * session queues is written down as text, one line for an event, and checked on the way: data lie in the bytes that were
 * fed, nothing comes for an exchange that is over.
 */
#ifndef SUPPORT_H2PAIR_H
#define SUPPORT_H2PAIR_H

#include "base/wire.h"
#include "support/h2peer.h"

#define H2PAIR_EXCHANGES 128

struct h2pair_exchange {
	int number;
	int32_t stream_id;
	bool over;
	bool in_data;           /* the last line of `said` is data */
	struct h2peer_buf said; /* what the trace says of it, data in a row in one line */
	uint64_t data_len;
	struct wire_body body;
};

struct h2pair {
	struct wire_queue queue;
	struct wire *wire;
	struct h2peer *peer;
	struct bytes out;
	struct h2pair_exchange exchanges[H2PAIR_EXCHANGES];
	int count;
	bool open; /* bodies of the requests to come are open ones: the test fills them */
	struct h2peer_buf trace;
	struct h2peer_buf fed;                   /* all that the client was fed */
	const struct h2pair_exchange *last_data; /* of which the last line of the trace is */
	freshet_err err;                         /* of the first feed that failed */
	bool no_memory;                          /* an output failed */
};

struct h2pair_options {
	uint32_t stream_window;
	uint32_t connection_window;
	size_t max_header_bytes;
	struct h2peer_options peer;
};

/* 0 takes the defaults: windows of 65,535 bytes, 16 KiB of headers. */
freshet_err h2pair_init(struct h2pair *p, const struct h2pair_options *options);
void h2pair_clear(struct h2pair *p);

/* Submits a request; FRESHET_OK fills in the next exchange. `body` may be NULL. */
freshet_err h2pair_submit(struct h2pair *p, const char *method, const freshet_str *body);
/* A plain GET that must succeed; its number. */
int h2pair_get(struct h2pair *p);
void h2pair_cancel(struct h2pair *p, int number);

/* Gives the client bytes and writes down what it queues. */
void h2pair_feed(struct h2pair *p, const uint8_t *bytes, size_t len);

/* Lets the client put its bytes into `out`; true when there were any. */
bool h2pair_output(struct h2pair *p);

/* Carries bytes between the two until both are silent. */
void h2pair_run(struct h2pair *p);

/* The trace since the last call. */
const char *h2pair_trace(struct h2pair *p);

/* The call that the server has seen of an exchange; it must be there. */
struct h2peer_call *h2pair_call(struct h2pair *p, int number);

#endif
