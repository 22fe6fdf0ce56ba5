/*
 * What graders say: every form that is accepted, and every way in which an output can be none, with its place.
 */
#include "support/failmem.h"
#include "support/test.h"

#include <freshet/sudoiq_resource.h>

#define GOOD                                                                                                           \
	"{\"pass\":true,\"quality_score\":\"very-high\",\"quality_attributes\":"                                       \
	"[{\"high\":\"It is \\\"right\\\".\"},{\"low\":\"\"},{\"high\":\"Twice\"}],\"more\":1}"

static freshet_sudoiq_grade *read_grade(const char *json)
{
	freshet_sudoiq_grade *grade;
	size_t position = 77;
	/* The text may go: all is copied. */
	char *copy = strdup(json);
	assert_int_equal(freshet_sudoiq_grade_new(freshet_str_of(copy), &grade, &position), FRESHET_OK);
	free(copy);
	assert_non_null(grade);
	assert_int_equal(position, 77);
	return grade;
}

static void a_grade_is_read(void **state)
{
	(void)state;
	freshet_sudoiq_grade *grade = read_grade("  " GOOD "\n");
	assert_true(grade->pass);
	assert_int_equal(grade->quality, FRESHET_SUDOIQ_QUALITY_VERY_HIGH);
	assert_int_equal(grade->attribute_count, 3);
	assert_int_equal(grade->attributes[0].quality, FRESHET_SUDOIQ_QUALITY_HIGH);
	assert_true(freshet_str_is(grade->attributes[0].reason, "It is \"right\"."));
	assert_int_equal(grade->attributes[1].quality, FRESHET_SUDOIQ_QUALITY_LOW);
	assert_int_equal(grade->attributes[1].reason.len, 0);
	assert_true(freshet_str_is(grade->attributes[2].reason, "Twice"));
	freshet_sudoiq_grade_free(grade);
	grade = read_grade("{\"quality_attributes\":[],\"quality_score\":\"very-low\",\"pass\":false}");
	assert_false(grade->pass);
	assert_int_equal(grade->quality, FRESHET_SUDOIQ_QUALITY_VERY_LOW);
	assert_int_equal(grade->attribute_count, 0);
	freshet_sudoiq_grade_free(grade);
	freshet_sudoiq_grade_free(NULL);
}

/* The result of a run may be a string that holds the text. */
static void one_inside_a_string_is_read(void **state)
{
	(void)state;
	freshet_sudoiq_grade *grade = read_grade("\"{\\\"pass\\\":true,\\\"quality_score\\\":\\\"medium\\\","
						 "\\\"quality_attributes\\\":[{\\\"low\\\":\\\"a\\\\u00e9\\\"}]}\"");
	assert_int_equal(grade->quality, FRESHET_SUDOIQ_QUALITY_MEDIUM);
	assert_true(freshet_str_is(grade->attributes[0].reason, "a\303\251"));
	freshet_sudoiq_grade_free(grade);
}

static void what_is_none_is_told(void **state)
{
	static const struct {
		const char *json;
		freshet_err err;
		size_t position;
	} cases[] = {
		{"", FRESHET_EJSON_TRUNCATED, 0},
		{"pass", FRESHET_EJSON_SYNTAX, 0},
		{"[]", FRESHET_EJSON_TYPE, 0},
		{"null", FRESHET_EJSON_TYPE, 0},
		{"{}", FRESHET_EJSON_MISSING, 2},
		{"\"{}\"", FRESHET_EJSON_MISSING, 2},
		{"\"no\"", FRESHET_EJSON_SYNTAX, 1},
		{"{\"pass\":true,\"quality_score\":\"low\"}", FRESHET_EJSON_MISSING, 35},
		{"{\"pass\":1,\"quality_score\":\"low\",\"quality_attributes\":[]}", FRESHET_EJSON_TYPE, 8},
		{"{\"pass\":null,\"quality_score\":\"low\",\"quality_attributes\":[]}", FRESHET_EJSON_TYPE, 8},
		{"{\"pass\":true,\"quality_score\":3,\"quality_attributes\":[]}", FRESHET_EJSON_TYPE, 29},
		{"{\"pass\":true,\"quality_score\":\"Low\",\"quality_attributes\":[]}", FRESHET_EBAD_ANSWER, 29},
		{"{\"pass\":true,\"quality_score\":\"low\",\"quality_attributes\":{}}", FRESHET_EJSON_TYPE, 56},
		{"{\"pass\":true,\"quality_score\":\"low\",\"quality_attributes\":[1]}", FRESHET_EJSON_TYPE, 57},
		{"{\"pass\":true,\"quality_score\":\"low\",\"quality_attributes\":[{}]}", FRESHET_EJSON_MISSING, 57},
		{"{\"pass\":true,\"quality_score\":\"low\",\"quality_attributes\":[{\"bad\":\"\"}]}",
			FRESHET_EBAD_ANSWER, 58},
		{"{\"pass\":true,\"quality_score\":\"low\",\"quality_attributes\":[{\"low\":3}]}", FRESHET_EJSON_TYPE,
			64},
		{"{\"pass\":true,\"quality_score\":\"low\",\"quality_attributes\":[{\"low\":\"\",\"low\":\"\"}]}",
			FRESHET_EBAD_ANSWER, 73},
		{GOOD "x", FRESHET_EJSON_TRAILING, sizeof GOOD - 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t position = 999;
		freshet_sudoiq_grade *grade = (freshet_sudoiq_grade *)&position;
		print_message("%s\n", cases[i].json);
		assert_int_equal(
			freshet_sudoiq_grade_new(freshet_str_of(cases[i].json), &grade, &position), cases[i].err);
		assert_null(grade);
		assert_int_equal(position, cases[i].position);
		assert_int_equal(freshet_sudoiq_grade_new(freshet_str_of(cases[i].json), &grade, NULL), cases[i].err);
	}
	assert_int_equal(freshet_sudoiq_grade_new(freshet_str_of(GOOD), NULL, NULL), FRESHET_EINVAL);
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		freshet_sudoiq_grade *grade;
		failmem_arm(n);
		freshet_err err = freshet_sudoiq_grade_new(freshet_str_of(GOOD), &grade, NULL);
		bool fired = failmem_fired();
		assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
		assert_int_equal(grade != NULL, !fired);
		freshet_sudoiq_grade_free(grade);
		assert_int_equal(failmem_live(), 0);
		if (!fired)
			break;
	}
	failmem_off();
}

static void tiers_have_names(void **state)
{
	(void)state;
	for (int i = FRESHET_SUDOIQ_QUALITY_VERY_LOW; i <= FRESHET_SUDOIQ_QUALITY_VERY_HIGH; i++) {
		const char *name = freshet_sudoiq_quality_name((freshet_sudoiq_quality)i);
		assert_int_equal(freshet_sudoiq_quality_of(freshet_str_of(name)), i);
	}
	assert_string_equal(freshet_sudoiq_quality_name(FRESHET_SUDOIQ_QUALITY_VERY_LOW), "very-low");
	assert_string_equal(freshet_sudoiq_quality_name((freshet_sudoiq_quality)99), "unknown");
	assert_int_equal(freshet_sudoiq_quality_of(freshet_str_of("unknown")), FRESHET_SUDOIQ_QUALITY_UNKNOWN);
	assert_int_equal(freshet_sudoiq_quality_of((freshet_str){NULL, 0}), FRESHET_SUDOIQ_QUALITY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grade_is_read),
		cmocka_unit_test(one_inside_a_string_is_read),
		cmocka_unit_test(what_is_none_is_told),
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(tiers_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
