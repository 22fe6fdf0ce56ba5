/*
 * Scripts of hosted runs, by name, and their arguments. docs/mockd.md lists them.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

static const struct named_plan {
	const char *name;
	enum aos_plan_kind kind;
	uint32_t chunks;
	uint32_t tools;
	uint32_t approvals;
	uint32_t questions;
} named_plans[] = {
	{"success", AOS_PLAN_SUCCESS, 4, 1, 0, 0},
	{"tools", AOS_PLAN_SUCCESS, 6, 4, 0, 0},
	{"failed", AOS_PLAN_FAILED, 2, 1, 0, 0},
	{"error", AOS_PLAN_ERROR, 2, 0, 0, 0},
	{"approval", AOS_PLAN_SUCCESS, 4, 0, 1, 0},
	{"input", AOS_PLAN_SUCCESS, 4, 0, 0, 1},
	{"pauses", AOS_PLAN_SUCCESS, 6, 2, 1, 1},
	{"echo", AOS_PLAN_ECHO, 3, 0, 0, 0},
	{"recall", AOS_PLAN_RECALL, 1, 0, 0, 0},
	{"hang", AOS_PLAN_HANG, 1, 0, 0, 0},
	{"manual", AOS_PLAN_MANUAL, 0, 0, 0, 0},
};

static const struct named_plan *find_plan(freshet_str name)
{
	for (size_t i = 0; i < sizeof named_plans / sizeof named_plans[0]; i++) {
		if (freshet_str_is(name, named_plans[i].name))
			return &named_plans[i];
	}
	return NULL;
}

static uint32_t number_argument(struct aos *a, const struct script *s, const char *key, uint64_t fallback)
{
	uint64_t number = range_pick(script_range(s, key, (struct range){fallback, fallback}), &a->mockd->random);
	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static enum aos_marker marker_argument(const struct script *s)
{
	freshet_str word = {NULL, 0};
	script_word(s, "marker", &word);
	return freshet_str_is(word, "after")     ? AOS_MARKER_AFTER
	       : freshet_str_is(word, "instead") ? AOS_MARKER_INSTEAD
						 : AOS_MARKER_NONE;
}

bool aos_plan_read(struct aos *a, freshet_str prompt, struct aos_plan *plan)
{
	const struct mockd_options *o = &a->mockd->options;
	struct script s;
	if (!script_in_prompt(prompt, &s))
		s = script_mix_pick(&a->mix, &a->mockd->random);
	const struct named_plan *named = find_plan(s.name);
	if (named == NULL)
		return false;
	*plan = (struct aos_plan){.kind = named->kind};
	plan->chunks = number_argument(a, &s, "chunks", named->chunks);
	plan->tools = number_argument(a, &s, "tools", named->tools);
	plan->approvals = number_argument(a, &s, "approvals", named->approvals);
	plan->questions = number_argument(a, &s, "questions", named->questions);
	plan->burst = number_argument(a, &s, "burst", 1);
	plan->comments = number_argument(a, &s, "comments", 0);
	plan->bytes = script_range(&s, "bytes", (struct range){20, 200});
	plan->row_ms = script_range(&s, "row_ms", (struct range){o->row_ms, o->row_ms});
	plan->marker = marker_argument(&s);
	plan->plain_question = script_number(&s, "plain_question", 0) != 0;
	plan->object = script_number(&s, "object", 0) != 0;
	plan->unknown = script_number(&s, "unknown", 0) != 0;
	plan->reply_runs = script_number(&s, "reply_runs", 0) != 0;
	plan->json = script_number(&s, "json", 0) != 0;
	if (plan->burst == 0)
		plan->burst = 1;
	return true;
}

bool aos_plans_exist(const struct aos *a)
{
	for (size_t i = 0; i < a->mix.count; i++) {
		if (find_plan(a->mix.items[i].script.name) == NULL)
			return false;
	}
	return true;
}
