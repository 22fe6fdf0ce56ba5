/*
 * AgentOS: hosted runs that are invoked for their answer: ends, pauses, replies, approvals, sessions, variables, and
 * requests that come again.
 */
#include "support/mock_agentos.h"
#include "support/test.h"

#include <stdio.h>

#define NOBODY "00000000-0000-4000-8000-000000000000"

/* Lets time pass until the answer is there; its status. */
static struct reply *answered(struct reply *r, int status, const char *part)
{
	os_finish(r);
	assert_answer(r, status, part);
	return r;
}

/* The id of the run, kept. */
static const char *run_of(const struct reply *r)
{
	static char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", os_pick(r, "run_id"));
	return id;
}

static struct reply *reply_to(const char *run, const char *members)
{
	char path[128];
	char body[512];
	snprintf(path, sizeof path, "/api/v1/runs/%s/reply", run);
	snprintf(body, sizeof body, "{%s}", members);
	struct reply *r = probe_send(mock.probe, "POST", path, "content-type: application/json", body);
	probe_settle(mock.probe);
	return r;
}

static struct reply *decide(const char *approval, const char *decision)
{
	char body[128];
	snprintf(body, sizeof body, "{\"decision\":\"%s\"}", decision);
	os_as_workspace();
	struct reply *r = os_ask("POST", body, "/api/v1/approvals/%s/decide", approval);
	os_as_agent();
	return r;
}

static void an_invoke_waits_for_the_output(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:success chunks=3 tools=1 row_ms=100", NULL);
	assert_int_equal(r->status, 0);
	mock_pass(450);
	assert_int_equal(r->status, 0);
	mock_pass(50);
	assert_answer(r, 200, "\"status\":\"completed\",\"output\":\"");
	assert_non_null(strstr(r->body, "\"usage\":{\"input_tokens\":"));
	assert_non_null(strstr(r->body, "},\"error\":null}"));
	const struct mockd_agentos_run e = os_ledger_of(run_of(r));
	assert_int_equal(e.chunks, 3);
	assert_int_equal(e.tool_calls, 1);
	assert_int_equal(e.frames, 1 + 3 + 2 + 1);
	const char *output = strstr(r->body, "\"output\":") + strlen("\"output\":");
	size_t len = (size_t)(strstr(output, ",\"usage\":") - output);
	assert_true(e.output_hash == mockd_hash_row(MOCKD_HASH_START, 1, output, len));
	/* Its run is there to be read. */
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run_of(r)), 200, "\"status\":\"completed\"");
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/" NOBODY), 404, "There is no such run");
}

static void a_run_that_fails_is_a_result(void **state)
{
	(void)state;
	os_open(NULL);
	answered(os_invoke("script:failed", NULL), 200, "\"status\":\"failed\",\"error_message\":\"tool crashed\"");
	answered(os_invoke("script:success object=1 bytes=12 chunks=1 tools=0", NULL), 200,
		"\"output\":{\"summary\":\"");
}

static void orders_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		const char *complaint;
	} wrong[] = {
		{"{\"input\":\"text\"}", "input: must be an object"},
		{"{\"prompt_variables\":{\"A\":1}}", "prompt_variables: "},
		{"{\"session_id\":1}", "session_id: "},
		{"{\"stream\":\"yes\"}", "stream: must be a boolean"},
		{"{\"parent_run_id\":\"x\"}", "parent_run_id: must be a UUID"},
		{"{\"history\":[{\"role\":\"system\",\"content\":\"c\"}]}", "history.0.role: "},
		{"{\"history\":[{\"role\":\"user\"}]}", "history.0.content: is required"},
		{"{\"history\":[],\"session_id\":\"s\"}", "history: does not go with session_id"},
		{"{\"input\":{\"prompt\":\"script:none\"}}", "no_such_script"},
	};
	os_open(NULL);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_answer(os_ask("POST", wrong[i].body, OS_INVOKE), 400, wrong[i].complaint);
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.runs, 0);
	assert_answer(os_ask("POST", "{}", "/api/v1/agents/" NOBODY "/invoke"), 404, "There is no such agent");
	mockd_set(mock.mockd, "agentos_strict", 1);
	assert_answer(os_ask("POST", "{\"trigger_type\":\"sdk\"}", OS_INVOKE), 400, "trigger_type: is unknown");
}

/* The list gives scripts to prompts that name none. */
static void prompts_without_a_script_get_one_of_the_list(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.agentos_scripts = "failed";
	os_open(&options);
	answered(os_invoke("Sum up the week", NULL), 200, "\"status\":\"failed\"");
	answered(os_send(OS_INVOKE, "k", "{}"), 200, "\"status\":\"failed\"");
}

static void a_list_of_unknown_scripts_is_refused(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	struct mockd *m;
	options.agentos_scripts = "none";
	struct event_base *base = event_base_new();
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	options.agentos_scripts = "success";
	options.agentos_agent_key = "";
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	event_base_free(base);
}

static void a_question_pauses_until_it_is_answered(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = answered(os_invoke("script:input", NULL), 202,
		"\"status\":\"awaiting_input\",\"question\":{\"id\":\"q1\",\"text\":\"Which year?\"}");
	const char *run = run_of(r);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"awaiting_input\"");
	assert_answer(reply_to(run, "\"answer\":2025"), 400, "answer: must be a string");
	assert_answer(reply_to(run, "\"answer\":\"2025\",\"question_id\":\"q2\""), 409, "It is another question");
	answered(reply_to(run, "\"answer\":\"2025\",\"question_id\":\"q1\""), 200, "You said: 2025");
	assert_answer(reply_to(run, "\"answer\":\"2025\""), 409, "does not wait for an answer");
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.questions, 1);
	assert_int_equal(e.answers, 1);
	assert_answer(reply_to(NOBODY, "\"answer\":\"2025\""), 404, NULL);
	/* What it had to say is said all the same. */
	const char *echo = run_of(answered(os_invoke("script:echo chunks=1 questions=2", NULL), 202, NULL));
	answered(reply_to(echo, "\"answer\":\"a\""), 202, NULL);
	answered(reply_to(echo, "\"answer\":\"b\""), 200,
		"\"output\":\"You said: a\\nYou said: b\\nscript:echo chunks=1 questions=2\"");
}

static void questions_come_in_other_shapes(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = answered(os_invoke("script:input questions=2 plain_question=1 reply_runs=1", NULL), 202,
		"\"question\":\"Which year?\"");
	const char *run = run_of(r);
	/* The reply is answered at once, and the run goes on. */
	assert_answer(reply_to(run, "\"answer\":\"a\""), 202, "\"status\":\"running\"");
	mock_pass(5000);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"awaiting_input\"");
	assert_answer(reply_to(run, "\"answer\":\"b\",\"question_id\":\"q2\""), 202, NULL);
	mock_pass(5000);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"completed\"");
}

static void an_approval_goes_on_or_is_an_error_for_the_agent(void **state)
{
	(void)state;
	os_open(NULL);
	for (int approved = 0; approved < 2; approved++) {
		struct reply *r = answered(
			os_invoke("script:approval", NULL), 202, "\"status\":\"awaiting_approval\",\"approval_id\":\"");
		const char *approval = os_pick(r, "approval_id");
		const char *run = run_of(r);
		os_as_workspace();
		r = os_ask("GET", NULL, "/api/v1/approvals");
		assert_answer(r, 200, "{\"data\":{\"approvals\":[{\"id\":\"");
		assert_int_equal(
			count_of(r->body, "\"tool\":\"send_mail\",\"input\":{\"mail\":1},\"status\":\"pending\""), 1);
		assert_string_equal(os_pick(r, "agent_id"), MOCKD_AGENTOS_AGENT);
		os_as_agent();
		assert_answer(reply_to(run, "\"answer\":\"a\""), 409, NULL);
		assert_answer(decide(approval, "perhaps"), 400, "decision: ");
		assert_answer(decide(approval, approved ? "approve" : "reject"), 200,
			approved ? "\"status\":\"approved\"" : "\"status\":\"rejected\"");
		assert_answer(
			decide(approval, "approve"), 409, approved ? "It was approved before" : "It was rejected");
		assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"running\"");
		mock_pass(5000);
		assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"completed\"");
		assert_int_equal(os_ledger_of(run).decisions, 1);
	}
	assert_answer(decide(NOBODY, "approve"), 404, "There is no such approval");
	os_as_workspace();
	assert_answer(os_ask("GET", NULL, "/api/v1/approvals"), 200, "{\"data\":{\"approvals\":[]},\"error\":null}");
}

static void an_approval_that_nobody_decides_is_rejected_after_a_day(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = answered(os_invoke("script:approval", NULL), 202, NULL);
	const char *run = run_of(r);
	mock_pass(UINT64_C(24) * 3600 * 1000 - 5000);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"awaiting_approval\"");
	mock_pass(10000);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"completed\"");
	assert_answer(decide(os_pick(r, "approval_id"), "approve"), 409, "It was rejected before");
}

static void both_pauses_in_one_run(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = answered(os_invoke("script:pauses", NULL), 202, "awaiting_approval");
	const char *run = run_of(r);
	assert_int_equal(decide(os_pick(r, "approval_id"), "approve")->status, 200);
	mock_pass(5000);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"awaiting_input\"");
	answered(reply_to(run, "\"answer\":\"x\""), 200, "\"status\":\"completed\"");
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.tool_calls, 3);
	assert_int_equal(e.approvals, 1);
	assert_int_equal(e.questions, 1);
}

static const char *output_of(const char *prompt, const char *members)
{
	return os_pick(answered(os_invoke(prompt, members), 200, "\"status\":\"completed\""), "output");
}

static void sessions_remember_and_histories_do_not(void **state)
{
	(void)state;
	os_open(NULL);
	output_of("script:echo first", "\"session_id\":\"desk-4\"");
	output_of("script:echo second", "\"session_id\":\"desk-4\"");
	assert_string_equal(
		output_of("script:recall", "\"session_id\":\"desk-4\""), "script:echo first\\nscript:echo second");
	assert_string_equal(output_of("script:recall", "\"session_id\":\"desk-5\""), "");
	assert_string_equal(output_of("script:recall", NULL), "");
	static const char history[] = "\"history\":[{\"role\":\"user\",\"content\":\"mine\"},{\"role\":\"assistant\","
				      "\"content\":\"its\"},{\"role\":\"user\",\"content\":\"again\"}]";
	assert_string_equal(output_of("script:recall", history), "mine\\nagain");
	assert_string_equal(output_of("script:recall", NULL), "");
	/* The same text with two agents is two histories. */
	char id[MOCKD_AGENTOS_ID_SIZE];
	char key[MOCKD_AGENTOS_KEY_SIZE];
	mockd_agentos_add_agent(mock.mockd, true, id, key);
	probe_use_token(mock.probe, key);
	char path[128];
	snprintf(path, sizeof path, "/api/v1/agents/%s/invoke", id);
	struct reply *r = probe_send(mock.probe, "POST", path, "content-type: application/json",
		"{\"input\":{\"prompt\":\"script:recall\"},\"session_id\":\"desk-4\"}");
	os_finish(r);
	assert_answer(r, 200, "\"output\":\"\"");
}

static void run_started(const struct mockd_agentos_run *run, void *user)
{
	assert_string_equal(run->trigger, user);
}

static void variables_of_the_call_come_first(void **state)
{
	(void)state;
	os_open(NULL);
	assert_true(mockd_agentos_set_variable(mock.mockd, MOCKD_AGENTOS_AGENT, "TONE", "calm"));
	assert_true(mockd_agentos_set_variable(mock.mockd, MOCKD_AGENTOS_AGENT, "NAME", "Ada"));
	assert_false(mockd_agentos_set_variable(mock.mockd, NOBODY, "NAME", "Ada"));
	static const char prompt[] = "script:echo {{TONE}} {{NAME}} {{UNSET}} {{not one}} {{";
	assert_string_equal(output_of(prompt, NULL), "script:echo calm Ada {{UNSET}} {{not one}} {{");
	assert_string_equal(output_of(prompt, "\"prompt_variables\":{\"TONE\":\"short\"}"),
		"script:echo short Ada {{UNSET}} {{not one}} {{");
	/* What a schedule says is between the two. */
	char run[MOCKD_AGENTOS_ID_SIZE];
	assert_true(mockd_agentos_schedule(
		mock.mockd, MOCKD_AGENTOS_AGENT, "script:echo {{TONE}} {{NAME}}", "{\"TONE\":\"loud\"}", run));
	mock_pass(5000);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"output\":\"script:echo loud Ada\"");
	char scheduled[] = "scheduled";
	assert_true(mockd_agentos_find(mock.mockd, run, run_started, scheduled));
	assert_false(mockd_agentos_schedule(mock.mockd, MOCKD_AGENTOS_AGENT, "script:none", NULL, run));
	assert_false(mockd_agentos_schedule(mock.mockd, MOCKD_AGENTOS_AGENT, "p", "[]", run));
}

static struct reply *invoke_with_key(const char *key, const char *body)
{
	return os_send(OS_INVOKE, key, body);
}

/* A request that comes again waits for the same run, and gets the same answer. */
static void a_repeated_invoke_is_one_run(void **state)
{
	(void)state;
	static const char body[] = "{\"input\":{\"prompt\":\"script:input row_ms=1000\"}}";
	os_open(NULL);
	struct reply *first = invoke_with_key("k", body);
	struct reply *second = invoke_with_key("k", body);
	os_finish(first);
	probe_until_end(mock.probe, second);
	struct reply *third = invoke_with_key("k", body);
	assert_answer(first, 202, "awaiting_input");
	assert_string_equal(first->body, second->body);
	assert_string_equal(first->body, third->body);
	const char *run = run_of(first);
	assert_int_equal(os_ledger_of(run).invocations, 3);
	assert_int_equal(invoke_with_key("k", "{}")->status, 409);
	/* A reply, too; and the answer of the first leg stays what it was. */
	char path[128];
	snprintf(path, sizeof path, "/api/v1/runs/%s/reply", run);
	struct reply *reply = os_send(path, "r", "{\"answer\":\"a\"}");
	os_finish(reply);
	assert_answer(reply, 200, "\"status\":\"completed\"");
	assert_string_equal(os_send(path, "r", "{\"answer\":\"a\"}")->body, reply->body);
	assert_string_equal(invoke_with_key("k", body)->body, first->body);
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.runs, 1);
	mockd_set(mock.mockd, "agentos_ignore_keys", 1);
	invoke_with_key("k", body);
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.runs, 2);
}

static void a_run_is_led_by_hand(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:manual", NULL);
	mock_pass(100000);
	assert_int_equal(r->status, 0);
	char run[MOCKD_ID_SIZE] = "";
	os_as_workspace();
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.runs, 1);
	assert_false(mockd_agentos_say(mock.mockd, NOBODY, "x"));
	/* The only run there is. */
	char body[1024];
	snprintf(body, sizeof body, "{\"input\":{\"prompt\":\"script:manual\"},\"stream\":true}");
	struct reply *stream = probe_send(mock.probe, "POST", OS_INVOKE, "content-type: application/json", body);
	probe_until(mock.probe, stream, "run_id");
	snprintf(run, sizeof run, "%s", os_pick(stream, "run_id"));
	assert_true(mockd_agentos_say(mock.mockd, run, "caf\xc3\xa9"));
	assert_false(mockd_agentos_say(mock.mockd, run, "\xff"));
	assert_true(mockd_agentos_use_tool(mock.mockd, run, "search", "{}", "[1]", NULL));
	assert_true(mockd_agentos_use_tool(mock.mockd, run, "search", "{}", NULL, "gone"));
	assert_false(mockd_agentos_use_tool(mock.mockd, run, "search", "{", "[1]", NULL));
	assert_false(mockd_agentos_use_tool(mock.mockd, run, "search", "{}", NULL, NULL));
	assert_false(mockd_agentos_end(mock.mockd, run, "{", NULL));
	assert_true(mockd_agentos_end(mock.mockd, run, "{\"a\":1}", NULL));
	assert_false(mockd_agentos_end(mock.mockd, run, NULL, NULL));
	assert_false(mockd_agentos_ask(mock.mockd, run, "again?"));
	probe_until_end(mock.probe, stream);
	assert_non_null(
		strstr(stream->body, "data: {\"type\":\"chunk\",\"text\":\"caf\xc3\xa9\"}\n\n"
				     "data: {\"type\":\"tool_call\",\"tool\":\"search\",\"input\":{}}\n\n"
				     "data: {\"type\":\"tool_result\",\"tool\":\"search\",\"output\":[1]}\n\n"
				     "data: {\"type\":\"tool_call\",\"tool\":\"search\",\"input\":{}}\n\n"
				     "data: {\"type\":\"tool_result\",\"tool\":\"search\",\"error\":\"gone\"}\n\n"
				     "data: {\"type\":\"done\",\"run_id\":\""));
	assert_non_null(strstr(stream->body, "\"status\":\"completed\",\"output\":{\"a\":1},\"usage\":{"));
	assert_int_equal(r->status, 0);
}

static void delete_run(const struct mockd_agentos_run *run, void *user)
{
	char fault[128];
	(void)user;
	snprintf(fault, sizeof fault, "moment=now action=delete session=%s", run->run);
	assert_true(mockd_fault_add_text(mock.mockd, fault, NULL, 0) > 0);
}

/* The run goes, and whoever waits for it hears so. */
static void a_deleted_run_is_missing(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *stream = os_invoke("script:hang", "\"stream\":true");
	mock_pass(1000);
	char run[MOCKD_ID_SIZE];
	snprintf(run, sizeof run, "%s", os_pick(stream, "run_id"));
	char fault[128];
	snprintf(fault, sizeof fault, "moment=now action=delete session=%s", run);
	assert_true(mockd_fault_add_text(mock.mockd, fault, NULL, 0) > 0);
	mock_pass(0);
	assert_int_equal(stream->end, REPLY_RESET);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 404, NULL);
	struct reply *waiting = os_invoke("script:hang", NULL);
	struct reply *r = answered(os_invoke("script:approval", NULL), 202, NULL);
	const char *approval = os_pick(r, "approval_id");
	snprintf(fault, sizeof fault, "moment=now action=delete session=%s", run_of(r));
	assert_true(mockd_fault_add_text(mock.mockd, fault, NULL, 0) > 0);
	mock_pass(0);
	assert_int_equal(decide(approval, "approve")->status, 404);
	mockd_agentos_each(mock.mockd, delete_run, NULL);
	mock_pass(0);
	assert_answer(waiting, 404, "There is no such run");
}

/* A client that is gone does not stop the agent. */
static void a_caller_may_go_before_the_answer(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:success row_ms=1000", NULL);
	probe_reset(mock.probe, r);
	probe_settle(mock.probe);
	mock_reconnect();
	os_as_agent();
	mock_pass(20000);
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.runs, 1);
	r = os_invoke("script:success row_ms=1000", NULL);
	mock_pass(500);
	mock_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_invoke_waits_for_the_output, mock_close),
		cmocka_unit_test_teardown(a_run_that_fails_is_a_result, mock_close),
		cmocka_unit_test_teardown(orders_are_checked, mock_close),
		cmocka_unit_test_teardown(prompts_without_a_script_get_one_of_the_list, mock_close),
		cmocka_unit_test_teardown(a_list_of_unknown_scripts_is_refused, mock_close),
		cmocka_unit_test_teardown(a_question_pauses_until_it_is_answered, mock_close),
		cmocka_unit_test_teardown(questions_come_in_other_shapes, mock_close),
		cmocka_unit_test_teardown(an_approval_goes_on_or_is_an_error_for_the_agent, mock_close),
		cmocka_unit_test_teardown(an_approval_that_nobody_decides_is_rejected_after_a_day, mock_close),
		cmocka_unit_test_teardown(both_pauses_in_one_run, mock_close),
		cmocka_unit_test_teardown(sessions_remember_and_histories_do_not, mock_close),
		cmocka_unit_test_teardown(variables_of_the_call_come_first, mock_close),
		cmocka_unit_test_teardown(a_repeated_invoke_is_one_run, mock_close),
		cmocka_unit_test_teardown(a_run_is_led_by_hand, mock_close),
		cmocka_unit_test_teardown(a_deleted_run_is_missing, mock_close),
		cmocka_unit_test_teardown(a_caller_may_go_before_the_answer, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
