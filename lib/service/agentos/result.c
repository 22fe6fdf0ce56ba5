#include "result.h"

#include "guest/names.h"

/* Of one list: a short answer may hold very many, and each takes more memory than its text. */
#define APPROVALS_MAX 100000

/* The first error of several. */
static void note(freshet_err *err, freshet_err other)
{
	if (*err == FRESHET_OK)
		*err = other;
}

/* ---- results ---- */

static freshet_agentos_status status_of(const struct agentos_hosted *h, freshet_str name)
{
	for (int i = FRESHET_AGENTOS_STATUS_RUNNING; i < FRESHET_AGENTOS_STATUS_PAUSED; i++)
		if (guest_names_have(h->statuses[i], name))
			return (freshet_agentos_status)i;
	return FRESHET_AGENTOS_STATUS_UNKNOWN;
}

/* Of an answer without a word for it. */
static freshet_agentos_status status_of_http(int http_status)
{
	return http_status == 202 ? FRESHET_AGENTOS_STATUS_PAUSED : FRESHET_AGENTOS_STATUS_COMPLETED;
}

static void take_output(const freshet_json_value *output, freshet_json_scratch *scratch, freshet_agentos_result *result,
	freshet_err *err)
{
	if (output->type == FRESHET_JSON_MISSING)
		return;
	result->output = output->raw;
	if (output->type == FRESHET_JSON_STRING)
		note(err, freshet_json_string(output, scratch, &result->output_text));
}

static void take_usage(const freshet_json_value *v, freshet_agentos_result *result, freshet_err *err)
{
	result->has_usage = !guest_absent(&v[RESULT_INPUT_TOKENS]) || !guest_absent(&v[RESULT_OUTPUT_TOKENS]);
	note(err, guest_take_int(&v[RESULT_INPUT_TOKENS], &result->input_tokens));
	note(err, guest_take_int(&v[RESULT_OUTPUT_TOKENS], &result->output_tokens));
}

freshet_err hosted_result_read(const struct agentos_hosted *h, freshet_json_scratch *scratch,
	const freshet_json_value *data, int http_status, freshet_agentos_result *result)
{
	freshet_json_value v[RESULT_FIELDS];
	memset(result, 0, sizeof *result);
	freshet_err err = guest_fields_pick(h->result, data->raw, v, NULL);
	if (err != FRESHET_OK)
		return err;
	result->raw = data->raw;
	/* Data that has no members is the output itself. */
	if (data->type != FRESHET_JSON_OBJECT)
		v[RESULT_OUTPUT] = *data;
	note(&err, guest_take_id(&v[RESULT_RUN_ID], scratch, &result->run_id));
	note(&err, guest_take_str(&v[RESULT_STATUS], scratch, &result->status_name));
	take_output(&v[RESULT_OUTPUT], scratch, result, &err);
	note(&err, guest_take_id(&v[RESULT_APPROVAL_ID], scratch, &result->approval_id));
	note(&err, guest_take_id(&v[RESULT_QUESTION_ID], scratch, &result->question_id));
	note(&err, guest_absent(&v[RESULT_QUESTION_TEXT])
			   ? FRESHET_OK
			   : guest_take_any(&v[RESULT_QUESTION_TEXT], scratch, &result->question));
	note(&err, guest_absent(&v[RESULT_ERROR_MESSAGE])
			   ? FRESHET_OK
			   : guest_take_any(&v[RESULT_ERROR_MESSAGE], scratch, &result->error_message));
	take_usage(v, result, &err);
	bool has_status = result->status_name.len > 0;
	result->status = has_status ? status_of(h, result->status_name) : status_of_http(http_status);
	return err;
}

/* ---- events ---- */

static freshet_agentos_event_type type_of(const struct agentos_hosted *h, freshet_str name)
{
	for (int i = FRESHET_AGENTOS_EVENT_START; i < TYPE_COUNT; i++)
		if (guest_names_have(h->types[i], name))
			return (freshet_agentos_event_type)i;
	return FRESHET_AGENTOS_EVENT_UNKNOWN;
}

bool hosted_event_is_mark(const struct agentos_hosted *h, freshet_str data)
{
	return guest_names_have(h->end_marks, data);
}

bool hosted_event_is_last(const freshet_agentos_event *event)
{
	return event->type >= FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL;
}

static void take_tool(
	const freshet_json_value *v, freshet_json_scratch *scratch, freshet_agentos_event *event, freshet_err *err)
{
	note(err, guest_take_str(&v[EVENT_TOOL], scratch, &event->tool));
	if (event->type != FRESHET_AGENTOS_EVENT_TOOL_RESULT) {
		guest_take_raw(&v[EVENT_INPUT], &event->input);
		return;
	}
	guest_take_raw(&v[EVENT_OUTPUT], &event->output);
	event->is_error = !guest_absent(&v[EVENT_TOOL_ERROR]);
	if (event->is_error)
		note(err, guest_take_any(&v[EVENT_TOOL_ERROR], scratch, &event->message));
}

/* What the type has of its own, beside what all may have. */
static freshet_err take_members(
	const freshet_json_value *v, freshet_json_scratch *scratch, freshet_agentos_event *event)
{
	freshet_err err = FRESHET_OK;
	switch (event->type) {
	case FRESHET_AGENTOS_EVENT_CHUNK: note(&err, guest_take_str(&v[EVENT_TEXT], scratch, &event->text)); break;
	case FRESHET_AGENTOS_EVENT_TOOL_CALL:
	case FRESHET_AGENTOS_EVENT_TOOL_RESULT:
	case FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL: take_tool(v, scratch, event, &err); break;
	case FRESHET_AGENTOS_EVENT_ERROR:
		note(&err, guest_take_id(&v[EVENT_CODE], scratch, &event->code));
		if (!guest_absent(&v[EVENT_MESSAGE]))
			note(&err, guest_take_any(&v[EVENT_MESSAGE], scratch, &event->message));
		break;
	case FRESHET_AGENTOS_EVENT_UNKNOWN:
	case FRESHET_AGENTOS_EVENT_START:
	case FRESHET_AGENTOS_EVENT_AWAITING_INPUT:
	case FRESHET_AGENTOS_EVENT_DONE: break;
	}
	return err;
}

/* The result that an event of this type tells, where the data does not say. */
static void settle_status(freshet_agentos_event *event)
{
	freshet_agentos_result *result = &event->result;
	if (event->type == FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL)
		result->status = FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL;
	else if (event->type == FRESHET_AGENTOS_EVENT_AWAITING_INPUT)
		result->status = FRESHET_AGENTOS_STATUS_AWAITING_INPUT;
	else if (event->type == FRESHET_AGENTOS_EVENT_ERROR)
		result->status = FRESHET_AGENTOS_STATUS_FAILED;
	else if (event->type != FRESHET_AGENTOS_EVENT_DONE)
		result->status = FRESHET_AGENTOS_STATUS_RUNNING;
}

/* Of an event that goes on nothing but the run counts, and nothing else need be right. */
static freshet_err take_result(const struct agentos_hosted *h, freshet_json_scratch *scratch,
	const freshet_json_value *data, freshet_agentos_event *event)
{
	freshet_err err = hosted_result_read(h, scratch, data, 200, &event->result);
	if (!hosted_event_is_last(event)) {
		event->result = (freshet_agentos_result){.raw = data->raw, .run_id = event->result.run_id};
		err = err == FRESHET_ENOMEM ? err : FRESHET_OK;
	}
	settle_status(event);
	return err;
}

static freshet_err unreadable(freshet_agentos_event *event, freshet_err err, size_t position)
{
	const freshet_agentos_event bare = {.raw = event->raw, .type_name = event->type_name, .err = err};
	*event = bare;
	event->position = position;
	return err == FRESHET_ENOMEM ? err : FRESHET_OK;
}

freshet_err hosted_event_read(const struct agentos_hosted *h, freshet_json_scratch *scratch, freshet_str data,
	freshet_str name, freshet_agentos_event *event)
{
	freshet_json_value v[EVENT_FIELDS], whole;
	size_t position = 0;
	*event = (freshet_agentos_event){.raw = data, .type_name = name};
	freshet_err err = guest_fields_pick(h->event, data, v, &position);
	if (err == FRESHET_OK)
		err = freshet_json_read(data, &whole, &position);
	if (err == FRESHET_OK && whole.type != FRESHET_JSON_OBJECT)
		err = FRESHET_EJSON_TYPE;
	if (err != FRESHET_OK)
		return unreadable(event, err, position);
	if (!guest_absent(&v[EVENT_TYPE]))
		err = guest_take_str(&v[EVENT_TYPE], scratch, &event->type_name);
	event->type = type_of(h, event->type_name);
	if (err == FRESHET_OK)
		err = take_members(v, scratch, event);
	if (err == FRESHET_OK)
		err = take_result(h, scratch, &whole, event);
	return err != FRESHET_OK ? unreadable(event, err, 0) : FRESHET_OK;
}

/* ---- approvals ---- */

static freshet_err approval_read(const struct agentos_hosted *h, freshet_json_scratch *scratch,
	const freshet_json_value *value, freshet_agentos_approval *approval)
{
	freshet_json_value v[APPROVAL_FIELDS];
	freshet_err err = value->type == FRESHET_JSON_OBJECT ? FRESHET_OK : FRESHET_EJSON_TYPE;
	note(&err, guest_fields_pick(h->approval, value->raw, v, NULL));
	if (err != FRESHET_OK)
		return err;
	approval->raw = value->raw;
	note(&err, guest_take_id(&v[APPROVAL_ID], scratch, &approval->id));
	note(&err, guest_take_id(&v[APPROVAL_RUN_ID], scratch, &approval->run_id));
	note(&err, guest_take_id(&v[APPROVAL_AGENT_ID], scratch, &approval->agent_id));
	note(&err, guest_take_str(&v[APPROVAL_TOOL], scratch, &approval->tool));
	guest_take_raw(&v[APPROVAL_INPUT], &approval->input);
	note(&err, guest_take_str(&v[APPROVAL_STATUS], scratch, &approval->status));
	note(&err, guest_take_id(&v[APPROVAL_EXPIRES], scratch, &approval->expires_at));
	/* Without it nobody could decide. */
	note(&err, approval->id.len > 0 ? FRESHET_OK : FRESHET_EJSON_MISSING);
	return err;
}

static size_t count_of(const freshet_json_value *array)
{
	freshet_json_each each;
	freshet_json_value value;
	size_t count = 0;
	freshet_json_each_begin(&each, array);
	while (freshet_json_each_next(&each, NULL, &value))
		count++;
	return count;
}

freshet_err hosted_approvals_read(const struct agentos_hosted *h, freshet_json_scratch *scratch,
	const freshet_json_value *data, freshet_agentos_approval **out, size_t *count)
{
	freshet_json_each each;
	freshet_json_value list = *data, value;
	freshet_err err = FRESHET_OK;
	*out = NULL;
	*count = 0;
	if (data->type == FRESHET_JSON_OBJECT)
		err = guest_fields_pick(h->approvals, data->raw, &list, NULL);
	if (err != FRESHET_OK || list.type != FRESHET_JSON_ARRAY)
		return err != FRESHET_OK ? err : guest_absent(&list) ? FRESHET_EJSON_MISSING : FRESHET_EJSON_TYPE;
	size_t total = count_of(&list);
	if (total > APPROVALS_MAX)
		return FRESHET_EJSON_SIZE;
	freshet_agentos_approval *approvals = total > 0 ? freshet_mem_new(total, sizeof *approvals) : NULL;
	if (total > 0 && approvals == NULL)
		return FRESHET_ENOMEM;
	freshet_json_each_begin(&each, &list);
	for (size_t i = 0; i < total && err == FRESHET_OK && freshet_json_each_next(&each, NULL, &value); i++)
		err = approval_read(h, scratch, &value, &approvals[i]);
	if (err != FRESHET_OK) {
		freshet_mem_free(approvals);
		return err;
	}
	*out = approvals;
	*count = total;
	return FRESHET_OK;
}

freshet_str hosted_decision_read(
	const struct agentos_hosted *h, freshet_json_scratch *scratch, const freshet_json_value *data)
{
	freshet_json_value v[APPROVAL_FIELDS];
	freshet_str status = {NULL, 0};
	if (data->type == FRESHET_JSON_OBJECT && guest_fields_pick(h->approval, data->raw, v, NULL) == FRESHET_OK)
		(void)guest_take_str(&v[APPROVAL_STATUS], scratch, &status);
	return status;
}
