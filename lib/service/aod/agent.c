/*
 * Agents: fields written, answers read, the calls on them.
 *
 * What the server keeps unchecked, the servers of the Model Context Protocol above all, is read loosely: an odd value
 * inside one agent does not take a whole list from the caller, and `json` has it as it is.
 */
#include "call.h"
#include "writing.h"

FRESHET_JSON_PLAN(agent_plan, "id", "name", "description", "system", "provider", "runtime", "model", "environment_id",
	"skills", "mcp_servers", "metadata", "version", "created_at", "updated_at", "archived_at");
FRESHET_JSON_PLAN(skill_plan, "type", "name", "description", "content", "source");
FRESHET_JSON_PLAN(server_plan, "name", "type", "url", "headers", "command", "args", "env");

/* The values, in the order of the plan. */
union agent_values {
	struct agent_members {
		freshet_json_value id, name, description, system, provider, runtime, model, environment_id, skills,
			mcp_servers, metadata, version, created_at, updated_at, archived_at;
	} members;
	freshet_json_value picked[sizeof(struct agent_members) / sizeof(freshet_json_value)];
};

/* ---- answers ---- */

static const freshet_aod_skill *read_skills(struct reading *r, const freshet_json_value *array, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element, v[5];
	freshet_aod_skill *skills = begin_elements(r, array, FRESHET_JSON_ARRAY, &each, sizeof *skills, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, NULL, &element); i++) {
		freshet_aod_skill *skill = &skills[i];
		if (!reading_pick(r, &skill_plan, element.raw, v))
			break;
		take_loose_str(r, &v[0], &skill->type);
		take_loose_str(r, &v[1], &skill->name);
		take_loose_str(r, &v[2], &skill->description);
		take_loose_str(r, &v[3], &skill->content);
		take_loose_str(r, &v[4], &skill->source);
		skill->json = element.raw;
	}
	return skills;
}

static const freshet_aod_mcp_server *read_servers(struct reading *r, const freshet_json_value *array, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element, v[7];
	freshet_aod_mcp_server *servers = begin_elements(r, array, FRESHET_JSON_ARRAY, &each, sizeof *servers, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, NULL, &element); i++) {
		freshet_aod_mcp_server *server = &servers[i];
		if (!reading_pick(r, &server_plan, element.raw, v))
			break;
		take_loose_str(r, &v[0], &server->name);
		take_loose_str(r, &v[1], &server->type);
		take_loose_str(r, &v[2], &server->url);
		server->headers = read_loose_pairs(r, &v[3], &server->header_count);
		take_loose_str(r, &v[4], &server->command);
		server->args = read_loose_strings(r, &v[5], &server->arg_count);
		server->env = read_loose_pairs(r, &v[6], &server->env_count);
		server->json = element.raw;
	}
	return servers;
}

static void read_agent(struct reading *r, freshet_str text, freshet_aod_agent *agent)
{
	union agent_values values;
	const struct agent_members *m = &values.members;
	if (!reading_pick(r, &agent_plan, text, values.picked))
		return;
	need_str(r, &m->id, &agent->id);
	take_str(r, &m->name, &agent->name);
	take_str(r, &m->description, &agent->description);
	take_str(r, &m->system, &agent->system);
	take_str(r, &m->provider, &agent->provider);
	take_str(r, &m->runtime, &agent->runtime);
	take_str(r, &m->model, &agent->model);
	take_str(r, &m->environment_id, &agent->environment_id);
	agent->skills = read_skills(r, &m->skills, &agent->skill_count);
	agent->mcp_servers = read_servers(r, &m->mcp_servers, &agent->mcp_server_count);
	take_object(r, &m->metadata, &agent->metadata);
	reading_fail(r, &m->version, freshet_json_int64(&m->version, &agent->version));
	take_str(r, &m->created_at, &agent->created_at);
	take_str(r, &m->updated_at, &agent->updated_at);
	take_str(r, &m->archived_at, &agent->archived_at);
}

static void agent_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_aod_agent agent = {0};
	read_agent(r, r->text, &agent);
	if (r->err == FRESHET_OK)
		call->done.agent(call, NULL, &agent, call->user);
}

static void agent_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.agent(call, error, NULL, call->user);
}

static void agent_list_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count;
	freshet_aod_agent *agents = begin_list(r, &each, sizeof *agents, &count);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &element); i++)
		read_agent(r, element.raw, &agents[i]);
	if (r->err == FRESHET_OK)
		call->done.agent_list(call, NULL, agents, count, call->user);
}

static void agent_list_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.agent_list(call, error, NULL, 0, call->user);
}

const struct answer_kind answer_agent = {agent_answer, agent_refuse, 0};
const struct answer_kind answer_agent_list = {agent_list_answer, agent_list_refuse, 0};

/* ---- fields ---- */

static bool servers_are_whole(const freshet_aod_mcp_server *servers, size_t count)
{
	for (size_t i = 0; servers != NULL && i < count; i++)
		if (!list_is_whole(servers[i].headers, servers[i].header_count) ||
			!list_is_whole(servers[i].args, servers[i].arg_count) ||
			!list_is_whole(servers[i].env, servers[i].env_count))
			return false;
	return list_is_whole(servers, count);
}

static bool is_object(freshet_str json)
{
	freshet_json_value value;
	return freshet_json_read(json, &value, NULL) == FRESHET_OK && value.type == FRESHET_JSON_OBJECT;
}

/* A copy of the caller's fields and of the id among them, empty where there is none. False when they are not valid. */
static bool take_fields(
	freshet_aod_agent_fields *f, char environment[GUEST_UUID_SIZE], const freshet_aod_agent_fields *given)
{
	freshet_aod_agent_fields_init(f);
	environment[0] = '\0';
	if (given == NULL || !guest_options(f, sizeof *f, given))
		return false;
	if (f->environment_id.len > 0 && (f->detach_environment || !guest_uuid_read(f->environment_id, environment)))
		return false;
	return list_is_whole(f->skills, f->skill_count) && servers_are_whole(f->mcp_servers, f->mcp_server_count) &&
	       (f->metadata.len == 0 || is_object(f->metadata));
}

static void write_skill(freshet_json_writer *writer, const freshet_aod_skill *skill)
{
	freshet_json_write_object(writer);
	guest_write_filled(writer, "type", skill->type);
	guest_write_filled(writer, "name", skill->name);
	guest_write(writer, "description", skill->description);
	if (skill->type.len == 0)
		guest_write(writer, "content", skill->content);
	else
		guest_write_filled(writer, "content", skill->content);
	guest_write_filled(writer, "source", skill->source);
	freshet_json_write_end(writer);
}

static void write_skills(freshet_json_writer *writer, const freshet_aod_skill *skills, size_t count)
{
	if (skills == NULL)
		return;
	freshet_json_write_key(writer, "skills");
	freshet_json_write_array(writer);
	for (size_t i = 0; i < count; i++) {
		if (skills[i].json.len > 0)
			freshet_json_write_raw(writer, skills[i].json);
		else
			write_skill(writer, &skills[i]);
	}
	freshet_json_write_end(writer);
}

static void write_server(freshet_json_writer *writer, const freshet_aod_mcp_server *server)
{
	freshet_json_write_object(writer);
	guest_write(writer, "name", server->name);
	guest_write(writer, "type", server->type.len > 0 ? server->type : freshet_str_of("url"));
	guest_write_filled(writer, "url", server->url);
	write_pairs(writer, "headers", server->headers, server->header_count);
	guest_write_filled(writer, "command", server->command);
	write_strings(writer, "args", server->args, server->arg_count);
	write_pairs(writer, "env", server->env, server->env_count);
	freshet_json_write_end(writer);
}

static void write_servers(freshet_json_writer *writer, const freshet_aod_mcp_server *servers, size_t count)
{
	if (servers == NULL)
		return;
	freshet_json_write_key(writer, "mcp_servers");
	freshet_json_write_array(writer);
	for (size_t i = 0; i < count; i++) {
		if (servers[i].json.len > 0)
			freshet_json_write_raw(writer, servers[i].json);
		else
			write_server(writer, &servers[i]);
	}
	freshet_json_write_end(writer);
}

/* A detached environment is null; an absent one stays. */
static void write_fields(freshet_json_writer *writer, const freshet_aod_agent_fields *f, const char *environment)
{
	guest_write_filled(writer, "name", f->name);
	guest_write_filled(writer, "provider", f->provider);
	guest_write_filled(writer, "runtime", f->runtime);
	guest_write_filled(writer, "model", f->model);
	write_given(writer, "system", f->system);
	write_given(writer, "description", f->description);
	guest_write_filled(writer, "environment_id", freshet_str_of(environment));
	if (f->detach_environment) {
		freshet_json_write_key(writer, "environment_id");
		freshet_json_write_null(writer);
	}
	write_skills(writer, f->skills, f->skill_count);
	write_servers(writer, f->mcp_servers, f->mcp_server_count);
	if (f->metadata.len > 0) {
		freshet_json_write_key(writer, "metadata");
		freshet_json_write_raw(writer, f->metadata);
	}
}

/* ---- calls ---- */

freshet_err freshet_aod_agent_create(freshet_aod *client, const freshet_aod_agent_fields *fields,
	freshet_aod_agent_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_AGENT_CREATE};
	freshet_aod_agent_fields f;
	freshet_json_writer *writer = NULL;
	char environment[GUEST_UUID_SIZE];
	freshet_err err = FRESHET_EINVAL;
	if (take_fields(&f, environment, fields) && f.name.len > 0 && f.model.len > 0 &&
		(f.provider.len > 0 || f.runtime.len > 0) && !f.detach_environment)
		err = guest_writer(0, &writer);
	if (err == FRESHET_OK) {
		freshet_json_write_object(writer);
		write_fields(writer, &f, environment);
		freshet_json_write_end(writer);
	}
	return call_send_written(client, &request, err, writer, &answer_agent, (union done){.agent = done}, user, out);
}

freshet_err freshet_aod_agent_update(freshet_aod *client, freshet_str id, int64_t version,
	const freshet_aod_agent_fields *fields, freshet_aod_agent_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_AGENT_UPDATE, .id = id};
	freshet_aod_agent_fields f;
	freshet_json_writer *writer = NULL;
	char environment[GUEST_UUID_SIZE];
	freshet_err err = take_fields(&f, environment, fields) ? guest_writer(0, &writer) : FRESHET_EINVAL;
	if (err == FRESHET_OK) {
		freshet_json_write_object(writer);
		freshet_json_write_key(writer, "version");
		freshet_json_write_int64(writer, version);
		write_fields(writer, &f, environment);
		freshet_json_write_end(writer);
	}
	return call_send_written(client, &request, err, writer, &answer_agent, (union done){.agent = done}, user, out);
}

freshet_err freshet_aod_agent_list(
	freshet_aod *client, freshet_aod_agent_list_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_AGENT_LIST};
	return call_send(client, &request, &answer_agent_list, (union done){.agent_list = done}, user, out);
}

freshet_err freshet_aod_agent_get(
	freshet_aod *client, freshet_str id, freshet_aod_agent_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_AGENT_GET, .id = id};
	return call_send(client, &request, &answer_agent, (union done){.agent = done}, user, out);
}

freshet_err freshet_aod_agent_archive(
	freshet_aod *client, freshet_str id, freshet_aod_agent_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_AGENT_ARCHIVE, .id = id};
	return call_send(client, &request, &answer_agent, (union done){.agent = done}, user, out);
}

freshet_err freshet_aod_agent_versions(
	freshet_aod *client, freshet_str id, freshet_aod_agent_list_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_AGENT_VERSIONS, .id = id};
	return call_send(client, &request, &answer_agent_list, (union done){.agent_list = done}, user, out);
}
