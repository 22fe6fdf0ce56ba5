/*
 * What the platform calls its paths, statuses, stream types and members, in two tables: the one that the contract gives,
 * and another one, with which a client shows that nothing of the first is wired into it.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

static const struct {
	const char *key;
	const char *names[2]; /* the usual one, the other one */
} table[AOS_NAMES] = {
#define ROW(id, key, usual, other) [AOS_##id] = {key, {usual, other}},
	AOS_NAME_LIST(ROW)
#undef ROW
};

/* What lies below these is answered here even where no path fits. */
static const char *const roots[2][4] = {
	{"/api/ingest/v1", "/api/v1/runs", "/api/v1/approvals", NULL}, {"/telemetry", "/jobs", "/gates", NULL}};

const char *aos_name(const struct aos *a, enum aos_name name)
{
	return table[name].names[a->mockd->options.agentos_renamed];
}

const char *mockd_agentos_name(const struct mockd *m, const char *what)
{
	for (size_t i = 0; i < AOS_NAMES; i++) {
		if (strcmp(table[i].key, what) == 0)
			return aos_name(m->aos, (enum aos_name)i);
	}
	return NULL;
}

bool aos_path_fits(const char *pattern, freshet_str path, freshet_str *param)
{
	size_t at = 0;
	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (at == path.len || path.ptr[at++] != *pattern++)
				return false;
			continue;
		}
		size_t from = at;
		while (at < path.len && path.ptr[at] != '/')
			at++;
		if (at == from)
			return false;
		*param = (freshet_str){path.ptr + from, at - from};
		pattern = strchr(pattern, '}') + 1;
	}
	return at == path.len;
}

const char *aos_mount(const struct mockd *m)
{
	return roots[m->options.agentos_renamed][0];
}

bool aos_claims(const struct platform *platform, freshet_str path)
{
	const struct aos *a = (const struct aos *)platform;
	freshet_str param;
	const char *query = path.len == 0 ? NULL : memchr(path.ptr, '?', path.len);
	if (query != NULL)
		path.len = (size_t)(query - path.ptr);
	const char *const *root = roots[a->mockd->options.agentos_renamed];
	for (; *root != NULL; root++) {
		size_t len = strlen(*root);
		if (path.len >= len && memcmp(path.ptr, *root, len) == 0 && (path.len == len || path.ptr[len] == '/'))
			return true;
	}
	return aos_path_fits(aos_name(a, AOS_PATH_INVOKE), path, &param);
}
