#include "guest/text.h"

#include "support/failmem.h"
#include "support/test.h"

#include "guest/options.h"

static void it_grows_and_stays_terminated(void **state)
{
	(void)state;
	struct guest_text text = {0};
	assert_string_equal(guest_text_terminated(&text), "");
	assert_int_equal(guest_text_get(&text).len, 0);
	for (int i = 0; i < 1000; i++)
		guest_text_put(&text, "0123456789");
	guest_text_int(&text, INT64_MIN);
	guest_text_str(&text, freshet_str_of("!"));
	assert_int_equal(text.err, FRESHET_OK);
	assert_int_equal(text.len, 10000 + 20 + 1);
	assert_int_equal(strlen(text.ptr), text.len);
	assert_string_equal(text.ptr + 10000, "-9223372036854775808!");
	guest_text_reset(&text);
	assert_int_equal(text.len, 0);
	guest_text_add(&text, "a\0b", 3);
	assert_memory_equal(text.ptr, "a\0b", 4);
	guest_text_clear(&text);
	assert_null(text.ptr);
	guest_text_clear(&text);
}

static void all_but_unreserved_characters_are_encoded(void **state)
{
	(void)state;
	struct guest_text text = {0};
	char all[256], expected[1024] = "";
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	for (int i = 0; i < 256; i++) {
		char one[4];
		const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
		if (i != 0 && strchr(plain, i) != NULL)
			snprintf(one, sizeof one, "%c", i);
		else
			snprintf(one, sizeof one, "%%%02X", (unsigned)i);
		strcat(expected, one);
	}
	guest_text_encode(&text, (freshet_str){all, sizeof all});
	assert_string_equal(text.ptr, expected);
	guest_text_clear(&text);
}

static void an_error_sticks_until_the_reset(void **state)
{
	(void)state;
	struct guest_text text = {0};
	guest_text_put(&text, "kept");
	guest_text_fail(&text, FRESHET_EINVAL);
	guest_text_fail(&text, FRESHET_ENOMEM);
	guest_text_put(&text, "dropped");
	assert_int_equal(text.err, FRESHET_EINVAL);
	assert_string_equal(text.ptr, "kept");
	guest_text_reset(&text);
	guest_text_put(&text, "new");
	assert_int_equal(text.err, FRESHET_OK);
	assert_string_equal(text.ptr, "new");
	guest_text_clear(&text);
}

static void without_memory_it_stays_as_it_was(void **state)
{
	(void)state;
	struct guest_text text = {0};
	failmem_arm(1);
	guest_text_put(&text, "none");
	assert_int_equal(text.err, FRESHET_ENOMEM);
	assert_null(text.ptr);
	failmem_off();
	guest_text_reset(&text);
	guest_text_put(&text, "some");
	failmem_arm(1);
	for (int i = 0; i < 100; i++)
		guest_text_put(&text, "more");
	failmem_off();
	assert_int_equal(text.err, FRESHET_ENOMEM);
	assert_int_equal(text.len % 4, 0);
	guest_text_clear(&text);
}

/* ---- what is left of secrets ---- */

static char arena[1 << 16];
static size_t arena_used;

static void *arena_allocate(size_t size, void *user)
{
	(void)user;
	void *memory = arena + arena_used;
	arena_used += (size + 15) / 16 * 16;
	assert_true(arena_used <= sizeof arena);
	return memory;
}

static void *arena_reallocate(void *memory, size_t size, void *user)
{
	void *moved = arena_allocate(size, user);
	if (memory != NULL)
		memcpy(moved, memory, size);
	return moved;
}

static void arena_release(void *memory, void *user)
{
	(void)memory;
	(void)user;
}

static void nothing_of_a_secret_is_left_in_memory(void **state)
{
	(void)state;
	static const freshet_allocator allocator = {arena_allocate, arena_reallocate, arena_release, NULL};
	struct guest_text text = {0};
	freshet_set_allocator(&allocator);
	for (int i = 0; i < 500; i++)
		guest_text_put(&text, "SECRET");
	guest_text_encode(&text, freshet_str_of("SECRET"));
	guest_text_clear(&text);
	char *copy = guest_copy(freshet_str_of("SECRET"));
	guest_free_secret(copy);
	guest_free_secret(NULL);
	freshet_set_allocator(NULL);
	assert_true(arena_used > 3000);
	assert_null(memmem(arena, sizeof arena, "SECRET", 6));
}

/* ---- options and copies ---- */

struct small_options {
	size_t size;
	long one;
};

struct options {
	size_t size;
	long one;
	long two;
};

static void options_of_older_callers_keep_the_defaults(void **state)
{
	(void)state;
	struct options o = {sizeof o, 1, 2};
	struct small_options older = {sizeof older, 7};
	struct {
		struct options o;
		int three;
	} newer = {{sizeof newer, 7, 8}, 9};
	size_t nothing = 0;
	assert_true(guest_options(&o, sizeof o, &older));
	assert_int_equal(o.one, 7);
	assert_int_equal(o.two, 2);
	assert_false(guest_options(&o, sizeof o, &newer));
	assert_false(guest_options(&o, sizeof o, &nothing));
	assert_false(guest_options(&o, sizeof o, NULL));
	assert_int_equal(o.one, 7);
}

static void a_url_loses_the_slashes_at_its_end(void **state)
{
	(void)state;
	char *url = guest_url("https://host/base//");
	assert_string_equal(url, "https://host/base");
	freshet_mem_free(url);
	assert_null(guest_url(NULL));
}

static void the_environment_counts_where_nothing_is_given(void **state)
{
	(void)state;
	setenv("FRESHET_TEST_VALUE", "from outside", 1);
	assert_string_equal(guest_or_environment(NULL, "FRESHET_TEST_VALUE"), "from outside");
	assert_string_equal(guest_or_environment("given", "FRESHET_TEST_VALUE"), "given");
	assert_null(guest_or_environment("", "FRESHET_TEST_VALUE"));
	unsetenv("FRESHET_TEST_VALUE");
	assert_null(guest_or_environment(NULL, "FRESHET_TEST_VALUE"));
}

static void a_large_scratch_is_given_back(void **state)
{
	(void)state;
	struct guest_scratch scratch = {{0}, 0};
	static char json[600 * 1024];
	freshet_json_value value;
	freshet_str decoded;
	memset(json, 'a', sizeof json - 1);
	memcpy(json, "\"\\n", 3);
	json[sizeof json - 2] = '"';
	failmem_arm(0);
	size_t before = failmem_live();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(freshet_json_read(freshet_str_of(json), &value, NULL), FRESHET_OK);
		freshet_json_scratch *s = guest_scratch_begin(&scratch, sizeof json);
		assert_int_equal(freshet_json_string(&value, s, &decoded), FRESHET_OK);
		assert_int_equal(failmem_live(), before + 1);
	}
	guest_scratch_begin(&scratch, 10);
	assert_int_equal(failmem_live(), before);
	guest_scratch_clear(&scratch);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_and_stays_terminated),
		cmocka_unit_test(all_but_unreserved_characters_are_encoded),
		cmocka_unit_test(an_error_sticks_until_the_reset),
		cmocka_unit_test(without_memory_it_stays_as_it_was),
		cmocka_unit_test(nothing_of_a_secret_is_left_in_memory),
		cmocka_unit_test(options_of_older_callers_keep_the_defaults),
		cmocka_unit_test(a_url_loses_the_slashes_at_its_end),
		cmocka_unit_test(the_environment_counts_where_nothing_is_given),
		cmocka_unit_test(a_large_scratch_is_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
