/*
 * Happy path: what the names call a status is read and taken in; the first one of a start tells the task id. Logs, pieces
 * of text, errors and the server's farewell are shown.
 *
 * Failures: what cannot be read, or is nothing that is known, is shown as it is and ends nothing. An error event has the
 * stream opened again, unless it says that this is in vain.
 */
#include "run.h"

/* ---- statuses ---- */

static void show_unknown(freshet_sudoiq_run *run, const freshet_event *given, freshet_err err, size_t position)
{
	freshet_sudoiq_event event = {.type = FRESHET_SUDOIQ_EVENT_UNKNOWN,
		.type_name = given->type,
		.raw = given->data,
		.err = err,
		.position = position};
	if (err == FRESHET_ENOMEM)
		sudoiq_run_end_with(run, err);
	else
		sudoiq_run_show(run, &event);
}

/* Of another run: something is wrong with the server, or with the path that leads there. */
static bool is_strange(const freshet_sudoiq_run *run, const freshet_sudoiq_status *status)
{
	return run->has_task_id && status->has_task_id && status->task_id != run->task_id;
}

static void take_status(freshet_sudoiq_run *run, const freshet_event *given)
{
	freshet_sudoiq *client = run->client;
	struct sudoiq_reading reading;
	size_t position = 0;
	unsigned needs = SUDOIQ_NEED_STATUS | (run->state == RUN_STARTING ? SUDOIQ_NEED_TASK_ID : 0);
	freshet_json_scratch *scratch = guest_scratch_begin(&client->scratch, given->data.len);
	freshet_err err = sudoiq_status_read(&reading, &client->names, given->data, needs, scratch, &position);
	/* An event without a name may well be something else. */
	bool other = err == FRESHET_EJSON_MISSING && freshet_str_is(given->type, "message");
	if (err != FRESHET_OK) {
		show_unknown(run, given, other ? FRESHET_OK : err, other ? 0 : position);
		return;
	}
	if (is_strange(run, &reading.status))
		show_unknown(run, given, FRESHET_EBAD_ANSWER, 0);
	else if (run->state == RUN_STARTING)
		sudoiq_start_taken(run, given->type, &reading);
	else if (run->state == RUN_FOLLOWING)
		sudoiq_run_take(run, given->type, &reading);
	sudoiq_reading_clear(&reading);
}

/* ---- the others ---- */

/* The members of an event, as far as they are there. */
struct members {
	freshet_str text;
	freshet_str code;
	freshet_str level;
	freshet_str node_id;
	freshet_str reason;
	bool retryable;
};

static freshet_err read_members(freshet_sudoiq *client, freshet_str data, struct members *out, size_t *position)
{
	union sudoiq_event_values v;
	freshet_json_scratch *scratch = guest_scratch_begin(&client->scratch, data.len);
	*out = (struct members){.retryable = true};
	freshet_err err = guest_fields_pick(client->names.event, data, v.picked, position);
	if (err != FRESHET_OK)
		return err;
	const struct sudoiq_event_members *m = &v.members;
	const struct {
		const freshet_json_value *value;
		freshet_str *out;
	} strings[] = {{&m->event_text_fields, &out->text}, {&m->event_code_fields, &out->code},
		{&m->event_level_fields, &out->level}, {&m->event_node_id_fields, &out->node_id},
		{&m->event_reason_fields, &out->reason}};
	for (size_t i = 0; i < sizeof strings / sizeof strings[0] && err != FRESHET_ENOMEM; i++)
		err = guest_take_str(strings[i].value, scratch, strings[i].out);
	(void)guest_take_bool(&m->event_retryable_fields, &out->retryable);
	return err == FRESHET_ENOMEM ? err : FRESHET_OK;
}

/* Opened again after a pause, as long as something new comes between errors; else it is given up. */
static void come_again(freshet_sudoiq_run *run)
{
	const struct sudoiq_settings *settings = &run->client->settings;
	if (run->state == RUN_ENDING || run->stream == NULL)
		return;
	if (run->state == RUN_STARTING || run->posted || run->errors >= settings->max_stream_retries) {
		freshet_stream_fail(run->stream, FRESHET_ESERVER);
		return;
	}
	run->errors++;
	freshet_stream_reconnect(
		run->stream, guest_backoff_pause(&settings->stream_backoff, run->errors, sudoiq_random(run->client)));
}

static void give_up(freshet_sudoiq_run *run, const struct members *members)
{
	struct sudoiq_failure failure;
	char text[GUEST_LINE_SIZE];
	guest_line(text, "the stream told an error: %.*s", guest_shown(members->code), members->code.ptr);
	sudoiq_failure_plain(&failure, FRESHET_ESERVER, text);
	failure.error.code = members->code;
	failure.error.message = members->text;
	sudoiq_run_end(run, &failure.error);
}

static void take_error(freshet_sudoiq_run *run, const struct members *members, freshet_sudoiq_event *event)
{
	event->error.code = members->code;
	event->error.text = members->text;
	event->error.retryable = members->retryable;
	sudoiq_run_show(run, event);
	if (members->retryable)
		come_again(run);
	else
		give_up(run, members);
}

static freshet_sudoiq_event_type type_of(const struct sudoiq_names *names, freshet_str name)
{
	if (guest_names_have(names->snapshot_event_names, name))
		return FRESHET_SUDOIQ_EVENT_STATUS;
	if (guest_names_have(names->delta_event_names, name))
		return FRESHET_SUDOIQ_EVENT_DELTA;
	if (guest_names_have(names->log_event_names, name))
		return FRESHET_SUDOIQ_EVENT_LOG;
	if (guest_names_have(names->error_event_names, name))
		return FRESHET_SUDOIQ_EVENT_ERROR;
	return guest_names_have(names->end_event_names, name) ? FRESHET_SUDOIQ_EVENT_END : FRESHET_SUDOIQ_EVENT_UNKNOWN;
}

static void take_other(freshet_sudoiq_run *run, const freshet_event *given, freshet_sudoiq_event *event)
{
	struct members members;
	size_t position = 0;
	freshet_err err = read_members(run->client, given->data, &members, &position);
	if (err != FRESHET_OK) {
		show_unknown(run, given, err, position);
		return;
	}
	switch (event->type) {
	case FRESHET_SUDOIQ_EVENT_LOG:
		event->log.level = members.level;
		event->log.text = members.text;
		break;
	case FRESHET_SUDOIQ_EVENT_DELTA:
		event->delta.node_id = members.node_id;
		event->delta.text = members.text;
		break;
	case FRESHET_SUDOIQ_EVENT_ERROR: take_error(run, &members, event); return;
	case FRESHET_SUDOIQ_EVENT_END: event->end.reason = members.reason; break;
	case FRESHET_SUDOIQ_EVENT_UNKNOWN:
	case FRESHET_SUDOIQ_EVENT_STARTED:
	case FRESHET_SUDOIQ_EVENT_STATUS: break;
	}
	sudoiq_run_show(run, event);
}

void sudoiq_event_take(freshet_sudoiq_run *run, const freshet_event *given)
{
	freshet_sudoiq_event event = {
		.type = type_of(&run->client->names, given->type), .type_name = given->type, .raw = given->data};
	if (event.type == FRESHET_SUDOIQ_EVENT_STATUS)
		take_status(run, given);
	else if (event.type == FRESHET_SUDOIQ_EVENT_UNKNOWN)
		show_unknown(run, given, FRESHET_OK, 0);
	else
		take_other(run, given, &event);
}
