#include "flow/place.h"

uint32_t place_capacity(const struct place_limits *limits, uint32_t peer_capacity)
{
	return peer_capacity < limits->max_streams ? peer_capacity : limits->max_streams;
}

/* How many more connections the limits allow. */
static uint64_t places_left(const struct place_limits *limits, const struct place_conns *conns)
{
	uint32_t beside = limits->max_connections > PLACE_DRAINING ? limits->max_connections : PLACE_DRAINING;
	uint64_t counted = (uint64_t)conns->up + conns->coming;
	if (conns->draining > beside)
		counted += conns->draining - beside;
	return counted < limits->max_connections ? limits->max_connections - counted : 0;
}

uint32_t place_connections_to_open(
	const struct place_limits *limits, size_t waiting, const struct place_conns *conns, uint32_t expected)
{
	uint64_t allowed = places_left(limits, conns);
	if (waiting == 0)
		return 0;
	if (expected == 0)
		expected = 1;
	size_t wanted = (waiting + expected - 1) / expected;
	if (wanted <= conns->coming)
		return 0;
	size_t more = wanted - conns->coming;
	return (uint32_t)(more < allowed ? more : allowed);
}

uint32_t place_credit_step(uint32_t window)
{
	return window / 4 > 0 ? window / 4 : 1;
}
