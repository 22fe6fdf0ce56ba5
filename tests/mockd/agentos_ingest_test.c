/*
 * AgentOS: runs, events, tasks and spans that a client reports; keys and their kinds; bodies that are wrong; and the
 * ledger of it all.
 */
#include "support/mock_agentos.h"
#include "support/test.h"

#include <stdio.h>

#define EVENT(type, payload) "\"events\":[{\"type\":\"" type "\",\"payload\":" payload "}]"

static void a_run_is_reported_from_start_to_end(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_ask("POST",
		"{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\",\"trigger_type\":\"manual\",\"input\":{\"order\":17},"
		"\"external_run_id\":\"nightly-3\"}",
		OS_INGEST "/run/start");
	assert_answer(r, 200, "{\"data\":{\"run_id\":\"");
	assert_non_null(strstr(r->body, "},\"error\":null}"));
	assert_true(reply_has(r, "content-type: application/json"));
	char run[MOCKD_ID_SIZE];
	snprintf(run, sizeof run, "%s", os_pick(r, "run_id"));
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200,
		"\"status\":\"running\",\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\",\"trigger_type\":\"manual\",");
	r = os_report(run, "events",
		"\"events\":[{\"type\":\"order.checked\",\"level\":\"info\",\"payload\":{\"n\":1},"
		"\"occurred_at\":\"2026-11-22T08:15:30.125Z\"}, {\"type\":\"b\",\"occurred_at\":"
		"\"2026-11-22T08:15:30+01:00\",\"payload\":{\"n\":2}}]");
	assert_answer(r, 200, "{\"data\":{\"accepted\":2},\"error\":null}");
	r = os_report(run, "run/complete", "\"output\":{\"total\":41.5}");
	assert_answer(r, 200, "\"status\":\"completed\"");
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200,
		"\"status\":\"completed\",\"output\":{\"total\":41.5}");
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.events, 2);
	assert_int_equal(e.batches, 1);
	assert_int_equal(e.numbered, 2);
	assert_int_equal(e.ends, 1);
	assert_string_equal(e.status, "completed");
	assert_string_equal(e.trigger, "manual");
}

static void a_run_fails_with_a_message(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	assert_answer(os_report(run, "run/fail", "\"error_detail\":{}"), 400, "error_message: is required");
	assert_answer(
		os_report(run, "run/fail", "\"error_message\":\"printer offline\",\"error_detail\":{\"attempt\":2}"),
		200, "\"status\":\"failed\"");
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"error_message\":\"printer offline\"");
}

/* The hash is over the bytes as they were sent, in the order in which they came. */
static void hashes_are_those_of_the_bytes_that_were_sent(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.agentos_keep_texts = true;
	os_open(&options);
	const char *run = os_start();
	static const char *const events[] = {"{ \"payload\" : {\"n\": 1.0, \"a\":[\"}\\\"]\" ,{}]}, \"type\":\"x\"}",
		"{\"type\":\"y.z\"}", "{\"type\":\"z\",\"payload\":{}}"};
	static const char *const payloads[] = {"{\"n\": 1.0, \"a\":[\"}\\\"]\" ,{}]}", "", "{}"};
	char members[1024];
	snprintf(members, sizeof members, "\"events\" : [ %s , %s]", events[0], events[1]);
	assert_answer(os_report(run, "events", members), 200, "\"accepted\":2");
	snprintf(members, sizeof members, "\"events\":[%s]", events[2]);
	assert_answer(os_report(run, "events", members), 200, "\"accepted\":1");
	uint64_t hash = MOCKD_HASH_START;
	uint64_t payload_hash = MOCKD_HASH_START;
	for (size_t i = 0; i < 3; i++) {
		hash = mockd_hash_row(hash, i + 1, events[i], strlen(events[i]));
		payload_hash = mockd_hash_row(payload_hash, i + 1, payloads[i], strlen(payloads[i]));
	}
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_true(e.hash == hash);
	assert_true(e.payloads == payload_hash);
}

static void count_item(const struct mockd_agentos_item *item, void *user)
{
	char *trace = user;
	snprintf(
		trace + strlen(trace), 2048 - strlen(trace), "%s %d %s\n", item->kind, (int)item->sequence, item->json);
}

static void texts_are_kept_only_where_they_are_wanted(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.agentos_keep_texts = true;
	os_open(&options);
	const char *run = os_start();
	char trace[2048] = "";
	os_report(run, "events", EVENT("a", "{}"));
	assert_true(mockd_set(mock.mockd, "agentos_keep_texts", 0));
	os_report(run, "events", EVENT("b", "{}"));
	assert_true(mockd_set(mock.mockd, "agentos_keep_texts", 1));
	os_report(run, "events", EVENT("c", "{}"));
	assert_true(mockd_agentos_items(mock.mockd, run, count_item, trace));
	assert_string_equal(
		trace, "event 1 {\"type\":\"a\",\"payload\":{}}\nevent 3 {\"type\":\"c\",\"payload\":{}}\n");
	assert_false(mockd_agentos_items(mock.mockd, "none", count_item, trace));
}

static void numbers_tell_doubles_and_disorder(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	static const char *const numbers[] = {"1", "2", "4", "3", "2", "4", "\"5\"", "-1", "70", "67108864"};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		char members[128];
		snprintf(members, sizeof members, "\"events\":[{\"type\":\"t\",\"payload\":{\"n\":%s}}]", numbers[i]);
		assert_answer(os_report(run, "events", members), 200, NULL);
	}
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.events, 10);
	assert_int_equal(e.numbered, 5);
	assert_int_equal(e.duplicates, 2);
	assert_int_equal(e.disordered, 1);
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.events, 10);
	assert_int_equal(t.duplicates, 2);
	assert_int_equal(t.runs, 1);
}

static void keys_are_looked_at_before_anything_else(void **state)
{
	(void)state;
	static const char *const ingest[] = {"run/start", "events", "run/complete", "run/fail", "tasks", "spans"};
	os_open(NULL);
	os_as_workspace();
	for (size_t i = 0; i < 6; i++)
		assert_answer(os_ask("POST", "{}", OS_INGEST "/%s", ingest[i]), 403,
			"{\"data\":null,\"error\":{\"code\":\"forbidden\",\"message\":\"This needs an agent key\"}}");
	os_as_agent();
	assert_answer(os_ask("GET", NULL, "/api/v1/approvals"), 403, "a workspace key");
	assert_answer(os_ask("POST", "{}", "/api/v1/approvals/%s/decide", MOCKD_AGENTOS_AGENT), 403, "a workspace key");
	probe_use_token(mock.probe, "aos_agent_unknown");
	assert_answer(os_ask("POST", "{}", OS_INGEST "/events"), 401, "\"code\":\"unauthorized\"");
	struct reply *r = probe_send_anonymous(mock.probe, "GET", "/api/v1/approvals");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 401);
	r = probe_send_as(mock.probe, "bearer " MOCKD_AGENTOS_WORKSPACE_KEY, "GET", "/api/v1/approvals");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 200);
}

static void a_revoked_key_is_refused_at_once(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	char key[MOCKD_AGENTOS_KEY_SIZE];
	assert_answer(os_report(run, "events", EVENT("a", "{}")), 200, NULL);
	assert_true(mockd_agentos_revoke(mock.mockd, MOCKD_AGENTOS_AGENT_KEY));
	assert_false(mockd_agentos_revoke(mock.mockd, MOCKD_AGENTOS_AGENT_KEY));
	assert_answer(os_report(run, "events", EVENT("b", "{}")), 401, NULL);
	assert_false(mockd_agentos_add_key(mock.mockd, "none", key));
	assert_true(mockd_agentos_add_key(mock.mockd, MOCKD_AGENTOS_AGENT, key));
	assert_memory_equal(key, "aos_agent_", 10);
	probe_use_token(mock.probe, key);
	assert_answer(os_report(run, "events", EVENT("c", "{}")), 200, NULL);
	assert_int_equal(os_ledger_of(run).events, 2);
}

/* What is another agent's looks missing. */
static void agents_do_not_see_each_other(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	char id[MOCKD_AGENTOS_ID_SIZE];
	char key[MOCKD_AGENTOS_KEY_SIZE];
	mockd_agentos_add_agent(mock.mockd, false, id, key);
	probe_use_token(mock.probe, key);
	assert_answer(os_report(run, "events", EVENT("a", "{}")), 404, "There is no such run");
	assert_answer(os_report(run, "run/complete", "\"output\":1"), 404, "There is no such run");
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 404, "There is no such run");
	assert_answer(os_ask("POST", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\"}", OS_INGEST "/run/start"), 404,
		"There is no such agent");
	assert_answer(os_ask("POST", "{}", OS_INVOKE), 404, "There is no such agent");
	assert_int_equal(os_ledger_of(run).ends, 0);
	os_as_workspace();
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run), 200, "\"status\":\"running\"");
	assert_answer(os_ask("POST", "{}", "/api/v1/agents/%s/invoke", id), 400, "\"code\":\"not_hosted\"");
}

static void nothing_comes_behind_the_end(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	assert_answer(os_report(run, "run/complete", "\"output\":null"), 200, NULL);
	assert_answer(os_report(run, "events", EVENT("a", "{}")), 409, "\"code\":\"conflict\"");
	assert_answer(os_report(run, "tasks",
			      "\"task\":{\"id\":\"" MOCKD_AGENTOS_AGENT "\",\"name\":\"t\",\"status\":\"running\"}"),
		409, "The run has ended");
	assert_answer(os_report(run, "run/complete", "\"output\":null"), 409, NULL);
	assert_answer(os_report(run, "run/fail", "\"error_message\":\"m\""), 409, NULL);
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.ends, 3);
	assert_int_equal(e.late, 2);
	assert_int_equal(e.events, 0);
	assert_string_equal(e.status, "completed");
}

#define TASK_A "11111111-2222-4333-8444-555555555555"
#define TASK_B "aaaaaaaa-BBBB-4ccc-8ddd-eeeeeeeeeeee"

static struct reply *send_task(const char *run, const char *id, const char *status, const char *members)
{
	char body[512];
	snprintf(body, sizeof body, "\"task\":{\"id\":\"%s\",\"name\":\"load\",\"status\":\"%s\"%s}", id, status,
		members);
	return os_report(run, "tasks", body);
}

static void tasks_end_once(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	assert_answer(send_task(run, TASK_A, "running", ",\"input\":{\"day\":1}"), 200, "\"task_id\":\"" TASK_A "\"");
	assert_answer(send_task(run, TASK_A, "completed", ",\"output\":[1]"), 200, "\"status\":\"completed\"");
	assert_answer(send_task(run, TASK_A, "completed", ",\"output\":[1]"), 200, NULL);
	assert_answer(send_task(run, TASK_A, "failed", ",\"error_message\":\"m\""), 409, "The task is completed");
	assert_answer(send_task(run, TASK_A, "running", ""), 409, "The task is completed");
	assert_answer(send_task(run, TASK_B, "skipped", ""), 200, NULL);
	assert_answer(send_task(run, TASK_A, "failed", ""), 400, "task.error_message: is required");
	assert_answer(send_task(run, "x", "running", ""), 400, "task.id: must be a UUID");
	assert_answer(send_task(run, TASK_B, "cancelled", ""), 400, "task.status: ");
	struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.tasks, 2);
	assert_int_equal(e.open_tasks, 0);
	assert_int_equal(e.task_updates, 4);
	mockd_set(mock.mockd, "agentos_task_ids", 1);
	struct reply *r = send_task(run, "22222222-2222-4333-8444-555555555555", "pending", "");
	assert_answer(r, 200, "\"task_id\":\"");
	assert_null(strstr(r->body, "22222222-2222-4333"));
	assert_answer(send_task(run, os_pick(r, "task_id"), "skipped", ""), 200, NULL);
	e = os_ledger_of(run);
	assert_int_equal(e.tasks, 3);
	assert_int_equal(e.open_tasks, 0);
}

#define SPAN(members)                                                                                                  \
	"\"spans\":[{\"span_id\":\"0123456789abcdef\",\"name\":\"s\",\"kind\":\"step\",\"started_at\":"                \
	"\"2026-11-22T08:15:30.125Z\",\"ended_at\":\"2026-11-22T08:15:31.125Z\",\"status\":\"ok\"" members "}]"

static void spans_are_counted(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	assert_answer(os_report(run, "spans",
			      SPAN(",\"parent_span_id\":null,\"attributes\":{},\"usage\":{\"input_tokens\":0,\"output_"
				   "tokens\":2}")),
		200, "\"accepted\":1");
	assert_answer(os_report(run, "spans", SPAN(",\"parent_span_id\":\"12\"")), 400, "spans.0.parent_span_id: ");
	assert_answer(os_report(run, "spans", SPAN(",\"usage\":{\"input_tokens\":-1}")), 400, "usage.input_tokens: ");
	assert_int_equal(os_ledger_of(run).spans, 1);
}

static void bodies_are_checked_strictly(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		const char *body;
		const char *complaint;
	} wrong[] = {
		{"run/start", "[]", "body: must be an object"},
		{"run/start", "{}", "agent_id: is required"},
		{"run/start", "{\"agent_id\":7}", "agent_id: must be a string"},
		{"run/start", "{\"agent_id\":\"5b2c6d1e\"}", "agent_id: must be a UUID"},
		{"run/start", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\",\"trigger_type\":\"agent\"}",
			"trigger_type: "},
		{"run/start", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\",\"input\":[]}", "input: must be an object"},
		{"run/start", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\",\"external_run_id\":1}", "external_run_id: "},
		{"run/start", "{\"agent_id\":\"a\",\"agent_id\":\"b\"}", "invalid_json"},
		{"run/start", "{\"agent_id\":\"\xff\"}", "invalid_json"},
		{"run/start", "", "invalid_json"},
		{"events", "{\"run_id\":\"" TASK_A "\"}", "events: is required"},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[]}", "events: must not be empty"},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[7]}", "events.0.: must be an object"},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[{\"type\":\"\"}]}", "events.0.type: "},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[{\"type\":\"a..b\"}]}", "events.0.type: "},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[{\"type\":\"a\"},{\"type\":\"b\",\"level\":\"x\"}]}",
			"events.1.level: "},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[{\"type\":\"a\",\"payload\":1}]}",
			"events.0.payload: "},
		{"events", "{\"run_id\":\"" TASK_A "\",\"events\":[{\"type\":\"a\",\"occurred_at\":\"2026-11-22\"}]}",
			"events.0.occurred_at: "},
		{"events",
			"{\"run_id\":\"" TASK_A
			"\",\"events\":[{\"type\":\"a\",\"occurred_at\":\"2026-11-22T01:02:03.Z\"}]}",
			"events.0.occurred_at: "},
		{"events",
			"{\"run_id\":\"" TASK_A
			"\",\"events\":[{\"type\":\"a\",\"occurred_at\":\"2026-11-22T01:02:03\"}]}",
			"events.0.occurred_at: "},
	};
	os_open(NULL);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_answer(os_ask("POST", wrong[i].body, OS_INGEST "/%s", wrong[i].path), 400, wrong[i].complaint);
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.runs, 0);
	assert_int_equal(t.refused, sizeof wrong / sizeof wrong[0]);
}

/* A request is taken whole or not at all. */
static void a_wrong_event_spoils_its_batch(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	assert_answer(os_report(run, "events", "\"events\":[{\"type\":\"a\"},{\"type\":\"b\",\"level\":\"no\"}]"), 400,
		"events.1.level: is none of the values that are allowed");
	assert_int_equal(os_ledger_of(run).events, 0);
}

static void unknown_members_are_refused_where_it_is_strict(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	static const char event[] = "\"events\":[{\"type\":\"a\",\"id\":\"1\"}]";
	assert_answer(os_report(run, "events", event), 200, NULL);
	assert_true(mockd_set(mock.mockd, "agentos_strict", 1));
	assert_answer(os_report(run, "events", event), 400, "events.0.id: is unknown");
	assert_answer(os_report(run, "events", "\"events\":[{\"type\":\"a\"}],\"more\":1"), 400, "more: is unknown");
	assert_answer(os_report(run, "run/complete", "\"usage\":{}"), 400, "usage: is unknown");
	assert_answer(os_report(run, "run/complete", "\"output\":{\"any\":1}"), 200, NULL);
}

static void requests_that_are_none_are_answered(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_ask("GET", NULL, OS_INGEST "/events");
	assert_answer(r, 405, "\"code\":\"method_not_allowed\"");
	assert_true(reply_has(r, "allow: POST"));
	assert_answer(os_ask("DELETE", NULL, "/api/v1/runs/%s", TASK_A), 405, NULL);
	assert_answer(os_ask("GET", NULL, OS_INGEST), 404, "There is no such path");
	assert_answer(os_ask("POST", "{}", "/api/v1/runs/%s/none", TASK_A), 404, "There is no such path");
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/x"), 404, "There is no such run");
	r = probe_send(mock.probe, "POST", OS_INGEST "/events", "content-type: text/plain", "{}");
	probe_until_end(mock.probe, r);
	assert_answer(r, 415, NULL);
	size_t size = 1048576 + 1;
	char *large = malloc(size + 1);
	memset(large, ' ', size);
	large[size] = '\0';
	assert_answer(os_ask("POST", large, OS_INGEST "/events"), 413, NULL);
	free(large);
	/* What lies beside is not its own. */
	assert_null(strstr(os_ask("GET", NULL, "/api/v1/runs-of-others")->body, "There is no such path"));
}

static void a_repeated_key_is_one_request(void **state)
{
	(void)state;
	os_open(NULL);
	char run[MOCKD_ID_SIZE];
	char body[256];
	struct reply *r = os_send(OS_INGEST "/run/start", "k1", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\"}");
	snprintf(run, sizeof run, "%s", os_pick(r, "run_id"));
	struct reply *again = os_send(OS_INGEST "/run/start", "k1", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\"}");
	assert_string_equal(again->body, r->body);
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",\"events\":[{\"type\":\"a\",\"payload\":{\"n\":1}}]}", run);
	assert_answer(os_send(OS_INGEST "/events", "k2", body), 200, "\"accepted\":1");
	assert_answer(os_send(OS_INGEST "/events", "k2", body), 200, "\"accepted\":1");
	assert_int_equal(os_ledger_of(run).events, 1);
	/* Another request is none, be it the body or the path that is another. */
	body[strlen(body) - 1] = ' ';
	assert_answer(os_send(OS_INGEST "/events", "k2", body), 409, "\"code\":\"idempotency_conflict\"");
	body[strlen(body) - 1] = '}';
	assert_answer(os_send(OS_INGEST "/tasks", "k2", body), 409, NULL);
	/* After a day it is forgotten. */
	mockd_advance(mock.mockd, UINT64_C(24) * 3600 * 1000);
	assert_answer(os_send(OS_INGEST "/events", "k2", body), 200, NULL);
	assert_true(mockd_set(mock.mockd, "agentos_ignore_keys", 1));
	assert_answer(os_send(OS_INGEST "/events", "k2", body), 200, NULL);
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.events, 3);
	assert_int_equal(e.duplicates, 2);
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	assert_int_equal(t.repeats, 2);
	assert_int_equal(t.conflicts, 2);
}

static void what_failed_may_be_tried_again_with_its_key(void **state)
{
	(void)state;
	os_open(NULL);
	char body[256];
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",\"output\":1}", os_start());
	probe_use_token(mock.probe, "other");
	assert_int_equal(os_send(OS_INGEST "/run/complete", "k", body)->status, 401);
	os_as_agent();
	assert_int_equal(os_send(OS_INGEST "/run/complete", "k", body)->status, 200);
	assert_int_equal(os_send(OS_INGEST "/run/complete", "k", body)->status, 200);
	assert_int_equal(os_send(OS_INGEST "/run/complete", "other", body)->status, 409);
}

/* The unclear case: it was taken in, and nobody was told. */
static void an_answer_can_be_lost_after_the_deed(void **state)
{
	(void)state;
	os_open(NULL);
	char run[MOCKD_ID_SIZE];
	char body[256];
	snprintf(run, sizeof run, "%s", os_start());
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",\"events\":[{\"type\":\"a\",\"payload\":{\"n\":1}}]}", run);
	assert_true(
		mockd_fault_add_text(mock.mockd, "moment=answer action=cut path=" OS_INGEST "/events", NULL, 0) > 0);
	struct reply *r = os_send(OS_INGEST "/events", "k", body);
	probe_until_down(mock.probe);
	assert_int_equal(r->status, 0);
	assert_int_equal(os_ledger_of(run).events, 1);
	mock_reconnect();
	os_as_agent();
	assert_answer(os_send(OS_INGEST "/events", "k", body), 200, "\"accepted\":1");
	assert_int_equal(os_ledger_of(run).events, 1);
}

static void refuse_once(int status, const char *field)
{
	static const char body[] = "{\"data\":null,\"error\":\"slow down\"}";
	struct mockd_fault fault;
	mockd_fault_init(&fault, MOCKD_AT_REQUEST, MOCKD_DO_STATUS);
	fault.status = status;
	fault.field = field;
	fault.content_type = "application/json";
	fault.path = OS_INGEST "/*";
	fault.body = body;
	fault.body_len = strlen(body);
	assert_true(mockd_fault_add(mock.mockd, &fault) > 0);
}

static void faults_of_the_frame_strike_here_too(void **state)
{
	(void)state;
	os_open(NULL);
	const char *run = os_start();
	refuse_once(429, "retry-after: 2");
	struct reply *r = os_report(run, "events", EVENT("a", "{}"));
	assert_answer(r, 429, "\"error\":\"slow down\"");
	assert_true(reply_has(r, "retry-after: 2"));
	refuse_once(503, "retry-after: Sun, 22 Nov 2026 08:00:00 GMT");
	r = os_report(run, "events", EVENT("a", "{}"));
	assert_int_equal(r->status, 503);
	assert_true(reply_has(r, "retry-after: Sun, 22 Nov 2026 08:00:00 GMT"));
	assert_true(mockd_fault_add_text(mock.mockd, "action=reset code=2 path=" OS_INGEST "/events", NULL, 0) > 0);
	r = os_report(run, "events", EVENT("a", "{}"));
	assert_int_equal(r->end, REPLY_RESET);
	assert_int_equal(r->code, 2);
	assert_answer(os_report(run, "events", EVENT("a", "{}")), 200, NULL);
	assert_int_equal(os_ledger_of(run).events, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_run_is_reported_from_start_to_end, mock_close),
		cmocka_unit_test_teardown(a_run_fails_with_a_message, mock_close),
		cmocka_unit_test_teardown(hashes_are_those_of_the_bytes_that_were_sent, mock_close),
		cmocka_unit_test_teardown(texts_are_kept_only_where_they_are_wanted, mock_close),
		cmocka_unit_test_teardown(numbers_tell_doubles_and_disorder, mock_close),
		cmocka_unit_test_teardown(keys_are_looked_at_before_anything_else, mock_close),
		cmocka_unit_test_teardown(a_revoked_key_is_refused_at_once, mock_close),
		cmocka_unit_test_teardown(agents_do_not_see_each_other, mock_close),
		cmocka_unit_test_teardown(nothing_comes_behind_the_end, mock_close),
		cmocka_unit_test_teardown(tasks_end_once, mock_close),
		cmocka_unit_test_teardown(spans_are_counted, mock_close),
		cmocka_unit_test_teardown(bodies_are_checked_strictly, mock_close),
		cmocka_unit_test_teardown(a_wrong_event_spoils_its_batch, mock_close),
		cmocka_unit_test_teardown(unknown_members_are_refused_where_it_is_strict, mock_close),
		cmocka_unit_test_teardown(requests_that_are_none_are_answered, mock_close),
		cmocka_unit_test_teardown(a_repeated_key_is_one_request, mock_close),
		cmocka_unit_test_teardown(what_failed_may_be_tried_again_with_its_key, mock_close),
		cmocka_unit_test_teardown(an_answer_can_be_lost_after_the_deed, mock_close),
		cmocka_unit_test_teardown(faults_of_the_frame_strike_here_too, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
