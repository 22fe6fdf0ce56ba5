/*
 * One event's data as a typed event.
 */
#ifndef ASH_EVENT_H
#define ASH_EVENT_H

#include "reading.h"

/*
 * Reads one event of the name. Strings lie in the text or, where they have escapes, in the scratch. What cannot be read
 * is FRESHET_ASH_EVENT_UNKNOWN with the error and its position; FRESHET_ENOMEM is such an error, too.
 */
void ash_event_read(freshet_str name, freshet_str text, freshet_json_scratch *scratch, freshet_ash_event *event);

/* How many blocks a whole message holds of those that the server stores. */
struct ash_stored {
	uint32_t texts;
	uint32_t thoughts;
	uint32_t tool_starts;
	uint32_t tool_results;
};

void ash_event_count(const freshet_ash_event *event, struct ash_stored *stored);

#endif
