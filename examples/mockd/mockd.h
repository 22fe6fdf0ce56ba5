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

#include <freshet/error.h>

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

/* Strings are copied. mockd_options_init sets every field to what its comment calls the default. */
struct mockd_options {
	const char *address;       /* default 127.0.0.1 */
	uint16_t port;             /* default 0: the kernel chooses */
	const char *const *tokens; /* each is a user of its own; default NULL: only MOCKD_TOKEN */
	size_t token_count;

	const char *tls_certificate; /* PEM file with the chain; default NULL: cleartext */
	const char *tls_key;         /* PEM file */

	uint32_t max_concurrent_streams; /* of one connection; default 1000 */
	uint32_t initial_window;         /* bytes of a request body before credit is needed; default 65535 */
	bool merge_writes; /* one DATA frame holds several writes; default: each write is one of its own */

	double clock_scale; /* emulated seconds per real second; default 1 */
	bool manual_clock;  /* time passes only in mockd_advance; default: no */
	uint64_t seed;      /* of ids, texts, random scripts and random cuts; default 1 */

	enum mockd_dialect dialect; /* default MOCKD_DIALECT_PSI */
	uint32_t quota;             /* pending and running sessions of a user; default 100 */
	uint64_t first_row_id;      /* default 9001 */
	uint32_t row_gap;           /* ids of rows grow by 1 to this much; default 3 */
	uint32_t stage_ms;          /* time that a provisioning stage takes; default 200 */
	uint32_t row_ms;            /* time between rows, where the script does not say; default 100 */
	uint32_t poll_ms;           /* default 500 */
	uint32_t poll_rows;         /* rows of one poll; default 100 */
	uint32_t heartbeat_ms;      /* default 15000 */
	uint32_t stale_ms;          /* default 600000 */
	const char
		*scripts; /* for prompts that name no script: "90 success rows=20; 10 exit code=3"; default "success" */

	const char *events_file; /* what GET /events/file answers; default NULL: 404 */
	bool control;            /* the control API under /mockd/ is on; default: off */
};

void mockd_options_init(struct mockd_options *options);

/*
 * A new emulator that listens at once. FRESHET_EINVAL for options that make no sense, FRESHET_ESYSTEM (errno tells)
 * when the address cannot be listened on, FRESHET_ETLS when the certificate or key cannot be used; *out is NULL then.
 */
freshet_err mockd_new(struct event_base *base, const struct mockd_options *options, struct mockd **out);

/* Closes every connection and frees everything. Not from inside one of the emulator's own callbacks. NULL is fine. */
void mockd_free(struct mockd *m);

uint16_t mockd_port(const struct mockd *m);

/* "http://127.0.0.1:PORT", or https; valid as long as the emulator. */
const char *mockd_url(const struct mockd *m);

/* Lets a manual clock pass by `ms`; what falls due happens, in order. 0 lets happen what is due now. */
void mockd_advance(struct mockd *m, uint64_t ms);

/* Emulated milliseconds since the emulator began. */
uint64_t mockd_now_ms(const struct mockd *m);

/* What the emulator counted since it began. */
struct mockd_stats {
	size_t connections; /* open now */
	size_t exchanges;   /* requests and streams open now */
	uint64_t accepted;  /* connections so far */
	uint64_t requests;  /* requests so far, streams included */
	uint64_t events;    /* that GET /events/... has taken into frames so far */
	uint64_t bytes_in;  /* of connections, before decryption */
	uint64_t bytes_out;
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

#endif
