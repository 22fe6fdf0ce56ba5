/*
 * Messages of a claude agent as events of the model: every kind of message and block, shapes that nobody expects, and
 * each by itself, as lines of output that are cut at every place, and with each allocation failing.
 */
#include "support/agent_trace.h"
#include "support/failmem.h"

static struct agent_trace trace;

#define INIT                                                                                                           \
	"{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m-1\",\"tools\":[\"Bash\"],\"session_id\":\"sdk-1\"}"
#define TEXT(text)     "{\"type\":\"text\",\"text\":\"" text "\"}"
#define THINKING(text) "{\"type\":\"thinking\",\"thinking\":\"" text "\",\"signature\":\"c2ln\"}"
#define TOOL_USE       "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}}"
#define TOOL_RESULT(x) "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\"," x "}"
#define ASSISTANT(x)   "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_1\",\"content\":[" x "]}}"
#define SUBAGENT(x)    "{\"type\":\"assistant\",\"message\":{\"content\":[" x "]},\"parent_tool_use_id\":\"toolu_0\"}"
#define USER(x)        "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[" x "]}}"
#define PARTIAL(x)     "{\"type\":\"stream_event\",\"event\":{" x "}}"
#define BEGIN(type)    PARTIAL("\"type\":\"content_block_start\",\"content_block\":{\"type\":\"" type "\"}")
#define DELTA(type, as, x)                                                                                             \
	PARTIAL("\"type\":\"content_block_delta\",\"delta\":{\"type\":\"" type "\",\"" as "\":\"" x "\"}")

/* The messages of a case are separated by LF; `want` has the events of all of them. */
static const struct {
	const char *messages;
	const char *want;
} cases[] = {
	/* system */
	{INIT, "status agent name=init text=m-1\n"},
	{"{\"type\":\"system\",\"subtype\":\"task_started\",\"description\":\"look\",\"parent_tool_use_id\":\"t\"}",
		"status in t agent name=task_started text=look\n"},
	{"{\"type\":\"system\",\"subtype\":\"status\",\"status\":\"compacting\"}",
		"status agent name=status text=compacting\n"},
	{"{\"type\":\"system\",\"subtype\":\"compact_boundary\"}", "status agent name=compact_boundary\n"},
	{"{\"type\":\"system\"}", "status agent\n"},
	{"{\"type\":\"system\",\"subtype\":5,\"description\":[]}", "status agent\n"},
	/* assistant */
	{ASSISTANT(TEXT("hello")), "text hello\n"},
	{ASSISTANT(TEXT("caf\\u00e9 \\ud83d\\ude80\\n")), "text caf\xc3\xa9 \xf0\x9f\x9a\x80\n\n"},
	{ASSISTANT(TEXT("")), "text \n"},
	{ASSISTANT(THINKING("hmm")), "thinking hmm\n"},
	{ASSISTANT(TOOL_USE), "tool_call id=toolu_1 name=Bash input={\"command\":\"ls\"}\n"},
	{ASSISTANT("{\"type\":\"tool_use\"}"), "tool_call\n"},
	{ASSISTANT("{\"type\":\"tool_use\",\"id\":5,\"name\":null,\"input\":\"x\"}"), "tool_call input=\"x\"\n"},
	{ASSISTANT(THINKING("hmm") "," TEXT("a") "," TOOL_USE "," TEXT("b")),
		"thinking hmm\ntext a\ntool_call id=toolu_1 name=Bash input={\"command\":\"ls\"}\ntext b\n"},
	{SUBAGENT(TEXT("from below")), "text in toolu_0 from below\n"},
	{SUBAGENT(TOOL_USE), "tool_call in toolu_0 id=toolu_1 name=Bash input={\"command\":\"ls\"}\n"},
	{ASSISTANT("{\"type\":\"redacted_thinking\",\"data\":\"abc\"}," TEXT("a") ",5,{},{\"type\":\"text\"}"),
		"raw json\ntext a\nraw json\nraw json\nraw json\n"},
	{ASSISTANT(TOOL_RESULT("\"content\":\"a\"")), "raw json\n"},
	{"{\"type\":\"assistant\",\"error\":\"rate_limit\",\"message\":{\"content\":[" TEXT("slow") "]}}",
		"text slow\nerror code=rate_limit\n"},
	{"{\"type\":\"assistant\",\"error\":\"billing_error\"}", "error code=billing_error\n"},
	{ASSISTANT(""), "raw json\n"},
	{"{\"type\":\"assistant\"}", "raw json\n"},
	{"{\"type\":\"assistant\",\"message\":\"words\"}", "raw json\n"},
	{"{\"type\":\"assistant\",\"message\":{\"content\":\"words\"}}", "raw json\n"},
	/* user */
	{USER(TOOL_RESULT("\"content\":\"a.txt\",\"is_error\":false")),
		"tool_result id=toolu_1 content=\"a.txt\" text=a.txt\n"},
	{USER(TOOL_RESULT("\"content\":[" TEXT("x\\ty") "],\"is_error\":true")),
		"tool_result error id=toolu_1 content=[" TEXT("x\\ty") "] text=x\ty\n"},
	{USER(TOOL_RESULT("\"content\":[" TEXT("x") "," TEXT("y") "]")),
		"tool_result id=toolu_1 content=[" TEXT("x") "," TEXT("y") "]\n"},
	{USER(TOOL_RESULT("\"content\":[{\"type\":\"image\"}]")),
		"tool_result id=toolu_1 content=[{\"type\":\"image\"}]\n"},
	{USER(TOOL_RESULT("\"content\":[]")), "tool_result id=toolu_1 content=[]\n"},
	{USER("{\"type\":\"tool_result\"}"), "tool_result\n"},
	{USER(TEXT("a prompt")), "raw json\n"},
	{"{\"type\":\"user\",\"message\":{\"content\":\"a prompt\"}}", "raw json\n"},
	{"{\"type\":\"user\",\"tool_use_result\":{\"stdout\":\"a\"}}", "raw json\n"},
	/* deltas, and what repeats them */
	{PARTIAL("\"type\":\"message_start\""), "raw json\n"},
	{DELTA("input_json_delta", "partial_json", "{"), "raw json\n"},
	{DELTA("text_delta", "other", "x"), "raw json\n"},
	{"{\"type\":\"stream_event\"}", "raw json\n"},
	{BEGIN("text") "\n" DELTA("text_delta", "text", "Hel") "\n" DELTA("text_delta", "text", "lo") "\n" ASSISTANT(
		 TEXT("Hello")) "\n" ASSISTANT(TEXT("again")),
		"raw json\ntext delta Hel\ntext delta lo\ntext repeated Hello\ntext again\n"},
	{DELTA("thinking_delta", "thinking", "hm") "\n" DELTA("text_delta", "text", "a") "\n" ASSISTANT(
		 THINKING("hm") "," TEXT("a") "," TEXT("b")),
		"thinking delta hm\ntext delta a\nthinking repeated hm\ntext repeated a\ntext b\n"},
	{BEGIN("text") "\n" BEGIN("tool_use") "\n" BEGIN("text") "\n" ASSISTANT(TEXT("a") "," TEXT("b") "," TEXT("c")),
		"raw json\nraw json\nraw json\ntext repeated a\ntext repeated b\ntext c\n"},
	{DELTA("text_delta", "text", "a") "\n" SUBAGENT(TEXT("b")) "\n" ASSISTANT(TEXT("a")),
		"text delta a\ntext in toolu_0 b\ntext repeated a\n"},
	{BEGIN("text") "\n{\"type\":\"result\"}\n" ASSISTANT(TEXT("a")),
		"raw json\nusage in=0 out=0 cached=0/0 turns=0\ntext a\n"},
	/* result */
	{"{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"duration_ms\":12,\"num_turns\":2,"
	 "\"result\":\"Done.\",\"total_cost_usd\":0.01,\"usage\":{\"input_tokens\":30,\"output_tokens\":12,"
	 "\"cache_creation_input_tokens\":7,\"cache_read_input_tokens\":9}}",
		"usage in=30 out=12 cached=7/9 turns=2 cost=0.0100 ms=12\n"},
	{"{\"type\":\"result\",\"subtype\":\"error_max_turns\",\"errors\":[\"too many\",\"x\"]}",
		"usage in=0 out=0 cached=0/0 turns=0\nerror code=error_max_turns text=too many\n"},
	{"{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":\"API Error\"}",
		"usage in=0 out=0 cached=0/0 turns=0\nerror text=API Error\n"},
	{"{\"type\":\"result\",\"usage\":5,\"num_turns\":\"2\",\"duration_ms\":1.5,\"total_cost_usd\":null,\"errors\":{"
	 "}}",
		"usage in=0 out=0 cached=0/0 turns=0\n"},
	/* what the model has no word for */
	{"{\"type\":\"tool_progress\",\"x\":1}", "raw json\n"},
	{"{\"type\":5}", "raw json\n"},
	{"{}", "raw json\n"},
	{"[1]", "raw json\n"},
	{"\"words\"", "raw json\n"},
	{"plain words", "raw\n"},
	{"{\"type\":\"assistant\"", "raw\n"},
	{"  ", "raw\n"},
};

#define CASE_COUNT (sizeof cases / sizeof cases[0])

static freshet_agent_reader *begin(freshet_agent_form form)
{
	freshet_agent_reader_options o;
	freshet_agent_reader *reader;
	freshet_agent_reader_options_init(&o);
	o.form = form;
	memset(&trace, 0, sizeof trace);
	return freshet_agent_reader_new(&o, &reader) == FRESHET_OK ? reader : NULL;
}

static void feed_output(freshet_agent_reader *reader, const char *text, size_t len)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_OUTPUT};
	event.output.stream = FRESHET_AOD_OUTPUT_STDOUT;
	event.output.data = (freshet_str){text, len};
	assert_int_equal(freshet_agent_reader_aod(reader, &event), FRESHET_OK);
	agent_trace_take(&trace, reader);
}

/* The end of a turn, which ends the last line too; what it says is not looked at. */
static void feed_end(freshet_agent_reader *reader)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_EXIT};
	freshet_agent_event got;
	freshet_agent_step step;
	assert_int_equal(freshet_agent_reader_aod(reader, &event), FRESHET_OK);
	while ((step = freshet_agent_reader_next(reader, &got)) != FRESHET_AGENT_MORE) {
		if (step == FRESHET_AGENT_FAILED)
			trace.failures++;
		else if (got.kind != FRESHET_AGENT_DONE)
			agent_trace_event(&trace, &got);
	}
}

static void assert_case(size_t i, const char *how)
{
	if (strcmp(trace.text, cases[i].want) != 0)
		fail_msg("%s, %s\n--- want\n%s--- got\n%s", cases[i].messages, how, cases[i].want, trace.text);
}

/* Each message by itself. */
static void messages_become_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASE_COUNT; i++) {
		freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_AUTO);
		for (const char *at = cases[i].messages; at != NULL; at = strchr(at, '\n')) {
			at += *at == '\n';
			freshet_str message = {at, strcspn(at, "\n")};
			assert_int_equal(freshet_agent_reader_message(reader, message), FRESHET_OK);
			agent_trace_take(&trace, reader);
		}
		assert_case(i, "as messages");
		freshet_agent_reader_free(reader);
	}
}

static void whole_and_cut(size_t i, const char *text)
{
	size_t len = strlen(text);
	for (size_t cut = 0; cut <= len; cut++) {
		freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_CLAUDE);
		feed_output(reader, text, cut);
		feed_output(reader, text + cut, len - cut);
		feed_end(reader);
		assert_case(i, "cut once");
		freshet_agent_reader_free(reader);
	}
	freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_CLAUDE);
	for (size_t at = 0; at < len; at++)
		feed_output(reader, text + at, 1);
	feed_end(reader);
	assert_case(i, "byte by byte");
	freshet_agent_reader_free(reader);
}

static void output_is_opened_at_every_cut(void **state)
{
	(void)state;
	static char lines[4096];
	for (size_t i = 0; i < CASE_COUNT; i++) {
		whole_and_cut(i, cases[i].messages);
		snprintf(lines, sizeof lines, "\n\r\n%s\r\r\n\n", cases[i].messages);
		whole_and_cut(i, lines);
	}
}

/* One allocation fails, each in turn: the same call made again finds everything. */
static bool with_failure(size_t i, size_t n)
{
	const char *text = cases[i].messages;
	size_t half = strlen(text) / 2;
	failmem_arm_one(n);
	freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_CLAUDE);
	if (reader != NULL) {
		feed_output(reader, text, half);
		feed_output(reader, text + half, strlen(text) - half);
		feed_end(reader);
		freshet_agent_reader_free(reader);
		assert_case(i, "without memory once");
		assert_int_equal(trace.failures, failmem_fired());
	}
	bool fired = failmem_fired();
	assert_true(reader != NULL || fired);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
	return fired;
}

static void no_memory_loses_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASE_COUNT; i++) {
		size_t n = 1;
		while (with_failure(i, n))
			n++;
		assert_true(n > 2);
	}
}

static void next_event(freshet_agent_reader *reader, freshet_agent_event *event, freshet_agent_kind kind)
{
	assert_int_equal(freshet_agent_reader_next(reader, event), FRESHET_AGENT_EVENT);
	assert_int_equal(event->kind, kind);
}

static void events_lead_to_what_they_were_made_of(void **state)
{
	(void)state;
	static const char message[] = ASSISTANT(TEXT("a") "," TOOL_USE);
	freshet_agent_event event;
	freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_AUTO);
	assert_int_equal(freshet_agent_reader_message(reader, freshet_str_of(message)), FRESHET_OK);
	next_event(reader, &event, FRESHET_AGENT_TEXT);
	assert_true(freshet_str_is(event.raw, TEXT("a")));
	assert_true(freshet_str_is(event.message, message));
	assert_null(event.aod);
	next_event(reader, &event, FRESHET_AGENT_TOOL_CALL);
	assert_true(freshet_str_is(event.raw, TOOL_USE));
	assert_true(freshet_str_is(event.message, message));
	assert_int_equal(freshet_agent_reader_next(reader, &event), FRESHET_AGENT_MORE);
	assert_int_equal(freshet_agent_reader_message(reader, freshet_str_of("words")), FRESHET_OK);
	next_event(reader, &event, FRESHET_AGENT_RAW);
	assert_true(freshet_str_is(event.raw, "words"));
	assert_true(freshet_str_is(event.message, "words"));
	freshet_agent_reader_free(reader);
}

static void plain_messages_need_no_memory(void **state)
{
	(void)state;
	static const char message[] = ASSISTANT(TEXT("plain") "," TOOL_USE "," THINKING("x"));
	freshet_agent_event event;
	freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_AUTO);
	failmem_arm(1);
	assert_int_equal(freshet_agent_reader_message(reader, freshet_str_of(message)), FRESHET_OK);
	next_event(reader, &event, FRESHET_AGENT_TEXT);
	assert_ptr_equal(event.text.text.ptr, strstr(message, "plain"));
	agent_trace_take(&trace, reader);
	assert_false(failmem_fired());
	failmem_off();
	freshet_agent_reader_free(reader);
}

static void bytes_that_are_no_utf8_are_raw(void **state)
{
	(void)state;
	freshet_agent_event event;
	freshet_agent_reader *reader = begin(FRESHET_AGENT_FORM_AUTO);
	assert_int_equal(freshet_agent_reader_message(reader, freshet_str_of(ASSISTANT(TEXT("\xff")))), FRESHET_OK);
	next_event(reader, &event, FRESHET_AGENT_RAW);
	assert_false(event.line.json);
	freshet_agent_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_become_events),
		cmocka_unit_test(output_is_opened_at_every_cut),
		cmocka_unit_test(no_memory_loses_nothing),
		cmocka_unit_test(events_lead_to_what_they_were_made_of),
		cmocka_unit_test(plain_messages_need_no_memory),
		cmocka_unit_test(bytes_that_are_no_utf8_are_raw),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
