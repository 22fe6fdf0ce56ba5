/*
 * What nobody has published of Sudoiq, in one place: paths, and the names of members, statuses, events, codes and header
 * fields. There are two tables of it. The first is what the library takes for granted where it is told nothing else, the
 * second has nothing in common with it, so that a client that works with both has nothing wired in.
 */
#ifndef MOCKD_SUDOIQ_TABLE_H
#define MOCKD_SUDOIQ_TABLE_H

#include "mockd/webhook.h"

#include <stdbool.h>

/* Each with its key, and method and template in the two tables. */
#define SIQ_ENDPOINTS(X)                                                                                               \
	X(AUTH_TOKEN, "auth_token", "POST", "/auth/token", "PUT", "/session")                                          \
	X(TOOLS_REGISTER, "tools_register", "POST", "/tools", "PUT", "/registry/functions")                            \
	X(TOOLS_LIST, "tools_list", "GET", "/tools", "GET", "/registry/functions")                                     \
	X(TOOLS_DELETE, "tools_delete", "DELETE", "/tools/{namespace}/{name}", "POST",                                 \
		"/registry/functions/{name}/of/{namespace}/remove")                                                    \
	X(RUN_START, "run_start", "POST", "/agents/{agent_id}/execute", "PUT", "/runs")                                \
	X(RUN_STREAM, "run_stream", "GET", "/agents/{agent_id}/tasks/{task_id}/stream", "GET",                         \
		"/runs/{task_id}/events/of/{agent_id}")                                                                \
	X(RUN_STATUS, "run_status", "GET", "/agents/{agent_id}/tasks/{task_id}", "GET", "/runs/{task_id}")             \
	X(RUN_CANCEL, "run_cancel", "POST", "/agents/{agent_id}/tasks/{task_id}/cancel", "DELETE", "/runs/{task_id}")  \
	X(TOOL_RESPONSES, "tool_responses", "POST", "/agents/{agent_id}/tasks/{task_id}/tool_responses", "PUT",        \
		"/runs/{task_id}/answers")                                                                             \
	X(RUN_FEEDBACK, "run_feedback", "POST", "/agents/{agent_id}/tasks/{task_id}/feedback", "PUT",                  \
		"/runs/{task_id}/ratings")                                                                             \
	X(RUN_FEEDBACK_LIST, "run_feedback_list", "GET", "/agents/{agent_id}/tasks/{task_id}/feedback", "GET",         \
		"/runs/{task_id}/ratings")                                                                             \
	X(TESTS_CREATE, "tests_create", "POST", "/agents/{agent_id}/tests", "PUT", "/examples/{agent_id}")             \
	X(TESTS_LIST, "tests_list", "GET", "/agents/{agent_id}/tests", "GET", "/examples/{agent_id}")                  \
	X(TESTS_DELETE, "tests_delete", "DELETE", "/agents/{agent_id}/tests/{test_id}", "POST",                        \
		"/examples/{agent_id}/{test_id}/remove")                                                               \
	X(GRADERS_CREATE, "graders_create", "POST", "/agents/{agent_id}/graders", "PUT", "/judges")                    \
	X(VALIDATORS_UPSERT, "validators_upsert", "PUT", "/validators", "POST", "/schemas")                            \
	X(VALIDATORS_LIST, "validators_list", "GET", "/validators", "GET", "/schemas")                                 \
	X(VALIDATORS_GET, "validators_get", "GET", "/validators/{validator_id}", "GET", "/schemas/{validator_id}")

enum siq_endpoint {
#define ENDPOINT(id, key, method, path, other_method, other_path) SIQ_##id,
	SIQ_ENDPOINTS(ENDPOINT)
#undef ENDPOINT
		SIQ_ENDPOINT_COUNT
};

/* Each as mockd_sudoiq_name calls it, and in the two tables. A dot in a member leads into an object. */
#define SIQ_NAMES(X)                                                                                                   \
	X(PREFIX, "prefix", "/api/v1", "/svc/agentsapi")                                                               \
	X(FIELD_AGENT_ID, "field.agent_id", "agent_id", "graph")                                                       \
	X(FIELD_TASK_ID, "field.task_id", "task_id", "run")                                                            \
	X(FIELD_STATUS, "field.status", "status", "state")                                                             \
	X(FIELD_RESULT, "field.result", "result", "output")                                                            \
	X(FIELD_TOOL_CALLS, "field.tool_calls", "tool_calls", "wanted.calls")                                          \
	X(FIELD_CALL_ID, "field.call_id", "call_id", "ref")                                                            \
	X(FIELD_NAME, "field.name", "name", "function.label")                                                          \
	X(FIELD_NAMESPACE, "field.namespace", "namespace", "function.library")                                         \
	X(FIELD_ARGS, "field.args", "args", "parameters")                                                              \
	X(FIELD_ERROR, "field.error", "error", "problem")                                                              \
	X(FIELD_ERROR_CODE, "field.error_code", "code", "kind")                                                        \
	X(FIELD_ERROR_MESSAGE, "field.error_message", "message", "text")                                               \
	X(FIELD_ENVIRONMENT, "field.environment", "environment", "stage")                                              \
	X(FIELD_AGENT_VERSION, "field.agent_version", "agent_version", "graph_version")                                \
	X(FIELD_REVISION, "field.revision", "revision", "seq")                                                         \
	X(FIELD_USAGE, "field.usage", "usage", "spent")                                                                \
	X(FIELD_INPUT_TOKENS, "field.input_tokens", "input_tokens", "tokens_in")                                       \
	X(FIELD_OUTPUT_TOKENS, "field.output_tokens", "output_tokens", "tokens_out")                                   \
	X(FIELD_CREATED_AT, "field.created_at", "created_at", "began")                                                 \
	X(FIELD_UPDATED_AT, "field.updated_at", "updated_at", "changed")                                               \
	X(FIELD_TEXT, "field.text", "text", "piece")                                                                   \
	X(FIELD_LOG_MESSAGE, "field.log_message", "message", "line")                                                   \
	X(FIELD_LEVEL, "field.level", "level", "weight")                                                               \
	X(FIELD_NODE_ID, "field.node_id", "node_id", "node")                                                           \
	X(FIELD_RETRYABLE, "field.retryable", "retryable", "again")                                                    \
	X(FIELD_REASON, "field.reason", "reason", "why")                                                               \
	X(FIELD_FAILURE_CODE, "field.failure_code", "error_code", "fault.kind")                                        \
	X(FIELD_FAILURE_MESSAGE, "field.failure_message", "message", "fault.text")                                     \
	X(FIELD_FAILURE_CALL_IDS, "field.failure_call_ids", "call_ids", "fault.refs")                                  \
	X(FIELD_ACCESS_TOKEN, "field.access_token", "access_token", "pass")                                            \
	X(FIELD_EXPIRES_IN, "field.expires_in", "expires_in", "seconds")                                               \
	X(STATUS_QUEUED, "status.queued", "queued", "in_line")                                                         \
	X(STATUS_RUNNING, "status.running", "running", "at_work")                                                      \
	X(STATUS_AWAITING, "status.awaiting_tool_calls", "awaiting_tool_calls", "needs_functions")                     \
	X(STATUS_COMPLETED, "status.completed", "completed", "done")                                                   \
	X(STATUS_FAILED, "status.failed", "failed", "broken")                                                          \
	X(STATUS_CANCELLED, "status.cancelled", "cancelled", "called_off")                                             \
	X(STATUS_TIMED_OUT, "status.timed_out", "timed_out", "too_late")                                               \
	X(EVENT_SYNC, "event.sync", "sync", "state")                                                                   \
	X(EVENT_LOG, "event.log", "log", "note")                                                                       \
	X(EVENT_DELTA, "event.delta", "delta", "token")                                                                \
	X(EVENT_ERROR, "event.error", "error", "trouble")                                                              \
	X(EVENT_END, "event.end", "end", "bye")                                                                        \
	X(CODE_ALREADY, "code.already_submitted", "tool_responses_already_submitted", "SEEN_BEFORE")                   \
	X(HEADER_KEY, "header.key", "x-api-key", "x-graph-key")                                                        \
	X(HEADER_IDEMPOTENCY, "header.idempotency_key", "idempotency-key", "x-once")                                   \
	X(COOKIE, "cookie", "custom_session", "graph_session")

enum siq_name {
#define NAME(id, what, text, other) SIQ_##id,
	SIQ_NAMES(NAME)
#undef NAME
		SIQ_NAME_COUNT
};

struct siq_table {
	const char *name;
	struct {
		const char *method;
		const char *path; /* behind the prefix, with {placeholders} */
	} endpoints[SIQ_ENDPOINT_COUNT];
	const char *names[SIQ_NAME_COUNT];
	struct webhook_style webhook;
	bool text_ids;   /* numbers that are ids are sent as strings, and arguments of tools as a string of JSON */
	bool bare_lists; /* tests are listed as an array, whole; what was registered is not told again */
};

/* NULL when there is no table of that name. */
const struct siq_table *siq_table_find(const char *name);

/* The place of an endpoint's key or of a name, as the public half calls them; -1: there is none. */
int siq_endpoint_find(const char *key);
int siq_name_find(const char *what);

#endif
