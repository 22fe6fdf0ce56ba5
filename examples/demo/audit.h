/*
 * What the clients saw, held against the emulator's ledger of what every session produced.
 */
#ifndef DEMO_AUDIT_H
#define DEMO_AUDIT_H

#include "fleet.h"

struct audit {
	struct fleet *fleet;
	struct session **by_id; /* all sessions that have an id, sorted */
	uint32_t by_id_count;
	struct session **suspects; /* those whose rows must be compared one by one */
	uint32_t suspect_count;
	uint32_t next_suspect;
	bool finished;       /* the ledger was read and compared */
	char trouble[160];   /* why it could not be; empty otherwise */
	uint64_t sessions;   /* compared */
	uint64_t rows;       /* in the ledger */
	uint64_t lost;       /* rows that were not seen, or not as they are */
	uint64_t duplicated; /* rows that were seen more than once, or that the ledger does not have */
	uint64_t disordered; /* sessions whose rows were all seen, but in another order */
	uint64_t strays;     /* sessions on the emulator that nobody here followed */
	uint64_t wrong_ends; /* sessions that ended otherwise than was seen */
	void (*on_done)(void *user);
	void *user;
};

/* Begins; on_done comes once, from the loop, unless the client is closed before. */
void audit_start(struct audit *a, struct fleet *fleet, void (*on_done)(void *user), void *user);
void audit_clear(struct audit *a);

/* True when everything was compared and nothing is wrong. */
bool audit_passed(const struct audit *a);

#endif
