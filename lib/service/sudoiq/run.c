/*
 * Happy path: a run is started, or attached to; its task id is known: it follows the task; statuses are shown; a terminal
 * one ends it. on_done comes when nothing of the run is in flight any more: from the callback that was the last, or from
 * the next turn.
 *
 * Closing: the endpoint ends streams and requests, whose last callbacks end the runs; those that only wait are ended when
 * the client goes.
 */
#include "run.h"

#include <stdio.h>

/* ---- life ---- */

static void list_leave(freshet_sudoiq_run *run)
{
	*(run->previous != NULL ? &run->previous->next : &run->client->runs) = run->next;
	if (run->next != NULL)
		run->next->previous = run->previous;
	run->client->run_count--;
}

static void list_enter(freshet_sudoiq_run *run)
{
	freshet_sudoiq *client = run->client;
	run->next = client->runs;
	if (client->runs != NULL)
		client->runs->previous = run;
	client->runs = run;
	client->run_count++;
}

static void run_free(freshet_sudoiq_run *run)
{
	freshet_timer_free(run->limit);
	freshet_timer_free(run->pause);
	sudoiq_starting_free(run->starting);
	freshet_mem_free(run->failure);
	freshet_sudoiq_status_free(run->status);
	freshet_mem_free(run->agent_id);
	freshet_mem_free(run->cursor);
	freshet_mem_free(run);
}

static void leave(freshet_sudoiq_run *run)
{
	if (run->task != NULL)
		sudoiq_task_leave(run->task, run);
	run->task = NULL;
	list_leave(run);
}

void sudoiq_run_discard(freshet_sudoiq_run *run)
{
	leave(run);
	run_free(run);
}

static void time_is_over(freshet_timer *timer, void *user);

freshet_err sudoiq_run_new(freshet_sudoiq *client, freshet_str agent_id, const freshet_sudoiq_run_callbacks *callbacks,
	void *user, freshet_sudoiq_run **out)
{
	*out = NULL;
	if (!guest_is_id(agent_id) || callbacks == NULL || callbacks->on_done == NULL)
		return FRESHET_EINVAL;
	if (client->closing)
		return FRESHET_ESTATE;
	if (client->run_count >= client->settings.max_runs)
		return FRESHET_EQUEUE_FULL;
	freshet_sudoiq_run *run = freshet_mem_new(1, sizeof *run);
	if (run == NULL)
		return FRESHET_ENOMEM;
	run->client = client;
	run->callbacks = *callbacks;
	run->user = user;
	run->agent_id = guest_copy(agent_id);
	freshet_err err = run->agent_id != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	if (err == FRESHET_OK)
		err = freshet_timer_new(
			freshet_endpoint_reactor(client->guest.endpoint), time_is_over, run, &run->limit);
	if (err != FRESHET_OK) {
		run_free(run);
		return err;
	}
	list_enter(run);
	*out = run;
	return FRESHET_OK;
}

freshet_err sudoiq_run_begin(freshet_sudoiq_run *run, int64_t task_id)
{
	freshet_err err = sudoiq_task_get(run->client, freshet_str_of(run->agent_id), task_id, false, &run->task);
	if (err != FRESHET_OK)
		return err;
	run->task_id = task_id;
	run->has_task_id = true;
	run->state = RUN_FOLLOWING;
	sudoiq_task_follow(run->task, run);
	if (run->response_timeout_ms != UINT64_MAX)
		freshet_timer_set(run->limit, run->response_timeout_ms);
	else
		freshet_timer_clear(run->limit);
	return FRESHET_OK;
}

/* ---- the end ---- */

static void done_soon(freshet_sudoiq_run *run)
{
	freshet_sudoiq *client = run->client;
	if (run->is_over)
		return;
	run->is_over = true;
	run->next_over = client->over;
	client->over = run;
	sudoiq_soon(client);
}

static bool is_idle(const freshet_sudoiq_run *run)
{
	return run->stream == NULL && run->asking == NULL;
}

static void stop_all(freshet_sudoiq_run *run, bool well)
{
	freshet_timer_clear(run->limit);
	if (run->pause != NULL)
		freshet_timer_clear(run->pause);
	run->waits_for_token = false;
	if (run->stream != NULL && well)
		freshet_stream_finish(run->stream);
	else if (run->stream != NULL)
		freshet_stream_close(run->stream);
	if (run->asking != NULL)
		freshet_sudoiq_call_cancel(run->asking);
}

void sudoiq_run_end(freshet_sudoiq_run *run, const freshet_sudoiq_error *error)
{
	if (run->state == RUN_ENDING)
		return;
	run->state = RUN_ENDING;
	run->result = error != NULL ? error->outcome.err : FRESHET_OK;
	if (error == NULL || error != (run->failure != NULL ? &run->failure->error : NULL)) {
		freshet_mem_free(run->failure);
		run->failure = error != NULL ? sudoiq_failure_keep(error) : NULL;
	}
	stop_all(run, error == NULL);
	if (is_idle(run))
		done_soon(run);
}

void sudoiq_run_end_with(freshet_sudoiq_run *run, freshet_err err)
{
	struct sudoiq_failure failure;
	sudoiq_failure_plain(&failure, err, NULL);
	sudoiq_run_end(run, &failure.error);
}

static void log_end(const freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end)
{
	char line[GUEST_LINE_SIZE];
	if (!freshet_log_wanted(FRESHET_LOG_DEBUG))
		return;
	guest_line(line, "sudoiq: run %lld is over for us: %s, %s", (long long)run->task_id,
		freshet_err_name(end->error.outcome.err), freshet_sudoiq_phase_name(end->phase));
	freshet_log(FRESHET_LOG_DEBUG, line);
}

static freshet_sudoiq_phase phase_of(const freshet_sudoiq_run *run)
{
	if (run->status != NULL)
		return run->status->phase;
	return run->task != NULL ? run->task->phase : FRESHET_SUDOIQ_RUNNING;
}

static void finish(freshet_sudoiq_run *run)
{
	freshet_sudoiq_run_end end = {
		.agent_id = freshet_str_of(run->agent_id),
		.has_task_id = run->has_task_id,
		.task_id = run->task_id,
		.phase = phase_of(run),
		.status = run->status,
		.last_event_id = freshet_str_of(run->cursor),
		.events = run->events,
		.reconnects = run->reconnects + run->reopened,
		.tool_calls = run->tool_calls,
	};
	end.error.outcome.err = run->result;
	end.error.outcome.text = freshet_str_of(freshet_err_text(run->result));
	if (run->failure != NULL)
		end.error = run->failure->error;
	leave(run);
	log_end(run, &end);
	run->callbacks.on_done(run, &end, run->user);
	run_free(run);
}

void sudoiq_run_rest(freshet_sudoiq_run *run)
{
	if (run->state == RUN_ENDING && is_idle(run) && !run->is_over)
		finish(run);
}

void sudoiq_runs_turn(freshet_sudoiq *client, bool all)
{
	if (all)
		for (freshet_sudoiq_run *run = client->runs; run != NULL; run = run->next)
			sudoiq_run_end_with(run, FRESHET_ECANCELED);
	while (client->over != NULL) {
		freshet_sudoiq_run *run = client->over;
		client->over = run->next_over;
		finish(run);
	}
}

/* ---- events ---- */

void sudoiq_run_show(freshet_sudoiq_run *run, freshet_sudoiq_event *event)
{
	event->agent_id = freshet_str_of(run->agent_id);
	event->task_id = run->task_id;
	if (run->callbacks.on_event == NULL || run->state == RUN_ENDING)
		return;
	run->events++;
	run->callbacks.on_event(run, event, run->user);
}

void sudoiq_run_told(freshet_sudoiq_run *run, freshet_str type_name, const freshet_sudoiq_status *status)
{
	freshet_sudoiq_event event = {.type = FRESHET_SUDOIQ_EVENT_STATUS, .type_name = type_name, .raw = status->raw};
	bool terminal = freshet_sudoiq_phase_is_terminal(status->phase);
	if (run->state == RUN_ENDING)
		return;
	run->told = true;
	run->errors = 0;
	if (terminal && freshet_sudoiq_status_copy(status, &run->status) != FRESHET_OK) {
		sudoiq_run_end_with(run, FRESHET_ENOMEM);
		return;
	}
	event.status = status;
	sudoiq_run_show(run, &event);
	if (terminal)
		sudoiq_run_end(run, NULL);
}

void sudoiq_run_take(freshet_sudoiq_run *run, freshet_str type_name, struct sudoiq_reading *reading)
{
	struct sudoiq_task *task = run->task;
	enum sudoiq_take what;
	bool first = !run->told, over = freshet_sudoiq_phase_is_terminal(task->phase);
	freshet_err err = sudoiq_task_take(task, &reading->status, false, first ? NULL : reading->calls, &what);
	if (err != FRESHET_OK) {
		sudoiq_run_end_with(run, err);
		return;
	}
	if (what == SUDOIQ_TAKE_NEWS) {
		sudoiq_task_tell(task, type_name, &reading->status);
		return;
	}
	/* The others know it; who has just come may not. Of a run that is over only its end is still true. */
	bool news = what == SUDOIQ_TAKE_SAME ? first : over && freshet_sudoiq_phase_is_terminal(reading->status.phase);
	if (news)
		sudoiq_run_told(run, type_name, &reading->status);
}

void sudoiq_runs_fail(struct sudoiq_task *task, const freshet_sudoiq_error *error)
{
	for (freshet_sudoiq_run *run = task->followers; run != NULL; run = run->next_follower)
		sudoiq_run_end(run, error);
}

void sudoiq_runs_out_of_memory(struct sudoiq_task *task)
{
	struct sudoiq_failure failure;
	sudoiq_failure_plain(&failure, FRESHET_ENOMEM, NULL);
	sudoiq_runs_fail(task, &failure.error);
}

void sudoiq_runs_count_call(struct sudoiq_task *task)
{
	for (freshet_sudoiq_run *run = task->followers; run != NULL; run = run->next_follower)
		run->tool_calls++;
}

/* ---- time and tokens ---- */

/* The whole has lasted too long, or an attempt to start. */
static void time_is_over(freshet_timer *timer, void *user)
{
	freshet_sudoiq_run *run = user;
	(void)timer;
	if (run->state == RUN_STARTING && run->stream != NULL) {
		freshet_stream_fail(run->stream, FRESHET_EDEADLINE);
		return;
	}
	if (run->client->settings.cancel_on_timeout)
		sudoiq_cancel_silently(run->client, freshet_str_of(run->agent_id), run->task_id);
	sudoiq_run_end_with(run, FRESHET_EDEADLINE);
}

static void go_on(freshet_sudoiq_run *run, bool refused)
{
	freshet_err err = FRESHET_OK;
	if (run->state == RUN_STARTING)
		err = sudoiq_start(run, refused);
	else if (run->state == RUN_FOLLOWING)
		err = sudoiq_follow(run, refused);
	if (err != FRESHET_OK)
		sudoiq_run_end_with(run, err);
}

static void pause_is_over(freshet_timer *timer, void *user)
{
	(void)timer;
	go_on(user, false);
}

void sudoiq_run_go_on(freshet_sudoiq_run *run, uint64_t pause_ms)
{
	freshet_err err = FRESHET_OK;
	if (run->pause == NULL)
		err = freshet_timer_new(
			freshet_endpoint_reactor(run->client->guest.endpoint), pause_is_over, run, &run->pause);
	if (err == FRESHET_OK)
		freshet_timer_set(run->pause, pause_ms);
	else
		sudoiq_run_end_with(run, err);
}

void sudoiq_runs_authorized(freshet_sudoiq *client, const freshet_outcome *why)
{
	freshet_sudoiq_error error = {.outcome = why != NULL ? *why : (freshet_outcome){.err = FRESHET_OK}};
	for (freshet_sudoiq_run *run = client->runs; run != NULL; run = run->next) {
		if (!run->waits_for_token)
			continue;
		run->waits_for_token = false;
		if (why != NULL)
			sudoiq_run_end(run, &error);
		else
			go_on(run, false);
	}
}

void sudoiq_run_credential(freshet_sudoiq_run *run, size_t route, bool refused, struct guest_credential *credential)
{
	const struct guest_credential old = {.version = run->credential};
	memset(credential, 0, sizeof *credential);
	enum guest_auth auth = sudoiq_authorize(&run->client->guest, route, refused ? &old : NULL, credential);
	run->waits_for_token = auth == GUEST_AUTH_LATER;
	run->with_credential = auth == GUEST_AUTH_READY;
	if (run->with_credential)
		run->credential = credential->version;
}

bool sudoiq_run_renew(freshet_sudoiq_run *run, const freshet_outcome *outcome)
{
	if (outcome->http_status != 401 || !run->with_credential || run->renewed)
		return false;
	run->renewed = true;
	go_on(run, true);
	return true;
}

/* ---- for the application ---- */

freshet_err freshet_sudoiq_attach(
	freshet_sudoiq *client, const freshet_sudoiq_attach_options *options, freshet_sudoiq_run **out)
{
	freshet_sudoiq_attach_options o;
	freshet_sudoiq_run *run;
	if (out != NULL)
		*out = NULL;
	freshet_sudoiq_attach_options_init(&o);
	if (!guest_options(&o, sizeof o, options) || (o.last_event_id.len > 0 && !guest_is_id(o.last_event_id)))
		return FRESHET_EINVAL;
	freshet_err err = sudoiq_run_new(client, o.agent_id, &o.callbacks, o.user, &run);
	if (err != FRESHET_OK)
		return err;
	run->response_timeout_ms =
		o.response_timeout_ms != 0 ? o.response_timeout_ms : client->settings.response_timeout_ms;
	if (o.last_event_id.len > 0 && (run->cursor = guest_copy(o.last_event_id)) == NULL)
		err = FRESHET_ENOMEM;
	if (err == FRESHET_OK)
		err = sudoiq_run_begin(run, o.task_id);
	if (err == FRESHET_OK)
		err = sudoiq_follow(run, false);
	if (err != FRESHET_OK)
		sudoiq_run_discard(run);
	else if (out != NULL)
		*out = run;
	return err;
}

void freshet_sudoiq_run_close(freshet_sudoiq_run *run)
{
	sudoiq_run_end_with(run, FRESHET_ECANCELED);
}

void *freshet_sudoiq_run_user(const freshet_sudoiq_run *run)
{
	return run->user;
}

bool freshet_sudoiq_run_task_id(const freshet_sudoiq_run *run, int64_t *task_id)
{
	if (run->has_task_id)
		*task_id = run->task_id;
	return run->has_task_id;
}

freshet_str freshet_sudoiq_run_last_event_id(const freshet_sudoiq_run *run)
{
	/* The stream of a start has no cursor before it tells the task. */
	if (run->stream != NULL && run->has_task_id)
		return freshet_stream_last_event_id(run->stream);
	return freshet_str_of(run->cursor);
}

static const char *state_name(const freshet_sudoiq_run *run)
{
	switch (run->state) {
	case RUN_STARTING: return "starting";
	case RUN_FOLLOWING: return "following";
	case RUN_ASKING: return "asking";
	case RUN_ENDING: return "ending";
	}
	return "unknown";
}

size_t freshet_sudoiq_run_describe(const freshet_sudoiq_run *run, char *to, size_t size)
{
	int len = snprintf(to, size,
		"sudoiq run: agent %s, task %lld, %s, %s, stream %s, events %llu, reconnects %u, tool calls %u",
		run->agent_id, (long long)run->task_id, state_name(run), freshet_sudoiq_phase_name(phase_of(run)),
		run->stream != NULL ? freshet_stream_state(run->stream) : "none", (unsigned long long)run->events,
		run->reconnects + run->reopened, run->tool_calls);
	return len > 0 ? (size_t)len : 0;
}
