#include "net/loop.h"

#include "net/address.h"

#include <event2/event.h>
#include <time.h>

/*
 * libevent runs what is activated meanwhile before it looks at sockets and timers again: after so many turns the next one
 * waits until it has, or work that makes work would stop everybody else.
 */
#define TURNS_IN_A_ROW 16

static void turn_came(evutil_socket_t fd, short what, void *user)
{
	struct loop *l = user;
	(void)fd;
	(void)what;
	l->turns_in_a_row = l->turn_waits ? 0 : l->turns_in_a_row + 1;
	l->turn_waits = false;
	l->handlers.on_turn(l->handlers.owner);
}

static void timer_came(evutil_socket_t fd, short what, void *user)
{
	struct loop *l = user;
	(void)fd;
	(void)what;
	l->timer_at_ms = 0;
	l->handlers.on_timer(l->handlers.owner);
}

freshet_err loop_init(struct loop *l, struct event_base *base, const struct loop_handlers *handlers)
{
	*l = (struct loop){.base = base, .handlers = *handlers, .owns_base = base == NULL};
	if (base == NULL)
		l->base = event_base_new();
	if (l->base == NULL)
		return FRESHET_ESYSTEM;
	l->turn = event_new(l->base, -1, 0, turn_came, l);
	l->timer = event_new(l->base, -1, 0, timer_came, l);
	if (l->turn != NULL && l->timer != NULL)
		return FRESHET_OK;
	loop_clear(l);
	return FRESHET_ENOMEM;
}

void loop_clear(struct loop *l)
{
	if (l->turn != NULL)
		event_free(l->turn);
	if (l->timer != NULL)
		event_free(l->timer);
	l->turn = l->timer = NULL;
	/* libevent lets go of cancelled lookups. */
	if (l->owns_base && !address_idle(l))
		event_base_loop(l->base, EVLOOP_NONBLOCK);
	address_forget(l);
	if (l->owns_base && l->base != NULL)
		event_base_free(l->base);
	*l = (struct loop){0};
}

void loop_wake(struct loop *l)
{
	static const struct timeval no_time = {0, 0};
	if (l->turn == NULL || l->turn_waits)
		return;
	if (l->turns_in_a_row >= TURNS_IN_A_ROW)
		l->turn_waits = event_add(l->turn, &no_time) == 0;
	if (!l->turn_waits)
		event_active(l->turn, EV_TIMEOUT, 0);
}

void loop_set_timer(struct loop *l, uint64_t at_ms, uint64_t now_ms)
{
	if (at_ms == l->timer_at_ms)
		return;
	l->timer_at_ms = at_ms;
	if (at_ms == 0) {
		event_del(l->timer);
		return;
	}
	uint64_t pause = at_ms > now_ms ? at_ms - now_ms : 0;
	struct timeval tv = {(time_t)(pause / 1000), (suseconds_t)(pause % 1000 * 1000)};
	event_add(l->timer, &tv);
}

uint64_t loop_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

int64_t loop_calendar_s(void)
{
	return (int64_t)time(NULL);
}

freshet_err loop_run(struct loop *l)
{
	if (!l->owns_base)
		return FRESHET_ESTATE;
	return event_base_loop(l->base, 0) < 0 ? FRESHET_ESYSTEM : FRESHET_OK;
}

void loop_stop(struct loop *l)
{
	if (l->owns_base)
		event_base_loopbreak(l->base);
}
