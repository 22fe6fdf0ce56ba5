/*
 * Events of Ash turns. What an agent says comes twice there: in events of the service and, behind them, in the agent's own
 * messages, which tell more. The messages are opened; the others bring nothing, but are reachable by whoever feeds them.
 *
 * After a break there are stored records instead of what the stream had not shown: each is one event.
 *
 * `done` proves nothing, and may be missing: DONE is made of the turn's end, which has weighed all that is known.
 */
#include "reader.h"

FRESHET_JSON_PLAN(record_plan, "action", "text", "thinking", "toolName", "toolId", "input", "stdout", "numTurns",
	"result", "error");

union record {
	struct record_members {
		freshet_json_value action, text, thinking, tool_name, tool_id, input, stdout_text, turns, result, error;
	} members;
	freshet_json_value picked[sizeof(struct record_members) / sizeof(freshet_json_value)];
};

static void fill_own(freshet_agent_reader *r, freshet_agent_event *event, freshet_agent_kind kind)
{
	event->kind = kind;
	event->raw = r->ash->raw;
}

static void fill_started(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_STARTED);
	event->started.session_id = r->ash->session_start.session_id;
}

static void fill_error(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_ERROR);
	event->error.text = r->ash->error.text;
}

static void fill_unknown(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_RAW);
	event->line.json = r->ash->err == FRESHET_OK;
}

/* ---- records ---- */

static void fill_status(freshet_agent_reader *r, const struct record_members *m, freshet_agent_event *event)
{
	bool session = r->ash->record->type == FRESHET_ASH_RECORD_LIFECYCLE;
	event->kind = FRESHET_AGENT_STATUS;
	event->status.subject = session ? FRESHET_AGENT_SUBJECT_SESSION : FRESHET_AGENT_SUBJECT_AGENT;
	event->status.name = r->ash->record->type_name;
	reader_take(r, &m->action, session ? &event->status.name : &event->status.progress_name);
	reader_take(r, &m->error, &event->status.text);
}

static void fill_tool(freshet_agent_reader *r, const struct record_members *m, freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_TOOL_CALL;
	reader_take(r, &m->tool_id, &event->tool.id);
	reader_take(r, &m->tool_name, &event->tool.name);
	event->tool.input = m->input.raw;
}

static void fill_tool_result(freshet_agent_reader *r, const struct record_members *m, freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_TOOL_RESULT;
	reader_take(r, &m->tool_id, &event->tool_result.id);
	reader_take(r, &m->tool_name, &event->tool_result.name);
	reader_take(r, &m->stdout_text, &event->tool_result.text);
	event->tool_result.content = event->raw;
}

static void fill_usage(freshet_agent_reader *r, const struct record_members *m, freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_USAGE;
	freshet_json_int64(&m->turns, &event->usage.model_turns);
	reader_keep_output(r, &m->result);
}

static void fill_known_record(freshet_agent_reader *r, const struct record_members *m, freshet_agent_event *event)
{
	switch (r->ash->record->type) {
	case FRESHET_ASH_RECORD_UNKNOWN: event->line.json = true; break;
	case FRESHET_ASH_RECORD_LIFECYCLE:
	case FRESHET_ASH_RECORD_MCP_STATUS: fill_status(r, m, event); break;
	case FRESHET_ASH_RECORD_TEXT:
		event->kind = FRESHET_AGENT_TEXT;
		reader_take(r, &m->text, &event->text.text);
		break;
	case FRESHET_ASH_RECORD_REASONING:
		event->kind = FRESHET_AGENT_THINKING;
		reader_take(r, &m->thinking, &event->text.text);
		break;
	case FRESHET_ASH_RECORD_TOOL_START: fill_tool(r, m, event); break;
	case FRESHET_ASH_RECORD_TOOL_RESULT: fill_tool_result(r, m, event); break;
	case FRESHET_ASH_RECORD_TURN_COMPLETE: fill_usage(r, m, event); break;
	case FRESHET_ASH_RECORD_ERROR:
		event->kind = FRESHET_AGENT_ERROR;
		reader_take(r, &m->error, &event->error.text);
		break;
	}
}

static void fill_record(freshet_agent_reader *r, freshet_agent_event *event)
{
	union record record;
	fill_own(r, event, FRESHET_AGENT_RAW);
	event->raw = r->ash->record->data;
	if (freshet_json_pick(&record_plan, event->raw, record.picked, NULL) == FRESHET_OK)
		fill_known_record(r, &record.members, event);
}

/* ---- feeding ---- */

freshet_err freshet_agent_reader_ash(freshet_agent_reader *r, const freshet_ash_event *event)
{
	const freshet_line message = {event->raw, 0};
	freshet_err err = reader_begin(r);
	if (err != FRESHET_OK)
		return err;
	r->ash = event;
	switch (event->type) {
	case FRESHET_ASH_EVENT_UNKNOWN: steps_add(&r->steps, fill_unknown); break;
	case FRESHET_ASH_EVENT_SESSION_START: steps_add(&r->steps, fill_started); break;
	case FRESHET_ASH_EVENT_MESSAGE: message_open(r, &message); break;
	case FRESHET_ASH_EVENT_ERROR: steps_add(&r->steps, fill_error); break;
	case FRESHET_ASH_EVENT_RECORD: steps_add(&r->steps, fill_record); break;
	case FRESHET_ASH_EVENT_TEXT_DELTA:
	case FRESHET_ASH_EVENT_THINKING_DELTA:
	case FRESHET_ASH_EVENT_TOOL_USE:
	case FRESHET_ASH_EVENT_TOOL_RESULT:
	case FRESHET_ASH_EVENT_TURN_COMPLETE:
	case FRESHET_ASH_EVENT_DONE: break;
	}
	return FRESHET_OK;
}

static freshet_agent_result result_of(const freshet_ash_turn_end *end)
{
	switch (end->state) {
	case FRESHET_ASH_TURN_UNKNOWN:
	case FRESHET_ASH_TURN_DISTURBED: break;
	case FRESHET_ASH_TURN_UNSENT:
	case FRESHET_ASH_TURN_REFUSED:
	case FRESHET_ASH_TURN_FAILED: return FRESHET_AGENT_RESULT_FAILED;
	case FRESHET_ASH_TURN_COMPLETED:
	case FRESHET_ASH_TURN_RECOVERED:
		return end->is_error ? FRESHET_AGENT_RESULT_FAILED : FRESHET_AGENT_RESULT_COMPLETED;
	case FRESHET_ASH_TURN_INTERRUPTED: return FRESHET_AGENT_RESULT_CANCELED;
	}
	return FRESHET_AGENT_RESULT_UNKNOWN;
}

freshet_err freshet_agent_reader_ash_end(freshet_agent_reader *r, const freshet_ash_turn_end *end)
{
	const freshet_outcome *outcome = &end->error.outcome;
	return reader_end(r, &(struct ending){outcome->err, outcome->text, result_of(end), NULL});
}
