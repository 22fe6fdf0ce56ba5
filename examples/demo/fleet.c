/*
 * All sessions: made, begun a few at a time, counted, and taken down.
 */
#include "fleet.h"

#include <stdlib.h>
#include <sys/random.h>

/* Sessions that the server is asked to create at once. */
#define CREATING_MAX 64

static void fleet_clear_sessions(struct fleet *f)
{
	for (uint32_t i = 0; f->sessions != NULL && i < f->count; i++) {
		record_clear(&f->sessions[i].record);
		free(f->sessions[i].trouble);
	}
	free(f->sessions);
}

bool fleet_start(struct fleet *f, uint32_t count, uint64_t seed, bool real)
{
	f->sessions = calloc(count, sizeof *f->sessions);
	f->search = search_new(f);
	if (f->sessions == NULL || f->search == NULL ||
		getrandom(&f->marker, sizeof f->marker, 0) != (ssize_t)sizeof f->marker)
		return false;
	f->count = count;
	f->tally[WAITING] = count;
	for (uint32_t i = 0; i < count; i++) {
		f->sessions[i].fleet = f;
		f->sessions[i].number = i;
		f->sessions[i].part = real ? &plan_real : plan_part(seed, i);
	}
	fleet_create_more(f);
	return true;
}

void fleet_create_more(struct fleet *f)
{
	while (!f->closing && f->next < f->count && f->tally[CREATING] < CREATING_MAX)
		session_create(&f->sessions[f->next++]);
}

static void later_due(evutil_socket_t fd, short what, void *user)
{
	struct session *s = user;
	(void)fd;
	(void)what;
	if (!s->fleet->closing)
		s->then(s);
}

void session_later(struct session *s, void (*then)(struct session *s), uint32_t ms)
{
	struct timeval delay = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
	s->then = then;
	if (event_base_once(s->fleet->base, -1, EV_TIMEOUT, later_due, s, &delay) != 0)
		session_break(s, "timer", freshet_str_of("out of memory"));
}

void fleet_clear(struct fleet *f)
{
	search_free(f->search);
	fleet_clear_sessions(f);
	f->sessions = NULL;
	f->search = NULL;
}
