/*
 * A loopback address whose queue of connections is full: it drops what asks for another one, so that a dial hangs.
 */
#ifndef SUPPORT_BLACKHOLE_H
#define SUPPORT_BLACKHOLE_H

#include <stdint.h>

struct blackhole {
	int listener;
	int filler;
	uint16_t port;
};

/* `host` is an IPv4 address of the loopback; port 0 takes any. */
void blackhole_open(struct blackhole *b, const char *host, uint16_t port);
void blackhole_close(struct blackhole *b);

#endif
