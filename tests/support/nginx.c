#include "support/nginx.h"

#include "support/test.h"

struct config {
	const struct site *site;
	const struct nginx_wish *wish;
};

static void write_config(uint16_t port, void *user)
{
	const struct config *c = user;
	const char *folder = c->site->folder.path;
	const char *directives = c->wish->directives != NULL ? c->wish->directives : "";
	char text[4096];
	int len = snprintf(text, sizeof text,
		"daemon off; worker_processes 1; user root; pid %s/nginx.pid; error_log %s/nginx.log notice;\n"
		"events { worker_connections 1024; }\n"
		"http { access_log off; types { text/event-stream sse; application/json json; }\n"
		"client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4;\n"
		"scgi_temp_path %s/t5; ssl_certificate %s/cert.pem; ssl_certificate_key %s/key.pem; root %s;\n"
		"server { listen 127.0.0.1:%u %s; server_name localhost; %s } }\n",
		folder, folder, folder, folder, folder, folder, folder, folder, folder, folder, port, c->wish->listen,
		directives);
	assert_in_range(len, 1, sizeof text - 1);
	test_file_write(site_file(c->site, "nginx.conf"), text, (size_t)len);
}

void nginx_start(struct nginx *n, const char *program, const struct site *site, const struct nginx_wish *wish)
{
	const char *const argv[] = {program, "-c", site_file(site, "nginx.conf"), "-p", site->folder.path, NULL};
	struct config config = {site, wish};
	n->port = process_start_at_port(&n->process, argv, site_file(site, "nginx.out"), write_config, &config);
}
