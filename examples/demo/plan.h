/*
 * What each session is to do, and how it is to end: chosen by the seed, so that a run can be repeated.
 */
#ifndef DEMO_PLAN_H
#define DEMO_PLAN_H

#include <freshet/aod.h>

/* A kind of session. */
struct part {
	uint32_t weight;          /* how many of 100 sessions */
	const char *script;       /* the beginning of the prompt, which the emulator obeys; of Ash, the message */
	const char *second;       /* the prompt of a second turn; NULL: there is none */
	const char *again;        /* of Ash, the message after a turn that was cut: less is left to be done */
	uint32_t terminate_after; /* so many outputs, or messages of Ash's agent; 0: the demo does not terminate it */
	bool any_end;             /* nothing is known of how it ends */
	freshet_aod_status status;
	bool has_exit_code;
	int64_t exit_code;
};

/* The kind of the session with that number, on Agent on Demand and on Ash. */
const struct part *plan_part(uint64_t seed, uint32_t number);
const struct part *plan_ash_part(uint64_t seed, uint32_t number);

/* The one kind of sessions on a real server. */
extern const struct part plan_real;

#endif
