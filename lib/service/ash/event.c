/*
 * Happy path: the name tells the type, one pick over the text fills in the values of the members that the type has.
 * Nothing is allocated but for strings with escapes.
 *
 * The members of the server's own frames must have the types that they should have: what cannot be read is told. The
 * agent's message comes from another program, whose next version may do as it likes: of it a member of another type is
 * left out, and the text is there as it came.
 */
#include "event.h"

FRESHET_JSON_PLAN(frame_plan, "sessionId", "version", "delta", "id", "name", "input", "tool_use_id", "content",
	"is_error", "numTurns", "result", "error");

/* The values, in the order of the plan. */
union frame {
	struct members {
		freshet_json_value session_id, version, delta, id, name, input, tool_use_id, content, is_error,
			num_turns, result, error;
	} members;
	freshet_json_value picked[sizeof(struct members) / sizeof(freshet_json_value)];
};

static void read_start(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_take_str(r, &m->session_id, &event->session_start.session_id);
	ash_take_str(r, &m->version, &event->session_start.version);
}

static void read_delta(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_reading_fail(r, &m->delta, freshet_json_string(&m->delta, r->scratch, &event->delta.text));
}

static freshet_str raw_of(const freshet_json_value *value)
{
	return ash_absent(value) ? (freshet_str){NULL, 0} : value->raw;
}

static void read_tool_use(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_take_str(r, &m->id, &event->tool_use.id);
	ash_take_str(r, &m->name, &event->tool_use.name);
	event->tool_use.input = raw_of(&m->input);
}

static void read_tool_result(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_take_str(r, &m->tool_use_id, &event->tool_result.tool_use_id);
	event->tool_result.content = raw_of(&m->content);
	ash_take_bool(r, &m->is_error, &event->tool_result.is_error);
}

static void read_complete(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_take_int(r, &m->num_turns, &event->turn_complete.num_turns);
	ash_take_str(r, &m->result, &event->turn_complete.result);
}

static void read_error(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_take_str(r, &m->error, &event->error.text);
}

static void read_done(struct ash_reading *r, const struct members *m, freshet_ash_event *event)
{
	ash_take_str(r, &m->session_id, &event->done.session_id);
}

static const struct kind {
	const char *name;
	freshet_ash_event_type type;
	void (*read)(struct ash_reading *r, const struct members *m, freshet_ash_event *event);
} kinds[] = {
	/* The frequent ones first. */
	{"text_delta", FRESHET_ASH_EVENT_TEXT_DELTA, read_delta},
	{"thinking_delta", FRESHET_ASH_EVENT_THINKING_DELTA, read_delta},
	{"tool_use", FRESHET_ASH_EVENT_TOOL_USE, read_tool_use},
	{"tool_result", FRESHET_ASH_EVENT_TOOL_RESULT, read_tool_result},
	{"session_start", FRESHET_ASH_EVENT_SESSION_START, read_start},
	{"turn_complete", FRESHET_ASH_EVENT_TURN_COMPLETE, read_complete},
	{"error", FRESHET_ASH_EVENT_ERROR, read_error},
	{"done", FRESHET_ASH_EVENT_DONE, read_done},
};

/* ---- the agent's message ---- */

FRESHET_JSON_PLAN(message_plan, "type", "subtype", "uuid", "session_id", "parent_tool_use_id", "message.id",
	"message.model", "model", "message.stop_reason", "message.content", "error", "tool_use_result", "event",
	"result", "structured_output", "errors", "message.usage", "usage", "is_error", "num_turns", "duration_ms",
	"duration_api_ms", "total_cost_usd");

union message {
	struct message_members {
		freshet_json_value type, subtype, uuid, session_id, parent_tool_use_id, message_id, message_model,
			model, stop_reason, content, error, tool_use_result, event, result, structured_output, errors,
			message_usage, usage, is_error, num_turns, duration_ms, duration_api_ms, total_cost_usd;
	} members;
	freshet_json_value picked[sizeof(struct message_members) / sizeof(freshet_json_value)];
};

static freshet_ash_message_kind kind_of(freshet_str name)
{
	static const struct {
		const char *name;
		freshet_ash_message_kind kind;
	} names[] = {
		{"stream_event", FRESHET_ASH_MESSAGE_STREAM_EVENT},
		{"assistant", FRESHET_ASH_MESSAGE_ASSISTANT},
		{"user", FRESHET_ASH_MESSAGE_USER},
		{"system", FRESHET_ASH_MESSAGE_SYSTEM},
		{"result", FRESHET_ASH_MESSAGE_RESULT},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (freshet_str_is(name, names[i].name))
			return names[i].kind;
	return FRESHET_ASH_MESSAGE_UNKNOWN;
}

/* A string, or nothing. Only the lack of memory is an error. */
static void may_str(struct ash_reading *r, const freshet_json_value *value, freshet_str *out)
{
	if (freshet_json_string(value, r->scratch, out) == FRESHET_ENOMEM)
		ash_reading_fail(r, value, FRESHET_ENOMEM);
}

static void read_numbers(const struct message_members *m, freshet_ash_agent_message *out)
{
	(void)freshet_json_bool(&m->is_error, &out->is_error);
	(void)freshet_json_int64(&m->num_turns, &out->num_turns);
	(void)freshet_json_int64(&m->duration_ms, &out->duration_ms);
	(void)freshet_json_int64(&m->duration_api_ms, &out->duration_api_ms);
	out->total_cost_usd.given = freshet_json_double(&m->total_cost_usd, &out->total_cost_usd.value) == FRESHET_OK;
}

static void read_message(struct ash_reading *r, const struct message_members *m, freshet_ash_agent_message *out)
{
	may_str(r, &m->type, &out->kind_name);
	out->kind = kind_of(out->kind_name);
	may_str(r, &m->subtype, &out->subtype);
	may_str(r, &m->uuid, &out->uuid);
	may_str(r, &m->session_id, &out->sdk_session_id);
	may_str(r, &m->parent_tool_use_id, &out->parent_tool_use_id);
	may_str(r, &m->message_id, &out->message_id);
	may_str(r, ash_absent(&m->message_model) ? &m->model : &m->message_model, &out->model);
	may_str(r, &m->stop_reason, &out->stop_reason);
	may_str(r, &m->error, &out->error);
	may_str(r, &m->result, &out->result);
	out->content = raw_of(&m->content);
	out->tool_use_result = raw_of(&m->tool_use_result);
	out->event = raw_of(&m->event);
	out->structured_output = raw_of(&m->structured_output);
	out->errors = raw_of(&m->errors);
	out->usage = raw_of(ash_absent(&m->message_usage) ? &m->usage : &m->message_usage);
	read_numbers(m, out);
}

/* ---- both ---- */

static void read_frame(struct ash_reading *r, const struct kind *kind, freshet_ash_event *event)
{
	union frame frame;
	r->err = freshet_json_pick_utf8(&frame_plan, r->text, frame.picked, &r->position);
	if (r->err == FRESHET_OK)
		kind->read(r, &frame.members, event);
	event->type = kind->type;
}

static void read_agent(struct ash_reading *r, freshet_ash_event *event)
{
	union message message;
	r->err = freshet_json_pick_utf8(&message_plan, r->text, message.picked, &r->position);
	if (r->err == FRESHET_OK)
		read_message(r, &message.members, &event->message);
	event->type = FRESHET_ASH_EVENT_MESSAGE;
}

static const struct kind *find_kind(freshet_str name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (freshet_str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

void ash_event_read(freshet_str name, freshet_str text, freshet_json_scratch *scratch, freshet_ash_event *event)
{
	struct ash_reading r = {text, scratch, FRESHET_OK, 0, NULL};
	const struct kind *kind = find_kind(name);
	memset(event, 0, sizeof *event);
	event->type_name = name;
	event->raw = text;
	if (kind != NULL)
		read_frame(&r, kind, event);
	else if (freshet_str_is(name, "message"))
		read_agent(&r, event);
	if (r.err == FRESHET_OK)
		return;
	memset(event, 0, sizeof *event);
	event->type_name = name;
	event->raw = text;
	event->err = r.err;
	event->position = r.position;
}

static void count_blocks(freshet_str content, struct ash_stored *stored)
{
	freshet_json_value value, block, type;
	freshet_json_each each;
	if (freshet_json_read(content, &value, NULL) != FRESHET_OK || value.type != FRESHET_JSON_ARRAY)
		return;
	freshet_json_each_begin(&each, &value);
	while (freshet_json_each_next(&each, NULL, &block)) {
		if (block.type != FRESHET_JSON_OBJECT || freshet_json_get(block.raw, "type", &type, NULL) != FRESHET_OK)
			continue;
		stored->texts += freshet_json_is(&type, "text");
		stored->thoughts += freshet_json_is(&type, "thinking");
		stored->tool_starts += freshet_json_is(&type, "tool_use");
	}
}

void ash_event_count(const freshet_ash_event *event, struct ash_stored *stored)
{
	if (event->type != FRESHET_ASH_EVENT_MESSAGE)
		return;
	if (event->message.kind == FRESHET_ASH_MESSAGE_ASSISTANT)
		count_blocks(event->message.content, stored);
	if (event->message.kind == FRESHET_ASH_MESSAGE_USER && event->message.tool_use_result.len > 0)
		stored->tool_results++;
}
