/*
 * The allocator hook: sizes that overflow, every way of running out, and a failed growth that leaves the array whole.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/mem.h"

#include <freshet/types.h>

static void sizes_that_overflow_give_null(void **state)
{
	(void)state;
	assert_null(mem_alloc(SIZE_MAX));
	assert_null(mem_array(SIZE_MAX / 2, 3));
	assert_null(mem_realloc(NULL, SIZE_MAX));
}

static void a_failed_growth_leaves_the_array(void **state)
{
	(void)state;
	failmem_arm(0);
	void *array = NULL;
	size_t capacity = 0;
	assert_true(mem_grow(&array, &capacity, 4, sizeof(int)));
	memset(array, 7, 4 * sizeof(int));
	size_t before = capacity;
	failmem_arm(1);
	assert_false(mem_grow(&array, &capacity, before + 1, sizeof(int)));
	assert_true(failmem_fired());
	assert_int_equal(capacity, before);
	assert_int_equal(((unsigned char *)array)[15], 7);
	failmem_arm(0);
	assert_false(mem_grow(&array, &capacity, SIZE_MAX / 2, sizeof(int)));
	mem_free(array);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static void a_copy_is_terminated(void **state)
{
	(void)state;
	char *copy = mem_copy("ab\0c", 4);
	assert_memory_equal(copy, "ab\0c\0", 5);
	mem_wipe(copy, 4);
	assert_memory_equal(copy, "\0\0\0\0\0", 5);
	mem_free(copy);
	copy = mem_copy(NULL, 0);
	assert_string_equal(copy, "");
	mem_free(copy);
}

static void public_memory_comes_from_the_hook_and_is_zeroed(void **state)
{
	(void)state;
	failmem_arm(0);
	unsigned char *memory = freshet_mem_new(3, 5);
	assert_memory_equal(memory, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	assert_int_equal(failmem_live(), 1);
	freshet_mem_free(memory);
	freshet_mem_free(NULL);
	assert_int_equal(failmem_live(), 0);
	assert_null(freshet_mem_new(SIZE_MAX / 2, 3));
	failmem_arm(1);
	assert_null(freshet_mem_new(1, 1));
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_that_overflow_give_null),
		cmocka_unit_test(a_failed_growth_leaves_the_array),
		cmocka_unit_test(a_copy_is_terminated),
		cmocka_unit_test(public_memory_comes_from_the_hook_and_is_zeroed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
