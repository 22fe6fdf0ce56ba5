/*
 * Ash's queue, usage, credentials and API keys.
 */
#include "support/mock_ash.h"
#include "support/test.h"

#include <stdio.h>

static const char *enqueue(const char *members)
{
	static char id[MOCKD_ID_SIZE];
	char body[512];
	snprintf(body, sizeof body, "{\"agentName\":\"agent\",%s}", members);
	struct reply *r = ash_ask("POST", body, "/api/queue");
	assert_answer(r, 201, "\"status\":\"pending\"");
	snprintf(id, sizeof id, "%s", strstr(r->body, "\"id\":\"") + 6);
	return id;
}

static void assert_item(const char *id, const char *part)
{
	assert_answer(ash_ask("GET", NULL, "/api/queue/%s", id), 200, part);
}

static void items_are_done_one_at_a_time_by_priority(void **state)
{
	(void)state;
	ash_open(NULL);
	ash_session();
	char low[MOCKD_ID_SIZE];
	char high[MOCKD_ID_SIZE];
	snprintf(low, sizeof low, "%s", enqueue("\"prompt\":\"script:success row_ms=500\""));
	snprintf(high, sizeof high, "%s", enqueue("\"prompt\":\"script:failed row_ms=500\",\"priority\":2"));
	assert_item(low, "\"priority\":0,\"retryCount\":0,\"maxRetries\":3,");
	mock_pass(1100);
	assert_item(high, "\"status\":\"processing\"");
	assert_item(low, "\"status\":\"pending\"");
	assert_answer(ash_ask("GET", NULL, "/api/queue/stats"), 200,
		"{\"stats\":{\"pending\":1,\"processing\":1,\"completed\":0,\"failed\":0,\"cancelled\":0}}");
	mock_pass(20000);
	/* A turn that ended is all that completed means. */
	assert_item(high, "\"status\":\"completed\"");
	assert_item(low, "\"sessionId\":null,\"error\":null,\"startedAt\":\"");
	assert_item(low, "\"status\":\"completed\"");
	assert_answer(ash_ask("DELETE", NULL, "/api/queue/%s", low), 400,
		"{\"error\":\"Cannot cancel item with status \\\"completed\\\"\",\"statusCode\":400}");
	struct reply *r = ash_ask("GET", NULL, "/api/queue?limit=1");
	assert_int_equal(count_of(r->body, "\"prompt\":"), 1);
	assert_non_null(strstr(r->body, high));
	assert_answer(ash_ask("GET", NULL, "/api/queue?status=pending"), 200, "{\"items\":[]}");
	/* What was said is stored nowhere. */
	r = ash_ask("GET", NULL, "/api/sessions");
	assert_int_equal(count_of(r->body, "\"sandboxId\":"), 3);
	char newest[MOCKD_ID_SIZE];
	snprintf(newest, sizeof newest, "%s", strstr(r->body, "\"id\":\"") + 6);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/messages", newest), 200, "{\"messages\":[]}");
}

static void failures_are_tried_again_after_longer_waits(void **state)
{
	(void)state;
	ash_open(NULL);
	ash_session();
	const char *id = enqueue("\"prompt\":\"script:error row_ms=0 messages=0\",\"maxRetries\":2");
	mock_pass(1100);
	assert_item(id, "\"status\":\"pending\"");
	assert_item(id, "\"retryCount\":1,");
	mock_pass(4500);
	assert_item(id, "\"retryCount\":1,");
	mock_pass(1500);
	assert_item(id, "\"retryCount\":2,");
	mock_pass(8000);
	assert_item(id, "\"status\":\"pending\"");
	mock_pass(2500);
	assert_item(id, "\"status\":\"failed\"");
	assert_item(id, "\"error\":\"The agent failed: boom\"");
}

static void an_item_s_session_must_be_active(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	char members[160];
	snprintf(members, sizeof members, "\"prompt\":\"script:success\",\"maxRetries\":0,\"sessionId\":\"%s\"", s);
	ash_ask("POST", NULL, "/api/sessions/%s/pause", s);
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", enqueue(members));
	mock_pass(2000);
	assert_item(id, "\"status\":\"failed\"");
	ash_ask("POST", NULL, "/api/sessions/%s/resume", s);
	/* It collides with a stream that is open. */
	struct reply *r = ash_send(s, "script:hang");
	snprintf(id, sizeof id, "%s", enqueue(members));
	mock_pass(10000);
	assert_item(id, "\"status\":\"completed\"");
	assert_int_equal(r->end, REPLY_ENDED);
	assert_int_equal(count_of(r->body, "event: done\n"), 1);
}

static void a_pending_item_can_be_cancelled(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *id = enqueue("\"prompt\":\"script:success\"");
	assert_answer(ash_ask("DELETE", NULL, "/api/queue/%s", id), 200, "\"status\":\"cancelled\"");
	mock_pass(5000);
	assert_item(id, "\"status\":\"cancelled\"");
	assert_answer(ash_ask("POST", "{\"agentName\":\"a\"}", "/api/queue"), 400, "{\"error\":\"Bad Request\"");
	assert_answer(ash_ask("GET", NULL, "/api/queue/00000000-0000-4000-8000-000000000000"), 404,
		"{\"error\":\"Queue item not found\",\"statusCode\":404}");
}

/* The sandbox goes while an item is worked on. */
static void an_item_survives_its_session(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	char members[160];
	snprintf(members, sizeof members, "\"prompt\":\"script:hang\",\"maxRetries\":0,\"sessionId\":\"%s\"", s);
	const char *id = enqueue(members);
	mock_pass(2000);
	assert_item(id, "\"status\":\"processing\"");
	ash_ask("DELETE", NULL, "/api/agents/agent");
	assert_item(id, "\"status\":\"failed\"");
}

static void usage_comes_with_results(void **state)
{
	(void)state;
	ash_open(NULL);
	char s[MOCKD_ID_SIZE];
	snprintf(s, sizeof s, "%s", ash_session());
	ash_finish(ash_send(s, "script:success messages=2"));
	assert_answer(ash_ask("GET", NULL, "/api/usage/stats"), 200,
		"{\"stats\":{\"totalInputTokens\":6,\"totalOutputTokens\":10,\"totalCacheCreationTokens\":7,"
		"\"totalCacheReadTokens\":9,\"totalToolCalls\":0,\"totalMessages\":1,\"totalComputeSeconds\":0}}");
	struct reply *r = ash_ask("GET", NULL, "/api/usage?sessionId=%s", s);
	assert_int_equal(count_of(r->body, "\"eventType\":"), 5);
	assert_non_null(strstr(r->body, "\"eventType\":\"output_tokens\",\"value\":10,"));
	ash_finish(ash_send(ash_session(), "script:error"));
	assert_answer(ash_ask("GET", NULL, "/api/usage?sessionId=00000000-0000-4000-8000-000000000000"), 200,
		"{\"events\":[]}");
	r = ash_ask("GET", NULL, "/api/usage?agentName=agent&limit=2");
	assert_int_equal(count_of(r->body, "\"eventType\":"), 2);
	assert_answer(ash_ask("GET", NULL, "/api/usage?after=2999-01-01T00:00:00Z"), 200, "{\"events\":[]}");
	assert_int_equal(
		count_of(ash_ask("GET", NULL, "/api/usage?before=2999-01-01T00:00:00Z")->body, "\"eventType\":"), 5);
	assert_answer(ash_ask("GET", NULL, "/api/usage?after=now"), 400,
		"querystring/after must match format \\\"date-time\\\"");
	assert_answer(ash_ask("GET", NULL, "/api/analytics"), 200,
		"{\"agents\":{\"total\":1},\"sessions\":{\"total\":2,\"byStatus\":{\"active\":2}},\"usage\":{"
		"\"totalInput");
}

static void credentials_keep_their_secret(void **state)
{
	(void)state;
	ash_open(NULL);
	ash_session();
	struct reply *r = ash_ask(
		"POST", "{\"type\":\"anthropic\",\"key\":\"sk-secret\",\"label\":\"main\"}", "/api/credentials");
	assert_answer(r, 201, "\"type\":\"anthropic\",\"label\":\"main\",\"active\":true,");
	assert_null(strstr(r->body, "secret"));
	assert_null(strstr(r->body, "lastUsedAt"));
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", strstr(r->body, "\"id\":\"") + 6);
	assert_answer(ash_ask("GET", NULL, "/api/credentials"), 200, "\"lastUsedAt\":null");
	char body[128];
	snprintf(body, sizeof body, "{\"agent\":\"agent\",\"credentialId\":\"%s\"}", id);
	assert_int_equal(ash_ask("POST", body, "/api/sessions")->status, 201);
	assert_answer(ash_ask("GET", NULL, "/api/credentials"), 200, "\"lastUsedAt\":\"");
	assert_answer(ash_ask("POST", "{\"type\":\"other\",\"key\":\"k\"}", "/api/credentials"), 400, "Bad Request");
	r = ash_ask("DELETE", NULL, "/api/credentials/%s", id);
	assert_int_equal(r->status, 204);
	assert_answer(ash_ask("DELETE", NULL, "/api/credentials/%s", id), 404,
		"{\"error\":\"Credential not found\",\"statusCode\":404}");
	assert_int_equal(ash_ask("POST", body, "/api/sessions")->status, 400);
}

static void keys_open_the_door_until_they_are_deleted(void **state)
{
	(void)state;
	ash_open(NULL);
	struct reply *r = ash_ask("POST", NULL, "/api/api-keys");
	assert_answer(r, 201, "\"key\":\"ash_");
	char id[MOCKD_ID_SIZE];
	char bearer[64];
	snprintf(id, sizeof id, "%s", strstr(r->body, "\"id\":\"") + 6);
	snprintf(bearer, sizeof bearer, "Bearer %.36s", strstr(r->body, "ash_"));
	r = ash_ask("GET", NULL, "/api/api-keys");
	assert_int_equal(count_of(r->body, "\"keyPrefix\":"), 2);
	assert_non_null(strstr(r->body, "{\"id\":\"env\","));
	assert_null(strstr(r->body, bearer + strlen("Bearer ")));
	r = probe_send_as(mock.probe, bearer, "GET", "/api/agents");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 200);
	r = ash_ask("DELETE", NULL, "/api/api-keys/%s", id);
	assert_int_equal(r->status, 204);
	assert_answer(ash_ask("DELETE", NULL, "/api/api-keys/%s", id), 404, "{\"error\":\"API key not found\"}");
	r = probe_send_as(mock.probe, bearer, "GET", "/api/agents");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(items_are_done_one_at_a_time_by_priority, mock_close),
		cmocka_unit_test_teardown(failures_are_tried_again_after_longer_waits, mock_close),
		cmocka_unit_test_teardown(an_item_s_session_must_be_active, mock_close),
		cmocka_unit_test_teardown(a_pending_item_can_be_cancelled, mock_close),
		cmocka_unit_test_teardown(an_item_survives_its_session, mock_close),
		cmocka_unit_test_teardown(usage_comes_with_results, mock_close),
		cmocka_unit_test_teardown(credentials_keep_their_secret, mock_close),
		cmocka_unit_test_teardown(keys_open_the_door_until_they_are_deleted, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
