#include "message.h"

/* What the server takes at most. */
#define MAX_BLOCKS 20

static void put_block(struct ash_request *q, const freshet_ash_block *block)
{
	freshet_json_write_object(q->writer);
	if (block->text.ptr != NULL) {
		ash_put_str(q, "type", freshet_str_of("text"));
		ash_put_str(q, "text", block->text);
	} else {
		ash_need(q, block->media_type);
		ash_need(q, block->bytes);
		ash_put_str(q, "type", freshet_str_of(block->document ? "document" : "image"));
		freshet_json_write_key(q->writer, "source");
		freshet_json_write_object(q->writer);
		ash_put_str(q, "type", freshet_str_of("base64"));
		ash_put_str(q, "media_type", block->media_type);
		ash_put_base64(q, "data", block->bytes);
		freshet_json_write_end(q->writer);
	}
	freshet_json_write_end(q->writer);
}

/* A string is taken by every server, an array of one by none. */
static void put_content(struct ash_request *q, const freshet_ash_turn_options *o)
{
	bool one_text = o->block_count == 1 && o->blocks[0].text.ptr != NULL;
	if (o->block_count == 0 || one_text) {
		ash_put_str(q, "content", one_text ? o->blocks[0].text : o->content);
		return;
	}
	freshet_json_write_key(q->writer, "content");
	freshet_json_write_array(q->writer);
	for (size_t i = 0; i < o->block_count; i++)
		put_block(q, &o->blocks[i]);
	freshet_json_write_end(q->writer);
}

static void check_content(struct ash_request *q, const freshet_ash_turn_options *o)
{
	bool lone = o->block_count == 1 && o->blocks[0].text.ptr == NULL;
	bool both = o->block_count > 0 && o->content.ptr != NULL;
	bool none = o->block_count == 0 && o->content.ptr == NULL;
	if (lone || both || none || o->block_count > MAX_BLOCKS)
		ash_request_fail(q, FRESHET_EINVAL);
	if ((o->output_type.ptr == NULL) != (o->output_schema.ptr == NULL))
		ash_request_fail(q, FRESHET_EINVAL);
	if (o->thinking_budget_tokens != 0 && o->thinking_type.ptr == NULL)
		ash_request_fail(q, FRESHET_EINVAL);
}

static void put_thinking(struct ash_request *q, const freshet_ash_turn_options *o)
{
	if (o->thinking_type.ptr == NULL)
		return;
	freshet_json_write_key(q->writer, "thinking");
	freshet_json_write_object(q->writer);
	ash_put_str(q, "type", o->thinking_type);
	if (o->thinking_budget_tokens != 0)
		ash_put_int(q, "budgetTokens", o->thinking_budget_tokens);
	freshet_json_write_end(q->writer);
}

static void put_output(struct ash_request *q, const freshet_ash_turn_options *o)
{
	if (o->output_type.ptr == NULL)
		return;
	freshet_json_write_key(q->writer, "outputFormat");
	freshet_json_write_object(q->writer);
	ash_put_str(q, "type", o->output_type);
	ash_put_raw(q, "schema", o->output_schema);
	freshet_json_write_end(q->writer);
}

freshet_err ash_message_write(struct ash_request *q, freshet_ash *client, const freshet_ash_turn_options *o)
{
	freshet_str text;
	ash_request_begin(q, client, ASH_turn_open, o->session_id, ASH_NONE);
	check_content(q, o);
	ash_body(q);
	if (q->err != FRESHET_OK)
		return q->err;
	put_content(q, o);
	if (o->partial)
		ash_put_bool(q, "includePartialMessages", true);
	ash_put_str(q, "model", o->model);
	if (o->max_turns != 0)
		ash_put_int(q, "maxTurns", o->max_turns);
	ash_put_number(q, "maxBudgetUsd", o->max_budget_usd);
	ash_put_str(q, "effort", o->effort);
	put_thinking(q, o);
	put_output(q, o);
	return ash_request_body(q, &text);
}
