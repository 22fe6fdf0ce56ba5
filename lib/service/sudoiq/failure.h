/*
 * What went wrong, as the typed error of the public header.
 */
#ifndef SUDOIQ_FAILURE_H
#define SUDOIQ_FAILURE_H

#include "client.h"

#include "guest/failure.h"

/* An error with the memory that its text lies in. It lives no longer than the outcome, the body and the scratch. */
struct sudoiq_failure {
	struct guest_failure base;
	freshet_sudoiq_error error;
};

/*
 * The error behind an outcome and the body that came with it; no credentials of the client and none of `secrets` (may be NULL)
 * stay in it.
 */
void sudoiq_failure_init(struct sudoiq_failure *failure, freshet_sudoiq *client, const struct guest_secrets *secrets,
	const freshet_outcome *outcome, freshet_str body);
void sudoiq_failure_of_response(
	struct sudoiq_failure *failure, freshet_sudoiq *client, const freshet_response *response);

/* What was read at `position` of the body is not as it should be. */
void sudoiq_failure_unreadable(
	struct sudoiq_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position);

/* One without an answer behind it; `text` NULL: that of the code. */
void sudoiq_failure_plain(struct sudoiq_failure *failure, freshet_err err, const char *text);

/* A failure that outlives what it came from. */
struct sudoiq_kept {
	freshet_sudoiq_error error; /* its spans lie behind it; those of the answer's headers and body are empty */
};

/* NULL without memory. */
struct sudoiq_kept *sudoiq_failure_keep(const freshet_sudoiq_error *error);

#endif
