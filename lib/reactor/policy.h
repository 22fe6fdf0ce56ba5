/*
 * How streams are read and kept up, with every default filled in: the endpoint's, or a stream's own.
 */
#ifndef REACTOR_POLICY_H
#define REACTOR_POLICY_H

#include "flow/retry.h"
#include "sse/parser.h"

#include <freshet/endpoint.h>

struct stream_policy {
	unsigned cursor_place;
	char *cursor_query;
	freshet_duplicates duplicates;
	bool end_is_final;
	uint32_t max_redirects; /* 0: none is followed */
	struct retry_policy retry;
	uint64_t headers_timeout_ms;
	uint64_t idle_timeout_ms;
	struct sse_limits sse;
};

/* FRESHET_EINVAL, FRESHET_ENOMEM; on failure nothing is kept. */
freshet_err policy_init(struct stream_policy *p, const freshet_stream_policy *options);
void policy_clear(struct stream_policy *p);

/* How many redirects are followed by the options of that name; 0: none. */
uint32_t redirects_allowed(bool follow, uint32_t most);

#endif
