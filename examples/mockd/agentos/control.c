/*
 * AgentOS's part of the control API.
 *
 *	GET  /mockd/agentos/totals
 *	GET  /mockd/agentos/runs                    all of them; ?run=ID: one, with what came in it where that is kept
 *	POST /mockd/agentos/agents[?hosted=1]       one more agent, with its key
 *	POST /mockd/agentos/keys[?agent=ID]         one more key, of the agent or of the workspace
 *	POST /mockd/agentos/revoke                  body: the key
 *	POST /mockd/agentos/variables?agent=ID&name=NAME    body: the value
 *	POST /mockd/agentos/schedule?agent=ID       body: the prompt
 *	POST /mockd/agentos/say?run=ID              body: a text
 *	POST /mockd/agentos/ask?run=ID              body: a question
 *	POST /mockd/agentos/approval?run=ID&tool=NAME       body: the input
 *	POST /mockd/agentos/end?run=ID[&failed=1]   body: the output, or the error
 *	POST /mockd/agentos/alert                   body: the data
 */
#include "mockd/agentos/agentos.h"

#include "mockd/control.h"
#include "mockd/json_text.h"
#include "mockd/server.h"

#include <inttypes.h>

typedef void control_fn(struct mockd *m, struct exchange *x, const struct request *r);

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static void get_totals(struct mockd *m, struct exchange *x, const struct request *r)
{
	(void)r;
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(m, &t);
	control_answer(x, 200,
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "runs", number(t.runs), "events",
			number(t.events), "batches", number(t.batches), "numbered", number(t.numbered), "duplicates",
			number(t.duplicates), "disordered", number(t.disordered), "repeats", number(t.repeats),
			"conflicts", number(t.conflicts), "refused", number(t.refused)));
}

/* Hashes go as decimal text: JSON readers may lose digits of them. */
static json_t *run_json(const struct mockd_agentos_run *e)
{
	json_t *json = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s}", "run", e->run, "agent", e->agent, "external_id",
		text_or_null(e->external_id), "trigger", e->trigger, "prompt", text_or_null(e->prompt), "status",
		e->status);
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {{"events", e->events}, {"batches", e->batches}, {"numbered", e->numbered},
		{"duplicates", e->duplicates}, {"disordered", e->disordered}, {"tasks", e->tasks},
		{"open_tasks", e->open_tasks}, {"task_updates", e->task_updates}, {"spans", e->spans},
		{"ends", e->ends}, {"late", e->late}, {"frames", e->frames}, {"chunks", e->chunks},
		{"tool_calls", e->tool_calls}, {"approvals", e->approvals}, {"decisions", e->decisions},
		{"questions", e->questions}, {"answers", e->answers}, {"invocations", e->invocations}};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		json_object_set_new(json, numbers[i].name, number(numbers[i].value));
	const struct {
		const char *name;
		uint64_t value;
	} hashes[] = {{"hash", e->hash}, {"payloads", e->payloads}, {"frame_hash", e->frame_hash},
		{"text_hash", e->text_hash}, {"output_hash", e->output_hash}};
	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
		json_object_set_new(json, hashes[i].name, json_sprintf("%" PRIu64, hashes[i].value));
	return json;
}

/* Entries are written one by one: a tree of a million of them would be large. */
static void write_run(const struct mockd_agentos_run *run, void *user)
{
	struct buffer *b = user;
	json_t *json = run_json(run);
	char *text = json_text(json);
	buffer_text(b, b->len > 0 && b->bytes[b->len - 1] != '[' ? ",\n" : "\n");
	buffer_text(b, text);
	free(text);
	json_decref(json);
}

static void keep_run(const struct mockd_agentos_run *run, void *user)
{
	*(json_t **)user = run_json(run);
}

static void append_item(const struct mockd_agentos_item *item, void *user)
{
	json_array_append_new(user, json_pack("{s:s, s:I, s:s}", "kind", item->kind, "sequence",
					    (json_int_t)item->sequence, "json", item->json));
}

static void get_run(struct mockd *m, struct exchange *x, const char *id)
{
	json_t *run = NULL;
	if (!mockd_agentos_find(m, id, keep_run, &run)) {
		control_answer(x, 404, json_pack("{s:s}", "detail", "no such run"));
		return;
	}
	json_t *items = json_array();
	mockd_agentos_items(m, id, append_item, items);
	json_object_set_new(run, "items", items);
	control_answer(x, 200, run);
}

static void get_runs(struct mockd *m, struct exchange *x, const struct request *r)
{
	static const struct answer head = {.status = 200, .content_type = "application/json"};
	char *id = request_query(r, "run");
	if (id != NULL) {
		get_run(m, x, id);
		free(id);
		return;
	}
	struct buffer b = {.bytes = NULL};
	buffer_text(&b, "{\"runs\": [");
	mockd_agentos_each(m, write_run, &b);
	buffer_text(&b, "]}\n");
	exchange_answer(x, &head, buffer_span(&b));
	buffer_clear(&b);
}

static void add_agent(struct mockd *m, struct exchange *x, const struct request *r)
{
	char id[MOCKD_AGENTOS_ID_SIZE];
	char key[MOCKD_AGENTOS_KEY_SIZE];
	mockd_agentos_add_agent(m, request_query_number(r, "hosted", 0) != 0, id, key);
	control_answer(x, 201, json_pack("{s:s, s:s}", "id", id, "key", key));
}

static void add_key(struct mockd *m, struct exchange *x, const struct request *r)
{
	char key[MOCKD_AGENTOS_KEY_SIZE];
	char *agent = request_query(r, "agent");
	if (mockd_agentos_add_key(m, agent, key))
		control_answer(x, 201, json_pack("{s:s}", "key", key));
	else
		control_answer_done(x, false, "no such agent");
	free(agent);
}

static void revoke(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *key = must_copy_span(r->body);
	control_answer_done(x, mockd_agentos_revoke(m, key), "no such key");
	free(key);
}

static void set_variable(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *agent = request_query(r, "agent");
	char *name = request_query(r, "name");
	char *value = must_copy_span(r->body);
	control_answer_done(x, agent != NULL && name != NULL && mockd_agentos_set_variable(m, agent, name, value),
		"no such agent, or no name");
	free(agent);
	free(name);
	free(value);
}

static void schedule(struct mockd *m, struct exchange *x, const struct request *r)
{
	char run[MOCKD_AGENTOS_ID_SIZE];
	char *agent = request_query(r, "agent");
	char *prompt = must_copy_span(r->body);
	if (agent != NULL && mockd_agentos_schedule(m, agent, prompt, NULL, run))
		control_answer(x, 201, json_pack("{s:s}", "run", run));
	else
		control_answer_done(x, false, "no such agent, or it is not hosted, or no such script");
	free(agent);
	free(prompt);
}

static void say(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *run = request_query(r, "run");
	char *text = must_copy_span(r->body);
	control_answer_done(x, run != NULL && mockd_agentos_say(m, run, text),
		"no such run, or it does not run, or the text is no UTF-8");
	free(run);
	free(text);
}

static void ask(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *run = request_query(r, "run");
	char *text = must_copy_span(r->body);
	control_answer_done(x, run != NULL && mockd_agentos_ask(m, run, text), "no such run, or it does not run");
	free(run);
	free(text);
}

static void need_approval(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *run = request_query(r, "run");
	char *tool = request_query(r, "tool");
	char *input = must_copy_span(r->body);
	control_answer_done(x, run != NULL && tool != NULL && mockd_agentos_need_approval(m, run, tool, input),
		"no such run, or it does not run, or no tool, or the body is no JSON");
	free(run);
	free(tool);
	free(input);
}

static void end_run(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *run = request_query(r, "run");
	char *text = must_copy_span(r->body);
	bool failed = request_query_number(r, "failed", 0) != 0;
	const char *output = !failed && *text != '\0' ? text : NULL;
	control_answer_done(x, run != NULL && mockd_agentos_end(m, run, output, failed ? text : NULL),
		"no such run, or it does not run, or the body is no JSON");
	free(run);
	free(text);
}

static void alert(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *data = must_copy_span(r->body);
	control_answer_done(x, mockd_agentos_alert(m, data), "the body is no JSON object, or there is no receiver");
	free(data);
}

bool aos_control(struct platform *platform, struct exchange *x, const struct request *r)
{
	static const struct {
		const char *method;
		const char *path;
		control_fn *handler;
	} routes[] = {
		{"GET", "/mockd/agentos/totals", get_totals},
		{"GET", "/mockd/agentos/runs", get_runs},
		{"POST", "/mockd/agentos/agents", add_agent},
		{"POST", "/mockd/agentos/keys", add_key},
		{"POST", "/mockd/agentos/revoke", revoke},
		{"POST", "/mockd/agentos/variables", set_variable},
		{"POST", "/mockd/agentos/schedule", schedule},
		{"POST", "/mockd/agentos/say", say},
		{"POST", "/mockd/agentos/ask", ask},
		{"POST", "/mockd/agentos/approval", need_approval},
		{"POST", "/mockd/agentos/end", end_run},
		{"POST", "/mockd/agentos/alert", alert},
	};
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (freshet_str_is(r->path, routes[i].path) && freshet_str_is(r->method, routes[i].method)) {
			routes[i].handler(container_of(platform, struct aos, platform)->mockd, x, r);
			return true;
		}
	}
	return false;
}
