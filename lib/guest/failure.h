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
 * Keys, tokens, prompts: what no text may show. One shorter than four bytes lies in ordinary words: it counts only where it
 * stands by itself, with no letter, digit or underscore of ASCII and no byte beyond ASCII right beside its own. An empty one is none.
 */
struct guest_secrets {
	const freshet_str *list;
	size_t count;
	const struct guest_secrets *more; /* others beside these; NULL: none */
};

/* True when one of them lies in the text. */
bool guest_secrets_in(const struct guest_secrets *secrets, freshet_str text);

/* The same, and when the text is JSON that spells one with escapes. */
bool guest_secrets_told(const struct guest_secrets *secrets, freshet_str text, freshet_json_scratch *scratch);

/*
 * Secrets with memory of their own, which is overwritten when they are forgotten: first room for so many, then each. They
 * begin zeroed. FRESHET_ENOMEM; what is kept by then is to be forgotten in any case.
 */
freshet_err guest_secrets_room(struct guest_secrets *secrets, size_t count);
freshet_err guest_secrets_keep(struct guest_secrets *secrets, freshet_str secret);
void guest_secrets_forget(struct guest_secrets *secrets);

/* Copies as much of a text as fits, each secret in it as asterisks, and terminates it. No part of one is ever left. */
freshet_str guest_hide(const struct guest_secrets *secrets, freshet_str text, char *to, size_t room);

/*
 * What may be shown of a text: itself, or a copy with asterisks when a secret lies in it, or nothing when it is JSON that
 * spells one with escapes.
 */
freshet_str guest_cover(
	const struct guest_secrets *secrets, freshet_str text, freshet_json_scratch *scratch, char *to, size_t room);

/*
 * The beginning of a body that is no JSON (a proxy's page), which may be shown; empty for one that begins as JSON does and
 * so may hold what a request held.
 */
freshet_str guest_page(freshet_str body);

/* The code of a status that is not 2xx. */
freshet_err guest_err_of_status(int status);

/* Where the server says what it refused. */
struct guest_words {
	const struct guest_fields *fields; /* two: its code and its message */
	freshet_json_scratch *scratch;
	struct guest_secrets secrets;
};

/* An error with the memory of its texts. It lives no longer than the outcome, the body and the scratch. */
struct guest_failure {
	freshet_outcome outcome; /* err by the status where the server answered; text of its own */
	freshet_str code;        /* the server's word for it; empty: none */
	freshet_str message;     /* the server's text; empty: none */
	char text[GUEST_LINE_SIZE];
	char hidden[GUEST_LINE_SIZE]; /* the message, when it held a secret */
};

/*
 * The error behind an outcome and the body that came with it. What of the body could hold secrets is not shown:
 * outcome.body is only kept of bodies that are no JSON (a proxy's page), and of those only the beginning.
 */
void guest_failure_init(struct guest_failure *failure, const freshet_outcome *outcome, freshet_str body,
	const struct guest_words *words);

/* What was read at `position` of the body is not as it should be. */
void guest_failure_unreadable(
	struct guest_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position);

/* The same failure under another code. */
void guest_failure_set(struct guest_failure *failure, freshet_err err);

#endif
