/*
 * A client connection of lib/h1 without a socket. What it queues is written down as text, one line for an event, data in
 * a row in one line, and checked on the way: data lie in the bytes that were fed, nothing comes for an exchange that is
 * over. Each feed is a block of its own size, so that a sanitizer sees the first byte that is read behind it.
 */
#ifndef SUPPORT_H1RUN_H
#define SUPPORT_H1RUN_H

#include "h1/h1.h"

struct h1run_text {
	char *chars;
	size_t len;
	size_t capacity;
};

struct h1run {
	struct wire_queue queue;
	struct wire *wire;
	struct h1run_text trace;
	struct bytes out;
	struct wire_body body;
	bool open;           /* bodies of the requests to come are open ones: the test fills `body` */
	const char *length;  /* of those, as content-length; NULL: not known */
	uintptr_t exchanges; /* begun so far; their numbers name them */
	bool over;           /* the last of them */
	bool in_data;        /* the trace ends in the middle of a line of data */
	size_t data_len;     /* of the last one */
	freshet_err err;     /* of the feed that failed */
};

/* A window of 64 KiB and 16 KiB of headers, unless `options` say otherwise. */
freshet_err h1run_init(struct h1run *r, const struct h1_options *options);
void h1run_clear(struct h1run *r);

/* Submits a request to http://test:80/path?query; `body` may be NULL. */
freshet_err h1run_submit(struct h1run *r, const char *method, const char *body);
void h1run_cancel(struct h1run *r);

/* What the connection wants to send now, at most so much at once, as text; valid until the next call. NULL: no memory. */
const char *h1run_sent(struct h1run *r, size_t most);

/* After a feed that failed, more of them do nothing. */
void h1run_feed(struct h1run *r, const char *bytes, size_t len);
void h1run_close(struct h1run *r, bool clean);

/*
 * What was queued since the last call: "1 answer 200 a=b", "1 data hello", "1 end"; "failed FRESHET_E..." after a feed
 * that failed. CR and LF in data are written as \r and \n.
 */
const char *h1run_trace(struct h1run *r);

#endif
