/*
 * Validators of output: a name and a JSON Schema.
 */
#include "resource.h"

#define T freshet_sudoiq_validator
#define VALIDATOR(P, N)                                                                                                \
	N(ID, object_id_fields, id)                                                                                    \
	P(STR, "name", name)                                                                                           \
	P(RAW, "json_schema", json_schema)
SUDOIQ_KIND(validator, VALIDATOR, NULL);
#undef T

static void deliver_validators(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const struct sudoiq_found *found)
{
	((freshet_sudoiq_validator_fn *)call->done)(
		call, error, found->objects, found->count, found->next_cursor, call->user);
}

SUDOIQ_ANSWER(answered_upsert, SUDOIQ_FORM_TAKEN, &validator_kind, deliver_validators)
SUDOIQ_ANSWER(answered_list, SUDOIQ_FORM_LIST, &validator_kind, deliver_validators)
SUDOIQ_ANSWER(answered_get, SUDOIQ_FORM_ONE, &validator_kind, deliver_validators)

/* A schema is an object, or true (everything is valid) or false (nothing is). */
static freshet_err check_schema(freshet_str schema)
{
	freshet_json_value value;
	freshet_err err = freshet_json_read(schema, &value, NULL);
	bool good = value.type == FRESHET_JSON_OBJECT || value.type == FRESHET_JSON_BOOL;
	return err == FRESHET_OK && !good ? FRESHET_EINVAL : err;
}

static void write_schema(struct sudoiq_ask *ask, const freshet_sudoiq_schema *schema)
{
	sudoiq_resource_need(ask, schema->name);
	sudoiq_ask_fail(ask, check_schema(schema->json_schema));
	freshet_json_write_object(ask->writer);
	sudoiq_resource_str(ask, "name", schema->name);
	freshet_json_write_key(ask->writer, "json_schema");
	freshet_json_write_raw(ask->writer, schema->json_schema);
	freshet_json_write_end(ask->writer);
}

freshet_err freshet_sudoiq_upsert_validators(freshet_sudoiq *client, const freshet_sudoiq_schema *schemas, size_t count,
	freshet_sudoiq_validator_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_validators_upsert);
	if (schemas == NULL || count == 0)
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	if (ask.err == FRESHET_OK && sudoiq_ask_body(&ask) != NULL) {
		freshet_json_write_object(ask.writer);
		freshet_json_write_key(ask.writer, "validators");
		freshet_json_write_array(ask.writer);
		for (size_t i = 0; i < count; i++)
			write_schema(&ask, &schemas[i]);
		freshet_json_write_end(ask.writer);
		freshet_json_write_end(ask.writer);
	}
	return sudoiq_resource_send(&ask, answered_upsert, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_list_validators(freshet_sudoiq *client, const freshet_sudoiq_page *page,
	freshet_sudoiq_validator_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_validators_list);
	sudoiq_resource_page(&ask, page);
	return sudoiq_resource_send(&ask, answered_list, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_get_validator(freshet_sudoiq *client, freshet_str id, freshet_sudoiq_validator_fn *done,
	void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_validators_get);
	sudoiq_resource_value(&ask, "validator_id", id);
	return sudoiq_resource_send(&ask, answered_get, (sudoiq_any_fn *)done, user, out);
}
