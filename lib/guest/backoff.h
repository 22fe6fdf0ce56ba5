/*
 * Whether a request is sent again, and when. Pure: what happened and the randomness are arguments.
 */
#ifndef GUEST_BACKOFF_H
#define GUEST_BACKOFF_H

#include <freshet/outcome.h>

/*
 * After what a request may be sent again, beside failures that it surely did not reach the server by
 * (freshet_outcome.unprocessed), which always are such; add them up.
 */
enum guest_again {
	GUEST_AGAIN_LOST = 1,   /* the transport failed or an attempt took too long: it may have been acted upon */
	GUEST_AGAIN_SERVER = 2, /* 5xx: likewise */
	GUEST_AGAIN_BUSY = 4,   /* 408, 425, 429 */
	GUEST_AGAIN_ASKED = 8,  /* 429 and 503 with a Retry-After */
};

/* For what may be sent twice: GET, PUT, DELETE, what the server knows again by an id or a key. */
#define GUEST_AGAIN_ANY (GUEST_AGAIN_LOST | GUEST_AGAIN_SERVER | GUEST_AGAIN_BUSY | GUEST_AGAIN_ASKED)

struct guest_backoff {
	uint32_t max_retries; /* attempts after the first */
	uint64_t base_ms;     /* the longest first pause; doubled each time */
	uint64_t cap_ms;      /* and no longer than this */
	uint64_t asked_ms;    /* the longest Retry-After that is honoured; a longer one becomes this; 0: none is */
};

/*
 * True when the request may be sent again after its `attempts`-th attempt came to `outcome` (an answer, whatever its
 * status, has err FRESHET_OK). *pause_ms is random in 0 .. min(cap, base * 2^(attempts - 1)) ("full jitter"), or what the
 * server asked for. `random` is any 64 random bits.
 */
bool guest_backoff(const struct guest_backoff *backoff, unsigned again, const freshet_outcome *outcome,
	uint32_t attempts, uint64_t random, uint64_t *pause_ms);

/* min(cap, base * 2^(attempts - 1)) as far as `random` lets it, for those who pause by themselves. */
uint64_t guest_backoff_pause(const struct guest_backoff *backoff, uint32_t attempts, uint64_t random);

#endif
