/*
 * A client of Ash, and a server that a test leads by hand or the emulator, on one loop.
 */
#ifndef SUPPORT_ASH_WORLD_H
#define SUPPORT_ASH_WORLD_H

#include "support/h1server.h"

#include <event2/event.h>
#include <freshet/ash.h>
#include <freshet/freshet.h>

#include "mockd/mockd.h"

#define ASH_WORLD_KEY "ash_0123456789abcdefghijklmnopqrstuv"

struct ash_world {
	struct event_base *base;
	struct h1server server; /* or */
	struct mockd *mockd;
	freshet_reactor *reactor; /* NULL: closed */
	freshet_ash *ash;
};

extern struct ash_world ash_world;

/* Starts the server and connects a client to it. */
void ash_world_open(h1server_fn *answer, void *user);

/* The same with the emulator, whose time passes as the loop turns, and which has Agent on Demand, too. */
void ash_world_open_mockd(void);

/* Runs the loop until *done. A test fails when that does not come for a long while. */
void ash_world_run_until(const bool *done);

/* One turn of the loop, or a moment. */
void ash_world_turn(void);

/* Closes the reactor, unless that was done, and waits until it is gone. */
void ash_world_close_reactor(void);

/* A tear-down for cmocka. */
int ash_world_close(void **state);

/* The head of an answer that streams events, and one chunk of it. */
void ash_world_stream(struct h1server_conn *c);
void ash_world_chunk(struct h1server_conn *c, const char *text);

/* The last chunk. */
void ash_world_end(struct h1server_conn *c);

#endif
