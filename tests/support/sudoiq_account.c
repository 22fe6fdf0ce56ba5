#include "support/sudoiq_account.h"

#include "support/test.h"

/* The braces of a span, for tables, and a span. */
#define S(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
#define Z(text) ((freshet_str)S(text))
#define NONE    ((freshet_str){NULL, 0})

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the world: a server, and a client of it ---- */

struct account account;

void account_open(h1server_fn *answer, freshet_sudoiq_options *options)
{
	freshet_reactor_options r;
	freshet_sudoiq_options defaults;
	memset(&account, 0, sizeof account);
	account.base = event_base_new();
	assert_non_null(account.base);
	h1server_open(&account.server, account.base, answer, NULL);
	snprintf(account.url, sizeof account.url, "http://127.0.0.1:%u", (unsigned)account.server.port);
	freshet_reactor_options_init(&r);
	r.base = account.base;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &account.reactor), FRESHET_OK);
	freshet_sudoiq_options_init(&defaults);
	freshet_sudoiq_options *o = options != NULL ? options : &defaults;
	o->url = account.url;
	o->api_key = ACCOUNT_KEY;
	/* Pauses of a random part of a millisecond: nobody waits for them. */
	o->retry_min_ms = 1;
	o->retry_max_ms = 1;
	assert_int_equal(freshet_sudoiq_new(account.reactor, o, &account.client), FRESHET_OK);
}

void account_close(void)
{
	freshet_reactor_free(account.reactor);
	h1server_close(&account.server);
	event_base_free(account.base);
	memset(&account, 0, sizeof account);
}

int account_tear_down(void **state)
{
	(void)state;
	if (account.base != NULL)
		account_close();
	return 0;
}

void account_wait(void)
{
	unsigned before = account_calls;
	while (account_calls == before)
		event_base_loop(account.base, EVLOOP_ONCE);
	assert_int_equal(account_calls, before + 1);
}

/* ---- what callbacks were given ---- */

char account_note[2048];
freshet_err account_failed;
unsigned account_calls;
char account_code[64], account_message[128];

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	va_list args;
	size_t len = strlen(account_note);
	va_start(args, format);
	vsnprintf(account_note + len, sizeof account_note - len, format, args);
	va_end(args);
}

static void add_span(const char *before, freshet_str text)
{
	add("%s%.*s", before, (int)text.len, text.len > 0 ? text.ptr : "");
}

static void keep(char *to, size_t size, freshet_str text)
{
	snprintf(to, size, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
}

/* The beginning of every callback. */
static bool begin(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const void *user)
{
	assert_non_null(call);
	assert_ptr_equal(user, &account);
	account_calls++;
	account_failed = error != NULL ? error->outcome.err : FRESHET_OK;
	if (error == NULL)
		return true;
	assert_true(error->outcome.text.len > 0);
	keep(account_code, sizeof account_code, error->code);
	keep(account_message, sizeof account_message, error->message);
	return false;
}

static void end(freshet_str next_cursor)
{
	if (next_cursor.len > 0)
		add_span(" ->", next_cursor);
}

void account_on_tools(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_registered *tools, size_t count, freshet_str next_cursor, void *user)
{
	if (!begin(call, error, user)) {
		assert_true(tools == NULL && count == 0 && next_cursor.len == 0);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		assert_true(tools[i].raw.len > 1 && tools[i].raw.ptr[0] == '{');
		add_span(i > 0 ? " + " : "", tools[i].id);
		add_span("|", tools[i].space);
		add_span("/", tools[i].name);
		add_span("|", tools[i].description);
		add_span("|", tools[i].schema);
		add_span("|", tools[i].created_at);
		add_span("|", tools[i].updated_at);
	}
	end(next_cursor);
}

void account_on_tests(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_test *tests,
	size_t count, freshet_str next_cursor, void *user)
{
	if (!begin(call, error, user))
		return;
	for (size_t i = 0; i < count; i++) {
		add_span(i > 0 ? " + " : "", tests[i].id);
		add_span("|", tests[i].input_type);
		add_span("|", tests[i].input_content);
		add_span("|", tests[i].input_description);
		add_span("|", tests[i].output_type);
		add_span("|", tests[i].output_content);
		add_span("|", tests[i].output_description);
		add_span("|", tests[i].graded_quality);
		add("=%s", freshet_sudoiq_quality_name(tests[i].quality));
		add_span("|", tests[i].quality_reason);
	}
	end(next_cursor);
}

void account_on_grader(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_grader *grader, void *user)
{
	if (!begin(call, error, user)) {
		assert_null(grader);
		return;
	}
	assert_non_null(grader);
	add_span("", grader->grader_agent_id);
	add_span("|", grader->agent_id);
	add_span("|", grader->version);
	add_span("|", grader->message);
}

void account_on_validators(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_validator *validators, size_t count, freshet_str next_cursor, void *user)
{
	if (!begin(call, error, user))
		return;
	for (size_t i = 0; i < count; i++) {
		add_span(i > 0 ? " + " : "", validators[i].id);
		add_span("|", validators[i].name);
		add_span("|", validators[i].json_schema);
	}
	end(next_cursor);
}

void account_on_feedback(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_feedback *feedback, size_t count, freshet_str next_cursor, void *user)
{
	if (!begin(call, error, user))
		return;
	for (size_t i = 0; i < count; i++) {
		add_span(i > 0 ? " + " : "", feedback[i].id);
		add("|%s", freshet_sudoiq_quality_name(feedback[i].quality));
		add_span("|", feedback[i].reason);
		add_span("|", feedback[i].source);
		add_span("|", feedback[i].tags);
		add_span("|", feedback[i].created_at);
	}
	end(next_cursor);
}

void account_on_deleted(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, bool was_there, void *user)
{
	if (begin(call, error, user))
		add("%s", was_there ? "gone" : "was not there");
	else
		assert_false(was_there);
}

void account_on_json(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, int status, freshet_str json, void *user)
{
	if (!begin(call, error, user)) {
		assert_int_equal(json.len, 0);
		return;
	}
	add("%d ", status);
	add_span("", json);
}

/* ---- the calls ---- */

#define AGENT Z("a-1")

freshet_err account_call_register(void)
{
	static const freshet_sudoiq_property properties[] = {
		{S("meter"), S("string"), S("Meter \"number\""), {NULL, 0}, true},
		{S("unit"), S("string"), {NULL, 0}, S(" {\"enum\": [\"m3\", \"l\"], \"default\":\"l\"} "), false},
		{S("any"), {NULL, 0}, {NULL, 0}, S("{\"anyOf\":[{\"type\":\"null\"}]}"), false},
		{S("at"), S("integer"), {NULL, 0}, {NULL, 0}, true}};
	static const freshet_sudoiq_definition tools[] = {{.name = S("read_meter"),
								  .space = S("main"),
								  .description = S("Reads one meter."),
								  .properties = properties,
								  .property_count = COUNT(properties)},
		{.name = S("no-args.2"), .space = S("main")},
		{.name = S("read_meter"),
			.space = S("b space"),
			.schema = S("{\"required\":[\"x\\u0031\"],\"properties\":{\"x1\":{}},\"additionalProperties\":"
				    "false}")}};
	freshet_sudoiq_register_options o;
	freshet_sudoiq_register_options_init(&o);
	o.tools = tools;
	o.count = COUNT(tools);
	return freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, NULL);
}

freshet_err account_call_register_leniently(void)
{
	static const freshet_sudoiq_definition tools[] = {
		{.name = S("a b"), .space = S("")}, {.name = S("a b"), .space = S("")}};
	freshet_sudoiq_register_options o;
	freshet_sudoiq_register_options_init(&o);
	o.tools = tools;
	o.count = 2;
	o.lenient = true;
	o.omit_schema_type = true;
	return freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, NULL);
}

freshet_err account_register_one(void)
{
	static const freshet_sudoiq_definition tool = {.name = S("t"), .space = S("main"), .description = S("d")};
	freshet_sudoiq_register_options o;
	freshet_sudoiq_register_options_init(&o);
	o.tools = &tool;
	o.count = 1;
	return freshet_sudoiq_register_tools(account.client, &o, account_on_tools, &account, NULL);
}

freshet_err account_call_tools(void)
{
	return freshet_sudoiq_get_tools(account.client, NONE, NULL, account_on_tools, &account, NULL);
}

freshet_err account_call_tools_page(void)
{
	const freshet_sudoiq_page page = {200, S("c=&\303\251")};
	return freshet_sudoiq_get_tools(account.client, Z("a/b"), &page, account_on_tools, &account, NULL);
}

freshet_err account_call_delete_tool(void)
{
	return freshet_sudoiq_delete_tool(
		account.client, Z("ma in"), Z("t/1"), false, account_on_deleted, &account, NULL);
}

freshet_err account_call_delete_tool_that_must_exist(void)
{
	return freshet_sudoiq_delete_tool(account.client, Z("main"), Z("t"), true, account_on_deleted, &account, NULL);
}

freshet_err account_call_create_tests(void)
{
	static const freshet_sudoiq_example examples[] = {
		{S("text"), S("How full?"), S("A question"), S("text"), S("64 percent"), S("A share"), S("high"),
			S("Right"), {NULL, 0}},
		{.input_content = S(""), .graded_quality = S("very-low")},
		{.input_content = S("not sent"), .raw = S(" {\"own\": [1]} ")}};
	return freshet_sudoiq_create_tests(
		account.client, AGENT, examples, COUNT(examples), account_on_tests, &account, NULL);
}

freshet_err account_call_tests(void)
{
	const freshet_sudoiq_page page = {3, {NULL, 0}};
	return freshet_sudoiq_get_tests(account.client, Z("../a"), &page, account_on_tests, &account, NULL);
}

freshet_err account_call_delete_test(void)
{
	return freshet_sudoiq_delete_test(account.client, AGENT, Z("t_1"), false, account_on_deleted, &account, NULL);
}

freshet_err account_call_create_grader(void)
{
	return freshet_sudoiq_create_grader(
		account.client, AGENT, Z("Is it right?"), Z("right"), false, account_on_grader, &account, NULL);
}

freshet_err account_call_propose_grader(void)
{
	return freshet_sudoiq_create_grader(
		account.client, AGENT, Z("R"), Z("N"), true, account_on_grader, &account, NULL);
}

freshet_err account_call_upsert_validators(void)
{
	static const freshet_sudoiq_schema schemas[] = {
		{S("share"), S("{ \"type\" : \"number\" }")}, {S("any"), S("true")}};
	return freshet_sudoiq_upsert_validators(
		account.client, schemas, COUNT(schemas), account_on_validators, &account, NULL);
}

freshet_err account_call_validators(void)
{
	return freshet_sudoiq_list_validators(account.client, NULL, account_on_validators, &account, NULL);
}

freshet_err account_call_validators_page(void)
{
	const freshet_sudoiq_page page = {1000, S("17")};
	return freshet_sudoiq_list_validators(account.client, &page, account_on_validators, &account, NULL);
}

freshet_err account_call_validator(void)
{
	return freshet_sudoiq_get_validator(account.client, Z("5"), account_on_validators, &account, NULL);
}

freshet_err account_call_feedback(void)
{
	static const freshet_str tags[] = {S("late"), S("a\"b")};
	freshet_sudoiq_feedback_options o;
	freshet_sudoiq_feedback_options_init(&o);
	o.quality = Z("high");
	o.reason = Z("Good");
	o.source = Z("automated");
	o.tags = tags;
	o.tag_count = COUNT(tags);
	return freshet_sudoiq_send_feedback(account.client, AGENT, 4182, &o, account_on_feedback, &account, NULL);
}

freshet_err account_call_least_feedback(void)
{
	freshet_sudoiq_feedback_options o;
	freshet_sudoiq_feedback_options_init(&o);
	o.quality = Z("low");
	return freshet_sudoiq_send_feedback(account.client, AGENT, -1, &o, account_on_feedback, &account, NULL);
}

freshet_err account_call_raw_feedback(void)
{
	freshet_sudoiq_feedback_options o;
	freshet_sudoiq_feedback_options_init(&o);
	o.raw = Z("{\"stars\": 5}");
	return freshet_sudoiq_send_feedback(account.client, AGENT, 4182, &o, account_on_feedback, &account, NULL);
}

freshet_err account_call_feedback_list(void)
{
	const freshet_sudoiq_page page = {10, S("x")};
	return freshet_sudoiq_list_feedback(account.client, AGENT, 4182, &page, account_on_feedback, &account, NULL);
}

freshet_err account_call_route(void)
{
	const freshet_sudoiq_route_value values[] = {
		{"agent_id", S("a 1")}, {"task_id", S("7")}, {"deep", S("y&n")}, {"none", {NULL, 0}}};
	freshet_sudoiq_route_options o;
	freshet_sudoiq_route_options_init(&o);
	o.key = "run_feedback";
	o.values = values;
	o.value_count = COUNT(values);
	o.body = Z("[1, {\"a\":\"b\"}]");
	return freshet_sudoiq_call_route(account.client, &o, account_on_json, &account, NULL);
}

freshet_err account_call_route_without_a_body(void)
{
	freshet_sudoiq_route_options o;
	freshet_sudoiq_route_options_init(&o);
	o.key = "tools_list";
	return freshet_sudoiq_call_route(account.client, &o, account_on_json, &account, NULL);
}
