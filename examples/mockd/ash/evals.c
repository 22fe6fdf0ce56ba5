/*
 * Evaluations of agents (contract 6.11): cases, runs over them, and results, each kept as the object that is returned.
 * A run is picked up within five seconds and done five seconds later. Cases need sandboxes that were started in advance:
 * without them each ends in an error, and the run is completed all the same.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#define POLL_MS       5000u
#define NOTES_MAX_LEN 10000

static const char *const lists[] = {"expectedTopics", "expectedNotTopics", "tags"};
static const char *const texts[] = {"referenceAnswer", "category"};

/* The element with that id; NULL when there is none. */
static json_t *find(const json_t *array, const char *id, size_t *index)
{
	for (*index = 0; *index < json_array_size(array); ++*index) {
		json_t *item = json_array_get(array, *index);
		if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0)
			return item;
	}
	return NULL;
}

/* The same for the id of the path; NULL when it was answered. */
static json_t *find_of(struct ash_call *call, const json_t *array, const char *what)
{
	size_t index;
	json_t *item = find(array, call->params[1], &index);
	if (item == NULL)
		ash_fail(call, 404, "%s not found", what);
	return item;
}

static bool is_null(const struct ajv *c, const char *name)
{
	return json_is_null(json_object_get(c->object, name));
}

static void check_history(struct ajv *c)
{
	static const char *const needed[] = {"role", "content", NULL};
	json_t *history = is_null(c, "chatHistory") ? NULL : ajv_array(c, "chatHistory", 0, SIZE_MAX);
	for (size_t i = 0; i < json_array_size(history) && !c->failed; i++) {
		struct ajv item = ajv_item(c, "chatHistory", i, json_array_get(history, i));
		ajv_required(&item, needed);
		ajv_string(&item, "role", 0, SIZE_MAX);
		ajv_string(&item, "content", 0, SIZE_MAX);
		c->failed = item.failed;
	}
}

static void check_case(struct ajv *c)
{
	ajv_string(c, "question", 1, SIZE_MAX);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (!is_null(c, lists[i]))
			ajv_strings(c, lists[i]);
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!is_null(c, texts[i]))
			ajv_string(c, texts[i], 0, SIZE_MAX);
	}
	check_history(c);
	bool active = ajv_boolean(c, "isActive", true);
	if (!c->failed && json_object_get(c->object, "isActive") != NULL)
		json_object_set_new(c->object, "isActive", json_boolean(active));
}

/* Takes over what the object says of a case. */
static void take_case(json_t *to, const json_t *from)
{
	static const char *const names[] = {"question", "expectedTopics", "expectedNotTopics", "tags",
		"referenceAnswer", "category", "chatHistory", "isActive"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		json_t *value = json_object_get(from, names[i]);
		if (value != NULL)
			json_object_set(to, names[i], value);
	}
}

static json_t *case_new(struct ash_call *call, struct ash_agent *agent, const json_t *from)
{
	uint64_t now = ash_wall_us(call->ash);
	json_t *item = json_pack("{s:o, s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:b, s:o, s:o}", "id",
		ash_uuid(uuid_new(&call->ash->mockd->random)), "tenantId", agent->tenant->name, "agentName",
		agent->name, "expectedTopics", "expectedNotTopics", "referenceAnswer", "category", "tags",
		"chatHistory", "isActive", 1, "createdAt", ash_time(now), "updatedAt", ash_time(now));
	take_case(item, from);
	json_array_append_new(agent->eval_cases, item);
	return item;
}

void ash_eval_cases_create(struct ash_call *call)
{
	static const char *const needed[] = {"question", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	if (!c.failed)
		check_case(&c);
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	if (agent != NULL)
		ash_answer_member(call, 201, "case", json_incref(case_new(call, agent, call->body)));
}

void ash_eval_cases_import(struct ash_call *call)
{
	static const char *const needed[] = {"cases", NULL};
	static const char *const case_needs[] = {"question", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	json_t *cases = ajv_array(&c, "cases", 0, SIZE_MAX);
	for (size_t i = 0; i < json_array_size(cases) && !c.failed; i++) {
		struct ajv item = ajv_item(&c, "cases", i, json_array_get(cases, i));
		ajv_required(&item, case_needs);
		if (!item.failed)
			check_case(&item);
		c.failed = item.failed;
	}
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	for (size_t i = 0; agent != NULL && i < json_array_size(cases); i++)
		case_new(call, agent, json_array_get(cases, i));
	if (agent != NULL)
		ash_answer_member(call, 200, "imported", json_integer((json_int_t)json_array_size(cases)));
}

void ash_eval_cases_export(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent != NULL)
		ash_answer_member(call, 200, "cases", json_incref(agent->eval_cases));
}

static bool member_is(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));
	return value != NULL && strcmp(value, text) == 0;
}

void ash_eval_cases_list(struct ash_call *call)
{
	static const char *const truths[] = {"true", "false", NULL};
	struct ajv c;
	ajv_query(&c, call);
	const char *category = ajv_string(&c, "category", 0, SIZE_MAX);
	const char *active = ajv_word(&c, "isActive", truths);
	struct ash_agent *agent = c.failed ? NULL : ash_agent_of(call);
	json_t *cases = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(agent != NULL ? agent->eval_cases : NULL, i, item)
	{
		bool is_active = json_is_true(json_object_get(item, "isActive"));
		if ((category == NULL || member_is(item, "category", category)) &&
			(active == NULL || (strcmp(active, "true") == 0) == is_active))
			json_array_append(cases, item);
	}
	ajv_end(&c);
	if (agent != NULL)
		ash_answer_member(call, 200, "cases", cases);
	else
		json_decref(cases);
}

void ash_eval_cases_get(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	json_t *item = agent != NULL ? find_of(call, agent->eval_cases, "Eval case") : NULL;
	if (item != NULL)
		ash_answer_member(call, 200, "case", json_incref(item));
}

void ash_eval_cases_update(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	if (!c.failed)
		check_case(&c);
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	json_t *item = agent != NULL ? find_of(call, agent->eval_cases, "Eval case") : NULL;
	if (item == NULL)
		return;
	take_case(item, call->body);
	json_object_set_new(item, "updatedAt", ash_time(ash_wall_us(call->ash)));
	ash_answer_member(call, 200, "case", json_incref(item));
}

void ash_eval_cases_delete(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	size_t index;
	if (agent == NULL || find_of(call, agent->eval_cases, "Eval case") == NULL)
		return;
	find(agent->eval_cases, call->params[1], &index);
	json_array_remove(agent->eval_cases, index);
	ash_answer_nothing(call);
}

/* True when one of the wanted is there; `wanted` NULL or empty: anything goes. */
static bool one_of(const json_t *wanted, json_t *value)
{
	size_t i;
	json_t *item;
	json_array_foreach(wanted, i, item)
	{
		size_t j;
		json_t *member;
		if (json_equal(item, value))
			return true;
		json_array_foreach(value, j, member)
		{
			if (json_equal(item, member))
				return true;
		}
	}
	return json_array_size(wanted) == 0;
}

static json_t *result_new(struct ash_call *call, const json_t *run, const json_t *item)
{
	return json_pack("{s:o, s:s, s:O, s:O, s:s, s:o, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n}", "id",
		ash_uuid(uuid_new(&call->ash->mockd->random)), "tenantId", call->tenant->name, "evalRunId",
		json_object_get(run, "id"), "evalCaseId", json_object_get(item, "id"), "status", "pending", "createdAt",
		ash_time(ash_wall_us(call->ash)), "agentResponse", "topicScore", "safetyScore", "llmJudgeScore",
		"latencyMs", "error", "humanScore", "humanNotes", "completedAt");
}

static void look_again(struct ash *a)
{
	if (!alarm_is_set(&a->eval_alarm))
		clock_set(&a->mockd->clock, &a->eval_alarm, clock_now_us(&a->mockd->clock) + POLL_MS * US_PER_MS);
}

/* A result for each case that the run is to try. */
static json_int_t add_results(struct ash_call *call, struct ash_agent *agent, const json_t *run)
{
	json_int_t total = 0;
	size_t i;
	json_t *item;
	json_array_foreach(agent->eval_cases, i, item)
	{
		if (!json_is_true(json_object_get(item, "isActive")) ||
			!one_of(json_object_get(call->body, "categories"), json_object_get(item, "category")) ||
			!one_of(json_object_get(call->body, "tags"), json_object_get(item, "tags")))
			continue;
		json_array_append_new(agent->eval_results, result_new(call, run, item));
		total++;
	}
	return total;
}

void ash_eval_runs_create(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	int64_t version = ajv_integer(&c, "versionNumber", INT32_MIN, INT32_MAX, 0);
	bool versioned = !c.failed && json_object_get(call->body, "versionNumber") != NULL;
	ajv_strings(&c, "categories");
	ajv_strings(&c, "tags");
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	if (agent == NULL)
		return;
	json_t *run = json_pack("{s:o, s:s, s:s, s:o, s:s, s:i, s:i, s:n, s:o, s:n, s:n}", "id",
		ash_uuid(uuid_new(&call->ash->mockd->random)), "tenantId", call->tenant->name, "agentName", agent->name,
		"versionNumber", versioned ? json_integer(version) : json_null(), "status", "pending", "totalCases", 0,
		"completedCases", 0, "summary", "createdAt", ash_time(ash_wall_us(call->ash)), "startedAt",
		"completedAt");
	json_object_set_new(run, "totalCases", json_integer(add_results(call, agent, run)));
	json_array_append_new(agent->eval_runs, run);
	look_again(call->ash);
	ash_answer_member(call, 201, "run", json_deep_copy(run));
}

/* What the agent made of the case. */
static void finish_result(struct ash *a, const struct ash_agent *agent, json_t *result)
{
	json_object_set_new(result, "status", json_string(agent->warm ? "completed" : "error"));
	json_object_set_new(result, "completedAt", ash_time(ash_wall_us(a)));
	if (!agent->warm) {
		json_object_set_new(result, "error", json_string("Invalid sandbox ID: none was started in advance"));
		return;
	}
	json_object_set_new(result, "agentResponse", json_string("The parser reads one line of a stream."));
	json_object_set_new(result, "topicScore", json_real(0.5));
	json_object_set_new(result, "safetyScore", json_real(1));
	json_object_set_new(result, "latencyMs", json_integer(POLL_MS));
}

static void finish_run(struct ash *a, const struct ash_agent *agent, json_t *run)
{
	json_int_t completed = 0;
	size_t i;
	json_t *result;
	json_array_foreach(agent->eval_results, i, result)
	{
		if (!json_equal(json_object_get(result, "evalRunId"), json_object_get(run, "id")))
			continue;
		finish_result(a, agent, result);
		completed++;
	}
	bool good = completed > 0 && agent->warm;
	json_object_set_new(run, "status", json_string("completed"));
	json_object_set_new(run, "completedCases", json_integer(completed));
	json_object_set_new(run, "completedAt", ash_time(ash_wall_us(a)));
	json_object_set_new(run, "summary",
		json_pack("{s:f, s:f, s:n, s:f, s:f}", "avgTopicScore", good ? 0.5 : 0, "avgSafetyScore",
			good ? 1.0 : 0, "avgLlmJudgeScore", "avgLatencyMs", good ? (double)POLL_MS : 0, "passRate",
			good ? 1.0 : 0));
}

/* Moves the agent's runs on; true when some are not done yet. */
static bool move_runs(struct ash *a, const struct ash_agent *agent)
{
	bool waiting = false;
	size_t i;
	json_t *run;
	json_array_foreach(agent->eval_runs, i, run)
	{
		if (member_is(run, "status", "running")) {
			finish_run(a, agent, run);
		} else if (member_is(run, "status", "pending")) {
			json_object_set_new(run, "status", json_string("running"));
			json_object_set_new(run, "startedAt", ash_time(ash_wall_us(a)));
			waiting = true;
		}
	}
	return waiting;
}

void ash_evals_poll(struct alarm *alarm)
{
	struct ash *a = container_of(alarm, struct ash, eval_alarm);
	bool waiting = false;
	for (size_t i = 0; i < a->tenant_count; i++) {
		list_each (node, &a->tenants[i].agents)
			waiting |= move_runs(a, container_of(node, struct ash_agent, node));
	}
	if (waiting)
		look_again(a);
}

void ash_eval_runs_list(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent == NULL)
		return;
	json_t *runs = json_array();
	for (size_t i = json_array_size(agent->eval_runs); i > 0; i--)
		json_array_append(runs, json_array_get(agent->eval_runs, i - 1));
	ash_answer_member(call, 200, "runs", runs);
}

void ash_eval_runs_get(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	json_t *run = agent != NULL ? find_of(call, agent->eval_runs, "Eval run") : NULL;
	if (run != NULL)
		ash_answer_member(call, 200, "run", json_incref(run));
}

/* The results of the run, in a new array. */
static json_t *results_of(const struct ash_agent *agent, const json_t *run)
{
	json_t *results = json_array();
	size_t i;
	json_t *result;
	json_array_foreach(agent->eval_results, i, result)
	{
		if (json_equal(json_object_get(result, "evalRunId"), json_object_get(run, "id")))
			json_array_append(results, result);
	}
	return results;
}

void ash_eval_runs_results(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	json_t *run = agent != NULL ? find_of(call, agent->eval_runs, "Eval run") : NULL;
	if (run != NULL)
		ash_answer_member(call, 200, "results", results_of(agent, run));
}

/* The result of that case in the array, or null. */
static json_t *result_for(const json_t *results, const json_t *item)
{
	size_t i;
	json_t *result;
	json_array_foreach(results, i, result)
	{
		if (json_equal(json_object_get(result, "evalCaseId"), json_object_get(item, "id")))
			return json_incref(result);
	}
	return json_null();
}

static json_t *comparison(const struct ash_agent *agent, json_t *run_a, json_t *run_b)
{
	json_t *results_a = results_of(agent, run_a);
	json_t *results_b = results_of(agent, run_b);
	json_t *both = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(agent->eval_cases, i, item)
	{
		json_t *a = result_for(results_a, item);
		json_t *b = result_for(results_b, item);
		if (json_is_null(a) && json_is_null(b))
			continue;
		json_array_append_new(
			both, json_pack("{s:O, s:O, s:o, s:o}", "caseId", json_object_get(item, "id"), "question",
				      json_object_get(item, "question"), "resultA", a, "resultB", b));
	}
	json_decref(results_a);
	json_decref(results_b);
	return json_pack("{s:O, s:O, s:o}", "runA", run_a, "runB", run_b, "results", both);
}

void ash_eval_runs_compare(struct ash_call *call)
{
	static const char *const needed[] = {"runA", "runB", NULL};
	struct ajv c;
	ajv_query(&c, call);
	ajv_required(&c, needed);
	const char *a = ajv_uuid(&c, "runA");
	const char *b = ajv_uuid(&c, "runB");
	struct ash_agent *agent = c.failed ? NULL : ash_agent_of(call);
	size_t index;
	json_t *run_a = agent != NULL ? find(agent->eval_runs, a, &index) : NULL;
	json_t *run_b = agent != NULL ? find(agent->eval_runs, b, &index) : NULL;
	ajv_end(&c);
	if (agent == NULL)
		return;
	if (run_a != NULL && run_b != NULL)
		ash_answer_member(call, 200, "comparison", comparison(agent, run_a, run_b));
	else
		ash_fail(call, 404, "Eval run not found");
}

/* Checks what a human says of results. */
static void check_score(struct ajv *c)
{
	double score = ajv_number(c, "humanScore", 1, 1);
	if (score > 5)
		ajv_fail(c, "humanScore", "must be <= 5");
	ajv_string(c, "humanNotes", 0, NOTES_MAX_LEN);
}

static bool says_something(const json_t *body)
{
	return json_object_get(body, "humanScore") != NULL || json_object_get(body, "humanNotes") != NULL;
}

static void take_score(json_t *result, const json_t *body)
{
	json_t *score = json_object_get(body, "humanScore");
	json_t *notes = json_object_get(body, "humanNotes");
	if (score != NULL)
		json_object_set(result, "humanScore", score);
	if (notes != NULL)
		json_object_set(result, "humanNotes", notes);
}

void ash_eval_runs_score(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	const char *only = ajv_uuid(&c, "resultId");
	check_score(&c);
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	json_t *run = agent != NULL ? find_of(call, agent->eval_runs, "Eval run") : NULL;
	if (run == NULL)
		return;
	if (!says_something(call->body)) {
		ash_fail(call, 400, "humanScore or humanNotes is required");
		return;
	}
	json_t *results = results_of(agent, run);
	json_t *scored = json_array();
	size_t i;
	json_t *result;
	json_array_foreach(results, i, result)
	{
		if (only != NULL && !member_is(result, "id", only))
			continue;
		take_score(result, call->body);
		json_array_append(scored, result);
	}
	json_decref(results);
	if (only != NULL && json_array_size(scored) == 0) {
		json_decref(scored);
		ash_fail(call, 404, "Eval result not found");
		return;
	}
	ash_answer(
		call, 200, json_pack("{s:I, s:o}", "scored", (json_int_t)json_array_size(scored), "results", scored));
}

void ash_eval_results_update(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	check_score(&c);
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	json_t *result = agent != NULL ? find_of(call, agent->eval_results, "Eval result") : NULL;
	if (result == NULL)
		return;
	take_score(result, call->body);
	ash_answer_member(call, 200, "result", json_incref(result));
}
