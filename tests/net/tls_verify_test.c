/*
 * Who is let in: servers with every kind of wrong certificate, protocol or handshake are refused, each with the error
 * that names its fault, and before a single byte of a request has left.
 */
#include "support/client.h"
#include "support/files.h"
#include "support/nameserver.h"
#include "support/peer.h"
#include "support/test.h"

#include <openssl/x509_vfy.h>

/* Signs the right certificates; the clients trust it alone. */
static struct cert authority;
/* Signs as well, but nobody trusts it. */
static struct cert stranger;
static struct test_folder folder;
static const char *trust;
/* Knows "one.example.test" as 127.0.0.1. */
static struct nameserver *resolver;

static int set_up(void **state)
{
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&stranger, NULL, &(struct cert_wish){.authority = true});
	trust = test_folder_file(&folder, "authority.pem");
	cert_write(&authority, trust);
	resolver = nameserver_start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	nameserver_stop(resolver);
	cert_clear(&authority);
	cert_clear(&stranger);
	test_folder_remove(&folder);
	return 0;
}

/* Answers every request with one event and a clean end. */
static void serve_one_event(struct peer_conn *c, void *user)
{
	(void)user;
	if (!peer_greet(c))
		return;
	for (uint32_t id = peer_request(c); id != 0; id = peer_request(c)) {
		peer_answer(c, id, 200, peer_event_stream);
		peer_text(c, id, "data: hello\n\n");
		peer_end(c, id);
	}
}

/* Follows a stream of the peer; it may try as often as it wants. */
static void follow(struct peer *peer, const char *host, struct follower *f)
{
	struct client client;
	char url[128];
	freshet_endpoint_options o;
	freshet_reactor_options ro;
	freshet_endpoint *e;
	freshet_reactor_options_init(&ro);
	ro.dns_server = nameserver_address(resolver);
	client_start(&client, &ro);
	client_endpoint_options(&o,
		&(struct client_url){"https", host, peer_port(peer), test_folder_file(&folder, "authority.pem")}, url);
	o.stream.max_attempts = 3;
	o.stream.backoff_min_ms = 1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/secret", f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	peer_quiesce(peer);
}

static void accepts(const struct peer_tls *tls, const char *host)
{
	struct follower f = {0};
	struct peer *peer = peer_start(serve_one_event, NULL, tls);
	follow(peer, host, &f);
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
	assert_int_equal(f.seen.events, 1);
	assert_string_equal(f.last_data, "hello");
	assert_int_equal(peer_seen(peer).requests, 1);
	peer_stop(peer);
}

/* What a refusal must say. */
struct refusal {
	freshet_err err;
	long verify;
	const char *words;
};

static void assert_refusal(const struct follower *f, const struct refusal *expected)
{
	assert_string_equal(freshet_err_name(f->end.outcome.err), freshet_err_name(expected->err));
	assert_int_equal(f->end.outcome.tls_verify, expected->verify);
	assert_non_null(strstr(f->end.text, freshet_err_text(expected->err)));
	if (strstr(f->end.text, expected->words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->end.text, expected->words);
	assert_true(f->end.outcome.unprocessed);
	assert_int_equal(f->end.outcome.http_status, 0);
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->opens, 0);
}

/* A certificate that is refused once stays refused: nobody asks again. */
static void refuses(const struct peer_tls *tls, const char *host, const struct refusal *expected)
{
	struct follower f = {0};
	struct peer *peer = peer_start(serve_one_event, NULL, tls);
	follow(peer, host, &f);
	assert_refusal(&f, expected);
	struct peer_seen seen = peer_seen(peer);
	assert_int_equal(seen.connections, 1);
	assert_int_equal(seen.application_bytes, 0);
	peer_stop(peer);
}

/* The same certificate against both versions of TLS: the order of the handshake differs, the promise does not. */
static void refuses_certificate(
	const struct cert *issuer, const struct cert_wish *wish, const char *host, const struct refusal *expected)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct cert cert;
	cert_make(&cert, issuer, wish);
	for (size_t i = 0; i < 2; i++)
		refuses(&(struct peer_tls){.cert = &cert, .max_version = versions[i]}, host, expected);
	cert_clear(&cert);
}

static void accepts_certificate(const struct cert_wish *wish, const char *host)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct cert cert;
	cert_make(&cert, &authority, wish);
	for (size_t i = 0; i < 2; i++)
		accepts(&(struct peer_tls){.cert = &cert, .max_version = versions[i]}, host);
	cert_clear(&cert);
}

static void right_certificates(void **state)
{
	(void)state;
	accepts_certificate(&(struct cert_wish){0}, "localhost");
	accepts_certificate(&(struct cert_wish){.alt_names = "DNS:other.example,DNS:LocalHost"}, "localhost");
	accepts_certificate(&(struct cert_wish){.alt_names = "IP:127.0.0.1"}, "127.0.0.1");
	accepts_certificate(&(struct cert_wish){.purpose = "clientAuth,serverAuth"}, "localhost");
}

static void certificate_for_another_host(void **state)
{
	const struct refusal expected = {FRESHET_ETLS_HOST, X509_V_ERR_HOSTNAME_MISMATCH, "hostname mismatch"};
	static const char *const names[] = {"DNS:other.example", "DNS:localhost.example", "DNS:*.localhost", "DNS:l*",
		"DNS:*", "IP:127.0.0.1", "URI:https://localhost", "email:localhost@localhost"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		refuses_certificate(&authority, &(struct cert_wish){.alt_names = names[i]}, "localhost", &expected);
}

/* A wildcard stands for one whole label, the first (RFC 6125, section 6.4.3). */
static void certificate_with_a_wildcard(void **state)
{
	const struct refusal expected = {FRESHET_ETLS_HOST, X509_V_ERR_HOSTNAME_MISMATCH, "hostname mismatch"};
	static const char *const others[] = {"DNS:o*.example.test", "DNS:*e.example.test", "DNS:*.*.test",
		"DNS:one.*.test", "DNS:*.test", "DNS:*.one.example.test"};
	(void)state;
	accepts_certificate(&(struct cert_wish){.alt_names = "DNS:*.example.test"}, "one.example.test");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		refuses_certificate(
			&authority, &(struct cert_wish){.alt_names = others[i]}, "one.example.test", &expected);
}

static void certificate_for_another_address(void **state)
{
	const struct refusal expected = {FRESHET_ETLS_HOST, X509_V_ERR_IP_ADDRESS_MISMATCH, "IP address mismatch"};
	static const char *const names[] = {"IP:127.0.0.2", "DNS:127.0.0.1", "DNS:localhost", "IP:::1"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		refuses_certificate(&authority, &(struct cert_wish){.alt_names = names[i]}, "127.0.0.1", &expected);
}

static void certificate_out_of_time(void **state)
{
	const struct refusal expired = {FRESHET_ETLS_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, "expired"};
	const struct refusal early = {FRESHET_ETLS_NOT_YET_VALID, X509_V_ERR_CERT_NOT_YET_VALID, "not yet valid"};
	(void)state;
	refuses_certificate(&authority, &(struct cert_wish){.begins_s = -7200, .ends_s = -3600}, "localhost", &expired);
	refuses_certificate(&authority, &(struct cert_wish){.begins_s = 3600, .ends_s = 7200}, "localhost", &early);
}

static void certificate_of_its_own(void **state)
{
	const struct refusal expected = {
		FRESHET_ETLS_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed"};
	(void)state;
	refuses_certificate(NULL, &(struct cert_wish){0}, "localhost", &expected);
}

static void certificate_of_a_stranger(void **state)
{
	const struct refusal alone = {
		FRESHET_ETLS_ISSUER, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unable to get local issuer"};
	const struct refusal with_root = {FRESHET_ETLS_ISSUER, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		"self-signed certificate in certificate chain"};
	struct cert cert;
	(void)state;
	refuses_certificate(&stranger, &(struct cert_wish){0}, "localhost", &alone);
	cert_make(&cert, &stranger, &(struct cert_wish){0});
	refuses(&(struct peer_tls){.cert = &cert, .issuer = &stranger}, "localhost", &with_root);
	cert_clear(&cert);
}

static void certificate_for_clients(void **state)
{
	const struct refusal expected = {FRESHET_ETLS_PURPOSE, X509_V_ERR_INVALID_PURPOSE, "purpose"};
	(void)state;
	refuses_certificate(&authority, &(struct cert_wish){.purpose = "clientAuth"}, "localhost", &expected);
}

static void certificate_with_a_forged_signature(void **state)
{
	const struct refusal expected = {FRESHET_ETLS_VERIFY, X509_V_ERR_CERT_SIGNATURE_FAILURE, "signature failure"};
	(void)state;
	refuses_certificate(&authority, &(struct cert_wish){.forged = true}, "localhost", &expected);
}

/* An issuer that is no authority: the trusted one signed a leaf, and that leaf signed this one. */
static void certificate_of_a_leaf(void **state)
{
	struct cert leaf, cert;
	struct follower f = {0};
	(void)state;
	cert_make(&leaf, &authority, &(struct cert_wish){0});
	cert_make(&cert, &leaf, &(struct cert_wish){0});
	struct peer *peer = peer_start(serve_one_event, NULL, &(struct peer_tls){.cert = &cert, .issuer = &leaf});
	follow(peer, "localhost", &f);
	assert_int_not_equal(f.end.outcome.tls_verify, 0);
	assert_int_not_equal(f.end.outcome.err, FRESHET_OK);
	assert_int_equal(peer_seen(peer).application_bytes, 0);
	peer_stop(peer);
	cert_clear(&leaf);
	cert_clear(&cert);
}

static void no_http2(void **state)
{
	static const char *const protocols[] = {"", "http/1.1"};
	static const char *const words[] = {"did not choose h2", "no application protocol"};
	struct cert cert;
	(void)state;
	cert_make(&cert, &authority, &(struct cert_wish){0});
	for (size_t i = 0; i < 2; i++) {
		const struct refusal expected = {FRESHET_ETLS_ALPN, 0, words[i]};
		refuses(&(struct peer_tls){.cert = &cert, .alpn = protocols[i]}, "localhost", &expected);
	}
	cert_clear(&cert);
}

static void old_tls(void **state)
{
	static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};
	struct cert cert;
	struct follower f = {0};
	(void)state;
	cert_make(&cert, &authority, &(struct cert_wish){0});
	for (size_t i = 0; i < 2; i++) {
		const struct peer_tls tls = {.cert = &cert, .max_version = versions[i], .old = true};
		struct peer *peer = peer_start(serve_one_event, NULL, &tls);
		follow(peer, "localhost", &f);
		assert_refusal(&f, &(struct refusal){FRESHET_ETLS, 0, "protocol"});
		assert_int_not_equal(f.end.outcome.tls_error, 0);
		assert_int_equal(peer_seen(peer).handshakes, 0);
		assert_int_equal(peer_seen(peer).application_bytes, 0);
		peer_stop(peer);
	}
	cert_clear(&cert);
}

/* What a server without TLS, or with a broken one, says after it has read `skip` bytes. */
struct broken_handshake {
	size_t skip;
	const void *bytes;
	size_t len;
	const char *words;
};

static void break_handshake(struct peer_conn *c, void *user)
{
	const struct broken_handshake *b = user;
	char hello[256];
	if (b->skip > 0)
		peer_read(c, hello, b->skip);
	if (b->len > 0)
		peer_write(c, b->bytes, b->len);
}

static void broken_handshakes(void **state)
{
#define BYTES(text) text, sizeof text - 1
	static struct broken_handshake cases[] = {
		{0, NULL, 0, "closed during the handshake"},
		{5, NULL, 0, "closed during the handshake"},
		{5, BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), "wrong version number"},
		{5, BYTES("\0\0\0\4\0\0\0\0\0"), "wrong version number"},
		{5, BYTES("\x15\3\3\0\2\2\x28"), "handshake failure"},
		{5, BYTES("\x15\3\3\0\2\2\x50"), "internal error"},
		{5, BYTES("\x15\3\3\0\2\1\0"), "TLS failed"},
		{5, BYTES("\x16\3\3\xff\xff garbage"), "packet length too long"},
		{5, BYTES("\x16\3\3\0\4\2\0\0\x40"), "closed during the handshake"},
		{5, BYTES("\x16\3\3\0\5\2\0\0\1x"), "length"},
		{5, BYTES("\x16\3\3\0\4\x0b\0\0\0"), "unexpected message"},
		{5, BYTES("\x17\3\3\0\4data"), "TLS failed"},
	};
#undef BYTES
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct follower f = {0};
		struct peer *peer = peer_start(break_handshake, &cases[i], NULL);
		follow(peer, "localhost", &f);
		assert_refusal(&f, &(struct refusal){FRESHET_ETLS, 0, cases[i].words});
		assert_int_equal(f.cuts, 2);
		assert_int_equal(peer_seen(peer).connections, 3);
		peer_stop(peer);
	}
}

static void stay_silent(struct peer_conn *c, void *user)
{
	(void)user;
	peer_listen(c);
}

static void silent_handshake(void **state)
{
	struct client client;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	struct follower f = {0};
	(void)state;
	struct peer *peer = peer_start(stay_silent, NULL, NULL);
	client_start(&client, NULL);
	client_endpoint_options(&o, &(struct client_url){"https", "localhost", peer_port(peer), NULL}, url);
	o.connect_timeout_ms = 50;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/", &f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	assert_refusal(&f, &(struct refusal){FRESHET_ECONNECT_TIMEOUT, 0, "no connection within"});
	peer_stop(peer);
}

/* A POST that met a broken handshake surely did nothing: it is sent again though it is not repeatable. */
static void post_after_broken_handshake(void **state)
{
	struct broken_handshake nothing = {.skip = 5};
	struct client client;
	struct reply reply;
	freshet_request_options o;
	(void)state;
	struct peer *peer = peer_start(break_handshake, &nothing, NULL);
	client_start(&client, NULL);
	freshet_endpoint *e =
		client_endpoint(&client, &(struct client_url){"https", "localhost", peer_port(peer), NULL});
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/";
	o.body = freshet_str_of("{}");
	o.max_attempts = 2;
	client_send(&client, e, &o, &reply);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	assert_string_equal(freshet_err_name(reply.outcome.outcome.err), "FRESHET_ETLS");
	assert_int_equal(reply.outcome.outcome.attempts, 2);
	assert_true(reply.outcome.outcome.unprocessed);
	peer_quiesce(peer);
	assert_int_equal(peer_seen(peer).connections, 2);
	peer_stop(peer);
}

/* The system's trust knows nothing of a test's authority. */
static void system_trust(void **state)
{
	struct cert cert;
	struct client client;
	struct follower f = {0};
	(void)state;
	cert_make(&cert, &authority, &(struct cert_wish){0});
	struct peer *peer = peer_start(serve_one_event, NULL, &(struct peer_tls){.cert = &cert});
	client_start(&client, NULL);
	freshet_endpoint *e =
		client_endpoint(&client, &(struct client_url){"https", "localhost", peer_port(peer), NULL});
	client_follow(&client, e, "/", &f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	assert_refusal(&f, &(struct refusal){FRESHET_ETLS_ISSUER, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				   "unable to get local issuer"});
	peer_quiesce(peer);
	assert_int_equal(peer_seen(peer).application_bytes, 0);
	peer_stop(peer);
	cert_clear(&cert);
}

static void unreadable_trust(void **state)
{
	struct client client;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	(void)state;
	const char *garbage = test_folder_file(&folder, "garbage.pem");
	test_file_write(garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n", 34);
	const char *const files[] = {test_folder_file(&folder, "missing.pem"), garbage};
	client_start(&client, NULL);
	for (size_t i = 0; i < 2; i++) {
		client_endpoint_options(&o, &(struct client_url){"https", "localhost", 1, files[i]}, url);
		assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_ETLS);
		assert_null(e);
	}
	client_stop(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_certificates),
		cmocka_unit_test(certificate_for_another_host),
		cmocka_unit_test(certificate_with_a_wildcard),
		cmocka_unit_test(certificate_for_another_address),
		cmocka_unit_test(certificate_out_of_time),
		cmocka_unit_test(certificate_of_its_own),
		cmocka_unit_test(certificate_of_a_stranger),
		cmocka_unit_test(certificate_for_clients),
		cmocka_unit_test(certificate_with_a_forged_signature),
		cmocka_unit_test(certificate_of_a_leaf),
		cmocka_unit_test(no_http2),
		cmocka_unit_test(old_tls),
		cmocka_unit_test(broken_handshakes),
		cmocka_unit_test(silent_handshake),
		cmocka_unit_test(post_after_broken_handshake),
		cmocka_unit_test(system_trust),
		cmocka_unit_test(unreadable_trust),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
