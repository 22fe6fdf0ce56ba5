/*
 * Happy path: what is fed becomes steps; lines of the agent's output among it become messages, each with events of its
 * own. next() gives the message at hand, then looks for another line, then takes the steps.
 *
 * Failures: only memory. A step or block that found none is not passed, so that the next call takes it again.
 */
#include "reader.h"

#include <freshet/pretty.h>

/* Of a message larger than this the memory of decoded strings is not kept. */
#define SCRATCH_KEPT ((size_t)64 * 1024)

const char *freshet_agent_kind_name(freshet_agent_kind kind)
{
	switch (kind) {
	case FRESHET_AGENT_RAW: return "raw";
	case FRESHET_AGENT_STARTED: return "started";
	case FRESHET_AGENT_STATUS: return "status";
	case FRESHET_AGENT_TEXT: return "text";
	case FRESHET_AGENT_THINKING: return "thinking";
	case FRESHET_AGENT_OUTPUT: return "output";
	case FRESHET_AGENT_TOOL_CALL: return "tool_call";
	case FRESHET_AGENT_TOOL_RESULT: return "tool_result";
	case FRESHET_AGENT_TOOL_REQUEST: return "tool_request";
	case FRESHET_AGENT_AWAITING_INPUT: return "awaiting_input";
	case FRESHET_AGENT_AWAITING_APPROVAL: return "awaiting_approval";
	case FRESHET_AGENT_USAGE: return "usage";
	case FRESHET_AGENT_ERROR: return "error";
	case FRESHET_AGENT_DONE: return "done";
	}
	return "unknown";
}

static bool read_options(freshet_agent_reader_options *o, const freshet_agent_reader_options *options)
{
	freshet_agent_reader_options_init(o);
	if (options == NULL)
		return true;
	if (options->size < sizeof options->size || options->size > sizeof *o)
		return false;
	memcpy(o, options, options->size);
	return o->form <= FRESHET_AGENT_FORM_CLAUDE;
}

freshet_err freshet_agent_reader_new(const freshet_agent_reader_options *options, freshet_agent_reader **out)
{
	freshet_agent_reader_options o;
	freshet_lines_options lines;
	*out = NULL;
	if (!read_options(&o, options))
		return FRESHET_EINVAL;
	freshet_agent_reader *r = freshet_mem_new(1, sizeof *r);
	if (r == NULL)
		return FRESHET_ENOMEM;
	freshet_lines_options_init(&lines);
	lines.max_line = o.max_line;
	freshet_err err = freshet_lines_new(&lines, &r->lines);
	if (err != FRESHET_OK) {
		freshet_mem_free(r);
		return err;
	}
	r->automatic = o.form == FRESHET_AGENT_FORM_AUTO;
	r->form = r->automatic ? FRESHET_AGENT_FORM_PLAIN : o.form;
	*out = r;
	return FRESHET_OK;
}

void freshet_agent_reader_free(freshet_agent_reader *r)
{
	if (r == NULL)
		return;
	freshet_json_scratch_clear(&r->scratch);
	freshet_lines_free(r->lines);
	freshet_mem_free(r->output);
	freshet_mem_free(r);
}

void steps_add(struct steps *steps, fill_fn *fill)
{
	steps->fill[steps->count++] = fill;
}

bool steps_fill(freshet_agent_reader *r, struct steps *steps, freshet_agent_event *event)
{
	if (steps->at == steps->count)
		return false;
	steps->fill[steps->at](r, event);
	if (!r->failed)
		steps->at++;
	return true;
}

void reader_take(freshet_agent_reader *r, const freshet_json_value *value, freshet_str *out)
{
	if (freshet_json_string(value, &r->scratch, out) == FRESHET_ENOMEM)
		r->failed = true;
}

void reader_keep_output(freshet_agent_reader *r, const freshet_json_value *result)
{
	freshet_str text = {NULL, 0};
	char *copy = NULL;
	reader_take(r, result, &text);
	if (!r->failed && text.len > 0)
		r->failed = (copy = freshet_mem_new(text.len, 1)) == NULL;
	if (r->failed)
		return;
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	freshet_mem_free(r->output);
	r->output = copy;
	r->output_len = text.len;
}

void reader_done(freshet_agent_reader *r, freshet_agent_event *event, freshet_agent_result result)
{
	event->kind = FRESHET_AGENT_DONE;
	event->done.result = result;
	event->done.output = (freshet_str){r->output, r->output_len};
	r->done = true;
}

/* What was kept of a stream that is over goes before the next one. */
static void forget_stream(freshet_agent_reader *r)
{
	r->done = false;
	memset(r->streamed, 0, sizeof r->streamed);
	freshet_mem_free(r->output);
	r->output = NULL;
	r->output_len = 0;
}

freshet_err reader_begin(freshet_agent_reader *r)
{
	if (r->busy)
		return FRESHET_ESTATE;
	if (r->done)
		forget_stream(r);
	r->busy = true;
	return FRESHET_OK;
}

static void fill_broken(freshet_agent_reader *r, freshet_agent_event *event)
{
	event->kind = FRESHET_AGENT_ERROR;
	event->error.code = freshet_str_of(freshet_err_name(r->end.err));
	event->error.text = r->end.text;
}

static void fill_end(freshet_agent_reader *r, freshet_agent_event *event)
{
	reader_done(r, event, r->end.result);
	event->done.text = r->end.text;
}

freshet_err reader_end(freshet_agent_reader *r, const struct ending *end)
{
	if (r->done && !r->busy) {
		forget_stream(r);
		return FRESHET_OK;
	}
	freshet_err err = reader_begin(r);
	if (err != FRESHET_OK)
		return err;
	r->end = *end;
	freshet_lines_finish(r->lines);
	if (end->err != FRESHET_OK && end->err != FRESHET_ECANCELED)
		steps_add(&r->steps, fill_broken);
	steps_add(&r->steps, end->done != NULL ? end->done : fill_end);
	return FRESHET_OK;
}

freshet_err freshet_agent_reader_message(freshet_agent_reader *r, freshet_str text)
{
	const freshet_line line = {text, 0};
	freshet_err err = reader_begin(r);
	if (err == FRESHET_OK)
		message_open(r, &line);
	return err;
}

static void begin_event(freshet_agent_reader *r, freshet_agent_event *event)
{
	memset(event, 0, sizeof *event);
	event->aod = r->aod;
	event->ash = r->ash;
	event->sudoiq = r->sudoiq;
	event->agentos = r->agentos;
	event->turn = r->turn;
}

/* What was fed is not needed any more. */
static void end_feed(freshet_agent_reader *r)
{
	r->steps = (struct steps){.count = 0};
	r->aod = NULL;
	r->ash = NULL;
	r->sudoiq = NULL;
	r->agentos = NULL;
	r->sudoiq_end = NULL;
	r->busy = false;
}

void freshet_agent_reader_reset(freshet_agent_reader *r)
{
	freshet_lines_reset(r->lines);
	r->message = (struct message){.flags = 0};
	end_feed(r);
}

freshet_agent_step freshet_agent_reader_next(freshet_agent_reader *r, freshet_agent_event *event)
{
	if (r->message.text.len > SCRATCH_KEPT)
		freshet_json_scratch_clear(&r->scratch);
	else
		freshet_json_scratch_reset(&r->scratch);
	r->failed = false;
	begin_event(r, event);
	while (!message_fill(r, event)) {
		freshet_line line;
		switch (freshet_lines_next(r->lines, &line)) {
		case FRESHET_LINES_LINE: message_open(r, &line); continue;
		case FRESHET_LINES_FAILED: return FRESHET_AGENT_FAILED;
		case FRESHET_LINES_MORE: break;
		}
		if (!steps_fill(r, &r->steps, event)) {
			end_feed(r);
			return FRESHET_AGENT_MORE;
		}
		break;
	}
	return r->failed ? FRESHET_AGENT_FAILED : FRESHET_AGENT_EVENT;
}
