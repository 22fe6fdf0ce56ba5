/*
 * Runs of plain string characters: whole blocks are skipped, and the masks of the block behind them tell where the run
 * ends. What is left at the end of the text is looked at byte by byte.
 */
#include "json/scan.h"

#include "base/cpu.h"

#ifdef SCAN_HAVE_avx2

#define TIMES_8(c)  c, c, c, c, c, c, c, c
#define TIMES_32(c) TIMES_8(c), TIMES_8(c), TIMES_8(c), TIMES_8(c)
#define ESCAPE_LOW  0, 0, 1 | 4 | 8, 0, 8, -128, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1
#define ESCAPE_HIGH 0, 0, 1, 0, 0, 2, 4, 8 | -128, 0, 0, 0, 0, 0, 0, 0, 0

const struct scan_vectors scan_vectors = {
	.quote = {TIMES_32('"')},
	.backslash = {TIMES_32('\\')},
	.control = {TIMES_32(0x1f)},
	.escape_low = {ESCAPE_LOW, ESCAPE_LOW},
	.escape_high = {ESCAPE_HIGH, ESCAPE_HIGH},
};

#endif

/* The run that goes on at run.stop, with less than a block left. */
static struct scan_run plain_rest(struct scan_run run, const char *end)
{
	for (; run.stop < end; run.stop++) {
		unsigned char c = (unsigned char)*run.stop;
		if (c == '"' || c == '\\' || c < 0x20)
			break;
		run.high |= c >= 0x80;
	}
	return run;
}

#define DEFINE_PLAIN(kind)                                                                                             \
	SCAN_TARGET_##kind static struct scan_run plain_##kind(const char *at, const char *end)                        \
	{                                                                                                              \
		struct scan_skip skip = scan_skip_##kind(at, end);                                                     \
		struct scan_run run = {skip.block, skip.high};                                                         \
		if (end - run.stop < SCAN_BLOCK)                                                                       \
			return plain_rest(run, end);                                                                   \
		struct scan_block found = scan_block_##kind(scan_load_##kind(run.stop));                               \
		run.high |= found.high != 0;                                                                           \
		run.stop += __builtin_ctzll(found.quotes | found.backslashes | found.controls);                        \
		return run;                                                                                            \
	}

static struct scan_run plain_scalar(const char *at, const char *end)
{
	return plain_rest((struct scan_run){at, false}, end);
}

#ifdef SCAN_HAVE_base
DEFINE_PLAIN(base)
#endif
#ifdef SCAN_HAVE_avx2
DEFINE_PLAIN(avx2)
#endif
#ifdef SCAN_HAVE_avx512
DEFINE_PLAIN(avx512)
#endif

typedef struct scan_run plain_fn(const char *at, const char *end);

struct scan_run scan_plain(const char *at, const char *end)
{
	static plain_fn *const plain[CPU_VECTORS] = {
		[CPU_SCALAR] = plain_scalar,
#ifdef SCAN_HAVE_base
		[CPU_BASE] = plain_base,
#endif
#ifdef SCAN_HAVE_avx2
		[CPU_AVX2] = plain_avx2,
#endif
#ifdef SCAN_HAVE_avx512
		[CPU_AVX512] = plain_avx512,
		[CPU_VBMI2] = plain_avx512,
#endif
	};
	return plain[cpu_vector()](at, end);
}
