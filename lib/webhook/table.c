/*
 * Happy path: entries lie in one array and are linked by their numbers, in chains by place and in one list by last use.
 *
 * Failures: without memory to grow nothing is entered, and what is there stands. Nothing that is being dealt with is ever
 * forgotten, whatever comes meanwhile: else the same delivery would be new a second time before its first is through.
 */
#include "table.h"

#include "guest/random.h"

#define NONE UINT32_MAX
/* Entries that the first growth makes room for. */
#define FIRST_CAPACITY 64

struct table_entry {
	struct table_note note; /* first: a note is its entry */
	freshet_webhook_key key;
	int64_t since_ms; /* when it began to age */
	uint32_t next;    /* in its chain; of an unused one, the next unused one */
	uint32_t newer;   /* in the list by last use */
	uint32_t older;
};

freshet_err table_init(struct table *t, uint32_t max, uint64_t keep_ms)
{
	*t = (struct table){.max = max, .keep_ms = keep_ms, .newest = NONE, .oldest = NONE, .unused = NONE};
	return guest_random_bytes(t->seed, sizeof t->seed);
}

void table_clear(struct table *t)
{
	freshet_mem_free(t->entries);
	freshet_mem_free(t->places);
	*t = (struct table){.newest = NONE, .oldest = NONE, .unused = NONE};
}

/*
 * Multilinear hashing, so that keys which were chosen without the seed meet as seldom as by chance; and a finish that
 * spreads keys which are alike.
 */
static uint32_t *place_of(const struct table *t, const freshet_webhook_key *key)
{
	uint32_t words[TABLE_KEY_WORDS];
	uint64_t sum = t->seed[TABLE_KEY_WORDS];
	memcpy(words, key->bytes, sizeof words);
	for (size_t i = 0; i < TABLE_KEY_WORDS; i++)
		sum += t->seed[i] * words[i];
	sum = (sum ^ sum >> 32) * 0x9e3779b97f4a7c15u;
	return &t->places[(uint32_t)(sum >> 32) & (t->capacity - 1)];
}

static void unlist(struct table *t, uint32_t number)
{
	struct table_entry *e = &t->entries[number];
	if (e->newer != NONE)
		t->entries[e->newer].older = e->older;
	else
		t->newest = e->older;
	if (e->older != NONE)
		t->entries[e->older].newer = e->newer;
	else
		t->oldest = e->newer;
}

static void list_newest(struct table *t, uint32_t number)
{
	struct table_entry *e = &t->entries[number];
	e->newer = NONE;
	e->older = t->newest;
	if (t->newest != NONE)
		t->entries[t->newest].newer = number;
	else
		t->oldest = number;
	t->newest = number;
}

/* Takes an entry out of the table for another use. */
static void drop(struct table *t, uint32_t number)
{
	struct table_entry *e = &t->entries[number];
	uint32_t *link = place_of(t, &e->key);
	while (*link != number)
		link = &t->entries[*link].next;
	*link = e->next;
	unlist(t, number);
	e->next = t->unused;
	t->unused = number;
	t->count--;
}

static uint32_t find(const struct table *t, const freshet_webhook_key *key)
{
	if (t->capacity == 0)
		return NONE;
	uint32_t number = *place_of(t, key);
	while (number != NONE && memcmp(&t->entries[number].key, key, sizeof *key) != 0)
		number = t->entries[number].next;
	return number;
}

/* A clock that was set back makes nothing old. */
static bool is_old(const struct table *t, const struct table_entry *e, int64_t now_ms)
{
	return e->note.open == 0 && now_ms > e->since_ms && (uint64_t)now_ms - (uint64_t)e->since_ms >= t->keep_ms;
}

struct table_note *table_find(struct table *t, const freshet_webhook_key *key, int64_t now_ms)
{
	uint32_t number = find(t, key);
	if (number == NONE)
		return NULL;
	if (is_old(t, &t->entries[number], now_ms)) {
		drop(t, number);
		return NULL;
	}
	unlist(t, number);
	list_newest(t, number);
	return &t->entries[number].note;
}

/* Twice the room; every entry keeps its number and finds a new place. */
static bool grow(struct table *t)
{
	uint32_t capacity = t->capacity != 0 ? t->capacity * 2 : FIRST_CAPACITY;
	struct table_entry *entries = freshet_mem_new(capacity, sizeof *entries);
	uint32_t *places = freshet_mem_new(capacity, sizeof *places);
	if (entries == NULL || places == NULL) {
		freshet_mem_free(entries);
		freshet_mem_free(places);
		return false;
	}
	if (t->capacity != 0)
		memcpy(entries, t->entries, t->capacity * sizeof *entries);
	memset(places, 0xff, capacity * sizeof *places);
	freshet_mem_free(t->entries);
	freshet_mem_free(t->places);
	for (uint32_t i = t->capacity; i < capacity; i++) {
		entries[i].next = t->unused;
		t->unused = i;
	}
	t->entries = entries;
	t->places = places;
	t->capacity = capacity;
	for (uint32_t i = t->newest; i != NONE; i = entries[i].older) {
		uint32_t *place = place_of(t, &entries[i].key);
		entries[i].next = *place;
		*place = i;
	}
	return true;
}

/*
 * Forgets the one that was not used for the longest time. What is being dealt with is passed over, and is not met again
 * before all others were. False when there is nothing else.
 */
static bool make_room(struct table *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t number = t->oldest;
		if (t->entries[number].note.open == 0) {
			drop(t, number);
			return true;
		}
		unlist(t, number);
		list_newest(t, number);
	}
	return false;
}

struct table_note *table_enter(struct table *t, const freshet_webhook_key *key, int64_t now_ms)
{
	struct table_note *note = table_find(t, key, now_ms);
	if (note != NULL)
		return note;
	if ((t->count == t->max && !make_room(t)) || (t->unused == NONE && !grow(t)))
		return NULL;
	uint32_t number = t->unused;
	struct table_entry *e = &t->entries[number];
	t->unused = e->next;
	*e = (struct table_entry){.key = *key, .since_ms = now_ms};
	uint32_t *place = place_of(t, key);
	e->next = *place;
	*place = number;
	list_newest(t, number);
	t->count++;
	return &e->note;
}

void table_touch(struct table_note *note, int64_t now_ms)
{
	((struct table_entry *)note)->since_ms = now_ms;
}

void table_remove(struct table *t, const freshet_webhook_key *key)
{
	uint32_t number = find(t, key);
	if (number != NONE)
		drop(t, number);
}
