/*
 * The reactor: entries from the loop, later turns, and the end of everything.
 *
 * Happy path: the loop enters through a turn, the timer, or a connection. Each entry reads the clock, does its work, and
 * on leaving sends what was gathered and sets the one timer to the earliest deadline.
 *
 * Closing marks every endpoint; their ends are tasks of later turns, and when no endpoint is left the reactor itself
 * goes. reactor_free runs those turns at once.
 */
#include "reactor/reactor.h"

#include "base/check.h"
#include "base/mem.h"
#include "net/address.h"
#include "reactor/conn.h"
#include "reactor/door.h"
#include "reactor/endpoint.h"
#include "reactor/request.h"
#include "reactor/stream.h"
#include "reactor/timer.h"

#define DEFAULT_READ_SIZE   ((size_t)64 * 1024)
#define DEFAULT_READ_BUDGET ((size_t)512 * 1024)
#define DEFAULT_MAX_POSTS   ((size_t)64 * 1024)
#define LEAST_READ_SIZE     ((size_t)4 * 1024)

static void deliver_letters(freshet_reactor *r)
{
	struct letter *letter = letter_box_take(&r->letters);
	while (letter != NULL) {
		struct letter *next = letter->next;
		letter_box_turn(&r->letters);
		/* One of them may close the reactor: the others are dropped. */
		r->counters.posts_run += !r->closing;
		door_letter(r, letter, r->closing);
		mem_free(letter);
		letter = next;
	}
}

static void on_letters(void *owner)
{
	freshet_reactor *r = owner;
	reactor_enter(r);
	deliver_letters(r);
	reactor_leave(r);
}

/* The letters that are still there are dropped; the box stays, closed, for posters who do not know yet. */
static void drop_letters(freshet_reactor *r)
{
	if (!r->has_letters)
		return;
	letter_box_close(&r->letters);
	deliver_letters(r);
}

static void reactor_delete(freshet_reactor *r)
{
	drop_letters(r);
	timers_free(r);
	if (r->has_letters)
		letter_box_free(&r->letters);
	loop_clear(&r->loop);
	deadline_heap_clear(&r->deadlines);
	wire_queue_clear(&r->queue);
	bytes_clear(&r->out);
	bytes_clear(&r->cipher);
	bytes_clear(&r->path);
	mem_free(r->fields);
	mem_free(r->read_buf);
	mem_free(r->plain_buf);
	mem_free(r->dns_server);
	mem_free(r);
}

/* The last thing of a closed reactor. One on its own loop waits for that to return: it cannot be freed while it runs. */
static void finish_closing(freshet_reactor *r)
{
	if (!r->closing || r->closed || !list_empty(&r->endpoints) || !list_empty(&r->tasks) || !address_idle(&r->loop))
		return;
	/* Those who posted are told before on_closed, which is the last. */
	drop_letters(r);
	timers_free(r);
	r->closed = true;
	void (*on_closed)(void *user) = r->on_closed;
	void *user = r->closed_user;
	/* A reactor on a loop of its own goes when that has returned. */
	if (r->running)
		loop_stop(&r->loop);
	else if (!r->loop.owns_base)
		reactor_delete(r);
	door_closed(on_closed, user);
}

void reactor_enter(freshet_reactor *r)
{
	r->depth++;
	r->now_ms = r->clock();
}

static void flush_dirty(freshet_reactor *r)
{
	for (struct list *node = list_pop_front(&r->dirty); node != NULL; node = list_pop_front(&r->dirty))
		conn_flush(container_of(node, struct conn, dirty));
}

void reactor_leave(freshet_reactor *r)
{
	flush_dirty(r);
	struct deadline *first = deadline_first(&r->deadlines);
	loop_set_timer(&r->loop, first != NULL && first->at_ms != UINT64_MAX ? first->at_ms : 0, r->now_ms);
	r->depth--;
}

/* What the tasks of this turn add waits for the next one. */
static void run_tasks(freshet_reactor *r)
{
	struct list now;
	list_init(&now);
	list_splice(&now, &r->tasks);
	for (struct list *node = list_pop_front(&now); node != NULL; node = list_pop_front(&now)) {
		struct task *task = container_of(node, struct task, node);
		task->run(task);
	}
}

/* Posts may bring work at any time. */
static bool nothing_to_do(const freshet_reactor *r)
{
	return r->live == 0 && !r->closing && !r->has_letters;
}

void reactor_has_less_to_do(freshet_reactor *r)
{
	r->live--;
	if (r->running && nothing_to_do(r))
		loop_wake(&r->loop);
}

static void on_turn(void *owner)
{
	freshet_reactor *r = owner;
	reactor_enter(r);
	run_tasks(r);
	reactor_leave(r);
	if (r->running && nothing_to_do(r))
		loop_stop(&r->loop);
	finish_closing(r);
}

static void fall_due(freshet_reactor *r, struct deadline *d)
{
	deadline_clear(&r->deadlines, d);
	switch ((enum due_kind)d->kind) {
	case DUE_STREAM: stream_due(container_of(d, freshet_stream, deadline)); break;
	case DUE_REQUEST: request_due(container_of(d, freshet_request, deadline)); break;
	case DUE_CONN: conn_due(container_of(d, struct conn, deadline)); break;
	case DUE_ENDPOINT: endpoint_due(container_of(d, freshet_endpoint, deadline)); break;
	case DUE_TIMER: timer_due(container_of(d, freshet_timer, deadline)); break;
	}
}

static void on_timer(void *owner)
{
	freshet_reactor *r = owner;
	reactor_enter(r);
	for (struct deadline *d = deadline_first(&r->deadlines); d != NULL && d->at_ms <= r->now_ms;
		d = deadline_first(&r->deadlines))
		fall_due(r, d);
	timers_run_due(r);
	reactor_leave(r);
}

void task_init(struct task *task, void (*run)(struct task *task))
{
	list_init(&task->node);
	task->run = run;
}

void reactor_defer(freshet_reactor *r, struct task *task)
{
	if (!list_empty(&task->node))
		return;
	if (list_empty(&r->tasks))
		loop_wake(&r->loop);
	list_push_back(&r->tasks, &task->node);
}

void reactor_look_at_clock(freshet_reactor *r)
{
	if (r->depth == 0)
		r->now_ms = r->clock();
}

bool reactor_reserve_deadline(freshet_reactor *r)
{
	if (!deadline_heap_reserve(&r->deadlines, r->deadline_places + 1))
		return false;
	r->deadline_places++;
	return true;
}

void reactor_release_deadline(freshet_reactor *r, struct deadline *d)
{
	deadline_clear(&r->deadlines, d);
	r->deadline_places--;
}

void reactor_due_by(freshet_reactor *r, struct deadline *d, uint64_t at_ms)
{
	if (at_ms == UINT64_MAX || (d->place != 0 && d->at_ms <= at_ms))
		return;
	deadline_set(&r->deadlines, d, at_ms);
	/* Outside of an entry nobody settles the timer, so the next turn does. */
	if (r->depth == 0)
		loop_wake(&r->loop);
}

static freshet_err allocate(freshet_reactor *r, const freshet_reactor_options *o)
{
	r->read_size = o->read_buffer != 0 ? o->read_buffer : DEFAULT_READ_SIZE;
	r->read_budget = o->read_budget != 0 ? o->read_budget : DEFAULT_READ_BUDGET;
	if (r->read_size < LEAST_READ_SIZE || r->read_size > INT32_MAX)
		return FRESHET_EINVAL;
	if (o->dns_server != NULL && !address_server_valid(o->dns_server))
		return FRESHET_EINVAL;
	r->read_buf = mem_alloc(r->read_size);
	r->plain_buf = mem_alloc(PLAIN_BUF_SIZE);
	if (r->read_buf == NULL || r->plain_buf == NULL)
		return FRESHET_ENOMEM;
	if (o->dns_server != NULL && (r->dns_server = mem_copy(o->dns_server, strlen(o->dns_server))) == NULL)
		return FRESHET_ENOMEM;
	const struct loop_handlers handlers = {on_turn, on_timer, r};
	freshet_err err = loop_init(&r->loop, o->base, &handlers);
	r->loop.dns_server = r->dns_server;
	if (err == FRESHET_OK && o->posts) {
		size_t most = o->max_posts != 0 ? o->max_posts : DEFAULT_MAX_POSTS;
		err = letter_box_open(&r->letters, &r->loop, most, on_letters, r);
		r->has_letters = err == FRESHET_OK;
	}
	return err;
}

freshet_err reactor_new(const freshet_reactor_options *options, freshet_reactor **out)
{
	freshet_reactor *r = mem_zalloc(sizeof *r);
	if (r == NULL)
		return FRESHET_ENOMEM;
	list_init(&r->endpoints);
	list_init(&r->tasks);
	list_init(&r->dirty);
	list_init(&r->timers);
	list_init(&r->due_timers);
	r->clock = loop_now_ms;
	random_init(&r->random, options->seed);
	freshet_err err = allocate(r, options);
	if (err != FRESHET_OK) {
		reactor_delete(r);
		return err;
	}
	r->now_ms = r->clock();
	*out = r;
	return FRESHET_OK;
}

void reactor_close(freshet_reactor *r, void (*on_closed)(void *user), void *user)
{
	if (r->closing)
		return;
	r->closing = true;
	if (r->has_letters)
		letter_box_close(&r->letters);
	r->on_closed = on_closed;
	r->closed_user = user;
	timers_clear(r);
	list_each_safe (node, after, &r->endpoints)
		endpoint_close(container_of(node, freshet_endpoint, node));
	loop_wake(&r->loop);
}

void reactor_free(freshet_reactor *r)
{
	reactor_close(r, NULL, NULL);
	if (r->depth > 0 || r->running)
		return;
	while (!list_empty(&r->endpoints) || !list_empty(&r->tasks)) {
		reactor_enter(r);
		run_tasks(r);
		reactor_leave(r);
	}
	void (*on_closed)(void *user) = r->closed ? NULL : r->on_closed;
	void *closed_user = r->closed_user;
	reactor_delete(r);
	door_closed(on_closed, closed_user);
}

freshet_err reactor_run(freshet_reactor *r)
{
	if (!r->loop.owns_base || r->running || r->depth > 0)
		return FRESHET_ESTATE;
	r->running = true;
	freshet_err err = r->closed || nothing_to_do(r) ? FRESHET_OK : loop_run(&r->loop);
	r->running = false;
	if (r->closed)
		reactor_delete(r);
	return err;
}

freshet_err reactor_post(freshet_reactor *r, const struct letter *letter)
{
	return r->has_letters ? letter_box_post(&r->letters, letter) : FRESHET_ESTATE;
}
