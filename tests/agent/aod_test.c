/*
 * Events of Agent on Demand as events of the model: every type and every end, which runtimes' output is opened, lines over
 * events, turns and ends, limits, misuse, and memory.
 */
#include "support/agent_trace.h"
#include "support/failmem.h"

#define TEXT_LINE(text) "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]}}"
#define RESULT_LINE(x)  "{\"type\":\"result\",\"subtype\":\"success\",\"result\":\"" x "\"}"
#define NO_USAGE        "usage #1 in=0 out=0 cached=0/0 turns=0\n"

static struct agent_trace trace;
static freshet_agent_reader *reader;

static void begin(freshet_agent_form form, size_t max_line)
{
	freshet_agent_reader_options o;
	freshet_agent_reader_options_init(&o);
	o.form = form;
	o.max_line = max_line;
	memset(&trace, 0, sizeof trace);
	assert_int_equal(freshet_agent_reader_new(&o, &reader), FRESHET_OK);
}

static int end(void **state)
{
	(void)state;
	freshet_agent_reader_free(reader);
	reader = NULL;
	return 0;
}

static void feed(const freshet_aod_event *event)
{
	assert_int_equal(freshet_agent_reader_aod(reader, event), FRESHET_OK);
	agent_trace_take(&trace, reader);
}

static void start(const char *provider, const char *runtime)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_START};
	event.start.provider = freshet_str_of(provider);
	event.start.runtime = freshet_str_of(runtime);
	event.start.session_id = freshet_str_of("7d0c");
	feed(&event);
}

static void turn_start(int64_t turn)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_TURN_START, .type_name = {"turn_start", 10}};
	event.turn_start.turn = turn;
	feed(&event);
}

static freshet_aod_event output_of(freshet_aod_output_stream stream, const char *data, int64_t turn)
{
	static const char *const names[] = {"pty", "stdout", "stderr"};
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_OUTPUT, .raw = {"{output}", 8}};
	event.output.stream = stream;
	event.output.stream_name = freshet_str_of(names[stream]);
	event.output.data = freshet_str_of(data);
	event.output.turn = turn;
	return event;
}

static void output(const char *data)
{
	freshet_aod_event event = output_of(FRESHET_AOD_OUTPUT_STDOUT, data, 1);
	feed(&event);
}

static void message(freshet_aod_event_type type, const char *text)
{
	freshet_aod_event event = {.type = type, .type_name = {"stale", 5}};
	event.message.text = freshet_str_of(text);
	feed(&event);
}

static void stop(bool has_code, int64_t code)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_EXIT};
	event.exit.has_code = has_code;
	event.exit.code = code;
	feed(&event);
}

static void stream_end(freshet_err err)
{
	freshet_aod_stream_end e = {.cursor = 0};
	e.error.outcome.err = err;
	e.error.outcome.text = freshet_str_of(err != FRESHET_OK ? "what failed" : "");
	assert_int_equal(freshet_agent_reader_aod_end(reader, &e), FRESHET_OK);
	agent_trace_take(&trace, reader);
}

static void assert_trace(const char *want)
{
	assert_string_equal(trace.text, want);
	trace.len = 0;
	trace.text[0] = '\0';
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	static const char *const names[] = {"raw", "started", "status", "text", "thinking", "output", "tool_call",
		"tool_result", "tool_request", "awaiting_input", "awaiting_approval", "usage", "error", "done"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_string_equal(freshet_agent_kind_name((freshet_agent_kind)i), names[i]);
	assert_string_equal(freshet_agent_kind_name((freshet_agent_kind)(sizeof names / sizeof names[0])), "unknown");
}

static void the_service_tells_where_it_is(void **state)
{
	(void)state;
	static const struct {
		freshet_aod_stage_state state;
		const char *name;
		const char *want;
	} stages[] = {
		{FRESHET_AOD_STAGE_STARTED, "started", "status stage name=s started as=started ms=7\n"},
		{FRESHET_AOD_STAGE_DONE, "completed", "status stage name=s done as=completed ms=7\n"},
		{FRESHET_AOD_STAGE_FAILED, "failed", "status stage name=s failed as=failed text=boom ms=7\n"},
		{FRESHET_AOD_STAGE_UNKNOWN, "skipped", "status stage name=s as=skipped ms=7\n"},
	};
	begin(FRESHET_AGENT_FORM_AUTO, 0);
	start("anthropic", "");
	assert_trace("started session=7d0c runtime=anthropic\n");
	for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
		freshet_aod_event event = {.type = FRESHET_AOD_EVENT_STAGE};
		event.stage.name = freshet_str_of("s");
		event.stage.state = stages[i].state;
		event.stage.state_name = freshet_str_of(stages[i].name);
		event.stage.has_duration = true;
		event.stage.duration_ms = 7;
		event.stage.message = freshet_str_of(stages[i].state == FRESHET_AOD_STAGE_FAILED ? "boom" : "");
		feed(&event);
		assert_trace(stages[i].want);
	}
	turn_start(2);
	assert_trace("status #2 turn name=turn_start started\n");
	message(FRESHET_AOD_EVENT_STALE, "No output for 600s");
	assert_trace("status #2 stream name=stale text=No output for 600s\n");
	freshet_aod_event unknown = {.type = FRESHET_AOD_EVENT_UNKNOWN, .raw = {"{\"type\":\"news\"}", 15}};
	trace.raw = true;
	feed(&unknown);
	assert_trace("raw #2 json < {\"type\":\"news\"}\n");
}

static void the_runtime_tells_what_output_is(void **state)
{
	(void)state;
	static const struct {
		freshet_agent_form form;
		const char *provider;
		const char *runtime;
		const char *started;
		bool opened;
	} cases[] = {
		{FRESHET_AGENT_FORM_AUTO, "anthropic", "", "started session=7d0c runtime=anthropic\n", true},
		{FRESHET_AGENT_FORM_AUTO, "", "claude", "started session=7d0c runtime=claude\n", true},
		{FRESHET_AGENT_FORM_AUTO, "", "claude-code", "started session=7d0c runtime=claude-code\n", true},
		{FRESHET_AGENT_FORM_AUTO, "openai", "", "started session=7d0c runtime=openai\n", false},
		{FRESHET_AGENT_FORM_AUTO, "", "codex", "started session=7d0c runtime=codex\n", false},
		{FRESHET_AGENT_FORM_AUTO, "", "", "started session=7d0c\n", false},
		{FRESHET_AGENT_FORM_PLAIN, "anthropic", "", "started session=7d0c runtime=anthropic\n", false},
		{FRESHET_AGENT_FORM_CLAUDE, "openai", "", "started session=7d0c runtime=openai\n", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(cases[i].form, 0);
		start(cases[i].provider, cases[i].runtime);
		assert_trace(cases[i].started);
		output(TEXT_LINE("a") "\nb");
		assert_trace(cases[i].opened ? "text #1 a\n" : "output #1 stdout " TEXT_LINE("a") "\nb\n");
		end(NULL);
	}
	begin(FRESHET_AGENT_FORM_AUTO, 0);
	output("before the start\n");
	assert_trace("output #1 stdout before the start\n\n");
}

static void other_streams_are_output(void **state)
{
	(void)state;
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	output("{\"type\":\"result\",");
	assert_trace("");
	freshet_aod_event event = output_of(FRESHET_AOD_OUTPUT_STDERR, "trouble\n", 0);
	feed(&event);
	event = output_of(FRESHET_AOD_OUTPUT_UNKNOWN, "x", 3);
	feed(&event);
	assert_trace("output #1 stderr trouble\n\noutput #3 pty x\n");
	output("\"a\":1}\n");
	assert_trace(NO_USAGE);
}

/* A new turn and the end are somebody else's: the line that is open then is complete. */
static void a_line_ends_with_its_turn(void **state)
{
	(void)state;
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	turn_start(1);
	output(TEXT_LINE("a"));
	assert_trace("status #1 turn name=turn_start started\n");
	turn_start(2);
	assert_trace("text #1 a\nstatus #2 turn name=turn_start started\n");
	output("wor");
	stop(true, 0);
	assert_trace("raw #1\ndone #1 completed code=0\n");
}

static void ends_are_told_once(void **state)
{
	(void)state;
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	turn_start(1);
	assert_trace("status #1 turn name=turn_start started\n");
	stop(true, 0);
	assert_trace("done #1 completed code=0\n");
	stream_end(FRESHET_OK);
	assert_trace("");
	stop(true, 3);
	assert_trace("done #1 failed code=3\n");
	stream_end(FRESHET_OK);
	stop(false, 0);
	assert_trace("done #1 completed\n");
	stream_end(FRESHET_ECANCELED);
	message(FRESHET_AOD_EVENT_ERROR, "Session failed");
	assert_trace("error #1 text=Session failed\ndone #1 failed text=Session failed\n");
	stream_end(FRESHET_OK);
	message(FRESHET_AOD_EVENT_TERMINATED, "Session terminated");
	assert_trace("done #1 canceled text=Session terminated\n");
	stream_end(FRESHET_OK);
	assert_trace("");
}

static void a_stream_may_end_without_a_word(void **state)
{
	(void)state;
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	output("wor");
	stream_end(FRESHET_ECLOSED);
	assert_trace("raw #1\nerror #1 code=FRESHET_ECLOSED text=what failed\ndone #1 unknown text=what failed\n");
	output(TEXT_LINE("goes on") "\n");
	stream_end(FRESHET_ECANCELED);
	assert_trace("text #1 goes on\ndone #1 unknown text=what failed\n");
}

/* What the agent gave as its result comes again with the end of that turn, and only of that one. */
static void the_result_comes_with_the_end(void **state)
{
	(void)state;
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	output(RESULT_LINE("first") "\n" RESULT_LINE("caf\\u00e9") "\n");
	stop(true, 0);
	assert_trace(NO_USAGE NO_USAGE "done #1 completed code=0 output=caf\xc3\xa9\n");
	output("\n");
	stop(true, 0);
	assert_trace("done #1 completed code=0\n");
	output(RESULT_LINE("good") "\n{\"type\":\"result\",\"subtype\":\"error_max_turns\",\"result\":\"no\"}\n");
	stop(true, 1);
	assert_trace(NO_USAGE NO_USAGE "error #1 code=error_max_turns text=no\ndone #1 failed code=1\n");
}

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"

static void long_lines_come_raw_in_parts(void **state)
{
	(void)state;
	begin(FRESHET_AGENT_FORM_CLAUDE, 64);
	trace.raw = true;
	output("{\"a\":\"" SIXTY SIXTY "\"}\n{}\n");
	assert_trace("raw #1 part < {\"a\":\"1234567890123456789012345678901234567890123456789012345678\n"
		     "raw #1 continued < 90" SIXTY "\"}\n"
		     "raw #1 json < {}\n");
}

static void events_lead_to_the_service_s_own(void **state)
{
	(void)state;
	freshet_agent_event event;
	const freshet_aod_event first = output_of(FRESHET_AOD_OUTPUT_STDOUT, "{\"type\":\"res", 1);
	const freshet_aod_event second = output_of(FRESHET_AOD_OUTPUT_STDOUT, "ult\"}\n", 1);
	const freshet_aod_event third = output_of(FRESHET_AOD_OUTPUT_STDERR, "x", 1);
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	assert_int_equal(freshet_agent_reader_aod(reader, &first), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_MORE);
	assert_int_equal(freshet_agent_reader_aod(reader, &second), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_EVENT);
	assert_ptr_equal(event.aod, &second);
	assert_true(freshet_str_is(event.raw, "{\"type\":\"result\"}"));
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_MORE);
	assert_int_equal(freshet_agent_reader_aod(reader, &third), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_EVENT);
	assert_ptr_equal(event.aod, &third);
	assert_true(freshet_str_equal(event.raw, third.raw));
	assert_int_equal(event.message.len, 0);
}

static void one_thing_is_fed_at_a_time(void **state)
{
	(void)state;
	freshet_agent_event event;
	const freshet_aod_stream_end e = {.cursor = 0};
	const freshet_aod_event first = output_of(FRESHET_AOD_OUTPUT_STDOUT, "a\nb\n", 1);
	begin(FRESHET_AGENT_FORM_CLAUDE, 0);
	assert_int_equal(freshet_agent_reader_aod(reader, &first), FRESHET_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(freshet_agent_reader_aod(reader, &first), FRESHET_ESTATE);
		assert_int_equal(freshet_agent_reader_aod_end(reader, &e), FRESHET_ESTATE);
		assert_int_equal(freshet_agent_reader_message(reader, freshet_str_of("x")), FRESHET_ESTATE);
		assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_EVENT);
	}
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_MORE);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_MORE);
	assert_int_equal(freshet_agent_reader_aod(reader, &first), FRESHET_OK);
}

/* A caller that does not try again after FAILED goes on with the next event, within the same turn. */
static void a_reset_forgets(void **state)
{
	(void)state;
	freshet_agent_event event;
	const freshet_aod_event open = output_of(FRESHET_AOD_OUTPUT_STDOUT, TEXT_LINE("a") "\nwor", 1);
	begin(FRESHET_AGENT_FORM_AUTO, 0);
	start("anthropic", "");
	trace.len = 0;
	assert_int_equal(freshet_agent_reader_aod(reader, &open), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_EVENT);
	failmem_arm(1);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_FAILED);
	failmem_off();
	freshet_agent_reader_reset(reader);
	output(TEXT_LINE("b") "\nwor");
	freshet_agent_reader_reset(reader);
	assert_int_equal(freshet_agent_reader_message(reader, freshet_str_of(TEXT_LINE("c"))), FRESHET_OK);
	freshet_agent_reader_reset(reader);
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_MORE);
	stop(true, 0);
	assert_trace("text #1 b\ndone #1 completed code=0\n");
}

static void options_are_checked(void **state)
{
	(void)state;
	freshet_agent_reader_options o;
	freshet_agent_reader_options_init(&o);
	o.max_line = 63;
	assert_int_equal(freshet_agent_reader_new(&o, &reader), FRESHET_EINVAL);
	assert_null(reader);
	o.max_line = 0;
	o.size = sizeof o + 1;
	assert_int_equal(freshet_agent_reader_new(&o, &reader), FRESHET_EINVAL);
	o.size = sizeof o;
	o.form = (freshet_agent_form)(FRESHET_AGENT_FORM_CLAUDE + 1);
	assert_int_equal(freshet_agent_reader_new(&o, &reader), FRESHET_EINVAL);
	assert_int_equal(freshet_agent_reader_new(NULL, &reader), FRESHET_OK);
	freshet_agent_reader_free(NULL);
}

/* A whole session with one allocation failing, each in turn: what comes is the same. */
static void no_memory_loses_nothing(void **state)
{
	(void)state;
	static const char want[] = "started session=7d0c runtime=claude\nstatus #1 turn name=turn_start started\n"
				   "text #1 caf\xc3\xa9\n" NO_USAGE "raw #1\ndone #1 completed code=0 output=\t.\n";
	size_t n = 1;
	for (bool fired = true; fired; n++) {
		failmem_arm_one(n);
		if (freshet_agent_reader_new(NULL, &reader) != FRESHET_OK) {
			assert_true(failmem_fired());
			continue;
		}
		memset(&trace, 0, sizeof trace);
		start("", "claude");
		turn_start(1);
		output("{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"te");
		output("xt\":\"caf\\u00e9\"}]}}\n" RESULT_LINE("\\t.") "\nwor");
		stop(true, 0);
		fired = failmem_fired();
		assert_int_equal(trace.failures, fired);
		assert_trace(want);
		end(NULL);
		assert_int_equal(failmem_live(), 0);
	}
	assert_true(n > 4);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test_teardown(the_service_tells_where_it_is, end),
		cmocka_unit_test_teardown(the_runtime_tells_what_output_is, end),
		cmocka_unit_test_teardown(other_streams_are_output, end),
		cmocka_unit_test_teardown(a_line_ends_with_its_turn, end),
		cmocka_unit_test_teardown(ends_are_told_once, end),
		cmocka_unit_test_teardown(a_stream_may_end_without_a_word, end),
		cmocka_unit_test_teardown(the_result_comes_with_the_end, end),
		cmocka_unit_test_teardown(long_lines_come_raw_in_parts, end),
		cmocka_unit_test_teardown(events_lead_to_the_service_s_own, end),
		cmocka_unit_test_teardown(one_thing_is_fed_at_a_time, end),
		cmocka_unit_test_teardown(a_reset_forgets, end),
		cmocka_unit_test_teardown(options_are_checked, end),
		cmocka_unit_test_teardown(no_memory_loses_nothing, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
