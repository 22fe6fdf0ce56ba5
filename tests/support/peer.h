/*
 * A server that does what a test's script says, right or wrong, to the byte. Each connection runs the script on a thread
 * of its own with plain blocking calls; HTTP/2 is written here by hand, so that nothing keeps a script from breaking it.
 *
 *	static void script(struct peer_conn *c, void *user)
 *	{
 *		uint32_t id = peer_greet(c) ? peer_request(c) : 0;
 *		peer_answer(c, id, 200, event_stream);
 *		peer_text(c, id, "data: 1\n\n");
 *		peer_listen(c);
 *	}
 *
 * Calls on a connection that is gone do nothing and answer false or 0; scripts need not look. Scripts must not assert:
 * they run on other threads than the test.
 */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include "support/certs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
struct peer_conn;

typedef void peer_script(struct peer_conn *c, void *user);

/* TLS of a peer: what it shows and what it speaks. 0 and NULL take the default. */
struct peer_tls {
	const struct cert *cert;          /* required */
	const struct cert *issuer;        /* optional: sent behind it */
	const struct cert *second_issuer; /* optional: sent behind that */
	const char *alpn;                 /* chosen when the client offers it; default "h2"; "" chooses nothing */
	int max_version;                  /* TLS1_1_VERSION, ...; default the newest */
	const struct cert *client_issuer; /* optional: clients must show a certificate of this one's */
	bool old;                         /* TLS 1.1 and down, weak keys and weak algorithms are allowed */
};

/* Listens on 127.0.0.1. `tls` NULL: cleartext; a script of TLS starts when the handshake is done. */
struct peer *peer_start(peer_script *script, void *user, const struct peer_tls *tls);

/* Cuts every connection, waits for the scripts and is gone. NULL is fine. */
void peer_stop(struct peer *p);

uint16_t peer_port(const struct peer *p);

/* So far; after peer_quiesce they change no more. */
struct peer_seen {
	unsigned connections;
	unsigned handshakes;      /* of TLS that were completed */
	unsigned resumed;         /* of them, with an earlier session */
	unsigned requests;        /* of HTTP/2 */
	size_t application_bytes; /* that arrived, decrypted */
};

/* Accepts no more, and waits until every script has returned. */
void peer_quiesce(struct peer *p);
struct peer_seen peer_seen(struct peer *p);

/* Lets scripts go on that wait in peer_await: each call wakes one wait, also one that is still to come. */
void peer_release(struct peer *p);
bool peer_await(struct peer_conn *c);

/* Bytes. */
bool peer_read(struct peer_conn *c, void *bytes, size_t len);
bool peer_write(struct peer_conn *c, const void *bytes, size_t len);
/* Reads and drops what comes until the client closes. */
void peer_listen(struct peer_conn *c);
/* Resets the TCP connection at once. */
void peer_abort(struct peer_conn *c);
/* The raw socket and the TLS session, for scripts about them. */
int peer_fd(const struct peer_conn *c);
SSL *peer_ssl(const struct peer_conn *c);

/* HTTP/2 (RFC 9113). */
enum peer_frame_type {
	PEER_DATA,
	PEER_HEADERS,
	PEER_PRIORITY,
	PEER_RST_STREAM,
	PEER_SETTINGS,
	PEER_PUSH_PROMISE,
	PEER_PING,
	PEER_GOAWAY,
	PEER_WINDOW_UPDATE,
	PEER_CONTINUATION,
};
#define PEER_ACK         0x1
#define PEER_END_STREAM  0x1
#define PEER_END_HEADERS 0x4
#define PEER_PADDED      0x8

struct peer_field {
	const char *name;
	const char *value;
};

/* Up to a field whose name is NULL. */
extern const struct peer_field peer_event_stream[];

/* Reads the preface and sends empty SETTINGS. */
bool peer_greet(struct peer_conn *c);
/* Answers SETTINGS and PING and counts credit until a request comes; its stream, 0 when the connection is gone. */
uint32_t peer_request(struct peer_conn *c);
/* The same until any frame of that type comes; *payload has room for 16 KiB. False when the connection is gone. */
bool peer_expect(struct peer_conn *c, enum peer_frame_type type, uint8_t *payload, size_t *len);

bool peer_frame(struct peer_conn *c, enum peer_frame_type type, uint8_t flags, uint32_t stream, const void *payload,
	size_t len);
/* A frame header whose length is a lie. */
bool peer_frame_header(struct peer_conn *c, enum peer_frame_type type, uint8_t flags, uint32_t stream, size_t len);
/* Header fields as HPACK literals; returns the bytes written to `out`, which has room. */
size_t peer_block(uint8_t *out, int status, const struct peer_field *fields);
bool peer_answer(struct peer_conn *c, uint32_t stream, int status, const struct peer_field *fields);
/* One DATA frame. */
bool peer_text(struct peer_conn *c, uint32_t stream, const char *text);
/* As many as it takes, when the client has given credit for them. */
bool peer_body(struct peer_conn *c, uint32_t stream, const char *bytes, size_t len);
/* The same without credit for the stream, which the client has given up: only that of the connection counts. */
bool peer_unwanted_body(struct peer_conn *c, uint32_t stream, const char *bytes, size_t len);
/* Gives the client credit to send more; stream 0: on the connection. */
bool peer_credit(struct peer_conn *c, uint32_t stream, size_t bytes);
bool peer_end(struct peer_conn *c, uint32_t stream);
bool peer_reset(struct peer_conn *c, uint32_t stream, uint32_t code);
bool peer_goaway(struct peer_conn *c, uint32_t last_stream, uint32_t code);

#endif
