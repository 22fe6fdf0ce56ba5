/*
 * A web server for tests that hold for both protocols: one handler answers, whether the client speaks HTTP/1.1 or HTTP/2.
 * It stands on support/h1server.h and support/h2server.h, on a loop that somebody else runs.
 *
 *	static void handle(struct site_call *call)
 *	{
 *		site_reply(call, 302, "location: /elsewhere\r\n", "");
 *	}
 */
#ifndef SUPPORT_SITE_H
#define SUPPORT_SITE_H

#include "support/h1server.h"
#include "support/h2server.h"

struct site;

/* A request, when all of it has come. It lives until the handler returns. */
struct site_call {
	struct site *site;
	unsigned number; /* from 1 */
	unsigned conn;   /* the connection that it came on, from 1 */
	const char *method;
	const char *target;
	size_t body_len;
	const char *body;         /* what came of it, not terminated; NULL: the server did not keep it */
	struct h2peer_call *h2;   /* NULL: HTTP/1.1 */
	struct h1server_conn *h1; /* NULL: HTTP/2 */
	const char *head;         /* of HTTP/1.1 */
	char value[1024];         /* of site_field */
};

typedef void site_fn(struct site_call *call);

struct site {
	bool http1;
	struct h1server h1;
	struct h2server h2;
	site_fn *handle;
	void *user;
	uint16_t port;
	unsigned calls;
	unsigned answered_h2; /* of the calls that the HTTP/2 server has */
	struct event *later;
	char order[4096]; /* "METHOD target " of all calls, as far as there is room */
};

void site_open(struct site *s, struct event_base *base, bool http1, site_fn *handle, void *user);
void site_close(struct site *s);

/* Connections that were ever accepted. */
unsigned site_accepted(const struct site *s);

/* The value of a request's field, NULL when there is none; valid until the next call. A secret begins with "!" (HTTP/2). */
const char *site_field(struct site_call *call, const char *name);

/* A whole answer; `fields` are "name: value\r\n" lines, names in lower case. */
void site_reply(struct site_call *call, int status, const char *fields, const char *body);
void site_reply_bytes(struct site_call *call, int status, const char *fields, const void *body, size_t len);

/* An event stream that begins with `text` and goes on, or ends. */
void site_events(struct site_call *call, const char *text, bool end);

#endif
