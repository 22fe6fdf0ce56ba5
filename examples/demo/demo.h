/*
 * One run of the demo: what its steps share.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "demo/audit.h"
#include "demo/emulator.h"
#include "demo/flags.h"
#include "demo/fleet.h"
#include "demo/view.h"

/* SIGINT, SIGTERM, SIGCHLD */
#define DEMO_SIGNALS 3

struct demo {
	struct flags flags;
	struct emulator emulator; /* not running with a real server */
	struct event_base *base;
	freshet_reactor *reactor;
	struct event *signals[DEMO_SIGNALS]; /* NULL: no more caught */
	struct fleet fleet;
	uint32_t prepared; /* sites */
	struct view view;
	struct audit audit;
	int interrupted; /* by that signal; 0: by none */
	bool failed;     /* it could not go on; the reason was printed */
};

/* ---- what the user reads at the end: report.c ---- */

/* Prints it, the summary last, and returns the exit code. */
int report(struct demo *d);

#endif
