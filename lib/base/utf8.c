/*
 * UTF-8 checked, repaired and written, sequence by sequence; long texts are checked by base/utf8_vector.c first.
 */
#include "base/utf8.h"

#include "base/utf8_vector.h"

#include <string.h>

/* The encoding of U+FFFD. */
static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};

/*
 * Reads one sequence. Returns how many bytes its longest well-formed beginning has, at least 1, and sets *whole when
 * these bytes are a whole valid sequence (Unicode, table 3-7). An ill-formed beginning is what one U+FFFD replaces.
 */
static size_t read_sequence(const uint8_t *text, size_t len, bool *whole)
{
	uint8_t lead = text[0];
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t want = 1;
	if (lead >= 0xc2 && lead <= 0xdf) {
		want = 2;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		want = 3;
		low = lead == 0xe0 ? 0xa0 : low;
		high = lead == 0xed ? 0x9f : high;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		want = 4;
		low = lead == 0xf0 ? 0x90 : low;
		high = lead == 0xf4 ? 0x8f : high;
	} else {
		*whole = lead < 0x80;
		return 1;
	}
	size_t got = 1;
	if (len > 1 && text[1] >= low && text[1] <= high)
		for (got = 2; got < want && got < len && (text[got] & 0xc0) == 0x80;)
			got++;
	*whole = got == want;
	return got;
}

/* True when eight bytes are ASCII. */
static bool ascii_word(const uint8_t *text)
{
	uint64_t word;
	memcpy(&word, text, sizeof word);
	return (word & 0x8080808080808080U) == 0;
}

size_t utf8_open_tail(const uint8_t *text, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		bool whole;
		if ((text[len - back] & 0xc0) == 0x80)
			continue;
		/* A lead byte that is valid as far as it goes, but goes no further than the text. */
		bool open = text[len - back] >= 0xc2 && text[len - back] <= 0xf4 &&
			    read_sequence(text + len - back, back, &whole) == back && !whole;
		return open ? back : 0;
	}
	return 0;
}

size_t utf8_valid_prefix(const uint8_t *text, size_t len)
{
	if (utf8_vector_valid(text, len))
		return len;
	size_t at = 0;
	for (bool whole = true; at < len && whole;) {
		if (len - at >= 8 && ascii_word(text + at)) {
			at += 8;
			continue;
		}
		size_t sequence = read_sequence(text + at, len - at, &whole);
		at += whole ? sequence : 0;
	}
	return at;
}

size_t utf8_repaired_len(const uint8_t *text, size_t len)
{
	size_t repaired = 0;
	for (size_t at = 0; at < len;) {
		bool whole;
		size_t sequence = read_sequence(text + at, len - at, &whole);
		repaired += whole ? sequence : sizeof replacement;
		at += sequence;
	}
	return repaired;
}

void utf8_repair(uint8_t *out, const uint8_t *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		bool whole;
		size_t sequence = read_sequence(text + at, len - at, &whole);
		const uint8_t *from = whole ? text + at : replacement;
		size_t bytes = whole ? sequence : sizeof replacement;
		memcpy(out, from, bytes);
		out += bytes;
		at += sequence;
	}
}

size_t utf8_read(const uint8_t *text, size_t len, uint32_t *code_point)
{
	bool whole;
	size_t sequence = read_sequence(text, len, &whole);
	*code_point = 0xfffd;
	if (whole) {
		*code_point = sequence == 1 ? text[0] : text[0] & (0x7fu >> sequence);
		for (size_t i = 1; i < sequence; i++)
			*code_point = *code_point << 6 | (text[i] & 0x3f);
	}
	return sequence;
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
