/*
 * Strings decoded 64 bytes at once where the machine can move the bytes of a register together (AVX-512 VBMI2). Each escape
 * is replaced where it begins by the one to four bytes that it stands for; then what is left of the escapes drops out.
 *
 * Every \\u of a block is decoded at the same time: the vectors have a value in the place where each begins, and nothing
 * that matters in the others. An escape that the block cuts off is left to the next one.
 */
#include "json/decode.h"
#include "json/scan.h"

#ifdef SCAN_HAVE_avx512

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))

/* What an escaped byte stands for, by its lower six bits; but for the quote, which has those of `b`. */
static const char by_six_bits[SCAN_BLOCK] = {['\\' % 64] = '\\',
	['/' % 64] = '/',
	['b' % 64] = '\b',
	['f' % 64] = '\f',
	['n' % 64] = '\n',
	['r' % 64] = '\r',
	['t' % 64] = '\t'};

/* Bytes that are the same in all places. */
#define BYTES(X) X(01) X(03) X(04) X(08) X(09) X(0c) X(0f) X(30) X(3c) X(3f) X(80) X(c0) X(d8) X(e0) X(f0) X(f8)

/* How many places further on, and how many before. */
#define AHEAD(X)  X(1) X(2) X(4) X(8) X(10)
#define BEHIND(X) X(1) X(2) X(3)

/* What stays the same for all blocks. */
struct constants {
	__m512i letters; /* by_six_bits */
#define FIELD(value) __m512i x##value;
	BYTES(FIELD)
#undef FIELD
#define FIELD(by) __m512i ahead_##by;
	AHEAD(FIELD)
#undef FIELD
#define FIELD(by) __m512i behind_##by;
	BEHIND(FIELD)
#undef FIELD
};

/* A compiler that sees the value would rather make it anew for each block. */
TARGET static inline __m512i kept(__m512i value)
{
	__asm__("" : "+v"(value));
	return value;
}

/* Read from memory: of all ways to have a byte in all places this is the quickest. */
TARGET static inline __m512i all(const uint8_t bytes[16])
{
	return kept(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)bytes)));
}

/* Lookups with it take each byte from `by` places further on; what they take from beyond the ends does not matter. */
TARGET static inline __m512i places(int by)
{
	static const uint8_t here[SCAN_BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
		20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45,
		46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	return kept(_mm512_add_epi8(_mm512_loadu_si512((const void *)here), _mm512_set1_epi8((char)by)));
}

#define SIXTEEN(b)                                                                                                     \
	{                                                                                                              \
		b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b                                                         \
	}

TARGET static inline struct constants constants(void)
{
#define TABLE(value) static const uint8_t x##value[16] = SIXTEEN(0x##value);
	BYTES(TABLE)
#undef TABLE
	return (struct constants){.letters = kept(_mm512_loadu_si512((const void *)by_six_bits)),
#define FIELD(value) .x##value = all(x##value),
		BYTES(FIELD)
#undef FIELD
#define FIELD(by) .ahead_##by = places(by),
			AHEAD(FIELD)
#undef FIELD
#define FIELD(by) .behind_##by = places(-(by)),
				BEHIND(FIELD)
#undef FIELD
	};
}

TARGET static inline __m512i taken(__m512i places, __m512i bytes)
{
	return _mm512_permutexvar_epi8(places, bytes);
}

/* (bytes & mask) | more */
TARGET static inline __m512i and_or(__m512i bytes, __m512i mask, __m512i more)
{
	return _mm512_ternarylogic_epi64(bytes, mask, more, 0xea);
}

/* A block while its escapes are being replaced. */
struct block {
	__m512i bytes;
	uint64_t kept;  /* bytes that do not drop out */
	uint64_t units; /* where the \\u begin that are to be decoded */
	unsigned take;  /* how many bytes it has; escapes behind them are the next block's */
	bool last;
	__m512i pairs; /* in each place the byte that the hex digits there and behind it spell */
	__m512i high;  /* in the place where a unit begins */
	__m512i low;
};

TARGET static inline void read_digits(const struct constants *c, struct block *b)
{
	/* Letters have the bit that comes to the top here. */
	__mmask64 letters = _mm512_movepi8_mask(_mm512_slli_epi16(b->bytes, 1));
	__m512i digits = _mm512_and_si512(b->bytes, c->x0f);
	digits = _mm512_mask_add_epi8(digits, letters, digits, c->x09);
	b->pairs = _mm512_or_si512(_mm512_slli_epi16(digits, 4), taken(c->ahead_1, digits));
	b->high = taken(c->ahead_2, b->pairs);
	b->low = taken(c->ahead_4, b->pairs);
}

/* Puts a byte of each character behind its beginning. */
TARGET static inline void put(struct block *b, uint64_t where, __m512i places, __m512i bytes)
{
	b->bytes = _mm512_mask_permutexvar_epi8(b->bytes, where, places, bytes);
	b->kept |= where;
}

/* Pairs of surrogates: four bytes for each. A surrogate alone becomes the unit U+FFFD. */
TARGET static inline void decode_surrogates(
	const struct constants *c, struct block *b, uint64_t surrogates, uint64_t firsts)
{
	const __m512i high_2 = taken(c->ahead_8, b->pairs);
	const __m512i low_2 = taken(c->ahead_10, b->pairs);
	uint64_t pairs = firsts & (surrogates & ~firsts) >> 6;
	uint64_t alone = surrogates & ~(pairs | pairs << 6);
	/* Of the code point bits 16 and up. */
	__m512i plane = _mm512_add_epi8(c->x01,
		and_or(_mm512_slli_epi16(b->high, 2), c->x0c, _mm512_and_si512(_mm512_srli_epi16(b->low, 6), c->x03)));
	__m512i first = and_or(_mm512_srli_epi16(plane, 2), c->x0f, c->xf0);
	__m512i second =
		and_or(_mm512_slli_epi16(plane, 4), c->x30, and_or(_mm512_srli_epi16(b->low, 2), c->x0f, c->x80));
	__m512i third =
		and_or(_mm512_slli_epi16(high_2, 2), c->x0c, and_or(_mm512_srli_epi16(low_2, 6), c->x03, c->x80));
	third = and_or(_mm512_slli_epi16(b->low, 4), c->x30, third);
	b->bytes = _mm512_mask_mov_epi8(b->bytes, pairs, first);
	b->kept |= pairs;
	put(b, pairs << 1, c->behind_1, second);
	put(b, pairs << 2, c->behind_2, third);
	put(b, pairs << 3, c->behind_3, and_or(low_2, c->x3f, c->x80));
	b->units &= ~(pairs | pairs << 6);
	b->high = _mm512_mask_set1_epi8(b->high, alone, (char)0xff);
	b->low = _mm512_mask_set1_epi8(b->low, alone, (char)0xfd);
}

/* One to three bytes for each. */
TARGET static inline void decode_units(const struct constants *c, struct block *b)
{
	uint64_t three = b->units & _mm512_cmpge_epu8_mask(b->high, c->x08);
	uint64_t more = b->units & (_mm512_test_epi8_mask(b->high, b->high) | _mm512_movepi8_mask(b->low));
	__m512i middle =
		and_or(_mm512_slli_epi16(b->high, 2), c->x3c, and_or(_mm512_srli_epi16(b->low, 6), c->x03, c->x80));
	__m512i last = and_or(b->low, c->x3f, c->x80);
	__m512i first = _mm512_mask_mov_epi8(b->low, more, _mm512_or_si512(middle, c->xc0));
	first = _mm512_mask_mov_epi8(first, three, and_or(_mm512_srli_epi16(b->high, 4), c->x0f, c->xe0));
	b->bytes = _mm512_mask_mov_epi8(b->bytes, b->units, first);
	b->kept |= b->units;
	put(b, more << 1, c->behind_1, _mm512_mask_mov_epi8(last, three, middle));
	put(b, three << 2, c->behind_2, last);
}

/* The first bit, or 64. */
TARGET static inline unsigned first_of(uint64_t mask)
{
	return (unsigned)_tzcnt_u64(mask);
}

/*
 * How many bytes of the block are done when an escape that begins at one of `cut`, or behind it, is left to the next block.
 * In the last block nothing is.
 */
TARGET static inline void leave(struct block *b, uint64_t cut)
{
	if (!b->last && cut != 0) {
		b->take = first_of(cut);
		b->units = _bzhi_u64(b->units, b->take);
	}
}

/* Replaces the \\u of the block. */
TARGET static inline void replace_units(const struct constants *c, struct block *b)
{
	leave(b, b->units & UINT64_MAX << (SCAN_BLOCK - 5));
	read_digits(c, b);
	uint64_t surrogates = b->units & _mm512_cmpeq_epi8_mask(_mm512_and_si512(b->high, c->xf8), c->xd8);
	/* Escapes do not overlap: the product has all six bits of each. */
	b->kept &= ~(b->units * 0x3f);
	if (surrogates != 0) {
		uint64_t firsts = surrogates & _mm512_testn_epi8_mask(b->high, c->x04);
		/* The other half may lie behind the block. */
		leave(b, firsts & UINT64_MAX << (SCAN_BLOCK - 11));
		decode_surrogates(c, b, surrogates & b->units, firsts & b->units);
	}
	decode_units(c, b);
}

/* The block at `at`, whatever its \\u: its short escapes are replaced. */
TARGET static inline struct block begin_block(const char *at, const char *end, __m512i letters)
{
	size_t left = (size_t)(end - at);
	bool last = left <= SCAN_BLOCK;
	__m512i bytes = _mm512_maskz_loadu_epi8(last ? _bzhi_u64(UINT64_MAX, (unsigned)left) : UINT64_MAX, at);
	uint64_t starts = escape_starts(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')));
	uint64_t escaped = starts << 1;
	uint64_t replaced = escaped & ~_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"'));
	return (struct block){
		.bytes = _mm512_mask_permutexvar_epi8(bytes, replaced, bytes, letters),
		.kept = ~starts,
		.units = (escaped & _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('u'))) >> 1,
		.take = last ? (unsigned)left : SCAN_BLOCK - (unsigned)(starts >> 63),
		.last = last,
	};
}

/* What is kept of the block goes to `to`, and no byte behind the room that the rest of the text has there. */
TARGET static inline char *end_block(const struct block *b, char *to)
{
	uint64_t kept = _bzhi_u64(b->kept, b->take);
	unsigned len = (unsigned)__builtin_popcountll(kept);
	__m512i bytes = _mm512_maskz_compress_epi8(kept, b->bytes);
	if (b->last)
		_mm512_mask_storeu_epi8(to, _bzhi_u64(UINT64_MAX, len), bytes);
	else
		_mm512_storeu_si512((void *)to, bytes);
	return to + len;
}

/* A text with \\u. */
TARGET __attribute__((noinline)) static char *decode_with_units(const char *at, const char *end, char *to)
{
	const struct constants c = constants();
	while (at < end) {
		struct block b = begin_block(at, end, c.letters);
		if (b.units != 0)
			replace_units(&c, &b);
		to = end_block(&b, to);
		at += b.take;
	}
	return to;
}

TARGET char *decode_vbmi2(const char *at, const char *end, char *to)
{
	const __m512i letters = _mm512_loadu_si512((const void *)by_six_bits);
	while (at < end) {
		struct block b = begin_block(at, end, letters);
		if (b.units != 0)
			return decode_with_units(at, end, to);
		to = end_block(&b, to);
		at += b.take;
	}
	return to;
}

#endif
