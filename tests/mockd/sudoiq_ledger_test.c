/*
 * What is remembered of Sudoiq's runs, and the control API over it.
 */
#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

static void open_controlled(void)
{
	struct mockd_options options = mock_options();
	options.control = true;
	mock_open(&options);
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
}

static void note_entry(const struct mockd_ledger_entry *entry, void *user)
{
	*(struct mockd_ledger_entry *)user = *entry;
}

/* What a client hashes that hears the stream: ids and data of all snapshots. */
static uint64_t hash_of_stream(const char *body)
{
	uint64_t hash = MOCKD_HASH_START;
	for (const char *at = strstr(body, "\nid: "); at != NULL; at = strstr(at + 1, "\nid: ")) {
		uint64_t id = strtoull(at + 5, NULL, 10);
		const char *data = strstr(at, "\ndata: ") + 7;
		hash = mockd_hash_row(hash, id, data, strcspn(data, "\n"));
	}
	return hash;
}

static void the_ledger_has_what_a_client_saw(void **state)
{
	(void)state;
	open_controlled();
	int64_t task = siq_run("script:success row_ms=10");
	struct reply *r = siq_stream(task, NULL);
	mock_pass(1000);
	siq_respond(task, siq_call(task, 0).call_id, NULL);
	siq_finish(r);
	struct mockd_ledger_entry entry;
	assert_true(mockd_ledger_find(mock.mockd, "41820000001", note_entry, &entry));
	assert_string_equal(entry.platform, "sudoiq");
	assert_string_equal(entry.prompt, "script:success row_ms=10");
	assert_string_equal(entry.status, "completed");
	assert_int_equal(entry.rows, 4);
	assert_int_equal(entry.turns, 1);
	assert_true(entry.hash == hash_of_stream(r->body));
	json_t *status = mock_json(siq_status(task));
	char *result = json_dumps(json_object_get(status, "result"), JSON_ENCODE_ANY | JSON_COMPACT);
	assert_true(entry.text_hash == mockd_hash_row(MOCKD_HASH_START, 4, result, strlen(result)));
	free(result);
	json_decref(status);
	assert_true(mockd_fault_add_text(mock.mockd, "moment=now action=delete session=41820000001", NULL, 0) != 0);
	mockd_advance(mock.mockd, 0);
	assert_true(mockd_ledger_find(mock.mockd, "41820000001", note_entry, &entry));
	assert_true(entry.deleted);
	assert_int_equal(entry.rows, 4);
}

static json_t *control(const char *method, const char *path, const char *body, int status)
{
	struct reply *r = mock_ask(method, path, body);
	if (r->status != status)
		fail_msg("%s %s: %d %s", method, path, r->status, r->body);
	return mock_json(r);
}

static void control_only(const char *path, const char *body, int status)
{
	json_decref(control("POST", path, body, status));
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void a_run_is_led_over_the_control_api(void **state)
{
	(void)state;
	open_controlled();
	control_only("/mockd/sudoiq/tools?name=write&namespace=other", "{\"properties\":{}}", 200);
	control_only("/mockd/sudoiq/tools?name=bad", "[]", 400);
	control_only("/mockd/sudoiq/tools", NULL, 400);
	json_t *made = control("POST", "/mockd/sudoiq/runs", "script:manual", 200);
	assert_true(number(made, "task") == 41820000001);
	json_decref(made);
	control_only("/mockd/sudoiq/runs", "script:none", 400);
	json_t *agent = control("POST", "/mockd/sudoiq/agents", NULL, 200);
	assert_int_equal(strlen(json_string_value(json_object_get(agent, "id"))), 36);
	json_decref(agent);
	struct reply *r = siq_stream(41820000001, NULL);
	control_only("/mockd/sudoiq/say?task=41820000001", "hello", 200);
	control_only("/mockd/sudoiq/log?task=41820000001&level=warning", "line", 200);
	control_only("/mockd/sudoiq/resync?task=41820000001", NULL, 200);
	control_only("/mockd/sudoiq/trouble?task=41820000001&code=c&retryable=0", "why", 200);
	control_only("/mockd/sudoiq/trouble?task=7", "why", 400);
	control_only("/mockd/sudoiq/say?task=7", "hello", 400);
	control_only("/mockd/sudoiq/call?task=41820000001", "[{\"name\":\"write\",\"namespace\":\"other\"}]", 200);
	assert_int_equal(siq_respond(41820000001, siq_call(41820000001, 0).call_id, NULL)->status, 200);
	assert_int_equal(siq_respond(41820000001, siq_call(41820000001, 0).call_id, NULL)->status, 409);
	control_only("/mockd/sudoiq/complete?task=41820000001", "{", 400);
	control_only("/mockd/sudoiq/complete?task=41820000001", "[64]", 200);
	probe_settle(mock.probe);
	assert_non_null(strstr(r->body, "\"text\":\"hello\""));
	assert_non_null(strstr(r->body, "\"level\":\"warning\""));
	assert_non_null(
		strstr(r->body, "event: error\ndata: {\"code\":\"c\",\"message\":\"why\",\"retryable\":false}\n\n"));
	assert_int_equal(count_of(r->body, "event: sync\n"), 5);
	json_decref(control("POST", "/mockd/sudoiq/runs", "script:hang", 200));
	control_only("/mockd/sudoiq/end?task=41820000002&status=none", NULL, 400);
	control_only("/mockd/sudoiq/end?task=41820000002&status=failed&code=c", "why", 200);
	assert_answer(siq_status(41820000002), 200, "\"error\":{\"code\":\"c\",\"message\":\"why\"}");
	control_only("/mockd/sudoiq/revoke", NULL, 200);

	json_t *run = control("GET", "/mockd/sudoiq/runs?task=41820000001", NULL, 200);
	const json_t *call = json_array_get(json_object_get(run, "tool_calls"), 0);
	assert_int_equal(number(call, "answers"), 2);
	assert_true(json_is_true(json_object_get(call, "accepted")));
	assert_string_equal(json_string_value(json_object_get(call, "result")), "ok");
	assert_string_equal(json_string_value(json_object_get(call, "namespace")), "other");
	assert_int_equal(number(run, "repeated"), 1);
	assert_int_equal(number(run, "streams"), 1);
	json_decref(run);
	json_decref(control("GET", "/mockd/sudoiq/runs?task=7", NULL, 400));
	json_t *all = control("GET", "/mockd/sudoiq/runs", NULL, 200);
	const json_t *totals = json_object_get(all, "totals");
	assert_int_equal(number(totals, "runs"), 2);
	assert_int_equal(number(totals, "going_on"), 0);
	assert_int_equal(number(totals, "completed"), 1);
	assert_int_equal(number(totals, "calls"), 1);
	assert_int_equal(number(totals, "accepted"), 1);
	assert_int_equal(number(totals, "repeated"), 1);
	assert_int_equal(number(totals, "unanswered"), 0);
	assert_int_equal(json_array_size(json_object_get(all, "runs")), 2);
	json_t *sums = control("GET", "/mockd/sudoiq/totals", NULL, 200);
	assert_true(json_equal(sums, totals));
	json_decref(sums);
	json_decref(all);
	json_t *ledger = control("GET", "/mockd/ledger?session=41820000001", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(ledger, "data")), 4);
	json_decref(ledger);
}

static void settings_are_set_while_it_runs(void **state)
{
	(void)state;
	open_controlled();
	static const char *const names[] = {
		"repeat", "hold", "retry_ms", "end_events", "conflict_ids", "error_shape", "quota", "strict_tools"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[64];
		snprintf(path, sizeof path, "/mockd/set?sudoiq_%s=1", names[i]);
		control_only(path, NULL, 200);
	}
	control_only("/mockd/set?sudoiq_token_ms=1000", NULL, 200);
	control_only("/mockd/set?sudoiq_hold=0", NULL, 400);
	control_only("/mockd/set?sudoiq_none=0", NULL, 400);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_ledger_has_what_a_client_saw),
		TEST(a_run_is_led_over_the_control_api),
		TEST(settings_are_set_while_it_runs),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, the ledger", tests, NULL, NULL);
}
