/*
 * A draft: an event of which only a part has been fed. It takes the bytes of its lines in pieces of any size, keeps what
 * the event needs of them and enforces the limits at the very byte that passes one.
 *
 * Nothing of a comment, of an unknown field or of a field's name outlives its line; they only count as bytes of a line.
 */
#ifndef SSE_DRAFT_H
#define SSE_DRAFT_H

#include "base/buf.h"
#include "base/text.h"
#include "sse/parser.h"

#include <string.h>

/* What the bytes of the current line go to. */
enum sse_field {
	SSE_FIELD_UNKNOWN, /* its name is still being read */
	SSE_FIELD_DATA,
	SSE_FIELD_EVENT,
	SSE_FIELD_ID,
	SSE_FIELD_RETRY,
	SSE_FIELD_IGNORED, /* a comment, an unknown field, an id with NUL, a retry that is no number */
};

/* The longest field name that the standard knows, "event" or "retry". */
#define SSE_NAME_MAX 5

/* The field that a name names (WHATWG HTML, 9.2.6, "process the field"). */
static inline enum sse_field sse_field_named(const char *name, size_t len)
{
	if (len == 4 && memcmp(name, "data", 4) == 0)
		return SSE_FIELD_DATA;
	if (len == 5 && memcmp(name, "event", 5) == 0)
		return SSE_FIELD_EVENT;
	if (len == 2 && memcmp(name, "id", 2) == 0)
		return SSE_FIELD_ID;
	if (len == 5 && memcmp(name, "retry", 5) == 0)
		return SSE_FIELD_RETRY;
	return SSE_FIELD_IGNORED;
}

struct sse_draft {
	const struct sse_limits *limits;
	struct text type;     /* event type buffer */
	struct text id;       /* the last complete id of this event */
	struct text line_id;  /* the id that the current line brings */
	struct buf data;      /* data buffer: lines joined by LF */
	struct buf repaired;  /* the data as it was given, when bytes had to be replaced */
	uint64_t retry_ms;    /* the retry that the current line brings */
	uint64_t start;       /* where in the stream the event begins, for the parser */
	size_t line_len;      /* bytes of the current line; in parts, since the last part that its length forced */
	size_t given;         /* bytes at the front of data that the last part took; gone with the next call */
	enum sse_field field; /* of the current line */
	uint8_t name_len;     /* bytes of the current line's name so far */
	char name[SSE_NAME_MAX];
	bool space_may_come; /* the colon was the byte before */
	bool separator_due;  /* an earlier data line needs a LF before this one */
	bool retry_digits;   /* the current retry line has a digit */
	bool has_data;       /* a data field was seen */
	bool has_id;         /* an id field was seen and not ignored */
	bool has_parts;      /* a part was given */
	bool not_ascii;      /* bytes of the event may be other than ASCII: the parser says so, before it gives them */
};

/* What a line turned out to be. */
enum sse_line {
	SSE_LINE_BLANK, /* empty: the event ends */
	SSE_LINE_FIELD, /* anything that the draft has dealt with */
	SSE_LINE_RETRY, /* retry_ms is a new reconnection time */
};

/* Makes *d an empty draft, out of the one that is there or, where it is NULL, a new one. False when there is no memory. */
bool sse_draft_renew(struct sse_draft **d, const struct sse_limits *limits);

/* NULL is fine. */
void sse_draft_free(struct sse_draft *d);

/* True when it holds nothing of an event and nothing of a line. */
bool sse_draft_is_blank(const struct sse_draft *d);

/*
 * Takes bytes of the current line, among which is no line end, and returns how many it took. Fewer than `len` only when
 * the next one cannot be taken: *why is then FRESHET_ESSE_LINE, FRESHET_ESSE_EVENT, FRESHET_ESSE_ID or FRESHET_ENOMEM.
 */
size_t sse_draft_take(struct sse_draft *d, const uint8_t *bytes, size_t len, freshet_err *why);

/* How many bytes show whether the current line fits: nobody needs to look for its end beyond them. */
size_t sse_draft_appetite(const struct sse_draft *d);

/* Ends the current line. After a failure the line is still open and may be ended again. */
freshet_err sse_draft_end_line(struct sse_draft *d, enum sse_line *line);

/*
 * After `why` has stopped the draft: makes room by giving its data as a part of the event. *given tells whether *event
 * was filled in, all but the id; room may also be made without that. Another code than FRESHET_OK is the failure of the
 * stream: `why` itself when parts are not wanted or do not help.
 */
freshet_err sse_draft_give_part(struct sse_draft *d, freshet_err why, freshet_event *event, bool *given);

/* Removes what the last part took. */
void sse_draft_drop_given(struct sse_draft *d);

/*
 * At the blank line: makes all of the draft valid UTF-8 and fills in *event, all but the id, which is left in d->id.
 * FRESHET_ENOMEM, FRESHET_ESSE_ID (an id that was made too long by U+FFFD).
 */
freshet_err sse_draft_finish(struct sse_draft *d, freshet_event *event);

#endif
