/*
 * Events of streamed runs of AgentOS. The last of them tells the end, so DONE comes with it: a pause, too, ends a stream.
 * Only a stream that ended otherwise has its DONE from the end.
 */
#include "reader.h"

static void fill_own(freshet_agent_reader *r, freshet_agent_event *event, freshet_agent_kind kind)
{
	event->kind = kind;
	event->raw = r->agentos->raw;
}

static void fill_unknown(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_RAW);
	event->line.json = freshet_json_read(r->agentos->raw, &(freshet_json_value){0}, NULL) == FRESHET_OK;
}

static void fill_started(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_STARTED);
	event->started.session_id = r->agentos->result.run_id;
}

static void fill_text(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_TEXT);
	event->text.text = r->agentos->text;
	event->text.delta = !r->agentos->synthetic;
}

static void fill_tool(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_TOOL_CALL);
	event->tool.name = r->agentos->tool;
	event->tool.input = r->agentos->input;
}

static void fill_tool_result(freshet_agent_reader *r, freshet_agent_event *event)
{
	freshet_json_value output = {0};
	fill_own(r, event, FRESHET_AGENT_TOOL_RESULT);
	event->tool_result.name = r->agentos->tool;
	event->tool_result.content = r->agentos->output;
	event->tool_result.is_error = r->agentos->is_error;
	event->tool_result.text = r->agentos->message;
	if (!r->agentos->is_error && freshet_json_read(r->agentos->output, &output, NULL) == FRESHET_OK)
		reader_take(r, &output, &event->tool_result.text);
}

static void fill_approval(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_AWAITING_APPROVAL);
	event->tool.id = r->agentos->result.approval_id;
	event->tool.name = r->agentos->tool;
	event->tool.input = r->agentos->input;
}

static void fill_question(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_AWAITING_INPUT);
	event->question.id = r->agentos->result.question_id;
	event->question.text = r->agentos->result.question;
}

static void fill_error(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_ERROR);
	event->error.code = r->agentos->code;
	event->error.text = r->agentos->message;
}

static void fill_usage(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_USAGE);
	event->usage.input_tokens = r->agentos->result.input_tokens;
	event->usage.output_tokens = r->agentos->result.output_tokens;
}

/* ---- the end ---- */

static freshet_agent_result result_of(freshet_agentos_status status)
{
	switch (status) {
	case FRESHET_AGENTOS_STATUS_COMPLETED: return FRESHET_AGENT_RESULT_COMPLETED;
	case FRESHET_AGENTOS_STATUS_FAILED: return FRESHET_AGENT_RESULT_FAILED;
	case FRESHET_AGENTOS_STATUS_CANCELED: return FRESHET_AGENT_RESULT_CANCELED;
	case FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL:
	case FRESHET_AGENTOS_STATUS_AWAITING_INPUT:
	case FRESHET_AGENTOS_STATUS_PAUSED: return FRESHET_AGENT_RESULT_PAUSED;
	case FRESHET_AGENTOS_STATUS_UNKNOWN:
	case FRESHET_AGENTOS_STATUS_RUNNING: break;
	}
	return FRESHET_AGENT_RESULT_UNKNOWN;
}

static void fill_done(freshet_agent_reader *r, freshet_agent_event *event)
{
	const freshet_agentos_result *result = &r->agentos->result;
	bool failed = r->agentos->type == FRESHET_AGENTOS_EVENT_ERROR;
	fill_own(r, event, FRESHET_AGENT_DONE);
	reader_done(r, event, failed ? FRESHET_AGENT_RESULT_FAILED : result_of(result->status));
	event->done.text = failed ? r->agentos->message : result->error_message;
	event->done.output_json = result->output.len > 0 && result->output.ptr[0] != '"';
	event->done.output = event->done.output_json ? result->output : result->output_text;
}

/* ---- feeding ---- */

/* What an event becomes, but for DONE. */
static fill_fn *step_of(freshet_agentos_event_type type)
{
	switch (type) {
	case FRESHET_AGENTOS_EVENT_START: return fill_started;
	case FRESHET_AGENTOS_EVENT_CHUNK: return fill_text;
	case FRESHET_AGENTOS_EVENT_TOOL_CALL: return fill_tool;
	case FRESHET_AGENTOS_EVENT_TOOL_RESULT: return fill_tool_result;
	case FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL: return fill_approval;
	case FRESHET_AGENTOS_EVENT_AWAITING_INPUT: return fill_question;
	case FRESHET_AGENTOS_EVENT_ERROR: return fill_error;
	case FRESHET_AGENTOS_EVENT_DONE: return NULL;
	case FRESHET_AGENTOS_EVENT_UNKNOWN: break;
	}
	return fill_unknown;
}

freshet_err freshet_agent_reader_agentos(freshet_agent_reader *r, const freshet_agentos_event *event)
{
	fill_fn *step = step_of(event->type);
	freshet_err err = reader_begin(r);
	if (err != FRESHET_OK)
		return err;
	r->agentos = event;
	if (step != NULL)
		steps_add(&r->steps, step);
	if (event->result.has_usage)
		steps_add(&r->steps, fill_usage);
	if (event->type >= FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL)
		steps_add(&r->steps, fill_done);
	return FRESHET_OK;
}

/* A request that was surely refused, or never there, has failed; of any other without an end nobody knows. */
static freshet_agent_result result_of_end(const freshet_agentos_stream_end *end)
{
	const freshet_outcome *outcome = &end->error->outcome;
	if (end->result == NULL && (outcome->unprocessed || outcome->http_status >= 300))
		return FRESHET_AGENT_RESULT_FAILED;
	return FRESHET_AGENT_RESULT_UNKNOWN;
}

freshet_err freshet_agent_reader_agentos_end(freshet_agent_reader *r, const freshet_agentos_stream_end *end)
{
	struct ending ending = {.err = FRESHET_OK};
	if (end->error != NULL) {
		ending.err = end->error->outcome.err;
		ending.text = end->error->outcome.text;
		ending.result = result_of_end(end);
	} else if (end->result != NULL) {
		ending.result = result_of(end->result->status);
	}
	return reader_end(r, &ending);
}
