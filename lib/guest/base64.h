/*
 * Base64 (RFC 4648, section 4), for bodies and signatures.
 */
#ifndef GUEST_BASE64_H
#define GUEST_BASE64_H

#include <freshet/types.h>

/* How many characters so many bytes become: four for every three begun. At most SIZE_MAX / 4 bytes. */
static inline size_t guest_base64_len(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* Writes them, with padding and unterminated. */
void guest_base64(freshet_str bytes, char *out);

#endif
