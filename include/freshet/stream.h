/*
 * A stream: one subscription to a source of Server-Sent Events (WHATWG HTML, section 9.2) over any number of
 * connections. It reconnects with backoff, resumes from its cursor and removes what comes twice.
 *
 * Callbacks come from the loop, never inside a call of the caller's. Everything is allowed inside them: opening, closing
 * (this one or another), pausing, holding, closing the reactor.
 */
#ifndef FRESHET_STREAM_H
#define FRESHET_STREAM_H

#include <freshet/endpoint.h>
#include <freshet/outcome.h>
#include <freshet/sse.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_stream freshet_stream;

/* How a stream ended and what it saw. Valid until on_done returns. */
typedef struct freshet_stream_end {
	freshet_outcome
		outcome; /* err is FRESHET_OK when the source said that it is over, or freshet_stream_finish did */
	freshet_str last_event_id; /* the cursor: opening with it goes on after the last event that was shown */
	uint64_t events;           /* shown */
	uint64_t duplicates;       /* not shown, since they came again */
	uint32_t reconnects;       /* subscriptions after the first */
} freshet_stream_end;

typedef struct freshet_stream_callbacks {
	/*
	 * Optional. An answer with status 200 (or another, option any_2xx) and an event stream has begun; comes again after
	 * each reconnect.
	 */
	void (*on_open)(freshet_stream *stream, void *user);
	/* Required. The event's spans are valid until the callback returns; freshet_event_hold keeps a copy. */
	void (*on_event)(freshet_stream *stream, const freshet_event *event, void *user);
	/* Optional. The connection was cut or refused for the cause given; the next attempt comes in `retry_ms`. */
	void (*on_cut)(freshet_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user);
	/* Required. Exactly once for every successful open, and last: `user` is the caller's again when it returned. */
	void (*on_done)(freshet_stream *stream, const freshet_stream_end *end, void *user);
} freshet_stream_callbacks;

/* One stream. 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_stream_options {
	size_t size;      /* set by freshet_stream_options_init */
	const char *path; /* required: begins with "/" and is put behind the endpoint's own path; it may have a query */
	const char *method;            /* default GET */
	freshet_str body;              /* optional; a method other than GET is not sent twice unless `repeatable` */
	const freshet_header *headers; /* optional: beside the endpoint's; one of the same name replaces it */
	size_t header_count;
	const char *
		traceparent; /* optional: W3C Trace Context, sent with each subscription; tracestate goes among the headers */
	freshet_str last_event_id;           /* optional: goes on after this event */
	const freshet_stream_policy *policy; /* optional: instead of the endpoint's; costs a copy per stream */
	uint64_t deadline_ms;                /* of the whole stream, reconnects included; default none */
	bool repeatable;                     /* the request may be sent again though an earlier one may have arrived */
	bool paused;                         /* starts paused: the answer is read only after freshet_stream_resume */
	freshet_stream_callbacks callbacks;  /* on_event and on_done are required */
	void *user;                          /* given to each callback */
	size_t max_other_body; /* bytes kept of an answer that is no event stream, for outcome.body; default 64 KiB */
	bool any_2xx; /* an event stream is taken with any status of 2xx; default: with 200 only, as the standard says */
} freshet_stream_options;

FRESHET_OPTIONS_INIT(freshet_stream_options)

/*
 * Opens a stream. An answer of 2xx that is something else than an event stream ends it with FRESHET_ECONTENT_TYPE, which is
 * not always a failure: servers may answer a request for a stream with the whole result. The outcome has its status, type
 * and body. The first callback comes on a later turn of the loop. The handle is the library's; it is valid until
 * on_done has returned. FRESHET_EINVAL (a missing field, a path or header with CR, LF or NUL), FRESHET_ENOMEM,
 * FRESHET_EQUEUE_FULL (endpoint option max_waiting), FRESHET_ESTATE (the endpoint or the reactor is closing); on failure
 * *out is NULL, nothing is kept and nothing is called back.
 */
FRESHET_API freshet_err freshet_stream_open(
	freshet_endpoint *endpoint, const freshet_stream_options *options, freshet_stream **out);

/* Ends the stream: no more events, on_done with FRESHET_ECANCELED on a later turn. Again: nothing. */
FRESHET_API void freshet_stream_close(freshet_stream *stream);

/*
 * As close, but on_done tells FRESHET_OK: for the one who reads in an event that it is the last. Used by services whose
 * streams have final events.
 */
FRESHET_API void freshet_stream_finish(freshet_stream *stream);

/* As close, but on_done tells `err`: for the one who reads in an event that the stream has failed. */
FRESHET_API void freshet_stream_fail(freshet_stream *stream, freshet_err err);

/*
 * Gives up the present answer and subscribes again from the cursor after `delay_ms`: for events that end the connection
 * but not the stream. What of the answer is not read yet is dropped (it comes again). Counts as no failed attempt.
 */
FRESHET_API void freshet_stream_reconnect(freshet_stream *stream, uint64_t delay_ms);

/*
 * Stops the events and lets flow control stop the server: at most the stream's window is held in memory. Time that a
 * stream is paused does not count against its idle limit.
 */
FRESHET_API void freshet_stream_pause(freshet_stream *stream);

/* Goes on; events come on a later turn. */
FRESHET_API void freshet_stream_resume(freshet_stream *stream);

/*
 * The cursor: the id of the last event that was given to on_event, also while that callback runs; at first the one given
 * at open. Valid until the next callback of this stream.
 */
FRESHET_API freshet_str freshet_stream_last_event_id(const freshet_stream *stream);

/*
 * Sets the cursor. Inside on_event it decides in place of the event's own id. For services whose cursor is not the
 * event id. FRESHET_ENOMEM, FRESHET_ESSE_ID (longer than allowed), FRESHET_EINVAL (CR, LF or NUL in it).
 */
FRESHET_API freshet_err freshet_stream_set_cursor(freshet_stream *stream, freshet_str id);

/* `user` of its options, and the endpoint that it was opened on. */
FRESHET_API void *freshet_stream_user(const freshet_stream *stream);
FRESHET_API freshet_endpoint *freshet_stream_endpoint(const freshet_stream *stream);

/* What the stream does now: "waiting", "sent", "open", "backoff", "done": for logs and tests. Static. */
FRESHET_API const char *freshet_stream_state(const freshet_stream *stream);

/* A copy of an event in one block, spans included; the caller drops it. FRESHET_ENOMEM; *out is then NULL. */
FRESHET_API freshet_err freshet_event_hold(const freshet_event *event, freshet_event **out);

/* NULL is fine. */
FRESHET_API void freshet_event_drop(freshet_event *held);

#ifdef __cplusplus
}
#endif

#endif
