/*
 * A request: one exchange with a whole answer (RFC 9110). on_done comes exactly once, from the loop.
 */
#ifndef FRESHET_REQUEST_H
#define FRESHET_REQUEST_H

#include <freshet/endpoint.h>
#include <freshet/outcome.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_request freshet_request;

/* The whole answer, or why there is none. Valid until on_done returns. */
typedef struct freshet_response {
	freshet_outcome outcome; /* err is FRESHET_OK when a whole answer came, whatever its status */
	int status;              /* 0 when no answer came */
	const freshet_header *headers;
	size_t header_count;
	freshet_str body;
	uint32_t redirects; /* that were followed before this answer */
	bool decoded;       /* the body came compressed; the headers are those of what came */
} freshet_response;

/* What the source of a request body did when it was asked for more. */
typedef enum freshet_body_step {
	FRESHET_BODY_MORE,  /* gave *len bytes, at least one; there is more */
	FRESHET_BODY_END,   /* gave *len bytes, perhaps none, and that was all */
	FRESHET_BODY_LATER, /* gave *len bytes, perhaps none; it is asked again after freshet_request_resume */
	FRESHET_BODY_FAIL,  /* cannot go on: the request ends with FRESHET_EUPLOAD */
} freshet_body_step;

/*
 * Where a body comes from that does not lie in memory. It is asked when the connection has taken what it gave before, so
 * a slow server slows the source, and no more than `buffer` bytes are held. The callbacks come from the loop; everything
 * is allowed inside them.
 */
typedef struct freshet_body_source {
	/*
	 * Required. Puts up to `room` bytes to `to` and their number into *len, which is 0 before. `user` is the request's.
	 * Not called any more when it has said END or FAIL, or when the request has ended.
	 */
	freshet_body_step (*read)(freshet_request *request, void *to, size_t room, size_t *len, void *user);
	/*
	 * Optional. The body is to be sent again (a connection was lost, a redirect, 421): read begins anew. False: it
	 * cannot, and the request ends with FRESHET_EUPLOAD. Without this callback a body of which anything was read is
	 * never sent again, whatever the method.
	 */
	bool (*rewind)(freshet_request *request, void *user);
	bool has_length; /* `length` is known and sent ahead; giving fewer or more bytes is FRESHET_EUPLOAD_LENGTH */
	uint64_t length; /* otherwise HTTP/1.1 sends chunks, which servers of HTTP/1.0 do not understand */
	size_t buffer;   /* default 64 KiB, at least 1 KiB */
} freshet_body_source;

/* The last callback of a request: `user` is the caller's again when it returned. */
typedef void freshet_request_done_fn(freshet_request *request, const freshet_response *response, void *user);

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_request_options {
	size_t size;                   /* set by freshet_request_options_init */
	const char *method;            /* default GET */
	const char *path;              /* required: begins with "/" and is put behind the endpoint's own path */
	const freshet_header *headers; /* optional: beside the endpoint's; one of the same name replaces it */
	size_t header_count;
	const char *traceparent; /* optional: W3C Trace Context, sent as it is; tracestate goes among the headers */
	freshet_str body;        /* optional; sent with its content-length; the copy of it is overwritten after use */
	freshet_body_source source; /* optional: the body when it does not lie in memory, instead of `body` */
	uint64_t deadline_ms;       /* of the whole exchange, repeating included; default 60,000; UINT64_MAX: none */
	size_t max_body;            /* bytes of the answer, decoded where it came compressed; default 16 MiB */
	bool accept_gzip;       /* asks for the content coding gzip and decodes it; any other is given as it comes */
	uint32_t max_attempts;  /* default 3 */
	bool follow_redirects;  /* those to the same origin; default: every redirect is reported as an answer */
	uint32_t max_redirects; /* with follow_redirects; default 10 */
	bool repeatable;        /* may be sent again though an earlier one may have arrived: idempotent or with a key */
	freshet_request_done_fn *on_done; /* required */
	void *user;
} freshet_request_options;

FRESHET_OPTIONS_INIT(freshet_request_options)

/*
 * Sends a request. It is sent again after a lost connection only when it surely was not processed, or when it may be:
 * GET, HEAD, OPTIONS, PUT, DELETE (RFC 9110, section 9.2.2) and `repeatable` ones. `out` may be NULL; the handle is valid
 * until on_done has returned. Errors as freshet_stream_open.
 *
 * Redirects are reported as the answers that they are. With `follow_redirects` 301, 302, 303, 307 and 308 are followed
 * where their Location leads to the endpoint's own scheme, host and port: a POST becomes a GET without its body, but for
 * 307 and 308, which repeat it whole (RFC 9110, section 15.4). A Location of another origin is never followed and its
 * host never hears of the credentials. More than `max_redirects` end in FRESHET_EHTTP_REDIRECTS.
 *
 * An answer 421 (the connection leads to the wrong server) is retried once, whatever the method, on another connection;
 * the second one is reported.
 */
FRESHET_API freshet_err freshet_request_send(
	freshet_endpoint *endpoint, const freshet_request_options *options, freshet_request **out);

/* Ends the request: on_done with FRESHET_ECANCELED on a later turn; the server may have acted on it. Again: nothing. */
FRESHET_API void freshet_request_cancel(freshet_request *request);

/*
 * The source of the body, which said FRESHET_BODY_LATER, has more: it is asked on a later turn. At any other time, and
 * for requests without a source: nothing.
 */
FRESHET_API void freshet_request_resume(freshet_request *request);

/* `user` of its options. */
FRESHET_API void *freshet_request_user(const freshet_request *request);

/* The first header of that name (any case) or the empty span. */
FRESHET_API freshet_str freshet_response_header(const freshet_response *response, const char *name);

#ifdef __cplusplus
}
#endif

#endif
