/*
 * The endpoints of the service. None is published: each can be replaced by its key (freshet_sudoiq_options.routes).
 */
#ifndef SUDOIQ_ROUTES_H
#define SUDOIQ_ROUTES_H

#include "guest/route.h"

#define SUDOIQ_TASK_PATH "/agents/{agent_id}/tasks/{task_id}"

/* key, method, path behind the prefix, names that the path may have. */
#define SUDOIQ_ROUTE_MAP(X)                                                                                            \
	X(auth_token, "POST", "/auth/token", NULL)                                                                     \
	X(tools_register, "POST", "/tools", NULL)                                                                      \
	X(tools_list, "GET", "/tools", NULL)                                                                           \
	X(tools_delete, "DELETE", "/tools/{namespace}/{name}", "namespace name")                                       \
	X(run_start, "POST", "/agents/{agent_id}/execute", "agent_id")                                                 \
	X(run_stream, "GET", SUDOIQ_TASK_PATH "/stream", "agent_id task_id")                                           \
	X(run_status, "GET", SUDOIQ_TASK_PATH, "agent_id task_id")                                                     \
	X(run_cancel, "POST", SUDOIQ_TASK_PATH "/cancel", "agent_id task_id")                                          \
	X(tool_responses, "POST", SUDOIQ_TASK_PATH "/tool_responses", "agent_id task_id")                              \
	X(run_feedback, "POST", SUDOIQ_TASK_PATH "/feedback", "agent_id task_id")                                      \
	X(run_feedback_list, "GET", SUDOIQ_TASK_PATH "/feedback", "agent_id task_id")                                  \
	X(tests_create, "POST", "/agents/{agent_id}/tests", "agent_id")                                                \
	X(tests_list, "GET", "/agents/{agent_id}/tests", "agent_id")                                                   \
	X(tests_delete, "DELETE", "/agents/{agent_id}/tests/{test_id}", "agent_id test_id")                            \
	X(graders_create, "POST", "/agents/{agent_id}/graders", "agent_id")                                            \
	X(validators_upsert, "PUT", "/validators", NULL)                                                               \
	X(validators_list, "GET", "/validators", NULL)                                                                 \
	X(validators_get, "GET", "/validators/{validator_id}", "validator_id")

enum { SUDOIQ_ROUTE_MAP(GUEST_ROUTE_ENUM) ROUTE_COUNT };

extern const struct guest_route sudoiq_routes[ROUTE_COUNT];

#endif
