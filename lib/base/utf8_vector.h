/*
 * UTF-8 checked many bytes at once.
 */
#ifndef BASE_UTF8_VECTOR_H
#define BASE_UTF8_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True when the text is valid. False when it is not, and also when the machine has no code for this or the text is too
 * short for it: then nothing is known.
 */
bool utf8_vector_valid(const uint8_t *text, size_t len);

#endif
