/*
 * Who the client is, to the byte: keys, cookies, tokens that are bought, run out and are bought again; and what of the wire
 * can be replaced: routes, prefix, hooks. What no text may show is looked for in all of them.
 */
#include "play.h"

#include "service/sudoiq/client.h"

#define TOKEN_REQUEST "POST /api/v1/auth/token"
#define TOKEN_BODY    "{\"api_key\":\"" SUDOIQ_WORLD_KEY "\"}"
#define TOKEN(name)   "{\"access_token\":\"" name "\",\"token_type\":\"bearer\",\"expires_in\":3600}"

/* ---- headers ---- */

static void a_key_in_its_own_header(void **state)
{
	static const struct step steps[] = {
		{.request = START, .head = "x-api-key: " SUDOIQ_WORLD_KEY "\r\n", .status = 200, .answer = STARTED},
		{.request = STREAM, .head = "x-api-key: " SUDOIQ_WORLD_KEY "\r\n", .answer = DONE(1)},
	};
	static const struct step other[] = {
		{.request = START, .head = "x-mine: " SUDOIQ_WORLD_KEY "\r\n", .status = 200, .answer = STARTED},
		{.request = STREAM, .head = "x-mine: " SUDOIQ_WORLD_KEY "\r\n", .answer = DONE(1)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.auth = FRESHET_SUDOIQ_AUTH_HEADER_KEY;
	(void)state;
	PLAY(steps, &options);
	hold_good();
	options.auth_header_name = "X-Mine";
	PLAY(other, &options);
	hold_good();
}

static void a_cookie(void **state)
{
	static const struct step steps[] = {
		{.request = START, .head = "cookie: custom_session=abc123\r\n", .status = 200, .answer = STARTED},
		{.request = STREAM, .head = "cookie: custom_session=abc123\r\n", .answer = DONE(1)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.auth = FRESHET_SUDOIQ_AUTH_COOKIE;
	options.api_key = NULL;
	options.cookie = "abc123";
	(void)state;
	PLAY(steps, &options);
	hold_good();
}

static void nobody(void **state)
{
	freshet_sudoiq *client = (freshet_sudoiq *)&seen;
	(void)state;
	sudoiq_world_open(NULL, 0, NULL);
	freshet_sudoiq_options o;
	freshet_sudoiq_options_init(&o);
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EAUTH);
	assert_null(client);
	o.api_key = "";
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EAUTH);
	o.api_key = "sk_a\r\nb";
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EINVAL);
	o.api_key = "sk_a";
	o.auth = FRESHET_SUDOIQ_AUTH_COOKIE;
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EAUTH);
	o.auth = (freshet_sudoiq_auth)9;
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EINVAL);
	o.auth = FRESHET_SUDOIQ_AUTH_BEARER_KEY;
	o.url = "ftp://x";
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EINVAL);
	o.url = NULL;
	o.size = 1;
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, NULL, &client), FRESHET_EINVAL);
	freshet_sudoiq_close(NULL);
	sudoiq_world_close(NULL);
}

static void from_the_environment(void **state)
{
	freshet_sudoiq_options o;
	(void)state;
	setenv("SUDOIQ_API_KEY", "sk_env", 1);
	setenv("SUDOIQ_BASE_URL", "http://127.0.0.1:9", 1);
	setenv("SUDOIQ_ENVIRONMENT", "staging", 1);
	freshet_sudoiq_options_init(&o);
	freshet_sudoiq_options_from_env(&o);
	assert_string_equal(o.api_key, "sk_env");
	assert_string_equal(o.url, "http://127.0.0.1:9");
	assert_string_equal(o.default_environment, "staging");
	o.api_key = "sk_mine";
	freshet_sudoiq_options_from_env(&o);
	assert_string_equal(o.api_key, "sk_mine");
	unsetenv("SUDOIQ_API_KEY");
	unsetenv("SUDOIQ_BASE_URL");
	unsetenv("SUDOIQ_ENVIRONMENT");
	freshet_sudoiq_options_init(&o);
	freshet_sudoiq_options_from_env(&o);
	assert_null(o.api_key);
	assert_null(o.url);
	assert_null(o.default_environment);
}

/* ---- tokens ---- */

static freshet_sudoiq_options by_token(void)
{
	freshet_sudoiq_options o = sudoiq_world_options();
	o.auth = FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE;
	return o;
}

static void a_token_is_bought_once(void **state)
{
	static const struct step steps[] = {
		{.request = TOKEN_REQUEST, .body = TOKEN_BODY, .status = 200, .answer = TOKEN("one")},
		{.request = START, .head = "authorization: Bearer one\r\n", .status = 200, .answer = STARTED},
		{.request = STREAM,
			.head = "authorization: Bearer one\r\n",
			.answer = PAUSED(1, CALL("a", "read_meter"))},
		{.request = ANSWER, .head = "authorization: Bearer one\r\n", .status = 401},
		{.request = TOKEN_REQUEST, .body = TOKEN_BODY, .status = 200, .answer = TOKEN("two")},
		{.request = ANSWER, .head = "authorization: Bearer two\r\n", .status = 200, .answer = "", .push = "#"},
		{.request = STREAM, .head = "authorization: Bearer one\r\n", .status = 401},
		{.request = STREAM, .head = "authorization: Bearer two\r\n", .answer = DONE(2)},
	};
	freshet_sudoiq_options options = by_token();
	(void)state;
	PLAY(steps, &options);
	hold_good();
	assert_int_equal(seen.ran, 1);
}

static void a_start_and_a_stream_are_refused_once(void **state)
{
	static const struct step start[] = {
		{.request = TOKEN_REQUEST, .status = 200, .answer = TOKEN("one")},
		{.request = START, .status = 401},
		{.request = TOKEN_REQUEST, .status = 200, .answer = TOKEN("two")},
		{.request = START,
			.head = "authorization: Bearer two\r\n",
			.status = 401,
			.answer = "{\"code\":\"no\"}"},
	};
	static const struct step stream[] = {
		{.request = TOKEN_REQUEST, .status = 200, .answer = TOKEN("one")},
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .status = 401},
		{.request = TOKEN_REQUEST, .status = 200, .answer = TOKEN("two")},
		{.request = STREAM, .head = "authorization: Bearer two\r\n", .status = 401, .answer = "{}"},
	};
	freshet_sudoiq_options options = by_token();
	(void)state;
	PLAY(start, &options);
	assert_int_equal(seen.err, FRESHET_EAUTH);
	assert_string_equal(seen.code, "no");
	PLAY(stream, &options);
	assert_int_equal(seen.err, FRESHET_EAUTH);
	assert_true(seen.has_task_id);
}

static void no_token(void **state)
{
	static const struct {
		int status;
		const char *answer;
		freshet_err err;
	} cases[] = {
		{401, "{\"message\":\"what key is " SUDOIQ_WORLD_KEY "\"}", FRESHET_EAUTH},
		{200, "{}", FRESHET_EBAD_ANSWER},
		{200, "{\"access_token\":\"a\\r\\nb\"}", FRESHET_EBAD_ANSWER},
		{200, "{\"access_token\":5}", FRESHET_EJSON_TYPE},
		{200, "x", FRESHET_EJSON_SYNTAX},
	};
	freshet_sudoiq_options options = by_token();
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct step step = {
			.request = TOKEN_REQUEST, .status = cases[i].status, .answer = cases[i].answer};
		play(&step, 1, &options);
		assert_int_equal(seen.err, cases[i].err);
		assert_null(strstr(seen.text, SUDOIQ_WORLD_KEY));
		assert_false(seen.has_task_id);
	}
}

static unsigned statuses;

static void on_status(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	(void)call;
	(void)user;
	assert_null(error);
	assert_non_null(status);
	statuses++;
}

/* However many wait, one request asks. */
static void many_wait_for_one_token(void **state)
{
	static const struct step steps[] = {
		{.request = TOKEN_REQUEST, .status = 200, .answer = "{\"access_token\":\"one\",\"expires_in\":60}"},
		{.request = STATUS,
			.head = "authorization: Bearer one\r\n",
			.status = 200,
			.answer = "{\"status\":\"running\"}"},
		{.request = STATUS,
			.head = "authorization: Bearer one\r\n",
			.status = 200,
			.answer = "{\"status\":\"running\"}"},
		{.request = STATUS,
			.head = "authorization: Bearer one\r\n",
			.status = 200,
			.answer = "{\"status\":\"running\"}"},
	};
	freshet_sudoiq_options options = by_token();
	(void)state;
	statuses = 0;
	sudoiq_world_open(steps, 4, &options);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(freshet_sudoiq_get_agent_task_status(
					 sudoiq_world.client, freshet_str_of(AGENT), 42, on_status, NULL, NULL),
			FRESHET_OK);
	while (statuses < 3)
		sudoiq_world_turn();
	sudoiq_world_close(NULL);
}

/* ---- tokens grow old ---- */

static uint64_t minutes;

static uint64_t clock_of_the_test(void)
{
	return minutes * 60000;
}

static void ask_status_at(uint64_t minute)
{
	unsigned before = statuses;
	minutes = minute;
	assert_int_equal(freshet_sudoiq_get_agent_task_status(
				 sudoiq_world.client, freshet_str_of(AGENT), 42, on_status, NULL, NULL),
		FRESHET_OK);
	while (statuses == before)
		sudoiq_world_turn();
}

#define STATUS_WITH(token)                                                                                             \
	{                                                                                                              \
		.request = STATUS, .head = "authorization: Bearer " token "\r\n", .status = 200,                       \
		.answer = "{\"status\":\"running\"}"                                                                   \
	}

/* Of a token that lives for an hour, or for as long as is told: when another one is asked for. */
static void a_token_is_replaced_before_its_end(void **state)
{
	static const struct step steps[] = {
		{.request = TOKEN_REQUEST, .status = 200, .answer = TOKEN("one")},
		STATUS_WITH("one"),
		STATUS_WITH("one"),
		{.request = TOKEN_REQUEST, .status = 200, .answer = "{\"access_token\":\"two\",\"expires_in\":600}"},
		STATUS_WITH("two"),
		STATUS_WITH("two"),
		{.request = TOKEN_REQUEST, .status = 200, .answer = "{\"access_token\":\"three\"}"},
		STATUS_WITH("three"),
		STATUS_WITH("three"),
	};
	static const struct {
		uint64_t ahead_ms; /* 0: the default */
		uint64_t at[6];
	} cases[] = {
		/* A minute before the end; */
		{0, {1, 59, 60, 68, 69, 100000}},
		/* a quarter of an hour, but no more than half of the life; */
		{15 * 60000, {1, 45, 46, 50, 51, 100000}},
	};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		freshet_sudoiq_options options = by_token();
		options.token_renew_ms = cases[i].ahead_ms;
		minutes = 1;
		sudoiq_world_open(steps, sizeof steps / sizeof steps[0], &options);
		sudoiq_world.client->guest.clock = clock_of_the_test;
		for (size_t k = 0; k < 6; k++)
			ask_status_at(cases[i].at[k]);
		sudoiq_world_all_taken();
		sudoiq_world_close(NULL);
	}
}

/* ---- what can be replaced ---- */

static char hooked[2048];

static freshet_err on_request(freshet_outgoing *request, void *user)
{
	static const freshet_header header = {{"x-hook", 6}, {"yes", 3}, false};
	size_t len = strlen(hooked);
	assert_ptr_equal(user, hooked);
	snprintf(hooked + len, sizeof hooked - len, "%s ", request->key);
	request->headers = &header;
	request->header_count = 1;
	if (strcmp(request->key, "run_start") == 0)
		request->body = freshet_str_of("{\"rewritten\":true}");
	return FRESHET_OK;
}

static freshet_err on_response(freshet_incoming *answer, void *user)
{
	(void)user;
	if (strcmp(answer->key, "run_start") == 0) {
		answer->status = 200;
		answer->body = freshet_str_of(STARTED);
	}
	return FRESHET_OK;
}

static void routes_and_hooks(void **state)
{
	static const struct step steps[] = {
		{.request = "PUT /other/go?agent=a-1",
			.body = "{\"rewritten\":true}",
			.head = "x-hook: yes\r\n",
			.status = 500,
			.answer = "no JSON"},
		{.request = "GET /other/events/42",
			.head = "x-hook: yes\r\n",
			.answer = PAUSED(1, CALL("a", "read_meter"))},
		{.request = "PATCH /other/a-1/42/answers",
			.head = "x-hook: yes\r\n",
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	const freshet_route routes[] = {{"run_start", "PUT", "/go?agent={agent_id}"},
		{"run_stream", NULL, "/events/{task_id}"},
		{"tool_responses", "PATCH", "/{agent_id}/{task_id}/answers"}};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.path_prefix = "/other/";
	options.routes = routes;
	options.route_count = 3;
	options.request_hook = on_request;
	options.response_hook = on_response;
	options.hook_user = hooked;
	(void)state;
	hooked[0] = '\0';
	PLAY(steps, &options);
	hold_good();
	assert_string_equal(hooked, "run_start run_stream tool_responses ");
}

static freshet_err refuse(freshet_outgoing *request, void *user)
{
	(void)request;
	(void)user;
	return FRESHET_EVALIDATION;
}

static void a_hook_that_refuses(void **state)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	freshet_sudoiq_start o = start_options();
	const freshet_route none = {"no_such_key", NULL, "/x"};
	freshet_sudoiq *client;
	options.request_hook = refuse;
	(void)state;
	sudoiq_world_open(NULL, 0, &options);
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, NULL, NULL), FRESHET_EVALIDATION);
	options.routes = &none;
	options.route_count = 1;
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &options, &client), FRESHET_EINVAL);
	sudoiq_world_close(NULL);
}

/* ---- secrets ---- */

#define PROMPT "the-prompt-that-nobody-may-see"
#define RESULT "the-result-that-nobody-may-see"

static char shown[1 << 18];
static size_t shown_len;
static bool warned;

static void show(const char *text)
{
	shown_len += (size_t)snprintf(shown + shown_len, sizeof shown - shown_len, "%s\n", text);
	assert_true(shown_len < sizeof shown);
}

static void on_log(freshet_log_level level, const char *line, void *user)
{
	(void)user;
	warned |= level == FRESHET_LOG_WARNING && strstr(line, "sk_") != NULL;
	show(line);
}

static void secret_tool(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_int_equal(freshet_sudoiq_invocation_finish(invocation, freshet_str_of(RESULT)), FRESHET_OK);
	freshet_sudoiq_invocation_free(invocation);
}

/* Describes run and client at each event. */
static void describe(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	char line[512];
	(void)event;
	(void)user;
	freshet_sudoiq_run_describe(run, line, sizeof line);
	show(line);
	freshet_sudoiq_describe(sudoiq_world.client, line, sizeof line);
	show(line);
}

static void play_secretly(const struct step *steps, size_t count, const freshet_sudoiq_options *options)
{
	const freshet_sudoiq_tool tool = {.handler = secret_tool};
	const freshet_sudoiq_input input = {{"1", 1}, freshet_str_of(PROMPT)};
	const freshet_sudoiq_run_callbacks describing = {describe, on_done};
	freshet_sudoiq_start o = start_options();
	memset(&seen, 0, sizeof seen);
	sudoiq_world_open(steps, count, options);
	set_tools_of(&tool);
	o.string_inputs = &input;
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &describing, &seen, &seen.run), FRESHET_OK);
	sudoiq_world_until(&seen.done);
	sudoiq_world_close(NULL);
	show(seen.text);
	show(seen.message);
	show(seen.code);
}

static void no_secret_is_shown(void **state)
{
	static const struct step steps[] = {
		{.request = TOKEN_REQUEST, .status = 200, .answer = TOKEN("tok_secret_one")},
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM,
			.answer = PAUSED(1, "{\"id\":\"a\",\"name\":\"t\",\"args\":{\"p\":\"" PROMPT "\"}}")},
		{.request = ANSWER,
			.status = 500,
			.answer = "{\"message\":\"key " SUDOIQ_WORLD_KEY " tok_secret_one\"}"},
		{.request = ANSWER, .status = 401, .answer = "{\"message\":\"tok_secret_one is no token\"}"},
		{.request = TOKEN_REQUEST,
			.status = 403,
			.answer = "{\"message\":\"" SUDOIQ_WORLD_KEY " is barred; tok_secret_one too\"}"},
	};
	static const struct step refused[] = {
		{.request = START, .status = 401, .answer = "{\"message\":\"who is " SUDOIQ_WORLD_KEY "\"}"},
	};
	static const struct step quoted[] = {
		{.request = START,
			.status = 422,
			.answer = "{\"error_code\":\"V1\",\"message\":\"not " PROMPT " again\"}"},
	};
	static const struct step spelled[] = {
		{.request = START,
			.status = 422,
			.answer = "{\"error_code\":\"V2\",\"detail\":[{\"input\":\"the-prompt-that\\u002dnobody-may-"
				  "see\"}]}"},
	};
	static const struct step cookie[] = {
		{.request = START, .status = 403, .answer = "{\"detail\":\"bad cookie_secret_value\"}"},
	};
	freshet_sudoiq_options options = by_token();
	options.max_retries = 1;
	options.retry_max_ms = 1;
	(void)state;
	shown_len = 0;
	freshet_set_log(on_log, FRESHET_LOG_DEBUG, NULL);
	play_secretly(steps, sizeof steps / sizeof steps[0], &options);
	options = sudoiq_world_options();
	play_secretly(refused, 1, &options);
	assert_int_equal(seen.err, FRESHET_EAUTH);
	play_secretly(quoted, 1, &options);
	assert_string_equal(seen.message, "not ****************************** again");
	play_secretly(spelled, 1, &options);
	assert_int_equal(seen.err, FRESHET_EVALIDATION);
	assert_string_equal(seen.message, "");
	options.auth = FRESHET_SUDOIQ_AUTH_COOKIE;
	options.cookie = "cookie_secret_value";
	play_secretly(cookie, 1, &options);
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
	static const char *const secrets[] = {
		SUDOIQ_WORLD_KEY, "tok_secret_one", PROMPT, RESULT, "cookie_secret_value", "nobody-may-see"};
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		assert_null(strstr(shown, secrets[i]));
	/* They were looked for where something was said. */
	assert_non_null(strstr(shown, "tool main/t: ok"));
	assert_non_null(strstr(shown, "who is ****"));
	assert_non_null(strstr(shown, "sudoiq: http://127.0.0.1"));
}

static void a_key_of_another_form_is_warned_of(void **state)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	warned = false;
	shown_len = 0;
	shown[0] = '\0';
	freshet_set_log(on_log, FRESHET_LOG_DEBUG, NULL);
	sudoiq_world_open(NULL, 0, &options);
	assert_false(warned);
	options.api_key = "own_key_of_a_server";
	freshet_sudoiq_close(sudoiq_world_client(&options));
	sudoiq_world_close(NULL);
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
	assert_true(warned);
	assert_null(strstr(shown, "own_key_of_a_server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_in_its_own_header),
		cmocka_unit_test(a_cookie),
		cmocka_unit_test(nobody),
		cmocka_unit_test(from_the_environment),
		cmocka_unit_test(a_token_is_bought_once),
		cmocka_unit_test(a_start_and_a_stream_are_refused_once),
		cmocka_unit_test(no_token),
		cmocka_unit_test(many_wait_for_one_token),
		cmocka_unit_test(a_token_is_replaced_before_its_end),
		cmocka_unit_test(routes_and_hooks),
		cmocka_unit_test(a_hook_that_refuses),
		cmocka_unit_test(no_secret_is_shown),
		cmocka_unit_test(a_key_of_another_form_is_warned_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
