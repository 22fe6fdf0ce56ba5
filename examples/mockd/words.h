/*
 * Texts of any length, of what readers trip over: several bytes per character, quotes, line ends, U+2028.
 */
#ifndef MOCKD_WORDS_H
#define MOCKD_WORDS_H

#include "mockd/alloc.h"
#include "mockd/random.h"

/* Appends a text of exactly that many bytes of UTF-8. */
void words_append(struct buffer *b, struct random *random, size_t len);

#endif
