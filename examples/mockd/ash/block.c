/*
 * Blocks: one pass over the agent message makes the granular frames (contract 7.4), then the message is put in itself.
 */
#include "mockd/ash/block.h"

#include "mockd/alloc.h"

#include <string.h>

/* Compact, as JSON.stringify writes it; numbers with as many digits as they need. */
#define JSON_STYLE (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

static void put_json(struct buffer *to, const json_t *json)
{
	char *text = json_dumps(json, JSON_STYLE);
	buffer_text(to, text != NULL ? text : "null");
	free(text);
}

/* Puts a frame of that name; the data is given up. */
static void put_frame(struct ash_block *b, struct buffer *to, const char *name, json_t *data)
{
	b->frames = must_realloc(b->frames, (b->frame_count + 1) * sizeof *b->frames);
	buffer_format(to, "event: %s\ndata: ", name);
	struct ash_frame frame = {.data = to->len};
	put_json(to, data);
	buffer_text(to, "\n\n");
	frame.end = to->len;
	b->frames[b->frame_count++] = frame;
	json_decref(data);
}

static const char *type_of(const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "type"));
	return type != NULL ? type : "";
}

/* Copies a member, under another name, when it is there. */
static void take(json_t *to, const char *name, const json_t *from, const char *member)
{
	json_t *value = json_object_get(from, member);
	if (value != NULL)
		json_object_set(to, name, value);
}

static json_t *only(const char *name, const json_t *from, const char *member)
{
	json_t *data = json_object();
	take(data, name, from, member);
	return data;
}

static void put_delta(struct ash_block *b, struct buffer *to, const json_t *message)
{
	const json_t *event = json_object_get(message, "event");
	json_t *delta = json_object_get(event, "delta");
	if (strcmp(type_of(event), "content_block_delta") != 0 || delta == NULL)
		return;
	if (strcmp(type_of(delta), "text_delta") == 0)
		put_frame(b, to, "text_delta", only("delta", delta, "text"));
	else if (strcmp(type_of(delta), "thinking_delta") == 0)
		put_frame(b, to, "thinking_delta", only("delta", delta, "thinking"));
	else
		put_frame(b, to, type_of(delta), json_incref(delta));
}

static void put_content(struct ash_block *b, struct buffer *to, json_t *block)
{
	if (strcmp(type_of(block), "text") == 0)
		return;
	if (strcmp(type_of(block), "thinking") == 0) {
		put_frame(b, to, "thinking_delta", only("delta", block, "thinking"));
	} else if (strcmp(type_of(block), "tool_use") == 0) {
		json_t *data = only("id", block, "id");
		take(data, "name", block, "name");
		take(data, "input", block, "input");
		put_frame(b, to, "tool_use", data);
	} else {
		put_frame(b, to, type_of(block), json_incref(block));
	}
}

static void put_contents(struct ash_block *b, struct buffer *to, const json_t *message)
{
	struct buffer spoken = {.bytes = NULL};
	size_t i;
	json_t *block;
	json_array_foreach(json_object_get(json_object_get(message, "message"), "content"), i, block)
	{
		put_content(b, to, block);
		if (strcmp(type_of(block), "text") == 0 && json_object_get(block, "text") != NULL)
			buffer_text(&spoken, json_string_value(json_object_get(block, "text")));
	}
	if (spoken.len > 0)
		b->spoken = must_copy_span(buffer_span(&spoken));
	buffer_clear(&spoken);
}

/* The shell's result has no id and its text is called stdout; others may have nothing at all. */
static void put_tool_result(struct ash_block *b, struct buffer *to, const json_t *message)
{
	const json_t *result = json_object_get(message, "tool_use_result");
	if (result == NULL)
		return;
	json_t *data = only("tool_use_id", result, "tool_use_id");
	take(data, "content", result, json_object_get(result, "content") != NULL ? "content" : "stdout");
	take(data, "is_error", result, "is_error");
	put_frame(b, to, "tool_result", data);
}

static void put_turn_complete(struct ash_block *b, struct buffer *to, const json_t *message)
{
	json_t *data = only("numTurns", message, "num_turns");
	take(data, "result", message, "result");
	put_frame(b, to, "turn_complete", data);
}

static struct ash_block *block_new(enum ash_block_kind kind)
{
	struct ash_block *b = must_zalloc(sizeof *b);
	b->refs = 1;
	b->kind = (uint8_t)kind;
	return b;
}

static struct ash_block *block_finish(struct ash_block *b, struct buffer *text)
{
	b->text = text->bytes;
	return b;
}

struct ash_block *ash_block_message(const json_t *message)
{
	struct ash_block *b = block_new(ASH_BLOCK_MESSAGE);
	struct buffer text = {.bytes = NULL};
	const char *type = type_of(message);
	if (strcmp(type, "stream_event") == 0)
		put_delta(b, &text, message);
	else if (strcmp(type, "assistant") == 0)
		put_contents(b, &text, message);
	else if (strcmp(type, "user") == 0)
		put_tool_result(b, &text, message);
	else if (strcmp(type, "result") == 0)
		put_turn_complete(b, &text, message);
	put_frame(b, &text, "message", json_deep_copy(message));
	struct ash_frame *last = &b->frames[b->frame_count - 1];
	last->message = true;
	b->raw_at = last->data;
	b->raw_len = last->end - last->data - 2;
	return block_finish(b, &text);
}

struct ash_block *ash_block_user(json_t *content)
{
	struct ash_block *b = block_new(ASH_BLOCK_USER);
	struct buffer text = {.bytes = NULL};
	json_t *stored = json_pack("{s:s, s:O}", "type", "user", "content", content);
	put_json(&text, stored);
	json_decref(stored);
	b->raw_len = text.len;
	return block_finish(b, &text);
}

struct ash_block *ash_block_end(enum ash_block_kind kind, const char *error)
{
	struct ash_block *b = block_new(kind);
	struct buffer text = {.bytes = NULL};
	if (kind == ASH_BLOCK_ERROR || kind == ASH_BLOCK_GIVE_UP)
		put_frame(b, &text, "error", json_pack("{s:s}", "error", error));
	return block_finish(b, &text);
}

struct ash_block *ash_block_hold(struct ash_block *block)
{
	block->refs++;
	return block;
}

void ash_block_drop(struct ash_block *block)
{
	if (--block->refs > 0)
		return;
	free(block->text);
	free(block->spoken);
	free(block->frames);
	free(block);
}

freshet_str ash_block_frame(const struct ash_block *b, size_t i)
{
	size_t from = i > 0 ? b->frames[i - 1].end : 0;
	return (freshet_str){b->text + from, b->frames[i].end - from};
}

freshet_str ash_block_data(const struct ash_block *b, size_t i)
{
	const struct ash_frame *f = &b->frames[i];
	return (freshet_str){b->text + f->data, f->end - f->data - 2};
}
