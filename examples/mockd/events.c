/*
 * Event streams of no platform, for benchmarks and for tests of any other event stream:
 *
 *	GET /events/idle                                 headers, then silence
 *	GET /events/tick?interval_ms=&bytes=&count=      one small event per interval, `count` of them (0: for ever)
 *	                &spread=1                        each stream at a time of its own within the interval
 *	GET /events/bulk?event_bytes=&total_bytes=       output events of that size as fast as the window lets
 *	GET /events/file                                 the bytes of the file that the options name
 *
 * Their events look like AoD's output events; ids count from 1, and a stream that is opened with Last-Event-ID goes on
 * after it. Streams that tick with the same interval share one alarm, and a stream that cannot take its events gets
 * them later: none is left out.
 */
#include "mockd/alloc.h"
#include "mockd/frames.h"
#include "mockd/server.h"
#include "mockd/texts.h"

#include "base/list.h"

#include <stdio.h>

#define NO_PHASE UINT64_MAX

struct events {
	struct platform platform;
	struct mockd *mockd;
	struct scratch scratch;
	struct list tickers;
	uint64_t spread; /* streams that asked for a time of their own */
	char *file;
	size_t file_len;
};

/* All streams of one interval that tick at the same moment. */
struct ticker {
	struct alarm alarm;
	struct list node;
	struct list feeds;
	struct events *events;
	uint64_t interval_us;
	uint64_t phase_us; /* into the interval, counted from the clock's beginning; NO_PHASE: from the first stream */
	uint64_t due_us;
	uint64_t ticks; /* so far */
};

/* Events that are due are those up to `limit`, or, with a ticker, as many as ticks have passed. */
struct event_feed {
	struct feed feed;
	struct events *events;
	struct ticker *ticker; /* NULL: everything is due at once */
	struct list node;      /* in the ticker's feeds */
	const struct text *text;
	uint64_t next;  /* id of the next event */
	uint64_t limit; /* the last id of all; UINT64_MAX: there is none */
	uint64_t lag;   /* ticks of the ticker for which no event is due here */
	bool split;     /* the id line is a piece of its own */
	bool id_sent;   /* and it has been sent */
	bool ended;     /* so has the terminal frame */
};

static void ticker_free(struct ticker *t)
{
	clock_unset(&t->events->mockd->clock, &t->alarm);
	list_remove(&t->node);
	free(t);
}

static void on_tick(struct alarm *alarm)
{
	struct ticker *t = container_of(alarm, struct ticker, alarm);
	t->ticks++;
	t->due_us += t->interval_us;
	clock_set(&t->events->mockd->clock, &t->alarm, t->due_us);
	list_each (node, &t->feeds)
		exchange_wake(container_of(node, struct event_feed, node)->feed.exchange);
}

/* The first tick: a whole interval from now, or at the next time of that phase. */
static uint64_t first_tick_us(uint64_t now_us, uint64_t interval_us, uint64_t phase_us)
{
	if (phase_us == NO_PHASE)
		return now_us + interval_us;
	uint64_t due_us = now_us - now_us % interval_us + phase_us;
	return due_us > now_us ? due_us : due_us + interval_us;
}

/* The ticker that was found goes to the end: the phases come in turn, so the next one is at the front. */
static struct ticker *ticker_of(struct events *e, uint64_t interval_us, uint64_t phase_us)
{
	list_each (node, &e->tickers) {
		struct ticker *t = container_of(node, struct ticker, node);
		if (t->interval_us == interval_us && t->phase_us == phase_us) {
			list_remove(node);
			list_push_back(&e->tickers, node);
			return t;
		}
	}
	struct ticker *t = must_alloc(sizeof *t);
	*t = (struct ticker){.alarm = {.fire = on_tick}, .events = e, .interval_us = interval_us, .phase_us = phase_us};
	list_init(&t->feeds);
	list_push_back(&e->tickers, &t->node);
	t->due_us = first_tick_us(clock_now_us(&e->mockd->clock), interval_us, phase_us);
	clock_set(&e->mockd->clock, &t->alarm, t->due_us);
	return t;
}

/* Streams that are spread take the milliseconds of the interval in turn. */
static uint64_t choose_phase_us(struct events *e, const struct request *r, uint64_t interval_us)
{
	if (request_query_number(r, "spread", 0) == 0)
		return NO_PHASE;
	return e->spread++ % (interval_us / US_PER_MS) * US_PER_MS;
}

static enum feed_state event_peek(struct feed *feed, struct piece *piece)
{
	struct event_feed *f = (struct event_feed *)feed;
	struct scratch *s = &f->events->scratch;
	if (f->ended)
		return FEED_END;
	if (f->next > f->limit) {
		s->len = 0;
		scratch_text(s, "data: {\"type\": \"exit\", \"id\": ");
		scratch_number(s, f->limit);
		scratch_text(s, ", \"code\": 0}\n\n");
		*piece = (struct piece){.spans = {scratch_since(s, 0)}, .kind = PIECE_TERMINAL, .last = true};
		return FEED_PIECE;
	}
	if (f->ticker != NULL && f->next > f->ticker->ticks - f->lag)
		return FEED_WAIT;
	if (!f->split)
		frame_output_with_id(piece, s, f->next, "stdout", f->text->json, 1);
	else if (f->id_sent)
		frame_output(piece, s, f->next, "stdout", f->text->json, 1);
	else
		frame_id_line(piece, s, f->next);
	return FEED_PIECE;
}

static void event_advance(struct feed *feed)
{
	struct event_feed *f = (struct event_feed *)feed;
	if (f->next > f->limit)
		f->ended = true;
	else if (f->split && !f->id_sent)
		f->id_sent = true;
	else {
		f->id_sent = false;
		f->next++;
		f->events->mockd->stats.events++;
	}
}

static void event_close(struct feed *feed)
{
	struct event_feed *f = (struct event_feed *)feed;
	if (f->ticker != NULL) {
		list_remove(&f->node);
		if (list_empty(&f->ticker->feeds))
			ticker_free(f->ticker);
	}
	free(f);
}

static const struct feed_ops event_ops = {.peek = event_peek, .advance = event_advance, .close = event_close};

static const struct answer stream_head = {
	.status = 200, .content_type = "text/event-stream", .fields = {{"cache-control", "no-cache"}}};

static struct event_feed *event_feed_new(struct events *e, const struct request *r, size_t bytes)
{
	struct event_feed *f = must_alloc(sizeof *f);
	*f = (struct event_feed){.feed = {.ops = &event_ops}, .events = e, .limit = UINT64_MAX};
	f->text = texts_sized(e->mockd->texts, TEXT_WORK, bytes);
	const freshet_str *last_id = request_field(r, "last-event-id");
	char *id = last_id != NULL ? must_copy_span(*last_id) : NULL;
	f->next = id != NULL ? strtoull(id, NULL, 10) + 1 : 1;
	free(id);
	f->split = request_query_number(r, "split", 0) != 0;
	return f;
}

static void start_tick(struct events *e, struct exchange *x, const struct request *r)
{
	struct event_feed *f = event_feed_new(e, r, request_query_number(r, "bytes", 40));
	uint64_t interval_ms = request_query_number(r, "interval_ms", 1000);
	uint64_t count = request_query_number(r, "count", 0);
	if (count > 0)
		f->limit = count;
	uint64_t interval_us = (interval_ms > 0 ? interval_ms : 1) * US_PER_MS;
	f->ticker = ticker_of(e, interval_us, choose_phase_us(e, r, interval_us));
	/* With this lag the event `next` is due at the next tick; unsigned arithmetic makes it right below zero too. */
	f->lag = f->ticker->ticks - (f->next - 1);
	list_push_back(&f->ticker->feeds, &f->node);
	exchange_stream(x, &stream_head, &f->feed);
}

static void start_bulk(struct events *e, struct exchange *x, const struct request *r)
{
	uint64_t event_bytes = request_query_number(r, "event_bytes", 16384);
	uint64_t total_bytes = request_query_number(r, "total_bytes", 16777216);
	struct event_feed *f = event_feed_new(e, r, event_bytes);
	f->limit = event_bytes > 0 && total_bytes > event_bytes ? total_bytes / event_bytes : 1;
	f->feed.merge = !f->split;
	exchange_stream(x, &stream_head, &f->feed);
}

static enum feed_state idle_peek(struct feed *feed, struct piece *piece)
{
	(void)feed;
	(void)piece;
	return FEED_WAIT;
}

static void idle_advance(struct feed *feed)
{
	(void)feed;
}

static void idle_close(struct feed *feed)
{
	free(feed);
}

static void start_idle(struct events *e, struct exchange *x, const struct request *r)
{
	static const struct feed_ops idle_ops = {.peek = idle_peek, .advance = idle_advance, .close = idle_close};
	(void)e;
	(void)r;
	struct feed *feed = must_alloc(sizeof *feed);
	*feed = (struct feed){.ops = &idle_ops};
	exchange_stream(x, &stream_head, feed);
}

struct file_feed {
	struct feed feed;
	struct events *events;
	bool taken;
};

static enum feed_state file_peek(struct feed *feed, struct piece *piece)
{
	struct file_feed *f = (struct file_feed *)feed;
	if (f->taken || f->events->file_len == 0)
		return FEED_END;
	*piece = (struct piece){.spans = {{f->events->file, f->events->file_len}}, .kind = PIECE_BODY, .last = true};
	return FEED_PIECE;
}

static void file_advance(struct feed *feed)
{
	((struct file_feed *)feed)->taken = true;
}

static void not_found(struct exchange *x)
{
	static const struct answer head = {.status = 404, .content_type = "text/plain"};
	exchange_answer(x, &head, freshet_str_of("no such event stream\n"));
}

static void start_file(struct events *e, struct exchange *x, const struct request *r)
{
	static const struct feed_ops file_ops = {.peek = file_peek, .advance = file_advance, .close = idle_close};
	(void)r;
	if (e->file == NULL) {
		not_found(x);
		return;
	}
	struct file_feed *f = must_alloc(sizeof *f);
	*f = (struct file_feed){.feed = {.ops = &file_ops}, .events = e};
	exchange_stream(x, &stream_head, &f->feed);
}

static void events_handle(struct platform *platform, struct exchange *x, const struct request *r)
{
	static const struct {
		const char *path;
		void (*start)(struct events *e, struct exchange *x, const struct request *r);
	} routes[] = {{"/events/idle", start_idle}, {"/events/tick", start_tick}, {"/events/bulk", start_bulk},
		{"/events/file", start_file}};
	struct events *e = container_of(platform, struct events, platform);
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (freshet_str_is(r->path, routes[i].path)) {
			routes[i].start(e, x, r);
			return;
		}
	}
	not_found(x);
}

static void events_free(struct platform *platform)
{
	struct events *e = container_of(platform, struct events, platform);
	free(e->file);
	free(e);
}

bool events_read_file(struct platform *platform, const char *path)
{
	struct events *e = container_of(platform, struct events, platform);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return false;
	struct buffer bytes = {.bytes = NULL};
	size_t n;
	char portion[65536];
	while ((n = fread(portion, 1, sizeof portion, file)) > 0)
		buffer_append(&bytes, portion, n);
	bool good = ferror(file) == 0;
	fclose(file);
	e->file = must_copy_span(buffer_span(&bytes));
	e->file_len = bytes.len;
	buffer_clear(&bytes);
	return good;
}

struct platform *events_new(struct mockd *m)
{
	struct events *e = must_zalloc(sizeof *e);
	e->platform = (struct platform){.mount = "/events", .handle = events_handle, .free = events_free};
	e->mockd = m;
	list_init(&e->tickers);
	return &e->platform;
}
