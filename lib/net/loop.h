/*
 * The loop: libevent's event base with the three things that the reactor needs of it: a later turn, one timer, the time.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <freshet/error.h>
#include <freshet/types.h>

struct event;
struct event_base;
struct resolver;

/* Whom the loop wakes. */
struct loop_handlers {
	void (*on_turn)(void *owner);
	void (*on_timer)(void *owner);
	void *owner;
};

struct loop {
	struct event_base *base;
	struct resolver *resolver; /* made when the first name is looked up */
	const char *dns_server;    /* NULL: the system's */
	struct event *turn;
	struct event *timer;
	struct loop_handlers handlers;
	uint64_t timer_at_ms; /* 0: not set */
	unsigned turns_in_a_row;
	bool turn_waits; /* the next turn comes when sockets and timers have been looked at */
	bool owns_base;
};

/* `base` NULL makes one. FRESHET_ENOMEM, FRESHET_ESYSTEM; on failure nothing is kept. */
freshet_err loop_init(struct loop *l, struct event_base *base, const struct loop_handlers *handlers);

/*
 * Gives everything back; an own base must not be running. Another's base that is freed without one more turn takes the
 * memory of cancelled lookups with it.
 */
void loop_clear(struct loop *l);

/* on_turn comes soon, from the loop; once however often it is asked for. */
void loop_wake(struct loop *l);

/* on_timer comes at that time of loop_now_ms; 0 takes the timer off. */
void loop_set_timer(struct loop *l, uint64_t at_ms, uint64_t now_ms);

/* A monotonic clock in milliseconds, never 0. */
uint64_t loop_now_ms(void);

/* The time of the calendar in seconds, for HTTP-dates. */
int64_t loop_calendar_s(void);

freshet_err loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
