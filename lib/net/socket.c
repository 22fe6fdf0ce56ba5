#include "net/socket.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void readable(evutil_socket_t fd, short what, void *user)
{
	struct net_socket *s = user;
	(void)fd;
	(void)what;
	s->handlers->on_readable(s->owner);
}

static void writable(evutil_socket_t fd, short what, void *user)
{
	struct net_socket *s = user;
	(void)fd;
	(void)what;
	s->handlers->on_writable(s->owner);
}

freshet_err net_socket_init(
	struct net_socket *s, struct loop *l, int fd, const struct socket_handlers *handlers, void *owner)
{
	*s = (struct net_socket){.fd = fd, .handlers = handlers, .owner = owner};
	s->readable = event_new(l->base, fd, EV_READ | EV_PERSIST, readable, s);
	s->writable = event_new(l->base, fd, EV_WRITE, writable, s);
	if (s->readable != NULL && s->writable != NULL && event_add(s->readable, NULL) == 0)
		return FRESHET_OK;
	net_socket_close(s);
	return FRESHET_ENOMEM;
}

void net_socket_close(struct net_socket *s)
{
	if (s->readable != NULL)
		event_free(s->readable);
	if (s->writable != NULL)
		event_free(s->writable);
	s->readable = NULL;
	s->writable = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void net_socket_read_off(struct net_socket *s)
{
	event_del(s->readable);
}

void net_socket_read_on(struct net_socket *s)
{
	event_add(s->readable, NULL);
}

bool net_socket_has_input(const struct net_socket *s)
{
	char byte;
	ssize_t len = recv(s->fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
	return len >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* Whole seconds, at least one. */
static int seconds_of(uint64_t ms)
{
	uint64_t seconds = ms / 1000 + (ms % 1000 != 0);
	return seconds < INT16_MAX ? (int)seconds + (seconds == 0) : INT16_MAX;
}

void net_socket_keep_alive(struct net_socket *s, uint64_t idle_ms, uint64_t more_ms)
{
	enum { PROBES = 3 };
	int on = 1;
	int idle = seconds_of(idle_ms);
	int interval = seconds_of(more_ms / PROBES);
	int probes = PROBES;
	/* Where the system does not know one of them, the streams' idle limits watch alone. */
	setsockopt(s->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(s->fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(s->fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void net_socket_want_write(struct net_socket *s)
{
	event_add(s->writable, NULL);
}

ssize_t net_socket_read(struct net_socket *s, uint8_t *buf, size_t size)
{
	ssize_t len;
	do
		len = recv(s->fd, buf, size, 0);
	while (len < 0 && errno == EINTR);
	return len;
}

ssize_t net_socket_write(struct net_socket *s, const uint8_t *bytes, size_t len)
{
	ssize_t sent;
	do
		sent = send(s->fd, bytes, len, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return sent;
}
