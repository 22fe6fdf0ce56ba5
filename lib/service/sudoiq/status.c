/*
 * Happy path: all members are picked at once, whatever they are called, and each is taken as the type that it should
 * have; then the tool calls are walked over, each picked likewise.
 *
 * What a run cannot be led without (status, task id, tool calls) must be right, or the text is refused with a position.
 * Anything else of another type is left out: nobody has published what it is.
 */
#include "status.h"

#include "guest/text.h"

const char *freshet_sudoiq_phase_name(freshet_sudoiq_phase phase)
{
	switch (phase) {
	case FRESHET_SUDOIQ_RUNNING: return "running";
	case FRESHET_SUDOIQ_PAUSED: return "paused";
	case FRESHET_SUDOIQ_COMPLETED: return "completed";
	case FRESHET_SUDOIQ_FAILED: return "failed";
	case FRESHET_SUDOIQ_CANCELED: return "canceled";
	}
	return "unknown";
}

freshet_sudoiq_phase sudoiq_phase_of(const struct sudoiq_names *names, freshet_str status)
{
	if (guest_names_have(names->completed_statuses, status))
		return FRESHET_SUDOIQ_COMPLETED;
	if (guest_names_have(names->canceled_statuses, status))
		return FRESHET_SUDOIQ_CANCELED;
	if (guest_names_have(names->terminal_statuses, status))
		return FRESHET_SUDOIQ_FAILED;
	return guest_names_have(names->paused_statuses, status) ? FRESHET_SUDOIQ_PAUSED : FRESHET_SUDOIQ_RUNNING;
}

/* ---- reading ---- */

/* The text at hand; the first error sticks. */
struct source {
	const struct sudoiq_names *names;
	freshet_json_scratch *scratch;
	freshet_str text;
	freshet_err err;
	size_t position;
};

static void refuse(struct source *s, const freshet_json_value *at, freshet_err err)
{
	if (err == FRESHET_OK || s->err != FRESHET_OK)
		return;
	s->err = err;
	s->position = at->raw.ptr != NULL ? (size_t)(at->raw.ptr - s->text.ptr) : s->text.len;
}

/* Of what a status may do without only the lack of memory is an error. */
static bool optional(struct source *s, const freshet_json_value *value, freshet_err err)
{
	if (err == FRESHET_ENOMEM)
		refuse(s, value, err);
	return err == FRESHET_OK && !guest_absent(value);
}

static void take_str(struct source *s, const freshet_json_value *value, freshet_str *out)
{
	optional(s, value, guest_take_str(value, s->scratch, out));
}

static bool take_int(struct source *s, const freshet_json_value *value, int64_t *out)
{
	return optional(s, value, guest_take_int(value, out));
}

/* A string that must be there and not empty; a number stands for its digits. */
static void need_id(
	struct source *s, const freshet_json_value *value, const freshet_json_value *parent, freshet_str *out)
{
	refuse(s, guest_absent(value) ? parent : value,
		guest_absent(value) ? FRESHET_EJSON_MISSING : guest_take_id(value, s->scratch, out));
	if (out->len == 0)
		refuse(s, value, FRESHET_EJSON_MISSING);
}

/* Arguments may come as a string that holds their JSON: such a string is opened, once. */
static void take_args(struct source *s, const freshet_json_value *value, freshet_str *out)
{
	freshet_str inside = {NULL, 0};
	freshet_json_value opened;
	guest_take_raw(value, out);
	if (value->type != FRESHET_JSON_STRING)
		return;
	refuse(s, value, freshet_json_string(value, s->scratch, &inside));
	if (s->err == FRESHET_OK && freshet_json_read(inside, &opened, NULL) == FRESHET_OK)
		*out = opened.raw;
}

static void read_call(struct source *s, const freshet_json_value *value, freshet_sudoiq_tool_call *call)
{
	union sudoiq_tool_call_values v;
	if (value->type != FRESHET_JSON_OBJECT) {
		refuse(s, value, FRESHET_EJSON_TYPE);
		return;
	}
	refuse(s, value, guest_fields_pick(s->names->tool_call, value->raw, v.picked, NULL));
	call->raw = value->raw;
	need_id(s, &v.members.call_id_fields, value, &call->call_id);
	need_id(s, &v.members.tool_name_fields, value, &call->name);
	take_str(s, &v.members.namespace_fields, &call->space);
	if (call->space.len == 0)
		call->space = freshet_str_of(s->names->default_namespace);
	take_args(s, &v.members.args_fields, &call->args);
}

static size_t count_calls(struct source *s, const freshet_json_value *list)
{
	freshet_json_each each;
	freshet_json_value call;
	size_t count = 0;
	if (guest_absent(list))
		return 0;
	refuse(s, list, freshet_json_each_begin(&each, list));
	if (list->type == FRESHET_JSON_OBJECT)
		refuse(s, list, FRESHET_EJSON_TYPE);
	while (s->err == FRESHET_OK && freshet_json_each_next(&each, NULL, &call))
		if (++count > s->names->max_tool_calls)
			refuse(s, &call, FRESHET_EJSON_SIZE);
	return s->err == FRESHET_OK ? count : 0;
}

static void read_calls(struct source *s, const freshet_json_value *list, struct sudoiq_reading *out)
{
	freshet_json_each each;
	freshet_json_value call;
	size_t count = count_calls(s, list);
	if (count == 0)
		return;
	out->calls = freshet_mem_new(count, sizeof *out->calls);
	if (out->calls == NULL) {
		refuse(s, list, FRESHET_ENOMEM);
		return;
	}
	freshet_json_each_begin(&each, list);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &call); i++)
		read_call(s, &call, &out->calls[i]);
	out->status.tool_calls = out->calls;
	out->status.tool_call_count = count;
}

/* An object with a code and a message, or the message alone. */
static void read_error(struct source *s, const struct sudoiq_status_members *m, freshet_sudoiq_status *status)
{
	guest_take_raw(&m->error_fields, &status->error);
	take_str(s, &m->error_code_fields, &status->error_code);
	take_str(s, &m->error_message_fields, &status->error_message);
	if (status->error_message.len == 0)
		take_str(s, &m->error_fields, &status->error_message);
}

static void read_result(struct source *s, const freshet_json_value *result, freshet_sudoiq_status *status)
{
	guest_take_raw(result, &status->result);
	take_str(s, result, &status->result_text);
}

static void read_ids(
	struct source *s, const struct sudoiq_status_members *m, unsigned needs, freshet_sudoiq_status *status)
{
	const freshet_json_value whole = {.type = FRESHET_JSON_OBJECT};
	const freshet_json_value *task_id = &m->task_id_fields, *name = &m->status_fields;
	if ((needs & SUDOIQ_NEED_STATUS) != 0 && guest_absent(name))
		refuse(s, &whole, FRESHET_EJSON_MISSING);
	if ((needs & SUDOIQ_NEED_TASK_ID) != 0 && guest_absent(task_id))
		refuse(s, &whole, FRESHET_EJSON_MISSING);
	refuse(s, name, guest_take_str(name, s->scratch, &status->status));
	refuse(s, task_id, guest_take_int(task_id, &status->task_id));
	status->has_task_id = !guest_absent(task_id);
	status->phase = sudoiq_phase_of(s->names, status->status);
	take_str(s, &m->agent_id_fields, &status->agent_id);
}

static void read_members(
	struct source *s, const struct sudoiq_status_members *m, unsigned needs, struct sudoiq_reading *out)
{
	freshet_sudoiq_status *status = &out->status;
	read_ids(s, m, needs, status);
	read_result(s, &m->result_fields, status);
	read_error(s, m, status);
	take_str(s, &m->environment_fields, &status->environment);
	status->has_agent_version = take_int(s, &m->agent_version_fields, &status->agent_version);
	status->has_revision = take_int(s, &m->revision_fields, &status->revision);
	guest_take_raw(&m->usage_fields, &status->usage);
	take_int(s, &m->input_tokens_fields, &status->input_tokens);
	take_int(s, &m->output_tokens_fields, &status->output_tokens);
	take_str(s, &m->created_at_fields, &status->created_at);
	take_str(s, &m->updated_at_fields, &status->updated_at);
	read_calls(s, &m->tool_calls_fields, out);
}

/* RFC 8259, section 2. */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text without the white space around it. */
static freshet_str trim(freshet_str json)
{
	while (json.len > 0 && is_space(json.ptr[0]))
		json = (freshet_str){json.ptr + 1, json.len - 1};
	while (json.len > 0 && is_space(json.ptr[json.len - 1]))
		json.len--;
	return json;
}

freshet_err sudoiq_status_read(struct sudoiq_reading *reading, const struct sudoiq_names *names, freshet_str json,
	unsigned needs, freshet_json_scratch *scratch, size_t *position)
{
	union sudoiq_status_values v;
	struct source s = {names, scratch, json, FRESHET_OK, 0};
	memset(reading, 0, sizeof *reading);
	s.err = guest_fields_pick(names->status, json, v.picked, &s.position);
	/* A valid text is not empty, and what it begins with tells what it is. */
	const freshet_json_value whole = {.raw = trim(json)};
	if (s.err == FRESHET_OK && whole.raw.ptr[0] != '{')
		refuse(&s, &whole, FRESHET_EJSON_TYPE);
	if (s.err == FRESHET_OK) {
		reading->status.raw = whole.raw;
		read_members(&s, &v.members, needs, reading);
	}
	if (s.err == FRESHET_OK)
		return FRESHET_OK;
	if (position != NULL)
		*position = s.position;
	sudoiq_reading_clear(reading);
	return s.err;
}

void sudoiq_reading_clear(struct sudoiq_reading *reading)
{
	freshet_mem_free(reading->calls);
	memset(reading, 0, sizeof *reading);
}

/* ---- packing ---- */

/* One block: the struct, its tool calls, and the bytes that their spans lead to. */
struct packed {
	freshet_sudoiq_status status;
	size_t size; /* of the block */
};

/* Where the bytes go; with `to` NULL they are only counted. */
struct packer {
	freshet_str raw;  /* what most spans lie in */
	const char *base; /* its copy */
	char *to;
	size_t used;
	bool overflow;
};

static void pack_bytes(struct packer *p, freshet_str *span)
{
	if (p->to != NULL && span->len > 0) {
		memcpy(p->to + p->used, span->ptr, span->len);
		span->ptr = p->to + p->used;
	}
	p->overflow |= span->len > SIZE_MAX - p->used;
	p->used += span->len;
}

/* Spans within the JSON text go with it; only what was decoded elsewhere is copied by itself. */
static void pack(struct packer *p, freshet_str *span)
{
	uintptr_t at = (uintptr_t)span->ptr, begin = (uintptr_t)p->raw.ptr;
	if (span->len == 0 || at < begin || at - begin > p->raw.len || span->len > p->raw.len - (at - begin))
		pack_bytes(p, span);
	else if (p->to != NULL)
		span->ptr = p->base + (at - begin);
}

static void pack_status(struct packer *p, freshet_sudoiq_status *status)
{
	freshet_str *const spans[] = {&status->agent_id, &status->status, &status->result, &status->result_text,
		&status->error, &status->error_code, &status->error_message, &status->environment, &status->usage,
		&status->created_at, &status->updated_at};
	pack_bytes(p, &status->raw);
	p->base = status->raw.ptr;
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		pack(p, spans[i]);
}

static void pack_call(struct packer *p, freshet_sudoiq_tool_call *call)
{
	freshet_str *const spans[] = {&call->raw, &call->call_id, &call->name, &call->space, &call->args};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		pack(p, spans[i]);
}

/* SIZE_MAX: more than there can be. */
static size_t packed_size(const freshet_sudoiq_status *status)
{
	struct packer p = {.raw = status->raw};
	freshet_sudoiq_status copy = *status;
	size_t fixed = sizeof(struct packed);
	pack_status(&p, &copy);
	for (size_t i = 0; i < status->tool_call_count; i++) {
		freshet_sudoiq_tool_call call = status->tool_calls[i];
		pack_call(&p, &call);
	}
	if (p.overflow || status->tool_call_count > (SIZE_MAX - fixed) / sizeof *status->tool_calls)
		return SIZE_MAX;
	fixed += status->tool_call_count * sizeof *status->tool_calls;
	return p.used > SIZE_MAX - fixed ? SIZE_MAX : fixed + p.used;
}

freshet_err freshet_sudoiq_status_copy(const freshet_sudoiq_status *status, freshet_sudoiq_status **out)
{
	size_t size = packed_size(status);
	struct packed *packed = size != SIZE_MAX ? freshet_mem_new(1, size) : NULL;
	*out = NULL;
	if (packed == NULL)
		return FRESHET_ENOMEM;
	freshet_sudoiq_tool_call *calls = (freshet_sudoiq_tool_call *)(packed + 1);
	struct packer p = {.raw = status->raw, .to = (char *)(calls + status->tool_call_count)};
	packed->size = size;
	packed->status = *status;
	packed->status.tool_calls = status->tool_call_count > 0 ? calls : NULL;
	pack_status(&p, &packed->status);
	for (size_t i = 0; i < status->tool_call_count; i++) {
		calls[i] = status->tool_calls[i];
		pack_call(&p, &calls[i]);
	}
	*out = &packed->status;
	return FRESHET_OK;
}

void freshet_sudoiq_status_free(freshet_sudoiq_status *status)
{
	struct packed *packed = (struct packed *)(void *)status;
	if (packed == NULL)
		return;
	guest_wipe(packed, packed->size);
	freshet_mem_free(packed);
}

freshet_err freshet_sudoiq_status_new(
	freshet_str json, const freshet_sudoiq_names *names, freshet_sudoiq_status **out, size_t *position)
{
	struct sudoiq_names compiled;
	struct sudoiq_reading reading;
	freshet_json_scratch scratch;
	*out = NULL;
	freshet_err err = sudoiq_names_init(&compiled, names);
	if (err != FRESHET_OK)
		return err;
	freshet_json_scratch_init(&scratch, NULL, 0);
	err = sudoiq_status_read(
		&reading, &compiled, json, SUDOIQ_NEED_STATUS | SUDOIQ_NEED_TASK_ID, &scratch, position);
	if (err == FRESHET_OK) {
		err = freshet_sudoiq_status_copy(&reading.status, out);
		sudoiq_reading_clear(&reading);
	}
	freshet_json_scratch_clear(&scratch);
	sudoiq_names_clear(&compiled);
	return err;
}
