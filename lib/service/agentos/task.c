/*
 * Tasks: a control at the start, another at the end. Both go to the same endpoint, by the same id.
 */
#include "client.h"
#include "report.h"

static freshet_str name_of(const struct agentos_open *task)
{
	return (freshet_str){task->text, task->name_len};
}

/* The members of the task behind its id. */
static freshet_json_writer *begin(freshet_agentos *client, freshet_str name, const char *status)
{
	freshet_json_writer *writer = agentos_write(client);
	freshet_json_write_object(writer);
	guest_write(writer, "name", name);
	guest_write(writer, "status", freshet_str_of(status));
	return writer;
}

static freshet_err start(freshet_agentos_run *run, freshet_str name, freshet_str input, freshet_agentos_task *out)
{
	const struct agentos_opening opening = {.name = name};
	struct agentos_open *task;
	freshet_err err = agentos_run_is_open(run);
	if (err == FRESHET_OK && name.len == 0)
		err = FRESHET_EINVAL;
	if (err == FRESHET_OK)
		err = agentos_open_new(run, &opening, &task);
	if (err != FRESHET_OK)
		return err;
	freshet_json_writer *writer = begin(run->client, name, "running");
	agentos_write_json(writer, "input", input);
	freshet_json_write_end(writer);
	err = agentos_control_put(run, CONTROL_TASK_START, ROUTE_tasks, task, false);
	if (err != FRESHET_OK)
		agentos_open_drop(run, task);
	else
		out->number = task->number;
	return err;
}

freshet_err freshet_agentos_task_start(
	freshet_agentos_run *run, freshet_str name, freshet_str input, freshet_agentos_task *out)
{
	out->number = 0;
	return agentos_refused(run->client, start(run, name, input, out));
}

/* ---- end ---- */

/* What the end says beside its status: `text` as a string, or `json`. */
struct ending {
	const char *status;
	const char *name; /* NULL: nothing */
	freshet_str text;
	freshet_str json;
};

/* `always`: it finds room in any case. */
static freshet_err end_task(
	freshet_agentos_run *run, struct agentos_open *task, const struct ending *ending, bool always)
{
	freshet_json_writer *writer = begin(run->client, name_of(task), ending->status);
	if (ending->name != NULL && ending->text.ptr != NULL) {
		guest_write(writer, ending->name, ending->text);
	} else if (ending->name != NULL) {
		agentos_write_json(writer, ending->name, ending->json);
	}
	freshet_json_write_end(writer);
	freshet_err err = agentos_control_put(run, CONTROL_TASK_END, ROUTE_tasks, task, always);
	if (err == FRESHET_OK)
		agentos_open_end(run, task);
	return err;
}

static freshet_err end(freshet_agentos_run *run, freshet_agentos_task task, const struct ending *ending)
{
	freshet_err err = agentos_run_is_open(run);
	struct agentos_open *open = agentos_open_find(run, task.number, false);
	if (err == FRESHET_OK)
		err = open != NULL ? end_task(run, open, ending, false) : FRESHET_ESTATE;
	return agentos_refused(run->client, err);
}

freshet_err freshet_agentos_task_complete(freshet_agentos_run *run, freshet_agentos_task task, freshet_str output)
{
	const struct ending ending = {"completed", "output", {NULL, 0}, output};
	return end(run, task, &ending);
}

freshet_err freshet_agentos_task_fail(freshet_agentos_run *run, freshet_agentos_task task, freshet_str message)
{
	const struct ending ending = {
		.status = "failed",
		.name = run->client->names.task_error_field,
		.text = message.ptr != NULL ? message : freshet_str_of(""),
	};
	return end(run, task, &ending);
}

freshet_err freshet_agentos_task_skip(freshet_agentos_run *run, freshet_agentos_task task)
{
	const struct ending ending = {.status = "skipped"};
	return end(run, task, &ending);
}

freshet_err agentos_tasks_close(freshet_agentos_run *run)
{
	freshet_agentos_open_tasks what = run->client->options.close_open_tasks;
	struct ending ending = {.status = "skipped"};
	if (what == FRESHET_AGENTOS_OPEN_TASKS_LEFT)
		return FRESHET_OK;
	if (what == FRESHET_AGENTOS_OPEN_TASKS_FAILED)
		ending = (struct ending){"failed", run->client->names.task_error_field,
			freshet_str_of("still open when the run ended"), {NULL, 0}};
	/* Those that end keep their places until that was sent. */
	for (uint32_t i = 0; i < run->place_count; i++) {
		struct agentos_open *open = run->places[i].open;
		if (open == NULL || open->is_span || open->ended)
			continue;
		freshet_err err = end_task(run, open, &ending, true);
		if (err != FRESHET_OK)
			return err;
	}
	return FRESHET_OK;
}
