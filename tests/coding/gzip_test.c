/*
 * gzip as it comes: at every cut, damaged at every bit, ended at every byte, larger than it looks, and without memory.
 * What is decoded was made by zlib's other half, and by hand.
 */
#include "support/failmem.h"
#include "support/gzip.h"
#include "support/pattern.h"
#include "support/test.h"

#include "coding/gzip.h"

/* All at once, or with a cut before `cut`. Each piece is a block of its own size. */
static freshet_err unpack(const uint8_t *bytes, size_t len, size_t cut, size_t most, struct bytes *out, bool *complete)
{
	struct gunzip *g;
	const size_t ends[] = {cut, len};
	size_t at = 0;
	assert_int_equal(gunzip_new(&g), FRESHET_OK);
	freshet_err err = FRESHET_OK;
	for (size_t i = 0; i < 2 && err == FRESHET_OK; i++) {
		size_t part = ends[i] - at;
		uint8_t *piece = malloc(part > 0 ? part : 1);
		assert_non_null(piece);
		memcpy(piece, bytes + at, part);
		err = gunzip_feed(g, piece, part, out, most);
		assert_true(out->len <= most);
		free(piece);
		at = ends[i];
	}
	*complete = gunzip_complete(g);
	gunzip_free(g);
	return err;
}

static const char text[] = "{\"agents\": [{\"id\": 1, \"name\": \"one\"}, {\"id\": 2, \"name\": \"one and one\"}]}";

static void the_same_at_every_cut(void **state)
{
	(void)state;
	gz_header head = {
		.name = (Bytef *)(uintptr_t) "a name", .comment = (Bytef *)(uintptr_t) "a comment", .hcrc = 1};
	for (int named = 0; named < 2; named++) {
		struct gzip_packed p = gzip_pack(text, sizeof text, named == 1 ? &head : NULL);
		for (size_t cut = 0; cut <= p.len; cut++) {
			struct bytes out = {0};
			bool complete;
			assert_int_equal(unpack(p.bytes, p.len, cut, sizeof text, &out, &complete), FRESHET_OK);
			assert_true(complete);
			assert_int_equal(out.len, sizeof text);
			assert_memory_equal(out.data, text, sizeof text);
			bytes_clear(&out);
		}
		free(p.bytes);
	}
}

static void members_follow_one_another(void **state)
{
	(void)state;
	struct gzip_packed one = gzip_pack("one", 3, NULL), none = gzip_pack("", 0, NULL),
			   two = gzip_pack("two", 3, NULL);
	uint8_t all[256];
	size_t len = 0;
	const struct gzip_packed *parts[] = {&one, &none, &two};
	for (size_t i = 0; i < 3; i++) {
		memcpy(all + len, parts[i]->bytes, parts[i]->len);
		len += parts[i]->len;
	}
	for (size_t cut = 0; cut <= len; cut++) {
		struct bytes out = {0};
		bool complete;
		assert_int_equal(unpack(all, len, cut, 6, &out, &complete), FRESHET_OK);
		assert_true(complete);
		assert_memory_equal(out.data, "onetwo", 6);
		bytes_clear(&out);
	}
	for (size_t i = 0; i < 3; i++)
		free(parts[i]->bytes);
}

static void what_ends_early_is_not_complete(void **state)
{
	(void)state;
	struct gzip_packed p = gzip_pack(text, sizeof text, NULL);
	for (size_t len = 0; len < p.len; len++) {
		struct bytes out = {0};
		bool complete;
		assert_int_equal(unpack(p.bytes, len, len / 2, sizeof text, &out, &complete), FRESHET_OK);
		assert_false(complete);
		bytes_clear(&out);
	}
	free(p.bytes);
}

/* Bits that say nothing about the text: the time, the level and the system; what fills up its last byte may. */
static bool means_nothing(const struct gzip_packed *p, size_t byte, unsigned bit)
{
	return (byte >= 4 && byte <= 9) || (byte == 3 && bit == 0) || byte == p->len - 9;
}

static void damage_is_noticed(void **state)
{
	(void)state;
	struct gzip_packed p = gzip_pack(text, sizeof text, NULL);
	for (size_t i = 0; i < p.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct bytes out = {0};
			bool complete = false, harmless = means_nothing(&p, i, bit);
			p.bytes[i] ^= (uint8_t)(1u << bit);
			freshet_err err = unpack(p.bytes, p.len, i, sizeof text * 1200, &out, &complete);
			bool good = err == FRESHET_OK && complete;
			assert_true(!good || harmless);
			assert_true(!good || (out.len == sizeof text && memcmp(out.data, text, sizeof text) == 0));
			assert_true(good || !harmless || i == p.len - 9);
			if (!good && err != FRESHET_OK)
				assert_int_equal(err, FRESHET_EHTTP_CODING);
			p.bytes[i] ^= (uint8_t)(1u << bit);
			bytes_clear(&out);
		}
	free(p.bytes);
}

static void what_is_no_gzip_is_refused(void **state)
{
	(void)state;
	static const char *const others[] = {
		"plain text", "x\x9c\x03", "\x1f\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00", "{}"};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct bytes out = {0};
		bool complete;
		size_t len = i == 2 ? 11 : strlen(others[i]);
		freshet_err err = unpack((const uint8_t *)others[i], len, 1, 100, &out, &complete);
		assert_int_equal(err, FRESHET_EHTTP_CODING);
		assert_int_equal(out.len, 0);
		bytes_clear(&out);
	}
}

static void nothing_may_follow_that_is_no_member(void **state)
{
	(void)state;
	struct gzip_packed p = gzip_pack("text", 4, NULL);
	uint8_t more[100] = {0};
	memcpy(more, p.bytes, p.len);
	for (size_t cut = 0; cut < p.len + 4; cut++) {
		struct bytes out = {0};
		bool complete;
		assert_int_equal(unpack(more, p.len + 4, cut, 100, &out, &complete), FRESHET_EHTTP_CODING);
		bytes_clear(&out);
	}
	free(p.bytes);
}

/* A megabyte of zeros in a thousand bytes: no more than the bound is ever made of it. */
static void bombs_end_at_the_bound(void **state)
{
	(void)state;
	const size_t len = (size_t)8 * 1024 * 1024;
	uint8_t *zeros = calloc(1, len);
	assert_non_null(zeros);
	struct gzip_packed p = gzip_pack(zeros, len, NULL);
	assert_true(p.len < 10000);
	static const size_t bounds[] = {0, 1, 1000, 16383, 16384, 16385, 1000000};
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		struct bytes out = {0};
		bool complete;
		failmem_arm(0);
		assert_int_equal(unpack(p.bytes, p.len, 20, bounds[i], &out, &complete), FRESHET_EHTTP_BODY);
		/* zlib has its window; the text its doubling. */
		assert_true(failmem_largest() <= (bounds[i] > 20000 ? 2 * bounds[i] : 40000));
		bytes_clear(&out);
	}
	struct bytes out = {0};
	bool complete;
	assert_int_equal(unpack(p.bytes, p.len, 20, len, &out, &complete), FRESHET_OK);
	assert_true(complete);
	assert_int_equal(out.len, len);
	bytes_clear(&out);
	assert_int_equal(unpack(p.bytes, p.len, 20, len - 1, &out, &complete), FRESHET_EHTTP_BODY);
	bytes_clear(&out);
	free(p.bytes);
	free(zeros);
	failmem_off();
}

static void out_of_memory_is_told(void **state)
{
	(void)state;
	enum { LEN = 100000 };
	uint8_t *pattern = malloc(LEN);
	assert_non_null(pattern);
	pattern_fill(pattern, LEN, 0);
	struct gzip_packed p = gzip_pack(pattern, LEN, NULL);
	size_t n = 1;
	for (bool fired = true; fired; n++) {
		struct gunzip *g;
		struct bytes out = {0};
		failmem_arm(n);
		freshet_err err = gunzip_new(&g);
		if (err == FRESHET_OK)
			err = gunzip_feed(g, p.bytes, p.len, &out, LEN);
		fired = failmem_fired();
		assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
		assert_true(fired || memcmp(out.data, pattern, LEN) == 0);
		gunzip_free(g);
		bytes_clear(&out);
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
	assert_true(n > 4);
	free(p.bytes);
	free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_at_every_cut),
		cmocka_unit_test(members_follow_one_another),
		cmocka_unit_test(what_ends_early_is_not_complete),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(what_is_no_gzip_is_refused),
		cmocka_unit_test(nothing_may_follow_that_is_no_member),
		cmocka_unit_test(bombs_end_at_the_bound),
		cmocka_unit_test(out_of_memory_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
