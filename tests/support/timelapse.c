#include "support/timelapse.h"
#include "support/test.h"

#include "reactor/reactor.h"

/* Skipped time per real one that a skip waits for. */
#define SPEED 100

/* Real time for which a turn waits when nothing is due. */
#define NOTHING_DUE_US 5000

/* The longest such wait: whatever the system carries from one socket to the other is there by then. */
#define LONGEST_US 20000

/* Waits are of whole milliseconds: a shorter one than this is none. */
#define SHORTEST_US 500

#define US_PER_SECOND 1000000

static struct {
	struct event_base *base;
	struct mockd *mockd;
	freshet_reactor *reactor;
	struct event *pause;
	double scale;
	uint64_t start_us;
	uint64_t now_us;
	bool paused; /* to the end: nothing else happened */
} lapse;

static uint64_t lapse_clock(void)
{
	return lapse.now_us / 1000;
}

static void on_pause(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
	lapse.paused = true;
}

void timelapse_begin(struct event_base *base, struct mockd *mockd, double scale)
{
	memset(&lapse, 0, sizeof lapse);
	lapse.base = base;
	lapse.mockd = mockd;
	lapse.scale = scale;
	lapse.start_us = lapse.now_us = (uint64_t)1000 * US_PER_SECOND;
	lapse.pause = event_new(base, -1, 0, on_pause, NULL);
	assert_non_null(lapse.pause);
}

void timelapse_reactor(freshet_reactor *reactor)
{
	lapse.reactor = reactor;
	if (reactor == NULL)
		return;
	reactor->clock = lapse_clock;
	reactor->now_ms = lapse_clock();
}

void timelapse_end(void)
{
	event_free(lapse.pause);
	memset(&lapse, 0, sizeof lapse);
}

/* True if anything happened. The reactor's timer is for a loop whose time runs by itself. */
static bool turn(int flags)
{
	if (lapse.reactor != NULL)
		event_del(lapse.reactor->loop.timer);
	event_base_get_max_events(lapse.base, EVENT_BASE_COUNT_ACTIVE, 1);
	/* A test that failed inside a callback has left the loop running: nothing can be cleared away any more. */
	if (event_base_loop(lapse.base, flags) < 0) {
		fprintf(stderr, "the loop does not turn any more\n");
		exit(EXIT_FAILURE);
	}
	return event_base_get_max_events(lapse.base, EVENT_BASE_COUNT_ACTIVE, 0) > 0;
}

/* True if nothing happened in all that time. */
static bool stays_quiet(uint64_t real_us)
{
	const struct timeval wait = {(time_t)(real_us / US_PER_SECOND), (suseconds_t)(real_us % US_PER_SECOND)};
	if (real_us < SHORTEST_US)
		return true;
	lapse.paused = false;
	event_add(lapse.pause, &wait);
	turn(EVLOOP_ONCE);
	event_del(lapse.pause);
	return lapse.paused;
}

static uint64_t emulator_due_us(void)
{
	uint64_t due_ms = lapse.mockd != NULL ? mockd_due_ms(lapse.mockd) : UINT64_MAX;
	return due_ms == UINT64_MAX ? UINT64_MAX : lapse.start_us + (uint64_t)((double)due_ms * 1000 / lapse.scale) + 1;
}

static uint64_t reactor_due_us(void)
{
	const struct deadline *first = lapse.reactor != NULL ? deadline_first(&lapse.reactor->deadlines) : NULL;
	return first == NULL || first->at_ms > UINT64_MAX / 1000 ? UINT64_MAX : first->at_ms * 1000;
}

static void move_emulator(void)
{
	double elapsed_ms = (double)(lapse.now_us - lapse.start_us) * lapse.scale / 1000;
	uint64_t until_ms = (uint64_t)elapsed_ms + 1;
	uint64_t now_ms = mockd_now_ms(lapse.mockd);
	mockd_advance(lapse.mockd, until_ms > now_ms ? until_ms - now_ms : 0);
}

void timelapse_turn(void)
{
	if (turn(EVLOOP_ONCE | EVLOOP_NONBLOCK))
		return;
	uint64_t emulator_us = emulator_due_us();
	uint64_t reactor_us = reactor_due_us();
	uint64_t next_us = emulator_us < reactor_us ? emulator_us : reactor_us;
	if (next_us == UINT64_MAX) {
		stays_quiet(NOTHING_DUE_US);
		return;
	}
	if (next_us > lapse.now_us) {
		uint64_t wait_us = (next_us - lapse.now_us) / SPEED;
		if (!stays_quiet(wait_us < LONGEST_US ? wait_us : LONGEST_US))
			return;
		lapse.now_us = next_us;
	}
	if (emulator_us <= lapse.now_us)
		move_emulator();
	if (reactor_us <= lapse.now_us && lapse.reactor != NULL)
		lapse.reactor->loop.handlers.on_timer(lapse.reactor->loop.handlers.owner);
}
