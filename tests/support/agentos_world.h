/*
 * A client of AgentOS, and a server that a test leads by hand, on one loop.
 */
#ifndef SUPPORT_AGENTOS_WORLD_H
#define SUPPORT_AGENTOS_WORLD_H

#include "support/h1server.h"

#include <event2/event.h>
#include <freshet/agentos.h>
#include <freshet/freshet.h>

#define AGENTOS_WORLD_KEY       "aos_agent_0123456789abcdef"
#define AGENTOS_WORLD_SPACE_KEY "aos_ws_0123456789abcdef"
#define AGENTOS_WORLD_AGENT     "5b2c0000-0000-4000-8000-000000000001"
#define AGENTOS_WORLD_RUN       "9d1e0000-0000-4000-8000-000000000002"

/* What the server answers to a start. */
#define AGENTOS_WORLD_STARTED "{\"data\":{\"run_id\":\"" AGENTOS_WORLD_RUN "\"},\"error\":null}"

/* What the scripted server does about some requests, instead of what it does about all others: 200. */
struct agentos_reply {
	const char *path; /* a part of it; NULL ends the script */
	unsigned times;   /* so many of them; 0: all */
	int status;       /* or one of those below */
	const char *fields;
	const char *body;
};

#define AGENTOS_WORLD_DROP (-1) /* the connection is closed without an answer */
#define AGENTOS_WORLD_HANG (-2) /* nothing comes */

struct agentos_world {
	struct event_base *base;
	struct h1server server;
	freshet_reactor *reactor; /* NULL: closed */
	freshet_agentos *client;
	const struct agentos_reply *script;
	unsigned used[16]; /* of each of its lines */
	char *log;         /* "METHOD path body\n" of every request, see agentos_world_log */
	size_t log_len;
	char *heads; /* of all requests */
	size_t heads_len;
};

extern struct agentos_world agentos_world;

/* Options for the server, with pauses of a few milliseconds. The URL is valid until the next call. */
freshet_agentos_options agentos_world_options(void);

/*
 * The scripted server's answer, for agentos_world_open: what agentos_world.script says, else an id to a start and an empty
 * envelope to all others.
 */
void agentos_world_answer(struct h1server_conn *c, const struct h1server_request *q);

/*
 * The requests so far, and forgets them. Times are "@", UUIDs that are not this header's "U1", "U2", ... in the order in
 * which they came since the opening, ids of spans "S1", durations "#".
 */
const char *agentos_world_log(void);

/* Starts the loop, on which time lapses, the server and a reactor; and, with agentos_world_client, a client. */
void agentos_world_open(h1server_fn *answer, void *user);
void agentos_world_client(const freshet_agentos_options *options);

/* Runs the loop until *done. A test fails when that does not come for a long while. */
void agentos_world_run_until(const bool *done);

/* One turn of the loop, or a moment. */
void agentos_world_turn(void);

/* Closes the client and waits until it is gone; every event is then accounted for. */
freshet_agentos_stats agentos_world_finish(void);

/* emitted = sent + dropped + queued. */
void agentos_world_check(const freshet_agentos_stats *stats);

/* For whoever frees the reactor by himself. */
void agentos_world_forget_reactor(void);

/* For whoever closes the reactor by himself; the argument is a bool that becomes true. */
void agentos_world_on_reactor_closed(void *closed);

/* Closes the reactor, unless that was done, and waits until it is gone. */
void agentos_world_close_reactor(void);

/* A tear-down for cmocka. */
int agentos_world_close(void **state);

#endif
