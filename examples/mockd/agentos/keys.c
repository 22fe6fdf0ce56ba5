/*
 * Agents and keys. A key is of one agent (`aos_agent_`: reporting, and invoking that agent) or of the whole workspace
 * (`aos_ws_`: invoking any agent, approvals). One that is revoked is refused from that moment on.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

struct aos_agent *aos_agent_new(struct aos *a, struct uuid id, bool hosted)
{
	struct aos_agent *agent = must_alloc(sizeof *agent);
	*agent = (struct aos_agent){.id = id, .hosted = hosted, .variables = json_object(), .sessions = json_object()};
	list_push_back(&a->agents, &agent->node);
	return agent;
}

struct aos_agent *aos_agent_find(const struct aos *a, struct uuid id)
{
	list_each (node, &a->agents) {
		struct aos_agent *agent = container_of(node, struct aos_agent, node);
		if (uuid_equal(agent->id, id))
			return agent;
	}
	return NULL;
}

struct aos_agent *aos_agent_by_text(const struct aos *a, const char *id)
{
	struct uuid uuid;
	return uuid_read(freshet_str_of(id), &uuid) ? aos_agent_find(a, uuid) : NULL;
}

struct aos_key *aos_key_new(struct aos *a, struct aos_agent *agent, const char *text)
{
	struct aos_key *key = must_alloc(sizeof *key);
	key->agent = agent;
	if (text != NULL)
		snprintf(key->text, sizeof key->text, "%s", text);
	else
		snprintf(key->text, sizeof key->text, "%s%016" PRIx64 "%016" PRIx64,
			agent != NULL ? "aos_agent_" : "aos_ws_", random_next(&a->mockd->random),
			random_next(&a->mockd->random));
	list_push_back(&a->keys, &key->node);
	return key;
}

static const struct aos_key *find_key(const struct aos *a, freshet_str text)
{
	list_each (node, &a->keys) {
		const struct aos_key *key = container_of(node, struct aos_key, node);
		if (freshet_str_is(text, key->text))
			return key;
	}
	return NULL;
}

/* What kind of key the route asks for; false when this is another. */
static bool is_of_kind(enum aos_name route, const struct aos_key *key)
{
	switch (route) {
	case AOS_PATH_RUN_START:
	case AOS_PATH_EVENTS:
	case AOS_PATH_RUN_COMPLETE:
	case AOS_PATH_RUN_FAIL:
	case AOS_PATH_TASKS:
	case AOS_PATH_SPANS: return key->agent != NULL;
	case AOS_PATH_APPROVALS_LIST:
	case AOS_PATH_APPROVALS_DECIDE: return key->agent == NULL;
	default: return true;
	}
}

bool aos_key_check(struct aos_call *call)
{
	static const char scheme[] = "Bearer ";
	size_t len = sizeof scheme - 1;
	const freshet_str *value = request_field(call->request, "authorization");
	if (value != NULL && value->len > len && strncasecmp(value->ptr, scheme, len) == 0)
		call->key = find_key(call->aos, (freshet_str){value->ptr + len, value->len - len});
	if (call->key == NULL)
		aos_refuse(call, 401, "unauthorized", "The API key is missing, unknown or revoked");
	else if (!is_of_kind(call->route, call->key))
		aos_refuse(call, 403, "forbidden", "This needs %s",
			call->key->agent != NULL ? "a workspace key" : "an agent key");
	else
		return true;
	return false;
}

bool aos_key_covers(const struct aos_call *call, const struct aos_agent *agent)
{
	return call->key->agent == NULL || call->key->agent == agent;
}

void aos_keys_clear(struct aos *a)
{
	struct list *node;
	while ((node = list_pop_front(&a->keys)) != NULL)
		free(container_of(node, struct aos_key, node));
	while ((node = list_pop_front(&a->agents)) != NULL) {
		struct aos_agent *agent = container_of(node, struct aos_agent, node);
		json_decref(agent->variables);
		json_decref(agent->sessions);
		free(agent);
	}
}
