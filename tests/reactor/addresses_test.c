/*
 * A host of several addresses: what comes up and serves is kept, what fails early is followed by the next one, in turns
 * of the families, whatever order the name server tells them in.
 */
#include "support/client.h"
#include "support/dnsserver.h"
#include "support/h1server.h"
#include "support/stage.h"
#include "support/test.h"

#include "reactor/endpoint.h"
#include "reactor/reactor.h"
#include "reactor/request.h"

#include <event2/event.h>

enum { HOSTS = 3 };

/* Servers on several loopback addresses, at one port, behind one name. */
struct site {
	struct client client;
	struct dnsserver dns;
	struct h1server at[HOSTS];
	freshet_endpoint *e;
	char url[64];
};

/* The clock goes as it does, but for the leaps that a test makes. */
static uint64_t leaps_ms;

static uint64_t leaping_clock(void)
{
	return loop_now_ms() + leaps_ms;
}

static void leap(struct site *s, uint64_t ms)
{
	leaps_ms += ms;
	s->client.reactor->loop.handlers.on_timer(s->client.reactor);
}

static const char *const addresses[HOSTS] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};

/* One answer on a connection. */
static void serve(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "Connection: close\r\n", "ok");
}

static void hang_up(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_drop(c, false);
}

static void say_nothing(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)c;
	(void)q;
}

static void say_nonsense(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_write(c, "220 mail.example ESMTP\r\n");
}

static void begin_and_hang_up(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_write(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
	h1server_finish(c);
}

/* The port of the first is free on the others with all likelihood; where it is not, the kernel chooses another. */
static bool open_servers(struct site *s, h1server_fn *const answers[HOSTS])
{
	h1server_open(&s->at[0], s->client.base, answers[0], s);
	for (int i = 1; i < HOSTS; i++) {
		if (h1server_open_at(&s->at[i], s->client.base, addresses[i], s->at[0].port, answers[i], s))
			continue;
		while (i-- > 0)
			h1server_close(&s->at[i]);
		return false;
	}
	return true;
}

static void site_open(struct site *s, h1server_fn *const answers[HOSTS])
{
	freshet_endpoint_options o;
	freshet_reactor_options r;
	struct event_base *base = event_base_new();
	*s = (struct site){0};
	/* The name server is there before the reactor that asks it. */
	dnsserver_open(&s->dns, base);
	freshet_reactor_options_init(&r);
	r.dns_server = s->dns.address;
	r.base = base;
	s->client.base = base;
	assert_int_equal(freshet_reactor_new(&r, &s->client.reactor), FRESHET_OK);
	leaps_ms = 0;
	s->client.reactor->clock = leaping_clock;
	while (!open_servers(s, answers))
		;
	s->dns.name = "site.test";
	for (int i = 0; i < HOSTS; i++)
		s->dns.v4[i] = addresses[i];
	freshet_endpoint_options_init(&o);
	snprintf(s->url, sizeof s->url, "http://site.test:%u", s->at[0].port);
	o.url = s->url;
	o.stream.backoff_min_ms = 1;
	o.stream.max_attempts = 2;
	assert_int_equal(freshet_endpoint_new(s->client.reactor, &o, &s->e), FRESHET_OK);
}

static void site_close(struct site *s)
{
	for (int i = 0; i < HOSTS; i++)
		h1server_close(&s->at[i]);
	freshet_reactor_free(s->client.reactor);
	dnsserver_close(&s->dns);
	event_base_loop(s->client.base, EVLOOP_NONBLOCK);
	event_base_free(s->client.base);
}

/* With as many attempts as are usual. */
static freshet_request *ask(struct client *c, freshet_endpoint *e, struct reply *r)
{
	freshet_request *request;
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/";
	client_send_for(c, e, &o, r, &request);
	return request;
}

/* A request that has ended is gone. */
struct asking {
	const struct reply *reply;
	const freshet_request *request;
};

static bool ended_or_pauses(void *user)
{
	const struct asking *a = user;
	return a->reply->dones > 0 || a->request->state == REQUEST_PAUSE;
}

/* The pauses between attempts are leapt over. */
static void get(struct site *s, struct reply *r)
{
	struct asking a = {r, ask(&s->client, s->e, r)};
	while (r->dones == 0) {
		client_run(&s->client, ended_or_pauses, &a);
		const uint64_t now_ms = leaping_clock();
		if (r->dones == 0)
			leap(s, a.request->pause_until_ms > now_ms ? a.request->pause_until_ms - now_ms : 0);
	}
}

static void assert_accepted(const struct site *s, unsigned first, unsigned second, unsigned third)
{
	assert_int_equal(s->at[0].accepted, first);
	assert_int_equal(s->at[1].accepted, second);
	assert_int_equal(s->at[2].accepted, third);
}

struct failing {
	const char *how;
	h1server_fn *answer;
};

static const struct failing failures[] = {
	{"hangs up", hang_up},
	{"speaks another protocol", say_nonsense},
};

/* Requests go to the second address after the first has failed, and stay there. */
static void what_fails_early_is_followed_by_the_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		struct site s;
		struct reply r;
		site_open(&s, (h1server_fn *const[]){failures[i].answer, serve, serve});
		for (unsigned n = 1; n <= 4; n++) {
			get(&s, &r);
			if (r.status != 200)
				fail_msg("%s: %s", failures[i].how, r.outcome.text);
			assert_int_equal(r.outcome.outcome.attempts, n == 1 ? 2 : 1);
			assert_accepted(&s, 1, n, 0);
		}
		/* The one that was good fails: on to the third, and round to the first, which serves by now. */
		s.at[1].answer = failures[i].answer;
		s.at[2].answer = failures[i].answer;
		s.at[0].answer = serve;
		get(&s, &r);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.outcome.outcome.attempts, 3);
		assert_accepted(&s, 2, 5, 1);
		site_close(&s);
	}
}

/* Each connection asks for the name again; the order of the answer does not matter. */
static void a_good_address_is_known_in_any_order(void **state)
{
	struct site s;
	struct reply r;
	(void)state;
	site_open(&s, (h1server_fn *const[]){hang_up, serve, serve});
	get(&s, &r);
	assert_accepted(&s, 1, 1, 0);
	unsigned questions = s.dns.questions;
	for (int turn = 0; turn < HOSTS; turn++) {
		for (int i = 0; i < HOSTS; i++)
			s.dns.v4[i] = addresses[(i + turn) % HOSTS];
		get(&s, &r);
		assert_int_equal(r.status, 200);
	}
	assert_accepted(&s, 1, 4, 0);
	assert_true(s.dns.questions >= questions + HOSTS);
	/* A name that has it no more is taken as it is told. */
	s.dns.v4[0] = addresses[2];
	s.dns.v4[1] = NULL;
	get(&s, &r);
	assert_int_equal(r.status, 200);
	assert_accepted(&s, 1, 4, 1);
	site_close(&s);
}

/* An answer that breaks off is no reason to go elsewhere: the server is there. */
static void what_has_answered_is_kept(void **state)
{
	struct site s;
	struct reply r;
	(void)state;
	site_open(&s, (h1server_fn *const[]){begin_and_hang_up, serve, serve});
	get(&s, &r);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_EHTTP_TRUNCATED");
	assert_accepted(&s, 3, 0, 0);
	site_close(&s);
}

/* Nobody listens at the first: that costs nothing once it is known. */
static void what_refuses_is_passed_over(void **state)
{
	struct site s;
	struct reply r;
	(void)state;
	site_open(&s, (h1server_fn *const[]){serve, serve, serve});
	uint16_t port = s.at[0].port;
	h1server_close(&s.at[0]);
	get(&s, &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(s.at[1].accepted, 1);
	assert_true(h1server_open_at(&s.at[0], s.client.base, addresses[0], port, serve, &s));
	get(&s, &r);
	assert_int_equal(r.status, 200);
	assert_accepted(&s, 0, 2, 0);
	site_close(&s);
}

static bool first_was_asked(void *user)
{
	const struct site *s = user;
	return s->at[0].requests == 1;
}

/* A stream that hears nothing looks elsewhere when its time is up. */
static void a_silent_server_is_left(void **state)
{
	struct site s;
	struct follower f = {0};
	(void)state;
	site_open(&s, (h1server_fn *const[]){say_nothing, serve, serve});
	client_follow(&s.client, s.e, "/", &f);
	client_run(&s.client, first_was_asked, &s);
	leap(&s, 30000);
	client_run(&s.client, NULL, NULL);
	assert_int_equal(f.cuts, 1);
	assert_string_equal(freshet_err_name(f.cut.outcome.err), "FRESHET_EHEADERS_TIMEOUT");
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_ECONTENT_TYPE");
	assert_accepted(&s, 1, 1, 0);
	site_close(&s);
}

/* A request has one deadline for all attempts: the next request looks elsewhere. */
static void a_silent_server_is_left_by_the_next_request(void **state)
{
	struct site s;
	struct reply r;
	(void)state;
	site_open(&s, (h1server_fn *const[]){say_nothing, serve, serve});
	client_get(&s.client, s.e, "/", &r);
	client_run(&s.client, first_was_asked, &s);
	leap(&s, 60000);
	client_run(&s.client, NULL, NULL);
	assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_EDEADLINE");
	get(&s, &r);
	assert_int_equal(r.status, 200);
	assert_accepted(&s, 1, 1, 0);
	site_close(&s);
}

/* localhost is [::1] and then 127.0.0.1. */
static void the_families_take_turns(void **state)
{
	struct client client;
	struct h1server v4, v6;
	struct reply r;
	freshet_endpoint *e;
	freshet_endpoint_options o;
	char url[64];
	(void)state;
	client_start(&client, NULL);
	h1server_open(&v4, client.base, serve, NULL);
	if (!h1server_open_at(&v6, client.base, "::1", v4.port, hang_up, NULL)) {
		print_message("skipped: this machine has no [::1], or the port is taken there\n");
		h1server_close(&v4);
		client_stop(&client);
		skip();
	}
	freshet_endpoint_options_init(&o);
	snprintf(url, sizeof url, "http://localhost:%u", v4.port);
	o.url = url;
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	for (unsigned n = 1; n <= 3; n++) {
		ask(&client, e, &r);
		client_run(&client, NULL, NULL);
		assert_int_equal(r.status, 200);
		assert_int_equal(v6.accepted, 1);
		assert_int_equal(v4.accepted, n);
	}
	v4.answer = hang_up;
	v6.answer = serve;
	ask(&client, e, &r);
	client_run(&client, NULL, NULL);
	assert_int_equal(r.status, 200);
	assert_int_equal(v6.accepted, 2);
	assert_int_equal(v4.accepted, 4);
	h1server_close(&v4);
	h1server_close(&v6);
	client_stop(&client);
}

/* Over HTTP/2 a server that goes away before it has answered anything is left too; one that has is not. */
static void a_server_that_goes_away_at_once(void **state)
{
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		struct stage g;
		stage_open(&g, NULL);
		struct watch *s = stage_stream(&g, "/s");
		if (answered)
			stage_serve(&g, "/s", "data: a\n\n");
		assert_int_equal(g.endpoint->target.first, answered ? DIAL_FROM : DIAL_AS_LISTED);
		h2peer_goaway(g.server.conns[0]->peer, 0, 0);
		stage_settle(&g);
		assert_int_equal(g.endpoint->target.first, answered ? DIAL_FROM : DIAL_AFTER);
		assert_string_equal(g.endpoint->target.mark, g.url + strlen("http://"));
		freshet_stream_close(s->stream);
		stage_close(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fails_early_is_followed_by_the_next),
		cmocka_unit_test(a_good_address_is_known_in_any_order),
		cmocka_unit_test(what_has_answered_is_kept),
		cmocka_unit_test(what_refuses_is_passed_over),
		cmocka_unit_test(a_silent_server_is_left),
		cmocka_unit_test(a_silent_server_is_left_by_the_next_request),
		cmocka_unit_test(the_families_take_turns),
		cmocka_unit_test(a_server_that_goes_away_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
