/*
 * Where the next exchange of an endpoint goes: to a connection with room, to a new one, or it waits in line.
 */
#ifndef FLOW_PLACE_H
#define FLOW_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an endpoint has and allows. */
struct place_limits {
	uint32_t max_connections;
	uint32_t max_streams; /* per connection, beside the peer's own limit */
};

/* How many exchanges a connection takes: the peer's limit and our own, the lower one. */
uint32_t place_capacity(const struct place_limits *limits, uint32_t peer_capacity);

/* The connections that there are. */
struct place_conns {
	uint32_t up;       /* all full, else none would wait */
	uint32_t coming;   /* on their way */
	uint32_t draining; /* take nothing more, and end with what they carry */
};

/*
 * How many connections to open now for so many exchanges that wait; `expected` is what a new one is likely to take. Those
 * that drain may be as many again as are allowed, or PLACE_DRAINING where that is more: a stream without an end may keep
 * one for ever, and what waits should not have to. Past that they count like the others.
 */
#define PLACE_DRAINING 8
uint32_t place_connections_to_open(
	const struct place_limits *limits, size_t waiting, const struct place_conns *conns, uint32_t expected);

/*
 * How many bytes the application must have taken before credit goes back to the server: a quarter of the window, so that
 * a WINDOW_UPDATE (RFC 9113, section 6.9) is rare and the server still never waits for one.
 */
uint32_t place_credit_step(uint32_t window);

#endif
