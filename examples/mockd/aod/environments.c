/*
 * The endpoints of environments (contract 6.3). Variables are kept but never returned.
 */
#include "mockd/aod/aod.h"
#include "mockd/aod/check.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <limits.h>

#define NAME_MAX_LEN 200

/* What a create or an update asks for; NULL: nothing said. */
struct environment_fields {
	json_t *name, *packages, *variables, *setup_script, *networking;
};

struct aod_environment *aod_find_environment(struct aod_call *call, struct uuid id)
{
	struct aod_environment *e = uuid_table_get(&call->aod->environments, id);
	return e != NULL && e->user == call->user ? e : NULL;
}

/* The environment of the path; NULL when it was answered with 404. */
static struct aod_environment *find_environment(struct aod_call *call)
{
	struct aod_environment *e = aod_find_environment(call, call->id);
	if (e == NULL)
		aod_detail(call, 404, "Environment not found");
	return e;
}

static bool known_manager(const char *name)
{
	static const char *const managers[] = {"apt", "cargo", "gem", "go", "npm", "pip"};
	for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
		if (strcmp(name, managers[i]) == 0)
			return true;
	}
	return false;
}

static bool all_strings(json_t *array)
{
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item))
			return false;
	}
	return json_is_array(array);
}

static json_t *check_packages(struct check *c)
{
	json_t *packages = check_object(c, "packages");
	const char *manager;
	json_t *names;
	json_object_foreach(packages, manager, names)
	{
		json_t *loc = json_pack("[s, s]", "packages", manager);
		if (!all_strings(names))
			check_error(c, "list_type", loc, names, "Input should be a valid list");
		else if (!known_manager(manager))
			check_value_error(c, loc, names, "unknown package manager: %s", manager);
		else
			json_decref(loc);
	}
	return packages;
}

static json_t *check_networking(struct check *c)
{
	json_t *networking = check_object(c, "networking");
	json_t *type = json_object_get(networking, "type");
	json_t *hosts = json_object_get(networking, "allowed_hosts");
	const char *name = type != NULL ? json_string_value(type) : "unrestricted";
	bool limited = name != NULL && strcmp(name, "limited") == 0;
	if (networking != NULL && !limited && (name == NULL || strcmp(name, "unrestricted") != 0))
		check_error(c, "literal_error", json_pack("[s, s]", "networking", "type"), type,
			"Input should be 'unrestricted' or 'limited'");
	if (limited && hosts != NULL && !json_is_array(hosts))
		check_error(c, "list_type", json_pack("[s, s]", "networking", "allowed_hosts"), hosts,
			"Input should be a valid list");
	return networking;
}

static void check_fields(struct check *c, bool creating, struct environment_fields *f)
{
	f->name = check_string(c, "name", creating, creating ? NAME_MAX_LEN : SIZE_MAX);
	f->packages = check_packages(c);
	check_variables(c, "env_vars");
	f->variables = json_object_get(c->body, "env_vars");
	f->setup_script = check_string(c, "setup_script", false, SIZE_MAX);
	f->networking = check_networking(c);
}

/* As it is returned: only a limited one keeps what else was sent. */
static json_t *networking_json(json_t *networking)
{
	const char *type = json_string_value(json_object_get(networking, "type"));
	if (type != NULL && strcmp(type, "limited") == 0)
		return json_deep_copy(networking);
	return json_pack("{s:s}", "type", "unrestricted");
}

/* Another environment of the user, not archived, has the name. */
static bool name_in_use(struct aod_user *user, json_t *name, const struct aod_environment *but)
{
	list_each (node, &user->environments) {
		struct aod_environment *e = container_of(node, struct aod_environment, node);
		if (e != but && e->archived_us == 0 && json_equal(json_object_get(e->json, "name"), name))
			return true;
	}
	return false;
}

static void keep_version(struct aod_environment *e)
{
	json_t *version = json_deep_copy(e->json);
	json_object_set(version, "created_at", json_object_get(e->json, "updated_at"));
	json_object_del(version, "updated_at");
	json_object_del(version, "archived_at");
	json_array_insert_new(e->versions, 0, version);
}

static void read_networking(struct aod_environment *e)
{
	const char *type = json_string_value(json_object_get(json_object_get(e->json, "networking"), "type"));
	e->limited = strcmp(type, "limited") == 0;
}

static json_t *string_or_null(json_t *value)
{
	return json_string_length(value) > 0 ? json_incref(value) : json_null();
}

static struct aod_environment *environment_new(struct aod_call *call, const struct environment_fields *f)
{
	struct aod_environment *e = must_zalloc(sizeof *e);
	e->id = uuid_new(&call->aod->mockd->random);
	e->user = call->user;
	e->versions = json_array();
	e->variables = json_is_object(f->variables) ? json_deep_copy(f->variables) : json_object();
	uint64_t now = aod_wall_us(call->aod);
	e->json = json_pack("{s:o, s:s, s:O, s:o, s:o, s:o, s:i, s:o, s:o, s:n}", "id", aod_uuid(e->id), "type",
		"environment", "name", f->name, "packages",
		f->packages != NULL ? json_deep_copy(f->packages) : json_object(), "setup_script",
		string_or_null(f->setup_script), "networking", networking_json(f->networking), "version", 1,
		"created_at", aod_time(now), "updated_at", aod_time(now), "archived_at");
	read_networking(e);
	keep_version(e);
	list_push_back(&call->user->environments, &e->node);
	uuid_table_put(&call->aod->environments, e->id, e);
	return e;
}

void aod_environment_free(struct aod_environment *e)
{
	list_remove(&e->node);
	json_decref(e->json);
	json_decref(e->versions);
	json_decref(e->variables);
	free(e);
}

void aod_environments_list(struct aod_call *call)
{
	json_t *data = json_array();
	for (struct list *node = call->user->environments.prev; node != &call->user->environments; node = node->prev) {
		struct aod_environment *e = container_of(node, struct aod_environment, node);
		if (e->archived_us == 0)
			json_array_append(data, e->json);
	}
	aod_answer(call, 200, json_pack("{s:o}", "data", data));
}

static void create(struct aod_call *call, json_t *body)
{
	struct check c;
	struct environment_fields f;
	check_begin(&c, body);
	check_fields(&c, true, &f);
	if (!check_passed(&c, call))
		return;
	if (name_in_use(call->user, f.name, NULL))
		aod_detail(call, 409, "An environment with this name already exists");
	else
		aod_answer(call, 201, json_incref(environment_new(call, &f)->json));
}

void aod_environments_create(struct aod_call *call)
{
	json_t *body = aod_body(call);
	if (body != NULL)
		create(call, body);
	json_decref(body);
}

void aod_environments_get(struct aod_call *call)
{
	struct aod_environment *e = find_environment(call);
	if (e != NULL)
		aod_answer(call, 200, json_incref(e->json));
}

void aod_environments_versions(struct aod_call *call)
{
	struct aod_environment *e = find_environment(call);
	if (e != NULL)
		aod_answer(call, 200, json_pack("{s:O}", "data", e->versions));
}

void aod_environments_archive(struct aod_call *call)
{
	struct aod_environment *e = find_environment(call);
	if (e == NULL)
		return;
	if (e->archived_us != 0) {
		aod_detail(call, 409, "Environment is already archived");
		return;
	}
	e->archived_us = aod_wall_us(call->aod);
	json_object_set_new(e->json, "archived_at", aod_time(e->archived_us));
	json_object_set_new(e->json, "updated_at", aod_time(e->archived_us));
	aod_answer(call, 200, json_incref(e->json));
}

static bool in_use(const struct aod_user *user, const struct aod_environment *e)
{
	list_each (node, &user->sessions) {
		if (container_of(node, struct aod_session, node)->environment == e)
			return true;
	}
	return false;
}

void aod_environments_delete(struct aod_call *call)
{
	struct aod_environment *e = find_environment(call);
	if (e == NULL)
		return;
	if (in_use(call->user, e)) {
		aod_detail(call, 409, "Cannot delete an environment with existing sessions");
		return;
	}
	list_each (node, &call->user->agents) {
		struct aod_agent *agent = container_of(node, struct aod_agent, node);
		if (agent->environment != e)
			continue;
		agent->environment = NULL;
		json_object_set_new(agent->json, "environment_id", json_null());
	}
	uuid_table_remove(&call->aod->environments, e->id);
	aod_environment_free(e);
	aod_detail(call, 200, "Environment deleted");
}

/* The environment as the update wants it. */
static json_t *updated(json_t *old, const struct environment_fields *f)
{
	json_t *next = json_deep_copy(old);
	if (f->name != NULL)
		json_object_set(next, "name", f->name);
	if (f->packages != NULL)
		json_object_set_new(next, "packages", json_deep_copy(f->packages));
	if (f->setup_script != NULL)
		json_object_set_new(next, "setup_script", string_or_null(f->setup_script));
	if (f->networking != NULL)
		json_object_set_new(next, "networking", networking_json(f->networking));
	return next;
}

/* Makes `next`, which is given up, the next version, unless nothing is different. */
static void store_update(struct aod_call *call, struct aod_environment *e, json_t *next, json_t *variables)
{
	bool same_variables = !json_is_object(variables) || json_equal(variables, e->variables);
	if (same_variables && json_equal(next, e->json)) {
		json_decref(next);
		return;
	}
	if (!same_variables) {
		json_decref(e->variables);
		e->variables = json_deep_copy(variables);
	}
	json_int_t version = json_integer_value(json_object_get(e->json, "version"));
	json_object_set_new(next, "version", json_integer(version + 1));
	json_object_set_new(next, "updated_at", aod_time(aod_wall_us(call->aod)));
	json_decref(e->json);
	e->json = next;
	read_networking(e);
	keep_version(e);
}

/* Why the environment cannot be updated from that version; true when it was answered. */
static bool refuse_update(struct aod_call *call, struct aod_environment *e, long version, json_t *name)
{
	json_int_t current = json_integer_value(json_object_get(e->json, "version"));
	if (e->archived_us != 0)
		aod_detail(call, 409, "Cannot update an archived environment");
	else if (version != current)
		aod_detail(call, 409, "Version mismatch: expected %lld, got %ld", (long long)current, version);
	else if (name != NULL && name_in_use(call->user, name, e))
		aod_detail(call, 409, "An environment with this name already exists");
	else
		return false;
	return true;
}

static void update(struct aod_call *call, json_t *body)
{
	struct check c;
	struct environment_fields f;
	check_begin(&c, body);
	long version = check_integer(&c, "version", true, LONG_MIN, LONG_MAX, 0);
	check_fields(&c, false, &f);
	if (!check_passed(&c, call))
		return;
	struct aod_environment *e = find_environment(call);
	if (e == NULL || refuse_update(call, e, version, f.name))
		return;
	store_update(call, e, updated(e->json, &f), f.variables);
	aod_answer(call, 200, json_incref(e->json));
}

void aod_environments_update(struct aod_call *call)
{
	json_t *body = aod_body(call);
	if (body != NULL)
		update(call, body);
	json_decref(body);
}
