#include "guest/backoff.h"

#include "support/test.h"

static const struct guest_backoff backoff = {.max_retries = 3, .base_ms = 100, .cap_ms = 350, .asked_ms = 5000};

static freshet_outcome answered(int status, uint64_t retry_after_ms)
{
	return (freshet_outcome){.err = FRESHET_OK,
		.http_status = status,
		.has_retry_after = retry_after_ms > 0,
		.retry_after_ms = retry_after_ms};
}

static freshet_outcome lost(freshet_err err, bool unprocessed)
{
	return (freshet_outcome){.err = err, .unprocessed = unprocessed};
}

static bool again(unsigned flags, freshet_outcome outcome)
{
	uint64_t pause_ms;
	return guest_backoff(&backoff, flags, &outcome, 1, 0, &pause_ms);
}

static void each_status_is_repeated_by_its_flag_alone(void **state)
{
	(void)state;
	for (int status = 200; status < 600; status++) {
		bool busy = status == 408 || status == 425 || status == 429;
		bool asked = status == 429 || status == 503;
		assert_int_equal(again(GUEST_AGAIN_BUSY, answered(status, 0)), busy);
		assert_int_equal(again(GUEST_AGAIN_SERVER, answered(status, 0)), status >= 500);
		assert_int_equal(again(GUEST_AGAIN_ASKED, answered(status, 1)), asked);
		assert_false(again(GUEST_AGAIN_ASKED, answered(status, 0)));
		assert_false(again(GUEST_AGAIN_LOST, answered(status, 1)));
		assert_false(again(0, answered(status, 1)));
		assert_int_equal(again(GUEST_AGAIN_ANY, answered(status, 0)), busy || status >= 500);
	}
}

/* "At once" is asked for, too; the pause is that of any repetition. */
static void a_server_may_ask_for_no_time_at_all(void **state)
{
	(void)state;
	freshet_outcome outcome = answered(503, 0);
	uint64_t pause_ms = 0;
	outcome.has_retry_after = true;
	assert_true(guest_backoff(&backoff, GUEST_AGAIN_ASKED, &outcome, 1, 7, &pause_ms));
	assert_true(pause_ms == 7);
}

static void what_surely_did_not_arrive_is_always_repeated(void **state)
{
	(void)state;
	assert_true(again(0, lost(FRESHET_ECONNECT, true)));
	assert_true(again(0, lost(FRESHET_EHTTP_REFUSED, true)));
	assert_false(again(0, lost(FRESHET_ECLOSED, false)));
	assert_false(again(GUEST_AGAIN_SERVER | GUEST_AGAIN_BUSY | GUEST_AGAIN_ASKED, lost(FRESHET_ECLOSED, false)));
	assert_true(again(GUEST_AGAIN_LOST, lost(FRESHET_ECLOSED, false)));
	assert_true(again(GUEST_AGAIN_LOST, lost(FRESHET_EDEADLINE, false)));
}

static void what_cannot_get_better_is_not(void **state)
{
	(void)state;
	static const freshet_err hopeless[] = {FRESHET_ECANCELED, FRESHET_ENOMEM, FRESHET_EINVAL, FRESHET_ETLS_HOST,
		FRESHET_ETLS_EXPIRED, FRESHET_EHTTP_BODY, FRESHET_EPROXY_AUTH, FRESHET_EHTTP_REDIRECTS};
	for (size_t i = 0; i < sizeof hopeless / sizeof hopeless[0]; i++)
		assert_false(again(GUEST_AGAIN_ANY, lost(hopeless[i], true)));
}

static void the_number_of_attempts_is_bound(void **state)
{
	(void)state;
	const freshet_outcome outcome = answered(500, 0);
	struct guest_backoff never = {.max_retries = 0, .base_ms = 1, .cap_ms = 1};
	uint64_t pause_ms;
	for (uint32_t attempts = 1; attempts <= 3; attempts++)
		assert_true(guest_backoff(&backoff, GUEST_AGAIN_ANY, &outcome, attempts, 0, &pause_ms));
	assert_false(guest_backoff(&backoff, GUEST_AGAIN_ANY, &outcome, 4, 0, &pause_ms));
	assert_false(guest_backoff(&never, GUEST_AGAIN_ANY, &outcome, 1, 0, &pause_ms));
}

static void pauses_double_up_to_the_cap_and_are_random(void **state)
{
	(void)state;
	static const uint64_t most[] = {100, 200, 350, 350};
	struct guest_backoff huge = {.max_retries = 200, .base_ms = UINT64_MAX / 3, .cap_ms = UINT64_MAX};
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t seen = 0;
		for (uint64_t random = 0; random <= 1000; random++) {
			uint64_t pause = guest_backoff_pause(&backoff, i + 1, random);
			assert_true(pause <= most[i]);
			seen = pause > seen ? pause : seen;
		}
		assert_int_equal(seen, most[i]);
		assert_int_equal(guest_backoff_pause(&backoff, i + 1, 0), 0);
	}
	for (uint32_t i = 1; i < 200; i++)
		guest_backoff_pause(&huge, i, UINT64_MAX);
	assert_int_equal(guest_backoff_pause(&backoff, UINT32_MAX, 350), 350);
}

static void what_the_server_asks_for_counts_up_to_a_bound(void **state)
{
	(void)state;
	struct guest_backoff deaf = backoff;
	uint64_t pause_ms;
	freshet_outcome outcome = answered(503, 1200);
	assert_true(guest_backoff(&backoff, GUEST_AGAIN_ASKED, &outcome, 1, 77, &pause_ms));
	assert_int_equal(pause_ms, 1200);
	outcome.retry_after_ms = 3600000;
	assert_true(guest_backoff(&backoff, GUEST_AGAIN_ASKED, &outcome, 1, 77, &pause_ms));
	assert_int_equal(pause_ms, 5000);
	deaf.asked_ms = 0;
	assert_true(guest_backoff(&deaf, GUEST_AGAIN_ASKED, &outcome, 1, 77, &pause_ms));
	assert_int_equal(pause_ms, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_is_repeated_by_its_flag_alone),
		cmocka_unit_test(a_server_may_ask_for_no_time_at_all),
		cmocka_unit_test(what_surely_did_not_arrive_is_always_repeated),
		cmocka_unit_test(what_cannot_get_better_is_not),
		cmocka_unit_test(the_number_of_attempts_is_bound),
		cmocka_unit_test(pauses_double_up_to_the_cap_and_are_random),
		cmocka_unit_test(what_the_server_asks_for_counts_up_to_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
