/*
 * Bodies: the typed objects of both platforms, every member missing or of another type, and bodies that mean harm.
 */
#include "webhook/post.h"

#include "support/failmem.h"

#include "webhook/receiver.h"

static freshet_webhook *receiver(freshet_webhook_platform platform)
{
	freshet_webhook_options o;
	post_options(&o, platform);
	o.secret_count = 0;
	return post_receiver(&o);
}

static bool is(freshet_str text, const char *expected)
{
	if (freshet_str_is(text, expected))
		return true;
	print_error("\"%.*s\" is not \"%s\"\n", (int)text.len, text.ptr, expected);
	return false;
}

/* Nothing is remembered, and nobody waits. */
static bool untouched(const freshet_webhook *w)
{
	return w->seen.count == 0 && w->runs.count == 0 && w->seen.entries == NULL && w->runs.entries == NULL &&
	       w->open_count == 0;
}

static freshet_webhook_delivery refuse(freshet_webhook *w, freshet_str body, freshet_webhook_cause cause)
{
	freshet_webhook_delivery d, parsed;
	struct post p;
	post_begin(&p, body);
	freshet_webhook_receive(w, &p.q, &d);
	if (d.outcome != FRESHET_WEBHOOK_REFUSED || d.cause != cause)
		print_error("%s, %s: %.*s\n", freshet_webhook_outcome_name(d.outcome),
			freshet_webhook_cause_text(d.cause), body.len < 200 ? (int)body.len : 200, body.ptr);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_REFUSED);
	assert_int_equal(d.cause, cause);
	assert_int_equal(d.answer.status, cause == FRESHET_WEBHOOK_CAUSE_SIZE ? 413 : 400);
	assert_null(d.sudoiq);
	assert_null(d.agentos);
	assert_true(d.ticket == 0);
	assert_true(d.position <= body.len);
	assert_true(untouched(w));
	freshet_webhook_parse(w, body, &parsed);
	assert_int_equal(parsed.outcome, FRESHET_WEBHOOK_REFUSED);
	assert_int_equal(parsed.cause, cause);
	assert_int_equal(parsed.err, d.err);
	assert_int_equal(parsed.position, d.position);
	return d;
}

static void refuse_text(freshet_webhook *w, const char *body, freshet_webhook_cause cause)
{
	refuse(w, freshet_str_of(body), cause);
}

/* ---- Sudoiq ---- */

#define CALLS(calls) "{\"task_id\":1,\"status\":\"awaiting_tool_calls\",\"tool_calls\":" calls "}"

static void a_status_is_read_as_a_stream_reads_it(void **state)
{
	(void)state;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_SUDOIQ);
	freshet_webhook_delivery d;
	freshet_webhook_parse(w,
		freshet_str_of(
			"{\"agent_id\":\"a1\",\"task_id\":4182,\"status\":\"awaiting_tool_calls\",\"revision\":3,"
			"\"tool_calls\":[{\"call_id\":\"c1\",\"name\":\"read_meter\",\"args\":{\"meter\":\"7\"}}],"
			"\"result\":null,\"new\":[1]}"),
		&d);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(d.answer.status, 200);
	assert_true(d.ticket == 0);
	assert_non_null(d.sudoiq);
	assert_true(is(d.sudoiq->agent_id, "a1"));
	assert_true(d.sudoiq->task_id == 4182);
	assert_int_equal(d.sudoiq->phase, FRESHET_SUDOIQ_PAUSED);
	assert_true(d.sudoiq->revision == 3);
	assert_int_equal(d.sudoiq->tool_call_count, 1);
	assert_true(is(d.sudoiq->tool_calls[0].call_id, "c1"));
	assert_true(is(d.sudoiq->tool_calls[0].name, "read_meter"));
	assert_true(is(d.sudoiq->tool_calls[0].space, "main"));
	assert_true(is(d.sudoiq->tool_calls[0].args, "{\"meter\":\"7\"}"));
	freshet_webhook_free(w);
}

static void other_names(void **state)
{
	(void)state;
	static const char *const task[] = {"job", NULL}, *const status[] = {"state", NULL},
				 *const over[] = {"fin", NULL};
	freshet_sudoiq_names names;
	freshet_webhook_options o;
	freshet_webhook_delivery d;
	char space[] = "core";
	freshet_sudoiq_names_init(&names);
	names.task_id_fields = task;
	names.status_fields = status;
	names.terminal_statuses = over;
	names.default_namespace = space;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.names = &names;
	freshet_webhook *w = post_receiver(&o);
	/* They were copied. */
	memset(&names, 0xff, sizeof names);
	memset(space, 'x', 4);
	freshet_webhook_parse(
		w, freshet_str_of("{\"job\":1,\"state\":\"FIN\",\"tool_calls\":[{\"id\":\"c\",\"name\":\"n\"}]}"), &d);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_true(freshet_sudoiq_phase_is_terminal(d.sudoiq->phase));
	assert_true(is(d.sudoiq->tool_calls[0].space, "core"));
	refuse_text(w, "{\"task_id\":1,\"status\":\"fin\"}", FRESHET_WEBHOOK_CAUSE_CONTENT);
	freshet_webhook_free(w);
}

static void hostile_statuses(void **state)
{
	(void)state;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_SUDOIQ);
	static const char *const content[] = {"{}", "[]", "null", "7", "\"text\"", "{\"task_id\":1}",
		"{\"status\":\"running\"}", "{\"task_id\":null,\"status\":\"running\"}",
		"{\"task_id\":1,\"status\":null}", "{\"task_id\":\"x\",\"status\":\"running\"}",
		"{\"task_id\":1.5,\"status\":\"running\"}", "{\"task_id\":[1],\"status\":\"running\"}",
		"{\"task_id\":{\"a\":1},\"status\":\"running\"}", "{\"task_id\":true,\"status\":\"running\"}",
		"{\"task_id\":1,\"status\":7}", "{\"task_id\":1,\"status\":[]}",
		"{\"task_id\":9223372036854775808,\"status\":\"running\"}",
		"{\"task_id\":1e400,\"status\":\"running\"}", "{\"task_id\":1,\"status\":\"\"}",
		"{\"task_id\":1,\"status\":\"a\\u0000b\"}",
		"{\"task_id\":1,\"status\":\"running\",\"agent_id\":\"a\\u0000\"}",
		"{\"task_id\":1,\"status\":\"run\\nning\"}", "{\"task_id\":1,\"status\":\"run\\u007fning\"}",
		CALLS("7"), CALLS("[7]"), CALLS("[{}]"), CALLS("[{\"call_id\":\"c\"}]"),
		CALLS("[{\"call_id\":\"c\\u0000\",\"name\":\"n\"}]")};
	for (size_t i = 0; i < sizeof content / sizeof content[0]; i++)
		refuse_text(w, content[i], FRESHET_WEBHOOK_CAUSE_CONTENT);
	static const char *const json[] = {"", " ", "{", "{\"task_id\":1,\"status\":\"running\"",
		"{\"task_id\":1,\"status\":\"running\"}}", "{\"task_id\":1,\"status\":\"running\"} x", "{'task_id':1}",
		"{\"task_id\":01}", "{\"task_id\":1,}", "\xef\xbb\xbf{\"task_id\":1,\"status\":\"running\"}",
		"{\"task_id\":1,\"status\":\"run\xffning\"}", "{\"task_id\":1,\"status\":\"\xc0\xaf\"}",
		"{\"task_id\":1,\"status\":\"\xed\xa0\x80\"}", "{\"task_id\":1,\"status\":\"a\tb\"}",
		"{\"task_id\":1,\"status\":\"\\x\"}", "\x1f\x8b\x08", "task_id=1&status=running", "<xml/>"};
	for (size_t i = 0; i < sizeof json / sizeof json[0]; i++)
		refuse_text(w, json[i], FRESHET_WEBHOOK_CAUSE_JSON);
	static const char nul[] = "{\"task_id\":1,\0\"status\":\"running\"}";
	refuse(w, (freshet_str){nul, sizeof nul - 1}, FRESHET_WEBHOOK_CAUSE_JSON);
	static const char behind[] = "{\"task_id\":1,\"status\":\"running\"}\0";
	refuse(w, (freshet_str){behind, sizeof behind - 1}, FRESHET_WEBHOOK_CAUSE_JSON);
	freshet_webhook_free(w);
}

static void members_named_twice(void **state)
{
	(void)state;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_SUDOIQ);
	static const char *const twice[] = {"{\"task_id\":1,\"task_id\":1,\"status\":\"running\"}",
		"{\"task_id\":1,\"status\":\"running\",\"status\":\"completed\"}",
		"{\"task_id\":1,\"status\":\"running\",\"t\\u0061sk_id\":2}",
		"{\"task_id\":1,\"status\":\"running\",\"x\":1,\"y\":2,\"x\":1}", "{\"\":1,\"\":2}",
		CALLS("[{\"call_id\":\"c\",\"name\":\"n\",\"name\":\"m\"}]")};
	for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++)
		refuse_text(w, twice[i], FRESHET_WEBHOOK_CAUSE_MEMBERS);
	/* What an agent made is the agent's business. */
	freshet_webhook_delivery d;
	freshet_webhook_parse(
		w, freshet_str_of("{\"task_id\":1,\"status\":\"completed\",\"result\":{\"a\":1,\"a\":2}}"), &d);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

static void limits(void **state)
{
	(void)state;
	freshet_webhook_options o;
	freshet_webhook_delivery d;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.max_body = 4000;
	o.max_depth = 10;
	o.max_members = 20;
	freshet_webhook *w = post_receiver(&o);
	char body[8000];
	/* Depth, at and past the limit. */
	for (int depth = 9; depth <= 10; depth++) {
		int len = sprintf(body, "{\"task_id\":1,\"status\":\"completed\",\"result\":");
		for (int i = 0; i < depth; i++)
			body[len++] = '[';
		for (int i = 0; i < depth; i++)
			body[len++] = ']';
		strcpy(body + len, "}");
		if (depth == 10) {
			d = refuse(w, freshet_str_of(body), FRESHET_WEBHOOK_CAUSE_JSON);
			assert_int_equal(d.err, FRESHET_EJSON_DEPTH);
		} else {
			freshet_webhook_parse(w, freshet_str_of(body), &d);
			assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
		}
	}
	/* Members: two and 18 or 19 more. */
	for (int more = 18; more <= 19; more++) {
		int len = sprintf(body, "{\"task_id\":1,\"status\":\"completed\"");
		for (int i = 0; i < more; i++)
			len += sprintf(body + len, ",\"m%d\":0", i);
		strcpy(body + len, "}");
		if (more == 19) {
			refuse_text(w, body, FRESHET_WEBHOOK_CAUSE_MEMBERS);
		} else {
			freshet_webhook_parse(w, freshet_str_of(body), &d);
			assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
		}
	}
	/* Size. */
	memset(body, ' ', sizeof body);
	memcpy(body, "{\"task_id\":1,\"status\":\"completed\"}", 34);
	freshet_webhook_parse(w, (freshet_str){body, 4000}, &d);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	refuse(w, (freshet_str){body, 4001}, FRESHET_WEBHOOK_CAUSE_SIZE);
	freshet_webhook_free(w);
}

/* A deep and a wide body of the largest size, by the default limits. */
static void huge_bodies(void **state)
{
	(void)state;
	const size_t size = (size_t)4 * 1024 * 1024;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_SUDOIQ);
	char *body = malloc(size + 1);
	memset(body, '[', size);
	freshet_webhook_delivery d = refuse(w, (freshet_str){body, size}, FRESHET_WEBHOOK_CAUSE_JSON);
	assert_int_equal(d.err, FRESHET_EJSON_DEPTH);
	assert_int_equal(d.position, 64);
	refuse(w, (freshet_str){body, size + 1}, FRESHET_WEBHOOK_CAUSE_SIZE);
	size_t len = 1;
	body[0] = '{';
	for (unsigned i = 0; len + 32 < size; i++)
		len += (size_t)sprintf(body + len, "%s\"k%u\":0", i > 0 ? "," : "", i);
	body[len++] = '}';
	failmem_arm(0);
	refuse(w, (freshet_str){body, len}, FRESHET_WEBHOOK_CAUSE_MEMBERS);
	/* It is not worth any memory. */
	assert_true(failmem_largest() < 65536);
	failmem_off();
	free(body);
	freshet_webhook_free(w);
}

/* ---- AgentOS ---- */

#define ENVELOPE(event, data)                                                                                          \
	"{\"event\":\"" event "\",\"timestamp\":\"2026-11-22T08:15:30Z\",\"workspace_id\":\"w1\",\"agent_id\":\"a1\"," \
	"\"data\":" data "}"

static const freshet_webhook_agentos *parse(freshet_webhook *w, const char *body, freshet_webhook_agentos_type type)
{
	static freshet_webhook_delivery d;
	freshet_webhook_parse(w, freshet_str_of(body), &d);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_non_null(d.agentos);
	assert_null(d.sudoiq);
	assert_int_equal(d.agentos->type, type);
	assert_true(is(d.agentos->raw, body));
	assert_true(is(d.agentos->timestamp, "2026-11-22T08:15:30Z"));
	assert_true(is(d.agentos->workspace_id, "w1"));
	assert_true(is(d.agentos->agent_id, "a1"));
	return d.agentos;
}

static void the_five_events(void **state)
{
	(void)state;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_AGENTOS);
	const freshet_webhook_agentos *e =
		parse(w, ENVELOPE("run.started", "{\"run_id\":\"r1\",\"trigger_type\":\"sdk\",\"started_at\":\"s\"}"),
			FRESHET_WEBHOOK_AGENTOS_RUN_STARTED);
	assert_true(is(e->event, "run.started"));
	assert_true(is(e->run_id, "r1"));
	assert_true(is(e->run_started.trigger_type, "sdk"));
	assert_true(is(e->run_started.started_at, "s"));
	e = parse(w,
		ENVELOPE("run.completed", "{\"run_id\":\"r\\u0031\",\"trigger_type\":\"manual\",\"started_at\":\"s\","
					  "\"completed_at\":\"c\","
					  "\"duration_ms\":12.5,\"output\":{\"total\":[1]}}"),
		FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED);
	assert_true(is(e->run_id, "r1"));
	assert_true(is(e->run_completed.trigger_type, "manual"));
	assert_true(is(e->run_completed.started_at, "s"));
	assert_true(is(e->run_completed.completed_at, "c"));
	assert_true(e->run_completed.has_duration_ms);
	assert_true(e->run_completed.duration_ms == 12.5);
	assert_true(is(e->run_completed.output, "{\"total\":[1]}"));
	e = parse(w,
		ENVELOPE("run.failed", "{\"run_id\":\"r1\",\"error_message\":\"out of "
				       "paper\",\"started_at\":\"s\",\"failed_at\":\"f\"}"),
		FRESHET_WEBHOOK_AGENTOS_RUN_FAILED);
	assert_true(is(e->run_failed.error_message, "out of paper"));
	assert_true(is(e->run_failed.started_at, "s"));
	assert_true(is(e->run_failed.failed_at, "f"));
	e = parse(w,
		ENVELOPE("approval.requested", "{\"run_id\":\"r1\",\"approval_id\":\"p1\",\"tool\":\"send\",\"input\":"
					       "\"x\",\"expires_at\":\"e\"}"),
		FRESHET_WEBHOOK_AGENTOS_APPROVAL_REQUESTED);
	assert_true(is(e->approval_requested.approval_id, "p1"));
	assert_true(is(e->approval_requested.tool, "send"));
	assert_true(is(e->approval_requested.input, "\"x\""));
	assert_true(is(e->approval_requested.expires_at, "e"));
	e = parse(w, ENVELOPE("alert.triggered", "{\"rule\":7}"), FRESHET_WEBHOOK_AGENTOS_ALERT_TRIGGERED);
	assert_true(is(e->data, "{\"rule\":7}"));
	assert_int_equal(e->run_id.len, 0);
	freshet_webhook_free(w);
}

static void what_is_missing_and_what_is_new(void **state)
{
	(void)state;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_AGENTOS);
	const freshet_webhook_agentos *e =
		parse(w, ENVELOPE("run.completed", "{\"run_id\":\"r1\",\"output\":null,\"duration_ms\":null}"),
			FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED);
	assert_false(e->run_completed.has_duration_ms);
	assert_int_equal(e->run_completed.output.len, 0);
	assert_int_equal(e->run_completed.started_at.len, 0);
	/* An event that nobody knows may use names as it likes. */
	e = parse(w, ENVELOPE("run.paused", "{\"run_id\":7,\"duration_ms\":\"long\",\"tool\":{}}"),
		FRESHET_WEBHOOK_AGENTOS_UNKNOWN);
	assert_true(is(e->event, "run.paused"));
	assert_int_equal(e->run_id.len, 0);
	assert_true(is(e->data, "{\"run_id\":7,\"duration_ms\":\"long\",\"tool\":{}}"));
	e = parse(w, ENVELOPE("RUN.COMPLETED", "{\"run_id\":\"r9\"}"), FRESHET_WEBHOOK_AGENTOS_UNKNOWN);
	assert_true(is(e->run_id, "r9"));
	e = parse(w, ENVELOPE("something", "null"), FRESHET_WEBHOOK_AGENTOS_UNKNOWN);
	assert_int_equal(e->data.len, 0);
	freshet_webhook_free(w);
}

static void hostile_envelopes(void **state)
{
	(void)state;
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_AGENTOS);
	static const char *const content[] = {"{}", "[]", "\"run.completed\"", "{\"event\":7}", "{\"event\":null}",
		"{\"event\":\"\"}", "{\"event\":\"a\\u0000\"}", "{\"event\":[\"run.started\"]}",
		"{\"event\":\"x\",\"timestamp\":7}", "{\"event\":\"x\",\"workspace_id\":{}}",
		"{\"event\":\"x\",\"agent_id\":[]}", "{\"event\":\"x\",\"agent_id\":\"a\\nb\"}",
		"{\"event\":\"x\",\"data\":[]}", "{\"event\":\"x\",\"data\":\"text\"}", "{\"event\":\"x\",\"data\":7}",
		"{\"event\":\"run.completed\"}", ENVELOPE("run.completed", "{}"),
		ENVELOPE("run.completed", "{\"run_id\":7}"), ENVELOPE("run.completed", "{\"run_id\":\"\"}"),
		ENVELOPE("run.completed", "{\"run_id\":\"r\\u0000\"}"),
		ENVELOPE("run.completed", "{\"run_id\":\"r\",\"duration_ms\":\"7\"}"),
		ENVELOPE("run.completed", "{\"run_id\":\"r\",\"duration_ms\":1e999}"),
		ENVELOPE("run.completed", "{\"run_id\":\"r\",\"started_at\":7}"),
		ENVELOPE("run.failed", "{\"run_id\":\"r\",\"error_message\":{}}"), ENVELOPE("run.failed", "{}"),
		ENVELOPE("run.started", "{\"run_id\":{}}"), ENVELOPE("approval.requested", "{\"run_id\":\"r\"}"),
		ENVELOPE("approval.requested", "{\"approval_id\":\"p\"}"),
		ENVELOPE("approval.requested", "{\"run_id\":\"r\",\"approval_id\":\"p\\u0001\"}"),
		ENVELOPE("approval.requested", "{\"run_id\":\"r\",\"approval_id\":\"p\",\"tool\":[]}")};
	for (size_t i = 0; i < sizeof content / sizeof content[0]; i++)
		refuse_text(w, content[i], FRESHET_WEBHOOK_CAUSE_CONTENT);
	refuse_text(w, "{\"event\":\"x\",\"event\":\"y\"}", FRESHET_WEBHOOK_CAUSE_MEMBERS);
	refuse_text(w, ENVELOPE("x", "{\"run_id\":\"r\",\"run_id\":\"s\"}"), FRESHET_WEBHOOK_CAUSE_MEMBERS);
	refuse_text(w, "{\"event\":\"\xff\"}", FRESHET_WEBHOOK_CAUSE_JSON);
	/* The byte is told. */
	freshet_webhook_delivery d =
		refuse(w, freshet_str_of("{\"event\":\"x\",\"agent_id\":[]}"), FRESHET_WEBHOOK_CAUSE_CONTENT);
	assert_int_equal(d.position, 24);
	assert_int_equal(d.err, FRESHET_EJSON_TYPE);
	freshet_webhook_free(w);
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	static const char body[] =
		ENVELOPE("run.completed", "{\"run_id\":\"r\\u0031\",\"output\":[1,{\"a\":\"\\n\"}]}");
	freshet_webhook *w = receiver(FRESHET_WEBHOOK_AGENTOS);
	for (size_t len = 0; len < sizeof body - 1; len++) {
		char *exact = malloc(len + 1);
		memcpy(exact, body, len);
		refuse(w, (freshet_str){exact, len}, FRESHET_WEBHOOK_CAUSE_JSON);
		free(exact);
	}
	freshet_webhook_free(w);
}

/* ---- memory ---- */

static void every_allocation_fails(void **state)
{
	(void)state;
	static const char *const bodies[] = {"{\"agent_id\":\"a\\u0031\",\"task_id\":1,\"st\\u0061tus\":\"x\\u0061\","
					     "\"tool_calls\":[{\"call_id\":\"c\\u0031\","
					     "\"name\":\"n\"}]}",
		ENVELOPE("run.c\\u006fmpleted", "{\"run\\u005fid\":\"r\\u0031\"}")};
	static const freshet_webhook_platform platforms[] = {FRESHET_WEBHOOK_SUDOIQ, FRESHET_WEBHOOK_AGENTOS};
	for (size_t i = 0; i < 2; i++) {
		freshet_webhook_delivery d;
		failmem_arm(0);
		freshet_webhook *w = receiver(platforms[i]);
		size_t failures = 0;
		for (size_t n = 1;
			failmem_arm_one(n), freshet_webhook_parse(w, freshet_str_of(bodies[i]), &d), failmem_fired();
			n++) {
			assert_int_equal(d.outcome, FRESHET_WEBHOOK_FAILED);
			assert_int_equal(d.err, FRESHET_ENOMEM);
			assert_int_equal(d.answer.status, 503);
			assert_null(d.sudoiq);
			assert_null(d.agentos);
			failures++;
		}
		assert_true(failures > 1);
		assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
		freshet_webhook_free(w);
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_read_as_a_stream_reads_it),
		cmocka_unit_test(other_names),
		cmocka_unit_test(hostile_statuses),
		cmocka_unit_test(members_named_twice),
		cmocka_unit_test(limits),
		cmocka_unit_test(huge_bodies),
		cmocka_unit_test(the_five_events),
		cmocka_unit_test(what_is_missing_and_what_is_new),
		cmocka_unit_test(hostile_envelopes),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(every_allocation_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
