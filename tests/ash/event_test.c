/*
 * The frames of the platform as typed events, and what is not as it should be.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "service/ash/event.h"

static freshet_json_scratch scratch;

static freshet_ash_event read(const char *name, const char *data)
{
	freshet_ash_event event;
	ash_event_read(freshet_str_of(name), freshet_str_of(data), &scratch, &event);
	assert_true(freshet_str_is(event.type_name, name));
	assert_true(freshet_str_is(event.raw, data));
	return event;
}

static int clear(void **state)
{
	(void)state;
	freshet_json_scratch_clear(&scratch);
	return 0;
}

#define assert_str(span, text) assert_true(freshet_str_is(span, text))

static void the_servers_own_frames(void **state)
{
	(void)state;
	freshet_ash_event e = read("session_start", "{\"sessionId\":\"s\",\"version\":\"0.2.0\"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_SESSION_START);
	assert_str(e.session_start.session_id, "s");
	assert_str(e.session_start.version, "0.2.0");
	e = read("text_delta", "{\"delta\":\"Hel\\nlo \"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_TEXT_DELTA);
	assert_str(e.delta.text, "Hel\nlo ");
	e = read("thinking_delta", "{\"delta\":\"hmm \"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_THINKING_DELTA);
	assert_str(e.delta.text, "hmm ");
	e = read("tool_use", "{\"id\":\"toolu_1\",\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_TOOL_USE);
	assert_str(e.tool_use.id, "toolu_1");
	assert_str(e.tool_use.name, "Bash");
	assert_str(e.tool_use.input, "{\"command\":\"ls\"}");
	e = read("turn_complete", "{\"numTurns\":2,\"result\":\"Done.\"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_TURN_COMPLETE);
	assert_int_equal(e.turn_complete.num_turns, 2);
	assert_str(e.turn_complete.result, "Done.");
	e = read("turn_complete", "{}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_TURN_COMPLETE);
	assert_int_equal(e.turn_complete.result.len, 0);
	e = read("error", "{\"error\":\"boom\"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_ERROR);
	assert_str(e.error.text, "boom");
	e = read("done", "{\"sessionId\":\"s\"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_DONE);
	assert_str(e.done.session_id, "s");
}

static void tool_results_in_all_their_forms(void **state)
{
	(void)state;
	freshet_ash_event e = read("tool_result", "{\"content\":\"a.txt\"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_TOOL_RESULT);
	assert_str(e.tool_result.content, "\"a.txt\"");
	assert_int_equal(e.tool_result.tool_use_id.len, 0);
	e = read("tool_result",
		"{\"tool_use_id\":\"toolu_2\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"is_error\":true}");
	assert_str(e.tool_result.tool_use_id, "toolu_2");
	assert_str(e.tool_result.content, "[{\"type\":\"text\",\"text\":\"x\"}]");
	assert_true(e.tool_result.is_error);
	e = read("tool_result", "{}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_TOOL_RESULT);
	assert_int_equal(e.err, FRESHET_OK);
	assert_int_equal(e.tool_result.content.len, 0);
}

static void the_agents_messages(void **state)
{
	(void)state;
	freshet_ash_event e = read("message",
		"{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/w\",\"session_id\":\"sdk-1\",\"model\":\"m\"}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_MESSAGE);
	assert_int_equal(e.message.kind, FRESHET_ASH_MESSAGE_SYSTEM);
	assert_str(e.message.subtype, "init");
	assert_str(e.message.model, "m");
	assert_str(e.message.sdk_session_id, "sdk-1");
	e = read("message", "{\"type\":\"stream_event\",\"event\":{\"type\":\"x\"},\"session_id\":\"sdk-1\"}");
	assert_int_equal(e.message.kind, FRESHET_ASH_MESSAGE_STREAM_EVENT);
	assert_str(e.message.event, "{\"type\":\"x\"}");
	e = read("message",
		"{\"type\":\"assistant\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"content\":[{\"type\":\"text\"}"
		"],"
		"\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":3}},\"parent_tool_use_id\":\"p\",\"error\":"
		"\"rate_limit\",\"uuid\":\"u-1\"}");
	assert_int_equal(e.message.kind, FRESHET_ASH_MESSAGE_ASSISTANT);
	assert_str(e.message.message_id, "msg_1");
	assert_str(e.message.model, "m");
	assert_str(e.message.stop_reason, "tool_use");
	assert_str(e.message.content, "[{\"type\":\"text\"}]");
	assert_str(e.message.usage, "{\"input_tokens\":3}");
	assert_str(e.message.parent_tool_use_id, "p");
	assert_str(e.message.error, "rate_limit");
	assert_str(e.message.uuid, "u-1");
	e = read("message", "{\"type\":\"user\",\"message\":{\"content\":[]},\"tool_use_result\":{\"stdout\":\"a\"},"
			    "\"parent_tool_use_id\":null}");
	assert_int_equal(e.message.kind, FRESHET_ASH_MESSAGE_USER);
	assert_str(e.message.tool_use_result, "{\"stdout\":\"a\"}");
	assert_int_equal(e.message.parent_tool_use_id.len, 0);
	e = read("message",
		"{\"type\":\"result\",\"subtype\":\"error_max_turns\",\"is_error\":true,\"duration_ms\":12,\"duration_"
		"api_ms\":"
		"10,\"num_turns\":2,\"result\":\"Done.\",\"total_cost_usd\":0.01,\"usage\":{},\"errors\":[\"e\"],"
		"\"structured_output\":{\"a\":1}}");
	assert_int_equal(e.message.kind, FRESHET_ASH_MESSAGE_RESULT);
	assert_str(e.message.subtype, "error_max_turns");
	assert_true(e.message.is_error);
	assert_int_equal(e.message.duration_ms, 12);
	assert_int_equal(e.message.duration_api_ms, 10);
	assert_int_equal(e.message.num_turns, 2);
	assert_str(e.message.result, "Done.");
	assert_true(e.message.total_cost_usd.given);
	assert_str(e.message.errors, "[\"e\"]");
	assert_str(e.message.structured_output, "{\"a\":1}");
	e = read("message", "{\"type\":\"tool_progress\"}");
	assert_int_equal(e.message.kind, FRESHET_ASH_MESSAGE_UNKNOWN);
	assert_str(e.message.kind_name, "tool_progress");
}

static void names_that_are_new_pass_with_their_data(void **state)
{
	static const char *const names[] = {
		"signature_delta", "input_json_delta", "redacted_thinking", "session_end", ""};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		freshet_ash_event e = read(names[i], "not even JSON");
		assert_int_equal(e.type, FRESHET_ASH_EVENT_UNKNOWN);
		assert_int_equal(e.err, FRESHET_OK);
	}
}

static void what_cannot_be_read_is_told_with_its_place(void **state)
{
	static const struct {
		const char *name;
		const char *data;
		freshet_err err;
		size_t position;
	} cases[] = {
		{"text_delta", "{\"delta\":3}", FRESHET_EJSON_TYPE, 9},
		{"text_delta", "{}", FRESHET_EJSON_MISSING, 0},
		{"text_delta", "{\"delta\":\"", FRESHET_EJSON_TRUNCATED, 10},
		{"tool_use", "{\"id\":3}", FRESHET_EJSON_TYPE, 6},
		{"tool_result", "{\"is_error\":\"no\"}", FRESHET_EJSON_TYPE, 12},
		{"turn_complete", "{\"numTurns\":1.5}", FRESHET_EJSON_NUMBER, 12},
		{"done", "nonsense", FRESHET_EJSON_SYNTAX, 1},
		{"message", "{\"type\":}", FRESHET_EJSON_SYNTAX, 8},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		freshet_ash_event e = read(cases[i].name, cases[i].data);
		assert_int_equal(e.type, FRESHET_ASH_EVENT_UNKNOWN);
		assert_int_equal(e.err, cases[i].err);
		assert_int_equal(e.position, cases[i].position);
	}
	/* The agent's own message owes no types. */
	freshet_ash_event e =
		read("message", "{\"type\":\"result\",\"is_error\":\"no\",\"num_turns\":{},\"result\":[1]}");
	assert_int_equal(e.type, FRESHET_ASH_EVENT_MESSAGE);
	assert_false(e.message.is_error);
	assert_int_equal(e.message.result.len, 0);
}

static void without_memory_an_event_is_told_unread(void **state)
{
	(void)state;
	failmem_arm(1);
	freshet_ash_event e = read("text_delta", "{\"delta\":\"a\\nb\"}");
	failmem_off();
	assert_int_equal(e.type, FRESHET_ASH_EVENT_UNKNOWN);
	assert_int_equal(e.err, FRESHET_ENOMEM);
}

static void blocks_of_whole_messages_are_counted(void **state)
{
	struct ash_stored stored = {0};
	(void)state;
	freshet_ash_event e =
		read("message", "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"thinking\"},{\"type\":"
				"\"text\"},{\"type\":\"text\"},"
				"{\"type\":\"tool_use\"},{\"type\":\"redacted_thinking\"},3,{\"type\":4},{}]}}");
	ash_event_count(&e, &stored);
	e = read("message", "{\"type\":\"assistant\",\"message\":{\"content\":\"text\"}}");
	ash_event_count(&e, &stored);
	e = read("message", "{\"type\":\"user\",\"tool_use_result\":\"x\"}");
	ash_event_count(&e, &stored);
	e = read("message", "{\"type\":\"user\"}");
	ash_event_count(&e, &stored);
	e = read("text_delta", "{\"delta\":\"text\"}");
	ash_event_count(&e, &stored);
	assert_int_equal(stored.texts, 2);
	assert_int_equal(stored.thoughts, 1);
	assert_int_equal(stored.tool_starts, 1);
	assert_int_equal(stored.tool_results, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_servers_own_frames, clear),
		cmocka_unit_test_teardown(tool_results_in_all_their_forms, clear),
		cmocka_unit_test_teardown(the_agents_messages, clear),
		cmocka_unit_test_teardown(names_that_are_new_pass_with_their_data, clear),
		cmocka_unit_test_teardown(what_cannot_be_read_is_told_with_its_place, clear),
		cmocka_unit_test_teardown(without_memory_an_event_is_told_unread, clear),
		cmocka_unit_test_teardown(blocks_of_whole_messages_are_counted, clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
