/*
 * Bodies that are pulled, sent to nginx: it takes them whole, of known and of unknown length, and refuses those that are
 * too large before they have come.
 */
#include "support/nginx.h"
#include "support/pattern.h"
#include "support/test.h"

#define LENGTH ((uint64_t)20 * 1024 * 1024)

static struct site site;
static const char *program;

/* What a server is and how it is spoken to. */
struct way {
	const char *name;
	const char *scheme;
	const char *listen;
	freshet_protocol protocol;
};

static struct way ways[] = {
	{"HTTP/1.1", "http", "", FRESHET_PROTOCOL_HTTP1},
	{"HTTP/1.1 over TLS", "https", "ssl", FRESHET_PROTOCOL_HTTP1},
	{"HTTP/2", "http", "http2", FRESHET_PROTOCOL_HTTP2},
	{"HTTP/2 over TLS", "https", "ssl http2", FRESHET_PROTOCOL_HTTP2},
};

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

struct sender {
	struct reply reply; /* first: it is the request's user */
	uint64_t at;
};

static freshet_body_step read_body(freshet_request *request, void *to, size_t room, size_t *len, void *user)
{
	struct sender *s = user;
	(void)request;
	*len = LENGTH - s->at < room ? LENGTH - s->at : room;
	pattern_fill(to, *len, s->at);
	s->at += *len;
	return s->at == LENGTH ? FRESHET_BODY_END : FRESHET_BODY_MORE;
}

static void upload(struct client *client, freshet_endpoint *e, const char *path, bool known, struct sender *s)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = "PUT";
	o.path = path;
	o.source.read = read_body;
	o.source.has_length = known;
	o.source.length = known ? LENGTH : 0;
	o.deadline_ms = UINT64_MAX;
	*s = (struct sender){.at = 0};
	client_send(client, e, &o, &s->reply);
	client_run(client, NULL, NULL);
	assert_string_equal(freshet_err_name(s->reply.outcome.outcome.err), "FRESHET_OK");
}

/* /up reads the whole body before it asks /landed, which tells how long it was; /small takes a kilobyte. */
static void start(struct nginx *nginx, const struct way *way)
{
	char directives[1024], socket[256];
	const struct nginx_wish wish = {way->listen, directives};
	snprintf(socket, sizeof socket, "%s", site_file(&site, "back.sock"));
	remove(socket);
	snprintf(directives, sizeof directives,
		"listen unix:%s; client_max_body_size 0; location = /up { proxy_pass http://unix:%s:/landed; }"
		"location = /landed { return 200 $http_content_length; }"
		"location = /small { client_max_body_size 1k; proxy_pass http://unix:%s:/landed; }",
		socket, socket, socket);
	nginx_start(nginx, program, &site, &wish);
}

static void bodies_of_all_kinds(void **state)
{
	const struct way *way = *state;
	struct nginx nginx;
	struct client client;
	struct sender s;
	char url[128], expected[32];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	start(&nginx, way);
	client_start(&client, NULL);
	site_endpoint_options(&site, &o, way->scheme, nginx.port, url);
	o.protocol = way->protocol;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	snprintf(expected, sizeof expected, "%llu", (unsigned long long)LENGTH);
	for (int known = 0; known < 2; known++) {
		upload(&client, e, "/up", known == 1, &s);
		assert_int_equal(s.reply.status, 200);
		assert_string_equal(s.reply.body, expected);
		upload(&client, e, "/small", known == 1, &s);
		assert_int_equal(s.reply.status, 413);
	}
	client_stop(&client);
	process_end(&nginx.process);
}

int main(void)
{
	struct CMUnitTest tests[sizeof ways / sizeof ways[0]];
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		tests[i] = (struct CMUnitTest){ways[i].name, bodies_of_all_kinds, NULL, NULL, &ways[i]};
	program = process_find("nginx");
	if (program == NULL) {
		printf("skipped: this machine has no nginx (Debian package nginx-light)\n");
		return TEST_SKIPPED;
	}
	return _cmocka_run_group_tests("uploads", tests, sizeof tests / sizeof tests[0], set_up, tear_down);
}
