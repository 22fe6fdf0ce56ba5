/*
 * Runs against a server that follows a script, request by request, to the byte: how each is started, followed and ended.
 */
#include "play.h"

static void started_and_followed(void **state)
{
	static const struct step steps[] = {
		{.request = START,
			.body = BODY,
			.status = 200,
			.answer = STARTED,
			.head = "authorization: Bearer " SUDOIQ_WORLD_KEY},
		{.request = STREAM,
			.head = "accept: text/event-stream",
			.answer = RUNNING(1) "event: log\ndata: {\"level\":\"info\",\"message\":\"hm\"}\n\n"
					     "event: delta\ndata: {\"node_id\":\"n2\",\"text\":\"Oh\"}\n\n"
					     "event: other\ndata: x\n\ndata: {\"a\":1}\n\n"
					     "event: sync\ndata: {bad\n\n" DONE(2)},
	};
	(void)state;
	PLAY(steps, NULL);
	hold_good();
	assert_string_equal(seen.events, "started running running log:hm delta:Oh ?other ?message ?sync completed ");
	assert_string_equal(seen.cursor, "2");
	assert_int_equal(seen.told, 9);
}

static void hold(freshet_err err, freshet_sudoiq_phase phase, const char *events)
{
	assert_int_equal(seen.err, err);
	assert_int_equal(seen.phase, phase);
	assert_string_equal(seen.events, events);
}

/* ---- starts ---- */

static void everything_in_a_start(void **state)
{
	static const struct step steps[] = {
		{.request = "POST /api/v1/agents/a%2F%201/execute",
			.body = "{\"agent_id\":\"a/ 1\",\"string_inputs\":{\"b\":\"2\\n\",\"a\":\"\"},"
				"\"environment\":\"production\",\"agent_version\":3,"
				"\"image_inputs\":{\"2\":\"https://img.example/"
				"7.png\"},\"file_inputs\":{\"3\":\"file_81\"},"
				"\"metadata\":{\"correlation_id\": \"job-9\"}}",
			.head = "idempotency-key: mine\r\n",
			.status = 200,
			.answer = "{\"run_id\":42,\"status\":\"completed\",\"result\":\"64 percent\"}"},
	};
	const freshet_sudoiq_input texts[] = {{{"b", 1}, {"2\n", 2}}, {{"a", 1}, {"", 0}}};
	const freshet_sudoiq_input image = {{"2", 1}, freshet_str_of("https://img.example/7.png")};
	const freshet_sudoiq_input file = {{"3", 1}, freshet_str_of("file_81")};
	(void)state;
	memset(&seen, 0, sizeof seen);
	sudoiq_world_open(steps, 1, NULL);
	freshet_sudoiq_start o = start_options();
	o.agent_id = freshet_str_of("a/ 1");
	o.string_inputs = texts;
	o.string_input_count = 2;
	o.image_inputs = &image;
	o.image_input_count = 1;
	o.file_inputs = &file;
	o.file_input_count = 1;
	o.environment = freshet_str_of("production");
	o.has_agent_version = true;
	o.agent_version = 3;
	o.metadata = freshet_str_of("{\"correlation_id\": \"job-9\"}");
	o.idempotency_key = "mine";
	assert_int_equal(freshet_sudoiq_run_agent(sudoiq_world.client, &o, on_done, &seen, NULL), FRESHET_OK);
	sudoiq_world_until(&seen.done);
	sudoiq_world_close(NULL);
	hold_good();
}

static void starts_that_cannot_be(void **state)
{
	(void)state;
	freshet_sudoiq_options options = sudoiq_world_options();
	options.default_environment = NULL;
	options.max_runs = 1;
	memset(&seen, 0, sizeof seen);
	sudoiq_world_open(NULL, 0, &options);
	const freshet_sudoiq_input empty = {{"", 0}, {"x", 1}};
	freshet_sudoiq_run *run = (freshet_sudoiq_run *)&seen;
	freshet_sudoiq_start o = start_options();
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	assert_null(run);
	o.environment = freshet_str_of("e");
	o.agent_id.len = 0;
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	o = start_options();
	o.environment = freshet_str_of("e");
	o.string_inputs = &empty;
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	o = start_options();
	o.environment = freshet_str_of("e");
	o.metadata = freshet_str_of("[1]");
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EJSON_TYPE);
	o.metadata = freshet_str_of("{");
	assert_int_equal(freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run),
		FRESHET_EJSON_TRUNCATED);
	o.metadata.len = 0;
	o.idempotency_key = "a\r\nb";
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	o.idempotency_key = NULL;
	assert_int_equal(freshet_sudoiq_run_agent(sudoiq_world.client, &o, NULL, NULL, &run), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_execute_agent(sudoiq_world.client, &o, NULL, NULL, &run), FRESHET_EINVAL);
	o.agent_id = freshet_str_of("..");
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	o.agent_id = (freshet_str){"a-1\0b", 5};
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	freshet_sudoiq_attach_options attached = {sizeof attached, {"a-1\0b", 5}, 42, .callbacks = callbacks};
	assert_int_equal(freshet_sudoiq_attach(sudoiq_world.client, &attached, &run), FRESHET_EINVAL);
	attached.agent_id = freshet_str_of(AGENT);
	attached.last_event_id = (freshet_str){"7\0008", 3};
	assert_int_equal(freshet_sudoiq_attach(sudoiq_world.client, &attached, &run), FRESHET_EINVAL);
	o.size = 3;
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &run), FRESHET_EINVAL);
	sudoiq_world_close(NULL);
	assert_int_equal(seen.dones, 0);
}

static void the_answer_to_the_start_is_the_stream(void **state)
{
	static const struct step steps[] = {
		{.request = START, .body = BODY, .head = "accept: application/json", .answer = RUNNING(1) DONE(2)},
	};
	static const struct step by_post[] = {
		{.request = START,
			.body = BODY,
			.head = "accept: text/event-stream",
			.answer = RUNNING(1),
			.push = PAUSED(2, CALL("c1", "read_meter"))},
		{.request = ANSWER, .status = 200, .answer = "{}", .push = DONE(3)},
	};
	static const struct step json_after_all[] = {
		{.request = START, .head = "accept: text/event-stream", .status = 202, .answer = STARTED},
		{.request = STREAM, .answer = DONE(2)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	PLAY(steps, NULL);
	hold_good();
	options.stream_mode = FRESHET_SUDOIQ_STREAM_POST;
	PLAY(by_post, &options);
	hold_good();
	assert_string_equal(seen.events, "started running awaiting_tool_calls completed ");
	assert_int_equal(seen.ran, 1);
	PLAY(json_after_all, &options);
	hold_good();
}

static void a_posted_stream_is_taken_up_by_get(void **state)
{
	static const struct step steps[] = {
		{.request = START, .answer = RUNNING(1), .push = "#"},
		{.request = STREAM, .head = "last-event-id: 1\r\n", .answer = RUNNING(2), .push = "!"},
		{.request = STREAM, .head = "last-event-id: 2\r\n", .answer = DONE(3)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.stream_mode = FRESHET_SUDOIQ_STREAM_POST;
	(void)state;
	PLAY(steps, &options);
	hold_good();
	assert_int_equal(seen.reconnects, 2);
}

/* What a start comes to that is refused or answered badly. */
static void starts_that_fail(void **state)
{
	static const struct {
		struct step step;
		freshet_err err;
		const char *code;
		const char *message;
	} cases[] = {
		{{.status = 422, .answer = "{\"error_code\":\"bad_slot\",\"message\":\"no slot 1\"}"},
			FRESHET_EVALIDATION, "bad_slot", "no slot 1"},
		{{.status = 400, .answer = "{\"code\":\"c\",\"detail\":[{\"msg\":\"m\"}]}"}, FRESHET_EVALIDATION, "c",
			"[{\"msg\":\"m\"}]"},
		{{.status = 401, .answer = "{\"error\":{\"code\":\"no\",\"message\":\"who are you\"}}"}, FRESHET_EAUTH,
			"no", "who are you"},
		{{.status = 403, .answer = "{}"}, FRESHET_EAUTH, "", ""},
		{{.status = 404, .answer = "{\"detail\":\"none\"}"}, FRESHET_ENOT_FOUND, "", "none"},
		{{.status = 409, .answer = "{}"}, FRESHET_ECONFLICT, "", ""},
		{{.status = 500, .answer = "{\"message\":\"oh\"}"}, FRESHET_ESERVER, "", "oh"},
		{{.status = 502, .fields = "content-type: text/html\r\n", .answer = "<p>"}, FRESHET_ESERVER, "", ""},
		{{.status = 307, .fields = "location: /x\r\n", .answer = ""}, FRESHET_EHTTP_REDIRECT, "", ""},
		{{.status = 200, .answer = "{\"status\":\"running\"}"}, FRESHET_EJSON_MISSING, "", ""},
		{{.status = 200, .answer = "{\"task_id\":\"x\"}"}, FRESHET_EJSON_NUMBER, "", ""},
		{{.status = 200, .answer = "ok"}, FRESHET_EJSON_SYNTAX, "", ""},
		{{.status = 204, .answer = ""}, FRESHET_EBAD_ANSWER, "", ""},
		{{.answer = "event: sync\ndata: {\"status\":\"running\"}\n\n", .push = "!"}, FRESHET_EBAD_ANSWER, "",
			""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct step step = cases[i].step;
		step.request = START;
		play(&step, 1, NULL);
		assert_int_equal(seen.err, cases[i].err);
		assert_string_equal(seen.code, cases[i].code);
		assert_string_equal(seen.message, cases[i].message);
		assert_false(seen.has_task_id);
		assert_true(seen.text[0] != '\0');
	}
}

static void starts_that_are_sent_again(void **state)
{
	static const struct step busy[] = {
		{.request = START,
			.body = BODY,
			.head = "idempotency-key: ",
			.status = 429,
			.fields = "retry-after: 0\r\n"},
		{.request = START, .body = BODY, .status = 408},
		{.request = START, .body = BODY, .status = 425},
		{.request = START, .body = BODY, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = DONE(1)},
	};
	static const struct step lost[] = {
		{.request = START, .status = 500},
		{.request = START, .cut = true},
		{.request = START, .answer = "event: log\ndata: {}\n\n", .push = "#"},
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = DONE(1)},
	};
	static const struct step too_often[] = {
		{.request = START, .status = 503},
		{.request = START, .status = 503},
		{.request = START, .status = 503},
		{.request = START, .status = 503},
	};
	static const struct step once[] = {{.request = START, .cut = true}};
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	PLAY(busy, NULL);
	hold_good();
	options.retry_start = true;
	PLAY(lost, &options);
	hold_good();
	PLAY(too_often, &options);
	assert_int_equal(seen.err, FRESHET_ESERVER);
	PLAY(once, NULL);
	assert_int_equal(seen.err, FRESHET_ECLOSED);
	options.max_retries = UINT32_MAX;
	PLAY(once, &options);
	assert_int_equal(seen.err, FRESHET_ECLOSED);
}

static void a_start_without_an_answer(void **state)
{
	static const struct step steps[] = {
		{.request = START, .hang = true, .skip = true},
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = DONE(1)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.timeout_ms = SKIP_MS;
	(void)state;
	play(steps, 1, &options);
	assert_int_equal(seen.err, FRESHET_EDEADLINE);
	options.retry_start = true;
	PLAY(steps, &options);
	hold_good();
}

/* ---- streams ---- */

static void cuts_are_survived(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1), .push = "#"},
		{.request = STREAM, .head = "last-event-id: 1\r\n", .status = 503},
		{.request = STREAM, .head = "last-event-id: 1\r\n", .cut = true},
		{.request = STREAM,
			.head = "last-event-id: 1\r\n",
			.answer = RUNNING(1) "event: end\ndata: {\"reason\":\"deploy\"}\n\n",
			.push = "!"},
		{.request = STREAM, .answer = DONE(4)},
	};
	(void)state;
	PLAY(steps, NULL);
	hold(FRESHET_OK, FRESHET_SUDOIQ_COMPLETED, "started running running end:deploy completed ");
	/* The connection that was closed without a word was an old one: the request moved at once, to no failure. */
	assert_int_equal(seen.reconnects, 3);
}

static void refusals_of_a_stream_are_final(void **state)
{
	static const struct {
		int status;
		freshet_err err;
	} cases[] = {{401, FRESHET_EAUTH}, {403, FRESHET_EAUTH}, {404, FRESHET_ENOT_FOUND}, {400, FRESHET_EVALIDATION}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct step steps[] = {
			{.request = START, .status = 200, .answer = STARTED},
			{.request = STREAM, .status = cases[i].status, .answer = "{\"message\":\"no\"}"},
		};
		PLAY(steps, NULL);
		hold(cases[i].err, FRESHET_SUDOIQ_RUNNING, "started running ");
		assert_true(seen.has_task_id);
		assert_string_equal(seen.message, "no");
	}
}

/* After the last try the status decides. */
static void streams_that_stay_away(void **state)
{
	struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .status = 503},
		{.request = STREAM, .status = 429},
		{.request = STREAM, .status = 500},
		{.request = STATUS, .status = 200},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.max_stream_retries = 2;
	(void)state;
	steps[4].answer = "{\"task_id\":42,\"status\":\"completed\",\"result\":\"64 percent\"}";
	PLAY(steps, &options);
	hold_good();
	steps[4].answer = "{\"task_id\":42,\"status\":\"running\",\"revision\":3}";
	PLAY(steps, &options);
	hold(FRESHET_ESERVER, FRESHET_SUDOIQ_RUNNING, "started running running ");
	assert_true(seen.has_task_id);
	steps[4].status = 404;
	PLAY(steps, &options);
	hold(FRESHET_ENOT_FOUND, FRESHET_SUDOIQ_RUNNING, "started running ");
	steps[4].status = 400;
	PLAY(steps, &options);
	hold(FRESHET_ESERVER, FRESHET_SUDOIQ_RUNNING, "started running ");
	steps[4].status = 200;
	steps[4].answer = "{}";
	PLAY(steps, &options);
	hold(FRESHET_ESERVER, FRESHET_SUDOIQ_RUNNING, "started running ");
}

static void an_answer_that_is_no_stream(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .status = 204},
		{.request = STATUS, .status = 200, .answer = "{\"status\":\"failed\",\"error\":\"boom\"}"},
	};
	static const struct step json[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .status = 200, .answer = "{}"},
		{.request = STATUS, .status = 200, .answer = "{\"status\":\"running\"}"},
	};
	(void)state;
	PLAY(steps, NULL);
	hold(FRESHET_OK, FRESHET_SUDOIQ_FAILED, "started running failed ");
	PLAY(json, NULL);
	assert_int_equal(seen.err, FRESHET_ECONTENT_TYPE);
}

static void silence_is_a_cut(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1)},
		{.request = STREAM, .head = "last-event-id: 1\r\n", .answer = DONE(2)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	freshet_endpoint_options endpoint;
	freshet_endpoint_options_init(&endpoint);
	endpoint.stream.idle_timeout_ms = 30;
	options.endpoint = &endpoint;
	(void)state;
	PLAY(steps, &options);
	hold_good();
}

#define ERROR(retry) "event: error\ndata: {\"code\":\"busy\",\"message\":\"m\",\"retryable\":" retry "}\n\n"

static void errors_of_a_stream(void **state)
{
	static const struct step passing[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1) ERROR("true")},
		{.request = STREAM, .head = "last-event-id: 1\r\n", .answer = "event: error\ndata: {}\n\n"},
		{.request = STREAM, .answer = DONE(2)},
	};
	static const struct step final[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = ERROR("false")},
	};
	static const struct step again_and_again[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1) ERROR("true")},
		{.request = STREAM, .answer = RUNNING(1) ERROR("true")},
		{.request = STREAM, .answer = RUNNING(1) ERROR("true")},
		{.request = STATUS, .status = 200, .answer = "{\"status\":\"running\"}"},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.max_stream_retries = 2;
	(void)state;
	PLAY(passing, NULL);
	hold(FRESHET_OK, FRESHET_SUDOIQ_COMPLETED, "started running running error:busy error: completed ");
	PLAY(final, NULL);
	hold(FRESHET_ESERVER, FRESHET_SUDOIQ_RUNNING, "started running error:busy ");
	assert_string_equal(seen.code, "busy");
	assert_string_equal(seen.message, "m");
	PLAY(again_and_again, &options);
	assert_int_equal(seen.err, FRESHET_ESERVER);
}

/* What the server asks for is waited for within a bound: an hour would be too much for this test. */
static void a_long_retry_after_is_cut_short(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 429, .fields = "retry-after: 3600\r\n", .answer = ""},
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = DONE(1)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	options.retry_asked_ms = 1;
	PLAY(steps, &options);
	hold_good();
}

static void answers_have_a_bound(void **state)
{
	static char long_one[2000];
	const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = "", .push = "#"},
		{.request = STREAM, .answer = "", .push = "#"},
		{.request = STATUS, .status = 200, .answer = long_one},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	memset(long_one, ' ', sizeof long_one - 1);
	memcpy(long_one, "{\"status\":\"completed\"}", 22);
	options.max_stream_retries = 1;
	PLAY(steps, &options);
	assert_int_equal(seen.err, FRESHET_OK);
	options.max_answer = 1000;
	PLAY(steps, &options);
	assert_int_not_equal(seen.err, FRESHET_OK);
}

static void frames_have_a_bound(void **state)
{
	static char answer[5000];
	const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = answer},
		{.request = STATUS, .status = 200, .answer = "{\"status\":\"running\"}"},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	freshet_endpoint_options endpoint;
	freshet_endpoint_options_init(&endpoint);
	endpoint.stream.max_event = 1000;
	options.endpoint = &endpoint;
	options.max_stream_retries = 1;
	(void)state;
	memset(answer, 'x', sizeof answer - 1);
	memcpy(answer, "data: ", 6);
	memcpy(answer + 4900, "\n\n", 2);
	PLAY(steps, &options);
	assert_int_equal(seen.err, FRESHET_ESSE_EVENT);
}

/* ---- order ---- */

static void nothing_old_and_nothing_after_the_end(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM,
			.answer = RUNNING(5) SYNC(3, "\"status\":\"failed\"") RUNNING(5) SYNC(6,
				"\"status\":\"Completed\",\"result\":\"64 percent\"") SYNC(7, "\"status\":\"failed\"")},
	};
	(void)state;
	PLAY(steps, NULL);
	hold(FRESHET_OK, FRESHET_SUDOIQ_COMPLETED, "started running running Completed ");
	assert_string_equal(seen.result, "64 percent");
}

static void another_run_on_the_stream(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM,
			.answer = "event: sync\ndata: {\"task_id\":43,\"status\":\"failed\"}\n\n"
				  "event: sync\ndata: {\"status\":\"cancelled\"}\n\n"},
	};
	(void)state;
	PLAY(steps, NULL);
	hold(FRESHET_OK, FRESHET_SUDOIQ_CANCELED, "started running ?sync cancelled ");
}

/* ---- time ---- */

/* The event of the stream has come; and then all of its time passes. */
static void run_out_of_time(const struct step *steps, size_t count, const freshet_sudoiq_options *options)
{
	memset(&seen, 0, sizeof seen);
	sudoiq_world_open(steps, count, options);
	execute();
	while (strcmp(seen.events, "started running running ") != 0)
		sudoiq_world_turn();
	skip_time(sudoiq_world.reactor);
	sudoiq_world_until(&seen.done);
}

static void the_whole_has_a_limit(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1)},
		{.request = "POST " TASK "/cancel",
			.body = "{\"reason\":\"response_timeout\"}",
			.status = 202,
			.answer = ""},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.response_timeout_ms = SKIP_MS;
	(void)state;
	run_out_of_time(steps, 2, &options);
	sudoiq_world_all_taken();
	sudoiq_world_close(NULL);
	hold(FRESHET_EDEADLINE, FRESHET_SUDOIQ_RUNNING, "started running running ");
	assert_string_equal(seen.cursor, "1");
	options.cancel_on_timeout = true;
	run_out_of_time(steps, 3, &options);
	while (sudoiq_world.step < 3)
		sudoiq_world_turn();
	sudoiq_world_close(NULL);
	assert_int_equal(seen.err, FRESHET_EDEADLINE);
}

/* ---- attaching and closing ---- */

static void attach(int64_t after)
{
	freshet_sudoiq_attach_options o;
	freshet_sudoiq_attach_options_init(&o);
	o.agent_id = freshet_str_of(AGENT);
	o.task_id = 42;
	o.last_event_id = freshet_str_of(after > 0 ? "7" : NULL);
	o.callbacks = callbacks;
	o.user = &seen;
	assert_int_equal(freshet_sudoiq_attach(sudoiq_world.client, &o, &seen.run), FRESHET_OK);
}

static void attached(void **state)
{
	static const struct step steps[] = {
		{.request = STREAM, .head = "last-event-id: 7\r\n", .answer = DONE(9)},
		{.request = STREAM, .answer = DONE(9)},
	};
	int64_t task = 0;
	char line[256];
	(void)state;
	memset(&seen, 0, sizeof seen);
	sudoiq_world_open(steps, 2, NULL);
	attach(7);
	assert_true(freshet_sudoiq_run_task_id(seen.run, &task));
	assert_int_equal(task, 42);
	assert_true(freshet_str_is(freshet_sudoiq_run_last_event_id(seen.run), "7"));
	freshet_sudoiq_run_describe(seen.run, line, sizeof line);
	assert_string_equal(line, "sudoiq run: agent a-1, task 42, following, running, stream waiting, events 0, "
				  "reconnects 0, tool calls 0");
	size_t whole = strlen(line);
	assert_int_equal(freshet_sudoiq_run_describe(seen.run, line, 4), whole);
	assert_string_equal(line, "sud");
	sudoiq_world_until(&seen.done);
	hold(FRESHET_OK, FRESHET_SUDOIQ_COMPLETED, "completed ");
	/* It is known to be over; who comes later is told so, too. */
	memset(&seen, 0, sizeof seen);
	attach(0);
	sudoiq_world_until(&seen.done);
	hold(FRESHET_OK, FRESHET_SUDOIQ_COMPLETED, "completed ");
	sudoiq_world_close(NULL);
}

static void closed(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1)},
	};
	(void)state;
	for (size_t turns = 0; turns < 40; turns++) {
		memset(&seen, 0, sizeof seen);
		sudoiq_world_open(steps, 2, NULL);
		execute();
		for (size_t i = 0; i < turns; i++)
			event_base_loop(sudoiq_world.base, EVLOOP_NONBLOCK);
		freshet_sudoiq_run_close(seen.run);
		freshet_sudoiq_run_close(seen.run);
		assert_int_equal(seen.dones, 0);
		sudoiq_world_until(&seen.done);
		assert_int_equal(seen.err, FRESHET_ECANCELED);
		sudoiq_world_close(NULL);
		assert_int_equal(seen.dones, 1);
	}
}

/* ---- every byte ---- */

/* Frames of all kinds of line ends, the ids in their order. */
static const char *const frames[] = {
	": hello\r\nretry: 1\r\n\r\n",
	"id: 1\nevent: sync\ndata: {\"task_id\":42,\"status\":\"running\",\ndata: \"revision\":1}\n\n",
	("id: 2\revent: sync\rdata: {\"task_id\":42,\"status\":\"awaiting_tool_calls\",\"revision\":2,"
	 "\"tool_calls\":[" CALL("c1", "read_meter") "]}\r\r"),
	("id: 4\r\nevent: sync\r\ndata: {\"task_id\":42,\"status\":\"completed\",\"revision\":4,\"result\":\"64 "
	 "percent\"}\r\n\r\n"),
};

static struct cut {
	size_t at;      /* bytes of the first stream */
	bool answered;  /* the tool call */
	unsigned opens; /* of streams */
} cut;

/* What comes behind that id, up to where the run waits. */
static void gather(char *to, size_t size, const char *last_id)
{
	size_t first = last_id[0] == '1' ? 2 : last_id[0] == '2' ? 3 : 0;
	to[0] = '\0';
	for (size_t i = first; i < (cut.answered ? 4 : 3); i++)
		snprintf(to + strlen(to), size - strlen(to), "%s", frames[i]);
}

static void serve_cut(struct h1server_conn *c, const struct h1server_request *q)
{
	char text[2048];
	if (strstr(q->target, "/execute") != NULL) {
		h1server_reply(c, 200, "content-type: application/json\r\n", STARTED);
	} else if (strstr(q->target, "/tool_responses") != NULL) {
		assert_false(cut.answered);
		cut.answered = true;
		h1server_reply(c, 200, "content-type: application/json\r\n", ACCEPTED);
		if (sudoiq_world.stream != NULL)
			h1server_write(sudoiq_world.stream, frames[3]);
	} else {
		gather(text, sizeof text, q->last_event_id);
		h1server_write(c, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
		bool first = cut.opens++ == 0;
		h1server_write_bytes(c, text, first && cut.at < strlen(text) ? cut.at : strlen(text));
		sudoiq_world.stream = first ? NULL : c;
		if (first)
			h1server_finish(c);
	}
}

static void cut_at_every_byte(void **state)
{
	char whole[2048];
	(void)state;
	memset(&cut, 0, sizeof cut);
	gather(whole, sizeof whole, "");
	for (size_t at = 0; at <= strlen(whole); at++) {
		memset(&seen, 0, sizeof seen);
		cut = (struct cut){.at = at};
		sudoiq_world_open(NULL, 0, NULL);
		sudoiq_world.server.answer = serve_cut;
		set_tool();
		execute();
		sudoiq_world_until(&seen.done);
		sudoiq_world_close(NULL);
		hold_good();
		assert_int_equal(seen.ran, 1);
		assert_true(strcmp(seen.events, "started running running awaiting_tool_calls completed ") == 0 ||
			    strcmp(seen.events, "started running awaiting_tool_calls completed ") == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(started_and_followed),
		cmocka_unit_test(everything_in_a_start),
		cmocka_unit_test(starts_that_cannot_be),
		cmocka_unit_test(the_answer_to_the_start_is_the_stream),
		cmocka_unit_test(a_posted_stream_is_taken_up_by_get),
		cmocka_unit_test(starts_that_fail),
		cmocka_unit_test(starts_that_are_sent_again),
		cmocka_unit_test(a_start_without_an_answer),
		cmocka_unit_test(cuts_are_survived),
		cmocka_unit_test(refusals_of_a_stream_are_final),
		cmocka_unit_test(streams_that_stay_away),
		cmocka_unit_test(an_answer_that_is_no_stream),
		cmocka_unit_test(silence_is_a_cut),
		cmocka_unit_test(errors_of_a_stream),
		cmocka_unit_test(a_long_retry_after_is_cut_short),
		cmocka_unit_test(answers_have_a_bound),
		cmocka_unit_test(frames_have_a_bound),
		cmocka_unit_test(nothing_old_and_nothing_after_the_end),
		cmocka_unit_test(another_run_on_the_stream),
		cmocka_unit_test(the_whole_has_a_limit),
		cmocka_unit_test(attached),
		cmocka_unit_test(closed),
		cmocka_unit_test(cut_at_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
