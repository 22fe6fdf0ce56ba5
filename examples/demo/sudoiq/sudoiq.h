/*
 * Sudoiq in the demo: what its site and its sessions have beside what all have. A session is a run, its id the task's; its
 * cursor is the last id of its stream, which on the emulator is the number of changes of the run.
 */
#ifndef DEMO_SUDOIQ_SUDOIQ_H
#define DEMO_SUDOIQ_SUDOIQ_H

#include "demo/fleet.h"

#include <freshet/sudoiq.h>
#include <freshet/timer.h>

struct sudoiq_site {
	struct site site;
	freshet_sudoiq *client;
	void *runs;           /* sessions by their ids: a tree of <search.h> */
	void *errands;        /* of tools that take a while: likewise, by their invocations */
	unsigned registered;  /* tools */
	site_ready_fn *ready; /* to be called when the tools are known */
};

/* What a session has beside. */
struct job {
	freshet_sudoiq_run *run; /* NULL: it is not followed */
	struct record calls;     /* each time that a tool was run: the hash of the call's id, and what it answered */
	struct record result;    /* of a completed run: each text in it, numbered from 0 */
	char told[24];           /* the status of the end, as the service spells it */
};

extern const struct platform sudoiq_platform;

static inline struct sudoiq_site *sudoiq_of(const struct session *s)
{
	return (struct sudoiq_site *)s->site;
}

static inline struct job *job_of(const struct session *s)
{
	return s->own;
}

/* Asks the server for a run and leads it to its end: run.c. */
void sudoiq_create(struct session *s);

/* A tool was run for it: it may be time to call it off. */
void sudoiq_count_call(struct session *s);

/* ---- the tools: tools.c ---- */

/* Gives the client its handlers. */
freshet_err tools_set(struct sudoiq_site *site);

/* On the emulator: makes the tools known to its agents, and calls `ready`. */
void tools_register(struct sudoiq_site *site);

/* The client is gone. */
void tools_clear(struct sudoiq_site *site);

/* The number that stands for a call in records. */
uint64_t tools_call_number(freshet_str call_id);

/* ---- which session a run is ---- */

/* False when there is no memory. */
bool runs_add(struct sudoiq_site *site, struct session *s);

/* NULL: it is none of ours. */
struct session *runs_find(const struct sudoiq_site *site, int64_t task);

/* ---- a session is held against the ledger: audit.c ---- */

void sudoiq_examine(struct audit *a, struct session *s);

#endif
