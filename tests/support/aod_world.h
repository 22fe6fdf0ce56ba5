/*
 * The emulator and a client of Agent on Demand, in one process and on one loop, over one of the transports in
 * support/transports.def: the program's argument names it.
 */
#ifndef SUPPORT_AOD_WORLD_H
#define SUPPORT_AOD_WORLD_H

#include <event2/event.h>
#include <freshet/aod.h>
#include <freshet/freshet.h>

#include "mockd/mockd.h"

/* How the client reaches the emulator. */
struct transport {
	const char *name;
	bool tls;
	freshet_protocol protocol; /* asked for by the client */
	bool no_http2;             /* the emulator speaks HTTP/1.1 alone */
	bool http1;                /* what comes of it: each stream has its connection */
};

struct world {
	struct event_base *base;
	struct event *tick;
	struct mockd *mockd;
	freshet_reactor *reactor; /* NULL: closed */
	freshet_aod *aod;
	char agent[MOCKD_ID_SIZE];
	bool lapses; /* time passes only while nothing happens: see support/timelapse.h */
};

/* The one that was chosen. */
extern const struct transport *world_transport;

/* Takes the transport that the first argument names; without one the first of all. */
void world_choose(int argc, char **argv);

extern struct world world;

/* Options of an emulator whose minutes pass in moments, and of a world in which those moments pass at once. */
struct mockd_options world_fast(void);

/* The transport's own options are added. With a manual clock time lapses, `clock_scale` times as fast in the emulator. */
void world_open(const struct mockd_options *options);

/* What an emulator of any service needs for the transport; before world_endpoint. */
void world_emulator(struct mockd_options *o);

/* How a client of any service reaches the emulator over the transport. */
void world_endpoint(freshet_endpoint_options *o);

/* Another client; NULL takes what the environment says. */
freshet_err world_client(const char *token, const char *url, freshet_aod **out);

/* Waits for something to happen, for a moment at most. */
void world_turn(void);

/* Runs the loop until *done. A test fails when that does not come for a long while. */
void world_run_until(const bool *done);

/* For whoever closes the reactor by himself; the argument is a bool that becomes true. */
void world_on_reactor_closed(void *closed);

/* Closes the reactor, unless that was done, and waits until it is gone. */
void world_close_reactor(void);

/* A tear-down for cmocka. */
int world_close(void **state);

#endif
