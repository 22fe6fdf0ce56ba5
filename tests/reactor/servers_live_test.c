/*
 * Servers that nobody here wrote as live sources of events: what they write is what is seen, through cuts, clean ends and
 * bodies that end with their connection. One table of node's http, https and http2, and uvicorn with a small ASGI
 * application.
 */
#include "support/live.h"
#include "support/test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct program {
	const char *package;
	const char *script;
	const char *path; /* NULL: this machine has none */
};

static struct program node = {"nodejs", LIVE_NODE, NULL};
static struct program uvicorn = {"python3-uvicorn", LIVE_UVICORN, NULL};

struct row {
	const char *what;
	const struct program *program;
	const char *kind;
	const char *version;
	freshet_protocol protocol;
	unsigned lacks;
};

#define AUTO  FRESHET_PROTOCOL_AUTO
#define HTTP1 FRESHET_PROTOCOL_HTTP1
#define HTTP2 FRESHET_PROTOCOL_HTTP2
#define BASIC (LIVE_BODY_TO_CLOSE | LIVE_EXTRAS)

static struct row rows[] = {
	{"node http", &node, "http", NULL, AUTO, 0},
	{"node https, TLS 1.2", &node, "https", "1.2", AUTO, 0},
	{"node https, TLS 1.3", &node, "https", "1.3", AUTO, 0},
	{"node http2, cleartext", &node, "h2c", NULL, HTTP2, LIVE_BODY_TO_CLOSE},
	{"node http2, TLS 1.2", &node, "h2", "1.2", AUTO, LIVE_BODY_TO_CLOSE},
	{"node http2, TLS 1.3", &node, "h2", "1.3", HTTP2, LIVE_BODY_TO_CLOSE},
	{"node http2, but HTTP/1.1", &node, "h2", "1.3", HTTP1, 0},
	{"uvicorn", &uvicorn, "http", NULL, AUTO, BASIC},
	{"uvicorn, TLS 1.2", &uvicorn, "https", "1.2", AUTO, BASIC},
	{"uvicorn, TLS 1.3", &uvicorn, "https", "1.3", AUTO, BASIC},
};

static bool missing(const struct program *program)
{
	if (program->path == NULL)
		printf("skipped: this machine lacks the Debian package %s\n", program->package);
	return program->path == NULL;
}

static void served(void **state)
{
	const struct row *row = *state;
	const struct live_wish wish = {
		.program = row->program->path,
		.script = row->program->script,
		.kind = row->kind,
		.version = row->version,
		.protocol = row->protocol,
	};
	struct live_server s;
	if (missing(row->program))
		skip();
	live_start(&s, &wish);
	live_connect_directly(&s, &wish);
	live_try_all(&s, row->lacks);
	live_disconnect(&s);
	live_shorten_keep_alive(&s, &wish);
	live_connect_directly(&s, &wish);
	live_short_keep_alive(&s);
	live_stop(&s);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows)];
	node.path = process_find("node");
	/* Debian's own python: another one on the PATH does not see its packages. */
	if (system("/usr/bin/python3 -c 'import importlib.util, sys; sys.exit(not "
		   "importlib.util.find_spec(\"uvicorn\"))'") == 0)
		uvicorn.path = "/usr/bin/python3";
	if (missing(&node) && missing(&uvicorn))
		return TEST_SKIPPED;
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] = (struct CMUnitTest){rows[i].what, served, NULL, NULL, &rows[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
