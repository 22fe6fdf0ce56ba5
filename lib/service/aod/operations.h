/*
 * The operations of the service: each call is made from its line here, and no call is made otherwise, so that this list
 * can be held against the service's own (tests/aod/operations_test.c).
 */
#ifndef AOD_OPERATIONS_H
#define AOD_OPERATIONS_H

#include <freshet/types.h>

/* name, method, path, the function of <freshet/aod.h>. */
#define OPERATION_MAP(X)                                                                                               \
	X(HEALTH, "GET", "/health", freshet_aod_health_get)                                                            \
	X(AGENT_LIST, "GET", "/agents", freshet_aod_agent_list)                                                        \
	X(AGENT_CREATE, "POST", "/agents", freshet_aod_agent_create)                                                   \
	X(AGENT_GET, "GET", "/agents/{agent_id}", freshet_aod_agent_get)                                               \
	X(AGENT_UPDATE, "PUT", "/agents/{agent_id}", freshet_aod_agent_update)                                         \
	X(AGENT_ARCHIVE, "POST", "/agents/{agent_id}/archive", freshet_aod_agent_archive)                              \
	X(AGENT_VERSIONS, "GET", "/agents/{agent_id}/versions", freshet_aod_agent_versions)                            \
	X(ENVIRONMENT_LIST, "GET", "/environments", freshet_aod_environment_list)                                      \
	X(ENVIRONMENT_CREATE, "POST", "/environments", freshet_aod_environment_create)                                 \
	X(ENVIRONMENT_GET, "GET", "/environments/{environment_id}", freshet_aod_environment_get)                       \
	X(ENVIRONMENT_UPDATE, "PUT", "/environments/{environment_id}", freshet_aod_environment_update)                 \
	X(ENVIRONMENT_ARCHIVE, "POST", "/environments/{environment_id}/archive", freshet_aod_environment_archive)      \
	X(ENVIRONMENT_DELETE, "DELETE", "/environments/{environment_id}/delete", freshet_aod_environment_delete)       \
	X(ENVIRONMENT_VERSIONS, "GET", "/environments/{environment_id}/versions", freshet_aod_environment_versions)    \
	X(SESSION_LIST, "GET", "/sessions", freshet_aod_session_list)                                                  \
	X(SESSION_CREATE, "POST", "/sessions", freshet_aod_session_create)                                             \
	X(SESSION_GET, "GET", "/sessions/{session_id}", freshet_aod_session_get)                                       \
	X(SESSION_PROMPT, "POST", "/sessions/{session_id}/prompt", freshet_aod_session_prompt)                         \
	X(SESSION_TURNS, "GET", "/sessions/{session_id}/turns", freshet_aod_session_turns)                             \
	X(SESSION_INTERRUPT, "POST", "/sessions/{session_id}/interrupt", freshet_aod_session_interrupt)                \
	X(SESSION_TERMINATE, "POST", "/sessions/{session_id}/terminate", freshet_aod_session_terminate)                \
	X(SESSION_DELETE, "DELETE", "/sessions/{session_id}/delete", freshet_aod_session_delete)                       \
	X(SESSION_STREAM, "GET", "/sessions/{session_id}/stream", freshet_aod_stream_open)

enum operation {
#define OPERATION_ENUM(name, method, path, function) OP_##name,
	OPERATION_MAP(OPERATION_ENUM)
#undef OPERATION_ENUM
		OP_COUNT,
};

/* Room for the longest path with its id. */
#define PATH_SIZE 80

const char *operation_method(enum operation operation);

/*
 * The path with the id, in lower case, where it names one; `id` is not looked at otherwise. False when the id is no
 * UUID, so that nothing else ever gets into a path.
 */
bool operation_path(enum operation operation, freshet_str id, char path[PATH_SIZE]);

#endif
