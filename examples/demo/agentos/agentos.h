/*
 * AgentOS in the demo: what its site and its sessions have beside what all have. A session is a run that is reported
 * (report.c), or one that the platform does and that is listened to (hosted.c).
 *
 * The cursor of the first is the number of events that the platform has confirmed, of the second the last frame that was
 * shown.
 */
#ifndef DEMO_AGENTOS_AGENTOS_H
#define DEMO_AGENTOS_AGENTOS_H

#include "demo/fleet.h"

#include <freshet/agentos.h>
#include <freshet/agentos_hosted.h>

struct agentos_site {
	struct site site;
	freshet_agentos *client;  /* takes up a stream that was cut */
	freshet_agentos *polling; /* reads the run instead, for platforms that cannot do better */
};

/* What a session has beside. */
struct aos_run {
	/* of a reported one */
	freshet_agentos_run *run; /* NULL: over */
	freshet_agentos_task task;
	freshet_agentos_span span;

	/* of a hosted one */
	uint32_t leg;           /* from 1: the invoke, and each time that it went on after a pause */
	uint32_t whole;         /* one bit for each leg whose stream must have shown all of it */
	uint32_t shown;         /* frames of this leg */
	uint32_t decisions;     /* that were made */
	uint32_t answers;       /* that were given */
	bool replies;           /* this leg begins with an answer */
	char approval[ID_SIZE]; /* that was decided last; empty: none */
	char question[ID_SIZE]; /* that is answered */
};

extern const struct platform agentos_platform;

static inline struct agentos_site *agentos_of(const struct session *s)
{
	return (struct agentos_site *)s->site;
}

static inline struct aos_run *run_of(const struct session *s)
{
	return s->own;
}

/* Asks the server for a run and leads it to its end. */
void report_create(struct session *s);
void hosted_create(struct session *s);

/* ---- a session is held against the ledger: audit.c ---- */

void agentos_examine(struct audit *a, struct session *s);

#endif
