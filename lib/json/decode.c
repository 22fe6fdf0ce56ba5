/*
 * Whole strings decoded: what lies between two escapes is moved in one go. The masks of a block of 64 bytes tell where its
 * escapes begin, so that nothing has to be looked for between them; what is left at the end is taken by words.
 *
 * Where the machine can move the bytes of a register together (AVX-512 VBMI2), a block of short escapes is a handful of
 * instructions: the escaped letters are replaced, and the backslashes drop out.
 *
 * Nothing can fail. Decoded bytes never are more than those they came from, so whatever is written at most as far ahead as
 * it was read stays inside `out`.
 */
#include "json/grammar.h"
#include "json/scan.h"
#include "json/string.h"

#include "base/cpu.h"

/* One escape, which is moved past. Returns where the next byte goes. */
static char *put_escape(const char **at, const char *end, char *to)
{
	uint8_t character[4];
	size_t len = string_escape(at, end, character);
	memcpy(to, character, len);
	return to + len;
}

/* ---- words ---- */

/* The place of the first backslash among eight bytes; 8 when there is none. */
static size_t first_backslash(const char *bytes)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t word = word_at(bytes) ^ ones * '\\';
	/* The top bit of the lowest byte that is 0, and perhaps of some above it. */
	uint64_t zeros = (word - ones) & ~word & ones * 0x80;
	return zeros != 0 ? (size_t)__builtin_ctzll(zeros) / 8 : 8;
}

/*
 * Copies up to the first backslash or the end, and returns how many bytes that are. Whole words are copied, so `to` has
 * room for as many bytes as there are up to the end.
 */
static size_t copy_plain(char *to, const char *at, const char *end)
{
	size_t len = (size_t)(end - at);
	size_t copied = 0;
	while (len - copied >= 8) {
		memcpy(to + copied, at + copied, 8);
		size_t plain = first_backslash(at + copied);
		copied += plain;
		if (plain < 8)
			return copied;
	}
	for (; copied < len && at[copied] != '\\'; copied++)
		to[copied] = at[copied];
	return copied;
}

static char *decode_words(const char *at, const char *end, char *to)
{
	for (;;) {
		size_t plain = copy_plain(to, at, end);
		to += plain;
		at += plain;
		if (at == end)
			return to;
		to = put_escape(&at, end, to);
	}
}

/* ---- blocks ---- */

/* Of each run of backslashes the first, third and so on, which begin escapes; see escaped_bytes in walk_body.h. */
static inline uint64_t escape_starts(uint64_t backslashes)
{
	const uint64_t odd = 0xaaaaaaaaaaaaaaaa;
	uint64_t parity = ((backslashes << 1 | odd) - backslashes) ^ odd;
	return backslashes & ~(parity ^ backslashes);
}

/* Bytes that are moved at once. Mostly there are no more between two escapes. */
#define RUN 16

static inline void move_run(char *to, const char *from, size_t len)
{
	memcpy(to, from, RUN);
	for (size_t moved = RUN; moved < len; moved += RUN)
		memcpy(to + moved, from + moved, RUN);
}

/* A block may be read beyond by a run, and by an escape that begins at its end. */
#define BLOCK_ROOM (SCAN_BLOCK + RUN + 12)

/* The block at *at, which is moved behind it and behind an escape that begins in it. */
static inline char *decode_block(const char **at, const char *end, char *to, uint64_t starts)
{
	const char *block = *at;
	const char *done = block;
	while (starts != 0) {
		const char *escape = block + __builtin_ctzll(starts);
		move_run(to, done, (size_t)(escape - done));
		to += escape - done;
		done = escape;
		to = put_escape(&done, end, to);
		starts = done - block < SCAN_BLOCK ? starts & (UINT64_MAX << (done - block)) : 0;
	}
	if (done - block < SCAN_BLOCK) {
		move_run(to, done, (size_t)(block + SCAN_BLOCK - done));
		to += block + SCAN_BLOCK - done;
		done = block + SCAN_BLOCK;
	}
	*at = done;
	return to;
}

#define DEFINE_DECODE(kind)                                                                                            \
	SCAN_TARGET_##kind static char *decode_##kind(const char *at, const char *end, char *to)                       \
	{                                                                                                              \
		while (end - at >= BLOCK_ROOM) {                                                                       \
			struct scan_block found = scan_block_##kind(scan_load_##kind(at));                             \
			to = decode_block(&at, end, to, escape_starts(found.backslashes));                             \
		}                                                                                                      \
		return decode_words(at, end, to);                                                                      \
	}

#ifdef SCAN_HAVE_base
DEFINE_DECODE(base)
#endif
#ifdef SCAN_HAVE_avx2
DEFINE_DECODE(avx2)
#endif

/* ---- AVX-512 VBMI2 ---- */

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

/* Bytes of a text, and what of their escapes matters. */
struct escaped_block {
	__m512i bytes;
	uint64_t starts; /* where escapes begin */
	uint64_t units;  /* each u of a \u */
};

TARGET static inline struct escaped_block load_block(const char *at, uint64_t in_text)
{
	__m512i bytes = _mm512_maskz_loadu_epi8(in_text, at);
	uint64_t starts = escape_starts(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')));
	return (struct escaped_block){
		bytes, starts, starts << 1 & _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('u'))};
}

/* The block with the letters of its short escapes replaced; the backslashes are still there. */
TARGET static inline __m512i decode_letters(struct escaped_block block)
{
	__m512i table = _mm512_loadu_si512((const void *)by_six_bits);
	uint64_t letters = block.starts << 1 & ~_mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('"'));
	return _mm512_mask_permutexvar_epi8(block.bytes, letters, block.bytes, table);
}

/* What is made of a block: which of these bytes are kept. */
struct decoded_block {
	__m512i bytes;
	uint64_t kept;
};

/* The value of each hex digit that lies `offset` bytes behind a bit of `units`. */
TARGET static inline __m512i digits_behind(const char *at, unsigned offset, uint64_t units)
{
	__m512i digits = _mm512_maskz_loadu_epi8(units, at + offset);
	/* Letters have the bit that comes to the top here. */
	uint64_t letters = _mm512_movepi8_mask(_mm512_slli_epi16(digits, 1));
	__m512i values = _mm512_and_si512(digits, _mm512_set1_epi8(0x0f));
	return _mm512_mask_add_epi8(values, letters, values, _mm512_set1_epi8(9));
}

/* Each byte goes `by` places further on. */
TARGET static inline __m512i moved(__m512i bytes, int by)
{
	static const uint8_t places[SCAN_BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
		20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45,
		46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
	__m512i from = _mm512_sub_epi8(_mm512_loadu_si512((const void *)places), _mm512_set1_epi8((char)by));
	return _mm512_permutexvar_epi8(from, bytes);
}

TARGET static inline __m512i low_bits(__m512i bytes, char mask)
{
	return _mm512_and_si512(bytes, _mm512_set1_epi8(mask));
}

TARGET static inline __m512i with_bits(__m512i bytes, uint8_t bits)
{
	return _mm512_or_si512(bytes, _mm512_set1_epi8((char)bits));
}

/*
 * Decodes the \u that begin at `units`, all at once: each becomes one to three bytes where it began, and the rest of its
 * six is not kept. False when there are surrogates among them.
 */
TARGET static bool decode_units_at_once(const char *at, uint64_t units, struct decoded_block *block)
{
	/* The code point is high * 256 + low. No bit is shifted out of its byte. */
	__m512i high = _mm512_or_si512(_mm512_slli_epi16(digits_behind(at, 2, units), 4), digits_behind(at, 3, units));
	__m512i low_digits = digits_behind(at, 4, units);
	__m512i low = _mm512_or_si512(_mm512_slli_epi16(low_digits, 4), digits_behind(at, 5, units));
	__m512i top_of_low = _mm512_srli_epi16(low_bits(low_digits, 0x0c), 2);
	if (_mm512_cmpeq_epi8_mask(low_bits(high, (char)0xf8), _mm512_set1_epi8((char)0xd8)) != 0)
		return false;
	uint64_t three = _mm512_cmpge_epu8_mask(high, _mm512_set1_epi8(8));
	uint64_t two = (_mm512_test_epi8_mask(high, high) | _mm512_movepi8_mask(low)) & ~three;
	__m512i middle = _mm512_or_si512(_mm512_slli_epi16(low_bits(high, 0x0f), 2), top_of_low);
	__m512i last = with_bits(low_bits(low, 0x3f), 0x80);
	__m512i first = _mm512_mask_mov_epi8(low, two, with_bits(middle, 0xc0));
	__m512i top = _mm512_srli_epi16(low_bits(high, (char)0xf0), 4);
	first = _mm512_mask_mov_epi8(first, three, with_bits(top, 0xe0));
	__m512i second = _mm512_mask_mov_epi8(last, three, with_bits(middle, 0x80));
	block->bytes = _mm512_mask_mov_epi8(block->bytes, units, first);
	block->bytes = _mm512_mask_mov_epi8(block->bytes, (two | three) << 1, moved(second, 1));
	block->bytes = _mm512_mask_mov_epi8(block->bytes, three << 2, moved(last, 2));
	/* Escapes do not overlap: the product has all six bits of each. */
	block->kept = (block->kept & ~(units * 0x3f)) | units | (two | three) << 1 | three << 2;
	return true;
}

/* The same one by one. *take becomes less when an escape goes beyond the block. */
TARGET static void decode_units(
	const char *at, const char *end, uint64_t units, size_t *take, struct decoded_block *block)
{
	uint8_t bytes[SCAN_BLOCK + 4];
	_mm512_storeu_si512((void *)bytes, block->bytes);
	while (units != 0) {
		unsigned place = (unsigned)__builtin_ctzll(units);
		const char *after = at + place;
		size_t len = string_escape(&after, end, bytes + place);
		size_t next = (size_t)(after - at);
		if (next > *take) {
			*take = place;
			break;
		}
		uint64_t escape = _bzhi_u64(UINT64_MAX, (unsigned)next) & UINT64_MAX << place;
		uint64_t character = _bzhi_u64(UINT64_MAX, (unsigned)(place + len)) & UINT64_MAX << place;
		block->kept = (block->kept & ~escape) | character;
		units &= ~escape;
	}
	block->bytes = _mm512_loadu_si512((const void *)bytes);
}

/* Decodes a block with \u, with an escape that goes beyond it, or of less than 64 bytes. */
TARGET static char *decode_rare(const char **at, const char *end, char *to)
{
	size_t left = (size_t)(end - *at);
	size_t take = left < SCAN_BLOCK ? left : SCAN_BLOCK;
	struct escaped_block block = load_block(*at, _bzhi_u64(UINT64_MAX, (unsigned)take));
	struct decoded_block decoded = {decode_letters(block), ~block.starts};
	uint64_t units = block.units >> 1;
	/* Of a \u, a block may have less than its six bytes. */
	uint64_t cut = units & ~_bzhi_u64(UINT64_MAX, (unsigned)(take < 6 ? 0 : take - 5));
	if (take == SCAN_BLOCK && cut != 0)
		take = (size_t)__builtin_ctzll(cut);
	else if (take == SCAN_BLOCK && block.starts >> 63 != 0)
		take--;
	bool all_whole = cut == 0 || left >= SCAN_BLOCK;
	if (units != 0 && !(all_whole && decode_units_at_once(*at, units & ~cut, &decoded)))
		decode_units(*at, end, units, &take, &decoded);
	uint64_t kept = _bzhi_u64(decoded.kept, (unsigned)take);
	size_t len = (size_t)__builtin_popcountll(kept);
	_mm512_mask_storeu_epi8(
		to, _bzhi_u64(UINT64_MAX, (unsigned)len), _mm512_maskz_compress_epi8(kept, decoded.bytes));
	*at += take;
	return to + len;
}

TARGET static char *decode_vbmi2(const char *at, const char *end, char *to)
{
	while (at < end) {
		while (end - at >= SCAN_BLOCK) {
			struct escaped_block block = load_block(at, UINT64_MAX);
			if (__builtin_expect((block.units | block.starts >> 63) != 0, 0))
				break;
			uint64_t kept = ~block.starts;
			_mm512_storeu_si512((void *)to, _mm512_maskz_compress_epi8(kept, decode_letters(block)));
			to += __builtin_popcountll(kept);
			at += SCAN_BLOCK;
		}
		if (at < end)
			to = decode_rare(&at, end, to);
	}
	return to;
}
#endif

/* ---- the choice ---- */

typedef char *decode_fn(const char *at, const char *end, char *to);

static decode_fn *const decode[CPU_VECTORS] = {
	[CPU_SCALAR] = decode_words,
#ifdef SCAN_HAVE_base
	[CPU_BASE] = decode_base,
#endif
#ifdef SCAN_HAVE_avx2
	[CPU_AVX2] = decode_avx2,
#endif
#ifdef SCAN_HAVE_avx512
	[CPU_AVX512] = decode_avx2,
	[CPU_VBMI2] = decode_vbmi2,
#endif
};

size_t string_decode(freshet_str text, char *out)
{
	return (size_t)(decode[cpu_vector()](text.ptr, text.ptr + text.len, out) - out);
}
