/*
 * What an endpoint may ask of TLS: trust from files, folders and text, pinned keys, a certificate of its own, a least
 * version, the protocols that it offers, a log of keys; and sessions that are taken up again.
 */
#include "support/client.h"
#include "support/files.h"
#include "support/peer.h"
#include "support/test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cert authority, other_authority;
static struct cert cert;  /* of a server, by the authority */
static struct cert guest; /* of a client, by the other one */
static struct test_folder folder;

static const char *file(const char *name)
{
	return test_folder_file(&folder, name);
}

static int set_up(void **state)
{
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&other_authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&cert, &authority, &(struct cert_wish){0});
	cert_make(&guest, &other_authority, &(struct cert_wish){.purpose = "clientAuth"});
	cert_write(&authority, file("authority.pem"));
	cert_write(&other_authority, file("other.pem"));
	cert_write(&guest, file("guest.pem"));
	cert_write_key(&guest, file("guest.key"));
	cert_write_key(&cert, file("wrong.key"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cert_clear(&authority);
	cert_clear(&other_authority);
	cert_clear(&cert);
	cert_clear(&guest);
	test_folder_remove(&folder);
	return 0;
}

/* Every request gets one event and a clean end, in the protocol that was agreed on. */
static void serve_http2(struct peer_conn *c)
{
	if (!peer_greet(c))
		return;
	for (uint32_t id = peer_request(c); id != 0; id = peer_request(c)) {
		peer_answer(c, id, 200, peer_event_stream);
		peer_text(c, id, "data: over h2\n\n");
		peer_end(c, id);
	}
}

static void serve_http1(struct peer_conn *c)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
				     "content-length: 21\r\n\r\ndata: over http/1.1\n\n";
	char byte;
	for (int line_ends = 0; peer_read(c, &byte, 1);) {
		line_ends = byte == '\n' ? line_ends + 1 : byte == '\r' ? line_ends : 0;
		if (line_ends == 2)
			peer_write(c, answer, sizeof answer - 1);
	}
}

static void serve(struct peer_conn *c, void *user)
{
	const unsigned char *name;
	unsigned len;
	(void)user;
	SSL_get0_alpn_selected(peer_ssl(c), &name, &len);
	if (len == 2)
		serve_http2(c);
	else
		serve_http1(c);
}

/* What a test changes of the endpoint's options. */
typedef void tune_fn(freshet_endpoint_options *o);

struct session {
	struct peer *peer;
	struct client client;
	freshet_endpoint *endpoint;
	struct follower f;
};

static void session_start(struct session *s, const struct peer_tls *tls, tune_fn *tune)
{
	char url[128];
	freshet_endpoint_options o;
	s->peer = peer_start(serve, NULL, tls);
	client_start(&s->client, NULL);
	client_endpoint_options(
		&o, &(struct client_url){"https", "localhost", peer_port(s->peer), file("authority.pem")}, url);
	if (tune != NULL)
		tune(&o);
	assert_int_equal(freshet_endpoint_new(s->client.reactor, &o, &s->endpoint), FRESHET_OK);
	s->f.on_event = NULL;
}

static void session_follow(struct session *s)
{
	client_follow(&s->client, s->endpoint, "/", &s->f);
	client_run(&s->client, NULL, NULL);
}

static struct peer_seen session_end(struct session *s)
{
	client_stop(&s->client);
	peer_quiesce(s->peer);
	struct peer_seen seen = peer_seen(s->peer);
	peer_stop(s->peer);
	return seen;
}

static void accepts(const struct peer_tls *tls, tune_fn *tune, const char *data)
{
	struct session s;
	session_start(&s, tls, tune);
	session_follow(&s);
	if (s.f.end.outcome.err != FRESHET_OK)
		fail_msg("%s: %s", freshet_err_name(s.f.end.outcome.err), s.f.end.text);
	assert_string_equal(s.f.last_data, data);
	session_end(&s);
}

static void refuses(const struct peer_tls *tls, tune_fn *tune, freshet_err err, const char *words)
{
	struct session s;
	session_start(&s, tls, tune);
	session_follow(&s);
	if (s.f.end.outcome.err != err || strstr(s.f.end.text, words) == NULL)
		fail_msg("%s: %s", freshet_err_name(s.f.end.outcome.err), s.f.end.text);
	assert_int_equal(s.f.seen.events, 0);
	assert_int_equal(session_end(&s).application_bytes, 0);
}

static const struct peer_tls usual = {.cert = &cert};

/* --- Trust. */

static char pem[2][4096];

static freshet_str pem_of(const struct cert *c, char text[4096])
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, c->x509), 1);
	int len = BIO_read(bio, text, 4096);
	BIO_free(bio);
	return (freshet_str){text, (size_t)len};
}

static void trust_text(freshet_endpoint_options *o)
{
	o->ca_file = NULL;
	o->ca_pem = pem_of(&authority, pem[0]);
}

static void trust_text_of_two(freshet_endpoint_options *o)
{
	static char both[8192];
	freshet_str first = pem_of(&other_authority, pem[0]);
	freshet_str second = pem_of(&authority, pem[1]);
	memcpy(both, first.ptr, first.len);
	memcpy(both + first.len, second.ptr, second.len);
	o->ca_file = NULL;
	o->ca_pem = (freshet_str){both, first.len + second.len};
}

static void trust_file_and_text(freshet_endpoint_options *o)
{
	o->ca_file = file("other.pem");
	o->ca_pem = pem_of(&authority, pem[0]);
}

static void trust_folder(freshet_endpoint_options *o)
{
	char name[32];
	snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(authority.x509));
	cert_write(&authority, file(name));
	o->ca_file = NULL;
	o->ca_dir = folder.path;
}

static void trust_another(freshet_endpoint_options *o)
{
	o->ca_file = NULL;
	o->ca_pem = pem_of(&other_authority, pem[0]);
}

static void trust(void **state)
{
	static tune_fn *const right[] = {NULL, trust_text, trust_text_of_two, trust_file_and_text, trust_folder};
	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		accepts(&usual, right[i], "over h2");
	/* Both authorities have the same name; their keys tell them apart. */
	refuses(&usual, trust_another, FRESHET_ETLS_ISSUER, "unable to get local issuer");
}

/* --- Pins. */

static uint8_t pins[3][32];

static void pin_of(const struct cert *c, uint8_t out[32])
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x509), &der);
	assert_true(len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1);
	OPENSSL_free(der);
}

static void pin_wrong_keys(freshet_endpoint_options *o)
{
	pin_of(&authority, pins[0]);
	pin_of(&guest, pins[1]);
	o->pins = (const uint8_t(*)[32])pins;
	o->pin_count = 2;
}

static void pin_right_key(freshet_endpoint_options *o)
{
	pin_wrong_keys(o);
	pin_of(&cert, pins[2]);
	o->pin_count = 3;
}

static void pin_right_key_of_a_stranger(freshet_endpoint_options *o)
{
	pin_right_key(o);
	trust_another(o);
}

static void pinned_keys(void **state)
{
	(void)state;
	accepts(&usual, pin_right_key, "over h2");
	refuses(&usual, pin_wrong_keys, FRESHET_ETLS_PIN, "none of 2 pins fits");
	refuses(&usual, pin_right_key_of_a_stranger, FRESHET_ETLS_ISSUER, "unable to get local issuer");
}

/* --- A certificate of our own. */

static void show_certificate(freshet_endpoint_options *o)
{
	o->certificate_file = file("guest.pem");
	o->key_file = file("guest.key");
}

static void client_certificate(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct peer_tls tls = {
			.cert = &cert, .client_issuer = &other_authority, .max_version = versions[i]};
		accepts(&tls, show_certificate, "over h2");
		/* OpenSSL calls the alert of TLS 1.2 a failed handshake. */
		refuses(&tls, NULL, FRESHET_ETLS, i == 0 ? "handshake failure" : "certificate required");
	}
}

static void certificate_without_its_key(void **state)
{
	const char *const keys[] = {file("wrong.key"), file("missing.key"), file("guest.pem"), NULL};
	const char *const certificates[] = {file("guest.pem"), file("missing.pem"), file("guest.key")};
	struct client client;
	freshet_endpoint_options o;
	freshet_endpoint *e;
	(void)state;
	client_start(&client, NULL);
	freshet_endpoint_options_init(&o);
	o.url = "https://localhost";
	for (size_t i = 0; i < 4; i++) {
		o.certificate_file = certificates[0];
		o.key_file = keys[i];
		assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_ETLS);
		assert_null(e);
	}
	o.key_file = file("guest.key");
	for (size_t i = 1; i < 3; i++) {
		o.certificate_file = certificates[i];
		assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_ETLS);
	}
	client_stop(&client);
}

/* --- Versions and protocols. */

static void only_1_3(freshet_endpoint_options *o)
{
	o->min_tls_version = FRESHET_TLS_1_3;
}

static void least_version(void **state)
{
	const struct peer_tls older = {.cert = &cert, .max_version = TLS1_2_VERSION};
	(void)state;
	accepts(&usual, only_1_3, "over h2");
	accepts(&older, NULL, "over h2");
	refuses(&older, only_1_3, FRESHET_ETLS, "protocol version");
}

static void offer_either(freshet_endpoint_options *o)
{
	o->protocol = FRESHET_PROTOCOL_AUTO;
}

static void offer_http1(freshet_endpoint_options *o)
{
	o->protocol = FRESHET_PROTOCOL_HTTP1;
}

static void protocols(void **state)
{
	const struct peer_tls http1 = {.cert = &cert, .alpn = "http/1.1"};
	const struct peer_tls silent = {.cert = &cert, .alpn = ""};
	(void)state;
	accepts(&usual, offer_either, "over h2");
	accepts(&http1, offer_either, "over http/1.1");
	accepts(&silent, offer_either, "over http/1.1");
	accepts(&http1, offer_http1, "over http/1.1");
	accepts(&silent, offer_http1, "over http/1.1");
	refuses(&usual, offer_http1, FRESHET_ETLS_ALPN, "no application protocol");
}

/* --- Sessions. */

static void one_stream_a_connection(freshet_endpoint_options *o)
{
	o->idle_close_ms = 1;
	o->protocol = FRESHET_PROTOCOL_HTTP2;
}

static bool no_connection(void *user)
{
	freshet_counters counters;
	freshet_counters_init(&counters);
	assert_int_equal(freshet_reactor_counters_get(user, &counters), FRESHET_OK);
	return counters.connections == 0;
}

static void sessions_are_resumed(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct session s;
		session_start(
			&s, &(struct peer_tls){.cert = &cert, .max_version = versions[i]}, one_stream_a_connection);
		for (int connection = 0; connection < 4; connection++) {
			session_follow(&s);
			assert_int_equal(s.f.end.outcome.err, FRESHET_OK);
			client_idle(&s.client, no_connection, s.client.reactor);
		}
		struct peer_seen seen = session_end(&s);
		assert_int_equal(seen.connections, 4);
		assert_int_equal(seen.handshakes, 4);
		assert_int_equal(seen.resumed, 3);
	}
}

/* What is refused after the handshake is refused again when its session is resumed. */
static void refusals_are_not_resumed(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct session s;
		session_start(&s, &(struct peer_tls){.cert = &cert, .max_version = versions[i]}, pin_wrong_keys);
		for (int connection = 0; connection < 3; connection++) {
			session_follow(&s);
			assert_string_equal(freshet_err_name(s.f.end.outcome.err), "FRESHET_ETLS_PIN");
		}
		assert_int_equal(session_end(&s).application_bytes, 0);
	}
}

/* --- The log of keys. */

static void log_keys(freshet_endpoint_options *o)
{
	o->key_log_file = file("keys.log");
}

static void key_log(void **state)
{
	char line[512];
	struct stat about;
	unsigned secrets = 0;
	(void)state;
	mode_t mask = umask(0);
	accepts(&usual, NULL, "over h2");
	assert_int_not_equal(access(file("keys.log"), F_OK), 0);
	accepts(&usual, log_keys, "over h2");
	FILE *log = fopen(file("keys.log"), "r");
	assert_non_null(log);
	while (fgets(line, sizeof line, log) != NULL)
		secrets += strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0;
	fclose(log);
	assert_int_equal(secrets, 1);
	/* Nobody else may read it, whatever the mask. */
	assert_int_equal(stat(file("keys.log"), &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	umask(mask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trust),
		cmocka_unit_test(pinned_keys),
		cmocka_unit_test(client_certificate),
		cmocka_unit_test(certificate_without_its_key),
		cmocka_unit_test(least_version),
		cmocka_unit_test(protocols),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(refusals_are_not_resumed),
		cmocka_unit_test(key_log),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
