/*
 * What the bodies of requests are written with, beside what all services have. NULL leaves a member out; an empty value with a pointer is written.
 */
#ifndef AOD_WRITING_H
#define AOD_WRITING_H

#include "guest/writing.h"

#include <freshet/aod.h>

/* Unless its pointer is NULL. */
void write_given(freshet_json_writer *writer, const char *name, freshet_str value);

/* An array of strings, and an object of strings, unless the pointer is NULL. */
void write_strings(freshet_json_writer *writer, const char *name, const freshet_str *strings, size_t count);
void write_pairs(freshet_json_writer *writer, const char *name, const freshet_aod_secret *pairs, size_t count);

/* True when a list says how many it has and where. */
static inline bool list_is_whole(const void *list, size_t count)
{
	return list != NULL || count == 0;
}

#endif
