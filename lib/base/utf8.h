/*
 * UTF-8 (RFC 3629, and the decoder of the WHATWG Encoding standard, section 8.1.1, for what to replace).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/cpu.h"
#include "base/utf8_vector.h"
#include "base/utf8_wide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the longest valid beginning of the text: `len` when all of it is valid. A sequence that the end cuts
 * off is not part of it. Surrogates, overlong forms and values above U+10FFFF are invalid.
 */
size_t utf8_valid_prefix(const uint8_t *text, size_t len);

static inline bool utf8_valid(const uint8_t *text, size_t len)
{
	return utf8_vector_valid(text, len) || utf8_valid_prefix(text, len) == len;
}

/* The same for a text behind which stands one more byte, and that is ASCII: so the end needs no care of its own. */
static inline bool utf8_valid_before_ascii(const uint8_t *text, size_t len)
{
#ifdef UTF8_HAVE_WIDE
	if (cpu_vector() >= CPU_VBMI2)
		return utf8_wide_fits(text, len + 1);
#endif
	return utf8_valid(text, len);
}

/* Bytes at the end of the text that begin a valid sequence which more bytes could complete: 0 to 3. */
size_t utf8_open_tail(const uint8_t *text, size_t len);

/*
 * What the decoder of the Encoding standard makes of the text: each maximal part of an ill-formed sequence becomes one
 * U+FFFD. `out` must hold utf8_repaired_len() bytes, which is at most three times `len`.
 */
size_t utf8_repaired_len(const uint8_t *text, size_t len);
void utf8_repair(uint8_t *out, const uint8_t *text, size_t len);

/*
 * Reads the first character of a text that is not empty; what is ill-formed, in the parts of utf8_repair, reads as
 * U+FFFD. Returns how many bytes it has.
 */
size_t utf8_read(const uint8_t *text, size_t len, uint32_t *code_point);

/* Writes the code point, which must be a scalar value, as one to four bytes and returns how many. */
size_t utf8_encode(uint32_t code_point, uint8_t out[4]);

#endif
