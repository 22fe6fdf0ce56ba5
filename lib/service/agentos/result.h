/*
 * JSON as results, events and approvals. Their spans point into the text and into the scratch.
 */
#ifndef AGENTOS_RESULT_H
#define AGENTOS_RESULT_H

#include "hosted.h"

/*
 * Reads a result from data that is an object. `status` is that of the HTTP answer, which decides where the data has none.
 * FRESHET_EJSON_... (a member of another type), FRESHET_ENOMEM.
 */
freshet_err hosted_result_read(const struct agentos_hosted *h, freshet_json_scratch *scratch,
	const freshet_json_value *data, int http_status, freshet_agentos_result *result);

/*
 * Reads the data of one event; what cannot be read is an event of type UNKNOWN that says why. `name` is that of the SSE
 * event. FRESHET_ENOMEM.
 */
freshet_err hosted_event_read(const struct agentos_hosted *h, freshet_json_scratch *scratch, freshet_str data,
	freshet_str name, freshet_agentos_event *event);

/* True for data that ends a stream without being an event. */
bool hosted_event_is_mark(const struct agentos_hosted *h, freshet_str data);

/* The event ends its stream. */
bool hosted_event_is_last(const freshet_agentos_event *event);

/*
 * The approvals of a list's data; the array is the caller's, for freshet_mem_free. FRESHET_EJSON_..., FRESHET_ENOMEM.
 */
freshet_err hosted_approvals_read(const struct agentos_hosted *h, freshet_json_scratch *scratch,
	const freshet_json_value *data, freshet_agentos_approval **out, size_t *count);

/* The status of the decided approval; empty when there is none. */
freshet_str hosted_decision_read(
	const struct agentos_hosted *h, freshet_json_scratch *scratch, const freshet_json_value *data);

#endif
