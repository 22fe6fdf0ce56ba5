/*
 * The walk over a whole text. A value is read; when it is an object or array that holds something, the next step is its
 * first member; otherwise everything that ends here is left, a comma passed, and the next step is the member behind it.
 * Containers are a stack of bits, so nothing recurses.
 *
 * It is compiled several times. With CAREFUL, every byte is looked at in its order, and a failure has its exact place:
 * that is the walk which decides. Otherwise it is the walk for nearly all texts, which can only say that all is well. It
 * needs a text that is closed, so that it never has to ask for the end between two strings: the last byte is a bracket,
 * and no bracket is passed without asking. What is inside strings it takes from masks of 64 bytes at a time (WALK_SCAN
 * names their functions, see scan.h), which the processor computes ahead of their use. Escapes are checked as the masks
 * are made, UTF-8 at the end.
 */

#define HOT  __attribute__((always_inline)) static inline
#define COLD __attribute__((cold, noinline)) static
#define FAR  __attribute__((noinline)) static

#define LIKELY(condition) __builtin_expect((condition), 1)
#define RARELY(condition) __builtin_expect((condition), 0)

COLD const char *fail(struct walk *w, const char *at, freshet_err err)
{
	w->at = at;
	w->err = err;
	return NULL;
}

COLD const char *unexpected(struct walk *w, const char *at)
{
	return fail(w, at, at < w->end ? FRESHET_EJSON_SYNTAX : FRESHET_EJSON_TRUNCATED);
}

/* The byte at `p`; at the end of the text 0, which nothing expects. */
HOT char peek(const struct walk *w, const char *p)
{
	return !CAREFUL || p < w->end ? *p : '\0';
}

FAR const char *skip_space(const struct walk *w, const char *p)
{
	while (is_space(peek(w, p)))
		p++;
	return p;
}

/* Behind a comma or a colon there mostly is no white space, or one blank. What is more than that is left. */
HOT const char *skip_blank(const struct walk *w, const char *p)
{
	return peek(w, p) == ' ' ? p + 1 : p;
}

/* The byte at `p` is the wanted one, when white space is passed; NULL when it is another. */
HOT const char *expect(struct walk *w, const char *p, char wanted)
{
	if (LIKELY(peek(w, p) == wanted))
		return p;
	p = skip_space(w, p);
	return peek(w, p) == wanted ? p : unexpected(w, p);
}

/* A string, name or other scalar that was read. */
struct span {
	const char *end; /* the byte behind it; NULL on failure */
	unsigned flags;  /* of its value */
};

/* ---- strings ---- */

#if CAREFUL

/* A string that began at `text` cannot go on at `at`. An invalid sequence before that is the earlier failure. */
COLD const char *fail_in_string(struct walk *w, const char *text, const char *at, freshet_err err)
{
	size_t len = (size_t)(at - text);
	size_t valid = utf8_valid_prefix((const uint8_t *)text, len);
	if (valid < len && (at < w->end || utf8_open_tail((const uint8_t *)text, len) != len - valid))
		return fail(w, text + valid, FRESHET_EJSON_UTF8);
	return fail(w, at, at < w->end ? err : FRESHET_EJSON_TRUNCATED);
}

/* The escape whose backslash lies at `p`: the byte after it. */
static const char *read_escape(struct walk *w, const char *text, const char *p)
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

/* Nothing is scanned ahead. */
struct at_hand {
	char nothing;
};

/* The string whose first character lies at `text`. */
static struct span read_string(struct walk *w, struct at_hand *hand, const char *text)
{
	(void)hand;
	struct scan_run run = scan_plain(text, w->end);
	bool high = run.high;
	unsigned flags = 0;
	const char *p = run.stop;
	while (p < w->end && *p == '\\') {
		if ((p = read_escape(w, text, p)) == NULL)
			return (struct span){NULL, 0};
		run = scan_plain(p, w->end);
		p = run.stop;
		high |= run.high;
		flags = FRESHET_JSON_ESCAPED;
	}
	if (p == w->end || *p != '"')
		return (struct span){fail_in_string(w, text, p, FRESHET_EJSON_STRING), 0};
	if (high && !utf8_valid((const uint8_t *)text, (size_t)(p - text)))
		return (struct span){fail_in_string(w, text, p, FRESHET_EJSON_UTF8), 0};
	return (struct span){p + 1, flags};
}

#else

#define WALK_NAMED_AGAIN(name, kind) name##_##kind
#define WALK_NAMED(name, kind)       WALK_NAMED_AGAIN(name, kind)
#define SCAN(name)                   WALK_NAMED(scan_##name, WALK_SCAN)
#define SCAN_BYTES                   struct SCAN(bytes)

HOT uint64_t bits_below(size_t count)
{
	return ((uint64_t)1 << count) - 1;
}

/*
 * Takes escaped quotes out of the quotes of a block, and checks all its escapes. The bits of `bytes` lie `shift` places
 * too high. carry.due comes from the block before: its lowest bit says that the first byte here is escaped, the four
 * others which bytes must be hex digits.
 */
HOT void settle_escapes(struct scan_block *found, struct carry *carry, SCAN_BYTES bytes, unsigned shift)
{
	struct scan_escapes may = SCAN(escapes)(bytes);
	uint64_t first = carry->due & 1;
	uint64_t digits = carry->due >> 1;
	struct escaping here = escaping(found->backslashes, first);
	uint64_t units = here.escaped & may.units >> shift;
	carry->due = here.starts >> 63;
	if ((units | digits) != 0) {
		digits |= units << 1 | units << 2 | units << 3 | units << 4;
		carry->due |= (units >> 63 | units >> 62 | units >> 61 | units >> 60) << 1;
		carry->bad |= digits & ~(SCAN(hex)(bytes) >> shift);
	}
	carry->bad |= here.escaped & ~(may.escapable >> shift);
	found->quotes &= ~here.escaped;
}

HOT struct scan_block scan_whole(struct carry *carry, const char *block, bool escapes)
{
	SCAN_BYTES bytes = SCAN(load)(block);
	struct scan_block found = SCAN(block)(bytes);
	carry->high |= found.high;
	if (escapes || (found.backslashes | carry->due) != 0)
		settle_escapes(&found, carry, bytes, 0);
	return found;
}

/* The block of which the text has only `left` bytes, if any. */
HOT struct scan_block scan_last(struct walk *w, ptrdiff_t left)
{
	unsigned shift;
	freshet_str text = {w->begin, (size_t)(w->end - w->begin)};
	if (left <= 0)
		return (struct scan_block){0, 0, 0, 0};
	SCAN_BYTES bytes = SCAN(load_last)(text, (size_t)left, &shift);
	struct scan_block found = SCAN(block)(bytes);
	found.quotes >>= shift;
	found.backslashes >>= shift;
	found.controls >>= shift;
	w->carry.high |= found.high;
	if ((found.backslashes | w->carry.due) != 0)
		settle_escapes(&found, &w->carry, bytes, shift);
	return found;
}

/* The block that begins at `block`. Blocks are taken in their order, and none that has part of a string is left out. */
HOT struct scan_block scan_next(struct walk *w, const char *block)
{
	ptrdiff_t left = w->end - block;
	return left >= SCAN_BLOCK ? scan_whole(&w->carry, block, false) : scan_last(w, left);
}

/*
 * The block at hand, and its quotes from the next string on, the lowest of which is that string's. Every string takes its
 * two.
 */
struct at_hand {
	const char *block;
	uint64_t quotes;
};

/* Bits of the quotes that lie above the lowest one. */
HOT uint64_t without_lowest(uint64_t quotes)
{
	return quotes & (quotes - 1);
}

/* Scans the block behind the one at hand, so that the processor has done it when it is wanted. */
FAR void look_ahead(struct walk *w, const char *block)
{
	w->next = scan_next(w, block);
}

HOT struct at_hand take_block(struct walk *w, const char *block, struct scan_block found)
{
	w->backslashes = found.backslashes;
	w->controls = found.controls;
	w->marks = found.backslashes | found.controls;
	if (w->end - block > SCAN_BLOCK)
		look_ahead(w, block + SCAN_BLOCK);
	return (struct at_hand){block, found.quotes};
}

HOT struct at_hand first_block(struct walk *w, const char *block)
{
	struct scan_block found = scan_next(w, block);
	if (w->end - block > SCAN_BLOCK)
		w->next = scan_next(w, block + SCAN_BLOCK);
	w->backslashes = found.backslashes;
	w->controls = found.controls;
	w->marks = found.backslashes | found.controls;
	return (struct at_hand){block, found.quotes};
}

/* Notes what the part of a string that `inside` covers has in the block at hand. */
HOT void note_marks(struct walk *w, uint64_t inside)
{
	w->carry.bad |= w->controls & inside;
	w->flags |= (w->backslashes & inside) != 0 ? FRESHET_JSON_ESCAPED : 0;
}

/* A string goes on in the whole of the next block, and further: the block in which it ends. */
FAR struct at_hand pass_blocks(struct walk *w, struct at_hand hand)
{
	struct carry carry = w->carry;
	struct scan_block found = w->next;
	const char *block = hand.block + SCAN_BLOCK;
	uint64_t backslashes = 0;
	do {
		carry.bad |= found.controls;
		backslashes |= found.backslashes;
		block += SCAN_BLOCK;
		if (backslashes == 0) {
			struct scan_skip skip = SCAN(skip)(block, w->end);
			carry.high |= skip.high;
			block = skip.block;
		}
		if (w->end - block < SCAN_BLOCK)
			break;
		found = scan_whole(&carry, block, backslashes != 0);
	} while (found.quotes == 0);
	w->carry = carry;
	w->flags |= backslashes != 0 ? FRESHET_JSON_ESCAPED : 0;
	if (w->end - block < SCAN_BLOCK)
		found = scan_last(w, w->end - block);
	return take_block(w, block, found);
}

/*
 * A string has its first character at `text`, but its end is not in the block at hand: makes that one the block at hand
 * in which it ends, and the quote there the lowest. There is none when the text ends before.
 */
FAR struct at_hand find_end(struct walk *w, struct at_hand hand, const char *text)
{
	size_t offset = (size_t)(text - hand.block);
	uint64_t inside = offset < SCAN_BLOCK ? ~bits_below(offset) : 0;
	w->flags = 0;
	if (hand.quotes == 0) {
		/* Nor is its beginning. */
		for (size_t blocks = offset / SCAN_BLOCK; blocks > 0; blocks--)
			hand = take_block(w, hand.block + SCAN_BLOCK, w->next);
		inside = ~bits_below(offset % SCAN_BLOCK);
	} else {
		hand.quotes = 0;
	}
	while ((hand.quotes & inside) == 0) {
		note_marks(w, inside);
		inside = ~(uint64_t)0;
		if (w->end - hand.block <= SCAN_BLOCK)
			return (struct at_hand){hand.block, 0};
		bool far = w->next.quotes == 0 && w->end - hand.block > 2 * SCAN_BLOCK;
		hand = far ? pass_blocks(w, hand) : take_block(w, hand.block + SCAN_BLOCK, w->next);
	}
	hand.quotes &= inside;
	note_marks(w, inside & bits_below((size_t)__builtin_ctzll(hand.quotes)));
	return hand;
}

/* The string whose first character lies at `text`. */
HOT struct span read_string(struct walk *w, struct at_hand *hand, const char *text)
{
	unsigned flags = 0;
	uint64_t quotes = without_lowest(hand->quotes);
	if (RARELY(quotes == 0)) {
		*hand = find_end(w, *hand, text);
		quotes = hand->quotes;
		flags = w->flags;
		if (quotes == 0)
			return (struct span){unexpected(w, w->end), 0};
	} else if (RARELY(w->marks != 0)) {
		uint64_t inside =
			bits_below((size_t)__builtin_ctzll(quotes)) & ~bits_below((size_t)(text - hand->block));
		w->carry.bad |= w->controls & inside;
		flags = (w->backslashes & inside) != 0 ? FRESHET_JSON_ESCAPED : 0;
	}
	size_t end = (size_t)__builtin_ctzll(quotes);
	hand->quotes = without_lowest(quotes);
	return (struct span){hand->block + end + 1, flags};
}

#endif

/* ---- other scalars ---- */

/* The number that begins at `p`, by the table. */
FAR struct span read_long_number(struct walk *w, const char *p)
{
	bool real;
	enum number_state state = number_read(&p, w->end, &real);
	if (!number_complete(state))
		p = fail(w, p, state == NUMBER_BAD ? FRESHET_EJSON_NUMBER : FRESHET_EJSON_TRUNCATED);
	return (struct span){p, real ? FRESHET_JSON_REAL : 0};
}

/* Most numbers are a few digits that begin with no zero; everything else is for the table. */
HOT struct span read_number(struct walk *w, const char *start)
{
	const char *p = start;
	do
		p++;
	while (is_digit(peek(w, p)));
	char c = peek(w, p);
	if (RARELY(c != ',') && (c == '.' || (c | 0x20) == 'e'))
		return read_long_number(w, start);
	return (struct span){p, 0};
}

/* The literal's first byte was seen at `p`. */
HOT struct span read_literal(struct walk *w, const char *p, const char *literal, size_t len)
{
	if ((size_t)(w->end - p) >= len && memcmp(p, literal, len) == 0)
		return (struct span){p + len, 0};
	while (p < w->end && *p == *literal) {
		p++;
		literal++;
	}
	return (struct span){unexpected(w, p), 0};
}

/* ---- what the plan asks for ---- */

HOT void put_value(const struct walk *w, const freshet_json_node *node, freshet_json_value value)
{
	if (node->slot != PLAN_NO_SLOT)
		w->values[node->slot] = value;
}

/* Everything below the node is missing: its value is read anew, and only the last one of a name counts. */
FAR void forget_below(const struct walk *w, const freshet_json_node *top)
{
	static const freshet_json_value missing;
	const freshet_json_node *node = top;
	for (;;) {
		if (node->child != NULL) {
			node = node->child;
		} else {
			while (node != top && node->next == NULL)
				node = node->parent;
			if (node == top)
				return;
			node = node->next;
		}
		put_value(w, node, missing);
	}
}

/* The value of a node with others below it begins. */
HOT void begin_anew(struct walk *w, const freshet_json_node *node)
{
	if (RARELY(w->seen >> node->place & 1))
		forget_below(w, node);
	else
		w->seen |= (uint64_t)(node->place < 63) << node->place;
}

HOT void take(struct walk *w, const freshet_json_node *node, freshet_json_value value)
{
	if (node->child != NULL)
		begin_anew(w, node);
	put_value(w, node, value);
}

/* For names with escapes, in the text or in the plan. */
FAR const freshet_json_node *escaped_member_node(const struct walk *w, freshet_str name, bool escaped)
{
	for (const freshet_json_node *node = w->inside->child; node != NULL; node = node->next) {
		freshet_str wanted = {node->name, node->number};
		if (node->kind != PLAN_INDEX && string_equal(wanted, node->kind == PLAN_ESCAPED, name, escaped))
			return node;
	}
	return NULL;
}

FAR bool name_goes_on(const freshet_json_node *node, const char *name)
{
	return memcmp(node->name + 8, name + 8, node->len - 8) == 0;
}

/* The node for the member of `inside` with this name; NULL when nothing wants it. */
HOT const freshet_json_node *member_node(const struct walk *w, const char *name, size_t len, bool escaped)
{
	if (RARELY(escaped || w->inside->names == UINT64_MAX))
		return escaped_member_node(w, (freshet_str){name, len}, escaped);
	uint64_t head = LIKELY(w->end - name >= 8) ? plan_head_of_8(name, len) : plan_head(name, len);
	const freshet_json_node *node = w->inside->child;
	while (node->head != head || node->len != len || (RARELY(len > 8) && !name_goes_on(node, name)))
		if ((node = node->next) == NULL)
			return NULL;
	return node;
}

static const freshet_json_node *element_node(struct walk *w)
{
	uint32_t index = w->index[w->depth];
	if (index < UINT32_MAX)
		w->index[w->depth] = index + 1;
	for (const freshet_json_node *node = w->inside->child; node != NULL; node = node->next)
		if (node->kind == PLAN_INDEX && node->number == index)
			return node;
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
		w->names = wanted->names;
		w->index[w->depth] = 0;
	} else {
		w->names = 0;
	}
}

/* The innermost container ends with the bracket before `p`: the text goes on unless it was the outermost. */
HOT const char *pop(struct walk *w, const char *p)
{
	if (w->depth == w->inside_depth) {
		if (w->inside->slot != PLAN_NO_SLOT) {
			freshet_str *raw = &w->values[w->inside->slot].raw;
			raw->len = (size_t)(p - raw->ptr);
		}
		w->inside = w->inside->parent;
		w->inside_depth--;
	}
	w->depth--;
	w->names = w->depth == w->inside_depth && w->depth > 0 ? w->inside->names : 0;
	w->objects >>= 1;
	if (w->depth % 64 == 0 && w->depth > 0)
		w->objects = w->outer_objects[w->depth / 64 - 1];
	return p < w->end || w->depth == 0 ? p : unexpected(w, p);
}

/* The container that begins at `p`: its first member or element, or what follows when there is none. */
HOT const char *open_container(struct walk *w, const char *p, const freshet_json_node *wanted, bool *opened)
{
	bool object = *p == '{';
	if (w->depth == w->max_depth)
		return fail(w, p, FRESHET_EJSON_DEPTH);
	if (wanted != NULL)
		take(w, wanted, (freshet_json_value){object ? FRESHET_JSON_OBJECT : FRESHET_JSON_ARRAY, 0, {p, 0}});
	push(w, object, wanted);
	p++;
	if ((unsigned char)peek(w, p) <= ' ')
		p = skip_space(w, p);
	*opened = peek(w, p) != (object ? '}' : ']');
	return *opened ? p : pop(w, p + 1);
}

/* A scalar was read that began at `p`: what follows it. */
HOT const char *end_scalar(
	struct walk *w, const char *p, struct span span, freshet_json_type type, const freshet_json_node *wanted)
{
	if (wanted != NULL && span.end != NULL)
		take(w, wanted, (freshet_json_value){type, span.flags, {p, (size_t)(span.end - p)}});
	return span.end;
}

FAR const char *read_other(struct walk *w, const char *p, const freshet_json_node *wanted)
{
	switch (peek(w, p)) {
	case '0':
	case '-': return end_scalar(w, p, read_long_number(w, p), FRESHET_JSON_NUMBER, wanted);
	case 't': return end_scalar(w, p, read_literal(w, p, "true", 4), FRESHET_JSON_BOOL, wanted);
	case 'f': return end_scalar(w, p, read_literal(w, p, "false", 5), FRESHET_JSON_BOOL, wanted);
	case 'n': return end_scalar(w, p, read_literal(w, p, "null", 4), FRESHET_JSON_NULL, wanted);
	default: return unexpected(w, p);
	}
}

/* The name and the colon at `p`: where the value begins, but for white space. */
HOT const char *read_name(struct walk *w, struct at_hand *hand, const char *p, const freshet_json_node **wanted)
{
	if ((p = expect(w, p, '"')) == NULL)
		return NULL;
	const char *name = p + 1;
	struct span span = read_string(w, hand, name);
	if (span.end == NULL)
		return NULL;
	/* Escapes are decoded only once they are known to be valid. Those of all blocks that were taken have been checked. */
	if (!CAREFUL && RARELY(span.flags != 0) && w->carry.bad != 0)
		return NULL;
	size_t len = (size_t)(span.end - 1 - name);
	if ((w->names >> plan_name_bit(name, len) & 1) || (span.flags != 0 && w->depth == w->inside_depth))
		*wanted = member_node(w, name, len, span.flags != 0);
	p = expect(w, span.end, ':');
	return p != NULL ? skip_blank(w, p + 1) : NULL;
}

/*
 * A value ended before `p`, where no comma is: leaves all that ends here and comes to the comma. Without a container open,
 * it is the end.
 */
HOT const char *leave(struct walk *w, const char *p)
{
	while (w->depth > 0) {
		p = skip_space(w, p);
		if (peek(w, p) == ',')
			return p;
		if (peek(w, p) != (w->objects & 1 ? '}' : ']'))
			return unexpected(w, p);
		if ((p = pop(w, p + 1)) == NULL)
			return NULL;
	}
	return p;
}

/* The value at `p`, where `c` is: what follows it. *opened tells that it is a container, and its first member follows. */
HOT const char *read_any(
	struct walk *w, struct at_hand *hand, const char *p, char c, const freshet_json_node *wanted, bool *opened)
{
	if (c == '"')
		return end_scalar(w, p, read_string(w, hand, p + 1), FRESHET_JSON_STRING, wanted);
	if (c >= '1' && c <= '9')
		return end_scalar(w, p, read_number(w, p), FRESHET_JSON_NUMBER, wanted);
	if (c == '{' || c == '[')
		return open_container(w, p, wanted, opened);
	return read_other(w, p, wanted);
}

/* The value at `p`: the byte behind it, or NULL. */
HOT const char *walk_members(struct walk *w, struct at_hand hand, const char *p)
{
	const freshet_json_node *wanted = w->nodes;
	for (;;) {
		bool opened = false;
		char c = peek(w, p);
		if ((unsigned char)c <= ' ') {
			p = skip_space(w, p);
			c = peek(w, p);
		}
		if ((p = read_any(w, &hand, p, c, wanted, &opened)) == NULL)
			return NULL;
		if (!opened) {
			/* What is behind the last bracket of a closed text must not be looked at. */
			bool closing = c == '{' || c == '[';
			if (CAREFUL || closing || *p != ',')
				p = leave(w, p);
			if (p == NULL || w->depth == 0)
				return p;
			p = skip_blank(w, p + 1);
		}
		wanted = NULL;
		if (w->objects & 1) {
			if ((p = read_name(w, &hand, p, &wanted)) == NULL)
				return NULL;
		} else if (w->depth == w->inside_depth) {
			wanted = element_node(w);
		}
	}
}

#if !CAREFUL

bool WALK(struct walk *w)
{
	const char *begin = w->at;
	const char *p = walk_members(w, first_block(w, begin), begin);
	if (p == NULL || w->carry.bad != 0)
		return false;
	if (w->carry.high != 0 && !w->utf8_known && !utf8_valid((const uint8_t *)begin, (size_t)(p - begin)))
		return false;
	w->at = p;
	return true;
}

#include "json/shape_body.h"

#endif
