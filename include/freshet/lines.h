/*
 * Text that comes in pieces, cut into lines at LF: what an agent writes is lines, and a service hands it over as it
 * happens to arrive.
 *
 * Pulled: give it a piece, take lines until it wants more, give it the next piece; say when the text ends. Same bytes,
 * same lines, whatever the cuts. A line inside one piece is not copied, one over several pieces is joined once.
 *
 *	freshet_lines_feed(lines, piece);
 *	while ((result = freshet_lines_next(lines, &line)) == FRESHET_LINES_LINE)
 *		use(&line);
 *
 * No byte is lost and memory is bounded: a line longer than the limit comes in parts.
 */
#ifndef FRESHET_LINES_H
#define FRESHET_LINES_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_lines freshet_lines;

/* More of the same line follows in the next freshet_line. */
#define FRESHET_LINE_PART 0x1u
/* This goes on where the one before it stopped. */
#define FRESHET_LINE_CONTINUED 0x2u
/* The text ended without an LF behind this. */
#define FRESHET_LINE_OPEN 0x4u

/* One line without its LF; a CR before it is left in place. The span is valid until the next call on the lines. */
typedef struct freshet_line {
	freshet_str text;
	unsigned flags; /* FRESHET_LINE_... */
} freshet_line;

/* 0 takes the default. */
typedef struct freshet_lines_options {
	size_t size; /* set by freshet_lines_options_init */
	/*
	 * Bytes of a line without its LF; default 8 MiB, at least 64. A longer one comes in parts of so many bytes, up to
	 * three less where a character would be cut.
	 */
	size_t max_line;
} freshet_lines_options;

typedef enum freshet_lines_result {
	FRESHET_LINES_MORE,   /* all that was fed is used up */
	FRESHET_LINES_LINE,   /* the line is filled in */
	FRESHET_LINES_FAILED, /* no memory for a line over several pieces; nothing is lost, the next call tries again */
} freshet_lines_result;

FRESHET_OPTIONS_INIT(freshet_lines_options)

/*
 * At the start of a text; `options` may be NULL. The caller frees it with freshet_lines_free. FRESHET_ENOMEM,
 * FRESHET_EINVAL; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_lines_new(const freshet_lines_options *options, freshet_lines **out);

/* NULL is fine. */
FRESHET_API void freshet_lines_free(freshet_lines *lines);

/* Begins a new text; what is left of the old one is forgotten. */
FRESHET_API void freshet_lines_reset(freshet_lines *lines);

/*
 * Gives the next piece. It is not copied: it must stay readable until freshet_lines_next has answered MORE.
 * FRESHET_ESTATE while an earlier piece is not used up or an end that was told is not reached.
 */
FRESHET_API freshet_err freshet_lines_feed(freshet_lines *lines, freshet_str piece);

/* The next line of what was fed, or the next part of one that is longer than the limit. */
FRESHET_API freshet_lines_result freshet_lines_next(freshet_lines *lines, freshet_line *line);

/*
 * Says that the text ends with what was fed: freshet_lines_next then gives the line that no LF ended, if there is one.
 * What is fed after that begins a new text.
 */
FRESHET_API void freshet_lines_finish(freshet_lines *lines);

/* When freshet_lines_next has answered MORE: what has come of a line that has not ended. Valid until the next call. */
FRESHET_API freshet_str freshet_lines_rest(const freshet_lines *lines);

#ifdef __cplusplus
}
#endif

#endif
