/*
 * Happy path: one pick over the line, `type` says who writes the body, which is then cut into lines and indented.
 *
 * Failures: each writer answers false for a shape that it cannot read; the line is then shown as it stands, so that
 * nothing an agent says is lost because it says it in a new way. Memory that is missing is noted in the body and asked
 * for once, at the end.
 */
#include "claude.h"

#include "tool.h"
#include "value.h"

#define LIMIT_THINKING 200

/* Glyphs with what stands between them and the text. */
#define GLYPH_INIT     "\xe2\x9a\x99\xef\xb8\x8f  "
#define GLYPH_SPAWN    "\xf0\x9f\x9a\x80 "
#define GLYPH_THINKING "\xf0\x9f\x92\xad "
#define GLYPH_TEXT     "\xe2\x9c\x89\xef\xb8\x8f  "
#define GLYPH_SUCCESS  "\xe2\x9c\xa8 "
#define GLYPH_OTHER    "\xe2\x9a\xa0\xef\xb8\x8f  "

FRESHET_JSON_PLAN(line_plan, "type", "subtype", "parent_tool_use_id", "model", "tools", "mcp_servers", "description",
	"message", "duration_ms", "num_turns", "total_cost_usd");
FRESHET_JSON_PLAN(content_plan, "content");
FRESHET_JSON_PLAN(server_plan, "name");
FRESHET_JSON_PLAN(block_plan, "type", "text", "thinking", "name", "input");

union line {
	struct line_members {
		freshet_json_value type, subtype, parent, model, tools, mcp_servers, description, message, duration_ms,
			num_turns, total_cost_usd;
	} members;
	freshet_json_value picked[sizeof(struct line_members) / sizeof(freshet_json_value)];
};

union block {
	struct block_members {
		freshet_json_value type, text, thinking, name, input;
	} members;
	freshet_json_value picked[sizeof(struct block_members) / sizeof(freshet_json_value)];
};

void claude_free(struct claude *c)
{
	sheet_free(&c->body);
	sheet_free(&c->shown);
	freshet_json_scratch_clear(&c->scratch);
}

static void add(struct claude *c, const char *text)
{
	sheet_add_of(&c->body, text);
}

/* ---- system ---- */

static bool add_servers(struct claude *c, const freshet_json_value *servers)
{
	freshet_json_each each;
	freshet_json_value server;
	const char *separator = ", mcp=[";
	if (!value_truthy(servers))
		return true;
	if (servers->type != FRESHET_JSON_ARRAY)
		return false;
	freshet_json_each_begin(&each, servers);
	while (freshet_json_each_next(&each, NULL, &server)) {
		freshet_json_value name;
		freshet_str text;
		freshet_json_pick_utf8(&server_plan, server.raw, &name, NULL);
		if (server.type != FRESHET_JSON_OBJECT || name.type != FRESHET_JSON_STRING)
			return false;
		value_string(&name, &c->scratch, &c->body, &text);
		add(c, separator);
		sheet_add(&c->body, text);
		separator = ", ";
	}
	add(c, "]");
	return true;
}

static bool format_init(struct claude *c, const struct line_members *m)
{
	size_t tools;
	if (!value_count(&m->tools, &tools))
		return false;
	add(c, GLYPH_INIT "Session init \xc2\xb7 model=");
	value_add(&m->model, "?", &c->scratch, &c->body);
	add(c, ", tools=");
	sheet_add_count(&c->body, tools);
	return add_servers(c, &m->mcp_servers);
}

static bool format_system(struct claude *c, const struct line_members *m)
{
	if (freshet_json_is(&m->subtype, "init"))
		return format_init(c, m);
	if (freshet_json_is(&m->subtype, "task_started")) {
		add(c, GLYPH_SPAWN "Task spawned \xc2\xb7 ");
		value_add(&m->description, "(no description)", &c->scratch, &c->body);
	}
	return true;
}

/* ---- assistant ---- */

/* The text of a thinking or text block without the blanks around it; false when it is no text. */
static bool read_block_text(struct claude *c, const freshet_json_value *value, freshet_str *text)
{
	*text = (freshet_str){"", 0};
	if (!value_truthy(value))
		return true;
	if (value->type != FRESHET_JSON_STRING)
		return false;
	value_string(value, &c->scratch, &c->body, text);
	*text = strip_blanks(*text);
	return true;
}

static void begin_piece(struct claude *c)
{
	if (c->body.len > 0)
		add(c, "\n");
}

static bool format_thinking(struct claude *c, const struct block_members *m)
{
	freshet_str text;
	if (!read_block_text(c, &m->thinking, &text))
		return false;
	if (text.len > 0) {
		begin_piece(c);
		add(c, GLYPH_THINKING);
		sheet_add_one_line(&c->body, text, LIMIT_THINKING);
	}
	return true;
}

static bool format_text(struct claude *c, const struct block_members *m)
{
	freshet_str text;
	if (!read_block_text(c, &m->text, &text))
		return false;
	if (text.len > 0) {
		begin_piece(c);
		add(c, GLYPH_TEXT);
		sheet_add(&c->body, text);
	}
	return true;
}

static bool format_block(struct claude *c, const freshet_json_value *value)
{
	union block block;
	const struct block_members *m = &block.members;
	if (value->type != FRESHET_JSON_OBJECT)
		return false;
	freshet_json_pick_utf8(&block_plan, value->raw, block.picked, NULL);
	if (freshet_json_is(&m->type, "thinking"))
		return format_thinking(c, m);
	if (freshet_json_is(&m->type, "text"))
		return format_text(c, m);
	if (!freshet_json_is(&m->type, "tool_use"))
		return true;
	begin_piece(c);
	return tool_add(&c->body, &c->scratch, &m->name, &m->input);
}

static bool format_assistant(struct claude *c, const struct line_members *m)
{
	freshet_json_value content;
	freshet_json_each each;
	freshet_json_value block;
	if (!value_truthy(&m->message))
		return true;
	if (m->message.type != FRESHET_JSON_OBJECT)
		return false;
	freshet_json_pick_utf8(&content_plan, m->message.raw, &content, NULL);
	if (!value_truthy(&content))
		return true;
	if (content.type != FRESHET_JSON_ARRAY)
		return false;
	freshet_json_each_begin(&each, &content);
	while (freshet_json_each_next(&each, NULL, &block))
		if (!format_block(c, &block))
			return false;
	return true;
}

/* ---- result ---- */

static bool format_result(struct claude *c, const struct line_members *m)
{
	double milliseconds = 0;
	double cost = 0;
	bool has_cost = m->total_cost_usd.type != FRESHET_JSON_MISSING && m->total_cost_usd.type != FRESHET_JSON_NULL;
	if (value_truthy(&m->duration_ms) && freshet_json_double(&m->duration_ms, &milliseconds) != FRESHET_OK)
		return false;
	if (has_cost && freshet_json_double(&m->total_cost_usd, &cost) != FRESHET_OK)
		return false;
	add(c, freshet_json_is(&m->subtype, "success") ? GLYPH_SUCCESS : GLYPH_OTHER);
	add(c, "Done \xc2\xb7 agent ");
	sheet_add_fixed(&c->body, milliseconds / 1000, 1);
	add(c, "s");
	if (value_truthy(&m->num_turns)) {
		add(c, ", ");
		value_add(&m->num_turns, "", &c->scratch, &c->body);
		add(c, " turns");
	}
	if (has_cost) {
		add(c, ", tokens $");
		sheet_add_fixed(&c->body, cost, 4);
	}
	return true;
}

/* ---- lines ---- */

static bool is_object(freshet_str text)
{
	size_t blanks = 0;
	while (blanks < text.len && memchr(" \t\r\n", text.ptr[blanks], 4) != NULL)
		blanks++;
	return blanks < text.len && text.ptr[blanks] == '{';
}

/* True when the body is what there is to show, an empty one for nothing. */
static bool format_body(struct claude *c, const struct line_members *m)
{
	if (freshet_json_is(&m->type, "assistant"))
		return format_assistant(c, m);
	if (freshet_json_is(&m->type, "system"))
		return format_system(c, m);
	if (freshet_json_is(&m->type, "result"))
		return format_result(c, m);
	return true;
}

static freshet_str sheet_span(const struct sheet *sheet)
{
	return sheet->len > 0 ? (freshet_str){sheet->bytes, sheet->len} : (freshet_str){"", 0};
}

enum claude_verdict claude_format(struct claude *c, freshet_str text, freshet_str *out)
{
	union line line;
	sheet_clear(&c->body);
	sheet_clear(&c->shown);
	freshet_json_scratch_reset(&c->scratch);
	*out = text;
	if (freshet_json_pick(&line_plan, text, line.picked, NULL) != FRESHET_OK || !is_object(text))
		return CLAUDE_RAW;
	bool readable = format_body(c, &line.members);
	sheet_add_lines(&c->shown, sheet_span(&c->body), value_truthy(&line.members.parent) ? "  " : "");
	if (c->body.failed || c->shown.failed)
		return CLAUDE_FAILED;
	if (!readable)
		return CLAUDE_RAW;
	*out = sheet_span(&c->shown);
	return out->len > 0 ? CLAUDE_SHOWN : CLAUDE_DROPPED;
}
