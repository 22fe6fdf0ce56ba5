/*
 * What the bodies of requests are written with. NULL leaves a member out; an empty value with a pointer is written.
 */
#ifndef AOD_WRITING_H
#define AOD_WRITING_H

#include <freshet/aod.h>
#include <freshet/json.h>

/* A writer whose memory is overwritten: for bodies that hold prompts, tokens and keys. */
freshet_err secret_writer(freshet_json_writer **out);

void write_member(freshet_json_writer *writer, const char *name, freshet_str value);

/* Only when it is not empty. */
void write_filled(freshet_json_writer *writer, const char *name, freshet_str value);

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
