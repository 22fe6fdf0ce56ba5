#include "support/ash_world.h"
#include "support/patience.h"
#include "support/test.h"

#include <stdio.h>

/*
 * The emulator's time passes with the turns of the loop and not with the clock: a machine that is busy makes nobody a
 * slow reader, whom the service gives up.
 */
#define EMULATED_TURN_MS 20

/* Keeps the loop turning when nothing else happens. */
static const struct timeval tick = {0, 5000};

struct ash_world ash_world;

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

void ash_world_turn(void)
{
	if (ash_world.mockd == NULL) {
		event_base_loop(ash_world.base, EVLOOP_ONCE);
		return;
	}
	event_base_loop(ash_world.base, EVLOOP_NONBLOCK);
	mockd_advance(ash_world.mockd, EMULATED_TURN_MS);
}

void ash_world_run_until(const bool *done)
{
	static const struct timeval limit = {PATIENCE_S, 0};
	bool too_long = false;
	struct event *guard = event_new(ash_world.base, -1, 0, on_guard, &too_long);
	event_add(guard, &limit);
	while (!*(const volatile bool *)done && !too_long)
		ash_world_turn();
	event_free(guard);
	assert_true(*done);
}

static void open_loop(void)
{
	memset(&ash_world, 0, sizeof ash_world);
	ash_world.base = event_base_new();
	assert_non_null(ash_world.base);
	ticker = event_new(ash_world.base, -1, EV_PERSIST, on_tick, NULL);
	assert_int_equal(event_add(ticker, &tick), 0);
}

static void open_client(const char *url, const char *key)
{
	freshet_reactor_options r;
	freshet_ash_options o;
	freshet_reactor_options_init(&r);
	r.base = ash_world.base;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &ash_world.reactor), FRESHET_OK);
	freshet_ash_options_init(&o);
	o.url = url;
	o.api_key = key;
	assert_int_equal(freshet_ash_new(ash_world.reactor, &o, &ash_world.ash), FRESHET_OK);
}

void ash_world_open(h1server_fn *answer, void *user)
{
	char url[64];
	open_loop();
	h1server_open(&ash_world.server, ash_world.base, answer, user);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", ash_world.server.port);
	open_client(url, ASH_WORLD_KEY);
}

void ash_world_open_mockd(void)
{
	struct mockd_options o;
	open_loop();
	mockd_options_init(&o);
	o.manual_clock = true;
	/* A connection is not closed just when a message goes out on it. */
	o.keep_alive_ms = 3600000;
	assert_int_equal(mockd_new(ash_world.base, &o, &ash_world.mockd), FRESHET_OK);
	open_client(mockd_url(ash_world.mockd), MOCKD_TOKEN);
}

static void on_reactor_closed(void *user)
{
	*(bool *)user = true;
}

void ash_world_close_reactor(void)
{
	bool closed = false;
	if (ash_world.reactor == NULL)
		return;
	freshet_reactor_close(ash_world.reactor, on_reactor_closed, &closed);
	ash_world_run_until(&closed);
	ash_world.reactor = NULL;
}

int ash_world_close(void **state)
{
	(void)state;
	ash_world_close_reactor();
	if (ash_world.mockd != NULL)
		mockd_free(ash_world.mockd);
	else
		h1server_close(&ash_world.server);
	event_free(ticker);
	event_base_free(ash_world.base);
	return 0;
}

void ash_world_stream(struct h1server_conn *c)
{
	h1server_write(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
			  "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void ash_world_chunk(struct h1server_conn *c, const char *text)
{
	char size[24];
	snprintf(size, sizeof size, "%zx\r\n", strlen(text));
	h1server_write(c, size);
	h1server_write(c, text);
	h1server_write(c, "\r\n");
}

void ash_world_end(struct h1server_conn *c)
{
	h1server_write(c, "0\r\n\r\n");
	h1server_done(c);
}
