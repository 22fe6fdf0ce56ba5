/*
 * AoD's part of the C interface: sessions made and steered without requests.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include "base/utf8.h"

#define TIMEOUT_DEFAULT 600

struct aod_session *aod_session_by_text(struct aod *a, const char *id)
{
	struct uuid uuid;
	return uuid_read(freshet_str_of(id), &uuid) ? uuid_table_get(&a->sessions, uuid) : NULL;
}

void mockd_add_agent(struct mockd *m, char id[MOCKD_ID_SIZE])
{
	uuid_write(aod_agent_plain(m->aod, &m->aod->users[0])->id, id);
}

freshet_err mockd_add_session(struct mockd *m, const char *prompt, char id[MOCKD_ID_SIZE])
{
	struct aod *a = m->aod;
	struct aod_user *user = &a->users[0];
	struct aod_plan plan;
	if (!aod_plan_read(a, freshet_str_of(prompt), &plan))
		return FRESHET_EINVAL;
	struct aod_agent *agent = list_empty(&user->agents) ? aod_agent_plain(a, user)
							    : container_of(user->agents.next, struct aod_agent, node);
	struct aod_session *s = aod_session_new(a, user, agent, agent->environment, json_array());
	aod_worker_start(s, prompt, TIMEOUT_DEFAULT, &plan);
	uuid_write(s->id, id);
	return FRESHET_OK;
}

uint64_t mockd_add_row(struct mockd *m, const char *session, const char *stream, const char *data, size_t len)
{
	struct aod_session *s = aod_session_by_text(m->aod, session);
	if (s == NULL || s->status != AOD_RUNNING || !utf8_valid((const uint8_t *)data, len))
		return 0;
	struct text *text = text_new((freshet_str){data, len});
	uint8_t kind = strcmp(stream, "stderr") == 0 ? AOD_ROW_STDERR : AOD_ROW_STDOUT;
	return aod_session_add_row(
		s, (struct aod_row){.kind = kind, .text = text, .own_text = text, .turn = (uint32_t)s->turn_count});
}

bool mockd_end_session(struct mockd *m, const char *session, const char *status, const int *code)
{
	struct aod_session *s = aod_session_by_text(m->aod, session);
	bool completed = strcmp(status, "completed") == 0;
	if (s == NULL || s->status != AOD_RUNNING || (!completed && strcmp(status, "failed") != 0))
		return false;
	enum aod_status end = completed ? AOD_COMPLETED : AOD_FAILED;
	aod_worker_end(s, end, end, (struct aod_code){code != NULL, code != NULL ? *code : 0});
	return true;
}

bool mockd_lose_sandbox(struct mockd *m, const char *session)
{
	struct aod_session *s = aod_session_by_text(m->aod, session);
	if (s != NULL)
		s->sandbox_gone = true;
	return s != NULL;
}

bool mockd_purge_rows(struct mockd *m, const char *session, uint64_t through)
{
	struct aod_session *s = aod_session_by_text(m->aod, session);
	if (s == NULL)
		return false;
	size_t purged = aod_row_after(s, through);
	if (purged > s->purged)
		s->purged = purged;
	return true;
}

bool aod_set(struct aod *a, const char *name, uint64_t value)
{
	bool *flag = NULL;
	if (strcmp(name, "backend") == 0)
		flag = &a->backend_off;
	else if (strcmp(name, "provider_key") == 0)
		flag = &a->key_missing;
	else if (strcmp(name, "health") == 0)
		flag = &a->sick;
	if (flag != NULL)
		*flag = value == 0;
	return flag != NULL;
}
