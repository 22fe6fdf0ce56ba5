/*
 * The state of sessions: status, turns and rows. Whatever changes is told to the session's open streams, which decide
 * by their own clocks when they look.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

const char *const aod_stage_names[AOD_STAGES] = {"create_sprite", "install_runtime", "network_policy", "env_file",
	"git_credentials", "provision_setup", "runtime_config", "skills", "runtime_start"};

const char *aod_status_name(enum aod_status status)
{
	static const char *const names[] = {"pending", "running", "completed", "failed", "terminated", "interrupted"};
	return names[status];
}

bool aod_session_active(const struct aod_session *s)
{
	return s->status == AOD_PENDING || s->status == AOD_RUNNING;
}

struct aod_turn *aod_session_turn(struct aod_session *s)
{
	return s->turn_count > 0 ? &s->turns[s->turn_count - 1] : NULL;
}

struct aod_session *aod_session_new(struct aod *a, struct aod_user *user, struct aod_agent *agent,
	struct aod_environment *environment, json_t *resources)
{
	struct aod_session *s = must_alloc(sizeof *s);
	/* It becomes pending with its first turn. */
	*s = (struct aod_session){.aod = a,
		.user = user,
		.agent = agent,
		.environment = environment,
		.status = AOD_TERMINATED,
		.resources = resources,
		.deadline_us = UINT64_MAX};
	s->provider = must_copy(agent->provider);
	s->hash = s->text_hash = MOCKD_HASH_START;
	s->id = uuid_new(&a->mockd->random);
	s->created_us = s->updated_us = aod_wall_us(a);
	list_init(&s->streams);
	list_push_back(&user->sessions, &s->node);
	uuid_table_put(&a->sessions, s->id, s);
	return s;
}

void aod_session_free(struct aod_session *s)
{
	clock_unset(&s->aod->mockd->clock, &s->worker);
	aod_streams_cut(s);
	if (aod_session_active(s))
		s->user->active--;
	list_remove(&s->node);
	uuid_table_remove(&s->aod->sessions, s->id);
	for (size_t i = 0; i < s->turn_count; i++)
		free(s->turns[i].prompt);
	for (size_t i = 0; i < s->row_count; i++)
		text_free(s->rows[i].own_text);
	free(s->provider);
	free(s->turns);
	free(s->rows);
	json_decref(s->resources);
	free(s);
}

void aod_session_set_status(struct aod_session *s, enum aod_status status)
{
	if (aod_session_active(s))
		s->user->active--;
	s->status = status;
	if (aod_session_active(s))
		s->user->active++;
	s->updated_us = aod_wall_us(s->aod);
	aod_streams_notice(s);
}

uint64_t aod_session_add_row(struct aod_session *s, struct aod_row row)
{
	struct aod *a = s->aod;
	row.id = a->next_row_id;
	a->next_row_id += random_between(&a->mockd->random, 1, a->mockd->options.row_gap);
	s->rows = must_grow(s->rows, &s->row_capacity, s->row_count + 1, sizeof *s->rows);
	s->rows[s->row_count++] = row;
	aod_streams_notice(s);
	return row.id;
}

size_t aod_row_after(const struct aod_session *s, uint64_t cursor)
{
	size_t from = 0;
	size_t to = s->row_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (s->rows[middle].id <= cursor)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}
