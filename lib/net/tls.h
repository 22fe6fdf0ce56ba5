/*
 * TLS on OpenSSL as bytes in, bytes out: ciphertext goes in, plaintext comes out, and the other way round; the socket is
 * somebody else's. TLS 1.2 and up; the peer's certificate and host name are always verified.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/bytes.h"

#include <freshet/error.h>

struct tls_context;
struct tls;

struct tls_options {
	const char *ca_file; /* nothing of these three: the system's trust */
	const char *ca_dir;
	freshet_str ca_pem;
	bool only_1_3;
	const char *certificate_file;
	const char *key_file; /* NULL: certificate_file */
	const uint8_t (*pins)[32];
	size_t pin_count;
	const char *key_log_file;
};

/* What went wrong. */
struct tls_failure {
	freshet_err err;
	unsigned long code; /* of ERR_get_error */
	long verify;        /* X509_V_ERR_... */
	char text[160];
};

/*
 * What all connections of an endpoint share; sessions are resumed among them. FRESHET_ENOMEM, FRESHET_ETLS (a file cannot
 * be read, or the key does not fit the certificate).
 */
freshet_err tls_context_new(const struct tls_options *options, struct tls_context **out);
void tls_context_free(struct tls_context *context);

/* What is offered by ALPN (RFC 7301), and what the server chose. */
enum tls_protocol {
	TLS_PROTOCOL_HTTP2,
	TLS_PROTOCOL_HTTP1, /* also when a server without ALPN answers an offer that has it */
	TLS_PROTOCOL_EITHER,
};

/*
 * A client session that will accept only a certificate for `host` (a name or an IP address), and only an offered
 * protocol. FRESHET_ENOMEM.
 */
freshet_err tls_new(struct tls_context *context, freshet_str host, enum tls_protocol offer, struct tls **out);

/* After the handshake: true when it took up an earlier session (RFC 8446, section 2.2). */
bool tls_resumed(const struct tls *t);

/* After the handshake: HTTP2 or HTTP1. */
enum tls_protocol tls_chosen_protocol(const struct tls *t);
void tls_free(struct tls *t);

enum tls_result {
	TLS_DONE, /* the handshake is complete; the plaintext was made */
	TLS_MORE, /* more ciphertext is needed */
	TLS_OVER, /* the peer has sent close_notify */
	TLS_FAILED,
};

/*
 * Gives ciphertext that the peer sent; it must stay until tls_handshake or tls_read answered TLS_MORE, which have then
 * taken all of it.
 */
void tls_feed(struct tls *t, const uint8_t *bytes, size_t len);

/* Goes on with the handshake. What it wants to send is appended to `out`. */
enum tls_result tls_handshake(struct tls *t, struct bytes *out);

/* Plaintext, at most `size` bytes; *len is how many. TLS_DONE with at least one, else TLS_MORE, TLS_OVER, TLS_FAILED. */
enum tls_result tls_read(struct tls *t, uint8_t *plain, size_t size, size_t *len, struct bytes *out);

/* Appends the plaintext, encrypted, to `out`. TLS_DONE or TLS_FAILED. */
enum tls_result tls_write(struct tls *t, const uint8_t *plain, size_t len, struct bytes *out);

/* Appends close_notify to `out`. */
void tls_shutdown(struct tls *t, struct bytes *out);

/* After TLS_FAILED. */
const struct tls_failure *tls_failed_why(const struct tls *t);

#endif
