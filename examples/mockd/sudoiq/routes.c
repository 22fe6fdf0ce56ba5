/*
 * The way of a request: path by the table, credential, body, handler. What belongs to another tenant looks missing. The
 * platform itself is made here, and freed.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#define HOLD_FRAMES    4096u
#define RETRY_MS       2000u
#define TOKEN_MS       3600000u
#define AGENT_VERSIONS 3

static void (*const handlers[SIQ_ENDPOINT_COUNT])(struct siq_request *q) = {
	[SIQ_AUTH_TOKEN] = siq_auth_token,
	[SIQ_TOOLS_REGISTER] = siq_tools_register,
	[SIQ_TOOLS_LIST] = siq_tools_list,
	[SIQ_TOOLS_DELETE] = siq_tools_delete,
	[SIQ_RUN_START] = siq_run_start,
	[SIQ_RUN_STREAM] = siq_run_stream,
	[SIQ_RUN_STATUS] = siq_run_status,
	[SIQ_RUN_CANCEL] = siq_run_cancel,
	[SIQ_TOOL_RESPONSES] = siq_tool_responses,
	[SIQ_RUN_FEEDBACK] = siq_run_feedback,
	[SIQ_RUN_FEEDBACK_LIST] = siq_run_feedback_list,
	[SIQ_TESTS_CREATE] = siq_tests_create,
	[SIQ_TESTS_LIST] = siq_tests_list,
	[SIQ_TESTS_DELETE] = siq_tests_delete,
	[SIQ_GRADERS_CREATE] = siq_graders_create,
	[SIQ_VALIDATORS_UPSERT] = siq_validators_upsert,
	[SIQ_VALIDATORS_LIST] = siq_validators_list,
	[SIQ_VALIDATORS_GET] = siq_validators_get,
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoding of a segment: "+" stays. */
static char *segment_decode(freshet_str text)
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

/* Where a placeholder's value goes. */
static char **place_of(struct siq_request *q, freshet_str name)
{
	if (freshet_str_is(name, "agent_id"))
		return &q->agent_id;
	if (freshet_str_is(name, "task_id"))
		return &q->task_id;
	if (freshet_str_is(name, "name"))
		return &q->name;
	return freshet_str_is(name, "namespace") ? &q->space : &q->other_id;
}

static void forget_places(struct siq_request *q)
{
	char **const places[] = {&q->agent_id, &q->task_id, &q->name, &q->space, &q->other_id};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		free(*places[i]);
		*places[i] = NULL;
	}
}

/* Fills in the placeholders; false when the path is not the template's. */
static bool path_fits(struct siq_request *q, const char *template, freshet_str path)
{
	size_t at = 0;
	forget_places(q);
	while (*template != '\0') {
		if (*template != '{') {
			if (at == path.len || path.ptr[at] != *template)
				return false;
			at++;
			template ++;
			continue;
		}
		size_t from = at;
		while (at < path.len && path.ptr[at] != '/')
			at++;
		if (at == from)
			return false;
		size_t name_len = strcspn(template + 1, "}");
		char **place = place_of(q, (freshet_str){template + 1, name_len});
		*place = segment_decode((freshet_str){path.ptr + from, at - from});
		template += name_len + 2;
	}
	return at == path.len;
}

static bool find_endpoint(struct siq_request *q)
{
	const struct siq_table *table = q->siq->table;
	size_t prefix = strlen(table->names[SIQ_PREFIX]);
	freshet_str path = q->request->path;
	bool below = path.len >= prefix && memcmp(path.ptr, table->names[SIQ_PREFIX], prefix) == 0;
	path = below ? (freshet_str){path.ptr + prefix, path.len - prefix} : (freshet_str){NULL, 0};
	for (size_t i = 0; below && i < SIQ_ENDPOINT_COUNT; i++) {
		q->endpoint = (enum siq_endpoint)i;
		if (freshet_str_is(q->request->method, table->endpoints[i].method) &&
			path_fits(q, table->endpoints[i].path, path))
			return true;
	}
	q->endpoint = SIQ_ENDPOINT_COUNT;
	return false;
}

/* Reads the body where there is one. False when it was answered. */
static bool read_body(struct siq_request *q)
{
	const struct request *r = q->request;
	json_error_t error;
	if (r->body_too_large) {
		siq_fail(q, 413, "too_large", "the body is too large");
		return false;
	}
	if (r->body.len == 0)
		return true;
	q->body = json_loadb(r->body.ptr, r->body.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!json_is_object(q->body)) {
		siq_fail(q, 400, "invalid_json", "the body is no JSON object: %s",
			q->body == NULL ? error.text : "it is something else");
		return false;
	}
	return true;
}

static void siq_handle(struct platform *platform, struct exchange *x, const struct request *r)
{
	struct siq_request q = {.siq = container_of(platform, struct siq, platform), .exchange = x, .request = r};
	bool found = find_endpoint(&q);
	if (siq_let_in(&q)) {
		if (!found)
			siq_fail(&q, 404, "not_found", "there is nothing at %.*s %.*s", (int)r->method.len,
				r->method.ptr, (int)r->path.len, r->path.ptr);
		else if (read_body(&q))
			handlers[q.endpoint](&q);
	}
	forget_places(&q);
	json_decref(q.body);
}

/* ---- agents ---- */

struct siq_agent *siq_agent_find(const struct siq_tenant *tenant, const char *id)
{
	for (size_t i = 0; i < tenant->agent_count; i++) {
		if (strcmp(tenant->agents[i]->id, id) == 0)
			return tenant->agents[i];
	}
	return NULL;
}

struct siq_agent *siq_agent_new(struct siq_tenant *tenant, const char *id)
{
	struct siq_agent *agent = must_zalloc(sizeof *agent);
	memcpy(agent->id, id, sizeof agent->id);
	agent->version = AGENT_VERSIONS;
	tenant->agents =
		must_grow(tenant->agents, &tenant->agent_capacity, tenant->agent_count + 1, sizeof(struct siq_agent *));
	tenant->agents[tenant->agent_count++] = agent;
	return agent;
}

struct siq_agent *siq_agent_of(struct siq_request *q)
{
	const char *named = json_string_value(json_object_get(q->body, "agent_id"));
	const char *id = q->agent_id != NULL ? q->agent_id : named;
	struct siq_agent *agent = id != NULL ? siq_agent_find(q->tenant, id) : NULL;
	if (id == NULL)
		siq_fail(q, 422, "validation_error", "agent_id is missing");
	else if (agent == NULL)
		siq_fail(q, 404, "agent_not_found", "there is no agent %s", id);
	else if (named != NULL && strcmp(named, id) != 0)
		siq_fail(q, 422, "validation_error", "path and body name two agents");
	else
		return agent;
	return NULL;
}

/* ---- the platform ---- */

static void free_tenant(struct siq_tenant *tenant)
{
	for (size_t i = 0; i < tenant->agent_count; i++) {
		siq_list_clear(&tenant->agents[i]->tests);
		free(tenant->agents[i]);
	}
	free(tenant->agents);
	siq_list_clear(&tenant->tools);
	siq_list_clear(&tenant->validators);
	uuid_table_clear(&tenant->starts);
}

static void siq_free(struct platform *platform)
{
	struct siq *s = container_of(platform, struct siq, platform);
	if (s->webhook != NULL)
		webhook_free(s->webhook);
	for (size_t i = 0; i < s->run_count; i++)
		siq_run_free(s->runs[i]);
	for (size_t i = 0; i < s->tenant_count; i++)
		free_tenant(&s->tenants[i]);
	free(s->runs);
	free(s->tenants);
	free(s->tokens);
	script_mix_clear(&s->mix);
	free(s);
}

static bool siq_delete_session(struct platform *platform, const char *id)
{
	struct siq *s = container_of(platform, struct siq, platform);
	struct siq_run *run = siq_run_find(s, strtoll(id, NULL, 10));
	if (run != NULL)
		siq_run_delete(run);
	return run != NULL;
}

static bool siq_set_setting(struct platform *platform, const char *name, uint64_t value)
{
	struct siq *s = container_of(platform, struct siq, platform);
	const struct {
		const char *name;
		uint64_t *value;
		uint64_t least, most;
	} settings[] = {{"sudoiq_repeat", &s->repeat, 0, 1000}, {"sudoiq_hold", &s->hold, 1, UINT32_MAX},
		{"sudoiq_retry_ms", &s->retry_ms, 0, UINT32_MAX}, {"sudoiq_end_events", &s->end_events, 0, 1},
		{"sudoiq_conflict_ids", &s->conflict_ids, 0, 1}, {"sudoiq_error_shape", &s->error_shape, 0, 4},
		{"sudoiq_quota", &s->quota, 0, UINT32_MAX}, {"sudoiq_strict_tools", &s->strict_tools, 0, 1},
		{"sudoiq_token_ms", &s->token_ms, 1000, UINT32_MAX}};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (strcmp(name, settings[i].name) != 0)
			continue;
		bool good = value >= settings[i].least && value <= settings[i].most;
		if (good)
			*settings[i].value = value;
		return good;
	}
	return false;
}

static void make_tenants(struct siq *s)
{
	const struct mockd_options *o = &s->mockd->options;
	s->tenant_count = o->token_count;
	s->tenants = must_zalloc(s->tenant_count * sizeof *s->tenants);
	for (size_t i = 0; i < s->tenant_count; i++) {
		s->tenants[i].key = o->tokens[i];
		siq_agent_new(&s->tenants[i], MOCKD_SUDOIQ_AGENT);
	}
}

struct siq *siq_new(struct mockd *m)
{
	const struct mockd_options *o = &m->options;
	struct siq *s = must_zalloc(sizeof *s);
	s->mockd = m;
	s->table = siq_table_find(o->sudoiq_table);
	if (s->table == NULL || !siq_auth_read(o->sudoiq_auth, &s->auth) ||
		!script_mix_read(&s->mix, o->sudoiq_scripts) || !siq_plans_exist(s)) {
		siq_free(&s->platform);
		return NULL;
	}
	s->platform = (struct platform){.mount = siq_name(s, SIQ_PREFIX),
		.handle = siq_handle,
		.free = siq_free,
		.delete_session = siq_delete_session,
		.ledger = siq_ledger,
		.ledger_rows = siq_ledger_rows,
		.control = siq_control,
		.set = siq_set_setting};
	s->hold = HOLD_FRAMES;
	s->retry_ms = RETRY_MS;
	s->token_ms = TOKEN_MS;
	s->end_events = s->conflict_ids = s->strict_tools = 1;
	make_tenants(s);
	s->webhook = webhook_new(m, &s->table->webhook);
	if (o->sudoiq_webhook != NULL &&
		!mockd_webhook_to(m, s->table->webhook.platform, o->sudoiq_webhook, o->sudoiq_webhook_secret)) {
		siq_free(&s->platform);
		return NULL;
	}
	return s;
}

struct platform *siq_platform(struct siq *s)
{
	return &s->platform;
}
