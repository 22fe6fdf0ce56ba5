/*
 * A timer of the reactor: one call back after a time, for code that stands on the library and knows no event loop. All of
 * them lie under the one timer that the reactor has in its loop, so that a hundred thousand cost no more than their records.
 */
#ifndef FRESHET_TIMER_H
#define FRESHET_TIMER_H

#include <freshet/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_timer freshet_timer;

/*
 * The time is over; the timer is not set any more. It comes from the loop, and everything is allowed inside it: setting
 * this timer again, freeing it, closing the reactor.
 */
typedef void freshet_timer_fn(freshet_timer *timer, void *user);

/*
 * A new timer, not set. It is the caller's until freshet_timer_free, or until its reactor goes: from freshet_reactor_close
 * on no timer falls due any more and setting one does nothing, but the handle stays valid inside all callbacks that the
 * close brings, on_closed of endpoints and `dropped` of posts included, so that whoever owns it may free it there. Timers
 * that are left then are freed by the reactor before its own on_closed, without a callback. FRESHET_EINVAL (no reactor, no
 * function), FRESHET_ENOMEM, FRESHET_ESTATE (the reactor is closing); on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_timer_new(
	freshet_reactor *reactor, freshet_timer_fn *fn, void *user, freshet_timer **out);

/*
 * Has the function called once, in `after_ms`; with 0 on a later turn of the loop. A timer that is set already is moved.
 * UINT64_MAX is never: as freshet_timer_clear. While one is set freshet_reactor_run goes on. Cannot fail.
 */
FRESHET_API void freshet_timer_set(freshet_timer *timer, uint64_t after_ms);

/* The function is not called any more until the timer is set again; harmless when it is not set. */
FRESHET_API void freshet_timer_clear(freshet_timer *timer);

/* The function is still to be called. False inside of it, until the timer is set again. */
FRESHET_API bool freshet_timer_is_set(const freshet_timer *timer);

/* Gives the timer back at once, its own callback included; the function is not called any more. NULL is fine. */
FRESHET_API void freshet_timer_free(freshet_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
