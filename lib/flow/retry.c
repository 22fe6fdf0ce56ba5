#include "flow/retry.h"

/* A server cannot put a client to sleep for longer than this by Retry-After. */
#define RETRY_AFTER_MAX_MS ((uint64_t)60 * 60 * 1000)

bool retry_status(int http_status)
{
	switch (http_status) {
	case 408:
	case 425:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504: return true;
	default: return false;
	}
}

bool retry_worthwhile(const struct retry_cause *cause)
{
	switch ((int)cause->err) {
	case FRESHET_EPROXY_REFUSED:
	case FRESHET_EHTTP_STATUS: return retry_status(cause->http_status);
	case FRESHET_EDESCRIPTORS:
	case FRESHET_ECONNECT_TIMEOUT:
	case FRESHET_EHEADERS_TIMEOUT:
	case FRESHET_EIDLE_TIMEOUT:
	case FRESHET_ERESOLVE:
	case FRESHET_ECONNECT:
	case FRESHET_ECLOSED:
	case FRESHET_EPING_TIMEOUT:
	case FRESHET_EPROXY:
	case FRESHET_ETLS:
	case FRESHET_EHTTP_PROTOCOL:
	case FRESHET_EHTTP_RESET:
	case FRESHET_EHTTP_REFUSED:
	case FRESHET_EHTTP_GOAWAY:
	case FRESHET_EHTTP_TRUNCATED: return true;
	default: return false;
	}
}

uint64_t retry_jitter(uint64_t pause_ms, uint64_t random)
{
	uint64_t half = pause_ms / 2;
	return pause_ms - half + random % (half + 1);
}

bool retry_after_failure(const struct retry_policy *policy, const struct retry_cause *cause, uint32_t attempts,
	uint64_t random, uint64_t *pause_ms)
{
	*pause_ms = 0;
	if (!retry_worthwhile(cause))
		return false;
	if (policy->max_attempts != UINT32_MAX && attempts >= policy->max_attempts)
		return false;
	uint64_t pause = policy->min_ms < policy->max_ms ? policy->min_ms : policy->max_ms;
	for (uint32_t i = 1; i < attempts && pause < policy->max_ms; i++)
		pause = pause > policy->max_ms / 2 ? policy->max_ms : pause * 2 + (pause == 0);
	pause = retry_jitter(pause, random);
	uint64_t asked = cause->retry_after_ms < RETRY_AFTER_MAX_MS ? cause->retry_after_ms : RETRY_AFTER_MAX_MS;
	*pause_ms = pause > asked ? pause : asked;
	return true;
}

bool retry_method_is_idempotent(freshet_str method)
{
	static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (freshet_str_is(method, methods[i]))
			return true;
	return false;
}
