/*
 * A connection of the emulator: a socket, TLS or not, and the protocol that lives on it.
 */
#ifndef MOCKD_CONN_H
#define MOCKD_CONN_H

#include "mockd/alloc.h"
#include "mockd/http.h"

#include "base/list.h"

struct conn;
struct event;
struct mockd;
struct ssl_st;

/* What a connection asks of its protocol. */
struct protocol {
	/* Takes what arrived. False: the connection is to be closed once what is pending is written. */
	bool (*receive)(struct conn *c, const uint8_t *bytes, size_t len);
	/* Fills in what is to be sent; 0: nothing now. `room` is at least PRODUCE_ROOM. */
	size_t (*produce)(struct conn *c, uint8_t *to, size_t room);
	/* True when the connection has served its purpose. */
	bool (*finished)(const struct conn *c);
	/* The exchange is answered: its head is to be sent, then its body, read from it. */
	void (*begin)(struct exchange *x, const struct answer *a, const char *length);
	/* The exchange's body, which waited, has something again. */
	void (*wake)(struct exchange *x);
	/* Breaks the exchange off, unprocessed or with the protocol's error code. */
	void (*reset)(struct exchange *x, bool unprocessed, uint32_t code);
	/* Takes no new exchanges any more. `unprocessed`: that one and those after it are not processed either; or NULL. */
	void (*goaway)(struct conn *c, struct exchange *unprocessed, uint32_t code);
	/* Puts the beginning of a frame of the exchange into `raw`, which the connection's end will leave torn. */
	void (*tear)(struct exchange *x, struct buffer *raw);
	/* Frees the protocol's state and every exchange of the connection. */
	void (*free)(struct conn *c);
	/* A connection has one exchange after the other. */
	bool one_at_a_time;
};

/* A protocol needs that much room for its next piece of output. */
#define PRODUCE_ROOM 20480u

/* How a connection ends when what was produced is written. */
enum conn_end {
	CONN_GOES_ON,
	CONN_CLOSES,  /* in order: close_notify where there is TLS, then FIN */
	CONN_CUT,     /* FIN alone */
	CONN_ABORTED, /* RST */
};

struct conn {
	struct mockd *mockd;
	const struct protocol *protocol;
	void *session; /* of the protocol; NULL while it is not known which that is */
	struct ssl_st *ssl;
	int fd;
	struct event *readable;
	struct event *writable;
	struct buffer unsent; /* produced, but the socket did not take it */
	size_t unsent_at;     /* bytes of it that are written */
	struct exchange **exchanges;
	size_t exchange_count;
	size_t exchange_capacity;
	size_t index;      /* in the emulator's connections */
	struct list dirty; /* in the emulator's list of connections that may have something to send */
	struct buffer raw; /* goes out as it is, after what is produced */
	uint64_t serial;   /* counted from 1 as connections were accepted */
	size_t keep;       /* of the body bytes produced last, one more than are sent; 0: all are */
	enum conn_end end; /* what comes when all is written */
	bool control;      /* it carries the control API: faults and random cuts spare it */
	bool frozen;       /* neither reads nor writes */
	bool deaf;         /* does not read */
	bool apart;        /* what was produced last is written by itself */
	uint8_t greeted;   /* bytes of HTTP/2's preface that came, while the protocol is not known */
	bool lingering;    /* ended on our side; what the peer sends is thrown away until it ends too */
	bool dead;         /* freed at the next occasion */
};

/* Takes the socket over. NULL when the connection could not be set up; the socket is closed then. */
struct conn *conn_new(struct mockd *m, int fd);

void conn_free(struct conn *c);

/* The connection may have something to send: it is looked at before the loop waits again. */
void conn_mark(struct conn *c);

/* Reads from the socket, or leaves it alone: what came is too much already. */
void conn_listen(struct conn *c, bool on);

/* Neither reads nor writes from now on. */
void conn_freeze(struct conn *c);

/* Produces and writes until the socket or a portion is full. May free the connection. */
void conn_settle_output(struct conn *c);

/* Set up the server's side of a protocol on the connection. False when it cannot. */
bool http2_attach(struct conn *c);
void http1_attach(struct conn *c);

/* The one that the options leave, or the one that the client turns out to speak. */
bool protocol_attach(struct conn *c);

#endif
