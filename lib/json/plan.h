/*
 * A compiled plan: the paths as a tree of names and indices. Node 0 is the whole text; each other node is a member or an
 * element of its parent's value.
 */
#ifndef JSON_PLAN_H
#define JSON_PLAN_H

#include <freshet/json.h>

/* The value is only on the way to others. */
#define PLAN_NO_SLOT UINT16_MAX

enum plan_kind {
	PLAN_NAME,    /* a member with just these bytes */
	PLAN_ESCAPED, /* a member whose name is spelled with escapes */
	PLAN_INDEX,   /* an array element */
};

/* The first eight of `len` bytes as one number, zeros behind them. Eight bytes must be readable. */
static inline uint64_t plan_head_of_8(const char *name, size_t len)
{
	uint64_t head;
	memcpy(&head, name, sizeof head);
	if (len >= sizeof head)
		return head;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return head & (((uint64_t)1 << 8 * len) - 1);
#else
	return len > 0 ? head & ~(uint64_t)0 << (64 - 8 * len) : 0;
#endif
}

static inline uint64_t plan_head(const char *name, size_t len)
{
	char bytes[8] = {0};
	if (len > 0)
		memcpy(bytes, name, len < sizeof bytes ? len : sizeof bytes);
	return plan_head_of_8(bytes, len);
}

/*
 * Which bit of freshet_json_node.names stands for a name: few names that no plan wants share one with a name wanted.
 * The bytes around the name must be readable: quotes, or what else is always the same around a name without characters.
 */
static inline unsigned plan_name_bit(const char *name, size_t len)
{
	return ((unsigned)len * 8 + (unsigned char)name[0] + (unsigned char)name[(ptrdiff_t)len - 1]) % 64;
}

/* freshet_json_plan.state when the nodes may be read. */
#define PLAN_READY 2

freshet_err plan_compile_once(freshet_json_plan *plan);

/* The plan is compiled, and can be used. */
static inline bool plan_ready(const freshet_json_plan *plan)
{
	return __atomic_load_n(&plan->state, __ATOMIC_ACQUIRE) == PLAN_READY && plan->result == FRESHET_OK;
}

/* Compiles the plan if this is its first use. FRESHET_EINVAL when it cannot be compiled, at every use. */
static inline freshet_err plan_prepare(freshet_json_plan *plan)
{
	if (__atomic_load_n(&plan->state, __ATOMIC_ACQUIRE) == PLAN_READY)
		return (freshet_err)plan->result;
	return plan_compile_once(plan);
}

#endif
