/*
 * Runs of plain string characters, by vectors. Every variant takes whole blocks while they are plain, and leaves the
 * block with the stop in it, and what is left at the end, to the masks of scan.h.
 */
#include "json/scan.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SCAN_AVX2 1
#endif

static struct scan_run scan_scalar(const char *at, const char *end)
{
	struct scan_run run = {at, false};
	for (; run.stop < end && !scan_is_stop(*run.stop); run.stop++)
		run.high |= (unsigned char)*run.stop >= 0x80;
	return run;
}

/* The window at `at`: true when the run ends in it. */
static bool scan_window(struct scan_run *run, const char *end)
{
	size_t left = (size_t)(end - run->stop);
	bool full = left >= SCAN_WINDOW;
	struct scan_masks masks = full ? scan_masks_full(run->stop) : scan_masks_short(run->stop, left);
	size_t plain = full ? SCAN_WINDOW : left;
	if (masks.stops != 0)
		plain = (size_t)__builtin_ctzll(masks.stops);
	run->high |= (masks.high & scan_bits_below(plain)) != 0;
	run->stop += plain;
	return masks.stops != 0 || !full;
}

static struct scan_run scan_windows(const char *at, const char *end)
{
	struct scan_run run = {at, false};
	while (!scan_window(&run, end))
		;
	return run;
}

#if defined(SCAN_AVX2)

__attribute__((target("avx2"))) static inline __m256i stops_avx2(__m256i bytes)
{
	__m256i quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
	__m256i backslashes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
	__m256i controls = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
	return _mm256_or_si256(_mm256_or_si256(quotes, backslashes), controls);
}

__attribute__((target("avx2"))) static struct scan_run scan_avx2(const char *at, const char *end)
{
	struct scan_run run = {at, false};
	__m256i seen = _mm256_setzero_si256();
	while (end - run.stop >= 64) {
		__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)run.stop);
		__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(run.stop + 32));
		__m256i stops = _mm256_or_si256(stops_avx2(low), stops_avx2(high));
		if (!_mm256_testz_si256(stops, stops))
			break;
		seen = _mm256_or_si256(seen, _mm256_or_si256(low, high));
		run.stop += 64;
	}
	run.high = _mm256_movemask_epi8(seen) != 0;
	while (!scan_window(&run, end))
		;
	return run;
}

#endif

static const struct scan_variant variants[] = {
	{"scalar", scan_scalar},
	{"windows", scan_windows},
#if defined(SCAN_AVX2)
	{"avx2", scan_avx2},
#endif
};

static bool can_run(size_t i)
{
#if defined(SCAN_AVX2)
	if (variants[i].plain == scan_avx2)
		return __builtin_cpu_supports("avx2");
#endif
	return i < sizeof variants / sizeof variants[0];
}

const struct scan_variant *scan_variant(size_t i)
{
	return i < sizeof variants / sizeof variants[0] && can_run(i) ? &variants[i] : NULL;
}

struct scan_run scan_plain(const char *at, const char *end)
{
#if defined(SCAN_AVX2)
	if (__builtin_cpu_supports("avx2"))
		return scan_avx2(at, end);
#endif
	return scan_windows(at, end);
}
