/*
 * What a protocol tells the reactor: the queue and the answers in it.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/mem.h"
#include "base/wire.h"

static void the_queue_keeps_the_order(void **state)
{
	(void)state;
	struct wire_queue queue = {0};
	int exchanges[100];
	for (size_t i = 0; i < 100; i++)
		assert_true(wire_push(&queue, &(struct wire_event){.exchange = &exchanges[i], .kind = WIRE_END}));
	assert_int_equal(queue.count, 100);
	for (size_t i = 0; i < 100; i++)
		assert_ptr_equal(queue.events[i].exchange, &exchanges[i]);
	wire_queue_clear(&queue);
	assert_null(queue.events);
}

static struct wire_answer *answer_with(const char *name, const char *value)
{
	struct wire_answer *answer = mem_zalloc(sizeof *answer);
	assert_non_null(answer);
	assert_int_equal(wire_answer_add(answer, freshet_str_of(name), freshet_str_of(value), SIZE_MAX), FRESHET_OK);
	return answer;
}

static void clearing_frees_the_answers_that_nobody_took(void **state)
{
	(void)state;
	struct wire_queue queue = {0};
	failmem_arm(0);
	for (int i = 0; i < 3; i++) {
		struct wire_event event = {.kind = WIRE_ANSWER, .as.answer = answer_with("a", "b")};
		assert_true(wire_push(&queue, &event));
		assert_true(wire_push(&queue, &(struct wire_event){.kind = WIRE_DATA}));
	}
	wire_queue_clear(&queue);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static void fields_are_copied_and_counted_with_their_overhead(void **state)
{
	(void)state;
	struct wire_answer answer = {0};
	char name[] = "name", value[] = "value";
	/* 4 + 5 + 32, as SETTINGS_MAX_HEADER_LIST_SIZE counts. */
	assert_int_equal(
		wire_answer_add(&answer, freshet_str_of(name), freshet_str_of(value), 40), FRESHET_EHTTP_HEADERS);
	assert_int_equal(answer.count, 0);
	assert_int_equal(wire_answer_add(&answer, freshet_str_of(name), freshet_str_of(value), 82), FRESHET_OK);
	assert_int_equal(wire_answer_add(&answer, freshet_str_of(name), (freshet_str){NULL, 0}, 82), FRESHET_OK);
	assert_int_equal(answer.bytes, 41 + 36);
	assert_int_equal(
		wire_answer_add(&answer, freshet_str_of(name), freshet_str_of(value), 82 + 35), FRESHET_EHTTP_HEADERS);
	memset(name, 'x', 4);
	memset(value, 'x', 5);
	assert_int_equal(answer.count, 2);
	assert_true(freshet_str_is(answer.fields[0].name, "name"));
	assert_true(freshet_str_is(answer.fields[0].value, "value"));
	assert_int_equal(answer.fields[1].value.len, 0);
	for (size_t i = 0; i < answer.count; i++) {
		char *block;
		memcpy(&block, &answer.fields[i].name.ptr, sizeof block);
		mem_free(block);
	}
	mem_free(answer.fields);
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	wire_answer_free(NULL);
	for (size_t n = 1;; n++) {
		struct wire_queue queue = {0};
		failmem_arm(n);
		struct wire_answer *answer = mem_zalloc(sizeof *answer);
		freshet_err err = FRESHET_ENOMEM;
		if (answer != NULL)
			err = wire_answer_add(answer, freshet_str_of("n"), freshet_str_of("v"), 1000);
		struct wire_event event = {.kind = WIRE_ANSWER, .as.answer = answer};
		bool pushed = err == FRESHET_OK && wire_push(&queue, &event);
		if (!pushed)
			wire_answer_free(answer);
		wire_queue_clear(&queue);
		assert_int_equal(failmem_live(), 0);
		assert_int_equal(pushed, !failmem_fired());
		if (!failmem_fired())
			break;
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_queue_keeps_the_order),
		cmocka_unit_test(clearing_frees_the_answers_that_nobody_took),
		cmocka_unit_test(fields_are_copied_and_counted_with_their_overhead),
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
