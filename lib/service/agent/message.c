/*
 * Messages of a claude agent, as its CLI prints them with stream-json and as services pass them on.
 *
 * Happy path: one pick tells what the message is. Of an assistant's and a user's each content block is an event, found
 * one at a time; of the others the whole message is one, of a result two when it tells of a failure.
 *
 * Nothing fails for its shape: what has another shape than it should comes as RAW. Of members that are read only where
 * they are there, those of another type count as not there.
 */
#include "reader.h"

FRESHET_JSON_PLAN(kind_plan, "type", "subtype", "parent_tool_use_id", "message.content", "is_error", "error");
FRESHET_JSON_PLAN(block_plan, "type", "text", "thinking", "id", "name", "input", "tool_use_id", "content", "is_error");
FRESHET_JSON_PLAN(text_plan, "type", "text");
FRESHET_JSON_PLAN(system_plan, "subtype", "model", "description", "status");
FRESHET_JSON_PLAN(delta_plan, "event.type", "event.delta.type", "event.delta.text", "event.delta.thinking",
	"event.content_block.type");
FRESHET_JSON_PLAN(result_plan, "result", "usage.input_tokens", "usage.output_tokens",
	"usage.cache_creation_input_tokens", "usage.cache_read_input_tokens", "num_turns", "total_cost_usd",
	"duration_ms");
FRESHET_JSON_PLAN(failure_plan, "subtype", "result", "errors[0]");
FRESHET_JSON_PLAN(error_plan, "error");

/* Values of a plan as the members of a struct, in the plan's order. */
#define PICKED(name, ...)                                                                                              \
	union name {                                                                                                   \
		struct name##_members {                                                                                \
			freshet_json_value __VA_ARGS__;                                                                \
		} members;                                                                                             \
		freshet_json_value picked[sizeof(struct name##_members) / sizeof(freshet_json_value)];                 \
	}

PICKED(kind, type, subtype, parent, content, is_error, error);
PICKED(block, type, text, thinking, id, name, input, tool_use_id, content, is_error);
PICKED(text, type, text);
PICKED(system, subtype, model, description, status);
PICKED(delta, type, delta_type, text, thinking, block_type);
PICKED(result, result, input, output, cache_creation, cache_read, turns, cost, duration);
PICKED(failure, subtype, result, first_error);

static bool is_true(const freshet_json_value *value)
{
	bool truth = false;
	freshet_json_bool(value, &truth);
	return truth;
}

/* What all events of a message have in common; `raw` is the part that this one is made of. */
static void fill_common(freshet_agent_reader *r, freshet_agent_event *event, freshet_str raw)
{
	event->raw = raw;
	event->message = r->message.text;
	reader_take(r, &r->message.parent, &event->parent);
}

/* A part of a message that there is no word for. */
static void fill_raw_json(freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_RAW;
	event->line.json = true;
}

static void fill_raw(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_common(r, event, r->message.text);
	event->kind = FRESHET_AGENT_RAW;
	event->line.json = r->message.json;
	event->line.part = (r->message.flags & FRESHET_LINE_PART) != 0;
	event->line.continued = (r->message.flags & FRESHET_LINE_CONTINUED) != 0;
}

/* ---- texts ---- */

/* How many blocks like this one have come in deltas and not yet whole. */
static uint16_t *streamed(freshet_agent_reader *r, const freshet_agent_event *event, freshet_agent_kind kind)
{
	return &r->streamed[event->parent.len > 0][kind == FRESHET_AGENT_THINKING];
}

static void fill_text(
	freshet_agent_reader *r, const freshet_json_value *text, freshet_agent_kind kind, freshet_agent_event *event)
{
	event->kind = kind;
	reader_take(r, text, &event->text.text);
	uint16_t *blocks = streamed(r, event, kind);
	event->text.repeated = *blocks > 0;
	if (!r->failed && *blocks > 0)
		--*blocks;
}

static void fill_delta_text(
	freshet_agent_reader *r, const freshet_json_value *text, freshet_agent_kind kind, freshet_agent_event *event)
{
	event->kind = kind;
	event->text.delta = true;
	reader_take(r, text, &event->text.text);
	/* A stream that is joined late has not told that the block began. */
	uint16_t *blocks = streamed(r, event, kind);
	if (!r->failed && *blocks == 0)
		*blocks = 1;
}

static void note_block(freshet_agent_reader *r, const freshet_agent_event *event, const freshet_json_value *type)
{
	bool thinking = freshet_json_is(type, "thinking");
	if (r->failed || (!thinking && !freshet_json_is(type, "text")))
		return;
	uint16_t *blocks = streamed(r, event, thinking ? FRESHET_AGENT_THINKING : FRESHET_AGENT_TEXT);
	if (*blocks < UINT16_MAX)
		++*blocks;
}

static void fill_stream_event(freshet_agent_reader *r, freshet_agent_event *event)
{
	union delta d;
	const struct delta_members *m = &d.members;
	freshet_json_pick_utf8(&delta_plan, r->message.text, d.picked, NULL);
	fill_common(r, event, r->message.text);
	bool delta = freshet_json_is(&m->type, "content_block_delta");
	if (delta && freshet_json_is(&m->delta_type, "text_delta") && m->text.type == FRESHET_JSON_STRING) {
		fill_delta_text(r, &m->text, FRESHET_AGENT_TEXT, event);
	} else if (delta && freshet_json_is(&m->delta_type, "thinking_delta") &&
		   m->thinking.type == FRESHET_JSON_STRING) {
		fill_delta_text(r, &m->thinking, FRESHET_AGENT_THINKING, event);
	} else {
		fill_raw_json(event);
		if (freshet_json_is(&m->type, "content_block_start"))
			note_block(r, event, &m->block_type);
	}
}

/* ---- blocks ---- */

static void fill_tool_call(freshet_agent_reader *r, const struct block_members *m, freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_TOOL_CALL;
	reader_take(r, &m->id, &event->tool.id);
	reader_take(r, &m->name, &event->tool.name);
	event->tool.input = m->input.raw;
}

/* The text of a result that is one: a string, or a list of a single text block. */
static void take_result_text(freshet_agent_reader *r, const freshet_json_value *content, freshet_str *out)
{
	freshet_json_each each;
	freshet_json_value first;
	freshet_json_value second;
	union text t;
	if (content->type != FRESHET_JSON_ARRAY) {
		reader_take(r, content, out);
		return;
	}
	freshet_json_each_begin(&each, content);
	if (!freshet_json_each_next(&each, NULL, &first) || freshet_json_each_next(&each, NULL, &second))
		return;
	freshet_json_pick_utf8(&text_plan, first.raw, t.picked, NULL);
	if (freshet_json_is(&t.members.type, "text"))
		reader_take(r, &t.members.text, out);
}

static void fill_tool_result(freshet_agent_reader *r, const struct block_members *m, freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_TOOL_RESULT;
	reader_take(r, &m->tool_use_id, &event->tool_result.id);
	take_result_text(r, &m->content, &event->tool_result.text);
	event->tool_result.content = m->content.raw;
	event->tool_result.is_error = is_true(&m->is_error);
}

static void fill_block(freshet_agent_reader *r, const freshet_json_value *value, freshet_agent_event *event)
{
	union block b;
	const struct block_members *m = &b.members;
	freshet_json_pick_utf8(&block_plan, value->raw, b.picked, NULL);
	fill_common(r, event, value->raw);
	bool of_user = r->message.of_user;
	if (!of_user && freshet_json_is(&m->type, "text") && m->text.type == FRESHET_JSON_STRING)
		fill_text(r, &m->text, FRESHET_AGENT_TEXT, event);
	else if (!of_user && freshet_json_is(&m->type, "thinking") && m->thinking.type == FRESHET_JSON_STRING)
		fill_text(r, &m->thinking, FRESHET_AGENT_THINKING, event);
	else if (!of_user && freshet_json_is(&m->type, "tool_use"))
		fill_tool_call(r, m, event);
	else if (of_user && freshet_json_is(&m->type, "tool_result"))
		fill_tool_result(r, m, event);
	else
		fill_raw_json(event);
}

/* ---- whole messages ---- */

static void fill_system(freshet_agent_reader *r, freshet_agent_event *event)
{
	union system s;
	const struct system_members *m = &s.members;
	freshet_json_pick_utf8(&system_plan, r->message.text, s.picked, NULL);
	fill_common(r, event, r->message.text);
	event->kind = FRESHET_AGENT_STATUS;
	event->status.subject = FRESHET_AGENT_SUBJECT_AGENT;
	reader_take(r, &m->subtype, &event->status.name);
	bool init = freshet_str_is(event->status.name, "init");
	const freshet_json_value *otherwise = m->description.type == FRESHET_JSON_STRING ? &m->description : &m->status;
	reader_take(r, init ? &m->model : otherwise, &event->status.text);
}

static void fill_assistant_error(freshet_agent_reader *r, freshet_agent_event *event)
{
	freshet_json_value error;
	freshet_json_pick_utf8(&error_plan, r->message.text, &error, NULL);
	fill_common(r, event, r->message.text);
	event->kind = FRESHET_AGENT_ERROR;
	reader_take(r, &error, &event->error.code);
}

static void fill_failure(freshet_agent_reader *r, freshet_agent_event *event)
{
	union failure f;
	const struct failure_members *m = &f.members;
	freshet_json_pick_utf8(&failure_plan, r->message.text, f.picked, NULL);
	fill_common(r, event, r->message.text);
	event->kind = FRESHET_AGENT_ERROR;
	/* A success that is an error has no word for it. */
	if (!freshet_json_is(&m->subtype, "success"))
		reader_take(r, &m->subtype, &event->error.code);
	reader_take(r, m->result.type == FRESHET_JSON_STRING ? &m->result : &m->first_error, &event->error.text);
}

static void fill_usage(freshet_agent_reader *r, freshet_agent_event *event)
{
	union result u;
	const struct result_members *m = &u.members;
	freshet_json_pick_utf8(&result_plan, r->message.text, u.picked, NULL);
	fill_common(r, event, r->message.text);
	event->kind = FRESHET_AGENT_USAGE;
	freshet_json_int64(&m->input, &event->usage.input_tokens);
	freshet_json_int64(&m->output, &event->usage.output_tokens);
	freshet_json_int64(&m->cache_creation, &event->usage.cache_creation_tokens);
	freshet_json_int64(&m->cache_read, &event->usage.cache_read_tokens);
	freshet_json_int64(&m->turns, &event->usage.model_turns);
	event->usage.has_cost = freshet_json_double(&m->cost, &event->usage.cost_usd) == FRESHET_OK;
	event->usage.has_duration = freshet_json_int64(&m->duration, &event->usage.duration_ms) == FRESHET_OK;
	/* That of a failed turn is the failure. */
	static const freshet_json_value none = {FRESHET_JSON_MISSING, 0, {NULL, 0}};
	reader_keep_output(r, r->message.of_failure ? &none : &m->result);
	if (!r->failed)
		memset(r->streamed, 0, sizeof r->streamed);
}

/* ---- opening ---- */

static bool open_blocks(struct message *message, const freshet_json_value *content)
{
	freshet_json_each look;
	freshet_json_value block;
	if (content->type != FRESHET_JSON_ARRAY)
		return false;
	freshet_json_each_begin(&message->blocks, content);
	look = message->blocks;
	message->has_blocks = freshet_json_each_next(&look, NULL, &block);
	return message->has_blocks;
}

static void open_assistant(struct message *message, const struct kind_members *m)
{
	bool error = m->error.type == FRESHET_JSON_STRING;
	if (!open_blocks(message, &m->content) && !error)
		steps_add(&message->steps, fill_raw);
	if (error)
		steps_add(&message->steps, fill_assistant_error);
}

static void open_user(struct message *message, const struct kind_members *m)
{
	message->of_user = true;
	if (!open_blocks(message, &m->content))
		steps_add(&message->steps, fill_raw);
}

static void open_result(struct message *message, const struct kind_members *m)
{
	bool other = m->subtype.type == FRESHET_JSON_STRING && !freshet_json_is(&m->subtype, "success");
	message->of_failure = other || is_true(&m->is_error);
	steps_add(&message->steps, fill_usage);
	if (message->of_failure)
		steps_add(&message->steps, fill_failure);
}

static void open_json(struct message *message, const struct kind_members *m)
{
	message->parent = m->parent;
	if (freshet_json_is(&m->type, "assistant"))
		open_assistant(message, m);
	else if (freshet_json_is(&m->type, "user"))
		open_user(message, m);
	else if (freshet_json_is(&m->type, "result"))
		open_result(message, m);
	else if (freshet_json_is(&m->type, "system"))
		steps_add(&message->steps, fill_system);
	else if (freshet_json_is(&m->type, "stream_event"))
		steps_add(&message->steps, fill_stream_event);
	else
		steps_add(&message->steps, fill_raw);
}

void message_open(freshet_agent_reader *r, const freshet_line *line)
{
	union kind kind;
	struct message *message = &r->message;
	*message = (struct message){.text = line->text, .flags = line->flags};
	bool whole = (line->flags & (FRESHET_LINE_PART | FRESHET_LINE_CONTINUED)) == 0;
	if (whole)
		while (message->text.len > 0 && message->text.ptr[message->text.len - 1] == '\r')
			message->text.len--;
	if (message->text.len == 0)
		return;
	message->json = whole && freshet_json_pick(&kind_plan, message->text, kind.picked, NULL) == FRESHET_OK;
	if (message->json)
		open_json(message, &kind.members);
	else
		steps_add(&message->steps, fill_raw);
}

bool message_fill(freshet_agent_reader *r, freshet_agent_event *event)
{
	struct message *message = &r->message;
	if (message->has_blocks) {
		freshet_json_each blocks = message->blocks;
		freshet_json_value block;
		if (freshet_json_each_next(&blocks, NULL, &block)) {
			fill_block(r, &block, event);
			if (!r->failed)
				message->blocks = blocks;
			return true;
		}
		message->has_blocks = false;
	}
	return steps_fill(r, &message->steps, event);
}
