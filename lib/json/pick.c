/*
 * The picker: a plan handed to a walk over the whole text. When the text is bad, nothing of it is given out.
 */
#include "json/plan.h"
#include "json/walk.h"

static const freshet_json_value missing;

/* Walks over the text; on failure all `count` values are missing. */
static freshet_err run(struct walk *w, freshet_json_value *values, size_t count, size_t *position)
{
	w->values = values;
	for (size_t i = 0; i < count; i++)
		values[i] = missing;
	freshet_err err = walk_text(w);
	if (err == FRESHET_OK)
		return FRESHET_OK;
	for (size_t i = 0; i < count; i++)
		values[i] = missing;
	if (position != NULL)
		*position = (size_t)(w->at - w->begin);
	return err;
}

freshet_err freshet_json_pick(freshet_json_plan *plan, freshet_str text, freshet_json_value *values, size_t *position)
{
	struct walk w;
	freshet_err err = plan_prepare(plan);
	if (err != FRESHET_OK)
		return err;
	walk_init(&w, text, plan->max_depth != 0 ? plan->max_depth : FRESHET_JSON_DEPTH);
	w.nodes = plan->nodes;
	return run(&w, values, plan->count, position);
}

freshet_err freshet_json_get(freshet_str text, const char *path, freshet_json_value *out, size_t *position)
{
	freshet_json_node nodes[FRESHET_JSON_DEPTH];
	freshet_json_plan plan = {&path, 1, nodes, sizeof nodes / sizeof nodes[0], 0, 0, 0};
	*out = missing;
	return freshet_json_pick(&plan, text, out, position);
}

freshet_err freshet_json_read(freshet_str text, freshet_json_value *out, size_t *position)
{
	struct walk w;
	walk_init(&w, text, FRESHET_JSON_DEPTH);
	return run(&w, out, 1, position);
}
