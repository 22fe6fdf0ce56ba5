/*
 * The way of a request: path, method, token, handler, in the order that the contract states. Two kinds of routes differ
 * in where a wrong method is noticed: before the token is looked at, with an empty answer, or after it, with JSON.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#define METHODS_MAX 2

typedef void aod_handler(struct aod_call *call);

struct route {
	const char *path; /* "{id}" stands for a UUID */
	const char *allow;
	struct {
		const char *method;
		aod_handler *handler;
	} methods[METHODS_MAX];
	bool strict;    /* a wrong method is answered before authentication, without a body */
	bool open;      /* no authentication */
	bool interrupt; /* only where the dialect can interrupt */
};

static void health(struct aod_call *call)
{
	bool sick = call->aod->sick;
	aod_answer(call, sick ? 503 : 200,
		json_pack("{s:s, s:{s:s, s:s}}", "status", sick ? "degraded" : "ok", "checks", "db",
			sick ? "fail: connection refused" : "ok", "crypto", "ok"));
}

static const struct route routes[] = {
	{.path = "/health", .allow = "GET", .methods = {{"GET", health}}, .strict = true, .open = true},
	{.path = "/agents", .allow = "GET, POST", .methods = {{"GET", aod_agents_list}, {"POST", aod_agents_create}}},
	{.path = "/agents/{id}", .allow = "GET, PUT", .methods = {{"GET", aod_agents_get}, {"PUT", aod_agents_update}}},
	{.path = "/agents/{id}/archive", .allow = "POST", .methods = {{"POST", aod_agents_archive}}, .strict = true},
	{.path = "/agents/{id}/versions", .allow = "GET", .methods = {{"GET", aod_agents_versions}}, .strict = true},
	{.path = "/environments",
		.allow = "GET, POST",
		.methods = {{"GET", aod_environments_list}, {"POST", aod_environments_create}}},
	{.path = "/environments/{id}",
		.allow = "GET, PUT",
		.methods = {{"GET", aod_environments_get}, {"PUT", aod_environments_update}}},
	{.path = "/environments/{id}/archive",
		.allow = "POST",
		.methods = {{"POST", aod_environments_archive}},
		.strict = true},
	{.path = "/environments/{id}/delete", .allow = "DELETE", .methods = {{"DELETE", aod_environments_delete}}},
	{.path = "/environments/{id}/versions",
		.allow = "GET",
		.methods = {{"GET", aod_environments_versions}},
		.strict = true},
	{.path = "/sessions",
		.allow = "GET, POST",
		.methods = {{"GET", aod_sessions_list}, {"POST", aod_sessions_create}}},
	{.path = "/sessions/{id}", .allow = "GET", .methods = {{"GET", aod_sessions_get}}, .strict = true},
	{.path = "/sessions/{id}/prompt", .allow = "POST", .methods = {{"POST", aod_sessions_prompt}}, .strict = true},
	{.path = "/sessions/{id}/turns", .allow = "GET", .methods = {{"GET", aod_sessions_turns}}, .strict = true},
	{.path = "/sessions/{id}/interrupt",
		.allow = "POST",
		.methods = {{"POST", aod_sessions_interrupt}},
		.strict = true,
		.interrupt = true},
	{.path = "/sessions/{id}/terminate",
		.allow = "POST",
		.methods = {{"POST", aod_sessions_terminate}},
		.strict = true},
	{.path = "/sessions/{id}/delete", .allow = "DELETE", .methods = {{"DELETE", aod_sessions_delete}}},
	{.path = "/sessions/{id}/stream", .allow = "GET", .methods = {{"GET", aod_sessions_stream}}, .strict = true},
};

/* Fits the path to the route's, which may hold one UUID. */
static bool path_fits(const char *pattern, freshet_str path, struct uuid *id)
{
	const char *hole = strstr(pattern, "{id}");
	if (hole == NULL)
		return freshet_str_is(path, pattern);
	size_t before = (size_t)(hole - pattern);
	const char *after = hole + strlen("{id}");
	if (path.len != before + UUID_TEXT + strlen(after) || memcmp(path.ptr, pattern, before) != 0)
		return false;
	return uuid_read((freshet_str){path.ptr + before, UUID_TEXT}, id) &&
	       memcmp(path.ptr + before + UUID_TEXT, after, strlen(after)) == 0;
}

static const struct route *find_route(struct aod_call *call)
{
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (routes[i].interrupt && call->aod->mockd->options.dialect != MOCKD_DIALECT_PSI)
			continue;
		if (path_fits(routes[i].path, call->request->path, &call->id))
			return &routes[i];
	}
	return NULL;
}

static aod_handler *find_handler(const struct route *route, freshet_str method)
{
	for (size_t i = 0; i < METHODS_MAX && route->methods[i].method != NULL; i++) {
		if (freshet_str_is(method, route->methods[i].method))
			return route->methods[i].handler;
	}
	return NULL;
}

static struct aod_user *find_user(struct aod *a, const struct request *r)
{
	static const char scheme[] = "Bearer ";
	size_t len = sizeof scheme - 1;
	const freshet_str *value = request_field(r, "authorization");
	if (value == NULL || value->len < len || memcmp(value->ptr, scheme, len) != 0)
		return NULL;
	freshet_str token = {value->ptr + len, value->len - len};
	for (size_t i = 0; i < a->user_count; i++) {
		if (freshet_str_is(token, a->users[i].token))
			return &a->users[i];
	}
	return NULL;
}

static void refuse_method(struct aod_call *call, const struct route *route)
{
	if (!route->strict) {
		aod_detail(call, 405, "Method not allowed");
		return;
	}
	const struct answer head = {
		.status = 405, .content_type = "text/html; charset=utf-8", .fields = {{"allow", route->allow}}};
	exchange_answer(call->exchange, &head, (freshet_str){NULL, 0});
}

static void aod_handle(struct platform *platform, struct exchange *x, const struct request *r)
{
	struct aod_call call = {.aod = container_of(platform, struct aod, platform), .exchange = x, .request = r};
	const struct route *route = find_route(&call);
	aod_handler *handler = route != NULL ? find_handler(route, r->method) : NULL;
	call.allow = route != NULL ? route->allow : NULL;
	call.user = find_user(call.aod, r);
	if (route != NULL && route->strict && handler == NULL)
		refuse_method(&call, route);
	else if (call.user == NULL && (route == NULL || !route->open))
		aod_detail(&call, 401, "Missing or unknown API key");
	else if (route == NULL)
		aod_html(&call, 404, "Not Found");
	else if (handler == NULL)
		refuse_method(&call, route);
	else
		handler(&call);
}

static void free_user(struct aod_user *user)
{
	list_each_safe (node, after, &user->sessions)
		aod_session_free(container_of(node, struct aod_session, node));
	list_each_safe (node, after, &user->agents)
		aod_agent_free(container_of(node, struct aod_agent, node));
	list_each_safe (node, after, &user->environments)
		aod_environment_free(container_of(node, struct aod_environment, node));
}

static void aod_free(struct platform *platform)
{
	struct aod *a = container_of(platform, struct aod, platform);
	for (size_t i = 0; i < a->user_count; i++)
		free_user(&a->users[i]);
	free(a->users);
	uuid_table_clear(&a->agents);
	uuid_table_clear(&a->environments);
	uuid_table_clear(&a->sessions);
	aod_ledger_clear(a);
	script_mix_clear(&a->mix);
	free(a);
}

static bool aod_delete_session(struct platform *platform, const char *id)
{
	struct aod *a = container_of(platform, struct aod, platform);
	struct aod_session *s = aod_session_by_text(a, id);
	if (s == NULL)
		return false;
	aod_ledger_keep(s);
	aod_session_free(s);
	return true;
}

struct aod *aod_new(struct mockd *m)
{
	struct aod *a = must_zalloc(sizeof *a);
	a->platform = (struct platform){.mount = "",
		.handle = aod_handle,
		.free = aod_free,
		.delete_session = aod_delete_session,
		.ledger = aod_ledger,
		.ledger_rows = aod_ledger_rows};
	a->mockd = m;
	a->next_row_id = m->options.first_row_id;
	list_init(&a->deleted);
	a->user_count = m->options.token_count;
	a->users = must_zalloc(a->user_count * sizeof *a->users);
	for (size_t i = 0; i < a->user_count; i++) {
		struct aod_user *user = &a->users[i];
		user->token = m->options.tokens[i];
		list_init(&user->agents);
		list_init(&user->environments);
		list_init(&user->sessions);
	}
	if (!script_mix_read(&a->mix, m->options.scripts) || !aod_plans_exist(a)) {
		aod_free(&a->platform);
		return NULL;
	}
	return a;
}

struct platform *aod_platform(struct aod *a)
{
	return &a->platform;
}
