/*
 * Sessions of Ash whose creation was not answered. Nothing tells one of them from another before it has got a message,
 * so any session that the server lists and nobody here has is as good as the one that was asked for. The list is read
 * when no creation is under way, and none begins before all of it is given out; who gets none is created again.
 */
#include "talk.h"

#include <stdlib.h>
#include <string.h>

/* Between looks: an unanswered request has come to its end by then. */
#define LOOK_US 500000

struct roll {
	struct fleet *fleet;
	bool called;
};

static void look_soon(struct roll *roll);

static uint32_t count_in(const struct fleet *f, enum state state)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < f->count; i++)
		count += f->sessions[i].talk != NULL && f->sessions[i].state == state;
	return count;
}

/* The next one that is looked for, from `*at` on; NULL: none is left. */
static struct session *next_lost(struct fleet *f, uint32_t *at)
{
	while (*at < f->count) {
		struct session *s = &f->sessions[(*at)++];
		if (s->talk != NULL && s->state == SEARCHING)
			return s;
	}
	return NULL;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, ID_SIZE - 1);
}

/* All ids known here, sorted; the caller frees them. */
static char (*known_ids(const struct fleet *f, size_t *count))[ID_SIZE]
{
	char(*ids)[ID_SIZE] = calloc(f->count, sizeof *ids);
	*count = 0;
	for (uint32_t i = 0; ids != NULL && i < f->count; i++)
		if (f->sessions[i].talk != NULL && f->sessions[i].id[0] != '\0')
			memcpy(ids[(*count)++], f->sessions[i].id, ID_SIZE);
	if (ids != NULL)
		qsort(ids, *count, sizeof *ids, compare_ids);
	return ids;
}

/* Gives out what was found. False when there is no memory. */
static bool give_out(struct fleet *f, const freshet_ash_session *sessions, size_t count)
{
	size_t known_count;
	uint32_t at = 0;
	struct session *lost = next_lost(f, &at);
	char(*known)[ID_SIZE] = known_ids(f, &known_count);
	if (known == NULL)
		return false;
	for (size_t i = 0; i < count && lost != NULL; i++) {
		freshet_str id = sessions[i].id;
		if (sessions[i].status != FRESHET_ASH_STATUS_ACTIVE || id.len != ID_SIZE - 1 ||
			bsearch(id.ptr, known, known_count, sizeof *known, compare_ids) != NULL)
			continue;
		talk_adopt(lost, id);
		lost = next_lost(f, &at);
	}
	free(known);
	return true;
}

static void listed(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	struct roll *roll = user;
	struct fleet *f = roll->fleet;
	uint32_t at = 0;
	struct session *lost;
	(void)call;
	if (f->closing)
		return;
	if (error != NULL || !give_out(f, sessions, count)) {
		look_soon(roll);
		return;
	}
	roll->called = false;
	while ((lost = next_lost(f, &at)) != NULL)
		talk_create(lost);
	fleet_create_more(f);
}

static void look(evutil_socket_t fd, short what, void *user)
{
	struct roll *roll = user;
	struct fleet *f = roll->fleet;
	freshet_str agent = freshet_str_of(f->ash_agent);
	(void)fd;
	(void)what;
	if (f->closing)
		return;
	if (count_in(f, CREATING) > 0 || freshet_ash_session_list(f->ash, agent, listed, roll, NULL) != FRESHET_OK)
		look_soon(roll);
}

static void look_soon(struct roll *roll)
{
	static const struct timeval delay = {0, LOOK_US};
	event_base_once(roll->fleet->base, -1, EV_TIMEOUT, look, roll, &delay);
}

void roll_call_soon(struct fleet *f)
{
	if (f->roll->called)
		return;
	f->roll->called = true;
	look_soon(f->roll);
}

bool roll_is_called(const struct fleet *f)
{
	return f->roll->called;
}

struct roll *roll_new(struct fleet *f)
{
	struct roll *roll = calloc(1, sizeof *roll);
	if (roll != NULL)
		roll->fleet = f;
	return roll;
}

void roll_free(struct roll *roll)
{
	free(roll);
}
