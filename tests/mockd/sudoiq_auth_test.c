/*
 * Who is let in by Sudoiq: four ways, of which one opens the door; tokens that run out; tenants that do not see each
 * other.
 */
#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

#define SECOND "sk_second"

static void open_with(const char *auth)
{
	static const char *const tokens[] = {MOCKD_TOKEN, SECOND};
	struct mockd_options options = mock_options();
	options.sudoiq_auth = auth;
	options.tokens = tokens;
	options.token_count = 2;
	mock_open(&options);
}

/* The status of GET /tools with that field; NULL: none. */
static int knock(const char *field)
{
	struct probe_options nobody = {.token = "sk_nobody"};
	struct probe *p = probe_open(mock.base, mockd_port(mock.mockd), &nobody);
	struct reply *r = probe_send(p, "GET", "/api/v1/tools", field, NULL);
	probe_until_end(p, r);
	int status = r->status;
	probe_close(p);
	return status;
}

static int knock_as(const char *authorization)
{
	struct reply *r = probe_send_as(mock.probe, authorization, "GET", "/api/v1/tools");
	probe_until_end(mock.probe, r);
	return r->status;
}

static void a_key_is_shown_as_a_bearer(void **state)
{
	(void)state;
	open_with("bearer");
	assert_int_equal(knock_as("Bearer " MOCKD_TOKEN), 200);
	assert_int_equal(knock_as("bearer " SECOND), 200);
	assert_int_equal(knock_as("Bearer " MOCKD_SUDOIQ_KEY), 200);
	static const char *const bad[] = {
		"Bearer sk_none", "Bearer", "Basic " SECOND, SECOND, "Bearer " SECOND "x", "Bearer  " SECOND};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(knock_as(bad[i]), 401);
	struct reply *r = probe_send_anonymous(mock.probe, "GET", "/api/v1/nothing");
	probe_until_end(mock.probe, r);
	assert_answer(r, 401, "{\"error_code\":\"unauthorized\",\"message\":\"");
	assert_int_equal(knock("x-api-key: " SECOND), 401);
	assert_int_equal(knock("cookie: custom_session=" SECOND), 401);
	assert_answer(siq_ask("POST", "{\"api_key\":\"" SECOND "\"}", "/auth/token"), 404, "not_found");
}

static void a_key_is_shown_in_a_field_of_its_own(void **state)
{
	(void)state;
	open_with("header");
	assert_int_equal(knock("x-api-key: " SECOND), 200);
	assert_int_equal(knock("x-api-key: none"), 401);
	assert_int_equal(knock_as("Bearer " SECOND), 401);
}

static void a_key_is_shown_as_a_cookie(void **state)
{
	(void)state;
	open_with("cookie");
	assert_int_equal(knock("cookie: custom_session=" SECOND), 200);
	assert_int_equal(knock("cookie: a=b; custom_session=" SECOND "; c=d"), 200);
	assert_int_equal(knock("cookie: a=b\ncookie: custom_session=" SECOND), 200);
	assert_int_equal(knock("cookie: custom_session=" SECOND "x"), 401);
	assert_int_equal(knock("cookie: xcustom_session=" SECOND), 401);
	assert_int_equal(knock("cookie: custom_session"), 401);
	assert_int_equal(knock_as("Bearer " SECOND), 401);
}

/* A token for the key, as "Bearer ..." */
static const char *exchange(const char *key)
{
	static char text[128];
	char body[128];
	snprintf(body, sizeof body, "{\"api_key\":\"%s\"}", key);
	struct reply *r = siq_ask("POST", body, "/auth/token");
	assert_answer(r, 200, "\"token_type\":\"bearer\",\"expires_in\":60}");
	const char *from = strstr(r->body, "\"access_token\":\"") + strlen("\"access_token\":\"");
	snprintf(text, sizeof text, "Bearer %.*s", (int)strcspn(from, "\""), from);
	return text;
}

static void a_key_is_exchanged_for_a_token_that_runs_out(void **state)
{
	(void)state;
	open_with("token");
	assert_true(mockd_set(mock.mockd, "sudoiq_token_ms", 60000));
	assert_int_equal(knock_as("Bearer " SECOND), 401);
	assert_answer(siq_ask("POST", "{\"api_key\":\"sk_none\"}", "/auth/token"), 401, "unauthorized");
	assert_answer(siq_ask("POST", "{}", "/auth/token"), 401, "unauthorized");
	char first[128];
	snprintf(first, sizeof first, "%s", exchange(SECOND));
	assert_int_equal(knock_as(first), 200);
	mock_pass(30000);
	char second[128];
	snprintf(second, sizeof second, "%s", exchange(SECOND));
	assert_string_not_equal(first, second);
	mock_pass(29999);
	assert_int_equal(knock_as(first), 200);
	mock_pass(1);
	assert_int_equal(knock_as(first), 401);
	assert_int_equal(knock_as(second), 200);
	mockd_sudoiq_revoke(mock.mockd);
	assert_int_equal(knock_as(second), 401);
	assert_int_equal(knock_as(exchange(MOCKD_SUDOIQ_KEY)), 200);
}

static struct reply *ask_as(const char *key, const char *method, const char *path)
{
	struct reply *r = probe_send_as(mock.probe, key, method, path);
	probe_until_end(mock.probe, r);
	return r;
}

static void what_is_another_tenants_looks_missing(void **state)
{
	(void)state;
	open_with("bearer");
	char path[160];
	char agent[MOCKD_SUDOIQ_ID_SIZE];
	mockd_sudoiq_add_tool(mock.mockd, "main", "mine", NULL);
	mockd_sudoiq_add_agent(mock.mockd, agent);
	snprintf(path, sizeof path, "/api/v1" SIQ_AGENT_PATH "/tasks/%" PRId64, siq_run("script:plain"));
	assert_answer(ask_as("Bearer " MOCKD_SUDOIQ_KEY, "GET", path), 200, "\"status\":\"running\"");
	assert_answer(ask_as("Bearer " SECOND, "GET", path), 404, "task_not_found");
	assert_answer(ask_as("Bearer " SECOND, "GET", "/api/v1/tools"), 200, "{\"tools\":[],");
	assert_answer(ask_as("Bearer " SECOND, "DELETE", "/api/v1/tools/main/mine"), 404, "tool_not_found");
	snprintf(path, sizeof path, "/api/v1/agents/%s/tests", agent);
	assert_answer(ask_as("Bearer " SECOND, "GET", path), 404, "agent_not_found");
	assert_answer(ask_as("Bearer " MOCKD_SUDOIQ_KEY, "GET", path), 200, "{\"tests\":[],\"next_cursor\":null}");
}

static void what_makes_no_sense_is_no_emulator(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct mockd *m;
	static const struct {
		const char *auth, *table, *scripts, *webhook;
	} bad[] = {{"basic", "default", "success", NULL}, {"bearer", "third", "success", NULL},
		{"bearer", "default", "none", NULL}, {"bearer", "default", "", NULL},
		{NULL, "default", "success", NULL}, {"bearer", "default", "success", "https://127.0.0.1/"}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct mockd_options options = mock_options();
		options.sudoiq_auth = bad[i].auth;
		options.sudoiq_table = bad[i].table;
		options.sudoiq_scripts = bad[i].scripts;
		options.sudoiq_webhook = bad[i].webhook;
		assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
		assert_null(m);
	}
	event_base_free(base);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_shown_as_a_bearer),
		TEST(a_key_is_shown_in_a_field_of_its_own),
		TEST(a_key_is_shown_as_a_cookie),
		TEST(a_key_is_exchanged_for_a_token_that_runs_out),
		TEST(what_is_another_tenants_looks_missing),
		TEST(what_makes_no_sense_is_no_emulator),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, who is let in", tests, NULL, NULL);
}
