/*
 * nginx does what servers in the field do: it ends connections after some requests, takes few streams at a time, reloads
 * while streams are open, and answers with pages of its own.
 */
#include "support/nginx.h"
#include "support/test.h"

#include <signal.h>

static struct site site;
static const char *program;

static int set_up(void **state)
{
	static const char page[] = "{\"detail\": \"a page that is no event stream\"}";
	(void)state;
	site_make(&site);
	test_file_write(site_file(&site, "page.json"), page, sizeof page - 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_remove(&site);
	return 0;
}

struct server {
	struct nginx nginx;
	bool tls;
};

static void start(struct server *s, const struct nginx_wish *wish)
{
	s->tls = strstr(wish->listen, "ssl") != NULL;
	nginx_start(&s->nginx, program, &site, wish);
}

static void endpoint_options(const struct server *s, freshet_endpoint_options *o, char url[128])
{
	site_endpoint_options(&site, o, s->tls ? "https" : "http", s->nginx.port, url);
}

static uint64_t follow_all(const struct nginx_wish *wish, freshet_protocol protocol, const char *path, size_t streams)
{
	struct server s;
	char url[128];
	freshet_endpoint_options o;
	start(&s, wish);
	endpoint_options(&s, &o, url);
	o.protocol = protocol;
	uint64_t connections = bulk_follow(&site, &o, path, streams);
	assert_true(process_runs(&s.nginx.process));
	process_end(&s.nginx.process);
	return connections;
}

static void few_streams_a_connection(void **state)
{
	const struct nginx_wish wish = {"ssl http2", "http2_max_concurrent_streams 4;"};
	(void)state;
	assert_int_equal(follow_all(&wish, FRESHET_PROTOCOL_HTTP2, "/small.sse", BULK_STREAMS), 13);
}

/* nginx says GOAWAY with the tenth request of a connection: what it took goes on, what it did not take moves. */
static void goaway_after_some_requests(void **state)
{
	const struct nginx_wish wish = {"ssl http2", "keepalive_requests 10;"};
	(void)state;
	assert_int_equal(follow_all(&wish, FRESHET_PROTOCOL_HTTP2, "/small.sse", BULK_STREAMS), 5);
}

static void few_requests_a_connection_over_http1(void **state)
{
	const struct nginx_wish wish = {"", "keepalive_requests 1;"};
	(void)state;
	assert_int_equal(follow_all(&wish, FRESHET_PROTOCOL_HTTP1, "/small.sse", 8), 8);
}

/* Requests one after the other over a connection that keeps ending: every one is answered, and none is sent twice. */
static void requests_across_goaways(void **state)
{
	const struct nginx_wish wish = {"http2", "keepalive_requests 10;"};
	struct server s;
	struct client client;
	struct reply replies[50];
	freshet_counters counters;
	(void)state;
	start(&s, &wish);
	client_start(&client, NULL);
	freshet_endpoint *e = client_endpoint(&client, &(struct client_url){"http", "localhost", s.nginx.port, NULL});
	for (size_t i = 0; i < 50; i++)
		client_get(&client, e, "/page.json", &replies[i]);
	client_run(&client, NULL, NULL);
	for (size_t i = 0; i < 50; i++) {
		assert_string_equal(freshet_err_name(replies[i].outcome.outcome.err), "FRESHET_OK");
		assert_int_equal(replies[i].status, 200);
		assert_int_equal(replies[i].outcome.outcome.attempts, 1);
	}
	counters = client_counters(&client);
	assert_int_equal(counters.connections_opened, 5);
	client_stop(&client);
	process_end(&s.nginx.process);
}

static void refused_without_certificate(const freshet_endpoint_options *o)
{
	struct client client;
	struct follower f = {0};
	freshet_endpoint *e;
	client_start(&client, NULL);
	assert_int_equal(freshet_endpoint_new(client.reactor, o, &e), FRESHET_OK);
	client_follow(&client, e, "/small.sse", &f);
	client_run(&client, NULL, NULL);
	assert_int_equal(f.end.outcome.err, FRESHET_EHTTP_STATUS);
	assert_int_equal(f.end.outcome.http_status, 400);
	assert_non_null(strstr(f.end.body, "No required SSL certificate"));
	client_stop(&client);
}

/* nginx asks for a certificate of ours, which the handshake may lack; then the answer is 400. */
static void client_certificate(void **state)
{
	static const char *const listens[] = {"ssl", "ssl http2"};
	static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char directives[512], url[128];
		const struct nginx_wish wish = {listens[i / 2], directives};
		struct server s;
		freshet_endpoint_options o;
		snprintf(directives, sizeof directives,
			"ssl_protocols %s; ssl_verify_client on; ssl_client_certificate %s;", versions[i % 2],
			site_file(&site, "authority.pem"));
		start(&s, &wish);
		endpoint_options(&s, &o, url);
		o.protocol = FRESHET_PROTOCOL_AUTO;
		refused_without_certificate(&o);
		o.certificate_file = site_file(&site, "cert.pem");
		o.key_file = site_file(&site, "key.pem");
		bulk_follow(&site, &o, "/small.sse", 8);
		process_end(&s.nginx.process);
	}
}

static bool log_says(const char *words)
{
	char line[512];
	bool found = false;
	FILE *log = fopen(site_file(&site, "nginx.log"), "r");
	while (log != NULL && !found && fgets(line, sizeof line, log) != NULL)
		found = strstr(line, words) != NULL;
	if (log != NULL)
		fclose(log);
	return found;
}

struct crowd {
	struct client client;
	struct follower followers[20];
};

static bool all_open(void *user)
{
	const struct crowd *crowd = user;
	return crowd->client.open == sizeof crowd->followers / sizeof crowd->followers[0];
}

/* A reload leaves the open streams with the old worker until they end; the next stream comes to the new one. */
static void reload_with_streams_open(void **state)
{
	const struct nginx_wish wish = {"ssl http2", NULL};
	const size_t count = sizeof((struct crowd *)NULL)->followers / sizeof(struct follower);
	struct server s;
	struct crowd crowd;
	struct follower late;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	freshet_counters counters;
	(void)state;
	memset(&crowd, 0, sizeof crowd);
	memset(&late, 0, sizeof late);
	remove(site_file(&site, "nginx.log"));
	start(&s, &wish);
	client_start(&crowd.client, NULL);
	endpoint_options(&s, &o, url);
	assert_int_equal(freshet_endpoint_new(crowd.client.reactor, &o, &e), FRESHET_OK);
	for (size_t i = 0; i < count; i++)
		client_follow_paused(&crowd.client, e, "/small.sse", &crowd.followers[i]);
	client_run(&crowd.client, all_open, &crowd);
	assert_int_equal(kill(s.nginx.process.pid, SIGHUP), 0);
	while (!log_says("gracefully shutting down"))
		process_breathe();
	for (size_t i = 0; i < count; i++)
		freshet_stream_resume(crowd.followers[i].stream);
	client_run(&crowd.client, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		assert_whole(&crowd.followers[i], &site.small);
	client_follow(&crowd.client, e, "/small.sse", &late);
	client_run(&crowd.client, NULL, NULL);
	assert_whole(&late, &site.small);
	counters = client_counters(&crowd.client);
	assert_int_equal(counters.connections_opened, 2);
	assert_int_equal(counters.reconnects, 0);
	client_stop(&crowd.client);
	process_end(&s.nginx.process);
}

/* What nginx says itself. */
struct page {
	const char *path;
	freshet_err err;
	int status;
	const char *content_type;
	const char *words; /* in the body */
};

static void pages(void **state)
{
	static const struct page expected[] = {
		{"/missing", FRESHET_EHTTP_STATUS, 404, "text/html", "404 Not Found"},
		{"/page.json", FRESHET_ECONTENT_TYPE, 200, "application/json", "no event stream"},
		{"/moved", FRESHET_EHTTP_REDIRECT, 301, "text/html", "Moved"},
		{"/busy", FRESHET_EHTTP_STATUS, 503, "text/plain", "come back"},
		{"/nothing", FRESHET_OK, 0, "", ""},
	};
	const struct nginx_wish wish = {"http2",
		"location = /moved { return 301 /elsewhere; } location = /busy { return 503 'come back'; }"
		"location = /nothing { return 204; }"};
	struct server s;
	struct client client;
	struct follower f[sizeof expected / sizeof expected[0]] = {{0}};
	(void)state;
	start(&s, &wish);
	client_start(&client, NULL);
	freshet_endpoint *e = client_endpoint(&client, &(struct client_url){"http", "localhost", s.nginx.port, NULL});
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		client_follow(&client, e, expected[i].path, &f[i]);
	client_run(&client, NULL, NULL);
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		assert_string_equal(freshet_err_name(f[i].end.outcome.err), freshet_err_name(expected[i].err));
		assert_int_equal(f[i].end.outcome.http_status, expected[i].status);
		assert_string_equal(f[i].end.content_type, expected[i].content_type);
		assert_non_null(strstr(f[i].end.body, expected[i].words));
		assert_int_equal(f[i].seen.events, 0);
	}
	client_stop(&client);
	process_end(&s.nginx.process);
}

/* A page that comes compressed, from a server that makes up its own mind. */
static void compressed_pages(void **state)
{
	const struct nginx_wish wishes[] = {
		{"http2", "gzip on; gzip_types application/json; gzip_min_length 1;"},
		{"", "gzip on; gzip_types application/json; gzip_min_length 1;"},
		{"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		struct server s;
		struct client client;
		struct reply r;
		char url[128];
		freshet_endpoint_options o;
		freshet_endpoint *e;
		freshet_request_options q;
		start(&s, &wishes[i]);
		client_start(&client, NULL);
		endpoint_options(&s, &o, url);
		o.protocol = i == 0 ? FRESHET_PROTOCOL_HTTP2 : FRESHET_PROTOCOL_HTTP1;
		assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
		freshet_request_options_init(&q);
		q.path = "/page.json";
		q.accept_gzip = true;
		client_send(&client, e, &q, &r);
		client_run(&client, NULL, NULL);
		assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
		assert_int_equal(r.decoded, i < 2);
		assert_string_equal(r.body, "{\"detail\": \"a page that is no event stream\"}");
		client_stop(&client);
		process_end(&s.nginx.process);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_streams_a_connection),
		cmocka_unit_test(goaway_after_some_requests),
		cmocka_unit_test(few_requests_a_connection_over_http1),
		cmocka_unit_test(requests_across_goaways),
		cmocka_unit_test(client_certificate),
		cmocka_unit_test(reload_with_streams_open),
		cmocka_unit_test(pages),
		cmocka_unit_test(compressed_pages),
	};
	program = process_find("nginx");
	if (program == NULL) {
		printf("skipped: this machine has no nginx (Debian package nginx-light)\n");
		return TEST_SKIPPED;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
