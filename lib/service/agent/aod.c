/*
 * Events of Agent on Demand. stdout of a claude agent goes through the lines, everything else becomes steps at once.
 *
 * A new turn and the end are written by others than what ran before: the line that is still open then is complete.
 */
#include "reader.h"

#include <freshet/pretty.h>

static void fill_own(freshet_agent_reader *r, freshet_agent_event *event, freshet_agent_kind kind)
{
	event->kind = kind;
	event->raw = r->aod->raw;
}

static void fill_unknown(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_RAW);
	event->line.json = true;
}

static freshet_str runtime_of(const freshet_aod_event *start)
{
	return start->start.runtime.len > 0 ? start->start.runtime : start->start.provider;
}

static void fill_started(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_STARTED);
	event->started.session_id = r->aod->start.session_id;
	event->started.runtime = runtime_of(r->aod);
}

static freshet_agent_progress progress_of(freshet_aod_stage_state state)
{
	switch (state) {
	case FRESHET_AOD_STAGE_STARTED: return FRESHET_AGENT_PROGRESS_STARTED;
	case FRESHET_AOD_STAGE_DONE: return FRESHET_AGENT_PROGRESS_DONE;
	case FRESHET_AOD_STAGE_FAILED: return FRESHET_AGENT_PROGRESS_FAILED;
	case FRESHET_AOD_STAGE_UNKNOWN: break;
	}
	return FRESHET_AGENT_PROGRESS_UNKNOWN;
}

static void fill_stage(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_STATUS);
	event->status.subject = FRESHET_AGENT_SUBJECT_STAGE;
	event->status.name = r->aod->stage.name;
	event->status.progress = progress_of(r->aod->stage.state);
	event->status.progress_name = r->aod->stage.state_name;
	event->status.text = r->aod->stage.message;
	event->status.has_duration = r->aod->stage.has_duration;
	event->status.duration_ms = r->aod->stage.duration_ms;
}

static void fill_turn(freshet_agent_reader *r, freshet_agent_event *event)
{
	r->turn = r->aod->turn_start.turn;
	fill_own(r, event, FRESHET_AGENT_STATUS);
	event->turn = r->turn;
	event->status.subject = FRESHET_AGENT_SUBJECT_TURN;
	event->status.name = r->aod->type_name;
	event->status.progress = FRESHET_AGENT_PROGRESS_STARTED;
}

static void fill_stale(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_STATUS);
	event->status.subject = FRESHET_AGENT_SUBJECT_STREAM;
	event->status.name = r->aod->type_name;
	event->status.text = r->aod->message.text;
}

static void fill_output(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_OUTPUT);
	event->output.stream = r->aod->output.stream;
	event->output.stream_name = r->aod->output.stream_name;
	event->output.text = r->aod->output.data;
}

static void fill_error(freshet_agent_reader *r, freshet_agent_event *event)
{
	fill_own(r, event, FRESHET_AGENT_ERROR);
	event->error.text = r->aod->message.text;
}

static void fill_exit(freshet_agent_reader *r, freshet_agent_event *event)
{
	/* An interrupted turn completes without a code. */
	bool completed = r->aod->exit.code == 0;
	fill_own(r, event, FRESHET_AGENT_DONE);
	reader_done(r, event, completed ? FRESHET_AGENT_RESULT_COMPLETED : FRESHET_AGENT_RESULT_FAILED);
	event->done.has_exit_code = r->aod->exit.has_code;
	event->done.exit_code = r->aod->exit.code;
}

/* After `error` and `terminated`. */
static void fill_told_end(freshet_agent_reader *r, freshet_agent_event *event)
{
	bool failed = r->aod->type == FRESHET_AOD_EVENT_ERROR;
	fill_own(r, event, FRESHET_AGENT_DONE);
	reader_done(r, event, failed ? FRESHET_AGENT_RESULT_FAILED : FRESHET_AGENT_RESULT_CANCELED);
	event->done.text = r->aod->message.text;
}

static void open_output(freshet_agent_reader *r, const freshet_aod_event *event)
{
	if (event->output.turn != 0)
		r->turn = event->output.turn;
	if (r->form == FRESHET_AGENT_FORM_CLAUDE && event->output.stream == FRESHET_AOD_OUTPUT_STDOUT)
		freshet_lines_feed(r->lines, event->output.data);
	else
		steps_add(&r->steps, fill_output);
}

static void open_start(freshet_agent_reader *r, const freshet_aod_event *event)
{
	bool claude = freshet_pretty_format_of(runtime_of(event)) == FRESHET_PRETTY_CLAUDE;
	if (r->automatic)
		r->form = claude ? FRESHET_AGENT_FORM_CLAUDE : FRESHET_AGENT_FORM_PLAIN;
	steps_add(&r->steps, fill_started);
}

static void open_event(freshet_agent_reader *r, const freshet_aod_event *event)
{
	switch (event->type) {
	case FRESHET_AOD_EVENT_UNKNOWN: steps_add(&r->steps, fill_unknown); break;
	case FRESHET_AOD_EVENT_START: open_start(r, event); break;
	case FRESHET_AOD_EVENT_STAGE: steps_add(&r->steps, fill_stage); break;
	case FRESHET_AOD_EVENT_OUTPUT: open_output(r, event); break;
	case FRESHET_AOD_EVENT_STALE: steps_add(&r->steps, fill_stale); break;
	case FRESHET_AOD_EVENT_TURN_START:
		freshet_lines_finish(r->lines);
		steps_add(&r->steps, fill_turn);
		break;
	case FRESHET_AOD_EVENT_EXIT:
		freshet_lines_finish(r->lines);
		steps_add(&r->steps, fill_exit);
		break;
	case FRESHET_AOD_EVENT_ERROR:
		freshet_lines_finish(r->lines);
		steps_add(&r->steps, fill_error);
		steps_add(&r->steps, fill_told_end);
		break;
	case FRESHET_AOD_EVENT_TERMINATED:
		freshet_lines_finish(r->lines);
		steps_add(&r->steps, fill_told_end);
		break;
	}
}

freshet_err freshet_agent_reader_aod(freshet_agent_reader *r, const freshet_aod_event *event)
{
	freshet_err err = reader_begin(r);
	if (err != FRESHET_OK)
		return err;
	r->aod = event;
	open_event(r, event);
	return FRESHET_OK;
}

freshet_err freshet_agent_reader_aod_end(freshet_agent_reader *r, const freshet_aod_stream_end *end)
{
	const freshet_outcome *outcome = &end->error.outcome;
	return reader_end(r, &(struct ending){outcome->err, outcome->text, FRESHET_AGENT_RESULT_UNKNOWN, NULL});
}
