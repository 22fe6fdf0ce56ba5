/*
 * A timer inside: a deadline that belongs to the caller.
 */
#ifndef REACTOR_TIMER_H
#define REACTOR_TIMER_H

#include "reactor/reactor.h"

#include <freshet/timer.h>

struct freshet_timer {
	freshet_reactor *reactor;
	struct list in_reactor;
	struct list due; /* in the list of those whose time has come and which are still to be called */
	struct deadline deadline;
	uint64_t at_ms; /* may be later than the deadline, which is then judged anew; UINT64_MAX: not set */
	freshet_timer_fn *fn;
	void *user;
};

freshet_err timer_new(freshet_reactor *r, freshet_timer_fn *fn, void *user, freshet_timer **out);
void timer_set(freshet_timer *t, uint64_t after_ms);
void timer_clear(freshet_timer *t);
void timer_free(freshet_timer *t);

/* Its deadline has come: it is put among those that are called when no other deadline is left to judge. */
void timer_due(freshet_timer *t);

/* Calls those whose time has come. What they set meanwhile waits for a later turn, also when that is due at once. */
void timers_run_due(freshet_reactor *r);

/* The reactor closes: none is called any more. */
void timers_clear(freshet_reactor *r);

/* The reactor goes: whatever nobody has freed. */
void timers_free(freshet_reactor *r);

#endif
