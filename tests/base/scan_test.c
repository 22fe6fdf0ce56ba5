/*
 * The search for line ends by each kind of vectors: every length, a line end at every place, bytes that look like one in
 * part, at the edge of readable memory.
 */
#include "support/guard.h"
#include "support/test.h"

#include "base/cpu.h"
#include "base/scan.h"

#define LEN_MAX 420

static void check(const uint8_t *bytes, size_t len, size_t end)
{
	bool not_ascii = false;
	assert_int_equal(scan_line_end(bytes, bytes + len, &not_ascii) - bytes, end);
	bool before = false, anywhere = false;
	for (size_t i = 0; i < len; i++) {
		anywhere |= bytes[i] >= 0x80;
		before |= i < end && bytes[i] >= 0x80;
	}
	assert_true(not_ascii || !before);
	assert_true(!not_ascii || anywhere);
}

static void check_lengths(struct guard *guard, const uint8_t *bytes, size_t most)
{
	for (size_t len = 0; len <= most; len++) {
		size_t end = 0;
		while (end < len && bytes[end] != '\n' && bytes[end] != '\r')
			end++;
		check(guard_at_end(guard, bytes, len), len, end);
		check(guard_at_start(guard, bytes, len), len, end);
	}
}

/* Bytes of `least` and more but the line ends, in an order that puts each at many places. */
static void fill(uint8_t *bytes, unsigned step, uint8_t least, bool ascii)
{
	for (unsigned i = 0; i < LEN_MAX; i++) {
		uint8_t byte = (uint8_t)(i * step + 1);
		byte = ascii ? byte & 0x7f : byte;
		bytes[i] = byte == '\n' || byte == '\r' || byte < least ? ' ' : byte;
	}
}

static void line_ends_are_found_at_every_place(void **state)
{
	(void)state;
	static const uint8_t ends[] = {'\n', '\r'};
	struct guard guard;
	uint8_t bytes[LEN_MAX];
	guard_make(&guard, LEN_MAX);
	for (int vector = 0; vector < CPU_VECTORS; vector++) {
		if (!cpu_force((enum cpu_vector)vector))
			continue;
		for (unsigned at = 0; at < LEN_MAX; at++) {
			fill(bytes, at | 1, at % 4 < 2 ? 0 : '\r', at % 8 < 4);
			bytes[at] = ends[at % 2];
			check_lengths(&guard, bytes, LEN_MAX);
		}
		/* The long strides only see bytes that are surely none. */
		memset(bytes, 'x', sizeof bytes);
		for (unsigned at = 0; at < LEN_MAX; at += 7) {
			bytes[at] = '\r' + 1;
			bytes[LEN_MAX - 1 - at] = 0xff;
			check_lengths(&guard, bytes, LEN_MAX);
		}
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&guard);
}

static void the_choice_can_be_forced(void **state)
{
	(void)state;
	assert_true(cpu_force(CPU_SCALAR));
	assert_int_equal(cpu_vector(), CPU_SCALAR);
	assert_true(cpu_force(CPU_VECTORS));
	assert_true(cpu_vector() < CPU_VECTORS);
}

#define MASKS_TEST(kind)                                                                                               \
	SCAN_TARGET_##kind static void masks_of_##kind(void)                                                           \
	{                                                                                                              \
		uint8_t bytes[LEN_MAX];                                                                                \
		for (unsigned i = 0; i < 256; i++) {                                                                   \
			for (unsigned at = 0; at < SCAN_BLOCK; at++)                                                   \
				bytes[at] = (uint8_t)(at % 3 == 0 ? i : at * i);                                       \
			struct scan_masks masks = scan_block_##kind(bytes);                                            \
			for (unsigned at = 0; at < SCAN_BLOCK; at++) {                                                 \
				assert_int_equal(masks.ends >> at & 1, bytes[at] == '\n' || bytes[at] == '\r');        \
				assert_int_equal(masks.high >> at & 1, bytes[at] >= 0x80);                             \
			}                                                                                              \
		}                                                                                                      \
	}

MASKS_TEST(scalar)
#ifdef SCAN_HAVE_base
MASKS_TEST(base)
#endif
#ifdef SCAN_HAVE_avx2
MASKS_TEST(avx2)
#endif

static void each_byte_has_its_bit(void **state)
{
	(void)state;
	masks_of_scalar();
#ifdef SCAN_HAVE_base
	masks_of_base();
#endif
#ifdef SCAN_HAVE_avx2
	if (cpu_force(CPU_AVX2))
		masks_of_avx2();
	cpu_force(CPU_VECTORS);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_ends_are_found_at_every_place),
		cmocka_unit_test(the_choice_can_be_forced),
		cmocka_unit_test(each_byte_has_its_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
