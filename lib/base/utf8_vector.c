/*
 * The errors between neighbours of utf8_errors.h, by three lookups in tables of sixteen entries, and the AND of them.
 */
#include "base/utf8_vector.h"

#include "base/cpu.h"
#include "base/utf8_errors.h"
#include "base/utf8_wide.h"

/*
 * For each kind of vectors: load, what a table has at the low or high halves of the bytes, x - y but not below 0, the
 * three operations on bits, and whether a vector has a byte of 80 or more, or any byte but 0.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2")))
typedef __m256i vector;

TARGET static inline vector load(const uint8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* The vector of the bytes `by` places before, with 0 before the first of them. */
#define BEFORE_FIRST(v, by) _mm256_alignr_epi8(v, _mm256_permute2x128_si256(v, v, 0x08), 16 - (by))

TARGET static inline vector load_table(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

TARGET static inline vector at_low(vector table, vector v)
{
	return _mm256_shuffle_epi8(table, _mm256_and_si256(v, _mm256_set1_epi8(0x0f)));
}

TARGET static inline vector at_high(vector table, vector v)
{
	return at_low(table, _mm256_srli_epi16(v, 4));
}

TARGET static inline vector above(vector v, uint8_t bound)
{
	return _mm256_subs_epu8(v, _mm256_set1_epi8((char)bound));
}

TARGET static inline vector both(vector a, vector b)
{
	return _mm256_and_si256(a, b);
}

TARGET static inline vector either(vector a, vector b)
{
	return _mm256_or_si256(a, b);
}

TARGET static inline vector differ(vector a, vector b)
{
	return _mm256_xor_si256(a, b);
}

TARGET static inline bool any_high(vector v)
{
	return _mm256_movemask_epi8(v) != 0;
}

TARGET static inline bool any(vector v)
{
	return !_mm256_testz_si256(v, v);
}

TARGET static inline vector high_bits(void)
{
	return _mm256_set1_epi8((char)0x80);
}

#elif defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
typedef uint8x16_t vector;

static inline vector load(const uint8_t *at)
{
	return vld1q_u8(at);
}

#define BEFORE_FIRST(v, by) vextq_u8(vdupq_n_u8(0), v, 16 - (by))

static inline vector load_table(const uint8_t table[16])
{
	return vld1q_u8(table);
}

static inline vector at_low(vector table, vector v)
{
	return vqtbl1q_u8(table, vandq_u8(v, vdupq_n_u8(0x0f)));
}

static inline vector at_high(vector table, vector v)
{
	return vqtbl1q_u8(table, vshrq_n_u8(v, 4));
}

static inline vector above(vector v, uint8_t bound)
{
	return vqsubq_u8(v, vdupq_n_u8(bound));
}

static inline vector both(vector a, vector b)
{
	return vandq_u8(a, b);
}

static inline vector either(vector a, vector b)
{
	return vorrq_u8(a, b);
}

static inline vector differ(vector a, vector b)
{
	return veorq_u8(a, b);
}

static inline bool any_high(vector v)
{
	return vmaxvq_u8(v) >= 0x80;
}

static inline bool any(vector v)
{
	return vmaxvq_u8(v) != 0;
}

static inline vector high_bits(void)
{
	return vdupq_n_u8(0x80);
}
#endif

#ifdef TARGET
/* Other than 0 where a byte does not fit the three before it. */
TARGET static inline vector misfits(vector here, vector before, vector second, vector third)
{
	vector errors =
		both(at_high(load_table(utf8_by_high_before), before), at_low(load_table(utf8_by_low_before), before));
	errors = both(errors, at_high(load_table(utf8_by_high_here), here));
	/* What is left of E0 and more, or of F0 and more, has its top bit. */
	vector expected = either(above(second, 0xe0 - 0x80), above(third, 0xf0 - 0x80));
	return differ(errors, both(expected, high_bits()));
}

TARGET static inline vector first_misfits(const uint8_t *text)
{
	vector here = load(text);
	return misfits(here, BEFORE_FIRST(here, 1), BEFORE_FIRST(here, 2), BEFORE_FIRST(here, 3));
}

TARGET static inline vector misfits_at(const uint8_t *at)
{
	return misfits(load(at), load(at - 1), load(at - 2), load(at - 3));
}

/* Two steps at once, and four. */
#define PAIR   (2 * sizeof(vector))
#define STRIDE (2 * PAIR)

/* ASCII behind ASCII fits. For a stride that can be asked; for less, the answer varies too much to be worth a branch. */
TARGET static inline bool stride_is_ascii(const uint8_t *at)
{
	vector low_half = either(load(at - 3), load(at + sizeof(vector)));
	vector high_half = either(load(at + PAIR), load(at + PAIR + sizeof(vector)));
	return !any_high(either(either(low_half, high_half), load(at)));
}

static inline size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Steps that would pass the end are laid so that they end with the text: it is looked at twice there. */
TARGET static bool fits(const uint8_t *text, size_t len)
{
	const size_t last = len - sizeof(vector);
	vector wrong = first_misfits(text);
	size_t at = sizeof(vector);
	for (; len - at >= STRIDE; at += STRIDE) {
		if (stride_is_ascii(text + at))
			continue;
		vector low_half = either(misfits_at(text + at), misfits_at(text + at + sizeof(vector)));
		vector high_half = either(misfits_at(text + at + PAIR), misfits_at(text + at + PAIR + sizeof(vector)));
		wrong = either(wrong, either(low_half, high_half));
	}
	for (; at < len; at += PAIR) {
		vector second = misfits_at(text + lesser(at + sizeof(vector), last));
		wrong = either(wrong, either(misfits_at(text + lesser(at, last)), second));
	}
	return !any(wrong);
}

/* A lead byte among the last ones that wants more bytes than there are, or that is none. */
static bool ends_whole(const uint8_t *text, size_t len)
{
	return text[len - 1] < 0xc0 && text[len - 2] < 0xe0 && text[len - 3] < 0xf0;
}

bool utf8_vector_valid(const uint8_t *text, size_t len)
{
#if defined(__x86_64__)
	if (cpu_vector() >= CPU_VBMI2)
		return len >= 3 && ends_whole(text, len) && utf8_wide_fits(text, len);
	bool have = cpu_vector() >= CPU_AVX2;
#else
	bool have = cpu_vector() == CPU_BASE;
#endif
	return have && len >= sizeof(vector) + 3 && ends_whole(text, len) && fits(text, len);
}
#else
bool utf8_vector_valid(const uint8_t *text, size_t len)
{
	(void)text;
	(void)len;
	return false;
}
#endif
