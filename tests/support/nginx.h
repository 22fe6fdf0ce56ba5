/*
 * nginx with a configuration of the test's, over the files of a site.
 */
#ifndef SUPPORT_NGINX_H
#define SUPPORT_NGINX_H

#include "support/bulk.h"
#include "support/process.h"

/* How a server is to be. */
struct nginx_wish {
	const char *listen;     /* behind the port: "http2", "ssl http2", ... */
	const char *directives; /* of the server block; NULL: none */
};

struct nginx {
	struct process process;
	uint16_t port;
};

/* Everything that it writes stays in the site's folder: nginx.log is its log. */
void nginx_start(struct nginx *n, const char *program, const struct site *site, const struct nginx_wish *wish);

#endif
