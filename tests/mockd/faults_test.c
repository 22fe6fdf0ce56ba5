/*
 * Every fault does what it says, at its moment, as often as it may, to what it fits, and to nothing else.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include <nghttp2/nghttp2.h>

/* A finished session with one stage row (9001) and the outputs "one" (9002), "two" (9003), "three" (9004). */
static const char *session;

static void open_world(const struct mockd_options *options)
{
	mock_open(options);
	session = mock_session("script:manual stages=0");
	mock_pass(1000);
	mockd_add_row(mock.mockd, session, "stdout", "one", 3);
	mockd_add_row(mock.mockd, session, "stdout", "two", 3);
	mockd_add_row(mock.mockd, session, "stdout", "three", 5);
	int code = 0;
	assert_true(mockd_end_session(mock.mockd, session, "completed", &code));
	mock_pass(1000);
}

static uint64_t add(const char *text)
{
	uint64_t number = mockd_fault_add_text(mock.mockd, text, NULL, 0);
	if (number == 0)
		fail_msg("refused: %s", text);
	return number;
}

static uint64_t add_with(const char *text, const char *body)
{
	uint64_t number = mockd_fault_add_text(mock.mockd, text, body, strlen(body));
	assert_true(number > 0);
	return number;
}

static void assert_ends(const struct reply *r, const char *tail)
{
	size_t len = strlen(tail);
	if (r->body_len < len || strcmp(r->body + r->body_len - len, tail) != 0)
		fail_msg("does not end with \"%s\": %s", tail, r->body);
}

static void cuts_after_a_byte(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=byte at=77 action=cut");
	struct reply *r = mock_stream(session, 0);
	probe_until_down(mock.probe);
	assert_int_equal(probe_state(mock.probe), PROBE_FIN);
	assert_int_equal(r->body_len, 77);
	/* Before any byte: headers, then nothing. */
	mock_reconnect();
	add("moment=byte at=0 action=cut");
	r = mock_stream(session, 0);
	assert_int_equal(r->body_len, 0);
	assert_int_equal(r->status, 200);
	assert_int_equal(r->end, REPLY_LOST);
	/* Used up. */
	mock_reconnect();
	r = mock_stream(session, 0);
	mock_pass(500);
	assert_int_equal(r->end, REPLY_ENDED);
}

static void cuts_inside_a_frame(void **state)
{
	(void)state;
	open_world(NULL);
	/* The DATA frame is announced longer than what comes of it. */
	add("moment=byte at=30 action=abort mid_frame=1");
	struct reply *r = mock_stream(session, 0);
	probe_until_down(mock.probe);
	assert_int_equal(r->body_len, 30);
	assert_int_equal(r->frame_count, 0);
	mock_reconnect();
	add("moment=event at=2 action=cut mid_frame=1");
	r = mock_stream(session, 0);
	assert_ends(r, "\"started\"}\n\n: torn");
	assert_int_equal(r->end, REPLY_LOST);
}

static void cuts_after_events_and_rows(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=event at=4 action=reset code=8");
	struct reply *r = mock_stream(session, 0);
	assert_ends(r, "\"one\", \"turn\": 1}\n\n");
	assert_int_equal(r->end, REPLY_RESET);
	assert_int_equal(r->code, NGHTTP2_CANCEL);
	add("moment=row at=9003 action=reset code=2");
	r = mock_stream(session, 0);
	assert_ends(r, "\"two\", \"turn\": 1}\n\n");
	assert_int_equal(r->code, NGHTTP2_INTERNAL_ERROR);
	/* The row at the cursor is not sent again, so the next one counts. */
	add("moment=row at=9002 action=reset");
	r = mock_stream(session, 9002);
	assert_ends(r, "\"two\", \"turn\": 1}\n\n");
	assert_int_equal(r->end, REPLY_RESET);
	assert_int_equal(r->code, NGHTTP2_NO_ERROR);
}

static void cuts_between_id_and_data(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=id at=3 action=end");
	struct reply *r = mock_stream(session, 0);
	assert_ends(r, "\n\nid: 9003\n");
	assert_int_equal(r->end, REPLY_ENDED);
}

static void cuts_between_turn_start_and_output(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=turn action=close");
	struct reply *r = mock_stream(session, 9001);
	assert_ends(r, "data: {\"type\": \"turn_start\", \"id\": 9002, \"turn\": 1}\n\n");
	assert_int_equal(r->end, REPLY_LOST);
}

static void ends_without_a_last_frame(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=last action=end");
	struct reply *r = mock_stream(session, 0);
	mock_pass(500);
	assert_ends(r, "\"three\", \"turn\": 1}\n\n");
	assert_int_equal(r->end, REPLY_ENDED);
}

/* All of the body is there but END_STREAM. */
static void ends_are_not_told(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=end action=reset code=2");
	struct reply *r = mock_stream(session, 0);
	mock_pass(500);
	assert_ends(r, "\"code\": 0}\n\n");
	assert_int_equal(r->end, REPLY_RESET);
	add("moment=end action=delay ms=3000");
	r = mock_stream(session, 0);
	mock_pass(3000);
	assert_ends(r, "\"code\": 0}\n\n");
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(1000);
	assert_int_equal(r->end, REPLY_ENDED);
	/* HTTP/2 needs no other word for its end. */
	add("moment=answer action=until-close");
	r = mock_stream(session, 0);
	mock_pass(500);
	assert_int_equal(r->end, REPLY_ENDED);
	add("moment=end action=cut");
	r = mock_stream(session, 0);
	mock_pass(500);
	assert_ends(r, "\"code\": 0}\n\n");
	assert_int_equal(r->end, REPLY_LOST);
}

static void connections_end_in_three_ways(void **state)
{
	(void)state;
	open_world(NULL);
	static const struct {
		const char *text;
		enum probe_state state;
	} ways[] = {{"moment=event at=1 action=close", PROBE_FIN}, {"moment=event at=1 action=cut", PROBE_FIN},
		{"moment=event at=1 action=abort", PROBE_RST}};
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		add(ways[i].text);
		struct reply *r = mock_stream(session, 0);
		probe_until_down(mock.probe);
		assert_int_equal(probe_state(mock.probe), ways[i].state);
		assert_int_equal(r->frame_count, 1);
		mock_reconnect();
	}
}

static void stalls_leave_the_connection_alive(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=event at=3 action=stall");
	struct reply *r = mock_stream(session, 0);
	mock_pass(60000);
	assert_int_equal(r->end, REPLY_OPEN);
	assert_null(strstr(r->body, "heartbeat"));
	assert_null(strstr(r->body, "one"));
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
}

static void freezes_answer_nothing(void **state)
{
	(void)state;
	open_world(NULL);
	add("action=freeze");
	struct reply *r = probe_send(mock.probe, "GET", "/health", NULL, NULL);
	struct probe *frozen = mock.probe;
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), NULL);
	/* Whoever comes later is served, so the emulator has seen the first one. */
	while (mockd_fault_struck(mock.mockd, 1) == 0) {
		probe_settle(mock.probe);
		probe_turn(frozen);
	}
	unsigned pings = probe_pings(frozen);
	probe_ping(frozen);
	for (int i = 0; i < 20; i++) {
		probe_turn(frozen);
		probe_settle(mock.probe);
	}
	assert_int_equal(probe_pings(frozen), pings);
	assert_int_equal(r->status, 0);
	assert_int_equal(probe_state(frozen), PROBE_UP);
	probe_close(frozen);
}

static void goaway_lets_what_is_open_end(void **state)
{
	(void)state;
	open_world(NULL);
	struct reply *stream = mock_stream(session, 0);
	add("action=goaway code=0");
	struct reply *r = probe_send(mock.probe, "GET", "/health", NULL, NULL);
	probe_until_end(mock.probe, r);
	int32_t last;
	uint32_t code;
	assert_int_equal(r->status, 200);
	assert_true(probe_goaway(mock.probe, &last, &code));
	assert_int_equal(last, r->stream_id);
	assert_int_equal(code, NGHTTP2_NO_ERROR);
	mockd_advance(mock.mockd, 500);
	probe_until_down(mock.probe);
	assert_int_equal(stream->end, REPLY_ENDED);
	assert_int_equal(probe_state(mock.probe), PROBE_FIN);
}

static void goaway_refuses_what_is_above_it(void **state)
{
	(void)state;
	open_world(NULL);
	struct reply *stream = mock_stream(session, 0);
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	add("action=goaway refuse=1 code=11 method=POST");
	char body[128];
	snprintf(body, sizeof body, "{\"agent_id\": \"%s\", \"prompt\": \"\"}", mock.agent);
	struct reply *r = probe_send(mock.probe, "POST", "/sessions", NULL, body);
	probe_until_end(mock.probe, r);
	int32_t last;
	uint32_t code;
	assert_true(probe_goaway(mock.probe, &last, &code));
	assert_true(last < r->stream_id);
	assert_true(last >= stream->stream_id);
	assert_int_equal(code, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(r->status, 0);
	mockd_advance(mock.mockd, 500);
	probe_until_down(mock.probe);
	assert_int_equal(stream->end, REPLY_ENDED);
	/* It was not processed: there is the first session alone. */
	mock_reconnect();
	json_t *list = mock_json(mock_ask("GET", "/sessions", NULL));
	assert_int_equal(json_array_size(json_object_get(list, "data")), 1);
	json_decref(list);
}

static void requests_are_refused_unprocessed(void **state)
{
	(void)state;
	open_world(NULL);
	uint64_t number = add("action=refuse times=2 skip=1");
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	for (int i = 0; i < 2; i++) {
		struct reply *r = mock_ask("GET", "/health", NULL);
		assert_int_equal(r->end, REPLY_RESET);
		assert_int_equal(r->code, NGHTTP2_REFUSED_STREAM);
		assert_int_equal(r->status, 0);
	}
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	assert_int_equal(mockd_fault_struck(mock.mockd, number), 2);
}

static void other_answers_are_given(void **state)
{
	(void)state;
	open_world(NULL);
	add_with("action=status status=502 content_type=text/html", "<html>Bad Gateway</html>");
	struct reply *r = mock_ask("GET", "/sessions", NULL);
	assert_int_equal(r->status, 502);
	assert_string_equal(r->body, "<html>Bad Gateway</html>");
	assert_true(reply_has(r, "content-type: text/html"));
	add("action=status status=401 path=/sessions/*");
	assert_int_equal(mock_ask("GET", "/sessions", NULL)->status, 200);
	r = mock_ask_path("GET", NULL, "/sessions/%s", session);
	assert_int_equal(r->status, 401);
	assert_int_equal(r->body_len, 0);
	assert_null(strstr(r->headers, "content-type"));
	struct mockd_fault fault;
	mockd_fault_init(&fault, MOCKD_AT_REQUEST, MOCKD_DO_STATUS);
	fault.status = 429;
	fault.field = "retry-after: 7";
	fault.content_type = "application/json";
	fault.body = "{}";
	fault.body_len = 2;
	assert_true(mockd_fault_add(mock.mockd, &fault) > 0);
	r = mock_ask("GET", "/health", NULL);
	assert_int_equal(r->status, 429);
	assert_true(reply_has(r, "retry-after: 7"));
}

static void an_answer_may_be_lost_after_the_deed(void **state)
{
	(void)state;
	open_world(NULL);
	static const char *const faults[] = {"moment=answer action=cut method=POST",
		"moment=answer action=stall method=POST", "moment=answer action=status status=504 method=POST",
		"moment=answer action=reset code=2 method=POST"};
	char body[128];
	snprintf(body, sizeof body, "{\"agent_id\": \"%s\", \"prompt\": \"\"}", mock.agent);
	for (size_t i = 0; i < 4; i++) {
		add(faults[i]);
		struct reply *r = probe_send(mock.probe, "POST", "/sessions", NULL, body);
		probe_settle(mock.probe);
		assert_int_equal(r->status, i == 2 ? 504 : 0);
		mock_reconnect();
		json_t *list = mock_json(mock_ask("GET", "/sessions", NULL));
		assert_int_equal(json_array_size(json_object_get(list, "data")), 2 + i);
		json_decref(list);
	}
}

static void content_types_and_headers_are_changed(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=answer action=type content_type=text/plain");
	assert_true(reply_has(mock_stream(session, 0), "content-type: text/plain"));
	add("moment=answer action=type");
	assert_null(strstr(mock_stream(session, 0)->headers, "content-type"));
	add("moment=answer action=flood size=100000");
	struct reply *r = mock_stream(session, 0);
	assert_true(r->headers_len > 100000);
	assert_true(reply_has(r, "content-type: text/event-stream"));
}

static void delays_hold_the_request_the_answer_and_the_body(void **state)
{
	(void)state;
	open_world(NULL);
	add("action=delay ms=3000 method=POST");
	struct reply *r = probe_send(mock.probe, "POST", "/agents", NULL, "{}");
	probe_settle(mock.probe);
	mock_pass(2999);
	assert_int_equal(r->status, 0);
	mock_pass(1);
	assert_int_equal(r->status, 422);
	add("moment=answer action=delay ms=3000");
	r = mock_stream(session, 0);
	mock_pass(2999);
	assert_int_equal(r->status, 0);
	mock_pass(1);
	assert_int_equal(r->status, 200);
	assert_true(reply_has(r, "x-accel-buffering: no"));
	mock_pass(500);
	assert_int_equal(r->end, REPLY_ENDED);
	add("moment=event at=4 action=delay ms=3000");
	r = mock_stream(session, 0);
	mock_pass(2999);
	assert_ends(r, "\"one\", \"turn\": 1}\n\n");
	mock_pass(1);
	assert_ends(r, "\"three\", \"turn\": 1}\n\n");
}

static void held_exchanges_may_go_away(void **state)
{
	(void)state;
	open_world(NULL);
	add("action=delay ms=1000");
	add("moment=answer action=delay ms=1000 skip=1");
	struct reply *r = probe_send(mock.probe, "GET", "/health", NULL, NULL);
	probe_settle(mock.probe);
	probe_reset(mock.probe, r);
	r = mock_stream(session, 0);
	probe_reset(mock.probe, r);
	mock_pass(5000);
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
}

static void samples_are_put_in(void **state)
{
	(void)state;
	open_world(NULL);
	static const struct {
		const char *text;
		const char *bytes;
		size_t len;
	} samples[] = {
		{"sample=invalid-utf8", "bad \xc3\x28 \xff\"}\n\n", 12},
		{"sample=invalid-json", "\"data\": \"open\n\n", 15},
		{"sample=nul", "nul \0 inside\"}\n\n", 16},
		{"sample=unknown", "{\"type\": \"weather\", ", 20},
		{"sample=code-null", "\"code\": null}\n\n", 15},
		{"sample=long-data size=100000", "xxx\", \"turn\": null}\n\n", 21},
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		char text[128];
		snprintf(text, sizeof text, "moment=event at=4 action=insert %s", samples[i].text);
		add(text);
		struct reply *r = mock_stream(session, 0);
		/* A long one takes several windows. */
		probe_until(mock.probe, r, "\"three\"");
		mock_pass(500);
		char *at = memmem(r->body, r->body_len, samples[i].bytes, samples[i].len);
		assert_non_null(at);
		char *before = strstr(r->body, "\"one\"");
		assert_true(before != NULL && before < at);
		/* The stream goes on as if nothing were. */
		assert_non_null(strstr(at + samples[i].len, "id: 9003\ndata: "));
		assert_int_equal(r->end, REPLY_ENDED);
	}
	add_with("moment=id at=3 action=insert", ": any bytes\nretry: 7\n");
	assert_non_null(strstr(mock_stream(session, 0)->body, "id: 9003\n: any bytes\nretry: 7\ndata: {"));
}

static void endless_lines_fill_the_window(void **state)
{
	(void)state;
	open_world(NULL);
	probe_close(mock.probe);
	const struct probe_options slow = {.no_credit = true};
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), &slow);
	add("moment=event at=1 action=endless");
	struct reply *r = mock_stream(session, 0);
	assert_int_equal(r->body_len, 65535);
	assert_null(strchr(strstr(r->body, "data: xxx"), '\n'));
	probe_credit(mock.probe, r, 1000);
	probe_settle(mock.probe);
	assert_int_equal(r->body_len, 66535);
}

static void garbage_breaks_the_connection(void **state)
{
	(void)state;
	open_world(NULL);
	add_with("moment=event at=2 action=garbage", "HTTP/1.1 400 this is no frame at all, is it\r\n\r\n");
	mock_stream(session, 0);
	probe_until_down(mock.probe);
	assert_int_equal(probe_state(mock.probe), PROBE_BROKEN);
}

static void frames_are_split_and_merged(void **state)
{
	(void)state;
	open_world(NULL);
	add("moment=byte at=0 action=split");
	struct reply *r = mock_stream(session, 0);
	mock_pass(500);
	assert_int_equal(r->end, REPLY_ENDED);
	/* The last, empty frame carries END_STREAM. */
	assert_true(r->frame_count >= r->body_len && r->frame_count <= r->body_len + 1);
	size_t len = r->body_len;
	add("moment=event at=3 action=split size=7");
	r = mock_stream(session, 0);
	mock_pass(500);
	assert_int_equal(r->body_len, len);
	assert_int_equal(r->frames[4], 7);
	add("moment=byte at=0 action=merge");
	r = mock_stream(session, 0);
	assert_int_equal(r->frame_count, 1);
}

static void heartbeats_are_left_out(void **state)
{
	(void)state;
	open_world(NULL);
	const char *s = mock_session("script:manual stages=0");
	mock_pass(1000);
	add("moment=byte at=0 action=mute");
	struct reply *r = mock_stream(s, 0);
	struct reply *other = mock_stream(s, 0);
	mock_pass(60000);
	assert_null(strstr(r->body, "heartbeat"));
	assert_non_null(strstr(other->body, "heartbeat"));
	mockd_add_row(mock.mockd, s, "stdout", "still alive", 11);
	mock_pass(500);
	assert_non_null(strstr(r->body, "still alive"));
}

static void sessions_are_deleted_mid_stream(void **state)
{
	(void)state;
	open_world(NULL);
	char text[128];
	snprintf(text, sizeof text, "moment=event at=4 action=delete session=%s", session);
	add(text);
	struct reply *r = mock_stream(session, 0);
	assert_int_equal(r->end, REPLY_RESET);
	assert_null(strstr(r->body, "exit"));
	assert_detail(mock_stream(session, 0), 404, "");
}

static void faults_strike_what_is_open_now(void **state)
{
	(void)state;
	open_world(NULL);
	const char *other = mock_session("script:manual stages=0");
	mock_pass(1000);
	struct reply *a = mock_stream(other, 0);
	struct reply *b = mock_stream(other, 0);
	char text[128];
	snprintf(text, sizeof text, "moment=now action=reset code=2 times=1 session=%s", other);
	assert_int_equal(mockd_fault_struck(mock.mockd, add(text)), 2);
	probe_settle(mock.probe);
	assert_int_equal(a->end, REPLY_RESET);
	assert_int_equal(b->end, REPLY_RESET);
	a = mock_stream(other, 0);
	add("moment=now action=end");
	probe_settle(mock.probe);
	assert_int_equal(a->end, REPLY_ENDED);
	a = mock_stream(other, 0);
	add("moment=now action=abort connection=1");
	probe_until_down(mock.probe);
	assert_int_equal(probe_state(mock.probe), PROBE_RST);
	assert_int_equal(a->end, REPLY_LOST);
	/* It is not kept for what comes later. */
	mock_reconnect();
	add("moment=now action=close connection=1");
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
}

static void faults_choose_by_session_and_connection(void **state)
{
	(void)state;
	open_world(NULL);
	char text[128];
	snprintf(text, sizeof text, "action=status status=500 times=0 session=%s", session);
	uint64_t number = add(text);
	assert_int_equal(mock_ask("GET", "/sessions", NULL)->status, 200);
	assert_int_equal(mock_ask_path("GET", NULL, "/sessions/%s", session)->status, 500);
	assert_int_equal(mock_ask_path("GET", NULL, "/sessions/%s/turns", session)->status, 500);
	mockd_fault_remove(mock.mockd, number);
	assert_int_equal(mock_ask_path("GET", NULL, "/sessions/%s", session)->status, 200);
	add("action=status status=500 connection=2 times=0");
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
	mock_reconnect();
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 500);
	mockd_fault_clear(mock.mockd);
	assert_int_equal(mock_ask("GET", "/health", NULL)->status, 200);
}

static void removed_faults_spare_what_they_were_bound_to(void **state)
{
	(void)state;
	open_world(NULL);
	const char *s = mock_session("script:manual stages=0");
	mock_pass(1000);
	uint64_t number = add("moment=event at=3 action=reset");
	struct reply *r = mock_stream(s, 0);
	mockd_fault_remove(mock.mockd, number);
	mockd_add_row(mock.mockd, s, "stdout", "more", 4);
	mock_pass(500);
	assert_int_equal(r->end, REPLY_OPEN);
	assert_non_null(strstr(r->body, "more"));
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	open_world(NULL);
	static const char *const texts[] = {"action=none", "moment=later", "action=status moment=event", "action=end",
		"action=insert moment=byte", "action=type", "action=delete", "at=x", "times=-1", "mid_frame=2",
		"action=status status=77", NULL};
	for (const char *const *text = texts; *text != NULL; text++) {
		if (mockd_fault_add_text(mock.mockd, *text, NULL, 0) != 0)
			fail_msg("taken: %s", *text);
	}
}

/* One run of random cuts over an idle connection with streams; what was cut, in words. */
static void random_run(char *out, size_t room)
{
	struct mockd_options options = mock_options();
	options.seed = 7;
	mock_open(&options);
	size_t len = 0;
	mockd_random_cuts(mock.mockd, 60, 20);
	for (int i = 0; i < 40; i++) {
		if (probe_state(mock.probe) != PROBE_UP)
			mock_reconnect();
		struct reply *r = probe_send(mock.probe, "GET", "/events/tick?interval_ms=100&split=1", NULL, NULL);
		probe_settle(mock.probe);
		for (int tick = 0; tick < 30; tick++)
			mock_pass(100);
		len += (size_t)snprintf(
			out + len, room - len, "%d/%d/%zu ", (int)r->end, (int)probe_state(mock.probe), r->body_len);
	}
	struct mockd_stats stats;
	mockd_get_stats(mock.mockd, &stats);
	assert_true(stats.cuts > 20 && stats.cuts < 180);
	/* And they stop. */
	mockd_random_cuts(mock.mockd, 0, 0);
	mock_reconnect();
	struct reply *r = probe_send(mock.probe, "GET", "/events/idle", NULL, NULL);
	mock_pass(600000);
	assert_int_equal(r->end, REPLY_OPEN);
	mock_close(NULL);
}

static void random_cuts_repeat_with_their_seed(void **state)
{
	(void)state;
	char first[4096], second[4096];
	random_run(first, sizeof first);
	random_run(second, sizeof second);
	assert_string_equal(first, second);
	char ended[8], reset[8], lost[8];
	snprintf(ended, sizeof ended, " %d/", (int)REPLY_ENDED);
	snprintf(reset, sizeof reset, " %d/", (int)REPLY_RESET);
	snprintf(lost, sizeof lost, " %d/", (int)REPLY_LOST);
	assert_non_null(strstr(first, ended));
	assert_non_null(strstr(first, reset));
	assert_non_null(strstr(first, lost));
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cuts_after_a_byte),
		TEST(cuts_inside_a_frame),
		TEST(cuts_after_events_and_rows),
		TEST(cuts_between_id_and_data),
		TEST(cuts_between_turn_start_and_output),
		TEST(ends_without_a_last_frame),
		TEST(ends_are_not_told),
		TEST(connections_end_in_three_ways),
		TEST(stalls_leave_the_connection_alive),
		TEST(freezes_answer_nothing),
		TEST(goaway_lets_what_is_open_end),
		TEST(goaway_refuses_what_is_above_it),
		TEST(requests_are_refused_unprocessed),
		TEST(other_answers_are_given),
		TEST(an_answer_may_be_lost_after_the_deed),
		TEST(content_types_and_headers_are_changed),
		TEST(delays_hold_the_request_the_answer_and_the_body),
		TEST(held_exchanges_may_go_away),
		TEST(samples_are_put_in),
		TEST(endless_lines_fill_the_window),
		TEST(garbage_breaks_the_connection),
		TEST(frames_are_split_and_merged),
		TEST(heartbeats_are_left_out),
		TEST(sessions_are_deleted_mid_stream),
		TEST(faults_strike_what_is_open_now),
		TEST(faults_choose_by_session_and_connection),
		TEST(removed_faults_spare_what_they_were_bound_to),
		TEST(nonsense_is_refused),
		TEST(random_cuts_repeat_with_their_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
