/*
 * Reporting against the emulator: what its ledger holds is what was reported, over every transport, under either table of
 * paths, and whatever is broken on the way.
 */
#include "support/aod_world.h"
#include "support/test.h"

#include <freshet/agentos.h>

#include <inttypes.h>

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})

static freshet_agentos *client;
static freshet_agentos_error last;
static unsigned done;

static void on_error(freshet_agentos *told, const freshet_agentos_error *error, void *user)
{
	(void)told;
	(void)user;
	last = *error;
}

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	(void)run;
	(void)user;
	assert_int_equal(end->emitted, end->sent + end->dropped);
	done++;
}

static freshet_agentos_options options(const freshet_endpoint_options *e)
{
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	o.base_url = mockd_url(world.mockd);
	o.api_key = MOCKD_AGENTOS_AGENT_KEY;
	o.agent_id = MOCKD_AGENTOS_AGENT;
	o.endpoint = e;
	o.batch_interval_ms = 2;
	o.retry_base_ms = 2;
	o.retry_cap_ms = 4;
	o.max_retries = 50;
	o.on_error = on_error;
	return o;
}

static void open_client(const freshet_agentos_options *o)
{
	done = 0;
	assert_int_equal(freshet_agentos_new(world.reactor, o, &client), FRESHET_OK);
}

static freshet_agentos_run *start(void)
{
	freshet_agentos_run_options o;
	freshet_agentos_run *run;
	freshet_agentos_run_options_init(&o);
	o.callbacks.on_done = on_done;
	assert_int_equal(freshet_agentos_run_start(client, &o, &run), FRESHET_OK);
	return run;
}

static void emit(freshet_agentos_run *run, uint64_t from, uint64_t to)
{
	char payload[32];
	for (uint64_t n = from; n < to; n++) {
		snprintf(payload, sizeof payload, "{\"n\":%" PRIu64 "}", n);
		assert_int_equal(
			freshet_agentos_emit(run, Z("step.done"), Z(payload), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_OK);
	}
}

static void until_done(unsigned runs)
{
	for (size_t turns = 0; done < runs; turns++) {
		assert_true(turns < 100000);
		world_turn();
	}
}

static struct finish {
	bool closed;
	freshet_agentos_stats stats;
} finish;

static void on_closed(const freshet_agentos_stats *stats, void *user)
{
	(void)user;
	finish = (struct finish){true, *stats};
}

static freshet_agentos_stats close_client(void)
{
	finish.closed = false;
	freshet_agentos_close(client, 0, on_closed, NULL);
	world_run_until(&finish.closed);
	assert_int_equal(finish.stats.emitted, finish.stats.sent + freshet_agentos_dropped(&finish.stats));
	return finish.stats;
}

/* ---- what arrives ---- */

static char items[4096];

static void add_item(const struct mockd_agentos_item *item, void *user)
{
	size_t len = strlen(items);
	(void)user;
	/* An event by its type, anything else by its kind and status. */
	const char *type = strstr(item->json, "\"type\":\"");
	const char *status = strstr(item->json, "\"status\":\"");
	const char *word = type != NULL ? type + 8 : status != NULL ? status + 10 : "\"";
	snprintf(items + len, sizeof items - len, "%s %.*s\n", item->kind, (int)strcspn(word, "\""), word);
}

static struct mockd_agentos_run ledger;
static unsigned ledger_runs;

static void take_ledger(const struct mockd_agentos_run *run, void *user)
{
	(void)user;
	ledger = *run;
	ledger_runs++;
	items[0] = '\0';
	assert_true(mockd_agentos_items(world.mockd, run->run, add_item, NULL));
}

static void read_ledger(void)
{
	ledger_runs = 0;
	mockd_agentos_each(world.mockd, take_ledger, NULL);
}

static void report_everything(void)
{
	freshet_agentos_task load, mail;
	freshet_agentos_span span;
	freshet_agentos_run *run = start();
	emit(run, 1, 3);
	const freshet_agentos_value prompt = {.text = Z("How many?")};
	freshet_agentos_emit_llm_request(run, Z("m"), prompt, NONE);
	assert_int_equal(freshet_agentos_span_start(run, Z("ask"), NULL, &span), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_start(run, Z("load"), Z("{}"), &load), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_start(run, Z("mail"), NONE, &mail), FRESHET_OK);
	emit(run, 3, 5);
	assert_int_equal(freshet_agentos_task_complete(run, load, Z("[80]")), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_fail(run, mail, Z("no route")), FRESHET_OK);
	assert_int_equal(freshet_agentos_span_end(run, span, NULL), FRESHET_OK);
	assert_int_equal(freshet_agentos_run_complete(run, Z("{\"total\":41.5}")), FRESHET_OK);
	until_done(1);
}

static const freshet_route *routes_of(const struct mockd *m, freshet_route out[6])
{
	static const char *const keys[] = {"run_start", "events", "run_complete", "run_fail", "tasks", "spans"};
	for (size_t i = 0; i < 6; i++)
		out[i] = (freshet_route){keys[i], NULL, mockd_agentos_name(m, keys[i])};
	return out;
}

static void what_is_reported_arrives(void **state)
{
	static const char *const ids[] = {"run_id", "runId", NULL}, *const task_ids[] = {"task_id", "taskId", NULL};
	freshet_route routes[6];
	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		struct mockd_options m = world_fast();
		freshet_endpoint_options e;
		m.agentos_keep_texts = true;
		m.agentos_strict = true;
		m.agentos_renamed = round & 1;
		m.agentos_task_ids = (round & 2) != 0;
		world_open(&m);
		const freshet_agentos_names names = {
			.size = sizeof names,
			.run_id = ids,
			.task_id = task_ids,
			.task_error_field = mockd_agentos_name(world.mockd, "field.task_error"),
		};
		world_endpoint(&e);
		freshet_agentos_options o = options(&e);
		o.routes = routes_of(world.mockd, routes);
		o.route_count = round & 1 ? 6 : 0;
		o.names = &names;
		o.idempotency_header = mockd_agentos_name(world.mockd, "header.idempotency_key");
		open_client(&o);
		report_everything();
		read_ledger();
		assert_int_equal(ledger_runs, 1);
		assert_string_equal(ledger.status, "completed");
		assert_int_equal(ledger.events, 7);
		assert_int_equal(ledger.numbered, 4);
		assert_int_equal(ledger.disordered, 0);
		assert_int_equal(ledger.tasks, 2);
		assert_int_equal(ledger.open_tasks, 0);
		assert_int_equal(ledger.task_updates, 4);
		assert_int_equal(ledger.ends, 1);
		assert_string_equal(items, "event step.done\nevent step.done\nevent llm.request\nevent span.started\n"
					   "task running\ntask running\nevent step.done\nevent step.done\n"
					   "task completed\ntask failed\nevent span.ended\nend \n");
		freshet_agentos_stats stats = close_client();
		assert_int_equal(stats.sent, 7);
		assert_int_equal(stats.tasks_sent, 4);
		assert_int_equal(stats.retries, 0);
		world_close(NULL);
	}
}

/* ---- keys ---- */

static void the_wrong_key_stops_reporting(void **state)
{
	struct mockd_options m = world_fast();
	char key[MOCKD_AGENTOS_KEY_SIZE];
	freshet_endpoint_options e;
	freshet_agentos_stats stats = {.size = sizeof stats};
	(void)state;
	world_open(&m);
	world_endpoint(&e);
	freshet_agentos_options o = options(&e);
	/* Of the wrong kind: 403. */
	o.api_key = MOCKD_AGENTOS_WORKSPACE_KEY;
	open_client(&o);
	freshet_agentos_run *run = start();
	emit(run, 0, 3);
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	until_done(1);
	assert_int_equal(last.outcome.err, FRESHET_EAUTH);
	assert_int_equal(last.outcome.http_status, 403);
	assert_int_equal(last.error_class, FRESHET_AGENTOS_AUTH);
	assert_true(last.message.len > 0);
	stats = close_client();
	assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_AUTH], 3);
	/* Revoked in the middle of a run: 401; and another one. */
	assert_true(mockd_agentos_add_key(world.mockd, MOCKD_AGENTOS_AGENT, key));
	o.api_key = key;
	open_client(&o);
	run = start();
	emit(run, 0, 3);
	do {
		world_turn();
		freshet_agentos_stats_get(client, &stats);
	} while (stats.sent < 3);
	assert_true(mockd_agentos_revoke(world.mockd, key));
	emit(run, 3, 6);
	do {
		world_turn();
		freshet_agentos_stats_get(client, &stats);
	} while (!stats.stopped || stats.queued > 0);
	assert_int_equal(last.outcome.http_status, 401);
	assert_int_equal(freshet_agentos_set_api_key(client, MOCKD_AGENTOS_AGENT_KEY), FRESHET_OK);
	emit(run, 6, 9);
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	until_done(1);
	stats = close_client();
	assert_int_equal(stats.sent, 6);
	assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_AUTH], 3);
	read_ledger();
	assert_int_equal(ledger.numbered, 6);
	assert_string_equal(ledger.status, "completed");
}

/* ---- faults ---- */

static const char *const faults[] = {
	"moment=request action=close",
	"moment=request action=abort",
	"moment=request action=refuse",
	"moment=request action=reset code=2",
	"moment=request action=goaway refuse=1",
	"moment=request action=status status=500",
	"moment=request action=status status=503 field=retry-after:0",
	"moment=request action=status status=429",
	"moment=request action=garbage",
	/* It has been done, and the client cannot know. */
	"moment=answer action=cut",
	"moment=answer action=abort",
	"moment=answer action=reset code=2",
	"moment=answer action=status status=502",
	"moment=answer action=goaway",
	"moment=byte at=5 action=abort",
	"moment=byte at=5 action=close",
};

static void nothing_is_lost_or_doubled_whatever_breaks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct mockd_options m = world_fast();
		freshet_endpoint_options e;
		char text[128];
		m.agentos_keep_texts = true;
		world_open(&m);
		world_endpoint(&e);
		freshet_agentos_options o = options(&e);
		o.batch_size = 5;
		/* Every second request of the first ones. */
		uint64_t fault = 0;
		for (unsigned k = 0; k < 6; k++) {
			snprintf(text, sizeof text, "%s path=/api/ingest/* skip=%u times=1", faults[i], 2 * k);
			fault = mockd_fault_add_text(world.mockd, text, "garbage", 7);
			assert_true(fault > 0);
		}
		open_client(&o);
		freshet_agentos_run *run = start();
		emit(run, 0, 40);
		freshet_agentos_task task;
		assert_int_equal(freshet_agentos_task_start(run, Z("t"), NONE, &task), FRESHET_OK);
		emit(run, 40, 60);
		assert_int_equal(freshet_agentos_task_skip(run, task), FRESHET_OK);
		assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
		until_done(1);
		freshet_agentos_stats stats = close_client();
		read_ledger();
		assert_int_equal(ledger_runs, 1);
		assert_int_equal(ledger.numbered, 60);
		assert_int_equal(ledger.duplicates, 0);
		assert_int_equal(ledger.disordered, 0);
		assert_int_equal(ledger.open_tasks, 0);
		assert_string_equal(ledger.status, "completed");
		assert_int_equal(stats.sent, 60);
		assert_int_equal(mockd_fault_struck(world.mockd, fault), 1);
		world_close(NULL);
	}
}

/* Where the server makes nothing of keys a repetition doubles what had arrived; who would rather lose can. */
static void without_keys_the_host_chooses_between_double_and_lost(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct mockd_options m = world_fast();
		freshet_endpoint_options e;
		m.agentos_ignore_keys = true;
		m.agentos_keep_texts = true;
		world_open(&m);
		world_endpoint(&e);
		freshet_agentos_options o = options(&e);
		o.idempotency_header = "";
		o.drop_unclear = round == 1;
		assert_true(mockd_fault_add_text(world.mockd,
				    "moment=answer action=abort path=/api/ingest/v1/events times=1", NULL, 0) > 0);
		open_client(&o);
		freshet_agentos_run *run = start();
		emit(run, 0, 10);
		assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
		until_done(1);
		freshet_agentos_stats stats = close_client();
		read_ledger();
		assert_int_equal(ledger.numbered, 10);
		assert_int_equal(ledger.duplicates, round == 0 ? 10 : 0);
		assert_int_equal(stats.sent, round == 0 ? 10 : 0);
		assert_int_equal(stats.unclear, round == 0 ? 0 : 10);
		assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_UNCLEAR], round == 0 ? 0 : 10);
		world_close(NULL);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_reported_arrives),
		cmocka_unit_test_teardown(the_wrong_key_stops_reporting, world_close),
		cmocka_unit_test(nothing_is_lost_or_doubled_whatever_breaks),
		cmocka_unit_test(without_keys_the_host_chooses_between_double_and_lost),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
