/*
 * What lies in a session's workspace: files, commands, logs, bundles, attachments.
 */
#include "support/mock_ash.h"
#include "support/test.h"

#include <stdio.h>

static struct reply *write_files(const char *s, const char *members)
{
	char body[1024];
	snprintf(body, sizeof body, "{%s}", members);
	return ash_ask("POST", body, "/api/sessions/%s/files", s);
}

static void files_are_written_one_by_one(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	assert_answer(
		write_files(s, "\"files\":[{\"path\":\"a b.txt\",\"content\":\"aGVsbG8=\"},{\"path\":\"../x\","
			       "\"content\":\"\"},{\"path\":\".env\",\"content\":\"WA\"}],\"targetPath\":\"docs\""),
		200,
		"{\"files\":[{\"path\":\"docs/a "
		"b.txt\",\"written\":true,\"size\":5},{\"path\":\"docs/../x\",\"written\":"
		"false,\"error\":\"Invalid file path\"},{\"path\":\"docs/.env\",\"written\":true,\"size\":1}]}");
	assert_answer(write_files(s, "\"files\":[]"), 400, "body/files must NOT have fewer than 1 items");
	assert_answer(write_files(s, "\"files\":[{\"path\":\"x\"}]"), 400,
		"body/files/0 must have required property 'content'");
	struct reply *r = ash_ask("GET", NULL, "/api/sessions/%s/files", s);
	assert_int_equal(count_of(r->body, "\"path\":"), 3);
	assert_non_null(strstr(r->body, "\"source\":\"sandbox\"}"));
	r = ash_ask("GET", NULL, "/api/sessions/%s/files?includeHidden=false", s);
	assert_int_equal(count_of(r->body, "\"path\":"), 2);
	r = ash_ask("GET", NULL, "/api/sessions/%s/files/docs/a%%20b.txt", s);
	assert_answer(r, 200, "hello");
	assert_true(reply_has(r, "content-type: text/plain"));
	assert_true(reply_has(r, "content-disposition: attachment; filename*=UTF-8''a%20b.txt"));
	assert_true(reply_has(r, "x-ash-source: sandbox"));
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files/docs/a%%20b.txt?format=json", s), 200,
		"{\"path\":\"docs/a b.txt\",\"content\":\"hello\",\"size\":5,\"source\":\"sandbox\"}");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files/docs", s), 400, "Path is not a file");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files/none", s), 404, "File not found");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files/a/../b", s), 400, "Invalid file path");
	assert_answer(ash_ask("DELETE", NULL, "/api/sessions/%s/files/docs/.env", s), 200,
		"{\"path\":\"docs/.env\",\"deleted\":true}");
	assert_int_equal(ash_ask("DELETE", NULL, "/api/sessions/%s/files/docs/.env", s)->status, 404);
	/* The agent's own files are as they were. */
	r = ash_ask("GET", NULL, "/api/agents/agent/files");
	assert_int_equal(count_of(r->body, "\"path\":"), 1);
}

static void files_outlive_the_sandbox_when_they_were_saved(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	mockd_ash_lose_sandbox(mock.mockd, s);
	assert_answer(
		ash_ask("GET", NULL, "/api/sessions/%s/files", s), 404, "No workspace available for this session");
	s = ash_session();
	ash_ask("POST", NULL, "/api/sessions/%s/stop", s);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files", s), 200, "\"source\":\"snapshot\"}");
}

static struct reply *run(const char *s, const char *command, const char *members)
{
	char body[1024];
	snprintf(body, sizeof body, "{\"command\":\"%s\"%s}", command, members);
	return ash_ask("POST", body, "/api/sessions/%s/exec", s);
}

static void commands_have_output_and_codes(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	assert_answer(run(s, "echo 'a  b' c; echo oops >&2; exit 3; echo d", ""), 200,
		"{\"exitCode\":3,\"stdout\":\"a  b c\\n\",\"stderr\":\"oops\\n\"}");
	assert_answer(run(s, "echo -n one > f.txt && cat f.txt CLAUDE.md", ""), 200,
		"{\"exitCode\":0,\"stdout\":\"one# Agent\\n\",\"stderr\":\"\"}");
	assert_answer(run(s, "false && echo no && echo never; ls", ""), 200, "\"stdout\":\"CLAUDE.md\\nf.txt\\n\"");
	assert_answer(run(s, "rm -rf /", ""), 200,
		"{\"exitCode\":127,\"stdout\":\"\",\"stderr\":\"sh: 1: rm: not found\\n\"}");
	assert_answer(run(s, "cat none", ""), 200, "{\"exitCode\":1,\"stdout\":\"\",\"stderr\":\"cat: none: No such");
	assert_answer(run(s, "true", ",\"timeout\":0"), 400, "{\"error\":\"Bad Request\",\"statusCode\":400}");
	ash_ask("POST", NULL, "/api/sessions/%s/pause", s);
	assert_answer(run(s, "true", ""), 400, "{\"error\":\"Session is paused\",\"statusCode\":400}");
	s = ash_session();
	mockd_ash_lose_sandbox(mock.mockd, s);
	assert_answer(run(s, "true", ""), 500, "{\"error\":\"Sandbox not found\",\"statusCode\":500}");
}

static void a_command_takes_its_time(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	char path[128];
	snprintf(path, sizeof path, "/api/sessions/%s/exec", s);
	struct reply *r = probe_send(mock.probe, "POST", path, "content-type: application/json",
		"{\"command\":\"echo begin; sleep 5; echo end\",\"timeout\":2000}");
	probe_settle(mock.probe);
	mock_pass(1999);
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(1);
	probe_until_end(mock.probe, r);
	assert_answer(r, 200, "{\"exitCode\":1,\"stdout\":\"begin\\n\",\"stderr\":\"\"}");
	r = probe_send(
		mock.probe, "POST", path, "content-type: application/json", "{\"command\":\"sleep 1.5; echo end\"}");
	probe_settle(mock.probe);
	mock_pass(1499);
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(1);
	probe_until_end(mock.probe, r);
	assert_answer(r, 200, "{\"exitCode\":0,\"stdout\":\"end\\n\",\"stderr\":\"\"}");
}

static void a_command_ends_an_open_stream(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:tools");
	mock_pass(300);
	run(s, "true", "");
	probe_until_end(mock.probe, r);
	static const char last[] = "event: done\ndata: {\"sessionId\":\"\"}\n\n";
	assert_string_equal(r->body + r->body_len - strlen(last), last);
	mock_pass(10000);
	assert_int_equal(
		count_of(ash_ask("GET", NULL, "/api/sessions/%s/events", s)->body, "\"type\":\"turn_complete\""), 0);
}

static void logs_go_with_the_sandbox(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	ash_finish(ash_send(s, "script:success"));
	struct reply *r = ash_ask("GET", NULL, "/api/sessions/%s/logs", s);
	assert_answer(r, 200, "{\"logs\":[{\"index\":0,\"level\":\"system\",\"text\":\"Sandbox started\",\"ts\":\"");
	assert_int_equal(count_of(r->body, "\"index\":"), 3);
	r = ash_ask("GET", NULL, "/api/sessions/%s/logs?after=1", s);
	assert_int_equal(count_of(r->body, "\"index\":"), 1);
	assert_non_null(strstr(r->body, "\"index\":2,\"level\":\"stdout\""));
	ash_ask("POST", NULL, "/api/sessions/%s/stop", s);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/logs", s), 200, "{\"logs\":[],\"source\":\"sandbox\"}");
	assert_answer(
		ash_ask("GET", NULL, "/api/sessions/%s/logs?after=-2", s), 400, "querystring/after must be >= -1");
}

/* The bundle of one session becomes the workspace of another. */
static void a_bundle_goes_from_session_to_session(void **state)
{
	(void)state;
	ash_open(NULL);
	char from[MOCKD_ID_SIZE];
	snprintf(from, sizeof from, "%s", ash_session());
	run(from, "echo kept > dir/file.txt", "");
	struct reply *r = ash_ask("GET", NULL, "/api/sessions/%s/workspace", from);
	assert_int_equal(r->status, 200);
	assert_true(reply_has(r, "content-type: application/gzip"));
	assert_memory_equal(r->body, "\x1f\x8b", 2);
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char body[4096] = "{\"bundle\":\"";
	size_t len = strlen(body);
	for (size_t i = 0; i < r->body_len; i += 3) {
		uint32_t bits = 0;
		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (i + j < r->body_len ? (unsigned char)r->body[i + j] : 0u);
		for (size_t j = 0; j < 4; j++)
			body[len++] = i + j <= r->body_len ? digits[bits >> (18 - 6 * j) & 63] : '=';
	}
	snprintf(body + len, sizeof body - len, "\"}");
	const char *to = ash_session();
	assert_answer(ash_ask("POST", body, "/api/sessions/%s/workspace", to), 200,
		"{\"message\":\"Workspace restored to live sandbox\"}");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files/dir/file.txt", to), 200, "kept\n");
	assert_answer(ash_ask("POST", "{\"bundle\":\"\"}", "/api/sessions/%s/workspace", to), 400, "Empty bundle");
	assert_answer(ash_ask("POST", "{\"bundle\":\"bm90IGd6aXA=\"}", "/api/sessions/%s/workspace", to), 500,
		"{\"statusCode\":500,\"error\":\"Internal Server Error\",\"message\":");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s/files/dir/file.txt", to), 200, "kept\n");
	ash_ask("POST", NULL, "/api/sessions/%s/stop", to);
	assert_answer(ash_ask("POST", body, "/api/sessions/%s/workspace", to), 200,
		"{\"message\":\"Workspace saved as snapshot\"}");
}

static void attachments_belong_to_their_session(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r =
		ash_ask("POST", "{\"filename\":\"a.png\",\"content\":\"iVBORw==\",\"mimeType\":\"image/png\"}",
			"/api/sessions/%s/attachments", s);
	assert_answer(r, 201, "\"filename\":\"a.png\",\"mimeType\":\"image/png\",\"size\":4,");
	assert_non_null(strstr(r->body, "\"messageId\":\"unlinked\""));
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", strstr(r->body, "\"id\":\"") + 6);
	assert_answer(ash_ask("POST", "{\"filename\":\"b\",\"content\":\"\"}", "/api/sessions/%s/attachments", s), 400,
		"{\"error\":\"Empty attachment content\",\"statusCode\":400}");
	assert_answer(ash_ask("POST", "{\"filename\":\"b\",\"content\":\"WA==\",\"mimeType\":\"a\\u000ab: c\"}",
			      "/api/sessions/%s/attachments", s),
		201, NULL);
	r = ash_ask("GET", NULL, "/api/sessions/%s/attachments", s);
	assert_int_equal(count_of(r->body, "\"filename\":"), 2);
	assert_true(strstr(r->body, "a.png") < strstr(r->body, "\"filename\":\"b\""));
	char other[MOCKD_ID_SIZE];
	snprintf(other, sizeof other, "%s", strrchr(r->body, '{') + 7);
	r = ash_ask("GET", NULL, "/api/attachments/%s", id);
	assert_int_equal(r->status, 200);
	assert_memory_equal(r->body, "\x89PNG", 4);
	assert_true(reply_has(r, "content-type: image/png"));
	assert_true(reply_has(r, "x-content-type-options: nosniff"));
	assert_true(reply_has(
		ash_ask("GET", NULL, "/api/attachments/%s", other), "content-type: application/octet-stream"));
	r = ash_ask("DELETE", NULL, "/api/attachments/%s", id);
	assert_int_equal(r->status, 204);
	assert_int_equal(r->body_len, 0);
	assert_answer(ash_ask("DELETE", NULL, "/api/attachments/%s", id), 404,
		"{\"error\":\"Attachment not found\",\"statusCode\":404}");
	ash_ask("DELETE", NULL, "/api/agents/agent");
	assert_int_equal(ash_ask("GET", NULL, "/api/attachments/%s", other)->status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(files_are_written_one_by_one, mock_close),
		cmocka_unit_test_teardown(files_outlive_the_sandbox_when_they_were_saved, mock_close),
		cmocka_unit_test_teardown(commands_have_output_and_codes, mock_close),
		cmocka_unit_test_teardown(a_command_takes_its_time, mock_close),
		cmocka_unit_test_teardown(a_command_ends_an_open_stream, mock_close),
		cmocka_unit_test_teardown(logs_go_with_the_sandbox, mock_close),
		cmocka_unit_test_teardown(a_bundle_goes_from_session_to_session, mock_close),
		cmocka_unit_test_teardown(attachments_belong_to_their_session, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
