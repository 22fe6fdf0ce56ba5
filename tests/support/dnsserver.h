/*
 * A name server on a port of the loopback, on a loop that somebody else runs: it knows the names that the test gives it.
 */
#ifndef SUPPORT_DNSSERVER_H
#define SUPPORT_DNSSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct evdns_server_port;
struct evdns_server_request;

struct dnsserver {
	struct evdns_server_port *port;
	int fd;
	char address[32];   /* "127.0.0.1:port" */
	const char *name;   /* the one name that exists */
	const char *v4[20]; /* its addresses, ended by NULL */
	const char *v6[20];
	bool silent; /* answers nothing */
	unsigned questions;
	unsigned v6_questions; /* a machine without IPv6 does not ask for it */
};

void dnsserver_open(struct dnsserver *s, struct event_base *base);
void dnsserver_close(struct dnsserver *s);

#endif
