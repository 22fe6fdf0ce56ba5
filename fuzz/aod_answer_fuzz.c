/*
 * What an Agent on Demand server answers to calls: the first byte chooses the kind of answer, the rest is its body.
 *
 * Properties: an answer is given to its callback or has an error, never both; a body that is no JSON has the error of the
 * JSON reader and its position; every span can be read to its end; what the server keeps of skills, MCP servers and
 * networking is valid JSON and can be sent back as it is.
 */
#include "service/aod/call.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1f"

static unsigned called;

static void hold(bool promise)
{
	if (!promise)
		abort();
}

/* Reads every byte, so that a sanitizer sees a span that reaches too far. */
static void touch(freshet_str span)
{
	volatile unsigned char sum = 0;
	for (size_t i = 0; i < span.len; i++)
		sum = (unsigned char)(sum + (unsigned char)span.ptr[i]);
}

static void touch_all(const freshet_str *spans, size_t count)
{
	for (size_t i = 0; i < count; i++)
		touch(spans[i]);
}

static void touch_pairs(const freshet_aod_secret *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		touch(pairs[i].name);
		touch(pairs[i].value);
	}
}

static void hold_json(freshet_str json)
{
	freshet_json_value value;
	hold(freshet_json_read(json, &value, NULL) == FRESHET_OK);
}

/* ---- sessions ---- */

static void touch_resources(const freshet_aod_resource *resources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		touch(resources[i].type);
		touch(resources[i].url);
		touch(resources[i].mount_path);
		hold(resources[i].authorization_token.len == 0);
	}
}

static void touch_session(const freshet_aod_session *s)
{
	const freshet_str spans[] = {s->id, s->agent_id, s->environment_id, s->provider, s->runtime, s->status_name,
		s->created_at, s->updated_at};
	touch_all(spans, sizeof spans / sizeof spans[0]);
	touch_resources(s->resources, s->resource_count);
}

static void on_session(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *s, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	touch_session(s);
}

static void on_sessions(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *s, size_t count, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	for (size_t i = 0; i < count; i++)
		touch_session(&s[i]);
}

static void on_turns(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *t, size_t count, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	for (size_t i = 0; i < count; i++) {
		const freshet_str spans[] = {
			t[i].prompt, t[i].status_name, t[i].created_at, t[i].started_at, t[i].ended_at};
		touch_all(spans, sizeof spans / sizeof spans[0]);
	}
}

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	const freshet_str spans[] = {ack->id, ack->status_name, ack->stream_url, ack->environment_id};
	touch_all(spans, sizeof spans / sizeof spans[0]);
	touch_resources(ack->resources, ack->resource_count);
}

static void on_detail(freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	touch(detail);
}

static void on_health(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_health *h, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	touch(h->status);
	for (size_t i = 0; i < h->check_count; i++) {
		touch(h->checks[i].name);
		touch(h->checks[i].result);
	}
}

/* ---- agents and environments ---- */

static void touch_agent(const freshet_aod_agent *a)
{
	const freshet_str spans[] = {a->id, a->name, a->description, a->system, a->provider, a->runtime, a->model,
		a->environment_id, a->created_at, a->updated_at, a->archived_at};
	touch_all(spans, sizeof spans / sizeof spans[0]);
	if (a->metadata.len > 0)
		hold_json(a->metadata);
	for (size_t i = 0; i < a->skill_count; i++) {
		const freshet_aod_skill *s = &a->skills[i];
		touch_all((freshet_str[]){s->type, s->name, s->description, s->content, s->source}, 5);
		hold_json(s->json);
	}
	for (size_t i = 0; i < a->mcp_server_count; i++) {
		const freshet_aod_mcp_server *s = &a->mcp_servers[i];
		touch_all((freshet_str[]){s->name, s->type, s->url, s->command}, 4);
		touch_pairs(s->headers, s->header_count);
		touch_all(s->args, s->arg_count);
		touch_pairs(s->env, s->env_count);
		hold_json(s->json);
	}
}

static void on_agent(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *a, void *user)
{
	freshet_aod_agent_fields fields;
	(void)error, (void)user;
	called++;
	touch_agent(a);
	freshet_aod_agent_fields_init(&fields);
	fields.skills = a->skills;
	fields.skill_count = a->skill_count;
	fields.mcp_servers = a->mcp_servers;
	fields.mcp_server_count = a->mcp_server_count;
	fields.metadata = a->metadata;
	/* Written without an error: it is the missing endpoint that does not take it. */
	hold(freshet_aod_agent_update(call->client, freshet_str_of(ID), 1, &fields, on_agent, NULL, NULL) ==
		FRESHET_EINVAL);
}

static void on_agents(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *a, size_t count, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	for (size_t i = 0; i < count; i++)
		touch_agent(&a[i]);
}

static void touch_environment(const freshet_aod_environment *e)
{
	const freshet_str spans[] = {
		e->id, e->name, e->setup_script, e->networking.type, e->created_at, e->updated_at, e->archived_at};
	touch_all(spans, sizeof spans / sizeof spans[0]);
	for (size_t i = 0; i < e->package_count; i++) {
		touch(e->packages[i].manager);
		touch_all(e->packages[i].names, e->packages[i].count);
	}
	touch_all(e->networking.allowed_hosts, e->networking.allowed_host_count);
	if (e->networking.json.len > 0)
		hold_json(e->networking.json);
}

static void on_environment(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_environment *e, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	touch_environment(e);
}

static void on_environments(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_environment *e,
	size_t count, void *user)
{
	(void)call, (void)error, (void)user;
	called++;
	for (size_t i = 0; i < count; i++)
		touch_environment(&e[i]);
}

/* ---- one body ---- */

static void hold_error(const struct reading *r)
{
	freshet_json_value value;
	size_t position = 0;
	freshet_err err = freshet_json_read(r->text, &value, &position);
	hold(r->position <= r->text.len);
	if (err != FRESHET_OK)
		hold(r->err == err && r->position == position);
	else
		hold(r->err == FRESHET_EJSON_TYPE || r->err == FRESHET_EJSON_MISSING || r->err == FRESHET_EJSON_NUMBER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct {
		const struct answer_kind *kind;
		union done done;
	} kinds[] = {
		{&answer_session, {.session = on_session}},
		{&answer_session_list, {.session_list = on_sessions}},
		{&answer_turn_list, {.turn_list = on_turns}},
		{&answer_ack, {.ack = on_ack}},
		{&answer_detail, {.detail = on_detail}},
		{&answer_health, {.health = on_health}},
		{&answer_agent, {.agent = on_agent}},
		{&answer_agent_list, {.agent_list = on_agents}},
		{&answer_environment, {.environment = on_environment}},
		{&answer_environment_list, {.environment_list = on_environments}},
	};
	static freshet_aod client;
	freshet_json_scratch scratch = {0};
	if (size == 0)
		return 0;
	size_t chosen = data[0] % (sizeof kinds / sizeof kinds[0]);
	freshet_aod_call call = {.client = &client, .kind = kinds[chosen].kind, .done = kinds[chosen].done};
	struct reading r = {.text = {(const char *)data + 1, size - 1}, .scratch = &scratch};
	called = 0;
	call.kind->answer(&call, &r);
	hold(called == (r.err == FRESHET_OK ? 1 : 0));
	if (r.err != FRESHET_OK)
		hold_error(&r);
	reading_clear(&r);
	freshet_json_scratch_clear(&scratch);
	return 0;
}
