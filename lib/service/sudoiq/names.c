/*
 * Happy path: each list of the caller's, or its default, is copied; those of members are compiled into one set of fields
 * for each object. A failure on the way gives back what was made.
 */
#include "names.h"

#include "guest/options.h"

#define DEFAULT_NAMESPACE  "main"
#define DEFAULT_TOOL_CALLS 256

/* One static list for each field of the public struct, under the field's name. */
#define DEFAULT_LIST(name, ...) static const char *const default_##name[] = {__VA_ARGS__, NULL};
SUDOIQ_WORD_MAP(DEFAULT_LIST)
SUDOIQ_STATUS_MAP(DEFAULT_LIST)
SUDOIQ_TOOL_CALL_MAP(DEFAULT_LIST)
SUDOIQ_EVENT_MAP(DEFAULT_LIST)
SUDOIQ_FAILURE_MAP(DEFAULT_LIST)
SUDOIQ_CONFLICT_MAP(DEFAULT_LIST)
SUDOIQ_TOKEN_MAP(DEFAULT_LIST)
SUDOIQ_RESOURCE_MAP(DEFAULT_LIST)
#undef DEFAULT_LIST

/* The lists of an object's members, in their order. */
#define CHOSEN(name, ...) given->name != NULL ? given->name : default_##name,
#define COMPILE(object, map)                                                                                           \
	static freshet_err compile_##object(struct sudoiq_names *names, const freshet_sudoiq_names *given)             \
	{                                                                                                              \
		const char *const *const lists[] = {map(CHOSEN)};                                                      \
		return guest_fields_new(lists, sizeof lists / sizeof lists[0], &names->object);                        \
	}
SUDOIQ_OBJECT_MAP(COMPILE)
#undef COMPILE
#undef CHOSEN

static freshet_err copy_words(struct sudoiq_names *names, const freshet_sudoiq_names *given)
{
#define COPY(name, ...)                                                                                                \
	names->name = guest_names_copy(given->name != NULL ? given->name : default_##name);                            \
	if (names->name == NULL)                                                                                       \
		return FRESHET_ENOMEM;
	SUDOIQ_WORD_MAP(COPY)
#undef COPY
	const char *space = given->default_namespace;
	names->default_namespace = guest_copy(freshet_str_of(space != NULL ? space : DEFAULT_NAMESPACE));
	return names->default_namespace != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

void sudoiq_names_clear(struct sudoiq_names *names)
{
#define FREE(name, ...) freshet_mem_free((void *)(uintptr_t)names->name);
	SUDOIQ_WORD_MAP(FREE)
#undef FREE
#define FREE(object, map) guest_fields_free(names->object);
	SUDOIQ_OBJECT_MAP(FREE)
#undef FREE
	freshet_mem_free(names->default_namespace);
	memset(names, 0, sizeof *names);
}

freshet_err sudoiq_names_init(struct sudoiq_names *names, const freshet_sudoiq_names *given)
{
	freshet_sudoiq_names n;
	freshet_sudoiq_names_init(&n);
	memset(names, 0, sizeof *names);
	if (given != NULL && !guest_options(&n, sizeof n, given))
		return FRESHET_EINVAL;
	names->max_tool_calls = n.max_tool_calls != 0 ? n.max_tool_calls : DEFAULT_TOOL_CALLS;
	freshet_err err = copy_words(names, &n);
#define COMPILE(object, map)                                                                                           \
	if (err == FRESHET_OK)                                                                                         \
		err = compile_##object(names, &n);
	SUDOIQ_OBJECT_MAP(COMPILE)
#undef COMPILE
	if (err != FRESHET_OK)
		sudoiq_names_clear(names);
	return err;
}
