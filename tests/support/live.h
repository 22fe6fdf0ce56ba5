/*
 * Live sources of events on servers that nobody here wrote (live_server.js, live_server.py), and what must come of them.
 * They answer:
 *
 *	/whole/NAME     130 events, written line by line, and a clean end
 *	/cut/NAME       the same, but each answer is cut between the `id:` and the `data:` line of its 40th event
 *	/end/NAME       each answer ends cleanly after 40 events
 *	/to-close/NAME  as whole, framed by the end of the connection (node's HTTP/1.1 only)
 *	/held/NAME      as whole, but who comes without Last-Event-ID gets 60 events and then silence (node only)
 *	/written/NAME   how many events of that name were written, and a hash over them
 *	/keep-alive/MS  MS; from now on new connections that idle so long are closed; a minute at first
 *	/upload         how many bytes came, and a hash over them
 *	/nothing        204
 *	/hints          after 103 (node only)
 *	/trailers       with fields behind the body (node only)
 *
 * They go on behind the Last-Event-ID that a request brings.
 */
#ifndef SUPPORT_LIVE_H
#define SUPPORT_LIVE_H

#include "support/client.h"
#include "support/files.h"
#include "support/process.h"

#define LIVE_EVENTS  130
#define LIVE_HELD    60
#define LIVE_STREAMS 10
#define LIVE_NODE    FRESHET_SOURCE_DIR "/tests/support/live_server.js"
#define LIVE_UVICORN FRESHET_SOURCE_DIR "/tests/support/live_server.py"

/* NULL and 0 take the default. */
struct live_wish {
	const char *program;       /* required: node or python */
	const char *script;        /* required */
	const char *kind;          /* "http", "https"; of node also "h2c", "h2"; default "http" */
	const char *version;       /* "1.2", "1.3": the only version of TLS; default 1.3 */
	freshet_protocol protocol; /* of the client; default: as ALPN agrees */
};

struct live_server {
	struct process process;
	struct test_folder folder; /* with cert.pem, key.pem, authority.pem and the log */
	uint16_t port;
	struct client client;
	freshet_endpoint *endpoint; /* NULL while no client is connected */
	unsigned follows;           /* how often streams were followed: each time has names of its own */
};

/* Starts the server. */
void live_start(struct live_server *s, const struct live_wish *wish);

/* Options of an endpoint for what answers at that port of the loopback: the server, or what stands in front of it. */
void live_endpoint_options(const struct live_server *s, freshet_endpoint_options *o, bool tls, uint16_t port);

/* Starts a client with such an endpoint. */
void live_connect(struct live_server *s, const freshet_endpoint_options *o);

/* The two of them, as the server was wished. */
void live_connect_directly(struct live_server *s, const struct live_wish *wish);

/* The client goes, the server stays for the next one. */
void live_disconnect(struct live_server *s);

/* Everything goes. */
void live_stop(struct live_server *s);

/*
 * Follows some streams of that kind at once until each has seen its last event, and compares what they saw with what the
 * server says that it wrote. Each must have been cut so many times.
 */
void live_follow(struct live_server *s, const char *kind, unsigned cuts);

/*
 * The same for streams that are held at their 60th event: when all have come so far, `deed` is done, which must break
 * their connections. Each goes on from there.
 */
void live_follow_across(struct live_server *s, void (*deed)(void *user), void *user);

/* What a server, or what stands in front of it, cannot do. */
enum live_lack {
	LIVE_BODY_TO_CLOSE = 1, /* a body that ends with its connection */
	LIVE_EXTRAS = 2,        /* interim answers and trailers */
};

/* Everything that it can: streams of all kinds, but for those that are held, and requests. */
void live_try_all(struct live_server *s, unsigned lacks);

/* A request and its whole answer, which must be this. */
void live_get(struct live_server *s, const char *path, const char *body);

/* Sends more than any window holds, and compares what came. */
void live_upload(struct live_server *s);

/* A stream that is told 204 is over. */
void live_nothing(struct live_server *s);

/* The server is told to close kept connections at once. A client of before must be gone. */
void live_shorten_keep_alive(struct live_server *s, const struct live_wish *wish);

/* A server that closes kept connections at once: whoever comes next over one of them is not to notice. */
void live_short_keep_alive(struct live_server *s);

#endif
