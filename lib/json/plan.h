/*
 * A compiled plan: the paths as a tree of names and indices. Node 0 is the whole text; each other node is a member or an
 * element of its parent's value.
 */
#ifndef JSON_PLAN_H
#define JSON_PLAN_H

#include <freshet/json.h>

/* No node: node 0 is nobody's child. No slot: the value is only on the way to others. */
#define PLAN_NO_NODE 0
#define PLAN_NO_SLOT UINT16_MAX

enum plan_kind {
	PLAN_NAME,    /* a member with just these bytes */
	PLAN_ESCAPED, /* a member whose name is spelled with escapes */
	PLAN_INDEX,   /* an array element */
};

/* The plan's state once its nodes may be read. */
#define PLAN_READY 2

freshet_err plan_compile_once(freshet_json_plan *plan);

/* Compiles the plan if this is its first use. FRESHET_EINVAL when it cannot be compiled, at every use. */
static inline freshet_err plan_prepare(freshet_json_plan *plan)
{
	if (__atomic_load_n(&plan->state, __ATOMIC_ACQUIRE) == PLAN_READY)
		return (freshet_err)plan->result;
	return plan_compile_once(plan);
}

#endif
