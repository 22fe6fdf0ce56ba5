/*
 * One run that the platform does: invoked with a stream, approved or answered where it pauses, listened to until its end.
 *
 * A run goes in legs: the invoke, and each time that it goes on after a pause. The invoke and an answer have a stream of
 * their leg; after an approval nobody gives one, and the run is read until it is at another point. A stream that is cut is
 * taken up again where the client is made for that; the other client reads the run, and what its stream would have shown
 * is not seen. A request that was cut off before it told anything is sent again with the key that it had.
 */
#include "demo/agentos/agentos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hosted_listen(struct session *s);
static void hosted_read(struct session *s);
static void hosted_decide(struct session *s);

static freshet_agentos *client_of(const struct session *s)
{
	return s->part->poll ? agentos_of(s)->polling : agentos_of(s)->client;
}

static void again_or_break(
	struct session *s, const freshet_agentos_error *error, void (*again)(struct session *s), const char *what)
{
	if (error->outcome.unprocessed || is_passing(&error->outcome))
		session_later(s, again, SESSION_AGAIN_MS);
	else
		session_break(s, what, error->message.len > 0 ? error->message : error->outcome.text);
}

/* ---- where the run is ---- */

static void copy_id(char to[ID_SIZE], freshet_str id)
{
	snprintf(to, ID_SIZE, "%.*s", (int)id.len, id.ptr);
}

static void begin_leg(struct session *s)
{
	run_of(s)->leg++;
	run_of(s)->shown = 0;
}

static void mark_whole(struct aos_run *r)
{
	r->whole |= UINT32_C(1) << (r->leg % 32);
}

static void run_ended(struct session *s, enum state end)
{
	if (s->part->any_end || s->part->end == end)
		session_ended(s, end);
	else
		session_break(s, "another end than its script's", freshet_str_of(state_names[end]));
}

/* What was decided stays for a while what a reader is told. */
static void need_approval(struct session *s, freshet_str approval)
{
	struct aos_run *r = run_of(s);
	if (freshet_str_is(approval, r->approval)) {
		session_later(s, hosted_read, SESSION_AGAIN_MS);
		return;
	}
	copy_id(r->approval, approval);
	hosted_decide(s);
}

/* The run has gone on with what this leg began with. */
static void leg_heard(struct session *s)
{
	run_of(s)->answers += run_of(s)->replies;
	run_of(s)->replies = false;
}

/* An answer that did not arrive is given again, with the key that it had. */
static void need_answer(struct session *s, freshet_str question)
{
	struct aos_run *r = run_of(s);
	if (!r->replies || !freshet_str_is(question, r->question)) {
		leg_heard(s);
		begin_leg(s);
		copy_id(r->question, question);
		r->replies = true;
	}
	hosted_listen(s);
}

static void act_on_result(struct session *s, const freshet_agentos_result *result)
{
	if (s->id[0] == '\0')
		session_take_id(s, result->run_id);
	if (result->status != FRESHET_AGENTOS_STATUS_AWAITING_INPUT)
		leg_heard(s);
	switch (result->status) {
	case FRESHET_AGENTOS_STATUS_COMPLETED: run_ended(s, COMPLETED); return;
	case FRESHET_AGENTOS_STATUS_FAILED: run_ended(s, FAILED); return;
	case FRESHET_AGENTOS_STATUS_CANCELED: run_ended(s, TERMINATED); return;
	case FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL: need_approval(s, result->approval_id); return;
	case FRESHET_AGENTOS_STATUS_AWAITING_INPUT: need_answer(s, result->question_id); return;
	case FRESHET_AGENTOS_STATUS_UNKNOWN:
	case FRESHET_AGENTOS_STATUS_PAUSED:
	case FRESHET_AGENTOS_STATUS_RUNNING: session_later(s, hosted_read, SESSION_AGAIN_MS); return;
	}
}

/* ---- without a stream ---- */

static void was_read(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_result *result, void *user)
{
	struct session *s = user;
	(void)call;
	if (s->fleet->closing)
		return;
	if (error != NULL)
		again_or_break(s, error, hosted_read, "run");
	else
		act_on_result(s, result);
}

static void hosted_read(struct session *s)
{
	freshet_err err = freshet_agentos_run_read(client_of(s), freshet_str_of(s->id), was_read, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "run", err);
}

/* One that was decided before was so by an attempt whose answer was lost. */
static void decided(freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user)
{
	struct session *s = user;
	(void)call;
	(void)status;
	if (s->fleet->closing)
		return;
	if (error != NULL && error->outcome.err != FRESHET_ECONFLICT) {
		again_or_break(s, error, hosted_decide, "approval");
		return;
	}
	run_of(s)->decisions++;
	begin_leg(s);
	hosted_read(s);
}

/* Every third one is rejected, which the run takes as it comes. */
static void hosted_decide(struct session *s)
{
	freshet_err err = freshet_agentos_decide(client_of(s), freshet_str_of(run_of(s)->approval), s->number % 3 != 0,
		freshet_str_of(""), decided, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "approval", err);
}

/* ---- a leg with a stream ---- */

static void on_event(freshet_agentos_stream *stream, const freshet_agentos_event *event, void *user)
{
	struct session *s = user;
	s->site->events++;
	if (event->type == FRESHET_AGENTOS_EVENT_START) {
		session_take_id(s, event->result.run_id);
		site_create_more(s->site);
	}
	if (s->state != RUNNING)
		session_move(s, RUNNING);
	if (event->synthetic)
		return;
	/* Frames of the emulator are numbered; those of other servers need not be. */
	uint64_t id = s->cursor + 1;
	if (event->id.len > 0 && event->id.len < 20)
		id = strtoull(event->id.ptr, NULL, 10);
	s->cursor = id;
	run_of(s)->shown++;
	leg_heard(s);
	if (!record_add(&s->record, id, event->raw))
		freshet_agentos_stream_close(stream);
}

/* The request told nothing, or more than it told is not to be had: what then? */
static void stream_failed(struct session *s, const freshet_agentos_error *error)
{
	if (run_of(s)->shown == 0)
		again_or_break(s, error, hosted_listen, "invoke");
	else
		again_or_break(s, error, hosted_read, "stream");
}

static void on_done(freshet_agentos_stream *stream, const freshet_agentos_stream_end *end, void *user)
{
	struct session *s = user;
	struct aos_run *r = run_of(s);
	(void)stream;
	if (s->fleet->closing)
		return;
	s->site->cuts += end->resumes + (end->polled || (end->error != NULL && r->shown > 0));
	if (end->error == NULL && !end->polled)
		mark_whole(r);
	if (end->error != NULL)
		stream_failed(s, end->error);
	else
		act_on_result(s, end->result);
	site_create_more(s->site);
}

static freshet_err reply(struct session *s, const char *key, const freshet_agentos_stream_callbacks *callbacks)
{
	freshet_agentos_stream *stream;
	freshet_agentos_reply_options o;
	freshet_agentos_reply_options_init(&o);
	o.run_id = freshet_str_of(s->id);
	o.answer = freshet_str_of("2025");
	o.question_id = freshet_str_of(run_of(s)->question);
	o.key = key;
	return freshet_agentos_reply_stream(client_of(s), &o, callbacks, s, &stream);
}

static freshet_err invoke(struct session *s, const char *key, const freshet_agentos_stream_callbacks *callbacks)
{
	freshet_agentos_stream *stream;
	freshet_agentos_invoke_options o;
	freshet_agentos_invoke_options_init(&o);
	o.text = freshet_str_of(s->part->script);
	o.key = key;
	return freshet_agentos_invoke_stream(client_of(s), &o, callbacks, s, &stream);
}

static void hosted_listen(struct session *s)
{
	static const freshet_agentos_stream_callbacks callbacks = {.on_event = on_event, .on_done = on_done};
	char key[40];
	snprintf(key, sizeof key, "%016llx-%u-%u", (unsigned long long)s->fleet->marker, s->number, run_of(s)->leg);
	/* A stream that can be taken up again must show all of its leg, whatever comes. */
	if (!s->part->poll)
		mark_whole(run_of(s));
	freshet_err err = run_of(s)->replies ? reply(s, key, &callbacks) : invoke(s, key, &callbacks);
	if (err != FRESHET_OK)
		session_break_by(s, run_of(s)->replies ? "reply" : "invoke", err);
}

void hosted_create(struct session *s)
{
	begin_leg(s);
	session_move(s, CREATING);
	hosted_listen(s);
}
