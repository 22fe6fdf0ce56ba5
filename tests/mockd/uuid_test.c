/*
 * UUIDs as text, and the table against a plain list.
 */
#include "support/test.h"

#include "mockd/uuid.h"

#define IDS 3000

static void text_and_back(void **state)
{
	(void)state;
	struct random random = {9};
	for (int i = 0; i < 1000; i++) {
		char text[UUID_TEXT + 1];
		struct uuid id = uuid_new(&random), back;
		uuid_write(id, text);
		assert_int_equal(strlen(text), UUID_TEXT);
		assert_int_equal(text[14], '4');
		assert_non_null(strchr("89ab", text[19]));
		assert_true(uuid_read((freshet_str){text, UUID_TEXT}, &back));
		assert_true(uuid_equal(id, back));
	}
}

static void what_is_no_uuid_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "00000000-0000-4000-8000-00000000000",
		"00000000-0000-4000-8000-0000000000000", "00000000-0000-4000-8000-00000000000g",
		"00000000-0000-4000-8000-00000000000A", "00000000x0000-4000-8000-000000000000",
		"000000000000-4000-8000-000000000000-", NULL};
	struct uuid id;
	for (const char *const *text = texts; *text != NULL; text++)
		assert_false(uuid_read(freshet_str_of(*text), &id));
}

static void the_table_holds_what_was_put(void **state)
{
	(void)state;
	static struct uuid ids[IDS];
	static bool in[IDS];
	struct random random = {3};
	struct uuid_table table = {.slots = NULL};
	for (size_t i = 0; i < IDS; i++) {
		ids[i] = uuid_new(&random);
		/* Many that belong to the same place. */
		if (i % 3 == 0)
			ids[i] = (struct uuid){i, i ^ (i % 5)};
	}
	for (int step = 0; step < 20000; step++) {
		size_t i = random_below(&random, IDS);
		if (in[i])
			uuid_table_remove(&table, ids[i]);
		else
			uuid_table_put(&table, ids[i], &ids[i]);
		in[i] = !in[i];
		if (step % 1000 == 0) {
			for (size_t j = 0; j < IDS; j++)
				assert_ptr_equal(uuid_table_get(&table, ids[j]), in[j] ? &ids[j] : NULL);
		}
	}
	uuid_table_remove(&table, (struct uuid){1, 2});
	uuid_table_clear(&table);
	assert_null(uuid_table_get(&table, ids[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back),
		cmocka_unit_test(what_is_no_uuid_is_refused),
		cmocka_unit_test(the_table_holds_what_was_put),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
