/*
 * Happy path: the core's stream gives each event's data, it is read as a typed event, judged by the rules of the
 * service, and shown. The first word of the end is kept back, the stream subscribes once more from the cursor, and when
 * the end is told again it is shown and the stream is over.
 *
 * The rules: only an `id:` line of a row moves the cursor, and only upwards; a row at or below it has been shown before.
 * `start` and each `turn_start` come on every connection and are shown once. exit, error and terminated end the stream
 * for good. `stale` ends the connection only. Reading the session first would tell nothing that the next subscription
 * does not: an ended session answers it with its end, a deleted one with 404.
 *
 * Failures: an event that cannot be read fails the stream, the cursor stays before it. A stream that fails between the
 * first word of the end and the second shows the first: the session has ended, only late rows may be missing.
 *
 * Closing: everything goes with the core's last callback.
 */
#include "event.h"
#include "failure.h"
#include "operations.h"

#include <stdio.h>
#include <stdlib.h>

/* The first word of the end, until it is confirmed. */
struct ending {
	freshet_aod_event event;
	char text[]; /* what the event's spans point to */
};

struct freshet_aod_stream {
	freshet_aod *client;
	freshet_stream *core;
	freshet_aod_stream_callbacks callbacks;
	void *user;
	uint64_t cursor;       /* the highest row shown */
	uint64_t events;       /* shown */
	uint64_t duplicates;   /* rows not shown */
	int64_t turn;          /* the highest one announced */
	int64_t exit_code;     /* with has_exit_code */
	struct ending *ending; /* set while the end is being confirmed */
	uint64_t bad_row;      /* of the event that could not be read; 0 when it had none */
	uint32_t bad_position; /* in its data */
	uint16_t spread;       /* 0 to 65535, by the session's id: keeps many streams from coming back at once */
	uint8_t status;        /* freshet_aod_status: how the session ended; UNKNOWN before */
	bool has_exit_code : 1;
	bool started : 1; /* `start` was shown */
	bool unconfirmed : 1;
	bool confirmed : 1; /* the end came a second time */
	bool bad : 1;       /* an event could not be read */
};

_Static_assert(sizeof(struct freshet_aod_stream) <= 160, "the service's share of an idle stream");

/* ---- cursor ---- */

/* An id that is no number of 64 bits is no row. */
static bool row_of(const freshet_event *event, uint64_t *row)
{
	uint64_t value = 0;
	if ((event->flags & FRESHET_EVENT_OWN_ID) == 0 || event->id.len == 0 || event->id.len > 20)
		return false;
	for (size_t i = 0; i < event->id.len; i++) {
		unsigned digit = (unsigned char)event->id.ptr[i] - (unsigned)'0';
		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*row = value;
	return true;
}

static freshet_str cursor_text(uint64_t cursor, char buffer[24])
{
	int len = cursor != 0 ? snprintf(buffer, 24, "%llu", (unsigned long long)cursor) : 0;
	return (freshet_str){buffer, (size_t)len};
}

/* The core takes every id for its cursor: where the event is not to move it, it is set back. */
static void keep_cursor(freshet_aod_stream *s, const freshet_event *event)
{
	char buffer[24];
	if ((event->flags & FRESHET_EVENT_OWN_ID) == 0)
		return;
	freshet_err err = freshet_stream_set_cursor(s->core, cursor_text(s->cursor, buffer));
	if (err != FRESHET_OK)
		freshet_stream_fail(s->core, err);
}

/* Moves the cursor to the event's row. False when that row was shown before. */
static bool take_row(freshet_aod_stream *s, const freshet_event *event)
{
	uint64_t row;
	bool has_row = row_of(event, &row);
	if (has_row && row > s->cursor) {
		s->cursor = row;
		return true;
	}
	if (!has_row || row < s->cursor)
		keep_cursor(s, event);
	return !has_row;
}

/* ---- events ---- */

static void show(freshet_aod_stream *s, const freshet_aod_event *event)
{
	s->events++;
	s->callbacks.on_event(s, event, s->user);
}

static freshet_aod_status status_after(const freshet_aod_event *event)
{
	if (event->type == FRESHET_AOD_EVENT_TERMINATED)
		return FRESHET_AOD_STATUS_TERMINATED;
	/* An interrupted turn completes without a code. */
	bool completed = event->type == FRESHET_AOD_EVENT_EXIT && event->exit.code == 0;
	return completed ? FRESHET_AOD_STATUS_COMPLETED : FRESHET_AOD_STATUS_FAILED;
}

static void show_end(freshet_aod_stream *s, const freshet_aod_event *event)
{
	s->status = (uint8_t)status_after(event);
	if (event->type == FRESHET_AOD_EVENT_EXIT) {
		s->has_exit_code = event->exit.has_code;
		s->exit_code = event->exit.code;
	}
	show(s, event);
}

static char *copy_span(freshet_str *span, char *at)
{
	if (span->len > 0)
		memcpy(at, span->ptr, span->len);
	span->ptr = at;
	return at + span->len;
}

/* NULL when there is no memory. type_name is static text. */
static struct ending *ending_new(const freshet_aod_event *event)
{
	bool worded = event->type != FRESHET_AOD_EVENT_EXIT;
	size_t len = event->raw.len + (worded ? event->message.text.len : 0);
	struct ending *ending = freshet_mem_new(1, sizeof *ending + len);
	if (ending == NULL)
		return NULL;
	ending->event = *event;
	char *at = copy_span(&ending->event.raw, ending->text);
	if (worded)
		copy_span(&ending->event.message.text, at);
	return ending;
}

static void ending_drop(freshet_aod_stream *s)
{
	freshet_mem_free(s->ending);
	s->ending = NULL;
}

/* The order matters: whoever closes the stream in on_event comes after the stream has said that it is over. */
static void take_end(freshet_aod_stream *s, const freshet_aod_event *event)
{
	if (!s->unconfirmed && s->ending == NULL && (s->ending = ending_new(event)) != NULL) {
		freshet_stream_reconnect(s->core, 0);
		return;
	}
	s->confirmed = s->ending != NULL;
	freshet_stream_finish(s->core);
	show_end(s, event);
}

static void take_stale(freshet_aod_stream *s, const freshet_aod_event *event)
{
	uint64_t pause = s->client->stale_pause_ms;
	freshet_stream_reconnect(s->core, pause / 2 + pause * s->spread / UINT16_MAX);
	show(s, event);
}

static void take_start(freshet_aod_stream *s, const freshet_aod_event *event)
{
	if (s->started)
		return;
	s->started = true;
	show(s, event);
}

/* A turn that begins after the first word of the end: somebody has sent a prompt, so it was not the end. */
static void take_turn_start(freshet_aod_stream *s, const freshet_aod_event *event)
{
	if (event->turn_start.turn <= s->turn)
		return;
	s->turn = event->turn_start.turn;
	ending_drop(s);
	show(s, event);
}

static void take_event(freshet_aod_stream *s, const freshet_event *raw, const freshet_aod_event *event)
{
	switch (event->type) {
	case FRESHET_AOD_EVENT_START:
		keep_cursor(s, raw);
		take_start(s, event);
		break;
	case FRESHET_AOD_EVENT_TURN_START:
		keep_cursor(s, raw);
		take_turn_start(s, event);
		break;
	case FRESHET_AOD_EVENT_EXIT:
	case FRESHET_AOD_EVENT_ERROR:
	case FRESHET_AOD_EVENT_TERMINATED:
		take_row(s, raw);
		take_end(s, event);
		break;
	case FRESHET_AOD_EVENT_STALE:
		take_row(s, raw);
		take_stale(s, event);
		break;
	case FRESHET_AOD_EVENT_STAGE:
	case FRESHET_AOD_EVENT_OUTPUT:
	case FRESHET_AOD_EVENT_UNKNOWN:
		if (take_row(s, raw))
			show(s, event);
		else
			s->duplicates++;
		break;
	}
}

static void fail_event(freshet_aod_stream *s, const freshet_event *raw, freshet_err err, size_t position)
{
	s->bad = true;
	s->bad_position = (uint32_t)(position < UINT32_MAX ? position : UINT32_MAX);
	row_of(raw, &s->bad_row);
	freshet_stream_fail(s->core, err);
}

/* ---- callbacks of the core ---- */

static void core_opened(freshet_stream *core, void *user)
{
	freshet_aod_stream *s = user;
	(void)core;
	if (s->callbacks.on_open != NULL)
		s->callbacks.on_open(s, s->user);
}

static void core_event(freshet_stream *core, const freshet_event *raw, void *user)
{
	freshet_aod_stream *s = user;
	freshet_aod_event event;
	size_t position = 0;
	(void)core;
	freshet_err err =
		event_read(raw->data, guest_scratch_begin(&s->client->scratch, raw->data.len), &event, &position);
	if (err == FRESHET_OK)
		take_event(s, raw, &event);
	else
		fail_event(s, raw, err, position);
}

static void core_cut(freshet_stream *core, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	freshet_aod_stream *s = user;
	(void)core;
	if (s->callbacks.on_cut != NULL)
		s->callbacks.on_cut(s, cause, retry_ms, s->user);
}

static void set_failure(freshet_aod_stream *s, struct failure *failure, const freshet_outcome *outcome)
{
	if (s->bad)
		failure_bad_event(failure, outcome, outcome->err, s->bad_position, s->bad_row);
	else
		failure_init(failure, outcome, outcome->body, freshet_str_of(s->client->token),
			guest_scratch_begin(&s->client->scratch, outcome->body.len));
}

static void call_on_done(freshet_aod_stream *s, const freshet_stream_end *core, const freshet_aod_error *error)
{
	freshet_aod_stream_end end = {
		.error = *error,
		.status = (freshet_aod_status)s->status,
		.has_exit_code = s->has_exit_code,
		.exit_code = s->exit_code,
		.confirmed = s->confirmed,
		.cursor = s->cursor,
		.events = s->events,
		.duplicates = s->duplicates,
		.reconnects = core->reconnects,
	};
	s->callbacks.on_done(s, &end, s->user);
}

/* The end was told: whatever else the core has to say of its last connection does not matter any more. */
static void set_success(const freshet_aod_stream *s, struct failure *failure)
{
	static const char *const texts[] = {
		[FRESHET_AOD_STATUS_COMPLETED] = "the session completed its turn",
		[FRESHET_AOD_STATUS_FAILED] = "the session failed",
		[FRESHET_AOD_STATUS_TERMINATED] = "the session was terminated",
	};
	failure->error.outcome.text = freshet_str_of(texts[s->status]);
}

/* The server's 204 asks not to come back, but says nothing of the session. */
static void set_silence(struct failure *failure, const freshet_outcome *outcome)
{
	failure->error.outcome = *outcome;
	failure->error.outcome.err = FRESHET_EBAD_ANSWER;
	failure->error.outcome.text = freshet_str_of("the stream ended without the session's end");
}

static void core_done(freshet_stream *core, const freshet_stream_end *end, void *user)
{
	freshet_aod_stream *s = user;
	struct failure failure = {0};
	(void)core;
	if (s->ending != NULL && s->status == FRESHET_AOD_STATUS_UNKNOWN && end->outcome.err != FRESHET_ECANCELED)
		show_end(s, &s->ending->event);
	if (s->status != FRESHET_AOD_STATUS_UNKNOWN)
		set_success(s, &failure);
	else if (end->outcome.err == FRESHET_OK)
		set_silence(&failure, &end->outcome);
	else
		set_failure(s, &failure, &end->outcome);
	call_on_done(s, end, &failure.error);
	failure_clear(&failure);
	ending_drop(s);
	freshet_mem_free(s);
}

/* ---- open and close ---- */

static freshet_err open_core(freshet_aod_stream *s, const freshet_aod_stream_options *o, const char *id)
{
	freshet_stream_options core;
	char path[PATH_SIZE];
	char cursor[24];
	if (!operation_path(OP_SESSION_STREAM, freshet_str_of(id), path))
		return FRESHET_EINVAL;
	freshet_stream_options_init(&core);
	core.path = path;
	core.last_event_id = cursor_text(o->cursor, cursor);
	core.deadline_ms = o->deadline_ms;
	core.paused = o->paused;
	core.callbacks = (freshet_stream_callbacks){core_opened, core_event, core_cut, core_done};
	core.user = s;
	return freshet_stream_open(s->client->endpoint, &core, &s->core);
}

/* A UUID is random: its first four digits spread the streams as well as a random number would. */
static uint16_t spread_of(const char *id)
{
	return (uint16_t)strtoul((char[]){id[0], id[1], id[2], id[3], '\0'}, NULL, 16);
}

freshet_err freshet_aod_stream_open(
	freshet_aod *client, const freshet_aod_stream_options *options, freshet_aod_stream **out)
{
	freshet_aod_stream_options o;
	char id[GUEST_UUID_SIZE];
	*out = NULL;
	freshet_aod_stream_options_init(&o);
	if (!guest_options(&o, sizeof o, options) || !guest_uuid_read(o.session_id, id) ||
		o.callbacks.on_event == NULL || o.callbacks.on_done == NULL)
		return FRESHET_EINVAL;
	freshet_aod_stream *s = freshet_mem_new(1, sizeof *s);
	if (s == NULL)
		return FRESHET_ENOMEM;
	s->client = client;
	s->callbacks = o.callbacks;
	s->user = o.user;
	s->cursor = o.cursor;
	s->unconfirmed = o.unconfirmed;
	s->spread = spread_of(id);
	freshet_err err = open_core(s, &o, id);
	if (err != FRESHET_OK) {
		freshet_mem_free(s);
		return err;
	}
	*out = s;
	return FRESHET_OK;
}

void freshet_aod_stream_close(freshet_aod_stream *stream)
{
	freshet_stream_close(stream->core);
}

void freshet_aod_stream_pause(freshet_aod_stream *stream)
{
	freshet_stream_pause(stream->core);
}

void freshet_aod_stream_resume(freshet_aod_stream *stream)
{
	freshet_stream_resume(stream->core);
}

uint64_t freshet_aod_stream_cursor(const freshet_aod_stream *stream)
{
	return stream->cursor;
}

const char *freshet_aod_stream_state(const freshet_aod_stream *stream)
{
	return freshet_stream_state(stream->core);
}

void *freshet_aod_stream_user(const freshet_aod_stream *stream)
{
	return stream->user;
}
