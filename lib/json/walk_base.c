/*
 * The fast walk with what every machine of the kind has: SSE2 or NEON.
 */
#include "json/walk.h"

#include "json/grammar.h"
#include "json/plan.h"
#include "json/scan.h"
#include "json/shape.h"
#include "json/string.h"

#include "base/utf8.h"

#ifdef SCAN_HAVE_base

#define CAREFUL            0
#define WALK               walk_base
#define WALK_SCAN          base
#define SHAPE              shape_pick_base
#define SHAPE_MASKED_LOADS 0
#include "json/walk_body.h"

#endif
