/*
 * mockd, the part that is AgentOS: agents and keys, hosted runs under the test's hand, and the ledger of what was
 * reported and done. Included by mockd/mockd.h.
 */
#ifndef MOCKD_MOCKD_AGENTOS_H
#define MOCKD_MOCKD_AGENTOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mockd;

/* The workspace and its key; the agent that is there from the beginning, which is hosted, and its key. */
#define MOCKD_AGENTOS_WORKSPACE     "0d9c1c52-7c1e-4b0a-8f5d-6a5b4c3d2e1f"
#define MOCKD_AGENTOS_AGENT         "5b2c6d1e-0a4f-4c3b-9d7e-1f2a3b4c5d6e"
#define MOCKD_AGENTOS_AGENT_KEY     "aos_agent_0123456789abcdef0123456789abcdef"
#define MOCKD_AGENTOS_WORKSPACE_KEY "aos_ws_0123456789abcdef0123456789abcdef"

/* Room for an id, and for a key, with the terminator. */
#define MOCKD_AGENTOS_ID_SIZE  37
#define MOCKD_AGENTOS_KEY_SIZE 64

/*
 * What the platform calls something: a path ("run_start", "events", "run_complete", "run_fail", "tasks", "spans",
 * "invoke", "approvals_list", "approvals_decide", "run_get", "run_reply", "run_stream", with {placeholders}), a status
 * ("status.running" ...), a type of the stream ("stream.chunk" ...), a member that is not published ("field.output",
 * "field.task_error" ...) or the header field of repeated requests ("header.idempotency_key"). docs/mockd.md has all of
 * them, with the names of the option agentos_renamed. NULL when there is no such thing.
 */
const char *mockd_agentos_name(const struct mockd *m, const char *what);

/* One more agent, and a key of its own. */
void mockd_agentos_add_agent(
	struct mockd *m, bool hosted, char id[MOCKD_AGENTOS_ID_SIZE], char key[MOCKD_AGENTOS_KEY_SIZE]);

/* One more key of the agent; of the workspace when `agent` is NULL. False when there is no such agent. */
bool mockd_agentos_add_key(struct mockd *m, const char *agent, char key[MOCKD_AGENTOS_KEY_SIZE]);

/* The key opens nothing any more. False when there is none. */
bool mockd_agentos_revoke(struct mockd *m, const char *key);

/* A prompt variable of the agent's settings. False when there is no such agent. */
bool mockd_agentos_set_variable(struct mockd *m, const char *agent, const char *name, const char *value);

/*
 * The agent's schedule is due: a hosted run that nobody asked for. `variables` is a JSON object, the schedule's prompt
 * variables, or NULL. False when there is no such agent, when it is not hosted, or when something makes no sense.
 */
bool mockd_agentos_schedule(
	struct mockd *m, const char *agent, const char *prompt, const char *variables, char run[MOCKD_AGENTOS_ID_SIZE]);

/*
 * What the agent of a hosted run does next. In the script "manual" it does nothing by itself. False when there is no
 * such run, when it does not run, or when the text is no JSON where it must be.
 */
bool mockd_agentos_say(struct mockd *m, const char *run, const char *text);
/* Calls a tool; the result is `output`, or the error when `output` is NULL. Both are JSON. */
bool mockd_agentos_use_tool(
	struct mockd *m, const char *run, const char *tool, const char *input, const char *output, const char *error);
/* Pauses for an answer. */
bool mockd_agentos_ask(struct mockd *m, const char *run, const char *question);
/* Pauses for an approval of a call of the tool; `input` is JSON. */
bool mockd_agentos_need_approval(struct mockd *m, const char *run, const char *tool, const char *input);
/* Ends the run: completed with `output`, which is JSON (NULL: what it said), or failed with `error`. */
bool mockd_agentos_end(struct mockd *m, const char *run, const char *output, const char *error);

/*
 * The ledger of one run. Numbers are those of the payload member that the option agentos_number names: each event that
 * has a new one counts in `numbered`, one that had come before in `duplicates`, and a new one that is lower than one
 * before it in `disordered`.
 */
struct mockd_agentos_run {
	const char *run;
	const char *agent;
	const char *external_id; /* NULL: none */
	const char *trigger;
	const char *prompt; /* of a hosted run; NULL: it is a reported one */
	const char *status; /* as the default names have it */
	uint64_t events;    /* accepted; the last sequence_number */
	uint64_t batches;   /* in so many requests */
	uint64_t hash;      /* mockd_hash_row over all events: sequence_number, the event's bytes as they were sent */
	uint64_t payloads;  /* the same over the bytes of their payloads */
	uint64_t numbered;  /* events with a number, each number once */
	uint64_t duplicates;
	uint64_t disordered;
	uint64_t tasks;        /* by id */
	uint64_t open_tasks;   /* of them without an end */
	uint64_t task_updates; /* accepted */
	uint64_t spans;        /* that came to the endpoint of spans */
	uint64_t ends;         /* how often an end came, refused ones included */
	uint64_t late;         /* events, tasks and spans that were refused because the run had ended */
	uint64_t output_hash;  /* mockd_hash_row with 1 over the output, compact JSON; MOCKD_HASH_START: none */
	uint64_t frames;       /* of a hosted run's stream so far; the last id */
	uint64_t frame_hash;   /* mockd_hash_row over the payloads of their `data:` lines */
	uint64_t chunks;
	uint64_t text_hash;   /* mockd_hash_row over the texts of its chunks, each with its frame's number */
	uint64_t tool_calls;  /* of the agent */
	uint64_t approvals;   /* that it asked for */
	uint64_t decisions;   /* that were taken */
	uint64_t questions;   /* that it asked */
	uint64_t answers;     /* that were taken */
	uint64_t invocations; /* requests that led to this run: 1, and more when they were repeated with the same key */
};

/* The entry and its strings are valid until it returns. It must not call the emulator. */
typedef void mockd_agentos_run_fn(const struct mockd_agentos_run *run, void *user);

/* Calls `fn` for every run, in the order in which they began. */
void mockd_agentos_each(struct mockd *m, mockd_agentos_run_fn *fn, void *user);

/* The same for one; false when there is none. */
bool mockd_agentos_find(struct mockd *m, const char *run, mockd_agentos_run_fn *fn, void *user);

/* What came in a run, in the order in which it came; with the option agentos_keep_texts. */
struct mockd_agentos_item {
	const char *kind;  /* "event", "task", "span", "end" */
	uint64_t sequence; /* of an event; else 0 */
	const char *json;  /* as it was sent */
};

typedef void mockd_agentos_item_fn(const struct mockd_agentos_item *item, void *user);

/* Calls `fn` for each; false when there is no such run. */
bool mockd_agentos_items(struct mockd *m, const char *run, mockd_agentos_item_fn *fn, void *user);

/* Sums over all runs, and what came to none of them. */
struct mockd_agentos_totals {
	uint64_t runs;
	uint64_t events;     /* accepted */
	uint64_t batches;    /* requests that carried them */
	uint64_t numbered;   /* see above */
	uint64_t duplicates; /* likewise */
	uint64_t disordered; /* likewise */
	uint64_t repeats;    /* requests that were answered again by their idempotency key */
	uint64_t conflicts;  /* requests whose key was another one's */
	uint64_t refused;    /* requests answered with 400 to 499 */
};

void mockd_agentos_get_totals(const struct mockd *m, struct mockd_agentos_totals *totals);

/* Sends the webhook alert.triggered; `data` is a JSON object. False when it is none or there is no receiver. */
bool mockd_agentos_alert(struct mockd *m, const char *data);

#endif
