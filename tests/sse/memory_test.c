/*
 * Every allocation of the parser failing in turn: the stream fails with FRESHET_ENOMEM, the events before that are those
 * that come when nothing fails, the last id is that of the last of them, and nothing is lost.
 */
#include "support/failmem.h"
#include "support/sse_run.h"
#include "support/test.h"

/* All that needs memory: long ids and types, lines joined, events over pieces, bytes replaced, parts. */
static const char stream[] =
	"id: 1\ndata: a\n\n"
	"id: 4f0c2b9e-7c7b-4df6-9d8c-6f1a2b3c4d5e\ndata: long id\n\n"
	"id: 4f0c2b9e-7c7b-4df6-9d8c-6f1a2b3c4d5e-4f0c2b9e-7c7b-4df6-9d8c-6f1a2b3c4d5e\ndata: longer id\n\n"
	"event: a type that is longer than fits inside\ndata: one\ndata: two\n\n"
	"id: 2\nevent: \xff type\ndata: bytes \xff\xfe that are replaced\n\n"
	"id: an id with \xff that becomes long by it\n\n"
	"data: a long line, so that the buffer must grow: "
	"0123456789012345678901234567890123456789012345678901234567890123456789\n"
	"data: 0123456789012345678901234567890123456789012345678901234567890123456789\xc3\n"
	"data: 0123456789012345678901234567890123456789012345678901234567890123456789\n"
	"data: 0123456789012345678901234567890123456789012345678901234567890123456789\n"
	"data: 0123456789012345678901234567890123456789012345678901234567890123456789\n\n"
	"\xef\xbb\xbf: no BOM here\n\n";

static void must_begin_alike(const char *want, const char *got)
{
	const char *end = strstr(got, "error ");
	size_t events = end != NULL ? (size_t)(end - got) : strlen(got);
	if (strncmp(want, got, events) != 0)
		fail_msg("--- want\n%s--- got\n%s", want, got);
}

/* Feeds the stream in pieces of `piece` bytes while the n-th allocation fails; false when there was no n-th one. */
static bool fail_one(const struct sse_limits *limits, size_t piece, size_t n, struct sse_trace *out)
{
	struct sse_run r;
	failmem_arm(n);
	sse_run_begin(&r, limits, out);
	for (size_t at = 0; at < sizeof stream - 1; at += piece) {
		size_t left = sizeof stream - 1 - at;
		sse_run_feed(&r, (const uint8_t *)stream + at, left < piece ? left : piece);
	}
	assert_int_equal(r.failed, failmem_fired());
	assert_int_equal(sse_error(&r.parser, NULL), failmem_fired() ? FRESHET_ENOMEM : FRESHET_OK);
	sse_run_end(&r);
	assert_int_equal(failmem_live(), 0);
	return failmem_fired();
}

static void fail_each(const struct sse_limits *limits, size_t piece)
{
	struct sse_trace want = {0}, got = {0};
	size_t n = 1;
	fail_one(limits, piece, 0, &want);
	for (; fail_one(limits, piece, n, &got); n++) {
		must_begin_alike(want.text, got.text);
		got.len = 0;
	}
	assert_string_equal(got.text, want.text);
	assert_true(n > 3);
	failmem_off();
	sse_trace_free(&want);
	sse_trace_free(&got);
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	struct sse_limits limits;
	assert_int_equal(sse_limits_init(&limits, NULL), FRESHET_OK);
	for (size_t piece = 1; piece <= sizeof stream; piece = piece * 2 + 1)
		fail_each(&limits, piece);
	fail_each(&limits, sizeof stream);
}

static void each_allocation_may_fail_in_parts(void **state)
{
	(void)state;
	struct sse_limits limits;
	freshet_sse_options options;
	freshet_sse_options_init(&options);
	options.max_event = 100;
	options.parts = true;
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	for (size_t piece = 1; piece <= sizeof stream; piece = piece * 2 + 1)
		fail_each(&limits, piece);
	fail_each(&limits, sizeof stream);
}

static void a_last_id_that_has_no_room_changes_nothing(void **state)
{
	(void)state;
	struct sse_parser p;
	struct sse_limits limits;
	assert_int_equal(sse_limits_init(&limits, NULL), FRESHET_OK);
	sse_init(&p, &limits);
	failmem_arm(0);
	assert_int_equal(sse_set_last_id(&p, freshet_str_of("short")), FRESHET_OK);
	failmem_arm(1);
	freshet_str long_id = freshet_str_of("one that does not fit inside of the record");
	assert_int_equal(sse_set_last_id(&p, long_id), FRESHET_ENOMEM);
	assert_true(freshet_str_is(sse_last_id(&p), "short"));
	failmem_arm(0);
	assert_int_equal(sse_set_last_id(&p, long_id), FRESHET_OK);
	assert_true(freshet_str_equal(sse_last_id(&p), long_id));
	sse_clear(&p);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(each_allocation_may_fail_in_parts),
		cmocka_unit_test(a_last_id_that_has_no_room_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
