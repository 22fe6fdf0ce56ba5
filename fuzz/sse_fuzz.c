/*
 * Event streams: one feed must give the same events as many feeds, byte by byte feeds and the reference parser, with
 * the same failure at the same byte, under limits of any size, by each kind of vectors.
 *
 * The first four bytes choose: the limits (three), and the vectors, the parts and the cuts. The rest is the stream.
 */
#include "../tests/support/sse_reference.h"
#include "../tests/support/sse_run.h"

#include "base/cpu.h"

#define CHOICES  4
#define CUTS_MAX 512
#define NO_LIMIT 65535

/* 0 is no limit, so that streams are read; small numbers are small limits. */
static size_t limit_from(uint8_t byte)
{
	return byte == 0 ? NO_LIMIT : byte;
}

/* Places at distances that the choice and the stream's own bytes make up. */
static size_t cuts_from(uint8_t choice, const uint8_t *stream, size_t len, size_t *cuts)
{
	size_t count = 0;
	for (size_t at = choice; at < len && count < CUTS_MAX; at += (stream[at] ^ choice) & 0x3f)
		cuts[count++] = at;
	return count;
}

static void must_agree(const char *how, const struct sse_trace *want, const struct sse_trace *got)
{
	if (strcmp(want->text, got->text) == 0)
		return;
	fprintf(stderr, "%s\n--- want\n%s--- got\n%s", how, want->text, got->text);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < CHOICES)
		return 0;
	const uint8_t *stream = data + CHOICES;
	size_t len = size - CHOICES;
	size_t cuts[CUTS_MAX];
	struct sse_limits limits;
	struct sse_trace want = {0}, whole = {0}, cut = {0}, bytewise = {0};
	freshet_sse_options options;
	freshet_sse_options_init(&options);
	options.max_line = limit_from(data[0]);
	options.max_event = limit_from(data[1]);
	options.max_id = limit_from(data[2]);
	options.parts = data[3] & 1;
	cpu_force((enum cpu_vector)(data[3] >> 1 & 3));
	SSE_RUN_CHECK(sse_limits_init(&limits, &options) == FRESHET_OK);
	bool over = sse_reference(&options, stream, len, &want);
	size_t parts = sse_run_cut(&limits, stream, len, NULL, 0, &whole);
	must_agree("whole", &want, &whole);
	parts += sse_run_cut(&limits, stream, len, cuts, cuts_from(data[3], stream, len, cuts), &cut);
	must_agree("cut", &want, &cut);
	sse_run_bytewise(&limits, stream, len, &bytewise);
	must_agree("byte by byte", &want, &bytewise);
	SSE_RUN_CHECK(over || parts == 0);
	sse_trace_free(&want);
	sse_trace_free(&whole);
	sse_trace_free(&cut);
	sse_trace_free(&bytewise);
	return 0;
}
