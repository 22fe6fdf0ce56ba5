/*
 * Picks from a text along the steps of shapes that were learned: compares what lies between the values with what lay there
 * in the texts before, and looks only at the values. walk_body.h includes it for each kind of vectors.
 *
 * It can only tell that all is well. When no shape fits, or a value is bad, the walk over all members decides.
 */

#if !SHAPE_MASKED_LOADS
/* The last `left` bytes of a text, less than eight; the text itself has no less. */
HOT uint64_t last_word(const char *end, size_t left)
{
	uint64_t word = word_at(end - sizeof word);
	return left > 0 ? word >> 8 * (sizeof word - left) : 0;
}

/* The eight bytes at `p`, or eight of them further on; behind the end of the text they are 0. */
HOT uint64_t word_near_end(const char *p, const char *end, size_t further)
{
	size_t left = (size_t)(end - p);
	if (left >= further + sizeof(uint64_t))
		return word_at(p + further);
	return last_word(end, left > further ? left - further : 0);
}
#endif

/* Sixteen bytes of a text, to be compared with the glue of steps; behind its end they are 0. */
#if defined(__SSE2__)

struct glue {
	__m128i bytes;
};

HOT __m128i glue_at_end(const char *p, const char *end)
{
#if SHAPE_MASKED_LOADS
	return _mm_maskz_loadu_epi8((__mmask16)((1U << (end - p)) - 1), p);
#else
	return _mm_set_epi64x((long long)word_near_end(p, end, 8), (long long)word_near_end(p, end, 0));
#endif
}

HOT struct glue glue_at(const char *p, const char *end)
{
	if (LIKELY(p <= end - SHAPE_GLUE))
		return (struct glue){_mm_loadu_si128((const __m128i *)(const void *)p)};
	return (struct glue){glue_at_end(p, end)};
}

HOT bool glue_fits(const freshet_json_step *step, struct glue here)
{
	__m128i glue = _mm_loadu_si128((const __m128i *)(const void *)step->glue);
	return (step->bytes & ~_mm_movemask_epi8(_mm_cmpeq_epi8(here.bytes, glue))) == 0;
}

#else

struct glue {
	uint64_t first;
	uint64_t second;
};

HOT struct glue glue_at(const char *p, const char *end)
{
	if (LIKELY(p <= end - SHAPE_GLUE))
		return (struct glue){word_at(p), word_at(p + 8)};
	return (struct glue){word_near_end(p, end, 0), word_near_end(p, end, 8)};
}

HOT bool glue_fits(const freshet_json_step *step, struct glue here)
{
	uint64_t first = (here.first ^ step->glue[0]) & step->mask[0];
	uint64_t second = (here.second ^ step->glue[1]) & step->mask[1];
	return (first | second) == 0;
}

#endif

/* ---- values ---- */

/* A value, or the glue of a step that no value follows. */
struct scalar {
	const char *end; /* the byte behind it; NULL when it is bad or does not fit */
	freshet_json_type type;
	unsigned flags;
};

/* The bytes at `p`, of which there is at least one; their bits lie `shift` too high. */
HOT SCAN_BYTES bytes_at(const char *p, freshet_str text, unsigned *shift)
{
	ptrdiff_t left = text.ptr + text.len - p;
	*shift = 0;
	return left >= SCAN_BLOCK ? SCAN(load)(p) : SCAN(load_last)(text, (size_t)left, shift);
}

/* The string whose first character is at `p`, which may be long and have escapes. */
FAR struct scalar rough_string_value(const char *p, freshet_str text)
{
	struct carry carry = {0, 0, 0};
	uint64_t backslashes = 0;
	for (; p < text.ptr + text.len; p += SCAN_BLOCK) {
		unsigned shift;
		SCAN_BYTES bytes = bytes_at(p, text, &shift);
		struct scan_block found = SCAN(block)(bytes);
		found.quotes >>= shift;
		found.backslashes >>= shift;
		settle_escapes(&found, &carry, bytes, shift);
		/* Up to the quote; all of it when there is none. */
		uint64_t inside = found.quotes ^ (found.quotes - 1);
		backslashes |= found.backslashes & inside;
		if (((carry.bad | found.controls >> shift) & inside) != 0)
			break;
		if (found.quotes != 0)
			return (struct scalar){p + __builtin_ctzll(found.quotes) + 1, FRESHET_JSON_STRING,
				backslashes != 0 ? FRESHET_JSON_ESCAPED : 0};
	}
	return (struct scalar){NULL, FRESHET_JSON_MISSING, 0};
}

/* The string whose first character is at `p`, behind the glue of the step. */
HOT struct scalar string_value(freshet_json_step *step, const char *p, freshet_str text)
{
	unsigned shift;
	struct scan_block found = SCAN(block)(bytes_at(p, text, &shift));
	uint64_t quotes = found.quotes >> shift;
	uint64_t stops = quotes | (found.backslashes | found.controls) >> shift;
	if (RARELY((quotes & stops & -stops) == 0)) {
		__atomic_store_n(&step->kind, STEP_ROUGH, __ATOMIC_RELAXED);
		return rough_string_value(p, text);
	}
	return (struct scalar){p + __builtin_ctzll(stops) + 1, FRESHET_JSON_STRING, 0};
}

/* As other_value, for all but small numbers. */
FAR struct scalar rare_value(const char *p, const char *end)
{
	static const freshet_str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
	static const freshet_json_type types[] = {FRESHET_JSON_BOOL, FRESHET_JSON_BOOL, FRESHET_JSON_NULL};
	for (size_t i = 0; i < 3; i++)
		if ((size_t)(end - p) >= words[i].len && memcmp(p, words[i].ptr, words[i].len) == 0)
			return (struct scalar){p + words[i].len, types[i], 0};
	bool real;
	const char *after = p;
	bool whole = number_complete(number_read(&after, end, &real));
	return (struct scalar){whole ? after : NULL, FRESHET_JSON_NUMBER, real ? FRESHET_JSON_REAL : 0};
}

/*
 * A number, a boolean or null at `p`. Digits are taken one by one: how many there are is foreseen well, and then nothing
 * waits for them.
 */
HOT struct scalar other_value(const char *p, const char *end)
{
	const char *after = p + 1;
	if (RARELY(*p < '1' || *p > '9'))
		return rare_value(p, end);
	while (is_digit(*after))
		after++;
	if (RARELY(*after != ',') && (*after == '.' || (*after | 0x20) == 'e'))
		return rare_value(p, end);
	return (struct scalar){after, FRESHET_JSON_NUMBER, 0};
}

/* ---- steps ---- */

HOT void give(const freshet_json_step *step, freshet_json_value *values, const char *begin, struct scalar value)
{
	if (step->slot != PLAN_NO_SLOT)
		values[step->slot] =
			(freshet_json_value){value.type, value.flags, {begin, (size_t)(value.end - begin)}};
}

/* Where the next glue begins when the step's glue fits, which ends at `p`; NULL when what follows it does not. */
HOT const char *take_value(freshet_json_step *step, const char *p, freshet_str text, freshet_json_value *values)
{
	struct scalar value;
	enum step_kind kind = shape_kind(step);
	switch (kind) {
	case STEP_STRING:
	case STEP_ROUGH:
		value = kind == STEP_ROUGH ? rough_string_value(p, text) : string_value(step, p, text);
		if (RARELY(value.end == NULL))
			return NULL;
		give(step, values, p - 1, value);
		return value.end - 1;
	case STEP_SCALAR:
		value = other_value(p, text.ptr + text.len);
		if (RARELY(value.end == NULL))
			return NULL;
		give(step, values, p, value);
		return value.end;
	case STEP_GLUE: return p;
	case STEP_END: break;
	}
	return p == text.ptr + text.len ? p : NULL;
}

freshet_err SHAPE(
	freshet_json_plan *plan, freshet_str text, bool utf8_known, freshet_json_value *values, size_t *position)
{
	const char *const end = text.ptr + text.len;
	const char *p = text.ptr;
	freshet_json_step *step = shape_link(&plan->steps->child);
	struct glue here = glue_at(p, end);
	for (size_t i = 0; i < plan->count; i++)
		values[i] = (freshet_json_value){FRESHET_JSON_MISSING, 0, {NULL, 0}};
	while (step != NULL) {
		const char *next = glue_fits(step, here) ? take_value(step, p + step->len, text, values) : NULL;
		if (next == NULL) {
			step = shape_link(&step->sibling);
			continue;
		}
		if (shape_kind(step) == STEP_END) {
			if (utf8_known || utf8_valid((const uint8_t *)text.ptr, text.len))
				return FRESHET_OK;
			break;
		}
		p = next;
		here = glue_at(p, end);
		step = shape_link(&step->child);
	}
	return pick_unlike(plan, text, utf8_known, values, position);
}
