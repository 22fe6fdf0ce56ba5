/*
 * Webhooks that nobody signs, with Sudoiq's client beside them: each is a reason to read the run's status once, what that says is
 * dealt with, and whoever lies changes nothing. The emulator plays the platform, a raw client the liar.
 */
#include "support/caller.h"
#include "support/mock_world.h"
#include "support/patience.h"
#include "support/test.h"

#include <freshet/freshet.h>
#include <freshet/sudoiq.h>
#include <freshet/webhook.h>

#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct {
	struct evhttp *http;
	uint16_t port;
	freshet_webhook *webhook;
	freshet_reactor *reactor;
	freshet_sudoiq *client;
	size_t reading; /* statuses that are being read */
	size_t reads;
	size_t failures;
	size_t told;
	int64_t revision; /* of what was told last */
	freshet_sudoiq_phase phase;
	freshet_webhook_verdict verdict; /* of what is not confirmed */
} host;

static void tell(const freshet_webhook_delivery *d)
{
	host.told++;
	host.revision = d->sudoiq->revision;
	host.phase = d->sudoiq->phase;
	assert_int_equal(freshet_sudoiq_feed(host.client, d->sudoiq, NULL), FRESHET_OK);
}

static void on_status(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	uint64_t *ticket = user;
	freshet_webhook_delivery d = {.outcome = FRESHET_WEBHOOK_FAILED};
	(void)call;
	host.reading--;
	if (error != NULL) {
		host.failures++;
		assert_int_equal(
			freshet_webhook_finish(host.webhook, *ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	} else {
		assert_int_equal(freshet_webhook_confirm(host.webhook, *ticket, status, &d), FRESHET_OK);
	}
	if (d.outcome == FRESHET_WEBHOOK_NEW) {
		tell(&d);
		assert_int_equal(
			freshet_webhook_finish(host.webhook, *ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	}
	free(ticket);
}

static freshet_webhook_verdict on_unconfirmed(freshet_webhook *webhook, const freshet_webhook_delivery *d, void *user)
{
	uint64_t *ticket = malloc(sizeof *ticket);
	(void)webhook, (void)user;
	assert_false(d->verified);
	*ticket = d->ticket;
	host.reading++;
	host.reads++;
	assert_int_equal(freshet_sudoiq_get_agent_task_status(
				 host.client, d->sudoiq->agent_id, d->sudoiq->task_id, on_status, ticket, NULL),
		FRESHET_OK);
	return host.verdict;
}

/* What is not confirmed never comes here. */
static freshet_webhook_verdict on_delivery(freshet_webhook *webhook, const freshet_webhook_delivery *d, void *user)
{
	(void)webhook, (void)d, (void)user;
	fail();
	return FRESHET_WEBHOOK_REJECTED;
}

static void on_meter(freshet_sudoiq_invocation *invocation, void *user)
{
	(void)user;
	assert_int_equal(freshet_sudoiq_invocation_finish(invocation, freshet_str_of("64 percent")), FRESHET_OK);
	freshet_sudoiq_invocation_free(invocation);
}

static void open_client(void)
{
	const freshet_sudoiq_tool tool = {.name = freshet_str_of("read_meter"), .handler = on_meter};
	freshet_reactor_options reactor;
	freshet_sudoiq_options o;
	char url[64];
	freshet_reactor_options_init(&reactor);
	reactor.base = mock.base;
	assert_int_equal(freshet_reactor_new(&reactor, &host.reactor), FRESHET_OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)mockd_port(mock.mockd));
	freshet_sudoiq_options_init(&o);
	o.url = url;
	o.api_key = MOCKD_SUDOIQ_KEY;
	assert_int_equal(freshet_sudoiq_new(host.reactor, &o, &host.client), FRESHET_OK);
	assert_int_equal(freshet_sudoiq_set_tools(host.client, &tool, 1, false), FRESHET_OK);
}

static void open_all(freshet_webhook_verdict verdict)
{
	freshet_webhook_options o;
	freshet_webhook_evhttp_options server;
	struct sockaddr_in address;
	socklen_t len = sizeof address;
	char url[64];
	memset(&host, 0, sizeof host);
	host.verdict = verdict;
	mock_open(NULL);
	open_client();
	host.http = evhttp_new(mock.base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(host.http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	host.port = ntohs(address.sin_port);
	freshet_webhook_options_init(&o);
	o.platform = FRESHET_WEBHOOK_SUDOIQ;
	o.confirm_with_status = true;
	assert_int_equal(freshet_webhook_new(&o, &host.webhook), FRESHET_OK);
	freshet_webhook_evhttp_options_init(&server);
	server.path = "/hooks";
	server.on_delivery = on_delivery;
	server.on_unconfirmed = on_unconfirmed;
	assert_int_equal(freshet_webhook_evhttp(host.webhook, host.http, &server), FRESHET_OK);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/hooks", (unsigned)host.port);
	assert_true(mockd_webhook_to(mock.mockd, "sudoiq", url, NULL));
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
}

static int close_all(void **state)
{
	freshet_webhook_free(host.webhook);
	if (host.reactor != NULL)
		freshet_reactor_free(host.reactor);
	if (host.http != NULL)
		evhttp_free(host.http);
	memset(&host, 0, sizeof host);
	return mock_close(state);
}

static void give_up(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	*(bool *)user = true;
}

static bool is_quiet(void)
{
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(mock.mockd, NULL, &stats);
	return stats.posting == 0 && host.reading == 0;
}

static void run_until(bool (*holds)(void))
{
	const struct timeval patience = {PATIENCE_S, 0};
	bool late = false;
	struct event *watchdog = event_new(mock.base, -1, 0, give_up, &late);
	assert_true(watchdog != NULL && event_add(watchdog, &patience) == 0);
	while (!holds()) {
		event_base_loop(mock.base, EVLOOP_NONBLOCK);
		assert_false(late);
	}
	event_free(watchdog);
}

static void say(struct caller *c, const char *agent, int64_t task, const char *rest)
{
	char body[256], text[512];
	snprintf(body, sizeof body, "{\"agent_id\":\"%s\",\"task_id\":%" PRId64 ",%s}", agent, task, rest);
	snprintf(text, sizeof text,
		"POST /hooks HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	caller_say(c, text);
}

/* ---- tests ---- */

static void what_is_read_is_dealt_with(void **state)
{
	(void)state;
	for (int later = 0; later < 2; later++) {
		open_all(later ? FRESHET_WEBHOOK_LATER : FRESHET_WEBHOOK_TAKEN);
		int64_t task = mockd_sudoiq_add_run(mock.mockd, "script:manual");
		run_until(is_quiet);
		assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
		run_until(is_quiet);
		assert_int_equal(host.phase, FRESHET_SUDOIQ_COMPLETED);
		struct mockd_webhook_stats stats;
		mockd_webhook_get_stats(mock.mockd, NULL, &stats);
		assert_int_equal(host.reads, stats.deliveries);
		assert_int_equal(stats.delivered, stats.deliveries);
		close_all(state);
	}
}

static void a_lie_changes_nothing(void **state)
{
	(void)state;
	open_all(FRESHET_WEBHOOK_LATER);
	struct caller *liar = caller_open(mock.base, host.port, NULL);
	int64_t task = mockd_sudoiq_add_run(mock.mockd, "script:manual");
	run_until(is_quiet);
	/* The run is not over, whatever somebody says; that it goes on is told, if it was not before. */
	say(liar, MOCKD_SUDOIQ_AGENT, task, "\"status\":\"completed\",\"revision\":1000,\"result\":\"lie\"");
	caller_take(liar, "{\"ok\":true}");
	run_until(is_quiet);
	assert_int_equal(host.phase, FRESHET_SUDOIQ_RUNNING);
	size_t told = host.told;
	say(liar, MOCKD_SUDOIQ_AGENT, task, "\"status\":\"failed\",\"revision\":2000");
	caller_take(liar, "{\"ok\":true}");
	assert_int_equal(host.told, told);
	/* A run that is not there cannot be read: nothing was stored. */
	say(liar, MOCKD_SUDOIQ_AGENT, task + 1000, "\"status\":\"completed\"");
	caller_take(liar, "{\"ok\":false,\"error\":\"not now\"}");
	assert_int_equal(host.failures, 1);
	/* The truth is heard all the same. */
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
	run_until(is_quiet);
	assert_int_equal(host.phase, FRESHET_SUDOIQ_COMPLETED);
	assert_int_equal(host.told, told + 1);
	caller_close(liar);
}

/* A run with its tool rounds, heard of by unsigned webhooks alone, some of them twice. */
static bool is_over(void)
{
	/* Time of the emulator passes with the loop: the run goes on when its tools are answered. */
	mockd_advance(mock.mockd, 1);
	return is_quiet() && freshet_sudoiq_phase_is_terminal(host.phase);
}

static void tool_rounds_without_a_signature(void **state)
{
	(void)state;
	open_all(FRESHET_WEBHOOK_TAKEN);
	assert_true(mockd_webhook_fault_add_text(mock.mockd, "action=duplicate every=2 times=0", NULL, 0) > 0);
	assert_true(mockd_sudoiq_add_run(mock.mockd, "script:tools rounds=3 calls=2") > 0);
	run_until(is_over);
	assert_int_equal(host.phase, FRESHET_SUDOIQ_COMPLETED);
	struct mockd_sudoiq_totals totals;
	mockd_sudoiq_get_totals(mock.mockd, &totals);
	assert_int_equal(totals.calls, 6);
	assert_int_equal(totals.accepted, 6);
	assert_true(totals.repeated == 0 && totals.strange == 0 && totals.unanswered == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_read_is_dealt_with, close_all),
		cmocka_unit_test_teardown(a_lie_changes_nothing, close_all),
		cmocka_unit_test_teardown(tool_rounds_without_a_signature, close_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
