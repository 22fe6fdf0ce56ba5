/*
 * The second table: nothing of the first is answered under it, and everything is there under other paths, methods and
 * names.
 */
#include "support/mock_sudoiq.h"
#include "support/receiver.h"
#include "support/test.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>

static void open_other(const char *auth)
{
	struct mockd_options options = mock_options();
	options.sudoiq_table = "other";
	options.sudoiq_auth = auth;
	mock_open(&options);
}

static struct reply *ask(const char *method, const char *path, const char *body)
{
	char text[256];
	snprintf(text, sizeof text, "/svc/agentsapi%s", path);
	return mock_ask(method, text, body);
}

static void nothing_is_where_it_was(void **state)
{
	(void)state;
	open_other("bearer");
	struct reply *r = siq_ask("GET", NULL, "/tools");
	assert_int_equal(r->status, 404);
	assert_null(strstr(r->body, "\"tools\""));
	assert_int_equal(siq_start("script:plain")->status, 404);
	assert_answer(ask("GET", "/tools", NULL), 404, "{\"fault\":{\"kind\":\"not_found\",\"text\":\"");
	assert_string_equal(mockd_sudoiq_name(mock.mockd, "prefix"), "/svc/agentsapi");
	assert_string_equal(mockd_sudoiq_name(mock.mockd, "status.completed"), "done");
	assert_string_equal(mockd_sudoiq_name(mock.mockd, "webhook.delivery"), "X-Graph-Post");
	assert_string_equal(mockd_sudoiq_name(mock.mockd, "webhook.timestamp"), "X-Graph-Clock");
	assert_string_equal(mockd_sudoiq_name(mock.mockd, "webhook.signature"), "X-Graph-Seal");
	assert_null(mockd_sudoiq_name(mock.mockd, "none"));
	const char *method = NULL;
	assert_string_equal(mockd_sudoiq_endpoint(mock.mockd, "run_start", &method), "/runs");
	assert_string_equal(method, "PUT");
	assert_null(mockd_sudoiq_endpoint(mock.mockd, "none", NULL));
}

static const char *const keys[] = {"auth_token", "tools_register", "tools_list", "tools_delete", "run_start",
	"run_stream", "run_status", "run_cancel", "tool_responses", "run_feedback", "run_feedback_list", "tests_create",
	"tests_list", "tests_delete", "graders_create", "validators_upsert", "validators_list", "validators_get"};

static const char *const names[] = {"prefix", "field.agent_id", "field.task_id", "field.status", "field.result",
	"field.tool_calls", "field.call_id", "field.name", "field.namespace", "field.args", "field.error",
	"field.error_code", "field.error_message", "field.environment", "field.agent_version", "field.revision",
	"field.usage", "field.input_tokens", "field.output_tokens", "field.created_at", "field.updated_at",
	"field.text", "field.log_message", "field.level", "field.node_id", "field.retryable", "field.reason",
	"field.failure_code", "field.failure_message", "field.failure_call_ids", "field.access_token",
	"field.expires_in", "status.queued", "status.running", "status.awaiting_tool_calls", "status.completed",
	"status.failed", "status.cancelled", "status.timed_out", "event.sync", "event.log", "event.delta",
	"event.error", "event.end", "code.already_submitted", "header.key", "header.idempotency_key", "cookie",
	"webhook.delivery", "webhook.timestamp", "webhook.signature"};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static char *read_document(void)
{
	FILE *file = fopen(FRESHET_SOURCE_DIR "/docs/mockd.md", "r");
	assert_non_null(file);
	char *text = calloc(1, 1 << 20);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static void assert_told(const char *document, const char *row)
{
	if (strstr(document, row) == NULL)
		fail_msg("docs/mockd.md does not say: %s", row);
}

/* No template and no name is the same in both, and the document tells them all. */
static void the_tables_share_nothing_and_are_told(void **state)
{
	(void)state;
	char row[512];
	open_other("bearer");
	struct mockd *other = mock.mockd;
	const struct mockd_options usual = mock_options();
	struct mockd *first;
	assert_int_equal(mockd_new(mock.base, &usual, &first), FRESHET_OK);
	char *document = read_document();
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *method, *other_method;
		const char *path = mockd_sudoiq_endpoint(first, keys[i], &method);
		const char *other_path = mockd_sudoiq_endpoint(other, keys[i], &other_method);
		assert_string_not_equal(path, other_path);
		snprintf(row, sizeof row, "\n| `%s` | `%s %s` | `%s %s` |\n", keys[i], method, path, other_method,
			other_path);
		assert_told(document, row);
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *name = mockd_sudoiq_name(first, names[i]);
		const char *other_name = mockd_sudoiq_name(other, names[i]);
		assert_string_not_equal(name, other_name);
		snprintf(row, sizeof row, "\n| `%s` | `%s` | `%s` |\n", names[i], name, other_name);
		assert_told(document, row);
	}
	free(document);
	mockd_free(first);
}

static void a_run_goes_its_way_under_other_names(void **state)
{
	(void)state;
	struct receiver hooks;
	open_other("bearer");
	receiver_open(&hooks, mock.base, mock.mockd);
	assert_true(mockd_webhook_to(mock.mockd, "sudoiq", hooks.url, "s"));
	assert_int_equal(ask("PUT", "/registry/functions",
				 "{\"tools\":[{\"name\":\"read_meter\",\"namespace\":\"main\",\"description\":\"d\","
				 "\"schema_data\":{\"properties\":{\"meter\":{\"type\":\"integer\"}}}}]}")
				 ->status,
		204);
	assert_answer(ask("GET", "/registry/functions", NULL), 200, "\"id\":\"1\",\"name\":\"read_meter\"");
	struct reply *r = ask("PUT", "/runs",
		"{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT
		"\",\"string_inputs\":{\"1\":\"script:success row_ms=10 deltas=1 logs=1\"},\"environment\":\"p\"}");
	assert_answer(r, 201, "{\"graph\":\"" MOCKD_SUDOIQ_AGENT "\",\"run\":\"41820000001\",\"state\":\"at_work\"}");
	r = probe_send(mock.probe, "GET", "/svc/agentsapi/runs/41820000001/events/of/" MOCKD_SUDOIQ_AGENT, NULL, NULL);
	probe_settle(mock.probe);
	mock_pass(1000);
	assert_non_null(strstr(r->body, "event: note\ndata: {\"run\":\"41820000001\",\"weight\":\"info\",\"line\":\""));
	assert_non_null(strstr(r->body, "event: token\ndata: {\"run\":\"41820000001\",\"node\":\"n1\",\"piece\":\""));
	assert_non_null(strstr(r->body, "id: 2\nevent: state\ndata: {\"graph\":\""));
	assert_non_null(strstr(r->body,
		"\"state\":\"needs_functions\",\"seq\":2,\"wanted\":{\"calls\":[{\"ref\":\"call_41820000001_1_1\","
		"\"function\":{\"label\":\"read_meter\",\"library\":\"main\"},\"parameters\":\"{\\\"meter\\\":"));
	assert_non_null(
		strstr(r->body, "\"output\":null,\"problem\":null,\"stage\":\"p\",\"graph_version\":3,\"spent\":{"));
	static const char answer[] = "{\"responses\":[{\"call_id\":\"call_41820000001_1_1\",\"result\":\"ok\"}]}";
	assert_answer(ask("PUT", "/runs/41820000001/answers", answer), 200,
		"{\"accepted\":1,\"run\":\"41820000001\",\"state\":\"at_work\"}");
	assert_answer(ask("PUT", "/runs/41820000001/answers", answer), 409,
		"{\"fault\":{\"kind\":\"SEEN_BEFORE\",\"text\":\"these calls were answered before\",\"refs\":["
		"\"call_41820000001_1_1\"]}}");
	siq_finish(r);
	assert_non_null(strstr(r->body, "\"state\":\"done\",\"seq\":4,"));
	assert_non_null(strstr(r->body, "event: bye\ndata: {\"why\":\"done\"}\n\n"));
	assert_answer(ask("GET", "/runs/41820000001", NULL), 200, "\"state\":\"done\"");
	assert_answer(ask("DELETE", "/runs/41820000001", "{\"reason\":\"x\"}"), 409, "run_already_ended");
	receiver_until(&hooks, 4);
	receiver_settle(&hooks);
	assert_int_equal(strncmp(receiver_field(&hooks, 3, "X-Graph-Seal"), "v1,", 3), 0);
	assert_non_null(receiver_field(&hooks, 3, "X-Graph-Post"));
	assert_null(receiver_field(&hooks, 3, "X-Sudoiq-Delivery"));
	assert_non_null(strstr(hooks.items[3].body, "\"state\":\"done\""));
	receiver_close(&hooks);
}

static void the_rest_is_elsewhere_too(void **state)
{
	(void)state;
	open_other("bearer");
	int64_t task = siq_run("script:hang");
	assert_int_equal(task, 41820000001);
	assert_answer(ask("DELETE", "/runs/41820000001", NULL), 200, "\"state\":\"called_off\"");
	assert_answer(ask("PUT", "/runs/41820000001/ratings", "{\"quality\":\"low\"}"), 201, "{\"id\":\"fb_1\"}");
	assert_answer(ask("GET", "/runs/41820000001/ratings", NULL), 200, "\"quality\":\"low\"");
	assert_answer(ask("PUT", "/judges",
			      "{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"rubric\":\"r\",\"rubric_name\":\"n\"}"),
		201, "\"grader_agent_id\":\"");
	assert_answer(ask("POST", "/schemas", "{\"validators\":[{\"name\":\"a\",\"json_schema\":{}}]}"), 200,
		"{\"validators\":[{\"id\":\"2\",\"name\":\"a\",\"json_schema\":{}}]}");
	assert_answer(ask("GET", "/schemas", NULL), 200, "\"id\":\"2\"");
	assert_answer(ask("GET", "/schemas/2", NULL), 200, "{\"id\":\"2\",");
	static const char example[] =
		"{\"tests\":[{\"input_type\":\"text\",\"input_content\":\"a\",\"input_description\":\"b\",\"output_"
		"type\":\"text\",\"output_content\":\"c\",\"output_description\":\"d\",\"graded_quality\":\"high\","
		"\"quality_reason\":\"e\"}]}";
	assert_answer(ask("PUT", "/examples/" MOCKD_SUDOIQ_AGENT, example), 201, "\"id\":\"t_3\"");
	struct reply *r = ask("GET", "/examples/" MOCKD_SUDOIQ_AGENT, NULL);
	assert_int_equal(r->body[0], '[');
	assert_int_equal(ask("POST", "/examples/" MOCKD_SUDOIQ_AGENT "/t_3/remove", NULL)->status, 204);
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "t", NULL));
	assert_answer(ask("POST", "/registry/functions/t/of/main/remove", NULL), 200, "{\"deleted\":true}");
}

static void the_door_has_other_names(void **state)
{
	(void)state;
	open_other("header");
	struct reply *r = probe_send(mock.probe, "GET", "/svc/agentsapi/schemas", "x-api-key: " MOCKD_TOKEN, NULL);
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 401);
	r = probe_send(mock.probe, "GET", "/svc/agentsapi/schemas", "x-graph-key: " MOCKD_TOKEN, NULL);
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 200);
	mock_close(NULL);
	open_other("cookie");
	r = probe_send(mock.probe, "GET", "/svc/agentsapi/schemas", "cookie: graph_session=" MOCKD_TOKEN, NULL);
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 200);
	mock_close(NULL);
	open_other("token");
	assert_answer(ask("PUT", "/session", "{\"api_key\":\"" MOCKD_TOKEN "\"}"), 200, "{\"pass\":\"at_");
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_where_it_was),
		TEST(the_tables_share_nothing_and_are_told),
		TEST(a_run_goes_its_way_under_other_names),
		TEST(the_rest_is_elsewhere_too),
		TEST(the_door_has_other_names),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, the second table", tests, NULL, NULL);
}
