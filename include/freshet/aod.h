/*
 * The Agent on Demand service: agents, environments, sessions, their turns and their event stream. docs/services/aod.md
 * shows how to use it and tells which rules of the service it keeps for its caller.
 *
 * Every answer comes in a callback from the loop, exactly once for each call that returned FRESHET_OK and never inside
 * that call. Everything is allowed inside a callback: further calls, opening and closing streams, closing the client or
 * its reactor. All spans given to a callback are valid until it returns.
 */
#ifndef FRESHET_AOD_H
#define FRESHET_AOD_H

#include <freshet/endpoint.h>
#include <freshet/error.h>
#include <freshet/outcome.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- client ---- */

/* One server and who we are there. Used from the thread of its reactor. */
typedef struct freshet_aod freshet_aod;

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_aod_options {
	size_t size;       /* set by freshet_aod_options_init */
	const char *url;   /* default: AOD_API_URL of the environment, else "http://localhost:8777" */
	const char *token; /* default: AOD_API_TOKEN of the environment */
	/*
	 * Optional: protocol, TLS, connections and stream limits. `url`, `bearer_token`, `on_closed`, `user` and the
	 * fields of `stream` that the service decides (cursor_place, cursor_query, duplicates, end_is_final, parts) are
	 * not looked at.
	 * `stream.idle_timeout_ms` is 45,000 here by default: the service sends a heartbeat every 15 s.
	 */
	const freshet_endpoint_options *endpoint;
	uint64_t deadline_ms; /* of each call; default 60,000 */
	size_t max_answer;    /* bytes of the answer to a call; lists are not paged; default 16 MiB */
} freshet_aod_options;

FRESHET_OPTIONS_INIT(freshet_aod_options)

/*
 * A new client; `options` may be NULL. Nothing is sent before the first call. It lives until it is closed or its reactor
 * is. FRESHET_EAUTH when there is no token, and the errors of freshet_endpoint_new; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_aod_new(
	freshet_reactor *reactor, const freshet_aod_options *options, freshet_aod **out);

/*
 * Ends all that is open on the client with FRESHET_ECANCELED and then the client, on a later turn. The handle is not to
 * be used again, but inside the callbacks that this brings. NULL is fine.
 */
FRESHET_API void freshet_aod_close(freshet_aod *client);

/* The endpoint of the client, for requests that this header has no call for. It is the client's: not to be closed. */
FRESHET_API freshet_endpoint *freshet_aod_endpoint(const freshet_aod *client);

/*
 * One line about the client for logs, without secrets: where it goes, and what is open. Terminated, cut to `size` bytes;
 * returns its whole length, as snprintf does.
 */
FRESHET_API size_t freshet_aod_describe(const freshet_aod *client, char *to, size_t size);

/* ---- errors ---- */

/* Why the state of an object forbids a call (FRESHET_ECONFLICT), told by words in the server's text. */
typedef enum freshet_aod_conflict {
	FRESHET_AOD_CONFLICT_UNKNOWN,
	FRESHET_AOD_CONFLICT_RUNNING,              /* the session is running: wait for its end */
	FRESHET_AOD_CONFLICT_PENDING,              /* a turn is about to run: wait for its end */
	FRESHET_AOD_CONFLICT_VERSION,              /* the object has another `version`: read it again and redo */
	FRESHET_AOD_CONFLICT_TERMINATED,           /* the session takes no more prompts */
	FRESHET_AOD_CONFLICT_FAILED,               /* nor does this one */
	FRESHET_AOD_CONFLICT_SANDBOX_GONE,         /* nor this one */
	FRESHET_AOD_CONFLICT_NO_ACTIVE_TURN,       /* there is nothing to interrupt */
	FRESHET_AOD_CONFLICT_ALREADY_TERMINATED,   /* terminate: it was before */
	FRESHET_AOD_CONFLICT_ACTIVE_SESSION,       /* delete: terminate it or wait for its end */
	FRESHET_AOD_CONFLICT_ALREADY_ARCHIVED,     /* archive: it was before */
	FRESHET_AOD_CONFLICT_ARCHIVED_AGENT,       /* the agent takes no sessions and no changes */
	FRESHET_AOD_CONFLICT_ARCHIVED_ENVIRONMENT, /* nor does this environment */
	FRESHET_AOD_CONFLICT_HAS_SESSIONS,         /* the environment is in use by sessions */
	FRESHET_AOD_CONFLICT_NAME_TAKEN,           /* another environment has the name */
} freshet_aod_conflict;

/* One field that the server refused (FRESHET_EVALIDATION). The refused value is never kept: it may hold a secret. */
typedef struct freshet_aod_issue {
	freshet_str type; /* "missing", "string_too_long", ... */
	freshet_str loc;  /* where, as "resources[0].url"; empty for the whole body */
	freshet_str msg;  /* for people */
} freshet_aod_issue;

/*
 * Why a call or a stream failed. outcome.err is FRESHET_EAUTH (401, 403), FRESHET_ENOT_FOUND (404), FRESHET_ECONFLICT
 * (409), FRESHET_EVALIDATION (422), FRESHET_ERATE_LIMIT (429), FRESHET_ESERVER (5xx), FRESHET_EHTTP_REDIRECT (3xx),
 * FRESHET_EHTTP_STATUS (any other), FRESHET_EUNSUPPORTED (an interrupt, with a server that has none), FRESHET_EJSON_...
 * or FRESHET_EBAD_ANSWER for an answer that cannot be read, or what the transport met. outcome.body is given only where
 * the body of an error is not JSON: at most its first 4 KiB.
 */
typedef struct freshet_aod_error {
	freshet_outcome outcome;
	freshet_str detail;            /* the server's own words; empty when it sent none */
	freshet_aod_conflict conflict; /* with FRESHET_ECONFLICT */
	int64_t version; /* with FRESHET_AOD_CONFLICT_VERSION: the object's own; 0: the server told none */
	const freshet_aod_issue *issues; /* with FRESHET_EVALIDATION; may be none */
	size_t issue_count;
	bool has_limit;  /* with FRESHET_ERATE_LIMIT: the server told its quota, `limit` */
	bool has_active; /* and how many sessions are active, `active` */
	int64_t limit;
	int64_t active;
} freshet_aod_error;

/* A variable or a header field: its value is a secret. */
typedef struct freshet_aod_secret {
	freshet_str name; /* of a variable: letters, digits and _, not beginning with a digit */
	freshet_str value;
} freshet_aod_secret;

/* ---- sessions ---- */

/* Of a session and of a turn. */
typedef enum freshet_aod_status {
	FRESHET_AOD_STATUS_UNKNOWN, /* one that this version does not know: its name is beside it */
	FRESHET_AOD_STATUS_PENDING,
	FRESHET_AOD_STATUS_RUNNING,
	FRESHET_AOD_STATUS_COMPLETED, /* the turn ended; a session takes another prompt */
	FRESHET_AOD_STATUS_FAILED,
	FRESHET_AOD_STATUS_TERMINATED,
	FRESHET_AOD_STATUS_INTERRUPTED, /* of a turn only */
} freshet_aod_status;

/* A repository that a session works on. */
typedef struct freshet_aod_resource {
	freshet_str type;                /* empty in a request: "github_repository" */
	freshet_str url;                 /* required */
	freshet_str mount_path;          /* optional in a request */
	freshet_str authorization_token; /* optional, only in a request; a secret */
} freshet_aod_resource;

/* A session. Members that the server left out or sent as null are empty or 0. */
typedef struct freshet_aod_session {
	freshet_str id;
	freshet_str agent_id;
	freshet_str environment_id;
	freshet_str provider; /* "anthropic", "openai"; empty with servers that tell `runtime` */
	freshet_str runtime;  /* "claude", "codex", ...; empty with servers that tell `provider` */
	freshet_aod_status status;
	freshet_str status_name;
	bool has_exit_code; /* false: none was obtained */
	int64_t exit_code;
	freshet_str created_at; /* as the server writes it: ISO 8601 */
	freshet_str updated_at;
	const freshet_aod_resource *resources;
	size_t resource_count;
	int64_t turn_count;
	int64_t current_turn; /* 0: none */
} freshet_aod_session;

/* What the server tells of a session that it was asked to do something with. Only `id` and the status always come. */
typedef struct freshet_aod_ack {
	freshet_str id;
	freshet_aod_status status;
	freshet_str status_name;
	freshet_str stream_url;                /* create, prompt; for logs: freshet_aod_stream_open needs only the id */
	freshet_str environment_id;            /* create */
	int64_t current_turn;                  /* create, prompt */
	const freshet_aod_resource *resources; /* create */
	size_t resource_count;
} freshet_aod_ack;

typedef struct freshet_aod_turn {
	int64_t number; /* from 1 */
	freshet_str prompt;
	freshet_aod_status status;
	freshet_str status_name;
	bool has_exit_code;
	int64_t exit_code;
	freshet_str created_at;
	freshet_str started_at;
	freshet_str ended_at;
} freshet_aod_turn;

/* 0 and NULL take the default. Everything is copied at the call; copies of secrets are overwritten after use. */
typedef struct freshet_aod_create_options {
	size_t size;                /* set by freshet_aod_create_options_init */
	freshet_str agent_id;       /* required: a UUID */
	freshet_str prompt;         /* of the first turn; may be empty */
	uint32_t timeout_s;         /* of each turn, 10 to 3600; default: the server's, 600 */
	freshet_str environment_id; /* optional: a UUID; default: the agent's */
	const freshet_aod_resource *resources;
	size_t resource_count;
	const freshet_aod_secret *secret_env_vars;
	size_t secret_env_var_count;
} freshet_aod_create_options;

FRESHET_OPTIONS_INIT(freshet_aod_create_options)

/* ---- calls ---- */

/* One call under way. The handle is valid until its callback has returned. */
typedef struct freshet_aod_call freshet_aod_call;

/* The callbacks of calls: `error` is NULL when the call succeeded; otherwise what follows it is NULL, 0 or empty. */
typedef void freshet_aod_session_fn(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *session, void *user);
typedef void freshet_aod_session_list_fn(freshet_aod_call *call, const freshet_aod_error *error,
	const freshet_aod_session *sessions, size_t count, void *user);
typedef void freshet_aod_turn_list_fn(freshet_aod_call *call, const freshet_aod_error *error,
	const freshet_aod_turn *turns, size_t count, void *user);
typedef void freshet_aod_ack_fn(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user);
typedef void freshet_aod_detail_fn(
	freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user);

/*
 * All calls share: `done` is required, `out` may be NULL. FRESHET_EINVAL for an id that is no UUID and for a
 * missing argument, and the errors of freshet_request_send; on failure *out is NULL and nothing is called back.
 * Those that change something, updates and deletes apart, are sent again only when they surely never reached the server.
 * When their answer is lost (error->outcome.unprocessed is false), look at what there is before calling again.
 */

/* Starts a session: it is pending when `done` tells its id. Failures to set it up come in its stream. */
FRESHET_API freshet_err freshet_aod_session_create(freshet_aod *client, const freshet_aod_create_options *options,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out);

/* The session as it is now. */
FRESHET_API freshet_err freshet_aod_session_get(
	freshet_aod *client, freshet_str id, freshet_aod_session_fn *done, void *user, freshet_aod_call **out);

/* All sessions of the user, in every state, newest first. */
FRESHET_API freshet_err freshet_aod_session_list(
	freshet_aod *client, freshet_aod_session_list_fn *done, void *user, freshet_aod_call **out);

/* The next turn of a completed session. `timeout_s` as in freshet_aod_create_options. */
FRESHET_API freshet_err freshet_aod_session_prompt(freshet_aod *client, freshet_str id, freshet_str prompt,
	uint32_t timeout_s, freshet_aod_ack_fn *done, void *user, freshet_aod_call **out);

/* The turns of a session, by rising number. */
FRESHET_API freshet_err freshet_aod_session_turns(
	freshet_aod *client, freshet_str id, freshet_aod_turn_list_fn *done, void *user, freshet_aod_call **out);

/*
 * Asks the server to stop the turn that is pending or running: the session completes, its sandbox stays, and it takes
 * another prompt. The answer tells the status of now, the stream tells the end. FRESHET_EUNSUPPORTED: a server without
 * interrupts; terminating is what is left.
 */
FRESHET_API freshet_err freshet_aod_session_interrupt(
	freshet_aod *client, freshet_str id, freshet_aod_ack_fn *done, void *user, freshet_aod_call **out);

/* Ends a session for good, whatever it does. */
FRESHET_API freshet_err freshet_aod_session_terminate(
	freshet_aod *client, freshet_str id, freshet_aod_ack_fn *done, void *user, freshet_aod_call **out);

/*
 * Deletes a session that is not active. It may be sent twice when the first answer is lost; the second time the server
 * answers FRESHET_ENOT_FOUND.
 */
FRESHET_API freshet_err freshet_aod_session_delete(
	freshet_aod *client, freshet_str id, freshet_aod_detail_fn *done, void *user, freshet_aod_call **out);

/* Ends the call: its callback comes with FRESHET_ECANCELED on a later turn; the server may have acted. Again: nothing. */
FRESHET_API void freshet_aod_call_cancel(freshet_aod_call *call);

/* ---- agents ---- */

/* What is known of a skill: its text, or where it lies. */
typedef struct freshet_aod_skill {
	freshet_str type; /* empty: inline; "github" */
	freshet_str name; /* with "github" optional: this skill of the repository alone */
	freshet_str description;
	freshet_str content; /* inline: the text of its SKILL.md */
	freshet_str source;  /* "github": "owner/repository" */
	/*
	 * In an answer the JSON that the server keeps. In a request, unless empty, it is sent as it is and the fields
	 * above are not looked at: what was read goes back unchanged, members that this version does not know included.
	 */
	freshet_str json;
} freshet_aod_skill;

/*
 * A server of the Model Context Protocol that an agent may use. In an answer a member of another type than expected
 * (the server does not check them all) is empty, and a value among `headers`, `args` and `env` that is no string is given
 * as its JSON text.
 */
typedef struct freshet_aod_mcp_server {
	freshet_str name;
	freshet_str type;                  /* "url", "stdio"; empty: "url" */
	freshet_str url;                   /* needed for "url" */
	const freshet_aod_secret *headers; /* optional for "url"; answers hold them, too */
	size_t header_count;
	freshet_str command;     /* needed for "stdio" */
	const freshet_str *args; /* optional for "stdio" */
	size_t arg_count;
	const freshet_aod_secret *env; /* optional for "stdio"; answers hold them, too */
	size_t env_count;
	freshet_str json; /* as in freshet_aod_skill */
} freshet_aod_mcp_server;

/* An agent, or one of its versions. Members that the server left out or sent as null are empty or 0. */
typedef struct freshet_aod_agent {
	freshet_str id; /* of a version: the agent's */
	freshet_str name;
	freshet_str description;
	freshet_str system;   /* the system prompt */
	freshet_str provider; /* one of the two, as in freshet_aod_session */
	freshet_str runtime;
	freshet_str model;
	freshet_str environment_id;
	const freshet_aod_skill *skills;
	size_t skill_count;
	const freshet_aod_mcp_server *mcp_servers;
	size_t mcp_server_count;
	freshet_str metadata; /* a JSON object */
	int64_t version;      /* from 1 */
	freshet_str created_at;
	freshet_str updated_at;  /* empty in a version */
	freshet_str archived_at; /* empty: it is not archived */
} freshet_aod_agent;

/*
 * What an agent is to be. In an update a span or pointer that is NULL leaves things as they are, and an empty one with a
 * pointer, as freshet_str_of(""), empties them, but for `name`, `provider`, `runtime`, `model` and `metadata`, which
 * nothing empties; lists replace what was there. Everything is copied at the call; the copies are overwritten after use.
 */
typedef struct freshet_aod_agent_fields {
	size_t size;      /* set by freshet_aod_agent_fields_init */
	freshet_str name; /* create: required */
	/*
	 * "anthropic", "openai" to servers that tell `provider`; "claude", "codex", ... to those that tell `runtime`.
	 * create: one of the two is required; where it is not known which server it is, both may be given.
	 */
	freshet_str provider;
	freshet_str runtime;
	freshet_str model; /* create: required */
	freshet_str system;
	freshet_str description;
	freshet_str environment_id; /* a UUID; empty: none, in an update the one there was */
	bool detach_environment;    /* update: none any more; not with environment_id */
	const freshet_aod_skill *skills;
	size_t skill_count;
	const freshet_aod_mcp_server *mcp_servers;
	size_t mcp_server_count;
	freshet_str metadata; /* a JSON object; an update merges it name by name, and "" as a value removes the name */
} freshet_aod_agent_fields;

FRESHET_OPTIONS_INIT(freshet_aod_agent_fields)

typedef void freshet_aod_agent_fn(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *agent, void *user);
typedef void freshet_aod_agent_list_fn(freshet_aod_call *call, const freshet_aod_error *error,
	const freshet_aod_agent *agents, size_t count, void *user);

/* The agents of the user that are not archived, newest first. */
FRESHET_API freshet_err freshet_aod_agent_list(
	freshet_aod *client, freshet_aod_agent_list_fn *done, void *user, freshet_aod_call **out);

/* A new agent. The answer is what is stored, its id and first version included. */
FRESHET_API freshet_err freshet_aod_agent_create(freshet_aod *client, const freshet_aod_agent_fields *fields,
	freshet_aod_agent_fn *done, void *user, freshet_aod_call **out);

/* Also an archived one. */
FRESHET_API freshet_err freshet_aod_agent_get(
	freshet_aod *client, freshet_str id, freshet_aod_agent_fn *done, void *user, freshet_aod_call **out);

/*
 * Changes the agent if it still has that version; where nothing is different it keeps it. FRESHET_AOD_CONFLICT_VERSION:
 * somebody was faster; read it again and redo. It may be sent twice when the first answer is lost
 * (outcome.attempts is above 1): such a conflict can then be its own doing, and redoing changes nothing.
 */
FRESHET_API freshet_err freshet_aod_agent_update(freshet_aod *client, freshet_str id, int64_t version,
	const freshet_aod_agent_fields *fields, freshet_aod_agent_fn *done, void *user, freshet_aod_call **out);

/* For good: agents are neither deleted nor brought back. */
FRESHET_API freshet_err freshet_aod_agent_archive(
	freshet_aod *client, freshet_str id, freshet_aod_agent_fn *done, void *user, freshet_aod_call **out);

/* All versions, the highest first; created_at is when that version came to be. */
FRESHET_API freshet_err freshet_aod_agent_versions(
	freshet_aod *client, freshet_str id, freshet_aod_agent_list_fn *done, void *user, freshet_aod_call **out);

/* ---- environments ---- */

/* What one package manager is to install. */
typedef struct freshet_aod_packages {
	freshet_str manager; /* "apt", "cargo", "gem", "go", "npm", "pip" */
	const freshet_str *names;
	size_t count;
} freshet_aod_packages;

/* Which hosts a session may reach. */
typedef struct freshet_aod_networking {
	freshet_str type;                 /* "unrestricted", "limited" */
	const freshet_str *allowed_hosts; /* with "limited"; none: no host at all */
	size_t allowed_host_count;
	freshet_str json; /* as in freshet_aod_skill */
} freshet_aod_networking;

/* An environment, or one of its versions. Its variables are never told. */
typedef struct freshet_aod_environment {
	freshet_str id; /* of a version: the environment's */
	freshet_str name;
	const freshet_aod_packages *packages;
	size_t package_count; /* managers */
	freshet_str setup_script;
	freshet_aod_networking networking;
	int64_t version; /* from 1 */
	freshet_str created_at;
	freshet_str updated_at;  /* empty in a version */
	freshet_str archived_at; /* empty: it is not archived */
} freshet_aod_environment;

/* What an environment is to be; NULL and empty as in freshet_aod_agent_fields. */
typedef struct freshet_aod_environment_fields {
	size_t size;      /* set by freshet_aod_environment_fields_init */
	freshet_str name; /* create: required; no other environment of the user that is not archived has it */
	const freshet_aod_packages *packages;
	size_t package_count;
	const freshet_aod_secret *env_vars; /* an update replaces all of them */
	size_t env_var_count;
	freshet_str setup_script;
	const freshet_aod_networking *networking; /* create: default unrestricted */
} freshet_aod_environment_fields;

FRESHET_OPTIONS_INIT(freshet_aod_environment_fields)

typedef void freshet_aod_environment_fn(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_environment *environment, void *user);
typedef void freshet_aod_environment_list_fn(freshet_aod_call *call, const freshet_aod_error *error,
	const freshet_aod_environment *environments, size_t count, void *user);

/* The environments of the user that are not archived, newest first. */
FRESHET_API freshet_err freshet_aod_environment_list(
	freshet_aod *client, freshet_aod_environment_list_fn *done, void *user, freshet_aod_call **out);

/* A new environment. The answer is what is stored, its id and first version included. */
FRESHET_API freshet_err freshet_aod_environment_create(freshet_aod *client,
	const freshet_aod_environment_fields *fields, freshet_aod_environment_fn *done, void *user,
	freshet_aod_call **out);

/* Also an archived one. */
FRESHET_API freshet_err freshet_aod_environment_get(
	freshet_aod *client, freshet_str id, freshet_aod_environment_fn *done, void *user, freshet_aod_call **out);

/* As freshet_aod_agent_update. */
FRESHET_API freshet_err freshet_aod_environment_update(freshet_aod *client, freshet_str id, int64_t version,
	const freshet_aod_environment_fields *fields, freshet_aod_environment_fn *done, void *user,
	freshet_aod_call **out);

/* For good. Its name is free again. */
FRESHET_API freshet_err freshet_aod_environment_archive(
	freshet_aod *client, freshet_str id, freshet_aod_environment_fn *done, void *user, freshet_aod_call **out);

/*
 * FRESHET_AOD_CONFLICT_HAS_SESSIONS while any session, an ended one too, refers to it: archive it then. Sent twice as
 * freshet_aod_session_delete.
 */
FRESHET_API freshet_err freshet_aod_environment_delete(
	freshet_aod *client, freshet_str id, freshet_aod_detail_fn *done, void *user, freshet_aod_call **out);

/* All versions, the highest first; created_at is when that version came to be. */
FRESHET_API freshet_err freshet_aod_environment_versions(
	freshet_aod *client, freshet_str id, freshet_aod_environment_list_fn *done, void *user, freshet_aod_call **out);

/* ---- health ---- */

typedef struct freshet_aod_check {
	freshet_str name;   /* "db", "crypto" */
	freshet_str result; /* "ok", or what failed */
	bool ok;
} freshet_aod_check;

typedef struct freshet_aod_health {
	bool ok;
	freshet_str status; /* "ok", "degraded" */
	const freshet_aod_check *checks;
	size_t check_count;
} freshet_aod_health;

typedef void freshet_aod_health_fn(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_health *health, void *user);

/* How the server is. One that says that it is degraded (503) has answered: there is no error. */
FRESHET_API freshet_err freshet_aod_health_get(
	freshet_aod *client, freshet_aod_health_fn *done, void *user, freshet_aod_call **out);

/* ---- streams ---- */

/* The events of one session, over any number of connections: each row once, none lost. */
typedef struct freshet_aod_stream freshet_aod_stream;

typedef enum freshet_aod_event_type {
	FRESHET_AOD_EVENT_UNKNOWN,    /* one that this version does not know: see type_name and raw */
	FRESHET_AOD_EVENT_START,      /* the first one; once, however often the stream reconnects */
	FRESHET_AOD_EVENT_STAGE,      /* a step of setting the session up */
	FRESHET_AOD_EVENT_TURN_START, /* the turn's output comes next; once for each turn */
	FRESHET_AOD_EVENT_OUTPUT,     /* a piece of what the agent wrote, not cut at line ends */
	FRESHET_AOD_EVENT_EXIT,       /* the end: the turn completed, or failed with a code */
	FRESHET_AOD_EVENT_ERROR,      /* the end: the session failed without a code */
	FRESHET_AOD_EVENT_TERMINATED, /* the end: the session was terminated */
	FRESHET_AOD_EVENT_STALE,      /* ten minutes without a row; the stream goes on, on another connection */
} freshet_aod_event_type;

typedef enum freshet_aod_stage_state {
	FRESHET_AOD_STAGE_UNKNOWN,
	FRESHET_AOD_STAGE_STARTED,
	FRESHET_AOD_STAGE_DONE, /* "done"; "completed" with older servers */
	FRESHET_AOD_STAGE_FAILED,
} freshet_aod_stage_state;

typedef enum freshet_aod_output_stream {
	FRESHET_AOD_OUTPUT_UNKNOWN,
	FRESHET_AOD_OUTPUT_STDOUT,
	FRESHET_AOD_OUTPUT_STDERR,
} freshet_aod_output_stream;

/* One event. What the server left out or sent as null is empty or 0. */
typedef struct freshet_aod_event {
	freshet_aod_event_type type;
	freshet_str type_name; /* as the server spells it; empty when it names none */
	freshet_str raw;       /* the JSON text as it came, with members that this version does not know */
	uint64_t id;           /* of the row; of TURN_START that of the row that follows, which it does not stand for */
	__extension__ union {  /* the member that `type` names */
		struct {
			freshet_str provider; /* one of the two, as in freshet_aod_session */
			freshet_str runtime;
			freshet_str session_id;
		} start;
		struct {
			freshet_str name; /* "create_sprite", "runtime_start", ... */
			freshet_aod_stage_state state;
			freshet_str state_name;
			bool has_duration; /* with DONE and FAILED */
			int64_t duration_ms;
			freshet_str message; /* with FAILED; may be empty */
		} stage;
		struct {
			int64_t turn; /* from 1 */
		} turn_start;
		struct {
			freshet_aod_output_stream stream;
			freshet_str stream_name;
			freshet_str data;
			int64_t turn; /* 0: the server told none */
		} output;
		struct {
			bool has_code;
			int64_t code;
		} exit;
		struct {
			freshet_str text;
		} message; /* ERROR, TERMINATED, STALE */
	};
} freshet_aod_event;

/* How a stream ended and what it saw. */
typedef struct freshet_aod_stream_end {
	/*
	 * error.outcome.err is FRESHET_OK when one of the three events that mean the end was shown. With
	 * FRESHET_EJSON_... and FRESHET_EBAD_ANSWER an event could not be read: outcome.position is the byte in its
	 * data, and outcome.text names its row.
	 */
	freshet_aod_error error;
	freshet_aod_status status; /* COMPLETED, FAILED or TERMINATED; UNKNOWN when no such event was shown */
	bool has_exit_code;
	int64_t exit_code;
	bool confirmed;      /* the end was told again after a second subscription: no late row is missing */
	uint64_t cursor;     /* opening with it goes on after the last row that was shown */
	uint64_t events;     /* shown */
	uint64_t duplicates; /* rows that came again and were not shown */
	uint32_t reconnects; /* subscriptions after the first, the one that confirms the end included */
} freshet_aod_stream_end;

typedef struct freshet_aod_stream_callbacks {
	/* Optional. The server's answer has begun; comes again after each reconnect. */
	void (*on_open)(freshet_aod_stream *stream, void *user);
	/* Required. */
	void (*on_event)(freshet_aod_stream *stream, const freshet_aod_event *event, void *user);
	/* Optional. The connection was cut or refused for the cause given; the next attempt comes in `retry_ms`. */
	void (*on_cut)(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user);
	/* Required. Exactly once for every successful open, and last: `user` is the caller's again when it returned. */
	void (*on_done)(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user);
} freshet_aod_stream_callbacks;

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_aod_stream_options {
	size_t size;            /* set by freshet_aod_stream_options_init */
	freshet_str session_id; /* required: a UUID */
	uint64_t cursor;        /* optional: goes on after this row; 0 shows all */
	uint64_t deadline_ms;   /* of the whole stream, reconnects included; default none */
	/*
	 * A server may tell the end before it has sent the last rows, in a narrow race. So the stream subscribes once
	 * more from its cursor, shows what is still there, and only then the end. true trusts the first word.
	 */
	bool unconfirmed;
	bool paused; /* starts paused: the answer is read only after freshet_aod_stream_resume */
	freshet_aod_stream_callbacks callbacks; /* on_event and on_done are required */
	void *user;                             /* given to each callback */
} freshet_aod_stream_options;

FRESHET_OPTIONS_INIT(freshet_aod_stream_options)

/*
 * Opens the stream of a session: after create, after a prompt (with the cursor of the stream before: it then shows the
 * new turn only), or of a session that has ended. The handle is valid until on_done has returned. FRESHET_EINVAL for
 * an id that is no UUID and a missing callback, and the errors of freshet_stream_open; on failure *out is NULL, nothing
 * is kept and nothing is called back. Closing a stream does not stop its session.
 */
FRESHET_API freshet_err freshet_aod_stream_open(
	freshet_aod *client, const freshet_aod_stream_options *options, freshet_aod_stream **out);

/* Ends the stream: no more events, on_done with FRESHET_ECANCELED on a later turn. Again: nothing. */
FRESHET_API void freshet_aod_stream_close(freshet_aod_stream *stream);

/* As freshet_stream_pause. A reader that pauses for ten minutes is told STALE by the server. */
FRESHET_API void freshet_aod_stream_pause(freshet_aod_stream *stream);
FRESHET_API void freshet_aod_stream_resume(freshet_aod_stream *stream);

/*
 * The id of the last row that was given to on_event, also while that callback runs; at first the one given at open.
 */
FRESHET_API uint64_t freshet_aod_stream_cursor(const freshet_aod_stream *stream);

/* What the stream does now, as freshet_stream_state. */
FRESHET_API const char *freshet_aod_stream_state(const freshet_aod_stream *stream);

/* `user` of its options. */
FRESHET_API void *freshet_aod_stream_user(const freshet_aod_stream *stream);

/* ---- runs ---- */

/* A session led to the end of its turn and read back, with one deadline over all of it. */
typedef struct freshet_aod_run freshet_aod_run;

typedef enum freshet_aod_run_step {
	FRESHET_AOD_RUN_CREATE, /* the session is being made */
	FRESHET_AOD_RUN_FOLLOW, /* its stream is followed */
	FRESHET_AOD_RUN_READ,   /* its end was shown; it is read back */
} freshet_aod_run_step;

/* How a run ended. */
typedef struct freshet_aod_run_end {
	/*
	 * error.outcome.err is FRESHET_OK when the session was followed to an end, whichever, and read back.
	 * FRESHET_EDEADLINE when the deadline passed: the session goes on; terminate it, or wait for it again from `cursor`.
	 */
	freshet_aod_error error;
	freshet_aod_run_step step; /* the last one: where it failed, if it did */
	freshet_str session_id;    /* empty: none was made, or nobody knows (error.outcome.unprocessed is false) */
	const freshet_aod_session *session; /* as it was read back; NULL with an error */
	/* As in freshet_aod_stream_end, of what was followed; also beside an error of READ. */
	freshet_aod_status status;
	bool has_exit_code;
	int64_t exit_code;
	bool confirmed;
	uint64_t cursor;
	uint64_t events;
	uint64_t duplicates;
	uint32_t reconnects;
} freshet_aod_run_end;

typedef struct freshet_aod_run_callbacks {
	/* Optional. The session is made: its id can be stored. Not of a wait. */
	void (*on_created)(freshet_aod_run *run, const freshet_aod_ack *ack, void *user);
	/* Optional. As in freshet_aod_stream_callbacks; the last id to store is freshet_aod_run_cursor. */
	void (*on_event)(freshet_aod_run *run, const freshet_aod_event *event, void *user);
	void (*on_cut)(freshet_aod_run *run, const freshet_outcome *cause, uint64_t retry_ms, void *user);
	/* Required. Exactly once for every run that began, and last: `user` is the caller's again when it returned. */
	void (*on_done)(freshet_aod_run *run, const freshet_aod_run_end *end, void *user);
} freshet_aod_run_callbacks;

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_aod_run_options {
	size_t size;                         /* set by freshet_aod_run_options_init */
	uint64_t cursor;                     /* optional, of a wait: goes on after this row; 0 shows all */
	uint64_t deadline_ms;                /* of the whole run; default none, but that of each call */
	bool unconfirmed;                    /* as in freshet_aod_stream_options */
	freshet_aod_run_callbacks callbacks; /* on_done is required */
	void *user;                          /* given to each callback */
} freshet_aod_run_options;

FRESHET_OPTIONS_INIT(freshet_aod_run_options)

/*
 * Starts a session, follows it to the end of its turn and reads it back. The handle is valid until on_done has
 * returned. Errors as freshet_aod_session_create, and FRESHET_EINVAL without on_done; on failure *out is NULL, nothing is
 * kept and nothing is called back. `out` may be NULL.
 */
FRESHET_API freshet_err freshet_aod_session_run(freshet_aod *client, const freshet_aod_create_options *session,
	const freshet_aod_run_options *options, freshet_aod_run **out);

/*
 * The same for a session that is there: after a prompt (with the cursor of the run before: only the new turn is shown),
 * in a process that takes over from another, or of a session that has ended. Errors as freshet_aod_stream_open.
 */
FRESHET_API freshet_err freshet_aod_session_wait(
	freshet_aod *client, freshet_str id, const freshet_aod_run_options *options, freshet_aod_run **out);

/*
 * Ends the run, not the session: on_done comes with FRESHET_ECANCELED, never inside this call. When the session is just
 * being made, it may be made all the same. Again: nothing.
 */
FRESHET_API void freshet_aod_run_cancel(freshet_aod_run *run);

/* The id of the session; empty before on_created. Valid until on_done has returned. */
FRESHET_API freshet_str freshet_aod_run_session_id(const freshet_aod_run *run);

/* As freshet_aod_stream_cursor. */
FRESHET_API uint64_t freshet_aod_run_cursor(const freshet_aod_run *run);

/* The stream that is followed, to pause and resume it; NULL in the other steps. It is the run's: not to be closed. */
FRESHET_API freshet_aod_stream *freshet_aod_run_stream(const freshet_aod_run *run);

#ifdef __cplusplus
}
#endif

#endif
