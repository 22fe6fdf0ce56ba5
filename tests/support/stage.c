#include "support/stage.h"

#include "support/failmem.h"
#include "support/patience.h"
#include "support/test.h"

#include "reactor/conn.h"
#include "reactor/endpoint.h"
#include "reactor/reactor.h"

#include <event2/event.h>

static uint64_t fake_ms;

static uint64_t fake_clock(void)
{
	return fake_ms;
}

uint64_t stage_now(void)
{
	return fake_ms;
}

void stage_options_init(struct stage_options *o)
{
	*o = (struct stage_options){.no_counting = false};
	freshet_endpoint_options_init(&o->endpoint);
	freshet_reactor_options_init(&o->reactor);
	o->reactor.seed = 1;
}

void stage_on_closed(void *stage)
{
	struct stage *w = stage;
	w->closed++;
	w->reactor = NULL;
}

void stage_open(struct stage *w, const struct stage_options *options)
{
	struct stage_options defaults;
	stage_options_init(&defaults);
	const struct stage_options *o = options != NULL ? options : &defaults;
	freshet_reactor_options reactor = o->reactor;
	freshet_endpoint_options endpoint = o->endpoint;
	*w = (struct stage){.owns_base = !o->own_loop, .counting = !o->no_counting};
	fake_ms = 1000000;
	if (w->counting) {
		/* A test that failed before this one left its memory. */
		failmem_off();
		failmem_arm(0);
	}
	if (w->owns_base) {
		w->base = event_base_new();
		assert_non_null(w->base);
		reactor.base = w->base;
	}
	assert_int_equal(freshet_reactor_new(&reactor, &w->reactor), FRESHET_OK);
	w->base = freshet_reactor_base(w->reactor);
	w->reactor->clock = fake_clock;
	w->reactor->now_ms = fake_ms;
	h2server_open(&w->server, w->base);
	w->server.peer = o->peer;
	snprintf(w->url, sizeof w->url, "http://127.0.0.1:%u", w->server.port);
	endpoint.url = w->url;
	endpoint.protocol = FRESHET_PROTOCOL_HTTP2;
	assert_int_equal(freshet_endpoint_new(w->reactor, &endpoint, &w->endpoint), FRESHET_OK);
}

static void watch_free(struct watch *watch)
{
	assert_int_equal(watch->dones, watch->opened ? 1 : 0);
	h2peer_buf_free(&watch->log);
	free(watch);
}

void stage_close(struct stage *w)
{
	/* A loop of the reactor's own goes with it, so the server must be off it before. */
	if (!w->owns_base)
		h2server_close(&w->server);
	freshet_reactor_free(w->reactor);
	w->reactor = NULL;
	for (struct watch *watch = w->watches; watch != NULL;) {
		struct watch *next = watch->next;
		watch_free(watch);
		watch = next;
	}
	if (w->owns_base) {
		h2server_close(&w->server);
		event_base_free(w->base);
	}
	if (w->counting) {
		assert_int_equal(failmem_live(), 0);
		failmem_off();
	}
}

static void stuck(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	*(bool *)user = true;
}

/* One turn of the loop; with `wait` it blocks until there is something to do. */
static void turn(struct stage *w, bool wait)
{
	h2server_flush(&w->server);
	if (!wait) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		return;
	}
	bool is_stuck = false;
	const struct timeval limit = {PATIENCE_S, 0};
	struct event *watchdog = event_new(w->base, -1, 0, stuck, &is_stuck);
	assert_non_null(watchdog);
	event_add(watchdog, &limit);
	event_base_loop(w->base, EVLOOP_ONCE);
	event_free(watchdog);
	assert_false(is_stuck);
}

void stage_turn(struct stage *w)
{
	turn(w, true);
}

freshet_counters stage_counters(const struct stage *w)
{
	freshet_counters counters;
	freshet_counters_init(&counters);
	assert_int_equal(freshet_reactor_counters_get(w->reactor, &counters), FRESHET_OK);
	return counters;
}

/* Every dial has ended and the server has accepted each connection. */
static bool dials_pending(const struct stage *w)
{
	if (w->dial_hangs || w->reactor == NULL)
		return false;
	list_each (node, &w->reactor->endpoints) {
		struct freshet_endpoint *e = container_of(node, freshet_endpoint, node);
		list_each (conn_node, &e->conns)
			if (container_of(conn_node, struct conn, node)->state == CONN_DIALING)
				return true;
	}
	return stage_counters(w).connections_opened > w->server.conn_count;
}

static bool can_ping(const struct h2server_conn *c)
{
	return c->fd >= 0 && !c->deaf && !c->peer->mute && !c->peer->goaway && !h2peer_over(c->peer);
}

/* PINGs there and back on every connection: all that was sent before has then been read by both sides. */
static void barrier(struct stage *w)
{
	for (size_t i = 0; i < w->server.conn_count; i++)
		if (can_ping(w->server.conns[i])) {
			h2peer_ping(w->server.conns[i]->peer);
			w->server.conns[i]->pings_out++;
		}
	for (size_t i = 0; i < w->server.conn_count; i++) {
		struct h2server_conn *c = w->server.conns[i];
		while (can_ping(c) && c->peer->pongs < c->pings_out)
			turn(w, true);
	}
}

/* Whatever changes when something happens. */
struct activity {
	size_t conns, calls, closed, bodies, resets, log, credit, out;
	uint64_t events, connections, waiting;
	bool tasks;
};

static struct activity activity_of(const struct stage *w)
{
	struct activity a;
	memset(&a, 0, sizeof a);
	a.conns = w->server.conn_count;
	for (size_t i = 0; i < w->server.conn_count; i++) {
		const struct h2server_conn *c = w->server.conns[i];
		a.closed += c->closed + c->peer->goaway;
		a.credit += c->peer->credit;
		a.out += c->peer->out.len;
		for (size_t j = 0; j < c->peer->call_count; j++) {
			const struct h2peer_call *call = c->peer->calls[j];
			a.calls += 1 + (call->ended ? 1u : 0u);
			a.bodies += call->body.len;
			a.resets += call->reset;
			a.credit += call->credit;
			a.out += call->out.len - call->out_from;
		}
	}
	for (const struct watch *watch = w->watches; watch != NULL; watch = watch->next)
		a.log += watch->opens + watch->events + watch->cuts + watch->dones;
	if (w->reactor == NULL)
		return a;
	freshet_counters counters = stage_counters(w);
	a.events = counters.events;
	a.connections = counters.connections;
	a.waiting = counters.waiting;
	a.tasks = !list_empty(&w->reactor->tasks) || !list_empty(&w->reactor->dirty);
	return a;
}

void stage_settle(struct stage *w)
{
	struct activity before, after = activity_of(w);
	do {
		before = after;
		turn(w, false);
		while (dials_pending(w))
			turn(w, true);
		barrier(w);
		turn(w, false);
		after = activity_of(w);
	} while (after.tasks || memcmp(&before, &after, sizeof before) != 0);
}

/* Moves the clock to the next deadline up to `until`; false when there is none. */
static bool next_deadline(struct stage *w, uint64_t until)
{
	if (w->reactor == NULL)
		return false;
	const struct deadline *first = deadline_first(&w->reactor->deadlines);
	if (first == NULL || first->at_ms > until)
		return false;
	if (first->at_ms > fake_ms)
		fake_ms = first->at_ms;
	return true;
}

void stage_advance(struct stage *w, uint64_t ms)
{
	uint64_t until = fake_ms + ms;
	while (next_deadline(w, until)) {
		w->reactor->loop.handlers.on_timer(w->reactor->loop.handlers.owner);
		stage_settle(w);
	}
	fake_ms = until;
}

static void say(struct watch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct watch *watch, const char *format, ...)
{
	char line[1024];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	h2peer_buf_add(&watch->log, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

const char *watch_said(struct watch *watch)
{
	h2peer_buf_add(&watch->log, "", 1);
	watch->log.len = 0;
	return (const char *)watch->log.data;
}

static void keep_span(char *to, size_t size, freshet_str from)
{
	snprintf(to, size, "%.*s", (int)(from.len < size ? from.len : size - 1), from.len > 0 ? from.ptr : "");
}

static void keep_outcome(struct watch *watch, const freshet_outcome *outcome)
{
	assert_true(outcome->text.len > 0);
	watch->outcome = *outcome;
	keep_span(watch->text, sizeof watch->text, outcome->text);
	keep_span(watch->body, sizeof watch->body, outcome->body);
	keep_span(watch->content_type, sizeof watch->content_type, outcome->content_type);
}

static void call_hook(struct watch *watch, enum told told, const freshet_event *event)
{
	if (watch->hook != NULL)
		watch->hook(watch, told, event);
}

static struct watch *watch_of(freshet_stream *stream, void *user)
{
	struct watch *watch = user;
	assert_ptr_equal(freshet_stream_user(stream), user);
	if (watch->stream != NULL)
		assert_ptr_equal(watch->stream, stream);
	assert_int_equal(watch->dones, 0);
	return watch;
}

/* For what must not come once the test has ended the stream. */
static struct watch *watch_going_on(freshet_stream *stream, void *user)
{
	struct watch *watch = watch_of(stream, user);
	assert_false(watch->over);
	return watch;
}

static void on_open(freshet_stream *stream, void *user)
{
	struct watch *watch = watch_going_on(stream, user);
	watch->opens++;
	say(watch, "open\n");
	call_hook(watch, TOLD_OPEN, NULL);
}

static void on_event(freshet_stream *stream, const freshet_event *event, void *user)
{
	struct watch *watch = watch_going_on(stream, user);
	assert_false(watch->silent);
	watch->events++;
	if (event->data.len > 200)
		say(watch, "event %.*s %.*s <%zu>\n", (int)event->id.len, event->id.ptr, (int)event->type.len,
			event->type.ptr, event->data.len);
	else
		say(watch, "event %.*s %.*s %.*s\n", (int)event->id.len, event->id.ptr, (int)event->type.len,
			event->type.ptr, (int)event->data.len, event->data.ptr);
	call_hook(watch, TOLD_EVENT, event);
}

static void on_cut(freshet_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct watch *watch = watch_going_on(stream, user);
	watch->cuts++;
	watch->retry_ms = retry_ms;
	keep_outcome(watch, cause);
	say(watch, "cut %s\n", freshet_err_name(cause->err));
	call_hook(watch, TOLD_CUT, NULL);
}

static void on_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	struct watch *watch = watch_of(stream, user);
	watch->dones++;
	keep_outcome(watch, &end->outcome);
	watch->end = *end;
	keep_span(watch->last_event_id, sizeof watch->last_event_id, end->last_event_id);
	say(watch, "done %s\n", freshet_err_name(end->outcome.err));
	call_hook(watch, TOLD_DONE, NULL);
	/* What the callback did must not have taken away what it was told. */
	char again[sizeof watch->last_event_id];
	keep_span(again, sizeof again, end->last_event_id);
	assert_string_equal(again, watch->last_event_id);
	watch->stream = NULL;
}

static void on_answer(freshet_request *request, const freshet_response *response, void *user)
{
	struct watch *watch = user;
	assert_ptr_equal(freshet_request_user(request), user);
	if (watch->request != NULL)
		assert_ptr_equal(watch->request, request);
	assert_int_equal(watch->dones, 0);
	watch->dones++;
	keep_outcome(watch, &response->outcome);
	watch->status = response->status;
	watch->body_len = response->body.len;
	keep_span(watch->body, sizeof watch->body, response->body);
	say(watch, "done %s %d %.*s\n", freshet_err_name(response->outcome.err), response->status,
		response->body.len < 100 ? (int)response->body.len : 0, response->body.ptr);
	call_hook(watch, TOLD_ANSWER, NULL);
	watch->request = NULL;
}

struct watch *stage_watch(struct stage *w)
{
	struct watch *watch = calloc(1, sizeof *watch);
	assert_non_null(watch);
	watch->stage = w;
	watch->next = w->watches;
	w->watches = watch;
	return watch;
}

freshet_err watch_stream(struct watch *watch, freshet_stream_options *o)
{
	o->callbacks = (freshet_stream_callbacks){on_open, on_event, on_cut, on_done};
	o->user = watch;
	freshet_err err = freshet_stream_open(watch->stage->endpoint, o, &watch->stream);
	watch->opened = err == FRESHET_OK;
	assert_int_equal(watch->stream != NULL, watch->opened);
	return err;
}

freshet_err watch_request(struct watch *watch, freshet_request_options *o)
{
	o->on_done = on_answer;
	o->user = watch;
	freshet_err err = freshet_request_send(watch->stage->endpoint, o, &watch->request);
	watch->opened = err == FRESHET_OK;
	assert_int_equal(watch->request != NULL, watch->opened);
	return err;
}

struct watch *stage_stream_with(struct stage *w, const char *path, const freshet_stream_policy *policy)
{
	struct watch *watch = stage_watch(w);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = path;
	o.policy = policy;
	assert_int_equal(watch_stream(watch, &o), FRESHET_OK);
	stage_settle(w);
	return watch;
}

struct watch *stage_stream(struct stage *w, const char *path)
{
	return stage_stream_with(w, path, NULL);
}

struct watch *stage_request(struct stage *w, const char *method, const char *path, const char *body)
{
	struct watch *watch = stage_watch(w);
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = method;
	o.path = path;
	o.body = freshet_str_of(body);
	assert_int_equal(watch_request(watch, &o), FRESHET_OK);
	stage_settle(w);
	return watch;
}

struct h2peer_call *stage_call(struct stage *w, const char *path)
{
	struct h2peer_call *call = h2server_find(&w->server, path);
	if (call == NULL)
		print_message("nobody asked for %s\n", path);
	assert_non_null(call);
	return call;
}

struct h2peer_call *stage_serve(struct stage *w, const char *path, const char *text)
{
	struct h2peer_call *call = stage_call(w, path);
	h2peer_open_events(call);
	h2peer_text(call, text);
	stage_settle(w);
	return call;
}

void stage_send(struct stage *w, struct h2peer_call *call, const char *text)
{
	h2peer_text(call, text);
	stage_settle(w);
}
