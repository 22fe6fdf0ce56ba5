/*
 * What a session of Ash has beside what every session has.
 */
#ifndef DEMO_TALK_H
#define DEMO_TALK_H

#include "fleet.h"

struct talk {
	freshet_ash_turn *turn;  /* NULL: none is open */
	struct record shown;     /* pieces that streams showed, whole */
	struct record recovered; /* pieces that the store gave after a break */
	uint64_t repeated;       /* stored events that were given again */
	int64_t last_record;     /* the last one given */
	uint32_t turns;          /* messages sent */
	uint32_t shown_before;   /* pieces of earlier turns */
	uint8_t end;             /* enum state, to be told when the server has ended the session */
	bool heard_end;          /* of this turn, on its stream */
	bool found_end;          /* in the store */
	bool broken;             /* a stream did not bring its turn to the end */
	bool again;              /* the message before was cut off */
	bool no_memory;
};

/* False when there is no memory. */
bool talk_new(struct session *s);
void talk_free(struct session *s);

/* Asks the server to create it. */
void talk_create(struct session *s);

/* It exists: the conversation begins. */
void talk_adopt(struct session *s, freshet_str id);

/* ---- sessions whose creation was not answered: roll.c ---- */

struct roll *roll_new(struct fleet *f);
void roll_free(struct roll *roll);

/* Finds out whether they exist, in a while. Sessions that do not are created again. */
void roll_call_soon(struct fleet *f);

/* True while no session is to be created. */
bool roll_is_called(const struct fleet *f);

#endif
