/*
 * Randomness of the system for ids and keys, and a cheap generator for jitter.
 */
#ifndef GUEST_RANDOM_H
#define GUEST_RANDOM_H

#include <freshet/error.h>
#include <freshet/types.h>

#define GUEST_UUID_SIZE 37

/* Bytes that nobody can guess. FRESHET_ESYSTEM when the system has none. */
freshet_err guest_random_bytes(void *to, size_t len);

/* A random UUID (RFC 9562, version 4) in lower case, terminated. FRESHET_ESYSTEM. */
freshet_err guest_uuid(char out[GUEST_UUID_SIZE]);

/* True for a UUID of any version in either case; `out` (may be NULL) is the same in lower case, terminated. */
bool guest_uuid_read(freshet_str text, char out[GUEST_UUID_SIZE]);

/* As `len` hex digits in lower case, terminated. FRESHET_ESYSTEM. */
freshet_err guest_random_hex(char *out, size_t len);

/* The next of a sequence (splitmix64): for jitter, not for secrets. */
uint64_t guest_random_next(uint64_t *state);

#endif
