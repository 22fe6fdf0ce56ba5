/*
 * What the client knows of one run of the service, whether somebody follows it here or not: how it stands, which tool
 * calls it has had, and which answers are on their way.
 */
#ifndef SUDOIQ_TASK_H
#define SUDOIQ_TASK_H

#include "call.h"
#include "pending.h"

/* A status that came inside a call of the application's: those who follow the run are told in the next turn. */
struct sudoiq_news {
	struct sudoiq_news *next;
	freshet_sudoiq_status *status;
};

/* Somebody waits for the answers to some tool calls. */
struct sudoiq_processing {
	struct sudoiq_processing *next;
	struct freshet_sudoiq_call call;
	struct sudoiq_task *task;
	freshet_sudoiq_status *status; /* which calls */
	bool canceled;
};

/* Tool calls in the order in which they joined. */
struct sudoiq_calls {
	struct sudoiq_pending *first;
	struct sudoiq_pending *last;
};

struct sudoiq_task {
	struct guest_map_entry entry; /* among the client's */
	freshet_sudoiq *client;
	/* In the row of those that nobody follows. */
	struct sudoiq_task *older;
	struct sudoiq_task *newer;
	struct sudoiq_task *next_ready;
	freshet_sudoiq_run *followers;
	struct sudoiq_calls calls; /* about which something may have to be done */
	struct sudoiq_calls over;  /* those that are OVER */
	struct guest_map ids;      /* of both */
	struct sudoiq_news *news;
	struct sudoiq_processing *processings;
	freshet_sudoiq_call *post;    /* the request with answers that is under way */
	freshet_timer *again;         /* sends them again; made when it is needed */
	struct sudoiq_kept *conflict; /* what the service had against them, while it is asked how the run stands */
	freshet_str agent_id;         /* behind the struct */
	int64_t task_id;
	freshet_sudoiq_phase phase;
	int64_t revision;
	uint32_t running;
	uint32_t failures; /* of requests with answers, in a row */
	uint32_t pins;     /* it is being worked at */
	bool has_revision;
	bool has_phase; /* a status was seen */
	bool is_ready;
	bool stuck; /* answers could not be sent: not before the next status */
	bool again_set;
	bool rest; /* the request under way has what an earlier one left over */
	bool in_row;
	char trace_id[SUDOIQ_TRACE_SIZE]; /* empty until the first tool call */
};

/* What a status was. */
enum sudoiq_take {
	SUDOIQ_TAKE_OLD,  /* older than what is known, or the run is over: nothing was done */
	SUDOIQ_TAKE_SAME, /* known: answers that may have been lost are sent again */
	SUDOIQ_TAKE_NEWS,
};

/* NULL: not known. */
struct sudoiq_task *sudoiq_task_find(const freshet_sudoiq *client, freshet_str agent_id, int64_t task_id);

/*
 * The task, which may be new. FRESHET_EQUEUE_FULL (with `bounded`: so many that nobody follows are busy), FRESHET_ENOMEM.
 */
freshet_err sudoiq_task_get(
	freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, bool bounded, struct sudoiq_task **out);

/* The run follows it from now on; or no more, and then the task may go. */
void sudoiq_task_follow(struct sudoiq_task *task, freshet_sudoiq_run *run);
void sudoiq_task_leave(struct sudoiq_task *task, freshet_sudoiq_run *run);

/*
 * Takes in a status; nobody is called. `by_hand`: the application sends the answers to calls that are new. On success
 * `calls`, unless it is NULL, is told which calls were known. FRESHET_EQUEUE_FULL (max_run_calls), FRESHET_ENOMEM: nothing
 * has changed then.
 */
freshet_err sudoiq_task_take(struct sudoiq_task *task, const freshet_sudoiq_status *status, bool by_hand,
	freshet_sudoiq_tool_call *calls, enum sudoiq_take *what);

/* Tells those who follow it, in the next turn, or now. */
freshet_err sudoiq_task_tell_later(struct sudoiq_task *task, const freshet_sudoiq_status *status);
void sudoiq_task_tell(struct sudoiq_task *task, freshet_str type_name, const freshet_sudoiq_status *status);

/* It has something to do. */
void sudoiq_task_ready(struct sudoiq_task *task);

/* Does what those have to do that are ready. From the loop. */
void sudoiq_tasks_turn(freshet_sudoiq *client);

/* The client is gone: everything ends. From the loop. */
void sudoiq_tasks_end(freshet_sudoiq *client);

/* ---- round.c ---- */

/* Sends what answers can be sent now. */
void sudoiq_round_send(struct sudoiq_task *task);

/* The calls of a request that the service has taken are known to it. */
void sudoiq_round_accept(struct sudoiq_task *task, struct sudoiq_pending *pending);

/* Those who wait for answers get them when all are there. From the loop. */
void sudoiq_round_process(struct sudoiq_task *task);

#endif
