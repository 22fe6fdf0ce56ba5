/*
 * The sessions of the demo: all of them on one thread, with one client for each platform, each led through its life by callbacks.
 */
#ifndef DEMO_FLEET_H
#define DEMO_FLEET_H

#include "plan.h"
#include "record.h"

#include <event2/event.h>
#include <freshet/aod.h>
#include <freshet/ash.h>

#define ID_SIZE 37

/* An agent's id on Agent on Demand, its name on Ash. */
#define AGENT_SIZE 256

enum state {
	WAITING,   /* its turn to be created has not come */
	CREATING,  /* the server is asked to create it */
	SEARCHING, /* the answer was lost: does it exist? */
	PENDING,   /* it exists and is being set up */
	RUNNING,   /* its agent works */
	COMPLETED, /* the ends */
	FAILED,
	TERMINATED,
	BROKEN, /* it could not be led to its end, which is the demo's failure and not the session's */
	STATES,
};

extern const char *const state_names[STATES];

struct fleet;

struct session {
	struct fleet *fleet;
	const struct part *part;
	struct talk *talk;               /* of a session of Ash; NULL: it is one of Agent on Demand */
	freshet_aod_stream *stream;      /* NULL: none is open */
	struct record record;            /* what was seen */
	uint64_t cursor;                 /* the last row of a stream that has ended; of Ash, the last stored event */
	void (*then)(struct session *s); /* what session_later waits to do */
	char *trouble;                   /* why it is BROKEN; NULL otherwise */
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
	freshet_aod *aod;           /* NULL: no sessions there */
	freshet_ash *ash;           /* likewise */
	freshet_endpoint *endpoint; /* of one of them, for what the emulator is asked */
	struct session *sessions;
	uint32_t count;
	uint32_t next; /* the first that was not begun */
	uint32_t ended;
	uint32_t tally[STATES]; /* sessions in each state */
	uint64_t events;        /* shown to the sessions */
	uint64_t cuts;          /* of streams */
	uint64_t marker;        /* tells this run's sessions from all others on the server */
	char aod_agent[AGENT_SIZE];
	char ash_agent[AGENT_SIZE];
	struct search *search;
	struct roll *roll;
	bool closing;                    /* callbacks no longer lead to anything */
	void (*on_finished)(void *user); /* every session has ended */
	void *user;
};

/* The fleet begins at once. False when there is no memory. */
bool fleet_start(struct fleet *f, uint32_t count, uint64_t seed, bool real);
void fleet_clear(struct fleet *f);

/* Begins sessions as long as there is room. */
void fleet_create_more(struct fleet *f);

/* ---- one session: session.c ---- */

void session_move(struct session *s, enum state state);

/* Calls `then` after a while, unless the fleet is closing by then; one thing at a time. For what is tried again. */
void session_later(struct session *s, void (*then)(struct session *s), uint32_t ms);

/* The request may or may not have reached the server, or may do better later. */
bool is_passing(const freshet_outcome *outcome);

/* It has come to its end. */
void session_ended(struct session *s, enum state state);

/* It could not be led to its end. */
void session_break(struct session *s, const char *what, freshet_str why);

/* Asks Agent on Demand to create it; talk.c does it for Ash. */
void session_create(struct session *s);

/* It turned out to exist. */
void session_adopt(struct session *s, freshet_str id);

/* ---- sessions whose creation was not answered, on Agent on Demand: search.c ---- */

/* Finds out whether they exist, in a while. Sessions that do not are created again. */
void search_soon(struct fleet *f);
struct search *search_new(struct fleet *f);
void search_free(struct search *search);

#endif
