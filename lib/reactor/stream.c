/*
 * A stream over any number of connections.
 *
 * Happy path: the stream joins its endpoint's line, a connection takes the subscription, the answer is an event stream,
 * and each piece of the body is given to the parser, whose events go through the door one by one.
 *
 * Failures: whatever ends the body without being final is a cut. The parser forgets the unfinished event, the stream
 * pauses (flow/retry.h) and subscribes again from its cursor. What cannot get better ends the stream. An answer of
 * another kind is read for its body first, so that the outcome can show it; one that sends the stream elsewhere (421, a
 * redirect that is followed) so that its connection can be used again.
 *
 * Closing: stream_end takes the stream off its connection; on_done and the memory are for a later turn.
 */
#include "reactor/stream_parts.h"

#include "base/check.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "flow/cursor.h"
#include "flow/retry.h"
#include "reactor/conn.h"
#include "reactor/counters.h"
#include "reactor/door.h"

#include <stdio.h>

/* A subscription that servers refuse unprocessed moves at once, but not for ever. */
#define MOVES_AT_ONCE 8

void stream_step(freshet_stream *s, enum stream_step by)
{
	enum stream_state next = stream_next_state((enum stream_state)s->state, by);
	if (!CHECK(next != STREAM_NONE))
		return;
	s->endpoint->counters.streams_open += (next == STREAM_OPEN) - (uint64_t)(s->state == STREAM_OPEN);
	s->state = (uint8_t)next;
}

static uint64_t whole_deadline(const freshet_stream *s)
{
	return s->extra != NULL ? s->extra->deadline_ms : UINT64_MAX;
}

/* When the present state has lasted too long; UINT64_MAX: never. */
static uint64_t state_deadline(const freshet_stream *s)
{
	switch ((enum stream_state)s->state) {
	case STREAM_SENT:
	case STREAM_REFUSED: return time_add(s->mark_ms, s->policy->headers_timeout_ms);
	case STREAM_OPEN:
		return s->paused || s->held != NULL ? UINT64_MAX : time_add(s->mark_ms, s->policy->idle_timeout_ms);
	case STREAM_BACKOFF: return s->mark_ms;
	case STREAM_WAITING:
	case STREAM_NONE:
	case STREAM_DONE:
	case STREAM_STATE_COUNT: break;
	}
	return UINT64_MAX;
}

void stream_arm(freshet_stream *s)
{
	uint64_t at = state_deadline(s);
	uint64_t whole = whole_deadline(s);
	reactor_due_by(s->endpoint->reactor, &s->deadline, at < whole ? at : whole);
}

void stream_drop_held(freshet_stream *s)
{
	if (s->held != NULL)
		bytes_clear(&s->held->bytes);
	mem_free(s->held);
	s->held = NULL;
	s->end_held = false;
	s->lost_held = false;
}

/* The place where the stream's last failure is kept; NULL when there is no memory for it. */
struct ending *stream_ending(freshet_stream *s)
{
	if (s->ending == NULL)
		s->ending = ending_new();
	return s->ending;
}

static void note_error(freshet_stream *s, freshet_err err, const char *text)
{
	struct ending *e = stream_ending(s);
	if (e != NULL)
		ending_set_error(e, err, text);
}

/* Off the connection or out of the line. */
static void leave(freshet_stream *s)
{
	if (s->exchange.conn != NULL)
		exchange_leave(&s->exchange);
	else
		endpoint_dequeue(s->endpoint, &s->exchange);
}

void stream_end(freshet_stream *s, freshet_err result)
{
	if (s->state == STREAM_DONE)
		return;
	leave(s);
	stream_step(s, STEP_END);
	s->endpoint->counters.streams_paused -= s->paused;
	s->result = result;
	deadline_clear(&s->endpoint->reactor->deadlines, &s->deadline);
	reactor_defer(s->endpoint->reactor, &s->task);
}

/* Ends the stream for what its `ending` says. */
static void end_failed(freshet_stream *s)
{
	stream_end(s, s->ending != NULL ? s->ending->outcome.err : FRESHET_ENOMEM);
}

static void fail(freshet_stream *s, freshet_err err, const char *text)
{
	note_error(s, err, text);
	stream_end(s, err);
}

/* Forgets what the connection left unfinished; what was lost with it comes again. */
static void forget_unfinished(freshet_stream *s)
{
	s->endpoint->counters.discarded_bytes += sse_unfinished(&s->parser);
	sse_reset(&s->parser);
}

static bool may_repeat(const freshet_stream *s, const freshet_outcome *cause)
{
	return s->repeatable || cause->unprocessed;
}

/* The next subscription begins where the first one did. */
static void forget_redirects(freshet_stream *s)
{
	s->again = false;
	if (s->extra == NULL)
		return;
	mem_free(s->extra->target);
	s->extra->target = NULL;
	s->extra->redirects = 0;
	s->extra->as_get = false;
}

/* Pauses before the next subscription. */
static void back_off(freshet_stream *s, uint64_t pause_ms, freshet_cause cause)
{
	forget_redirects(s);
	stream_step(s, STEP_CUT);
	s->endpoint->counters.reconnects_by[cause]++;
	s->mark_ms = time_add(s->endpoint->reactor->now_ms, pause_ms);
	stream_arm(s);
}

/* The stream was cut for what the outcome says, counted under `kind`. */
static void cut_as(freshet_stream *s, const freshet_outcome *cause, freshet_cause kind)
{
	freshet_reactor *r = s->endpoint->reactor;
	struct ending *e = stream_ending(s);
	forget_unfinished(s);
	if (e == NULL) {
		stream_end(s, FRESHET_ENOMEM);
		return;
	}
	/* An answer of an earlier attempt has nothing to do with this one. */
	if (s->state != STREAM_REFUSED)
		ending_clear(e);
	ending_set(e, cause);
	s->attempts++;
	e->outcome.attempts = s->attempts;
	struct retry_policy policy = s->policy->retry;
	sse_retry_ms(&s->parser, &policy.min_ms);
	const struct retry_cause why = {e->outcome.err, e->outcome.http_status, e->outcome.retry_after_ms};
	uint64_t pause;
	if (!may_repeat(s, cause) ||
		!retry_after_failure(&policy, &why, s->attempts, random_next(&r->random), &pause)) {
		end_failed(s);
		return;
	}
	back_off(s, pause, kind);
	door_stream_cut(s, ending_outcome(e), pause);
}

static void cut(freshet_stream *s, const freshet_outcome *cause)
{
	cut_as(s, cause, cause_of(cause));
}

static void cut_for(freshet_stream *s, freshet_err err)
{
	freshet_outcome cause = {.err = err, .text = freshet_str_of(freshet_err_text(err))};
	cut(s, &cause);
}

/* Back to the head of the line, without a pause. */
static void send_again(freshet_stream *s)
{
	s->again = false;
	s->subscriptions--; /* that one never came to be */
	stream_step(s, STEP_MOVED);
	stream_arm(s);
	endpoint_enqueue(s->endpoint, &s->exchange, true);
}

/* The peer surely did nothing: back to the head of the line, without a pause, unless that goes on and on. */
static bool move(freshet_stream *s, const freshet_outcome *loss)
{
	bool by_peer = loss->err == FRESHET_EHTTP_REFUSED || loss->err == FRESHET_EHTTP_GOAWAY;
	/* One that is in line was told of a dial that came to nothing. */
	if (s->state == STREAM_WAITING || !loss->unprocessed || !by_peer || s->moves >= MOVES_AT_ONCE)
		return false;
	s->moves++;
	s->resumed = true;
	send_again(s);
	return true;
}

/* The body ended as it should. */
static void end_of_body(freshet_stream *s)
{
	if (s->state == STREAM_REFUSED && s->again) {
		send_again(s);
		return;
	}
	if (s->state == STREAM_REFUSED) {
		cut(s, ending_outcome(s->ending));
		return;
	}
	if (s->policy->end_is_final) {
		forget_unfinished(s);
		stream_end(s, FRESHET_OK);
		return;
	}
	if (s->state != STREAM_OPEN) {
		cut_for(s, FRESHET_EHTTP_PROTOCOL);
		return;
	}
	const freshet_err early = FRESHET_EHTTP_TRUNCATED;
	cut_as(s, &(freshet_outcome){.err = early, .text = freshet_str_of(freshet_err_text(early))}, FRESHET_CAUSE_END);
}

/* True when the event has been shown before. Moves the number of the cursor. */
static bool is_duplicate(freshet_stream *s, const freshet_event *event, freshet_str cursor)
{
	uint64_t number;
	if ((event->flags & FRESHET_EVENT_OWN_ID) == 0)
		return false;
	switch (s->policy->duplicates) {
	case FRESHET_DUPLICATES_SHOW: return false;
	case FRESHET_DUPLICATES_REPEAT: return cursor.len > 0 && freshet_str_equal(event->id, cursor);
	case FRESHET_DUPLICATES_ORDER:
		if (!cursor_number(event->id, &number))
			return false;
		if (s->has_order && number <= s->order)
			return true;
		s->order = number;
		s->has_order = true;
		return false;
	}
	return false;
}

/* An event that was passed already must not take the cursor back with it. */
static void keep_order(freshet_stream *s)
{
	char text[24];
	if (s->policy->duplicates != FRESHET_DUPLICATES_ORDER)
		return;
	int len = snprintf(text, sizeof text, "%llu", (unsigned long long)s->order);
	sse_set_last_id(&s->parser, (freshet_str){text, (size_t)len});
}

/* What the application set while the event was shown. */
static void apply_cursor(freshet_stream *s)
{
	if (s->extra == NULL || s->extra->cursor == NULL)
		return;
	freshet_err err = sse_set_last_id(&s->parser, freshet_str_of(s->extra->cursor));
	mem_free(s->extra->cursor);
	s->extra->cursor = NULL;
	if (err != FRESHET_OK)
		fail(s, err, NULL);
}

static void show(freshet_stream *s, const freshet_event *event)
{
	s->attempts = 0;
	s->moves = 0;
	s->events++;
	door_stream_event(s, event);
}

/*
 * The first event after a resume, held against the cursor before it, which is copied since the event moves it. MORE also
 * where there is no memory for that: the stream has then failed.
 */
static freshet_sse_result first_event(freshet_stream *s, freshet_event *event, bool *duplicate)
{
	struct text cursor = {0};
	freshet_str id = sse_last_id(&s->parser);
	if (!text_set(&cursor, id.ptr, id.len)) {
		fail(s, FRESHET_ENOMEM, NULL);
		return FRESHET_SSE_MORE;
	}
	freshet_sse_result result = sse_next(&s->parser, event);
	*duplicate = result == FRESHET_SSE_EVENT && is_duplicate(s, event, text_str(&cursor));
	text_clear(&cursor);
	return result;
}

/* The next event; MORE also where the stream has failed over it. */
static freshet_sse_result next_event(freshet_stream *s, freshet_event *event, bool *duplicate)
{
	const freshet_str no_cursor = {0};
	if (s->resumed && s->policy->duplicates == FRESHET_DUPLICATES_REPEAT)
		return first_event(s, event, duplicate);
	freshet_sse_result result = sse_next(&s->parser, event);
	*duplicate = result == FRESHET_SSE_EVENT && is_duplicate(s, event, no_cursor);
	return result;
}

/* Takes the events out of the parser until it wants more, or until a callback has changed what is to be done. */
static freshet_sse_result take_events(freshet_stream *s)
{
	freshet_event event;
	bool duplicate;
	freshet_sse_result result = FRESHET_SSE_MORE;
	while (s->state == STREAM_OPEN && !s->paused) {
		result = next_event(s, &event, &duplicate);
		if (result != FRESHET_SSE_EVENT)
			break;
		if (duplicate) {
			s->duplicates++;
			s->endpoint->counters.duplicates++;
			keep_order(s);
		} else {
			show(s, &event);
			apply_cursor(s);
		}
		s->resumed = false;
	}
	return result;
}

static void parse_failed(freshet_stream *s)
{
	uint64_t position = 0;
	freshet_err err = sse_error(&s->parser, &position);
	char text[128];
	snprintf(
		text, sizeof text, "%s, at byte %llu of the body", freshet_err_text(err), (unsigned long long)position);
	note_error(s, err, text);
	if (s->ending != NULL)
		s->ending->outcome.position = position;
	stream_end(s, err);
}

/* Forgets what has been read once it is the larger part, so that no more is kept than the window lets the server send. */
static void close_gap(struct held *h)
{
	if (h->from <= h->bytes.len - h->from)
		return;
	h->bytes.len -= h->from;
	memmove(h->bytes.data, h->bytes.data + h->from, h->bytes.len);
	h->from = 0;
}

/* Keeps bytes for later. False when there is no memory: the stream has then failed. */
static bool hold(freshet_stream *s, const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return true;
	if (s->held == NULL)
		s->held = mem_zalloc(sizeof *s->held);
	if (s->held != NULL) {
		close_gap(s->held);
		if (bytes_append(&s->held->bytes, bytes, len))
			return true;
	}
	fail(s, FRESHET_ENOMEM, NULL);
	return false;
}

/* Reads a piece of the body; returns how many bytes of it are used up. */
static size_t read_piece(freshet_stream *s, const uint8_t *bytes, size_t len)
{
	const uint8_t *rest;
	sse_feed(&s->parser, bytes, len);
	s->reading = true;
	freshet_sse_result result = take_events(s);
	s->reading = false;
	if (result == FRESHET_SSE_FAILED && s->state == STREAM_OPEN)
		parse_failed(s);
	return len - sse_take_rest(&s->parser, &rest);
}

static void settle(freshet_stream *s);

/* A piece of an answer that is no event stream. One that sends the stream elsewhere is not waited for longer than others. */
static void keep_other_body(freshet_stream *s, const uint8_t *bytes, size_t len)
{
	size_t most = s->extra != NULL && !s->again ? s->extra->max_other_body : ENDING_BODY_MAX;
	exchange_credit(&s->exchange, len);
	if (ending_add_body(s->ending, bytes, len, most))
		return;
	leave(s);
	end_of_body(s);
}

static void on_data(struct exchange *ex, const uint8_t *bytes, size_t len)
{
	freshet_stream *s = stream_of(ex);
	s->mark_ms = s->endpoint->reactor->now_ms;
	if (s->state == STREAM_REFUSED) {
		keep_other_body(s, bytes, len);
		return;
	}
	if (s->state != STREAM_OPEN)
		return;
	if (s->paused || s->held != NULL) {
		hold(s, bytes, len);
		return;
	}
	size_t used = read_piece(s, bytes, len);
	exchange_credit(ex, used);
	if (s->state == STREAM_OPEN && used < len)
		hold(s, bytes + used, len - used);
	else if (s->state != STREAM_OPEN)
		settle(s);
}

static void on_end(struct exchange *ex)
{
	freshet_stream *s = stream_of(ex);
	if (s->state == STREAM_REFUSED)
		ending_body_is_whole(s->ending);
	if (s->held != NULL)
		s->end_held = true;
	else
		end_of_body(s);
}

static void on_lost(struct exchange *ex, const freshet_outcome *why)
{
	freshet_stream *s = stream_of(ex);
	freshet_outcome loss = *why;
	/* What was answered was processed, whatever the peer says of it afterwards. */
	loss.unprocessed &= s->state == STREAM_WAITING || s->state == STREAM_SENT;
	if (s->state == STREAM_DONE || move(s, &loss))
		return;
	if (s->state == STREAM_REFUSED) {
		end_of_body(s);
		return;
	}
	if (s->held == NULL) {
		cut(s, &loss);
		return;
	}
	/* What arrived is shown first. */
	struct ending *e = stream_ending(s);
	if (e != NULL)
		ending_set(e, &loss);
	s->lost_held = true;
}

static bool on_stale(struct exchange *ex)
{
	freshet_stream *s = stream_of(ex);
	if (s->state != STREAM_SENT || !s->repeatable || s->moves >= MOVES_AT_ONCE)
		return false;
	s->moves++;
	send_again(s);
	return true;
}

static void on_sent(struct exchange *ex)
{
	freshet_stream *s = stream_of(ex);
	stream_step(s, STEP_SUBMIT);
	s->mark_ms = s->endpoint->reactor->now_ms;
	if (s->subscriptions++ > 0)
		s->endpoint->counters.reconnects++;
	if (s->extra != NULL)
		s->extra->body.sent = 0;
	stream_arm(s);
}

const struct exchange_owner stream_owner = {
	.describe = stream_describe,
	.on_sent = on_sent,
	.on_answer = stream_on_answer,
	.on_data = on_data,
	.on_end = on_end,
	.on_lost = on_lost,
	.on_stale = on_stale,
};

/* The cut that waited until all that had arrived was shown. */
static void cut_held(freshet_stream *s)
{
	char text[256];
	if (s->ending == NULL) {
		cut_for(s, FRESHET_ECLOSED);
		return;
	}
	freshet_outcome loss = *ending_outcome(s->ending);
	size_t len = loss.text.len < sizeof text ? loss.text.len : sizeof text;
	memcpy(text, loss.text.ptr, len);
	loss.text = (freshet_str){text, len};
	cut(s, &loss);
}

/* After events were taken: what the connection said meanwhile takes effect. */
static void settle(freshet_stream *s)
{
	if (s->state != STREAM_OPEN) {
		forget_unfinished(s);
		stream_drop_held(s);
	}
	if (s->held != NULL || s->state != STREAM_OPEN)
		return;
	if (s->lost_held) {
		s->lost_held = false;
		cut_held(s);
	} else if (s->end_held) {
		s->end_held = false;
		end_of_body(s);
	}
}

/* Goes on with what was held while the stream was paused. */
static void read_held(freshet_stream *s)
{
	struct held *h = s->held;
	size_t used = read_piece(s, h->bytes.data + h->from, h->bytes.len - h->from);
	exchange_credit(&s->exchange, used);
	/* A callback may have ended the stream, which leaves the bytes to this place. */
	h->from += used;
	if (h->from == h->bytes.len) {
		bytes_clear(&h->bytes);
		mem_free(h);
		s->held = NULL;
	}
	s->mark_ms = s->endpoint->reactor->now_ms;
	settle(s);
	if (s->state == STREAM_OPEN)
		stream_arm(s);
}

/* The last callback, and then the end of the memory. */
static void finish(freshet_stream *s)
{
	freshet_endpoint *e = s->endpoint;
	freshet_stream_end end = {.last_event_id = sse_last_id(&s->parser),
		.events = s->events,
		.duplicates = s->duplicates,
		.reconnects = s->subscriptions > 0 ? s->subscriptions - 1 : 0};
	if (s->ending != NULL && s->ending->outcome.err == s->result && s->result != FRESHET_OK)
		end.outcome = *ending_outcome(s->ending);
	end.outcome.err = s->result;
	if (end.outcome.text.len == 0)
		end.outcome.text = freshet_str_of(freshet_err_text(s->result));
	list_remove(&s->in_endpoint);
	reactor_release_deadline(e->reactor, &s->deadline);
	e->counters.streams--;
	e->counters.streams_ended++;
	s->reading = true; /* a cursor that is set now must not take away the one that is being told */
	door_stream_done(s, &end);
	stream_free(s);
	e->reactor->live--;
	endpoint_released(e);
}

void stream_turn(struct task *task)
{
	freshet_stream *s = container_of(task, freshet_stream, task);
	if (s->state == STREAM_DONE)
		finish(s);
	else if (!s->paused && s->held != NULL && s->state == STREAM_OPEN)
		read_held(s);
}

void stream_due(freshet_stream *s)
{
	freshet_reactor *r = s->endpoint->reactor;
	if (r->now_ms >= whole_deadline(s)) {
		fail(s, FRESHET_EDEADLINE, NULL);
		return;
	}
	if (r->now_ms < state_deadline(s)) {
		stream_arm(s);
		return;
	}
	if (s->state == STREAM_BACKOFF) {
		stream_step(s, STEP_RETRY);
		s->resumed = true;
		stream_arm(s);
		endpoint_enqueue(s->endpoint, &s->exchange, false);
		return;
	}
	if (s->state == STREAM_SENT)
		exchange_waited_in_vain(&s->exchange);
	leave(s);
	if (s->state == STREAM_REFUSED)
		end_of_body(s);
	else
		cut_for(s, s->state == STREAM_SENT ? FRESHET_EHEADERS_TIMEOUT : FRESHET_EIDLE_TIMEOUT);
}

void stream_reconnect(freshet_stream *s, uint64_t delay_ms)
{
	if (s->state == STREAM_DONE)
		return;
	reactor_look_at_clock(s->endpoint->reactor);
	leave(s);
	if (!s->reading) {
		forget_unfinished(s);
		stream_drop_held(s);
	}
	s->attempts = 0;
	back_off(s, delay_ms, FRESHET_CAUSE_ASKED);
}

void stream_pause(freshet_stream *s)
{
	if (s->paused || s->state == STREAM_DONE)
		return;
	s->paused = true;
	s->endpoint->counters.streams_paused++;
	s->endpoint->counters.pauses++;
}

void stream_resume(freshet_stream *s)
{
	if (!s->paused || s->state == STREAM_DONE)
		return;
	reactor_look_at_clock(s->endpoint->reactor);
	s->paused = false;
	s->endpoint->counters.streams_paused--;
	s->mark_ms = s->state == STREAM_OPEN ? s->endpoint->reactor->now_ms : s->mark_ms;
	stream_arm(s);
	if (s->held != NULL)
		reactor_defer(s->endpoint->reactor, &s->task);
}

freshet_err stream_set_cursor(freshet_stream *s, freshet_str id)
{
	if (!cursor_valid(id) || !utf8_valid((const uint8_t *)id.ptr, id.len))
		return FRESHET_EINVAL;
	if (id.len > s->policy->sse.max_id)
		return FRESHET_ESSE_ID;
	uint64_t number;
	if (s->policy->duplicates == FRESHET_DUPLICATES_ORDER && cursor_number(id, &number)) {
		s->order = number;
		s->has_order = true;
	}
	if (!s->reading)
		return sse_set_last_id(&s->parser, id);
	/* The event that is being shown has a span of the old id: the change waits until the callback has returned. */
	struct stream_extra *x = stream_extra_of(s);
	char *copy = x != NULL ? mem_copy(id.ptr, id.len) : NULL;
	if (copy == NULL)
		return FRESHET_ENOMEM;
	mem_free(x->cursor);
	x->cursor = copy;
	return FRESHET_OK;
}
