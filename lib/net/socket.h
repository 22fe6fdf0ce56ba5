/*
 * A connected socket on the loop: told when it may be read or written, read and written without blocking.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "net/loop.h"

#include <sys/types.h>

struct socket_handlers {
	void (*on_readable)(void *owner);
	void (*on_writable)(void *owner);
};

struct net_socket {
	int fd; /* -1: closed */
	struct event *readable;
	struct event *writable;
	const struct socket_handlers *handlers;
	void *owner;
};

/* Takes the socket over, also on failure. Reading begins at once. FRESHET_ENOMEM. */
freshet_err net_socket_init(
	struct net_socket *s, struct loop *l, int fd, const struct socket_handlers *handlers, void *owner);

/* Harmless when it is closed. */
void net_socket_close(struct net_socket *s);

/* Stops and resumes on_readable: what the peer sends meanwhile waits in the kernel and then at the peer. */
void net_socket_read_off(struct net_socket *s);
void net_socket_read_on(struct net_socket *s);

/* True when there are bytes, an end or an error to be read. */
bool net_socket_has_input(const struct net_socket *s);

/* TCP asks a peer that is silent for `idle_ms` whether it is there, and gives it up when it stays silent for `more_ms`. */
void net_socket_keep_alive(struct net_socket *s, uint64_t idle_ms, uint64_t more_ms);

/* on_writable comes once when it may be written. */
void net_socket_want_write(struct net_socket *s);

/* Bytes read; 0 at the end; -1 when there is nothing now (errno is EAGAIN) or on failure. */
ssize_t net_socket_read(struct net_socket *s, uint8_t *buf, size_t size);

/* Bytes written, perhaps none; -1 on failure. Never raises SIGPIPE. */
ssize_t net_socket_write(struct net_socket *s, const uint8_t *bytes, size_t len);

#endif
