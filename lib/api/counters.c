/*
 * Exported calls about counters: arguments checked, one call down.
 */
#include <freshet/counters.h>
#include <freshet/endpoint.h>
#include <freshet/reactor.h>

#include "reactor/counters.h"

static const freshet_counter list[] = {
#define COUNTER(kind, name, text) {#name, text, KIND_##kind, offsetof(freshet_counters, name)},
#define KIND_NOW                  true
#define KIND_EVER                 false
	FRESHET_COUNTER_MAP(COUNTER)
#undef KIND_NOW
#undef KIND_EVER
#undef COUNTER
};

static const char *const causes[] = {
#define CAUSE(name, print, text) print,
	FRESHET_CAUSE_MAP(CAUSE)
#undef CAUSE
};

_Static_assert(FRESHET_CAUSE_COUNT <= FRESHET_CAUSE_PLACES, "every cause has its place");

const freshet_counter *freshet_counter_list(size_t *count)
{
	*count = sizeof list / sizeof list[0];
	return list;
}

const char *freshet_cause_name(freshet_cause cause)
{
	return causes[(unsigned)cause < FRESHET_CAUSE_COUNT ? cause : FRESHET_CAUSE_OTHER];
}

/* True for a snapshot that freshet_counters_init has set up. */
static bool set_up(const freshet_counters *counters)
{
	return counters != NULL && counters->size >= sizeof counters->size;
}

freshet_err freshet_reactor_counters_get(freshet_reactor *reactor, freshet_counters *counters)
{
	if (reactor == NULL || !set_up(counters))
		return FRESHET_EINVAL;
	counters_of_reactor(reactor, counters);
	return FRESHET_OK;
}

freshet_err freshet_endpoint_counters_get(const freshet_endpoint *endpoint, freshet_counters *counters)
{
	if (endpoint == NULL || !set_up(counters))
		return FRESHET_EINVAL;
	counters_of_endpoint(endpoint, counters);
	return FRESHET_OK;
}
