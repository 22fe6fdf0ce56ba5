/*
 * The emulated clock and its alarms. The clock runs `scale` times as fast as the real one, or only when it is advanced
 * by hand; everything in the emulator that takes time takes it from here. A million alarms cost one heap and one timer
 * of the event loop.
 */
#ifndef MOCKD_CLOCK_H
#define MOCKD_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct event_base;

#define US_PER_MS 1000u
#define US_PER_S  1000000u

/* Lives in the object that it wakes; zeroed, it is not set. It is off again when `fire` is called. */
struct alarm {
	size_t slot; /* place in the heap, counted from 1; 0: not set */
	void (*fire)(struct alarm *alarm);
};

struct alarm_slot {
	uint64_t due_us;
	struct alarm *alarm;
};

struct clock {
	struct event *timer;     /* real time at which the earliest alarm is due */
	struct alarm_slot *heap; /* four children per node; slot 0 is not used */
	size_t count;            /* alarms that are set */
	size_t capacity;         /* slots of `heap` */
	double scale;            /* emulated per real time */
	bool manual;             /* time passes only in clock_advance */
	uint64_t start_real_us;  /* monotonic time at which the clock began */
	uint64_t start_wall_us;  /* time of day, since 1970, at which it began */
	uint64_t standing_us;    /* emulated time of a manual clock, and of any while alarms are fired */
	uint64_t timer_due_us;   /* emulated time for which `timer` is set; UINT64_MAX: not set */
	bool firing;             /* alarms are being fired: the timer is set afterwards */
};

/* False when the event loop has no timer left. */
bool clock_init(struct clock *c, struct event_base *base, double scale, bool manual);

/* Alarms that are still set are forgotten, not fired. */
void clock_clear(struct clock *c);

/* Emulated microseconds since the clock began. */
uint64_t clock_now_us(const struct clock *c);

/* The emulated time of day in microseconds since 1970. */
uint64_t clock_wall_us(const struct clock *c);

/* Sets the alarm, or moves it when it is set. */
void clock_set(struct clock *c, struct alarm *alarm, uint64_t due_us);

/* Does nothing when the alarm is not set. */
void clock_unset(struct clock *c, struct alarm *alarm);

/*
 * Lets a manual clock pass to the next alarm, but not beyond `until_us`, and fires what is due then. False when it stands
 * at `until_us` and nothing was due any more.
 */
bool clock_step(struct clock *c, uint64_t until_us);

/* When the earliest alarm is due; UINT64_MAX: none is set. */
static inline uint64_t clock_next_us(const struct clock *c)
{
	return c->count > 0 ? c->heap[1].due_us : UINT64_MAX;
}

/* When a set alarm is due. */
static inline uint64_t clock_due_us(const struct clock *c, const struct alarm *alarm)
{
	return c->heap[alarm->slot].due_us;
}

static inline bool alarm_is_set(const struct alarm *alarm)
{
	return alarm->slot != 0;
}

#endif
