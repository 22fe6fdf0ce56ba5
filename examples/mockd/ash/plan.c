/*
 * Ash's scripts, by name, and their arguments. docs/mockd.md lists them.
 */
#include "mockd/ash/ash.h"

#include "mockd/server.h"

static const struct named_plan {
	const char *name;
	enum ash_plan_kind kind;
	uint32_t messages;
	uint32_t tools;
	uint32_t thinking;
} named_plans[] = {
	{"success", ASH_PLAN_SUCCESS, 2, 1, 0},
	{"tools", ASH_PLAN_SUCCESS, 5, 4, 1},
	{"failed", ASH_PLAN_FAILED, 2, 1, 0},
	{"error", ASH_PLAN_ERROR, 1, 0, 0},
	{"gone", ASH_PLAN_GONE, 1, 0, 0},
	{"crash", ASH_PLAN_CRASH, 1, 0, 0},
	{"hang", ASH_PLAN_HANG, 1, 0, 0},
	{"foreign", ASH_PLAN_FOREIGN, 1, 0, 0},
	{"runner", ASH_PLAN_RUNNER, 1, 0, 0},
	{"manual", ASH_PLAN_MANUAL, 0, 0, 0},
};

static const struct named_plan *find_plan(freshet_str name)
{
	for (size_t i = 0; i < sizeof named_plans / sizeof named_plans[0]; i++) {
		if (freshet_str_is(name, named_plans[i].name))
			return &named_plans[i];
	}
	return NULL;
}

static uint32_t number_argument(const struct script *s, const char *key, uint64_t fallback)
{
	uint64_t number = script_number(s, key, fallback);
	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

bool ash_plan_read(struct ash *a, freshet_str prompt, struct ash_plan *plan)
{
	const struct mockd_options *o = &a->mockd->options;
	struct script s;
	if (!script_in_prompt(prompt, &s))
		s = script_mix_pick(&a->mix, &a->mockd->random);
	const struct named_plan *named = find_plan(s.name);
	if (named == NULL)
		return false;
	*plan = (struct ash_plan){.kind = named->kind};
	struct range messages = script_range(&s, "messages", (struct range){named->messages, named->messages});
	plan->messages = (uint32_t)range_pick(messages, &a->mockd->random);
	plan->tools = number_argument(&s, "tools", named->tools);
	plan->thinking = number_argument(&s, "thinking", named->thinking);
	plan->bytes = script_range(&s, "bytes", (struct range){20, 400});
	plan->row_ms = script_range(&s, "row_ms", (struct range){o->row_ms, o->row_ms});
	plan->burst = number_argument(&s, "burst", 1);
	plan->deltas = number_argument(&s, "deltas", 4);
	plan->silence_ms = number_argument(&s, "silence_ms", 0);
	plan->in_flight = number_argument(&s, "in_flight", 0);
	plan->unknown = script_number(&s, "unknown", 0) != 0;
	freshet_str subtype = freshet_str_of("error_during_execution");
	script_word(&s, "subtype", &subtype);
	size_t len = subtype.len < sizeof plan->subtype ? subtype.len : sizeof plan->subtype - 1;
	memcpy(plan->subtype, subtype.ptr, len);
	return true;
}

bool ash_plans_exist(const struct ash *a)
{
	for (size_t i = 0; i < a->mix.count; i++) {
		if (find_plan(a->mix.items[i].script.name) == NULL)
			return false;
	}
	return true;
}
