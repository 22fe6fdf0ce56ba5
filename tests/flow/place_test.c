/*
 * Where exchanges go: how many connections to open, and when credit goes back.
 */
#include "support/test.h"

#include "flow/place.h"

struct opening {
	uint32_t max_connections;
	size_t waiting;
	uint32_t up;
	uint32_t coming;
	uint32_t expected;
	uint32_t opened;
	uint32_t draining;
};

static const struct opening openings[] = {
	/* Nobody waits. */
	{64, 0, 0, 0, 100, 0, 0},
	{64, 0, 3, 2, 100, 0, 0},
	/* The first connection, and as many as the line fills. */
	{64, 1, 0, 0, 100, 1, 0},
	{64, 100, 0, 0, 100, 1, 0},
	{64, 101, 0, 0, 100, 2, 0},
	{64, 1000, 0, 0, 100, 10, 0},
	/* Those on their way will take their part. */
	{64, 100, 0, 1, 100, 0, 0},
	{64, 101, 0, 1, 100, 1, 0},
	{64, 1000, 5, 4, 100, 6, 0},
	/* The bound. */
	{64, 1000000, 0, 0, 100, 64, 0},
	{64, 1000000, 60, 2, 100, 2, 0},
	{64, 1000000, 60, 4, 100, 0, 0},
	{64, 1000000, 65, 0, 100, 0, 0},
	{1, 1000000, 0, 0, 100, 1, 0},
	{1, 1000000, 0, 1, 100, 0, 0},
	{UINT32_MAX, SIZE_MAX / 2, 0, 0, 1, UINT32_MAX, 0},
	/* A peer that allowed nothing the last time is asked all the same. */
	{64, 3, 0, 0, 0, 3, 0},
	/* Those that drain take no place, up to as many again, or eight. */
	{64, 1000000, 0, 0, 100, 64, 64},
	{64, 1000000, 0, 0, 100, 63, 65},
	{64, 1000000, 10, 4, 100, 49, 65},
	{64, 1000000, 0, 0, 100, 1, 127},
	{64, 1000000, 0, 0, 100, 0, 128},
	{64, 1000000, 0, 0, 100, 0, UINT32_MAX},
	{UINT32_MAX, 1000, UINT32_MAX, UINT32_MAX, 1, 0, UINT32_MAX},
	{1, 1, 0, 0, 100, 1, 8},
	{1, 1, 0, 0, 100, 0, 9},
	{1, 1, 1, 0, 100, 0, 0},
};

static void as_many_connections_as_the_line_needs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
		const struct opening *o = &openings[i];
		const struct place_limits limits = {o->max_connections, 1000};
		print_message("row %zu\n", i);
		assert_int_equal(place_connections_to_open(&limits, o->waiting,
					 &(struct place_conns){o->up, o->coming, o->draining}, o->expected),
			o->opened);
	}
}

static void the_lower_limit_counts(void **state)
{
	(void)state;
	const struct place_limits limits = {64, 1000};
	assert_int_equal(place_capacity(&limits, 100), 100);
	assert_int_equal(place_capacity(&limits, 1000), 1000);
	assert_int_equal(place_capacity(&limits, UINT32_MAX), 1000);
	assert_int_equal(place_capacity(&limits, 0), 0);
}

static void credit_goes_back_by_quarters_of_the_window(void **state)
{
	(void)state;
	assert_int_equal(place_credit_step(256 * 1024), 64 * 1024);
	assert_int_equal(place_credit_step(4), 1);
	assert_int_equal(place_credit_step(3), 1);
	assert_int_equal(place_credit_step(1), 1);
	assert_int_equal(place_credit_step(0), 1);
	assert_int_equal(place_credit_step(UINT32_MAX), UINT32_MAX / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_connections_as_the_line_needs),
		cmocka_unit_test(the_lower_limit_counts),
		cmocka_unit_test(credit_goes_back_by_quarters_of_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
