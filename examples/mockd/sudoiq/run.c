/*
 * The state of a run. Each change grows its revision, makes a snapshot, and tells it: to the streams, to the webhook's
 * receiver, and to whoever asks. A run that is over changes no more.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

#define NODE "n1"

const char *siq_status_name(enum siq_status status)
{
	static const char *const names[] = {[SIQ_QUEUED] = "queued",
		[SIQ_RUNNING] = "running",
		[SIQ_AWAITING] = "awaiting_tool_calls",
		[SIQ_COMPLETED] = "completed",
		[SIQ_FAILED] = "failed",
		[SIQ_CANCELLED] = "cancelled",
		[SIQ_TIMED_OUT] = "timed_out"};
	return names[status];
}

bool siq_run_is_over(const struct siq_run *run)
{
	return run->status >= SIQ_COMPLETED;
}

struct siq_run *siq_run_find(const struct siq *s, int64_t task)
{
	if (task < SIQ_FIRST_TASK || (uint64_t)(task - SIQ_FIRST_TASK) >= s->run_count)
		return NULL;
	struct siq_run *run = s->runs[task - SIQ_FIRST_TASK];
	return run->deleted ? NULL : run;
}

/* The oldest ones go when there are more than are held; of many some at once, so that it costs little. */
static void push_frame(struct siq_run *run, struct siq_frame *f)
{
	if (run->frame_count >= run->siq->hold) {
		size_t gone = run->frame_count - run->siq->hold + 1 + run->siq->hold / 4;
		for (size_t i = 0; i < gone; i++)
			siq_frame_drop(run->frames[i]);
		run->frame_count -= gone;
		run->first_frame += gone;
		memmove(run->frames, run->frames + gone, run->frame_count * sizeof(struct siq_frame *));
	}
	run->frames = must_grow(run->frames, &run->frame_capacity, run->frame_count + 1, sizeof(struct siq_frame *));
	run->frames[run->frame_count++] = f;
	siq_streams_notice(run);
}

void siq_run_change(struct siq_run *run, enum siq_status status)
{
	struct siq *s = run->siq;
	bool was_over = siq_run_is_over(run);
	run->status = (uint8_t)status;
	run->revision++;
	run->updated_us = siq_wall_us(s);
	run->tenant->active -= !was_over && siq_run_is_over(run);
	siq_frame_drop(run->snapshot);
	run->snapshot = siq_frame_snapshot(run);
	freshet_str data = siq_frame_data(run->snapshot);
	run->hash = mockd_hash_row(run->hash, run->revision, data.ptr, data.len);
	push_frame(run, siq_frame_hold(run->snapshot));
	if (webhook_is_on(s->webhook)) {
		char key[24];
		snprintf(key, sizeof key, "%" PRId64, run->task);
		webhook_send(s->webhook, &run->webhooks, key, siq_status_name(status), data);
	}
}

struct siq_run *siq_run_new(struct siq_tenant *tenant, struct siq *s, const struct siq_agent *agent, const char *input,
	const char *environment, int64_t version, const struct siq_plan *plan)
{
	struct siq_run *run = must_zalloc(sizeof *run);
	run->task = SIQ_FIRST_TASK + (int64_t)s->run_count;
	s->runs = must_grow(s->runs, &s->run_capacity, s->run_count + 1, sizeof(struct siq_run *));
	s->runs[s->run_count++] = run;
	run->siq = s;
	run->tenant = tenant;
	run->agent = agent;
	run->plan = *plan;
	run->version = version;
	run->input = must_copy(input);
	run->environment = must_copy(environment);
	run->created_us = siq_wall_us(s);
	run->input_tokens = strlen(input) / 4 + 1;
	run->starts = 1;
	run->hash = run->text_hash = MOCKD_HASH_START;
	list_init(&run->streams);
	webhook_line_init(&run->webhooks);
	tenant->active++;
	siq_run_change(run, plan->queued_ms > 0 ? SIQ_QUEUED : SIQ_RUNNING);
	siq_script_begin(run);
	return run;
}

void siq_run_delete(struct siq_run *run)
{
	clock_unset(&run->siq->mockd->clock, &run->alarm);
	run->tenant->active -= !siq_run_is_over(run);
	run->deleted = true;
	if (run->keyed)
		uuid_table_remove(&run->tenant->starts, run->start_key);
	webhook_line_clear(&run->webhooks);
	webhook_line_init(&run->webhooks);
	siq_streams_cut(run);
}

void siq_run_free(struct siq_run *run)
{
	clock_unset(&run->siq->mockd->clock, &run->alarm);
	for (size_t i = 0; i < run->frame_count; i++)
		siq_frame_drop(run->frames[i]);
	siq_frame_drop(run->snapshot);
	for (size_t i = 0; i < run->call_count; i++) {
		free(run->calls[i].id);
		free(run->calls[i].name);
		free(run->calls[i].space);
		free(run->calls[i].args);
		free(run->calls[i].result);
	}
	siq_plan_clear(&run->plan);
	siq_list_clear(&run->feedback);
	free(run->calls);
	free(run->frames);
	free(run->input);
	free(run->environment);
	free(run->result);
	free(run->code);
	free(run->message);
	free(run);
}

void siq_run_end(struct siq_run *run, enum siq_status status, const char *code, const char *message)
{
	clock_unset(&run->siq->mockd->clock, &run->alarm);
	run->code = must_copy(code);
	run->message = must_copy(message != NULL ? message : "");
	siq_run_change(run, status);
}

void siq_run_complete(struct siq_run *run, char *result)
{
	clock_unset(&run->siq->mockd->clock, &run->alarm);
	run->result = result;
	run->text_hash = mockd_hash_row(run->text_hash, run->revision + 1, result, strlen(result));
	siq_run_change(run, SIQ_COMPLETED);
}

bool siq_run_add_call(struct siq_run *run, const char *id, const char *space, const char *name, char *args)
{
	if (run->siq->strict_tools != 0 && siq_tool_find(run->tenant, space, name) == NULL) {
		char message[160];
		snprintf(message, sizeof message, "the tool %.60s/%.60s was never registered", space, name);
		free(args);
		siq_run_end(run, SIQ_FAILED, "unknown_tool", message);
		return false;
	}
	run->calls = must_grow(run->calls, &run->call_capacity, run->call_count + 1, sizeof *run->calls);
	run->calls[run->call_count++] = (struct siq_tool_call){.id = must_copy(id),
		.name = must_copy(name),
		.space = must_copy(space),
		.args = args,
		.round = run->round};
	run->open++;
	run->output_tokens += strlen(args) / 4 + 1;
	return true;
}

struct siq_tool_call *siq_run_find_call(const struct siq_run *run, const char *id)
{
	for (size_t i = run->call_count; i-- > 0;) {
		if (strcmp(run->calls[i].id, id) == 0)
			return &run->calls[i];
	}
	return NULL;
}

void siq_run_answer(struct siq_run *run, struct siq_tool_call *call, const json_t *result, bool is_error)
{
	call->answers++;
	call->accepted = true;
	call->is_error = is_error;
	call->result = must_copy_span((freshet_str){json_string_value(result), json_string_length(result)});
	call->result_len = json_string_length(result);
	run->open--;
	run->accepted++;
	run->failed_calls += is_error;
	run->input_tokens += call->result_len / 4 + 1;
}

void siq_run_say(struct siq_run *run, const char *text)
{
	const struct siq *s = run->siq;
	json_t *data = json_object();
	siq_set(s, data, SIQ_FIELD_TASK_ID, siq_id(s, run->task));
	siq_set(s, data, SIQ_FIELD_NODE_ID, json_string(NODE));
	siq_set(s, data, SIQ_FIELD_TEXT, json_string(text));
	run->output_tokens += strlen(text) / 4 + 1;
	push_frame(run, siq_frame_event(s, SIQ_EVENT_DELTA, data));
}

void siq_run_log(struct siq_run *run, const char *level, const char *text)
{
	const struct siq *s = run->siq;
	json_t *data = json_object();
	siq_set(s, data, SIQ_FIELD_TASK_ID, siq_id(s, run->task));
	siq_set(s, data, SIQ_FIELD_LEVEL, json_string(level));
	siq_set(s, data, SIQ_FIELD_LOG_MESSAGE, json_string(text));
	push_frame(run, siq_frame_event(s, SIQ_EVENT_LOG, data));
}

void siq_run_trouble(struct siq_run *run, const char *code, const char *message, bool retryable)
{
	const struct siq *s = run->siq;
	json_t *data = json_object();
	siq_set(s, data, SIQ_FIELD_ERROR_CODE, json_string(code));
	siq_set(s, data, SIQ_FIELD_ERROR_MESSAGE, json_string(message));
	siq_set(s, data, SIQ_FIELD_RETRYABLE, json_boolean(retryable));
	struct siq_frame *f = siq_frame_event(s, SIQ_EVENT_ERROR, data);
	f->live = true;
	push_frame(run, f);
}

void siq_run_resync(struct siq_run *run)
{
	push_frame(run, siq_frame_hold(run->snapshot));
}
