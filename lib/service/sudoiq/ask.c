/*
 * How a run stands, and the wish to cancel it: one request each. What the service says of a run that is followed here goes
 * through its task like any other status, before whoever asked is told.
 */
#include "run.h"

/* ---- statuses ---- */

/* Those who follow the run hear of it. */
static void take_in(freshet_sudoiq *client, struct sudoiq_reading *reading)
{
	const freshet_sudoiq_status *status = &reading->status;
	struct sudoiq_task *task = sudoiq_task_find(client, status->agent_id, status->task_id);
	enum sudoiq_take what;
	if (task == NULL || task->followers == NULL)
		return;
	if (sudoiq_task_take(task, status, false, reading->calls, &what) == FRESHET_OK && what == SUDOIQ_TAKE_NEWS)
		sudoiq_task_tell(task, (freshet_str){NULL, 0}, status);
}

/* Which run was asked for; the name of the agent lies behind it. */
struct asked {
	freshet_sudoiq_status_fn *done;
	void *user;
	int64_t task_id;
	bool optional; /* the answer may have no status */
	size_t len;
	char agent_id[];
};

static void give(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status)
{
	struct asked *asked = call->user;
	if (asked->done != NULL)
		asked->done(call, error, status, asked->user);
	freshet_mem_free(asked);
}

static void answered(freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)
{
	freshet_sudoiq *client = call->client;
	struct asked *asked = call->user;
	struct sudoiq_reading reading;
	size_t position = 0;
	if (error != NULL) {
		give(call, error, NULL);
		return;
	}
	freshet_json_scratch *scratch = guest_scratch_begin(&client->scratch, response->body.len);
	freshet_err err =
		sudoiq_status_read(&reading, &client->names, response->body, SUDOIQ_NEED_STATUS, scratch, &position);
	if (err != FRESHET_OK && asked->optional && err != FRESHET_ENOMEM) {
		give(call, NULL, NULL);
		return;
	}
	if (err != FRESHET_OK) {
		sudoiq_call_unreadable(call, response, err, position);
		return;
	}
	reading.status.agent_id = (freshet_str){asked->agent_id, asked->len};
	reading.status.task_id = asked->task_id;
	reading.status.has_task_id = true;
	take_in(client, &reading);
	give(call, NULL, &reading.status);
	sudoiq_reading_clear(&reading);
}

/* Sends what `ask` is about; on failure nothing is kept. */
static freshet_err send_asked(struct sudoiq_ask *ask, freshet_str agent_id, int64_t task_id, bool optional,
	freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct asked *asked = freshet_mem_new(1, sizeof *asked + agent_id.len);
	if (asked == NULL) {
		sudoiq_ask_fail(ask, FRESHET_ENOMEM);
	} else {
		*asked = (struct asked){
			.done = done, .user = user, .task_id = task_id, .optional = optional, .len = agent_id.len};
		if (agent_id.len > 0)
			memcpy(asked->agent_id, agent_id.ptr, agent_id.len);
	}
	freshet_err err = sudoiq_ask_send(ask, answered, NULL, asked, out);
	if (err != FRESHET_OK)
		freshet_mem_free(asked);
	return err;
}

freshet_err freshet_sudoiq_get_agent_task_status(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_run_status);
	sudoiq_ask_task(&ask, agent_id, task_id);
	if (done == NULL)
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	return send_asked(&ask, agent_id, task_id, false, done, user, out);
}

/* ---- cancelling ---- */

static freshet_err cancel(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, freshet_str reason,
	freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_run_cancel);
	sudoiq_ask_task(&ask, agent_id, task_id);
	/* A second one finds the run cancelled: 409, and no harm. */
	ask.again = GUEST_AGAIN_ANY;
	freshet_json_writer *writer = sudoiq_ask_body(&ask);
	if (writer != NULL) {
		freshet_json_write_object(writer);
		guest_write(writer, "reason", reason);
		freshet_json_write_end(writer);
	}
	return send_asked(&ask, agent_id, task_id, true, done, user, out);
}

freshet_err freshet_sudoiq_cancel_agent_run(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	freshet_str reason, freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out)
{
	if (done == NULL) {
		if (out != NULL)
			*out = NULL;
		return FRESHET_EINVAL;
	}
	return cancel(client, agent_id, task_id, reason, done, user, out);
}

void sudoiq_cancel_silently(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id)
{
	freshet_str reason = freshet_str_of("response_timeout");
	if (cancel(client, agent_id, task_id, reason, NULL, NULL, NULL) != FRESHET_OK)
		freshet_log(FRESHET_LOG_WARNING, "sudoiq: a run whose time is over could not be cancelled");
}
