#include "guest/random.h"

#include "support/test.h"

#include "guest/clock.h"

#include <time.h>

static void ids_are_uuids_of_version_4_and_differ(void **state)
{
	(void)state;
	char ids[64][GUEST_UUID_SIZE], read[GUEST_UUID_SIZE];
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(guest_uuid(ids[i]), FRESHET_OK);
		assert_true(guest_uuid_read(freshet_str_of(ids[i]), read));
		assert_string_equal(read, ids[i]);
		assert_int_equal(ids[i][14], '4');
		assert_non_null(strchr("89ab", ids[i][19]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
}

static void only_uuids_are_read(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "5b2c", "01234567-89ab-cdef-0123-456789abcde",
		"01234567-89ab-cdef-0123-456789abcdef0", "01234567x89ab-cdef-0123-456789abcdef",
		"0123456789-ab-cdef-0123-456789abcdef", "g1234567-89ab-cdef-0123-456789abcdef",
		"01234567-89ab-cdef-0123-456789abc/.."};
	char out[GUEST_UUID_SIZE] = "as it was";
	assert_true(guest_uuid_read(freshet_str_of("01234567-89AB-CDEF-0123-456789abcdef"), NULL));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(guest_uuid_read(freshet_str_of(bad[i]), out));
	assert_string_equal(out, "as it was");
	assert_true(guest_uuid_read(freshet_str_of("01234567-89AB-CDEF-0123-456789ABCDEF"), out));
	assert_string_equal(out, "01234567-89ab-cdef-0123-456789abcdef");
}

static void hex_is_as_long_as_asked(void **state)
{
	(void)state;
	char hex[33] = "";
	assert_int_equal(guest_random_hex(hex, 16), FRESHET_OK);
	assert_int_equal(strlen(hex), 16);
	assert_int_equal(strspn(hex, "0123456789abcdef"), 16);
	assert_int_equal(guest_random_hex(hex, 0), FRESHET_OK);
	assert_string_equal(hex, "");
}

/* The first numbers of the published generator from the state 1234567. */
static void jitter_is_splitmix64(void **state)
{
	(void)state;
	uint64_t seed = 1234567;
	assert_true(guest_random_next(&seed) == 6457827717110365317u);
	assert_true(guest_random_next(&seed) == 3203168211198807973u);
}

/* ---- time ---- */

static void moments_are_written_as_gmtime_reads_them(void **state)
{
	(void)state;
	static const int64_t moments[] = {0, 999, 1000, -1, 951782400000, 951868799999, 4107542399999, 1795335330125,
		-2208988800000, 253402300799999, -62167219200000, -62162035200000, 13569465600000};
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
		char written[GUEST_TIME_SIZE], expected[64];
		int64_t ms = ((moments[i] % 1000) + 1000) % 1000;
		time_t seconds = (time_t)((moments[i] - ms) / 1000);
		struct tm tm;
		gmtime_r(&seconds, &tm);
		snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
		guest_time_write(moments[i], written);
		assert_string_equal(written, expected);
	}
}

static void every_day_of_four_centuries_is_right(void **state)
{
	(void)state;
	for (int64_t day = -146097 / 2; day < 146097 / 2; day++) {
		char written[GUEST_TIME_SIZE], expected[64];
		time_t seconds = (time_t)(day * 86400);
		struct tm tm;
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof expected, "%Y-%m-%dT00:00:00.007Z", &tm);
		guest_time_write(day * 86400000 + 7, written);
		assert_string_equal(written, expected);
	}
}

static void moments_beyond_four_digits_stop_at_the_last(void **state)
{
	(void)state;
	char written[GUEST_TIME_SIZE];
	guest_time_write(INT64_MAX, written);
	assert_string_equal(written, "9999-12-31T23:59:59.999Z");
	guest_time_write(INT64_MIN, written);
	assert_string_equal(written, "0000-01-01T00:00:00.000Z");
}

static void the_clock_does_not_go_back(void **state)
{
	(void)state;
	uint64_t before = guest_now_ms();
	assert_true(guest_now_ms() >= before);
	assert_true(guest_wall_ms() > 1600000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_uuids_of_version_4_and_differ),
		cmocka_unit_test(only_uuids_are_read),
		cmocka_unit_test(hex_is_as_long_as_asked),
		cmocka_unit_test(jitter_is_splitmix64),
		cmocka_unit_test(moments_are_written_as_gmtime_reads_them),
		cmocka_unit_test(every_day_of_four_centuries_is_right),
		cmocka_unit_test(moments_beyond_four_digits_stop_at_the_last),
		cmocka_unit_test(the_clock_does_not_go_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
