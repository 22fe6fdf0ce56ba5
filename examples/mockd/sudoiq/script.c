/*
 * What runs do by themselves, by the script that their first input names: they speak and log, ask for tools, go on when
 * all calls of the round are answered, and end. docs/mockd.md lists the scripts.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"
#include "mockd/words.h"

#include <inttypes.h>
#include <stdio.h>

/* Of a text that an argument of a tool or a result is made of. */
#define SHORT_TEXT 24u

static const struct named_plan {
	const char *name;
	enum siq_plan_kind kind;
	uint32_t rounds;
	uint32_t calls;
	const char *code;
} named_plans[] = {
	{"success", SIQ_PLAN_COMPLETED, 1, 1, NULL},
	{"plain", SIQ_PLAN_COMPLETED, 0, 0, NULL},
	{"tools", SIQ_PLAN_COMPLETED, 3, 2, NULL},
	{"failed", SIQ_PLAN_FAILED, 0, 1, "model_error"},
	{"cancelled", SIQ_PLAN_CANCELLED, 0, 1, NULL},
	{"timed-out", SIQ_PLAN_TIMED_OUT, 0, 1, "run_timeout"},
	{"hang", SIQ_PLAN_HANG, 0, 1, NULL},
	{"manual", SIQ_PLAN_MANUAL, 0, 0, NULL},
};

static const struct named_plan *find_plan(freshet_str name)
{
	for (size_t i = 0; i < sizeof named_plans / sizeof named_plans[0]; i++) {
		if (freshet_str_is(name, named_plans[i].name))
			return &named_plans[i];
	}
	return NULL;
}

bool siq_plans_exist(const struct siq *s)
{
	for (size_t i = 0; i < s->mix.count; i++) {
		if (find_plan(s->mix.items[i].script.name) == NULL)
			return false;
	}
	return true;
}

static uint32_t number_argument(const struct script *s, const char *key, uint64_t fallback)
{
	uint64_t number = script_number(s, key, fallback);
	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static char *word_argument(const struct script *s, const char *key, const char *fallback)
{
	freshet_str word;
	return script_word(s, key, &word) ? must_copy_span(word) : must_copy(fallback);
}

static enum siq_result_kind result_argument(const struct script *s)
{
	static const char *const names[] = {[SIQ_RESULT_TEXT] = "text",
		[SIQ_RESULT_OBJECT] = "object",
		[SIQ_RESULT_NUMBER] = "number",
		[SIQ_RESULT_NULL] = "null",
		[SIQ_RESULT_ECHO] = "echo"};
	freshet_str word;
	for (size_t i = 0; script_word(s, "result", &word) && i < sizeof names / sizeof names[0]; i++) {
		if (freshet_str_is(word, names[i]))
			return (enum siq_result_kind)i;
	}
	return SIQ_RESULT_TEXT;
}

bool siq_plan_read(struct siq *s, freshet_str input, struct siq_plan *plan)
{
	const struct mockd_options *o = &s->mockd->options;
	struct script script;
	if (!script_in_prompt(input, &script))
		script = script_mix_pick(&s->mix, &s->mockd->random);
	const struct named_plan *named = find_plan(script.name);
	if (named == NULL)
		return false;
	*plan = (struct siq_plan){.kind = named->kind, .result = result_argument(&script)};
	struct range rounds = script_range(&script, "rounds", (struct range){named->rounds, named->rounds});
	plan->rounds = (uint32_t)range_pick(rounds, &s->mockd->random);
	plan->calls = script_range(&script, "calls", (struct range){named->calls, named->calls});
	plan->deltas = number_argument(&script, "deltas", 2);
	plan->errors = number_argument(&script, "errors", 0);
	plan->logs = number_argument(&script, "logs", 1);
	plan->burst = number_argument(&script, "burst", 1);
	plan->bytes = script_range(&script, "bytes", (struct range){20, 200});
	plan->row_ms = script_range(&script, "row_ms", (struct range){o->row_ms, o->row_ms});
	plan->queued_ms = script_number(&script, "queued_ms", 0);
	plan->silence_ms = script_number(&script, "silence_ms", 0);
	plan->answer_ms = script_number(&script, "answer_ms", 0);
	plan->tools = word_argument(&script, "tools", NULL);
	plan->space = word_argument(&script, "namespace", "main");
	plan->code = word_argument(&script, "code", named->code);
	if (plan->burst == 0)
		plan->burst = 1;
	return true;
}

void siq_plan_clear(struct siq_plan *plan)
{
	free(plan->tools);
	free(plan->space);
	free(plan->code);
}

/* ---- steps ---- */

static void set_alarm(struct siq_run *run, uint64_t ms)
{
	clock_set(&run->siq->mockd->clock, &run->alarm, siq_now_us(run->siq) + ms * US_PER_MS);
}

/* What is said before a round, or before the end. */
static uint32_t speech(const struct siq_run *run)
{
	return run->plan.logs + run->plan.deltas + run->plan.errors;
}

static bool is_last_phase(const struct siq_run *run)
{
	return run->round == run->plan.rounds;
}

static void plan_next(struct siq_run *run)
{
	bool speaks = run->step < speech(run);
	uint64_t ms = range_pick(run->plan.row_ms, &run->siq->mockd->random);
	if (run->plan.kind == SIQ_PLAN_MANUAL || (run->plan.kind == SIQ_PLAN_HANG && !speaks && is_last_phase(run)))
		return;
	set_alarm(run, !speaks && is_last_phase(run) && run->plan.silence_ms > 0 ? run->plan.silence_ms : ms);
}

static char *some_text(const struct siq_run *run, size_t len)
{
	struct buffer b = {.bytes = NULL};
	words_append(&b, &run->siq->mockd->random, len);
	char *text = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return text;
}

static void speak(struct siq_run *run)
{
	uint32_t now = run->step++;
	if (now < run->plan.logs) {
		siq_run_log(run, "info", "node n1 is at work");
		return;
	}
	if (now >= run->plan.logs + run->plan.deltas) {
		siq_run_trouble(run, "upstream_busy", "the model is busy", true);
		return;
	}
	char *text = some_text(run, (size_t)range_pick(run->plan.bytes, &run->siq->mockd->random));
	siq_run_say(run, text);
	free(text);
}

/* ---- tool calls ---- */

/* A value that the property's schema takes. */
static json_t *some_value(const struct siq_run *run, const json_t *schema)
{
	struct random *random = &run->siq->mockd->random;
	const json_t *type = json_object_get(schema, "type");
	const char *name = json_is_string(type) ? json_string_value(type) : "string";
	const json_t *choices = json_object_get(schema, "enum");
	if (json_array_size(choices) > 0)
		return json_incref(json_array_get(choices, (size_t)random_below(random, json_array_size(choices))));
	if (strcmp(name, "integer") == 0 || strcmp(name, "number") == 0)
		return json_integer((json_int_t)random_below(random, 1000));
	if (strcmp(name, "boolean") == 0)
		return json_boolean(random_below(random, 2) == 0);
	if (strcmp(name, "array") == 0)
		return json_array();
	if (strcmp(name, "object") == 0)
		return json_object();
	char *text = some_text(run, SHORT_TEXT);
	json_t *value = json_string(text);
	free(text);
	return value;
}

/* Arguments that fit the tool's schema; without one: an empty object. */
static char *some_args(const struct siq_run *run, const char *space, const char *name)
{
	const json_t *schema = json_object_get(siq_tool_find(run->tenant, space, name), "schema_data");
	json_t *args = json_object();
	const char *key;
	json_t *property;
	json_object_foreach(json_object_get(schema, "properties"), key, property)
	{
		json_object_set_new(args, key, some_value(run, property));
	}
	char *text = siq_text(args);
	json_decref(args);
	return text;
}

/* The i-th name of a list with commas, counted around. */
static char *pick_name(const char *list, size_t i)
{
	size_t count = 1;
	for (const char *c = list; *c != '\0'; c++)
		count += *c == ',';
	for (i %= count; i > 0; i--)
		list = strchr(list, ',') + 1;
	return must_copy_span((freshet_str){list, strcspn(list, ",")});
}

/* Calls the tools of the script, or those that are registered, one after the other. False when the run has failed. */
static bool call_some_tool(struct siq_run *run, uint32_t i)
{
	const struct siq_list *tools = &run->tenant->tools;
	size_t turn = run->call_count;
	const char *space = run->plan.space;
	char *name;
	char id[64];
	snprintf(id, sizeof id, "call_%" PRId64 "_%" PRIu32 "_%" PRIu32, run->task, run->round, i);
	if (run->plan.tools != NULL) {
		name = pick_name(run->plan.tools, turn);
	} else if (tools->count > 0) {
		const json_t *tool = tools->items[turn % tools->count].json;
		name = must_copy(json_string_value(json_object_get(tool, "name")));
		space = json_string_value(json_object_get(tool, "namespace"));
	} else {
		name = must_copy("lookup");
	}
	bool good = siq_run_add_call(run, id, space, name, some_args(run, space, name));
	free(name);
	return good;
}

static void ask_for_tools(struct siq_run *run)
{
	uint64_t calls = range_pick(run->plan.calls, &run->siq->mockd->random);
	run->round++;
	run->round_first = run->call_count;
	for (uint32_t i = 1; i <= (calls > 0 ? calls : 1); i++) {
		if (!call_some_tool(run, i))
			return;
	}
	siq_run_change(run, SIQ_AWAITING);
	if (run->plan.answer_ms > 0)
		set_alarm(run, run->plan.answer_ms);
}

/* ---- the end ---- */

/* The texts that the tools answered, in the order of the calls. */
static json_t *echo_json(const struct siq_run *run)
{
	json_t *answers = json_array();
	for (size_t i = 0; i < run->call_count; i++)
		json_array_append_new(answers, json_stringn(run->calls[i].result != NULL ? run->calls[i].result : "",
						       run->calls[i].result_len));
	return answers;
}

static char *some_result(const struct siq_run *run)
{
	json_t *result = NULL;
	char *text = some_text(run, (size_t)range_pick(run->plan.bytes, &run->siq->mockd->random));
	switch (run->plan.result) {
	case SIQ_RESULT_TEXT: result = json_string(text); break;
	case SIQ_RESULT_OBJECT: result = json_pack("{s:s, s:[i, f, n]}", "answer", text, "facts", 64, 0.5); break;
	case SIQ_RESULT_NUMBER: result = json_integer((json_int_t)run->task); break;
	case SIQ_RESULT_NULL: result = json_null(); break;
	case SIQ_RESULT_ECHO: result = echo_json(run); break;
	}
	free(text);
	text = siq_text(result);
	json_decref(result);
	return text;
}

static void finish(struct siq_run *run)
{
	switch (run->plan.kind) {
	case SIQ_PLAN_COMPLETED: siq_run_complete(run, some_result(run)); break;
	case SIQ_PLAN_FAILED: siq_run_end(run, SIQ_FAILED, run->plan.code, "the script says so"); break;
	case SIQ_PLAN_CANCELLED: siq_run_end(run, SIQ_CANCELLED, NULL, NULL); break;
	case SIQ_PLAN_TIMED_OUT: siq_run_end(run, SIQ_TIMED_OUT, run->plan.code, "it took too long"); break;
	case SIQ_PLAN_HANG:
	case SIQ_PLAN_MANUAL: break;
	}
}

/* One step; false when there is nothing to do before something happens. */
static bool step(struct siq_run *run)
{
	if (run->status == SIQ_QUEUED)
		siq_run_change(run, SIQ_RUNNING);
	else if (run->status == SIQ_AWAITING)
		siq_run_end(run, SIQ_FAILED, "tool_timeout", "the tools were not answered in time");
	else if (run->step < speech(run))
		speak(run);
	else if (!is_last_phase(run))
		ask_for_tools(run);
	else
		finish(run);
	return run->status == SIQ_RUNNING;
}

static void on_step(struct alarm *alarm)
{
	struct siq_run *run = container_of(alarm, struct siq_run, alarm);
	for (uint32_t i = 0; i < run->plan.burst; i++) {
		if (!step(run))
			return;
		/* The pause before the next thing than speech is kept. */
		if (run->step >= speech(run))
			break;
	}
	plan_next(run);
}

void siq_script_begin(struct siq_run *run)
{
	run->alarm.fire = on_step;
	if (run->status == SIQ_QUEUED)
		set_alarm(run, run->plan.queued_ms);
	else
		plan_next(run);
}

void siq_script_resume(struct siq_run *run)
{
	clock_unset(&run->siq->mockd->clock, &run->alarm);
	run->step = 0;
	siq_run_change(run, SIQ_RUNNING);
	plan_next(run);
}
