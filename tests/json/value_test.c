/*
 * Values as C knows them: integers without loss, doubles held against strtod, strings with every escape, and walks over
 * objects and arrays.
 */
#include "base/random.h"
#include "json/cases.h"
#include "support/failmem.h"
#include "support/test.h"

#include <math.h>

static freshet_json_value value_of(const char *text)
{
	freshet_json_value value;
	assert_int_equal(freshet_json_read(freshet_str_of(text), &value, NULL), FRESHET_OK);
	return value;
}

static void integers(void **state)
{
	static const struct {
		const char *text;
		freshet_err signed_err;
		int64_t number;
		freshet_err unsigned_err;
		uint64_t natural;
	} table[] = {
		{"0", FRESHET_OK, 0, FRESHET_OK, 0},
		{"-0", FRESHET_OK, 0, FRESHET_OK, 0},
		{"9223372036854775807", FRESHET_OK, INT64_MAX, FRESHET_OK, INT64_MAX},
		{"9223372036854775808", FRESHET_EJSON_NUMBER, 0, FRESHET_OK, UINT64_C(9223372036854775808)},
		{"18446744073709551615", FRESHET_EJSON_NUMBER, 0, FRESHET_OK, UINT64_MAX},
		{"18446744073709551616", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"-9223372036854775808", FRESHET_OK, INT64_MIN, FRESHET_EJSON_NUMBER, 0},
		{"-9223372036854775809", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"-1", FRESHET_OK, -1, FRESHET_EJSON_NUMBER, 0},
		{"3.0", FRESHET_OK, 3, FRESHET_OK, 3},
		{"12e2", FRESHET_OK, 1200, FRESHET_OK, 1200},
		{"1200e-2", FRESHET_OK, 12, FRESHET_OK, 12},
		{"1.5", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"15e-1", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"1e19", FRESHET_EJSON_NUMBER, 0, FRESHET_OK, UINT64_C(10000000000000000000)},
		{"1e20", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"0e999999999999", FRESHET_OK, 0, FRESHET_OK, 0},
		{"1e999999999999", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"1e-999999999999", FRESHET_EJSON_NUMBER, 0, FRESHET_EJSON_NUMBER, 0},
		{"922337203685477580.7e1", FRESHET_OK, INT64_MAX, FRESHET_OK, INT64_MAX},
		{"\"1\"", FRESHET_EJSON_TYPE, 0, FRESHET_EJSON_TYPE, 0},
		{"null", FRESHET_EJSON_TYPE, 0, FRESHET_EJSON_TYPE, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		freshet_json_value value = value_of(table[i].text);
		int64_t number = 77;
		uint64_t natural = 77;
		print_message("%s\n", table[i].text);
		assert_int_equal(freshet_json_int64(&value, &number), table[i].signed_err);
		assert_true(number == (table[i].signed_err == FRESHET_OK ? table[i].number : 77));
		assert_int_equal(freshet_json_uint64(&value, &natural), table[i].unsigned_err);
		assert_true(natural == (table[i].unsigned_err == FRESHET_OK ? table[i].natural : 77));
	}
	const freshet_json_value missing = {FRESHET_JSON_MISSING, 0, {NULL, 0}};
	int64_t number = 77;
	assert_int_equal(freshet_json_int64(&missing, &number), FRESHET_EJSON_MISSING);
	assert_int_equal(number, 77);
}

static void same_as_strtod(const char *text)
{
	freshet_json_value value = value_of(text);
	double expected = strtod(text, NULL);
	double number = 0.25;
	freshet_err err = freshet_json_double(&value, &number);
	if (isinf(expected)) {
		assert_int_equal(err, FRESHET_EJSON_NUMBER);
		return;
	}
	if (err != FRESHET_OK || memcmp(&number, &expected, sizeof number) != 0)
		fail_msg("%s: %s %.17g, not %.17g", text, freshet_err_name(err), number, expected);
}

/* The program runs in the C locale, where strtod reads what JSON writes. */
static void doubles(void **state)
{
	static const char *const hard[] = {"0.1", "-0.0", "1e23", "8.5e22", "9007199254740993", "9007199254740992.5",
		"2.2250738585072014e-308", "2.2250738585072011e-308", "4.9406564584124654e-324",
		"2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "1.7976931348623157e308",
		"1.7976931348623158e308", "1.7976931348623159e308", "1e309", "-1e400", "6929495644600919.5",
		"3.2378839133029012895883524125015e0", "5e-324", "123456789012345678901234567890",
		"0.000000000000000000000000000000000000000000001e45", "7.2057594037927933e16",
		"1.00000000000000011102230246251565404236316680908203125",
		"1.00000000000000011102230246251565404236316680908203124",
		"1.00000000000000011102230246251565404236316680908203126"};
	struct random random;
	(void)state;
	for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++)
		same_as_strtod(hard[i]);
	random_init(&random, 7);
	for (int i = 0; i < 20000; i++) {
		char text[64];
		uint64_t bits = random_next(&random);
		double number;
		memcpy(&number, &bits, sizeof number);
		if (!isfinite(number))
			continue;
		snprintf(text, sizeof text, "%.*e", (int)(random_next(&random) % 25), number);
		same_as_strtod(text);
		snprintf(text, sizeof text, "%llu.%llue%d",
			(unsigned long long)(random_next(&random) >> random_next(&random) % 64),
			(unsigned long long)random_next(&random), (int)(random_next(&random) % 700) - 350);
		same_as_strtod(text);
	}
}

static void strings(void **state)
{
	static const struct {
		const char *text;
		const char *decoded;
		size_t len;
	} table[] = {
		{"\"\"", "", 0},
		{"\"plain\"", "plain", 5},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
		{"\"a\\u0000b\"", "a\0b", 3},
		{"\"\\u00e9\\u20AC\"", "\xc3\xa9\xe2\x82\xac", 5},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4},
		{"\"\\ud83d\"", "\xef\xbf\xbd", 3},
		{"\"\\ude00x\"", "\xef\xbf\xbdx", 4},
		{"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7},
		{"\"\\ud83d\\n\"", "\xef\xbf\xbd\n", 4},
		{"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf", 4},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		freshet_json_value value = value_of(table[i].text);
		const freshet_str decoded = {table[i].decoded, table[i].len};
		freshet_json_scratch scratch;
		freshet_str text;
		freshet_json_scratch_init(&scratch, NULL, 0);
		assert_int_equal(freshet_json_string(&value, &scratch, &text), FRESHET_OK);
		assert_true(freshet_str_equal(text, decoded));
		assert_true(freshet_json_equals(&value, decoded));
		assert_false(freshet_json_is(&value, "another"));
		/* Without escapes it is given as it lies. */
		assert_int_equal(text.ptr == value.raw.ptr + 1, (value.flags & FRESHET_JSON_ESCAPED) == 0);
		freshet_json_scratch_clear(&scratch);
	}
}

static void the_scratch_keeps_all_until_the_reset(void **state)
{
	char own[16];
	freshet_json_scratch scratch;
	freshet_str texts[200];
	char source[32];
	(void)state;
	failmem_arm(0);
	freshet_json_scratch_init(&scratch, own, sizeof own);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			snprintf(source, sizeof source, "\"\\n%d\"", i);
			freshet_json_value value = value_of(source);
			assert_int_equal(freshet_json_string(&value, &scratch, &texts[i]), FRESHET_OK);
		}
		for (int i = 0; i < 200; i++) {
			int len = snprintf(source, sizeof source, "\n%d", i);
			assert_true(freshet_str_equal(texts[i], (freshet_str){source, (size_t)len}));
		}
		freshet_json_scratch_reset(&scratch);
	}
	freshet_json_scratch_clear(&scratch);
	assert_int_equal(failmem_live(), 0);
	failmem_arm(1);
	freshet_json_value value = value_of("\"a long string that does not fit into the memory \\n of the caller\"");
	freshet_str text = freshet_str_of("as it was");
	assert_int_equal(freshet_json_string(&value, &scratch, &text), FRESHET_ENOMEM);
	assert_true(freshet_str_is(text, "as it was"));
	failmem_off();
}

static void truths(void **state)
{
	const freshet_json_value yes = value_of(" true");
	const freshet_json_value no = value_of("false");
	const freshet_json_value null = value_of("null");
	const freshet_json_value missing = {FRESHET_JSON_MISSING, 0, {NULL, 0}};
	bool truth = false;
	(void)state;
	assert_int_equal(freshet_json_bool(&yes, &truth), FRESHET_OK);
	assert_true(truth);
	assert_int_equal(freshet_json_bool(&null, &truth), FRESHET_EJSON_TYPE);
	assert_int_equal(freshet_json_bool(&missing, &truth), FRESHET_EJSON_MISSING);
	assert_true(truth);
	assert_int_equal(freshet_json_bool(&no, &truth), FRESHET_OK);
	assert_false(truth);
}

/* All values of a text in their order, by nested walks. */
static void walk(const freshet_json_value *container, char *trace, size_t size)
{
	freshet_json_each each;
	freshet_json_value key;
	freshet_json_value value;
	assert_int_equal(freshet_json_each_begin(&each, container), FRESHET_OK);
	while (freshet_json_each_next(&each, &key, &value)) {
		assert_int_equal(key.type == FRESHET_JSON_STRING, container->type == FRESHET_JSON_OBJECT);
		snprintf(trace + strlen(trace), size - strlen(trace), "%.*s=%.*s;", (int)key.raw.len,
			key.raw.len > 0 ? key.raw.ptr : "", (int)value.raw.len, value.raw.ptr);
		if (value.type == FRESHET_JSON_OBJECT || value.type == FRESHET_JSON_ARRAY)
			walk(&value, trace, size);
	}
	assert_int_equal(freshet_json_each_error(&each, NULL), FRESHET_OK);
}

static void walks(void **state)
{
	char trace[512] = "";
	freshet_json_each each;
	freshet_json_value value = value_of(" { \"a\" : [ 1 , {\"b\":null} , [] ] , \"a\":\"x]\" } ");
	(void)state;
	walk(&value, trace, sizeof trace);
	assert_string_equal(trace, "\"a\"=[ 1 , {\"b\":null} , [] ];=1;={\"b\":null};\"b\"=null;=[];\"a\"=\"x]\";");
	value = value_of("1");
	assert_int_equal(freshet_json_each_begin(&each, &value), FRESHET_EJSON_TYPE);
	assert_false(freshet_json_each_next(&each, NULL, &value));
}

/* Texts that nobody has checked: the walk ends with an error, inside the text. */
static void walks_over_bad_texts_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < JSON_CASES; i++) {
		const struct json_case *c = &json_cases[i];
		if (c->len == 0 || (c->text[0] != '{' && c->text[0] != '['))
			continue;
		char *copy = malloc(c->len);
		memcpy(copy, c->text, c->len);
		freshet_json_type type = c->text[0] == '{' ? FRESHET_JSON_OBJECT : FRESHET_JSON_ARRAY;
		freshet_json_value value = {type, 0, {copy, c->len}};
		freshet_json_each each;
		size_t position = 0;
		size_t steps = 0;
		freshet_json_value element;
		assert_int_equal(freshet_json_each_begin(&each, &value), FRESHET_OK);
		while (freshet_json_each_next(&each, NULL, &element))
			assert_true(++steps < 100);
		freshet_err err = freshet_json_each_error(&each, &position);
		/* What stands behind the container is not the walk's. */
		if (c->err != FRESHET_EJSON_TRAILING)
			assert_int_equal(err, c->err);
		if (err != FRESHET_OK)
			assert_int_equal(position, c->position);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(doubles),
		cmocka_unit_test(truths),
		cmocka_unit_test(strings),
		cmocka_unit_test(the_scratch_keeps_all_until_the_reset),
		cmocka_unit_test(walks),
		cmocka_unit_test(walks_over_bad_texts_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
