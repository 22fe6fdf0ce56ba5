/*
 * JSON read in one pass and without a tree, for bodies with a great many events: the caller goes from member to member
 * and gets the bytes of each value as they stand. What is no JSON (RFC 8259) is noticed on the way; that the text is UTF-8
 * must be known before. Names and strings are given as they were written, escapes and all.
 *
 *	struct scan s = scan_of(text);
 *	freshet_str name, value;
 *	for (scan_open(&s, '{'); scan_member(&s, &name);)
 *		scan_value(&s, &value);
 *	good = scan_end(&s);
 */
#ifndef MOCKD_AGENTOS_SCAN_H
#define MOCKD_AGENTOS_SCAN_H

#include <freshet/types.h>

#include <stdbool.h>

struct scan {
	const char *at;
	const char *end;
	bool first; /* no element of the object or array at hand has been taken */
	bool bad;   /* it is no JSON; nothing more is given */
};

struct scan scan_of(freshet_str text);

/* Goes into the object ('{') or the array ('['). */
void scan_open(struct scan *s, char bracket);

/* The next member's name, without quotes, whose value must be taken then; false behind the last one. */
bool scan_member(struct scan *s, freshet_str *name);

/* The same of an array, for scan_value; false behind the last one. */
bool scan_item(struct scan *s);

/* Takes the value, whatever it is. */
bool scan_value(struct scan *s, freshet_str *value);

/* True when nothing was wrong and nothing is left. */
bool scan_end(struct scan *s);

/* What is in the quotes of a value that is a string; false when it is none. */
bool scan_string(freshet_str value, freshet_str *text);

#endif
