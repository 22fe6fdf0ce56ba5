/*
 * How a protocol (lib/h2, and others beside it) and the reactor talk. A protocol is bytes in, bytes out: it has no socket
 * and runs no user code. What the bytes said comes as a queue of wire events, read by the reactor after the protocol
 * library has returned; data are spans into the bytes that were fed, so the queue is read before they are overwritten.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/bytes.h"

#include <freshet/error.h>
#include <freshet/types.h>

/* A response header block: status and fields; each field's bytes are a block of memory of their own. */
struct wire_answer {
	int status;
	freshet_header *fields;
	size_t count;
	size_t capacity;
	size_t bytes; /* names and values */
};

/* Why an exchange has no clean end. */
struct wire_loss {
	freshet_err err;
	uint32_t http2_code;
	bool has_http2_code;
	bool unprocessed; /* the peer said, or it is sure, that it did not act on the request */
	const char *why;  /* more about it, for people: static; NULL: nothing */
};

enum wire_kind {
	WIRE_ANSWER, /* the final response headers: the reader frees the answer */
	WIRE_DATA,
	WIRE_WANTED, /* all that there was of an open request body has been taken: its owner fills it again */
	WIRE_END,    /* the body ended as it should: the exchange is over */
	WIRE_LOST,   /* the exchange is over without that */
};

struct wire_event {
	void *exchange; /* as given to submit */
	enum wire_kind kind;
	union {
		struct wire_answer *answer;
		struct {
			const uint8_t *bytes;
			size_t len;
		} data;
		struct wire_loss loss;
	} as;
};

/* Filled by a protocol, emptied by the reactor; one for all its connections. */
struct wire_queue {
	struct wire_event *events;
	size_t count;
	size_t capacity;
};

/*
 * One request. Everything but the body is copied by submit; the body must stay until the exchange is over. An open body
 * without a content-length among the fields is of unknown length.
 */
struct wire_request {
	freshet_str method;
	freshet_str scheme;
	freshet_str authority;
	freshet_str path;
	const freshet_header *fields; /* names in lower case */
	size_t count;
	const struct wire_body *body; /* NULL: none */
};

/*
 * A request body and how far it has been sent. One in memory is there as a whole. An `open` one is filled by its owner:
 * the protocol takes the bytes that are there, sets `wanted` and queues WIRE_WANTED; the owner puts others in their
 * place or closes it, clears `wanted` and calls `more`.
 */
struct wire_body {
	freshet_str bytes;
	size_t sent;
	bool open;   /* more will come */
	bool wanted; /* the bytes were taken: nothing is sent of it until it is filled again */
};

struct wire;

/* What a protocol does. None of these calls anybody back. */
struct wire_protocol {
	const char *name;
	bool exclusive; /* one exchange at a time: what happens to the connection happens to that one */
	/* FRESHET_ENOMEM, FRESHET_EHTTP_GOAWAY (takes no more). `stream_id` names the exchange in later calls. */
	freshet_err (*submit)(struct wire *w, const struct wire_request *request, void *exchange, int32_t *stream_id);
	/* Reads bytes of the peer; events go to the queue. An error is the end of the connection. */
	freshet_err (*feed)(struct wire *w, const uint8_t *bytes, size_t len);
	/*
	 * The peer sends nothing more; `clean` when it said so in a way that nobody on the path can counterfeit. A body
	 * that ends with its connection ends here. NULL: that tells the protocol nothing.
	 */
	void (*peer_closed)(struct wire *w, bool clean);
	/*
	 * Appends bytes for the peer, up to a little above `most`; false when there is no memory. What cannot be sent any
	 * more goes to the queue as lost.
	 */
	bool (*output)(struct wire *w, struct bytes *out, size_t most);
	bool (*wants_output)(struct wire *w);
	/* An open body was filled or closed. NULL: the protocol looks by itself. */
	void (*more)(struct wire *w, int32_t stream_id);
	/* The application has taken so many bytes of the body: the peer may send more. */
	void (*consumed)(struct wire *w, int32_t stream_id, size_t len);
	/* Gives an exchange up; no event of it is queued any more. */
	void (*cancel)(struct wire *w, int32_t stream_id);
	/* Asks the peer for a sign of life; `pings_answered` counts the answers. NULL: the protocol has none. */
	void (*ping)(struct wire *w);
	/* Takes leave: no new exchange, the peer is told. */
	void (*goodbye)(struct wire *w);
	void (*free)(struct wire *w);
};

/* The head of every protocol's session: what the reactor may look at. */
struct wire {
	const struct wire_protocol *protocol;
	uint32_t capacity; /* exchanges that the peer allows at the same time */
	bool draining;     /* takes no new exchange */
	bool greeted;      /* the peer has said what it allows */
	bool answer_begun; /* bytes came since the last submit: told by exclusive protocols */
	size_t room;       /* so many bytes may be fed before the application has taken more; SIZE_MAX: any number */
	uint64_t kept_ms;  /* the peer keeps the connection so long without an exchange; 0: it has not said */
	int32_t sent_id;   /* what was submitted after this one has not gone out: told where the capacity may fall */
	uint32_t pings_answered;
	bool over;             /* the peer has been told that it broke the protocol: nothing more of it is read */
	struct wire_loss loss; /* after a failed feed, when it is over, and when the peer has said that it goes: why */
};

/*
 * Appends; false when there is no memory. The exchange is fetched meanwhile: among many it lies in no cache, and whoever
 * reads the queue would wait for it.
 */
bool wire_push(struct wire_queue *queue, const struct wire_event *event);

/* Frees the queue with the answers in it that nobody has taken. */
void wire_queue_clear(struct wire_queue *queue);

/* Copies a field into the answer; FRESHET_EHTTP_HEADERS past `max_bytes`, FRESHET_ENOMEM. */
freshet_err wire_answer_add(struct wire_answer *answer, freshet_str name, freshet_str value, size_t max_bytes);

/* NULL is fine. */
void wire_answer_free(struct wire_answer *answer);

#endif
