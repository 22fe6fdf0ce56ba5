/*
 * Ten thousand streams at once in one process: all of them open, each gets every one of its events in order, all end.
 * The emulator is another process; its clock moves only when the test says so, so that nothing depends on how fast the
 * machine is.
 */
#include "support/client.h"
#include "support/process.h"
#include "support/test.h"

#include "mockd/mockd.h"

#include <event2/event.h>
#include <unistd.h>

#define STREAMS                ((size_t)10000)
#define STREAMS_PER_CONNECTION 200
#define CONNECTIONS            50
#define TICKS                  3

struct emulator {
	struct process process;
	int commands[2]; /* each byte is a second of its clock */
	int ports[2];
	uint16_t port;
};

static void on_command(evutil_socket_t fd, short what, void *user)
{
	char command;
	(void)what;
	if (read(fd, &command, 1) == 1)
		mockd_advance(user, 1000);
	else
		_exit(0);
}

static void run_emulator(void *user)
{
	struct emulator *e = user;
	struct mockd_options options;
	struct mockd *m;
	struct event_base *base = event_base_new();
	mockd_options_init(&options);
	options.manual_clock = true;
	options.max_concurrent_streams = STREAMS_PER_CONNECTION;
	close(e->commands[1]);
	if (mockd_new(base, &options, &m) != FRESHET_OK)
		_exit(1);
	uint16_t port = mockd_port(m);
	struct event *command = event_new(base, e->commands[0], EV_READ | EV_PERSIST, on_command, m);
	if (write(e->ports[1], &port, sizeof port) != sizeof port || event_add(command, NULL) != 0)
		_exit(1);
	event_base_dispatch(base);
}

static void emulator_start(struct emulator *e)
{
	assert_int_equal(pipe(e->commands), 0);
	assert_int_equal(pipe(e->ports), 0);
	process_fork(&e->process, run_emulator, e);
	close(e->ports[1]);
	close(e->commands[0]);
	assert_int_equal(read(e->ports[0], &e->port, sizeof e->port), sizeof e->port);
}

static void emulator_stop(struct emulator *e)
{
	close(e->commands[1]);
	close(e->ports[0]);
	process_end(&e->process);
}

static void let_a_second_pass(const struct emulator *e)
{
	assert_int_equal(write(e->commands[1], "", 1), 1);
}

struct crowd;

/* Small, since there are so many. */
struct member {
	struct crowd *crowd;
	freshet_stream *stream;
	uint32_t events;
	uint32_t out_of_order;
	uint32_t opens;
	uint32_t dones;
	freshet_err err;
};

struct crowd {
	struct client client; /* `live` and `open` are counted here */
	struct member *members;
	uint64_t events;
	uint64_t wanted;
};

static void on_open(freshet_stream *s, void *user)
{
	struct member *m = user;
	(void)s;
	m->opens++;
	m->crowd->client.open++;
}

static void on_event(freshet_stream *s, const freshet_event *event, void *user)
{
	struct member *m = user;
	char expected[16];
	(void)s;
	snprintf(expected, sizeof expected, "%u", ++m->events);
	/* The one after the last tick tells the end and has no id of its own. */
	bool last = m->events == TICKS + 1;
	if (last ? (event->flags & FRESHET_EVENT_OWN_ID) != 0 : !freshet_str_is(event->id, expected))
		m->out_of_order++;
	m->crowd->events++;
}

static void on_done(freshet_stream *s, const freshet_stream_end *end, void *user)
{
	struct member *m = user;
	(void)s;
	m->dones++;
	m->err = end->outcome.err;
	m->crowd->client.live--;
}

static void crowd_open(struct crowd *crowd, uint16_t port, const char *path)
{
	freshet_stream_options o;
	memset(crowd, 0, sizeof *crowd);
	client_start(&crowd->client, NULL);
	crowd->members = calloc(STREAMS, sizeof *crowd->members);
	assert_non_null(crowd->members);
	freshet_endpoint *e = client_endpoint(&crowd->client, &(struct client_url){"http", "127.0.0.1", port, NULL});
	freshet_stream_options_init(&o);
	o.path = path;
	o.callbacks = (freshet_stream_callbacks){on_open, on_event, NULL, on_done};
	for (size_t i = 0; i < STREAMS; i++) {
		struct member *m = &crowd->members[i];
		m->crowd = crowd;
		o.user = m;
		assert_int_equal(freshet_stream_open(e, &o, &m->stream), FRESHET_OK);
		crowd->client.live++;
	}
}

static bool all_open(void *user)
{
	const struct crowd *crowd = user;
	return crowd->client.open == STREAMS;
}

static bool events_came(void *user)
{
	const struct crowd *crowd = user;
	return crowd->events >= crowd->wanted;
}

static void assert_each(const struct crowd *crowd, uint32_t events, freshet_err err)
{
	for (size_t i = 0; i < STREAMS; i++) {
		const struct member *m = &crowd->members[i];
		assert_int_equal(m->opens, 1);
		assert_int_equal(m->events, events);
		assert_int_equal(m->out_of_order, 0);
		assert_int_equal(m->dones, 1);
		assert_int_equal(m->err, err);
	}
}

static void each_gets_every_event(void **state)
{
	struct emulator emulator;
	struct crowd crowd;
	freshet_counters counters;
	(void)state;
	emulator_start(&emulator);
	crowd_open(&crowd, emulator.port, "/events/tick?interval_ms=1000&bytes=40&count=3");
	client_run(&crowd.client, all_open, &crowd);
	counters = client_counters(&crowd.client);
	assert_int_equal(counters.streams, STREAMS);
	assert_int_equal(counters.waiting, 0);
	assert_int_equal(counters.connections, CONNECTIONS);
	for (size_t tick = 1; tick < TICKS; tick++) {
		let_a_second_pass(&emulator);
		crowd.wanted = STREAMS * tick;
		client_run(&crowd.client, events_came, &crowd);
		assert_int_equal(crowd.events, crowd.wanted);
		assert_int_equal(crowd.client.live, STREAMS);
	}
	let_a_second_pass(&emulator);
	client_run(&crowd.client, NULL, NULL);
	assert_each(&crowd, TICKS + 1, FRESHET_OK);
	counters = client_counters(&crowd.client);
	assert_int_equal(counters.events, STREAMS * (TICKS + 1));
	assert_int_equal(counters.connections_opened, CONNECTIONS);
	assert_int_equal(counters.reconnects, 0);
	assert_int_equal(counters.streams, 0);
	client_stop(&crowd.client);
	emulator_stop(&emulator);
	free(crowd.members);
}

/* Each hears of the reactor's end once, and nothing comes after it. */
static void each_hears_of_the_end(void **state)
{
	struct emulator emulator;
	struct crowd crowd;
	(void)state;
	emulator_start(&emulator);
	crowd_open(&crowd, emulator.port, "/events/idle");
	client_run(&crowd.client, all_open, &crowd);
	client_stop(&crowd.client);
	assert_each(&crowd, 0, FRESHET_ECANCELED);
	assert_int_equal(crowd.client.live, 0);
	emulator_stop(&emulator);
	free(crowd.members);
}

/* The emulator dies with all of them open: each is told, and one attempt was all they were allowed. */
static void each_hears_of_the_cut(void **state)
{
	struct emulator emulator;
	struct crowd crowd;
	freshet_counters counters;
	(void)state;
	emulator_start(&emulator);
	crowd_open(&crowd, emulator.port, "/events/idle");
	client_run(&crowd.client, all_open, &crowd);
	emulator_stop(&emulator);
	client_run(&crowd.client, NULL, NULL);
	assert_each(&crowd, 0, FRESHET_ECLOSED);
	counters = client_counters(&crowd.client);
	assert_int_equal(counters.connections_lost, CONNECTIONS);
	client_stop(&crowd.client);
	free(crowd.members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gets_every_event),
		cmocka_unit_test(each_hears_of_the_end),
		cmocka_unit_test(each_hears_of_the_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
