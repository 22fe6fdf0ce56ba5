/*
 * The way of a request: path, method, key and its kind, idempotency key, body, handler, which checks the body, then the
 * state. What belongs to another agent looks missing.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

/* Bytes of a body. */
#define BODY_MAX 1048576u

static const struct route {
	enum aos_name path;
	const char *method;
	void (*handler)(struct aos_call *call);
} routes[] = {
	{AOS_PATH_EVENTS, "POST", aos_ingest_events},
	{AOS_PATH_RUN_START, "POST", aos_ingest_start},
	{AOS_PATH_RUN_COMPLETE, "POST", aos_ingest_complete},
	{AOS_PATH_RUN_FAIL, "POST", aos_ingest_fail},
	{AOS_PATH_TASKS, "POST", aos_ingest_tasks},
	{AOS_PATH_SPANS, "POST", aos_ingest_spans},
	{AOS_PATH_INVOKE, "POST", aos_invoke},
	{AOS_PATH_RUN_GET, "GET", aos_runs_get},
	{AOS_PATH_RUN_REPLY, "POST", aos_reply},
	{AOS_PATH_RUN_STREAM, "GET", aos_run_stream},
	{AOS_PATH_APPROVALS_LIST, "GET", aos_approvals_list},
	{AOS_PATH_APPROVALS_DECIDE, "POST", aos_approvals_decide},
};

/* NULL when no path fits. */
static const struct route *find_route(struct aos_call *call)
{
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		freshet_str id = {NULL, 0};
		if (!aos_path_fits(aos_name(call->aos, routes[i].path), call->request->path, &id))
			continue;
		if (!aos_read_uuid(id, &call->id))
			call->id = (struct uuid){0, 0};
		return &routes[i];
	}
	return NULL;
}

static bool is_json(const freshet_str *type)
{
	static const char json[] = "application/json";
	size_t len = sizeof json - 1;
	return type != NULL && type->len >= len && strncasecmp(type->ptr, json, len) == 0 &&
	       (type->len == len || type->ptr[len] == ';' || type->ptr[len] == ' ');
}

/* Reads the body where the method has one. False when it was answered. */
static bool read_body(struct aos_call *call)
{
	const struct request *r = call->request;
	json_error_t error;
	if (!freshet_str_is(r->method, "POST"))
		return true;
	if (r->body_too_large) {
		aos_refuse(call, 413, "payload_too_large", "The body is longer than %u bytes", BODY_MAX);
	} else if (!is_json(request_field(r, "content-type"))) {
		aos_refuse(call, 415, "unsupported_media_type", "The body must be application/json");
	} else if (call->route == AOS_PATH_EVENTS) {
		/* It reads the body by itself. */
		return true;
	} else {
		call->body = json_loadb(r->body.len > 0 ? r->body.ptr : "", r->body.len,
			JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
		if (call->body == NULL)
			aos_refuse(call, 400, "invalid_json", "%s at position %d", error.text, error.position);
	}
	return call->body != NULL;
}

static void refuse_method(struct aos_call *call, const char *allowed)
{
	const struct answer head = {.status = 405, .content_type = "application/json", .fields = {{"allow", allowed}}};
	call->aos->totals.refused++;
	exchange_answer(call->exchange, &head,
		freshet_str_of("{\"data\":null,\"error\":{\"code\":\"method_not_allowed\",\"message\":\"The path "
			       "knows another method\"}}"));
}

static void aos_handle(struct platform *platform, struct exchange *x, const struct request *r)
{
	struct aos_call call = {.aos = container_of(platform, struct aos, platform), .exchange = x, .request = r};
	const struct route *route = find_route(&call);
	if (route == NULL) {
		aos_refuse(&call, 404, "not_found", "There is no such path");
		return;
	}
	call.route = route->path;
	if (!freshet_str_is(r->method, route->method))
		refuse_method(&call, route->method);
	else if (aos_key_check(&call) && !aos_repeat_answer(&call) && read_body(&call))
		route->handler(&call);
	json_decref(call.body);
}

static void aos_free(struct platform *platform)
{
	struct aos *a = container_of(platform, struct aos, platform);
	struct list *node;
	webhook_free(a->webhook);
	aos_repeats_clear(a);
	while ((node = list_pop_front(&a->runs)) != NULL)
		aos_run_free(container_of(node, struct aos_run, node));
	aos_approvals_clear(a);
	aos_keys_clear(a);
	uuid_table_clear(&a->runs_by_id);
	script_mix_clear(&a->mix);
	free(a);
}

static void add_first_agent(struct aos *a)
{
	struct uuid id;
	uuid_read(freshet_str_of(MOCKD_AGENTOS_AGENT), &id);
	struct aos_agent *agent = aos_agent_new(a, id, true);
	aos_key_new(a, agent, a->mockd->options.agentos_agent_key);
	aos_key_new(a, NULL, a->mockd->options.agentos_workspace_key);
}

struct aos *aos_new(struct mockd *m)
{
	struct aos *a = must_zalloc(sizeof *a);
	a->platform = (struct platform){.mount = aos_mount(m),
		.claims = aos_claims,
		.handle = aos_handle,
		.free = aos_free,
		.delete_session = aos_delete_run,
		.ledger = aos_ledger,
		.ledger_rows = aos_ledger_rows,
		.set = aos_set,
		.control = aos_control,
		.body_max = BODY_MAX};
	a->mockd = m;
	list_init(&a->keys);
	list_init(&a->agents);
	list_init(&a->runs);
	list_init(&a->approvals);
	list_init(&a->repeats);
	uuid_read(freshet_str_of(MOCKD_AGENTOS_WORKSPACE), &a->workspace);
	a->webhook = aos_hooks_new(a);
	add_first_agent(a);
	const struct mockd_options *o = &m->options;
	bool hooked = o->agentos_webhook == NULL ||
		      mockd_webhook_to(m, "agentos", o->agentos_webhook, o->agentos_webhook_secret);
	if (!hooked || !script_mix_read(&a->mix, o->agentos_scripts) || !aos_plans_exist(a)) {
		aos_free(&a->platform);
		return NULL;
	}
	return a;
}

struct platform *aos_platform(struct aos *a)
{
	return &a->platform;
}
