#include "base/fields.h"

#include <strings.h>
#include <time.h>

static bool is_token_character(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* Controls but tab: no value has them (RFC 9110, section 5.5). */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

bool field_valid(const freshet_header *field)
{
	if (field->name.len == 0)
		return false;
	for (size_t i = 0; i < field->name.len; i++)
		if (!is_token_character(field->name.ptr[i]))
			return false;
	for (size_t i = 0; i < field->value.len; i++)
		if (is_control(field->value.ptr[i]))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

freshet_str field_trim(freshet_str value)
{
	while (value.len > 0 && is_blank(value.ptr[0]))
		value = (freshet_str){value.ptr + 1, value.len - 1};
	while (value.len > 0 && is_blank(value.ptr[value.len - 1]))
		value.len--;
	return value;
}

/* How many characters a token has at the beginning; 0: there is none. */
static size_t token_len(freshet_str s)
{
	size_t len = 0;
	while (len < s.len && is_token_character(s.ptr[len]))
		len++;
	return len;
}

/* The same for a product: a token, and perhaps a version behind a slash. */
static size_t product_len(freshet_str s)
{
	size_t name = token_len(s);
	if (name == 0 || name == s.len || s.ptr[name] != '/')
		return name;
	size_t version = token_len((freshet_str){s.ptr + name + 1, s.len - name - 1});
	return version > 0 ? name + 1 + version : 0;
}

/* The same for a comment, in which others may stand (RFC 9110, section 5.6.5). */
static size_t comment_len(freshet_str s)
{
	size_t depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (is_control(c))
			return 0;
		if (quoted || c == '\\')
			quoted = !quoted;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return i + 1;
		else if (depth == 0)
			return 0;
	}
	return 0;
}

bool field_is_product_list(freshet_str value)
{
	bool blank = true;
	while (value.len > 0 && blank) {
		size_t len = value.ptr[0] == '(' ? comment_len(value) : product_len(value);
		if (len == 0 || len == value.len)
			return len > 0;
		blank = value.ptr[len] == ' ';
		value = (freshet_str){value.ptr + len + 1, value.len - len - 1};
	}
	return false;
}

static bool all_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	return true;
}

static bool all_zero(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != '0')
			return false;
	return true;
}

bool field_is_traceparent(freshet_str value)
{
	/* "vv-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff" */
	enum { TRACE = 3, PARENT = 36, FLAGS = 53, LENGTH = 55 };
	const char *s = value.ptr;
	if (value.len < LENGTH || s[TRACE - 1] != '-' || s[PARENT - 1] != '-' || s[FLAGS - 1] != '-')
		return false;
	if (!all_hex(s, 2) || !all_hex(s + TRACE, 32) || !all_hex(s + PARENT, 16) || !all_hex(s + FLAGS, 2))
		return false;
	if (memcmp(s, "ff", 2) == 0 || all_zero(s + TRACE, 32) || all_zero(s + PARENT, 16))
		return false;
	/* Later versions may have more behind it. */
	const freshet_header field = {{"traceparent", 11}, value, false};
	return value.len == LENGTH || (!all_zero(s, 2) && s[LENGTH] == '-' && field_valid(&field));
}

bool field_name_is(freshet_str name, const char *lower_case)
{
	return name.len == strlen(lower_case) && strncasecmp(name.ptr, lower_case, name.len) == 0;
}

bool field_is_reserved(freshet_str name)
{
	static const char *const names[] = {"connection", "content-length", "expect", "host", "keep-alive",
		"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (field_name_is(name, names[i]))
			return true;
	return false;
}

freshet_str field_find(const freshet_header *fields, size_t count, const char *lower_case)
{
	for (size_t i = 0; i < count; i++)
		if (field_name_is(fields[i].name, lower_case))
			return (freshet_str){
				fields[i].value.ptr != NULL ? fields[i].value.ptr : "", fields[i].value.len};
	return (freshet_str){NULL, 0};
}

bool field_is_event_stream(freshet_str content_type)
{
	static const char wanted[] = "text/event-stream";
	size_t len = sizeof wanted - 1;
	if (content_type.len < len || strncasecmp(content_type.ptr, wanted, len) != 0)
		return false;
	char next = content_type.len > len ? content_type.ptr[len] : ';';
	return next == ';' || next == ' ' || next == '\t';
}

static bool parse_seconds(freshet_str value, uint64_t *seconds)
{
	*seconds = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		if (*seconds < UINT32_MAX)
			*seconds = *seconds * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	return value.len > 0;
}

static bool parse_http_date(freshet_str value, int64_t *seconds)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};
	char text[64];
	if (value.len >= sizeof text)
		return false;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		if (end != NULL && *end == '\0') {
			*seconds = (int64_t)timegm(&tm);
			return true;
		}
	}
	return false;
}

bool field_retry_after(freshet_str value, int64_t now_s, uint64_t *ms)
{
	uint64_t seconds;
	int64_t date;
	*ms = 0;
	if (parse_seconds(value, &seconds)) {
		*ms = seconds * 1000;
		return true;
	}
	if (value.len == 0 || !parse_http_date(value, &date))
		return false;
	if (date > now_s)
		*ms = (uint64_t)(date - now_s) * 1000;
	return true;
}
