/*
 * The other half of the AgentOS service: agents that the platform itself runs. They are invoked and give their output, at
 * once or as a stream; they pause for an answer or an approval and go on; conversations remember. docs/services/agentos.md
 * tells which of the wire is published, and how to override what is not.
 *
 * Callbacks come from the loop, never inside a call, and everything is allowed inside them. Spans given to a callback are
 * valid until it returns; all that is given to a call is copied.
 */
#ifndef FRESHET_AGENTOS_HOSTED_H
#define FRESHET_AGENTOS_HOSTED_H

#include <freshet/agentos.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- settings ---- */

/* What is done when a stream breaks off before its end and the run is known by then. The request itself is never repeated. */
typedef enum freshet_agentos_recover {
	FRESHET_AGENTOS_RECOVER_POLL,   /* the run is read once */
	FRESHET_AGENTOS_RECOVER_RESUME, /* its stream is taken up again behind the last id; without ids it is read once */
	FRESHET_AGENTOS_RECOVER_OFF,    /* nothing: the stream ends with what it has */
} freshet_agentos_recover;

/*
 * Names that the platform does not publish. Each list ends with NULL and is in the order of preference; NULL takes the
 * default, which stands beside it. Members are paths of <freshet/json.h>; words are compared without case.
 */
typedef struct freshet_agentos_hosted_names {
	size_t size; /* set by freshet_agentos_hosted_names_init */
	/* Members of an answer's data, and of the stream's events. */
	const char *const *run_id;        /* "run_id", "runId", "id" */
	const char *const *status;        /* "status" */
	const char *const *output;        /* "output" */
	const char *const *approval_id;   /* "approval_id", "approvalId" */
	const char *const *question_id;   /* "question.id", "question_id" */
	const char *const *question_text; /* "question.text", "question" */
	const char *const *error_message; /* "error_message", "errorMessage", "error.message", "error" */
	const char *const *input_tokens;  /* "usage.input_tokens", "usage.inputTokens" */
	const char *const *output_tokens; /* "usage.output_tokens", "usage.outputTokens" */

	/* Values of the status. */
	const char *const *running;           /* "running" */
	const char *const *completed;         /* "completed" */
	const char *const *failed;            /* "failed" */
	const char *const *awaiting_approval; /* "awaiting_approval"; also the stream's event */
	const char *const *awaiting_input;    /* "awaiting_input"; also the stream's event */
	const char *const *canceled;          /* "cancelled", "canceled" */

	/* Members of the stream's events, beside those above. */
	const char *const *type;       /* "type"; without it the name of the SSE event counts */
	const char *const *text;       /* "text" */
	const char *const *tool;       /* "tool" */
	const char *const *input;      /* "input" */
	const char *const *tool_error; /* "error" */
	const char *const *message;    /* "message", "error.message", "error" */
	const char *const *code;       /* "code", "error.code" */

	/* Types of the stream's events. */
	const char *const *start;       /* "start" */
	const char *const *chunk;       /* "chunk" */
	const char *const *tool_call;   /* "tool_call" */
	const char *const *tool_result; /* "tool_result" */
	const char *const *done;        /* "done" */
	const char *const *error;       /* "error" */
	const char *const *end_marks;   /* data that is no JSON and ends the stream: "[DONE]" */

	/* Approvals: where in the data they lie (else the data is the array), and their members. */
	const char *const *approvals;         /* "approvals" */
	const char *const *approval;          /* "id", "approval_id" */
	const char *const *approval_agent_id; /* "agent_id", "agentId" */
	const char *const *approval_expires;  /* "expires_at", "expiresAt" */
} freshet_agentos_hosted_names;

FRESHET_OPTIONS_INIT(freshet_agentos_hosted_names)

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_agentos_hosted_options {
	size_t size; /* set by freshet_agentos_hosted_options_init */
	freshet_agentos_recover recover;
	/*
	 * Invoke and reply are also sent again after failures that leave open whether the run began: under the same
	 * Idempotency-Key, but whether the platform heeds that is not published. Default: only when the request surely did not
	 * arrive, and after 429 and 503 with Retry-After.
	 */
	bool retry_invoke;
	bool allow_session_and_history; /* both in one call, which the platform does not define */
	bool allow_any_input;           /* an input need not be an object */
	uint32_t max_resumes;           /* subscriptions in a row without an event, with RECOVER_RESUME; default 5 */
	size_t max_event;               /* of a stream's event; default 4 MiB */
	size_t max_text;                /* of a stream's chunks, kept for its end; default 1 MiB */
	size_t max_answer;              /* of a whole answer; default 16 MiB */
	uint32_t max_waiting;           /* in the line of a conversation, beside the one that is sent; default 64 */
	uint32_t max_messages;          /* that a local conversation remembers: the oldest two go; default 200 */
	size_t max_history;             /* and their bytes; default 256 KiB */
	const char *prompt_field;       /* of the input that is made from a text; default "prompt" */
	const char *answer_field;       /* of a reply; default "answer" */
	const char *question_field;     /* of a reply; default "question_id"; "": never sent */
	const char *reason_field;       /* of a decision; default "reason" */
	const char *approve;            /* default "approve" (published) */
	const char *reject;             /* default "reject" (published) */
	const freshet_agentos_hosted_names *names;
} freshet_agentos_hosted_options;

FRESHET_OPTIONS_INIT(freshet_agentos_hosted_options)

/*
 * Other settings than the defaults, before the first of the calls below. FRESHET_EINVAL (a path that cannot be read),
 * FRESHET_ENOMEM, FRESHET_ESTATE (later, or closing); the settings stay as they were then.
 */
FRESHET_API freshet_err freshet_agentos_hosted_set(
	freshet_agentos *client, const freshet_agentos_hosted_options *options);

/* ---- results ---- */

typedef enum freshet_agentos_status {
	FRESHET_AGENTOS_STATUS_UNKNOWN, /* a word that no list has: see status_name */
	FRESHET_AGENTOS_STATUS_RUNNING,
	FRESHET_AGENTOS_STATUS_COMPLETED,
	FRESHET_AGENTOS_STATUS_FAILED,
	FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL, /* goes on after freshet_agentos_decide */
	FRESHET_AGENTOS_STATUS_AWAITING_INPUT,    /* goes on after freshet_agentos_reply */
	FRESHET_AGENTOS_STATUS_CANCELED,
	FRESHET_AGENTOS_STATUS_PAUSED, /* HTTP 202 without a word: it waits, for what is not told */
} freshet_agentos_status;

/* "completed" and so on: static, never NULL. */
FRESHET_API const char *freshet_agentos_status_name(freshet_agentos_status status);

/* What is known of a run. What the answer left out is empty or false. A run that failed is a result, no error. */
typedef struct freshet_agentos_result {
	freshet_str raw; /* the JSON that it was read from */
	freshet_str run_id;
	freshet_agentos_status status;
	freshet_str status_name; /* as it was spelled */
	freshet_str output;      /* JSON */
	freshet_str output_text; /* its characters, when it is a string */
	freshet_str approval_id;
	freshet_str question_id;
	freshet_str question;
	freshet_str error_message; /* of a failed run */
	bool has_usage;
	int64_t input_tokens;
	int64_t output_tokens;
} freshet_agentos_result;

/* ---- calls ---- */

/* One call under way. */
typedef struct freshet_agentos_call freshet_agentos_call;

/* Just one of error and result is not NULL. The handle is valid until it returns. */
typedef void freshet_agentos_result_fn(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_result *result, void *user);

/* A prompt variable; the value may be a secret and is never logged. */
typedef struct freshet_agentos_variable {
	freshet_str name;
	freshet_str value;
} freshet_agentos_variable;

/* One message of a history. */
typedef struct freshet_agentos_message {
	bool assistant; /* else the user's */
	freshet_str content;
} freshet_agentos_message;

/* 0, NULL and empty leave a member out. */
typedef struct freshet_agentos_invoke_options {
	size_t size;          /* set by freshet_agentos_invoke_options_init */
	const char *agent_id; /* default: the client's */
	freshet_str input;    /* a JSON object; default {} */
	freshet_str text;     /* instead: {"prompt": text} */
	const freshet_agentos_variable *variables;
	size_t variable_count;
	freshet_str session_id;                 /* the platform remembers; any text, of this agent alone */
	const freshet_agentos_message *history; /* or it is told, and nothing is remembered */
	size_t history_count;
	freshet_str parent_run_id; /* a UUID */
	const char *key;           /* of idempotency, at most 36 characters; default: a random one */
	uint64_t
		timeout_ms; /* of one attempt; of a stream: until its answer begins; default: the client's invoke_timeout_ms */
	uint64_t deadline_ms; /* of all of it; default: none */
} freshet_agentos_invoke_options;

FRESHET_OPTIONS_INIT(freshet_agentos_invoke_options)

/*
 * Runs a hosted agent and waits for its output or its pause. `options` may be NULL, `out` too. FRESHET_EINVAL (an input that
 * is no object, session_id and history at once, a parent_run_id that is no UUID, a variable without a name),
 * FRESHET_EJSON_... (the input), FRESHET_EAUTH (no key), FRESHET_ESTATE (closing), FRESHET_ENOMEM, FRESHET_ESYSTEM.
 */
FRESHET_API freshet_err freshet_agentos_invoke(freshet_agentos *client, const freshet_agentos_invoke_options *options,
	freshet_agentos_result_fn *done, void *user, freshet_agentos_call **out);

typedef struct freshet_agentos_reply_options {
	size_t size;             /* set by freshet_agentos_reply_options_init */
	freshet_str run_id;      /* required */
	freshet_str answer;      /* required: a text */
	freshet_str question_id; /* optional: which question it answers */
	const char *key;         /* as above, and those below */
	uint64_t timeout_ms;
	uint64_t deadline_ms;
} freshet_agentos_reply_options;

FRESHET_OPTIONS_INIT(freshet_agentos_reply_options)

/* Answers a run that awaits input; it may complete, pause again, or be still running. Errors as above. */
FRESHET_API freshet_err freshet_agentos_reply(freshet_agentos *client, const freshet_agentos_reply_options *options,
	freshet_agentos_result_fn *done, void *user, freshet_agentos_call **out);

/* Reads what is known of a run. FRESHET_EINVAL (no id), and as above. */
FRESHET_API freshet_err freshet_agentos_run_read(freshet_agentos *client, freshet_str run_id,
	freshet_agentos_result_fn *done, void *user, freshet_agentos_call **out);

/* A call of a tool that waits for somebody's consent. */
typedef struct freshet_agentos_approval {
	freshet_str raw; /* JSON */
	freshet_str id;
	freshet_str run_id;
	freshet_str agent_id;
	freshet_str tool;
	freshet_str input; /* JSON */
	freshet_str status;
	freshet_str expires_at;
} freshet_agentos_approval;

/* `error` is NULL when it went well; then there may be none. */
typedef void freshet_agentos_approvals_fn(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *approvals, size_t count, void *user);

/* Lists what waits for a decision, with the workspace key. */
FRESHET_API freshet_err freshet_agentos_approvals(
	freshet_agentos *client, freshet_agentos_approvals_fn *done, void *user, freshet_agentos_call **out);

/* `status` is the server's word for what the approval is now; may be empty. */
typedef void freshet_agentos_decision_fn(
	freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user);

/*
 * Approves or rejects; the run goes on, in the second case with an error for its agent. `reason` is mostly empty and then
 * not sent. FRESHET_ECONFLICT in the error: it was decided before (or by an attempt whose answer was lost).
 */
FRESHET_API freshet_err freshet_agentos_decide(freshet_agentos *client, freshet_str approval_id, bool approve,
	freshet_str reason, freshet_agentos_decision_fn *done, void *user, freshet_agentos_call **out);

/* Ends the call: its callback with FRESHET_ECANCELED on a later turn; the run may go on at the platform. Again: nothing. */
FRESHET_API void freshet_agentos_call_cancel(freshet_agentos_call *call);

/* ---- streams ---- */

/* One streamed invoke or reply. */
typedef struct freshet_agentos_stream freshet_agentos_stream;

typedef enum freshet_agentos_event_type {
	FRESHET_AGENTOS_EVENT_UNKNOWN, /* a type that no list has, or data that cannot be read: see `err` */
	FRESHET_AGENTOS_EVENT_START,
	FRESHET_AGENTOS_EVENT_CHUNK,
	FRESHET_AGENTOS_EVENT_TOOL_CALL,
	FRESHET_AGENTOS_EVENT_TOOL_RESULT,
	FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL, /* these four end the stream */
	FRESHET_AGENTOS_EVENT_AWAITING_INPUT,
	FRESHET_AGENTOS_EVENT_DONE,
	FRESHET_AGENTOS_EVENT_ERROR,
} freshet_agentos_event_type;

/* What the event does not have is empty. */
typedef struct freshet_agentos_event {
	freshet_agentos_event_type type;
	freshet_str type_name; /* as it was spelled */
	freshet_str raw;       /* the event's data */
	freshet_str id;        /* of the SSE event */
	bool synthetic; /* made from a whole answer where the server gave no stream, or from reading the run afterwards */
	freshet_err err;               /* of UNKNOWN: why the data cannot be read; the stream goes on */
	size_t position;               /* and at which byte */
	freshet_str text;              /* CHUNK: whole characters */
	freshet_str tool;              /* TOOL_CALL, TOOL_RESULT, AWAITING_APPROVAL */
	freshet_str input;             /* JSON, of the first and the last */
	freshet_str output;            /* TOOL_RESULT: JSON */
	bool is_error;                 /* TOOL_RESULT: the tool failed */
	freshet_str code;              /* ERROR */
	freshet_str message;           /* ERROR; TOOL_RESULT that failed */
	freshet_agentos_result result; /* run_id of all; the rest of DONE and the two pauses */
} freshet_agentos_event;

/* How a stream ended. */
typedef struct freshet_agentos_stream_end {
	const freshet_agentos_error *error;   /* NULL: the end is known. FRESHET_ECANCELED: closed by us */
	const freshet_agentos_result *result; /* NULL: nothing is known; with an error: of a run that may go on */
	freshet_str text;                     /* of all chunks */
	bool text_cut;                        /* there was more than max_text */
	bool polled;                          /* the result was read from the run after the stream had broken off */
	uint32_t resumes;                     /* how often the stream was taken up again */
	uint64_t events;
} freshet_agentos_stream_end;

typedef struct freshet_agentos_stream_callbacks {
	/* Optional. The event's spans are valid until it returns. */
	void (*on_event)(freshet_agentos_stream *stream, const freshet_agentos_event *event, void *user);
	/* Required. Exactly once, and last. The handle is valid until it returns. */
	void (*on_done)(freshet_agentos_stream *stream, const freshet_agentos_stream_end *end, void *user);
} freshet_agentos_stream_callbacks;

/* The same requests, answered as a stream of events. Errors as above. */
FRESHET_API freshet_err freshet_agentos_invoke_stream(freshet_agentos *client,
	const freshet_agentos_invoke_options *options, const freshet_agentos_stream_callbacks *callbacks, void *user,
	freshet_agentos_stream **out);
FRESHET_API freshet_err freshet_agentos_reply_stream(freshet_agentos *client,
	const freshet_agentos_reply_options *options, const freshet_agentos_stream_callbacks *callbacks, void *user,
	freshet_agentos_stream **out);

/* Ends the stream: on_done with FRESHET_ECANCELED on a later turn; the run may go on at the platform. Again: nothing. */
FRESHET_API void freshet_agentos_stream_close(freshet_agentos_stream *stream);

/* Stops the events and lets flow control stop the server; and goes on. */
FRESHET_API void freshet_agentos_stream_pause(freshet_agentos_stream *stream);
FRESHET_API void freshet_agentos_stream_resume(freshet_agentos_stream *stream);

/* The run, once it is known; valid as long as the stream. */
FRESHET_API freshet_str freshet_agentos_stream_run_id(const freshet_agentos_stream *stream);

/* ---- conversations ---- */

/* A line of invokes of one agent that know of each other. */
typedef struct freshet_agentos_conversation freshet_agentos_conversation;

typedef struct freshet_agentos_conversation_options {
	size_t size;            /* set by freshet_agentos_conversation_options_init */
	const char *agent_id;   /* default: the client's */
	freshet_str session_id; /* default: a random UUID */
	bool local; /* the platform remembers nothing: the texts are kept here and sent along; then no session_id */
	const freshet_agentos_variable *variables; /* with each message */
	size_t variable_count;
	uint64_t timeout_ms; /* as in freshet_agentos_invoke_options, of each message */
} freshet_agentos_conversation_options;

FRESHET_OPTIONS_INIT(freshet_agentos_conversation_options)

/* FRESHET_EINVAL, FRESHET_ENOMEM, FRESHET_ESYSTEM, FRESHET_ESTATE (closing); on failure *out is NULL. `options` may be NULL. */
FRESHET_API freshet_err freshet_agentos_conversation_new(freshet_agentos *client,
	const freshet_agentos_conversation_options *options, freshet_agentos_conversation **out);

/*
 * Gives the handle back. What is under way and in line ends with FRESHET_ECANCELED on a later turn. It stays valid without
 * its client, whose end ends all messages. NULL is fine.
 */
FRESHET_API void freshet_agentos_conversation_free(freshet_agentos_conversation *conversation);

/* Empty when it is local. */
FRESHET_API freshet_str freshet_agentos_conversation_session_id(const freshet_agentos_conversation *conversation);

/* What a local one remembers. */
FRESHET_API size_t freshet_agentos_conversation_message_count(const freshet_agentos_conversation *conversation);

/*
 * Sends a text when those before it have their ends: one at a time. `call` is NULL in the callback of one that was never
 * sent. A local conversation remembers the text and the output's text when the run completes. FRESHET_EINVAL,
 * FRESHET_EQUEUE_FULL (max_waiting), FRESHET_ESTATE (the client is closing), FRESHET_ENOMEM.
 */
FRESHET_API freshet_err freshet_agentos_conversation_send(
	freshet_agentos_conversation *conversation, freshet_str text, freshet_agentos_result_fn *done, void *user);

/* The same as a stream; `stream` is NULL in the on_done of one that was never sent. */
FRESHET_API freshet_err freshet_agentos_conversation_send_stream(freshet_agentos_conversation *conversation,
	freshet_str text, const freshet_agentos_stream_callbacks *callbacks, void *user);

#ifdef __cplusplus
}
#endif

#endif
