/*
 * The endpoints of sessions, and what holds for all endpoints: every status in the order of checks, the lifecycle table,
 * the quota, and who may see what.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include <inttypes.h>

#define NOBODY "00000000-0000-4000-8000-000000000000"

/* The member of the object at the end of the path of names. */
static json_t *get(json_t *json, const char *name)
{
	json_t *value = json_object_get(json, name);
	if (value == NULL)
		fail_msg("no member %s", name);
	return value;
}

static const char *text_of(json_t *json, const char *name)
{
	const char *text = json_string_value(get(json, name));
	assert_non_null(text);
	return text;
}

static struct reply *create_for(const char *agent, const char *more)
{
	char body[4096];
	snprintf(body, sizeof body, "{\"agent_id\": \"%s\", \"prompt\": \"script:manual stages=0 \\u00fc\"%s}", agent,
		more);
	return mock_ask("POST", "/sessions", body);
}

static struct reply *create(const char *more)
{
	return create_for(mock.agent, more);
}

/* Creates a session by request; its id stays valid until the next call. */
static const char *created(void)
{
	static char id[MOCKD_ID_SIZE];
	struct reply *r = create("");
	assert_int_equal(r->status, 202);
	json_t *ack = mock_json(r);
	snprintf(id, sizeof id, "%s", text_of(ack, "id"));
	json_decref(ack);
	return id;
}

/* Checks the first entry of a 422 answer. */
static void assert_invalid(const struct reply *r, const char *type, const char *loc)
{
	assert_int_equal(r->status, 422);
	json_t *json = mock_json(r);
	json_t *entry = json_array_get(get(json, "detail"), 0);
	assert_non_null(entry);
	char *where = json_dumps(get(entry, "loc"), JSON_COMPACT);
	assert_string_equal(where, loc);
	assert_string_equal(text_of(entry, "type"), type);
	assert_non_null(text_of(entry, "msg"));
	assert_non_null(get(entry, "input"));
	assert_non_null(strstr(text_of(entry, "url"), type));
	assert_null(json_object_get(entry, "ctx"));
	free(where);
	json_decref(json);
}

static void health_needs_no_token(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = probe_send_anonymous(mock.probe, "GET", "/health");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 200);
	assert_string_equal(r->body, "{\"status\": \"ok\", \"checks\": {\"db\": \"ok\", \"crypto\": \"ok\"}}");
	assert_true(reply_has(r, "content-length: 56"));
	assert_true(mockd_set(mock.mockd, "health", 0));
	r = mock_ask("GET", "/health", NULL);
	assert_int_equal(r->status, 503);
	assert_non_null(strstr(r->body, "{\"status\": \"degraded\", \"checks\": {\"db\": \"fail"));
}

static void tokens_are_asked_for(void **state)
{
	(void)state;
	mock_open(NULL);
	static const char *const wrong[] = {"bearer " MOCKD_TOKEN, "Bearer  " MOCKD_TOKEN, "Bearer " MOCKD_TOKEN "x",
		"Bearer", "Basic eDp5", "", NULL};
	struct reply *r = probe_send_anonymous(mock.probe, "GET", "/sessions");
	probe_until_end(mock.probe, r);
	assert_detail(r, 401, "");
	assert_null(strstr(r->headers, "www-authenticate"));
	for (const char *const *value = wrong; *value != NULL; value++) {
		r = probe_send_as(mock.probe, *value, "GET", "/sessions");
		probe_until_end(mock.probe, r);
		assert_detail(r, 401, "");
	}
}

static void wrong_paths_are_html_and_wrong_methods_of_two_kinds(void **state)
{
	(void)state;
	mock_open(NULL);
	static const char *const lost[] = {"/", "/agents/", "/sessions/7", "/sessions/" NOBODY "/",
		"/sessions/" NOBODY "/x", "/x", "/sessions/AAAAAAAA-0000-4000-8000-000000000000", NULL};
	for (const char *const *path = lost; *path != NULL; path++) {
		struct reply *r = mock_ask("GET", *path, NULL);
		assert_int_equal(r->status, 404);
		assert_true(reply_has(r, "content-type: text/html; charset=utf-8"));
		assert_non_null(strstr(r->body, "<html"));
	}
	/* After the token was looked at, with JSON. */
	struct reply *r = mock_ask("PATCH", "/sessions", NULL);
	assert_detail(r, 405, "");
	assert_true(reply_has(r, "allow: GET, POST"));
	r = probe_send_anonymous(mock.probe, "PATCH", "/sessions");
	probe_until_end(mock.probe, r);
	assert_detail(r, 401, "");
	assert_detail(mock_ask("GET", "/sessions/" NOBODY "/delete", NULL), 405, "");
	/* Before it, without a body. */
	static const char *const strict[] = {"/sessions/" NOBODY, "/sessions/" NOBODY "/prompt",
		"/sessions/" NOBODY "/turns", "/sessions/" NOBODY "/interrupt", "/sessions/" NOBODY "/terminate",
		"/sessions/" NOBODY "/stream", "/health", NULL};
	for (const char *const *path = strict; *path != NULL; path++) {
		r = probe_send_anonymous(mock.probe, "PUT", *path);
		probe_until_end(mock.probe, r);
		assert_int_equal(r->status, 405);
		assert_int_equal(r->body_len, 0);
		assert_non_null(strstr(r->headers, "allow: "));
	}
	r = mock_ask("HEAD", "/sessions", NULL);
	assert_int_equal(r->status, 405);
	assert_int_equal(r->body_len, 0);
}

static void create_answers_an_ack(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = create("");
	assert_int_equal(r->status, 202);
	json_t *ack = mock_json(r);
	const char *id = text_of(ack, "id");
	char url[128];
	snprintf(url, sizeof url, "/sessions/%s/stream", id);
	assert_string_equal(text_of(ack, "status"), "pending");
	assert_string_equal(text_of(ack, "stream_url"), url);
	assert_true(json_is_null(get(ack, "environment_id")));
	assert_int_equal(json_array_size(get(ack, "resources")), 0);
	assert_int_equal(json_integer_value(get(ack, "current_turn")), 1);
	assert_int_equal(json_object_size(ack), 6);
	json_decref(ack);
}

static void create_checks_the_body_first(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_detail(mock_ask("POST", "/sessions", NULL), 400, "");
	assert_detail(mock_ask("POST", "/sessions", "[]"), 400, "");
	assert_detail(mock_ask("POST", "/sessions", "7"), 400, "");
	assert_detail(mock_ask("POST", "/sessions", "{\"a\": \"\xff\"}"), 400, "");
	assert_detail(mock_ask("POST", "/sessions", "{\"a\": 1"), 400, "");
	assert_invalid(mock_ask("POST", "/sessions", "{}"), "missing", "[\"agent_id\"]");
	assert_invalid(
		mock_ask("POST", "/sessions", "{\"agent_id\": 7, \"prompt\": \"\"}"), "string_type", "[\"agent_id\"]");
	assert_invalid(mock_ask("POST", "/sessions", "{\"agent_id\": null, \"prompt\": \"\"}"), "string_type",
		"[\"agent_id\"]");
	assert_invalid(create_for(NOBODY, ", \"timeout\": 9"), "greater_than_equal", "[\"timeout\"]");
	assert_invalid(create(", \"timeout\": 3601"), "less_than_equal", "[\"timeout\"]");
	assert_invalid(create(", \"timeout\": \"soon\""), "int_parsing", "[\"timeout\"]");
	assert_invalid(create(", \"timeout\": 60.5"), "int_from_float", "[\"timeout\"]");
	assert_invalid(create(", \"timeout\": []"), "int_type", "[\"timeout\"]");
	assert_invalid(create(", \"resources\": {}"), "list_type", "[\"resources\"]");
	assert_invalid(create(", \"resources\": [0,0,0,0,0,0,0,0,0,0,0]"), "too_long", "[\"resources\"]");
	assert_invalid(create(", \"resources\": [7]"), "model_type", "[\"resources\",0]");
	assert_invalid(
		create(", \"resources\": [{\"type\": \"github_repository\"}]"), "missing", "[\"resources\",0,\"url\"]");
	assert_invalid(create(", \"resources\": [{\"type\": \"ftp\", \"url\": \"x\"}]"), "literal_error",
		"[\"resources\",0,\"type\"]");
	assert_invalid(create(", \"secret_env_vars\": {\"9\": \"x\"}"), "value_error", "[\"secret_env_vars\"]");
	assert_invalid(create(", \"secret_env_vars\": {\"A\": 1}"), "string_type", "[\"secret_env_vars\",\"A\"]");
	/* Numbers are read leniently, unknown members are left alone. */
	assert_int_equal(create(", \"timeout\": \"60\", \"color\": 7, \"environment_id\": \"\"")->status, 202);
	assert_int_equal(create(", \"timeout\": 60.0, \"environment_id\": null")->status, 202);
}

static void resources_are_normalized(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r =
		create(", \"resources\": [{\"type\": \"github_repository\", \"url\": \"https://github.com/o/r.git\", "
		       "\"authorization_token\": \"secret\"}, {\"type\": \"github_repository\", \"url\": "
		       "\"https://github.com/o/s\", \"mount_path\": \"/src\"}]");
	assert_int_equal(r->status, 202);
	assert_non_null(strstr(r->body,
		"\"resources\": [{\"type\": \"github_repository\", \"url\": \"https://github.com/o/r\", "
		"\"mount_path\": \"/workspace/r\"}, {\"type\": \"github_repository\", \"url\": "
		"\"https://github.com/o/s\", \"mount_path\": \"/src\"}]"));
	assert_null(strstr(r->body, "secret"));
	static const char *const bad[] = {"http://github.com/o/r", "https://github.com/o", "https://github.com/o/r/x",
		"https://github.com//r", "https://github.com/o/", "https://gitlab.com/o/r", NULL};
	for (const char *const *url = bad; *url != NULL; url++) {
		char more[256];
		snprintf(more, sizeof more, ", \"resources\": [{\"type\": \"github_repository\", \"url\": \"%s\"}]",
			*url);
		assert_invalid(create(more), "value_error", "[\"resources\",0,\"url\"]");
	}
	static const char *const mounts[] = {"/", "src", "/home/sprite", "", NULL};
	for (const char *const *mount = mounts; *mount != NULL; mount++) {
		char more[256];
		snprintf(more, sizeof more,
			", \"resources\": [{\"type\": \"github_repository\", \"url\": \"https://github.com/o/r\", "
			"\"mount_path\": "
			"\"%s\"}]",
			*mount);
		assert_invalid(create(more), "value_error", "[\"resources\",0,\"mount_path\"]");
	}
	assert_invalid(
		create(", \"resources\": [{\"type\": \"github_repository\", \"url\": \"https://github.com/o/r\"}, "
		       "{\"type\": \"github_repository\", \"url\": \"https://github.com/p/r\"}]"),
		"value_error", "[\"resources\"]");
}

static void create_goes_on_in_the_stated_order(void **state)
{
	(void)state;
	mock_open(NULL);
	char more[128];
	struct reply *r = mock_ask("POST", "/environments", "{\"name\": \"e\"}");
	json_t *e = mock_json(r);
	/* 404 of the agent before 404 of the environment, 409 of each, then what the platform objects to. */
	assert_true(mockd_set(mock.mockd, "backend", 0));
	assert_true(mockd_set(mock.mockd, "quota", 0));
	assert_detail(create_for(NOBODY, ", \"environment_id\": \"" NOBODY "\""), 404, "Agent");
	assert_detail(create_for("no-uuid", ""), 404, "Agent");
	assert_detail(create(", \"environment_id\": \"" NOBODY "\""), 404, "Environment");
	mock_ask_path("POST", NULL, "/environments/%s/archive", text_of(e, "id"));
	snprintf(more, sizeof more, ", \"environment_id\": \"%s\"", text_of(e, "id"));
	assert_detail(create(more), 409, "archived environment");
	assert_detail(create(""), 503, "");
	assert_true(mockd_set(mock.mockd, "backend", 1));
	assert_int_equal(create("")->status, 429);
	mock_ask_path("POST", NULL, "/agents/%s/archive", mock.agent);
	assert_detail(create(more), 409, "archived agent");
	json_decref(e);
}

static void the_quota_counts_what_is_active(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.quota = 2;
	mock_open(&options);
	char first[MOCKD_ID_SIZE];
	snprintf(first, sizeof first, "%s", created());
	created();
	struct reply *r = create("");
	assert_int_equal(r->status, 429);
	assert_null(strstr(r->headers, "retry-after"));
	json_t *json = mock_json(r);
	assert_int_equal(json_integer_value(get(json, "limit")), 2);
	assert_int_equal(json_integer_value(get(json, "active")), 2);
	assert_true(json_is_string(get(json, "detail")));
	json_decref(json);
	mock_pass(1000);
	int code = 0;
	assert_true(mockd_end_session(mock.mockd, first, "completed", &code));
	created();
	/* A prompt does not ask. */
	assert_int_equal(mock_ask_path("POST", "{\"prompt\": \"\"}", "/sessions/%s/prompt", first)->status, 202);
}

static void get_and_turns_tell_the_state(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = created();
	json_t *s = mock_json(mock_ask_path("GET", NULL, "/sessions/%s", id));
	assert_string_equal(text_of(s, "id"), id);
	assert_string_equal(text_of(s, "agent_id"), mock.agent);
	assert_string_equal(text_of(s, "provider"), "anthropic");
	assert_string_equal(text_of(s, "status"), "pending");
	assert_true(json_is_null(get(s, "exit_code")));
	assert_int_equal(json_integer_value(get(s, "turn_count")), 1);
	assert_int_equal(json_integer_value(get(s, "current_turn")), 1);
	assert_int_equal(json_object_size(s), 11);
	json_decref(s);
	mock_pass(1000);
	int code = 0;
	assert_true(mockd_end_session(mock.mockd, id, "completed", &code));
	/* The session's row is ahead of its turn's. */
	json_t *turns = mock_json(mock_ask_path("GET", NULL, "/sessions/%s/turns", id));
	json_t *turn = json_array_get(get(turns, "data"), 0);
	assert_string_equal(text_of(turn, "status"), "running");
	json_decref(turns);
	mock_pass(1000);
	turns = mock_json(mock_ask_path("GET", NULL, "/sessions/%s/turns", id));
	turn = json_array_get(get(turns, "data"), 0);
	assert_int_equal(json_integer_value(get(turn, "turn_number")), 1);
	assert_string_equal(text_of(turn, "prompt"), "script:manual stages=0 \xc3\xbc");
	assert_string_equal(text_of(turn, "status"), "completed");
	assert_int_equal(json_integer_value(get(turn, "exit_code")), 0);
	const char *started = text_of(turn, "started_at");
	assert_int_equal(strlen(started), strlen("2026-01-02T03:04:05.678901+00:00"));
	assert_string_equal(started + strlen(started) - 6, "+00:00");
	assert_true(strcmp(started, text_of(turn, "ended_at")) < 0);
	assert_int_equal(json_object_size(turn), 7);
	json_decref(turns);
}

static void prompts_are_returned_as_given(void **state)
{
	(void)state;
	mock_open(NULL);
	char body[512];
	snprintf(body, sizeof body,
		"{\"agent_id\": \"%s\", \"prompt\": \"marker 17 \\\"q\\\" \\ud83d\\ude80 \\u2028 </x>\\n\"}",
		mock.agent);
	json_t *ack = mock_json(mock_ask("POST", "/sessions", body));
	struct reply *r = mock_ask_path("GET", NULL, "/sessions/%s/turns", text_of(ack, "id"));
	assert_non_null(strstr(r->body, "\"prompt\": \"marker 17 \\\"q\\\" \\ud83d\\ude80 \\u2028 </x>\\n\""));
	json_decref(ack);
}

static void lists_are_newest_first(void **state)
{
	(void)state;
	mock_open(NULL);
	char first[MOCKD_ID_SIZE];
	snprintf(first, sizeof first, "%s", created());
	const char *second = created();
	json_t *list = mock_json(mock_ask("GET", "/sessions", NULL));
	assert_int_equal(json_array_size(get(list, "data")), 2);
	assert_string_equal(text_of(json_array_get(get(list, "data"), 0), "id"), second);
	assert_string_equal(text_of(json_array_get(get(list, "data"), 1), "id"), first);
	json_decref(list);
}

enum { PENDING, RUNNING, COMPLETED, FAILED, TERMINATED, STATES };

/* A new session in that state. */
static const char *session_in(int state)
{
	const char *id = mock_session("script:manual stages=0");
	int code = 0;
	if (state > PENDING)
		mock_pass(1000);
	if (state == COMPLETED || state == FAILED)
		assert_true(mockd_end_session(mock.mockd, id, state == FAILED ? "failed" : "completed", &code));
	if (state == TERMINATED)
		assert_int_equal(mock_ask_path("POST", NULL, "/sessions/%s/terminate", id)->status, 200);
	return id;
}

static void the_lifecycle_table_holds(void **state)
{
	(void)state;
	mock_open(NULL);
	static const struct {
		const char *method, *path, *body;
		int status[STATES];
		const char *detail[STATES];
	} rows[] = {
		{"POST", "prompt", "{\"prompt\": \"x\"}", {409, 409, 202, 409, 409},
			{"pending turn", "already running", NULL, "has failed", "has been terminated"}},
		/* The state is looked at before the body. */
		{"POST", "prompt", "{}", {409, 409, 422, 409, 409},
			{"pending turn", "already running", NULL, "has failed", "has been terminated"}},
		{"POST", "interrupt", NULL, {202, 202, 409, 409, 409},
			{NULL, NULL, "no active turn", "no active turn", "no active turn"}},
		{"POST", "terminate", NULL, {200, 200, 200, 200, 409}, {NULL, NULL, NULL, NULL, "already terminated"}},
		{"DELETE", "delete", NULL, {409, 409, 200, 200, 200}, {"active session", "active session", "", "", ""}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int s = 0; s < STATES; s++) {
			struct reply *r = mock_ask_path(
				rows[i].method, rows[i].body, "/sessions/%s/%s", session_in(s), rows[i].path);
			assert_int_equal(r->status, rows[i].status[s]);
			if (rows[i].detail[s] != NULL)
				assert_detail(r, rows[i].status[s], rows[i].detail[s]);
		}
	}
}

static void prompt_starts_another_turn(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = session_in(COMPLETED);
	struct reply *r = mock_ask_path("POST", "{\"prompt\": \"script:manual again\"}", "/sessions/%s/prompt", id);
	assert_int_equal(r->status, 202);
	json_t *ack = mock_json(r);
	assert_string_equal(text_of(ack, "status"), "pending");
	assert_int_equal(json_integer_value(get(ack, "current_turn")), 2);
	assert_int_equal(json_object_size(ack), 4);
	json_decref(ack);
	/* The old end is gone at once. */
	json_t *s = mock_json(mock_ask_path("GET", NULL, "/sessions/%s", id));
	assert_true(json_is_null(get(s, "exit_code")));
	json_decref(s);
	mock_pass(1000);
	int code = 3;
	assert_true(mockd_end_session(mock.mockd, id, "failed", &code));
	mock_pass(1000);
	json_t *turns = mock_json(mock_ask_path("GET", NULL, "/sessions/%s/turns", id));
	assert_int_equal(json_array_size(get(turns, "data")), 2);
	assert_string_equal(text_of(json_array_get(get(turns, "data"), 0), "status"), "completed");
	assert_string_equal(text_of(json_array_get(get(turns, "data"), 1), "status"), "failed");
	json_decref(turns);
}

static void prompt_goes_on_in_the_stated_order(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = session_in(COMPLETED);
	assert_true(mockd_lose_sandbox(mock.mockd, id));
	assert_true(mockd_set(mock.mockd, "backend", 0));
	assert_detail(mock_ask_path("POST", "[]", "/sessions/%s/prompt", id), 400, "");
	assert_invalid(mock_ask_path("POST", "{}", "/sessions/%s/prompt", id), "missing", "[\"prompt\"]");
	assert_detail(
		mock_ask_path("POST", "{\"prompt\": \"x\"}", "/sessions/%s/prompt", id), 409, "no longer available");
	id = session_in(COMPLETED);
	assert_detail(mock_ask_path("POST", "{\"prompt\": \"x\"}", "/sessions/%s/prompt", id), 503, "");
	assert_detail(mock_ask("POST", "/sessions/" NOBODY "/prompt", "{"), 404, "");
}

static void interrupt_ends_the_turn_a_little_later(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = session_in(RUNNING);
	struct reply *stream = mock_stream(id, 9001);
	struct reply *r = mock_ask_path("POST", NULL, "/sessions/%s/interrupt", id);
	assert_non_null(strstr(r->body, "\"status\": \"running\"}"));
	assert_int_equal(mock_ask_path("POST", NULL, "/sessions/%s/interrupt", id)->status, 202);
	mock_pass(1000);
	assert_non_null(strstr(stream->body, "{\"type\": \"exit\", \"id\": 9001, \"code\": null}"));
	r = mock_ask_path("GET", NULL, "/sessions/%s/turns", id);
	assert_non_null(strstr(r->body, "\"status\": \"interrupted\", \"exit_code\": null"));
	r = mock_ask_path("GET", NULL, "/sessions/%s", id);
	assert_non_null(strstr(r->body, "\"status\": \"completed\", \"exit_code\": null"));
	/* The sandbox lives on. */
	assert_int_equal(mock_ask_path("POST", "{\"prompt\": \"x\"}", "/sessions/%s/prompt", id)->status, 202);
}

static void terminate_ends_the_turn_as_failed(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = session_in(RUNNING);
	struct reply *stream = mock_stream(id, 0);
	assert_int_equal(mock_ask_path("POST", NULL, "/sessions/%s/terminate", id)->status, 200);
	mock_pass(500);
	assert_non_null(strstr(stream->body, "\"type\": \"terminated\""));
	struct reply *r = mock_ask_path("GET", NULL, "/sessions/%s/turns", id);
	assert_non_null(strstr(r->body, "\"status\": \"failed\", \"exit_code\": null"));
	/* The exit code of a completed session stays. */
	id = session_in(COMPLETED);
	mock_ask_path("POST", NULL, "/sessions/%s/terminate", id);
	r = mock_ask_path("GET", NULL, "/sessions/%s", id);
	assert_non_null(strstr(r->body, "\"status\": \"terminated\", \"exit_code\": 0"));
}

static void a_turn_has_a_timeout(void **state)
{
	(void)state;
	mock_open(NULL);
	char body[256];
	snprintf(body, sizeof body, "{\"agent_id\": \"%s\", \"prompt\": \"script:timeout stages=0\", \"timeout\": 30}",
		mock.agent);
	json_t *ack = mock_json(mock_ask("POST", "/sessions", body));
	struct reply *r = mock_stream(text_of(ack, "id"), 0);
	mock_pass(30100);
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(600);
	assert_non_null(strstr(r->body, "\"type\": \"error\""));
	json_decref(ack);
}

static void other_users_see_nothing(void **state)
{
	(void)state;
	static const char *const tokens[] = {MOCKD_TOKEN, "second"};
	struct mockd_options options = mock_options();
	options.tokens = tokens;
	options.token_count = 2;
	options.quota = 1;
	mock_open(&options);
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", created());
	probe_close(mock.probe);
	const struct probe_options second = {.token = "second"};
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), &second);
	assert_detail(mock_ask_path("GET", NULL, "/sessions/%s", id), 404, "");
	assert_detail(mock_ask_path("GET", NULL, "/sessions/%s/stream", id), 404, "");
	assert_detail(mock_ask_path("POST", NULL, "/sessions/%s/terminate", id), 404, "");
	assert_detail(mock_ask_path("GET", NULL, "/agents/%s", mock.agent), 404, "");
	assert_string_equal(mock_ask("GET", "/sessions", NULL)->body, "{\"data\": []}");
	assert_detail(create(""), 404, "Agent");
	/* Each has a quota of his own. */
	json_t *agent =
		mock_json(mock_ask("POST", "/agents", "{\"name\": \"n\", \"provider\": \"openai\", \"model\": \"m\"}"));
	assert_int_equal(create_for(text_of(agent, "id"), "")->status, 202);
	assert_int_equal(create_for(text_of(agent, "id"), "")->status, 429);
	json_decref(agent);
}

static void dialects_differ(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.dialect = MOCKD_DIALECT_PS;
	mock_open(&options);
	const char *id = session_in(RUNNING);
	struct reply *r = mock_ask_path("POST", NULL, "/sessions/%s/interrupt", id);
	assert_int_equal(r->status, 404);
	assert_non_null(strstr(r->body, "<html"));
	mock_close(NULL);
	options.dialect = MOCKD_DIALECT_P;
	mock_open(&options);
	assert_int_equal(create(", \"secret_env_vars\": 7")->status, 202);
	assert_true(mockd_set(mock.mockd, "provider_key", 0));
	assert_detail(create(""), 400, "anthropic");
	mock_close(NULL);
	options.dialect = MOCKD_DIALECT_R;
	mock_open(&options);
	r = mock_ask("POST", "/agents", "{\"name\": \"n\", \"runtime\": \"gemini\", \"model\": \"anything/at/all\"}");
	assert_int_equal(r->status, 201);
	assert_non_null(strstr(r->body, "\"runtime\": \"gemini\", \"model\": \"anything/at/all\""));
	r = mock_ask_path("GET", NULL, "/sessions/%s", created());
	assert_non_null(strstr(r->body, "\"runtime\": \"claude\""));
	assert_null(strstr(r->body, "provider"));
	assert_true(mockd_set(mock.mockd, "provider_key", 0));
	assert_detail(create(""), 400, "claude");
}

static void bodies_have_a_limit(void **state)
{
	(void)state;
	mock_open(NULL);
	size_t len = 2621441;
	char *body = malloc(len + 1);
	assert_non_null(body);
	memset(body, ' ', len);
	memcpy(body, "{}", 2);
	body[len] = '\0';
	struct reply *r = mock_ask("POST", "/sessions", body);
	assert_int_equal(r->status, 413);
	assert_non_null(strstr(r->body, "<html"));
	body[len - 1] = '\0';
	assert_invalid(mock_ask("POST", "/sessions", body), "missing", "[\"agent_id\"]");
	free(body);
}

static void scripts_that_do_not_exist_are_refused(void **state)
{
	(void)state;
	mock_open(NULL);
	char body[256];
	snprintf(body, sizeof body, "{\"agent_id\": \"%s\", \"prompt\": \"script:sucess\"}", mock.agent);
	assert_detail(mock_ask("POST", "/sessions", body), 422, "script:sucess");
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(health_needs_no_token),
		TEST(tokens_are_asked_for),
		TEST(wrong_paths_are_html_and_wrong_methods_of_two_kinds),
		TEST(create_answers_an_ack),
		TEST(create_checks_the_body_first),
		TEST(resources_are_normalized),
		TEST(create_goes_on_in_the_stated_order),
		TEST(the_quota_counts_what_is_active),
		TEST(get_and_turns_tell_the_state),
		TEST(prompts_are_returned_as_given),
		TEST(lists_are_newest_first),
		TEST(the_lifecycle_table_holds),
		TEST(prompt_starts_another_turn),
		TEST(prompt_goes_on_in_the_stated_order),
		TEST(interrupt_ends_the_turn_a_little_later),
		TEST(terminate_ends_the_turn_as_failed),
		TEST(a_turn_has_a_timeout),
		TEST(other_users_see_nothing),
		TEST(dialects_differ),
		TEST(bodies_have_a_limit),
		TEST(scripts_that_do_not_exist_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
