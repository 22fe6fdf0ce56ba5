#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct reply *siq_ask(const char *method, const char *body, const char *path, ...)
{
	char text[512] = "/api/v1";
	va_list args;
	va_start(args, path);
	vsnprintf(text + 7, sizeof text - 7, path, args);
	va_end(args);
	struct reply *r =
		probe_send(mock.probe, method, text, body != NULL ? "content-type: application/json" : NULL, body);
	probe_until_end(mock.probe, r);
	return r;
}

struct reply *siq_start(const char *input)
{
	char body[1024];
	snprintf(body, sizeof body,
		"{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"string_inputs\":{\"1\":\"%s\"},\"environment\":"
		"\"playground\"}",
		input);
	return siq_ask("POST", body, SIQ_AGENT_PATH "/execute");
}

int64_t siq_run(const char *input)
{
	int64_t task = mockd_sudoiq_add_run(mock.mockd, input);
	assert_true(task != 0);
	return task;
}

int64_t siq_number(const struct reply *r, const char *name)
{
	char mark[64];
	snprintf(mark, sizeof mark, "\"%s\":", name);
	const char *at = strstr(r->body, mark);
	if (at == NULL)
		fail_msg("no %s in %s", mark, r->body);
	return strtoll(at + strlen(mark), NULL, 10);
}

struct reply *siq_stream(int64_t task, const char *last_id)
{
	char path[160];
	char fields[128];
	snprintf(path, sizeof path, "/api/v1" SIQ_AGENT_PATH "/tasks/%" PRId64 "/stream", task);
	snprintf(fields, sizeof fields, "accept: text/event-stream%s%s", last_id != NULL ? "\nlast-event-id: " : "",
		last_id != NULL ? last_id : "");
	struct reply *r = probe_send(mock.probe, "GET", path, fields, NULL);
	probe_settle(mock.probe);
	return r;
}

struct reply *siq_respond(int64_t task, const char *call_id, const char *second)
{
	char body[1024];
	snprintf(body, sizeof body,
		"{\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"task_id\":%" PRId64
		",\"responses\":[{\"call_id\":\"%s\",\"result\":\"ok\",\"is_error\":false}%s%s%s]}",
		task, call_id, second != NULL ? ",{\"call_id\":\"" : "", second != NULL ? second : "",
		second != NULL ? "\",\"result\":\"ok\"}" : "");
	return siq_ask("POST", body, SIQ_AGENT_PATH "/tasks/%" PRId64 "/tool_responses", task);
}

struct reply *siq_status(int64_t task)
{
	return siq_ask("GET", NULL, SIQ_AGENT_PATH "/tasks/%" PRId64, task);
}

void siq_finish(struct reply *r)
{
	for (int steps = 0; r->end == REPLY_OPEN; steps++) {
		if (steps > 2000)
			fail_msg("the stream does not end: %s", r->body);
		mock_pass(100);
	}
}

struct wanted_call {
	size_t left;
	bool found;
	struct mockd_sudoiq_call call;
};

static void note_call(const struct mockd_sudoiq_call *call, void *user)
{
	struct wanted_call *wanted = user;
	if (wanted->left-- == 0) {
		wanted->found = true;
		wanted->call = *call;
	}
}

struct mockd_sudoiq_call siq_call(int64_t task, size_t n)
{
	struct wanted_call wanted = {.left = n};
	assert_true(mockd_sudoiq_calls(mock.mockd, task, note_call, &wanted));
	assert_true(wanted.found);
	return wanted.call;
}
