/*
 * Whether to try again, and when: tables, the bounds of jitter, and figures at the end of their range.
 */
#include "support/test.h"

#include "base/random.h"
#include "flow/retry.h"

static void later_is_told_by_these_statuses_only(void **state)
{
	(void)state;
	static const int later[] = {408, 425, 429, 500, 502, 503, 504};
	for (int status = 0; status < 1000; status++) {
		bool expected = false;
		for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
			expected |= later[i] == status;
		assert_int_equal(retry_status(status), expected);
	}
}

/* Every code of the list: what is not named here cannot get better by itself. */
static bool transport_failed(freshet_err err)
{
	switch ((int)err) {
	case FRESHET_EDESCRIPTORS:
	case FRESHET_ECONNECT_TIMEOUT:
	case FRESHET_EHEADERS_TIMEOUT:
	case FRESHET_EIDLE_TIMEOUT:
	case FRESHET_ERESOLVE:
	case FRESHET_ECONNECT:
	case FRESHET_ECLOSED:
	case FRESHET_EPING_TIMEOUT:
	case FRESHET_EPROXY:
	case FRESHET_ETLS:
	case FRESHET_EHTTP_PROTOCOL:
	case FRESHET_EHTTP_RESET:
	case FRESHET_EHTTP_REFUSED:
	case FRESHET_EHTTP_GOAWAY:
	case FRESHET_EHTTP_TRUNCATED: return true;
	default: return false;
	}
}

static void every_code_is_judged(void **state)
{
	(void)state;
	static const freshet_err codes[] = {FRESHET_OK,
#define CODE_OF(name, number, text) FRESHET_E##name,
		FRESHET_ERR_MAP(CODE_OF)
#undef CODE_OF
	};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		struct retry_cause cause = {codes[i], 503, 0};
		bool by_status = codes[i] == FRESHET_EHTTP_STATUS || codes[i] == FRESHET_EPROXY_REFUSED;
		bool expected = transport_failed(codes[i]) || by_status;
		print_message("%s\n", freshet_err_name(codes[i]));
		assert_int_equal(retry_worthwhile(&cause), expected);
		cause.http_status = 404;
		assert_int_equal(retry_worthwhile(&cause), transport_failed(codes[i]));
	}
}

static void jitter_is_between_half_and_the_whole(void **state)
{
	(void)state;
	static const uint64_t pauses[] = {0, 1, 2, 3, 1000, 1001, UINT64_MAX - 1, UINT64_MAX};
	struct random random;
	random_init(&random, 3);
	for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
		uint64_t least = pauses[i] - pauses[i] / 2;
		assert_true(retry_jitter(pauses[i], 0) == least);
		assert_true(retry_jitter(pauses[i], pauses[i] / 2) == pauses[i]);
		for (int draw = 0; draw < 1000; draw++) {
			uint64_t pause = retry_jitter(pauses[i], random_next(&random));
			assert_true(pause >= least && pause <= pauses[i]);
		}
	}
}

/* The longest pause that may come: the random half is all there. */
static uint64_t longest(const struct retry_policy *policy, const struct retry_cause *cause, uint32_t attempts)
{
	uint64_t most = 0, pause;
	struct random random;
	random_init(&random, attempts + 1);
	for (int draw = 0; draw < 3000; draw++) {
		assert_true(retry_after_failure(policy, cause, attempts, random_next(&random), &pause));
		if (pause > most)
			most = pause;
	}
	return most;
}

static void pauses_double_up_to_the_maximum(void **state)
{
	(void)state;
	const struct retry_policy policy = {100, 1000, UINT32_MAX};
	const struct retry_cause cause = {FRESHET_ECLOSED, 0, 0};
	static const uint64_t expected[] = {100, 200, 400, 800, 1000, 1000};
	uint64_t pause;
	for (uint32_t attempts = 1; attempts <= 6; attempts++) {
		uint64_t whole = expected[attempts - 1];
		assert_in_range(longest(&policy, &cause, attempts), whole - whole / 50, whole);
		assert_true(retry_after_failure(&policy, &cause, attempts, 0, &pause));
		assert_true(pause == whole / 2);
	}
	assert_true(retry_after_failure(&policy, &cause, UINT32_MAX, 0, &pause));
	assert_true(pause == 500);
}

static void pauses_at_the_end_of_their_range_do_not_overflow(void **state)
{
	(void)state;
	const struct retry_policy policy = {UINT64_MAX / 2 + 2, UINT64_MAX, UINT32_MAX};
	const struct retry_cause cause = {FRESHET_ECLOSED, 0, 0};
	uint64_t pause;
	assert_true(retry_after_failure(&policy, &cause, 1, 0, &pause));
	assert_true(pause == UINT64_MAX / 4 + 2);
	assert_true(retry_after_failure(&policy, &cause, 2, UINT64_MAX / 2, &pause));
	assert_true(pause == UINT64_MAX);
	const struct retry_policy least_above_most = {5000, 1000, UINT32_MAX};
	assert_true(retry_after_failure(&least_above_most, &cause, 1, 0, &pause));
	assert_true(pause == 500);
}

static void a_pause_of_nothing_grows_when_failures_go_on(void **state)
{
	(void)state;
	const struct retry_policy policy = {0, 1000, UINT32_MAX};
	const struct retry_cause cause = {FRESHET_ECLOSED, 0, 0};
	uint64_t pause;
	assert_true(retry_after_failure(&policy, &cause, 1, UINT64_MAX, &pause));
	assert_true(pause == 0);
	assert_true(retry_after_failure(&policy, &cause, 30, 0, &pause));
	assert_true(pause == 500);
}

static void attempts_end(void **state)
{
	(void)state;
	const struct retry_policy policy = {100, 1000, 3};
	const struct retry_cause cause = {FRESHET_ECLOSED, 0, 0};
	uint64_t pause = 7;
	assert_true(retry_after_failure(&policy, &cause, 1, 0, &pause));
	assert_true(retry_after_failure(&policy, &cause, 2, 0, &pause));
	assert_false(retry_after_failure(&policy, &cause, 3, 0, &pause));
	assert_true(pause == 0);
	assert_false(retry_after_failure(&policy, &cause, 4, 0, &pause));
	const struct retry_cause hopeless = {FRESHET_EHTTP_STATUS, 404, 0};
	assert_false(retry_after_failure(&policy, &hopeless, 1, 0, &pause));
}

static void the_server_may_ask_for_more_but_not_for_ever(void **state)
{
	(void)state;
	const struct retry_policy policy = {100, 1000, 3};
	struct retry_cause cause = {FRESHET_EHTTP_STATUS, 429, 5000};
	uint64_t pause;
	assert_true(retry_after_failure(&policy, &cause, 1, 0, &pause));
	assert_true(pause == 5000);
	cause.retry_after_ms = 10;
	assert_true(retry_after_failure(&policy, &cause, 1, 0, &pause));
	assert_true(pause == 50);
	cause.retry_after_ms = UINT64_MAX;
	assert_true(retry_after_failure(&policy, &cause, 1, 0, &pause));
	assert_true(pause == (uint64_t)60 * 60 * 1000);
}

static void methods_that_may_be_repeated(void **state)
{
	(void)state;
	static const char *const yes[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
	static const char *const no[] = {"POST", "PATCH", "CONNECT", "get", "GETS", "", "QUERY"};
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(retry_method_is_idempotent(freshet_str_of(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(retry_method_is_idempotent(freshet_str_of(no[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_is_told_by_these_statuses_only),
		cmocka_unit_test(every_code_is_judged),
		cmocka_unit_test(jitter_is_between_half_and_the_whole),
		cmocka_unit_test(pauses_double_up_to_the_maximum),
		cmocka_unit_test(pauses_at_the_end_of_their_range_do_not_overflow),
		cmocka_unit_test(a_pause_of_nothing_grows_when_failures_go_on),
		cmocka_unit_test(attempts_end),
		cmocka_unit_test(the_server_may_ask_for_more_but_not_for_ever),
		cmocka_unit_test(methods_that_may_be_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
