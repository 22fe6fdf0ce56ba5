/*
 * One pass over one value of a text that lies whole in memory: checks all of it and fills in what a plan asks for.
 * The picker, the iterators and the writer's raw values stand on it.
 */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include "json/scan.h"

#include "base/cpu.h"

#include <freshet/json.h>

/* What the fast walk takes along from block to block. */
struct carry {
	uint64_t due;  /* what a block leaves to the next: see walk_body.h */
	uint64_t bad;  /* not 0: a string has a control character or an invalid escape */
	uint64_t high; /* not 0: there are bytes beyond ASCII */
};

struct walk {
	const char *begin; /* the text */
	const char *end;
	const char *at; /* where the value begins; afterwards: the byte behind it, or the one in error */
	const freshet_json_node *nodes; /* what to pick: node 0 of a plan */
	freshet_json_value *values;     /* one for each slot of the plan; the caller made them missing */
	size_t max_depth;
	bool utf8_known; /* the text is known to be valid UTF-8 */

	/* The rest is the walk's own. */
	freshet_err err;
	size_t depth;                    /* containers open */
	uint64_t objects;                /* which of them are objects, the innermost in the lowest bit */
	const freshet_json_node *inside; /* the innermost open container that the plan names */
	size_t inside_depth;             /* how many are open with it */
	uint64_t names;                  /* of its members, as freshet_json_node.names; 0 inside others */
	uint64_t seen;                   /* which of the plan's first 64 nodes were found, if others are below them */

	/* Of the fast walk: what is in the block at hand and in the next one, and what was seen so far. */
	struct scan_block next;
	uint64_t backslashes;
	uint64_t controls; /* control characters */
	uint64_t marks;    /* both */
	struct carry carry;
	unsigned flags; /* of the string that was found to end in another block */

	uint64_t outer_objects[FRESHET_JSON_DEPTH_MAX / 64]; /* what `objects` has no room for */
	uint32_t index[FRESHET_JSON_DEPTH_MAX + 1]; /* elements begun, for each container that the plan names */
};

/* The tree of a plan that has only the whole text: one value. */
extern const freshet_json_node walk_whole;

/* Nothing is read yet. */
static inline void walk_start(struct walk *w)
{
	w->depth = 0;
	w->objects = 0;
	w->inside = NULL;
	w->inside_depth = 0;
	w->names = 0;
	w->seen = 0;
	w->carry = (struct carry){0, 0, 0};
	w->next = (struct scan_block){0, 0, 0, 0};
}

/* A walk over the text that fills in `values` as `nodes` say. */
static inline void walk_init(
	struct walk *w, freshet_str text, const freshet_json_node *nodes, freshet_json_value *values, size_t max_depth)
{
	w->begin = text.len > 0 ? text.ptr : "";
	w->end = w->begin + text.len;
	w->at = w->begin;
	w->nodes = nodes;
	w->values = values;
	w->max_depth = max_depth;
	w->utf8_known = false;
	walk_start(w);
}

/*
 * The walk for texts that are closed by a bracket on both sides, for each kind of vectors: true when it reached the end of
 * the value and all was well, else it says nothing.
 */
typedef bool walk_closed_fn(struct walk *w);
extern walk_closed_fn *const walk_closed[CPU_VECTORS];
walk_closed_fn walk_base;
walk_closed_fn walk_avx2;
walk_closed_fn walk_avx512;

static inline bool walk_closed_text(struct walk *w)
{
	bool closed = w->end - w->at >= 2 && (*w->at | 0x20) == '{' && (w->end[-1] | 0x20) == '}';
	return closed && walk_closed[cpu_vector()](w);
}

/* The value at `at`, after white space. */
freshet_err walk_value(struct walk *w);

/* As walk_value, and nothing but white space may follow. */
freshet_err walk_text(struct walk *w);

/*
 * As walk_text, but it can only tell that all was well. Then nothing else is to be done; else walk_text has to be called,
 * as if this had not been.
 */
static inline bool walk_text_fast(struct walk *w)
{
	return walk_closed_text(w) && w->at == w->end;
}

#endif
