/*
 * Streams over HTTP/1.1: cut after every byte in every way in which a body may be framed, they resume and lose nothing;
 * a paused one holds no more than its window; each of them lives through every allocation that fails.
 */
#include "support/client.h"
#include "support/failmem.h"
#include "support/h1server.h"
#include "support/test.h"

#include "reactor/conn.h"
#include "reactor/stream.h"

#include <event2/event.h>

/* How the body is framed, and how the connection ends in the middle of it. */
enum framing { CHUNKED, SIZED, TO_CLOSE, FRAMING_COUNT };
enum cutting { BY_CLOSE, BY_RESET, CUTTING_COUNT };

#define EVENTS 6

struct source {
	enum framing framing;
	enum cutting cutting;
	bool asked[512]; /* /events/n was, before */
};

struct world {
	struct client client;
	struct h1server server;
	freshet_endpoint_options o;
	char url[128];
	freshet_endpoint *e;
	struct source source;
};

static void world_open(struct world *w, h1server_fn *answer)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	h1server_open(&w->server, w->client.base, answer, w);
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->server.port, NULL}, w->url);
	w->o.protocol = FRESHET_PROTOCOL_AUTO;
	w->o.stream.max_attempts = 5;
	w->o.stream.backoff_min_ms = 1;
	w->o.stream.backoff_max_ms = 1;
}

static void world_close(struct world *w)
{
	assert_int_equal(w->server.pipelined, 0);
	h1server_close(&w->server);
	client_stop(&w->client);
}

/* The events behind `after`, framed as a whole answer. */
static size_t write_answer(const struct world *w, char *out, size_t size, unsigned after)
{
	static const char *const heads[] = {
		[CHUNKED] = "Transfer-Encoding: chunked", [SIZED] = "", [TO_CLOSE] = "Connection: close"};
	char body[1024] = "";
	for (unsigned i = after + 1; i <= EVENTS; i++)
		snprintf(body + strlen(body), sizeof body - strlen(body), "id: %u\ndata: event %u\n\n", i, i);
	char length[64];
	snprintf(length, sizeof length, "Content-Length: %zu", strlen(body));
	snprintf(out, size, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%s\r\n\r\n",
		w->source.framing == SIZED ? length : heads[w->source.framing]);
	if (w->source.framing != CHUNKED) {
		strncat(out, body, size - strlen(out) - 1);
		return strlen(out);
	}
	/* Chunks that end anywhere, also within an event. */
	for (size_t at = 0, part; at < strlen(body); at += part) {
		part = 1 + at % 13;
		part = part < strlen(body) - at ? part : strlen(body) - at;
		snprintf(out + strlen(out), size - strlen(out), "%zx\r\n%.*s\r\n", part, (int)part, body + at);
	}
	strncat(out, "0\r\n\r\n", size - strlen(out) - 1);
	return strlen(out);
}

/* The first answer to /events/n is cut after n bytes, all others are whole. */
static void answer_cut(struct h1server_conn *c, const struct h1server_request *q)
{
	struct world *w = c->server->user;
	char answer[4096];
	unsigned after = (unsigned)strtoul(q->last_event_id, NULL, 10);
	size_t len = write_answer(w, answer, sizeof answer, after);
	size_t number = strtoul(q->target + strlen("/events/"), NULL, 10);
	assert_in_range(number, 0, sizeof w->source.asked - 1);
	bool cut = !w->source.asked[number] && number < len;
	w->source.asked[number] = true;
	h1server_write_bytes(c, answer, cut ? number : len);
	h1server_done(c);
	if (cut && w->source.cutting == BY_RESET)
		h1server_finish_by_reset(c);
	else if (cut || w->source.framing == TO_CLOSE)
		h1server_finish(c);
}

static void check_order(struct follower *f)
{
	char expected[32];
	snprintf(expected, sizeof expected, "event %u", (unsigned)f->seen.events);
	assert_string_equal(f->last_data, expected);
}

/* The last one of them ends the stream. */
static void see_event(struct follower *f)
{
	check_order(f);
	if (f->seen.events == EVENTS)
		freshet_stream_finish(f->stream);
}

static void assert_whole(const struct follower *f)
{
	assert_string_equal(freshet_err_name(f->end.outcome.err), "FRESHET_OK");
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->seen.events, EVENTS);
	assert_int_equal(f->reconnects, f->cuts);
	assert_in_range(f->cuts, 0, 1);
}

/* One stream for each place where its answer can be cut, all at once. */
static void follow_cuts(enum framing framing, enum cutting cutting)
{
	struct world w;
	char answer[4096];
	char path[512][32];
	struct follower *f = calloc(512, sizeof *f);
	unsigned cuts = 0;
	assert_non_null(f);
	world_open(&w, answer_cut);
	w.source = (struct source){.framing = framing, .cutting = cutting};
	size_t len = write_answer(&w, answer, sizeof answer, 0);
	assert_in_range(len, 150, 511);
	/* A body that ends is one that may have been cut: only the last event is the end. */
	w.o.stream.end_is_final = false;
	assert_int_equal(freshet_endpoint_new(w.client.reactor, &w.o, &w.e), FRESHET_OK);
	for (size_t cut = 0; cut <= len; cut++) {
		snprintf(path[cut], sizeof path[cut], "/events/%zu", cut);
		f[cut].on_event = see_event;
		client_follow(&w.client, w.e, path[cut], &f[cut]);
	}
	client_run(&w.client, NULL, NULL);
	for (size_t cut = 0; cut <= len; cut++) {
		assert_whole(&f[cut]);
		cuts += f[cut].cuts;
	}
	/* Whoever has seen the last event before the cut has missed nothing. */
	size_t last_event = len - (framing == CHUNKED ? strlen("\r\n0\r\n\r\n") : 0);
	assert_int_equal(cuts, last_event);
	world_close(&w);
	free(f);
}

static void cut_after_every_byte(void **state)
{
	(void)state;
	for (int framing = 0; framing < FRAMING_COUNT; framing++)
		for (int cutting = 0; cutting < CUTTING_COUNT; cutting++)
			follow_cuts((enum framing)framing, (enum cutting)cutting);
}

/* ---- what a paused stream holds ---- */

#define PIECE  ((size_t)1000)
#define PIECES 1000

static void answer_much(struct h1server_conn *c, const struct h1server_request *q)
{
	char event[PIECE + 16];
	(void)q;
	h1server_write(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
	for (unsigned i = 0; i < PIECES; i++) {
		int len = snprintf(event, sizeof event, "data: %u%0*u\n\n", i, (int)PIECE - 20, 0u);
		h1server_write_bytes(c, event, (size_t)len);
	}
	h1server_finish(c);
}

static size_t bytes_held(const freshet_stream *s)
{
	return s->held != NULL ? s->held->bytes.len - s->held->from : 0;
}

/* Paused, and nothing more is read: the socket is left alone, or it has told all. */
static bool holds_all_it_may(void *user)
{
	const struct follower *f = user;
	const freshet_stream *s = f->stream;
	return s == NULL || (s->paused && (s->end_held || (s->exchange.conn != NULL && s->exchange.conn->choked)));
}

static void pause_at_some(struct follower *f)
{
	if (f->seen.events % 200 == 10)
		freshet_stream_pause(f->stream);
}

static void a_paused_stream_holds_its_window(void **state)
{
	static const uint32_t windows[] = {1, 100, 4096, 65536, 100003};
	(void)state;
	for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
		struct world w;
		struct follower f = {.on_event = pause_at_some};
		size_t most = 0;
		world_open(&w, answer_much);
		w.o.stream_window = windows[i];
		assert_int_equal(freshet_endpoint_new(w.client.reactor, &w.o, &w.e), FRESHET_OK);
		client_follow(&w.client, w.e, "/events", &f);
		unsigned pauses = 0;
		for (; f.dones == 0; pauses++) {
			client_run(&w.client, holds_all_it_may, &f);
			if (f.dones > 0)
				break;
			most = bytes_held(f.stream) > most ? bytes_held(f.stream) : most;
			freshet_stream_resume(f.stream);
		}
		assert_int_equal(pauses, PIECES / 200);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_int_equal(f.seen.events, PIECES);
		assert_int_equal(f.cuts, 0);
		assert_in_range(most, 1, windows[i]);
		world_close(&w);
	}
}

/* ---- without memory ---- */

static void answer_all(struct h1server_conn *c, const struct h1server_request *q)
{
	if (strcmp(q->target, "/events/200") == 0)
		answer_cut(c, q);
	else
		h1server_reply(c, 200, "X-One: 1\r\nX-Two: 2\r\n", "whole answer");
}

static void count_event(freshet_stream *s, const freshet_event *event, void *user)
{
	unsigned *events = user;
	(void)event;
	if (++*events == EVENTS)
		freshet_stream_finish(s);
}

struct ends {
	unsigned events;
	freshet_err stream;
	freshet_err request;
	unsigned live;
};

static void stream_done(freshet_stream *s, const freshet_stream_end *end, void *user)
{
	struct ends *ends = container_of(user, struct ends, events);
	(void)s;
	ends->stream = end->outcome.err;
	ends->live--;
}

static void request_done(freshet_request *q, const freshet_response *response, void *user)
{
	struct ends *ends = user;
	(void)q;
	ends->request = response->outcome.err;
	ends->live--;
}

static freshet_err begin(struct world *w, freshet_reactor *r, struct ends *ends)
{
	freshet_stream_options so;
	freshet_request_options ro;
	freshet_stream *stream;
	freshet_err err = freshet_endpoint_new(r, &w->o, &w->e);
	if (err != FRESHET_OK)
		return err;
	freshet_stream_options_init(&so);
	so.path = "/events/200";
	so.callbacks = (freshet_stream_callbacks){NULL, count_event, NULL, stream_done};
	so.user = &ends->events;
	err = freshet_stream_open(w->e, &so, &stream);
	if (err != FRESHET_OK)
		return err;
	ends->live++;
	freshet_request_options_init(&ro);
	ro.path = "/";
	ro.method = "POST";
	ro.body = freshet_str_of("body");
	ro.on_done = request_done;
	ro.user = ends;
	err = freshet_request_send(w->e, &ro, NULL);
	ends->live += err == FRESHET_OK;
	return err;
}

/* A stream that is cut once, and a request beside it. True when both got what they wanted. */
static bool live(struct world *w)
{
	freshet_reactor_options o;
	freshet_reactor *r;
	struct ends ends = {0};
	freshet_reactor_options_init(&o);
	o.base = w->client.base;
	freshet_err err = freshet_reactor_new(&o, &r);
	w->source = (struct source){.framing = CHUNKED, .cutting = BY_CLOSE};
	if (err == FRESHET_OK) {
		err = begin(w, r, &ends);
		while (ends.live > 0)
			assert_int_equal(event_base_loop(w->client.base, EVLOOP_ONCE), 0);
		freshet_reactor_free(r);
	}
	if (err != FRESHET_OK)
		assert_int_equal(err, FRESHET_ENOMEM);
	return err == FRESHET_OK && ends.stream == FRESHET_OK && ends.request == FRESHET_OK && ends.events == EVENTS;
}

/* From the n-th allocation on there is no memory: everything ends, nothing leaks, nothing crashes. */
static void without_memory(void **state)
{
	struct world w;
	(void)state;
	world_open(&w, answer_all);
	freshet_reactor_free(w.client.reactor);
	w.client.reactor = NULL;
	w.o.stream.end_is_final = false;
	w.o.stream.max_attempts = 2;
	failmem_arm(0);
	size_t before = failmem_live();
	size_t failures = 0;
	for (size_t n = 1;; n++) {
		failmem_arm(n);
		bool ok = live(&w);
		assert_int_equal(failmem_live(), before);
		if (!failmem_fired()) {
			assert_true(ok);
			break;
		}
		failures++;
	}
	failmem_off();
	assert_true(failures > 40);
	h1server_close(&w.server);
	event_base_free(w.client.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_after_every_byte),
		cmocka_unit_test(a_paused_stream_holds_its_window),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
