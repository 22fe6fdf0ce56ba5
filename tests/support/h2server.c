#include "support/h2server.h"

#include "support/test.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_socket(struct h2server_conn *c)
{
	if (c->fd < 0)
		return;
	event_free(c->readable);
	event_free(c->writable);
	close(c->fd);
	c->fd = -1;
}

static void flush(struct h2server_conn *c)
{
	struct h2peer_buf *out = &c->peer->out;
	size_t from = 0;
	while (c->fd >= 0 && from < out->len) {
		ssize_t sent = send(c->fd, out->data + from, out->len - from, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			event_add(c->writable, NULL);
			break;
		}
		if (sent < 0) {
			c->closed = true;
			close_socket(c);
			break;
		}
		from += (size_t)sent;
	}
	if (from > 0)
		memmove(out->data, out->data + from, out->len - from);
	out->len -= from;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
	struct h2server_conn *c = user;
	uint8_t bytes[64 * 1024];
	(void)what;
	ssize_t len = recv(fd, bytes, sizeof bytes, 0);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		c->closed = true;
		close_socket(c);
		return;
	}
	h2peer_feed(c->peer, bytes, (size_t)len);
	flush(c);
}

static void on_writable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	flush(user);
}

static void accepted(
	struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int address_len, void *user)
{
	struct h2server *s = user;
	(void)listener;
	(void)address;
	(void)address_len;
	assert_true(s->conn_count < H2SERVER_CONNS_MAX);
	struct h2server_conn *c = calloc(1, sizeof *c);
	assert_non_null(c);
	int one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->server = s;
	c->fd = fd;
	c->peer = h2peer_new(&s->peer);
	c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(s->base, fd, EV_WRITE, on_writable, c);
	assert_true(c->readable != NULL && c->writable != NULL);
	event_add(c->readable, NULL);
	s->conns[s->conn_count++] = c;
	if (s->hang_up)
		close_socket(c);
	else
		flush(c);
}

static void listen_on(struct h2server *s, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr *any = (struct sockaddr *)(void *)&address;
	s->listener = evconnlistener_new_bind(s->base, accepted, s,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, 4096, any, sizeof address);
	assert_non_null(s->listener);
	socklen_t size = sizeof address;
	assert_int_equal(getsockname(evconnlistener_get_fd(s->listener), any, &size), 0);
	s->port = ntohs(address.sin_port);
}

void h2server_open(struct h2server *s, struct event_base *base)
{
	*s = (struct h2server){.base = base};
	listen_on(s, 0);
}

void h2server_stop_listening(struct h2server *s)
{
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	s->listener = NULL;
}

void h2server_listen_again(struct h2server *s)
{
	listen_on(s, s->port);
}

void h2server_close(struct h2server *s)
{
	h2server_stop_listening(s);
	for (size_t i = 0; i < s->conn_count; i++) {
		close_socket(s->conns[i]);
		h2peer_free(s->conns[i]->peer);
		free(s->conns[i]);
	}
	s->conn_count = 0;
}

void h2server_flush(struct h2server *s)
{
	for (size_t i = 0; i < s->conn_count; i++)
		flush(s->conns[i]);
}

void h2server_drop(struct h2server_conn *c, bool reset)
{
	const struct linger at_once = {1, 0};
	flush(c);
	if (reset && c->fd >= 0)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close_socket(c);
}

void h2server_deaf(struct h2server_conn *c, bool deaf)
{
	c->deaf = deaf;
	if (c->fd >= 0)
		deaf ? event_del(c->readable) : event_add(c->readable, NULL);
}

struct h2server_conn *h2server_conn_of(struct h2server *s, const struct h2peer_call *call)
{
	for (size_t i = 0; i < s->conn_count; i++)
		if (s->conns[i]->peer == call->peer)
			return s->conns[i];
	fail();
	return NULL;
}

size_t h2server_call_count(const struct h2server *s)
{
	size_t count = 0;
	for (size_t i = 0; i < s->conn_count; i++)
		count += s->conns[i]->peer->call_count;
	return count;
}

struct h2peer_call *h2server_find(const struct h2server *s, const char *path)
{
	for (size_t i = s->conn_count; i-- > 0;) {
		const struct h2peer *peer = s->conns[i]->peer;
		for (size_t j = peer->call_count; j-- > 0;) {
			const char *seen = h2peer_field(peer->calls[j], ":path");
			if (seen != NULL && strcmp(seen, path) == 0)
				return peer->calls[j];
		}
	}
	return NULL;
}
