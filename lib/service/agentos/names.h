/*
 * Names that the platform does not publish, as the client goes by them: those of the options, or the defaults.
 */
#ifndef AGENTOS_NAMES_H
#define AGENTOS_NAMES_H

#include "guest/fields.h"
#include "guest/names.h"

#include <freshet/agentos.h>

/* What is picked from a body: its envelope, and the words of an error, of which `details` comes behind the other two. */
enum agentos_envelope { ENVELOPE_DATA, ENVELOPE_ERROR, ENVELOPE_DETAILS, ENVELOPE_FIELDS };

struct agentos_names {
	struct guest_fields *words;    /* code, message: guest_failure_init */
	struct guest_fields *envelope; /* enum agentos_envelope */
	struct guest_fields *run_id;
	struct guest_fields *task_id;
	const char *const *retry_codes;
	const char *const *triggers;
	char *task_error_field;
};

/* FRESHET_EINVAL (a path that cannot be read), FRESHET_ENOMEM; agentos_names_clear is due in any case. */
freshet_err agentos_names_init(struct agentos_names *names, const freshet_agentos_names *given);

void agentos_names_clear(struct agentos_names *names);

#endif
