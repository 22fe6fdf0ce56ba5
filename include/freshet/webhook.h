/*
 * Webhooks: what Sudoiq and AgentOS tell a server of yours by POST. Signatures are checked on the raw body before
 * anything is parsed, bodies become the same typed objects that streams give, what comes twice is told once, and what
 * comes late is dropped. Pure functions for any HTTP server, and one ready handler for libevent's evhttp:
 *
 *	freshet_webhook_options_init(&options);
 *	options.platform = FRESHET_WEBHOOK_SUDOIQ;
 *	options.secrets = &secret;
 *	options.secret_count = 1;
 *	freshet_webhook_new(&options, &webhook);
 *	freshet_webhook_evhttp_options_init(&server);
 *	server.path = "/hooks/sudoiq";
 *	server.on_delivery = take;
 *	freshet_webhook_evhttp(webhook, http, &server);
 *
 * With another HTTP server: give each request to freshet_webhook_receive, deal with the typed object of a new delivery,
 * tell freshet_webhook_finish what became of it, and send the answer.
 *
 * A webhook belongs to one thread at a time. docs/services/webhook.md has the how to.
 */
#ifndef FRESHET_WEBHOOK_H
#define FRESHET_WEBHOOK_H

#include <freshet/error.h>
#include <freshet/sudoiq_status.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A receiver: how deliveries of one sender are checked, and what of them was seen. */
typedef struct freshet_webhook freshet_webhook;

/* Who sends: chooses the defaults and what a body is read as. */
typedef enum freshet_webhook_platform {
	FRESHET_WEBHOOK_SUDOIQ = 1,
	FRESHET_WEBHOOK_AGENTOS,
} freshet_webhook_platform;

typedef enum freshet_webhook_encoding {
	FRESHET_WEBHOOK_ENCODING_DEFAULT, /* HEX */
	FRESHET_WEBHOOK_HEX,              /* lower-case digits */
	FRESHET_WEBHOOK_BASE64,           /* RFC 4648, section 4, with padding */
} freshet_webhook_encoding;

/* What is signed. */
typedef enum freshet_webhook_signed {
	FRESHET_WEBHOOK_SIGNED_DEFAULT, /* Sudoiq: TIMESTAMP_BODY; AgentOS: BODY */
	FRESHET_WEBHOOK_SIGNED_BODY,
	FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY, /* the timestamp header's value, a full stop, the body */
} freshet_webhook_signed;

typedef enum freshet_webhook_prefix {
	FRESHET_WEBHOOK_PREFIX_DEFAULT, /* Sudoiq: REQUIRED; AgentOS: OPTIONAL */
	FRESHET_WEBHOOK_PREFIX_REQUIRED,
	FRESHET_WEBHOOK_PREFIX_OPTIONAL,
} freshet_webhook_prefix;

typedef enum freshet_webhook_token_place {
	FRESHET_WEBHOOK_TOKEN_QUERY, /* a parameter of the query */
	FRESHET_WEBHOOK_TOKEN_PATH,  /* the last segment of the path */
} freshet_webhook_token_place;

/* One delivery among all: equal for all that repeat it. A SHA-256, so that it may stand in a log or a table. */
typedef struct freshet_webhook_key {
	uint8_t bytes[32];
} freshet_webhook_key;

/* What a store says of a key. */
typedef enum freshet_webhook_mark {
	FRESHET_WEBHOOK_MARK_NEW,    /* it was not there; it is open now */
	FRESHET_WEBHOOK_MARK_SEEN,   /* it was taken before */
	FRESHET_WEBHOOK_MARK_OPEN,   /* the same delivery is being dealt with */
	FRESHET_WEBHOOK_MARK_FAILED, /* the store cannot tell: the sender is asked to try again */
} freshet_webhook_mark;

/*
 * A store of the host's own for what was seen, such as a table that several processes share. Each `begin` that said NEW
 * is followed by one `end`, at the latest when the webhook is freed: with `taken` the key is remembered, without it is as
 * if it had never come. Both answer at once and must not call the webhook; a store that has to be waited for is asked by
 * the handler itself, see FRESHET_WEBHOOK_LATER.
 */
typedef struct freshet_webhook_store {
	freshet_webhook_mark (*begin)(const freshet_webhook_key *key, void *user);
	void (*end)(const freshet_webhook_key *key, bool taken, void *user);
	void *user;
} freshet_webhook_store;

/* A request as the server has it. Spans are read during the call only. */
typedef struct freshet_webhook_request {
	freshet_str method;
	freshet_str target; /* path and query, as in the request line; only a token is looked for in it */
	const freshet_header *headers;
	size_t header_count;
	freshet_str body; /* as it came */
} freshet_webhook_request;

/* 0 and NULL take the default, which may be that of the platform. Everything is copied at the call. */
typedef struct freshet_webhook_options {
	size_t size;                       /* set by freshet_webhook_options_init */
	freshet_webhook_platform platform; /* required */

	/*
	 * The signature: HMAC-SHA256. With several secrets one of them is enough, so that they can be changed without a
	 * gap. Without any, nothing is checked.
	 */
	const freshet_str *secrets;
	size_t secret_count;
	const char *signature_header; /* default "X-Sudoiq-Signature", "X-AgentOS-Signature" */
	const char *timestamp_header; /* Unix seconds; default "X-Sudoiq-Timestamp"; AgentOS has none */
	const char *delivery_header;  /* default "X-Sudoiq-Delivery"; AgentOS has none; "": none */
	const char *signature_prefix; /* before the digits; default "sha256="; "": none */
	freshet_webhook_prefix prefix;
	freshet_webhook_encoding encoding;
	freshet_webhook_signed signed_text;
	uint64_t max_age_s;   /* of a signed timestamp; default 300; UINT64_MAX: any */
	uint64_t max_ahead_s; /* how far it may lie in the future, clocks being what they are; default 300 */
	/* Milliseconds since 1970-01-01T00:00:00Z; default: the system's clock. */
	int64_t (*now)(void *user);

	/* Instead of a signature: a secret that the sender has as part of the URL. Unreserved characters of RFC 3986. */
	const freshet_str *tokens;
	size_t token_count;
	freshet_webhook_token_place token_place;
	const char *token_query; /* name of the parameter; default "token" */
	/*
	 * Instead of a signature, Sudoiq only: what a delivery says is not believed. It comes as UNCONFIRMED, the host reads
	 * the status of the run once and hands that to freshet_webhook_confirm.
	 */
	bool confirm_with_status;

	/* The body. */
	size_t max_body;       /* default 4 MiB */
	size_t max_depth;      /* default 64, at most FRESHET_JSON_DEPTH_MAX */
	size_t max_members;    /* of one object that is read; default 256 */
	bool any_content_type; /* default: application/json, and what ends with +json */
	/* How Sudoiq spells things; default: as in <freshet/sudoiq_status.h>. Only what the status object needs. */
	const freshet_sudoiq_names *names;
	/*
	 * Optional: rewrites a body whose signature is right before it is parsed, *body to begin with, and to be readable
	 * until the next call of the webhook. An error refuses the delivery; FRESHET_ENOMEM asks for another try.
	 */
	freshet_err (*rewrite)(const freshet_webhook_request *request, freshet_str *body, void *user);

	/* What was seen. */
	uint32_t max_seen;                  /* deliveries that are remembered; default 4096 */
	uint64_t seen_ms;                   /* and for how long; default 24 hours */
	const freshet_webhook_store *store; /* optional: instead of the webhook's own memory */
	uint32_t max_runs; /* runs of Sudoiq whose order is known, as long as the above; default 4096 */
	/* Deliveries that wait for freshet_webhook_finish; default 1024, or max_seen or max_runs where that is less. */
	uint32_t max_open;

	void *user; /* given to `now` and `rewrite`, which must not call the webhook */
} freshet_webhook_options;

FRESHET_OPTIONS_INIT(freshet_webhook_options)

/* What AgentOS tells. */
typedef enum freshet_webhook_agentos_type {
	FRESHET_WEBHOOK_AGENTOS_UNKNOWN, /* an event that this version does not have: `event` and `data` */
	FRESHET_WEBHOOK_AGENTOS_RUN_STARTED,
	FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED,
	FRESHET_WEBHOOK_AGENTOS_RUN_FAILED,
	FRESHET_WEBHOOK_AGENTOS_APPROVAL_REQUESTED,
	FRESHET_WEBHOOK_AGENTOS_ALERT_TRIGGERED, /* what its `data` holds is not published */
} freshet_webhook_agentos_type;

/*
 * A delivery of AgentOS. What was left out or null is empty; times are ISO 8601. What a run.started holds beside its
 * run_id is not published either: the members below are read where they are.
 */
typedef struct freshet_webhook_agentos {
	freshet_str raw; /* the whole text */
	freshet_webhook_agentos_type type;
	freshet_str event; /* never empty */
	freshet_str timestamp;
	freshet_str workspace_id;
	freshet_str agent_id;
	freshet_str data;   /* JSON text: an object, or empty */
	freshet_str run_id; /* of data; never empty in RUN_COMPLETED, RUN_FAILED and APPROVAL_REQUESTED */
	__extension__ union {
		struct {
			freshet_str trigger_type;
			freshet_str started_at;
		} run_started;
		struct {
			freshet_str trigger_type;
			freshet_str started_at;
			freshet_str completed_at;
			bool has_duration_ms;
			double duration_ms;
			freshet_str output; /* JSON text of whatever it is */
		} run_completed;
		struct {
			freshet_str error_message;
			freshet_str started_at;
			freshet_str failed_at;
		} run_failed;
		struct {
			freshet_str approval_id; /* never empty */
			freshet_str tool;
			freshet_str input; /* JSON text of whatever it is */
			freshet_str expires_at;
		} approval_requested;
	};
} freshet_webhook_agentos;

/* Why a request is refused: name, status of the answer, text. None of the texts holds anything of the request. */
#define FRESHET_WEBHOOK_CAUSE_MAP(X)                                                                                   \
	X(NONE, 200, "nothing is wrong")                                                                               \
	X(METHOD, 405, "only POST is understood")                                                                      \
	X(SIZE, 413, "the body is larger than allowed")                                                                \
	X(TOKEN, 401, "the token is missing or wrong")                                                                 \
	X(SIGNATURE_MISSING, 401, "there is no signature")                                                             \
	X(SIGNATURE_REPEATED, 401, "there is more than one signature")                                                 \
	X(SIGNATURE_TRUNCATED, 401, "the signature is cut off")                                                        \
	X(SIGNATURE_ENCODING, 401, "the signature is not written as agreed")                                           \
	X(SIGNATURE_WRONG, 401, "the signature is wrong")                                                              \
	X(TIMESTAMP_MISSING, 401, "there is no timestamp, or none that can be read")                                   \
	X(TIMESTAMP_OLD, 401, "the timestamp is too old")                                                              \
	X(TIMESTAMP_FUTURE, 401, "the timestamp lies in the future")                                                   \
	X(CONTENT_TYPE, 415, "the body is not sent as plain JSON")                                                     \
	X(REWRITE, 400, "the body cannot be rewritten")                                                                \
	X(JSON, 400, "the body is not valid JSON within the limits")                                                   \
	X(MEMBERS, 400, "the body names a member twice, or too many of them")                                          \
	X(CONTENT, 400, "a member of the body is missing or is not what it should be")

typedef enum freshet_webhook_cause {
#define FRESHET_WEBHOOK_CAUSE_ENUM(name, status, text) FRESHET_WEBHOOK_CAUSE_##name,
	FRESHET_WEBHOOK_CAUSE_MAP(FRESHET_WEBHOOK_CAUSE_ENUM)
#undef FRESHET_WEBHOOK_CAUSE_ENUM
} freshet_webhook_cause;

/* Static, never NULL, also for numbers that are no cause. */
FRESHET_API const char *freshet_webhook_cause_text(freshet_webhook_cause cause);

/* What a request came to. */
typedef enum freshet_webhook_outcome {
	FRESHET_WEBHOOK_NEW,         /* to be dealt with; freshet_webhook_finish is owed */
	FRESHET_WEBHOOK_UNCONFIRMED, /* the status is to be read; freshet_webhook_finish is owed, see _confirm */
	FRESHET_WEBHOOK_DUPLICATE,   /* it was taken before */
	FRESHET_WEBHOOK_OLD,         /* something newer of the same run was, or its end */
	FRESHET_WEBHOOK_BUSY,        /* the same is being dealt with; the sender may come again */
	FRESHET_WEBHOOK_REFUSED,     /* `cause` tells why */
	FRESHET_WEBHOOK_FAILED,      /* `err` tells why; the sender may come again */
} freshet_webhook_outcome;

/* "new", ...: static, "unknown" for an outcome that this version does not have. */
FRESHET_API const char *freshet_webhook_outcome_name(freshet_webhook_outcome outcome);

/* What to answer. The strings are static. */
typedef struct freshet_webhook_answer {
	int status;
	freshet_str body;  /* JSON: Content-Type is application/json */
	const char *allow; /* with 405, the header Allow; else NULL */
} freshet_webhook_answer;

/* A delivery. Its spans and objects are valid until the next _receive, _parse or _confirm of the same webhook. */
typedef struct freshet_webhook_delivery {
	freshet_webhook_outcome outcome;
	freshet_webhook_cause cause; /* of REFUSED */
	freshet_err err;             /* of FAILED, and what the body's reader says behind REFUSED */
	size_t position;             /* the byte of the body, with FRESHET_EJSON_... */
	freshet_webhook_answer answer;
	uint64_t ticket;                        /* of NEW and UNCONFIRMED: for freshet_webhook_finish; else 0 */
	freshet_webhook_key key;                /* of all that could be read */
	bool verified;                          /* its signature was checked and is right */
	freshet_str delivery_id;                /* empty: none */
	freshet_str body;                       /* as it was parsed */
	const freshet_sudoiq_status *sudoiq;    /* NULL unless it is Sudoiq's and could be read */
	const freshet_webhook_agentos *agentos; /* NULL unless it is AgentOS's and could be read */
} freshet_webhook_delivery;

/* What the host made of a delivery. */
typedef enum freshet_webhook_verdict {
	FRESHET_WEBHOOK_TAKEN, /* stored: 200; what repeats it is a duplicate now. The work itself may come afterwards */
	FRESHET_WEBHOOK_IGNORED,  /* of no run that is known: 200, "ignored"; nothing is remembered */
	FRESHET_WEBHOOK_REPEATED, /* a store that the host asked itself has it: 200 */
	FRESHET_WEBHOOK_REJECTED, /* could not be stored: 503; nothing is remembered, the sender tries again */
	FRESHET_WEBHOOK_LATER,    /* only from on_delivery: freshet_webhook_finish will tell, the answer waits for it */
} freshet_webhook_verdict;

/*
 * A new receiver; it has seen nothing. The caller frees it with freshet_webhook_free. FRESHET_EINVAL (no platform, an
 * empty secret, a token of other characters, a status to confirm that AgentOS does not have, a timestamp to be signed and
 * no header for it, limits beyond what there is, a max_open above max_seen (but with a store) or max_runs (of Sudoiq)),
 * FRESHET_ENOMEM, FRESHET_ESYSTEM (no randomness); on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_webhook_new(const freshet_webhook_options *options, freshet_webhook **out);

/*
 * Gives everything back; secrets are overwritten. Requests of evhttp that wait are answered with 503, so that the sender
 * comes again: call it before evhttp_free. Inside on_delivery and on_unconfirmed it happens when that has returned; not for
 * `now`, `rewrite` and a store, which must not call the webhook at all. NULL is fine.
 */
FRESHET_API void freshet_webhook_free(freshet_webhook *webhook);

/* Other secrets from now on; they are copied. FRESHET_EINVAL, FRESHET_ENOMEM: those that there were stay. */
FRESHET_API freshet_err freshet_webhook_secrets_set(
	freshet_webhook *webhook, const freshet_str *secrets, size_t secret_count);

/*
 * Only the signature: compared in constant time on the raw body, nothing is parsed, nothing is remembered.
 * FRESHET_WEBHOOK_CAUSE_NONE: it is right, or no secret is set. FRESHET_ENOMEM leaves *cause as SIGNATURE_WRONG.
 */
FRESHET_API freshet_err freshet_webhook_verify(
	freshet_webhook *webhook, const freshet_webhook_request *request, freshet_webhook_cause *cause);

/*
 * Only the body, as a typed object: nothing is checked but the body itself, nothing is remembered, no ticket is given.
 * *out is NEW, REFUSED or FAILED.
 */
FRESHET_API void freshet_webhook_parse(freshet_webhook *webhook, freshet_str body, freshet_webhook_delivery *out);

/*
 * All of it: method, size, token, signature, content type, body, whether it is new and in order. `out` has what to answer
 * and the typed object. Only a delivery that is NEW or UNCONFIRMED changes anything that is remembered, and that for good
 * only when freshet_webhook_finish says TAKEN.
 */
FRESHET_API void freshet_webhook_receive(
	freshet_webhook *webhook, const freshet_webhook_request *request, freshet_webhook_delivery *out);

/*
 * Hands over the status that was read for an UNCONFIRMED delivery: `out` is NEW (the ticket stays and is to be finished),
 * or OLD, or DUPLICATE, or BUSY (it is finished). The status is copied. FRESHET_EINVAL (another run), FRESHET_ESTATE (no
 * such ticket, or confirmed already), FRESHET_ENOMEM: the ticket stays as it was.
 */
FRESHET_API freshet_err freshet_webhook_confirm(
	freshet_webhook *webhook, uint64_t ticket, const freshet_sudoiq_status *status, freshet_webhook_delivery *out);

/*
 * Tells what became of a delivery, once for each ticket; `answer` (may be NULL) is what to send. One that evhttp brought
 * and that waits is answered by this. TAKEN of an UNCONFIRMED delivery that was never confirmed is remembered as little as
 * IGNORED. FRESHET_EINVAL (LATER, or no verdict), FRESHET_ESTATE (no such ticket).
 */
FRESHET_API freshet_err freshet_webhook_finish(
	freshet_webhook *webhook, uint64_t ticket, freshet_webhook_verdict verdict, freshet_webhook_answer *answer);

/* ---- senders ---- */

/* What is sent beside a body. Its spans are valid until the next freshet_webhook_sign of the same webhook. */
typedef struct freshet_webhook_signature {
	freshet_header headers[2]; /* the signature, and the timestamp where that is signed too */
	size_t header_count;
} freshet_webhook_signature;

/*
 * Signs a body as the webhook's sender does, with the first of its secrets and at the time that `now` tells: for senders of
 * your own, in tests above all, whose deliveries a webhook with the same options takes. Nothing is remembered.
 * FRESHET_ESTATE (no secret is set), FRESHET_ENOMEM.
 */
FRESHET_API freshet_err freshet_webhook_sign(
	freshet_webhook *webhook, freshet_str body, freshet_webhook_signature *out);

/* ---- counters ---- */

/* So many outcomes, causes and verdicts have a place in freshet_webhook_stats; those that later versions add among them. */
#define FRESHET_WEBHOOK_OUTCOME_PLACES 16
#define FRESHET_WEBHOOK_CAUSE_PLACES   32
#define FRESHET_WEBHOOK_VERDICT_PLACES 16

/* What a webhook has done since it was made, and holds now. _verify and _parse by themselves count nothing. */
typedef struct freshet_webhook_stats {
	size_t size;                                       /* set by freshet_webhook_stats_init */
	uint64_t received;                                 /* calls of freshet_webhook_receive: the sum of `outcomes` */
	uint64_t outcomes[FRESHET_WEBHOOK_OUTCOME_PLACES]; /* by freshet_webhook_outcome */
	uint64_t refused_by[FRESHET_WEBHOOK_CAUSE_PLACES]; /* REFUSED, by freshet_webhook_cause */
	uint64_t confirmed[FRESHET_WEBHOOK_OUTCOME_PLACES]; /* by what the status came to: NEW, DUPLICATE, OLD, BUSY */
	uint64_t finished[FRESHET_WEBHOOK_VERDICT_PLACES];  /* by freshet_webhook_verdict: TAKEN is what was accepted */
	uint64_t turned_away; /* unread, by the handler for evhttp: too many headers, no memory, not mounted */
	uint64_t open;        /* now: tickets that are not finished */
	uint64_t seen;        /* now: deliveries that its own memory has, open ones included */
	uint64_t runs;        /* now: runs of Sudoiq whose order is known */
} freshet_webhook_stats;

FRESHET_OPTIONS_INIT(freshet_webhook_stats)

/* Fills in what the caller's struct has room for. FRESHET_EINVAL (it was not set up). */
FRESHET_API freshet_err freshet_webhook_stats_get(const freshet_webhook *webhook, freshet_webhook_stats *stats);

/* ---- libevent's evhttp ---- */

struct evhttp;         /* libevent's; include <event2/http.h> to make one */
struct evhttp_request; /* likewise */

/*
 * A delivery that is NEW. What is returned is its verdict: the answer goes out when it returns, so what takes long is begun
 * here and not done here. With LATER the answer waits for freshet_webhook_finish (the sender waits 10 seconds, as a rule).
 */
typedef freshet_webhook_verdict freshet_webhook_fn(
	freshet_webhook *webhook, const freshet_webhook_delivery *delivery, void *user);

/* 0 and NULL take the default. */
typedef struct freshet_webhook_evhttp_options {
	size_t size;      /* set by freshet_webhook_evhttp_options_init */
	const char *path; /* where it is mounted, as evhttp_set_cb takes it; NULL: see freshet_webhook_evhttp_handle */
	freshet_webhook_fn *on_delivery; /* required */
	/*
	 * Required with confirm_with_status: a delivery that is UNCONFIRMED. TAKEN answers 200 at once, LATER when the ticket
	 * is finished; after both, freshet_webhook_confirm and then freshet_webhook_finish are owed. What else it returns
	 * finishes the ticket.
	 */
	freshet_webhook_fn *on_unconfirmed;
	void *user; /* given to both */
	/*
	 * Optional: the server's own limits stay. Default: evhttp, which has none and whose limits hold for all of its
	 * pages, is told not to read bodies above max_body and headers above 64 KiB.
	 */
	bool keep_server_limits;
} freshet_webhook_evhttp_options;

FRESHET_OPTIONS_INIT(freshet_webhook_evhttp_options)

/*
 * Mounts the webhook on a server, beside its other pages. The server stays the caller's: it must outlive the webhook.
 * FRESHET_EINVAL, FRESHET_ESTATE (it is mounted already, or the path is taken), FRESHET_ENOMEM.
 */
FRESHET_API freshet_err freshet_webhook_evhttp(
	freshet_webhook *webhook, struct evhttp *http, const freshet_webhook_evhttp_options *options);

/*
 * Deals with one request that the host has routed itself: with a generic callback, several paths, or a token in the path.
 * freshet_webhook_evhttp was called before; the request is answered by this.
 */
FRESHET_API void freshet_webhook_evhttp_handle(freshet_webhook *webhook, struct evhttp_request *request);

#ifdef __cplusplus
}
#endif

#endif
