/*
 * The endpoints of sessions (contract 6.3 to 6.5), each with its checks in the stated order.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <stdio.h>

#define TEXT_MAX_LEN       1000000
#define NAME_MAX_LEN       255
#define MODEL_MAX_LEN      100
#define CONTENT_MAX        500000
#define TAGGED_CONTENT_MAX 100000
#define BLOCKS_MAX         20

static json_t *session_json(const struct ash_session *s)
{
	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:o, s:s, s:n, s:o}", "id", ash_uuid(s->id), "agentName",
		s->agent->name, "sandboxId", ash_uuid(s->sandbox), "status", ash_status_name(s->status), "createdAt",
		ash_time(s->created_us), "lastActiveAt", ash_time(s->active_us), "tenantId", s->agent->tenant->name,
		"runnerId", "parentSessionId", uuid_is_zero(s->parent) ? json_null() : ash_uuid(s->parent));
}

static void answer_session(struct ash_call *call, int status, const struct ash_session *s)
{
	ash_answer_member(call, status, "session", session_json(s));
}

struct ash_session *ash_session_of(struct ash_call *call)
{
	struct ash_session *s = uuid_table_get(&call->ash->sessions, call->id);
	if (s != NULL && s->agent->tenant == call->tenant)
		return s;
	ash_fail(call, 404, "Session not found");
	return NULL;
}

/* The options that hold per query: they are read, and kept when they are given. */
static void check_query_options(struct ajv *c)
{
	ajv_string(c, "model", 0, MODEL_MAX_LEN);
	ajv_strings(c, "allowedTools");
	ajv_strings(c, "disallowedTools");
	ajv_strings(c, "betas");
	ajv_object(c, "subagents");
	ajv_string(c, "initialAgent", 0, SIZE_MAX);
}

/* Keeps the options that the body names. */
static void keep_options(struct ash_session *s, json_t *body)
{
	static const char *const names[] = {
		"model", "allowedTools", "disallowedTools", "betas", "subagents", "initialAgent"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		json_t *value = json_object_get(body, names[i]);
		if (value == NULL)
			continue;
		if (s->config == NULL)
			s->config = json_object();
		json_object_set(s->config, names[i], value);
	}
}

static void check_servers(struct ajv *c)
{
	json_t *servers = ajv_object(c, "mcpServers");
	const char *name;
	json_t *server;
	json_object_foreach(servers, name, server)
	{
		if (!json_is_object(server))
			ajv_fail(c, "mcpServers", "must be object");
	}
}

static void store_servers(struct ash_session *s, json_t *servers)
{
	json_t *list = json_array();
	const char *name;
	json_t *server;
	json_object_foreach(servers, name, server)
	{
		bool remote = json_object_get(server, "url") != NULL;
		json_t *entry = json_pack("{s:s, s:s}", "name", name, "transport", remote ? "sse" : "stdio");
		const char *member = remote ? "url" : "command";
		if (json_object_get(server, member) != NULL)
			json_object_set(entry, member, json_object_get(server, member));
		json_array_append_new(list, entry);
	}
	ash_store_event(s, "mcp_status", json_pack("{s:s, s:o}", "action", "configured", "servers", list));
}

/* True when a sandbox can be started for a session of that agent; false when it was answered. */
static bool can_start(struct ash_call *call, const struct ash_agent *agent)
{
	const struct ash *a = call->ash;
	if (!ash_agent_is_there(agent)) {
		ash_fail(call, 422, "Agent directory not found: %s", agent->path);
		return false;
	}
	if (a->capacity > 0 && a->alive >= a->capacity) {
		ash_fail(call, 503, "No sandbox capacity available");
		return false;
	}
	return true;
}

static void create(struct ash_call *call, const char *name)
{
	struct ash_agent *agent = ash_find_agent(call->tenant, name);
	if (agent == NULL) {
		ash_fail(call, 404, "Agent \"%s\" not found", name);
		return;
	}
	const char *credential = json_string_value(json_object_get(call->body, "credentialId"));
	if (credential != NULL && !ash_credential_use(call, credential)) {
		ash_fail(call, 400, "Invalid or inaccessible credential");
		return;
	}
	if (!can_start(call, agent))
		return;
	struct ash_session *s = ash_session_create(call->ash, agent, json_object_get(call->body, "model"));
	keep_options(s, call->body);
	json_t *servers = json_object_get(call->body, "mcpServers");
	if (json_object_size(servers) > 0)
		store_servers(s, servers);
	answer_session(call, 201, s);
}

void ash_sessions_create(struct ash_call *call)
{
	static const char *const needed[] = {"agent", NULL};
	static const char *const modes[] = {"bypassPermissions", "permissionsByAgent", "default", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	const char *agent = ajv_string(&c, "agent", 1, NAME_MAX_LEN);
	ajv_string(&c, "credentialId", 0, NAME_MAX_LEN);
	ajv_string_map(&c, "extraEnv");
	check_servers(&c);
	ajv_string(&c, "systemPrompt", 0, TEXT_MAX_LEN);
	ajv_word(&c, "permissionMode", modes);
	check_query_options(&c);
	if (ajv_end(&c))
		create(call, agent);
}

/* Only `agent` is a filter; what other parameters ask for is passed over. */
void ash_sessions_list(struct ash_call *call)
{
	char *agent = request_query(call->request, "agent");
	json_t *sessions = json_array();
	struct list *all = &call->tenant->sessions;
	for (struct list *node = all->prev; node != all; node = node->prev) {
		const struct ash_session *s = container_of(node, struct ash_session, node);
		if (agent == NULL || *agent == '\0' || strcmp(agent, s->agent->name) == 0)
			json_array_append_new(sessions, session_json(s));
	}
	free(agent);
	ash_answer_member(call, 200, "sessions", sessions);
}

void ash_sessions_get(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s != NULL)
		answer_session(call, 200, s);
}

void ash_sessions_config(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	check_query_options(&c);
	struct ash_session *s = ajv_end(&c) ? ash_session_of(call) : NULL;
	if (s == NULL)
		return;
	keep_options(s, call->body);
	answer_session(call, 200, s);
}

static void store_action(struct ash_session *s, const char *action)
{
	ash_store_event(s, "lifecycle", json_pack("{s:s}", "action", action));
}

void ash_sessions_pause(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	if (s->status != ASH_ACTIVE) {
		ash_fail(call, 400, "Cannot pause session with status \"%s\"", ash_status_name(s->status));
		return;
	}
	s->saved = true;
	ash_session_set_status(s, ASH_PAUSED);
	store_action(s, "paused");
	answer_session(call, 200, s);
}

void ash_sessions_stop(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	if (s->status != ASH_ACTIVE && s->status != ASH_STARTING) {
		ash_fail(call, 400, "Cannot stop session with status \"%s\"", ash_status_name(s->status));
		return;
	}
	s->saved = true;
	ash_session_kill_sandbox(s);
	ash_session_set_status(s, ASH_STOPPED);
	store_action(s, "stopped");
	answer_session(call, 200, s);
}

void ash_sessions_end(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	if (s->status != ASH_ENDED) {
		s->saved = true;
		ash_session_kill_sandbox(s);
		ash_session_set_status(s, ASH_ENDED);
		store_action(s, "ended");
	}
	answer_session(call, 200, s);
}

/* A new sandbox from what there is, or the one that still lives. */
static void resume(struct ash_session *s)
{
	if (s->alive) {
		s->ash->warm_hits++;
		ash_store_event(s, "lifecycle", json_pack("{s:s, s:s}", "action", "resumed", "path", "warm"));
		return;
	}
	ash_session_start_sandbox(s);
	s->ash->cold_hits++;
	s->ash->local_hits += s->saved;
	ash_store_event(s, "lifecycle",
		json_pack("{s:s, s:s, s:s}", "action", "resumed", "path", "cold", "source",
			s->saved ? "local" : "fresh"));
}

void ash_sessions_resume(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	if (s->status == ASH_ENDED) {
		ash_fail(call, 410, "Session has ended");
		return;
	}
	if (s->status != ASH_ACTIVE) {
		if (!s->alive && !can_start(call, s->agent))
			return;
		resume(s);
		ash_session_set_status(s, ASH_ACTIVE);
	}
	answer_session(call, 200, s);
}

void ash_sessions_fork(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	if (!ash_agent_is_there(s->agent)) {
		ash_fail(call, 422, "Agent directory not found: %s", s->agent->path);
		return;
	}
	struct ash_session *fork = ash_session_new(call->ash, s->agent, ASH_PAUSED);
	fork->parent = s->id;
	fork->saved = s->saved;
	fork->tree = ash_tree_hold(s->saved ? s->tree : s->agent->tree);
	fork->config = json_deep_copy(s->config);
	for (size_t i = 0; i < s->message_count; i++) {
		ash_store_message(fork, s->messages[i].block);
		fork->messages[i].created_us = s->messages[i].created_us;
	}
	ash_store_event(
		fork, "lifecycle", json_pack("{s:s, s:o}", "action", "forked", "parentSessionId", ash_uuid(s->id)));
	answer_session(call, 201, fork);
}

/* What a page of stored things asks for. */
struct page {
	size_t limit;
	size_t after;
	char *type; /* NULL: any */
};

/* False when it was answered. */
static bool read_page(struct ash_call *call, int64_t limit, struct page *page)
{
	struct ajv c;
	ajv_query(&c, call);
	page->limit = (size_t)ajv_integer(&c, "limit", 1, 1000, limit);
	page->after = (size_t)ajv_integer(&c, "after", 0, INT64_MAX / 2, 0);
	page->type = must_copy(ajv_string(&c, "type", 0, SIZE_MAX));
	return ajv_end(&c);
}

void ash_sessions_messages(struct ash_call *call)
{
	struct page page;
	struct ash_session *s = read_page(call, 100, &page) ? ash_session_of(call) : NULL;
	free(page.type);
	if (s == NULL)
		return;
	json_t *messages = json_array();
	for (size_t i = page.after; i < s->message_count && json_array_size(messages) < page.limit; i++)
		json_array_append_new(messages, ash_message_json(s, i));
	ash_answer_member(call, 200, "messages", messages);
}

void ash_sessions_events(struct ash_call *call)
{
	struct page page;
	struct ash_session *s = read_page(call, 200, &page) ? ash_session_of(call) : NULL;
	json_t *events = s != NULL ? json_array() : NULL;
	for (size_t i = page.after; s != NULL && i < s->event_count && json_array_size(events) < page.limit; i++) {
		if (page.type == NULL || strcmp(page.type, s->events[i].type) == 0)
			json_array_append_new(events, ash_event_json(s, i));
	}
	free(page.type);
	if (s != NULL)
		ash_answer_member(call, 200, "events", events);
}

/* A block of the message's content; false when it is none. */
static bool block_is_good(json_t *block)
{
	const char *type = json_string_value(json_object_get(block, "type"));
	if (type == NULL)
		return false;
	if (strcmp(type, "text") == 0)
		return json_is_string(json_object_get(block, "text"));
	json_t *source = json_object_get(block, "source");
	return (strcmp(type, "image") == 0 || strcmp(type, "document") == 0) && json_is_object(source) &&
	       json_is_string(json_object_get(source, "media_type")) && json_is_string(json_object_get(source, "data"));
}

/*
 * The content as the build makes it of what was sent; a new value, NULL when it was refused. The build whose content
 * may have blocks makes an array of a string, and takes an array of one for what is in it.
 */
static json_t *take_blocks(struct ajv *c, json_t *content)
{
	if (!json_is_array(content) && !json_is_object(content)) {
		const char *text = ajv_string(c, "content", 0, CONTENT_MAX);
		return text != NULL ? json_pack("[O]", json_object_get(c->object, "content")) : NULL;
	}
	size_t count = json_array_size(content);
	bool good = count >= 2 && count <= BLOCKS_MAX;
	for (size_t i = 0; good && i < count; i++)
		good = block_is_good(json_array_get(content, i));
	if (!good)
		ajv_fail(c, "content", "must match exactly one schema in oneOf");
	return good ? json_incref(content) : NULL;
}

static json_t *take_text(struct ajv *c)
{
	const char *text = ajv_string(c, "content", 0, TAGGED_CONTENT_MAX);
	return text != NULL ? json_incref(json_object_get(c->object, "content")) : NULL;
}

/* The first text of the content: there the script is named. */
static const char *text_of(json_t *content)
{
	if (json_is_string(content))
		return json_string_value(content);
	size_t i;
	json_t *block;
	json_array_foreach(content, i, block)
	{
		const char *text = json_string_value(json_is_string(block) ? block : json_object_get(block, "text"));
		if (text != NULL)
			return text;
	}
	return "";
}

/* What a message asks for. */
struct sent {
	json_t *content; /* NULL: it was answered */
	const char *model;
	bool partial;
	struct ash_plan plan;
};

static void check_options(struct ajv *c, struct sent *m)
{
	static const char *const efforts[] = {"low", "medium", "high", "max", NULL};
	static const char *const format_needs[] = {"type", "schema", NULL};
	static const char *const thinking_needs[] = {"type", NULL};
	m->partial = ajv_boolean(c, "includePartialMessages", false);
	m->model = ajv_string(c, "model", 0, MODEL_MAX_LEN);
	ajv_integer(c, "maxTurns", 1, INT32_MAX, 1);
	ajv_number(c, "maxBudgetUsd", 0, 0);
	ajv_word(c, "effort", efforts);
	json_t *thinking = ajv_object(c, "thinking");
	json_t *format = ajv_object(c, "outputFormat");
	struct ajv inner = {.call = c->call, .object = thinking, .where = "body/thinking", .failed = c->failed};
	if (thinking != NULL)
		ajv_required(&inner, thinking_needs);
	inner.object = format;
	snprintf(inner.where, sizeof inner.where, "body/outputFormat");
	if (format != NULL)
		ajv_required(&inner, format_needs);
	c->failed = inner.failed;
}

static void read_sent(struct ash_call *call, struct sent *m)
{
	static const char *const needed[] = {"content", NULL};
	struct ajv c;
	*m = (struct sent){.content = NULL};
	ajv_body(&c, call);
	ajv_required(&c, needed);
	json_t *content = c.failed ? NULL : json_object_get(call->body, "content");
	if (content != NULL && call->ash->mockd->options.ash_tagged)
		m->content = take_text(&c);
	else if (content != NULL)
		m->content = take_blocks(&c, content);
	check_options(&c, m);
	if (!ajv_end(&c)) {
		json_decref(m->content);
		m->content = NULL;
	}
}

struct ash_session *ash_session_ready(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return NULL;
	if (s->status != ASH_ACTIVE) {
		ash_fail(call, 400, "Session is %s", ash_status_name(s->status));
		return NULL;
	}
	if (s->alive)
		return s;
	ash_session_set_status(s, ASH_ERROR);
	ash_fail(call, 500, "Sandbox not found");
	return NULL;
}

static void send_message(struct ash_call *call, struct sent *m)
{
	struct ash_session *s = ash_session_ready(call);
	if (s == NULL)
		return;
	const char *prompt = text_of(m->content);
	if (!ash_plan_read(call->ash, freshet_str_of(prompt), &m->plan)) {
		ash_fail(call, 400, "the emulator has no such script: %.60s", prompt);
		return;
	}
	if (s->prompt == NULL)
		s->prompt = must_copy(prompt);
	s->active_us = ash_wall_us(call->ash);
	struct ash_block *block = ash_block_user(m->content);
	ash_store_message(s, block);
	ash_block_drop(block);
	struct ash_stream *stream = ash_stream_new(s);
	ash_turn_start(s, &m->plan, stream, m->partial, m->model);
	ash_stream_begin(stream, call->exchange);
}

void ash_sessions_send(struct ash_call *call)
{
	struct sent m;
	read_sent(call, &m);
	if (m.content != NULL)
		send_message(call, &m);
	json_decref(m.content);
}
