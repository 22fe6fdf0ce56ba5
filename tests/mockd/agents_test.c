/*
 * The endpoints of agents: statuses in their order, versions, what an update changes and what it leaves.
 */
#include "support/mock_world.h"
#include "support/test.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"
#define PLAIN  "\"name\": \"n\", \"provider\": \"anthropic\", \"model\": \"m\""

static struct reply *create(const char *members)
{
	char body[2048];
	snprintf(body, sizeof body, "{%s}", members);
	return mock_ask("POST", "/agents", body);
}

/* The id of the agent that the answer holds. */
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
	return mock_ask_path("PUT", body, "/agents/%s", id);
}

static void assert_has(const struct reply *r, int status, const char *part)
{
	if (r->status != status || strstr(r->body, part) == NULL)
		fail_msg("no %d with %s: %d %s", status, part, r->status, r->body);
}

static void create_fills_in_what_is_left_out(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = create(PLAIN);
	assert_int_equal(r->status, 201);
	char expected[512];
	snprintf(expected, sizeof expected,
		"{\"id\": \"%s\", \"type\": \"agent\", \"name\": \"n\", \"description\": null, \"system\": null, "
		"\"provider\": "
		"\"anthropic\", \"model\": \"m\", \"environment_id\": null, \"skills\": [], \"mcp_servers\": [], "
		"\"metadata\": "
		"{}, \"version\": 1, \"created_at\": \"",
		id_of(r));
	assert_memory_equal(r->body, expected, strlen(expected));
	assert_has(r, 201, "\"archived_at\": null}");
	assert_has(create(PLAIN ", \"system\": \"\", \"description\": \"d\", \"metadata\": {\"a\": [1, null]}"), 201,
		"\"description\": \"d\", \"system\": null");
}

static void create_checks_in_order(void **state)
{
	(void)state;
	mock_open(NULL);
	char long_name[202];
	assert_has(mock_ask("POST", "/agents", "7"), 400, "detail");
	assert_has(create(""), 422, "[\"name\"]");
	assert_has(create("\"name\": \"n\", \"provider\": \"other\", \"model\": \" \", \"environment_id\": \"" NOBODY
			  "\""),
		422, "must not be blank");
	memset(long_name, 'x', 201);
	long_name[201] = '\0';
	char members[512];
	snprintf(members, sizeof members, "\"name\": \"%s\", \"provider\": \"anthropic\", \"model\": \"m\"", long_name);
	assert_has(create(members), 422, "string_too_long");
	/* The environment before the provider's text. */
	assert_has(create("\"name\": \"n\", \"provider\": \"x\", \"model\": \"m\", \"environment_id\": \"" NOBODY "\""),
		404, "Environment");
	assert_detail(create("\"name\": \"n\", \"provider\": \"x\", \"model\": \"m\""), 422, "x");
	assert_detail(
		create("\"name\": \"n\", \"provider\": \"openai\", \"model\": \"anthropic/m\""), 422, "anthropic/m");
	assert_detail(create("\"name\": \"n\", \"provider\": \"openai\", \"model\": \"kimi/m\""), 422, "kimi/m");
	assert_has(create("\"name\": \"n\", \"provider\": \"openai\", \"model\": \"openai/m/x\""), 201,
		"\"model\": \"m/x\"");
	assert_has(create("\"name\": \"n\", \"provider\": \"openai\", \"model\": \"meta/m\""), 201,
		"\"model\": \"meta/m\"");
}

static void skills_and_servers_are_checked(void **state)
{
	(void)state;
	mock_open(NULL);
	static const char *const good[] = {
		"\"skills\": [{\"name\": \"a-1\", \"description\": \"d\", \"content\": \"c\"}]",
		"\"skills\": [{\"type\": \"github\", \"description\": \"d\", \"source\": \"o/r\"}]",
		"\"skills\": [{\"type\": \"github\", \"description\": \"d\", \"source\": \"o/r\", \"name\": \"x\"}, "
		"{\"type\": "
		"\"github\", \"description\": \"d\", \"source\": \"o/r\", \"name\": \"y\"}]",
		"\"mcp_servers\": [{\"name\": \"m\", \"url\": \"https://x\", \"extra\": 7}]",
		"\"mcp_servers\": [{\"name\": \"m\", \"type\": \"stdio\", \"command\": \"x\"}]", NULL};
	static const char *const bad[] = {"\"skills\": {}", "\"skills\": [7]",
		"\"skills\": [{\"name\": \"A\", \"description\": \"d\", \"content\": \"c\"}]",
		"\"skills\": [{\"name\": \"a\", \"description\": \"d\"}]",
		"\"skills\": [{\"name\": \"a\", \"description\": \"d\", \"content\": \"c\", \"more\": \"x\"}]",
		"\"skills\": [{\"name\": \"a\", \"description\": \"d\", \"content\": \"x SKILL_EOF\"}]",
		"\"skills\": [{\"type\": \"github\", \"description\": \"d\", \"source\": \"o\"}]",
		"\"skills\": [{\"type\": \"ftp\", \"description\": \"d\", \"source\": \"o/r\"}]",
		"\"skills\": [{\"name\": \"a\", \"description\": \"d\", \"content\": \"c\"}, {\"name\": \"a\", "
		"\"description\": "
		"\"d\", \"content\": \"c\"}]",
		"\"mcp_servers\": [{\"url\": \"https://x\"}]", "\"mcp_servers\": [{\"name\": \"m\"}]",
		"\"mcp_servers\": [{\"name\": \"m\", \"type\": \"stdio\", \"url\": \"x\"}]",
		"\"mcp_servers\": [{\"name\": \"m\", \"type\": \"tcp\", \"url\": \"x\"}]", "\"metadata\": []", NULL};
	char members[1024];
	for (const char *const *m = good; *m != NULL; m++) {
		snprintf(members, sizeof members, PLAIN ", %s", *m);
		assert_has(create(members), 201, "\"version\": 1");
	}
	for (const char *const *m = bad; *m != NULL; m++) {
		snprintf(members, sizeof members, PLAIN ", %s", *m);
		assert_has(create(members), 422, "\"url\": \"https://errors.pydantic.dev/");
	}
}

static void updates_make_versions(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = id_of(create(PLAIN ", \"metadata\": {\"keep\": 1, \"drop\": 2}, \"system\": \"s\""));
	/* Nothing changed: no version. */
	assert_has(update(id, "\"version\": 1, \"name\": null"), 200, "\"version\": 1");
	struct reply *r = update(id, "\"version\": 1, \"metadata\": {\"drop\": \"\", \"new\": null}, \"system\": \"\"");
	assert_has(r, 200, "\"metadata\": {\"keep\": 1, \"new\": null}, \"version\": 2");
	assert_has(r, 200, "\"system\": null");
	assert_has(update(id, "\"version\": 1, \"name\": \"x\""), 409, "Version mismatch: expected 2, got 1");
	assert_has(update(id, "\"version\": \"2\", \"model\": \"anthropic/b\""), 200, "\"model\": \"b\"");
	assert_has(update(id, "\"name\": \"x\""), 422, "[\"version\"]");
	assert_detail(update(id, "\"version\": 3, \"provider\": \"none\""), 422, "none");
	json_t *versions = mock_json(mock_ask_path("GET", NULL, "/agents/%s/versions", id));
	json_t *data = json_object_get(versions, "data");
	assert_int_equal(json_array_size(data), 3);
	for (size_t i = 0; i < 3; i++) {
		json_t *v = json_array_get(data, i);
		assert_int_equal(json_integer_value(json_object_get(v, "version")), 3 - (int)i);
		assert_string_equal(json_string_value(json_object_get(v, "id")), id);
		assert_null(json_object_get(v, "updated_at"));
		assert_null(json_object_get(v, "archived_at"));
	}
	json_decref(versions);
}

static void null_detaches_the_environment_and_absence_does_not(void **state)
{
	(void)state;
	mock_open(NULL);
	char members[256];
	struct reply *r = mock_ask("POST", "/environments", "{\"name\": \"e\"}");
	snprintf(members, sizeof members, PLAIN ", \"environment_id\": \"%s\"", id_of(r));
	char e[MOCKD_ID_SIZE];
	snprintf(e, sizeof e, "%s", id_of(r));
	const char *id = id_of(create(members));
	assert_has(update(id, "\"version\": 1, \"name\": \"other\""), 200, e);
	assert_has(update(id, "\"version\": 2, \"environment_id\": null"), 200, "\"environment_id\": null");
	assert_has(update(id, "\"version\": 9, \"environment_id\": \"" NOBODY "\""), 404, "Environment");
	mock_ask_path("POST", NULL, "/environments/%s/archive", e);
	snprintf(members, sizeof members, "\"version\": 3, \"environment_id\": \"%s\"", e);
	assert_has(update(id, members), 409, "archived environment");
}

static void archived_agents_leave_the_list_only(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = id_of(create(PLAIN));
	assert_has(mock_ask("GET", "/agents", NULL), 200, id);
	assert_has(mock_ask_path("POST", NULL, "/agents/%s/archive", id), 200, "\"archived_at\": \"20");
	assert_detail(mock_ask_path("POST", NULL, "/agents/%s/archive", id), 409, "already archived");
	assert_null(strstr(mock_ask("GET", "/agents", NULL)->body, id));
	assert_has(mock_ask_path("GET", NULL, "/agents/%s", id), 200, "\"archived_at\": \"20");
	assert_detail(update(id, "\"version\": 7"), 409, "archived agent");
	assert_detail(mock_ask("GET", "/agents/" NOBODY, NULL), 404, "");
	assert_detail(update(NOBODY, "\"version\": 1"), 404, "");
	assert_detail(mock_ask("POST", "/agents/" NOBODY "/archive", NULL), 404, "");
	assert_detail(mock_ask("GET", "/agents/" NOBODY "/versions", NULL), 404, "");
	assert_detail(mock_ask("DELETE", "/agents/" NOBODY, NULL), 405, "");
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create_fills_in_what_is_left_out),
		TEST(create_checks_in_order),
		TEST(skills_and_servers_are_checked),
		TEST(updates_make_versions),
		TEST(null_detaches_the_environment_and_absence_does_not),
		TEST(archived_agents_leave_the_list_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
