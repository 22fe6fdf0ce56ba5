/*
 * Versions and evaluations of Ash's agents.
 */
#include "support/mock_ash.h"
#include "support/test.h"

#include <stdio.h>

static void open_agent(void)
{
	ash_open(NULL);
	assert_int_equal(ash_ask("POST", "{\"name\":\"a\"}", "/api/agents")->status, 201);
}

/* The id that the answer names first. */
static void take_id(const struct reply *r, char id[MOCKD_ID_SIZE])
{
	const char *at = strstr(r->body, "\"id\":\"");
	assert_non_null(at);
	snprintf(id, MOCKD_ID_SIZE, "%s", at + 6);
}

static void versions_are_numbered(void **state)
{
	(void)state;
	open_agent();
	char id[MOCKD_ID_SIZE];
	struct reply *r =
		ash_ask("POST", "{\"systemPrompt\":\"one\",\"knowledgeFiles\":[\"k\"]}", "/api/agents/a/versions");
	assert_answer(r, 201, "\"versionNumber\":1,\"name\":\"v1\",\"isActive\":false,");
	take_id(r, id);
	char body[128];
	snprintf(body, sizeof body, "{\"cloneFrom\":\"%s\",\"releaseNotes\":\"n\"}", id);
	r = ash_ask("POST", body, "/api/agents/a/versions");
	assert_answer(r, 201, "\"systemPrompt\":\"one\",\"releaseNotes\":\"n\",\"knowledgeFiles\":[\"k\"]");
	assert_answer(ash_ask("POST", "{\"cloneFrom\":2,\"name\":\"third\"}", "/api/agents/a/versions"), 201,
		"\"versionNumber\":3,\"name\":\"third\"");
	assert_answer(ash_ask("POST", "{\"cloneFrom\":9}", "/api/agents/a/versions"), 400, "\"statusCode\":400}");
	assert_answer(ash_ask("POST", NULL, "/api/agents/a/versions"), 400, "{\"error\":\"Bad Request\"");
	r = ash_ask("GET", NULL, "/api/agents/a/versions");
	assert_true(strstr(r->body, "\"versionNumber\":3") < strstr(r->body, "\"versionNumber\":1"));
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/versions/%s", id), 200, "\"versionNumber\":1,");
	assert_answer(ash_ask("PATCH", "{\"name\":\"first\"}", "/api/agents/a/versions/1"), 200, "\"name\":\"first\"");
	assert_answer(ash_ask("POST", NULL, "/api/agents/a/versions/1/activate"), 200,
		"{\"activated\":true,\"versionNumber\":1}");
	assert_answer(ash_ask("POST", NULL, "/api/agents/a/versions/3/activate"), 200, NULL);
	r = ash_ask("GET", NULL, "/api/agents/a/versions");
	assert_int_equal(count_of(r->body, "\"isActive\":true"), 1);
	r = ash_ask("DELETE", NULL, "/api/agents/a/versions/1");
	assert_int_equal(r->status, 204);
	assert_int_equal(r->body_len, 0);
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/versions/%s", id), 404,
		"{\"error\":\"Version not found\",\"statusCode\":404}");
	assert_answer(ash_ask("GET", NULL, "/api/agents/none/versions"), 404, "Agent not found");
}

static void cases_keep_what_is_null(void **state)
{
	(void)state;
	open_agent();
	char id[MOCKD_ID_SIZE];
	struct reply *r = ash_ask("POST",
		"{\"question\":\"why?\",\"category\":\"c\",\"tags\":[\"t\"],\"expectedTopics\":null,\"chatHistory\":[{"
		"\"role\":\"user\",\"content\":\"hi\"}]}",
		"/api/agents/a/eval-cases");
	assert_answer(r, 201, "\"expectedTopics\":null,");
	take_id(r, id);
	assert_answer(ash_ask("POST", "{\"question\":\"\"}", "/api/agents/a/eval-cases"), 400,
		"body/question must NOT have fewer than 1 characters");
	assert_answer(ash_ask("POST", "{\"question\":\"q\",\"chatHistory\":[{\"role\":\"user\"}]}",
			      "/api/agents/a/eval-cases"),
		400, "body/chatHistory/0 must have required property 'content'");
	assert_answer(
		ash_ask("POST", "{\"cases\":[{\"question\":\"two\"},{\"question\":\"three\",\"isActive\":false}]}",
			"/api/agents/a/eval-cases/import"),
		200, "{\"imported\":2}");
	assert_answer(
		ash_ask("POST", "{\"cases\":[{}]}", "/api/agents/a/eval-cases/import"), 400, "body/cases/0 must have");
	r = ash_ask("GET", NULL, "/api/agents/a/eval-cases/export");
	assert_int_equal(count_of(r->body, "\"question\":"), 3);
	assert_int_equal(
		count_of(ash_ask("GET", NULL, "/api/agents/a/eval-cases?isActive=false")->body, "\"question\":"), 1);
	assert_int_equal(
		count_of(ash_ask("GET", NULL, "/api/agents/a/eval-cases?category=c")->body, "\"question\":"), 1);
	assert_answer(ash_ask("PATCH", "{\"category\":null,\"isActive\":\"false\"}", "/api/agents/a/eval-cases/%s", id),
		200, "\"isActive\":false");
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/eval-cases/%s", id), 200, "\"category\":null");
	r = ash_ask("DELETE", NULL, "/api/agents/a/eval-cases/%s", id);
	assert_int_equal(r->status, 204);
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/eval-cases/%s", id), 404,
		"{\"error\":\"Eval case not found\",\"statusCode\":404}");
	assert_answer(
		ash_ask("GET", NULL, "/api/agents/a/eval-cases/x"), 400, "params/id must match format \\\"uuid\\\"");
}

static void runs_are_picked_up_and_done(void **state)
{
	(void)state;
	open_agent();
	ash_ask("POST",
		"{\"cases\":[{\"question\":\"one\",\"category\":\"c\"},{\"question\":\"two\",\"tags\":[\"t\",\"u\"]}]}",
		"/api/agents/a/eval-cases/import");
	char first[MOCKD_ID_SIZE];
	char second[MOCKD_ID_SIZE];
	struct reply *r = ash_ask("POST", "{}", "/api/agents/a/eval-runs");
	assert_answer(r, 201, "\"status\":\"pending\",\"totalCases\":2,\"completedCases\":0,\"summary\":null");
	take_id(r, first);
	assert_int_equal(ash_ask("POST", NULL, "/api/agents/a/eval-runs")->status, 400);
	mock_pass(5000);
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/eval-runs/%s", first), 200, "\"status\":\"running\"");
	mock_pass(5000);
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/eval-runs/%s", first), 200,
		"\"status\":\"completed\",\"totalCases\":2,\"completedCases\":2,\"summary\":{\"avgTopicScore\":0.5,");
	r = ash_ask("POST", "{\"tags\":[\"u\"],\"categories\":[],\"versionNumber\":4}", "/api/agents/a/eval-runs");
	assert_answer(r, 201, "\"versionNumber\":4,\"status\":\"pending\",\"totalCases\":1");
	take_id(r, second);
	mock_pass(10000);
	r = ash_ask("GET", NULL, "/api/agents/a/eval-runs");
	assert_true(strstr(r->body, second) < strstr(r->body, first));
	r = ash_ask("GET", NULL, "/api/agents/a/eval-runs/compare?runA=%s&runB=%s", first, second);
	assert_answer(r, 200, "{\"comparison\":{\"runA\":{");
	assert_int_equal(count_of(r->body, "\"caseId\":"), 2);
	assert_int_equal(count_of(r->body, "\"resultB\":null"), 1);
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/eval-runs/compare?runA=%s", first), 400,
		"querystring must have required property 'runB'");
	assert_answer(ash_ask("GET", NULL, "/api/analytics"), 200,
		"\"evals\":{\"totalRuns\":2,\"byStatus\":{\"completed\":2}}");
}

static void results_are_scored_by_people(void **state)
{
	(void)state;
	open_agent();
	ash_ask("POST", "{\"cases\":[{\"question\":\"one\"},{\"question\":\"two\"}]}",
		"/api/agents/a/eval-cases/import");
	char run[MOCKD_ID_SIZE];
	char result[MOCKD_ID_SIZE];
	take_id(ash_ask("POST", "{}", "/api/agents/a/eval-runs"), run);
	mock_pass(10000);
	struct reply *r = ash_ask("GET", NULL, "/api/agents/a/eval-runs/%s/results", run);
	assert_int_equal(count_of(r->body, "\"status\":\"completed\""), 2);
	take_id(r, result);
	char body[128];
	snprintf(body, sizeof body, "{\"resultId\":\"%s\",\"humanScore\":4.5}", result);
	assert_answer(
		ash_ask("POST", body, "/api/agents/a/eval-runs/%s/score", run), 200, "{\"scored\":1,\"results\":[{");
	assert_answer(ash_ask("POST", "{\"humanNotes\":\"good\"}", "/api/agents/a/eval-runs/%s/score", run), 200,
		"{\"scored\":2,");
	assert_answer(ash_ask("POST", "{}", "/api/agents/a/eval-runs/%s/score", run), 400, "\"statusCode\":400}");
	assert_answer(ash_ask("POST", "{\"humanScore\":6}", "/api/agents/a/eval-runs/%s/score", run), 400,
		"{\"error\":\"Bad Request\",\"statusCode\":400}");
	assert_answer(ash_ask("PATCH", "{\"humanScore\":1}", "/api/agents/a/eval-results/%s", result), 200,
		"\"humanScore\":1,\"humanNotes\":\"good\"");
	assert_answer(ash_ask("PATCH", "{\"humanScore\":0}", "/api/agents/a/eval-results/%s", result), 400,
		"body/humanScore must be >= 1");
	assert_answer(ash_ask("PATCH", "{\"humanScore\":1}", "/api/agents/a/eval-results/%s", run), 404,
		"{\"error\":\"Eval result not found\",\"statusCode\":404}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(versions_are_numbered, mock_close),
		cmocka_unit_test_teardown(cases_keep_what_is_null, mock_close),
		cmocka_unit_test_teardown(runs_are_picked_up_and_done, mock_close),
		cmocka_unit_test_teardown(results_are_scored_by_people, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
