/*
 * mockd: an honest emulator of agent platforms, as a library. It keeps real sessions with real state, answers real
 * errors, streams events as the platform does, breaks what it is told to break, and keeps a ledger of what every session
 * produced. docs/mockd.md tells how to test a program with it.
 *
 *	mockd_options_init(&options);
 *	mockd_new(base, &options, &m);          listens on 127.0.0.1, port mockd_port(m)
 *	event_base_dispatch(base);              the loop is the caller's
 *	mockd_free(m);                          at any moment, with streams open
 *
 * One thread per event base; several emulators may share one base. Times in options, scripts and faults are of the
 * emulated clock, which runs `clock_scale` times as fast as the real one. The emulator ends the process when memory
 * runs out: a test that ran short of memory has no result.
 */
#ifndef MOCKD_MOCKD_H
#define MOCKD_MOCKD_H

#include "mockd/mockd_agentos.h"
#include "mockd/mockd_sudoiq.h"

#include <freshet/error.h>
#include <freshet/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct mockd;

/* The token that is accepted when the options name none. */
#define MOCKD_TOKEN "aod_0123456789abcdefghijklmnopqrstuvwxyz0123456"

/* Room for a session id and its terminator. */
#define MOCKD_ID_SIZE 37

/* The shapes of Agent on Demand: each has what the one before it has, but for `runtime`, which only R has. */
enum mockd_dialect {
	MOCKD_DIALECT_PSI, /* provider, secret_env_vars, interrupt */
	MOCKD_DIALECT_PS,
	MOCKD_DIALECT_P,
	MOCKD_DIALECT_R,
};

/*
 * Who answers the paths at the root, and so all that nobody else has. Ash's below /api, AgentOS's and Sudoiq's are answered
 * in any case.
 */
enum mockd_platform {
	MOCKD_PLATFORM_AOD,
	MOCKD_PLATFORM_ASH,
	MOCKD_PLATFORM_SUDOIQ,
	MOCKD_PLATFORM_AGENTOS,
};

/* Strings are copied. mockd_options_init sets every field to what its comment calls the default. */
struct mockd_options {
	const char *address;       /* default 127.0.0.1 */
	uint16_t port;             /* default 0: the kernel chooses */
	const char *const *tokens; /* each is a user of its own; default NULL: only MOCKD_TOKEN */
	size_t token_count;

	const char *tls_certificate; /* PEM file with the chain; default NULL: cleartext */
	const char *tls_key;         /* PEM file */
	const char *tls_client_ca;   /* PEM file: clients must show a certificate of its issuers; default NULL: none */

	/* By default both are spoken: by ALPN over TLS, in cleartext as the first bytes tell. */
	bool no_http1;
	bool no_http2;
	uint32_t keep_alive_ms;          /* HTTP/1.1: an idle connection is closed then; default 5000 */
	uint32_t max_concurrent_streams; /* of one HTTP/2 connection; default 1000 */
	uint32_t initial_window;         /* HTTP/2: bytes of a request body before credit is needed; default 65535 */
	bool merge_writes; /* a DATA frame or a chunk holds several writes; default: each write is one of its own */

	double clock_scale; /* emulated seconds per real second; default 1 */
	bool manual_clock;  /* time passes only in mockd_advance; default: no */
	uint64_t seed;      /* of ids, texts, random scripts and random cuts; default 1 */

	enum mockd_platform platform; /* default MOCKD_PLATFORM_AOD */
	enum mockd_dialect dialect;   /* default MOCKD_DIALECT_PSI */
	uint32_t quota;               /* pending and running sessions of a user; default 100 */
	uint64_t first_row_id;        /* default 9001 */
	uint32_t row_gap;             /* ids of rows grow by 1 to this much; default 3 */
	uint32_t stage_ms;            /* time that a provisioning stage takes; default 200 */
	uint32_t row_ms;              /* time between rows, where the script does not say; default 100 */
	uint32_t poll_ms;             /* default 500 */
	uint32_t poll_rows;           /* rows of one poll; default 100 */
	uint32_t heartbeat_ms;        /* default 15000 */
	uint32_t stale_ms;            /* default 600000 */
	const char
		*scripts; /* for prompts that name no script: "90 success rows=20; 10 exit code=3"; default "success" */

	const char *ash_scripts; /* the same for Ash; default "success" */
	const char *ash_data;    /* Ash: the directory below which relative paths of agents lie; default NULL: "." */
	bool ash_limits; /* Ash: 1500 requests in fifteen minutes, of which 20 deploy and 20 make sessions; default: no limits */
	bool ash_tagged; /* Ash: the build that was tagged 0.2.0, whose messages are strings; default: the one after it */

	const char *agentos_agent_key;      /* of the first agent; default MOCKD_AGENTOS_AGENT_KEY */
	const char *agentos_workspace_key;  /* default MOCKD_AGENTOS_WORKSPACE_KEY */
	const char *agentos_scripts;        /* AgentOS: for prompts that name none; default "success" */
	const char *agentos_webhook;        /* AgentOS: where webhooks go; default NULL: nowhere */
	const char *agentos_webhook_secret; /* AgentOS: default NULL: they are not signed */
	const char *agentos_number;         /* AgentOS: the payload member that numbers events; default "n" */
	bool agentos_renamed; /* AgentOS: other paths, statuses, types and members; default: those of the contract */
	bool agentos_strict;  /* AgentOS: members of a body that nobody published are refused; default: ignored */
	bool agentos_ignore_keys; /* AgentOS: a repeated idempotency key means nothing; default: one request */
	bool agentos_stream_ids;  /* AgentOS: frames have ids, and streams can be taken up again; default: not so */
	bool agentos_no_streams;  /* AgentOS: JSON instead of a stream; default: a stream where it is asked for */
	bool agentos_task_ids;    /* AgentOS: the server makes the ids of tasks; default: the client */
	bool agentos_keep_texts;  /* AgentOS: the ledger keeps what was reported; default: counts and hashes */
	const char *sudoiq_table; /* Sudoiq: "default" or "other", which has other paths and names; default "default" */
	const char *sudoiq_auth;  /* Sudoiq: "bearer", "header", "token" or "cookie" opens the door; default "bearer" */
	const char *sudoiq_scripts;        /* Sudoiq: for inputs that name no script; default "success" */
	const char *sudoiq_webhook;        /* Sudoiq: where webhooks go; default NULL: nowhere */
	const char *sudoiq_webhook_secret; /* Sudoiq: default NULL: they are not signed */

	uint32_t webhook_records; /* deliveries of a platform that are over and remembered; default 100000 */

	const char *events_file; /* what GET /events/file answers; default NULL: 404 */
	bool control;            /* the control API under /mockd/ is on; default: off */
};

void mockd_options_init(struct mockd_options *options);

/*
 * A new emulator that listens at once. FRESHET_EINVAL for options that make no sense, FRESHET_ESYSTEM (errno tells)
 * when the address cannot be listened on, FRESHET_ETLS when a file of TLS cannot be used; *out is NULL then.
 */
freshet_err mockd_new(struct event_base *base, const struct mockd_options *options, struct mockd **out);

/* Closes every connection and frees everything. Not from inside one of the emulator's own callbacks. NULL is fine. */
void mockd_free(struct mockd *m);

uint16_t mockd_port(const struct mockd *m);

/* "http://127.0.0.1:PORT", or https; valid as long as the emulator. */
const char *mockd_url(const struct mockd *m);

/*
 * Lets a manual clock pass by `ms`; what falls due happens, in order, and is written. 0 lets happen what is due now.
 * Not from inside a callback of the loop that the emulator made.
 */
void mockd_advance(struct mockd *m, uint64_t ms);

/* Emulated milliseconds since the emulator began. */
uint64_t mockd_now_ms(const struct mockd *m);

/* The emulated time, rounded up, at which something falls due next; UINT64_MAX: nothing will by itself. */
uint64_t mockd_due_ms(const struct mockd *m);

/* What the emulator counted since it began. */
struct mockd_stats {
	size_t connections; /* open now */
	size_t exchanges;   /* requests and streams open now */
	uint64_t accepted;  /* connections so far */
	uint64_t requests;  /* requests so far, streams included */
	uint64_t events;    /* that GET /events/... has taken into frames so far */
	uint64_t bytes_in;  /* of connections, before decryption */
	uint64_t bytes_out;
	uint64_t cuts; /* random ones */
};

void mockd_get_stats(const struct mockd *m, struct mockd_stats *stats);

/* An agent of the first user, for tests that want a session without the requests before it. */
void mockd_add_agent(struct mockd *m, char id[MOCKD_ID_SIZE]);

/*
 * A session of the first user and its first agent (one is made if need be) with that prompt, as POST /sessions makes it;
 * the quota is not asked. FRESHET_EINVAL when the prompt names a script that does not exist.
 */
freshet_err mockd_add_session(struct mockd *m, const char *prompt, char id[MOCKD_ID_SIZE]);

/*
 * One more output row of a running session, at once (the script "manual" makes no rows by itself). Returns the row's
 * id; 0 when there is no such session or it does not run. `stream` is "stdout" or "stderr"; the data must be UTF-8.
 */
uint64_t mockd_add_row(struct mockd *m, const char *session, const char *stream, const char *data, size_t len);

/*
 * Ends the turn of a running session: "completed" or "failed", with an exit code or, when `code` is NULL, without one.
 * False when there is no such session or it does not run.
 */
bool mockd_end_session(struct mockd *m, const char *session, const char *status, const int *code);

/*
 * The same for Ash: an agent named "agent" and a session of it, active and without a message yet. In the script
 * "manual" the agent says what it is told to: a message is the JSON object of one agent message.
 */
void mockd_ash_add_session(struct mockd *m, char id[MOCKD_ID_SIZE]);
/* False when there is no such session, when no turn runs in it, or when it is no JSON object. */
bool mockd_ash_say(struct mockd *m, const char *session, const char *message, size_t len);
/* Ends the newest turn with a result. False when there is no such session or no turn runs in it. */
bool mockd_ash_end_turn(struct mockd *m, const char *session, bool success);
/* The session's sandbox is gone, and with it the agent. False when there is no such session. */
bool mockd_ash_lose_sandbox(struct mockd *m, const char *session);
/* The server starts anew: what was active is paused, sandboxes are gone, streams are cut. */
void mockd_ash_restart(struct mockd *m);

/*
 * Faults. A fault says where it strikes (which requests), when (at which moment of the exchange) and what it does there.
 * It is looked at when a request arrives; one that fits is bound to that exchange and strikes when its moment comes.
 */

/* When a fault strikes. */
enum mockd_moment {
	MOCKD_AT_REQUEST, /* the request is complete; the platform does not see it */
	MOCKD_AT_ANSWER,  /* the platform has done what was asked; its answer has not been sent */
	MOCKD_AT_BYTE,    /* `at` bytes of the body are sent */
	MOCKD_AT_EVENT,   /* `at` events of the stream are sent; `start` and `turn_start` count, heartbeats do not */
	MOCKD_AT_ROW,     /* the row with the id `at`, or the first one above it, is sent */
	MOCKD_AT_ID,      /* the `id:` line of the `at`-th row is sent, its `data:` line is not */
	MOCKD_AT_TURN,    /* the `at`-th `turn_start` is sent, its output is not */
	MOCKD_AT_LAST,    /* the last frame comes next */
	MOCKD_AT_END,     /* all of the body is sent; its end (END_STREAM, the last chunk) is not told yet */
	MOCKD_NOW,        /* at once, to what is open now and fits `session` and `connection`; it is not kept */
};

/* What a fault does. */
enum mockd_action {
	/* to the connection */
	MOCKD_DO_CLOSE,  /* in order: close_notify where there is TLS, then FIN */
	MOCKD_DO_CUT,    /* FIN alone */
	MOCKD_DO_ABORT,  /* TCP RST */
	MOCKD_DO_FREEZE, /* nothing is read or written any more, the connection stays open */
	/* GOAWAY with `code`; the exchange itself goes on, or is refused with `refuse`. Over HTTP/1.1 the connection ends
	   with the exchange, or is closed without an answer. */
	MOCKD_DO_GOAWAY,
	MOCKD_DO_GARBAGE, /* `body` goes out on the connection between two frames or chunks */
	/* to the exchange */
	MOCKD_DO_REFUSE, /* RST_STREAM with REFUSED_STREAM; over HTTP/1.1 the connection is closed, as CLOSE does */
	MOCKD_DO_RESET,  /* RST_STREAM with `code`; over HTTP/1.1 TCP RST */
	MOCKD_DO_END,    /* the body ends here, in order but without what was to come */
	MOCKD_DO_STALL,  /* nothing more comes, no heartbeat either */
	MOCKD_DO_DELAY,  /* what comes next comes `ms` later */
	MOCKD_DO_STATUS, /* another answer: `status`, `content_type` and `body` */
	MOCKD_DO_TYPE,   /* the answer has another content type: `content_type`, NULL: none */
	MOCKD_DO_FLOOD,  /* the answer has `size` bytes of header fields more */
	MOCKD_DO_UNTIL_CLOSE, /* over HTTP/1.1 the answer has no length and no chunks: it ends with the connection */
	MOCKD_DO_DELETE,      /* the session is deleted, whatever its state: its streams are cut */
	/* to the body */
	MOCKD_DO_INSERT,  /* `body`, or the `sample`, is put in */
	MOCKD_DO_ENDLESS, /* a line that never ends begins */
	MOCKD_DO_SPLIT,   /* from here on a DATA frame or chunk has at most `size` bytes; 0: 1 */
	MOCKD_DO_MERGE,   /* from here on DATA frames or chunks hold as much as there is */
	MOCKD_DO_MUTE,    /* from here on heartbeats are left out */
};

/* Bytes that MOCKD_DO_INSERT knows how to make; `size` is the length of what is long. */
enum mockd_sample {
	MOCKD_SAMPLE_NONE,
	MOCKD_SAMPLE_INVALID_UTF8, /* a frame whose JSON string is no UTF-8 */
	MOCKD_SAMPLE_INVALID_JSON, /* a frame whose data is no JSON */
	MOCKD_SAMPLE_NUL,          /* a frame with a NUL inside its JSON string */
	MOCKD_SAMPLE_UNKNOWN,      /* a frame of a type that nobody knows, without an id */
	MOCKD_SAMPLE_LONG_DATA,    /* an output frame without an id, `size` bytes of text */
	MOCKD_SAMPLE_CODE_NULL,    /* an exit frame whose code is null, without an id */
};

struct mockd_fault {
	/* where */
	const char *session; /* only what has that session in its path; NULL: anything */
	const char *path;    /* only paths that fit the pattern, as in a shell, such as "/agents*"; NULL: any */
	const char *method;  /* NULL: any */
	uint64_t connection; /* only that connection, counted from 1 as they were accepted; 0: any */
	uint32_t skip;       /* that many fitting requests are left alone first */
	uint32_t times;      /* it strikes so often; 0: without end; default 1 */
	/* when */
	enum mockd_moment moment;
	uint64_t at;
	/* what */
	enum mockd_action action;
	bool mid_frame; /* CLOSE, CUT, ABORT: inside an HTTP/2 frame or a chunk, whose length says that more comes */
	bool refuse;    /* GOAWAY: last-stream-id is below this exchange, which is not processed */
	uint32_t code;  /* HTTP/2 error code; default 0, NO_ERROR */
	int status;     /* default 503 */
	uint64_t ms;
	uint64_t size;
	enum mockd_sample sample;
	const char *content_type;
	const char *field; /* STATUS: one header field more, as "retry-after: 5"; NULL: none */
	const char *body;
	size_t body_len;
};

void mockd_fault_init(struct mockd_fault *fault, enum mockd_moment moment, enum mockd_action action);

/* Adds the fault, whose strings are copied. Returns a number for the calls below, or 0 when the fault makes no sense. */
uint64_t mockd_fault_add(struct mockd *m, const struct mockd_fault *fault);

/* Takes it away; exchanges that it is bound to are spared. */
void mockd_fault_remove(struct mockd *m, uint64_t number);
void mockd_fault_clear(struct mockd *m);

/* How often the fault has struck, also after it is used up; 0 when there is no such fault. */
uint64_t mockd_fault_struck(const struct mockd *m, uint64_t number);

/*
 * Cuts at random moments, so many per minute on average: a random connection is closed, cut or aborted, some of them
 * inside a frame, or a random exchange is reset, ended or broken inside an event. `connections` is the share of
 * connections in percent. 0 cuts per minute stop it.
 */
void mockd_random_cuts(struct mockd *m, double per_minute, unsigned connections);

/*
 * The fault of a text such as "moment=event at=3 action=cut times=0", with the names and fields of above in lower case;
 * numbers as mockd_fault_add gives them, 0 when the text makes no sense. `body` are the bytes of the fault's body.
 */
uint64_t mockd_fault_add_text(struct mockd *m, const char *text, const char *body, size_t body_len);

/*
 * Webhooks: what the platforms "sudoiq" and "agentos" post to a receiver, signed and tried again as each of them does it.
 * Times between tries are of the emulated clock, timestamps of the real one, since the receiver compares them with its
 * own.
 */

/*
 * From now on the platform's webhooks go to that http URL of the loopback; NULL: nowhere. `secret` NULL: they are not
 * signed. False when there is no such platform, or the URL is none, or elsewhere.
 */
bool mockd_webhook_to(struct mockd *m, const char *platform, const char *url, const char *secret);

enum mockd_webhook_action {
	/* with a delivery */
	MOCKD_WEBHOOK_LOSE,      /* it is never sent */
	MOCKD_WEBHOOK_DELAY,     /* it is sent `ms` later; others of the same run pass it by */
	MOCKD_WEBHOOK_SWAP,      /* it is sent behind the next one of the same run; `ms` later where none comes */
	MOCKD_WEBHOOK_DUPLICATE, /* it is sent `count` times more, each `ms` later, whatever was answered */
	/* with one try of a delivery */
	MOCKD_WEBHOOK_UNSIGNED, /* the signature is missing */
	MOCKD_WEBHOOK_FORGE,    /* it is made with another secret */
	MOCKD_WEBHOOK_TRUNCATE, /* its second half is missing */
	MOCKD_WEBHOOK_ENCODE,   /* base64 where hexadecimal digits are expected, and the other way round */
	MOCKD_WEBHOOK_OLD,      /* the timestamp is `ms` in the past, and rightly signed */
	MOCKD_WEBHOOK_BODY,     /* `body` is sent instead, rightly signed */
};

/* Strings are copied. mockd_webhook_fault_init sets every field to what its comment calls the default. */
struct mockd_webhook_fault {
	const char *platform; /* default NULL: any */
	const char *event;    /* only deliveries of that event, such as "completed"; default NULL: any */
	uint32_t skip;        /* so many fitting ones are left alone first; default 0 */
	uint32_t every;       /* then it strikes each n-th one; default 1 */
	uint32_t times;       /* it strikes so often; 0: without end; default 1 */
	enum mockd_webhook_action action;
	uint64_t ms;    /* default 0; of SWAP 1000, of OLD an hour */
	uint32_t count; /* default 1 */
	const char *body;
	size_t body_len;
};

void mockd_webhook_fault_init(struct mockd_webhook_fault *fault, enum mockd_webhook_action action);

/* Returns a number for the call below, or 0 when the fault makes no sense. */
uint64_t mockd_webhook_fault_add(struct mockd *m, const struct mockd_webhook_fault *fault);
/* The fault of a text such as "action=duplicate every=3 times=0", with the names of above in lower case. */
uint64_t mockd_webhook_fault_add_text(struct mockd *m, const char *text, const char *body, size_t body_len);
void mockd_webhook_fault_clear(struct mockd *m);
/* How often it has struck; 0 also when there is no such fault. */
uint64_t mockd_webhook_fault_struck(const struct mockd *m, uint64_t number);

/* A delivery, as the emulator remembers it. */
struct mockd_webhook_record {
	const char *platform;
	uint64_t number;     /* from 1, in the order in which they arose */
	const char *key;     /* the run */
	const char *event;   /* what it tells of it, such as "completed" */
	const char *id;      /* a UUID, which a platform may send along */
	bool copy;           /* a duplicate: with the id of another one */
	const char *state;   /* "waiting", "delivered", "given_up", "lost" */
	freshet_str body;    /* as it is, where no fault put in another one */
	const int *answers;  /* the status that each try got; 0: none */
	size_t answer_count; /* tries that are over */
};

/* The record is valid until it returns. It must not call the emulator. */
typedef void mockd_webhook_fn(const struct mockd_webhook_record *record, void *user);

/* Calls `fn` for every delivery of the platform that is remembered (webhook_records); NULL: of all platforms. */
void mockd_webhook_each(struct mockd *m, const char *platform, mockd_webhook_fn *fn, void *user);

struct mockd_webhook_stats {
	uint64_t deliveries; /* copies not counted */
	uint64_t copies;
	uint64_t swapped;
	uint64_t tries; /* that are over */
	uint64_t delivered;
	uint64_t given_up;
	uint64_t lost;
	uint64_t waiting; /* neither delivered nor given up nor lost yet */
	uint64_t posting; /* tries that wait for an answer now; of those that wait */
};

/* Sums over the platform's deliveries; NULL: all. */
void mockd_webhook_get_stats(const struct mockd *m, const char *platform, struct mockd_webhook_stats *stats);

/*
 * The ledger: what every session produced, also of sessions that were deleted since. The hash is FNV-1a, 64 bits, over
 * all rows that have an id, in their order: the id in decimal digits, ':', the bytes, LF. The bytes are the payload of
 * the row's `data:` line as it is sent; for `text_hash`, which takes only output rows, the decoded text of the row.
 */
#define MOCKD_HASH_START UINT64_C(14695981039346656037)

/* The hash with one row more. */
uint64_t mockd_hash_row(uint64_t hash, uint64_t id, const char *bytes, size_t len);

struct mockd_ledger_entry {
	const char *platform;
	const char *session;
	const char *prompt; /* of the first turn */
	const char *status; /* what the session is now, or was when it was deleted: "completed", ... */
	bool has_code;
	int code;
	bool deleted;
	size_t turns;
	size_t rows;
	uint64_t first_row; /* 0: none */
	uint64_t last_row;
	uint64_t hash;
	size_t output_rows;
	uint64_t text_hash;
};

/* The entry and its strings are valid until it returns. It must not call the emulator. */
typedef void mockd_ledger_fn(const struct mockd_ledger_entry *entry, void *user);

/* Calls `fn` for every session, in the order in which they were made within each user; deleted ones come last. */
void mockd_ledger_each(struct mockd *m, mockd_ledger_fn *fn, void *user);

/* Calls `fn` for that session; false when there is none. */
bool mockd_ledger_find(struct mockd *m, const char *session, mockd_ledger_fn *fn, void *user);

struct mockd_ledger_row {
	uint64_t id;
	unsigned turn;    /* 0: none */
	const char *kind; /* "stage", "stdout", "stderr", "unknown" */
	freshet_str data; /* the payload of its `data:` line */
};

typedef void mockd_ledger_row_fn(const struct mockd_ledger_row *row, void *user);

/* Calls `fn` for every row of the session, which must not be deleted; false when there is none. */
bool mockd_ledger_rows(struct mockd *m, const char *session, mockd_ledger_row_fn *fn, void *user);

/*
 * Changes a setting while the emulator runs: "quota", "poll_ms", "poll_rows", "heartbeat_ms", "stale_ms", "stage_ms",
 * "row_ms", "keep_alive_ms", "health" (0: GET /health answers 503), "backend" (0: session create and prompt answer 503),
 * "provider_key" (0: session create answers 400 in the dialects that ask for one), "ash_limits" (1: Ash counts requests), "ash_capacity" (sandboxes of Ash; 0: as many as are asked for),
 * "ash_master_key" (0: Ash refuses credentials with 500), and the switches
 * "agentos_strict", "agentos_ignore_keys", "agentos_stream_ids", "agentos_no_streams", "agentos_task_ids" and
 * "agentos_keep_texts", which are options, too, and those of Sudoiq, which docs/mockd.md lists. False when there is no
 * such setting or the value makes no sense for it.
 */
bool mockd_set(struct mockd *m, const char *name, uint64_t value);

/*
 * The session's rows up to that id are gone from the storage: streams find them no more. The ledger still counts them.
 * False when there is no such session.
 */
bool mockd_purge_rows(struct mockd *m, const char *session, uint64_t through);

/* The session's sandbox is gone: it takes no more prompts. False when there is no such session. */
bool mockd_lose_sandbox(struct mockd *m, const char *session);

#endif
