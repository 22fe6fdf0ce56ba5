/*
 * Every kind of vectors against plain C: the masks of random blocks, the last bytes of short and long texts, runs of plain
 * characters at every place before an unreadable page. And the walks that stand on them: each kind says of any text what
 * the careful walk says.
 */
#include "json/cases.h"
#include "support/guard.h"
#include "support/test.h"

#include "base/cpu.h"
#include "base/random.h"
#include "json/scan.h"

#include <freshet/json.h>

#define ROUNDS   4000
#define TEXT_MAX 400

static struct random random_state;

static size_t below(size_t bound)
{
	return (size_t)(random_next(&random_state) % bound);
}

/* Bytes of which many mean something. */
static void fill(char *bytes, size_t len)
{
	static const char special[] = "\"\\\"\\\\u0aAfFgG/bnrt\x1f\x20\x00\x7f\x80\xff:,";
	for (size_t i = 0; i < len; i++)
		bytes[i] = below(3) == 0 ? special[below(sizeof special - 1)] : (char)below(256);
}

/* Both give the same masks for a block, whole and as the last bytes of a text of any length. */
#define DEFINE_COMPARE(kind)                                                                                           \
	SCAN_TARGET_##kind static void compare_block_##kind(const char *block)                                         \
	{                                                                                                              \
		struct scan_bytes_##kind ours = scan_load_##kind(block);                                               \
		struct scan_bytes_scalar plain = scan_load_scalar(block);                                              \
		struct scan_block found = scan_block_##kind(ours);                                                     \
		struct scan_block want = scan_block_scalar(plain);                                                     \
		assert_int_equal(found.quotes, want.quotes);                                                           \
		assert_int_equal(found.backslashes, want.backslashes);                                                 \
		assert_int_equal(found.controls, want.controls);                                                       \
		assert_int_equal(found.high != 0, want.high != 0);                                                     \
		struct scan_escapes may = scan_escapes_##kind(ours);                                                   \
		struct scan_escapes want_may = scan_escapes_scalar(plain);                                             \
		assert_int_equal(may.escapable, want_may.escapable);                                                   \
		assert_int_equal(may.units, want_may.units);                                                           \
		assert_int_equal(scan_hex_##kind(ours), scan_hex_scalar(plain));                                       \
	}                                                                                                              \
	SCAN_TARGET_##kind static void compare_last_##kind(freshet_str text)                                           \
	{                                                                                                              \
		for (size_t left = 1; left < SCAN_BLOCK && left <= text.len; left++) {                                 \
			unsigned shift;                                                                                \
			char block[SCAN_BLOCK];                                                                        \
			memset(block, ' ', sizeof block);                                                              \
			memcpy(block, text.ptr + text.len - left, left);                                               \
			struct scan_block found = scan_block_##kind(scan_load_last_##kind(text, left, &shift));        \
			struct scan_block want = scan_block_scalar(scan_load_scalar(block));                           \
			assert_int_equal(found.quotes >> shift, want.quotes);                                          \
			assert_int_equal(found.backslashes >> shift, want.backslashes);                                \
			assert_int_equal(found.controls >> shift, want.controls);                                      \
			assert_true(found.high != 0 || want.high == 0);                                                \
		}                                                                                                      \
	}

#ifdef SCAN_HAVE_base
DEFINE_COMPARE(base)
#endif
#ifdef SCAN_HAVE_avx2
DEFINE_COMPARE(avx2)
#endif
#ifdef SCAN_HAVE_avx512
DEFINE_COMPARE(avx512)
#endif

static void compare_block(enum cpu_vector kind, const char *block, freshet_str text)
{
	switch (kind) {
#ifdef SCAN_HAVE_base
	case CPU_BASE:
		compare_block_base(block);
		compare_last_base(text);
		break;
#endif
#ifdef SCAN_HAVE_avx2
	case CPU_AVX2:
		compare_block_avx2(block);
		compare_last_avx2(text);
		break;
#endif
#ifdef SCAN_HAVE_avx512
	case CPU_AVX512:
		compare_block_avx512(block);
		compare_last_avx512(text);
		break;
#endif
	default: break;
	}
}

static void masks_are_those_of_plain_c(void **state)
{
	(void)state;
	struct guard guard;
	char bytes[3 * SCAN_BLOCK];
	random_init(&random_state, 7);
	guard_make(&guard, sizeof bytes);
	for (int kind = 0; kind < CPU_VECTORS; kind++) {
		if (!cpu_force((enum cpu_vector)kind))
			continue;
		for (int round = 0; round < ROUNDS / 4; round++) {
			size_t len = 1 + below(sizeof bytes);
			fill(bytes, sizeof bytes);
			const uint8_t *text = guard_at_end(&guard, (const uint8_t *)bytes, len);
			compare_block((enum cpu_vector)kind, bytes, (freshet_str){(const char *)text, len});
		}
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&guard);
}

static void runs_end_where_they_do_in_plain_c(void **state)
{
	(void)state;
	static const char stops[] = "\"\\\n\x1f";
	struct guard guard;
	char bytes[300];
	random_init(&random_state, 8);
	guard_make(&guard, sizeof bytes);
	for (int kind = 0; kind < CPU_VECTORS; kind++) {
		if (!cpu_force((enum cpu_vector)kind))
			continue;
		for (size_t len = 0; len <= sizeof bytes; len++) {
			size_t stop = below(len + 1);
			size_t high = below(len + 1);
			memset(bytes, 'a', sizeof bytes);
			if (high < len)
				bytes[high] = (char)0xc3;
			if (stop < len)
				bytes[stop] = stops[below(sizeof stops - 1)];
			const char *text = (const char *)guard_at_end(&guard, (const uint8_t *)bytes, len);
			struct scan_run run = scan_plain(text, text + len);
			assert_int_equal(run.stop - text, stop);
			if (high < stop)
				assert_true(run.high);
		}
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&guard);
}

FRESHET_JSON_PLAN(plan, "", "a", "b", "b.a", "b[1]", "[0]", "[\"\\u0063\"]", "longer than eight", "b.a.b");
#define PATHS 9

struct verdict {
	freshet_err err;
	size_t position;
	freshet_json_value values[PATHS];
};

static struct verdict pick(enum cpu_vector kind, freshet_str text)
{
	struct verdict v;
	memset(&v, 0, sizeof v);
	cpu_force(kind);
	v.err = freshet_json_pick(&plan, text, v.values, &v.position);
	return v;
}

static bool same(const struct verdict *a, const struct verdict *b)
{
	bool equal = a->err == b->err && a->position == b->position;
	for (size_t i = 0; i < PATHS; i++)
		equal &= a->values[i].type == b->values[i].type && a->values[i].flags == b->values[i].flags &&
			 a->values[i].raw.ptr == b->values[i].raw.ptr && a->values[i].raw.len == b->values[i].raw.len;
	return equal;
}

static void compare_kinds(struct guard *guard, const char *bytes, size_t len)
{
	freshet_str text = {(const char *)guard_at_end(guard, (const uint8_t *)bytes, len), len};
	struct verdict want = pick(CPU_SCALAR, text);
	for (int kind = CPU_BASE; kind < CPU_VECTORS; kind++) {
		if (!cpu_force((enum cpu_vector)kind))
			continue;
		struct verdict got = pick((enum cpu_vector)kind, text);
		if (!same(&want, &got))
			fail_msg("kind %d: %s at %zu, not %s at %zu: %.*s", kind, freshet_err_name(got.err),
				got.position, freshet_err_name(want.err), want.position, (int)len, bytes);
	}
	cpu_force(CPU_VECTORS);
}

/* Appends to a text; what does not fit is left out. */
static void add(char *text, size_t *len, const char *piece)
{
	size_t more = strlen(piece);
	if (*len + more <= TEXT_MAX) {
		memcpy(text + *len, piece, more);
		*len += more;
	}
}

static void add_value(char *text, size_t *len, int depth)
{
	static const char *const scalars[] = {"1", "0", "-12.5e3", "true", "null", "\"\"", "\"\\\\\"",
		"\"\\u00e9\\\"\"", "\"caf\xc3\xa9 \\n and text that fills a block and more of it, to the end\"",
		"123456789", "\"x\""};
	static const char *const names[] = {"\"a\":", "\"b\" : ", "\"c\":", "\"\\u0061\": ", "\"longer than eight\":",
		"\"longer than nine\":", "\"\":"};
	static const char *const blanks[] = {"", "", " ", "\n\t", "        "};
	size_t kind = below(depth > 0 ? 5 : 2);
	if (kind < 2) {
		add(text, len, scalars[below(sizeof scalars / sizeof scalars[0])]);
		return;
	}
	add(text, len, kind == 2 ? "[" : "{");
	for (size_t n = below(5), i = 0; i < n; i++) {
		add(text, len, i > 0 ? "," : "");
		add(text, len, blanks[below(5)]);
		if (kind != 2)
			add(text, len, names[below(sizeof names / sizeof names[0])]);
		add_value(text, len, depth - 1);
		add(text, len, blanks[below(5)]);
	}
	add(text, len, kind == 2 ? "]" : "}");
}

static void every_kind_says_what_the_careful_walk_says(void **state)
{
	(void)state;
	static const char damage[] = "\"\\{}[]:,0u \n\xff\xc3\x01";
	struct guard guard;
	char text[TEXT_MAX];
	size_t good = 0;
	random_init(&random_state, 9);
	guard_make(&guard, TEXT_MAX);
	for (size_t i = 0; i < JSON_CASES; i++)
		compare_kinds(&guard, json_cases[i].text, json_cases[i].len);
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = 0;
		add_value(text, &len, 4);
		for (size_t changes = below(3); changes > 0 && len > 0; changes--)
			text[below(len)] = damage[below(sizeof damage - 1)];
		compare_kinds(&guard, text, len);
		good += pick(CPU_SCALAR, (freshet_str){text, len}).err == FRESHET_OK;
	}
	cpu_force(CPU_VECTORS);
	/* The comparison is worth something only while both sorts are met. */
	assert_in_range(good, ROUNDS / 10, ROUNDS * 9 / 10);
	guard_clear(&guard);
}

/* Every pair of backslashes, quotes and other bytes around the edge of a block. */
static void escapes_at_the_edges_of_blocks(void **state)
{
	(void)state;
	static const char bytes[] = "\\\"ux0";
	struct guard guard;
	char text[160];
	guard_make(&guard, sizeof text);
	for (size_t edge = 58; edge <= 64; edge++)
		for (int code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
			memset(text, 'a', sizeof text);
			memcpy(text, "{\"a\":\"", 6);
			for (int i = 0, rest = code; i < 5; i++, rest /= 5)
				text[edge + (size_t)i] = bytes[rest % 5];
			memcpy(text + sizeof text - 2, "\"}", 2);
			compare_kinds(&guard, text, sizeof text);
		}
	guard_clear(&guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_are_those_of_plain_c),
		cmocka_unit_test(runs_end_where_they_do_in_plain_c),
		cmocka_unit_test(every_kind_says_what_the_careful_walk_says),
		cmocka_unit_test(escapes_at_the_edges_of_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
