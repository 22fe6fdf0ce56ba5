/*
 * The one table of operations: the public function without its prefix, the method, the path, and how it is answered.
 * Every call is made from it.
 */
#ifndef ASH_ENDPOINT_H
#define ASH_ENDPOINT_H

#include "shapes.h"

/*
 * In paths stand {id}: a UUID; {name}: an agent; {token}: any segment; {*}: the segments of a relative path.
 * The last columns: the kind of answer, and the member of the answer's object in which it lies; NULL: it is the answer.
 */
#define ASH_ENDPOINT_MAP(X)                                                                                            \
	X(agent_deploy, "POST", "/api/agents", agent, "agent")                                                         \
	X(agent_list, "GET", "/api/agents", agent, "agents")                                                           \
	X(agent_get, "GET", "/api/agents/{name}", agent, "agent")                                                      \
	X(agent_update, "PATCH", "/api/agents/{name}", agent, "agent")                                                 \
	X(agent_delete, "DELETE", "/api/agents/{name}", done, NULL)                                                    \
	X(agent_config_get, "GET", "/api/agents/{name}/config", json, "config")                                        \
	X(agent_config_update, "PATCH", "/api/agents/{name}/config", json, "config")                                   \
	X(agent_file_list, "GET", "/api/agents/{name}/files", file_list, NULL)                                         \
	X(agent_file_get, "GET", "/api/agents/{name}/files/{*}", bytes, NULL)                                          \
	X(agent_file_put, "POST", "/api/agents/{name}/files", done, "written")                                         \
	X(agent_file_delete, "DELETE", "/api/agents/{name}/files/{*}", done, NULL)                                     \
	X(session_create, "POST", "/api/sessions", session, "session")                                                 \
	X(session_list, "GET", "/api/sessions", session, "sessions")                                                   \
	X(session_get, "GET", "/api/sessions/{id}", session, "session")                                                \
	X(session_configure, "PATCH", "/api/sessions/{id}/config", session, "session")                                 \
	X(session_pause, "POST", "/api/sessions/{id}/pause", session, "session")                                       \
	X(session_resume, "POST", "/api/sessions/{id}/resume", session, "session")                                     \
	X(session_stop, "POST", "/api/sessions/{id}/stop", session, "session")                                         \
	X(session_fork, "POST", "/api/sessions/{id}/fork", session, "session")                                         \
	X(session_end, "DELETE", "/api/sessions/{id}", session, "session")                                             \
	X(session_messages, "GET", "/api/sessions/{id}/messages", message, "messages")                                 \
	X(session_records, "GET", "/api/sessions/{id}/events", record, "events")                                       \
	X(session_logs, "GET", "/api/sessions/{id}/logs", log, NULL)                                                   \
	X(session_exec, "POST", "/api/sessions/{id}/exec", exec_result, NULL)                                          \
	X(session_file_list, "GET", "/api/sessions/{id}/files", file_list, NULL)                                       \
	X(session_file_get, "GET", "/api/sessions/{id}/files/{*}", bytes, NULL)                                        \
	X(session_file_put, "POST", "/api/sessions/{id}/files", file_result, "files")                                  \
	X(session_file_delete, "DELETE", "/api/sessions/{id}/files/{*}", done, NULL)                                   \
	X(turn_open, "POST", "/api/sessions/{id}/messages", done, NULL)                                                \
	X(workspace_get, "GET", "/api/sessions/{id}/workspace", bytes, NULL)                                           \
	X(workspace_put, "POST", "/api/sessions/{id}/workspace", done, NULL)                                           \
	X(attachment_create, "POST", "/api/sessions/{id}/attachments", attachment, "attachment")                       \
	X(attachment_list, "GET", "/api/sessions/{id}/attachments", attachment, "attachments")                         \
	X(attachment_get, "GET", "/api/attachments/{id}", bytes, NULL)                                                 \
	X(attachment_delete, "DELETE", "/api/attachments/{id}", done, NULL)                                            \
	X(queue_add, "POST", "/api/queue", queue_item, "item")                                                         \
	X(queue_list, "GET", "/api/queue", queue_item, "items")                                                        \
	X(queue_stats_get, "GET", "/api/queue/stats", queue_stats, "stats")                                            \
	X(queue_get, "GET", "/api/queue/{id}", queue_item, "item")                                                     \
	X(queue_cancel, "DELETE", "/api/queue/{id}", queue_item, "item")                                               \
	X(credential_create, "POST", "/api/credentials", credential, "credential")                                     \
	X(credential_list, "GET", "/api/credentials", credential, "credentials")                                       \
	X(credential_delete, "DELETE", "/api/credentials/{token}", done, NULL)                                         \
	X(api_key_create, "POST", "/api/api-keys", api_key, NULL)                                                      \
	X(api_key_list, "GET", "/api/api-keys", api_key, "keys")                                                       \
	X(api_key_delete, "DELETE", "/api/api-keys/{token}", done, NULL)                                               \
	X(usage_list, "GET", "/api/usage", usage_event, "events")                                                      \
	X(usage_stats_get, "GET", "/api/usage/stats", usage_stats, "stats")                                            \
	X(analytics_get, "GET", "/api/analytics", analytics, NULL)                                                     \
	X(version_create, "POST", "/api/agents/{name}/versions", version, "version")                                   \
	X(version_list, "GET", "/api/agents/{name}/versions", version, "versions")                                     \
	X(version_get, "GET", "/api/agents/{name}/versions/{token}", version, "version")                               \
	X(version_update, "PATCH", "/api/agents/{name}/versions/{token}", version, "version")                          \
	X(version_delete, "DELETE", "/api/agents/{name}/versions/{token}", done, NULL)                                 \
	X(version_activate, "POST", "/api/agents/{name}/versions/{token}/activate", done, "versionNumber")             \
	X(eval_case_create, "POST", "/api/agents/{name}/eval-cases", eval_case, "case")                                \
	X(eval_case_list, "GET", "/api/agents/{name}/eval-cases", eval_case, "cases")                                  \
	X(eval_case_get, "GET", "/api/agents/{name}/eval-cases/{id}", eval_case, "case")                               \
	X(eval_case_update, "PATCH", "/api/agents/{name}/eval-cases/{id}", eval_case, "case")                          \
	X(eval_case_delete, "DELETE", "/api/agents/{name}/eval-cases/{id}", done, NULL)                                \
	X(eval_case_import, "POST", "/api/agents/{name}/eval-cases/import", done, "imported")                          \
	X(eval_case_export, "GET", "/api/agents/{name}/eval-cases/export", json, "cases")                              \
	X(eval_run_create, "POST", "/api/agents/{name}/eval-runs", eval_run, "run")                                    \
	X(eval_run_list, "GET", "/api/agents/{name}/eval-runs", eval_run, "runs")                                      \
	X(eval_run_get, "GET", "/api/agents/{name}/eval-runs/{id}", eval_run, "run")                                   \
	X(eval_run_results, "GET", "/api/agents/{name}/eval-runs/{id}/results", eval_result, "results")                \
	X(eval_run_compare, "GET", "/api/agents/{name}/eval-runs/compare", eval_comparison, "comparison")              \
	X(eval_run_score, "POST", "/api/agents/{name}/eval-runs/{id}/score", done, "scored")                           \
	X(eval_result_score, "PATCH", "/api/agents/{name}/eval-results/{id}", eval_result, "result")                   \
	X(health_get, "GET", "/health", health, NULL)                                                                  \
	X(metrics_get, "GET", "/metrics", bytes, NULL)

enum ash_operation {
#define ASH_OPERATION(function, method, path, answer, member) ASH_##function,
	ASH_ENDPOINT_MAP(ASH_OPERATION)
#undef ASH_OPERATION
		ASH_OPERATIONS
};

struct ash_endpoint {
	const char *function; /* freshet_ash_... */
	const char *method;
	const char *path;
	const struct ash_answer *answer;
	const char *member;
};

extern const struct ash_endpoint ash_endpoints[ASH_OPERATIONS];

#endif
