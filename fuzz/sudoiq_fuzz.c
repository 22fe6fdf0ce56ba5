/*
 * What a Sudoiq server says: the lines of the input are statuses of one run, in the order in which they come, fed to a
 * client whose loop never turns; the last one is also the body of an error, under the status that the first byte chooses.
 *
 * Properties: a status is read whole or refused at a byte of it; every span can be read to its end, in the copy as well;
 * no tool call stands twice in the table, nor more of them than allowed; the end of a run is its end; a revision never goes
 * back; no control character reaches the line for people.
 */
#include "service/sudoiq/failure.h"
#include "service/sudoiq/task.h"

#include <stdlib.h>

#define CALLS_MAX 8

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

static void touch_status(const freshet_sudoiq_status *s)
{
	const freshet_str spans[] = {s->raw, s->agent_id, s->status, s->result, s->result_text, s->error, s->error_code,
		s->error_message, s->environment, s->usage, s->created_at, s->updated_at};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		touch(spans[i]);
	for (size_t i = 0; i < s->tool_call_count; i++) {
		const freshet_sudoiq_tool_call *call = &s->tool_calls[i];
		const freshet_str parts[] = {call->raw, call->call_id, call->name, call->space, call->args};
		for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
			touch(parts[k]);
		hold(call->call_id.len > 0 && call->name.len > 0 && call->space.len > 0);
	}
}

/* ---- a client that asks nobody ---- */

static freshet_sudoiq *open_client(freshet_reactor **reactor)
{
	freshet_sudoiq_options o;
	freshet_sudoiq *client;
	hold(freshet_reactor_new(NULL, reactor) == FRESHET_OK);
	freshet_sudoiq_options_init(&o);
	o.url = "http://127.0.0.1:9";
	o.api_key = "sk_fuzz";
	o.max_run_calls = CALLS_MAX;
	hold(freshet_sudoiq_new(*reactor, &o, &client) == FRESHET_OK);
	return client;
}

static void hold_table(const struct sudoiq_task *task)
{
	size_t count = 0;
	for (const struct sudoiq_pending *p = task->calls.first; p != NULL; p = p->next, count++)
		hold(sudoiq_pending_find(task, p->call_id) == p && p->state != PENDING_OVER);
	for (const struct sudoiq_pending *p = task->over.first; p != NULL; p = p->next, count++)
		hold(sudoiq_pending_find(task, p->call_id) == p && p->state == PENDING_OVER);
	hold(count == task->ids.count && count <= CALLS_MAX);
}

/* What is known of a run before and after a status. */
static void feed(freshet_sudoiq *client, freshet_sudoiq_status *status)
{
	const freshet_str agent = freshet_str_of("a");
	status->agent_id = agent;
	status->task_id = 1;
	struct sudoiq_task *task = sudoiq_task_find(client, agent, 1);
	bool known = task != NULL;
	freshet_sudoiq_phase phase = known ? task->phase : FRESHET_SUDOIQ_RUNNING;
	bool had_revision = known && task->has_revision;
	int64_t revision = had_revision ? task->revision : 0;
	bool news;
	freshet_err err = freshet_sudoiq_feed(client, status, &news);
	hold(err == FRESHET_OK || err == FRESHET_EQUEUE_FULL);
	task = sudoiq_task_find(client, agent, 1);
	hold(task != NULL);
	hold_table(task);
	if (freshet_sudoiq_phase_is_terminal(phase))
		hold(task->phase == phase && !news);
	if (had_revision)
		hold(task->revision >= revision);
	if (err != FRESHET_OK)
		hold(task->phase == phase && !news);
}

static void take_status(freshet_sudoiq *client, freshet_str line)
{
	freshet_sudoiq_status *status, *copy;
	size_t position = 0;
	freshet_err err = freshet_sudoiq_status_new(line, NULL, &status, &position);
	if (err != FRESHET_OK) {
		hold(status == NULL && position <= line.len);
		return;
	}
	touch_status(status);
	hold(freshet_sudoiq_status_copy(status, &copy) == FRESHET_OK);
	touch_status(copy);
	hold(freshet_str_equal(copy->raw, status->raw) && copy->tool_call_count == status->tool_call_count);
	freshet_sudoiq_status_free(copy);
	feed(client, status);
	freshet_sudoiq_status_free(status);
}

static void take_failure(freshet_sudoiq *client, int http_status, freshet_str body)
{
	struct sudoiq_failure failure;
	const freshet_outcome outcome = {.text = freshet_str_of("answered"), .http_status = http_status};
	sudoiq_failure_init(&failure, client, NULL, &outcome, body);
	const freshet_str text = failure.error.outcome.text;
	hold(failure.error.outcome.err != FRESHET_OK && text.len > 0);
	for (size_t i = 0; i < text.len; i++)
		hold((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f);
	touch(failure.error.code);
	touch(failure.error.message);
	touch(failure.error.outcome.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {400, 401, 403, 404, 409, 422, 429, 500};
	freshet_reactor *reactor;
	if (size == 0)
		return 0;
	freshet_sudoiq *client = open_client(&reactor);
	const char *at = (const char *)data + 1, *end = (const char *)data + size;
	freshet_str line = {at, 0};
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		line = (freshet_str){at, (size_t)((stop != NULL ? stop : end) - at)};
		take_status(client, line);
		at = stop != NULL ? stop + 1 : end;
	}
	take_failure(client, statuses[data[0] % (sizeof statuses / sizeof statuses[0])], line);
	freshet_reactor_free(reactor);
	return 0;
}
