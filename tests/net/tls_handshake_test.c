/*
 * Servers with another protocol, an old version or a broken handshake are refused, each with the error that names the
 * fault, and before a single byte of a request has left. Which certificates are accepted: certificates_test.c.
 */
#include "support/client.h"
#include "support/files.h"
#include "support/peer.h"
#include "support/test.h"

#include <openssl/x509_vfy.h>

/* Signs the right certificates; the clients trust it alone. */
static struct cert authority;
static struct test_folder folder;

static int set_up(void **state)
{
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_write(&authority, test_folder_file(&folder, "authority.pem"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cert_clear(&authority);
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
static void follow(struct peer *peer, struct follower *f)
{
	struct client client;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	client_start(&client, NULL);
	client_endpoint_options(&o,
		&(struct client_url){"https", "localhost", peer_port(peer), test_folder_file(&folder, "authority.pem")},
		url);
	o.stream.max_attempts = 3;
	o.stream.backoff_min_ms = 1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/secret", f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	peer_quiesce(peer);
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

/* What is refused once stays refused: nobody asks again. */
static void refuses(const struct peer_tls *tls, const struct refusal *expected)
{
	struct follower f = {0};
	struct peer *peer = peer_start(serve_one_event, NULL, tls);
	follow(peer, &f);
	assert_refusal(&f, expected);
	struct peer_seen seen = peer_seen(peer);
	assert_int_equal(seen.connections, 1);
	assert_int_equal(seen.application_bytes, 0);
	peer_stop(peer);
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
		refuses(&(struct peer_tls){.cert = &cert, .alpn = protocols[i]}, &expected);
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
		follow(peer, &f);
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
		follow(peer, &f);
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
