/*
 * AoD's scripts, by name, and their arguments. docs/mockd.md lists them.
 */
#include "mockd/aod/aod.h"

#include "mockd/server.h"

#include <stdlib.h>

static const struct named_plan {
	const char *name;
	enum aod_plan_kind kind;
	uint32_t rows;
	bool at_once; /* all rows in one go */
} named_plans[] = {
	{"success", AOD_PLAN_SUCCESS, 8, false},
	{"two-turns", AOD_PLAN_SUCCESS, 8, false},
	{"replay", AOD_PLAN_SUCCESS, 300, true},
	{"exit", AOD_PLAN_EXIT, 4, false},
	{"error", AOD_PLAN_ERROR, 4, false},
	{"provision-failure", AOD_PLAN_PROVISION_FAILURE, 0, false},
	{"timeout", AOD_PLAN_TIMEOUT, 4, false},
	{"hang", AOD_PLAN_HANG, 3, false},
	{"until-terminated", AOD_PLAN_HANG, 3, false},
	{"interrupt", AOD_PLAN_HANG, 3, false},
	{"stale", AOD_PLAN_STALE, 4, false},
	{"lost", AOD_PLAN_LOST, 0, false},
	{"manual", AOD_PLAN_MANUAL, 0, false},
};

static const struct named_plan *find_plan(freshet_str name)
{
	for (size_t i = 0; i < sizeof named_plans / sizeof named_plans[0]; i++) {
		if (freshet_str_is(name, named_plans[i].name))
			return &named_plans[i];
	}
	return NULL;
}

static enum aod_stage find_stage(const struct script *s, const char *key, enum aod_stage fallback)
{
	freshet_str name;
	if (!script_word(s, key, &name))
		return fallback;
	for (enum aod_stage stage = 0; stage < AOD_STAGES; stage++) {
		if (freshet_str_is(name, aod_stage_names[stage]))
			return stage;
	}
	return fallback;
}

static uint32_t number_argument(const struct script *s, const char *key, uint64_t fallback)
{
	uint64_t number = script_number(s, key, fallback);
	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

/* "code=N", which may be negative (a process that died of a signal), or "code=null". */
static struct aod_code code_argument(const struct script *s, int fallback)
{
	freshet_str word;
	if (!script_word(s, "code", &word) || word.len == 0)
		return (struct aod_code){true, fallback};
	char digits[12] = "";
	memcpy(digits, word.ptr, word.len < sizeof digits ? word.len : sizeof digits - 1);
	return (struct aod_code){!freshet_str_is(word, "null"), (int)strtol(digits, NULL, 10)};
}

bool aod_plan_read(struct aod *a, freshet_str prompt, struct aod_plan *plan)
{
	const struct mockd_options *o = &a->mockd->options;
	struct script s;
	if (!script_in_prompt(prompt, &s))
		s = script_mix_pick(&a->mix, &a->mockd->random);
	const struct named_plan *named = find_plan(s.name);
	if (named == NULL)
		return false;
	*plan = (struct aod_plan){.kind = named->kind, .code = code_argument(&s, named->kind == AOD_PLAN_EXIT)};
	struct range rows = script_range(&s, "rows", (struct range){named->rows, named->rows});
	plan->rows = (uint32_t)range_pick(rows, &a->mockd->random);
	plan->bytes = script_range(&s, "bytes", (struct range){0, 0});
	uint32_t row_ms = named->at_once ? 0 : o->row_ms;
	plan->row_ms = script_range(&s, "row_ms", (struct range){row_ms, row_ms});
	plan->burst = number_argument(&s, "burst", named->at_once ? plan->rows : 1);
	plan->stage_ms = number_argument(&s, "stage_ms", o->stage_ms);
	plan->stderr_every = number_argument(&s, "stderr_every", 0);
	plan->unknown_every = number_argument(&s, "unknown_every", 0);
	plan->silence_ms = number_argument(&s, "silence_ms", (uint64_t)o->stale_ms + o->stale_ms / 10);
	plan->failing = find_stage(&s, "stage", AOD_STAGE_PROVISION_SETUP);
	plan->null_turn = script_number(&s, "null_turn", 0) != 0;
	plan->short_path = script_number(&s, "stages", 1) == 0;
	return true;
}

bool aod_plans_exist(const struct aod *a)
{
	for (size_t i = 0; i < a->mix.count; i++) {
		if (find_plan(a->mix.items[i].script.name) == NULL)
			return false;
	}
	return true;
}
