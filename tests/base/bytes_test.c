/*
 * Runs of bytes: appending, running out of memory, and lengths that overflow.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/bytes.h"

static void appended_bytes_stand_one_behind_the_other(void **state)
{
	(void)state;
	struct bytes b = {0};
	char expected[3000];
	for (size_t i = 0; i < sizeof expected; i++) {
		expected[i] = (char)('a' + i % 26);
		assert_true(bytes_append(&b, expected + i, 1));
	}
	assert_int_equal(b.len, sizeof expected);
	assert_memory_equal(b.data, expected, sizeof expected);
	assert_true(bytes_append_str(&b, freshet_str_of("end")));
	assert_memory_equal(b.data + sizeof expected, "end", 3);
	assert_ptr_equal(bytes_str(&b).ptr, b.data);
	assert_int_equal(bytes_str(&b).len, sizeof expected + 3);
	bytes_clear(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_true(bytes_append_str(&b, freshet_str_of("again")));
	bytes_clear(&b);
}

static void nothing_may_be_appended_to_nothing(void **state)
{
	(void)state;
	struct bytes b = {0};
	assert_true(bytes_append(&b, NULL, 0));
	assert_true(bytes_append_str(&b, freshet_str_of(NULL)));
	assert_null(b.data);
	assert_int_equal(bytes_str(&b).len, 0);
	bytes_clear(&b);
}

static void without_memory_the_run_stands_as_it_was(void **state)
{
	(void)state;
	struct bytes b = {0};
	failmem_arm(0);
	assert_true(bytes_append(&b, "kept", 4));
	failmem_arm(1);
	char more[1000] = {0};
	assert_false(bytes_append(&b, more, sizeof more));
	assert_true(failmem_fired());
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "kept", 4);
	failmem_arm(0);
	assert_false(bytes_reserve(&b, SIZE_MAX));
	assert_false(bytes_reserve(&b, PTRDIFF_MAX));
	assert_int_equal(b.len, 4);
	bytes_clear(&b);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static void reserved_room_is_used_without_another_allocation(void **state)
{
	(void)state;
	struct bytes b = {0};
	assert_true(bytes_reserve(&b, 500));
	const uint8_t *data = b.data;
	failmem_arm(1);
	for (int i = 0; i < 500; i++)
		assert_true(bytes_append(&b, "x", 1));
	assert_false(failmem_fired());
	assert_ptr_equal(b.data, data);
	failmem_off();
	bytes_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appended_bytes_stand_one_behind_the_other),
		cmocka_unit_test(nothing_may_be_appended_to_nothing),
		cmocka_unit_test(without_memory_the_run_stands_as_it_was),
		cmocka_unit_test(reserved_room_is_used_without_another_allocation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
