/*
 * A client in one line.
 */
#ifndef GUEST_DESCRIBE_H
#define GUEST_DESCRIBE_H

#include <freshet/endpoint.h>

/* "SERVICE: URL, requests 3, streams 12": as snprintf. */
size_t guest_describe(const char *service, const char *url, const freshet_endpoint *endpoint, char *to, size_t size);

#endif
