/*
 * Events of Ash as events of the model: every type, records after a break, every end, memory, and whole turns of a client
 * against a server.
 */
#include "support/agent_trace.h"
#include "support/ash_world.h"
#include "support/failmem.h"

#define UUID     "11111111-2222-4333-8444-555555555555"
#define NO_USAGE "usage in=0 out=0 cached=0/0 turns=0\n"

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

static void feed(const freshet_ash_event *event)
{
	assert_int_equal(freshet_agent_reader_ash(reader, event), FRESHET_OK);
	agent_trace_take(&trace, reader);
}

static void feed_raw(freshet_ash_event_type type, const char *raw)
{
	const freshet_ash_event event = {.type = type, .raw = freshet_str_of(raw)};
	feed(&event);
}

static void feed_record(freshet_ash_record_type type, const char *name, const char *data)
{
	const freshet_ash_record record = {
		.type = type, .type_name = freshet_str_of(name), .data = freshet_str_of(data)};
	const freshet_ash_event event = {.type = FRESHET_ASH_EVENT_RECORD, .record = &record};
	feed(&event);
}

static void feed_end(freshet_ash_turn_state state, bool is_error, freshet_err err)
{
	freshet_ash_turn_end e = {.state = state, .is_error = is_error};
	e.error.outcome.err = err;
	e.error.outcome.text = freshet_str_of(err != FRESHET_OK ? "what failed" : "");
	assert_int_equal(freshet_agent_reader_ash_end(reader, &e), FRESHET_OK);
	agent_trace_take(&trace, reader);
}

static void assert_trace(const char *want)
{
	assert_string_equal(trace.text, want);
	trace.len = 0;
	trace.text[0] = '\0';
}

static void events_become_the_model_s(void **state)
{
	(void)state;
	freshet_ash_event event = {.type = FRESHET_ASH_EVENT_SESSION_START};
	event.session_start.session_id = freshet_str_of(UUID);
	feed(&event);
	assert_trace("started session=" UUID "\n");
	event = (freshet_ash_event){.type = FRESHET_ASH_EVENT_ERROR};
	event.error.text = freshet_str_of("boom");
	feed(&event);
	assert_trace("error text=boom\n");
	feed_raw(FRESHET_ASH_EVENT_MESSAGE,
		"{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
		"{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\"}]}}");
	assert_trace("text a\ntool_call id=t name=Bash\n");
	trace.raw = true;
	feed_raw(FRESHET_ASH_EVENT_UNKNOWN, "{\"type\":\"signature_delta\"}");
	assert_trace("raw json < {\"type\":\"signature_delta\"}\n");
	event = (freshet_ash_event){.type = FRESHET_ASH_EVENT_UNKNOWN, .raw = {"{", 1}, .err = FRESHET_EJSON_TYPE};
	feed(&event);
	assert_trace("raw < {\n");
}

/* What the agent's messages tell too. */
static void what_is_told_twice_is_shown_once(void **state)
{
	(void)state;
	static const freshet_ash_event_type twice[] = {FRESHET_ASH_EVENT_TEXT_DELTA, FRESHET_ASH_EVENT_THINKING_DELTA,
		FRESHET_ASH_EVENT_TOOL_USE, FRESHET_ASH_EVENT_TOOL_RESULT, FRESHET_ASH_EVENT_TURN_COMPLETE,
		FRESHET_ASH_EVENT_DONE};
	for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++)
		feed_raw(twice[i], "{}");
	assert_trace("");
}

static void records_become_events(void **state)
{
	(void)state;
	static const struct {
		freshet_ash_record_type type;
		const char *name;
		const char *data;
		const char *want;
	} records[] = {
		{FRESHET_ASH_RECORD_LIFECYCLE, "lifecycle", "{\"action\":\"paused\"}", "status session name=paused\n"},
		{FRESHET_ASH_RECORD_LIFECYCLE, "lifecycle", "{}", "status session name=lifecycle\n"},
		{FRESHET_ASH_RECORD_MCP_STATUS, "mcp_status", "{\"action\":\"error\",\"error\":\"no\"}",
			"status agent name=mcp_status as=error text=no\n"},
		{FRESHET_ASH_RECORD_TEXT, "text", "{\"text\":\"caf\\u00e9\"}", "text caf\xc3\xa9\n"},
		{FRESHET_ASH_RECORD_REASONING, "reasoning", "{\"thinking\":\"hm\"}", "thinking hm\n"},
		{FRESHET_ASH_RECORD_TOOL_START, "tool_start",
			"{\"toolName\":\"Bash\",\"toolId\":\"t\",\"input\":{\"command\":\"ls\"}}",
			"tool_call id=t name=Bash input={\"command\":\"ls\"}\n"},
		{FRESHET_ASH_RECORD_TOOL_RESULT, "tool_result", "{\"toolName\":\"Bash\",\"stdout\":\"a\\n\"}",
			"tool_result name=Bash content={\"toolName\":\"Bash\",\"stdout\":\"a\\n\"} text=a\n\n"},
		{FRESHET_ASH_RECORD_TOOL_RESULT, "tool_result", "{}", "tool_result content={}\n"},
		{FRESHET_ASH_RECORD_TURN_COMPLETE, "turn_complete", "{\"numTurns\":2,\"result\":\"Done.\"}",
			"usage in=0 out=0 cached=0/0 turns=2\n"},
		{FRESHET_ASH_RECORD_ERROR, "error", "{\"error\":\"boom\"}", "error text=boom\n"},
		{FRESHET_ASH_RECORD_UNKNOWN, "news", "{\"a\":1}", "raw json\n"},
		{FRESHET_ASH_RECORD_TEXT, "text", "{\"text\":", "raw\n"},
		{FRESHET_ASH_RECORD_TEXT, "text", "", "raw\n"},
	};
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		feed_record(records[i].type, records[i].name, records[i].data);
		assert_trace(records[i].want);
	}
	feed_end(FRESHET_ASH_TURN_RECOVERED, false, FRESHET_OK);
	assert_trace("done completed output=Done.\n");
}

static void ends_are_told_once(void **state)
{
	(void)state;
	static const struct {
		freshet_ash_turn_state state;
		bool is_error;
		freshet_err err;
		const char *want;
	} ends[] = {
		{FRESHET_ASH_TURN_COMPLETED, false, FRESHET_OK, "done completed\n"},
		{FRESHET_ASH_TURN_COMPLETED, true, FRESHET_OK, "done failed\n"},
		{FRESHET_ASH_TURN_RECOVERED, false, FRESHET_OK, "done completed\n"},
		{FRESHET_ASH_TURN_RECOVERED, true, FRESHET_OK, "done failed\n"},
		{FRESHET_ASH_TURN_FAILED, false, FRESHET_OK, "done failed\n"},
		{FRESHET_ASH_TURN_INTERRUPTED, false, FRESHET_OK, "done canceled\n"},
		{FRESHET_ASH_TURN_UNKNOWN, false, FRESHET_ECANCELED, "done unknown text=what failed\n"},
		{FRESHET_ASH_TURN_UNKNOWN, false, FRESHET_ECLOSED,
			"error code=FRESHET_ECLOSED text=what failed\ndone unknown text=what failed\n"},
		{FRESHET_ASH_TURN_DISTURBED, false, FRESHET_EBAD_ANSWER,
			"error code=FRESHET_EBAD_ANSWER text=what failed\ndone unknown text=what failed\n"},
		{FRESHET_ASH_TURN_UNSENT, false, FRESHET_ECONNECT,
			"error code=FRESHET_ECONNECT text=what failed\ndone failed text=what failed\n"},
		{FRESHET_ASH_TURN_REFUSED, false, FRESHET_ECONFLICT,
			"error code=FRESHET_ECONFLICT text=what failed\ndone failed text=what failed\n"},
	};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		feed_end(ends[i].state, ends[i].is_error, ends[i].err);
		assert_trace(ends[i].want);
		feed_end(ends[i].state, ends[i].is_error, ends[i].err);
		assert_trace("");
	}
}

static void one_thing_is_fed_at_a_time(void **state)
{
	(void)state;
	const freshet_ash_event event = {.type = FRESHET_ASH_EVENT_UNKNOWN, .raw = {"{}", 2}};
	const freshet_ash_turn_end e = {.state = FRESHET_ASH_TURN_COMPLETED};
	freshet_agent_event got;
	assert_int_equal(freshet_agent_reader_ash(reader, &event), FRESHET_OK);
	assert_int_equal(freshet_agent_reader_ash(reader, &event), FRESHET_ESTATE);
	assert_int_equal(freshet_agent_reader_ash_end(reader, &e), FRESHET_ESTATE);
	assert_int_equal(freshet_agent_reader_next(reader, &got), FRESHET_AGENT_EVENT);
	assert_ptr_equal(got.ash, &event);
	assert_null(got.aod);
	assert_int_equal(freshet_agent_reader_next(reader, &got), FRESHET_AGENT_MORE);
}

static void no_memory_loses_nothing(void **state)
{
	(void)state;
	size_t n = 1;
	for (bool fired = true; fired; n++) {
		failmem_arm_one(n);
		trace.failures = 0;
		feed_record(FRESHET_ASH_RECORD_TOOL_START, "tool_start", "{\"toolName\":\"\\u0042ash\"}");
		feed_record(FRESHET_ASH_RECORD_TURN_COMPLETE, "turn_complete", "{\"result\":\"caf\\u00e9\"}");
		feed_end(FRESHET_ASH_TURN_COMPLETED, false, FRESHET_OK);
		feed_end(FRESHET_ASH_TURN_COMPLETED, false, FRESHET_OK);
		fired = failmem_fired();
		assert_int_equal(trace.failures, fired);
		assert_trace("tool_call name=Bash\n" NO_USAGE "done completed output=caf\xc3\xa9\n");
		/* The scratch is kept: a new reader has to take it again. */
		freshet_agent_reader_free(reader);
		failmem_off();
		assert_int_equal(freshet_agent_reader_new(NULL, &reader), FRESHET_OK);
	}
	assert_true(n > 2);
}

/* ---- whole turns ---- */

#define FRAME(name, data) "event: " name "\ndata: " data "\n\n"
#define TURN                                                                                                           \
	FRAME("session_start", "{\"sessionId\":\"" UUID "\",\"version\":\"0.2.0\"}")                                   \
	FRAME("message", "{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\"}")                                 \
	FRAME("text_delta", "{\"delta\":\"Hello\"}")                                                                   \
	FRAME("message", "{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\","                     \
			 "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}}")                                   \
	FRAME("tool_use", "{\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}")                                             \
	FRAME("message", "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hello\"},"   \
			 "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}]}}")                     \
	FRAME("tool_result", "{}")                                                                                     \
	FRAME("message", "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\","                     \
			 "\"tool_use_id\":\"t\",\"content\":\"a.txt\"}]}}")
#define TURN_END                                                                                                       \
	FRAME("turn_complete", "{\"numTurns\":2,\"result\":\"Hello\"}")                                                \
	FRAME("message", "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"num_turns\":2,"            \
			 "\"result\":\"Hello\"}")                                                                      \
	FRAME("done", "{\"sessionId\":\"" UUID "\"}")
#define TURN_SEEN                                                                                                      \
	"started session=" UUID "\nstatus agent name=init text=m\ntext delta Hello\ntext repeated Hello\n"             \
	"tool_call id=t name=Bash input={}\ntool_result id=t content=\"a.txt\" text=a.txt\n"

static const char *frames; /* what the server says; then the last chunk, or with `cut` nothing */
static bool cut;
static bool over;

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	ash_world_stream(c);
	ash_world_chunk(c, frames);
	if (cut)
		h1server_finish(c);
	else
		ash_world_end(c);
}

static void on_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user)
{
	(void)turn;
	(void)user;
	feed(event);
}

static void on_done(freshet_ash_turn *turn, const freshet_ash_turn_end *e, void *user)
{
	(void)turn;
	(void)user;
	assert_int_equal(freshet_agent_reader_ash_end(reader, e), FRESHET_OK);
	agent_trace_take(&trace, reader);
	over = true;
}

static void run_turn(const char *what, bool is_cut)
{
	freshet_ash_turn_options o;
	freshet_ash_turn *turn;
	frames = what;
	cut = is_cut;
	over = false;
	freshet_ash_turn_options_init(&o);
	o.session_id = freshet_str_of(UUID);
	o.content = freshet_str_of("hi");
	o.partial = true;
	o.no_recovery = true;
	o.callbacks = (freshet_ash_turn_callbacks){.on_event = on_event, .on_done = on_done};
	assert_int_equal(freshet_ash_turn_open(ash_world.ash, &o, &turn), FRESHET_OK);
	ash_world_run_until(&over);
}

static int world_begin(void **state)
{
	ash_world_open(answer, NULL);
	return begin(state);
}

static int world_end(void **state)
{
	end(state);
	return ash_world_close(state);
}

static void turns_of_a_server(void **state)
{
	(void)state;
	static const char failed[] =
		FRAME("session_start", "{\"sessionId\":\"" UUID "\"}") FRAME("error", "{\"error\":\"boom\"}");
	run_turn(TURN TURN_END, false);
	assert_trace(TURN_SEEN
		"usage in=0 out=0 cached=0/0 turns=2\ndone completed text=the turn is complete output=Hello\n");
	run_turn(failed, false);
	assert_trace("started session=" UUID "\nerror text=boom\ndone failed text=the agent reported an error\n");
}

static void a_turn_that_is_cut_ends_unknown(void **state)
{
	(void)state;
	static const char begun[] = TURN_SEEN "error code=";
	run_turn(TURN, true);
	assert_memory_equal(trace.text, begun, strlen(begun));
	assert_non_null(strstr(trace.text, "\ndone unknown text="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_become_the_model_s, begin, end),
		cmocka_unit_test_setup_teardown(what_is_told_twice_is_shown_once, begin, end),
		cmocka_unit_test_setup_teardown(records_become_events, begin, end),
		cmocka_unit_test_setup_teardown(ends_are_told_once, begin, end),
		cmocka_unit_test_setup_teardown(one_thing_is_fed_at_a_time, begin, end),
		cmocka_unit_test_setup_teardown(no_memory_loses_nothing, begin, end),
		cmocka_unit_test_setup_teardown(turns_of_a_server, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_turn_that_is_cut_ends_unknown, world_begin, world_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
