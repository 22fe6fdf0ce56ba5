/*
 * Looks at text 64 bytes at a time: a mask has one bit for each byte of such a block, the first byte lowest. There is a
 * twin of each function for each kind of machine of base/cpu.h; all are inline, for loops that are compiled once for
 * each kind.
 *
 *	SCAN_TARGET_x                    what a function that uses the twins must be declared with
 *	struct scan_bytes_x              a block in registers
 *	scan_load_x(block)               loads a block
 *	scan_load_last_x(text, left, &shift)
 *	                                 loads the last `left` bytes of a text, less than a block; their bits lie `shift`
 *	                                 places too high
 *	scan_block_x(bytes)              what ends, interrupts or spoils a run of string characters
 *	scan_escapes_x(bytes)            what may follow a backslash
 *	scan_hex_x(bytes)                hex digits
 *	scan_skip_x(at, end)             the first block with anything that scan_block_x looks for, or with less than 64 bytes
 *
 * No byte outside the text is read.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <freshet/types.h>

#define SCAN_BLOCK 64

struct scan_block {
	uint64_t quotes;
	uint64_t backslashes;
	uint64_t controls; /* control characters */
	uint64_t high;     /* not 0: there are bytes beyond ASCII */
};

struct scan_escapes {
	uint64_t escapable; /* bytes that may follow a backslash */
	uint64_t units;     /* the one of them that hex digits follow: u */
};

/* Where scan_skip came to, and whether it saw bytes beyond ASCII. */
struct scan_skip {
	const char *block;
	bool high;
};

/* What scan_plain found. */
struct scan_run {
	const char *stop; /* the first stop, or the end */
	bool high;        /* bytes beyond ASCII lie before it, or shortly behind */
};

/* The first quote, backslash or control character in [at, end), by the best code of the machine. */
struct scan_run scan_plain(const char *at, const char *end);

#define SCAN_INLINE __attribute__((always_inline)) static inline

/* What the backslashes of a block mean. */
struct escaping {
	uint64_t starts;  /* those that begin an escape */
	uint64_t escaped; /* the bytes behind these */
};

/*
 * `first` is 1 when the first byte of the block is escaped, else 0.
 *
 * Of a run of backslashes, every other one escapes the byte after it, beginning with the first. Subtracting them from the
 * bits behind them borrows through each run, and so tells runs that begin at odd places from those that begin at even
 * ones (Langdale and Lemire, Parsing Gigabytes of JSON per Second, 2019).
 */
SCAN_INLINE struct escaping escaping(uint64_t backslashes, uint64_t first)
{
	const uint64_t odd = 0xaaaaaaaaaaaaaaaa;
	uint64_t begin = backslashes & ~first;
	uint64_t parity = ((begin << 1 | odd) - begin) ^ odd;
	return (struct escaping){parity & backslashes, parity ^ (backslashes | first)};
}

/* The last `left` bytes of a text as the last of a block that begins with blanks. */
__attribute__((noinline)) static const char *scan_copy_last(freshet_str text, size_t left, char copy[SCAN_BLOCK])
{
	memset(copy, ' ', SCAN_BLOCK);
	memcpy(copy + SCAN_BLOCK - left, text.ptr + text.len - left, left);
	return copy;
}

/* ---- plain C ---- */

#define SCAN_TARGET_scalar

struct scan_bytes_scalar {
	char bytes[SCAN_BLOCK];
};

SCAN_INLINE struct scan_bytes_scalar scan_load_scalar(const char *block)
{
	struct scan_bytes_scalar b;
	memcpy(b.bytes, block, SCAN_BLOCK);
	return b;
}

SCAN_INLINE struct scan_block scan_block_scalar(struct scan_bytes_scalar b)
{
	struct scan_block found = {0, 0, 0, 0};
	for (unsigned i = 0; i < SCAN_BLOCK; i++) {
		unsigned char c = (unsigned char)b.bytes[i];
		found.quotes |= (uint64_t)(c == '"') << i;
		found.controls |= (uint64_t)(c < 0x20) << i;
		found.backslashes |= (uint64_t)(c == '\\') << i;
		found.high |= c & 0x80U;
	}
	return found;
}

SCAN_INLINE struct scan_escapes scan_escapes_scalar(struct scan_bytes_scalar b)
{
	struct scan_escapes found = {0, 0};
	for (unsigned i = 0; i < SCAN_BLOCK; i++) {
		bool escapable = b.bytes[i] != '\0' && strchr("\"\\/bfnrtu", b.bytes[i]) != NULL;
		found.escapable |= (uint64_t)escapable << i;
		found.units |= (uint64_t)(b.bytes[i] == 'u') << i;
	}
	return found;
}

SCAN_INLINE uint64_t scan_hex_scalar(struct scan_bytes_scalar b)
{
	uint64_t hex = 0;
	for (unsigned i = 0; i < SCAN_BLOCK; i++) {
		char letter = (char)(b.bytes[i] | 0x20);
		bool digit = (b.bytes[i] >= '0' && b.bytes[i] <= '9') || (letter >= 'a' && letter <= 'f');
		hex |= (uint64_t)digit << i;
	}
	return hex;
}

#if defined(__x86_64__)
#define SCAN_HAVE_base
#define SCAN_HAVE_avx2
#define SCAN_HAVE_avx512
#include <immintrin.h>

/* ---- SSE2 ---- */

#define SCAN_TARGET_base

struct scan_bytes_base {
	__m128i part[4];
};

SCAN_INLINE struct scan_bytes_base scan_load_base(const char *block)
{
	struct scan_bytes_base b;
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		b.part[i] = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
	return b;
}

SCAN_INLINE uint64_t scan_mask_sse2(const __m128i part[4])
{
	uint64_t mask = 0;
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(part[i]) << 16 * i;
	return mask;
}

SCAN_INLINE __m128i scan_is_sse2(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Bytes of at most `most`, without a sign. */
SCAN_INLINE __m128i scan_low_sse2(__m128i v, char most)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(most)), v);
}

SCAN_INLINE struct scan_block scan_block_base(struct scan_bytes_base b)
{
	__m128i quotes[4];
	__m128i backslashes[4];
	__m128i controls[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		quotes[i] = scan_is_sse2(b.part[i], '"');
		backslashes[i] = scan_is_sse2(b.part[i], '\\');
		controls[i] = scan_low_sse2(b.part[i], 0x1f);
	}
	__m128i all = _mm_or_si128(_mm_or_si128(b.part[0], b.part[1]), _mm_or_si128(b.part[2], b.part[3]));
	return (struct scan_block){scan_mask_sse2(quotes), scan_mask_sse2(backslashes), scan_mask_sse2(controls),
		(unsigned)_mm_movemask_epi8(all)};
}

SCAN_INLINE struct scan_escapes scan_escapes_base(struct scan_bytes_base b)
{
	static const char others[] = "\"\\/bfnrt";
	__m128i escapable[4];
	__m128i units[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		units[i] = scan_is_sse2(b.part[i], 'u');
		escapable[i] = units[i];
#pragma GCC unroll 8
		for (unsigned k = 0; k < sizeof others - 1; k++)
			escapable[i] = _mm_or_si128(escapable[i], scan_is_sse2(b.part[i], others[k]));
	}
	return (struct scan_escapes){scan_mask_sse2(escapable), scan_mask_sse2(units)};
}

SCAN_INLINE uint64_t scan_hex_base(struct scan_bytes_base b)
{
	__m128i hex[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		__m128i digit = _mm_sub_epi8(b.part[i], _mm_set1_epi8('0'));
		__m128i letter = _mm_sub_epi8(_mm_or_si128(b.part[i], _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
		hex[i] = _mm_or_si128(scan_low_sse2(digit, 9), scan_low_sse2(letter, 5));
	}
	return scan_mask_sse2(hex);
}

SCAN_INLINE struct scan_skip scan_skip_base(const char *at, const char *end)
{
	struct scan_skip skip = {at, false};
	for (; end - skip.block >= SCAN_BLOCK; skip.block += SCAN_BLOCK) {
		struct scan_bytes_base b = scan_load_base(skip.block);
		__m128i found = _mm_setzero_si128();
		__m128i all = _mm_setzero_si128();
#pragma GCC unroll 4
		for (unsigned i = 0; i < 4; i++) {
			__m128i quoting = _mm_or_si128(scan_is_sse2(b.part[i], '"'), scan_is_sse2(b.part[i], '\\'));
			found = _mm_or_si128(found, _mm_or_si128(quoting, scan_low_sse2(b.part[i], 0x1f)));
			all = _mm_or_si128(all, b.part[i]);
		}
		if (_mm_movemask_epi8(found) != 0)
			break;
		skip.high |= _mm_movemask_epi8(all) != 0;
	}
	return skip;
}

/* ---- AVX2 ---- */

#define SCAN_TARGET_avx2 __attribute__((target("avx2,bmi,bmi2")))
#define SCAN_INLINE_avx2 SCAN_TARGET_avx2 SCAN_INLINE

/*
 * Vectors to compare with. They are in memory so that a comparison takes its own from there; a compiler that sees the
 * values makes them anew each time.
 */
extern const struct scan_vectors {
	char quote[32];
	char backslash[32];
	char control[32]; /* the highest one */
	char escape_low[32];
	char escape_high[32];
} scan_vectors __attribute__((visibility("hidden"), aligned(32)));

struct scan_bytes_avx2 {
	__m256i low;
	__m256i high;
};

SCAN_INLINE_avx2 __m256i scan_vector_avx2(const char *bytes)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

SCAN_INLINE_avx2 struct scan_bytes_avx2 scan_load_avx2(const char *block)
{
	return (struct scan_bytes_avx2){scan_vector_avx2(block), scan_vector_avx2(block + 32)};
}

SCAN_INLINE_avx2 uint64_t scan_mask_avx2(__m256i low, __m256i high)
{
	return (unsigned)_mm256_movemask_epi8(low) | (uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32;
}

SCAN_INLINE_avx2 __m256i scan_is_avx2(__m256i v, const char *vector)
{
	return _mm256_cmpeq_epi8(v, scan_vector_avx2(vector));
}

/* Bytes of at most those in `most`, without a sign. */
SCAN_INLINE_avx2 __m256i scan_low_avx2(__m256i v, __m256i most)
{
	return _mm256_cmpeq_epi8(_mm256_min_epu8(v, most), v);
}

SCAN_INLINE_avx2 __m256i scan_controls_avx2(__m256i v)
{
	return scan_low_avx2(v, scan_vector_avx2(scan_vectors.control));
}

SCAN_INLINE_avx2 struct scan_block scan_block_avx2(struct scan_bytes_avx2 b)
{
	struct scan_block found;
	found.quotes =
		scan_mask_avx2(scan_is_avx2(b.low, scan_vectors.quote), scan_is_avx2(b.high, scan_vectors.quote));
	found.backslashes = scan_mask_avx2(
		scan_is_avx2(b.low, scan_vectors.backslash), scan_is_avx2(b.high, scan_vectors.backslash));
	found.controls = scan_mask_avx2(scan_controls_avx2(b.low), scan_controls_avx2(b.high));
	found.high = (unsigned)_mm256_movemask_epi8(_mm256_or_si256(b.low, b.high));
	return found;
}

/*
 * A byte may be escaped when both halves of it say so: the high four bits select one of the groups (", /), (\), (b, f, n)
 * and (r, t, u), and the low four bits tell in which groups such a byte is. `u` has the top bit as a group of its own.
 */
SCAN_INLINE_avx2 __m256i scan_groups_avx2(__m256i v)
{
	__m256i nibble = _mm256_set1_epi8(15);
	__m256i by_low = _mm256_shuffle_epi8(scan_vector_avx2(scan_vectors.escape_low), _mm256_and_si256(v, nibble));
	__m256i by_high = _mm256_shuffle_epi8(
		scan_vector_avx2(scan_vectors.escape_high), _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble));
	return _mm256_and_si256(by_low, by_high);
}

SCAN_INLINE_avx2 struct scan_escapes scan_escapes_avx2(struct scan_bytes_avx2 b)
{
	__m256i low = scan_groups_avx2(b.low);
	__m256i high = scan_groups_avx2(b.high);
	__m256i none = _mm256_setzero_si256();
	return (struct scan_escapes){~scan_mask_avx2(_mm256_cmpeq_epi8(low, none), _mm256_cmpeq_epi8(high, none)),
		scan_mask_avx2(low, high)};
}

SCAN_INLINE_avx2 __m256i scan_digits_avx2(__m256i v)
{
	__m256i digit = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
	__m256i letter = _mm256_sub_epi8(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
	return _mm256_or_si256(scan_low_avx2(digit, _mm256_set1_epi8(9)), scan_low_avx2(letter, _mm256_set1_epi8(5)));
}

SCAN_INLINE_avx2 uint64_t scan_hex_avx2(struct scan_bytes_avx2 b)
{
	return scan_mask_avx2(scan_digits_avx2(b.low), scan_digits_avx2(b.high));
}

SCAN_INLINE_avx2 __m256i scan_any_avx2(__m256i v)
{
	__m256i quoting = _mm256_or_si256(scan_is_avx2(v, scan_vectors.quote), scan_is_avx2(v, scan_vectors.backslash));
	return _mm256_or_si256(quoting, scan_controls_avx2(v));
}

SCAN_INLINE_avx2 struct scan_skip scan_skip_avx2(const char *at, const char *end)
{
	struct scan_skip skip = {at, false};
	__m256i all = _mm256_setzero_si256();
	for (; end - skip.block >= SCAN_BLOCK; skip.block += SCAN_BLOCK) {
		struct scan_bytes_avx2 b = scan_load_avx2(skip.block);
		if (_mm256_movemask_epi8(_mm256_or_si256(scan_any_avx2(b.low), scan_any_avx2(b.high))) != 0)
			break;
		all = _mm256_or_si256(all, _mm256_or_si256(b.low, b.high));
	}
	skip.high = _mm256_movemask_epi8(all) != 0;
	return skip;
}

/* ---- AVX-512 ---- */

#define SCAN_TARGET_avx512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))
#define SCAN_INLINE_avx512 SCAN_TARGET_avx512 SCAN_INLINE

struct scan_bytes_avx512 {
	__m512i all;
};

SCAN_INLINE_avx512 struct scan_bytes_avx512 scan_load_avx512(const char *block)
{
	return (struct scan_bytes_avx512){_mm512_loadu_si512((const void *)block)};
}

SCAN_INLINE_avx512 struct scan_bytes_avx512 scan_load_last_avx512(freshet_str text, size_t left, unsigned *shift)
{
	*shift = 0;
	__mmask64 in_text = ((uint64_t)1 << left) - 1;
	return (struct scan_bytes_avx512){
		_mm512_mask_loadu_epi8(_mm512_set1_epi8(' '), in_text, text.ptr + text.len - left)};
}

SCAN_INLINE_avx512 uint64_t scan_is_avx512(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

SCAN_INLINE_avx512 uint64_t scan_low_avx512(__m512i v, char most)
{
	return _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(most));
}

SCAN_INLINE_avx512 struct scan_block scan_block_avx512(struct scan_bytes_avx512 b)
{
	return (struct scan_block){scan_is_avx512(b.all, '"'), scan_is_avx512(b.all, '\\'),
		scan_low_avx512(b.all, 0x1f), _mm512_movepi8_mask(b.all)};
}

/* As scan_groups_avx2. */
SCAN_INLINE_avx512 struct scan_escapes scan_escapes_avx512(struct scan_bytes_avx512 b)
{
	__m512i nibble = _mm512_set1_epi8(15);
	__m128i low = _mm_loadu_si128((const __m128i *)(const void *)scan_vectors.escape_low);
	__m128i high = _mm_loadu_si128((const __m128i *)(const void *)scan_vectors.escape_high);
	__m512i by_low = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(low), _mm512_and_si512(b.all, nibble));
	__m512i by_high = _mm512_shuffle_epi8(
		_mm512_broadcast_i32x4(high), _mm512_and_si512(_mm512_srli_epi16(b.all, 4), nibble));
	return (struct scan_escapes){
		_mm512_test_epi8_mask(by_low, by_high), _mm512_movepi8_mask(_mm512_and_si512(by_low, by_high))};
}

SCAN_INLINE_avx512 uint64_t scan_hex_avx512(struct scan_bytes_avx512 b)
{
	__m512i digit = _mm512_sub_epi8(b.all, _mm512_set1_epi8('0'));
	__m512i letter = _mm512_sub_epi8(_mm512_or_si512(b.all, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('a'));
	return scan_low_avx512(digit, 9) | scan_low_avx512(letter, 5);
}

SCAN_INLINE_avx512 struct scan_skip scan_skip_avx512(const char *at, const char *end)
{
	struct scan_skip skip = {at, false};
	__m512i all = _mm512_setzero_si512();
	for (; end - skip.block >= SCAN_BLOCK; skip.block += SCAN_BLOCK) {
		__m512i v = _mm512_loadu_si512((const void *)skip.block);
		if ((scan_is_avx512(v, '"') | scan_is_avx512(v, '\\') | scan_low_avx512(v, 0x1f)) != 0)
			break;
		all = _mm512_or_si512(all, v);
	}
	skip.high = _mm512_movepi8_mask(all) != 0;
	return skip;
}

#elif defined(__aarch64__)
#define SCAN_HAVE_base
#include <arm_neon.h>

/* ---- NEON ---- */

#define SCAN_TARGET_base

struct scan_bytes_base {
	uint8x16_t part[4];
};

SCAN_INLINE struct scan_bytes_base scan_load_base(const char *block)
{
	struct scan_bytes_base b;
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		b.part[i] = vld1q_u8((const uint8_t *)block + 16 * i);
	return b;
}

/* NEON has no movemask: each byte keeps the bit of its place, and pairs are added until eight bytes hold all 64. */
SCAN_INLINE uint64_t scan_mask_neon(const uint8x16_t part[4])
{
	static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t place = vld1q_u8(places);
	uint8x16_t low = vpaddq_u8(vandq_u8(part[0], place), vandq_u8(part[1], place));
	uint8x16_t high = vpaddq_u8(vandq_u8(part[2], place), vandq_u8(part[3], place));
	uint8x16_t both = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(both, both)), 0);
}

SCAN_INLINE uint8x16_t scan_is_neon(uint8x16_t v, char c)
{
	return vceqq_u8(v, vdupq_n_u8((uint8_t)c));
}

SCAN_INLINE uint8x16_t scan_low_neon(uint8x16_t v, uint8_t most)
{
	return vcleq_u8(v, vdupq_n_u8(most));
}

SCAN_INLINE uint8x16_t scan_all_neon(struct scan_bytes_base b)
{
	return vorrq_u8(vorrq_u8(b.part[0], b.part[1]), vorrq_u8(b.part[2], b.part[3]));
}

SCAN_INLINE struct scan_block scan_block_base(struct scan_bytes_base b)
{
	uint8x16_t quotes[4];
	uint8x16_t backslashes[4];
	uint8x16_t controls[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		quotes[i] = scan_is_neon(b.part[i], '"');
		backslashes[i] = scan_is_neon(b.part[i], '\\');
		controls[i] = scan_low_neon(b.part[i], 0x1f);
	}
	return (struct scan_block){scan_mask_neon(quotes), scan_mask_neon(backslashes), scan_mask_neon(controls),
		vmaxvq_u8(scan_all_neon(b)) & 0x80U};
}

SCAN_INLINE struct scan_escapes scan_escapes_base(struct scan_bytes_base b)
{
	static const char others[] = "\"\\/bfnrt";
	uint8x16_t escapable[4];
	uint8x16_t units[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		units[i] = scan_is_neon(b.part[i], 'u');
		escapable[i] = units[i];
#pragma GCC unroll 8
		for (unsigned k = 0; k < sizeof others - 1; k++)
			escapable[i] = vorrq_u8(escapable[i], scan_is_neon(b.part[i], others[k]));
	}
	return (struct scan_escapes){scan_mask_neon(escapable), scan_mask_neon(units)};
}

SCAN_INLINE uint64_t scan_hex_base(struct scan_bytes_base b)
{
	uint8x16_t hex[4];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		uint8x16_t digit = vsubq_u8(b.part[i], vdupq_n_u8('0'));
		uint8x16_t letter = vsubq_u8(vorrq_u8(b.part[i], vdupq_n_u8(0x20)), vdupq_n_u8('a'));
		hex[i] = vorrq_u8(scan_low_neon(digit, 9), scan_low_neon(letter, 5));
	}
	return scan_mask_neon(hex);
}

SCAN_INLINE struct scan_skip scan_skip_base(const char *at, const char *end)
{
	struct scan_skip skip = {at, false};
	for (; end - skip.block >= SCAN_BLOCK; skip.block += SCAN_BLOCK) {
		struct scan_bytes_base b = scan_load_base(skip.block);
		uint8x16_t found = vdupq_n_u8(0);
#pragma GCC unroll 4
		for (unsigned i = 0; i < 4; i++) {
			uint8x16_t quoting = vorrq_u8(scan_is_neon(b.part[i], '"'), scan_is_neon(b.part[i], '\\'));
			found = vorrq_u8(found, vorrq_u8(quoting, scan_low_neon(b.part[i], 0x1f)));
		}
		if (vmaxvq_u8(found) != 0)
			break;
		skip.high |= vmaxvq_u8(scan_all_neon(b)) >= 0x80;
	}
	return skip;
}
#endif

/* Without masked loads, the last bytes come from a whole block: from the text itself, or, if it is short, from a copy. */
#define SCAN_DEFINE_LOAD_LAST(kind)                                                                                    \
	SCAN_TARGET_##kind SCAN_INLINE struct scan_bytes_##kind scan_load_last_##kind(                                 \
		freshet_str text, size_t left, unsigned *shift)                                                        \
	{                                                                                                              \
		char copy[SCAN_BLOCK];                                                                                 \
		*shift = (unsigned)(SCAN_BLOCK - left);                                                                \
		if (text.len >= SCAN_BLOCK)                                                                            \
			return scan_load_##kind(text.ptr + text.len - SCAN_BLOCK);                                     \
		return scan_load_##kind(scan_copy_last(text, left, copy));                                             \
	}

#ifdef SCAN_HAVE_base
SCAN_DEFINE_LOAD_LAST(base)
#endif
#ifdef SCAN_HAVE_avx2
SCAN_DEFINE_LOAD_LAST(avx2)
#endif

#endif
