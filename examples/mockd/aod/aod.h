/*
 * Agent on Demand: what its parts share. The store (users, agents, environments, sessions, rows) is real: every answer
 * is computed from it.
 */
#ifndef MOCKD_AOD_AOD_H
#define MOCKD_AOD_AOD_H

#include "mockd/aod.h"
#include "mockd/clock.h"
#include "mockd/frames.h"
#include "mockd/http.h"
#include "mockd/mockd.h"
#include "mockd/random.h"
#include "mockd/script.h"
#include "mockd/texts.h"
#include "mockd/uuid.h"

#include "base/list.h"

#include <jansson.h>

/* The account behind one token. What belongs to another one looks missing. */
struct aod_user {
	const char *token;
	struct list agents;       /* oldest first */
	struct list environments; /* oldest first */
	struct list sessions;     /* oldest first */
	size_t active;            /* sessions that are pending or running */
};

struct aod_agent {
	struct uuid id;
	struct list node; /* in the user's agents */
	struct aod_user *user;
	char *provider;
	struct aod_environment *environment; /* NULL: none */
	bool has_skills;
	uint64_t archived_us; /* wall clock; 0: not archived */
	json_t *json;         /* the object as it is returned */
	json_t *versions;     /* as they are returned, newest first */
};

struct aod_environment {
	struct uuid id;
	struct list node; /* in the user's environments */
	struct aod_user *user;
	bool limited;         /* networking */
	uint64_t archived_us; /* wall clock; 0: not archived */
	json_t *json;         /* the object as it is returned */
	json_t *versions;     /* as they are returned, newest first */
	json_t *variables;    /* env_vars, which are never returned */
};

enum aod_status {
	AOD_PENDING,
	AOD_RUNNING,
	AOD_COMPLETED,
	AOD_FAILED,
	AOD_TERMINATED,  /* of sessions */
	AOD_INTERRUPTED, /* of turns */
};

const char *aod_status_name(enum aod_status status);

/* An exit code that may be null. */
struct aod_code {
	bool known;
	int value;
};

struct aod_turn {
	char *prompt;
	enum aod_status status;
	struct aod_code code;
	uint64_t created_us; /* wall clock */
	uint64_t started_us; /* 0: not yet */
	uint64_t ended_us;   /* 0: not yet */
	uint32_t timeout_s;
};

enum aod_row_kind { AOD_ROW_STDOUT, AOD_ROW_STDERR, AOD_ROW_STAGE, AOD_ROW_UNKNOWN };

enum aod_stage {
	AOD_STAGE_CREATE_SPRITE,
	AOD_STAGE_INSTALL_RUNTIME,
	AOD_STAGE_NETWORK_POLICY,
	AOD_STAGE_ENV_FILE,
	AOD_STAGE_GIT_CREDENTIALS,
	AOD_STAGE_PROVISION_SETUP,
	AOD_STAGE_RUNTIME_CONFIG,
	AOD_STAGE_SKILLS,
	AOD_STAGE_RUNTIME_START,
	AOD_STAGES,
};

extern const char *const aod_stage_names[AOD_STAGES];

enum aod_stage_state { AOD_STAGE_STARTED, AOD_STAGE_DONE, AOD_STAGE_FAILED };

/* What a session produced, as it is stored. */
struct aod_row {
	uint64_t id;
	const struct text *text; /* of output, or the message of a failed stage; NULL: none */
	struct text *own_text;   /* the text, when it belongs to the row alone */
	uint32_t turn;           /* 0: null */
	uint32_t duration_ms;    /* of a stage that is over */
	uint8_t kind;            /* enum aod_row_kind */
	uint8_t stage;           /* enum aod_stage */
	uint8_t state;           /* enum aod_stage_state */
};

/* What the worker does next for a session. */
enum aod_step {
	AOD_STEP_IDLE,    /* nothing: there is no turn, or the worker is lost */
	AOD_STEP_PICK_UP, /* pending becomes running */
	AOD_STEP_STAGE,   /* a provisioning stage begins */
	AOD_STEP_STAGE_DONE,
	AOD_STEP_ROW,
	AOD_STEP_TIMEOUT,
	AOD_STEP_INTERRUPT,
	AOD_STEP_SETTLE, /* the turn's row follows the session's */
};

enum aod_plan_kind {
	AOD_PLAN_SUCCESS,
	AOD_PLAN_EXIT,
	AOD_PLAN_ERROR,
	AOD_PLAN_PROVISION_FAILURE,
	AOD_PLAN_TIMEOUT,
	AOD_PLAN_HANG,
	AOD_PLAN_STALE,
	AOD_PLAN_LOST,
	AOD_PLAN_MANUAL,
};

/* A turn's script, read. */
struct aod_plan {
	enum aod_plan_kind kind;
	struct range bytes;  /* of a row's text; 0..0: as it comes */
	struct range row_ms; /* between rows */
	uint32_t stage_ms;
	uint32_t rows;          /* in all */
	uint32_t burst;         /* rows at once */
	uint32_t stderr_every;  /* every so many rows one of stderr; 0: none */
	uint32_t unknown_every; /* every so many rows one of a type that no client knows; 0: none */
	uint32_t silence_ms;    /* AOD_PLAN_STALE: before the last row */
	struct aod_code code;   /* where the turn ends with one */
	enum aod_stage failing;
	bool null_turn;  /* rows carry no turn number */
	bool short_path; /* no provisioning stages */
};

struct aod_session {
	struct uuid id;
	struct list node; /* in the user's sessions */
	struct aod *aod;
	struct aod_user *user;
	struct aod_agent *agent;
	struct aod_environment *environment; /* NULL: none */
	char *provider;                      /* the agent's when the session was made */
	enum aod_status status;
	struct aod_code code;
	uint64_t created_us; /* wall clock */
	uint64_t updated_us;
	json_t *resources; /* as they are returned */
	bool has_git_token;
	bool sandbox_gone;

	struct aod_turn *turns;
	size_t turn_count;
	size_t turn_capacity;
	struct aod_row *rows; /* ids rise */
	size_t row_count;
	size_t row_capacity;
	size_t purged;       /* rows, the oldest ones, that streams find no more */
	struct list streams; /* open ones */
	size_t hashed;       /* rows that are in the hashes */
	uint64_t hash;       /* as the ledger defines it */
	uint64_t text_hash;
	size_t output_rows;

	struct alarm worker;  /* fires when `step` is to be done */
	uint64_t deadline_us; /* of the running turn, emulated clock; UINT64_MAX: none */
	enum aod_step step;
	enum aod_status turn_end; /* AOD_STEP_SETTLE: what the turn becomes */
	struct aod_code turn_code;
	enum aod_stage stage;    /* the one at hand */
	uint32_t rows_done;      /* of this turn */
	const struct text *rest; /* the chunk that must come next */
	struct aod_plan plan;
};

struct aod {
	struct platform platform;
	struct mockd *mockd;
	struct aod_user *users;
	size_t user_count;
	struct uuid_table agents;
	struct uuid_table environments;
	struct uuid_table sessions;
	uint64_t next_row_id;
	struct list deleted; /* what the ledger keeps of sessions that are gone: struct aod_trace */
	struct script_mix mix;
	struct scratch scratch;
	bool backend_off; /* session create and prompt answer 503 */
	bool key_missing; /* session create answers 400 in the dialects that ask for a key */
	bool sick;        /* health answers 503 */
};

/* One request on its way through AoD. */
struct aod_call {
	struct aod *aod;
	struct exchange *exchange;
	const struct request *request;
	struct aod_user *user; /* NULL before the token was looked at */
	struct uuid id;        /* of the path, where the route has one */
	const char *allow;     /* methods of the route */
};

/* answer.c */

/* Answers with the JSON value, which is given up. */
void aod_answer(struct aod_call *call, int status, json_t *body);
/* Answers {"detail": text}. */
__attribute__((format(printf, 3, 4))) void aod_detail(struct aod_call *call, int status, const char *format, ...);
void aod_html(struct aod_call *call, int status, const char *title);

/* The body as an object, which the caller drops; NULL when it was answered with 400 or 413. */
json_t *aod_body(struct aod_call *call);

/* Times of the wall clock as Python's isoformat gives them; null when it is 0. */
json_t *aod_time(uint64_t wall_us);
json_t *aod_uuid(struct uuid id);
json_t *aod_code_json(struct aod_code code);

uint64_t aod_wall_us(const struct aod *a);
/* "provider", or "runtime" in the dialect that calls it so. */
const char *aod_provider_key(const struct aod *a);

/* agents.c, environments.c, sessions.c: the endpoints */

void aod_agents_list(struct aod_call *call);
void aod_agents_create(struct aod_call *call);
void aod_agents_get(struct aod_call *call);
void aod_agents_update(struct aod_call *call);
void aod_agents_archive(struct aod_call *call);
void aod_agents_versions(struct aod_call *call);
void aod_environments_list(struct aod_call *call);
void aod_environments_create(struct aod_call *call);
void aod_environments_get(struct aod_call *call);
void aod_environments_update(struct aod_call *call);
void aod_environments_archive(struct aod_call *call);
void aod_environments_delete(struct aod_call *call);
void aod_environments_versions(struct aod_call *call);
void aod_sessions_list(struct aod_call *call);
void aod_sessions_create(struct aod_call *call);
void aod_sessions_get(struct aod_call *call);
void aod_sessions_prompt(struct aod_call *call);
void aod_sessions_turns(struct aod_call *call);
void aod_sessions_interrupt(struct aod_call *call);
void aod_sessions_terminate(struct aod_call *call);
void aod_sessions_delete(struct aod_call *call);
void aod_sessions_stream(struct aod_call *call);

/* The user's own agent; NULL when there is none. */
struct aod_agent *aod_find_agent(struct aod_call *call, struct uuid id);
struct aod_environment *aod_find_environment(struct aod_call *call, struct uuid id);

/* An agent with nothing special about it. */
struct aod_agent *aod_agent_plain(struct aod *a, struct aod_user *user);
void aod_agent_free(struct aod_agent *agent);
void aod_environment_free(struct aod_environment *environment);

/* session.c: the state of sessions */

struct aod_session *aod_session_new(struct aod *a, struct aod_user *user, struct aod_agent *agent,
	struct aod_environment *environment, json_t *resources);
/* Takes it out of everything, cuts its streams and frees it. */
void aod_session_free(struct aod_session *s);
bool aod_session_active(const struct aod_session *s);
struct aod_turn *aod_session_turn(struct aod_session *s);
/* Changes the status; the user's count of active sessions and the streams follow. */
void aod_session_set_status(struct aod_session *s, enum aod_status status);
/* Stores a row and returns its id, which is filled in. */
uint64_t aod_session_add_row(struct aod_session *s, struct aod_row row);
/* The index of the first row with an id above the cursor. */
size_t aod_row_after(const struct aod_session *s, uint64_t cursor);

/* worker.c: what happens to sessions by itself */

/* A new turn, which the worker will pick up. */
void aod_worker_start(struct aod_session *s, const char *prompt, uint32_t timeout_s, const struct aod_plan *plan);
void aod_worker_interrupt(struct aod_session *s);
void aod_worker_terminate(struct aod_session *s);
/* Ends the turn at hand. */
void aod_worker_end(struct aod_session *s, enum aod_status status, enum aod_status turn, struct aod_code code);
/* The turn's row is brought up to the session's at once. */
void aod_worker_settle(struct aod_session *s);

/* ledger.c */

/* What the ledger keeps of the session when it is deleted. */
void aod_ledger_keep(struct aod_session *s);
void aod_ledger_clear(struct aod *a);
bool aod_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user);
bool aod_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user);

/* direct.c */

/* The session of that id; NULL when there is none. */
struct aod_session *aod_session_by_text(struct aod *a, const char *id);
bool aod_set(struct aod *a, const char *name, uint64_t value);

/* plan.c */

/* The plan of a prompt's script. False when the prompt names a script that does not exist. */
bool aod_plan_read(struct aod *a, freshet_str prompt, struct aod_plan *plan);
/* False when a script of the emulator's list does not exist. */
bool aod_plans_exist(const struct aod *a);

/* stream.c */

/* The row's frame without its id line. */
void aod_row_frame(const struct aod_row *row, struct scratch *scratch, struct piece *piece);
/* Opens the event stream of the session after the cursor. */
void aod_stream_open(struct aod_call *call, struct aod_session *s, uint64_t cursor);
/* The session has a new row or another status. */
void aod_streams_notice(struct aod_session *s);
/* The session is gone: its streams are cut. */
void aod_streams_cut(struct aod_session *s);

#endif
