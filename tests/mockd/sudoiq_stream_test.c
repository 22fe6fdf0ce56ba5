/*
 * Sudoiq's event stream to the byte: what comes on each kind of connect, what is repeated and what never is, keep-alives,
 * ends, and every fault of the frame.
 */
#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

/* The data of a snapshot begins so. */
#define SYNC(id)                                                                                                       \
	"id: " id "\nevent: sync\ndata: {\"agent_id\":\"" MOCKD_SUDOIQ_AGENT "\",\"task_id\":41820000001,\"status\":"

static int64_t manual_run(void)
{
	mock_open(NULL);
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
	return siq_run("script:manual");
}

static void say(int64_t task, const char *text)
{
	assert_true(mockd_sudoiq_say(mock.mockd, task, text));
	probe_settle(mock.probe);
}

/* A round of one call, answered. */
static void do_round(int64_t task)
{
	static size_t n;
	n = siq_number(siq_status(task), "revision") == 1 ? 0 : n + 1;
	assert_true(mockd_sudoiq_call(mock.mockd, task, "[{\"name\":\"read_meter\"}]"));
	assert_int_equal(siq_respond(task, siq_call(task, n).call_id, NULL)->status, 200);
}

static bool begins_with(const char *text, const char *part)
{
	return strncmp(text, part, strlen(part)) == 0;
}

static void layout_is_as_the_contract_says(void **state)
{
	(void)state;
	int64_t task = manual_run();
	struct reply *r = siq_stream(task, NULL);
	assert_int_equal(r->status, 200);
	assert_string_equal(r->headers, "content-type: text/event-stream\ncache-control: no-cache\n");
	assert_true(begins_with(r->body, "retry: 2000\n\n" SYNC("1") "\"running\",\"revision\":1,"));
	size_t before = r->body_len;
	say(task, "caf\xc3\xa9 \"\n");
	assert_true(mockd_sudoiq_log(mock.mockd, task, "info", "at work"));
	probe_settle(mock.probe);
	assert_string_equal(r->body + before,
		"event: delta\ndata: {\"task_id\":41820000001,\"node_id\":\"n1\",\"text\":\"caf\xc3\xa9 \\\"\\n\"}\n\n"
		"event: log\ndata: {\"task_id\":41820000001,\"level\":\"info\",\"message\":\"at work\"}\n\n");
	before = r->body_len;
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "\"64 percent\""));
	probe_settle(mock.probe);
	assert_true(begins_with(r->body + before, SYNC("2") "\"completed\""));
	assert_non_null(strstr(r->body + before, "\"result\":\"64 percent\",\"error\":null,"));
	static const char end[] = "\n\nevent: end\ndata: {\"reason\":\"completed\"}\n\n";
	assert_string_equal(r->body + r->body_len - strlen(end), end);
	assert_int_equal(r->end, REPLY_ENDED);
	/* An id line and the rest of its event are written apart, and so is the end. */
	assert_int_equal(r->frame_count, 1 + 2 + 2 + 2 + 1 + 1);
	/* The stream tells what the status tells. */
	struct reply *status = siq_status(task);
	assert_non_null(strstr(r->body, status->body));
}

static void a_connect_without_an_id_begins_with_the_present(void **state)
{
	(void)state;
	int64_t task = manual_run();
	do_round(task);
	say(task, "not heard");
	struct reply *r = siq_stream(task, NULL);
	assert_int_equal(count_of(r->body, "event: "), 1);
	assert_non_null(strstr(r->body, SYNC("3") "\"running\""));
	say(task, "heard");
	assert_int_equal(count_of(r->body, "event: "), 2);
}

static void a_connect_with_an_id_goes_on_behind_it(void **state)
{
	(void)state;
	int64_t task = manual_run();
	do_round(task);
	say(task, "held");
	do_round(task);
	struct reply *r = siq_stream(task, "2");
	assert_null(strstr(r->body, SYNC("2")));
	const char *third = strstr(r->body, SYNC("3"));
	const char *delta = strstr(r->body, "\"text\":\"held\"");
	const char *last = strstr(r->body, SYNC("5"));
	assert_true(third != NULL && delta > third && last > delta);
	assert_int_equal(count_of(r->body, "event: sync\n"), 3);
	/* Nothing is held behind these: the present comes once. */
	static const char *const ids[] = {"5", "6", "x", "-1", "99999999999999999999"};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		r = siq_stream(task, ids[i]);
		assert_int_equal(count_of(r->body, "event: sync\n"), 1);
		assert_non_null(strstr(r->body, SYNC("5")));
	}
	assert_true(mockd_set(mock.mockd, "sudoiq_hold", 2));
	do_round(task);
	r = siq_stream(task, "1");
	assert_int_equal(count_of(r->body, "event: sync\n"), 2);
	assert_non_null(strstr(r->body, SYNC("6")));
	assert_non_null(strstr(r->body, SYNC("7")));
}

static void the_end_is_told_once(void **state)
{
	(void)state;
	int64_t task = manual_run();
	assert_true(mockd_set(mock.mockd, "sudoiq_repeat", 2));
	struct reply *r = siq_stream(task, NULL);
	assert_int_equal(count_of(r->body, SYNC("1")), 3);
	assert_true(mockd_sudoiq_resync(mock.mockd, task));
	assert_true(mockd_sudoiq_end(mock.mockd, task, "failed", "x", "y"));
	assert_false(mockd_sudoiq_resync(mock.mockd, task));
	probe_settle(mock.probe);
	assert_int_equal(count_of(r->body, SYNC("1")), 6);
	assert_int_equal(count_of(r->body, SYNC("2")), 1);
	assert_int_equal(r->end, REPLY_ENDED);
	/* Whoever comes later is told once more, and the stream ends. */
	static const char *const ids[] = {NULL, "1", "2"};
	for (size_t i = 0; i < 3; i++) {
		r = siq_stream(task, ids[i]);
		assert_int_equal(count_of(r->body, "event: sync\n"), 1);
		assert_non_null(strstr(r->body, SYNC("2") "\"failed\""));
		assert_int_equal(r->end, REPLY_ENDED);
	}
	assert_true(mockd_set(mock.mockd, "sudoiq_end_events", 0));
	assert_true(mockd_set(mock.mockd, "sudoiq_retry_ms", 0));
	r = siq_stream(task, NULL);
	assert_int_equal(count_of(r->body, "event: "), 1);
	assert_null(strstr(r->body, "retry"));
	assert_int_equal(r->end, REPLY_ENDED);
}

static void silence_is_broken_by_comments(void **state)
{
	(void)state;
	int64_t task = manual_run();
	struct reply *r = siq_stream(task, NULL);
	mock_pass(14999);
	assert_null(strstr(r->body, ": keep-alive"));
	mock_pass(1);
	assert_int_equal(count_of(r->body, ": keep-alive\n\n"), 1);
	mock_pass(10000);
	say(task, "x");
	mock_pass(14999);
	assert_int_equal(count_of(r->body, ": keep-alive\n\n"), 1);
	mock_pass(1);
	assert_int_equal(count_of(r->body, ": keep-alive\n\n"), 2);
}

/* What comes while a comment is half written comes behind it. */
static void a_comment_is_not_broken_into(void **state)
{
	(void)state;
	int64_t task = manual_run();
	const uint32_t whole = (uint32_t)siq_stream(task, NULL)->body_len;
	const struct probe_options narrow = {.no_credit = true, .window = whole + 5};
	struct probe *p = probe_open(mock.base, mockd_port(mock.mockd), &narrow);
	char path[160];
	snprintf(path, sizeof path, "/api/v1" SIQ_AGENT_PATH "/tasks/%" PRId64 "/stream", task);
	struct reply *r = probe_send(p, "GET", path, NULL, NULL);
	probe_settle(p);
	assert_int_equal(r->body_len, whole);
	mockd_advance(mock.mockd, 15000);
	probe_settle(p);
	assert_string_equal(r->body + whole, ": kee");
	assert_true(mockd_sudoiq_say(mock.mockd, task, "x"));
	probe_credit(p, r, 10000);
	probe_settle(p);
	assert_true(begins_with(r->body + whole, ": keep-alive\n\nevent: delta\ndata: {"));
	probe_close(p);
}

static void a_start_may_be_the_stream(void **state)
{
	(void)state;
	mock_open(NULL);
	static const char fields[] = "content-type: application/json\naccept: text/event-stream\nidempotency-key: k";
	static const char body[] =
		"{\"string_inputs\":{\"1\":\"script:plain deltas=1 logs=1\"},\"environment\":\"playground\"}";
	struct reply *r = probe_send(mock.probe, "POST", "/api/v1" SIQ_AGENT_PATH "/execute", fields, body);
	probe_settle(mock.probe);
	assert_true(reply_has(r, "content-type: text/event-stream"));
	assert_non_null(strstr(r->body, SYNC("1") "\"running\""));
	/* Sent again it is a stream of the same run. */
	struct reply *again = probe_send(mock.probe, "POST", "/api/v1" SIQ_AGENT_PATH "/execute", fields, body);
	probe_settle(mock.probe);
	siq_finish(r);
	siq_finish(again);
	assert_non_null(strstr(r->body, "event: log\n"));
	assert_non_null(strstr(r->body, "event: delta\n"));
	assert_non_null(strstr(r->body, SYNC("2") "\"completed\""));
	assert_string_equal(again->body, r->body);
	assert_int_equal(
		siq_ask("POST", "{\"string_inputs\":{},\"environment\":\"\"}", SIQ_AGENT_PATH "/execute")->status, 422);
}

static void scripts_speak_between_the_rounds(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
	int64_t task =
		siq_run("script:tools rounds=2 calls=1 deltas=3 logs=2 row_ms=100 burst=2 bytes=64 silence_ms=5000");
	struct reply *r = siq_stream(task, NULL);
	mock_pass(100);
	assert_int_equal(count_of(r->body, "event: log\n"), 2);
	mock_pass(500);
	assert_int_equal(count_of(r->body, "event: delta\n"), 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(siq_respond(task, siq_call(task, i).call_id, NULL)->status, 200);
		mock_pass(500);
		assert_int_equal(count_of(r->body, "event: delta\n"), 6 + 3 * i);
	}
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(4000);
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(1000);
	assert_int_equal(r->end, REPLY_ENDED);
	assert_int_equal(count_of(r->body, "event: sync\n"), 6);
	const char *delta = strstr(r->body, "\"text\":");
	json_t *text = json_loadb(delta + 7, strcspn(delta + 7, "}"), JSON_DECODE_ANY, NULL);
	if (text != NULL)
		assert_int_equal(json_string_length(text), 64);
	json_decref(text);
}

/* Trouble is for those who are there: whoever comes back for it would be sent away again. */
static void trouble_is_told_to_the_open_streams(void **state)
{
	(void)state;
	int64_t task = manual_run();
	struct reply *r = siq_stream(task, NULL);
	assert_true(mockd_sudoiq_trouble(mock.mockd, task, "upstream", "wait", true));
	assert_true(mockd_sudoiq_trouble(mock.mockd, task, "upstream", "wait", true));
	do_round(task);
	assert_true(mockd_sudoiq_trouble(mock.mockd, task, "upstream", "wait", true));
	assert_int_equal(
		count_of(r->body, "event: error\ndata: {\"code\":\"upstream\",\"message\":\"wait\",\"retryable\":"
				  "true}\n\n"),
		2);
	r = siq_stream(task, "1");
	assert_null(strstr(r->body, "event: error"));
	assert_int_equal(count_of(r->body, "event: sync\n"), 2);
	assert_true(mockd_sudoiq_trouble(mock.mockd, task, "upstream", "wait", true));
	probe_settle(mock.probe);
	assert_int_equal(count_of(r->body, "event: error\n"), 1);
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
	assert_false(mockd_sudoiq_trouble(mock.mockd, task, "upstream", "wait", true));
	task = siq_run("script:plain errors=2 logs=0 deltas=0 row_ms=10");
	r = siq_stream(task, NULL);
	siq_finish(r);
	assert_int_equal(count_of(r->body, "event: error\n"), 2);
}

/* A stream that does not read holds nobody up, and goes on with the present when what it missed is no longer held. */
static void a_slow_reader_is_told_the_present(void **state)
{
	(void)state;
	int64_t task = manual_run();
	assert_true(mockd_set(mock.mockd, "sudoiq_hold", 4));
	const struct probe_options slow = {.no_credit = true, .window = 1024};
	struct probe *p = probe_open(mock.base, mockd_port(mock.mockd), &slow);
	char path[160];
	snprintf(path, sizeof path, "/api/v1" SIQ_AGENT_PATH "/tasks/%" PRId64 "/stream", task);
	struct reply *r = probe_send(p, "GET", path, NULL, NULL);
	probe_settle(p);
	for (int i = 0; i < 20; i++)
		do_round(task);
	assert_true(r->body_len <= 1024);
	probe_credit(p, r, 100000);
	probe_settle(p);
	assert_non_null(strstr(r->body, SYNC("41") "\"running\""));
	assert_true(count_of(r->body, "event: sync\n") < 10);
	probe_close(p);
}

static void a_deleted_run_cuts_its_streams(void **state)
{
	(void)state;
	int64_t task = manual_run();
	struct reply *r = siq_stream(task, NULL);
	assert_true(mockd_fault_add_text(mock.mockd, "moment=now action=delete session=41820000001", NULL, 0) != 0);
	mockd_advance(mock.mockd, 0);
	probe_settle(mock.probe);
	assert_int_equal(r->end, REPLY_RESET);
	assert_answer(siq_status(task), 404, "task_not_found");
	assert_false(mockd_sudoiq_say(mock.mockd, task, "x"));
}

/* Every fault of the frame strikes here as elsewhere. */
static void faults_strike(void **state)
{
	(void)state;
	static const struct {
		const char *fault;
		enum reply_end end;
		int events; /* that are whole */
		const char *part;
	} cases[] = {
		{"moment=event at=2 action=end path=*/stream", REPLY_ENDED, 1, NULL},
		{"moment=event at=3 action=reset code=2 path=*/stream", REPLY_RESET, 2, NULL},
		{"moment=byte at=100 action=end path=*/stream", REPLY_ENDED, 0, NULL},
		{"moment=id at=1 action=end path=*/stream", REPLY_ENDED, 0, "\n\nid: 1\n"},
		{"moment=last action=end path=*/stream", REPLY_ENDED, 1, NULL},
		{"moment=event at=2 action=cut path=*/stream", REPLY_LOST, 1, NULL},
		{"moment=event at=2 action=close path=*/stream", REPLY_LOST, 1, NULL},
		{"moment=event at=2 action=abort path=*/stream", REPLY_LOST, -1, NULL},
		{"moment=event at=2 action=goaway path=*/stream", REPLY_ENDED, 3, NULL},
		{"moment=event at=2 action=insert sample=unknown path=*/stream", REPLY_ENDED, 4, "weather"},
		{"action=status status=500 path=*/stream", REPLY_ENDED, 0, NULL},
		{"action=status status=429 path=*/stream field=retry-after:7", REPLY_ENDED, 0, NULL},
		{"action=refuse path=*/stream", REPLY_RESET, 0, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t task = manual_run();
		assert_true(mockd_fault_add_text(mock.mockd, cases[i].fault, NULL, 0) != 0);
		struct reply *r = siq_stream(task, NULL);
		if (mockd_sudoiq_complete(mock.mockd, task, "1") && r->end == REPLY_OPEN)
			mock_pass(100);
		for (int turn = 0; r->end == REPLY_OPEN && turn < 1000; turn++)
			probe_turn(mock.probe);
		assert_int_equal(r->end, cases[i].end);
		if (cases[i].events >= 0 && count_of(r->body, "}\n\n") != (size_t)cases[i].events)
			fail_msg("%s: %s", cases[i].fault, r->body);
		if (cases[i].part != NULL)
			assert_non_null(strstr(r->body, cases[i].part));
		mock_close(NULL);
	}
}

static void events_are_split_at_every_byte(void **state)
{
	(void)state;
	int64_t task = manual_run();
	assert_true(mockd_fault_add_text(mock.mockd, "moment=byte at=0 action=split path=*/stream", NULL, 0) != 0);
	struct reply *r = siq_stream(task, NULL);
	assert_true(mockd_sudoiq_complete(mock.mockd, task, "1"));
	siq_finish(r);
	for (size_t i = 0; i < r->frame_count; i++)
		assert_true(r->frames[i] <= 1);
	assert_int_equal(count_of(r->body, "event: sync\n"), 2);
}

static void an_answer_may_be_lost_when_it_was_taken(void **state)
{
	(void)state;
	int64_t task = manual_run();
	assert_true(mockd_sudoiq_call(mock.mockd, task, "[{\"name\":\"read_meter\"}]"));
	assert_true(mockd_fault_add_text(
			    mock.mockd, "moment=answer action=reset code=2 path=*/tool_responses", NULL, 0) != 0);
	assert_int_equal(siq_respond(task, siq_call(task, 0).call_id, NULL)->end, REPLY_RESET);
	assert_true(siq_call(task, 0).accepted);
	assert_int_equal(siq_respond(task, siq_call(task, 0).call_id, NULL)->status, 409);
	assert_true(
		mockd_fault_add_text(mock.mockd, "moment=answer action=delay ms=5000 path=*/execute", NULL, 0) != 0);
	struct reply *r = probe_send(mock.probe, "POST", "/api/v1" SIQ_AGENT_PATH "/execute", NULL,
		"{\"string_inputs\":{\"1\":\"script:hang\"},\"environment\":\"p\"}");
	probe_settle(mock.probe);
	assert_int_equal(r->status, 0);
	mock_pass(5000);
	assert_int_equal(r->status, 201);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(layout_is_as_the_contract_says),
		TEST(a_connect_without_an_id_begins_with_the_present),
		TEST(a_connect_with_an_id_goes_on_behind_it),
		TEST(the_end_is_told_once),
		TEST(silence_is_broken_by_comments),
		TEST(a_comment_is_not_broken_into),
		TEST(a_start_may_be_the_stream),
		TEST(scripts_speak_between_the_rounds),
		TEST(trouble_is_told_to_the_open_streams),
		TEST(a_slow_reader_is_told_the_present),
		TEST(a_deleted_run_cuts_its_streams),
		TEST(faults_strike),
		TEST(events_are_split_at_every_byte),
		TEST(an_answer_may_be_lost_when_it_was_taken),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq, the stream", tests, NULL, NULL);
}
