/*
 * What went wrong, as the typed error of the public header.
 */
#ifndef ASH_FAILURE_H
#define ASH_FAILURE_H

#include "client.h"

#include "guest/failure.h"

/* An error with the memory that its text points into. */
struct ash_failure {
	freshet_ash_error error;
	char text[GUEST_LINE_SIZE];
	char hidden[GUEST_LINE_SIZE]; /* the message, when it held the key */
};

/*
 * The error behind an outcome and the body that came with it. Strings are decoded into the scratch; the key (empty: none)
 * is in none of them. The failure lives not longer than the outcome, the body and the scratch.
 */
void ash_failure_init(struct ash_failure *failure, const freshet_outcome *outcome, freshet_str body, freshet_str key,
	freshet_json_scratch *scratch);

/* What was read at `position` of the body is not as it should be. */
void ash_failure_unreadable(
	struct ash_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position);

#endif
