/*
 * Lists of names that an option may replace: arrays of terminated strings that end with NULL, compared without regard to
 * the case of ASCII letters.
 */
#ifndef GUEST_NAMES_H
#define GUEST_NAMES_H

#include <freshet/types.h>

/* A list and its strings in one block, for freshet_mem_free. NULL without memory. */
const char *const *guest_names_copy(const char *const *names);

/* `names` may be NULL: an empty list. */
bool guest_names_have(const char *const *names, freshet_str name);

/* Its place in the list, or -1. */
int guest_names_find(const char *const *names, freshet_str name);

size_t guest_names_count(const char *const *names);

bool guest_name_is(freshet_str name, const char *terminated);

#endif
