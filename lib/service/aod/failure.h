/*
 * What went wrong, as the typed error of the public header.
 */
#ifndef AOD_FAILURE_H
#define AOD_FAILURE_H

#include "client.h"

#include "guest/failure.h"

/* An error with the memory that it points into. */
struct failure {
	freshet_aod_error error;
	void *memory; /* of the issues */
	char text[GUEST_LINE_SIZE];
	char hidden[GUEST_LINE_SIZE]; /* the detail, when it held the token */
};

/*
 * The error behind an outcome and the body that came with it. Strings are decoded into the scratch; the token (empty: none)
 * is in none of them. The failure lives until failure_clear and not longer than the outcome, the body and the scratch.
 */
void failure_init(struct failure *failure, const freshet_outcome *outcome, freshet_str body, freshet_str token,
	freshet_json_scratch *scratch);

/* The same failure under another code. */
void failure_set(struct failure *failure, freshet_err err);

/* What was read at `position` of the body, or of row `row` (0: of an event without one), is not as it should be. */
void failure_unreadable(struct failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position);
void failure_bad_event(
	struct failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position, uint64_t row);

void failure_clear(struct failure *failure);

#endif
