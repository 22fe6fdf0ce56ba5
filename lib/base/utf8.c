/*
 * UTF-8 checked and written, byte by byte.
 */
#include "base/utf8.h"

/* The bytes of one valid sequence at the start of the text; 0 when there is none. */
static size_t sequence_length(const uint8_t *text, size_t len)
{
	uint8_t lead = text[0];
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t more;
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf) {
		more = 1;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		more = 2;
		low = lead == 0xe0 ? 0xa0 : low;
		high = lead == 0xed ? 0x9f : high;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		more = 3;
		low = lead == 0xf0 ? 0x90 : low;
		high = lead == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (len <= more || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i <= more; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

size_t utf8_valid_prefix(const uint8_t *text, size_t len)
{
	size_t at = 0;
	while (at < len) {
		size_t sequence = sequence_length(text + at, len - at);
		if (sequence == 0)
			break;
		at += sequence;
	}
	return at;
}

size_t utf8_encode(uint32_t code_point, uint8_t out[4])
{
	if (code_point < 0x80) {
		out[0] = (uint8_t)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (uint8_t)(0xc0 | code_point >> 6);
		out[1] = (uint8_t)(0x80 | (code_point & 0x3f));
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (uint8_t)(0xe0 | code_point >> 12);
		out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (code_point & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | code_point >> 18);
	out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (code_point & 0x3f));
	return 4;
}
