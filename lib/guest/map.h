/*
 * A hash table of entries that are members of what they find, for ids that come from the wire: places depend on a random
 * key (SipHash), so that nobody can choose ids that meet in one place. A zeroed one is empty and takes no memory.
 *
 *	uint64_t hash = guest_hash(&map, id, 0);
 *	for (struct guest_map_entry *e = guest_map_first(&map, hash); e != NULL; e = guest_map_next(e))
 *		if (freshet_str_equal(record_of(e)->id, id)) ...
 */
#ifndef GUEST_MAP_H
#define GUEST_MAP_H

#include <freshet/error.h>
#include <freshet/types.h>

struct guest_map_entry {
	struct guest_map_entry *next; /* in its chain */
	uint64_t hash;
};

/* Its fields are for map.c, but for `count`. */
struct guest_map {
	struct guest_map_entry **chains;
	size_t chain_count; /* a power of two; 0 before there was room for the first entry */
	size_t count;
	uint64_t key[2];
};

/* Makes room for one more entry. FRESHET_ENOMEM, FRESHET_ESYSTEM (no randomness): what is there stands. */
freshet_err guest_map_reserve(struct guest_map *map);

/* Of a number and a text behind it. It never changes once there was room for an entry. */
uint64_t guest_hash(const struct guest_map *map, freshet_str text, int64_t number);

/* Enters; there is room. What is there already is not looked at. */
void guest_map_put(struct guest_map *map, struct guest_map_entry *entry, uint64_t hash);

/* It is in the table. */
void guest_map_remove(struct guest_map *map, struct guest_map_entry *entry);

/* The entries of that hash, in any order. */
struct guest_map_entry *guest_map_first(const struct guest_map *map, uint64_t hash);
struct guest_map_entry *guest_map_next(const struct guest_map_entry *entry);

/*
 * Some entry from chain *from on, where it is looked for next time; NULL when there is none. For who takes one after the
 * other out while none is entered; *from is 0 to begin with.
 */
struct guest_map_entry *guest_map_any(const struct guest_map *map, size_t *from);

/* Gives the memory of the table back; entries are their owners'. */
void guest_map_clear(struct guest_map *map);

/* SipHash-2-4 of a text, by a key of 128 bits as two little-endian words. */
uint64_t guest_siphash(const uint64_t key[2], freshet_str text);

#endif
