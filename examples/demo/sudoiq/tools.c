/*
 * The tools that the runs of the demo call: one answers at once, one after a while, one fails. Every time that one is run
 * the session notes the call and the answer, which tells how often that call was run: a second time would tell itself.
 */
#include "demo/sudoiq/sudoiq.h"

#include <freshet/sudoiq_resource.h>

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The slow tool takes that long, and up to as much again; real time. */
#define SLOW_MS 30

/* ---- which session a run is ---- */

static int compare_sessions(const void *left, const void *right)
{
	return strcmp(((const struct session *)left)->id, ((const struct session *)right)->id);
}

bool runs_add(struct sudoiq_site *site, struct session *s)
{
	return tsearch(s, &site->runs, compare_sessions) != NULL;
}

struct session *runs_find(const struct sudoiq_site *site, int64_t task)
{
	struct session key;
	snprintf(key.id, sizeof key.id, "%" PRId64, task);
	struct session *const *found = tfind(&key, &site->runs, compare_sessions);
	return found != NULL ? *found : NULL;
}

/* ---- what is run ---- */

uint64_t tools_call_number(freshet_str call_id)
{
	return hash_row(HASH_START, 0, call_id);
}

/* Notes that the call is run, and what it is answered. False when the run is none of ours, or there is no memory. */
static bool note(struct sudoiq_site *site, const freshet_sudoiq_invocation_info *info, bool fails, char text[160])
{
	struct session *s = runs_find(site, info->task_id);
	struct record *calls = s != NULL ? &job_of(s)->calls : NULL;
	uint64_t number = tools_call_number(info->call_id);
	unsigned times = 1;
	char sent[200];
	if (s == NULL)
		return false;
	for (uint32_t i = 0; i < calls->count; i++)
		times += calls->rows[i].id == number;
	snprintf(text, 160, "%.*s was run %u times", (int)info->call_id.len, info->call_id.ptr, times);
	snprintf(sent, sizeof sent, fails ? "{\"error\":\"%s\"}" : "%s", text);
	bool good = record_add(calls, number, freshet_str_of(sent));
	sudoiq_count_call(s);
	return good;
}

static void answer(struct sudoiq_site *site, freshet_sudoiq_invocation *invocation, bool fails)
{
	char text[160];
	/* What is not noted is not answered either, so that it shows. */
	if (note(site, freshet_sudoiq_invocation_get(invocation), fails, text)) {
		if (fails)
			freshet_sudoiq_invocation_fail(invocation, freshet_str_of(text));
		else
			freshet_sudoiq_invocation_finish(invocation, freshet_str_of(text));
	}
	freshet_sudoiq_invocation_free(invocation);
}

static void run_quick(freshet_sudoiq_invocation *invocation, void *user)
{
	answer(user, invocation, false);
}

static void run_failing(freshet_sudoiq_invocation *invocation, void *user)
{
	answer(user, invocation, true);
}

/* ---- the slow one ---- */

/* One that is under way. */
struct errand {
	struct sudoiq_site *site;
	freshet_sudoiq_invocation *invocation;
	freshet_timer *timer;
};

static int compare_errands(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t)((const struct errand *)left)->invocation;
	uintptr_t b = (uintptr_t)((const struct errand *)right)->invocation;
	return a < b ? -1 : a > b;
}

/* The invocation must be there still: the tree goes by it. */
static void errand_end(struct errand *e)
{
	tdelete(e, &e->site->errands, compare_errands);
	answer(e->site, e->invocation, false);
	freshet_timer_free(e->timer);
	free(e);
}

static void errand_done(freshet_timer *timer, void *user)
{
	(void)timer;
	errand_end(user);
}

static struct errand *errand_new(struct sudoiq_site *site, freshet_sudoiq_invocation *invocation)
{
	struct errand *e = calloc(1, sizeof *e);
	if (e == NULL)
		return NULL;
	*e = (struct errand){.site = site, .invocation = invocation};
	if (freshet_timer_new(site->site.fleet->reactor, errand_done, e, &e->timer) == FRESHET_OK &&
		tsearch(e, &site->errands, compare_errands) != NULL)
		return e;
	freshet_timer_free(e->timer);
	free(e);
	return NULL;
}

static void run_slowly(freshet_sudoiq_invocation *invocation, void *user)
{
	struct errand *e = errand_new(user, invocation);
	if (e == NULL) {
		answer(user, invocation, true);
		return;
	}
	freshet_str id = freshet_sudoiq_invocation_get(invocation)->call_id;
	freshet_timer_set(e->timer, SLOW_MS + tools_call_number(id) % SLOW_MS);
}

/* The run was called off, or all is being closed. The handler was begun, so it is noted as having been run. */
static void stop_slow(freshet_sudoiq_invocation *invocation, void *user)
{
	const struct errand key = {.invocation = invocation};
	struct errand *const *found = tfind(&key, &((struct sudoiq_site *)user)->errands, compare_errands);
	if (found != NULL)
		errand_end(*found);
}

freshet_err tools_set(struct sudoiq_site *site)
{
	const freshet_sudoiq_tool tools[] = {
		{.name = freshet_str_of("quick"), .handler = run_quick, .user = site},
		{.name = freshet_str_of("slow"), .handler = run_slowly, .canceled = stop_slow, .user = site},
		{.name = freshet_str_of("failing"), .handler = run_failing, .user = site},
	};
	return freshet_sudoiq_set_tools(site->client, tools, sizeof tools / sizeof tools[0], false);
}

/* ---- the agents of the emulator learn of them ---- */

static void registered(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_registered *tools, size_t count, freshet_str next_cursor, void *user)
{
	struct sudoiq_site *site = user;
	char text[160];
	(void)call;
	(void)tools;
	(void)count;
	(void)next_cursor;
	if (error != NULL)
		snprintf(text, sizeof text, "no tools: %.*s", (int)error->outcome.text.len, error->outcome.text.ptr);
	site->ready(&site->site, error != NULL ? text : NULL);
}

void tools_register(struct sudoiq_site *site)
{
	const freshet_sudoiq_property what = {
		.name = freshet_str_of("what"), .type = freshet_str_of("string"), .required = true};
	const freshet_sudoiq_definition tools[] = {
		{.name = freshet_str_of("quick"),
			.space = freshet_str_of("main"),
			.properties = &what,
			.property_count = 1},
		{.name = freshet_str_of("slow"),
			.space = freshet_str_of("main"),
			.properties = &what,
			.property_count = 1},
		{.name = freshet_str_of("failing"),
			.space = freshet_str_of("main"),
			.properties = &what,
			.property_count = 1},
	};
	freshet_sudoiq_register_options o;
	freshet_sudoiq_register_options_init(&o);
	o.tools = tools;
	o.count = sizeof tools / sizeof tools[0];
	/* Once more does no harm, and the emulator's cuts begin early. */
	o.repeatable = true;
	freshet_err err = freshet_sudoiq_register_tools(site->client, &o, registered, site, NULL);
	if (err != FRESHET_OK)
		site->ready(&site->site, freshet_err_text(err));
}

void tools_clear(struct sudoiq_site *site)
{
	while (site->errands != NULL) {
		struct errand *e = *(struct errand **)site->errands;
		tdelete(e, &site->errands, compare_errands);
		freshet_sudoiq_invocation_free(e->invocation);
		free(e);
	}
	/* The nodes go, the sessions are the fleet's. */
	while (site->runs != NULL)
		tdelete(*(struct session **)site->runs, &site->runs, compare_sessions);
}
