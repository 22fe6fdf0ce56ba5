/*
 * A growing text, and what "white space" and "line" mean in it: as in Python, where the tables of the formats come from,
 * so that every script's spaces and every kind of line end count.
 */
#ifndef PRETTY_SHEET_H
#define PRETTY_SHEET_H

#include <freshet/types.h>

/* All zero is an empty text. */
struct sheet {
	char *bytes;
	size_t len;
	size_t room;
	bool failed; /* there was no memory for something: it is not whole; until sheet_clear */
};

/* Empties it; the memory of a large one is given back. */
void sheet_clear(struct sheet *t);
void sheet_free(struct sheet *t);

void sheet_add(struct sheet *t, freshet_str more);
void sheet_add_of(struct sheet *t, const char *terminated);

void sheet_add_count(struct sheet *t, size_t count);

/*
 * Runs of white space as single spaces, none at either end; of more than `limit` code points the first limit - 1 and an
 * ellipsis.
 */
void sheet_add_one_line(struct sheet *t, freshet_str more, size_t limit);

/* With so many decimals, whatever the locale. */
void sheet_add_fixed(struct sheet *t, double number, int decimals);

/* The lines of `more` joined by LF, each behind `indent`. A line end at the very end begins no line. */
void sheet_add_lines(struct sheet *t, freshet_str more, const char *indent);

/* Without the white space at both ends. Works on any bytes. */
freshet_str strip_blanks(freshet_str text);

#endif
