/*
 * Typed events: the contract's own samples, every type with what may be missing, both dialects, values beyond the usual,
 * and texts that must not be read as something.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "service/aod/event.h"

static freshet_json_scratch scratch;

static freshet_aod_event read_event(const char *text)
{
	freshet_aod_event event;
	size_t position = 0;
	freshet_json_scratch_reset(&scratch);
	assert_int_equal(event_read(freshet_str_of(text), &scratch, &event, &position), FRESHET_OK);
	assert_true(freshet_str_is(event.raw, text));
	return event;
}

static void assert_fails(const char *text, freshet_err err, size_t position)
{
	freshet_aod_event event;
	size_t at = 0;
	freshet_json_scratch_reset(&scratch);
	assert_int_equal(event_read(freshet_str_of(text), &scratch, &event, &at), err);
	assert_int_equal(at, position);
}

static void assert_span(freshet_str span, const char *text)
{
	assert_int_equal(span.len, strlen(text));
	assert_memory_equal(span.ptr != NULL ? span.ptr : "", text, span.len);
}

static void start_tells_provider_or_runtime(void **state)
{
	(void)state;
	freshet_aod_event event =
		read_event("{\"type\": \"start\", \"provider\": \"anthropic\", \"session_id\": \"7d0c\"}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_START);
	assert_span(event.start.provider, "anthropic");
	assert_span(event.start.runtime, "");
	assert_span(event.start.session_id, "7d0c");
	assert_int_equal(event.id, 0);
	event = read_event("{\"type\": \"start\", \"runtime\": \"claude\", \"session_id\": \"7d0c\"}");
	assert_span(event.start.provider, "");
	assert_span(event.start.runtime, "claude");
}

static void stages_have_states_and_optional_members(void **state)
{
	(void)state;
	freshet_aod_event event =
		read_event("{\"type\": \"stage\", \"id\": 9001, \"stage\": \"create_sprite\", \"state\": \"started\"}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_STAGE);
	assert_int_equal(event.id, 9001);
	assert_span(event.stage.name, "create_sprite");
	assert_int_equal(event.stage.state, FRESHET_AOD_STAGE_STARTED);
	assert_false(event.stage.has_duration);
	event = read_event("{\"type\": \"stage\", \"id\": 9003, \"stage\": \"provision_setup\", \"state\": \"failed\", "
			   "\"duration_ms\": 412, \"message\": \"boom\"}");
	assert_int_equal(event.stage.state, FRESHET_AOD_STAGE_FAILED);
	assert_true(event.stage.has_duration);
	assert_int_equal(event.stage.duration_ms, 412);
	assert_span(event.stage.message, "boom");
	event = read_event("{\"type\": \"stage\", \"id\": 1, \"stage\": \"x\", \"state\": \"completed\"}");
	assert_int_equal(event.stage.state, FRESHET_AOD_STAGE_DONE);
	event = read_event("{\"type\": \"stage\", \"id\": 1, \"stage\": \"x\", \"state\": \"skipped\"}");
	assert_int_equal(event.stage.state, FRESHET_AOD_STAGE_UNKNOWN);
	assert_span(event.stage.state_name, "skipped");
}

static void turns_and_output(void **state)
{
	(void)state;
	freshet_aod_event event = read_event("{\"type\": \"turn_start\", \"id\": 9010, \"turn\": 1}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_TURN_START);
	assert_int_equal(event.turn_start.turn, 1);
	event = read_event("{\"type\": \"output\", \"id\": 9010, \"stream\": \"stdout\", \"data\": \"caf\\u00e9\\n\", "
			   "\"turn\": 1}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_OUTPUT);
	assert_int_equal(event.output.stream, FRESHET_AOD_OUTPUT_STDOUT);
	assert_span(event.output.data, "caf\xc3\xa9\n");
	assert_int_equal(event.output.turn, 1);
	event = read_event("{\"type\": \"output\", \"id\": 9011, \"stream\": \"pty\", \"data\": \"\\ud83d\\ude00\", "
			   "\"turn\": null}");
	assert_int_equal(event.output.stream, FRESHET_AOD_OUTPUT_UNKNOWN);
	assert_span(event.output.stream_name, "pty");
	assert_span(event.output.data, "\xf0\x9f\x98\x80");
	assert_int_equal(event.output.turn, 0);
}

static void plain_output_lies_in_the_text(void **state)
{
	(void)state;
	static const char text[] = "{\"type\": \"output\", \"id\": 1, \"stream\": \"stderr\", \"data\": \"plain\"}";
	failmem_arm(1);
	freshet_aod_event event = read_event(text);
	assert_ptr_equal(event.output.data.ptr, strstr(text, "plain"));
	assert_false(failmem_fired());
	failmem_off();
}

static void ends(void **state)
{
	(void)state;
	freshet_aod_event event = read_event("{\"type\": \"exit\", \"id\": 9010, \"code\": 0}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_EXIT);
	assert_true(event.exit.has_code);
	assert_int_equal(event.exit.code, 0);
	event = read_event("{\"type\": \"exit\", \"id\": 9010, \"code\": -9}");
	assert_int_equal(event.exit.code, -9);
	event = read_event("{\"type\": \"exit\", \"id\": 9010, \"code\": null}");
	assert_false(event.exit.has_code);
	event = read_event("{\"type\": \"exit\", \"id\": 9010}");
	assert_false(event.exit.has_code);
	event = read_event("{\"type\": \"error\", \"id\": 9010, \"message\": \"Session failed\"}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_ERROR);
	assert_span(event.message.text, "Session failed");
	event = read_event("{\"type\": \"terminated\", \"id\": 9010, \"message\": \"Session terminated\"}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_TERMINATED);
	event = read_event("{\"type\": \"stale\", \"id\": 0, \"message\": \"No output for 600s\"}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_STALE);
	assert_span(event.message.text, "No output for 600s");
}

static void ids_have_64_bits(void **state)
{
	(void)state;
	freshet_aod_event event = read_event("{\"type\": \"exit\", \"id\": 18446744073709551615, \"code\": 1}");
	assert_true(event.id == UINT64_MAX);
	assert_fails("{\"type\": \"exit\", \"id\": 18446744073709551616}", FRESHET_EJSON_NUMBER, 23);
	assert_fails("{\"type\": \"exit\", \"id\": -1}", FRESHET_EJSON_NUMBER, 23);
}

static void unknown_types_and_members_pass(void **state)
{
	(void)state;
	freshet_aod_event event = read_event("{\"type\": \"usage\", \"id\": 9020, \"data\": {\"tokens\": 3}}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_UNKNOWN);
	assert_span(event.type_name, "usage");
	assert_int_equal(event.id, 9020);
	event = read_event("{\"type\": \"exit\", \"code\": 1, \"signal\": {\"name\": \"KILL\"}}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_EXIT);
	assert_int_equal(event.exit.code, 1);
	/* No type, or none that is a string, is nothing known: never output, as elsewhere. */
	static const char *const untyped[] = {
		"{\"data\": \"x\"}", "{\"type\": 7, \"id\": \"a\"}", "[1]", "\"output\"", "null"};
	for (size_t i = 0; i < sizeof untyped / sizeof untyped[0]; i++) {
		event = read_event(untyped[i]);
		assert_int_equal(event.type, FRESHET_AOD_EVENT_UNKNOWN);
		assert_span(event.type_name, "");
	}
	/* A type spelled with escapes is the type that it spells. */
	event = read_event("{\"type\": \"e\\u0078it\", \"code\": 2}");
	assert_int_equal(event.type, FRESHET_AOD_EVENT_EXIT);
}

static void what_cannot_be_read_is_told(void **state)
{
	(void)state;
	assert_fails("", FRESHET_EJSON_TRUNCATED, 0);
	assert_fails("not JSON", FRESHET_EJSON_SYNTAX, 1);
	assert_fails("{\"type\": \"output\", \"data\": \"x\"", FRESHET_EJSON_TRUNCATED, 30);
	assert_fails("{\"type\": \"output\", \"id\": 1}", FRESHET_EJSON_MISSING, 0);
	assert_fails("{\"type\": \"output\", \"data\": null}", FRESHET_EJSON_TYPE, 27);
	assert_fails("{\"type\": \"output\", \"data\": 5}", FRESHET_EJSON_TYPE, 27);
	assert_fails("{\"type\": \"exit\", \"code\": \"0\"}", FRESHET_EJSON_TYPE, 25);
	assert_fails("{\"type\": \"exit\", \"code\": 1.5}", FRESHET_EJSON_NUMBER, 25);
	assert_fails("{\"type\": \"turn_start\"}", FRESHET_EJSON_MISSING, 0);
	assert_fails("{\"type\": \"stage\", \"stage\": []}", FRESHET_EJSON_TYPE, 27);
}

static void without_memory_an_escaped_string_fails(void **state)
{
	(void)state;
	freshet_json_scratch_clear(&scratch);
	failmem_arm(1);
	assert_fails("{\"type\": \"output\", \"data\": \"a\\nb\"}", FRESHET_ENOMEM, 27);
	failmem_off();
}

static int clear_scratch(void **state)
{
	(void)state;
	freshet_json_scratch_clear(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_tells_provider_or_runtime),
		cmocka_unit_test(stages_have_states_and_optional_members),
		cmocka_unit_test(turns_and_output),
		cmocka_unit_test(plain_output_lies_in_the_text),
		cmocka_unit_test(ends),
		cmocka_unit_test(ids_have_64_bits),
		cmocka_unit_test(unknown_types_and_members_pass),
		cmocka_unit_test(what_cannot_be_read_is_told),
		cmocka_unit_test(without_memory_an_escaped_string_fails),
	};
	return cmocka_run_group_tests(tests, NULL, clear_scratch);
}
