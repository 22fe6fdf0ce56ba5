/*
 * What an account of Sudoiq holds beside its runs: each function of the header is called, the server looks at method, path
 * and every byte of the body and answers in each form that is accepted, and the callback notes what it was given. Under
 * another table the same calls go elsewhere. Each call ends with its client, and when there is no memory.
 */
#include "support/failmem.h"
#include "support/sudoiq_account.h"
#include "support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what goes out and comes back ---- */

struct row {
	freshet_err (*call)(void);
	const char *request; /* behind the prefix */
	const char *body;
	int status;
	const char *answer;
	const char *note;
};

#define REGISTERED                                                                                                     \
	"{\"tools\":[{\"name\":\"t\",\"namespace\":\"main\",\"description\":\"d\",\"schema_data\":"                    \
	"{\"type\":\"object\",\"properties\":{},\"required\":[]}}]}"
#define TOOL                                                                                                           \
	"{\"id\":12,\"name\":\"t\",\"namespace\":\"main\",\"description\":\"d\\n\",\"schema_data\":{\"properties\": "  \
	"{}},"                                                                                                         \
	"\"created_at\":\"c\",\"updated_at\":\"u\",\"new\":1}"
#define TOOL_NOTE "12|main/t|d\n|{\"properties\": {}}|c|u"
#define FEEDBACK  "POST /agents/a-1/tasks/4182/feedback"

static const struct row rows[] = {
	{account_call_register, "POST /tools",
		"{\"tools\":[{\"name\":\"read_meter\",\"namespace\":\"main\",\"description\":\"Reads one meter.\","
		"\"schema_data\":{\"type\":\"object\",\"properties\":{"
		"\"meter\":{\"type\":\"string\",\"description\":\"Meter \\\"number\\\"\"},"
		"\"unit\":{\"type\":\"string\",\"enum\":[\"m3\", \"l\"],\"default\":\"l\"},"
		"\"any\":{\"anyOf\":[{\"type\":\"null\"}]},\"at\":{\"type\":\"integer\"}},\"required\":[\"meter\","
		"\"at\"]}},"
		"{\"name\":\"no-args.2\",\"namespace\":\"main\",\"description\":\"\","
		"\"schema_data\":{\"type\":\"object\",\"properties\":{},\"required\":[]}},"
		"{\"name\":\"read_meter\",\"namespace\":\"b space\",\"description\":\"\",\"schema_data\":"
		"{\"required\":[\"x\\u0031\"],\"properties\":{\"x1\":{}},\"additionalProperties\":false}}]}",
		201, "{\"tools\":[" TOOL "," TOOL "]}", TOOL_NOTE " + " TOOL_NOTE},
	{account_call_register_leniently, "POST /tools",
		"{\"tools\":[{\"name\":\"a b\",\"namespace\":\"\",\"description\":\"\",\"schema_data\":"
		"{\"properties\":{},\"required\":[]}},{\"name\":\"a b\",\"namespace\":\"\",\"description\":\"\","
		"\"schema_data\":{\"properties\":{},\"required\":[]}}]}",
		200, "{}", ""},
	/* It need not say what it has taken, nor in which form. */
	{account_register_one, "POST /tools", REGISTERED, 200, "", ""},
	{account_register_one, "POST /tools", REGISTERED, 202, " \r\n", ""},
	{account_register_one, "POST /tools", REGISTERED, 200, "[" TOOL "]", TOOL_NOTE},
	{account_register_one, "POST /tools", REGISTERED, 200, "{\"tools\":null,\"registered\":1}", ""},
	{account_register_one, "POST /tools", REGISTERED, 200, "true", ""},
	{account_register_one, "POST /tools", REGISTERED, 200, "{\"tools\":[]}", ""},
	/* What is of another type than it should be is left out. */
	{account_register_one, "POST /tools", REGISTERED, 200,
		"[{\"id\":\"x\",\"name\":3,\"namespace\":null,\"created_at\":{}}]", "x|/||||"},
	{account_call_tools, "GET /tools", "", 200, "{\"tools\":[" TOOL "],\"next_cursor\":null}", TOOL_NOTE},
	{account_call_tools, "GET /tools", "", 200, "[" TOOL "]", TOOL_NOTE},
	{account_call_tools, "GET /tools", "", 200, "{\"tools\":[]}", ""},
	{account_call_tools_page, "GET /tools?namespace=a%2Fb&limit=200&cursor=c%3D%26%C3%A9", "", 200,
		"{\"next_cursor\":\"n\\/1\",\"tools\":[" TOOL "]}", TOOL_NOTE " ->n/1"},
	{account_call_tools, "GET /tools", "", 200, "{\"next_cursor\":40,\"tools\":[]}", " ->40"},
	{account_call_delete_tool, "DELETE /tools/ma%20in/t%2F1", "", 200, "{\"deleted\":true}", "gone"},
	{account_call_delete_tool, "DELETE /tools/ma%20in/t%2F1", "", 204, "", "gone"},
	{account_call_delete_tool, "DELETE /tools/ma%20in/t%2F1", "", 200, "{\"deleted\":false}", "was not there"},
	{account_call_delete_tool, "DELETE /tools/ma%20in/t%2F1", "", 200, "done", "gone"},
	{account_call_delete_tool, "DELETE /tools/ma%20in/t%2F1", "", 404, "{\"error_code\":\"no\"}", "was not there"},
	{account_call_create_tests, "POST /agents/a-1/tests",
		"{\"tests\":[{\"input_type\":\"text\",\"input_content\":\"How full?\",\"input_description\":\"A "
		"question\","
		"\"output_type\":\"text\",\"output_content\":\"64 percent\",\"output_description\":\"A share\","
		"\"graded_quality\":\"high\",\"quality_reason\":\"Right\"},"
		"{\"input_content\":\"\",\"graded_quality\":\"very-low\"},{\"own\": [1]}]}",
		201,
		"{\"tests\":[{\"id\":\"t_1\",\"graded_quality\":\"very-high\"},{\"id\":2,\"graded_quality\":\"odd\"}]}",
		"t_1|||||||very-high=very-high| + 2|||||||odd=unknown|"},
	{account_call_create_tests, "POST /agents/a-1/tests", NULL, 201, "", ""},
	{account_call_tests, "GET /agents/..%2Fa/tests?limit=3", "", 200,
		"{\"tests\":[{\"id\":\"t\",\"input_type\":\"text\",\"input_content\":\"i\",\"input_description\":\"d\","
		"\"output_type\":\"text\",\"output_content\":\"o\",\"output_description\":\"e\",\"graded_quality\":"
		"\"low\","
		"\"quality_reason\":\"r\"}],\"next_cursor\":\"p2\"}",
		"t|text|i|d|text|o|e|low=low|r ->p2"},
	{account_call_delete_test, "DELETE /agents/a-1/tests/t_1", "", 204, "", "gone"},
	{account_call_delete_test, "DELETE /agents/a-1/tests/t_1", "", 404, "", "was not there"},
	{account_call_create_grader, "POST /agents/a-1/graders",
		"{\"agent_id\":\"a-1\",\"rubric\":\"Is it right?\",\"rubric_name\":\"right\",\"proposed\":false}", 201,
		"{\"grader_agent_id\":\"g\",\"agent_id\":\"a-1\",\"version\":3,\"message\":\"made\"}", "g|a-1|3|made"},
	{account_call_propose_grader, "POST /agents/a-1/graders",
		"{\"agent_id\":\"a-1\",\"rubric\":\"R\",\"rubric_name\":\"N\",\"proposed\":true}", 200,
		"{\"grader_agent_id\":\"g\",\"version\":\"v2\"}", "g||v2|"},
	{account_call_upsert_validators, "PUT /validators",
		"{\"validators\":[{\"name\":\"share\",\"json_schema\":{ \"type\" : \"number\" }},"
		"{\"name\":\"any\",\"json_schema\":true}]}",
		200, "{\"validators\":[{\"id\":5,\"name\":\"share\",\"json_schema\":{}},{\"id\":\"v6\"}]}",
		"5|share|{} + v6||"},
	{account_call_validators, "GET /validators", "", 200, "{\"validators\":[{\"id\":5,\"json_schema\":true}]}",
		"5||true"},
	{account_call_validators_page, "GET /validators?limit=1000&cursor=17", "", 200, "[]", ""},
	{account_call_validator, "GET /validators/5", "", 200, "{\"id\":5,\"name\":\"n\",\"json_schema\":{\"a\":1}}",
		"5|n|{\"a\":1}"},
	{account_call_validator, "GET /validators/5", "", 200, "{\"validators\":[{\"id\":5}]}", "5||"},
	{account_call_feedback, FEEDBACK,
		"{\"task_id\":4182,\"quality\":\"high\",\"reason\":\"Good\",\"source\":\"automated\","
		"\"tags\":[\"late\",\"a\\\"b\"]}",
		201, "{\"id\":\"fb_1\"}", "fb_1|unknown||||"},
	{account_call_least_feedback, "POST /agents/a-1/tasks/-1/feedback",
		"{\"task_id\":-1,\"quality\":\"low\",\"source\":\"human\",\"tags\":[]}", 204, "", ""},
	{account_call_raw_feedback, FEEDBACK, "{\"stars\": 5}", 201, "[]", ""},
	{account_call_feedback_list, "GET /agents/a-1/tasks/4182/feedback?limit=10&cursor=x", "", 200,
		"{\"feedback\":[{\"id\":1,\"quality\":\"medium\",\"reason\":\"r\",\"source\":\"human\",\"tags\":[\"t\"]"
		","
		"\"created_at\":\"c\"}],\"next_cursor\":\"\"}",
		"1|medium|r|human|[\"t\"]|c"},
	{account_call_feedback_list, "GET /agents/a-1/tasks/4182/feedback?limit=10&cursor=x", "", 200, "[{}]",
		"|unknown||||"},
	{account_call_route, "POST /agents/a%201/tasks/7/feedback?deep=y%26n", "[1, {\"a\":\"b\"}]", 202, "whatever",
		"202 whatever"},
	{account_call_route_without_a_body, "GET /tools", "", 200, "", "200 "},
};

/* Of the row at hand; `prefix` of the table that the client has. */
static const struct row *at_hand;
static const char *prefix;

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	char expected[512], given[512];
	const char *path = strchr(at_hand->request, ' ') + 1;
	snprintf(expected, sizeof expected, "%.*s%s%s", (int)(path - at_hand->request), at_hand->request, prefix, path);
	snprintf(given, sizeof given, "%s %s", q->method, q->target);
	assert_string_equal(given, expected);
	if (at_hand->body != NULL) {
		assert_int_equal(q->body_len, strlen(at_hand->body));
		assert_memory_equal(q->body, at_hand->body, q->body_len);
	}
	assert_non_null(strstr(q->head, "uthorization: Bearer " ACCOUNT_KEY "\r\n"));
	assert_non_null(strstr(q->head, "ccept: application/json\r\n"));
	assert_int_equal(strstr(q->head, "ontent-type: application/json\r\n") != NULL, q->body_len > 0);
	if (at_hand->status == 204)
		h1server_write(c, "HTTP/1.1 204 No Content\r\n\r\n"), h1server_done(c);
	else
		h1server_reply(c, at_hand->status, "content-type: application/json\r\n", at_hand->answer);
}

static void try_row(const struct row *row)
{
	account_note[0] = '\0';
	at_hand = row;
	assert_int_equal(row->call(), FRESHET_OK);
	account_wait();
	if (account_failed != FRESHET_OK || strcmp(account_note, row->note) != 0)
		print_message("%s answered by %d %s\n", row->request, row->status, row->answer);
	assert_int_equal(account_failed, FRESHET_OK);
	assert_string_equal(account_note, row->note);
}

static void every_function_is_a_request_and_its_answer(void **state)
{
	(void)state;
	prefix = "/api/v1";
	account_open(answer, NULL);
	for (size_t i = 0; i < COUNT(rows); i++)
		try_row(&rows[i]);
	assert_int_equal(account.server.requests, COUNT(rows));
	/* One after the other: one connection does for all. */
	assert_int_equal(account.server.accepted, 1);
}

/* ---- another table and other names ---- */

static void the_same_calls_under_another_table(void **state)
{
	static const freshet_route routes[] = {
		{"tools_list", "QUERY", "/registry?kind=tool"},
		{"tools_delete", "POST", "/registry/{name}/in/{namespace}/delete"},
		{"tests_create", NULL, "/examples"},
		{"validators_get", NULL, "/schema-{validator_id}"},
		{"run_feedback", "PUT", "/thoughts?on={task_id}"},
	};
	static const char *const lists[] = {"data.entries", "data", NULL}, *const ids[] = {"uid", NULL},
				 *const cursors[] = {"paging.after", NULL}, *const deleted[] = {"ok", NULL},
				 *const tiers[] = {"tier", NULL};
	static const struct row elsewhere[] = {
		{account_call_tools_page, "QUERY /registry?kind=tool&namespace=a%2Fb&limit=200&cursor=c%3D%26%C3%A9",
			"", 200,
			"{\"data\":{\"entries\":[{\"uid\":7,\"id\":8,\"name\":\"t\"}]},\"paging\":{\"after\":\"z\"}}",
			"7|/t|||| ->z"},
		{account_call_tools, "QUERY /registry?kind=tool", "", 200, "{\"data\":[{\"uid\":\"q\"}]}", "q|/||||"},
		{account_call_delete_tool, "POST /registry/t%2F1/in/ma%20in/delete", "", 200, "{\"ok\":false}",
			"was not there"},
		{account_call_create_tests, "POST /examples", NULL, 200, "", ""},
		{account_call_validator, "GET /schema-5", "", 200, "{\"uid\":\"five\"}", "five||"},
		{account_call_feedback, "PUT /thoughts?on=4182", NULL, 200, "{\"uid\":1,\"tier\":\"low\"}",
			"1|low||||"},
		{account_call_route, "PUT /thoughts?on=7&deep=y%26n", "[1, {\"a\":\"b\"}]", 200, "", "200 "},
	};
	freshet_sudoiq_options o;
	freshet_sudoiq_names names;
	(void)state;
	freshet_sudoiq_options_init(&o);
	freshet_sudoiq_names_init(&names);
	names.list_fields = lists;
	names.object_id_fields = ids;
	names.next_cursor_fields = cursors;
	names.deleted_fields = deleted;
	names.quality_fields = tiers;
	o.path_prefix = "/elsewhere/2";
	o.routes = routes;
	o.route_count = COUNT(routes);
	o.names = &names;
	prefix = "/elsewhere/2";
	account_open(answer, &o);
	for (size_t i = 0; i < COUNT(elsewhere); i++)
		try_row(&elsewhere[i]);
}

static void each_ends_with_its_client(void **state)
{
	(void)state;
	prefix = "/api/v1";
	static freshet_err (*const all[])(void) = {account_register_one, account_call_tools, account_call_delete_tool,
		account_call_create_tests, account_call_tests, account_call_create_grader,
		account_call_upsert_validators, account_call_validator, account_call_feedback, account_call_route};
	for (size_t i = 0; i < COUNT(all); i++) {
		account_open(answer, NULL);
		unsigned before = account_calls;
		assert_int_equal(all[i](), FRESHET_OK);
		freshet_sudoiq_close(account.client);
		assert_int_equal(all[i](), FRESHET_ESTATE);
		account_wait();
		assert_int_equal(account_failed, FRESHET_ECANCELED);
		account_close();
		assert_int_equal(account_calls, before + 1);
	}
}

/* Each allocation fails in turn, in the call and while its answer is read. */
static void no_memory_is_told(void **state)
{
	unsigned told = 0;
	(void)state;
	prefix = "/api/v1";
	/* Some of each kind. */
	for (size_t i = 0; i < COUNT(rows); i += 3)
		for (size_t n = 1;; n++) {
			failmem_arm(0);
			account_open(answer, NULL);
			at_hand = &rows[i];
			account_note[0] = '\0';
			failmem_arm(n);
			freshet_err err = at_hand->call();
			if (err == FRESHET_OK) {
				account_wait();
				err = account_failed;
			}
			bool fired = failmem_fired();
			failmem_arm(0);
			told += err == FRESHET_ENOMEM;
			if (err != FRESHET_OK)
				assert_true(fired && err == FRESHET_ENOMEM);
			if (err == FRESHET_OK)
				assert_string_equal(account_note, at_hand->note);
			account_close();
			assert_int_equal(failmem_live(), 0);
			if (!fired)
				break;
		}
	failmem_off();
	print_message("%u times\n", told);
	assert_true(told > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_function_is_a_request_and_its_answer, account_tear_down),
		cmocka_unit_test_teardown(the_same_calls_under_another_table, account_tear_down),
		cmocka_unit_test_teardown(each_ends_with_its_client, account_tear_down),
		cmocka_unit_test_teardown(no_memory_is_told, account_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
