/*
 * TLS with OpenSSL on the socket itself. TLS 1.2 and later; ALPN chooses and ends the handshake when the client offers
 * nothing that the emulator speaks. Renegotiation is off, so reads and writes do not wait for each other. What OpenSSL
 * writes to a client that has gone raises no SIGPIPE, which its own sockets would.
 */
#include "mockd/tls_server.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

/* What ALPN may choose, as it goes over the wire, the better one first. */
struct spoken {
	unsigned char names[16];
	unsigned len;
};

static const struct spoken both = {"\x02h2\x08http/1.1", 12};
static const struct spoken http1_alone = {"\x08http/1.1", 9};
static const struct spoken http2_alone = {"\x02h2", 3};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *offered,
	unsigned offered_len, void *user)
{
	const struct spoken *spoken = user;
	(void)ssl;
	unsigned char *chosen;
	int found = SSL_select_next_proto(&chosen, out_len, spoken->names, spoken->len, offered, offered_len);
	*out = chosen;
	return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

struct ssl_ctx_st *server_tls_new(const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (context == NULL)
		return NULL;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
		SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
		SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(context) != 1) {
		ERR_clear_error();
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

void server_tls_speak(struct ssl_ctx_st *context, bool http1, bool http2)
{
	union {
		const struct spoken *constant;
		void *given; /* the callback only reads it */
	} spoken = {http1 && http2 ? &both : http1 ? &http1_alone : &http2_alone};
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, spoken.given);
}

bool server_tls_agreed_on_http2(const struct ssl_st *ssl)
{
	const unsigned char *name;
	unsigned len;
	SSL_get0_alpn_selected(ssl, &name, &len);
	return len == 2 && memcmp(name, "h2", 2) == 0;
}

bool server_tls_demand(struct ssl_ctx_st *context, const char *authorities)
{
	static const unsigned char sessions[] = "mockd";
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(authorities);
	bool usable = names != NULL && SSL_CTX_load_verify_file(context, authorities) == 1 &&
		      SSL_CTX_set_session_id_context(context, sessions, sizeof sessions - 1) == 1;
	if (usable) {
		SSL_CTX_set_client_CA_list(context, names);
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	} else {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		ERR_clear_error();
	}
	return usable;
}

void server_tls_free(struct ssl_ctx_st *context)
{
	SSL_CTX_free(context);
}

static int quiet_write(BIO *bio, const char *bytes, int len)
{
	ssize_t n = send((int)BIO_get_fd(bio, NULL), bytes, (size_t)len, MSG_NOSIGNAL);
	BIO_clear_retry_flags(bio);
	if (n <= 0 && BIO_sock_should_retry((int)n))
		BIO_set_retry_write(bio);
	return (int)n;
}

/* OpenSSL's socket in all but the writing; made once for the process. NULL when there is no memory. */
static const BIO_METHOD *quiet_socket(void)
{
	static BIO_METHOD *method;
	const BIO_METHOD *socket = BIO_s_socket();
	if (method != NULL)
		return method;
	BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
	if (made == NULL || BIO_meth_set_write(made, quiet_write) != 1 ||
		BIO_meth_set_read(made, BIO_meth_get_read(socket)) != 1 ||
		BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(socket)) != 1 ||
		BIO_meth_set_create(made, BIO_meth_get_create(socket)) != 1 ||
		BIO_meth_set_destroy(made, BIO_meth_get_destroy(socket)) != 1) {
		BIO_meth_free(made);
		return NULL;
	}
	return method = made;
}

struct ssl_st *server_tls_accept(struct ssl_ctx_st *context, int fd)
{
	const BIO_METHOD *method = quiet_socket();
	SSL *ssl = SSL_new(context);
	BIO *bio = method != NULL ? BIO_new(method) : NULL;
	if (ssl == NULL || bio == NULL) {
		SSL_free(ssl);
		BIO_free(bio);
		return NULL;
	}
	BIO_set_fd(bio, fd, BIO_NOCLOSE);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_accept_state(ssl);
	return ssl;
}

void server_tls_end(struct ssl_st *ssl)
{
	SSL_free(ssl);
}

void tls_server_shutdown(struct ssl_st *ssl)
{
	SSL_shutdown(ssl);
	ERR_clear_error();
}

static ssize_t result_of(SSL *ssl, int n)
{
	if (n > 0)
		return n;
	int error = SSL_get_error(ssl, n);
	ERR_clear_error();
	switch (error) {
	case SSL_ERROR_WANT_READ: return IO_WANT_READ;
	case SSL_ERROR_WANT_WRITE: return IO_WANT_WRITE;
	default: return IO_CLOSED;
	}
}

ssize_t server_tls_read(struct ssl_st *ssl, void *bytes, size_t room)
{
	return result_of(ssl, SSL_read(ssl, bytes, room < INT_MAX ? (int)room : INT_MAX));
}

ssize_t server_tls_write(struct ssl_st *ssl, const void *bytes, size_t len)
{
	return result_of(ssl, SSL_write(ssl, bytes, len < INT_MAX ? (int)len : INT_MAX));
}
