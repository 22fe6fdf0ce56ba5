/*
 * The picker: a plan handed to a walk over the whole text. When the text is bad, nothing of it is given out.
 */
#include "json/plan.h"
#include "json/shape.h"
#include "json/walk.h"

static void forget(freshet_json_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = (freshet_json_value){FRESHET_JSON_MISSING, 0, {NULL, 0}};
}

/* Walks over the text; on failure all `count` values are missing. */
static freshet_err run(struct walk *w, size_t count, size_t *position)
{
	w->at = w->begin;
	walk_start(w);
	freshet_err err = walk_text(w);
	if (err == FRESHET_OK)
		return FRESHET_OK;
	forget(w->values, count);
	if (position != NULL)
		*position = (size_t)(w->at - w->begin);
	return err;
}

/* As run, where there is nothing to be said about the text but that it is good. */
static inline freshet_err run_fast(struct walk *w, size_t count, size_t *position)
{
	forget(w->values, count);
	return walk_text_fast(w) ? FRESHET_OK : run(w, count, position);
}

freshet_err pick_unlike(
	freshet_json_plan *plan, freshet_str text, bool utf8_known, freshet_json_value *values, size_t *position)
{
	struct walk w;
	walk_init(&w, text, plan->nodes, values, plan->max_depth != 0 ? plan->max_depth : FRESHET_JSON_DEPTH);
	w.utf8_known = utf8_known;
	freshet_err err = run_fast(&w, plan->count, position);
	if (err == FRESHET_OK && plan->steps != NULL)
		shape_learn(plan, text, values);
	return err;
}

/* Picks with a plan that may not be compiled yet. */
static __attribute__((noinline)) freshet_err pick_any(
	freshet_json_plan *plan, freshet_str text, bool utf8_known, freshet_json_value *values, size_t *position)
{
	freshet_err err = plan_prepare(plan);
	if (err == FRESHET_OK)
		return pick_unlike(plan, text, utf8_known, values, position);
	forget(values, plan->count);
	return err;
}

/* Mostly this is one jump: nothing is kept across it. */
static inline freshet_err pick(
	freshet_json_plan *plan, freshet_str text, bool utf8_known, freshet_json_value *values, size_t *position)
{
	if (!plan_ready(plan) || !shape_may_fit(plan, text))
		return pick_any(plan, text, utf8_known, values, position);
	int vector = atomic_load_explicit(&cpu_chosen, memory_order_relaxed);
	return shape_pick[vector](plan, text, utf8_known, values, position);
}

freshet_err freshet_json_pick(freshet_json_plan *plan, freshet_str text, freshet_json_value *values, size_t *position)
{
	return pick(plan, text, false, values, position);
}

freshet_err freshet_json_pick_utf8(
	freshet_json_plan *plan, freshet_str text, freshet_json_value *values, size_t *position)
{
	return pick(plan, text, true, values, position);
}

freshet_err freshet_json_get(freshet_str text, const char *path, freshet_json_value *out, size_t *position)
{
	freshet_json_node nodes[FRESHET_JSON_DEPTH];
	freshet_json_plan plan = {
		.paths = &path, .count = 1, .nodes = nodes, .node_count = sizeof nodes / sizeof nodes[0]};
	return freshet_json_pick(&plan, text, out, position);
}

freshet_err freshet_json_read(freshet_str text, freshet_json_value *out, size_t *position)
{
	struct walk w;
	walk_init(&w, text, &walk_whole, out, FRESHET_JSON_DEPTH);
	return run_fast(&w, 1, position);
}
