/*
 * Ash's server as a whole: it has every operation of the platform, its limits, what it tells about itself,
 * HTTP/1.1 to the byte, the control API, and many sessions at once.
 */
#include "support/caller.h"
#include "support/mock_ash.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

#define NOBODY "00000000-0000-4000-8000-000000000000"

static struct caller *caller;

static int close_world(void **state)
{
	caller_close(caller);
	caller = NULL;
	return mock_close(state);
}

/* The path with something in place of each hole. */
static void fill_path(const char *pattern, char path[512])
{
	size_t len = 0;
	while (*pattern != '\0') {
		bool rest = strncmp(pattern, "{*}", 3) == 0;
		if (rest || strncmp(pattern, "{}", 2) == 0) {
			len += (size_t)snprintf(path + len, 512 - len, "%s", rest ? "a/b" : NOBODY);
			pattern += rest ? 3 : 2;
		} else {
			path[len++] = *pattern++;
		}
	}
	path[len] = '\0';
}

static void every_operation_has_a_route(void **state)
{
	(void)state;
	ash_open(NULL);
	FILE *file = fopen(FRESHET_TEST_DATA "/ash_operations.txt", "r");
	char line[512];
	size_t count = 0;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		char method[16];
		char pattern[256];
		char path[512];
		if (line[0] == '#' || sscanf(line, "%15s %255s", method, pattern) != 2)
			continue;
		fill_path(pattern, path);
		struct reply *r = ash_ask(method, strcmp(method, "GET") == 0 ? NULL : "{}", "%s", path);
		if (r->status == 404 && strstr(r->body, "\"message\":\"Route ") != NULL)
			fail_msg("%s %s has no route", method, pattern);
		count++;
	}
	fclose(file);
	assert_true(count >= 70);
}

static void limits_are_the_platform_s(void **state)
{
	(void)state;
	struct mockd_options options = ash_options();
	options.ash_limits = true;
	ash_open(&options);
	struct reply *r = ash_ask("GET", NULL, "/api/agents");
	assert_true(reply_has(r, "x-ratelimit-limit: 1500"));
	assert_true(reply_has(r, "x-ratelimit-remaining: 1499"));
	assert_true(reply_has(r, "x-ratelimit-reset: 900"));
	assert_true(reply_has(r, "vary: Origin"));
	/* Failures count. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(ash_ask("POST", "{}", "/api/sessions")->status, 400);
	mock_pass(59000);
	r = ash_ask("POST", "{}", "/api/sessions");
	assert_answer(r, 429,
		"{\"statusCode\":429,\"error\":\"Too Many Requests\",\"message\":\"Rate limit exceeded, retry in 14 "
		"minutes\"}");
	assert_true(reply_has(r, "x-ratelimit-remaining: 0"));
	assert_true(reply_has(r, "retry-after: 841"));
	/* The others have counters of their own. */
	assert_int_equal(ash_ask("POST", "{\"name\":\"a\"}", "/api/agents")->status, 201);
	assert_null(strstr(ash_ask("GET", NULL, "/nowhere")->headers, "x-ratelimit"));
	mock_pass(841000);
	assert_int_equal(ash_ask("POST", "{\"agent\":\"a\"}", "/api/sessions")->status, 201);
	assert_true(mockd_set(mock.mockd, "ash_limits", 0));
	assert_null(strstr(ash_ask("GET", NULL, "/api/agents")->headers, "x-ratelimit"));
}

static void it_tells_about_itself(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	ash_ask("POST", NULL, "/api/sessions/%s/stop", s);
	ash_ask("POST", NULL, "/api/sessions/%s/resume", s);
	mock_pass(5000);
	assert_answer(ash_ask("GET", NULL, "/health"), 200, "\"activeSessions\":1,\"activeSandboxes\":2,");
	assert_answer(ash_ask("GET", NULL, "/health"), 200,
		"\"uptime\":5,\"pool\":{\"total\":2,\"cold\":0,\"warming\":0,\"warm\":1,\"waiting\":1,\"running\":0,"
		"\"maxCapacity\":1000,\"resumeWarmHits\":0,\"resumeColdHits\":1,\"preWarmHits\":2}}");
	struct reply *r = ash_ask("GET", NULL, "/metrics");
	assert_answer(r, 200, "ash_resume_cold_total{source=\"local\"} 1\n");
	assert_non_null(strstr(r->body, "ash_active_sessions 1\n"));
	assert_true(reply_has(r, "content-type: text/plain; version=0.0.4; charset=utf-8"));
	r = probe_send_anonymous(mock.probe, "GET", "/metrics");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 401);
	assert_true(mockd_set(mock.mockd, "ash_master_key", 0));
	assert_answer(
		ash_ask("POST", "{\"type\":\"custom\",\"key\":\"k\"}", "/api/credentials"), 500, "\"statusCode\":500}");
}

static void say(const char *session, const char *content)
{
	char body[256];
	char request[1024];
	snprintf(body, sizeof body, "{\"content\":\"%s\"}", content);
	snprintf(request, sizeof request,
		"POST /api/sessions/%s/messages HTTP/1.1\r\nHost: mockd\r\nAuthorization: Bearer " MOCKD_TOKEN
		"\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		session, strlen(body), body);
	caller_say(caller, request);
}

/* Each frame is a chunk, and the connection goes on behind the last one. */
static void http1_has_a_chunk_for_each_frame(void **state)
{
	(void)state;
	ash_open(NULL);
	caller = caller_open(mock.base, mockd_port(mock.mockd), NULL);
	const char *s = ash_session();
	for (int i = 0; i < 2; i++) {
		say(s, "script:foreign messages=0");
		const char *first = caller_take(caller, "\n\n");
		char expected[512];
		snprintf(expected, sizeof expected,
			"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
			"cache-control: no-cache\r\n\r\n63\r\nevent: session_start\ndata: {\"sessionId\":\"%s\","
			"\"version\":\"0.2.0\"}\n\n",
			s);
		assert_string_equal(first, expected);
		mockd_advance(mock.mockd, 1000);
		const char *rest = caller_take(caller, "\r\n0\r\n\r\n");
		assert_non_null(strstr(rest, "\r\nevent: message\ndata: {\"type\":\"system\",\"subtype\":\"init\","));
		assert_non_null(strstr(rest, "\r\n24\r\nevent: done\ndata: {\"sessionId\":\"\"}\n\n\r\n0\r\n\r\n"));
	}
}

static json_t *control(const char *path, const char *body, int status)
{
	struct reply *r = mock_ask("POST", path, body);
	if (r->status != status)
		fail_msg("%s: %d %s", path, r->status, r->body);
	return mock_json(r);
}

static void the_control_api_steers_sessions(void **state)
{
	(void)state;
	struct mockd_options options = ash_options();
	options.control = true;
	ash_open(&options);
	char s[MOCKD_ID_SIZE];
	char path[128];
	json_t *made = control("/mockd/ash/sessions", NULL, 201);
	snprintf(s, sizeof s, "%s", json_string_value(json_object_get(made, "id")));
	json_decref(made);
	struct reply *r = ash_send(s, "script:manual");
	snprintf(path, sizeof path, "/mockd/ash/say?session=%s", s);
	json_decref(control(path, "{\"type\":\"x\"}", 200));
	json_decref(control(path, "none", 400));
	snprintf(path, sizeof path, "/mockd/ash/end?session=%s&failed=1", s);
	json_decref(control(path, NULL, 200));
	json_decref(control(path, NULL, 400));
	probe_until_end(mock.probe, r);
	assert_non_null(strstr(r->body, "event: message\ndata: {\"type\":\"x\"}\n\n"));
	assert_non_null(strstr(r->body, "\"is_error\":true"));
	snprintf(path, sizeof path, "/mockd/ash/sandbox?session=%s", s);
	json_decref(control(path, NULL, 200));
	assert_int_equal(ash_send(s, "x")->status, 500);
	ash_ask("POST", NULL, "/api/sessions/%s/resume", s);
	json_decref(control("/mockd/ash/restart", NULL, 200));
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s", s), 200, "\"status\":\"paused\"");
}

static void check_entry(const struct mockd_ledger_entry *entry, void *user)
{
	size_t *good = user;
	*good += strcmp(entry->platform, "ash") == 0 && entry->turns == 1 && entry->output_rows == 3;
}

static void two_hundred_turns_at_once(void **state)
{
	(void)state;
	enum { MANY = 200 };
	static struct reply *replies[MANY];
	ash_open(NULL);
	for (size_t i = 0; i < MANY; i++)
		replies[i] = ash_send(ash_session(), "script:success messages=3 tools=2 row_ms=10..300");
	for (size_t i = 0; i < MANY; i++)
		ash_finish(replies[i]);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(count_of(replies[i]->body, "event: done\n"), 1);
		assert_int_equal(count_of(replies[i]->body, "{\"type\":\"assistant\""), 3);
	}
	size_t good = 0;
	mockd_ledger_each(mock.mockd, check_entry, &good);
	assert_int_equal(good, MANY);
}

/* The emulator ends with everything open: turns, streams, items, runs. */
static void it_ends_with_everything_open(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	ash_send(s, "script:tools");
	ash_send(s, "script:hang");
	ash_ask("POST", "{\"agentName\":\"agent\",\"prompt\":\"script:hang\"}", "/api/queue");
	ash_ask("POST", "{\"question\":\"q\"}", "/api/agents/agent/eval-cases");
	ash_ask("POST", "{}", "/api/agents/agent/eval-runs");
	mock_pass(1500);
}

static void bad_options_are_refused(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct mockd_options options = ash_options();
	struct mockd *m;
	options.ash_scripts = "9 success; nonesuch";
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	assert_null(m);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_operation_has_a_route, close_world),
		cmocka_unit_test_teardown(limits_are_the_platform_s, close_world),
		cmocka_unit_test_teardown(it_tells_about_itself, close_world),
		cmocka_unit_test_teardown(http1_has_a_chunk_for_each_frame, close_world),
		cmocka_unit_test_teardown(the_control_api_steers_sessions, close_world),
		cmocka_unit_test_teardown(two_hundred_turns_at_once, close_world),
		cmocka_unit_test_teardown(it_ends_with_everything_open, close_world),
		cmocka_unit_test_teardown(bad_options_are_refused, close_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
