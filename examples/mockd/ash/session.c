/*
 * The state of sessions: status, sandbox and what was said. A sandbox that goes takes the turns with it, and the streams
 * that heard it stay open and silent, as the platform leaves them.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

const char *ash_status_name(enum ash_status status)
{
	static const char *const names[ASH_STATUSES] = {"starting", "active", "paused", "stopped", "ended", "error"};
	return names[status];
}

struct ash_session *ash_session_by_text(struct ash *a, const char *id)
{
	struct uuid uuid;
	return uuid_read(freshet_str_of(id), &uuid) ? uuid_table_get(&a->sessions, uuid) : NULL;
}

struct ash_session *ash_session_new(struct ash *a, struct ash_agent *agent, enum ash_status status)
{
	struct ash_session *s = must_zalloc(sizeof *s);
	s->ash = a;
	s->agent = agent;
	s->id = s->sandbox = uuid_new(&a->mockd->random);
	s->created_us = s->active_us = ash_wall_us(a);
	s->hash = s->text_hash = MOCKD_HASH_START;
	list_init(&s->streams);
	list_init(&s->running);
	list_push_back(&agent->tenant->sessions, &s->node);
	uuid_table_put(&a->sessions, s->id, s);
	s->status = (uint8_t)status;
	a->active += status == ASH_ACTIVE;
	return s;
}

struct ash_session *ash_session_create(struct ash *a, struct ash_agent *agent, json_t *model)
{
	struct ash_session *s = ash_session_new(a, agent, ASH_ACTIVE);
	s->tree = ash_tree_hold(agent->tree);
	ash_session_start_sandbox(s);
	json_t *created = json_pack("{s:s, s:s}", "action", "created", "agentName", agent->name);
	if (model != NULL)
		json_object_set(created, "model", model);
	ash_store_event(s, "lifecycle", created);
	return s;
}

static void drop_logs(struct ash_session *s)
{
	free(s->logs);
	s->logs = NULL;
	s->log_count = s->log_capacity = s->log_first = 0;
}

static void kill_turns(struct ash_session *s)
{
	list_each_safe (node, after, &s->running)
		ash_turn_free(container_of(node, struct ash_turn, node));
}

void ash_session_free(struct ash_session *s, bool cut)
{
	kill_turns(s);
	ash_streams_detach(s, cut);
	s->ash->active -= s->status == ASH_ACTIVE;
	s->ash->alive -= s->alive;
	list_remove(&s->node);
	uuid_table_remove(&s->ash->sessions, s->id);
	ash_attachments_drop(s->agent->tenant, s);
	drop_logs(s);
	ash_store_clear(s);
	for (size_t i = 0; i < s->block_count; i++)
		ash_block_drop(s->blocks[i]);
	free(s->blocks);
	ash_tree_drop(s->tree);
	json_decref(s->config);
	free(s->prompt);
	free(s);
}

void ash_session_set_status(struct ash_session *s, enum ash_status status)
{
	s->ash->active -= s->status == ASH_ACTIVE;
	s->status = (uint8_t)status;
	s->ash->active += status == ASH_ACTIVE;
	s->active_us = ash_wall_us(s->ash);
}

void ash_session_start_sandbox(struct ash_session *s)
{
	s->ash->alive += !s->alive;
	s->alive = true;
	s->sandbox = s->id;
	ash_session_log(s, "system", "Sandbox started");
	if (!s->agent->warm)
		return;
	/* One that waited is taken, and replaced. */
	s->sandbox = uuid_new(&s->ash->mockd->random);
	s->ash->prewarm_hits++;
}

void ash_session_kill_sandbox(struct ash_session *s)
{
	s->ash->alive -= s->alive;
	s->alive = false;
	kill_turns(s);
	drop_logs(s);
	ash_streams_detach(s, false);
}

void ash_session_say(struct ash_session *s, struct ash_block *block)
{
	s->blocks = must_grow(s->blocks, &s->block_capacity, s->block_count + 1, sizeof(struct ash_block *));
	s->blocks[s->block_count++] = block;
	ash_ledger_count(s, block);
	ash_streams_notice(s);
}
