/*
 * The limits: at which byte each is passed, the same for every cut and every kind of vectors; what comes in parts
 * instead; and that the memory which a stream can take is bounded by them.
 */
#include "support/sse_reference.h"
#include "support/sse_run.h"
#include "support/test.h"

#include "base/cpu.h"

struct limit_case {
	const char *in;
	size_t len;
	const char *trace;
	size_t max_line, max_event, max_id; /* 0: the default */
};

#define IN(literal) literal, sizeof(literal) - 1

static const struct limit_case errors[] = {
	/* lines: at the limit, one byte past it; line ends and the BOM do not count */
	{IN("data: 6789\r\n\n"), "event type=\"message\" id=\"\" data=\"6789\"\nend id=\"\" retry=none\n",
		.max_line = 10},
	{IN("data: 67890\n\n"), "error FRESHET_ESSE_LINE at 10 id=\"\" retry=none\n", .max_line = 10},
	{IN("\n\r\ndata: 67890"), "error FRESHET_ESSE_LINE at 13 id=\"\" retry=none\n", .max_line = 10},
	{IN("\xef\xbb\xbf"
	    "data: 6789\n\n"),
		"event type=\"message\" id=\"\" data=\"6789\"\nend id=\"\" retry=none\n", .max_line = 10},
	{IN("\xef\xbb\xbf"
	    "data: 67890\n\n"),
		"error FRESHET_ESSE_LINE at 13 id=\"\" retry=none\n", .max_line = 10},
	{IN("\xef\xbb"), "end id=\"\" retry=none\n", .max_line = 1},
	{IN("\xef\xbb"
	    "d"),
		"error FRESHET_ESSE_LINE at 1 id=\"\" retry=none\n", .max_line = 1},
	{IN("\xef\xbb"
	    "d"),
		"error FRESHET_ESSE_LINE at 2 id=\"\" retry=none\n", .max_line = 2},
	{IN(":23456789012\n"), "error FRESHET_ESSE_LINE at 10 id=\"\" retry=none\n", .max_line = 10},
	{IN("unknown: 90\n"), "error FRESHET_ESSE_LINE at 10 id=\"\" retry=none\n", .max_line = 10},
	{IN("retry: 00000000001\n"), "error FRESHET_ESSE_LINE at 10 id=\"\" retry=none\n", .max_line = 10},
	{IN("id: 5\ndata: a\n\ndata: 67890\n\n"),
		"event type=\"message\" id=\"5\" own data=\"a\"\nerror FRESHET_ESSE_LINE at 25 id=\"5\" retry=none\n",
		.max_line = 10},
	/* the id of the failed event stays behind */
	{IN("id: 1\ndata\n\nid: 2\ndata: 67890\n\n"),
		"event type=\"message\" id=\"1\" own data=\"\"\nerror FRESHET_ESSE_LINE at 28 id=\"1\" retry=none\n",
		.max_line = 10},
	/* events: data with the LF between its lines, and the type; the last type only */
	{IN("data: 12\ndata: 45\n\n"), "event type=\"message\" id=\"\" data=\"12\\n45\"\nend id=\"\" retry=none\n",
		.max_event = 5},
	{IN("data: 12\ndata: 456\n\n"), "error FRESHET_ESSE_EVENT at 17 id=\"\" retry=none\n", .max_event = 5},
	{IN("data: 12345\ndata: \n\n"), "error FRESHET_ESSE_EVENT at 18 id=\"\" retry=none\n", .max_event = 5},
	{IN("data: 12345\ndata\n\n"), "error FRESHET_ESSE_EVENT at 16 id=\"\" retry=none\n", .max_event = 5},
	{IN("data: 12345\ndata: x\n\n"), "error FRESHET_ESSE_EVENT at 18 id=\"\" retry=none\n", .max_event = 5},
	{IN("data: 12345\ndata: "), "end id=\"\" retry=none\n", .max_event = 5},
	{IN("event: ab\ndata: 345\n\n"), "event type=\"ab\" id=\"\" data=\"345\"\nend id=\"\" retry=none\n",
		.max_event = 5},
	{IN("event: ab\ndata: 3456\n\n"), "error FRESHET_ESSE_EVENT at 19 id=\"\" retry=none\n", .max_event = 5},
	{IN("data: 345\nevent: abc\n\n"), "error FRESHET_ESSE_EVENT at 19 id=\"\" retry=none\n", .max_event = 5},
	{IN("event: abcdef\n"), "error FRESHET_ESSE_EVENT at 12 id=\"\" retry=none\n", .max_event = 5},
	{IN("event: abcde\nevent: ab\ndata: 345\n\n"),
		"event type=\"ab\" id=\"\" data=\"345\"\nend id=\"\" retry=none\n", .max_event = 5},
	{IN("data: 12345\n\ndata: 12345\n\n"),
		"event type=\"message\" id=\"\" data=\"12345\"\nevent type=\"message\" id=\"\" data=\"12345\"\nend "
		"id=\"\" retry=none\n",
		.max_event = 5},
	/* bytes count as they come, whatever becomes of them */
	{IN("data: \xff\xff\xff\n\n"),
		"event type=\"message\" id=\"\" data=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\nend id=\"\" "
		"retry=none\n",
		.max_event = 3},
	/* ids: what a NUL makes void does not count behind it; U+FFFD counts, where the event ends */
	{IN("id: 123\n\n"), "end id=\"123\" retry=none\n", .max_id = 3},
	{IN("id: 1234\n\n"), "error FRESHET_ESSE_ID at 7 id=\"\" retry=none\n", .max_id = 3},
	{IN("id: 123\0"
	    "5678\n\n"),
		"end id=\"\" retry=none\n", .max_id = 3},
	{IN("id: 1234\0\n\n"), "error FRESHET_ESSE_ID at 7 id=\"\" retry=none\n", .max_id = 3},
	{IN("id: \xff\n\nid: 1\n\n"), "end id=\"1\" retry=none\n", .max_id = 3},
	{IN("id: \xff"
	    "1\n\n"),
		"error FRESHET_ESSE_ID at 7 id=\"\" retry=none\n", .max_id = 3},
	{IN("id: \xff"
	    "1\nid: 2\n\n"),
		"end id=\"2\" retry=none\n", .max_id = 3},
	/* several at once: the first byte counts; at the same byte it is the line */
	{IN("data: 67890"), "error FRESHET_ESSE_LINE at 10 id=\"\" retry=none\n", .max_line = 10, .max_event = 4},
	{IN("data: 67890"), "error FRESHET_ESSE_EVENT at 9 id=\"\" retry=none\n", .max_line = 10, .max_event = 3},
	{IN("id: 567890"), "error FRESHET_ESSE_ID at 6 id=\"\" retry=none\n", .max_line = 7, .max_id = 2},
};

static const struct limit_case parts[] = {
	{IN("id: 7\ndata: 12345678\n\n"),
		"event type=\"message\" id=\"7\" own data=\"12345678\"\nend id=\"7\" retry=none\n", .max_event = 5},
	{IN("data: 12345678\nid: 7\nevent: ab\n\n"),
		"event type=\"ab\" id=\"7\" own data=\"12345678\"\nend id=\"7\" retry=none\n", .max_event = 5},
	{IN("data: 12345\ndata\ndata: 12345\ndata\n\n"),
		"event type=\"message\" id=\"\" data=\"12345\\n\\n12345\\n\"\nend id=\"\" retry=none\n",
		.max_event = 5},
	{IN("data: \xf0\x9f\x9a\x80\xf0\x9f\x9a\x80\xe2\x82\xac\xc3\xa9\xf0\x9f\x9a\n\n"),
		"event type=\"message\" id=\"\" "
		"data=\"\xf0\x9f\x9a\x80\xf0\x9f\x9a\x80\xe2\x82\xac\xc3\xa9\xef\xbf\xbd\"\nend id=\"\" retry=none\n",
		.max_event = 1},
	{IN("data: 678901234567890123456789\n\n"),
		"event type=\"message\" id=\"\" data=\"678901234567890123456789\"\nend id=\"\" retry=none\n",
		.max_line = 10},
	{IN("data: 678901234567890123456789\ndata: 0\n\n"),
		"event type=\"message\" id=\"\" data=\"678901234567890123456789\\n0\"\nend id=\"\" retry=none\n",
		.max_line = 6, .max_event = 9},
	/* what has no parts still fails */
	{IN("data: 123456\nevent: abcdef\n\n"), "error FRESHET_ESSE_EVENT at 25 id=\"\" retry=none\n", .max_event = 5},
	{IN(":2345678901\n"), "error FRESHET_ESSE_LINE at 10 id=\"\" retry=none\n", .max_line = 10},
	{IN("data: 1\n"), "error FRESHET_ESSE_LINE at 4 id=\"\" retry=none\n", .max_line = 4},
	{IN("id: 12\n\n"), "error FRESHET_ESSE_ID at 5 id=\"\" retry=none\n", .max_id = 1},
};

static void must_be(const struct limit_case *c, const char *how, size_t a, size_t b, struct sse_trace *got)
{
	if (strcmp(c->trace, got->text) != 0)
		fail_msg("vectors %d, %s %zu %zu of\n%s\n--- want\n%s--- got\n%s", (int)cpu_vector(), how, a, b, c->in,
			c->trace, got->text);
	got->len = 0;
}

static void run_case(const struct limit_case *c, bool in_parts)
{
	freshet_sse_options options;
	struct sse_limits limits;
	struct sse_trace got = {0};
	freshet_sse_options_init(&options);
	options.max_line = c->max_line != 0 ? c->max_line : options.max_line;
	options.max_event = c->max_event != 0 ? c->max_event : options.max_event;
	options.max_id = c->max_id != 0 ? c->max_id : options.max_id;
	options.parts = in_parts;
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	sse_reference(&options, (const uint8_t *)c->in, c->len, &got);
	must_be(c, "reference", 0, 0, &got);
	for (size_t a = 0; a <= c->len; a++)
		for (size_t b = a; b <= c->len; b++) {
			sse_run_cut(&limits, (const uint8_t *)c->in, c->len, (size_t[]){a, b}, 2, &got);
			must_be(c, "cuts", a, b, &got);
		}
	sse_run_bytewise(&limits, (const uint8_t *)c->in, c->len, &got);
	must_be(c, "bytewise", 0, 0, &got);
	sse_trace_free(&got);
}

static void a_limit_is_passed_at_the_same_byte_for_every_cut(void **state)
{
	(void)state;
	for (int vector = 0; vector < CPU_VECTORS; vector++)
		for (size_t i = 0; cpu_force((enum cpu_vector)vector) && i < sizeof errors / sizeof errors[0]; i++)
			run_case(&errors[i], false);
	cpu_force(CPU_VECTORS);
}

static void parts_make_up_the_data_for_every_cut(void **state)
{
	(void)state;
	for (int vector = 0; vector < CPU_VECTORS; vector++)
		for (size_t i = 0; cpu_force((enum cpu_vector)vector) && i < sizeof parts / sizeof parts[0]; i++)
			run_case(&parts[i], true);
	cpu_force(CPU_VECTORS);
}

/* An allocator that knows how many bytes there were at most. */
static size_t bytes_now, bytes_most;

#define SIZE_KEPT 16

static void *counted_reallocate(void *memory, size_t size, void *user)
{
	(void)user;
	size_t *block = memory != NULL ? (size_t *)(void *)((char *)memory - SIZE_KEPT) : NULL;
	size_t before = block != NULL ? *block : 0;
	block = realloc(block, size + SIZE_KEPT);
	assert_non_null(block);
	*block = size;
	bytes_now += size - before;
	bytes_most = bytes_now > bytes_most ? bytes_now : bytes_most;
	return (char *)block + SIZE_KEPT;
}

static void *counted_allocate(size_t size, void *user)
{
	return counted_reallocate(NULL, size, user);
}

static void counted_release(void *memory, void *user)
{
	(void)user;
	if (memory == NULL)
		return;
	size_t *block = (size_t *)(void *)((char *)memory - SIZE_KEPT);
	bytes_now -= *block;
	free(block);
}

/* Feeds `first`, and then `more` in pieces of 1000 bytes without any line end; tells how it ended and what it took. */
static freshet_err endless(const struct sse_limits *limits, const char *first, size_t more, size_t *most, size_t *given)
{
	static const freshet_allocator counted = {counted_allocate, counted_reallocate, counted_release, NULL};
	struct sse_parser p;
	freshet_event event;
	uint8_t piece[1000];
	freshet_sse_result result = FRESHET_SSE_MORE;
	memset(piece, 'x', sizeof piece);
	freshet_set_allocator(&counted);
	bytes_most = 0;
	*given = 0;
	sse_init(&p, limits);
	for (size_t fed = 0; fed < more && result != FRESHET_SSE_FAILED; fed += sizeof piece) {
		if (fed == 0)
			assert_int_equal(sse_feed(&p, (const uint8_t *)first, strlen(first)), FRESHET_OK);
		else
			assert_int_equal(sse_feed(&p, piece, sizeof piece), FRESHET_OK);
		while ((result = sse_next(&p, &event)) == FRESHET_SSE_EVENT)
			*given += event.data.len;
	}
	freshet_err err = sse_error(&p, NULL);
	sse_clear(&p);
	assert_int_equal(bytes_now, 0);
	freshet_set_allocator(NULL);
	*most = bytes_most;
	return err;
}

/* What a draft takes beside its data. */
#define DRAFT_ROOM 512

static void memory_is_bounded_by_the_limits(void **state)
{
	(void)state;
	size_t most, given;
	struct sse_limits limits;
	freshet_sse_options options;
	freshet_sse_options_init(&options);
	options.max_line = 40000;
	options.max_event = 30000;
	options.max_id = 20000;
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	assert_int_equal(endless(&limits, "data: ", 1000000, &most, &given), FRESHET_ESSE_EVENT);
	assert_in_range(most, 20000, 30000 + DRAFT_ROOM);
	assert_int_equal(endless(&limits, "data: a\nevent: ", 1000000, &most, &given), FRESHET_ESSE_EVENT);
	assert_in_range(most, 20000, 32768 + DRAFT_ROOM);
	assert_int_equal(endless(&limits, "id: ", 1000000, &most, &given), FRESHET_ESSE_ID);
	assert_in_range(most, 10000, 32768 + DRAFT_ROOM);
	/* Comments, unknown fields and numbers are counted, not kept. */
	assert_int_equal(endless(&limits, ": ", 1000000, &most, &given), FRESHET_ESSE_LINE);
	assert_in_range(most, 0, DRAFT_ROOM);
	assert_int_equal(endless(&limits, "datum: ", 1000000, &most, &given), FRESHET_ESSE_LINE);
	assert_in_range(most, 0, DRAFT_ROOM);
	assert_int_equal(endless(&limits, "retry: ", 1000000, &most, &given), FRESHET_ESSE_LINE);
	assert_in_range(most, 0, DRAFT_ROOM);
}

static void parts_hold_no_more_than_the_limit(void **state)
{
	(void)state;
	size_t most, given;
	struct sse_limits limits;
	freshet_sse_options options;
	freshet_sse_options_init(&options);
	options.max_line = 4000;
	options.max_event = 5000;
	options.parts = true;
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	assert_int_equal(endless(&limits, "data: ", 3000000, &most, &given), FRESHET_OK);
	assert_in_range(most, 4000, 5000 + DRAFT_ROOM);
	assert_in_range(given, 3000000 - 10000, 3000000);
	options.max_line = 1000000;
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	assert_int_equal(endless(&limits, "data: ", 3000000, &most, &given), FRESHET_OK);
	assert_in_range(most, 5000, 5000 + DRAFT_ROOM);
	assert_in_range(given, 3000000 - 10000, 3000000);
}

/* Large pieces are not searched again for each part: this would take minutes. */
static void small_parts_of_a_large_piece_take_linear_time(void **state)
{
	(void)state;
	struct sse_parser p;
	struct sse_limits limits;
	freshet_sse_options options;
	freshet_event event;
	size_t len = 4 << 20, given = 0;
	uint8_t *piece = malloc(len);
	assert_non_null(piece);
	memset(piece, 'x', len);
	memcpy(piece, "data:", 5);
	freshet_sse_options_init(&options);
	options.max_event = 16;
	options.parts = true;
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	sse_init(&p, &limits);
	assert_int_equal(sse_feed(&p, piece, len), FRESHET_OK);
	while (sse_next(&p, &event) == FRESHET_SSE_EVENT)
		given += event.data.len;
	assert_in_range(given, len - 5 - 16, len - 5);
	sse_clear(&p);
	free(piece);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_passed_at_the_same_byte_for_every_cut),
		cmocka_unit_test(parts_make_up_the_data_for_every_cut),
		cmocka_unit_test(memory_is_bounded_by_the_limits),
		cmocka_unit_test(parts_hold_no_more_than_the_limit),
		cmocka_unit_test(small_parts_of_a_large_piece_take_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
