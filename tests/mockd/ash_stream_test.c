/*
 * Ash's event stream to the byte: layout, order of granular frames, every way in which a stream ends or does not, two
 * commands at once, slow readers, and what is stored of it all.
 */
#include "support/mock_ash.h"
#include "support/test.h"

#include <stdio.h>

/* The frame that ends an ordinary stream of the session. */
static const char *done_of(const char *session)
{
	static char text[256];
	snprintf(text, sizeof text, "event: done\ndata: {\"sessionId\":\"%s\"}\n\n", session);
	return text;
}

static void say(const char *session, const char *message)
{
	assert_true(mockd_ash_say(mock.mockd, session, message, strlen(message)));
	probe_settle(mock.probe);
}

/* What is stored: one of "messages" and "events". */
static const char *stored(const char *session, const char *what)
{
	struct reply *r = ash_ask("GET", NULL, "/api/sessions/%s/%s", session, what);
	assert_int_equal(r->status, 200);
	return r->body;
}

static void layout_is_as_the_contract_says(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:manual");
	assert_string_equal(r->headers, "content-type: text/event-stream\ncache-control: no-cache\n");
	say(s, "{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
	       "\"text_delta\",\"text\":\"caf\xc3\xa9 \xe2\x80\xa8\"}},\"session_id\":\"sdk-1\"}");
	say(s, "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hmm\","
	       "\"signature\":\"c2ln\"},{\"type\":\"text\",\"text\":\"Running.\"},{\"type\":\"tool_use\",\"id\":\"t1\","
	       "\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}},{\"type\":\"redacted_thinking\",\"data\":\"abc\"}]}"
	       "}");
	say(s, "{\"type\":\"user\",\"tool_use_result\":{\"stdout\":\"a.txt\",\"stderr\":\"\"}}");
	say(s, "{\"type\":\"user\",\"tool_use_result\":\"none\"}");
	say(s, "{\"type\":\"user\"}");
	say(s, "{\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":2,\"result\":\"Done.\"}");
	char expected[4096];
	snprintf(expected, sizeof expected,
		"event: session_start\ndata: {\"sessionId\":\"%s\",\"version\":\"0.2.0\"}\n\n"
		"event: text_delta\ndata: {\"delta\":\"caf\xc3\xa9 \xe2\x80\xa8\"}\n\n"
		"event: message\ndata: "
		"{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":"
		"0,\"delta\":{\"type\":\"text_delta\",\"text\":\"caf\xc3\xa9 \xe2\x80\xa8\"}},\"session_id\":\"sdk-"
		"1\"}\n\n"
		"event: thinking_delta\ndata: {\"delta\":\"hmm\"}\n\n"
		"event: tool_use\ndata: {\"id\":\"t1\",\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}}\n\n"
		"event: redacted_thinking\ndata: {\"type\":\"redacted_thinking\",\"data\":\"abc\"}\n\n"
		"event: message\ndata: {\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"thinking\","
		"\"thinking\":\"hmm\",\"signature\":\"c2ln\"},{\"type\":\"text\",\"text\":\"Running.\"},{\"type\":"
		"\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}},{\"type\":\"redacted_"
		"thinking\",\"data\":\"abc\"}]}}\n\n"
		"event: tool_result\ndata: {\"content\":\"a.txt\"}\n\n"
		"event: message\ndata: "
		"{\"type\":\"user\",\"tool_use_result\":{\"stdout\":\"a.txt\",\"stderr\":\"\"}}\n\n"
		"event: tool_result\ndata: {}\n\n"
		"event: message\ndata: {\"type\":\"user\",\"tool_use_result\":\"none\"}\n\n"
		"event: message\ndata: {\"type\":\"user\"}\n\n"
		"event: turn_complete\ndata: {\"numTurns\":2,\"result\":\"Done.\"}\n\n"
		"event: message\ndata: {\"type\":\"result\",\"subtype\":\"success\",\"num_turns\":2,\"result\":\"Done."
		"\"}\n\n",
		s);
	assert_string_equal(r->body, expected);
	assert_int_equal(r->end, REPLY_OPEN);
	/* Each frame is a write of its own. */
	assert_int_equal(r->frame_count, count_of(expected, "event: "));
}

static void a_turn_ends_with_done(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:tools messages=4 tools=3 thinking=2");
	ash_finish(r);
	assert_int_equal(r->end, REPLY_ENDED);
	assert_int_equal(count_of(r->body, "event: tool_use\n"), 3);
	assert_int_equal(count_of(r->body, "event: tool_result\n"), 3);
	assert_int_equal(count_of(r->body, "event: thinking_delta\n"), 2);
	assert_int_equal(count_of(r->body, "event: text_delta\n"), 0);
	assert_int_equal(count_of(r->body, "{\"type\":\"assistant\""), 4);
	assert_non_null(strstr(r->body, "event: turn_complete\ndata: {\"numTurns\":4,\"result\":\""));
	const char *done = done_of(s);
	assert_string_equal(r->body + r->body_len - strlen(done), done);
	/* A second turn on the same session begins anew. */
	r = ash_send(s, "script:success");
	ash_finish(r);
	assert_int_equal(count_of(r->body, "event: session_start\n"), 1);
	assert_int_equal(count_of(r->body, "event: done\n"), 1);
}

/* The text that the deltas make is that of the complete message. */
static void deltas_come_only_when_asked_for(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send_with(s, "script:success messages=1 tools=0 thinking=1 deltas=7 bytes=300",
		"\"includePartialMessages\":true");
	ash_finish(r);
	char text[1024] = "";
	for (const char *at = strstr(r->body, "event: text_delta\n"); at != NULL;
		at = strstr(at + 1, "event: text_delta\n")) {
		const char *data = strstr(at, "data: ") + strlen("data: ");
		json_t *json = json_loadb(data, strcspn(data, "\n"), 0, NULL);
		strcat(text, json_string_value(json_object_get(json, "delta")));
		json_decref(json);
	}
	assert_int_equal(strlen(text), 300);
	json_t *quoted = json_string(text);
	char *json = json_dumps(quoted, JSON_ENCODE_ANY);
	char part[2048];
	snprintf(part, sizeof part, "\"result\":%s}\n", json);
	assert_non_null(strstr(r->body, part));
	free(json);
	json_decref(quoted);
	assert_int_equal(count_of(r->body, "event: thinking_delta\n"), 7 + 1);
	assert_int_equal(count_of(r->body, "event: signature_delta\ndata: {\"type\":\"signature_delta\","), 1);
}

static void a_failed_turn_has_no_error_frame(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:failed subtype=error_max_turns");
	ash_finish(r);
	assert_int_equal(count_of(r->body, "event: error\n"), 0);
	assert_int_equal(count_of(r->body, "event: done\n"), 1);
	assert_non_null(strstr(r->body, "event: turn_complete\ndata: {\"numTurns\":2}\n"));
	assert_non_null(strstr(r->body, "\"subtype\":\"error_max_turns\",\"is_error\":true"));
}

/* Each of the ways in which a stream ends without an ordinary `done`. */
static void streams_end_in_all_ways(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		const char *last; /* what the body ends with */
		size_t dones;
	} ends[] = {
		{"script:error", "event: error\ndata: {\"error\":\"The agent failed: boom\"}\n\n", 0},
		{"script:gone", NULL, 1},
		{"script:foreign", "event: done\ndata: {\"sessionId\":\"\"}\n\n", 1},
		{"script:runner", "}\n\n", 0},
	};
	ash_open(NULL);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const char *s = ash_session();
		struct reply *r = ash_send(s, ends[i].script);
		ash_finish(r);
		assert_int_equal(r->end, REPLY_ENDED);
		assert_int_equal(count_of(r->body, "event: done\n"), ends[i].dones);
		assert_null(strstr(r->body, "turn_complete"));
		const char *last = ends[i].last != NULL ? ends[i].last : done_of(s);
		assert_string_equal(r->body + r->body_len - strlen(last), last);
	}
}

static void a_dead_agent_is_noticed_by_the_next_message(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:crash");
	mock_pass(3600000);
	assert_int_equal(r->end, REPLY_OPEN);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s", s), 200, "\"status\":\"active\"");
	struct reply *again = ash_send(s, "script:success");
	assert_answer(again, 500, "{\"error\":\"Sandbox not found\",\"statusCode\":500}");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s", s), 200, "\"status\":\"error\"");
	assert_answer(ash_send(s, "x"), 400, "{\"error\":\"Session is error\",\"statusCode\":400}");
	assert_answer(ash_ask("POST", NULL, "/api/sessions/%s/resume", s), 200, "\"status\":\"active\"");
	again = ash_send(s, "script:success");
	ash_finish(again);
	assert_int_equal(count_of(again->body, "event: done\n"), 1);
	/* The first one is silent for ever. */
	assert_int_equal(r->end, REPLY_OPEN);
	assert_null(strstr(r->body, "done"));
}

static void stop_and_end_leave_the_stream_silent(void **state)
{
	(void)state;
	static const char *const ways[][2] = {{"POST", "/stop"}, {"DELETE", ""}};
	ash_open(NULL);
	for (size_t i = 0; i < 2; i++) {
		const char *s = ash_session();
		struct reply *r = ash_send(s, "script:hang");
		mock_pass(1000);
		size_t len = r->body_len;
		assert_answer(ash_ask(ways[i][0], NULL, "/api/sessions/%s%s", s, ways[i][1]), 200, NULL);
		mock_pass(3600000);
		assert_int_equal(r->end, REPLY_OPEN);
		assert_int_equal(r->body_len, len);
	}
}

static void a_paused_turn_goes_on_to_its_end(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:tools");
	mock_pass(200);
	assert_answer(ash_ask("POST", NULL, "/api/sessions/%s/pause", s), 200, "\"status\":\"paused\"");
	assert_answer(ash_send(s, "script:success"), 400, "{\"error\":\"Session is paused\",\"statusCode\":400}");
	ash_finish(r);
	assert_int_equal(count_of(r->body, "event: done\n"), 1);
}

static void two_messages_at_once_mix(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *first = ash_send(s, "script:success messages=2 row_ms=1000");
	mock_pass(1500);
	struct reply *second = ash_send(s, "script:success messages=9 row_ms=400");
	ash_finish(first);
	assert_int_equal(second->end, REPLY_ENDED);
	/* Frames of the second turn are in the first stream too, and the first `done` ends both. */
	assert_int_equal(count_of(first->body, "\"subtype\":\"init\""), 2);
	assert_int_equal(count_of(second->body, "\"subtype\":\"init\""), 1);
	assert_int_equal(count_of(first->body, "event: done\n"), 1);
	assert_int_equal(count_of(second->body, "event: done\n"), 1);
	assert_int_equal(count_of(second->body, "event: turn_complete\n"), 1);
}

static void what_was_written_is_stored(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:tools messages=2 tools=1 thinking=1");
	ash_finish(r);
	const char *messages = stored(s, "messages");
	assert_int_equal(count_of(messages, "\"sequence\":"), 4);
	assert_non_null(strstr(messages, "\"role\":\"user\",\"content\":\"{\\\"type\\\":\\\"user\\\",\\\"content\\\":["
					 "\\\"script:tools messages=2 tools=1 thinking=1\\\"]}\",\"sequence\":1"));
	assert_int_equal(count_of(messages, "{\\\"type\\\":\\\"assistant\\\""), 2);
	assert_int_equal(count_of(messages, "{\\\"type\\\":\\\"result\\\""), 1);
	const char *events = stored(s, "events");
	static const char *const types[] = {
		"lifecycle", "reasoning", "text", "tool_start", "tool_result", "text", "turn_complete"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		char part[64];
		snprintf(part, sizeof part, "\"type\":\"%s\",\"sequence\":%zu,", types[i], i + 1);
		if (strstr(events, part) == NULL)
			fail_msg("no %s in %s", part, events);
	}
	assert_int_equal(count_of(events, "\"sequence\":"), 7);
}

static void nothing_is_stored_when_nobody_reads(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:success messages=5 tools=0");
	mock_pass(250);
	probe_reset(mock.probe, r);
	probe_settle(mock.probe);
	mock_pass(10000);
	/* init is not stored, the first assistant message is. */
	assert_int_equal(count_of(stored(s, "messages"), "\"role\":\"assistant\""), 1);
	assert_int_equal(count_of(stored(s, "events"), "turn_complete"), 0);
}

static void what_is_in_flight_is_stored(void **state)
{
	(void)state;
	ash_open(NULL);
	for (unsigned in_flight = 1; in_flight <= 20; in_flight += 19) {
		const char *s = ash_session();
		char script[96];
		snprintf(script, sizeof script, "script:success messages=5 tools=0 in_flight=%u", in_flight);
		struct reply *r = ash_send(s, script);
		mock_pass(250);
		probe_reset(mock.probe, r);
		probe_settle(mock.probe);
		mock_pass(10000);
		size_t said = count_of(stored(s, "messages"), "\\\"type\\\":\\\"assistant\\\"");
		assert_int_equal(said, in_flight == 1 ? 2 : 5);
		assert_int_equal(count_of(stored(s, "events"), "turn_complete"), in_flight == 1 ? 0 : 1);
	}
}

/* A `done` that another command brought ends the server's interest, too: nothing is on its way any more. */
static void nothing_is_in_flight_behind_done(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:success messages=5 tools=0 in_flight=99");
	mock_pass(250);
	ash_ask("POST", "{\"command\":\"true\"}", "/api/sessions/%s/exec", s);
	probe_until_end(mock.probe, r);
	mock_pass(10000);
	assert_int_equal(count_of(stored(s, "messages"), "\"role\":\"assistant\""), 1);
	assert_int_equal(count_of(stored(s, "events"), "turn_complete"), 0);
}

static void messages_come_when_the_script_says(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	/* init, then a message with its tool's result, then a long silence, then the last one */
	struct reply *r = ash_send(s, "script:success row_ms=10 burst=3 silence_ms=45000");
	mock_pass(10);
	assert_int_equal(count_of(r->body, "event: message\n"), 3);
	mock_pass(44999);
	assert_int_equal(count_of(r->body, "event: message\n"), 3);
	assert_int_equal(r->end, REPLY_OPEN);
	mock_pass(1);
	assert_int_equal(count_of(r->body, "event: message\n"), 5);
	assert_int_equal(r->end, REPLY_ENDED);
}

/* A reader without credit for half a minute loses the rest of the turn. */
static void a_slow_reader_is_given_up(void **state)
{
	(void)state;
	struct mockd_options options = ash_options();
	ash_open(&options);
	probe_close(mock.probe);
	mock.probe = probe_open(
		mock.base, mockd_port(mock.mockd), &(struct probe_options){.no_credit = true, .window = 400});
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:success messages=6 tools=0 bytes=300 in_flight=99");
	mock_pass(29000);
	assert_int_equal(r->body_len, 400);
	mock_pass(3000);
	probe_credit(mock.probe, r, 65535);
	probe_settle(mock.probe);
	assert_int_equal(r->end, REPLY_ENDED);
	char last[256];
	snprintf(last, sizeof last,
		"event: error\ndata: {\"error\":\"Client write timeout \xe2\x80\x94 closing stream\"}\n\n"
		"event: done\ndata: {\"sessionId\":\"%s\"}\n\n",
		s);
	assert_string_equal(r->body + r->body_len - strlen(last), last);
	assert_int_equal(count_of(r->body, "event: message\n"), 2);
	assert_int_equal(count_of(stored(s, "messages"), "\"role\":\"assistant\""), 0);
}

static void a_reader_that_pauses_loses_nothing(void **state)
{
	(void)state;
	ash_open(NULL);
	probe_close(mock.probe);
	mock.probe = probe_open(
		mock.base, mockd_port(mock.mockd), &(struct probe_options){.no_credit = true, .window = 400});
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:success messages=6 tools=0 bytes=300");
	mock_pass(20000);
	probe_credit(mock.probe, r, 65535);
	ash_finish(r);
	assert_int_equal(count_of(r->body, "{\"type\":\"assistant\""), 6);
	assert_null(strstr(r->body, "event: error"));
}

static void keep_hash(const struct mockd_ledger_entry *entry, void *user)
{
	*(struct mockd_ledger_entry *)user = *entry;
}

/* The ledger counts the frames of the agent, in order, as a reader can count them. */
static void the_ledger_agrees_with_the_reader(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send_with(s, "script:tools unknown=1", "\"includePartialMessages\":true");
	ash_finish(r);
	uint64_t hash = MOCKD_HASH_START;
	uint64_t row = 0;
	for (const char *at = strstr(r->body, "\n\n") + 2; *at != '\0'; at = strstr(at, "\n\n") + 2) {
		const char *data = strstr(at, "\ndata: ") + strlen("\ndata: ");
		if (strncmp(at, "event: done\n", 12) != 0)
			hash = mockd_hash_row(hash, ++row, data, strcspn(data, "\n"));
	}
	struct mockd_ledger_entry entry;
	assert_true(mockd_ledger_find(mock.mockd, s, keep_hash, &entry));
	assert_int_equal(entry.rows, row);
	assert_int_equal(entry.hash, hash);
	assert_int_equal(entry.output_rows, 5);
	assert_string_equal(entry.platform, "ash");
}

static void keep_rows(const struct mockd_ledger_row *row, void *user)
{
	uint64_t *hash = user;
	*hash = mockd_hash_row(*hash, row->id, row->data.ptr, row->data.len);
}

static void the_ledger_s_rows_are_those_of_its_hash(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	ash_finish(ash_send(s, "script:tools"));
	uint64_t hash = MOCKD_HASH_START;
	struct mockd_ledger_entry entry;
	assert_true(mockd_ledger_rows(mock.mockd, s, keep_rows, &hash));
	assert_true(mockd_ledger_find(mock.mockd, s, keep_hash, &entry));
	assert_int_equal(entry.hash, hash);
	mock_pass(0);
	assert_answer(ash_ask("DELETE", NULL, "/api/agents/agent"), 200, "{\"ok\":true}");
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s", s), 404,
		"{\"error\":\"Session not found\",\"statusCode\":404}");
	assert_true(mockd_ledger_find(mock.mockd, s, keep_hash, &entry));
	assert_true(entry.deleted);
	assert_int_equal(entry.hash, hash);
}

static void a_restart_cuts_and_pauses(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	struct reply *r = ash_send(s, "script:hang");
	mock_pass(1000);
	mockd_ash_restart(mock.mockd);
	probe_settle(mock.probe);
	assert_int_equal(r->end, REPLY_RESET);
	assert_answer(ash_ask("GET", NULL, "/api/sessions/%s", s), 200, "\"status\":\"paused\"");
	assert_answer(ash_ask("POST", NULL, "/api/sessions/%s/resume", s), 200, "\"status\":\"active\"");
	assert_non_null(strstr(stored(s, "events"), "{\\\"action\\\":\\\"resumed\\\",\\\"path\\\":\\\"cold\\\""));
}

/* Faults reach Ash's streams as they reach any other. */
static void faults_strike(void **state)
{
	(void)state;
	ash_open(NULL);
	const char *s = ash_session();
	assert_true(mockd_fault_add_text(mock.mockd, "moment=event at=3 action=reset code=2", NULL, 0) > 0);
	struct reply *r = ash_send(s, "script:success");
	ash_finish(r);
	assert_int_equal(r->end, REPLY_RESET);
	assert_int_equal(count_of(r->body, "event: "), 3);
	assert_true(mockd_fault_add_text(
			    mock.mockd, "action=status status=429 field=retry-after:5 method=POST", NULL, 0) > 0);
	r = ash_send(s, "script:success");
	assert_int_equal(r->status, 429);
	assert_true(reply_has(r, "retry-after: 5"));
	/* The platform did its work; the answer is another one. */
	assert_true(
		mockd_fault_add_text(mock.mockd, "moment=answer action=status status=502 method=POST", NULL, 0) > 0);
	r = ash_send(s, "script:success");
	assert_int_equal(r->status, 502);
	mock_pass(10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(layout_is_as_the_contract_says, mock_close),
		cmocka_unit_test_teardown(a_turn_ends_with_done, mock_close),
		cmocka_unit_test_teardown(deltas_come_only_when_asked_for, mock_close),
		cmocka_unit_test_teardown(a_failed_turn_has_no_error_frame, mock_close),
		cmocka_unit_test_teardown(streams_end_in_all_ways, mock_close),
		cmocka_unit_test_teardown(a_dead_agent_is_noticed_by_the_next_message, mock_close),
		cmocka_unit_test_teardown(stop_and_end_leave_the_stream_silent, mock_close),
		cmocka_unit_test_teardown(a_paused_turn_goes_on_to_its_end, mock_close),
		cmocka_unit_test_teardown(two_messages_at_once_mix, mock_close),
		cmocka_unit_test_teardown(what_was_written_is_stored, mock_close),
		cmocka_unit_test_teardown(nothing_is_stored_when_nobody_reads, mock_close),
		cmocka_unit_test_teardown(what_is_in_flight_is_stored, mock_close),
		cmocka_unit_test_teardown(nothing_is_in_flight_behind_done, mock_close),
		cmocka_unit_test_teardown(messages_come_when_the_script_says, mock_close),
		cmocka_unit_test_teardown(a_slow_reader_is_given_up, mock_close),
		cmocka_unit_test_teardown(a_reader_that_pauses_loses_nothing, mock_close),
		cmocka_unit_test_teardown(the_ledger_agrees_with_the_reader, mock_close),
		cmocka_unit_test_teardown(the_ledger_s_rows_are_those_of_its_hash, mock_close),
		cmocka_unit_test_teardown(a_restart_cuts_and_pauses, mock_close),
		cmocka_unit_test_teardown(faults_strike, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
