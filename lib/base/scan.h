/*
 * Line ends by vectors. A block of 64 bytes becomes two masks, the lowest bit for the first byte. There is a twin of this
 * for each kind of vectors of base/cpu.h; all are inline, for loops that are compiled once for each.
 *
 *	SCAN_TARGET_x               what a function that uses the twin must be declared with
 *	scan_block_x(block)         the masks
 *	scan_dull_x(stride, &high)  for long lines: false when one of SCAN_STRIDE bytes may be a line end; high becomes
 *	                            other than 0 when one is not ASCII, and stays so
 *
 * A stride is dull when all its bytes are greater than CR, which is quickly said: the least of them is.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#define SCAN_BLOCK  64
#define SCAN_STRIDE 256

struct scan_masks {
	uint64_t ends; /* CR and LF */
	uint64_t high; /* bytes that are not ASCII */
};

#define SCAN_TARGET_scalar

static inline struct scan_masks scan_block_scalar(const uint8_t *block)
{
	struct scan_masks masks = {0, 0};
	for (unsigned i = 0; i < SCAN_BLOCK; i++) {
		masks.ends |= (uint64_t)(block[i] == '\n' || block[i] == '\r') << i;
		masks.high |= (uint64_t)(block[i] >> 7) << i;
	}
	return masks;
}

static inline bool scan_dull_scalar(const uint8_t *stride, uint64_t *high)
{
	bool dull = true;
	for (unsigned i = 0; i < SCAN_STRIDE; i++) {
		dull &= stride[i] > '\r';
		*high |= stride[i] & 0x80U;
	}
	return dull;
}

#if defined(__x86_64__)
#define SCAN_HAVE_base
#define SCAN_HAVE_avx2
#include <immintrin.h>

#define SCAN_TARGET_base

/* The top bit of each byte. */
static inline unsigned scan_mask_sse2(__m128i v)
{
	return (unsigned)_mm_movemask_epi8(v);
}

static inline uint64_t scan_join(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (a | b << 16) | (uint64_t)(c | d << 16) << 32;
}

static inline unsigned scan_ends_sse2(__m128i v)
{
	__m128i lf = _mm_cmpeq_epi8(v, _mm_set1_epi8('\n'));
	__m128i cr = _mm_cmpeq_epi8(v, _mm_set1_epi8('\r'));
	return scan_mask_sse2(_mm_or_si128(lf, cr));
}

static inline struct scan_masks scan_block_base(const uint8_t *block)
{
	const __m128i *from = (const __m128i *)(const void *)block;
	__m128i a = _mm_loadu_si128(from);
	__m128i b = _mm_loadu_si128(from + 1);
	__m128i c = _mm_loadu_si128(from + 2);
	__m128i d = _mm_loadu_si128(from + 3);
	return (struct scan_masks){
		.ends = scan_join(scan_ends_sse2(a), scan_ends_sse2(b), scan_ends_sse2(c), scan_ends_sse2(d)),
		.high = scan_join(scan_mask_sse2(a), scan_mask_sse2(b), scan_mask_sse2(c), scan_mask_sse2(d)),
	};
}

static inline bool scan_dull_base(const uint8_t *stride, uint64_t *high)
{
	const __m128i *from = (const __m128i *)(const void *)stride;
	__m128i least = _mm_loadu_si128(from);
	__m128i all = least;
	for (unsigned i = 1; i < SCAN_STRIDE / sizeof(__m128i); i++) {
		__m128i v = _mm_loadu_si128(from + i);
		least = _mm_min_epu8(least, v);
		all = _mm_or_si128(all, v);
	}
	*high |= scan_mask_sse2(all);
	return scan_mask_sse2(_mm_cmpeq_epi8(_mm_min_epu8(least, _mm_set1_epi8('\r')), least)) == 0;
}

#define SCAN_TARGET_avx2 __attribute__((target("avx2,bmi,bmi2")))

/*
 * One shuffle and one comparison find both bytes: the low four bits of a byte pick an entry, which is the line end with
 * these bits. A byte that is not ASCII picks 0.
 */
SCAN_TARGET_avx2 static inline __m256i scan_ends_avx2(__m256i v)
{
	const __m256i with_these_bits = _mm256_setr_epi8(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\n', 0, 0, '\r', 0, 0, 1, 0, 0,
		0, 0, 0, 0, 0, 0, 0, '\n', 0, 0, '\r', 0, 0);
	return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(with_these_bits, v), v);
}

/* The top bit of each byte. */
SCAN_TARGET_avx2 static inline uint64_t scan_mask_avx2(__m256i a, __m256i b)
{
	return (unsigned)_mm256_movemask_epi8(a) | (uint64_t)(unsigned)_mm256_movemask_epi8(b) << 32;
}

SCAN_TARGET_avx2 static inline struct scan_masks scan_block_avx2(const uint8_t *block)
{
	const __m256i *from = (const __m256i *)(const void *)block;
	__m256i a = _mm256_loadu_si256(from);
	__m256i b = _mm256_loadu_si256(from + 1);
	return (struct scan_masks){
		.ends = scan_mask_avx2(scan_ends_avx2(a), scan_ends_avx2(b)),
		.high = scan_mask_avx2(a, b),
	};
}

SCAN_TARGET_avx2 static inline __m256i scan_load_avx2(const uint8_t *stride, unsigned i)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)stride + i);
}

/* The least of a quarter of a stride, its bytes taken as signed. */
SCAN_TARGET_avx2 static inline __m256i scan_least_avx2(const uint8_t *stride, unsigned i)
{
	return _mm256_min_epi8(scan_load_avx2(stride, i), scan_load_avx2(stride, i + 1));
}

/* The least of a quarter of a stride, its bytes taken as unsigned. */
SCAN_TARGET_avx2 static inline __m256i scan_least_unsigned_avx2(const uint8_t *stride, unsigned i)
{
	return _mm256_min_epu8(scan_load_avx2(stride, i), scan_load_avx2(stride, i + 1));
}

SCAN_TARGET_avx2 static inline bool scan_dull_avx2(const uint8_t *stride, uint64_t *high)
{
	const __m256i cr = _mm256_set1_epi8('\r');
	if (*high == 0) {
		/* Taken as signed, a byte that is not ASCII is less than any line end, so that one question asks for both. */
		__m256i low_half = _mm256_min_epi8(scan_least_avx2(stride, 0), scan_least_avx2(stride, 2));
		__m256i high_half = _mm256_min_epi8(scan_least_avx2(stride, 4), scan_least_avx2(stride, 6));
		__m256i above = _mm256_cmpgt_epi8(_mm256_min_epi8(low_half, high_half), cr);
		if (_mm256_movemask_epi8(above) == -1)
			return true;
		__m256i all = scan_load_avx2(stride, 0);
		for (unsigned i = 1; i < SCAN_STRIDE / sizeof(__m256i); i++)
			all = _mm256_or_si256(all, scan_load_avx2(stride, i));
		*high |= (unsigned)_mm256_movemask_epi8(all);
	}
	__m256i low_half = _mm256_min_epu8(scan_least_unsigned_avx2(stride, 0), scan_least_unsigned_avx2(stride, 2));
	__m256i high_half = _mm256_min_epu8(scan_least_unsigned_avx2(stride, 4), scan_least_unsigned_avx2(stride, 6));
	__m256i least = _mm256_min_epu8(low_half, high_half);
	return _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(least, cr), least)) == 0;
}

#elif defined(__aarch64__)
#define SCAN_HAVE_base
#include <arm_neon.h>

#define SCAN_TARGET_base

/* All ones where a byte is a line end. */
static inline uint8x16_t scan_ends_neon(uint8x16_t v)
{
	return vorrq_u8(vceqq_u8(v, vdupq_n_u8('\n')), vceqq_u8(v, vdupq_n_u8('\r')));
}

static inline uint8x16_t scan_high_neon(uint8x16_t v)
{
	return vcgeq_u8(v, vdupq_n_u8(0x80));
}

/* NEON has no movemask: each byte keeps the bit of its place, and pairs are added until eight bytes hold all 64. */
static inline uint64_t scan_join(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
	static const uint8_t place[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t bits = vld1q_u8(place);
	uint8x16_t ab = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
	uint8x16_t cd = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
	uint8x16_t all = vpaddq_u8(ab, cd);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline struct scan_masks scan_block_base(const uint8_t *block)
{
	uint8x16_t a = vld1q_u8(block);
	uint8x16_t b = vld1q_u8(block + 16);
	uint8x16_t c = vld1q_u8(block + 32);
	uint8x16_t d = vld1q_u8(block + 48);
	return (struct scan_masks){
		.ends = scan_join(scan_ends_neon(a), scan_ends_neon(b), scan_ends_neon(c), scan_ends_neon(d)),
		.high = scan_join(scan_high_neon(a), scan_high_neon(b), scan_high_neon(c), scan_high_neon(d)),
	};
}

static inline bool scan_dull_base(const uint8_t *stride, uint64_t *high)
{
	uint8x16_t least = vld1q_u8(stride);
	uint8x16_t all = least;
	for (unsigned i = 16; i < SCAN_STRIDE; i += 16) {
		uint8x16_t v = vld1q_u8(stride + i);
		least = vminq_u8(least, v);
		all = vorrq_u8(all, v);
	}
	*high |= vmaxvq_u8(all) & 0x80U;
	return vminvq_u8(least) > '\r';
}
#endif

/*
 * The first CR or LF, or `end` when there is none; *not_ascii becomes true when a byte before it is not ASCII, or one of
 * the few behind it that were looked at with it. Runs the best code of the machine.
 */
const uint8_t *scan_line_end(const uint8_t *at, const uint8_t *end, bool *not_ascii);

#endif
