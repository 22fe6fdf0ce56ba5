/*
 * The rules of life: every call inside every callback, every way to close, every allocation failing in turn; and the mode
 * in which nothing is sent.
 */
#include "support/agentos_world.h"
#include "support/failmem.h"
#include "support/test.h"

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})

/* ---- every call inside every callback ---- */

enum place { IN_STARTED, IN_LOST, IN_DONE, IN_FLUSHED, IN_ERROR, IN_CLOSED, PLACES };

enum action {
	DO_EMIT,
	DO_TASK,
	DO_SPAN,
	DO_FLUSH,
	DO_COMPLETE,
	DO_FAIL,
	DO_START,
	DO_KEY,
	DO_ASK,
	DO_CLOSE,
	DO_FREE,
	DO_REACTOR,
	ACTIONS
};

#define RUNS_MAX 8

static struct {
	enum place place;
	enum action action;
	bool acted;
	unsigned started; /* runs */
	unsigned done;    /* of them */
	unsigned flushes;
	unsigned flushed;
	unsigned closed;
	bool ending; /* the client is, without a callback of its own */
	bool gone;   /* the reactor */
} seen;

static const freshet_agentos_run_callbacks callbacks;

static void on_flushed(freshet_agentos_run *run, const freshet_agentos_flushed *flushed, void *user);
static void on_closed(const freshet_agentos_stats *stats, void *user);

static freshet_agentos_run *start(void)
{
	freshet_agentos_run_options o;
	freshet_agentos_run *run;
	freshet_agentos_run_options_init(&o);
	o.callbacks = callbacks;
	freshet_err err = freshet_agentos_run_start(agentos_world.client, &o, &run);
	seen.started += err == FRESHET_OK;
	assert_true(err == FRESHET_OK || run == NULL);
	return run;
}

static void flush(freshet_agentos_run *run)
{
	seen.flushes += freshet_agentos_run_flush(run, on_flushed, NULL) == FRESHET_OK;
}

/* What is open can be ended, as far as there is memory for saying so. */
static void fine(freshet_err err)
{
	assert_true(err == FRESHET_OK || (err == FRESHET_ENOMEM && failmem_fired()));
}

static void act_on_run(freshet_agentos_run *run, enum action action)
{
	freshet_agentos_task task;
	freshet_agentos_span span;
	switch (action) {
	case DO_EMIT: freshet_agentos_emit(run, Z("x"), NONE, FRESHET_AGENTOS_LEVEL_INFO); break;
	case DO_TASK:
		if (freshet_agentos_task_start(run, Z("t"), NONE, &task) == FRESHET_OK)
			fine(freshet_agentos_task_skip(run, task));
		break;
	case DO_SPAN:
		if (freshet_agentos_span_start(run, Z("s"), NULL, &span) == FRESHET_OK)
			fine(freshet_agentos_span_end(run, span, NULL));
		break;
	case DO_FLUSH: flush(run); break;
	case DO_COMPLETE: freshet_agentos_run_complete(run, Z("1")); break;
	default: freshet_agentos_run_fail(run, Z("x"), NONE); break;
	}
}

static void ask(const freshet_agentos_run *run)
{
	char text[8];
	freshet_agentos_stats stats = {.size = sizeof stats};
	freshet_agentos_stats_get(agentos_world.client, &stats);
	agentos_world_check(&stats);
	assert_true(freshet_agentos_describe(agentos_world.client, text, sizeof text) > sizeof text);
	if (run != NULL) {
		assert_true(freshet_agentos_run_describe(run, NULL, 0) > 0);
		assert_ptr_equal(freshet_agentos_run_client(run), agentos_world.client);
		assert_null(freshet_agentos_run_user(run));
		freshet_agentos_run_id(run);
	}
}

static void act(enum place place, freshet_agentos_run *run)
{
	if (place != seen.place || seen.acted)
		return;
	seen.acted = true;
	switch (seen.action) {
	case DO_START:
		run = start();
		if (run != NULL)
			assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
		break;
	case DO_KEY: freshet_agentos_set_api_key(agentos_world.client, "aos_agent_other"); break;
	case DO_ASK: ask(run); break;
	case DO_CLOSE: freshet_agentos_close(agentos_world.client, 0, on_closed, NULL); break;
	case DO_FREE:
		freshet_agentos_free(agentos_world.client);
		seen.ending = true;
		break;
	case DO_REACTOR:
		freshet_reactor_close(agentos_world.reactor, agentos_world_on_reactor_closed, &seen.gone);
		seen.ending = true;
		break;
	default:
		if (run != NULL)
			act_on_run(run, seen.action);
		break;
	}
}

static void on_started(freshet_agentos_run *run, freshet_str id, void *user)
{
	(void)user;
	assert_true(id.len > 0);
	act(IN_STARTED, run);
}

static void on_lost(freshet_agentos_run *run, const freshet_agentos_error *error, void *user)
{
	(void)user;
	assert_true(error->outcome.err != FRESHET_OK);
	act(IN_LOST, run);
}

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	(void)user;
	seen.done++;
	act(IN_DONE, run);
	/* What the callback did must not have taken away what it was told. */
	assert_int_equal(end->emitted, end->sent + end->dropped);
	if (end->error != NULL)
		assert_true(end->error->outcome.text.len > 0);
}

static void on_flushed(freshet_agentos_run *run, const freshet_agentos_flushed *flushed, void *user)
{
	(void)user;
	(void)flushed;
	seen.flushed++;
	act(IN_FLUSHED, run);
}

static void on_error(freshet_agentos *client, const freshet_agentos_error *error, void *user)
{
	(void)client;
	(void)user;
	act(IN_ERROR, NULL);
	assert_true(error->outcome.text.len > 0);
}

static void on_closed(const freshet_agentos_stats *stats, void *user)
{
	(void)user;
	seen.closed++;
	agentos_world_check(stats);
	assert_int_equal(stats->queued, 0);
	assert_int_equal(stats->control_bytes, 0);
	assert_int_equal(stats->runs_open, 0);
	act(IN_CLOSED, NULL);
}

static const freshet_agentos_run_callbacks callbacks = {on_started, on_lost, on_done};

/* A run that is lost, one that goes well, one whose events are refused; all of them ended. */
static void work(void)
{
	freshet_agentos_task task;
	for (size_t i = 0; i < 3; i++) {
		freshet_agentos_run *run = start();
		if (run == NULL)
			continue;
		freshet_agentos_emit(run, Z("a"), Z("{\"n\":1}"), FRESHET_AGENTOS_LEVEL_INFO);
		flush(run);
		if (freshet_agentos_task_start(run, Z("t"), NONE, &task) == FRESHET_OK)
			freshet_agentos_task_complete(run, task, Z("2"));
		freshet_agentos_emit(run, Z("b"), NONE, FRESHET_AGENTOS_LEVEL_INFO);
		act_on_run(run, DO_SPAN);
		freshet_agentos_run_complete(run, NONE);
	}
}

static const struct agentos_reply mixed[] = {
	{.path = "start", .times = 1, .status = 400},
	{.path = "events", .times = 1, .status = 500},
	{.path = "events", .times = 1, .status = 422},
	{.path = "tasks", .times = 1, .status = AGENTOS_WORLD_DROP},
	{.path = NULL},
};

static freshet_agentos_options options(void)
{
	freshet_agentos_options o = agentos_world_options();
	o.on_error = on_error;
	o.close_timeout_ms = 2000;
	return o;
}

/* Until *count is `wanted`. A turn lasts 5 ms at most: this is no clock, but notices a loop that goes on for ever. */
static void until(const unsigned *count, unsigned wanted)
{
	for (size_t turns = 0; *count < wanted; turns++) {
		assert_true(turns < 10000);
		agentos_world_turn();
	}
}

static void end_world(void)
{
	while (seen.action == DO_REACTOR && !seen.gone)
		agentos_world_turn();
	agentos_world_close(NULL);
}

static void try_pair(enum place place, enum action action)
{
	memset(&seen, 0, sizeof seen);
	seen.place = place;
	seen.action = action;
	failmem_off();
	failmem_arm(0);
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = mixed;
	freshet_agentos_options o = options();
	agentos_world_client(&o);
	work();
	until(&seen.done, 3);
	if (!seen.ending) {
		freshet_agentos_close(agentos_world.client, 0, on_closed, NULL);
		until(&seen.closed, 1);
	}
	end_world();
	assert_true(seen.acted);
	assert_int_equal(seen.done, seen.started);
	assert_int_equal(seen.flushed, seen.flushes);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static void everything_is_allowed_inside_every_callback(void **state)
{
	(void)state;
	for (int place = 0; place < PLACES; place++)
		for (int action = 0; action < ACTIONS; action++)
			try_pair((enum place)place, (enum action)action);
}

/* ---- closing ---- */

static const struct agentos_reply silent[] = {{.path = "events", .status = AGENTOS_WORLD_HANG}, {.path = NULL}};

static freshet_agentos_stats closed_with;

static void on_closed_copy(const freshet_agentos_stats *stats, void *user)
{
	on_closed(stats, user);
	closed_with = *stats;
}

static void open_plain(const struct agentos_reply *script)
{
	memset(&seen, 0, sizeof seen);
	seen.place = PLACES;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = script;
	freshet_agentos_options o = options();
	o.batch_interval_ms = 3600000;
	agentos_world_client(&o);
}

static void emit(freshet_agentos_run *run, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(freshet_agentos_emit(run, Z("x"), NONE, FRESHET_AGENTOS_LEVEL_INFO), FRESHET_OK);
}

static void a_close_sends_what_waits(void **state)
{
	freshet_agentos_run *run, *none;
	(void)state;
	open_plain(NULL);
	run = start();
	emit(run, 70);
	freshet_agentos_close(agentos_world.client, 3600000, on_closed_copy, NULL);
	freshet_agentos_close(agentos_world.client, 0, on_closed, NULL);
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, NULL, &none), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_emit(run, Z("x"), NONE, FRESHET_AGENTOS_LEVEL_INFO), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_ESTATE);
	assert_int_equal(seen.closed, 0);
	until(&seen.closed, 1);
	/* The run was not ended, and is not ended for the host. */
	assert_int_equal(seen.done, 1);
	assert_null(strstr(agentos_world_log(), "complete"));
	assert_int_equal(closed_with.sent, 70);
	assert_int_equal(closed_with.batches, 2);
	assert_int_equal(closed_with.refused_state, 3);
	assert_int_equal(closed_with.runs_ended, 0);
}

static void a_close_of_nothing_comes_on_a_later_turn(void **state)
{
	(void)state;
	open_plain(NULL);
	freshet_agentos_close(agentos_world.client, 3600000, on_closed, NULL);
	assert_int_equal(seen.closed, 0);
	until(&seen.closed, 1);
	freshet_agentos_close(NULL, 0, NULL, NULL);
	freshet_agentos_free(NULL);
}

static void a_close_ends_by_its_deadline(void **state)
{
	(void)state;
	open_plain(silent);
	freshet_agentos_run *run = start();
	emit(run, 70);
	freshet_agentos_run_complete(run, NONE);
	freshet_agentos_close(agentos_world.client, 20, on_closed_copy, NULL);
	until(&seen.closed, 1);
	assert_int_equal(seen.done, 1);
	assert_int_equal(closed_with.sent, 0);
	assert_int_equal(closed_with.dropped[FRESHET_AGENTOS_DROPPED_CLOSED], 70);
	assert_int_equal(closed_with.unclear, 50);
	assert_int_equal(closed_with.ends_failed, 1);
}

static void a_free_waits_for_nothing(void **state)
{
	(void)state;
	open_plain(silent);
	freshet_agentos_run *run = start();
	emit(run, 3);
	flush(run);
	while (agentos_world.server.requests < 2)
		agentos_world_turn();
	freshet_agentos_close(agentos_world.client, 3600000, on_closed_copy, NULL);
	freshet_agentos_free(agentos_world.client);
	freshet_agentos_free(agentos_world.client);
	assert_int_equal(seen.done, 0);
	until(&seen.closed, 1);
	assert_int_equal(seen.done, 1);
	assert_int_equal(seen.flushed, 1);
	assert_int_equal(closed_with.dropped[FRESHET_AGENTOS_DROPPED_CLOSED], 3);
	assert_int_equal(closed_with.unclear, 3);
	/* Before anything was sent, too. */
	freshet_agentos_options o = options();
	agentos_world_client(&o);
	run = start();
	emit(run, 3);
	freshet_agentos_free(agentos_world.client);
	until(&seen.done, 2);
}

static void a_reactor_takes_its_clients_along(void **state)
{
	(void)state;
	open_plain(silent);
	freshet_agentos_run *run = start();
	emit(run, 60);
	flush(run);
	while (agentos_world.server.requests < 2)
		agentos_world_turn();
	freshet_agentos_close(agentos_world.client, 3600000, on_closed_copy, NULL);
	agentos_world_close_reactor();
	assert_int_equal(seen.done, 1);
	assert_int_equal(seen.flushed, 1);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(closed_with.dropped[FRESHET_AGENTOS_DROPPED_CLOSED], 60);
}

/* ---- disabled ---- */

static void nothing_is_sent_when_it_is_disabled(void **state)
{
	freshet_agentos_options o;
	freshet_agentos_task task;
	(void)state;
	memset(&seen, 0, sizeof seen);
	seen.place = PLACES;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options_init(&o);
	o.disabled = true;
	agentos_world_client(&o);
	freshet_agentos_run *run = start();
	emit(run, 10);
	flush(run);
	assert_int_equal(freshet_agentos_task_start(run, Z("t"), NONE, &task), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_complete(run, task, NONE), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_complete(run, task, NONE), FRESHET_ESTATE);
	/* What is wrong is told all the same. */
	assert_int_equal(
		freshet_agentos_emit(run, Z("x"), Z("{"), FRESHET_AGENTOS_LEVEL_INFO), FRESHET_EJSON_TRUNCATED);
	assert_int_equal(freshet_agentos_run_id(run).len, 0);
	until(&seen.flushed, 1);
	assert_int_equal(freshet_agentos_run_id(run).len, 36);
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	until(&seen.done, 1);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.emitted, 10);
	assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_DISABLED], 10);
	assert_int_equal(stats.runs, 1);
	assert_int_equal(stats.runs_ended, 1);
	assert_int_equal(stats.tasks_sent, 2);
	assert_int_equal(stats.requests, 0);
	assert_int_equal(agentos_world.server.accepted, 0);
}

/* ---- callbacks that go on for ever ---- */

static size_t turns_so_far, first_turn;

static void flush_again(freshet_agentos_run *run, const freshet_agentos_flushed *flushed, void *user)
{
	(void)flushed;
	(void)user;
	if (seen.flushed++ == 0)
		first_turn = turns_so_far;
	if (turns_so_far < first_turn + 2)
		seen.flushes += freshet_agentos_run_flush(run, flush_again, NULL) == FRESHET_OK;
}

/* Each new flush waits for the next turn, on a run that goes well, one that is lost, and one of a disabled client. */
static void a_flush_inside_a_flush_lets_the_loop_turn(void **state)
{
	static const struct agentos_reply lost[] = {{.path = "start", .status = 400}, {.path = NULL}};
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		memset(&seen, 0, sizeof seen);
		seen.place = PLACES;
		agentos_world_open(agentos_world_answer, NULL);
		agentos_world.script = round == 1 ? lost : NULL;
		freshet_agentos_options o = options();
		o.disabled = round == 2;
		agentos_world_client(&o);
		freshet_agentos_run *run = start();
		seen.flushes += freshet_agentos_run_flush(run, flush_again, NULL) == FRESHET_OK;
		for (turns_so_far = 0; seen.flushed < seen.flushes; turns_so_far++)
			agentos_world_turn();
		assert_true(seen.flushed >= 2);
		assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
		until(&seen.done, 1);
		agentos_world_close(NULL);
	}
}

/* ---- memory ---- */

/* With the n-th allocation failing, and with `all` every later one: each call answers, each callback comes. */
static bool try_without_memory(size_t n, bool all)
{
	memset(&seen, 0, sizeof seen);
	seen.place = PLACES;
	failmem_off();
	failmem_arm(0);
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = mixed;
	freshet_agentos_options o = options();
	o.max_retries = 1;
	o.close_timeout_ms = all ? 5 : 1000;
	(all ? failmem_arm : failmem_arm_one)(n);
	freshet_err err = freshet_agentos_new(agentos_world.reactor, &o, &agentos_world.client);
	if (err == FRESHET_OK) {
		work();
		for (size_t turns = 0; seen.done < seen.started && turns < (all ? 3 : 40); turns++)
			agentos_world_turn();
		freshet_agentos_close(agentos_world.client, 0, on_closed, NULL);
		until(&seen.closed, 1);
	} else {
		assert_int_equal(err, FRESHET_ENOMEM);
		assert_null(agentos_world.client);
	}
	bool fired = failmem_fired();
	agentos_world_close(NULL);
	assert_int_equal(seen.done, seen.started);
	assert_int_equal(seen.flushed, seen.flushes);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
	return fired;
}

static void without_memory_everything_is_told_and_nothing_lost(void **state)
{
	(void)state;
	for (size_t n = 1; try_without_memory(n, false); n++)
		;
	for (size_t n = 1; try_without_memory(n, true); n += 1 + n / 16)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_allowed_inside_every_callback),
		cmocka_unit_test_teardown(a_close_sends_what_waits, agentos_world_close),
		cmocka_unit_test_teardown(a_close_of_nothing_comes_on_a_later_turn, agentos_world_close),
		cmocka_unit_test_teardown(a_close_ends_by_its_deadline, agentos_world_close),
		cmocka_unit_test_teardown(a_free_waits_for_nothing, agentos_world_close),
		cmocka_unit_test_teardown(a_reactor_takes_its_clients_along, agentos_world_close),
		cmocka_unit_test_teardown(nothing_is_sent_when_it_is_disabled, agentos_world_close),
		cmocka_unit_test(a_flush_inside_a_flush_lets_the_loop_turn),
		cmocka_unit_test(without_memory_everything_is_told_and_nothing_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
