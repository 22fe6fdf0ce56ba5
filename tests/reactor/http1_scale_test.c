/*
 * Five thousand streams over HTTP/1.1, each with a connection of its own, and what happens when the process has no
 * descriptor left for another one. The server is another process; it goes on only when the test says so.
 */
#include "support/client.h"
#include "support/h1server.h"
#include "support/process.h"
#include "support/test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define STREAMS ((size_t)5000)

/* What an idle stream may cost with its connection, everything counted. */
#define BYTES_PER_STREAM 3072

struct server {
	struct process process;
	int commands[2]; /* 'e': an event for every stream; 'f': the last one, and the end */
	int ports[2];
	uint16_t port;
};

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	if (strcmp(q->target, "/events") == 0)
		h1server_write(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
				  "\r\nd\r\nid: 1\ndata:\n\n\r\n");
	else
		h1server_reply(c, 200, "", "ok");
}

static void on_command(evutil_socket_t fd, short what, void *user)
{
	struct h1server *s = user;
	char command;
	(void)what;
	if (read(fd, &command, 1) != 1)
		_exit(0);
	for (struct h1server_conn *c = s->conns; c != NULL; c = c->next) {
		if (!c->asked)
			continue;
		h1server_write(c, "d\r\nid: 2\ndata:\n\n\r\n");
		if (command == 'f')
			h1server_write(c, "0\r\n\r\n");
		c->asked = command != 'f';
	}
}

/* As many descriptors as this machine allows. */
static rlim_t raise_limit(void)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur;
}

static void run_server(void *user)
{
	struct server *s = user;
	struct h1server server;
	struct event_base *base = event_base_new();
	close(s->commands[1]);
	h1server_open(&server, base, answer, NULL);
	struct event *command = event_new(base, s->commands[0], EV_READ | EV_PERSIST, on_command, &server);
	if (write(s->ports[1], &server.port, sizeof server.port) != sizeof server.port || event_add(command, NULL) != 0)
		_exit(1);
	event_base_dispatch(base);
}

static void server_start(struct server *s)
{
	assert_int_equal(pipe(s->commands), 0);
	assert_int_equal(pipe(s->ports), 0);
	process_fork(&s->process, run_server, s);
	close(s->ports[1]);
	close(s->commands[0]);
	assert_int_equal(read(s->ports[0], &s->port, sizeof s->port), sizeof s->port);
}

static void server_stop(struct server *s)
{
	close(s->commands[1]);
	close(s->ports[0]);
	process_end(&s->process);
}

static void command(const struct server *s, char what)
{
	assert_int_equal(write(s->commands[1], &what, 1), 1);
}

struct crowd;

/* Small, since there are so many. */
struct member {
	struct crowd *crowd;
	freshet_stream *stream;
	uint32_t events;
	uint32_t cuts;
	uint32_t dones;
	freshet_err err;
	int system_errno;
};

struct crowd {
	struct client client; /* `live` and `open` are counted here */
	freshet_endpoint *endpoint;
	struct member *members;
	size_t count;
	size_t ended;
	uint64_t events;
	uint64_t wanted;
};

static void on_open(freshet_stream *s, void *user)
{
	struct member *m = user;
	(void)s;
	m->crowd->client.open++;
}

static void on_event(freshet_stream *s, const freshet_event *event, void *user)
{
	struct member *m = user;
	(void)s;
	(void)event;
	m->events++;
	m->crowd->events++;
}

static void on_cut(freshet_stream *s, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct member *m = user;
	(void)s;
	(void)cause;
	(void)retry_ms;
	m->cuts++;
}

static void on_done(freshet_stream *s, const freshet_stream_end *end, void *user)
{
	struct member *m = user;
	(void)s;
	m->dones++;
	m->err = end->outcome.err;
	m->system_errno = end->outcome.system_errno;
	m->stream = NULL;
	m->crowd->ended++;
	m->crowd->client.live--;
}

static void crowd_start(struct crowd *crowd, uint16_t port, size_t count)
{
	char url[128];
	freshet_endpoint_options o;
	memset(crowd, 0, sizeof *crowd);
	client_start(&crowd->client, NULL);
	crowd->members = calloc(count, sizeof *crowd->members);
	assert_non_null(crowd->members);
	client_endpoint_options(&o, &(struct client_url){"http", "127.0.0.1", port, NULL}, url);
	o.protocol = FRESHET_PROTOCOL_AUTO;
	assert_int_equal(freshet_endpoint_new(crowd->client.reactor, &o, &crowd->endpoint), FRESHET_OK);
}

static void crowd_open(struct crowd *crowd, size_t count)
{
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/events";
	o.callbacks = (freshet_stream_callbacks){on_open, on_event, on_cut, on_done};
	for (size_t i = 0; i < count; i++) {
		struct member *m = &crowd->members[crowd->count++];
		m->crowd = crowd;
		o.user = m;
		assert_int_equal(freshet_stream_open(crowd->endpoint, &o, &m->stream), FRESHET_OK);
		crowd->client.live++;
	}
}

static void crowd_stop(struct crowd *crowd)
{
	client_stop(&crowd->client);
	free(crowd->members);
}

static bool all_seen(void *user)
{
	const struct crowd *crowd = user;
	return crowd->events == crowd->wanted;
}

static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool memory_can_be_measured(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return false;
#else
	return true;
#endif
#else
	return true;
#endif
}

static void five_thousand_streams(void **state)
{
	struct server server;
	struct crowd crowd;
	struct reply reply;
	(void)state;
	if (raise_limit() < STREAMS + 100) {
		print_message("SKIPPED: this machine allows too few descriptors\n");
		skip();
	}
	server_start(&server);
	crowd_start(&crowd, server.port, STREAMS);
	/* What the first of them makes is not the price of the others. */
	crowd_open(&crowd, 100);
	crowd.wanted = 100;
	client_run(&crowd.client, all_seen, &crowd);
	size_t before = resident_bytes();
	crowd_open(&crowd, STREAMS - 100);
	crowd.wanted = STREAMS;
	client_run(&crowd.client, all_seen, &crowd);
	size_t each = (resident_bytes() - before) / (STREAMS - 100);
	print_message("%zu bytes for an idle stream with its connection\n", each);
	if (memory_can_be_measured())
		assert_in_range(each, 1, BYTES_PER_STREAM);
	freshet_counters now = client_counters(&crowd.client);
	assert_int_equal(now.connections, STREAMS);
	assert_int_equal(now.connections_opened, STREAMS);
	assert_int_equal(now.connections_failed + now.connections_lost + now.waiting, 0);
	/* Requests find a connection among them. */
	for (int i = 0; i < 100; i++) {
		client_get(&crowd.client, crowd.endpoint, "/", &reply);
		while (reply.dones == 0)
			event_base_loop(crowd.client.base, EVLOOP_ONCE);
		assert_string_equal(reply.body, "ok");
	}
	now = client_counters(&crowd.client);
	assert_int_equal(now.connections_opened, STREAMS + 1);
	command(&server, 'e');
	crowd.wanted = 2 * STREAMS;
	client_run(&crowd.client, all_seen, &crowd);
	command(&server, 'f');
	client_run(&crowd.client, NULL, NULL);
	for (size_t i = 0; i < STREAMS; i++) {
		assert_int_equal(crowd.members[i].dones, 1);
		assert_int_equal(crowd.members[i].events, 3);
		assert_int_equal(crowd.members[i].cuts, 0);
		assert_int_equal(crowd.members[i].err, FRESHET_OK);
	}
	crowd_stop(&crowd);
	server_stop(&server);
}

/* A limit that leaves so many descriptors. */
static rlim_t limit_that_leaves(size_t room)
{
	rlim_t limit = 0;
	for (; room > 0; limit++)
		room -= fcntl((int)limit, F_GETFD) < 0;
	return limit;
}

static void limit_to(rlim_t descriptors)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = descriptors;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

#define ROOM 50

static bool each_is_settled(void *user)
{
	const struct crowd *crowd = user;
	return crowd->events + crowd->ended == crowd->count;
}

/*
 * Those for whom there is no descriptor hear so, and are not left waiting for streams that never end; the others never
 * notice, and when there is room again it is used.
 */
static void without_descriptors(void **state)
{
	struct server server;
	struct crowd crowd;
	size_t failed = 0;
	(void)state;
	server_start(&server);
	crowd_start(&crowd, server.port, 5 * ROOM);
	limit_to(limit_that_leaves(ROOM));
	crowd_open(&crowd, 4 * ROOM);
	client_run(&crowd.client, each_is_settled, &crowd);
	for (size_t i = 0; i < crowd.count; i++) {
		const struct member *m = &crowd.members[i];
		assert_int_equal(m->events + m->dones, 1);
		if (m->dones == 0)
			continue;
		failed++;
		assert_string_equal(freshet_err_name(m->err), "FRESHET_EDESCRIPTORS");
		assert_int_equal(m->system_errno, EMFILE);
	}
	assert_int_equal(failed, 3 * ROOM);
	/* Nobody dialed again and again. */
	freshet_counters now = client_counters(&crowd.client);
	assert_in_range(now.connections_failed, 1, 4 * ROOM);
	assert_int_equal(now.connections, ROOM);
	raise_limit();
	crowd_open(&crowd, ROOM);
	crowd.wanted = crowd.events + ROOM;
	client_run(&crowd.client, all_seen, &crowd);
	command(&server, 'f');
	client_run(&crowd.client, NULL, NULL);
	assert_int_equal(crowd.events, (uint64_t)4 * ROOM);
	crowd_stop(&crowd);
	server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_thousand_streams),
		cmocka_unit_test(without_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
