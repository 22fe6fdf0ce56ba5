/*
 * An HTTP/2 client that knows nothing of freshet: with it the emulator is tested by somebody else. It lives on the loop
 * of the emulator, in the same thread, and records each answer to the frame.
 */
#ifndef SUPPORT_PROBE_H
#define SUPPORT_PROBE_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct probe;

enum reply_end {
	REPLY_OPEN,
	REPLY_ENDED, /* END_STREAM */
	REPLY_RESET, /* RST_STREAM with `code` */
	REPLY_LOST,  /* the connection ended */
};

/* What came on one stream so far. Strings are terminated. It lives as long as the probe. */
struct reply {
	int32_t stream_id;
	int status;    /* 0: no headers yet */
	char *headers; /* "name: value" lines, without those that begin with a colon */
	size_t headers_len;
	char *body;
	size_t body_len;
	size_t *frames; /* lengths of the DATA frames */
	size_t frame_count;
	size_t headers_count; /* HEADERS frames: informational ones and trailers count */
	enum reply_end end;
	uint32_t code;
};

/* How the connection is. */
enum probe_state {
	PROBE_UP,
	PROBE_FIN,    /* the server closed its side */
	PROBE_NOTIFY, /* the same, after TLS's close_notify */
	PROBE_RST,
	PROBE_BROKEN, /* the server broke HTTP/2 */
};

struct probe_options {
	SSL_CTX *tls;      /* NULL: cleartext */
	bool no_credit;    /* windows are not widened by themselves */
	uint32_t window;   /* SETTINGS_INITIAL_WINDOW_SIZE; 0: the default */
	const char *token; /* NULL: that of the emulator's default */
};

/* Connected; a test that cannot fails. `options` may be NULL. */
struct probe *probe_open(struct event_base *base, uint16_t port, const struct probe_options *options);
void probe_close(struct probe *p);

/* Sends the request with the token, unless it is a path under /mockd or /events. `fields` are "name: value" lines. */
struct reply *probe_send(struct probe *p, const char *method, const char *path, const char *fields, const char *body);

/* The same for a body with any bytes. */
struct reply *probe_send_bytes(
	struct probe *p, const char *method, const char *path, const char *fields, const void *body, size_t len);

/* Requests are sent with that token from now on. */
void probe_use_token(struct probe *p, const char *token);

/* Without the token. */
struct reply *probe_send_anonymous(struct probe *p, const char *method, const char *path);

/* With that value of the field "authorization". */
struct reply *probe_send_as(struct probe *p, const char *authorization, const char *method, const char *path);

/* Cancels the stream. */
void probe_reset(struct probe *p, struct reply *r);

/* Gives credit for that many bytes, on the stream and on the connection. */
void probe_credit(struct probe *p, struct reply *r, int32_t bytes);

/* Runs the loop until the condition holds; the test fails when it does not for a long while. */
void probe_until_end(struct probe *p, struct reply *r);
void probe_until_headers(struct probe *p, struct reply *r);
void probe_until_down(struct probe *p);

/* Runs until the body holds the text. */
void probe_until(struct probe *p, struct reply *r, const char *text);

/* Runs until all that the server has to say now has been heard: pings there and back. */
void probe_settle(struct probe *p);

/* One turn of the loop and of the probe; sends a ping; how many were answered. */
void probe_turn(struct probe *p);
void probe_ping(struct probe *p);
unsigned probe_pings(const struct probe *p);

enum probe_state probe_state(const struct probe *p);

/* The last GOAWAY; false when there was none. */
bool probe_goaway(const struct probe *p, int32_t *last_stream_id, uint32_t *code);

/* The value of SETTINGS as the server sent it. */
uint32_t probe_setting(const struct probe *p, int id);

/* The ALPN protocol that was agreed on; "" when there was none. */
const char *probe_alpn(struct probe *p);

/* Tells whether the headers hold the line. */
bool reply_has(const struct reply *r, const char *line);

#endif
