/*
 * Events of Sudoiq as events of the model: every type, tool calls that repeat, every end.
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

static void feed(const freshet_sudoiq_event *event)
{
	assert_int_equal(freshet_agent_reader_sudoiq(reader, event), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_sudoiq(reader, event), FRESHET_ESTATE);
	agent_trace_take(&trace, reader);
}

static void feed_end(freshet_sudoiq_run_end *e, freshet_err err)
{
	e->error.outcome.err = err;
	e->error.outcome.text = freshet_str_of(err != FRESHET_OK ? "what failed" : "");
	assert_int_equal(freshet_agent_reader_sudoiq_end(reader, e), FRESHET_OK);
	agent_trace_take(&trace, reader);
}

static void feed_status(const char *json, bool repeated)
{
	freshet_sudoiq_status *status;
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(json), NULL, &status, NULL), FRESHET_OK);
	const freshet_sudoiq_tool_call *calls = status->tool_calls;
	freshet_sudoiq_tool_call copy[4];
	for (size_t i = 0; i < status->tool_call_count; i++) {
		copy[i] = calls[i];
		copy[i].repeated = repeated || freshet_str_is(calls[i].call_id, "old");
	}
	status->tool_calls = status->tool_call_count > 0 ? copy : NULL;
	const freshet_sudoiq_event event = {
		.type = FRESHET_SUDOIQ_EVENT_STATUS, .raw = status->raw, .task_id = 42, .status = status};
	feed(&event);
	freshet_sudoiq_status_free(status);
}

static void assert_trace(const char *want)
{
	assert_string_equal(trace.text, want);
	trace.len = 0;
	trace.text[0] = '\0';
}

#define WANTS                                                                                                          \
	"{\"task_id\":42,\"status\":\"awaiting_tool_calls\",\"tool_calls\":["                                          \
	"{\"call_id\":\"c1\",\"name\":\"read\",\"args\":{\"a\":1}},{\"call_id\":\"old\",\"name\":\"read\"},"           \
	"{\"call_id\":\"c2\",\"name\":\"write\",\"namespace\":\"lab\"}]}"

static void every_event(void **state)
{
	const freshet_sudoiq_event events[] = {
		{.type = FRESHET_SUDOIQ_EVENT_STARTED, .task_id = 41820000001},
		{.type = FRESHET_SUDOIQ_EVENT_LOG, .log = {{"info", 4}, {"hm", 2}}},
		{.type = FRESHET_SUDOIQ_EVENT_DELTA, .delta = {{"n", 1}, {"Oh", 2}}},
		{.type = FRESHET_SUDOIQ_EVENT_ERROR, .error = {{"slow", 4}, {"too slow", 8}, true}},
		{.type = FRESHET_SUDOIQ_EVENT_END, .raw = {"{}", 2}},
		{.type = FRESHET_SUDOIQ_EVENT_UNKNOWN, .raw = {"x", 1}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		feed(&events[i]);
	assert_trace("started session=41820000001\n"
		     "status agent name=log as=info text=hm\n"
		     "text delta Oh\n"
		     "error code=slow text=too slow\n"
		     "raw json\n"
		     "raw\n");
}

static void tool_calls_once(void **state)
{
	(void)state;
	feed_status(WANTS, false);
	assert_trace("status session name=awaiting_tool_calls as=awaiting_tool_calls\n"
		     "tool_request id=c1 space=main name=read input={\"a\":1}\n"
		     "tool_request id=c2 space=lab name=write\n");
	feed_status(WANTS, true);
	assert_trace("status session name=awaiting_tool_calls as=awaiting_tool_calls\n");
}

static void failures_and_usage(void **state)
{
	(void)state;
	feed_status("{\"task_id\":42,\"status\":\"failed\",\"error\":{\"code\":\"c\",\"message\":\"m\"},"
		    "\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}",
		false);
	assert_trace("status session name=failed failed as=failed text=m\n"
		     "error code=c text=m\n"
		     "usage in=3 out=4 cached=0/0 turns=0\n");
}

static void every_end(void **state)
{
	static const struct {
		freshet_sudoiq_run_end end;
		freshet_err err;
		const char *trace;
	} ends[] = {
		{{.phase = FRESHET_SUDOIQ_COMPLETED}, FRESHET_OK, "done completed\n"},
		{{.phase = FRESHET_SUDOIQ_FAILED}, FRESHET_OK, "done failed\n"},
		{{.phase = FRESHET_SUDOIQ_CANCELED}, FRESHET_OK, "done canceled\n"},
		{{.phase = FRESHET_SUDOIQ_PAUSED, .has_task_id = true}, FRESHET_ECANCELED,
			"done paused text=what failed\n"},
		{{.phase = FRESHET_SUDOIQ_RUNNING, .has_task_id = true}, FRESHET_EDEADLINE,
			"error code=FRESHET_EDEADLINE text=what failed\ndone unknown text=what failed\n"},
		{{.error.outcome.http_status = 422}, FRESHET_EVALIDATION,
			"error code=FRESHET_EVALIDATION text=what failed\ndone failed text=what failed\n"},
		{{.error.outcome.unprocessed = true}, FRESHET_ECONNECT,
			"error code=FRESHET_ECONNECT text=what failed\ndone failed text=what failed\n"},
		{{.has_task_id = false}, FRESHET_ECLOSED,
			"error code=FRESHET_ECLOSED text=what failed\ndone unknown text=what failed\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const freshet_sudoiq_event delta = {.type = FRESHET_SUDOIQ_EVENT_DELTA};
		freshet_sudoiq_run_end e = ends[i].end;
		feed(&delta);
		assert_trace("text delta \n");
		feed_end(&e, ends[i].err);
		assert_trace(ends[i].trace);
	}
}

static void results(void **state)
{
	static const freshet_sudoiq_status text = {.result = {"\"a\\u0041\"", 9}, .result_text = {"aA", 2}};
	static const freshet_sudoiq_status json = {.result = {"{\"a\":1}", 7}};
	(void)state;
	freshet_sudoiq_run_end e = {.phase = FRESHET_SUDOIQ_COMPLETED, .status = &text};
	feed_end(&e, FRESHET_OK);
	assert_trace("done completed output=aA\n");
	/* One end, one DONE: the next run begins with an event. */
	feed_end(&e, FRESHET_OK);
	assert_trace("");
	e.status = &json;
	feed_end(&e, FRESHET_OK);
	assert_trace("done completed json={\"a\":1}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_event, begin, end),
		cmocka_unit_test_setup_teardown(tool_calls_once, begin, end),
		cmocka_unit_test_setup_teardown(failures_and_usage, begin, end),
		cmocka_unit_test_setup_teardown(every_end, begin, end),
		cmocka_unit_test_setup_teardown(results, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
