/*
 * The loop: later turns, the one timer, and whose loop it is.
 */
#include "support/test.h"

#include "net/loop.h"

#include <event2/event.h>

struct counts {
	struct loop loop;
	int turns;
	int timers;
};

static void turn(void *owner)
{
	((struct counts *)owner)->turns++;
}

static void timer(void *owner)
{
	((struct counts *)owner)->timers++;
}

static void open_loop(struct counts *c, struct event_base *base)
{
	const struct loop_handlers handlers = {turn, timer, c};
	*c = (struct counts){.turns = 0};
	assert_int_equal(loop_init(&c->loop, base, &handlers), FRESHET_OK);
}

static void a_turn_comes_once_however_often_it_is_asked_for(void **state)
{
	(void)state;
	struct counts c;
	open_loop(&c, NULL);
	event_base_loop(c.loop.base, EVLOOP_NONBLOCK);
	assert_int_equal(c.turns, 0);
	loop_wake(&c.loop);
	loop_wake(&c.loop);
	assert_int_equal(c.turns, 0);
	event_base_loop(c.loop.base, EVLOOP_NONBLOCK);
	event_base_loop(c.loop.base, EVLOOP_NONBLOCK);
	assert_int_equal(c.turns, 1);
	loop_wake(&c.loop);
	event_base_loop(c.loop.base, EVLOOP_NONBLOCK);
	assert_int_equal(c.turns, 2);
	loop_clear(&c.loop);
}

static void the_timer_comes_at_its_time_unless_it_is_taken_off(void **state)
{
	(void)state;
	struct counts c;
	open_loop(&c, NULL);
	/* What is due comes at once. */
	loop_set_timer(&c.loop, 100, 100);
	event_base_loop(c.loop.base, EVLOOP_ONCE);
	assert_int_equal(c.timers, 1);
	/* It comes once. */
	event_base_loop(c.loop.base, EVLOOP_NONBLOCK);
	assert_int_equal(c.timers, 1);
	/* It may be set again to the same time, which is past. */
	loop_set_timer(&c.loop, 100, 200);
	event_base_loop(c.loop.base, EVLOOP_ONCE);
	assert_int_equal(c.timers, 2);
	/* Far away, moved here. */
	loop_set_timer(&c.loop, 1000000, 100);
	event_base_loop(c.loop.base, EVLOOP_NONBLOCK);
	assert_int_equal(c.timers, 2);
	loop_set_timer(&c.loop, 101, 100);
	event_base_loop(c.loop.base, EVLOOP_ONCE);
	assert_int_equal(c.timers, 3);
	/* Taken off, nothing is left that the loop waits for. */
	loop_set_timer(&c.loop, 1000000, 100);
	loop_set_timer(&c.loop, 0, 100);
	assert_int_equal(event_base_loop(c.loop.base, 0), 1);
	assert_int_equal(c.timers, 3);
	loop_clear(&c.loop);
}

static void a_loop_of_somebody_else_is_neither_run_nor_freed(void **state)
{
	(void)state;
	struct counts c;
	struct event_base *base = event_base_new();
	open_loop(&c, base);
	assert_ptr_equal(c.loop.base, base);
	assert_int_equal(loop_run(&c.loop), FRESHET_ESTATE);
	loop_stop(&c.loop);
	loop_wake(&c.loop);
	loop_set_timer(&c.loop, 1000, 1);
	loop_clear(&c.loop);
	assert_int_equal(event_base_loop(base, 0), 1);
	assert_int_equal(c.turns, 0);
	event_base_free(base);
	loop_clear(&c.loop);
}

static void stop(void *owner)
{
	struct counts *c = owner;
	c->turns++;
	loop_stop(&c->loop);
}

static void its_own_loop_runs_until_it_is_stopped(void **state)
{
	(void)state;
	struct counts c;
	open_loop(&c, NULL);
	c.loop.handlers.on_turn = stop;
	loop_set_timer(&c.loop, 1000000, 1);
	loop_wake(&c.loop);
	assert_int_equal(loop_run(&c.loop), FRESHET_OK);
	loop_wake(&c.loop);
	assert_int_equal(loop_run(&c.loop), FRESHET_OK);
	assert_int_equal(c.turns, 2);
	loop_clear(&c.loop);
}

#define ENDLESS 10000

/* Each turn asks for the next one. */
static void turn_without_end(void *owner)
{
	struct counts *c = owner;
	if (++c->turns < ENDLESS)
		loop_wake(&c->loop);
}

/* Somebody else's event on the same loop. */
struct other {
	struct counts counts;
	struct event *event;
	int seen; /* turns, when it came last */
	int most; /* between two times */
};

static void other_came(evutil_socket_t fd, short what, void *user)
{
	static const struct timeval no_time = {0, 0};
	struct other *o = user;
	int turns = o->counts.turns;
	(void)fd;
	(void)what;
	o->most = turns - o->seen > o->most ? turns - o->seen : o->most;
	o->seen = turns;
	if (turns < ENDLESS)
		event_add(o->event, &no_time);
}

/* Whoever shares the loop has a turn between ours, however many of them there are. */
static void turns_without_end_stop_nobody_else(void **state)
{
	(void)state;
	struct other o = {.event = NULL};
	open_loop(&o.counts, NULL);
	o.counts.loop.handlers.on_turn = turn_without_end;
	o.event = event_new(o.counts.loop.base, -1, 0, other_came, &o);
	assert_non_null(o.event);
	other_came(-1, 0, &o);
	loop_wake(&o.counts.loop);
	event_base_loop(o.counts.loop.base, 0);
	assert_int_equal(o.counts.turns, ENDLESS);
	assert_in_range(o.most, 1, 32);
	event_free(o.event);
	loop_clear(&o.counts.loop);
}

static void the_clock_never_goes_back_and_is_never_zero(void **state)
{
	(void)state;
	uint64_t last = loop_now_ms();
	assert_true(last > 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t now = loop_now_ms();
		assert_true(now >= last);
		last = now;
	}
	assert_true(loop_calendar_s() > 1600000000);
}

/* libevent's own allocations, of which the n-th and all later ones fail. */
static size_t left;

static void *failing_malloc(size_t size)
{
	return left > 0 && --left == 0 ? (left = 1, NULL) : malloc(size);
}

static void *failing_realloc(void *memory, size_t size)
{
	return left > 0 && --left == 0 ? (left = 1, NULL) : realloc(memory, size);
}

static void quiet(int severity, const char *text)
{
	(void)severity;
	(void)text;
}

static void without_memory_nothing_is_kept(void **state)
{
	(void)state;
	const struct loop_handlers handlers = {turn, timer, NULL};
	event_set_mem_functions(failing_malloc, failing_realloc, free);
	event_set_log_callback(quiet);
	for (size_t n = 1;; n++) {
		struct loop l;
		left = n;
		freshet_err err = loop_init(&l, NULL, &handlers);
		bool fired = left == 1;
		left = 0;
		/* libevent lives without some of it. */
		assert_true(err == FRESHET_OK || (fired && (err == FRESHET_ENOMEM || err == FRESHET_ESYSTEM)));
		loop_clear(&l);
		if (!fired)
			break;
	}
	event_set_log_callback(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_comes_once_however_often_it_is_asked_for),
		cmocka_unit_test(the_timer_comes_at_its_time_unless_it_is_taken_off),
		cmocka_unit_test(a_loop_of_somebody_else_is_neither_run_nor_freed),
		cmocka_unit_test(its_own_loop_runs_until_it_is_stopped),
		cmocka_unit_test(turns_without_end_stop_nobody_else),
		cmocka_unit_test(the_clock_never_goes_back_and_is_never_zero),
		cmocka_unit_test(without_memory_nothing_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
