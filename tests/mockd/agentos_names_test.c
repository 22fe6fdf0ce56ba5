/*
 * AgentOS under another table of names; its control API and its settings; and a great many events.
 */
#include "support/mock_agentos.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

/* The path of that name, with the id in place of its placeholder. */
static const char *path_of(const char *name, const char *id)
{
	static char path[256];
	const char *pattern = mockd_agentos_name(mock.mockd, name);
	assert_non_null(pattern);
	const char *open = strchr(pattern, '{');
	if (open == NULL)
		snprintf(path, sizeof path, "%s", pattern);
	else
		snprintf(path, sizeof path, "%.*s%s%s", (int)(open - pattern), pattern, id, strchr(pattern, '}') + 1);
	return path;
}

static const char *const paths[] = {"run_start", "events", "run_complete", "run_fail", "tasks", "spans", "invoke",
	"approvals_list", "approvals_decide", "run_get", "run_reply", "run_stream"};

static void every_name_has_another_one(void **state)
{
	(void)state;
	static const char *const names[] = {"run_start", "events", "run_complete", "run_fail", "tasks", "spans",
		"invoke", "approvals_list", "approvals_decide", "run_get", "run_reply", "run_stream", "status.running",
		"status.completed", "status.failed", "status.awaiting_approval", "status.awaiting_input",
		"stream.start", "stream.chunk", "stream.tool_call", "stream.tool_result", "stream.awaiting_approval",
		"stream.awaiting_input", "stream.done", "stream.error", "field.type", "field.text", "field.tool",
		"field.input", "field.run_id", "field.status", "field.output", "field.error", "field.error_message",
		"field.approval_id", "field.approvals", "field.question", "field.question_id", "field.answer",
		"field.usage", "field.task_id", "field.task_error", "header.idempotency_key"};
	struct mockd_options options = mock_options();
	char usual[sizeof names / sizeof names[0]][64];
	os_open(&options);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		snprintf(usual[i], sizeof usual[i], "%s", mockd_agentos_name(mock.mockd, names[i]));
	assert_null(mockd_agentos_name(mock.mockd, "none"));
	mock_close(NULL);
	options.agentos_renamed = true;
	os_open(&options);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_string_not_equal(mockd_agentos_name(mock.mockd, names[i]), usual[i]);
	/* Under the usual paths there is nothing any more. */
	assert_null(strstr(os_ask("POST", "{}", OS_INGEST "/events")->body, "\"error\":{"));
	assert_null(strstr(os_ask("POST", "{}", OS_INVOKE)->body, "\"code\":"));
}

static void runs_are_reported_under_other_names(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.agentos_renamed = true;
	os_open(&options);
	struct reply *r =
		os_ask("POST", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\"}", "%s", path_of("run_start", NULL));
	assert_int_equal(r->status, 200);
	char run[MOCKD_ID_SIZE];
	char body[512];
	snprintf(run, sizeof run, "%s", os_pick(r, "runId"));
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",\"events\":[{\"type\":\"a\"}]}", run);
	for (int i = 0; i < 2; i++) {
		r = probe_send(mock.probe, "POST", path_of("events", NULL),
			"content-type: application/json\nx-request-key: k", body);
		probe_until_end(mock.probe, r);
		assert_int_equal(r->status, 200);
	}
	assert_int_equal(os_ledger_of(run).events, 1);
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"task\":{\"id\":\"%s\",\"name\":\"t\",\"status\":\"failed\",\"failure\":\"m\"}}",
		run, run);
	assert_answer(os_ask("POST", body, "%s", path_of("tasks", NULL)), 200, "\"taskId\":\"");
	snprintf(body, sizeof body, "{\"run_id\":\"%s\"}", run);
	assert_answer(os_ask("POST", body, "%s", path_of("run_complete", NULL)), 200, "\"state\":\"finished\"");
	assert_string_equal(os_ledger_of(run).status, "completed");
}

static void hosted_runs_go_under_other_names(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.agentos_renamed = true;
	os_open(&options);
	struct reply *r = probe_send(mock.probe, "POST", path_of("invoke", MOCKD_AGENTOS_AGENT),
		"content-type: application/json", "{\"input\":{\"prompt\":\"script:pauses\"},\"stream\":true}");
	os_finish(r);
	assert_non_null(strstr(r->body, "data: {\"kind\":\"opened\",\"runId\":\""));
	assert_non_null(strstr(r->body, "data: {\"kind\":\"piece\",\"part\":\""));
	assert_non_null(strstr(r->body, "{\"kind\":\"using\",\"tool_name\":\"search\",\"arguments\":{"));
	assert_non_null(strstr(r->body, "{\"kind\":\"used\",\"tool_name\":\"search\",\"result\":{"));
	assert_non_null(strstr(r->body, "data: {\"kind\":\"at_gate\",\"runId\":\""));
	char run[MOCKD_ID_SIZE];
	char approval[MOCKD_ID_SIZE];
	snprintf(run, sizeof run, "%s", os_pick(r, "runId"));
	snprintf(approval, sizeof approval, "%s", os_pick(r, "approvalId"));
	os_as_workspace();
	assert_answer(os_ask("GET", NULL, "%s", path_of("approvals_list", NULL)), 200, "{\"items\":[{\"id\":\"");
	assert_answer(
		os_ask("POST", "{\"decision\":\"approve\"}", "%s", path_of("approvals_decide", approval)), 200, NULL);
	mock_pass(5000);
	assert_answer(os_ask("GET", NULL, "%s", path_of("run_get", run)), 200,
		"\"state\":\"asking\",\"query\":{\"id\":\"q1\",");
	r = probe_send(mock.probe, "POST", path_of("run_reply", run), "content-type: application/json",
		"{\"reply\":\"a\",\"query_id\":\"q1\"}");
	os_finish(r);
	assert_answer(r, 200, "\"state\":\"finished\",\"result\":\"");
	assert_non_null(strstr(r->body, "\"tokens\":{"));
}

/* Beside it the other platforms answer as they did. */
static void other_platforms_keep_their_paths(void **state)
{
	(void)state;
	os_open(NULL);
	probe_use_token(mock.probe, MOCKD_TOKEN);
	assert_int_equal(os_ask("GET", NULL, "/health")->status, 200);
	assert_int_equal(os_ask("GET", NULL, "/api/agents")->status, 200);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct reply *r = os_ask("PUT", NULL, "%s", path_of(paths[i], "x"));
		assert_answer(r, 405, "{\"data\":null,\"error\":{");
	}
}

/* ---- the control API ---- */

static json_t *control(const char *method, const char *path, const char *body, int status)
{
	struct reply *r = probe_send(mock.probe, method, path, NULL, body);
	probe_until_end(mock.probe, r);
	if (r->status != status)
		fail_msg("%s %s: %d %s", method, path, r->status, r->body);
	return mock_json(r);
}

static void control_only(const char *method, const char *path, const char *body, int status)
{
	json_decref(control(method, path, body, status));
}

static json_int_t number_of(const json_t *json, const char *name)
{
	const json_t *number = json_object_get(json, name);
	assert_true(json_is_integer(number));
	return json_integer_value(number);
}

static void the_ledger_is_there_over_http(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.control = true;
	options.agentos_keep_texts = true;
	os_open(&options);
	char run[MOCKD_ID_SIZE];
	char path[128];
	snprintf(run, sizeof run, "%s", os_start());
	os_report(run, "events",
		"\"events\":[{\"type\":\"a\",\"payload\":{\"n\":7}},{\"type\":\"b\",\"payload\":{\"n\":7}}]");
	os_start();
	json_t *all = control("GET", "/mockd/agentos/runs", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(all, "runs")), 2);
	json_decref(all);
	snprintf(path, sizeof path, "/mockd/agentos/runs?run=%s", run);
	json_t *one = control("GET", path, NULL, 200);
	assert_int_equal(number_of(one, "events"), 2);
	assert_int_equal(number_of(one, "duplicates"), 1);
	char payloads[32];
	snprintf(payloads, sizeof payloads, "%s", json_string_value(json_object_get(one, "payloads")));
	assert_true(strtoull(payloads, NULL, 10) == os_ledger_of(run).payloads);
	assert_int_equal(json_array_size(json_object_get(one, "items")), 2);
	json_decref(one);
	control_only("GET", "/mockd/agentos/runs?run=none", NULL, 404);
	json_t *totals = control("GET", "/mockd/agentos/totals", NULL, 200);
	assert_int_equal(number_of(totals, "runs"), 2);
	assert_int_equal(number_of(totals, "events"), 2);
	json_decref(totals);
	/* The ledger of all platforms has it, too. */
	json_t *ledger = control("GET", "/mockd/ledger", NULL, 200);
	json_t *first = json_array_get(json_object_get(ledger, "sessions"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "platform")), "agentos");
	assert_int_equal(number_of(first, "rows"), 2);
	assert_string_equal(json_string_value(json_object_get(first, "hash")), payloads);
	json_decref(ledger);
	snprintf(path, sizeof path, "/mockd/ledger?session=%s", run);
	ledger = control("GET", path, NULL, 200);
	json_t *row = json_array_get(json_object_get(ledger, "data"), 1);
	assert_int_equal(number_of(row, "id"), 2);
	assert_string_equal(json_string_value(json_object_get(row, "data")), "{\"n\":7}");
	json_decref(ledger);
}

static void runs_are_steered_over_http(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.control = true;
	os_open(&options);
	control_only("POST", "/mockd/agentos/variables?agent=" MOCKD_AGENTOS_AGENT "&name=A", "v", 200);
	control_only("POST", "/mockd/agentos/variables?agent=none&name=A", "v", 400);
	json_t *made = control("POST", "/mockd/agentos/schedule?agent=" MOCKD_AGENTOS_AGENT, "script:manual", 201);
	char run[MOCKD_ID_SIZE];
	char path[160];
	snprintf(run, sizeof run, "%s", json_string_value(json_object_get(made, "run")));
	json_decref(made);
	control_only("POST", "/mockd/agentos/schedule?agent=none", "p", 400);
	snprintf(path, sizeof path, "/mockd/agentos/say?run=%s", run);
	control_only("POST", path, "hello", 200);
	control_only("POST", path, "\xff", 400);
	snprintf(path, sizeof path, "/mockd/agentos/ask?run=%s", run);
	control_only("POST", path, "Why?", 200);
	control_only("POST", path, "Why?", 400);
	struct reply *r = os_ask("GET", NULL, "/api/v1/runs/%s", run);
	assert_answer(r, 200, "\"question\":{\"id\":\"q1\",\"text\":\"Why?\"}");
	snprintf(path, sizeof path, "/api/v1/runs/%s/reply", run);
	r = probe_send(mock.probe, "POST", path, "content-type: application/json", "{\"answer\":\"So\"}");
	probe_settle(mock.probe);
	snprintf(path, sizeof path, "/mockd/agentos/approval?run=%s&tool=mail", run);
	control_only("POST", path, "{", 400);
	control_only("POST", path, "{}", 200);
	assert_answer(r, 202, "awaiting_approval");
	snprintf(path, sizeof path, "/mockd/agentos/end?run=%s", run);
	control_only("POST", path, NULL, 400);
	os_as_workspace();
	const char *approval = os_pick(r, "approval_id");
	assert_int_equal(
		os_ask("POST", "{\"decision\":\"approve\"}", "/api/v1/approvals/%s/decide", approval)->status, 200);
	control_only("POST", path, NULL, 200);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"output\":\"helloYou said: So\\n\"");
	control_only("POST", "/mockd/agentos/alert", "{}", 400);
}

static void keys_are_made_and_revoked_over_http(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.control = true;
	os_open(&options);
	json_t *agent = control("POST", "/mockd/agentos/agents?hosted=1", NULL, 201);
	char path[128];
	snprintf(path, sizeof path, "/mockd/agentos/keys?agent=%s", json_string_value(json_object_get(agent, "id")));
	json_t *key = control("POST", path, NULL, 201);
	const char *text = json_string_value(json_object_get(key, "key"));
	assert_string_not_equal(text, json_string_value(json_object_get(agent, "key")));
	probe_use_token(mock.probe, text);
	assert_int_equal(os_ask("POST", "{}", OS_INGEST "/events")->status, 400);
	control_only("POST", "/mockd/agentos/revoke", text, 200);
	control_only("POST", "/mockd/agentos/revoke", text, 400);
	assert_int_equal(os_ask("POST", "{}", OS_INGEST "/events")->status, 401);
	control_only("POST", "/mockd/agentos/keys?agent=none", NULL, 400);
	json_decref(key);
	json_decref(agent);
	key = control("POST", "/mockd/agentos/keys", NULL, 201);
	assert_memory_equal(json_string_value(json_object_get(key, "key")), "aos_ws_", 7);
	json_decref(key);
}

/* ---- a great many events ---- */

#define BATCHES 1000u
#define BATCH   50u

static void a_great_many_events_are_counted_and_not_kept(void **state)
{
	(void)state;
	os_open(NULL);
	char run[MOCKD_ID_SIZE];
	snprintf(run, sizeof run, "%s", os_start());
	char *body = malloc(BATCH * 128 + 256);
	uint64_t payloads = MOCKD_HASH_START;
	uint64_t n = 0;
	for (uint32_t i = 0; i < BATCHES; i++) {
		size_t len = (size_t)sprintf(body, "{\"run_id\":\"%s\",\"events\":[", run);
		for (uint32_t j = 0; j < BATCH; j++) {
			char payload[64];
			int size = snprintf(payload, sizeof payload, "{\"n\":%" PRIu64 ",\"text\":\"x\"}", ++n);
			payloads = mockd_hash_row(payloads, n, payload, (size_t)size);
			len += (size_t)sprintf(body + len,
				"%s{\"type\":\"step.done\",\"level\":\"info\",\"payload\":%s}", j > 0 ? "," : "",
				payload);
		}
		strcpy(body + len, "]}");
		struct reply *r =
			probe_send(mock.probe, "POST", OS_INGEST "/events", "content-type: application/json", body);
		probe_until_end(mock.probe, r);
		assert_int_equal(r->status, 200);
	}
	free(body);
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.events, BATCHES * BATCH);
	assert_int_equal(e.numbered, BATCHES * BATCH);
	assert_int_equal(e.batches, BATCHES);
	assert_int_equal(e.duplicates + e.disordered, 0);
	assert_true(e.payloads == payloads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_name_has_another_one, mock_close),
		cmocka_unit_test_teardown(runs_are_reported_under_other_names, mock_close),
		cmocka_unit_test_teardown(hosted_runs_go_under_other_names, mock_close),
		cmocka_unit_test_teardown(other_platforms_keep_their_paths, mock_close),
		cmocka_unit_test_teardown(the_ledger_is_there_over_http, mock_close),
		cmocka_unit_test_teardown(runs_are_steered_over_http, mock_close),
		cmocka_unit_test_teardown(keys_are_made_and_revoked_over_http, mock_close),
		cmocka_unit_test_teardown(a_great_many_events_are_counted_and_not_kept, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
