/*
 * The loops of scan.c, which includes this once for each kind of vectors, with KIND as its name in base/scan.h.
 */
SCAN_TARGET(KIND)
static const uint8_t *NAMED(find, KIND)(const uint8_t *at, const uint8_t *end, bool *not_ascii)
{
	struct scan_masks masks;
	uint64_t seen = 0;
	while (end - at >= SCAN_BLOCK) {
		while (end - at >= SCAN_STRIDE && NAMED(scan_dull, KIND)(at, &seen))
			at += SCAN_STRIDE;
		for (unsigned i = 0; i < SCAN_STRIDE / SCAN_BLOCK && end - at >= SCAN_BLOCK; i++) {
			masks = NAMED(scan_block, KIND)(at);
			seen |= masks.high;
			if (masks.ends != 0) {
				*not_ascii |= seen != 0;
				return at + __builtin_ctzll(masks.ends);
			}
			at += SCAN_BLOCK;
		}
	}
	*not_ascii |= seen != 0;
	return find_bytewise(at, end, not_ascii);
}

#undef KIND
