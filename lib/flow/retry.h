/*
 * Whether to try again, and when. The clock and the randomness are arguments.
 */
#ifndef FLOW_RETRY_H
#define FLOW_RETRY_H

#include <freshet/error.h>

/* What a stream allows itself. */
struct retry_policy {
	uint64_t min_ms;
	uint64_t max_ms;
	uint32_t max_attempts; /* in a row without an event; UINT32_MAX: no bound */
};

/* What came of one attempt. */
struct retry_cause {
	freshet_err err;
	int http_status;         /* with FRESHET_EHTTP_STATUS, and the proxy's with FRESHET_EPROXY_REFUSED */
	uint64_t retry_after_ms; /* what the server asked for; 0: nothing */
};

/* True for the answers that say "later": 408, 425, 429, 500, 502, 503, 504 (RFC 9110, section 15; RFC 6585; RFC 8470). */
bool retry_status(int http_status);

/* True when another attempt may do better: the transport failed, the body was cut, or the server said "later". */
bool retry_worthwhile(const struct retry_cause *cause);

/*
 * True when the `attempts`-th failure in a row may be followed by another attempt; *pause_ms then tells after how long:
 * min_ms doubled with each failure up to max_ms, of which the last half is random, and never less than the server asked
 * for. `random` is any 64 random bits.
 */
bool retry_after_failure(const struct retry_policy *policy, const struct retry_cause *cause, uint32_t attempts,
	uint64_t random, uint64_t *pause_ms);

/* A pause of the given length, of which the last half is random. */
uint64_t retry_jitter(uint64_t pause_ms, uint64_t random);

/*
 * True for methods that may be sent again though an earlier request may have been processed (RFC 9110, section 9.2.2).
 */
bool retry_method_is_idempotent(freshet_str method);

#endif
