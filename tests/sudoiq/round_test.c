/*
 * Rounds of local tools against a server that follows a script, to the byte: which handler is called, when, with what; what
 * is sent, and again; what the service says of it.
 */
#include "play.h"

#include "support/failmem.h"

#include <pthread.h>
#include <time.h>

/* Invocations that their handlers keep. */
static freshet_sudoiq_invocation *kept[16];
static size_t kept_count;
static unsigned cancels;
static char records[1024];

static void keep(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	seen.ran++;
	kept[kept_count++] = invocation;
}

static void canceled(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_int_equal(freshet_sudoiq_invocation_finish(invocation, freshet_str_of("too late")), FRESHET_ESTATE);
	cancels++;
}

static void finish_kept(size_t i, const char *result)
{
	freshet_err err = freshet_sudoiq_invocation_finish(kept[i], freshet_str_of(result));
	assert_int_equal(err, FRESHET_OK);
	freshet_sudoiq_invocation_free(kept[i]);
	kept[i] = NULL;
}

static void on_record(freshet_sudoiq *client, const freshet_sudoiq_tool_record *r, void *user)
{
	size_t len = strlen(records);
	assert_ptr_equal(client, sudoiq_world.client);
	assert_ptr_equal(user, records);
	assert_true(freshet_str_is(r->agent_id, AGENT));
	assert_int_equal(r->task_id, 42);
	assert_int_equal(r->started_at.len, 24);
	assert_int_equal(r->trace_id.len, 32);
	snprintf(records + len, sizeof records - len, "%.*s %.*s/%.*s %s %zu %zu %.*s\n", (int)r->call_id.len,
		r->call_id.ptr, (int)r->space.len, r->space.ptr, (int)r->name.len, r->name.ptr,
		freshet_sudoiq_tool_outcome_name(r->outcome), r->args_bytes, r->result_bytes, (int)r->error_message.len,
		r->error_message.ptr);
}

static freshet_sudoiq_options with_records(void)
{
	freshet_sudoiq_options o = sudoiq_world_options();
	o.on_tool_record = on_record;
	o.user = records;
	return o;
}

static void set_tools(const freshet_sudoiq_tool *tools, size_t count)
{
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, tools, count, false), FRESHET_OK);
}

static void begin(const struct step *steps, size_t count, const freshet_sudoiq_options *options)
{
	memset(&seen, 0, sizeof seen);
	memset(kept, 0, sizeof kept);
	kept_count = 0;
	cancels = 0;
	records[0] = '\0';
	sudoiq_world_open(steps, count, options);
	const freshet_sudoiq_tool tools[] = {
		{.name = {"read_meter", 10}, .handler = read_meter},
		{.name = {"slow", 4}, .handler = keep, .canceled = canceled},
	};
	set_tools(tools, 2);
	execute();
}

#define BEGIN(steps, options) begin(steps, sizeof steps / sizeof steps[0], options)

static void until_kept(size_t count)
{
	while (kept_count < count)
		sudoiq_world_turn();
}

static void until_step(size_t step)
{
	while (sudoiq_world.step < step)
		sudoiq_world_turn();
}

static void end(void)
{
	sudoiq_world_until(&seen.done);
	sudoiq_world_all_taken();
	sudoiq_world_close(NULL);
	assert_int_equal(seen.dones, 1);
}

#define FOLLOWED                                                                                                       \
	{                                                                                                              \
		.request = START, .status = 200, .answer = STARTED                                                     \
	}

/* ---- one round ---- */

static void one_round(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 201, .answer = "{\"id\":\"42\"}"},
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")),
			.status = 202,
			.answer = ACCEPTED,
			.push = RUNNING(2) DONE(3)},
	};
	(void)state;
	freshet_sudoiq_options options = with_records();
	BEGIN(steps, &options);
	end();
	hold_good();
	assert_string_equal(seen.events, "started awaiting_tool_calls running completed ");
	assert_int_equal(seen.ran, 1);
	assert_int_equal(seen.tool_calls, 1);
	assert_string_equal(records, "c1 main/read_meter ok 13 10 \n");
}

static void answers_wait_for_each_other(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM,
			.answer = PAUSED(1, CALL("a", "slow") "," CALL("b", "read_meter") "," CALL("c", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("a", "slow", "A", "false") "," GIVEN(
				"b", "read_meter", "64 percent", "false") "," GIVEN("c", "slow", "C", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	(void)state;
	BEGIN(steps, NULL);
	until_kept(2);
	finish_kept(1, "C");
	sudoiq_world_settle();
	assert_int_equal(sudoiq_world.step, 2);
	finish_kept(0, "A");
	end();
	hold_good();
}

static void each_as_it_comes(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow") "," CALL("b", "read_meter"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("b", "read_meter", "64 percent", "false")),
			.status = 200,
			.answer = "",
			.push = PAUSED(2, CALL("a", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("a", "slow", "A", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(3)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.batch = FRESHET_SUDOIQ_BATCH_EACH;
	(void)state;
	BEGIN(steps, &options);
	until_kept(1);
	until_step(3);
	finish_kept(0, "A");
	end();
	hold_good();
	assert_int_equal(seen.ran, 2);
}

static void not_too_many_at_once(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow") "," CALL("b", "slow") "," CALL("c", "slow"))},
		{.request = ANSWER, .status = 200, .answer = "", .push = DONE(2)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.max_parallel_tools = 2;
	(void)state;
	BEGIN(steps, &options);
	until_kept(2);
	sudoiq_world_settle();
	assert_int_equal(kept_count, 2);
	finish_kept(1, "B");
	until_kept(3);
	finish_kept(0, "A");
	finish_kept(2, "C");
	end();
	hold_good();
}

/* ---- failures of tools ---- */

static void fail_tool(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_int_equal(freshet_sudoiq_invocation_fail(invocation, freshet_str_of("no \"meter\" 7")), FRESHET_OK);
	freshet_sudoiq_invocation_free(invocation);
}

static void tools_that_fail(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM,
			.answer = PAUSED(1, CALL("a", "bad") "," CALL("b", "nobody") "," CALL("c", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN(
				"a", "bad", "{\\\"error\\\":\\\"no \\\\\\\"meter\\\\\\\" 7\\\"}", "true") "," GIVEN("b",
				"nobody", "{\\\"error\\\":\\\"no tool nobody\\\"}", "true") "," GIVEN("c", "slow",
				"{\\\"error\\\":\\\"the tool took too long\\\"}", "true")),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	const freshet_sudoiq_tool tools[] = {
		{.name = {"bad", 3}, .handler = fail_tool},
		{.name = {"slow", 4}, .handler = keep, .canceled = canceled, .timeout_ms = 20},
	};
	freshet_sudoiq_options options = with_records();
	(void)state;
	BEGIN(steps, &options);
	set_tools(tools, 2);
	end();
	hold_good();
	assert_int_equal(cancels, 1);
	assert_int_equal(freshet_sudoiq_invocation_finish(kept[0], freshet_str_of("x")), FRESHET_ESTATE);
	assert_int_equal(freshet_sudoiq_invocation_post_finish(kept[0], freshet_str_of("x")), FRESHET_ESTATE);
	freshet_sudoiq_invocation_free(kept[0]);
	assert_string_equal(records, "a main/bad error 13 26 no \"meter\" 7\n"
				     "b main/nobody no_handler 13 26 no tool nobody\n"
				     "c main/slow timeout 13 34 the tool took too long\n");
}

#define LIMIT_MS 100

static void finish_at_last(freshet_timer *timer, void *user)
{
	(void)user;
	freshet_timer_free(timer);
	finish_kept(0, "64 percent");
}

static uint64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The loop is held up, until both the end of the tool and that of its time are due. */
static void hold_up(freshet_sudoiq_invocation *invocation, void *user)
{
	freshet_timer *timer;
	uint64_t over = monotonic_ms() + LIMIT_MS + 10;
	keep(invocation, user);
	assert_int_equal(freshet_timer_new(sudoiq_world.reactor, finish_at_last, NULL, &timer), FRESHET_OK);
	freshet_timer_set(timer, 0);
	while (monotonic_ms() < over)
		;
}

/* What is finished is not too slow as well, whatever the clock says by then. */
static void finished_as_its_time_is_over(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("a", "slow", "64 percent", "false")),
			.status = 200,
			.answer = "",
			.push = PAUSED(2, CALL("b", "read_meter"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("b", "read_meter", "64 percent", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(3)},
	};
	const freshet_sudoiq_tool tools[] = {
		{.name = {"slow", 4}, .handler = hold_up, .canceled = canceled, .timeout_ms = LIMIT_MS},
		{.name = {"read_meter", 10}, .handler = read_meter},
	};
	freshet_sudoiq_options options = with_records();
	options.max_parallel_tools = 1;
	(void)state;
	BEGIN(steps, &options);
	set_tools(tools, 2);
	end();
	hold_good();
	assert_int_equal(cancels, 0);
	assert_string_equal(records, "a main/slow ok 13 10 \nb main/read_meter ok 13 10 \n");
}

static void nobody_handles_it(void **state)
{
	static const struct step left[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "nobody") "," CALL("b", "read_meter"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("b", "read_meter", "64 percent", "false")),
			.status = 200,
			.answer = "",
			.push = PAUSED(2, CALL("a", "nobody")) RUNNING(3) DONE(4)},
	};
	static const struct step fatal[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "nobody"))},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.unknown_tool = FRESHET_SUDOIQ_UNKNOWN_LEAVE_PENDING;
	(void)state;
	BEGIN(left, &options);
	end();
	hold_good();
	options.unknown_tool = FRESHET_SUDOIQ_UNKNOWN_FAIL;
	BEGIN(fatal, &options);
	end();
	assert_int_equal(seen.err, FRESHET_EUNSUPPORTED);
	assert_int_equal(seen.phase, FRESHET_SUDOIQ_PAUSED);
	assert_string_equal(seen.text, "task 42: nobody handles the tool nobody");
}

static void sizes_have_bounds(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM,
			.answer = PAUSED(1, "{\"id\":\"a\",\"name\":\"read_meter\",\"args\":\"123456789012345\"},"
					    "{\"id\":\"b\",\"name\":\"slow\",\"args\":{}}")},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("a", "read_meter",
				"{\\\"error\\\":\\\"the arguments are larger than allowed\\\"}",
				"true") "," GIVEN("b", "slow", "1234567890", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.max_args = 14;
	options.max_result = 10;
	(void)state;
	BEGIN(steps, &options);
	until_kept(1);
	assert_int_equal(freshet_sudoiq_invocation_finish(kept[0], freshet_str_of("12345678901")), FRESHET_EJSON_SIZE);
	assert_int_equal(
		freshet_sudoiq_invocation_post_fail(kept[0], freshet_str_of("12345678901")), FRESHET_EJSON_SIZE);
	finish_kept(0, "1234567890");
	end();
	hold_good();
	assert_int_equal(seen.ran, 1);
}

/* ---- which tool ---- */

static void named(freshet_sudoiq_invocation *invocation, void *user)
{
	freshet_sudoiq_invocation_finish(invocation, freshet_str_of(user));
	freshet_sudoiq_invocation_free(invocation);
}

static void the_nearest_tool_is_called(void **state)
{
	static char old_t[] = "old t", any[] = "any", any_t[] = "any t", lab_t[] = "lab t";
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM,
			.answer = PAUSED(1,
				"{\"id\":\"a\",\"name\":\"t\",\"namespace\":\"lab\"},{\"id\":\"b\",\"name\":\"t\"},"
				"{\"id\":\"c\",\"name\":\"u\",\"namespace\":\"lab\"}")},
		{.request = ANSWER,
			.body = ANSWERS("{\"call_id\":\"a\",\"name\":\"t\",\"namespace\":\"lab\",\"result\":\"lab t\","
					"\"is_error\":false}," GIVEN(
						"b", "t", "any t", "false") ","
									    "{\"call_id\":\"c\",\"name\":\"u\","
									    "\"namespace\":\"lab\",\"result\":\"any\","
									    "\"is_error\":false}"),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	const freshet_sudoiq_tool first[] = {
		{.name = {"t", 1}, .handler = named, .user = old_t}, {.handler = named, .user = any}};
	const freshet_sudoiq_tool second[] = {{.name = {"t", 1}, .handler = named, .user = any_t},
		{.name = {"t", 1}, .space = {"lab", 3}, .handler = named, .user = lab_t}};
	const freshet_sudoiq_tool twice[] = {second[0], second[0]};
	const freshet_sudoiq_tool none = {.name = {"t", 1}};
	(void)state;
	BEGIN(steps, NULL);
	set_tools(first, 2);
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, second, 2, true), FRESHET_OK);
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, twice, 2, true), FRESHET_EINVAL);
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, &none, 1, true), FRESHET_EINVAL);
	end();
	hold_good();
	/* Replaced by nothing. */
	sudoiq_world_open(NULL, 0, NULL);
	set_tools(first, 2);
	set_tools(NULL, 0);
	sudoiq_world_close(NULL);
}

/* ---- what repeats ---- */

static void answers_are_sent_again_unchanged(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))},
		{.request = ANSWER, .body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")), .status = 500},
		{.request = ANSWER, .body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")), .status = 408},
		{.request = ANSWER, .body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")), .cut = true},
		{.request = ANSWER, .body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")), .status = 429},
		/* Its repetitions are used up: it is tried again after a while. */
		{.request = ANSWER, .body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")), .status = 503},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("c1", "read_meter", "64 percent", "false")),
			.status = 409,
			.answer = "{\"error_code\":\"ERROR_CODE_TOOL_RESPONSES_ALREADY_SUBMITTED\"}",
			.push = PAUSED(1, CALL("c1", "read_meter")) DONE(2)},
	};
	(void)state;
	BEGIN(steps, NULL);
	end();
	hold_good();
	assert_int_equal(seen.ran, 1);
}

static void snapshots_run_nothing_again(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "slow")) PAUSED(1, CALL("c1", "slow")), .push = "#"},
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "slow"))},
		{.request = ANSWER, .body = ANSWERS(GIVEN("c1", "slow", "A", "false")), .status = 200, .answer = ""},
		/* A newer status wants the first one still: the service has lost it. */
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("c1", "slow", "A", "false") "," GIVEN("c2", "slow", "B", "false")),
			.status = 409,
			.answer = "{\"error_code\":\"tool_responses_already_submitted\",\"call_ids\":[\"c1\"]}"},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("c2", "slow", "B", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(4)},
	};
	(void)state;
	BEGIN(steps, NULL);
	until_kept(1);
	until_step(3);
	sudoiq_world_settle();
	assert_int_equal(kept_count, 1);
	finish_kept(0, "A");
	until_step(4);
	sudoiq_world_settle();
	sudoiq_world_push(PAUSED(1, CALL("c1", "slow")) PAUSED(3, CALL("c1", "slow") "," CALL("c2", "slow")));
	until_kept(2);
	finish_kept(1, "B");
	end();
	hold_good();
	assert_int_equal(seen.ran, 2);
}

/* The service is asked once how the run stands, which its stream has not told: it goes on, and the answers are refused. */
static void a_conflict_is_no_repetition(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))},
		{.request = ANSWER, .status = 409, .answer = "{\"error_code\":\"run_is_over\",\"message\":\"m\"}"},
		{.request = STATUS,
			.status = 200,
			.answer = "{\"task_id\":42,\"status\":\"awaiting_tool_calls\",\"revision\":1}"},
	};
	static const struct step twice[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))},
		{.request = ANSWER,
			.status = 409,
			.answer = "{\"code\":\"tool_responses_already_submitted\",\"call_ids\":[\"other\"]}"},
		{.request = ANSWER,
			.status = 409,
			.answer = "{\"code\":\"tool_responses_already_submitted\",\"call_ids\":[\"other\"]}"},
		{.request = STATUS, .status = 404, .answer = ""},
	};
	(void)state;
	BEGIN(steps, NULL);
	end();
	assert_int_equal(seen.err, FRESHET_ECONFLICT);
	assert_string_equal(seen.code, "run_is_over");
	assert_int_equal(seen.phase, FRESHET_SUDOIQ_PAUSED);
	BEGIN(twice, NULL);
	end();
	assert_int_equal(seen.err, FRESHET_ECONFLICT);
}

/* Somebody cancelled it while the answers were on their way, and its stream was too late to tell. */
static void a_conflict_may_mean_that_the_run_is_over(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))},
		{.request = ANSWER, .status = 409, .answer = "{\"error_code\":\"run_not_awaiting_tool_calls\"}"},
		{.request = STATUS,
			.status = 200,
			.answer = "{\"task_id\":42,\"status\":\"cancelled\",\"revision\":2}"},
	};
	(void)state;
	BEGIN(steps, NULL);
	end();
	assert_int_equal(seen.err, FRESHET_OK);
	assert_int_equal(seen.phase, FRESHET_SUDOIQ_CANCELED);
}

static void answers_are_not_tried_for_ever(void **state)
{
	struct step steps[2 + 9];
	freshet_sudoiq_options options = sudoiq_world_options();
	options.max_stream_retries = 2;
	options.max_retries = 2;
	(void)state;
	steps[0] = (struct step)FOLLOWED;
	steps[1] = (struct step){.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))};
	for (size_t i = 2; i < 11; i++)
		steps[i] = (struct step){.request = ANSWER, .status = 503};
	BEGIN(steps, &options);
	end();
	assert_int_equal(seen.err, FRESHET_ESERVER);
	assert_int_equal(seen.ran, 1);
}

static void others_have_answered(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow") "," CALL("b", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("b", "slow", "B", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(3)},
	};
	freshet_sudoiq_options options = with_records();
	(void)state;
	BEGIN(steps, &options);
	until_kept(2);
	sudoiq_world_push(PAUSED(2, CALL("b", "slow")));
	while (cancels == 0)
		sudoiq_world_turn();
	assert_int_equal(freshet_sudoiq_invocation_finish(kept[0], freshet_str_of("late")), FRESHET_ESTATE);
	finish_kept(1, "B");
	end();
	hold_good();
	freshet_sudoiq_invocation_free(kept[0]);
	assert_string_equal(records, "a main/slow cancelled 13 0 \nb main/slow ok 13 1 \n");
}

static void the_run_ends_while_a_tool_runs(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow"))},
	};
	(void)state;
	BEGIN(steps, NULL);
	until_kept(1);
	sudoiq_world_push(SYNC(2, "\"status\":\"cancelled\""));
	sudoiq_world_until(&seen.done);
	sudoiq_world_settle();
	assert_int_equal(cancels, 1);
	assert_int_equal(seen.phase, FRESHET_SUDOIQ_CANCELED);
	sudoiq_world_close(NULL);
	assert_int_equal(freshet_sudoiq_invocation_finish(kept[0], freshet_str_of("x")), FRESHET_ESTATE);
	freshet_sudoiq_invocation_free(kept[0]);
}

/* Whoever closes the run does not keep its tools from being answered. */
static void tools_outlive_their_run(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow"))},
		{.request = ANSWER, .body = ANSWERS(GIVEN("a", "slow", "A", "false")), .status = 200, .answer = ""},
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow")) DONE(2)},
	};
	freshet_sudoiq_attach_options o;
	(void)state;
	BEGIN(steps, NULL);
	until_kept(1);
	freshet_sudoiq_run_close(seen.run);
	sudoiq_world_until(&seen.done);
	assert_int_equal(seen.phase, FRESHET_SUDOIQ_PAUSED);
	finish_kept(0, "A");
	until_step(3);
	sudoiq_world_settle();
	/* The same process takes the run up again: the call is known. */
	memset(&seen, 0, sizeof seen);
	freshet_sudoiq_attach_options_init(&o);
	o.agent_id = freshet_str_of(AGENT);
	o.task_id = 42;
	o.callbacks = callbacks;
	o.user = &seen;
	assert_int_equal(freshet_sudoiq_attach(sudoiq_world.client, &o, NULL), FRESHET_OK);
	end();
	hold_good();
	assert_int_equal(seen.ran, 0);
}

/* ---- the wire ---- */

static void telemetry_when_asked_for(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "read_meter"))},
		{.request = ANSWER, .status = 200, .answer = "", .push = DONE(2)},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.send_tool_telemetry = true;
	options.omit_is_error = true;
	(void)state;
	BEGIN(steps, &options);
	until_step(3);
	const char *body = sudoiq_world.body;
	assert_non_null(strstr(body, "\"result\":\"64 percent\",\"telemetry\":{\"started_at\":\"20"));
	assert_non_null(strstr(body, "\"outcome\":\"ok\",\"args_bytes\":13,\"result_bytes\":10,\"trace_id\":\""));
	assert_null(strstr(body, "is_error"));
	end();
	hold_good();
}

/* ---- threads ---- */

/* NULL: all went well. A thread must not assert. */
static void *answer_elsewhere(void *invocation)
{
	freshet_err first = freshet_sudoiq_invocation_post_finish(invocation, freshet_str_of("64 percent"));
	freshet_err second = freshet_sudoiq_invocation_post_fail(invocation, freshet_str_of("second"));
	freshet_sudoiq_invocation_free(invocation);
	/* The run may be over by the second one. */
	return first == FRESHET_OK && (second == FRESHET_OK || second == FRESHET_ESTATE) ? NULL : &seen;
}

static void answered_from_a_thread(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("c1", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("c1", "slow", "64 percent", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	pthread_t thread;
	void *wrong;
	(void)state;
	BEGIN(steps, NULL);
	until_kept(1);
	assert_int_equal(pthread_create(&thread, NULL, answer_elsewhere, kept[0]), 0);
	end();
	assert_int_equal(pthread_join(thread, &wrong), 0);
	assert_null(wrong);
	hold_good();
}

/* The reactor goes while threads are at work. */
static void *answer_late(void *invocation)
{
	while (freshet_sudoiq_invocation_post_finish(invocation, freshet_str_of("x")) == FRESHET_OK)
		;
	freshet_sudoiq_invocation_free(invocation);
	return NULL;
}

static void threads_outlive_everything(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow") "," CALL("b", "slow"))},
		{.request = ANSWER, .hang = true},
	};
	pthread_t threads[2];
	(void)state;
	BEGIN(steps, NULL);
	until_kept(2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, answer_late, kept[i]), 0);
	until_step(3);
	sudoiq_world_close(NULL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(seen.err, FRESHET_ECANCELED);
}

static void post_and_fail(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_int_equal(freshet_sudoiq_invocation_post_finish(invocation, freshet_str_of("64 percent")), FRESHET_OK);
	freshet_sudoiq_invocation_free(invocation);
	/* The copy of the answer, when it arrives. */
	failmem_arm_one(1);
}

/* A tool without a limit that was told that its answer is on its way does not keep its run for ever. */
static void an_answer_that_is_lost_for_want_of_memory(void **state)
{
	static const struct step steps[] = {
		FOLLOWED,
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "slow"))},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("a", "slow", "{\\\"error\\\":\\\"out of memory\\\"}", "true")),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	const freshet_sudoiq_tool tool = {.name = {"slow", 4}, .handler = post_and_fail, .timeout_ms = UINT64_MAX};
	(void)state;
	failmem_arm(0);
	BEGIN(steps, NULL);
	set_tools(&tool, 1);
	end();
	assert_true(failmem_fired());
	failmem_off();
	hold_good();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_round),
		cmocka_unit_test(answers_wait_for_each_other),
		cmocka_unit_test(each_as_it_comes),
		cmocka_unit_test(not_too_many_at_once),
		cmocka_unit_test(tools_that_fail),
		cmocka_unit_test(finished_as_its_time_is_over),
		cmocka_unit_test(nobody_handles_it),
		cmocka_unit_test(sizes_have_bounds),
		cmocka_unit_test(the_nearest_tool_is_called),
		cmocka_unit_test(answers_are_sent_again_unchanged),
		cmocka_unit_test(snapshots_run_nothing_again),
		cmocka_unit_test(a_conflict_is_no_repetition),
		cmocka_unit_test(a_conflict_may_mean_that_the_run_is_over),
		cmocka_unit_test(answers_are_not_tried_for_ever),
		cmocka_unit_test(others_have_answered),
		cmocka_unit_test(the_run_ends_while_a_tool_runs),
		cmocka_unit_test(tools_outlive_their_run),
		cmocka_unit_test(telemetry_when_asked_for),
		cmocka_unit_test(answered_from_a_thread),
		cmocka_unit_test(threads_outlive_everything),
		cmocka_unit_test(an_answer_that_is_lost_for_want_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
