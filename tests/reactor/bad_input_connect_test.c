/*
 * Hosts that cannot be reached: names that do not resolve in every way, ports that nobody listens on, addresses that
 * swallow what is sent to them, a process without descriptors. Each stream hears which it was; nothing was sent, so
 * that everything may be tried again; a stream elsewhere goes on as if nothing had happened.
 */
#include "support/blackhole.h"
#include "support/nameserver.h"
#include "support/neighbour.h"
#include "support/process.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_done(void *user)
{
	const struct follower *f = user;
	return f->dones > 0;
}

static freshet_endpoint *endpoint(struct client *client, const char *host, uint16_t port, uint64_t connect_timeout_ms)
{
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	client_endpoint_options(&o, &(struct client_url){"http", host, port, NULL}, url);
	o.connect_timeout_ms = connect_timeout_ms;
	assert_int_equal(freshet_endpoint_new(client->reactor, &o, &e), FRESHET_OK);
	return e;
}

static void assert_unreachable(const struct follower *f, freshet_err err, const char *words)
{
	if (f->end.outcome.err != err || strstr(f->end.text, words) == NULL)
		fail_msg("%s \"%s\" instead of %s \"%s\"", freshet_err_name(f->end.outcome.err), f->end.text,
			freshet_err_name(err), words);
	assert_true(f->end.outcome.unprocessed);
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->opens, 0);
}

static void closed_port(void **state)
{
	struct client client;
	struct neighbour neighbour;
	struct follower f = {0};
	freshet_counters counters;
	char words[64];
	uint16_t port = free_port();
	(void)state;
	client_start(&client, NULL);
	neighbour_start(&neighbour, &client);
	client_follow(&client, endpoint(&client, "127.0.0.1", port, 0), "/", &f);
	client_run(&client, is_done, &f);
	snprintf(words, sizeof words, "127.0.0.1:%u: Connection refused", port);
	assert_unreachable(&f, FRESHET_ECONNECT, words);
	assert_int_equal(f.end.outcome.system_errno, ECONNREFUSED);
	neighbour_finish(&neighbour, NULL);
	counters = client_counters(&client);
	assert_int_equal(counters.connections_failed, 1);
	client_stop(&client);
}

static void full_queue(void **state)
{
	struct client client;
	struct neighbour neighbour;
	struct blackhole hole;
	struct follower f = {0};
	(void)state;
	blackhole_open(&hole, "127.0.0.1", 0);
	client_start(&client, NULL);
	neighbour_start(&neighbour, &client);
	client_follow(&client, endpoint(&client, "127.0.0.1", hole.port, 60), "/", &f);
	client_run(&client, is_done, &f);
	assert_unreachable(&f, FRESHET_ECONNECT_TIMEOUT, "no connection within the connect limit");
	neighbour_finish(&neighbour, NULL);
	client_stop(&client);
	blackhole_close(&hole);
}

/* A POST to where nobody listens: sent again as often as it may be, since nothing ever arrived. */
static void post_to_a_closed_port(void **state)
{
	struct client client;
	struct reply reply;
	freshet_request_options o;
	(void)state;
	client_start(&client, NULL);
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/";
	o.body = freshet_str_of("{}");
	client_send(&client, endpoint(&client, "127.0.0.1", free_port(), 0), &o, &reply);
	client_run(&client, NULL, NULL);
	assert_string_equal(freshet_err_name(reply.outcome.outcome.err), "FRESHET_ECONNECT");
	assert_int_equal(reply.outcome.outcome.attempts, 3);
	assert_int_equal(reply.status, 0);
	client_stop(&client);
}

struct lookup_case {
	const char *host;
	freshet_err err;
	const char *words;
	uint64_t connect_timeout_ms; /* 0: the default */
};

/* All at once on one reactor, which asks one name server for all of them. */
static void names_that_do_not_resolve(void **state)
{
	static const struct lookup_case cases[] = {
		{"nxdomain.test", FRESHET_ERESOLVE, "the host name does not resolve: ", 0},
		{"servfail.test", FRESHET_ERESOLVE, "the host name does not resolve: ", 0},
		{"refused.test", FRESHET_ERESOLVE, "the host name does not resolve: ", 0},
		{"empty.test", FRESHET_ERESOLVE, "the host name does not resolve: ", 0},
		{"silent.test", FRESHET_ECONNECT_TIMEOUT, "no connection within", 100},
		{"garbage.test", FRESHET_ECONNECT_TIMEOUT, "no connection within", 100},
		{"short.test", FRESHET_ERESOLVE, "the host name does not resolve: ", 0},
		{"pointer.test", FRESHET_ERESOLVE, "the host name does not resolve: ", 0},
		{"stranger.test", FRESHET_ECONNECT_TIMEOUT, "no connection within", 100},
	};
	const size_t count = sizeof cases / sizeof cases[0];
	struct follower f[sizeof cases / sizeof cases[0]] = {{0}};
	struct nameserver *names = nameserver_start();
	struct client client;
	struct neighbour neighbour;
	freshet_reactor_options o;
	(void)state;
	freshet_reactor_options_init(&o);
	o.dns_server = nameserver_address(names);
	client_start(&client, &o);
	neighbour_start(&neighbour, &client);
	for (size_t i = 0; i < count; i++)
		client_follow(&client, endpoint(&client, cases[i].host, 80, cases[i].connect_timeout_ms), "/", &f[i]);
	for (size_t i = 0; i < count; i++)
		client_run(&client, is_done, &f[i]);
	for (size_t i = 0; i < count; i++) {
		assert_unreachable(&f[i], cases[i].err, cases[i].words);
		assert_non_null(strstr(f[i].end.text, cases[i].host));
	}
	neighbour_finish(&neighbour, NULL);
	client_stop(&client);
	nameserver_stop(names);
}

static void serve_one_event(struct peer_conn *c, void *user)
{
	(void)user;
	peer_greet(c);
	uint32_t id = peer_request(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: hello\n\n");
	peer_end(c, id);
	peer_listen(c);
}

static void follow_by_name(const char *host, uint16_t port, uint64_t connect_timeout_ms, struct follower *f)
{
	struct nameserver *names = nameserver_start();
	struct client client;
	freshet_reactor_options o;
	freshet_reactor_options_init(&o);
	o.dns_server = nameserver_address(names);
	client_start(&client, &o);
	client_follow(&client, endpoint(&client, host, port, connect_timeout_ms), "/", f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	nameserver_stop(names);
}

/* Of the three addresses one swallows everything and one refuses; the third is found all the same. */
static void names_that_resolve(void **state)
{
	static const char *const hosts[] = {"one.test", "late.test", "several.test"};
	struct blackhole hole;
	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct follower f = {0};
		struct peer *peer = peer_start(serve_one_event, NULL, NULL);
		blackhole_open(&hole, "127.0.0.9", peer_port(peer));
		follow_by_name(hosts[i], peer_port(peer), 0, &f);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_string_equal(f.last_data, "hello");
		blackhole_close(&hole);
		peer_stop(peer);
	}
}

static void names_of_nobody(void **state)
{
	struct follower f = {0};
	struct blackhole hole;
	(void)state;
	follow_by_name("elsewhere.test", free_port(), 0, &f);
	assert_unreachable(&f, FRESHET_ECONNECT, "Connection refused");
	follow_by_name("many.test", free_port(), 0, &f);
	assert_unreachable(&f, FRESHET_ECONNECT, "Connection refused");
	blackhole_open(&hole, "127.0.0.9", 0);
	follow_by_name("elsewhere.test", hole.port, 60, &f);
	assert_unreachable(&f, FRESHET_ECONNECT_TIMEOUT, "no connection within");
	blackhole_close(&hole);
}

/* The reactor goes while names are being looked up and addresses tried, in each way in which it can. */
static void free_and_turn(struct client *client)
{
	freshet_reactor_free(client->reactor);
	assert_int_not_equal(event_base_loop(client->base, EVLOOP_NONBLOCK), -1);
}

static void on_closed(void *user)
{
	struct client *client = user;
	event_base_loopbreak(client->base);
}

static void close_and_wait(struct client *client)
{
	freshet_reactor_close(client->reactor, on_closed, client);
	assert_int_equal(event_base_dispatch(client->base), 0);
}

static void end_while_dialing(void **state)
{
	static const char *const hosts[] = {"silent.test", "several.test", "127.0.0.9"};
	static void (*const ways[])(struct client * client) = {free_and_turn, close_and_wait};
	struct nameserver *names = nameserver_start();
	struct blackhole hole;
	(void)state;
	blackhole_open(&hole, "127.0.0.9", 0);
	for (size_t i = 0; i < 6; i++) {
		struct client client;
		struct neighbour neighbour;
		struct follower f = {0};
		freshet_reactor_options o;
		freshet_reactor_options_init(&o);
		o.dns_server = nameserver_address(names);
		client_start(&client, &o);
		client_follow(&client, endpoint(&client, hosts[i % 3], hole.port, 0), "/", &f);
		/* The neighbour's coming and going gives the lookup time to be on its way. */
		neighbour_start(&neighbour, &client);
		neighbour_finish(&neighbour, NULL);
		ways[i / 3](&client);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_ECANCELED");
		assert_int_equal(f.dones, 1);
		client.reactor = NULL;
		client_stop(&client);
	}
	blackhole_close(&hole);
	nameserver_stop(names);
}

static void count_done(freshet_stream *s, const freshet_stream_end *end, void *user)
{
	(void)s;
	(void)end;
	++*(unsigned *)user;
}

static void ignore_event(freshet_stream *s, const freshet_event *event, void *user)
{
	(void)s;
	(void)event;
	(void)user;
}

static void stop(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	freshet_reactor_stop(user);
}

/* The same on the reactor's own loop. */
static void end_while_looking_up_on_an_own_loop(void **state)
{
	struct nameserver *names = nameserver_start();
	struct timeval soon = {0, 10000};
	freshet_reactor_options ro;
	freshet_endpoint_options eo;
	freshet_stream_options so;
	freshet_reactor *r;
	freshet_endpoint *e;
	freshet_stream *s;
	unsigned dones = 0;
	(void)state;
	freshet_reactor_options_init(&ro);
	freshet_endpoint_options_init(&eo);
	freshet_stream_options_init(&so);
	ro.dns_server = nameserver_address(names);
	eo.url = "https://silent.test";
	so.path = "/";
	so.callbacks = (freshet_stream_callbacks){NULL, ignore_event, NULL, count_done};
	so.user = &dones;
	assert_int_equal(freshet_reactor_new(&ro, &r), FRESHET_OK);
	assert_int_equal(freshet_endpoint_new(r, &eo, &e), FRESHET_OK);
	assert_int_equal(freshet_stream_open(e, &so, &s), FRESHET_OK);
	assert_int_equal(event_base_once(freshet_reactor_base(r), -1, EV_TIMEOUT, stop, r, &soon), 0);
	assert_int_equal(freshet_reactor_run(r), FRESHET_OK);
	assert_int_equal(dones, 0);
	freshet_reactor_free(r);
	assert_int_equal(dones, 1);
	nameserver_stop(names);
}

static void no_name_server(void **state)
{
	static const char *const wrong[] = {"", "nobody", "127.0.0.1:99999", "127.0.0.1:x", "1.2.3", "[::1"};
	freshet_reactor_options o;
	freshet_reactor *r;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		freshet_reactor_options_init(&o);
		o.dns_server = wrong[i];
		assert_int_equal(freshet_reactor_new(&o, &r), FRESHET_EINVAL);
		assert_null(r);
	}
}

/* Every descriptor of the process is taken when the stream wants one. */
static void no_descriptors(void **state)
{
	struct client client;
	struct neighbour neighbour;
	struct follower f = {0};
	struct rlimit before, none;
	(void)state;
	struct peer *peer = peer_start(serve_one_event, NULL, NULL);
	client_start(&client, NULL);
	neighbour_start(&neighbour, &client);
	int next = dup(0);
	assert_int_not_equal(next, -1);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){(rlim_t)next, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	client_follow(&client, endpoint(&client, "127.0.0.1", peer_port(peer), 0), "/", &f);
	client_run(&client, is_done, &f);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_unreachable(&f, FRESHET_EDESCRIPTORS, "");
	assert_int_equal(f.end.outcome.system_errno, EMFILE);
	neighbour_finish(&neighbour, NULL);
	client_stop(&client);
	peer_stop(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_port),
		cmocka_unit_test(full_queue),
		cmocka_unit_test(post_to_a_closed_port),
		cmocka_unit_test(names_that_do_not_resolve),
		cmocka_unit_test(names_that_resolve),
		cmocka_unit_test(names_of_nobody),
		cmocka_unit_test(end_while_dialing),
		cmocka_unit_test(end_while_looking_up_on_an_own_loop),
		cmocka_unit_test(no_name_server),
		cmocka_unit_test(no_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
