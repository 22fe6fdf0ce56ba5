#include "flow/place.h"

uint32_t place_capacity(const struct place_limits *limits, uint32_t peer_capacity)
{
	return peer_capacity < limits->max_streams ? peer_capacity : limits->max_streams;
}

uint32_t place_connections_to_open(
	const struct place_limits *limits, size_t waiting, uint32_t up, uint32_t on_their_way, uint32_t expected)
{
	if (waiting == 0 || up + on_their_way >= limits->max_connections)
		return 0;
	if (expected == 0)
		expected = 1;
	size_t wanted = (waiting + expected - 1) / expected;
	if (wanted <= on_their_way)
		return 0;
	size_t more = wanted - on_their_way;
	size_t allowed = limits->max_connections - up - on_their_way;
	return (uint32_t)(more < allowed ? more : allowed);
}

uint32_t place_credit_step(uint32_t window)
{
	return window / 4 > 0 ? window / 4 : 1;
}
