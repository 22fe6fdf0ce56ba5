/*
 * Every operation of the public list has a function and every function an operation: each is called once, the server
 * looks at what arrives, answers as the real one does, and the callback tells what it was given.
 */
#include "support/ash_world.h"
#include "support/test.h"

#include "ash/rows.h"

#include "service/ash/endpoint.h"

#define ROWS (sizeof rows / sizeof rows[0])

static const char turn_stream[] = "event: done\ndata: {\"sessionId\":\"" UUID "\"}\n\n";

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	const struct row *row = c->server->user;
	char request[512];
	snprintf(request, sizeof request, "%s %s", q->method, q->target);
	assert_string_equal(request, row->request);
	assert_int_equal(q->body_len, strlen(row->body));
	assert_memory_equal(q->body, row->body, q->body_len);
	assert_non_null(strstr(q->head, "uthorization: Bearer " ASH_WORLD_KEY "\r\n"));
	/* The server refuses a JSON type with an empty body. */
	assert_int_equal(strstr(q->head, "application/json") != NULL, q->body_len > 0);
	if (row->answer == NULL) {
		ash_world_stream(c);
		ash_world_chunk(c, turn_stream);
		ash_world_end(c);
	} else {
		h1server_reply(c, row->status, "content-type: application/json\r\n", row->answer);
	}
}

static void try_row(const struct row *row)
{
	note[0] = '\0';
	called = false;
	ash_world.server.user = (void *)(uintptr_t)row;
	assert_int_equal(row->call(), FRESHET_OK);
	assert_false(called);
	ash_world_run_until(&called);
	assert_int_equal(failed, FRESHET_OK);
	assert_string_equal(note, row->note);
}

static void every_function_is_a_request_and_its_answer(void **state)
{
	(void)state;
	ash_world_open(answer, NULL);
	for (size_t i = 0; i < ROWS; i++)
		try_row(&rows[i]);
	assert_int_equal(ash_world.server.requests, ROWS);
	/* One after the other: one connection does for all. */
	assert_int_equal(ash_world.server.accepted, 1);
}

/* ---- the table against the list of the platform ---- */

/* Placeholders lose their names. */
static void normalize(const char *method, const char *path, char out[256])
{
	size_t len = (size_t)snprintf(out, 256, "%s ", method);
	for (; *path != '\0' && len + 2 < 256; path++) {
		out[len++] = *path;
		if (*path == '{' && strncmp(path, "{*}", 3) != 0)
			path = strchr(path, '}') - 1;
	}
	out[len] = '\0';
}

/* The lines of a file that hold something, at most `room` of them; the caller frees them. */
static size_t read_lines(const char *path, char **lines, size_t room)
{
	FILE *file = fopen(path, "r");
	char line[256];
	size_t count = 0;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		assert_true(count < room);
		lines[count++] = strdup(line);
	}
	fclose(file);
	return count;
}

static size_t times(const char *text, char **lines, size_t count)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		found += strcmp(lines[i], text) == 0;
	return found;
}

static void the_table_is_the_list_of_the_platform(void **state)
{
	char *wanted[128];
	char *have[ASH_OPERATIONS];
	(void)state;
	size_t count = read_lines(FRESHET_TEST_DATA "/ash_operations.txt", wanted, 128);
	for (size_t i = 0; i < ASH_OPERATIONS; i++) {
		char text[256];
		normalize(ash_endpoints[i].method, ash_endpoints[i].path, text);
		have[i] = strdup(text);
		assert_int_equal(times(text, wanted, count), 1);
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(times(wanted[i], have, ASH_OPERATIONS), 1);
	for (size_t i = 0; i < ASH_OPERATIONS; i++)
		free(have[i]);
	for (size_t i = 0; i < count; i++)
		free(wanted[i]);
}

static void every_function_of_the_table_is_exported_and_called_here(void **state)
{
	char *exported[1024];
	(void)state;
	size_t count = read_lines(FRESHET_SOURCE_DIR "/lib/exports.txt", exported, 1024);
	assert_int_equal(ROWS, ASH_OPERATIONS);
	for (size_t i = 0; i < ASH_OPERATIONS; i++) {
		size_t calls = 0;
		assert_int_equal(times(ash_endpoints[i].function, exported, count), 1);
		for (size_t k = 0; k < ROWS; k++)
			calls += strcmp(rows[k].operation, ash_endpoints[i].function + strlen("freshet_ash_")) == 0;
		assert_int_equal(calls, 1);
	}
	for (size_t i = 0; i < count; i++)
		free(exported[i]);
}

/* ---- what is refused before anything is sent ---- */

static void arguments_are_checked(void **state)
{
	freshet_ash_call *call = (freshet_ash_call *)&note;
	(void)state;
	ash_world_open(answer, NULL);
	freshet_ash *ash = ash_world.ash;
	static const char *const no_ids[] = {"", "x", "11111111-2222-4333-8444-55555555555",
		"../../../../health?aaaaaaaaaaaaaaaaa", "11111111-2222-4333-8444-5555555555555"};
	for (size_t i = 0; i < sizeof no_ids / sizeof no_ids[0]; i++) {
		freshet_str id = freshet_str_of(no_ids[i]);
		assert_int_equal(freshet_ash_session_get(ash, id, on_session, NULL, &call), FRESHET_EINVAL);
		assert_null(call);
	}
	static const char *const no_names[] = {"", "a b", "a/b", "..", "a%2f"};
	for (size_t i = 0; i < sizeof no_names / sizeof no_names[0]; i++)
		assert_int_equal(
			freshet_ash_agent_get(ash, freshet_str_of(no_names[i]), on_agent, NULL, NULL), FRESHET_EINVAL);
	static const char *const no_paths[] = {"", "/etc/passwd", "a//b", "a/../b", "./a", "a/"};
	for (size_t i = 0; i < sizeof no_paths / sizeof no_paths[0]; i++)
		assert_int_equal(
			freshet_ash_session_file_get(ash, ID, freshet_str_of(no_paths[i]), on_bytes, NULL, NULL),
			FRESHET_EINVAL);
	assert_int_equal(freshet_ash_session_get(ash, ID, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_ash_session_create(ash, NULL, on_session, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_ash_agent_config_update(ash, AGENT, Z("[1]"), on_json, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_ash_agent_config_update(ash, AGENT, Z("{\"a\":}"), on_json, NULL, NULL), FRESHET_EJSON_SYNTAX);
	assert_int_equal(
		freshet_ash_eval_run_compare(ash, AGENT, ID, Z("x"), on_eval_comparison, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_ash_credential_delete(ash, Z(".."), on_done, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(ash_world.server.requests, 0);
}

/* ---- answers that are not what they should be ---- */

static void answer_badly(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "content-type: application/json\r\n", c->server->user);
}

static void an_answer_that_cannot_be_read_is_told(void **state)
{
	static const struct {
		const char *body;
		freshet_err err;
	} cases[] = {
		{"", FRESHET_EJSON_TRUNCATED},
		{"<html>", FRESHET_EJSON_SYNTAX},
		{"{}", FRESHET_EJSON_MISSING},
		{"{\"sessions\":null}", FRESHET_EJSON_MISSING},
		{"{\"sessions\":3}", FRESHET_EJSON_TYPE},
		{"{\"sessions\":[3]}", FRESHET_EJSON_TYPE},
		{"{\"sessions\":[{}]}", FRESHET_EJSON_MISSING},
		{"{\"sessions\":[{\"id\":3,\"status\":\"active\"}]}", FRESHET_EJSON_TYPE},
		{"{\"sessions\":[{\"id\":\"a\",\"status\":\"active\",\"agentName\":{}}]}", FRESHET_EJSON_TYPE},
		{"{\"sessions\":[{\"id\":\"a\",\"status\":\"active\"", FRESHET_EJSON_TRUNCATED},
	};
	(void)state;
	ash_world_open(answer_badly, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		called = false;
		ash_world.server.user = (void *)(uintptr_t)cases[i].body;
		assert_int_equal(freshet_ash_session_list(ash_world.ash, Z("a"), on_session, NULL, NULL), FRESHET_OK);
		ash_world_run_until(&called);
		assert_int_equal(failed, cases[i].err);
	}
}

static void the_environment_tells_server_and_key(void **state)
{
	freshet_ash *ash;
	freshet_ash_options o;
	(void)state;
	ash_world_open(answer, NULL);
	freshet_ash_options_init(&o);
	unsetenv("ASH_API_KEY");
	unsetenv("ASH_SERVER_URL");
	assert_int_equal(freshet_ash_new(ash_world.reactor, &o, &ash), FRESHET_EAUTH);
	assert_null(ash);
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", ash_world.server.port);
	setenv("ASH_API_KEY", ASH_WORLD_KEY, 1);
	setenv("ASH_SERVER_URL", url, 1);
	assert_int_equal(freshet_ash_new(ash_world.reactor, NULL, &ash), FRESHET_OK);
	freshet_ash *first = ash_world.ash;
	ash_world.ash = ash;
	try_row(&rows[1]);
	ash_world.ash = first;
	freshet_ash_close(ash);
	unsetenv("ASH_API_KEY");
	unsetenv("ASH_SERVER_URL");
}

/* Where it goes and what is open; never the key. */
static void a_line_describes_the_client(void **state)
{
	char line[200], wanted[200];
	(void)state;
	ash_world_open(answer, NULL);
	snprintf(wanted, sizeof wanted, "ash: http://127.0.0.1:%u, requests 0, streams 0", ash_world.server.port);
	assert_int_equal(freshet_ash_describe(ash_world.ash, line, sizeof line), strlen(wanted));
	assert_string_equal(line, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_function_is_a_request_and_its_answer, ash_world_close),
		cmocka_unit_test(the_table_is_the_list_of_the_platform),
		cmocka_unit_test(every_function_of_the_table_is_exported_and_called_here),
		cmocka_unit_test_teardown(arguments_are_checked, ash_world_close),
		cmocka_unit_test_teardown(an_answer_that_cannot_be_read_is_told, ash_world_close),
		cmocka_unit_test_teardown(the_environment_tells_server_and_key, ash_world_close),
		cmocka_unit_test_teardown(a_line_describes_the_client, ash_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
