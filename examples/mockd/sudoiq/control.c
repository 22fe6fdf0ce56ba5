/*
 * Sudoiq's part of the control API.
 *
 *	GET    /mockd/sudoiq/runs[?task=N]      sums and runs; of one run its calls, too
 *	GET    /mockd/sudoiq/totals             the sums alone
 *	POST   /mockd/sudoiq/runs               body: the input
 *	POST   /mockd/sudoiq/tools?name=NAME[&namespace=NAME]    body: its schema, or nothing
 *	POST   /mockd/sudoiq/agents
 *	POST   /mockd/sudoiq/say?task=N         body: the text
 *	POST   /mockd/sudoiq/log?task=N[&level=LEVEL]    likewise
 *	POST   /mockd/sudoiq/call?task=N        body: an array of calls
 *	POST   /mockd/sudoiq/complete?task=N    body: the result
 *	POST   /mockd/sudoiq/end?task=N&status=STATUS[&code=CODE]    body: the message
 *	POST   /mockd/sudoiq/trouble?task=N[&code=CODE][&retryable=0]    an error event; body: the message
 *	POST   /mockd/sudoiq/resync?task=N
 *	POST   /mockd/sudoiq/revoke             of all access tokens
 */
#include "mockd/control.h"
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <inttypes.h>

/* What a handler gets: the parts of the request, terminated. */
struct order {
	struct mockd *mockd;
	const struct request *request;
	int64_t task;
	char *body;
};

/* A text, or null. */
static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *run_json(const struct mockd_sudoiq_run *run)
{
	json_t *result =
		run->result != NULL ? json_loads(run->result, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : json_null();
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I}", "task",
		(json_int_t)run->task, "agent", run->agent, "input", run->input, "environment", run->environment,
		"status", run->status, "revision", (json_int_t)run->revision, "rounds", (json_int_t)run->rounds,
		"calls", (json_int_t)run->calls, "accepted", (json_int_t)run->accepted, "repeated",
		(json_int_t)run->repeated, "unanswered", (json_int_t)run->unanswered, "failed_calls",
		(json_int_t)run->failed_calls, "result", result, "code", text_or_null(run->code), "requests",
		(json_int_t)run->requests, "streams", (json_int_t)run->streams);
}

static void append_run(const struct mockd_sudoiq_run *run, void *user)
{
	json_array_append_new(user, run_json(run));
}

static void append_call(const struct mockd_sudoiq_call *call, void *user)
{
	json_t *result = call->accepted ? json_stringn(call->result.ptr, call->result.len) : json_null();
	json_array_append_new(user, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:o}", "call_id", call->call_id,
					    "name", call->name, "namespace", call->space, "args", call->args, "round",
					    (json_int_t)call->round, "answers", (json_int_t)call->answers, "accepted",
					    (int)call->accepted, "is_error", (int)call->is_error, "result", result));
}

static void keep_run(const struct mockd_sudoiq_run *run, void *user)
{
	*(json_t **)user = run_json(run);
}

static json_t *one_run(struct mockd *m, int64_t task)
{
	json_t *run = NULL;
	if (!mockd_sudoiq_find(m, task, keep_run, &run))
		return NULL;
	json_t *calls = json_array();
	mockd_sudoiq_calls(m, task, append_call, calls);
	json_object_set_new(run, "tool_calls", calls);
	return run;
}

static json_t *totals_json(const struct mockd *m)
{
	struct mockd_sudoiq_totals t;
	mockd_sudoiq_get_totals(m, &t);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "runs", (json_int_t)t.runs,
		"going_on", (json_int_t)t.going_on, "completed", (json_int_t)t.completed, "rounds",
		(json_int_t)t.rounds, "calls", (json_int_t)t.calls, "accepted", (json_int_t)t.accepted, "repeated",
		(json_int_t)t.repeated, "unanswered", (json_int_t)t.unanswered, "strange", (json_int_t)t.strange,
		"replayed", (json_int_t)t.replayed, "streams", (json_int_t)t.streams);
}

static json_t *all_runs(struct mockd *m)
{
	json_t *runs = json_array();
	mockd_sudoiq_each(m, append_run, runs);
	return json_pack("{s:o, s:o}", "totals", totals_json(m), "runs", runs);
}

/* Each gives the answer, or NULL when what was asked makes no sense. */

static json_t *get_runs(const struct order *o)
{
	return o->task != 0 ? one_run(o->mockd, o->task) : all_runs(o->mockd);
}

static json_t *get_totals(const struct order *o)
{
	return totals_json(o->mockd);
}

static json_t *add_run(const struct order *o)
{
	int64_t task = mockd_sudoiq_add_run(o->mockd, o->body);
	return task != 0 ? json_pack("{s:I}", "task", (json_int_t)task) : NULL;
}

static json_t *done(bool good)
{
	return good ? json_object() : NULL;
}

static json_t *add_tool(const struct order *o)
{
	char *name = request_query(o->request, "name");
	char *space = request_query(o->request, "namespace");
	bool good = name != NULL && *name != '\0' &&
		    mockd_sudoiq_add_tool(
			    o->mockd, space != NULL ? space : "main", name, *o->body != '\0' ? o->body : NULL);
	free(name);
	free(space);
	return done(good);
}

static json_t *add_agent(const struct order *o)
{
	char id[MOCKD_SUDOIQ_ID_SIZE];
	mockd_sudoiq_add_agent(o->mockd, id);
	return json_pack("{s:s}", "id", id);
}

static json_t *say(const struct order *o)
{
	return done(mockd_sudoiq_say(o->mockd, o->task, o->body));
}

static json_t *log_line(const struct order *o)
{
	char *level = request_query(o->request, "level");
	bool good = mockd_sudoiq_log(o->mockd, o->task, level != NULL ? level : "info", o->body);
	free(level);
	return done(good);
}

static json_t *call(const struct order *o)
{
	return done(mockd_sudoiq_call(o->mockd, o->task, o->body));
}

static json_t *complete(const struct order *o)
{
	return done(mockd_sudoiq_complete(o->mockd, o->task, o->body));
}

static json_t *end(const struct order *o)
{
	char *status = request_query(o->request, "status");
	char *code = request_query(o->request, "code");
	bool good = status != NULL && mockd_sudoiq_end(o->mockd, o->task, status, code, o->body);
	free(status);
	free(code);
	return done(good);
}

static json_t *trouble(const struct order *o)
{
	char *code = request_query(o->request, "code");
	bool good = mockd_sudoiq_trouble(o->mockd, o->task, code != NULL ? code : "trouble", o->body,
		request_query_number(o->request, "retryable", 1) != 0);
	free(code);
	return done(good);
}

static json_t *resync(const struct order *o)
{
	return done(mockd_sudoiq_resync(o->mockd, o->task));
}

static json_t *revoke(const struct order *o)
{
	mockd_sudoiq_revoke(o->mockd);
	return json_object();
}

bool siq_control(struct platform *platform, struct exchange *x, const struct request *r)
{
	static const struct {
		const char *method;
		const char *path;
		json_t *(*handler)(const struct order *o);
	} routes[] = {
		{"GET", "/mockd/sudoiq/runs", get_runs},
		{"GET", "/mockd/sudoiq/totals", get_totals},
		{"POST", "/mockd/sudoiq/runs", add_run},
		{"POST", "/mockd/sudoiq/tools", add_tool},
		{"POST", "/mockd/sudoiq/agents", add_agent},
		{"POST", "/mockd/sudoiq/say", say},
		{"POST", "/mockd/sudoiq/log", log_line},
		{"POST", "/mockd/sudoiq/call", call},
		{"POST", "/mockd/sudoiq/complete", complete},
		{"POST", "/mockd/sudoiq/end", end},
		{"POST", "/mockd/sudoiq/trouble", trouble},
		{"POST", "/mockd/sudoiq/resync", resync},
		{"POST", "/mockd/sudoiq/revoke", revoke},
	};
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (!freshet_str_is(r->path, routes[i].path) || !freshet_str_is(r->method, routes[i].method))
			continue;
		const struct order o = {.mockd = container_of(platform, struct siq, platform)->mockd,
			.request = r,
			.task = (int64_t)request_query_number(r, "task", 0),
			.body = must_copy_span(r->body)};
		json_t *answer = routes[i].handler(&o);
		free(o.body);
		if (answer != NULL)
			control_answer(x, 200, answer);
		else
			control_answer_done(
				x, false, "no such run, or it does not go on by itself now, or it makes no sense");
		return true;
	}
	return false;
}
