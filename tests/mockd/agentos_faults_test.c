/*
 * Answers that AgentOS gives later, and what faults make of them, over both protocols.
 */
#include "support/caller.h"
#include "support/mock_agentos.h"
#include "support/test.h"

#include <stdio.h>

static struct caller *caller;

static int close_all(void **state)
{
	if (caller != NULL)
		caller_close(caller);
	caller = NULL;
	return mock_close(state);
}

static void call(void)
{
	if (caller != NULL)
		caller_close(caller);
	caller = caller_open(mock.base, mockd_port(mock.mockd), NULL);
}

/* Over HTTP/1.1, with a key. */
static void invoke_http1(const char *key, const char *body)
{
	char request[1024];
	snprintf(request, sizeof request,
		"POST " OS_INVOKE " HTTP/1.1\r\nHost: mockd\r\nAuthorization: Bearer " MOCKD_AGENTOS_AGENT_KEY
		"\r\nContent-Type: application/json\r\nIdempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
		key, strlen(body), body);
	caller_say(caller, request);
}

static uint64_t runs(void)
{
	struct mockd_agentos_totals t;
	mockd_agentos_get_totals(mock.mockd, &t);
	return t.runs;
}

/* The request has arrived when its run has begun. */
static void until_runs(uint64_t count)
{
	while (runs() < count)
		caller_turn(caller);
	assert_int_equal(runs(), count);
}

static void add_fault(const char *text)
{
	assert_true(mockd_fault_add_text(mock.mockd, text, NULL, 0) > 0);
}

#define WAITS "{\"input\":{\"prompt\":\"script:success row_ms=1000 chunks=1 tools=0\"}}"

/* Requests that were sent ahead wait for the answer that comes later. */
static void answers_come_later_and_in_order(void **state)
{
	(void)state;
	os_open(NULL);
	call();
	invoke_http1("a", WAITS);
	invoke_http1("b", WAITS);
	until_runs(1);
	mock_pass(2000);
	assert_non_null(strstr(caller_take(caller, "\"error\":null}"), "HTTP/1.1 200 OK\r\n"));
	mock_pass(2000);
	assert_non_null(strstr(caller_take(caller, "\"error\":null}"), "\"status\":\"completed\""));
	assert_int_equal(runs(), 2);
}

/* Frames of a stream are chunks; the caller that went away finds its run again. */
static void a_caller_comes_back_to_its_run(void **state)
{
	(void)state;
	os_open(NULL);
	call();
	invoke_http1("a", WAITS);
	until_runs(1);
	call();
	mock_pass(500);
	invoke_http1("a", WAITS);
	mock_pass(2000);
	assert_non_null(strstr(caller_take(caller, "\"error\":null}"), "\"status\":\"completed\""));
	assert_int_equal(runs(), 1);
}

static struct reply *invoke(const char *key)
{
	return os_send(OS_INVOKE, key, WAITS);
}

static void reopen(void)
{
	mock_reconnect();
	os_as_agent();
}

/* Each of them strikes when the answer is there, and the run is done all the same. */
static void an_answer_that_comes_later_can_be_lost(void **state)
{
	(void)state;
	static const char *const actions[] = {
		"cut", "close", "abort", "reset code=2", "refuse", "stall", "goaway refuse=1"};
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		char fault[128];
		os_open(NULL);
		snprintf(fault, sizeof fault, "moment=answer action=%s", actions[i]);
		add_fault(fault);
		struct reply *r = invoke("k");
		mock_pass(10000);
		assert_int_equal(r->status, 0);
		reopen();
		r = invoke("k");
		assert_answer(r, 200, "\"status\":\"completed\"");
		assert_int_equal(runs(), 1);
		mock_close(NULL);
	}
}

/* They strike while the answer is still to come. */
static void a_promise_can_be_broken(void **state)
{
	(void)state;
	static const char *const actions[] = {"cut", "close", "abort", "freeze", "reset code=2", "refuse", "stall"};
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		char fault[128];
		os_open(NULL);
		struct reply *r = invoke("k");
		snprintf(fault, sizeof fault, "moment=now action=%s", actions[i]);
		add_fault(fault);
		/* What is frozen does not answer the probe's pings either. */
		if (strcmp(actions[i], "freeze") == 0)
			mockd_advance(mock.mockd, 10000);
		else
			mock_pass(10000);
		assert_int_equal(r->status, 0);
		reopen();
		assert_answer(invoke("k"), 200, "\"status\":\"completed\"");
		mock_close(NULL);
	}
}

static void an_answer_can_be_late_or_another_one(void **state)
{
	(void)state;
	os_open(NULL);
	add_fault("moment=answer action=delay ms=30000");
	struct reply *r = invoke("a");
	mock_pass(31500);
	assert_int_equal(r->status, 0);
	mock_pass(1000);
	assert_answer(r, 200, "\"status\":\"completed\"");
	add_fault("moment=request action=delay ms=5000");
	r = invoke("b");
	assert_int_equal(runs(), 1);
	mock_pass(5000);
	assert_int_equal(runs(), 2);
	os_finish(r);
	assert_answer(r, 200, NULL);
	add_fault("moment=answer action=status status=503 field=retry-after:5");
	r = invoke("c");
	os_finish(r);
	assert_int_equal(r->status, 503);
	assert_true(reply_has(r, "retry-after: 5"));
	/* What was not answered well with that key was done all the same. */
	assert_answer(invoke("c"), 200, "\"status\":\"completed\"");
	assert_int_equal(runs(), 3);
}

/* The frame of a stream is a chunk of its own over HTTP/1.1. */
static void streams_are_chunks_over_http1(void **state)
{
	(void)state;
	os_open(NULL);
	call();
	invoke_http1("a", "{\"input\":{\"prompt\":\"script:echo chunks=1\"},\"stream\":true}");
	mock_pass(1000);
	const char *text = caller_take(caller, "\r\n0\r\n\r\n");
	assert_non_null(strstr(text, "transfer-encoding: chunked\r\n"));
	assert_non_null(strstr(text, "\r\n36\r\ndata: {\"type\":\"chunk\",\"text\":\"script:echo chunks=1\"}\n\n\r\n"));
}

/* Random cuts leave nothing behind that the sanitizers would find. */
static void random_cuts_break_all_of_it(void **state)
{
	(void)state;
	os_open(NULL);
	mockd_random_cuts(mock.mockd, 600, 30);
	for (int i = 0; i < 100; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%d", i);
		os_send(OS_INVOKE, key, i % 2 ? WAITS : "{\"input\":{\"prompt\":\"script:tools\"},\"stream\":true}");
		mock_pass(100);
		if (probe_state(mock.probe) != PROBE_UP)
			reopen();
	}
	mockd_random_cuts(mock.mockd, 0, 30);
	reopen();
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/none"), 404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(answers_come_later_and_in_order, close_all),
		cmocka_unit_test_teardown(a_caller_comes_back_to_its_run, close_all),
		cmocka_unit_test_teardown(an_answer_that_comes_later_can_be_lost, close_all),
		cmocka_unit_test_teardown(a_promise_can_be_broken, close_all),
		cmocka_unit_test_teardown(an_answer_can_be_late_or_another_one, close_all),
		cmocka_unit_test_teardown(streams_are_chunks_over_http1, close_all),
		cmocka_unit_test_teardown(random_cuts_break_all_of_it, close_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
