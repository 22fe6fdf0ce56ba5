/*
 * The writer: what it writes, what it refuses, and that whatever it is told to do, valid JSON comes out or nothing.
 */
#include "base/random.h"
#include "base/utf8.h"
#include "support/failmem.h"
#include "support/test.h"

#include <freshet/json.h>

#include <math.h>

static freshet_json_writer *writer(bool ascii, bool spaced)
{
	freshet_json_writer_options o;
	freshet_json_writer *w;
	freshet_json_writer_options_init(&o);
	o.ascii = ascii;
	o.spaced = spaced;
	assert_int_equal(freshet_json_writer_new(&o, &w), FRESHET_OK);
	return w;
}

static void check_text(freshet_json_writer *w, const char *expected)
{
	freshet_str text;
	assert_int_equal(freshet_json_writer_text(w, &text), FRESHET_OK);
	if (!freshet_str_is(text, expected))
		fail_msg("%.*s, not %s", (int)text.len, text.ptr, expected);
	freshet_json_value value;
	assert_int_equal(freshet_json_read(text, &value, NULL), FRESHET_OK);
}

static void write_all(freshet_json_writer *w)
{
	freshet_json_write_object(w);
	freshet_json_write_key(w, "a\"b");
	freshet_json_write_array(w);
	freshet_json_write_int64(w, INT64_MIN);
	freshet_json_write_uint64(w, UINT64_MAX);
	freshet_json_write_double(w, 0.1);
	freshet_json_write_double(w, 1);
	freshet_json_write_bool(w, true);
	freshet_json_write_null(w);
	freshet_json_write_raw(w, freshet_str_of(" {\"r\": [1]}\n"));
	freshet_json_write_end(w);
	freshet_json_write_key_str(w, freshet_str_of("s"));
	freshet_json_write_string(w, (freshet_str){"\0\x1f\x7f\n\t\"\\/\xc3\xa9\xf0\x9f\x98\x80", 14});
	freshet_json_write_end(w);
}

static void everything(void **state)
{
	(void)state;
	freshet_json_writer *w = writer(false, false);
	write_all(w);
	check_text(w, "{\"a\\\"b\":[-9223372036854775808,18446744073709551615,0.1,1.0,true,null,{\"r\": [1]}],"
		      "\"s\":\"\\u0000\\u001f\x7f\\n\\t\\\"\\\\/\xc3\xa9\xf0\x9f\x98\x80\"}");
	freshet_json_writer_reset(w);
	freshet_json_write_bool(w, false);
	check_text(w, "false");
	freshet_json_writer_free(w);
	w = writer(true, true);
	write_all(w);
	check_text(w, "{\"a\\\"b\": [-9223372036854775808, 18446744073709551615, 0.1, 1.0, true, null, {\"r\": [1]}], "
		      "\"s\": \"\\u0000\\u001f\x7f\\n\\t\\\"\\\\/\\u00e9\\ud83d\\ude00\"}");
	freshet_json_writer_free(w);
}

/* A letter is one call; what they come to together is told behind them. */
static void misuse_sticks(void **state)
{
	static const struct {
		const char *calls;
		freshet_err err;
	} table[] = {
		{"", FRESHET_ESTATE},
		{"{", FRESHET_ESTATE},
		{"[", FRESHET_ESTATE},
		{"{k", FRESHET_ESTATE},
		{"{k}", FRESHET_ESTATE},
		{"{1", FRESHET_ESTATE},
		{"{kk", FRESHET_ESTATE},
		{"[k", FRESHET_ESTATE},
		{"k", FRESHET_ESTATE},
		{"}", FRESHET_ESTATE},
		{"11", FRESHET_ESTATE},
		{"{}{", FRESHET_ESTATE},
		{"[}}", FRESHET_ESTATE},
		{"n", FRESHET_EJSON_NUMBER},
		{"[n1}", FRESHET_EJSON_NUMBER},
		{"r", FRESHET_EJSON_TRUNCATED},
		{"{}", FRESHET_OK},
		{"{k1k[}}", FRESHET_OK},
	};
	(void)state;
	freshet_json_writer *w = writer(false, false);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		freshet_str text;
		freshet_json_writer_reset(w);
		for (const char *call = table[i].calls; *call != '\0'; call++) {
			switch (*call) {
			case '{': freshet_json_write_object(w); break;
			case '[': freshet_json_write_array(w); break;
			case '}': freshet_json_write_end(w); break;
			case 'k': freshet_json_write_key(w, "k"); break;
			case 'n': freshet_json_write_double(w, NAN); break;
			case 'r': freshet_json_write_raw(w, freshet_str_of("[1")); break;
			default: freshet_json_write_int64(w, 1); break;
			}
		}
		print_message("%s\n", table[i].calls);
		assert_int_equal(freshet_json_writer_text(w, &text), table[i].err);
		assert_int_equal(text.len == 0, table[i].err != FRESHET_OK);
	}
	freshet_json_writer_free(w);
}

/* Any bytes make a valid text, which reads back as the bytes with U+FFFD for what was no UTF-8. */
static void any_bytes_make_valid_text(void **state)
{
	struct random random;
	freshet_json_scratch scratch;
	(void)state;
	freshet_json_scratch_init(&scratch, NULL, 0);
	random_init(&random, 11);
	for (int i = 0; i < 20000; i++) {
		freshet_json_writer *w = writer(i % 2 == 0, false);
		static const uint8_t nasty[] = {0, 9, 31, '"', '\\', 'a', 0x7f, 0x80, 0xbf, 0xc3, 0xa9, 0xe2, 0x82,
			0xac, 0xed, 0xa0, 0xf0, 0x9f, 0x98, 0xf4, 0x90, 0xff};
		uint8_t bytes[24];
		size_t len = random_next(&random) % sizeof bytes;
		for (size_t j = 0; j < len; j++)
			bytes[j] = nasty[random_next(&random) % sizeof nasty];
		freshet_str text;
		freshet_str back;
		freshet_json_value value;
		freshet_json_write_string(w, (freshet_str){(const char *)bytes, len});
		assert_int_equal(freshet_json_writer_text(w, &text), FRESHET_OK);
		assert_true(utf8_valid((const uint8_t *)text.ptr, text.len));
		assert_int_equal(freshet_json_read(text, &value, NULL), FRESHET_OK);
		assert_int_equal(freshet_json_string(&value, &scratch, &back), FRESHET_OK);
		if (utf8_valid(bytes, len))
			assert_true(freshet_str_equal(back, (freshet_str){(const char *)bytes, len}));
		else
			assert_non_null(memmem(back.ptr, back.len, "\xef\xbf\xbd", 3));
		freshet_json_scratch_reset(&scratch);
		freshet_json_writer_free(w);
	}
	freshet_json_scratch_clear(&scratch);
}

static void doubles_read_back_as_they_were(void **state)
{
	struct random random;
	(void)state;
	random_init(&random, 5);
	freshet_json_writer *w = writer(false, false);
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = random_next(&random);
		double number;
		double back = 0;
		freshet_str text;
		freshet_json_value value;
		memcpy(&number, &bits, sizeof number);
		freshet_json_writer_reset(w);
		freshet_json_write_double(w, number);
		freshet_err err = freshet_json_writer_text(w, &text);
		assert_int_equal(err, isfinite(number) ? FRESHET_OK : FRESHET_EJSON_NUMBER);
		if (err != FRESHET_OK)
			continue;
		assert_int_equal(freshet_json_read(text, &value, NULL), FRESHET_OK);
		assert_int_equal(freshet_json_double(&value, &back), FRESHET_OK);
		assert_memory_equal(&back, &number, sizeof number);
		assert_true((value.flags & FRESHET_JSON_REAL) != 0);
	}
	freshet_json_writer_free(w);
}

static void limits(void **state)
{
	freshet_json_writer_options o;
	freshet_json_writer *w;
	freshet_str text;
	(void)state;
	freshet_json_writer_options_init(&o);
	o.max_size = 5;
	o.max_depth = 2;
	assert_int_equal(freshet_json_writer_new(&o, &w), FRESHET_OK);
	freshet_json_write_string(w, freshet_str_of("abc"));
	check_text(w, "\"abc\"");
	freshet_json_writer_reset(w);
	freshet_json_write_string(w, freshet_str_of("abcd"));
	assert_int_equal(freshet_json_writer_text(w, &text), FRESHET_EJSON_SIZE);
	freshet_json_writer_reset(w);
	for (int i = 0; i < 3; i++)
		freshet_json_write_array(w);
	assert_int_equal(freshet_json_writer_text(w, &text), FRESHET_EJSON_DEPTH);
	freshet_json_writer_free(w);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	failmem_arm(0);
	for (size_t n = 1;; n++) {
		freshet_json_writer *w;
		freshet_str text;
		failmem_arm(n);
		freshet_err err = freshet_json_writer_new(NULL, &w);
		if (err == FRESHET_OK) {
			for (int i = 0; i < 40; i++)
				freshet_json_write_array(w);
			for (int i = 0; i < 200; i++)
				freshet_json_write_string(w, freshet_str_of("some text of some length"));
			for (int i = 0; i < 40; i++)
				freshet_json_write_end(w);
			err = freshet_json_writer_text(w, &text);
			freshet_json_writer_free(w);
		}
		assert_int_equal(err, failmem_fired() ? FRESHET_ENOMEM : FRESHET_OK);
		assert_int_equal(failmem_live(), 0);
		if (!failmem_fired())
			break;
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(misuse_sticks),
		cmocka_unit_test(any_bytes_make_valid_text),
		cmocka_unit_test(doubles_read_back_as_they_were),
		cmocka_unit_test(limits),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
