/*
 * The reactor: one per thread, on the libevent loop that the caller runs, or on one of its own. It owns the endpoints,
 * connections, requests, streams and timers made on it; all of them are used from its thread only.
 */
#ifndef FRESHET_REACTOR_H
#define FRESHET_REACTOR_H

#include <freshet/counters.h>
#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base; /* libevent's; include <event2/event.h> to make one */

typedef struct freshet_reactor freshet_reactor;

/* 0 and NULL take the default. */
typedef struct freshet_reactor_options {
	size_t size; /* set by freshet_reactor_options_init */
	/* Optional: the caller's loop, never run, stopped or freed by the library; NULL makes one. */
	struct event_base *base;
	size_t read_buffer; /* bytes read from a socket at once, one buffer for all connections; default 64 KiB */
	size_t read_budget; /* bytes that one connection may read before the others have their turn; default 512 KiB */
	const char *dns_server; /* optional: "address:port" of the name server to ask, instead of the system's */
	bool posts;         /* optional: freshet_reactor_post may be called; its loop then has work until it closes */
	uint32_t max_posts; /* posted calls that wait for their turn; default 65,536 */
	uint64_t seed;      /* optional: makes backoff jitter repeatable; 0 takes the system's randomness */
} freshet_reactor_options;

FRESHET_OPTIONS_INIT(freshet_reactor_options)

/*
 * A new reactor; `options` may be NULL. FRESHET_ENOMEM, FRESHET_EINVAL, FRESHET_ESYSTEM; on failure *out is NULL and
 * nothing is kept. SIGPIPE is never raised by the library's writes.
 */
FRESHET_API freshet_err freshet_reactor_new(const freshet_reactor_options *options, freshet_reactor **out);

/*
 * Asks everything on the reactor to end: each stream and request gets its last callback with FRESHET_ECANCELED on a later
 * turn of the loop, then `on_closed` (optional) is called and the reactor is gone. Allowed inside every callback; a
 * second call does nothing. A reactor with a loop of its own is given back by the freshet_reactor_run that runs it.
 */
FRESHET_API void freshet_reactor_close(freshet_reactor *reactor, void (*on_closed)(void *user), void *user);

/*
 * The same at once, for a loop that will not run again: the last callbacks come inside this call. NULL is fine. Inside
 * a callback of the library it does what freshet_reactor_close does. Of name lookups that were under way libevent keeps
 * some memory until a loop of the caller's has turned once more; freshet_reactor_close waits for that.
 */
FRESHET_API void freshet_reactor_free(freshet_reactor *reactor);

/*
 * Runs the loop that the reactor made until no stream and no request is left and no timer is set (with the option `posts`
 * it waits for more), until freshet_reactor_stop, or until the reactor has closed: then it is gone. FRESHET_ESTATE when
 * the loop is the caller's (the caller runs it) and inside a callback.
 */
FRESHET_API freshet_err freshet_reactor_run(freshet_reactor *reactor);

/* Makes freshet_reactor_run return after the present turn. Nothing is closed; the loop may be run again. */
FRESHET_API void freshet_reactor_stop(freshet_reactor *reactor);

/*
 * Has `fn(reactor, arg)` called on the reactor's thread, on a later turn of its loop, in the order of the posts: the one
 * call that any thread may make at any time between freshet_reactor_new and the end of the reactor. The caller sees to
 * it that the reactor still lives; what was posted and has not run when the reactor goes is dropped, and `dropped`
 * (optional) is called with `arg` instead. The allocator hook must then allow several threads. It never blocks:
 * FRESHET_EPOSTS_FULL (`max_posts` wait already: the loop does not keep up, and the poster decides what to do about it),
 * FRESHET_ENOMEM, FRESHET_EINVAL, FRESHET_ESTATE (without the option `posts`, or when the reactor is closing). After any
 * of these `arg` is the caller's still.
 */
FRESHET_API freshet_err freshet_reactor_post(freshet_reactor *reactor, void (*fn)(freshet_reactor *reactor, void *arg),
	void (*dropped)(void *arg), void *arg);

/* The loop that the reactor works on. It stays with whoever made it. */
FRESHET_API struct event_base *freshet_reactor_base(const freshet_reactor *reactor);

/*
 * What all of its endpoints hold and have done, those that are gone included. `counters` has been set up by
 * freshet_counters_init. On the reactor's thread. FRESHET_EINVAL.
 */
FRESHET_API freshet_err freshet_reactor_counters_get(freshet_reactor *reactor, freshet_counters *counters);

#ifdef __cplusplus
}
#endif

#endif
