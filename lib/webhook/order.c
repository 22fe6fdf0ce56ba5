/*
 * Each status is a whole snapshot of its run, so that a newer one says all that an older one would have said. What is being
 * dealt with counts like what was taken, as long as it is: when it comes to nothing its sender tells it again.
 */
#include "order.h"

enum {
	HAS_TAKEN = 1,
	HAS_PENDING = 2,
	TERMINAL_TAKEN = 4,
	TERMINAL_PENDING = 8,
};

/* Against what was taken. */
static enum order compare_taken(const struct table_note *run, const struct order_state *s)
{
	bool comparable = s->has_revision && (run->flags & HAS_TAKEN) != 0;
	if (comparable && s->revision == run->taken)
		return ORDER_SAME;
	if ((run->flags & TERMINAL_TAKEN) != 0 || (comparable && s->revision < run->taken))
		return ORDER_OLD;
	return ORDER_NEW;
}

/* Against what is being dealt with. */
static enum order compare_pending(const struct table_note *run, const struct order_state *s)
{
	bool comparable = s->has_revision && (run->flags & HAS_PENDING) != 0;
	if (run->open == 0)
		return ORDER_NEW;
	if (comparable && s->revision == run->pending)
		return ORDER_BUSY;
	if ((run->flags & TERMINAL_PENDING) != 0)
		return s->terminal ? ORDER_BUSY : ORDER_OLD;
	return comparable && s->revision < run->pending ? ORDER_OLD : ORDER_NEW;
}

enum order order_begin(struct table *runs, const freshet_webhook_key *key, const struct order_state *s, int64_t now_ms)
{
	struct table_note *run = table_find(runs, key, now_ms);
	enum order order = run != NULL ? compare_taken(run, s) : ORDER_NEW;
	if (run != NULL && order == ORDER_NEW)
		order = compare_pending(run, s);
	if (order != ORDER_NEW)
		return order;
	run = table_enter(runs, key, now_ms);
	if (run == NULL)
		return ORDER_NO_MEMORY;
	run->open++;
	if (s->has_revision) {
		run->pending = s->revision;
		run->flags |= HAS_PENDING;
	}
	if (s->terminal)
		run->flags |= TERMINAL_PENDING;
	return ORDER_NEW;
}

static void take(struct table_note *run, const struct order_state *s)
{
	if (s->has_revision && ((run->flags & HAS_TAKEN) == 0 || s->revision > run->taken)) {
		run->taken = s->revision;
		run->flags |= HAS_TAKEN;
	}
	if (s->terminal)
		run->flags |= TERMINAL_TAKEN;
}

void order_end(
	struct table *runs, const freshet_webhook_key *key, const struct order_state *s, bool taken, int64_t now_ms)
{
	/* What is open is there. */
	struct table_note *run = table_find(runs, key, now_ms);
	if (--run->open == 0)
		run->flags &= ~(unsigned)(HAS_PENDING | TERMINAL_PENDING);
	if (taken) {
		take(run, s);
		table_touch(run, now_ms);
	} else if (run->open == 0 && (run->flags & (HAS_TAKEN | TERMINAL_TAKEN)) == 0) {
		table_remove(runs, key);
	}
}
