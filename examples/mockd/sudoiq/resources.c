/*
 * Test examples, graders, validators of outputs and feedback on runs.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <inttypes.h>

static bool is_tier(const json_t *value)
{
	static const char *const tiers[] = {"very-low", "low", "medium", "high", "very-high"};
	const char *text = json_string_value(value);
	for (size_t i = 0; text != NULL && i < sizeof tiers / sizeof tiers[0]; i++) {
		if (strcmp(text, tiers[i]) == 0)
			return true;
	}
	return false;
}

static bool is_word(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) > 0;
}

/* ---- tests ---- */

static const char *const test_members[] = {"input_type", "input_content", "input_description", "output_type",
	"output_content", "output_description", "graded_quality", "quality_reason"};

#define TEST_MEMBERS (sizeof test_members / sizeof test_members[0])

static bool is_test(const json_t *test)
{
	for (size_t i = 0; i < TEST_MEMBERS; i++) {
		if (!json_is_string(json_object_get(test, test_members[i])))
			return false;
	}
	return is_tier(json_object_get(test, "graded_quality"));
}

static json_t *test_add(struct siq *s, struct siq_agent *agent, const json_t *given)
{
	json_t *test = json_object();
	struct siq_item *item = siq_list_add(s, &agent->tests, test);
	json_object_set_new(test, "id", json_sprintf("t_%" PRIu64, item->serial));
	for (size_t i = 0; i < TEST_MEMBERS; i++)
		json_object_set(test, test_members[i], json_object_get(given, test_members[i]));
	json_object_set_new(test, "created_at", siq_time(siq_wall_us(s)));
	return test;
}

void siq_tests_create(struct siq_request *q)
{
	struct siq_agent *agent = siq_agent_of(q);
	const json_t *tests = json_object_get(q->body, "tests");
	bool good = json_array_size(tests) > 0;
	if (agent == NULL)
		return;
	for (size_t i = 0; i < json_array_size(tests) && good; i++)
		good = is_test(json_array_get(tests, i));
	if (!good) {
		siq_fail(q, 422, "validation_error", "tests must be an array of examples with eight texts each");
		return;
	}
	json_t *made = json_array();
	for (size_t i = 0; i < json_array_size(tests); i++)
		json_array_append(made, test_add(q->siq, agent, json_array_get(tests, i)));
	siq_answer(q, 201, json_pack("{s:o}", "tests", made));
}

void siq_tests_list(struct siq_request *q)
{
	struct siq_agent *agent = siq_agent_of(q);
	if (agent == NULL)
		return;
	if (!q->siq->table->bare_lists) {
		siq_answer_page(q, &agent->tests, "tests", NULL, NULL);
		return;
	}
	json_t *all = json_array();
	for (size_t i = 0; i < agent->tests.count; i++)
		json_array_append(all, agent->tests.items[i].json);
	siq_answer(q, 200, all);
}

void siq_tests_delete(struct siq_request *q)
{
	struct siq_agent *agent = siq_agent_of(q);
	for (size_t i = 0; agent != NULL && i < agent->tests.count; i++) {
		const char *id = json_string_value(json_object_get(agent->tests.items[i].json, "id"));
		if (strcmp(id, q->other_id) != 0)
			continue;
		siq_list_remove(&agent->tests, i);
		siq_answer(q, 204, NULL);
		return;
	}
	if (agent != NULL)
		siq_fail(q, 404, "test_not_found", "there is no test %s", q->other_id);
}

/* ---- graders ---- */

/* A grader is an agent, too: runs of it can be started. */
void siq_graders_create(struct siq_request *q)
{
	struct siq_agent *agent = siq_agent_of(q);
	const json_t *proposed = json_object_get(q->body, "proposed");
	if (agent == NULL)
		return;
	if (!is_word(json_object_get(q->body, "rubric")) || !is_word(json_object_get(q->body, "rubric_name")) ||
		(proposed != NULL && !json_is_boolean(proposed))) {
		siq_fail(q, 422, "validation_error", "rubric and rubric_name must be texts, proposed a truth value");
		return;
	}
	char id[UUID_TEXT + 1];
	uuid_write(uuid_new(&q->siq->mockd->random), id);
	siq_agent_new(q->tenant, id);
	siq_answer(q, 201,
		json_pack("{s:s, s:s, s:I, s:s}", "grader_agent_id", id, "agent_id", agent->id, "version",
			(json_int_t)++agent->graders, "message",
			json_is_true(proposed) ? "the grader is proposed" : "the grader is the primary one"));
}

/* ---- validators ---- */

static bool is_validator(const json_t *given)
{
	return is_word(json_object_get(given, "name")) && json_is_object(json_object_get(given, "json_schema"));
}

static json_t *validator_put(struct siq_request *q, const json_t *given)
{
	struct siq_list *list = &q->tenant->validators;
	for (size_t i = 0; i < list->count; i++) {
		json_t *v = list->items[i].json;
		if (!json_equal(json_object_get(v, "name"), json_object_get(given, "name")))
			continue;
		json_object_set(v, "json_schema", json_object_get(given, "json_schema"));
		return v;
	}
	json_t *v = json_object();
	struct siq_item *item = siq_list_add(q->siq, list, v);
	json_object_set_new(v, "id", siq_id(q->siq, (int64_t)item->serial));
	json_object_set(v, "name", json_object_get(given, "name"));
	json_object_set(v, "json_schema", json_object_get(given, "json_schema"));
	return v;
}

void siq_validators_upsert(struct siq_request *q)
{
	const json_t *given = json_object_get(q->body, "validators");
	bool good = json_array_size(given) > 0;
	for (size_t i = 0; i < json_array_size(given) && good; i++)
		good = is_validator(json_array_get(given, i));
	if (!good) {
		siq_fail(q, 422, "validation_error", "validators must be an array of name and json_schema");
		return;
	}
	json_t *done = json_array();
	for (size_t i = 0; i < json_array_size(given); i++)
		json_array_append(done, validator_put(q, json_array_get(given, i)));
	siq_answer(q, 200, json_pack("{s:o}", "validators", done));
}

void siq_validators_list(struct siq_request *q)
{
	siq_answer_page(q, &q->tenant->validators, "validators", NULL, NULL);
}

void siq_validators_get(struct siq_request *q)
{
	const struct siq_list *list = &q->tenant->validators;
	for (size_t i = 0; i < list->count; i++) {
		char id[24];
		snprintf(id, sizeof id, "%" PRIu64, list->items[i].serial);
		if (strcmp(id, q->other_id) == 0) {
			siq_answer(q, 200, json_incref(list->items[i].json));
			return;
		}
	}
	siq_fail(q, 404, "validator_not_found", "there is no validator %s", q->other_id);
}

/* ---- feedback ---- */

void siq_run_feedback(struct siq_request *q)
{
	struct siq_run *run = siq_run_of(q);
	const json_t *source = json_object_get(q->body, "source");
	const char *word = json_string_value(source);
	if (run == NULL)
		return;
	if (!is_tier(json_object_get(q->body, "quality")) ||
		(source != NULL && (word == NULL || (strcmp(word, "human") != 0 && strcmp(word, "automated") != 0)))) {
		siq_fail(q, 422, "validation_error", "quality must be a tier, source human or automated");
		return;
	}
	json_t *feedback = json_copy(q->body);
	struct siq_item *item = siq_list_add(q->siq, &run->feedback, feedback);
	json_object_set_new(feedback, "id", json_sprintf("fb_%" PRIu64, item->serial));
	json_object_set_new(feedback, "created_at", siq_time(siq_wall_us(q->siq)));
	siq_answer(q, 201, json_pack("{s:O}", "id", json_object_get(feedback, "id")));
}

void siq_run_feedback_list(struct siq_request *q)
{
	struct siq_run *run = siq_run_of(q);
	if (run != NULL)
		siq_answer_page(q, &run->feedback, "feedback", NULL, NULL);
}
