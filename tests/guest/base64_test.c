/*
 * The test vectors of RFC 4648, section 10, and bytes that are no text.
 */
#include "support/test.h"

#include "guest/base64.h"

static void every_vector(void **state)
{
	(void)state;
	static const struct {
		freshet_str bytes;
		const char *text;
	} rows[] = {
		{{"", 0}, ""},
		{{"f", 1}, "Zg=="},
		{{"fo", 2}, "Zm8="},
		{{"foo", 3}, "Zm9v"},
		{{"foob", 4}, "Zm9vYg=="},
		{{"fooba", 5}, "Zm9vYmE="},
		{{"foobar", 6}, "Zm9vYmFy"},
		{{"\x00\xff\xfe", 3}, "AP/+"},
		{{"\xfb\xf0", 2}, "+/A="},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[16] = {0};
		guest_base64(rows[i].bytes, out);
		assert_string_equal(out, rows[i].text);
		assert_int_equal(guest_base64_len(rows[i].bytes.len), strlen(rows[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
