/*
 * The byte buffer: linear growth, up to a bound and no further than asked beyond it, and no memory.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/buf.h"

static void appending_is_linear(void **state)
{
	(void)state;
	struct buf b = {0};
	size_t growths = 0;
	for (unsigned i = 0; i < 100000; i++) {
		size_t before = b.cap;
		uint8_t byte = (uint8_t)i;
		assert_true(buf_add(&b, &byte, 1));
		growths += b.cap != before;
	}
	assert_int_equal(b.len, 100000);
	assert_true(growths < 12);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.bytes[i], i & 0xff);
	buf_drop_front(&b, 99990);
	assert_int_equal(b.len, 10);
	assert_int_equal(b.bytes[0], 99990 & 0xff);
	buf_drop_front(&b, 10);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	assert_null(b.bytes);
	assert_true(buf_add(&b, NULL, 0));
	buf_clear(&b);
}

static void capacity_stops_at_the_bound(void **state)
{
	(void)state;
	struct buf b = {0};
	assert_true(buf_reserve(&b, 10, 100));
	assert_int_equal(b.cap, 100);
	b.len = 100;
	assert_true(buf_reserve(&b, 1, 100));
	assert_int_equal(b.cap, 101);
	assert_true(buf_reserve(&b, 1, 1000));
	b.len = 101;
	assert_true(buf_reserve(&b, 1, 1000));
	assert_int_equal(b.cap, 256);
	buf_clear(&b);
}

static void without_memory_it_stays_as_it_was(void **state)
{
	(void)state;
	struct buf b = {0};
	failmem_arm(0);
	assert_true(buf_add(&b, "abc", 3));
	failmem_arm(1);
	assert_false(buf_reserve(&b, 1000, SIZE_MAX));
	assert_false(buf_reserve(&b, SIZE_MAX, SIZE_MAX));
	assert_false(buf_reserve(&b, PTRDIFF_MAX, SIZE_MAX));
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.bytes, "abc", 3);
	buf_clear(&b);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appending_is_linear),
		cmocka_unit_test(capacity_stops_at_the_bound),
		cmocka_unit_test(without_memory_it_stays_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
