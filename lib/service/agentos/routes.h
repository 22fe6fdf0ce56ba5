/*
 * The one table of endpoints: key, method, path, the values that the path may name. All of it can be replaced at run time.
 */
#ifndef AGENTOS_ROUTES_H
#define AGENTOS_ROUTES_H

#include "guest/route.h"

#define AGENTOS_ROUTES(X)                                                                                              \
	X(run_start, "POST", "/api/ingest/v1/run/start", "agent_id")                                                   \
	X(events, "POST", "/api/ingest/v1/events", "agent_id run_id")                                                  \
	X(run_complete, "POST", "/api/ingest/v1/run/complete", "agent_id run_id")                                      \
	X(run_fail, "POST", "/api/ingest/v1/run/fail", "agent_id run_id")                                              \
	X(tasks, "POST", "/api/ingest/v1/tasks", "agent_id run_id")                                                    \
	X(invoke, "POST", "/api/v1/agents/{agent_id}/invoke", "agent_id")                                              \
	X(approvals_list, "GET", "/api/v1/approvals", NULL)                                                            \
	X(approvals_decide, "POST", "/api/v1/approvals/{approval_id}/decide", "approval_id")                           \
	X(run_get, "GET", "/api/v1/runs/{run_id}", "run_id")                                                           \
	X(run_reply, "POST", "/api/v1/runs/{run_id}/reply", "run_id")                                                  \
	X(run_stream, "GET", "/api/v1/runs/{run_id}/stream", "run_id")                                                 \
	X(spans, "POST", "/api/ingest/v1/spans", "agent_id run_id")

enum agentos_route { AGENTOS_ROUTES(GUEST_ROUTE_ENUM) ROUTE_COUNT };

/* Of ROUTE_COUNT rows. */
extern const struct guest_route agentos_routes[ROUTE_COUNT];

#endif
