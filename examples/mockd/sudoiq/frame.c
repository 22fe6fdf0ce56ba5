/*
 * What a run's stream is made of: snapshots, which have an id and are its state in full, and other events. A frame is
 * written once and shared by the run, which holds it for those who come back, and by whoever is sending it.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <inttypes.h>

static json_t *call_json(const struct siq *s, const struct siq_tool_call *call)
{
	json_t *json = json_object();
	siq_set(s, json, SIQ_FIELD_CALL_ID, json_string(call->id));
	siq_set(s, json, SIQ_FIELD_NAME, json_string(call->name));
	siq_set(s, json, SIQ_FIELD_NAMESPACE, json_string(call->space));
	siq_set(s, json, SIQ_FIELD_ARGS,
		s->table->text_ids ? json_string(call->args)
				   : json_loads(call->args, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
	return json;
}

static json_t *open_calls_json(const struct siq_run *run)
{
	json_t *calls = json_array();
	for (size_t i = run->round_first; run->status == SIQ_AWAITING && i < run->call_count; i++) {
		if (!run->calls[i].accepted)
			json_array_append_new(calls, call_json(run->siq, &run->calls[i]));
	}
	return calls;
}

static json_t *error_json(const struct siq_run *run)
{
	if (run->code == NULL)
		return json_null();
	json_t *error = json_object();
	siq_set(run->siq, error, SIQ_FIELD_ERROR_CODE, json_string(run->code));
	siq_set(run->siq, error, SIQ_FIELD_ERROR_MESSAGE, json_string(run->message));
	return error;
}

static json_t *usage_json(const struct siq_run *run)
{
	json_t *usage = json_object();
	siq_set(run->siq, usage, SIQ_FIELD_INPUT_TOKENS, json_integer((json_int_t)run->input_tokens));
	siq_set(run->siq, usage, SIQ_FIELD_OUTPUT_TOKENS, json_integer((json_int_t)run->output_tokens));
	return usage;
}

const char *siq_status_shown(const struct siq_run *run)
{
	static const enum siq_name names[] = {[SIQ_QUEUED] = SIQ_STATUS_QUEUED,
		[SIQ_RUNNING] = SIQ_STATUS_RUNNING,
		[SIQ_AWAITING] = SIQ_STATUS_AWAITING,
		[SIQ_COMPLETED] = SIQ_STATUS_COMPLETED,
		[SIQ_FAILED] = SIQ_STATUS_FAILED,
		[SIQ_CANCELLED] = SIQ_STATUS_CANCELLED,
		[SIQ_TIMED_OUT] = SIQ_STATUS_TIMED_OUT};
	return siq_name(run->siq, names[run->status]);
}

static json_t *status_json(const struct siq_run *run)
{
	const struct siq *s = run->siq;
	json_t *json = json_object();
	siq_set(s, json, SIQ_FIELD_AGENT_ID, json_string(run->agent->id));
	siq_set(s, json, SIQ_FIELD_TASK_ID, siq_id(s, run->task));
	siq_set(s, json, SIQ_FIELD_STATUS, json_string(siq_status_shown(run)));
	siq_set(s, json, SIQ_FIELD_REVISION, json_integer(run->revision));
	siq_set(s, json, SIQ_FIELD_TOOL_CALLS, open_calls_json(run));
	siq_set(s, json, SIQ_FIELD_RESULT,
		run->result != NULL ? json_loads(run->result, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : json_null());
	siq_set(s, json, SIQ_FIELD_ERROR, error_json(run));
	siq_set(s, json, SIQ_FIELD_ENVIRONMENT, json_string(run->environment));
	siq_set(s, json, SIQ_FIELD_AGENT_VERSION, json_integer(run->version));
	siq_set(s, json, SIQ_FIELD_USAGE, usage_json(run));
	siq_set(s, json, SIQ_FIELD_CREATED_AT, siq_time(run->created_us));
	siq_set(s, json, SIQ_FIELD_UPDATED_AT, siq_time(run->updated_us));
	return json;
}

/* Puts the parts together; the data is given up. */
static struct siq_frame *frame_new(const char *id_line, const char *event, json_t *data)
{
	char *text = siq_text(data);
	struct buffer b = {.bytes = NULL};
	buffer_format(&b, "%sevent: %s\ndata: ", id_line, event);
	uint32_t data_at = (uint32_t)b.len;
	buffer_text(&b, text);
	buffer_text(&b, "\n\n");
	free(text);
	json_decref(data);
	struct siq_frame *f = must_alloc(sizeof *f + b.len);
	*f = (struct siq_frame){
		.users = 1, .id_len = (uint32_t)strlen(id_line), .data_at = data_at, .len = (uint32_t)b.len};
	memcpy(f->text, b.bytes, b.len);
	buffer_clear(&b);
	return f;
}

struct siq_frame *siq_frame_snapshot(struct siq_run *run)
{
	char id_line[24];
	snprintf(id_line, sizeof id_line, "id: %" PRIu32 "\n", run->revision);
	struct siq_frame *f = frame_new(id_line, siq_name(run->siq, SIQ_EVENT_SYNC), status_json(run));
	f->row = run->revision;
	f->last = siq_run_is_over(run);
	return f;
}

struct siq_frame *siq_frame_event(const struct siq *s, enum siq_name event, json_t *data)
{
	return frame_new("", siq_name(s, event), data);
}

struct siq_frame *siq_frame_hold(struct siq_frame *f)
{
	f->users++;
	return f;
}

void siq_frame_drop(struct siq_frame *f)
{
	if (f != NULL && --f->users == 0)
		free(f);
}
