#include "guest/route.h"

#include "support/failmem.h"
#include "support/test.h"

#define ROUTES(X)                                                                                                      \
	X(run_start, "POST", "/agents/{agent_id}/execute", "agent_id")                                                 \
	X(run_status, "GET", "/agents/{agent_id}/tasks/{task_id}", "agent_id task_id")                                 \
	X(tools, "GET", "/tools", NULL)

enum { ROUTES(GUEST_ROUTE_ENUM) ROUTE_COUNT };

static const struct guest_route table[] = {ROUTES(GUEST_ROUTE_ROW)};

static freshet_err with(
	struct guest_routes *routes, const char *prefix, const char *key, const char *method, const char *path)
{
	const freshet_route replaced = {key, method, path};
	return guest_routes_init(routes, table, ROUTE_COUNT, prefix, &replaced, 1);
}

static void assert_path(
	const struct guest_routes *routes, size_t route, const char *agent, const char *task, const char *expected)
{
	const struct guest_value values[] = {{"agent_id", freshet_str_of(agent)}, {"task_id", freshet_str_of(task)}};
	struct guest_text path = {0};
	guest_route_path(routes, route, values, 2, &path);
	assert_int_equal(path.err, FRESHET_OK);
	assert_string_equal(path.ptr, expected);
	guest_text_clear(&path);
}

static void defaults_stand_behind_the_prefix(void **state)
{
	(void)state;
	struct guest_routes routes;
	assert_int_equal(guest_routes_init(&routes, table, ROUTE_COUNT, "/api/v1/", NULL, 0), FRESHET_OK);
	assert_path(&routes, ROUTE_run_start, "a", NULL, "/api/v1/agents/a/execute");
	assert_path(&routes, ROUTE_run_status, "a/b c", "\xc3\xa9", "/api/v1/agents/a%2Fb%20c/tasks/%C3%A9");
	assert_path(&routes, ROUTE_tools, NULL, NULL, "/api/v1/tools");
	assert_string_equal(guest_route_key(&routes, ROUTE_run_status), "run_status");
	assert_string_equal(guest_route_method(&routes, ROUTE_run_start), "POST");
	guest_routes_clear(&routes);
	guest_routes_clear(&routes);
	assert_string_equal(guest_route_key(&routes, ROUTE_run_status), "run_status");
	assert_int_equal(guest_routes_init(&routes, table, ROUTE_COUNT, NULL, NULL, 0), FRESHET_OK);
	assert_path(&routes, ROUTE_tools, NULL, NULL, "/tools");
	guest_routes_clear(&routes);
}

static void an_entry_can_be_replaced(void **state)
{
	(void)state;
	struct guest_routes routes;
	char path[] = "/x/{task_id}/{task_id}?of={agent_id}", method[] = "PUT";
	assert_int_equal(with(&routes, "", "run_status", method, path), FRESHET_OK);
	memset(path, '!', sizeof path - 1);
	memset(method, '!', sizeof method - 1);
	assert_path(&routes, ROUTE_run_status, "a", "7", "/x/7/7?of=a");
	assert_string_equal(guest_route_method(&routes, ROUTE_run_status), "PUT");
	assert_path(&routes, ROUTE_run_start, "a", NULL, "/agents/a/execute");
	guest_routes_clear(&routes);
	/* One that drops its placeholder, one that only changes the method, and the last of two for one key. */
	const freshet_route some[] = {
		{"run_start", NULL, "/start"}, {"tools", "HEAD", NULL}, {"run_start", "PUT", "/go"}};
	assert_int_equal(guest_routes_init(&routes, table, ROUTE_COUNT, NULL, some, 3), FRESHET_OK);
	assert_path(&routes, ROUTE_run_start, NULL, NULL, "/go");
	assert_string_equal(guest_route_method(&routes, ROUTE_run_start), "PUT");
	assert_path(&routes, ROUTE_tools, NULL, NULL, "/tools");
	assert_string_equal(guest_route_method(&routes, ROUTE_tools), "HEAD");
	/* What is dropped from a path is still known for what it is. */
	assert_true(guest_route_knows(&routes, ROUTE_run_start, "agent_id"));
	assert_true(guest_route_knows(&routes, ROUTE_run_status, "task_id"));
	assert_false(guest_route_knows(&routes, ROUTE_run_start, "task_id"));
	assert_false(guest_route_knows(&routes, ROUTE_run_status, "task"));
	assert_false(guest_route_knows(&routes, ROUTE_tools, ""));
	guest_routes_clear(&routes);
}

static void what_cannot_be_right_is_refused_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *key, *method, *path;
	} rows[] = {
		{NULL, "unknown", NULL, "/x"},
		{NULL, NULL, NULL, "/x"},
		{NULL, "tools", NULL, "/x/{agent_id}"},
		{NULL, "run_start", NULL, "/x/{task_id}"},
		{NULL, "run_start", NULL, "/x/{agent}"},
		{NULL, "run_start", NULL, "/x/{agent_id"},
		{NULL, "run_start", NULL, "/x/agent_id}"},
		{NULL, "run_start", NULL, "/x/{}"},
		{NULL, "run_status", NULL, "/x/{agent_id task_id}"},
		{NULL, "tools", NULL, "x"},
		{NULL, "tools", NULL, ""},
		{NULL, "tools", NULL, "/x y"},
		{NULL, "tools", NULL, "/x\r\ny"},
		{NULL, "tools", NULL, "/x#y"},
		{NULL, "tools", NULL, "/\xc3\xa9"},
		{NULL, "tools", "", NULL},
		{NULL, "tools", "GET ", NULL},
		{"api", "tools", "GET", NULL},
		{"/a?b", "tools", "GET", NULL},
		{"/{agent_id}", "tools", "GET", NULL},
	};
	struct guest_routes routes;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
			with(&routes, rows[i].prefix, rows[i].key, rows[i].method, rows[i].path), FRESHET_EINVAL);
		guest_routes_clear(&routes);
	}
	assert_int_equal(guest_routes_init(&routes, table, ROUTE_COUNT, NULL, NULL, 1), FRESHET_EINVAL);
}

static void values_cannot_lead_elsewhere(void **state)
{
	(void)state;
	static const freshet_str bad[] = {{"", 0}, {".", 1}, {"..", 2}, {"a\0b", 3}, {"\0", 1}, {NULL, 0}};
	struct guest_routes routes;
	assert_int_equal(guest_routes_init(&routes, table, ROUTE_COUNT, NULL, NULL, 0), FRESHET_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct guest_value values[] = {{"agent_id", bad[i]}};
		struct guest_text path = {0};
		guest_route_path(&routes, ROUTE_run_start, values, bad[i].ptr != NULL, &path);
		assert_int_equal(path.err, FRESHET_EINVAL);
		guest_text_clear(&path);
	}
	assert_path(&routes, ROUTE_run_start, "...", NULL, "/agents/.../execute");
	assert_path(&routes, ROUTE_run_start, "../x", NULL, "/agents/..%2Fx/execute");
	guest_routes_clear(&routes);
}

static void queries_go_on_where_a_template_has_one(void **state)
{
	(void)state;
	struct guest_routes routes;
	struct guest_text path = {0};
	assert_int_equal(with(&routes, NULL, "tools", NULL, "/tools?all=1"), FRESHET_OK);
	guest_route_path(&routes, ROUTE_tools, NULL, 0, &path);
	guest_query(&path, "cursor", freshet_str_of("a&b=c"));
	guest_query(&path, "left_out", (freshet_str){NULL, 0});
	guest_query_int(&path, "limit", -5);
	assert_string_equal(path.ptr, "/tools?all=1&cursor=a%26b%3Dc&limit=-5");
	guest_text_clear(&path);
	guest_text_put(&path, "/x");
	guest_query(&path, "empty", freshet_str_of(""));
	assert_string_equal(path.ptr, "/x?empty=");
	guest_text_clear(&path);
	guest_routes_clear(&routes);
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	struct guest_routes routes;
	failmem_arm(1);
	assert_int_equal(with(&routes, NULL, "tools", "PUT", "/x"), FRESHET_ENOMEM);
	failmem_off();
	guest_routes_clear(&routes);
	assert_int_equal(with(&routes, NULL, "tools", "PUT", "/x"), FRESHET_OK);
	struct guest_text path = {0};
	failmem_arm(1);
	guest_route_path(&routes, ROUTE_tools, NULL, 0, &path);
	guest_query_int(&path, "limit", 1);
	failmem_off();
	assert_int_equal(path.err, FRESHET_ENOMEM);
	guest_text_clear(&path);
	guest_routes_clear(&routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_stand_behind_the_prefix),
		cmocka_unit_test(an_entry_can_be_replaced),
		cmocka_unit_test(what_cannot_be_right_is_refused_at_once),
		cmocka_unit_test(values_cannot_lead_elsewhere),
		cmocka_unit_test(queries_go_on_where_a_template_has_one),
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
