/*
 * Life: every call inside every callback, against the emulator; and a whole run with each allocation failing in turn, alone
 * and with all after it.
 */
#include "play.h"

#include "support/failmem.h"

/* ---- every call inside every callback ---- */

enum place { IN_STARTED, IN_STATUS, IN_HANDLER, IN_RECORD, IN_CANCELED, IN_DONE, IN_ANSWER, IN_RESULTS, PLACES };

enum action {
	CLOSE_RUN,
	CLOSE_CLIENT,
	CLOSE_REACTOR,
	FREE_REACTOR,
	SET_TOOLS,
	FEED_END,
	FEED_CALL,
	START_RUN,
	ATTACH,
	ASK,
	CANCEL_CALL,
	FINISH,
	ACTIONS
};

struct life {
	enum place place;
	enum action action;
	freshet_sudoiq_run *run; /* NULL: done */
	freshet_sudoiq_call *asking;
	freshet_sudoiq_call *processing;
	freshet_sudoiq_invocation *kept[64];
	size_t kept_count;
	int64_t task;
	unsigned opened; /* runs */
	unsigned dones;
	unsigned asked; /* calls */
	unsigned answers;
	bool acted;
	bool closing;
	bool gone;
};

static struct life life;

static void act(enum place place);

static void on_life_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	(void)run;
	(void)user;
	if (event->type == FRESHET_SUDOIQ_EVENT_STARTED) {
		life.task = event->task_id;
		act(IN_STARTED);
	} else if (event->type == FRESHET_SUDOIQ_EVENT_STATUS && event->status->phase == FRESHET_SUDOIQ_PAUSED) {
		act(IN_STATUS);
	}
}

static void on_life_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	(void)user;
	(void)end;
	life.dones++;
	if (run == life.run)
		life.run = NULL;
	act(IN_DONE);
}

static void on_life_answer(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	(void)error;
	(void)status;
	(void)user;
	life.answers++;
	if (call == life.asking)
		life.asking = NULL;
	act(IN_ANSWER);
}

static void on_life_results(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_tool_result *results, size_t count, void *user)
{
	(void)call;
	(void)error;
	(void)results;
	(void)count;
	(void)user;
	life.answers++;
	life.processing = NULL;
	act(IN_RESULTS);
}

static void on_life_record(freshet_sudoiq *client, const freshet_sudoiq_tool_record *record, void *user)
{
	(void)client;
	(void)user;
	assert_true(record->call_id.len > 0);
	act(IN_RECORD);
	/* It stays readable whatever was done. */
	assert_true(record->trace_id.ptr[record->trace_id.len - 1] != '\0');
}

static void life_handler(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_true(life.kept_count < 64);
	life.kept[life.kept_count++] = invocation;
	act(IN_HANDLER);
	/* Every other one is finished at once; where the end of their time is wanted, none is. */
	if (life.kept_count % 2 == 0 && life.place != IN_CANCELED)
		(void)freshet_sudoiq_invocation_finish(invocation, freshet_str_of("x"));
}

static void life_canceled(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_int_equal(freshet_sudoiq_invocation_fail(invocation, freshet_str_of("x")), FRESHET_ESTATE);
	act(IN_CANCELED);
}

static const freshet_sudoiq_run_callbacks life_callbacks = {on_life_event, on_life_done};

static void start(void)
{
	const freshet_sudoiq_input input = {
		freshet_str_of("1"), freshet_str_of("script:tools rounds=2 calls=2 row_ms=5")};
	freshet_sudoiq_start o = start_options();
	freshet_sudoiq_run *run;
	o.agent_id = freshet_str_of(SUDOIQ_WORLD_AGENT);
	o.string_inputs = &input;
	freshet_err err = freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &life_callbacks, NULL, &run);
	assert_int_equal(err, life.closing ? FRESHET_ESTATE : FRESHET_OK);
	life.opened += run != NULL ? 1 : 0;
	life.run = life.run == NULL ? run : life.run;
}

static void attach(void)
{
	freshet_sudoiq_attach_options o;
	freshet_sudoiq_run *run;
	freshet_sudoiq_attach_options_init(&o);
	o.agent_id = freshet_str_of(SUDOIQ_WORLD_AGENT);
	o.task_id = life.task;
	o.callbacks = life_callbacks;
	freshet_err err = freshet_sudoiq_attach(sudoiq_world.client, &o, &run);
	assert_int_equal(err, life.closing ? FRESHET_ESTATE : FRESHET_OK);
	life.opened += run != NULL ? 1 : 0;
}

static void feed(const char *rest)
{
	char json[400];
	freshet_sudoiq_status *status;
	snprintf(json, sizeof json, "{\"agent_id\":\"%s\",\"task_id\":%lld,%s}", SUDOIQ_WORLD_AGENT,
		(long long)life.task, rest);
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(json), NULL, &status, NULL), FRESHET_OK);
	freshet_err err = freshet_sudoiq_feed(sudoiq_world.client, status, NULL);
	assert_int_equal(err, life.closing ? FRESHET_ESTATE : FRESHET_OK);
	freshet_sudoiq_status_free(status);
}

static void ask(void)
{
	freshet_sudoiq_call *call;
	freshet_err err = freshet_sudoiq_get_agent_task_status(
		sudoiq_world.client, freshet_str_of(SUDOIQ_WORLD_AGENT), life.task, on_life_answer, NULL, &call);
	assert_int_equal(err, life.closing ? FRESHET_ESTATE : FRESHET_OK);
	life.asked += call != NULL ? 1 : 0;
	life.asking = life.asking == NULL ? call : life.asking;
}

static void process(void)
{
	freshet_sudoiq_status *status;
	assert_int_equal(
		freshet_sudoiq_status_new(
			freshet_str_of(
				"{\"agent_id\":\"other\",\"task_id\":1,\"status\":\"awaiting_tool_calls\","
				"\"tool_calls\":[{\"id\":\"h1\",\"name\":\"t\"},{\"id\":\"h2\",\"name\":\"t\"}]}"),
			NULL, &status, NULL),
		FRESHET_OK);
	assert_int_equal(freshet_sudoiq_process_webhook_tools(
				 sudoiq_world.client, status, on_life_results, NULL, &life.processing),
		FRESHET_OK);
	life.asked++;
	freshet_sudoiq_status_free(status);
}

static void finish_all(void)
{
	for (size_t i = 0; i < life.kept_count; i++)
		(void)freshet_sudoiq_invocation_finish(life.kept[i], freshet_str_of("x"));
}

static void on_gone(void *user)
{
	(void)user;
	life.gone = true;
}

static void act(enum place place)
{
	if (place != life.place || life.acted)
		return;
	life.acted = true;
	switch (life.action) {
	case CLOSE_RUN:
		if (life.run != NULL)
			freshet_sudoiq_run_close(life.run);
		break;
	case CLOSE_CLIENT:
		life.closing = true;
		freshet_sudoiq_close(sudoiq_world.client);
		freshet_sudoiq_close(sudoiq_world.client);
		start();
		ask();
		feed("\"status\":\"running\"");
		break;
	case CLOSE_REACTOR:
		life.closing = true;
		freshet_reactor_close(sudoiq_world.reactor, on_gone, NULL);
		break;
	case FREE_REACTOR:
		life.closing = true;
		freshet_reactor_free(sudoiq_world.reactor);
		break;
	case SET_TOOLS:
		assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, NULL, 0, false), FRESHET_OK);
		break;
	case FEED_END: feed("\"status\":\"completed\",\"revision\":99"); break;
	case FEED_CALL:
		feed("\"status\":\"awaiting_tool_calls\",\"tool_calls\":[{\"id\":\"fed\",\"name\":\"t\"}]");
		break;
	case START_RUN: start(); break;
	case ATTACH: attach(); break;
	case ASK: ask(); break;
	case CANCEL_CALL:
		if (life.asking != NULL)
			freshet_sudoiq_call_cancel(life.asking);
		if (life.processing != NULL)
			freshet_sudoiq_call_cancel(life.processing);
		break;
	case FINISH: finish_all(); break;
	case ACTIONS: break;
	}
}

static void play_pair(enum place place, enum action action)
{
	freshet_sudoiq_options o = sudoiq_world_options();
	const freshet_sudoiq_tool tool = {.handler = life_handler, .canceled = life_canceled, .timeout_ms = 15};
	memset(&life, 0, sizeof life);
	life.place = place;
	life.action = action;
	o.on_tool_record = on_life_record;
	sudoiq_world_open_mockd(NULL, &o);
	assert_true(mockd_sudoiq_add_tool(sudoiq_world.mockd, "main", "t", NULL));
	set_tools_of(&tool);
	start();
	process();
	while (life.task == 0 && !life.closing && life.dones < life.opened)
		sudoiq_world_turn();
	if (!life.closing)
		ask();
	for (int i = 0; i < 2000000 && (life.dones < life.opened || life.answers < life.asked || !life.acted); i++) {
		sudoiq_world_turn();
		if (life.closing && life.dones == life.opened && life.answers == life.asked)
			break;
		if (life.place != IN_CANCELED)
			finish_all();
	}
	if (!life.acted)
		fail_msg("never came to place %d for action %d", (int)place, (int)action);
	bool reactor = action == CLOSE_REACTOR;
	if (reactor)
		sudoiq_world_until(&life.gone);
	if (reactor || action == FREE_REACTOR)
		sudoiq_world.reactor = NULL;
	sudoiq_world_settle();
	sudoiq_world_close(NULL);
	assert_int_equal(life.dones, life.opened);
	assert_int_equal(life.answers, life.asked);
	for (size_t i = 0; i < life.kept_count; i++) {
		assert_int_equal(freshet_sudoiq_invocation_finish(life.kept[i], freshet_str_of("x")), FRESHET_ESTATE);
		freshet_sudoiq_invocation_free(life.kept[i]);
	}
}

static void every_call_in_every_callback(void **state)
{
	(void)state;
	for (unsigned place = 0; place < PLACES; place++)
		for (unsigned action = 0; action < ACTIONS; action++)
			play_pair((enum place)place, (enum action)action);
}

/* ---- memory ---- */

static void memory_tool(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	if (freshet_sudoiq_invocation_finish(invocation, freshet_str_of("64 percent")) != FRESHET_OK)
		(void)freshet_sudoiq_invocation_post_finish(invocation, freshet_str_of("64 percent"));
	freshet_sudoiq_invocation_free(invocation);
}

static void give_json(struct h1server_conn *c, const char *json)
{
	h1server_reply(c, 200, "content-type: application/json\r\n", json);
}

/* One server for all attempts: it knows the run by what was asked of it. */
static void serve(struct h1server_conn *c, const struct h1server_request *q)
{
	static struct h1server_conn *stream;
	struct sudoiq_world *w = &sudoiq_world;
	bool answered = w->step > 0;
	if (strstr(q->target, "/auth/token") != NULL) {
		give_json(c, "{\"access_token\":\"t\",\"expires_in\":3600}");
	} else if (strstr(q->target, "/execute") != NULL) {
		give_json(c, STARTED);
	} else if (strstr(q->target, "/stream") != NULL) {
		h1server_write(
			c, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
		w->stream = stream = c;
		sudoiq_world_push(answered ? DONE(3) : RUNNING(1) PAUSED(2, CALL("a", "t") "," CALL("b", "nobody")));
	} else if (strstr(q->target, "/tool_responses") != NULL) {
		w->step++;
		give_json(c, ACCEPTED);
		sudoiq_world_push(DONE(3));
	} else {
		give_json(c, answered ? "{\"status\":\"completed\"}" : "{\"status\":\"running\"}");
	}
}

/* Client, tools and run, from nothing. */
static freshet_err open_all(freshet_sudoiq **client)
{
	static const freshet_sudoiq_tool tool = {.name = {"t", 1}, .handler = memory_tool};
	freshet_sudoiq_options o = sudoiq_world_options();
	freshet_endpoint_options e;
	freshet_sudoiq_start start_o = start_options();
	char url[64];
	freshet_endpoint_options_init(&e);
	e.stream.backoff_min_ms = e.stream.backoff_max_ms = 1;
	snprintf(url, sizeof url, "http://127.0.0.1:%u", sudoiq_world.server.port);
	o.url = url;
	o.endpoint = &e;
	o.auth = FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE;
	o.send_tool_telemetry = true;
	o.unknown_tool = FRESHET_SUDOIQ_UNKNOWN_REPLY_ERROR;
	o.tool_timeout_ms = 50;
	freshet_err err = freshet_sudoiq_new(sudoiq_world.reactor, &o, client);
	if (err == FRESHET_OK)
		err = freshet_sudoiq_set_tools(*client, &tool, 1, false);
	if (err == FRESHET_OK)
		err = freshet_sudoiq_execute_agent(*client, &start_o, &callbacks, &seen, &seen.run);
	return err;
}

/* True while an allocation failed. */
static bool attempt(size_t n, bool one)
{
	freshet_sudoiq *client = NULL;
	memset(&seen, 0, sizeof seen);
	sudoiq_world.step = 0;
	if (one)
		failmem_arm_one(n);
	else
		failmem_arm(n);
	freshet_err err = open_all(&client);
	if (err == FRESHET_OK) {
		sudoiq_world_until(&seen.done);
		assert_int_equal(seen.dones, 1);
	} else {
		assert_int_equal(err, FRESHET_ENOMEM);
	}
	bool fired = failmem_fired();
	if (err == FRESHET_OK && !fired)
		assert_string_equal(seen.result, "64 percent");
	failmem_arm(0);
	freshet_sudoiq_close(client);
	for (int i = 0; i < 10; i++)
		event_base_loop(sudoiq_world.base, EVLOOP_NONBLOCK);
	return fired;
}

static void every_allocation_failing(bool one)
{
	size_t n = 0;
	sudoiq_world_open(NULL, 0, NULL);
	sudoiq_world.server.answer = serve;
	failmem_arm(0);
	while (attempt(++n, one))
		;
	assert_true(n > 100);
	sudoiq_world_close(NULL);
	failmem_off();
}

static void one_allocation_failing(void **state)
{
	(void)state;
	every_allocation_failing(true);
}

static void no_memory_any_more(void **state)
{
	(void)state;
	every_allocation_failing(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_in_every_callback),
		cmocka_unit_test(one_allocation_failing),
		cmocka_unit_test(no_memory_any_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
