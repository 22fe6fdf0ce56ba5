/*
 * Calls beside the runs, to the byte: start only, status, cancel; statuses from outside, and rounds that the application
 * leads itself.
 */
#include "play.h"

#include "service/sudoiq/task.h"

struct outside {
	char results[512];
	char status[64];
	char code[64];
	freshet_err err;
	int64_t task_id;
	freshet_sudoiq_call *call;
	unsigned answers;
	unsigned losses;
	bool has_status;
	bool done;
};

static struct outside outside;

static void on_status(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	assert_ptr_equal(user, &outside);
	(void)call;
	outside.err = error != NULL ? error->outcome.err : FRESHET_OK;
	outside.has_status = status != NULL;
	if (error != NULL)
		copy(outside.code, sizeof outside.code, error->code);
	if (status != NULL) {
		copy(outside.status, sizeof outside.status, status->status);
		outside.task_id = status->task_id;
	}
	outside.answers++;
	outside.done = true;
}

static void on_results(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_tool_result *results, size_t count, void *user)
{
	assert_ptr_equal(user, &outside);
	(void)call;
	outside.err = error != NULL ? error->outcome.err : FRESHET_OK;
	outside.results[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(outside.results);
		snprintf(outside.results + len, sizeof outside.results - len, "%.*s %.*s/%.*s %.*s %d;",
			(int)results[i].call_id.len, results[i].call_id.ptr, (int)results[i].space.len,
			results[i].space.ptr, (int)results[i].name.len, results[i].name.ptr, (int)results[i].result.len,
			results[i].result.ptr, results[i].is_error);
	}
	outside.answers++;
	outside.done = true;
}

static void begin(const struct step *steps, size_t count, const freshet_sudoiq_options *options)
{
	memset(&seen, 0, sizeof seen);
	memset(&outside, 0, sizeof outside);
	sudoiq_world_open(steps, count, options);
	set_tool();
}

static void until_done(void)
{
	sudoiq_world_until(&outside.done);
	outside.done = false;
}

static void end(void)
{
	sudoiq_world_all_taken();
	sudoiq_world_close(NULL);
}

/* ---- start only ---- */

static void start_only(const struct step *step, freshet_err err)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	freshet_sudoiq_start o = start_options();
	options.stream_mode = FRESHET_SUDOIQ_STREAM_POST;
	begin(step, 1, &options);
	assert_int_equal(freshet_sudoiq_start_agent_run(sudoiq_world.client, &o, on_status, &outside, &outside.call),
		FRESHET_OK);
	until_done();
	assert_int_equal(outside.err, err);
	end();
	assert_int_equal(outside.answers, 1);
}

static void runs_that_are_only_started(void **state)
{
	static const struct step json = {
		.request = START, .body = BODY, .head = "accept: application/json", .status = 202, .answer = STARTED};
	static const struct step stream = {.request = START, .answer = RUNNING(1)};
	static const struct step refused = {.request = START, .status = 422, .answer = "{\"code\":\"c\"}"};
	(void)state;
	start_only(&json, FRESHET_OK);
	assert_int_equal(outside.task_id, 42);
	assert_string_equal(outside.status, "running");
	start_only(&stream, FRESHET_OK);
	assert_int_equal(outside.task_id, 42);
	start_only(&refused, FRESHET_EVALIDATION);
	assert_string_equal(outside.code, "c");
}

static void a_start_that_is_cancelled(void **state)
{
	static const struct step step = {.request = START, .hang = true};
	freshet_sudoiq_start o = start_options();
	(void)state;
	begin(&step, 1, NULL);
	assert_int_equal(freshet_sudoiq_start_agent_run(sudoiq_world.client, &o, on_status, &outside, &outside.call),
		FRESHET_OK);
	while (sudoiq_world.step == 0)
		sudoiq_world_turn();
	freshet_sudoiq_call_cancel(outside.call);
	freshet_sudoiq_call_cancel(outside.call);
	until_done();
	assert_int_equal(outside.err, FRESHET_ECANCELED);
	end();
	assert_int_equal(outside.answers, 1);
}

/* ---- status and cancel ---- */

static void status_and_cancel(void **state)
{
	static const struct step steps[] = {
		{.request = STATUS, .status = 200, .answer = "{\"status\":\"queued\"}"},
		{.request = STATUS, .status = 404, .answer = "{\"error_code\":\"unknown_task\"}"},
		{.request = STATUS, .status = 200, .answer = "[]"},
		{.request = "POST " TASK "/cancel",
			.body = "{\"reason\":\"enough\"}",
			.status = 200,
			.answer = "{\"task_id\":42,\"status\":\"cancelled\"}"},
		{.request = "POST " TASK "/cancel", .body = "{\"reason\":\"\"}", .status = 202},
		{.request = "POST " TASK "/cancel", .status = 409, .answer = "{\"code\":\"run_over\"}"},
	};
	static const struct {
		freshet_err err;
		bool has_status;
		const char *status;
		const char *reason; /* NULL: the status is read */
	} cases[] = {{FRESHET_OK, true, "queued", NULL}, {FRESHET_ENOT_FOUND, false, "queued", NULL},
		{FRESHET_EJSON_TYPE, false, "queued", NULL}, {FRESHET_OK, true, "cancelled", "enough"},
		{FRESHET_OK, false, "cancelled", ""}, {FRESHET_ECONFLICT, false, "cancelled", ""}};
	freshet_str agent = freshet_str_of(AGENT);
	(void)state;
	begin(steps, 6, NULL);
	for (size_t i = 0; i < 6; i++) {
		freshet_err err = cases[i].reason == NULL
					  ? freshet_sudoiq_get_agent_task_status(
						    sudoiq_world.client, agent, 42, on_status, &outside, NULL)
					  : freshet_sudoiq_cancel_agent_run(sudoiq_world.client, agent, 42,
						    freshet_str_of(cases[i].reason), on_status, &outside, NULL);
		assert_int_equal(err, FRESHET_OK);
		until_done();
		assert_int_equal(outside.err, cases[i].err);
		assert_int_equal(outside.has_status, cases[i].has_status);
		assert_string_equal(outside.status, cases[i].status);
	}
	assert_ptr_equal(freshet_endpoint_reactor(freshet_sudoiq_endpoint(sudoiq_world.client)), sudoiq_world.reactor);
	agent.len = 0;
	assert_int_equal(freshet_sudoiq_get_agent_task_status(sudoiq_world.client, agent, 42, on_status, NULL, NULL),
		FRESHET_EINVAL);
	assert_int_equal(
		freshet_sudoiq_get_agent_task_status(sudoiq_world.client, freshet_str_of(AGENT), 42, NULL, NULL, NULL),
		FRESHET_EINVAL);
	end();
}

/* ---- fed ---- */

static freshet_err feed(const char *json, bool *news)
{
	freshet_sudoiq_status *status;
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(json), NULL, &status, NULL), FRESHET_OK);
	freshet_err err = freshet_sudoiq_feed(sudoiq_world.client, status, news);
	freshet_sudoiq_status_free(status);
	return err;
}

static void hold_feed(const char *json, bool wanted)
{
	bool news = !wanted;
	assert_int_equal(feed(json, &news), FRESHET_OK);
	assert_int_equal(news, wanted);
}

#define FED(revision, rest)         "{\"agent_id\":\"a-1\",\"task_id\":42,\"revision\":" #revision "," rest "}"
#define FED_PAUSED(revision, calls) FED(revision, "\"status\":\"awaiting_tool_calls\",\"tool_calls\":[" calls "]")

static void a_run_that_nobody_follows(void **state)
{
	static const struct step steps[] = {
		{.request = ANSWER, .body = ANSWERS(GIVEN("a", "read_meter", "64 percent", "false")), .status = 200},
		{.request = ANSWER, .body = ANSWERS(GIVEN("b", "read_meter", "64 percent", "false")), .status = 200},
	};
	(void)state;
	begin(steps, 2, NULL);
	hold_feed(FED_PAUSED(2, CALL("a", "read_meter")), true);
	assert_int_equal(seen.ran, 0);
	hold_feed(FED_PAUSED(2, CALL("a", "read_meter")), false);
	while (sudoiq_world.step < 1)
		sudoiq_world_turn();
	hold_feed(FED(1, "\"status\":\"running\""), false);
	hold_feed(FED_PAUSED(2, CALL("a", "read_meter")), false);
	hold_feed(FED_PAUSED(4, CALL("b", "read_meter")), true);
	hold_feed(FED(3, "\"status\":\"failed\""), false);
	while (sudoiq_world.step < 2)
		sudoiq_world_turn();
	hold_feed(FED(5, "\"status\":\"completed\""), true);
	/* The end is the end, whatever its number. */
	hold_feed(FED(6, "\"status\":\"failed\""), false);
	hold_feed(FED_PAUSED(7, CALL("c", "read_meter")), false);
	sudoiq_world_settle();
	assert_int_equal(seen.ran, 2);
	end();
}

static void without_revisions(void **state)
{
#define BARE(calls)                                                                                                    \
	"{\"agent_id\":\"a-1\",\"task_id\":42,\"status\":\"awaiting_tool_calls\",\"tool_calls\":[" calls "]}"
	static const struct step steps[] = {
		{.request = ANSWER, .body = ANSWERS(GIVEN("a", "read_meter", "64 percent", "false")), .status = 200},
		{.request = ANSWER, .body = ANSWERS(GIVEN("b", "read_meter", "64 percent", "false")), .status = 200},
	};
	(void)state;
	begin(steps, 2, NULL);
	hold_feed(BARE(CALL("a", "read_meter")), true);
	while (sudoiq_world.step < 1)
		sudoiq_world_turn();
	sudoiq_world_settle();
	hold_feed(BARE(CALL("b", "read_meter")), true);
	/* An old one comes late: what it names was run, what it does not name goes on. */
	hold_feed(BARE(CALL("a", "read_meter")), true);
	while (sudoiq_world.step < 2)
		sudoiq_world_turn();
	sudoiq_world_settle();
	assert_int_equal(seen.ran, 2);
	end();
}

static void what_cannot_be_fed(void **state)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	options.max_run_calls = 2;
	options.unknown_tool = FRESHET_SUDOIQ_UNKNOWN_LEAVE_PENDING;
	begin(NULL, 0, &options);
	assert_int_equal(feed("{\"task_id\":42,\"status\":\"running\"}", NULL), FRESHET_EINVAL);
	assert_int_equal(
		feed("{\"agent_id\":\"a\\u0000b\",\"task_id\":42,\"status\":\"running\"}", NULL), FRESHET_EINVAL);
	assert_int_equal(
		feed(FED_PAUSED(1, CALL("a", "x") "," CALL("b", "x") "," CALL("c", "x")), NULL), FRESHET_EQUEUE_FULL);
	hold_feed(FED_PAUSED(1, CALL("a", "x") "," CALL("b", "x")), true);
	freshet_sudoiq_close(sudoiq_world.client);
	assert_int_equal(feed(FED(9, "\"status\":\"running\""), NULL), FRESHET_ESTATE);
	end();
}

/* ---- calls that are over ---- */

static const struct sudoiq_task *the_task(void)
{
	const struct sudoiq_task *task = sudoiq_task_find(sudoiq_world.client, freshet_str_of(AGENT), 42);
	assert_non_null(task);
	return task;
}

static void feed_call(int revision, const char *calls)
{
	char json[300];
	snprintf(json, sizeof json,
		"{\"agent_id\":\"a-1\",\"task_id\":42,\"revision\":%d,\"status\":\"awaiting_tool_calls\",\"tool_"
		"calls\":[%s]}",
		revision, calls);
	hold_feed(json, true);
}

/* All calls of the task are over but one, which nobody here handles. */
static bool one_is_left(void)
{
	const struct sudoiq_pending *first = the_task()->calls.first;
	return first != NULL && first == the_task()->calls.last && first->state == PENDING_LEFT;
}

/* They are not looked at again with each status, so that a run of many rounds costs as much a round as a run of few. */
static void calls_that_are_over_lie_apart(void **state)
{
	enum { ROUNDS = 1000 };
	freshet_sudoiq_options options = sudoiq_world_options();
	char call[100];
	(void)state;
	options.unknown_tool = FRESHET_SUDOIQ_UNKNOWN_LEAVE_PENDING;
	begin(NULL, 0, &options);
	for (int i = 1; i <= ROUNDS; i++) {
		snprintf(call, sizeof call, "{\"call_id\":\"c%d\",\"name\":\"x\"}", i);
		feed_call(i, call);
		for (int turns = 0; turns < 20 && !one_is_left(); turns++)
			sudoiq_world_turn();
		assert_true(one_is_left());
	}
	assert_int_equal(the_task()->ids.count, ROUNDS);
	for (int i = 1; i <= ROUNDS; i++) {
		snprintf(call, sizeof call, "c%d", i);
		const struct sudoiq_pending *p = sudoiq_pending_find(the_task(), freshet_str_of(call));
		assert_int_equal(p->state, i < ROUNDS ? PENDING_OVER : PENDING_LEFT);
	}
	hold_feed("{\"agent_id\":\"a-1\",\"task_id\":42,\"revision\":2000,\"status\":\"completed\"}", true);
	sudoiq_world_settle();
	assert_int_equal(the_task()->ids.count, 0);
	end();
}

/* A call that is over and that a status has again makes no place for its neighbours: then it would be run again. */
static void what_a_status_has_is_not_forgotten(void **state)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	(void)state;
	options.max_run_calls = 3;
	options.unknown_tool = FRESHET_SUDOIQ_UNKNOWN_LEAVE_PENDING;
	begin(NULL, 0, &options);
	feed_call(1, CALL("a", "x") "," CALL("b", "x"));
	sudoiq_world_settle();
	feed_call(2, CALL("c", "x"));
	sudoiq_world_settle();
	feed_call(3, CALL("d", "x") "," CALL("a", "x"));
	sudoiq_world_settle();
	assert_int_equal(sudoiq_pending_find(the_task(), freshet_str_of("a"))->state, PENDING_OVER);
	assert_null(sudoiq_pending_find(the_task(), freshet_str_of("b")));
	/* c is all that may go. */
	assert_int_equal(
		feed(FED_PAUSED(4, CALL("e", "x") "," CALL("a", "x") "," CALL("d", "x") "," CALL("f", "x")), NULL),
		FRESHET_EQUEUE_FULL);
	assert_int_equal(the_task()->ids.count, 2);
	for (const struct sudoiq_pending *p = the_task()->calls.first; p != NULL; p = p->next)
		assert_false(p->listed);
	assert_false(the_task()->over.first->listed);
	end();
}

/* The oldest that has nothing to do is forgotten. */
static void known_runs_have_a_bound(void **state)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	char json[100], line[200];
	options.max_known_runs = 3;
	(void)state;
	begin(NULL, 0, &options);
	for (int i = 0; i < 10; i++) {
		snprintf(json, sizeof json, "{\"agent_id\":\"a\",\"task_id\":%d,\"status\":\"completed\"}", i);
		hold_feed(json, true);
		sudoiq_world_settle();
	}
	freshet_sudoiq_describe(sudoiq_world.client, line, sizeof line);
	assert_non_null(strstr(line, "known 3,"));
	hold_feed("{\"agent_id\":\"a\",\"task_id\":9,\"status\":\"failed\"}", false);
	hold_feed("{\"agent_id\":\"a\",\"task_id\":0,\"status\":\"failed\"}", true);
	end();
}

static void count_end(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	(void)run;
	assert_int_equal(end->error.outcome.err, FRESHET_ECANCELED);
	(*(unsigned *)user)++;
}

/* Those that were followed as well, although nothing new comes. */
static void runs_that_were_followed_have_the_same_bound(void **state)
{
	freshet_sudoiq_options options = sudoiq_world_options();
	freshet_sudoiq_attach_options o;
	freshet_sudoiq_run *runs[8];
	unsigned ends = 0;
	char line[200];
	options.max_known_runs = 3;
	(void)state;
	begin(NULL, 0, &options);
	freshet_sudoiq_attach_options_init(&o);
	o.agent_id = freshet_str_of(AGENT);
	o.callbacks.on_done = count_end;
	o.user = &ends;
	for (o.task_id = 0; o.task_id < 8; o.task_id++)
		assert_int_equal(freshet_sudoiq_attach(sudoiq_world.client, &o, &runs[o.task_id]), FRESHET_OK);
	freshet_sudoiq_describe(sudoiq_world.client, line, sizeof line);
	assert_non_null(strstr(line, "runs 8, known 8,"));
	/* Before a request of theirs goes out. */
	for (size_t i = 0; i < 8; i++)
		freshet_sudoiq_run_close(runs[i]);
	while (ends < 8)
		sudoiq_world_turn();
	freshet_sudoiq_describe(sudoiq_world.client, line, sizeof line);
	assert_non_null(strstr(line, "runs 0, known 3,"));
	end();
}

static void on_lost(
	freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, const freshet_sudoiq_error *error, void *user)
{
	assert_ptr_equal(client, sudoiq_world.client);
	assert_ptr_equal(user, &outside);
	assert_true(freshet_str_is(agent_id, AGENT));
	assert_int_equal(task_id, 42);
	assert_int_equal(error->outcome.err, FRESHET_ENOT_FOUND);
	outside.losses++;
	outside.done = true;
}

static void answers_that_nobody_takes(void **state)
{
	static const struct step steps[] = {
		{.request = ANSWER, .status = 404},
		{.request = ANSWER, .body = ANSWERS(GIVEN("a", "read_meter", "64 percent", "false")), .status = 200},
	};
	freshet_sudoiq_options options = sudoiq_world_options();
	options.on_answers_lost = on_lost;
	options.user = &outside;
	(void)state;
	begin(steps, 2, &options);
	hold_feed(FED_PAUSED(1, CALL("a", "read_meter")), true);
	until_done();
	sudoiq_world_settle();
	assert_int_equal(outside.losses, 1);
	/* Asked for again, it is sent again, and not run again. */
	hold_feed(FED_PAUSED(1, CALL("a", "read_meter")), false);
	while (sudoiq_world.step < 2)
		sudoiq_world_turn();
	assert_int_equal(seen.ran, 1);
	end();
}

/* Who follows the run hears of it, and is ended by it. */
static void a_run_that_is_followed(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = RUNNING(1)},
		{.request = ANSWER, .status = 200},
	};
	(void)state;
	begin(steps, 3, NULL);
	execute();
	while (strcmp(seen.events, "started running running ") != 0)
		sudoiq_world_turn();
	hold_feed(FED_PAUSED(2, CALL("a", "read_meter")), true);
	assert_string_equal(seen.events, "started running running ");
	while (sudoiq_world.step < 3)
		sudoiq_world_turn();
	hold_feed(FED(3, "\"status\":\"completed\",\"result\":\"64 percent\""), true);
	assert_int_equal(seen.dones, 0);
	sudoiq_world_until(&seen.done);
	hold_good();
	assert_string_equal(seen.events, "started running running awaiting_tool_calls completed ");
	end();
}

/* ---- by hand ---- */

static void process(const char *json)
{
	freshet_sudoiq_status *status;
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(json), NULL, &status, NULL), FRESHET_OK);
	assert_int_equal(
		freshet_sudoiq_process_webhook_tools(sudoiq_world.client, status, on_results, &outside, &outside.call),
		FRESHET_OK);
	freshet_sudoiq_status_free(status);
}

static void send_by_hand(const char *call, const char *second)
{
	const freshet_sudoiq_tool_result results[] = {
		{freshet_str_of(call), freshet_str_of("read_meter"), freshet_str_of("main"),
			freshet_str_of("64 percent"), false},
		{freshet_str_of(second), freshet_str_of("nobody"), freshet_str_of("main"), freshet_str_of("E"), true}};
	assert_int_equal(freshet_sudoiq_send_tool_responses(sudoiq_world.client, freshet_str_of(AGENT), 42, results,
				 second != NULL ? 2 : 1, on_status, &outside, &outside.call),
		FRESHET_OK);
}

static void a_round_by_hand(void **state)
{
	static const struct step steps[] = {
		{.request = ANSWER,
			.body = ANSWERS(
				GIVEN("a", "read_meter", "64 percent", "false") "," GIVEN("b", "nobody", "E", "true")),
			.status = 200,
			.answer = ACCEPTED},
		{.request = ANSWER,
			.status = 409,
			.answer = "{\"error_code\":\"tool_responses_already_submitted\",\"call_ids\":[\"a\"]}"},
		{.request = ANSWER, .body = ANSWERS(GIVEN("b", "nobody", "E", "true")), .status = 200},
		{.request = ANSWER, .status = 409, .answer = "{\"error_code\":\"Tool_Responses_Already_Submitted\"}"},
		{.request = ANSWER, .status = 409, .answer = "{\"error_code\":\"else\"}"},
	};
	static const char round[] = FED_PAUSED(1, CALL("a", "read_meter") "," CALL("b", "nobody"));
	(void)state;
	begin(steps, 5, NULL);
	process(round);
	assert_int_equal(outside.answers, 0);
	until_done();
	assert_string_equal(
		outside.results, "a main/read_meter 64 percent 0;b main/nobody {\"error\":\"no tool nobody\"} 1;");
	/* Nothing is sent by itself; the same is given again, and not run again. */
	process(round);
	until_done();
	assert_string_equal(
		outside.results, "a main/read_meter 64 percent 0;b main/nobody {\"error\":\"no tool nobody\"} 1;");
	assert_int_equal(seen.ran, 1);
	send_by_hand("a", "b");
	until_done();
	assert_int_equal(outside.err, FRESHET_OK);
	assert_string_equal(outside.status, "running");
	/* What the service has is not given any more. */
	process(round);
	until_done();
	assert_string_equal(outside.results, "");
	send_by_hand("a", "b");
	until_done();
	assert_int_equal(outside.err, FRESHET_OK);
	send_by_hand("a", NULL);
	until_done();
	assert_int_equal(outside.err, FRESHET_OK);
	send_by_hand("a", NULL);
	until_done();
	assert_int_equal(outside.err, FRESHET_ECONFLICT);
	assert_int_equal(freshet_sudoiq_send_tool_responses(
				 sudoiq_world.client, freshet_str_of(AGENT), 42, NULL, 0, on_status, NULL, NULL),
		FRESHET_EINVAL);
	end();
}

static freshet_sudoiq_invocation *kept;

static void keep(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	kept = invocation;
}

static void a_round_by_hand_that_is_cancelled(void **state)
{
	const freshet_sudoiq_tool tool = {.handler = keep};
	(void)state;
	begin(NULL, 0, NULL);
	set_tools_of(&tool);
	process(FED_PAUSED(1, CALL("a", "slow")));
	sudoiq_world_settle();
	assert_int_equal(outside.answers, 0);
	freshet_sudoiq_call_cancel(outside.call);
	until_done();
	assert_int_equal(outside.err, FRESHET_ECANCELED);
	/* And with the client. */
	process(FED_PAUSED(1, CALL("a", "slow")));
	sudoiq_world_close_reactor();
	assert_int_equal(outside.answers, 2);
	assert_int_equal(outside.err, FRESHET_ECANCELED);
	freshet_sudoiq_invocation_free(kept);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_that_are_only_started),
		cmocka_unit_test(a_start_that_is_cancelled),
		cmocka_unit_test(status_and_cancel),
		cmocka_unit_test(a_run_that_nobody_follows),
		cmocka_unit_test(without_revisions),
		cmocka_unit_test(what_cannot_be_fed),
		cmocka_unit_test(calls_that_are_over_lie_apart),
		cmocka_unit_test(what_a_status_has_is_not_forgotten),
		cmocka_unit_test(known_runs_have_a_bound),
		cmocka_unit_test(runs_that_were_followed_have_the_same_bound),
		cmocka_unit_test(answers_that_nobody_takes),
		cmocka_unit_test(a_run_that_is_followed),
		cmocka_unit_test(a_round_by_hand),
		cmocka_unit_test(a_round_by_hand_that_is_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
