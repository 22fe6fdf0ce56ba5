/*
 * A run that is started or followed: its record, for the files that lead it.
 */
#ifndef SUDOIQ_RUN_H
#define SUDOIQ_RUN_H

#include "status.h"
#include "task.h"

enum sudoiq_run_state {
	RUN_STARTING,  /* it is being asked for */
	RUN_FOLLOWING, /* its stream is open, or will be */
	RUN_ASKING,    /* the stream is given up: how the run stands decides */
	RUN_ENDING,    /* on_done comes when nothing is in flight any more */
};

/* The request of a start, until it is answered. */
struct sudoiq_starting {
	struct guest_text path;
	freshet_json_writer *writer;
	freshet_str body;             /* the writer's text */
	char *key;                    /* for the idempotency header; NULL: none */
	struct guest_secrets secrets; /* the inputs, with memory of their own */
	uint32_t attempts;
	bool only; /* it is not followed */
};

struct freshet_sudoiq_run {
	freshet_sudoiq *client;
	freshet_sudoiq_run *next; /* of the client's */
	freshet_sudoiq_run *previous;
	freshet_sudoiq_run *next_follower; /* of the task's */
	freshet_sudoiq_run *next_over;     /* of those whose on_done is for the next turn */
	struct sudoiq_task *task;          /* NULL: its id is not known, or it is not followed */
	freshet_sudoiq_run_callbacks callbacks;
	void *user;
	char *agent_id;
	struct sudoiq_starting *starting; /* NULL: it is started */
	freshet_stream *stream;           /* NULL: none is open */
	freshet_sudoiq_call *asking;      /* NULL: none is under way */
	freshet_timer *limit;             /* of an attempt to start, then of the whole */
	freshet_timer *pause;             /* before the next attempt; made when it is needed */
	struct sudoiq_kept *failure;      /* why it ended; with RUN_ASKING: why the stream did */
	freshet_sudoiq_status *status;    /* of a run that is over */
	char *cursor;                     /* where the next stream goes on; NULL: with the present status */
	uint64_t response_timeout_ms;
	uint64_t events;
	uint64_t credential; /* version of the last stream's */
	int64_t task_id;
	enum sudoiq_run_state state;
	freshet_err result; /* with RUN_ENDING */
	uint32_t reconnects;
	uint32_t reopened; /* streams that were opened here after others */
	uint32_t failures; /* in a row, of streams that the core does not reopen */
	uint32_t errors;   /* events that asked to come again, without news between them */
	uint32_t tool_calls;
	bool has_task_id;
	bool posted;          /* the stream is the answer to the start */
	bool with_credential; /* the last stream had one */
	bool renewed;         /* and another one after a 401, since it was last open */
	bool waits_for_token;
	bool told; /* a status */
	bool is_over;
};

/* ---- run.c ---- */

/* The record of a run, in the client's list; on failure *out is NULL. */
freshet_err sudoiq_run_new(freshet_sudoiq *client, freshet_str agent_id, const freshet_sudoiq_run_callbacks *callbacks,
	void *user, freshet_sudoiq_run **out);

/* One that was never given out. */
void sudoiq_run_discard(freshet_sudoiq_run *run);

/* The service has told the task id. FRESHET_ENOMEM. */
freshet_err sudoiq_run_begin(freshet_sudoiq_run *run, int64_t task_id);

/* It is over for us. `error` NULL: well. From anywhere; on_done comes later, or from sudoiq_run_rest. */
void sudoiq_run_end(freshet_sudoiq_run *run, const freshet_sudoiq_error *error);
void sudoiq_run_end_with(freshet_sudoiq_run *run, freshet_err err);

/* Something of it has come to its end: when that was the last, on_done comes inside. From the loop. */
void sudoiq_run_rest(freshet_sudoiq_run *run);

/* Shows an event. From the loop. */
void sudoiq_run_show(freshet_sudoiq_run *run, freshet_sudoiq_event *event);

/* A status that is news for those who follow its task. From the loop. */
void sudoiq_run_told(freshet_sudoiq_run *run, freshet_str type_name, const freshet_sudoiq_status *status);

/* A status that came on the run's own stream, or as an answer to it. `calls` are those of the status. From the loop. */
void sudoiq_run_take(freshet_sudoiq_run *run, freshet_str type_name, struct sudoiq_reading *reading);

/* Of every run on the task. */
void sudoiq_runs_fail(struct sudoiq_task *task, const freshet_sudoiq_error *error);
void sudoiq_runs_out_of_memory(struct sudoiq_task *task);
void sudoiq_runs_count_call(struct sudoiq_task *task);

/* There is a token, or there will be none. */
void sudoiq_runs_authorized(freshet_sudoiq *client, const freshet_outcome *why);

/* on_done of those that have nothing in flight; with `all` of every run. From the loop. */
void sudoiq_runs_turn(freshet_sudoiq *client, bool all);

/* Starts or follows (again) after a pause. */
void sudoiq_run_go_on(freshet_sudoiq_run *run, uint64_t pause_ms);

/*
 * The credential for a stream of the run; `refused`: the last one was. With run->waits_for_token afterwards it is being
 * fetched, and sudoiq_runs_authorized goes on.
 */
void sudoiq_run_credential(freshet_sudoiq_run *run, size_t route, bool refused, struct guest_credential *credential);

/* True when the stream was refused for want of a better token, and is opened again with one. */
bool sudoiq_run_renew(freshet_sudoiq_run *run, const freshet_outcome *outcome);

/* ---- start.c ---- */

/* Asks for the run, or waits for what it needs. */
freshet_err sudoiq_start(freshet_sudoiq_run *run, bool refused);

/* The stream that was to answer the start has ended before the task id came: a failure, or an answer of another kind. */
void sudoiq_start_done(freshet_sudoiq_run *run, const freshet_outcome *outcome);

/* The service has taken the run. `reading` is what it said. From the loop. */
void sudoiq_start_taken(freshet_sudoiq_run *run, freshet_str type_name, struct sudoiq_reading *reading);

/* NULL is fine. */
void sudoiq_starting_free(struct sudoiq_starting *starting);

/* ---- follow.c ---- */

/* Opens the stream of a run whose task id is known, or waits for what it needs. */
freshet_err sudoiq_follow(freshet_sudoiq_run *run, bool refused);

/* Opens a stream of the run for a draft. */
freshet_err sudoiq_stream_open(freshet_sudoiq_run *run, const struct guest_draft *draft,
	const struct guest_credential *credential, uint32_t attempt, freshet_stream_options *o);

/* ---- ask.c ---- */

/* Asks the service to cancel a run, and does not wait for what it says. */
void sudoiq_cancel_silently(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id);

/* ---- event.c ---- */

/* An event of a stream. */
void sudoiq_event_take(freshet_sudoiq_run *run, const freshet_event *event);

#endif
