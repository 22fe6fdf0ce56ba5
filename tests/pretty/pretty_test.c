/*
 * The formatter as an object: which format a name chooses, which events it consumes, lines that are too long, what a
 * flush leaves, misuse, and memory.
 */
#include "support/failmem.h"
#include "support/files.h"
#include "support/test.h"

#include <freshet/pretty.h>

#include <locale.h>

#define TEXT_LINE(text) "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]}}"
#define LETTER          "\xe2\x9c\x89\xef\xb8\x8f  "

static freshet_pretty *pretty;

static void begin(freshet_pretty_format format, size_t max_line)
{
	freshet_pretty_options o;
	freshet_pretty_options_init(&o);
	o.format = format;
	o.max_line = max_line;
	assert_int_equal(freshet_pretty_new(&o, &pretty), FRESHET_OK);
}

static void assert_shows(const char *want)
{
	freshet_str text;
	assert_int_equal(freshet_pretty_next(pretty, &text), FRESHET_PRETTY_TEXT);
	assert_int_equal(text.len, strlen(want));
	assert_memory_equal(text.ptr, want, text.len);
}

static void assert_more(void)
{
	freshet_str text;
	assert_int_equal(freshet_pretty_next(pretty, &text), FRESHET_PRETTY_MORE);
}

static void feed(const char *text)
{
	assert_int_equal(freshet_pretty_feed(pretty, freshet_str_of(text)), FRESHET_OK);
}

static void names_choose_the_format(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		freshet_pretty_format format;
	} names[] = {
		{"claude", FRESHET_PRETTY_CLAUDE},
		{"claude-code", FRESHET_PRETTY_CLAUDE},
		{"claude-oauth", FRESHET_PRETTY_CLAUDE},
		{"My-CLAUDE-2", FRESHET_PRETTY_CLAUDE},
		{"anthropic", FRESHET_PRETTY_CLAUDE},
		{"Anthropic", FRESHET_PRETTY_CLAUDE},
		{"anthropic2", FRESHET_PRETTY_GENERIC},
		{"claud", FRESHET_PRETTY_GENERIC},
		{"claud\x05", FRESHET_PRETTY_GENERIC},
		{"openai", FRESHET_PRETTY_GENERIC},
		{"codex", FRESHET_PRETTY_GENERIC},
		{"gemini", FRESHET_PRETTY_GENERIC},
		{"opencode", FRESHET_PRETTY_GENERIC},
		{"", FRESHET_PRETTY_GENERIC},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(freshet_pretty_format_of(freshet_str_of(names[i].name)), names[i].format);
}

static freshet_aod_event start_event(const char *provider, const char *runtime)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_START};
	event.start.provider = freshet_str_of(provider);
	event.start.runtime = freshet_str_of(runtime);
	return event;
}

static void consume_output(freshet_aod_output_stream stream, const char *data)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_OUTPUT};
	event.output.stream = stream;
	event.output.data = freshet_str_of(data);
	assert_int_equal(freshet_pretty_consume(pretty, &event), FRESHET_OK);
}

static void consume_start(const char *provider, const char *runtime)
{
	freshet_aod_event event = start_event(provider, runtime);
	assert_int_equal(freshet_pretty_consume(pretty, &event), FRESHET_OK);
	assert_more();
}

static void the_start_event_chooses(void **state)
{
	(void)state;
	static const char *const starts[][2] = {{"anthropic", ""}, {"", "claude"}};
	for (size_t i = 0; i < 2; i++) {
		begin(FRESHET_PRETTY_AUTO, 0);
		consume_output(FRESHET_AOD_OUTPUT_STDOUT, TEXT_LINE("a") "\n");
		assert_shows(TEXT_LINE("a"));
		assert_more();
		consume_start(starts[i][0], starts[i][1]);
		consume_output(FRESHET_AOD_OUTPUT_STDOUT, TEXT_LINE("a") "\n");
		assert_shows(LETTER "a");
		assert_more();
		consume_start("openai", "");
		consume_output(FRESHET_AOD_OUTPUT_STDOUT, TEXT_LINE("a") "\n");
		assert_shows(TEXT_LINE("a"));
		freshet_pretty_free(pretty);
	}
	begin(FRESHET_PRETTY_GENERIC, 0);
	consume_start("anthropic", "");
	consume_output(FRESHET_AOD_OUTPUT_STDOUT, TEXT_LINE("a") "\n");
	assert_shows(TEXT_LINE("a"));
	freshet_pretty_free(pretty);
}

static void only_stdout_is_consumed(void **state)
{
	(void)state;
	static const freshet_aod_event_type others[] = {FRESHET_AOD_EVENT_UNKNOWN, FRESHET_AOD_EVENT_STAGE,
		FRESHET_AOD_EVENT_TURN_START, FRESHET_AOD_EVENT_EXIT, FRESHET_AOD_EVENT_ERROR,
		FRESHET_AOD_EVENT_TERMINATED, FRESHET_AOD_EVENT_STALE};
	begin(FRESHET_PRETTY_CLAUDE, 0);
	consume_output(FRESHET_AOD_OUTPUT_STDOUT, "wo");
	assert_more();
	consume_output(FRESHET_AOD_OUTPUT_STDERR, "not shown\n");
	assert_more();
	consume_output(FRESHET_AOD_OUTPUT_UNKNOWN, "nor this\n");
	assert_more();
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		freshet_aod_event event = {.type = others[i]};
		assert_int_equal(freshet_pretty_consume(pretty, &event), FRESHET_OK);
		assert_more();
	}
	consume_output(FRESHET_AOD_OUTPUT_STDOUT, "rds\n");
	assert_shows("words");
	assert_more();
	freshet_pretty_free(pretty);
}

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"

/* Past the limit a line is shown raw, in parts, even where it is JSON; the next one is a line as any other. */
static void long_lines_are_shown_raw(void **state)
{
	(void)state;
	begin(FRESHET_PRETTY_CLAUDE, 64);
	feed("{\"a\":\"" SIXTY "\"}\r\r\n{\"type\":\"user\"}\n" SIXTY "12345");
	assert_shows("{\"a\":\"1234567890123456789012345678901234567890123456789012345678");
	assert_shows("90\"}");
	assert_shows(SIXTY "1234");
	assert_more();
	freshet_pretty_flush(pretty);
	assert_shows("5");
	assert_more();
	feed("{\"type\":\"user\"}\nx\n");
	assert_shows("x");
	assert_more();
	freshet_pretty_free(pretty);
}

/* Only claude keeps blanks: what comes later is the rest of their line. */
static void a_flush_keeps_blanks(void **state)
{
	(void)state;
	begin(FRESHET_PRETTY_CLAUDE, 0);
	feed(" \t");
	freshet_pretty_flush(pretty);
	assert_more();
	feed("x\n");
	assert_shows(" \tx");
	assert_more();
	freshet_pretty_free(pretty);
	begin(FRESHET_PRETTY_GENERIC, 0);
	feed(" \t");
	freshet_pretty_flush(pretty);
	assert_shows(" \t");
	assert_more();
	feed("x\n");
	assert_shows("x");
	freshet_pretty_flush(pretty);
	assert_more();
	freshet_pretty_free(pretty);
}

static void pieces_come_one_at_a_time(void **state)
{
	(void)state;
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_OUTPUT};
	event.output.stream = FRESHET_AOD_OUTPUT_STDOUT;
	event.output.data = freshet_str_of("c");
	begin(FRESHET_PRETTY_GENERIC, 0);
	feed("a\nb");
	assert_int_equal(freshet_pretty_consume(pretty, &event), FRESHET_ESTATE);
	assert_shows("a");
	assert_int_equal(freshet_pretty_consume(pretty, &event), FRESHET_ESTATE);
	freshet_pretty_flush(pretty);
	assert_shows("b");
	assert_more();
	assert_int_equal(freshet_pretty_consume(pretty, &event), FRESHET_OK);
	assert_more();
	freshet_pretty_free(pretty);
}

/* Neither the line that is open, nor one that waits to be shown, nor a flush outlives a reset. */
static void a_reset_forgets(void **state)
{
	(void)state;
	begin(FRESHET_PRETTY_CLAUDE, 0);
	feed("wor");
	assert_more();
	freshet_pretty_reset(pretty);
	feed(TEXT_LINE("a") "\nleft\n");
	assert_shows(LETTER "a");
	freshet_pretty_flush(pretty);
	freshet_pretty_reset(pretty);
	feed("open");
	assert_more();
	feed(" line\n");
	failmem_arm(1);
	freshet_str text;
	assert_int_equal(freshet_pretty_next(pretty, &text), FRESHET_PRETTY_FAILED);
	failmem_off();
	freshet_pretty_reset(pretty);
	feed(TEXT_LINE("b") "\n");
	assert_shows(LETTER "b");
	assert_more();
	freshet_pretty_free(pretty);
}

static void options_are_checked(void **state)
{
	(void)state;
	freshet_pretty_options o;
	freshet_pretty_options_init(&o);
	o.max_line = 63;
	assert_int_equal(freshet_pretty_new(&o, &pretty), FRESHET_EINVAL);
	assert_null(pretty);
	o.max_line = 0;
	o.size = sizeof o + 1;
	assert_int_equal(freshet_pretty_new(&o, &pretty), FRESHET_EINVAL);
	o.size = sizeof o;
	o.format = (freshet_pretty_format)(FRESHET_PRETTY_CLAUDE + 1);
	assert_int_equal(freshet_pretty_new(&o, &pretty), FRESHET_EINVAL);
	assert_int_equal(freshet_pretty_new(NULL, &pretty), FRESHET_OK);
	freshet_pretty_free(pretty);
	freshet_pretty_free(NULL);
}

static void a_failed_new_keeps_nothing(void **state)
{
	(void)state;
	size_t n = 1;
	for (;; n++) {
		failmem_arm(n);
		freshet_err err = freshet_pretty_new(NULL, &pretty);
		if (!failmem_fired())
			break;
		assert_int_equal(err, FRESHET_ENOMEM);
		assert_null(pretty);
		assert_int_equal(failmem_live(), 0);
	}
	assert_true(n > 1);
	freshet_pretty_free(pretty);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

/* A large line's memory is not kept while small ones follow. */
static void large_memory_is_given_back(void **state)
{
	(void)state;
	static char large[1 << 20];
	freshet_str text;
	memset(large, 'x', sizeof large - 1);
	failmem_arm(0);
	begin(FRESHET_PRETTY_CLAUDE, 0);
	feed("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"");
	assert_more();
	feed(large);
	assert_more();
	feed("\"}]}}\n");
	assert_int_equal(freshet_pretty_next(pretty, &text), FRESHET_PRETTY_TEXT);
	assert_int_equal(text.len, sizeof large - 1 + strlen(LETTER));
	assert_more();
	/* What is taken anew, and little, was not kept. */
	failmem_arm(0);
	feed(TEXT_LINE("a") "\n");
	assert_shows(LETTER "a");
	assert_in_range(failmem_largest(), 1, 4096);
	freshet_pretty_free(pretty);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

/* A locale made for this test, since a machine may have none with another decimal point. */
static bool make_locale(const struct test_folder *folder, const char *name)
{
	char command[256];
	snprintf(command, sizeof command, "localedef -i %s -f UTF-8 %s/%s.UTF-8 >/dev/null 2>&1", name, folder->path,
		name);
	return system(command) == 0;
}

static bool take_locale(const struct test_folder *folder, const char *name)
{
	char full[32];
	snprintf(full, sizeof full, "%s.UTF-8", name);
	return make_locale(folder, name) && setlocale(LC_ALL, full) != NULL;
}

static void numbers_shown(void)
{
	begin(FRESHET_PRETTY_CLAUDE, 0);
	feed("{\"type\":\"result\",\"subtype\":\"success\",\"duration_ms\":1500,\"total_cost_usd\":0.25}\n");
	assert_shows("\xe2\x9c\xa8 Done \xc2\xb7 agent 1.5s, tokens $0.2500");
	freshet_pretty_free(pretty);
}

/* Numbers are written with a point, whatever the program's locale says: a comma, or a sign of two bytes. */
static void locales_do_not_matter(void **state)
{
	(void)state;
	static const char *const names[] = {"de_DE", "ps_AF"};
	struct test_folder folder;
	size_t taken = 0;
	test_folder_make(&folder);
	setenv("LOCPATH", folder.path, 1);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!take_locale(&folder, names[i]))
			continue;
		taken++;
		assert_string_not_equal(localeconv()->decimal_point, ".");
		numbers_shown();
	}
	setlocale(LC_ALL, "C");
	test_folder_remove(&folder);
	if (taken == 0) {
		print_message("localedef and its sources are not on this machine (package locales)\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_choose_the_format),
		cmocka_unit_test(the_start_event_chooses),
		cmocka_unit_test(only_stdout_is_consumed),
		cmocka_unit_test(long_lines_are_shown_raw),
		cmocka_unit_test(a_flush_keeps_blanks),
		cmocka_unit_test(pieces_come_one_at_a_time),
		cmocka_unit_test(a_reset_forgets),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(a_failed_new_keeps_nothing),
		cmocka_unit_test(large_memory_is_given_back),
		cmocka_unit_test(locales_do_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
