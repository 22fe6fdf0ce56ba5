/*
 * What cannot be right is refused before anything is sent; answers that cannot be read and errors of the server come typed;
 * and only what may be repeated is.
 */
#include "support/sudoiq_account.h"
#include "support/test.h"

/* The braces of a span, for tables, and a span. */
#define S(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
#define Z(text) ((freshet_str)S(text))
#define NONE    ((freshet_str){NULL, 0})

#define AGENT Z("a-1")

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the server answers; status 0: nothing, the connection is lost. */
struct answer {
	int status;
	const char *body;
};

static const struct answer *at_hand;

static void reply_as_told(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, at_hand->status, "content-type: application/json\r\n", at_hand->body);
}

/* ---- what is refused before anything is sent ---- */

static freshet_err register_with(freshet_sudoiq_definition tool, bool lenient)
{
	freshet_sudoiq_register_options o;
	freshet_sudoiq_call *call = (freshet_sudoiq_call *)&account_note;
	freshet_sudoiq_register_options_init(&o);
	o.tools = &tool;
	o.count = 1;
	o.lenient = lenient;
	freshet_err err = freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, &call);
	assert_int_equal(call != NULL, err == FRESHET_OK);
	if (call != NULL)
		freshet_sudoiq_call_cancel(call);
	return err;
}

static freshet_err register_as(freshet_sudoiq_definition tool)
{
	return register_with(tool, false);
}

static freshet_err register_schema(const char *schema)
{
	return register_as(
		(freshet_sudoiq_definition){.name = S("t"), .space = S("main"), .schema = freshet_str_of(schema)});
}

static freshet_err register_leniently(const char *schema)
{
	return register_with(
		(freshet_sudoiq_definition){.name = S("t"), .space = S("main"), .schema = freshet_str_of(schema)},
		true);
}

static void tools_are_looked_at(void **state)
{
	static const char name_of_65[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345";
	static const char *const bad_names[] = {"", "a b", "a/b", "\303\244", "a\n", name_of_65};
	static const char *const good_names[] = {"a", "A-Z_0.9", name_of_65 + 1};
	(void)state;
	account_open(reply_as_told, NULL);
	for (size_t i = 0; i < COUNT(bad_names); i++)
		assert_int_equal(
			register_as((freshet_sudoiq_definition){.name = freshet_str_of(bad_names[i]), .space = S("m")}),
			FRESHET_EINVAL);
	for (size_t i = 0; i < COUNT(good_names); i++)
		assert_int_equal(register_as((freshet_sudoiq_definition){
					 .name = freshet_str_of(good_names[i]), .space = S("m")}),
			FRESHET_OK);
	assert_int_equal(register_as((freshet_sudoiq_definition){.name = S("a")}), FRESHET_EINVAL);
	static const struct {
		const char *schema;
		freshet_err err;
	} schemas[] = {
		{"{}", FRESHET_OK},
		{"{\"required\":null}", FRESHET_OK},
		{"{\"required\":[],\"properties\":{}}", FRESHET_OK},
		{"{\"properties\":{\"a\":{},\"b\":1},\"required\":[\"b\",\"a\"]}", FRESHET_OK},
		{"{\"properties\":{\"\\u0061\":{}},\"required\":[\"a\"]}", FRESHET_OK},
		{"{\"properties\":{\"a\":{}},\"required\":[\"b\"]}", FRESHET_EINVAL},
		{"{\"properties\":{\"a\":{\"b\":{}}},\"required\":[\"b\"]}", FRESHET_EINVAL},
		{"{\"required\":[\"b\"]}", FRESHET_EINVAL},
		{"{\"properties\":[\"b\"],\"required\":[\"b\"]}", FRESHET_EINVAL},
		{"{\"properties\":{\"a\":{}},\"required\":\"a\"}", FRESHET_EINVAL},
		{"{\"properties\":{\"a\":{}},\"required\":[1]}", FRESHET_EINVAL},
		{"[]", FRESHET_EINVAL},
		{"true", FRESHET_EINVAL},
		{"{\"a\":}", FRESHET_EJSON_SYNTAX},
		{"{", FRESHET_EJSON_TRUNCATED},
	};
	for (size_t i = 0; i < COUNT(schemas); i++)
		assert_int_equal(register_schema(schemas[i].schema), schemas[i].err);
	static const struct {
		freshet_sudoiq_property properties[2];
		freshet_err err;
	} lists[] = {
		{{{.name = S("a")}, {.name = S("b")}}, FRESHET_OK},
		{{{.name = S("a")}, {.name = S("a")}}, FRESHET_EINVAL},
		{{{.name = S("a")}, {.type = S("string")}}, FRESHET_EINVAL},
		{{{.name = S("a"), .more = S("[]")}, {.name = S("b")}}, FRESHET_EINVAL},
		{{{.name = S("a"), .more = S("{\"x\"}")}, {.name = S("b")}}, FRESHET_EJSON_SYNTAX},
		{{{.name = S("a"), .type = S("string"), .more = S("{\"t\\u0079pe\":1}")}, {.name = S("b")}},
			FRESHET_EINVAL},
		{{{.name = S("a"), .more = S("{\"type\":1}")}, {.name = S("b")}}, FRESHET_OK},
		{{{.name = S("a"), .description = S("d"), .more = S("{\"description\":1}")}, {.name = S("b")}},
			FRESHET_EINVAL},
	};
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_int_equal(register_as((freshet_sudoiq_definition){.name = S("t"),
					 .space = S("m"),
					 .properties = lists[i].properties,
					 .property_count = 2}),
			lists[i].err);
	assert_int_equal(register_as((freshet_sudoiq_definition){.name = S("t"), .space = S("m"), .property_count = 1}),
		FRESHET_EINVAL);
	/* Without these checks: any object. */
	assert_int_equal(register_leniently("{\"required\":[\"b\"]}"), FRESHET_OK);
	assert_int_equal(register_leniently("[]"), FRESHET_EINVAL);
	/* The same tool twice; the same name in another name space is another tool. */
	freshet_sudoiq_definition twice[2] = {{.name = S("t"), .space = S("m")}, {.name = S("t"), .space = S("m")}};
	freshet_sudoiq_register_options o;
	freshet_sudoiq_register_options_init(&o);
	assert_int_equal(
		freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_register_tools(account.client, NULL, account_on_tools, &account, NULL), FRESHET_EINVAL);
	o.tools = twice;
	o.count = 2;
	assert_int_equal(
		freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, NULL), FRESHET_EINVAL);
	o.size = sizeof o + 1;
	assert_int_equal(
		freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(account.server.requests, 0);
}

static void arguments_are_checked(void **state)
{
	const freshet_sudoiq_page too_long = {201, {NULL, 0}};
	const freshet_sudoiq_example example = {.raw = S("[]")};
	const freshet_sudoiq_schema no_name = {.json_schema = S("{}")}, no_schema = {.name = S("n")},
				    no_object = {S("n"), S("3")};
	(void)state;
	account_open(reply_as_told, NULL);
	freshet_sudoiq *c = account.client;
	assert_int_equal(
		freshet_sudoiq_get_tools(c, NONE, &too_long, account_on_tools, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_delete_tool(c, NONE, Z("t"), false, account_on_deleted, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_delete_tool(c, Z("m"), Z(".."), false, account_on_deleted, &account, NULL),
		FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_create_tests(c, AGENT, NULL, 0, account_on_tests, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_create_tests(c, NONE, &example, 1, account_on_tests, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_create_tests(c, AGENT, &example, 1, account_on_tests, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_get_tests(c, Z("."), NULL, account_on_tests, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_delete_test(c, AGENT, Z(""), false, account_on_deleted, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_create_grader(c, AGENT, NONE, Z("n"), false, account_on_grader, &account, NULL),
		FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_create_grader(c, AGENT, Z("r"), Z(""), false, account_on_grader, &account, NULL),
		FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_upsert_validators(c, NULL, 1, account_on_validators, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_upsert_validators(c, &no_name, 1, account_on_validators, &account, NULL),
		FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_upsert_validators(c, &no_object, 1, account_on_validators, &account, NULL),
		FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_upsert_validators(c, &no_schema, 1, account_on_validators, &account, NULL),
		FRESHET_EJSON_TRUNCATED);
	assert_int_equal(freshet_sudoiq_get_validator(c, NONE, account_on_validators, &account, NULL), FRESHET_EINVAL);
	freshet_sudoiq_call *call = (freshet_sudoiq_call *)&account_note;
	assert_int_equal(freshet_sudoiq_get_validator(c, Z("5"), NULL, &account, &call), FRESHET_EINVAL);
	assert_null(call);
	assert_int_equal(freshet_sudoiq_delete_test(c, AGENT, Z("t"), false, NULL, &account, NULL), FRESHET_EINVAL);
	freshet_sudoiq_feedback_options f;
	freshet_sudoiq_feedback_options_init(&f);
	assert_int_equal(
		freshet_sudoiq_send_feedback(c, AGENT, 1, NULL, account_on_feedback, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_send_feedback(c, AGENT, 1, &f, account_on_feedback, &account, NULL), FRESHET_EINVAL);
	f.quality = Z("high");
	f.tag_count = 1;
	assert_int_equal(
		freshet_sudoiq_send_feedback(c, AGENT, 1, &f, account_on_feedback, &account, NULL), FRESHET_EINVAL);
	f.raw = Z("3");
	assert_int_equal(
		freshet_sudoiq_send_feedback(c, AGENT, 1, &f, account_on_feedback, &account, NULL), FRESHET_EINVAL);
	f.raw = Z("{\"a\"");
	assert_int_equal(freshet_sudoiq_send_feedback(c, AGENT, 1, &f, account_on_feedback, &account, NULL),
		FRESHET_EJSON_TRUNCATED);
	freshet_sudoiq_route_options r;
	freshet_sudoiq_route_options_init(&r);
	assert_int_equal(freshet_sudoiq_call_route(c, &r, account_on_json, &account, NULL), FRESHET_EINVAL);
	r.key = "tools";
	assert_int_equal(freshet_sudoiq_call_route(c, &r, account_on_json, &account, NULL), FRESHET_EINVAL);
	r.key = "validators_get";
	assert_int_equal(freshet_sudoiq_call_route(c, &r, account_on_json, &account, NULL), FRESHET_EINVAL);
	const freshet_sudoiq_route_value injected[] = {{"validator_id", S("5")}, {"a=b&c", S("d")}};
	r.values = injected;
	r.value_count = 2;
	assert_int_equal(freshet_sudoiq_call_route(c, &r, account_on_json, &account, NULL), FRESHET_EINVAL);
	assert_int_equal(account.server.requests, 0);
}

/* ---- failures ---- */

static void an_answer_that_cannot_be_read_is_told(void **state)
{
	static const struct {
		freshet_err (*call)(void);
		const char *body;
		freshet_err err;
	} cases[] = {
		{account_call_tools, "", FRESHET_EJSON_TRUNCATED},
		{account_call_tools, "<html>", FRESHET_EJSON_SYNTAX},
		{account_call_tools, "{}", FRESHET_EJSON_MISSING},
		{account_call_tools, "{\"tools\":3}", FRESHET_EJSON_MISSING},
		{account_call_tools, "3", FRESHET_EJSON_TYPE},
		{account_call_tools, "{\"tools\":[3]}", FRESHET_EJSON_TYPE},
		{account_call_tools, "[{},[]]", FRESHET_EJSON_TYPE},
		{account_register_one, "<html>", FRESHET_EJSON_SYNTAX},
		{account_register_one, "[null]", FRESHET_EJSON_TYPE},
		{account_call_create_grader, "", FRESHET_EJSON_TRUNCATED},
		{account_call_create_grader, "[]", FRESHET_EJSON_MISSING},
		{account_call_create_grader, "7", FRESHET_EJSON_TYPE},
		{account_call_validator, "{\"validators\":[]}", FRESHET_EJSON_MISSING},
		{account_call_feedback_list, "{\"id\":1}", FRESHET_EJSON_MISSING},
	};
	(void)state;
	account_open(reply_as_told, NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct answer told = {200, cases[i].body};
		at_hand = &told;
		assert_int_equal(cases[i].call(), FRESHET_OK);
		account_wait();
		assert_int_equal(account_failed, cases[i].err);
	}
}

static void errors_of_the_server_are_typed(void **state)
{
	static const struct {
		freshet_err (*call)(void);
		int status;
		const char *body;
		freshet_err err;
		const char *code;
		const char *message;
	} cases[] = {
		{account_register_one, 422, "{\"error_code\":\"bad_tool\",\"message\":\"no schema\"}",
			FRESHET_EVALIDATION, "bad_tool", "no schema"},
		{account_call_tools, 401, "{\"detail\":\"who?\"}", FRESHET_EAUTH, "", "who?"},
		{account_call_tests, 404, "{\"error\":{\"code\":\"no_agent\",\"message\":\"none\"}}",
			FRESHET_ENOT_FOUND, "no_agent", "none"},
		{account_call_delete_tool_that_must_exist, 404, "", FRESHET_ENOT_FOUND, "", ""},
		{account_call_delete_tool, 403, "{}", FRESHET_EAUTH, "", ""},
		{account_call_create_grader, 409, "{\"code\":\"there\"}", FRESHET_ECONFLICT, "there", ""},
		{account_call_upsert_validators, 400, "<p>", FRESHET_EVALIDATION, "", ""},
		{account_call_feedback, 500, "{\"message\":\"x\"}", FRESHET_ESERVER, "", "x"},
		{account_call_route, 418, "{}", FRESHET_EHTTP_STATUS, "", ""},
	};
	freshet_sudoiq_options o;
	(void)state;
	freshet_sudoiq_options_init(&o);
	o.max_retries = UINT32_MAX;
	account_open(reply_as_told, &o);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct answer told = {cases[i].status, cases[i].body};
		at_hand = &told;
		assert_int_equal(cases[i].call(), FRESHET_OK);
		account_wait();
		assert_int_equal(account_failed, cases[i].err);
		assert_string_equal(account_code, cases[i].code);
		assert_string_equal(account_message, cases[i].message);
	}
	assert_int_equal(account.server.requests, COUNT(cases));
}

/* A list that takes far more memory than it has bytes. */
static void a_list_without_end_is_refused(void **state)
{
	const size_t count = 100001;
	char *body = malloc(3 * count + 2), *at = body;
	(void)state;
	assert_non_null(body);
	for (size_t left = 0; left < 2; left++) {
		at = body;
		*at++ = '[';
		for (size_t i = left; i < count; i++, at += 3)
			memcpy(at, "{},", 3);
		at[-1] = ']';
		*at = '\0';
		const struct answer told = {200, body};
		account_open(reply_as_told, NULL);
		at_hand = &told;
		assert_int_equal(account_call_validators(), FRESHET_OK);
		account_wait();
		assert_int_equal(account_failed, left == 0 ? FRESHET_EJSON_SIZE : FRESHET_OK);
		account_close();
	}
	free(body);
}

/* The first request is lost or refused; what the second one is answered. */
static void answer_the_second(struct h1server_conn *c, const struct h1server_request *q)
{
	const struct answer *first = at_hand, *second = at_hand + 1;
	if (q->number == 1 && first->status == 0)
		h1server_drop(c, true);
	else if (q->number == 1)
		h1server_reply(c, first->status, "", "");
	else
		h1server_reply(c, second->status, "", second->body);
}

static void what_may_be_repeated_is(void **state)
{
	static const struct {
		freshet_err (*call)(void);
		struct answer answers[2];
		unsigned requests;
		freshet_err err;
	} cases[] = {
		{account_call_tools, {{0, NULL}, {200, "[]"}}, 2, FRESHET_OK},
		{account_call_tools, {{503, NULL}, {200, "[]"}}, 2, FRESHET_OK},
		{account_call_upsert_validators, {{500, NULL}, {200, "[]"}}, 2, FRESHET_OK},
		{account_call_delete_tool, {{0, NULL}, {404, ""}}, 2, FRESHET_OK},
		/* The first one may have deleted it. */
		{account_call_delete_tool_that_must_exist, {{0, NULL}, {404, ""}}, 2, FRESHET_OK},
		/* Nobody knows whether a POST was acted upon: only what asks for another one gets it. */
		{account_register_one, {{429, NULL}, {200, ""}}, 2, FRESHET_OK},
		{account_register_one, {{0, NULL}, {200, ""}}, 1, FRESHET_ECLOSED},
		{account_call_feedback, {{500, NULL}, {200, ""}}, 1, FRESHET_ESERVER},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		account_open(answer_the_second, NULL);
		at_hand = cases[i].answers;
		assert_int_equal(cases[i].call(), FRESHET_OK);
		account_wait();
		assert_int_equal(account_failed, cases[i].err);
		assert_int_equal(account.server.requests, cases[i].requests);
		account_close();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(tools_are_looked_at, account_tear_down),
		cmocka_unit_test_teardown(arguments_are_checked, account_tear_down),
		cmocka_unit_test_teardown(an_answer_that_cannot_be_read_is_told, account_tear_down),
		cmocka_unit_test_teardown(a_list_without_end_is_refused, account_tear_down),
		cmocka_unit_test_teardown(errors_of_the_server_are_typed, account_tear_down),
		cmocka_unit_test_teardown(what_may_be_repeated_is, account_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
