/*
 * The endpoint table of a service: key, method, path with placeholders. Whatever of it is not published can be replaced at
 * run time.
 *
 *	#define ROUTES(X)                                                       \
 *		X(run_start, "POST", "/agents/{agent_id}/execute", "agent_id")  \
 *		X(run_status, "GET", "/agents/{agent_id}/tasks/{task_id}", "agent_id task_id")
 *	enum { ROUTES(GUEST_ROUTE_ENUM) ROUTE_COUNT };      (ROUTE_run_start, ...)
 *	static const struct guest_route table[] = {ROUTES(GUEST_ROUTE_ROW)};
 */
#ifndef GUEST_ROUTE_H
#define GUEST_ROUTE_H

#include "text.h"

#include <freshet/service.h>

struct guest_route {
	const char *key;
	const char *method;
	const char *path;
	const char *names; /* of values that the service has for its path, blanks between them; NULL: none */
};

#define GUEST_ROUTE_ENUM(key, method, path, names) ROUTE_##key,
#define GUEST_ROUTE_ROW(key, method, path, names)  {#key, method, path, names},

/* The table of one client. Its fields are for route.c; a zeroed one can be cleared. */
struct guest_routes {
	const struct guest_route *defaults;
	struct guest_route *own; /* what stands in the place of the defaults; memory of its own */
	size_t count;
	char *prefix;
};

/*
 * The defaults (static, not copied) under a prefix ("" or NULL: none; else it begins with "/") with some of them replaced.
 * FRESHET_EINVAL, FRESHET_ENOMEM; nothing is kept then.
 */
freshet_err guest_routes_init(struct guest_routes *routes, const struct guest_route *defaults, size_t count,
	const char *prefix, const freshet_route *replaced, size_t replaced_count);

/* Keys can still be asked for: last callbacks tell them. */
void guest_routes_clear(struct guest_routes *routes);

const char *guest_route_key(const struct guest_routes *routes, size_t route);
const char *guest_route_method(const struct guest_routes *routes, size_t route);

/* True when its path may have a placeholder of that name, whether it has it or not. */
bool guest_route_knows(const struct guest_routes *routes, size_t route, const char *name);

/* A value for a placeholder. */
struct guest_value {
	const char *name;
	freshet_str value;
};

/*
 * Appends the path, prefix first. FRESHET_EINVAL (kept in the text) for a value that the path names and that is missing,
 * no segment.
 */
void guest_route_path(const struct guest_routes *routes, size_t route, const struct guest_value *values, size_t count,
	struct guest_text *path);

/* False for "", "." and "..", which as a segment of a path would lead elsewhere, and for what a NUL would cut. */
bool guest_is_segment(freshet_str value);

/* Appends a parameter of the query unless its ptr is NULL; the path may have a query already. */
void guest_query(struct guest_text *path, const char *name, freshet_str value);
void guest_query_int(struct guest_text *path, const char *name, int64_t value);

#endif
