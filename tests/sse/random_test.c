/*
 * The parser against the reference parser on random streams from an alphabet of everything that has a meaning, under
 * random limits, with random cuts. The seed is fixed; FRESHET_SEED and FRESHET_ROUNDS ask for others.
 */
#include "support/sse_reference.h"
#include "support/sse_run.h"
#include "support/test.h"

#include "base/cpu.h"

#define STREAM_MAX 600

static uint64_t seed;

static size_t random_below(size_t bound)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)((seed * 0x9e3779b97f4a7c15ULL) >> 33) % bound;
}

struct token {
	const char *bytes;
	size_t len;
};

#define TOKEN(literal)                                                                                                 \
	{                                                                                                              \
		literal, sizeof literal - 1                                                                            \
	}

static const struct token tokens[] = {TOKEN("\n"), TOKEN("\r"), TOKEN("\r\n"), TOKEN("\n\n"), TOKEN("\r\r"),
	TOKEN("\r\n\r\n"), TOKEN(":"), TOKEN(" "), TOKEN("\0"), TOKEN("\xef\xbb\xbf"), TOKEN("\xef"), TOKEN("\xbb"),
	TOKEN("\xbf"), TOKEN("\x80"), TOKEN("\xc3"), TOKEN("\xa9"), TOKEN("\xc3\xa9"), TOKEN("\xe2\x82\xac"),
	TOKEN("\xe2\x82"), TOKEN("\xf0\x9f\x9a\x80"), TOKEN("\xf0\x9f\x9a"), TOKEN("\xf4\x90"), TOKEN("\xed\xa0\x80"),
	TOKEN("\xff"), TOKEN("\xc0\x80"), TOKEN("data"), TOKEN("data:"), TOKEN("data: "), TOKEN("data"),
	TOKEN("data: "), TOKEN("id"), TOKEN("id:"), TOKEN("id: "), TOKEN("event"), TOKEN("event:"), TOKEN("event: "),
	TOKEN("retry: "), TOKEN("retry:"), TOKEN("0"), TOKEN("7"), TOKEN("18446744073709551615"), TOKEN("x"),
	TOKEN("dat"), TOKEN("comment"), TOKEN("\ndata: "), TOKEN("\n\ndata: "),
	TOKEN("0123456789abcdefghijklmnopqrstuvwxyz0123456789")};

static size_t random_stream(uint8_t *out, size_t most)
{
	size_t len = 0;
	size_t count = random_below(40);
	for (size_t i = 0; i < count; i++) {
		const struct token *t = &tokens[random_below(sizeof tokens / sizeof tokens[0])];
		if (len + t->len > most)
			break;
		memcpy(out + len, t->bytes, t->len);
		len += t->len;
	}
	return len;
}

static size_t random_limit(void)
{
	switch (random_below(3)) {
	case 0: return 1 + random_below(8);
	case 1: return 1 + random_below(100);
	default: return 1000;
	}
}

static void random_limits(freshet_sse_options *options)
{
	freshet_sse_options_init(options);
	if (random_below(2) == 0)
		return;
	options->max_line = random_limit();
	options->max_event = random_limit();
	options->max_id = random_limit();
	options->parts = random_below(3) == 0;
}

static size_t random_cuts(size_t *cuts, size_t most, size_t len)
{
	size_t count = 0, at = 0;
	size_t stride = 1 + random_below(len + 1);
	while (count < most && (at += random_below(stride + 1)) <= len)
		cuts[count++] = at;
	return count;
}

static void must_agree(const char *how, uint64_t round_seed, const struct sse_trace *want, const struct sse_trace *got)
{
	if (strcmp(want->text, got->text) != 0)
		fail_msg("seed %" PRIu64 ", %s\n--- reference\n%s--- parser\n%s", round_seed, how, want->text,
			got->text);
}

static void one_round(void)
{
	uint64_t round_seed = seed;
	uint8_t stream[STREAM_MAX];
	size_t cuts[STREAM_MAX];
	freshet_sse_options options;
	struct sse_limits limits;
	struct sse_trace want = {0}, whole = {0}, cut = {0}, bytewise = {0};
	cpu_force((enum cpu_vector)random_below(CPU_VECTORS));
	size_t len = random_stream(stream, sizeof stream);
	random_limits(&options);
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	bool over = sse_reference(&options, stream, len, &want);
	size_t parts = sse_run_cut(&limits, stream, len, NULL, 0, &whole);
	must_agree("whole", round_seed, &want, &whole);
	parts += sse_run_cut(&limits, stream, len, cuts, random_cuts(cuts, STREAM_MAX, len), &cut);
	must_agree("cut", round_seed, &want, &cut);
	sse_run_bytewise(&limits, stream, len, &bytewise);
	must_agree("bytewise", round_seed, &want, &bytewise);
	assert_true(over || parts == 0);
	sse_trace_free(&want);
	sse_trace_free(&whole);
	sse_trace_free(&cut);
	sse_trace_free(&bytewise);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void random_streams_agree_with_the_reference(void **state)
{
	(void)state;
	uint64_t rounds = number_from("FRESHET_ROUNDS", 40000);
	seed = number_from("FRESHET_SEED", 91);
	for (uint64_t i = 0; i < rounds; i++)
		one_round();
	cpu_force(CPU_VECTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams_agree_with_the_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
