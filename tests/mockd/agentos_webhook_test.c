/*
 * Webhooks of AgentOS: events and their data, the signature over the raw body, three more tries, duplicates.
 */
#include "support/mock_agentos.h"
#include "support/receiver.h"
#include "support/test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#define SECRET "whsec_agentos"

static struct receiver hooks;

static void open_with_receiver(const struct mockd_options *options)
{
	os_open(options);
	receiver_open(&hooks, mock.base, mock.mockd);
	assert_true(mockd_webhook_to(mock.mockd, "agentos", hooks.url, SECRET));
}

static int close_all(void **state)
{
	if (hooks.server.listener != NULL)
		receiver_close(&hooks);
	hooks = (struct receiver){.status = 0};
	return mock_close(state);
}

static size_t sign(const char *body, unsigned char mac[EVP_MAX_MD_SIZE])
{
	unsigned len;
	HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (const unsigned char *)body, strlen(body), mac, &len);
	return len;
}

static void assert_signed(size_t n)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	char expected[2 * EVP_MAX_MD_SIZE + 1];
	size_t len = sign(hooks.items[n].body, mac);
	for (size_t i = 0; i < len; i++)
		snprintf(expected + 2 * i, 3, "%02x", mac[i]);
	assert_string_equal(receiver_field(&hooks, n, "x-agentos-signature"), expected);
}

static void assert_hook(size_t n, const char *event, const char *part)
{
	char start[64];
	assert_true(hooks.count > n);
	snprintf(start, sizeof start, "{\"event\":\"%s\",\"timestamp\":\"20", event);
	assert_memory_equal(hooks.items[n].body, start, strlen(start));
	if (strstr(hooks.items[n].body, part) == NULL)
		fail_msg("no %s in %s", part, hooks.items[n].body);
	assert_non_null(strstr(hooks.items[n].body, "\"workspace_id\":\"" MOCKD_AGENTOS_WORKSPACE "\""));
	assert_non_null(strstr(hooks.items[n].body, "\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\""));
	assert_signed(n);
}

static void runs_that_are_reported_are_told(void **state)
{
	(void)state;
	open_with_receiver(NULL);
	char run[MOCKD_ID_SIZE];
	snprintf(run, sizeof run, "%s", os_start());
	receiver_until(&hooks, 1);
	assert_hook(0, "run.started", "\"trigger_type\":\"sdk\"");
	mock_pass(1500);
	assert_answer(os_report(run, "run/complete", "\"output\":{\"n\":1}"), 200, NULL);
	receiver_until(&hooks, 2);
	assert_hook(1, "run.completed", "\"duration_ms\":1500,\"output\":{\"n\":1}");
	assert_non_null(strstr(hooks.items[1].body, run));
	assert_answer(os_report(os_start(), "run/fail", "\"error_message\":\"boom\""), 200, NULL);
	receiver_until(&hooks, 4);
	assert_hook(3, "run.failed", "\"error_message\":\"boom\",\"started_at\":\"");
	assert_non_null(strstr(hooks.items[3].body, "\"failed_at\":\""));
}

static void approvals_and_alerts_are_told(void **state)
{
	(void)state;
	open_with_receiver(NULL);
	struct reply *r = os_invoke("script:approval", NULL);
	os_finish(r);
	receiver_until(&hooks, 2);
	assert_hook(0, "run.started", "\"run_id\":\"");
	assert_hook(1, "approval.requested", "\"tool\":\"send_mail\",\"input\":{\"mail\":1},\"expires_at\":\"");
	assert_non_null(strstr(hooks.items[1].body, os_pick(r, "approval_id")));
	assert_false(mockd_agentos_alert(mock.mockd, "[]"));
	assert_true(mockd_agentos_alert(mock.mockd, "{\"rule\":\"slow\"}"));
	receiver_until(&hooks, 3);
	assert_hook(2, "alert.triggered", "\"data\":{\"rule\":\"slow\"}}");
}

static void what_is_not_taken_is_sent_three_times_more(void **state)
{
	(void)state;
	open_with_receiver(NULL);
	hooks.fail = 10;
	hooks.failure = 500;
	os_start();
	receiver_until(&hooks, 1);
	receiver_settle(&hooks);
	static const uint64_t waits[] = {1000, 2000, 4000};
	for (size_t i = 0; i < 3; i++) {
		mock_pass(waits[i] - 1);
		assert_int_equal(hooks.count, i + 1);
		mock_pass(1);
		receiver_until(&hooks, i + 2);
		receiver_settle(&hooks);
		assert_string_equal(hooks.items[i + 1].body, hooks.items[0].body);
	}
	mock_pass(100000);
	receiver_settle(&hooks);
	assert_int_equal(hooks.count, 4);
	struct mockd_webhook_stats s;
	mockd_webhook_get_stats(mock.mockd, "agentos", &s);
	assert_int_equal(s.given_up, 1);
}

static void duplicates_and_wrong_signatures_can_be_had(void **state)
{
	(void)state;
	open_with_receiver(NULL);
	assert_true(mockd_webhook_fault_add_text(
			    mock.mockd, "platform=agentos event=run.started action=duplicate", NULL, 0) > 0);
	os_start();
	receiver_until(&hooks, 2);
	assert_string_equal(hooks.items[0].body, hooks.items[1].body);
	assert_true(mockd_webhook_fault_add_text(mock.mockd, "platform=agentos action=forge", NULL, 0) > 0);
	os_start();
	receiver_until(&hooks, 3);
	assert_int_equal(strlen(receiver_field(&hooks, 2, "x-agentos-signature")), 64);
}

static void another_table_signs_in_another_way(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned char expected[128] = "sha256=";
	options.agentos_renamed = true;
	open_with_receiver(&options);
	char run[MOCKD_AGENTOS_ID_SIZE];
	assert_true(mockd_agentos_schedule(mock.mockd, MOCKD_AGENTOS_AGENT, "p", NULL, run));
	receiver_until(&hooks, 1);
	assert_null(receiver_field(&hooks, 0, "x-agentos-signature"));
	EVP_EncodeBlock(expected + 7, mac, (int)sign(hooks.items[0].body, mac));
	assert_string_equal(receiver_field(&hooks, 0, "x-hook-signature"), (const char *)expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(runs_that_are_reported_are_told, close_all),
		cmocka_unit_test_teardown(approvals_and_alerts_are_told, close_all),
		cmocka_unit_test_teardown(what_is_not_taken_is_sent_three_times_more, close_all),
		cmocka_unit_test_teardown(duplicates_and_wrong_signatures_can_be_had, close_all),
		cmocka_unit_test_teardown(another_table_signs_in_another_way, close_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
