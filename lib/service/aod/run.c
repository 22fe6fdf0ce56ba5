/*
 * Happy path: the session is made, its stream is followed to the end, the session is read back. What remains of the
 * deadline goes into each step.
 *
 * Failures: the step's error is the run's. What is known by then (the id, the cursor, how the session ended) is told
 * beside it.
 *
 * Closing: a run waits for exactly one thing, a call or a stream, and ends in its last callback. Canceling ends that one;
 * inside a callback of the run, where nothing may be under way, it is remembered, and no further step is taken.
 */
#include "client.h"
#include "session.h"

#include <time.h>

struct freshet_aod_run {
	freshet_aod *client;
	freshet_aod_call *call;     /* under way, or NULL */
	freshet_aod_stream *stream; /* open, or NULL */
	freshet_aod_run_callbacks callbacks;
	void *user;
	uint64_t deadline_at_ms; /* 0: none */
	/* What is known so far, as in freshet_aod_run_end. */
	uint64_t cursor;
	uint64_t events;
	uint64_t duplicates;
	int64_t exit_code;
	uint32_t reconnects;
	uint8_t step;
	uint8_t status;
	bool has_exit_code;
	bool confirmed;
	bool unconfirmed; /* asked for */
	bool canceled;
	char id[GUEST_UUID_SIZE]; /* empty: none yet */
};

/* ---- time ---- */

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What remains for the next step, at least a moment; 0 when there is no deadline. */
static uint64_t remaining_ms(const freshet_aod_run *run)
{
	if (run->deadline_at_ms == 0)
		return 0;
	uint64_t now = clock_ms();
	return run->deadline_at_ms > now ? run->deadline_at_ms - now : 1;
}

/* The same for a call, whose own deadline stays where it is shorter. */
static uint64_t remaining_for_call(const freshet_aod_run *run)
{
	uint64_t remaining = remaining_ms(run);
	uint64_t own = run->client->deadline_ms;
	return remaining != 0 && remaining < own ? remaining : own;
}

/* ---- the end ---- */

static void run_finish(freshet_aod_run *run, const freshet_aod_error *error, const freshet_aod_session *session)
{
	const freshet_aod_run_end end = {
		.error = *error,
		.step = (freshet_aod_run_step)run->step,
		.session_id = freshet_str_of(run->id),
		.session = session,
		.status = (freshet_aod_status)run->status,
		.has_exit_code = run->has_exit_code,
		.exit_code = run->exit_code,
		.confirmed = run->confirmed,
		.cursor = run->cursor,
		.events = run->events,
		.duplicates = run->duplicates,
		.reconnects = run->reconnects,
	};
	run->callbacks.on_done(run, &end, run->user);
	freshet_mem_free(run);
}

static void run_fail(freshet_aod_run *run, freshet_err err)
{
	const freshet_aod_error error = {.outcome = {.err = err, .text = freshet_str_of(freshet_err_text(err))}};
	run_finish(run, &error, NULL);
}

/* A step that could not begin. A client that is closing begins none: that is the application's will. */
static void run_stop(freshet_aod_run *run, freshet_err err)
{
	run_fail(run, err == FRESHET_ESTATE ? FRESHET_ECANCELED : err);
}

/* ---- the steps, from the last to the first ---- */

static void run_read(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *session, void *user)
{
	static const char text[] = "the session was followed to its end and read back";
	const freshet_aod_error none = {.outcome = {.text = {text, sizeof text - 1}}};
	freshet_aod_run *run = user;
	(void)call;
	run->call = NULL;
	if (run->canceled)
		run_fail(run, FRESHET_ECANCELED);
	else
		run_finish(run, error != NULL ? error : &none, session);
}

static void begin_reading(freshet_aod_run *run)
{
	run->step = FRESHET_AOD_RUN_READ;
	freshet_str id = freshet_str_of(run->id);
	freshet_err err = session_get_within(run->client, id, remaining_for_call(run), run_read, run, &run->call);
	if (err != FRESHET_OK)
		run_stop(run, err);
}

static void run_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	freshet_aod_run *run = user;
	run->cursor = freshet_aod_stream_cursor(stream);
	if (run->callbacks.on_event != NULL)
		run->callbacks.on_event(run, event, run->user);
}

static void run_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	freshet_aod_run *run = user;
	(void)stream;
	if (run->callbacks.on_cut != NULL)
		run->callbacks.on_cut(run, cause, retry_ms, run->user);
}

static void run_followed(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	freshet_aod_run *run = user;
	(void)stream;
	run->stream = NULL;
	run->status = (uint8_t)end->status;
	run->has_exit_code = end->has_exit_code;
	run->exit_code = end->exit_code;
	run->confirmed = end->confirmed;
	run->cursor = end->cursor;
	run->events = end->events;
	run->duplicates = end->duplicates;
	run->reconnects = end->reconnects;
	if (run->canceled)
		run_fail(run, FRESHET_ECANCELED);
	else if (end->error.outcome.err != FRESHET_OK)
		run_finish(run, &end->error, NULL);
	else
		begin_reading(run);
}

static freshet_err begin_following(freshet_aod_run *run)
{
	freshet_aod_stream_options o;
	run->step = FRESHET_AOD_RUN_FOLLOW;
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(run->id);
	o.cursor = run->cursor;
	o.deadline_ms = remaining_ms(run);
	o.unconfirmed = run->unconfirmed;
	o.callbacks = (freshet_aod_stream_callbacks){NULL, run_event, run_cut, run_followed};
	o.user = run;
	return freshet_aod_stream_open(run->client, &o, &run->stream);
}

static void run_created(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	freshet_aod_run *run = user;
	(void)call;
	run->call = NULL;
	if (error != NULL) {
		run_finish(run, error, NULL);
		return;
	}
	if (!guest_uuid_read(ack->id, run->id)) {
		run->id[0] = '\0';
		run_fail(run, FRESHET_EBAD_ANSWER);
		return;
	}
	if (!run->canceled && run->callbacks.on_created != NULL)
		run->callbacks.on_created(run, ack, run->user);
	freshet_err err = run->canceled ? FRESHET_ECANCELED : begin_following(run);
	if (err != FRESHET_OK)
		run_stop(run, err);
}

/* ---- open and cancel ---- */

static freshet_err run_new(freshet_aod *client, const freshet_aod_run_options *options, freshet_aod_run **out)
{
	freshet_aod_run_options o;
	freshet_aod_run_options_init(&o);
	if (client == NULL || options == NULL || !guest_options(&o, sizeof o, options) || o.callbacks.on_done == NULL)
		return FRESHET_EINVAL;
	freshet_aod_run *run = freshet_mem_new(1, sizeof *run);
	if (run == NULL)
		return FRESHET_ENOMEM;
	uint64_t now = o.deadline_ms != 0 ? clock_ms() : 0;
	run->client = client;
	run->callbacks = o.callbacks;
	run->user = o.user;
	run->unconfirmed = o.unconfirmed;
	run->deadline_at_ms = o.deadline_ms < UINT64_MAX - now ? now + o.deadline_ms : 0;
	run->cursor = o.cursor;
	*out = run;
	return FRESHET_OK;
}

/* Gives the run to the caller, or frees it when its first step could not begin. */
static freshet_err run_begun(freshet_aod_run *run, freshet_err err, freshet_aod_run **out)
{
	if (err != FRESHET_OK)
		freshet_mem_free(run);
	else if (out != NULL)
		*out = run;
	return err;
}

freshet_err freshet_aod_session_run(freshet_aod *client, const freshet_aod_create_options *session,
	const freshet_aod_run_options *options, freshet_aod_run **out)
{
	freshet_aod_run *run;
	if (out != NULL)
		*out = NULL;
	freshet_err err = run_new(client, options, &run);
	if (err != FRESHET_OK)
		return err;
	run->cursor = 0;
	err = session_create_within(client, session, remaining_for_call(run), run_created, run, &run->call);
	return run_begun(run, err, out);
}

freshet_err freshet_aod_session_wait(
	freshet_aod *client, freshet_str id, const freshet_aod_run_options *options, freshet_aod_run **out)
{
	freshet_aod_run *run;
	if (out != NULL)
		*out = NULL;
	freshet_err err = run_new(client, options, &run);
	if (err != FRESHET_OK)
		return err;
	err = guest_uuid_read(id, run->id) ? begin_following(run) : FRESHET_EINVAL;
	return run_begun(run, err, out);
}

void freshet_aod_run_cancel(freshet_aod_run *run)
{
	run->canceled = true;
	if (run->call != NULL)
		freshet_aod_call_cancel(run->call);
	else if (run->stream != NULL)
		freshet_aod_stream_close(run->stream);
}

freshet_str freshet_aod_run_session_id(const freshet_aod_run *run)
{
	return freshet_str_of(run->id);
}

uint64_t freshet_aod_run_cursor(const freshet_aod_run *run)
{
	return run->cursor;
}

freshet_aod_stream *freshet_aod_run_stream(const freshet_aod_run *run)
{
	return run->stream;
}
