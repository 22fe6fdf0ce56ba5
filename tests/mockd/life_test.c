/*
 * Beginning and end: options that make no sense, several emulators on one loop, clients that leave in every state, and
 * the end with everything open. The sanitizers see what is left behind.
 */
#include "support/caller.h"
#include "support/mock_world.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void options_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct mockd *m = (struct mockd *)(void *)base;
	struct mockd_options o = mock_options();
	assert_int_equal(mockd_new(NULL, &o, &m), FRESHET_EINVAL);
	assert_null(m);
	o.address = "localhost";
	assert_int_equal(mockd_new(base, &o, &m), FRESHET_EINVAL);
	o = mock_options();
	o.clock_scale = 0;
	assert_int_equal(mockd_new(base, &o, &m), FRESHET_EINVAL);
	o = mock_options();
	o.poll_ms = 0;
	assert_int_equal(mockd_new(base, &o, &m), FRESHET_EINVAL);
	o = mock_options();
	o.address = "192.0.2.1";
	assert_int_equal(mockd_new(base, &o, &m), FRESHET_ESYSTEM);
	mockd_free(NULL);
	event_base_free(base);
}

/* Whoever leads the clock by hand can go from one thing to the next and misses none. */
static void what_is_due_next_is_told(void **state)
{
	(void)state;
	mock_open(NULL);
	/* The probe's connection does not keep the emulator busy. */
	probe_close(mock.probe);
	mock.probe = NULL;
	while (mockd_due_ms(mock.mockd) != UINT64_MAX)
		mockd_advance(mock.mockd, mockd_due_ms(mock.mockd) - mockd_now_ms(mock.mockd));
	mock_session("script:success rows=3");
	unsigned steps = 0;
	for (uint64_t due_ms; (due_ms = mockd_due_ms(mock.mockd)) != UINT64_MAX; steps++) {
		assert_true(due_ms >= mockd_now_ms(mock.mockd));
		mockd_advance(mock.mockd, due_ms - mockd_now_ms(mock.mockd));
		assert_true(mockd_now_ms(mock.mockd) == due_ms);
		assert_true(mockd_due_ms(mock.mockd) > due_ms);
	}
	/* Its stages, three rows and the end, each at its time. */
	assert_true(steps > 4);
}

static void several_share_a_loop(void **state)
{
	(void)state;
	mock_open(NULL);
	struct mockd_options options = mock_options();
	options.address = "127.0.0.2";
	struct mockd *second;
	assert_int_equal(mockd_new(mock.base, &options, &second), FRESHET_OK);
	assert_memory_equal(mockd_url(second), "http://127.0.0.2:", 17);
	mockd_free(second);
	options.address = "127.0.0.1";
	assert_int_equal(mockd_new(mock.base, &options, &second), FRESHET_OK);
	assert_true(mockd_port(second) != mockd_port(mock.mockd));
	struct probe *other = probe_open(mock.base, mockd_port(second), NULL);
	struct reply *r = probe_send(other, "GET", "/sessions", NULL, NULL);
	mock_session("script:lost");
	probe_until_end(other, r);
	assert_string_equal(r->body, "{\"data\": []}");
	mockd_free(second);
	probe_until_down(other);
	probe_close(other);
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
}

static void settings_are_sent(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.max_concurrent_streams = 7;
	options.initial_window = 12345;
	mock_open(&options);
	mock_ask("GET", "/health", NULL);
	assert_int_equal(probe_setting(mock.probe, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 7);
	assert_int_equal(probe_setting(mock.probe, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 12345);
}

static void it_ends_with_everything_open(void **state)
{
	(void)state;
	mock_open(NULL);
	mockd_random_cuts(mock.mockd, 1, 50);
	mockd_fault_add_text(mock.mockd, "action=delay ms=100000 method=PUT", NULL, 0);
	mockd_fault_add_text(mock.mockd, "moment=answer action=delay ms=100000 skip=3", NULL, 0);
	mockd_fault_add_text(mock.mockd, "moment=event at=50 action=insert sample=unknown times=0", NULL, 0);
	const char *id = mock_session("script:success rows=100000 row_ms=10");
	for (int i = 0; i < 3; i++)
		mock_stream(id, 0);
	probe_send(mock.probe, "PUT", "/sessions", NULL, "{}");
	probe_send(mock.probe, "GET", "/events/tick?interval_ms=7", NULL, NULL);
	probe_send(mock.probe, "GET", "/events/bulk?total_bytes=1000000000", NULL, NULL);
	probe_send(mock.probe, "GET", "/events/idle", NULL, NULL);
	probe_settle(mock.probe);
	mockd_advance(mock.mockd, 3000);
}

static void clients_may_leave_in_any_state(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = mock_session("script:success rows=1000 row_ms=10");
	for (int n = 0; n < 6; n++) {
		for (int i = 0; i < n; i++)
			mock_stream(id, 0);
		struct reply *r = probe_send(mock.probe, "GET", "/events/bulk?total_bytes=100000000", NULL, NULL);
		if (n % 2 == 0)
			probe_settle(mock.probe);
		if (n % 3 == 0)
			probe_reset(mock.probe, r);
		mock_reconnect();
		mock_pass(700);
	}
	struct mockd_stats stats;
	mockd_get_stats(mock.mockd, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.exchanges, 0);
	assert_int_equal(stats.accepted, 7);
}

/* Connects and says just that. */
static int connect_raw(const void *bytes, size_t len)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(mockd_port(mock.mockd))};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
	return fd;
}

static void nonsense_from_clients_ends_their_connection_alone(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *stream = mock_stream(mock_session("script:lost"), 0);
	static const char good[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxxxxxxxxxxxxx"};
	for (size_t i = 0; i < 3; i++) {
		int fd = connect_raw(bad[i], strlen(bad[i]));
		probe_settle(mock.probe);
		shutdown(fd, SHUT_WR);
		probe_settle(mock.probe);
		close(fd);
	}
	/* Cut at every byte of a good beginning. */
	for (size_t len = 0; len < sizeof good; len++) {
		int fd = connect_raw(good, len);
		probe_settle(mock.probe);
		close(fd);
	}
	probe_settle(mock.probe);
	struct mockd_stats stats;
	mockd_get_stats(mock.mockd, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stream->end, REPLY_OPEN);
}

static void ten_thousand_streams_are_told_apart(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.max_concurrent_streams = 10000;
	mock_open(&options);
	static struct reply *replies[10000];
	for (size_t i = 0; i < 10000; i++)
		replies[i] = probe_send(
			mock.probe, "GET", i % 2 ? "/events/tick?interval_ms=100" : "/events/idle", NULL, NULL);
	probe_settle(mock.probe);
	struct mockd_stats stats;
	mockd_get_stats(mock.mockd, &stats);
	assert_int_equal(stats.exchanges, 10000);
	mock_pass(200);
	for (size_t i = 0; i < 10000; i++) {
		if (i % 2)
			probe_until(mock.probe, replies[i], "\nid: 2\n");
		else
			assert_int_equal(replies[i]->body_len, 0);
	}
	for (size_t i = 0; i < 10000; i += 3)
		probe_reset(mock.probe, replies[i]);
	probe_settle(mock.probe);
	mockd_get_stats(mock.mockd, &stats);
	assert_int_equal(stats.exchanges, 6666);
}

/* Who finds no descriptor waits until somebody else has gone, and is served then. */
static void without_descriptors_clients_wait(void **state)
{
	enum { CALLERS = 5, ACCEPTED = 2 };
	struct caller *callers[CALLERS];
	struct rlimit before, few;
	struct mockd_stats stats;
	(void)state;
	mock_open(NULL);
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	for (size_t i = 0; i < CALLERS; i++)
		callers[i] = caller_open(mock.base, mockd_port(mock.mockd), NULL);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)callers[CALLERS - 1]->fd + 1 + ACCEPTED;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int turn = 0; turn < 10; turn++)
		caller_turn(callers[0]);
	mockd_get_stats(mock.mockd, &stats);
	/* The probe's, and those that there is room for. */
	assert_true(stats.connections > 1 && stats.connections < 1 + CALLERS);
	for (size_t i = 0; i < CALLERS; i++) {
		caller_say(callers[i], "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
		caller_take(callers[i], "}}");
		caller_close(callers[i]);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_make_no_sense_are_refused),
		cmocka_unit_test_teardown(what_is_due_next_is_told, mock_close),
		TEST(several_share_a_loop),
		TEST(settings_are_sent),
		TEST(it_ends_with_everything_open),
		TEST(clients_may_leave_in_any_state),
		TEST(nonsense_from_clients_ends_their_connection_alone),
		TEST(without_descriptors_clients_wait),
		TEST(ten_thousand_streams_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
