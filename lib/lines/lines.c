/*
 * Happy path: one memchr finds the LF and the line is a span of the piece. What follows the last LF is held; the next
 * piece's beginning joins it there.
 *
 * A line past the limit is handed over in parts. Where a part ends is decided by the line alone, never by how it
 * arrived: after max_line bytes, or before the character that those would cut, and only when a byte beyond them is
 * there.
 *
 * Failures: only memory, and only for what is held. Nothing is used up then, so that the same call can be made again.
 */
#include <freshet/lines.h>

#include "base/mem.h"

#define DEFAULT_MAX_LINE ((size_t)8 * 1024 * 1024)
/* A part is never empty, and what is held is worth its call. */
#define LEAST_MAX_LINE 64

/* More than this is not held on to between lines. */
#define HELD_KEPT ((size_t)64 * 1024)

struct freshet_lines {
	size_t max_line;
	char *held;      /* the beginning of a line, from earlier pieces */
	size_t held_len; /* at most max_line */
	size_t room;
	size_t given;   /* bytes of `held` that the line at hand is made of: they go with the next call */
	const char *at; /* of the piece, what is not used up */
	const char *end;
	bool continued; /* a part of the line at hand was given */
	bool finishing;
};

static bool read_options(const freshet_lines_options *options, size_t *max_line)
{
	freshet_lines_options o;
	freshet_lines_options_init(&o);
	if (options != NULL) {
		if (options->size < sizeof options->size || options->size > sizeof o)
			return false;
		memcpy(&o, options, options->size);
	}
	*max_line = o.max_line != 0 ? o.max_line : DEFAULT_MAX_LINE;
	return *max_line >= LEAST_MAX_LINE && *max_line <= PTRDIFF_MAX;
}

freshet_err freshet_lines_new(const freshet_lines_options *options, freshet_lines **out)
{
	size_t max_line;
	*out = NULL;
	if (!read_options(options, &max_line))
		return FRESHET_EINVAL;
	freshet_lines *l = mem_zalloc(sizeof *l);
	if (l == NULL)
		return FRESHET_ENOMEM;
	l->max_line = max_line;
	*out = l;
	return FRESHET_OK;
}

void freshet_lines_free(freshet_lines *l)
{
	if (l == NULL)
		return;
	mem_free(l->held);
	mem_free(l);
}

static void give_back(freshet_lines *l)
{
	mem_free(l->held);
	l->held = NULL;
	l->room = 0;
}

void freshet_lines_reset(freshet_lines *l)
{
	l->held_len = 0;
	l->given = 0;
	l->at = NULL;
	l->end = NULL;
	l->continued = false;
	l->finishing = false;
	if (l->room > HELD_KEPT)
		give_back(l);
}

/* What the last line was made of is not needed any more. */
static void drop_given(freshet_lines *l)
{
	if (l->given == 0)
		return;
	l->held_len -= l->given;
	if (l->held_len > 0)
		memmove(l->held, l->held + l->given, l->held_len);
	else if (l->room > HELD_KEPT)
		give_back(l);
	l->given = 0;
}

static size_t left_of(const freshet_lines *l)
{
	return (size_t)(l->end - l->at);
}

freshet_err freshet_lines_feed(freshet_lines *l, freshet_str piece)
{
	drop_given(l);
	if (left_of(l) > 0 || l->finishing)
		return FRESHET_ESTATE;
	if (piece.len == 0)
		return FRESHET_OK;
	l->at = piece.ptr;
	l->end = piece.ptr + piece.len;
	return FRESHET_OK;
}

void freshet_lines_finish(freshet_lines *l)
{
	l->finishing = true;
}

freshet_str freshet_lines_rest(const freshet_lines *l)
{
	return (freshet_str){l->held, l->held_len};
}

/* Moves bytes of the piece to what is held. False when there is no memory. */
static bool hold(freshet_lines *l, size_t len)
{
	void *held = l->held;
	if (len == 0)
		return true;
	if (!mem_grow(&held, &l->room, l->held_len + len, 1))
		return false;
	l->held = held;
	memcpy(l->held + l->held_len, l->at, len);
	l->held_len += len;
	l->at += len;
	return true;
}

/* The next `len` bytes of the text as a line. */
static freshet_lines_result give(freshet_lines *l, size_t len, unsigned flags, freshet_line *line)
{
	if (l->held_len == 0) {
		line->text = (freshet_str){l->at, len};
		l->at += len;
	} else {
		if (len > l->held_len && !hold(l, len - l->held_len))
			return FRESHET_LINES_FAILED;
		line->text = (freshet_str){l->held, len};
		l->given = len;
	}
	line->flags = flags | (l->continued ? FRESHET_LINE_CONTINUED : 0);
	l->continued = (flags & FRESHET_LINE_PART) != 0;
	return FRESHET_LINES_LINE;
}

static bool continues_character(const freshet_lines *l, size_t index)
{
	char c = index < l->held_len ? l->held[index] : l->at[index - l->held_len];
	return ((unsigned char)c & 0xc0u) == 0x80u;
}

/* Where a line of more than max_line bytes is parted. More than three such bytes in a row are no UTF-8: any place does. */
static size_t part_len(const freshet_lines *l)
{
	size_t len = l->max_line;
	while (len > l->max_line - 4 && continues_character(l, len))
		len--;
	return len > l->max_line - 4 ? len : l->max_line;
}

static freshet_lines_result give_rest(freshet_lines *l, freshet_line *line)
{
	if (!l->finishing)
		return FRESHET_LINES_MORE;
	l->finishing = false;
	if (l->held_len > 0)
		return give(l, l->held_len, FRESHET_LINE_OPEN, line);
	l->continued = false;
	return FRESHET_LINES_MORE;
}

freshet_lines_result freshet_lines_next(freshet_lines *l, freshet_line *line)
{
	drop_given(l);
	size_t left = left_of(l);
	size_t fits = l->max_line - l->held_len;
	size_t looked_at = left > fits ? fits + 1 : left;
	const char *newline = looked_at > 0 ? memchr(l->at, '\n', looked_at) : NULL;
	size_t run = newline != NULL ? (size_t)(newline - l->at) : looked_at;
	if (run > fits)
		return give(l, part_len(l), FRESHET_LINE_PART, line);
	if (newline == NULL) {
		if (!hold(l, left))
			return FRESHET_LINES_FAILED;
		return give_rest(l, line);
	}
	freshet_lines_result result = give(l, l->held_len + run, 0, line);
	if (result == FRESHET_LINES_LINE)
		l->at++;
	return result;
}
