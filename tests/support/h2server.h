/*
 * The scripted HTTP/2 server of support/h2peer.h behind a listening socket of the loopback, on a loop that somebody else
 * runs. A test looks at the calls of each connection and tells what is answered, when, and what goes wrong.
 */
#ifndef SUPPORT_H2SERVER_H
#define SUPPORT_H2SERVER_H

#include "support/h2peer.h"

struct event;
struct event_base;
struct evconnlistener;

#define H2SERVER_CONNS_MAX 1200

struct h2server_conn {
	struct h2server *server;
	struct h2peer *peer;
	struct event *readable;
	struct event *writable;
	int fd;             /* -1: closed */
	bool deaf;          /* reads nothing */
	bool closed;        /* by the client */
	uint32_t pings_out; /* barriers */
};

struct h2server {
	struct event_base *base;
	struct evconnlistener *listener;
	uint16_t port;
	struct h2peer_options peer; /* of the connections to come */
	struct h2server_conn *conns[H2SERVER_CONNS_MAX];
	size_t conn_count; /* that ever were */
	size_t calls;      /* that have been handed out by h2server_next */
	bool hang_up;      /* closes what it accepts at once */
};

/* Listens on a port of the kernel's choice. */
void h2server_open(struct h2server *s, struct event_base *base);
void h2server_close(struct h2server *s);

/* Stops listening, or listens again on the same port. */
void h2server_stop_listening(struct h2server *s);
void h2server_listen_again(struct h2server *s);

/* Sends what the peers have framed. */
void h2server_flush(struct h2server *s);

/* Closes a connection: by FIN, or with `reset` by RST. */
void h2server_drop(struct h2server_conn *c, bool reset);

void h2server_deaf(struct h2server_conn *c, bool deaf);

/* The connection that a call came on. */
struct h2server_conn *h2server_conn_of(struct h2server *s, const struct h2peer_call *call);

/* Requests that ever came, on all connections. */
size_t h2server_call_count(const struct h2server *s);

/* The call of that path that came last; NULL when there is none. */
struct h2peer_call *h2server_find(const struct h2server *s, const char *path);

#endif
