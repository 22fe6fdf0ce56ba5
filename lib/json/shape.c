/*
 * How shapes are learned. A text is taken apart into glue and values, and each piece becomes a step unless the tree has it
 * already. A text is not learned when it has more values than streams of events use to have, when a whole object or array
 * is picked from it, and when the tree says something else of a value: that means that names come twice in one of the two
 * texts. What was added until then does no harm, for no way to an end leads over it.
 *
 * Learning must not cost more than it gains. Where it fails again and again, it is tried ever more rarely.
 */
#include "json/shape.h"

#include "json/grammar.h"
#include "json/plan.h"
#include "json/scan.h"

/* Values of a text that is learned, at most. */
#define VALUES_MAX 48
/* Steps that may follow the same step. */
#define SIBLINGS_MAX 16
/* So many texts in turn may be in vain before most are not tried. */
#define PATIENCE 64

/* A piece of a text. */
struct piece {
	freshet_str glue;
	enum step_kind kind; /* of the value behind it */
	const char *value;   /* where that begins, with its quote */
	const char *next;    /* where the next glue begins */
};

/* The last quote of the string whose first is at `p`. */
static const char *string_end(const char *p, const char *end)
{
	p = scan_plain(p + 1, end).stop;
	while (*p == '\\')
		p = scan_plain(p + 2, end).stop;
	return p;
}

/* What lies from `begin` on, in a valid text that ends at `end`. `quoted`: it begins with the last quote of a string. */
static struct piece next_piece(const char *begin, const char *end, bool quoted)
{
	const char *p = begin + quoted;
	while (p < end) {
		if (*p == '"') {
			const char *last = string_end(p, end);
			const char *after = last + 1;
			while (after < end && is_space(*after))
				after++;
			if (after == end || *after != ':')
				return (struct piece){{begin, (size_t)(p + 1 - begin)}, STEP_STRING, p, last};
			p = after;
		} else if (is_digit(*p) || strchr("-tfn", *p) != NULL) {
			const char *after = p;
			while (after < end && !is_space(*after) && strchr(",]}", *after) == NULL)
				after++;
			return (struct piece){{begin, (size_t)(p - begin)}, STEP_SCALAR, p, after};
		} else {
			p++;
		}
	}
	return (struct piece){{begin, (size_t)(end - begin)}, STEP_END, NULL, end};
}

/* Takes a text apart; the last of the pieces is its end. Returns how many there are, 0 when that is more than `most`. */
static size_t take_apart(freshet_str text, struct piece *pieces, size_t most)
{
	const char *end = text.ptr + text.len;
	struct piece piece = {.next = text.ptr, .kind = STEP_GLUE};
	for (size_t count = 0; count < most; count++) {
		piece = next_piece(piece.next, end, piece.kind == STEP_STRING);
		pieces[count] = piece;
		if (piece.kind == STEP_END)
			return count + 1;
	}
	return 0;
}

static bool is_container(const freshet_json_value *value)
{
	return value->type == FRESHET_JSON_OBJECT || value->type == FRESHET_JSON_ARRAY;
}

static bool only_scalars(const freshet_json_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_container(&values[i]))
			return false;
	return true;
}

static uint16_t slot_of(const char *value, const freshet_json_value *values, size_t count)
{
	for (size_t i = 0; i < count && value != NULL; i++)
		if (values[i].raw.ptr == value)
			return (uint16_t)i;
	return PLAN_NO_SLOT;
}

static freshet_json_step make_step(freshet_str glue, enum step_kind kind, uint16_t slot)
{
	char bytes[SHAPE_GLUE] = {0};
	char mask[SHAPE_GLUE] = {0};
	memcpy(bytes, glue.ptr, glue.len);
	memset(mask, 0xff, glue.len);
	return (freshet_json_step){.glue = {word_at(bytes), word_at(bytes + 8)},
		.mask = {word_at(mask), word_at(mask + 8)},
		.slot = slot,
		.bytes = (uint16_t)((1U << glue.len) - 1),
		.len = (uint8_t)glue.len,
		.kind = (uint8_t)kind};
}

static bool is_string(const freshet_json_step *step)
{
	return shape_kind(step) == STEP_STRING || shape_kind(step) == STEP_ROUGH;
}

static bool same_step(const freshet_json_step *a, const freshet_json_step *b)
{
	bool same_kind = shape_kind(a) == shape_kind(b) || (is_string(a) && is_string(b));
	return a->glue[0] == b->glue[0] && a->glue[1] == b->glue[1] && a->len == b->len && same_kind;
}

/* The step that follows `parent`, made if there is none yet; NULL when it must not be. */
static freshet_json_step *step_for(
	freshet_json_plan *plan, freshet_json_step *parent, freshet_str glue, enum step_kind kind, uint16_t slot)
{
	freshet_json_step wanted = make_step(glue, kind, slot);
	freshet_json_step **link = &parent->child;
	for (int siblings = 0; *link != NULL; siblings++) {
		if (same_step(*link, &wanted))
			return (*link)->slot == slot ? *link : NULL;
		if (siblings == SIBLINGS_MAX)
			return NULL;
		link = &(*link)->sibling;
	}
	/* Step 0 is where all texts begin. */
	if (plan->learned + 1 >= plan->step_count)
		return NULL;
	plan->learned++;
	freshet_json_step *step = &plan->steps[plan->learned];
	*step = wanted;
	__atomic_store_n(link, step, __ATOMIC_RELEASE);
	return step;
}

/* All the steps of a piece; the last one, or NULL. */
static freshet_json_step *steps_for(
	freshet_json_plan *plan, freshet_json_step *step, const struct piece *piece, uint16_t slot)
{
	freshet_str glue = piece->glue;
	for (; step != NULL && glue.len > SHAPE_GLUE; glue.ptr += SHAPE_GLUE, glue.len -= SHAPE_GLUE)
		step = step_for(plan, step, (freshet_str){glue.ptr, SHAPE_GLUE}, STEP_GLUE, PLAN_NO_SLOT);
	return step != NULL ? step_for(plan, step, glue, piece->kind, slot) : NULL;
}

static bool add_shape(freshet_json_plan *plan, freshet_str text, const freshet_json_value *values)
{
	struct piece pieces[VALUES_MAX + 1];
	freshet_json_step *step = plan->steps;
	if (!shape_possible(text) || !only_scalars(values, plan->count))
		return false;
	size_t count = take_apart(text, pieces, VALUES_MAX + 1);
	for (size_t i = 0; i < count && step != NULL; i++)
		step = steps_for(plan, step, &pieces[i], slot_of(pieces[i].value, values, plan->count));
	return count > 0 && step != NULL;
}

void shape_learn(freshet_json_plan *plan, freshet_str text, const freshet_json_value *values)
{
	uint32_t vain = __atomic_load_n(&plan->vain, __ATOMIC_RELAXED);
	__atomic_store_n(&plan->vain, vain + 1, __ATOMIC_RELAXED);
	if (vain > PATIENCE && vain % PATIENCE != 0)
		return;
	if (__atomic_exchange_n(&plan->learning, 1, __ATOMIC_ACQUIRE) != 0)
		return;
	if (add_shape(plan, text, values))
		__atomic_store_n(&plan->vain, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&plan->learning, 0, __ATOMIC_RELEASE);
}

shape_pick_fn *const shape_pick[CPU_VECTORS + 1] = {
	[CPU_VECTORS] = pick_unlike,
	[CPU_SCALAR] = pick_unlike,
#ifdef SCAN_HAVE_base
	[CPU_BASE] = shape_pick_base,
#endif
#ifdef SCAN_HAVE_avx2
	[CPU_AVX2] = shape_pick_avx2,
#endif
#ifdef SCAN_HAVE_avx512
	[CPU_AVX512] = shape_pick_avx512,
	[CPU_VBMI2] = shape_pick_avx512,
#endif
};
