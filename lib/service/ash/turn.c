/*
 * Happy path: the message is written; what must be done before is done, one call after the other (stop, resume, reading
 * how far the store goes); the message is sent by a POST whose answer is the event stream; its events are shown; the
 * server ends the body, and the turn is over.
 *
 * Failures: a message that was refused because the session sleeps is sent once more after a resume, when that is wanted.
 * The core never sends a POST twice unless it surely did not arrive, and nothing here does. A stream that broke leads to
 * recover.c.
 *
 * After `done` the end of the body is awaited, so that the connection can carry the next message.
 *
 * Closing: everything goes with the last callback of the stream or of the call under way.
 */
#include "turn.h"

#include "message.h"

/* ---- the end ---- */

void ash_turn_show(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	turn->events++;
	turn->callbacks.on_event(turn, event, turn->user);
}

static void drop_request(freshet_ash_turn *turn)
{
	if (turn->request == NULL)
		return;
	ash_request_clear(turn->request);
	freshet_mem_free(turn->request);
	turn->request = NULL;
}

static const char *text_of(freshet_ash_turn_state state)
{
	static const char *const texts[] = {
		[FRESHET_ASH_TURN_UNKNOWN] = "the stream ended without the turn's end",
		[FRESHET_ASH_TURN_UNSENT] = "the message was not sent",
		[FRESHET_ASH_TURN_REFUSED] = "the message was refused",
		[FRESHET_ASH_TURN_COMPLETED] = "the turn is complete",
		[FRESHET_ASH_TURN_FAILED] = "the agent reported an error",
		[FRESHET_ASH_TURN_RECOVERED] = "the stream was cut, but the turn is complete",
		[FRESHET_ASH_TURN_DISTURBED] = "another command on the session cut in",
		[FRESHET_ASH_TURN_INTERRUPTED] = "the turn was interrupted",
	};
	return texts[state];
}

static bool is_known_end(freshet_ash_turn_state state)
{
	return state == FRESHET_ASH_TURN_COMPLETED || state == FRESHET_ASH_TURN_FAILED ||
	       state == FRESHET_ASH_TURN_RECOVERED || state == FRESHET_ASH_TURN_INTERRUPTED;
}

static void set_error(freshet_ash_turn_end *end, const freshet_ash_error *error)
{
	if (error != NULL && !is_known_end(end->state))
		end->error = *error;
	if (error != NULL && end->error.outcome.err != FRESHET_OK)
		return;
	end->error.outcome.err = is_known_end(end->state) ? FRESHET_OK : FRESHET_EBAD_ANSWER;
	end->error.outcome.text = freshet_str_of(text_of(end->state));
}

void ash_turn_finish(freshet_ash_turn *turn, const freshet_ash_error *error)
{
	freshet_ash_turn_end end = {
		.state = turn->state,
		.has_result = turn->has_result,
		.is_error = turn->is_error,
		.num_turns = turn->num_turns,
		.total_cost_usd = turn->total_cost_usd,
		.events = turn->events,
		.records = turn->records,
		.sequence = turn->sequence,
	};
	set_error(&end, error);
	/* The callback may well send the next message. */
	ash_command_leave(turn->client, &turn->command);
	turn->callbacks.on_done(turn, &end, turn->user);
	drop_request(turn);
	freshet_mem_free(turn->cut);
	freshet_mem_free(turn);
}

void ash_turn_fail(freshet_ash_turn *turn, freshet_err err)
{
	freshet_ash_error error = {.outcome = {.err = err, .text = freshet_str_of(freshet_err_text(err))}};
	ash_turn_finish(turn, &error);
}

void ash_turn_keep(freshet_ash_turn *turn, const freshet_ash_error *error)
{
	struct ash_cut *cut = turn->cut != NULL ? turn->cut : freshet_mem_new(1, sizeof *cut);
	if (cut == NULL)
		return;
	const freshet_outcome *o = &error->outcome;
	size_t len = o->text.len < sizeof cut->text ? o->text.len : sizeof cut->text;
	memset(&cut->error, 0, sizeof cut->error);
	cut->error.outcome = *o;
	cut->error.reason = error->reason;
	cut->error.outcome.content_type = cut->error.outcome.location = cut->error.outcome.body = ASH_NONE;
	if (len > 0)
		memmove(cut->text, o->text.ptr, len);
	cut->error.outcome.text = (freshet_str){cut->text, len};
	turn->cut = cut;
}

/* ---- events ---- */

static bool is_own(const freshet_ash_turn *turn, freshet_str session)
{
	char id[GUEST_UUID_SIZE];
	return guest_uuid_read(session, id) && strcmp(id, turn->command.session) == 0;
}

static void note_result(freshet_ash_turn *turn, const freshet_ash_agent_message *message)
{
	turn->has_result = true;
	turn->is_error = message->is_error;
	turn->num_turns = message->num_turns;
	turn->total_cost_usd = message->total_cost_usd;
}

/* What the event tells of the turn's end. */
static void note_event(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	if (turn->recovers)
		ash_event_count(event, &turn->stored);
	switch (event->type) {
	case FRESHET_ASH_EVENT_MESSAGE:
		if (event->message.kind == FRESHET_ASH_MESSAGE_RESULT)
			note_result(turn, &event->message);
		break;
	case FRESHET_ASH_EVENT_TURN_COMPLETE:
		turn->saw_complete = true;
		turn->num_turns = event->turn_complete.num_turns;
		break;
	case FRESHET_ASH_EVENT_ERROR: turn->saw_error = true; break;
	case FRESHET_ASH_EVENT_DONE:
		turn->saw_done = is_own(turn, event->done.session_id);
		turn->saw_foreign_done = !turn->saw_done;
		break;
	default: break;
	}
}

static void core_opened(freshet_stream *core, void *user)
{
	freshet_ash_turn *turn = user;
	(void)core;
	turn->opened = true;
	turn->may_resume = false;
	drop_request(turn);
	if (turn->callbacks.on_open != NULL)
		turn->callbacks.on_open(turn, turn->user);
}

static void core_event(freshet_stream *core, const freshet_event *raw, void *user)
{
	freshet_ash_turn *turn = user;
	freshet_ash_event event;
	(void)core;
	ash_event_read(raw->type, raw->data, guest_scratch_begin(&turn->client->scratch, raw->data.len), &event);
	note_event(turn, &event);
	ash_turn_show(turn, &event);
}

/* ---- before the message ---- */

static freshet_err go_on(freshet_ash_turn *turn);

static void go_on_or_fail(freshet_ash_turn *turn)
{
	freshet_err err = go_on(turn);
	if (err != FRESHET_OK)
		ash_turn_fail(turn, err);
}

/* A call before the message failed, or the turn was closed in the meantime. False: the turn is gone. */
static bool call_succeeded(freshet_ash_turn *turn, const freshet_ash_error *error)
{
	turn->call = NULL;
	if (error == NULL && !turn->closed)
		return true;
	if (error != NULL)
		ash_turn_finish(turn, error);
	else
		ash_turn_fail(turn, FRESHET_ECANCELED);
	return false;
}

/* A session that cannot be stopped has no agent at work; whether it can be resumed tells the next call. */
static void stopped(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	freshet_ash_turn *turn = user;
	(void)call;
	(void)sessions;
	(void)count;
	if (error != NULL && error->outcome.err == FRESHET_ECONFLICT)
		error = NULL;
	if (!call_succeeded(turn, error))
		return;
	turn->must_stop = false;
	go_on_or_fail(turn);
}

static void resumed(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	freshet_ash_turn *turn = user;
	(void)call;
	(void)sessions;
	(void)count;
	if (!call_succeeded(turn, error))
		return;
	turn->must_resume = false;
	go_on_or_fail(turn);
}

static void marked(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_record *records,
	size_t count, void *user)
{
	freshet_ash_turn *turn = user;
	(void)call;
	if (!call_succeeded(turn, error))
		return;
	/* A server that ignores `after` would have us read for ever. */
	int64_t last = count > 0 ? records[count - 1].sequence : turn->sequence;
	turn->must_mark = count == ASH_PAGE && last > turn->sequence;
	turn->sequence = last;
	go_on_or_fail(turn);
}

static void core_done(freshet_stream *core, const freshet_stream_end *end, void *user);

static freshet_err open_stream(freshet_ash_turn *turn)
{
	freshet_stream_options o;
	const freshet_header headers[] = {
		{freshet_str_of("content-type"), freshet_str_of("application/json"), false},
		{freshet_str_of("accept"), freshet_str_of("text/event-stream"), false},
	};
	freshet_stream_options_init(&o);
	freshet_err err = ash_request_body(turn->request, &o.body);
	if (err != FRESHET_OK)
		return err;
	o.path = guest_text_terminated(&turn->request->path);
	o.method = turn->request->endpoint->method;
	o.headers = headers;
	o.header_count = sizeof headers / sizeof headers[0];
	o.deadline_ms = turn->deadline_ms;
	o.paused = turn->paused;
	o.callbacks = (freshet_stream_callbacks){core_opened, core_event, NULL, core_done};
	o.user = turn;
	return freshet_stream_open(turn->client->endpoint, &o, &turn->core);
}

/* The next thing to be done. On failure nothing is under way. */
static freshet_err go_on(freshet_ash_turn *turn)
{
	freshet_ash *client = turn->client;
	freshet_str id = freshet_str_of(turn->command.session);
	if (turn->must_stop)
		return freshet_ash_session_stop(client, id, stopped, turn, &turn->call);
	if (turn->must_resume)
		return freshet_ash_session_resume(client, id, resumed, turn, &turn->call);
	if (turn->must_mark)
		return freshet_ash_session_records(
			client, id, turn->sequence, ASH_PAGE, ASH_NONE, marked, turn, &turn->call);
	turn->state = FRESHET_ASH_TURN_UNKNOWN;
	freshet_err err = open_stream(turn);
	if (err != FRESHET_OK)
		turn->state = FRESHET_ASH_TURN_UNSENT;
	return err;
}

/* ---- after the stream ---- */

static freshet_ash_turn_state state_after(const freshet_ash_turn *turn, const freshet_outcome *outcome)
{
	bool answered = outcome->http_status != 0 && outcome->http_status != 200;
	if (turn->saw_error)
		return FRESHET_ASH_TURN_FAILED;
	if (turn->saw_foreign_done && !turn->has_result)
		return FRESHET_ASH_TURN_DISTURBED;
	if (turn->saw_done || turn->has_result || turn->saw_complete)
		return FRESHET_ASH_TURN_COMPLETED;
	if (turn->killed)
		return FRESHET_ASH_TURN_INTERRUPTED;
	if (turn->opened)
		return FRESHET_ASH_TURN_UNKNOWN;
	if (answered && outcome->err != FRESHET_ECANCELED)
		return FRESHET_ASH_TURN_REFUSED;
	return outcome->unprocessed ? FRESHET_ASH_TURN_UNSENT : FRESHET_ASH_TURN_UNKNOWN;
}

/* True for a refusal that a resume cures. */
static bool sleeps(const freshet_ash_error *error)
{
	switch (error->reason) {
	case FRESHET_ASH_REASON_SESSION_PAUSED:
	case FRESHET_ASH_REASON_SESSION_STOPPED:
	case FRESHET_ASH_REASON_SESSION_FAILED:
	case FRESHET_ASH_REASON_SANDBOX_GONE:
	case FRESHET_ASH_REASON_RUNNER_GONE: return true;
	default: return false;
	}
}

/* The session is awake again, or will not wake: the turn is over in either case. */
static void resumed_after(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	freshet_ash_turn *turn = user;
	(void)call;
	(void)sessions;
	(void)count;
	turn->call = NULL;
	ash_turn_finish(turn, error);
}

/* The agent was killed: unless the turn had ended by itself, it is interrupted. */
static void finish_interrupted(freshet_ash_turn *turn)
{
	freshet_str id = freshet_str_of(turn->command.session);
	if (turn->state == FRESHET_ASH_TURN_UNKNOWN || turn->state == FRESHET_ASH_TURN_DISTURBED)
		turn->state = FRESHET_ASH_TURN_INTERRUPTED;
	if (turn->closed ||
		freshet_ash_session_resume(turn->client, id, resumed_after, turn, &turn->call) != FRESHET_OK)
		ash_turn_finish(turn, NULL);
}

static void finish_kept(freshet_ash_turn *turn)
{
	ash_turn_finish(turn, turn->cut != NULL ? &turn->cut->error : NULL);
}

/* What comes after the stream has ended with that error. */
static void take_end(freshet_ash_turn *turn, const freshet_ash_error *error)
{
	bool canceled = error->outcome.err == FRESHET_ECANCELED;
	if (turn->interrupted) {
		ash_turn_keep(turn, error);
		if (turn->call == NULL)
			finish_interrupted(turn);
		return;
	}
	if (turn->state == FRESHET_ASH_TURN_REFUSED && turn->may_resume && sleeps(error)) {
		turn->may_resume = false;
		turn->must_resume = true;
		turn->state = FRESHET_ASH_TURN_UNSENT;
		go_on_or_fail(turn);
		return;
	}
	if (turn->state == FRESHET_ASH_TURN_UNKNOWN && turn->recovers && !canceled) {
		ash_turn_keep(turn, error);
		ash_turn_recover(turn);
		return;
	}
	/* Of a stop that failed more is known than of the stream that was closed for it. */
	ash_turn_finish(turn, turn->cut != NULL ? &turn->cut->error : error);
}

void ash_turn_killed(freshet_ash_turn *turn)
{
	if (turn->core == NULL || turn->interrupted)
		return;
	turn->killed = true;
	freshet_stream_close(turn->core);
}

static void core_done(freshet_stream *core, const freshet_stream_end *end, void *user)
{
	freshet_ash_turn *turn = user;
	struct ash_failure failure;
	(void)core;
	turn->core = NULL;
	turn->state = state_after(turn, &end->outcome);
	if (turn->state == FRESHET_ASH_TURN_REFUSED) {
		ash_failure_init(&failure, &end->outcome, end->outcome.body, freshet_str_of(turn->client->key),
			guest_scratch_begin(&turn->client->scratch, end->outcome.body.len));
	} else {
		memset(&failure.error, 0, sizeof failure.error);
		failure.error.outcome = end->outcome;
	}
	take_end(turn, &failure.error);
}

/* ---- open and close ---- */

/* Gives up one that never began. */
static void discard(freshet_ash_turn *turn)
{
	ash_command_leave(turn->client, &turn->command);
	drop_request(turn);
	freshet_mem_free(turn);
}

static void set_options(freshet_ash_turn *turn, const freshet_ash_turn_options *o)
{
	turn->callbacks = o->callbacks;
	turn->user = o->user;
	turn->deadline_ms = o->deadline_ms;
	turn->sequence = o->after;
	turn->state = FRESHET_ASH_TURN_UNSENT;
	turn->must_stop = o->restart;
	turn->must_resume = o->restart;
	turn->must_mark = !o->no_recovery;
	turn->may_resume = o->resume;
	turn->recovers = !o->no_recovery;
	turn->paused = o->paused;
	memcpy(turn->command.session, turn->request->session, GUEST_UUID_SIZE);
	turn->command.turn = turn;
}

static freshet_err begin(freshet_ash_turn *turn, const freshet_ash_turn_options *o)
{
	turn->request = freshet_mem_new(1, sizeof *turn->request);
	if (turn->request == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = ash_message_write(turn->request, turn->client, o);
	if (err != FRESHET_OK)
		return err;
	set_options(turn, o);
	err = ash_command_enter(turn->client, &turn->command);
	return err == FRESHET_OK ? go_on(turn) : err;
}

freshet_err freshet_ash_turn_open(freshet_ash *client, const freshet_ash_turn_options *options, freshet_ash_turn **out)
{
	freshet_ash_turn_options o;
	*out = NULL;
	freshet_ash_turn_options_init(&o);
	if (!guest_options(&o, sizeof o, options) || o.callbacks.on_event == NULL || o.callbacks.on_done == NULL)
		return FRESHET_EINVAL;
	freshet_ash_turn *turn = freshet_mem_new(1, sizeof *turn);
	if (turn == NULL)
		return FRESHET_ENOMEM;
	turn->client = client;
	freshet_err err = begin(turn, &o);
	if (err != FRESHET_OK) {
		discard(turn);
		return err;
	}
	*out = turn;
	return FRESHET_OK;
}

void freshet_ash_turn_close(freshet_ash_turn *turn)
{
	turn->closed = true;
	if (turn->core != NULL)
		freshet_stream_close(turn->core);
	if (turn->call != NULL)
		freshet_ash_call_cancel(turn->call);
}

/* The stream is left only now: what came until the agent was killed was shown. */
static void stopped_while_open(freshet_ash_call *call, const freshet_ash_error *error,
	const freshet_ash_session *sessions, size_t count, void *user)
{
	freshet_ash_turn *turn = user;
	(void)call;
	(void)sessions;
	(void)count;
	turn->call = NULL;
	if (error != NULL && error->outcome.err != FRESHET_ECONFLICT) {
		/* Nobody knows what the agent does; the error of the stop says more than that of the stream. */
		turn->interrupted = false;
		turn->recovers = false;
		ash_turn_keep(turn, error);
	}
	if (turn->core != NULL)
		freshet_stream_close(turn->core);
	else if (turn->interrupted)
		finish_interrupted(turn);
	else
		finish_kept(turn);
}

freshet_err freshet_ash_turn_interrupt(freshet_ash_turn *turn)
{
	if (turn->interrupted)
		return FRESHET_OK;
	if (turn->core == NULL || !turn->opened || turn->closed)
		return FRESHET_ESTATE;
	freshet_str id = freshet_str_of(turn->command.session);
	freshet_err err = freshet_ash_session_stop(turn->client, id, stopped_while_open, turn, &turn->call);
	turn->interrupted = err == FRESHET_OK;
	return err;
}

void freshet_ash_turn_pause(freshet_ash_turn *turn)
{
	turn->paused = true;
	if (turn->core != NULL)
		freshet_stream_pause(turn->core);
}

void freshet_ash_turn_resume(freshet_ash_turn *turn)
{
	turn->paused = false;
	if (turn->core != NULL)
		freshet_stream_resume(turn->core);
}

void *freshet_ash_turn_user(const freshet_ash_turn *turn)
{
	return turn->user;
}
