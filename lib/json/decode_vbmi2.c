/*
 * Strings decoded 64 bytes at once where the machine can move the bytes of a register together (AVX-512 VBMI2).
 *
 * Of a short escape, the letter is replaced by what it stands for, and the backslash drops out. The \\u of a block are
 * gathered, one into each lane of 32 bits, decoded in all lanes at the same time, and laid back over the first four bytes of
 * their escapes; then what is left of these drops out. Where the escapes are cannot be foreseen, so hardly a branch depends
 * on it.
 */
#include "json/decode.h"
#include "json/scan.h"

#include <stdbool.h>

#ifdef SCAN_HAVE_avx512

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))

/* An escape that begins this near to the end of a block may be cut off by it, or the second half of a pair may be. */
#define LONGEST_ESCAPE 12

/* What an escaped byte stands for. */
static const char letter_meanings[2 * SCAN_BLOCK] = {
	['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};

/* The values of hex digits, by their lower six bits. */
static const char digit_values[SCAN_BLOCK] = {['1' % 64] = 1,
	['2' % 64] = 2,
	['3' % 64] = 3,
	['4' % 64] = 4,
	['5' % 64] = 5,
	['6' % 64] = 6,
	['7' % 64] = 7,
	['8' % 64] = 8,
	['9' % 64] = 9,
	['A' % 64] = 10,
	['B' % 64] = 11,
	['C' % 64] = 12,
	['D' % 64] = 13,
	['E' % 64] = 14,
	['F' % 64] = 15,
	['a' % 64] = 10,
	['b' % 64] = 11,
	['c' % 64] = 12,
	['d' % 64] = 13,
	['e' % 64] = 14,
	['f' % 64] = 15};

/* Each place of a block. */
static const char all_places[SCAN_BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
	21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
	49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

/* For each byte the lane that it is in. */
static const char lane_of_place[SCAN_BLOCK] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5,
	6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13,
	14, 14, 14, 14, 15, 15, 15, 15};

TARGET static inline __m512i load(const char *at)
{
	return _mm512_loadu_si512((const void *)at);
}

/* A mask in an ordinary register. Arithmetic is quicker there; a compiler that sees where it came from thinks otherwise. */
TARGET static inline uint64_t bits(uint64_t mask)
{
	__asm__("" : "+r"(mask));
	return mask;
}

/* A block while its escapes are being replaced. */
struct block {
	__m512i bytes;
	uint64_t starts; /* where its escapes begin */
	uint64_t kept;   /* bytes that do not drop out */
	__mmask64 units; /* where the u of each \\u is */
};

/* What begin_block has at hand. */
struct letters {
	__m512i low_half;
	__m512i high_half;
};

TARGET static inline struct letters load_letters(void)
{
	return (struct letters){load(letter_meanings), load(letter_meanings + SCAN_BLOCK)};
}

/* The block with its short escapes replaced. `first` is 1 when its first byte is escaped, else 0. */
TARGET static inline struct block begin_block(__m512i bytes, uint64_t first, const struct letters *by_letter)
{
	struct escaping here = escaping(bits(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'))), first);
	return (struct block){
		/* In the escaped places, the meaning that the letter there picks. */
		.bytes = _mm512_mask2_permutex2var_epi8(by_letter->low_half, bytes, here.escaped, by_letter->high_half),
		.starts = here.starts,
		.kept = ~here.starts,
		.units = _mm512_mask_cmpeq_epi8_mask(here.escaped, bytes, _mm512_set1_epi8('u')),
	};
}

/* What stays the same for all blocks with \\u. */
struct constants {
	struct letters letters;
	__m512i digits;
	__m512i places;
	__m512i lanes;
	__m512i behind; /* how far each digit is behind the u */
	__m512i pairs;  /* weights of the digits of a byte, and of the bytes of a unit */
	__m512i unit;
	__m512i kind; /* the bits that tell surrogates, and what they are in first and second ones */
	__m512i high;
	__m512i low;
	__m512i joined; /* what a pair has too much when its halves are added */
	__m512i replacement;
	__m512i two; /* the first code points of two bytes and of three */
	__m512i three;
	__m512i sixes; /* where the six bits of each byte begin, and a mask for them */
	__m512i six;
	__m512i marks[4]; /* for characters of one byte to four */
};

/* A compiler that sees the value would rather make it anew for each block. */
TARGET static inline __m512i kept(__m512i value)
{
	__asm__("" : "+v"(value));
	return value;
}

TARGET static inline __m512i all(uint32_t word)
{
	return kept(_mm512_set1_epi32((int)word));
}

TARGET static inline struct constants constants(void)
{
	return (struct constants){
		.letters = load_letters(),
		.digits = kept(load(digit_values)),
		.places = kept(load(all_places)),
		.lanes = kept(load(lane_of_place)),
		.behind = all(0x04030201),
		.pairs = all(0x01100110),
		.unit = all(0x00010100),
		.kind = all(0xfc00),
		.high = all(0xd800),
		.low = all(0xdc00),
		.joined = all((0xd800 << 10) + 0xdc00 - 0x10000),
		.replacement = all(0xfffd),
		.two = all(0x80),
		.three = all(0x800),
		.sixes = kept(_mm512_set1_epi64(0x20262c3200060c12)),
		.six = all(0x3f3f3f3f),
		.marks = {all(0x80000000), all(0x80c00000), all(0x8080e000), all(0x808080f0)},
	};
}

/*
 * The marked bytes, moved together; behind them is 0. The instruction that clears what it does not write waits for whatever
 * was in its register before, so it is given zeros that nothing has to be waited for.
 */
TARGET static inline __m512i together(__mmask64 marked, __m512i bytes)
{
	return _mm512_mask_compress_epi8(kept(_mm512_setzero_si512()), marked, bytes);
}

/* For each place the byte from the place that it names. */
TARGET static inline __m512i taken(__m512i from, __m512i bytes)
{
	return _mm512_permutexvar_epi8(from, bytes);
}

/* The UTF-16 units of the block, one in each lane. */
TARGET static inline __m512i read_units(const struct constants *c, __m512i bytes, __mmask64 units)
{
	__m512i places = taken(c->lanes, together(units, c->places));
	__m512i digits = taken(taken(_mm512_add_epi8(places, c->behind), bytes), c->digits);
	return _mm512_madd_epi16(_mm512_maddubs_epi16(digits, c->pairs), c->unit);
}

/* What the units mean. Of a surrogate pair, the first half has the code point, and the second half has none. */
struct characters {
	__m512i code_points;
	uint64_t pairs; /* the lanes of first halves */
};

/* Surrogates that have their other half right behind them become one with it, others U+FFFD. */
TARGET static inline struct characters join_surrogates(const struct constants *c, __m512i code, uint64_t places)
{
	__m512i kind = _mm512_and_si512(code, c->kind);
	uint64_t highs = bits(_mm512_cmpeq_epi32_mask(kind, c->high));
	uint64_t lows = bits(_mm512_cmpeq_epi32_mask(kind, c->low));
	if ((highs | lows) == 0)
		return (struct characters){code, 0};
	uint64_t touching = _pext_u64(places & places >> 6, places);
	uint64_t pairs = highs & lows >> 1 & touching;
	uint64_t alone = (highs | lows) & ~(pairs | pairs << 1);
	__m512i high = _mm512_sub_epi32(_mm512_slli_epi32(code, 10), c->joined);
	__m512i joined = _mm512_mask_add_epi32(code, (__mmask16)pairs, high, _mm512_alignr_epi32(code, code, 1));
	return (struct characters){_mm512_mask_mov_epi32(joined, (__mmask16)alone, c->replacement), pairs};
}

/*
 * Replaces the \\u. Returns where the u of each is that has the second half of a pair behind it.
 *
 * The bytes of a character lie at the end of its lane. What marks each of them as the first or another byte has the top bit,
 * and in a lane the bytes that are nothing have no mark.
 */
TARGET static inline uint64_t replace_units(const struct constants *c, struct block *b, __m512i bytes)
{
	uint64_t places = bits(b->units);
	struct characters read = join_surrogates(c, read_units(c, bytes, b->units), places);
	__mmask16 ascii = _mm512_cmplt_epu32_mask(read.code_points, c->two);
	__mmask16 three = _mm512_cmpge_epu32_mask(read.code_points, c->three);
	__m512i marks = _mm512_mask_mov_epi32(c->marks[1], ascii, c->marks[0]);
	marks = _mm512_mask_mov_epi32(marks, three, c->marks[2]);
	marks = _mm512_mask_mov_epi32(marks, (__mmask16)read.pairs, c->marks[3]);
	marks = _mm512_mask_mov_epi32(marks, (__mmask16)(read.pairs << 1), _mm512_setzero_si512());
	__m512i sixes = _mm512_and_si512(_mm512_multishift_epi64_epi8(c->sixes, read.code_points), c->six);
	__m512i lanes = _mm512_mask_slli_epi32(_mm512_or_si512(sixes, marks), ascii, read.code_points, 24);
	/* Escapes do not overlap, so the products have these bits of each. */
	uint64_t room = places * 0xf;
	b->bytes = _mm512_mask_expand_epi8(b->bytes, room, lanes);
	b->kept = (b->kept & ~(places * 0x1f)) | _pdep_u64(bits(_mm512_movepi8_mask(marks)), room);
	return _pdep_u64(read.pairs, places);
}

/* The first bit, or 64. */
TARGET static inline unsigned first_of(uint64_t mask)
{
	return (unsigned)_tzcnt_u64(mask);
}

/*
 * What is kept of the first `bytes` of the block goes to `to`, but for the second half of a pair, if the block begins with
 * one. A whole block is written when `room` says so, else no byte more than there are.
 */
TARGET static inline char *end_block(const struct block *b, unsigned bytes, uint64_t half, bool room, char *to)
{
	uint64_t kept = _bzhi_u64(b->kept, bytes) & ~(half * 0x3f);
	unsigned len = (unsigned)__builtin_popcountll(kept);
	__m512i done = together(kept, b->bytes);
	if (room)
		_mm512_storeu_si512((void *)to, done);
	else
		_mm512_mask_storeu_epi8(to, _bzhi_u64(UINT64_MAX, len), done);
	return to + len;
}

/* The last bytes, no more than a block. */
TARGET static inline __m512i load_last(const char *at, size_t left)
{
	return _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, (unsigned)left), at);
}

/*
 * A text with \\u, from a byte on that is not escaped. The first escape that a block may cut off is left to the next one,
 * and all behind it; when it is the second half of a pair, it has had its part in the character.
 */
TARGET __attribute__((noinline)) static char *decode_with_units(const char *at, const char *end, char *to)
{
	const struct constants c = constants();
	uint64_t half = 0;
	while (end - at > SCAN_BLOCK) {
		__m512i bytes = load(at);
		struct block b = begin_block(bytes, 0, &c.letters);
		unsigned take = first_of(b.starts & UINT64_MAX << (SCAN_BLOCK - LONGEST_ESCAPE + 1));
		uint64_t firsts = b.units != 0 ? replace_units(&c, &b, bytes) : 0;
		to = end_block(&b, take, half, true, to);
		/* The u of a first half is five bytes before the second. */
		half = firsts >> (take - 5) & 1;
		at += take;
	}
	__m512i bytes = load_last(at, (size_t)(end - at));
	struct block b = begin_block(bytes, 0, &c.letters);
	if (b.units != 0)
		replace_units(&c, &b, bytes);
	return end_block(&b, (unsigned)(end - at), half, false, to);
}

TARGET char *decode_vbmi2(const char *at, const char *end, char *to)
{
	const struct letters by_letter = load_letters();
	uint64_t first = 0;
	for (; end - at > SCAN_BLOCK; at += SCAN_BLOCK) {
		struct block b = begin_block(load(at), first, &by_letter);
		if (b.units != 0)
			return decode_with_units(at - first, end, to);
		to = end_block(&b, SCAN_BLOCK, 0, true, to);
		first = b.starts >> (SCAN_BLOCK - 1);
	}
	struct block b = begin_block(load_last(at, (size_t)(end - at)), first, &by_letter);
	if (b.units != 0)
		return decode_with_units(at - first, end, to);
	return end_block(&b, (unsigned)(end - at), 0, false, to);
}

#endif
