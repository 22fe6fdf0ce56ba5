/*
 * The endpoints of agents (contract 6.2). An agent is kept as the object that is returned; each version is kept as it
 * was.
 */
#include "mockd/aod/aod.h"
#include "mockd/aod/check.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <ctype.h>
#include <limits.h>

#define ITEMS_MAX       20
#define NAME_MAX_LEN    200
#define MODEL_MAX_LEN   100
#define PROVIDER_MAX    32
#define SKILL_TEXT_MAX  1024
#define SKILL_BYTES_MAX 65536

/* What a create or an update asks for; NULL: nothing said. */
struct agent_fields {
	json_t *name, *provider, *model, *system, *description, *environment, *skills, *mcp_servers, *metadata;
};

struct aod_agent *aod_find_agent(struct aod_call *call, struct uuid id)
{
	struct aod_agent *agent = uuid_table_get(&call->aod->agents, id);
	return agent != NULL && agent->user == call->user ? agent : NULL;
}

/* The agent of the path; NULL when it was answered with 404. */
static struct aod_agent *find_agent(struct aod_call *call)
{
	struct aod_agent *agent = aod_find_agent(call, call->id);
	if (agent == NULL)
		aod_detail(call, 404, "Agent not found");
	return agent;
}

static bool skill_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return len > 0 && len <= 64 && name[len] == '\0' && name[0] != '-';
}

static bool skill_source(const char *source)
{
	static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t owner = strspn(source, word);
	size_t repository = source[owner] == '/' ? strspn(source + owner + 1, word) : 0;
	return owner > 0 && repository > 0 && source[owner + 1 + repository] == '\0';
}

/* What is wrong with a skill; NULL: nothing. */
static const char *skill_fault(json_t *skill)
{
	bool github = json_object_get(skill, "type") != NULL;
	const char *const *members = github ? (const char *const[]){"type", "description", "source", "name", NULL}
					    : (const char *const[]){"name", "description", "content", NULL};
	if (!json_is_object(skill))
		return "a skill must be an object";
	size_t known = 0;
	for (size_t i = 0; members[i] != NULL; i++) {
		json_t *value = json_object_get(skill, members[i]);
		if (value != NULL && !json_is_string(value))
			return "members of a skill must be strings";
		if (value == NULL && !(github && strcmp(members[i], "name") == 0))
			return "a member of the skill is missing";
		known += value != NULL;
	}
	if (known != json_object_size(skill))
		return "a skill has an unknown member";
	const char *name = json_string_value(json_object_get(skill, "name"));
	const char *content = json_string_value(json_object_get(skill, "content"));
	if (name != NULL && !skill_name(name))
		return "the skill's name is malformed";
	if (json_string_length(json_object_get(skill, "description")) > SKILL_TEXT_MAX)
		return "the skill's description is too long";
	if (content != NULL && (strlen(content) > SKILL_BYTES_MAX || strstr(content, "SKILL_EOF") != NULL))
		return "the skill's content is too long or holds SKILL_EOF";
	if (github && (strcmp(json_string_value(json_object_get(skill, "type")), "github") != 0 ||
			      !skill_source(json_string_value(json_object_get(skill, "source")))))
		return "the skill's source is malformed";
	return NULL;
}

/* True when an earlier object of the array has the same member. */
static bool seen_before(json_t *array, size_t i, const char *member)
{
	json_t *value = json_object_get(json_array_get(array, i), member);
	for (size_t j = 0; value != NULL && j < i; j++) {
		if (json_equal(value, json_object_get(json_array_get(array, j), member)))
			return true;
	}
	return false;
}

static json_t *check_skills(struct check *c)
{
	json_t *skills = check_array(c, "skills", ITEMS_MAX);
	size_t i;
	json_t *skill;
	json_array_foreach(skills, i, skill)
	{
		const char *fault = skill_fault(skill);
		bool whole = json_object_get(skill, "name") == NULL;
		if (fault == NULL && seen_before(skills, i, whole ? "source" : "name"))
			fault = "skills must be unique";
		if (fault != NULL)
			check_value_error(c, check_loc_item("skills", i), skill, "%s", fault);
	}
	return skills;
}

/* What is wrong with an MCP server; NULL: nothing. */
static const char *server_fault(json_t *server)
{
	if (!json_is_object(server))
		return "an MCP server must be an object";
	const char *type = json_string_value(json_object_get(server, "type"));
	if (json_object_get(server, "type") == NULL)
		type = "url";
	if (!json_is_string(json_object_get(server, "name")))
		return "an MCP server needs a name";
	if (type == NULL || (strcmp(type, "url") != 0 && strcmp(type, "stdio") != 0))
		return "the type of an MCP server must be url or stdio";
	const char *needed = strcmp(type, "url") == 0 ? "url" : "command";
	return json_object_get(server, needed) == NULL ? "an MCP server lacks its url or command" : NULL;
}

static json_t *check_servers(struct check *c)
{
	json_t *servers = check_array(c, "mcp_servers", ITEMS_MAX);
	size_t i;
	json_t *server;
	json_array_foreach(servers, i, server)
	{
		const char *fault = server_fault(server);
		if (fault == NULL && seen_before(servers, i, "name"))
			fault = "names of MCP servers must be unique";
		if (fault != NULL)
			check_value_error(c, check_loc_item("mcp_servers", i), server, "%s", fault);
	}
	return servers;
}

static bool blank(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return *text == '\0';
}

/* Reads all fields. `creating`: name, provider and model are required. */
static void check_fields(struct check *c, const struct aod *a, bool creating, struct agent_fields *f)
{
	f->name = check_string(c, "name", creating, NAME_MAX_LEN);
	f->provider = check_string(c, aod_provider_key(a), creating, PROVIDER_MAX);
	f->model = check_string(c, "model", creating, MODEL_MAX_LEN);
	if (f->model != NULL && blank(json_string_value(f->model)))
		check_value_error(c, check_loc("model"), f->model, "model must not be blank");
	f->system = check_string(c, "system", false, SIZE_MAX);
	f->description = check_string(c, "description", false, SIZE_MAX);
	f->environment = check_string(c, "environment_id", false, SIZE_MAX);
	f->skills = check_skills(c);
	f->mcp_servers = check_servers(c);
	f->metadata = check_object(c, "metadata");
}

/* The environment of that id, when it may be assigned. False when it was answered. */
static bool find_assignable(struct aod_call *call, const char *text, struct aod_environment **out)
{
	struct uuid id;
	*out = NULL;
	if (text == NULL || *text == '\0')
		return true;
	struct aod_environment *e = uuid_read(freshet_str_of(text), &id) ? aod_find_environment(call, id) : NULL;
	if (e == NULL)
		aod_detail(call, 404, "Environment not found");
	else if (e->archived_us != 0)
		aod_detail(call, 409, "Cannot assign an archived environment");
	*out = e;
	return e != NULL && e->archived_us == 0;
}

static bool known_provider(const struct aod *a, const char *provider)
{
	static const char *const providers[] = {"anthropic", "openai", NULL};
	static const char *const runtimes[] = {
		"claude", "codex", "gemini", "opencode", "claude-code", "claude-oauth", NULL};
	const char *const *names = a->mockd->options.dialect == MOCKD_DIALECT_R ? runtimes : providers;
	for (; *names != NULL; names++) {
		if (strcmp(provider, *names) == 0)
			return true;
	}
	return false;
}

/* The model without the provider's own prefix; NULL when it was answered with 422. Dialect R takes any model. */
static const char *plain_model(struct aod_call *call, const char *provider, const char *model)
{
	static const char *const prefixes[] = {"anthropic", "openai", "google", "kimi"};
	if (!known_provider(call->aod, provider)) {
		aod_detail(call, 422, "Unknown %s: %s", aod_provider_key(call->aod), provider);
		return NULL;
	}
	const char *slash = strchr(model, '/');
	if (slash == NULL || call->aod->mockd->options.dialect == MOCKD_DIALECT_R)
		return model;
	freshet_str prefix = {model, (size_t)(slash - model)};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (!freshet_str_is(prefix, prefixes[i]))
			continue;
		if (freshet_str_is(prefix, provider))
			return slash + 1;
		aod_detail(call, 422, "Model %s does not fit provider %s", model, provider);
		return NULL;
	}
	return model;
}

/* Empty strings are returned as null. */
static json_t *string_or_null(json_t *value)
{
	return json_string_length(value) > 0 ? json_incref(value) : json_null();
}

static json_t *copy_or(json_t *value, json_t *fallback)
{
	if (value == NULL)
		return fallback;
	json_decref(fallback);
	return json_deep_copy(value);
}

/* Keeps what the agent is now as a version. */
static void keep_version(struct aod_agent *agent)
{
	json_t *version = json_deep_copy(agent->json);
	json_object_set(version, "created_at", json_object_get(agent->json, "updated_at"));
	json_object_del(version, "updated_at");
	json_object_del(version, "archived_at");
	json_array_insert_new(agent->versions, 0, version);
}

static struct aod_agent *agent_new(struct aod *a, struct aod_user *user, const struct agent_fields *f,
	const char *model, struct aod_environment *e)
{
	struct aod_agent *agent = must_zalloc(sizeof *agent);
	agent->id = uuid_new(&a->mockd->random);
	agent->user = user;
	agent->environment = e;
	agent->provider = must_copy(json_string_value(f->provider));
	agent->has_skills = json_array_size(f->skills) > 0;
	agent->versions = json_array();
	uint64_t now = aod_wall_us(a);
	agent->json = json_pack("{s:o, s:s, s:O, s:o, s:o, s:O, s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:n}", "id",
		aod_uuid(agent->id), "type", "agent", "name", f->name, "description", string_or_null(f->description),
		"system", string_or_null(f->system), aod_provider_key(a), f->provider, "model", model, "environment_id",
		e != NULL ? aod_uuid(e->id) : json_null(), "skills", copy_or(f->skills, json_array()), "mcp_servers",
		copy_or(f->mcp_servers, json_array()), "metadata", copy_or(f->metadata, json_object()), "version", 1,
		"created_at", aod_time(now), "updated_at", aod_time(now), "archived_at");
	keep_version(agent);
	list_push_back(&user->agents, &agent->node);
	uuid_table_put(&a->agents, agent->id, agent);
	return agent;
}

struct aod_agent *aod_agent_plain(struct aod *a, struct aod_user *user)
{
	bool r = a->mockd->options.dialect == MOCKD_DIALECT_R;
	struct agent_fields f = {.name = json_string("agent"), .provider = json_string(r ? "claude" : "anthropic")};
	struct aod_agent *agent = agent_new(a, user, &f, "claude-sonnet-4-5", NULL);
	json_decref(f.name);
	json_decref(f.provider);
	return agent;
}

void aod_agent_free(struct aod_agent *agent)
{
	list_remove(&agent->node);
	json_decref(agent->json);
	json_decref(agent->versions);
	free(agent->provider);
	free(agent);
}

void aod_agents_list(struct aod_call *call)
{
	json_t *data = json_array();
	for (struct list *node = call->user->agents.prev; node != &call->user->agents; node = node->prev) {
		struct aod_agent *agent = container_of(node, struct aod_agent, node);
		if (agent->archived_us == 0)
			json_array_append(data, agent->json);
	}
	aod_answer(call, 200, json_pack("{s:o}", "data", data));
}

static void create(struct aod_call *call, json_t *body)
{
	struct check c;
	struct agent_fields f;
	struct aod_environment *e;
	check_begin(&c, body);
	check_fields(&c, call->aod, true, &f);
	if (!check_passed(&c, call) || !find_assignable(call, json_string_value(f.environment), &e))
		return;
	const char *model = plain_model(call, json_string_value(f.provider), json_string_value(f.model));
	if (model != NULL)
		aod_answer(call, 201, json_incref(agent_new(call->aod, call->user, &f, model, e)->json));
}

void aod_agents_create(struct aod_call *call)
{
	json_t *body = aod_body(call);
	if (body != NULL)
		create(call, body);
	json_decref(body);
}

void aod_agents_get(struct aod_call *call)
{
	struct aod_agent *agent = find_agent(call);
	if (agent != NULL)
		aod_answer(call, 200, json_incref(agent->json));
}

void aod_agents_versions(struct aod_call *call)
{
	struct aod_agent *agent = find_agent(call);
	if (agent != NULL)
		aod_answer(call, 200, json_pack("{s:O}", "data", agent->versions));
}

void aod_agents_archive(struct aod_call *call)
{
	struct aod_agent *agent = find_agent(call);
	if (agent == NULL)
		return;
	if (agent->archived_us != 0) {
		aod_detail(call, 409, "Agent is already archived");
		return;
	}
	agent->archived_us = aod_wall_us(call->aod);
	json_object_set_new(agent->json, "archived_at", aod_time(agent->archived_us));
	json_object_set_new(agent->json, "updated_at", aod_time(agent->archived_us));
	aod_answer(call, 200, json_incref(agent->json));
}

/* Per key: an empty string deletes it, anything else is stored. */
static void merge_metadata(json_t *metadata, json_t *changes)
{
	const char *key;
	json_t *value;
	json_object_foreach(changes, key, value)
	{
		if (json_is_string(value) && json_string_length(value) == 0)
			json_object_del(metadata, key);
		else
			json_object_set_new(metadata, key, json_deep_copy(value));
	}
}

/* The agent as the update wants it. */
static json_t *updated(struct aod_call *call, json_t *old, const struct agent_fields *f, const char *model)
{
	json_t *next = json_deep_copy(old);
	if (f->name != NULL)
		json_object_set(next, "name", f->name);
	if (f->description != NULL)
		json_object_set_new(next, "description", string_or_null(f->description));
	if (f->system != NULL)
		json_object_set_new(next, "system", string_or_null(f->system));
	if (f->provider != NULL)
		json_object_set(next, aod_provider_key(call->aod), f->provider);
	json_object_set_new(next, "model", json_string(model));
	if (f->skills != NULL)
		json_object_set_new(next, "skills", json_deep_copy(f->skills));
	if (f->mcp_servers != NULL)
		json_object_set_new(next, "mcp_servers", json_deep_copy(f->mcp_servers));
	merge_metadata(json_object_get(next, "metadata"), f->metadata);
	return next;
}

/* Makes `next`, which is given up, the agent's next version, unless nothing is different. */
static void store_update(struct aod_call *call, struct aod_agent *agent, json_t *next, struct aod_environment *e)
{
	json_object_set_new(next, "environment_id", e != NULL ? aod_uuid(e->id) : json_null());
	if (json_equal(next, agent->json)) {
		json_decref(next);
		return;
	}
	json_int_t version = json_integer_value(json_object_get(agent->json, "version"));
	json_object_set_new(next, "version", json_integer(version + 1));
	json_object_set_new(next, "updated_at", aod_time(aod_wall_us(call->aod)));
	json_decref(agent->json);
	agent->json = next;
	agent->environment = e;
	agent->has_skills = json_array_size(json_object_get(next, "skills")) > 0;
	free(agent->provider);
	agent->provider = must_copy(json_string_value(json_object_get(next, aod_provider_key(call->aod))));
	keep_version(agent);
}

/* The agent of the path, when it may be updated from that version. NULL when it was answered. */
static struct aod_agent *find_updatable(struct aod_call *call, long version)
{
	struct aod_agent *agent = find_agent(call);
	if (agent == NULL)
		return NULL;
	json_int_t current = json_integer_value(json_object_get(agent->json, "version"));
	if (agent->archived_us != 0)
		aod_detail(call, 409, "Cannot update an archived agent");
	else if (version != current)
		aod_detail(call, 409, "Version mismatch: expected %lld, got %ld", (long long)current, version);
	else
		return agent;
	return NULL;
}

static void update(struct aod_call *call, json_t *body)
{
	struct check c;
	struct agent_fields f;
	struct aod_environment *e;
	check_begin(&c, body);
	long version = check_integer(&c, "version", true, LONG_MIN, LONG_MAX, 0);
	check_fields(&c, call->aod, false, &f);
	if (!check_passed(&c, call) || !find_assignable(call, json_string_value(f.environment), &e))
		return;
	struct aod_agent *agent = find_updatable(call, version);
	if (agent == NULL)
		return;
	const char *provider = f.provider != NULL ? json_string_value(f.provider) : agent->provider;
	json_t *wanted = f.model != NULL ? f.model : json_object_get(agent->json, "model");
	const char *model = plain_model(call, provider, json_string_value(wanted));
	if (model == NULL)
		return;
	/* An explicit null detaches; an absent member leaves things as they are. */
	if (json_object_get(body, "environment_id") == NULL)
		e = agent->environment;
	store_update(call, agent, updated(call, agent->json, &f, model), e);
	aod_answer(call, 200, json_incref(agent->json));
}

void aod_agents_update(struct aod_call *call)
{
	json_t *body = aod_body(call);
	if (body != NULL)
		update(call, body);
	json_decref(body);
}
