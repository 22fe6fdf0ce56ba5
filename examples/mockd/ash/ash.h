/*
 * Ash: what its parts share. The store (tenants, agents, sessions, messages, events) is real: every answer is computed
 * from it. What the agent process says is made by a script, one agent message after the other; each becomes a block of
 * frames that every open stream of the session is given, and that is stored when a stream has written it.
 */
#ifndef MOCKD_ASH_ASH_H
#define MOCKD_ASH_ASH_H

#include "mockd/ash.h"
#include "mockd/ash/block.h"
#include "mockd/ash/tree.h"
#include "mockd/clock.h"
#include "mockd/frames.h"
#include "mockd/http.h"
#include "mockd/mockd.h"
#include "mockd/random.h"
#include "mockd/script.h"
#include "mockd/uuid.h"

#include "base/list.h"

#include <jansson.h>

#define ASH_VERSION    "0.2.0"
#define ASH_PARAMS_MAX 2
/* Bytes of an API key that was made here, with the terminator. */
#define ASH_KEY_SIZE 37

/* What a result cost: one record stands for an event of each kind. */
struct ash_usage {
	struct uuid id; /* of the first one */
	struct uuid session;
	char *agent;
	uint64_t created_us; /* wall clock */
	double values[5];
};

/* An API key that was made through the API. */
struct ash_key {
	struct list node; /* in Ash's keys */
	struct ash_tenant *tenant;
	json_t *json; /* as it is listed */
	char token[ASH_KEY_SIZE];
};

/* What belongs to another tenant looks missing. */
struct ash_tenant {
	const char *token;
	char name[24];
	struct list agents;   /* by name */
	struct list sessions; /* oldest first */
	struct list attachments;
	json_t *credentials; /* as they are listed */
	struct ash_usage *usage;
	size_t usage_count, usage_capacity;
};

struct ash_agent {
	struct uuid id;
	struct list node; /* in the tenant's agents */
	struct ash_tenant *tenant;
	char *name;
	char *path;            /* the server's directory */
	struct ash_tree *tree; /* what lies in it */
	json_t *env;           /* NULL: none */
	json_t *config;
	json_t *versions;     /* as they are returned, highest number first */
	json_t *eval_cases;   /* as they are returned, oldest first */
	json_t *eval_runs;    /* as they are returned, oldest first */
	json_t *eval_results; /* as they are returned, oldest first */
	uint64_t created_us;  /* wall clock */
	uint64_t updated_us;
	uint32_t version;
	bool warm;    /* a sandbox is started in advance */
	bool on_disk; /* its directory is one of the real file system */
};

enum ash_status { ASH_STARTING, ASH_ACTIVE, ASH_PAUSED, ASH_STOPPED, ASH_ENDED, ASH_ERROR, ASH_STATUSES };

const char *ash_status_name(enum ash_status status);

/* A stored message; its content is the block's raw text. */
struct ash_message {
	struct uuid id;
	struct ash_block *block;
	uint64_t created_us; /* wall clock */
};

/* A line that the sandbox logged. */
struct ash_log {
	const char *level;
	const char *text;
	uint64_t time_us; /* wall clock */
};

/* Requests that are counted together, within a window. */
enum ash_limit_kind { ASH_LIMIT_ALL, ASH_LIMIT_AGENTS, ASH_LIMIT_SESSIONS, ASH_LIMITS };

struct ash_limit {
	uint64_t began_us; /* emulated clock */
	uint32_t count;    /* 0: the window has not begun */
};

/* A stored event. */
struct ash_event {
	struct uuid id;
	const char *type;
	char *data; /* JSON */
	uint64_t created_us;
};

struct ash_session {
	struct uuid id;
	struct uuid sandbox; /* as it is returned, also when it is gone */
	struct uuid parent;  /* zero: none */
	struct list node;    /* in the tenant's sessions */
	struct ash *ash;
	struct ash_agent *agent;
	struct ash_tree *tree; /* the workspace */
	json_t *config;        /* of PATCH .../config and of create; never returned; NULL: none */
	uint64_t created_us;   /* wall clock */
	uint64_t active_us;
	uint8_t status; /* enum ash_status */
	bool alive;     /* its sandbox is */
	bool saved;     /* there is a workspace to resume from */
	uint32_t turns; /* so far */

	struct ash_message *messages;
	size_t message_count, message_capacity;
	struct ash_event *events;
	size_t event_count, event_capacity;
	struct ash_log *logs; /* of the sandbox */
	size_t log_count, log_capacity;
	size_t log_first;          /* index of the first that is kept */
	struct ash_block **blocks; /* all that the agent said, and ends of turns */
	size_t block_count, block_capacity;
	struct list streams; /* open ones that hear the sandbox */
	struct list running; /* turns: struct ash_turn */

	char *prompt; /* of the first turn; NULL: none yet */
	uint64_t rows;
	uint64_t hash; /* as the ledger defines it */
	uint64_t text_hash;
	size_t output_rows;
};

enum ash_plan_kind {
	ASH_PLAN_SUCCESS,
	ASH_PLAN_FAILED,  /* a result that is an error */
	ASH_PLAN_ERROR,   /* the agent's error: no `done` */
	ASH_PLAN_GONE,    /* the server gives up: `error`, then `done` */
	ASH_PLAN_CRASH,   /* the agent process dies */
	ASH_PLAN_HANG,    /* nothing more comes */
	ASH_PLAN_FOREIGN, /* another command cuts in: a `done` without an id */
	ASH_PLAN_RUNNER,  /* the body ends without `done` */
	ASH_PLAN_MANUAL,  /* what the agent says comes from the test */
};

/* A turn's script, read. */
struct ash_plan {
	enum ash_plan_kind kind;
	struct range bytes;  /* of a text */
	struct range row_ms; /* between agent messages */
	uint32_t messages;   /* assistant messages, the last one included */
	uint32_t tools;      /* of them the first so many use a tool */
	uint32_t thinking;   /* of them the first so many think */
	uint32_t deltas;     /* pieces of a text, with partial messages */
	uint32_t burst;      /* agent messages at once */
	uint32_t silence_ms; /* before the last of them */
	uint32_t in_flight;  /* blocks that the server still writes when the reader is gone */
	bool unknown;        /* blocks, deltas and messages that no client knows */
	char subtype[48];    /* of a failed result */
};

/* One run of the agent on one message. */
struct ash_turn {
	struct alarm alarm; /* the next agent message */
	struct list node;   /* in the session's running turns */
	struct ash_session *session;
	struct ash_item *item;     /* of the queue; NULL: it is a message's */
	struct ash_stream *stream; /* its own; NULL: gone, or it never had one */
	json_t *ahead;             /* agent messages that are made and not said yet */
	uint32_t made;             /* assistant messages so far */
	uint32_t serial;           /* in the session, from 1 */
	bool began;                /* it has said that it begins */
	bool partial;
	bool blocked; /* until the readers have read */
	char *model;
	json_t *last_text; /* NULL: none yet */
	uint64_t began_us;
	struct ash_plan plan;
};

struct ash {
	struct platform platform;
	struct mockd *mockd;
	struct ash_tenant *tenants;
	size_t tenant_count;
	struct uuid_table sessions;
	struct list keys;         /* API keys that were made */
	struct list queue;        /* items, oldest first */
	struct alarm queue_alarm; /* the next look */
	struct alarm eval_alarm;  /* the next look at runs of evaluations */
	bool no_master_key;       /* credentials are refused */
	struct ash_limit limits[ASH_LIMITS];
	struct list deleted; /* what the ledger keeps of sessions that are gone */
	struct script_mix mix;
	struct scratch scratch;
	size_t active;       /* sessions */
	size_t alive;        /* sandboxes of sessions */
	size_t capacity;     /* of them; 0: no limit */
	uint64_t warm_hits;  /* resumes */
	uint64_t cold_hits;  /* resumes */
	uint64_t local_hits; /* of them from a saved workspace */
	uint64_t prewarm_hits;
};

struct ash_item;
struct ash_route;

/* One request on its way through Ash. */
struct ash_call {
	struct ash *ash;
	struct exchange *exchange;
	const struct request *request;
	const struct ash_route *route; /* NULL: none */
	struct ash_tenant *tenant;     /* NULL before the key was looked at */
	char *params[ASH_PARAMS_MAX];  /* of the path, decoded; the rest of it ("*") comes last */
	struct uuid id;                /* the first one, where it must be a UUID */
	json_t *body;                  /* NULL: there was none */
	char limit[3][16];             /* what the answer tells of the rate limit; empty: nothing */
};

/* answer.c */

/* Answers with the JSON value, which is given up. */
void ash_answer(struct ash_call *call, int status, json_t *body);
/* Answers with {NAME: value}; the value is given up. */
void ash_answer_member(struct ash_call *call, int status, const char *name, json_t *value);
/* Answers with bytes and the usual fields besides those of the head. */
void ash_answer_bytes(struct ash_call *call, struct answer head, freshet_str bytes);
/* 204. */
void ash_answer_nothing(struct ash_call *call);
/* An error that a handler raises: {"error": text, "statusCode": status}. */
__attribute__((format(printf, 3, 4))) void ash_fail(struct ash_call *call, int status, const char *format, ...);
/* One that the framework raises, in the shape that the route's schema makes of it. `code` may be NULL. */
__attribute__((format(printf, 4, 5))) void ash_refuse(
	struct ash_call *call, int status, const char *code, const char *format, ...);

/* Times of the wall clock as JavaScript's toISOString gives them; null when it is 0. */
json_t *ash_time(uint64_t wall_us);
json_t *ash_uuid(struct uuid id);
uint64_t ash_wall_us(const struct ash *a);
bool uuid_is_zero(struct uuid id);

/* Compact JSON as JavaScript writes it, non-ASCII raw; free it. */
char *ash_json_text(const json_t *json);

/* routes.c */

/* True when the route's schema knows that status. */
bool ash_route_declares(const struct ash_route *route, int status);

/* agents.c */

void ash_agents_create(struct ash_call *call);
void ash_agents_list(struct ash_call *call);
void ash_agents_get(struct ash_call *call);
void ash_agents_update(struct ash_call *call);
void ash_agents_delete(struct ash_call *call);
void ash_agents_config(struct ash_call *call);
void ash_agents_change_config(struct ash_call *call);
/* The tenant's agent of that name; NULL when there is none. */
struct ash_agent *ash_find_agent(const struct ash_tenant *tenant, const char *name);
/* The agent of the path; NULL when it was answered with 404. */
struct ash_agent *ash_agent_of(struct ash_call *call);
/* True while the server's directory of the agent is there. */
bool ash_agent_is_there(const struct ash_agent *agent);
/* One with nothing special about it. */
struct ash_agent *ash_agent_new(struct ash *a, struct ash_tenant *tenant, const char *name);
void ash_agent_free(struct ash_agent *agent);

/* agent_files.c */

void ash_agent_files_list(struct ash_call *call);
void ash_agent_files_get(struct ash_call *call);
void ash_agent_files_write(struct ash_call *call);
void ash_agent_files_delete(struct ash_call *call);

/* sessions.c */

void ash_sessions_create(struct ash_call *call);
void ash_sessions_list(struct ash_call *call);
void ash_sessions_get(struct ash_call *call);
void ash_sessions_config(struct ash_call *call);
void ash_sessions_pause(struct ash_call *call);
void ash_sessions_resume(struct ash_call *call);
void ash_sessions_stop(struct ash_call *call);
void ash_sessions_end(struct ash_call *call);
void ash_sessions_fork(struct ash_call *call);
void ash_sessions_send(struct ash_call *call);
void ash_sessions_messages(struct ash_call *call);
void ash_sessions_events(struct ash_call *call);
/* The session of the path; NULL when it was answered with 404. */
struct ash_session *ash_session_of(struct ash_call *call);
/* The same, when it can take a command; a sandbox that is gone is noticed here. NULL when it was answered. */
struct ash_session *ash_session_ready(struct ash_call *call);

/* exec.c */

void ash_sessions_exec(struct ash_call *call);
void ash_sessions_logs(struct ash_call *call);
/* A line of the sandbox's log; the texts are not copied. */
void ash_session_log(struct ash_session *s, const char *level, const char *text);

/* session_files.c */

void ash_session_files_list(struct ash_call *call);
void ash_session_files_get(struct ash_call *call);
void ash_session_files_write(struct ash_call *call);
void ash_session_files_delete(struct ash_call *call);
void ash_workspace_get(struct ash_call *call);
void ash_workspace_put(struct ash_call *call);

/* attachments.c */

void ash_attachments_create(struct ash_call *call);
void ash_attachments_list(struct ash_call *call);
void ash_attachments_get(struct ash_call *call);
void ash_attachments_delete(struct ash_call *call);
/* Those of the session are gone; NULL: all of them. */
void ash_attachments_drop(struct ash_tenant *tenant, const struct ash_session *s);

/* keys.c: credentials and API keys */

void ash_credentials_create(struct ash_call *call);
void ash_credentials_list(struct ash_call *call);
void ash_credentials_delete(struct ash_call *call);
/* A session uses the credential; false when there is none. */
bool ash_credential_use(struct ash_call *call, const char *id);
void ash_keys_create(struct ash_call *call);
void ash_keys_list(struct ash_call *call);
void ash_keys_delete(struct ash_call *call);
/* The tenant of a key that was made; NULL: none. */
struct ash_tenant *ash_keys_tenant(const struct ash *a, freshet_str token);
void ash_keys_clear(struct ash *a);

/* queue.c */

void ash_queue_create(struct ash_call *call);
void ash_queue_list(struct ash_call *call);
void ash_queue_stats(struct ash_call *call);
void ash_queue_get(struct ash_call *call);
void ash_queue_cancel(struct ash_call *call);
/* The item's turn is over; `error` NULL: in order. */
void ash_queue_turn_over(struct ash_item *item, const char *error);
void ash_queue_poll(struct alarm *alarm);
void ash_queue_clear(struct ash *a);

/* versions.c */

void ash_versions_list(struct ash_call *call);
void ash_versions_create(struct ash_call *call);
void ash_versions_get(struct ash_call *call);
void ash_versions_update(struct ash_call *call);
void ash_versions_delete(struct ash_call *call);
void ash_versions_activate(struct ash_call *call);

/* evals.c */

void ash_eval_cases_list(struct ash_call *call);
void ash_eval_cases_create(struct ash_call *call);
void ash_eval_cases_import(struct ash_call *call);
void ash_eval_cases_export(struct ash_call *call);
void ash_eval_cases_get(struct ash_call *call);
void ash_eval_cases_update(struct ash_call *call);
void ash_eval_cases_delete(struct ash_call *call);
void ash_eval_runs_list(struct ash_call *call);
void ash_eval_runs_create(struct ash_call *call);
void ash_eval_runs_get(struct ash_call *call);
void ash_eval_runs_results(struct ash_call *call);
void ash_eval_runs_compare(struct ash_call *call);
void ash_eval_runs_score(struct ash_call *call);
void ash_eval_results_update(struct ash_call *call);
void ash_evals_poll(struct alarm *alarm);

/* health.c */

void ash_health(struct ash_call *call);
void ash_metrics(struct ash_call *call);

/* limits.c */

/* Counts the request. False when it was answered with 429. */
bool ash_limits_take(struct ash_call *call, bool create_agent, bool create_session);
/* Forgets all clients. */
void ash_limits_clear(struct ash *a);

/* usage.c */

void ash_usage_list(struct ash_call *call);
void ash_usage_stats(struct ash_call *call);
void ash_analytics(struct ash_call *call);
/* A result was stored. */
void ash_usage_add(struct ash_session *s, const json_t *result);
void ash_usage_clear(struct ash_tenant *tenant);

/* session.c: the state of sessions */

/* An active session with a sandbox and its first event, which names the model; NULL: none. */
struct ash_session *ash_session_create(struct ash *a, struct ash_agent *agent, json_t *model);

struct ash_session *ash_session_new(struct ash *a, struct ash_agent *agent, enum ash_status status);
/* Takes it out of everything and frees it. Its streams are silent from then on, or cut. */
void ash_session_free(struct ash_session *s, bool cut);
void ash_session_set_status(struct ash_session *s, enum ash_status status);
/* Starts a sandbox: one that waits for the agent, or one of the session's own. */
void ash_session_start_sandbox(struct ash_session *s);
/* The sandbox is gone, with what the agent is at; streams hear nothing any more. */
void ash_session_kill_sandbox(struct ash_session *s);
/* Adds what the agent said; the block is given up. Streams hear of it. */
void ash_session_say(struct ash_session *s, struct ash_block *block);
struct ash_session *ash_session_by_text(struct ash *a, const char *id);

/* store.c */

/* Stores a message; the block is held. */
void ash_store_message(struct ash_session *s, struct ash_block *block);
/* Stores an event; the data is given up. */
void ash_store_event(struct ash_session *s, const char *type, json_t *data);
/* What the server stores of a block that has been written; once. */
void ash_store_block(struct ash_session *s, struct ash_block *block);
void ash_store_clear(struct ash_session *s);
json_t *ash_message_json(const struct ash_session *s, size_t i);
json_t *ash_event_json(const struct ash_session *s, size_t i);

/* turn.c: the agent process */

/* Begins a turn. The stream may be NULL; `model` NULL: the session's. */
struct ash_turn *ash_turn_start(
	struct ash_session *s, const struct ash_plan *plan, struct ash_stream *stream, bool partial, const char *model);
void ash_turn_free(struct ash_turn *t);
/* The session's readers have read something, or one is gone: turns that waited for it go on. */
void ash_turns_unblock(struct ash_session *s);
/* The agent says the message, which is given up, in the session's newest turn. False when none runs. */
bool ash_turn_say(struct ash_session *s, json_t *message);
/* Ends the newest turn: with a result, or with an error. False when none runs. */
bool ash_turn_end(struct ash_session *s, bool success);

/* speech.c: what the agent says */

/* The next agent messages of the turn, appended to `ahead`. False when there are none left. */
bool ash_speech_more(struct ash_turn *t);
/* The result that ends a turn. */
json_t *ash_speech_result(const struct ash_turn *t, bool success);

/* plan.c */

/* The plan of a prompt's script. False when the prompt names a script that does not exist. */
bool ash_plan_read(struct ash *a, freshet_str prompt, struct ash_plan *plan);
/* False when a script of the emulator's list does not exist. */
bool ash_plans_exist(const struct ash *a);

/* stream.c */

/* The event stream of a message that was just sent; it hears what is said from now on. */
struct ash_stream *ash_stream_new(struct ash_session *s);
/* Answers with the stream, which may be over, and gone, when this returns. */
void ash_stream_begin(struct ash_stream *stream, struct exchange *x);
/* The turn whose reader it is; NULL: over. */
void ash_stream_set_turn(struct ash_stream *stream, struct ash_turn *turn);
/* There is a new block. */
void ash_streams_notice(struct ash_session *s);
/* They hear nothing more of the session: silent for ever, or cut. */
void ash_streams_detach(struct ash_session *s, bool cut);
/* True when a stream has not written all that was said. */
bool ash_streams_behind(const struct ash_session *s);

/* ledger.c */

void ash_ledger_count(struct ash_session *s, const struct ash_block *block);
void ash_ledger_keep(struct ash_session *s);
void ash_ledger_clear(struct ash *a);
bool ash_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user);
bool ash_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user);

#endif
