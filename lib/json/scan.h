/*
 * Looks for what can stop a run of plain string characters: a quote, a backslash, a control character. On the way it
 * notes whether a byte beyond ASCII was seen, since only then is UTF-8 to be checked.
 *
 * Two forms. A window holds the answers for 64 bytes at once as bit masks: short strings, of which a text has many, then
 * cost a shift and a bit count each. scan_plain() runs over long strings with the widest vectors that the machine has.
 * No form reads a byte outside of what it was given.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__)
#include <arm_neon.h>
#define SCAN_NEON 1
#endif

#define SCAN_WINDOW 64

/* One bit for each of up to 64 bytes, the first one lowest. */
struct scan_masks {
	uint64_t stops; /* quotes, backslashes, control characters */
	uint64_t high;  /* bytes beyond ASCII */
};

/* What scan_plain found. */
struct scan_run {
	const char *stop; /* the first stop, or the end */
	bool high;        /* a byte beyond ASCII lies before it; a variant may take it from a few bytes behind it */
};

typedef struct scan_run scan_plain_fn(const char *at, const char *end);

/* The first stop in [at, end), by the best variant for this machine. */
struct scan_run scan_plain(const char *at, const char *end);

/* A variant of scan_plain; tests hold each against the scalar one. */
struct scan_variant {
	const char *name;
	scan_plain_fn *plain;
};

/* The i-th variant that this machine can run, the scalar one first and the best one last; NULL past it. */
const struct scan_variant *scan_variant(size_t i);

static inline bool scan_is_stop(char c)
{
	return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

static inline uint64_t scan_bits_below(size_t count)
{
	return count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0;
}

/* The scalar twin of the window, for machines without vectors and for the tests. */
static inline struct scan_masks scan_masks_scalar(const char *bytes, size_t len)
{
	struct scan_masks masks = {0, 0};
	for (size_t i = 0; i < len; i++) {
		masks.stops |= (uint64_t)scan_is_stop(bytes[i]) << i;
		masks.high |= (uint64_t)((unsigned char)bytes[i] >> 7) << i;
	}
	return masks;
}

#if defined(__SSE2__)

static inline __m128i scan_stops_sse2(__m128i bytes)
{
	__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
	return _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
}

static inline struct scan_masks scan_masks_16(const char *bytes)
{
	__m128i vector = _mm_loadu_si128((const __m128i *)(const void *)bytes);
	struct scan_masks masks;
	masks.stops = (uint16_t)_mm_movemask_epi8(scan_stops_sse2(vector));
	masks.high = (uint16_t)_mm_movemask_epi8(vector);
	return masks;
}

static inline struct scan_masks scan_masks_full(const char *bytes)
{
	struct scan_masks masks = {0, 0};
	for (unsigned i = 0; i < SCAN_WINDOW; i += 16) {
		struct scan_masks part = scan_masks_16(bytes + i);
		masks.stops |= part.stops << i;
		masks.high |= part.high << i;
	}
	return masks;
}

/* Whole vectors, then one that overlaps the last of them and ends with the text. */
static inline struct scan_masks scan_masks_short(const char *bytes, size_t len)
{
	struct scan_masks masks = {0, 0};
	if (len < 16)
		return scan_masks_scalar(bytes, len);
	size_t i = 0;
	for (; i + 16 <= len; i += 16) {
		struct scan_masks part = scan_masks_16(bytes + i);
		masks.stops |= part.stops << i;
		masks.high |= part.high << i;
	}
	if (i < len) {
		struct scan_masks last = scan_masks_16(bytes + len - 16);
		masks.stops |= last.stops << (len - 16);
		masks.high |= last.high << (len - 16);
	}
	return masks;
}

#else

#if defined(SCAN_NEON)

static inline uint8x16_t scan_stops_neon(uint8x16_t bytes)
{
	uint8x16_t quotes = vceqq_u8(bytes, vdupq_n_u8('"'));
	uint8x16_t backslashes = vceqq_u8(bytes, vdupq_n_u8('\\'));
	uint8x16_t controls = vcltq_u8(bytes, vdupq_n_u8(0x20));
	return vorrq_u8(vorrq_u8(quotes, backslashes), controls);
}

/* The top bits of 64 bytes, each 0x00 or 0xff, as one mask. */
static inline uint64_t scan_mask_neon(const uint8x16_t lanes[4])
{
	static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t weight = vld1q_u8(weights);
	uint8x16_t low = vpaddq_u8(vandq_u8(lanes[0], weight), vandq_u8(lanes[1], weight));
	uint8x16_t high = vpaddq_u8(vandq_u8(lanes[2], weight), vandq_u8(lanes[3], weight));
	uint8x16_t both = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(both, both)), 0);
}

static inline struct scan_masks scan_masks_full(const char *bytes)
{
	uint8x16_t stops[4];
	uint8x16_t high[4];
	for (unsigned i = 0; i < 4; i++) {
		uint8x16_t vector = vld1q_u8((const uint8_t *)bytes + 16 * i);
		stops[i] = scan_stops_neon(vector);
		high[i] = vcgeq_u8(vector, vdupq_n_u8(0x80));
	}
	struct scan_masks masks = {scan_mask_neon(stops), scan_mask_neon(high)};
	return masks;
}

#else

static inline struct scan_masks scan_masks_full(const char *bytes)
{
	return scan_masks_scalar(bytes, SCAN_WINDOW);
}

#endif

static inline struct scan_masks scan_masks_short(const char *bytes, size_t len)
{
	char padded[SCAN_WINDOW] = {0};
	memcpy(padded, bytes, len);
	struct scan_masks masks = scan_masks_full(padded);
	masks.stops &= scan_bits_below(len);
	masks.high &= scan_bits_below(len);
	return masks;
}

#endif

#endif
