/*
 * The event stream of a run. Happy path: a line that tells how soon to come back, the present snapshot or what is still
 * held behind the one that the client had, whatever happens from then on, the snapshot of the end, `end`. While nothing
 * happens a comment says that the stream is alive. A stream that falls so far behind that what it wants is no longer held
 * goes on with the present snapshot: no snapshot says less than those before it.
 *
 * The snapshot of the end is sent once on a connection, whatever else is repeated. When the run is deleted the stream is
 * cut.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/frames.h"
#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

enum phase {
	PHASE_RETRY,
	PHASE_FRAMES,
	PHASE_END_EVENT,
	PHASE_END,
	PHASE_CUT,
};

struct siq_stream {
	struct feed feed;
	struct list node; /* in the run's streams */
	struct siq *siq;
	struct siq_run *run;       /* NULL: it is deleted */
	struct siq_frame *frame;   /* that is being sent; NULL: none */
	struct siq_frame *parting; /* the `end` event; NULL: not made */
	struct alarm alarm;        /* the next comment */
	int64_t task;
	uint64_t next;   /* number of the frame behind it */
	uint64_t live;   /* and of the first one that arose when it was open */
	uint64_t repeat; /* so often more the frame is sent */
	uint8_t phase;   /* enum phase */
	bool resync;     /* the present snapshot comes next */
	bool id_sent;    /* of the frame */
	bool beat;       /* the comment is due */
};

static void expect_beat(struct siq_stream *s)
{
	struct mockd *m = s->siq->mockd;
	clock_set(&m->clock, &s->alarm, clock_now_us(&m->clock) + m->options.heartbeat_ms * (uint64_t)US_PER_MS);
}

static void on_beat(struct alarm *alarm)
{
	struct siq_stream *s = container_of(alarm, struct siq_stream, alarm);
	s->beat = true;
	exchange_wake(s->feed.exchange);
}

void siq_streams_notice(struct siq_run *run)
{
	list_each (node, &run->streams)
		exchange_wake(container_of(node, struct siq_stream, node)->feed.exchange);
}

static void detach(struct siq_stream *s)
{
	clock_unset(&s->siq->mockd->clock, &s->alarm);
	list_remove(&s->node);
	s->run = NULL;
}

void siq_streams_cut(struct siq_run *run)
{
	while (!list_empty(&run->streams)) {
		struct siq_stream *s = container_of(run->streams.next, struct siq_stream, node);
		detach(s);
		if (s->phase == PHASE_END_EVENT || s->phase == PHASE_END)
			continue;
		s->phase = PHASE_CUT;
		exchange_wake(s->feed.exchange);
	}
}

/* Takes the next frame up; false: there is none. */
static bool take_frame(struct siq_stream *s)
{
	struct siq_run *run = s->run;
	while (s->next < s->live && s->next >= run->first_frame && run->frames[s->next - run->first_frame]->live)
		s->next++;
	if (s->next < run->first_frame)
		s->resync = true;
	if (s->resync) {
		s->resync = false;
		s->next = run->first_frame + run->frame_count;
		s->frame = siq_frame_hold(run->snapshot);
	} else if (s->next < run->first_frame + run->frame_count) {
		s->frame = siq_frame_hold(run->frames[s->next++ - run->first_frame]);
	} else {
		return false;
	}
	s->id_sent = s->frame->id_len == 0;
	s->repeat = s->frame->row > 0 && !s->frame->last ? s->siq->repeat : 0;
	return true;
}

static enum feed_state frame_piece(const struct siq_stream *s, struct piece *piece)
{
	const struct siq_frame *f = s->frame;
	*piece = (struct piece){.row = f->row};
	if (!s->id_sent) {
		piece->spans[0] = (freshet_str){f->text, f->id_len};
		piece->kind = f->last ? PIECE_TERMINAL_ID : PIECE_ID;
	} else {
		piece->spans[0] = (freshet_str){f->text + f->id_len, f->len - f->id_len};
		piece->kind = f->last ? PIECE_TERMINAL : PIECE_EVENT;
	}
	return FEED_PIECE;
}

static enum feed_state stream_peek(struct feed *feed, struct piece *piece)
{
	struct siq_stream *s = (struct siq_stream *)feed;
	switch ((enum phase)s->phase) {
	case PHASE_RETRY:
		snprintf(s->siq->retry_line, sizeof s->siq->retry_line, "retry: %" PRIu64 "\n\n", s->siq->retry_ms);
		*piece = (struct piece){.spans = {freshet_str_of(s->siq->retry_line)}, .kind = PIECE_START};
		return FEED_PIECE;
	case PHASE_FRAMES:
		/* A comment that was begun is not pushed aside by a frame that comes meanwhile. */
		if (s->frame != NULL || (!s->beat && take_frame(s)))
			return frame_piece(s, piece);
		if (!s->beat)
			return FEED_WAIT;
		*piece = (struct piece){.spans = {freshet_str_of(": keep-alive\n\n")}, .kind = PIECE_HEARTBEAT};
		return FEED_PIECE;
	case PHASE_END_EVENT:
		*piece = (struct piece){.spans = {{s->parting->text, s->parting->len}}, .kind = PIECE_EVENT};
		return FEED_PIECE;
	case PHASE_END: return FEED_END;
	case PHASE_CUT: break;
	}
	return FEED_CUT;
}

/* The snapshot of the end is out: `end`, where that is sent, and the end. */
static void begin_end(struct siq_stream *s)
{
	json_t *data = json_object();
	s->phase = s->siq->end_events != 0 ? PHASE_END_EVENT : PHASE_END;
	siq_set(s->siq, data, SIQ_FIELD_REASON, json_string(siq_status_shown(s->run)));
	s->parting = siq_frame_event(s->siq, SIQ_EVENT_END, data);
	detach(s);
}

static void advance_frame(struct siq_stream *s)
{
	if (!s->id_sent) {
		s->id_sent = true;
		return;
	}
	bool last = s->frame->last;
	if (s->repeat > 0) {
		s->repeat--;
		s->id_sent = s->frame->id_len == 0;
	} else {
		siq_frame_drop(s->frame);
		s->frame = NULL;
	}
	s->beat = false;
	if (last)
		begin_end(s);
	else
		expect_beat(s);
}

static void stream_advance(struct feed *feed)
{
	struct siq_stream *s = (struct siq_stream *)feed;
	switch ((enum phase)s->phase) {
	case PHASE_RETRY: s->phase = PHASE_FRAMES; break;
	case PHASE_FRAMES:
		if (s->frame != NULL) {
			advance_frame(s);
		} else {
			s->beat = false;
			expect_beat(s);
		}
		break;
	case PHASE_END_EVENT: s->phase = PHASE_END; break;
	case PHASE_END:
	case PHASE_CUT: break;
	}
}

static void stream_close(struct feed *feed)
{
	struct siq_stream *s = (struct siq_stream *)feed;
	detach(s);
	siq_frame_drop(s->frame);
	siq_frame_drop(s->parting);
	free(s);
}

static bool stream_names(const struct feed *feed, const char *session)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, ((const struct siq_stream *)feed)->task);
	return strcmp(text, session) == 0;
}

/* The number of the first snapshot behind that id that is held; UINT64_MAX: there is none. */
static uint64_t find_after(const struct siq_run *run, freshet_str id)
{
	uint64_t revision = 0;
	for (size_t i = 0; i < id.len; i++) {
		if (id.ptr[i] < '0' || id.ptr[i] > '9' || revision > UINT32_MAX)
			return UINT64_MAX;
		revision = revision * 10 + (uint64_t)(id.ptr[i] - '0');
	}
	for (size_t i = 0; i < run->frame_count; i++) {
		if (run->frames[i]->row > revision)
			return run->first_frame + i;
	}
	return UINT64_MAX;
}

void siq_stream_open(struct siq_run *run, struct exchange *x, const freshet_str *last_id)
{
	static const struct feed_ops ops = {
		.peek = stream_peek, .advance = stream_advance, .close = stream_close, .names = stream_names};
	static const struct answer head = {
		.status = 200, .content_type = "text/event-stream", .fields = {{"cache-control", "no-cache"}}};
	struct siq_stream *s = must_zalloc(sizeof *s);
	s->feed.ops = &ops;
	s->siq = run->siq;
	s->run = run;
	s->task = run->task;
	s->alarm.fire = on_beat;
	s->next = last_id != NULL && last_id->len > 0 ? find_after(run, *last_id) : UINT64_MAX;
	s->live = run->first_frame + run->frame_count;
	s->resync = s->next == UINT64_MAX;
	s->phase = run->siq->retry_ms > 0 ? PHASE_RETRY : PHASE_FRAMES;
	run->opened++;
	list_push_back(&run->streams, &s->node);
	exchange_stream(x, &head, &s->feed);
}
