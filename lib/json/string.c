/*
 * Single escapes, and strings compared through them. An escape becomes one to four bytes, a surrogate pair one character, a
 * lone surrogate U+FFFD. Nothing can fail. Of a text that nobody checked, nonsense may come out, but no byte behind it is
 * read.
 */
#include "json/string.h"

#include "json/grammar.h"

#include "base/utf8.h"

/* The UTF-16 unit of four hex digits: the low half of each, and nine more where it is a letter. */
static uint32_t unit_at(const char *digits)
{
	uint32_t word;
	memcpy(&word, digits, sizeof word);
	word = (word & 0x0f0f0f0f) + (word >> 6 & 0x01010101) * 9;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	return (word >> 12 & 0xf000) | (word >> 8 & 0xf00) | (word >> 4 & 0xf0) | (word & 0xf);
}

/* The character of the \u escape at *at, which is moved past it and, if it is one of a pair, past the other. */
static uint32_t unicode_escape(const char **at, const char *end)
{
	if (end - *at < 6) {
		*at = end;
		return REPLACEMENT;
	}
	uint32_t unit = unit_at(*at + 2);
	*at += 6;
	if (is_low_surrogate(unit))
		return REPLACEMENT;
	if (!is_high_surrogate(unit))
		return unit;
	if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return REPLACEMENT;
	uint32_t low = unit_at(*at + 2);
	if (!is_low_surrogate(low))
		return REPLACEMENT;
	*at += 6;
	return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

size_t string_escape(const char **at, const char *end, uint8_t out[4])
{
	char c = end - *at > 1 ? (*at)[1] : 'u';
	if (c == 'u')
		return utf8_encode(unicode_escape(at, end), out);
	out[0] = escape_of[(unsigned char)c];
	*at += 2;
	return 1;
}

/* A string read byte by byte. */
struct characters {
	const char *at;
	const char *end;
	bool escaped;
	uint8_t character[4]; /* of the last escape */
	size_t given;         /* bytes of it that were given */
	size_t len;
};

/* The next byte; -1 at the end. */
static int next_byte(struct characters *b)
{
	if (b->given < b->len)
		return b->character[b->given++];
	if (b->at == b->end)
		return -1;
	if (!b->escaped || *b->at != '\\')
		return (unsigned char)*b->at++;
	b->len = string_escape(&b->at, b->end, b->character);
	b->given = 1;
	return b->character[0];
}

bool string_equal(freshet_str a, bool a_escaped, freshet_str b, bool b_escaped)
{
	if (!a_escaped && !b_escaped)
		return freshet_str_equal(a, b);
	struct characters left = {.at = a.ptr, .end = a.ptr + a.len, .escaped = a_escaped};
	struct characters right = {.at = b.ptr, .end = b.ptr + b.len, .escaped = b_escaped};
	int byte;
	do {
		byte = next_byte(&left);
		if (byte != next_byte(&right))
			return false;
	} while (byte >= 0);
	return true;
}
