#include "answers.h"

/* ---- writing ---- */

freshet_json_writer *sudoiq_answers_begin(
	struct sudoiq_ask *ask, freshet_sudoiq *client, freshet_str agent_id, int64_t task_id)
{
	sudoiq_ask_begin(ask, client, ROUTE_tool_responses);
	sudoiq_ask_task(ask, agent_id, task_id);
	/* The service knows answers that it has by their calls. */
	ask->again = GUEST_AGAIN_ANY;
	freshet_json_writer *writer = sudoiq_ask_body(ask);
	if (writer == NULL)
		return NULL;
	freshet_json_write_object(writer);
	guest_write(writer, "agent_id", agent_id);
	freshet_json_write_key(writer, "task_id");
	freshet_json_write_int64(writer, task_id);
	freshet_json_write_key(writer, "responses");
	freshet_json_write_array(writer);
	return writer;
}

void sudoiq_answers_add(freshet_json_writer *writer, const struct sudoiq_settings *settings,
	const freshet_sudoiq_tool_result *result, const char *telemetry)
{
	freshet_json_write_object(writer);
	guest_write(writer, "call_id", result->call_id);
	guest_write(writer, "name", result->name);
	guest_write(writer, "namespace", result->space);
	guest_write(writer, "result", result->result);
	if (!settings->omit_is_error) {
		freshet_json_write_key(writer, "is_error");
		freshet_json_write_bool(writer, result->is_error);
	}
	if (telemetry != NULL) {
		freshet_json_write_key(writer, "telemetry");
		freshet_json_write_raw(writer, freshet_str_of(telemetry));
	}
	freshet_json_write_end(writer);
}

void sudoiq_answers_end(freshet_json_writer *writer)
{
	freshet_json_write_end(writer);
	freshet_json_write_end(writer);
}

freshet_sudoiq_tool_result sudoiq_answer_of(const struct sudoiq_pending *p)
{
	return (freshet_sudoiq_tool_result){
		p->call_id, p->name, p->space, sudoiq_pending_answer(p), sudoiq_pending_failed(p)};
}

/* ---- what the service says ---- */

/* With or without ERROR_CODE_ ahead. */
static bool says_already(const freshet_sudoiq *client, freshet_str code)
{
	static const char ahead[] = "ERROR_CODE_";
	const size_t len = sizeof ahead - 1;
	freshet_str head = {code.ptr, code.len < len ? code.len : len};
	if (guest_names_have(client->names.already_submitted_codes, code))
		return true;
	return guest_name_is(head, ahead) &&
	       guest_names_have(client->names.already_submitted_codes, (freshet_str){code.ptr + len, code.len - len});
}

struct sudoiq_verdict sudoiq_verdict_read(
	const freshet_sudoiq *client, const freshet_response *response, const freshet_sudoiq_error *error)
{
	struct sudoiq_verdict verdict = {.good = error == NULL};
	union sudoiq_conflict_values v;
	if (error == NULL || error->outcome.http_status != 409 || !says_already(client, error->code))
		return verdict;
	verdict.good = verdict.already = true;
	if (guest_fields_pick(client->names.conflict, response->body, v.picked, NULL) == FRESHET_OK) {
		verdict.calls = v.members.failure_call_ids_fields;
		verdict.named = verdict.calls.type == FRESHET_JSON_ARRAY;
	}
	return verdict;
}

bool sudoiq_verdict_has(const struct sudoiq_verdict *verdict, freshet_str call_id)
{
	freshet_json_each each;
	freshet_json_value id;
	if (!verdict->good || !verdict->named)
		return verdict->good;
	freshet_json_each_begin(&each, &verdict->calls);
	while (freshet_json_each_next(&each, NULL, &id))
		/* An id that is a number is known by its digits. */
		if (freshet_json_equals(&id, call_id) ||
			(id.type == FRESHET_JSON_NUMBER && freshet_str_equal(id.raw, call_id)))
			return true;
	return false;
}

/* ---- copies ---- */

size_t sudoiq_results_size(const freshet_sudoiq_tool_result *results, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += results[i].call_id.len + results[i].name.len + results[i].space.len + results[i].result.len;
	return size;
}

void sudoiq_results_move(freshet_sudoiq_tool_result *results, size_t count, char *to)
{
	for (size_t i = 0; i < count; i++) {
		freshet_str *const spans[] = {
			&results[i].call_id, &results[i].name, &results[i].space, &results[i].result};
		for (size_t k = 0; k < sizeof spans / sizeof spans[0]; k++)
			*spans[k] = guest_put(&to, *spans[k]);
	}
}
