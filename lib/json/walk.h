/*
 * One pass over one value of a text that lies whole in memory: checks all of it and fills in what a plan asks for.
 * The picker, the iterators and the writer's raw values stand on it.
 */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include <freshet/json.h>

struct walk {
	const char *begin; /* the text */
	const char *end;
	const char *at; /* where the value begins; afterwards: the byte behind it, or the one in error */
	const freshet_json_node *nodes; /* what to pick: node 0 of a plan */
	freshet_json_value *values;     /* one for each slot of the plan; the caller made them missing */
	size_t max_depth;

	/* The rest is the walk's own. */
	const char *window; /* the 64 bytes that `stops` and `high` tell about; bytes from the end on are stops */
	uint64_t stops;
	uint64_t high;
	freshet_err err;
	size_t depth;                    /* containers open */
	uint64_t objects;                /* which of them are objects, the innermost in the lowest bit */
	const freshet_json_node *inside; /* the innermost open container that the plan names */
	size_t inside_depth;             /* how many are open with it */
	uint64_t outer_objects[FRESHET_JSON_DEPTH_MAX / 64]; /* what `objects` has no room for */
	uint32_t index[FRESHET_JSON_DEPTH_MAX + 1]; /* elements begun, for each container that the plan names */
};

/* A walk over the text that finds one value: what node 0 stands for without a plan. */
void walk_init(struct walk *w, freshet_str text, size_t max_depth);

/* The value at `at`, after white space. */
freshet_err walk_value(struct walk *w);

/* As walk_value, and nothing but white space may follow. */
freshet_err walk_text(struct walk *w);

#endif
