/*
 * What is open in a run: tasks and spans. Each has a place; its number is the place and a serial number that the run never
 * gives again, so that a number that is no longer true is noticed whatever came to its place since.
 */
#include "client.h"
#include "report.h"

#include "guest/clock.h"
#include "guest/random.h"

#define PLACES_MIN 4

static uint32_t place_of(uint64_t number)
{
	return (uint32_t)(number & UINT32_MAX) - 1;
}

/* ---- places ---- */

static freshet_err grow(freshet_agentos_run *run)
{
	uint32_t count = run->place_count < PLACES_MIN ? PLACES_MIN : 2 * run->place_count;
	if (run->place_count > UINT32_MAX / 4)
		return FRESHET_EQUEUE_FULL;
	struct agentos_place *places = freshet_mem_new(count, sizeof *places);
	if (places == NULL)
		return FRESHET_ENOMEM;
	if (run->place_count > 0)
		memcpy(places, run->places, run->place_count * sizeof *places);
	for (uint32_t i = count; i > run->place_count; i--) {
		places[i - 1].next_free = run->free_place;
		run->free_place = i;
	}
	freshet_mem_free(run->places);
	run->places = places;
	run->place_count = count;
	return FRESHET_OK;
}

static void take_place(freshet_agentos_run *run, struct agentos_open *open)
{
	uint32_t place = run->free_place - 1;
	run->free_place = run->places[place].next_free;
	run->places[place].open = open;
	run->open_count++;
	open->number = (uint64_t)++run->serial << 32 | (place + 1);
}

/* The memory goes with the last one. */
static void leave_place(freshet_agentos_run *run, const struct agentos_open *open)
{
	uint32_t place = place_of(open->number);
	run->places[place] = (struct agentos_place){NULL, run->free_place};
	run->free_place = place + 1;
	if (--run->open_count > 0)
		return;
	freshet_mem_free(run->places);
	run->places = NULL;
	run->place_count = run->free_place = 0;
}

/* ---- life ---- */

/* A task has a UUID, a span 16 hex digits. */
static freshet_err make_id(struct agentos_open *open)
{
	char *at = open->id + 1;
	freshet_err err = open->is_span ? guest_random_hex(at, 16) : guest_uuid(at);
	size_t len = strlen(at);
	open->id[0] = at[len] = '"';
	at[len + 1] = '\0';
	return err;
}

static struct agentos_open *make(const struct agentos_opening *o)
{
	size_t len = o->name.len + o->kind.len + o->attributes.len;
	struct agentos_open *open = len <= SIZE_MAX - sizeof *open ? freshet_mem_new(1, sizeof *open + len) : NULL;
	if (open == NULL)
		return NULL;
	const freshet_str parts[] = {o->name, o->kind, o->attributes};
	char *at = open->text;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (parts[i].len > 0)
			memcpy(at, parts[i].ptr, parts[i].len);
		at += parts[i].len;
	}
	open->name_len = o->name.len;
	open->kind_len = o->kind.len;
	open->attributes_len = o->attributes.len;
	open->is_span = o->is_span;
	open->references = 1;
	open->started_ms = guest_now_ms();
	open->started_at = guest_wall_ms();
	return open;
}

static void give_back(struct agentos_open *open)
{
	guest_wipe(open->text, open->name_len + open->kind_len + open->attributes_len);
	freshet_mem_free(open->server_id);
	freshet_mem_free(open);
}

freshet_err agentos_open_new(freshet_agentos_run *run, const struct agentos_opening *opening, struct agentos_open **out)
{
	if (run->open_count >= run->client->options.max_open)
		return FRESHET_EQUEUE_FULL;
	freshet_err err = run->free_place == 0 ? grow(run) : FRESHET_OK;
	if (err != FRESHET_OK)
		return err;
	struct agentos_open *open = make(opening);
	err = open != NULL ? make_id(open) : FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		freshet_mem_free(open);
		return err;
	}
	take_place(run, open);
	*out = open;
	return FRESHET_OK;
}

struct agentos_open *agentos_open_find(const freshet_agentos_run *run, uint64_t number, bool is_span)
{
	uint32_t place = place_of(number);
	struct agentos_open *open = place < run->place_count ? run->places[place].open : NULL;
	bool same = open != NULL && open->number == number && open->is_span == is_span && !open->ended;
	return same ? open : NULL;
}

void agentos_open_drop(freshet_agentos_run *run, struct agentos_open *open)
{
	if (--open->references > 0)
		return;
	leave_place(run, open);
	give_back(open);
}

void agentos_open_end(freshet_agentos_run *run, struct agentos_open *open)
{
	open->ended = true;
	agentos_open_drop(run, open);
}

void agentos_open_clear(freshet_agentos_run *run)
{
	for (uint32_t i = 0; i < run->place_count; i++)
		if (run->places[i].open != NULL)
			give_back(run->places[i].open);
	freshet_mem_free(run->places);
	run->places = NULL;
	run->place_count = 0;
}
