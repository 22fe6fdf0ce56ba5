/*
 * Which proxy a connection takes: the URL of one, and who is excepted from it.
 */
#ifndef BASE_PROXY_H
#define BASE_PROXY_H

#include "base/bytes.h"
#include "base/url.h"

struct proxy {
	char *host;
	uint16_t port;
	char *authorization; /* "Basic ..." or NULL; a secret */
};

/*
 * "http://[user[:password]@]host[:port]" or "host[:port]"; user and password may be percent-encoded (RFC 3986, 3.2.1).
 * The port is 80 where none is named. FRESHET_EINVAL, FRESHET_EUNSUPPORTED (another scheme), FRESHET_ENOMEM; nothing is
 * kept then.
 */
freshet_err proxy_parse(struct proxy *p, freshet_str text);

/* Harmless on one that is all zero. */
void proxy_clear(struct proxy *p);

/*
 * True when no_proxy excepts the host: a list, parted by commas or blanks, of names (each stands for itself and all names
 * below it, with or without a dot before it), addresses, either with ":port", or "*" for all.
 */
bool proxy_excepts(const char *no_proxy, freshet_str host, uint16_t port);

/*
 * The proxy that the environment names for a URL: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY for https; http_proxy
 * (never HTTP_PROXY, which a CGI client can set), all_proxy, ALL_PROXY for http; none where no_proxy or NO_PROXY excepts
 * the host. `get` is getenv. The empty span: none.
 */
freshet_str proxy_from_environment(char *(*get)(const char *name), const struct url *url);

#endif
