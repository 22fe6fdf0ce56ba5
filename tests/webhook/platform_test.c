/*
 * Webhooks as the emulator posts them, which shares no code with the library: signed, tried again, doubled, swapped, broken,
 * under the names of either table; received by the handler for evhttp.
 */
#include "support/mock_agentos.h"
#include "support/patience.h"
#include "support/test.h"

#include <freshet/webhook.h>

#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define SECRET   "whsec_93ab01"
#define MAX_TOLD 64

struct told {
	int64_t task_id;
	int64_t revision;
	freshet_sudoiq_phase phase;
	size_t calls;
	freshet_webhook_agentos_type type;
	char run_id[64];
};

static struct {
	struct evhttp *http;
	freshet_webhook *webhook;
	char url[64];
	struct told told[MAX_TOLD];
	size_t count;
	size_t reject; /* so many are not stored first */
} host;

static freshet_webhook_verdict on_delivery(freshet_webhook *webhook, const freshet_webhook_delivery *d, void *user)
{
	(void)webhook, (void)user;
	assert_true(d->verified);
	if (host.reject > 0) {
		host.reject--;
		return FRESHET_WEBHOOK_REJECTED;
	}
	assert_true(host.count < MAX_TOLD);
	struct told *told = &host.told[host.count++];
	*told = (struct told){0};
	if (d->sudoiq != NULL) {
		assert_true(d->sudoiq->has_revision);
		told->task_id = d->sudoiq->task_id;
		told->revision = d->sudoiq->revision;
		told->phase = d->sudoiq->phase;
		told->calls = d->sudoiq->tool_call_count;
	} else {
		told->type = d->agentos->type;
		snprintf(
			told->run_id, sizeof told->run_id, "%.*s", (int)d->agentos->run_id.len, d->agentos->run_id.ptr);
	}
	return FRESHET_WEBHOOK_TAKEN;
}

/* The emulator has been started; its webhooks go here from now on. */
static void receive_here(const char *platform, const freshet_webhook_options *options)
{
	static const freshet_str secret = {SECRET, sizeof SECRET - 1};
	freshet_webhook_options o = *options;
	freshet_webhook_evhttp_options server;
	struct sockaddr_in address;
	socklen_t len = sizeof address;
	host.http = evhttp_new(mock.base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(host.http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	snprintf(host.url, sizeof host.url, "http://127.0.0.1:%u/hooks", (unsigned)ntohs(address.sin_port));
	o.secrets = &secret;
	o.secret_count = 1;
	assert_int_equal(freshet_webhook_new(&o, &host.webhook), FRESHET_OK);
	freshet_webhook_evhttp_options_init(&server);
	server.path = "/hooks";
	server.on_delivery = on_delivery;
	assert_int_equal(freshet_webhook_evhttp(host.webhook, host.http, &server), FRESHET_OK);
	assert_true(mockd_webhook_to(mock.mockd, platform, host.url, SECRET));
}

static void open_sudoiq(void)
{
	freshet_webhook_options o;
	freshet_webhook_options_init(&o);
	o.platform = FRESHET_WEBHOOK_SUDOIQ;
	mock_open(NULL);
	receive_here("sudoiq", &o);
}

static int close_all(void **state)
{
	freshet_webhook_free(host.webhook);
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

/* Until the emulator waits for no answer: nothing more comes then before its clock goes on. */
static struct mockd_webhook_stats settle(void)
{
	const struct timeval patience = {PATIENCE_S, 0};
	struct mockd_webhook_stats stats;
	bool late = false;
	struct event *watchdog = event_new(mock.base, -1, 0, give_up, &late);
	assert_true(watchdog != NULL && event_add(watchdog, &patience) == 0);
	for (;;) {
		mockd_webhook_get_stats(mock.mockd, NULL, &stats);
		if (stats.posting == 0)
			break;
		event_base_loop(mock.base, EVLOOP_ONCE);
		assert_false(late);
	}
	event_free(watchdog);
	return stats;
}

static void add_fault(const char *text, const char *body)
{
	assert_true(mockd_webhook_fault_add_text(mock.mockd, text, body, body != NULL ? strlen(body) : 0) > 0);
}

/* What tries of the last delivery were answered. */
static int answers[8];
static size_t answer_count;

static void note_answers(const struct mockd_webhook_record *record, void *user)
{
	(void)user;
	answer_count = record->answer_count < 8 ? record->answer_count : 8;
	memcpy(answers, record->answers, answer_count * sizeof *answers);
}

static void assert_answers(int first, int second)
{
	mockd_webhook_each(mock.mockd, NULL, note_answers, NULL);
	assert_int_equal(answer_count, second != 0 ? 2 : 1);
	assert_int_equal(answers[0], first);
	if (second != 0)
		assert_int_equal(answers[1], second);
}

/* Revisions only rise, and what is over is the last. */
static void assert_in_order(int64_t task)
{
	int64_t last = 0;
	bool over = false;
	for (size_t i = 0; i < host.count; i++) {
		if (host.told[i].task_id != task)
			continue;
		assert_false(over);
		assert_true(host.told[i].revision > last);
		last = host.told[i].revision;
		over = freshet_sudoiq_phase_is_terminal(host.told[i].phase);
	}
	assert_true(last > 0);
}

/* ---- Sudoiq ---- */

static int64_t manual_run(void)
{
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
	int64_t task = mockd_sudoiq_add_run(mock.mockd, "script:manual");
	assert_true(task > 0);
	mock_pass(0);
	settle();
	return task;
}

static void a_run_is_told(void **state)
{
	(void)state;
	open_sudoiq();
	int64_t task = manual_run();
	size_t before = host.count;
	assert_true(mockd_sudoiq_call(mock.mockd, task,
		"[{\"name\":\"read_meter\",\"args\":{\"meter\":\"7\"}},{\"name\":\"read_meter\",\"args\":{}}]"));
	settle();
	assert_int_equal(host.count, before + 1);
	assert_int_equal(host.told[before].phase, FRESHET_SUDOIQ_PAUSED);
	assert_int_equal(host.told[before].calls, 2);
	assert_true(host.told[before].task_id == task);
	int64_t other = manual_run();
	assert_true(mockd_sudoiq_complete(mock.mockd, other, "\"64 percent\""));
	settle();
	assert_int_equal(host.told[host.count - 1].phase, FRESHET_SUDOIQ_COMPLETED);
	assert_in_order(task);
	assert_in_order(other);
	assert_answers(200, 0);
}

static void what_comes_twice_is_told_once(void **state)
{
	(void)state;
	open_sudoiq();
	add_fault("action=duplicate count=2 times=0", NULL);
	for (int i = 0; i < 5; i++) {
		int64_t task = manual_run();
		assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
		settle();
	}
	struct mockd_webhook_stats stats = settle();
	assert_true(stats.copies == 2 * stats.deliveries);
	assert_true(stats.given_up == 0 && stats.waiting == 0);
	assert_int_equal(host.count, stats.deliveries);
}

static void what_comes_late_is_dropped(void **state)
{
	(void)state;
	open_sudoiq();
	for (int i = 0; i < 5; i++) {
		add_fault("action=swap", NULL);
		int64_t task = mockd_sudoiq_add_run(mock.mockd, "script:plain queued_ms=100");
		/* No longer than what was swapped waits for another one to pass it by. */
		mock_pass(900);
		settle();
		assert_in_order(task);
		assert_int_equal(host.told[host.count - 1].phase, FRESHET_SUDOIQ_COMPLETED);
	}
	struct mockd_webhook_stats stats = settle();
	assert_int_equal(stats.swapped, 5);
	/* Each run's first word came behind its last, and was not heard. */
	assert_int_equal(host.count, stats.deliveries - 5);
	assert_true(stats.given_up == 0 && stats.waiting == 0);
}

/* One try is broken: it is refused, leaves nothing, and the next try is taken. */
static void broken_tries_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *fault;
		const char *body;
		int status;
	} rows[] = {{"action=unsigned", NULL, 401}, {"action=forge", NULL, 401}, {"action=truncate", NULL, 401},
		{"action=encode", NULL, 401}, {"action=old", NULL, 401}, {"action=body", "{\"task_id\":1}", 400},
		{"action=body", "{\"task_id\":1,\"status\":\"\xff\"}", 400}, {"action=body", "[[[[[[[[", 400}};
	open_sudoiq();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t task = manual_run();
		size_t before = host.count;
		add_fault(rows[i].fault, rows[i].body);
		assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
		settle();
		assert_int_equal(host.count, before);
		assert_answers(rows[i].status, 0);
		mock_pass(1000);
		settle();
		assert_answers(rows[i].status, 200);
		assert_int_equal(host.count, before + 1);
		assert_int_equal(host.told[before].phase, FRESHET_SUDOIQ_COMPLETED);
	}
}

static void what_could_not_be_stored_comes_again(void **state)
{
	(void)state;
	open_sudoiq();
	int64_t task = manual_run();
	size_t before = host.count;
	host.reject = 1;
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
	settle();
	assert_int_equal(host.count, before);
	mock_pass(1000);
	settle();
	assert_answers(503, 200);
	assert_int_equal(host.count, before + 1);
}

/* Nothing of what is not published is wired in: another table has other names for all of it. */
static void under_other_names(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	freshet_webhook_options o;
	freshet_sudoiq_names names;
	options.sudoiq_table = "other";
	mock_open(&options);
	freshet_sudoiq_names_init(&names);
	freshet_webhook_options_init(&o);
#define LIST(field, what)                                                                                              \
	const char *field[] = {mockd_sudoiq_name(mock.mockd, what), NULL};                                             \
	assert_non_null(field[0]);                                                                                     \
	names.field = field
	LIST(agent_id_fields, "field.agent_id");
	LIST(task_id_fields, "field.task_id");
	LIST(status_fields, "field.status");
	LIST(revision_fields, "field.revision");
	LIST(tool_calls_fields, "field.tool_calls");
	LIST(call_id_fields, "field.call_id");
	LIST(tool_name_fields, "field.name");
	LIST(paused_statuses, "status.awaiting_tool_calls");
	LIST(completed_statuses, "status.completed");
#undef LIST
	o.platform = FRESHET_WEBHOOK_SUDOIQ;
	o.names = &names;
	o.signature_header = mockd_sudoiq_name(mock.mockd, "webhook.signature");
	o.timestamp_header = mockd_sudoiq_name(mock.mockd, "webhook.timestamp");
	o.delivery_header = mockd_sudoiq_name(mock.mockd, "webhook.delivery");
	o.signature_prefix = "v1,";
	o.encoding = FRESHET_WEBHOOK_BASE64;
	o.signed_text = FRESHET_WEBHOOK_SIGNED_BODY;
	receive_here("sudoiq", &o);
	int64_t task = manual_run();
	assert_true(mockd_sudoiq_call(mock.mockd, task, "[{\"name\":\"read_meter\",\"args\":{}}]"));
	settle();
	assert_int_equal(host.told[host.count - 1].phase, FRESHET_SUDOIQ_PAUSED);
	assert_int_equal(host.told[host.count - 1].calls, 1);
	task = manual_run();
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
	settle();
	assert_int_equal(host.told[host.count - 1].phase, FRESHET_SUDOIQ_COMPLETED);
	assert_in_order(task);
	assert_answers(200, 0);
}

/* ---- AgentOS ---- */

static void open_agentos(bool renamed)
{
	struct mockd_options options = mock_options();
	freshet_webhook_options o;
	options.agentos_renamed = renamed;
	os_open(&options);
	freshet_webhook_options_init(&o);
	o.platform = FRESHET_WEBHOOK_AGENTOS;
	if (renamed) {
		o.signature_header = "X-Hook-Signature";
		o.encoding = FRESHET_WEBHOOK_BASE64;
	}
	receive_here("agentos", &o);
}

static void agentos_tells_its_runs(void **state)
{
	(void)state;
	static const freshet_webhook_agentos_type types[] = {FRESHET_WEBHOOK_AGENTOS_RUN_STARTED,
		FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED, FRESHET_WEBHOOK_AGENTOS_RUN_STARTED,
		FRESHET_WEBHOOK_AGENTOS_RUN_FAILED, FRESHET_WEBHOOK_AGENTOS_ALERT_TRIGGERED};
	char run[MOCKD_ID_SIZE];
	open_agentos(false);
	add_fault("platform=agentos action=duplicate times=0", NULL);
	snprintf(run, sizeof run, "%s", os_start());
	settle();
	assert_answer(os_report(run, "run/complete", "\"output\":{\"n\":1}"), 200, NULL);
	settle();
	assert_string_equal(host.told[0].run_id, run);
	assert_string_equal(host.told[1].run_id, run);
	snprintf(run, sizeof run, "%s", os_start());
	settle();
	assert_answer(os_report(run, "run/fail", "\"error_message\":\"boom\""), 200, NULL);
	settle();
	assert_true(mockd_agentos_alert(mock.mockd, "{\"rule\":\"slow\"}"));
	struct mockd_webhook_stats stats = settle();
	assert_int_equal(host.count, 5);
	assert_true(stats.copies == 5 && stats.given_up == 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(host.told[i].type, types[i]);
}

static void broken_tries_of_agentos(void **state)
{
	(void)state;
	static const char *const faults[] = {"action=unsigned", "action=forge", "action=truncate", "action=encode"};
	open_agentos(false);
	for (size_t i = 0; i < 4; i++) {
		add_fault(faults[i], NULL);
		os_start();
		settle();
		assert_int_equal(host.count, i);
		assert_answers(401, 0);
		mock_pass(1000);
		settle();
		assert_answers(401, 200);
		assert_int_equal(host.count, i + 1);
	}
}

static void agentos_under_other_names(void **state)
{
	(void)state;
	char run[MOCKD_AGENTOS_ID_SIZE];
	open_agentos(true);
	assert_true(mockd_agentos_schedule(mock.mockd, MOCKD_AGENTOS_AGENT, "p", NULL, run));
	settle();
	assert_true(host.count > 0);
	assert_int_equal(host.told[0].type, FRESHET_WEBHOOK_AGENTOS_RUN_STARTED);
	assert_string_equal(host.told[0].run_id, run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_run_is_told, close_all),
		cmocka_unit_test_teardown(what_comes_twice_is_told_once, close_all),
		cmocka_unit_test_teardown(what_comes_late_is_dropped, close_all),
		cmocka_unit_test_teardown(broken_tries_are_refused, close_all),
		cmocka_unit_test_teardown(what_could_not_be_stored_comes_again, close_all),
		cmocka_unit_test_teardown(under_other_names, close_all),
		cmocka_unit_test_teardown(agentos_tells_its_runs, close_all),
		cmocka_unit_test_teardown(broken_tries_of_agentos, close_all),
		cmocka_unit_test_teardown(agentos_under_other_names, close_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
