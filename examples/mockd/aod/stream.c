/*
 * The event stream of a session, as the platform's generator writes it: `start`; then, poll by poll, at most a hundred
 * rows, a heartbeat when it is due, and at the end one terminal frame computed from the state of that moment. Between
 * polls it sleeps; while the reader does not read it stands still, and its clocks run on.
 *
 * A sleeping stream costs no work: it is woken at the first poll that will find something, be it a row, an end, a
 * heartbeat or staleness. Polls stay on the grid that the last one began.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

/* What the stream writes now. */
enum phase {
	PHASE_START,
	PHASE_TURN, /* of the row at hand: its turn_start, its id line, its data line */
	PHASE_ID,
	PHASE_DATA,
	PHASE_HEARTBEAT,
	PHASE_LAST_ID, /* of the last frame */
	PHASE_LAST,
	PHASE_SLEEP,
	PHASE_END,
	PHASE_CUT,
};

/* The last frame, decided at the poll. */
enum last { LAST_EXIT, LAST_ERROR, LAST_TERMINATED, LAST_STALE };

struct aod_stream {
	struct feed feed;
	struct list node; /* in the session's streams */
	struct alarm poll;
	struct aod *aod;
	struct aod_session *session; /* NULL: deleted */
	size_t next;                 /* index of the row at hand */
	uint64_t cursor;             /* the last id sent, or the one given */
	uint64_t polled_us;          /* when the last poll was over */
	uint64_t heartbeat_us;       /* when the last heartbeat was sent, or the stream began */
	uint64_t row_us;             /* when a poll last found a row, or the stream began */
	uint32_t batch;              /* rows left of this poll */
	uint32_t turn;               /* the one that was announced; 0: none */
	struct aod_code code;        /* LAST_EXIT */
	uint8_t phase;               /* enum phase */
	uint8_t last;                /* enum last */
	bool found;                  /* this poll found rows */
};

static uint64_t now_us(const struct aod_stream *s)
{
	return clock_now_us(&s->aod->mockd->clock);
}

/* The first poll at or after that time. */
static uint64_t poll_at(const struct aod_stream *s, uint64_t time_us)
{
	uint64_t every = (uint64_t)s->aod->mockd->options.poll_ms * US_PER_MS;
	uint64_t since = time_us > s->polled_us ? time_us - s->polled_us : 1;
	return s->polled_us + (since + every - 1) / every * every;
}

static bool something_to_send(const struct aod_stream *s)
{
	return s->next < s->session->row_count || !aod_session_active(s->session);
}

static void sleep_until_poll(struct aod_stream *s)
{
	const struct mockd_options *o = &s->aod->mockd->options;
	uint64_t heartbeat = s->heartbeat_us + (uint64_t)o->heartbeat_ms * US_PER_MS;
	uint64_t stale = s->row_us + (uint64_t)o->stale_ms * US_PER_MS;
	s->phase = PHASE_SLEEP;
	s->polled_us = now_us(s);
	uint64_t first = something_to_send(s) ? s->polled_us : heartbeat < stale ? heartbeat : stale;
	clock_set(&s->aod->mockd->clock, &s->poll, poll_at(s, first));
}

static void end_with(struct aod_stream *s, enum last last)
{
	s->last = (uint8_t)last;
	s->phase = s->cursor > 0 ? PHASE_LAST_ID : PHASE_LAST;
}

static void end_with_state(struct aod_stream *s)
{
	s->code = s->session->code;
	if (s->session->status == AOD_TERMINATED)
		end_with(s, LAST_TERMINATED);
	else if (s->session->status == AOD_FAILED && !s->code.known)
		end_with(s, LAST_ERROR);
	else
		end_with(s, LAST_EXIT);
}

static void look_for_stale(struct aod_stream *s)
{
	if (now_us(s) - s->row_us >= (uint64_t)s->aod->mockd->options.stale_ms * US_PER_MS)
		end_with(s, LAST_STALE);
	else
		sleep_until_poll(s);
}

/* The rows of this poll, if there were any, are sent. */
static void after_rows(struct aod_stream *s)
{
	uint64_t now = now_us(s);
	if (!s->found && !aod_session_active(s->session)) {
		end_with_state(s);
	} else if (now - s->heartbeat_us >= (uint64_t)s->aod->mockd->options.heartbeat_ms * US_PER_MS) {
		s->heartbeat_us = now;
		s->phase = PHASE_HEARTBEAT;
	} else {
		look_for_stale(s);
	}
}

/* The row at hand begins with its turn when that is new on this connection. */
static void begin_row(struct aod_stream *s)
{
	const struct aod_row *row = &s->session->rows[s->next];
	bool output = row->kind == AOD_ROW_STDOUT || row->kind == AOD_ROW_STDERR;
	bool announce = output && row->turn != 0 && row->turn != s->turn;
	s->phase = announce ? PHASE_TURN : PHASE_ID;
}

static void do_poll(struct aod_stream *s)
{
	if (s->next < s->session->purged)
		s->next = s->session->purged;
	size_t left = s->session->row_count - s->next;
	uint32_t most = s->aod->mockd->options.poll_rows;
	s->batch = left < most ? (uint32_t)left : most;
	s->found = s->batch > 0;
	if (!s->found) {
		after_rows(s);
		return;
	}
	s->row_us = now_us(s);
	begin_row(s);
}

static void on_poll(struct alarm *alarm)
{
	struct aod_stream *s = container_of(alarm, struct aod_stream, poll);
	do_poll(s);
	if (s->phase != PHASE_SLEEP)
		exchange_wake(s->feed.exchange);
}

void aod_streams_notice(struct aod_session *session)
{
	list_each (node, &session->streams) {
		struct aod_stream *s = container_of(node, struct aod_stream, node);
		if (s->phase != PHASE_SLEEP)
			continue;
		uint64_t due = poll_at(s, now_us(s));
		if (something_to_send(s) && due < clock_due_us(&s->aod->mockd->clock, &s->poll))
			clock_set(&s->aod->mockd->clock, &s->poll, due);
	}
}

void aod_streams_cut(struct aod_session *session)
{
	struct list *node;
	while ((node = list_pop_front(&session->streams)) != NULL) {
		struct aod_stream *s = container_of(node, struct aod_stream, node);
		clock_unset(&s->aod->mockd->clock, &s->poll);
		s->session = NULL;
		if (s->phase != PHASE_END)
			s->phase = PHASE_CUT;
		exchange_wake(s->feed.exchange);
	}
}

static void put_stage(struct scratch *c, const struct aod_row *row)
{
	static const char *const states[] = {"started", "done", "failed"};
	scratch_text(c, "data: {\"type\": \"stage\", \"id\": ");
	scratch_number(c, row->id);
	scratch_text(c, ", \"stage\": \"");
	scratch_text(c, aod_stage_names[row->stage]);
	scratch_text(c, "\", \"state\": \"");
	scratch_text(c, states[row->state]);
	scratch_text(c, "\"");
	if (row->state != AOD_STAGE_STARTED) {
		scratch_text(c, ", \"duration_ms\": ");
		scratch_number(c, row->duration_ms);
	}
}

static void peek_stage(const struct aod_row *row, struct scratch *c, struct piece *piece)
{
	c->len = 0;
	put_stage(c, row);
	*piece = (struct piece){.row = row->id, .kind = PIECE_EVENT};
	if (row->text != NULL)
		scratch_text(c, ", \"message\": \"");
	size_t head = c->len;
	scratch_text(c, row->text != NULL ? "\"}\n\n" : "}\n\n");
	piece->spans[0] = (freshet_str){c->bytes, head};
	if (row->text != NULL)
		piece->spans[1] = row->text->json;
	piece->spans[2] = scratch_since(c, head);
}

/* What a later version of the platform may send: a type and members of its own. */
static void peek_unknown(const struct aod_row *row, struct scratch *c, struct piece *piece)
{
	c->len = 0;
	scratch_text(c, "data: {\"type\": \"usage\", \"id\": ");
	scratch_number(c, row->id);
	scratch_text(c, ", \"tokens\": {\"input\": [1, 2.5e3], \"output\": null}, \"turn\": ");
	scratch_number(c, row->turn);
	scratch_text(c, "}\n\n");
	*piece = (struct piece){.spans = {scratch_since(c, 0)}, .row = row->id, .kind = PIECE_EVENT};
}

void aod_row_frame(const struct aod_row *row, struct scratch *c, struct piece *piece)
{
	if (row->kind == AOD_ROW_STAGE)
		peek_stage(row, c, piece);
	else if (row->kind == AOD_ROW_UNKNOWN)
		peek_unknown(row, c, piece);
	else
		frame_output(piece, c, row->id, row->kind == AOD_ROW_STDERR ? "stderr" : "stdout", row->text->json,
			row->turn);
}

static void put_last(struct aod_stream *s, struct scratch *c)
{
	static const char *const types[] = {"exit", "error", "terminated", "stale"};
	scratch_text(c, "data: {\"type\": \"");
	scratch_text(c, types[s->last]);
	scratch_text(c, "\", \"id\": ");
	scratch_number(c, s->cursor);
	char text[64];
	if (s->last == LAST_EXIT && s->code.known)
		snprintf(text, sizeof text, ", \"code\": %d}\n\n", s->code.value);
	else if (s->last == LAST_EXIT)
		snprintf(text, sizeof text, ", \"code\": null}\n\n");
	else if (s->last == LAST_STALE)
		snprintf(text, sizeof text, ", \"message\": \"No output for %" PRIu32 "s\"}\n\n",
			s->aod->mockd->options.stale_ms / 1000);
	else
		snprintf(text, sizeof text, ", \"message\": \"Session %s\"}\n\n",
			s->last == LAST_ERROR ? "failed" : "terminated");
	scratch_text(c, text);
}

static void put_start(struct aod_stream *s, struct scratch *c)
{
	char id[UUID_TEXT + 1];
	uuid_write(s->session->id, id);
	scratch_text(c, "data: {\"type\": \"start\", \"");
	scratch_text(c, aod_provider_key(s->aod));
	scratch_text(c, "\": \"");
	scratch_text(c, s->session->provider);
	scratch_text(c, "\", \"session_id\": \"");
	scratch_text(c, id);
	scratch_text(c, "\"}\n\n");
}

static void put_turn(struct aod_stream *s, struct scratch *c)
{
	const struct aod_row *row = &s->session->rows[s->next];
	scratch_text(c, "data: {\"type\": \"turn_start\", \"id\": ");
	scratch_number(c, row->id);
	scratch_text(c, ", \"turn\": ");
	scratch_number(c, row->turn);
	scratch_text(c, "}\n\n");
}

static void peek_frame(struct aod_stream *s, struct piece *piece, enum piece_kind kind,
	void (*put)(struct aod_stream *s, struct scratch *c))
{
	struct scratch *c = &s->aod->scratch;
	c->len = 0;
	put(s, c);
	*piece = (struct piece){.spans = {scratch_since(c, 0)}, .kind = kind};
}

static enum feed_state stream_peek(struct feed *feed, struct piece *piece)
{
	struct aod_stream *s = (struct aod_stream *)feed;
	struct scratch *c = &s->aod->scratch;
	switch ((enum phase)s->phase) {
	case PHASE_START: peek_frame(s, piece, PIECE_START, put_start); break;
	case PHASE_TURN:
		peek_frame(s, piece, PIECE_TURN_START, put_turn);
		piece->row = s->session->rows[s->next].id;
		break;
	case PHASE_ID: frame_id_line(piece, c, s->session->rows[s->next].id); break;
	case PHASE_DATA: aod_row_frame(&s->session->rows[s->next], c, piece); break;
	case PHASE_HEARTBEAT:
		*piece = (struct piece){.spans = {freshet_str_of(": heartbeat\n\n")}, .kind = PIECE_HEARTBEAT};
		break;
	case PHASE_LAST_ID:
		frame_id_line(piece, c, s->cursor);
		piece->kind = PIECE_TERMINAL_ID;
		break;
	case PHASE_LAST:
		peek_frame(s, piece, PIECE_TERMINAL, put_last);
		piece->row = s->cursor;
		break;
	case PHASE_SLEEP: return FEED_WAIT;
	case PHASE_END: return FEED_END;
	case PHASE_CUT: return FEED_CUT;
	}
	return FEED_PIECE;
}

static void end_row(struct aod_stream *s)
{
	s->cursor = s->session->rows[s->next].id;
	s->next++;
	if (--s->batch > 0)
		begin_row(s);
	else
		after_rows(s);
}

static void stream_advance(struct feed *feed)
{
	struct aod_stream *s = (struct aod_stream *)feed;
	switch ((enum phase)s->phase) {
	case PHASE_START: do_poll(s); break;
	case PHASE_TURN:
		s->turn = s->session->rows[s->next].turn;
		s->phase = PHASE_ID;
		break;
	case PHASE_ID: s->phase = PHASE_DATA; break;
	case PHASE_DATA: end_row(s); break;
	case PHASE_HEARTBEAT: look_for_stale(s); break;
	case PHASE_LAST_ID: s->phase = PHASE_LAST; break;
	case PHASE_LAST: s->phase = PHASE_END; break;
	case PHASE_SLEEP:
	case PHASE_END:
	case PHASE_CUT: break;
	}
}

static void stream_close(struct feed *feed)
{
	struct aod_stream *s = (struct aod_stream *)feed;
	clock_unset(&s->aod->mockd->clock, &s->poll);
	list_remove(&s->node);
	free(s);
}

static bool stream_names(const struct feed *feed, const char *session)
{
	const struct aod_session *s = ((const struct aod_stream *)feed)->session;
	struct uuid id;
	return s != NULL && uuid_read(freshet_str_of(session), &id) && uuid_equal(id, s->id);
}

void aod_stream_open(struct aod_call *call, struct aod_session *session, uint64_t cursor)
{
	static const struct feed_ops ops = {
		.peek = stream_peek, .advance = stream_advance, .close = stream_close, .names = stream_names};
	static const struct answer head = {.status = 200,
		.content_type = "text/event-stream",
		.fields = {{"cache-control", "no-cache"}, {"x-accel-buffering", "no"}}};
	struct aod_stream *s = must_alloc(sizeof *s);
	*s = (struct aod_stream){.feed = {.ops = &ops},
		.poll = {.fire = on_poll},
		.aod = call->aod,
		.session = session,
		.cursor = cursor,
		.next = aod_row_after(session, cursor),
		.phase = PHASE_START};
	s->heartbeat_us = s->row_us = now_us(s);
	list_push_back(&session->streams, &s->node);
	exchange_stream(call->exchange, &head, &s->feed);
}
