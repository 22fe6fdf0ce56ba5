/*
 * An endpoint inside: its connections, the line of exchanges that wait for one, and what is open on it.
 */
#ifndef REACTOR_ENDPOINT_H
#define REACTOR_ENDPOINT_H

#include "base/proxy.h"
#include "base/url.h"
#include "flow/place.h"
#include "net/dial.h"
#include "reactor/exchange.h"
#include "reactor/policy.h"
#include "reactor/reactor.h"

struct tls_context;

struct endpoint_limits {
	struct place_limits place;
	uint32_t max_waiting;
	uint32_t stream_window;
	uint32_t connection_window;
	uint32_t credit_step;
	uint64_t connect_timeout_ms;
	uint64_t ping_interval_ms;
	uint64_t ping_timeout_ms;
	uint64_t idle_close_ms;
	size_t max_header_bytes;
};

struct freshet_endpoint {
	struct list node; /* of the reactor */
	struct task task;
	struct deadline deadline; /* the next dial after failed ones */
	freshet_reactor *reactor;
	char *url_text;
	struct url url;
	char *address_text;        /* option address; NULL: the URL's host */
	struct dial_target target; /* where connections are dialed to: the server, its stand-in, or the proxy */
	struct proxy proxy;        /* host NULL: none */
	char *tunnel_to;           /* "host:port" that the proxy is asked for */
	freshet_str name;          /* scheme and authority, for people */
	freshet_header *headers;
	size_t header_count;
	struct tls_context *tls;
	struct endpoint_limits limits;
	freshet_protocol protocol;
	bool http1;                 /* what its connections speak, as far as is known */
	uint32_t asked_connections; /* option max_connections */
	struct stream_policy policy;
	struct list conns;
	struct list roomy; /* of them, those with room: the first one takes the next exchange */
	uint32_t coming;   /* connections, as enum conn_use */
	uint32_t usable;
	size_t passing;      /* exchanges on connections that end by themselves, and make room */
	struct list moved;   /* exchanges that a peer sent back unprocessed: they go first, in their order */
	struct list waiting; /* the others */
	size_t waiting_count;
	struct list streams;
	struct list requests;
	uint32_t expected_capacity; /* what a connection took last time; before the first: all that is wanted */
	uint32_t dial_failures;     /* in a row */
	uint64_t redial_ms;         /* no dial before; 0: at once */
	bool pump_due;
	bool stands; /* the line does not move, and that was said */
	bool closing;
	void (*on_closed)(void *user); /* NULL: nobody waits for the end */
	void *user;
	freshet_counters counters;
};

freshet_err endpoint_new(freshet_reactor *r, const freshet_endpoint_options *options, freshet_endpoint **out);
void endpoint_close(freshet_endpoint *e);
void endpoint_due(freshet_endpoint *e);

/* Puts an exchange in line: behind the others, or, when it was moved by the peer, before them. */
void endpoint_enqueue(freshet_endpoint *e, struct exchange *ex, bool moved);

/* Takes an exchange out of the line; harmless when it is not in it. */
void endpoint_dequeue(freshet_endpoint *e, struct exchange *ex);

/* FRESHET_EQUEUE_FULL, FRESHET_ESTATE, FRESHET_OK: may another exchange be opened? */
freshet_err endpoint_admits(const freshet_endpoint *e);

/*
 * The fields of a request: the endpoint's and then the given ones, of which one replaces the endpoint's of the same name.
 * They lie in the reactor's scratch with room for `spare` more. NULL when there is no memory.
 */
freshet_header *endpoint_fields(
	freshet_endpoint *e, const freshet_header *own, size_t own_count, size_t spare, size_t *count);

/* What is common to each request: scheme, authority and the path behind the endpoint's own, in the reactor's scratch. */
freshet_err endpoint_describe(freshet_endpoint *e, freshet_str path, struct wire_request *out);

/* Something of the endpoint has ended: when it is closing and was the last, the endpoint goes. */
void endpoint_released(freshet_endpoint *e);

/* From its connections. */
struct conn;
void endpoint_speaks(freshet_endpoint *e, bool http1);
void endpoint_conn_up(freshet_endpoint *e);
void endpoint_conn_greeted(freshet_endpoint *e, uint32_t capacity);
void endpoint_conn_failed(freshet_endpoint *e, const freshet_outcome *loss);
void endpoint_conn_useless(freshet_endpoint *e, const freshet_outcome *loss);

/* What is known of an address by now: `good` is kept, after another the next dial begins with the next one. */
void endpoint_address_was(freshet_endpoint *e, const char *address, bool good);

/* Its state, its room or whether it drains may have changed: the counts and the line are put right. */
void endpoint_conn_changed(struct conn *c);

/* One kept connection turned out to be closed at the other end: closes the others like it, which are as old. */
void endpoint_close_kept(freshet_endpoint *e);

/* Kept connections are used no more; unlike endpoint_close_kept it closes none before the next turn. */
void endpoint_retire_kept(freshet_endpoint *e);

/* Copies header fields, names in lower case, into one array; FRESHET_EINVAL for one that may not be sent. */
freshet_err headers_copy(const freshet_header *from, size_t count, size_t spare, freshet_header **out);
void headers_free(freshet_header *headers, size_t count);

/* The same, with a traceparent behind them where that is not NULL. */
freshet_err headers_copy_traced(
	const freshet_header *from, size_t count, const char *traceparent, freshet_header **out, size_t *out_count);

/* What an endpoint sends with every request: who we are, and the caller's. FRESHET_EINVAL, FRESHET_ENOMEM. */
freshet_err headers_of_endpoint(const freshet_endpoint_options *options, freshet_header **out, size_t *count);

/* Takes out what tells of a body that is not sent any more; how many are left. */
size_t headers_drop_body(freshet_header *fields, size_t count);

/* A method is a token (RFC 9110, section 9.1); NULL stands for GET. */
bool method_valid(const char *method);

#endif
