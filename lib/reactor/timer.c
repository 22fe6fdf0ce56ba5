/*
 * Timers of callers.
 *
 * Happy path: a timer that is set has a deadline in the reactor's heap. When that falls due the timer joins the list of
 * those that are to be called, and leaves it when it is called, once all deadlines of that moment are known: so one that
 * sets itself again with no pause at all cannot hold the loop.
 *
 * A timer that is moved to a later time leaves its deadline where it is, to be judged anew when it falls due: moving one
 * with every event costs a store. A timer has no later turn of its own, which is why it can be freed at once: whoever
 * walks over timers takes each one off its list before it is called.
 */
#include "reactor/timer.h"

#include "base/mem.h"
#include "reactor/door.h"

freshet_err timer_new(freshet_reactor *r, freshet_timer_fn *fn, void *user, freshet_timer **out)
{
	if (r->closing)
		return FRESHET_ESTATE;
	freshet_timer *t = mem_zalloc(sizeof *t);
	if (t == NULL || !reactor_reserve_deadline(r)) {
		mem_free(t);
		return FRESHET_ENOMEM;
	}
	t->reactor = r;
	t->fn = fn;
	t->user = user;
	t->at_ms = UINT64_MAX;
	t->deadline.kind = DUE_TIMER;
	list_init(&t->due);
	list_push_back(&r->timers, &t->in_reactor);
	*out = t;
	return FRESHET_OK;
}

/* Marks it as not set. */
static void unset(freshet_timer *t)
{
	if (t->at_ms == UINT64_MAX)
		return;
	t->at_ms = UINT64_MAX;
	list_remove(&t->due);
	reactor_has_less_to_do(t->reactor);
}

void timer_clear(freshet_timer *t)
{
	unset(t);
	deadline_clear(&t->reactor->deadlines, &t->deadline);
}

void timer_set(freshet_timer *t, uint64_t after_ms)
{
	freshet_reactor *r = t->reactor;
	reactor_look_at_clock(r);
	uint64_t at_ms = time_add(r->now_ms, after_ms);
	if (at_ms == UINT64_MAX || r->closing) {
		timer_clear(t);
		return;
	}
	r->live += t->at_ms == UINT64_MAX;
	t->at_ms = at_ms;
	list_remove(&t->due);
	reactor_due_by(r, &t->deadline, at_ms);
}

void timer_free(freshet_timer *t)
{
	timer_clear(t);
	list_remove(&t->in_reactor);
	reactor_release_deadline(t->reactor, &t->deadline);
	mem_free(t);
}

void timer_due(freshet_timer *t)
{
	if (t->reactor->now_ms < t->at_ms)
		reactor_due_by(t->reactor, &t->deadline, t->at_ms);
	else
		list_push_back(&t->reactor->due_timers, &t->due);
}

void timers_run_due(freshet_reactor *r)
{
	struct list now;
	list_init(&now);
	list_splice(&now, &r->due_timers);
	for (struct list *node = list_pop_front(&now); node != NULL; node = list_pop_front(&now)) {
		freshet_timer *t = container_of(node, freshet_timer, due);
		unset(t);
		door_timer(t);
	}
}

void timers_clear(freshet_reactor *r)
{
	list_each (node, &r->timers)
		timer_clear(container_of(node, freshet_timer, in_reactor));
}

void timers_free(freshet_reactor *r)
{
	list_each_safe (node, after, &r->timers)
		timer_free(container_of(node, freshet_timer, in_reactor));
}
