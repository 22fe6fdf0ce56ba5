/*
 * Servers that nobody here wrote as live sources of events: what they write is what is seen, through cuts, clean ends and
 * bodies that end with their connection. One table of node's http, https and http2, uvicorn with a small ASGI application,
 * and haproxy in front of node.
 */
#include "support/live.h"
#include "support/test.h"

#include <signal.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Programs; NULL: this machine has none. */
static const char *node, *python, *haproxy;

/* What stands before the server, and what that needs to be told. */
struct front {
	bool tls;
	bool http2; /* of cleartext; over TLS ALPN agrees */
	const char *version;
};

/* What a server cannot do. */
enum {
	BODY_TO_CLOSE = 1, /* a body that ends with its connection */
	EXTRAS = 2,        /* interim answers and trailers */
};

struct row {
	const char *what;
	const char *const *program;
	const char *script;
	const char *kind;
	const char *version;
	freshet_protocol protocol;
	unsigned lacks;
	const struct front *front;
};

static const struct front front_http1 = {false, false, NULL};
static const struct front front_http2 = {false, true, NULL};
static const struct front front_tls12 = {true, false, "1.2"};
static const struct front front_tls13 = {true, false, "1.3"};

#define AUTO  FRESHET_PROTOCOL_AUTO
#define HTTP1 FRESHET_PROTOCOL_HTTP1
#define HTTP2 FRESHET_PROTOCOL_HTTP2

/* clang-format off */
static struct row rows[] = {
	{"node http", &node, LIVE_NODE, "http", NULL, AUTO, .front = NULL},
	{"node https, TLS 1.2", &node, LIVE_NODE, "https", "1.2", AUTO, .front = NULL},
	{"node https, TLS 1.3", &node, LIVE_NODE, "https", "1.3", AUTO, .front = NULL},
	{"node http2, cleartext", &node, LIVE_NODE, "h2c", NULL, HTTP2, .lacks = BODY_TO_CLOSE},
	{"node http2, TLS 1.2", &node, LIVE_NODE, "h2", "1.2", AUTO, .lacks = BODY_TO_CLOSE},
	{"node http2, TLS 1.3", &node, LIVE_NODE, "h2", "1.3", HTTP2, .lacks = BODY_TO_CLOSE},
	{"node http2, but HTTP/1.1", &node, LIVE_NODE, "h2", "1.3", HTTP1, .front = NULL},
	{"uvicorn", &python, LIVE_UVICORN, "http", NULL, AUTO, .lacks = BODY_TO_CLOSE | EXTRAS},
	{"uvicorn, TLS 1.2", &python, LIVE_UVICORN, "https", "1.2", AUTO, .lacks = BODY_TO_CLOSE | EXTRAS},
	{"uvicorn, TLS 1.3", &python, LIVE_UVICORN, "https", "1.3", AUTO, .lacks = BODY_TO_CLOSE | EXTRAS},
	{"haproxy", &node, LIVE_NODE, "http", NULL, AUTO, .front = &front_http1},
	{"haproxy, HTTP/2", &node, LIVE_NODE, "http", NULL, HTTP2, .front = &front_http2},
	{"haproxy, HTTP/1.1, TLS 1.2", &node, LIVE_NODE, "http", NULL, HTTP1, .front = &front_tls12},
	{"haproxy, HTTP/1.1, TLS 1.3", &node, LIVE_NODE, "http", NULL, HTTP1, .front = &front_tls13},
	{"haproxy, HTTP/2, TLS 1.2", &node, LIVE_NODE, "http", NULL, HTTP2, .front = &front_tls12},
	{"haproxy, HTTP/2, TLS 1.3", &node, LIVE_NODE, "http", NULL, AUTO, .front = &front_tls13},
};
/* clang-format on */

/* A row in work: the server, and what stands before it. */
struct scene {
	const struct row *row;
	struct live_server server;
	struct process front;
	uint16_t front_port;
	bool short_keep_alive;
};

static void write_haproxy_config(uint16_t port, void *user)
{
	const struct scene *scene = user;
	const struct front *front = scene->row->front;
	char listen[512], text[2048];
	if (front->tls)
		snprintf(listen, sizeof listen, "ssl crt %s alpn h2,http/1.1 ssl-min-ver TLSv%s ssl-max-ver TLSv%s",
			test_folder_file(&scene->server.folder, "cert.pem"), front->version, front->version);
	else
		snprintf(listen, sizeof listen, "%s", front->http2 ? "proto h2" : "");
	int len = snprintf(text, sizeof text,
		"defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
		" timeout http-keep-alive %s\n"
		"frontend front\n bind 127.0.0.1:%u %s\n default_backend back\n"
		"backend back\n server node 127.0.0.1:%u\n",
		scene->short_keep_alive ? "1ms" : "60s", port, listen, scene->server.port);
	assert_in_range(len, 1, sizeof text - 1);
	test_file_write(test_folder_file(&scene->server.folder, "haproxy.cfg"), text, (size_t)len);
}

/* At the port of its configuration; 0: at a free one, which is written into it. */
static uint16_t run_haproxy(struct scene *scene, uint16_t port)
{
	const struct test_folder *folder = &scene->server.folder;
	const char *const argv[] = {haproxy, "-db", "-f", test_folder_file(folder, "haproxy.cfg"), NULL};
	const char *log = test_folder_file(folder, "haproxy.log");
	if (port == 0)
		return process_start_at_port(&scene->front, argv, log, write_haproxy_config, scene);
	process_start(&scene->front, argv, log);
	return process_port(&scene->front);
}

static void start_front(struct scene *scene)
{
	const struct test_folder *folder = &scene->server.folder;
	freshet_endpoint_options o;
	/* haproxy finds the key of FILE in FILE.key. */
	assert_int_equal(symlink("key.pem", test_folder_file(folder, "cert.pem.key")), 0);
	scene->front_port = run_haproxy(scene, 0);
	live_endpoint_options(&scene->server, &o, scene->row->front->tls, scene->front_port);
	o.protocol = scene->row->protocol;
	o.stream.max_attempts = UINT32_MAX;
	live_connect(&scene->server, &o);
}

static void restart_front(void *user)
{
	struct scene *scene = user;
	kill(scene->front.pid, SIGKILL);
	process_end(&scene->front);
	assert_int_equal(run_haproxy(scene, scene->front_port), scene->front_port);
}

static void start(struct scene *scene, const struct row *row, bool short_keep_alive)
{
	const struct live_wish wish = {
		.program = *row->program,
		.script = row->script,
		.kind = row->kind,
		.version = row->version,
		.protocol = row->protocol,
		.short_keep_alive = short_keep_alive && row->front == NULL,
	};
	*scene = (struct scene){.row = row, .short_keep_alive = short_keep_alive};
	live_start(&scene->server, &wish);
	if (row->front != NULL)
		start_front(scene);
	else
		live_connect_directly(&scene->server, &wish);
}

static void stop(struct scene *scene)
{
	process_end(&scene->front);
	live_stop(&scene->server);
}

static bool missing(const char *program, const char *package)
{
	if (program == NULL)
		printf("skipped: this machine lacks the Debian package %s\n", package);
	return program == NULL;
}

static bool cannot_run(const struct row *row)
{
	if (row->front != NULL && missing(haproxy, "haproxy"))
		return true;
	return missing(*row->program, row->program == &node ? "nodejs" : "python3-uvicorn");
}

static void served(void **state)
{
	const struct row *row = *state;
	struct scene scene;
	if (cannot_run(row))
		skip();
	start(&scene, row, false);
	live_follow(&scene.server, "whole", 0);
	/* 39 or 40 events of each answer are whole, so 300 take eight of them. */
	live_follow(&scene.server, "cut", 7);
	live_follow(&scene.server, "end", 7);
	live_upload(&scene.server);
	live_nothing(&scene.server);
	if ((row->lacks & BODY_TO_CLOSE) == 0)
		live_follow(&scene.server, "to-close", 0);
	if ((row->lacks & EXTRAS) == 0) {
		live_get(&scene.server, "/hints", "after hints");
		live_get(&scene.server, "/trailers", "before trailers");
	}
	if (row->front != NULL)
		live_follow_across(&scene.server, restart_front, &scene);
	stop(&scene);
	start(&scene, row, true);
	live_short_keep_alive(&scene.server);
	stop(&scene);
}

/* Debian's own python: another one on the PATH does not see its packages. */
static const char *find_python_with_uvicorn(void)
{
	bool found = system("/usr/bin/python3 -c 'import uvicorn' 2>/dev/null") == 0;
	return found ? "/usr/bin/python3" : NULL;
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows)];
	node = process_find("node");
	python = find_python_with_uvicorn();
	haproxy = process_find("haproxy");
	if (missing(node, "nodejs") && missing(python, "python3-uvicorn"))
		return TEST_SKIPPED;
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] = (struct CMUnitTest){rows[i].what, served, NULL, NULL, &rows[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
