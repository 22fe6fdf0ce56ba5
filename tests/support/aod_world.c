#include "support/aod_world.h"
#include "support/test.h"

/* Keeps the loop turning when nothing else happens. */
static const struct timeval tick = {0, 5000};

/* A loop that makes no progress for so long has lost something. */
#define GUARD_S 60

struct world world;

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

void world_turn(void)
{
	event_base_loop(world.base, EVLOOP_ONCE);
}

void world_run_until(const bool *done)
{
	static const struct timeval limit = {GUARD_S, 0};
	bool too_long = false;
	struct event *guard = event_new(world.base, -1, 0, on_guard, &too_long);
	event_add(guard, &limit);
	while (!*(const volatile bool *)done && !too_long)
		world_turn();
	event_free(guard);
	assert_true(*done);
}

struct mockd_options world_fast(void)
{
	struct mockd_options o;
	mockd_options_init(&o);
	o.clock_scale = 500;
	return o;
}

freshet_err world_client(const char *token, const char *url, freshet_aod **out)
{
	freshet_endpoint_options e;
	freshet_aod_options o;
	freshet_endpoint_options_init(&e);
	freshet_aod_options_init(&o);
	e.protocol = FRESHET_PROTOCOL_HTTP2;
	e.stream.backoff_min_ms = 5;
	e.stream.backoff_max_ms = 50;
	o.url = url;
	o.token = token;
	o.endpoint = &e;
	return freshet_aod_new(world.reactor, &o, out);
}

void world_open(const struct mockd_options *options)
{
	freshet_reactor_options r;
	memset(&world, 0, sizeof world);
	world.base = event_base_new();
	assert_non_null(world.base);
	world.tick = event_new(world.base, -1, EV_PERSIST, on_tick, NULL);
	assert_int_equal(event_add(world.tick, &tick), 0);
	assert_int_equal(mockd_new(world.base, options, &world.mockd), FRESHET_OK);
	mockd_add_agent(world.mockd, world.agent);
	freshet_reactor_options_init(&r);
	r.base = world.base;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &world.reactor), FRESHET_OK);
	assert_int_equal(world_client(MOCKD_TOKEN, mockd_url(world.mockd), &world.aod), FRESHET_OK);
}

static void on_reactor_closed(void *user)
{
	*(bool *)user = true;
}

void world_close_reactor(void)
{
	bool closed = false;
	if (world.reactor == NULL)
		return;
	freshet_reactor_close(world.reactor, on_reactor_closed, &closed);
	world_run_until(&closed);
	world.reactor = NULL;
}

int world_close(void **state)
{
	(void)state;
	world_close_reactor();
	mockd_free(world.mockd);
	event_free(world.tick);
	event_base_free(world.base);
	return 0;
}
