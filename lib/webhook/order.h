/*
 * The order of what is told of one run: what is older than something that was taken, or is being dealt with, is dropped,
 * and so is all that follows an end.
 */
#ifndef WEBHOOK_ORDER_H
#define WEBHOOK_ORDER_H

#include "table.h"

/* What a delivery tells of its run. */
struct order_state {
	bool has_revision;
	bool terminal;
	int64_t revision;
};

enum order {
	ORDER_NEW,
	ORDER_SAME,      /* this state of the run was taken before */
	ORDER_OLD,       /* a newer one was, or the end, or is being dealt with */
	ORDER_BUSY,      /* the same is being dealt with */
	ORDER_NO_MEMORY, /* nobody can tell, now */
};

/* Judges a delivery. With NEW it is being dealt with until order_end; else nothing has changed. */
enum order order_begin(
	struct table *runs, const freshet_webhook_key *run, const struct order_state *state, int64_t now_ms);

/* It was taken, or it is as if it had never come. */
void order_end(struct table *runs, const freshet_webhook_key *run, const struct order_state *state, bool taken,
	int64_t now_ms);

#endif
