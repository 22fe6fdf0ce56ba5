/*
 * Versions of agents (contract 6.11). Each is kept as the object that is returned, the highest number first.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#define NAME_MAX_LEN  255
#define TEXT_MAX_LEN  1000000
#define NOTES_MAX_LEN 10000

static const char *const members[] = {"name", "systemPrompt", "releaseNotes", "knowledgeFiles"};

static json_int_t number_of(const json_t *version)
{
	return json_integer_value(json_object_get(version, "versionNumber"));
}

/* The version of that number or UUID; NULL when there is none. */
static json_t *find_version(const struct ash_agent *agent, const char *name, size_t *index)
{
	char *end;
	long long number = strtoll(name, &end, 10);
	bool numbered = *name != '\0' && *end == '\0';
	for (*index = 0; *index < json_array_size(agent->versions); ++*index) {
		json_t *version = json_array_get(agent->versions, *index);
		if (numbered ? number_of(version) == number
			     : strcmp(json_string_value(json_object_get(version, "id")), name) == 0)
			return version;
	}
	return NULL;
}

/* The version of the path; NULL when it was answered. */
static json_t *version_of(struct ash_call *call, struct ash_agent **agent, size_t *index)
{
	*agent = ash_agent_of(call);
	if (*agent == NULL)
		return NULL;
	json_t *version = find_version(*agent, call->params[1], index);
	if (version == NULL)
		ash_fail(call, 404, "Version not found");
	return version;
}

static void check_members(struct ajv *c)
{
	ajv_string(c, "name", 0, NAME_MAX_LEN);
	ajv_string(c, "systemPrompt", 0, TEXT_MAX_LEN);
	ajv_string(c, "releaseNotes", 0, NOTES_MAX_LEN);
	ajv_strings(c, "knowledgeFiles");
}

static void take_members(json_t *version, const json_t *from)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		json_t *value = json_object_get(from, members[i]);
		if (value != NULL)
			json_object_set(version, members[i], value);
	}
}

static json_t *version_new(struct ash_call *call, struct ash_agent *agent)
{
	json_int_t number = number_of(json_array_get(agent->versions, 0)) + 1;
	uint64_t now = ash_wall_us(call->ash);
	json_t *version = json_pack("{s:o, s:s, s:I, s:o, s:b, s:o, s:o, s:s, s:n, s:n, s:n, s:n}", "id",
		ash_uuid(uuid_new(&call->ash->mockd->random)), "agentName", agent->name, "versionNumber", number,
		"name", json_sprintf("v%lld", (long long)number), "isActive", 0, "createdAt", ash_time(now),
		"updatedAt", ash_time(now), "tenantId", agent->tenant->name, "systemPrompt", "releaseNotes",
		"knowledgeFiles", "createdBy");
	json_array_insert(agent->versions, 0, version);
	json_decref(version);
	return version;
}

void ash_versions_list(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent != NULL)
		ash_answer_member(call, 200, "versions", json_incref(agent->versions));
}

/* What is cloned, in text; NULL: nothing. It is a number or a string. */
static char *clone_of(struct ajv *c)
{
	json_t *value = c->failed ? NULL : json_object_get(c->object, "cloneFrom");
	if (value == NULL)
		return NULL;
	if (json_is_integer(value))
		return ash_json_text(value);
	if (!json_is_string(value))
		ajv_fail(c, "cloneFrom", "must be integer,string");
	return must_copy(json_string_value(value));
}

void ash_versions_create(struct ash_call *call)
{
	struct ajv c;
	ajv_body(&c, call);
	check_members(&c);
	char *clone = clone_of(&c);
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	size_t index;
	json_t *from = agent != NULL && clone != NULL ? find_version(agent, clone, &index) : NULL;
	if (agent != NULL && clone != NULL && from == NULL) {
		ash_fail(call, 400, "Version to clone not found");
	} else if (agent != NULL) {
		json_t *version = version_new(call, agent);
		for (size_t i = 1; i < sizeof members / sizeof members[0] && from != NULL; i++)
			json_object_set(version, members[i], json_object_get(from, members[i]));
		take_members(version, call->body);
		ash_answer_member(call, 201, "version", json_incref(version));
	}
	free(clone);
}

void ash_versions_get(struct ash_call *call)
{
	struct ash_agent *agent;
	size_t index;
	json_t *version = version_of(call, &agent, &index);
	if (version != NULL)
		ash_answer_member(call, 200, "version", json_incref(version));
}

void ash_versions_update(struct ash_call *call)
{
	struct ash_agent *agent;
	size_t index;
	struct ajv c;
	ajv_body(&c, call);
	check_members(&c);
	json_t *version = ajv_end(&c) ? version_of(call, &agent, &index) : NULL;
	if (version == NULL)
		return;
	take_members(version, call->body);
	json_object_set_new(version, "updatedAt", ash_time(ash_wall_us(call->ash)));
	ash_answer_member(call, 200, "version", json_incref(version));
}

void ash_versions_delete(struct ash_call *call)
{
	struct ash_agent *agent;
	size_t index;
	if (version_of(call, &agent, &index) == NULL)
		return;
	json_array_remove(agent->versions, index);
	ash_answer_nothing(call);
}

void ash_versions_activate(struct ash_call *call)
{
	struct ash_agent *agent;
	size_t index;
	json_t *chosen = version_of(call, &agent, &index);
	if (chosen == NULL)
		return;
	json_t *version;
	json_array_foreach(agent->versions, index, version)
		json_object_set_new(version, "isActive", json_boolean(version == chosen));
	ash_answer(call, 200, json_pack("{s:b, s:I}", "activated", 1, "versionNumber", number_of(chosen)));
}
