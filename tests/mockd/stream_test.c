/*
 * AoD's event stream to the byte: layout, order, cursors, polls, heartbeats, staleness and last frames.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include <inttypes.h>

/* A running session that makes no rows by itself, past its one stage row (9001). */
static const char *manual_session(void)
{
	const char *id = mock_session("script:manual stages=0");
	mockd_advance(mock.mockd, 10000);
	return id;
}

static uint64_t add_row(const char *session, const char *text)
{
	return mockd_add_row(mock.mockd, session, "stdout", text, strlen(text));
}

static void end(const char *session, const char *status, int code)
{
	assert_true(mockd_end_session(mock.mockd, session, status, &code));
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
		n++;
	return n;
}

static void layout_is_as_the_contract_says(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	assert_int_equal(add_row(s, "caf\xc3\xa9 \"q\" \\ \x01\x7f\n"), 9002);
	assert_int_equal(
		mockd_add_row(mock.mockd, s, "stderr", "\xf0\x9f\x94\xa7\xef\xbf\xbd\t\xe2\x80\xa8", 11), 9003);
	end(s, "completed", 0);
	struct reply *r = mock_stream(s, 0);
	mock_pass(500);
	char expected[2048];
	snprintf(expected, sizeof expected,
		"data: {\"type\": \"start\", \"provider\": \"anthropic\", \"session_id\": \"%s\"}\n\n"
		"id: 9001\n"
		"data: {\"type\": \"stage\", \"id\": 9001, \"stage\": \"runtime_start\", \"state\": \"started\"}\n\n"
		"data: {\"type\": \"turn_start\", \"id\": 9002, \"turn\": 1}\n\n"
		"id: 9002\n"
		"data: {\"type\": \"output\", \"id\": 9002, \"stream\": \"stdout\", \"data\": \"caf\\u00e9 \\\"q\\\" "
		"\\\\ "
		"\\u0001\\u007f\\n\", \"turn\": 1}\n\n"
		"id: 9003\n"
		"data: {\"type\": \"output\", \"id\": 9003, \"stream\": \"stderr\", \"data\": "
		"\"\\ud83d\\udd27\\ufffd\\t\\u2028\", \"turn\": 1}\n\n"
		"id: 9003\n"
		"data: {\"type\": \"exit\", \"id\": 9003, \"code\": 0}\n\n",
		s);
	assert_string_equal(r->body, expected);
	assert_int_equal(r->end, REPLY_ENDED);
	assert_int_equal(r->status, 200);
	assert_string_equal(
		r->headers, "content-type: text/event-stream\ncache-control: no-cache\nx-accel-buffering: no\n");
}

static void every_write_is_a_frame_of_its_own(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	add_row(s, "x");
	struct reply *r = mock_stream(s, 9001);
	/* start, turn_start, id line, data line */
	assert_int_equal(r->frame_count, 4);
	assert_int_equal(r->frames[2], strlen("id: 9002\n"));
	size_t before = r->frames[0] + r->frames[1];
	assert_memory_equal(r->body + before, "id: 9002\ndata: ", 15);
	assert_int_equal(r->body_len, before + r->frames[2] + r->frames[3]);
}

static void merged_writes_share_a_frame(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.merge_writes = true;
	mock_open(&options);
	const char *s = manual_session();
	add_row(s, "x");
	struct reply *r = mock_stream(s, 9001);
	assert_int_equal(r->frame_count, 1);
	assert_int_equal(count(r->body, "data: "), 3);
}

static void a_new_session_goes_through_all_stages(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:success rows=2 row_ms=0");
	struct reply *r = mock_stream(s, 0);
	mock_pass(10000);
	static const char *const stages[] = {
		"create_sprite", "install_runtime", "env_file", "provision_setup", "runtime_config", "runtime_start"};
	const char *at = r->body;
	for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
		char part[128];
		snprintf(part, sizeof part, "\"stage\": \"%s\", \"state\": \"started\"}", stages[i]);
		at = strstr(at, part);
		assert_non_null(at);
		snprintf(part, sizeof part, "\"stage\": \"%s\", \"state\": \"done\", \"duration_ms\": 200}", stages[i]);
		assert_int_equal(strstr(at, part) != NULL, i < 5);
	}
	assert_non_null(strstr(at, "\"type\": \"turn_start\""));
	assert_int_equal(count(r->body, "\"type\": \"output\""), 2);
	assert_int_equal(count(r->body, "\"type\": \"stage\""), 11);
	assert_int_equal(r->end, REPLY_ENDED);
}

static void a_failed_provisioning_tells_why(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:provision-failure stage=env_file");
	struct reply *r = mock_stream(s, 0);
	mock_pass(10000);
	const char *failed = strstr(
		r->body, "\"stage\": \"env_file\", \"state\": \"failed\", \"duration_ms\": 200, \"message\": \"");
	assert_non_null(failed);
	const char *turn = strstr(failed, "\"type\": \"turn_start\"");
	assert_non_null(turn);
	assert_non_null(strstr(turn, "\"stream\": \"stderr\""));
	assert_non_null(strstr(turn, "\"message\": \"Session failed\"}\n\n"));
	assert_null(strstr(r->body, "runtime_config"));
	assert_int_equal(r->end, REPLY_ENDED);
}

/* Opens the stream with the fields and the query; it is answered when this returns. */
static struct reply *open_with(const char *session, const char *query, const char *fields)
{
	char path[256];
	snprintf(path, sizeof path, "/sessions/%s/stream%s", session, query);
	struct reply *r = probe_send(mock.probe, "GET", path, fields, NULL);
	probe_settle(mock.probe);
	return r;
}

static void cursors_are_exclusive_and_the_header_wins(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	add_row(s, "two");
	add_row(s, "three");
	struct reply *r = open_with(s, "?since=9002", NULL);
	assert_null(strstr(r->body, "id: 9002"));
	assert_non_null(strstr(r->body, "id: 9003"));
	/* The turn is announced on every connection. */
	assert_non_null(strstr(r->body, "{\"type\": \"turn_start\", \"id\": 9003, \"turn\": 1}"));
	r = open_with(s, "?since=9003", "last-event-id: 9001");
	assert_non_null(strstr(r->body, "id: 9002"));
	r = open_with(s, "?since=9002", "last-event-id: ");
	assert_null(strstr(r->body, "id: 9002"));
	/* Clamped, and lenient as int() is. */
	r = open_with(s, "?since=-5", NULL);
	assert_non_null(strstr(r->body, "id: 9001"));
	r = open_with(s, "?since=%2B9_002%20", NULL);
	assert_null(strstr(r->body, "id: 9002"));
	assert_non_null(strstr(r->body, "id: 9003"));
	/* A row that never was: the next one follows. */
	r = open_with(s, "?since=5", NULL);
	assert_non_null(strstr(r->body, "id: 9001"));
}

static void bad_cursors_are_refused(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	assert_detail(open_with(s, "?since=", NULL), 400, "");
	assert_detail(open_with(s, "?since=x", NULL), 400, "");
	assert_detail(open_with(s, "?since=1.5", NULL), 400, "");
	assert_detail(open_with(s, "?since=1__0", NULL), 400, "");
	assert_detail(open_with(s, "?since=9002", "last-event-id: abc"), 400, "");
	assert_detail(open_with("00000000-0000-4000-8000-000000000000", "?since=x", NULL), 404, "");
}

static void a_cursor_past_the_end_gets_the_last_frame_back(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	end(s, "completed", 0);
	struct reply *r = open_with(s, "?since=123456", NULL);
	assert_non_null(strstr(r->body, "\n\nid: 123456\ndata: {\"type\": \"exit\", \"id\": 123456, \"code\": 0}\n\n"));
	assert_int_equal(r->end, REPLY_ENDED);
	/* Again and again: a reader must stop at it. */
	r = open_with(s, "?since=123456", NULL);
	assert_int_equal(r->end, REPLY_ENDED);
}

static void a_last_frame_with_id_0_has_no_id_line(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:lost");
	char path[128];
	snprintf(path, sizeof path, "/sessions/%s/terminate", s);
	assert_int_equal(mock_ask("POST", path, NULL)->status, 200);
	struct reply *r = mock_stream(s, 0);
	assert_null(strstr(r->body, "id: "));
	assert_non_null(strstr(
		r->body, "\n\ndata: {\"type\": \"terminated\", \"id\": 0, \"message\": \"Session terminated\"}\n\n"));
}

static void last_frames_follow_from_the_state(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	int code = -9;
	assert_true(mockd_end_session(mock.mockd, s, "failed", &code));
	assert_non_null(strstr(mock_stream(s, 9001)->body, "{\"type\": \"exit\", \"id\": 9001, \"code\": -9}"));
	s = manual_session();
	assert_true(mockd_end_session(mock.mockd, s, "failed", NULL));
	assert_non_null(strstr(
		mock_stream(s, 9999)->body, "{\"type\": \"error\", \"id\": 9999, \"message\": \"Session failed\"}"));
	s = manual_session();
	assert_true(mockd_end_session(mock.mockd, s, "completed", NULL));
	assert_non_null(strstr(mock_stream(s, 9999)->body, "{\"type\": \"exit\", \"id\": 9999, \"code\": null}"));
}

static void one_last_frame_over_several_turns(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:success stages=0 rows=1 row_ms=0");
	mock_pass(1000);
	assert_int_equal(
		mock_ask_path("POST", "{\"prompt\": \"script:exit code=7 rows=1 row_ms=0\"}", "/sessions/%s/prompt", s)
			->status,
		202);
	mock_pass(1000);
	struct reply *r = mock_stream(s, 0);
	mock_pass(500);
	assert_int_equal(count(r->body, "\"type\": \"exit\""), 1);
	assert_non_null(strstr(r->body, "\"code\": 7}"));
	assert_int_equal(count(r->body, "\"type\": \"turn_start\""), 2);
	assert_int_equal(count(r->body, "\"stage\": \"runtime_start\", \"state\": \"started\""), 2);
	assert_null(strstr(r->body, "\"stage\": \"runtime_start\", \"state\": \"done\""));
}

static void rows_without_a_turn_announce_none(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:success stages=0 rows=2 row_ms=0 null_turn=1");
	mock_pass(1000);
	struct reply *r = mock_stream(s, 0);
	assert_int_equal(count(r->body, "\"turn\": null}"), 2);
	assert_null(strstr(r->body, "turn_start"));
}

static void a_poll_takes_a_hundred_rows(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:replay rows=260 stages=0");
	mock_pass(1000);
	struct reply *r = mock_stream(s, 0);
	assert_int_equal(count(r->body, "\nid: "), 100);
	mock_pass(499);
	assert_int_equal(count(r->body, "\nid: "), 100);
	mock_pass(1);
	assert_int_equal(count(r->body, "\nid: "), 200);
	mock_pass(500);
	assert_int_equal(count(r->body, "\nid: "), 261);
	assert_null(strstr(r->body, "exit"));
	/* The poll that finds no rows finds the end. */
	mock_pass(500);
	assert_non_null(strstr(r->body, "\"type\": \"exit\""));
	assert_int_equal(r->end, REPLY_ENDED);
}

static void rows_wait_for_the_next_poll(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	struct reply *r = mock_stream(s, 9001);
	mock_pass(300);
	add_row(s, "early");
	probe_settle(mock.probe);
	assert_null(strstr(r->body, "early"));
	mock_pass(199);
	assert_null(strstr(r->body, "early"));
	mock_pass(1);
	assert_non_null(strstr(r->body, "early"));
	/* Polls stay on their grid however long nothing comes. */
	mock_pass(7300);
	add_row(s, "later");
	mock_pass(199);
	assert_null(strstr(r->body, "later"));
	mock_pass(1);
	assert_non_null(strstr(r->body, "later"));
}

static void heartbeats_come_every_fifteen_seconds(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	struct reply *r = mock_stream(s, 9001);
	mock_pass(14999);
	assert_null(strstr(r->body, "heartbeat"));
	mock_pass(1);
	assert_int_equal(count(r->body, "\n\n: heartbeat\n\n"), 1);
	/* Output does not put them off. */
	mock_pass(14000);
	add_row(s, "x");
	mock_pass(1000);
	assert_int_equal(count(r->body, ": heartbeat\n\n"), 2);
	mock_pass(60000);
	assert_int_equal(count(r->body, ": heartbeat\n\n"), 6);
}

static void ten_silent_minutes_make_a_connection_stale(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	struct reply *r = mock_stream(s, 9001);
	mock_pass(300000);
	add_row(s, "x");
	mock_pass(600000);
	assert_null(strstr(r->body, "stale"));
	/* Ten minutes after the poll that found the row. */
	mock_pass(500);
	assert_non_null(strstr(r->body,
		"\n\nid: 9002\ndata: {\"type\": \"stale\", \"id\": 9002, \"message\": \"No output for 600s\"}\n\n"));
	assert_int_equal(r->end, REPLY_ENDED);
	/* The session lives, and another connection has ten minutes more. */
	assert_true(add_row(s, "y") > 0);
	r = mock_stream(s, 9002);
	assert_non_null(strstr(r->body, "id: 9003"));
	mock_pass(599500);
	assert_int_equal(r->end, REPLY_OPEN);
}

static void a_pending_session_goes_stale_without_an_id(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:lost");
	struct reply *r = mock_stream(s, 0);
	mock_pass(600500);
	assert_non_null(
		strstr(r->body, "\n\ndata: {\"type\": \"stale\", \"id\": 0, \"message\": \"No output for 600s\"}\n\n"));
	assert_null(strstr(r->body, "id: 0"));
}

static void a_reader_that_stalls_meets_the_clocks_that_ran_on(void **state)
{
	(void)state;
	mock_open(NULL);
	probe_close(mock.probe);
	const struct probe_options slow = {.no_credit = true, .window = 200};
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), &slow);
	const char *s = manual_session();
	for (int i = 0; i < 3; i++)
		add_row(s, "a text that does not fit into the window");
	struct reply *r = mock_stream(s, 9001);
	assert_int_equal(r->body_len, 200);
	mock_pass(700000);
	assert_int_equal(r->body_len, 200);
	/* The batch in flight comes first, then a heartbeat, then what the clock says. */
	probe_credit(mock.probe, r, 100000);
	probe_settle(mock.probe);
	assert_int_equal(count(r->body, "does not fit"), 3);
	const char *beat = strstr(r->body, ": heartbeat\n\n");
	assert_non_null(beat);
	assert_int_equal(count(r->body, ": heartbeat"), 1);
	assert_non_null(strstr(beat, "\"type\": \"stale\""));
}

static void a_deleted_session_cuts_its_streams(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:success stages=0 rows=1 row_ms=0");
	mock_pass(1000);
	struct reply *r = mock_stream(s, 0);
	assert_int_equal(mock_ask_path("DELETE", NULL, "/sessions/%s/delete", s)->status, 200);
	probe_settle(mock.probe);
	assert_int_equal(r->end, REPLY_RESET);
	assert_null(strstr(r->body, "exit"));
	assert_detail(mock_stream(s, 0), 404, "not found");
}

static void streams_of_one_session_do_not_disturb_each_other(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	struct reply *a = mock_stream(s, 9001);
	mock_pass(250);
	struct reply *b = mock_stream(s, 0);
	add_row(s, "both");
	mock_pass(250);
	assert_non_null(strstr(a->body, "both"));
	assert_null(strstr(b->body, "both"));
	probe_reset(mock.probe, a);
	mock_pass(250);
	assert_non_null(strstr(b->body, "both"));
	assert_non_null(strstr(b->body, "id: 9001"));
}

static void dialect_r_says_runtime(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.dialect = MOCKD_DIALECT_R;
	mock_open(&options);
	struct reply *r = mock_stream(manual_session(), 0);
	assert_memory_equal(r->body, "data: {\"type\": \"start\", \"runtime\": \"claude\", \"session_id\": ", 56);
}

static void row_ids_have_gaps_but_rise(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.row_gap = 50;
	options.first_row_id = 5000000000;
	mock_open(&options);
	const char *s = manual_session();
	uint64_t last = 0, gaps = 0;
	for (int i = 0; i < 100; i++) {
		uint64_t id = add_row(s, "x");
		assert_true(id > last && id > 5000000000);
		assert_true(last == 0 || id - last <= 50);
		gaps += last != 0 && id - last > 1;
		last = id;
	}
	assert_true(gaps > 50);
}

static void purged_rows_are_found_no_more(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = manual_session();
	add_row(s, "two");
	struct reply *open = mock_stream(s, 0);
	assert_non_null(strstr(open->body, "id: 9002"));
	assert_true(mockd_purge_rows(mock.mockd, s, 9002));
	add_row(s, "three");
	struct reply *r = mock_stream(s, 0);
	assert_null(strstr(r->body, "id: 9002"));
	assert_non_null(strstr(r->body, "id: 9003"));
	/* A cursor whose row is gone goes on with the next one. */
	assert_non_null(strstr(mock_stream(s, 9001)->body, "id: 9003"));
	mock_pass(500);
	assert_non_null(strstr(open->body, "id: 9003"));
	assert_false(mockd_purge_rows(mock.mockd, "nobody", 1));
}

static void unknown_types_have_ids_and_announce_no_turn(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *s = mock_session("script:success stages=0 rows=2 row_ms=0 unknown_every=1 code=null");
	mock_pass(1000);
	struct reply *r = mock_stream(s, 0);
	mock_pass(500);
	assert_non_null(strstr(r->body, "id: 9002\ndata: {\"type\": \"usage\", \"id\": 9002, "));
	assert_null(strstr(r->body, "turn_start"));
	assert_non_null(strstr(r->body, "{\"type\": \"exit\", \"id\": 9003, \"code\": null}"));
	/* They move the cursor. */
	assert_null(strstr(mock_stream(s, 9002)->body, "\"id\": 9002"));
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(layout_is_as_the_contract_says),
		TEST(every_write_is_a_frame_of_its_own),
		TEST(merged_writes_share_a_frame),
		TEST(a_new_session_goes_through_all_stages),
		TEST(a_failed_provisioning_tells_why),
		TEST(cursors_are_exclusive_and_the_header_wins),
		TEST(bad_cursors_are_refused),
		TEST(a_cursor_past_the_end_gets_the_last_frame_back),
		TEST(a_last_frame_with_id_0_has_no_id_line),
		TEST(last_frames_follow_from_the_state),
		TEST(one_last_frame_over_several_turns),
		TEST(rows_without_a_turn_announce_none),
		TEST(a_poll_takes_a_hundred_rows),
		TEST(rows_wait_for_the_next_poll),
		TEST(heartbeats_come_every_fifteen_seconds),
		TEST(ten_silent_minutes_make_a_connection_stale),
		TEST(a_pending_session_goes_stale_without_an_id),
		TEST(a_reader_that_stalls_meets_the_clocks_that_ran_on),
		TEST(a_deleted_session_cuts_its_streams),
		TEST(streams_of_one_session_do_not_disturb_each_other),
		TEST(dialect_r_says_runtime),
		TEST(row_ids_have_gaps_but_rise),
		TEST(purged_rows_are_found_no_more),
		TEST(unknown_types_have_ids_and_announce_no_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
