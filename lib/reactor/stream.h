/*
 * A stream inside. There may be a million of them, so the record is small: what few streams need lies behind `extra`,
 * `ending` and `held`.
 */
#ifndef REACTOR_STREAM_H
#define REACTOR_STREAM_H

#include "flow/states.h"
#include "reactor/endpoint.h"
#include "reactor/ending.h"
#include "sse/parser.h"

#include <freshet/stream.h>

/* What only some streams bring. */
struct stream_extra {
	char *method;
	freshet_header *headers;
	size_t header_count;
	struct wire_body body;
	char *body_bytes;
	struct stream_policy policy;
	bool has_policy;
	uint64_t deadline_ms;  /* of the whole stream; UINT64_MAX: none */
	char *cursor;          /* set by the application while an event is shown */
	char *target;          /* where redirects have led this subscription: path and query; NULL: nowhere */
	uint32_t redirects;    /* of this subscription */
	bool as_get;           /* a redirect has made it a GET without a body */
	size_t max_other_body; /* bytes kept of an answer that is no event stream */
};

/* Bytes that arrived while the stream was paused. */
struct held {
	struct bytes bytes;
	size_t from;
};

/*
 * What an event touches lies together, from the exchange to the parser, and what it does not touch lies around that:
 * among many streams each event finds its own out of every cache, and pays for each line of it.
 */
struct freshet_stream {
	struct exchange exchange;
	freshet_endpoint *endpoint;
	const struct stream_policy *policy;
	struct stream_extra *extra; /* NULL: a plain GET */
	struct held *held;          /* NULL: nothing */
	uint64_t mark_ms;           /* sent; the last bytes; the end of the pause: as the state is */
	uint64_t events;
	uint32_t attempts; /* failed, since the last event */
	uint8_t moves;     /* by the peer, unprocessed, since the last event */
	uint8_t state;     /* enum stream_state */
	bool paused : 1;
	bool repeatable : 1;
	bool has_order : 1;   /* `order` is set */
	bool resumed : 1;     /* no event yet since the last resume */
	bool end_held : 1;    /* the body ended, but bytes of it are held */
	bool lost_held : 1;   /* the connection was lost, but bytes are held: `ending` has the cause */
	bool again : 1;       /* what was answered sends it elsewhere: it goes when the answer has been read */
	bool any_2xx : 1;     /* an event stream is one with any status of 2xx */
	bool misdirected : 1; /* it was answered 421 once since it was open */
	bool reading : 1;     /* events are being taken: what the callbacks ask for waits until they return */
	void *user;
	freshet_stream_callbacks callbacks;
	struct sse_parser parser;
	uint64_t order; /* cursor as a number, with FRESHET_DUPLICATES_ORDER */
	uint64_t duplicates;
	struct list in_endpoint;
	struct task task;
	struct deadline deadline;
	struct ending *ending; /* NULL: nothing has failed since the last event */
	uint32_t subscriptions;
	freshet_err result; /* for on_done */
	uint32_t path_len;
	char path[];
};

/* The memory of an idle stream has a budget (docs/benchmarks.md); beside nghttp2's own record this is most of it. */
_Static_assert(sizeof(struct freshet_stream) <= 320, "the record of a stream");

freshet_err stream_open(freshet_endpoint *e, const freshet_stream_options *options, freshet_stream **out);

/* Ends the stream; on_done comes on a later turn. Again: nothing. */
void stream_end(freshet_stream *s, freshet_err result);

void stream_reconnect(freshet_stream *s, uint64_t delay_ms);
void stream_pause(freshet_stream *s);
void stream_resume(freshet_stream *s);
freshet_err stream_set_cursor(freshet_stream *s, freshet_str id);
void stream_due(freshet_stream *s);

#endif
