/*
 * Events: written as JSON once, when they are reported, and put into the queue. The client's one writer is used for all of
 * them; it checks what the caller brings, so that nothing gets into a batch that would spoil it for the others.
 */
#include "client.h"
#include "report.h"

#include "guest/clock.h"

static const char *const level_names[] = {
	[FRESHET_AGENTOS_LEVEL_DEFAULT] = "info",
	[FRESHET_AGENTOS_LEVEL_DEBUG] = "debug",
	[FRESHET_AGENTOS_LEVEL_INFO] = "info",
	[FRESHET_AGENTOS_LEVEL_WARN] = "warn",
	[FRESHET_AGENTOS_LEVEL_ERROR] = "error",
};

/* ---- members ---- */

freshet_json_writer *agentos_write(freshet_agentos *client)
{
	freshet_json_writer_reset(client->report.writer);
	return client->report.writer;
}

void agentos_write_json(freshet_json_writer *writer, const char *name, freshet_str json)
{
	if (json.len == 0)
		return;
	freshet_json_write_key(writer, name);
	freshet_json_write_raw(writer, json);
}

char agentos_json_first(freshet_str json)
{
	size_t at = 0;
	while (at < json.len && (json.ptr[at] == ' ' || (json.ptr[at] >= '\t' && json.ptr[at] <= '\r')))
		at++;
	return at < json.len ? json.ptr[at] : '\0';
}

static bool is_named(const freshet_json_value *key, const char *const *named)
{
	for (; *named != NULL; named++)
		if (freshet_json_is(key, *named))
			return true;
	return false;
}

freshet_err agentos_write_members(freshet_json_writer *writer, freshet_str object, const char *const *named)
{
	freshet_json_each each;
	freshet_json_value whole, key, value;
	freshet_json_scratch scratch = {0};
	if (object.len == 0)
		return FRESHET_OK;
	freshet_err err = freshet_json_read(object, &whole, NULL);
	if (err == FRESHET_OK && whole.type != FRESHET_JSON_OBJECT)
		err = FRESHET_EINVAL;
	if (err != FRESHET_OK)
		return err;
	freshet_json_each_begin(&each, &whole);
	while (err == FRESHET_OK && freshet_json_each_next(&each, &key, &value)) {
		freshet_str name = {NULL, 0};
		if (is_named(&key, named))
			continue;
		err = freshet_json_string(&key, &scratch, &name);
		freshet_json_write_key_str(writer, name);
		freshet_json_write_raw(writer, value.raw);
	}
	freshet_json_scratch_clear(&scratch);
	return err;
}

/* ---- events ---- */

static void write_id(freshet_json_writer *writer)
{
	char id[GUEST_UUID_SIZE];
	/* Without randomness the event goes without. */
	if (guest_uuid(id) != FRESHET_OK)
		return;
	guest_write(writer, "id", freshet_str_of(id));
}

freshet_json_writer *agentos_event_begin(freshet_agentos_run *run, freshet_str type, freshet_agentos_level level)
{
	freshet_json_writer *writer = agentos_write(run->client);
	freshet_json_write_object(writer);
	if (run->client->options.event_ids)
		write_id(writer);
	guest_write(writer, "type", type);
	guest_write(writer, "level", freshet_str_of(level_names[level]));
	freshet_json_write_key(writer, "payload");
	return writer;
}

/* Nobody listens any more, or not yet: the event counts as dropped. */
static bool is_passed(freshet_agentos_run *run)
{
	freshet_agentos *client = run->client;
	freshet_agentos_drop cause;
	if (client->options.disabled)
		cause = FRESHET_AGENTOS_DROPPED_DISABLED;
	else if (run->lost)
		cause = FRESHET_AGENTOS_DROPPED_LOST;
	else if (client->report.stopped)
		cause = FRESHET_AGENTOS_DROPPED_AUTH;
	else
		return false;
	agentos_queue_pass(&client->report.queue, &run->lane, cause);
	return true;
}

static freshet_err put(freshet_agentos_run *run)
{
	freshet_json_writer *writer = run->client->report.writer;
	char time[GUEST_TIME_SIZE];
	freshet_str text;
	guest_time_write(guest_wall_ms(), time);
	guest_write(writer, "occurred_at", (freshet_str){time, GUEST_TIME_SIZE - 1});
	freshet_json_write_end(writer);
	freshet_err err = freshet_json_writer_text(writer, &text);
	if (err != FRESHET_OK || is_passed(run))
		return err;
	err = agentos_queue_put(&run->client->report.queue, &run->lane, text);
	if (err == FRESHET_OK)
		agentos_run_emitted(run);
	return err;
}

freshet_err agentos_event_end(freshet_agentos_run *run, freshet_err err)
{
	return err == FRESHET_OK ? put(run) : err;
}

static freshet_err check(const freshet_agentos_run *run, freshet_str type, freshet_agentos_level level)
{
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return err;
	size_t most = run->client->options.max_type;
	bool good = type.len > 0 && type.len <= most && (unsigned)level <= FRESHET_AGENTOS_LEVEL_ERROR;
	return good ? FRESHET_OK : FRESHET_EINVAL;
}

/* Whatever is no object is wrapped. */
static void write_payload(freshet_json_writer *writer, freshet_str payload)
{
	bool object = payload.len == 0 || agentos_json_first(payload) == '{';
	if (payload.len > 0 && object) {
		freshet_json_write_raw(writer, payload);
		return;
	}
	freshet_json_write_object(writer);
	if (!object)
		agentos_write_json(writer, "value", payload);
	freshet_json_write_end(writer);
}

freshet_err freshet_agentos_emit(
	freshet_agentos_run *run, freshet_str type, freshet_str payload, freshet_agentos_level level)
{
	freshet_err err = check(run, type, level);
	if (err == FRESHET_OK) {
		write_payload(agentos_event_begin(run, type, level), payload);
		err = put(run);
	}
	return agentos_refused(run->client, err);
}

/* ---- the events that the platform knows ---- */

#define TOKEN_NAMES 2

/* The members that are written for the tokens, and NULL behind them. */
static void name_tokens(const freshet_agentos_usage *usage, const char **named)
{
	if (usage != NULL && usage->has_input_tokens)
		*named++ = "input_tokens";
	if (usage != NULL && usage->has_output_tokens)
		*named++ = "output_tokens";
	*named = NULL;
}

static void write_value(freshet_json_writer *writer, const char *name, freshet_agentos_value value)
{
	freshet_json_write_key(writer, name);
	if (value.json.len > 0)
		freshet_json_write_raw(writer, value.json);
	else
		freshet_json_write_string(writer, value.text);
}

freshet_err agentos_write_usage(freshet_json_writer *writer, const freshet_agentos_usage *usage)
{
	const char *named[TOKEN_NAMES + 1];
	if (usage == NULL)
		return FRESHET_OK;
	if (usage->has_input_tokens) {
		freshet_json_write_key(writer, "input_tokens");
		freshet_json_write_uint64(writer, usage->input_tokens);
	}
	if (usage->has_output_tokens) {
		freshet_json_write_key(writer, "output_tokens");
		freshet_json_write_uint64(writer, usage->output_tokens);
	}
	name_tokens(usage, named);
	return agentos_write_members(writer, usage->others, named);
}

void agentos_count_usage(freshet_agentos_run *run, const freshet_agentos_usage *usage)
{
	if (usage == NULL)
		return;
	run->input_tokens += usage->has_input_tokens ? usage->input_tokens : 0;
	run->output_tokens += usage->has_output_tokens ? usage->output_tokens : 0;
}

/* Begins an event whose payload has one name first; its members follow. */
static freshet_json_writer *begin_named(
	freshet_agentos_run *run, const char *type, freshet_agentos_level level, const char *name, freshet_str value)
{
	freshet_json_writer *writer = agentos_event_begin(run, freshet_str_of(type), level);
	freshet_json_write_object(writer);
	guest_write(writer, name, value);
	return writer;
}

/* Ends the payload and the event. */
static freshet_err end_named(freshet_agentos_run *run, freshet_err err)
{
	freshet_json_write_end(run->client->report.writer);
	return agentos_refused(run->client, agentos_event_end(run, err));
}

freshet_err freshet_agentos_emit_llm_request(
	freshet_agentos_run *run, freshet_str model, freshet_agentos_value prompt, freshet_str others)
{
	static const char *const named[] = {"model", "prompt", NULL};
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return agentos_refused(run->client, err);
	freshet_json_writer *writer = begin_named(run, "llm.request", FRESHET_AGENTOS_LEVEL_INFO, "model", model);
	write_value(writer, "prompt", prompt);
	return end_named(run, agentos_write_members(writer, others, named));
}

freshet_err freshet_agentos_emit_llm_response(freshet_agentos_run *run, freshet_str model,
	freshet_agentos_value response, const freshet_agentos_usage *usage, freshet_str others)
{
	const char *named[2 + TOKEN_NAMES + 1] = {"model", "response"};
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return agentos_refused(run->client, err);
	freshet_json_writer *writer = begin_named(run, "llm.response", FRESHET_AGENTOS_LEVEL_INFO, "model", model);
	write_value(writer, "response", response);
	name_tokens(usage, named + 2);
	err = agentos_write_usage(writer, usage);
	if (err == FRESHET_OK)
		err = agentos_write_members(writer, others, named);
	err = end_named(run, err);
	if (err == FRESHET_OK)
		agentos_count_usage(run, usage);
	return err;
}

/* The events of tools: the tool, and one member more. */
static freshet_err emit_tool(
	freshet_agentos_run *run, const char *type, freshet_str tool, const char *name, freshet_str json)
{
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return agentos_refused(run->client, err);
	agentos_write_json(begin_named(run, type, FRESHET_AGENTOS_LEVEL_INFO, "tool", tool), name, json);
	return end_named(run, FRESHET_OK);
}

freshet_err freshet_agentos_emit_tool_call(freshet_agentos_run *run, freshet_str tool, freshet_str input)
{
	return emit_tool(run, "tool.called", tool, "input", input);
}

freshet_err freshet_agentos_emit_tool_return(freshet_agentos_run *run, freshet_str tool, freshet_str output)
{
	return emit_tool(run, "tool.returned", tool, "output", output);
}

freshet_err freshet_agentos_emit_tool_error(freshet_agentos_run *run, freshet_str tool, freshet_str message)
{
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return agentos_refused(run->client, err);
	freshet_json_writer *writer = begin_named(run, "tool.failed", FRESHET_AGENTOS_LEVEL_ERROR, "tool", tool);
	guest_write(writer, "error", message);
	return end_named(run, FRESHET_OK);
}
