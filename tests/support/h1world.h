/*
 * A client and a scripted HTTP/1.1 server on one loop, and a clock that stands until the test moves it.
 */
#ifndef SUPPORT_H1WORLD_H
#define SUPPORT_H1WORLD_H

#include "support/client.h"
#include "support/h1server.h"

/* The head of an answer that is an event stream in chunks. */
#define H1WORLD_EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

struct h1world {
	struct client client;
	struct h1server server;
	freshet_endpoint_options o; /* of h1world_endpoint; the test changes what it likes before */
	char url[128];
	freshet_endpoint *e;
};

/* The server calls `answer` with the world as its user. */
void h1world_open(struct h1world *w, h1server_fn *answer);
void h1world_endpoint(struct h1world *w);
void h1world_close(struct h1world *w);

/* Moves the clock; what falls due by then has its turn. */
void h1world_advance(struct h1world *w, uint64_t ms);
uint64_t h1world_now(void);

/* Answers for h1world_open: "ok"; and the same, but what begins with /events is a stream that stays open. */
void h1world_answer_ok(struct h1server_conn *c, const struct h1server_request *q);
void h1world_answer_events(struct h1server_conn *c, const struct h1server_request *q);

void h1world_get(struct h1world *w, const char *path, struct reply *reply);
/* One attempt only. */
void h1world_post(struct h1world *w, bool repeatable, struct reply *reply);

/* Makes `count` kept connections, by so many requests at once. */
void h1world_keep(struct h1world *w, size_t count);

/* Until everything has ended. */
void h1world_run(struct h1world *w);

/* Until the condition holds, whether something is still open or not. */
void h1world_wait(struct h1world *w, bool (*until)(void *user), void *user);

/* Until so many streams are open. */
void h1world_wait_open(struct h1world *w, size_t open);

/* Conditions: of the world, of a struct reply, of a struct follower. */
bool h1world_is_idle(void *world);
bool h1world_was_replied(void *reply);
bool h1world_has_ended(void *follower);
bool h1world_was_cut(void *follower);

/* It was answered once, with 200 and that body. */
void h1world_assert_ok(const struct reply *r, const char *body);

#endif
