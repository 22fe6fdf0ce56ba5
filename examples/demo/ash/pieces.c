#include "demo/ash/pieces.h"

#include <freshet/json.h>

FRESHET_JSON_PLAN(block_plan, "type", "text", "thinking", "id");
FRESHET_JSON_PLAN(result_plan, "tool_use_id", "stdout");
FRESHET_JSON_PLAN(stored_plan, "text", "thinking", "toolId", "stdout", "error");

/* A piece is a row whose id is its type in the store. A value that is missing counts as an empty text. */
static bool add(struct record *pieces, freshet_ash_record_type type, const freshet_json_value *value)
{
	freshet_json_scratch scratch = {0};
	freshet_str text;
	if (freshet_json_string(value, &scratch, &text) != FRESHET_OK)
		text = freshet_str_of("");
	bool good = record_add(pieces, type, text);
	freshet_json_scratch_clear(&scratch);
	return good;
}

/* The first of the two that is there. */
static const freshet_json_value *either(const freshet_json_value *a, const freshet_json_value *b)
{
	return a->raw.len > 0 ? a : b;
}

static bool add_block(struct record *pieces, freshet_str block)
{
	freshet_json_value v[4];
	if (freshet_json_pick(&block_plan, block, v, NULL) != FRESHET_OK)
		return true;
	if (freshet_json_is(&v[0], "text"))
		return add(pieces, FRESHET_ASH_RECORD_TEXT, &v[1]);
	if (freshet_json_is(&v[0], "thinking"))
		return add(pieces, FRESHET_ASH_RECORD_REASONING, &v[2]);
	if (freshet_json_is(&v[0], "tool_use"))
		return add(pieces, FRESHET_ASH_RECORD_TOOL_START, &v[3]);
	return true;
}

static bool add_blocks(struct record *pieces, freshet_str content)
{
	freshet_json_value list = {0};
	freshet_json_value block;
	freshet_json_each each;
	bool good = true;
	if (freshet_json_read(content, &list, NULL) != FRESHET_OK ||
		freshet_json_each_begin(&each, &list) != FRESHET_OK)
		return true;
	while (good && freshet_json_each_next(&each, NULL, &block))
		good = add_block(pieces, block.raw);
	return good;
}

static bool add_message(struct record *pieces, const freshet_ash_agent_message *message)
{
	freshet_json_value v[2];
	if (message->kind == FRESHET_ASH_MESSAGE_ASSISTANT)
		return add_blocks(pieces, message->content);
	if (message->kind != FRESHET_ASH_MESSAGE_USER ||
		freshet_json_pick(&result_plan, message->tool_use_result, v, NULL) != FRESHET_OK)
		return true;
	return add(pieces, FRESHET_ASH_RECORD_TOOL_RESULT, either(&v[0], &v[1]));
}

bool pieces_of_event(struct record *pieces, const freshet_ash_event *event)
{
	switch (event->type) {
	case FRESHET_ASH_EVENT_MESSAGE: return add_message(pieces, &event->message);
	case FRESHET_ASH_EVENT_TURN_COMPLETE:
		return record_add(pieces, FRESHET_ASH_RECORD_TURN_COMPLETE, freshet_str_of(""));
	case FRESHET_ASH_EVENT_ERROR: return record_add(pieces, FRESHET_ASH_RECORD_ERROR, event->error.text);
	default: return true;
	}
}

bool pieces_of_record(struct record *pieces, const freshet_ash_record *record)
{
	freshet_json_value v[5];
	if (record->type == FRESHET_ASH_RECORD_TURN_COMPLETE)
		return record_add(pieces, record->type, freshet_str_of(""));
	if (freshet_json_pick(&stored_plan, record->data, v, NULL) != FRESHET_OK)
		return true;
	switch (record->type) {
	case FRESHET_ASH_RECORD_TEXT: return add(pieces, record->type, &v[0]);
	case FRESHET_ASH_RECORD_REASONING: return add(pieces, record->type, &v[1]);
	case FRESHET_ASH_RECORD_TOOL_START: return add(pieces, record->type, &v[2]);
	case FRESHET_ASH_RECORD_TOOL_RESULT: return add(pieces, record->type, either(&v[2], &v[3]));
	case FRESHET_ASH_RECORD_ERROR: return add(pieces, record->type, &v[4]);
	default: return true;
	}
}
