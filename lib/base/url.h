/*
 * The base URL of an endpoint (RFC 3986): scheme, host, port and a path without a slash at its end.
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <freshet/error.h>
#include <freshet/types.h>

/* Spans into the text that was parsed. */
struct url {
	bool tls;
	bool host_is_ipv6; /* the host was written in brackets, which are not part of `host` */
	uint16_t port;     /* the scheme's own where the URL names none */
	freshet_str host;
	freshet_str authority; /* host and port as they were written: the value of :authority */
	freshet_str path;      /* "" or "/prefix" */
};

/*
 * FRESHET_EINVAL for anything but http and https, for user information, a query or a fragment, an empty host, a port out
 * of range, and characters that do not belong into a URL.
 */
freshet_err url_parse(const char *text, struct url *out);

/* True when scheme, host and port are those of the URL; a port that is not named is the scheme's own. */
bool url_is_origin(const struct url *url, freshet_str scheme, freshet_str authority);

/* True for a path with query that may follow a base URL: begins with "/", visible ASCII without "#". */
bool url_path_valid(freshet_str path);

#endif
