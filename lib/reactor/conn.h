/*
 * One connection of an endpoint: dialed, secured, and then the carrier of exchanges.
 */
#ifndef REACTOR_CONN_H
#define REACTOR_CONN_H

#include "net/dial.h"
#include "net/socket.h"
#include "net/tls.h"
#include "reactor/exchange.h"
#include "reactor/reactor.h"

#include <freshet/endpoint.h>

enum conn_state {
	CONN_DIALING,
	CONN_TUNNEL, /* a proxy is asked for the way to the server */
	CONN_HANDSHAKE,
	CONN_UP,
	CONN_DEAD, /* only its memory is left, for this turn */
};

/* What a connection is for its endpoint's line. */
enum conn_use {
	CONN_NO_USE, /* draining, or dead */
	CONN_COMING, /* has not told how much it takes, or nothing as yet: its part of the line is still to come */
	CONN_USABLE, /* with or without room */
};

struct conn {
	struct list node;  /* of the endpoint */
	struct list roomy; /* of the endpoint's connections with room */
	struct list dirty; /* of the reactor */
	struct task task;
	struct deadline deadline;
	freshet_endpoint *endpoint;
	enum conn_state state;
	enum conn_use use; /* as the endpoint has counted it */
	uint64_t *counted; /* the counter of the endpoint's in which it is; NULL: none */
	struct dial *dial;
	struct net_socket socket;
	struct tunnel *tunnel; /* NULL: no proxy, or it has let us through */
	struct tls *tls;       /* NULL: cleartext */
	struct wire *wire;
	struct list exchanges;
	uint32_t count; /* of them */
	bool used;      /* it has taken an exchange */
	bool useless;   /* it is given up though it is up: the server allows nothing */
	bool answered;  /* the server has begun to answer on it */
	bool served;    /* an exchange has ended well on it */
	bool choked;    /* the socket is not read until the application has taken what there is */
	struct bytes unsent;
	size_t unsent_from;
	int write_errno;    /* why nothing can be written any more; what the peer said before that is still read */
	uint64_t since_ms;  /* dialed; since it is up: without exchanges since then */
	uint64_t read_ms;   /* the last bytes of the peer */
	uint64_t pinged_ms; /* 0: no PING is out */
	uint32_t pings;     /* sent */
	char peer[ADDRESS_TEXT_SIZE]; /* address; empty while it is dialed */
};

/* Starts a connection; what becomes of it is told to the endpoint. FRESHET_ENOMEM, FRESHET_ESYSTEM. */
freshet_err conn_open(freshet_endpoint *endpoint);

/* True when it takes another exchange. */
bool conn_has_room(const struct conn *c);

/* True when it is up and empty, but its server allows no exchange at all at present. */
bool conn_is_barren(const struct conn *c);

/* Reads what came while it was kept without an exchange: it may have been closed, and has no room then. */
void conn_look(struct conn *c);

/* Takes an exchange from the line. On failure the exchange is where it was. */
freshet_err conn_submit(struct conn *c, struct exchange *ex);

/* Takes the exchange off its connection and gives it up there; harmless when it is on none. */
void exchange_leave(struct exchange *ex);

/*
 * The connection of the exchange has answered that it leads to another server (421): it takes no more exchanges, nor do
 * those that were kept beside it, so that the next attempt is made on another one.
 */
void exchange_misdirected(struct exchange *ex);

/* It takes no more exchanges, and closes when those that it has are over. */
void conn_retire(struct conn *c);

/* The owner waited for the answer in vain, and is about to leave. */
void exchange_waited_in_vain(struct exchange *ex);

/* The owner has filled or closed the body of its request. */
void exchange_more(struct exchange *ex);

/* The owner has taken bytes of the body. */
void exchange_credit(struct exchange *ex, size_t len);

/* Sends what there is to send. */
void conn_flush(struct conn *c);

/* Says farewell and closes it; its exchanges are lost. */
void conn_close(struct conn *c);

void conn_due(struct conn *c);

#endif
