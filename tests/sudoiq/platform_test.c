/*
 * Runs of the emulator, over one of the transports in support/transports.def: every script to its end, under both of its
 * tables of paths and names, with each way of credentials; and streams that are cut all over.
 */
#include "support/aod_world.h"
#include "support/sudoiq_world.h"
#include "support/test.h"

struct seen {
	char result[4096];
	char text[8192]; /* deltas */
	freshet_err err;
	freshet_sudoiq_phase phase;
	int64_t task;
	uint32_t reconnects;
	unsigned dones;
	unsigned ran;
	bool done;
};

static struct seen seen;

/* ---- names that are in force ---- */

/* Lists of one name each, taken from the emulator. */
#define NAMES(X)                                                                                                       \
	X(agent_id_fields, "field.agent_id")                                                                           \
	X(task_id_fields, "field.task_id")                                                                             \
	X(status_fields, "field.status")                                                                               \
	X(result_fields, "field.result")                                                                               \
	X(tool_calls_fields, "field.tool_calls")                                                                       \
	X(call_id_fields, "field.call_id")                                                                             \
	X(tool_name_fields, "field.name")                                                                              \
	X(namespace_fields, "field.namespace")                                                                         \
	X(args_fields, "field.args")                                                                                   \
	X(error_fields, "field.error")                                                                                 \
	X(revision_fields, "field.revision")                                                                           \
	X(environment_fields, "field.environment")                                                                     \
	X(event_text_fields, "field.text")                                                                             \
	X(failure_code_fields, "field.failure_code")                                                                   \
	X(failure_message_fields, "field.failure_message")                                                             \
	X(failure_call_ids_fields, "field.failure_call_ids")                                                           \
	X(access_token_fields, "field.access_token")                                                                   \
	X(expires_in_fields, "field.expires_in")                                                                       \
	X(paused_statuses, "status.awaiting_tool_calls")                                                               \
	X(completed_statuses, "status.completed")                                                                      \
	X(canceled_statuses, "status.cancelled")                                                                       \
	X(snapshot_event_names, "event.sync")                                                                          \
	X(log_event_names, "event.log")                                                                                \
	X(delta_event_names, "event.delta")                                                                            \
	X(end_event_names, "event.end")                                                                                \
	X(already_submitted_codes, "code.already_submitted")

static const char *const keys[] = {
	"auth_token", "run_start", "run_stream", "run_status", "run_cancel", "tool_responses"};

struct table {
	freshet_sudoiq_names names;
	freshet_route routes[sizeof keys / sizeof keys[0]];
#define LIST(field, name) const char *field[2];
	NAMES(LIST)
#undef LIST
	const char *terminal[5];
};

static struct table table;

static void read_table(const struct mockd *m, freshet_sudoiq_options *o)
{
	memset(&table, 0, sizeof table);
	freshet_sudoiq_names_init(&table.names);
#define TAKE(field, name)                                                                                              \
	table.field[0] = mockd_sudoiq_name(m, name);                                                                   \
	assert_non_null(table.field[0]);                                                                               \
	table.names.field = table.field;
	NAMES(TAKE)
#undef TAKE
	const char *const ends[] = {"status.completed", "status.failed", "status.cancelled", "status.timed_out"};
	for (size_t i = 0; i < 4; i++)
		table.terminal[i] = mockd_sudoiq_name(m, ends[i]);
	table.names.terminal_statuses = table.terminal;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		table.routes[i].key = keys[i];
		table.routes[i].path = mockd_sudoiq_endpoint(m, keys[i], &table.routes[i].method);
	}
	o->names = &table.names;
	o->routes = table.routes;
	o->route_count = sizeof keys / sizeof keys[0];
	o->path_prefix = mockd_sudoiq_name(m, "prefix");
	o->idempotency_header = mockd_sudoiq_name(m, "header.idempotency_key");
	o->auth_header_name = mockd_sudoiq_name(m, "header.key");
	o->cookie_name = mockd_sudoiq_name(m, "cookie");
}

/* ---- runs ---- */

static void run_tool(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	seen.ran++;
	freshet_str id = freshet_sudoiq_invocation_get(invocation)->call_id;
	assert_int_equal(freshet_sudoiq_invocation_finish(invocation, id), FRESHET_OK);
	freshet_sudoiq_invocation_free(invocation);
}

static void on_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	(void)run;
	(void)user;
	size_t len = strlen(seen.text);
	if (event->type == FRESHET_SUDOIQ_EVENT_STARTED)
		seen.task = event->task_id;
	if (event->type == FRESHET_SUDOIQ_EVENT_DELTA)
		snprintf(seen.text + len, sizeof seen.text - len, "%.*s", (int)event->delta.text.len,
			event->delta.text.ptr);
	assert_true(event->type != FRESHET_SUDOIQ_EVENT_UNKNOWN);
}

static void on_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	(void)run;
	(void)user;
	seen.err = end->error.outcome.err;
	seen.phase = end->phase;
	seen.reconnects = end->reconnects;
	if (end->status != NULL)
		snprintf(seen.result, sizeof seen.result, "%.*s", (int)end->status->result.len,
			end->status->result.len > 0 ? end->status->result.ptr : "");
	seen.dones++;
	seen.done = true;
}

static void start(const char *script)
{
	static const freshet_sudoiq_run_callbacks callbacks = {on_event, on_done};
	const freshet_sudoiq_tool tool = {.handler = run_tool};
	const freshet_sudoiq_input input = {freshet_str_of("1"), freshet_str_of(script)};
	freshet_sudoiq_start o;
	memset(&seen, 0, sizeof seen);
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, &tool, 1, false), FRESHET_OK);
	freshet_sudoiq_start_init(&o);
	o.agent_id = freshet_str_of(SUDOIQ_WORLD_AGENT);
	o.string_inputs = &input;
	o.string_input_count = 1;
	assert_int_equal(freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, NULL, NULL), FRESHET_OK);
}

static void play(const char *script, freshet_sudoiq_phase phase)
{
	start(script);
	sudoiq_world_until(&seen.done);
	assert_int_equal(seen.dones, 1);
	assert_int_equal(seen.err, FRESHET_OK);
	assert_int_equal(seen.phase, phase);
}

static void hold_totals(uint64_t runs, uint64_t calls)
{
	struct mockd_sudoiq_totals totals;
	mockd_sudoiq_get_totals(sudoiq_world.mockd, &totals);
	assert_int_equal(totals.runs, runs);
	assert_int_equal(totals.going_on, 0);
	assert_int_equal(totals.calls, calls);
	assert_int_equal(totals.accepted, calls);
	assert_int_equal(totals.strange, 0);
}

static void play_all(freshet_sudoiq_options *o, const struct mockd_options *m)
{
	sudoiq_world_open_mockd(m, NULL);
	freshet_sudoiq_close(sudoiq_world.client);
	read_table(sudoiq_world.mockd, o);
	sudoiq_world.client = sudoiq_world_client(o);
	assert_true(mockd_sudoiq_add_tool(sudoiq_world.mockd, "main", "read_meter", NULL));
	assert_true(mockd_set(sudoiq_world.mockd, "sudoiq_retry_ms", 0));
	play("script:success", FRESHET_SUDOIQ_COMPLETED);
	play("script:tools rounds=3 calls=2 result=echo", FRESHET_SUDOIQ_COMPLETED);
	assert_int_equal(seen.ran, 6);
	play("script:plain result=object", FRESHET_SUDOIQ_COMPLETED);
	assert_true(seen.result[0] == '{');
	play("script:failed", FRESHET_SUDOIQ_FAILED);
	play("script:timed-out", FRESHET_SUDOIQ_FAILED);
	play("script:cancelled", FRESHET_SUDOIQ_CANCELED);
	hold_totals(6, 7);
	sudoiq_world_close(NULL);
}

static const struct {
	const char *table;
	const char *way;
	freshet_sudoiq_auth auth;
	freshet_sudoiq_stream_mode mode;
} cases[] = {
	{"default", "bearer", FRESHET_SUDOIQ_AUTH_BEARER_KEY, FRESHET_SUDOIQ_STREAM_SEPARATE_GET},
	{"default", "token", FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE, FRESHET_SUDOIQ_STREAM_POST},
	{"other", "header", FRESHET_SUDOIQ_AUTH_HEADER_KEY, FRESHET_SUDOIQ_STREAM_SEPARATE_GET},
	{"other", "token", FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE, FRESHET_SUDOIQ_STREAM_SEPARATE_GET},
	{"other", "cookie", FRESHET_SUDOIQ_AUTH_COOKIE, FRESHET_SUDOIQ_STREAM_POST},
};

static void every_script_under_both_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mockd_options m;
		freshet_sudoiq_options o = sudoiq_world_options();
		mockd_options_init(&m);
		m.sudoiq_table = cases[i].table;
		m.sudoiq_auth = cases[i].way;
		o.auth = cases[i].auth;
		o.cookie = SUDOIQ_WORLD_KEY;
		o.stream_mode = cases[i].mode;
		play_all(&o, &m);
	}
}

/* A token that is good no more is replaced, also in the middle of a run. */
static void tokens_run_out(void **state)
{
	freshet_sudoiq_options o = sudoiq_world_options();
	struct mockd_options m;
	mockd_options_init(&m);
	m.sudoiq_auth = "token";
	o.auth = FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE;
	(void)state;
	sudoiq_world_open_mockd(&m, &o);
	assert_true(mockd_sudoiq_add_tool(sudoiq_world.mockd, "main", "read_meter", NULL));
	start("script:tools rounds=8 calls=1 row_ms=20");
	for (unsigned turns = 0; !seen.done; turns++) {
		if (turns % 40 == 39)
			mockd_sudoiq_revoke(sudoiq_world.mockd);
		assert_true(turns < 100000);
		sudoiq_world_turn();
	}
	assert_int_equal(seen.err, FRESHET_OK);
	hold_totals(1, 8);
	sudoiq_world_close(NULL);
}

/* Wherever the stream is cut, the same comes of the run. run_test.c has every byte. */
static void cut_anywhere(void **state)
{
	static char text[sizeof seen.text], result[sizeof seen.result];
	bool struck = true;
	(void)state;
	for (uint64_t at = 0; struck; at += 113) {
		struct mockd_options m;
		struct mockd_fault fault;
		mockd_options_init(&m);
		m.seed = 5;
		sudoiq_world_open_mockd(&m, NULL);
		assert_true(mockd_sudoiq_add_tool(sudoiq_world.mockd, "main", "read_meter", NULL));
		assert_true(mockd_set(sudoiq_world.mockd, "sudoiq_retry_ms", 0));
		mockd_fault_init(&fault, MOCKD_AT_BYTE, at % 2 == 0 ? MOCKD_DO_CUT : MOCKD_DO_ABORT);
		fault.at = at;
		fault.path = "/api/v1/agents/*/stream";
		uint64_t number = mockd_fault_add(sudoiq_world.mockd, &fault);
		play("script:tools rounds=1 calls=1 deltas=2 logs=1 bytes=10..20", FRESHET_SUDOIQ_COMPLETED);
		struck = mockd_fault_struck(sudoiq_world.mockd, number) > 0;
		assert_int_equal(seen.ran, 1);
		hold_totals(1, 1);
		if (at == 0) {
			memcpy(result, seen.result, sizeof result);
			memcpy(text, seen.text, sizeof text);
		}
		assert_string_equal(seen.result, result);
		sudoiq_world_close(NULL);
	}
}

int main(int argc, char **argv)
{
	world_choose(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_script_under_both_tables),
		cmocka_unit_test(tokens_run_out),
		cmocka_unit_test(cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
