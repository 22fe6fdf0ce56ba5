/*
 * Answers to tool calls as they are sent, and what the service says of those that it has.
 */
#ifndef SUDOIQ_ANSWERS_H
#define SUDOIQ_ANSWERS_H

#include "task.h"

/* A request for answers; the writer is at the list of them, and NULL without memory, which the request then knows. */
freshet_json_writer *sudoiq_answers_begin(
	struct sudoiq_ask *ask, freshet_sudoiq *client, freshet_str agent_id, int64_t task_id);

/* `telemetry` is JSON; NULL: none. */
void sudoiq_answers_add(freshet_json_writer *writer, const struct sudoiq_settings *settings,
	const freshet_sudoiq_tool_result *result, const char *telemetry);

void sudoiq_answers_end(freshet_json_writer *writer);

freshet_sudoiq_tool_result sudoiq_answer_of(const struct sudoiq_pending *pending);

/* What the service made of a request for answers; it lives as long as the response. */
struct sudoiq_verdict {
	bool good;    /* it has all, or all that it names */
	bool already; /* it had them before */
	bool named;
	freshet_json_value calls; /* those that it names */
};

struct sudoiq_verdict sudoiq_verdict_read(
	const freshet_sudoiq *client, const freshet_response *response, const freshet_sudoiq_error *error);

/* It has the answer to that call, of those that were sent. */
bool sudoiq_verdict_has(const struct sudoiq_verdict *verdict, freshet_str call_id);

/* Spans copied one behind the other into memory of their own. */
size_t sudoiq_results_size(const freshet_sudoiq_tool_result *results, size_t count);
void sudoiq_results_move(freshet_sudoiq_tool_result *results, size_t count, char *to);

#endif
