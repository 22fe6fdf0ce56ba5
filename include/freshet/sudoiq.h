/*
 * The Sudoiq service: agents are run, what they do is followed, and the tools that they ask for are run here. Runs and
 * local tools stand in sudoiq_run.h, the status of a run in sudoiq_status.h. docs/services/sudoiq.md shows how to use
 * them, and tells what of the wire is published and what is chosen; all of the latter can be replaced by options.
 *
 * Every answer comes in a callback from the loop, exactly once for each call that returned FRESHET_OK and never inside
 * that call. Everything is allowed inside a callback: further calls, starting and closing runs, finishing invocations,
 * closing the client or its reactor. All spans given to a callback are valid until it returns.
 */
#ifndef FRESHET_SUDOIQ_H
#define FRESHET_SUDOIQ_H

#include <freshet/endpoint.h>
#include <freshet/error.h>
#include <freshet/outcome.h>
#include <freshet/service.h>
#include <freshet/sudoiq_status.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- client ---- */

/* One server and who we are there. Used from the thread of its reactor. */
typedef struct freshet_sudoiq freshet_sudoiq;

/* How the server learns who we are. */
typedef enum freshet_sudoiq_auth {
	FRESHET_SUDOIQ_AUTH_BEARER_KEY,     /* "Authorization: Bearer " and the key */
	FRESHET_SUDOIQ_AUTH_HEADER_KEY,     /* the key in a header of its own */
	FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE, /* the key buys a token, and another one before that expires or after a 401 */
	FRESHET_SUDOIQ_AUTH_COOKIE,         /* the session cookie of a browser */
} freshet_sudoiq_auth;

/* How a run is started and followed. */
typedef enum freshet_sudoiq_stream_mode {
	FRESHET_SUDOIQ_STREAM_SEPARATE_GET, /* a start, answered by the task id, and a stream of its own */
	FRESHET_SUDOIQ_STREAM_POST,         /* the start is answered by the stream; after a cut: as above */
} freshet_sudoiq_stream_mode;

/* What becomes of a call of a tool that nobody here handles. */
typedef enum freshet_sudoiq_unknown_tool {
	FRESHET_SUDOIQ_UNKNOWN_REPLY_ERROR,   /* it is answered with an error */
	FRESHET_SUDOIQ_UNKNOWN_LEAVE_PENDING, /* somebody else answers it */
	FRESHET_SUDOIQ_UNKNOWN_FAIL, /* whoever follows the run is told FRESHET_EUNSUPPORTED; it stays paused */
} freshet_sudoiq_unknown_tool;

/* When the answers of a round are sent. */
typedef enum freshet_sudoiq_batch {
	FRESHET_SUDOIQ_BATCH_ROUND, /* all in one request, when the last one is there */
	FRESHET_SUDOIQ_BATCH_EACH,  /* each when it is there; those that come while one is sent go together */
} freshet_sudoiq_batch;

/* How one invocation of a local tool ended. */
typedef enum freshet_sudoiq_tool_outcome {
	FRESHET_SUDOIQ_TOOL_OK,
	FRESHET_SUDOIQ_TOOL_ERROR,      /* the handler said so */
	FRESHET_SUDOIQ_TOOL_TIMEOUT,    /* the handler was too slow */
	FRESHET_SUDOIQ_TOOL_CANCELED,   /* nobody waits for the answer any more */
	FRESHET_SUDOIQ_TOOL_NO_HANDLER, /* and the call was answered with an error */
} freshet_sudoiq_tool_outcome;

/* "ok", "error", "timeout", "cancelled", "no_handler": static, "unknown" for numbers that are no outcome. */
FRESHET_API const char *freshet_sudoiq_tool_outcome_name(freshet_sudoiq_tool_outcome outcome);

/* What is known of one invocation when it is over: for traces and metrics. No arguments and no results are in it. */
typedef struct freshet_sudoiq_tool_record {
	freshet_str agent_id;
	int64_t task_id;
	freshet_str call_id;
	freshet_str name;
	freshet_str space;
	freshet_str started_at; /* ISO 8601 */
	uint64_t duration_ms;
	freshet_sudoiq_tool_outcome outcome;
	freshet_str error_message; /* empty when it went well */
	size_t args_bytes;
	size_t result_bytes;
	freshet_str trace_id; /* 32 hex digits, random for each run */
} freshet_sudoiq_tool_record;

typedef void freshet_sudoiq_record_fn(freshet_sudoiq *client, const freshet_sudoiq_tool_record *record, void *user);

/*
 * Why a call or a run failed. outcome.err is FRESHET_EAUTH (401, 403), FRESHET_ENOT_FOUND (404), FRESHET_ECONFLICT (409),
 * FRESHET_EVALIDATION (400, 413, 415, 422), FRESHET_ERATE_LIMIT (429), FRESHET_ESERVER (5xx), FRESHET_EHTTP_REDIRECT (3xx),
 * FRESHET_EHTTP_STATUS (any other), FRESHET_EJSON_... or FRESHET_EBAD_ANSWER for an answer that cannot be read, or what the
 * transport met.
 */
typedef struct freshet_sudoiq_error {
	freshet_outcome outcome;
	freshet_str code; /* the server's word for it ("tool_responses_already_submitted"); empty when it sent none */
	freshet_str message; /* the server's text; empty when it sent none */
} freshet_sudoiq_error;

/* Answers to the tools of a run that nobody follows here (freshet_sudoiq_feed) could not be delivered. */
typedef void freshet_sudoiq_lost_fn(
	freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, const freshet_sudoiq_error *error, void *user);

/* 0 and NULL take the default. Everything is copied at the call; copies of secrets are overwritten after use. */
typedef struct freshet_sudoiq_options {
	size_t size;     /* set by freshet_sudoiq_options_init */
	const char *url; /* default "https://sudoiq.com" */

	/* Who we are. */
	freshet_sudoiq_auth auth; /* default FRESHET_SUDOIQ_AUTH_BEARER_KEY */
	const char *api_key; /* required, but with a cookie; "sk_..." as a rule: others bring a warning to the log */
	const char *auth_header_name; /* with HEADER_KEY; default "X-API-Key" */
	const char *cookie;           /* required with COOKIE: the value */
	const char *cookie_name;      /* default "custom_session" */
	uint64_t
		token_renew_ms; /* a token is replaced so long before its end, or after half of its life; default 60,000 */

	/* What of the wire can be replaced. docs/services/sudoiq.md has the keys of the routes with their placeholders. */
	const char *path_prefix; /* default "/api/v1"; "" is none */
	const freshet_route *routes;
	size_t route_count;
	const freshet_sudoiq_names *names;
	freshet_request_hook *request_hook;
	freshet_response_hook *response_hook;
	void *hook_user;
	const char *idempotency_header; /* of starts; default "Idempotency-Key"; "": not sent */
	freshet_sudoiq_stream_mode stream_mode;

	/*
	 * Optional: protocol, TLS, connections and stream limits. `url`, `bearer_token`, `on_closed`, `user` and the fields of
	 * `stream` that the service decides (cursor_place, duplicates, end_is_final, max_attempts, parts) are not looked at.
	 * Defaults of its own: protocol as agreed by TLS, stream.backoff_min_ms 500, stream.backoff_max_ms 15,000,
	 * stream.idle_timeout_ms 60,000, stream.max_event and stream.max_line 4 MiB.
	 */
	const freshet_endpoint_options *endpoint;

	/* Times and repetitions. */
	uint64_t timeout_ms;          /* of one attempt of anything but a stream; default 30,000 */
	uint64_t response_timeout_ms; /* of a run that is followed, from its start; default 600,000; UINT64_MAX: none */
	uint32_t max_stream_retries;  /* failures in a row, reset by any event; default 8; UINT32_MAX: no bound */
	uint32_t max_retries;         /* of a request, after its first attempt; default 3; UINT32_MAX: none at all */
	uint64_t retry_min_ms;        /* default 250, doubled each time */
	uint64_t retry_max_ms;        /* default 8,000 */
	uint64_t retry_asked_ms;      /* the longest Retry-After that is obeyed; default 60,000 */
	bool retry_start; /* a start is sent again though an earlier one may have arrived: the server knows the key again */
	bool cancel_on_timeout; /* a run whose response_timeout passes is cancelled, too */

	/* Starts. */
	const char *default_environment; /* of a start that names none; without one such a start fails */

	/* Local tools: see sudoiq_run.h. */
	freshet_sudoiq_unknown_tool unknown_tool;
	freshet_sudoiq_batch batch;
	uint64_t tool_timeout_ms;    /* of one invocation; default 60,000; UINT64_MAX: none */
	uint32_t max_parallel_tools; /* invocations of one run at once; default 8 */
	bool omit_is_error;          /* `is_error` is not sent */
	bool send_tool_telemetry;    /* the record of an invocation is sent with its answer */
	freshet_sudoiq_record_fn *on_tool_record;
	freshet_sudoiq_lost_fn *on_answers_lost;
	void *user; /* of both */

	/* Bounds. */
	uint32_t max_runs;       /* open at once; default 1,000,000 */
	uint32_t max_known_runs; /* whose tool calls are remembered, open or not; default 4096 beside the open ones */
	uint32_t max_run_calls;  /* tool calls remembered of one run; default 4096 */
	size_t max_args;         /* bytes of the arguments of one call; default 1 MiB */
	size_t max_result;       /* bytes of one result; default 1 MiB */
	size_t max_answer;       /* bytes of the answer to a request; default 16 MiB */
	uint32_t max_page;       /* registered tools that one page may be asked for; default 200 */
} freshet_sudoiq_options;

FRESHET_OPTIONS_INIT(freshet_sudoiq_options)

/*
 * Takes from the environment what the options do not have: SUDOIQ_BASE_URL, SUDOIQ_API_KEY, SUDOIQ_ENVIRONMENT. Nothing
 * else of this service looks there. The strings stay the environment's.
 */
FRESHET_API void freshet_sudoiq_options_from_env(freshet_sudoiq_options *options);

/*
 * A new client. Nothing is sent before the first call. It lives until it is closed or its reactor is. FRESHET_EAUTH when
 * there is no key (or no cookie), FRESHET_EINVAL (also for a route or a name that cannot be), and the errors of
 * freshet_endpoint_new; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_sudoiq_new(
	freshet_reactor *reactor, const freshet_sudoiq_options *options, freshet_sudoiq **out);

/*
 * Ends all that is open on the client with FRESHET_ECANCELED and then the client, on later turns. The handle is not to be
 * used again, but inside the callbacks that this brings. NULL is fine.
 */
FRESHET_API void freshet_sudoiq_close(freshet_sudoiq *client);

/* The endpoint of the client, for requests that this header has no call for. It is the client's: not to be closed. */
FRESHET_API freshet_endpoint *freshet_sudoiq_endpoint(const freshet_sudoiq *client);

/*
 * One line about the client for logs, without secrets: terminated, cut to `size` bytes. Returns its whole length, as
 * snprintf does.
 */
FRESHET_API size_t freshet_sudoiq_describe(const freshet_sudoiq *client, char *to, size_t size);

/* ---- calls ---- */

/* A call that is not answered yet. Every function that makes one may be given NULL for its handle. */
typedef struct freshet_sudoiq_call freshet_sudoiq_call;

/* Ends the call: its callback comes with FRESHET_ECANCELED on a later turn; the server may have acted. Again: nothing. */
FRESHET_API void freshet_sudoiq_call_cancel(freshet_sudoiq_call *call);

#ifdef __cplusplus
}
#endif

#include <freshet/sudoiq_resource.h>
#include <freshet/sudoiq_run.h>

#endif
