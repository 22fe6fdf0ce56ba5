/*
 * Sessions of Ash whose creation was not answered. Nothing tells one of them from another before it has got a message,
 * so any session that the server lists and nobody here has is as good as the one that was asked for. The list is read
 * when no creation is under way, and none begins before all of it is given out; who gets none is created again.
 */
#include "demo/ash/ash.h"

#include <stdlib.h>
#include <string.h>

/* Between looks: an unanswered request has come to its end by then. */
#define LOOK_US 500000

struct roll {
	struct site *site;
	bool called;
};

static void look_soon(struct roll *roll);

/* The next one that is looked for, from `*at` on; NULL: none is left. */
static struct session *next_lost(const struct site *site, uint32_t *at)
{
	struct fleet *f = site->fleet;
	while (*at < f->count) {
		struct session *s = &f->sessions[(*at)++];
		if (s->site == site && s->state == SEARCHING)
			return s;
	}
	return NULL;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, ID_SIZE - 1);
}

/* All ids known here, sorted; the caller frees them. */
static char (*known_ids(const struct site *site, size_t *count))[ID_SIZE]
{
	const struct fleet *f = site->fleet;
	char(*ids)[ID_SIZE] = calloc(f->count, sizeof *ids);
	*count = 0;
	for (uint32_t i = 0; ids != NULL && i < f->count; i++)
		if (f->sessions[i].site == site && f->sessions[i].id[0] != '\0')
			memcpy(ids[(*count)++], f->sessions[i].id, ID_SIZE);
	if (ids != NULL)
		qsort(ids, *count, sizeof *ids, compare_ids);
	return ids;
}

/* Gives out what was found. False when there is no memory. */
static bool give_out(const struct site *site, const freshet_ash_session *sessions, size_t count)
{
	size_t known_count;
	uint32_t at = 0;
	struct session *lost = next_lost(site, &at);
	char(*known)[ID_SIZE] = known_ids(site, &known_count);
	if (known == NULL)
		return false;
	for (size_t i = 0; i < count && lost != NULL; i++) {
		freshet_str id = sessions[i].id;
		if (sessions[i].status != FRESHET_ASH_STATUS_ACTIVE || id.len != ID_SIZE - 1 ||
			bsearch(id.ptr, known, known_count, sizeof *known, compare_ids) != NULL)
			continue;
		talk_adopt(lost, id);
		lost = next_lost(site, &at);
	}
	free(known);
	return true;
}

static void listed(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	struct roll *roll = user;
	struct site *site = roll->site;
	uint32_t at = 0;
	struct session *lost;
	(void)call;
	if (site->fleet->closing)
		return;
	if (error != NULL || !give_out(site, sessions, count)) {
		look_soon(roll);
		return;
	}
	roll->called = false;
	while ((lost = next_lost(site, &at)) != NULL)
		talk_create(lost);
	site_create_more(site);
}

static void look(evutil_socket_t fd, short what, void *user)
{
	struct roll *roll = user;
	const struct site *site = roll->site;
	freshet_ash *client = ((const struct ash_site *)site)->client;
	(void)fd;
	(void)what;
	if (site->fleet->closing)
		return;
	if (site->tally[CREATING] > 0 ||
		freshet_ash_session_list(client, freshet_str_of(site->agent), listed, roll, NULL) != FRESHET_OK)
		look_soon(roll);
}

static void look_soon(struct roll *roll)
{
	static const struct timeval delay = {0, LOOK_US};
	event_base_once(roll->site->fleet->base, -1, EV_TIMEOUT, look, roll, &delay);
}

void roll_call_soon(struct roll *roll)
{
	if (roll->called)
		return;
	roll->called = true;
	look_soon(roll);
}

bool roll_is_called(const struct roll *roll)
{
	return roll->called;
}

struct roll *roll_new(struct site *site)
{
	struct roll *roll = calloc(1, sizeof *roll);
	if (roll != NULL)
		roll->site = site;
	return roll;
}

void roll_free(struct roll *roll)
{
	free(roll);
}
