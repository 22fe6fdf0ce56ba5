/*
 * HMAC-SHA256 against the vectors of RFC 4231 and against the openssl program.
 */
#include "support/files.h"
#include "support/process.h"
#include "support/test.h"

#include "webhook/post.h"

#include "webhook/mac.h"

static void fill(char *to, int byte, size_t len)
{
	memset(to, byte, len);
}

static void sign_to_hex(freshet_str key, freshet_str text, char hex[65])
{
	uint8_t out[MAC_SIZE];
	struct mac *mac;
	assert_int_equal(mac_new(key, &mac), FRESHET_OK);
	assert_int_equal(mac_sign(mac, &text, 1, out), FRESHET_OK);
	post_hex(out, sizeof out, hex);
	/* The key stands: the same again, in pieces. */
	for (size_t cut = 0; cut <= text.len; cut++) {
		uint8_t again[MAC_SIZE];
		const freshet_str parts[] = {{text.ptr, cut}, {text.ptr + cut, text.len - cut}};
		assert_int_equal(mac_sign(mac, parts, 2, again), FRESHET_OK);
		assert_memory_equal(again, out, sizeof out);
	}
	mac_free(mac);
}

static void vectors_of_rfc_4231(void **state)
{
	(void)state;
	static char keys[7][131], texts[7][152];
	static const char *const words[] = {"Hi There", "what do ya want for nothing?", NULL, NULL,
		"Test With Truncation", "Test Using Larger Than Block-Size Key - Hash Key First",
		"This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
		"be "
		"hashed before being used by the HMAC algorithm."};
	static const size_t key_lens[] = {20, 4, 20, 25, 20, 131, 131};
	static const char *const expected[] = {"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b", "a3b6167473100ee06e0c796c2955552b",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"};
	fill(keys[0], 0x0b, 20);
	memcpy(keys[1], "Jefe", 4);
	fill(keys[2], 0xaa, 20);
	for (int i = 0; i < 25; i++)
		keys[3][i] = (char)(i + 1);
	fill(keys[4], 0x0c, 20);
	fill(keys[5], 0xaa, 131);
	fill(keys[6], 0xaa, 131);
	for (size_t i = 0; i < 7; i++) {
		char hex[65];
		freshet_str text = freshet_str_of(words[i]);
		if (words[i] == NULL) {
			fill(texts[i], i == 2 ? 0xdd : 0xcd, 50);
			text = (freshet_str){texts[i], 50};
		}
		sign_to_hex((freshet_str){keys[i], key_lens[i]}, text, hex);
		/* The fifth is cut to 128 bits. */
		assert_memory_equal(hex, expected[i], strlen(expected[i]));
	}
}

static void the_openssl_program_agrees(void **state)
{
	(void)state;
	const char *program = process_find("openssl");
	if (program == NULL) {
		print_message("SKIPPED: no openssl program\n");
		skip();
	}
	struct test_folder folder;
	test_folder_make(&folder);
	for (size_t len = 0; len < 300; len += 37) {
		char text[300], command[512], told[200] = "", hex[65];
		for (size_t i = 0; i < len; i++)
			text[i] = (char)(i * 131 + len);
		const char *path = test_folder_file(&folder, "text");
		test_file_write(path, text, len);
		snprintf(command, sizeof command, "%s dgst -sha256 -hmac " POST_SECRET " -r %s", program, path);
		FILE *out = popen(command, "r");
		assert_non_null(out);
		assert_non_null(fgets(told, sizeof told, out));
		assert_int_equal(pclose(out), 0);
		sign_to_hex(freshet_str_of(POST_SECRET), (freshet_str){text, len}, hex);
		assert_memory_equal(told, hex, 64);
	}
	test_folder_remove(&folder);
}

static void digests_tell_lists_of_parts_apart(void **state)
{
	(void)state;
	const freshet_str one[] = {{"ab", 2}, {"c", 1}}, other[] = {{"a", 1}, {"bc", 2}}, less[] = {{"abc", 3}};
	uint8_t a[MAC_SIZE], b[MAC_SIZE], c[MAC_SIZE], again[MAC_SIZE];
	assert_int_equal(mac_digest(one, 2, a), FRESHET_OK);
	assert_int_equal(mac_digest(other, 2, b), FRESHET_OK);
	assert_int_equal(mac_digest(less, 1, c), FRESHET_OK);
	assert_int_equal(mac_digest(one, 2, again), FRESHET_OK);
	assert_memory_equal(a, again, MAC_SIZE);
	assert_memory_not_equal(a, b, MAC_SIZE);
	assert_memory_not_equal(a, c, MAC_SIZE);
	assert_true(mac_equal(a, again, MAC_SIZE));
	assert_false(mac_equal(a, b, MAC_SIZE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_rfc_4231),
		cmocka_unit_test(the_openssl_program_agrees),
		cmocka_unit_test(digests_tell_lists_of_parts_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
