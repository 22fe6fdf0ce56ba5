/*
 * The event stream that answers a message (contract 7.3 to 7.7): `session_start`, then the frames of every block that is
 * said in the session while it is open, then `done`. What it has written is stored. Nothing is sent while the agent is
 * silent, and nothing tells a stream whose sandbox is gone.
 *
 * A reader that takes nothing for half a minute is given up: it is told so, and the rest of the turn is lost.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#define PATIENCE_US (30 * (uint64_t)US_PER_S)

/* What the stream writes now. */
enum phase {
	PHASE_START,
	PHASE_BLOCKS,
	PHASE_GIVEN_UP, /* the error frame, then `done` */
	PHASE_DONE,
	PHASE_SILENT, /* for ever */
	PHASE_END,
	PHASE_CUT,
};

struct ash_stream {
	struct feed feed;
	struct list node;      /* in the session's streams */
	struct alarm patience; /* set while there is something that the reader has not taken */
	struct ash *ash;
	struct ash_session *session; /* NULL: it hears nothing any more */
	struct ash_turn *turn;       /* its own; NULL: over */
	struct uuid id;              /* of the session */
	size_t next;                 /* index of the block at hand */
	uint32_t frame;              /* of that block */
	uint8_t phase;               /* enum phase */
	bool given_up;               /* after the frame at hand */
};

void ash_stream_set_turn(struct ash_stream *s, struct ash_turn *turn)
{
	s->turn = turn;
}

static bool is_behind(const struct ash_stream *s)
{
	return s->session != NULL && s->next < s->session->block_count;
}

bool ash_streams_behind(const struct ash_session *session)
{
	list_each (node, &session->streams) {
		if (is_behind(container_of(node, struct ash_stream, node)))
			return true;
	}
	return false;
}

static void expect_reader(struct ash_stream *s)
{
	struct clock *c = &s->ash->mockd->clock;
	if (is_behind(s))
		clock_set(c, &s->patience, clock_now_us(c) + PATIENCE_US);
	else
		clock_unset(c, &s->patience);
}

void ash_streams_notice(struct ash_session *session)
{
	list_each (node, &session->streams) {
		struct ash_stream *s = container_of(node, struct ash_stream, node);
		if (!alarm_is_set(&s->patience))
			expect_reader(s);
		exchange_wake(s->feed.exchange);
	}
}

/* Hears nothing of the session from now on, and is no turn's any more. */
static void detach(struct ash_stream *s)
{
	struct ash_session *session = s->session;
	clock_unset(&s->ash->mockd->clock, &s->patience);
	list_remove(&s->node);
	if (s->turn != NULL)
		s->turn->stream = NULL;
	s->turn = NULL;
	s->session = NULL;
	if (session != NULL)
		ash_turns_unblock(session);
}

void ash_streams_detach(struct ash_session *session, bool cut)
{
	while (!list_empty(&session->streams)) {
		struct ash_stream *s = container_of(session->streams.next, struct ash_stream, node);
		detach(s);
		if (s->phase == PHASE_DONE || s->phase == PHASE_END)
			continue;
		s->phase = cut ? PHASE_CUT : PHASE_SILENT;
		exchange_wake(s->feed.exchange);
	}
}

/* The reader has taken nothing for too long: what blocked is still delivered, but not stored. */
static void on_patience(struct alarm *alarm)
{
	struct ash_stream *s = container_of(alarm, struct ash_stream, patience);
	s->given_up = true;
	if (s->turn != NULL) {
		s->turn->plan.in_flight = 0;
		s->turn->stream = NULL;
		s->turn = NULL;
	}
}

static enum feed_state text_piece(
	struct ash_stream *s, struct piece *piece, enum piece_kind kind, const char *before, bool id, const char *after)
{
	struct scratch *c = &s->ash->scratch;
	char text[UUID_TEXT + 1];
	uuid_write(s->id, text);
	c->len = 0;
	scratch_text(c, before);
	if (id)
		scratch_text(c, text);
	scratch_text(c, after);
	*piece = (struct piece){.spans = {scratch_since(c, 0)}, .kind = kind};
	return FEED_PIECE;
}

static enum feed_state block_piece(struct ash_stream *s, struct piece *piece)
{
	if (!is_behind(s))
		return FEED_WAIT;
	const struct ash_block *b = s->session->blocks[s->next];
	bool ends = b->kind == ASH_BLOCK_ERROR || b->kind == ASH_BLOCK_GIVE_UP;
	switch ((enum ash_block_kind)b->kind) {
	case ASH_BLOCK_DONE:
	case ASH_BLOCK_FOREIGN:
		return text_piece(s, piece, PIECE_TERMINAL, "event: done\ndata: {\"sessionId\":\"",
			b->kind == ASH_BLOCK_DONE, "\"}\n\n");
	case ASH_BLOCK_BREAK:
	case ASH_BLOCK_USER: return FEED_END;
	case ASH_BLOCK_MESSAGE:
	case ASH_BLOCK_ERROR:
	case ASH_BLOCK_GIVE_UP: break;
	}
	*piece = (struct piece){.spans = {ash_block_frame(b, s->frame)},
		.kind = ends ? PIECE_TERMINAL : PIECE_EVENT,
		.row = b->frames[s->frame].row};
	return FEED_PIECE;
}

static enum feed_state stream_peek(struct feed *feed, struct piece *piece)
{
	struct ash_stream *s = (struct ash_stream *)feed;
	switch ((enum phase)s->phase) {
	case PHASE_START:
		return text_piece(s, piece, PIECE_START, "event: session_start\ndata: {\"sessionId\":\"", true,
			"\",\"version\":\"" ASH_VERSION "\"}\n\n");
	case PHASE_BLOCKS: return block_piece(s, piece);
	case PHASE_GIVEN_UP:
		return text_piece(s, piece, PIECE_EVENT,
			"event: error\ndata: {\"error\":\"Client write timeout \xe2\x80\x94 closing stream", false,
			"\"}\n\n");
	case PHASE_DONE:
		return text_piece(s, piece, PIECE_TERMINAL, "event: done\ndata: {\"sessionId\":\"", true, "\"}\n\n");
	case PHASE_SILENT: return FEED_WAIT;
	case PHASE_END: return FEED_END;
	case PHASE_CUT: break;
	}
	return FEED_CUT;
}

/* The server reads no more of the turn: what is said after this is stored nowhere. */
static void end_with(struct ash_stream *s, enum phase phase)
{
	if (s->turn != NULL)
		s->turn->plan.in_flight = 0;
	s->phase = (uint8_t)phase;
	detach(s);
}

/* All frames of a block are written. */
static void end_block(struct ash_stream *s, struct ash_block *b)
{
	ash_store_block(s->session, b);
	s->frame = 0;
	s->next++;
	if (b->kind == ASH_BLOCK_GIVE_UP) {
		end_with(s, PHASE_DONE);
	} else if (b->kind != ASH_BLOCK_MESSAGE) {
		end_with(s, PHASE_END);
	} else {
		expect_reader(s);
		ash_turns_unblock(s->session);
	}
}

static void stream_advance(struct feed *feed)
{
	struct ash_stream *s = (struct ash_stream *)feed;
	struct ash_block *b;
	switch ((enum phase)s->phase) {
	case PHASE_START: s->phase = PHASE_BLOCKS; break;
	case PHASE_BLOCKS:
		b = s->session->blocks[s->next];
		if (s->given_up)
			end_with(s, PHASE_GIVEN_UP);
		else if (++s->frame >= b->frame_count)
			end_block(s, b);
		break;
	case PHASE_GIVEN_UP: s->phase = PHASE_DONE; break;
	case PHASE_DONE: s->phase = PHASE_END; break;
	case PHASE_SILENT:
	case PHASE_END:
	case PHASE_CUT: break;
	}
}

/* What the server writes before it notices that the reader is gone is stored. */
static void store_in_flight(struct ash_stream *s)
{
	for (size_t i = s->next; i < s->session->block_count && s->turn->plan.in_flight > 0; i++) {
		s->turn->plan.in_flight--;
		ash_store_block(s->session, s->session->blocks[i]);
	}
}

static void stream_close(struct feed *feed)
{
	struct ash_stream *s = (struct ash_stream *)feed;
	if (s->session != NULL && s->turn != NULL)
		store_in_flight(s);
	detach(s);
	free(s);
}

static bool stream_names(const struct feed *feed, const char *session)
{
	struct uuid id;
	return uuid_read(freshet_str_of(session), &id) && uuid_equal(id, ((const struct ash_stream *)feed)->id);
}

struct ash_stream *ash_stream_new(struct ash_session *session)
{
	static const struct feed_ops ops = {
		.peek = stream_peek, .advance = stream_advance, .close = stream_close, .names = stream_names};
	struct ash_stream *s = must_alloc(sizeof *s);
	*s = (struct ash_stream){.feed = {.ops = &ops},
		.patience = {.fire = on_patience},
		.ash = session->ash,
		.session = session,
		.id = session->id,
		.next = session->block_count};
	list_push_back(&session->streams, &s->node);
	return s;
}

void ash_stream_begin(struct ash_stream *s, struct exchange *x)
{
	static const struct answer head = {
		.status = 200, .content_type = "text/event-stream", .fields = {{"cache-control", "no-cache"}}};
	exchange_stream(x, &head, &s->feed);
}
