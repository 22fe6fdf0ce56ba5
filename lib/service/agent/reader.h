/*
 * What the files of the event model share: the reader, and how it is led through what it was fed. Whatever is fed becomes
 * a few steps, each of which fills in one event; the agent's messages among it bring steps of their own, which come
 * first.
 */
#ifndef AGENT_READER_H
#define AGENT_READER_H

#include <freshet/agent.h>
#include <freshet/json.h>
#include <freshet/lines.h>

#define STEPS_MAX 3

/*
 * Fills in an event that is all zero but for the service's own event and `turn`. Without memory it sets `failed` and is called again: what
 * it changes in the reader it changes last.
 */
typedef void fill_fn(freshet_agent_reader *r, freshet_agent_event *event);

struct steps {
	fill_fn *fill[STEPS_MAX];
	uint8_t count;
	uint8_t at; /* the next one */
};

/* One message of the agent, while it is being given out. */
struct message {
	freshet_str text;
	unsigned flags;            /* FRESHET_LINE_... */
	bool json;                 /* the text is valid JSON */
	bool of_user;              /* what others tell the agent: results of its tools */
	bool of_failure;           /* a turn's result, and the turn failed */
	bool has_blocks;           /* there are blocks left */
	freshet_json_each blocks;  /* of message.content */
	freshet_json_value parent; /* parent_tool_use_id */
	struct steps steps;        /* after the blocks */
};

/* The end of a stream, as whoever led it tells it. */
struct ending {
	freshet_err err;
	freshet_str text;
	freshet_agent_result result;
	fill_fn *done; /* fills in DONE; NULL: with what stands here */
};

struct freshet_agent_reader {
	freshet_lines *lines;
	freshet_json_scratch scratch; /* decoded strings of the event at hand */
	/* What was fed; NULL when it is used up, or was something else. */
	const freshet_aod_event *aod;
	const freshet_ash_event *ash;
	const freshet_sudoiq_event *sudoiq;
	const freshet_agentos_event *agentos;
	const freshet_sudoiq_run_end *sudoiq_end;
	struct ending end;
	struct message message;
	struct steps steps; /* of what was fed, after the messages in it */
	size_t call;        /* of the Sudoiq status at hand: the tool call that is looked at next */
	char task[24];      /* Sudoiq's task id in digits */
	int64_t turn;       /* 0: none yet */
	char *output;       /* the agent's result, until DONE */
	size_t output_len;  /* of it */
	/* Blocks that came in deltas and not yet whole: of the agent or subagents, text or thinking. */
	uint16_t streamed[2][2];
	freshet_agent_form form; /* never AUTO */
	bool automatic;          /* the form follows the `start` event */
	bool busy;               /* what was fed is not used up */
	bool done;               /* DONE was given for the stream at hand */
	bool failed;             /* no memory for the event at hand */
};

/* Adds a step. */
void steps_add(struct steps *steps, fill_fn *fill);

/* Begins to be fed: FRESHET_ESTATE while something else is not used up. What was kept of a stream that is over goes. */
freshet_err reader_begin(freshet_agent_reader *r);

/* Feeds the end of a stream; nothing comes of it when DONE was given. */
freshet_err reader_end(freshet_agent_reader *r, const struct ending *end);

/* Fills in DONE, but for what only the service knows. */
void reader_done(freshet_agent_reader *r, freshet_agent_event *event, freshet_agent_result result);

/* Keeps the agent's result for DONE; what is no string is none. Without memory the old one stays, and `failed` is set. */
void reader_keep_output(freshet_agent_reader *r, const freshet_json_value *result);

/* The characters of a string; other values leave *out as it was. */
void reader_take(freshet_agent_reader *r, const freshet_json_value *value, freshet_str *out);

/* Begins a message; afterwards message_fill gives its events. An empty line has none. */
void message_open(freshet_agent_reader *r, const freshet_line *line);

/* The next event of the message at hand; false when there is none. */
bool message_fill(freshet_agent_reader *r, freshet_agent_event *event);

/* Fills in the next step's event; false when there is none. */
bool steps_fill(freshet_agent_reader *r, struct steps *steps, freshet_agent_event *event);

#endif
