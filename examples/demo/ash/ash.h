/*
 * Ash in the demo: what its site and its sessions have beside what all have. A session's cursor is the last stored event
 * that was heard of.
 */
#ifndef DEMO_ASH_ASH_H
#define DEMO_ASH_ASH_H

#include "demo/fleet.h"

#include <freshet/ash.h>

struct ash_site {
	struct site site;
	freshet_ash *client;
	struct roll *roll;
	struct record store; /* of the session that is being audited, as far as it was read */
	int64_t store_read;
	unsigned store_failures; /* since it last answered */
};

/* What a session has beside. */
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

extern const struct platform ash_platform;

static inline struct ash_site *ash_of(const struct session *s)
{
	return (struct ash_site *)s->site;
}

static inline struct talk *talk_of(const struct session *s)
{
	return s->own;
}

/* Finds the agent, or makes one on the emulator: agent.c. */
void ash_prepare(struct site *site, site_ready_fn *then);

/* ---- one session: talk.c ---- */

/* Asks the server to create it. */
void talk_create(struct session *s);

/* It exists: the conversation begins. */
void talk_adopt(struct session *s, freshet_str id);

/* ---- sessions whose creation was not answered: roll.c ---- */

struct roll *roll_new(struct site *site);
void roll_free(struct roll *roll);

/* Finds out whether they exist, in a while. Sessions that do not are created again. */
void roll_call_soon(struct roll *roll);

/* True while no session is to be created. */
bool roll_is_called(const struct roll *roll);

/* ---- a session is held against the ledger and the store: audit.c ---- */

void ash_examine(struct audit *a, struct session *s);

#endif
