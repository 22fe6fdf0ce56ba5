/*
 * Every tool call is run once and answered once, whatever repeats: runs of twenty rounds of the emulator, whose streams and
 * requests are cut at random, whose snapshots come several times, and whose webhooks come twice, late and out of order, all
 * of it at the same time, for several seeds, over one of the transports in support/transports.def, with revisions and
 * without. Held against the emulator's ledger.
 */
#include "support/aod_world.h"
#include "support/sudoiq_world.h"
#include "support/test.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <freshet/webhook.h>

#define ROUNDS    20
#define CALLS_MAX 128
#define SECRET    "whsec_of_the_test"

/* One call, as its handlers saw it. */
struct known {
	char call_id[80];
	unsigned runs;
	unsigned records;
};

struct once {
	struct known calls[CALLS_MAX];
	size_t call_count;
	freshet_sudoiq_invocation *waiting[CALLS_MAX]; /* finished at random, later */
	size_t waiting_count;
	unsigned seed;
	freshet_sudoiq_names names;
	unsigned fed;
	unsigned fed_news;
	unsigned dones;
	freshet_err err;
	freshet_sudoiq_phase phase;
	int64_t task;
	uint64_t fault; /* that may strike; 0: none yet */
	struct evhttp *http;
	freshet_webhook *webhook; /* NULL: every delivery is fed as it comes */
	bool done;
};

static struct once once;

/* Over all seeds: that what is to be survived has happened. */
static struct {
	uint64_t reconnects;
	uint64_t copies;   /* of webhooks */
	uint64_t swapped;  /* the same */
	uint64_t old;      /* statuses that were no news */
	uint64_t repeated; /* answers that the service had before */
	uint64_t failed;   /* tries of webhooks, beyond the first */
} all;

/* Repeatable, and none of the library's. */
static unsigned dice(unsigned sides)
{
	once.seed = once.seed * 1103515245u + 12345u;
	return (once.seed >> 16) % sides;
}

/* ---- tools ---- */

static struct known *known_of(freshet_str call_id)
{
	for (size_t i = 0; i < once.call_count; i++)
		if (freshet_str_is(call_id, once.calls[i].call_id))
			return &once.calls[i];
	assert_true(once.call_count < CALLS_MAX && call_id.len < sizeof once.calls[0].call_id);
	struct known *known = &once.calls[once.call_count++];
	memcpy(known->call_id, call_id.ptr, call_id.len);
	return known;
}

static void finish(freshet_sudoiq_invocation *invocation)
{
	const freshet_sudoiq_invocation_info *info = freshet_sudoiq_invocation_get(invocation);
	freshet_err err;
	if (dice(8) == 0)
		err = freshet_sudoiq_invocation_fail(invocation, info->call_id);
	else if (dice(2) == 0)
		err = freshet_sudoiq_invocation_post_finish(invocation, info->call_id);
	else
		err = freshet_sudoiq_invocation_finish(invocation, info->call_id);
	assert_int_equal(err, FRESHET_OK);
	freshet_sudoiq_invocation_free(invocation);
}

static void run_tool(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	known_of(freshet_sudoiq_invocation_get(invocation)->call_id)->runs++;
	if (dice(3) == 0)
		finish(invocation);
	else
		once.waiting[once.waiting_count++] = invocation;
}

static void finish_some(void)
{
	while (once.waiting_count > 0 && dice(3) == 0) {
		size_t i = dice((unsigned)once.waiting_count);
		freshet_sudoiq_invocation *invocation = once.waiting[i];
		once.waiting[i] = once.waiting[--once.waiting_count];
		finish(invocation);
	}
}

static void on_record(freshet_sudoiq *client, const freshet_sudoiq_tool_record *record, void *user)
{
	(void)client;
	(void)user;
	assert_true(record->outcome == FRESHET_SUDOIQ_TOOL_OK || record->outcome == FRESHET_SUDOIQ_TOOL_ERROR);
	known_of(record->call_id)->records++;
}

/* ---- webhooks ---- */

static void feed(const freshet_sudoiq_status *status)
{
	bool news;
	assert_int_equal(freshet_sudoiq_feed(sudoiq_world.client, status, &news), FRESHET_OK);
	once.fed++;
	once.fed_news += news ? 1 : 0;
}

/* Duplicates and old ones, too; now and then it says that it could not, and is told once more. */
static void on_delivery_raw(struct evhttp_request *request, void *user)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(body);
	freshet_str json = {(const char *)evbuffer_pullup(body, -1), len};
	freshet_sudoiq_status *status;
	(void)user;
	assert_int_equal(freshet_sudoiq_status_new(json, &once.names, &status, NULL), FRESHET_OK);
	feed(status);
	freshet_sudoiq_status_free(status);
	evhttp_send_reply(request, dice(5) == 0 ? 503 : 200, "Answer", NULL);
}

static freshet_webhook_verdict on_delivery(
	freshet_webhook *webhook, const freshet_webhook_delivery *delivery, void *user)
{
	(void)webhook;
	(void)user;
	assert_true(delivery->verified);
	feed(delivery->sudoiq);
	return dice(5) == 0 ? FRESHET_WEBHOOK_REJECTED : FRESHET_WEBHOOK_TAKEN;
}

static void open_webhook(void)
{
	const freshet_str secret = freshet_str_of(SECRET);
	freshet_webhook_options o;
	freshet_webhook_evhttp_options e;
	freshet_webhook_options_init(&o);
	o.platform = FRESHET_WEBHOOK_SUDOIQ;
	o.secrets = &secret;
	o.secret_count = 1;
	o.names = &once.names;
	assert_int_equal(freshet_webhook_new(&o, &once.webhook), FRESHET_OK);
	freshet_webhook_evhttp_options_init(&e);
	e.path = "/hooks";
	e.on_delivery = on_delivery;
	assert_int_equal(freshet_webhook_evhttp(once.webhook, once.http, &e), FRESHET_OK);
}

/* The receiver, on a port of the kernel's choice, told to the emulator. */
static void open_receiver(bool raw)
{
	char url[64];
	ev_uint16_t port = 0;
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	once.http = evhttp_new(sudoiq_world.base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(once.http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/hooks", port);
	if (raw)
		evhttp_set_cb(once.http, "/hooks", on_delivery_raw, NULL);
	else
		open_webhook();
	assert_true(mockd_webhook_to(sudoiq_world.mockd, "sudoiq", url, SECRET));
}

/* ---- the run ---- */

static void on_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	(void)run;
	(void)user;
	if (event->type == FRESHET_SUDOIQ_EVENT_STARTED)
		once.task = event->task_id;
}

static void on_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	(void)run;
	(void)user;
	once.err = end->error.outcome.err;
	once.phase = end->phase;
	all.reconnects += end->reconnects;
	once.dones++;
	once.done = true;
}

static void start(void)
{
	static const freshet_sudoiq_run_callbacks callbacks = {on_event, on_done};
	const freshet_sudoiq_input input = {
		freshet_str_of("1"), freshet_str_of("script:tools rounds=20 calls=1..4 deltas=1 logs=1 row_ms=1..30")};
	freshet_sudoiq_start o;
	freshet_sudoiq_start_init(&o);
	o.agent_id = freshet_str_of(SUDOIQ_WORLD_AGENT);
	o.string_inputs = &input;
	o.string_input_count = 1;
	assert_int_equal(freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, NULL, NULL), FRESHET_OK);
}

/* One fault at a time: a stream or an answer is cut within its body, or an answer is lost. One that never comes is replaced. */
static void break_something(void)
{
	struct mockd_fault fault;
	bool struck = once.fault == 0 || mockd_fault_struck(sudoiq_world.mockd, once.fault) > 0;
	if (dice(struck ? 4 : 60) != 0)
		return;
	mockd_fault_remove(sudoiq_world.mockd, once.fault);
	mockd_fault_init(&fault, dice(3) == 0 ? MOCKD_AT_ANSWER : MOCKD_AT_BYTE, MOCKD_DO_CUT);
	fault.action = dice(2) == 0 ? MOCKD_DO_CUT : MOCKD_DO_ABORT;
	fault.at = dice(900);
	fault.path = "/api/v1/agents/*/tasks/*";
	once.fault = mockd_fault_add(sudoiq_world.mockd, &fault);
	assert_true(once.fault != 0);
}

static void hold_call(const struct mockd_sudoiq_call *call, void *user)
{
	size_t *count = user;
	const struct known *known = known_of(freshet_str_of(call->call_id));
	assert_true(call->accepted);
	assert_true(call->answers >= 1);
	assert_int_equal(known->runs, 1);
	assert_int_equal(known->records, 1);
	(*count)++;
}

static void hold_ledger(void)
{
	struct mockd_sudoiq_totals totals;
	size_t count = 0;
	mockd_sudoiq_get_totals(sudoiq_world.mockd, &totals);
	assert_true(mockd_sudoiq_calls(sudoiq_world.mockd, once.task, hold_call, &count));
	assert_int_equal(count, once.call_count);
	assert_int_equal(totals.runs, 1);
	assert_int_equal(totals.completed, 1);
	assert_int_equal(totals.rounds, ROUNDS);
	assert_int_equal(totals.calls, count);
	assert_int_equal(totals.accepted, count);
	assert_int_equal(totals.unanswered, 0);
	assert_int_equal(totals.strange, 0);
	all.repeated += totals.repeated;
}

static void count_trouble(void)
{
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(sudoiq_world.mockd, "sudoiq", &stats);
	all.copies += stats.copies;
	all.swapped += stats.swapped;
	all.failed += stats.tries - stats.delivered;
	all.old += once.fed - once.fed_news;
}

static void hold_trouble(void **state)
{
	(void)state;
	assert_true(all.reconnects >= 10);
	assert_true(all.copies >= 60);
	assert_true(all.swapped >= 15);
	assert_true(all.failed >= 20);
	assert_true(all.old >= 40);
	assert_true(all.repeated >= 10);
}

static bool webhooks_wait(void)
{
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(sudoiq_world.mockd, "sudoiq", &stats);
	return stats.waiting > 0;
}

/* Without order revisions are still sent, but nobody looks for them: the table of calls alone keeps statuses apart. */
static void name_statuses(bool ordered)
{
	static const char *const nowhere[] = {NULL};
	freshet_sudoiq_names_init(&once.names);
	if (!ordered)
		once.names.revision_fields = nowhere;
}

static void open_world(unsigned seed, bool ordered)
{
	struct mockd_options m;
	freshet_sudoiq_options o = sudoiq_world_options();
	const freshet_sudoiq_tool tool = {.handler = run_tool};
	memset(&once, 0, sizeof once);
	once.seed = seed * 7919u;
	name_statuses(ordered);
	o.names = &once.names;
	mockd_options_init(&m);
	m.seed = seed;
	o.stream_mode = seed % 3 == 0 ? FRESHET_SUDOIQ_STREAM_POST : FRESHET_SUDOIQ_STREAM_SEPARATE_GET;
	o.batch = seed % 2 == 0 ? FRESHET_SUDOIQ_BATCH_EACH : FRESHET_SUDOIQ_BATCH_ROUND;
	o.max_stream_retries = 1000;
	o.on_tool_record = on_record;
	sudoiq_world_open_mockd(&m, &o);
	assert_true(mockd_sudoiq_add_tool(sudoiq_world.mockd, "main", "read_meter", NULL));
	assert_true(mockd_sudoiq_add_tool(sudoiq_world.mockd, "main", "open_valve", NULL));
	assert_true(mockd_set(sudoiq_world.mockd, "sudoiq_repeat", 2));
	/* The client's own pauses, not the emulator's, which pass on another clock. */
	assert_true(mockd_set(sudoiq_world.mockd, "sudoiq_retry_ms", 0));
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, &tool, 1, false), FRESHET_OK);
	sudoiq_world.turn_ms = 4;
	open_receiver(seed % 2 == 1);
	/* Over HTTP/1.1 what is done to requests leaves the stream alone, which has a connection of its own. */
	mockd_random_cuts(sudoiq_world.mockd, 300, 50);
	assert_true(
		mockd_webhook_fault_add_text(sudoiq_world.mockd, "action=duplicate every=2 times=0 ms=40", NULL, 0));
	assert_true(mockd_webhook_fault_add_text(sudoiq_world.mockd, "action=swap every=3 times=0 ms=60", NULL, 0));
	assert_true(mockd_webhook_fault_add_text(sudoiq_world.mockd, "action=delay every=5 times=0 ms=200", NULL, 0));
}

static void play(unsigned seed, bool ordered)
{
	open_world(seed, ordered);
	start();
	while (!once.done) {
		if (once.task != 0) {
			break_something();
			if (dice(10) == 0)
				mockd_sudoiq_resync(sudoiq_world.mockd, once.task);
		}
		finish_some();
		sudoiq_world_turn();
	}
	assert_int_equal(once.err, FRESHET_OK);
	assert_int_equal(once.phase, FRESHET_SUDOIQ_COMPLETED);
	/* What is late changes nothing any more. */
	mockd_fault_clear(sudoiq_world.mockd);
	mockd_random_cuts(sudoiq_world.mockd, 0, 0);
	while (webhooks_wait())
		sudoiq_world_turn();
	sudoiq_world_settle();
	assert_int_equal(once.dones, 1);
	assert_int_equal(once.waiting_count, 0);
	assert_true(once.fed > ROUNDS);
	hold_ledger();
	count_trouble();
	freshet_webhook_free(once.webhook);
	evhttp_free(once.http);
	sudoiq_world_close(NULL);
}

/* Other seeds over each transport. */
static unsigned seed_of_transport(void)
{
	unsigned sum = 0;
	for (const char *at = world_transport->name; *at != '\0'; at++)
		sum = sum * 31 + (unsigned char)*at;
	return sum % 1000 * 6;
}

static void with_revisions(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		play(seed_of_transport() + i, true);
}

static void without_revisions(void **state)
{
	(void)state;
	for (unsigned i = 4; i <= 5; i++)
		play(seed_of_transport() + i, false);
}

int main(int argc, char **argv)
{
	world_choose(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_revisions),
		cmocka_unit_test(without_revisions),
		cmocka_unit_test(hold_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
