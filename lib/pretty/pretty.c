/*
 * Happy path: what is fed goes through freshet_lines, each line through the formatter of the runtime.
 *
 * Failures: only memory. The line at hand is kept until it has been shown, so that the next call tries it again.
 */
#include "claude.h"

#include <freshet/lines.h>
#include <freshet/pretty.h>

struct freshet_pretty {
	freshet_lines *lines;
	freshet_line line; /* at hand, with has_line */
	struct claude claude;
	freshet_pretty_format format;
	bool automatic; /* the format follows the `start` event */
	bool has_line;
	bool flushing;
};

static bool holds_any_case(freshet_str text, const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i + len <= text.len; i++) {
		size_t same = 0;
		while (same < len && (text.ptr[i + same] | 0x20) == word[same])
			same++;
		if (same == len)
			return true;
	}
	return false;
}

freshet_pretty_format freshet_pretty_format_of(freshet_str name)
{
	bool claude = holds_any_case(name, "claude") || (name.len == 9 && holds_any_case(name, "anthropic"));
	return claude ? FRESHET_PRETTY_CLAUDE : FRESHET_PRETTY_GENERIC;
}

static bool read_options(freshet_pretty_options *o, const freshet_pretty_options *options)
{
	freshet_pretty_options_init(o);
	if (options == NULL)
		return true;
	if (options->size < sizeof options->size || options->size > sizeof *o)
		return false;
	memcpy(o, options, options->size);
	return o->format <= FRESHET_PRETTY_CLAUDE;
}

freshet_err freshet_pretty_new(const freshet_pretty_options *options, freshet_pretty **out)
{
	freshet_pretty_options o;
	freshet_lines_options lines;
	*out = NULL;
	if (!read_options(&o, options))
		return FRESHET_EINVAL;
	freshet_pretty *p = freshet_mem_new(1, sizeof *p);
	if (p == NULL)
		return FRESHET_ENOMEM;
	freshet_lines_options_init(&lines);
	lines.max_line = o.max_line;
	freshet_err err = freshet_lines_new(&lines, &p->lines);
	if (err != FRESHET_OK) {
		freshet_mem_free(p);
		return err;
	}
	p->automatic = o.format == FRESHET_PRETTY_AUTO;
	p->format = p->automatic ? FRESHET_PRETTY_GENERIC : o.format;
	*out = p;
	return FRESHET_OK;
}

void freshet_pretty_free(freshet_pretty *p)
{
	if (p == NULL)
		return;
	claude_free(&p->claude);
	freshet_lines_free(p->lines);
	freshet_mem_free(p);
}

void freshet_pretty_reset(freshet_pretty *p)
{
	freshet_lines_reset(p->lines);
	p->has_line = false;
	p->flushing = false;
}

freshet_err freshet_pretty_feed(freshet_pretty *p, freshet_str piece)
{
	if (p->has_line || p->flushing)
		return FRESHET_ESTATE;
	return freshet_lines_feed(p->lines, piece);
}

freshet_err freshet_pretty_consume(freshet_pretty *p, const freshet_aod_event *event)
{
	if (event->type == FRESHET_AOD_EVENT_OUTPUT && event->output.stream == FRESHET_AOD_OUTPUT_STDOUT)
		return freshet_pretty_feed(p, event->output.data);
	if (event->type == FRESHET_AOD_EVENT_START && p->automatic)
		p->format = freshet_pretty_format_of(
			event->start.runtime.len > 0 ? event->start.runtime : event->start.provider);
	return FRESHET_OK;
}

void freshet_pretty_flush(freshet_pretty *p)
{
	p->flushing = true;
}

/* The end of what was fed: what is left of it is a line now, or waits on. */
static void flush_rest(freshet_pretty *p)
{
	p->flushing = false;
	bool keep_blanks = p->format == FRESHET_PRETTY_CLAUDE;
	if (!keep_blanks || strip_blanks(freshet_lines_rest(p->lines)).len > 0)
		freshet_lines_finish(p->lines);
}

static freshet_str without_cr(freshet_str text)
{
	while (text.len > 0 && text.ptr[text.len - 1] == '\r')
		text.len--;
	return text;
}

/* What is shown of the line at hand: nothing when it is empty. False when there is no memory. */
static bool format_line(freshet_pretty *p, freshet_str *text)
{
	bool claude = p->format == FRESHET_PRETTY_CLAUDE;
	*text = p->line.text;
	if ((p->line.flags & FRESHET_LINE_PART) == 0 && !(claude && (p->line.flags & FRESHET_LINE_OPEN) != 0))
		*text = without_cr(*text);
	if (!claude || text->len == 0 || (p->line.flags & (FRESHET_LINE_PART | FRESHET_LINE_CONTINUED)) != 0)
		return true;
	switch (claude_format(&p->claude, *text, text)) {
	case CLAUDE_SHOWN:
	case CLAUDE_RAW: break;
	case CLAUDE_DROPPED: text->len = 0; break;
	case CLAUDE_FAILED: return false;
	}
	return true;
}

freshet_pretty_result freshet_pretty_next(freshet_pretty *p, freshet_str *text)
{
	for (;;) {
		if (p->has_line) {
			if (!format_line(p, text))
				return FRESHET_PRETTY_FAILED;
			p->has_line = false;
			if (text->len > 0)
				return FRESHET_PRETTY_TEXT;
		}
		switch (freshet_lines_next(p->lines, &p->line)) {
		case FRESHET_LINES_LINE: p->has_line = true; break;
		case FRESHET_LINES_FAILED: return FRESHET_PRETTY_FAILED;
		case FRESHET_LINES_MORE:
			if (!p->flushing)
				return FRESHET_PRETTY_MORE;
			flush_rest(p);
			break;
		}
	}
}
