#include "base/proxy.h"

#include "base/mem.h"

#include <strings.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Appends the text with its percent-escapes resolved; an escape that is none stays as it is. */
static bool append_decoded(struct bytes *out, freshet_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%' && text.len - i > 2 && hex_digit(text.ptr[i + 1]) >= 0 &&
			hex_digit(text.ptr[i + 2]) >= 0) {
			c = (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
			i += 2;
		}
		if (!bytes_append(out, &c, 1))
			return false;
	}
	return true;
}

/* Base64 (RFC 4648, section 4). */
static bool append_base64(struct bytes *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t word = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
				(left > 2 ? data[i + 2] : 0);
		char four[4] = {digits[word >> 18], digits[word >> 12 & 63], left > 1 ? digits[word >> 6 & 63] : '=',
			left > 2 ? digits[word & 63] : '='};
		if (!bytes_append(out, four, 4))
			return false;
	}
	return true;
}

static void wipe(struct bytes *b)
{
	mem_wipe(b->data, b->capacity);
	bytes_clear(b);
}

/* The Basic credentials of the proxy (RFC 7617). NULL when there is no memory. */
static char *basic_credentials(freshet_str userinfo)
{
	struct bytes plain = {0};
	struct bytes encoded = {0};
	const char *colon = memchr(userinfo.ptr, ':', userinfo.len);
	size_t user_len = colon != NULL ? (size_t)(colon - userinfo.ptr) : userinfo.len;
	freshet_str user = {userinfo.ptr, user_len};
	freshet_str password = {colon != NULL ? colon + 1 : NULL, colon != NULL ? userinfo.len - user_len - 1 : 0};
	char *text = NULL;
	if (append_decoded(&plain, user) && bytes_append(&plain, ":", 1) && append_decoded(&plain, password) &&
		bytes_append(&encoded, "Basic ", 6) && append_base64(&encoded, plain.data, plain.len))
		text = mem_copy((const char *)encoded.data, encoded.len);
	wipe(&plain);
	wipe(&encoded);
	return text;
}

/* The authority without its user information, as a URL that url_parse reads. */
static freshet_err parse_host(struct proxy *p, freshet_str authority)
{
	char text[512];
	struct url url;
	if (authority.len >= sizeof text - 8)
		return FRESHET_EINVAL;
	memcpy(text, "http://", 7);
	memcpy(text + 7, authority.ptr, authority.len);
	text[7 + authority.len] = '\0';
	freshet_err err = url_parse(text, &url);
	if (err != FRESHET_OK)
		return err;
	p->port = url.port;
	p->host = mem_copy(url.host.ptr, url.host.len);
	return p->host != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

freshet_err proxy_parse(struct proxy *p, freshet_str text)
{
	*p = (struct proxy){0};
	char whole[512];
	if (text.len >= sizeof whole)
		return FRESHET_EINVAL;
	memcpy(whole, text.ptr, text.len);
	whole[text.len] = '\0';
	const char *authority = strstr(whole, "://");
	if (authority != NULL && strncasecmp(whole, "http://", 7) != 0)
		return FRESHET_EUNSUPPORTED;
	authority = authority != NULL ? authority + 3 : whole;
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	freshet_str host = {at != NULL ? at + 1 : authority, at != NULL ? len - (size_t)(at + 1 - authority) : len};
	freshet_err err = parse_host(p, host);
	if (err == FRESHET_OK && at != NULL) {
		p->authorization = basic_credentials((freshet_str){authority, (size_t)(at - authority)});
		err = p->authorization != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	}
	mem_wipe(whole, sizeof whole);
	if (err != FRESHET_OK)
		proxy_clear(p);
	return err;
}

void proxy_clear(struct proxy *p)
{
	mem_free(p->host);
	if (p->authorization != NULL)
		mem_wipe(p->authorization, strlen(p->authorization));
	mem_free(p->authorization);
	*p = (struct proxy){0};
}

/* Addresses have nothing below them. */
static bool is_address(freshet_str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (strchr("0123456789.", host.ptr[i]) == NULL)
			return memchr(host.ptr, ':', host.len) != NULL;
	return true;
}

/* One entry of no_proxy without its port. */
static bool covers(freshet_str entry, freshet_str host)
{
	if (entry.len == 1 && entry.ptr[0] == '*')
		return true;
	if (entry.len > 0 && entry.ptr[0] == '.') {
		entry.ptr++;
		entry.len--;
	}
	if (entry.len == 0 || host.len < entry.len)
		return false;
	const char *end = host.ptr + (host.len - entry.len);
	return strncasecmp(end, entry.ptr, entry.len) == 0 &&
	       (host.len == entry.len || (end[-1] == '.' && !is_address(host)));
}

static bool entry_excepts(freshet_str entry, freshet_str host, uint16_t port)
{
	const char *colon = memrchr(entry.ptr, ':', entry.len);
	bool ipv6 = colon != NULL && memchr(entry.ptr, ':', (size_t)(colon - entry.ptr)) != NULL && entry.ptr[0] != '[';
	if (colon != NULL && !ipv6) {
		uint32_t wanted = 0;
		for (const char *digit = colon + 1; digit < entry.ptr + entry.len && wanted <= UINT16_MAX; digit++)
			wanted = *digit >= '0' && *digit <= '9' ? wanted * 10 + (uint32_t)(*digit - '0') : UINT32_MAX;
		if (wanted != port)
			return false;
		entry.len = (size_t)(colon - entry.ptr);
	}
	if (entry.len > 1 && entry.ptr[0] == '[' && entry.ptr[entry.len - 1] == ']')
		entry = (freshet_str){entry.ptr + 1, entry.len - 2};
	return covers(entry, host);
}

bool proxy_excepts(const char *no_proxy, freshet_str host, uint16_t port)
{
	static const char separators[] = ", \t";
	while (no_proxy != NULL && *no_proxy != '\0') {
		no_proxy += strspn(no_proxy, separators);
		freshet_str entry = {no_proxy, strcspn(no_proxy, separators)};
		if (entry.len > 0 && entry_excepts(entry, host, port))
			return true;
		no_proxy += entry.len;
	}
	return false;
}

static const char *first_set(char *(*get)(const char *name), const char *const *names)
{
	for (; *names != NULL; names++) {
		const char *value = get(*names);
		if (value != NULL && *value != '\0')
			return value;
	}
	return NULL;
}

freshet_str proxy_from_environment(char *(*get)(const char *name), const struct url *url)
{
	static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
	static const char *const http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
	if (proxy_excepts(first_set(get, none), url->host, url->port))
		return (freshet_str){NULL, 0};
	return freshet_str_of(first_set(get, url->tls ? https : http));
}
