/*
 * An HTTP/2 server that does just what a test tells it: an nghttp2 server session, bytes in, bytes out, no socket. What
 * clients asked and did is recorded in its calls; what the test orders is framed at once, so that the order of the bytes
 * is the order of the calls. Its memory is malloc's, whatever the library's allocator does.
 */
#ifndef SUPPORT_H2PEER_H
#define SUPPORT_H2PEER_H

#include <freshet/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define H2PEER_FIELDS_MAX 24

struct h2peer;

struct h2peer_buf {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

void h2peer_buf_add(struct h2peer_buf *b, const void *data, size_t len);
void h2peer_buf_free(struct h2peer_buf *b);

/* A request as the server saw it. It stays until the peer goes. */
struct h2peer_call {
	struct h2peer *peer;
	int32_t id;
	char *names[H2PEER_FIELDS_MAX]; /* pseudo-headers included */
	char *values[H2PEER_FIELDS_MAX];
	size_t field_count;
	struct h2peer_buf body;
	uint64_t body_total; /* bytes of it that came */
	bool body_wrong;     /* it is not the pattern, with keep_no_bodies */
	bool complete;       /* headers are all there */
	bool ended;          /* the client has sent all */
	bool reset;          /* by the client, with reset_code */
	bool answered;       /* with response headers */
	bool gone;           /* the stream is closed */
	uint32_t reset_code;
	uint64_t credit;       /* of all WINDOW_UPDATEs for this stream */
	struct h2peer_buf out; /* body bytes that wait for credit */
	size_t out_from;
	bool end_after_out;
	bool trailers_after_out;
	void *user; /* the test's */
};

/* What a peer tells; each may be NULL. Called inside h2peer_feed. */
struct h2peer_hooks {
	void (*on_call)(struct h2peer_call *call, void *user); /* the headers are complete */
	void (*on_ended)(struct h2peer_call *call, void *user);
	void *user;
};

struct h2peer_options {
	uint32_t max_streams; /* SETTINGS_MAX_CONCURRENT_STREAMS; 0: not sent */
	bool no_streams;      /* send it with 0 */
	bool silent;          /* no SETTINGS yet: h2peer_settings sends them */
	bool hoard;           /* gives no credit for request bodies */
	bool keep_no_bodies;  /* of requests: they are counted and held against support/pattern.h */
	struct h2peer_hooks hooks;
};

struct h2peer {
	void *session;
	struct h2peer_options options;
	struct h2peer_call **calls; /* in the order of their HEADERS */
	size_t call_count;
	struct h2peer_buf out; /* bytes for the client: the test takes them and empties it */
	uint64_t credit;       /* of all WINDOW_UPDATEs for the connection */
	uint32_t pings;        /* PINGs of the client */
	uint32_t pongs;        /* its answers to ours */
	uint32_t settings_acks;
	bool goaway; /* the client has said goodbye */
	uint32_t goaway_code;
	bool mute;   /* answers no PING and frames nothing by itself */
	bool failed; /* the client broke the protocol, in the server's eyes */
};

struct h2peer *h2peer_new(const struct h2peer_options *options);
void h2peer_free(struct h2peer *p);

/* Bytes of the client; false when the server session refused them. */
bool h2peer_feed(struct h2peer *p, const uint8_t *bytes, size_t len);

/* Nothing more can come or go: both sides have said goodbye. */
bool h2peer_over(const struct h2peer *p);

const char *h2peer_field(const struct h2peer_call *call, const char *name); /* NULL when there is none */
struct h2peer_call *h2peer_call_of(const struct h2peer *p, int32_t id);

/* Response headers; `more` are names and values in turn, ended by NULL, or NULL. */
void h2peer_answer(struct h2peer_call *call, int status, const char *const *more);
/* The same with END_STREAM. */
void h2peer_answer_empty(struct h2peer_call *call, int status, const char *const *more);
void h2peer_inform(struct h2peer_call *call, int status); /* 1xx */
void h2peer_data(struct h2peer_call *call, const void *data, size_t len);
void h2peer_text(struct h2peer_call *call, const char *text);
void h2peer_end(struct h2peer_call *call);
void h2peer_end_with_trailers(struct h2peer_call *call);
void h2peer_reset(struct h2peer_call *call, uint32_t code);
/* 200, text/event-stream. */
void h2peer_open_events(struct h2peer_call *call);

void h2peer_ping(struct h2peer *p);
void h2peer_goaway(struct h2peer *p, int32_t last_id, uint32_t code);
void h2peer_settings(struct h2peer *p, uint32_t max_streams);
/* Takes the bytes of request bodies that were hoarded: credit goes back. */
void h2peer_credit(struct h2peer *p, struct h2peer_call *call, size_t len);
/* Bytes that no session would frame. */
void h2peer_raw(struct h2peer *p, const void *bytes, size_t len);

#endif
