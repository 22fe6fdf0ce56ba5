/*
 * TLS between two memories. A BIO of our own reads from the ciphertext that was fed and appends to the output of the
 * present call, so nothing but OpenSSL's own record buffer lies between the socket's bytes and the plaintext; that
 * buffer is given back while the connection is idle (SSL_MODE_RELEASE_BUFFERS).
 *
 * Failures keep apart what the certificate was refused for. OpenSSL's error queue is emptied before each call, so that
 * nobody else's words are taken for ours.
 */
#include "net/tls.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct tls {
	SSL *ssl;
	struct tls_context *context;
	const uint8_t *in;
	size_t in_len;
	struct bytes *out; /* of the present call */
	bool out_of_memory;
	enum tls_protocol offer;
	enum tls_protocol chosen;
	struct tls_failure failure;
	char refused_issuer[80]; /* whose certificate was refused when it was not the server's; "" otherwise */
};

static int bio_read(BIO *bio, char *buf, int size)
{
	struct tls *t = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (t->in_len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	size_t len = t->in_len < (size_t)size ? t->in_len : (size_t)size;
	memcpy(buf, t->in, len);
	t->in += len;
	t->in_len -= len;
	return (int)len;
}

static int bio_write(BIO *bio, const char *buf, int size)
{
	struct tls *t = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (t->out == NULL || !bytes_append(t->out, buf, (size_t)size)) {
		t->out_of_memory = true;
		return -1;
	}
	return size;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/*
 * Sessions kept for later connections; a server sends two or so on each. Over HTTP/1.1 every stream has a connection, and
 * many come back at once when a server starts anew.
 */
#define SESSIONS_MAX 64

struct tls_context {
	SSL_CTX *ctx;
	BIO_METHOD *method;
	SSL_SESSION *sessions[SESSIONS_MAX]; /* the newest last */
	size_t session_count;
	uint8_t (*pins)[32];
	size_t pin_count;
	FILE *key_log;
};

static bool load_pem(SSL_CTX *ctx, freshet_str pem)
{
	BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
	size_t count = 0;
	bool ok = bio != NULL;
	for (X509 *x = NULL; ok && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; count++) {
		ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1;
		X509_free(x);
	}
	BIO_free(bio);
	/* The reader ends with "no start line" behind the last one. */
	ERR_clear_error();
	return ok && count > 0;
}

static bool load_trust(SSL_CTX *ctx, const struct tls_options *o)
{
	bool files = o->ca_file != NULL || o->ca_dir != NULL;
	if (!files && o->ca_pem.len == 0)
		return SSL_CTX_set_default_verify_paths(ctx) == 1;
	if (files && SSL_CTX_load_verify_locations(ctx, o->ca_file, o->ca_dir) != 1)
		return false;
	return o->ca_pem.len == 0 || load_pem(ctx, o->ca_pem);
}

static bool load_certificate(SSL_CTX *ctx, const struct tls_options *o)
{
	const char *key = o->key_file != NULL ? o->key_file : o->certificate_file;
	if (o->certificate_file == NULL)
		return o->key_file == NULL;
	return SSL_CTX_use_certificate_chain_file(ctx, o->certificate_file) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(ctx) == 1;
}

/* Keeps a session that the server offers; the oldest makes room. 1: it is ours now. */
static int session_came(SSL *ssl, SSL_SESSION *session)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	if (context->session_count == SESSIONS_MAX) {
		SSL_SESSION_free(context->sessions[0]);
		memmove(context->sessions, context->sessions + 1,
			sizeof context->sessions - sizeof context->sessions[0]);
		context->session_count--;
	}
	context->sessions[context->session_count++] = session;
	return 1;
}

/* The newest session for a new connection. A ticket of TLS 1.3 is used once (RFC 8446, appendix C.4). */
static void resume_session(struct tls_context *context, SSL *ssl)
{
	if (context->session_count == 0)
		return;
	SSL_SESSION *session = context->sessions[context->session_count - 1];
	SSL_set_session(ssl, session);
	if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION) {
		SSL_SESSION_free(session);
		context->session_count--;
	}
}

static void log_key(const SSL *ssl, const char *line)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	fprintf(context->key_log, "%s\n", line);
	fflush(context->key_log);
}

static bool make_method(struct tls_context *context)
{
	context->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "freshet");
	return context->method != NULL && BIO_meth_set_read(context->method, bio_read) == 1 &&
	       BIO_meth_set_write(context->method, bio_write) == 1 &&
	       BIO_meth_set_ctrl(context->method, bio_control) == 1;
}

static freshet_err copy_pins(struct tls_context *context, const struct tls_options *o)
{
	if (o->pin_count == 0)
		return FRESHET_OK;
	context->pins = mem_array(o->pin_count, sizeof *context->pins);
	if (context->pins == NULL)
		return FRESHET_ENOMEM;
	memcpy(context->pins, o->pins, o->pin_count * sizeof *context->pins);
	context->pin_count = o->pin_count;
	return FRESHET_OK;
}

/* Who can read it can read all that was said: it is made for its owner alone. */
static freshet_err open_key_log(struct tls_context *context, const char *path)
{
	if (path == NULL)
		return FRESHET_OK;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
	context->key_log = fd >= 0 ? fdopen(fd, "a") : NULL;
	if (context->key_log == NULL) {
		if (fd >= 0)
			close(fd);
		return FRESHET_ETLS;
	}
	SSL_CTX_set_keylog_callback(context->ctx, log_key);
	return FRESHET_OK;
}

/* 112 bits: RSA of 2048 and more, no SHA-1 (RFC 9325, section 4), also where the system's configuration says less. */
#define SECURITY_LEVEL 2

/*
 * Notes whose certificate was refused: the words for "expired" send everybody to the server's own, though it may be that
 * of an issuer. The verdict itself is OpenSSL's.
 */
static int judge(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);
	int depth = X509_STORE_CTX_get_error_depth(store);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	if (!ok && depth > 0 && cert != NULL)
		X509_NAME_oneline(X509_get_subject_name(cert), t->refused_issuer, sizeof t->refused_issuer);
	return ok;
}

static void configure(struct tls_context *context, const struct tls_options *o)
{
	SSL_CTX *ctx = context->ctx;
	SSL_CTX_set_app_data(ctx, context);
	SSL_CTX_set_min_proto_version(ctx, o->only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, judge);
	if (SSL_CTX_get_security_level(ctx) < SECURITY_LEVEL)
		SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, session_came);
}

freshet_err tls_context_new(const struct tls_options *options, struct tls_context **out)
{
	*out = NULL;
	struct tls_context *context = mem_zalloc(sizeof *context);
	if (context == NULL)
		return FRESHET_ENOMEM;
	ERR_clear_error();
	context->ctx = SSL_CTX_new(TLS_client_method());
	freshet_err err = FRESHET_ENOMEM;
	if (context->ctx != NULL && make_method(context)) {
		configure(context, options);
		err = copy_pins(context, options);
	}
	if (err == FRESHET_OK && (!load_trust(context->ctx, options) || !load_certificate(context->ctx, options)))
		err = FRESHET_ETLS;
	if (err == FRESHET_OK)
		err = open_key_log(context, options->key_log_file);
	if (err != FRESHET_OK)
		tls_context_free(context);
	else
		*out = context;
	ERR_clear_error();
	return err;
}

void tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	for (size_t i = 0; i < context->session_count; i++)
		SSL_SESSION_free(context->sessions[i]);
	SSL_CTX_free(context->ctx);
	BIO_meth_free(context->method);
	if (context->key_log != NULL)
		fclose(context->key_log);
	mem_free(context->pins);
	mem_free(context);
}

/*
 * A name stands in the certificate's subjectAltName; the common name is none (RFC 9525, section 2), and a wildcard is a
 * whole label. Names are also sent as SNI; addresses must not be (RFC 6066, section 3). The macro that sets it takes no constant.
 */
static bool expect_host(SSL *ssl, char *host)
{
	unsigned char address[16];
	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* The offer in the order of preference, each name behind its length (RFC 7301, section 3.1). */
static bool offer_protocol(struct tls *t, enum tls_protocol offer)
{
	static const unsigned char names[] = "\x02h2\x08http/1.1";
	const unsigned both = sizeof names - 1;
	const unsigned h2_len = 3;
	t->offer = offer;
	switch (offer) {
	case TLS_PROTOCOL_HTTP2: return SSL_set_alpn_protos(t->ssl, names, h2_len) == 0;
	case TLS_PROTOCOL_HTTP1: return SSL_set_alpn_protos(t->ssl, names + h2_len, both - h2_len) == 0;
	case TLS_PROTOCOL_EITHER: break;
	}
	return SSL_set_alpn_protos(t->ssl, names, both) == 0;
}

static bool attach_bio(struct tls *t, const BIO_METHOD *method)
{
	BIO *bio = BIO_new(method);
	if (bio == NULL)
		return false;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	return true;
}

freshet_err tls_new(struct tls_context *context, freshet_str host, enum tls_protocol offer, struct tls **out)
{
	char name[256];
	*out = NULL;
	if (host.len >= sizeof name)
		return FRESHET_EINVAL;
	/* The dot of the root is no part of the names in SNI and certificates (RFC 6066, section 3). */
	size_t len = host.len > 1 && host.ptr[host.len - 1] == '.' ? host.len - 1 : host.len;
	memcpy(name, host.ptr, len);
	name[len] = '\0';
	struct tls *t = mem_zalloc(sizeof *t);
	if (t == NULL)
		return FRESHET_ENOMEM;
	t->ssl = SSL_new(context->ctx);
	if (t->ssl == NULL || !attach_bio(t, context->method) || !expect_host(t->ssl, name) ||
		!offer_protocol(t, offer)) {
		tls_free(t);
		return FRESHET_ENOMEM;
	}
	SSL_set_app_data(t->ssl, t);
	SSL_set_connect_state(t->ssl);
	t->context = context;
	resume_session(context, t->ssl);
	*out = t;
	return FRESHET_OK;
}

/*
 * OpenSSL takes a session that ends without close_notify for one that must not be resumed, as TLS 1.0 wanted it: a
 * connection that is cut would lose the ticket it got, and be followed by a whole handshake. Nobody asks for that any more
 * (RFC 5246, section 7.2.1); what failed by a fatal alert is not resumed all the same.
 */
static void keep_session(SSL *ssl)
{
	if (ssl != NULL)
		SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	keep_session(t->ssl);
	SSL_free(t->ssl);
	mem_free(t);
}

void tls_feed(struct tls *t, const uint8_t *bytes, size_t len)
{
	t->in = bytes;
	t->in_len = len;
}

static freshet_err certificate_error(long verify)
{
	switch (verify) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH: return FRESHET_ETLS_HOST;
	case X509_V_ERR_CERT_HAS_EXPIRED: return FRESHET_ETLS_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID: return FRESHET_ETLS_NOT_YET_VALID;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return FRESHET_ETLS_SELF_SIGNED;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return FRESHET_ETLS_ISSUER;
	case X509_V_ERR_INVALID_PURPOSE: return FRESHET_ETLS_PURPOSE;
	default: return FRESHET_ETLS_VERIFY;
	}
}

static void describe_verdict(struct tls *t, long verify)
{
	const char *verdict = X509_verify_cert_error_string(verify);
	if (t->refused_issuer[0] != '\0')
		snprintf(t->failure.text, sizeof t->failure.text, "%s: the issuer \"%s\"", verdict, t->refused_issuer);
	else
		snprintf(t->failure.text, sizeof t->failure.text, "%s", verdict);
}

static enum tls_result fail(struct tls *t)
{
	/* The first failure is the cause: OpenSSL has no words for what is tried after it. */
	if (t->failure.err != FRESHET_OK)
		return TLS_FAILED;
	unsigned long code = ERR_peek_last_error();
	long verify = SSL_get_verify_result(t->ssl);
	t->failure = (struct tls_failure){.err = FRESHET_ETLS, .code = code};
	if (t->out_of_memory) {
		t->failure.err = FRESHET_ENOMEM;
		snprintf(t->failure.text, sizeof t->failure.text, "out of memory");
	} else if (verify != X509_V_OK) {
		t->failure.err = certificate_error(verify);
		t->failure.verify = verify;
		describe_verdict(t, verify);
	} else {
		const char *reason = ERR_reason_error_string(code);
		bool no_protocol = code != 0 && ERR_GET_REASON(code) == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL;
		t->failure.err = no_protocol ? FRESHET_ETLS_ALPN : FRESHET_ETLS;
		snprintf(t->failure.text, sizeof t->failure.text, "%s", reason != NULL ? reason : "the peer broke off");
	}
	ERR_clear_error();
	return TLS_FAILED;
}

static enum tls_result result_of(struct tls *t, int result)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ: return TLS_MORE;
	case SSL_ERROR_ZERO_RETURN: return TLS_OVER;
	default: return fail(t);
	}
}

static enum tls_result check_protocol(struct tls *t)
{
	const unsigned char *chosen = NULL;
	unsigned len = 0;
	SSL_get0_alpn_selected(t->ssl, &chosen, &len);
	bool http2 = len == 2 && memcmp(chosen, "h2", 2) == 0;
	bool http1 = len == 0 || (len == 8 && memcmp(chosen, "http/1.1", 8) == 0);
	t->chosen = http2 ? TLS_PROTOCOL_HTTP2 : TLS_PROTOCOL_HTTP1;
	if ((http2 && t->offer != TLS_PROTOCOL_HTTP1) || (http1 && t->offer != TLS_PROTOCOL_HTTP2))
		return TLS_DONE;
	t->failure = (struct tls_failure){.err = FRESHET_ETLS_ALPN};
	snprintf(t->failure.text, sizeof t->failure.text, "the server did not choose %s by ALPN",
		t->offer == TLS_PROTOCOL_HTTP2 ? "h2" : "a protocol that was offered");
	return TLS_FAILED;
}

/* One of the pinned keys, where there are any. */
static enum tls_result check_pins(struct tls *t)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	uint8_t *der = NULL;
	if (t->context->pin_count == 0)
		return TLS_DONE;
	X509 *certificate = SSL_get0_peer_certificate(t->ssl);
	int der_len = certificate != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der) : 0;
	bool ok = der_len > 0 && EVP_Digest(der, (size_t)der_len, digest, &len, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
	for (size_t i = 0; ok && i < t->context->pin_count; i++)
		if (memcmp(digest, t->context->pins[i], sizeof t->context->pins[i]) == 0)
			return TLS_DONE;
	t->failure = (struct tls_failure){.err = FRESHET_ETLS_PIN};
	snprintf(t->failure.text, sizeof t->failure.text, "none of %zu pins fits", t->context->pin_count);
	return TLS_FAILED;
}

bool tls_resumed(const struct tls *t)
{
	return SSL_session_reused(t->ssl) == 1;
}

enum tls_protocol tls_chosen_protocol(const struct tls *t)
{
	return t->chosen;
}

enum tls_result tls_handshake(struct tls *t, struct bytes *out)
{
	ERR_clear_error();
	t->out = out;
	int result = SSL_do_handshake(t->ssl);
	t->out = NULL;
	if (result != 1)
		return result_of(t, result);
	return check_pins(t) == TLS_DONE ? check_protocol(t) : TLS_FAILED;
}

enum tls_result tls_read(struct tls *t, uint8_t *plain, size_t size, size_t *len, struct bytes *out)
{
	enum tls_result answer = TLS_DONE;
	*len = 0;
	t->out = out;
	while (*len < size) {
		ERR_clear_error();
		int part = SSL_read(t->ssl, plain + *len, size - *len > INT32_MAX ? INT32_MAX : (int)(size - *len));
		if (part <= 0) {
			answer = result_of(t, part);
			break;
		}
		*len += (size_t)part;
	}
	/* SSL_MODE_RELEASE_BUFFERS forgets the buffer that a session ticket was read with. */
	if (t->in_len == 0)
		SSL_free_buffers(t->ssl);
	t->out = NULL;
	return *len > 0 ? TLS_DONE : answer;
}

enum tls_result tls_write(struct tls *t, const uint8_t *plain, size_t len, struct bytes *out)
{
	enum tls_result answer = TLS_DONE;
	t->out = out;
	while (len > 0 && answer == TLS_DONE) {
		ERR_clear_error();
		int part = SSL_write(t->ssl, plain, len > INT32_MAX ? INT32_MAX : (int)len);
		if (part <= 0) {
			answer = fail(t);
			break;
		}
		plain += part;
		len -= (size_t)part;
	}
	t->out = NULL;
	return answer;
}

void tls_shutdown(struct tls *t, struct bytes *out)
{
	if (SSL_in_init(t->ssl))
		return;
	ERR_clear_error();
	t->out = out;
	SSL_shutdown(t->ssl);
	t->out = NULL;
	ERR_clear_error();
}

const struct tls_failure *tls_failed_why(const struct tls *t)
{
	return &t->failure;
}
