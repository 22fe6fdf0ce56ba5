/*
 * The endpoints of environments, and what they do to sessions.
 */
#include "support/mock_world.h"
#include "support/test.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"

static struct reply *create(const char *members)
{
	char body[2048];
	snprintf(body, sizeof body, "{%s}", members);
	return mock_ask("POST", "/environments", body);
}

static const char *id_of(const struct reply *r)
{
	static char id[MOCKD_ID_SIZE];
	json_t *json = mock_json(r);
	snprintf(id, sizeof id, "%s", json_string_value(json_object_get(json, "id")));
	json_decref(json);
	return id;
}

static struct reply *update(const char *id, const char *members)
{
	char body[2048];
	snprintf(body, sizeof body, "{%s}", members);
	return mock_ask_path("PUT", body, "/environments/%s", id);
}

static void assert_has(const struct reply *r, int status, const char *part)
{
	if (r->status != status || strstr(r->body, part) == NULL)
		fail_msg("no %d with %s: %d %s", status, part, r->status, r->body);
}

static void create_keeps_variables_to_itself(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r =
		create("\"name\": \"e\", \"env_vars\": {\"KEY\": \"hidden\"}, \"packages\": {\"pip\": [\"x\"]}, "
		       "\"setup_script\": \"\", \"networking\": {\"extra\": 1}");
	assert_has(r, 201,
		"\"type\": \"environment\", \"name\": \"e\", \"packages\": {\"pip\": [\"x\"]}, \"setup_script\": "
		"null, \"networking\": {\"type\": \"unrestricted\"}, \"version\": 1");
	assert_null(strstr(r->body, "hidden"));
	assert_has(create("\"name\": \"f\", \"networking\": {\"type\": \"limited\", \"allowed_hosts\": [], \"x\": 1}"),
		201, "\"networking\": {\"type\": \"limited\", \"allowed_hosts\": [], \"x\": 1}");
}

static void create_checks_in_order(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_has(mock_ask("POST", "/environments", "null"), 400, "");
	assert_has(create(""), 422, "[\"name\"]");
	assert_has(create("\"name\": \"e\", \"packages\": {\"brew\": []}"), 422, "[\"packages\", \"brew\"]");
	assert_has(create("\"name\": \"e\", \"packages\": {\"pip\": [7]}"), 422, "[\"packages\", \"pip\"]");
	assert_has(create("\"name\": \"e\", \"env_vars\": {\"a b\": \"\"}"), 422, "[\"env_vars\"]");
	assert_has(create("\"name\": \"e\", \"networking\": {\"type\": \"some\"}"), 422, "literal_error");
	assert_has(create("\"name\": \"e\", \"networking\": {\"type\": \"limited\", \"allowed_hosts\": 7}"), 422,
		"list_type");
	const char *id = id_of(create("\"name\": \"e\""));
	assert_detail(create("\"name\": \"e\""), 409, "already exists");
	mock_ask_path("POST", NULL, "/environments/%s/archive", id);
	assert_has(create("\"name\": \"e\""), 201, "");
}

static void updates_make_versions(void **state)
{
	(void)state;
	mock_open(NULL);
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", id_of(create("\"name\": \"e\", \"env_vars\": {\"A\": \"1\"}")));
	create("\"name\": \"taken\"");
	assert_has(update(id, "\"version\": 1, \"env_vars\": {\"A\": \"1\"}"), 200, "\"version\": 1");
	assert_has(update(id, "\"version\": 1, \"env_vars\": {}"), 200, "\"version\": 2");
	assert_has(
		update(id, "\"version\": 2, \"networking\": {\"type\": \"limited\"}"), 200, "\"type\": \"limited\"}");
	assert_has(update(id, "\"version\": 2"), 409, "Version mismatch: expected 3, got 2");
	assert_has(update(id, "\"version\": 2, \"name\": \"taken\""), 409, "Version mismatch");
	assert_has(update(id, "\"version\": 3, \"name\": \"taken\""), 409, "already exists");
	assert_has(update(id, "\"version\": 3, \"name\": \"e\""), 200, "\"version\": 3");
	assert_detail(update(NOBODY, "\"version\": 1"), 404, "");
	json_t *versions = mock_json(mock_ask_path("GET", NULL, "/environments/%s/versions", id));
	assert_int_equal(json_array_size(json_object_get(versions, "data")), 3);
	json_decref(versions);
	assert_has(mock_ask_path("POST", NULL, "/environments/%s/archive", id), 200, "\"archived_at\": \"20");
	assert_detail(mock_ask_path("POST", NULL, "/environments/%s/archive", id), 409, "already archived");
	assert_detail(update(id, "\"version\": 1, \"name\": \"taken\""), 409, "archived environment");
	assert_null(strstr(mock_ask("GET", "/environments", NULL)->body, id));
	assert_has(mock_ask_path("GET", NULL, "/environments/%s", id), 200, id);
}

static void one_in_use_cannot_be_deleted(void **state)
{
	(void)state;
	mock_open(NULL);
	char id[MOCKD_ID_SIZE], body[512];
	snprintf(id, sizeof id, "%s", id_of(create("\"name\": \"e\", \"networking\": {\"type\": \"limited\"}")));
	snprintf(body, sizeof body,
		"{\"name\": \"n\", \"provider\": \"anthropic\", \"model\": \"m\", \"environment_id\": \"%s\", "
		"\"skills\": "
		"[{\"name\": \"a\", \"description\": \"d\", \"content\": \"c\"}]}",
		id);
	const char *agent = id_of(mock_ask("POST", "/agents", body));
	snprintf(body, sizeof body,
		"{\"agent_id\": \"%s\", \"prompt\": \"script:success rows=1\", \"resources\": [{\"type\": "
		"\"github_repository\", \"url\": \"https://github.com/o/r\", \"authorization_token\": \"t\"}]}",
		agent);
	struct reply *r = mock_ask("POST", "/sessions", body);
	assert_has(r, 202, id);
	char session[MOCKD_ID_SIZE];
	snprintf(session, sizeof session, "%s", id_of(r));
	assert_detail(mock_ask_path("DELETE", NULL, "/environments/%s/delete", id), 409, "existing sessions");
	/* All nine stages: limited networking, a repository's token, skills. */
	struct reply *stream = mock_stream(session, 0);
	mock_pass(10000);
	assert_has(stream, 200, "\"network_policy\", \"state\": \"done\"");
	assert_has(stream, 200, "\"git_credentials\", \"state\": \"done\"");
	assert_has(stream, 200, "\"skills\", \"state\": \"done\"");
	assert_int_equal(mock_ask_path("DELETE", NULL, "/sessions/%s/delete", session)->status, 200);
	assert_detail(mock_ask_path("DELETE", NULL, "/environments/%s/delete", id), 200, "");
	assert_detail(mock_ask_path("DELETE", NULL, "/environments/%s/delete", id), 404, "");
	assert_has(mock_ask("GET", "/agents", NULL), 200, "\"environment_id\": null");
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create_keeps_variables_to_itself),
		TEST(create_checks_in_order),
		TEST(updates_make_versions),
		TEST(one_in_use_cannot_be_deleted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
