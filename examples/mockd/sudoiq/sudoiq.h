/*
 * Sudoiq: what its parts share. Tools, tests, validators and runs are real: every answer is computed from them. A run
 * follows a script; each change of its state is a snapshot, which the streams, the webhooks and the status tell alike.
 */
#ifndef MOCKD_SUDOIQ_SUDOIQ_H
#define MOCKD_SUDOIQ_SUDOIQ_H

#include "mockd/alloc.h"
#include "mockd/clock.h"
#include "mockd/http.h"
#include "mockd/mockd.h"
#include "mockd/random.h"
#include "mockd/script.h"
#include "mockd/sudoiq.h"
#include "mockd/sudoiq/table.h"
#include "mockd/uuid.h"
#include "mockd/webhook.h"

#include "base/list.h"

#include <jansson.h>

/* Task ids count from here: more than 32 bits hold. */
#define SIQ_FIRST_TASK INT64_C(41820000001)

/* A token that was given for a key. */
struct siq_token {
	struct siq_tenant *tenant;
	char text[8 + UUID_TEXT];
	uint64_t until_us; /* emulated clock */
};

/* Things that are listed page by page: each with a serial number, by which pages go on. */
struct siq_list {
	struct siq_item {
		uint64_t serial;
		json_t *json; /* as it is listed */
	} * items;
	size_t count, capacity;
};

struct siq_agent {
	char id[UUID_TEXT + 1];
	int64_t version; /* the active one, and the highest */
	uint32_t graders;
	struct siq_list tests;
};

/* What belongs to another tenant looks missing. */
struct siq_tenant {
	const char *key;
	struct siq_agent **agents;
	size_t agent_count, agent_capacity;
	struct siq_list tools; /* the table's shape of them is made when they are listed */
	struct siq_list validators;
	struct uuid_table starts; /* runs by the hash of the key that they were started with */
	size_t active;            /* runs that go on */
};

/* A script, read. */
enum siq_plan_kind {
	SIQ_PLAN_COMPLETED,
	SIQ_PLAN_FAILED,
	SIQ_PLAN_CANCELLED,
	SIQ_PLAN_TIMED_OUT,
	SIQ_PLAN_HANG,
	SIQ_PLAN_MANUAL,
};

enum siq_result_kind { SIQ_RESULT_TEXT, SIQ_RESULT_OBJECT, SIQ_RESULT_NUMBER, SIQ_RESULT_NULL, SIQ_RESULT_ECHO };

struct siq_plan {
	enum siq_plan_kind kind;
	enum siq_result_kind result;
	uint32_t rounds;     /* of tool calls */
	struct range calls;  /* of a round */
	uint32_t deltas;     /* before each round, and before the end */
	uint32_t errors;     /* that are told and change nothing, likewise */
	uint32_t logs;       /* likewise */
	uint32_t burst;      /* of them at once */
	struct range bytes;  /* of a delta */
	struct range row_ms; /* between steps */
	uint64_t queued_ms;  /* before it runs */
	uint64_t silence_ms; /* before the end */
	uint64_t answer_ms;  /* that a round waits for its answers; 0: for ever */
	char *tools;         /* names, with commas between; NULL: the tenant's */
	char *space;         /* of those names */
	char *code;          /* of the failure */
};

enum siq_status {
	SIQ_QUEUED,
	SIQ_RUNNING,
	SIQ_AWAITING,
	SIQ_COMPLETED,
	SIQ_FAILED,
	SIQ_CANCELLED,
	SIQ_TIMED_OUT,
};

/* A tool call. */
struct siq_tool_call {
	char *id;
	char *name;
	char *space;
	char *args; /* JSON */
	uint32_t round;
	uint32_t answers;
	bool accepted;
	bool is_error;
	char *result; /* NULL: not answered */
	size_t result_len;
};

/* One event of the run's stream, shared by all who send it. */
struct siq_frame {
	size_t users;
	uint64_t row;     /* the revision of a snapshot; 0: it is none */
	bool live;        /* only for streams that are open when it arises */
	bool last;        /* the snapshot of the end */
	uint32_t id_len;  /* bytes of its id line; 0: it has none */
	uint32_t data_at; /* where its data begins */
	uint32_t len;
	char text[];
};

struct siq_run {
	int64_t task;
	struct siq *siq;
	struct siq_tenant *tenant;
	const struct siq_agent *agent;
	struct alarm alarm; /* the next step */
	struct siq_plan plan;
	uint8_t status; /* enum siq_status */
	bool deleted;   /* only the ledger knows it */
	uint32_t revision;
	uint32_t round; /* that were begun */
	uint32_t step;  /* since the last pause */
	int64_t version;
	char *input;
	char *environment;
	struct siq_tool_call *calls;
	size_t call_count, call_capacity;
	size_t round_first; /* index of the present round's first call */
	size_t open;        /* calls of the present round without an answer */
	size_t accepted, repeated, failed_calls;
	char *result; /* JSON; NULL: none */
	char *code;   /* of the failure; NULL: none */
	char *message;
	uint64_t created_us; /* wall clock */
	uint64_t updated_us;
	uint64_t input_tokens, output_tokens;
	uint64_t starts, opened;    /* requests */
	struct siq_frame *snapshot; /* the present one */
	struct siq_frame **frames;  /* that are held for streams */
	size_t frame_count, frame_capacity;
	uint64_t first_frame; /* number of the first one, since the run began */
	struct list streams;
	struct webhook_line webhooks;
	struct siq_list feedback;
	bool keyed;             /* it was started with a key */
	struct uuid start_key;  /* hash of that key */
	struct uuid start_hash; /* of what it was started with */
	uint64_t hash;          /* as the ledger defines it */
	uint64_t text_hash;
};

enum siq_auth { SIQ_AUTH_BEARER, SIQ_AUTH_HEADER, SIQ_AUTH_TOKEN_EXCHANGE, SIQ_AUTH_COOKIE };

struct siq {
	struct platform platform;
	struct mockd *mockd;
	const struct siq_table *table;
	enum siq_auth auth;
	struct webhook *webhook;
	struct siq_tenant *tenants;
	size_t tenant_count;
	struct siq_token *tokens; /* that were given out */
	size_t token_count, token_capacity;
	struct siq_run **runs; /* by task id */
	size_t run_count, run_capacity;
	uint64_t last_serial;
	struct script_mix mix;
	/* settings */
	uint64_t repeat;       /* so often more each snapshot is sent */
	uint64_t hold;         /* frames of a run that are kept */
	uint64_t retry_ms;     /* that streams tell; 0: none */
	uint64_t end_events;   /* 1: they end with one */
	uint64_t conflict_ids; /* 1: a 409 tells which calls were answered */
	uint64_t error_shape;
	uint64_t quota;        /* runs of a tenant that go on; 0: any */
	uint64_t strict_tools; /* 1: a tool that is not registered fails the run */
	uint64_t token_ms;
	char retry_line[40]; /* where it is rendered */
	/* counts */
	uint64_t strange;
	uint64_t replayed;
};

/* One request on its way. */
struct siq_request {
	struct siq *siq;
	struct exchange *exchange;
	const struct request *request;
	enum siq_endpoint endpoint;
	struct siq_tenant *tenant;
	char *agent_id; /* of the path; NULL: it has none */
	char *task_id;
	char *name;
	char *space;
	char *other_id; /* of a test or a validator */
	json_t *body;   /* NULL: there was none */
};

/* answer.c */

/* Answers with the JSON value, which is given up; NULL: without a body. */
void siq_answer(struct siq_request *q, int status, json_t *body);
__attribute__((format(printf, 4, 5))) void siq_fail(
	struct siq_request *q, int status, const char *code, const char *format, ...);
/* The 409 that names calls; the array is given up. */
void siq_fail_calls(struct siq_request *q, json_t *call_ids);
const char *siq_name(const struct siq *s, enum siq_name name);
/* Sets a member that the table names; a dot leads into an object. The value is given up. */
void siq_set(const struct siq *s, json_t *object, enum siq_name name, json_t *value);
/* Compact JSON, non-ASCII raw; free it. */
char *siq_text(const json_t *json);
json_t *siq_time(uint64_t wall_us);
/* An id that the table shows as a number or as digits. */
json_t *siq_id(const struct siq *s, int64_t id);
uint64_t siq_now_us(const struct siq *s);
uint64_t siq_wall_us(const struct siq *s);

/* auth.c */

/* Finds the tenant. False when it was answered with 401. */
bool siq_let_in(struct siq_request *q);
void siq_auth_token(struct siq_request *q);
bool siq_auth_read(const char *name, enum siq_auth *auth);

/* list.c */

/* Adds what is given up. */
struct siq_item *siq_list_add(struct siq *s, struct siq_list *list, json_t *json);
void siq_list_remove(struct siq_list *list, size_t i);
void siq_list_clear(struct siq_list *list);
/* Answers with a page of {NAME: [...], "next_cursor": ...}; items for which `fits` is false are left out. */
typedef bool siq_fits_fn(const json_t *item, const void *user);
void siq_answer_page(
	struct siq_request *q, const struct siq_list *list, const char *name, siq_fits_fn *fits, const void *user);

/* tools.c */

void siq_tools_register(struct siq_request *q);
void siq_tools_list(struct siq_request *q);
void siq_tools_delete(struct siq_request *q);
/* The tool's definition; NULL: it is not registered. */
const json_t *siq_tool_find(const struct siq_tenant *tenant, const char *space, const char *name);
/* Registers, or replaces; the definition is given up. */
json_t *siq_tool_put(struct siq *s, struct siq_tenant *tenant, json_t *tool);

/* resources.c */

void siq_tests_create(struct siq_request *q);
void siq_tests_list(struct siq_request *q);
void siq_tests_delete(struct siq_request *q);
void siq_graders_create(struct siq_request *q);
void siq_validators_upsert(struct siq_request *q);
void siq_validators_list(struct siq_request *q);
void siq_validators_get(struct siq_request *q);
void siq_run_feedback(struct siq_request *q);
void siq_run_feedback_list(struct siq_request *q);

/* routes.c */

/* The tenant's agent; NULL: there is none. */
struct siq_agent *siq_agent_find(const struct siq_tenant *tenant, const char *id);
struct siq_agent *siq_agent_new(struct siq_tenant *tenant, const char *id);
/* The agent of the path, or of the body where the path has none; NULL when it was answered. */
struct siq_agent *siq_agent_of(struct siq_request *q);

/* calls.c: requests about runs */

void siq_run_start(struct siq_request *q);
void siq_run_stream(struct siq_request *q);
void siq_run_status(struct siq_request *q);
void siq_run_cancel(struct siq_request *q);
void siq_tool_responses(struct siq_request *q);
/* The run of the path; NULL when it was answered. */
struct siq_run *siq_run_of(struct siq_request *q);

/* run.c */

/* A new run, which gives the plan's strings up to it. */
struct siq_run *siq_run_new(struct siq_tenant *tenant, struct siq *s, const struct siq_agent *agent, const char *input,
	const char *environment, int64_t version, const struct siq_plan *plan);
struct siq_run *siq_run_find(const struct siq *s, int64_t task);
/* Nobody sees it any more but the ledger; its streams are cut. */
void siq_run_delete(struct siq_run *run);
void siq_run_free(struct siq_run *run);
bool siq_run_is_over(const struct siq_run *run);
const char *siq_status_name(enum siq_status status);
/* It goes on to that state, and tells it. */
void siq_run_change(struct siq_run *run, enum siq_status status);
void siq_run_end(struct siq_run *run, enum siq_status status, const char *code, const char *message);
/* The result is JSON text and given up. */
void siq_run_complete(struct siq_run *run, char *result);
/* Begins a round with a call; false when its tool is not registered, and the run has failed. */
bool siq_run_add_call(struct siq_run *run, const char *id, const char *space, const char *name, char *args);
/* An answer to a call of the present round. */
void siq_run_answer(struct siq_run *run, struct siq_tool_call *call, const json_t *result, bool is_error);
struct siq_tool_call *siq_run_find_call(const struct siq_run *run, const char *id);
void siq_run_say(struct siq_run *run, const char *text);
void siq_run_log(struct siq_run *run, const char *level, const char *text);
/* Tells the streams that are open of trouble, which changes nothing. */
void siq_run_trouble(struct siq_run *run, const char *code, const char *message, bool retryable);
/* Sends the present snapshot on all streams. */
void siq_run_resync(struct siq_run *run);

/* script.c: what runs do by themselves */

bool siq_plan_read(struct siq *s, freshet_str input, struct siq_plan *plan);
void siq_plan_clear(struct siq_plan *plan);
bool siq_plans_exist(const struct siq *s);
/* The run begins. */
void siq_script_begin(struct siq_run *run);
/* All calls of its round are answered, or the run of a test goes on. */
void siq_script_resume(struct siq_run *run);

/* frame.c */

/* The run's status as the table calls it. */
const char *siq_status_shown(const struct siq_run *run);
struct siq_frame *siq_frame_snapshot(struct siq_run *run);
struct siq_frame *siq_frame_event(const struct siq *s, enum siq_name event, json_t *data);
struct siq_frame *siq_frame_hold(struct siq_frame *f);
void siq_frame_drop(struct siq_frame *f);
static inline freshet_str siq_frame_data(const struct siq_frame *f)
{
	return (freshet_str){f->text + f->data_at, f->len - f->data_at - 2};
}

/* stream.c */

/* Answers with the run's stream, from behind the snapshot of that id; NULL: from the present on. */
void siq_stream_open(struct siq_run *run, struct exchange *x, const freshet_str *last_id);
/* There is a frame more. */
void siq_streams_notice(struct siq_run *run);
void siq_streams_cut(struct siq_run *run);

/* ledger.c, control.c */

bool siq_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user);
bool siq_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user);
bool siq_control(struct platform *platform, struct exchange *x, const struct request *r);

#endif
