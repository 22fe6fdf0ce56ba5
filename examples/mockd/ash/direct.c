/*
 * Ash's part of the C interface: sessions made and steered without requests.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

void mockd_ash_add_session(struct mockd *m, char id[MOCKD_ID_SIZE])
{
	struct ash_tenant *tenant = &m->ash->tenants[0];
	struct ash_agent *agent = ash_find_agent(tenant, "agent");
	if (agent == NULL)
		agent = ash_agent_new(m->ash, tenant, "agent");
	uuid_write(ash_session_create(m->ash, agent, NULL)->id, id);
}

bool mockd_ash_say(struct mockd *m, const char *session, const char *message, size_t len)
{
	struct ash_session *s = ash_session_by_text(m->ash, session);
	json_t *json = json_loadb(message, len, JSON_ALLOW_NUL, NULL);
	if (s != NULL && json_is_object(json))
		return ash_turn_say(s, json);
	json_decref(json);
	return false;
}

bool mockd_ash_end_turn(struct mockd *m, const char *session, bool success)
{
	struct ash_session *s = ash_session_by_text(m->ash, session);
	return s != NULL && ash_turn_end(s, success);
}

bool mockd_ash_lose_sandbox(struct mockd *m, const char *session)
{
	struct ash_session *s = ash_session_by_text(m->ash, session);
	if (s != NULL)
		ash_session_kill_sandbox(s);
	return s != NULL;
}

void mockd_ash_restart(struct mockd *m)
{
	for (size_t i = 0; i < m->ash->tenant_count; i++) {
		list_each (node, &m->ash->tenants[i].sessions) {
			struct ash_session *s = container_of(node, struct ash_session, node);
			ash_streams_detach(s, true);
			ash_session_kill_sandbox(s);
			if (s->status == ASH_ACTIVE || s->status == ASH_STARTING)
				ash_session_set_status(s, ASH_PAUSED);
		}
	}
}

bool ash_set(struct ash *a, const char *name, uint64_t value)
{
	if (strcmp(name, "ash_master_key") == 0)
		a->no_master_key = value == 0;
	else if (strcmp(name, "ash_limits") == 0)
		a->mockd->options.ash_limits = value != 0;
	else if (strcmp(name, "ash_capacity") == 0)
		a->capacity = (size_t)value;
	else
		return false;
	ash_limits_clear(a);
	return true;
}
