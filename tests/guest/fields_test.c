#include "guest/fields.h"

#include "support/failmem.h"
#include "support/test.h"

#include "guest/names.h"

static const char *const id_names[] = {"task_id", "taskId", "id", NULL};
static const char *const code_names[] = {"error_code", "error.code", "code", NULL};
static const char *const other_names[] = {"id", NULL};
static const char *const no_names[] = {NULL};

enum { ID, CODE, OTHER, NONE, FIELDS };

static const char *const *const lists[FIELDS] = {id_names, code_names, other_names, no_names};

static struct guest_fields *fields_of_lists(void)
{
	struct guest_fields *fields;
	assert_int_equal(guest_fields_new(lists, FIELDS, &fields), FRESHET_OK);
	return fields;
}

static void the_first_name_that_is_there_counts(void **state)
{
	(void)state;
	static const struct {
		const char *text, *id, *code, *other;
	} rows[] = {
		{"{}", "", "", ""},
		{"{\"id\":3}", "3", "", "3"},
		{"{\"id\":3,\"taskId\":2,\"task_id\":1}", "1", "", "3"},
		{"{\"taskId\":null,\"id\":3}", "3", "", "3"},
		{"{\"taskId\":null}", "null", "", ""},
		{"{\"error\":{\"code\":\"a\"},\"code\":\"b\"}", "", "\"a\"", ""},
		{"{\"error\":\"text\",\"code\":\"b\"}", "", "\"b\"", ""},
		{"[1]", "", "", ""},
	};
	struct guest_fields *fields = fields_of_lists();
	freshet_json_value v[FIELDS];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(guest_fields_pick(fields, freshet_str_of(rows[i].text), v, NULL), FRESHET_OK);
		assert_true(freshet_str_is(v[ID].raw, rows[i].id));
		assert_true(freshet_str_is(v[CODE].raw, rows[i].code));
		assert_true(freshet_str_is(v[OTHER].raw, rows[i].other));
		assert_int_equal(v[NONE].type, FRESHET_JSON_MISSING);
	}
	guest_fields_free(fields);
}

static void a_bad_text_has_no_members_and_a_position(void **state)
{
	(void)state;
	struct guest_fields *fields = fields_of_lists();
	freshet_json_value v[FIELDS];
	size_t position = 0;
	assert_int_equal(guest_fields_pick(fields, freshet_str_of("{\"id\":1,x"), v, &position), FRESHET_EJSON_SYNTAX);
	assert_int_equal(position, 8);
	for (size_t i = 0; i < FIELDS; i++)
		assert_int_equal(v[i].type, FRESHET_JSON_MISSING);
	guest_fields_free(fields);
	guest_fields_free(NULL);
}

static void too_many_and_unreadable_names_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"a..b", NULL};
	const char *many[GUEST_PATHS_MAX + 2] = {NULL};
	char names[GUEST_PATHS_MAX + 1][8];
	const char *const *list = bad;
	struct guest_fields *fields;
	assert_int_equal(guest_fields_new(&list, 1, &fields), FRESHET_EINVAL);
	assert_null(fields);
	for (size_t i = 0; i <= GUEST_PATHS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "n%zu", i);
		many[i] = names[i];
	}
	list = many;
	assert_int_equal(guest_fields_new(&list, 1, &fields), FRESHET_EINVAL);
	many[GUEST_PATHS_MAX] = NULL;
	assert_int_equal(guest_fields_new(&list, 1, &fields), FRESHET_OK);
	guest_fields_free(fields);
}

static void names_are_copied(void **state)
{
	(void)state;
	char name[] = "first";
	const char *const list[] = {name, NULL};
	const char *const *const only[] = {list};
	struct guest_fields *fields;
	freshet_json_value v;
	assert_int_equal(guest_fields_new(only, 1, &fields), FRESHET_OK);
	memset(name, 'x', 5);
	assert_int_equal(guest_fields_pick(fields, freshet_str_of("{\"first\":1}"), &v, NULL), FRESHET_OK);
	assert_int_equal(v.type, FRESHET_JSON_NUMBER);
	guest_fields_free(fields);
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	struct guest_fields *fields;
	failmem_arm(0);
	size_t before = failmem_live();
	for (size_t n = 1;; n++) {
		failmem_arm(n);
		freshet_err err = guest_fields_new(lists, FIELDS, &fields);
		if (!failmem_fired()) {
			guest_fields_free(fields);
			break;
		}
		assert_int_equal(err, FRESHET_ENOMEM);
		assert_null(fields);
		assert_int_equal(failmem_live(), before);
	}
	assert_int_equal(failmem_live(), before);
	failmem_off();
}

/* ---- values ---- */

static freshet_json_value value_of(const char *json)
{
	freshet_json_value value = {0};
	assert_int_equal(freshet_json_read(freshet_str_of(json), &value, NULL), FRESHET_OK);
	return value;
}

static void integers_may_come_as_strings(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		freshet_err err;
		int64_t number;
	} rows[] = {
		{"4182", FRESHET_OK, 4182},
		{"\"4182\"", FRESHET_OK, 4182},
		{"\"-7\"", FRESHET_OK, -7},
		{"\"9223372036854775807\"", FRESHET_OK, INT64_MAX},
		{"null", FRESHET_OK, 5},
		{"\"9223372036854775808\"", FRESHET_EJSON_NUMBER, 5},
		{"\"\"", FRESHET_EJSON_NUMBER, 5},
		{"\"-\"", FRESHET_EJSON_NUMBER, 5},
		{"\"12e2\"", FRESHET_EJSON_NUMBER, 5},
		{"\"1 \"", FRESHET_EJSON_NUMBER, 5},
		{"\"007\"", FRESHET_EJSON_NUMBER, 5},
		{"\"\\u0031\"", FRESHET_EJSON_NUMBER, 5},
		{"1.5", FRESHET_EJSON_NUMBER, 5},
		{"true", FRESHET_EJSON_TYPE, 5},
		{"[1]", FRESHET_EJSON_TYPE, 5},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		freshet_json_value value = value_of(rows[i].json);
		int64_t number = 5;
		assert_int_equal(guest_take_int(&value, &number), rows[i].err);
		assert_int_equal(number, rows[i].number);
	}
}

static void ids_may_be_numbers_and_anything_has_a_text(void **state)
{
	(void)state;
	freshet_json_scratch scratch = {0};
	freshet_str out = freshet_str_of("default");
	freshet_json_value value = value_of("null");
	assert_int_equal(guest_take_id(&value, &scratch, &out), FRESHET_OK);
	assert_true(freshet_str_is(out, "default"));
	value = value_of("17");
	assert_int_equal(guest_take_id(&value, &scratch, &out), FRESHET_OK);
	assert_true(freshet_str_is(out, "17"));
	value = value_of("\"fb\\u005f1\"");
	assert_int_equal(guest_take_id(&value, &scratch, &out), FRESHET_OK);
	assert_true(freshet_str_is(out, "fb_1"));
	value = value_of("{}");
	assert_int_equal(guest_take_id(&value, &scratch, &out), FRESHET_EJSON_TYPE);
	/* Terminated it would be another one. */
	value = value_of("\"fb\\u0000\"");
	assert_int_equal(guest_take_id(&value, &scratch, &out), FRESHET_EJSON_STRING);
	assert_true(freshet_str_is(out, "fb_1"));
	value = value_of("\"\"");
	assert_int_equal(guest_take_id(&value, &scratch, &out), FRESHET_OK);
	assert_int_equal(out.len, 0);
	value = value_of("{\"a\":1}");
	assert_int_equal(guest_take_any(&value, &scratch, &out), FRESHET_OK);
	assert_true(freshet_str_is(out, "{\"a\":1}"));
	value = value_of("\"a\\tb\"");
	assert_int_equal(guest_take_any(&value, &scratch, &out), FRESHET_OK);
	assert_true(freshet_str_is(out, "a\tb"));
	guest_take_raw(&value, &out);
	assert_true(freshet_str_is(out, "\"a\\tb\""));
	freshet_json_scratch_clear(&scratch);
}

static void booleans_and_strings_hold_to_their_type(void **state)
{
	(void)state;
	bool truth = true;
	freshet_str out = {NULL, 0};
	freshet_json_value value = value_of("false");
	assert_int_equal(guest_take_bool(&value, &truth), FRESHET_OK);
	assert_false(truth);
	assert_int_equal(guest_take_str(&value, NULL, &out), FRESHET_EJSON_TYPE);
	value = value_of("\"s\"");
	assert_int_equal(guest_take_bool(&value, &truth), FRESHET_EJSON_TYPE);
	assert_int_equal(guest_take_str(&value, NULL, &out), FRESHET_OK);
	assert_true(freshet_str_is(out, "s"));
}

/* ---- lists of names ---- */

static void names_are_compared_without_case(void **state)
{
	(void)state;
	static const char *const names[] = {"completed", "Failed", "", NULL};
	assert_int_equal(guest_names_find(names, freshet_str_of("COMPLETED")), 0);
	assert_int_equal(guest_names_find(names, freshet_str_of("failed")), 1);
	assert_int_equal(guest_names_find(names, freshet_str_of("")), 2);
	assert_int_equal(guest_names_find(names, freshet_str_of("complete")), -1);
	assert_int_equal(guest_names_find(names, freshet_str_of("completed ")), -1);
	assert_int_equal(guest_names_find(names, (freshet_str){"failed\0", 7}), -1);
	assert_false(guest_names_have(NULL, freshet_str_of("failed")));
	assert_int_equal(guest_names_count(NULL), 0);
	/* Only letters of ASCII have a case: "@" and "`" differ in the same bit. */
	assert_false(guest_name_is(freshet_str_of("@"), "`"));
}

static void lists_are_copied_deep(void **state)
{
	(void)state;
	char name[] = "first";
	const char *const names[] = {name, "second", NULL};
	const char *const *copy = guest_names_copy(names);
	memset(name, 'x', 5);
	assert_int_equal(guest_names_count(copy), 2);
	assert_string_equal(copy[0], "first");
	assert_string_equal(copy[1], "second");
	freshet_mem_free((void *)(uintptr_t)copy);
	copy = guest_names_copy(NULL);
	assert_non_null(copy);
	assert_null(copy[0]);
	freshet_mem_free((void *)(uintptr_t)copy);
	failmem_arm(1);
	assert_null(guest_names_copy(names));
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_name_that_is_there_counts),
		cmocka_unit_test(a_bad_text_has_no_members_and_a_position),
		cmocka_unit_test(too_many_and_unreadable_names_are_refused),
		cmocka_unit_test(names_are_copied),
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(integers_may_come_as_strings),
		cmocka_unit_test(ids_may_be_numbers_and_anything_has_a_text),
		cmocka_unit_test(booleans_and_strings_hold_to_their_type),
		cmocka_unit_test(names_are_compared_without_case),
		cmocka_unit_test(lists_are_copied_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
