/*
 * The status of a run of the Sudoiq service: the object that its streams, its webhooks and its answers carry alike, read
 * from JSON by lists of names. Nobody has published how the service spells most of it, so every name here can be
 * replaced at run time: a list is an array of strings ended by NULL, and NULL instead of a list takes the default.
 *
 *	freshet_sudoiq_status *status;
 *	if (freshet_sudoiq_status_new(body, NULL, &status, NULL) == FRESHET_OK)
 *		use(status->task_id, status->phase);
 *	freshet_sudoiq_status_free(status);
 */
#ifndef FRESHET_SUDOIQ_STATUS_H
#define FRESHET_SUDOIQ_STATUS_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How the service spells things. Members are paths as <freshet/json.h> has them ("error.code"), and of those in a list
 * the first that is there and not null counts. Statuses, events and codes are compared without regard to the case of
 * ASCII letters. Everything is copied where it is given.
 */
typedef struct freshet_sudoiq_names {
	size_t size; /* set by freshet_sudoiq_names_init */

	/* Statuses. One that is in none of these lists: the run goes on. */
	const char *const *terminal_statuses;  /* completed, failed, cancelled, canceled, timed_out, error */
	const char *const *paused_statuses;    /* awaiting_tool_calls */
	const char *const *completed_statuses; /* completed; terminal whether or not they are in that list, too */
	const char *const *canceled_statuses;  /* cancelled, canceled; likewise */

	/* Members of the status object. */
	const char *const *agent_id_fields;      /* agent_id */
	const char *const *task_id_fields;       /* task_id, id, run_id */
	const char *const *status_fields;        /* status */
	const char *const *result_fields;        /* result */
	const char *const *tool_calls_fields;    /* tool_calls, pending_tool_calls, awaiting_tool_calls */
	const char *const *error_fields;         /* error */
	const char *const *error_code_fields;    /* error.code, error.error_code */
	const char *const *error_message_fields; /* error.message, error.detail */
	const char *const *environment_fields;   /* environment */
	const char *const *agent_version_fields; /* agent_version */
	const char *const *revision_fields;      /* revision */
	const char *const *usage_fields;         /* usage */
	const char *const *input_tokens_fields;  /* usage.input_tokens */
	const char *const *output_tokens_fields; /* usage.output_tokens */
	const char *const *created_at_fields;    /* created_at */
	const char *const *updated_at_fields;    /* updated_at */

	/* Members of one tool call. */
	const char *const *call_id_fields;   /* call_id, id, tool_call_id */
	const char *const *tool_name_fields; /* name, tool_name */
	const char *const *namespace_fields; /* namespace */
	const char *const *args_fields;      /* args, arguments */
	const char *default_namespace;       /* of a call that names none: "main" */

	/* Events of a stream. Those without a name are called "message", as the standard says. */
	const char *const *snapshot_event_names; /* sync, status, update, message: the status object */
	const char *const *log_event_names;      /* log */
	const char *const *delta_event_names;    /* delta */
	const char *const *error_event_names;    /* error */
	const char *const *end_event_names;      /* end */

	/* Errors: their bodies, and codes of a 409 that says that tool calls were answered before. */
	const char *const *failure_code_fields;     /* error_code, code, error.code */
	const char *const *failure_message_fields;  /* message, error.message, detail, error */
	const char *const *failure_call_ids_fields; /* call_ids: an array of those that were answered before */
	const char *const *already_submitted_codes; /* tool_responses_already_submitted; ERROR_CODE_ may stand ahead */

	/* The answer that gives a token for the key. */
	const char *const *access_token_fields; /* access_token */
	const char *const *expires_in_fields;   /* expires_in: seconds */

	/* Data of the other events. */
	const char *const *event_text_fields;      /* text, message */
	const char *const *event_code_fields;      /* code, error_code */
	const char *const *event_level_fields;     /* level */
	const char *const *event_node_id_fields;   /* node_id */
	const char *const *event_reason_fields;    /* reason */
	const char *const *event_retryable_fields; /* retryable */

	/* Answers of sudoiq_resource.h, and members of what they hold. */
	const char *const *list_fields;              /* tools, tests, validators, feedback: the array of objects */
	const char *const *next_cursor_fields;       /* next_cursor */
	const char *const *deleted_fields;           /* deleted */
	const char *const *object_id_fields;         /* id */
	const char *const *object_created_at_fields; /* created_at */
	const char *const *object_updated_at_fields; /* updated_at */
	const char *const *quality_fields;           /* quality: these four of feedback */
	const char *const *reason_fields;            /* reason */
	const char *const *source_fields;            /* source */
	const char *const *tags_fields;              /* tags */

	size_t max_tool_calls; /* in one status; default 256 */
} freshet_sudoiq_names;

FRESHET_OPTIONS_INIT(freshet_sudoiq_names)

typedef enum freshet_sudoiq_phase {
	FRESHET_SUDOIQ_RUNNING,   /* it goes on: every status that is in no list */
	FRESHET_SUDOIQ_PAUSED,    /* it waits for answers to its tool calls */
	FRESHET_SUDOIQ_COMPLETED, /* it is over, as are all that follow */
	FRESHET_SUDOIQ_FAILED,
	FRESHET_SUDOIQ_CANCELED,
} freshet_sudoiq_phase;

/* "running", ...: static, "unknown" for a phase that this version does not have. */
FRESHET_API const char *freshet_sudoiq_phase_name(freshet_sudoiq_phase phase);

/* True when the run is over for good. */
static inline bool freshet_sudoiq_phase_is_terminal(freshet_sudoiq_phase phase)
{
	return phase >= FRESHET_SUDOIQ_COMPLETED;
}

/* A tool that the run wants called. */
typedef struct freshet_sudoiq_tool_call {
	freshet_str raw;     /* the JSON text of the call */
	freshet_str call_id; /* never empty; a number comes as its digits */
	freshet_str name;    /* never empty */
	freshet_str space;   /* the name's name space (`namespace`); never empty */
	freshet_str args;    /* JSON text, as the model wrote it; empty when it wrote none */
	bool repeated;       /* an earlier status of the same run had it; only with a client */
} freshet_sudoiq_tool_call;

/* What the service left out, sent as null or sent as something else than told here is empty or 0: see `raw`. */
typedef struct freshet_sudoiq_status {
	freshet_str raw; /* the JSON text, with the members that this version does not know */
	freshet_str agent_id;
	bool has_task_id;
	int64_t task_id;
	freshet_str status; /* as the service spells it */
	freshet_sudoiq_phase phase;
	freshet_str result;      /* JSON text of whatever it is */
	freshet_str result_text; /* its characters, where it is a string */
	const freshet_sudoiq_tool_call *tool_calls;
	size_t tool_call_count;
	freshet_str error;         /* JSON text: an object, or a string */
	freshet_str error_code;    /* may be empty */
	freshet_str error_message; /* may be empty */
	freshet_str environment;
	bool has_agent_version;
	int64_t agent_version;
	bool has_revision;
	int64_t revision;  /* grows with each change of the run */
	freshet_str usage; /* JSON text */
	int64_t input_tokens;
	int64_t output_tokens;
	freshet_str created_at; /* ISO 8601 */
	freshet_str updated_at;
} freshet_sudoiq_status;

/*
 * Reads one JSON text; `names` may be NULL. All of it is copied into one block of memory, which the caller gives back with
 * freshet_sudoiq_status_free. `position` (may be NULL) is set on failure: a byte of the text.
 *
 * FRESHET_EJSON_... for a text that is not valid JSON; FRESHET_EJSON_TYPE and _MISSING for one that is no object, that has
 * no status or no task id (an integer, or a string of its digits), or whose tool calls are no array of objects with a
 * call id and a name; FRESHET_EJSON_SIZE for more tool calls than `max_tool_calls`. FRESHET_EINVAL for names of a size
 * that no version has had, FRESHET_ENOMEM. On failure *out is NULL.
 */
FRESHET_API freshet_err freshet_sudoiq_status_new(
	freshet_str json, const freshet_sudoiq_names *names, freshet_sudoiq_status **out, size_t *position);

/* A copy of a status, from wherever it comes, with all that its spans hold; freed as one that was read. FRESHET_ENOMEM. */
FRESHET_API freshet_err freshet_sudoiq_status_copy(const freshet_sudoiq_status *status, freshet_sudoiq_status **out);

/* The copy is overwritten, since results may be anything. NULL is fine. */
FRESHET_API void freshet_sudoiq_status_free(freshet_sudoiq_status *status);

#ifdef __cplusplus
}
#endif

#endif
