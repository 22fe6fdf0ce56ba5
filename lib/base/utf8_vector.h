/*
 * UTF-8 checked many bytes at once.
 */
#ifndef BASE_UTF8_VECTOR_H
#define BASE_UTF8_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True when every byte from `at` on fits those before it, so that the text is valid as far as its last sequence: what a
 * lead byte among the last three lacks, or whether it is one, is not asked. The first `at` bytes, at least three, must be
 * valid. False also when the machine has no code for this, and for texts that are too short for it.
 */
bool utf8_vector_fits(const uint8_t *text, size_t at, size_t len);

#endif
