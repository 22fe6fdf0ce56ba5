/*
 * The shapes of the texts that a plan has seen. The texts of a stream are alike: between their values lie the same bytes
 * again and again, its brackets, names, colons and commas, here called glue. A plan remembers the glue of valid texts as a
 * tree of steps, each of some glue and the value behind it; a text that goes all the way down along such steps is valid
 * too, and has its members where they had them.
 *
 * A tree only grows, and only when nobody else lets it grow: readers need no lock.
 */
#ifndef JSON_SHAPE_H
#define JSON_SHAPE_H

#include "base/cpu.h"

#include <freshet/json.h>

enum step_kind {
	STEP_GLUE,   /* more of it follows */
	STEP_STRING, /* the glue ends with its first quote, and what follows begins with its last */
	STEP_ROUGH,  /* as STEP_STRING, once there was one that is long or has escapes: more like it are expected */
	STEP_SCALAR, /* a number, a boolean or null */
	STEP_END,    /* of the text */
};

/* Bytes that one step compares. Shorter texts have no shape. */
#define SHAPE_GLUE 16

/* The step that `link` leads to, if any: what it has is there to be read. */
static inline freshet_json_step *shape_link(freshet_json_step *const *link)
{
	return __atomic_load_n(link, __ATOMIC_ACQUIRE);
}

static inline enum step_kind shape_kind(const freshet_json_step *step)
{
	return (enum step_kind)__atomic_load_n(&step->kind, __ATOMIC_RELAXED);
}

/* Picks from any text by a walk over all its members, and learns how it looks. */
freshet_err pick_unlike(
	freshet_json_plan *plan, freshet_str text, bool utf8_known, freshet_json_value *values, size_t *position);

/*
 * Picks from a text along the shapes of the plan, else by pick_unlike; one for each kind of vectors. The plan is compiled,
 * and shape_may_fit is true of it and the text.
 */
typedef freshet_err shape_pick_fn(
	freshet_json_plan *plan, freshet_str text, bool utf8_known, freshet_json_value *values, size_t *position);
extern shape_pick_fn *const shape_pick[CPU_VECTORS + 1]; /* the last is for machines that are not known yet */
shape_pick_fn shape_pick_base;
shape_pick_fn shape_pick_avx2;
shape_pick_fn shape_pick_avx512;

/* The text is long enough, and the bracket at its end stops whatever reads on from inside. */
static inline bool shape_possible(freshet_str text)
{
	return text.len >= SHAPE_GLUE && (text.ptr[text.len - 1] | 0x20) == '}';
}

/* There may be a shape of the plan that the text has. */
static inline bool shape_may_fit(const freshet_json_plan *plan, freshet_str text)
{
	return plan->steps != NULL && shape_link(&plan->steps->child) != NULL && shape_possible(text);
}

/* The text is valid and these are the values picked from it: adds its shape, if there is room and it is worth it. */
void shape_learn(freshet_json_plan *plan, freshet_str text, const freshet_json_value *values);

#endif
