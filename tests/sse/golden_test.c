/*
 * Every rule of the standard as a small stream, tests/data/sse/<case>.in, with what must come out, <case>.trace: whole,
 * at every cut, at every pair of cuts, byte by byte, at the edge of readable memory, and by each kind of vectors.
 */
#include "support/guard.h"
#include "support/sse_reference.h"
#include "support/sse_run.h"
#include "support/test.h"

#include "base/cpu.h"

#include <dirent.h>

#define CASES_MAX 200

/* Longer streams are not cut at every pair. */
#define PAIRS_MAX 200

struct golden_case {
	char name[64];
	uint8_t *bytes;
	size_t len;
	char *trace;
};

static struct golden_case cases[CASES_MAX];
static size_t case_count;
static struct sse_limits limits;

static uint8_t *read_file(const char *name, const char *suffix, size_t *len)
{
	char path[512];
	snprintf(path, sizeof path, "%s/sse/%s%s", FRESHET_TEST_DATA, name, suffix);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: cannot be opened", path);
	uint8_t *bytes = malloc(1 << 16);
	assert_non_null(bytes);
	*len = fread(bytes, 1, (1 << 16) - 1, f);
	bytes[*len] = '\0';
	fclose(f);
	return bytes;
}

static int load_cases(void **state)
{
	(void)state;
	DIR *dir = opendir(FRESHET_TEST_DATA "/sse");
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		size_t trace_len, len = strlen(entry->d_name);
		if (len < 4 || strcmp(entry->d_name + len - 3, ".in") != 0)
			continue;
		assert_true(case_count < CASES_MAX);
		struct golden_case *c = &cases[case_count++];
		snprintf(c->name, sizeof c->name, "%.*s", (int)len - 3, entry->d_name);
		c->bytes = read_file(c->name, ".in", &c->len);
		c->trace = (char *)read_file(c->name, ".trace", &trace_len);
	}
	closedir(dir);
	assert_true(case_count > 0);
	return sse_limits_init(&limits, NULL);
}

static int drop_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < case_count; i++) {
		free(cases[i].bytes);
		free(cases[i].trace);
	}
	return 0;
}

static void must_be(const struct golden_case *c, const char *how, size_t a, size_t b, struct sse_trace *got)
{
	if (strcmp(c->trace, got->text) != 0)
		fail_msg("%s, vectors %d, %s %zu %zu\n--- want\n%s--- got\n%s", c->name, (int)cpu_vector(), how, a, b,
			c->trace, got->text);
	got->len = 0;
}

typedef void case_fn(const struct golden_case *c);

static void each_case(case_fn *run)
{
	for (int vector = 0; vector < CPU_VECTORS; vector++)
		for (size_t i = 0; cpu_force((enum cpu_vector)vector) && i < case_count; i++)
			run(&cases[i]);
	cpu_force(CPU_VECTORS);
}

static void read_by_the_reference(const struct golden_case *c)
{
	freshet_sse_options options;
	struct sse_trace got = {0};
	freshet_sse_options_init(&options);
	sse_reference(&options, c->bytes, c->len, &got);
	must_be(c, "reference", 0, 0, &got);
	sse_trace_free(&got);
}

static void read_at_every_cut(const struct golden_case *c)
{
	struct sse_trace got = {0};
	sse_run_cut(&limits, c->bytes, c->len, NULL, 0, &got);
	must_be(c, "whole", 0, 0, &got);
	for (size_t a = 0; a <= c->len; a++) {
		sse_run_cut(&limits, c->bytes, c->len, &a, 1, &got);
		must_be(c, "cut", a, a, &got);
	}
	sse_trace_free(&got);
}

static void read_at_every_pair_of_cuts(const struct golden_case *c)
{
	struct sse_trace got = {0};
	for (size_t a = 0; a <= c->len && c->len <= PAIRS_MAX; a++)
		for (size_t b = a; b <= c->len; b++) {
			sse_run_cut(&limits, c->bytes, c->len, (size_t[]){a, b}, 2, &got);
			must_be(c, "cuts", a, b, &got);
		}
	sse_trace_free(&got);
}

static void read_bytewise(const struct golden_case *c)
{
	struct sse_trace got = {0};
	sse_run_bytewise(&limits, c->bytes, c->len, &got);
	must_be(c, "bytewise", 0, 0, &got);
	sse_trace_free(&got);
}

static void feed_there(struct sse_run *r, const uint8_t *bytes, size_t len)
{
	assert_int_equal(sse_feed(&r->parser, bytes, len), FRESHET_OK);
	sse_run_drain(r);
}

/* One piece, as it lies. */
static void read_there(const struct golden_case *c, const uint8_t *bytes, size_t len, size_t shift)
{
	struct sse_run r;
	struct sse_trace got = {0};
	sse_run_begin(&r, &limits, &got);
	feed_there(&r, bytes, len);
	sse_run_end(&r);
	must_be(c, "edge", shift, len, &got);
	sse_trace_free(&got);
}

/* Two pieces, one after the other at the same edge. */
static void read_cut_at_the_edge(const struct golden_case *c, struct guard *guard, size_t cut)
{
	struct sse_run r;
	struct sse_trace got = {0};
	sse_run_begin(&r, &limits, &got);
	feed_there(&r, guard_at_end(guard, c->bytes, cut), cut);
	feed_there(&r, guard_at_end(guard, c->bytes + cut, c->len - cut), c->len - cut);
	sse_run_end(&r);
	must_be(c, "edge and cut", cut, 0, &got);
	sse_trace_free(&got);
}

/* A comment of `shift` bytes goes before the stream, so that it lies at every place within the blocks of a vector. */
static void read_at_the_edge(const struct golden_case *c)
{
	struct guard guard;
	uint8_t shifted[4096];
	size_t bom = c->len >= 3 && memcmp(c->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	assert_true(c->len + 160 < sizeof shifted);
	guard_make(&guard, sizeof shifted);
	for (size_t cut = 0; cut <= c->len; cut++)
		read_cut_at_the_edge(c, &guard, cut);
	for (size_t shift = 0; shift <= 130; shift++) {
		size_t comment = shift < 2 ? 0 : shift;
		memcpy(shifted, c->bytes, bom);
		memset(shifted + bom, ':', comment);
		if (comment > 0)
			shifted[bom + comment - 1] = '\n';
		memcpy(shifted + bom + comment, c->bytes + bom, c->len - bom);
		if (bom == 0 && c->len > 0 && c->bytes[0] == 0xef && comment > 0)
			continue; /* a stream that begins with half a BOM means something else behind a comment */
		read_there(c, guard_at_end(&guard, shifted, c->len + comment), c->len + comment, shift);
		read_there(c, guard_at_start(&guard, shifted, c->len + comment), c->len + comment, shift);
	}
	guard_clear(&guard);
}

#define CASE_TEST(name)                                                                                                \
	static void name##_test(void **state)                                                                          \
	{                                                                                                              \
		(void)state;                                                                                           \
		each_case(name);                                                                                       \
	}

CASE_TEST(read_by_the_reference)
CASE_TEST(read_at_every_cut)
CASE_TEST(read_at_every_pair_of_cuts)
CASE_TEST(read_bytewise)
CASE_TEST(read_at_the_edge)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_by_the_reference_test),
		cmocka_unit_test(read_at_every_cut_test),
		cmocka_unit_test(read_at_every_pair_of_cuts_test),
		cmocka_unit_test(read_bytewise_test),
		cmocka_unit_test(read_at_the_edge_test),
	};
	return cmocka_run_group_tests(tests, load_cases, drop_cases);
}
