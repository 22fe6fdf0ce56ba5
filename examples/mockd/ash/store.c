/*
 * What the server stores of a session: messages and events, each with a sequence of its own that counts from 1. It holds
 * what was written to somebody, and nothing else.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

void ash_store_message(struct ash_session *s, struct ash_block *block)
{
	s->messages = must_grow(s->messages, &s->message_capacity, s->message_count + 1, sizeof *s->messages);
	s->messages[s->message_count++] =
		(struct ash_message){uuid_new(&s->ash->mockd->random), ash_block_hold(block), ash_wall_us(s->ash)};
}

void ash_store_event(struct ash_session *s, const char *type, json_t *data)
{
	s->events = must_grow(s->events, &s->event_capacity, s->event_count + 1, sizeof *s->events);
	s->events[s->event_count++] =
		(struct ash_event){uuid_new(&s->ash->mockd->random), type, ash_json_text(data), ash_wall_us(s->ash)};
	json_decref(data);
}

static bool is_type(const json_t *object, const char *type)
{
	const char *text = json_string_value(json_object_get(object, "type"));
	return text != NULL && strcmp(text, type) == 0;
}

/* Copies a member, under another name, when it is there. */
static void take(json_t *to, const char *name, const json_t *from, const char *member)
{
	json_t *value = json_object_get(from, member);
	if (value != NULL)
		json_object_set(to, name, value);
}

static void store_content(struct ash_session *s, const json_t *block)
{
	json_t *data = json_object();
	const char *type = NULL;
	if (is_type(block, "text")) {
		type = "text";
		take(data, "text", block, "text");
	} else if (is_type(block, "thinking")) {
		type = "reasoning";
		take(data, "thinking", block, "thinking");
	} else if (is_type(block, "tool_use")) {
		type = "tool_start";
		take(data, "toolName", block, "name");
		take(data, "toolId", block, "id");
		take(data, "input", block, "input");
	}
	if (type != NULL)
		ash_store_event(s, type, data);
	else
		json_decref(data);
}

static void store_tool_result(struct ash_session *s, const json_t *message)
{
	const json_t *result = json_object_get(message, "tool_use_result");
	if (result == NULL)
		return;
	json_t *data = json_object();
	take(data, "toolId", result, "tool_use_id");
	take(data, "stdout", result, "stdout");
	take(data, "stderr", result, "stderr");
	ash_store_event(s, "tool_result", data);
}

static void store_result(struct ash_session *s, const json_t *message)
{
	json_t *data = json_object();
	take(data, "numTurns", message, "num_turns");
	take(data, "result", message, "result");
	ash_store_event(s, "turn_complete", data);
}

static void store_agent_message(struct ash_session *s, struct ash_block *block)
{
	freshet_str raw = ash_block_raw(block);
	json_t *message = json_loadb(raw.ptr, raw.len, JSON_ALLOW_NUL, NULL);
	size_t i;
	json_t *content;
	if (is_type(message, "assistant")) {
		ash_store_message(s, block);
		json_array_foreach(json_object_get(json_object_get(message, "message"), "content"), i, content)
			store_content(s, content);
	} else if (is_type(message, "user")) {
		store_tool_result(s, message);
	} else if (is_type(message, "result")) {
		ash_store_message(s, block);
		store_result(s, message);
		ash_usage_add(s, message);
	}
	json_decref(message);
}

void ash_store_block(struct ash_session *s, struct ash_block *block)
{
	if (block->stored)
		return;
	block->stored = true;
	if (block->kind == ASH_BLOCK_MESSAGE) {
		store_agent_message(s, block);
	} else if (block->kind == ASH_BLOCK_ERROR) {
		freshet_str data = ash_block_data(block, 0);
		ash_store_event(s, "error", json_loadb(data.ptr, data.len, JSON_ALLOW_NUL, NULL));
	}
}

void ash_store_clear(struct ash_session *s)
{
	for (size_t i = 0; i < s->message_count; i++)
		ash_block_drop(s->messages[i].block);
	for (size_t i = 0; i < s->event_count; i++)
		free(s->events[i].data);
	free(s->messages);
	free(s->events);
}

json_t *ash_message_json(const struct ash_session *s, size_t i)
{
	const struct ash_message *m = &s->messages[i];
	freshet_str raw = ash_block_raw(m->block);
	return json_pack("{s:o, s:o, s:s, s:s%, s:I, s:o, s:s}", "id", ash_uuid(m->id), "sessionId", ash_uuid(s->id),
		"role", m->block->kind == ASH_BLOCK_USER ? "user" : "assistant", "content", raw.ptr, raw.len,
		"sequence", (json_int_t)(i + 1), "createdAt", ash_time(m->created_us), "tenantId",
		s->agent->tenant->name);
}

json_t *ash_event_json(const struct ash_session *s, size_t i)
{
	const struct ash_event *e = &s->events[i];
	return json_pack("{s:o, s:o, s:s, s:I, s:o, s:s, s:s}", "id", ash_uuid(e->id), "sessionId", ash_uuid(s->id),
		"type", e->type, "sequence", (json_int_t)(i + 1), "createdAt", ash_time(e->created_us), "tenantId",
		s->agent->tenant->name, "data", e->data);
}
