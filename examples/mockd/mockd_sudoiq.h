/*
 * mockd, the part that is Sudoiq: agents, tools and runs made and steered without requests, and the ledger of what runs
 * asked of tools and what they were answered. Included by mockd/mockd.h.
 */
#ifndef MOCKD_MOCKD_SUDOIQ_H
#define MOCKD_MOCKD_SUDOIQ_H

#include <freshet/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mockd;

/* The agent that every tenant has from the beginning, and a key of the first tenant besides its token. */
#define MOCKD_SUDOIQ_AGENT "6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162"
#define MOCKD_SUDOIQ_KEY   "sk_0123456789abcdef0123456789abcdef"

/* Room for the id of an agent and its terminator. */
#define MOCKD_SUDOIQ_ID_SIZE 37

/*
 * How the table in use calls something: "prefix", a member ("field.task_id" ...), a status ("status.completed" ...), an
 * event ("event.sync" ...), "code.already_submitted", "header.key", "header.idempotency_key", "cookie", or what the
 * webhooks bear ("webhook.delivery", "webhook.timestamp", "webhook.signature"). NULL when there is no such thing.
 * docs/mockd.md lists them all.
 */
const char *mockd_sudoiq_name(const struct mockd *m, const char *what);

/*
 * The path template of an endpoint ("run_start" ...), behind the prefix, and its method (may be NULL). NULL when there is no such thing.
 */
const char *mockd_sudoiq_endpoint(const struct mockd *m, const char *key, const char **method);

/* One more agent of the first tenant. */
void mockd_sudoiq_add_agent(struct mockd *m, char id[MOCKD_SUDOIQ_ID_SIZE]);

/* Registers a tool of the first tenant; `schema` is JSON, NULL: no arguments. False when the schema is none. */
bool mockd_sudoiq_add_tool(struct mockd *m, const char *space, const char *name, const char *schema);

/* A run of the first tenant and its first agent, whose input names a script. Its task id; 0: there is no such script. */
int64_t mockd_sudoiq_add_run(struct mockd *m, const char *input);

/*
 * What a run of the script "manual" does next; all are false when there is no such run, or it does not go on by itself
 * now, since it waits for answers or is over, or when a text is no JSON that makes sense.
 */
bool mockd_sudoiq_say(struct mockd *m, int64_t task, const char *text);
bool mockd_sudoiq_log(struct mockd *m, int64_t task, const char *level, const char *text);
/* `calls` is an array such as [{"name":"read_meter","args":{}}], perhaps with "namespace" and "call_id". */
bool mockd_sudoiq_call(struct mockd *m, int64_t task, const char *calls);
/* Completed with that JSON value. */
bool mockd_sudoiq_complete(struct mockd *m, int64_t task, const char *result);
/* Failed, cancelled or timed out: `status` as in the default table. `code` may be NULL. */
bool mockd_sudoiq_end(struct mockd *m, int64_t task, const char *status, const char *code, const char *message);

/* Every stream of the run that is open now is sent an `error` event. False when there is no run, or it is over. */
bool mockd_sudoiq_trouble(struct mockd *m, int64_t task, const char *code, const char *message, bool retryable);

/* Every stream of the run is sent the present snapshot once more. False when there is none, or it is over. */
bool mockd_sudoiq_resync(struct mockd *m, int64_t task);

/* No access token that was given out is good any more. */
void mockd_sudoiq_revoke(struct mockd *m);

/* The ledger of one run. Statuses are those of the default table. */
struct mockd_sudoiq_run {
	int64_t task;
	const char *agent;
	const char *input; /* the first one */
	const char *environment;
	const char *status;
	uint32_t revision;   /* changes so far */
	uint32_t rounds;     /* of tool calls */
	size_t calls;        /* in all rounds */
	size_t accepted;     /* answers that were taken: at most one for each call */
	size_t repeated;     /* answers to calls that had been answered before; refused */
	size_t unanswered;   /* calls without an answer */
	size_t failed_calls; /* answers that said that they are errors */
	const char *result;  /* JSON; NULL: none */
	const char *code;    /* of a failure; NULL: none */
	uint64_t requests;   /* starts that led to it: 1, and more when they were repeated with the same key */
	uint64_t streams;    /* that were opened on it */
};

/* The entry and its strings are valid until it returns. It must not call the emulator. */
typedef void mockd_sudoiq_run_fn(const struct mockd_sudoiq_run *run, void *user);

/* Calls `fn` for every run, in the order in which they began. */
void mockd_sudoiq_each(struct mockd *m, mockd_sudoiq_run_fn *fn, void *user);

/* The same for one; false when there is none. */
bool mockd_sudoiq_find(struct mockd *m, int64_t task, mockd_sudoiq_run_fn *fn, void *user);

/* One tool call of a run. */
struct mockd_sudoiq_call {
	const char *call_id;
	const char *name;
	const char *space;
	const char *args; /* JSON */
	uint32_t round;   /* from 1 */
	uint32_t answers; /* how often it was answered */
	bool accepted;    /* one of them was taken */
	bool is_error;    /* and said that it is an error */
	freshet_str result;
};

typedef void mockd_sudoiq_call_fn(const struct mockd_sudoiq_call *call, void *user);

/* Calls `fn` for every call of the run; false when there is none. */
bool mockd_sudoiq_calls(struct mockd *m, int64_t task, mockd_sudoiq_call_fn *fn, void *user);

/* Sums over all runs. */
struct mockd_sudoiq_totals {
	uint64_t runs;
	uint64_t going_on; /* neither completed nor failed nor called off */
	uint64_t completed;
	uint64_t rounds;
	uint64_t calls;
	uint64_t accepted; /* as above */
	uint64_t repeated;
	uint64_t unanswered;
	uint64_t strange;  /* answers to calls that never were */
	uint64_t replayed; /* starts that were answered again by their key */
	uint64_t streams;  /* that were opened */
};

void mockd_sudoiq_get_totals(const struct mockd *m, struct mockd_sudoiq_totals *totals);

#endif
