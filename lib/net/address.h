/*
 * Addresses of a host: asked for without blocking, in the order in which they are to be tried.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "net/loop.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* More addresses of one name are not tried. */
#define ADDRESS_MAX 16

/* Room for any address of the network as text; the path of a socket may be cut off. */
#define ADDRESS_TEXT_SIZE 64

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

struct address_list {
	union address items[ADDRESS_MAX];
	size_t count;
};

struct address_lookup;

/* Called once per lookup that was started, from the loop. `list` is NULL when there is none; `text` then says why. */
typedef void address_done_fn(const struct address_list *list, const char *text, void *user);

/*
 * Looks a host up: numbers and "localhost" at once, names by the hosts file and DNS, both families. The list alternates
 * between the families, IPv6 first (RFC 8305, section 4). FRESHET_ENOMEM, FRESHET_ESYSTEM.
 */
freshet_err address_lookup_start(struct loop *l, freshet_str host, uint16_t port, address_done_fn *done, void *user,
	struct address_lookup **out);

/*
 * The address of a Unix-domain socket, answered as a lookup is. FRESHET_ENOMEM, FRESHET_EINVAL (longer than the system
 * takes).
 */
freshet_err address_of_path(
	struct loop *l, freshet_str path, address_done_fn *done, void *user, struct address_lookup **out);

/* True for what may name a name server: an address, perhaps with a port. */
bool address_server_valid(const char *text);

/* Ends a lookup whose `done` has not come; it will not come. libevent may need another turn of the loop to let go of it. */
void address_lookup_cancel(struct address_lookup *lookup);

/* True when libevent has no lookup, cancelled ones included. The loop is woken when it has become so. */
bool address_idle(const struct loop *l);

/* Gives the loop's resolver back, or leaves it to the last lookup that libevent has. */
void address_forget(struct loop *l);

/* "127.0.0.1:80", "[::1]:80" or "unix:/path": the same text for the same address. */
void address_text(const union address *a, char *out, size_t size);

socklen_t address_size(const union address *a);

#endif
