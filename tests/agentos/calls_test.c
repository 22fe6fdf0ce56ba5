/*
 * Every call of reporting, byte for byte: what arrives at the server, in which order, with which headers.
 */
#include "support/agentos_world.h"
#include "support/test.h"

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})
#define START   "/api/ingest/v1/run/start"
#define RUN     "{\"run_id\":\"" AGENTOS_WORLD_RUN "\""

static bool done;
static freshet_agentos_run_end last;

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	(void)run;
	(void)user;
	last = *end;
	done = true;
}

static freshet_agentos_run *start_with(freshet_agentos_run_options *o)
{
	freshet_agentos_run *run;
	o->callbacks.on_done = on_done;
	done = false;
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, o, &run), FRESHET_OK);
	return run;
}

static freshet_agentos_run *start(void)
{
	freshet_agentos_run_options o;
	freshet_agentos_run_options_init(&o);
	return start_with(&o);
}

/* Ends the run and gives what arrived. */
static const char *complete(freshet_agentos_run *run)
{
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	agentos_world_run_until(&done);
	assert_null(last.error);
	return agentos_world_log();
}

#define STARTED     "POST " START " {\"agent_id\":\"" AGENTOS_WORLD_AGENT "\",\"trigger_type\":\"sdk\",\"input\":{}}\n"
#define COMPLETED   "POST /api/ingest/v1/run/complete " RUN "}\n"
#define EVENTS(...) "POST /api/ingest/v1/events " RUN ",\"events\":[" __VA_ARGS__ "]}\n"
#define EVENT(type, level, payload)                                                                                    \
	"{\"type\":\"" type "\",\"level\":\"" level "\",\"payload\":" payload ",\"occurred_at\":\"@\"}"
#define TASK(members) "POST /api/ingest/v1/tasks " RUN ",\"task\":{" members "}}\n"

static void a_run_is_started_and_completed(void **state)
{
	freshet_agentos_run_options o;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world_client(NULL);
	assert_string_equal(complete(start()), STARTED COMPLETED);
	freshet_agentos_run_options_init(&o);
	o.input = Z(" {\"order\": 17}\n");
	o.trigger_type = "scheduled";
	o.external_run_id = Z("nightly-3");
	assert_int_equal(freshet_agentos_run_complete(start_with(&o), Z("{\"total\":41.5}")), FRESHET_OK);
	agentos_world_run_until(&done);
	assert_string_equal(agentos_world_log(),
		"POST " START " {\"agent_id\":\"" AGENTOS_WORLD_AGENT
		"\",\"trigger_type\":\"scheduled\",\"input\":{\"order\": 17},\"external_run_id\":\"nightly-3\"}\n"
		"POST /api/ingest/v1/run/complete " RUN ",\"output\":{\"total\":41.5}}\n");
	assert_int_equal(freshet_agentos_run_fail(start(), Z("printer offline"), Z("{\"attempt\":2}")), FRESHET_OK);
	agentos_world_run_until(&done);
	assert_string_equal(agentos_world_log(),
		STARTED "POST /api/ingest/v1/run/fail " RUN
			",\"error_message\":\"printer offline\",\"error_detail\":{\"attempt\":2}}\n");
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.runs, 3);
	assert_int_equal(stats.runs_ended, 3);
	assert_int_equal(stats.requests, 6);
	assert_int_equal(stats.retries, 0);
}

/* ---- events ---- */

static const freshet_agentos_usage usage = {true, true, 120, 40, {"{\"cached\":7,\"input_tokens\":1}", 29}};

static void the_built_in_events_have_their_payloads(void **state)
{
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world_client(NULL);
	freshet_agentos_run *run = start();
	const freshet_agentos_value text = {.text = Z("Hi \"you\"")};
	const freshet_agentos_value json = {.json = Z("[{\"role\":\"user\"}]")};
	freshet_agentos_emit_llm_request(run, Z("m"), text, NONE);
	freshet_agentos_emit_llm_request(run, Z("m"), json, Z("{\"temperature\": 0.5, \"model\": \"x\"}"));
	freshet_agentos_emit_llm_response(run, Z("m"), text, NULL, NONE);
	freshet_agentos_emit_llm_response(run, Z("m"), json, &usage, Z("{\"stop\":\"end\",\"output_tokens\":2}"));
	freshet_agentos_emit_tool_call(run, Z("send_mail"), Z("{\"to\":\"a\"}"));
	freshet_agentos_emit_tool_call(run, Z("send_mail"), NONE);
	freshet_agentos_emit_tool_return(run, Z("send_mail"), Z("true"));
	freshet_agentos_emit_tool_return(run, Z("send_mail"), NONE);
	freshet_agentos_emit_tool_error(run, Z("send_mail"), Z("no route"));
	assert_string_equal(complete(run),
		STARTED EVENTS(EVENT("llm.request", "info",
			"{\"model\":\"m\",\"prompt\":\"Hi \\\"you\\\"\"}") "," EVENT("llm.request", "info",
			"{\"model\":\"m\",\"prompt\":[{\"role\":\"user\"}],\"temperature\":0.5}") "," EVENT("llm."
													    "response",
			"info", "{\"model\":\"m\",\"response\":\"Hi \\\"you\\\"\"}") "," EVENT("llm.response", "info",
			"{\"model\":\"m\",\"response\":[{\"role\":\"user\"}],\"input_tokens\":120,"
			"\"output_tokens\":40,\"cached\":7,\"stop\":\"end\"}") "," EVENT("tool.called", "info",
			"{\"tool\":\"send_mail\",\"input\":{\"to\":\"a\"}}") "," EVENT("tool.called", "info",
			"{\"tool\":\"send_mail\"}") "," EVENT("tool.returned", "info",
			"{\"tool\":\"send_mail\",\"output\":true}") "," EVENT("tool.returned", "info",
			"{\"tool\":\"send_mail\"}") "," EVENT("tool.failed", "error",
			"{\"tool\":\"send_mail\",\"error\":\"no route\"}")) COMPLETED);
	assert_int_equal(last.input_tokens, 120);
	assert_int_equal(last.output_tokens, 40);
	assert_int_equal(last.sent, 9);
}

static void any_payload_becomes_an_object(void **state)
{
	static const struct {
		const char *given, *sent;
	} cases[] = {
		{"", "{}"},
		{"{}", "{}"},
		{"\n {\"a\": [1]} ", "{\"a\": [1]}"},
		{"3", "{\"value\":3}"},
		{"\"text\"", "{\"value\":\"text\"}"},
		{"null", "{\"value\":null}"},
		{"[1]", "{\"value\":[1]}"},
	};
	static const char *const levels[] = {"info", "debug", "info", "warn", "error"};
	char wanted[256];
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world_client(NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		freshet_agentos_run *run = start();
		freshet_agentos_level level = (freshet_agentos_level)(i % 5);
		assert_int_equal(freshet_agentos_emit(run, Z("order.checked"), Z(cases[i].given), level), FRESHET_OK);
		const char *sent = complete(run);
		snprintf(wanted, sizeof wanted,
			"{\"type\":\"order.checked\",\"level\":\"%s\",\"payload\":%s,\"occurred_at\":\"@\"}",
			levels[level], cases[i].sent);
		assert_non_null(strstr(sent, wanted));
	}
}

static void what_is_not_valid_is_refused_and_counted(void **state)
{
	freshet_agentos_run_options o;
	freshet_agentos_run *none = NULL;
	freshet_agentos_task task;
	char type[202];
	(void)state;
	memset(type, 'a', sizeof type);
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world_client(NULL);
	freshet_agentos *client = agentos_world.client;
	freshet_agentos_run *run = start();
	const freshet_agentos_level info = FRESHET_AGENTOS_LEVEL_INFO;
	assert_int_equal(freshet_agentos_emit(run, NONE, NONE, info), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_emit(run, (freshet_str){type, 201}, NONE, info), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_emit(run, (freshet_str){type, 200}, NONE, info), FRESHET_OK);
	assert_int_equal(freshet_agentos_emit(run, Z("a"), NONE, (freshet_agentos_level)9), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_emit(run, Z("a"), Z("{\"a\":}"), info), FRESHET_EJSON_SYNTAX);
	assert_int_equal(freshet_agentos_emit(run, Z("a"), Z("{"), info), FRESHET_EJSON_TRUNCATED);
	assert_int_equal(freshet_agentos_emit(run, Z("a"), Z("1 2"), info), FRESHET_EJSON_TRAILING);
	assert_int_equal(freshet_agentos_emit_llm_request(run, Z("m"), (freshet_agentos_value){.text = NONE}, Z("[]")),
		FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_task_start(run, NONE, NONE, &task), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_task_start(run, Z("t"), Z("x"), &task), FRESHET_EJSON_SYNTAX);
	assert_int_equal(task.number, 0);
	freshet_agentos_run_options_init(&o);
	o.trigger_type = "agent";
	assert_int_equal(freshet_agentos_run_start(client, &o, &none), FRESHET_EINVAL);
	freshet_agentos_run_options_init(&o);
	o.input = Z("[1]");
	assert_int_equal(freshet_agentos_run_start(client, &o, &none), FRESHET_EINVAL);
	o.input = Z("{x}");
	assert_int_equal(freshet_agentos_run_start(client, &o, &none), FRESHET_EJSON_SYNTAX);
	assert_null(none);
	assert_int_equal(freshet_agentos_run_complete(run, Z("{")), FRESHET_EJSON_TRUNCATED);
	freshet_agentos_stats stats = {.size = sizeof stats};
	freshet_agentos_stats_get(client, &stats);
	assert_int_equal(stats.refused_other, 13);
	assert_int_equal(stats.emitted, 1);
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	/* One end is sent, and nothing after it. */
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_run_fail(run, Z("x"), NONE), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_emit(run, Z("a"), NONE, info), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_run_flush(run, NULL, NULL), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_task_start(run, Z("t"), NONE, &task), FRESHET_ESTATE);
	freshet_agentos_stats_get(client, &stats);
	assert_int_equal(stats.refused_state, 5);
	agentos_world_run_until(&done);
	assert_int_equal(freshet_agentos_class_of(FRESHET_EINVAL), FRESHET_AGENTOS_VALIDATION);
	assert_int_equal(freshet_agentos_class_of(FRESHET_EJSON_SYNTAX), FRESHET_AGENTOS_VALIDATION);
	assert_int_equal(freshet_agentos_class_of(FRESHET_EJSON_SIZE), FRESHET_AGENTOS_VALIDATION);
	assert_int_equal(freshet_agentos_class_of(FRESHET_EAUTH), FRESHET_AGENTOS_AUTH);
	assert_int_equal(freshet_agentos_class_of(FRESHET_ERATE_LIMIT), FRESHET_AGENTOS_RATE_LIMIT);
	assert_int_equal(freshet_agentos_class_of(FRESHET_ESERVER), FRESHET_AGENTOS_GENERAL);
}

/* ---- batches and barriers ---- */

static void emit_some(freshet_agentos_run *run, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(freshet_agentos_emit(run, Z("e"), NONE, FRESHET_AGENTOS_LEVEL_DEFAULT), FRESHET_OK);
}

static void batches_are_cut_by_number_and_by_size(void **state)
{
	freshet_agentos_options o;
	char payload[4096];
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	o = agentos_world_options();
	o.batch_size = 3;
	o.batch_interval_ms = 3600000;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	emit_some(run, 7);
	/* Nobody waits for an hour: the end sends the rest. */
#define E EVENT("e", "info", "{}")
	assert_string_equal(complete(run), STARTED EVENTS(E "," E "," E) EVENTS(E "," E "," E) EVENTS(E) COMPLETED);
	agentos_world_finish();
	o.batch_size = 50;
	o.max_request_bytes = 1024;
	agentos_world_client(&o);
	run = start();
	snprintf(payload, sizeof payload, "\"%0150d\"", 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(freshet_agentos_emit(run, Z("e"), Z(payload), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_OK);
	snprintf(payload, sizeof payload, "\"%0600d\"", 0);
	assert_int_equal(freshet_agentos_emit(run, Z("e"), Z(payload), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_EJSON_SIZE);
	const char *log = complete(run);
	size_t requests = 0;
	for (const char *line = log, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, requests++)
		assert_true((size_t)(end - strchr(line, '{')) <= 1024);
	/* A start, three batches of two, two and one, an end. */
	assert_int_equal(requests, 5);
	assert_int_equal(last.sent, 5);
}

static void the_interval_sends_what_is_no_whole_batch(void **state)
{
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world_client(NULL);
	freshet_agentos_run *run = start();
	freshet_agentos_stats stats = {.size = sizeof stats};
	for (uint64_t i = 1; i <= 3; i++) {
		emit_some(run, 2);
		do {
			agentos_world_turn();
			freshet_agentos_stats_get(agentos_world.client, &stats);
		} while (stats.batches < i);
		assert_int_equal(stats.sent, 2 * i);
	}
	assert_string_equal(complete(run), STARTED EVENTS(E "," E) EVENTS(E "," E) EVENTS(E "," E) COMPLETED);
}

/* Events that fill a request one by one, and a small one that is left over. */
static void what_is_left_of_a_batch_waits_no_longer_than_the_interval(void **state)
{
	char payload[600];
	freshet_agentos_stats stats = {.size = sizeof stats};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = agentos_world_options();
	o.max_request_bytes = 1024;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	do {
		agentos_world_turn();
	} while (freshet_agentos_run_id(run).len == 0);
	size_t room = 512 - strlen(EVENT("e", "info", "{\"value\":\"\"}")) - 23;
	snprintf(payload, sizeof payload, "\"%0*d\"", (int)room, 0);
	assert_int_equal(freshet_agentos_emit(run, Z("e"), Z(payload), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_OK);
	emit_some(run, 1);
	snprintf(payload, sizeof payload, "\"%0*d\"", (int)room + 1, 0);
	assert_int_equal(freshet_agentos_emit(run, Z("e"), Z(payload), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_EJSON_SIZE);
	do {
		agentos_world_turn();
		freshet_agentos_stats_get(agentos_world.client, &stats);
	} while (stats.queued > 0);
	assert_int_equal(stats.batches, 2);
}

static void on_flushed(freshet_agentos_run *run, const freshet_agentos_flushed *flushed, void *user)
{
	(void)run;
	assert_int_equal(flushed->sent, 2);
	assert_int_equal(flushed->dropped, 0);
	*(bool *)user = true;
}

static void a_flush_sends_what_waits_and_tells(void **state)
{
	freshet_agentos_options o;
	bool flushed = false;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	o = agentos_world_options();
	o.batch_interval_ms = 3600000;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	emit_some(run, 2);
	assert_int_equal(freshet_agentos_run_flush(run, on_flushed, &flushed), FRESHET_OK);
	emit_some(run, 1);
	assert_false(flushed);
	agentos_world_run_until(&flushed);
	assert_false(done);
	assert_string_equal(agentos_world_log(), STARTED EVENTS(E "," E));
	assert_int_equal(freshet_agentos_run_flush(run, NULL, NULL), FRESHET_OK);
	assert_string_equal(complete(run), EVENTS(E) COMPLETED);
}

static void a_task_is_a_barrier(void **state)
{
	freshet_agentos_task load, sum;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world_client(NULL);
	freshet_agentos_run *run = start();
	emit_some(run, 2);
	assert_int_equal(
		freshet_agentos_task_start(run, Z("load-rows"), Z("{\"day\":\"2026-11-21\"}"), &load), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_start(run, Z("sum"), NONE, &sum), FRESHET_OK);
	emit_some(run, 1);
	assert_int_equal(freshet_agentos_task_complete(run, load, Z("{\"rows\":80}")), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_complete(run, load, NONE), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_task_fail(run, load, Z("x")), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_task_fail(run, sum, Z("no such file")), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_start(run, Z("mail"), NONE, &load), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_skip(run, load), FRESHET_OK);
	assert_string_equal(complete(run),
		STARTED EVENTS(E "," E) TASK("\"id\":\"U1\",\"name\":\"load-rows\",\"status\":\"running\",\"input\":{"
					     "\"day\":\"2026-11-21\"}") TASK("\"id\":\"U2\",\"name\":\"sum\","
									     "\"status\":\"running\"") EVENTS(E)
			TASK("\"id\":\"U1\",\"name\":\"load-rows\",\"status\":\"completed\",\"output\":{\"rows\":80}")
				TASK("\"id\":\"U2\",\"name\":\"sum\",\"status\":\"failed\",\"error_message\":\"no such "
				     "file\"") TASK("\"id\":\"U3\",\"name\":\"mail\",\"status\":\"running\"")
					TASK("\"id\":\"U3\",\"name\":\"mail\",\"status\":\"skipped\"") COMPLETED);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.tasks_sent, 6);
	assert_int_equal(stats.refused_state, 2);
}

static void the_server_may_name_tasks(void **state)
{
	static const struct agentos_reply answers[] = {
		{.path = "tasks",
			.times = 1,
			.status = 200,
			.body = "{\"data\":{\"task_id\":\"t-\\u0041\"},\"error\":null}"},
		{.path = "tasks", .times = 1, .status = 201, .body = "{\"id\":17}"},
		{.path = NULL},
	};
	static const char *const wanted[][2] = {{"\"t-\\u0041\"", "17"}, {"\"U1\"", "\"U2\""}};
	freshet_agentos_options o;
	freshet_agentos_task one, two;
	char text[256];
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		agentos_world_open(agentos_world_answer, NULL);
		agentos_world.script = answers;
		o = agentos_world_options();
		o.task_id_source = i == 0 ? FRESHET_AGENTOS_TASK_ID_AUTO : FRESHET_AGENTOS_TASK_ID_CLIENT;
		agentos_world_client(&o);
		freshet_agentos_run *run = start();
		freshet_agentos_task_start(run, Z("a"), NONE, &one);
		freshet_agentos_task_start(run, Z("b"), NONE, &two);
		freshet_agentos_task_skip(run, one);
		freshet_agentos_task_skip(run, two);
		const char *log = complete(run);
		snprintf(text, sizeof text, RUN ",\"task\":{\"id\":%s,\"name\":\"a\",\"status\":\"skipped\"}}\n",
			wanted[i][0]);
		assert_non_null(strstr(log, text));
		snprintf(text, sizeof text, RUN ",\"task\":{\"id\":%s,\"name\":\"b\",\"status\":\"skipped\"}}\n",
			wanted[i][1]);
		assert_non_null(strstr(log, text));
		if (i == 0)
			agentos_world_close(NULL);
	}
}

static void open_tasks_are_closed_where_that_is_asked_for(void **state)
{
	static const char *const ends[] = {"\"skipped\"", "\"failed\",\"why\":\"still open when the run ended\""};
	static const freshet_agentos_names names = {.size = sizeof names, .task_error_field = "why"};
	freshet_agentos_options o;
	freshet_agentos_task task, ended;
	char wanted[256];
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		agentos_world_open(agentos_world_answer, NULL);
		o = agentos_world_options();
		o.close_open_tasks = i == 0 ? FRESHET_AGENTOS_OPEN_TASKS_SKIPPED : FRESHET_AGENTOS_OPEN_TASKS_FAILED;
		o.names = &names;
		agentos_world_client(&o);
		freshet_agentos_run *run = start();
		freshet_agentos_task_start(run, Z("a"), NONE, &ended);
		freshet_agentos_task_start(run, Z("b"), NONE, &task);
		freshet_agentos_task_skip(run, ended);
		snprintf(wanted, sizeof wanted, TASK("\"id\":\"U2\",\"name\":\"b\",\"status\":%s") COMPLETED, ends[i]);
		const char *log = complete(run);
		assert_string_equal(log + strlen(log) - strlen(wanted), wanted);
		if (i == 0)
			agentos_world_close(NULL);
	}
}

/* ---- spans ---- */

static const char *spans_in(freshet_agentos_span_mode mode)
{
	freshet_agentos_options o;
	freshet_agentos_span_options s;
	freshet_agentos_span_result r;
	freshet_agentos_span outer, inner, none = {0};
	agentos_world_open(agentos_world_answer, NULL);
	o = agentos_world_options();
	o.span_mode = mode;
	o.usage_in_complete = true;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	assert_int_equal(freshet_agentos_span_start(run, Z("plan"), NULL, &outer), FRESHET_OK);
	freshet_agentos_span_options_init(&s);
	s.kind = "llm";
	s.parent = outer;
	s.attributes = Z("{\"temperature\":1}");
	assert_int_equal(freshet_agentos_span_start(run, Z("ask"), &s, &inner), FRESHET_OK);
	freshet_agentos_span_result_init(&r);
	r.failed = true;
	r.error = Z("too long");
	r.usage = &usage;
	assert_int_equal(freshet_agentos_span_end(run, inner, &r), FRESHET_OK);
	assert_int_equal(freshet_agentos_span_end(run, inner, &r), FRESHET_ESTATE);
	s.parent = inner;
	assert_int_equal(freshet_agentos_span_start(run, Z("x"), &s, &none), FRESHET_ESTATE);
	s.parent = outer;
	s.attributes = Z("[]");
	assert_int_equal(freshet_agentos_span_start(run, Z("x"), &s, &none), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_span_start(run, NONE, NULL, &none), FRESHET_EINVAL);
	assert_int_equal(none.number, 0);
	assert_int_equal(freshet_agentos_span_end(run, outer, NULL), FRESHET_OK);
	return complete(run);
}

#define TOTALS "POST /api/ingest/v1/run/complete " RUN ",\"usage\":{\"input_tokens\":120,\"output_tokens\":40}}\n"

static void spans_travel_as_events(void **state)
{
	(void)state;
	assert_string_equal(spans_in(FRESHET_AGENTOS_SPANS_EVENTS),
		STARTED EVENTS(EVENT("span.started", "info",
			"{\"span_id\":\"S1\",\"parent_span_id\":null,\"name\":\"plan\",\"kind\":\"step\","
			"\"attributes\":{}}") "," EVENT("span.started", "info",
			"{\"span_id\":\"S2\",\"parent_span_id\":\"S1\",\"name\":\"ask\",\"kind\":\"llm\","
			"\"attributes\":{\"temperature\":1}}") "," EVENT("span.ended", "error",
			"{\"span_id\":\"S2\",\"parent_span_id\":\"S1\",\"status\":\"error\","
			"\"error\":\"too long\",\"duration_ms\":#,\"input_tokens\":120,"
			"\"output_tokens\":40,\"cached\":7}") "," EVENT("span.ended", "info",
			"{\"span_id\":\"S1\",\"parent_span_id\":null,\"status\":\"ok\",\"duration_ms\":#}")) TOTALS);
}

static void spans_travel_to_their_endpoint(void **state)
{
	(void)state;
	assert_string_equal(spans_in(FRESHET_AGENTOS_SPANS_ENDPOINT),
		STARTED "POST /api/ingest/v1/spans " RUN
			",\"spans\":[{\"span_id\":\"S1\",\"parent_span_id\":\"S2\",\"name\":\"ask\",\"kind\":\"llm\","
			"\"started_at\":\"@\",\"ended_at\":\"@\",\"status\":\"error\",\"error\":\"too long\","
			"\"attributes\":{\"temperature\":1},\"usage\":{\"input_tokens\":120,\"output_tokens\":40,"
			"\"cached\":7}}]}\n"
			"POST /api/ingest/v1/spans " RUN
			",\"spans\":[{\"span_id\":\"S2\",\"parent_span_id\":null,\"name\":\"plan\",\"kind\":\"step\","
			"\"started_at\":\"@\",\"ended_at\":\"@\",\"status\":\"ok\",\"attributes\":{},"
			"\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}]}\n" TOTALS);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.spans_sent, 2);
	assert_int_equal(stats.emitted, 0);
}

static void spans_stay_at_home(void **state)
{
	(void)state;
	assert_string_equal(spans_in(FRESHET_AGENTOS_SPANS_OFF), STARTED TOTALS);
}

/* ---- what is not published can be replaced ---- */

static freshet_err rewrite(freshet_outgoing *request, void *user)
{
	static const freshet_str body = {"{\"mine\":true}", 13};
	(void)user;
	if (strcmp(request->key, "events") == 0) {
		request->method = "PUT";
		request->path = "/mine";
		request->body = body;
	}
	return FRESHET_OK;
}

static freshet_err reread(freshet_incoming *answer, void *user)
{
	static const freshet_str body = {"{\"data\":{\"run_id\":\"from-the-hook\"}}", 35};
	*(unsigned *)user += 1;
	if (strcmp(answer->key, "run_start") == 0)
		answer->body = body;
	if (strcmp(answer->key, "run_complete") == 0)
		answer->status = 204;
	return FRESHET_OK;
}

static void paths_names_and_bodies_can_be_replaced(void **state)
{
	static const struct agentos_reply refuses_the_end[] = {
		{.path = "finish", .status = 599, .body = "x"}, {.path = NULL}};
	static const freshet_route routes[] = {
		{"run_start", NULL, "/v9/{agent_id}/begin"},
		{"run_complete", "PATCH", "/v9/runs/{run_id}/finish?x=1"},
	};
	freshet_agentos_options o;
	unsigned answers = 0;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = refuses_the_end;
	o = agentos_world_options();
	o.routes = routes;
	o.route_count = 2;
	o.path_prefix = "/aos";
	o.request_hook = rewrite;
	o.response_hook = reread;
	o.hook_user = &answers;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	emit_some(run, 1);
	assert_string_equal(complete(run),
		"POST /aos/v9/" AGENTOS_WORLD_AGENT "/begin {\"agent_id\":\"" AGENTOS_WORLD_AGENT
		"\",\"trigger_type\":\"sdk\",\"input\":{}}\n"
		"PUT /mine {\"mine\":true}\n"
		"PATCH /aos/v9/runs/from-the-hook/finish?x=1 {\"run_id\":\"from-the-hook\"}\n");
	assert_int_equal(answers, 3);
	freshet_agentos *client;
	static const freshet_route unknown = {"events", NULL, "/{task_id}"};
	o.routes = &unknown;
	o.route_count = 1;
	assert_int_equal(freshet_agentos_new(agentos_world.reactor, &o, &client), FRESHET_EINVAL);
	assert_null(client);
}

static void the_envelope_and_its_members_may_be_called_otherwise(void **state)
{
	static const char *const data[] = {"result", NULL};
	static const char *const run_id[] = {"job.number", NULL};
	static const char *const trigger[] = {"cron", NULL};
	static const freshet_agentos_names names = {
		.size = sizeof names, .data = data, .run_id = run_id, .triggers = trigger};
	static const struct agentos_reply started[] = {
		{.path = "start", .status = 200, .body = "{\"result\":{\"job\":{\"number\":12}}}"}, {.path = NULL}};
	freshet_agentos_options o;
	freshet_agentos_run_options r;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = started;
	o = agentos_world_options();
	o.names = &names;
	agentos_world_client(&o);
	freshet_agentos_run_options_init(&r);
	r.trigger_type = "cron";
	assert_non_null(strstr(complete(start_with(&r)), "complete {\"run_id\":12}\n"));
	/* Without a list nothing but the defaults is known. */
	r.trigger_type = "sdk";
	freshet_agentos_run *none;
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, &r, &none), FRESHET_EINVAL);
}

static void what_is_checked_here_may_be_let_through(void **state)
{
	freshet_agentos_options o;
	freshet_agentos_run_options r;
	char type[202];
	(void)state;
	memset(type, 'a', sizeof type);
	agentos_world_open(agentos_world_answer, NULL);
	o = agentos_world_options();
	o.allow_unknown_trigger = true;
	o.max_type = 201;
	agentos_world_client(&o);
	freshet_agentos_run_options_init(&r);
	r.trigger_type = "agent";
	freshet_agentos_run *run = start_with(&r);
	const freshet_agentos_level info = FRESHET_AGENTOS_LEVEL_INFO;
	assert_int_equal(freshet_agentos_emit(run, (freshet_str){type, 202}, NONE, info), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_emit(run, (freshet_str){type, 201}, NONE, info), FRESHET_OK);
	const char *log = complete(run);
	assert_non_null(strstr(log, "\"trigger_type\":\"agent\""));
	assert_int_equal(agentos_world_finish().sent, 1);
}

/* ---- headers ---- */

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

static void each_request_has_its_key_and_its_type(void **state)
{
	freshet_agentos_options o;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	o = agentos_world_options();
	o.workspace_key = AGENTOS_WORLD_SPACE_KEY;
	o.invoke_with_workspace_key = true;
	o.event_ids = true;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	emit_some(run, 1);
	const char *log = complete(run);
	assert_non_null(strstr(log, "[{\"id\":\"U1\",\"type\":\"e\""));
	const char *heads = agentos_world.heads;
	assert_int_equal(count_of(heads, "authorization: Bearer " AGENTOS_WORLD_KEY "\r\n"), 3);
	assert_int_equal(count_of(heads, "content-type: application/json\r\n"), 3);
	assert_int_equal(count_of(heads, "idempotency-key: "), 3);
	assert_int_equal(count_of(heads, "user-agent: freshet/"), 3);
	agentos_world_finish();
	agentos_world.heads_len = 0;
	o.idempotency_header = "";
	agentos_world_client(&o);
	complete(start());
	assert_int_equal(count_of(agentos_world.heads, "dempotency"), 0);
	agentos_world_finish();
	agentos_world.heads_len = 0;
	o.idempotency_header = "X-Once";
	agentos_world_client(&o);
	complete(start());
	assert_int_equal(count_of(agentos_world.heads, "x-once: "), 2);
}

static void the_environment_is_read_where_it_is_asked_for(void **state)
{
	freshet_agentos_options o = {.size = 0};
	freshet_agentos *client;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	const freshet_agentos_options known = agentos_world_options();
	freshet_agentos_options_init(&o);
	unsetenv("AGENTOS_API_KEY");
	assert_int_equal(freshet_agentos_new_from_env(agentos_world.reactor, NULL, &client), FRESHET_EAUTH);
	setenv("AGENTOS_API_KEY", AGENTOS_WORLD_KEY, 1);
	assert_int_equal(freshet_agentos_new(agentos_world.reactor, &o, &client), FRESHET_EAUTH);
	assert_int_equal(freshet_agentos_new_from_env(agentos_world.reactor, NULL, &client), FRESHET_EINVAL);
	assert_null(client);
	setenv("AGENTOS_AGENT_ID", AGENTOS_WORLD_AGENT, 1);
	setenv("AGENTOS_BASE_URL", known.base_url, 1);
	setenv("AGENTOS_WORKSPACE_KEY", AGENTOS_WORLD_SPACE_KEY, 1);
	assert_int_equal(freshet_agentos_new_from_env(agentos_world.reactor, NULL, &agentos_world.client), FRESHET_OK);
	assert_string_equal(complete(start()), STARTED COMPLETED);
	unsetenv("AGENTOS_API_KEY");
	unsetenv("AGENTOS_AGENT_ID");
	unsetenv("AGENTOS_BASE_URL");
	unsetenv("AGENTOS_WORKSPACE_KEY");
}

static void options_that_make_no_sense_are_refused(void **state)
{
	freshet_agentos_options o;
	freshet_agentos *client;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
#define REFUSED(member, given, code)                                                                                   \
	o = agentos_world_options();                                                                                   \
	o.member = given;                                                                                              \
	assert_int_equal(freshet_agentos_new(agentos_world.reactor, &o, &client), code);                               \
	assert_null(client)
	REFUSED(api_key, NULL, FRESHET_EAUTH);
	REFUSED(api_key, "", FRESHET_EINVAL);
	REFUSED(api_key, "a b", FRESHET_EINVAL);
	REFUSED(api_key, "a\r\nx: y", FRESHET_EINVAL);
	REFUSED(workspace_key, "\n", FRESHET_EINVAL);
	REFUSED(agent_id, NULL, FRESHET_EINVAL);
	REFUSED(agent_id, "", FRESHET_EINVAL);
	REFUSED(base_url, "ftp://x", FRESHET_EINVAL);
	REFUSED(max_request_bytes, 1023, FRESHET_EINVAL);
	REFUSED(max_queue_bytes, 4096, FRESHET_EINVAL);
	REFUSED(overflow, (freshet_agentos_overflow)3, FRESHET_EINVAL);
	REFUSED(path_prefix, "x", FRESHET_EINVAL);
	REFUSED(size, sizeof o + 8, FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_new(NULL, &o, &client), FRESHET_EINVAL);
	assert_int_equal(freshet_agentos_new(agentos_world.reactor, NULL, &client), FRESHET_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_run_is_started_and_completed, agentos_world_close),
		cmocka_unit_test_teardown(the_built_in_events_have_their_payloads, agentos_world_close),
		cmocka_unit_test_teardown(any_payload_becomes_an_object, agentos_world_close),
		cmocka_unit_test_teardown(what_is_not_valid_is_refused_and_counted, agentos_world_close),
		cmocka_unit_test_teardown(batches_are_cut_by_number_and_by_size, agentos_world_close),
		cmocka_unit_test_teardown(the_interval_sends_what_is_no_whole_batch, agentos_world_close),
		cmocka_unit_test_teardown(
			what_is_left_of_a_batch_waits_no_longer_than_the_interval, agentos_world_close),
		cmocka_unit_test_teardown(a_flush_sends_what_waits_and_tells, agentos_world_close),
		cmocka_unit_test_teardown(a_task_is_a_barrier, agentos_world_close),
		cmocka_unit_test_teardown(the_server_may_name_tasks, agentos_world_close),
		cmocka_unit_test_teardown(open_tasks_are_closed_where_that_is_asked_for, agentos_world_close),
		cmocka_unit_test_teardown(spans_travel_as_events, agentos_world_close),
		cmocka_unit_test_teardown(spans_travel_to_their_endpoint, agentos_world_close),
		cmocka_unit_test_teardown(spans_stay_at_home, agentos_world_close),
		cmocka_unit_test_teardown(paths_names_and_bodies_can_be_replaced, agentos_world_close),
		cmocka_unit_test_teardown(the_envelope_and_its_members_may_be_called_otherwise, agentos_world_close),
		cmocka_unit_test_teardown(what_is_checked_here_may_be_let_through, agentos_world_close),
		cmocka_unit_test_teardown(each_request_has_its_key_and_its_type, agentos_world_close),
		cmocka_unit_test_teardown(the_environment_is_read_where_it_is_asked_for, agentos_world_close),
		cmocka_unit_test_teardown(options_that_make_no_sense_are_refused, agentos_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
