/*
 * The event stream of a run (contract 8.3): its frames from one of them on, then those that come, up to one that ends
 * it, which is a pause or the run's end. It looks at the frames that the run keeps, so a stream that comes again shows
 * the same. Comments fill silence.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

/* What comes before the frame at hand, then the frame. */
enum phase { PHASE_COMMENT, PHASE_ID, PHASE_DATA, PHASE_MARKER, PHASE_END };

struct aos_stream {
	struct feed feed;
	struct list node;    /* in the run's streams */
	struct alarm silent; /* a comment is due; set while there is nothing else */
	struct aos_run *run;
	size_t next; /* index of the frame at hand */
	uint8_t phase;
	bool beat; /* a comment is due */
	bool cut;
};

static struct mockd *mockd_of(const struct aos_stream *s)
{
	return s->run->aos->mockd;
}

void aos_streams_notice(struct aos_work *w)
{
	list_each (node, &w->streams)
		exchange_wake(container_of(node, struct aos_stream, node)->feed.exchange);
}

void aos_streams_cut(struct aos_work *w)
{
	list_each (node, &w->streams) {
		struct aos_stream *s = container_of(node, struct aos_stream, node);
		s->cut = true;
		exchange_wake(s->feed.exchange);
	}
}

static void on_silence(struct alarm *alarm)
{
	struct aos_stream *s = container_of(alarm, struct aos_stream, silent);
	s->beat = true;
	exchange_wake(s->feed.exchange);
}

static void expect_frames(struct aos_stream *s)
{
	struct clock *c = &mockd_of(s)->clock;
	if (!alarm_is_set(&s->silent))
		clock_set(c, &s->silent, clock_now_us(c) + mockd_of(s)->options.heartbeat_ms * (uint64_t)US_PER_MS);
}

static enum feed_state comment_piece(struct piece *piece)
{
	*piece = (struct piece){.spans = {freshet_str_of(": keep-alive\n\n")}, .kind = PIECE_HEARTBEAT};
	return FEED_PIECE;
}

static enum feed_state marker_piece(struct piece *piece)
{
	*piece = (struct piece){.spans = {freshet_str_of("data: [DONE]\n\n")}, .kind = PIECE_TERMINAL, .last = true};
	return FEED_PIECE;
}

/* How the frame at hand is marked as the last of its run. */
static enum aos_marker marker_of(const struct aos_stream *s)
{
	const struct aos_work *w = s->run->work;
	bool last = s->next + 1 == w->frame_count && aos_run_is_over(s->run);
	return last ? w->plan.marker : AOS_MARKER_NONE;
}

static enum feed_state frame_piece(const struct aos_stream *s, struct piece *piece)
{
	const struct aos_frame *f = &s->run->work->frames[s->next];
	enum aos_marker marker = marker_of(s);
	if (s->phase == PHASE_ID) {
		frame_id_line(piece, &s->run->aos->scratch, s->next + 1);
		piece->kind = f->ends ? PIECE_TERMINAL_ID : PIECE_ID;
		return FEED_PIECE;
	}
	if (marker == AOS_MARKER_INSTEAD)
		return marker_piece(piece);
	*piece = (struct piece){.spans = {freshet_str_of("data: "), {f->data, f->len}, freshet_str_of("\n\n")},
		.row = s->next + 1,
		.kind = f->ends    ? PIECE_TERMINAL
			: f->first ? PIECE_START
				   : PIECE_EVENT,
		.last = f->ends && marker == AOS_MARKER_NONE};
	return FEED_PIECE;
}

static enum feed_state stream_peek(struct feed *feed, struct piece *piece)
{
	struct aos_stream *s = (struct aos_stream *)feed;
	if (s->cut)
		return FEED_CUT;
	if (s->phase == PHASE_END)
		return FEED_END;
	if (s->phase == PHASE_MARKER)
		return marker_piece(piece);
	if (s->beat)
		return comment_piece(piece);
	if (s->next < s->run->work->frame_count) {
		clock_unset(&mockd_of(s)->clock, &s->silent);
		return s->phase == PHASE_COMMENT ? comment_piece(piece) : frame_piece(s, piece);
	}
	if (aos_run_is_over(s->run))
		return FEED_END;
	expect_frames(s);
	return FEED_WAIT;
}

static enum phase data_phase(const struct aos_stream *s)
{
	return mockd_of(s)->options.agentos_stream_ids ? PHASE_ID : PHASE_DATA;
}

/* What the next frame begins with. */
static void begin_frame(struct aos_stream *s)
{
	uint32_t comments = s->run->work->plan.comments;
	bool comment = comments > 0 && s->next % comments == comments - 1;
	s->phase = (uint8_t)(comment ? PHASE_COMMENT : data_phase(s));
}

static void end_frame(struct aos_stream *s)
{
	bool marked = marker_of(s) == AOS_MARKER_AFTER;
	if (s->run->work->frames[s->next++].ends)
		s->phase = marked ? PHASE_MARKER : PHASE_END;
	else
		begin_frame(s);
}

static void stream_advance(struct feed *feed)
{
	struct aos_stream *s = (struct aos_stream *)feed;
	if (s->beat) {
		s->beat = false;
		return;
	}
	switch ((enum phase)s->phase) {
	case PHASE_COMMENT: s->phase = (uint8_t)data_phase(s); break;
	case PHASE_ID: s->phase = PHASE_DATA; break;
	case PHASE_DATA: end_frame(s); break;
	case PHASE_MARKER:
	case PHASE_END: s->phase = PHASE_END; break;
	}
}

static void stream_close(struct feed *feed)
{
	struct aos_stream *s = (struct aos_stream *)feed;
	clock_unset(&mockd_of(s)->clock, &s->silent);
	list_remove(&s->node);
	free(s);
}

static bool stream_names(const struct feed *feed, const char *run)
{
	struct uuid id;
	return uuid_read(freshet_str_of(run), &id) && uuid_equal(id, ((const struct aos_stream *)feed)->run->id);
}

void aos_stream_begin(struct aos_call *call, struct aos_run *run, size_t from)
{
	static const struct answer head = {
		.status = 200, .content_type = "text/event-stream", .fields = {{"cache-control", "no-cache"}}};
	static const struct feed_ops ops = {
		.peek = stream_peek, .advance = stream_advance, .close = stream_close, .names = stream_names};
	struct aos_stream *s = must_alloc(sizeof *s);
	*s = (struct aos_stream){.feed = {.ops = &ops}, .silent = {.fire = on_silence}, .run = run, .next = from};
	list_push_back(&run->work->streams, &s->node);
	begin_frame(s);
	exchange_stream(call->exchange, &head, &s->feed);
}
