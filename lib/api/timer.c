/*
 * Exported calls of timers: arguments checked, one call down.
 */
#include <freshet/timer.h>

#include "reactor/timer.h"

freshet_err freshet_timer_new(freshet_reactor *reactor, freshet_timer_fn *fn, void *user, freshet_timer **out)
{
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	if (reactor == NULL || fn == NULL)
		return FRESHET_EINVAL;
	return timer_new(reactor, fn, user, out);
}

void freshet_timer_set(freshet_timer *timer, uint64_t after_ms)
{
	timer_set(timer, after_ms);
}

void freshet_timer_clear(freshet_timer *timer)
{
	timer_clear(timer);
}

bool freshet_timer_is_set(const freshet_timer *timer)
{
	return timer->at_ms != UINT64_MAX;
}

void freshet_timer_free(freshet_timer *timer)
{
	if (timer != NULL)
		timer_free(timer);
}
