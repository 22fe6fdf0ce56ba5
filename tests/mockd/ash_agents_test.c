/*
 * Ash's agents: deployment in all three ways, configuration, files; and what every request goes through before.
 */
#include "support/mock_ash.h"
#include "support/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct reply *deploy(const char *members)
{
	char body[4096];
	snprintf(body, sizeof body, "{%s}", members);
	return ash_ask("POST", body, "/api/agents");
}

static void keys_are_asked_for_before_anything_else(void **state)
{
	(void)state;
	ash_open(NULL);
	static const struct {
		const char *value; /* NULL: no field */
		const char *body;
	} cases[] = {
		{NULL, "{\"error\":\"Missing Authorization header\",\"statusCode\":401}"},
		{"bearer " MOCKD_TOKEN, "{\"error\":\"Invalid Authorization header format\",\"statusCode\":401}"},
		{"Bearer  " MOCKD_TOKEN, "{\"error\":\"Invalid Authorization header format\",\"statusCode\":401}"},
		{"Bearer wrong", "{\"error\":\"Invalid API key\",\"statusCode\":401}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reply *r = cases[i].value != NULL ? probe_send_as(mock.probe, cases[i].value, "GET", "/nowhere")
							 : probe_send_anonymous(mock.probe, "GET", "/nowhere");
		probe_until_end(mock.probe, r);
		assert_int_equal(r->status, 401);
		assert_string_equal(r->body, cases[i].body);
	}
	assert_answer(ash_ask("GET", NULL, "/nowhere?a=1"), 404,
		"{\"statusCode\":404,\"error\":\"Not Found\",\"message\":\"Route GET:/nowhere?a=1 not found\"}");
	assert_answer(ash_ask("PUT", "{}", "/api/agents"), 404, "Route PUT:/api/agents not found");
	assert_answer(ash_ask("GET", NULL, "/api/agents/"), 404, "Route GET:/api/agents/ not found");
	struct reply *r = probe_send_anonymous(mock.probe, "GET", "/health");
	probe_until_end(mock.probe, r);
	assert_answer(r, 200, "{\"status\":\"ok\",\"version\":\"0.2.0\",");
	r = probe_send_anonymous(mock.probe, "GET", "/health?x=1");
	probe_until_end(mock.probe, r);
	assert_int_equal(r->status, 401);
}

static void bodies_are_refused_in_the_framework_s_shapes(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	char path[128];
	snprintf(path, sizeof path, "/api/sessions/%s/config", s);
	static const struct {
		const char *type;
		const char *body;
		int status;
		const char *code;
	} cases[] = {
		{"content-type: application/json", "", 400, "\"code\":\"FST_ERR_CTP_EMPTY_JSON_BODY\""},
		{"content-type: text/csv", "a", 415, "\"code\":\"FST_ERR_CTP_INVALID_MEDIA_TYPE\""},
		{"content-type: application/json", "{\"model\":", 400, "\"error\":\"Bad Request\",\"message\":"},
		{"content-type: application/json", "[]", 400,
			"\"code\":\"FST_ERR_VALIDATION\",\"error\":\"Bad Request\",\"message\":\"body must be "
			"object\""},
		{"content-type: application/json", "{\"subagents\":[1,2]}", 400, "body/subagents must be object"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reply *r = probe_send(mock.probe, "PATCH", path, cases[i].type, cases[i].body);
		probe_until_end(mock.probe, r);
		assert_answer(r, cases[i].status, cases[i].code);
	}
	/* Scalars are coerced. */
	assert_answer(ash_ask("PATCH", "{\"model\":5,\"betas\":\"one\"}", "/api/sessions/%s/config", s), 200, NULL);
	/* On a route whose schema knows the status the detail is lost. */
	assert_answer(deploy("\"name\":\"\""), 400, "{\"error\":\"Bad Request\",\"statusCode\":400}");
	/* The limit is one mebibyte. */
	size_t len = 1048577;
	char *large = malloc(len);
	assert_non_null(large);
	memset(large, ' ', len);
	struct reply *r =
		probe_send_bytes(mock.probe, "POST", "/api/agents", "content-type: application/json", large, len);
	probe_until_end(mock.probe, r);
	free(large);
	assert_answer(
		r, 413, "{\"statusCode\":413,\"code\":\"FST_ERR_CTP_BODY_TOO_LARGE\",\"error\":\"Payload Too Large\"");
}

static void a_name_deployed_again_is_an_update(void **state)
{
	(void)state;
	ash_open(NULL);
	struct reply *r =
		deploy("\"name\":\"b\",\"systemPrompt\":\"hello\",\"env\":{\"K\":\"secret\"},\"model\":\"x\"");
	assert_answer(r, 201, "\"name\":\"b\",\"version\":1,");
	assert_non_null(strstr(r->body, "\"env\":{\"K\":\"***\"}"));
	assert_null(strstr(r->body, "model"));
	char *first = strdup(strstr(r->body, "\"createdAt\":"));
	first[strcspn(first, ",")] = '\0';
	mock_pass(5000);
	r = deploy("\"name\":\"b\",\"files\":[{\"path\":\"docs/a.txt\",\"content\":\"aGVsbG8=\"},{\"path\":\"../x\","
		   "\"content\":\"\"},{\"path\":\"/etc/x\",\"content\":\"\"}]");
	assert_answer(r, 201, "\"version\":2");
	/* The answer shows a creation of its own, the object keeps the old one. */
	assert_null(strstr(r->body, first));
	assert_answer(ash_ask("GET", NULL, "/api/agents/b"), 200, first);
	free(first);
	r = ash_ask("GET", NULL, "/api/agents/b/files");
	assert_int_equal(count_of(r->body, "\"path\":"), 2);
	assert_answer(ash_ask("GET", NULL, "/api/agents/b/files/docs/a.txt"), 200,
		"{\"path\":\"docs/a.txt\",\"content\":\"hello\",\"size\":5}");
	r = ash_ask("GET", NULL, "/api/agents/b/files/docs%%2fa.txt?format=raw");
	assert_answer(r, 200, "hello");
	assert_true(reply_has(r, "content-disposition: attachment; filename*=UTF-8''a.txt"));
	assert_answer(ash_ask("GET", NULL, "/api/agents/b/files/CLAUDE.md"), 200, "\"content\":\"hello\"");
	assert_answer(deploy("\"name\":\"a\""), 201, "\"version\":1");
	r = ash_ask("GET", NULL, "/api/agents");
	assert_true(strstr(r->body, "\"name\":\"a\"") < strstr(r->body, "\"name\":\"b\""));
}

static void a_server_path_must_hold_instructions(void **state)
{
	(void)state;
	char directory[] = "/tmp/mock_ash_XXXXXX";
	char path[64];
	assert_non_null(mkdtemp(directory));
	struct mockd_options options = ash_options();
	options.ash_data = "/tmp";
	ash_open(&options);
	char members[256];
	snprintf(members, sizeof members, "\"name\":\"p\",\"path\":\"%s\"", directory);
	assert_answer(
		deploy(members), 400, "{\"error\":\"Agent directory must contain CLAUDE.md\",\"statusCode\":400}");
	snprintf(path, sizeof path, "%s/CLAUDE.md", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("be brief", file);
	fclose(file);
	assert_answer(deploy(members), 201, directory);
	assert_answer(ash_ask("GET", NULL, "/api/agents/p/files/CLAUDE.md"), 200, "be brief");
	snprintf(members, sizeof members, "\"name\":\"q\",\"path\":\"%s\"", directory + strlen("/tmp/"));
	assert_answer(deploy(members), 201, directory);
	assert_answer(deploy("\"name\":\"n\",\"path\":\"/nonexistent\""), 400, "CLAUDE.md");
	assert_answer(ash_ask("GET", NULL, "/api/agents/n"), 404, "{\"error\":\"Agent not found\",\"statusCode\":404}");
	unlink(path);
	rmdir(directory);
}

static void files_are_written_and_deleted(void **state)
{
	(void)state;
	ash_open(NULL);
	deploy("\"name\":\"a\"");
	assert_answer(
		ash_ask("POST",
			"{\"files\":[{\"path\":\"x.bin\",\"content\":\"/wD+\"},{\"path\":\"../y\",\"content\":\"\"}]}",
			"/api/agents/a/files"),
		200, "{\"written\":1}");
	struct reply *r = ash_ask("GET", NULL, "/api/agents/a/files/x.bin?format=raw");
	assert_int_equal(r->body_len, 3);
	assert_memory_equal(r->body, "\xff\0\xfe", 3);
	assert_int_equal(ash_ask("GET", NULL, "/api/agents/a/files/x.bin")->status, 400);
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/files/x.bin?format=xml"), 400,
		"querystring/format must be equal to one of the allowed values");
	assert_answer(ash_ask("DELETE", NULL, "/api/agents/a/files/x.bin"), 200, "{\"deleted\":true}");
	assert_answer(ash_ask("DELETE", NULL, "/api/agents/a/files/x.bin"), 404,
		"{\"error\":\"File not found\",\"statusCode\":404}");
	assert_int_equal(ash_ask("GET", NULL, "/api/agents/none/files")->status, 404);
}

static void configuration_is_merged(void **state)
{
	(void)state;
	ash_open(NULL);
	deploy("\"name\":\"a\",\"env\":{\"A\":\"1\"}");
	assert_answer(ash_ask("PATCH", "{\"preWarmCount\":0,\"x\":{\"y\":1}}", "/api/agents/a/config"), 200,
		"{\"config\":{\"preWarmCount\":0,\"x\":{\"y\":1}}}");
	assert_answer(ash_ask("PATCH", "{\"env\":{\"B\":\"2\"},\"config\":{\"x\":3}}", "/api/agents/a"), 200,
		"\"env\":{\"B\":\"***\"}}");
	assert_answer(ash_ask("GET", NULL, "/api/agents/a/config"), 200, "{\"config\":{\"preWarmCount\":0,\"x\":3}}");
	assert_answer(ash_ask("PATCH", "{}", "/api/agents/a/config"), 200, "\"x\":3");
	assert_answer(ash_ask("PATCH", "{}", "/api/agents/none/config"), 404, "Agent not found");
}

static void names_that_are_too_long_do_not_route(void **state)
{
	(void)state;
	ash_open(NULL);
	char members[300];
	snprintf(members, sizeof members, "\"name\":\"%0*d\"", 101, 0);
	assert_answer(deploy(members), 201, NULL);
	assert_answer(ash_ask("GET", NULL, "/api/agents/%0*d", 101, 0), 404, "Route GET:");
	assert_answer(ash_ask("GET", NULL, "/api/agents/%0*d", 100, 0), 404, "Agent not found");
}

static void tenants_do_not_see_each_other(void **state)
{
	(void)state;
	static const char *const tokens[] = {MOCKD_TOKEN, "other-key"};
	struct mockd_options options = ash_options();
	options.tokens = tokens;
	options.token_count = 2;
	ash_open(&options);
	const char *s = ash_session();
	char path[128];
	snprintf(path, sizeof path, "/api/sessions/%s", s);
	struct reply *r = probe_send_as(mock.probe, "Bearer other-key", "GET", path);
	probe_until_end(mock.probe, r);
	assert_answer(r, 404, "Session not found");
	r = probe_send_as(mock.probe, "Bearer other-key", "GET", "/api/agents");
	probe_until_end(mock.probe, r);
	assert_answer(r, 200, "{\"agents\":[]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(keys_are_asked_for_before_anything_else, mock_close),
		cmocka_unit_test_teardown(bodies_are_refused_in_the_framework_s_shapes, mock_close),
		cmocka_unit_test_teardown(a_name_deployed_again_is_an_update, mock_close),
		cmocka_unit_test_teardown(a_server_path_must_hold_instructions, mock_close),
		cmocka_unit_test_teardown(files_are_written_and_deleted, mock_close),
		cmocka_unit_test_teardown(configuration_is_merged, mock_close),
		cmocka_unit_test_teardown(names_that_are_too_long_do_not_route, mock_close),
		cmocka_unit_test_teardown(tenants_do_not_see_each_other, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
