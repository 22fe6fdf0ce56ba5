/*
 * What a reactor or an endpoint holds now and has done since it was made. docs/counters.md tells how to read it.
 */
#ifndef FRESHET_COUNTERS_H
#define FRESHET_COUNTERS_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * kind, name, text. NOW: a level that goes up and down; EVER: it only rises. The names are part of the ABI: they stay,
 * and new ones are put at the end.
 */
#define FRESHET_COUNTER_MAP(X)                                                                                         \
	X(NOW, connections, "connections in every state")                                                              \
	X(NOW, connections_connecting, "of them, looked up, dialed or shaking hands")                                  \
	X(NOW, connections_open_http1, "of them, up, over HTTP/1.1")                                                   \
	X(NOW, connections_open_http2, "of them, up, over HTTP/2")                                                     \
	X(NOW, connections_draining_http1, "of them, up, but for no new exchange, over HTTP/1.1")                      \
	X(NOW, connections_draining_http2, "of them, up, but for no new exchange, over HTTP/2")                        \
	X(EVER, connections_opened, "connections that came up")                                                        \
	X(EVER, connections_failed, "connections that never came up")                                                  \
	X(EVER, connections_lost, "connections that ended with work on them")                                          \
	X(EVER, connections_stale, "of those, kept ones that the server had closed when they were used again")         \
	X(EVER, handshakes, "TLS handshakes that were completed")                                                      \
	X(EVER, handshakes_resumed, "of them, with an earlier session")                                                \
	X(EVER, handshakes_failed, "TLS handshakes that came to nothing")                                              \
	X(NOW, streams, "streams whose on_done is to come")                                                            \
	X(NOW, streams_open, "of them, being answered: events may come")                                               \
	X(NOW, streams_paused, "of them, paused by the application")                                                   \
	X(EVER, streams_opened, "streams that freshet_stream_open has made")                                           \
	X(EVER, streams_ended, "streams whose on_done has come")                                                       \
	X(EVER, pauses, "times that a stream was paused")                                                              \
	X(EVER, events, "events that were given to on_event")                                                          \
	X(EVER, duplicates, "events that came again after a resume and were not shown")                                \
	X(EVER, discarded_bytes, "bytes of unfinished events that a cut left behind")                                  \
	X(EVER, reconnects, "subscriptions that streams sent after their first")                                       \
	X(NOW, requests_in_flight, "requests whose on_done is to come")                                                \
	X(EVER, requests_done, "requests whose on_done has come")                                                      \
	X(NOW, waiting, "streams and requests in line for a connection")                                               \
	X(EVER, moves, "exchanges back in line at once: refused unprocessed, stale, misdirected, redirected")          \
	X(EVER, bytes_read, "bytes from sockets, TLS included")                                                        \
	X(EVER, bytes_written, "bytes to sockets, TLS included")                                                       \
	X(NOW, posts_waiting, "posted calls that wait for their turn; of reactors only")                               \
	X(EVER, posts_run, "posted calls that have run; of reactors only")                                             \
	X(EVER, posts_refused, "posts that found no place; of reactors only")

/* Why a stream had to subscribe again: name, how it is printed, text. New ones are put at the end. */
#define FRESHET_CAUSE_MAP(X)                                                                                           \
	X(OTHER, "other", "none of the following")                                                                     \
	X(END, "end", "the answer ended cleanly, but not the stream")                                                  \
	X(CUT, "cut", "the connection was lost, or the answer broke off")                                              \
	X(RESET, "reset", "the peer reset the stream")                                                                 \
	X(REFUSED, "refused", "the peer refused the stream unprocessed, again and again")                              \
	X(GOAWAY, "goaway", "the peer is going away")                                                                  \
	X(PROTOCOL, "protocol", "the peer broke the HTTP protocol")                                                    \
	X(STATUS, "status", "the server answered with a status that says: later")                                      \
	X(IDLE, "idle", "silence longer than the idle limit")                                                          \
	X(PING, "ping", "the peer stopped answering PING")                                                             \
	X(HEADERS, "headers", "no response headers within their limit")                                                \
	X(CONNECT_TIMEOUT, "connect_timeout", "no connection within the connect limit")                                \
	X(RESOLVE, "resolve", "the host name does not resolve")                                                        \
	X(CONNECT, "connect", "no address of the host accepts a connection")                                           \
	X(DESCRIPTORS, "descriptors", "no file descriptor is left for a connection")                                   \
	X(PROXY, "proxy", "the proxy cannot be reached, or does not let us through")                                   \
	X(TLS, "tls", "TLS failed")                                                                                    \
	X(ASKED, "asked", "the application or the service called freshet_stream_reconnect")

typedef enum freshet_cause {
#define FRESHET_CAUSE_ENUM(name, print, text) FRESHET_CAUSE_##name,
	FRESHET_CAUSE_MAP(FRESHET_CAUSE_ENUM)
#undef FRESHET_CAUSE_ENUM
		FRESHET_CAUSE_COUNT /* of this version of the library */
} freshet_cause;

/* So many causes have a place in freshet_counters; those that later versions add among them. */
#define FRESHET_CAUSE_PLACES 32

/* One snapshot. Counters that the library does not have (it is older than the header) are 0. */
typedef struct freshet_counters {
	size_t size; /* set by freshet_counters_init */
	/* By freshet_cause: times that a stream set out to subscribe again, whatever came of it. */
	uint64_t reconnects_by[FRESHET_CAUSE_PLACES];
#define FRESHET_COUNTER_FIELD(kind, name, text) uint64_t name;
	FRESHET_COUNTER_MAP(FRESHET_COUNTER_FIELD)
#undef FRESHET_COUNTER_FIELD
} freshet_counters;

/* All 0, with the size that the caller was compiled with: a library with more counters tells those that fit. */
static inline void freshet_counters_init(freshet_counters *counters)
{
	memset(counters, 0, sizeof *counters);
	counters->size = sizeof *counters;
}

/* "reset", ...: static, for logs and metrics; "other" for numbers that are no cause. */
FRESHET_API const char *freshet_cause_name(freshet_cause cause);

/* One counter of the struct, for who prints or exports them all. */
typedef struct freshet_counter {
	const char *name; /* as in the struct */
	const char *text; /* what it counts */
	bool now;         /* a level that goes up and down; else it only rises */
	size_t offset;    /* of its uint64_t in freshet_counters */
} freshet_counter;

/*
 * All counters of the library but reconnects_by, in the order of the struct: static. Where the library is newer than the
 * caller's header, those with an offset past the caller's struct are not for it.
 */
FRESHET_API const freshet_counter *freshet_counter_list(size_t *count);

#ifdef __cplusplus
}
#endif

#endif
