/*
 * Events of Sudoiq runs. A status tells how the run stands; what it wants of us, what went wrong and what it has cost are
 * events of their own behind it. DONE is made of the run's end, which has weighed all that is known.
 */
#include "reader.h"

#include <stdio.h>

static void fill_own(freshet_agent_reader *r, freshet_agent_event *event, freshet_agent_kind kind)
{
	event->kind = kind;
	event->raw = r->sudoiq->raw;
}

static void fill_started(freshet_agent_reader *r, freshet_agent_event *event)
{
	snprintf(r->task, sizeof r->task, "%lld", (long long)r->sudoiq->task_id);
	fill_own(r, event, FRESHET_AGENT_STARTED);
	event->started.session_id = freshet_str_of(r->task);
}

static void fill_unknown(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_RAW);
	event->line.json = r->sudoiq->err == FRESHET_OK &&
			   freshet_json_read(r->sudoiq->raw, &(freshet_json_value){0}, NULL) == FRESHET_OK;
}

static void fill_log(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_STATUS);
	event->status.subject = FRESHET_AGENT_SUBJECT_AGENT;
	event->status.name = freshet_str_of("log");
	event->status.progress_name = r->sudoiq->log.level;
	event->status.text = r->sudoiq->log.text;
}

static void fill_delta(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_TEXT);
	event->text.text = r->sudoiq->delta.text;
	event->text.delta = true;
}

static void fill_error(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_ERROR);
	event->error.code = r->sudoiq->error.code;
	event->error.text = r->sudoiq->error.text;
}

/* ---- statuses ---- */

static freshet_agent_progress progress_of(freshet_sudoiq_phase phase)
{
	switch (phase) {
	case FRESHET_SUDOIQ_COMPLETED: return FRESHET_AGENT_PROGRESS_DONE;
	case FRESHET_SUDOIQ_FAILED:
	case FRESHET_SUDOIQ_CANCELED: return FRESHET_AGENT_PROGRESS_FAILED;
	case FRESHET_SUDOIQ_RUNNING:
	case FRESHET_SUDOIQ_PAUSED: break;
	}
	return FRESHET_AGENT_PROGRESS_UNKNOWN;
}

static void fill_status(freshet_agent_reader *r, freshet_agent_event *event)
{
	const freshet_sudoiq_status *status = r->sudoiq->status;
	fill_own(r, event, FRESHET_AGENT_STATUS);
	event->status.subject = FRESHET_AGENT_SUBJECT_SESSION;
	event->status.name = status->status;
	event->status.progress = progress_of(status->phase);
	event->status.progress_name = status->status;
	event->status.text = status->error_message;
}

/* The place of the next call that is new, from `from` on; the count of calls: there is none. */
static size_t next_call(const freshet_sudoiq_status *status, size_t from)
{
	while (from < status->tool_call_count && status->tool_calls[from].repeated)
		from++;
	return from;
}

static void fill_request(freshet_agent_reader *r, freshet_agent_event *event)
{
	const freshet_sudoiq_status *status = r->sudoiq->status;
	const freshet_sudoiq_tool_call *call = &status->tool_calls[r->call];
	event->kind = FRESHET_AGENT_TOOL_REQUEST;
	event->raw = call->raw;
	event->tool.id = call->call_id;
	event->tool.name = call->name;
	event->tool.space = call->space;
	event->tool.input = call->args;
	r->call = next_call(status, r->call + 1);
	/* The step is not over while there are others. */
	if (r->call < status->tool_call_count)
		r->steps.at--;
}

static void fill_failure(freshet_agent_reader *r, freshet_agent_event *event)
{
	const freshet_sudoiq_status *status = r->sudoiq->status;
	event->kind = FRESHET_AGENT_ERROR;
	event->raw = status->error;
	event->error.code = status->error_code;
	event->error.text = status->error_message;
}

static void fill_usage(freshet_agent_reader *r, freshet_agent_event *event)
{
	const freshet_sudoiq_status *status = r->sudoiq->status;
	event->kind = FRESHET_AGENT_USAGE;
	event->raw = status->usage;
	event->usage.input_tokens = status->input_tokens;
	event->usage.output_tokens = status->output_tokens;
}

static void add_status(freshet_agent_reader *r, const freshet_sudoiq_status *status)
{
	bool terminal = freshet_sudoiq_phase_is_terminal(status->phase);
	steps_add(&r->steps, fill_status);
	r->call = next_call(status, 0);
	if (status->phase == FRESHET_SUDOIQ_PAUSED && r->call < status->tool_call_count)
		steps_add(&r->steps, fill_request);
	if (terminal && status->error.len > 0)
		steps_add(&r->steps, fill_failure);
	/* Each status has the usage so far: only the last one's is not part of another. */
	if (terminal && status->usage.len > 0)
		steps_add(&r->steps, fill_usage);
}

/* ---- feeding ---- */

freshet_err freshet_agent_reader_sudoiq(freshet_agent_reader *r, const freshet_sudoiq_event *event)
{
	freshet_err err = reader_begin(r);
	if (err != FRESHET_OK)
		return err;
	r->sudoiq = event;
	switch (event->type) {
	case FRESHET_SUDOIQ_EVENT_UNKNOWN:
	case FRESHET_SUDOIQ_EVENT_END: steps_add(&r->steps, fill_unknown); break;
	case FRESHET_SUDOIQ_EVENT_STARTED: steps_add(&r->steps, fill_started); break;
	case FRESHET_SUDOIQ_EVENT_STATUS: add_status(r, event->status); break;
	case FRESHET_SUDOIQ_EVENT_LOG: steps_add(&r->steps, fill_log); break;
	case FRESHET_SUDOIQ_EVENT_DELTA: steps_add(&r->steps, fill_delta); break;
	case FRESHET_SUDOIQ_EVENT_ERROR: steps_add(&r->steps, fill_error); break;
	}
	return FRESHET_OK;
}

/* A run that the service surely never took has failed; of any other without an end nobody knows what it does. */
static freshet_agent_result result_of(const freshet_sudoiq_run_end *end)
{
	const freshet_outcome *outcome = &end->error.outcome;
	switch (end->phase) {
	case FRESHET_SUDOIQ_PAUSED: return FRESHET_AGENT_RESULT_PAUSED;
	case FRESHET_SUDOIQ_COMPLETED: return FRESHET_AGENT_RESULT_COMPLETED;
	case FRESHET_SUDOIQ_FAILED: return FRESHET_AGENT_RESULT_FAILED;
	case FRESHET_SUDOIQ_CANCELED: return FRESHET_AGENT_RESULT_CANCELED;
	case FRESHET_SUDOIQ_RUNNING: break;
	}
	if (!end->has_task_id && (outcome->unprocessed || outcome->http_status >= 300))
		return FRESHET_AGENT_RESULT_FAILED;
	return FRESHET_AGENT_RESULT_UNKNOWN;
}

static void fill_done(freshet_agent_reader *r, freshet_agent_event *event)
{
	const freshet_sudoiq_status *status = r->sudoiq_end->status;
	reader_done(r, event, r->end.result);
	event->done.text = r->end.text;
	if (status == NULL)
		return;
	event->done.output_json = status->result.len > 0 && status->result.ptr[0] != '"';
	event->done.output = event->done.output_json ? status->result : status->result_text;
	if (status->error_message.len > 0)
		event->done.text = status->error_message;
}

freshet_err freshet_agent_reader_sudoiq_end(freshet_agent_reader *r, const freshet_sudoiq_run_end *end)
{
	const freshet_outcome *outcome = &end->error.outcome;
	freshet_err err = reader_end(r, &(struct ending){outcome->err, outcome->text, result_of(end), fill_done});
	if (err == FRESHET_OK)
		r->sudoiq_end = end;
	return err;
}
