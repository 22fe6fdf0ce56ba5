/*
 * Tasks and spans of reported runs. One request makes a task or changes it; which of them it is the id tells. An end is
 * final: the same one again is harmless, another one is a conflict (contract 15.3).
 */
#include "mockd/agentos/agentos.h"
#include "mockd/agentos/verify.h"

#include "mockd/server.h"

static const char *const status_names[] = {
	[AOS_TASK_PENDING] = "pending",
	[AOS_TASK_RUNNING] = "running",
	[AOS_TASK_COMPLETED] = "completed",
	[AOS_TASK_FAILED] = "failed",
	[AOS_TASK_SKIPPED] = "skipped",
	NULL,
};

static bool is_open(enum aos_task_status status)
{
	return status == AOS_TASK_PENDING || status == AOS_TASK_RUNNING;
}

/* The task; one that is not there is made. Where ids are ours, what the client calls it is only a wish. */
static struct aos_task *task_of(struct aos_run *run, struct uuid id)
{
	struct aos_task *task = uuid_table_get(&run->tasks, id);
	if (task != NULL)
		return task;
	task = must_alloc(sizeof *task);
	*task = (struct aos_task){
		.id = run->aos->mockd->options.agentos_task_ids ? uuid_new(&run->aos->mockd->random) : id};
	uuid_table_put(&run->tasks, task->id, task);
	list_push_back(&run->task_list, &task->node);
	run->open_tasks++;
	return task;
}

static void answer_task(struct aos_call *call, struct aos_run *run, struct uuid id, enum aos_task_status status)
{
	struct aos_task *task = task_of(run, id);
	if (!is_open(task->status) && task->status != status) {
		aos_refuse(call, 409, "conflict", "The task is %s", status_names[task->status]);
		return;
	}
	run->open_tasks -= is_open(task->status) && !is_open(status);
	task->status = status;
	run->task_updates++;
	aos_run_keep(run, AOS_ITEM_TASK, 0, call->request->body);
	aos_answer(call, 200,
		json_pack("{s:o, s:s}", aos_name(call->aos, AOS_FIELD_TASK_ID), aos_uuid(task->id), "status",
			status_names[status]));
}

void aos_ingest_tasks(struct aos_call *call)
{
	struct verify c;
	struct verify task;
	struct uuid run_id;
	struct uuid id;
	verify_body(&c, call);
	verify_uuid(&c, "run_id", true, &run_id);
	json_t *object = verify_object(&c, "task", true);
	if (!verify_end(&c))
		return;
	verify_inside(&task, &c, object, "task.", 0);
	verify_uuid(&task, "id", true, &id);
	const char *name = verify_string(&task, "name", true);
	if (name != NULL && *name == '\0')
		verify_fail(&task, "name", "must not be empty");
	int status = verify_word(&task, "status", true, status_names);
	verify_any(&task, "input");
	verify_any(&task, "output");
	verify_string(&task, aos_name(call->aos, AOS_FIELD_TASK_ERROR), status == AOS_TASK_FAILED);
	if (!verify_end(&task))
		return;
	struct aos_run *run = aos_ingest_run(call, run_id, 1);
	if (run != NULL)
		answer_task(call, run, id, (enum aos_task_status)status);
}

/* False when it was answered. */
static bool check_usage(const struct verify *outer, json_t *usage)
{
	struct verify c;
	verify_inside(&c, outer, usage, "usage.", 0);
	verify_number(&c, "input_tokens", true);
	verify_number(&c, "output_tokens", true);
	return verify_end(&c);
}

/* False when it was answered. */
static bool check_span(const struct verify *outer, json_t *span, size_t number)
{
	static const char *const ends[] = {"ok", "error", NULL};
	struct verify c;
	verify_inside(&c, outer, span, "spans.", number);
	verify_span_id(&c, "span_id", false);
	verify_span_id(&c, "parent_span_id", true);
	verify_string(&c, "name", true);
	verify_string(&c, "kind", true);
	verify_time(&c, "started_at", true);
	verify_time(&c, "ended_at", true);
	verify_word(&c, "status", true, ends);
	verify_string(&c, "error", false);
	verify_object(&c, "attributes", false);
	json_t *usage = verify_object(&c, "usage", false);
	return verify_end(&c) && (usage == NULL || check_usage(&c, usage));
}

void aos_ingest_spans(struct aos_call *call)
{
	struct verify c;
	struct uuid id;
	verify_body(&c, call);
	verify_uuid(&c, "run_id", true, &id);
	const json_t *spans = verify_array(&c, "spans", true);
	if (!verify_end(&c))
		return;
	for (size_t i = 0; i < json_array_size(spans); i++) {
		if (!check_span(&c, json_array_get(spans, i), i + 1))
			return;
	}
	struct aos_run *run = aos_ingest_run(call, id, json_array_size(spans));
	if (run == NULL)
		return;
	run->spans += json_array_size(spans);
	aos_run_keep(run, AOS_ITEM_SPAN, 0, call->request->body);
	aos_answer(call, 200, json_pack("{s:I}", "accepted", (json_int_t)json_array_size(spans)));
}
