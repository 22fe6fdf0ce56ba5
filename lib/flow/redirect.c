#include "flow/redirect.h"

#include "base/fields.h"

/* A URI reference in its parts, without the fragment (RFC 3986, appendix B). */
struct reference {
	freshet_str scheme;    /* ptr NULL: none */
	freshet_str authority; /* ptr NULL: none */
	freshet_str path;
	freshet_str query; /* with its "?"; empty: none */
};

bool redirect_status(int http_status)
{
	switch (http_status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: return true;
	default: return false;
	}
}

bool redirect_becomes_get(int http_status, freshet_str method)
{
	if (http_status == 303)
		return !freshet_str_is(method, "GET") && !freshet_str_is(method, "HEAD");
	return (http_status == 301 || http_status == 302) && freshet_str_is(method, "POST");
}

bool redirect_drops_field(freshet_str name)
{
	static const char *const names[] = {"content-digest", "content-encoding", "content-language", "content-length",
		"content-location", "content-type", "repr-digest"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (field_name_is(name, names[i]))
			return true;
	return false;
}

/* How many characters there are before the first of `ends`. */
static size_t span_before(freshet_str s, const char *ends)
{
	size_t len = 0;
	while (len < s.len && (s.ptr[len] == '\0' || strchr(ends, s.ptr[len]) == NULL))
		len++;
	return len;
}

static freshet_str skip(freshet_str s, size_t len)
{
	return (freshet_str){s.ptr + len, s.len - len};
}

static struct reference split(freshet_str text)
{
	struct reference r = {.scheme = {NULL, 0}};
	text.len = span_before(text, "#");
	size_t scheme = span_before(text, ":/?");
	if (scheme < text.len && text.ptr[scheme] == ':') {
		r.scheme = (freshet_str){text.ptr, scheme};
		text = skip(text, scheme + 1);
	}
	if (text.len >= 2 && text.ptr[0] == '/' && text.ptr[1] == '/') {
		text = skip(text, 2);
		r.authority = (freshet_str){text.ptr, span_before(text, "/?")};
		text = skip(text, r.authority.len);
	}
	r.path = (freshet_str){text.ptr, span_before(text, "?")};
	r.query = skip(text, r.path.len);
	return r;
}

/* Takes the last segment off again, with its slash. */
static void drop_segment(struct bytes *path)
{
	while (path->len > 0 && path->data[--path->len] != '/')
		;
}

/* Appends a path that begins with a slash, without its dot segments (RFC 3986, section 5.2.4). */
static bool append_path(struct bytes *out, freshet_str path)
{
	bool ok = true;
	while (path.len > 0 && ok) {
		freshet_str segment = {path.ptr, 1 + span_before(skip(path, 1), "/")};
		path = skip(path, segment.len);
		bool up = freshet_str_is(segment, "/..");
		if (up)
			drop_segment(out);
		if (!up && !freshet_str_is(segment, "/."))
			ok = bytes_append_str(out, segment);
		else if (path.len == 0)
			ok = bytes_append(out, "/", 1);
	}
	return ok;
}

/* A relative path stands in the place of the base's last segment (RFC 3986, section 5.2.3). */
static bool append_merged(struct bytes *out, freshet_str base, freshet_str relative)
{
	struct bytes merged = {0};
	while (base.len > 0 && base.ptr[base.len - 1] != '/')
		base.len--;
	bool ok = (base.len > 0 ? bytes_append_str(&merged, base) : bytes_append(&merged, "/", 1)) &&
		  bytes_append_str(&merged, relative) && append_path(out, bytes_str(&merged));
	bytes_clear(&merged);
	return ok;
}

/* RFC 3986, section 5.2.2. */
static bool append_target(struct bytes *out, const struct reference *base, const struct reference *r)
{
	bool own_path = r->path.len > 0 || r->authority.ptr != NULL;
	bool ok;
	if (!own_path)
		ok = append_path(out, base->path);
	else if (r->path.len == 0)
		ok = bytes_append(out, "/", 1);
	else if (r->path.ptr[0] == '/')
		ok = append_path(out, r->path);
	else
		ok = append_merged(out, base->path, r->path);
	return ok && bytes_append_str(out, own_path || r->query.len > 0 ? r->query : base->query);
}

static bool is_same_origin(const struct url *origin, const struct reference *r)
{
	freshet_str scheme = r->scheme.ptr != NULL ? r->scheme : freshet_str_of(origin->tls ? "https" : "http");
	/* An http URI always has an authority (RFC 9110, section 4.2.1). */
	if (r->authority.ptr == NULL)
		return r->scheme.ptr == NULL;
	return url_is_origin(origin, scheme, r->authority);
}

enum redirect_way redirect_resolve(
	const struct url *origin, freshet_str target, freshet_str location, struct bytes *out)
{
	struct reference base = {.path = {target.ptr, span_before(target, "?")}};
	base.query = skip(target, base.path.len);
	if (location.len == 0)
		return REDIRECT_ELSEWHERE;
	const struct reference r = split(location);
	if (!is_same_origin(origin, &r))
		return REDIRECT_ELSEWHERE;
	out->len = 0;
	if (!append_target(out, &base, &r))
		return REDIRECT_NO_MEMORY;
	return url_path_valid(bytes_str(out)) ? REDIRECT_SAME_ORIGIN : REDIRECT_ELSEWHERE;
}
