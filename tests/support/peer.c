/*
 * One thread accepts, one more runs each connection's script. Stopping shuts the sockets down, which ends every blocking
 * call, and joins the threads.
 */
#include "support/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAX ((size_t)16 * 1024)

struct peer_conn {
	struct peer *peer;
	struct peer_conn *next;
	pthread_t thread;
	int fd;
	SSL *ssl;
	bool gone;
	int64_t connection_credit;
	int64_t first_credit; /* SETTINGS_INITIAL_WINDOW_SIZE of the client */
	int64_t credit[128];  /* given by WINDOW_UPDATE, by (stream / 2) % 128 */
};

struct peer {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int fd;
	uint16_t port;
	peer_script *script;
	void *user;
	SSL_CTX *ctx;
	char alpn[16];
	struct peer_conn *conns;
	struct peer_seen seen;
	unsigned releases;
	bool joined;
	bool stopping;
};

const struct peer_field peer_event_stream[] = {{"content-type", "text/event-stream"}, {NULL, NULL}};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	ERR_print_errors_fp(stderr);
	abort();
}

/* Reads some bytes; 0 when there will be none any more. */
static size_t read_some(struct peer_conn *c, void *bytes, size_t size)
{
	ssize_t len = -1;
	if (c->gone)
		return 0;
	if (c->ssl != NULL)
		len = SSL_read(c->ssl, bytes, (int)size);
	else
		do
			len = recv(c->fd, bytes, size, 0);
		while (len < 0 && errno == EINTR);
	if (len <= 0) {
		c->gone = true;
		return 0;
	}
	pthread_mutex_lock(&c->peer->mutex);
	c->peer->seen.application_bytes += (size_t)len;
	pthread_mutex_unlock(&c->peer->mutex);
	return (size_t)len;
}

bool peer_read(struct peer_conn *c, void *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t part = read_some(c, (char *)bytes + at, len - at);
		if (part == 0)
			return false;
		at += part;
	}
	return true;
}

bool peer_write(struct peer_conn *c, const void *bytes, size_t len)
{
	const char *from = bytes;
	while (len > 0 && !c->gone) {
		ssize_t sent = c->ssl != NULL ? SSL_write(c->ssl, from, len > INT32_MAX ? INT32_MAX : (int)len)
					      : send(c->fd, from, len, MSG_NOSIGNAL);
		if (sent < 0 && c->ssl == NULL && errno == EINTR)
			continue;
		if (sent <= 0) {
			c->gone = true;
			break;
		}
		from += sent;
		len -= (size_t)sent;
	}
	return !c->gone;
}

void peer_listen(struct peer_conn *c)
{
	char bytes[4096];
	while (read_some(c, bytes, sizeof bytes) > 0)
		;
}

void peer_abort(struct peer_conn *c)
{
	/* Leaving the file descriptor in place, for others may be about to shut it down. */
	struct sockaddr unconnected = {.sa_family = AF_UNSPEC};
	connect(c->fd, &unconnected, sizeof unconnected);
	c->gone = true;
}

int peer_fd(const struct peer_conn *c)
{
	return c->fd;
}

SSL *peer_ssl(const struct peer_conn *c)
{
	return c->ssl;
}

void peer_release(struct peer *p)
{
	pthread_mutex_lock(&p->mutex);
	p->releases++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->mutex);
}

bool peer_await(struct peer_conn *c)
{
	struct peer *p = c->peer;
	pthread_mutex_lock(&p->mutex);
	while (p->releases == 0 && !p->stopping)
		pthread_cond_wait(&p->changed, &p->mutex);
	bool released = p->releases > 0;
	if (released)
		p->releases--;
	pthread_mutex_unlock(&p->mutex);
	return released;
}

static void put_uint32(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_uint32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

bool peer_frame_header(struct peer_conn *c, enum peer_frame_type type, uint8_t flags, uint32_t stream, size_t len)
{
	uint8_t header[9] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type, flags};
	put_uint32(header + 5, stream);
	return peer_write(c, header, sizeof header);
}

bool peer_frame(
	struct peer_conn *c, enum peer_frame_type type, uint8_t flags, uint32_t stream, const void *payload, size_t len)
{
	uint8_t whole[9 + FRAME_MAX];
	if (len > FRAME_MAX)
		return peer_frame_header(c, type, flags, stream, len) && peer_write(c, payload, len);
	whole[0] = (uint8_t)(len >> 16);
	whole[1] = (uint8_t)(len >> 8);
	whole[2] = (uint8_t)len;
	whole[3] = (uint8_t)type;
	whole[4] = flags;
	put_uint32(whole + 5, stream);
	if (len > 0)
		memcpy(whole + 9, payload, len);
	return peer_write(c, whole, 9 + len);
}

bool peer_greet(struct peer_conn *c)
{
	char preface[24];
	return peer_read(c, preface, sizeof preface) && memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) == 0 &&
	       peer_frame(c, PEER_SETTINGS, 0, 0, NULL, 0);
}

static int64_t *credit_of(struct peer_conn *c, uint32_t stream)
{
	return &c->credit[stream / 2 % (sizeof c->credit / sizeof c->credit[0])];
}

static void on_settings(struct peer_conn *c, uint8_t flags, const uint8_t *payload, size_t len)
{
	if ((flags & PEER_ACK) != 0)
		return;
	for (size_t at = 0; at + 6 <= len; at += 6)
		if (payload[at] == 0 && payload[at + 1] == 4)
			c->first_credit = get_uint32(payload + at + 2);
	peer_frame(c, PEER_SETTINGS, PEER_ACK, 0, NULL, 0);
}

struct frame {
	uint8_t type;
	uint8_t flags;
	uint32_t stream;
	size_t len;
	uint8_t payload[FRAME_MAX];
};

/* The next frame, after what it asks for in general has been done. */
static bool next_frame(struct peer_conn *c, struct frame *f)
{
	uint8_t header[9];
	if (!peer_read(c, header, sizeof header))
		return false;
	f->len = (size_t)header[0] << 16 | (size_t)header[1] << 8 | header[2];
	f->type = header[3];
	f->flags = header[4];
	f->stream = get_uint32(header + 5) & 0x7fffffff;
	if (f->len > FRAME_MAX || !peer_read(c, f->payload, f->len))
		return false;
	if (f->type == PEER_SETTINGS)
		on_settings(c, f->flags, f->payload, f->len);
	else if (f->type == PEER_PING && (f->flags & PEER_ACK) == 0)
		peer_frame(c, PEER_PING, PEER_ACK, 0, f->payload, f->len);
	else if (f->type == PEER_WINDOW_UPDATE && f->len == 4 && f->stream == 0)
		c->connection_credit += get_uint32(f->payload);
	else if (f->type == PEER_WINDOW_UPDATE && f->len == 4)
		*credit_of(c, f->stream) += get_uint32(f->payload);
	return true;
}

uint32_t peer_request(struct peer_conn *c)
{
	struct frame f;
	while (next_frame(c, &f)) {
		if (f.type != PEER_HEADERS)
			continue;
		*credit_of(c, f.stream) = 0;
		pthread_mutex_lock(&c->peer->mutex);
		c->peer->seen.requests++;
		pthread_mutex_unlock(&c->peer->mutex);
		return f.stream;
	}
	return 0;
}

bool peer_expect(struct peer_conn *c, enum peer_frame_type type, uint8_t *payload, size_t *len)
{
	struct frame f;
	while (next_frame(c, &f)) {
		if (f.type != (uint8_t)type)
			continue;
		memcpy(payload, f.payload, f.len);
		*len = f.len;
		return true;
	}
	return false;
}

/* A string literal without Huffman (RFC 7541, section 5.2). */
static size_t put_string(uint8_t *out, const char *text)
{
	size_t len = strlen(text), at = 0;
	if (len < 127) {
		out[at++] = (uint8_t)len;
	} else {
		size_t rest = len - 127;
		out[at++] = 127;
		for (; rest >= 128; rest >>= 7)
			out[at++] = (uint8_t)(rest & 127) | 128;
		out[at++] = (uint8_t)rest;
	}
	memcpy(out + at, text, len);
	return at + len;
}

size_t peer_block(uint8_t *out, int status, const struct peer_field *fields)
{
	char digits[16];
	size_t at = 0;
	if (status != 0) {
		snprintf(digits, sizeof digits, "%d", status);
		out[at++] = 0x08; /* literal, never put into the table, name of static entry 8: ":status" */
		at += put_string(out + at, digits);
	}
	for (; fields->name != NULL; fields++) {
		out[at++] = 0x00;
		at += put_string(out + at, fields->name);
		at += put_string(out + at, fields->value);
	}
	return at;
}

bool peer_answer(struct peer_conn *c, uint32_t stream, int status, const struct peer_field *fields)
{
	uint8_t block[4096];
	return peer_frame(c, PEER_HEADERS, PEER_END_HEADERS, stream, block, peer_block(block, status, fields));
}

bool peer_text(struct peer_conn *c, uint32_t stream, const char *text)
{
	return peer_frame(c, PEER_DATA, 0, stream, text, strlen(text));
}

static size_t credit_now(struct peer_conn *c, uint32_t stream, bool wanted)
{
	int64_t left = wanted ? c->first_credit + *credit_of(c, stream) : c->connection_credit;
	if (c->connection_credit < left)
		left = c->connection_credit;
	return left > 0 ? (size_t)left : 0;
}

static bool send_body(struct peer_conn *c, uint32_t stream, bool wanted, const char *bytes, size_t len)
{
	struct frame f;
	while (len > 0) {
		size_t part = credit_now(c, stream, wanted);
		if (part == 0) {
			if (!next_frame(c, &f))
				return false;
			continue;
		}
		part = part < FRAME_MAX ? part : FRAME_MAX;
		part = part < len ? part : len;
		if (!peer_frame(c, PEER_DATA, 0, stream, bytes, part))
			return false;
		*credit_of(c, stream) -= (int64_t)part;
		c->connection_credit -= (int64_t)part;
		bytes += part;
		len -= part;
	}
	return true;
}

bool peer_body(struct peer_conn *c, uint32_t stream, const char *bytes, size_t len)
{
	return send_body(c, stream, true, bytes, len);
}

bool peer_unwanted_body(struct peer_conn *c, uint32_t stream, const char *bytes, size_t len)
{
	return send_body(c, stream, false, bytes, len);
}

bool peer_credit(struct peer_conn *c, uint32_t stream, size_t bytes)
{
	uint8_t payload[4];
	put_uint32(payload, (uint32_t)bytes);
	return bytes == 0 || peer_frame(c, PEER_WINDOW_UPDATE, 0, stream, payload, sizeof payload);
}

bool peer_end(struct peer_conn *c, uint32_t stream)
{
	return peer_frame(c, PEER_DATA, PEER_END_STREAM, stream, NULL, 0);
}

bool peer_reset(struct peer_conn *c, uint32_t stream, uint32_t code)
{
	uint8_t payload[4];
	put_uint32(payload, code);
	return peer_frame(c, PEER_RST_STREAM, 0, stream, payload, sizeof payload);
}

bool peer_goaway(struct peer_conn *c, uint32_t last_stream, uint32_t code)
{
	uint8_t payload[8];
	put_uint32(payload, last_stream);
	put_uint32(payload + 4, code);
	return peer_frame(c, PEER_GOAWAY, 0, 0, payload, sizeof payload);
}

static bool shake_hands(struct peer_conn *c)
{
	c->ssl = SSL_new(c->peer->ctx);
	must(c->ssl != NULL && SSL_set_fd(c->ssl, c->fd) == 1, "TLS session");
	bool done = SSL_accept(c->ssl) == 1;
	pthread_mutex_lock(&c->peer->mutex);
	c->peer->seen.handshakes += done;
	c->peer->seen.resumed += done && SSL_session_reused(c->ssl) == 1;
	pthread_mutex_unlock(&c->peer->mutex);
	return done;
}

static void *run_conn(void *user)
{
	char rest[4096];
	struct peer_conn *c = user;
	if (c->peer->ctx == NULL || shake_hands(c))
		c->peer->script(c, c->peer->user);
	/* A close with bytes unread would be a reset, which may overtake what the script sent last. */
	shutdown(c->fd, SHUT_WR);
	while (recv(c->fd, rest, sizeof rest, 0) > 0)
		;
	pthread_mutex_lock(&c->peer->mutex);
	close(c->fd);
	c->fd = -1;
	pthread_mutex_unlock(&c->peer->mutex);
	SSL_free(c->ssl);
	ERR_clear_error();
	return NULL;
}

static void take_conn(struct peer *p, int fd)
{
	int one = 1;
	struct peer_conn *c = calloc(1, sizeof *c);
	must(c != NULL, "calloc");
	/* A script's frames leave when it writes them. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->peer = p;
	c->fd = fd;
	c->connection_credit = 65535;
	c->first_credit = 65535;
	pthread_mutex_lock(&p->mutex);
	p->seen.connections++;
	c->next = p->conns;
	p->conns = c;
	if (p->stopping)
		shutdown(fd, SHUT_RDWR);
	must(pthread_create(&c->thread, NULL, run_conn, c) == 0, "pthread_create");
	pthread_mutex_unlock(&p->mutex);
}

static void *run_peer(void *user)
{
	struct peer *p = user;
	for (;;) {
		int fd = accept(p->fd, NULL, NULL);
		if (fd >= 0)
			take_conn(p, fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			return NULL;
	}
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
	unsigned in_len, void *user)
{
	struct peer *p = user;
	size_t len = strlen(p->alpn);
	(void)ssl;
	for (unsigned at = 0; len > 0 && at < in_len; at += in[at] + 1u) {
		if (in[at] != len || memcmp(in + at + 1, p->alpn, len) != 0)
			continue;
		*out = in + at + 1;
		*out_len = in[at];
		return SSL_TLSEXT_ERR_OK;
	}
	return len > 0 ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

static void start_tls(struct peer *p, const struct peer_tls *tls)
{
	p->ctx = SSL_CTX_new(TLS_server_method());
	must(p->ctx != NULL, "TLS context");
	if (tls->old) {
		SSL_CTX_set_security_level(p->ctx, 0);
		SSL_CTX_set_min_proto_version(p->ctx, TLS1_VERSION);
	}
	must(SSL_CTX_use_certificate(p->ctx, tls->cert->x509) == 1, "certificate");
	must(SSL_CTX_use_PrivateKey(p->ctx, tls->cert->key) == 1, "key");
	if (tls->issuer != NULL)
		must(SSL_CTX_add1_chain_cert(p->ctx, tls->issuer->x509) == 1, "chain");
	if (tls->second_issuer != NULL)
		must(SSL_CTX_add1_chain_cert(p->ctx, tls->second_issuer->x509) == 1, "chain");
	if (tls->client_issuer != NULL) {
		SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		must(X509_STORE_add_cert(SSL_CTX_get_cert_store(p->ctx), tls->client_issuer->x509) == 1, "trust");
	}
	must(SSL_CTX_set_session_id_context(p->ctx, (const unsigned char *)"peer", 4) == 1, "session id");
	SSL_CTX_set_max_proto_version(p->ctx, tls->max_version);
	snprintf(p->alpn, sizeof p->alpn, "%s", tls->alpn != NULL ? tls->alpn : "h2");
	SSL_CTX_set_alpn_select_cb(p->ctx, choose_protocol, p);
}

struct peer *peer_start(peer_script *script, void *user, const struct peer_tls *tls)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	struct peer *p = calloc(1, sizeof *p);
	must(p != NULL, "calloc");
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->script = script;
	p->user = user;
	if (tls != NULL)
		start_tls(p, tls);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(p->fd >= 0 && bind(p->fd, (struct sockaddr *)&address, size) == 0 && listen(p->fd, 256) == 0, "listen");
	must(getsockname(p->fd, (struct sockaddr *)&address, &size) == 0, "getsockname");
	p->port = ntohs(address.sin_port);
	must(pthread_create(&p->thread, NULL, run_peer, p) == 0, "pthread_create");
	return p;
}

uint16_t peer_port(const struct peer *p)
{
	return p->port;
}

struct peer_seen peer_seen(struct peer *p)
{
	pthread_mutex_lock(&p->mutex);
	struct peer_seen seen = p->seen;
	pthread_mutex_unlock(&p->mutex);
	return seen;
}

void peer_quiesce(struct peer *p)
{
	if (p->joined)
		return;
	p->joined = true;
	shutdown(p->fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	for (struct peer_conn *c = p->conns; c != NULL; c = c->next)
		pthread_join(c->thread, NULL);
}

void peer_stop(struct peer *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stopping = true;
	pthread_cond_broadcast(&p->changed);
	for (struct peer_conn *c = p->conns; c != NULL; c = c->next)
		if (c->fd >= 0)
			shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&p->mutex);
	peer_quiesce(p);
	for (struct peer_conn *c = p->conns, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	close(p->fd);
	SSL_CTX_free(p->ctx);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}
