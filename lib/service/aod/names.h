/*
 * The words of the service that become enum values. Every set is open: an unknown word is value 0, and the word itself
 * is kept beside it.
 */
#ifndef AOD_NAMES_H
#define AOD_NAMES_H

#include <freshet/aod.h>

freshet_aod_status status_of(freshet_str name);
freshet_aod_stage_state stage_state_of(freshet_str name);
freshet_aod_output_stream output_stream_of(freshet_str name);

/* By the words that the server's text of a conflict holds. */
freshet_aod_conflict conflict_of(freshet_str detail);

#endif
