/*
 * What the clients saw, held against the emulator's ledger of what every session produced.
 */
#ifndef DEMO_AUDIT_H
#define DEMO_AUDIT_H

#include "talk.h"

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
	uint64_t cut_off;    /* rows of Ash behind cuts, which the platform gives nobody again */
	uint64_t recovered;  /* pieces of them that its store had */
	uint64_t disordered; /* sessions whose rows were all seen, but in another order */
	uint64_t strays;     /* sessions on the emulator that nobody here followed */
	uint64_t wrong_ends; /* sessions that ended otherwise than was seen */
	struct record store; /* of the suspect at hand, as far as it was read */
	int64_t store_read;
	void (*on_done)(void *user);
	void *user;
};

/* Begins; on_done comes once, from the loop, unless the client is closed before. */
void audit_start(struct audit *a, struct fleet *fleet, void (*on_done)(void *user), void *user);
void audit_clear(struct audit *a);

/* True when everything was compared and nothing is wrong. */
bool audit_passed(const struct audit *a);

/* ---- the steps of an audit ---- */

/* The suspect at hand has been compared. */
void audit_next(struct audit *a);

/* It has ended; `trouble` is empty when everything could be compared. */
void audit_end(struct audit *a, const char *trouble);

/* Orders rows by id, then by data. */
int audit_compare_rows(const void *left, const void *right);

/* ---- sessions of Ash: ash_audit.c ---- */

/* Compares what streams showed with the rows of the ledger. */
void audit_ash_rows(struct audit *a, const struct record *ledger, const struct session *s);

/* Reads the store of the suspect at hand, compares, and goes on to the next one. */
void audit_ash_store(struct audit *a);

#endif
