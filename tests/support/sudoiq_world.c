#include "support/sudoiq_world.h"

#include "support/aod_world.h"
#include "support/patience.h"
#include "support/test.h"

#include "service/sudoiq/client.h"

/* Keeps the loop turning when nothing else happens. */
static const struct timeval tick = {0, 2000};

struct sudoiq_world sudoiq_world;

static struct event *ticker;

static void on_tick(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
}

static void on_guard(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	*(bool *)user = true;
}

void sudoiq_world_turn(void)
{
	if (sudoiq_world.mockd == NULL) {
		event_base_loop(sudoiq_world.base, EVLOOP_ONCE);
		return;
	}
	event_base_loop(sudoiq_world.base, EVLOOP_NONBLOCK);
	mockd_advance(sudoiq_world.mockd, sudoiq_world.turn_ms);
}

void sudoiq_world_until(const bool *done)
{
	static const struct timeval limit = {PATIENCE_S, 0};
	bool too_long = false;
	struct event *guard = event_new(sudoiq_world.base, -1, 0, on_guard, &too_long);
	event_add(guard, &limit);
	while (!*(const volatile bool *)done && !too_long)
		sudoiq_world_turn();
	event_free(guard);
	assert_true(*done);
}

void sudoiq_world_settle(void)
{
	for (int i = 0; i < 20; i++)
		sudoiq_world_turn();
}

/* ---- the script ---- */

static void chunk(struct h1server_conn *c, const char *text)
{
	char size[24];
	snprintf(size, sizeof size, "%zx\r\n", strlen(text));
	h1server_write(c, size);
	h1server_write(c, text);
	h1server_write(c, "\r\n");
}

void sudoiq_world_push(const char *text)
{
	struct h1server_conn *c = sudoiq_world.stream;
	assert_non_null(c);
	if (strcmp(text, "!") == 0) {
		h1server_write(c, "0\r\n\r\n");
		h1server_done(c);
	} else if (strcmp(text, "#") == 0) {
		h1server_finish(c);
	} else {
		chunk(c, text);
	}
}

static void check(const struct step *step, const struct h1server_request *q)
{
	char request[300];
	snprintf(request, sizeof request, "%s %s", q->method, q->target);
	assert_string_equal(request, step->request);
	if (step->head != NULL && strstr(q->head, step->head) == NULL)
		fail_msg("%s: no %s in\n%s", request, step->head, q->head);
	if (step->body != NULL) {
		assert_int_equal(q->body_len, strlen(step->body));
		assert_memory_equal(q->body, step->body, q->body_len);
	}
}

static void give(struct h1server_conn *c, const struct step *step)
{
	const char *fields = step->fields != NULL ? step->fields : "content-type: application/json\r\n";
	if (step->status != 0) {
		h1server_reply(c, step->status, fields, step->answer != NULL ? step->answer : "");
		return;
	}
	h1server_write(c, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
	if (step->answer != NULL)
		chunk(c, step->answer);
	sudoiq_world.stream = c;
}

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	if (sudoiq_world.step == sudoiq_world.step_count)
		fail_msg("not in the script: %s %s", q->method, q->target);
	const struct step *step = &sudoiq_world.steps[sudoiq_world.step++];
	check(step, q);
	snprintf(sudoiq_world.body, sizeof sudoiq_world.body, "%.*s", (int)q->body_len, q->body_len > 0 ? q->body : "");
	if (step->hang) {
		if (step->skip)
			skip_time(sudoiq_world.reactor);
		return;
	}
	if (!step->cut || step->status != 0 || step->answer != NULL)
		give(c, step);
	if (step->cut)
		h1server_finish(c);
	if (step->push != NULL)
		sudoiq_world_push(step->push);
}

void sudoiq_world_all_taken(void)
{
	if (sudoiq_world.step < sudoiq_world.step_count)
		fail_msg("never asked for: %s", sudoiq_world.steps[sudoiq_world.step].request);
}

/* ---- open and close ---- */

freshet_sudoiq_options sudoiq_world_options(void)
{
	freshet_sudoiq_options o;
	freshet_sudoiq_options_init(&o);
	o.api_key = SUDOIQ_WORLD_KEY;
	o.default_environment = "playground";
	o.retry_min_ms = 1;
	o.retry_max_ms = 20;
	return o;
}

freshet_sudoiq *sudoiq_world_client(const freshet_sudoiq_options *options)
{
	freshet_sudoiq_options o = options != NULL ? *options : sudoiq_world_options();
	freshet_endpoint_options e;
	freshet_sudoiq *client;
	char url[64];
	freshet_endpoint_options_init(&e);
	if (o.endpoint != NULL)
		e = *o.endpoint;
	else if (sudoiq_world.mockd != NULL)
		world_endpoint(&e);
	if (e.stream.backoff_min_ms == 0) {
		e.stream.backoff_min_ms = 1;
		e.stream.backoff_max_ms = 20;
	}
	snprintf(url, sizeof url, "http://127.0.0.1:%u", sudoiq_world.server.port);
	o.url = sudoiq_world.mockd != NULL ? mockd_url(sudoiq_world.mockd) : url;
	o.endpoint = &e;
	assert_int_equal(freshet_sudoiq_new(sudoiq_world.reactor, &o, &client), FRESHET_OK);
	skip_guest(&client->guest);
	return client;
}

static void open_loop(void)
{
	freshet_reactor_options r;
	memset(&sudoiq_world, 0, sizeof sudoiq_world);
	sudoiq_world.turn_ms = 20;
	sudoiq_world.base = event_base_new();
	assert_non_null(sudoiq_world.base);
	ticker = event_new(sudoiq_world.base, -1, EV_PERSIST, on_tick, NULL);
	assert_int_equal(event_add(ticker, &tick), 0);
	freshet_reactor_options_init(&r);
	r.base = sudoiq_world.base;
	r.posts = true;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &sudoiq_world.reactor), FRESHET_OK);
	skip_reactor(sudoiq_world.reactor);
}

void sudoiq_world_open(const struct step *steps, size_t count, const freshet_sudoiq_options *options)
{
	open_loop();
	sudoiq_world.steps = steps;
	sudoiq_world.step_count = count;
	h1server_open(&sudoiq_world.server, sudoiq_world.base, answer, NULL);
	sudoiq_world.client = sudoiq_world_client(options);
}

void sudoiq_world_open_mockd(const struct mockd_options *m, const freshet_sudoiq_options *options)
{
	struct mockd_options o;
	open_loop();
	mockd_options_init(&o);
	if (m != NULL)
		o = *m;
	o.manual_clock = true;
	/* A connection is not closed just when a request goes out on it. */
	o.keep_alive_ms = 3600000;
	world_emulator(&o);
	assert_int_equal(mockd_new(sudoiq_world.base, &o, &sudoiq_world.mockd), FRESHET_OK);
	sudoiq_world.client = sudoiq_world_client(options);
}

static void on_reactor_closed(void *user)
{
	*(bool *)user = true;
}

void sudoiq_world_close_reactor(void)
{
	bool closed = false;
	if (sudoiq_world.reactor == NULL)
		return;
	freshet_reactor_close(sudoiq_world.reactor, on_reactor_closed, &closed);
	sudoiq_world_until(&closed);
	sudoiq_world.reactor = NULL;
}

int sudoiq_world_close(void **state)
{
	(void)state;
	sudoiq_world_close_reactor();
	if (sudoiq_world.mockd != NULL)
		mockd_free(sudoiq_world.mockd);
	else
		h1server_close(&sudoiq_world.server);
	event_free(ticker);
	event_base_free(sudoiq_world.base);
	return 0;
}
