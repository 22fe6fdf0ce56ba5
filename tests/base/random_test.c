/*
 * Randomness: repeatable with a seed, different without one, and spread over all bits.
 */
#include "support/test.h"

#include "base/random.h"

static void a_seed_repeats_the_sequence_of_splitmix64(void **state)
{
	(void)state;
	/* The reference values of SplitMix64 for the seed 1234567. */
	static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
		4593380528125082431u, 16408922859458223821u};
	struct random r;
	random_init(&r, 1234567);
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_true(random_next(&r) == expected[i]);
}

static void without_a_seed_two_sequences_differ(void **state)
{
	(void)state;
	struct random a, b;
	random_init(&a, 0);
	random_init(&b, 0);
	assert_true(random_next(&a) != random_next(&b));
}

static void every_bit_is_set_about_half_the_time(void **state)
{
	(void)state;
	enum { DRAWS = 20000 };
	unsigned set[64] = {0};
	struct random r;
	random_init(&r, 42);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t bits = random_next(&r);
		for (int bit = 0; bit < 64; bit++)
			set[bit] += (unsigned)(bits >> bit & 1);
	}
	for (int bit = 0; bit < 64; bit++)
		assert_in_range(set[bit], DRAWS / 2 - DRAWS / 40, DRAWS / 2 + DRAWS / 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_repeats_the_sequence_of_splitmix64),
		cmocka_unit_test(without_a_seed_two_sequences_differ),
		cmocka_unit_test(every_bit_is_set_about_half_the_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
