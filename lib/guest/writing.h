/*
 * What the bodies of requests are written with.
 */
#ifndef GUEST_WRITING_H
#define GUEST_WRITING_H

#include <freshet/json.h>

/*
 * A writer whose memory is overwritten, for bodies that hold prompts, tokens and keys; a text longer than `max_size` is
 * refused (0: none is). FRESHET_ENOMEM; on failure *out is NULL.
 */
freshet_err guest_writer(size_t max_size, freshet_json_writer **out);

/* A member whose value is a string. */
void guest_write(freshet_json_writer *writer, const char *name, freshet_str value);

/* The same, unless it is empty. */
void guest_write_filled(freshet_json_writer *writer, const char *name, freshet_str value);

#endif
