/*
 * The sender of webhooks by itself: what is sent and how it is signed, order, tries and their times, and every fault.
 */
#include "mockd/webhook.h"
#include "support/mock_world.h"
#include "support/receiver.h"
#include "support/test.h"

#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#define SECRET "whsec_1"

static const uint32_t retry_ms[] = {1000, 5000, 30000};

static const struct webhook_style full_style = {.platform = "test",
	.delivery_header = "X-Test-Delivery",
	.timestamp_header = "X-Test-Timestamp",
	.signature_header = "X-Test-Signature",
	.signature_prefix = "sha256=",
	.signs_timestamp = true,
	.retry_ms = retry_ms,
	.retry_count = 3,
	.timeout_ms = 10000};

static struct webhook *sender;
static struct receiver hooks;
static struct webhook_line line;

static void open_with_records(const struct webhook_style *style, const char *secret, uint32_t records)
{
	struct mockd_options options = mock_options();
	options.control = true;
	options.webhook_records = records;
	mock_open(&options);
	receiver_open(&hooks, mock.base, mock.mockd);
	sender = webhook_new(mock.mockd, style);
	webhook_line_init(&line);
	assert_true(mockd_webhook_to(mock.mockd, style->platform, hooks.url, secret));
}

static void open_with(const struct webhook_style *style, const char *secret)
{
	open_with_records(style, secret, mock_options().webhook_records);
}

static int close_all(void **state)
{
	if (sender != NULL)
		webhook_free(sender);
	sender = NULL;
	if (hooks.server.listener != NULL)
		receiver_close(&hooks);
	hooks = (struct receiver){.status = 0};
	return mock_close(state);
}

static void send_text(struct webhook_line *to, const char *event, const char *body)
{
	webhook_send(sender, to, "run-1", event, freshet_str_of(body));
}

static void add_fault(const char *text)
{
	assert_true(mockd_webhook_fault_add_text(mock.mockd, text, "{\"other\":1}", 11) != 0);
}

/* The bodies of all that came, each with a blank behind it. */
static const char *bodies(void)
{
	static char text[1024];
	text[0] = '\0';
	for (size_t i = 0; i < hooks.count; i++) {
		strcat(text, hooks.items[i].body);
		strcat(text, " ");
	}
	return text;
}

static struct mockd_webhook_stats stats_now(void)
{
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(mock.mockd, "test", &stats);
	return stats;
}

/* The signature that the n-th request must bear; `stamp` NULL: of the body alone. */
static const char *right_signature(size_t n, const char *stamp)
{
	static char text[128];
	char signed_text[512];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len;
	int size = snprintf(signed_text, sizeof signed_text, "%s%s%s", stamp != NULL ? stamp : "",
		stamp != NULL ? "." : "", hooks.items[n].body);
	HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (const unsigned char *)signed_text, (size_t)size, mac, &len);
	for (unsigned i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", mac[i]);
	return text;
}

static const char *stamp_of(size_t n)
{
	static char stamp[64];
	const char *value = receiver_field(&hooks, n, "x-test-timestamp");
	assert_non_null(value);
	snprintf(stamp, sizeof stamp, "%s", value);
	return stamp;
}

/* The signature that came; "" when there was none. */
static const char *signature_of(size_t n)
{
	static char text[128];
	const char *value = receiver_field(&hooks, n, "x-test-signature");
	snprintf(text, sizeof text, "%s", value != NULL ? value : "");
	return text;
}

static bool is_signed(size_t n)
{
	const char *value = signature_of(n);
	return strncmp(value, "sha256=", 7) == 0 && strcmp(value + 7, right_signature(n, stamp_of(n))) == 0;
}

static void a_delivery_is_a_signed_post(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	send_text(&line, "completed", "{\"a\":\"\xc3\xa9\"}");
	receiver_until(&hooks, 1);
	receiver_settle(&hooks);
	assert_int_equal(strncmp(hooks.items[0].head, "POST /hooks?from=mockd HTTP/1.1\r\n", 33), 0);
	assert_string_equal(hooks.items[0].body, "{\"a\":\"\xc3\xa9\"}");
	assert_string_equal(receiver_field(&hooks, 0, "content-type"), "application/json");
	assert_int_equal(strlen(receiver_field(&hooks, 0, "x-test-delivery")), 36);
	assert_true(is_signed(0));
	/* The time of day is the real one, whatever the emulated clock says. */
	assert_true(llabs(strtoll(stamp_of(0), NULL, 10) - (long long)time(NULL)) < 60);
	struct mockd_webhook_stats s = stats_now();
	assert_int_equal(s.delivered, 1);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.tries, 1);
}

/* RFC 4231 knows what comes out of it. */
static void the_signature_is_hmac_sha256(void **state)
{
	(void)state;
	static const struct webhook_style plain = {
		.platform = "test", .signature_header = "X-Sign", .signature_prefix = "", .timeout_ms = 10000};
	open_with(&plain, "Jefe");
	send_text(NULL, "x", "what do ya want for nothing?");
	receiver_until(&hooks, 1);
	assert_string_equal(receiver_field(&hooks, 0, "x-sign"),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	static const struct webhook_style other = {.platform = "other",
		.signature_header = "X-Sign",
		.signature_prefix = "v1,",
		.base64 = true,
		.timeout_ms = 10000};
	struct webhook *second = webhook_new(mock.mockd, &other);
	assert_true(mockd_webhook_to(mock.mockd, "other", hooks.url, "Jefe"));
	webhook_send(second, NULL, "k", "x", freshet_str_of("what do ya want for nothing?"));
	receiver_until(&hooks, 2);
	assert_string_equal(receiver_field(&hooks, 1, "x-sign"), "v1,W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
	assert_null(receiver_field(&hooks, 1, "x-test-delivery"));
	webhook_free(second);
}

static void without_a_secret_nothing_is_signed(void **state)
{
	(void)state;
	open_with(&full_style, NULL);
	send_text(NULL, "x", "1");
	receiver_until(&hooks, 1);
	assert_null(receiver_field(&hooks, 0, "x-test-signature"));
	assert_null(receiver_field(&hooks, 0, "x-test-timestamp"));
	assert_non_null(receiver_field(&hooks, 0, "x-test-delivery"));
}

static void what_is_not_2xx_is_tried_again(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.fail = 3;
	hooks.failure = 503;
	send_text(&line, "x", "1");
	receiver_until(&hooks, 1);
	receiver_settle(&hooks);
	for (size_t i = 0; i < 3; i++) {
		mockd_advance(mock.mockd, retry_ms[i] - 1);
		receiver_settle(&hooks);
		assert_int_equal(hooks.count, i + 1);
		mockd_advance(mock.mockd, 1);
		receiver_until(&hooks, i + 2);
		receiver_settle(&hooks);
		assert_true(is_signed(i + 1));
	}
	char first[64];
	snprintf(first, sizeof first, "%s", receiver_field(&hooks, 0, "x-test-delivery"));
	assert_string_equal(receiver_field(&hooks, 3, "x-test-delivery"), first);
	assert_string_equal(bodies(), "1 1 1 1 ");
	assert_int_equal(stats_now().delivered, 1);
	assert_int_equal(stats_now().tries, 4);
	mockd_advance(mock.mockd, 1000000);
	receiver_settle(&hooks);
	assert_int_equal(hooks.count, 4);
}

static void note_record(const struct mockd_webhook_record *r, void *user)
{
	char *text = user;
	snprintf(text, 256, "%s %s %s %s%s:", r->platform, r->key, r->event, r->state, r->copy ? " copy" : "");
	for (size_t i = 0; i < r->answer_count; i++)
		snprintf(text + strlen(text), 256 - strlen(text), " %d", r->answers[i]);
}

static void what_never_works_is_given_up(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.status = 404;
	send_text(&line, "x", "1");
	receiver_until(&hooks, 1);
	receiver_settle(&hooks);
	for (size_t i = 0; i < 3; i++) {
		mockd_advance(mock.mockd, retry_ms[i]);
		receiver_until(&hooks, i + 2);
		receiver_settle(&hooks);
	}
	char text[256];
	mockd_webhook_each(mock.mockd, "test", note_record, text);
	assert_string_equal(text, "test run-1 x given_up: 404 404 404 404");
	assert_int_equal(stats_now().given_up, 1);
}

static void silence_and_broken_answers_are_no_answers(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.status = 0;
	send_text(&line, "x", "1");
	receiver_until(&hooks, 1);
	assert_int_equal(stats_now().posting, 1);
	mockd_advance(mock.mockd, 9999);
	assert_int_equal(stats_now().posting, 1);
	mockd_advance(mock.mockd, 1);
	assert_int_equal(stats_now().posting, 0);
	/* Closed within the answer. */
	mockd_advance(mock.mockd, 1000);
	receiver_until(&hooks, 2);
	h1server_write(hooks.items[1].conn, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{");
	h1server_finish(hooks.items[1].conn);
	receiver_settle(&hooks);
	/* No HTTP. */
	mockd_advance(mock.mockd, 5000);
	receiver_until(&hooks, 3);
	h1server_write(hooks.items[2].conn, "250 OK\r\n\r\n");
	receiver_settle(&hooks);
	/* An answer before the answer, and one that ends with the connection. */
	mockd_advance(mock.mockd, 30000);
	receiver_until(&hooks, 4);
	h1server_write(hooks.items[3].conn, "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 202 OK\r\n\r\n{}");
	h1server_finish(hooks.items[3].conn);
	receiver_settle(&hooks);
	char text[256];
	mockd_webhook_each(mock.mockd, NULL, note_record, text);
	assert_string_equal(text, "test run-1 x delivered: 0 0 0 202");
}

static void nobody_listens(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	h1server_stop_listening(&hooks.server);
	send_text(&line, "x", "1");
	assert_int_equal(stats_now().posting, 1);
	receiver_settle(&hooks);
	assert_int_equal(stats_now().tries, 1);
	/* Where they go may change, and be nowhere. */
	assert_true(mockd_webhook_to(mock.mockd, "test", NULL, NULL));
	assert_false(webhook_is_on(sender));
	mockd_advance(mock.mockd, 1000);
	assert_int_equal(stats_now().given_up, 1);
	send_text(&line, "x", "2");
	assert_int_equal(stats_now().deliveries, 1);
}

static void a_line_keeps_its_order(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.status = 0;
	send_text(&line, "x", "1");
	send_text(&line, "x", "2");
	send_text(&line, "x", "3");
	send_text(NULL, "x", "other");
	receiver_until(&hooks, 2);
	assert_int_equal(stats_now().posting, 2);
	/* The second goes when the first was answered, however; the retry of the first comes late. */
	hooks.status = 200;
	h1server_reply(hooks.items[0].conn, 500, "", "");
	receiver_until(&hooks, 4);
	assert_non_null(strstr(bodies(), "2 3 "));
	h1server_reply(hooks.items[1].conn, 200, "", "");
	receiver_settle(&hooks);
	mockd_advance(mock.mockd, 1000);
	receiver_until(&hooks, 5);
	assert_string_equal(hooks.items[4].body, "1");
}

static void a_line_may_go(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	add_fault("action=swap skip=2");
	send_text(&line, "x", "1");
	send_text(&line, "x", "2");
	send_text(&line, "x", "3");
	webhook_line_clear(&line);
	receiver_settle(&hooks);
	mockd_advance(mock.mockd, 5000);
	receiver_settle(&hooks);
	assert_string_equal(bodies(), "1 ");
	assert_int_equal(stats_now().lost, 2);
	assert_int_equal(stats_now().waiting, 0);
}

static void deliveries_are_lost_late_swapped_and_doubled(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	add_fault("action=lose event=lost times=0");
	add_fault("action=delay event=late ms=700");
	add_fault("action=swap event=swapped times=0");
	add_fault("action=duplicate event=doubled count=2 ms=100");
	send_text(&line, "lost", "0");
	send_text(&line, "late", "1");
	send_text(&line, "swapped", "2");
	send_text(&line, "x", "3");
	send_text(&line, "x", "4");
	receiver_until(&hooks, 3);
	receiver_settle(&hooks);
	assert_string_equal(bodies(), "3 2 4 ");
	/* Nothing comes that could pass this one by. */
	send_text(&line, "swapped", "5");
	receiver_settle(&hooks);
	assert_int_equal(hooks.count, 3);
	mockd_advance(mock.mockd, 700);
	receiver_until(&hooks, 4);
	receiver_settle(&hooks);
	mockd_advance(mock.mockd, 300);
	receiver_until(&hooks, 5);
	receiver_settle(&hooks);
	assert_string_equal(bodies(), "3 2 4 1 5 ");
	assert_int_equal(stats_now().swapped, 1);
	send_text(&line, "doubled", "6");
	receiver_until(&hooks, 6);
	receiver_settle(&hooks);
	mockd_advance(mock.mockd, 100);
	receiver_until(&hooks, 7);
	mockd_advance(mock.mockd, 100);
	receiver_until(&hooks, 8);
	receiver_settle(&hooks);
	char first[64];
	snprintf(first, sizeof first, "%s", receiver_field(&hooks, 5, "x-test-delivery"));
	assert_string_equal(receiver_field(&hooks, 6, "x-test-delivery"), first);
	assert_string_equal(receiver_field(&hooks, 7, "x-test-delivery"), first);
	assert_int_equal(stats_now().copies, 2);
	assert_int_equal(stats_now().deliveries, 7);
	assert_int_equal(stats_now().lost, 1);
	assert_int_equal(stats_now().delivered, 8);
}

/* One that is on its way already is no next one. */
static void only_a_later_one_passes_by(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	add_fault("action=swap event=swapped");
	send_text(&line, "x", "1");
	send_text(&line, "swapped", "2");
	receiver_until(&hooks, 1);
	receiver_settle(&hooks);
	assert_string_equal(bodies(), "1 ");
	send_text(&line, "x", "3");
	receiver_until(&hooks, 3);
	receiver_settle(&hooks);
	assert_string_equal(bodies(), "1 3 2 ");
	assert_int_equal(stats_now().swapped, 1);
}

static void tries_are_forged(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.fail = 6;
	hooks.failure = 401;
	static const char *const faults[] = {"action=unsigned", "action=forge", "action=truncate", "action=encode"};
	for (size_t i = 0; i < 4; i++) {
		add_fault(faults[i]);
		send_text(NULL, "x", "1");
		receiver_until(&hooks, i + 1);
		receiver_settle(&hooks);
		assert_false(is_signed(i));
	}
	assert_null(receiver_field(&hooks, 0, "x-test-signature"));
	assert_int_equal(strlen(receiver_field(&hooks, 1, "x-test-signature")), 7 + 64);
	const char *cut = signature_of(2);
	assert_int_equal(strlen(cut), 7 + 32);
	assert_int_equal(strncmp(cut + 7, right_signature(2, stamp_of(2)), 32), 0);
	assert_int_equal(strlen(receiver_field(&hooks, 3, "x-test-signature")), 7 + 44);
	/* These are signed rightly. */
	add_fault("action=old ms=301000");
	add_fault("action=body skip=1");
	send_text(NULL, "x", "1");
	send_text(NULL, "x", "2");
	receiver_until(&hooks, 6);
	receiver_settle(&hooks);
	assert_true(is_signed(4) && is_signed(5));
	assert_true((long long)time(NULL) - strtoll(stamp_of(4), NULL, 10) >= 301);
	assert_string_equal(hooks.items[5].body, "{\"other\":1}");
	/* A fault is of one try: the next one is right. */
	mockd_advance(mock.mockd, 1000);
	receiver_until(&hooks, 12);
	receiver_settle(&hooks);
	for (size_t i = 6; i < 12; i++)
		assert_true(is_signed(i));
	assert_int_equal(stats_now().delivered, 6);
	assert_int_equal(mockd_webhook_fault_struck(mock.mockd, 1), 1);
}

static void faults_count_what_fits(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	add_fault("action=lose platform=test skip=1 every=2 times=2");
	add_fault("action=lose platform=other times=0");
	for (int i = 0; i < 8; i++) {
		char body[2] = {(char)('0' + i), '\0'};
		send_text(&line, "x", body);
	}
	receiver_until(&hooks, 6);
	receiver_settle(&hooks);
	assert_string_equal(bodies(), "0 2 4 5 6 7 ");
	assert_int_equal(mockd_webhook_fault_struck(mock.mockd, 1), 2);
	assert_int_equal(mockd_webhook_fault_struck(mock.mockd, 2), 0);
	mockd_webhook_fault_clear(mock.mockd);
	assert_int_equal(mockd_webhook_fault_struck(mock.mockd, 1), 0);
	static const char *const nonsense[] = {"", "action=none", "skip=1", "action=lose every=0",
		"action=lose times=-1", "action=delay ms=x", "action=lose skip=4294967296"};
	for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
		assert_int_equal(mockd_webhook_fault_add_text(mock.mockd, nonsense[i], NULL, 0), 0);
}

static void note_body(const struct mockd_webhook_record *record, void *user)
{
	char *text = user;
	size_t len = strlen(text);
	snprintf(text + len, 64 - len, "%.*s ", (int)record->body.len, record->body.ptr);
}

/* Those that go on are always remembered, the sums are of all. */
static void what_is_over_is_remembered_up_to_a_bound(void **state)
{
	(void)state;
	char text[64] = "";
	open_with_records(&full_style, SECRET, 3);
	add_fault("action=delay ms=1000");
	add_fault("action=lose skip=4 times=2");
	add_fault("action=duplicate skip=6");
	for (int i = 1; i <= 9; i++) {
		snprintf(text, sizeof text, "%d", i);
		send_text(i % 2 == 0 ? &line : NULL, "x", text);
	}
	receiver_until(&hooks, 7);
	receiver_settle(&hooks);
	text[0] = '\0';
	mockd_webhook_each(mock.mockd, "test", note_body, text);
	struct mockd_webhook_stats s = stats_now();
	assert_int_equal(strncmp(text, "1 ", 2), 0);
	assert_int_equal(strlen(text), 2 * 4);
	assert_int_equal(s.deliveries, 9);
	assert_int_equal(s.copies, 1);
	assert_int_equal(s.lost, 2);
	assert_int_equal(s.waiting, 1);
	assert_int_equal(s.delivered, 9 + 1 - 2 - 1);
	assert_int_equal(s.tries, 9 + 1 - 2 - 1);
	mockd_advance(mock.mockd, 1000);
	receiver_until(&hooks, 8);
	receiver_settle(&hooks);
	assert_int_equal(stats_now().delivered, 8);
	assert_int_equal(stats_now().waiting, 0);
}

/* A record that goes at once, also those that were never sent. */
static void nothing_need_be_remembered(void **state)
{
	(void)state;
	char text[64] = "";
	open_with_records(&full_style, SECRET, 0);
	add_fault("action=lose");
	for (int i = 0; i < 4; i++)
		send_text(&line, "x", "1");
	receiver_until(&hooks, 3);
	receiver_settle(&hooks);
	send_text(&line, "x", "2");
	send_text(&line, "x", "3");
	webhook_line_clear(&line);
	webhook_line_init(&line);
	receiver_until(&hooks, 4);
	receiver_settle(&hooks);
	mockd_webhook_each(mock.mockd, "test", note_body, text);
	assert_string_equal(text, "");
	assert_int_equal(stats_now().deliveries, 6);
	assert_int_equal(stats_now().delivered, 4);
	assert_int_equal(stats_now().lost, 2);
}

static void only_the_loopback_is_posted_to(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	static const char *const good[] = {"http://127.0.0.1:1/a", "http://localhost:80", "http://[::1]:8080/?x#y",
		"http://127.0.0.1", "http://[::1]", "http://127.1.2.3:65535?a:b]"};
	static const char *const bad[] = {"https://127.0.0.1:1/", "http://192.0.2.1:1/", "http://example.test:1/", "",
		"http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://user@127.0.0.1:1/", "http:///x",
		"http://127.0.0.1:1/a b", "http://127.0.0.1:1/\r\nx: y"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(mockd_webhook_to(mock.mockd, "test", good[i], NULL));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(mockd_webhook_to(mock.mockd, "test", bad[i], NULL));
	assert_false(webhook_is_on(sender));
	assert_false(mockd_webhook_to(mock.mockd, "none", hooks.url, NULL));
}

static void many_share_the_connections(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.status = 0;
	for (int i = 0; i < 100; i++)
		send_text(NULL, "x", "1");
	receiver_until(&hooks, 64);
	assert_int_equal(stats_now().posting, 64);
	hooks.status = 200;
	for (size_t i = 0; i < 64; i++)
		h1server_reply(hooks.items[i].conn, 200, "", "");
	receiver_until(&hooks, 100);
	receiver_settle(&hooks);
	assert_int_equal(stats_now().delivered, 100);
}

static void the_control_api_does_it_too(void **state)
{
	(void)state;
	open_with(&full_style, NULL);
	assert_int_equal(mock_ask("POST", "/mockd/webhooks?platform=test", NULL)->status, 200);
	assert_false(webhook_is_on(sender));
	char path[256];
	snprintf(path, sizeof path,
		"/mockd/webhooks?platform=test&secret=" SECRET "&url=http%%3A%%2F%%2F127.0.0.1:%u/control",
		(unsigned)hooks.server.port);
	assert_int_equal(mock_ask("POST", path, NULL)->status, 200);
	assert_int_equal(mock_ask("POST", "/mockd/webhooks?platform=test&url=ftp", NULL)->status, 400);
	assert_int_equal(mock_ask("POST", "/mockd/webhooks?url=ftp", NULL)->status, 400);
	assert_int_equal(mock_ask("POST", path, NULL)->status, 200);
	assert_int_equal(mock_ask("POST", "/mockd/webhooks/faults?action=none", NULL)->status, 400);
	struct reply *r = mock_ask("POST", "/mockd/webhooks/faults?action=body", "[]");
	assert_int_equal(r->status, 201);
	assert_string_equal(r->body, "{\"number\": 1}");
	send_text(NULL, "x", "1");
	receiver_until(&hooks, 1);
	receiver_settle(&hooks);
	assert_string_equal(hooks.items[0].body, "[]");
	assert_string_equal(hooks.items[0].target, "/control");
	assert_true(is_signed(0));
	json_t *all = mock_json(mock_ask("GET", "/mockd/webhooks?platform=test", NULL));
	assert_int_equal(json_integer_value(json_object_get(all, "delivered")), 1);
	json_t *one = json_array_get(json_object_get(all, "webhooks"), 0);
	assert_string_equal(json_string_value(json_object_get(one, "body")), "1");
	assert_string_equal(json_string_value(json_object_get(one, "state")), "delivered");
	assert_int_equal(json_integer_value(json_array_get(json_object_get(one, "answers"), 0)), 200);
	json_decref(all);
	assert_int_equal(mock_ask("DELETE", "/mockd/webhooks/faults", NULL)->status, 200);
	assert_int_equal(mockd_webhook_fault_struck(mock.mockd, 1), 0);
}

/* The emulator may go at any moment: with tries on their way, held and waiting. */
static void it_ends_in_the_middle(void **state)
{
	(void)state;
	open_with(&full_style, SECRET);
	hooks.status = 0;
	add_fault("action=swap event=swapped");
	for (int i = 0; i < 70; i++)
		send_text(i % 2 == 0 ? &line : NULL, i == 40 ? "swapped" : "x", "1");
	receiver_until(&hooks, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_delivery_is_a_signed_post, close_all),
		cmocka_unit_test_teardown(the_signature_is_hmac_sha256, close_all),
		cmocka_unit_test_teardown(without_a_secret_nothing_is_signed, close_all),
		cmocka_unit_test_teardown(what_is_not_2xx_is_tried_again, close_all),
		cmocka_unit_test_teardown(what_never_works_is_given_up, close_all),
		cmocka_unit_test_teardown(silence_and_broken_answers_are_no_answers, close_all),
		cmocka_unit_test_teardown(nobody_listens, close_all),
		cmocka_unit_test_teardown(a_line_keeps_its_order, close_all),
		cmocka_unit_test_teardown(a_line_may_go, close_all),
		cmocka_unit_test_teardown(deliveries_are_lost_late_swapped_and_doubled, close_all),
		cmocka_unit_test_teardown(only_a_later_one_passes_by, close_all),
		cmocka_unit_test_teardown(tries_are_forged, close_all),
		cmocka_unit_test_teardown(faults_count_what_fits, close_all),
		cmocka_unit_test_teardown(what_is_over_is_remembered_up_to_a_bound, close_all),
		cmocka_unit_test_teardown(nothing_need_be_remembered, close_all),
		cmocka_unit_test_teardown(only_the_loopback_is_posted_to, close_all),
		cmocka_unit_test_teardown(many_share_the_connections, close_all),
		cmocka_unit_test_teardown(the_control_api_does_it_too, close_all),
		cmocka_unit_test_teardown(it_ends_in_the_middle, close_all),
	};
	return cmocka_run_group_tests_name("mockd: webhooks", tests, NULL, NULL);
}
