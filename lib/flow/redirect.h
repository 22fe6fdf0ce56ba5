/*
 * What a redirect asks for (RFC 9110, section 15.4), and where it leads (RFC 3986, section 5).
 */
#ifndef FLOW_REDIRECT_H
#define FLOW_REDIRECT_H

#include "base/bytes.h"
#include "base/url.h"

enum redirect_way {
	REDIRECT_SAME_ORIGIN, /* the new request target is known */
	REDIRECT_ELSEWHERE,   /* another scheme, host or port, or no URI at all */
	REDIRECT_NO_MEMORY,
};

/* True for 301, 302, 303, 307 and 308: the ones that a Location leads on from. */
bool redirect_status(int http_status);

/* True when the next request is a GET without a body instead of this method. */
bool redirect_becomes_get(int http_status, freshet_str method);

/*
 * Where a Location leads from `target`, a path with query at `origin`: *out is replaced by the new path with query, dot
 * segments removed and the fragment dropped. Only with REDIRECT_SAME_ORIGIN it says anything.
 */
enum redirect_way redirect_resolve(
	const struct url *origin, freshet_str target, freshet_str location, struct bytes *out);

/* True for the fields that tell of a body which a request loses when it becomes a GET (section 15.4). */
bool redirect_drops_field(freshet_str name);

#endif
