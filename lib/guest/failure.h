/*
 * What went wrong, in a code and in one line for people.
 */
#ifndef GUEST_FAILURE_H
#define GUEST_FAILURE_H

#include "fields.h"

#include <freshet/outcome.h>

#define GUEST_LINE_SIZE 512

/*
 * Formats one line into `to` (of GUEST_LINE_SIZE bytes): no controls (they become blanks), only whole characters of valid
 * UTF-8 (other bytes become "?"), cut where it is too long. The span is terminated.
 */
__attribute__((format(printf, 2, 3))) freshet_str guest_line(char to[GUEST_LINE_SIZE], const char *format, ...);

/* For "%.*s": no more of a span than a line can show. */
int guest_shown(freshet_str text);

/*
 * Overwrites each occurrence of a secret in a line with asterisks. Of secrets shorter than four bytes nothing is hidden.
 */
void guest_line_hide(char *line, freshet_str secret);

/* The code of a status that is not 2xx. */
freshet_err guest_err_of_status(int status);

/* An error with the memory of its text. It lives no longer than the outcome, the body and the scratch. */
struct guest_failure {
	freshet_outcome outcome; /* err by the status where the server answered; text of its own */
	freshet_str code;        /* the server's word for it; empty: none */
	freshet_str message;     /* the server's text; empty: none */
	char text[GUEST_LINE_SIZE];
};

/*
 * The error behind an outcome and the body that came with it. `words` are two fields, the code and the message. What of
 * the body could hold secrets is not shown: outcome.body is only kept of bodies that are no JSON (a proxy's page).
 */
void guest_failure_init(struct guest_failure *failure, const freshet_outcome *outcome, freshet_str body,
	const struct guest_fields *words, freshet_json_scratch *scratch);

/* What was read at `position` of the body is not as it should be. */
void guest_failure_unreadable(
	struct guest_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position);

/* The same failure under another code. */
void guest_failure_set(struct guest_failure *failure, freshet_err err);

/* No secret that the server echoed stays in text or message. */
void guest_failure_hide(struct guest_failure *failure, freshet_str secret);

#endif
