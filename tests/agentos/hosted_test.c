/*
 * Hosted agents against a scripted server: what is sent, byte for byte, and what is made of every kind of answer.
 */
#include "agentos/hosted_note.h"

#include "support/failmem.h"

#define AGENT    AGENTOS_WORLD_AGENT
#define RUN      AGENTOS_WORLD_RUN
#define INVOKE   "POST /api/v1/agents/" AGENT "/invoke "
#define OK(data) "{\"data\":" data ",\"error\":null}"

static void open_with(const struct agentos_reply *script)
{
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = script;
	agentos_world_client(NULL);
}

static struct note invoke(const freshet_agentos_invoke_options *o)
{
	struct note n = {.dones = 0};
	assert_int_equal(freshet_agentos_invoke(agentos_world.client, o, on_result, &n, NULL), FRESHET_OK);
	assert_int_equal(n.dones, 0);
	agentos_world_run_until(&n.done);
	assert_int_equal(n.dones, 1);
	return n;
}

/* ---- requests ---- */

static void the_body_of_an_invoke_has_what_was_given(void **state)
{
	const freshet_agentos_variable variables[] = {{Z("TONE"), Z("short")}, {Z("KEY"), Z("\"s\"")}};
	const freshet_agentos_message history[] = {{false, Z("hi")}, {true, Z("hello")}};
	freshet_agentos_invoke_options o;
	(void)state;
	open_with(NULL);
	invoke(NULL);
	assert_string_equal(agentos_world_log(), INVOKE "{\"input\":{}}\n");
	freshet_agentos_invoke_options_init(&o);
	o.input = Z(" {\"prompt\": \"Sum up\"} ");
	o.session_id = Z("desk-4");
	o.variables = variables;
	o.variable_count = 2;
	o.parent_run_id = Z("9D1E0000-0000-4000-8000-000000000002");
	invoke(&o);
	assert_string_equal(agentos_world_log(), INVOKE
		"{\"input\":{\"prompt\": \"Sum up\"},\"prompt_variables\":{\"TONE\":\"short\",\"KEY\":\"\\\"s\\\"\"},"
		"\"session_id\":\"desk-4\",\"parent_run_id\":\"" RUN "\"}\n");
	o = say("again");
	o.agent_id = "other/agent";
	o.history = history;
	o.history_count = 2;
	invoke(&o);
	assert_string_equal(agentos_world_log(),
		"POST /api/v1/agents/other%2Fagent/invoke {\"input\":{\"prompt\":\"again\"},\"history\":[{\"role\":"
		"\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hello\"}]}\n");
	assert_non_null(strcasestr(agentos_world.heads, "\r\nauthorization: Bearer " AGENTOS_WORLD_KEY "\r\n"));
	assert_non_null(strcasestr(agentos_world.heads, "\r\nidempotency-key: "));
}

static void what_cannot_be_right_is_not_sent(void **state)
{
	const freshet_agentos_variable unnamed[] = {{Z(""), Z("x")}};
	const freshet_agentos_message history[] = {{false, Z("hi")}};
	struct note n = {.dones = 0};
	(void)state;
	open_with(NULL);
	freshet_agentos_invoke_options cases[8];
	for (size_t i = 0; i < 8; i++)
		freshet_agentos_invoke_options_init(&cases[i]);
	cases[0].input = Z("[1]");
	cases[1].input = Z("{\"a\":}");
	cases[2].session_id = Z("s");
	cases[2].history = history;
	cases[2].history_count = 1;
	cases[3].parent_run_id = Z("not-a-uuid");
	cases[4].variables = unnamed;
	cases[4].variable_count = 1;
	cases[5].variable_count = 1;
	cases[6].agent_id = "..";
	cases[7].text = Z("both");
	cases[7].input = Z("{}");
	for (size_t i = 0; i < 8; i++) {
		freshet_err expected = i == 1 ? FRESHET_EJSON_SYNTAX : FRESHET_EINVAL;
		freshet_agentos_call *call;
		assert_int_equal(
			freshet_agentos_invoke(agentos_world.client, &cases[i], on_result, &n, &call), expected);
		assert_null(call);
		assert_int_equal(
			freshet_agentos_invoke_stream(agentos_world.client, &cases[i], &note_callbacks, &n, &n.stream),
			expected);
		assert_null(n.stream);
	}
	assert_int_equal(freshet_agentos_invoke(agentos_world.client, NULL, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_run_read(agentos_world.client, NONE, on_result, &n, NULL), FRESHET_EINVAL);
	assert_int_equal(n.dones, 0);
	assert_string_equal(agentos_world_log(), "");
}

static void settings_allow_what_the_platform_may_take(void **state)
{
	const freshet_agentos_message history[] = {{false, Z("hi")}};
	freshet_agentos_hosted_options h;
	freshet_agentos_invoke_options o;
	freshet_agentos_reply_options r;
	struct note n = {.dones = 0};
	(void)state;
	open_with(NULL);
	freshet_agentos_hosted_options_init(&h);
	h.allow_any_input = true;
	h.allow_session_and_history = true;
	h.prompt_field = "question";
	h.answer_field = "text";
	h.question_field = "";
	assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_OK);
	freshet_agentos_invoke_options_init(&o);
	o.input = Z("[1]");
	o.session_id = Z("s");
	o.history = history;
	o.history_count = 1;
	invoke(&o);
	o = say("x");
	invoke(&o);
	freshet_agentos_reply_options_init(&r);
	r.run_id = Z(RUN);
	r.answer = Z("2025");
	r.question_id = Z("q1");
	assert_int_equal(freshet_agentos_reply(agentos_world.client, &r, on_result, &n, NULL), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_string_equal(agentos_world_log(), INVOKE
		"{\"input\":[1],\"session_id\":\"s\",\"history\":[{\"role\":\"user\",\"content\":\"hi\"}]}\n" INVOKE
		"{\"input\":{\"question\":\"x\"}}\nPOST /api/v1/runs/" RUN "/reply {\"text\":\"2025\"}\n");
	/* Not any more: plans made of them are in use. */
	assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_ESTATE);
}

static void on_approvals(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *a, size_t count, void *user)
{
	struct note *n = user;
	(void)call;
	note_error(n, error);
	n->text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(n->text + strlen(n->text), 512, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s\n", (int)a[i].id.len,
			a[i].id.ptr, (int)a[i].run_id.len, a[i].run_id.ptr, (int)a[i].agent_id.len, a[i].agent_id.ptr,
			(int)a[i].tool.len, a[i].tool.ptr, (int)a[i].input.len, a[i].input.ptr, (int)a[i].status.len,
			a[i].status.ptr, (int)a[i].expires_at.len, a[i].expires_at.ptr);
	note_end(n);
}

static void on_decision(freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user)
{
	struct note *n = user;
	(void)call;
	note_error(n, error);
	snprintf(n->text, sizeof n->text, "%.*s", (int)status.len, status.ptr);
	note_end(n);
}

static void approvals_are_listed_and_decided_with_the_key_of_the_workspace(void **state)
{
	static const struct agentos_reply script[] = {
		{"/decide", 1, 200, NULL, OK("{\"id\":\"a1\",\"status\":\"approved\"}")},
		{"/decide", 1, 409, NULL,
			"{\"data\":null,\"error\":{\"code\":\"conflict\",\"message\":\"was decided\"}}"},
		{"/approvals", 1, 200, NULL,
			OK("{\"approvals\":[{\"id\":\"a1\",\"run_id\":\"r1\",\"agent_id\":\"g1\",\"tool\":\"send_"
			   "mail\","
			   "\"input\":{\"to\":\"x\"},\"status\":\"pending\",\"expires_at\":\"2026\"},{\"id\":7}]}")},
		{"/approvals", 1, 200, NULL, OK("[{\"approval_id\":\"b\"}]")},
		{"/approvals", 1, 200, NULL, OK("[{\"run_id\":\"b\"}]")},
		{"/approvals", 1, 200, NULL, OK("{}")},
		{"/approvals", 1, 200, NULL, OK("[]")},
		{0},
	};
	static const struct {
		freshet_err err;
		const char *list;
	} lists[] = {
		{FRESHET_OK, "a1|r1|g1|send_mail|{\"to\":\"x\"}|pending|2026\n7||||||\n"},
		{FRESHET_OK, "b||||||\n"},
		{FRESHET_EJSON_MISSING, ""},
		{FRESHET_EJSON_MISSING, ""},
		{FRESHET_OK, ""},
	};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = script;
	freshet_agentos_options o = agentos_world_options();
	o.workspace_key = AGENTOS_WORLD_SPACE_KEY;
	agentos_world_client(&o);
	for (size_t i = 0; i < 5; i++) {
		struct note n = {.dones = 0};
		assert_int_equal(freshet_agentos_approvals(agentos_world.client, on_approvals, &n, NULL), FRESHET_OK);
		agentos_world_run_until(&n.done);
		assert_int_equal(n.err, lists[i].err);
		assert_string_equal(n.text, lists[i].list);
	}
	agentos_world_log();
	for (int i = 0; i < 2; i++) {
		struct note n = {.dones = 0};
		assert_int_equal(freshet_agentos_decide(agentos_world.client, Z("a/1"), i == 0,
					 i == 0 ? NONE : Z("too late"), on_decision, &n, NULL),
			FRESHET_OK);
		agentos_world_run_until(&n.done);
		assert_int_equal(n.err, i == 0 ? FRESHET_OK : FRESHET_ECONFLICT);
		assert_string_equal(
			i == 0 ? n.text : n.words, i == 0 ? "approved" : "HTTP 409: was decided|was decided|conflict");
	}
	assert_string_equal(agentos_world_log(),
		"POST /api/v1/approvals/a%2F1/decide {\"decision\":\"approve\"}\nPOST /api/v1/approvals/a%2F1/decide "
		"{\"decision\":\"reject\",\"reason\":\"too late\"}\n");
	assert_null(strstr(agentos_world.heads, AGENTOS_WORLD_KEY));
	assert_non_null(strstr(agentos_world.heads, AGENTOS_WORLD_SPACE_KEY));
}

/* Another key of the workspace counts from the next request on; one that cannot be leaves it as it is. */
static void the_key_of_the_workspace_may_change(void **state)
{
	(void)state;
	open_with(NULL);
	freshet_agentos *client = agentos_world.client;
	assert_ptr_equal(freshet_endpoint_reactor(freshet_agentos_endpoint(client)), agentos_world.reactor);
	assert_int_equal(freshet_agentos_set_workspace_key(client, "aos_ws_another"), FRESHET_OK);
	assert_int_equal(freshet_agentos_set_workspace_key(client, ""), FRESHET_EINVAL);
	struct note n = {.dones = 0};
	assert_int_equal(freshet_agentos_approvals(client, on_approvals, &n, NULL), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_non_null(strstr(agentos_world.heads, "Bearer aos_ws_another\r\n"));
}

static void count_approvals(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *approvals, size_t count, void *user)
{
	struct note *n = user;
	(void)call;
	assert_true(error != NULL || (count == 100000 && freshet_str_is(approvals[count - 1].id, "7")));
	note_error(n, error);
	note_end(n);
}

static void a_list_of_approvals_is_bound(void **state)
{
	static const struct {
		size_t count;
		freshet_err err;
	} cases[] = {{100000, FRESHET_OK}, {100001, FRESHET_EJSON_SIZE}};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *body = malloc(cases[i].count * 9 + 16), *at = body + sprintf(body, "{\"data\":[");
		assert_non_null(body);
		for (size_t k = 0; k < cases[i].count; k++)
			at += sprintf(at, "{\"id\":7},");
		strcpy(at - 1, "]}");
		const struct agentos_reply script[] = {{"/approvals", 0, 200, NULL, body}, {0}};
		struct note n = {.dones = 0};
		open_with(script);
		assert_int_equal(
			freshet_agentos_approvals(agentos_world.client, count_approvals, &n, NULL), FRESHET_OK);
		agentos_world_run_until(&n.done);
		assert_int_equal(n.err, cases[i].err);
		agentos_world_close(NULL);
		free(body);
	}
	open_with(NULL);
}

/* ---- answers ---- */

static const struct {
	int status;
	const char *body;
	freshet_err err;
	const char *text; /* or the words of the error */
} answers[] = {
	{200,
		OK("{\"run_id\":\"r\",\"status\":\"completed\",\"output\":{\"summary\":\"s\"},\"usage\":{\"input_"
		   "tokens\":120,"
		   "\"output_tokens\":40}}"),
		FRESHET_OK,
		"completed|{\"summary\":\"s\"}|||||"
		"|120/40"},
	{200, OK("{\"runId\":\"r\",\"output\":\"te\\u0078t\"}"), FRESHET_OK, "completed|\"te\\u0078t\"|text|||||"},
	{202, OK("{\"run_id\":\"r\",\"status\":\"awaiting_approval\",\"approval_id\":\"a771\"}"), FRESHET_OK,
		"awaiting_approval|||a771||||"},
	{202,
		OK("{\"run_id\":\"r\",\"status\":\"AWAITING_INPUT\",\"question\":{\"id\":\"q1\",\"text\":\"Which "
		   "year?\"}}"),
		FRESHET_OK, "awaiting_input||||q1|Which year?||"},
	{202, OK("{\"run_id\":\"r\",\"status\":\"awaiting_input\",\"question\":\"Which?\"}"), FRESHET_OK,
		"awaiting_input|||||Which?||"},
	{202, OK("{\"run_id\":\"r\"}"), FRESHET_OK, "paused|||||||"},
	{202, "", FRESHET_OK, "paused|||||||"},
	{200, OK("{\"run_id\":\"r\",\"status\":\"failed\",\"error_message\":\"tool crashed\"}"), FRESHET_OK,
		"failed||||||tool crashed|"},
	{200, OK("{\"status\":\"cancelled\"}"), FRESHET_OK, "cancelled|||||||"},
	{200, OK("{\"status\":\"dreaming\"}"), FRESHET_OK, "unknown|||||||"},
	{200, "{\"run_id\":\"r\",\"status\":\"completed\",\"output\":null}", FRESHET_OK, "completed|null||||||"},
	{200, OK("\"just text\""), FRESHET_OK, "completed|\"just text\"|just text|||||"},
	{200, "", FRESHET_EJSON_MISSING, NULL},
	{200, OK("{\"status\":7}"), FRESHET_EJSON_TYPE, NULL},
	{200, "{\"data\":{},\"error\":\"no\"}", FRESHET_EBAD_ANSWER, NULL},
	{200, "<html>", FRESHET_EJSON_MISSING, NULL},
	{401, "{\"data\":null,\"error\":{\"code\":\"unknown_key\",\"message\":\"Who are you?\"}}", FRESHET_EAUTH,
		"HTTP 401: Who are you?|Who are you?|unknown_key"},
	{400, "{\"data\":null,\"error\":\"not hosted\"}", FRESHET_EVALIDATION, "HTTP 400: not hosted|not hosted|"},
	{404, "", FRESHET_ENOT_FOUND, "HTTP 404: no such object||"},
	{500, "oops", FRESHET_ESERVER, "HTTP 500: the server failed||"},
};

static void each_answer_becomes_a_result_or_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		const struct agentos_reply script[] = {{"/invoke", 0, answers[i].status, NULL, answers[i].body}, {0}};
		open_with(script);
		struct note n = invoke(NULL);
		assert_int_equal(n.err, answers[i].err);
		if (answers[i].text != NULL)
			assert_string_equal(n.err == FRESHET_OK ? n.text : n.words, answers[i].text);
		/* None of these is sent again: it might run twice. */
		assert_int_equal(agentos_world.server.requests, 1);
		agentos_world_close(NULL);
	}
	open_with(NULL);
}

static void an_invoke_is_only_repeated_when_that_is_safe(void **state)
{
	static const struct {
		struct agentos_reply first;
		bool retry;
		unsigned requests;
	} cases[] = {
		{{"/invoke", 1, 429, "retry-after: 0\r\n", ""}, false, 2},
		{{"/invoke", 1, 503, "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""}, false, 2},
		{{"/invoke", 1, 429, "retry-after: soon\r\n", ""}, false, 1},
		{{"/invoke", 1, 429, "", ""}, false, 1},
		{{"/invoke", 1, 503, "", ""}, false, 1},
		{{"/invoke", 1, AGENTOS_WORLD_DROP, NULL, NULL}, false, 1},
		{{"/invoke", 1, 503, "", ""}, true, 2},
		{{"/invoke", 1, AGENTOS_WORLD_DROP, NULL, NULL}, true, 2},
		{{"/invoke", 1, 200, NULL, "{\"data\":null,\"error\":{\"code\":\"unavailable\"}}"}, true, 2},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct agentos_reply script[] = {cases[i].first, {0}};
		freshet_agentos_hosted_options h;
		open_with(script);
		freshet_agentos_hosted_options_init(&h);
		h.retry_invoke = cases[i].retry;
		assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_OK);
		struct note n = invoke(NULL);
		assert_int_equal(agentos_world.server.requests, cases[i].requests);
		assert_int_equal(n.err == FRESHET_OK, cases[i].requests == 2);
		agentos_world_close(NULL);
	}
	open_with(NULL);
}

/* ---- secrets ---- */

static char logged[65536];

static void keep_log(freshet_log_level level, const char *line, void *user)
{
	(void)level;
	(void)user;
	size_t len = strlen(logged);
	snprintf(logged + len, sizeof logged - len, "%s\n", line);
}

static void no_secret_is_told(void **state)
{
	static const struct agentos_reply script[] = {
		{"/invoke", 0, 401, NULL,
			"{\"data\":null,\"error\":{\"message\":\"bad key " AGENTOS_WORLD_KEY
			" for VARIABLE-SECRET\",\"code\":\"VARIABLE-SECRET\",\"details\":\"VARIABLE-SECRET\"}}"},
		{0},
	};
	const freshet_agentos_variable variables[] = {{Z("TOKEN"), Z("VARIABLE-SECRET")}};
	freshet_agentos_invoke_options o = say("PROMPT-SECRET");
	(void)state;
	logged[0] = '\0';
	freshet_set_log(keep_log, FRESHET_LOG_DEBUG, NULL);
	open_with(script);
	o.variables = variables;
	o.variable_count = 1;
	struct note n = invoke(&o);
	struct note s = {.dones = 0};
	assert_int_equal(
		freshet_agentos_invoke_stream(agentos_world.client, &o, &note_callbacks, &s, &s.stream), FRESHET_OK);
	char described[512];
	assert_true(freshet_agentos_describe(agentos_world.client, described, sizeof described) < sizeof described);
	agentos_world_run_until(&s.done);
	agentos_world_close_reactor();
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
	const char *texts[] = {n.words, s.words, described, logged};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_null(strstr(texts[i], "SECRET"));
		assert_null(strstr(texts[i], AGENTOS_WORLD_KEY));
	}
	assert_non_null(strstr(n.words, "bad key ****"));
	assert_non_null(strstr(s.words, "bad key ****"));
}

/* ---- other tables ---- */

static freshet_err sign(freshet_outgoing *request, void *user)
{
	static char path[128];
	(void)user;
	snprintf(path, sizeof path, "%s?signed=%s", request->path, request->key);
	request->path = path;
	return FRESHET_OK;
}

static freshet_err unwrap(freshet_incoming *answer, void *user)
{
	(void)user;
	if (freshet_str_is(answer->body, "spoken"))
		answer->body = Z("{\"st\":\"OVER\",\"res\":{\"x\":1}}");
	return FRESHET_OK;
}

static void paths_names_and_bodies_can_be_replaced(void **state)
{
	static const struct agentos_reply script[] = {{"/go", 0, 200, "content-type: text/plain\r\n", "spoken"}, {0}};
	static const char *const status[] = {"st", NULL}, *const output[] = {"res.x", NULL},
				 *const over[] = {"over", NULL};
	static const freshet_route routes[] = {{"invoke", "PUT", "/go/{agent_id}/{agent_id}"}};
	static const freshet_agentos_hosted_names names = {
		.size = sizeof names, .status = status, .output = output, .completed = over};
	freshet_agentos_hosted_options h;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = script;
	freshet_agentos_options o = agentos_world_options();
	o.routes = routes;
	o.route_count = 1;
	o.path_prefix = "/v9";
	o.request_hook = sign;
	o.response_hook = unwrap;
	agentos_world_client(&o);
	freshet_agentos_hosted_options_init(&h);
	h.names = &names;
	assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_OK);
	struct note n = invoke(NULL);
	assert_string_equal(agentos_world_log(), "PUT /v9/go/" AGENT "/" AGENT "?signed=invoke {\"input\":{}}\n");
	assert_string_equal(n.text, "completed|1||||||");
	struct note s = {.dones = 0};
	assert_int_equal(
		freshet_agentos_invoke_stream(agentos_world.client, NULL, &note_callbacks, &s, &s.stream), FRESHET_OK);
	agentos_world_run_until(&s.done);
	assert_string_equal(s.text, "completed|1||||||");
}

/* ---- ends that others bring ---- */

static void calls_can_be_cancelled_and_end_with_the_client(void **state)
{
	static const struct agentos_reply script[] = {{"/", 0, AGENTOS_WORLD_HANG, NULL, NULL}, {0}};
	struct note first = {.dones = 0}, second = {.dones = 0}, stream = {.dones = 0};
	freshet_agentos_call *call;
	(void)state;
	open_with(script);
	assert_int_equal(freshet_agentos_invoke(agentos_world.client, NULL, on_result, &first, &call), FRESHET_OK);
	freshet_agentos_call_cancel(call);
	freshet_agentos_call_cancel(call);
	assert_int_equal(first.dones, 0);
	agentos_world_run_until(&first.done);
	assert_int_equal(first.err, FRESHET_ECANCELED);
	assert_int_equal(freshet_agentos_invoke(agentos_world.client, NULL, on_result, &second, NULL), FRESHET_OK);
	assert_int_equal(
		freshet_agentos_invoke_stream(agentos_world.client, NULL, &note_callbacks, &stream, &stream.stream),
		FRESHET_OK);
	while (agentos_world.server.requests < 2)
		agentos_world_turn();
	freshet_agentos_free(agentos_world.client);
	agentos_world_run_until(&second.done);
	agentos_world_run_until(&stream.done);
	assert_int_equal(second.err, FRESHET_ECANCELED);
	assert_int_equal(stream.err, FRESHET_ECANCELED);
	assert_int_equal(first.dones + second.dones + stream.dones, 3);
}

/* ---- disabled ---- */

static void a_disabled_client_asks_nobody(void **state)
{
	freshet_agentos_options o;
	freshet_agentos_reply_options r;
	freshet_agentos_conversation *conversation;
	struct note n[7] = {{.dones = 0}};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options_init(&o);
	o.disabled = true;
	agentos_world_client(&o);
	freshet_agentos *client = agentos_world.client;
	freshet_agentos_reply_options_init(&r);
	r.run_id = Z("r");
	r.answer = Z("a");
	assert_int_equal(freshet_agentos_invoke(client, NULL, on_result, &n[0], NULL), FRESHET_OK);
	assert_int_equal(freshet_agentos_reply(client, &r, on_result, &n[1], NULL), FRESHET_OK);
	assert_int_equal(freshet_agentos_run_read(client, Z("r"), on_result, &n[2], NULL), FRESHET_OK);
	assert_int_equal(freshet_agentos_approvals(client, on_approvals, &n[3], NULL), FRESHET_OK);
	assert_int_equal(freshet_agentos_decide(client, Z("a"), true, NONE, on_decision, &n[4], NULL), FRESHET_OK);
	assert_int_equal(freshet_agentos_invoke_stream(client, NULL, &note_callbacks, &n[5], &n[5].stream), FRESHET_OK);
	assert_int_equal(freshet_agentos_conversation_new(client, NULL, &conversation), FRESHET_OK);
	assert_int_equal(freshet_agentos_conversation_send(conversation, Z("hi"), on_result, &n[6]), FRESHET_OK);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(n[i].dones, 0);
	for (size_t i = 0; i < 7; i++) {
		agentos_world_run_until(&n[i].done);
		assert_int_equal(n[i].err, FRESHET_OK);
		if (i != 3 && i != 4)
			assert_string_equal(n[i].text, "completed|null||||||");
	}
	assert_string_equal(n[5].events, "done* done;");
	assert_int_equal(strlen(n[0].run), 36);
	assert_string_not_equal(n[0].run, n[1].run);
	freshet_agentos_conversation_free(conversation);
	/* Those that wait for their turn when the client goes. */
	struct note late = {.dones = 0}, stream = {.dones = 0}, canceled = {.dones = 0};
	freshet_agentos_call *call;
	assert_int_equal(freshet_agentos_invoke(client, NULL, on_result, &canceled, &call), FRESHET_OK);
	freshet_agentos_call_cancel(call);
	agentos_world_run_until(&canceled.done);
	assert_int_equal(canceled.err, FRESHET_ECANCELED);
	assert_int_equal(freshet_agentos_invoke(client, NULL, on_result, &late, NULL), FRESHET_OK);
	assert_int_equal(
		freshet_agentos_invoke_stream(client, NULL, &note_callbacks, &stream, &stream.stream), FRESHET_OK);
	freshet_reactor_free(agentos_world.reactor);
	agentos_world_forget_reactor();
	assert_int_equal(late.dones + stream.dones, 2);
	assert_int_equal(late.err, FRESHET_ECANCELED);
	assert_int_equal(stream.err, FRESHET_ECANCELED);
	assert_int_equal(agentos_world.server.accepted, 0);
}

/* ---- conversations ---- */

static const struct agentos_reply talk[] = {
	{"/invoke", 1, 200, NULL, OK("{\"output\":\"one\"}")},
	{"/invoke", 1, 200, NULL, OK("{\"status\":\"failed\"}")},
	{"/invoke", 1, 200, NULL, OK("{\"output\":{\"n\":3}}")},
	{0},
};

static freshet_agentos_conversation *talk_of(freshet_agentos_conversation_options *o)
{
	freshet_agentos_conversation *c;
	assert_int_equal(freshet_agentos_conversation_new(agentos_world.client, o, &c), FRESHET_OK);
	return c;
}

static void a_conversation_sends_one_after_the_other(void **state)
{
	struct note n[4] = {{.dones = 0}};
	const freshet_agentos_variable variables[] = {{Z("A"), Z("1")}};
	freshet_agentos_conversation_options o;
	(void)state;
	open_with(talk);
	freshet_agentos_conversation_options_init(&o);
	o.session_id = Z("desk");
	o.variables = variables;
	o.variable_count = 1;
	freshet_agentos_conversation *c = talk_of(&o);
	assert_true(freshet_str_is(freshet_agentos_conversation_session_id(c), "desk"));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(freshet_agentos_conversation_send(c,
					 Z(i == 0         ? "a"
						 : i == 1 ? "b"
							  : "c"),
					 on_result, &n[i]),
			FRESHET_OK);
	assert_int_equal(freshet_agentos_conversation_send_stream(c, Z("d"), &note_callbacks, &n[3]), FRESHET_OK);
	/* The handle of a stream in line is not known before its turn. */
	agentos_world_run_until(&n[2].done);
	assert_int_equal(agentos_world.server.pipelined, 0);
	assert_true(agentos_world.server.accepted <= 1);
	assert_string_equal(agentos_world_log(), INVOKE
		"{\"input\":{\"prompt\":\"a\"},\"prompt_variables\":{\"A\":\"1\"},\"session_id\":\"desk\"}\n" INVOKE
		"{\"input\":{\"prompt\":\"b\"},\"prompt_variables\":{\"A\":\"1\"},\"session_id\":\"desk\"}\n" INVOKE
		"{\"input\":{\"prompt\":\"c\"},\"prompt_variables\":{\"A\":\"1\"},\"session_id\":\"desk\"}\n");
	assert_string_equal(n[1].text, "failed|||||||");
	assert_int_equal(freshet_agentos_conversation_message_count(c), 0);
	n[3].in_event = NULL;
	freshet_agentos_conversation_free(c);
	agentos_world_run_until(&n[3].done);
	assert_int_equal(n[3].err, FRESHET_ECANCELED);
	o.session_id = (freshet_str){"des\0k", 5};
	assert_int_equal(freshet_agentos_conversation_new(agentos_world.client, &o, &c), FRESHET_EINVAL);
	assert_null(c);
	c = talk_of(NULL);
	assert_int_equal(freshet_agentos_conversation_session_id(c).len, 36);
	freshet_agentos_conversation_free(c);
}

static void a_local_conversation_tells_its_history(void **state)
{
	freshet_agentos_hosted_options h;
	freshet_agentos_conversation_options o;
	(void)state;
	open_with(talk);
	freshet_agentos_hosted_options_init(&h);
	h.max_messages = 3;
	assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_OK);
	freshet_agentos_conversation_options_init(&o);
	o.local = true;
	freshet_agentos_conversation *c = talk_of(&o);
	for (size_t i = 0; i < 4; i++) {
		static const size_t remembered[] = {2, 2, 2, 2};
		struct note n = {.dones = 0};
		char text[2] = {(char)('a' + i), '\0'};
		assert_int_equal(freshet_agentos_conversation_send(c, Z(text), on_result, &n), FRESHET_OK);
		agentos_world_run_until(&n.done);
		assert_int_equal(freshet_agentos_conversation_message_count(c), remembered[i]);
	}
#define AFTER(user, assistant)                                                                                         \
	",\"history\":[{\"role\":\"user\",\"content\":\"" user "\"},{\"role\":\"assistant\",\"content\":\"" assistant  \
	"\"}]"
	assert_string_equal(agentos_world_log(), INVOKE
		"{\"input\":{\"prompt\":\"a\"}}\n" INVOKE
		"{\"input\":{\"prompt\":\"b\"}" AFTER("a", "one") "}\n" INVOKE "{\"input\":{\"prompt\":\"c\"}" AFTER(
			"a", "one") "}\n" INVOKE "{\"input\":{\"prompt\":\"d\"}" AFTER("c", "{\\\"n\\\":3}") "}\n");
	freshet_agentos_conversation_free(c);
	o.session_id = Z("both");
	assert_int_equal(freshet_agentos_conversation_new(agentos_world.client, &o, &c), FRESHET_EINVAL);
}

/* A zero byte is one. */
static void a_message_may_hold_any_character(void **state)
{
	static const struct agentos_reply script[] = {{"/invoke", 0, 200, NULL, OK("{\"output\":\"x\\u0000y\"}")}, {0}};
	static const freshet_str texts[] = {{"a\0b", 3}, {"c", 1}};
	freshet_agentos_conversation_options o;
	(void)state;
	open_with(script);
	freshet_agentos_conversation_options_init(&o);
	o.local = true;
	freshet_agentos_conversation *c = talk_of(&o);
	for (size_t i = 0; i < 2; i++) {
		struct note n = {.dones = 0};
		assert_int_equal(freshet_agentos_conversation_send(c, texts[i], on_result, &n), FRESHET_OK);
		agentos_world_run_until(&n.done);
	}
	assert_string_equal(agentos_world_log(),
		INVOKE "{\"input\":{\"prompt\":\"a\\u0000b\"}}\n" INVOKE
		       "{\"input\":{\"prompt\":\"c\"}" AFTER("a\\u0000b", "x\\u0000y") "}\n");
	freshet_agentos_conversation_free(c);
}

static struct note in_line[4];
static freshet_agentos_conversation *talking;

static void free_talk(struct note *n)
{
	(void)n;
	freshet_agentos_conversation_free(talking);
	assert_int_equal(freshet_agentos_conversation_send(talking, Z("x"), on_result, n), FRESHET_ESTATE);
}

static void free_client(struct note *n)
{
	(void)n;
	freshet_agentos_free(agentos_world.client);
}

static void send_more(struct note *n)
{
	n->in_done = NULL;
	assert_int_equal(freshet_agentos_conversation_send(talking, Z("more"), on_result, &in_line[3]), FRESHET_OK);
}

static void a_line_is_bound_and_ends_with_its_conversation(void **state)
{
	static const struct agentos_reply hang[] = {{"/", 0, AGENTOS_WORLD_HANG, NULL, NULL}, {0}};
	static void (*const acts[])(struct note * n) = {free_talk, free_client, send_more};
	(void)state;
	for (size_t act = 0; act < 4; act++) {
		freshet_agentos_hosted_options h;
		memset(in_line, 0, sizeof in_line);
		open_with(act < 3 ? NULL : hang);
		freshet_agentos_hosted_options_init(&h);
		h.max_waiting = 2;
		assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_OK);
		talking = talk_of(NULL);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(
				freshet_agentos_conversation_send(talking, Z("x"), on_result, &in_line[i]), FRESHET_OK);
		assert_int_equal(freshet_agentos_conversation_send(talking, Z("x"), on_result, &in_line[3]),
			FRESHET_EQUEUE_FULL);
		if (act < 3)
			in_line[0].in_done = acts[act];
		else
			freshet_agentos_conversation_free(talking);
		agentos_world_run_until(&in_line[act == 2 ? 3 : 2].done);
		for (size_t i = 0; i < 3; i++) {
			bool good = act == 2 || (i == 0 && act < 3);
			assert_int_equal(in_line[i].dones, 1);
			assert_int_equal(in_line[i].err, good ? FRESHET_OK : FRESHET_ECANCELED);
		}
		if (act == 1) {
			while (freshet_agentos_conversation_send(talking, Z("x"), on_result, &in_line[3]) == FRESHET_OK)
				agentos_world_turn();
			agentos_world_close_reactor();
			assert_int_equal(freshet_agentos_conversation_send(talking, Z("x"), on_result, &in_line[3]),
				FRESHET_ESTATE);
		}
		if (act == 1 || act == 2)
			freshet_agentos_conversation_free(talking);
		agentos_world_close(NULL);
	}
	open_with(NULL);
}

/* ---- out of memory ---- */

static void each_allocation_may_fail(void **state)
{
	static const struct agentos_reply script[] = {
		{"/invoke", 0, 200, NULL, OK("{\"run_id\":\"r\",\"output\":\"a\\nb\"}")}, {0}};
	const freshet_agentos_variable variables[] = {{Z("A"), Z("1")}};
	(void)state;
	open_with(script);
	freshet_agentos *warm = agentos_world.client;
	invoke(NULL);
	for (size_t n = 1;; n++) {
		freshet_agentos_conversation_options o;
		freshet_agentos_conversation *c;
		struct note note = {.dones = 0};
		freshet_agentos_conversation_options_init(&o);
		o.local = true;
		o.variables = variables;
		o.variable_count = 1;
		failmem_arm_one(n);
		freshet_err err = freshet_agentos_conversation_new(warm, &o, &c);
		if (err == FRESHET_OK)
			err = freshet_agentos_conversation_send(c, Z("x"), on_result, &note);
		if (err == FRESHET_OK)
			agentos_world_run_until(&note.done);
		bool fired = failmem_fired();
		failmem_arm(0);
		assert_true(err == FRESHET_OK || err == FRESHET_ENOMEM);
		if (err == FRESHET_OK)
			assert_true(note.err == FRESHET_OK || note.err == FRESHET_ENOMEM);
		freshet_agentos_conversation_free(c);
		if (!fired) {
			assert_string_equal(note.text, "completed|\"a\\nb\"|a\nb|||||");
			break;
		}
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_body_of_an_invoke_has_what_was_given, agentos_world_close),
		cmocka_unit_test_teardown(what_cannot_be_right_is_not_sent, agentos_world_close),
		cmocka_unit_test_teardown(settings_allow_what_the_platform_may_take, agentos_world_close),
		cmocka_unit_test_teardown(
			approvals_are_listed_and_decided_with_the_key_of_the_workspace, agentos_world_close),
		cmocka_unit_test_teardown(each_answer_becomes_a_result_or_an_error, agentos_world_close),
		cmocka_unit_test_teardown(an_invoke_is_only_repeated_when_that_is_safe, agentos_world_close),
		cmocka_unit_test_teardown(no_secret_is_told, agentos_world_close),
		cmocka_unit_test_teardown(paths_names_and_bodies_can_be_replaced, agentos_world_close),
		cmocka_unit_test_teardown(calls_can_be_cancelled_and_end_with_the_client, agentos_world_close),
		cmocka_unit_test_teardown(a_disabled_client_asks_nobody, agentos_world_close),
		cmocka_unit_test_teardown(a_conversation_sends_one_after_the_other, agentos_world_close),
		cmocka_unit_test_teardown(a_local_conversation_tells_its_history, agentos_world_close),
		cmocka_unit_test_teardown(a_message_may_hold_any_character, agentos_world_close),
		cmocka_unit_test_teardown(the_key_of_the_workspace_may_change, agentos_world_close),
		cmocka_unit_test_teardown(a_list_of_approvals_is_bound, agentos_world_close),
		cmocka_unit_test_teardown(a_line_is_bound_and_ends_with_its_conversation, agentos_world_close),
		cmocka_unit_test_teardown(each_allocation_may_fail, agentos_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
