/*
 * The walk over a whole text. A value is read; when it is an object or array that holds something, the next step is its
 * first member; otherwise everything that ends here is left, a comma passed, and the next step is the member behind it.
 * Containers are a stack of bits, so nothing recurses.
 *
 * A failure is noted with its place in the walk and travels up as a NULL. An invalid UTF-8 sequence is found only when
 * the string around it ends or fails, so whatever fails in a string looks back for one.
 *
 * Strings are most of a text. The stops of 64 bytes at a time are computed into masks, independently of what the bytes
 * mean, so that the processor does it ahead; finding the end of a short string is then a shift and a bit count.
 */
#include "json/walk.h"

#include "json/grammar.h"
#include "json/plan.h"
#include "json/scan.h"
#include "json/string.h"

#include "base/utf8.h"

#define HOT __attribute__((always_inline)) static inline

static __attribute__((cold, noinline)) const char *fail(struct walk *w, const char *at, freshet_err err)
{
	w->at = at;
	w->err = err;
	return NULL;
}

static __attribute__((cold, noinline)) const char *unexpected(struct walk *w, const char *at)
{
	return fail(w, at, at < w->end ? FRESHET_EJSON_SYNTAX : FRESHET_EJSON_TRUNCATED);
}

HOT const char *skip_space(const struct walk *w, const char *p)
{
	while (p < w->end && (unsigned char)*p <= ' ' && is_space(*p))
		p++;
	return p;
}

/* ---- strings ---- */

/* The window at `base`. The text before it lends its bytes where the window reaches past the end. */
HOT void load_window(struct walk *w, const char *base)
{
	size_t left = (size_t)(w->end - base);
	struct scan_masks masks;
	w->window = base;
	if (left >= SCAN_WINDOW) {
		masks = scan_masks_full(base);
	} else if (left > 0 && w->end - w->begin >= SCAN_WINDOW) {
		masks = scan_masks_full(w->end - SCAN_WINDOW);
		masks.stops = masks.stops >> (SCAN_WINDOW - left) | (uint64_t)1 << left;
		masks.high >>= SCAN_WINDOW - left;
	} else {
		masks = scan_masks_short(base, left);
		masks.stops |= (uint64_t)1 << left;
	}
	w->stops = masks.stops;
	w->high = masks.high;
}

/* The stop of a string that goes on past its window. */
static __attribute__((noinline)) const char *far_stop(struct walk *w, const char *p, bool *high)
{
	load_window(w, p);
	if (w->stops == 0) {
		*high |= w->high != 0;
		struct scan_run run = scan_plain(p + SCAN_WINDOW, w->end);
		*high |= run.high;
		load_window(w, run.stop);
	}
	const char *stop = w->window + __builtin_ctzll(w->stops);
	*high |= (w->high & scan_bits_below((size_t)(stop - w->window))) != 0;
	return stop;
}

/* The first stop at or after `p`, which may be the end; *high becomes true when a byte beyond ASCII lies before it. */
HOT const char *next_stop(struct walk *w, const char *p, bool *high)
{
	size_t offset = (size_t)(p - w->window);
	if (offset >= SCAN_WINDOW)
		return far_stop(w, p, high);
	uint64_t stops = w->stops >> offset;
	if (stops == 0) {
		*high |= w->high >> offset != 0;
		return far_stop(w, w->window + SCAN_WINDOW, high);
	}
	size_t plain = (size_t)__builtin_ctzll(stops);
	*high |= (w->high >> offset & scan_bits_below(plain)) != 0;
	return p + plain;
}

/* A string that began at `text` cannot go on at `at`. An invalid sequence before that is the earlier failure. */
static __attribute__((cold, noinline)) const char *fail_in_string(
	struct walk *w, const char *text, const char *at, freshet_err err)
{
	size_t len = (size_t)(at - text);
	size_t valid = utf8_valid_prefix((const uint8_t *)text, len);
	if (valid < len && (at < w->end || utf8_open_tail((const uint8_t *)text, len) != len - valid))
		return fail(w, text + valid, FRESHET_EJSON_UTF8);
	return fail(w, at, at < w->end ? err : FRESHET_EJSON_TRUNCATED);
}

/* The escape whose backslash lies at `p`: the byte after it. */
HOT const char *read_escape(struct walk *w, const char *text, const char *p)
{
	p++;
	if (p == w->end || escape_of[(unsigned char)*p] == 0)
		return fail_in_string(w, text, p, FRESHET_EJSON_STRING);
	if (*p++ != 'u')
		return p;
	for (const char *last = p + 4; p < last; p++)
		if (p == w->end || hex_digit(*p) > 15)
			return fail_in_string(w, text, p, FRESHET_EJSON_STRING);
	return p;
}

/* The string whose first character lies at `text`: its closing quote. */
HOT const char *read_string(struct walk *w, const char *text, unsigned *flags)
{
	bool high = false;
	const char *p = next_stop(w, text, &high);
	while (p < w->end && *p == '\\') {
		*flags |= FRESHET_JSON_ESCAPED;
		if ((p = read_escape(w, text, p)) == NULL)
			return NULL;
		p = next_stop(w, p, &high);
	}
	if (p == w->end || *p != '"')
		return fail_in_string(w, text, p, FRESHET_EJSON_STRING);
	if (high && !utf8_valid((const uint8_t *)text, (size_t)(p - text)))
		return fail_in_string(w, text, p, FRESHET_EJSON_UTF8);
	return p;
}

/* ---- other scalars ---- */

/* The byte after the number that begins at `p`. */
static const char *read_long_number(struct walk *w, const char *p, unsigned *flags)
{
	enum number_state state = NUMBER_START;
	for (; p < w->end; p++) {
		enum number_state next = number_next(state, *p);
		if (next == NUMBER_ENDED)
			return p;
		if (next == NUMBER_BAD)
			return fail(w, p, FRESHET_EJSON_NUMBER);
		state = next;
		if (state == NUMBER_POINT || state == NUMBER_E)
			*flags |= FRESHET_JSON_REAL;
	}
	return number_complete(state) ? p : fail(w, p, FRESHET_EJSON_TRUNCATED);
}

/* Most numbers are a few digits; everything else is for the table. */
HOT const char *read_number(struct walk *w, const char *start, unsigned *flags)
{
	const char *p = start;
	if (*p == '0' || *p == '-')
		return read_long_number(w, start, flags);
	while (p < w->end && is_digit(*p))
		p++;
	if (p < w->end && (*p == '.' || *p == 'e' || *p == 'E'))
		return read_long_number(w, start, flags);
	return p;
}

/* The literal's first byte was seen at `p`. */
HOT const char *read_literal(struct walk *w, const char *p, const char *literal, size_t len)
{
	if ((size_t)(w->end - p) >= len && memcmp(p, literal, len) == 0)
		return p + len;
	while (p < w->end && *p == *literal) {
		p++;
		literal++;
	}
	return unexpected(w, p);
}

/* ---- what the plan asks for ---- */

/* Everything below the node is missing: its value is read anew, and only the last one of a name counts. */
static void forget_below(const struct walk *w, const freshet_json_node *top)
{
	const freshet_json_node *node = top;
	for (;;) {
		if (node->child != PLAN_NO_NODE) {
			node = &w->nodes[node->child];
		} else {
			while (node != top && node->next == PLAN_NO_NODE)
				node = &w->nodes[node->parent];
			if (node == top)
				return;
			node = &w->nodes[node->next];
		}
		if (node->slot != PLAN_NO_SLOT)
			w->values[node->slot] = (freshet_json_value){FRESHET_JSON_MISSING, 0, {NULL, 0}};
	}
}

HOT void found(const struct walk *w, const freshet_json_node *node, freshet_json_type type, unsigned flags,
	const char *begin, const char *end)
{
	if (node->child != PLAN_NO_NODE)
		forget_below(w, node);
	if (node->slot != PLAN_NO_SLOT)
		w->values[node->slot] = (freshet_json_value){type, flags, {begin, (size_t)(end - begin)}};
}

HOT bool name_is(const freshet_json_node *node, const char *text, size_t len, const char *end)
{
	if (node->len != len)
		return false;
	if (end - text < 8)
		return memcmp(node->name, text, len) == 0;
	static const uint8_t ramp[16] = {255, 255, 255, 255, 255, 255, 255, 255};
	uint64_t mask;
	uint64_t head;
	memcpy(&mask, ramp + (len < 8 ? 8 - len : 0), 8);
	memcpy(&head, text, 8);
	return (head & mask) == node->head && (len <= 8 || memcmp(node->name + 8, text + 8, len - 8) == 0);
}

/* The node for the member of `inside` with this name, as it lies in the text; NULL when nothing wants it. */
HOT const freshet_json_node *member_node(const struct walk *w, const char *text, size_t len, bool escaped)
{
	for (unsigned i = w->inside->child; i != PLAN_NO_NODE; i = w->nodes[i].next) {
		const freshet_json_node *node = &w->nodes[i];
		if (node->kind == PLAN_NAME && !escaped) {
			if (name_is(node, text, len, w->end))
				return node;
		} else if (node->kind != PLAN_INDEX) {
			freshet_str name = {node->name, node->len};
			freshet_str key = {text, len};
			if (string_equal(name, node->kind == PLAN_ESCAPED, key, escaped))
				return node;
		}
	}
	return NULL;
}

static const freshet_json_node *element_node(struct walk *w)
{
	uint32_t index = w->index[w->depth];
	if (index < UINT32_MAX)
		w->index[w->depth] = index + 1;
	for (unsigned i = w->inside->child; i != PLAN_NO_NODE; i = w->nodes[i].next)
		if (w->nodes[i].kind == PLAN_INDEX && w->nodes[i].len == index)
			return &w->nodes[i];
	return NULL;
}

/* ---- containers ---- */

HOT void push(struct walk *w, bool object, const freshet_json_node *wanted)
{
	if (w->depth % 64 == 0 && w->depth > 0)
		w->outer_objects[w->depth / 64 - 1] = w->objects;
	w->objects = w->objects << 1 | object;
	w->depth++;
	if (wanted != NULL) {
		w->inside = wanted;
		w->inside_depth = w->depth;
		w->index[w->depth] = 0;
	}
}

/* The innermost container ends before `p`. */
HOT void pop(struct walk *w, const char *p)
{
	if (w->depth == w->inside_depth) {
		if (w->inside->slot != PLAN_NO_SLOT) {
			freshet_str *raw = &w->values[w->inside->slot].raw;
			raw->len = (size_t)(p - raw->ptr);
		}
		w->inside = &w->nodes[w->inside->parent];
		w->inside_depth--;
	}
	w->depth--;
	w->objects >>= 1;
	if (w->depth % 64 == 0 && w->depth > 0)
		w->objects = w->outer_objects[w->depth / 64 - 1];
}

/* The container that begins at `p`: its first member or element, or what follows when there is none. */
HOT const char *open_container(struct walk *w, const char *p, const freshet_json_node *wanted, bool *opened)
{
	bool object = *p == '{';
	if (w->depth == w->max_depth)
		return fail(w, p, FRESHET_EJSON_DEPTH);
	if (wanted != NULL)
		found(w, wanted, object ? FRESHET_JSON_OBJECT : FRESHET_JSON_ARRAY, 0, p, p);
	push(w, object, wanted);
	p = skip_space(w, p + 1);
	*opened = p == w->end || *p != (object ? '}' : ']');
	if (*opened)
		return p;
	pop(w, p + 1);
	return p + 1;
}

/* A value at `p`. *opened tells that it is a container and `p` its first member; else what is returned follows it. */
HOT const char *read_any(struct walk *w, const char *p, const freshet_json_node *wanted, bool *opened)
{
	const char *start = p;
	freshet_json_type type;
	unsigned flags = 0;
	*opened = false;
	if (p == w->end)
		return unexpected(w, p);
	switch (*p) {
	case '"':
		type = FRESHET_JSON_STRING;
		if ((p = read_string(w, p + 1, &flags)) != NULL)
			p++;
		break;
	case '{':
	case '[': return open_container(w, p, wanted, opened);
	case 't':
		type = FRESHET_JSON_BOOL;
		p = read_literal(w, p, "true", 4);
		break;
	case 'f':
		type = FRESHET_JSON_BOOL;
		p = read_literal(w, p, "false", 5);
		break;
	case 'n':
		type = FRESHET_JSON_NULL;
		p = read_literal(w, p, "null", 4);
		break;
	default:
		if (*p != '-' && !is_digit(*p))
			return unexpected(w, p);
		type = FRESHET_JSON_NUMBER;
		p = read_number(w, p, &flags);
	}
	if (wanted != NULL && p != NULL)
		found(w, wanted, type, flags, start, p);
	return p;
}

/* A value ended before `p`: leaves what ends with it and passes the comma. Without a container open, it is the end. */
HOT const char *leave(struct walk *w, const char *p)
{
	while (w->depth > 0) {
		p = skip_space(w, p);
		if (p == w->end)
			return unexpected(w, p);
		if (*p == ',')
			return skip_space(w, p + 1);
		if (*p != (w->objects & 1 ? '}' : ']'))
			return unexpected(w, p);
		p++;
		pop(w, p);
	}
	return p;
}

/* The name and the colon that begin at `p`: where the value begins. */
HOT const char *read_name(struct walk *w, const char *p, const freshet_json_node **wanted)
{
	unsigned flags = 0;
	if (p == w->end || *p != '"')
		return unexpected(w, p);
	const char *name = p + 1;
	if ((p = read_string(w, name, &flags)) == NULL)
		return NULL;
	if (w->depth == w->inside_depth)
		*wanted = member_node(w, name, (size_t)(p - name), flags != 0);
	p = skip_space(w, p + 1);
	if (p == w->end || *p != ':')
		return unexpected(w, p);
	return skip_space(w, p + 1);
}

void walk_init(struct walk *w, freshet_str text, size_t max_depth)
{
	static const freshet_json_node whole = {.name = "", .slot = 0};
	w->begin = text.len > 0 ? text.ptr : "";
	w->end = w->begin + text.len;
	w->at = w->begin;
	w->nodes = &whole;
	w->max_depth = max_depth;
}

freshet_err walk_value(struct walk *w)
{
	const freshet_json_node *wanted = w->nodes;
	const char *p = skip_space(w, w->at);
	bool opened;
	w->depth = 0;
	w->objects = 0;
	w->inside_depth = 0;
	load_window(w, p);
	for (;;) {
		p = read_any(w, p, wanted, &opened);
		if (p != NULL && !opened)
			p = leave(w, p);
		if (p == NULL)
			return w->err;
		if (w->depth == 0)
			break;
		wanted = NULL;
		if (w->objects & 1)
			p = read_name(w, p, &wanted);
		else if (w->depth == w->inside_depth)
			wanted = element_node(w);
		if (p == NULL)
			return w->err;
	}
	w->at = p;
	return FRESHET_OK;
}

freshet_err walk_text(struct walk *w)
{
	freshet_err err = walk_value(w);
	if (err != FRESHET_OK)
		return err;
	w->at = skip_space(w, w->at);
	return w->at == w->end ? FRESHET_OK : FRESHET_EJSON_TRAILING;
}
