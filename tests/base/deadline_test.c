/*
 * The deadline heap: random operations against a model that looks at every deadline.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/deadline.h"
#include "base/random.h"

#define COUNT 50

/* The earliest time of the model; UINT64_MAX when none is set. */
static uint64_t model_first(const uint64_t *at, const bool *set)
{
	uint64_t first = UINT64_MAX;
	for (size_t i = 0; i < COUNT; i++)
		if (set[i] && at[i] < first)
			first = at[i];
	return first;
}

static void assert_heap(const struct deadline_heap *heap, const struct deadline *d, const uint64_t *at, const bool *set)
{
	size_t standing = 0;
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(d[i].place != 0, set[i]);
		if (!set[i])
			continue;
		standing++;
		assert_true(d[i].at_ms == at[i]);
		assert_ptr_equal(heap->nodes[d[i].place - 1], &d[i]);
	}
	assert_int_equal(heap->count, standing);
	struct deadline *first = deadline_first(heap);
	if (standing == 0)
		assert_null(first);
	else
		assert_true(first->at_ms == model_first(at, set));
}

static void random_operations_agree_with_a_naive_model(void **state)
{
	(void)state;
	struct deadline_heap heap = {0};
	struct deadline d[COUNT] = {{0}};
	uint64_t at[COUNT] = {0};
	bool set[COUNT] = {false};
	struct random random;
	random_init(&random, 7);
	assert_true(deadline_heap_reserve(&heap, COUNT));
	for (int round = 0; round < 50000; round++) {
		uint64_t bits = random_next(&random);
		size_t i = bits % COUNT;
		/* Few different times, so that many are equal. */
		uint64_t when = bits >> 32 & 63;
		switch (bits >> 40 & 3) {
		case 0:
			deadline_clear(&heap, &d[i]);
			set[i] = false;
			break;
		case 1: {
			struct deadline *first = deadline_first(&heap);
			if (first == NULL)
				break;
			set[first - d] = false;
			deadline_clear(&heap, first);
			break;
		}
		default:
			deadline_set(&heap, &d[i], when);
			at[i] = when;
			set[i] = true;
			break;
		}
		assert_heap(&heap, d, at, set);
	}
	deadline_heap_clear(&heap);
}

static void they_fall_due_in_order(void **state)
{
	(void)state;
	struct deadline_heap heap = {0};
	struct deadline d[COUNT] = {{0}};
	assert_true(deadline_heap_reserve(&heap, COUNT));
	for (size_t i = 0; i < COUNT; i++)
		deadline_set(&heap, &d[i], i * 37 % COUNT);
	uint64_t last = 0;
	for (size_t i = 0; i < COUNT; i++) {
		struct deadline *first = deadline_first(&heap);
		assert_true(first->at_ms >= last);
		last = first->at_ms;
		deadline_clear(&heap, first);
	}
	assert_null(deadline_first(&heap));
	deadline_heap_clear(&heap);
}

static void clearing_one_that_is_not_set_is_harmless(void **state)
{
	(void)state;
	struct deadline_heap heap = {0};
	struct deadline d = {0};
	deadline_clear(&heap, &d);
	assert_true(deadline_heap_reserve(&heap, 1));
	deadline_set(&heap, &d, UINT64_MAX);
	assert_true(deadline_first(&heap)->at_ms == UINT64_MAX);
	deadline_clear(&heap, &d);
	deadline_clear(&heap, &d);
	assert_null(deadline_first(&heap));
	deadline_heap_clear(&heap);
}

static void without_memory_nothing_is_reserved(void **state)
{
	(void)state;
	struct deadline_heap heap = {0};
	failmem_arm(1);
	assert_false(deadline_heap_reserve(&heap, 1));
	failmem_arm(0);
	assert_false(deadline_heap_reserve(&heap, SIZE_MAX));
	assert_false(deadline_heap_reserve(&heap, UINT32_MAX));
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_agree_with_a_naive_model),
		cmocka_unit_test(they_fall_due_in_order),
		cmocka_unit_test(clearing_one_that_is_not_set_is_harmless),
		cmocka_unit_test(without_memory_nothing_is_reserved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
