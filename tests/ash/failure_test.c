/*
 * What the server says of errors, in each of its shapes, and what stands in its place when somebody else answers.
 */
#include "support/test.h"

#include "service/ash/failure.h"

#define KEY "ash_4f8a11c2"

static struct freshet_ash client;

static struct ash_failure *failure_of(int status, const char *body)
{
	static struct ash_failure failure;
	freshet_outcome outcome = {.err = FRESHET_OK, .text = freshet_str_of("answered"), .http_status = status};
	freshet_str text = freshet_str_of(body);
	ash_failure_init(&failure, &outcome, text, freshet_str_of(KEY), guest_scratch_begin(&client.scratch, text.len));
	return &failure;
}

static bool text_is(freshet_str text, const char *wanted)
{
	return freshet_str_is(text, wanted);
}

static const struct {
	int status;
	const char *body;
	freshet_err err;
	freshet_ash_reason reason;
	const char *message;
	const char *code;
} cases[] = {
	/* A handler's own words, with the status beside them. */
	{400, "{\"error\":\"Session is paused\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_PAUSED, "Session is paused", ""},
	{400, "{\"error\":\"Session is stopped\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_STOPPED, "Session is stopped", ""},
	{400, "{\"error\":\"Session is error\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_FAILED, "Session is error", ""},
	{400, "{\"error\":\"Session is ended\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_ENDED, "Session is ended", ""},
	{400, "{\"error\":\"Session is starting\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_STARTING, "Session is starting", ""},
	{400, "{\"error\":\"Session is dreaming\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_STATE, "Session is dreaming", ""},
	{400, "{\"error\":\"Cannot pause session with status \\\"stopped\\\"\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_STATE, "Cannot pause session with status \"stopped\"", ""},
	{400, "{\"error\":\"Cannot stop session with status \\\"ended\\\"\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_ENDED, "Cannot stop session with status \"ended\"", ""},
	{400, "{\"error\":\"Cannot cancel item with status \\\"completed\\\"\",\"statusCode\":400}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_ITEM_STATE, "Cannot cancel item with status \"completed\"", ""},
	{400, "{\"error\":\"Invalid or inaccessible credential\",\"statusCode\":400}", FRESHET_EVALIDATION,
		FRESHET_ASH_REASON_CREDENTIAL, "Invalid or inaccessible credential", ""},
	{400, "{\"error\":\"Agent directory must contain CLAUDE.md\",\"statusCode\":400}", FRESHET_EVALIDATION,
		FRESHET_ASH_REASON_AGENT_DIRECTORY, "Agent directory must contain CLAUDE.md", ""},
	{401, "{\"error\":\"Missing Authorization header\",\"statusCode\":401}", FRESHET_EAUTH,
		FRESHET_ASH_REASON_KEY_MISSING, "Missing Authorization header", ""},
	{401, "{\"error\":\"Invalid Authorization header format\",\"statusCode\":401}", FRESHET_EAUTH,
		FRESHET_ASH_REASON_KEY_FORMAT, "Invalid Authorization header format", ""},
	{401, "{\"error\":\"Invalid API key\",\"statusCode\":401}", FRESHET_EAUTH, FRESHET_ASH_REASON_KEY_UNKNOWN,
		"Invalid API key", ""},
	{404, "{\"error\":\"Session not found\",\"statusCode\":404}", FRESHET_ENOT_FOUND, FRESHET_ASH_REASON_UNKNOWN,
		"Session not found", ""},
	{404, "{\"error\":\"No workspace available for this session\",\"statusCode\":404}", FRESHET_ENOT_FOUND,
		FRESHET_ASH_REASON_NO_WORKSPACE, "No workspace available for this session", ""},
	{410, "{\"error\":\"Session has ended\",\"statusCode\":410}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_SESSION_ENDED, "Session has ended", ""},
	{422, "{\"error\":\"Agent directory missing\",\"statusCode\":422}", FRESHET_ECONFLICT,
		FRESHET_ASH_REASON_AGENT_GONE, "Agent directory missing", ""},
	{500, "{\"error\":\"Sandbox not found\",\"statusCode\":500}", FRESHET_ESERVER, FRESHET_ASH_REASON_SANDBOX_GONE,
		"Sandbox not found", ""},
	{500, "{\"error\":\"Runner not available\",\"statusCode\":500}", FRESHET_ESERVER,
		FRESHET_ASH_REASON_RUNNER_GONE, "Runner not available", ""},
	{503, "{\"error\":\"No capacity\",\"statusCode\":503}", FRESHET_ESERVER, FRESHET_ASH_REASON_NO_CAPACITY,
		"No capacity", ""},
	/* The framework, where the route declares the status. */
	{400, "{\"error\":\"Bad Request\",\"statusCode\":400}", FRESHET_EVALIDATION, FRESHET_ASH_REASON_UNKNOWN,
		"Bad Request", ""},
	/* The framework, elsewhere. */
	{400,
		"{\"statusCode\":400,\"code\":\"FST_ERR_VALIDATION\",\"error\":\"Bad Request\",\"message\":\"params/id "
		"must "
		"match format \\\"uuid\\\"\"}",
		FRESHET_EVALIDATION, FRESHET_ASH_REASON_UNKNOWN, "params/id must match format \"uuid\"",
		"FST_ERR_VALIDATION"},
	{413,
		"{\"statusCode\":413,\"code\":\"FST_ERR_CTP_BODY_TOO_LARGE\",\"error\":\"Payload Too "
		"Large\",\"message\":"
		"\"Request body is too large\"}",
		FRESHET_EVALIDATION, FRESHET_ASH_REASON_BODY_TOO_LARGE, "Request body is too large",
		"FST_ERR_CTP_BODY_TOO_LARGE"},
	{415,
		"{\"statusCode\":415,\"code\":\"FST_ERR_CTP_INVALID_MEDIA_TYPE\",\"error\":\"Unsupported\",\"message\":"
		"\"m\"}",
		FRESHET_EVALIDATION, FRESHET_ASH_REASON_MEDIA_TYPE, "m", "FST_ERR_CTP_INVALID_MEDIA_TYPE"},
	{404, "{\"message\":\"Route GET:/nope not found\",\"error\":\"Not Found\",\"statusCode\":404}",
		FRESHET_ENOT_FOUND, FRESHET_ASH_REASON_NO_ROUTE, "Route GET:/nope not found", ""},
	{429,
		"{\"statusCode\":429,\"error\":\"Too Many Requests\",\"message\":\"Rate limit exceeded, retry in 14 "
		"minutes\"}",
		FRESHET_ERATE_LIMIT, FRESHET_ASH_REASON_UNKNOWN, "Rate limit exceeded, retry in 14 minutes", ""},
	{500, "{\"statusCode\":500,\"error\":\"Internal Server Error\",\"message\":\"incorrect header check\"}",
		FRESHET_ESERVER, FRESHET_ASH_REASON_UNKNOWN, "incorrect header check", ""},
	/* API keys: no status in the body. */
	{404, "{\"error\":\"API key not found\"}", FRESHET_ENOT_FOUND, FRESHET_ASH_REASON_UNKNOWN, "API key not found",
		""},
	/* Words of a status that they do not go with say nothing. */
	{404, "{\"error\":\"Session is paused\"}", FRESHET_ENOT_FOUND, FRESHET_ASH_REASON_UNKNOWN, "Session is paused",
		""},
	/* JSON without words, or with others than strings. */
	{400, "{}", FRESHET_EVALIDATION, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{400, "{\"error\":{\"a\":1},\"message\":3}", FRESHET_EVALIDATION, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{500, "{\"error\":\"e\",\"message\":\"\"}", FRESHET_ESERVER, FRESHET_ASH_REASON_UNKNOWN, "e", ""},
	/* No body: the status alone decides. */
	{400, "", FRESHET_EVALIDATION, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{401, "", FRESHET_EAUTH, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{403, "", FRESHET_EAUTH, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{404, "", FRESHET_ENOT_FOUND, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{410, "", FRESHET_ECONFLICT, FRESHET_ASH_REASON_SESSION_ENDED, "", ""},
	{413, "", FRESHET_EVALIDATION, FRESHET_ASH_REASON_BODY_TOO_LARGE, "", ""},
	{418, "", FRESHET_EHTTP_STATUS, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{307, "", FRESHET_EHTTP_REDIRECT, FRESHET_ASH_REASON_UNKNOWN, "", ""},
	{502, "", FRESHET_ESERVER, FRESHET_ASH_REASON_UNKNOWN, "", ""},
};

static void every_shape_gives_its_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ash_failure *f = failure_of(cases[i].status, cases[i].body);
		assert_int_equal(f->error.outcome.err, cases[i].err);
		assert_int_equal(f->error.reason, cases[i].reason);
		assert_true(text_is(f->error.message, cases[i].message));
		assert_true(text_is(f->error.code, cases[i].code));
		assert_int_equal(f->error.outcome.http_status, cases[i].status);
		assert_int_equal(f->error.outcome.body.len, 0);
		assert_true(f->error.outcome.text.len > 0);
	}
	guest_scratch_clear(&client.scratch);
}

/* The same by anything that is no JSON, for each status of the table. */
static void html_in_place_of_a_body_is_kept(void **state)
{
	static char page[6000] = "<html><body>Session is paused";
	static const int statuses[] = {400, 401, 404, 413, 429, 500, 502, 503};
	static const freshet_err errs[] = {FRESHET_EVALIDATION, FRESHET_EAUTH, FRESHET_ENOT_FOUND, FRESHET_EVALIDATION,
		FRESHET_ERATE_LIMIT, FRESHET_ESERVER, FRESHET_ESERVER, FRESHET_ESERVER};
	(void)state;
	memset(page + strlen(page), 'x', sizeof page - strlen(page) - 1);
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct ash_failure *f = failure_of(statuses[i], page);
		assert_int_equal(f->error.outcome.err, errs[i]);
		assert_int_equal(f->error.message.len, 0);
		assert_int_equal(f->error.outcome.body.len, 4096);
		/* A stranger's words are no reason. */
		assert_int_not_equal(f->error.reason, FRESHET_ASH_REASON_SESSION_PAUSED);
	}
}

static void a_line_for_people_has_no_controls_and_ends_at_a_character(void **state)
{
	char body[2048] = "{\"error\":\"a\\nb\\u001b";
	struct ash_failure *f = failure_of(500, "{\"error\":\"a\\nb\\u001bc\"}");
	(void)state;
	assert_true(text_is(f->error.outcome.text, "HTTP 500: a b c"));
	while (strlen(body) < 1500)
		strcat(body, "\xc3\xa9");
	strcat(body, "\"}");
	f = failure_of(500, body);
	assert_true(f->error.outcome.text.len < GUEST_LINE_SIZE);
	assert_int_equal((unsigned char)f->error.outcome.text.ptr[f->error.outcome.text.len - 1], 0xa9);
	guest_scratch_clear(&client.scratch);
}

/* A server that refuses the key may quote it. */
static void the_key_is_never_shown(void **state)
{
	(void)state;
	struct ash_failure *f =
		failure_of(401, "{\"error\":\"Invalid API key: ash_4f8a11c2\",\"code\":\"ash_4f8a11c2\"}");
	assert_true(text_is(f->error.outcome.text, "HTTP 401: Invalid API key: ************"));
	assert_true(text_is(f->error.message, "Invalid API key: ************"));
	assert_int_equal(f->error.reason, FRESHET_ASH_REASON_KEY_UNKNOWN);
	assert_int_equal(f->error.code.len, 0);
	assert_int_equal(failure_of(502, "<p>ash_4f8a11c2</p>")->error.outcome.body.len, 0);
	/* What begins as JSON may hold what the request held, whole or not. */
	assert_int_equal(failure_of(502, "{\"prompt\":\"half of")->error.outcome.body.len, 0);
	guest_scratch_clear(&client.scratch);
}

static void what_the_transport_met_stays_what_it_is(void **state)
{
	struct ash_failure f;
	freshet_outcome outcome = {.err = FRESHET_ECONNECT, .text = freshet_str_of("refused"), .unprocessed = true};
	(void)state;
	ash_failure_init(
		&f, &outcome, (freshet_str){NULL, 0}, freshet_str_of(KEY), guest_scratch_begin(&client.scratch, 0));
	assert_int_equal(f.error.outcome.err, FRESHET_ECONNECT);
	assert_true(text_is(f.error.outcome.text, "refused"));
	assert_true(f.error.outcome.unprocessed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_gives_its_error),
		cmocka_unit_test(html_in_place_of_a_body_is_kept),
		cmocka_unit_test(a_line_for_people_has_no_controls_and_ends_at_a_character),
		cmocka_unit_test(the_key_is_never_shown),
		cmocka_unit_test(what_the_transport_met_stays_what_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
