/*
 * What an Ash server says: the data of an event, the body of an error, or an answer with objects. The first byte chooses
 * which: the name of the event, the status, or the shape.
 *
 * Properties: an event is never lost, and one whose data is not JSON though it should be has the error of the JSON reader
 * at its place; every span can be read to its end; no control character reaches the line for people; an answer is read
 * whole or not at all.
 */
#include "service/ash/event.h"
#include "service/ash/failure.h"
#include "service/ash/shapes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool promise)
{
	if (!promise)
		abort();
}

/* Reads every byte, so that a sanitizer sees a span that reaches too far. */
static void touch(freshet_str span)
{
	volatile unsigned char sum = 0;
	for (size_t i = 0; i < span.len; i++)
		sum = (unsigned char)(sum + (unsigned char)span.ptr[i]);
}

static void touch_message(const freshet_ash_agent_message *m)
{
	const freshet_str spans[] = {m->kind_name, m->subtype, m->uuid, m->sdk_session_id, m->parent_tool_use_id,
		m->message_id, m->model, m->stop_reason, m->content, m->error, m->tool_use_result, m->event, m->result,
		m->structured_output, m->errors, m->usage};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		touch(spans[i]);
}

static void touch_event(const freshet_ash_event *event)
{
	switch (event->type) {
	case FRESHET_ASH_EVENT_SESSION_START:
		touch(event->session_start.session_id);
		touch(event->session_start.version);
		break;
	case FRESHET_ASH_EVENT_MESSAGE: touch_message(&event->message); break;
	case FRESHET_ASH_EVENT_TEXT_DELTA:
	case FRESHET_ASH_EVENT_THINKING_DELTA: touch(event->delta.text); break;
	case FRESHET_ASH_EVENT_TOOL_USE:
		touch(event->tool_use.id);
		touch(event->tool_use.name);
		touch(event->tool_use.input);
		break;
	case FRESHET_ASH_EVENT_TOOL_RESULT:
		touch(event->tool_result.tool_use_id);
		touch(event->tool_result.content);
		break;
	case FRESHET_ASH_EVENT_TURN_COMPLETE: touch(event->turn_complete.result); break;
	case FRESHET_ASH_EVENT_ERROR: touch(event->error.text); break;
	case FRESHET_ASH_EVENT_DONE: touch(event->done.session_id); break;
	case FRESHET_ASH_EVENT_UNKNOWN:
	case FRESHET_ASH_EVENT_RECORD: break;
	}
}

static void run_event(const char *name, freshet_str text, freshet_json_scratch *scratch)
{
	freshet_ash_event event;
	struct ash_stored stored = {0};
	freshet_json_value value;
	size_t position = 0;
	freshet_err err = freshet_json_read(text, &value, &position);
	/* The event stream gives nothing but UTF-8. */
	if (err == FRESHET_EJSON_UTF8)
		return;
	ash_event_read(freshet_str_of(name), text, scratch, &event);
	hold(event.raw.ptr == text.ptr && event.raw.len == text.len);
	hold(event.err == FRESHET_OK || event.type == FRESHET_ASH_EVENT_UNKNOWN);
	if (err != FRESHET_OK && strcmp(name, "brand_new") != 0)
		hold(event.err == err && event.position == position);
	hold(event.position <= text.len);
	touch_event(&event);
	ash_event_count(&event, &stored);
	hold(stored.texts <= text.len && stored.tool_results <= 1);
}

static void run_failure(int status, freshet_str body, freshet_json_scratch *scratch)
{
	const freshet_outcome outcome = {.http_status = status, .body = body};
	struct ash_failure failure;
	ash_failure_init(&failure, &outcome, body, freshet_str_of("key"), scratch);
	const freshet_ash_error *error = &failure.error;
	hold(error->outcome.err != FRESHET_OK && error->outcome.text.len > 0);
	for (size_t i = 0; i < error->outcome.text.len; i++)
		hold((unsigned char)error->outcome.text.ptr[i] >= ' ' && error->outcome.text.ptr[i] != 0x7f);
	hold(error->message.len == 0 || error->outcome.body.len == 0);
	touch(error->message);
	touch(error->code);
	touch(error->outcome.body);
}

static void run_answer(const struct ash_shape *shape, freshet_str text, freshet_json_scratch *scratch)
{
	struct ash_reading r = {text, scratch, FRESHET_OK, 0, NULL};
	freshet_json_value value;
	size_t count = 0;
	if (freshet_json_read(text, &value, NULL) == FRESHET_OK) {
		const unsigned char *objects = ash_read_objects(&r, shape, &value, &count);
		hold(r.err == FRESHET_OK || (objects == NULL && count == 0));
		hold(r.position <= text.len);
		/* Each begins with its own text. */
		for (size_t i = 0; i < count; i++) {
			freshet_str raw;
			memcpy(&raw, objects + i * shape->size, sizeof raw);
			hold(raw.len >= 2 && raw.ptr[0] == '{');
			touch(raw);
		}
	}
	ash_reading_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"session_start", "message", "text_delta", "thinking_delta", "tool_use",
		"tool_result", "turn_complete", "error", "done", "brand_new"};
	static const int statuses[] = {302, 400, 401, 404, 410, 413, 422, 429, 500, 503};
	const struct ash_shape *const shapes[] = {&ash_agent_shape, &ash_session_shape, &ash_record_shape,
		&ash_queue_item_shape, &ash_analytics_shape, &ash_version_shape, &ash_eval_case_shape,
		&ash_eval_run_shape, &ash_eval_comparison_shape, &ash_log_shape};
	freshet_json_scratch scratch = {0};
	if (size == 0)
		return 0;
	freshet_str text = {(const char *)data + 1, size - 1};
	size_t which = data[0] / 10 % 3;
	size_t item = data[0] % 10;
	if (which == 0)
		run_event(names[item], text, &scratch);
	else if (which == 1)
		run_failure(statuses[item], text, &scratch);
	else
		run_answer(shapes[item], text, &scratch);
	freshet_json_scratch_clear(&scratch);
	return 0;
}
