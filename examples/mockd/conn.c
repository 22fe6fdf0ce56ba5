/*
 * Connections: bytes from the socket go to the protocol; what the protocol produces is gathered in the emulator's one
 * output buffer and written in few large writes. What the socket does not take is kept, and until it is gone nothing
 * more is produced: that is the back-pressure that reaches every feed of the connection.
 *
 * A connection ends when the peer closes it, when a socket or protocol error comes up, or when the protocol has
 * finished; its exchanges, and so their feeds, hear of it then.
 */
#include "mockd/conn.h"

#include "mockd/exchange.h"
#include "mockd/server.h"
#include "mockd/tls_server.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes that one connection may write, or read, before the others have their turn. */
#define PORTION (4 * OUTPUT_SIZE)

static ssize_t socket_result(ssize_t n, ssize_t again)
{
	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? again : IO_CLOSED;
}

static ssize_t conn_write(struct conn *c, const uint8_t *bytes, size_t len)
{
	ssize_t n = c->ssl != NULL ? server_tls_write(c->ssl, bytes, len)
				   : socket_result(send(c->fd, bytes, len, MSG_NOSIGNAL), IO_WANT_WRITE);
	if (n == IO_WANT_WRITE)
		event_add(c->writable, NULL);
	if (n == IO_CLOSED)
		c->dead = true;
	if (n > 0)
		c->mockd->stats.bytes_out += (uint64_t)n;
	return n;
}

static ssize_t conn_read(struct conn *c, uint8_t *bytes, size_t room)
{
	ssize_t n = c->ssl != NULL ? server_tls_read(c->ssl, bytes, room)
				   : socket_result(recv(c->fd, bytes, room, 0), IO_WANT_READ);
	if (n == IO_WANT_WRITE)
		event_add(c->writable, NULL);
	if (n == IO_CLOSED)
		c->dead = true;
	if (n > 0)
		c->mockd->stats.bytes_in += (uint64_t)n;
	return n;
}

/* Writes what was left over. False when some still is. */
static bool write_unsent(struct conn *c)
{
	while (c->unsent_at < c->unsent.len) {
		ssize_t n = conn_write(c, (uint8_t *)c->unsent.bytes + c->unsent_at, c->unsent.len - c->unsent_at);
		if (n < 0)
			return false;
		c->unsent_at += (size_t)n;
	}
	buffer_clear(&c->unsent);
	c->unsent_at = 0;
	return true;
}

/* Writes all of it or keeps the rest. */
static void write_output(struct conn *c, const uint8_t *bytes, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = conn_write(c, bytes + done, len - done);
		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (done < len)
		buffer_append(&c->unsent, bytes + done, len - done);
}

/* Fills the output buffer as far as the protocol can, or up to what is to be a write of its own. */
static size_t produce_output(struct conn *c)
{
	uint8_t *output = c->mockd->output;
	size_t len = 0;
	c->apart = false;
	while (OUTPUT_SIZE - len >= PRODUCE_ROOM && c->end == CONN_GOES_ON && c->raw.len == 0 && !c->apart) {
		size_t n = c->protocol->produce(c, output + len, OUTPUT_SIZE - len);
		if (n == 0)
			break;
		len += n;
	}
	return len;
}

/* Produces and writes; how much it was. */
static size_t send_more(struct conn *c)
{
	size_t len = produce_output(c);
	write_output(c, c->mockd->output, len);
	size_t raw = c->raw.len;
	write_output(c, (uint8_t *)c->raw.bytes, raw);
	buffer_clear(&c->raw);
	return len + raw;
}

/* All is written. Closing the socket at once would turn into a reset where the peer's bytes are unread. */
static void finish(struct conn *c)
{
	if (c->end == CONN_ABORTED) {
		const struct linger now = {.l_onoff = 1, .l_linger = 0};
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		c->dead = true;
		return;
	}
	if (c->end == CONN_CLOSES && c->ssl != NULL)
		tls_server_shutdown(c->ssl);
	shutdown(c->fd, SHUT_WR);
	c->lingering = true;
}

static void conn_send(struct conn *c)
{
	size_t sent = 0;
	while (!c->dead && write_unsent(c)) {
		if (sent >= PORTION) {
			conn_mark(c);
			return;
		}
		size_t n = send_more(c);
		sent += n;
		if (n == 0)
			break;
	}
	if (c->end == CONN_GOES_ON && c->protocol->finished(c))
		c->end = CONN_CLOSES;
	if (c->end != CONN_GOES_ON && c->unsent.len == 0 && !c->dead)
		finish(c);
}

void conn_settle_output(struct conn *c)
{
	if (!c->frozen && !c->lingering)
		conn_send(c);
	if (c->dead)
		conn_free(c);
}

void conn_listen(struct conn *c, bool on)
{
	if (c->deaf == !on || c->frozen)
		return;
	c->deaf = !on;
	if (on)
		event_add(c->readable, NULL);
	else
		event_del(c->readable);
}

void conn_freeze(struct conn *c)
{
	c->frozen = true;
	event_del(c->readable);
	event_del(c->writable);
}

static void on_writable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	conn_settle_output(user);
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	struct conn *c = user;
	size_t taken = 0;
	while (!c->dead && !c->frozen && !c->deaf && taken < PORTION) {
		ssize_t n = conn_read(c, c->mockd->input, INPUT_SIZE);
		if (n < 0)
			break;
		if (c->end == CONN_GOES_ON && !c->protocol->receive(c, c->mockd->input, (size_t)n))
			c->end = CONN_CLOSES;
		taken += (size_t)n;
		if ((size_t)n < INPUT_SIZE && c->ssl == NULL)
			break;
	}
	/* Decrypted bytes inside OpenSSL do not make the socket readable again. */
	if (taken >= PORTION && !c->frozen && !c->deaf)
		event_active(c->readable, EV_READ, 0);
	conn_settle_output(c);
}

void conn_mark(struct conn *c)
{
	struct mockd *m = c->mockd;
	if (!list_empty(&c->dirty))
		return;
	if (list_empty(&m->dirty))
		event_active(m->flush, EV_TIMEOUT, 0);
	list_push_back(&m->dirty, &c->dirty);
}

struct conn *conn_new(struct mockd *m, int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct conn *c = must_alloc(sizeof *c);
	*c = (struct conn){.mockd = m, .fd = fd, .index = m->conn_count};
	list_init(&c->dirty);
	m->conns = must_grow(m->conns, &m->conn_capacity, m->conn_count + 1, sizeof(struct conn *));
	m->conns[m->conn_count++] = c;
	c->serial = ++m->stats.accepted;
	c->readable = event_new(m->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(m->base, fd, EV_WRITE, on_writable, c);
	if (c->readable == NULL || c->writable == NULL || event_add(c->readable, NULL) != 0)
		goto fail;
	if (m->tls != NULL && (c->ssl = server_tls_accept(m->tls, fd)) == NULL)
		goto fail;
	if (!protocol_attach(c))
		goto fail;
	conn_mark(c);
	return c;
fail:
	conn_free(c);
	return NULL;
}

void conn_free(struct conn *c)
{
	struct mockd *m = c->mockd;
	list_remove(&c->dirty);
	if (c->protocol != NULL)
		c->protocol->free(c);
	struct conn *last = m->conns[--m->conn_count];
	m->conns[c->index] = last;
	last->index = c->index;
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->writable != NULL)
		event_free(c->writable);
	server_tls_end(c->ssl);
	close(c->fd);
	buffer_clear(&c->unsent);
	buffer_clear(&c->raw);
	free(c->exchanges);
	free(c);
	mockd_accept_again(m);
}
