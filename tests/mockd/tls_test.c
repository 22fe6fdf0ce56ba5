/*
 * TLS: versions, ALPN, the whole of a stream, and how connections end.
 */
#include "support/caller.h"
#include "support/certs.h"
#include "support/mock_world.h"
#include "support/test.h"

#include <unistd.h>

static char folder[] = "/tmp/mockd-tls-XXXXXX";
static char certificate[64];
static char key[64];
static SSL_CTX *context;

static int make_files(void **state)
{
	(void)state;
	struct cert authority, leaf;
	const struct cert_wish root = {.authority = true};
	assert_non_null(mkdtemp(folder));
	snprintf(certificate, sizeof certificate, "%s/cert", folder);
	snprintf(key, sizeof key, "%s/key", folder);
	const struct cert_wish wish = {.alt_names = "IP:127.0.0.1"};
	cert_make(&authority, NULL, &root);
	cert_make(&leaf, &authority, &wish);
	cert_write(&leaf, certificate);
	cert_write_key(&leaf, key);
	context = SSL_CTX_new(TLS_client_method());
	assert_non_null(context);
	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.x509), 1);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x08http/1.1\x02h2", 12), 0);
	cert_clear(&leaf);
	cert_clear(&authority);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	SSL_CTX_free(context);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
	return 0;
}

static void open_tls_with(struct mockd_options options)
{
	options.tls_certificate = certificate;
	options.tls_key = key;
	mock_open(&options);
	assert_memory_equal(mockd_url(mock.mockd), "https://127.0.0.1:", 18);
}

static void open_tls(void)
{
	open_tls_with(mock_options());
}

static void connect_tls(void)
{
	const struct probe_options with_tls = {.tls = context};
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), &with_tls);
}

static void alpn_chooses_h2(void **state)
{
	(void)state;
	open_tls();
	connect_tls();
	struct reply *r = mock_ask("GET", "/health", NULL);
	assert_int_equal(r->status, 200);
	assert_string_equal(probe_alpn(mock.probe), "h2");
}

static int offer(const char *protocols)
{
	return SSL_CTX_set_alpn_protos(context, (const unsigned char *)protocols, (unsigned)strlen(protocols));
}

static void alpn_chooses_http1(void **state)
{
	(void)state;
	static const struct {
		const char *offered; /* as it goes over the wire; "": no ALPN */
		bool no_http2;
	} cases[] = {{"\x08http/1.1", false}, {"\x08http/1.1\x02h2", true}, {"", false}, {"", true}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mockd_options options = mock_options();
		options.no_http2 = cases[i].no_http2;
		open_tls_with(options);
		assert_int_equal(offer(cases[i].offered), 0);
		struct caller *c = caller_open(mock.base, mockd_port(mock.mockd), context);
		caller_say(c, "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
		assert_memory_equal(caller_take(c, "}}"), "HTTP/1.1 200 OK\r\n", 17);
		caller_until_down(c);
		assert_int_equal(c->state, CALLER_NOTIFY);
		caller_close(c);
		mock_close(NULL);
	}
	offer("\x08http/1.1\x02h2");
}

/* Who offers only what is not spoken is sent away in the handshake. */
static void alpn_refuses_what_is_not_spoken(void **state)
{
	(void)state;
	static const struct {
		const char *offered;
		bool no_http1;
		bool no_http2;
	} cases[] = {{"\x08http/1.1", true, false}, {"\x02h2", false, true}, {"\x06spdy/3", false, false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mockd_options options = mock_options();
		options.no_http1 = cases[i].no_http1;
		options.no_http2 = cases[i].no_http2;
		open_tls_with(options);
		assert_int_equal(offer(cases[i].offered), 0);
		connect_tls();
		probe_until_down(mock.probe);
		assert_string_equal(probe_alpn(mock.probe), "");
		mock_close(NULL);
	}
	offer("\x08http/1.1\x02h2");
}

/* Each write is a record: `id:` lines and `data:` lines come apart. */
static void each_piece_is_a_write(void **state)
{
	(void)state;
	open_tls();
	offer("\x08http/1.1");
	struct caller *c = caller_open(mock.base, mockd_port(mock.mockd), context);
	caller_say(c, "GET /events/tick?interval_ms=10&count=3&split=1 HTTP/1.1\r\nhost: x\r\n\r\n");
	caller_take(c, "\r\n\r\n");
	assert_int_equal(c->records, 1);
	mockd_advance(mock.mockd, 30);
	caller_take(c, "\r\n0\r\n\r\n");
	/* The head; three times id and data; the last frame with the end. */
	assert_int_equal(c->records, 1 + 3 * 2 + 1);
	caller_close(c);
	offer("\x08http/1.1\x02h2");
}

static void streams_go_over_it(void **state)
{
	(void)state;
	open_tls();
	connect_tls();
	struct reply *r = mock_stream(mock_session("script:replay rows=200 bytes=3000 stages=0"), 0);
	mock_finish(r);
	assert_non_null(strstr(r->body, "\"type\": \"exit\""));
	r = probe_send(mock.probe, "GET", "/events/bulk?total_bytes=5000000", NULL, NULL);
	probe_until_end(mock.probe, r);
	assert_true(r->body_len > 5000000);
}

static void older_versions_are_refused(void **state)
{
	(void)state;
	open_tls();
	assert_int_equal(SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION), 1);
	connect_tls();
	probe_until_down(mock.probe);
	assert_int_equal(probe_state(mock.probe), PROBE_FIN);
	assert_int_equal(SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION), 1);
	probe_close(mock.probe);
	connect_tls();
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	assert_int_equal(SSL_CTX_set_max_proto_version(context, 0), 1);
}

static void closing_says_so_and_cutting_does_not(void **state)
{
	(void)state;
	open_tls();
	static const struct {
		const char *fault;
		enum probe_state state;
	} ways[] = {{"action=close", PROBE_NOTIFY}, {"action=cut", PROBE_FIN}, {"action=abort", PROBE_RST}};
	for (size_t i = 0; i < 3; i++) {
		probe_close(mock.probe);
		connect_tls();
		assert_true(mockd_fault_add_text(mock.mockd, ways[i].fault, NULL, 0) > 0);
		probe_send(mock.probe, "GET", "/health", NULL, NULL);
		probe_until_down(mock.probe);
		assert_int_equal(probe_state(mock.probe), ways[i].state);
	}
}

static void show(const struct cert *guest)
{
	assert_int_equal(SSL_CTX_use_certificate(context, guest->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, guest->key), 1);
}

static void assert_comes_in(bool comes_in)
{
	probe_close(mock.probe);
	connect_tls();
	struct reply *r = probe_send(mock.probe, "GET", "/health", NULL, NULL);
	if (comes_in)
		probe_until_end(mock.probe, r);
	else
		probe_until_down(mock.probe);
	assert_int_equal(r->status, comes_in ? 200 : 0);
}

static void clients_must_show_a_certificate(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	const struct cert_wish wish = {.purpose = "clientAuth"};
	struct mockd_options options = mock_options();
	struct cert guests, known_guest, unknown_guest;
	char file[64];
	(void)state;
	snprintf(file, sizeof file, "%s/guests", folder);
	cert_make(&guests, NULL, &(struct cert_wish){.authority = true});
	cert_make(&known_guest, &guests, &wish);
	cert_make(&unknown_guest, NULL, &wish);
	cert_write(&guests, file);
	options.tls_certificate = certificate;
	options.tls_key = key;
	options.tls_client_ca = file;
	mock_open(&options);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(SSL_CTX_set_max_proto_version(context, versions[i]), 1);
		assert_comes_in(false);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(SSL_CTX_set_max_proto_version(context, versions[i]), 1);
		show(&unknown_guest);
		assert_comes_in(false);
		show(&known_guest);
		assert_comes_in(true);
	}
	assert_int_equal(SSL_CTX_set_max_proto_version(context, 0), 1);
	unlink(file);
	cert_clear(&known_guest);
	cert_clear(&unknown_guest);
	cert_clear(&guests);
}

static void unusable_files_are_an_error(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct mockd_options options = mock_options();
	struct mockd *m;
	options.tls_certificate = certificate;
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	options.tls_key = certificate;
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_ETLS);
	options.tls_key = "/nowhere";
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_ETLS);
	options.tls_key = key;
	options.tls_client_ca = "/nowhere";
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_ETLS);
	options.tls_client_ca = key;
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_ETLS);
	options.tls_certificate = options.tls_key = NULL;
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	assert_null(m);
	event_base_free(base);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alpn_chooses_h2),
		TEST(alpn_chooses_http1),
		TEST(alpn_refuses_what_is_not_spoken),
		TEST(each_piece_is_a_write),
		TEST(streams_go_over_it),
		TEST(older_versions_are_refused),
		TEST(closing_says_so_and_cutting_does_not),
		TEST(clients_must_show_a_certificate),
		TEST(unusable_files_are_an_error),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
