/*
 * As utf8_vector.c, with vectors so wide that most texts are a few of them. The last load stops at the end of the text by a
 * mask; what lies outside of the text is taken to be 0, which fits behind all and before all that is whole.
 */
#include "base/utf8_wide.h"

#ifdef UTF8_HAVE_WIDE

#include "base/utf8_errors.h"

#include <immintrin.h>

#define RARELY(condition) __builtin_expect((condition), 0)

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,bmi,bmi2")))

#define BLOCK  64
#define STRIDE (4 * BLOCK)
/* Texts with more than this left are taken by strides. */
#define LONG 1024

/* What stays the same for all blocks. */
struct constants {
	__m512i by_high_before;
	__m512i by_low_before;
	__m512i by_high_here;
	__m512i quarters_before;
	__m512i below_three; /* what is more leaves the top bit only of the first bytes of three and more */
	__m512i below_four;
	__m512i top;
};

/* A compiler that sees the value would rather make it anew in each turn of the loop. */
TARGET static inline __m512i kept(__m512i value)
{
	__asm__("" : "+v"(value));
	return value;
}

TARGET static inline __m512i table(const uint8_t entries[16])
{
	return kept(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)entries)));
}

TARGET static inline struct constants constants(void)
{
	return (struct constants){
		.by_high_before = table(utf8_by_high_before),
		.by_low_before = table(utf8_by_low_before),
		.by_high_here = table(utf8_by_high_here),
		.quarters_before = kept(_mm512_set_epi64(13, 12, 11, 10, 9, 8, 7, 6)),
		.below_three = kept(_mm512_set1_epi8(0xe0 - 0x80)),
		.below_four = kept(_mm512_set1_epi8(0xf0 - 0x80)),
		.top = kept(_mm512_set1_epi8((char)0x80)),
	};
}

/* Bits of a, b and c, as the instruction wants them: what it makes of 0xf0, 0xcc and 0xaa. */
#define A_AND_B_AND_C   0x80
#define A_OR_B_THEN_C   0xa8 /* (a | b) & c */
#define A_OR_B_UNLIKE_C 0xf6 /* a | (b ^ c) */

/* The entry of the low four bits of each byte. The six lowest bits are looked up, in four tables that are the same. */
TARGET static inline __m512i entries(__m512i table, __m512i bytes)
{
	return _mm512_permutexvar_epi8(bytes, table);
}

/* A block, and with each of its bytes at the same place the first, second and third byte before it. */
struct here {
	__m512i bytes;
	__m512i first;
	__m512i second;
	__m512i third;
};

TARGET static inline __m512i block(const uint8_t *at)
{
	return _mm512_loadu_si512((const void *)at);
}

/* The block at `at` of a long text: loads are idle there otherwise, and moves between registers are not. */
TARGET static inline struct here inside(const uint8_t *at)
{
	return (struct here){block(at), block(at - 1), block(at - 2), block(at - 3)};
}

/* The same for a block and the one before it. */
TARGET static inline struct here behind(__m512i before, __m512i bytes, const struct constants *c)
{
	/* Each quarter of the block gets the one before it at its side; so bytes from further back are a shift away. */
	__m512i back = _mm512_permutex2var_epi64(before, c->quarters_before, bytes);
	return (struct here){bytes, _mm512_alignr_epi8(bytes, back, 15), _mm512_alignr_epi8(bytes, back, 14),
		_mm512_alignr_epi8(bytes, back, 13)};
}

/* Adds to `wrong`: other than 0 where a byte does not fit the three before it. */
TARGET static inline __m512i misfits(__m512i wrong, struct here here, const struct constants *c)
{
	__m512i errors = _mm512_ternarylogic_epi64(entries(c->by_high_before, _mm512_srli_epi16(here.first, 4)),
		entries(c->by_low_before, here.first), entries(c->by_high_here, _mm512_srli_epi16(here.bytes, 4)),
		A_AND_B_AND_C);
	__m512i three = _mm512_subs_epu8(here.second, c->below_three);
	__m512i four = _mm512_subs_epu8(here.third, c->below_four);
	__m512i expected = _mm512_ternarylogic_epi64(three, four, c->top, A_OR_B_THEN_C);
	return _mm512_ternarylogic_epi64(wrong, errors, expected, A_OR_B_UNLIKE_C);
}

/* ASCII behind ASCII fits. */
TARGET static inline bool stride_is_ascii(const uint8_t *at)
{
	__m512i low_half = _mm512_or_si512(block(at - 3), block(at + BLOCK));
	__m512i high_half = _mm512_or_si512(block(at + 2 * BLOCK), block(at + 3 * BLOCK));
	return _mm512_movepi8_mask(_mm512_or_si512(_mm512_or_si512(low_half, high_half), block(at))) == 0;
}

/* Goes on from `at`, which is behind the first block, by strides while the rest is long. Returns how far it came. */
TARGET static inline size_t pass_strides(
	const uint8_t *text, size_t at, size_t len, __m512i *wrong, const struct constants *c)
{
	for (; len - at >= LONG; at += STRIDE) {
		if (stride_is_ascii(text + at))
			continue;
#pragma GCC unroll 4
		for (size_t i = 0; i < STRIDE; i += BLOCK)
			*wrong = misfits(*wrong, inside(text + at + i), c);
	}
	return at;
}

TARGET bool utf8_wide_fits(const uint8_t *text, size_t len)
{
	__m512i wrong = _mm512_setzero_si512();
	__m512i before = wrong;
	const struct constants c = constants();
	size_t at = 0;
	while (len - at >= BLOCK) {
		__m512i here = block(text + at);
		wrong = misfits(wrong, behind(before, here, &c), &c);
		before = here;
		at += BLOCK;
		if (RARELY(len - at >= LONG)) {
			at = pass_strides(text, at, len, &wrong, &c);
			before = block(text + at - BLOCK);
		}
	}
	if (at < len) {
		__m512i here = _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, (unsigned)(len - at)), text + at);
		wrong = misfits(wrong, behind(before, here, &c), &c);
	}
	return _mm512_test_epi8_mask(wrong, wrong) == 0;
}

#endif
