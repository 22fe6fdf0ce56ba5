/*
 * Sudoiq's part of the C interface: what is there and what runs do, without requests.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

const char *mockd_sudoiq_name(const struct mockd *m, const char *what)
{
	const struct siq_table *table = m->siq->table;
	int i = siq_name_find(what);
	if (i >= 0)
		return table->names[i];
	if (strcmp(what, "webhook.delivery") == 0)
		return table->webhook.delivery_header;
	if (strcmp(what, "webhook.timestamp") == 0)
		return table->webhook.timestamp_header;
	return strcmp(what, "webhook.signature") == 0 ? table->webhook.signature_header : NULL;
}

const char *mockd_sudoiq_endpoint(const struct mockd *m, const char *key, const char **method)
{
	int i = siq_endpoint_find(key);
	if (i < 0)
		return NULL;
	if (method != NULL)
		*method = m->siq->table->endpoints[i].method;
	return m->siq->table->endpoints[i].path;
}

void mockd_sudoiq_add_agent(struct mockd *m, char id[MOCKD_SUDOIQ_ID_SIZE])
{
	uuid_write(uuid_new(&m->random), id);
	siq_agent_new(&m->siq->tenants[0], id);
}

bool mockd_sudoiq_add_tool(struct mockd *m, const char *space, const char *name, const char *schema)
{
	static const char nothing[] = "{\"type\":\"object\",\"properties\":{},\"required\":[]}";
	json_t *data = json_loads(schema != NULL ? schema : nothing, 0, NULL);
	if (!json_is_object(data)) {
		json_decref(data);
		return false;
	}
	siq_tool_put(m->siq, &m->siq->tenants[0],
		json_pack("{s:s, s:s, s:s, s:o}", "name", name, "namespace", space, "description", "", "schema_data",
			data));
	return true;
}

int64_t mockd_sudoiq_add_run(struct mockd *m, const char *input)
{
	struct siq_tenant *tenant = &m->siq->tenants[0];
	const struct siq_agent *agent = tenant->agents[0];
	struct siq_plan plan;
	if (!siq_plan_read(m->siq, freshet_str_of(input), &plan))
		return 0;
	return siq_run_new(tenant, m->siq, agent, input, "playground", agent->version, &plan)->task;
}

/* The run, when the test may lead it now. */
static struct siq_run *led_run(struct mockd *m, int64_t task)
{
	struct siq_run *run = siq_run_find(m->siq, task);
	return run != NULL && run->plan.kind == SIQ_PLAN_MANUAL && run->status == SIQ_RUNNING ? run : NULL;
}

bool mockd_sudoiq_say(struct mockd *m, int64_t task, const char *text)
{
	struct siq_run *run = led_run(m, task);
	if (run != NULL)
		siq_run_say(run, text);
	return run != NULL;
}

bool mockd_sudoiq_log(struct mockd *m, int64_t task, const char *level, const char *text)
{
	struct siq_run *run = led_run(m, task);
	if (run != NULL)
		siq_run_log(run, level, text);
	return run != NULL;
}

bool mockd_sudoiq_trouble(struct mockd *m, int64_t task, const char *code, const char *message, bool retryable)
{
	struct siq_run *run = siq_run_find(m->siq, task);
	if (run == NULL || siq_run_is_over(run))
		return false;
	siq_run_trouble(run, code, message, retryable);
	return true;
}

static bool is_call(const struct siq_run *run, const json_t *call)
{
	const json_t *space = json_object_get(call, "namespace");
	const json_t *id = json_object_get(call, "call_id");
	const char *text = json_string_value(id);
	return json_is_string(json_object_get(call, "name")) && (space == NULL || json_is_string(space)) &&
	       (id == NULL || (text != NULL && siq_run_find_call(run, text) == NULL));
}

/* False when the run has failed. */
static bool add_call(struct siq_run *run, const json_t *call, size_t i)
{
	const char *space = json_string_value(json_object_get(call, "namespace"));
	const char *given = json_string_value(json_object_get(call, "call_id"));
	const json_t *args = json_object_get(call, "args");
	char id[64];
	snprintf(id, sizeof id, "call_%" PRId64 "_%" PRIu32 "_%zu", run->task, run->round, i);
	return siq_run_add_call(run, given != NULL ? given : id, space != NULL ? space : "main",
		json_string_value(json_object_get(call, "name")), args != NULL ? siq_text(args) : must_copy("{}"));
}

bool mockd_sudoiq_call(struct mockd *m, int64_t task, const char *calls)
{
	struct siq_run *run = led_run(m, task);
	json_t *list = json_loads(calls, JSON_ALLOW_NUL, NULL);
	bool good = run != NULL && json_array_size(list) > 0;
	for (size_t i = 0; good && i < json_array_size(list); i++)
		good = is_call(run, json_array_get(list, i));
	if (good) {
		bool goes_on = true;
		run->round++;
		run->round_first = run->call_count;
		for (size_t i = 0; goes_on && i < json_array_size(list); i++)
			goes_on = add_call(run, json_array_get(list, i), i + 1);
		if (goes_on)
			siq_run_change(run, SIQ_AWAITING);
	}
	json_decref(list);
	return good;
}

bool mockd_sudoiq_complete(struct mockd *m, int64_t task, const char *result)
{
	struct siq_run *run = led_run(m, task);
	json_t *value = json_loads(result, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	bool good = run != NULL && value != NULL;
	if (good)
		siq_run_complete(run, siq_text(value));
	json_decref(value);
	return good;
}

bool mockd_sudoiq_end(struct mockd *m, int64_t task, const char *status, const char *code, const char *message)
{
	struct siq_run *run = siq_run_find(m->siq, task);
	if (run == NULL || siq_run_is_over(run))
		return false;
	for (enum siq_status i = SIQ_FAILED; i <= SIQ_TIMED_OUT; i++) {
		if (strcmp(status, siq_status_name(i)) != 0)
			continue;
		siq_run_end(run, i, code, message);
		return true;
	}
	return false;
}

bool mockd_sudoiq_resync(struct mockd *m, int64_t task)
{
	struct siq_run *run = siq_run_find(m->siq, task);
	if (run == NULL || siq_run_is_over(run))
		return false;
	siq_run_resync(run);
	return true;
}

void mockd_sudoiq_revoke(struct mockd *m)
{
	m->siq->token_count = 0;
}
