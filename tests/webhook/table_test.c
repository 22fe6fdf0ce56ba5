/*
 * What was seen: the newest so many, for so long, whatever the keys.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "webhook/table.h"

static freshet_webhook_key key_of(uint64_t number)
{
	freshet_webhook_key key = {{0}};
	for (size_t i = 0; i < 8; i++)
		key.bytes[i] = (uint8_t)(number >> 8 * i);
	return key;
}

static bool there(struct table *t, uint64_t number, int64_t now)
{
	freshet_webhook_key key = key_of(number);
	return table_find(t, &key, now) != NULL;
}

static void enter(struct table *t, uint64_t number, int64_t now)
{
	freshet_webhook_key key = key_of(number);
	assert_non_null(table_enter(t, &key, now));
}

static void the_least_used_goes_first(void **state)
{
	(void)state;
	struct table t;
	assert_int_equal(table_init(&t, 3, 1000), FRESHET_OK);
	assert_false(there(&t, 1, 0));
	enter(&t, 1, 0);
	enter(&t, 2, 0);
	enter(&t, 3, 0);
	assert_true(there(&t, 1, 0));
	enter(&t, 4, 0);
	assert_false(there(&t, 2, 0));
	assert_true(there(&t, 3, 0));
	enter(&t, 1, 0); /* once more: it stays one */
	enter(&t, 5, 0);
	assert_int_equal(t.count, 3);
	assert_false(there(&t, 4, 0));
	assert_true(there(&t, 1, 0));
	assert_true(there(&t, 3, 0));
	assert_true(there(&t, 5, 0));
	table_clear(&t);
}

static struct table_note *find(struct table *t, uint64_t number, int64_t now)
{
	freshet_webhook_key key = key_of(number);
	return table_find(t, &key, now);
}

static void what_is_open_stays(void **state)
{
	(void)state;
	struct table t;
	freshet_webhook_key more = key_of(9);
	assert_int_equal(table_init(&t, 3, 1000), FRESHET_OK);
	for (uint64_t i = 1; i <= 3; i++) {
		enter(&t, i, 0);
		find(&t, i, 0)->open = i != 2;
	}
	enter(&t, 4, 0);
	assert_false(there(&t, 2, 0));
	find(&t, 4, 0)->open = 1;
	assert_null(table_enter(&t, &more, 0));
	assert_true(there(&t, 1, 5000) && there(&t, 3, 5000) && there(&t, 4, 5000));
	find(&t, 3, 5000)->open = 0;
	assert_false(there(&t, 3, 5000));
	assert_non_null(table_enter(&t, &more, 5000));
	assert_int_equal(t.count, 3);
	table_clear(&t);
}

static void it_forgets_in_time(void **state)
{
	(void)state;
	struct table t;
	freshet_webhook_key key = key_of(1);
	assert_int_equal(table_init(&t, 10, 1000), FRESHET_OK);
	enter(&t, 1, 5000);
	assert_true(there(&t, 1, 5999));
	/* Being asked for makes nobody younger. */
	assert_false(there(&t, 1, 6000));
	assert_int_equal(t.count, 0);
	enter(&t, 1, 6000);
	table_touch(table_find(&t, &key, 6500), 6500);
	assert_true(there(&t, 1, 7400));
	/* A clock that is set back makes nobody older. */
	assert_true(there(&t, 1, -9000));
	assert_true(there(&t, 1, INT64_MIN));
	assert_false(there(&t, 1, INT64_MAX));
	table_clear(&t);
}

static void what_is_removed_is_gone(void **state)
{
	(void)state;
	struct table t;
	assert_int_equal(table_init(&t, 1000, 1000), FRESHET_OK);
	for (uint64_t i = 0; i < 500; i++)
		enter(&t, i, 0);
	for (uint64_t i = 0; i < 500; i += 2) {
		freshet_webhook_key key = key_of(i);
		table_remove(&t, &key);
		table_remove(&t, &key);
	}
	assert_int_equal(t.count, 250);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(there(&t, i, 0), i % 2 == 1);
	/* Their room is used again. */
	uint32_t capacity = t.capacity;
	for (uint64_t i = 0; i < 500; i += 2)
		enter(&t, i, 0);
	assert_int_equal(t.capacity, capacity);
	table_clear(&t);
}

static void a_million_keys_stay_within_the_bound(void **state)
{
	(void)state;
	enum { MAX = 4096, KEYS = 1000000 };
	struct table t;
	failmem_arm(0);
	size_t before = failmem_live();
	assert_int_equal(table_init(&t, MAX, 1000), FRESHET_OK);
	uint64_t random = 1;
	size_t blocks = 0;
	for (size_t i = 0; i < KEYS; i++) {
		freshet_webhook_key key;
		for (size_t k = 0; k < sizeof key.bytes; k += 8) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			memcpy(key.bytes + k, &random, 8);
		}
		struct table_note *note = table_enter(&t, &key, 0);
		assert_non_null(note);
		note->taken = (int64_t)i;
		assert_true(t.count <= MAX);
		if (t.count == MAX && blocks == 0)
			blocks = failmem_live();
	}
	assert_int_equal(t.count, MAX);
	assert_int_equal(t.capacity, MAX);
	/* Not a block more than when it was full for the first time. */
	assert_int_equal(failmem_live(), blocks);
	assert_true(failmem_largest() <= MAX * 128);
	table_clear(&t);
	assert_int_equal(failmem_live(), before);
	failmem_off();
}

/* The keys that are there are just the newest ones. */
static void the_newest_are_there(void **state)
{
	(void)state;
	struct table t;
	assert_int_equal(table_init(&t, 100, 1000), FRESHET_OK);
	for (uint64_t i = 0; i < 5000; i++)
		enter(&t, i, 0);
	for (uint64_t i = 0; i < 5000; i++)
		assert_int_equal(there(&t, i, 0), i >= 4900);
	table_clear(&t);
}

/* How many places lead to an entry. */
static uint32_t used_places(const struct table *t)
{
	uint32_t used = 0;
	for (uint32_t i = 0; i < t->capacity; i++)
		used += t->places[i] != UINT32_MAX;
	return used;
}

/* Keys that differ only where a plain hash would not look. */
static void chosen_keys_do_not_meet(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 32; shift += 5) {
		struct table t;
		assert_int_equal(table_init(&t, 4096, 1000), FRESHET_OK);
		for (uint64_t i = 0; i < 4096; i++) {
			freshet_webhook_key key = {{0}};
			key.bytes[shift] = (uint8_t)i;
			key.bytes[(shift + 13) % 32] = (uint8_t)(i >> 8);
			assert_non_null(table_enter(&t, &key, 0));
		}
		/* As many places as keys: by chance 63 of 100 are used. */
		assert_int_equal(t.count, t.capacity);
		assert_true(used_places(&t) > t.capacity / 2);
		table_clear(&t);
	}
}

static void without_memory_nothing_is_lost(void **state)
{
	(void)state;
	struct table t;
	freshet_webhook_key key;
	failmem_arm(0);
	assert_int_equal(table_init(&t, 4096, 1000), FRESHET_OK);
	for (uint64_t i = 0; i < 64; i++)
		enter(&t, i, 0);
	for (size_t n = 1; n <= 2; n++) {
		failmem_arm_one(n);
		key = key_of(64);
		assert_null(table_enter(&t, &key, 0));
		assert_true(failmem_fired());
		for (uint64_t i = 0; i < 64; i++)
			assert_true(there(&t, i, 0));
		assert_false(there(&t, 64, 0));
	}
	failmem_arm(0);
	enter(&t, 64, 0);
	assert_int_equal(t.count, 65);
	table_clear(&t);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_used_goes_first),
		cmocka_unit_test(what_is_open_stays),
		cmocka_unit_test(it_forgets_in_time),
		cmocka_unit_test(what_is_removed_is_gone),
		cmocka_unit_test(a_million_keys_stay_within_the_bound),
		cmocka_unit_test(the_newest_are_there),
		cmocka_unit_test(chosen_keys_do_not_meet),
		cmocka_unit_test(without_memory_nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
