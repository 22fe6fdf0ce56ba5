/*
 * What the agent says (contract 7.5): it begins, thinks, speaks, uses tools, and ends with a result. With partial
 * messages every assistant message is preceded by the model's own events.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"
#include "mockd/words.h"

#include <inttypes.h>

/* A text of exactly that many bytes. */
static json_t *text_of(struct random *random, size_t len)
{
	struct buffer b = {.bytes = NULL};
	words_append(&b, random, len);
	json_t *text = json_stringn(b.len > 0 ? b.bytes : "", b.len);
	buffer_clear(&b);
	return text;
}

static json_t *some_text(const struct ash_turn *t)
{
	struct random *random = &t->session->ash->mockd->random;
	return text_of(random, (size_t)range_pick(t->plan.bytes, random));
}

/* The id that the agent's own library gives the session: not that of the platform. */
static json_t *sdk_id(const struct ash_turn *t)
{
	return json_sprintf("sdk-%016" PRIx64, t->session->id.low);
}

static void add(struct ash_turn *t, json_t *message)
{
	json_object_set_new(message, "session_id", sdk_id(t));
	json_array_append_new(t->ahead, message);
}

static void begin(struct ash_turn *t)
{
	add(t, json_pack("{s:s, s:s, s:o, s:[s, s, s], s:[], s:s, s:s}", "type", "system", "subtype", "init", "cwd",
		       json_sprintf("/data/sandboxes/%016" PRIx64 "/workspace", t->session->sandbox.low), "tools",
		       "Bash", "Read", "Edit", "mcp_servers", "model", t->model, "permissionMode",
		       "bypassPermissions"));
}

/* One raw event of the model. */
static void add_event(struct ash_turn *t, json_t *event)
{
	add(t, json_pack("{s:s, s:o, s:n}", "type", "stream_event", "event", event, "parent_tool_use_id"));
}

static void add_delta(struct ash_turn *t, size_t index, const char *type, const char *name, json_t *value)
{
	add_event(t, json_pack("{s:s, s:I, s:{s:s, s:o}}", "type", "content_block_delta", "index", (json_int_t)index,
			     "delta", "type", type, name, value));
}

/* Where a piece of that many bytes ends, between two characters. */
static size_t piece_end(const char *text, size_t len, size_t at)
{
	while (at < len && ((unsigned char)text[at] & 0xc0) == 0x80)
		at++;
	return at < len ? at : len;
}

static void add_deltas(
	struct ash_turn *t, size_t index, const char *type, const char *name, const char *text, size_t len)
{
	size_t count = t->plan.deltas > 0 ? t->plan.deltas : 1;
	size_t at = 0;
	for (size_t i = 1; i <= count && at < len; i++) {
		size_t end = piece_end(text, len, len * i / count);
		if (end == at)
			continue;
		add_delta(t, index, type, name, json_stringn(text + at, end - at));
		at = end;
	}
}

static void add_block_deltas(struct ash_turn *t, size_t index, const json_t *block)
{
	const char *type = json_string_value(json_object_get(block, "type"));
	const json_t *text = json_object_get(block, "text");
	const json_t *thinking = json_object_get(block, "thinking");
	add_event(t, json_pack("{s:s, s:I, s:{s:s}}", "type", "content_block_start", "index", (json_int_t)index,
			     "content_block", "type", type));
	if (strcmp(type, "text") == 0) {
		add_deltas(t, index, "text_delta", "text", json_string_value(text), json_string_length(text));
	} else if (strcmp(type, "thinking") == 0) {
		add_deltas(t, index, "thinking_delta", "thinking", json_string_value(thinking),
			json_string_length(thinking));
		add_delta(t, index, "signature_delta", "signature", json_string("c2ln"));
	} else if (strcmp(type, "tool_use") == 0) {
		char *input = ash_json_text(json_object_get(block, "input"));
		add_deltas(t, index, "input_json_delta", "partial_json", input, strlen(input));
		free(input);
	}
	add_event(t, json_pack("{s:s, s:I}", "type", "content_block_stop", "index", (json_int_t)index));
}

/* What the model sends while it makes the message. */
static void add_partial(struct ash_turn *t, const json_t *message)
{
	size_t i;
	json_t *block;
	add_event(t, json_pack("{s:s, s:{s:O, s:s, s:s, s:[]}}", "type", "message_start", "message", "id",
			     json_object_get(message, "id"), "type", "message", "role", "assistant", "content"));
	json_array_foreach(json_object_get(message, "content"), i, block) add_block_deltas(t, i, block);
	add_event(t, json_pack("{s:s, s:{s:O}}", "type", "message_delta", "delta", "stop_reason",
			     json_object_get(message, "stop_reason")));
	add_event(t, json_pack("{s:s}", "type", "message_stop"));
}

static json_t *tool_id(const struct ash_turn *t)
{
	return json_sprintf("toolu_%" PRIu32 "_%" PRIu32, t->serial, t->made);
}

static void add_tool_result(struct ash_turn *t)
{
	json_t *text = some_text(t);
	/* The shell's results name no tool; every third result is of another tool, every sixth of one that says nothing. */
	json_t *result = t->made % 3 != 0   ? json_pack("{s:O, s:s, s:b, s:b}", "stdout", text, "stderr", "",
						      "interrupted", 0, "isImage", 0)
			 : t->made % 6 != 0 ? json_pack("{s:o, s:[{s:s, s:O}], s:b}", "tool_use_id", tool_id(t),
						      "content", "type", "text", "text", text, "is_error", 1)
					    : json_object();
	add(t, json_pack("{s:s, s:{s:s, s:[{s:s, s:o, s:o, s:b}]}, s:n, s:o}", "type", "user", "message", "role",
		       "user", "content", "type", "tool_result", "tool_use_id", tool_id(t), "content", text, "is_error",
		       t->made % 3 == 0, "parent_tool_use_id", "tool_use_result", result));
}

/* What a later version of the agent's library may say. */
static void add_unknown(struct ash_turn *t, json_t *content)
{
	json_array_append_new(content, json_pack("{s:s, s:s}", "type", "redacted_thinking", "data", "abc"));
	add(t, json_pack("{s:s, s:{s:[i, f], s:n}}", "type", "weather_report", "sky", "wind", 1, 2.5, "cloud"));
	if (t->partial)
		add_delta(t, 0, "aurora_delta", "colour", json_string("green"));
}

static void add_assistant(struct ash_turn *t)
{
	bool tool = t->made <= t->plan.tools && t->made < t->plan.messages;
	json_t *content = json_array();
	json_decref(t->last_text);
	t->last_text = some_text(t);
	if (t->plan.unknown)
		add_unknown(t, content);
	if (t->made <= t->plan.thinking)
		json_array_append_new(content, json_pack("{s:s, s:o, s:s}", "type", "thinking", "thinking",
						       some_text(t), "signature", "c2ln"));
	json_array_append_new(content, json_pack("{s:s, s:O}", "type", "text", "text", t->last_text));
	if (tool)
		json_array_append_new(content, json_pack("{s:s, s:o, s:s, s:{s:o}}", "type", "tool_use", "id",
						       tool_id(t), "name", "Bash", "input", "command", some_text(t)));
	json_t *message = json_pack("{s:o, s:s, s:s, s:s, s:o, s:s, s:{s:i, s:i}}", "id",
		json_sprintf("msg_%" PRIu32 "_%" PRIu32, t->serial, t->made), "type", "message", "role", "assistant",
		"model", t->model, "content", content, "stop_reason", tool ? "tool_use" : "end_turn", "usage",
		"input_tokens", 3, "output_tokens", 5);
	if (t->partial)
		add_partial(t, message);
	add(t, json_pack("{s:s, s:o, s:n}", "type", "assistant", "message", message, "parent_tool_use_id"));
	if (tool)
		add_tool_result(t);
}

bool ash_speech_more(struct ash_turn *t)
{
	if (t->plan.kind == ASH_PLAN_MANUAL || (t->began && t->made == t->plan.messages))
		return false;
	if (!t->began) {
		t->began = true;
		begin(t);
		return true;
	}
	t->made++;
	add_assistant(t);
	return true;
}

json_t *ash_speech_result(const struct ash_turn *t, bool success)
{
	uint64_t took_ms = (clock_now_us(&t->session->ash->mockd->clock) - t->began_us) / US_PER_MS;
	json_t *result = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:f, s:{s:I, s:I, s:I, s:I}}", "type", "result",
		"subtype", success ? "success" : t->plan.subtype, "is_error", !success, "duration_ms",
		(json_int_t)took_ms, "duration_api_ms", (json_int_t)took_ms, "num_turns", (json_int_t)t->made,
		"session_id", sdk_id(t), "total_cost_usd", 0.01, "usage", "input_tokens", (json_int_t)t->made * 3,
		"output_tokens", (json_int_t)t->made * 5, "cache_creation_input_tokens", (json_int_t)7,
		"cache_read_input_tokens", (json_int_t)9);
	if (success)
		json_object_set_new(
			result, "result", t->last_text != NULL ? json_incref(t->last_text) : json_string(""));
	else
		json_object_set_new(result, "errors", json_pack("[s]", "the limit was reached"));
	return result;
}
