/*
 * The emulated clock: alarms fire in order of time, each once, whatever is set, moved and unset in between, and however
 * late the loop comes to them.
 */
#include "support/test.h"

#include "mockd/clock.h"
#include "mockd/random.h"

#include <event2/event.h>

#define ALARMS 500

static struct clock clock_under_test;
static struct random dice = {1};

struct timed {
	struct alarm alarm;
	uint64_t due; /* 0: not set */
	unsigned fired;
};

static struct timed timed[ALARMS];
static uint64_t last_fired;

static void on_fire(struct alarm *alarm)
{
	struct timed *t = (struct timed *)(void *)alarm;
	assert_false(alarm_is_set(alarm));
	assert_int_equal(t->due, clock_now_us(&clock_under_test));
	assert_true(t->due >= last_fired);
	last_fired = t->due;
	t->due = 0;
	t->fired++;
}

static uint64_t earliest(void)
{
	uint64_t best = UINT64_MAX;
	for (size_t i = 0; i < ALARMS; i++)
		best = timed[i].due != 0 && timed[i].due < best ? timed[i].due : best;
	return best;
}

static void change_one(void)
{
	struct timed *t = &timed[random_below(&dice, ALARMS)];
	if (random_below(&dice, 4) == 0) {
		clock_unset(&clock_under_test, &t->alarm);
		t->due = 0;
		return;
	}
	t->due = clock_now_us(&clock_under_test) + random_between(&dice, 1, 1000);
	clock_set(&clock_under_test, &t->alarm, t->due);
	assert_int_equal(clock_due_us(&clock_under_test, &t->alarm), t->due);
	assert_true(clock_next_us(&clock_under_test) == earliest());
}

static void alarms_fire_in_order(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	assert_true(clock_init(&clock_under_test, base, 1, true));
	for (size_t i = 0; i < ALARMS; i++)
		timed[i].alarm.fire = on_fire;
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < 20; i++)
			change_one();
		uint64_t until = clock_now_us(&clock_under_test) + random_between(&dice, 1, 100);
		while (clock_step(&clock_under_test, until))
			;
		assert_int_equal(clock_now_us(&clock_under_test), until);
		assert_true(earliest() > until);
	}
	unsigned fired = 0;
	for (size_t i = 0; i < ALARMS; i++)
		fired += timed[i].fired;
	assert_true(fired > 1000);
	clock_clear(&clock_under_test);
	event_base_free(base);
}

static unsigned rings;

static void ring_again(struct alarm *alarm)
{
	if (++rings < 10)
		clock_set(&clock_under_test, alarm, clock_now_us(&clock_under_test));
}

static void an_alarm_may_set_itself_again(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct alarm alarm = {.fire = ring_again};
	assert_true(clock_init(&clock_under_test, base, 1, true));
	clock_set(&clock_under_test, &alarm, 5);
	while (clock_step(&clock_under_test, 5))
		;
	assert_int_equal(rings, 10);
	clock_clear(&clock_under_test);
	event_base_free(base);
}

static void stop_loop(struct alarm *alarm)
{
	(void)alarm;
	rings++;
}

static void a_scaled_clock_runs_by_itself(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct alarm near = {.fire = stop_loop}, far = {.fire = stop_loop};
	rings = 0;
	assert_true(clock_init(&clock_under_test, base, 10000, false));
	uint64_t begin = clock_now_us(&clock_under_test);
	/* An hour would be a long wait. */
	clock_set(&clock_under_test, &far, begin + 3600u * US_PER_S);
	clock_set(&clock_under_test, &near, begin + 60u * US_PER_S);
	while (rings == 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_false(alarm_is_set(&near));
	assert_true(clock_now_us(&clock_under_test) >= begin + 60u * US_PER_S);
	clock_unset(&clock_under_test, &far);
	clock_unset(&clock_under_test, &far);
	clock_clear(&clock_under_test);
	event_base_free(base);
}

/* Says who rang, and rings again a second later, some times. */
struct bell {
	struct alarm alarm;
	char name;
	unsigned again;
};

static char order[32];

static void ring(struct alarm *alarm)
{
	struct bell *b = (struct bell *)(void *)alarm;
	order[strlen(order)] = b->name;
	if (b->again-- > 0)
		clock_set(&clock_under_test, alarm, clock_now_us(&clock_under_test) + US_PER_S);
}

static struct event_base *open_scaled(double scale)
{
	struct event_base *base = event_base_new();
	assert_true(clock_init(&clock_under_test, base, scale, false));
	memset(order, 0, sizeof order);
	return base;
}

/* The loop is kept from turning for so long, and finds its timer due. */
static void stall(uint64_t real_us)
{
	clock_under_test.start_real_us -= real_us;
	event_active(clock_under_test.timer, EV_TIMEOUT, 0);
}

/* However late it is, what an alarm sets in turn has its place among those that are due. */
static void a_late_loop_changes_no_order(void **state)
{
	(void)state;
	struct event_base *base = open_scaled(1);
	struct bell often = {{.fire = ring}, 'a', 3}, once = {{.fire = ring}, 'b', 0};
	uint64_t begin = clock_now_us(&clock_under_test);
	clock_set(&clock_under_test, &often.alarm, begin + 1000 * (uint64_t)US_PER_S);
	clock_set(&clock_under_test, &once.alarm, begin + 1002 * (uint64_t)US_PER_S + US_PER_S / 2);
	stall(1100 * (uint64_t)US_PER_S);
	/* What comes by a socket before they are fired is told no time at which they would have been. */
	assert_int_equal(clock_now_us(&clock_under_test), begin + 1000 * (uint64_t)US_PER_S);
	/* What is set for a time that is past has the time at which it is set. */
	struct bell past = {{.fire = ring}, 'c', 0};
	clock_set(&clock_under_test, &past.alarm, begin);
	assert_int_equal(clock_due_us(&clock_under_test, &past.alarm), begin + 1000 * (uint64_t)US_PER_S);
	clock_unset(&clock_under_test, &past.alarm);
	while (strlen(order) < 5)
		event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(order, "aaaba");
	/* All of it has passed: at this speed nothing is forgiven. */
	assert_true(clock_now_us(&clock_under_test) >= begin + 1100 * (uint64_t)US_PER_S);
	clock_clear(&clock_under_test);
	event_base_free(base);
}

/* An hour in which a fast clock's loop did not turn is none to it: who was to have a minute still has one. */
static void a_fast_clock_does_not_leap(void **state)
{
	(void)state;
	const uint64_t hour_us = 3600 * (uint64_t)US_PER_S;
	struct event_base *base = open_scaled(2);
	struct bell first = {{.fire = ring}, 'a', 0}, later = {{.fire = ring}, 'b', 0};
	uint64_t begin = clock_now_us(&clock_under_test);
	clock_set(&clock_under_test, &first.alarm, begin + 1);
	clock_set(&clock_under_test, &later.alarm, begin + hour_us);
	stall(hour_us);
	while (order[0] == '\0')
		event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(order, "a");
	assert_true(clock_now_us(&clock_under_test) < begin + hour_us);
	assert_true(alarm_is_set(&later.alarm));
	clock_clear(&clock_under_test);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alarms_fire_in_order),
		cmocka_unit_test(an_alarm_may_set_itself_again),
		cmocka_unit_test(a_scaled_clock_runs_by_itself),
		cmocka_unit_test(a_late_loop_changes_no_order),
		cmocka_unit_test(a_fast_clock_does_not_leap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
