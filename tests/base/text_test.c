/*
 * The short string: inside its record and on the heap, back and forth, its own bytes as the source, and no memory.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/text.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

static void must_hold(const struct text *t, size_t len)
{
	freshet_str s = text_str(t);
	assert_int_equal(text_len(t), len);
	assert_int_equal(s.len, len);
	assert_memory_equal(s.ptr, letters, len);
}

static void any_length_follows_any_other(void **state)
{
	(void)state;
	failmem_arm(0);
	for (size_t from = 0; from <= 50; from++)
		for (size_t to = 0; to <= 50; to++) {
			struct text t = {0};
			assert_true(text_set(&t, letters, from));
			must_hold(&t, from);
			assert_int_equal(failmem_live(), from > TEXT_INSIDE);
			assert_true(text_put(&t, letters, to, sizeof letters));
			must_hold(&t, to);
			assert_true(text_put(&t, letters, to, to));
			must_hold(&t, to);
			text_clear(&t);
			must_hold(&t, 0);
			assert_int_equal(failmem_live(), 0);
		}
	failmem_off();
}

static void bytes_are_appended(void **state)
{
	(void)state;
	for (size_t step = 1; step <= 30; step++) {
		struct text t = {0}, moved = {0};
		size_t len = 0;
		for (; len + step <= 52; len += step)
			assert_true(text_add(&t, letters + len, step));
		must_hold(&t, len);
		assert_true(text_set(&moved, letters, 40));
		text_move(&moved, &t);
		must_hold(&moved, len);
		must_hold(&t, 0);
		text_clear(&moved);
	}
}

static void its_own_bytes_may_be_set(void **state)
{
	(void)state;
	struct text t = {0};
	assert_true(text_set(&t, letters, 50));
	assert_true(text_set(&t, text_str(&t).ptr + 26, 24));
	must_hold(&t, 24);
	assert_true(text_set(&t, text_str(&t).ptr, 10));
	must_hold(&t, 10);
	assert_true(text_set(&t, text_str(&t).ptr, 3));
	must_hold(&t, 3);
	text_clear(&t);
}

static void without_memory_it_stays_as_it_was(void **state)
{
	(void)state;
	struct text t = {0};
	failmem_arm(0);
	assert_true(text_set(&t, letters, 20));
	failmem_arm(1);
	assert_false(text_set(&t, letters, 30));
	assert_false(text_add(&t, letters + 20, 10));
	assert_false(text_add(&t, letters, SIZE_MAX));
	must_hold(&t, 20);
	failmem_arm(0);
	assert_true(text_add(&t, letters + 20, 10));
	failmem_arm(1);
	assert_false(text_add(&t, letters + 30, 20));
	assert_false(text_add(&t, letters, SIZE_MAX - 30));
	must_hold(&t, 30);
	text_clear(&t);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_follows_any_other),
		cmocka_unit_test(bytes_are_appended),
		cmocka_unit_test(its_own_bytes_may_be_set),
		cmocka_unit_test(without_memory_it_stays_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
