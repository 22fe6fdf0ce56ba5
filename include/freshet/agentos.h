/*
 * The AgentOS service. This half reports runs: what an agent of ours does is told to the platform as runs with events,
 * tasks and spans, through a bounded queue that never makes the agent wait. docs/services/agentos.md shows how to use it,
 * tells which of the wire is published, and how to override what is not.
 *
 * Nothing here waits for the network. Everything is called from the thread of the reactor. Callbacks come from the loop,
 * never inside a call, and everything is allowed inside them: further calls, ending runs, closing the client or its
 * reactor. All spans given to a callback are valid until it returns; all that is given to a call is copied.
 */
#ifndef FRESHET_AGENTOS_H
#define FRESHET_AGENTOS_H

#include <freshet/endpoint.h>
#include <freshet/error.h>
#include <freshet/outcome.h>
#include <freshet/service.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One workspace and who we are there. */
typedef struct freshet_agentos freshet_agentos;

/* One reported run, and what is open in it. */
typedef struct freshet_agentos_run freshet_agentos_run;

/* ---- errors ---- */

/* The classes of the platform's own SDK. */
typedef enum freshet_agentos_class {
	FRESHET_AGENTOS_GENERAL,    /* all that the others do not name */
	FRESHET_AGENTOS_AUTH,       /* the key is missing, invalid, revoked, or of the wrong kind */
	FRESHET_AGENTOS_VALIDATION, /* the payload was refused, there or here */
	FRESHET_AGENTOS_RATE_LIMIT, /* too many requests */
} freshet_agentos_class;

/*
 * Why a request was given up. outcome.err is FRESHET_EAUTH (401, 403), FRESHET_EVALIDATION (400, 413, 415, 422),
 * FRESHET_ERATE_LIMIT (429), FRESHET_ENOT_FOUND (404), FRESHET_ECONFLICT (409), FRESHET_EHTTP_STATUS (other 4xx),
 * FRESHET_EHTTP_REDIRECT (3xx), FRESHET_ESERVER (5xx), FRESHET_EBAD_ANSWER or FRESHET_EJSON_... for a 2xx that cannot be
 * read or holds an error, FRESHET_ECANCELED when the client went, or what the transport met.
 */
typedef struct freshet_agentos_error {
	freshet_outcome outcome;
	freshet_agentos_class error_class;
	bool transport;      /* 408, 5xx, or no answer at all: another attempt may do better */
	bool protocol;       /* the answer is not what its contract says, or a 2xx with an error inside */
	const char *key;     /* of the endpoint that was asked, "events"; NULL: none was */
	freshet_str message; /* the server's own words; empty when it sent none */
	freshet_str code;    /* its word for it; mostly empty */
	freshet_str details; /* a JSON text; mostly empty */
} freshet_agentos_error;

/* The class of what a call of this header answers: FRESHET_EINVAL and FRESHET_EJSON_... are VALIDATION. */
FRESHET_API freshet_agentos_class freshet_agentos_class_of(freshet_err err);

/* ---- client ---- */

/* What gives way when an event finds no room in the queue. */
typedef enum freshet_agentos_overflow {
	FRESHET_AGENTOS_DROP_OLDEST, /* the oldest event of the run that has the most waiting */
	FRESHET_AGENTOS_DROP_NEWEST, /* the event itself */
	FRESHET_AGENTOS_REFUSE,      /* the event itself, and the call answers FRESHET_EQUEUE_FULL */
} freshet_agentos_overflow;

/* Whose id a task goes by, once the server has answered. */
typedef enum freshet_agentos_task_id_source {
	FRESHET_AGENTOS_TASK_ID_AUTO,   /* the server's when its answer has one, else ours */
	FRESHET_AGENTOS_TASK_ID_CLIENT, /* ours */
	FRESHET_AGENTOS_TASK_ID_SERVER, /* the server's: an answer without one is an error */
} freshet_agentos_task_id_source;

/* What becomes of tasks that are still open when their run ends. */
typedef enum freshet_agentos_open_tasks {
	FRESHET_AGENTOS_OPEN_TASKS_LEFT,
	FRESHET_AGENTOS_OPEN_TASKS_SKIPPED,
	FRESHET_AGENTOS_OPEN_TASKS_FAILED, /* with a message that says so */
} freshet_agentos_open_tasks;

/* How spans travel. */
typedef enum freshet_agentos_span_mode {
	FRESHET_AGENTOS_SPANS_EVENTS,   /* as events "span.started" and "span.ended" */
	FRESHET_AGENTOS_SPANS_ENDPOINT, /* one POST to the endpoint `spans` when a span ends */
	FRESHET_AGENTOS_SPANS_OFF,      /* not at all; the totals of tokens are kept all the same */
} freshet_agentos_span_mode;

/*
 * Names that the platform does not publish. Each list ends with NULL and is in the order of preference; a NULL list takes
 * the default beside it. Where a path is meant it is one of <freshet/json.h>.
 */
typedef struct freshet_agentos_names {
	size_t size;                      /* set by freshet_agentos_names_init */
	const char *const *data;          /* the envelope: "data" */
	const char *const *error;         /* the envelope: "error" */
	const char *const *error_message; /* paths in a body: "error.message", "error", "message", "detail" */
	const char *const *error_code;    /* "error.code", "code" */
	const char *const *error_details; /* "error.details" */
	const char *const *run_id;        /* in the data of a started run: "run_id", "runId", "id" */
	const char *const *task_id;       /* in the data of a task: "task_id", "id" */
	const char *const
		*retry_codes; /* codes of an error inside a 2xx that are tried again: "rate_limited", "unavailable" */
	const char *const *triggers;  /* values of trigger_type: "manual", "scheduled", "webhook", "sdk" */
	const char *task_error_field; /* of a failed task: "error_message" */
} freshet_agentos_names;

FRESHET_OPTIONS_INIT(freshet_agentos_names)

typedef void freshet_agentos_error_fn(freshet_agentos *client, const freshet_agentos_error *error, void *user);

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_agentos_options {
	size_t size;               /* set by freshet_agentos_options_init */
	const char *api_key;       /* required unless disabled: "aos_agent_...", for ingest; a secret */
	const char *workspace_key; /* optional: "aos_ws_...", for approvals; a secret */
	const char *agent_id;      /* required unless disabled: whose runs are reported */
	const char *base_url;      /* default "https://agentos-ai.dev" */
	/*
	 * Optional: protocol, TLS, connections, user agent. `url`, `bearer_token`, `on_closed` and `user` are not looked at.
	 */
	const freshet_endpoint_options *endpoint;
	bool disabled; /* no request is ever made: every call succeeds, runs have random ids, counters move */
	bool invoke_with_workspace_key; /* default: invoke takes `api_key` */

	uint64_t timeout_ms;        /* of one HTTP request; default 10,000 */
	uint64_t invoke_timeout_ms; /* of one that waits for a hosted run; default 300,000; UINT64_MAX: as timeout_ms */
	uint64_t stream_idle_timeout_ms; /* silence that cuts the stream of a hosted run; default 60,000 */

	/* Batches. */
	uint32_t batch_size;         /* events of one request at most; default 50 */
	uint64_t batch_interval_ms;  /* that an event waits for others at most; default 500 */
	size_t max_request_bytes;    /* of one request's body, and so of one event, input or output; default 256 KiB */
	size_t max_type;             /* bytes of an event's type; default 200 */
	uint32_t max_ingest_streams; /* requests of reporting in flight, at most one of each run; default 16 */

	/* The queue of the client, all its runs together. */
	size_t max_queue_events;           /* that wait or are in flight; default 10,000 */
	size_t max_queue_bytes;            /* that they take; default 16 MiB, at least max_request_bytes */
	freshet_agentos_overflow overflow; /* when either is reached; default DROP_OLDEST */
	size_t max_control_bytes;          /* of starts, tasks, spans, ends that wait; default 16 MiB */
	size_t max_runs;                   /* that are there at a time; default 100,000 */
	uint32_t max_open; /* tasks and spans of one run that are open or whose end waits; default 10,000 */

	/* Repeating. */
	uint32_t max_retries;    /* of one request; default 5; UINT32_MAX: none */
	uint64_t retry_base_ms;  /* the first pause is random up to this, doubled each time; default 500 */
	uint64_t retry_cap_ms;   /* the longest of them; default 30,000 */
	uint64_t retry_asked_ms; /* the longest Retry-After that is obeyed; default 300,000 */
	/*
	 * A request that may have arrived is not sent again: events of it are dropped, a run whose start it was is lost.
	 * Default: it is, under the same Idempotency-Key. Tasks and ends are repeated in any case: their ids name them.
	 */
	bool drop_unclear;
	const char *idempotency_header; /* default "Idempotency-Key"; "": none */
	bool event_ids;                 /* each event has a random `id`, too */

	uint64_t close_timeout_ms; /* of freshet_agentos_close; default 5,000 */

	/* What the platform does not publish, and what it may allow one day. */
	const char *path_prefix;     /* before every path of the table; default none */
	const freshet_route *routes; /* endpoints by key under other paths: docs/services/agentos.md has the keys */
	size_t route_count;
	const freshet_agentos_names *names;
	bool allow_unknown_trigger; /* a trigger_type beside names.triggers */
	bool allow_any_input;       /* the input of a run need not be an object */
	freshet_agentos_task_id_source task_id_source;
	freshet_agentos_open_tasks close_open_tasks;
	freshet_agentos_span_mode span_mode;
	bool usage_in_complete; /* `usage` with the run's totals goes into the body that completes it */

	freshet_request_hook *request_hook;   /* sees and changes each request */
	freshet_response_hook *response_hook; /* sees and changes each answer */
	void *hook_user;

	/*
	 * Optional: told of each request of reporting that was given up; error->outcome tells why. Of a key that was not
	 * accepted it is told once, until freshet_agentos_set_api_key.
	 */
	freshet_agentos_error_fn *on_error;
	void *user; /* given to on_error */
} freshet_agentos_options;

FRESHET_OPTIONS_INIT(freshet_agentos_options)

/*
 * A new client. Nothing is sent before the first call. It lives until it is closed or freed, or its reactor is. A key whose
 * prefix is that of another kind is warned of in the log. FRESHET_EAUTH (no key), FRESHET_EINVAL, FRESHET_ENOMEM, and the
 * errors of freshet_endpoint_new; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_agentos_new(
	freshet_reactor *reactor, const freshet_agentos_options *options, freshet_agentos **out);

/*
 * The same; what the options leave NULL is read from the environment: AGENTOS_API_KEY, AGENTOS_AGENT_ID, AGENTOS_BASE_URL,
 * AGENTOS_WORKSPACE_KEY. `options` may be NULL. The environment is read nowhere else.
 */
FRESHET_API freshet_err freshet_agentos_new_from_env(
	freshet_reactor *reactor, const freshet_agentos_options *options, freshet_agentos **out);

/* What a client has done; see below. */
typedef struct freshet_agentos_stats freshet_agentos_stats;

/* The last callback of a client: all others have come. */
typedef void freshet_agentos_closed_fn(const freshet_agentos_stats *stats, void *user);

/*
 * Sends what waits, for `timeout_ms` at most (0: the option close_timeout_ms), then drops and counts the rest, ends what is
 * open with FRESHET_ECANCELED (runs that were not ended stay open at the platform), and then the client, on a later turn.
 * `done` (optional) tells how it went. From this call on only what asks is allowed: everything new is refused with
 * FRESHET_ESTATE. Again: nothing. NULL is fine.
 */
FRESHET_API void freshet_agentos_close(
	freshet_agentos *client, uint64_t timeout_ms, freshet_agentos_closed_fn *done, void *user);

/*
 * As freshet_agentos_close without waiting for anything, also while that is under way: what waits is dropped and counted,
 * the callbacks that are due come on a later turn. The handle is not to be used again but inside of them. NULL is fine.
 */
FRESHET_API void freshet_agentos_free(freshet_agentos *client);

/*
 * Another key from now on. A client that was stopped because its key was not accepted starts again. FRESHET_EINVAL,
 * FRESHET_ENOMEM; the old key stays then.
 */
FRESHET_API freshet_err freshet_agentos_set_api_key(freshet_agentos *client, const char *api_key);
FRESHET_API freshet_err freshet_agentos_set_workspace_key(freshet_agentos *client, const char *workspace_key);

/* The endpoint of the client, for requests that this header has no call for. It is the client's: not to be closed. */
FRESHET_API freshet_endpoint *freshet_agentos_endpoint(const freshet_agentos *client);

/* ---- counters ---- */

/* Why an event was dropped. */
#define FRESHET_AGENTOS_DROP_MAP(X)                                                                                    \
	X(OLDEST, "room for a newer one")                                                                              \
	X(NEWEST, "no room for it")                                                                                    \
	X(RETRIES, "its request failed to the last retry")                                                             \
	X(UNCLEAR, "its request may have arrived and must not be repeated")                                            \
	X(REJECTED, "the server refused it")                                                                           \
	X(AUTH, "the key was not accepted")                                                                            \
	X(LOST, "its run could not be started")                                                                        \
	X(CLOSED, "the client was closed")                                                                             \
	X(DISABLED, "the client is disabled")

typedef enum freshet_agentos_drop {
#define FRESHET_AGENTOS_DROP_ENUM(name, text) FRESHET_AGENTOS_DROPPED_##name,
	FRESHET_AGENTOS_DROP_MAP(FRESHET_AGENTOS_DROP_ENUM)
#undef FRESHET_AGENTOS_DROP_ENUM
		FRESHET_AGENTOS_DROP_CAUSES
} freshet_agentos_drop;

/* The cause in words: "room for a newer one". Static, never NULL, also for numbers that are none. */
FRESHET_API const char *freshet_agentos_drop_text(freshet_agentos_drop cause);

/*
 * What a client has done. Always: emitted = sent + the sum of dropped + queued. Spans that travel as events are events.
 */
struct freshet_agentos_stats {
	size_t size;      /* set by freshet_agentos_stats_init; in on_closed it is the library's */
	uint64_t emitted; /* events that were taken: those whose call answered FRESHET_OK */
	uint64_t sent;    /* that the server confirmed */
	uint64_t dropped[FRESHET_AGENTOS_DROP_CAUSES];
	uint64_t queued; /* wait or are in flight */

	uint64_t unclear;       /* of those dropped: their request may have arrived all the same */
	uint64_t refused_state; /* calls on a run that has ended, or on a client that closes: FRESHET_ESTATE */
	uint64_t refused_room;  /* calls that answered FRESHET_EQUEUE_FULL */
	uint64_t refused_other; /* calls refused for what they were given, or for want of memory */

	uint64_t batches;  /* requests with events that the server confirmed */
	uint64_t requests; /* requests of reporting so far, repetitions included */
	uint64_t retries;  /* of them: repetitions */

	uint64_t runs;         /* started so far */
	uint64_t runs_open;    /* whose on_done is still to come */
	uint64_t runs_lost;    /* whose start failed for good */
	uint64_t runs_ended;   /* whose end the server confirmed */
	uint64_t ends_failed;  /* ends that were given up */
	uint64_t tasks_sent;   /* task messages, starts and ends, that the server confirmed */
	uint64_t tasks_failed; /* that were given up */
	uint64_t spans_sent;   /* spans that the endpoint `spans` confirmed */
	uint64_t spans_failed;

	size_t queued_bytes;  /* of events, with what keeping them takes */
	size_t control_bytes; /* of starts, tasks, spans, ends */
	uint32_t in_flight;   /* requests of reporting */
	bool stopped;         /* the key was not accepted */
	bool closing;

	/* Hosted agents, see <freshet/agentos_hosted.h>; beside the sum above. */
	uint64_t calls;          /* begun so far, those that read the run of a broken stream included */
	uint64_t calls_open;     /* whose callback is still to come */
	uint64_t calls_failed;   /* whose callback got an error */
	uint64_t streams;        /* of invokes and replies, begun so far */
	uint64_t streams_open;   /* whose on_done is still to come */
	uint64_t streams_failed; /* whose on_done got an error */
	uint64_t stream_events;  /* of those that are over */
	uint64_t stream_resumes; /* of those: subscriptions after a break */
	uint64_t stream_polls;   /* of those: ends that reading the run told */
};

FRESHET_OPTIONS_INIT(freshet_agentos_stats)

/* Fills in what the caller's struct has room for. FRESHET_EINVAL (it was not set up). */
FRESHET_API freshet_err freshet_agentos_stats_get(const freshet_agentos *client, freshet_agentos_stats *stats);

/* The sum of all causes. */
static inline uint64_t freshet_agentos_dropped(const freshet_agentos_stats *stats)
{
	uint64_t sum = 0;
	for (int i = 0; i < FRESHET_AGENTOS_DROP_CAUSES; i++)
		sum += stats->dropped[i];
	return sum;
}

/*
 * One line for logs, without secrets and payloads: host, kinds of keys, counters. As snprintf: at most `size` bytes with
 * the terminator, and the length that the whole line has.
 */
FRESHET_API size_t freshet_agentos_describe(const freshet_agentos *client, char *to, size_t size);
FRESHET_API size_t freshet_agentos_run_describe(const freshet_agentos_run *run, char *to, size_t size);

/* ---- runs ---- */

/* What became of a run. */
typedef struct freshet_agentos_run_end {
	const freshet_agentos_error *error; /* NULL: its end was confirmed */
	bool lost;                          /* it was never started */
	uint64_t emitted;                   /* its events: emitted = sent + dropped */
	uint64_t sent;
	uint64_t dropped;
	uint64_t input_tokens; /* totals of "llm.response" events and of spans */
	uint64_t output_tokens;
} freshet_agentos_run_end;

/* Each is optional. */
typedef struct freshet_agentos_run_callbacks {
	/* The server has given the run its id. */
	void (*on_started)(freshet_agentos_run *run, freshet_str run_id, void *user);
	/*
	 * The run could not be started: what was queued is dropped, further calls on it do nothing and succeed. It still
	 * wants its complete or fail.
	 */
	void (*on_lost)(freshet_agentos_run *run, const freshet_agentos_error *error, void *user);
	/* The last callback, exactly once: after the end, or when the client has gone. The handle is valid until it returns. */
	void (*on_done)(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user);
} freshet_agentos_run_callbacks;

typedef struct freshet_agentos_run_options {
	size_t size;                 /* set by freshet_agentos_run_options_init */
	freshet_str input;           /* optional: a JSON object; default {} */
	const char *trigger_type;    /* default "sdk" */
	freshet_str external_run_id; /* optional: to find it again by; sent as it is, it does not prevent doubles */
	freshet_agentos_run_callbacks callbacks;
	void *user;
} freshet_agentos_run_options;

FRESHET_OPTIONS_INIT(freshet_agentos_run_options)

/*
 * Starts a run; `options` may be NULL. The handle is there at once, the request goes on behind it, and what is reported
 * before its answer waits. FRESHET_EINVAL (a trigger_type that is none, an input that is no object), FRESHET_EJSON_...
 * (the input), FRESHET_EJSON_SIZE (larger than max_request_bytes), FRESHET_EQUEUE_FULL (max_runs, max_control_bytes),
 * FRESHET_ESTATE (closing), FRESHET_ENOMEM, FRESHET_ESYSTEM (no random key).
 */
FRESHET_API freshet_err freshet_agentos_run_start(
	freshet_agentos *client, const freshet_agentos_run_options *options, freshet_agentos_run **out);

/*
 * Ends the run, behind all that was reported before: `output` is any JSON value, or empty for none. Exactly one end is
 * sent: after it every call on the run answers FRESHET_ESTATE and is counted. FRESHET_EJSON_..., FRESHET_EJSON_SIZE,
 * FRESHET_EQUEUE_FULL (max_control_bytes; an end that carries nothing always finds room), FRESHET_ENOMEM: the run goes on.
 */
FRESHET_API freshet_err freshet_agentos_run_complete(freshet_agentos_run *run, freshet_str output);

/* The same for a run that failed: `message` for people, `detail` any JSON value, or empty for none. */
FRESHET_API freshet_err freshet_agentos_run_fail(freshet_agentos_run *run, freshet_str message, freshet_str detail);

/* What became of the events that waited at the flush; tasks and spans before it are settled as well. */
typedef struct freshet_agentos_flushed {
	uint64_t sent;
	uint64_t dropped;
} freshet_agentos_flushed;

/* `run` is valid until it returns, but only for what asks when the run has ended. */
typedef void freshet_agentos_flush_fn(freshet_agentos_run *run, const freshet_agentos_flushed *flushed, void *user);

/*
 * Sends what waits at once. `done` (optional) comes when all of it is settled, sent or dropped; exactly once, before the
 * run's on_done. FRESHET_ESTATE after the end, FRESHET_EQUEUE_FULL (max_control_bytes), FRESHET_ENOMEM.
 */
FRESHET_API freshet_err freshet_agentos_run_flush(freshet_agentos_run *run, freshet_agentos_flush_fn *done, void *user);

/* The server's id; empty before on_started, and of a run that is lost. Valid as long as the run. */
FRESHET_API freshet_str freshet_agentos_run_id(const freshet_agentos_run *run);

/* The client that it was started on, and `user` of its options. */
FRESHET_API freshet_agentos *freshet_agentos_run_client(const freshet_agentos_run *run);
FRESHET_API void *freshet_agentos_run_user(const freshet_agentos_run *run);

/* ---- events ---- */

typedef enum freshet_agentos_level {
	FRESHET_AGENTOS_LEVEL_DEFAULT, /* info; of tool errors error */
	FRESHET_AGENTOS_LEVEL_DEBUG,
	FRESHET_AGENTOS_LEVEL_INFO,
	FRESHET_AGENTOS_LEVEL_WARN,
	FRESHET_AGENTOS_LEVEL_ERROR,
} freshet_agentos_level;

/*
 * Reports an event: `type` as "order.checked", at most 200 bytes; `payload` a JSON object, empty for {}; any other value
 * is wrapped as {"value":...}. It never waits: the event is written into the queue, and FRESHET_OK says that it was taken,
 * not that it will arrive; freshet_agentos_stats_get tells what became of all of them. When there is no room the option
 * `overflow` decides. FRESHET_EINVAL (type or level), FRESHET_EJSON_... (the payload), FRESHET_EJSON_SIZE (alone it exceeds
 * max_request_bytes), FRESHET_EQUEUE_FULL, FRESHET_ESTATE (the run has ended), FRESHET_ENOMEM; each is counted.
 */
FRESHET_API freshet_err freshet_agentos_emit(
	freshet_agentos_run *run, freshet_str type, freshet_str payload, freshet_agentos_level level);

/* A text, or (`json` is not empty) any JSON value in its place. */
typedef struct freshet_agentos_value {
	freshet_str text;
	freshet_str json;
} freshet_agentos_value;

/* What a model used. */
typedef struct freshet_agentos_usage {
	bool has_input_tokens;
	bool has_output_tokens;
	uint64_t input_tokens;
	uint64_t output_tokens;
	freshet_str others; /* optional: a JSON object, whose members are sent beside these two */
} freshet_agentos_usage;

/*
 * The events that the platform knows. `others` (may be empty) is a JSON object whose members stand beside the named ones.
 * Errors as freshet_agentos_emit.
 */
FRESHET_API freshet_err freshet_agentos_emit_llm_request(
	freshet_agentos_run *run, freshet_str model, freshet_agentos_value prompt, freshet_str others);
FRESHET_API freshet_err freshet_agentos_emit_llm_response(freshet_agentos_run *run, freshet_str model,
	freshet_agentos_value response, const freshet_agentos_usage *usage, freshet_str others);

/* `input` and `output` are any JSON value, and are left out when empty. */
FRESHET_API freshet_err freshet_agentos_emit_tool_call(freshet_agentos_run *run, freshet_str tool, freshet_str input);
FRESHET_API freshet_err freshet_agentos_emit_tool_return(
	freshet_agentos_run *run, freshet_str tool, freshet_str output);
FRESHET_API freshet_err freshet_agentos_emit_tool_error(
	freshet_agentos_run *run, freshet_str tool, freshet_str message);

/* ---- tasks ---- */

/* A task of a run, by a number that the run never gives again; 0 is none. */
typedef struct freshet_agentos_task {
	uint64_t number;
} freshet_agentos_task;

/*
 * Begins a task, behind all that was reported before, which is sent at once. `input` is any JSON value, empty for none.
 * Tasks may overlap. FRESHET_EINVAL (no name), FRESHET_EJSON_..., FRESHET_EJSON_SIZE, FRESHET_EQUEUE_FULL
 * (max_control_bytes, max_open), FRESHET_ESTATE, FRESHET_ENOMEM, FRESHET_ESYSTEM (no random id).
 */
FRESHET_API freshet_err freshet_agentos_task_start(
	freshet_agentos_run *run, freshet_str name, freshet_str input, freshet_agentos_task *out);

/*
 * Ends it. A task that has ended, or is none of this run, is FRESHET_ESTATE, and nothing is sent. The other errors as
 * freshet_agentos_task_start: the task is then still open.
 */
FRESHET_API freshet_err freshet_agentos_task_complete(
	freshet_agentos_run *run, freshet_agentos_task task, freshet_str output);
FRESHET_API freshet_err freshet_agentos_task_fail(
	freshet_agentos_run *run, freshet_agentos_task task, freshet_str message);
/* It was left out on purpose. */
FRESHET_API freshet_err freshet_agentos_task_skip(freshet_agentos_run *run, freshet_agentos_task task);

/* ---- spans ---- */

/* A span of a run, by a number that the run never gives again; 0 is none. */
typedef struct freshet_agentos_span {
	uint64_t number;
} freshet_agentos_span;

typedef struct freshet_agentos_span_options {
	size_t size;                 /* set by freshet_agentos_span_options_init */
	const char *kind;            /* "step" (the default), "llm", "tool", "retrieval", "custom", or any other */
	freshet_agentos_span parent; /* optional: an open span of the run */
	freshet_str attributes;      /* optional: a JSON object */
} freshet_agentos_span_options;

FRESHET_OPTIONS_INIT(freshet_agentos_span_options)

/* Begins a span; `options` may be NULL. Errors as freshet_agentos_task_start; a parent that has ended is FRESHET_ESTATE. */
FRESHET_API freshet_err freshet_agentos_span_start(freshet_agentos_run *run, freshet_str name,
	const freshet_agentos_span_options *options, freshet_agentos_span *out);

typedef struct freshet_agentos_span_result {
	size_t size;                        /* set by freshet_agentos_span_result_init */
	bool failed;                        /* the status is "error", else "ok" */
	freshet_str error;                  /* optional: what failed, for people */
	const freshet_agentos_usage *usage; /* optional; counts for the run's totals */
} freshet_agentos_span_result;

FRESHET_OPTIONS_INIT(freshet_agentos_span_result)

/* Ends it; `result` may be NULL: it went well. Errors as freshet_agentos_task_complete. */
FRESHET_API freshet_err freshet_agentos_span_end(
	freshet_agentos_run *run, freshet_agentos_span span, const freshet_agentos_span_result *result);

#ifdef __cplusplus
}
#endif

#endif
