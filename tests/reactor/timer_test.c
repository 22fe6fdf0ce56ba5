/*
 * Timers: each call comes once, at its time and from the loop; they may be moved, cleared and freed anywhere; many of them
 * are held against a plain list; they keep a loop running and go with their reactor.
 */
#include "support/failmem.h"
#include "support/stage.h"
#include "support/test.h"

#include "reactor/reactor.h"

#include <event2/event.h>

struct alarm {
	struct stage *g;
	freshet_timer *timer;
	unsigned rings;
	uint64_t last_ms;
	void (*hook)(struct alarm *a);
	struct alarm *other; /* the hook's */
};

static void ring(freshet_timer *timer, void *user)
{
	struct alarm *a = user;
	assert_ptr_equal(timer, a->timer);
	assert_false(freshet_timer_is_set(timer));
	a->rings++;
	a->last_ms = stage_now();
	if (a->hook != NULL)
		a->hook(a);
}

static void alarm_new(struct alarm *a, struct stage *g)
{
	*a = (struct alarm){.g = g};
	assert_int_equal(freshet_timer_new(g->reactor, ring, a, &a->timer), FRESHET_OK);
	assert_false(freshet_timer_is_set(a->timer));
}

static void it_comes_once_at_its_time(void **state)
{
	(void)state;
	struct stage g;
	struct alarm a;
	stage_open(&g, NULL);
	alarm_new(&a, &g);
	freshet_timer_set(a.timer, 500);
	assert_true(freshet_timer_is_set(a.timer));
	stage_advance(&g, 499);
	assert_int_equal(a.rings, 0);
	stage_advance(&g, 1);
	assert_int_equal(a.rings, 1);
	assert_false(freshet_timer_is_set(a.timer));
	stage_advance(&g, 10000);
	assert_int_equal(a.rings, 1);
	/* And again. */
	freshet_timer_set(a.timer, 1);
	stage_advance(&g, 1);
	assert_int_equal(a.rings, 2);
	freshet_timer_free(a.timer);
	freshet_timer_free(NULL);
	stage_close(&g);
}

static void with_no_pause_it_still_comes_from_the_loop(void **state)
{
	(void)state;
	struct stage g;
	struct alarm a;
	stage_open(&g, NULL);
	alarm_new(&a, &g);
	freshet_timer_set(a.timer, 0);
	assert_int_equal(a.rings, 0);
	stage_advance(&g, 0);
	assert_int_equal(a.rings, 1);
	stage_close(&g);
}

static void it_is_moved_both_ways(void **state)
{
	(void)state;
	struct stage g;
	struct alarm a;
	stage_open(&g, NULL);
	alarm_new(&a, &g);
	uint64_t begin = stage_now();
	freshet_timer_set(a.timer, 100);
	freshet_timer_set(a.timer, 900);
	stage_advance(&g, 899);
	assert_int_equal(a.rings, 0);
	freshet_timer_set(a.timer, 50);
	freshet_timer_set(a.timer, 7);
	stage_advance(&g, 1000);
	assert_int_equal(a.rings, 1);
	assert_int_equal(a.last_ms, begin + 899 + 7);
	stage_close(&g);
}

static void a_cleared_one_does_not_come(void **state)
{
	(void)state;
	struct stage g;
	struct alarm a;
	stage_open(&g, NULL);
	alarm_new(&a, &g);
	freshet_timer_clear(a.timer);
	freshet_timer_set(a.timer, 5);
	freshet_timer_clear(a.timer);
	freshet_timer_clear(a.timer);
	assert_false(freshet_timer_is_set(a.timer));
	stage_advance(&g, 1000);
	/* Never is the same, also for a time so far away that it cannot be told. */
	freshet_timer_set(a.timer, 5);
	freshet_timer_set(a.timer, UINT64_MAX);
	assert_false(freshet_timer_is_set(a.timer));
	freshet_timer_set(a.timer, 5);
	freshet_timer_set(a.timer, UINT64_MAX - 5);
	assert_false(freshet_timer_is_set(a.timer));
	stage_advance(&g, 1000);
	assert_int_equal(a.rings, 0);
	freshet_timer_set(a.timer, 5);
	stage_advance(&g, 5);
	assert_int_equal(a.rings, 1);
	stage_close(&g);
}

static void ring_at_once(struct alarm *a)
{
	if (a->rings < 5)
		freshet_timer_set(a->timer, 0);
}

/* One that sets itself again without a pause comes in five turns, not in one: others have theirs in between. */
static void it_cannot_hold_the_loop(void **state)
{
	(void)state;
	struct stage g;
	struct alarm a;
	stage_open(&g, NULL);
	alarm_new(&a, &g);
	a.hook = ring_at_once;
	freshet_timer_set(a.timer, 0);
	for (unsigned turn = 1; turn <= 6; turn++) {
		g.reactor->loop.handlers.on_timer(g.reactor->loop.handlers.owner);
		assert_int_equal(a.rings, turn < 5 ? turn : 5);
	}
	stage_close(&g);
}

static void free_both(struct alarm *a)
{
	freshet_timer_free(a->other->timer);
	freshet_timer_free(a->timer);
}

static void clear_other(struct alarm *a)
{
	assert_true(freshet_timer_is_set(a->other->timer));
	freshet_timer_clear(a->other->timer);
}

static void move_other(struct alarm *a)
{
	freshet_timer_set(a->other->timer, 10);
}

static void close_reactor(struct alarm *a)
{
	freshet_reactor_close(a->g->reactor, stage_on_closed, a->g);
	assert_false(freshet_timer_is_set(a->other->timer));
	freshet_timer_set(a->other->timer, 0);
	freshet_timer_set(a->timer, 0);
	assert_false(freshet_timer_is_set(a->timer));
	freshet_timer *late;
	assert_int_equal(freshet_timer_new(a->g->reactor, ring, a, &late), FRESHET_ESTATE);
	assert_null(late);
}

static void free_reactor(struct alarm *a)
{
	close_reactor(a);
	freshet_reactor_free(a->g->reactor);
}

/* Two fall due at the same moment: whichever is called first decides about the other. */
static void one_that_is_due_hears_of_what_another_does(void **state)
{
	(void)state;
	static void (*const hooks[])(struct alarm *) = {
		free_both, clear_other, move_other, close_reactor, free_reactor};
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
		struct stage g;
		struct alarm a, b;
		stage_open(&g, NULL);
		alarm_new(&a, &g);
		alarm_new(&b, &g);
		a.other = &b;
		b.other = &a;
		a.hook = b.hook = hooks[i];
		freshet_timer_set(a.timer, 100);
		freshet_timer_set(b.timer, 100);
		stage_advance(&g, 100);
		assert_int_equal(a.rings + b.rings, 1);
		a.hook = b.hook = NULL;
		if (g.reactor != NULL)
			stage_advance(&g, 10);
		assert_int_equal(a.rings + b.rings, hooks[i] == move_other ? 2 : 1);
		stage_close(&g);
	}
}

#define MANY 300

/* The model: each timer has a time, or none; at every millisecond just those whose time it is are called. */
static void many_of_them_keep_their_times(void **state)
{
	(void)state;
	struct stage g;
	static struct alarm alarms[MANY];
	static uint64_t expected_ms[MANY];
	uint64_t seed = 7;
	stage_open(&g, NULL);
	memset(expected_ms, 0, sizeof expected_ms);
	for (size_t i = 0; i < MANY; i++)
		alarm_new(&alarms[i], &g);
	for (unsigned step = 0; step < 1500; step++) {
		for (unsigned k = 0; k < 3; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			size_t i = (size_t)(seed >> 33) % MANY;
			uint64_t after_ms = 1 + (seed >> 50) % 60;
			switch ((seed >> 40) % 8) {
			case 0:
				freshet_timer_clear(alarms[i].timer);
				expected_ms[i] = 0;
				break;
			case 1:
				freshet_timer_free(alarms[i].timer);
				alarm_new(&alarms[i], &g);
				expected_ms[i] = 0;
				break;
			default: freshet_timer_set(alarms[i].timer, after_ms); expected_ms[i] = stage_now() + after_ms;
			}
		}
		stage_advance(&g, 1);
		for (size_t i = 0; i < MANY; i++) {
			bool now = expected_ms[i] == stage_now();
			assert_int_equal(alarms[i].rings, now ? 1 : 0);
			expected_ms[i] = now ? 0 : expected_ms[i];
			alarms[i].rings = 0;
			assert_int_equal(freshet_timer_is_set(alarms[i].timer), expected_ms[i] != 0);
		}
	}
	stage_close(&g);
}

static void what_is_not_valid_is_refused(void **state)
{
	(void)state;
	struct stage g;
	freshet_timer *timer = (freshet_timer *)&g;
	stage_open(&g, NULL);
	assert_int_equal(freshet_timer_new(g.reactor, ring, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_timer_new(NULL, ring, NULL, &timer), FRESHET_EINVAL);
	assert_null(timer);
	timer = (freshet_timer *)&g;
	assert_int_equal(freshet_timer_new(g.reactor, NULL, NULL, &timer), FRESHET_EINVAL);
	assert_null(timer);
	stage_close(&g);
}

static void no_memory_is_told(void **state)
{
	(void)state;
	struct stage_options o;
	stage_options_init(&o);
	o.no_counting = true;
	for (size_t n = 1;; n++) {
		struct stage g;
		freshet_timer *timers[40] = {NULL};
		size_t made = 0;
		failmem_arm(0);
		stage_open(&g, &o);
		failmem_arm(n);
		while (made < 40 && freshet_timer_new(g.reactor, ring, NULL, &timers[made]) == FRESHET_OK)
			made++;
		bool fired = failmem_fired();
		assert_int_equal(made == 40, !fired);
		assert_true(made == 40 || timers[made] == NULL);
		/* Those that were made need no memory any more. */
		for (size_t i = 0; i < made; i++)
			freshet_timer_set(timers[i], i);
		failmem_arm(0);
		freshet_timer_free(timers[0]);
		stage_close(&g);
		assert_int_equal(failmem_live(), 0);
		if (!fired)
			break;
	}
	failmem_off();
}

struct owner {
	struct alarm a;
	unsigned closed;
};

static void endpoint_closed(void *user)
{
	struct owner *o = user;
	assert_int_equal(o->a.g->closed, 0);
	assert_false(freshet_timer_is_set(o->a.timer));
	freshet_timer_free(o->a.timer);
	o->closed++;
}

/* The owner of an endpoint frees its timers when that goes; the reactor frees the others. */
static void owners_free_theirs_when_the_reactor_closes(void **state)
{
	(void)state;
	for (int freed = 0; freed < 2; freed++) {
		struct stage g;
		struct owner o = {.closed = 0};
		struct alarm left;
		freshet_endpoint *endpoint;
		freshet_endpoint_options eo;
		stage_open(&g, NULL);
		freshet_endpoint_options_init(&eo);
		eo.url = g.url;
		eo.on_closed = endpoint_closed;
		eo.user = &o;
		assert_int_equal(freshet_endpoint_new(g.reactor, &eo, &endpoint), FRESHET_OK);
		alarm_new(&o.a, &g);
		alarm_new(&left, &g);
		freshet_timer_set(o.a.timer, 10);
		freshet_timer_set(left.timer, 0);
		freshet_reactor_close(g.reactor, stage_on_closed, &g);
		if (freed)
			freshet_reactor_free(g.reactor);
		else
			stage_settle(&g);
		assert_int_equal(o.closed, 1);
		assert_int_equal(g.closed, 1);
		assert_int_equal(o.a.rings + left.rings, 0);
		assert_int_equal(failmem_live(), 0);
		stage_close(&g);
	}
}

static void free_own(struct alarm *a)
{
	freshet_timer_free(a->timer);
}

static void close_own(struct alarm *a)
{
	freshet_reactor_close(a->g->reactor, stage_on_closed, a->g);
}

static void set_thrice(struct alarm *a)
{
	if (a->rings < 3)
		freshet_timer_set(a->timer, 1);
}

static void own_loop(struct stage *g)
{
	struct stage_options o;
	stage_options_init(&o);
	o.own_loop = true;
	stage_open(g, &o);
	g->reactor->clock = loop_now_ms;
}

/* A timer that is set is work: the reactor's own loop runs until it has come. */
static void it_keeps_the_loop_running(void **state)
{
	(void)state;
	static void (*const hooks[])(struct alarm *) = {NULL, free_own, set_thrice, close_own};
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
		struct stage g;
		struct alarm a, idle;
		own_loop(&g);
		alarm_new(&idle, &g);
		/* One that is not set is none. */
		assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
		alarm_new(&a, &g);
		a.hook = hooks[i];
		freshet_timer_set(a.timer, 3);
		assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
		assert_int_equal(a.rings, hooks[i] == set_thrice ? 3 : 1);
		assert_int_equal(idle.rings, 0);
		assert_int_equal(g.closed, hooks[i] == close_own ? 1 : 0);
		stage_close(&g);
	}
}

static void clear_from_outside(evutil_socket_t fd, short what, void *user)
{
	struct alarm *a = user;
	(void)fd;
	(void)what;
	freshet_timer_clear(a->timer);
}

/* Also when somebody else on that loop takes it away: the loop does not wait for nothing. */
static void clearing_the_last_one_stops_the_loop(void **state)
{
	(void)state;
	const struct timeval soon = {0, 1000};
	struct stage g;
	struct alarm a;
	own_loop(&g);
	alarm_new(&a, &g);
	freshet_timer_set(a.timer, 3600000);
	assert_int_equal(event_base_once(g.base, -1, EV_TIMEOUT, clear_from_outside, &a, &soon), 0);
	assert_int_equal(freshet_reactor_run(g.reactor), FRESHET_OK);
	assert_int_equal(a.rings, 0);
	stage_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_once_at_its_time),
		cmocka_unit_test(with_no_pause_it_still_comes_from_the_loop),
		cmocka_unit_test(it_is_moved_both_ways),
		cmocka_unit_test(a_cleared_one_does_not_come),
		cmocka_unit_test(it_cannot_hold_the_loop),
		cmocka_unit_test(one_that_is_due_hears_of_what_another_does),
		cmocka_unit_test(many_of_them_keep_their_times),
		cmocka_unit_test(what_is_not_valid_is_refused),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(owners_free_theirs_when_the_reactor_closes),
		cmocka_unit_test(it_keeps_the_loop_running),
		cmocka_unit_test(clearing_the_last_one_stops_the_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
