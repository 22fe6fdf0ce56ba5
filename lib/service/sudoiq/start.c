/*
 * Happy path: the start is a stream, whichever way it is asked for: an answer that is no stream ends it with its body,
 * which tells the task id, and the run is followed by a stream of its own; an answer that is a stream tells it in its first
 * status, and the run is followed on it.
 *
 * Failures: what surely did not reach the service, and what asks to come later, is sent again, with the same key; anything
 * else only where the options say that the service knows the key again.
 */
#include "run.h"

/* ---- the request ---- */

static bool write_inputs(
	freshet_json_writer *writer, const char *name, const freshet_sudoiq_input *inputs, size_t count)
{
	freshet_json_write_key(writer, name);
	freshet_json_write_object(writer);
	for (size_t i = 0; i < count; i++) {
		if (inputs[i].slot.len == 0)
			return false;
		freshet_json_write_key_str(writer, inputs[i].slot);
		freshet_json_write_string(writer, inputs[i].value);
	}
	freshet_json_write_end(writer);
	return true;
}

/* False for an empty slot. */
static bool write_all_inputs(freshet_json_writer *writer, const freshet_sudoiq_start *o)
{
	if (o->image_input_count > 0 && !write_inputs(writer, "image_inputs", o->image_inputs, o->image_input_count))
		return false;
	return o->file_input_count == 0 || write_inputs(writer, "file_inputs", o->file_inputs, o->file_input_count);
}

/* FRESHET_EJSON_TYPE for anything but an object. */
static freshet_err write_metadata(freshet_json_writer *writer, freshet_str metadata)
{
	freshet_json_value value;
	if (metadata.len == 0)
		return FRESHET_OK;
	freshet_err err = freshet_json_read(metadata, &value, NULL);
	if (err != FRESHET_OK)
		return err;
	if (value.type != FRESHET_JSON_OBJECT)
		return FRESHET_EJSON_TYPE;
	freshet_json_write_key(writer, "metadata");
	freshet_json_write_raw(writer, metadata);
	return FRESHET_OK;
}

static freshet_err write_body(freshet_json_writer *writer, const freshet_sudoiq_start *o, freshet_str environment)
{
	freshet_json_write_object(writer);
	guest_write(writer, "agent_id", o->agent_id);
	if (!write_inputs(writer, "string_inputs", o->string_inputs, o->string_input_count))
		return FRESHET_EINVAL;
	guest_write(writer, "environment", environment);
	if (o->has_agent_version) {
		freshet_json_write_key(writer, "agent_version");
		freshet_json_write_int64(writer, o->agent_version);
	}
	if (!write_all_inputs(writer, o))
		return FRESHET_EINVAL;
	freshet_err err = write_metadata(writer, o->metadata);
	freshet_json_write_end(writer);
	return err;
}

void sudoiq_starting_free(struct sudoiq_starting *starting)
{
	if (starting == NULL)
		return;
	guest_text_clear(&starting->path);
	freshet_json_writer_free(starting->writer);
	guest_secrets_forget(&starting->secrets);
	freshet_mem_free(starting->key);
	freshet_mem_free(starting);
}

static freshet_err set_key(struct sudoiq_starting *starting, const char *given)
{
	char key[GUEST_UUID_SIZE];
	freshet_err err = given == NULL ? guest_uuid(key) : FRESHET_OK;
	if (err != FRESHET_OK)
		return err;
	starting->key = guest_copy(freshet_str_of(given != NULL ? given : key));
	return starting->key != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

/* A service may quote what it refuses: what must not be shown is kept as long as it may answer. */
static freshet_err keep_secrets(struct sudoiq_starting *starting, const freshet_sudoiq_start *o)
{
	freshet_err err = guest_secrets_room(&starting->secrets, o->string_input_count);
	for (size_t i = 0; i < o->string_input_count && err == FRESHET_OK; i++)
		err = guest_secrets_keep(&starting->secrets, o->string_inputs[i].value);
	return err;
}

static freshet_err write_request(freshet_sudoiq_run *run, const freshet_sudoiq_start *o)
{
	struct sudoiq_starting *starting = run->starting;
	const struct guest_value agent = {"agent_id", o->agent_id};
	freshet_str environment = o->environment.len > 0 ? o->environment : freshet_str_of(run->client->environment);
	if (environment.len == 0)
		return FRESHET_EINVAL;
	guest_route_path(&run->client->guest.routes, ROUTE_run_start, &agent, 1, &starting->path);
	if (starting->path.err != FRESHET_OK)
		return starting->path.err;
	freshet_err err = guest_writer(0, &starting->writer);
	if (err == FRESHET_OK)
		err = write_body(starting->writer, o, environment);
	if (err == FRESHET_OK)
		err = freshet_json_writer_text(starting->writer, &starting->body);
	if (err == FRESHET_OK)
		err = keep_secrets(starting, o);
	return err == FRESHET_OK ? set_key(starting, o->idempotency_key) : err;
}

/* ---- sending ---- */

freshet_err sudoiq_start(freshet_sudoiq_run *run, bool refused)
{
	const freshet_sudoiq *client = run->client;
	struct sudoiq_starting *starting = run->starting;
	struct guest_credential credential;
	freshet_stream_options o;
	bool stream = client->settings.stream_mode == FRESHET_SUDOIQ_STREAM_POST && !starting->only;
	const struct guest_draft draft = {
		.route = ROUTE_run_start,
		.path = guest_text_terminated(&starting->path),
		.accept = stream ? "text/event-stream" : "application/json",
		.body = starting->body,
		.idempotency_key = starting->key,
	};
	sudoiq_run_credential(run, ROUTE_run_start, refused, &credential);
	if (run->waits_for_token)
		return FRESHET_OK;
	freshet_stream_options_init(&o);
	o.policy = &client->start_policy;
	o.max_other_body = client->settings.max_answer;
	freshet_err err =
		sudoiq_stream_open(run, &draft, run->with_credential ? &credential : NULL, starting->attempts + 1, &o);
	if (err != FRESHET_OK)
		return err;
	starting->attempts++;
	run->posted = true;
	freshet_timer_set(run->limit, client->settings.timeout_ms);
	return FRESHET_OK;
}

/* ---- the answer ---- */

/* Whoever only starts a run has what he wanted. */
static void end_start(freshet_sudoiq_run *run, const freshet_sudoiq_status *status)
{
	run->has_task_id = true;
	run->task_id = status->task_id;
	if (freshet_sudoiq_status_copy(status, &run->status) == FRESHET_OK)
		sudoiq_run_end(run, NULL);
	else
		sudoiq_run_end_with(run, FRESHET_ENOMEM);
}

void sudoiq_start_taken(freshet_sudoiq_run *run, freshet_str type_name, struct sudoiq_reading *reading)
{
	freshet_sudoiq_event event = {.type = FRESHET_SUDOIQ_EVENT_STARTED, .raw = reading->status.raw};
	bool only = run->starting->only;
	sudoiq_starting_free(run->starting);
	run->starting = NULL;
	if (only) {
		end_start(run, &reading->status);
		return;
	}
	freshet_err err = sudoiq_run_begin(run, reading->status.task_id);
	if (err != FRESHET_OK) {
		sudoiq_run_end_with(run, err);
		return;
	}
	sudoiq_run_show(run, &event);
	if (run->state == RUN_FOLLOWING && reading->status.status.len > 0)
		sudoiq_run_take(run, type_name, reading);
}

static void fail(freshet_sudoiq_run *run, const freshet_outcome *outcome)
{
	struct sudoiq_failure failure;
	sudoiq_failure_init(&failure, run->client, &run->starting->secrets, outcome, outcome->body);
	sudoiq_run_end(run, &failure.error);
}

static void fail_reading(freshet_sudoiq_run *run, const freshet_outcome *outcome, freshet_err err, size_t position)
{
	struct sudoiq_failure failure;
	sudoiq_failure_unreadable(&failure, outcome, err, position);
	sudoiq_run_end(run, &failure.error);
}

/* The answer that is no stream. */
static void take_answer(freshet_sudoiq_run *run, const freshet_outcome *outcome, freshet_str body)
{
	freshet_sudoiq *client = run->client;
	struct sudoiq_reading reading;
	size_t position = 0;
	freshet_json_scratch *scratch = guest_scratch_begin(&client->scratch, body.len);
	freshet_err err = sudoiq_status_read(&reading, &client->names, body, SUDOIQ_NEED_TASK_ID, scratch, &position);
	if (err != FRESHET_OK) {
		fail_reading(run, outcome, err, position);
		return;
	}
	sudoiq_start_taken(run, (freshet_str){NULL, 0}, &reading);
	sudoiq_reading_clear(&reading);
	if (run->state != RUN_FOLLOWING)
		return;
	err = sudoiq_follow(run, false);
	if (err != FRESHET_OK)
		sudoiq_run_end_with(run, err);
}

/* True when it is sent again. */
static bool repeat(freshet_sudoiq_run *run, const freshet_outcome *outcome)
{
	freshet_sudoiq *client = run->client;
	unsigned again = client->settings.retry_start ? GUEST_AGAIN_ANY : GUEST_AGAIN_BUSY | GUEST_AGAIN_ASKED;
	uint64_t pause_ms;
	if (!guest_backoff(&client->settings.backoff, again, outcome, run->starting->attempts, sudoiq_random(client),
		    &pause_ms))
		return false;
	sudoiq_run_go_on(run, pause_ms);
	return true;
}

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

void sudoiq_start_done(freshet_sudoiq_run *run, const freshet_outcome *given)
{
	freshet_outcome outcome = *given;
	freshet_incoming in = {.status = given->http_status, .body = given->body};
	bool answered = given->err == FRESHET_ECONTENT_TYPE || given->err == FRESHET_EHTTP_STATUS;
	freshet_timer_clear(run->limit);
	if (answered) {
		freshet_err err = guest_incoming(&run->client->guest, ROUTE_run_start, &in);
		if (err != FRESHET_OK) {
			sudoiq_run_end_with(run, err);
			return;
		}
		outcome.err = is_success(in.status) ? FRESHET_OK : FRESHET_EHTTP_STATUS;
		outcome.http_status = in.status;
		outcome.body = in.body;
	}
	if (answered && outcome.err == FRESHET_OK && !given->body_cut)
		take_answer(run, &outcome, in.body);
	else if (outcome.err == FRESHET_OK)
		/* No content, a stream that ended well without a word, or an answer that never ends. */
		fail_reading(run, &outcome, FRESHET_EBAD_ANSWER, 0);
	else if (!sudoiq_run_renew(run, &outcome) && !repeat(run, &outcome))
		fail(run, &outcome);
}

/* ---- for the application ---- */

static freshet_err start_run(freshet_sudoiq *client, const freshet_sudoiq_start *start, bool only,
	const freshet_sudoiq_run_callbacks *callbacks, void *user, freshet_sudoiq_run **out)
{
	freshet_sudoiq_start o;
	freshet_sudoiq_run *run;
	freshet_sudoiq_start_init(&o);
	if (out != NULL)
		*out = NULL;
	if (!guest_options(&o, sizeof o, start))
		return FRESHET_EINVAL;
	freshet_err err = sudoiq_run_new(client, o.agent_id, callbacks, user, &run);
	if (err != FRESHET_OK)
		return err;
	run->response_timeout_ms =
		o.response_timeout_ms != 0 ? o.response_timeout_ms : client->settings.response_timeout_ms;
	run->starting = freshet_mem_new(1, sizeof *run->starting);
	err = run->starting != NULL ? write_request(run, &o) : FRESHET_ENOMEM;
	if (err == FRESHET_OK) {
		run->starting->only = only;
		err = sudoiq_start(run, false);
	}
	if (err != FRESHET_OK)
		sudoiq_run_discard(run);
	else if (out != NULL)
		*out = run;
	return err;
}

freshet_err freshet_sudoiq_run_agent(freshet_sudoiq *client, const freshet_sudoiq_start *start,
	freshet_sudoiq_run_done_fn *done, void *user, freshet_sudoiq_run **out)
{
	const freshet_sudoiq_run_callbacks callbacks = {NULL, done};
	return start_run(client, start, false, &callbacks, user, out);
}

freshet_err freshet_sudoiq_execute_agent(freshet_sudoiq *client, const freshet_sudoiq_start *start,
	const freshet_sudoiq_run_callbacks *callbacks, void *user, freshet_sudoiq_run **out)
{
	return start_run(client, start, false, callbacks, user, out);
}

/* ---- start only: a run that ends where others begin to be followed ---- */

static void only_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	freshet_sudoiq_call *call = user;
	bool failed = end->error.outcome.err != FRESHET_OK;
	(void)run;
	((freshet_sudoiq_status_fn *)call->done)(
		call, failed ? &end->error : NULL, failed ? NULL : end->status, call->user);
	freshet_mem_free(call);
}

static void cancel_only(freshet_sudoiq_call *call)
{
	freshet_sudoiq_run_close(call->owner);
}

freshet_err freshet_sudoiq_start_agent_run(freshet_sudoiq *client, const freshet_sudoiq_start *start,
	freshet_sudoiq_status_fn *done, void *user, freshet_sudoiq_call **out)
{
	const freshet_sudoiq_run_callbacks callbacks = {NULL, only_done};
	freshet_sudoiq_run *run;
	if (out != NULL)
		*out = NULL;
	if (done == NULL)
		return FRESHET_EINVAL;
	freshet_sudoiq_call *call = freshet_mem_new(1, sizeof *call);
	if (call == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = start_run(client, start, true, &callbacks, call, &run);
	if (err != FRESHET_OK) {
		freshet_mem_free(call);
		return err;
	}
	call->client = client;
	call->done = (sudoiq_any_fn *)done;
	call->user = user;
	call->cancel = cancel_only;
	call->owner = run;
	if (out != NULL)
		*out = call;
	return FRESHET_OK;
}
