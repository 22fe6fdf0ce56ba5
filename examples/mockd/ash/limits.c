/*
 * Rate limits (contract 1): within fifteen minutes 1500 requests, and for deployments and new sessions 20 each, which are
 * counted apart. All clients count as one: what comes here comes from the loopback. Failed attempts count, too.
 */
#include "mockd/ash/ash.h"

#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

#define WINDOW_US (900 * (uint64_t)US_PER_S)

static const uint32_t most[ASH_LIMITS] = {[ASH_LIMIT_ALL] = 1500, [ASH_LIMIT_AGENTS] = 20, [ASH_LIMIT_SESSIONS] = 20};

bool ash_limits_take(struct ash_call *call, bool create_agent, bool create_session)
{
	enum ash_limit_kind kind = create_agent     ? ASH_LIMIT_AGENTS
				   : create_session ? ASH_LIMIT_SESSIONS
						    : ASH_LIMIT_ALL;
	struct ash_limit *limit = &call->ash->limits[kind];
	uint64_t now = clock_now_us(&call->ash->mockd->clock);
	if (limit->count == 0 || now - limit->began_us >= WINDOW_US)
		*limit = (struct ash_limit){.began_us = now};
	limit->count++;
	uint32_t left = limit->count < most[kind] ? most[kind] - limit->count : 0;
	uint64_t reset = (limit->began_us + WINDOW_US - now + US_PER_S - 1) / US_PER_S;
	snprintf(call->limit[0], sizeof call->limit[0], "%" PRIu32, most[kind]);
	snprintf(call->limit[1], sizeof call->limit[1], "%" PRIu32, left);
	snprintf(call->limit[2], sizeof call->limit[2], "%" PRIu64, reset);
	if (limit->count <= most[kind])
		return true;
	uint64_t minutes = (reset + 30) / 60;
	if (minutes > 0)
		ash_refuse(call, 429, NULL, "Rate limit exceeded, retry in %" PRIu64 " minute%s", minutes,
			minutes > 1 ? "s" : "");
	else
		ash_refuse(call, 429, NULL, "Rate limit exceeded, retry in %" PRIu64 " seconds", reset);
	return false;
}

void ash_limits_clear(struct ash *a)
{
	for (size_t i = 0; i < ASH_LIMITS; i++)
		a->limits[i].count = 0;
}
