/*
 * Runs: started, ended, flushed. Each of these is a control in the line of its run; what is sent when is not decided here.
 *
 * The end of a run is its last control. When it is settled the run is gone: nothing else refers to it then.
 */
#include "client.h"
#include "failure.h"
#include "report.h"

/* ---- controls ---- */

static size_t size_of(size_t len)
{
	return sizeof(struct agentos_control) + len;
}

static bool has_room(const freshet_agentos *client, size_t size)
{
	size_t max = client->options.max_control_bytes, used = client->report.stats.control_bytes;
	return size <= max && used <= max - size;
}

static struct agentos_control *control_new(freshet_agentos_run *run, freshet_str text)
{
	struct agentos_control *control =
		text.len <= SIZE_MAX - sizeof *control ? freshet_mem_new(1, size_of(text.len)) : NULL;
	if (control == NULL)
		return NULL;
	control->after = run->lane.emitted;
	control->len = text.len;
	if (text.len > 0)
		memcpy(control->text, text.ptr, text.len);
	return control;
}

static void append(freshet_agentos_run *run, struct agentos_control *control)
{
	struct agentos_report *report = &run->client->report;
	if (run->last_control != NULL)
		run->last_control->next = control;
	else
		run->controls = control;
	run->last_control = control;
	report->controls++;
	report->stats.control_bytes += size_of(control->len);
	agentos_run_ready(run);
}

freshet_err agentos_control_put(
	freshet_agentos_run *run, enum agentos_control_kind kind, size_t route, struct agentos_open *open, bool always)
{
	freshet_str text;
	freshet_err err = freshet_json_writer_text(run->client->report.writer, &text);
	if (err != FRESHET_OK)
		return err;
	if (!always && !has_room(run->client, size_of(text.len)))
		return FRESHET_EQUEUE_FULL;
	struct agentos_control *control = control_new(run, text);
	if (control == NULL)
		return FRESHET_ENOMEM;
	control->kind = kind;
	control->route = route;
	control->open = open;
	if (open != NULL)
		open->references++;
	append(run, control);
	return FRESHET_OK;
}

void agentos_control_pop(freshet_agentos_run *run)
{
	struct agentos_control *control = run->controls;
	struct agentos_report *report = &run->client->report;
	run->controls = control->next;
	if (run->controls == NULL)
		run->last_control = NULL;
	report->controls--;
	report->stats.control_bytes -= size_of(control->len);
	if (control->open != NULL)
		agentos_open_drop(run, control->open);
	guest_wipe(control->text, control->len);
	freshet_mem_free(control);
}

/* ---- life ---- */

/* FRESHET_ENOMEM, FRESHET_ESTATE (the reactor is closing). */
static freshet_err run_new(freshet_agentos *client, const freshet_agentos_run_options *o, freshet_agentos_run **out)
{
	freshet_reactor *reactor = freshet_endpoint_reactor(client->endpoint);
	freshet_agentos_run *run = freshet_mem_new(1, sizeof *run);
	if (run == NULL)
		return FRESHET_ENOMEM;
	run->client = client;
	run->callbacks = o->callbacks;
	run->user = o->user;
	freshet_err err = freshet_timer_new(reactor, agentos_run_timer, run, &run->timer);
	if (err != FRESHET_OK)
		freshet_mem_free(run);
	else
		*out = run;
	return err;
}

static void run_free(freshet_agentos_run *run)
{
	freshet_timer_free(run->timer);
	agentos_open_clear(run);
	freshet_mem_free(run->id);
	freshet_mem_free(run);
}

freshet_err agentos_run_is_open(const freshet_agentos_run *run)
{
	return run->ended ? FRESHET_ESTATE : agentos_is_open(run->client);
}

freshet_err agentos_run_name(freshet_agentos_run *run, const freshet_json_value *id)
{
	freshet_str text = {NULL, 0};
	if (guest_take_id(id, &run->client->scratch.json, &text) != FRESHET_OK || text.len == 0 ||
		id->raw.len > AGENTOS_ID_MAX)
		return FRESHET_EBAD_ANSWER;
	char *copy = freshet_mem_new(1, text.len + 1 + id->raw.len + 1);
	if (copy == NULL)
		return FRESHET_ENOMEM;
	memcpy(copy, text.ptr, text.len);
	memcpy(copy + text.len + 1, id->raw.ptr, id->raw.len);
	run->id = copy;
	run->id_json = copy + text.len + 1;
	return FRESHET_OK;
}

void agentos_run_finish(freshet_agentos_run *run, const freshet_agentos_error *error)
{
	const freshet_agentos_run_end end = {
		.error = error,
		.lost = run->lost,
		.emitted = run->lane.emitted,
		.sent = run->lane.sent,
		.dropped = run->lane.dropped,
		.input_tokens = run->input_tokens,
		.output_tokens = run->output_tokens,
	};
	run->ended = true;
	guest_link_remove(&run->node);
	guest_link_remove(&run->ready);
	freshet_timer_clear(run->timer);
	run->client->report.stats.runs_open--;
	if (run->callbacks.on_done != NULL)
		run->callbacks.on_done(run, &end, run->user);
	run_free(run);
}

/* ---- start ---- */

static freshet_err check_start(const freshet_agentos *client, const freshet_agentos_run_options *o)
{
	const freshet_agentos_options *options = &client->options;
	freshet_str trigger = freshet_str_of(o->trigger_type);
	bool known = o->trigger_type == NULL || guest_names_have(client->names.triggers, trigger);
	if (!known && (!options->allow_unknown_trigger || trigger.len == 0))
		return FRESHET_EINVAL;
	if (o->input.len > 0 && !options->allow_any_input && agentos_json_first(o->input) != '{')
		return FRESHET_EINVAL;
	if (client->report.stats.runs_open >= options->max_runs)
		return FRESHET_EQUEUE_FULL;
	return FRESHET_OK;
}

static void write_start(freshet_agentos *client, const freshet_agentos_run_options *o)
{
	freshet_json_writer *writer = agentos_write(client);
	freshet_json_write_object(writer);
	guest_write(writer, "agent_id", freshet_str_of(client->agent_id));
	guest_write(writer, "trigger_type", freshet_str_of(o->trigger_type != NULL ? o->trigger_type : "sdk"));
	agentos_write_json(writer, "input", o->input.len > 0 ? o->input : freshet_str_of("{}"));
	guest_write_filled(writer, "external_run_id", o->external_run_id);
	freshet_json_write_end(writer);
}

static freshet_err start(freshet_agentos *client, const freshet_agentos_run_options *o, freshet_agentos_run **out)
{
	freshet_agentos_run *run;
	freshet_err err = agentos_is_open(client);
	if (err == FRESHET_OK)
		err = check_start(client, o);
	if (err == FRESHET_OK)
		err = run_new(client, o, &run);
	if (err != FRESHET_OK)
		return err;
	write_start(client, o);
	err = agentos_control_put(run, CONTROL_START, ROUTE_run_start, NULL, false);
	if (err != FRESHET_OK) {
		run_free(run);
		return err;
	}
	guest_link_append(&client->report.runs, &run->node);
	client->report.stats.runs++;
	client->report.stats.runs_open++;
	*out = run;
	return FRESHET_OK;
}

freshet_err freshet_agentos_run_start(
	freshet_agentos *client, const freshet_agentos_run_options *options, freshet_agentos_run **out)
{
	freshet_agentos_run_options o;
	freshet_agentos_run_options_init(&o);
	*out = NULL;
	if (options != NULL && !guest_options(&o, sizeof o, options))
		return agentos_refused(client, FRESHET_EINVAL);
	return agentos_refused(client, start(client, &o, out));
}

/* ---- end ---- */

static void write_totals(freshet_json_writer *writer, const freshet_agentos_run *run)
{
	freshet_json_write_key(writer, "usage");
	freshet_json_write_object(writer);
	freshet_json_write_key(writer, "input_tokens");
	freshet_json_write_uint64(writer, run->input_tokens);
	freshet_json_write_key(writer, "output_tokens");
	freshet_json_write_uint64(writer, run->output_tokens);
	freshet_json_write_end(writer);
}

/* What the writer holds is the run's end. It finds room in any case when it carries nothing. */
static freshet_err end(freshet_agentos_run *run, size_t route, bool bare)
{
	freshet_err err = agentos_control_put(run, CONTROL_END, route, NULL, bare);
	if (err == FRESHET_OK)
		run->ended = true;
	return agentos_refused(run->client, err);
}

freshet_err freshet_agentos_run_complete(freshet_agentos_run *run, freshet_str output)
{
	freshet_err err = agentos_run_is_open(run);
	if (err == FRESHET_OK)
		err = agentos_tasks_close(run);
	if (err != FRESHET_OK)
		return agentos_refused(run->client, err);
	freshet_json_writer *writer = agentos_write(run->client);
	freshet_json_write_object(writer);
	agentos_write_json(writer, "output", output);
	if (run->client->options.usage_in_complete)
		write_totals(writer, run);
	freshet_json_write_end(writer);
	return end(run, ROUTE_run_complete, output.len == 0);
}

freshet_err freshet_agentos_run_fail(freshet_agentos_run *run, freshet_str message, freshet_str detail)
{
	freshet_err err = agentos_run_is_open(run);
	if (err == FRESHET_OK)
		err = agentos_tasks_close(run);
	if (err != FRESHET_OK)
		return agentos_refused(run->client, err);
	freshet_json_writer *writer = agentos_write(run->client);
	freshet_json_write_object(writer);
	guest_write(writer, "error_message", message);
	agentos_write_json(writer, "error_detail", detail);
	freshet_json_write_end(writer);
	return end(run, ROUTE_run_fail, message.len == 0 && detail.len == 0);
}

/* ---- flush ---- */

static freshet_err flush(freshet_agentos_run *run, freshet_agentos_flush_fn *done, void *user)
{
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return err;
	if (done != NULL && !has_room(run->client, size_of(0)))
		return FRESHET_EQUEUE_FULL;
	struct agentos_control *control = done != NULL ? control_new(run, (freshet_str){NULL, 0}) : NULL;
	if (done != NULL && control == NULL)
		return FRESHET_ENOMEM;
	run->due = run->lane.emitted;
	agentos_run_ready(run);
	if (done == NULL)
		return FRESHET_OK;
	control->kind = CONTROL_FLUSH;
	control->done = done;
	control->user = user;
	control->waiting = run->lane.waiting + run->lane.held;
	control->sent = run->lane.sent;
	append(run, control);
	return FRESHET_OK;
}

freshet_err freshet_agentos_run_flush(freshet_agentos_run *run, freshet_agentos_flush_fn *done, void *user)
{
	return agentos_refused(run->client, flush(run, done, user));
}

/* ---- what is known of a run ---- */

freshet_str freshet_agentos_run_id(const freshet_agentos_run *run)
{
	return freshet_str_of(run->id);
}

freshet_agentos *freshet_agentos_run_client(const freshet_agentos_run *run)
{
	return run->client;
}

void *freshet_agentos_run_user(const freshet_agentos_run *run)
{
	return run->user;
}
