/*
 * Runs of the Sudoiq service and the local tools that they call. Included by sudoiq.h; the rules of callbacks are those
 * told there.
 *
 * A client remembers, for each run that it has to do with, which tool calls it has met. Whatever brings a status of the run
 * (its stream, a stream that was cut and taken up again, a webhook, a status that was asked for while somebody follows)
 * goes through that one table: no call is ever run twice, answers that the server may not have got are sent again unchanged,
 * statuses older than the last one are passed over, and nothing changes a run that is over.
 */
#ifndef FRESHET_SUDOIQ_RUN_H
#define FRESHET_SUDOIQ_RUN_H

#include <freshet/sudoiq.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- local tools ---- */

/*
 * One call of a local tool. It is its handler's from the moment that the handler is called until it is freed: it stays
 * valid when the run, the client and the reactor are gone, and finishing it then is harmless.
 */
typedef struct freshet_sudoiq_invocation freshet_sudoiq_invocation;

/* What is to be done. Lives as long as the invocation; any thread may read it. */
typedef struct freshet_sudoiq_invocation_info {
	freshet_str agent_id;
	int64_t task_id;
	freshet_str call_id;
	freshet_str name;
	freshet_str space;
	freshet_str args; /* JSON text, as the model wrote it; empty when it wrote none */
} freshet_sudoiq_invocation_info;

/* What is to be done: valid until the invocation is freed. */
FRESHET_API const freshet_sudoiq_invocation_info *freshet_sudoiq_invocation_get(
	const freshet_sudoiq_invocation *invocation);

/*
 * The answer: a string for the model (structured output as JSON text), or what went wrong in words for it. The first one
 * counts. It is copied; what is not UTF-8 becomes U+FFFD. FRESHET_ESTATE: it was finished before, or nobody waits for it
 * any more (its time is over, others have answered, the run is over or given up, the client is gone). FRESHET_EJSON_SIZE
 * (longer than max_result) and FRESHET_ENOMEM leave it unfinished. On the reactor's thread.
 */
FRESHET_API freshet_err freshet_sudoiq_invocation_finish(freshet_sudoiq_invocation *invocation, freshet_str result);
FRESHET_API freshet_err freshet_sudoiq_invocation_fail(freshet_sudoiq_invocation *invocation, freshet_str message);

/*
 * The same from any thread, at any time before it is freed. FRESHET_ESTATE also when the client is gone, and when the
 * reactor was made without the option `posts`; FRESHET_EPOSTS_FULL: try again. What is posted and comes late, or second,
 * does nothing.
 */
FRESHET_API freshet_err freshet_sudoiq_invocation_post_finish(
	freshet_sudoiq_invocation *invocation, freshet_str result);
FRESHET_API freshet_err freshet_sudoiq_invocation_post_fail(freshet_sudoiq_invocation *invocation, freshet_str message);

/*
 * Gives the handle back, from any thread, when it is finished or will not be: one that is freed unfinished is answered for
 * when its time is over. NULL is fine.
 */
FRESHET_API void freshet_sudoiq_invocation_free(freshet_sudoiq_invocation *invocation);

/* Called from the loop for each call of the tool; it owns the invocation, and may finish it at once or much later. */
typedef void freshet_sudoiq_handler(freshet_sudoiq_invocation *invocation, void *user);

typedef struct freshet_sudoiq_tool {
	freshet_str name;  /* of the tool as agents call it; empty: of all tools that no other entry is for */
	freshet_str space; /* optional: only of this name space; else of any */
	freshet_sudoiq_handler *handler; /* required */
	/*
	 * Optional. Nobody waits for the invocation any more, which was not finished: stop working at it. It stays the
	 * handler's, to be freed.
	 */
	freshet_sudoiq_handler *canceled;
	uint64_t timeout_ms; /* default: that of the client */
	void *user;
} freshet_sudoiq_tool;

/*
 * The tools of the client: those given replace all that were there, or with `merge` only those of the same name and name
 * space. A call goes to the tool of its name space and name, else to that of its name in any name space, else to the one
 * for all. What is being run goes on. FRESHET_EINVAL (no handler), FRESHET_ENOMEM: nothing has changed then.
 */
FRESHET_API freshet_err freshet_sudoiq_set_tools(
	freshet_sudoiq *client, const freshet_sudoiq_tool *tools, size_t count, bool merge);

/* ---- events ---- */

typedef enum freshet_sudoiq_event_type {
	FRESHET_SUDOIQ_EVENT_UNKNOWN, /* one that this version does not know, or that could not be read: see `err` */
	/* The service has taken the run: its task id is known. Once; what a stream tells before has no task id yet. */
	FRESHET_SUDOIQ_EVENT_STARTED,
	FRESHET_SUDOIQ_EVENT_STATUS, /* the run is at another point */
	FRESHET_SUDOIQ_EVENT_LOG,
	FRESHET_SUDOIQ_EVENT_DELTA, /* a piece of what the agent says */
	FRESHET_SUDOIQ_EVENT_ERROR, /* something went wrong; it may go on */
	FRESHET_SUDOIQ_EVENT_END,   /* the server is about to close the stream */
} freshet_sudoiq_event_type;

typedef struct freshet_sudoiq_event {
	freshet_sudoiq_event_type type;
	freshet_str type_name; /* as the stream spells it; empty when it came another way */
	freshet_str raw;       /* its data as it came */
	freshet_err err;       /* of one that could not be read, with its position in `raw`; the run goes on */
	size_t position;
	freshet_str agent_id;
	int64_t task_id;
	__extension__ union { /* the member that `type` names */
		const freshet_sudoiq_status *status;
		struct {
			freshet_str level;
			freshet_str text;
		} log;
		struct {
			freshet_str node_id;
			freshet_str text;
		} delta;
		struct {
			freshet_str code;
			freshet_str text;
			bool retryable;
		} error;
		struct {
			freshet_str reason;
		} end;
	};
} freshet_sudoiq_event;

/* ---- runs ---- */

/* A run that is started or followed. */
typedef struct freshet_sudoiq_run freshet_sudoiq_run;

/*
 * How it ended for us. error.outcome.err is FRESHET_OK when the run is over, well or not: see `phase`. Else we have stopped
 * to follow it: FRESHET_EDEADLINE (response_timeout), FRESHET_ECANCELED (closed), FRESHET_EUNSUPPORTED (a tool that nobody
 * handles), an error of the service, or what the transport met; with has_task_id the run can be attached to again.
 */
typedef struct freshet_sudoiq_run_end {
	freshet_sudoiq_error error;
	freshet_str agent_id;
	bool has_task_id; /* the service has told the task id */
	int64_t task_id;
	freshet_sudoiq_phase phase;          /* the last that is known */
	const freshet_sudoiq_status *status; /* of a run that is over; else NULL */
	freshet_str last_event_id;           /* for freshet_sudoiq_attach */
	uint64_t events;                     /* that on_event was told */
	uint32_t reconnects;                 /* subscriptions after the first */
	uint32_t tool_calls;                 /* that handlers here were called for */
} freshet_sudoiq_run_end;

typedef struct freshet_sudoiq_run_callbacks {
	/* Optional. */
	void (*on_event)(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user);
	/* Required. Exactly once for each run that was opened, and last: `user` is the caller's again when it returned. */
	void (*on_done)(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user);
} freshet_sudoiq_run_callbacks;

/* What goes into a slot of the agent: a text, the URL of an image, or the id of a file. */
typedef struct freshet_sudoiq_input {
	freshet_str slot; /* "1", ...; not empty */
	freshet_str value;
} freshet_sudoiq_input;

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_sudoiq_start {
	size_t size;                               /* set by freshet_sudoiq_start_init */
	freshet_str agent_id;                      /* required */
	const freshet_sudoiq_input *string_inputs; /* in their order */
	size_t string_input_count;
	const freshet_sudoiq_input *image_inputs;
	size_t image_input_count;
	const freshet_sudoiq_input *file_inputs;
	size_t file_input_count;
	freshet_str environment;      /* "playground", ...; default: that of the client, and one of both is required */
	bool has_agent_version;       /* default: the version that is active */
	int64_t agent_version;        /* with has_agent_version */
	freshet_str metadata;         /* optional: a JSON object */
	const char *idempotency_key;  /* default: a random UUID */
	uint64_t response_timeout_ms; /* default: that of the client; UINT64_MAX: none */
} freshet_sudoiq_start;

FRESHET_OPTIONS_INIT(freshet_sudoiq_start)

typedef void freshet_sudoiq_run_done_fn(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user);

/*
 * Starts a run, follows it, runs its tools and tells its end. FRESHET_EINVAL (no agent, no environment, an empty slot, a key
 * with CR, LF or NUL), FRESHET_EJSON_... (metadata that is no JSON object), FRESHET_EQUEUE_FULL (max_runs), FRESHET_ENOMEM,
 * and the errors of freshet_stream_open; on failure nothing is called back. `out` may be NULL.
 */
FRESHET_API freshet_err freshet_sudoiq_run_agent(freshet_sudoiq *client, const freshet_sudoiq_start *start,
	freshet_sudoiq_run_done_fn *done, void *user, freshet_sudoiq_run **out);

/* The same, with all that happens on the way. */
FRESHET_API freshet_err freshet_sudoiq_execute_agent(freshet_sudoiq *client, const freshet_sudoiq_start *start,
	const freshet_sudoiq_run_callbacks *callbacks, void *user, freshet_sudoiq_run **out);

/* A run that was started elsewhere, or by an earlier process. 0 and NULL take the default. */
typedef struct freshet_sudoiq_attach_options {
	size_t size;                  /* set by freshet_sudoiq_attach_options_init */
	freshet_str agent_id;         /* required */
	int64_t task_id;              /* required */
	freshet_str last_event_id;    /* optional: what comes after it; else its present status comes first */
	uint64_t response_timeout_ms; /* default: that of the client; UINT64_MAX: none */
	freshet_sudoiq_run_callbacks callbacks;
	void *user;
} freshet_sudoiq_attach_options;

FRESHET_OPTIONS_INIT(freshet_sudoiq_attach_options)

/* Follows a run and runs its tools. Any number of runs may be attached to one task: its tools run once. Errors as above. */
FRESHET_API freshet_err freshet_sudoiq_attach(
	freshet_sudoiq *client, const freshet_sudoiq_attach_options *options, freshet_sudoiq_run **out);

/*
 * Stops following: no more events, on_done on a later turn with FRESHET_ECANCELED. The service goes on; tools that are
 * being run are answered still. Again: nothing.
 */
FRESHET_API void freshet_sudoiq_run_close(freshet_sudoiq_run *run);

/* `user` of the call that made it. */
FRESHET_API void *freshet_sudoiq_run_user(const freshet_sudoiq_run *run);

/* False while it is not known. */
FRESHET_API bool freshet_sudoiq_run_task_id(const freshet_sudoiq_run *run, int64_t *task_id);

/* The cursor, for freshet_sudoiq_attach_options; valid until the next callback of the run. */
FRESHET_API freshet_str freshet_sudoiq_run_last_event_id(const freshet_sudoiq_run *run);

/* One line about the run, as freshet_sudoiq_describe; no inputs, arguments or results are in it. */
FRESHET_API size_t freshet_sudoiq_run_describe(const freshet_sudoiq_run *run, char *to, size_t size);

/* ---- calls ---- */

/* `status` is NULL on failure, and where the server said that it is done but not how things stand; `error` else. */
typedef void freshet_sudoiq_status_fn(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user);

/*
 * Starts a run and nothing else: for those who hear of it by webhooks. `status` has its task id. The option
 * response_timeout_ms of the start is not looked at. Errors as freshet_sudoiq_run_agent.
 */
FRESHET_API freshet_err freshet_sudoiq_start_agent_run(freshet_sudoiq *client, const freshet_sudoiq_start *start,
	freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out);

/* Reads a run's status once. The service asks not to do so in a loop. */
FRESHET_API freshet_err freshet_sudoiq_get_agent_task_status(freshet_sudoiq *client, freshet_str agent_id,
	int64_t task_id, freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out);

/* Asks the service to cancel a run; `reason` may be empty. FRESHET_ECONFLICT in the callback: it is over already. */
FRESHET_API freshet_err freshet_sudoiq_cancel_agent_run(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	freshet_str reason, freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out);

/* ---- tool rounds ---- */

/*
 * A status from wherever it comes, such as a webhook: its tool calls are run and answered, and who follows the run here is
 * told, on later turns. `news` (may be NULL): whether it told anything that was not known. FRESHET_EINVAL (no agent or task
 * id), FRESHET_EQUEUE_FULL (max_known_runs are busy, or more calls than max_run_calls), FRESHET_ENOMEM, FRESHET_ESTATE
 * (closing): nothing was done then, and the sender should send it again.
 */
FRESHET_API freshet_err freshet_sudoiq_feed(freshet_sudoiq *client, const freshet_sudoiq_status *status, bool *news);

/* One answer. */
typedef struct freshet_sudoiq_tool_result {
	freshet_str call_id;
	freshet_str name;
	freshet_str space;
	freshet_str result; /* not JSON but the string itself */
	bool is_error;
} freshet_sudoiq_tool_result;

typedef void freshet_sudoiq_results_fn(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_tool_result *results, size_t count, void *user);

/*
 * Runs the tool calls of a status and gives their answers, which are then the caller's to send by
 * freshet_sudoiq_send_tool_responses. A call that was run before is not run again: its answer is given as it was, unless
 * the service is known to have it. Errors as freshet_sudoiq_feed.
 */
FRESHET_API freshet_err freshet_sudoiq_process_webhook_tools(freshet_sudoiq *client,
	const freshet_sudoiq_status *status, freshet_sudoiq_results_fn *done, void *user, freshet_sudoiq_call **out);

/*
 * Sends answers. Those that the service had before are no error: the rest is sent by itself, once. Errors as above, and
 * FRESHET_EINVAL for no results.
 */
FRESHET_API freshet_err freshet_sudoiq_send_tool_responses(freshet_sudoiq *client, freshet_str agent_id,
	int64_t task_id, const freshet_sudoiq_tool_result *results, size_t count, freshet_sudoiq_status_fn *done,
	void *user, freshet_sudoiq_call **out);

#ifdef __cplusplus
}
#endif

#endif
