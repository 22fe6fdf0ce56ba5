/*
 * The Ash service: agents, their sessions and the turns of a conversation, with everything that lies around them. A turn
 * and a whole conversation stand in ash_turn.h, versions and evaluations of agents in ash_eval.h. docs/services/ash.md shows how to use both and tells which rules of the
 * service they keep for their caller.
 *
 * Every answer comes in a callback from the loop, exactly once for each call that returned FRESHET_OK and never inside
 * that call. Everything is allowed inside a callback: further calls, opening and closing turns, closing the client or
 * its reactor. All spans given to a callback are valid until it returns.
 */
#ifndef FRESHET_ASH_H
#define FRESHET_ASH_H

#include <freshet/endpoint.h>
#include <freshet/error.h>
#include <freshet/outcome.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- client ---- */

/* One server and who we are there. Used from the thread of its reactor. */
typedef struct freshet_ash freshet_ash;

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_ash_options {
	size_t size;         /* set by freshet_ash_options_init */
	const char *url;     /* default: ASH_SERVER_URL of the environment, else "http://localhost:4100" */
	const char *api_key; /* the server's key or a tenant's; default: ASH_API_KEY of the environment */
	/*
	 * Optional: protocol, TLS, connections and stream limits. `url`, `bearer_token`, `on_closed`, `user` and the
	 * fields of `stream` that the service decides (cursor_place, duplicates, end_is_final, parts) are not looked at.
	 * `stream.idle_timeout_ms` is 900,000 here by default: the service sends no heartbeat, and is silent while a tool
	 * runs. `stream.max_line` and `stream.max_event` are 64 MiB: an agent's message comes on one line.
	 */
	const freshet_endpoint_options *endpoint;
	uint64_t deadline_ms; /* of each call; default 60,000; of those that start a sandbox or run a command 600,000 */
	size_t max_answer;    /* bytes of the answer to a call; lists are not paged; default 128 MiB */
} freshet_ash_options;

FRESHET_OPTIONS_INIT(freshet_ash_options)

/*
 * A new client; `options` may be NULL. Nothing is sent before the first call. It lives until it is closed or its reactor
 * is. FRESHET_EAUTH when there is no key, and the errors of freshet_endpoint_new; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_ash_new(
	freshet_reactor *reactor, const freshet_ash_options *options, freshet_ash **out);

/*
 * Ends all that is open on the client with FRESHET_ECANCELED and then the client, on a later turn. The handle is not to
 * be used again, but inside the callbacks that this brings. NULL is fine.
 */
FRESHET_API void freshet_ash_close(freshet_ash *client);

/* The endpoint of the client, for requests that this header has no call for. It is the client's: not to be closed. */
FRESHET_API freshet_endpoint *freshet_ash_endpoint(const freshet_ash *client);

/*
 * One line about the client for logs, without secrets: where it goes, and what is open. Terminated, cut to `size` bytes;
 * returns its whole length, as snprintf does.
 */
FRESHET_API size_t freshet_ash_describe(const freshet_ash *client, char *to, size_t size);

/* ---- errors ---- */

/* What stands in the way, told by the status and by words in the server's text, which has no codes of its own. */
typedef enum freshet_ash_reason {
	FRESHET_ASH_REASON_UNKNOWN,
	FRESHET_ASH_REASON_KEY_MISSING,      /* 401: no Authorization arrived */
	FRESHET_ASH_REASON_KEY_FORMAT,       /* 401: it is no bearer token */
	FRESHET_ASH_REASON_KEY_UNKNOWN,      /* 401: the key is not known */
	FRESHET_ASH_REASON_SESSION_STARTING, /* 400: the session takes no command yet */
	FRESHET_ASH_REASON_SESSION_PAUSED,   /* 400: resume it */
	FRESHET_ASH_REASON_SESSION_STOPPED,  /* 400: resume it */
	FRESHET_ASH_REASON_SESSION_FAILED,   /* 400: its status is `error`: resume it */
	FRESHET_ASH_REASON_SESSION_ENDED,    /* 400, 410: it takes no more commands; a fork does */
	FRESHET_ASH_REASON_SESSION_STATE,    /* 400: the session's status does not allow it; the text names it */
	FRESHET_ASH_REASON_ITEM_STATE,       /* 400: the queue item can no more be cancelled */
	FRESHET_ASH_REASON_SANDBOX_GONE,     /* 500: the agent's process is dead; resume the session */
	FRESHET_ASH_REASON_RUNNER_GONE,      /* 500: the machine that the session ran on does not answer */
	FRESHET_ASH_REASON_NO_CAPACITY,      /* 503: no sandbox or runner is free */
	FRESHET_ASH_REASON_CREDENTIAL,       /* 400: the credential is unknown or another tenant's */
	FRESHET_ASH_REASON_AGENT_DIRECTORY,  /* 400: the agent's directory has no CLAUDE.md, or does not exist */
	FRESHET_ASH_REASON_AGENT_GONE,       /* 422: the agent's directory has vanished from the server */
	FRESHET_ASH_REASON_NO_ROUTE,         /* 404: the server has no such path: another version, or a wrong URL */
	FRESHET_ASH_REASON_NO_WORKSPACE,     /* 404: the session has no workspace, live or stored */
	FRESHET_ASH_REASON_BODY_TOO_LARGE,   /* 413 */
	FRESHET_ASH_REASON_MEDIA_TYPE,       /* 415 */
} freshet_ash_reason;

/*
 * Why a call or a turn failed. outcome.err is FRESHET_EAUTH (401, 403), FRESHET_ENOT_FOUND (404), FRESHET_ECONFLICT (410,
 * 422, and 400 where the state of an object is the cause), FRESHET_EVALIDATION (any other 400, 413, 415),
 * FRESHET_ERATE_LIMIT (429), FRESHET_ESERVER (5xx), FRESHET_EHTTP_REDIRECT (3xx), FRESHET_EHTTP_STATUS (any other),
 * FRESHET_EJSON_... or FRESHET_EBAD_ANSWER for an answer that cannot be read, or what the transport met. outcome.body is
 * given only where the body of an error is not JSON: at most its first 4 KiB.
 */
typedef struct freshet_ash_error {
	freshet_outcome outcome;
	freshet_str message; /* the server's own words: its `message`, else its `error`; empty when it sent none */
	freshet_str code;    /* of its framework, as "FST_ERR_VALIDATION"; mostly empty */
	freshet_ash_reason reason;
} freshet_ash_error;

/* ---- objects ---- */

/*
 * Members that the server left out or sent as null are empty, 0 or not given. `raw` is the JSON text of the object, with
 * members that this version does not know. Times are as the server writes them: ISO 8601.
 */

/* A number that may be absent. */
typedef struct freshet_ash_number {
	bool given;
	double value;
} freshet_ash_number;

typedef struct freshet_ash_agent {
	freshet_str raw;
	freshet_str id;
	freshet_str name;
	freshet_str tenant_id;
	int64_t version;
	freshet_str path; /* a directory on the server */
	freshet_str env;  /* a JSON object; every value is masked */
	freshet_str created_at;
	freshet_str updated_at;
} freshet_ash_agent;

typedef enum freshet_ash_status {
	FRESHET_ASH_STATUS_UNKNOWN, /* one that this version does not know: its name is beside it */
	FRESHET_ASH_STATUS_STARTING,
	FRESHET_ASH_STATUS_ACTIVE,
	FRESHET_ASH_STATUS_PAUSED,
	FRESHET_ASH_STATUS_STOPPED,
	FRESHET_ASH_STATUS_ENDED,
	FRESHET_ASH_STATUS_ERROR,
} freshet_ash_status;

typedef struct freshet_ash_session {
	freshet_str raw;
	freshet_str id;
	freshet_str agent_name;
	freshet_str sandbox_id; /* equal to `id` only when the sandbox was started for this session */
	freshet_str status_name;
	freshet_ash_status status;
	freshet_str tenant_id;
	freshet_str runner_id;
	freshet_str parent_session_id; /* of a fork */
	freshet_str created_at;
	freshet_str last_active_at;
} freshet_ash_session;

/* A stored message. */
typedef struct freshet_ash_message {
	freshet_str raw;
	freshet_str id;
	freshet_str session_id;
	freshet_str role;    /* "user", "assistant" */
	freshet_str content; /* JSON text: what was sent, or the agent's own message */
	int64_t sequence;    /* from 1 within the session */
	freshet_str tenant_id;
	freshet_str created_at;
} freshet_ash_message;

typedef enum freshet_ash_record_type {
	FRESHET_ASH_RECORD_UNKNOWN,
	FRESHET_ASH_RECORD_LIFECYCLE,
	FRESHET_ASH_RECORD_MCP_STATUS,
	FRESHET_ASH_RECORD_TEXT,
	FRESHET_ASH_RECORD_REASONING,
	FRESHET_ASH_RECORD_TOOL_START,
	FRESHET_ASH_RECORD_TOOL_RESULT,
	FRESHET_ASH_RECORD_TURN_COMPLETE,
	FRESHET_ASH_RECORD_ERROR,
} freshet_ash_record_type;

/* A stored event of a session. */
typedef struct freshet_ash_record {
	freshet_str raw;
	freshet_str id;
	freshet_str session_id;
	freshet_str type_name;
	freshet_ash_record_type type;
	freshet_str data; /* JSON text; empty when there is none */
	int64_t sequence; /* from 1 within the session, by a counter of its own */
	freshet_str tenant_id;
	freshet_str created_at;
} freshet_ash_record;

typedef struct freshet_ash_attachment {
	freshet_str raw;
	freshet_str id;
	freshet_str session_id;
	freshet_str message_id; /* a UUID, or "unlinked" */
	freshet_str filename;
	freshet_str mime_type;
	int64_t size;
	freshet_str tenant_id;
	freshet_str created_at;
} freshet_ash_attachment;

typedef enum freshet_ash_queue_status {
	FRESHET_ASH_QUEUE_UNKNOWN,
	FRESHET_ASH_QUEUE_PENDING,
	FRESHET_ASH_QUEUE_PROCESSING,
	FRESHET_ASH_QUEUE_COMPLETED,
	FRESHET_ASH_QUEUE_FAILED,
	FRESHET_ASH_QUEUE_CANCELLED,
} freshet_ash_queue_status;

typedef struct freshet_ash_queue_item {
	freshet_str raw;
	freshet_str id;
	freshet_str agent_name;
	freshet_str session_id; /* empty: a new session was or will be made, which the item never names */
	freshet_str prompt;
	freshet_str status_name;
	freshet_ash_queue_status status;
	int64_t priority;
	int64_t retry_count;
	int64_t max_retries;
	freshet_str error;
	freshet_str tenant_id;
	freshet_str created_at;
	freshet_str started_at;
	freshet_str completed_at;
} freshet_ash_queue_item;

typedef struct freshet_ash_queue_stats {
	freshet_str raw;
	int64_t pending;
	int64_t processing;
	int64_t completed;
	int64_t failed;
	int64_t cancelled;
} freshet_ash_queue_stats;

typedef struct freshet_ash_credential {
	freshet_str raw;
	freshet_str id;
	freshet_str type; /* "anthropic", "openai", "bedrock", "custom" */
	freshet_str label;
	bool active;
	freshet_str created_at;
	freshet_str last_used_at;
} freshet_ash_credential;

typedef struct freshet_ash_api_key {
	freshet_str raw;
	freshet_str id; /* "env": the key that the server was started with */
	freshet_str label;
	freshet_str prefix; /* of the key */
	freshet_str key;    /* only in the answer that creates it, never again; a secret */
	freshet_str created_at;
} freshet_ash_api_key;

typedef struct freshet_ash_usage_event {
	freshet_str raw;
	freshet_str id;
	freshet_str session_id;
	freshet_str agent_name;
	freshet_str event_type; /* "input_tokens", "output_tokens", "cache_read_tokens", "message", ... */
	double value;
	freshet_str tenant_id;
	freshet_str created_at;
} freshet_ash_usage_event;

typedef struct freshet_ash_usage_stats {
	freshet_str raw;
	double input_tokens;
	double output_tokens;
	double cache_creation_tokens;
	double cache_read_tokens;
	double tool_calls;
	double messages;
	double compute_seconds;
} freshet_ash_usage_stats;

typedef struct freshet_ash_analytics {
	freshet_str raw;
	int64_t agents;
	int64_t sessions;
	freshet_str sessions_by_status; /* a JSON object: status to number */
	freshet_ash_usage_stats usage;
	int64_t eval_runs;
	freshet_str eval_runs_by_status;
} freshet_ash_analytics;

typedef struct freshet_ash_file {
	freshet_str raw;
	freshet_str path; /* relative, with / */
	int64_t size;
	freshet_str modified_at;
} freshet_ash_file;

typedef struct freshet_ash_file_list {
	freshet_str raw;
	const freshet_ash_file *files;
	size_t file_count;
	freshet_str source; /* of a session: "sandbox", "snapshot" */
} freshet_ash_file_list;

/* What became of one file of a batch. The call succeeds even when every file failed. */
typedef struct freshet_ash_file_result {
	freshet_str raw;
	freshet_str path;
	bool written;
	int64_t size;
	freshet_str error;
} freshet_ash_file_result;

/* Bytes that the server sent: a file, an attachment, a workspace, the metrics. */
typedef struct freshet_ash_bytes {
	freshet_str bytes;
	freshet_str content_type;
	freshet_str disposition; /* Content-Disposition; empty when there was none */
	freshet_str source;      /* X-Ash-Source: "sandbox", "snapshot"; empty when there was none */
} freshet_ash_bytes;

typedef struct freshet_ash_log_entry {
	freshet_str raw;
	int64_t index;
	freshet_str level; /* "stdout", "stderr", "system" */
	freshet_str text;
	freshet_str ts;
} freshet_ash_log_entry;

typedef struct freshet_ash_log {
	freshet_str raw;
	const freshet_ash_log_entry *entries;
	size_t entry_count;
	freshet_str source;
} freshet_ash_log;

typedef struct freshet_ash_exec_result {
	freshet_str raw;
	int64_t exit_code;  /* 1 also when the command ran out of time */
	freshet_str output; /* its standard output */
	freshet_str errors; /* its standard error */
} freshet_ash_exec_result;

typedef struct freshet_ash_health {
	freshet_str raw;
	freshet_str status; /* "ok" */
	freshet_str version;
	freshet_str coordinator_id;
	int64_t active_sessions;
	int64_t active_sandboxes;
	int64_t remote_runners;
	int64_t uptime_s;
	int64_t pool_total;
	int64_t pool_cold;
	int64_t pool_warming;
	int64_t pool_warm;
	int64_t pool_waiting;
	int64_t pool_running;
	int64_t pool_max_capacity;
	int64_t pool_resume_warm_hits;
	int64_t pool_resume_cold_hits;
	int64_t pool_pre_warm_hits;
} freshet_ash_health;

/* ---- calls ---- */

/* One call under way. The handle is valid until its callback has returned. */
typedef struct freshet_ash_call freshet_ash_call;

/*
 * The callbacks of calls: `error` is NULL when the call succeeded; otherwise what follows it is NULL or 0. Those with a
 * count get one object from a call that concerns one.
 */
#define FRESHET_ASH_SOME(name)                                                                                         \
	typedef void freshet_ash_##name##_fn(freshet_ash_call *call, const freshet_ash_error *error,                   \
		const freshet_ash_##name *objects, size_t count, void *user)
#define FRESHET_ASH_ONE(name)                                                                                          \
	typedef void freshet_ash_##name##_fn(                                                                          \
		freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_##name *object, void *user)

FRESHET_ASH_SOME(agent);
FRESHET_ASH_SOME(session);
FRESHET_ASH_SOME(message);
FRESHET_ASH_SOME(record);
FRESHET_ASH_SOME(attachment);
FRESHET_ASH_SOME(queue_item);
FRESHET_ASH_SOME(credential);
FRESHET_ASH_SOME(api_key);
FRESHET_ASH_SOME(usage_event);
FRESHET_ASH_SOME(file_result);
FRESHET_ASH_ONE(queue_stats);
FRESHET_ASH_ONE(usage_stats);
FRESHET_ASH_ONE(analytics);
FRESHET_ASH_ONE(file_list);
FRESHET_ASH_ONE(bytes);
FRESHET_ASH_ONE(log);
FRESHET_ASH_ONE(exec_result);
FRESHET_ASH_ONE(health);

#undef FRESHET_ASH_SOME
#undef FRESHET_ASH_ONE

/* A JSON object that has no fixed members: the configuration of an agent. */
typedef void freshet_ash_json_fn(freshet_ash_call *call, const freshet_ash_error *error, freshet_str json, void *user);

/* Of calls whose answer says only that it was done, and some of them how often: `count` is 0 for the others. */
typedef void freshet_ash_done_fn(freshet_ash_call *call, const freshet_ash_error *error, int64_t count, void *user);

/*
 * The calls below share: `done` is required, `out` may be NULL. FRESHET_EINVAL for an id that is no UUID, for a name that
 * cannot be one and for a missing argument, the errors of freshet_json_writer_text for JSON that is none, and those of
 * freshet_request_send; on failure *out is NULL and nothing is called back. Everything given is copied at the call.
 *
 * In what is sent a span whose `ptr` is NULL is left out; freshet_str_of("") sends an empty string. A pointer to an
 * array that is NULL is left out; one with a count of 0 sends an empty array.
 *
 * Those that change something by POST or PATCH are sent again only when they surely never reached the server. When their
 * answer is lost (error->outcome.unprocessed is false), look before calling again.
 */

/* A name and its value, which may be a secret: copies are overwritten after use. */
typedef struct freshet_ash_pair {
	freshet_str name;
	freshet_str value;
} freshet_ash_pair;

/* A file to be sent: relative path and bytes. */
typedef struct freshet_ash_upload {
	freshet_str path;
	freshet_str bytes;
	freshet_str mime_type; /* optional; of session files only */
} freshet_ash_upload;

/* Agents. */

/* Where the agent's directory comes from: the first of `path`, `folder` and `files` that is given, or else nowhere. */
typedef struct freshet_ash_deploy_options {
	size_t size;      /* set by freshet_ash_deploy_options_init */
	freshet_str name; /* required: 1 to 255 of letters, digits, _ and - */
	freshet_str path; /* a directory on the server with a CLAUDE.md */
	/*
	 * A directory of this machine, uploaded with all that lies in it but .git, node_modules, caches, *.env and what is
	 * no ordinary file (links are not followed). Read at the call, which waits for the disk.
	 */
	const char *folder;
	const freshet_ash_upload *files;
	size_t file_count;
	freshet_str system_prompt; /* becomes CLAUDE.md unless the files bring one */
	const freshet_ash_pair *env;
	size_t env_count;
	size_t max_upload; /* bytes of the request with all files; default 1 MiB, which is the server's own limit */
} freshet_ash_deploy_options;

FRESHET_OPTIONS_INIT(freshet_ash_deploy_options)

/*
 * Deploys an agent, or a new version of it. FRESHET_ESYSTEM (errno tells) when the folder cannot be read,
 * FRESHET_EJSON_SIZE when it is larger than max_upload.
 */
FRESHET_API freshet_err freshet_ash_agent_deploy(freshet_ash *client, const freshet_ash_deploy_options *options,
	freshet_ash_agent_fn *done, void *user, freshet_ash_call **out);

/* All agents; one by its name. */
FRESHET_API freshet_err freshet_ash_agent_list(
	freshet_ash *client, freshet_ash_agent_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_agent_get(
	freshet_ash *client, freshet_str name, freshet_ash_agent_fn *done, void *user, freshet_ash_call **out);

/* `env` replaces the agent's; `config`, a JSON object, is merged into its configuration. */
FRESHET_API freshet_err freshet_ash_agent_update(freshet_ash *client, freshet_str name, const freshet_ash_pair *env,
	size_t env_count, freshet_str config, freshet_ash_agent_fn *done, void *user, freshet_ash_call **out);

/* Its sessions are gone with it. */
FRESHET_API freshet_err freshet_ash_agent_delete(
	freshet_ash *client, freshet_str name, freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* The configuration, a JSON object. */
FRESHET_API freshet_err freshet_ash_agent_config_get(
	freshet_ash *client, freshet_str name, freshet_ash_json_fn *done, void *user, freshet_ash_call **out);

/* `config`, a JSON object, is merged into the configuration, which is the answer. */
FRESHET_API freshet_err freshet_ash_agent_config_update(freshet_ash *client, freshet_str name, freshet_str config,
	freshet_ash_json_fn *done, void *user, freshet_ash_call **out);

/* The files of an agent, without their bytes. */
FRESHET_API freshet_err freshet_ash_agent_file_list(
	freshet_ash *client, freshet_str name, freshet_ash_file_list_fn *done, void *user, freshet_ash_call **out);

/* The bytes of a file; `path` is relative. */
FRESHET_API freshet_err freshet_ash_agent_file_get(freshet_ash *client, freshet_str name, freshet_str path,
	freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out);

/* `count` tells how many were written. */
FRESHET_API freshet_err freshet_ash_agent_file_put(freshet_ash *client, freshet_str name,
	const freshet_ash_upload *files, size_t file_count, freshet_ash_done_fn *done, void *user,
	freshet_ash_call **out);

/* `path` is relative. */
FRESHET_API freshet_err freshet_ash_agent_file_delete(freshet_ash *client, freshet_str name, freshet_str path,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* Sessions. */

typedef struct freshet_ash_session_options {
	size_t size;                 /* set by freshet_ash_session_options_init */
	freshet_str agent;           /* required */
	freshet_str credential_id;   /* optional, as all that follow */
	const freshet_ash_pair *env; /* extraEnv */
	size_t env_count;
	freshet_str model;
	freshet_str mcp_servers; /* a JSON object: name to {url} or {command, args, env} */
	freshet_str system_prompt;
	freshet_str permission_mode; /* "bypassPermissions", "permissionsByAgent", "default" */
	const freshet_str *allowed_tools;
	size_t allowed_tool_count;
	const freshet_str *disallowed_tools;
	size_t disallowed_tool_count;
	const freshet_str *betas;
	size_t beta_count;
	freshet_str subagents; /* a JSON object */
	freshet_str initial_agent;
} freshet_ash_session_options;

FRESHET_OPTIONS_INIT(freshet_ash_session_options)

/* Answered when the sandbox is up, which can take minutes. A sandbox started in advance ignores some options. */
FRESHET_API freshet_err freshet_ash_session_create(freshet_ash *client, const freshet_ash_session_options *options,
	freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* All sessions, newest first; with `agent` (its ptr not NULL) only those of it. */
FRESHET_API freshet_err freshet_ash_session_list(
	freshet_ash *client, freshet_str agent, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* The session as it is now. */
FRESHET_API freshet_err freshet_ash_session_get(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* Changes model, allowed_tools, disallowed_tools, betas, subagents and initial_agent, as far as they are given. */
FRESHET_API freshet_err freshet_ash_session_configure(freshet_ash *client, freshet_str id,
	const freshet_ash_session_options *options, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* A turn in progress goes on to its end; new ones are refused until resume. */
FRESHET_API freshet_err freshet_ash_session_pause(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_session_resume(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* Kills the agent. A turn of this client on the session ends with FRESHET_ASH_TURN_INTERRUPTED: the server says no more. */
FRESHET_API freshet_err freshet_ash_session_stop(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* A new session, paused, with the messages and the saved workspace of this one. */
FRESHET_API freshet_err freshet_ash_session_fork(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* For good. It ends a turn as stop does. */
FRESHET_API freshet_err freshet_ash_session_end(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out);

/* The stored messages behind the sequence number `after`, rising; `limit` 1 to 1000, or 0: 100. */
FRESHET_API freshet_err freshet_ash_session_messages(freshet_ash *client, freshet_str id, int64_t after, uint32_t limit,
	freshet_ash_message_fn *done, void *user, freshet_ash_call **out);

/* The stored events, likewise; `limit` 0: 200. With `type` (its ptr not NULL) only those of that type. */
FRESHET_API freshet_err freshet_ash_session_records(freshet_ash *client, freshet_str id, int64_t after, uint32_t limit,
	freshet_str type, freshet_ash_record_fn *done, void *user, freshet_ash_call **out);

/* What the sandbox wrote behind the entry `after`; -1: all that is still there. */
FRESHET_API freshet_err freshet_ash_session_logs(freshet_ash *client, freshet_str id, int64_t after,
	freshet_ash_log_fn *done, void *user, freshet_ash_call **out);

/*
 * Runs a shell command in the workspace; `timeout_ms` 1 to 300,000, or 0: 30,000. FRESHET_ESTATE while a turn or another
 * command of this client is open on the session: the server would mix them up.
 */
FRESHET_API freshet_err freshet_ash_session_exec(freshet_ash *client, freshet_str id, freshet_str command,
	uint32_t timeout_ms, freshet_ash_exec_result_fn *done, void *user, freshet_ash_call **out);

/* Files of the workspace, without and with their bytes; `path` is relative. */
FRESHET_API freshet_err freshet_ash_session_file_list(freshet_ash *client, freshet_str id, bool without_hidden,
	freshet_ash_file_list_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_session_file_get(freshet_ash *client, freshet_str id, freshet_str path,
	freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out);

/* Writes 1 to 500 files below `target` (its ptr NULL: the workspace itself). Look at `written` of each. */
FRESHET_API freshet_err freshet_ash_session_file_put(freshet_ash *client, freshet_str id, freshet_str target,
	const freshet_ash_upload *files, size_t file_count, freshet_ash_file_result_fn *done, void *user,
	freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_session_file_delete(freshet_ash *client, freshet_str id, freshet_str path,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* The whole workspace as a gzipped tar file, and back. */
FRESHET_API freshet_err freshet_ash_workspace_get(
	freshet_ash *client, freshet_str id, freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_workspace_put(freshet_ash *client, freshet_str id, freshet_str bundle,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* Attachments. `mime_type` and `message_id` are optional. */
FRESHET_API freshet_err freshet_ash_attachment_create(freshet_ash *client, freshet_str session_id, freshet_str filename,
	freshet_str bytes, freshet_str mime_type, freshet_str message_id, freshet_ash_attachment_fn *done, void *user,
	freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_attachment_list(freshet_ash *client, freshet_str session_id,
	freshet_ash_attachment_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_attachment_get(
	freshet_ash *client, freshet_str id, freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_attachment_delete(
	freshet_ash *client, freshet_str id, freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* The queue: prompts that the server works off by itself. The agent's output is stored nowhere. */
typedef struct freshet_ash_queue_options {
	size_t size;            /* set by freshet_ash_queue_options_init */
	freshet_str agent_name; /* required */
	freshet_str prompt;     /* required */
	freshet_str session_id; /* optional: a UUID; a turn open on that session would be disturbed */
	uint32_t priority;
	bool has_max_retries;
	uint32_t max_retries; /* with has_max_retries; else the server's default, 3 */
} freshet_ash_queue_options;

FRESHET_OPTIONS_INIT(freshet_ash_queue_options)

/* Puts a prompt into the queue. */
FRESHET_API freshet_err freshet_ash_queue_add(freshet_ash *client, const freshet_ash_queue_options *options,
	freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out);

/* Newest first; `status` is optional; `limit` 1 to 500, or 0: 50. */
FRESHET_API freshet_err freshet_ash_queue_list(freshet_ash *client, freshet_str status, uint32_t limit,
	freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out);

/* How many there are of each status; one of them; and one that has not begun is taken out. */
FRESHET_API freshet_err freshet_ash_queue_stats_get(
	freshet_ash *client, freshet_ash_queue_stats_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_queue_get(
	freshet_ash *client, freshet_str id, freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_queue_cancel(
	freshet_ash *client, freshet_str id, freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out);

/* Credentials: `key` is a secret that never comes back; `label` is optional. */
FRESHET_API freshet_err freshet_ash_credential_create(freshet_ash *client, freshet_str type, freshet_str key,
	freshet_str label, freshet_ash_credential_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_credential_list(
	freshet_ash *client, freshet_ash_credential_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_credential_delete(
	freshet_ash *client, freshet_str id, freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* API keys; `label` is optional. */
FRESHET_API freshet_err freshet_ash_api_key_create(
	freshet_ash *client, freshet_str label, freshet_ash_api_key_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_api_key_list(
	freshet_ash *client, freshet_ash_api_key_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_api_key_delete(
	freshet_ash *client, freshet_str id, freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* What is asked of usage and analytics: all fields are optional. */
typedef struct freshet_ash_usage_options {
	size_t size;            /* set by freshet_ash_usage_options_init */
	freshet_str session_id; /* a UUID; not of analytics */
	freshet_str agent_name; /* not of analytics */
	freshet_str after;      /* ISO 8601, inclusive */
	freshet_str before;
	uint32_t limit; /* 1 to 1000, or 0: 100; of the list only */
} freshet_ash_usage_options;

FRESHET_OPTIONS_INIT(freshet_ash_usage_options)

/* What was used: call by call, and summed up. */
FRESHET_API freshet_err freshet_ash_usage_list(freshet_ash *client, const freshet_ash_usage_options *options,
	freshet_ash_usage_event_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_usage_stats_get(freshet_ash *client, const freshet_ash_usage_options *options,
	freshet_ash_usage_stats_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_analytics_get(freshet_ash *client, const freshet_ash_usage_options *options,
	freshet_ash_analytics_fn *done, void *user, freshet_ash_call **out);

/* The server itself. */
FRESHET_API freshet_err freshet_ash_health_get(
	freshet_ash *client, freshet_ash_health_fn *done, void *user, freshet_ash_call **out);

/* Prometheus text. */
FRESHET_API freshet_err freshet_ash_metrics_get(
	freshet_ash *client, freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out);

/* Ends the call: its callback comes with FRESHET_ECANCELED on a later turn; the server may have acted. Again: nothing. */
FRESHET_API void freshet_ash_call_cancel(freshet_ash_call *call);

#ifdef __cplusplus
}
#endif

#include <freshet/ash_eval.h>
#include <freshet/ash_turn.h>

#endif
