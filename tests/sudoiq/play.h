/*
 * What the tests of runs share: the texts of the wire, a tool, and what a run told.
 */
#ifndef SUDOIQ_PLAY_H
#define SUDOIQ_PLAY_H

#include "support/sudoiq_world.h"
#include "support/test.h"

#define AGENT  "a-1"
#define TASK   "/api/v1/agents/a-1/tasks/42"
#define START  "POST /api/v1/agents/a-1/execute"
#define STREAM "GET " TASK "/stream"
#define STATUS "GET " TASK
#define ANSWER "POST " TASK "/tool_responses"

#define BODY    "{\"agent_id\":\"a-1\",\"string_inputs\":{\"1\":\"How full is tank 7?\"},\"environment\":\"playground\"}"
#define STARTED "{\"agent_id\":\"a-1\",\"task_id\":42,\"status\":\"running\"}"

#define SYNC(id, rest)                                                                                                 \
	"id: " #id "\nevent: sync\ndata: {\"agent_id\":\"a-1\",\"task_id\":42,\"revision\":" #id "," rest "}\n\n"
#define RUNNING(id) SYNC(id, "\"status\":\"running\"")
#define DONE(id)    SYNC(id, "\"status\":\"completed\",\"result\":\"64 percent\"")
#define CALL(call, tool)                                                                                               \
	"{\"call_id\":\"" call "\",\"name\":\"" tool "\",\"namespace\":\"main\",\"args\":{\"meter\":\"7\"}}"
#define PAUSED(id, calls) SYNC(id, "\"status\":\"awaiting_tool_calls\",\"tool_calls\":[" calls "]")
#define GIVEN(call, tool, result, failed)                                                                              \
	"{\"call_id\":\"" call "\",\"name\":\"" tool "\",\"namespace\":\"main\",\"result\":\"" result                  \
	"\",\"is_error\":" failed "}"
#define ANSWERS(list) "{\"agent_id\":\"a-1\",\"task_id\":42,\"responses\":[" list "]}"
#define ACCEPTED      "{\"accepted\":1,\"task_id\":42,\"status\":\"running\"}"

struct seen {
	char events[1024];
	char result[256];
	char code[64];
	char message[256];
	char text[512];
	char cursor[64];
	freshet_sudoiq_run *run;
	freshet_err err;
	freshet_sudoiq_phase phase;
	int64_t task_id;
	bool has_task_id;
	uint64_t told;
	uint32_t reconnects;
	uint32_t tool_calls;
	unsigned dones;
	unsigned ran; /* handlers */
	bool done;
};

static struct seen seen;

static inline void add(const char *what, freshet_str more)
{
	size_t len = strlen(seen.events);
	snprintf(seen.events + len, sizeof seen.events - len, "%s%.*s ", what, (int)more.len, more.ptr);
}

static inline void copy(char *to, size_t size, freshet_str from)
{
	snprintf(to, size, "%.*s", (int)from.len, from.ptr != NULL ? from.ptr : "");
}

static inline void on_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	static const freshet_str none = {"", 0};
	(void)run;
	(void)user;
	switch (event->type) {
	case FRESHET_SUDOIQ_EVENT_UNKNOWN: add("?", event->type_name); break;
	case FRESHET_SUDOIQ_EVENT_STARTED: add("started", none); break;
	case FRESHET_SUDOIQ_EVENT_STATUS: add("", event->status->status); break;
	case FRESHET_SUDOIQ_EVENT_LOG: add("log:", event->log.text); break;
	case FRESHET_SUDOIQ_EVENT_DELTA: add("delta:", event->delta.text); break;
	case FRESHET_SUDOIQ_EVENT_ERROR: add("error:", event->error.code); break;
	case FRESHET_SUDOIQ_EVENT_END: add("end:", event->end.reason); break;
	}
	assert_true(event->task_id == 42 || strncmp(seen.events, "started", 7) != 0);
}

static inline void on_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	assert_ptr_equal(freshet_sudoiq_run_user(run), user);
	seen.err = end->error.outcome.err;
	seen.phase = end->phase;
	seen.has_task_id = end->has_task_id;
	seen.task_id = end->task_id;
	seen.told = end->events;
	seen.reconnects = end->reconnects;
	seen.tool_calls = end->tool_calls;
	copy(seen.code, sizeof seen.code, end->error.code);
	copy(seen.message, sizeof seen.message, end->error.message);
	copy(seen.text, sizeof seen.text, end->error.outcome.text);
	copy(seen.cursor, sizeof seen.cursor, end->last_event_id);
	if (end->status != NULL)
		copy(seen.result, sizeof seen.result, end->status->result_text);
	seen.dones++;
	seen.done = true;
}

static const freshet_sudoiq_run_callbacks callbacks = {on_event, on_done};

static const freshet_sudoiq_input tank = {{"1", 1}, {"How full is tank 7?", 19}};

static inline freshet_sudoiq_start start_options(void)
{
	freshet_sudoiq_start o;
	freshet_sudoiq_start_init(&o);
	o.agent_id = freshet_str_of(AGENT);
	o.string_inputs = &tank;
	o.string_input_count = 1;
	return o;
}

static inline void execute(void)
{
	freshet_sudoiq_start o = start_options();
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &o, &callbacks, &seen, &seen.run), FRESHET_OK);
}

static inline void read_meter(freshet_sudoiq_invocation *invocation, void *user)
{
	const freshet_sudoiq_invocation_info *info = freshet_sudoiq_invocation_get(invocation);
	(void)user;
	seen.ran++;
	assert_true(freshet_str_is(info->agent_id, AGENT));
	assert_int_equal(info->task_id, 42);
	assert_true(freshet_str_is(info->args, "{\"meter\":\"7\"}"));
	assert_int_equal(freshet_sudoiq_invocation_finish(invocation, freshet_str_of("64 percent")), FRESHET_OK);
	assert_int_equal(freshet_sudoiq_invocation_finish(invocation, freshet_str_of("65")), FRESHET_ESTATE);
	freshet_sudoiq_invocation_free(invocation);
}

static inline void set_tools_of(const freshet_sudoiq_tool *tool)
{
	assert_int_equal(freshet_sudoiq_set_tools(sudoiq_world.client, tool, 1, false), FRESHET_OK);
}

static inline void set_tool(void)
{
	const freshet_sudoiq_tool tool = {.name = {"read_meter", 10}, .handler = read_meter};
	set_tools_of(&tool);
}

/* Plays one run to its end. */
static inline void play(const struct step *steps, size_t count, const freshet_sudoiq_options *options)
{
	memset(&seen, 0, sizeof seen);
	sudoiq_world_open(steps, count, options);
	set_tool();
	execute();
	sudoiq_world_until(&seen.done);
	sudoiq_world_all_taken();
	sudoiq_world_close(NULL);
	assert_int_equal(seen.dones, 1);
}

#define PLAY(steps, options) play(steps, sizeof steps / sizeof steps[0], options)

static inline void hold_good(void)
{
	assert_int_equal(seen.err, FRESHET_OK);
	assert_int_equal(seen.phase, FRESHET_SUDOIQ_COMPLETED);
	assert_string_equal(seen.result, "64 percent");
	assert_int_equal(seen.task_id, 42);
}

#endif
