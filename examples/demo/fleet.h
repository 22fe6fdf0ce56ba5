/*
 * The sessions of the demo: all of them on one thread, with one client for each platform, each led through its life by
 * callbacks.
 */
#ifndef DEMO_FLEET_H
#define DEMO_FLEET_H

#include "demo/plan.h"
#include "demo/platform.h"
#include "demo/record.h"

#include <event2/event.h>
#include <freshet/freshet.h>

/* Ids of sessions are UUIDs at the longest. */
#define ID_SIZE 37

/* An agent's id, on Ash its name. */
#define AGENT_SIZE 256

struct fleet;

/* A platform that takes part. It is the first member of what the platform itself knows of it. */
struct site {
	const struct platform *platform;
	struct fleet *fleet;
	char agent[AGENT_SIZE]; /* of all its sessions; empty: not found yet */
	uint32_t next;          /* the first of its sessions that was not begun */
	uint32_t count;
	uint32_t tally[STATES]; /* sessions in each state */
	uint64_t events;        /* shown to the sessions */
	uint64_t cuts;          /* of streams */
};

struct session {
	struct fleet *fleet;
	struct site *site;
	const struct part *part;
	void *own;                       /* what its platform's sessions have beside; may be NULL */
	struct record record;            /* what was seen */
	uint64_t cursor;                 /* where it can be taken up again; each platform says what this is */
	void (*then)(struct session *s); /* what session_later waits to do */
	char *trouble;                   /* why it is BROKEN, or what the audit found; NULL: nothing */
	uint32_t number;                 /* counted from 0 */
	uint32_t outputs;                /* of the present turn */
	uint8_t state;                   /* enum state */
	uint8_t turn;                    /* asked for */
	bool terminating;                /* the server was asked to terminate it */
	bool ended;
	char id[ID_SIZE]; /* empty: not known */
};

struct fleet {
	struct event_base *base;
	freshet_reactor *reactor;
	freshet_endpoint *control;     /* the emulator, for what is none of the platforms'; NULL: it is none */
	struct site *sites[PLATFORMS]; /* those that take part; session number n is of the site n modulo their count */
	uint32_t site_count;
	struct session *sessions;
	uint32_t count;
	uint32_t ended;
	uint64_t marker;                 /* tells this run's sessions from all others on the server */
	bool real;                       /* the server is not the emulator */
	bool closing;                    /* callbacks no longer lead to anything */
	void (*on_finished)(void *user); /* every session has ended */
	void *user;
};

/* The fleet begins at once. False when there is no memory. */
bool fleet_start(struct fleet *f, uint32_t count, uint64_t seed);

/* The reactor is gone, and all clients with it. */
void fleet_clear(struct fleet *f);

/* Begins sessions as long as there is room. */
void site_create_more(struct site *site);

/* Sums over all sites. */
uint32_t fleet_tally(const struct fleet *f, enum state state);
uint64_t fleet_events(const struct fleet *f);
uint64_t fleet_cuts(const struct fleet *f);

/* ---- one session, of whatever platform: session.c ---- */

void session_move(struct session *s, enum state state);

/* Calls `then` after a while, unless the fleet is closing by then; one thing at a time. For what is tried again. */
void session_later(struct session *s, void (*then)(struct session *s), uint32_t ms);

/* Real time; the emulator's own clock runs faster. */
#define SESSION_AGAIN_MS 300

/* The request may or may not have reached the server, or may do better later. */
bool is_passing(const freshet_outcome *outcome);

/* Its id is known. */
void session_take_id(struct session *s, freshet_str id);

/* It has come to its end. */
void session_ended(struct session *s, enum state state);

/* It could not be led to its end. */
void session_break(struct session *s, const char *what, freshet_str why);
void session_break_by(struct session *s, const char *what, freshet_err err);

#endif
