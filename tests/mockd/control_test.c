/*
 * The control API: the C interface over HTTP.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include <inttypes.h>

static void open_controlled(void)
{
	struct mockd_options options = mock_options();
	options.control = true;
	mock_open(&options);
}

static json_t *ask(const char *method, const char *path, const char *body, int status)
{
	struct reply *r = mock_ask(method, path, body);
	if (r->status != status)
		fail_msg("%s %s: %d %s", method, path, r->status, r->body);
	return mock_json(r);
}

static void ask_only(const char *method, const char *path, const char *body, int status)
{
	json_decref(ask(method, path, body, status));
}

static void sessions_are_made_and_steered(void **state)
{
	(void)state;
	open_controlled();
	char id[MOCKD_ID_SIZE], path[256];
	json_t *made = ask("POST", "/mockd/sessions", "script:manual stages=0 marker", 201);
	snprintf(id, sizeof id, "%s", json_string_value(json_object_get(made, "id")));
	json_decref(made);
	ask_only("POST", "/mockd/advance?ms=1000", NULL, 200);
	probe_settle(mock.probe);
	snprintf(path, sizeof path, "/mockd/rows?session=%s&stream=stderr", id);
	json_t *row = ask("POST", path, "line\n", 201);
	assert_int_equal(json_integer_value(json_object_get(row, "id")), 9002);
	json_decref(row);
	ask_only("POST", path, "\xff", 400);
	snprintf(path, sizeof path, "/mockd/end?session=%s&status=failed&code=-9", id);
	ask_only("POST", path, NULL, 200);
	ask_only("POST", path, NULL, 400);
	struct reply *r = mock_stream(id, 0);
	mock_pass(500);
	assert_non_null(strstr(r->body, "\"stream\": \"stderr\", \"data\": \"line\\n\""));
	assert_non_null(strstr(r->body, "\"code\": -9}"));
	snprintf(path, sizeof path, "/mockd/sandbox?session=%s", id);
	ask_only("POST", path, NULL, 200);
	snprintf(path, sizeof path, "/mockd/sessions?session=%s", id);
	ask_only("DELETE", path, NULL, 200);
	probe_settle(mock.probe);
	assert_int_equal(mock_ask_path("GET", NULL, "/sessions/%s", id)->status, 404);
	ask_only("POST", "/mockd/sessions", "script:none", 400);
}

static void the_ledger_is_there(void **state)
{
	(void)state;
	open_controlled();
	const char *id = mock_session("script:success rows=2 row_ms=0 stages=0 marker");
	mock_session("script:lost \xc3\xbc");
	mock_pass(5000);
	json_t *ledger = ask("GET", "/mockd/ledger", NULL, 200);
	json_t *sessions = json_object_get(ledger, "sessions");
	assert_int_equal(json_array_size(sessions), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(sessions, 1), "prompt")), "script:lost \xc3\xbc");
	json_decref(ledger);
	char path[128];
	snprintf(path, sizeof path, "/mockd/ledger?session=%s", id);
	ledger = ask("GET", path, NULL, 200);
	json_t *rows = json_object_get(ledger, "data");
	assert_int_equal(json_array_size(rows), json_integer_value(json_object_get(ledger, "rows")));
	/* Hashes are text: JSON readers lose digits of large numbers. */
	uint64_t hash = MOCKD_HASH_START;
	size_t i;
	json_t *row;
	json_array_foreach(rows, i, row)
	{
		json_t *data = json_object_get(row, "data");
		hash = mockd_hash_row(hash, (uint64_t)json_integer_value(json_object_get(row, "id")),
			json_string_value(data), json_string_length(data));
	}
	assert_true(strtoull(json_string_value(json_object_get(ledger, "hash")), NULL, 10) == hash);
	json_decref(ledger);
	ask_only("GET", "/mockd/ledger?session=none", NULL, 404);
}

static void faults_are_set_and_spare_the_control(void **state)
{
	(void)state;
	open_controlled();
	struct probe *controller = mock.probe;
	struct probe *user = probe_open(mock.base, mockd_port(mock.mockd), NULL);
	json_t *added = ask("POST", "/mockd/faults?action=status&status=502&content_type=text%2Fhtml&times=0",
		"<html>\"&\"</html>", 201);
	json_int_t number = json_integer_value(json_object_get(added, "number"));
	json_decref(added);
	ask_only("POST", "/mockd/faults?action=none", NULL, 400);
	mock.probe = user;
	struct reply *r = mock_ask("GET", "/health", NULL);
	assert_int_equal(r->status, 502);
	assert_string_equal(r->body, "<html>\"&\"</html>");
	assert_true(reply_has(r, "content-type: text/html"));
	mock.probe = controller;
	json_t *list = ask("GET", "/mockd/faults", NULL, 200);
	json_t *fault = json_array_get(json_object_get(list, "faults"), 0);
	assert_int_equal(json_integer_value(json_object_get(fault, "number")), number);
	assert_int_equal(json_integer_value(json_object_get(fault, "struck")), 1);
	assert_string_equal(json_string_value(json_object_get(fault, "action")), "status");
	json_decref(list);
	ask_only("DELETE", "/mockd/faults?number=1", NULL, 200);
	ask_only("POST", "/mockd/cuts?per_minute=600&connections=100", NULL, 200);
	ask_only("POST", "/mockd/cuts?per_minute=x", NULL, 400);
	ask_only("POST", "/mockd/advance?ms=60000", NULL, 200);
	probe_settle(controller);
	json_t *stats = ask("GET", "/mockd/stats", NULL, 200);
	assert_int_equal(json_integer_value(json_object_get(stats, "accepted")), 2);
	assert_int_equal(json_integer_value(json_object_get(stats, "now_ms")), 60000);
	assert_true(json_integer_value(json_object_get(stats, "cuts")) > 0);
	json_decref(stats);
	assert_int_equal(probe_state(controller), PROBE_UP);
	probe_until_down(user);
	probe_close(user);
}

static void settings_change(void **state)
{
	(void)state;
	open_controlled();
	ask_only("POST", "/mockd/set?quota=0&backend=0", NULL, 200);
	ask_only("POST", "/mockd/set?poll_ms=0", NULL, 400);
	ask_only("POST", "/mockd/set?none=1", NULL, 400);
	ask_only("POST", "/mockd/set?quota=x", NULL, 400);
	ask_only("POST", "/mockd/set", NULL, 400);
	char body[128];
	snprintf(body, sizeof body, "{\"agent_id\": \"%s\", \"prompt\": \"\"}", mock.agent);
	assert_int_equal(mock_ask("POST", "/sessions", body)->status, 503);
	ask_only("POST", "/mockd/set?backend=1", NULL, 200);
	assert_int_equal(mock_ask("POST", "/sessions", body)->status, 429);
	ask_only("POST", "/mockd/set?quota=1", NULL, 200);
	assert_int_equal(mock_ask("POST", "/sessions", body)->status, 202);
	ask_only("GET", "/mockd/none", NULL, 404);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_are_made_and_steered),
		TEST(the_ledger_is_there),
		TEST(faults_are_set_and_spare_the_control),
		TEST(settings_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
