/*
 * One tool call of a run, from the first status that has it until the run is over: so it is run once, whatever repeats.
 */
#ifndef SUDOIQ_PENDING_H
#define SUDOIQ_PENDING_H

#include "invocation.h"

#include "guest/clock.h"

/* Hex digits of a trace id, terminated. */
#define SUDOIQ_TRACE_SIZE 33

enum sudoiq_pending_state {
	PENDING_WAITING,  /* its handler is to be called */
	PENDING_LEFT,     /* nobody here handles it */
	PENDING_RUNNING,  /* its handler was called */
	PENDING_FINISHED, /* by its handler, just now */
	PENDING_DROPPED,  /* nobody waits for its handler any more; that is to be told */
	PENDING_ANSWERED, /* the service may not have the answer */
	PENDING_ACCEPTED, /* the service said that it has; the answer is kept until a newer status has the call no more */
	PENDING_OVER,     /* only remembered */
};

struct sudoiq_pending {
	struct sudoiq_pending *next; /* of its task: in `over` when it is OVER, else in `calls` */
	struct sudoiq_pending *previous;
	struct guest_map_entry entry; /* by its id */
	struct sudoiq_task *task;
	enum sudoiq_pending_state state;
	freshet_sudoiq_tool_outcome outcome;   /* from FINISHED on */
	freshet_sudoiq_invocation *invocation; /* until ANSWERED */
	freshet_timer *timer;                  /* while RUNNING, where it has a limit */
	char *answer;                          /* the string for the model; NULL: that of no memory */
	size_t answer_len;
	char *message;    /* what went wrong, while FINISHED; NULL: nothing, or no memory */
	char *telemetry;  /* JSON for the wire; NULL: none */
	int64_t accepted; /* the revision of the task when the answer was taken */
	uint64_t began_ms;
	uint64_t duration_ms;
	char started_at[GUEST_TIME_SIZE];
	bool listed;         /* in the status that is being taken */
	bool sending;        /* in the request that is under way */
	bool by_hand;        /* the application sends its answer */
	bool fresh;          /* of the status that is being taken */
	freshet_str call_id; /* these lie behind the struct */
	freshet_str name;
	freshet_str space;
};

/* WAITING, at the end of its task's list. FRESHET_ENOMEM, FRESHET_ESYSTEM. */
freshet_err sudoiq_pending_new(
	struct sudoiq_task *task, const freshet_sudoiq_tool_call *call, struct sudoiq_pending **out);

/* Takes it out of the list. Nobody is told. */
void sudoiq_pending_free(struct sudoiq_pending *pending);

struct sudoiq_pending *sudoiq_pending_find(const struct sudoiq_task *task, freshet_str call_id);

/* A handler is at it, or is to be called. */
bool sudoiq_pending_is_open(const struct sudoiq_pending *pending);

/* The service has an answer to it, or wants none: only its id is kept. Not for one that is OVER. */
void sudoiq_pending_over(struct sudoiq_pending *pending);

/*
 * Calls its handler, or does what is to be done without one. From the loop: the callback comes inside, and what it does to
 * the task may be the end of `pending`. FRESHET_EUNSUPPORTED: nobody handles it, and that is a failure.
 */
freshet_err sudoiq_pending_start(struct sudoiq_pending *pending);

/*
 * An answer for the invocation, of its handler. `pending` NULL, or one that is not RUNNING: FRESHET_ESTATE. FRESHET_ENOMEM
 * leaves it as it was.
 */
freshet_err sudoiq_pending_finish(struct sudoiq_pending *pending, freshet_str text, bool failed);

/* The same where the answer is gone for want of memory: what is answered says so. */
void sudoiq_pending_lose_answer(struct sudoiq_pending *pending);

/* Tells who must know of one that is FINISHED or DROPPED, and goes on. From the loop, as sudoiq_pending_start. */
void sudoiq_pending_settle(struct sudoiq_pending *pending);

/* Nobody waits for the answer any more. From anywhere. */
void sudoiq_pending_drop(struct sudoiq_pending *pending);

/* The string for the model. */
freshet_str sudoiq_pending_answer(const struct sudoiq_pending *pending);

static inline bool sudoiq_pending_failed(const struct sudoiq_pending *pending)
{
	return pending->outcome != FRESHET_SUDOIQ_TOOL_OK;
}

#endif
