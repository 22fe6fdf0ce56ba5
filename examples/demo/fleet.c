/*
 * All sessions: made, begun a few at a time, counted, and taken down.
 */
#include "talk.h"

#include <stdlib.h>
#include <sys/random.h>

/* Sessions that the server is asked to create at once. */
#define CREATING_MAX 64

static void fleet_clear_sessions(struct fleet *f)
{
	for (uint32_t i = 0; f->sessions != NULL && i < f->count; i++) {
		record_clear(&f->sessions[i].record);
		free(f->sessions[i].trouble);
		talk_free(&f->sessions[i]);
	}
	free(f->sessions);
}

/* With both platforms every other session is of Ash. */
static bool is_of_ash(const struct fleet *f, uint32_t number)
{
	return f->ash != NULL && (f->aod == NULL || number % 2 == 1);
}

static bool make_session(struct fleet *f, uint32_t number, uint64_t seed, bool real)
{
	struct session *s = &f->sessions[number];
	bool ash = is_of_ash(f, number);
	s->fleet = f;
	s->number = number;
	s->part = real ? &plan_real : ash ? plan_ash_part(seed, number) : plan_part(seed, number);
	return !ash || talk_new(s);
}

bool fleet_start(struct fleet *f, uint32_t count, uint64_t seed, bool real)
{
	f->sessions = calloc(count, sizeof *f->sessions);
	f->search = search_new(f);
	f->roll = roll_new(f);
	if (f->sessions == NULL || f->search == NULL || f->roll == NULL ||
		getrandom(&f->marker, sizeof f->marker, 0) != (ssize_t)sizeof f->marker)
		return false;
	f->count = count;
	f->tally[WAITING] = count;
	for (uint32_t i = 0; i < count; i++)
		if (!make_session(f, i, seed, real))
			return false;
	fleet_create_more(f);
	return true;
}

void fleet_create_more(struct fleet *f)
{
	while (!f->closing && !roll_is_called(f) && f->next < f->count && f->tally[CREATING] < CREATING_MAX) {
		struct session *s = &f->sessions[f->next++];
		if (s->talk != NULL)
			talk_create(s);
		else
			session_create(s);
	}
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
	roll_free(f->roll);
	fleet_clear_sessions(f);
	f->sessions = NULL;
	f->search = NULL;
	f->roll = NULL;
}
