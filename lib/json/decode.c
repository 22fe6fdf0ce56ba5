/*
 * Whole strings decoded: what lies between two escapes is moved in one go. The masks of a block of 64 bytes tell where its
 * escapes begin, so that nothing has to be looked for between them; what is left at the end is taken by words.
 *
 * Nothing can fail. Decoded bytes never are more than those they came from, so whatever is written at most as far ahead as
 * it was read stays inside `out`.
 */
#include "json/decode.h"
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
			to = decode_block(&at, end, to, escaping(found.backslashes, 0).starts);                        \
		}                                                                                                      \
		return decode_words(at, end, to);                                                                      \
	}

#ifdef SCAN_HAVE_base
DEFINE_DECODE(base)
#endif
#ifdef SCAN_HAVE_avx2
DEFINE_DECODE(avx2)
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
