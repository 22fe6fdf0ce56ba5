/*
 * The registry of tools. A tool is what its namespace and name say; registering it again replaces it in its place.
 */
#include "mockd/sudoiq/sudoiq.h"

static bool is_word(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) > 0;
}

static const char *space_of(const json_t *tool)
{
	const char *space = json_string_value(json_object_get(tool, "namespace"));
	return space != NULL ? space : "main";
}

static const char *name_of(const json_t *tool)
{
	return json_string_value(json_object_get(tool, "name"));
}

static bool is_tool(const json_t *tool, const char *space, const char *name)
{
	return strcmp(name_of(tool), name) == 0 && strcmp(space_of(tool), space) == 0;
}

const json_t *siq_tool_find(const struct siq_tenant *tenant, const char *space, const char *name)
{
	for (size_t i = 0; i < tenant->tools.count; i++) {
		if (is_tool(tenant->tools.items[i].json, space, name))
			return tenant->tools.items[i].json;
	}
	return NULL;
}

json_t *siq_tool_put(struct siq *s, struct siq_tenant *tenant, json_t *tool)
{
	struct siq_item *item = NULL;
	json_t *now = siq_time(siq_wall_us(s));
	json_t *description = json_object_get(tool, "description");
	for (size_t i = 0; i < tenant->tools.count && item == NULL; i++) {
		if (is_tool(tenant->tools.items[i].json, space_of(tool), name_of(tool)))
			item = &tenant->tools.items[i];
	}
	json_t *created = item != NULL ? json_incref(json_object_get(item->json, "created_at")) : json_incref(now);
	if (item == NULL)
		item = siq_list_add(s, &tenant->tools, NULL);
	json_decref(item->json);
	item->json = json_pack("{s:o, s:s, s:s, s:O, s:O, s:o, s:o}", "id", siq_id(s, (json_int_t)item->serial), "name",
		name_of(tool), "namespace", space_of(tool), "description", description, "schema_data",
		json_object_get(tool, "schema_data"), "created_at", created, "updated_at", now);
	json_decref(tool);
	return item->json;
}

/* What is wrong with the schema; NULL: nothing. */
static const char *schema_fault(const json_t *schema)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required");
	const json_t *type = json_object_get(schema, "type");
	size_t i;
	json_t *name;
	if (!json_is_object(schema) || (properties != NULL && !json_is_object(properties)) ||
		(required != NULL && !json_is_array(required)))
		return "schema_data must be an object with properties and required";
	if (type != NULL && (!json_is_string(type) || strcmp(json_string_value(type), "object") != 0))
		return "schema_data must be of the type object";
	json_array_foreach(required, i, name)
	{
		if (!json_is_string(name) || json_object_get(properties, json_string_value(name)) == NULL)
			return "required names no property";
	}
	return NULL;
}

/* What is wrong with the i-th tool; NULL: nothing. */
static const char *tool_fault(const json_t *tools, size_t i)
{
	const json_t *tool = json_array_get(tools, i);
	const json_t *space = json_object_get(tool, "namespace");
	if (!is_word(json_object_get(tool, "name")) || (space != NULL && !is_word(space)))
		return "name and namespace must be texts";
	if (!json_is_string(json_object_get(tool, "description")))
		return "description must be a text";
	for (size_t j = 0; j < i; j++) {
		if (is_tool(json_array_get(tools, j), space_of(tool), name_of(tool)))
			return "a tool is there twice";
	}
	return schema_fault(json_object_get(tool, "schema_data"));
}

void siq_tools_register(struct siq_request *q)
{
	const json_t *tools = json_object_get(q->body, "tools");
	const char *fault = json_array_size(tools) > 0 ? NULL : "tools must be an array with something in it";
	for (size_t i = 0; i < json_array_size(tools) && fault == NULL; i++)
		fault = tool_fault(tools, i);
	if (fault != NULL) {
		siq_fail(q, 422, "validation_error", "%s", fault);
		return;
	}
	json_t *done = json_array();
	for (size_t i = 0; i < json_array_size(tools); i++)
		json_array_append(done, siq_tool_put(q->siq, q->tenant, json_incref(json_array_get(tools, i))));
	if (!q->siq->table->bare_lists) {
		siq_answer(q, 201, json_pack("{s:o}", "tools", done));
		return;
	}
	json_decref(done);
	siq_answer(q, 204, NULL);
}

static bool is_of_space(const json_t *tool, const void *space)
{
	return space == NULL || strcmp(space_of(tool), space) == 0;
}

void siq_tools_list(struct siq_request *q)
{
	char *space = request_query(q->request, "namespace");
	siq_answer_page(q, &q->tenant->tools, "tools", is_of_space, space);
	free(space);
}

void siq_tools_delete(struct siq_request *q)
{
	struct siq_list *tools = &q->tenant->tools;
	for (size_t i = 0; i < tools->count; i++) {
		if (!is_tool(tools->items[i].json, q->space, q->name))
			continue;
		siq_list_remove(tools, i);
		if (q->siq->table->bare_lists)
			siq_answer(q, 200, json_pack("{s:b}", "deleted", 1));
		else
			siq_answer(q, 204, NULL);
		return;
	}
	siq_fail(q, 404, "tool_not_found", "there is no tool %s/%s", q->space, q->name);
}
