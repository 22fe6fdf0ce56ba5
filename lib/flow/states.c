#include "flow/states.h"

#include <stddef.h>

static const uint8_t next_state[STREAM_STATE_COUNT][STREAM_STEP_COUNT] = {
	[STREAM_WAITING] =
		{
			[STEP_SUBMIT] = STREAM_SENT,
			[STEP_CUT] = STREAM_BACKOFF,
			[STEP_END] = STREAM_DONE,
		},
	[STREAM_SENT] =
		{
			[STEP_OPENED] = STREAM_OPEN,
			[STEP_REFUSED] = STREAM_REFUSED,
			[STEP_MOVED] = STREAM_WAITING,
			[STEP_CUT] = STREAM_BACKOFF,
			[STEP_END] = STREAM_DONE,
		},
	[STREAM_OPEN] =
		{
			[STEP_CUT] = STREAM_BACKOFF,
			[STEP_END] = STREAM_DONE,
		},
	[STREAM_REFUSED] =
		{
			[STEP_MOVED] = STREAM_WAITING,
			[STEP_CUT] = STREAM_BACKOFF,
			[STEP_END] = STREAM_DONE,
		},
	[STREAM_BACKOFF] =
		{
			[STEP_CUT] = STREAM_BACKOFF,
			[STEP_RETRY] = STREAM_WAITING,
			[STEP_END] = STREAM_DONE,
		},
};

static const char *const names[STREAM_STATE_COUNT] = {
	[STREAM_NONE] = "none",
	[STREAM_WAITING] = "waiting",
	[STREAM_SENT] = "sent",
	[STREAM_OPEN] = "open",
	[STREAM_REFUSED] = "refused",
	[STREAM_BACKOFF] = "backoff",
	[STREAM_DONE] = "done",
};

enum stream_state stream_next_state(enum stream_state state, enum stream_step step)
{
	if ((unsigned)state >= STREAM_STATE_COUNT || (unsigned)step >= STREAM_STEP_COUNT)
		return STREAM_NONE;
	return (enum stream_state)next_state[state][step];
}

const char *stream_state_name(enum stream_state state)
{
	return (unsigned)state < STREAM_STATE_COUNT ? names[state] : "none";
}
