/*
 * What was seen, by the SHA-256 of what it is called: a hash table that holds the newest so many and forgets them after a
 * while. It grows to its bound as it fills and not beyond; the place of a key depends on a random seed, so that nobody can
 * choose keys that meet in one place.
 */
#ifndef WEBHOOK_TABLE_H
#define WEBHOOK_TABLE_H

#include <freshet/error.h>
#include <freshet/webhook.h>

/* What is known of a key. Zeroed it is new. */
struct table_note {
	int64_t taken;   /* the newest revision that was taken, with HAS_TAKEN */
	int64_t pending; /* the newest revision that is being dealt with, with HAS_PENDING */
	uint32_t open;   /* deliveries of it that are being dealt with */
	unsigned flags;
};

struct table_entry;

#define TABLE_KEY_WORDS (sizeof(freshet_webhook_key) / sizeof(uint32_t))

struct table {
	struct table_entry *entries;
	uint32_t *places; /* of the first entry of each chain; a power of two of them */
	uint32_t capacity;
	uint32_t count;
	uint32_t max;
	uint32_t newest; /* the ends of the list by last use */
	uint32_t oldest;
	uint32_t unused; /* entries that were given back */
	uint64_t keep_ms;
	uint64_t seed[TABLE_KEY_WORDS + 1];
};

/* Empty. FRESHET_ESYSTEM when the system has no randomness. */
freshet_err table_init(struct table *t, uint32_t max, uint64_t keep_ms);

void table_clear(struct table *t);

/*
 * NULL: not there, or forgotten by now, which nothing is that is open. What is found is the newest then. Valid until the next
 * call.
 */
struct table_note *table_find(struct table *t, const freshet_webhook_key *key, int64_t now_ms);

/*
 * The same, and one that is not there is made, zeroed; where there is no room the one that was not used for the longest
 * time is forgotten. NULL without memory, and when all that are there are open.
 */
struct table_note *table_enter(struct table *t, const freshet_webhook_key *key, int64_t now_ms);

/* It begins to age now. */
void table_touch(struct table_note *note, int64_t now_ms);

void table_remove(struct table *t, const freshet_webhook_key *key);

#endif
