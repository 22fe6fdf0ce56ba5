/*
 * The way of a request, in the order of Ash's framework: route, key, body, path parameters, handler, which checks body,
 * then query, then state. An unknown path without a key is 401 all the same; a known path with a wrong method is 404.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <ctype.h>
#include <stdio.h>

#define PARAM_MAX 100
#define MIB       1048576u

/* Statuses that a route's schema declares. */
enum { D400 = 1, D404 = 2, D413 = 4, D422 = 8, D500 = 16, D503 = 32 };

struct ash_route {
	const char *method;
	const char *path; /* ":id" is a UUID, ":name" any segment, a last "*" the rest */
	void (*handler)(struct ash_call *call);
	unsigned declared;
	uint32_t body_max; /* 0: 1 MiB */
	bool open;         /* no key */
};

#define MESSAGE_MAX (50 * MIB)
#define FILES_MAX   (200 * MIB)
#define BUNDLE_MAX  (134 * MIB)

#define AGENT   "/api/agents/:name"
#define SESSION "/api/sessions/:id"

#define ROUTE(verb, pattern, function, ...)                                                                            \
	{                                                                                                              \
		.method = verb, .path = pattern, .handler = function, .declared = __VA_ARGS__                          \
	}
static const struct ash_route routes[] = {
	ROUTE("GET", "/health", ash_health, 0, .open = true),
	ROUTE("GET", "/metrics", ash_metrics, 0),
	ROUTE("POST", "/api/agents", ash_agents_create, D400),
	ROUTE("GET", "/api/agents", ash_agents_list, 0),
	ROUTE("GET", AGENT, ash_agents_get, D404),
	ROUTE("PATCH", AGENT, ash_agents_update, D404),
	ROUTE("DELETE", AGENT, ash_agents_delete, D404),
	ROUTE("GET", AGENT "/config", ash_agents_config, D404),
	ROUTE("PATCH", AGENT "/config", ash_agents_change_config, D404),
	ROUTE("GET", AGENT "/files", ash_agent_files_list, D404),
	ROUTE("POST", AGENT "/files", ash_agent_files_write, 0),
	ROUTE("GET", AGENT "/files/*", ash_agent_files_get, 0),
	ROUTE("DELETE", AGENT "/files/*", ash_agent_files_delete, 0),
	ROUTE("POST", "/api/sessions", ash_sessions_create, D400 | D404 | D422 | D500 | D503),
	ROUTE("GET", "/api/sessions", ash_sessions_list, 0),
	ROUTE("GET", SESSION, ash_sessions_get, D404),
	ROUTE("DELETE", SESSION, ash_sessions_end, D404),
	ROUTE("PATCH", SESSION "/config", ash_sessions_config, D404),
	ROUTE("POST", SESSION "/pause", ash_sessions_pause, D400 | D404),
	ROUTE("POST", SESSION "/resume", ash_sessions_resume, D404 | D422 | D500 | D503),
	ROUTE("POST", SESSION "/stop", ash_sessions_stop, D400 | D404),
	ROUTE("POST", SESSION "/fork", ash_sessions_fork, D404 | D422 | D500 | D503),
	ROUTE("GET", SESSION "/messages", ash_sessions_messages, D404),
	ROUTE("POST", SESSION "/messages", ash_sessions_send, D400 | D404 | D500, .body_max = MESSAGE_MAX),
	ROUTE("GET", SESSION "/events", ash_sessions_events, D404),
	ROUTE("GET", SESSION "/logs", ash_sessions_logs, D404),
	ROUTE("POST", SESSION "/exec", ash_sessions_exec, D400 | D404 | D500),
	ROUTE("GET", SESSION "/files", ash_session_files_list, D404),
	ROUTE("POST", SESSION "/files", ash_session_files_write, 0, .body_max = FILES_MAX),
	ROUTE("GET", SESSION "/files/*", ash_session_files_get, 0),
	ROUTE("DELETE", SESSION "/files/*", ash_session_files_delete, 0),
	ROUTE("GET", SESSION "/workspace", ash_workspace_get, D404),
	ROUTE("POST", SESSION "/workspace", ash_workspace_put, D400 | D404, .body_max = BUNDLE_MAX),
	ROUTE("POST", SESSION "/attachments", ash_attachments_create, D400 | D404 | D413),
	ROUTE("GET", SESSION "/attachments", ash_attachments_list, D404),
	ROUTE("GET", "/api/attachments/:id", ash_attachments_get, D404),
	ROUTE("DELETE", "/api/attachments/:id", ash_attachments_delete, D404),
	ROUTE("POST", "/api/queue", ash_queue_create, D400),
	ROUTE("GET", "/api/queue", ash_queue_list, 0),
	ROUTE("GET", "/api/queue/stats", ash_queue_stats, 0),
	ROUTE("GET", "/api/queue/:id", ash_queue_get, D404),
	ROUTE("DELETE", "/api/queue/:id", ash_queue_cancel, D400 | D404),
	ROUTE("GET", "/api/usage", ash_usage_list, 0),
	ROUTE("GET", "/api/usage/stats", ash_usage_stats, 0),
	ROUTE("GET", "/api/analytics", ash_analytics, 0),
	ROUTE("POST", "/api/credentials", ash_credentials_create, D400 | D500),
	ROUTE("GET", "/api/credentials", ash_credentials_list, 0),
	ROUTE("DELETE", "/api/credentials/:credential", ash_credentials_delete, D404),
	ROUTE("POST", "/api/api-keys", ash_keys_create, 0),
	ROUTE("GET", "/api/api-keys", ash_keys_list, 0),
	ROUTE("DELETE", "/api/api-keys/:key", ash_keys_delete, 0),
	ROUTE("GET", AGENT "/versions", ash_versions_list, D404),
	ROUTE("POST", AGENT "/versions", ash_versions_create, D400 | D404),
	ROUTE("GET", AGENT "/versions/:version", ash_versions_get, D404),
	ROUTE("PATCH", AGENT "/versions/:version", ash_versions_update, D404),
	ROUTE("DELETE", AGENT "/versions/:version", ash_versions_delete, D404),
	ROUTE("POST", AGENT "/versions/:version/activate", ash_versions_activate, D404),
	ROUTE("GET", AGENT "/eval-cases", ash_eval_cases_list, D404),
	ROUTE("POST", AGENT "/eval-cases", ash_eval_cases_create, D404),
	ROUTE("POST", AGENT "/eval-cases/import", ash_eval_cases_import, D404),
	ROUTE("GET", AGENT "/eval-cases/export", ash_eval_cases_export, D404),
	ROUTE("GET", AGENT "/eval-cases/:id", ash_eval_cases_get, D404),
	ROUTE("PATCH", AGENT "/eval-cases/:id", ash_eval_cases_update, D404),
	ROUTE("DELETE", AGENT "/eval-cases/:id", ash_eval_cases_delete, D404),
	ROUTE("GET", AGENT "/eval-runs", ash_eval_runs_list, D404),
	ROUTE("POST", AGENT "/eval-runs", ash_eval_runs_create, D404),
	ROUTE("GET", AGENT "/eval-runs/compare", ash_eval_runs_compare, D404),
	ROUTE("GET", AGENT "/eval-runs/:id", ash_eval_runs_get, D404),
	ROUTE("GET", AGENT "/eval-runs/:id/results", ash_eval_runs_results, D404),
	ROUTE("POST", AGENT "/eval-runs/:id/score", ash_eval_runs_score, D400 | D404),
	ROUTE("PATCH", AGENT "/eval-results/:id", ash_eval_results_update, D404),
#undef ROUTE
};

bool ash_route_declares(const struct ash_route *route, int status)
{
	static const struct {
		int status;
		unsigned bit;
	} bits[] = {{400, D400}, {404, D404}, {413, D413}, {422, D422}, {500, D500}, {503, D503}};
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
		if (bits[i].status == status)
			return (route->declared & bits[i].bit) != 0;
	}
	return false;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoding of a path: "+" stays. */
static char *path_decode(freshet_str text)
{
	char *out = must_alloc(text.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		bool escape = text.ptr[i] == '%' && i + 2 < text.len && hex_value(text.ptr[i + 1]) >= 0 &&
			      hex_value(text.ptr[i + 2]) >= 0;
		out[len++] =
			escape ? (char)(hex_value(text.ptr[i + 1]) * 16 + hex_value(text.ptr[i + 2])) : text.ptr[i];
		i += escape ? 2 : 0;
	}
	out[len] = '\0';
	return out;
}

/* The spans of the parameters; false when the path is not the route's. */
static bool path_fits(const char *pattern, freshet_str path, freshet_str params[ASH_PARAMS_MAX])
{
	size_t at = 0;
	size_t count = 0;
	while (*pattern != '\0') {
		if (*pattern == '*') {
			params[count] = (freshet_str){path.ptr + at, path.len - at};
			return params[count].len > 0;
		}
		if (*pattern != ':') {
			if (at == path.len || path.ptr[at] != *pattern)
				return false;
			at++;
			pattern++;
			continue;
		}
		size_t from = at;
		while (at < path.len && path.ptr[at] != '/')
			at++;
		if (at == from)
			return false;
		params[count++] = (freshet_str){path.ptr + from, at - from};
		pattern += strcspn(pattern, "/");
	}
	return at == path.len;
}

static void take_params(struct ash_call *call, const freshet_str params[ASH_PARAMS_MAX])
{
	for (size_t i = 0; i < ASH_PARAMS_MAX; i++)
		call->params[i] = params[i].ptr != NULL ? path_decode(params[i]) : NULL;
}

/* A route with a segment in its pattern's words wins over one that takes any, as they are in that order. */
static const struct ash_route *find_route(struct ash_call *call)
{
	const struct request *r = call->request;
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		freshet_str params[ASH_PARAMS_MAX] = {{NULL, 0}};
		if (!freshet_str_is(r->method, routes[i].method) || !path_fits(routes[i].path, r->path, params))
			continue;
		take_params(call, params);
		bool rest = strchr(routes[i].path, '*') != NULL;
		for (size_t j = 0; j < ASH_PARAMS_MAX && call->params[j] != NULL; j++) {
			bool last = rest && (j + 1 == ASH_PARAMS_MAX || call->params[j + 1] == NULL);
			if (!last && strlen(call->params[j]) > PARAM_MAX)
				return NULL;
		}
		return &routes[i];
	}
	return NULL;
}

static struct ash_tenant *find_tenant(struct ash *a, freshet_str token)
{
	for (size_t i = 0; i < a->tenant_count; i++) {
		if (freshet_str_is(token, a->tenants[i].token))
			return &a->tenants[i];
	}
	return ash_keys_tenant(a, token);
}

/* The word of the scheme is looked at to the letter, and one blank must follow it. False when it was answered. */
static bool has_key(struct ash_call *call)
{
	static const char scheme[] = "Bearer ";
	size_t len = sizeof scheme - 1;
	const freshet_str *value = request_field(call->request, "authorization");
	const char *why;
	if (value == NULL || value->len == 0) {
		why = "Missing Authorization header";
	} else if (value->len <= len || memcmp(value->ptr, scheme, len) != 0 ||
		   memchr(value->ptr + len, ' ', value->len - len) != NULL) {
		why = "Invalid Authorization header format";
	} else {
		call->tenant = find_tenant(call->ash, (freshet_str){value->ptr + len, value->len - len});
		why = "Invalid API key";
	}
	if (call->tenant == NULL)
		ash_fail(call, 401, "%s", why);
	return call->tenant != NULL;
}

static void refuse_path(struct ash_call *call)
{
	const struct request *r = call->request;
	bool query = r->query.len > 0;
	ash_refuse(call, 404, NULL, "Route %.*s:%.*s%s%.*s not found", (int)r->method.len, r->method.ptr,
		(int)r->path.len, r->path.ptr, query ? "?" : "", (int)r->query.len, query ? r->query.ptr : "");
}

static bool type_is(const freshet_str *type, const char *name)
{
	size_t len = strlen(name);
	return type != NULL && type->len >= len && strncasecmp(type->ptr, name, len) == 0 &&
	       (type->len == len || type->ptr[len] == ';' || type->ptr[len] == ' ');
}

/* Reads the body where the method has one. False when it was answered. */
static bool read_body(struct ash_call *call)
{
	const struct request *r = call->request;
	const freshet_str *type = request_field(r, "content-type");
	bool tagged = call->ash->mockd->options.ash_tagged && call->route->body_max == MESSAGE_MAX;
	uint32_t most = call->route->body_max > 0 && !tagged ? call->route->body_max : MIB;
	json_error_t error;
	if (freshet_str_is(r->method, "GET") || freshet_str_is(r->method, "HEAD") || (type == NULL && r->body.len == 0))
		return true;
	if (r->body_too_large || r->body.len > most) {
		ash_refuse(call, 413, "FST_ERR_CTP_BODY_TOO_LARGE", "Request body is too large");
	} else if (type_is(type, "text/plain")) {
		call->body = json_stringn_nocheck(r->body.len > 0 ? r->body.ptr : "", r->body.len);
		return true;
	} else if (!type_is(type, "application/json")) {
		ash_refuse(call, 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE", "Unsupported Media Type: %.*s",
			type != NULL ? (int)type->len : 9, type != NULL ? type->ptr : "undefined");
	} else if (r->body.len == 0) {
		ash_refuse(call, 400, "FST_ERR_CTP_EMPTY_JSON_BODY",
			"Body cannot be empty when content-type is set to 'application/json'");
	} else {
		call->body = json_loadb(r->body.ptr, r->body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
		if (call->body == NULL)
			ash_refuse(call, 400, NULL, "%s at position %d", error.text, error.position);
		return call->body != NULL;
	}
	return false;
}

/* The ids of the path. False when it was answered. */
static bool check_params(struct ash_call *call)
{
	if (strstr(call->route->path, ":id") == NULL)
		return true;
	size_t i = strstr(call->route->path, ":name") != NULL;
	char *lower = must_copy(call->params[i]);
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	bool good = uuid_read(freshet_str_of(lower), &call->id);
	/* The store compares letter by letter. */
	if (good && strcmp(lower, call->params[i]) != 0)
		call->id = (struct uuid){0, 0};
	free(lower);
	if (!good)
		ash_refuse(call, 400, "FST_ERR_VALIDATION", "params/id must match format \"uuid\"");
	return good;
}

/* Counts the request where there are limits. False when it was answered. */
static bool within_limits(struct ash_call *call)
{
	void (*handler)(struct ash_call * call) = call->route->handler;
	return !call->ash->mockd->options.ash_limits ||
	       ash_limits_take(call, handler == ash_agents_create, handler == ash_sessions_create);
}

static void ash_handle(struct platform *platform, struct exchange *x, const struct request *r)
{
	struct ash_call call = {.ash = container_of(platform, struct ash, platform), .exchange = x, .request = r};
	const struct ash_route *route = find_route(&call);
	call.route = route;
	bool open = route != NULL && route->open && r->query.len == 0;
	if (open || has_key(&call)) {
		if (route == NULL)
			refuse_path(&call);
		else if (within_limits(&call) && read_body(&call) && check_params(&call))
			route->handler(&call);
	}
	for (size_t i = 0; i < ASH_PARAMS_MAX; i++)
		free(call.params[i]);
	json_decref(call.body);
}

static void free_tenant(struct ash_tenant *tenant)
{
	list_each_safe (node, after, &tenant->sessions)
		ash_session_free(container_of(node, struct ash_session, node), true);
	list_each_safe (node, after, &tenant->agents)
		ash_agent_free(container_of(node, struct ash_agent, node));
	ash_attachments_drop(tenant, NULL);
	ash_usage_clear(tenant);
	json_decref(tenant->credentials);
}

static void ash_free(struct platform *platform)
{
	struct ash *a = container_of(platform, struct ash, platform);
	ash_queue_clear(a);
	clock_unset(&a->mockd->clock, &a->eval_alarm);
	for (size_t i = 0; i < a->tenant_count; i++)
		free_tenant(&a->tenants[i]);
	ash_keys_clear(a);
	free(a->tenants);
	uuid_table_clear(&a->sessions);
	ash_ledger_clear(a);
	script_mix_clear(&a->mix);
	free(a);
}

static bool ash_delete_session(struct platform *platform, const char *id)
{
	struct ash *a = container_of(platform, struct ash, platform);
	struct ash_session *s = ash_session_by_text(a, id);
	if (s == NULL)
		return false;
	ash_ledger_keep(s);
	ash_session_free(s, true);
	return true;
}

struct ash *ash_new(struct mockd *m)
{
	struct ash *a = must_zalloc(sizeof *a);
	a->platform = (struct platform){.mount = m->options.platform == MOCKD_PLATFORM_ASH ? "" : "/api",
		.handle = ash_handle,
		.free = ash_free,
		.delete_session = ash_delete_session,
		.ledger = ash_ledger,
		.ledger_rows = ash_ledger_rows,
		.body_max = FILES_MAX};
	a->mockd = m;
	list_init(&a->deleted);
	list_init(&a->keys);
	list_init(&a->queue);
	a->queue_alarm.fire = ash_queue_poll;
	a->eval_alarm.fire = ash_evals_poll;
	a->tenant_count = m->options.token_count;
	a->tenants = must_zalloc(a->tenant_count * sizeof *a->tenants);
	for (size_t i = 0; i < a->tenant_count; i++) {
		struct ash_tenant *tenant = &a->tenants[i];
		tenant->token = m->options.tokens[i];
		snprintf(tenant->name, sizeof tenant->name, i == 0 ? "default" : "tenant-%zu", i);
		list_init(&tenant->agents);
		list_init(&tenant->sessions);
		list_init(&tenant->attachments);
		tenant->credentials = json_array();
	}
	if (!script_mix_read(&a->mix, m->options.ash_scripts) || !ash_plans_exist(a)) {
		ash_free(&a->platform);
		return NULL;
	}
	return a;
}

struct platform *ash_platform(struct ash *a)
{
	return &a->platform;
}
