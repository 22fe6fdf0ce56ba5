/*
 * As utf8_vector.c, with vectors so wide that most texts are a few of them. Loads stop at the ends of the text by masks;
 * what lies outside is taken to be 0, behind which and before which everything fits.
 */
#include "base/utf8_wide.h"

#ifdef UTF8_HAVE_WIDE

#include "base/utf8_errors.h"

#include <immintrin.h>

#define RARELY(condition) __builtin_expect((condition), 0)

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))

#define BLOCK  64
#define STRIDE (4 * BLOCK)
/* Texts with more than this left are worth asking whether they are ASCII for a while. */
#define LONG 2048

TARGET static inline __m512i table(const uint8_t entries[16])
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)entries));
}

TARGET static inline __m512i at_low(const uint8_t entries[16], __m512i bytes)
{
	return _mm512_shuffle_epi8(table(entries), _mm512_and_si512(bytes, _mm512_set1_epi8(0x0f)));
}

TARGET static inline __m512i at_high(const uint8_t entries[16], __m512i bytes)
{
	return at_low(entries, _mm512_srli_epi16(bytes, 4));
}

/* Other than 0 where a byte of the block at `at` does not fit the three before it. The masks say what is in the text. */
TARGET static inline __m512i misfits(const uint8_t *at, uint64_t here, uint64_t first, uint64_t second, uint64_t third)
{
	__m512i before = _mm512_maskz_loadu_epi8(first, at - 1);
	__m512i errors = _mm512_and_si512(at_high(utf8_by_high_before, before), at_low(utf8_by_low_before, before));
	errors = _mm512_and_si512(errors, at_high(utf8_by_high_here, _mm512_maskz_loadu_epi8(here, at)));
	/* What is left of E0 and more, or of F0 and more, has its top bit. */
	__m512i three = _mm512_subs_epu8(_mm512_maskz_loadu_epi8(second, at - 2), _mm512_set1_epi8(0xe0 - 0x80));
	__m512i four = _mm512_subs_epu8(_mm512_maskz_loadu_epi8(third, at - 3), _mm512_set1_epi8(0xf0 - 0x80));
	__m512i expected = _mm512_and_si512(_mm512_or_si512(three, four), _mm512_set1_epi8((char)0x80));
	return _mm512_xor_si512(errors, expected);
}

TARGET static inline __m512i whole_misfits(const uint8_t *at)
{
	return misfits(at, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
}

TARGET static inline __m512i block(const uint8_t *at)
{
	return _mm512_loadu_si512((const void *)at);
}

/* ASCII behind ASCII fits. */
TARGET static inline bool stride_is_ascii(const uint8_t *at)
{
	__m512i low_half = _mm512_or_si512(block(at - 3), block(at + BLOCK));
	__m512i high_half = _mm512_or_si512(block(at + 2 * BLOCK), block(at + 3 * BLOCK));
	return _mm512_movepi8_mask(_mm512_or_si512(_mm512_or_si512(low_half, high_half), block(at))) == 0;
}

TARGET bool utf8_wide_fits(const uint8_t *text, size_t len)
{
	uint64_t here = len < BLOCK ? _bzhi_u64(UINT64_MAX, (unsigned)len) : UINT64_MAX;
	__m512i wrong = misfits(text, here, here << 1, here << 2, here << 3);
	size_t at = BLOCK;
	while (len >= at + BLOCK) {
		if (RARELY(len - at >= LONG) && stride_is_ascii(text + at)) {
			at += STRIDE;
			continue;
		}
		wrong = _mm512_or_si512(wrong, whole_misfits(text + at));
		at += BLOCK;
	}
	if (at < len) {
		here = _bzhi_u64(UINT64_MAX, (unsigned)(len - at));
		wrong = _mm512_or_si512(wrong, misfits(text + at, here, here, here, here));
	}
	return _mm512_test_epi8_mask(wrong, wrong) == 0;
}

#endif
