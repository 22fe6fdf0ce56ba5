/*
 * The sender of webhooks, which the platforms share: real POSTs, signed, tried again by the platform's schedule, and
 * written down. Each platform has one. The public half (where to, faults, what was delivered) is in mockd.h.
 *
 *	webhook_send(w, &run->webhooks, run->id, "completed", body);
 *
 * Deliveries of one line (a run) go out one after the other: the next one begins when the first try of the one before it
 * was answered, however; those that are tried again come late. What belongs to no line goes out at once.
 */
#ifndef MOCKD_WEBHOOK_H
#define MOCKD_WEBHOOK_H

#include "mockd/fault_text.h"
#include "mockd/mockd.h"

#include "base/list.h"

struct webhook;

/* How a platform does it. It and its strings live as long as the sender. */
struct webhook_style {
	const char *platform;
	const char *delivery_header;  /* a UUID, the same for all tries of a delivery; NULL: none */
	const char *timestamp_header; /* Unix seconds; NULL: none */
	const char *signature_header;
	const char *signature_prefix; /* before the digits, such as "sha256="; "": nothing */
	bool signs_timestamp;         /* what is signed is "timestamp.body", not the body alone */
	bool base64;                  /* instead of lower-case hexadecimal digits */
	const uint32_t *retry_ms;     /* before the second try, the third, ...; of the emulated clock */
	size_t retry_count;
	uint32_t timeout_ms; /* of one try */
};

/* Deliveries that keep their order. */
struct webhook_line {
	struct list waiting;              /* deliveries whose turn has not come */
	struct webhook_delivery *current; /* the one whose first try is not over; NULL: none */
	struct webhook_delivery *swapped; /* the one that waits for the next one; NULL: none */
};

/* It is one of the emulator's, and nothing is sent while it has no URL. */
struct webhook *webhook_new(struct mockd *m, const struct webhook_style *style);
/* Lines are of no use afterwards, and need not be cleared. */
void webhook_free(struct webhook *w);

/* True when there is somebody to send to. */
bool webhook_is_on(const struct webhook *w);

/* Delivers the body; `key` is what the ledger calls it by, `event` what it tells. `line` NULL: none. All is copied. */
void webhook_send(struct webhook *w, struct webhook_line *line, const char *key, const char *event, freshet_str body);

void webhook_line_init(struct webhook_line *line);
/* The line goes; what waits in it is lost. */
void webhook_line_clear(struct webhook_line *line);

/* Adds the fault whose parts `get` gives, as fault_add_named does. */
uint64_t webhook_fault_add_named(struct mockd *m, fault_get_fn *get, const void *source, freshet_str body);

/* What faults make of a new delivery. */
struct webhook_order {
	bool lose;
	bool swap;
	uint64_t wait_ms;  /* before it goes out; of a swapped one: at most */
	uint32_t copies;   /* more of it */
	uint64_t apart_ms; /* each that much later */
};

enum webhook_signing { SIGNING_RIGHT, SIGNING_NONE, SIGNING_FORGED, SIGNING_CUT, SIGNING_ENCODED };

/* What they make of a try. */
struct webhook_manner {
	enum webhook_signing signing;
	uint64_t age_ms;  /* of the timestamp */
	freshet_str body; /* without a pointer: the delivery's */
};

/* Both count: what fits has struck then. */
struct webhook_order webhook_faults_order(struct mockd *m, const char *platform, const char *event);
struct webhook_manner webhook_faults_manner(struct mockd *m, const char *platform, const char *event);

#endif
