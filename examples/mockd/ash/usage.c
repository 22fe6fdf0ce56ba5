/*
 * Usage and analytics (contract 6.10). Each result that is stored is one record, which stands for an event of each kind.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <time.h>

enum { KINDS = 5 };

static const char *const kind_names[KINDS] = {
	"input_tokens", "output_tokens", "cache_creation_tokens", "cache_read_tokens", "message"};
static const char *const kind_members[KINDS - 1] = {
	"input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"};

void ash_usage_add(struct ash_session *s, const json_t *result)
{
	struct ash_tenant *tenant = s->agent->tenant;
	const json_t *usage = json_object_get(result, "usage");
	tenant->usage =
		must_grow(tenant->usage, &tenant->usage_capacity, tenant->usage_count + 1, sizeof *tenant->usage);
	struct ash_usage *u = &tenant->usage[tenant->usage_count++];
	*u = (struct ash_usage){.id = uuid_new(&s->ash->mockd->random),
		.session = s->id,
		.agent = must_copy(s->agent->name),
		.created_us = ash_wall_us(s->ash)};
	for (size_t i = 0; i < KINDS - 1; i++)
		u->values[i] = json_number_value(json_object_get(usage, kind_members[i]));
	u->values[KINDS - 1] = 1;
}

void ash_usage_clear(struct ash_tenant *tenant)
{
	for (size_t i = 0; i < tenant->usage_count; i++)
		free(tenant->usage[i].agent);
	free(tenant->usage);
}

/* Which records are asked for. */
struct filter {
	char *session; /* NULL: any */
	char *agent;
	char *after; /* as the server writes times: they compare as text */
	char *before;
	size_t limit;
};

/* A time of the query; it is not NULL when it is there and good. */
static const char *check_time(struct ajv *c, const char *name)
{
	const char *text = ajv_string(c, name, 0, SIZE_MAX);
	struct tm tm = {.tm_sec = 0};
	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL)
		return text;
	ajv_fail(c, name, "must match format \"date-time\"");
	return NULL;
}

/* False when it was answered. What was filled in is freed with filter_clear. */
static bool read_filter(struct ash_call *call, struct filter *f)
{
	struct ajv c;
	ajv_query(&c, call);
	f->session = must_copy(ajv_uuid(&c, "sessionId"));
	f->agent = must_copy(ajv_string(&c, "agentName", 0, SIZE_MAX));
	f->after = must_copy(check_time(&c, "after"));
	f->before = must_copy(check_time(&c, "before"));
	f->limit = (size_t)ajv_integer(&c, "limit", 1, 1000, 100);
	return ajv_end(&c);
}

static void filter_clear(struct filter *f)
{
	free(f->session);
	free(f->agent);
	free(f->after);
	free(f->before);
}

static bool fits(const struct filter *f, const struct ash_usage *u)
{
	char session[UUID_TEXT + 1];
	uuid_write(u->session, session);
	json_t *time = ash_time(u->created_us);
	const char *text = json_string_value(time);
	bool good = (f->session == NULL || strcmp(f->session, session) == 0) &&
		    (f->agent == NULL || strcmp(f->agent, u->agent) == 0) &&
		    (f->after == NULL || strcmp(text, f->after) >= 0) &&
		    (f->before == NULL || strcmp(text, f->before) <= 0);
	json_decref(time);
	return good;
}

static json_t *event_json(const struct ash_tenant *tenant, const struct ash_usage *u, size_t kind)
{
	struct uuid id = {u->id.high, u->id.low ^ kind};
	json_t *value = u->values[kind] == (double)(json_int_t)u->values[kind]
				? json_integer((json_int_t)u->values[kind])
				: json_real(u->values[kind]);
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:s}", "id", ash_uuid(id), "sessionId", ash_uuid(u->session),
		"agentName", u->agent, "eventType", kind_names[kind], "value", value, "createdAt",
		ash_time(u->created_us), "tenantId", tenant->name);
}

void ash_usage_list(struct ash_call *call)
{
	struct filter f;
	json_t *events = json_array();
	bool good = read_filter(call, &f);
	for (size_t i = call->tenant->usage_count; good && i > 0; i--) {
		const struct ash_usage *u = &call->tenant->usage[i - 1];
		for (size_t kind = KINDS; fits(&f, u) && kind > 0 && json_array_size(events) < f.limit; kind--)
			json_array_append_new(events, event_json(call->tenant, u, kind - 1));
	}
	filter_clear(&f);
	if (good)
		ash_answer_member(call, 200, "events", events);
	else
		json_decref(events);
}

static json_t *stats_json(const struct ash_tenant *tenant, const struct filter *f)
{
	double sums[KINDS] = {0};
	for (size_t i = 0; i < tenant->usage_count; i++) {
		for (size_t kind = 0; kind < KINDS && fits(f, &tenant->usage[i]); kind++)
			sums[kind] += tenant->usage[i].values[kind];
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:i, s:I, s:i}", "totalInputTokens", (json_int_t)sums[0],
		"totalOutputTokens", (json_int_t)sums[1], "totalCacheCreationTokens", (json_int_t)sums[2],
		"totalCacheReadTokens", (json_int_t)sums[3], "totalToolCalls", 0, "totalMessages", (json_int_t)sums[4],
		"totalComputeSeconds", 0);
}

void ash_usage_stats(struct ash_call *call)
{
	struct filter f;
	if (read_filter(call, &f))
		ash_answer_member(call, 200, "stats", stats_json(call->tenant, &f));
	filter_clear(&f);
}

/* Counts something by its name. */
static void count_status(json_t *counts, const char *name)
{
	json_object_set_new(counts, name, json_integer(json_integer_value(json_object_get(counts, name)) + 1));
}

static json_t *sessions_json(const struct ash_tenant *tenant)
{
	json_t *counts = json_object();
	json_int_t total = 0;
	list_each (node, &tenant->sessions) {
		count_status(counts, ash_status_name(container_of(node, struct ash_session, node)->status));
		total++;
	}
	return json_pack("{s:I, s:o}", "total", total, "byStatus", counts);
}

void ash_analytics(struct ash_call *call)
{
	struct filter f;
	json_int_t agents = 0;
	json_int_t runs = 0;
	json_t *counts = json_object();
	list_each (node, &call->tenant->agents) {
		const struct ash_agent *agent = container_of(node, struct ash_agent, node);
		size_t i;
		json_t *run;
		json_array_foreach(agent->eval_runs, i, run)
			count_status(counts, json_string_value(json_object_get(run, "status")));
		runs += (json_int_t)json_array_size(agent->eval_runs);
		agents++;
	}
	if (read_filter(call, &f))
		ash_answer(call, 200,
			json_pack("{s:{s:I}, s:o, s:o, s:{s:I, s:O}}", "agents", "total", agents, "sessions",
				sessions_json(call->tenant), "usage", stats_json(call->tenant, &f), "evals",
				"totalRuns", runs, "byStatus", counts));
	json_decref(counts);
	filter_clear(&f);
}
