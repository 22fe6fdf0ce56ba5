/*
 * Happy path: one pick over the text fills in the values of every member that any type has, the type tells which of
 * them become fields. Nothing is allocated but for strings with escapes.
 */
#include "event.h"

#include "names.h"
#include "reading.h"

FRESHET_JSON_PLAN(plan, "type", "id", "turn", "stream", "data", "stage", "state", "duration_ms", "message", "code",
	"provider", "runtime", "session_id");

/* The values, in the order of the plan. */
union values {
	struct members {
		freshet_json_value type, id, turn, stream, data, stage, state, duration_ms, message, code, provider,
			runtime, session_id;
	} members;
	freshet_json_value picked[sizeof(struct members) / sizeof(freshet_json_value)];
};

static void read_start(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	take_str(r, &m->provider, &event->start.provider);
	take_str(r, &m->runtime, &event->start.runtime);
	take_str(r, &m->session_id, &event->start.session_id);
}

static void read_stage(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	take_str(r, &m->stage, &event->stage.name);
	take_str(r, &m->state, &event->stage.state_name);
	event->stage.state = stage_state_of(event->stage.state_name);
	take_number(r, &m->duration_ms, &event->stage.has_duration, &event->stage.duration_ms);
	take_str(r, &m->message, &event->stage.message);
}

static void read_turn_start(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	reading_fail(r, &m->turn, freshet_json_int64(&m->turn, &event->turn_start.turn));
}

static void read_output(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	take_str(r, &m->stream, &event->output.stream_name);
	event->output.stream = output_stream_of(event->output.stream_name);
	need_str(r, &m->data, &event->output.data);
	take_int(r, &m->turn, &event->output.turn);
}

static void read_exit(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	take_number(r, &m->code, &event->exit.has_code, &event->exit.code);
}

static void read_message(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	take_str(r, &m->message, &event->message.text);
}

static const struct {
	const char *name;
	freshet_aod_event_type type;
	void (*read)(struct reading *r, const struct members *m, freshet_aod_event *event);
} kinds[] = {
	/* The frequent one first. */
	{"output", FRESHET_AOD_EVENT_OUTPUT, read_output},
	{"stage", FRESHET_AOD_EVENT_STAGE, read_stage},
	{"start", FRESHET_AOD_EVENT_START, read_start},
	{"turn_start", FRESHET_AOD_EVENT_TURN_START, read_turn_start},
	{"exit", FRESHET_AOD_EVENT_EXIT, read_exit},
	{"error", FRESHET_AOD_EVENT_ERROR, read_message},
	{"terminated", FRESHET_AOD_EVENT_TERMINATED, read_message},
	{"stale", FRESHET_AOD_EVENT_STALE, read_message},
};

/* An unknown event owes us no shape: its type is read if it is a string, its id if it is a row's. */
static void read_unknown(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	if (m->type.type == FRESHET_JSON_STRING)
		take_str(r, &m->type, &event->type_name);
	freshet_json_uint64(&m->id, &event->id);
}

static void read_known(struct reading *r, const struct members *m, freshet_aod_event *event)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!freshet_json_is(&m->type, kinds[i].name))
			continue;
		event->type = kinds[i].type;
		event->type_name = freshet_str_of(kinds[i].name);
		take_id(r, &m->id, &event->id);
		kinds[i].read(r, m, event);
		return;
	}
	read_unknown(r, m, event);
}

freshet_err event_read(freshet_str text, freshet_json_scratch *scratch, freshet_aod_event *event, size_t *position)
{
	union values values;
	struct reading r = {.text = text, .scratch = scratch};
	memset(event, 0, sizeof *event);
	event->raw = text;
	freshet_err err = freshet_json_pick_utf8(&plan, text, values.picked, position);
	if (err != FRESHET_OK)
		return err;
	read_known(&r, &values.members, event);
	*position = r.position;
	return r.err;
}
