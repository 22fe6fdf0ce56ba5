#include "support/caller.h"
#include "support/patience.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static time_t seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void hear(struct caller *c, const void *bytes, size_t len)
{
	c->heard = realloc(c->heard, c->len + len + 1);
	assert_non_null(c->heard);
	memcpy(c->heard + c->len, bytes, len);
	c->len += len;
	c->heard[c->len] = '\0';
}

static void read_plain(struct caller *c, ssize_t n)
{
	if (n == 0)
		c->state = CALLER_FIN;
	else if (n < 0 && errno != EAGAIN)
		c->state = CALLER_RST;
}

static void read_tls(struct caller *c, ssize_t n)
{
	int error = errno;
	int reason = SSL_get_error(c->ssl, (int)n);
	ERR_clear_error();
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
		return;
	c->state = reason == SSL_ERROR_ZERO_RETURN ? CALLER_NOTIFY : error == ECONNRESET ? CALLER_RST : CALLER_FIN;
}

static void take_input(struct caller *c)
{
	static char bytes[65536];
	while (c->state == CALLER_UP) {
		errno = 0;
		ssize_t n =
			c->ssl != NULL ? SSL_read(c->ssl, bytes, sizeof bytes) : recv(c->fd, bytes, sizeof bytes, 0);
		if (n <= 0) {
			(c->ssl != NULL ? read_tls : read_plain)(c, n);
			return;
		}
		c->records++;
		hear(c, bytes, (size_t)n);
	}
}

void caller_turn(struct caller *c)
{
	event_base_loop(c->base, EVLOOP_NONBLOCK);
	take_input(c);
}

/* Waits for input, for a moment: the server runs in this thread and may have something to do by itself. */
static void pause_for(struct caller *c)
{
	struct pollfd ready = {c->fd, POLLIN, 0};
	if (c->state == CALLER_UP)
		poll(&ready, 1, 1);
}

static void shake_hands(struct caller *c, SSL_CTX *tls)
{
	time_t until = seconds() + PATIENCE_S;
	c->ssl = SSL_new(tls);
	assert_non_null(c->ssl);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
	SSL_set_connect_state(c->ssl);
	while (SSL_do_handshake(c->ssl) != 1) {
		ERR_clear_error();
		event_base_loop(c->base, EVLOOP_NONBLOCK);
		assert_true(seconds() < until);
	}
}

struct caller *caller_open(struct event_base *base, uint16_t port, SSL_CTX *tls)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int on = 1;
	struct caller *c = calloc(1, sizeof *c);
	assert_non_null(c);
	c->base = base;
	hear(c, "", 0);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (tls != NULL)
		shake_hands(c, tls);
	return c;
}

void caller_close(struct caller *c)
{
	if (c == NULL)
		return;
	SSL_free(c->ssl);
	close(c->fd);
	free(c->heard);
	free(c->given);
	free(c);
}

size_t caller_try(struct caller *c, const void *bytes, size_t len)
{
	ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

void caller_say_bytes(struct caller *c, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0 && c->state == CALLER_UP) {
		int n = c->ssl != NULL ? SSL_write(c->ssl, at, (int)len) : (int)caller_try(c, at, len);
		caller_turn(c);
		if (n <= 0)
			continue;
		at += n;
		len -= (size_t)n;
	}
}

void caller_say(struct caller *c, const char *text)
{
	caller_say_bytes(c, text, strlen(text));
}

void caller_until(struct caller *c, const char *text)
{
	time_t until = seconds() + PATIENCE_S;
	while (caller_turn(c), memmem(c->heard + c->taken, c->len - c->taken, text, strlen(text)) == NULL) {
		if (c->state != CALLER_UP || seconds() > until)
			fail_msg("no \"%s\" came, but: %s", text, c->heard + c->taken);
		pause_for(c);
	}
}

void caller_until_down(struct caller *c)
{
	time_t until = seconds() + PATIENCE_S;
	while (caller_turn(c), c->state == CALLER_UP) {
		if (seconds() > until)
			fail_msg("the connection does not end: %s", c->heard + c->taken);
		pause_for(c);
	}
}

/* The first `len` bytes that were not taken, as a text. */
static const char *take(struct caller *c, size_t len)
{
	free(c->given);
	c->given = strndup(c->heard + c->taken, len);
	assert_non_null(c->given);
	c->taken += len;
	return c->given;
}

const char *caller_take(struct caller *c, const char *text)
{
	caller_until(c, text);
	const char *from = c->heard + c->taken;
	const char *at = memmem(from, c->len - c->taken, text, strlen(text));
	return take(c, (size_t)(at - from) + strlen(text));
}

const char *caller_take_all(struct caller *c)
{
	return take(c, c->len - c->taken);
}
