/*
 * AgentOS's event stream to the byte: frames, comments, markers, ends, streams that are taken up again, faults inside
 * them, and JSON where a stream was asked for.
 */
#include "support/mock_agentos.h"
#include "support/test.h"

#include <stdio.h>

#define STREAM "\"stream\":true"

static struct mockd_options with_ids(void)
{
	struct mockd_options options = mock_options();
	options.agentos_stream_ids = true;
	return options;
}

/* The id of the run, kept. */
static const char *run_of(const struct reply *r)
{
	static char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", os_pick(r, "run_id"));
	return id;
}

/* The stream of a run behind that id; 0: none is sent. */
static struct reply *take_up(const char *run, unsigned last)
{
	char path[128];
	char field[64];
	snprintf(path, sizeof path, "/api/v1/runs/%s/stream", run);
	snprintf(field, sizeof field, "last-event-id: %u", last);
	struct reply *r = probe_send(mock.probe, "GET", path, last > 0 ? field : NULL, NULL);
	probe_settle(mock.probe);
	return r;
}

/* The payloads of all `data:` lines, hashed as the ledger does. */
static uint64_t hash_of(const char *body, uint64_t from)
{
	uint64_t hash = MOCKD_HASH_START;
	for (const char *at = strstr(body, "data: "); at != NULL; at = strstr(at + 1, "\ndata: ")) {
		at += *at == '\n';
		size_t len = strcspn(at + 6, "\n");
		hash = mockd_hash_row(hash, ++from, at + 6, len);
	}
	return hash;
}

static void layout_is_as_the_contract_says(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:echo chunks=2 caf\xc3\xa9", STREAM);
	assert_string_equal(r->headers, "content-type: text/event-stream\ncache-control: no-cache\n");
	os_finish(r);
	const char *run = run_of(r);
	char expected[2048];
	snprintf(expected, sizeof expected,
		"data: {\"type\":\"start\",\"run_id\":\"%s\"}\n\n"
		"data: {\"type\":\"chunk\",\"text\":\"script:echo c\"}\n\n"
		"data: {\"type\":\"chunk\",\"text\":\"hunks=2 caf\xc3\xa9\"}\n\n"
		"data: {\"type\":\"done\",\"run_id\":\"%s\",\"status\":\"completed\",\"output\":\"script:echo chunks=2 "
		"caf\xc3\xa9\",\"usage\":{\"input_tokens\":7,\"output_tokens\":7}}\n\n",
		run, run);
	assert_string_equal(r->body, expected);
	assert_int_equal(r->end, REPLY_ENDED);
	/* Each frame is a write of its own. */
	assert_int_equal(r->frame_count, 4);
	const struct mockd_agentos_run e = os_ledger_of(run);
	assert_int_equal(e.frames, 4);
	assert_true(e.frame_hash == hash_of(r->body, 0));
	uint64_t texts = mockd_hash_row(MOCKD_HASH_START, 2, "script:echo c", 13);
	assert_true(e.text_hash == mockd_hash_row(texts, 3, "hunks=2 caf\xc3\xa9", 13));
}

static void chunks_never_end_inside_a_character(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:success chunks=60 tools=0 bytes=1..40 burst=3", STREAM);
	os_finish(r);
	assert_int_equal(count_of(r->body, "\"type\":\"chunk\""), 60);
	for (const char *at = r->body; (at = strstr(at, "data: ")) != NULL; at += 6) {
		json_t *frame = json_loadb(at + 6, strcspn(at + 6, "\n"), 0, NULL);
		assert_true(json_is_object(frame));
		json_decref(frame);
	}
	r = os_invoke("script:success chunks=2 tools=0 bytes=0", STREAM);
	os_finish(r);
	assert_int_equal(count_of(r->body, "data: {\"type\":\"chunk\",\"text\":\"\"}\n\n"), 2);
	assert_int_equal(count_of(r->body, "\"output\":\"\""), 1);
	r = os_invoke("script:echo chunks=9 \xf0\x9f\x93\x88\xf0\x9f\x93\x88\xf0\x9f\x93\x88", STREAM);
	os_finish(r);
	assert_non_null(strstr(r->body, "\"status\":\"completed\",\"output\":\"script:echo chunks=9 "));
}

static void failures_are_told_in_two_ways(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:failed", STREAM);
	os_finish(r);
	assert_non_null(strstr(r->body, "\"status\":\"failed\",\"error_message\":\"tool crashed\""));
	assert_int_equal(count_of(r->body, "\"type\":\"error\""), 0);
	r = os_invoke("script:error", STREAM);
	os_finish(r);
	static const char last[] =
		"data: {\"type\":\"error\",\"message\":\"the agent broke off\",\"code\":\"agent_error\"}\n\n";
	assert_string_equal(r->body + r->body_len - strlen(last), last);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s", run_of(r)), 200, "\"status\":\"failed\"");
}

static void the_marker_comes_behind_the_end_or_instead(void **state)
{
	(void)state;
	static const char marker[] = "data: [DONE]\n\n";
	for (int with = 0; with < 2; with++) {
		struct mockd_options options = mock_options();
		options.agentos_stream_ids = with == 1;
		os_open(&options);
		for (int instead = 0; instead < 2; instead++) {
			struct reply *r = os_invoke(
				instead ? "script:success marker=instead" : "script:success marker=after", STREAM);
			os_finish(r);
			assert_int_equal(r->end, REPLY_ENDED);
			assert_int_equal(count_of(r->body, "\"type\":\"done\""), !instead);
			assert_string_equal(r->body + r->body_len - strlen(marker), marker);
			assert_int_equal(count_of(r->body, marker), 1);
		}
		mock_close(NULL);
	}
}

static void comments_fill_silence_and_stand_between_frames(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:success chunks=6 tools=0 comments=2", STREAM);
	os_finish(r);
	assert_int_equal(count_of(r->body, ": keep-alive\n\n"), 4);
	assert_int_equal(count_of(r->body, ": keep-alive\n\ndata: {\"type\":\"chunk\""), 3);
	r = os_invoke("script:hang chunks=1 row_ms=16000", STREAM);
	mock_pass(15500);
	assert_int_equal(count_of(r->body, ": keep-alive\n\n"), 1);
	mock_pass(60000);
	assert_int_equal(count_of(r->body, ": keep-alive\n\n"), 4);
	assert_int_equal(count_of(r->body, "\"type\":\"chunk\""), 1);
	assert_int_equal(r->end, REPLY_OPEN);
	/* Heartbeats can be left out. */
	mockd_fault_add_text(mock.mockd, "moment=byte at=0 action=mute", NULL, 0);
	r = os_invoke("script:hang chunks=0", STREAM);
	mock_pass(60000);
	assert_int_equal(count_of(r->body, "keep-alive"), 0);
}

static void unknown_types_can_be_there(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:success unknown=1", STREAM);
	os_finish(r);
	assert_int_equal(count_of(r->body, "data: {\"type\":\"weather\",\"sky\":[\"grey\",null],\"wind\":3.5}\n\n"), 1);
}

/* A pause ends the stream; the reply's stream begins behind it. */
static void pauses_end_streams(void **state)
{
	(void)state;
	struct mockd_options options = with_ids();
	os_open(&options);
	struct reply *first = os_invoke("script:pauses", STREAM);
	os_finish(first);
	assert_int_equal(first->end, REPLY_ENDED);
	const char *run = run_of(first);
	static const char pause[] = "\"type\":\"awaiting_approval\",\"run_id\":\"";
	assert_int_equal(count_of(first->body, pause), 1);
	assert_int_equal(count_of(first->body, "\"type\":\"done\""), 0);
	char approval[MOCKD_ID_SIZE];
	snprintf(approval, sizeof approval, "%s", os_pick(first, "approval_id"));
	os_as_workspace();
	assert_int_equal(
		os_ask("POST", "{\"decision\":\"reject\"}", "/api/v1/approvals/%s/decide", approval)->status, 200);
	os_as_agent();
	struct reply *second = take_up(run, (unsigned)count_of(first->body, "data: "));
	os_finish(second);
	assert_non_null(strstr(second->body, "\"type\":\"tool_result\",\"tool\":\"send_mail\",\"error\":\"the call was "
					     "rejected\"}\n\n"));
	assert_int_equal(count_of(second->body, "\"type\":\"awaiting_input\""), 1);
	char path[128];
	snprintf(path, sizeof path, "/api/v1/runs/%s/reply", run);
	struct reply *third = probe_send(
		mock.probe, "POST", path, "content-type: application/json", "{\"answer\":\"2025\"," STREAM "}");
	os_finish(third);
	assert_non_null(strstr(third->body, "\"text\":\"You said: 2025\\n\""));
	assert_int_equal(count_of(third->body, "\"type\":\"done\""), 1);
	assert_int_equal(count_of(third->body, "\"type\":\"start\""), 0);
	/* All of them together are what the ledger has. */
	char *all = malloc(first->body_len + second->body_len + third->body_len + 1);
	sprintf(all, "%s%s%s", first->body, second->body, third->body);
	assert_true(os_ledger_of(run).frame_hash == hash_of(all, 0));
	free(all);
}

static void ids_rise_by_one_and_streams_go_on_behind_them(void **state)
{
	(void)state;
	struct mockd_options options = with_ids();
	os_open(&options);
	struct reply *r = os_invoke("script:tools", STREAM);
	mock_pass(250);
	const char *run = run_of(r);
	assert_int_equal(strncmp(r->body, "id: 1\ndata: {\"type\":\"start\"", 27), 0);
	struct reply *again = take_up(run, 2);
	assert_int_equal(strncmp(again->body, "id: 3\ndata: {", 13), 0);
	os_finish(r);
	os_finish(again);
	assert_string_equal(again->body, strstr(r->body, "id: 3\n"));
	/* Also when it is over. */
	struct reply *late = take_up(run, 2);
	probe_until_end(mock.probe, late);
	assert_string_equal(late->body, again->body);
	struct reply *nothing = take_up(run, 1000);
	probe_until_end(mock.probe, nothing);
	assert_int_equal(nothing->body_len, 0);
	/* Without a last id from the beginning. */
	struct reply *whole = take_up(run, 0);
	probe_until_end(mock.probe, whole);
	assert_string_equal(whole->body, r->body);
}

static void without_ids_nothing_is_told_again(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:tools", STREAM);
	mock_pass(250);
	const char *run = run_of(r);
	struct reply *again = take_up(run, 1);
	assert_true(again->body_len == 0);
	os_finish(r);
	os_finish(again);
	assert_string_equal(again->body, r->body + r->body_len - again->body_len);
	assert_true(again->body_len < r->body_len);
	struct reply *late = take_up(run, 1);
	probe_until_end(mock.probe, late);
	assert_int_equal(late->body_len, 0);
	assert_answer(os_ask("GET", NULL, "/api/v1/runs/%s/stream", os_start()), 409, NULL);
}

/* A repeated key attaches to the same run and streams it from its beginning. */
static void a_repeated_streaming_invoke_attaches_to_its_run(void **state)
{
	(void)state;
	static const char body[] = "{\"input\":{\"prompt\":\"script:tools\"},\"stream\":true}";
	os_open(NULL);
	struct reply *r = os_send(OS_INVOKE, "k", body);
	mock_pass(250);
	struct reply *again = os_send(OS_INVOKE, "k", body);
	os_finish(r);
	os_finish(again);
	assert_string_equal(r->body, again->body);
	assert_string_equal(os_send(OS_INVOKE, "k", body)->body, r->body);
	assert_int_equal(os_ledger_of(run_of(r)).invocations, 3);
}

static void json_may_come_instead_of_a_stream(void **state)
{
	(void)state;
	os_open(NULL);
	struct reply *r = os_invoke("script:success json=1", STREAM);
	os_finish(r);
	assert_answer(r, 200, "{\"data\":{\"run_id\":\"");
	assert_true(reply_has(r, "content-type: application/json"));
	mockd_set(mock.mockd, "agentos_no_streams", 1);
	r = os_invoke("script:input", STREAM);
	os_finish(r);
	assert_answer(r, 202, "\"status\":\"awaiting_input\"");
}

static void add_fault(const char *text)
{
	assert_true(mockd_fault_add_text(mock.mockd, text, NULL, 0) > 0);
}

/* The stream breaks at a byte, and is taken up behind the last whole frame. */
static void cuts_at_any_byte_lose_nothing(void **state)
{
	(void)state;
	struct mockd_options options = with_ids();
	os_open(&options);
	struct reply *r = os_invoke("script:echo chunks=3 row_ms=0 caf\xc3\xa9 \xe2\x80\x94", STREAM);
	os_finish(r);
	size_t len = r->body_len;
	for (size_t at = 0; at < len; at += 7) {
		char fault[128];
		snprintf(fault, sizeof fault, "moment=byte at=%zu action=reset code=8", at);
		add_fault(fault);
		struct reply *cut = os_invoke("script:echo chunks=3 row_ms=0 caf\xc3\xa9 \xe2\x80\x94", STREAM);
		mock_pass(100);
		assert_int_equal(cut->end, REPLY_RESET);
		assert_int_equal(cut->body_len, at);
		if (at < 80)
			continue;
		char *whole = strdup(cut->body);
		size_t frames = count_of(whole, "\n\n");
		const char *run = run_of(cut);
		struct reply *rest = take_up(run, (unsigned)frames);
		probe_until_end(mock.probe, rest);
		size_t complete = 0;
		for (size_t i = 0; i < frames; i++)
			complete = (size_t)(strstr(whole + complete, "\n\n") - whole) + 2;
		char *all = malloc(len * 2 + 1);
		sprintf(all, "%.*s%s", (int)complete, whole, rest->body);
		assert_true(os_ledger_of(run).frame_hash == hash_of(all, 0));
		free(all);
		free(whole);
	}
}

static void faults_aim_at_ids_rows_and_the_last_frame(void **state)
{
	(void)state;
	struct mockd_options options = with_ids();
	os_open(&options);
	add_fault("moment=id at=2 action=end");
	struct reply *r = os_invoke("script:success", STREAM);
	os_finish(r);
	assert_string_equal(r->body + r->body_len - 6, "id: 2\n");
	add_fault("moment=last action=end");
	r = os_invoke("script:success", STREAM);
	os_finish(r);
	assert_int_equal(count_of(r->body, "\"type\":\"done\""), 0);
	assert_string_equal(r->body + r->body_len - 2, "\n\n");
	add_fault("moment=event at=2 action=goaway code=0");
	r = os_invoke("script:success", STREAM);
	os_finish(r);
	assert_int_equal(count_of(r->body, "\"type\":\"done\""), 1);
	int32_t last;
	uint32_t code;
	assert_true(probe_goaway(mock.probe, &last, &code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(layout_is_as_the_contract_says, mock_close),
		cmocka_unit_test_teardown(chunks_never_end_inside_a_character, mock_close),
		cmocka_unit_test_teardown(failures_are_told_in_two_ways, mock_close),
		cmocka_unit_test_teardown(the_marker_comes_behind_the_end_or_instead, mock_close),
		cmocka_unit_test_teardown(comments_fill_silence_and_stand_between_frames, mock_close),
		cmocka_unit_test_teardown(unknown_types_can_be_there, mock_close),
		cmocka_unit_test_teardown(pauses_end_streams, mock_close),
		cmocka_unit_test_teardown(ids_rise_by_one_and_streams_go_on_behind_them, mock_close),
		cmocka_unit_test_teardown(without_ids_nothing_is_told_again, mock_close),
		cmocka_unit_test_teardown(a_repeated_streaming_invoke_attaches_to_its_run, mock_close),
		cmocka_unit_test_teardown(json_may_come_instead_of_a_stream, mock_close),
		cmocka_unit_test_teardown(cuts_at_any_byte_lose_nothing, mock_close),
		cmocka_unit_test_teardown(faults_aim_at_ids_rows_and_the_last_frame, mock_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
