/*
 * Names that another table may replace: what the contract of AgentOS chose, and what it lets a client choose.
 */
#ifndef MOCKD_AGENTOS_NAMES_H
#define MOCKD_AGENTOS_NAMES_H

/* Key, the usual name, the other one. Published members of requests are not among them. */
#define AOS_NAME_LIST(X)                                                                                               \
	X(PATH_RUN_START, "run_start", "/api/ingest/v1/run/start", "/telemetry/begin")                                 \
	X(PATH_EVENTS, "events", "/api/ingest/v1/events", "/telemetry/log")                                            \
	X(PATH_RUN_COMPLETE, "run_complete", "/api/ingest/v1/run/complete", "/telemetry/finish")                       \
	X(PATH_RUN_FAIL, "run_fail", "/api/ingest/v1/run/fail", "/telemetry/abort")                                    \
	X(PATH_TASKS, "tasks", "/api/ingest/v1/tasks", "/telemetry/steps")                                             \
	X(PATH_SPANS, "spans", "/api/ingest/v1/spans", "/telemetry/timings")                                           \
	X(PATH_INVOKE, "invoke", "/api/v1/agents/{agent_id}/invoke", "/cloud/{agent_id}/ask")                          \
	X(PATH_APPROVALS_LIST, "approvals_list", "/api/v1/approvals", "/gates")                                        \
	X(PATH_APPROVALS_DECIDE, "approvals_decide", "/api/v1/approvals/{approval_id}/decide",                         \
		"/gates/verdict/{approval_id}")                                                                        \
	X(PATH_RUN_GET, "run_get", "/api/v1/runs/{run_id}", "/jobs/{run_id}/state")                                    \
	X(PATH_RUN_REPLY, "run_reply", "/api/v1/runs/{run_id}/reply", "/jobs/{run_id}/tell")                           \
	X(PATH_RUN_STREAM, "run_stream", "/api/v1/runs/{run_id}/stream", "/jobs/{run_id}/feed")                        \
	X(STATUS_RUNNING, "status.running", "running", "busy")                                                         \
	X(STATUS_COMPLETED, "status.completed", "completed", "finished")                                               \
	X(STATUS_FAILED, "status.failed", "failed", "broken")                                                          \
	X(STATUS_AWAITING_APPROVAL, "status.awaiting_approval", "awaiting_approval", "at_gate")                        \
	X(STATUS_AWAITING_INPUT, "status.awaiting_input", "awaiting_input", "asking")                                  \
	X(STREAM_START, "stream.start", "start", "opened")                                                             \
	X(STREAM_CHUNK, "stream.chunk", "chunk", "piece")                                                              \
	X(STREAM_TOOL_CALL, "stream.tool_call", "tool_call", "using")                                                  \
	X(STREAM_TOOL_RESULT, "stream.tool_result", "tool_result", "used")                                             \
	X(STREAM_AWAITING_APPROVAL, "stream.awaiting_approval", "awaiting_approval", "at_gate")                        \
	X(STREAM_AWAITING_INPUT, "stream.awaiting_input", "awaiting_input", "asking")                                  \
	X(STREAM_DONE, "stream.done", "done", "closed")                                                                \
	X(STREAM_ERROR, "stream.error", "error", "trouble")                                                            \
	X(FIELD_TYPE, "field.type", "type", "kind")                                                                    \
	X(FIELD_TEXT, "field.text", "text", "part")                                                                    \
	X(FIELD_TOOL, "field.tool", "tool", "tool_name")                                                               \
	X(FIELD_INPUT, "field.input", "input", "arguments")                                                            \
	X(FIELD_RUN_ID, "field.run_id", "run_id", "runId")                                                             \
	X(FIELD_STATUS, "field.status", "status", "state")                                                             \
	X(FIELD_OUTPUT, "field.output", "output", "result")                                                            \
	X(FIELD_ERROR, "field.error", "error", "problem")                                                              \
	X(FIELD_ERROR_MESSAGE, "field.error_message", "error_message", "errorMessage")                                 \
	X(FIELD_APPROVAL_ID, "field.approval_id", "approval_id", "approvalId")                                         \
	X(FIELD_APPROVALS, "field.approvals", "approvals", "items")                                                    \
	X(FIELD_QUESTION, "field.question", "question", "query")                                                       \
	X(FIELD_QUESTION_ID, "field.question_id", "question_id", "query_id")                                           \
	X(FIELD_ANSWER, "field.answer", "answer", "reply")                                                             \
	X(FIELD_USAGE, "field.usage", "usage", "tokens")                                                               \
	X(FIELD_TASK_ID, "field.task_id", "task_id", "taskId")                                                         \
	X(FIELD_TASK_ERROR, "field.task_error", "error_message", "failure")                                            \
	X(HEADER_IDEMPOTENCY_KEY, "header.idempotency_key", "idempotency-key", "x-request-key")

enum aos_name {
#define AOS_NAME(id, key, usual, other) AOS_##id,
	AOS_NAME_LIST(AOS_NAME)
#undef AOS_NAME
		AOS_NAMES,
};

#endif
