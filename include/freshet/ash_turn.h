/*
 * Turns and conversations of the Ash service: a message is sent, its answer is an event stream, and what the platform
 * allows is done to tell how it ended. Included by ash.h; the rules of callbacks are those told there.
 *
 * A stream of this service cannot be resumed. When it breaks, the agent may be still at work, and nothing tells. So a
 * message is never sent again; instead the turn reads what the server has stored since, shows what was not seen yet, and
 * tells in its end what is known: see freshet_ash_turn_state.
 */
#ifndef FRESHET_ASH_TURN_H
#define FRESHET_ASH_TURN_H

#include <freshet/ash.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- events ---- */

typedef enum freshet_ash_event_type {
	FRESHET_ASH_EVENT_UNKNOWN, /* one that this version does not know, or that could not be read: see `err` */
	FRESHET_ASH_EVENT_SESSION_START,
	FRESHET_ASH_EVENT_MESSAGE,    /* a message of the agent, whole; what it holds came before as the next ones */
	FRESHET_ASH_EVENT_TEXT_DELTA, /* only with `partial` */
	FRESHET_ASH_EVENT_THINKING_DELTA, /* with `partial` piece by piece, and then the block once more, whole */
	FRESHET_ASH_EVENT_TOOL_USE,
	FRESHET_ASH_EVENT_TOOL_RESULT, /* may be empty: the MESSAGE behind it, of a user, pairs results with calls */
	FRESHET_ASH_EVENT_TURN_COMPLETE,
	FRESHET_ASH_EVENT_ERROR,
	FRESHET_ASH_EVENT_DONE,
	FRESHET_ASH_EVENT_RECORD, /* after a break: a stored event that the stream had not shown */
} freshet_ash_event_type;

typedef enum freshet_ash_message_kind {
	FRESHET_ASH_MESSAGE_UNKNOWN,
	FRESHET_ASH_MESSAGE_SYSTEM,
	FRESHET_ASH_MESSAGE_ASSISTANT,
	FRESHET_ASH_MESSAGE_USER,
	FRESHET_ASH_MESSAGE_STREAM_EVENT,
	FRESHET_ASH_MESSAGE_RESULT,
} freshet_ash_message_kind;

/* The agent's own message. Of each kind only some members are there; a member of another type than told is left out. */
typedef struct freshet_ash_agent_message {
	freshet_ash_message_kind kind;
	freshet_str kind_name;
	freshet_str subtype;            /* SYSTEM, RESULT */
	freshet_str uuid;               /* of the message */
	freshet_str sdk_session_id;     /* the agent's own, which need not be Ash's */
	freshet_str parent_tool_use_id; /* set when a subagent speaks */
	freshet_str message_id;         /* ASSISTANT */
	freshet_str model;              /* ASSISTANT, SYSTEM init */
	freshet_str stop_reason;        /* ASSISTANT */
	freshet_str content;            /* ASSISTANT, USER: JSON, mostly an array of blocks */
	freshet_str error;              /* ASSISTANT: "rate_limit", "billing_error", ... */
	freshet_str tool_use_result;    /* USER: JSON */
	freshet_str event;              /* STREAM_EVENT: JSON, one event of the model */
	freshet_str result;             /* RESULT success: the last words */
	freshet_str structured_output;  /* RESULT: JSON */
	freshet_str errors;             /* RESULT of a failure: JSON array */
	freshet_str usage;              /* ASSISTANT, RESULT: JSON object */
	bool is_error;                  /* RESULT */
	int64_t num_turns;
	int64_t duration_ms;
	int64_t duration_api_ms;
	freshet_ash_number total_cost_usd;
} freshet_ash_agent_message;

/* One event. What the server left out or sent as null is empty or 0. */
typedef struct freshet_ash_event {
	freshet_ash_event_type type;
	freshet_str type_name; /* as the server spells it */
	freshet_str raw;       /* its data as it came */
	freshet_err err;       /* of one that could not be read, with its position in `raw`; the turn goes on */
	size_t position;
	__extension__ union { /* the member that `type` names */
		struct {
			freshet_str session_id;
			freshet_str version;
		} session_start;
		freshet_ash_agent_message message;
		struct {
			freshet_str text;
		} delta; /* TEXT_DELTA, THINKING_DELTA */
		struct {
			freshet_str id;
			freshet_str name;
			freshet_str input; /* JSON */
		} tool_use;
		struct {
			freshet_str tool_use_id;
			freshet_str content; /* JSON: a string, or an array of blocks */
			bool is_error;
		} tool_result;
		struct {
			int64_t num_turns;
			freshet_str result;
		} turn_complete;
		struct {
			freshet_str text;
		} error;
		struct {
			freshet_str session_id; /* empty or another one: some other command cut in */
		} done;
		const freshet_ash_record *record;
	};
} freshet_ash_event;

/* ---- turns ---- */

typedef struct freshet_ash_turn freshet_ash_turn;

/* What is known of a turn that is over for us. */
typedef enum freshet_ash_turn_state {
	FRESHET_ASH_TURN_UNKNOWN,     /* it was cut or closed: the agent may be still at work; see `restart` */
	FRESHET_ASH_TURN_UNSENT,      /* the server surely did not act: sending the message again is safe */
	FRESHET_ASH_TURN_REFUSED,     /* the server refused it: error.reason tells */
	FRESHET_ASH_TURN_COMPLETED,   /* it is over; whether it went well tells `is_error` */
	FRESHET_ASH_TURN_FAILED,      /* the agent or the server reported an error */
	FRESHET_ASH_TURN_RECOVERED,   /* it was cut, but the store shows its end: nothing is missing but detail */
	FRESHET_ASH_TURN_DISTURBED,   /* another command on the session cut in: the rest of the turn is lost */
	FRESHET_ASH_TURN_INTERRUPTED, /* by freshet_ash_turn_interrupt: the agent was killed */
} freshet_ash_turn_state;

typedef struct freshet_ash_turn_end {
	/*
	 * error.outcome.err is FRESHET_OK when the turn came to an end that is known: COMPLETED, FAILED, RECOVERED,
	 * INTERRUPTED. FRESHET_EBAD_ANSWER when the stream ended well but without the turn's end, as with DISTURBED.
	 */
	freshet_ash_error error;
	freshet_ash_turn_state state;
	bool has_result; /* the agent told a result */
	bool is_error;   /* it was a failure: a limit, a refusal of the model */
	int64_t num_turns;
	freshet_ash_number total_cost_usd;
	uint64_t events;  /* shown, records included */
	uint64_t records; /* shown after a break */
	int64_t sequence; /* of the last stored event that was read: `after` of the next turn */
} freshet_ash_turn_end;

typedef struct freshet_ash_turn_callbacks {
	/* Optional. The server has accepted the message. */
	void (*on_open)(freshet_ash_turn *turn, void *user);
	/* Required. */
	void (*on_event)(freshet_ash_turn *turn, const freshet_ash_event *event, void *user);
	/* Required. Exactly once for every successful open, and last: `user` is the caller's again when it returned. */
	void (*on_done)(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user);
} freshet_ash_turn_callbacks;

/* A piece of a message. */
typedef struct freshet_ash_block {
	freshet_str text;       /* of a text; the rest is then not looked at */
	bool document;          /* else an image */
	freshet_str media_type; /* "image/png", "application/pdf" */
	freshet_str bytes;      /* as they are: they travel in base64 */
} freshet_ash_block;

/* 0 and NULL take the default. Everything is copied at the call; copies are overwritten after use. */
typedef struct freshet_ash_turn_options {
	size_t size;            /* set by freshet_ash_turn_options_init */
	freshet_str session_id; /* required: a UUID */
	freshet_str content;    /* required, unless there are blocks: the message; may be empty but not NULL */
	/*
	 * Instead of `content`: up to 20, with newer servers only. One text alone is sent as content; one image or document
	 * alone is FRESHET_EINVAL, since the server refuses it.
	 */
	const freshet_ash_block *blocks;
	size_t block_count;
	bool partial;      /* text and thinking come as they are written */
	freshet_str model; /* optional, as all that follow: of this turn only */
	uint32_t max_turns;
	freshet_ash_number max_budget_usd;
	freshet_str effort;        /* "low", "medium", "high", "max" */
	freshet_str thinking_type; /* "adaptive", "enabled", "disabled" */
	uint32_t thinking_budget_tokens;
	freshet_str output_type; /* with output_schema, a JSON object */
	freshet_str output_schema;
	/*
	 * Before the message is sent, the stored events behind `after` are passed over, so that after a break those of this
	 * turn are known. That is one request more, or one for each thousand events.
	 */
	int64_t after;
	bool no_recovery; /* does without: a turn that is cut is UNKNOWN */
	bool resume; /* a session that is paused, stopped or without sandbox is resumed, and the refused message sent */
	bool restart;         /* stops and resumes the session first: kills an agent that may be still at work */
	bool paused;          /* starts paused */
	uint64_t deadline_ms; /* of the stream; default none. Silence: freshet_ash_options */
	freshet_ash_turn_callbacks callbacks;
	void *user;
} freshet_ash_turn_options;

FRESHET_OPTIONS_INIT(freshet_ash_turn_options)

/*
 * Sends a message. FRESHET_ESTATE while a turn or an exec of this client is open on the session: the server would mix
 * them up. FRESHET_EINVAL as told above, and the errors of freshet_stream_open; on failure *out is NULL, nothing is kept
 * and nothing is called back.
 */
FRESHET_API freshet_err freshet_ash_turn_open(
	freshet_ash *client, const freshet_ash_turn_options *options, freshet_ash_turn **out);

/*
 * Leaves the turn: no more events, on_done on a later turn of the loop with FRESHET_ECANCELED, unless its end was seen.
 * The agent goes on, unheard. Again: nothing.
 */
FRESHET_API void freshet_ash_turn_close(freshet_ash_turn *turn);

/*
 * Stops the session, which kills the agent, and resumes it; then on_done with FRESHET_ASH_TURN_INTERRUPTED, or with the
 * state that the turn came to before. FRESHET_ESTATE when the message is not yet accepted or the turn is closed; again:
 * nothing.
 */
FRESHET_API freshet_err freshet_ash_turn_interrupt(freshet_ash_turn *turn);

/* As freshet_stream_pause and _resume. A server whose stream is not read for 30 s gives it up: FRESHET_ASH_TURN_FAILED. */
FRESHET_API void freshet_ash_turn_pause(freshet_ash_turn *turn);
FRESHET_API void freshet_ash_turn_resume(freshet_ash_turn *turn);

/* `user` of its options. */
FRESHET_API void *freshet_ash_turn_user(const freshet_ash_turn *turn);

/* ---- conversations ---- */

/*
 * A session led turn by turn: one command at a time, sessions that fell asleep resumed, and after a turn whose end is not
 * known the session is stopped and resumed before the next message, so that two turns never mix.
 */
typedef struct freshet_ash_chat freshet_ash_chat;

typedef struct freshet_ash_chat_callbacks {
	/* Required. */
	void (*on_event)(freshet_ash_chat *chat, const freshet_ash_event *event, void *user);
	/* Required: once for each successful freshet_ash_chat_say. The next one may be said inside it. */
	void (*on_turn)(freshet_ash_chat *chat, const freshet_ash_turn_end *end, void *user);
} freshet_ash_chat_callbacks;

/*
 * A conversation on a session that exists; nothing is sent. It must not be used after its client was closed, but to free
 * it. FRESHET_EINVAL for an id that is no UUID and a missing callback, FRESHET_ENOMEM; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_ash_chat_new(freshet_ash *client, freshet_str session_id,
	const freshet_ash_chat_callbacks *callbacks, void *user, freshet_ash_chat **out);

/*
 * Says something. Of the options session_id, after, resume, restart, callbacks and user are not looked at; `options` may be
 * NULL. Errors as freshet_ash_turn_open: FRESHET_ESTATE while the turn before is not over.
 */
FRESHET_API freshet_err freshet_ash_chat_say(
	freshet_ash_chat *chat, freshet_str content, const freshet_ash_turn_options *options);

/* As freshet_ash_turn_interrupt, of the turn that is open; FRESHET_ESTATE when there is none. */
FRESHET_API freshet_err freshet_ash_chat_interrupt(freshet_ash_chat *chat);

/*
 * The conversation is over for us; the session stays. When a turn is open, its on_turn is the last callback, on a later
 * turn of the loop, and the memory goes then; else it goes at once. NULL is fine.
 */
FRESHET_API void freshet_ash_chat_free(freshet_ash_chat *chat);

/* The id of the session, terminated; as long as the conversation lives. */
FRESHET_API const char *freshet_ash_chat_session(const freshet_ash_chat *chat);

#ifdef __cplusplus
}
#endif

#endif
