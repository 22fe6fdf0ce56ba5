/*
 * A scripted HTTP/1.1 server on a loop that somebody else runs: it reads requests, and the test's function answers each
 * with whatever bytes it likes, now or later.
 *
 *	static void answer(struct h1server_conn *c, const struct h1server_request *q)
 *	{
 *		h1server_write(c, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
 *	}
 */
#ifndef SUPPORT_H1SERVER_H
#define SUPPORT_H1SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bufferevent;
struct event_base;
struct evconnlistener;
struct h1server;

struct h1server_conn {
	struct h1server *server;
	struct h1server_conn *next;
	struct bufferevent *bev; /* NULL: closed */
	unsigned number;         /* from 1, of all that were accepted */
	unsigned requests;       /* that came on it */
	bool asked;              /* the last of them is being read or answered */
	bool closed;             /* by the client */
	/* The request that is being read. */
	char *head;          /* NULL: none, its head is still to come */
	bool told;           /* it was answered when its head had come */
	bool chunked;        /* its body comes in chunks */
	bool in_chunk;       /* the present one has an end of line before the next size */
	bool body_wrong;     /* it is not the pattern, with keep_no_bodies */
	uint64_t body_left;  /* of the body, or of the chunk */
	uint64_t body_total; /* so far */
	struct evbuffer *body;
	char target[256]; /* of the last one */
	void *user;
};

struct h1server_request {
	unsigned number; /* from 1, of all on this server */
	char method[16];
	char target[256];
	char last_event_id[128];
	const char *head; /* whole, terminated */
	size_t body_len;  /* of what has come */
	const char *body; /* NULL: it was not kept */
	bool body_wrong;
};

typedef void h1server_fn(struct h1server_conn *c, const struct h1server_request *q);

struct h1server {
	struct event_base *base;
	struct evconnlistener *listener;
	uint16_t port;
	h1server_fn *answer;
	void *user;
	bool eager;                  /* answers when the head has come, without waiting for the body */
	bool keep_no_bodies;         /* they are counted and held against support/pattern.h */
	bool deaf;                   /* reads nothing; h1server_deaf */
	struct h1server_conn *conns; /* all that ever were, the last one first */
	unsigned accepted;
	unsigned open;
	unsigned requests;
	unsigned pipelined; /* requests that came before the last one was answered */
	char order[4096];   /* the targets of all requests, each with a blank behind it, as far as there is room */
};

/* Listens on a port of the kernel's choice. */
void h1server_open(struct h1server *s, struct event_base *base, h1server_fn *answer, void *user);
/* The same at an address; port 0 takes any. False when the machine does not have that address, or the port is taken. */
bool h1server_open_at(
	struct h1server *s, struct event_base *base, const char *host, uint16_t port, h1server_fn *answer, void *user);

void h1server_close(struct h1server *s);

/* Stops reading from those who are connected, or goes on. */
void h1server_deaf(struct h1server *s, bool deaf);

/* From now on nobody is let in; those that are in stay. */
void h1server_stop_listening(struct h1server *s);

void h1server_write(struct h1server_conn *c, const char *text);
void h1server_write_bytes(struct h1server_conn *c, const void *bytes, size_t len);

/* The answer is complete: another request may come. h1server_reply says so itself. */
void h1server_done(struct h1server_conn *c);

/* A whole answer with its length. */
void h1server_reply(struct h1server_conn *c, int status, const char *fields, const char *body);

/* Closes when everything is written. */
void h1server_finish(struct h1server_conn *c);

/* The same by RST: the client's system has the bytes by then, but perhaps not the client. */
void h1server_finish_by_reset(struct h1server_conn *c);

/* Closes at once: what is not written is lost. With `reset` by RST. */
void h1server_drop(struct h1server_conn *c, bool reset);

/* The connection of that number, or the one whose last request had that target; NULL when there is none. */
struct h1server_conn *h1server_conn_of(struct h1server *s, unsigned number);
struct h1server_conn *h1server_find(struct h1server *s, const char *target);

#endif
