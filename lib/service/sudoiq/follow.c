/*
 * Happy path: the stream of a run is opened, the core keeps it up over cuts, its events are taken in, and a terminal status
 * ends it.
 *
 * Failures: a 401 is met once with another token; other refusals are final. When the core gives up, the run is asked for
 * once: a terminal status ends it well, anything else ends it with what the stream met. A stream that answered the start
 * cannot be asked for again: after it the run's own one is opened.
 */
#include "run.h"

/* Of every stream of a run; its user is the run. */
static const freshet_stream_callbacks stream_callbacks;

freshet_err sudoiq_stream_open(freshet_sudoiq_run *run, const struct guest_draft *draft,
	const struct guest_credential *credential, uint32_t attempt, freshet_stream_options *o)
{
	struct guest_outgoing out;
	freshet_err err = guest_outgoing(&run->client->guest, draft, credential, attempt, &out);
	if (err != FRESHET_OK)
		return err;
	o->path = out.request.path;
	o->method = out.request.method;
	o->headers = out.request.headers;
	o->header_count = out.request.header_count;
	o->body = out.request.body;
	o->any_2xx = true;
	o->callbacks = stream_callbacks;
	o->user = run;
	return freshet_stream_open(run->client->guest.endpoint, o, &run->stream);
}

freshet_err sudoiq_follow(freshet_sudoiq_run *run, bool refused)
{
	freshet_sudoiq *client = run->client;
	struct guest_credential credential;
	struct guest_text path = {0};
	struct guest_text number = {0};
	freshet_stream_options o;
	sudoiq_run_credential(run, ROUTE_run_stream, refused, &credential);
	if (run->waits_for_token)
		return FRESHET_OK;
	guest_text_int(&number, run->task_id);
	const struct guest_value values[] = {
		{"agent_id", freshet_str_of(run->agent_id)}, {"task_id", guest_text_get(&number)}};
	guest_route_path(&client->guest.routes, ROUTE_run_stream, values, 2, &path);
	guest_text_fail(&path, number.err);
	const struct guest_draft draft = {
		.route = ROUTE_run_stream, .path = guest_text_terminated(&path), .accept = "text/event-stream"};
	freshet_stream_options_init(&o);
	o.last_event_id = freshet_str_of(run->cursor);
	o.repeatable = true;
	freshet_err err = path.err;
	if (err == FRESHET_OK)
		err = sudoiq_stream_open(run, &draft, run->with_credential ? &credential : NULL, 1, &o);
	run->posted = false;
	guest_text_clear(&path);
	guest_text_clear(&number);
	return err;
}

/* ---- the end of a stream ---- */

/* The status was read after the last try. */
static void asked(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	freshet_sudoiq_run *run = user;
	(void)call;
	(void)status;
	run->asking = NULL;
	/* What the status says was taken in before this; still here, the run goes on without us. */
	bool final = error != NULL && (error->outcome.err == FRESHET_EAUTH || error->outcome.err == FRESHET_ENOT_FOUND);
	if (run->state == RUN_ENDING)
		sudoiq_run_rest(run);
	else if (final)
		sudoiq_run_end(run, error);
	else
		sudoiq_run_end(run, &run->failure->error);
}

static void ask(freshet_sudoiq_run *run, const freshet_sudoiq_error *why)
{
	run->state = RUN_ASKING;
	freshet_mem_free(run->failure);
	run->failure = sudoiq_failure_keep(why);
	freshet_err err = run->failure != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	if (err == FRESHET_OK)
		err = freshet_sudoiq_get_agent_task_status(
			run->client, freshet_str_of(run->agent_id), run->task_id, asked, run, &run->asking);
	if (err != FRESHET_OK)
		sudoiq_run_end_with(run, err);
}

static bool is_final(const freshet_outcome *outcome)
{
	int status = outcome->http_status;
	return outcome->err == FRESHET_EHTTP_STATUS && status >= 300 && status < 500 && status != 408 &&
	       status != 425 && status != 429;
}

/* After a stream that the core does not open again. True while there are attempts left. */
static bool open_again(freshet_sudoiq_run *run)
{
	const struct sudoiq_settings *settings = &run->client->settings;
	if (run->failures >= settings->max_stream_retries)
		return false;
	run->failures++;
	run->reopened++;
	sudoiq_run_go_on(
		run, guest_backoff_pause(&settings->stream_backoff, run->failures, sudoiq_random(run->client)));
	return true;
}

static void follow_done(freshet_sudoiq_run *run, const freshet_outcome *outcome, bool posted)
{
	struct sudoiq_failure failure;
	freshet_outcome why = *outcome;
	if (sudoiq_run_renew(run, outcome))
		return;
	if (posted && open_again(run))
		return;
	/* The service asked not to come back, but the run is not over. */
	if (why.err == FRESHET_OK)
		why.err = FRESHET_ECLOSED;
	sudoiq_failure_init(&failure, run->client, NULL, &why, why.body);
	if (is_final(outcome))
		sudoiq_run_end(run, &failure.error);
	else
		ask(run, &failure.error);
}

static void keep_cursor(freshet_sudoiq_run *run, freshet_str cursor)
{
	freshet_mem_free(run->cursor);
	/* Without memory for it the next stream begins with the present status, which loses nothing. */
	run->cursor = cursor.len > 0 ? guest_copy(cursor) : NULL;
}

static void core_done(freshet_stream *core, const freshet_stream_end *end, void *user)
{
	freshet_sudoiq_run *run = user;
	bool posted = run->posted;
	(void)core;
	run->stream = NULL;
	run->posted = false;
	run->reconnects += end->reconnects;
	keep_cursor(run, end->last_event_id);
	if (end->outcome.err == FRESHET_ECANCELED)
		sudoiq_run_end_with(run, FRESHET_ECANCELED);
	else if (run->state == RUN_STARTING)
		sudoiq_start_done(run, &end->outcome);
	else if (run->state == RUN_FOLLOWING)
		follow_done(run, &end->outcome, posted);
	sudoiq_run_rest(run);
}

/* ---- on the way ---- */

static void core_opened(freshet_stream *core, void *user)
{
	freshet_sudoiq_run *run = user;
	(void)core;
	run->renewed = false;
}

static void core_event(freshet_stream *core, const freshet_event *event, void *user)
{
	freshet_sudoiq_run *run = user;
	(void)core;
	run->failures = 0;
	sudoiq_event_take(run, event);
}

static void core_cut(freshet_stream *core, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	freshet_sudoiq_run *run = user;
	char line[GUEST_LINE_SIZE];
	(void)core;
	if (!freshet_log_wanted(FRESHET_LOG_DEBUG))
		return;
	guest_line(line, "sudoiq: run %lld: stream cut: %s; again in %llu ms", (long long)run->task_id,
		freshet_err_name(cause->err), (unsigned long long)retry_ms);
	freshet_log(FRESHET_LOG_DEBUG, line);
}

static const freshet_stream_callbacks stream_callbacks = {core_opened, core_event, core_cut, core_done};
