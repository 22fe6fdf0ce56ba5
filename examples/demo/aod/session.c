/*
 * One session of Agent on Demand: create, follow, in some kinds a second turn, in others terminate, until the end that its stream
 * tells.
 *
 * A request that changes something may be cut off before its answer. It is never repeated blindly: whether a session
 * was created is found by the marker in its prompt (search.c), whether a prompt arrived is read from the turns, and
 * terminating twice is told by the server.
 */
#include "demo/aod/aod.h"

#include <stdio.h>

/* ---- terminate ---- */

static void session_terminate(struct session *s);

static void terminated(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	struct session *s = user;
	(void)call;
	(void)ack;
	if (s->fleet->closing || error == NULL || error->conflict == FRESHET_AOD_CONFLICT_ALREADY_TERMINATED)
		return;
	if (is_passing(&error->outcome))
		session_later(s, session_terminate, SESSION_AGAIN_MS);
	else
		session_break(s, "terminate", error->outcome.text);
}

static void session_terminate(struct session *s)
{
	if (s->ended)
		return;
	freshet_err err = freshet_aod_session_terminate(aod_of(s)->client, freshet_str_of(s->id), terminated, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "terminate", err);
}

/* ---- follow ---- */

static void session_prompt(struct session *s);

static void count_output(struct session *s)
{
	s->outputs++;
	if (s->part->terminate_after == 0 || s->terminating || s->outputs < s->part->terminate_after)
		return;
	s->terminating = true;
	session_terminate(s);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct session *s = user;
	(void)stream;
	s->site->events++;
	if ((event->type == FRESHET_AOD_EVENT_STAGE || event->type == FRESHET_AOD_EVENT_OUTPUT) &&
		!record_add(&s->record, event->id, event->raw))
		freshet_aod_stream_close(stream);
	if (event->type == FRESHET_AOD_EVENT_TURN_START)
		session_move(s, RUNNING);
	if (event->type == FRESHET_AOD_EVENT_OUTPUT)
		count_output(s);
}

static void on_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct session *s = user;
	(void)stream;
	(void)cause;
	(void)retry_ms;
	s->site->cuts++;
}

static enum state end_of(const freshet_aod_stream_end *end)
{
	switch (end->status) {
	case FRESHET_AOD_STATUS_COMPLETED: return COMPLETED;
	case FRESHET_AOD_STATUS_TERMINATED: return TERMINATED;
	default: return FAILED;
	}
}

/* The end that the session's kind is to have. */
static bool as_planned(const struct session *s, const freshet_aod_stream_end *end)
{
	const struct part *p = s->part;
	return p->any_end ||
	       (end_of(end) == p->end && end->has_exit_code == p->has_exit_code && end->exit_code == p->exit_code);
}

static void on_end(struct session *s, const freshet_aod_stream_end *end)
{
	bool first_of_two = s->part->second != NULL && s->turn == 1;
	char ended[64];
	snprintf(ended, sizeof ended, "status %d, exit code %lld", (int)end->status, (long long)end->exit_code);
	if (!as_planned(s, end))
		session_break(s, "another end than its script's", freshet_str_of(ended));
	else if (first_of_two)
		session_prompt(s);
	else
		session_ended(s, end_of(end));
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct session *s = user;
	(void)stream;
	s->cursor = end->cursor;
	if (s->fleet->closing)
		return;
	if (end->error.outcome.err != FRESHET_OK)
		session_break(s, "stream", end->error.outcome.text);
	else
		on_end(s, end);
}

static void session_follow(struct session *s)
{
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(s->id);
	o.cursor = s->cursor;
	o.callbacks.on_event = on_event;
	o.callbacks.on_cut = on_cut;
	o.callbacks.on_done = on_done;
	o.user = s;
	s->outputs = 0;
	session_move(s, PENDING);
	freshet_err err = freshet_aod_stream_open(aod_of(s)->client, &o, &stream);
	if (err != FRESHET_OK)
		session_break_by(s, "stream", err);
}

/* ---- second turn ---- */

/* True when the error means that the turn was there already: an earlier prompt did arrive. */
static bool is_prompted(const freshet_aod_error *error)
{
	return error->conflict == FRESHET_AOD_CONFLICT_RUNNING || error->conflict == FRESHET_AOD_CONFLICT_PENDING;
}

static void found_turns(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *turns, size_t count, void *user)
{
	struct session *s = user;
	(void)call;
	(void)turns;
	if (s->fleet->closing)
		return;
	if (error == NULL && count >= s->turn)
		session_follow(s);
	else if (error == NULL || is_passing(&error->outcome))
		session_later(s, session_prompt, SESSION_AGAIN_MS);
	else
		session_break(s, "turns", error->outcome.text);
}

/* Was the prompt that was not answered heard? */
static void session_ask_turns(struct session *s)
{
	freshet_err err = freshet_aod_session_turns(aod_of(s)->client, freshet_str_of(s->id), found_turns, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "turns", err);
}

static void prompted(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	struct session *s = user;
	(void)call;
	(void)ack;
	if (s->fleet->closing)
		return;
	if (error == NULL || is_prompted(error))
		session_follow(s);
	else if (is_passing(&error->outcome))
		session_later(s, session_ask_turns, SESSION_AGAIN_MS);
	else
		session_break(s, "prompt", error->outcome.text);
}

static void session_prompt(struct session *s)
{
	s->turn = 2;
	freshet_err err = freshet_aod_session_prompt(
		aod_of(s)->client, freshet_str_of(s->id), freshet_str_of(s->part->second), 0, prompted, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "prompt", err);
}

/* ---- create ---- */

void aod_adopt(struct session *s, freshet_str id)
{
	session_take_id(s, id);
	s->turn = 1;
	session_follow(s);
}

static void created(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	struct session *s = user;
	(void)call;
	if (s->fleet->closing)
		return;
	if (error == NULL) {
		aod_adopt(s, ack->id);
	} else if (error->outcome.unprocessed || error->outcome.err == FRESHET_ERATE_LIMIT) {
		session_later(s, aod_create, SESSION_AGAIN_MS);
	} else if (is_passing(&error->outcome)) {
		session_move(s, SEARCHING);
		search_soon(aod_of(s)->search);
	} else {
		session_break(s, "create", error->outcome.text);
	}
	site_create_more(s->site);
}

void aod_create(struct session *s)
{
	freshet_aod_create_options o;
	char prompt[160];
	snprintf(prompt, sizeof prompt, "%s (freshet demo %016llx %u)", s->part->script,
		(unsigned long long)s->fleet->marker, s->number);
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(s->site->agent);
	o.prompt = freshet_str_of(prompt);
	session_move(s, CREATING);
	freshet_err err = freshet_aod_session_create(aod_of(s)->client, &o, created, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "create", err);
}
