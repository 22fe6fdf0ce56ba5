/*
 * The tools that the service knows of: registered, listed, deleted.
 *
 * What can be seen to be wrong is refused before anything is sent: names, name spaces, the same tool twice, a schema that
 * asks for what it does not describe.
 */
#include "resource.h"

/* The most that the service takes. */
#define NAME_MAX_LENGTH 64

/* ---- as they are read ---- */

#define T freshet_sudoiq_registered
#define REGISTERED(P, N)                                                                                               \
	N(ID, object_id_fields, id)                                                                                    \
	P(STR, "name", name)                                                                                           \
	P(STR, "namespace", space)                                                                                     \
	P(STR, "description", description)                                                                             \
	P(RAW, "schema_data", schema)                                                                                  \
	N(STR, object_created_at_fields, created_at)                                                                   \
	N(STR, object_updated_at_fields, updated_at)
SUDOIQ_KIND(registered, REGISTERED, NULL);
#undef T

static void deliver_tools(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const struct sudoiq_found *found)
{
	((freshet_sudoiq_registered_fn *)call->done)(
		call, error, found->objects, found->count, found->next_cursor, call->user);
}

SUDOIQ_ANSWER(answered_register, SUDOIQ_FORM_TAKEN, &registered_kind, deliver_tools)
SUDOIQ_ANSWER(answered_list, SUDOIQ_FORM_LIST, &registered_kind, deliver_tools)

/* ---- checks ---- */

static bool is_name_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == '-';
}

static bool is_name(freshet_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_character(name.ptr[i]))
			return false;
	return name.len > 0 && name.len <= NAME_MAX_LENGTH;
}

static bool is_same(const freshet_sudoiq_definition *a, const freshet_sudoiq_definition *b)
{
	return freshet_str_equal(a->name, b->name) && freshet_str_equal(a->space, b->space);
}

static bool names_are_good(const freshet_sudoiq_register_options *o)
{
	for (size_t i = 0; i < o->count; i++) {
		if (!is_name(o->tools[i].name) || o->tools[i].space.len == 0)
			return false;
		for (size_t k = 0; k < i; k++)
			if (is_same(&o->tools[i], &o->tools[k]))
				return false;
	}
	return true;
}

static bool has_member(const freshet_json_value *object, freshet_str name)
{
	freshet_json_each each;
	freshet_json_value key, value;
	freshet_json_each_begin(&each, object);
	while (freshet_json_each_next(&each, &key, &value))
		if (freshet_json_equals(&key, name))
			return true;
	return false;
}

/* A schema that the caller brings: what it requires must be among its properties. */
static freshet_err check_schema(freshet_str schema, freshet_json_scratch *scratch)
{
	FRESHET_JSON_PLAN(plan, "properties", "required");
	freshet_json_value values[2], element;
	freshet_json_each each;
	freshet_str name;
	freshet_err err = freshet_json_pick(&plan, schema, values, NULL);
	if (err != FRESHET_OK || guest_absent(&values[1]))
		return err;
	if (values[1].type != FRESHET_JSON_ARRAY)
		return FRESHET_EINVAL;
	freshet_json_each_begin(&each, &values[1]);
	while (err == FRESHET_OK && freshet_json_each_next(&each, NULL, &element)) {
		err = freshet_json_string(&element, scratch, &name);
		if (err == FRESHET_EJSON_TYPE || (err == FRESHET_OK && !has_member(&values[0], name)))
			err = FRESHET_EINVAL;
	}
	return err;
}

static freshet_err check_properties(const freshet_sudoiq_definition *tool)
{
	if (tool->properties == NULL && tool->property_count > 0)
		return FRESHET_EINVAL;
	for (size_t i = 0; i < tool->property_count; i++) {
		if (tool->properties[i].name.len == 0)
			return FRESHET_EINVAL;
		for (size_t k = 0; k < i; k++)
			if (freshet_str_equal(tool->properties[i].name, tool->properties[k].name))
				return FRESHET_EINVAL;
	}
	return FRESHET_OK;
}

/* ---- as they are sent ---- */

/* The same name twice in one object means something else to everybody who reads it. */
static bool is_double(const freshet_sudoiq_property *property, freshet_str name)
{
	return (property->type.ptr != NULL && freshet_str_is(name, "type")) ||
	       (property->description.ptr != NULL && freshet_str_is(name, "description"));
}

static void write_more(struct sudoiq_ask *ask, const freshet_sudoiq_property *property, freshet_json_scratch *scratch)
{
	freshet_json_each each;
	freshet_json_value value, key;
	freshet_str name = {NULL, 0};
	freshet_err err = freshet_json_read(property->more, &value, NULL);
	if (err == FRESHET_OK && value.type != FRESHET_JSON_OBJECT)
		err = FRESHET_EINVAL;
	if (err == FRESHET_OK)
		freshet_json_each_begin(&each, &value);
	while (err == FRESHET_OK && freshet_json_each_next(&each, &key, &value)) {
		err = freshet_json_string(&key, scratch, &name);
		if (err == FRESHET_OK && is_double(property, name))
			err = FRESHET_EINVAL;
		freshet_json_write_key_str(ask->writer, name);
		freshet_json_write_raw(ask->writer, value.raw);
	}
	sudoiq_ask_fail(ask, err);
}

static void write_property(
	struct sudoiq_ask *ask, const freshet_sudoiq_property *property, freshet_json_scratch *scratch)
{
	freshet_json_write_key_str(ask->writer, property->name);
	freshet_json_write_object(ask->writer);
	sudoiq_resource_str(ask, "type", property->type);
	sudoiq_resource_str(ask, "description", property->description);
	if (property->more.len > 0)
		write_more(ask, property, scratch);
	freshet_json_write_end(ask->writer);
}

static void write_schema(
	struct sudoiq_ask *ask, const freshet_sudoiq_definition *tool, bool with_type, freshet_json_scratch *scratch)
{
	freshet_json_write_object(ask->writer);
	if (with_type)
		sudoiq_resource_str(ask, "type", freshet_str_of("object"));
	freshet_json_write_key(ask->writer, "properties");
	freshet_json_write_object(ask->writer);
	for (size_t i = 0; i < tool->property_count; i++)
		write_property(ask, &tool->properties[i], scratch);
	freshet_json_write_end(ask->writer);
	freshet_json_write_key(ask->writer, "required");
	freshet_json_write_array(ask->writer);
	for (size_t i = 0; i < tool->property_count; i++)
		if (tool->properties[i].required)
			freshet_json_write_string(ask->writer, tool->properties[i].name);
	freshet_json_write_end(ask->writer);
	freshet_json_write_end(ask->writer);
}

static void write_tool(
	struct sudoiq_ask *ask, const freshet_sudoiq_definition *tool, const freshet_sudoiq_register_options *o)
{
	freshet_json_scratch scratch;
	freshet_json_scratch_init(&scratch, NULL, 0);
	freshet_json_write_object(ask->writer);
	sudoiq_resource_str(ask, "name", tool->name);
	sudoiq_resource_str(ask, "namespace", tool->space);
	sudoiq_resource_str(ask, "description", tool->description.ptr != NULL ? tool->description : freshet_str_of(""));
	freshet_json_write_key(ask->writer, "schema_data");
	if (tool->schema.len > 0) {
		if (!o->lenient)
			sudoiq_ask_fail(ask, check_schema(tool->schema, &scratch));
		sudoiq_resource_object(ask, tool->schema);
	} else {
		sudoiq_ask_fail(ask, check_properties(tool));
		if (ask->err == FRESHET_OK)
			write_schema(ask, tool, !o->omit_schema_type, &scratch);
	}
	freshet_json_write_end(ask->writer);
	freshet_json_scratch_clear(&scratch);
}

freshet_err freshet_sudoiq_register_tools(freshet_sudoiq *client, const freshet_sudoiq_register_options *options,
	freshet_sudoiq_registered_fn *done, void *user, freshet_sudoiq_call **out)
{
	freshet_sudoiq_register_options o;
	struct sudoiq_ask ask;
	freshet_sudoiq_register_options_init(&o);
	sudoiq_ask_begin(&ask, client, ROUTE_tools_register);
	if (!guest_options(&o, sizeof o, options) || o.tools == NULL || o.count == 0)
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	if (ask.err == FRESHET_OK && !o.lenient && !names_are_good(&o))
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	if (ask.err == FRESHET_OK && sudoiq_ask_body(&ask) != NULL) {
		freshet_json_write_object(ask.writer);
		freshet_json_write_key(ask.writer, "tools");
		freshet_json_write_array(ask.writer);
		for (size_t i = 0; i < o.count && ask.err == FRESHET_OK; i++)
			write_tool(&ask, &o.tools[i], &o);
		freshet_json_write_end(ask.writer);
		freshet_json_write_end(ask.writer);
	}
	if (o.repeatable)
		ask.again = GUEST_AGAIN_ANY;
	return sudoiq_resource_send(&ask, answered_register, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_get_tools(freshet_sudoiq *client, freshet_str space, const freshet_sudoiq_page *page,
	freshet_sudoiq_registered_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_tools_list);
	if (page != NULL && page->limit > client->settings.max_page)
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	if (space.len > 0)
		sudoiq_ask_query(&ask, "namespace", space);
	sudoiq_resource_page(&ask, page);
	return sudoiq_resource_send(&ask, answered_list, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_delete_tool(freshet_sudoiq *client, freshet_str space, freshet_str name, bool must_exist,
	freshet_sudoiq_deleted_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_tools_delete);
	sudoiq_resource_value(&ask, "namespace", space);
	sudoiq_resource_value(&ask, "name", name);
	return sudoiq_resource_delete(&ask, must_exist, done, user, out);
}
