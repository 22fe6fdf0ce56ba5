/*
 * Dialing: the first address that answers wins, each has a head start, and a failure says which address failed how.
 *
 * The addresses are of the loopback: a name server of the test gives them to a name. Head starts are not waited for: the
 * test fires the timer.
 */
#include "support/dnsserver.h"
#include "support/failmem.h"
#include "support/test.h"

#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct call {
	struct event_base *base;
	struct dnsserver dns;
	struct loop loop;
	struct dial *dial;
	struct dial_result result;
	unsigned told;
};

static void ignore(void *owner)
{
	(void)owner;
}

static void open_call(struct call *c)
{
	const struct loop_handlers handlers = {ignore, ignore, NULL};
	memset(c, 0, sizeof *c);
	c->base = event_base_new();
	dnsserver_open(&c->dns, c->base);
	assert_int_equal(loop_init(&c->loop, c->base, &handlers), FRESHET_OK);
	c->loop.dns_server = c->dns.address;
	c->dns.name = "host.test";
}

static void close_call(struct call *c)
{
	if (c->told > 0 && c->result.fd >= 0)
		close(c->result.fd);
	loop_clear(&c->loop);
	dnsserver_close(&c->dns);
	event_base_free(c->base);
}

static void told(const struct dial_result *result, void *user)
{
	struct call *c = user;
	c->told++;
	c->result = *result;
	c->dial = NULL;
}

/* A listener on a loopback address; port 0 lets the kernel choose. Returns the socket. */
static int listen_on(const char *address, uint16_t *port, int backlog)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(*port)};
	struct sockaddr *any = (struct sockaddr *)(void *)&to;
	socklen_t size = sizeof to;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
	assert_int_equal(bind(fd, any, sizeof to), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, any, &size), 0);
	*port = ntohs(to.sin_port);
	return fd;
}

static void start(struct call *c, const char *host, uint16_t port)
{
	const struct dial_target target = {.host = freshet_str_of(host), .port = port};
	assert_int_equal(dial_start(&c->loop, &target, told, c, &c->dial), FRESHET_OK);
	assert_int_equal(c->told, 0);
}

static void wait_for(struct call *c)
{
	while (c->told == 0)
		event_base_loop(c->base, EVLOOP_ONCE);
	assert_int_equal(c->told, 1);
}

static void a_number_is_reached(void **state)
{
	(void)state;
	struct call c;
	uint16_t port = 0;
	char expected[40];
	int listener = listen_on("127.0.0.1", &port, 5);
	open_call(&c);
	start(&c, "127.0.0.1", port);
	wait_for(&c);
	assert_int_equal(c.result.err, FRESHET_OK);
	assert_true(c.result.fd >= 0);
	snprintf(expected, sizeof expected, "127.0.0.1:%u", port);
	assert_string_equal(c.result.text, expected);
	assert_int_equal(c.result.system_errno, 0);
	close_call(&c);
	close(listener);
}

/* A peer that does not read: the system does not take megabytes for it. */
static void little_is_queued_that_is_not_sent(void **state)
{
	(void)state;
	static const char bytes[64 * 1024];
	struct call c;
	uint16_t port = 0;
	int unsent, fd = listen_on("127.0.0.1", &port, 1);
	open_call(&c);
	start(&c, "127.0.0.1", port);
	wait_for(&c);
	assert_int_equal(c.result.err, FRESHET_OK);
	while (send(c.result.fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	assert_int_equal(ioctl(c.result.fd, SIOCOUTQNSD, &unsent), 0);
	/* What was taken last may pass the mark, by one buffer of the system's. */
	assert_in_range(unsent, 1, (128 + 64) * 1024);
	close_call(&c);
	close(fd);
}

static void the_next_address_is_tried_when_one_refuses(void **state)
{
	(void)state;
	struct call c;
	uint16_t port = 0;
	char expected[40];
	int listener = listen_on("127.0.0.3", &port, 5);
	open_call(&c);
	c.dns.v4[0] = "127.0.0.1";
	c.dns.v4[1] = "127.0.0.2";
	c.dns.v4[2] = "127.0.0.3";
	start(&c, "host.test", port);
	wait_for(&c);
	assert_int_equal(c.result.err, FRESHET_OK);
	snprintf(expected, sizeof expected, "127.0.0.3:%u", port);
	assert_string_equal(c.result.text, expected);
	assert_int_equal(c.result.system_errno, 0);
	close_call(&c);
	close(listener);
}

static void none_accepts(void **state)
{
	(void)state;
	struct call c;
	uint16_t port = 0;
	char expected[100];
	close(listen_on("127.0.0.1", &port, 5));
	open_call(&c);
	c.dns.v4[0] = "127.0.0.1";
	c.dns.v4[1] = "127.0.0.2";
	start(&c, "host.test", port);
	wait_for(&c);
	assert_int_equal(c.result.err, FRESHET_ECONNECT);
	assert_int_equal(c.result.fd, -1);
	assert_int_equal(c.result.system_errno, ECONNREFUSED);
	snprintf(expected, sizeof expected, "127.0.0.2:%u: %s", port, strerror(ECONNREFUSED));
	assert_string_equal(c.result.text, expected);
	close_call(&c);
}

static void no_such_name(void **state)
{
	(void)state;
	struct call c;
	open_call(&c);
	start(&c, "other.test", 80);
	wait_for(&c);
	assert_int_equal(c.result.err, FRESHET_ERESOLVE);
	assert_int_equal(c.result.fd, -1);
	assert_true(strlen(c.result.text) > 0);
	close_call(&c);
}

struct first_case {
	enum dial_first first;
	const char *mark; /* %u is the port */
	const char *reached;
};

static const struct first_case firsts[] = {
	{DIAL_AS_LISTED, "", "127.0.0.1"},
	{DIAL_FROM, "127.0.0.1:%u", "127.0.0.1"},
	{DIAL_FROM, "127.0.0.2:%u", "127.0.0.2"},
	{DIAL_FROM, "127.0.0.3:%u", "127.0.0.3"},
	{DIAL_AFTER, "127.0.0.1:%u", "127.0.0.2"},
	{DIAL_AFTER, "127.0.0.2:%u", "127.0.0.3"},
	{DIAL_AFTER, "127.0.0.3:%u", "127.0.0.1"},
	/* The host has it no more. */
	{DIAL_FROM, "127.0.0.9:%u", "127.0.0.1"},
	{DIAL_AFTER, "127.0.0.9:%u", "127.0.0.1"},
};

/* "127.0.0.1:%u" with the port. */
static void with_port(char out[ADDRESS_TEXT_SIZE], const char *mark, uint16_t port)
{
	snprintf(out, ADDRESS_TEXT_SIZE, "%.*s", (int)strcspn(mark, "%"), mark);
	if (mark[0] != '\0')
		snprintf(out + strlen(out), ADDRESS_TEXT_SIZE - strlen(out), "%u", port);
}

static void another_address_may_go_first(void **state)
{
	(void)state;
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
	for (size_t n = 0; n < sizeof firsts / sizeof firsts[0]; n++) {
		struct call c;
		int listeners[3];
		uint16_t port = 0;
		char expected[40];
		open_call(&c);
		for (int i = 0; i < 3; i++) {
			listeners[i] = listen_on(addresses[i], &port, 5);
			c.dns.v4[i] = addresses[i];
		}
		struct dial_target target = {
			.host = freshet_str_of("host.test"), .port = port, .first = firsts[n].first};
		with_port(target.mark, firsts[n].mark, port);
		assert_int_equal(dial_start(&c.loop, &target, told, &c, &c.dial), FRESHET_OK);
		wait_for(&c);
		snprintf(expected, sizeof expected, "%s:%u", firsts[n].reached, port);
		assert_string_equal(c.result.text, expected);
		close_call(&c);
		for (int i = 0; i < 3; i++)
			close(listeners[i]);
	}
}

/* One that refuses is passed over, whichever goes first, and the others follow counted round. */
static void the_others_follow_counted_round(void **state)
{
	(void)state;
	struct call c;
	uint16_t port = 0;
	char expected[40];
	int listener = listen_on("127.0.0.2", &port, 5);
	open_call(&c);
	c.dns.v4[0] = "127.0.0.1";
	c.dns.v4[1] = "127.0.0.2";
	c.dns.v4[2] = "127.0.0.3";
	struct dial_target target = {.host = freshet_str_of("host.test"), .port = port, .first = DIAL_AFTER};
	with_port(target.mark, "127.0.0.2:%u", port);
	assert_int_equal(dial_start(&c.loop, &target, told, &c, &c.dial), FRESHET_OK);
	wait_for(&c);
	snprintf(expected, sizeof expected, "127.0.0.2:%u", port);
	assert_string_equal(c.result.text, expected);
	close_call(&c);
	close(listener);
}

static int fire_timer(const struct event_base *base, const struct event *event, void *fired)
{
	(void)base;
	struct timeval at;
	if (event_get_fd(event) >= 0 || event_pending(event, EV_TIMEOUT, &at) == 0)
		return 0;
	*(const struct event **)fired = event;
	return 1;
}

static int find_attempt(const struct event_base *base, const struct event *event, void *found)
{
	(void)base;
	*(bool *)found = event_get_fd(event) >= 0 && event_pending(event, EV_WRITE, NULL) != 0;
	return *(bool *)found;
}

/* Until the name is known and the first attempt is on its way. */
static void wait_for_attempt(struct call *c)
{
	bool found = false;
	while (event_base_foreach_event(c->base, find_attempt, &found), !found && c->told == 0)
		event_base_loop(c->base, EVLOOP_ONCE);
}

/* The head start is over, if it is not by itself on a machine that is busy. */
static void pass_head_start(struct call *c)
{
	union {
		const struct event *constant;
		struct event *event;
	} timer = {NULL};
	event_base_foreach_event(c->base, fire_timer, &timer.constant);
	if (timer.event != NULL)
		event_active(timer.event, EV_TIMEOUT, 0);
}

/* A listener whose queue is full: the kernel drops what comes, and a dial hangs. */
struct full {
	int listener;
	int waiting[2];
};

static void fill(struct full *f, const char *address, uint16_t *port)
{
	f->listener = listen_on(address, port, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(*port)};
	inet_pton(AF_INET, address, &to.sin_addr);
	for (int i = 0; i < 2; i++) {
		f->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(f->waiting[i], (struct sockaddr *)(void *)&to, sizeof to);
	}
}

static void unfill(struct full *f)
{
	close(f->waiting[0]);
	close(f->waiting[1]);
	close(f->listener);
}

static void one_that_hangs_does_not_hold_up_the_next(void **state)
{
	(void)state;
	struct call c;
	struct full full;
	uint16_t port = 0;
	char expected[40];
	fill(&full, "127.0.0.1", &port);
	int listener = listen_on("127.0.0.2", &port, 5);
	open_call(&c);
	c.dns.v4[0] = "127.0.0.1";
	c.dns.v4[1] = "127.0.0.2";
	start(&c, "host.test", port);
	wait_for_attempt(&c);
	pass_head_start(&c);
	wait_for(&c);
	assert_int_equal(c.result.err, FRESHET_OK);
	snprintf(expected, sizeof expected, "127.0.0.2:%u", port);
	assert_string_equal(c.result.text, expected);
	close_call(&c);
	close(listener);
	unfill(&full);
}

static void what_is_cancelled_is_not_told_and_leaves_nothing(void **state)
{
	(void)state;
	for (int turns = 0; turns < 8; turns++) {
		struct call c;
		struct full full;
		uint16_t port = 0;
		failmem_off();
		failmem_arm(0);
		fill(&full, "127.0.0.1", &port);
		open_call(&c);
		c.dns.v4[0] = "127.0.0.1";
		c.dns.v4[1] = "127.0.0.2";
		start(&c, turns % 2 == 0 ? "host.test" : "127.0.0.1", port);
		for (int turn = 0; turn < turns; turn++)
			event_base_loop(c.base, EVLOOP_NONBLOCK);
		assert_int_equal(c.told, 0);
		dial_cancel(c.dial);
		for (int turn = 0; turn < 8; turn++)
			event_base_loop(c.base, EVLOOP_NONBLOCK);
		assert_int_equal(c.told, 0);
		close_call(&c);
		unfill(&full);
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
	dial_cancel(NULL);
}

static void a_dial_needs_memory(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct call c;
		const struct dial_target target = {.host = freshet_str_of("127.0.0.1"), .port = 9};
		open_call(&c);
		failmem_arm(n);
		freshet_err err = dial_start(&c.loop, &target, told, &c, &c.dial);
		bool fired = failmem_fired();
		assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
		assert_int_equal(c.dial == NULL, fired);
		dial_cancel(c.dial);
		assert_int_equal(failmem_live(), 0);
		failmem_off();
		close_call(&c);
		if (!fired)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_reached),
		cmocka_unit_test(little_is_queued_that_is_not_sent),
		cmocka_unit_test(the_next_address_is_tried_when_one_refuses),
		cmocka_unit_test(none_accepts),
		cmocka_unit_test(no_such_name),
		cmocka_unit_test(another_address_may_go_first),
		cmocka_unit_test(the_others_follow_counted_round),
		cmocka_unit_test(one_that_hangs_does_not_hold_up_the_next),
		cmocka_unit_test(what_is_cancelled_is_not_told_and_leaves_nothing),
		cmocka_unit_test(a_dial_needs_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
