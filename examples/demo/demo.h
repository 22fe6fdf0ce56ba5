/*
 * One run of the demo: what its steps share.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "audit.h"
#include "emulator.h"
#include "flags.h"
#include "fleet.h"
#include "view.h"

/* SIGINT, SIGTERM, SIGCHLD */
#define DEMO_SIGNALS 3

struct demo {
	struct flags flags;
	struct emulator emulator; /* not running with a real server */
	struct event_base *base;
	freshet_reactor *reactor;
	freshet_aod *aod;                    /* NULL: not wanted */
	freshet_ash *ash;                    /* likewise */
	struct event *signals[DEMO_SIGNALS]; /* NULL: no more caught */
	struct fleet fleet;
	struct view view;
	struct audit audit;
	int interrupted; /* by that signal; 0: by none */
	bool failed;     /* it could not go on; the reason was printed */
};

/* ---- the agents that the sessions are of: agent.c ---- */

/* Finds it, or makes one on the emulator, and calls `then` with its id, or with NULL when there is none. */
void agent_find(struct demo *d, void (*then)(struct demo *d, const char *id));

/* The same on Ash; what `then` gets is its name. */
void ash_agent_find(struct demo *d, void (*then)(struct demo *d, const char *name));

/* ---- what the user reads at the end: report.c ---- */

/* Prints it, the summary last, and returns the exit code. */
int report(struct demo *d);

#endif
