/*
 * The endpoints of agents (contract 6.1 and 6.2).
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"
#include "mockd/ash/files.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <sys/stat.h>

#define NAME_MAX_LEN 255
#define PATH_MAX_LEN 4096
#define TEXT_MAX_LEN 1000000

static const char instructions[] = "CLAUDE.md";
static const char first_instructions[] = "# Agent\n";

struct ash_agent *ash_find_agent(const struct ash_tenant *tenant, const char *name)
{
	list_each (node, &tenant->agents) {
		struct ash_agent *agent = container_of(node, struct ash_agent, node);
		if (strcmp(agent->name, name) == 0)
			return agent;
	}
	return NULL;
}

struct ash_agent *ash_agent_of(struct ash_call *call)
{
	struct ash_agent *agent = ash_find_agent(call->tenant, call->params[0]);
	if (agent == NULL)
		ash_fail(call, 404, "Agent not found");
	return agent;
}

static json_t *masked(json_t *env)
{
	json_t *hidden = json_object();
	const char *name;
	json_t *value;
	json_object_foreach(env, name, value) json_object_set_new(hidden, name, json_string("***"));
	return hidden;
}

static json_t *agent_json(const struct ash_agent *agent, uint64_t created_us)
{
	json_t *json = json_pack("{s:o, s:s, s:I, s:s, s:o, s:o, s:s}", "id", ash_uuid(agent->id), "name", agent->name,
		"version", (json_int_t)agent->version, "path", agent->path, "createdAt", ash_time(created_us),
		"updatedAt", ash_time(agent->updated_us), "tenantId", agent->tenant->name);
	if (json_object_size(agent->env) > 0)
		json_object_set_new(json, "env", masked(agent->env));
	return json;
}

bool ash_agent_is_there(const struct ash_agent *agent)
{
	struct stat st;
	return !agent->on_disk || (stat(agent->path, &st) == 0 && S_ISDIR(st.st_mode));
}

void ash_agent_free(struct ash_agent *agent)
{
	list_remove(&agent->node);
	ash_tree_drop(agent->tree);
	json_decref(agent->env);
	json_decref(agent->config);
	json_decref(agent->versions);
	json_decref(agent->eval_cases);
	json_decref(agent->eval_runs);
	json_decref(agent->eval_results);
	free(agent->name);
	free(agent->path);
	free(agent);
}

static char *own_path(const char *name)
{
	struct buffer b = {.bytes = NULL};
	buffer_format(&b, "/data/agents/%s", name);
	char *path = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return path;
}

struct ash_agent *ash_agent_new(struct ash *a, struct ash_tenant *tenant, const char *name)
{
	struct ash_agent *agent = must_zalloc(sizeof *agent);
	agent->id = uuid_new(&a->mockd->random);
	agent->tenant = tenant;
	agent->name = must_copy(name);
	agent->tree = ash_tree_new();
	agent->config = json_object();
	agent->versions = json_array();
	agent->eval_cases = json_array();
	agent->eval_runs = json_array();
	agent->eval_results = json_array();
	agent->path = own_path(name);
	agent->created_us = agent->updated_us = ash_wall_us(a);
	agent->version = 1;
	agent->warm = true;
	ash_tree_write(&agent->tree, instructions, freshet_str_of(first_instructions), agent->created_us);
	struct list *before = tenant->agents.next;
	while (before != &tenant->agents && strcmp(container_of(before, struct ash_agent, node)->name, name) < 0)
		before = before->next;
	list_push_back(before, &agent->node);
	return agent;
}

/* What a deployment asks for; NULL: nothing said. */
struct deployment {
	const char *name;
	const char *path;
	json_t *files;
	const char *system_prompt;
	json_t *env;
};

static bool name_is_good(const char *name)
{
	return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static bool read_deployment(struct ash_call *call, struct deployment *d)
{
	static const char *const needed[] = {"name", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	d->name = ajv_string(&c, "name", 1, NAME_MAX_LEN);
	if (d->name != NULL && !name_is_good(d->name))
		ajv_fail(&c, "name", "must match pattern \"^[a-zA-Z0-9_-]+$\"");
	d->path = ajv_string(&c, "path", 0, PATH_MAX_LEN);
	d->files = ajv_array(&c, "files", 0, SIZE_MAX);
	ash_files_check(&c, d->files);
	d->system_prompt = ajv_string(&c, "systemPrompt", 0, TEXT_MAX_LEN);
	d->env = ajv_string_map(&c, "env");
	return ajv_end(&c);
}

/* The agent's instructions, unless files brought them. */
static void write_instructions(struct ash_call *call, struct ash_agent *agent, const struct deployment *d)
{
	size_t i;
	json_t *file;
	json_array_foreach(d->files, i, file)
	{
		if (strcmp(json_string_value(json_object_get(file, "path")), instructions) == 0)
			return;
	}
	if (d->system_prompt != NULL)
		ash_tree_write(&agent->tree, instructions, freshet_str_of(d->system_prompt), ash_wall_us(call->ash));
}

/* The server's directory of that path; NULL when it was answered. */
static struct ash_tree *read_directory(struct ash_call *call, const char *path, char **full)
{
	const char *below = call->ash->mockd->options.ash_data;
	struct ash_tree *tree = ash_tree_new();
	struct buffer b = {.bytes = NULL};
	if (path[0] == '/')
		buffer_text(&b, path);
	else
		buffer_format(&b, "%s/%s", below != NULL ? below : ".", path);
	*full = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	if (ash_tree_read(tree, *full))
		return tree;
	ash_tree_drop(tree);
	free(*full);
	ash_fail(call, 400, "Agent directory must contain CLAUDE.md");
	return NULL;
}

static void deploy(struct ash_call *call, const struct deployment *d)
{
	struct ash_tree *tree = NULL;
	char *path = NULL;
	if (d->path != NULL && (tree = read_directory(call, d->path, &path)) == NULL)
		return;
	struct ash_agent *agent = ash_find_agent(call->tenant, d->name);
	if (agent != NULL)
		agent->version++;
	else
		agent = ash_agent_new(call->ash, call->tenant, d->name);
	agent->on_disk = tree != NULL;
	if (tree != NULL) {
		ash_tree_drop(agent->tree);
		agent->tree = tree;
	} else {
		ash_files_write(call, &agent->tree, d->files);
		write_instructions(call, agent, d);
		path = own_path(d->name);
	}
	free(agent->path);
	agent->path = path;
	if (d->env != NULL) {
		json_decref(agent->env);
		agent->env = json_incref(d->env);
	}
	agent->updated_us = ash_wall_us(call->ash);
	/* What was started in advance stays, and is replaced when it is used. */
	json_t *count = json_object_get(agent->config, "preWarmCount");
	agent->warm = agent->warm || json_number_value(count) > 0;
	ash_answer_member(call, 201, "agent", agent_json(agent, agent->updated_us));
}

void ash_agents_create(struct ash_call *call)
{
	struct deployment d;
	if (read_deployment(call, &d))
		deploy(call, &d);
}

void ash_agents_list(struct ash_call *call)
{
	json_t *agents = json_array();
	list_each (node, &call->tenant->agents) {
		const struct ash_agent *agent = container_of(node, struct ash_agent, node);
		json_array_append_new(agents, agent_json(agent, agent->created_us));
	}
	ash_answer_member(call, 200, "agents", agents);
}

void ash_agents_get(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent != NULL)
		ash_answer_member(call, 200, "agent", agent_json(agent, agent->created_us));
}

void ash_agents_update(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	json_t *env = ajv_string_map(&c, "env");
	json_t *config = ajv_object(&c, "config");
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	if (agent == NULL)
		return;
	if (env != NULL) {
		json_decref(agent->env);
		agent->env = json_incref(env);
	}
	if (config != NULL)
		json_object_update(agent->config, config);
	agent->updated_us = ash_wall_us(call->ash);
	ash_answer_member(call, 200, "agent", agent_json(agent, agent->created_us));
}

void ash_agents_delete(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent == NULL)
		return;
	list_each_safe (node, after, &call->tenant->sessions) {
		struct ash_session *s = container_of(node, struct ash_session, node);
		if (s->agent != agent)
			continue;
		ash_ledger_keep(s);
		ash_session_free(s, false);
	}
	ash_agent_free(agent);
	ash_answer(call, 200, json_pack("{s:b}", "ok", 1));
}

void ash_agents_config(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent != NULL)
		ash_answer_member(call, 200, "config", json_deep_copy(agent->config));
}

void ash_agents_change_config(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	if (agent == NULL)
		return;
	json_object_update(agent->config, call->body);
	ash_answer_member(call, 200, "config", json_deep_copy(agent->config));
}
