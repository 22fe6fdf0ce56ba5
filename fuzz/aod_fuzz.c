/*
 * What an Agent on Demand server says: the data of an event, or the body of an error. The first byte chooses which, and
 * of the error the status.
 *
 * Properties: an event that is read is valid JSON, and one that is not has the error of the JSON reader unless a member
 * of it has another type than it should (the event stream gives nothing but UTF-8, so that is not looked for); every
 * span can be read to its end; no control character reaches the line for people; a body in which `input` could stand is
 * never shown.
 */
#include "service/aod/event.h"
#include "service/aod/failure.h"

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

static void touch_event(const freshet_aod_event *event)
{
	touch(event->type_name);
	touch(event->raw);
	switch (event->type) {
	case FRESHET_AOD_EVENT_START:
		touch(event->start.provider);
		touch(event->start.runtime);
		touch(event->start.session_id);
		break;
	case FRESHET_AOD_EVENT_STAGE:
		touch(event->stage.name);
		touch(event->stage.state_name);
		touch(event->stage.message);
		break;
	case FRESHET_AOD_EVENT_OUTPUT:
		touch(event->output.stream_name);
		touch(event->output.data);
		break;
	case FRESHET_AOD_EVENT_ERROR:
	case FRESHET_AOD_EVENT_TERMINATED:
	case FRESHET_AOD_EVENT_STALE: touch(event->message.text); break;
	case FRESHET_AOD_EVENT_EXIT:
	case FRESHET_AOD_EVENT_TURN_START:
	case FRESHET_AOD_EVENT_UNKNOWN: break;
	}
}

static void run_event(freshet_str text, freshet_json_scratch *scratch)
{
	freshet_aod_event event;
	freshet_json_value value;
	size_t position = 0;
	size_t json_position = 0;
	freshet_err err = event_read(text, scratch, &event, &position);
	freshet_err json_err = freshet_json_read(text, &value, &json_position);
	if (json_err != FRESHET_OK && json_err != FRESHET_EJSON_UTF8)
		hold(err == json_err && position == json_position);
	else if (json_err == FRESHET_OK)
		hold(err == FRESHET_OK || err == FRESHET_EJSON_TYPE || err == FRESHET_EJSON_MISSING ||
			err == FRESHET_EJSON_NUMBER);
	hold(err == FRESHET_OK || position <= text.len);
	if (err == FRESHET_OK)
		touch_event(&event);
}

static void run_failure(int status, freshet_str body, freshet_json_scratch *scratch)
{
	const freshet_outcome outcome = {.http_status = status, .body = body};
	struct failure failure;
	failure_init(&failure, &outcome, body, freshet_str_of("token"), scratch);
	const freshet_aod_error *error = &failure.error;
	hold(error->outcome.err != FRESHET_OK && error->outcome.text.len > 0);
	for (size_t i = 0; i < error->outcome.text.len; i++)
		hold((unsigned char)error->outcome.text.ptr[i] >= ' ' && error->outcome.text.ptr[i] != 0x7f);
	hold(error->outcome.body.len == 0 || (body.ptr[0] != '{' && body.ptr[0] != '['));
	touch(error->detail);
	touch(error->outcome.body);
	for (size_t i = 0; i < error->issue_count; i++) {
		touch(error->issues[i].type);
		touch(error->issues[i].loc);
		touch(error->issues[i].msg);
	}
	failure_clear(&failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {0, 302, 400, 401, 404, 409, 422, 429, 500};
	freshet_json_scratch scratch = {0};
	if (size == 0)
		return 0;
	freshet_str text = {(const char *)data + 1, size - 1};
	int status = statuses[data[0] % (sizeof statuses / sizeof statuses[0])];
	if (status == 0)
		run_event(text, &scratch);
	else
		run_failure(status, text, &scratch);
	freshet_json_scratch_clear(&scratch);
	return 0;
}
