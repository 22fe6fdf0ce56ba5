/*
 * Names become addresses: what needs no name server, what one answers, and lookups that nobody waits for any more.
 */
#include "support/dnsserver.h"
#include "support/failmem.h"
#include "support/test.h"

#include "net/address.h"

#include <arpa/inet.h>
#include <event2/event.h>

struct answer {
	struct event_base *base;
	struct dnsserver dns;
	struct loop loop;
	char texts[1000]; /* addresses, or why there are none */
	size_t count;
	unsigned told;
};

static void ignore(void *owner)
{
	(void)owner;
}

static void open_answer(struct answer *a)
{
	const struct loop_handlers handlers = {ignore, ignore, NULL};
	memset(a, 0, sizeof *a);
	a->base = event_base_new();
	dnsserver_open(&a->dns, a->base);
	assert_int_equal(loop_init(&a->loop, a->base, &handlers), FRESHET_OK);
	a->loop.dns_server = a->dns.address;
}

static void close_answer(struct answer *a)
{
	loop_clear(&a->loop);
	dnsserver_close(&a->dns);
	/* What the resolver still has to say it says on the loop. */
	event_base_loop(a->base, EVLOOP_NONBLOCK);
	event_base_free(a->base);
}

static void told(const struct address_list *list, const char *text, void *user)
{
	struct answer *a = user;
	a->told++;
	a->count = list != NULL ? list->count : 0;
	if (list == NULL)
		snprintf(a->texts, sizeof a->texts, "%s", text);
	for (size_t i = 0; i < a->count; i++) {
		char address[100];
		address_text(&list->items[i], address, sizeof address);
		snprintf(a->texts + strlen(a->texts), sizeof a->texts - strlen(a->texts), "%s%s", i > 0 ? " " : "",
			address);
	}
}

static const char *look_up(struct answer *a, const char *host, uint16_t port)
{
	struct address_lookup *lookup;
	a->told = 0;
	a->texts[0] = '\0';
	assert_int_equal(address_lookup_start(&a->loop, freshet_str_of(host), port, told, a, &lookup), FRESHET_OK);
	assert_non_null(lookup);
	assert_int_equal(a->told, 0); /* never inside the call */
	while (a->told == 0)
		event_base_loop(a->base, EVLOOP_ONCE);
	assert_int_equal(a->told, 1);
	return a->texts;
}

static void numbers_and_localhost_need_no_server(void **state)
{
	(void)state;
	struct answer a;
	open_answer(&a);
	assert_string_equal(look_up(&a, "127.0.0.1", 80), "127.0.0.1:80");
	assert_string_equal(look_up(&a, "255.255.255.255", 65535), "255.255.255.255:65535");
	assert_string_equal(look_up(&a, "::1", 8080), "[::1]:8080");
	assert_string_equal(look_up(&a, "2001:DB8::192.0.2.1", 1), "[2001:db8::c000:201]:1");
	assert_string_equal(look_up(&a, "localhost", 80), "[::1]:80 127.0.0.1:80");
	assert_string_equal(look_up(&a, "LocalHost", 80), "[::1]:80 127.0.0.1:80");
	assert_int_equal(a.dns.questions, 0);
	assert_null(a.loop.resolver);
	close_answer(&a);
}

static void families_take_turns(void **state)
{
	(void)state;
	struct answer a;
	open_answer(&a);
	a.dns.name = "many.test";
	for (int i = 0; i < 3; i++)
		a.dns.v4[i] = (const char *const[]){"192.0.2.1", "192.0.2.2", "192.0.2.3"}[i];
	a.dns.v6[0] = "2001:db8::1";
	a.dns.v6[1] = "2001:db8::2";
	const char *texts = look_up(&a, "many.test", 443);
	/* A machine without an IPv6 address does not ask for them. */
	assert_string_equal(texts, a.dns.v6_questions > 0 ? "[2001:db8::1]:443 192.0.2.1:443 [2001:db8::2]:443 "
							    "192.0.2.2:443 192.0.2.3:443"
							  : "192.0.2.1:443 192.0.2.2:443 192.0.2.3:443");
	close_answer(&a);
}

static void more_addresses_than_are_tried(void **state)
{
	(void)state;
	struct answer a;
	char texts[19][20];
	open_answer(&a);
	a.dns.name = "many.test";
	for (int i = 0; i < 19; i++) {
		snprintf(texts[i], sizeof texts[i], "192.0.2.%d", i);
		a.dns.v4[i] = texts[i];
	}
	look_up(&a, "many.test", 443);
	assert_in_range(a.count, 8, ADDRESS_MAX);
	close_answer(&a);
}

static void a_name_that_does_not_exist(void **state)
{
	(void)state;
	struct answer a;
	open_answer(&a);
	assert_true(strlen(look_up(&a, "none.test", 443)) > 5);
	assert_int_equal(a.count, 0);
	/* One without addresses is none either. */
	a.dns.name = "empty.test";
	look_up(&a, "empty.test", 443);
	assert_int_equal(a.count, 0);
	close_answer(&a);
}

static void a_name_that_is_too_long(void **state)
{
	(void)state;
	struct answer a;
	struct address_lookup *lookup = (void *)&a;
	char name[300];
	open_answer(&a);
	memset(name, 'n', sizeof name);
	freshet_str host = {name, 256};
	assert_int_equal(address_lookup_start(&a.loop, host, 1, told, &a, &lookup), FRESHET_EINVAL);
	assert_null(lookup);
	/* Of a length that no name of the DNS has, but a host in a URL may. */
	name[255] = '\0';
	look_up(&a, name, 1);
	assert_int_equal(a.count, 0);
	close_answer(&a);
}

static void what_is_cancelled_is_not_told(void **state)
{
	(void)state;
	static const char *const hosts[] = {"127.0.0.1", "localhost", "known.test", "none.test"};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		for (int silent = 0; silent < 2; silent++)
			for (int turns = 0; turns < 4; turns++) {
				struct answer a;
				struct address_lookup *lookup;
				open_answer(&a);
				a.dns.name = "known.test";
				a.dns.v4[0] = "192.0.2.1";
				a.dns.silent = silent != 0;
				freshet_str host = freshet_str_of(hosts[i]);
				assert_int_equal(address_lookup_start(&a.loop, host, 1, told, &a, &lookup), FRESHET_OK);
				for (int turn = 0; turn < turns && a.told == 0; turn++)
					event_base_loop(a.base, EVLOOP_NONBLOCK);
				if (a.told == 0) {
					address_lookup_cancel(lookup);
					a.told = 100;
				}
				for (int turn = 0; turn < 5; turn++)
					event_base_loop(a.base, EVLOOP_NONBLOCK);
				assert_true(a.told == 1 || a.told == 100);
				close_answer(&a);
			}
	address_lookup_cancel(NULL);
}

/* One of several lookups of the same name, and what it does when it is told. */
struct sharer {
	struct answer *answer;
	struct address_lookup *lookup; /* NULL: told, or cancelled */
	struct sharer *cancels;
	bool asks_again;
	uint16_t port;
	unsigned told;
};

static void sharer_told(const struct address_list *list, const char *text, void *user);

static void sharer_asks(struct sharer *s, const char *name)
{
	assert_int_equal(
		address_lookup_start(&s->answer->loop, freshet_str_of(name), s->port, sharer_told, s, &s->lookup),
		FRESHET_OK);
}

static void sharer_cancels(struct sharer *s)
{
	address_lookup_cancel(s->lookup);
	s->lookup = NULL;
}

static void sharer_told(const struct address_list *list, const char *text, void *user)
{
	struct sharer *s = user;
	char expected[32], address[ADDRESS_TEXT_SIZE];
	(void)text;
	assert_non_null(list);
	assert_int_equal(list->count, 1);
	snprintf(expected, sizeof expected, "192.0.2.1:%u", s->port);
	address_text(&list->items[0], address, sizeof address);
	assert_string_equal(address, expected);
	s->lookup = NULL;
	s->told++;
	if (s->cancels != NULL)
		sharer_cancels(s->cancels);
	if (s->asks_again) {
		s->asks_again = false;
		sharer_asks(s, "known.test");
	}
}

/* Four that ask, in letters of any case; the first asks once before, so that it is known how many questions one lookup is. */
static unsigned open_sharers(struct answer *a, struct sharer *sharers)
{
	static const char *const names[] = {"known.test", "KNOWN.test", "known.TEST", "known.test"};
	open_answer(a);
	a->dns.name = "known.test";
	a->dns.v4[0] = "192.0.2.1";
	look_up(a, "known.test", 1);
	unsigned questions = a->dns.questions;
	a->dns.questions = 0;
	for (uint16_t i = 0; i < 4; i++) {
		sharers[i] = (struct sharer){.answer = a, .port = (uint16_t)(i + 1)};
		sharer_asks(&sharers[i], names[i]);
	}
	return questions;
}

static void run_sharers(struct answer *a)
{
	while (!address_idle(&a->loop))
		event_base_loop(a->base, EVLOOP_ONCE);
}

static void who_asks_for_the_same_name_shares_the_answer(void **state)
{
	(void)state;
	struct answer a;
	struct sharer s[4];
	unsigned questions = open_sharers(&a, s);
	run_sharers(&a);
	assert_int_equal(a.dns.questions, questions);
	for (int i = 0; i < 4; i++)
		assert_int_equal(s[i].told, 1);
	/* Nothing is kept: whoever comes later asks anew. */
	sharer_asks(&s[0], "known.test");
	run_sharers(&a);
	assert_int_equal(s[0].told, 2);
	assert_int_equal(a.dns.questions, 2 * questions);
	close_answer(&a);
}

static void those_that_are_left_are_told(void **state)
{
	(void)state;
	for (int gone = 0; gone < 16; gone++) {
		struct answer a;
		struct sharer s[4];
		open_sharers(&a, s);
		for (int i = 0; i < 4; i++)
			if ((gone & 1 << i) != 0)
				sharer_cancels(&s[i]);
		/* Also where everybody has gone before, and the question is still out. */
		struct sharer last = {.answer = &a, .port = 9};
		sharer_asks(&last, "known.test");
		run_sharers(&a);
		for (int i = 0; i < 4; i++)
			assert_int_equal(s[i].told, (gone & 1 << i) == 0);
		assert_int_equal(last.told, 1);
		close_answer(&a);
	}
}

static void one_of_them_may_cancel_another_and_ask_again(void **state)
{
	(void)state;
	struct answer a;
	struct sharer s[4];
	unsigned questions = open_sharers(&a, s);
	s[0].cancels = &s[1];
	s[0].asks_again = true;
	s[2].cancels = &s[3];
	run_sharers(&a);
	assert_int_equal(s[0].told, 2);
	assert_int_equal(s[1].told, 0);
	assert_int_equal(s[2].told, 1);
	assert_int_equal(s[3].told, 0);
	assert_int_equal(a.dns.questions, 2 * questions);
	close_answer(&a);
}

/* The loop goes while the resolver still has the question; nothing of it is left. */
static void the_loop_may_go_while_a_lookup_is_out(void **state)
{
	(void)state;
	for (int own = 0; own < 2; own++) {
		struct answer a;
		struct address_lookup *lookup;
		const struct loop_handlers handlers = {ignore, ignore, NULL};
		failmem_off();
		failmem_arm(0);
		open_answer(&a);
		a.dns.silent = true;
		struct loop l;
		assert_int_equal(loop_init(&l, own ? NULL : a.base, &handlers), FRESHET_OK);
		l.dns_server = a.dns.address;
		assert_int_equal(
			address_lookup_start(&l, freshet_str_of("known.test"), 1, told, &a, &lookup), FRESHET_OK);
		event_base_loop(l.base, EVLOOP_NONBLOCK);
		address_lookup_cancel(lookup);
		loop_clear(&l);
		close_answer(&a);
		assert_int_equal(a.told, 0);
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
}

static void paths_of_sockets(void **state)
{
	(void)state;
	struct answer a;
	struct address_lookup *lookup;
	char path[200];
	open_answer(&a);
	assert_int_equal(address_of_path(&a.loop, freshet_str_of("/run/x.sock"), told, &a, &lookup), FRESHET_OK);
	assert_int_equal(a.told, 0);
	while (a.told == 0)
		event_base_loop(a.base, EVLOOP_ONCE);
	assert_string_equal(a.texts, "unix:/run/x.sock");
	memset(path, 'p', sizeof path);
	freshet_str too_long = {path, sizeof((struct sockaddr_un *)0)->sun_path};
	assert_int_equal(address_of_path(&a.loop, too_long, told, &a, &lookup), FRESHET_EINVAL);
	assert_int_equal(address_of_path(&a.loop, freshet_str_of(""), told, &a, &lookup), FRESHET_EINVAL);
	too_long.len--;
	assert_int_equal(address_of_path(&a.loop, too_long, told, &a, &lookup), FRESHET_OK);
	address_lookup_cancel(lookup);
	close_answer(&a);
}

static void a_lookup_needs_memory(void **state)
{
	(void)state;
	struct answer a;
	struct address_lookup *lookup;
	open_answer(&a);
	failmem_arm(1);
	assert_int_equal(
		address_lookup_start(&a.loop, freshet_str_of("127.0.0.1"), 1, told, &a, &lookup), FRESHET_ENOMEM);
	assert_int_equal(address_of_path(&a.loop, freshet_str_of("/x"), told, &a, &lookup), FRESHET_ENOMEM);
	assert_null(lookup);
	for (size_t n = 1;; n++) {
		failmem_arm(n);
		freshet_err err = address_lookup_start(&a.loop, freshet_str_of("known.test"), 1, told, &a, &lookup);
		bool fired = failmem_fired();
		failmem_off();
		assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
		if (!fired)
			break;
		assert_null(lookup);
		assert_true(address_idle(&a.loop));
	}
	address_lookup_cancel(lookup);
	close_answer(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_localhost_need_no_server),
		cmocka_unit_test(families_take_turns),
		cmocka_unit_test(more_addresses_than_are_tried),
		cmocka_unit_test(a_name_that_does_not_exist),
		cmocka_unit_test(a_name_that_is_too_long),
		cmocka_unit_test(what_is_cancelled_is_not_told),
		cmocka_unit_test(who_asks_for_the_same_name_shares_the_answer),
		cmocka_unit_test(those_that_are_left_are_told),
		cmocka_unit_test(one_of_them_may_cancel_another_and_ask_again),
		cmocka_unit_test(the_loop_may_go_while_a_lookup_is_out),
		cmocka_unit_test(paths_of_sockets),
		cmocka_unit_test(a_lookup_needs_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
