/*
 * The proxy, to the byte: a client and a server that are bare sockets, on its loop and in its thread.
 */
#include "support/test.h"

#include "mockd/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* No answer takes so many looks, each a millisecond and more. */
#define LOOKS_MAX 60000

enum talk_end { TALK_UP, TALK_FIN, TALK_RST };

/* One end of a connection and what came of the other. */
struct talk {
	int fd;
	char *got;
	size_t len;
	enum talk_end end;
};

static struct event_base *base;
static struct mockd_proxy *proxy;
static int listener;
static uint16_t server_port;
static struct talk client, server;

static int loopback_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	assert_true(fd >= 0);
	return fd;
}

static struct sockaddr_in at_port(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void start(const char *credentials)
{
	struct sockaddr_in address = at_port(0);
	socklen_t len = sizeof address;
	struct mockd_proxy_options options;
	char itself[64], alias[64];
	listener = loopback_socket(SOCK_NONBLOCK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	server_port = ntohs(address.sin_port);
	snprintf(itself, sizeof itself, "localhost:%u", server_port);
	snprintf(alias, sizeof alias, "Api.example.test:443=127.0.0.1:%u", server_port);
	const char *const targets[] = {itself, alias, "closed.example.test:443=127.0.0.1:1"};
	mockd_proxy_options_init(&options);
	options.targets = targets;
	options.target_count = COUNT(targets);
	options.credentials = credentials;
	base = event_base_new();
	assert_int_equal(mockd_proxy_new(base, &options, &proxy), FRESHET_OK);
}

static void talk_clear(struct talk *t)
{
	if (t->fd > 0)
		close(t->fd);
	free(t->got);
	*t = (struct talk){.fd = 0};
}

/* Also with tunnels open, which is part of what is tested. */
static int stop(void **state)
{
	(void)state;
	mockd_proxy_free(proxy);
	event_base_free(base);
	close(listener);
	talk_clear(&client);
	talk_clear(&server);
	return 0;
}

static void call(void)
{
	struct sockaddr_in address = at_port(mockd_proxy_port(proxy));
	talk_clear(&client);
	client.fd = loopback_socket(0);
	assert_int_equal(connect(client.fd, (struct sockaddr *)&address, sizeof address), 0);
	fcntl(client.fd, F_SETFL, O_NONBLOCK);
}

static void turn(void)
{
	struct pollfd nothing = {.fd = -1};
	event_base_loop(base, EVLOOP_NONBLOCK);
	poll(&nothing, 1, 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void hear(struct talk *t)
{
	t->got = realloc(t->got, t->len + 65537);
	assert_non_null(t->got);
	ssize_t n = recv(t->fd, t->got + t->len, 65536, 0);
	if (n > 0)
		t->len += (size_t)n;
	else if (n == 0)
		t->end = TALK_FIN;
	else if (errno != EAGAIN)
		t->end = TALK_RST;
	t->got[t->len] = '\0';
}

/* Hears until so many bytes are there, or the end. */
static void hear_out(struct talk *t, size_t len)
{
	for (int looks = 0; t->len < len && t->end == TALK_UP; looks++) {
		if (looks == LOOKS_MAX)
			fail_msg("%zu of %zu bytes came", t->len, len);
		event_base_loop(base, EVLOOP_NONBLOCK);
		size_t before = t->len;
		hear(t);
		if (t->len == before)
			turn();
	}
}

static void say_bytes(struct talk *t, const char *bytes, size_t len)
{
	assert_int_equal(send(t->fd, bytes, len, MSG_NOSIGNAL), len);
}

static void say(struct talk *t, const char *text)
{
	say_bytes(t, text, strlen(text));
}

static void expect(struct talk *t, const char *text)
{
	hear_out(t, strlen(text));
	assert_string_equal(t->got, text);
	t->len = 0;
}

static void take_server(void)
{
	talk_clear(&server);
	for (int looks = 0; (server.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0; looks++) {
		assert_in_range(looks, 0, LOOKS_MAX);
		turn();
	}
}

#define GRANTED "HTTP/1.1 200 Connection established\r\n\r\n"

/* A tunnel to the server. */
static void ask(void)
{
	call();
	say(&client, "CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\n\r\n");
	take_server();
	expect(&client, GRANTED);
}

static void bytes_go_both_ways(void **state)
{
	char byname[128];
	(void)state;
	start(NULL);
	ask();
	say(&client, "hello");
	expect(&server, "hello");
	say(&server, "and hello");
	expect(&client, "and hello");
	call();
	snprintf(byname, sizeof byname, "CONNECT LocalHost:%u HTTP/1.0\r\n\r\n", server_port);
	say(&client, byname);
	take_server();
	expect(&client, GRANTED);
}

/* The end of one side is passed on; what the other still says arrives. */
static void ends_are_passed_on(void **state)
{
	(void)state;
	start(NULL);
	ask();
	say(&client, "the last");
	shutdown(client.fd, SHUT_WR);
	hear_out(&server, SIZE_MAX);
	assert_string_equal(server.got, "the last");
	say(&server, "an answer");
	shutdown(server.fd, SHUT_WR);
	hear_out(&client, SIZE_MAX);
	assert_string_equal(client.got, "an answer");
	assert_int_equal(client.end, TALK_FIN);
	struct mockd_proxy_stats stats;
	mockd_proxy_get_stats(proxy, &stats);
	assert_int_equal(stats.open, 0);
	assert_int_equal(stats.granted, 1);
	assert_int_equal(stats.to_server, 8);
	assert_int_equal(stats.to_client, 9);
}

/* A request that comes byte by byte, and one with what is for the server behind it. */
static void any_cut_of_the_head(void **state)
{
	static const char head[] = "CONNECT api.example.test:443 HTTP/1.1\r\n\r\nfor the server";
	(void)state;
	start(NULL);
	for (size_t at = 0; at < sizeof head; at++) {
		call();
		say_bytes(&client, head, at);
		turn();
		say_bytes(&client, head + at, sizeof head - 1 - at);
		take_server();
		expect(&server, "for the server");
		expect(&client, GRANTED);
	}
}

static void refusals(void **state)
{
	static char long_head[9000];
	const struct {
		const char *request;
		const char *answer;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},
		{"\r\n\r\n", "HTTP/1.1 405 "},
		{"CONNECT \r\n\r\n", "HTTP/1.1 400 "},
		{"CONNECT api.example.test:443\r\n\r\n", "HTTP/1.1 400 "},
		{"CONNECT api.example.test:443 HTTP/2.0\r\n\r\n", "HTTP/1.1 400 "},
		{"CONNECT api.example.test:444 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 "},
		{"CONNECT api.example.test HTTP/1.1\r\n\r\n", "HTTP/1.1 403 "},
		{"CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 "},
		{"CONNECT closed.example.test:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 502 "},
		{long_head, "HTTP/1.1 431 "},
	};
	(void)state;
	start(NULL);
	memset(long_head, 'x', sizeof long_head - 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		call();
		say(&client, cases[i].request);
		hear_out(&client, SIZE_MAX);
		assert_int_equal(client.end, TALK_FIN);
		assert_memory_equal(client.got, cases[i].answer, strlen(cases[i].answer));
		assert_string_equal(client.got + client.len - 4, "\r\n\r\n");
	}
	assert_int_equal(accept(listener, NULL, NULL), -1);
}

static void credentials(void **state)
{
	/* "user:pass", and what comes near it. */
	static const char *const wrong[] = {"", "Proxy-Authorization: Basic dXNlcjpwYXNT\r\n",
		"Proxy-Authorization: Basic dXNlcjpwYXNz dXNlcjpwYXNz\r\n", "Proxy-Authorization: Basic\r\n",
		"Authorization: Basic dXNlcjpwYXNz\r\n", "Proxy-Authorization: Bearer dXNlcjpwYXNz\r\n"};
	static const char *const right[] = {"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n",
		"X: y\r\nproxy-authorization:  Basic dXNlcjpwYXNz \r\nZ: y\r\n"};
	static const char line[] = "CONNECT api.example.test:443 HTTP/1.1\r\n";
	(void)state;
	start("user:pass");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		call();
		say(&client, line);
		say(&client, wrong[i]);
		say(&client, "\r\n");
		hear_out(&client, SIZE_MAX);
		assert_memory_equal(client.got, "HTTP/1.1 407 ", 13);
		assert_non_null(strstr(client.got, "\r\nProxy-Authenticate: Basic realm="));
	}
	for (size_t i = 0; i < COUNT(right); i++) {
		call();
		say(&client, line);
		say(&client, right[i]);
		say(&client, "\r\n");
		take_server();
		expect(&client, GRANTED);
	}
}

static void set_fault(const char *text)
{
	assert_true(mockd_proxy_set_fault_text(proxy, text));
}

static void ask_in_vain(const char *answer)
{
	call();
	say(&client, "CONNECT api.example.test:443 HTTP/1.1\r\n\r\n");
	hear_out(&client, SIZE_MAX);
	assert_int_equal(client.end, TALK_FIN);
	assert_memory_equal(client.got, answer, strlen(answer) + (answer[0] == '\0'));
}

static void refusing_so_often(void **state)
{
	(void)state;
	start(NULL);
	set_fault("action=refuse status=429 times=2");
	ask_in_vain("HTTP/1.1 429 ");
	ask_in_vain("HTTP/1.1 429 ");
	ask();
	set_fault("action=refuse");
	ask_in_vain("HTTP/1.1 503 ");
	set_fault("action=work");
	ask();
	struct mockd_proxy_stats stats;
	mockd_proxy_get_stats(proxy, &stats);
	assert_int_equal(stats.struck, 3);
	assert_int_equal(stats.refused, 3);
	assert_int_equal(stats.granted, 2);
}

/* Exactly so many bytes come through, however they were sent, and the client's own are no reason to lose them. */
static void cutting_after_some_bytes(void **state)
{
	(void)state;
	start(NULL);
	set_fault("action=cut");
	ask_in_vain("");
	for (size_t after = 1; after < 10; after++) {
		const struct mockd_proxy_fault fault = {.action = MOCKD_PROXY_CUT, .after = after};
		assert_true(mockd_proxy_set_fault(proxy, &fault));
		ask();
		say(&client, "something that nobody reads");
		say(&server, "0123");
		turn();
		/* The proxy may have ended that connection by now. */
		(void)!send(server.fd, "456789", 6, MSG_NOSIGNAL);
		hear_out(&client, SIZE_MAX);
		assert_int_equal(client.end, TALK_FIN);
		assert_int_equal(client.len, after);
		assert_memory_equal(client.got, "0123456789", after);
		hear_out(&server, SIZE_MAX);
		assert_int_not_equal(server.end, TALK_UP);
	}
}

static void hanging(void **state)
{
	(void)state;
	start(NULL);
	set_fault("action=hang after=4 times=1");
	ask();
	struct talk first = client;
	client = (struct talk){.fd = 0};
	say(&server, "0123456789");
	expect(&first, "0123");
	/* Whoever comes later is served meanwhile, and what hangs says nothing. */
	ask();
	say(&server, "at once");
	expect(&client, "at once");
	hear(&first);
	assert_int_equal(first.len, 0);
	assert_int_equal(first.end, TALK_UP);
	talk_clear(&first);
	set_fault("action=hang");
	call();
	say(&client, "CONNECT api.example.test:443 HTTP/1.1\r\n\r\n");
	turn();
	hear(&client);
	assert_int_equal(client.len, 0);
	assert_int_equal(client.end, TALK_UP);
}

/* A client that does not read stops the server, and loses nothing by it. */
static void back_pressure(void **state)
{
	const size_t most = (size_t)64 * 1024 * 1024;
	static char part[65536];
	size_t sent = 0;
	struct mockd_proxy_stats stats;
	(void)state;
	start(NULL);
	ask();
	/* Nothing moves any more when neither the sockets nor the proxy take more. */
	for (int quiet = 0; quiet < 50 && sent < most;) {
		for (size_t i = 0; i < sizeof part; i++)
			part[i] = (char)((sent + i) * 7 + (sent + i) / 251);
		ssize_t n = send(server.fd, part, sizeof part, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		quiet = n > 0 ? 0 : quiet + 1;
		if (n < 0)
			turn();
	}
	assert_in_range(sent, 1, most - 1);
	shutdown(server.fd, SHUT_WR);
	hear_out(&client, SIZE_MAX);
	assert_int_equal(client.len, sent);
	for (size_t i = 0; i < sent; i++)
		if (client.got[i] != (char)(i * 7 + i / 251))
			fail_msg("byte %zu is another", i);
	mockd_proxy_get_stats(proxy, &stats);
	assert_int_equal(stats.to_client, sent);
}

static void nonsense(void **state)
{
	static const char *const targets[] = {"", "localhost", "localhost:0", "localhost:99999", "10.0.0.1:80",
		"a.example:80", "a.example:80=", "=127.0.0.1:80", "a.example:80=10.0.0.1:80", "a.example:80=127.0.0.1",
		"a.example:80=[2001:db8::1]:80"};
	static const char *const faults[] = {"action=sing", "action", "status=200", "status=1000", "after=-1",
		"after=x", "times=5000000000", "after=1x", "else=1"};
	struct mockd_proxy_options options;
	struct mockd_proxy *other;
	(void)state;
	start(NULL);
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_false(mockd_proxy_lead(proxy, targets[i]));
		mockd_proxy_options_init(&options);
		options.targets = &targets[i];
		options.target_count = 1;
		assert_int_equal(mockd_proxy_new(base, &options, &other), FRESHET_EINVAL);
		assert_null(other);
	}
	for (size_t i = 0; i < COUNT(faults); i++)
		assert_false(mockd_proxy_set_fault_text(proxy, faults[i]));
	assert_true(mockd_proxy_lead(proxy, "[::1]:80"));
	assert_true(mockd_proxy_lead(proxy, "127.0.0.1:80"));
	options = (struct mockd_proxy_options){.port = mockd_proxy_port(proxy)};
	assert_int_equal(mockd_proxy_new(base, &options, &other), FRESHET_ESYSTEM);
	ask();
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_go_both_ways),
		TEST(ends_are_passed_on),
		TEST(any_cut_of_the_head),
		TEST(refusals),
		TEST(credentials),
		TEST(refusing_so_often),
		TEST(cutting_after_some_bytes),
		TEST(hanging),
		TEST(back_pressure),
		TEST(nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
