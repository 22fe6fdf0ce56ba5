/*
 * Ash's sessions: the state machine, forks, stored things page by page, and what a message may be.
 */
#include "support/mock_ash.h"
#include "support/test.h"

#include <stdio.h>
#include <unistd.h>

#define NOBODY "00000000-0000-4000-8000-000000000000"

static void create_answers_an_active_session(void **state)
{
	(void)state;
	ash_open(NULL);
	ash_ask("POST", "{\"name\":\"a\"}", "/api/agents");
	struct reply *r = ash_ask("POST",
		"{\"agent\":\"a\",\"model\":\"m\",\"allowedTools\":[\"Bash\"],\"extraEnv\":{\"A\":\"b\"},"
		"\"permissionMode\":\"default\",\"mcpServers\":{\"docs\":{\"url\":\"http://x\"},\"own\":{\"command\":"
		"\"y\",\"args\":[\"z\"]}}}",
		"/api/sessions");
	assert_answer(r, 201, "\"agentName\":\"a\",\"sandboxId\":\"");
	assert_non_null(strstr(r->body, "\"status\":\"active\""));
	assert_non_null(strstr(r->body, "\"tenantId\":\"default\",\"runnerId\":null,\"parentSessionId\":null}}"));
	assert_null(strstr(r->body, "model"));
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", strstr(r->body, "\"id\":\"") + 6);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/events", id), 200,
		"{\\\"action\\\":\\\"created\\\",\\\"agentName\\\":\\\"a\\\",\\\"model\\\":\\\"m\\\"}");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/events?type=mcp_status", id), 200,
		"{\\\"action\\\":\\\"configured\\\",\\\"servers\\\":[{\\\"name\\\":\\\"docs\\\",\\\"transport\\\":"
		"\\\"sse\\\",\\\"url\\\":\\\"http://x\\\"},{\\\"name\\\":\\\"own\\\",\\\"transport\\\":\\\"stdio\\\","
		"\\\"command\\\":\\\"y\\\"}]}");
	/* The turn's model is the session's, or the message's own. */
	r = ash_send(id, "script:success");
	ash_finish(r);
	assert_non_null(strstr(r->body, "\"model\":\"m\""));
	r = ash_send_with(id, "script:success", "\"model\":\"other\"");
	ash_finish(r);
	assert_non_null(strstr(r->body, "\"model\":\"other\""));
}

static void create_checks_in_order(void **state)
{
	(void)state;
	ash_open(NULL);
	assert_answer(ash_ask("POST", "{}", "/api/sessions"), 400, "{\"error\":\"Bad Request\",\"statusCode\":400}");
	assert_answer(ash_ask("POST", "{\"agent\":\"x\",\"permissionMode\":\"all\"}", "/api/sessions"), 400,
		"{\"error\":\"Bad Request\",\"statusCode\":400}");
	assert_answer(ash_ask("POST", "{\"agent\":\"x\",\"credentialId\":\"c\"}", "/api/sessions"), 404,
		"{\"error\":\"Agent \\\"x\\\" not found\",\"statusCode\":404}");
	/* What is too long for the answer is cut, between characters. */
	char body[1200] = "{\"agent\":\"x";
	for (int i = 0; i < 254; i++)
		strcat(body, "\xf0\x9f\x94\xa7");
	strcat(body, "\"}");
	struct reply *r = ash_ask("POST", body, "/api/sessions");
	assert_int_equal(r->status, 404);
	json_decref(mock_json(r));
	ash_session();
	assert_answer(ash_ask("POST", "{\"agent\":\"agent\",\"credentialId\":\"c\"}", "/api/sessions"), 400,
		"{\"error\":\"Invalid or inaccessible credential\",\"statusCode\":400}");
}

/* Does it and expects the status of the answer; on success also the session's. */
static void step(const char *s, const char *method, const char *what, int status, const char *part)
{
	assert_answer(ash_ask(method, NULL, "/api/sessions/%s%s", s, what), status, part);
}

static void states_follow_the_table(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	step(s, "POST", "/resume", 200, "\"status\":\"active\"");
	step(s, "POST", "/pause", 200, "\"status\":\"paused\"");
	step(s, "POST", "/pause", 400,
		"{\"error\":\"Cannot pause session with status \\\"paused\\\"\",\"statusCode\":400}");
	step(s, "POST", "/stop", 400, "Cannot stop session with status \\\"paused\\\"");
	step(s, "POST", "/resume", 200, "\"status\":\"active\"");
	step(s, "POST", "/stop", 200, "\"status\":\"stopped\"");
	step(s, "POST", "/stop", 400, "Cannot stop session with status \\\"stopped\\\"");
	step(s, "POST", "/resume", 200, "\"status\":\"active\"");
	step(s, "DELETE", "", 200, "\"status\":\"ended\"");
	step(s, "DELETE", "", 200, "\"status\":\"ended\"");
	step(s, "POST", "/resume", 410, "\"statusCode\":410");
	step(s, "POST", "/pause", 400, NULL);
	step(s, "POST", "/fork", 201, "\"status\":\"paused\"");
	assert_answer(ash_send(s, "x"), 400, "{\"error\":\"Session is ended\",\"statusCode\":400}");
	static const char *const actions[] = {"created", "paused", "resumed\\\",\\\"path\\\":\\\"warm", "stopped",
		"resumed\\\",\\\"path\\\":\\\"cold\\\",\\\"source\\\":\\\"local", "ended"};
	struct reply *r = ash_ask("GET", NULL, "/api/sessions/%s/events", s);
	const char *at = r->body;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		at = strstr(at, actions[i]);
		assert_non_null(at);
	}
	assert_int_equal(count_of(r->body, "\"sequence\":"), sizeof actions / sizeof actions[0]);
	step(NOBODY, "GET", "", 404, "{\"error\":\"Session not found\",\"statusCode\":404}");
	step("no-uuid", "GET", "", 400, "\"message\":\"params/id must match format \\\"uuid\\\"\"");
	step("no-uuid", "POST", "/pause", 400, "{\"error\":\"Bad Request\",\"statusCode\":400}");
}

/* A body-less command that says JSON is refused, as the clients of the platform find out. */
static void an_empty_json_body_is_refused(void **state)
{
	(void)state;
	ash_open(NULL);
	char path[128];
	snprintf(path, sizeof path, "/api/sessions/%s/pause", ash_session());
	struct reply *r = probe_send(mock.probe, "POST", path, "content-type: application/json", NULL);
	probe_until_end(mock.probe, r);
	assert_answer(r, 400, "{\"error\":\"Bad Request\",\"statusCode\":400}");
	r = probe_send(mock.probe, "POST", path, "content-type: application/json", "{}");
	probe_until_end(mock.probe, r);
	assert_answer(r, 200, "\"status\":\"paused\"");
}

static void a_fork_has_the_messages_and_not_the_events(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	ash_finish(ash_send(s, "script:success"));
	struct reply *parent = ash_ask("GET", NULL, "/api/sessions/%s/messages", s);
	mock_pass(10000);
	struct reply *r = ash_ask("POST", NULL, "/api/sessions/%s/fork", s);
	assert_int_equal(r->status, 201);
	char part[96];
	snprintf(part, sizeof part, "\"parentSessionId\":\"%s\"", s);
	assert_non_null(strstr(r->body, part));
	char fork[MOCKD_ID_SIZE];
	snprintf(fork, sizeof fork, "%s", strstr(r->body, "\"id\":\"") + 6);
	struct reply *copy = ash_ask("GET", NULL, "/api/sessions/%s/messages", fork);
	json_t *a = mock_json(parent);
	json_t *b = mock_json(copy);
	json_t *from = json_object_get(a, "messages");
	json_t *to = json_object_get(b, "messages");
	assert_int_equal(json_array_size(from), 4);
	assert_int_equal(json_array_size(to), 4);
	static const char *const same[] = {"content", "sequence", "createdAt", "role"};
	for (size_t i = 0; i < 4; i++) {
		json_t *x = json_array_get(from, i);
		json_t *y = json_array_get(to, i);
		for (size_t j = 0; j < 4; j++)
			assert_true(json_equal(json_object_get(x, same[j]), json_object_get(y, same[j])));
		assert_false(json_equal(json_object_get(x, "id"), json_object_get(y, "id")));
		assert_string_equal(json_string_value(json_object_get(y, "sessionId")), fork);
	}
	json_decref(a);
	json_decref(b);
	r = ash_ask("GET", NULL, "/api/sessions/%s/events", fork);
	assert_int_equal(count_of(r->body, "\"sequence\":"), 1);
	assert_answer(ash_send(fork, "x"), 400, "Session is paused");
	step(fork, "POST", "/resume", 200, "\"status\":\"active\"");
	r = ash_send(fork, "script:success");
	ash_finish(r);
	assert_int_equal(r->end, REPLY_ENDED);
	step(s, "GET", "", 200, "\"status\":\"active\"");
}

static void the_list_is_newest_first_and_knows_one_filter(void **state)
{
	(void)state;
	ash_open(NULL);
	char first[MOCKD_ID_SIZE];
	snprintf(first, sizeof first, "%s", ash_session());
	ash_ask("POST", "{\"name\":\"b\"}", "/api/agents");
	ash_ask("POST", "{\"agent\":\"b\"}", "/api/sessions");
	struct reply *r = ash_ask("GET", NULL, "/api/sessions?status=ended&limit=1&offset=5");
	assert_int_equal(count_of(r->body, "\"sandboxId\":"), 2);
	assert_true(strstr(r->body, "\"agentName\":\"b\"") < strstr(r->body, first));
	assert_null(strstr(r->body, "total"));
	r = ash_ask("GET", NULL, "/api/sessions?agent=agent");
	assert_int_equal(count_of(r->body, "\"sandboxId\":"), 1);
	assert_non_null(strstr(r->body, first));
}

static void pages_go_on_after_a_sequence(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	ash_finish(ash_send(s, "script:success messages=6 tools=0"));
	struct reply *r = ash_ask("GET", NULL, "/api/sessions/%s/messages?limit=3&after=2", s);
	assert_int_equal(count_of(r->body, "\"sequence\":"), 3);
	assert_non_null(strstr(r->body, "\"sequence\":3,"));
	assert_non_null(strstr(r->body, "\"sequence\":5,"));
	r = ash_ask("GET", NULL, "/api/sessions/%s/messages?after=8", s);
	assert_answer(r, 200, "{\"messages\":[]}");
	r = ash_ask("GET", NULL, "/api/sessions/%s/events?type=text&limit=4&after=2", s);
	assert_int_equal(count_of(r->body, "\"type\":\"text\""), 4);
	assert_int_equal(count_of(r->body, "\"sequence\":"), 4);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/events?limit=0", s), 400,
		"\"message\":\"querystring/limit must be >= 1\"");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/messages?limit=1001", s), 400,
		"\"message\":\"querystring/limit must be <= 1000\"");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/messages?after=x", s), 400,
		"\"message\":\"querystring/after must be integer\"");
}

static int send_status(const char *s, const char *body)
{
	char path[128];
	snprintf(path, sizeof path, "/api/sessions/%s/messages", s);
	struct reply *r = probe_send(mock.probe, "POST", path, "content-type: application/json", body);
	probe_until_headers(mock.probe, r);
	return r->status;
}

static void a_message_may_be_a_string_or_blocks(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	static const struct {
		const char *body;
		int status;
	} cases[] = {
		{"{}", 400},
		{"{\"content\":\"\"}", 200},
		{"{\"content\":5}", 200},
		{"{\"content\":{\"type\":\"text\",\"text\":\"a\"}}", 400},
		{"{\"content\":[{\"type\":\"text\",\"text\":\"one\"}]}", 400},
		{"{\"content\":[{\"type\":\"text\",\"text\":\"script:hang\"},{\"type\":\"image\",\"source\":{\"type\":"
		 "\"base64\",\"media_type\":\"image/png\",\"data\":\"eA==\"}}]}",
			200},
		{"{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"video\"}]}", 400},
		{"{\"content\":\"x\",\"effort\":\"enormous\"}", 400},
		{"{\"content\":\"x\",\"maxTurns\":0}", 400},
		{"{\"content\":\"x\",\"maxBudgetUsd\":-1}", 400},
		{"{\"content\":\"x\",\"thinking\":{}}", 400},
		{"{\"content\":\"x\",\"outputFormat\":{\"type\":\"json_schema\"}}", 400},
		{"{\"content\":\"x\",\"includePartialMessages\":\"maybe\"}", 400},
		{"{\"content\":\"x\",\"includePartialMessages\":\"true\",\"maxTurns\":\"3\",\"effort\":\"max\","
		 "\"thinking\":"
		 "{\"type\":\"enabled\",\"budgetTokens\":5},\"outputFormat\":{\"type\":\"json_schema\",\"schema\":{}}}",
			200},
		{"{\"content\":\"script:nonesuch\"}", 400},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int status = send_status(s, cases[i].body);
		if (status != cases[i].status)
			fail_msg("%d and not %d for %s", status, cases[i].status, cases[i].body);
	}
	assert_int_equal(send_status(NOBODY, "{\"content\":\"x\"}"), 404);
}

static void the_tagged_build_takes_strings_alone(void **state)
{
	(void)state;
	struct mockd_options options = ash_options();
	options.ash_tagged = true;
	ash_open(&options);
	const char *s = ash_session();
	assert_int_equal(
		send_status(s, "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}"),
		400);
	ash_finish(ash_send(s, "script:success"));
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/messages?limit=1", s), 200,
		"\"content\":\"{\\\"type\\\":\\\"user\\\",\\\"content\\\":\\\"script:success\\\"}\"");
}

static void a_session_needs_a_sandbox_and_a_directory(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	assert_true(mockd_set(mock.mockd, "ash_capacity", 1));
	assert_answer(ash_ask("POST", "{\"agent\":\"agent\"}", "/api/sessions"), 503,
		"{\"error\":\"No sandbox capacity available\",\"statusCode\":503}");
	/* Pausing gives nothing back, stopping does. */
	step(s, "POST", "/pause", 200, NULL);
	step(s, "POST", "/resume", 200, NULL);
	step(s, "POST", "/stop", 200, NULL);
	assert_int_equal(ash_ask("POST", "{\"agent\":\"agent\"}", "/api/sessions")->status, 201);
	step(s, "POST", "/resume", 503, "\"statusCode\":503}");
	step(s, "GET", "", 200, "\"status\":\"stopped\"");
	assert_true(mockd_set(mock.mockd, "ash_capacity", 0));
	char directory[] = "/tmp/mock_ash_XXXXXX";
	char file[64];
	char body[128];
	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof file, "%s/CLAUDE.md", directory);
	fclose(fopen(file, "w"));
	snprintf(body, sizeof body, "{\"name\":\"d\",\"path\":\"%s\"}", directory);
	assert_int_equal(ash_ask("POST", body, "/api/agents")->status, 201);
	struct reply *r = ash_ask("POST", "{\"agent\":\"d\"}", "/api/sessions");
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", strstr(r->body, "\"id\":\"") + 6);
	unlink(file);
	rmdir(directory);
	assert_answer(ash_ask("POST", "{\"agent\":\"d\"}", "/api/sessions"), 422, "\"statusCode\":422}");
	step(id, "POST", "/fork", 422, "\"statusCode\":422}");
	step(id, "POST", "/pause", 200, NULL);
	step(id, "POST", "/resume", 200, NULL);
	step(id, "POST", "/stop", 200, NULL);
	step(id, "POST", "/resume", 422, "\"statusCode\":422}");
}

/* Below /api Ash is there beside the other platform, which has the root. */
static void both_platforms_share_a_port(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = ash_session();
	ash_finish(ash_send(s, "script:success"));
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s", s), 200, "\"status\":\"active\"");
	assert_answer(ash_ask("GET", NULL, "/sessions"), 200, "{\"data\": []}");
	assert_answer(ash_ask("GET", NULL, "/health"), 200, "\"checks\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(create_answers_an_active_session, mock_close),
		cmocka_unit_test_teardown(create_checks_in_order, mock_close),
		cmocka_unit_test_teardown(states_follow_the_table, mock_close),
		cmocka_unit_test_teardown(an_empty_json_body_is_refused, mock_close),
		cmocka_unit_test_teardown(a_fork_has_the_messages_and_not_the_events, mock_close),
		cmocka_unit_test_teardown(the_list_is_newest_first_and_knows_one_filter, mock_close),
		cmocka_unit_test_teardown(pages_go_on_after_a_sequence, mock_close),
		cmocka_unit_test_teardown(a_message_may_be_a_string_or_blocks, mock_close),
		cmocka_unit_test_teardown(the_tagged_build_takes_strings_alone, mock_close),
		cmocka_unit_test_teardown(a_session_needs_a_sandbox_and_a_directory, mock_close),
		cmocka_unit_test_teardown(both_platforms_share_a_port, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
