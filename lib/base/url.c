#include "base/url.h"

#include <strings.h>

static bool visible(freshet_str s, const char *forbidden)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7f || strchr(forbidden, s.ptr[i]) != NULL)
			return false;
	return true;
}

static bool parse_port(freshet_str digits, uint16_t *port)
{
	uint32_t value = 0;
	if (digits.len == 0 || digits.len > 5)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(digits.ptr[i] - '0');
	}
	*port = (uint16_t)value;
	return value > 0 && value <= UINT16_MAX;
}

/* What may stand in brackets; whether it is an address shows when it is dialed. */
static bool looks_like_ipv6(freshet_str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (strchr("0123456789abcdefABCDEF:.", host.ptr[i]) == NULL)
			return false;
	return memchr(host.ptr, ':', host.len) != NULL;
}

static bool parse_authority(freshet_str authority, struct url *out)
{
	const char *end = authority.ptr + authority.len;
	const char *host_end;
	out->host_is_ipv6 = authority.len > 0 && authority.ptr[0] == '[';
	if (out->host_is_ipv6) {
		host_end = memchr(authority.ptr, ']', authority.len);
		if (host_end == NULL)
			return false;
		out->host = (freshet_str){authority.ptr + 1, (size_t)(host_end - authority.ptr) - 1};
		if (!looks_like_ipv6(out->host))
			return false;
		host_end++;
	} else {
		host_end = memchr(authority.ptr, ':', authority.len);
		if (host_end == NULL)
			host_end = end;
		out->host = (freshet_str){authority.ptr, (size_t)(host_end - authority.ptr)};
	}
	if (out->host.len == 0 || out->host.len > 255 || !visible(out->host, "@[]\\^`{|}<>\"%"))
		return false;
	if (host_end == end)
		return true;
	freshet_str port = {host_end + 1, (size_t)(end - host_end) - 1};
	return *host_end == ':' && parse_port(port, &out->port);
}

freshet_err url_parse(const char *text, struct url *out)
{
	*out = (struct url){0};
	if (text == NULL)
		return FRESHET_EINVAL;
	if (strncasecmp(text, "https://", 8) == 0) {
		out->tls = true;
		text += 8;
	} else if (strncasecmp(text, "http://", 7) == 0) {
		text += 7;
	} else {
		return FRESHET_EINVAL;
	}
	out->port = out->tls ? 443 : 80;
	out->authority = (freshet_str){text, strcspn(text, "/?#")};
	out->path = freshet_str_of(text + out->authority.len);
	while (out->path.len > 0 && out->path.ptr[out->path.len - 1] == '/')
		out->path.len--;
	if (!parse_authority(out->authority, out) || !visible(out->path, "?#\\^`{|}<>\""))
		return FRESHET_EINVAL;
	return FRESHET_OK;
}

bool url_is_origin(const struct url *url, freshet_str scheme, freshet_str authority)
{
	struct url other = {.tls = scheme.len == 5 && strncasecmp(scheme.ptr, "https", 5) == 0};
	if (!other.tls && (scheme.len != 4 || strncasecmp(scheme.ptr, "http", 4) != 0))
		return false;
	other.port = other.tls ? 443 : 80;
	return parse_authority(authority, &other) && other.tls == url->tls && other.port == url->port &&
	       other.host.len == url->host.len && strncasecmp(other.host.ptr, url->host.ptr, url->host.len) == 0;
}

bool url_path_valid(freshet_str path)
{
	return path.len > 0 && path.ptr[0] == '/' && visible(path, "#");
}
