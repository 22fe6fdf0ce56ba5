/*
 * Happy path: as many chains as entries at least, twice as many when there are more. The key is drawn with the first
 * chains; until then nothing can be found.
 */
#include "map.h"

#include "random.h"

#define FIRST_CHAINS 8

/* ---- SipHash-2-4 (Aumasson and Bernstein, 2012) ---- */

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4], unsigned rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

/* Up to eight bytes, little-endian. */
static uint64_t word_of(const char *at, size_t len)
{
	uint64_t word = 0;
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)(unsigned char)at[i] << (8 * i);
	return word;
}

static void begin(uint64_t v[4], const uint64_t key[2])
{
	v[0] = key[0] ^ 0x736f6d6570736575u;
	v[1] = key[1] ^ 0x646f72616e646f6du;
	v[2] = key[0] ^ 0x6c7967656e657261u;
	v[3] = key[1] ^ 0x7465646279746573u;
}

/* The last bytes of a message, of which `before` were taken, a multiple of eight. */
static uint64_t finish(uint64_t v[4], freshet_str text, size_t before)
{
	size_t at = 0;
	for (; text.len - at >= 8; at += 8)
		take(v, word_of(text.ptr + at, 8));
	take(v, word_of(text.ptr + at, text.len - at) | (uint64_t)(before + text.len) << 56);
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t guest_siphash(const uint64_t key[2], freshet_str text)
{
	uint64_t v[4];
	begin(v, key);
	return finish(v, text, 0);
}

/* ---- the table ---- */

uint64_t guest_hash(const struct guest_map *map, freshet_str text, int64_t number)
{
	uint64_t v[4];
	begin(v, map->key);
	take(v, (uint64_t)number);
	return finish(v, text, sizeof number);
}

static struct guest_map_entry **chain_of(struct guest_map_entry **chains, size_t count, uint64_t hash)
{
	return &chains[(size_t)hash & (count - 1)];
}

freshet_err guest_map_reserve(struct guest_map *map)
{
	if (map->count < map->chain_count)
		return FRESHET_OK;
	size_t count = map->chain_count != 0 ? map->chain_count * 2 : FIRST_CHAINS;
	struct guest_map_entry **chains = freshet_mem_new(count, sizeof *chains);
	if (chains == NULL)
		return FRESHET_ENOMEM;
	if (map->chain_count == 0 && guest_random_bytes(map->key, sizeof map->key) != FRESHET_OK) {
		freshet_mem_free(chains);
		return FRESHET_ESYSTEM;
	}
	for (size_t i = 0; i < map->chain_count; i++) {
		for (struct guest_map_entry *e = map->chains[i], *next; e != NULL; e = next) {
			struct guest_map_entry **chain = chain_of(chains, count, e->hash);
			next = e->next;
			e->next = *chain;
			*chain = e;
		}
	}
	freshet_mem_free(map->chains);
	map->chains = chains;
	map->chain_count = count;
	return FRESHET_OK;
}

void guest_map_put(struct guest_map *map, struct guest_map_entry *entry, uint64_t hash)
{
	struct guest_map_entry **chain = chain_of(map->chains, map->chain_count, hash);
	entry->hash = hash;
	entry->next = *chain;
	*chain = entry;
	map->count++;
}

void guest_map_remove(struct guest_map *map, struct guest_map_entry *entry)
{
	struct guest_map_entry **at = chain_of(map->chains, map->chain_count, entry->hash);
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	map->count--;
}

static struct guest_map_entry *with_hash(struct guest_map_entry *entry, uint64_t hash)
{
	while (entry != NULL && entry->hash != hash)
		entry = entry->next;
	return entry;
}

struct guest_map_entry *guest_map_first(const struct guest_map *map, uint64_t hash)
{
	return map->chain_count != 0 ? with_hash(*chain_of(map->chains, map->chain_count, hash), hash) : NULL;
}

struct guest_map_entry *guest_map_next(const struct guest_map_entry *entry)
{
	return with_hash(entry->next, entry->hash);
}

struct guest_map_entry *guest_map_any(const struct guest_map *map, size_t *from)
{
	while (*from < map->chain_count && map->chains[*from] == NULL)
		(*from)++;
	return *from < map->chain_count ? map->chains[*from] : NULL;
}

void guest_map_clear(struct guest_map *map)
{
	freshet_mem_free(map->chains);
	*map = (struct guest_map){NULL, 0, 0, {0, 0}};
}
