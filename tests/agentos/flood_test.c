/*
 * A million events in a tight loop against a server that is slow and fails in every way: memory stays within the bound,
 * nothing is lost but what is counted, nothing is doubled, each run keeps its order, and the close keeps its deadline.
 *
 * Memory is what the allocator hook was asked for, not what a process has. Times are those of the loop: the test asks for
 * no clock.
 */
#include "support/aod_world.h"
#include "support/test.h"

#include <freshet/agentos.h>

#include <inttypes.h>

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})

/* Sanitizers make a loop of this kind some ten times as slow. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Over http2; over the other transports a tenth of it does. */
#define EVENTS   (SANITIZED ? 200000u : 1000000u)
#define RUNS     500u
#define PER_TURN 1000u /* events between two passes of the loop: more than the server takes in one */

/* ---- memory ---- */

static size_t memory_now;
static size_t memory_most;

/* Each block knows its size. */
#define BEFORE 16

static void account(size_t more, size_t less)
{
	memory_now += more;
	memory_now -= less;
	memory_most = memory_now > memory_most ? memory_now : memory_most;
}

static void *count_allocate(size_t size, void *user)
{
	char *block = malloc(BEFORE + size);
	(void)user;
	if (block == NULL)
		return NULL;
	memcpy(block, &size, sizeof size);
	account(size, 0);
	return block + BEFORE;
}

static void count_release(void *memory, void *user)
{
	size_t size;
	(void)user;
	if (memory == NULL)
		return;
	memcpy(&size, (char *)memory - BEFORE, sizeof size);
	account(0, size);
	free((char *)memory - BEFORE);
}

static void *count_reallocate(void *memory, size_t size, void *user)
{
	size_t old = 0;
	void *grown = count_allocate(size, user);
	if (memory == NULL || grown == NULL)
		return grown;
	memcpy(&old, (char *)memory - BEFORE, sizeof old);
	memcpy(grown, memory, old < size ? old : size);
	count_release(memory, user);
	return grown;
}

/* ---- runs ---- */

struct told {
	freshet_agentos_run *run;
	char id[40];
	uint64_t next; /* number of its next event */
	uint64_t emitted, sent, dropped;
	bool done;
};

static unsigned events; /* in all */
static struct told told[RUNS];
static unsigned started, done;
static uint64_t given_up;
static freshet_agentos *client;

static void on_started(freshet_agentos_run *run, freshet_str id, void *user)
{
	struct told *t = user;
	(void)run;
	snprintf(t->id, sizeof t->id, "%.*s", (int)id.len, id.ptr);
	started++;
}

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	struct told *t = user;
	(void)run;
	t->emitted = end->emitted;
	t->sent = end->sent;
	t->dropped = end->dropped;
	t->done = true;
	done++;
}

static void on_error(freshet_agentos *told_client, const freshet_agentos_error *error, void *user)
{
	(void)told_client;
	(void)error;
	(void)user;
	given_up++;
}

/* The emulated clock runs with the real one: its delays are 1 to 5 ms. */
static void open_flood(const freshet_agentos_options *more)
{
	static const freshet_allocator counting = {count_allocate, count_reallocate, count_release, NULL};
	struct mockd_options m;
	freshet_endpoint_options e;
	memset(told, 0, sizeof told);
	started = done = 0;
	given_up = 0;
	freshet_set_allocator(&counting);
	mockd_options_init(&m);
	m.keep_alive_ms = UINT32_MAX;
	world_open(&m);
	world_endpoint(&e);
	freshet_agentos_options o = *more;
	o.base_url = mockd_url(world.mockd);
	o.api_key = MOCKD_AGENTOS_AGENT_KEY;
	o.agent_id = MOCKD_AGENTOS_AGENT;
	o.endpoint = &e;
	o.batch_interval_ms = 5;
	o.retry_base_ms = 2;
	o.retry_cap_ms = 8;
	o.on_error = on_error;
	assert_int_equal(freshet_agentos_new(world.reactor, &o, &client), FRESHET_OK);
	for (size_t i = 0; i < RUNS; i++) {
		freshet_agentos_run_options r;
		freshet_agentos_run_options_init(&r);
		r.callbacks = (freshet_agentos_run_callbacks){on_started, NULL, on_done};
		r.user = &told[i];
		assert_int_equal(freshet_agentos_run_start(client, &r, &told[i].run), FRESHET_OK);
	}
	while (started < RUNS)
		world_turn();
}

static void close_flood(void)
{
	world_close(NULL);
	assert_int_equal(memory_now, 0);
	freshet_set_allocator(NULL);
}

static uint64_t dice = 7;

static unsigned roll(unsigned sides)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice >> 33) % sides;
}

static void break_something(void)
{
	static const char *const faults[] = {
		"moment=request action=status status=500",
		"moment=request action=status status=503 field=retry-after:0",
		"moment=request action=status status=429",
		"moment=request action=reset code=2",
		"moment=request action=refuse",
		"moment=request action=delay ms=5",
		"moment=answer action=delay ms=3",
		"moment=answer action=status status=502",
		"moment=answer action=reset code=2",
		"moment=answer action=abort",
		"moment=request action=cut",
		"moment=answer action=goaway",
		"moment=byte at=7 action=abort",
	};
	char text[96];
	const char *fault = faults[roll(sizeof faults / sizeof faults[0])];
	snprintf(text, sizeof text, "%s path=/api/ingest/v1/* times=%u", fault, 1 + roll(3));
	assert_true(mockd_fault_add_text(world.mockd, text, NULL, 0) > 0);
}

static void emit_one(void)
{
	/* Some runs say much more than others. */
	struct told *t = &told[roll(1 + roll(RUNS))];
	char payload[160];
	int pad = (int)roll(64);
	snprintf(payload, sizeof payload, "{\"n\":%" PRIu64 ",\"pad\":\"%0*d\"}", t->next++, pad, 0);
	assert_int_equal(
		freshet_agentos_emit(t->run, Z("row.read"), Z(payload), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_OK);
}

static freshet_agentos_stats stats_now(void)
{
	freshet_agentos_stats stats = {.size = sizeof stats};
	freshet_agentos_stats_get(client, &stats);
	assert_int_equal(stats.emitted, stats.sent + freshet_agentos_dropped(&stats) + stats.queued);
	return stats;
}

/* Emits them all; the loop turns now and then, and something breaks now and then. */
static void flood(unsigned count, const freshet_agentos_options *o)
{
	for (unsigned i = 0; i < count; i++) {
		emit_one();
		if (i % PER_TURN == 0) {
			event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
			freshet_agentos_stats stats = stats_now();
			assert_true(stats.queued <= o->max_queue_events);
			assert_true(stats.queued_bytes <= o->max_queue_bytes);
			assert_true(stats.in_flight <= 16);
		}
		if (i % (4 * PER_TURN) == 0)
			break_something();
	}
}

/* ---- the ledger ---- */

static struct mockd_agentos_run ledger;

static void take(const struct mockd_agentos_run *run, void *user)
{
	(void)user;
	ledger = *run;
}

/* Of each run by itself: what arrived is what was sent, and with what was dropped all that was emitted. */
static void hold_against_ledger(uint64_t unclear)
{
	uint64_t arrived = 0, sent = 0;
	for (size_t i = 0; i < RUNS; i++) {
		struct told *t = &told[i];
		assert_true(t->done);
		assert_int_equal(t->emitted, t->next);
		assert_int_equal(t->emitted, t->sent + t->dropped);
		assert_true(mockd_agentos_find(world.mockd, t->id, take, NULL));
		assert_int_equal(ledger.duplicates, 0);
		assert_int_equal(ledger.disordered, 0);
		assert_int_equal(ledger.numbered, ledger.events);
		assert_true(ledger.numbered >= t->sent);
		assert_true(ledger.numbered <= t->emitted);
		if (unclear == 0)
			assert_int_equal(ledger.numbered + t->dropped, t->emitted);
		arrived += ledger.numbered;
		sent += t->sent;
	}
	assert_true(arrived >= sent);
	assert_true(arrived <= sent + unclear);
}

static bool closed;
static freshet_agentos_stats last;

static void on_closed(const freshet_agentos_stats *stats, void *user)
{
	(void)user;
	last = *stats;
	closed = true;
}

static freshet_agentos_options bounds(void)
{
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	o.max_queue_events = 10000;
	o.max_queue_bytes = (size_t)2 << 20;
	return o;
}

static void all_are_sent_or_counted(void **state)
{
	freshet_agentos_options o = bounds();
	(void)state;
	print_message("%u events%s\n", events, SANITIZED ? ", fewer for a sanitizer" : "");
	/* Whatever may pass is tried until it does. */
	o.max_retries = 1000000;
	open_flood(&o);
	size_t before = memory_now;
	memory_most = before;
	flood(events, &o);
	/*
	 * The queue, the table of its lists by their length, what stands in requests (each body twice: ours and the
	 * core's), connections that came and went.
	 */
	size_t bound = o.max_queue_bytes + 2 * 10001 * sizeof(void *) + ((size_t)1 << 20);
	assert_true(memory_most - before <= bound);
	freshet_agentos_stats stats = stats_now();
	print_message("%" PRIu64 " sent in %" PRIu64 " batches, %" PRIu64 " dropped, %" PRIu64
		      " retries, %zu bytes at most\n",
		stats.sent, stats.batches, freshet_agentos_dropped(&stats), stats.retries, memory_most - before);
	for (size_t i = 0; i < RUNS; i++)
		assert_int_equal(freshet_agentos_run_complete(told[i].run, NONE), FRESHET_OK);
	while (done < RUNS)
		world_turn();
	stats = stats_now();
	assert_int_equal(stats.emitted, events);
	assert_int_equal(stats.queued, 0);
	assert_true(stats.retries > 0);
	/* It was too much for this server, and the oldest gave way. */
	assert_true(stats.dropped[FRESHET_AGENTOS_DROPPED_OLDEST] > 0);
	assert_int_equal(freshet_agentos_dropped(&stats), stats.dropped[FRESHET_AGENTOS_DROPPED_OLDEST]);
	assert_int_equal(stats.unclear, 0);
	assert_int_equal(given_up, 0);
	hold_against_ledger(0);
	struct mockd_agentos_totals totals;
	mockd_agentos_get_totals(world.mockd, &totals);
	assert_int_equal(totals.numbered + freshet_agentos_dropped(&stats), events);
	assert_int_equal(totals.duplicates, 0);
	/* Some were answered twice, by their key. */
	assert_true(totals.repeats > 0);
	close_flood();
}

/* Fewer, with a client that gives up early and is closed in the middle, while the server says nothing any more. */
static void a_close_keeps_its_deadline(void **state)
{
	freshet_agentos_options o = bounds();
	unsigned half = events / 20;
	(void)state;
	o.max_retries = 1;
	open_flood(&o);
	flood(half, &o);
	assert_true(mockd_fault_add_text(world.mockd,
			    "moment=request action=status status=500 path=/api/ingest/v1/events times=0", NULL, 0) > 0);
	flood(half, &o);
	while (stats_now().dropped[FRESHET_AGENTOS_DROPPED_RETRIES] == 0)
		world_turn();
	for (size_t i = 0; i < RUNS; i += 2)
		assert_int_equal(freshet_agentos_run_complete(told[i].run, NONE), FRESHET_OK);
	mockd_fault_clear(world.mockd);
	assert_true(mockd_fault_add_text(
			    world.mockd, "moment=answer action=stall path=/api/ingest/v1/* times=0", NULL, 0) > 0);
	closed = false;
	freshet_agentos_close(client, 30, on_closed, NULL);
	/* A request alone waits for ten seconds: only the deadline of the close can end this so soon. */
	world_run_until(&closed);
	assert_int_equal(done, RUNS);
	assert_int_equal(last.emitted, 2 * half);
	assert_int_equal(last.queued, 0);
	assert_int_equal(last.emitted, last.sent + freshet_agentos_dropped(&last));
	assert_true(last.dropped[FRESHET_AGENTOS_DROPPED_CLOSED] > 0);
	hold_against_ledger(last.unclear);
	close_flood();
}

/* ---- an idle run ---- */

static void an_idle_run_takes_little(void **state)
{
	freshet_agentos_options o = bounds();
	(void)state;
	open_flood(&o);
	/* All have begun and nothing is reported: what there is now, and what there is without one of them. */
	size_t before = memory_now;
	freshet_agentos_run *run;
	assert_int_equal(freshet_agentos_run_start(client, NULL, &run), FRESHET_OK);
	while (freshet_agentos_run_id(run).len == 0)
		world_turn();
	print_message("%zu bytes for an idle run\n", memory_now - before);
	assert_true(memory_now - before <= 640);
	freshet_agentos_free(client);
	while (done < RUNS)
		world_turn();
	close_flood();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_sent_or_counted),
		cmocka_unit_test(a_close_keeps_its_deadline),
		cmocka_unit_test(an_idle_run_takes_little),
	};
	world_choose(argc, argv);
	events = strcmp(world_transport->name, "http2") == 0 ? EVENTS : EVENTS / 10;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
