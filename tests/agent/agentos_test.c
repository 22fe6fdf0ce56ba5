/*
 * Events of streamed runs of AgentOS as events of the model: every type, every end.
 */
#include "support/agent_trace.h"

static struct agent_trace trace;
static freshet_agent_reader *reader;

static int begin(void **state)
{
	(void)state;
	memset(&trace, 0, sizeof trace);
	return freshet_agent_reader_new(NULL, &reader) == FRESHET_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	freshet_agent_reader_free(reader);
	return 0;
}

static void feed(const freshet_agentos_event *event)
{
	assert_int_equal(freshet_agent_reader_agentos(reader, event), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_agentos(reader, event), FRESHET_ESTATE);
	agent_trace_take(&trace, reader);
}

static void assert_trace(const char *want)
{
	assert_string_equal(trace.text, want);
	trace.len = 0;
	trace.text[0] = '\0';
}

#define S(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

static void every_event_that_goes_on(void **state)
{
	const freshet_agentos_event events[] = {
		{.type = FRESHET_AGENTOS_EVENT_START, .result = {.run_id = S("r1")}},
		{.type = FRESHET_AGENTOS_EVENT_CHUNK, .text = S("Oh")},
		{.type = FRESHET_AGENTOS_EVENT_CHUNK, .text = S("whole"), .synthetic = true},
		{.type = FRESHET_AGENTOS_EVENT_TOOL_CALL, .tool = S("mail"), .input = S("{\"to\":1}")},
		{.type = FRESHET_AGENTOS_EVENT_TOOL_RESULT, .tool = S("mail"), .output = S("\"se\\u006et\"")},
		{.type = FRESHET_AGENTOS_EVENT_TOOL_RESULT, .tool = S("mail"), .output = S("{}")},
		{.type = FRESHET_AGENTOS_EVENT_TOOL_RESULT, .tool = S("mail"), .is_error = true, .message = S("no")},
		{.type = FRESHET_AGENTOS_EVENT_UNKNOWN, .raw = S("{\"type\":\"novel\"}")},
		{.type = FRESHET_AGENTOS_EVENT_UNKNOWN, .raw = S("{"), .err = FRESHET_EJSON_TRUNCATED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		feed(&events[i]);
	assert_trace("started session=r1\n"
		     "text delta Oh\n"
		     "text whole\n"
		     "tool_call name=mail input={\"to\":1}\n"
		     "tool_result name=mail content=\"se\\u006et\" text=sent\n"
		     "tool_result name=mail content={}\n"
		     "tool_result error name=mail text=no\n"
		     "raw json\n"
		     "raw\n");
}

/* An end that comes behind the last event brings nothing more. */
static void every_event_that_ends(void **state)
{
	static const freshet_agentos_stream_end good = {.error = NULL};
	static const struct {
		freshet_agentos_event event;
		const char *trace;
	} rows[] = {
		{{.type = FRESHET_AGENTOS_EVENT_DONE,
			 .result = {.status = FRESHET_AGENTOS_STATUS_COMPLETED,
				 .output = S("\"x\""),
				 .output_text = S("x"),
				 .has_usage = true,
				 .input_tokens = 7,
				 .output_tokens = 2}},
			"usage in=7 out=2 cached=0/0 turns=0\ndone completed output=x\n"},
		{{.type = FRESHET_AGENTOS_EVENT_DONE,
			 .result = {.status = FRESHET_AGENTOS_STATUS_COMPLETED, .output = S("{\"a\":1}")}},
			"done completed json={\"a\":1}\n"},
		{{.type = FRESHET_AGENTOS_EVENT_DONE,
			 .result = {.status = FRESHET_AGENTOS_STATUS_FAILED, .error_message = S("crash")}},
			"done failed text=crash\n"},
		{{.type = FRESHET_AGENTOS_EVENT_DONE, .result = {.status = FRESHET_AGENTOS_STATUS_CANCELED}},
			"done canceled\n"},
		{{.type = FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL,
			 .tool = S("mail"),
			 .input = S("{}"),
			 .result = {.status = FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL, .approval_id = S("a1")}},
			"awaiting_approval id=a1 name=mail input={}\ndone paused\n"},
		{{.type = FRESHET_AGENTOS_EVENT_AWAITING_INPUT,
			 .result = {.status = FRESHET_AGENTOS_STATUS_AWAITING_INPUT,
				 .question_id = S("q1"),
				 .question = S("Which?")}},
			"awaiting_input id=q1 text=Which?\ndone paused\n"},
		{{.type = FRESHET_AGENTOS_EVENT_ERROR, .code = S("c"), .message = S("broke")},
			"error code=c text=broke\ndone failed text=broke\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		feed(&rows[i].event);
		assert_int_equal(freshet_agent_reader_agentos_end(reader, &good), FRESHET_OK);
		agent_trace_take(&trace, reader);
		assert_trace(rows[i].trace);
	}
}

static void every_end_without_such_an_event(void **state)
{
	static const freshet_agentos_error refused = {
		.outcome = {.err = FRESHET_EAUTH, .http_status = 401, .text = S("HTTP 401: no")}};
	static const freshet_agentos_error lost = {.outcome = {.err = FRESHET_ECLOSED, .text = S("closed")}};
	static const freshet_agentos_error unsent = {
		.outcome = {.err = FRESHET_ECONNECT, .unprocessed = true, .text = S("nobody there")}};
	static const freshet_agentos_error canceled = {.outcome = {.err = FRESHET_ECANCELED, .text = S("ours")}};
	static const freshet_agentos_result complete = {.status = FRESHET_AGENTOS_STATUS_COMPLETED};
	static const freshet_agentos_result running = {.status = FRESHET_AGENTOS_STATUS_RUNNING};
	static const struct {
		freshet_agentos_stream_end end;
		const char *trace;
	} rows[] = {
		{{.result = &complete}, "done completed\n"},
		{{.error = &refused}, "error code=FRESHET_EAUTH text=HTTP 401: no\ndone failed text=HTTP 401: no\n"},
		{{.error = &unsent}, "error code=FRESHET_ECONNECT text=nobody there\ndone failed text=nobody there\n"},
		{{.error = &lost, .result = &running},
			"error code=FRESHET_ECLOSED text=closed\ndone unknown text=closed\n"},
		{{.error = &canceled}, "done unknown text=ours\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(freshet_agent_reader_agentos_end(reader, &rows[i].end), FRESHET_OK);
		agent_trace_take(&trace, reader);
		assert_trace(rows[i].trace);
		end(NULL);
		assert_int_equal(begin(NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_event_that_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(every_event_that_ends, begin, end),
		cmocka_unit_test_setup_teardown(every_end_without_such_an_event, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
