/*
 * Which certificates are accepted: one table of servers, each met over TLS 1.2 and over TLS 1.3. Who is accepted is sent
 * the request; who is refused is told apart by the error, is not asked again, and has received no byte of the request.
 */
#include "support/client.h"
#include "support/files.h"
#include "support/peer.h"
#include "support/test.h"

#include <openssl/x509_vfy.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Who signs. The clients trust ROOT alone. */
enum signer {
	NOBODY,
	ROOT,
	STRANGER,   /* has the root's name and a key of its own */
	FIRST,      /* an intermediate authority */
	SECOND,     /* one more, signed by the first */
	EXPIRED,    /* intermediates with a fault each */
	EARLY,      /* not valid yet */
	CHILDLESS,  /* may sign no authorities */
	GRANDCHILD, /* is one, signed by the childless */
	NARROW,     /* only for names below example.test */
	UNABLE,     /* an authority by its constraints, whose key is not for signatures of certificates */
	WEAK,       /* a small key */
	SHAKY,      /* signed with a weak digest */
	FORGED,     /* says that the root signed it */
	LEAF,       /* no authority at all */
	SIGNER_COUNT,
	ITSELF, /* of a row */
};

struct signed_wish {
	enum signer by;
	struct cert_wish wish;
};

static const struct signed_wish signer_wishes[SIGNER_COUNT] = {
	[ROOT] = {NOBODY, {.authority = true}},
	[STRANGER] = {NOBODY, {.authority = true}},
	[FIRST] = {ROOT, {.authority = true, .name = "first"}},
	[SECOND] = {FIRST, {.authority = true, .name = "second"}},
	[EXPIRED] = {ROOT, {.authority = true, .name = "expired", .begins_s = -7200, .ends_s = -3600}},
	[EARLY] = {ROOT, {.authority = true, .name = "early", .begins_s = 3600, .ends_s = 7200}},
	[CHILDLESS] = {ROOT, {.authority = true, .name = "childless", .constraints = "CA:TRUE,pathlen:0"}},
	[GRANDCHILD] = {CHILDLESS, {.authority = true, .name = "grandchild"}},
	[NARROW] = {ROOT, {.authority = true, .name = "narrow", .permitted = "critical,permitted;DNS:example.test"}},
	[UNABLE] = {ROOT, {.authority = true, .name = "unable", .usage = "critical,digitalSignature"}},
	[WEAK] = {ROOT, {.authority = true, .name = "weak", .rsa_bits = 1024}},
	[SHAKY] = {ROOT, {.authority = true, .name = "shaky", .digest = "SHA1"}},
	[FORGED] = {ROOT, {.authority = true, .name = "forged", .forged = true}},
	[LEAF] = {ROOT, {.name = "leaf"}},
};

static struct cert signers[SIGNER_COUNT];

/* What a refusal says: its code, OpenSSL's verdict, and words of the text. OK: accepted. */
struct verdict {
	freshet_err err;
	long verify;
	const char *words;
};

/* clang-format off */
#define VERDICT(code, verify, words) {FRESHET_##code, X509_V_##verify, words}
#define ACCEPTED        VERDICT(OK, OK, "")
#define HOST            VERDICT(ETLS_HOST, ERR_HOSTNAME_MISMATCH, "hostname mismatch")
#define ADDRESS         VERDICT(ETLS_HOST, ERR_IP_ADDRESS_MISMATCH, "IP address mismatch")
#define SELF_SIGNED     VERDICT(ETLS_SELF_SIGNED, ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed certificate")
#define UNKNOWN         VERDICT(ETLS_ISSUER, ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unable to get local issuer")
#define UNKNOWN_ROOT    VERDICT(ETLS_ISSUER, ERR_SELF_SIGNED_CERT_IN_CHAIN, "self-signed certificate in certificate chain")
#define PURPOSE         VERDICT(ETLS_PURPOSE, ERR_INVALID_PURPOSE, "purpose")
#define LATE(words)     VERDICT(ETLS_EXPIRED, ERR_CERT_HAS_EXPIRED, words)
#define SOON(words)     VERDICT(ETLS_NOT_YET_VALID, ERR_CERT_NOT_YET_VALID, words)
#define OTHER(verify, words) VERDICT(ETLS_VERIFY, ERR_##verify, words)
/* clang-format on */

/*
 * A server: the verdict on its certificate; the host of the URL, "localhost" by default; what the certificate is to be;
 * who signed it, ROOT by default; who is sent along with it.
 */
struct row {
	const char *what;
	struct verdict verdict;
	const char *host;
	struct cert_wish wish;
	enum signer signer;
	enum signer sent[2];
	bool trusted; /* the client trusts the certificate itself, and nobody else */
};

#define ROW(name, ...)                                                                                                 \
	{                                                                                                              \
		.what = (name), .verdict = __VA_ARGS__                                                                 \
	}

/* clang-format off */
static const struct row rows[] = {
	/* Right. */
	ROW("right", ACCEPTED),
	ROW("one of several names", ACCEPTED, .wish = {.alt_names = "DNS:other.example,DNS:localhost"}),
	ROW("case of letters", ACCEPTED, .wish = {.alt_names = "DNS:LocalHost"}),
	ROW("dot of the root in the URL", ACCEPTED, .host = "localhost."),
	ROW("for servers and clients", ACCEPTED, .wish = {.purpose = "clientAuth,serverAuth"}),
	ROW("no purpose stated", ACCEPTED, .wish = {.purpose = ""}),
	ROW("key of RSA", ACCEPTED, .wish = {.rsa_bits = 2048}),
	ROW("signature with SHA-512", ACCEPTED, .wish = {.digest = "SHA512"}),

	/* The name. */
	ROW("another name", HOST, .wish = {.alt_names = "DNS:other.example"}),
	ROW("name within a longer one", HOST, .wish = {.alt_names = "DNS:localhost.example"}),
	ROW("name behind NUL", HOST, .wish = {.raw_name = "localhost\0.example", .raw_name_len = 18}),
	ROW("name of a URI", HOST, .wish = {.alt_names = "URI:https://localhost"}),
	ROW("name of a mailbox", HOST, .wish = {.alt_names = "email:localhost@localhost"}),
	ROW("address for a name", HOST, .wish = {.alt_names = "IP:127.0.0.1"}),
	ROW("common name beside other names", HOST, .wish = {.name = "localhost", .alt_names = "DNS:other.example"}),
	ROW("common name alone", HOST, .wish = {.name = "localhost", .alt_names = ""}),
	ROW("no name at all", HOST, .wish = {.alt_names = ""}),

	/* A wildcard stands for one whole label, the first (RFC 9525, section 6.3). */
	ROW("wildcard: one label", ACCEPTED, .host = "one.example.test", .wish = {.alt_names = "DNS:*.example.test"}),
	ROW("wildcard: two labels", HOST, .host = "a.b.example.test", .wish = {.alt_names = "DNS:*.example.test"}),
	ROW("wildcard: bare domain", HOST, .host = "example.test", .wish = {.alt_names = "DNS:*.example.test"}),
	ROW("wildcard: end of a label", HOST, .host = "one.example.test", .wish = {.alt_names = "DNS:o*.example.test"}),
	ROW("wildcard: begin of a label", HOST, .host = "one.example.test",
		.wish = {.alt_names = "DNS:*e.example.test"}),
	ROW("wildcard: two", HOST, .host = "one.example.test", .wish = {.alt_names = "DNS:*.*.test"}),
	ROW("wildcard: in the middle", HOST, .host = "one.example.test", .wish = {.alt_names = "DNS:one.*.test"}),
	ROW("wildcard: one level too high", HOST, .host = "one.example.test", .wish = {.alt_names = "DNS:*.test"}),
	ROW("wildcard: below the name", HOST, .host = "one.example.test",
		.wish = {.alt_names = "DNS:*.one.example.test"}),
	ROW("wildcard: everything", HOST, .wish = {.alt_names = "DNS:*"}),
	ROW("wildcard: part of a single label", HOST, .wish = {.alt_names = "DNS:l*"}),
	ROW("wildcard: in the common name", HOST, .host = "one.example.test",
		.wish = {.name = "*.example.test", .alt_names = ""}),

	/* Addresses are subjects of their own. */
	ROW("IPv4", ACCEPTED, .host = "127.0.0.1", .wish = {.alt_names = "IP:127.0.0.1"}),
	ROW("IPv4 beside a name", ACCEPTED, .host = "127.0.0.1", .wish = {.alt_names = "DNS:localhost,IP:127.0.0.1"}),
	ROW("another IPv4", ADDRESS, .host = "127.0.0.1", .wish = {.alt_names = "IP:127.0.0.2"}),
	ROW("IPv4 as a name", ADDRESS, .host = "127.0.0.1", .wish = {.alt_names = "DNS:127.0.0.1"}),
	ROW("IPv4 as the common name", ADDRESS, .host = "127.0.0.1", .wish = {.name = "127.0.0.1", .alt_names = ""}),
	ROW("IPv4 by a wildcard", ADDRESS, .host = "127.0.0.1", .wish = {.alt_names = "DNS:*.0.0.1"}),
	ROW("name for an IPv4", ADDRESS, .host = "127.0.0.1", .wish = {.alt_names = "DNS:localhost"}),
	ROW("IPv6", ACCEPTED, .host = "[::1]", .wish = {.alt_names = "IP:::1"}),
	ROW("IPv6 written otherwise", ACCEPTED, .host = "[0:0::0:1]", .wish = {.alt_names = "IP:::1"}),
	ROW("another IPv6", ADDRESS, .host = "[::1]", .wish = {.alt_names = "IP:::2"}),
	ROW("IPv4 for an IPv6", ADDRESS, .host = "[::ffff:127.0.0.1]", .wish = {.alt_names = "IP:127.0.0.1"}),

	/* The time. */
	ROW("expired", LATE("has expired"), .wish = {.begins_s = -7200, .ends_s = -3600}),
	ROW("not yet valid", SOON("is not yet valid"), .wish = {.begins_s = 3600, .ends_s = 7200}),

	/* The issuer. */
	ROW("self-signed", SELF_SIGNED, .signer = ITSELF),
	ROW("self-signed and trusted itself", ACCEPTED, .signer = ITSELF, .trusted = true),
	ROW("unknown issuer", UNKNOWN, .signer = STRANGER),
	ROW("unknown issuer with its root", UNKNOWN_ROOT, .signer = STRANGER, .sent = {STRANGER}),
	ROW("signature of somebody else", OTHER(CERT_SIGNATURE_FAILURE, "signature failure"), .wish = {.forged = true}),

	/* The chain. */
	ROW("intermediate", ACCEPTED, .signer = FIRST, .sent = {FIRST}),
	ROW("intermediate with its root", ACCEPTED, .signer = FIRST, .sent = {FIRST, ROOT}),
	ROW("two intermediates", ACCEPTED, .signer = SECOND, .sent = {SECOND, FIRST}),
	ROW("two intermediates in disorder", ACCEPTED, .signer = SECOND, .sent = {FIRST, SECOND}),
	ROW("intermediate missing", UNKNOWN, .signer = FIRST),
	ROW("one of two intermediates missing", UNKNOWN, .signer = SECOND, .sent = {SECOND}),
	ROW("the other of two intermediates missing", UNKNOWN, .signer = SECOND, .sent = {FIRST}),
	ROW("intermediate of somebody else", UNKNOWN, .signer = FIRST, .sent = {SECOND}),
	ROW("intermediate expired", LATE("has expired: the issuer \"/CN=expired\""), .signer = EXPIRED,
		.sent = {EXPIRED}),
	ROW("intermediate not yet valid", SOON("not yet valid: the issuer \"/CN=early\""), .signer = EARLY,
		.sent = {EARLY}),
	ROW("intermediate forged", OTHER(CERT_SIGNATURE_FAILURE, "failure: the issuer \"/CN=forged\""),
		.signer = FORGED, .sent = {FORGED}),
	ROW("intermediate below one without issue", OTHER(PATH_LENGTH_EXCEEDED, "path length constraint exceeded"),
		.signer = GRANDCHILD, .sent = {GRANDCHILD, CHILDLESS}),
	ROW("intermediate whose key is for something else", OTHER(INVALID_CA, "invalid CA certificate"),
		.signer = UNABLE, .sent = {UNABLE}),
	ROW("a server's certificate as the issuer", OTHER(INVALID_CA, "invalid CA certificate"), .signer = LEAF,
		.sent = {LEAF}),
	ROW("name within the constraints", ACCEPTED, .host = "one.example.test",
		.wish = {.alt_names = "DNS:one.example.test"}, .signer = NARROW, .sent = {NARROW}),
	ROW("name outside of the constraints", OTHER(PERMITTED_VIOLATION, "permitted subtree violation"),
		.signer = NARROW, .sent = {NARROW}),

	/* What it is for. */
	ROW("for clients only", PURPOSE, .wish = {.purpose = "clientAuth"}),
	ROW("for signing code", PURPOSE, .wish = {.purpose = "codeSigning"}),
	ROW("unknown critical extension", OTHER(UNHANDLED_CRITICAL_EXTENSION, "unhandled critical extension"),
		.wish = {.unknown = true}),

	/* Strength: 112 bits and more, whatever the system's configuration of OpenSSL allows. */
	ROW("weak key", OTHER(EE_KEY_TOO_SMALL, "EE certificate key too weak"), .wish = {.rsa_bits = 1024}),
	ROW("weak signature", OTHER(CA_MD_TOO_WEAK, "digest algorithm too weak"), .wish = {.digest = "SHA1"}),
	ROW("weak key of an intermediate", OTHER(CA_KEY_TOO_SMALL, "CA certificate key too weak"), .signer = WEAK,
		.sent = {WEAK}),
	ROW("weak signature on an intermediate", OTHER(CA_MD_TOO_WEAK, "digest algorithm too weak"), .signer = SHAKY,
		.sent = {SHAKY}),
};
/* clang-format on */

static struct test_folder folder;

/* A system whose configuration of OpenSSL lets everything pass; it is read at the first use. */
static void weaken_system(void)
{
	static const char config[] = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = weak\n"
				     "[weak]\nCipherString = ALL@SECLEVEL=0\n";
	const char *path = test_folder_file(&folder, "openssl.cnf");
	test_file_write(path, config, sizeof config - 1);
	setenv("OPENSSL_CONF", path, 1);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_get_security_level(ctx), 0);
	SSL_CTX_free(ctx);
}

static int set_up(void **state)
{
	(void)state;
	test_folder_make(&folder);
	weaken_system();
	for (size_t i = NOBODY + 1; i < SIGNER_COUNT; i++) {
		const struct signed_wish *w = &signer_wishes[i];
		cert_make(&signers[i], w->by != NOBODY ? &signers[w->by] : NULL, &w->wish);
	}
	cert_write(&signers[ROOT], test_folder_file(&folder, "root.pem"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIGNER_COUNT; i++)
		cert_clear(&signers[i]);
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

/* Follows a stream of the peer, whatever its URL's host is; it may try as often as it wants. */
static void follow(struct peer *peer, const char *host, const char *trust, struct follower *f)
{
	struct client client;
	char url[128], address[32];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	client_start(&client, NULL);
	client_endpoint_options(
		&o, &(struct client_url){"https", host, peer_port(peer), test_folder_file(&folder, trust)}, url);
	snprintf(address, sizeof address, "127.0.0.1:%u", peer_port(peer));
	o.address = address;
	o.bearer_token = "secret";
	o.stream.max_attempts = 3;
	o.stream.backoff_min_ms = 1;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/secret", f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	peer_quiesce(peer);
}

static void assert_accepted(const struct follower *f, const struct peer_seen *seen)
{
	if (f->end.outcome.err != FRESHET_OK)
		fail_msg("refused: %s", f->end.text);
	assert_string_equal(f->last_data, "hello");
	assert_int_equal(seen->requests, 1);
}

static void assert_refused(const struct follower *f, const struct peer_seen *seen, const struct verdict *expected)
{
	const freshet_outcome *o = &f->end.outcome;
	const char *verdict = X509_verify_cert_error_string(o->tls_verify);
	if (o->err != expected->err || o->tls_verify != expected->verify)
		fail_msg("%s, verdict %ld (%s): %s", freshet_err_name(o->err), o->tls_verify, verdict, f->end.text);
	assert_non_null(strstr(f->end.text, freshet_err_text(expected->err)));
	if (strstr(f->end.text, expected->words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->end.text, expected->words);
	assert_true(o->unprocessed);
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->opens, 0);
	/* What is refused once stays refused: nobody asks again. */
	assert_int_equal(seen->connections, 1);
	assert_int_equal(seen->application_bytes, 0);
}

static void meet(const struct row *row, const struct cert *cert, int version)
{
	struct follower f = {0};
	const struct peer_tls tls = {
		.cert = cert,
		.issuer = row->sent[0] != NOBODY ? &signers[row->sent[0]] : NULL,
		.second_issuer = row->sent[1] != NOBODY ? &signers[row->sent[1]] : NULL,
		.max_version = version,
		.old = true,
	};
	struct peer *peer = peer_start(serve_one_event, NULL, &tls);
	follow(peer, row->host != NULL ? row->host : "localhost", row->trusted ? "own.pem" : "root.pem", &f);
	struct peer_seen seen = peer_seen(peer);
	peer_stop(peer);
	if (row->verdict.err == FRESHET_OK)
		assert_accepted(&f, &seen);
	else
		assert_refused(&f, &seen, &row->verdict);
}

/* The order of the handshake differs between the versions, the promise does not. */
static void certificate(void **state)
{
	const struct row *row = *state;
	enum signer signer = row->signer != NOBODY ? row->signer : ROOT;
	struct cert cert;
	cert_make(&cert, signer != ITSELF ? &signers[signer] : NULL, &row->wish);
	cert_write(&cert, test_folder_file(&folder, "own.pem"));
	meet(row, &cert, TLS1_2_VERSION);
	meet(row, &cert, TLS1_3_VERSION);
	cert_clear(&cert);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(rows)];
	struct row copies[COUNT(rows)];
	memcpy(copies, rows, sizeof rows);
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] = (struct CMUnitTest){copies[i].what, certificate, NULL, NULL, &copies[i]};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
