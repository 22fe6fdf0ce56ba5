#include "backoff.h"

/* True for failures that the next attempt may not meet: nothing that the request or the client's settings are at fault for. */
static bool is_passing(freshet_err err)
{
	switch (err) {
	case FRESHET_EDEADLINE:
	case FRESHET_ECONNECT_TIMEOUT:
	case FRESHET_EHEADERS_TIMEOUT:
	case FRESHET_EIDLE_TIMEOUT:
	case FRESHET_EDESCRIPTORS:
	case FRESHET_ERESOLVE:
	case FRESHET_ECONNECT:
	case FRESHET_ECLOSED:
	case FRESHET_EPING_TIMEOUT:
	case FRESHET_EPROXY:
	case FRESHET_EPROXY_REFUSED:
	case FRESHET_ETLS:
	case FRESHET_EHTTP_PROTOCOL:
	case FRESHET_EHTTP_RESET:
	case FRESHET_EHTTP_REFUSED:
	case FRESHET_EHTTP_GOAWAY:
	case FRESHET_EHTTP_TRUNCATED:
	case FRESHET_EHTTP_CODING: return true;
	default: return false;
	}
}

static bool status_asks_again(unsigned again, const freshet_outcome *outcome)
{
	int status = outcome->http_status;
	bool busy = status == 408 || status == 425 || status == 429;
	bool asked = (status == 429 || status == 503) && outcome->has_retry_after;
	return (busy && (again & GUEST_AGAIN_BUSY) != 0) || (asked && (again & GUEST_AGAIN_ASKED) != 0) ||
	       (status >= 500 && (again & GUEST_AGAIN_SERVER) != 0);
}

static bool may_go_again(unsigned again, const freshet_outcome *outcome)
{
	if (outcome->err == FRESHET_OK || outcome->err == FRESHET_EHTTP_STATUS)
		return status_asks_again(again, outcome);
	return is_passing(outcome->err) && (outcome->unprocessed || (again & GUEST_AGAIN_LOST) != 0);
}

uint64_t guest_backoff_pause(const struct guest_backoff *backoff, uint32_t attempts, uint64_t random)
{
	uint64_t most = backoff->base_ms;
	for (uint32_t i = 1; i < attempts && most < backoff->cap_ms && most <= UINT64_MAX / 2; i++)
		most *= 2;
	if (most > backoff->cap_ms)
		most = backoff->cap_ms;
	return most < UINT64_MAX ? random % (most + 1) : random;
}

bool guest_backoff(const struct guest_backoff *backoff, unsigned again, const freshet_outcome *outcome,
	uint32_t attempts, uint64_t random, uint64_t *pause_ms)
{
	uint64_t asked = outcome->retry_after_ms;
	if (attempts > backoff->max_retries || !may_go_again(again, outcome))
		return false;
	if (asked > backoff->asked_ms)
		asked = backoff->asked_ms;
	*pause_ms = asked > 0 ? asked : guest_backoff_pause(backoff, attempts, random);
	return true;
}
