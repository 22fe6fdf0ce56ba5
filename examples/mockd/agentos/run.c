/*
 * Runs: reported by a client, or done here.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

static const struct {
	enum aos_name name;
	const char *usual;
} statuses[] = {
	[AOS_RUNNING] = {AOS_STATUS_RUNNING, "running"},
	[AOS_COMPLETED] = {AOS_STATUS_COMPLETED, "completed"},
	[AOS_FAILED] = {AOS_STATUS_FAILED, "failed"},
	[AOS_AWAITING_APPROVAL] = {AOS_STATUS_AWAITING_APPROVAL, "awaiting_approval"},
	[AOS_AWAITING_INPUT] = {AOS_STATUS_AWAITING_INPUT, "awaiting_input"},
};

const char *aos_run_status(const struct aos_run *run, bool usual)
{
	return usual ? statuses[run->status].usual : aos_name(run->aos, statuses[run->status].name);
}

bool aos_run_is_over(const struct aos_run *run)
{
	return run->status == AOS_COMPLETED || run->status == AOS_FAILED;
}

struct aos_run *aos_run_new(struct aos *a, struct aos_agent *agent, const char *trigger)
{
	struct aos_run *run = must_alloc(sizeof *run);
	*run = (struct aos_run){.id = uuid_new(&a->mockd->random),
		.aos = a,
		.agent = agent,
		.trigger = trigger,
		.started_us = aos_wall_us(a),
		.hash = MOCKD_HASH_START,
		.payloads = MOCKD_HASH_START};
	list_init(&run->task_list);
	webhook_line_init(&run->hooks);
	list_push_back(&a->runs, &run->node);
	uuid_table_put(&a->runs_by_id, run->id, run);
	a->totals.runs++;
	return run;
}

void aos_run_free(struct aos_run *run)
{
	struct list *node;
	if (run->work != NULL)
		aos_work_free(run->work);
	while ((node = list_pop_front(&run->task_list)) != NULL)
		free(container_of(node, struct aos_task, node));
	for (size_t i = 0; i < run->item_count; i++)
		free(run->items[i].json);
	uuid_table_clear(&run->tasks);
	free(run->items);
	free(run->numbers.bits);
	free(run->external_id);
	free(run->output);
	free(run->error_message);
	free(run);
}

struct aos_run *aos_run_by_text(const struct aos *a, const char *id)
{
	struct uuid uuid;
	return uuid_read(freshet_str_of(id), &uuid) ? uuid_table_get(&a->runs_by_id, uuid) : NULL;
}

struct aos_run *aos_run_of(struct aos_call *call, struct uuid id)
{
	struct aos_run *run = uuid_table_get(&call->aos->runs_by_id, id);
	if (run != NULL && !run->deleted && aos_key_covers(call, run->agent))
		return run;
	aos_refuse(call, 404, "not_found", "There is no such run");
	return NULL;
}

void aos_run_keep(struct aos_run *run, enum aos_item_kind kind, uint64_t sequence, freshet_str json)
{
	if (!run->aos->mockd->options.agentos_keep_texts)
		return;
	run->items = must_grow(run->items, &run->item_capacity, run->item_count + 1, sizeof *run->items);
	run->items[run->item_count++] = (struct aos_item){kind, sequence, must_copy_span(json)};
}

void aos_run_end(struct aos_run *run, enum aos_status status, const char *output, const char *error)
{
	run->status = status;
	run->ended_us = aos_wall_us(run->aos);
	run->output = must_copy(output);
	run->error_message = must_copy(error);
	aos_hook_run(run);
}

static void put(json_t *object, const struct aos_run *run, enum aos_name name, json_t *value)
{
	json_object_set_new(object, aos_name(run->aos, name), value);
}

/* Four bytes are taken for a token. */
static json_t *usage_json(const struct aos_work *w)
{
	return json_pack("{s:I, s:I}", "input_tokens", (json_int_t)(strlen(w->prompt) / 4 + 1), "output_tokens",
		(json_int_t)(w->text.len / 4 + 1));
}

static json_t *question_json(const struct aos_work *w)
{
	if (w->plan.plain_question)
		return json_string(w->question);
	return json_pack("{s:o, s:s}", "id", json_sprintf("q%u", (unsigned)w->questions), "text", w->question);
}

json_t *aos_run_json(const struct aos_run *run)
{
	json_t *json = json_object();
	put(json, run, AOS_FIELD_RUN_ID, aos_uuid(run->id));
	put(json, run, AOS_FIELD_STATUS, json_string(aos_run_status(run, false)));
	if (run->status == AOS_COMPLETED)
		put(json, run, AOS_FIELD_OUTPUT, aos_json(run->output));
	if (run->status == AOS_FAILED)
		put(json, run, AOS_FIELD_ERROR_MESSAGE, json_string(run->error_message));
	if (run->status == AOS_AWAITING_APPROVAL)
		put(json, run, AOS_FIELD_APPROVAL_ID, aos_uuid(run->work->approval->id));
	if (run->status == AOS_AWAITING_INPUT)
		put(json, run, AOS_FIELD_QUESTION, question_json(run->work));
	if (run->work != NULL && aos_run_is_over(run))
		put(json, run, AOS_FIELD_USAGE, usage_json(run->work));
	return json;
}

void aos_runs_get(struct aos_call *call)
{
	const struct aos_run *run = aos_run_of(call, call->id);
	if (run == NULL)
		return;
	json_t *json = aos_run_json(run);
	json_object_set_new(json, "agent_id", aos_uuid(run->agent->id));
	json_object_set_new(json, "trigger_type", json_string(run->trigger));
	json_object_set_new(json, "started_at", aos_time(run->started_us));
	json_object_set_new(json, "ended_at", aos_time(run->ended_us));
	if (run->external_id != NULL)
		json_object_set_new(json, "external_run_id", json_string(run->external_id));
	aos_answer(call, 200, json);
}

bool aos_delete_run(struct platform *platform, const char *id)
{
	struct aos_run *run = aos_run_by_text(container_of(platform, struct aos, platform), id);
	if (run == NULL || run->deleted)
		return false;
	run->deleted = true;
	if (run->work != NULL) {
		aos_work_stop(run->work);
		aos_leg_settle(run->work);
	}
	return true;
}
