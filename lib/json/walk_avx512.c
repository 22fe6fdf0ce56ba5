/*
 * The fast walk with AVX-512.
 */
#include "json/walk.h"

#include "json/grammar.h"
#include "json/plan.h"
#include "json/scan.h"
#include "json/shape.h"
#include "json/string.h"

#include "base/utf8.h"

#ifdef SCAN_HAVE_avx512

/* All of the walk is for such machines; the headers above are for every one. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512bw,avx512vl,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,avx512f,avx512bw,avx512vl,bmi,bmi2")
#endif

#define CAREFUL            0
#define WALK               walk_avx512
#define WALK_SCAN          avx512
#define SHAPE              shape_pick_avx512
#define SHAPE_MASKED_LOADS 1
#include "json/walk_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
