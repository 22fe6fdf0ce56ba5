/*
 * The way through a proxy: CONNECT (RFC 9110, section 9.3.6), bytes in, bytes out.
 */
#ifndef H1_TUNNEL_H
#define H1_TUNNEL_H

#include "base/bytes.h"

#include <freshet/error.h>

struct tunnel;

enum tunnel_result {
	TUNNEL_MORE,
	TUNNEL_OPEN,    /* what follows is between us and the server */
	TUNNEL_REFUSED, /* the proxy answered with another status */
	TUNNEL_BROKEN,  /* that was no HTTP, or more of it than a proxy may say */
};

/* FRESHET_ENOMEM. */
freshet_err tunnel_new(struct tunnel **out);
void tunnel_free(struct tunnel *t);

/*
 * Appends the request for a tunnel to "host:port"; `authorization` is the value of Proxy-Authorization or NULL. False
 * when there is no memory.
 */
bool tunnel_ask(freshet_str target, freshet_str user_agent, const char *authorization, struct bytes *out);

/* Reads the proxy's answer; *used tells how many bytes belong to it. */
enum tunnel_result tunnel_feed(struct tunnel *t, const uint8_t *bytes, size_t len, size_t *used);

/* The proxy's status; 0 before it came. */
int tunnel_status(const struct tunnel *t);

#endif
