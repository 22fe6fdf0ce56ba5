/*
 * One event model over all services, so that one program follows agents wherever they run. A reader turns the events of
 * a service's stream into events of the model, and opens what an agent itself writes where its form is known: the claude
 * CLI's stream-json, one message per line, cut over events as it may be.
 *
 * Pulled, in the service's callbacks:
 *
 *	static void on_event(freshet_aod_stream *stream, const freshet_aod_event *own, void *user)
 *	{
 *		freshet_agent_event event;
 *		freshet_agent_reader_aod(reader, own);
 *		while (freshet_agent_reader_next(reader, &event) == FRESHET_AGENT_EVENT)
 *			use(&event);
 *	}
 *
 * and in on_done the same with freshet_agent_reader_aod_end. Nothing of a service is hidden by the model: each event
 * leads to what it was made of, and what the model has no word for comes as RAW. docs/services/agent.md has the tables.
 */
#ifndef FRESHET_AGENT_H
#define FRESHET_AGENT_H

#include <freshet/agentos_hosted.h>
#include <freshet/aod.h>
#include <freshet/ash.h>
#include <freshet/error.h>
#include <freshet/sudoiq.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum freshet_agent_kind {
	FRESHET_AGENT_RAW,               /* what the model has no word for */
	FRESHET_AGENT_STARTED,           /* the service tells which session this is; the first event, once per stream */
	FRESHET_AGENT_STATUS,            /* the session, a stage of it, a turn or the agent is at another point */
	FRESHET_AGENT_TEXT,              /* what the agent says */
	FRESHET_AGENT_THINKING,          /* what it thinks */
	FRESHET_AGENT_OUTPUT,            /* a piece of what it wrote, in no form that is known, not cut at line ends */
	FRESHET_AGENT_TOOL_CALL,         /* it calls a tool that runs where the agent does */
	FRESHET_AGENT_TOOL_RESULT,       /* what such a tool answered */
	FRESHET_AGENT_TOOL_REQUEST,      /* it calls a tool of ours and waits for our answer */
	FRESHET_AGENT_AWAITING_INPUT,    /* it asks something and waits for our answer */
	FRESHET_AGENT_AWAITING_APPROVAL, /* it wants to call a tool and waits for our consent */
	FRESHET_AGENT_USAGE,             /* what the turn has cost */
	FRESHET_AGENT_ERROR,             /* something went wrong; it may go on: DONE tells the end */
	FRESHET_AGENT_DONE,              /* the end of the turn or run: exactly once for each stream, and last */
} freshet_agent_kind;

/* "tool_call" and so on: static, "unknown" for a kind that this version does not have. */
FRESHET_API const char *freshet_agent_kind_name(freshet_agent_kind kind);

/* Of what a status tells. */
typedef enum freshet_agent_subject {
	FRESHET_AGENT_SUBJECT_SESSION, /* `name`: its state, as the service spells it */
	FRESHET_AGENT_SUBJECT_STAGE,   /* a step of setting the session up; `name`: which */
	FRESHET_AGENT_SUBJECT_TURN,    /* a turn begins: see event.turn */
	FRESHET_AGENT_SUBJECT_AGENT,   /* what the agent tells of itself; `name`: "init", "task_started", ... */
	FRESHET_AGENT_SUBJECT_STREAM,  /* nothing was heard for long; the stream goes on */
} freshet_agent_subject;

typedef enum freshet_agent_progress {
	FRESHET_AGENT_PROGRESS_UNKNOWN, /* not told, or in a word that is not known: see `progress_name` */
	FRESHET_AGENT_PROGRESS_STARTED,
	FRESHET_AGENT_PROGRESS_DONE,
	FRESHET_AGENT_PROGRESS_FAILED,
} freshet_agent_progress;

/* How a turn or run ended. */
typedef enum freshet_agent_result {
	FRESHET_AGENT_RESULT_UNKNOWN, /* the stream ended before the service told: the agent may be at work */
	FRESHET_AGENT_RESULT_COMPLETED,
	FRESHET_AGENT_RESULT_FAILED,
	FRESHET_AGENT_RESULT_CANCELED, /* terminated, or given up by somebody */
	FRESHET_AGENT_RESULT_PAUSED,   /* it waits for our answer, and goes on after that */
} freshet_agent_result;

/* What an agent says or thinks. */
typedef struct freshet_agent_text {
	freshet_str text;
	bool delta;    /* a piece that has just been written; more of the same follows, and at last the whole */
	bool repeated; /* the whole of what has come in deltas before: who shows those skips this */
} freshet_agent_text;

/* A call of a tool. */
typedef struct freshet_agent_tool {
	freshet_str id;    /* the result, and our answer, name it */
	freshet_str name;  /* of the tool */
	freshet_str space; /* the name's name space, with services that have them */
	freshet_str input; /* JSON text; empty when there is none */
} freshet_agent_tool;

/*
 * One event. What the service left out is empty, 0 or false. Its spans are valid until the next call on the reader, and
 * no longer than what the reader was fed.
 */
typedef struct freshet_agent_event {
	freshet_agent_kind kind;
	/*
	 * The service's own event: of a message over several of them the one that completed it. NULL with another
	 * service, at the end of a stream, and with freshet_agent_reader_message.
	 */
	const freshet_aod_event *aod;
	const freshet_ash_event *ash;
	const freshet_sudoiq_event *sudoiq;
	const freshet_agentos_event *agentos;
	freshet_str raw; /* what it was made of: a block of the agent's message, a whole line, a service's JSON text */
	freshet_str message;  /* the agent's whole message, where it comes from one */
	freshet_str parent;   /* the tool call in which a subagent is at work; empty: the agent itself */
	int64_t turn;         /* from 1; 0 when it is not known */
	__extension__ union { /* the member that `kind` names */
		struct {
			bool json;      /* raw is valid JSON */
			bool part;      /* raw is a part of a line longer than the limit; the rest follows */
			bool continued; /* and this goes on where the one before it stopped */
		} line;                 /* RAW */
		struct {
			freshet_str session_id;
			freshet_str runtime; /* what runs the agent: the service's runtime or provider */
		} started;
		struct {
			freshet_agent_subject subject;
			freshet_str name;
			freshet_agent_progress progress;
			freshet_str progress_name; /* as the service spells it */
			freshet_str text; /* for people: the reason of a failure, a task's description, a model */
			bool has_duration;
			int64_t duration_ms;
		} status;
		freshet_agent_text text; /* TEXT, THINKING */
		struct {
			freshet_aod_output_stream stream;
			freshet_str stream_name;
			freshet_str text;
		} output;
		freshet_agent_tool tool; /* TOOL_CALL, TOOL_REQUEST, AWAITING_APPROVAL */
		struct {
			freshet_str id;      /* of the call; empty with services that give calls none */
			freshet_str name;    /* of the tool, with those */
			freshet_str text;    /* when the result is one text */
			freshet_str content; /* JSON text, whatever it is; empty when there is none */
			bool is_error;
		} tool_result;
		struct {
			freshet_str id; /* our answer names it; may be empty */
			freshet_str text;
		} question; /* AWAITING_INPUT */
		struct {
			int64_t input_tokens; /* those from and to the cache not counted */
			int64_t output_tokens;
			int64_t cache_creation_tokens;
			int64_t cache_read_tokens;
			int64_t model_turns; /* how often the model was asked */
			bool has_cost;
			double cost_usd;
			bool has_duration;
			int64_t duration_ms;
		} usage;
		struct {
			freshet_str code; /* a word for programs; may be empty */
			freshet_str text; /* for people; may be empty */
		} error;
		struct {
			freshet_agent_result result;
			bool has_exit_code;
			int64_t exit_code;
			freshet_str text;   /* for people; may be empty */
			freshet_str output; /* what the agent gave as its result; may be empty */
			bool output_json;   /* the result is no text, and `output` is its JSON */
		} done;
	};
} freshet_agent_event;

/* ---- reader ---- */

/* For one session: its streams one after the other, each turn's and each restart's. */
typedef struct freshet_agent_reader freshet_agent_reader;

/* What an agent's stdout holds. */
typedef enum freshet_agent_form {
	FRESHET_AGENT_FORM_AUTO,   /* what STARTED names: CLAUDE as freshet_pretty_format_of has it, else PLAIN */
	FRESHET_AGENT_FORM_PLAIN,  /* anything: comes as OUTPUT */
	FRESHET_AGENT_FORM_CLAUDE, /* stream-json: comes as TEXT, TOOL_CALL, ...; what cannot be read as RAW */
} freshet_agent_form;

/* 0 takes the default. */
typedef struct freshet_agent_reader_options {
	size_t size;             /* set by freshet_agent_reader_options_init */
	freshet_agent_form form; /* default: AUTO */
	size_t max_line; /* bytes of a message; default 8 MiB, at least 64; a longer one comes as RAW, in parts */
} freshet_agent_reader_options;

typedef enum freshet_agent_step {
	FRESHET_AGENT_MORE,   /* all that was fed is used up */
	FRESHET_AGENT_EVENT,  /* the event is filled in */
	FRESHET_AGENT_FAILED, /* no memory; nothing is lost, the next call tries again */
} freshet_agent_step;

FRESHET_OPTIONS_INIT(freshet_agent_reader_options)

/*
 * A new reader; `options` may be NULL. The caller frees it with freshet_agent_reader_free. FRESHET_ENOMEM,
 * FRESHET_EINVAL; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_agent_reader_new(
	const freshet_agent_reader_options *options, freshet_agent_reader **out);

/* NULL is fine. */
FRESHET_API void freshet_agent_reader_free(freshet_agent_reader *reader);

/*
 * Forgets what was fed and not given out, and the line that is open. For a caller that does not try again after FAILED:
 * what comes next is read as if that had not been; what runs the agent and the turn stay known.
 */
FRESHET_API void freshet_agent_reader_reset(freshet_agent_reader *reader);

/*
 * Those below feed the reader. What they are given is not copied: it must stay as it is until
 * freshet_agent_reader_next has answered MORE. FRESHET_ESTATE before that.
 */

/* An event of an Agent on Demand stream, in the order of the stream. */
FRESHET_API freshet_err freshet_agent_reader_aod(freshet_agent_reader *reader, const freshet_aod_event *event);

/*
 * The end of such a stream: brings a line that is still open, and DONE if no event has told the end, with an ERROR
 * before it unless the caller closed the stream.
 */
FRESHET_API freshet_err freshet_agent_reader_aod_end(freshet_agent_reader *reader, const freshet_aod_stream_end *end);

/*
 * An event of an Ash turn, in the order of the turn. What the service tells twice, in events of its own and in the
 * agent's messages, is taken from the messages.
 */
FRESHET_API freshet_err freshet_agent_reader_ash(freshet_agent_reader *reader, const freshet_ash_event *event);

/* The end of such a turn: brings DONE, with an ERROR before it where the end is not known and nobody closed the turn. */
FRESHET_API freshet_err freshet_agent_reader_ash_end(freshet_agent_reader *reader, const freshet_ash_turn_end *end);

/*
 * An event of a Sudoiq run. A status that wants tools called brings a TOOL_REQUEST for each call that no earlier status of
 * the run had: the client answers those that have handlers by itself.
 */
FRESHET_API freshet_err freshet_agent_reader_sudoiq(freshet_agent_reader *reader, const freshet_sudoiq_event *event);

/*
 * The end of such a run: brings DONE, with an ERROR before it where the end is not known and nobody closed the run.
 * FRESHET_AGENT_RESULT_PAUSED: the run waits for answers still.
 */
FRESHET_API freshet_err freshet_agent_reader_sudoiq_end(
	freshet_agent_reader *reader, const freshet_sudoiq_run_end *end);

/*
 * An event of a streamed run of AgentOS. The one that ends the stream brings DONE: with FRESHET_AGENT_RESULT_PAUSED behind
 * AWAITING_INPUT and AWAITING_APPROVAL.
 */
FRESHET_API freshet_err freshet_agent_reader_agentos(freshet_agent_reader *reader, const freshet_agentos_event *event);

/*
 * The end of such a stream: brings DONE if no event has told the end, with an ERROR before it unless the caller closed the
 * stream.
 */
FRESHET_API freshet_err freshet_agent_reader_agentos_end(
	freshet_agent_reader *reader, const freshet_agentos_stream_end *end);

/* One message of a claude agent as JSON text, from wherever it comes. */
FRESHET_API freshet_err freshet_agent_reader_message(freshet_agent_reader *reader, freshet_str message);

/* The next event of what was fed: any number for each, none for output that ends no line. */
FRESHET_API freshet_agent_step freshet_agent_reader_next(freshet_agent_reader *reader, freshet_agent_event *event);

#ifdef __cplusplus
}
#endif

#endif
