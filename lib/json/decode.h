/*
 * What the ways of decoding a string share.
 */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

#include <stdint.h>

/* Of each run of backslashes the first, third and so on, which begin escapes; see escaped_bytes in walk_body.h. */
static inline uint64_t escape_starts(uint64_t backslashes)
{
	const uint64_t odd = 0xaaaaaaaaaaaaaaaa;
	uint64_t parity = ((backslashes << 1 | odd) - backslashes) ^ odd;
	return backslashes & ~(parity ^ backslashes);
}

/*
 * The characters of [at, end), which are checked, decoded to `to`, where there is room for as many bytes. Returns where the
 * next byte goes. Only for machines of CPU_VBMI2.
 */
char *decode_vbmi2(const char *at, const char *end, char *to);

#endif
