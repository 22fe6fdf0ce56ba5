/*
 * The clock: a 4-ary heap of alarms, earliest first, and one timer of the loop for the first of them. Alarms that are
 * due fire in order of time; a burst of them is cut into portions so that sockets are served in between. The clock
 * passes no alarm that has not fired: however late the loop comes, each sees the time for which it was set, and what it
 * sets takes its place among the others that are due. Closing forgets all alarms: their owners are freed by whoever
 * owns them.
 */
#include "mockd/clock.h"

#include "mockd/alloc.h"

#include <event2/event.h>
#include <sys/time.h>
#include <time.h>

#define HEAP_ARITY 4u
/* Alarms fired before the loop turns again. */
#define FIRE_PORTION 2048
/* Real time that may pass at once where the clock runs faster than the real one. */
#define LEAP_MAX_US (10u * US_PER_MS)

static uint64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

/* The emulated time at which the real time is now. */
static uint64_t running_us(const struct clock *c)
{
	return (uint64_t)((double)(read_clock(CLOCK_MONOTONIC) - c->start_real_us) * c->scale);
}

uint64_t clock_now_us(const struct clock *c)
{
	if (c->manual || c->firing)
		return c->standing_us;
	uint64_t now_us = running_us(c);
	return c->count > 0 && c->heap[1].due_us < now_us ? c->heap[1].due_us : now_us;
}

uint64_t clock_wall_us(const struct clock *c)
{
	return c->start_wall_us + clock_now_us(c);
}

static void place(struct clock *c, size_t slot, struct alarm_slot entry)
{
	c->heap[slot] = entry;
	entry.alarm->slot = slot;
}

static void sift_up(struct clock *c, size_t slot, struct alarm_slot entry)
{
	while (slot > 1) {
		size_t parent = (slot - 2) / HEAP_ARITY + 1;
		if (c->heap[parent].due_us <= entry.due_us)
			break;
		place(c, slot, c->heap[parent]);
		slot = parent;
	}
	place(c, slot, entry);
}

static size_t earliest_child(const struct clock *c, size_t slot)
{
	size_t first = (slot - 1) * HEAP_ARITY + 2;
	size_t best = 0;
	for (size_t child = first; child < first + HEAP_ARITY && child <= c->count; child++) {
		if (best == 0 || c->heap[child].due_us < c->heap[best].due_us)
			best = child;
	}
	return best;
}

static void sift_down(struct clock *c, size_t slot, struct alarm_slot entry)
{
	size_t child;
	while ((child = earliest_child(c, slot)) != 0 && c->heap[child].due_us < entry.due_us) {
		place(c, slot, c->heap[child]);
		slot = child;
	}
	place(c, slot, entry);
}

/* Sets the loop's timer to the earliest alarm, unless it stands there already. */
static void arm_timer(struct clock *c)
{
	if (c->manual || c->firing)
		return;
	uint64_t due = c->count > 0 ? c->heap[1].due_us : UINT64_MAX;
	if (due == c->timer_due_us)
		return;
	c->timer_due_us = due;
	if (due == UINT64_MAX) {
		event_del(c->timer);
		return;
	}
	uint64_t now = clock_now_us(c);
	uint64_t wait_us = due > now ? (uint64_t)((double)(due - now) / c->scale) + 1 : 0;
	struct timeval wait = {(time_t)(wait_us / US_PER_S), (suseconds_t)(wait_us % US_PER_S)};
	event_add(c->timer, &wait);
}

static void unlink_slot(struct clock *c, size_t slot)
{
	c->heap[slot].alarm->slot = 0;
	struct alarm_slot last = c->heap[c->count--];
	if (slot > c->count)
		return;
	if (slot > 1 && c->heap[(slot - 2) / HEAP_ARITY + 1].due_us > last.due_us)
		sift_up(c, slot, last);
	else
		sift_down(c, slot, last);
}

static void fire_due(struct clock *c, uint64_t now_us, size_t most)
{
	c->firing = true;
	while (most-- > 0 && c->count > 0 && c->heap[1].due_us <= now_us) {
		struct alarm *alarm = c->heap[1].alarm;
		c->standing_us = c->heap[1].due_us;
		unlink_slot(c, 1);
		alarm->fire(alarm);
	}
	c->firing = false;
}

/*
 * What keeps the emulator from running, on a machine that is busy, is no time for a clock that is faster than the real
 * one: a moment would be minutes, in which no client had a chance to do anything.
 */
static void forgive_lateness(struct clock *c)
{
	uint64_t now_us = running_us(c);
	uint64_t most_us = (uint64_t)(LEAP_MAX_US * c->scale);
	if (c->scale > 1 && c->count > 0 && now_us > c->heap[1].due_us + most_us)
		c->start_real_us += (uint64_t)((double)(now_us - c->heap[1].due_us - most_us) / c->scale);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	struct clock *c = user;
	c->timer_due_us = UINT64_MAX;
	forgive_lateness(c);
	fire_due(c, running_us(c), FIRE_PORTION);
	arm_timer(c);
}

bool clock_init(struct clock *c, struct event_base *base, double scale, bool manual)
{
	*c = (struct clock){.scale = scale, .manual = manual, .timer_due_us = UINT64_MAX};
	c->start_real_us = read_clock(CLOCK_MONOTONIC);
	c->start_wall_us = read_clock(CLOCK_REALTIME);
	c->timer = event_new(base, -1, 0, on_timer, c);
	return c->timer != NULL;
}

void clock_clear(struct clock *c)
{
	if (c->timer != NULL)
		event_free(c->timer);
	free(c->heap);
	*c = (struct clock){0};
}

void clock_set(struct clock *c, struct alarm *alarm, uint64_t due_us)
{
	uint64_t now_us = clock_now_us(c);
	if (alarm->slot != 0)
		unlink_slot(c, alarm->slot);
	if (due_us < now_us)
		due_us = now_us;
	c->heap = must_grow(c->heap, &c->capacity, c->count + 2, sizeof *c->heap);
	c->count++;
	sift_up(c, c->count, (struct alarm_slot){due_us, alarm});
	arm_timer(c);
}

void clock_unset(struct clock *c, struct alarm *alarm)
{
	if (alarm->slot == 0)
		return;
	unlink_slot(c, alarm->slot);
	arm_timer(c);
}

bool clock_step(struct clock *c, uint64_t until_us)
{
	bool due = c->count > 0 && c->heap[1].due_us <= until_us;
	uint64_t next = due ? c->heap[1].due_us : until_us;
	if (next > c->standing_us)
		c->standing_us = next;
	fire_due(c, next, FIRE_PORTION);
	return due;
}
