/*
 * One line of the claude CLI's stream-json as text for people.
 */
#ifndef PRETTY_CLAUDE_H
#define PRETTY_CLAUDE_H

#include "sheet.h"

#include <freshet/json.h>

enum claude_verdict {
	CLAUDE_SHOWN,   /* the text is what is to be shown */
	CLAUDE_DROPPED, /* nothing is to be shown */
	CLAUDE_RAW, /* the line as it stands: it is no JSON object, or its members have other shapes than they should */
	CLAUDE_FAILED, /* no memory */
};

/* The texts that a line goes through, and where its strings are decoded to. All zero at first. */
struct claude {
	struct sheet body;
	struct sheet shown;
	freshet_json_scratch scratch;
};

void claude_free(struct claude *c);

/* `out` points into the line or into `c`, until the next call. */
enum claude_verdict claude_format(struct claude *c, freshet_str line, freshet_str *out);

#endif
