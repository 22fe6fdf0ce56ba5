/*
 * Sudoiq's tables beside the runs: tools, test examples, graders, validators. What is put is listed, page by page, what
 * is put again is replaced, what is deleted is gone; and the shapes of errors.
 */
#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <stdio.h>

#define SCHEMA                                                                                                         \
	"{\"type\":\"object\",\"properties\":{\"meter\":{\"type\":\"string\",\"description\":\"Number\",\"enum\":"     \
	"[\"7\"]}},\"required\":[\"meter\"]}"

static struct reply *put_tool(const char *space, const char *name, const char *description)
{
	char body[1024];
	snprintf(body, sizeof body,
		"{\"tools\":[{\"name\":\"%s\",\"namespace\":\"%s\",\"description\":\"%s\",\"schema_data\":" SCHEMA
		"}]}",
		name, space, description);
	return siq_ask("POST", body, "/tools");
}

static void tools_are_put_replaced_and_deleted(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_answer(siq_ask("GET", NULL, "/tools"), 200, "{\"tools\":[],\"next_cursor\":null}");
	struct reply *r = put_tool("main", "read_meter", "Reads.");
	assert_answer(r, 201,
		"{\"tools\":[{\"id\":1,\"name\":\"read_meter\",\"namespace\":\"main\",\"description\":"
		"\"Reads.\",\"schema_data\":" SCHEMA ",\"created_at\":\"");
	put_tool("other", "read_meter", "Reads elsewhere.");
	mock_pass(60000);
	r = put_tool("main", "read_meter", "Reads better.");
	json_t *json = mock_json(r);
	json_t *tool = json_array_get(json_object_get(json, "tools"), 0);
	assert_int_equal(json_integer_value(json_object_get(tool, "id")), 1);
	assert_false(json_equal(json_object_get(tool, "created_at"), json_object_get(tool, "updated_at")));
	json_decref(json);
	r = siq_ask("GET", NULL, "/tools");
	assert_answer(r, 200, "Reads better.");
	assert_null(strstr(r->body, "Reads."));
	assert_int_equal(count_of(r->body, "\"name\":"), 2);
	r = siq_ask("GET", NULL, "/tools?namespace=other");
	assert_answer(r, 200, "Reads elsewhere.");
	assert_int_equal(count_of(r->body, "\"name\":"), 1);
	assert_int_equal(siq_ask("DELETE", NULL, "/tools/main/read_meter")->status, 204);
	assert_answer(siq_ask("DELETE", NULL, "/tools/main/read_meter"), 404, "tool_not_found");
	assert_int_equal(count_of(siq_ask("GET", NULL, "/tools")->body, "\"name\":"), 1);
	/* Names are percent-encoded. */
	put_tool("a b", "c%2Fd", "x");
	assert_int_equal(siq_ask("DELETE", NULL, "/tools/a%%20b/c%%252Fd")->status, 204);
}

static void a_page_goes_on_where_the_last_one_ended(void **state)
{
	(void)state;
	mock_open(NULL);
	for (int i = 0; i < 5; i++) {
		char name[16];
		snprintf(name, sizeof name, "t%d", i);
		put_tool(i % 2 == 0 ? "even" : "odd", name, "x");
	}
	struct reply *r = siq_ask("GET", NULL, "/tools?limit=2");
	assert_answer(r, 200, "\"next_cursor\":\"after_2\"}");
	assert_int_equal(count_of(r->body, "\"name\":"), 2);
	/* What was shown may go, what comes behind it is seen. */
	siq_ask("DELETE", NULL, "/tools/odd/t1");
	put_tool("even", "t5", "x");
	r = siq_ask("GET", NULL, "/tools?limit=2&cursor=after_2");
	assert_non_null(strstr(r->body, "\"t2\""));
	assert_answer(r, 200, "\"next_cursor\":\"after_4\"}");
	r = siq_ask("GET", NULL, "/tools?limit=2&cursor=after_4");
	assert_answer(r, 200, "\"next_cursor\":null}");
	assert_int_equal(count_of(r->body, "\"name\":"), 2);
	r = siq_ask("GET", NULL, "/tools?namespace=even&limit=2");
	assert_answer(r, 200, "\"next_cursor\":\"after_3\"}");
	static const char *const bad[] = {"limit=0", "limit=201", "limit=x", "limit=", "cursor=x", "cursor=after_",
		"cursor=after_1x", "cursor=after_-1", "cursor="};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_answer(siq_ask("GET", NULL, "/tools?%s", bad[i]), 422, "validation_error");
	assert_int_equal(siq_ask("GET", NULL, "/tools?limit=200")->status, 200);
}

static void a_bad_tool_is_refused_and_its_neighbours_with_it(void **state)
{
	(void)state;
	mock_open(NULL);
#define GOOD "{\"name\":\"good\",\"description\":\"\",\"schema_data\":{}}"
	static const char *const bad[] = {
		"{}",
		"{\"tools\":[]}",
		"{\"tools\":{}}",
		"{\"tools\":[" GOOD ",7]}",
		"{\"tools\":[" GOOD "," GOOD "]}",
		"{\"tools\":[" GOOD
		",{\"name\":\"good\",\"namespace\":\"main\",\"description\":\"\",\"schema_data\":{}}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"\",\"description\":\"\",\"schema_data\":{}}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"b\",\"namespace\":\"\",\"description\":\"\",\"schema_data\":{}}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"b\",\"schema_data\":{}}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"b\",\"description\":\"\"}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"b\",\"description\":\"\",\"schema_data\":{\"required\":[\"x\"]}}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"b\",\"description\":\"\",\"schema_data\":{\"properties\":[]}}]}",
		"{\"tools\":[" GOOD ",{\"name\":\"b\",\"description\":\"\",\"schema_data\":{\"type\":\"array\"}}]}",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_answer(siq_ask("POST", bad[i], "/tools"), 422, "\"error_code\":\"validation_error\"");
	static const char *const broken[] = {"{", "[]", "7", "{\"tools\":1,\"tools\":2}", "{\"tools\":\"\xff\"}"};
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
		assert_answer(siq_ask("POST", broken[i], "/tools"), 400, "\"error_code\":\"invalid_json\"");
	assert_answer(siq_ask("GET", NULL, "/tools"), 200, "{\"tools\":[],");
	assert_answer(siq_ask("POST", "{\"tools\":[" GOOD "]}", "/tools"), 201, "\"namespace\":\"main\"");
#undef GOOD
}

#define EXAMPLE(quality)                                                                                               \
	"{\"input_type\":\"text\",\"input_content\":\"a\",\"input_description\":\"b\",\"output_type\":\"text\","       \
	"\"output_content\":\"c\",\"output_description\":\"d\",\"graded_quality\":\"" quality                          \
	"\",\"quality_reason\":\"e\"}"

static void tests_are_kept_by_agent(void **state)
{
	(void)state;
	mock_open(NULL);
	char agent[MOCKD_SUDOIQ_ID_SIZE];
	mockd_sudoiq_add_agent(mock.mockd, agent);
	struct reply *r =
		siq_ask("POST", "{\"tests\":[" EXAMPLE("high") "," EXAMPLE("very-low") "]}", SIQ_AGENT_PATH "/tests");
	assert_answer(r, 201, "{\"tests\":[{\"id\":\"t_1\",\"input_type\":\"text\",\"input_content\":\"a\"");
	assert_answer(siq_ask("GET", NULL, SIQ_AGENT_PATH "/tests?limit=1"), 200, "\"next_cursor\":\"after_1\"}");
	assert_answer(siq_ask("GET", NULL, "/agents/%s/tests", agent), 200, "{\"tests\":[],");
	assert_answer(siq_ask("DELETE", NULL, "/agents/%s/tests/t_1", agent), 404, "test_not_found");
	assert_int_equal(siq_ask("DELETE", NULL, SIQ_AGENT_PATH "/tests/t_1")->status, 204);
	r = siq_ask("GET", NULL, SIQ_AGENT_PATH "/tests");
	assert_answer(r, 200, "\"t_2\"");
	assert_int_equal(count_of(r->body, "\"id\":"), 1);
	assert_answer(siq_ask("POST", "{\"tests\":[" EXAMPLE("best") "]}", SIQ_AGENT_PATH "/tests"), 422, NULL);
	assert_answer(siq_ask("POST", "{\"tests\":[{}]}", SIQ_AGENT_PATH "/tests"), 422, NULL);
	assert_answer(
		siq_ask("POST", "{\"tests\":[" EXAMPLE("high") "]}", "/agents/none/tests"), 404, "agent_not_found");
}

/* A grader is an agent: it can be run. */
static void graders_are_agents(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = siq_ask("POST",
		"{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"rubric\":\"r\",\"rubric_name\":\"n\",\"proposed\":false}",
		SIQ_AGENT_PATH "/graders");
	assert_answer(r, 201, "\",\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"version\":1,\"message\":\"");
	char grader[MOCKD_SUDOIQ_ID_SIZE];
	snprintf(grader, sizeof grader, "%s", strstr(r->body, "\"grader_agent_id\":\"") + 19);
	assert_answer(siq_ask("POST", "{\"string_inputs\":{\"1\":\"script:plain\"},\"environment\":\"playground\"}",
			      "/agents/%s/execute", grader),
		201, "\"task_id\":");
	assert_answer(siq_ask("POST", "{\"rubric\":\"r\",\"rubric_name\":\"n\",\"proposed\":true}",
			      SIQ_AGENT_PATH "/graders"),
		201, "\"version\":2,");
	assert_answer(siq_ask("POST", "{\"rubric\":\"r\"}", SIQ_AGENT_PATH "/graders"), 422, NULL);
	assert_answer(
		siq_ask("POST", "{\"agent_id\":\"another\",\"rubric\":\"r\",\"rubric_name\":\"n\",\"proposed\":true}",
			SIQ_AGENT_PATH "/graders"),
		422, "two agents");
}

static void validators_are_put_by_name(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_answer(siq_ask("PUT",
			      "{\"validators\":[{\"name\":\"a\",\"json_schema\":{\"type\":\"object\"}},{\"name\":\"b\","
			      "\"json_schema\":{}}]}",
			      "/validators"),
		200,
		"{\"validators\":[{\"id\":1,\"name\":\"a\",\"json_schema\":{\"type\":\"object\"}},{\"id\":2,\"name\":"
		"\"b\",\"json_schema\":{}}]}");
	assert_answer(siq_ask("PUT", "{\"validators\":[{\"name\":\"a\",\"json_schema\":{\"x\":1}}]}", "/validators"),
		200, "{\"id\":1,\"name\":\"a\",\"json_schema\":{\"x\":1}}");
	assert_answer(
		siq_ask("GET", NULL, "/validators/1"), 200, "{\"id\":1,\"name\":\"a\",\"json_schema\":{\"x\":1}}");
	assert_answer(siq_ask("GET", NULL, "/validators/3"), 404, "validator_not_found");
	assert_answer(siq_ask("GET", NULL, "/validators?limit=1"), 200, "\"next_cursor\":\"after_1\"}");
	assert_answer(
		siq_ask("PUT", "{\"validators\":[{\"name\":\"a\",\"json_schema\":[]}]}", "/validators"), 422, NULL);
}

static void errors_come_in_five_shapes(void **state)
{
	(void)state;
	mock_open(NULL);
	static const char *const shapes[] = {
		"{\"error_code\":\"validator_not_found\",\"message\":\"there is no validator 9\"}",
		"{\"code\":\"validator_not_found\",\"message\":\"there is no validator 9\"}",
		"{\"error\":{\"code\":\"validator_not_found\",\"message\":\"there is no validator 9\"}}",
		"{\"detail\":\"there is no validator 9\"}", "{\"detail\":[{\"msg\":\"there is no validator 9\"}]}"};
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		assert_true(mockd_set(mock.mockd, "sudoiq_error_shape", i));
		assert_string_equal(siq_ask("GET", NULL, "/validators/9")->body, shapes[i]);
	}
	assert_false(mockd_set(mock.mockd, "sudoiq_error_shape", sizeof shapes / sizeof shapes[0]));
	assert_answer(siq_ask("GET", NULL, "/nothing"), 404, NULL);
	assert_answer(siq_ask("PATCH", NULL, "/tools"), 404, NULL);
	assert_answer(siq_ask("GET", NULL, "/validators/\xff"), 404, "no validator ?");
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tools_are_put_replaced_and_deleted),
		TEST(a_page_goes_on_where_the_last_one_ended),
		TEST(a_bad_tool_is_refused_and_its_neighbours_with_it),
		TEST(tests_are_kept_by_agent),
		TEST(graders_are_agents),
		TEST(validators_are_put_by_name),
		TEST(errors_come_in_five_shapes),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, what is kept", tests, NULL, NULL);
}
