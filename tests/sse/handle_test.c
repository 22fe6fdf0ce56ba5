/*
 * The exported parser: options with their defaults, and each call reaching the parser below it.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "sse/parser.h"

#include <freshet/sse.h>

static void options_have_defaults(void **state)
{
	(void)state;
	freshet_sse_options options;
	struct sse_limits limits;
	memset(&options, 0xff, sizeof options);
	freshet_sse_options_init(&options);
	assert_int_equal(options.size, sizeof options);
	assert_int_equal(sse_limits_init(&limits, &options), FRESHET_OK);
	assert_int_equal(limits.max_line, 8 << 20);
	assert_int_equal(limits.max_event, 8 << 20);
	assert_int_equal(limits.max_id, 1024);
	assert_false(limits.parts);
}

/* A caller compiled when `parts` was not there yet, and one that knows options which are not there yet. */
static void options_of_other_versions(void **state)
{
	(void)state;
	struct {
		freshet_sse_options known;
		size_t later;
	} options;
	struct sse_limits limits;
	freshet_sse_options_init(&options.known);
	options.known.size = offsetof(freshet_sse_options, parts);
	options.known.max_id = 7;
	options.known.parts = true;
	assert_int_equal(sse_limits_init(&limits, &options.known), FRESHET_OK);
	assert_int_equal(limits.max_id, 7);
	assert_false(limits.parts);
	options.known.size = sizeof options;
	assert_int_equal(sse_limits_init(&limits, &options.known), FRESHET_EINVAL);
}

static void options_without_a_size_are_refused(void **state)
{
	(void)state;
	freshet_sse_options options = {.max_line = 10};
	freshet_sse_parser *parser = (freshet_sse_parser *)(void *)&options;
	assert_int_equal(freshet_sse_parser_new(&options, &parser), FRESHET_EINVAL);
	assert_null(parser);
}

static void zero_takes_the_default(void **state)
{
	(void)state;
	freshet_sse_options options = {.size = sizeof options};
	freshet_sse_parser *parser;
	freshet_event event;
	assert_int_equal(freshet_sse_parser_new(&options, &parser), FRESHET_OK);
	assert_int_equal(freshet_sse_feed(parser, (const uint8_t *)"id: 1\ndata: a\n\n", 15), FRESHET_OK);
	assert_int_equal(freshet_sse_next(parser, &event), FRESHET_SSE_EVENT);
	freshet_sse_parser_free(parser);
}

static void no_memory_gives_no_parser(void **state)
{
	(void)state;
	freshet_sse_parser *parser = (freshet_sse_parser *)(void *)&parser;
	failmem_arm(1);
	assert_int_equal(freshet_sse_parser_new(NULL, &parser), FRESHET_ENOMEM);
	assert_null(parser);
	failmem_off();
	freshet_sse_parser_free(NULL);
}

static void every_call_reaches_the_parser(void **state)
{
	(void)state;
	freshet_sse_options options;
	freshet_sse_parser *parser;
	freshet_event event;
	uint64_t number = 0;
	freshet_sse_options_init(&options);
	options.max_event = 5;
	assert_int_equal(freshet_sse_parser_new(&options, &parser), FRESHET_OK);
	assert_int_equal(freshet_sse_set_last_id(parser, freshet_str_of("0")), FRESHET_OK);
	static const char text[] = "retry: 9\nid: 1\nevent: e\ndata: a\n\ndata: 123456";
	assert_int_equal(freshet_sse_feed(parser, (const uint8_t *)text, sizeof text - 1), FRESHET_OK);
	assert_int_equal(freshet_sse_feed(parser, (const uint8_t *)"x", 1), FRESHET_ESTATE);
	assert_true(freshet_str_is(freshet_sse_last_id(parser), "0"));
	assert_int_equal(freshet_sse_next(parser, &event), FRESHET_SSE_EVENT);
	assert_true(freshet_str_is(event.type, "e") && freshet_str_is(event.data, "a"));
	assert_true(freshet_str_is(freshet_sse_last_id(parser), "1"));
	assert_true(freshet_sse_retry_ms(parser, &number));
	assert_int_equal(number, 9);
	assert_int_equal(freshet_sse_error(parser, NULL), FRESHET_OK);
	assert_int_equal(freshet_sse_next(parser, &event), FRESHET_SSE_FAILED);
	assert_int_equal(freshet_sse_error(parser, &number), FRESHET_ESSE_EVENT);
	assert_int_equal(number, 44);
	freshet_sse_parser_reset(parser);
	assert_int_equal(freshet_sse_error(parser, NULL), FRESHET_OK);
	assert_int_equal(freshet_sse_next(parser, &event), FRESHET_SSE_MORE);
	freshet_sse_parser_free(parser);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_defaults),
		cmocka_unit_test(options_of_other_versions),
		cmocka_unit_test(options_without_a_size_are_refused),
		cmocka_unit_test(zero_takes_the_default),
		cmocka_unit_test(no_memory_gives_no_parser),
		cmocka_unit_test(every_call_reaches_the_parser),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
