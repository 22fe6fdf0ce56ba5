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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_run_is_started_and_completed, agentos_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
