/*
 * One event's data as a typed event.
 */
#ifndef AOD_EVENT_H
#define AOD_EVENT_H

#include "client.h"

/*
 * Reads the JSON text of one event. Strings lie in the text or, where they have escapes, in the scratch. A text that is
 * valid JSON but names no type that is known here is FRESHET_AOD_EVENT_UNKNOWN. FRESHET_EJSON_... with the position in
 * the text when it is not valid, or when a member of a known type cannot be read; FRESHET_ENOMEM.
 */
freshet_err event_read(freshet_str text, freshet_json_scratch *scratch, freshet_aod_event *event, size_t *position);

#endif
