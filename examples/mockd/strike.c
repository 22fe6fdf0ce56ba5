/*
 * Faults of connections, and the random cuts.
 */
#include "mockd/conn.h"
#include "mockd/exchange.h"
#include "mockd/fault.h"
#include "mockd/server.h"
#include "mockd/tamper.h"

#include <nghttp2/nghttp2.h>

void strike_connection(struct conn *c, struct exchange *x, const struct mockd_fault *spec)
{
	switch (spec->action) {
	case MOCKD_DO_CLOSE: c->end = CONN_CLOSES; break;
	case MOCKD_DO_CUT: c->end = CONN_CUT; break;
	case MOCKD_DO_ABORT: c->end = CONN_ABORTED; break;
	case MOCKD_DO_FREEZE: conn_freeze(c); return;
	case MOCKD_DO_GOAWAY: c->protocol->goaway(c, spec->refuse ? x : NULL, spec->code); break;
	case MOCKD_DO_GARBAGE: buffer_append(&c->raw, spec->body, spec->body_len); break;
	default: return;
	}
	if (c->end != CONN_GOES_ON && spec->mid_frame && spec->moment != MOCKD_AT_BYTE && x != NULL)
		c->protocol->tear(x, &c->raw);
	conn_mark(c);
}

static void cut_connection(struct mockd *m, struct conn *c)
{
	static const enum mockd_action actions[] = {MOCKD_DO_CLOSE, MOCKD_DO_CUT, MOCKD_DO_ABORT};
	struct mockd_fault spec;
	mockd_fault_init(&spec, MOCKD_NOW, actions[random_below(&m->cuts_random, 3)]);
	spec.mid_frame = random_below(&m->cuts_random, 2) == 0;
	strike_connection(c, c->exchange_count > 0 ? c->exchanges[0] : NULL, &spec);
}

/* Ends a body early, in order or not, at once or inside the next event. */
static void cut_exchange(struct mockd *m, struct exchange *x)
{
	static const enum mockd_moment moments[] = {MOCKD_NOW, MOCKD_AT_ID, MOCKD_AT_BYTE};
	struct mockd_fault spec;
	bool reset = x->feed == NULL || random_below(&m->cuts_random, 2) == 0;
	mockd_fault_init(&spec, MOCKD_NOW, reset ? MOCKD_DO_RESET : MOCKD_DO_END);
	spec.code = NGHTTP2_INTERNAL_ERROR;
	if (x->feed != NULL)
		spec.moment = moments[random_below(&m->cuts_random, 3)];
	if (spec.moment == MOCKD_NOW) {
		strike_exchange(x, &spec);
		return;
	}
	struct tamper *t = tamper_of(x);
	spec.at = spec.moment == MOCKD_AT_ID ? t->rows + 1 : t->bytes + random_between(&m->cuts_random, 1, 200);
	tamper_bind_own(x, &spec);
}

static void cut_something(struct mockd *m)
{
	struct conn *c = m->conn_count > 0 ? m->conns[random_below(&m->cuts_random, m->conn_count)] : NULL;
	if (c == NULL || c->end != CONN_GOES_ON || c->control)
		return;
	m->stats.cuts++;
	if (c->exchange_count == 0 || random_below(&m->cuts_random, 100) < m->cuts_connections)
		cut_connection(m, c);
	else
		cut_exchange(m, c->exchanges[random_below(&m->cuts_random, c->exchange_count)]);
}

/* Cuts come at the mean distance, give or take half of it. */
static void plan_cut(struct mockd *m)
{
	double wait_us = 60.0 * US_PER_S / m->cuts_per_minute * (0.5 + random_unit(&m->cuts_random));
	clock_set(&m->clock, &m->cuts, clock_now_us(&m->clock) + (uint64_t)wait_us);
}

static void on_cut(struct alarm *alarm)
{
	struct mockd *m = container_of(alarm, struct mockd, cuts);
	cut_something(m);
	plan_cut(m);
}

void mockd_random_cuts(struct mockd *m, double per_minute, unsigned connections)
{
	m->cuts_per_minute = per_minute;
	m->cuts_connections = connections;
	m->cuts.fire = on_cut;
	m->cuts_random.state = m->options.seed;
	if (per_minute > 0)
		plan_cut(m);
	else
		clock_unset(&m->clock, &m->cuts);
}
