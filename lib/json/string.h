/*
 * Characters of JSON strings, between the quotes, that were checked already: decoded and compared.
 */
#ifndef JSON_STRING_H
#define JSON_STRING_H

#include <freshet/types.h>

/* What a lone surrogate and, in the writer, an invalid sequence becomes. */
#define REPLACEMENT 0xfffdu

static inline bool is_high_surrogate(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static inline bool is_low_surrogate(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* The escape at *at, which is moved past it, as UTF-8. Returns how many bytes that are. */
size_t string_escape(const char **at, const char *end, uint8_t out[4]);

/* Decodes into `out`, which has room for text.len bytes: escapes never grow. Returns how many were written. */
size_t string_decode(freshet_str text, char *out);

/* True when both are the same characters once their escapes are decoded. */
bool string_equal(freshet_str a, bool a_escaped, freshet_str b, bool b_escaped);

#endif
