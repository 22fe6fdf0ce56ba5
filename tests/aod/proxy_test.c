/*
 * A session is followed through a proxy that only knows the server's name, over TLS with a certificate of our own: whole,
 * and across all that the proxy does wrong. Whoever shows no certificate, or one of somebody else, reaches nothing.
 */
#include "support/aod_world.h"
#include "support/certs.h"
#include "support/test.h"

#include "mockd/proxy.h"

#include <signal.h>

static struct test_folder folder;
static struct mockd_proxy *proxy;

static const char *file(const char *name)
{
	return test_folder_file(&folder, name);
}

static void write_pair(const struct cert *issuer, const struct cert_wish *wish, const char *name)
{
	char path[64];
	struct cert cert;
	cert_make(&cert, issuer, wish);
	snprintf(path, sizeof path, "%s.pem", name);
	cert_write(&cert, file(path));
	snprintf(path, sizeof path, "%s.key", name);
	cert_write_key(&cert, file(path));
	cert_clear(&cert);
}

static int make_certificates(void **state)
{
	struct cert authority, guests;
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&guests, NULL, &(struct cert_wish){.authority = true, .name = "guests"});
	cert_write(&authority, file("authority.pem"));
	cert_write(&guests, file("guests.pem"));
	write_pair(&authority, &(struct cert_wish){.alt_names = "DNS:api.example.test"}, "server");
	write_pair(&guests, &(struct cert_wish){.purpose = "clientAuth"}, "guest");
	write_pair(&authority, &(struct cert_wish){.purpose = "clientAuth"}, "stranger");
	cert_clear(&authority);
	cert_clear(&guests);
	/* The emulator's OpenSSL writes to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int remove_certificates(void **state)
{
	(void)state;
	test_folder_remove(&folder);
	return 0;
}

static void open_world(void)
{
	struct mockd_options o = world_fast();
	struct mockd_proxy_options po;
	char target[64];
	o.tls_certificate = file("server.pem");
	o.tls_key = file("server.key");
	o.tls_client_ca = file("guests.pem");
	world_open(&o);
	snprintf(target, sizeof target, "api.example.test:443=127.0.0.1:%u", (unsigned)mockd_port(world.mockd));
	mockd_proxy_options_init(&po);
	po.targets = &(const char *){target};
	po.target_count = 1;
	po.credentials = "user:pa ss";
	assert_int_equal(mockd_proxy_new(world.base, &po, &proxy), FRESHET_OK);
}

static int close_world(void **state)
{
	world_close_reactor();
	mockd_proxy_free(proxy);
	return world_close(state);
}

/* A client that shows that certificate; NULL: none. */
static freshet_aod *new_client(freshet_protocol protocol, const char *certificate)
{
	char url[128], name[32];
	freshet_endpoint_options e;
	freshet_aod_options o;
	freshet_aod *aod;
	freshet_endpoint_options_init(&e);
	freshet_aod_options_init(&o);
	snprintf(url, sizeof url, "http://user:pa%%20ss@127.0.0.1:%u", (unsigned)mockd_proxy_port(proxy));
	e.proxy = url;
	e.ca_file = file("authority.pem");
	if (certificate != NULL) {
		snprintf(name, sizeof name, "%s.pem", certificate);
		e.certificate_file = file(name);
		snprintf(name, sizeof name, "%s.key", certificate);
		e.key_file = file(name);
	}
	e.protocol = protocol;
	e.connect_timeout_ms = 500;
	e.ping_interval_ms = 200;
	e.ping_timeout_ms = 300;
	/* The emulator's heartbeats come every 30 ms. */
	e.stream.idle_timeout_ms = 1000;
	e.stream.backoff_min_ms = 5;
	e.stream.backoff_max_ms = 50;
	o.url = "https://api.example.test";
	o.token = MOCKD_TOKEN;
	o.endpoint = &e;
	assert_int_equal(freshet_aod_new(world.reactor, &o, &aod), FRESHET_OK);
	return aod;
}

struct view {
	uint64_t hash;
	uint64_t last_id;
	size_t rows;
	bool done;
	freshet_err err;
	char text[320];
};

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct view *v = user;
	(void)stream;
	if (event->type != FRESHET_AOD_EVENT_STAGE && event->type != FRESHET_AOD_EVENT_OUTPUT)
		return;
	assert_true(event->id > v->last_id);
	v->last_id = event->id;
	v->hash = mockd_hash_row(v->hash, event->id, event->raw.ptr, event->raw.len);
	v->rows++;
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct view *v = user;
	freshet_str text = end->error.outcome.text;
	(void)stream;
	v->err = end->error.outcome.err;
	snprintf(v->text, sizeof v->text, "%.*s", (int)text.len, text.ptr);
	v->done = true;
}

static struct view follow(freshet_aod *aod, const char *session)
{
	struct view v = {.hash = MOCKD_HASH_START};
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(session);
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = &v;
	assert_int_equal(freshet_aod_stream_open(aod, &o, &stream), FRESHET_OK);
	world_run_until(&v.done);
	return v;
}

static void compare(const struct mockd_ledger_entry *entry, void *user)
{
	const struct view *v = user;
	assert_int_equal(v->rows, entry->rows);
	assert_true(v->hash == entry->hash);
}

static void follow_through(freshet_protocol protocol, const char *fault, uint64_t strikes)
{
	char session[MOCKD_ID_SIZE];
	struct mockd_proxy_stats before, after;
	const char *prompt = "script:success rows=400 bytes=500 burst=20 row_ms=5000";
	mockd_proxy_get_stats(proxy, &before);
	assert_int_equal(mockd_add_session(world.mockd, prompt, session), FRESHET_OK);
	assert_true(mockd_proxy_set_fault_text(proxy, fault));
	/* Another client has other connections, which meet the fault. */
	struct view v = follow(new_client(protocol, "guest"), session);
	if (v.err != FRESHET_OK)
		fail_msg("%s: %s: %s", fault, freshet_err_name(v.err), v.text);
	assert_true(mockd_ledger_find(world.mockd, session, compare, &v));
	mockd_proxy_get_stats(proxy, &after);
	assert_int_equal(after.struck - before.struck, strikes);
}

static void sessions_through_the_proxy(void **state)
{
	static const freshet_protocol protocols[] = {FRESHET_PROTOCOL_HTTP2, FRESHET_PROTOCOL_HTTP1};
	static const struct {
		const char *fault;
		uint64_t strikes;
	} cases[] = {
		{"action=work", 0},
		{"action=refuse status=503 times=3", 3},
		{"action=cut times=3", 3},
		{"action=hang times=1", 1},
		{"action=cut after=1000 times=2", 2}, /* inside the handshake */
		{"action=cut after=20000 times=6", 6},
		{"action=hang after=30000 times=2", 2},
	};
	(void)state;
	open_world();
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
			follow_through(protocols[i], cases[k].fault, cases[k].strikes);
}

static void nobody_else_comes_in(void **state)
{
	static const struct {
		const char *certificate;
		const char *words;
	} cases[] = {{NULL, "certificate required"}, {"stranger", "unknown ca"}};
	struct mockd_stats stats;
	char session[MOCKD_ID_SIZE];
	(void)state;
	open_world();
	assert_int_equal(mockd_add_session(world.mockd, "script:replay", session), FRESHET_OK);
	for (size_t i = 0; i < 2; i++) {
		struct view v = follow(new_client(FRESHET_PROTOCOL_AUTO, cases[i].certificate), session);
		assert_string_equal(freshet_err_name(v.err), "FRESHET_ETLS");
		if (strstr(v.text, cases[i].words) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", v.text, cases[i].words);
		assert_int_equal(v.rows, 0);
	}
	mockd_get_stats(world.mockd, &stats);
	assert_int_equal(stats.requests, 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_through_the_proxy),
		TEST(nobody_else_comes_in),
	};
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
