/*
 * Times, bounds and words of the hosted half: each option that has a default takes its place, and what is past it ends as
 * the header tells.
 */
#include "agentos/hosted_note.h"

#define RUN AGENTOS_WORLD_RUN

#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define START  "data: {\"type\":\"start\",\"run_id\":\"" RUN "\"}\n\n"

/* Of an hour, so that a test would hang if another time were in force. */
#define LONG UINT64_C(3600000)

static void open_with(const freshet_agentos_options *o, const struct agentos_reply *script,
	const freshet_agentos_hosted_options *hosted)
{
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = script;
	freshet_agentos_options own = o != NULL ? *o : agentos_world_options();
	const char *url = agentos_world_options().base_url;
	own.base_url = url;
	agentos_world_client(&own);
	if (hosted != NULL)
		assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, hosted), FRESHET_OK);
}

static struct note invoke(const freshet_agentos_invoke_options *o)
{
	struct note n = {.dones = 0};
	assert_int_equal(freshet_agentos_invoke(agentos_world.client, o, on_result, &n, NULL), FRESHET_OK);
	agentos_world_run_until(&n.done);
	return n;
}

/* ---- times ---- */

static const struct agentos_reply silent[] = {{"/invoke", 0, AGENTOS_WORLD_HANG, NULL, NULL}, {0}};

static void an_invoke_has_a_time_of_its_own(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		freshet_agentos_options o = agentos_world_options();
		freshet_agentos_invoke_options call;
		freshet_agentos_invoke_options_init(&call);
		o.timeout_ms = way == 1 ? 20 : LONG;
		o.invoke_timeout_ms = way == 0 ? 20 : way == 1 ? UINT64_MAX : LONG;
		call.timeout_ms = way == 2 ? 20 : 0;
		call.deadline_ms = way == 3 ? 20 : 0;
		open_with(&o, silent, NULL);
		assert_int_equal(invoke(&call).err, FRESHET_EDEADLINE);
		/* It may have begun, and is not sent again. */
		assert_int_equal(agentos_world.server.requests, 1);
		agentos_world_close(NULL);
	}
}

/* It begins, and then says nothing. */
static void begin_and_stop(struct h1server_conn *c, const struct h1server_request *q)
{
	char size[16];
	if (strcmp(q->method, "POST") != 0) {
		h1server_reply(c, 200, "", "{\"data\":{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"output\":1}}");
		return;
	}
	snprintf(size, sizeof size, "%zx\r\n", strlen(START));
	h1server_write(c, EVENTS);
	h1server_write(c, size);
	h1server_write(c, START "\r\n");
}

static void a_stream_that_falls_silent_is_cut(void **state)
{
	struct note n = {.dones = 0};
	(void)state;
	agentos_world_open(begin_and_stop, NULL);
	freshet_agentos_options o = agentos_world_options();
	o.timeout_ms = o.invoke_timeout_ms = LONG;
	o.stream_idle_timeout_ms = 30;
	agentos_world_client(&o);
	assert_int_equal(
		freshet_agentos_invoke_stream(agentos_world.client, NULL, &note_callbacks, &n, &n.stream), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_int_equal(n.err, FRESHET_OK);
	assert_true(n.polled);
	assert_string_equal(n.events, "start " RUN ";done* done;");
}

static void a_long_retry_after_is_cut_short(void **state)
{
	static const struct agentos_reply busy[] = {{"/invoke", 1, 429, "retry-after: 3600\r\n", ""},
		{"/invoke", 1, 503, "retry-after: 3600\r\n", ""}, {0}};
	freshet_agentos_options o = agentos_world_options();
	o.retry_asked_ms = 1;
	(void)state;
	open_with(&o, busy, NULL);
	assert_int_equal(invoke(NULL).err, FRESHET_OK);
	assert_int_equal(agentos_world.server.requests, 3);
}

/* ---- bounds ---- */

static void an_answer_has_a_bound(void **state)
{
	static char body[2000];
	const struct agentos_reply script[] = {{"/invoke", 1, 200, NULL, body}, {0}};
	freshet_agentos_hosted_options h;
	(void)state;
	memset(body, ' ', sizeof body - 1);
	memcpy(body, "{}", 2);
	freshet_agentos_hosted_options_init(&h);
	h.max_answer = 1000;
	open_with(NULL, script, &h);
	assert_int_equal(invoke(NULL).err, FRESHET_EHTTP_BODY);
}

static unsigned resumed;

/* Streams that begin and end at once, each time that one is asked for. */
static void begin_and_cut(struct h1server_conn *c, const struct h1server_request *q)
{
	size_t len = strlen(q->target);
	bool again = len > 7 && strcmp(q->target + len - 7, "/stream") == 0;
	if (strcmp(q->method, "POST") != 0 && !again) {
		h1server_reply(c, 200, "", "{\"data\":{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"output\":1}}");
		return;
	}
	h1server_write(c, EVENTS);
	if (again) {
		resumed++;
		h1server_write(c, "2\r\n: \r\n");
	} else {
		char size[16];
		snprintf(size, sizeof size, "%zx\r\n", strlen("id: 1\n" START));
		h1server_write(c, size);
		h1server_write(c, "id: 1\n" START "\r\n");
	}
	h1server_finish(c);
}

static void a_stream_is_not_taken_up_for_ever(void **state)
{
	(void)state;
	for (unsigned most = 1; most <= 3; most++) {
		freshet_agentos_hosted_options h;
		struct note n = {.dones = 0};
		resumed = 0;
		agentos_world_open(begin_and_cut, NULL);
		agentos_world_client(NULL);
		freshet_agentos_hosted_options_init(&h);
		h.recover = FRESHET_AGENTOS_RECOVER_RESUME;
		h.max_resumes = most;
		assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, &h), FRESHET_OK);
		assert_int_equal(
			freshet_agentos_invoke_stream(agentos_world.client, NULL, &note_callbacks, &n, &n.stream),
			FRESHET_OK);
		agentos_world_run_until(&n.done);
		assert_int_equal(resumed, most);
		assert_true(n.polled);
		assert_string_equal(n.events, "start " RUN ";done* done;");
		agentos_world_close(NULL);
	}
}

static void say_to(freshet_agentos_conversation *conversation, const char *text)
{
	struct note n = {.dones = 0};
	assert_int_equal(freshet_agentos_conversation_send(conversation, Z(text), on_result, &n), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_int_equal(n.err, FRESHET_OK);
}

/* By its bytes: two texts of ten and their answers are too much. */
static void a_local_history_has_a_bound(void **state)
{
	static const struct agentos_reply script[] = {
		{"/invoke", 0, 200, NULL, "{\"data\":{\"status\":\"completed\",\"output\":\"0123456789\"}}"}, {0}};
	freshet_agentos_hosted_options h;
	freshet_agentos_conversation_options c;
	freshet_agentos_conversation *conversation;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.max_history = 30;
	open_with(NULL, script, &h);
	freshet_agentos_conversation_options_init(&c);
	c.local = true;
	assert_int_equal(freshet_agentos_conversation_new(agentos_world.client, &c, &conversation), FRESHET_OK);
	say_to(conversation, "first text");
	say_to(conversation, "other text");
	agentos_world_log();
	say_to(conversation, "last");
	const char *log = agentos_world_log();
	assert_null(strstr(log, "first text"));
	assert_non_null(strstr(log, "other text"));
	freshet_agentos_conversation_free(conversation);
}

/* ---- words ---- */

static void on_approvals(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *a, size_t count, void *user)
{
	struct note *n = user;
	(void)call;
	note_error(n, error);
	for (size_t i = 0; i < count; i++)
		snprintf(n->text, sizeof n->text, "%.*s|%.*s|%.*s", (int)a[i].id.len, a[i].id.ptr,
			(int)a[i].agent_id.len, a[i].agent_id.ptr, (int)a[i].expires_at.len, a[i].expires_at.ptr);
	note_end(n);
}

static void on_decision(freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user)
{
	(void)call;
	(void)status;
	note_error(user, error);
	note_end(user);
}

static void approvals_may_be_called_otherwise(void **state)
{
	static const char *const list[] = {"open.items", NULL}, *const id[] = {"key", NULL},
				 *const agent[] = {"who", NULL}, *const expires[] = {"until", NULL};
	static const freshet_agentos_hosted_names names = {.size = sizeof names,
		.approvals = list,
		.approval = id,
		.approval_agent_id = agent,
		.approval_expires = expires};
	static const struct agentos_reply script[] = {{"/approvals", 1, 200, NULL,
							      "{\"data\":{\"open\":{\"items\":[{\"key\":\"k\",\"who\":"
							      "\"w\",\"until\":\"u\",\"id\":\"x\"}]}}}"},
		{0}};
	freshet_agentos_hosted_options h;
	struct note n = {.dones = 0}, yes = {.dones = 0}, no = {.dones = 0};
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.names = &names;
	h.approve = "yes";
	h.reject = "no";
	h.reason_field = "why";
	open_with(NULL, script, &h);
	freshet_agentos *client = agentos_world.client;
	assert_int_equal(freshet_agentos_approvals(client, on_approvals, &n, NULL), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_string_equal(n.text, "k|w|u");
	agentos_world_log();
	assert_int_equal(freshet_agentos_decide(client, Z("k"), true, NONE, on_decision, &yes, NULL), FRESHET_OK);
	agentos_world_run_until(&yes.done);
	assert_int_equal(freshet_agentos_decide(client, Z("k"), false, Z("late"), on_decision, &no, NULL), FRESHET_OK);
	agentos_world_run_until(&no.done);
	assert_string_equal(agentos_world_log(),
		"POST /api/v1/approvals/k/decide {\"decision\":\"yes\"}\n"
		"POST /api/v1/approvals/k/decide {\"decision\":\"no\",\"why\":\"late\"}\n");
}

static void a_run_that_was_canceled_may_be_called_otherwise(void **state)
{
	static const char *const canceled[] = {"aborted", NULL};
	static const freshet_agentos_hosted_names names = {.size = sizeof names, .canceled = canceled};
	static const struct agentos_reply script[] = {{"/invoke", 1, 200, NULL, "{\"data\":{\"status\":\"Aborted\"}}"},
		{"/invoke", 1, 200, NULL, "{\"data\":{\"status\":\"cancelled\"}}"}, {0}};
	freshet_agentos_hosted_options h;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.names = &names;
	open_with(NULL, script, &h);
	assert_int_equal(invoke(NULL).status, FRESHET_AGENTOS_STATUS_CANCELED);
	assert_int_equal(invoke(NULL).status, FRESHET_AGENTOS_STATUS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invoke_has_a_time_of_its_own),
		cmocka_unit_test_teardown(a_stream_that_falls_silent_is_cut, agentos_world_close),
		cmocka_unit_test_teardown(a_long_retry_after_is_cut_short, agentos_world_close),
		cmocka_unit_test_teardown(an_answer_has_a_bound, agentos_world_close),
		cmocka_unit_test(a_stream_is_not_taken_up_for_ever),
		cmocka_unit_test_teardown(a_local_history_has_a_bound, agentos_world_close),
		cmocka_unit_test_teardown(approvals_may_be_called_otherwise, agentos_world_close),
		cmocka_unit_test_teardown(a_run_that_was_canceled_may_be_called_otherwise, agentos_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
