/*
 * UTF-8 checked 64 bytes at once (AVX-512 with VBMI).
 */
#ifndef BASE_UTF8_WIDE_H
#define BASE_UTF8_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define UTF8_HAVE_WIDE

/* True when the text is valid but for a sequence that its end cuts off. Only for machines of CPU_VBMI2. */
bool utf8_wide_fits(const uint8_t *text, size_t len);
#endif

#endif
