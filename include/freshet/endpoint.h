/*
 * An endpoint: a base URL and who we are there. Its connections are opened as the streams and requests on it need them
 * and are shared by all of them, so that a stream costs only what is its own.
 */
#ifndef FRESHET_ENDPOINT_H
#define FRESHET_ENDPOINT_H

#include <freshet/error.h>
#include <freshet/reactor.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_endpoint freshet_endpoint;

typedef enum freshet_protocol {
	/* https: HTTP/2 or HTTP/1.1, as ALPN agrees. http: HTTP/1.1. */
	FRESHET_PROTOCOL_AUTO,
	/* https: HTTP/2 or an error. http: HTTP/2 with prior knowledge (RFC 9113, section 3.3). */
	FRESHET_PROTOCOL_HTTP2,
	/* HTTP/1.1 only (RFC 9112): one exchange at a time on a connection. */
	FRESHET_PROTOCOL_HTTP1,
} freshet_protocol;

typedef enum freshet_tls_version {
	FRESHET_TLS_DEFAULT, /* 1.2 */
	FRESHET_TLS_1_2,
	FRESHET_TLS_1_3,
} freshet_tls_version;

/* How the cursor of a stream travels when it subscribes again; add them up. */
typedef enum freshet_cursor_place {
	FRESHET_CURSOR_HEADER = 1, /* Last-Event-ID */
	FRESHET_CURSOR_QUERY = 2,  /* a query parameter, policy field cursor_query */
	FRESHET_CURSOR_NONE = 4,   /* it does not travel */
} freshet_cursor_place;

/* What of a resumed stream is taken for a repetition and not shown. Only events with an `id` of their own are judged. */
typedef enum freshet_duplicates {
	FRESHET_DUPLICATES_SHOW,   /* nothing is removed */
	FRESHET_DUPLICATES_REPEAT, /* the event at the cursor, when the server begins with it */
	FRESHET_DUPLICATES_ORDER,  /* ids are decimal numbers of 64 bits that rise: those not above the cursor */
} freshet_duplicates;

/* How streams are read and kept up. 0 and NULL take the default. docs/resume.md tells the rules. */
typedef struct freshet_stream_policy {
	unsigned cursor_place;    /* freshet_cursor_place; default FRESHET_CURSOR_HEADER */
	const char *cursor_query; /* name of the parameter, with FRESHET_CURSOR_QUERY */
	freshet_duplicates duplicates;
	bool end_is_final; /* a clean end of the body ends the stream well; default: it is a cut, as in browsers */
	/* In a row without any event; then the stream fails with the last cause. Default 10; UINT32_MAX: no bound. */
	uint32_t max_attempts;
	uint64_t backoff_min_ms; /* the first pause, before jitter; default 1000; `retry:` of the stream replaces it */
	uint64_t backoff_max_ms; /* pauses double up to this; default 30,000 */
	bool follow_redirects;  /* those to the same origin, for each subscription anew; default: they end the stream */
	uint32_t max_redirects; /* with follow_redirects, for one subscription; default 10 */
	uint64_t headers_timeout_ms; /* from sending to the response headers; default 30,000 */
	uint64_t idle_timeout_ms;    /* silence that counts as a cut; default 300,000; UINT64_MAX: no limit */
	size_t max_line;             /* as in freshet_sse_options */
	size_t max_event;
	size_t max_id;
	bool parts;
} freshet_stream_policy;

/* 0 and NULL take the default. Everything is copied at the call. */
typedef struct freshet_endpoint_options {
	size_t size;                   /* set by freshet_endpoint_options_init */
	const char *url;               /* required: "https://host[:port][/path]" or "http://..."; no query, no user */
	freshet_protocol protocol;     /* default FRESHET_PROTOCOL_AUTO */
	const char *bearer_token;      /* optional: sent as "Authorization: Bearer ..."; a secret */
	const freshet_header *headers; /* optional: sent with every request */
	size_t header_count;
	const char *user_agent;        /* default "freshet/<version>" */
	const char *user_agent_suffix; /* optional: products and comments behind it, as "orchestrator/2.1 (nightly)" */

	/* How it is reached. */
	const char *address; /* optional: connect there, "unix:/path" or "host:port"; the URL still names the server */
	const char *proxy;   /* optional: "http://[user:password@]host[:port]", asked by CONNECT also for http:// */
	bool proxy_from_environment; /* optional: without `proxy`, what https_proxy, http_proxy, all_proxy, no_proxy say */

	/* TLS: the host name and the chain are always verified. */
	const char *ca_file;                 /* optional: PEM file of the issuers to trust, instead of the system's */
	const char *ca_dir;                  /* optional: a hashed folder of them */
	freshet_str ca_pem;                  /* optional: the same as text; the three add up */
	freshet_tls_version min_tls_version; /* default TLS 1.2 */
	const char *certificate_file;        /* optional: PEM file with our own certificate and its chain */
	const char *key_file;                /* optional: PEM file with its key; default: certificate_file */
	/*
	 * Optional: SHA-256 of public keys (SubjectPublicKeyInfo, RFC 7469, section 2.4), of which the server's must be one,
	 * beside all other checks.
	 */
	const uint8_t (*pins)[32];
	size_t pin_count;
	const char *
		key_log_file; /* optional: appends TLS secrets for debuggers (NSS key log format); made with mode 0600 */

	/* Connections. */
	uint32_t max_connections;            /* default 64; over HTTP/1.1, where each stream needs one, 8192 */
	uint32_t max_streams_per_connection; /* beside the peer's own limit; default 1000 */
	uint32_t max_waiting;                /* exchanges in line for a connection; default 1,000,000 */
	uint64_t connect_timeout_ms;         /* resolve, connect, TLS, until a stream is allowed; default 10,000 */
	uint64_t ping_interval_ms;  /* a connection silent so long is sent a PING; default 20,000; UINT64_MAX: never */
	uint64_t ping_timeout_ms;   /* without an answer the connection is dead; default 10,000 */
	uint64_t idle_close_ms;     /* a connection without exchanges closes; default 60,000 */
	uint32_t stream_window;     /* bytes that the server may send ahead on a stream; default 256 KiB */
	uint32_t connection_window; /* and on a connection; default 16 MiB */
	size_t max_header_bytes;    /* of one response, names and values; default 64 KiB */

	freshet_stream_policy stream; /* of every stream that does not bring its own */

	/* Optional: called once, when the endpoint is gone, after the last callback of all that was on it. */
	void (*on_closed)(void *user);
	void *user; /* given to on_closed */
} freshet_endpoint_options;

FRESHET_OPTIONS_INIT(freshet_endpoint_options)

/*
 * A new endpoint; no connection is made before it is needed. It lives until it is closed or its reactor is.
 * FRESHET_EINVAL (a URL that is none, a header with CR, LF or NUL), FRESHET_EUNSUPPORTED (a proxy of another kind),
 * FRESHET_ETLS (a file of the TLS options cannot be read), FRESHET_ENOMEM, FRESHET_ESTATE (the reactor is closing); on
 * failure *out is NULL.
 */
FRESHET_API freshet_err freshet_endpoint_new(
	freshet_reactor *reactor, const freshet_endpoint_options *options, freshet_endpoint **out);

/*
 * Ends what is open on the endpoint with FRESHET_ECANCELED and then the endpoint itself, on a later turn. The handle is
 * not to be used again, but inside the callbacks that this brings. NULL is fine.
 */
FRESHET_API void freshet_endpoint_close(freshet_endpoint *endpoint);

/* The reactor that it was made on. */
FRESHET_API freshet_reactor *freshet_endpoint_reactor(const freshet_endpoint *endpoint);

/* As freshet_reactor_counters_get, of this endpoint alone. */
FRESHET_API freshet_err freshet_endpoint_counters_get(const freshet_endpoint *endpoint, freshet_counters *counters);

#ifdef __cplusplus
}
#endif

#endif
