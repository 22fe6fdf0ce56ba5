/*
 * Bodies. What an event or a control says was written when it was reported; the ids of the run and of the task are known
 * only now, and are put in front of it.
 */
#include "client.h"
#include "report.h"

static void put_run_id(struct guest_text *body, const freshet_agentos_run *run)
{
	guest_text_put(body, "{\"run_id\":");
	guest_text_put(body, run->id_json);
}

/* The members of an object behind others, with its closing brace. */
static void put_members(struct guest_text *body, freshet_str object)
{
	if (object.len > 2)
		guest_text_put(body, ",");
	guest_text_add(body, object.ptr + 1, object.len - 1);
}

static void put_events(struct guest_text *body, const freshet_agentos_run *run)
{
	const struct agentos_event *event = run->lane.first;
	put_run_id(body, run);
	guest_text_put(body, ",\"events\":[");
	for (size_t i = 0; i < run->lane.held; i++, event = event->next) {
		if (i > 0)
			guest_text_put(body, ",");
		guest_text_add(body, event->text, event->len);
	}
	guest_text_put(body, "]}");
}

static void put_task(struct guest_text *body, const freshet_agentos_run *run, const struct agentos_control *control)
{
	const struct agentos_open *task = control->open;
	put_run_id(body, run);
	guest_text_put(body, ",\"task\":{\"id\":");
	guest_text_put(body, task->server_id != NULL ? task->server_id : task->id);
	put_members(body, (freshet_str){control->text, control->len});
	guest_text_put(body, "}");
}

static void put_control(struct guest_text *body, const freshet_agentos_run *run, const struct agentos_control *control)
{
	const freshet_str text = {control->text, control->len};
	switch (control->kind) {
	case CONTROL_START: guest_text_str(body, text); break;
	case CONTROL_TASK_START:
	case CONTROL_TASK_END: put_task(body, run, control); break;
	case CONTROL_SPAN:
	case CONTROL_END:
		put_run_id(body, run);
		put_members(body, text);
		break;
	case CONTROL_FLUSH: break;
	}
}

freshet_err agentos_attempt_write(struct agentos_attempt *attempt)
{
	guest_text_reset(&attempt->body);
	if (attempt->control != NULL)
		put_control(&attempt->body, attempt->run, attempt->control);
	else
		put_events(&attempt->body, attempt->run);
	return attempt->body.err;
}
