#include "reactor/counters.h"

#include "reactor/endpoint.h"
#include "reactor/reactor.h"

freshet_cause cause_of(const freshet_outcome *outcome)
{
	switch (outcome->err) {
	case FRESHET_ECLOSED:
	case FRESHET_EHTTP_TRUNCATED: return FRESHET_CAUSE_CUT;
	case FRESHET_EHTTP_RESET: return FRESHET_CAUSE_RESET;
	case FRESHET_EHTTP_REFUSED: return FRESHET_CAUSE_REFUSED;
	case FRESHET_EHTTP_GOAWAY: return FRESHET_CAUSE_GOAWAY;
	case FRESHET_EHTTP_PROTOCOL: return FRESHET_CAUSE_PROTOCOL;
	case FRESHET_EHTTP_STATUS: return FRESHET_CAUSE_STATUS;
	case FRESHET_EIDLE_TIMEOUT: return FRESHET_CAUSE_IDLE;
	case FRESHET_EPING_TIMEOUT: return FRESHET_CAUSE_PING;
	case FRESHET_EHEADERS_TIMEOUT: return FRESHET_CAUSE_HEADERS;
	case FRESHET_ECONNECT_TIMEOUT: return FRESHET_CAUSE_CONNECT_TIMEOUT;
	case FRESHET_ERESOLVE: return FRESHET_CAUSE_RESOLVE;
	case FRESHET_ECONNECT: return FRESHET_CAUSE_CONNECT;
	case FRESHET_EDESCRIPTORS: return FRESHET_CAUSE_DESCRIPTORS;
	case FRESHET_EPROXY:
	case FRESHET_EPROXY_REFUSED: return FRESHET_CAUSE_PROXY;
	case FRESHET_ETLS: return FRESHET_CAUSE_TLS;
	default: return FRESHET_CAUSE_OTHER;
	}
}

static void add(freshet_counters *sum, const freshet_counters *more)
{
	for (size_t i = 0; i < FRESHET_CAUSE_PLACES; i++)
		sum->reconnects_by[i] += more->reconnects_by[i];
#define ADD(kind, name, text) sum->name += more->name;
	FRESHET_COUNTER_MAP(ADD)
#undef ADD
}

/* What is kept elsewhere already is not counted twice. */
static freshet_counters endpoint_now(const freshet_endpoint *e)
{
	freshet_counters now = e->counters;
	now.waiting = e->waiting_count;
	return now;
}

/* The caller may have been compiled with another version of the struct: it gets as much of it as both know. */
static void give(freshet_counters *to, freshet_counters *from)
{
	size_t size = to->size;
	from->size = size;
	memcpy(to, from, size < sizeof *from ? size : sizeof *from);
}

void counters_keep(freshet_endpoint *e)
{
	add(&e->reactor->counters, &e->counters);
}

void counters_of_endpoint(const freshet_endpoint *e, freshet_counters *counters)
{
	freshet_counters now = endpoint_now(e);
	give(counters, &now);
}

void counters_of_reactor(freshet_reactor *r, freshet_counters *counters)
{
	freshet_counters sum = r->counters;
	list_each (node, &r->endpoints) {
		freshet_counters one = endpoint_now(container_of(node, const freshet_endpoint, node));
		add(&sum, &one);
	}
	if (r->has_letters)
		letter_box_count(&r->letters, &sum.posts_waiting, &sum.posts_refused);
	give(counters, &sum);
}
