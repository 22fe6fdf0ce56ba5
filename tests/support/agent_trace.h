/*
 * Events of the model as lines of text, so that tests can say what they want to see: the kind, what is not empty of it,
 * and behind " < " what it was made of where that is wanted.
 */
#ifndef SUPPORT_AGENT_TRACE_H
#define SUPPORT_AGENT_TRACE_H

#include "support/test.h"

#include <freshet/agent.h>

struct agent_trace {
	char text[1 << 16];
	size_t len;
	size_t failures; /* calls that found no memory */
	bool raw;        /* tell what each event was made of */
};

static inline void agent_trace_put(struct agent_trace *t, const char *label, freshet_str text)
{
	assert_true(t->len + strlen(label) + text.len + 2 < sizeof t->text);
	t->len += (size_t)sprintf(t->text + t->len, "%s", label);
	for (size_t i = 0; i < text.len; i++)
		t->text[t->len++] = text.ptr[i];
	t->text[t->len] = '\0';
}

static inline void agent_trace_some(struct agent_trace *t, const char *label, freshet_str text)
{
	if (text.len > 0)
		agent_trace_put(t, label, text);
}

static inline void agent_trace_flag(struct agent_trace *t, const char *label, bool flag)
{
	if (flag)
		agent_trace_put(t, label, freshet_str_of(""));
}

static inline void agent_trace_number(struct agent_trace *t, const char *label, bool has, int64_t number)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%lld", (long long)number);
	if (has)
		agent_trace_put(t, label, freshet_str_of(digits));
}

static inline void agent_trace_status(struct agent_trace *t, const freshet_agent_event *e)
{
	static const char *const subjects[] = {"session", "stage", "turn", "agent", "stream"};
	static const char *const progress[] = {"", "started", "done", "failed"};
	agent_trace_put(t, " ", freshet_str_of(subjects[e->status.subject]));
	agent_trace_some(t, " name=", e->status.name);
	agent_trace_some(t, " ", freshet_str_of(progress[e->status.progress]));
	agent_trace_some(t, " as=", e->status.progress_name);
	agent_trace_some(t, " text=", e->status.text);
	agent_trace_number(t, " ms=", e->status.has_duration, e->status.duration_ms);
}

static inline void agent_trace_usage(struct agent_trace *t, const freshet_agent_event *e)
{
	char cost[32];
	snprintf(cost, sizeof cost, "%.4f", e->usage.cost_usd);
	agent_trace_number(t, " in=", true, e->usage.input_tokens);
	agent_trace_number(t, " out=", true, e->usage.output_tokens);
	agent_trace_number(t, " cached=", true, e->usage.cache_creation_tokens);
	agent_trace_number(t, "/", true, e->usage.cache_read_tokens);
	agent_trace_number(t, " turns=", true, e->usage.model_turns);
	agent_trace_some(t, " cost=", freshet_str_of(e->usage.has_cost ? cost : ""));
	agent_trace_number(t, " ms=", e->usage.has_duration, e->usage.duration_ms);
}

static inline void agent_trace_done(struct agent_trace *t, const freshet_agent_event *e)
{
	static const char *const results[] = {"unknown", "completed", "failed", "canceled", "paused"};
	agent_trace_put(t, " ", freshet_str_of(results[e->done.result]));
	agent_trace_number(t, " code=", e->done.has_exit_code, e->done.exit_code);
	agent_trace_some(t, " text=", e->done.text);
	agent_trace_some(t, e->done.output_json ? " json=" : " output=", e->done.output);
}

static inline void agent_trace_members(struct agent_trace *t, const freshet_agent_event *e)
{
	switch (e->kind) {
	case FRESHET_AGENT_RAW:
		agent_trace_flag(t, " json", e->line.json);
		agent_trace_flag(t, " continued", e->line.continued);
		agent_trace_flag(t, " part", e->line.part);
		break;
	case FRESHET_AGENT_STARTED:
		agent_trace_some(t, " session=", e->started.session_id);
		agent_trace_some(t, " runtime=", e->started.runtime);
		break;
	case FRESHET_AGENT_STATUS: agent_trace_status(t, e); break;
	case FRESHET_AGENT_TEXT:
	case FRESHET_AGENT_THINKING:
		agent_trace_flag(t, " delta", e->text.delta);
		agent_trace_flag(t, " repeated", e->text.repeated);
		agent_trace_put(t, " ", e->text.text);
		break;
	case FRESHET_AGENT_OUTPUT:
		agent_trace_some(t, " ", e->output.stream_name);
		agent_trace_put(t, " ", e->output.text);
		break;
	case FRESHET_AGENT_TOOL_CALL:
	case FRESHET_AGENT_TOOL_REQUEST:
	case FRESHET_AGENT_AWAITING_APPROVAL:
		agent_trace_some(t, " id=", e->tool.id);
		agent_trace_some(t, " space=", e->tool.space);
		agent_trace_some(t, " name=", e->tool.name);
		agent_trace_some(t, " input=", e->tool.input);
		break;
	case FRESHET_AGENT_TOOL_RESULT:
		agent_trace_flag(t, " error", e->tool_result.is_error);
		agent_trace_some(t, " id=", e->tool_result.id);
		agent_trace_some(t, " name=", e->tool_result.name);
		agent_trace_some(t, " content=", e->tool_result.content);
		agent_trace_some(t, " text=", e->tool_result.text);
		break;
	case FRESHET_AGENT_AWAITING_INPUT:
		agent_trace_some(t, " id=", e->question.id);
		agent_trace_some(t, " text=", e->question.text);
		break;
	case FRESHET_AGENT_USAGE: agent_trace_usage(t, e); break;
	case FRESHET_AGENT_ERROR:
		agent_trace_some(t, " code=", e->error.code);
		agent_trace_some(t, " text=", e->error.text);
		break;
	case FRESHET_AGENT_DONE: agent_trace_done(t, e); break;
	}
}

static inline void agent_trace_event(struct agent_trace *t, const freshet_agent_event *e)
{
	agent_trace_put(t, freshet_agent_kind_name(e->kind), freshet_str_of(""));
	agent_trace_number(t, " #", e->turn != 0, e->turn);
	agent_trace_some(t, " in ", e->parent);
	agent_trace_members(t, e);
	if (t->raw)
		agent_trace_put(t, " < ", e->raw);
	agent_trace_put(t, "\n", freshet_str_of(""));
}

/* All that comes of what was fed. */
static inline void agent_trace_take(struct agent_trace *t, freshet_agent_reader *reader)
{
	freshet_agent_event event;
	freshet_agent_step step;
	while ((step = freshet_agent_reader_next(reader, &event)) != FRESHET_AGENT_MORE) {
		if (step == FRESHET_AGENT_EVENT)
			agent_trace_event(t, &event);
		else
			t->failures++;
	}
}

#endif
