/*
 * What each session is to do, and how it is to end: chosen by the seed, so that a run can be repeated.
 */
#ifndef DEMO_PLAN_H
#define DEMO_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* Where a session stands. */
enum state {
	WAITING,   /* its turn to be created has not come */
	CREATING,  /* the server is asked to create it */
	SEARCHING, /* the answer was lost: does it exist? */
	PENDING,   /* it exists and is being set up */
	RUNNING,   /* its agent works */
	COMPLETED, /* the ends */
	FAILED,
	TERMINATED,
	BROKEN, /* it could not be led to its end, which is the demo's failure and not the session's */
	STATES,
};

extern const char *const state_names[STATES];

/* A kind of session. What is not said of a platform it does not look at. */
struct part {
	uint32_t weight;          /* how many of 100 sessions of its platform */
	const char *script;       /* the beginning of the prompt, or of what stands for it, which the emulator obeys */
	const char *second;       /* of AoD and Ash, the prompt of a second turn; NULL: there is none */
	const char *again;        /* of Ash, the message after a turn that was cut: less is left to be done */
	uint32_t terminate_after; /* the demo terminates it after so many outputs; 0: never */
	uint32_t events;          /* of a run that is reported to AgentOS; others have a script */
	bool poll;                /* of AgentOS: a stream that is cut is not taken up again */
	bool any_end;             /* nothing is known of how it ends */
	enum state end;           /* how it is to end */
	bool has_exit_code;       /* of AoD */
	int64_t exit_code;
};

/* One of the list, whose weights make 100: the kind of the session with that number. */
const struct part *plan_pick(const struct part *parts, uint64_t seed, uint32_t number);

/* The one kind of sessions on a real server. */
extern const struct part plan_real;

#endif
