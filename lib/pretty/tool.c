#include "tool.h"

#define LIMIT_DETAIL 140

/* Glyphs with what stands between them and the name. */
#define WRENCH     "\xf0\x9f\x94\xa7 "
#define BOOK       "\xf0\x9f\x93\x96 "
#define MEMO       "\xf0\x9f\x93\x9d "
#define PENCIL     "\xe2\x9c\x8f\xef\xb8\x8f  "
#define NOTEBOOK   "\xf0\x9f\x93\x93 "
#define GLASS_LEFT "\xf0\x9f\x94\x8d "
#define GLASS      "\xf0\x9f\x94\x8e "
#define GLOBE      "\xf0\x9f\x8c\x90 "
#define ROBOT      "\xf0\x9f\xa4\x96 "
#define CLIPBOARD  "\xf0\x9f\x93\x8b "
#define TRIANGLE   "\xf0\x9f\x93\x90 "
#define TOOLS      "\xf0\x9f\x9b\xa0\xef\xb8\x8f  "

FRESHET_JSON_PLAN(input_plan, "command", "file_path", "pattern", "path", "url", "query", "description", "prompt",
	"name", "todos");

union input {
	struct input_members {
		freshet_json_value command, file_path, pattern, path, url, query, description, prompt, name, todos;
	} members;
	freshet_json_value picked[sizeof(struct input_members) / sizeof(freshet_json_value)];
};

/* Where a detail goes: behind the separator, which an empty detail does without. */
struct detail {
	struct sheet *sheet;
	freshet_json_scratch *scratch;
};

static freshet_str text_of(const struct detail *d, const freshet_json_value *value, const char *otherwise)
{
	return value_text(value, otherwise, d->scratch, d->sheet);
}

static void separate(const struct detail *d)
{
	sheet_add_of(d->sheet, " \xc2\xb7 ");
}

static void add_whole(const struct detail *d, freshet_str text)
{
	if (text.len == 0)
		return;
	separate(d);
	sheet_add(d->sheet, text);
}

static void add_one_line(const struct detail *d, freshet_str text)
{
	text = strip_blanks(text);
	if (text.len == 0)
		return;
	separate(d);
	sheet_add_one_line(d->sheet, text, LIMIT_DETAIL);
}

static bool detail_command(const struct detail *d, const struct input_members *m)
{
	add_one_line(d, text_of(d, &m->command, ""));
	return true;
}

static bool detail_file(const struct detail *d, const struct input_members *m)
{
	add_whole(d, text_of(d, &m->file_path, "(no path)"));
	return true;
}

static bool detail_search(const struct detail *d, const struct input_members *m)
{
	freshet_str pattern = text_of(d, &m->pattern, "");
	freshet_str path = text_of(d, &m->path, "");
	if (pattern.len == 0 && path.len == 0)
		return true;
	separate(d);
	sheet_add(d->sheet, pattern);
	if (path.len > 0) {
		sheet_add_of(d->sheet, " in ");
		sheet_add(d->sheet, path);
	}
	return true;
}

static bool detail_web(const struct detail *d, const struct input_members *m)
{
	add_whole(d, text_of(d, value_truthy(&m->url) ? &m->url : &m->query, ""));
	return true;
}

static bool detail_task(const struct detail *d, const struct input_members *m)
{
	add_one_line(d, text_of(d, value_truthy(&m->description) ? &m->description : &m->prompt, ""));
	return true;
}

static bool detail_todos(const struct detail *d, const struct input_members *m)
{
	size_t count;
	if (!value_count(&m->todos, &count))
		return false;
	separate(d);
	sheet_add_count(d->sheet, count);
	sheet_add_of(d->sheet, " todo(s)");
	return true;
}

static bool detail_any(const struct detail *d, const struct input_members *m)
{
	const freshet_json_value *const candidates[] = {&m->description, &m->name, &m->query, &m->prompt, &m->path};
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
		if (candidates[i]->type != FRESHET_JSON_STRING || !value_truthy(candidates[i]))
			continue;
		add_one_line(d, text_of(d, candidates[i], ""));
		break;
	}
	return true;
}

static const struct tool {
	const char *name;
	const char *glyph;
	bool (*detail)(const struct detail *d, const struct input_members *m);
} tools[] = {
	{"Bash", WRENCH, detail_command},
	{"Read", BOOK, detail_file},
	{"Write", MEMO, detail_file},
	{"Edit", PENCIL, detail_file},
	{"MultiEdit", PENCIL, detail_file},
	{"NotebookEdit", NOTEBOOK, detail_file},
	{"Grep", GLASS_LEFT, detail_search},
	{"Glob", GLASS, detail_search},
	{"WebFetch", GLOBE, detail_web},
	{"WebSearch", GLOBE, detail_web},
	{"Task", ROBOT, detail_task},
	{"Agent", ROBOT, detail_task},
	{"TodoWrite", CLIPBOARD, detail_todos},
	{"ExitPlanMode", TRIANGLE, detail_any},
	{"EnterPlanMode", TRIANGLE, detail_any},
};

static const struct tool *tool_named(const freshet_json_value *name)
{
	static const struct tool other = {"", TOOLS, detail_any};
	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
		if (freshet_json_is(name, tools[i].name))
			return &tools[i];
	return &other;
}

bool tool_add(struct sheet *sheet, freshet_json_scratch *scratch, const freshet_json_value *name,
	const freshet_json_value *input)
{
	const struct detail detail = {sheet, scratch};
	const struct tool *tool = tool_named(name);
	union input picked = {.picked = {{FRESHET_JSON_MISSING, 0, {NULL, 0}}}};
	if (value_truthy(input)) {
		if (input->type != FRESHET_JSON_OBJECT)
			return false;
		freshet_json_pick_utf8(&input_plan, input->raw, picked.picked, NULL);
	}
	sheet_add_of(sheet, tool->glyph);
	value_add(name, "?", scratch, sheet);
	return tool->detail(&detail, &picked.members);
}
