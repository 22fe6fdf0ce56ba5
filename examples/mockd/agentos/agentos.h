/*
 * AgentOS: what its parts share. The store (agents, keys, runs, tasks, approvals, sessions) is real: every answer is
 * computed from it. Runs are reported by a client (ingest), or done here by an agent that follows a script (hosted).
 *
 * Of what is reported only counts and hashes are kept, so that a million events cost a million events' work and no
 * memory; the texts are kept where the options ask for them.
 */
#ifndef MOCKD_AGENTOS_AGENTOS_H
#define MOCKD_AGENTOS_AGENTOS_H

#include "mockd/agentos.h"
#include "mockd/agentos/names.h"
#include "mockd/clock.h"
#include "mockd/alloc.h"
#include "mockd/frames.h"
#include "mockd/http.h"
#include "mockd/mockd.h"
#include "mockd/random.h"
#include "mockd/script.h"
#include "mockd/uuid.h"
#include "mockd/webhook.h"

#include "base/list.h"

#include <jansson.h>

/* A key of an agent, or of the workspace. */
struct aos_key {
	struct list node;        /* in AgentOS's keys */
	struct aos_agent *agent; /* NULL: of the workspace */
	char text[MOCKD_AGENTOS_KEY_SIZE];
};

struct aos_agent {
	struct uuid id;
	struct list node; /* in AgentOS's agents */
	bool hosted;
	json_t *variables; /* of its settings: name to value */
	json_t *sessions;  /* what was said in each: session_id to an array of role and content */
};

enum aos_status { AOS_RUNNING, AOS_COMPLETED, AOS_FAILED, AOS_AWAITING_APPROVAL, AOS_AWAITING_INPUT };

/* Which numbers have come. */
struct aos_numbers {
	uint64_t *bits;
	size_t words;
	uint64_t count;
	uint64_t duplicates;
	uint64_t disordered;
	uint64_t highest;
};

enum aos_task_status {
	AOS_TASK_PENDING,
	AOS_TASK_RUNNING,
	AOS_TASK_COMPLETED,
	AOS_TASK_FAILED,
	AOS_TASK_SKIPPED,
};

struct aos_task {
	struct uuid id;
	struct list node; /* in the run's tasks */
	enum aos_task_status status;
};

enum aos_item_kind { AOS_ITEM_EVENT, AOS_ITEM_TASK, AOS_ITEM_SPAN, AOS_ITEM_END };

/* What was sent, kept on demand. */
struct aos_item {
	enum aos_item_kind kind;
	uint64_t sequence;
	char *json;
};

struct aos_run {
	struct uuid id;
	struct list node; /* in AgentOS's runs, oldest first */
	struct aos *aos;
	struct aos_agent *agent;
	struct aos_work *work; /* what a hosted run has besides; NULL: it is a reported one */
	struct webhook_line hooks;
	const char *trigger;
	char *external_id;   /* NULL: none */
	char *output;        /* JSON; NULL: none */
	char *error_message; /* NULL: none */
	uint64_t started_us; /* wall clock */
	uint64_t ended_us;   /* 0: not yet */
	enum aos_status status;
	bool deleted; /* looks missing to clients; the ledger keeps it */

	uint64_t events; /* the last sequence_number */
	uint64_t batches;
	uint64_t hash;
	uint64_t payloads;
	struct aos_numbers numbers;
	struct uuid_table tasks;
	struct list task_list;
	uint64_t open_tasks;
	uint64_t task_updates;
	uint64_t spans;
	uint64_t ends;
	uint64_t late;
	struct aos_item *items; /* with the option agentos_keep_texts */
	size_t item_count, item_capacity;
};

enum aos_marker { AOS_MARKER_NONE, AOS_MARKER_AFTER, AOS_MARKER_INSTEAD };

enum aos_plan_kind {
	AOS_PLAN_SUCCESS,
	AOS_PLAN_FAILED, /* a run that failed */
	AOS_PLAN_ERROR,  /* the same, told by an error in the stream */
	AOS_PLAN_ECHO,   /* it says the prompt, with its variables */
	AOS_PLAN_RECALL, /* it says what was said to it before */
	AOS_PLAN_HANG,   /* nothing more comes */
	AOS_PLAN_MANUAL, /* what the agent does comes from the test */
};

/* A hosted run's script, read. */
struct aos_plan {
	enum aos_plan_kind kind;
	struct range bytes;  /* of a chunk */
	struct range row_ms; /* between steps */
	uint32_t chunks;
	uint32_t tools;
	uint32_t approvals; /* pauses */
	uint32_t questions; /* pauses */
	uint32_t burst;     /* steps at once */
	uint32_t comments;  /* a comment before every n-th frame; 0: none */
	enum aos_marker marker;
	bool plain_question; /* a text instead of an object */
	bool object;         /* the output is an object instead of a text */
	bool unknown;        /* types of frames that no client knows */
	bool reply_runs;     /* a reply is answered at once, while the run goes on */
	bool json;           /* a stream that is asked for is answered with JSON */
};

/* A frame of a hosted run's stream. */
struct aos_frame {
	char *data; /* JSON */
	uint32_t len;
	bool first;
	bool ends; /* the stream, but perhaps not the run */
};

/* From an invoke or a reply to the next pause or the end. */
struct aos_leg {
	size_t from; /* the first frame */
	int status;  /* of its answer; 0: not known yet */
	char *answer;
};

/* What a hosted run has besides. */
struct aos_work {
	struct alarm alarm; /* the next step */
	struct aos_run *run;
	struct aos_plan plan;
	char *prompt;
	char *session;      /* session_id; NULL: none */
	char *speech;       /* what it has to say; NULL: anything */
	size_t said;        /* bytes of that */
	struct buffer text; /* of all chunks */
	struct aos_frame *frames;
	size_t frame_count, frame_capacity;
	struct aos_leg *legs;
	size_t leg_count, leg_capacity;
	struct list streams;           /* open ones */
	struct list waiters;           /* requests that wait for the answer of the last leg */
	struct aos_approval *approval; /* that it waits for; NULL: none */
	char *question;                /* that it waits for; NULL: none */
	char *heard;                   /* an answer that the next chunk repeats; NULL: none */
	uint32_t chunks;               /* so far */
	uint32_t tools;
	uint32_t pauses;
	uint64_t frame_hash;
	uint64_t text_hash;
	uint64_t tool_calls;
	uint64_t approvals;
	uint64_t decisions;
	uint64_t questions;
	uint64_t answers;
	uint64_t invocations;
};

struct aos_approval {
	struct uuid id;
	struct list node; /* in AgentOS's pending approvals, oldest first; in none when it is decided */
	struct alarm expiry;
	struct aos_run *run;
	char *tool;
	char *input;         /* JSON */
	uint64_t expires_us; /* wall clock */
	bool approved;
};

/* A request that had an idempotency key and was answered well. */
struct aos_repeat {
	struct uuid key;      /* a hash of both keys */
	struct list node;     /* in AgentOS's repeats, oldest first */
	uint64_t fingerprint; /* of the request */
	uint64_t at_us;
	struct uuid run; /* zero: `answer` is all */
	size_t leg;
	bool streamed;
	int status;
	char *answer;
};

struct aos {
	struct platform platform; /* comes first: a const one is cast to this */
	struct mockd *mockd;
	struct list keys;
	struct list agents;
	struct list runs;
	struct uuid_table runs_by_id;
	struct list approvals; /* pending ones */
	struct uuid_table approvals_by_id;
	struct list repeats;
	struct uuid_table repeats_by_key;
	struct script_mix mix;
	struct scratch scratch;
	struct uuid workspace;
	struct webhook *webhook;
	struct mockd_agentos_totals totals;
};

/* One request on its way through AgentOS. */
struct aos_call {
	struct aos *aos;
	struct exchange *exchange;
	const struct request *request;
	enum aos_name route;
	const struct aos_key *key; /* whose request it is */
	struct uuid id;            /* of the path; zero: none */
	json_t *body;              /* NULL: there was none */
	struct uuid repeat;        /* its idempotency key, hashed; zero: none */
	uint64_t fingerprint;
};

/* names.c */

const char *aos_name(const struct aos *a, enum aos_name name);
/* Where it is mounted; it claims paths elsewhere. */
const char *aos_mount(const struct mockd *m);
bool aos_claims(const struct platform *platform, freshet_str path);
/* True when the path is of that pattern; *param is what stands for its {placeholder}. */
bool aos_path_fits(const char *pattern, freshet_str path, freshet_str *param);

/* answer.c */

/* Answers with {"data": data, "error": null}; the data is given up. */
void aos_answer(struct aos_call *call, int status, json_t *data);
/* Answers with an error object. */
__attribute__((format(printf, 4, 5))) void aos_refuse(
	struct aos_call *call, int status, const char *code, const char *format, ...);
/* Answers with the text of a whole body. */
void aos_answer_text(struct exchange *x, int status, const char *text);
/* The whole body of an answer; free it. The data is given up. */
char *aos_envelope(json_t *data);
/* Compact JSON, non-ASCII raw; free it. */
char *aos_json_text(const json_t *json);
/* JSON of a text that is JSON; null when it is NULL. */
json_t *aos_json(const char *text);
json_t *aos_uuid(struct uuid id);
/* Digits of both cases. */
bool aos_read_uuid(freshet_str text, struct uuid *id);
/* ISO 8601 with a time zone. */
bool aos_is_time(freshet_str text);
bool aos_is_zero(struct uuid id);
/* Times of the wall clock, ISO 8601 in UTC; null when it is 0. */
json_t *aos_time(uint64_t wall_us);
uint64_t aos_wall_us(const struct aos *a);

/* keys.c */

struct aos_agent *aos_agent_new(struct aos *a, struct uuid id, bool hosted);
struct aos_agent *aos_agent_by_text(const struct aos *a, const char *id);
struct aos_agent *aos_agent_find(const struct aos *a, struct uuid id);
/* A key of the agent, or of the workspace; `text` NULL: a new one. */
struct aos_key *aos_key_new(struct aos *a, struct aos_agent *agent, const char *text);
/* Looks at the key and its kind. False when it was answered with 401 or 403. */
bool aos_key_check(struct aos_call *call);
/* True when the key may see what is the agent's. */
bool aos_key_covers(const struct aos_call *call, const struct aos_agent *agent);
void aos_keys_clear(struct aos *a);

/* repeat.c: idempotency keys */

/* True when the request was answered, or will be, as it was before, or with 409. */
bool aos_repeat_answer(struct aos_call *call);
/* Remembers the answer of the request, if it has a key. */
void aos_repeat_keep(struct aos_call *call, int status, const char *answer);
/* The same for one that began or went on with a hosted run. */
void aos_repeat_keep_run(struct aos_call *call, const struct aos_run *run, bool streamed);
void aos_repeats_clear(struct aos *a);

/* run.c */

struct aos_run *aos_run_new(struct aos *a, struct aos_agent *agent, const char *trigger);
void aos_run_free(struct aos_run *run);
/* The run, deleted or not; NULL: none. */
struct aos_run *aos_run_by_text(const struct aos *a, const char *id);
/* The run that the caller may see; NULL when it was answered with 404. */
struct aos_run *aos_run_of(struct aos_call *call, struct uuid id);
/* The name of its status; `usual`: as the contract has it. */
const char *aos_run_status(const struct aos_run *run, bool usual);
bool aos_run_is_over(const struct aos_run *run);
/* What a client is told of it (contract 8.2). */
json_t *aos_run_json(const struct aos_run *run);
/* The run is over; `output`, JSON, or `error` are copied. */
void aos_run_end(struct aos_run *run, enum aos_status status, const char *output, const char *error);
void aos_run_keep(struct aos_run *run, enum aos_item_kind kind, uint64_t sequence, freshet_str json);
void aos_runs_get(struct aos_call *call);
bool aos_delete_run(struct platform *platform, const char *id);

/* ingest.c, events.c, tasks.c */

void aos_ingest_start(struct aos_call *call);
void aos_ingest_complete(struct aos_call *call);
void aos_ingest_fail(struct aos_call *call);
/* The reported run of the body that is still open. NULL when it was answered. */
struct aos_run *aos_ingest_run(struct aos_call *call, struct uuid id, uint64_t late);
void aos_ingest_events(struct aos_call *call);
void aos_ingest_tasks(struct aos_call *call);
void aos_ingest_spans(struct aos_call *call);

/* numbers.c */

void aos_numbers_add(struct aos_numbers *n, uint64_t number);

/* invoke.c */

void aos_invoke(struct aos_call *call);
void aos_reply(struct aos_call *call);
void aos_run_stream(struct aos_call *call);
/* Answers with what the leg's answer is, now or later. */
void aos_answer_leg(struct aos_call *call, struct aos_run *run, size_t leg, bool streamed);
/* The last leg has its answer: whoever waits is told. */
void aos_leg_settle(struct aos_work *w);

/* approvals.c */

void aos_approvals_list(struct aos_call *call);
void aos_approvals_decide(struct aos_call *call);
struct aos_approval *aos_approval_new(struct aos_run *run, const char *tool, const char *input);
/* Nobody waits for it any more. */
void aos_approval_drop(struct aos_approval *approval);
void aos_approvals_clear(struct aos *a);

/* plan.c */

/* The plan of a prompt's script. False when the prompt names a script that does not exist. */
bool aos_plan_read(struct aos *a, freshet_str prompt, struct aos_plan *plan);
/* False when a script of the emulator's list does not exist. */
bool aos_plans_exist(const struct aos *a);

/* work.c: the agent of a hosted run */

/* What a hosted run begins with; strings are copied, JSON is not given up. */
struct aos_order {
	struct aos_agent *agent;
	const char *trigger;
	const char *prompt;
	const char *session;     /* NULL: none */
	const json_t *history;   /* NULL: none */
	const json_t *variables; /* of the call; NULL: none */
	const json_t *schedule;  /* its variables; NULL: none */
	struct aos_plan plan;
};

struct aos_run *aos_work_new(struct aos *a, const struct aos_order *order);
void aos_work_free(struct aos_work *w);
/* It goes on after a pause. */
void aos_work_decided(struct aos_work *w, bool approved);
void aos_work_answered(struct aos_work *w, const char *answer);
/* What the agent does; also under the test's hand. */
void aos_work_say(struct aos_work *w, freshet_str text);
void aos_work_use_tool(struct aos_work *w, const char *tool, json_t *input, json_t *output, const char *error);
void aos_work_ask(struct aos_work *w, const char *question);
void aos_work_need_approval(struct aos_work *w, const char *tool, json_t *input);
void aos_work_end(struct aos_work *w, bool success, const char *output, const char *error);
/* Nothing more comes of it: its streams are cut. */
void aos_work_stop(struct aos_work *w);

/* memory.c: prompts, sessions and variables */

/* The text with its variables; of those with the same name the first map's counts. Free it. */
char *aos_prompt_fill(const char *prompt, const json_t *const *maps, size_t count);
/* What was said to the agent before, one below the other. Free it. */
char *aos_prompts_before(const json_t *history);
/* What was said in the session so far; NULL: nothing. */
const json_t *aos_session_history(const struct aos_agent *agent, const char *session);
void aos_session_add(struct aos_agent *agent, const char *session, const char *role, const char *content);

/* stream.c */

/* Answers with the frames of the run from that one on. */
void aos_stream_begin(struct aos_call *call, struct aos_run *run, size_t from);
/* There are new frames, or the run is over. */
void aos_streams_notice(struct aos_work *w);
/* They are cut. */
void aos_streams_cut(struct aos_work *w);

/* hooks.c */

struct webhook *aos_hooks_new(struct aos *a);
/* A run began, or is over; an approval is asked for. */
void aos_hook_run(struct aos_run *run);
void aos_hook_approval(const struct aos_approval *approval);

/* direct.c */

bool aos_set(struct platform *platform, const char *name, uint64_t value);

/* control.c */

bool aos_control(struct platform *platform, struct exchange *x, const struct request *r);

/* ledger.c */

bool aos_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user);
bool aos_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user);

#endif
