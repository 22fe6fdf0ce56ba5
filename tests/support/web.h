/*
 * A web server for tests that hold for both protocols: one handler answers, whether the client speaks HTTP/1.1 or HTTP/2.
 * It stands on support/h1server.h and support/h2server.h, on a loop that somebody else runs.
 *
 *	static void handle(struct web_call *call)
 *	{
 *		web_reply(call, 302, "location: /elsewhere\r\n", "");
 *	}
 */
#ifndef SUPPORT_WEB_H
#define SUPPORT_WEB_H

#include "support/h1server.h"
#include "support/h2server.h"

struct web;

/* A request, when all of it has come; of an eager server, when its head has. It lives until the handler returns. */
struct web_call {
	struct web *web;
	unsigned number; /* from 1 */
	unsigned conn;   /* the connection that it came on, from 1 */
	const char *method;
	const char *target;
	size_t body_len;
	const char *body;         /* not terminated; NULL: it has not come yet, or was not kept */
	bool body_wrong;          /* it is not the pattern, with keep_no_bodies */
	struct h2peer_call *h2;   /* NULL: HTTP/1.1 */
	struct h1server_conn *h1; /* NULL: HTTP/2 */
	const char *head;         /* of HTTP/1.1 */
	char value[1024];         /* of web_field */
};

typedef void web_fn(struct web_call *call);

struct web {
	bool http1;
	struct h1server h1;
	struct h2server h2;
	web_fn *handle;
	void *user;
	uint16_t port;
	unsigned calls;
	bool eager; /* answers before the body has come */
	struct event *later;
	char order[4096]; /* "METHOD target " of all calls, as far as there is room */
};

void web_open(struct web *s, struct event_base *base, bool http1, web_fn *handle, void *user);
void web_close(struct web *s);

/* For connections to come: bodies of requests are counted and held against support/pattern.h instead of kept. */
void web_keep_no_bodies(struct web *s);
void web_be_eager(struct web *s);

/* Bytes of the body of the last request that came, so far. */
uint64_t web_body_total(const struct web *s);

/* Connections that were ever accepted. */
unsigned web_accepted(const struct web *s);

/* The value of a request's field, NULL when there is none; valid until the next call. A secret begins with "!" (HTTP/2). */
const char *web_field(struct web_call *call, const char *name);

/* A whole answer; `fields` are "name: value\r\n" lines, names in lower case. */
void web_reply(struct web_call *call, int status, const char *fields, const char *body);
void web_reply_bytes(struct web_call *call, int status, const char *fields, const void *body, size_t len);

/* The connection ends within the body of the answer. */
void web_cut_short(struct web_call *call, int status, const char *fields);

/* An event stream that begins with `text` and goes on, or ends. */
void web_events(struct web_call *call, const char *text, bool end);

#endif
