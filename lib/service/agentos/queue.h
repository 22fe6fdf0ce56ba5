/*
 * The events that wait, of all runs of a client: a list for each run, a bound for all of them, and which list is the longest
 * so that room is made there. Pure: no clock, no network, nobody is called back.
 *
 * Each event is in one of four states: waiting, held (in a request, until that is settled), sent, dropped for a cause. The
 * counts of a queue always add up: emitted = sent + dropped + waiting + held.
 */
#ifndef AGENTOS_QUEUE_H
#define AGENTOS_QUEUE_H

#include <freshet/agentos.h>

/* Its JSON text, written once. */
struct agentos_event {
	struct agentos_event *next;
	uint64_t number; /* in its list, from 0 */
	size_t len;
	char text[];
};

/* The events of one run, oldest first: the held ones, then those that wait. All zero is an empty list. */
struct agentos_lane {
	struct agentos_event *first;
	struct agentos_event *last;
	struct agentos_event *held_last; /* NULL: none is held */
	struct agentos_lane *shorter;    /* neighbours among the lists of the same length */
	struct agentos_lane *longer;
	size_t waiting;
	size_t waiting_bytes; /* of their texts */
	size_t held;
	uint64_t emitted; /* the number of the next one */
	uint64_t sent;
	uint64_t dropped;
};

struct agentos_queue {
	size_t max_events;
	size_t max_bytes;
	freshet_agentos_overflow overflow;
	struct agentos_lane **heads; /* by how many wait: heads[0] is not used */
	size_t heads_count;
	size_t longest;
	size_t events; /* waiting and held */
	size_t bytes;  /* with what keeping them takes */
	uint64_t emitted;
	uint64_t sent;
	uint64_t dropped[FRESHET_AGENTOS_DROP_CAUSES];
};

void agentos_queue_init(struct agentos_queue *queue, const freshet_agentos_options *options);
void agentos_queue_clear(struct agentos_queue *queue);

/*
 * Takes a copy of the text. When there is no room the policy decides: an older event goes, or this one (FRESHET_OK all the
 * same), or the call fails with FRESHET_EQUEUE_FULL. FRESHET_ENOMEM.
 */
freshet_err agentos_queue_put(struct agentos_queue *queue, struct agentos_lane *lane, freshet_str text);

/* Counts an event as emitted and dropped at once. */
void agentos_queue_pass(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause);

/*
 * Holds the oldest that wait, at most `count` of them and none from number `end` on, whose texts with a byte between them
 * take at most `bytes`; but at least one, if there is any. How many: none may be held before.
 */
size_t agentos_queue_hold(
	struct agentos_queue *queue, struct agentos_lane *lane, size_t count, uint64_t end, size_t bytes);

/* Those that are held were sent. */
void agentos_queue_sent(struct agentos_queue *queue, struct agentos_lane *lane);

/* Those that are held are dropped. */
void agentos_queue_drop_held(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause);

/* Those that wait are dropped: all of them, and none may be held. */
void agentos_queue_drop_waiting(struct agentos_queue *queue, struct agentos_lane *lane, freshet_agentos_drop cause);

/* The number of the oldest that waits; the number of the next one when none does. */
uint64_t agentos_lane_oldest(const struct agentos_lane *lane);

#endif
