/*
 * Status objects: every field and every name that it may have, what is refused and where, other names, copies, and each
 * allocation failing.
 */
#include "support/failmem.h"
#include "support/guard.h"
#include "support/test.h"

#include <freshet/sudoiq_status.h>

#define S(text) freshet_str_of(text)

static freshet_sudoiq_status *read_with(const char *json, const freshet_sudoiq_names *names)
{
	freshet_sudoiq_status *status;
	size_t position = 12345;
	assert_int_equal(freshet_sudoiq_status_new(S(json), names, &status, &position), FRESHET_OK);
	assert_non_null(status);
	return status;
}

static void assert_str(freshet_str text, const char *wanted)
{
	assert_int_equal(text.len, strlen(wanted));
	assert_true(freshet_str_is(text, wanted));
}

/* What a full one holds, whatever its members are called. */
static void hold_full(const freshet_sudoiq_status *s, const char *json)
{
	assert_str(s->raw, json);
	assert_str(s->agent_id, "6f0f\"a");
	assert_true(s->has_task_id);
	assert_int_equal(s->task_id, 4182);
	assert_str(s->status, "Awaiting_Tool_Calls");
	assert_int_equal(s->phase, FRESHET_SUDOIQ_PAUSED);
	assert_str(s->result, "\"64 \\u0041\"");
	assert_str(s->result_text, "64 A");
	assert_int_equal(s->tool_call_count, 3);
	assert_str(s->tool_calls[0].raw, "{\"call_id\":\"c1\",\"name\":\"read\",\"args\":{\"meter\":\"7\"}}");
	assert_str(s->tool_calls[0].call_id, "c1");
	assert_str(s->tool_calls[0].name, "read");
	assert_str(s->tool_calls[0].space, "main");
	assert_str(s->tool_calls[0].args, "{\"meter\":\"7\"}");
	assert_false(s->tool_calls[0].repeated);
	assert_str(s->tool_calls[1].call_id, "17");
	assert_str(s->tool_calls[1].name, "wri\nte");
	assert_str(s->tool_calls[1].space, "lab");
	assert_str(s->tool_calls[1].args, "{\"a\":[1]}");
	assert_str(s->tool_calls[2].args, "");
	assert_str(s->error, "{\"code\":\"slow\",\"message\":\"too \\tslow\"}");
	assert_str(s->error_code, "slow");
	assert_str(s->error_message, "too \tslow");
	assert_str(s->environment, "playground");
	assert_true(s->has_agent_version);
	assert_int_equal(s->agent_version, 3);
	assert_true(s->has_revision);
	assert_int_equal(s->revision, 9);
	assert_str(s->usage, "{\"input_tokens\":12,\"output_tokens\":34}");
	assert_int_equal(s->input_tokens, 12);
	assert_int_equal(s->output_tokens, 34);
	assert_str(s->created_at, "2026-11-22T08:00:00Z");
	assert_str(s->updated_at, "2026-11-22T08:00:01Z");
}

#define FULL(task, calls, call_id, name, args)                                                                         \
	"{\"agent_id\":\"6f0f\\\"a\",\"" task "\":4182,\"status\":\"Awaiting_Tool_Calls\",\"result\":\"64 \\u0041\","  \
	"\"" calls "\":[{\"call_id\":\"c1\",\"name\":\"read\",\"args\":{\"meter\":\"7\"}},"                            \
	"{\"" call_id "\":17,\"" name "\":\"wri\\nte\",\"namespace\":\"lab\",\"" args "\":\"{\\\"a\\\":[1]}\"},"       \
	"{\"call_id\":\"c3\",\"name\":\"x\",\"args\":null}],"                                                          \
	"\"error\":{\"code\":\"slow\",\"message\":\"too \\tslow\"},\"environment\":\"playground\","                    \
	"\"agent_version\":3,\"revision\":9,\"usage\":{\"input_tokens\":12,\"output_tokens\":34},"                     \
	"\"created_at\":\"2026-11-22T08:00:00Z\",\"updated_at\":\"2026-11-22T08:00:01Z\",\"more\":[{}]}"

static const char *const full[] = {
	FULL("task_id", "tool_calls", "call_id", "name", "args"),
	FULL("id", "pending_tool_calls", "id", "tool_name", "arguments"),
	FULL("run_id", "awaiting_tool_calls", "tool_call_id", "name", "args"),
};

static void every_field_under_every_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof full / sizeof full[0]; i++) {
		freshet_sudoiq_status *status = read_with(full[i], NULL);
		hold_full(status, full[i]);
		freshet_sudoiq_status_free(status);
	}
}

static void the_least(void **state)
{
	(void)state;
	freshet_sudoiq_status *s = read_with(" {\"task_id\":\"-7\",\"status\":\"running\"} ", NULL);
	const freshet_sudoiq_status none = {.raw = s->raw, .status = s->status, .has_task_id = true, .task_id = -7};
	assert_str(s->raw, "{\"task_id\":\"-7\",\"status\":\"running\"}");
	assert_memory_equal(s, &none, sizeof none);
	freshet_sudoiq_status_free(s);
	freshet_sudoiq_status_free(NULL);
}

static void aliases_in_their_order(void **state)
{
	(void)state;
	freshet_sudoiq_status *s =
		read_with("{\"id\":1,\"task_id\":2,\"run_id\":3,\"status\":\"x\",\"tool_calls\":null,"
			  "\"pending_tool_calls\":[{\"id\":\"b\",\"call_id\":\"a\",\"name\":\"n\"}]}",
			NULL);
	assert_int_equal(s->task_id, 2);
	assert_int_equal(s->tool_call_count, 1);
	assert_str(s->tool_calls[0].call_id, "a");
	freshet_sudoiq_status_free(s);
}

static const struct {
	const char *status;
	freshet_sudoiq_phase phase;
	const char *name;
} phases[] = {
	{"running", FRESHET_SUDOIQ_RUNNING, "running"},
	{"pending", FRESHET_SUDOIQ_RUNNING, "running"},
	{"whatever", FRESHET_SUDOIQ_RUNNING, "running"},
	{"", FRESHET_SUDOIQ_RUNNING, "running"},
	{"awaiting_tool_calls", FRESHET_SUDOIQ_PAUSED, "paused"},
	{"COMPLETED", FRESHET_SUDOIQ_COMPLETED, "completed"},
	{"failed", FRESHET_SUDOIQ_FAILED, "failed"},
	{"timed_out", FRESHET_SUDOIQ_FAILED, "failed"},
	{"Error", FRESHET_SUDOIQ_FAILED, "failed"},
	{"cancelled", FRESHET_SUDOIQ_CANCELED, "canceled"},
	{"canceled", FRESHET_SUDOIQ_CANCELED, "canceled"},
};

static void every_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
		char json[100];
		snprintf(json, sizeof json, "{\"task_id\":1,\"status\":\"%s\"}", phases[i].status);
		freshet_sudoiq_status *s = read_with(json, NULL);
		assert_int_equal(s->phase, phases[i].phase);
		assert_string_equal(freshet_sudoiq_phase_name(s->phase), phases[i].name);
		assert_int_equal(
			freshet_sudoiq_phase_is_terminal(s->phase), phases[i].phase >= FRESHET_SUDOIQ_COMPLETED);
		freshet_sudoiq_status_free(s);
	}
	assert_string_equal(freshet_sudoiq_phase_name((freshet_sudoiq_phase)99), "unknown");
}

static const struct {
	const char *json;
	freshet_err err;
	size_t position;
} refused[] = {
	{"", FRESHET_EJSON_TRUNCATED, 0},
	{"{\"task_id\":1,\"status\":\"x\"", FRESHET_EJSON_TRUNCATED, 25},
	{"{\"task_id\":1,\"status\":\"x\"} x", FRESHET_EJSON_TRAILING, 27},
	{"{\"task_id\":1,\"status\":\"\xff\"}", FRESHET_EJSON_UTF8, 23},
	{" [1]", FRESHET_EJSON_TYPE, 1},
	{"null", FRESHET_EJSON_TYPE, 0},
	{"{\"task_id\":1}", FRESHET_EJSON_MISSING, 13},
	{"{\"task_id\":1,\"status\":null}", FRESHET_EJSON_MISSING, 27},
	{"{\"status\":\"x\"}", FRESHET_EJSON_MISSING, 14},
	{"{\"task_id\":1,\"status\":5}", FRESHET_EJSON_TYPE, 22},
	{"{\"task_id\":1.5,\"status\":\"x\"}", FRESHET_EJSON_NUMBER, 11},
	{"{\"task_id\":\"seven\",\"status\":\"x\"}", FRESHET_EJSON_NUMBER, 11},
	{"{\"task_id\":[],\"status\":\"x\"}", FRESHET_EJSON_TYPE, 11},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":\"c\"}", FRESHET_EJSON_TYPE, 39},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":{}}", FRESHET_EJSON_TYPE, 39},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":[7]}", FRESHET_EJSON_TYPE, 40},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":[{\"name\":\"n\"}]}", FRESHET_EJSON_MISSING, 40},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":[{\"id\":\"\",\"name\":\"n\"}]}", FRESHET_EJSON_MISSING, 46},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":[{\"id\":\"c\"}]}", FRESHET_EJSON_MISSING, 40},
	{"{\"task_id\":1,\"status\":\"x\",\"tool_calls\":[{\"id\":\"c\",\"name\":{}}]}", FRESHET_EJSON_TYPE, 57},
};

static void refused_with_a_position(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		freshet_sudoiq_status *status;
		size_t position = 12345;
		assert_int_equal(
			freshet_sudoiq_status_new(S(refused[i].json), NULL, &status, &position), refused[i].err);
		assert_null(status);
		assert_int_equal(position, refused[i].position);
	}
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	char json[4000] = "{\"task_id\":1,\"status\":\"x\",\"more\":";
	freshet_sudoiq_status *status;
	size_t len = strlen(json);
	memset(json + len, '[', 200);
	memset(json + len + 200, ']', 200);
	json[len + 400] = '}';
	assert_int_equal(freshet_sudoiq_status_new(S(json), NULL, &status, NULL), FRESHET_EJSON_DEPTH);
}

/* What is not needed to lead a run may be anything. */
static void other_types_are_left_out(void **state)
{
	(void)state;
	freshet_sudoiq_status *s = read_with("{\"task_id\":1,\"status\":\"failed\",\"agent_id\":5,\"revision\":\"x\","
					     "\"agent_version\":1.5,\"usage\":3,\"created_at\":[],\"error\":\"boom\","
					     "\"result\":{\"a\":1},\"environment\":{}}",
		NULL);
	assert_int_equal(s->agent_id.len, 0);
	assert_false(s->has_revision);
	assert_false(s->has_agent_version);
	assert_str(s->usage, "3");
	assert_str(s->error, "\"boom\"");
	assert_str(s->error_message, "boom");
	assert_str(s->error_code, "");
	assert_str(s->result, "{\"a\":1}");
	assert_int_equal(s->result_text.len, 0);
	assert_int_equal(s->environment.len, 0);
	freshet_sudoiq_status_free(s);
}

static void arguments_in_a_string(void **state)
{
	(void)state;
	freshet_sudoiq_status *s =
		read_with("{\"task_id\":1,\"status\":\"x\",\"tool_calls\":["
			  "{\"call_id\":\"a\",\"name\":\"n\",\"args\":\" {\\\"x\\\":\\\"\\\\u0041\\\"} \"},"
			  "{\"call_id\":\"b\",\"name\":\"n\",\"args\":\"no JSON\"},"
			  "{\"call_id\":\"c\",\"name\":\"n\",\"args\":\"\\\"\\\\\\\"{}\\\\\\\"\\\"\"},"
			  "{\"call_id\":\"d\",\"name\":\"n\",\"args\":[1, 2]}]}",
			NULL);
	assert_str(s->tool_calls[0].args, "{\"x\":\"\\u0041\"}");
	assert_str(s->tool_calls[1].args, "\"no JSON\"");
	/* Opened once, not twice. */
	assert_str(s->tool_calls[2].args, "\"\\\"{}\\\"\"");
	assert_str(s->tool_calls[3].args, "[1, 2]");
	freshet_sudoiq_status_free(s);
}

static void other_names(void **state)
{
	(void)state;
	freshet_sudoiq_names names;
	freshet_sudoiq_names_init(&names);
	names.task_id_fields = (const char *const[]){"data.run.number", NULL};
	names.status_fields = (const char *const[]){"data.state", NULL};
	names.tool_calls_fields = (const char *const[]){"data.wants", NULL};
	names.call_id_fields = (const char *const[]){"key", NULL};
	names.tool_name_fields = (const char *const[]){"function.name", NULL};
	names.args_fields = (const char *const[]){"function.input", NULL};
	names.paused_statuses = (const char *const[]){"hungry", NULL};
	names.completed_statuses = (const char *const[]){"fed", NULL};
	names.default_namespace = "kitchen";
	freshet_sudoiq_status *s =
		read_with("{\"task_id\":1,\"data\":{\"run\":{\"number\":\"77\"},\"state\":\"HUNGRY\","
			  "\"wants\":[{\"key\":\"k\",\"function\":{\"name\":\"cook\",\"input\":{}}}]}}",
			&names);
	assert_int_equal(s->task_id, 77);
	assert_int_equal(s->phase, FRESHET_SUDOIQ_PAUSED);
	assert_str(s->tool_calls[0].call_id, "k");
	assert_str(s->tool_calls[0].name, "cook");
	assert_str(s->tool_calls[0].space, "kitchen");
	assert_str(s->tool_calls[0].args, "{}");
	freshet_sudoiq_status_free(s);
	s = read_with("{\"data\":{\"run\":{\"number\":1},\"state\":\"fed\"}}", &names);
	assert_int_equal(s->phase, FRESHET_SUDOIQ_COMPLETED);
	freshet_sudoiq_status_free(s);
}

static void names_that_cannot_be(void **state)
{
	(void)state;
	freshet_sudoiq_names names;
	freshet_sudoiq_status *status;
	freshet_str json = S("{\"task_id\":1,\"status\":\"x\"}");
	freshet_sudoiq_names_init(&names);
	names.status_fields = (const char *const[]){"a..b", NULL};
	assert_int_equal(freshet_sudoiq_status_new(json, &names, &status, NULL), FRESHET_EINVAL);
	freshet_sudoiq_names_init(&names);
	names.size = 1;
	assert_int_equal(freshet_sudoiq_status_new(json, &names, &status, NULL), FRESHET_EINVAL);
	names.size = sizeof names + 1;
	assert_int_equal(freshet_sudoiq_status_new(json, &names, &status, NULL), FRESHET_EINVAL);
	assert_null(status);
}

static void as_many_calls_as_allowed(void **state)
{
	(void)state;
	const char *json = "{\"task_id\":1,\"status\":\"x\",\"tool_calls\":[{\"id\":\"a\",\"name\":\"n\"},"
			   "{\"id\":\"b\",\"name\":\"n\"}]}";
	freshet_sudoiq_names names;
	freshet_sudoiq_status *status;
	size_t position = 0;
	freshet_sudoiq_names_init(&names);
	names.max_tool_calls = 2;
	status = read_with(json, &names);
	assert_int_equal(status->tool_call_count, 2);
	freshet_sudoiq_status_free(status);
	names.max_tool_calls = 1;
	assert_int_equal(freshet_sudoiq_status_new(S(json), &names, &status, &position), FRESHET_EJSON_SIZE);
	assert_int_equal(position, 62);
}

static void copies_stand_alone(void **state)
{
	(void)state;
	freshet_sudoiq_status *first = read_with(full[0], NULL), *second;
	assert_int_equal(freshet_sudoiq_status_copy(first, &second), FRESHET_OK);
	freshet_sudoiq_status_free(first);
	hold_full(second, full[0]);
	freshet_sudoiq_status_free(second);
}

/* One that somebody put together by hand. */
static void copies_of_anything(void **state)
{
	(void)state;
	const freshet_sudoiq_tool_call call = {.call_id = S("c"), .name = S("n"), .space = S("main"), .repeated = true};
	const freshet_sudoiq_status given = {.agent_id = S("a"),
		.status = S("s"),
		.tool_calls = &call,
		.tool_call_count = 1,
		.phase = FRESHET_SUDOIQ_PAUSED};
	freshet_sudoiq_status *copy;
	assert_int_equal(freshet_sudoiq_status_copy(&given, &copy), FRESHET_OK);
	assert_str(copy->agent_id, "a");
	assert_str(copy->tool_calls[0].space, "main");
	assert_true(copy->tool_calls[0].repeated);
	assert_ptr_not_equal(copy->tool_calls, &call);
	freshet_sudoiq_status_free(copy);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	struct guard guard;
	size_t len = strlen(full[0]);
	guard_make(&guard, len);
	for (size_t i = 0; i < len; i++) {
		freshet_sudoiq_status *status;
		const uint8_t *bytes = guard_at_end(&guard, (const uint8_t *)full[0], i);
		freshet_str text = {(const char *)bytes, i};
		size_t position = 0;
		assert_int_equal(freshet_sudoiq_status_new(text, NULL, &status, &position), FRESHET_EJSON_TRUNCATED);
		assert_int_equal(position, i);
	}
	guard_clear(&guard);
}

static void every_allocation_failing(void **state)
{
	(void)state;
	size_t n = 0;
	do {
		freshet_sudoiq_status *status;
		failmem_arm(++n);
		freshet_err err = freshet_sudoiq_status_new(S(full[1]), NULL, &status, NULL);
		assert_int_equal(err, failmem_fired() ? FRESHET_ENOMEM : FRESHET_OK);
		freshet_sudoiq_status_free(status);
		assert_int_equal(failmem_live(), 0);
	} while (failmem_fired());
	assert_true(n > 10);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_under_every_name),
		cmocka_unit_test(the_least),
		cmocka_unit_test(aliases_in_their_order),
		cmocka_unit_test(every_status),
		cmocka_unit_test(refused_with_a_position),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(other_types_are_left_out),
		cmocka_unit_test(arguments_in_a_string),
		cmocka_unit_test(other_names),
		cmocka_unit_test(names_that_cannot_be),
		cmocka_unit_test(as_many_calls_as_allowed),
		cmocka_unit_test(copies_stand_alone),
		cmocka_unit_test(copies_of_anything),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(every_allocation_failing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
