/*
 * Which walk is used. The fast one is for texts that end with a bracket, and it is the only one that a valid text of that
 * kind meets. Everything else, and whatever it refuses, is for the careful one, which decides and finds the place of an
 * error.
 */
#include "json/walk.h"

#include "json/grammar.h"
#include "json/plan.h"
#include "json/scan.h"
#include "json/shape.h"
#include "json/string.h"

#include "base/cpu.h"
#include "base/utf8.h"

#define CAREFUL 1
#include "json/walk_body.h"

const freshet_json_node walk_whole = {.name = "", .slot = 0};

static freshet_err walk_careful(struct walk *w)
{
	struct at_hand none = {0};
	const char *p = walk_members(w, none, w->at);
	if (p == NULL)
		return w->err;
	w->at = p;
	return FRESHET_OK;
}

static bool walk_none(struct walk *w)
{
	(void)w;
	return false;
}

walk_closed_fn *const walk_closed[CPU_VECTORS] = {
	[CPU_SCALAR] = walk_none,
#ifdef SCAN_HAVE_base
	[CPU_BASE] = walk_base,
#endif
#ifdef SCAN_HAVE_avx2
	[CPU_AVX2] = walk_avx2,
#endif
#ifdef SCAN_HAVE_avx512
	[CPU_AVX512] = walk_avx512,
	[CPU_VBMI2] = walk_avx512,
#endif
};

/* The value at `begin`, after whatever the fast walk did there. */
static freshet_err walk_again(struct walk *w, const char *begin)
{
	static const freshet_json_value missing;
	put_value(w, w->nodes, missing);
	forget_below(w, w->nodes);
	w->at = begin;
	walk_start(w);
	return walk_careful(w);
}

freshet_err walk_value(struct walk *w)
{
	const char *begin = w->at = skip_space(w, w->at);
	if (walk_closed_text(w))
		return FRESHET_OK;
	return walk_again(w, begin);
}

freshet_err walk_text(struct walk *w)
{
	const char *end = w->end;
	const char *begin = w->at = skip_space(w, w->at);
	while (w->end > begin && is_space(w->end[-1]))
		w->end--;
	bool all = walk_closed_text(w) && w->at == w->end;
	w->end = end;
	if (all)
		return FRESHET_OK;
	freshet_err err = walk_again(w, begin);
	if (err != FRESHET_OK)
		return err;
	w->at = skip_space(w, w->at);
	return w->at == w->end ? FRESHET_OK : FRESHET_EJSON_TRAILING;
}
