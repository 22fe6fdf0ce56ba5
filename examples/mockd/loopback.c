/*
 * Addresses of the loopback: names are not looked up.
 */
#include "mockd/loopback.h"

#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

static bool on_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	if (address->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool loopback_read(const char *text, struct sockaddr_storage *address, socklen_t *len)
{
	int room = sizeof *address;
	char number[32];
	if (strncasecmp(text, "localhost:", 10) == 0) {
		snprintf(number, sizeof number, "127.0.0.1:%.5s", text + 10);
		text = number;
	}
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)address, &room) != 0)
		return false;
	*len = (socklen_t)room;
	return ((struct sockaddr_in *)address)->sin_port != 0 && on_loopback(address);
}
