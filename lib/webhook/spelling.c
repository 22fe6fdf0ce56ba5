/*
 * Happy path: each list that the caller brings is copied over the caller's pointer. A failure on the way gives back what was
 * copied: lists that were not reached are NULL.
 */
#include "spelling.h"

#include "guest/names.h"
#include "guest/options.h"

/* The lists that a status object needs; those of events and of errors are the client's business. */
#define LIST_MAP(X)                                                                                                    \
	X(terminal_statuses)                                                                                           \
	X(paused_statuses)                                                                                             \
	X(completed_statuses)                                                                                          \
	X(canceled_statuses)                                                                                           \
	X(agent_id_fields)                                                                                             \
	X(task_id_fields)                                                                                              \
	X(status_fields)                                                                                               \
	X(result_fields)                                                                                               \
	X(tool_calls_fields)                                                                                           \
	X(error_fields)                                                                                                \
	X(error_code_fields)                                                                                           \
	X(error_message_fields)                                                                                        \
	X(environment_fields)                                                                                          \
	X(agent_version_fields)                                                                                        \
	X(revision_fields)                                                                                             \
	X(usage_fields)                                                                                                \
	X(input_tokens_fields)                                                                                         \
	X(output_tokens_fields)                                                                                        \
	X(created_at_fields)                                                                                           \
	X(updated_at_fields)                                                                                           \
	X(call_id_fields)                                                                                              \
	X(tool_name_fields)                                                                                            \
	X(namespace_fields)                                                                                            \
	X(args_fields)

struct spelling {
	freshet_sudoiq_names names;
	char *default_namespace;
};

void spelling_free(struct spelling *s)
{
	if (s == NULL)
		return;
#define FREE(field) freshet_mem_free((void *)(uintptr_t)s->names.field);
	LIST_MAP(FREE)
#undef FREE
	freshet_mem_free(s->default_namespace);
	freshet_mem_free(s);
}

static bool copy(struct spelling *s, const freshet_sudoiq_names *given)
{
#define COPY(field)                                                                                                    \
	if (given->field != NULL && (s->names.field = guest_names_copy(given->field)) == NULL)                         \
		return false;
	LIST_MAP(COPY)
#undef COPY
	s->names.max_tool_calls = given->max_tool_calls;
	if (given->default_namespace == NULL)
		return true;
	s->default_namespace = guest_copy(freshet_str_of(given->default_namespace));
	s->names.default_namespace = s->default_namespace;
	return s->default_namespace != NULL;
}

freshet_err spelling_new(const freshet_sudoiq_names *names, struct spelling **out)
{
	freshet_sudoiq_names given;
	*out = NULL;
	if (names == NULL)
		return FRESHET_OK;
	freshet_sudoiq_names_init(&given);
	if (!guest_options(&given, sizeof given, names))
		return FRESHET_EINVAL;
	struct spelling *s = freshet_mem_new(1, sizeof *s);
	if (s == NULL)
		return FRESHET_ENOMEM;
	freshet_sudoiq_names_init(&s->names);
	if (!copy(s, &given)) {
		spelling_free(s);
		return FRESHET_ENOMEM;
	}
	*out = s;
	return FRESHET_OK;
}

const freshet_sudoiq_names *spelling_names(const struct spelling *s)
{
	return s != NULL ? &s->names : NULL;
}
