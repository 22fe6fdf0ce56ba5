#include "support/live.h"

#include "support/certs.h"
#include "support/test.h"

#include <event2/event.h>

#define HASH_BEGIN 2166136261u
#define HASH_STEP  16777619u

static uint32_t hash_add(uint32_t hash, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)bytes[i]) * HASH_STEP;
	return hash;
}

void live_start(struct live_server *s, const struct live_wish *wish)
{
	memset(s, 0, sizeof *s);
	test_folder_make(&s->folder);
	cert_write_site(&s->folder);
	const char *const argv[] = {
		wish->program,
		wish->script,
		wish->kind != NULL ? wish->kind : "http",
		test_folder_file(&s->folder, "cert.pem"),
		test_folder_file(&s->folder, "key.pem"),
		wish->version != NULL ? wish->version : "1.3",
		NULL,
	};
	process_start(&s->process, argv, test_folder_file(&s->folder, "server.log"));
	s->port = process_port(&s->process);
	assert_int_not_equal(s->port, 0);
}

void live_endpoint_options(const struct live_server *s, freshet_endpoint_options *o, bool tls, uint16_t port)
{
	static char url[128];
	const char *trust = test_folder_file(&s->folder, "authority.pem");
	client_endpoint_options(o, &(struct client_url){tls ? "https" : "http", "localhost", port, trust}, url);
	o->protocol = FRESHET_PROTOCOL_AUTO;
	o->stream.end_is_final = false;
	o->stream.max_attempts = 3;
	o->stream.backoff_min_ms = 1;
	/* Every stream is several of them long. */
	o->stream_window = 32 * 1024;
}

void live_connect(struct live_server *s, const freshet_endpoint_options *o)
{
	client_start(&s->client, NULL);
	assert_int_equal(freshet_endpoint_new(s->client.reactor, o, &s->endpoint), FRESHET_OK);
}

void live_connect_directly(struct live_server *s, const struct live_wish *wish)
{
	freshet_endpoint_options o;
	bool tls = wish->kind != NULL && (strcmp(wish->kind, "https") == 0 || strcmp(wish->kind, "h2") == 0);
	live_endpoint_options(s, &o, tls, s->port);
	o.protocol = wish->protocol;
	live_connect(s, &o);
}

void live_disconnect(struct live_server *s)
{
	if (s->endpoint != NULL)
		client_stop(&s->client);
	s->endpoint = NULL;
}

void live_stop(struct live_server *s)
{
	live_disconnect(s);
	process_end(&s->process);
	test_folder_remove(&s->folder);
}

struct listener {
	struct client *client;
	freshet_stream *stream;
	char path[64];
	uint32_t hash;
	unsigned events;
	unsigned cuts;
	unsigned out_of_order;
	unsigned dones;
	freshet_err err;
};

static void on_event(freshet_stream *s, const freshet_event *event, void *user)
{
	struct listener *l = user;
	char number[16];
	int len = snprintf(number, sizeof number, "%u", ++l->events);
	l->out_of_order += !freshet_str_is(event->id, number);
	l->hash = hash_add(l->hash, number, (size_t)len);
	l->hash = hash_add(l->hash, "\n", 1);
	l->hash = hash_add(l->hash, event->data.ptr, event->data.len);
	l->hash = hash_add(l->hash, "\n", 1);
	if (l->events == LIVE_EVENTS)
		freshet_stream_finish(s);
}

static void on_cut(freshet_stream *s, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct listener *l = user;
	(void)s;
	(void)cause;
	(void)retry_ms;
	l->cuts++;
}

static void on_done(freshet_stream *s, const freshet_stream_end *end, void *user)
{
	struct listener *l = user;
	(void)s;
	l->dones++;
	l->err = end->outcome.err;
	l->client->live--;
}

static void listen_to(struct live_server *s, struct listener *l)
{
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = l->path;
	o.callbacks = (freshet_stream_callbacks){NULL, on_event, on_cut, on_done};
	o.user = l;
	l->client = &s->client;
	l->hash = HASH_BEGIN;
	assert_int_equal(freshet_stream_open(s->endpoint, &o, &l->stream), FRESHET_OK);
	s->client.live++;
}

static void listen_to_some(struct live_server *s, const char *kind, struct listener l[LIVE_STREAMS])
{
	s->follows++;
	for (unsigned i = 0; i < LIVE_STREAMS; i++) {
		snprintf(l[i].path, sizeof l[i].path, "/%s/%s-%u-%u", kind, kind, s->follows, i);
		listen_to(s, &l[i]);
	}
}

/* Each has ended well, and saw what the server says that it wrote. */
static void assert_heard(struct live_server *s, const char *kind, const struct listener l[LIVE_STREAMS])
{
	for (unsigned i = 0; i < LIVE_STREAMS; i++) {
		char path[64];
		char written[64];
		assert_int_equal(l[i].dones, 1);
		assert_string_equal(freshet_err_name(l[i].err), "FRESHET_OK");
		assert_int_equal(l[i].events, LIVE_EVENTS);
		assert_int_equal(l[i].out_of_order, 0);
		snprintf(path, sizeof path, "/written/%s-%u-%u", kind, s->follows, i);
		snprintf(written, sizeof written, "%u %u", l[i].events, l[i].hash);
		live_get(s, path, written);
	}
}

void live_follow(struct live_server *s, const char *kind, unsigned cuts)
{
	struct listener l[LIVE_STREAMS] = {0};
	listen_to_some(s, kind, l);
	client_run(&s->client, NULL, NULL);
	assert_heard(s, kind, l);
	for (unsigned i = 0; i < LIVE_STREAMS; i++)
		assert_int_equal(l[i].cuts, cuts);
}

static bool all_are_held(void *user)
{
	const struct listener *l = user;
	unsigned held = 0;
	for (unsigned i = 0; i < LIVE_STREAMS; i++)
		held += l[i].events == LIVE_HELD;
	return held == LIVE_STREAMS;
}

void live_follow_across(struct live_server *s, void (*deed)(void *user), void *user)
{
	struct listener l[LIVE_STREAMS] = {0};
	listen_to_some(s, "held", l);
	client_run(&s->client, all_are_held, l);
	deed(user);
	client_run(&s->client, NULL, NULL);
	assert_heard(s, "held", l);
	for (unsigned i = 0; i < LIVE_STREAMS; i++)
		assert_in_range(l[i].cuts, 1, UINT32_MAX);
}

void live_get(struct live_server *s, const char *path, const char *body)
{
	struct reply r;
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = path;
	client_send(&s->client, s->endpoint, &o, &r);
	client_run(&s->client, NULL, NULL);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, body);
}

void live_upload(struct live_server *s)
{
	size_t size = (size_t)1024 * 1024 + 7;
	char *bytes = malloc(size);
	char expected[64];
	struct reply r;
	freshet_request_options o;
	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	freshet_request_options_init(&o);
	o.path = "/upload";
	o.method = "POST";
	o.body = (freshet_str){bytes, size};
	client_send(&s->client, s->endpoint, &o, &r);
	client_run(&s->client, NULL, NULL);
	snprintf(expected, sizeof expected, "%zu %u", size, hash_add(HASH_BEGIN, bytes, size));
	free(bytes);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
	assert_string_equal(r.body, expected);
}

void live_nothing(struct live_server *s)
{
	struct listener l = {.path = "/nothing"};
	listen_to(s, &l);
	client_run(&s->client, NULL, NULL);
	assert_string_equal(freshet_err_name(l.err), "FRESHET_OK");
	assert_int_equal(l.events + l.cuts, 0);
}

void live_shorten_keep_alive(struct live_server *s, const struct live_wish *wish)
{
	live_connect_directly(s, wish);
	live_get(s, "/keep-alive/1", "1");
	live_disconnect(s);
}

static bool nobody_is_connected(const struct live_server *s)
{
	freshet_counters now = client_counters(&s->client);
	return now.connections == 0;
}

void live_short_keep_alive(struct live_server *s)
{
	for (int i = 0; i < 50; i++)
		live_get(s, "/written/nobody", "0 0");
	/* It is the server that closes the last one: the client would keep it for a minute. */
	while (!nobody_is_connected(s))
		event_base_loop(s->client.base, EVLOOP_ONCE);
	live_get(s, "/written/nobody", "0 0");
}

void live_try_all(struct live_server *s, unsigned lacks)
{
	live_follow(s, "whole", 0);
	/* 39 or 40 events of each answer are whole, so 130 take four of them. */
	live_follow(s, "cut", 3);
	live_follow(s, "end", 3);
	live_upload(s);
	live_nothing(s);
	if ((lacks & LIVE_BODY_TO_CLOSE) == 0)
		live_follow(s, "to-close", 0);
	if ((lacks & LIVE_EXTRAS) == 0) {
		live_get(s, "/hints", "after hints");
		live_get(s, "/trailers", "before trailers");
	}
}
