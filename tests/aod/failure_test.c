/*
 * Typed errors: every status and marker of the contract, refused fields without what was refused, quotas, and bodies
 * that are not JSON.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "service/aod/failure.h"

#define TOKEN "tok_4f8a11c2"

static freshet_json_scratch scratch;

static struct failure read_failure(int status, const char *body)
{
	static freshet_outcome outcome;
	struct failure failure;
	outcome = (freshet_outcome){.http_status = status, .content_type = freshet_str_of("text/html")};
	outcome.body = freshet_str_of(body);
	freshet_json_scratch_reset(&scratch);
	failure_init(&failure, &outcome, freshet_str_of(body), freshet_str_of(TOKEN), &scratch);
	return failure;
}

static void assert_span(freshet_str span, const char *text)
{
	assert_int_equal(span.len, strlen(text));
	assert_memory_equal(span.ptr != NULL ? span.ptr : "", text, span.len);
}

static void statuses(void **state)
{
	(void)state;
	static const struct {
		int status;
		freshet_err err;
	} cases[] = {
		{301, FRESHET_EHTTP_REDIRECT},
		{400, FRESHET_EHTTP_STATUS},
		{401, FRESHET_EAUTH},
		{403, FRESHET_EAUTH},
		{404, FRESHET_ENOT_FOUND},
		{405, FRESHET_EHTTP_STATUS},
		{409, FRESHET_ECONFLICT},
		{413, FRESHET_EHTTP_STATUS},
		{422, FRESHET_EVALIDATION},
		{429, FRESHET_ERATE_LIMIT},
		{500, FRESHET_ESERVER},
		{502, FRESHET_ESERVER},
		{503, FRESHET_ESERVER},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct failure f = read_failure(cases[i].status, "{\"detail\": \"Caf\\u00e9 is closed\"}");
		char text[64];
		snprintf(text, sizeof text, "HTTP %d: Caf\xc3\xa9 is closed", cases[i].status);
		assert_int_equal(f.error.outcome.err, cases[i].err);
		assert_int_equal(f.error.outcome.http_status, cases[i].status);
		assert_span(f.error.detail, "Caf\xc3\xa9 is closed");
		f.error.outcome.text.ptr = f.text;
		assert_span(f.error.outcome.text, text);
		assert_span(f.error.outcome.body, "");
		failure_clear(&f);
	}
}

static void conflicts(void **state)
{
	(void)state;
	static const struct {
		const char *detail;
		freshet_aod_conflict conflict;
	} cases[] = {
		{"Session is already running", FRESHET_AOD_CONFLICT_RUNNING},
		{"Session has been terminated", FRESHET_AOD_CONFLICT_TERMINATED},
		{"Session has failed", FRESHET_AOD_CONFLICT_FAILED},
		{"Session has a pending turn", FRESHET_AOD_CONFLICT_PENDING},
		{"Sandbox is no longer available", FRESHET_AOD_CONFLICT_SANDBOX_GONE},
		{"There is no active turn", FRESHET_AOD_CONFLICT_NO_ACTIVE_TURN},
		{"Session is already terminated", FRESHET_AOD_CONFLICT_ALREADY_TERMINATED},
		{"Cannot delete an active session", FRESHET_AOD_CONFLICT_ACTIVE_SESSION},
		{"Cannot delete a running session", FRESHET_AOD_CONFLICT_ACTIVE_SESSION},
		{"Agent is already archived", FRESHET_AOD_CONFLICT_ALREADY_ARCHIVED},
		{"Cannot use an archived agent", FRESHET_AOD_CONFLICT_ARCHIVED_AGENT},
		{"Cannot assign archived environment", FRESHET_AOD_CONFLICT_ARCHIVED_ENVIRONMENT},
		{"Version mismatch: expected 3, got 2", FRESHET_AOD_CONFLICT_VERSION},
		{"Environment has existing sessions", FRESHET_AOD_CONFLICT_HAS_SESSIONS},
		{"Name already exists", FRESHET_AOD_CONFLICT_NAME_TAKEN},
		{"ALREADY RUNNING", FRESHET_AOD_CONFLICT_UNKNOWN},
		{"", FRESHET_AOD_CONFLICT_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char body[128];
		snprintf(body, sizeof body, "{\"detail\": \"%s\"}", cases[i].detail);
		struct failure f = read_failure(409, body);
		assert_int_equal(f.error.conflict, cases[i].conflict);
		failure_clear(&f);
		/* The same words with another status are no conflict. */
		f = read_failure(404, body);
		assert_int_equal(f.error.conflict, FRESHET_AOD_CONFLICT_UNKNOWN);
		failure_clear(&f);
	}
}

static void refused_fields_without_their_input(void **state)
{
	(void)state;
	struct failure f = read_failure(422,
		"{\"detail\": ["
		"{\"type\": \"missing\", \"loc\": [\"prompt\"], \"msg\": \"Field required\", \"input\": {\"k\": "
		"\"SECRET\"}},"
		"{\"type\": \"value_error\", \"loc\": [\"resources\", 0, \"url\"], \"msg\": \"bad \\\"url\\\"\", "
		"\"input\": \"SECRET\"},"
		"{\"type\": \"x\", \"loc\": [], \"msg\": \"whole\"},"
		"{\"type\": 3, \"loc\": \"odd\"}, 7]}");
	assert_int_equal(f.error.outcome.err, FRESHET_EVALIDATION);
	assert_int_equal(f.error.issue_count, 5);
	assert_span(f.error.issues[0].type, "missing");
	assert_span(f.error.issues[0].loc, "prompt");
	assert_span(f.error.issues[0].msg, "Field required");
	assert_span(f.error.issues[1].loc, "resources[0].url");
	assert_span(f.error.issues[1].msg, "bad \"url\"");
	assert_span(f.error.issues[2].loc, "");
	assert_span(f.error.issues[3].type, "");
	assert_span(f.error.issues[3].loc, "");
	assert_span(f.error.issues[4].msg, "");
	assert_span(f.error.detail, "");
	assert_span(f.error.outcome.body, "");
	assert_string_equal(f.text, "HTTP 422: prompt: Field required");
	failure_clear(&f);
}

/* A body that begins as JSON may hold `input` wherever it stops. */
static void broken_json_is_not_shown(void **state)
{
	(void)state;
	struct failure f = read_failure(422, " \n{\"detail\": [{\"input\": \"SECRET");
	assert_int_equal(f.error.outcome.err, FRESHET_EVALIDATION);
	assert_span(f.error.outcome.body, "");
	assert_string_equal(f.text, "HTTP 422: the server refused the request's content");
	failure_clear(&f);
}

static void a_string_may_come_with_422(void **state)
{
	(void)state;
	struct failure f = read_failure(422, "{\"detail\": \"unknown provider\"}");
	assert_span(f.error.detail, "unknown provider");
	assert_int_equal(f.error.issue_count, 0);
	failure_clear(&f);
}

static void quotas(void **state)
{
	(void)state;
	struct failure f = read_failure(429, "{\"detail\": \"Too many\", \"limit\": 3, \"active\": 4}");
	assert_true(f.error.has_limit && f.error.has_active);
	assert_int_equal(f.error.limit, 3);
	assert_int_equal(f.error.active, 4);
	failure_clear(&f);
	f = read_failure(429, "{\"detail\": \"Too many\", \"limit\": \"3\"}");
	assert_false(f.error.has_limit || f.error.has_active);
	failure_clear(&f);
}

static void bodies_that_are_not_json(void **state)
{
	(void)state;
	char *page = malloc(10000);
	memset(page, 'x', 9999);
	page[9999] = '\0';
	struct failure f = read_failure(502, page);
	assert_int_equal(f.error.outcome.err, FRESHET_ESERVER);
	assert_span(f.error.outcome.content_type, "text/html");
	assert_int_equal(f.error.outcome.body.len, 4096);
	assert_ptr_equal(f.error.outcome.body.ptr, page);
	assert_string_equal(f.text, "HTTP 502: the server failed");
	failure_clear(&f);
	f = read_failure(405, "");
	assert_int_equal(f.error.outcome.err, FRESHET_EHTTP_STATUS);
	assert_span(f.error.outcome.body, "");
	failure_clear(&f);
	free(page);
}

/* One line for people, whatever the server wrote; cut between characters. */
static void texts_are_one_line(void **state)
{
	(void)state;
	struct failure f = read_failure(500, "{\"detail\": \"a\\nb\\u0007c\\u007fd\"}");
	assert_string_equal(f.text, "HTTP 500: a b c d");
	failure_clear(&f);
	char body[2048] = "{\"detail\": \"";
	for (size_t i = 0; i < 300; i++)
		strcat(body, "\xe2\x82\xac");
	strcat(body, "\"}");
	f = read_failure(500, body);
	assert_int_equal(f.error.outcome.text.len, 10 + 501 / 3 * 3);
	failure_clear(&f);
}

/* A server that refuses the token may quote it. */
static void the_token_is_never_shown(void **state)
{
	(void)state;
	static const struct {
		const char *body, *text;
	} rows[] = {
		{"{\"detail\":\"no such token: tok_4f8a11c2!\"}", "HTTP 401: no such token: ************!"},
		{"{\"detail\":\"no such token: tok\\u005f4f8a11c2!\"}", "HTTP 401: no such token: ************!"},
		{"{\"detail\":[{\"type\":\"tok_4f8a11c2\",\"loc\":[\"headers\",\"tok_4f8a11c2\"],\"msg\":\"tok_"
		 "4f8a11c2\"}]}",
			"HTTP 401: : "},
		{"<p>tok_4f8a11c2</p>", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const freshet_outcome outcome = {.http_status = 401};
		struct failure f;
		freshet_json_scratch_reset(&scratch);
		failure_init(&f, &outcome, freshet_str_of(rows[i].body), freshet_str_of(TOKEN), &scratch);
		if (rows[i].text != NULL)
			assert_span(f.error.outcome.text, rows[i].text);
		assert_null(strstr(f.text, TOKEN));
		assert_int_equal(f.error.outcome.body.len, 0);
		for (size_t k = 0; k < f.error.issue_count; k++)
			assert_int_equal(
				f.error.issues[k].type.len + f.error.issues[k].loc.len + f.error.issues[k].msg.len, 0);
		failure_clear(&f);
	}
}

static void transport_errors_stay_what_they_are(void **state)
{
	(void)state;
	freshet_outcome outcome = {.err = FRESHET_EHTTP_RESET, .http2_code = 8, .has_http2_code = true};
	outcome.text = freshet_str_of("reset by the peer");
	struct failure f;
	failure_init(&f, &outcome, (freshet_str){NULL, 0}, freshet_str_of(TOKEN), &scratch);
	assert_int_equal(f.error.outcome.err, FRESHET_EHTTP_RESET);
	assert_int_equal(f.error.outcome.http2_code, 8);
	assert_span(f.error.outcome.text, "reset by the peer");
	failure_clear(&f);
}

/* What comes in place of a documented body: from proxies, from the server's own pages, from nowhere. */
static const struct {
	const char *body;
	bool shown; /* it is no JSON: its beginning is kept */
} strangers[] = {
	{"", false},
	{"<!doctype html>\n<title>Not Found</title>", true},
	{"upstream connect error", true},
	{"null", true},
	{"7", true},
	{"\"words\"", true},
	{"[]", false},
	{"{}", false},
	{"{\"detail\"", false},
	{"{\"detail\": null}", false},
	{"{\"detail\": 7}", false},
	{"{\"detail\": {\"input\": \"SECRET\"}}", false},
	{"{\"detail\": []}", false},
	{"{\"status\": \"degraded\", \"checks\": {\"db\": \"fail\"}}", false},
};

/* The errors that the service documents, one for each of its statuses and kinds of body. */
static const struct {
	int status;
	const char *body;
	freshet_err err;
	freshet_aod_conflict conflict;
	const char *detail;
	const char *text;
	size_t issues;
} documented[] = {
	{400, "{\"detail\": \"Invalid JSON body\"}", FRESHET_EHTTP_STATUS, 0, "Invalid JSON body",
		"HTTP 400: Invalid JSON body", 0},
	{401, "{\"detail\": \"Invalid API key\"}", FRESHET_EAUTH, 0, "Invalid API key", "HTTP 401: Invalid API key", 0},
	{403, "{\"detail\": \"Forbidden\"}", FRESHET_EAUTH, 0, "Forbidden", "HTTP 403: Forbidden", 0},
	{404, "{\"detail\": \"Session not found\"}", FRESHET_ENOT_FOUND, 0, "Session not found",
		"HTTP 404: Session not found", 0},
	{405, "{\"detail\": \"Method not allowed\"}", FRESHET_EHTTP_STATUS, 0, "Method not allowed",
		"HTTP 405: Method not allowed", 0},
	{409, "{\"detail\": \"Session is already running\"}", FRESHET_ECONFLICT, FRESHET_AOD_CONFLICT_RUNNING,
		"Session is already running", "HTTP 409: Session is already running", 0},
	{422, "{\"detail\": \"Unknown provider: x\"}", FRESHET_EVALIDATION, 0, "Unknown provider: x",
		"HTTP 422: Unknown provider: x", 0},
	{422,
		"{\"detail\": [{\"type\": \"missing\", \"loc\": [\"name\"], \"msg\": \"Field required\", \"input\": "
		"{}, "
		"\"url\": \"https://errors.pydantic.dev/2.11/v/missing\"}]}",
		FRESHET_EVALIDATION, 0, "", "HTTP 422: name: Field required", 1},
	{429, "{\"detail\": \"Limit reached\", \"limit\": 100, \"active\": 100}", FRESHET_ERATE_LIMIT, 0,
		"Limit reached", "HTTP 429: Limit reached", 0},
	{500, "{\"detail\": \"Boom\"}", FRESHET_ESERVER, 0, "Boom", "HTTP 500: Boom", 0},
	{502, "{\"detail\": \"Backend failed\"}", FRESHET_ESERVER, 0, "Backend failed", "HTTP 502: Backend failed", 0},
	{503, "{\"detail\": \"Backend not configured\"}", FRESHET_ESERVER, 0, "Backend not configured",
		"HTTP 503: Backend not configured", 0},
};

static void every_documented_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++) {
		struct failure f = read_failure(documented[i].status, documented[i].body);
		assert_int_equal(f.error.outcome.err, documented[i].err);
		assert_int_equal(f.error.conflict, documented[i].conflict);
		assert_span(f.error.detail, documented[i].detail);
		assert_string_equal(f.text, documented[i].text);
		assert_int_equal(f.error.issue_count, documented[i].issues);
		assert_int_equal(f.error.has_limit && f.error.has_active, documented[i].status == 429);
		assert_span(f.error.outcome.body, "");
		failure_clear(&f);
	}
}

/* The status alone decides the code; nothing is made up, and nothing that may hold a secret is shown. */
static void every_status_with_a_body_that_is_not_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++) {
		for (size_t n = 0; n < sizeof strangers / sizeof strangers[0]; n++) {
			struct failure f = read_failure(documented[i].status, strangers[n].body);
			char text[128];
			snprintf(text, sizeof text, "HTTP %d: %s", documented[i].status,
				freshet_err_text(documented[i].err));
			assert_int_equal(f.error.outcome.err, documented[i].err);
			assert_int_equal(f.error.conflict, FRESHET_AOD_CONFLICT_UNKNOWN);
			assert_string_equal(f.text, text);
			assert_span(f.error.detail, "");
			assert_int_equal(f.error.issue_count, 0);
			assert_false(f.error.has_limit || f.error.has_active);
			assert_span(f.error.outcome.body, strangers[n].shown ? strangers[n].body : "");
			assert_span(f.error.outcome.content_type, "text/html");
			failure_clear(&f);
		}
	}
}

static void a_version_conflict_tells_the_version(void **state)
{
	(void)state;
	static const struct {
		const char *detail;
		int64_t version;
	} cases[] = {
		{"Version mismatch: expected 3, got 2", 3},
		{"Version mismatch (12, not 4)", 12},
		{"Version mismatch: expected 9223372036854775807, got 1", INT64_MAX},
		{"Version mismatch: expected 9223372036854775808, got 1", 0},
		{"Version mismatch", 0},
		{"Environment 7 has existing sessions", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char body[128];
		snprintf(body, sizeof body, "{\"detail\": \"%s\"}", cases[i].detail);
		struct failure f = read_failure(409, body);
		assert_true(f.error.version == cases[i].version);
		failure_clear(&f);
	}
}

/* Without memory the code and the status are told all the same. */
static void every_allocation_may_fail(void **state)
{
	(void)state;
	size_t n = 1;
	do {
		freshet_json_scratch_clear(&scratch);
		failmem_arm(n++);
		struct failure f =
			read_failure(422, "{\"detail\": [{\"type\": \"a\\nb\", \"loc\": [\"c\\td\"], \"msg\": \"\"}]}");
		assert_int_equal(f.error.outcome.err, FRESHET_EVALIDATION);
		failure_clear(&f);
	} while (failmem_fired());
	assert_true(n > 2);
	freshet_json_scratch_clear(&scratch);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static int clear_scratch(void **state)
{
	(void)state;
	freshet_json_scratch_clear(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(conflicts),
		cmocka_unit_test(refused_fields_without_their_input),
		cmocka_unit_test(broken_json_is_not_shown),
		cmocka_unit_test(a_string_may_come_with_422),
		cmocka_unit_test(quotas),
		cmocka_unit_test(bodies_that_are_not_json),
		cmocka_unit_test(texts_are_one_line),
		cmocka_unit_test(the_token_is_never_shown),
		cmocka_unit_test(transport_errors_stay_what_they_are),
		cmocka_unit_test(every_documented_body),
		cmocka_unit_test(every_status_with_a_body_that_is_not_its_own),
		cmocka_unit_test(a_version_conflict_tells_the_version),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, clear_scratch);
}
