/*
 * Sessions of Agent on Demand whose creation was not answered. All of them are looked for at once: the server's sessions are listed, the
 * first prompt of each one that nobody here has is read, and its marker tells whose it is. What was not found does not
 * exist, since the request that could have made it ended before the search began.
 */
#include "demo/aod/aod.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before the list is asked for: an unanswered request has come to its end by then. */
#define SEARCH_DELAY_US 500000

/* Prompts read at once. */
#define READING_MAX 32

struct search {
	struct aod_site *site;
	struct session **lost; /* those looked for */
	uint32_t lost_count;
	char (*found)[ID_SIZE]; /* ids that nobody here has */
	size_t found_count;
	size_t next;    /* the first of them that was not read */
	size_t reading; /* under way */
	bool running;
	bool failed; /* an answer is missing: what was not found may exist */
};

static void search_end(struct search *search);

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, ID_SIZE - 1);
}

/* ---- the sessions that nobody here has ---- */

static bool is_lost(const struct search *search, const struct session *s)
{
	return s->state == SEARCHING && s->site == &search->site->site;
}

/* All ids known here, sorted; the caller frees them. */
static char (*known_ids(const struct aod_site *site, size_t *count))[ID_SIZE]
{
	const struct fleet *f = site->site.fleet;
	char(*ids)[ID_SIZE] = calloc(f->count, sizeof *ids);
	*count = 0;
	for (uint32_t i = 0; ids != NULL && i < f->count; i++)
		if (f->sessions[i].site == &site->site && f->sessions[i].id[0] != '\0')
			memcpy(ids[(*count)++], f->sessions[i].id, ID_SIZE);
	if (ids != NULL)
		qsort(ids, *count, sizeof *ids, compare_ids);
	return ids;
}

static bool keep_unknown(struct search *search, const freshet_aod_session *sessions, size_t count)
{
	size_t known_count;
	char(*known)[ID_SIZE] = known_ids(search->site, &known_count);
	search->found = calloc(count + 1, sizeof *search->found);
	if (known == NULL || search->found == NULL) {
		free(known);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		freshet_str id = sessions[i].id;
		if (id.len != ID_SIZE - 1 || bsearch(id.ptr, known, known_count, sizeof *known, compare_ids) != NULL)
			continue;
		memcpy(search->found[search->found_count++], id.ptr, id.len);
	}
	free(known);
	return true;
}

/* ---- whose are they? ---- */

/* The session that the prompt's marker names; NULL when it is none that is looked for. */
static struct session *owner_of(const struct search *search, freshet_str prompt)
{
	char marker[40];
	char text[256];
	snprintf(text, sizeof text, "%.*s", (int)prompt.len, prompt.ptr);
	snprintf(marker, sizeof marker, "(freshet demo %016llx ", (unsigned long long)search->site->site.fleet->marker);
	const char *at = strstr(text, marker);
	unsigned long number = at != NULL ? strtoul(at + strlen(marker), NULL, 10) : ULONG_MAX;
	for (uint32_t i = 0; i < search->lost_count; i++)
		if (search->lost[i]->number == number && search->lost[i]->state == SEARCHING)
			return search->lost[i];
	return NULL;
}

struct reading {
	struct search *search;
	size_t index; /* in `found` */
};

static void read_more(struct search *search);
static bool ask_turns(struct reading *reading);

static void read_turns(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *turns, size_t count, void *user)
{
	struct reading *reading = user;
	struct search *search = reading->search;
	(void)call;
	if (!search->site->site.fleet->closing && error != NULL && is_passing(&error->outcome) && ask_turns(reading))
		return;
	search->reading--;
	if (!search->site->site.fleet->closing && error == NULL && count > 0) {
		struct session *owner = owner_of(search, turns[0].prompt);
		if (owner != NULL)
			aod_adopt(owner, freshet_str_of(search->found[reading->index]));
	}
	if (error != NULL && error->outcome.err != FRESHET_ENOT_FOUND)
		search->failed = true;
	free(reading);
	read_more(search);
}

static bool ask_turns(struct reading *reading)
{
	freshet_str id = freshet_str_of(reading->search->found[reading->index]);
	return freshet_aod_session_turns(reading->search->site->client, id, read_turns, reading, NULL) == FRESHET_OK;
}

static bool read_one(struct search *search, size_t index)
{
	struct reading *reading = malloc(sizeof *reading);
	if (reading == NULL)
		return false;
	*reading = (struct reading){search, index};
	if (ask_turns(reading))
		return true;
	free(reading);
	return false;
}

static void read_more(struct search *search)
{
	while (!search->site->site.fleet->closing && search->next < search->found_count &&
		search->reading < READING_MAX) {
		if (read_one(search, search->next++))
			search->reading++;
		else
			search->failed = true;
	}
	if (search->reading == 0)
		search_end(search);
}

static void listed(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *sessions,
	size_t count, void *user)
{
	struct search *search = user;
	(void)call;
	search->failed = error != NULL || !keep_unknown(search, sessions, count);
	read_more(search);
}

/* ---- begin and end ---- */

static void search_begin(struct search *search)
{
	struct site *site = &search->site->site;
	struct fleet *f = site->fleet;
	search->lost = calloc(site->tally[SEARCHING] + 1, sizeof(struct session *));
	for (uint32_t i = 0; search->lost != NULL && i < f->count; i++)
		if (is_lost(search, &f->sessions[i]))
			search->lost[search->lost_count++] = &f->sessions[i];
	if (search->lost == NULL ||
		freshet_aod_session_list(search->site->client, listed, search, NULL) != FRESHET_OK) {
		search->failed = true;
		search_end(search);
	}
}

static void search_due(evutil_socket_t fd, short what, void *user)
{
	struct search *search = user;
	(void)fd;
	(void)what;
	if (!search->site->site.fleet->closing)
		search_begin(search);
}

void search_soon(struct search *search)
{
	static const struct timeval delay = {0, SEARCH_DELAY_US};
	if (search->running)
		return;
	search->running = true;
	event_base_once(search->site->site.fleet->base, -1, EV_TIMEOUT, search_due, search, &delay);
}

static void search_clear(struct search *search)
{
	struct aod_site *site = search->site;
	free(search->lost);
	free(search->found);
	*search = (struct search){.site = site};
}

/* What was not found is created; what came to be lost meanwhile, or could not be looked for, is for the next search. */
static void search_end(struct search *search)
{
	const struct site *site = &search->site->site;
	for (uint32_t i = 0; !site->fleet->closing && !search->failed && i < search->lost_count; i++)
		if (search->lost[i]->state == SEARCHING)
			aod_create(search->lost[i]);
	search_clear(search);
	if (!site->fleet->closing && site->tally[SEARCHING] > 0)
		search_soon(search);
}

struct search *search_new(struct aod_site *site)
{
	struct search *search = calloc(1, sizeof *search);
	if (search != NULL)
		search->site = site;
	return search;
}

void search_free(struct search *search)
{
	if (search == NULL)
		return;
	search_clear(search);
	free(search);
}
