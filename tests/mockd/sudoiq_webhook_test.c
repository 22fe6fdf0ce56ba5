/*
 * Sudoiq's webhooks: each change of a run is told, with the body that the stream and the status have, in order, signed,
 * and again where it was not taken; and a run that is led by webhooks alone.
 */
#include "support/mock_sudoiq.h"
#include "support/receiver.h"
#include "support/test.h"

#include <event2/event.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#define SECRET "whsec"

static struct receiver hooks;

static void open_hooked(void)
{
	mock_open(NULL);
	receiver_open(&hooks, mock.base, mock.mockd);
	assert_true(mockd_webhook_to(mock.mockd, "sudoiq", hooks.url, SECRET));
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
}

static int close_hooked(void **state)
{
	receiver_close(&hooks);
	return mock_close(state);
}

/* Waits for that many in all, and until their answers are there. */
static void expect(size_t count)
{
	receiver_until(&hooks, count);
	receiver_settle(&hooks);
	assert_int_equal(hooks.count, count);
}

static void assert_says(size_t n, const char *status, int revision)
{
	char part[128];
	snprintf(part, sizeof part, "\"status\":\"%s\",\"revision\":%d,", status, revision);
	if (strstr(hooks.items[n].body, part) == NULL)
		fail_msg("no %s in %s", part, hooks.items[n].body);
}

static void each_change_is_told(void **state)
{
	(void)state;
	open_hooked();
	int64_t task = siq_run("script:success queued_ms=100 row_ms=10");
	expect(1);
	mock_pass(100);
	expect(2);
	mock_pass(1000);
	expect(3);
	assert_string_equal(hooks.items[2].body, siq_status(task)->body);
	siq_respond(task, siq_call(task, 0).call_id, NULL);
	expect(4);
	mock_pass(1000);
	expect(5);
	static const char *const statuses[] = {"queued", "running", "awaiting_tool_calls", "running", "completed"};
	for (size_t i = 0; i < 5; i++)
		assert_says(i, statuses[i], (int)i + 1);
	assert_string_equal(hooks.items[4].body, siq_status(task)->body);
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(mock.mockd, "sudoiq", &stats);
	assert_int_equal(stats.delivered, 5);
}

static void headers_are_the_contracts(void **state)
{
	(void)state;
	open_hooked();
	siq_run("script:hang");
	expect(1);
	assert_int_equal(strlen(receiver_field(&hooks, 0, "X-Sudoiq-Delivery")), 36);
	char text[2048];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len;
	int size = snprintf(
		text, sizeof text, "%s.%s", receiver_field(&hooks, 0, "X-Sudoiq-Timestamp"), hooks.items[0].body);
	HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (const unsigned char *)text, (size_t)size, mac, &len);
	size = snprintf(text, sizeof text, "sha256=");
	for (unsigned i = 0; i < len; i++)
		size += snprintf(text + size, sizeof text - (size_t)size, "%02x", mac[i]);
	assert_string_equal(receiver_field(&hooks, 0, "X-Sudoiq-Signature"), text);
}

static void the_schedule_is_the_contracts(void **state)
{
	(void)state;
	open_hooked();
	hooks.status = 500;
	siq_run("script:hang");
	static const uint64_t waits_s[] = {1, 5, 30, 120, 600};
	expect(1);
	for (size_t i = 0; i < 5; i++) {
		mock_pass(waits_s[i] * 1000 - 1);
		expect(i + 1);
		mock_pass(1);
		expect(i + 2);
	}
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(mock.mockd, "sudoiq", &stats);
	assert_int_equal(stats.given_up, 1);
	assert_int_equal(stats.waiting, 0);
}

/* The index of the newest webhook that tells of the run's status and revision; the test fails when there is none. */
static size_t find_webhook(const char *status, int revision)
{
	char part[128];
	snprintf(part, sizeof part, "\"status\":\"%s\",\"revision\":%d,", status, revision);
	for (size_t i = hooks.count; i-- > 0;) {
		if (strstr(hooks.items[i].body, part) != NULL)
			return i;
	}
	fail_msg("no webhook says %s %d", status, revision);
	return 0;
}

static void duplicates_and_swaps_are_real(void **state)
{
	(void)state;
	open_hooked();
	mockd_webhook_fault_add_text(mock.mockd, "action=swap event=awaiting_tool_calls", NULL, 0);
	mockd_webhook_fault_add_text(mock.mockd, "action=duplicate event=completed count=2", NULL, 0);
	int64_t task = siq_run("script:success row_ms=10");
	mock_pass(100);
	expect(1);
	/* It waits for the next one, which comes when somebody has answered without it. */
	assert_int_equal(siq_respond(task, siq_call(task, 0).call_id, NULL)->status, 200);
	expect(3);
	assert_says(1, "running", 3);
	assert_says(2, "awaiting_tool_calls", 2);
	mock_pass(1000);
	expect(6);
	char id[64];
	snprintf(id, sizeof id, "%s", receiver_field(&hooks, 3, "x-sudoiq-delivery"));
	for (size_t i = 3; i < 6; i++) {
		assert_says(i, "completed", 4);
		assert_string_equal(receiver_field(&hooks, i, "x-sudoiq-delivery"), id);
	}
	/* And one that nothing passes comes after a second. */
	mockd_webhook_fault_add_text(mock.mockd, "action=swap", NULL, 0);
	siq_run("script:hang");
	expect(6);
	mock_pass(1000);
	expect(7);
}

/* Start-only: what to answer is known from webhooks alone. */
static void a_run_is_led_by_webhooks(void **state)
{
	(void)state;
	open_hooked();
	int64_t task = siq_number(siq_start("script:tools rounds=3 calls=1 row_ms=10 result=echo"), "task_id");
	for (int round = 0; round < 3; round++) {
		mock_pass(1000);
		receiver_settle(&hooks);
		size_t n = find_webhook("awaiting_tool_calls", 2 + 2 * round);
		const char *from = strstr(hooks.items[n].body, "\"call_id\":\"") + strlen("\"call_id\":\"");
		char id[64];
		snprintf(id, sizeof id, "%.*s", (int)strcspn(from, "\""), from);
		assert_int_equal(siq_respond(task, id, NULL)->status, 200);
	}
	mock_pass(1000);
	receiver_settle(&hooks);
	size_t n = find_webhook("completed", 8);
	assert_non_null(strstr(hooks.items[n].body, "\"result\":[\"ok\",\"ok\",\"ok\"]"));
	assert_int_equal(hooks.count, 8);
}

static void a_deleted_run_tells_no_more(void **state)
{
	(void)state;
	open_hooked();
	hooks.status = 0;
	int64_t task = siq_run("script:manual");
	receiver_until(&hooks, 1);
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
	assert_true(mockd_fault_add_text(mock.mockd, "moment=now action=delete session=41820000001", NULL, 0) != 0);
	mockd_advance(mock.mockd, 0);
	h1server_reply(hooks.items[0].conn, 200, "", "");
	receiver_settle(&hooks);
	assert_int_equal(hooks.count, 1);
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(mock.mockd, "sudoiq", &stats);
	assert_int_equal(stats.lost, 1);
}

static void options_say_where_they_go(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.sudoiq_webhook = "http://127.0.0.1:1/nobody";
	options.sudoiq_webhook_secret = SECRET;
	mock_open(&options);
	receiver_open(&hooks, mock.base, mock.mockd);
	siq_run("script:hang");
	receiver_settle(&hooks);
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(mock.mockd, NULL, &stats);
	assert_int_equal(stats.tries, 1);
	assert_int_equal(stats.waiting, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_hooked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_change_is_told),
		TEST(headers_are_the_contracts),
		TEST(the_schedule_is_the_contracts),
		TEST(duplicates_and_swaps_are_real),
		TEST(a_run_is_led_by_webhooks),
		TEST(a_deleted_run_tells_no_more),
		TEST(options_say_where_they_go),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, webhooks", tests, NULL, NULL);
}
