/*
 * The tables of members. Each names a member's type, its path in the JSON text and its place in the struct; a plan to
 * pick them and the fields are made of the same table, so that the two cannot differ.
 */
#include "shapes.h"

struct name {
	const char *text;
	int value;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int value_of(freshet_str text, const struct name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (freshet_str_is(text, names[i].text))
			return names[i].value;
	return 0;
}

freshet_ash_status ash_status_of(freshet_str name)
{
	static const struct name names[] = {
		{"starting", FRESHET_ASH_STATUS_STARTING},
		{"active", FRESHET_ASH_STATUS_ACTIVE},
		{"paused", FRESHET_ASH_STATUS_PAUSED},
		{"stopped", FRESHET_ASH_STATUS_STOPPED},
		{"ended", FRESHET_ASH_STATUS_ENDED},
		{"error", FRESHET_ASH_STATUS_ERROR},
	};
	return (freshet_ash_status)value_of(name, names, COUNT(names));
}

freshet_ash_record_type ash_record_type_of(freshet_str name)
{
	static const struct name names[] = {
		{"lifecycle", FRESHET_ASH_RECORD_LIFECYCLE},
		{"mcp_status", FRESHET_ASH_RECORD_MCP_STATUS},
		{"text", FRESHET_ASH_RECORD_TEXT},
		{"reasoning", FRESHET_ASH_RECORD_REASONING},
		{"tool_start", FRESHET_ASH_RECORD_TOOL_START},
		{"tool_result", FRESHET_ASH_RECORD_TOOL_RESULT},
		{"turn_complete", FRESHET_ASH_RECORD_TURN_COMPLETE},
		{"error", FRESHET_ASH_RECORD_ERROR},
	};
	return (freshet_ash_record_type)value_of(name, names, COUNT(names));
}

static freshet_ash_queue_status queue_status_of(freshet_str name)
{
	static const struct name names[] = {
		{"pending", FRESHET_ASH_QUEUE_PENDING},
		{"processing", FRESHET_ASH_QUEUE_PROCESSING},
		{"completed", FRESHET_ASH_QUEUE_COMPLETED},
		{"failed", FRESHET_ASH_QUEUE_FAILED},
		{"cancelled", FRESHET_ASH_QUEUE_CANCELLED},
	};
	return (freshet_ash_queue_status)value_of(name, names, COUNT(names));
}

static void finish_session(void *object)
{
	freshet_ash_session *session = object;
	session->status = ash_status_of(session->status_name);
}

static void finish_record(void *object)
{
	freshet_ash_record *record = object;
	record->type = ash_record_type_of(record->type_name);
}

static void finish_queue_item(void *object)
{
	freshet_ash_queue_item *item = object;
	item->status = queue_status_of(item->status_name);
}

/* ---- tables ---- */

/*
 * A table is a macro of two: M takes members, S those that have a shape of their own. T is the struct. Answers
 * are few and differ, so that the plans have no memory for what texts look like.
 */
#define PATH(type, path, place)               path,
#define PATH_SHAPED(type, path, place, shape) path,
#define FIELD(type, path, place)              {ASH_##type, offsetof(T, place), NULL},
#define SHAPED(type, path, place, shape)      {ASH_##type, offsetof(T, place), &shape},

#define SHAPE(linkage, name, TABLE, finish_it)                                                                         \
	static const char *const name##_paths[] = {TABLE(PATH, PATH_SHAPED)};                                          \
	static freshet_json_node name##_nodes[FRESHET_JSON_PLAN_NODES(TABLE(PATH, PATH_SHAPED))];                      \
	static freshet_json_plan name##_plan = {.paths = name##_paths,                                                 \
		.count = COUNT(name##_paths),                                                                          \
		.nodes = name##_nodes,                                                                                 \
		.node_count = COUNT(name##_nodes)};                                                                    \
	_Static_assert(COUNT(name##_paths) <= ASH_FIELDS, "room for the members");                                     \
	static const struct ash_field name##_fields[] = {TABLE(FIELD, SHAPED)};                                        \
	linkage const struct ash_shape name = {&name##_plan, name##_fields, COUNT(name##_fields), sizeof(T), finish_it};

#define T freshet_ash_agent
#define AGENT(M, S)                                                                                                    \
	M(NEED, "id", id)                                                                                              \
	M(STR, "name", name)                                                                                           \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(INT, "version", version)                                                                                     \
	M(STR, "path", path)                                                                                           \
	M(RAW, "env", env)                                                                                             \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "updatedAt", updated_at)
SHAPE(, ash_agent_shape, AGENT, NULL)
#undef T

#define T freshet_ash_session
#define SESSION(M, S)                                                                                                  \
	M(NEED, "id", id)                                                                                              \
	M(STR, "agentName", agent_name)                                                                                \
	M(STR, "sandboxId", sandbox_id)                                                                                \
	M(NEED, "status", status_name)                                                                                 \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "runnerId", runner_id)                                                                                  \
	M(STR, "parentSessionId", parent_session_id)                                                                   \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "lastActiveAt", last_active_at)
SHAPE(, ash_session_shape, SESSION, finish_session)
#undef T

#define T freshet_ash_message
#define MESSAGE(M, S)                                                                                                  \
	M(NEED, "id", id)                                                                                              \
	M(STR, "sessionId", session_id)                                                                                \
	M(STR, "role", role)                                                                                           \
	M(STR, "content", content)                                                                                     \
	M(INT, "sequence", sequence)                                                                                   \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)
SHAPE(, ash_message_shape, MESSAGE, NULL)
#undef T

#define T freshet_ash_record
#define RECORD(M, S)                                                                                                   \
	M(NEED, "id", id)                                                                                              \
	M(STR, "sessionId", session_id)                                                                                \
	M(NEED, "type", type_name)                                                                                     \
	M(STR, "data", data)                                                                                           \
	M(INT, "sequence", sequence)                                                                                   \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)
SHAPE(, ash_record_shape, RECORD, finish_record)
#undef T

#define T freshet_ash_attachment
#define ATTACHMENT(M, S)                                                                                               \
	M(NEED, "id", id)                                                                                              \
	M(STR, "sessionId", session_id)                                                                                \
	M(STR, "messageId", message_id)                                                                                \
	M(STR, "filename", filename)                                                                                   \
	M(STR, "mimeType", mime_type)                                                                                  \
	M(INT, "size", size)                                                                                           \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)
SHAPE(, ash_attachment_shape, ATTACHMENT, NULL)
#undef T

#define T freshet_ash_queue_item
#define QUEUE_ITEM(M, S)                                                                                               \
	M(NEED, "id", id)                                                                                              \
	M(STR, "agentName", agent_name)                                                                                \
	M(STR, "sessionId", session_id)                                                                                \
	M(STR, "prompt", prompt)                                                                                       \
	M(NEED, "status", status_name)                                                                                 \
	M(INT, "priority", priority)                                                                                   \
	M(INT, "retryCount", retry_count)                                                                              \
	M(INT, "maxRetries", max_retries)                                                                              \
	M(STR, "error", error)                                                                                         \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "startedAt", started_at)                                                                                \
	M(STR, "completedAt", completed_at)
SHAPE(, ash_queue_item_shape, QUEUE_ITEM, finish_queue_item)
#undef T

#define T freshet_ash_queue_stats
#define QUEUE_STATS(M, S)                                                                                              \
	M(INT, "pending", pending)                                                                                     \
	M(INT, "processing", processing)                                                                               \
	M(INT, "completed", completed)                                                                                 \
	M(INT, "failed", failed)                                                                                       \
	M(INT, "cancelled", cancelled)
SHAPE(, ash_queue_stats_shape, QUEUE_STATS, NULL)
#undef T

#define T freshet_ash_credential
#define CREDENTIAL(M, S)                                                                                               \
	M(NEED, "id", id)                                                                                              \
	M(STR, "type", type)                                                                                           \
	M(STR, "label", label)                                                                                         \
	M(BOOL, "active", active)                                                                                      \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "lastUsedAt", last_used_at)
SHAPE(, ash_credential_shape, CREDENTIAL, NULL)
#undef T

#define T freshet_ash_api_key
#define API_KEY(M, S)                                                                                                  \
	M(NEED, "id", id)                                                                                              \
	M(STR, "label", label)                                                                                         \
	M(STR, "keyPrefix", prefix)                                                                                    \
	M(STR, "key", key)                                                                                             \
	M(STR, "createdAt", created_at)
SHAPE(, ash_api_key_shape, API_KEY, NULL)
#undef T

#define T freshet_ash_usage_event
#define USAGE_EVENT(M, S)                                                                                              \
	M(NEED, "id", id)                                                                                              \
	M(STR, "sessionId", session_id)                                                                                \
	M(STR, "agentName", agent_name)                                                                                \
	M(STR, "eventType", event_type)                                                                                \
	M(DOUBLE, "value", value)                                                                                      \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)
SHAPE(, ash_usage_event_shape, USAGE_EVENT, NULL)
#undef T

#define T freshet_ash_usage_stats
#define USAGE_STATS(M, S)                                                                                              \
	M(DOUBLE, "totalInputTokens", input_tokens)                                                                    \
	M(DOUBLE, "totalOutputTokens", output_tokens)                                                                  \
	M(DOUBLE, "totalCacheCreationTokens", cache_creation_tokens)                                                   \
	M(DOUBLE, "totalCacheReadTokens", cache_read_tokens)                                                           \
	M(DOUBLE, "totalToolCalls", tool_calls)                                                                        \
	M(DOUBLE, "totalMessages", messages)                                                                           \
	M(DOUBLE, "totalComputeSeconds", compute_seconds)
SHAPE(, ash_usage_stats_shape, USAGE_STATS, NULL)
#undef T

#define T freshet_ash_analytics
#define ANALYTICS(M, S)                                                                                                \
	M(INT, "agents.total", agents)                                                                                 \
	M(INT, "sessions.total", sessions)                                                                             \
	M(RAW, "sessions.byStatus", sessions_by_status)                                                                \
	S(OBJECT, "usage", usage, ash_usage_stats_shape)                                                               \
	M(INT, "evals.totalRuns", eval_runs)                                                                           \
	M(RAW, "evals.byStatus", eval_runs_by_status)
SHAPE(, ash_analytics_shape, ANALYTICS, NULL)
#undef T

#define T freshet_ash_version
#define VERSION(M, S)                                                                                                  \
	M(NEED, "id", id)                                                                                              \
	M(STR, "agentName", agent_name)                                                                                \
	M(INT, "versionNumber", number)                                                                                \
	M(STR, "name", name)                                                                                           \
	M(BOOL, "isActive", is_active)                                                                                 \
	M(STR, "systemPrompt", system_prompt)                                                                          \
	M(STR, "releaseNotes", release_notes)                                                                          \
	M(STRS, "knowledgeFiles", knowledge_files)                                                                     \
	M(STR, "createdBy", created_by)                                                                                \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "updatedAt", updated_at)
SHAPE(, ash_version_shape, VERSION, NULL)
#undef T

#define T freshet_ash_eval_case
#define EVAL_CASE(M, S)                                                                                                \
	M(NEED, "id", id)                                                                                              \
	M(STR, "agentName", agent_name)                                                                                \
	M(STR, "question", question)                                                                                   \
	M(STRS, "expectedTopics", expected_topics)                                                                     \
	M(STRS, "expectedNotTopics", expected_not_topics)                                                              \
	M(STR, "referenceAnswer", reference_answer)                                                                    \
	M(STR, "category", category)                                                                                   \
	M(STRS, "tags", tags)                                                                                          \
	M(RAW, "chatHistory", chat_history)                                                                            \
	M(BOOL, "isActive", is_active)                                                                                 \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "updatedAt", updated_at)
SHAPE(, ash_eval_case_shape, EVAL_CASE, NULL)
#undef T

#define T freshet_ash_eval_run
#define EVAL_RUN(M, S)                                                                                                 \
	M(NEED, "id", id)                                                                                              \
	M(STR, "agentName", agent_name)                                                                                \
	M(INT, "versionNumber", version_number)                                                                        \
	M(STR, "status", status)                                                                                       \
	M(INT, "totalCases", total_cases)                                                                              \
	M(INT, "completedCases", completed_cases)                                                                      \
	M(NUMBER, "summary.avgTopicScore", topic_score)                                                                \
	M(NUMBER, "summary.avgSafetyScore", safety_score)                                                              \
	M(NUMBER, "summary.avgLlmJudgeScore", llm_judge_score)                                                         \
	M(NUMBER, "summary.avgLatencyMs", latency_ms)                                                                  \
	M(NUMBER, "summary.passRate", pass_rate)                                                                       \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "startedAt", started_at)                                                                                \
	M(STR, "completedAt", completed_at)
SHAPE(, ash_eval_run_shape, EVAL_RUN, NULL)
#undef T

#define T freshet_ash_eval_result
#define EVAL_RESULT(M, S)                                                                                              \
	M(NEED, "id", id)                                                                                              \
	M(STR, "evalRunId", run_id)                                                                                    \
	M(STR, "evalCaseId", case_id)                                                                                  \
	M(STR, "status", status)                                                                                       \
	M(STR, "agentResponse", agent_response)                                                                        \
	M(NUMBER, "topicScore", topic_score)                                                                           \
	M(NUMBER, "safetyScore", safety_score)                                                                         \
	M(NUMBER, "llmJudgeScore", llm_judge_score)                                                                    \
	M(NUMBER, "latencyMs", latency_ms)                                                                             \
	M(NUMBER, "humanScore", human_score)                                                                           \
	M(STR, "humanNotes", human_notes)                                                                              \
	M(STR, "error", error)                                                                                         \
	M(STR, "tenantId", tenant_id)                                                                                  \
	M(STR, "createdAt", created_at)                                                                                \
	M(STR, "completedAt", completed_at)
SHAPE(, ash_eval_result_shape, EVAL_RESULT, NULL)
#undef T

#define T freshet_ash_eval_pair
#define EVAL_PAIR(M, S)                                                                                                \
	M(NEED, "caseId", case_id)                                                                                     \
	M(STR, "question", question)                                                                                   \
	S(OBJECT, "resultA", a, ash_eval_result_shape)                                                                 \
	S(OBJECT, "resultB", b, ash_eval_result_shape)
SHAPE(static, ash_eval_pair_shape, EVAL_PAIR, NULL)
#undef T

#define T freshet_ash_eval_comparison
#define EVAL_COMPARISON(M, S)                                                                                          \
	S(OBJECT, "runA", run_a, ash_eval_run_shape)                                                                   \
	S(OBJECT, "runB", run_b, ash_eval_run_shape)                                                                   \
	S(LIST, "results", results, ash_eval_pair_shape)
SHAPE(, ash_eval_comparison_shape, EVAL_COMPARISON, NULL)
#undef T

#define T freshet_ash_file
#define FILE(M, S)                                                                                                     \
	M(NEED, "path", path)                                                                                          \
	M(INT, "size", size)                                                                                           \
	M(STR, "modifiedAt", modified_at)
SHAPE(static, ash_file_shape, FILE, NULL)
#undef T

#define T freshet_ash_file_list
#define FILE_LIST(M, S)                                                                                                \
	S(LIST, "files", files, ash_file_shape)                                                                        \
	M(STR, "source", source)
SHAPE(, ash_file_list_shape, FILE_LIST, NULL)
#undef T

#define T freshet_ash_file_result
#define FILE_RESULT(M, S)                                                                                              \
	M(NEED, "path", path)                                                                                          \
	M(BOOL, "written", written)                                                                                    \
	M(INT, "size", size)                                                                                           \
	M(STR, "error", error)
SHAPE(, ash_file_result_shape, FILE_RESULT, NULL)
#undef T

#define T freshet_ash_log_entry
#define LOG_ENTRY(M, S)                                                                                                \
	M(INT, "index", index)                                                                                         \
	M(STR, "level", level)                                                                                         \
	M(STR, "text", text)                                                                                           \
	M(STR, "ts", ts)
SHAPE(static, ash_log_entry_shape, LOG_ENTRY, NULL)
#undef T

#define T freshet_ash_log
#define LOG(M, S)                                                                                                      \
	S(LIST, "logs", entries, ash_log_entry_shape)                                                                  \
	M(STR, "source", source)
SHAPE(, ash_log_shape, LOG, NULL)
#undef T

#define T freshet_ash_exec_result
#define EXEC_RESULT(M, S)                                                                                              \
	M(INT, "exitCode", exit_code)                                                                                  \
	M(STR, "stdout", output)                                                                                       \
	M(STR, "stderr", errors)
SHAPE(, ash_exec_result_shape, EXEC_RESULT, NULL)
#undef T

#define T freshet_ash_health
#define HEALTH(M, S)                                                                                                   \
	M(NEED, "status", status)                                                                                      \
	M(STR, "version", version)                                                                                     \
	M(STR, "coordinatorId", coordinator_id)                                                                        \
	M(INT, "activeSessions", active_sessions)                                                                      \
	M(INT, "activeSandboxes", active_sandboxes)                                                                    \
	M(INT, "remoteRunners", remote_runners)                                                                        \
	M(INT, "uptime", uptime_s)                                                                                     \
	M(INT, "pool.total", pool_total)                                                                               \
	M(INT, "pool.cold", pool_cold)                                                                                 \
	M(INT, "pool.warming", pool_warming)                                                                           \
	M(INT, "pool.warm", pool_warm)                                                                                 \
	M(INT, "pool.waiting", pool_waiting)                                                                           \
	M(INT, "pool.running", pool_running)                                                                           \
	M(INT, "pool.maxCapacity", pool_max_capacity)                                                                  \
	M(INT, "pool.resumeWarmHits", pool_resume_warm_hits)                                                           \
	M(INT, "pool.resumeColdHits", pool_resume_cold_hits)                                                           \
	M(INT, "pool.preWarmHits", pool_pre_warm_hits)
SHAPE(, ash_health_shape, HEALTH, NULL)
#undef T
