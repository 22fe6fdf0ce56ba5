/*
 * Paths compiled into a tree of names and indices.
 *
 * A static plan compiles itself when it is first used. Whoever comes first does it, others wait the microsecond that it
 * takes; afterwards the plan only is read, and the reading side costs one load. A path that cannot be read is remembered
 * as the plan's result.
 */
#include "json/plan.h"

#include "json/grammar.h"
#include "json/string.h"
#include "json/walk.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <sched.h>

/* Values of freshet_json_plan.state before PLAN_READY. */
#define PLAN_NEW       0
#define PLAN_COMPILING 1

/* One name or index of a path. */
struct segment {
	enum plan_kind kind;
	freshet_str name;
	uint32_t index;
};

/* ---- paths ---- */

/* `type`, at *at, which is moved past it. */
static bool parse_name(const char **at, struct segment *s)
{
	size_t len = 0;
	while ((unsigned char)(*at)[len] >= 0x20 && strchr(".[]\"", (*at)[len]) == NULL)
		len++;
	*s = (struct segment){PLAN_NAME, {*at, len}, 0};
	*at += len;
	return len > 0 && utf8_valid((const uint8_t *)s->name.ptr, len);
}

/* `"a.b"`, at *at, which is moved past it. */
static bool parse_quoted(const char **at, struct segment *s)
{
	freshet_json_value name;
	const char *end = *at + 1;
	while (*end != '"' && *end != '\0')
		end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
	freshet_str text = {*at, (size_t)(end - *at) + (*end == '"')};
	if (freshet_json_read(text, &name, NULL) != FRESHET_OK)
		return false;
	bool escaped = (name.flags & FRESHET_JSON_ESCAPED) != 0;
	*s = (struct segment){escaped ? PLAN_ESCAPED : PLAN_NAME, {*at + 1, text.len - 2}, 0};
	*at += text.len;
	return true;
}

/* `12`, at *at, which is moved past it. UINT32_MAX is no index: elements so far out are not counted. */
static bool parse_index(const char **at, struct segment *s)
{
	uint64_t index = 0;
	const char *digits = *at;
	for (; is_digit(**at) && index < UINT32_MAX; (*at)++)
		index = index * 10 + (uint64_t)(**at - '0');
	*s = (struct segment){PLAN_INDEX, {NULL, 0}, (uint32_t)index};
	return *at > digits && (*digits != '0' || *at == digits + 1) && index < UINT32_MAX;
}

/* The next name or index of a path that does not end at *at, which is moved past it. */
static bool parse_segment(const char **at, bool first, struct segment *s)
{
	if (**at != '[') {
		if (!first && *(*at)++ != '.')
			return false;
		return parse_name(at, s);
	}
	(*at)++;
	bool good = **at == '"' ? parse_quoted(at, s) : parse_index(at, s);
	return good && *(*at)++ == ']';
}

/* ---- the tree ---- */

static bool node_matches(const freshet_json_node *node, const struct segment *s)
{
	if (node->kind == PLAN_INDEX || s->kind == PLAN_INDEX)
		return node->kind == s->kind && node->number == s->index;
	freshet_str name = {node->name, node->number};
	return string_equal(name, node->kind == PLAN_ESCAPED, s->name, s->kind == PLAN_ESCAPED);
}

static void fill_node(freshet_json_node *node, const struct segment *s, const freshet_json_node *parent)
{
	*node = (freshet_json_node){0};
	node->kind = (uint8_t)s->kind;
	node->parent = parent;
	node->slot = PLAN_NO_SLOT;
	node->name = s->name.ptr;
	node->len = s->kind == PLAN_NAME ? (uint32_t)s->name.len : UINT32_MAX;
	node->number = s->kind == PLAN_INDEX ? s->index : (uint32_t)s->name.len;
	if (s->kind == PLAN_NAME)
		node->head = plan_head(s->name.ptr, s->name.len);
}

static uint64_t name_bits(const freshet_json_node *node)
{
	if (node->kind == PLAN_INDEX)
		return 0;
	return node->kind == PLAN_ESCAPED ? UINT64_MAX : (uint64_t)1 << plan_name_bit(node->name, node->len);
}

/* The child of `parent` for the segment, made if there is none yet; NULL without room for it. */
static freshet_json_node *child_for(
	freshet_json_plan *plan, size_t *used, freshet_json_node *parent, const struct segment *s)
{
	freshet_json_node **link = &parent->child;
	for (; *link != NULL; link = &(*link)->next)
		if (node_matches(*link, s))
			return *link;
	if (*used == plan->node_count || s->name.len >= UINT32_MAX)
		return NULL;
	*link = &plan->nodes[*used];
	fill_node(*link, s, parent);
	(*link)->place = (uint8_t)(*used < 63 ? *used : 63);
	(*used)++;
	parent->names |= name_bits(*link);
	return *link;
}

static freshet_err add_path(freshet_json_plan *plan, size_t *used, const char *path, size_t slot)
{
	freshet_json_node *node = plan->nodes;
	for (const char *at = path; *at != '\0';) {
		struct segment s;
		if (!parse_segment(&at, at == path, &s))
			return FRESHET_EINVAL;
		if ((node = child_for(plan, used, node, &s)) == NULL)
			return FRESHET_EINVAL;
	}
	if (node->slot != PLAN_NO_SLOT)
		return FRESHET_EINVAL;
	node->slot = (uint16_t)slot;
	return FRESHET_OK;
}

static freshet_err compile(freshet_json_plan *plan)
{
	static const struct segment whole = {PLAN_NAME, {"", 0}, 0};
	size_t used = 1;
	freshet_err err = FRESHET_OK;
	if (plan->node_count == 0 || plan->count >= PLAN_NO_SLOT || plan->max_depth > FRESHET_JSON_DEPTH_MAX)
		return FRESHET_EINVAL;
	fill_node(&plan->nodes[0], &whole, NULL);
	for (size_t i = 0; i < plan->count && err == FRESHET_OK; i++)
		err = add_path(plan, &used, plan->paths[i], i);
	return err;
}

freshet_err plan_compile_once(freshet_json_plan *plan)
{
	uint32_t state = PLAN_NEW;
	if (__atomic_compare_exchange_n(
		    &plan->state, &state, PLAN_COMPILING, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		plan->result = compile(plan);
		__atomic_store_n(&plan->state, PLAN_READY, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&plan->state, __ATOMIC_ACQUIRE) != PLAN_READY)
		sched_yield();
	return (freshet_err)plan->result;
}

/* ---- plans of their own memory ---- */

/* A plan with all that belongs to it, in one block: the nodes, then the paths, then their characters. */
struct owned_plan {
	freshet_json_plan plan;
	freshet_json_step steps[FRESHET_JSON_STEPS];
	freshet_json_node nodes[];
};

/* How many bytes and nodes the paths need: no name or index is shorter than one character and its separator. */
static void measure(const char *const *paths, size_t count, size_t *chars, size_t *nodes)
{
	*chars = 0;
	*nodes = 1;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(paths[i]);
		*chars += len + 1;
		*nodes += (len + 1) / 2;
	}
}

freshet_err freshet_json_plan_new(const char *const *paths, size_t count, size_t max_depth, freshet_json_plan **out)
{
	size_t chars;
	size_t nodes;
	*out = NULL;
	if (count >= PLAN_NO_SLOT)
		return FRESHET_EINVAL;
	measure(paths, count, &chars, &nodes);
	size_t size = sizeof(struct owned_plan) + nodes * sizeof(freshet_json_node) + count * sizeof(char *) + chars;
	struct owned_plan *owned = mem_zalloc(size);
	if (owned == NULL)
		return FRESHET_ENOMEM;
	const char **copies = (const char **)(void *)&owned->nodes[nodes];
	char *to = (char *)&copies[count];
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(paths[i]) + 1;
		copies[i] = memcpy(to, paths[i], len);
		to += len;
	}
	owned->plan = (freshet_json_plan){.paths = copies,
		.count = count,
		.nodes = owned->nodes,
		.node_count = nodes,
		.max_depth = max_depth,
		.steps = owned->steps,
		.step_count = FRESHET_JSON_STEPS};
	freshet_err err = plan_compile_once(&owned->plan);
	if (err != FRESHET_OK) {
		mem_free(owned);
		return err;
	}
	*out = &owned->plan;
	return FRESHET_OK;
}

void freshet_json_plan_free(freshet_json_plan *plan)
{
	mem_free(plan); /* the plan is the first member of what was allocated */
}
