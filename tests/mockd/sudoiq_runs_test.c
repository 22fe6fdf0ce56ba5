/*
 * Sudoiq's runs without their streams: the start, rounds of tool calls that go on when all are answered, answers that are
 * refused, every end, cancelling, feedback.
 */
#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

/* One step after the other, at once. */
#define QUICK " row_ms=10 deltas=1 logs=0"

static void add_tools(void)
{
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter",
		"{\"type\":\"object\",\"properties\":{\"meter\":{\"type\":\"string\"},\"depth\":{\"type\":\"integer\"},"
		"\"unit\":{\"enum\":[\"percent\"]},\"all\":{\"type\":\"boolean\"}},\"required\":[\"meter\"]}"));
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "other", "write", NULL));
	assert_false(mockd_sudoiq_add_tool(mock.mockd, "main", "bad", "[]"));
}

static void a_start_answers_the_task(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = siq_start("script:plain");
	assert_answer(
		r, 201, "{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"task_id\":41820000001,\"status\":\"running\"}");
	r = siq_status(siq_number(r, "task_id"));
	assert_answer(r, 200,
		"{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT
		"\",\"task_id\":41820000001,\"status\":\"running\",\"revision\":1,\"tool_calls\":[],\"result\":null,"
		"\"error\":null,\"environment\":\"playground\",\"agent_version\":3,\"usage\":{\"input_tokens\":");
	mock_pass(10000);
	assert_answer(siq_status(41820000001), 200, "\"status\":\"completed\",\"revision\":2,");
	assert_answer(siq_start("script:plain queued_ms=500"), 201, "\"status\":\"queued\"}");
	mock_pass(500);
	assert_answer(siq_status(41820000002), 200, "\"status\":\"running\",\"revision\":2,");
}

static void a_start_is_checked(void **state)
{
	(void)state;
	mock_open(NULL);
#define INPUTS "\"string_inputs\":{\"1\":\"script:plain\"}"
	static const char *const bad[] = {
		"{}",
		"{" INPUTS "}",
		"{" INPUTS ",\"environment\":\"\"}",
		"{\"string_inputs\":[],\"environment\":\"p\"}",
		"{\"string_inputs\":{\"1\":7},\"environment\":\"p\"}",
		"{\"string_inputs\":{\"\":\"x\"},\"environment\":\"p\"}",
		"{\"string_inputs\":{\"1\":\"script:none\"},\"environment\":\"p\"}",
		"{" INPUTS ",\"environment\":\"p\",\"agent_version\":4}",
		"{" INPUTS ",\"environment\":\"p\",\"agent_version\":0}",
		"{" INPUTS ",\"environment\":\"p\",\"agent_version\":\"1\"}",
		"{" INPUTS ",\"environment\":\"p\",\"image_inputs\":7}",
		"{" INPUTS ",\"environment\":\"p\",\"file_inputs\":{\"3\":null}}",
		"{" INPUTS ",\"environment\":\"p\",\"metadata\":[]}",
		"{" INPUTS ",\"environment\":\"p\",\"agent_id\":\"another\"}",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_answer(siq_ask("POST", bad[i], SIQ_AGENT_PATH "/execute"), 422, "validation_error");
	assert_answer(siq_ask("POST", "{" INPUTS ",\"environment\":\"p\"}", "/agents/another/execute"), 404,
		"agent_not_found");
	struct reply *r = siq_ask("POST",
		"{" INPUTS ",\"environment\":\"p\",\"agent_version\":2,\"image_inputs\":{\"2\":\"https://img.test/7\"},"
		"\"file_inputs\":{},\"metadata\":{\"correlation_id\":\"job-9\"}}",
		SIQ_AGENT_PATH "/execute");
	assert_int_equal(r->status, 201);
	assert_answer(siq_status(siq_number(r, "task_id")), 200, "\"environment\":\"p\",\"agent_version\":2,");
#undef INPUTS
}

static struct reply *start_keyed(const char *key, const char *input)
{
	char fields[128];
	char body[256];
	snprintf(fields, sizeof fields, "content-type: application/json\nidempotency-key: %s", key);
	snprintf(body, sizeof body, "{\"string_inputs\":{\"1\":\"%s\"},\"environment\":\"p\"}", input);
	struct reply *r = probe_send(mock.probe, "POST", "/api/v1" SIQ_AGENT_PATH "/execute", fields, body);
	probe_until_end(mock.probe, r);
	return r;
}

static void a_start_with_the_same_key_is_the_same_run(void **state)
{
	(void)state;
	mock_open(NULL);
	int64_t first = siq_number(start_keyed("k1", "script:hang"), "task_id");
	assert_int_equal(siq_number(start_keyed("k1", "script:hang"), "task_id"), first);
	assert_int_not_equal(siq_number(start_keyed("k2", "script:hang"), "task_id"), first);
	assert_answer(start_keyed("k1", "script:plain"), 409, "idempotency_key_reused");
	struct mockd_sudoiq_totals totals;
	mockd_sudoiq_get_totals(mock.mockd, &totals);
	assert_int_equal(totals.runs, 2);
	assert_int_equal(totals.replayed, 1);
}

static void a_round_goes_on_when_all_calls_are_answered(void **state)
{
	(void)state;
	mock_open(NULL);
	add_tools();
	int64_t task = siq_run("script:tools rounds=2 calls=2 result=echo" QUICK);
	mock_pass(100);
	struct reply *r = siq_status(task);
	assert_answer(r, 200, "\"status\":\"awaiting_tool_calls\",\"revision\":2,");
	assert_int_equal(count_of(r->body, "\"call_id\":"), 2);
	assert_non_null(strstr(r->body, "\"name\":\"read_meter\",\"namespace\":\"main\",\"args\":{\"meter\":\""));
	assert_non_null(strstr(r->body, "\"unit\":\"percent\""));
	assert_non_null(strstr(r->body, "\"name\":\"write\",\"namespace\":\"other\",\"args\":{}"));
	const char *one = siq_call(task, 0).call_id;
	const char *two = siq_call(task, 1).call_id;
	assert_answer(siq_respond(task, one, NULL), 200,
		"{\"accepted\":1,\"task_id\":41820000001,\"status\":\"awaiting_tool_calls\"}");
	r = siq_status(task);
	assert_answer(r, 200, "\"revision\":3,");
	assert_int_equal(count_of(r->body, "\"call_id\":"), 1);
	assert_non_null(strstr(r->body, two));
	mock_pass(100000);
	assert_answer(siq_status(task), 200, "\"status\":\"awaiting_tool_calls\"");
	assert_answer(siq_respond(task, two, NULL), 200, "\"status\":\"running\"}");
	mock_pass(100);
	assert_answer(siq_status(task), 200, "\"status\":\"awaiting_tool_calls\",\"revision\":5,");
	assert_answer(siq_respond(task, siq_call(task, 2).call_id, siq_call(task, 3).call_id), 200, "\"accepted\":2,");
	mock_pass(100);
	assert_answer(siq_status(task), 200,
		"\"status\":\"completed\",\"revision\":7,\"tool_calls\":[],\"result\":[\"ok\",\"ok\",\"ok\",\"ok\"],");
	assert_int_equal(siq_call(task, 3).round, 2);
}

static void a_second_answer_is_a_conflict_that_names_the_calls(void **state)
{
	(void)state;
	mock_open(NULL);
	add_tools();
	int64_t task = siq_run("script:tools rounds=1 calls=2" QUICK);
	mock_pass(100);
	const char *one = siq_call(task, 0).call_id;
	const char *two = siq_call(task, 1).call_id;
	char conflict[256];
	snprintf(conflict, sizeof conflict,
		"{\"error_code\":\"tool_responses_already_submitted\",\"message\":\"these calls were answered before\","
		"\"call_ids\":[\"%s\"]}",
		one);
	siq_respond(task, one, NULL);
	assert_answer(siq_respond(task, one, NULL), 409, conflict);
	/* Of a batch of which one was answered nothing is taken: the rest comes again. */
	assert_answer(siq_respond(task, one, two), 409, conflict);
	assert_false(siq_call(task, 1).accepted);
	assert_true(mockd_set(mock.mockd, "sudoiq_conflict_ids", 0));
	struct reply *r = siq_respond(task, one, NULL);
	assert_int_equal(r->status, 409);
	assert_null(strstr(r->body, "call_ids"));
	assert_answer(siq_respond(task, two, NULL), 200, "\"status\":\"running\"}");
	mock_pass(100);
	/* Also when the run is over. */
	assert_answer(siq_respond(task, two, one), 409, "tool_responses_already_submitted");
	assert_int_equal(siq_call(task, 0).answers, 5);
	assert_int_equal(siq_call(task, 1).answers, 2);
	struct mockd_sudoiq_totals totals;
	mockd_sudoiq_get_totals(mock.mockd, &totals);
	assert_int_equal(totals.accepted, 2);
	assert_int_equal(totals.repeated, 5);
	assert_int_equal(totals.unanswered, 0);
}

static struct reply *respond(int64_t task, const char *body)
{
	return siq_ask("POST", body, SIQ_AGENT_PATH "/tasks/%" PRId64 "/tool_responses", task);
}

static void strange_answers_are_refused(void **state)
{
	(void)state;
	mock_open(NULL);
	add_tools();
	int64_t task = siq_run("script:manual");
	assert_true(mockd_sudoiq_call(mock.mockd, task, "[{\"name\":\"read_meter\",\"call_id\":\"c1\"}]"));
	static const char *const bad[] = {
		"{}",
		"{\"responses\":[]}",
		"{\"responses\":[7]}",
		"{\"responses\":[{\"call_id\":\"c1\"}]}",
		"{\"responses\":[{\"call_id\":\"c1\",\"result\":{}}]}",
		"{\"responses\":[{\"call_id\":1,\"result\":\"x\"}]}",
		"{\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\",\"is_error\":1}]}",
		"{\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\"},{\"call_id\":\"c1\",\"result\":\"x\"}]}",
		"{\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\"},{\"call_id\":\"c2\",\"result\":\"x\"}]}",
		"{\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\",\"name\":\"write\"}]}",
		"{\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\",\"namespace\":\"other\"}]}",
		"{\"task_id\":1,\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\"}]}",
		"{\"agent_id\":\"x\",\"responses\":[{\"call_id\":\"c1\",\"result\":\"x\"}]}",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_answer(respond(task, bad[i]), 422, "validation_error");
	assert_int_equal(siq_call(task, 0).answers, 0);
	struct mockd_sudoiq_totals totals;
	mockd_sudoiq_get_totals(mock.mockd, &totals);
	assert_int_equal(totals.strange, 1);
	static const char good[] = "{\"responses\":[{\"call_id\":\"c1\",\"name\":\"read_meter\",\"namespace\":\"main\","
				   "\"result\":\"{\\\"error\\\":\\\"no \\u0000 \xc3\xa9\\\"}\",\"is_error\":true}]}";
	assert_answer(respond(1, good), 404, "task_not_found");
	assert_answer(respond(task, good), 200, "\"accepted\":1,");
	assert_true(siq_call(task, 0).is_error);
	assert_int_equal(siq_call(task, 0).result.len, strlen("{\"error\":\"no ") + 1 + strlen(" \xc3\xa9\"}"));
}

static void a_tool_that_was_never_registered_fails_the_run(void **state)
{
	(void)state;
	mock_open(NULL);
	int64_t task = siq_run("script:success tools=none" QUICK);
	mock_pass(100);
	assert_answer(siq_status(task), 200,
		"\"error\":{\"code\":\"unknown_tool\",\"message\":\"the tool main/none was never registered\"}");
	add_tools();
	task = siq_run("script:success calls=2 tools=read_meter,none" QUICK);
	mock_pass(100);
	assert_answer(siq_status(task), 200, "\"status\":\"failed\",\"revision\":2,\"tool_calls\":[],");
	assert_true(mockd_set(mock.mockd, "sudoiq_strict_tools", 0));
	task = siq_run("script:success calls=3 tools=one,two namespace=far" QUICK);
	mock_pass(100);
	assert_string_equal(siq_call(task, 0).name, "one");
	assert_string_equal(siq_call(task, 1).name, "two");
	assert_string_equal(siq_call(task, 2).name, "one");
	assert_string_equal(siq_call(task, 2).space, "far");
}

static void every_script_has_its_end(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		const char *status;
		const char *part;
	} cases[] = {
		{"plain result=object", "completed", "\"result\":{\"answer\":\""},
		{"plain result=number", "completed", "\"result\":41820000002,"},
		{"plain result=null", "completed", "\"result\":null,\"error\":null"},
		{"failed", "failed", "\"error\":{\"code\":\"model_error\",\"message\":\"the script says so\"}"},
		{"failed code=out_of_tokens", "failed", "\"error\":{\"code\":\"out_of_tokens\","},
		{"cancelled", "cancelled", "\"error\":null"},
		{"timed-out", "timed_out", "\"error\":{\"code\":\"run_timeout\""},
		{"hang", "running", "\"error\":null"},
		{"success tools=read_meter answer_ms=1000", "failed", "\"error\":{\"code\":\"tool_timeout\""},
	};
	mock_open(NULL);
	add_tools();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[128];
		snprintf(text, sizeof text, "script:%s", cases[i].script);
		int64_t task = siq_run(text);
		mock_pass(60000);
		struct reply *r = siq_status(task);
		snprintf(text, sizeof text, "\"status\":\"%s\"", cases[i].status);
		assert_answer(r, 200, text);
		assert_answer(r, 200, cases[i].part);
	}
}

static void a_run_is_cancelled_once(void **state)
{
	(void)state;
	mock_open(NULL);
	add_tools();
	int64_t task = siq_run("script:success" QUICK);
	mock_pass(100);
	assert_answer(siq_ask("POST", "{\"reason\":7}", SIQ_AGENT_PATH "/tasks/%" PRId64 "/cancel", task), 422, NULL);
	assert_answer(siq_ask("POST", "{\"reason\":\"enough\"}", SIQ_AGENT_PATH "/tasks/%" PRId64 "/cancel", task), 200,
		"\"status\":\"cancelled\",\"revision\":3,\"tool_calls\":[],");
	assert_answer(
		siq_ask("POST", "{}", SIQ_AGENT_PATH "/tasks/%" PRId64 "/cancel", task), 409, "run_already_ended");
	assert_answer(siq_respond(task, siq_call(task, 0).call_id, NULL), 409, "run_not_awaiting_tool_calls");
	mock_pass(100000);
	assert_answer(siq_status(task), 200, "\"status\":\"cancelled\",\"revision\":3,");
	assert_answer(siq_ask("POST", NULL, SIQ_AGENT_PATH "/tasks/7/cancel"), 404, "task_not_found");
}

static void a_quota_bounds_what_goes_on(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_true(mockd_set(mock.mockd, "sudoiq_quota", 2));
	int64_t first = siq_number(siq_start("script:hang"), "task_id");
	siq_start("script:hang");
	struct reply *r = siq_start("script:hang");
	assert_answer(r, 429, "too_many_runs");
	assert_true(reply_has(r, "retry-after: 1"));
	siq_ask("POST", "{}", SIQ_AGENT_PATH "/tasks/%" PRId64 "/cancel", first);
	assert_int_equal(siq_start("script:hang")->status, 201);
}

static void feedback_is_kept_by_run(void **state)
{
	(void)state;
	mock_open(NULL);
	int64_t task = siq_run("script:plain");
	int64_t other = siq_run("script:plain");
	assert_answer(siq_ask("POST",
			      "{\"task_id\":41820000001,\"quality\":\"high\",\"reason\":\"right\",\"source\":\"human\","
			      "\"tags\":[\"a\"]}",
			      SIQ_AGENT_PATH "/tasks/%" PRId64 "/feedback", task),
		201, "{\"id\":\"fb_1\"}");
	assert_answer(siq_ask("GET", NULL, SIQ_AGENT_PATH "/tasks/%" PRId64 "/feedback", task), 200,
		"\"reason\":\"right\",\"source\":\"human\",\"tags\":[\"a\"],\"id\":\"fb_1\"");
	assert_answer(siq_ask("GET", NULL, SIQ_AGENT_PATH "/tasks/%" PRId64 "/feedback", other), 200,
		"{\"feedback\":[],\"next_cursor\":null}");
	assert_answer(siq_ask("POST", "{\"quality\":\"best\"}", SIQ_AGENT_PATH "/tasks/%" PRId64 "/feedback", task),
		422, NULL);
	assert_answer(siq_ask("POST", "{\"quality\":\"low\",\"source\":\"robot\"}",
			      SIQ_AGENT_PATH "/tasks/%" PRId64 "/feedback", task),
		422, NULL);
}

static void a_test_leads_a_manual_run(void **state)
{
	(void)state;
	mock_open(NULL);
	add_tools();
	int64_t task = siq_run("script:manual");
	mock_pass(100000);
	assert_answer(siq_status(task), 200, "\"status\":\"running\",\"revision\":1,");
	assert_false(mockd_sudoiq_call(mock.mockd, task, "[]"));
	assert_false(mockd_sudoiq_call(mock.mockd, task, "[{}]"));
	assert_false(mockd_sudoiq_call(mock.mockd, task, "["));
	assert_true(mockd_sudoiq_call(mock.mockd, task, "[{\"name\":\"read_meter\",\"args\":{\"a\":[1,null]}}]"));
	assert_false(mockd_sudoiq_say(mock.mockd, task, "too late"));
	assert_false(mockd_sudoiq_complete(mock.mockd, task, "1"));
	assert_answer(siq_status(task), 200, "\"args\":{\"a\":[1,null]}}]");
	siq_respond(task, siq_call(task, 0).call_id, NULL);
	mock_pass(100000);
	assert_answer(siq_status(task), 200, "\"status\":\"running\",\"revision\":3,");
	assert_false(mockd_sudoiq_complete(mock.mockd, task, "nonsense"));
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "{\"a\":\"\\u20ac\"}"));
	assert_answer(siq_status(task), 200, "\"result\":{\"a\":\"\xe2\x82\xac\"}");
	assert_false(mockd_sudoiq_end(mock.mockd, task, "failed", "x", "y"));
	task = siq_run("script:hang");
	assert_false(mockd_sudoiq_end(mock.mockd, task, "completed", "x", "y"));
	assert_true(mockd_sudoiq_end(mock.mockd, task, "timed_out", "x", "y"));
	assert_answer(siq_status(task), 200, "\"status\":\"timed_out\"");
	assert_false(mockd_sudoiq_end(mock.mockd, 7, "failed", NULL, NULL));
	assert_int_equal(mockd_sudoiq_add_run(mock.mockd, "script:none"), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_start_answers_the_task),
		TEST(a_start_is_checked),
		TEST(a_start_with_the_same_key_is_the_same_run),
		TEST(a_round_goes_on_when_all_calls_are_answered),
		TEST(a_second_answer_is_a_conflict_that_names_the_calls),
		TEST(strange_answers_are_refused),
		TEST(a_tool_that_was_never_registered_fails_the_run),
		TEST(every_script_has_its_end),
		TEST(a_run_is_cancelled_once),
		TEST(a_quota_bounds_what_goes_on),
		TEST(feedback_is_kept_by_run),
		TEST(a_test_leads_a_manual_run),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, runs", tests, NULL, NULL);
}
