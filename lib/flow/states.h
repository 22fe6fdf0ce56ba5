/*
 * The states of a stream and the moves between them. docs/resume.md draws them.
 */
#ifndef FLOW_STATES_H
#define FLOW_STATES_H

#include <stdbool.h>
#include <stdint.h>

enum stream_state {
	STREAM_NONE,    /* answer to an illegal move */
	STREAM_WAITING, /* in line for a connection */
	STREAM_SENT,    /* the subscription is on its way */
	STREAM_OPEN,    /* events may come */
	STREAM_REFUSED, /* an answer of another kind: its body is read for the outcome */
	STREAM_BACKOFF, /* pauses before the next attempt */
	STREAM_DONE,    /* the last callback is due or was */
	STREAM_STATE_COUNT,
};

enum stream_step {
	STEP_SUBMIT,  /* a connection took the request */
	STEP_OPENED,  /* status 200 and an event stream */
	STEP_REFUSED, /* any other answer */
	STEP_MOVED,   /* surely not processed: back in line at once */
	STEP_CUT,     /* over without being final: pause */
	STEP_RETRY,   /* the pause is over */
	STEP_END,     /* for good */
	STREAM_STEP_COUNT,
};

/* STREAM_NONE when the step is not possible in that state. */
enum stream_state stream_next_state(enum stream_state state, enum stream_step step);

/* "waiting", "sent", "open", "refused", "backoff", "done": static. */
const char *stream_state_name(enum stream_state state);

#endif
