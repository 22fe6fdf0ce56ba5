/*
 * A callback for each kind of answer, which notes what it was given as text.
 */
#ifndef ASH_NOTES_H
#define ASH_NOTES_H

#include "support/ash_world.h"
#include "support/test.h"

/* The braces of a span, for tables, and a span. */
#define S(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
#define Z(text) ((freshet_str)S(text))
#define NONE                                                                                                           \
	{                                                                                                              \
		NULL, 0                                                                                                \
	}
#define UUID  "11111111-2222-4333-8444-555555555555"
#define ID    Z(UUID)
#define AGENT Z("helper")

static const freshet_ash_upload uploads[] = {{S("n"), S("hi"), NONE}};
static const bool yes = true;

static char note[1024];
static freshet_err failed;
static bool called;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	va_list args;
	size_t len = strlen(note);
	va_start(args, format);
	vsnprintf(note + len, sizeof note - len, format, args);
	va_end(args);
}

static int n(freshet_str text)
{
	return (int)text.len;
}

static const char *number(freshet_ash_number value)
{
	static char texts[8][16];
	static unsigned next;
	char *text = texts[next++ % 8];
	snprintf(text, sizeof texts[0], "%g", value.value);
	return value.given ? text : "-";
}

/* The beginning and the end of every callback. */
#define BEGIN                                                                                                          \
	(void)call, (void)user;                                                                                        \
	failed = error != NULL ? error->outcome.err : FRESHET_OK;                                                      \
	called = true;                                                                                                 \
	if (error != NULL)                                                                                             \
	return

/* A callback for objects, which notes something of each. */
#define SOME(name)                                                                                                     \
	static void note_##name(const freshet_ash_##name *o);                                                          \
	static void on_##name(freshet_ash_call *call, const freshet_ash_error *error,                                  \
		const freshet_ash_##name *objects, size_t count, void *user)                                           \
	{                                                                                                              \
		BEGIN;                                                                                                 \
		for (size_t i = 0; i < count; i++)                                                                     \
			note_##name(&objects[i]);                                                                      \
	}                                                                                                              \
	static void note_##name(const freshet_ash_##name *o)
#define ONE(name)                                                                                                      \
	static void note_##name(const freshet_ash_##name *o);                                                          \
	static void on_##name(                                                                                         \
		freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_##name *object, void *user)  \
	{                                                                                                              \
		BEGIN;                                                                                                 \
		note_##name(object);                                                                                   \
	}                                                                                                              \
	static void note_##name(const freshet_ash_##name *o)

SOME(agent)
{
	add("%.*s %d %.*s;", n(o->name), o->name.ptr, (int)o->version, n(o->path), o->path.ptr);
	assert_true(freshet_str_is(o->env, "{\"A\":\"***\"}"));
	assert_true(o->raw.len > 0 && o->raw.ptr[0] == '{');
}

SOME(session)
{
	static const char *const names[] = {[FRESHET_ASH_STATUS_STARTING] = "STARTING",
		[FRESHET_ASH_STATUS_ACTIVE] = "ACTIVE",
		[FRESHET_ASH_STATUS_PAUSED] = "PAUSED",
		[FRESHET_ASH_STATUS_STOPPED] = "STOPPED",
		[FRESHET_ASH_STATUS_ENDED] = "ENDED",
		[FRESHET_ASH_STATUS_ERROR] = "ERROR"};
	if (o->status != FRESHET_ASH_STATUS_UNKNOWN)
		add("%s;", names[o->status]);
	else
		add("%.*s;", n(o->status_name), o->status_name.ptr);
	assert_true(freshet_str_is(o->agent_name, "helper"));
	assert_int_equal(o->runner_id.len, 0);
}

SOME(message)
{
	add("%.*s %d %.*s;", n(o->role), o->role.ptr, (int)o->sequence, n(o->content), o->content.ptr);
}

SOME(record)
{
	static const char *const names[] = {[FRESHET_ASH_RECORD_LIFECYCLE] = "LIFECYCLE",
		[FRESHET_ASH_RECORD_MCP_STATUS] = "MCP_STATUS",
		[FRESHET_ASH_RECORD_TEXT] = "TEXT",
		[FRESHET_ASH_RECORD_REASONING] = "REASONING",
		[FRESHET_ASH_RECORD_TOOL_START] = "TOOL_START",
		[FRESHET_ASH_RECORD_TOOL_RESULT] = "TOOL_RESULT",
		[FRESHET_ASH_RECORD_TURN_COMPLETE] = "TURN_COMPLETE",
		[FRESHET_ASH_RECORD_ERROR] = "ERROR"};
	if (o->type != FRESHET_ASH_RECORD_UNKNOWN)
		add("%s %d;", names[o->type], (int)o->sequence);
	else
		add("%.*s %d;", n(o->type_name), o->type_name.ptr, (int)o->sequence);
}

SOME(attachment)
{
	add("%.*s %.*s %d %.*s;", n(o->filename), o->filename.ptr, n(o->mime_type), o->mime_type.ptr, (int)o->size,
		n(o->message_id), o->message_id.ptr);
}

SOME(queue_item)
{
	static const char *const names[] = {[FRESHET_ASH_QUEUE_PENDING] = "PENDING",
		[FRESHET_ASH_QUEUE_PROCESSING] = "PROCESSING",
		[FRESHET_ASH_QUEUE_COMPLETED] = "COMPLETED",
		[FRESHET_ASH_QUEUE_FAILED] = "FAILED",
		[FRESHET_ASH_QUEUE_CANCELLED] = "CANCELLED"};
	if (o->status != FRESHET_ASH_QUEUE_UNKNOWN)
		add("%s %d;", names[o->status], (int)o->priority);
	else
		add("%.*s %d;", n(o->status_name), o->status_name.ptr, (int)o->priority);
}

SOME(credential)
{
	add("%.*s %.*s %.*s %d %.*s;", n(o->id), o->id.ptr, n(o->type), o->type.ptr, n(o->label), o->label.ptr,
		o->active, n(o->last_used_at), o->last_used_at.ptr);
}

SOME(api_key)
{
	add("%.*s %.*s %.*s %.*s;", n(o->id), o->id.ptr, n(o->label), o->label.ptr, n(o->key), o->key.ptr, n(o->prefix),
		o->prefix.ptr);
}

SOME(usage_event)
{
	add("%.*s %g;", n(o->event_type), o->event_type.ptr, o->value);
}

SOME(version)
{
	add("%d %.*s %d ", (int)o->number, n(o->name), o->name.ptr, o->is_active);
	for (size_t i = 0; i < o->knowledge_file_count; i++)
		add("%.*s,", n(o->knowledge_files[i]), o->knowledge_files[i].ptr);
	add(";");
}

SOME(eval_case)
{
	add("%.*s %.*s %d %zu %zu %zu %.*s;", n(o->question), o->question.ptr, n(o->category), o->category.ptr,
		o->is_active, o->expected_topic_count, o->expected_not_topic_count, o->tag_count, n(o->chat_history),
		o->chat_history.ptr);
}

SOME(eval_run)
{
	add("%.*s %d %d %s %s %s %s %s;", n(o->status), o->status.ptr, (int)o->total_cases, (int)o->completed_cases,
		number(o->topic_score), number(o->safety_score), number(o->llm_judge_score), number(o->latency_ms),
		number(o->pass_rate));
}

SOME(eval_result)
{
	add("%.*s %.*s %s %s %s %s %s %.*s;", n(o->status), o->status.ptr, n(o->agent_response), o->agent_response.ptr,
		number(o->topic_score), number(o->safety_score), number(o->llm_judge_score), number(o->latency_ms),
		number(o->human_score), n(o->human_notes), o->human_notes.ptr);
}

SOME(file_result)
{
	add("%.*s %d %d %.*s;", n(o->path), o->path.ptr, o->written, (int)o->size, n(o->error), o->error.ptr);
}

ONE(queue_stats)
{
	add("%d %d %d %d %d", (int)o->pending, (int)o->processing, (int)o->completed, (int)o->failed,
		(int)o->cancelled);
}

ONE(usage_stats)
{
	add("%g %g %g %g %g %g %g", o->input_tokens, o->output_tokens, o->cache_creation_tokens, o->cache_read_tokens,
		o->tool_calls, o->messages, o->compute_seconds);
}

ONE(analytics)
{
	add("%d %d %.*s %g %d %.*s", (int)o->agents, (int)o->sessions, n(o->sessions_by_status),
		o->sessions_by_status.ptr, o->usage.compute_seconds, (int)o->eval_runs, n(o->eval_runs_by_status),
		o->eval_runs_by_status.ptr);
}

ONE(eval_comparison)
{
	add("%.*s %.*s ", n(o->run_a.status), o->run_a.status.ptr, n(o->run_b.status), o->run_b.status.ptr);
	for (size_t i = 0; i < o->result_count; i++) {
		const freshet_ash_eval_pair *pair = &o->results[i];
		add("%.*s %.*s %s;", n(pair->case_id), pair->case_id.ptr, n(pair->a.agent_response),
			pair->a.agent_response.ptr, pair->b.raw.len == 0 ? "alone" : "both");
	}
}

ONE(file_list)
{
	for (size_t i = 0; i < o->file_count; i++)
		add("%.*s %d;", n(o->files[i].path), o->files[i].path.ptr, (int)o->files[i].size);
	add("from %.*s", n(o->source), o->source.ptr);
}

ONE(bytes)
{
	add("%.*s %.*s", n(o->bytes), o->bytes.ptr, n(o->content_type), o->content_type.ptr);
}

ONE(log)
{
	for (size_t i = 0; i < o->entry_count; i++)
		add("%d %.*s %.*s;", (int)o->entries[i].index, n(o->entries[i].level), o->entries[i].level.ptr,
			n(o->entries[i].text), o->entries[i].text.ptr);
	add("from %.*s", n(o->source), o->source.ptr);
}

ONE(exec_result)
{
	add("%d %.*s %.*s", (int)o->exit_code, n(o->output), o->output.ptr, n(o->errors), o->errors.ptr);
}

ONE(health)
{
	add("%.*s %.*s %.*s %d %d %d %d", n(o->status), o->status.ptr, n(o->version), o->version.ptr,
		n(o->coordinator_id), o->coordinator_id.ptr, (int)o->active_sessions, (int)o->active_sandboxes,
		(int)o->remote_runners, (int)o->uptime_s);
	add(" %d %d %d %d %d %d %d %d %d %d", (int)o->pool_total, (int)o->pool_cold, (int)o->pool_warming,
		(int)o->pool_warm, (int)o->pool_waiting, (int)o->pool_running, (int)o->pool_max_capacity,
		(int)o->pool_resume_warm_hits, (int)o->pool_resume_cold_hits, (int)o->pool_pre_warm_hits);
}

static void on_done(freshet_ash_call *call, const freshet_ash_error *error, int64_t count, void *user)
{
	BEGIN;
	add("done %d", (int)count);
}

static void on_json(freshet_ash_call *call, const freshet_ash_error *error, freshet_str json, void *user)
{
	BEGIN;
	add("%.*s", n(json), json.ptr);
}

#endif
