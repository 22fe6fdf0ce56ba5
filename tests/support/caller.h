/*
 * A connection on which a test says and hears bytes, by TCP or TLS: nothing in between knows of HTTP. It lives on the
 * loop of the server, in the same thread.
 */
#ifndef SUPPORT_CALLER_H
#define SUPPORT_CALLER_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum caller_state {
	CALLER_UP,
	CALLER_FIN,    /* the server closed its side */
	CALLER_NOTIFY, /* the same, after TLS's close_notify */
	CALLER_RST,
};

struct caller {
	struct event_base *base;
	SSL *ssl; /* NULL: cleartext */
	int fd;
	enum caller_state state;
	char *heard; /* terminated; never NULL */
	size_t len;
	size_t taken;   /* bytes of it that caller_take has given */
	char *given;    /* what caller_take gave last */
	size_t records; /* of TLS: the writes of the server */
};

/* Connected; over TLS the handshake is over. A test that cannot fails. `tls` NULL: cleartext. */
struct caller *caller_open(struct event_base *base, uint16_t port, SSL_CTX *tls);
void caller_close(struct caller *c);

/* Says all of it, while the server runs. */
void caller_say(struct caller *c, const char *text);
void caller_say_bytes(struct caller *c, const void *bytes, size_t len);

/* Says what the socket takes now, in cleartext; how much that is. */
size_t caller_try(struct caller *c, const void *bytes, size_t len);

/* One turn of the loop; what came is heard. */
void caller_turn(struct caller *c);

/* Turns until what was heard since the last caller_take holds the text. A test fails that waits in vain. */
void caller_until(struct caller *c, const char *text);
void caller_until_down(struct caller *c);

/* What was heard since the last call, up to the end of the text, which is waited for; valid until the next call. */
const char *caller_take(struct caller *c, const char *text);

/* What was heard since the last call, all of it. */
const char *caller_take_all(struct caller *c);

#endif
