/*
 * Live sources of events on servers that nobody here wrote (live_server.js, live_server.py), and what must come of them.
 * Both answer:
 *
 *	/whole/NAME     300 events, written line by line, and a clean end
 *	/cut/NAME       the same, but each answer is cut between the `id:` and the `data:` line of its 40th event
 *	/end/NAME       each answer ends cleanly after 40 events
 *	/to-close/NAME  as whole, framed by the end of the connection (node only)
 *	/written/NAME   how many events of that name were written, and a hash over them
 *	/upload         how many bytes came, and a hash over them
 *	/nothing        204
 *
 * They go on behind the Last-Event-ID that a request brings.
 */
#ifndef SUPPORT_LIVE_H
#define SUPPORT_LIVE_H

#include "support/client.h"
#include "support/files.h"
#include "support/process.h"

#define LIVE_EVENTS  300
#define LIVE_STREAMS 20

struct live_server {
	struct process process;
	struct test_folder folder;
	uint16_t port;
	struct client client;
	freshet_endpoint *endpoint;
};

/* Starts `program script keep_alive`, and a client of it. */
void live_start(struct live_server *s, const char *program, const char *script, const char *keep_alive);
void live_stop(struct live_server *s);

/*
 * Follows some streams of that kind at once until each has seen its last event, and compares what they saw with what the
 * server says that it wrote. Each must have been cut so many times.
 */
void live_follow(struct live_server *s, const char *kind, unsigned cuts);

/* A request and its whole answer, which must be this. */
void live_get(struct live_server *s, const char *path, const char *body);

/* Sends some megabytes, and compares what came. */
void live_upload(struct live_server *s);

/* A stream that is told 204 is over. */
void live_nothing(struct live_server *s);

/* A server that closes kept connections at once: whoever comes next over one of them is not to notice. */
void live_short_keep_alive(struct live_server *s);

#endif
