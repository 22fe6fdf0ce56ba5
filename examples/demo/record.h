/*
 * What one session's streams showed: its rows, in the order in which they came.
 */
#ifndef DEMO_RECORD_H
#define DEMO_RECORD_H

#include <freshet/types.h>

#include <stdbool.h>
#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

struct row {
	uint64_t id;
	uint64_t hash; /* of its data alone */
	uint32_t turn; /* of Ash: which of the turns that were listened to */
	bool last;     /* of Ash: the turn was heard to its end */
};

struct record {
	struct row *rows;
	uint64_t hash; /* over all rows, as the emulator's ledger has it; meaningless while there are none */
	uint32_t count;
	uint32_t capacity;
};

/*
 * The hash with one row more: FNV-1a, 64 bits, over the id in decimal digits, ':', the data as it was sent, LF. It
 * begins with HASH_START.
 */
uint64_t hash_row(uint64_t hash, uint64_t id, freshet_str data);

/* Adds a row. False when there is no memory. */
bool record_add(struct record *r, uint64_t id, freshet_str data);
void record_clear(struct record *r);

#endif
