/*
 * The search for one line end.
 */
#include "base/scan.h"

#include "base/cpu.h"

typedef const uint8_t *find_fn(const uint8_t *at, const uint8_t *end, bool *not_ascii);

/* What is too short for a block. */
static const uint8_t *find_bytewise(const uint8_t *at, const uint8_t *end, bool *not_ascii)
{
	uint8_t seen = 0;
	while (at < end && *at != '\n' && *at != '\r')
		seen |= *at++;
	*not_ascii |= seen >= 0x80;
	return at;
}

#define NAMED_AGAIN(name, kind) name##_##kind
#define NAMED(name, kind)       NAMED_AGAIN(name, kind)
#define SCAN_TARGET(kind)       NAMED(SCAN_TARGET, kind)

#define KIND scalar
#include "base/scan_body.h"
#ifdef SCAN_HAVE_base
#define KIND base
#include "base/scan_body.h"
#endif
#ifdef SCAN_HAVE_avx2
#define KIND avx2
#include "base/scan_body.h"
#endif

const uint8_t *scan_line_end(const uint8_t *at, const uint8_t *end, bool *not_ascii)
{
	static find_fn *const find[CPU_VECTORS] = {
		[CPU_SCALAR] = find_scalar,
#ifdef SCAN_HAVE_base
		[CPU_BASE] = find_base,
#endif
#ifdef SCAN_HAVE_avx2
		[CPU_AVX2] = find_avx2,
		[CPU_AVX512] = find_avx2,
		[CPU_VBMI2] = find_avx2,
#endif
	};
	return find[cpu_vector()](at, end, not_ascii);
}
