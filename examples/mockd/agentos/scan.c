/*
 * The reader of JSON without a tree.
 */
#include "mockd/agentos/scan.h"

/* Objects and arrays in each other; more is taken for an attack. */
#define DEPTH_MAX 256u

struct scan scan_of(freshet_str text)
{
	return (struct scan){.at = text.ptr, .end = text.ptr + text.len};
}

static bool spoil(struct scan *s)
{
	s->bad = true;
	s->at = s->end;
	return false;
}

static void skip_blank(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

/* Takes that character, if it comes next. */
static bool take(struct scan *s, char c)
{
	skip_blank(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Behind the backslash. */
static bool take_escape(struct scan *s)
{
	if (s->at == s->end || strchr("\"\\/bfnrtu", *s->at) == NULL || *s->at == '\0')
		return spoil(s);
	if (*s->at++ != 'u')
		return true;
	for (size_t i = 0; i < 4; i++, s->at++) {
		if (s->at == s->end || !is_hex(*s->at))
			return spoil(s);
	}
	return true;
}

/* The opening quote comes next. */
static bool take_string(struct scan *s)
{
	s->at++;
	while (s->at < s->end && *s->at != '"') {
		unsigned char c = (unsigned char)*s->at++;
		if (c < 0x20)
			return spoil(s);
		if (c == '\\' && !take_escape(s))
			return false;
	}
	return s->at++ < s->end || spoil(s);
}

static bool take_digits(struct scan *s)
{
	const char *from = s->at;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > from || spoil(s);
}

static bool comes(const struct scan *s, const char *any)
{
	return s->at < s->end && *s->at != '\0' && strchr(any, *s->at) != NULL;
}

static bool take_number(struct scan *s)
{
	s->at += *s->at == '-';
	bool zero = comes(s, "0");
	const char *from = s->at;
	if (!take_digits(s) || (zero && s->at - from > 1))
		return spoil(s);
	if (comes(s, ".")) {
		s->at++;
		if (!take_digits(s))
			return false;
	}
	if (!comes(s, "eE"))
		return true;
	s->at++;
	s->at += comes(s, "+-");
	return take_digits(s);
}

static bool take_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return spoil(s);
	s->at += len;
	return true;
}

/* A value that holds no others, or the opening bracket of one that does. */
static bool take_plain(struct scan *s)
{
	skip_blank(s);
	if (s->at == s->end)
		return spoil(s);
	switch (*s->at) {
	case '{':
	case '[': s->at++; return true;
	case '"': return take_string(s);
	case 't': return take_word(s, "true");
	case 'f': return take_word(s, "false");
	case 'n': return take_word(s, "null");
	default: return comes(s, "-0123456789") ? take_number(s) : spoil(s);
	}
}

/* The name of a member and its colon. */
static bool take_name(struct scan *s, freshet_str *name)
{
	skip_blank(s);
	const char *from = s->at;
	if (!comes(s, "\"") || !take_string(s))
		return spoil(s);
	*name = (freshet_str){from + 1, (size_t)(s->at - from) - 2};
	return take(s, ':') || spoil(s);
}

/* The inside of an object or an array, whose bracket has been taken, and of all in it. */
static bool take_inside(struct scan *s, bool object)
{
	bool objects[DEPTH_MAX] = {object};
	size_t depth = 1;
	bool first = true;
	while (depth > 0) {
		bool in_object = objects[depth - 1];
		freshet_str name;
		if (take(s, in_object ? '}' : ']')) {
			depth--;
			first = false;
			continue;
		}
		if ((!first && !take(s, ',')) || (in_object && !take_name(s, &name)) || !take_plain(s))
			return spoil(s);
		first = s->at[-1] == '{' || s->at[-1] == '[';
		if (!first)
			continue;
		if (depth == DEPTH_MAX)
			return spoil(s);
		objects[depth++] = s->at[-1] == '{';
	}
	return true;
}

bool scan_value(struct scan *s, freshet_str *value)
{
	skip_blank(s);
	const char *from = s->at;
	if (s->bad || !take_plain(s))
		return false;
	if ((*from == '{' || *from == '[') && !take_inside(s, *from == '{'))
		return false;
	*value = (freshet_str){from, (size_t)(s->at - from)};
	return true;
}

void scan_open(struct scan *s, char bracket)
{
	s->first = true;
	if (!take(s, bracket))
		spoil(s);
}

/* True when another element comes. */
static bool goes_on(struct scan *s, char bracket)
{
	if (s->bad || take(s, bracket)) {
		s->first = false;
		return false;
	}
	if (!s->first && !take(s, ','))
		return spoil(s);
	s->first = false;
	return true;
}

bool scan_member(struct scan *s, freshet_str *name)
{
	return goes_on(s, '}') && take_name(s, name);
}

bool scan_item(struct scan *s)
{
	return goes_on(s, ']');
}

bool scan_end(struct scan *s)
{
	skip_blank(s);
	return !s->bad && s->at == s->end;
}

bool scan_string(freshet_str value, freshet_str *text)
{
	if (value.len < 2 || *value.ptr != '"')
		return false;
	*text = (freshet_str){value.ptr + 1, value.len - 2};
	return true;
}
