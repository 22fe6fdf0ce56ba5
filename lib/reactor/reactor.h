/*
 * The reactor inside: what all of its parts share. Entering and leaving, later turns, deadlines.
 */
#ifndef REACTOR_REACTOR_H
#define REACTOR_REACTOR_H

#include "base/bytes.h"
#include "base/deadline.h"
#include "base/list.h"
#include "base/random.h"
#include "base/wire.h"
#include "net/loop.h"
#include "net/post.h"

#include <freshet/reactor.h>

/* Work for a later turn: in a list of the reactor, once however often it is asked for. */
struct task {
	struct list node;
	void (*run)(struct task *task);
};

/* What kind of object a deadline belongs to (struct deadline, kind). */
enum due_kind { DUE_STREAM, DUE_REQUEST, DUE_CONN, DUE_ENDPOINT, DUE_TIMER };

struct freshet_reactor {
	struct loop loop;
	uint64_t (*clock)(void); /* loop_now_ms; tests put their own here */
	uint64_t now_ms;         /* of the present entry from the loop */
	struct random random;
	struct deadline_heap deadlines;
	size_t deadline_places; /* reserved: one for each object that may have a deadline */
	struct list endpoints;
	struct list tasks;
	struct list dirty; /* connections that have something to send */
	struct list timers;
	struct list due_timers; /* those of them that are to be called */
	struct wire_queue queue;
	/* Scratch of the whole reactor, so that a connection needs none. */
	uint8_t *read_buf;
	uint8_t *plain_buf;
	size_t read_size;
	size_t read_budget;
	struct bytes out;
	struct bytes cipher;
	struct bytes path;
	freshet_header *fields;
	size_t fields_capacity;
	char *dns_server;
	struct letter_box letters;
	bool has_letters;          /* the box is open: option `posts` */
	freshet_counters counters; /* its own, and those of endpoints that are gone: counters.h */
	size_t live;               /* streams and requests whose last callback is still to come; timers that are set */
	unsigned depth;            /* of calls into user code, and of the reactor's own entries */
	bool closing;
	bool closed;  /* nothing is left but the reactor itself */
	bool running; /* freshet_reactor_run */
	void (*on_closed)(void *user);
	void *closed_user;
};

/* Plaintext that is decrypted at once. */
#define PLAIN_BUF_SIZE ((size_t)64 * 1024)

/* Every entry from the loop lies between these two: the time is read, and at the end output and the timer are settled. */
void reactor_enter(freshet_reactor *r);
void reactor_leave(freshet_reactor *r);

/* Calls that come from outside of an entry look at the clock themselves. */
void reactor_look_at_clock(freshet_reactor *r);

void task_init(struct task *task, void (*run)(struct task *task));
void reactor_defer(freshet_reactor *r, struct task *task);

/* One more object that may have a deadline, or one less. False when there is no memory. */
bool reactor_reserve_deadline(freshet_reactor *r);
void reactor_release_deadline(freshet_reactor *r, struct deadline *d);

/* Sets the deadline to the given time unless it stands earlier: then it is judged anew when that falls due. */
void reactor_due_by(freshet_reactor *r, struct deadline *d, uint64_t at_ms);

/* A part of what keeps freshet_reactor_run running is over, at any time: when it was the last, a later turn stops it. */
void reactor_has_less_to_do(freshet_reactor *r);

/* a + b without overflow: times that mean "never" stay so. */
static inline uint64_t time_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

freshet_err reactor_new(const freshet_reactor_options *options, freshet_reactor **out);
void reactor_close(freshet_reactor *r, void (*on_closed)(void *user), void *user);
void reactor_free(freshet_reactor *r);
freshet_err reactor_run(freshet_reactor *r);
freshet_err reactor_post(freshet_reactor *r, const struct letter *letter);

#endif
