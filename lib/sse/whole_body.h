/*
 * The pass over a piece; whole.c includes it once for each kind of vectors, with KIND as its name in base/scan.h.
 *
 * The masks of line ends are taken block by block, and each bit is a line. The fields of an event are spans of the piece
 * until it is dispatched; before that nothing in the parser changes.
 */

/* Blocks that are not near: those of a long line, and the end of the piece, which is less than a block. */
SCAN_TARGET(KIND)
RARE struct far_block NAMED(look_far, KIND)(
	const uint8_t *start, const uint8_t *block, const uint8_t *end, uint64_t high_before)
{
	struct far_block far = {.block = block, .high_before = high_before};
	while (end - far.block >= SCAN_STRIDE && NAMED(scan_dull, KIND)(far.block, &far.high_before))
		far.block += SCAN_STRIDE;
	size_t left = (size_t)(end - far.block);
	far.upcoming = left >= SCAN_BLOCK ? far.block + SCAN_BLOCK : end;
	if (left >= SCAN_BLOCK) {
		far.masks = NAMED(scan_block, KIND)(far.block);
	} else if (end - start >= SCAN_BLOCK) {
		/* A whole block again, laid so that it ends with the piece. */
		far.masks = NAMED(scan_block, KIND)(end - SCAN_BLOCK);
		far.masks.ends = left > 0 ? far.masks.ends >> (SCAN_BLOCK - left) : 0;
		far.masks.high = left > 0 ? far.masks.high >> (SCAN_BLOCK - left) : 0;
	} else {
		uint8_t padded[SCAN_BLOCK] = {0};
		memcpy(padded, far.block, left);
		far.masks = NAMED(scan_block, KIND)(padded);
	}
	return far;
}

SCAN_TARGET(KIND)
static freshet_sse_result NAMED(next, KIND)(struct sse_parser *p, freshet_event *event)
{
	const uint8_t *const end = p->end;
	const uint8_t *const not_near = near_blocks_end(p);
	const uint8_t *line = p->at;
	const uint8_t *block = line;
	const uint8_t *upcoming = line; /* the block after it */
	const uint8_t *ascii = line;    /* the event is ASCII up to there */
	struct scan_masks masks = {0, 0};
	uint64_t high_before = 0; /* in the event's earlier blocks */
	struct own_id id;
	begin(event, &id);
	for (;;) {
		while (masks.ends == 0) {
			high_before |= masks.high;
			ascii = high_before == 0 ? upcoming : ascii;
			block = upcoming;
			if (block < not_near) {
				masks = NAMED(scan_block, KIND)(block);
				upcoming = block + SCAN_BLOCK;
			} else if (block < end) {
				struct far_block far = NAMED(look_far, KIND)(p->at, block, end, high_before);
				high_before = far.high_before;
				block = far.block;
				upcoming = far.upcoming;
				masks = far.masks;
			} else {
				return piece_ends(p, event, id.bytes != NULL, line, high_before != 0);
			}
		}
		const unsigned bit = (unsigned)__builtin_ctzll(masks.ends);
		const uint8_t *stop = block + bit;
		const uint8_t *after = stop + 1;
		masks.ends &= masks.ends - 1;
		if (*stop == '\r' && after < end && *after == '\n') {
			/* Its LF is the next bit, or the first byte of the next block, which then begins behind it. */
			if (after == upcoming)
				upcoming++;
			else
				masks.ends &= masks.ends - 1;
			after++;
		}
		if (stop != line) {
			if (!take_line(p, event, &id, line, stop))
				break;
		} else {
			bool all_ascii = (high_before | (masks.high & (((uint64_t)1 << bit) - 1))) == 0;
			if ((!all_ascii && !utf8_valid_before_ascii(ascii, (size_t)(stop - ascii))) ||
				!dispatch(p, event, &id, stop))
				break;
			sse_go_to(p, after);
			if (event->data.ptr != NULL)
				return FRESHET_SSE_EVENT;
			begin(event, &id);
			high_before = 0;
			ascii = after;
		}
		line = after;
	}
	return sse_draft_next(p, event, (struct sse_ahead){end, true});
}

#undef KIND
