/*
 * AgentOS's part of the C interface: agents, keys and runs made and steered without requests.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

#include "base/utf8.h"

#include <stdio.h>

void mockd_agentos_add_agent(
	struct mockd *m, bool hosted, char id[MOCKD_AGENTOS_ID_SIZE], char key[MOCKD_AGENTOS_KEY_SIZE])
{
	struct aos_agent *agent = aos_agent_new(m->aos, uuid_new(&m->random), hosted);
	uuid_write(agent->id, id);
	snprintf(key, MOCKD_AGENTOS_KEY_SIZE, "%s", aos_key_new(m->aos, agent, NULL)->text);
}

bool mockd_agentos_add_key(struct mockd *m, const char *agent, char key[MOCKD_AGENTOS_KEY_SIZE])
{
	struct aos_agent *of = agent != NULL ? aos_agent_by_text(m->aos, agent) : NULL;
	if (agent != NULL && of == NULL)
		return false;
	snprintf(key, MOCKD_AGENTOS_KEY_SIZE, "%s", aos_key_new(m->aos, of, NULL)->text);
	return true;
}

bool mockd_agentos_revoke(struct mockd *m, const char *key)
{
	list_each (node, &m->aos->keys) {
		struct aos_key *k = container_of(node, struct aos_key, node);
		if (strcmp(k->text, key) != 0)
			continue;
		list_remove(node);
		free(k);
		return true;
	}
	return false;
}

bool mockd_agentos_set_variable(struct mockd *m, const char *agent, const char *name, const char *value)
{
	struct aos_agent *of = aos_agent_by_text(m->aos, agent);
	return of != NULL && json_object_set_new(of->variables, name, json_string(value)) == 0;
}

bool mockd_agentos_schedule(
	struct mockd *m, const char *agent, const char *prompt, const char *variables, char run[MOCKD_AGENTOS_ID_SIZE])
{
	json_t *map = variables != NULL ? json_loads(variables, 0, NULL) : json_object();
	struct aos_order order = {
		.agent = aos_agent_by_text(m->aos, agent), .trigger = "scheduled", .prompt = prompt, .schedule = map};
	bool good = json_is_object(map) && order.agent != NULL && order.agent->hosted &&
		    aos_plan_read(m->aos, freshet_str_of(prompt), &order.plan);
	if (good)
		uuid_write(aos_work_new(m->aos, &order)->id, run);
	json_decref(map);
	return good;
}

/* The run that goes on; NULL: none. */
static struct aos_work *going_on(struct mockd *m, const char *id)
{
	struct aos_run *run = aos_run_by_text(m->aos, id);
	bool good = run != NULL && run->work != NULL && !run->deleted && run->status == AOS_RUNNING;
	return good ? run->work : NULL;
}

static bool is_text(const char *text)
{
	return utf8_valid((const uint8_t *)text, strlen(text));
}

static json_t *read_json(const char *text)
{
	return json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

bool mockd_agentos_say(struct mockd *m, const char *run, const char *text)
{
	struct aos_work *w = going_on(m, run);
	if (w == NULL || !is_text(text))
		return false;
	aos_work_say(w, freshet_str_of(text));
	return true;
}

bool mockd_agentos_use_tool(
	struct mockd *m, const char *run, const char *tool, const char *input, const char *output, const char *error)
{
	struct aos_work *w = going_on(m, run);
	json_t *in = read_json(input);
	json_t *out = output != NULL ? read_json(output) : NULL;
	if (w != NULL && in != NULL && (out != NULL) != (error != NULL)) {
		aos_work_use_tool(w, tool, in, out, error);
		return true;
	}
	json_decref(in);
	json_decref(out);
	return false;
}

bool mockd_agentos_ask(struct mockd *m, const char *run, const char *question)
{
	struct aos_work *w = going_on(m, run);
	if (w == NULL || !is_text(question))
		return false;
	aos_work_ask(w, question);
	return true;
}

bool mockd_agentos_need_approval(struct mockd *m, const char *run, const char *tool, const char *input)
{
	struct aos_work *w = going_on(m, run);
	json_t *in = read_json(input);
	if (w != NULL && in != NULL)
		aos_work_need_approval(w, tool, in);
	else
		json_decref(in);
	return w != NULL && in != NULL;
}

bool mockd_agentos_end(struct mockd *m, const char *run, const char *output, const char *error)
{
	struct aos_work *w = going_on(m, run);
	json_t *out = output != NULL ? read_json(output) : NULL;
	bool good = w != NULL && (output == NULL || out != NULL) && (error == NULL || is_text(error));
	json_decref(out);
	if (good)
		aos_work_end(w, error == NULL, output, error);
	return good;
}

bool aos_set(struct platform *platform, const char *name, uint64_t value)
{
	struct mockd_options *o = &container_of(platform, struct aos, platform)->mockd->options;
	const struct {
		const char *name;
		bool *place;
	} switches[] = {{"agentos_strict", &o->agentos_strict}, {"agentos_ignore_keys", &o->agentos_ignore_keys},
		{"agentos_stream_ids", &o->agentos_stream_ids}, {"agentos_no_streams", &o->agentos_no_streams},
		{"agentos_task_ids", &o->agentos_task_ids}, {"agentos_keep_texts", &o->agentos_keep_texts}};
	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
		if (strcmp(name, switches[i].name) == 0) {
			*switches[i].place = value != 0;
			return true;
		}
	}
	return false;
}
