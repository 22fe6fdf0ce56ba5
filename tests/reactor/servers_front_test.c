/*
 * haproxy, nginx and h2o stand in front of a live source of events, as most servers are reached: over each protocol and
 * version of TLS that they speak, streams go through them, end when the server ends them, and go on when what stands in
 * front has died and come back.
 */
#include "support/live.h"
#include "support/test.h"

#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *node;
/* Behind all of them. */
static struct live_server server;

struct scene;

struct program {
	const char *name;
	const char *options[4]; /* before the file of its configuration */
	/* Writes the configuration for that port; returns its length. */
	int (*configure)(const struct scene *scene, uint16_t port, char *text, size_t size);
	unsigned lacks;
	const char *path; /* NULL: this machine has none */
};

struct row {
	const char *what;
	const struct program *program;
	freshet_protocol protocol;
	const char *version; /* of TLS, and no other; NULL: cleartext */
};

/* A row in work: what stands before the server. */
struct scene {
	const struct row *row;
	struct process front;
	uint16_t port;
	bool short_keep_alive; /* of the connections to the client */
};

static const char *file(const char *name)
{
	return test_folder_file(&server.folder, name);
}

static int configure_haproxy(const struct scene *scene, uint16_t port, char *text, size_t size)
{
	const char *version = scene->row->version;
	char listen[512] = "";
	if (version != NULL)
		snprintf(listen, sizeof listen, "ssl crt %s alpn h2,http/1.1 ssl-min-ver TLSv%s ssl-max-ver TLSv%s",
			file("cert.pem"), version, version);
	else if (scene->row->protocol == FRESHET_PROTOCOL_HTTP2)
		snprintf(listen, sizeof listen, "proto h2");
	return snprintf(text, size,
		"defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
		" timeout http-keep-alive %s\n"
		"frontend front\n bind 127.0.0.1:%u %s\n default_backend back\n"
		"backend back\n server node 127.0.0.1:%u\n",
		scene->short_keep_alive ? "1ms" : "60s", port, listen, server.port);
}

static int configure_nginx(const struct scene *scene, uint16_t port, char *text, size_t size)
{
	const char *folder = server.folder.path, *version = scene->row->version;
	char tls[512] = "";
	if (version != NULL)
		snprintf(tls, sizeof tls,
			"ssl_certificate %s/cert.pem; ssl_certificate_key %s/key.pem; ssl_protocols TLSv%s;", folder,
			folder, version);
	return snprintf(text, size,
		"daemon off; master_process off; pid %s/nginx.pid; error_log %s/nginx.log;\n"
		"events { worker_connections 1024; }\n"
		"http { access_log off; client_max_body_size 10m; keepalive_timeout %s;\n"
		"client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4;\n"
		"scgi_temp_path %s/t5;\n"
		"server { listen 127.0.0.1:%u %s %s; %s location / { proxy_pass http://127.0.0.1:%u;\n"
		"proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off; } } }\n",
		folder, folder, scene->short_keep_alive ? "1ms" : "60s", folder, folder, folder, folder, folder, port,
		version != NULL ? "ssl" : "", scene->row->protocol == FRESHET_PROTOCOL_HTTP1 ? "" : "http2", tls,
		server.port);
}

static int configure_h2o(const struct scene *scene, uint16_t port, char *text, size_t size)
{
	const char *folder = server.folder.path, *version = scene->row->version;
	unsigned idle_s = scene->short_keep_alive ? 1 : 60;
	char tls[512] = "";
	if (version != NULL)
		snprintf(tls, sizeof tls,
			"  ssl:\n    certificate-file: %s/cert.pem\n    key-file: %s/key.pem\n    neverbleed: OFF\n"
			"    ocsp-update-interval: 0\n    minimum-version: TLSv%s\n    maximum-version: TLSv%s\n",
			folder, folder, version, version);
	return snprintf(text, size,
		"listen:\n  host: 127.0.0.1\n  port: %u\n%snum-threads: 1\nuser: root\n"
		"http1-request-timeout: %u\nhttp2-idle-timeout: %u\n"
		"hosts:\n  default:\n    paths:\n      /:\n        proxy.reverse.url: http://127.0.0.1:%u/\n",
		port, tls, idle_s, idle_s, server.port);
}

static struct program haproxy = {"haproxy", {"-db", "-f"}, configure_haproxy, 0, NULL};
static struct program nginx = {"nginx", {"-e", "stderr", "-c"}, configure_nginx, LIVE_EXTRAS, NULL};
static struct program h2o = {"h2o", {"-c"}, configure_h2o, 0, NULL};

static struct row rows[] = {
	{"haproxy: HTTP/1.1", &haproxy, FRESHET_PROTOCOL_HTTP1, NULL},
	{"haproxy: HTTP/1.1, TLS 1.2", &haproxy, FRESHET_PROTOCOL_HTTP1, "1.2"},
	{"haproxy: HTTP/1.1, TLS 1.3", &haproxy, FRESHET_PROTOCOL_HTTP1, "1.3"},
	{"haproxy: HTTP/2", &haproxy, FRESHET_PROTOCOL_HTTP2, NULL},
	{"haproxy: HTTP/2, TLS 1.2", &haproxy, FRESHET_PROTOCOL_HTTP2, "1.2"},
	{"haproxy: HTTP/2, TLS 1.3", &haproxy, FRESHET_PROTOCOL_AUTO, "1.3"},
	{"nginx: HTTP/1.1", &nginx, FRESHET_PROTOCOL_HTTP1, NULL},
	{"nginx: HTTP/1.1, TLS 1.3", &nginx, FRESHET_PROTOCOL_HTTP1, "1.3"},
	{"nginx: HTTP/2", &nginx, FRESHET_PROTOCOL_HTTP2, NULL},
	{"nginx: HTTP/2, TLS 1.2", &nginx, FRESHET_PROTOCOL_AUTO, "1.2"},
	{"nginx: HTTP/2, TLS 1.3", &nginx, FRESHET_PROTOCOL_AUTO, "1.3"},
	{"h2o: HTTP/1.1", &h2o, FRESHET_PROTOCOL_HTTP1, NULL},
	{"h2o: HTTP/1.1, TLS 1.3", &h2o, FRESHET_PROTOCOL_HTTP1, "1.3"},
	{"h2o: HTTP/2", &h2o, FRESHET_PROTOCOL_HTTP2, NULL},
	{"h2o: HTTP/2, TLS 1.2", &h2o, FRESHET_PROTOCOL_AUTO, "1.2"},
	{"h2o: HTTP/2, TLS 1.3", &h2o, FRESHET_PROTOCOL_AUTO, "1.3"},
};

static void write_config(uint16_t port, void *user)
{
	const struct scene *scene = user;
	char text[4096];
	int len = scene->row->program->configure(scene, port, text, sizeof text);
	assert_in_range(len, 1, sizeof text - 1);
	test_file_write(file("front.conf"), text, (size_t)len);
}

/* Starts what stands in front, or starts it again where it was. */
static void run_front(struct scene *scene, bool again)
{
	const struct program *program = scene->row->program;
	const char *argv[8] = {program->path};
	size_t n = 1;
	for (size_t i = 0; program->options[i] != NULL; i++)
		argv[n++] = program->options[i];
	argv[n] = file("front.conf");
	if (again)
		process_restart_at_port(&scene->front, argv, file("front.log"), scene->port);
	else
		scene->port = process_start_at_port(&scene->front, argv, file("front.log"), write_config, scene);
}

/* It keeps connections no longer than it must, from now on. */
static void restart_front(void *user)
{
	struct scene *scene = user;
	scene->short_keep_alive = true;
	write_config(scene->port, scene);
	run_front(scene, true);
}

static void connect_through(const struct scene *scene)
{
	const struct row *row = scene->row;
	freshet_endpoint_options o;
	live_endpoint_options(&server, &o, row->version != NULL, scene->port);
	o.protocol = row->protocol;
	o.stream.max_attempts = UINT32_MAX;
	live_connect(&server, &o);
}

static bool missing(const char *path, const char *what)
{
	if (path == NULL)
		printf("skipped: this machine has no %s\n", what);
	return path == NULL;
}

static void served(void **state)
{
	const struct row *row = *state;
	struct scene scene = {.row = row};
	if (missing(row->program->path, row->program->name))
		skip();
	run_front(&scene, false);
	connect_through(&scene);
	live_try_all(&server, row->program->lacks);
	live_follow_across(&server, restart_front, &scene);
	live_short_keep_alive(&server);
	live_disconnect(&server);
	process_kill(&scene.front);
}

static int set_up(void **state)
{
	const struct live_wish wish = {.program = node, .script = LIVE_NODE};
	(void)state;
	live_start(&server, &wish);
	/* haproxy finds the key of FILE in FILE.key. */
	return symlink("key.pem", file("cert.pem.key"));
}

static int tear_down(void **state)
{
	(void)state;
	live_stop(&server);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows)];
	node = process_find("node");
	haproxy.path = process_find("haproxy");
	nginx.path = process_find("nginx");
	h2o.path = process_find("h2o");
	if (missing(node, "node (Debian package nodejs)"))
		return TEST_SKIPPED;
	if (haproxy.path == NULL && nginx.path == NULL && h2o.path == NULL) {
		printf("skipped: this machine has none of haproxy, nginx, h2o (Debian packages of these names)\n");
		return TEST_SKIPPED;
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] = (struct CMUnitTest){rows[i].what, served, NULL, NULL, &rows[i]};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
