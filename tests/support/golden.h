/*
 * A stored event stream that a test makes, and what whoever reads it must have seen: how many events, and a hash over
 * all of them that depends on their order. Whoever writes and whoever reads share nothing but the hash.
 */
#ifndef SUPPORT_GOLDEN_H
#define SUPPORT_GOLDEN_H

#include <freshet/sse.h>

/* What was seen so far. */
struct tally {
	uint64_t events;
	uint64_t hash;
};

/* One more event. */
void tally_add(struct tally *t, freshet_str id, freshet_str type, freshet_str data);

struct golden {
	char *text;
	size_t len;
	struct tally whole;
	size_t half;        /* an event ends here, about in the middle */
	struct tally first; /* the events before it */
};

/*
 * At least `bytes` of events: small ones, some of 16 KiB and a few of 300 KiB, with and without ids and types, of one
 * and of several data lines, all three line ends, comments, fields that nobody knows, and text in several scripts.
 */
void golden_make(struct golden *g, uint64_t seed, size_t bytes);
void golden_clear(struct golden *g);

#endif
