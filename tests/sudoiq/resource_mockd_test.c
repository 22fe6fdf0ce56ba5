/*
 * An account at the emulator, which keeps what it is given: what is registered, stored and recorded is found again, changed
 * and deleted. Once under the table of the contract, and once under one that has nothing in common with it. Over one
 * of the transports in support/transports.def.
 */
#include "support/aod_world.h"
#include "support/sudoiq_world.h"
#include "support/test.h"

#include "mockd/sudoiq/table.h"

#define AGENT freshet_str_of(SUDOIQ_WORLD_AGENT)
#define NONE  ((freshet_str){NULL, 0})

/* ---- what the last callback was given ---- */

static bool done;
static freshet_err err;
static size_t count;
static char names[512]; /* or ids, or what else tells the objects apart; a blank behind each */
static char first_id[64];
static char cursor[64];
static bool was_there;
static int64_t task_id;

static void keep(char *to, size_t size, freshet_str text)
{
	snprintf(to, size, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
}

static void begin(const freshet_sudoiq_error *error, size_t objects, freshet_str next_cursor)
{
	done = true;
	err = error != NULL ? error->outcome.err : FRESHET_OK;
	count = objects;
	names[0] = first_id[0] = '\0';
	keep(cursor, sizeof cursor, next_cursor);
}

static void add(freshet_str name, freshet_str id, size_t i)
{
	size_t len = strlen(names);
	snprintf(names + len, sizeof names - len, "%.*s ", (int)name.len, name.len > 0 ? name.ptr : "");
	if (i == 0)
		keep(first_id, sizeof first_id, id);
}

static void on_tools(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_registered *tools, size_t objects, freshet_str next_cursor, void *user)
{
	(void)call, (void)user;
	begin(error, objects, next_cursor);
	for (size_t i = 0; i < objects; i++) {
		add(tools[i].name, tools[i].id, i);
		add(tools[i].description, tools[i].id, i);
	}
}

static void on_tests(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_test *tests,
	size_t objects, freshet_str next_cursor, void *user)
{
	(void)call, (void)user;
	begin(error, objects, next_cursor);
	for (size_t i = 0; i < objects; i++) {
		add(tests[i].input_content, tests[i].id, i);
		assert_int_equal(tests[i].quality, FRESHET_SUDOIQ_QUALITY_HIGH);
	}
}

static void on_grader(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_grader *grader, void *user)
{
	(void)call, (void)user;
	begin(error, grader != NULL ? 1 : 0, NONE);
	if (grader != NULL)
		add(grader->version, grader->grader_agent_id, 0);
}

static void on_validators(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_validator *validators, size_t objects, freshet_str next_cursor, void *user)
{
	(void)call, (void)user;
	begin(error, objects, next_cursor);
	for (size_t i = 0; i < objects; i++) {
		add(validators[i].name, validators[i].id, i);
		add(validators[i].json_schema, validators[i].id, i);
	}
}

static void on_feedback(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_feedback *feedback, size_t objects, freshet_str next_cursor, void *user)
{
	(void)call, (void)user;
	begin(error, objects, next_cursor);
	for (size_t i = 0; i < objects; i++) {
		add(freshet_str_of(freshet_sudoiq_quality_name(feedback[i].quality)), feedback[i].id, i);
		add(feedback[i].source, feedback[i].id, i);
	}
}

static void on_deleted(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, bool there, void *user)
{
	(void)call, (void)user;
	begin(error, 0, NONE);
	was_there = there;
}

static void on_status(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	(void)call, (void)user;
	begin(error, 0, NONE);
	task_id = status != NULL ? status->task_id : 0;
}

/* The call was made, and its answer is awaited. */
static void wait_for(freshet_err made)
{
	assert_int_equal(made, FRESHET_OK);
	sudoiq_world_until(&done);
	done = false;
}

/* ---- the account ---- */

static void register_tools(const char *const *tool_names, size_t tools, const char *description)
{
	freshet_sudoiq_definition list[4];
	freshet_sudoiq_register_options o;
	memset(list, 0, sizeof list);
	for (size_t i = 0; i < tools; i++) {
		list[i].name = freshet_str_of(tool_names[i]);
		list[i].space = freshet_str_of("main");
		list[i].description = freshet_str_of(description);
	}
	freshet_sudoiq_register_options_init(&o);
	o.tools = list;
	o.count = tools;
	wait_for(freshet_sudoiq_register_tools(sudoiq_world.client, &o, on_tools, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
}

static void list_tools(const freshet_sudoiq_page *page)
{
	wait_for(freshet_sudoiq_get_tools(sudoiq_world.client, freshet_str_of("main"), page, on_tools, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
}

static void delete_tool(const char *name, bool must_exist)
{
	wait_for(freshet_sudoiq_delete_tool(
		sudoiq_world.client, freshet_str_of("main"), freshet_str_of(name), must_exist, on_deleted, NULL, NULL));
}

static void tools_come_and_go(void)
{
	static const char *const three[] = {"one", "two", "three"};
	char next[64];
	register_tools(three, 3, "old");
	/* Page by page, until no cursor comes. */
	freshet_sudoiq_page page = {.limit = 2};
	list_tools(&page);
	assert_string_equal(names, "one old two old ");
	assert_true(strlen(cursor) > 0);
	snprintf(next, sizeof next, "%s", cursor);
	page.cursor = freshet_str_of(next);
	list_tools(&page);
	assert_string_equal(names, "three old ");
	assert_string_equal(cursor, "");
	/* Registering again changes, in its place. */
	register_tools(&three[1], 1, "new");
	list_tools(NULL);
	assert_string_equal(names, "one old two new three old ");
	delete_tool("one", true);
	assert_int_equal(err, FRESHET_OK);
	assert_true(was_there);
	delete_tool("one", false);
	assert_int_equal(err, FRESHET_OK);
	assert_false(was_there);
	delete_tool("one", true);
	assert_int_equal(err, FRESHET_ENOT_FOUND);
	list_tools(NULL);
	assert_string_equal(names, "two new three old ");
}

static freshet_sudoiq_example example_of(const char *question)
{
	freshet_str text = freshet_str_of("text");
	return (freshet_sudoiq_example){.input_type = text,
		.input_content = freshet_str_of(question),
		.input_description = text,
		.output_type = text,
		.output_content = text,
		.output_description = text,
		.graded_quality = freshet_str_of("high"),
		.quality_reason = text};
}

static void tests_come_and_go(void)
{
	freshet_sudoiq *c = sudoiq_world.client;
	const freshet_sudoiq_example examples[] = {example_of("first"), example_of("second")};
	const freshet_sudoiq_example bad = {.input_type = freshet_str_of("text")};
	wait_for(freshet_sudoiq_create_tests(c, AGENT, examples, 2, on_tests, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
	wait_for(freshet_sudoiq_create_tests(c, AGENT, &bad, 1, on_tests, NULL, NULL));
	assert_int_equal(err, FRESHET_EVALIDATION);
	wait_for(freshet_sudoiq_get_tests(c, AGENT, NULL, on_tests, NULL, NULL));
	assert_string_equal(names, "first second ");
	char id[64];
	snprintf(id, sizeof id, "%s", first_id);
	wait_for(freshet_sudoiq_delete_test(c, AGENT, freshet_str_of(id), true, on_deleted, NULL, NULL));
	assert_true(err == FRESHET_OK && was_there);
	wait_for(freshet_sudoiq_delete_test(c, AGENT, freshet_str_of(id), false, on_deleted, NULL, NULL));
	assert_true(err == FRESHET_OK && !was_there);
	wait_for(freshet_sudoiq_get_tests(c, AGENT, NULL, on_tests, NULL, NULL));
	assert_string_equal(names, "second ");
}

static void graders_are_made(void)
{
	for (int proposed = 0; proposed < 2; proposed++) {
		wait_for(freshet_sudoiq_create_grader(sudoiq_world.client, AGENT, freshet_str_of("Is it right?"),
			freshet_str_of("right"), proposed == 1, on_grader, NULL, NULL));
		assert_int_equal(err, FRESHET_OK);
		assert_string_equal(names, proposed == 1 ? "2 " : "1 ");
		assert_int_equal(strlen(first_id), 36);
	}
}

static void validators_are_changed(void)
{
	freshet_sudoiq *c = sudoiq_world.client;
	freshet_sudoiq_schema schemas[] = {{freshet_str_of("a"), freshet_str_of("{\"type\":\"object\"}")},
		{freshet_str_of("b"), freshet_str_of("{}")}};
	wait_for(freshet_sudoiq_upsert_validators(c, schemas, 2, on_validators, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
	schemas[0].json_schema = freshet_str_of("{\"type\":\"array\"}");
	wait_for(freshet_sudoiq_upsert_validators(c, schemas, 1, on_validators, NULL, NULL));
	assert_string_equal(names, "a {\"type\":\"array\"} ");
	wait_for(freshet_sudoiq_list_validators(c, NULL, on_validators, NULL, NULL));
	assert_string_equal(names, "a {\"type\":\"array\"} b {} ");
	char id[64];
	snprintf(id, sizeof id, "%s", first_id);
	wait_for(freshet_sudoiq_get_validator(c, freshet_str_of(id), on_validators, NULL, NULL));
	assert_string_equal(names, "a {\"type\":\"array\"} ");
	wait_for(freshet_sudoiq_get_validator(c, freshet_str_of("999"), on_validators, NULL, NULL));
	assert_int_equal(err, FRESHET_ENOT_FOUND);
}

static void feedback_is_recorded(void)
{
	freshet_sudoiq *c = sudoiq_world.client;
	freshet_sudoiq_start start;
	freshet_sudoiq_feedback_options o;
	freshet_sudoiq_start_init(&start);
	start.agent_id = AGENT;
	wait_for(freshet_sudoiq_start_agent_run(c, &start, on_status, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
	freshet_sudoiq_feedback_options_init(&o);
	o.quality = freshet_str_of(freshet_sudoiq_quality_name(FRESHET_SUDOIQ_QUALITY_HIGH));
	wait_for(freshet_sudoiq_send_feedback(c, AGENT, task_id, &o, on_feedback, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
	assert_true(strlen(first_id) > 0);
	o.raw = freshet_str_of("{\"quality\":\"very-low\",\"source\":\"automated\",\"more\":[1]}");
	wait_for(freshet_sudoiq_send_feedback(c, AGENT, task_id, &o, on_feedback, NULL, NULL));
	assert_int_equal(err, FRESHET_OK);
	o.raw = freshet_str_of("{\"quality\":\"odd\"}");
	wait_for(freshet_sudoiq_send_feedback(c, AGENT, task_id, &o, on_feedback, NULL, NULL));
	assert_int_equal(err, FRESHET_EVALIDATION);
	wait_for(freshet_sudoiq_list_feedback(c, AGENT, task_id, NULL, on_feedback, NULL, NULL));
	assert_string_equal(names, "high human very-low automated ");
	wait_for(freshet_sudoiq_list_feedback(c, AGENT, task_id + 1000, NULL, on_feedback, NULL, NULL));
	assert_int_equal(err, FRESHET_ENOT_FOUND);
}

static void the_whole_account(void)
{
	done = false;
	tools_come_and_go();
	tests_come_and_go();
	graders_are_made();
	validators_are_changed();
	feedback_is_recorded();
}

static void an_account(void **state)
{
	(void)state;
	sudoiq_world_open_mockd(NULL, NULL);
	the_whole_account();
}

/* Nothing of the contract's table is left: the client is told of the other one by its options alone. */
static void an_account_under_another_table(void **state)
{
	const struct siq_table *table = siq_table_find("other");
	const char *const task_ids[] = {table->names[SIQ_FIELD_TASK_ID], NULL};
	const char *const statuses[] = {table->names[SIQ_FIELD_STATUS], NULL};
	const char *const codes[] = {table->names[SIQ_FIELD_FAILURE_CODE], NULL};
	const freshet_route routes[] = {
#define ENDPOINT(id, key, method, path, other_method, other_path) {key, other_method, other_path},
		SIQ_ENDPOINTS(ENDPOINT)
#undef ENDPOINT
	};
	freshet_sudoiq_options o = sudoiq_world_options();
	freshet_sudoiq_names n;
	struct mockd_options m;
	(void)state;
	mockd_options_init(&m);
	m.sudoiq_table = table->name;
	freshet_sudoiq_names_init(&n);
	n.task_id_fields = task_ids;
	n.status_fields = statuses;
	n.failure_code_fields = codes;
	o.names = &n;
	o.path_prefix = table->names[SIQ_PREFIX];
	o.routes = routes;
	o.route_count = sizeof routes / sizeof routes[0];
	sudoiq_world_open_mockd(&m, &o);
	the_whole_account();
}

int main(int argc, char **argv)
{
	world_choose(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_account, sudoiq_world_close),
		cmocka_unit_test_teardown(an_account_under_another_table, sudoiq_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
