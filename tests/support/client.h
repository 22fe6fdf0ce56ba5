/*
 * The client side of a test against a server: a reactor on a loop of its own, and for each stream a record of all that
 * its callbacks told.
 */
#ifndef SUPPORT_CLIENT_H
#define SUPPORT_CLIENT_H

#include "support/golden.h"

#include <freshet/freshet.h>

struct client {
	struct event_base *base;
	freshet_reactor *reactor;
	size_t live;      /* streams and requests without their last callback */
	size_t most_open; /* streams that were open at the same time */
	size_t open;      /* now */
};

/* An outcome whose texts stay. */
struct kept_outcome {
	freshet_outcome outcome;
	char text[320];
	char content_type[96];
	char location[128];
	char body[512];
	size_t body_len; /* of all of it */
};

struct follower {
	struct client *client;
	freshet_stream *stream;
	struct tally seen;
	unsigned opens;
	unsigned cuts;
	unsigned dones;
	bool is_open;
	struct kept_outcome cut; /* the last one */
	struct kept_outcome end;
	uint64_t end_events;
	uint32_t reconnects;
	char last_id[64];
	char last_data[256];
	void (*on_event)(struct follower *f); /* optional: of the test */
};

struct reply {
	struct client *client;
	unsigned dones;
	struct kept_outcome outcome;
	int status;
	uint32_t redirects;
	bool decoded;
	char location[128];
	char body[512];
	size_t body_len;
};

/* `options` may be NULL. The base is the client's own, whatever they say. */
void client_start(struct client *c, const freshet_reactor_options *options);
void client_stop(struct client *c);

/* "http://HOST:PORT" or https; HTTP/2; a clean end is final and there is one attempt only. */
struct client_url {
	const char *scheme;
	const char *host;
	uint16_t port;
	const char *ca_file; /* NULL: the system's */
};
freshet_endpoint *client_endpoint(struct client *c, const struct client_url *url);

/* The same options, for tests that change some. `text` has room for the URL. */
void client_endpoint_options(freshet_endpoint_options *o, const struct client_url *url, char text[128]);

void client_follow(struct client *c, freshet_endpoint *e, const char *path, struct follower *f);
/* The same, but no event comes before freshet_stream_resume. */
void client_follow_paused(struct client *c, freshet_endpoint *e, const char *path, struct follower *f);
/* With options of the test's; their callbacks and user are the follower's. */
void client_open(struct client *c, freshet_endpoint *e, freshet_stream_options *o, struct follower *f);
void client_get(struct client *c, freshet_endpoint *e, const char *path, struct reply *reply);
void client_send(struct client *c, freshet_endpoint *e, freshet_request_options *o, struct reply *reply);
/* The same, and *request is its handle. */
void client_send_for(struct client *c, freshet_endpoint *e, freshet_request_options *o, struct reply *reply,
	freshet_request **request);
/* The same; false when there was no memory for it. */
bool client_try_send(struct client *c, freshet_endpoint *e, freshet_request_options *o, struct reply *reply,
	freshet_request **request);

/* Runs the loop until the condition holds; NULL: until nothing is open any more. Ends the test when that never comes. */
void client_run(struct client *c, bool (*until)(void *user), void *user);

/* The same for what comes when no stream and no request is open. */
void client_idle(struct client *c, bool (*until)(void *user), void *user);

/* What the reactor has counted. */
freshet_counters client_counters(const struct client *c);

#endif
