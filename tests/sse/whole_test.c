/*
 * Events that are long enough for every way of searching them: one byte that means something at each place of a long
 * event, against the reference parser, by each kind of vectors.
 */
#include "support/sse_reference.h"
#include "support/sse_run.h"
#include "support/test.h"

#include "base/cpu.h"

#define LONG 1100

static struct sse_limits limits;
static freshet_sse_options options;

static int use_defaults(void **state)
{
	(void)state;
	freshet_sse_options_init(&options);
	return sse_limits_init(&limits, &options);
}

static void must_agree(const uint8_t *stream, size_t len, size_t at, unsigned byte)
{
	struct sse_trace want = {0}, got = {0};
	sse_reference(&options, stream, len, &want);
	for (int vector = 0; vector < CPU_VECTORS; vector++) {
		const size_t cut = at / 2;
		if (!cpu_force((enum cpu_vector)vector))
			continue;
		got.len = 0;
		sse_run_cut(&limits, stream, len, NULL, 0, &got);
		sse_run_cut(&limits, stream, len, &cut, 1, &got);
		if (strncmp(got.text, want.text, want.len) != 0 || strcmp(got.text + want.len, want.text) != 0)
			fail_msg("%02x at %zu, vectors %d\n--- want\n%s--- got\n%s", byte, at, vector, want.text,
				got.text);
	}
	cpu_force(CPU_VECTORS);
	sse_trace_free(&want);
	sse_trace_free(&got);
}

/* An event with a long line, another event, and `bytes` somewhere in them. */
static void one_place_after_the_other(const char *bytes, size_t len)
{
	uint8_t stream[LONG];
	for (size_t at = 0; at + len <= LONG; at++) {
		memset(stream, 'x', LONG);
		memcpy(stream, "id: 1\ndata: ", 12);
		memcpy(stream + LONG - 70, "\n\nid: 2\ndata: ", 14);
		memcpy(stream + LONG - 2, "\n\n", 2);
		memcpy(stream + at, bytes, len);
		must_agree(stream, LONG, at, (unsigned char)bytes[0]);
	}
}

static void a_line_end_at_each_place(void **state)
{
	(void)state;
	one_place_after_the_other("\n", 1);
	one_place_after_the_other("\r", 1);
	one_place_after_the_other("\r\n", 2);
	one_place_after_the_other("\n\n", 2);
}

static void a_byte_that_is_not_utf8_at_each_place(void **state)
{
	(void)state;
	one_place_after_the_other("\xff", 1);
	one_place_after_the_other("\xe2\x82", 2);
}

static void a_character_at_each_place(void **state)
{
	(void)state;
	one_place_after_the_other("\xf0\x9f\x9a\x80", 4);
	one_place_after_the_other("\0", 1);
	one_place_after_the_other("\t", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_end_at_each_place),
		cmocka_unit_test(a_byte_that_is_not_utf8_at_each_place),
		cmocka_unit_test(a_character_at_each_place),
	};
	return cmocka_run_group_tests(tests, use_defaults, NULL);
}
