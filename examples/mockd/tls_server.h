/*
 * TLS of the emulator's connections: a server context from PEM files, ALPN, and reads and writes that do not block.
 */
#ifndef MOCKD_TLS_SERVER_H
#define MOCKD_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ssl_ctx_st;
struct ssl_st;

/* NULL when the files cannot be used. */
struct ssl_ctx_st *server_tls_new(const char *certificate, const char *key);

/* Clients must show a certificate of one of the authorities in that PEM file. False when it cannot be used. */
bool server_tls_demand(struct ssl_ctx_st *context, const char *authorities);

void server_tls_free(struct ssl_ctx_st *context);

/* What ALPN may choose. A client that offers nothing else is refused; one that has no ALPN is not. */
void server_tls_speak(struct ssl_ctx_st *context, bool http1, bool http2);

/* True when ALPN chose h2; the handshake must be over. */
bool server_tls_agreed_on_http2(const struct ssl_st *ssl);

/* The server's side of a connection on the socket. NULL when there is no memory. */
struct ssl_st *server_tls_accept(struct ssl_ctx_st *context, int fd);
void server_tls_end(struct ssl_st *ssl);

/* Tells the peer that nothing more comes. */
void tls_server_shutdown(struct ssl_st *ssl);

/* What a read or write of a socket came to, when it is not a count: what to wait for, or the end. */
enum { IO_WANT_READ = -1, IO_WANT_WRITE = -2, IO_CLOSED = -3 };

ssize_t server_tls_read(struct ssl_st *ssl, void *bytes, size_t room);
ssize_t server_tls_write(struct ssl_st *ssl, const void *bytes, size_t len);

#endif
