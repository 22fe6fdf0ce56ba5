/*
 * Servers that nobody here wrote serve stored event streams to many streams at once: one table of server, protocol and
 * version of TLS. What each stream saw is held against what was written into the file.
 */
#include "support/nginx.h"
#include "support/test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct site site;

/* Where one row's server listens, and what runs there. */
struct server {
	const struct row *row;
	struct process process;
	uint16_t port;
};

struct program {
	const char *name;
	const char *package;
	void (*start)(struct server *s);
	void (*end)(struct process *p);
	const char *path; /* NULL: this machine has none */
};

/* Each server allows the one version of TLS and no other; 0: cleartext. HTTP/1.1 needs a connection for each stream. */
struct row {
	const char *what;
	struct program *program;
	freshet_protocol protocol;
	int tls; /* 12: TLS 1.2 */
	const char *file;
	uint64_t connections;
};

static void start_nginx(struct server *s)
{
	static const char *const listens[2][2] = {{"", "http2"}, {"ssl", "ssl http2"}};
	struct nginx n;
	bool http2 = s->row->protocol != FRESHET_PROTOCOL_HTTP1;
	struct nginx_wish wish = {
		.listen = listens[s->row->tls != 0][http2],
		.directives = s->row->tls == 12 ? "ssl_protocols TLSv1.2;" : "ssl_protocols TLSv1.3;",
	};
	nginx_start(&n, s->row->program->path, &site, &wish);
	s->process = n.process;
	s->port = n.port;
}

static void write_h2o_config(uint16_t port, void *user)
{
	const struct server *s = user;
	const char *folder = site.folder.path;
	char tls[512] = "", text[2048];
	if (s->row->tls != 0)
		snprintf(tls, sizeof tls,
			"  ssl:\n    certificate-file: %s/cert.pem\n    key-file: %s/key.pem\n    "
			"ocsp-update-interval: 0\n"
			"    minimum-version: TLSv1.%d\n    maximum-version: TLSv1.%d\n",
			folder, folder, s->row->tls % 10, s->row->tls % 10);
	int len = snprintf(text, sizeof text,
		"listen:\n  host: 127.0.0.1\n  port: %u\n%s"
		"hosts:\n  default:\n    paths:\n      /:\n        file.dir: %s\n"
		"file.mime.addtypes:\n  text/event-stream: .sse\nnum-threads: 1\nuser: root\n",
		port, tls, folder);
	assert_in_range(len, 1, sizeof text - 1);
	test_file_write(site_file(&site, "h2o.conf"), text, (size_t)len);
}

static void start_h2o(struct server *s)
{
	const char *const argv[] = {s->row->program->path, "-c", site_file(&site, "h2o.conf"), NULL};
	s->port = process_start_at_port(&s->process, argv, site_file(&site, "h2o.log"), write_h2o_config, s);
}

static struct program nginx = {"nginx", "nginx-light", start_nginx, process_end, NULL};
static struct program h2o = {"h2o", "h2o", start_h2o, process_kill, NULL};

/* clang-format off */
static struct row rows[] = {
	{"nginx: HTTP/1.1", &nginx, FRESHET_PROTOCOL_HTTP1, 0, "/small.sse", BULK_STREAMS},
	{"nginx: HTTP/1.1, TLS 1.2", &nginx, FRESHET_PROTOCOL_HTTP1, 12, "/small.sse", BULK_STREAMS},
	{"nginx: HTTP/1.1, TLS 1.3", &nginx, FRESHET_PROTOCOL_HTTP1, 13, "/small.sse", BULK_STREAMS},
	{"nginx: HTTP/2", &nginx, FRESHET_PROTOCOL_HTTP2, 0, "/small.sse", 1},
	{"nginx: HTTP/2, TLS 1.2", &nginx, FRESHET_PROTOCOL_AUTO, 12, "/small.sse", 1},
	{"nginx: HTTP/2, TLS 1.3", &nginx, FRESHET_PROTOCOL_AUTO, 13, "/large.sse", 1},
	{"h2o: HTTP/1.1", &h2o, FRESHET_PROTOCOL_HTTP1, 0, "/small.sse", BULK_STREAMS},
	{"h2o: HTTP/1.1, TLS 1.2", &h2o, FRESHET_PROTOCOL_HTTP1, 12, "/small.sse", BULK_STREAMS},
	{"h2o: HTTP/1.1, TLS 1.3", &h2o, FRESHET_PROTOCOL_HTTP1, 13, "/small.sse", BULK_STREAMS},
	{"h2o: HTTP/2", &h2o, FRESHET_PROTOCOL_HTTP2, 0, "/small.sse", 1},
	{"h2o: HTTP/2, TLS 1.2", &h2o, FRESHET_PROTOCOL_AUTO, 12, "/small.sse", 1},
	{"h2o: HTTP/2, TLS 1.3", &h2o, FRESHET_PROTOCOL_AUTO, 13, "/small.sse", 1},
};
/* clang-format on */

static void followed(void **state)
{
	const struct row *row = *state;
	struct server s = {.row = row};
	char url[128];
	freshet_endpoint_options o;
	if (row->program->path == NULL) {
		printf("skipped: this machine has no %s (Debian package %s)\n", row->program->name,
			row->program->package);
		skip();
	}
	row->program->start(&s);
	site_endpoint_options(&site, &o, row->tls != 0 ? "https" : "http", s.port, url);
	o.protocol = row->protocol;
	assert_int_equal(bulk_follow(&site, &o, row->file, BULK_STREAMS), row->connections);
	assert_true(process_runs(&s.process));
	s.row->program->end(&s.process);
}

static int set_up(void **state)
{
	(void)state;
	site_make(&site);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_remove(&site);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows)];
	nginx.path = process_find(nginx.name);
	h2o.path = process_find(h2o.name);
	if (nginx.path == NULL && h2o.path == NULL) {
		printf("skipped: this machine has neither nginx nor h2o (Debian packages nginx-light, h2o)\n");
		return TEST_SKIPPED;
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] = (struct CMUnitTest){rows[i].what, followed, NULL, NULL, &rows[i]};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
