/*
 * All sessions: made, begun a few at a time, counted, and taken down.
 */
#include "demo/fleet.h"

#include <stdlib.h>
#include <sys/random.h>

/* Sessions that a server is asked to create at once. */
#define CREATING_MAX 64

static bool make_session(struct fleet *f, uint32_t number, uint64_t seed)
{
	struct session *s = &f->sessions[number];
	s->fleet = f;
	s->site = f->sites[number % f->site_count];
	s->number = number;
	s->part = f->real ? &plan_real : plan_pick(s->site->platform->parts, seed, number);
	s->site->count++;
	s->site->tally[WAITING]++;
	return s->site->platform->session_new == NULL || s->site->platform->session_new(s);
}

bool fleet_start(struct fleet *f, uint32_t count, uint64_t seed)
{
	f->sessions = calloc(count, sizeof *f->sessions);
	if (f->sessions == NULL || getrandom(&f->marker, sizeof f->marker, 0) != (ssize_t)sizeof f->marker)
		return false;
	for (; f->count < count; f->count++)
		if (!make_session(f, f->count, seed))
			return false;
	for (uint32_t i = 0; i < f->site_count; i++) {
		f->sites[i]->next = i;
		site_create_more(f->sites[i]);
	}
	return true;
}

static bool may_create(const struct site *site)
{
	const struct platform *p = site->platform;
	return !site->fleet->closing && (p->is_busy == NULL || !p->is_busy(site)) && site->next < site->fleet->count &&
	       site->tally[CREATING] < CREATING_MAX;
}

void site_create_more(struct site *site)
{
	while (may_create(site)) {
		struct session *s = &site->fleet->sessions[site->next];
		site->next += site->fleet->site_count;
		site->platform->create(s);
	}
}

uint32_t fleet_tally(const struct fleet *f, enum state state)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i < f->site_count; i++)
		sum += f->sites[i]->tally[state];
	return sum;
}

uint64_t fleet_events(const struct fleet *f)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < f->site_count; i++)
		sum += f->sites[i]->events;
	return sum;
}

uint64_t fleet_cuts(const struct fleet *f)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < f->site_count; i++)
		sum += f->sites[i]->cuts;
	return sum;
}

static void clear_session(struct session *s)
{
	record_clear(&s->record);
	free(s->trouble);
	if (s->site->platform->session_free != NULL)
		s->site->platform->session_free(s);
}

void fleet_clear(struct fleet *f)
{
	/* One that could not be made is behind the last that counts. */
	for (uint32_t i = 0; i < f->count; i++)
		clear_session(&f->sessions[i]);
	for (uint32_t i = 0; i < f->site_count; i++)
		f->sites[i]->platform->close(f->sites[i]);
	free(f->sessions);
	*f = (struct fleet){.base = NULL};
}
