/*
 * Status objects: read where they lie, or packed into a block of their own.
 */
#ifndef SUDOIQ_STATUS_H
#define SUDOIQ_STATUS_H

#include "names.h"

/* What a status must have to be one. */
#define SUDOIQ_NEED_STATUS  0x1u
#define SUDOIQ_NEED_TASK_ID 0x2u

/* A status whose strings lie in the text or, where they have escapes, in the scratch. */
struct sudoiq_reading {
	freshet_sudoiq_status status;
	freshet_sudoiq_tool_call *calls; /* what status.tool_calls points to */
};

/*
 * Reads one. Errors as freshet_sudoiq_status_new, and it has then nothing that must be given back; else
 * sudoiq_reading_clear does.
 */
freshet_err sudoiq_status_read(struct sudoiq_reading *reading, const struct sudoiq_names *names, freshet_str json,
	unsigned needs, freshet_json_scratch *scratch, size_t *position);

void sudoiq_reading_clear(struct sudoiq_reading *reading);

freshet_sudoiq_phase sudoiq_phase_of(const struct sudoiq_names *names, freshet_str status);

#endif
