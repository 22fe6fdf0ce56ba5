/*
 * Options as callers give them: their first field is the size that the caller was compiled with.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Copies a caller's options of `given_size` bytes; what the caller did not know yet is 0. NULL gives the defaults. False
 * when the size cannot be one: the caller did not set it up, or knows options that are not known here.
 */
static inline bool options_take(void *to, size_t size, const void *given, size_t given_size)
{
	memset(to, 0, size);
	if (given == NULL)
		return true;
	if (given_size < sizeof(size_t) || given_size > size)
		return false;
	memcpy(to, given, given_size);
	return true;
}

#define OPTIONS_TAKE(to, given) options_take((to), sizeof *(to), (given), (given) != NULL ? (given)->size : 0)

#endif
