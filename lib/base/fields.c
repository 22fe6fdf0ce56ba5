#include "base/fields.h"

#include <strings.h>
#include <time.h>

static bool is_token_character(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool field_valid(const freshet_header *field)
{
	if (field->name.len == 0)
		return false;
	for (size_t i = 0; i < field->name.len; i++)
		if (!is_token_character(field->name.ptr[i]))
			return false;
	for (size_t i = 0; i < field->value.len; i++) {
		unsigned char c = (unsigned char)field->value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
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

uint64_t field_retry_after_ms(freshet_str value, int64_t now_s)
{
	uint64_t seconds;
	if (parse_seconds(value, &seconds))
		return seconds * 1000;
	int64_t date;
	if (value.len == 0 || !parse_http_date(value, &date) || date <= now_s)
		return 0;
	return (uint64_t)(date - now_s) * 1000;
}
