#include "describe.h"

#include <freshet/counters.h>

#include <inttypes.h>
#include <stdio.h>

size_t guest_describe(const char *service, const char *url, const freshet_endpoint *endpoint, char *to, size_t size)
{
	freshet_counters now;
	freshet_counters_init(&now);
	freshet_endpoint_counters_get(endpoint, &now);
	int len = snprintf(to, size, "%s: %s, requests %" PRIu64 ", streams %" PRIu64, service, url,
		now.requests_in_flight, now.streams);
	return len > 0 ? (size_t)len : 0;
}
