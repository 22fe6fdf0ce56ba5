/*
 * The intrusive list, held against an array under random operations, and its promises about removing twice.
 */
#include "support/test.h"

#include "base/list.h"
#include "base/random.h"

struct item {
	struct list node;
	int number;
};

static void removing_twice_and_popping_an_empty_list_are_harmless(void **state)
{
	(void)state;
	struct list l;
	struct item a = {.number = 1};
	list_init(&l);
	list_init(&a.node);
	assert_null(list_pop_front(&l));
	list_remove(&a.node);
	list_push_back(&l, &a.node);
	list_remove(&a.node);
	list_remove(&a.node);
	assert_true(list_empty(&l));
	assert_true(list_empty(&a.node));
}

static void splicing_keeps_the_order_and_empties_the_source(void **state)
{
	(void)state;
	struct list to, from;
	struct item items[4];
	list_init(&to);
	list_init(&from);
	list_splice(&to, &from);
	assert_true(list_empty(&to));
	for (int i = 0; i < 4; i++) {
		items[i].number = i;
		list_push_back(i < 2 ? &to : &from, &items[i].node);
	}
	list_splice(&to, &from);
	assert_true(list_empty(&from));
	for (int i = 0; i < 4; i++)
		assert_int_equal(container_of(list_pop_front(&to), struct item, node)->number, i);
	assert_true(list_empty(&to));
}

static void the_body_of_each_safe_may_remove_its_node(void **state)
{
	(void)state;
	struct list l;
	struct item items[5];
	int seen = 0;
	list_init(&l);
	for (int i = 0; i < 5; i++)
		list_push_back(&l, &items[i].node);
	list_each_safe (node, after, &l) {
		assert_ptr_equal(node, &items[seen++].node);
		list_remove(node);
	}
	assert_int_equal(seen, 5);
	assert_true(list_empty(&l));
}

#define MODEL_ITEMS 12

/* The model: which item stands where. */
struct model {
	int order[MODEL_ITEMS];
	int count;
};

static void model_remove(struct model *m, int number)
{
	int kept = 0;
	for (int i = 0; i < m->count; i++)
		if (m->order[i] != number)
			m->order[kept++] = m->order[i];
	m->count = kept;
}

static void model_insert(struct model *m, int number, bool front)
{
	int at = front ? 0 : m->count;
	memmove(m->order + at + 1, m->order + at, (size_t)(m->count - at) * sizeof m->order[0]);
	m->order[at] = number;
	m->count++;
}

static void assert_same(const struct model *m, struct list *l)
{
	int at = 0;
	list_each (node, l) {
		assert_true(at < m->count);
		assert_int_equal(container_of(node, struct item, node)->number, m->order[at++]);
	}
	assert_int_equal(at, m->count);
	for (struct list *node = l->prev; node != l; node = node->prev)
		assert_int_equal(container_of(node, struct item, node)->number, m->order[--at]);
}

static void random_operations_agree_with_an_array(void **state)
{
	(void)state;
	struct random random;
	struct list l;
	struct item items[MODEL_ITEMS];
	struct model m = {.count = 0};
	random_init(&random, 1);
	list_init(&l);
	for (int i = 0; i < MODEL_ITEMS; i++) {
		items[i].number = i;
		list_init(&items[i].node);
	}
	for (int round = 0; round < 20000; round++) {
		uint64_t bits = random_next(&random);
		int number = (int)(bits % MODEL_ITEMS);
		bool front = bits >> 32 & 1;
		list_remove(&items[number].node);
		model_remove(&m, number);
		if (bits >> 33 & 1) {
			front ? list_push_front(&l, &items[number].node) : list_push_back(&l, &items[number].node);
			model_insert(&m, number, front);
		}
		assert_same(&m, &l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removing_twice_and_popping_an_empty_list_are_harmless),
		cmocka_unit_test(splicing_keeps_the_order_and_empties_the_source),
		cmocka_unit_test(the_body_of_each_safe_may_remove_its_node),
		cmocka_unit_test(random_operations_agree_with_an_array),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
