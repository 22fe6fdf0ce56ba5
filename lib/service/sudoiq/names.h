/*
 * The names of one client: the lists of the public header, copied, with those of members compiled.
 */
#ifndef SUDOIQ_NAMES_H
#define SUDOIQ_NAMES_H

#include <freshet/sudoiq_status.h>

#include "guest/fields.h"
#include "guest/names.h"

/* field of freshet_sudoiq_names, then its default. */
#define SUDOIQ_WORD_MAP(X)                                                                                             \
	X(terminal_statuses, "completed", "failed", "cancelled", "canceled", "timed_out", "error")                     \
	X(paused_statuses, "awaiting_tool_calls")                                                                      \
	X(completed_statuses, "completed")                                                                             \
	X(canceled_statuses, "cancelled", "canceled")                                                                  \
	X(snapshot_event_names, "sync", "status", "update", "message")                                                 \
	X(log_event_names, "log")                                                                                      \
	X(delta_event_names, "delta")                                                                                  \
	X(error_event_names, "error")                                                                                  \
	X(end_event_names, "end")                                                                                      \
	X(already_submitted_codes, "tool_responses_already_submitted")

/* The same for members, by the object that they are members of. */
#define SUDOIQ_STATUS_MAP(X)                                                                                           \
	X(agent_id_fields, "agent_id")                                                                                 \
	X(task_id_fields, "task_id", "id", "run_id")                                                                   \
	X(status_fields, "status")                                                                                     \
	X(result_fields, "result")                                                                                     \
	X(tool_calls_fields, "tool_calls", "pending_tool_calls", "awaiting_tool_calls")                                \
	X(error_fields, "error")                                                                                       \
	X(error_code_fields, "error.code", "error.error_code")                                                         \
	X(error_message_fields, "error.message", "error.detail")                                                       \
	X(environment_fields, "environment")                                                                           \
	X(agent_version_fields, "agent_version")                                                                       \
	X(revision_fields, "revision")                                                                                 \
	X(usage_fields, "usage")                                                                                       \
	X(input_tokens_fields, "usage.input_tokens")                                                                   \
	X(output_tokens_fields, "usage.output_tokens")                                                                 \
	X(created_at_fields, "created_at")                                                                             \
	X(updated_at_fields, "updated_at")

#define SUDOIQ_TOOL_CALL_MAP(X)                                                                                        \
	X(call_id_fields, "call_id", "id", "tool_call_id")                                                             \
	X(tool_name_fields, "name", "tool_name")                                                                       \
	X(namespace_fields, "namespace")                                                                               \
	X(args_fields, "args", "arguments")

#define SUDOIQ_EVENT_MAP(X)                                                                                            \
	X(event_text_fields, "text", "message")                                                                        \
	X(event_code_fields, "code", "error_code")                                                                     \
	X(event_level_fields, "level")                                                                                 \
	X(event_node_id_fields, "node_id")                                                                             \
	X(event_reason_fields, "reason")                                                                               \
	X(event_retryable_fields, "retryable")

#define SUDOIQ_FAILURE_MAP(X)                                                                                          \
	X(failure_code_fields, "error_code", "code", "error.code")                                                     \
	X(failure_message_fields, "message", "error.message", "detail", "error")

#define SUDOIQ_CONFLICT_MAP(X) X(failure_call_ids_fields, "call_ids")

#define SUDOIQ_TOKEN_MAP(X)                                                                                            \
	X(access_token_fields, "access_token")                                                                         \
	X(expires_in_fields, "expires_in")

/* What resource.h reads: answers, and what the service has not published of the objects in them. */
#define SUDOIQ_RESOURCE_MAP(X)                                                                                         \
	X(list_fields, "tools", "tests", "validators", "feedback")                                                     \
	X(next_cursor_fields, "next_cursor")                                                                           \
	X(deleted_fields, "deleted")                                                                                   \
	X(object_id_fields, "id")                                                                                      \
	X(object_created_at_fields, "created_at")                                                                      \
	X(object_updated_at_fields, "updated_at")                                                                      \
	X(quality_fields, "quality")                                                                                   \
	X(reason_fields, "reason")                                                                                     \
	X(source_fields, "source")                                                                                     \
	X(tags_fields, "tags")

/* object, its map. */
#define SUDOIQ_OBJECT_MAP(X)                                                                                           \
	X(status, SUDOIQ_STATUS_MAP)                                                                                   \
	X(tool_call, SUDOIQ_TOOL_CALL_MAP)                                                                             \
	X(event, SUDOIQ_EVENT_MAP)                                                                                     \
	X(failure, SUDOIQ_FAILURE_MAP)                                                                                 \
	X(conflict, SUDOIQ_CONFLICT_MAP)                                                                               \
	X(token, SUDOIQ_TOKEN_MAP)                                                                                     \
	X(resource, SUDOIQ_RESOURCE_MAP)

/* What is picked of each object: `members` by name, `picked` in their order. */
#define SUDOIQ_MEMBER(name, ...) freshet_json_value name;
#define SUDOIQ_UNION(object, map)                                                                                      \
	union sudoiq_##object##_values {                                                                               \
		struct sudoiq_##object##_members {                                                                     \
			map(SUDOIQ_MEMBER)                                                                             \
		} members;                                                                                             \
		freshet_json_value picked[sizeof(struct sudoiq_##object##_members) / sizeof(freshet_json_value)];      \
	};
SUDOIQ_OBJECT_MAP(SUDOIQ_UNION)
#undef SUDOIQ_UNION
#undef SUDOIQ_MEMBER

struct sudoiq_names {
#define SUDOIQ_WORDS(name, ...) const char *const *name;
	SUDOIQ_WORD_MAP(SUDOIQ_WORDS)
#undef SUDOIQ_WORDS
#define SUDOIQ_FIELDS(object, map) struct guest_fields *object;
	SUDOIQ_OBJECT_MAP(SUDOIQ_FIELDS)
#undef SUDOIQ_FIELDS
	char *default_namespace;
	size_t max_tool_calls;
};

/*
 * `given` may be NULL. FRESHET_EINVAL (a size that no version has had, a path that cannot be read), FRESHET_ENOMEM;
 * nothing is kept then.
 */
freshet_err sudoiq_names_init(struct sudoiq_names *names, const freshet_sudoiq_names *given);

void sudoiq_names_clear(struct sudoiq_names *names);

#endif
