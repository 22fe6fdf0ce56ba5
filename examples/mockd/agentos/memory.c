/*
 * What an agent knows when it begins: the prompt with its variables in it, and what was said before, which comes from the
 * session that the server keeps, or from the call.
 */
#include "mockd/agentos/agentos.h"

#include <ctype.h>

/* The value of the variable; NULL when it is not set. */
static const char *find_variable(freshet_str name, const json_t *const *maps, size_t count)
{
	char *key = must_copy_span(name);
	const char *value = NULL;
	for (size_t i = 0; value == NULL && i < count; i++)
		value = json_string_value(json_object_get(maps[i], key));
	free(key);
	return value;
}

/* The name in "{{NAME}}" at the beginning of the text; empty when there is none. */
static freshet_str variable_at(const char *text)
{
	size_t len = 0;
	if (strncmp(text, "{{", 2) != 0)
		return (freshet_str){text, 0};
	while (isalnum((unsigned char)text[2 + len]) || text[2 + len] == '_')
		len++;
	return (freshet_str){text + 2, strncmp(text + 2 + len, "}}", 2) == 0 ? len : 0};
}

char *aos_prompt_fill(const char *prompt, const json_t *const *maps, size_t count)
{
	struct buffer b = {.bytes = NULL};
	while (*prompt != '\0') {
		freshet_str name = variable_at(prompt);
		const char *value = name.len > 0 ? find_variable(name, maps, count) : NULL;
		if (value != NULL)
			buffer_text(&b, value);
		else
			buffer_append(&b, prompt, 1);
		prompt += value != NULL ? name.len + 4 : 1;
	}
	char *filled = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return filled;
}

char *aos_prompts_before(const json_t *history)
{
	struct buffer b = {.bytes = NULL};
	for (size_t i = 0; i < json_array_size(history); i++) {
		const json_t *entry = json_array_get(history, i);
		const char *role = json_string_value(json_object_get(entry, "role"));
		if (role == NULL || strcmp(role, "user") != 0)
			continue;
		if (b.len > 0)
			buffer_text(&b, "\n");
		buffer_text(&b, json_string_value(json_object_get(entry, "content")));
	}
	char *prompts = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return prompts;
}

const json_t *aos_session_history(const struct aos_agent *agent, const char *session)
{
	return json_object_get(agent->sessions, session);
}

void aos_session_add(struct aos_agent *agent, const char *session, const char *role, const char *content)
{
	json_t *history = json_object_get(agent->sessions, session);
	if (history == NULL) {
		history = json_array();
		json_object_set_new(agent->sessions, session, history);
	}
	json_array_append_new(history, json_pack("{s:s, s:s}", "role", role, "content", content));
}
