/*
 * Bytes that both ends of a large transfer know without keeping them: the byte at each position is given.
 */
#ifndef SUPPORT_PATTERN_H
#define SUPPORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint8_t pattern_at(uint64_t position)
{
	return (uint8_t)(position * 131 + (position >> 13) * 7);
}

static inline void pattern_fill(uint8_t *to, size_t len, uint64_t position)
{
	for (size_t i = 0; i < len; i++)
		to[i] = pattern_at(position + i);
}

static inline bool pattern_is(const uint8_t *bytes, size_t len, uint64_t position)
{
	bool same = true;
	for (size_t i = 0; i < len; i++)
		same &= bytes[i] == pattern_at(position + i);
	return same;
}

#endif
