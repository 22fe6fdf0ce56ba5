#include "support/aod_world.h"
#include "support/certs.h"
#include "support/files.h"
#include "support/patience.h"
#include "support/test.h"
#include "support/timelapse.h"

/* Keeps the loop turning when nothing else happens. */
static const struct timeval tick = {0, 5000};

struct world world;

static const struct transport transports[] = {
#define TRANSPORT(name, tls, protocol, no_http2, http1) {name, tls, protocol, no_http2, http1},
#include "support/transports.def"
#undef TRANSPORT
};

const struct transport *world_transport = &transports[0];

/* Of an authority and of the emulator; empty until they are made. */
static struct {
	struct test_folder folder;
	char authority[128];
	char certificate[128];
	char key[128];
} files;

void world_choose(int argc, char **argv)
{
	if (argc < 2)
		return;
	for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
		world_transport = &transports[i];
		if (strcmp(argv[1], world_transport->name) == 0)
			return;
	}
	fprintf(stderr, "%s: no transport is called %s\n", argv[0], argv[1]);
	exit(2);
}

static void remove_files(void)
{
	test_folder_remove(&files.folder);
}

/* Once for all worlds of the program. */
static void make_files(void)
{
	const struct cert_wish root = {.authority = true};
	const struct cert_wish wish = {.alt_names = "IP:127.0.0.1"};
	struct cert authority, leaf;
	if (files.folder.path[0] != '\0')
		return;
	test_folder_make(&files.folder);
	snprintf(files.authority, sizeof files.authority, "%s/ca.pem", files.folder.path);
	snprintf(files.certificate, sizeof files.certificate, "%s/cert.pem", files.folder.path);
	snprintf(files.key, sizeof files.key, "%s/key.pem", files.folder.path);
	cert_make(&authority, NULL, &root);
	cert_make(&leaf, &authority, &wish);
	cert_write(&authority, files.authority);
	cert_write(&leaf, files.certificate);
	cert_write_key(&leaf, files.key);
	cert_clear(&authority);
	cert_clear(&leaf);
	atexit(remove_files);
}

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
	if (world.lapses) {
		timelapse_turn();
		return;
	}
	/* A test that failed inside a callback has left the loop running: nothing can be cleared away any more. */
	if (event_base_loop(world.base, EVLOOP_ONCE) < 0) {
		fprintf(stderr, "the loop does not turn any more\n");
		exit(EXIT_FAILURE);
	}
}

void world_run_until(const bool *done)
{
	static const struct timeval limit = {PATIENCE_S, 0};
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
	o.manual_clock = true;
	/* Who asks a second time would always meet the close. */
	o.keep_alive_ms = UINT32_MAX;
	return o;
}

void world_endpoint(freshet_endpoint_options *o)
{
	freshet_endpoint_options_init(o);
	o->protocol = world_transport->protocol;
	o->ca_file = world_transport->tls ? files.authority : NULL;
}

freshet_err world_client(const char *token, const char *url, freshet_aod **out)
{
	freshet_endpoint_options e;
	freshet_aod_options o;
	world_endpoint(&e);
	freshet_aod_options_init(&o);
	e.stream.backoff_min_ms = 5;
	e.stream.backoff_max_ms = 50;
	o.url = url;
	o.token = token;
	o.endpoint = &e;
	return freshet_aod_new(world.reactor, &o, out);
}

void world_emulator(struct mockd_options *o)
{
	o->no_http2 = world_transport->no_http2;
	if (!world_transport->tls)
		return;
	make_files();
	o->tls_certificate = files.certificate;
	o->tls_key = files.key;
}

void world_open(const struct mockd_options *options)
{
	freshet_reactor_options r;
	struct mockd_options o = *options;
	world_emulator(&o);
	memset(&world, 0, sizeof world);
	world.base = event_base_new();
	assert_non_null(world.base);
	world.tick = event_new(world.base, -1, EV_PERSIST, on_tick, NULL);
	if (!o.manual_clock)
		assert_int_equal(event_add(world.tick, &tick), 0);
	assert_int_equal(mockd_new(world.base, &o, &world.mockd), FRESHET_OK);
	mockd_add_agent(world.mockd, world.agent);
	world.lapses = o.manual_clock;
	if (world.lapses)
		timelapse_begin(world.base, world.mockd, o.clock_scale);
	freshet_reactor_options_init(&r);
	r.base = world.base;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &world.reactor), FRESHET_OK);
	if (world.lapses)
		timelapse_reactor(world.reactor);
	assert_int_equal(world_client(MOCKD_TOKEN, mockd_url(world.mockd), &world.aod), FRESHET_OK);
}

void world_on_reactor_closed(void *closed)
{
	world.reactor = NULL;
	if (world.lapses)
		timelapse_reactor(NULL);
	*(bool *)closed = true;
}

void world_close_reactor(void)
{
	bool closed = false;
	if (world.reactor == NULL)
		return;
	freshet_reactor_close(world.reactor, world_on_reactor_closed, &closed);
	world_run_until(&closed);
}

int world_close(void **state)
{
	(void)state;
	world_close_reactor();
	mockd_free(world.mockd);
	if (world.lapses)
		timelapse_end();
	event_free(world.tick);
	event_base_free(world.base);
	return 0;
}
