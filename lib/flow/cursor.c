#include "flow/cursor.h"

bool cursor_valid(freshet_str id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] == '\r' || id.ptr[i] == '\n' || id.ptr[i] == '\0')
			return false;
	return true;
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static bool append_encoded(struct bytes *out, freshet_str text)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		char encoded[3] = {'%', digits[c >> 4], digits[c & 15]};
		if (!(is_unreserved(c) ? bytes_append(out, &c, 1) : bytes_append(out, encoded, 3)))
			return false;
	}
	return true;
}

bool cursor_append_query(struct bytes *out, freshet_str path, const char *name, freshet_str cursor)
{
	const char *mark = path.len > 0 && memchr(path.ptr, '?', path.len) != NULL ? "&" : "?";
	return bytes_append_str(out, path) && bytes_append(out, mark, 1) && append_encoded(out, freshet_str_of(name)) &&
	       bytes_append(out, "=", 1) && append_encoded(out, cursor);
}

/* The digits without leading zeros; false when there is anything else. */
static bool significant_digits(freshet_str text, freshet_str *digits)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	*digits = text;
	while (digits->len > 1 && digits->ptr[0] == '0') {
		digits->ptr++;
		digits->len--;
	}
	return text.len > 0;
}

bool cursor_number(freshet_str id, uint64_t *number)
{
	freshet_str digits;
	if (!significant_digits(id, &digits) || digits.len > 20)
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < digits.len; i++) {
		uint64_t digit = (uint64_t)(digits.ptr[i] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}
