/*
 * Cuts and what follows: pauses, attempts, the cursor on its way back to the server, and events that come again.
 */
#include "support/test.h"
#include "support/stage.h"

static void cut(struct stage *g)
{
	for (size_t i = 0; i < g->server.conn_count; i++)
		h2server_drop(g->server.conns[i], false);
	stage_settle(g);
}

/* Lets the pause pass and answers the next subscription. */
static struct h2peer_call *again(struct stage *g, struct watch *s, const char *text)
{
	size_t before = h2server_call_count(&g->server);
	if (s->retry_ms > 0) {
		assert_string_equal(freshet_stream_state(s->stream), "backoff");
		stage_advance(g, s->retry_ms);
		assert_int_equal(h2server_call_count(&g->server), before + 1);
	}
	return stage_serve(g, "/x", text);
}

static void a_cut_stream_resumes_from_its_cursor(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	assert_null(h2peer_field(stage_call(&g, "/x"), "last-event-id"));
	stage_serve(&g, "/x", "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: unfinished");
	cut(&g);
	assert_string_equal(watch_said(s), "open\nevent 1 message a\nevent 2 message b\ncut FRESHET_ECLOSED\n");
	assert_in_range(s->retry_ms, 500, 1000);
	stage_advance(&g, s->retry_ms - 1);
	assert_int_equal(h2server_call_count(&g.server), 1);
	stage_advance(&g, 1);
	assert_int_equal(h2server_call_count(&g.server), 2);
	/* An id that came with a cut event never moves the cursor. */
	assert_string_equal(h2peer_field(stage_call(&g, "/x"), "last-event-id"), "2");
	stage_serve(&g, "/x", "id: 3\ndata: c\n\n");
	assert_string_equal(watch_said(s), "open\nevent 3 message c\n");
	freshet_stream_close(s->stream);
	stage_settle(&g);
	assert_int_equal(s->end.reconnects, 1);
	assert_string_equal(s->last_event_id, "3");
	freshet_counters counters = stage_counters(&g);
	assert_int_equal(counters.reconnects, 1);
	assert_int_equal(counters.connections_opened, 2);
	assert_int_equal(counters.connections_lost, 1);
	stage_close(&g);
}

struct travel {
	unsigned place;
	const char *header;
	const char *path;
};

static const struct travel travels[] = {
	{0, "a/b c", "/x?y"},
	{FRESHET_CURSOR_HEADER, "a/b c", "/x?y"},
	{FRESHET_CURSOR_QUERY, NULL, "/x?y&after=a%2Fb%20c"},
	{FRESHET_CURSOR_HEADER | FRESHET_CURSOR_QUERY, "a/b c", "/x?y&after=a%2Fb%20c"},
	{FRESHET_CURSOR_NONE, NULL, "/x?y"},
};

static void the_cursor_travels_as_the_policy_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof travels / sizeof travels[0]; i++) {
		const struct travel *t = &travels[i];
		struct stage g;
		stage_open(&g, NULL);
		const freshet_stream_policy policy = {.cursor_place = t->place, .cursor_query = "after"};
		stage_stream_with(&g, "/x?y", &policy);
		assert_null(h2peer_field(stage_call(&g, "/x?y"), "last-event-id"));
		stage_serve(&g, "/x?y", "id: a/b c\ndata: 1\n\n");
		cut(&g);
		stage_advance(&g, 1000);
		assert_int_equal(h2server_call_count(&g.server), 2);
		const struct h2peer_call *call = g.server.conns[1]->peer->calls[0];
		assert_string_equal(h2peer_field(call, ":path"), t->path);
		const char *header = h2peer_field(call, "last-event-id");
		if (t->header == NULL)
			assert_null(header);
		else
			assert_string_equal(header, t->header);
		stage_close(&g);
	}
}

static void a_base_path_stands_before_the_cursor(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	char url[100];
	freshet_endpoint *endpoint = g.endpoint;
	freshet_endpoint_options o;
	freshet_endpoint_options_init(&o);
	snprintf(url, sizeof url, "%s/base/", g.url);
	o.url = url;
	o.protocol = FRESHET_PROTOCOL_HTTP2;
	o.stream.cursor_place = FRESHET_CURSOR_QUERY;
	o.stream.cursor_query = "after";
	assert_int_equal(freshet_endpoint_new(g.reactor, &o, &g.endpoint), FRESHET_OK);
	stage_stream(&g, "/x");
	stage_serve(&g, "/base/x", "id: 5\ndata: 1\n\n");
	cut(&g);
	stage_advance(&g, 1000);
	stage_call(&g, "/base/x?after=5");
	freshet_endpoint_close(g.endpoint);
	g.endpoint = endpoint;
	stage_close(&g);
}

static void pauses_grow_and_attempts_end(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.max_attempts = 5, .backoff_min_ms = 100, .backoff_max_ms = 400};
	static const uint64_t most[] = {100, 200, 400, 400};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	for (size_t i = 0; i < 4; i++) {
		h2peer_reset(stage_call(&g, "/x"), 2);
		stage_settle(&g);
		assert_string_equal(watch_said(s), "cut FRESHET_EHTTP_RESET\n");
		assert_in_range(s->retry_ms, most[i] / 2, most[i]);
		assert_int_equal(s->outcome.attempts, i + 1);
		stage_advance(&g, s->retry_ms);
	}
	h2peer_reset(stage_call(&g, "/x"), 2);
	stage_settle(&g);
	assert_string_equal(watch_said(s), "done FRESHET_EHTTP_RESET\n");
	assert_int_equal(s->outcome.attempts, 5);
	assert_int_equal(s->outcome.http2_code, 2);
	assert_int_equal(s->end.reconnects, 4);
	stage_close(&g);
}

static void any_event_renews_the_budget_and_nothing_less_does(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.max_attempts = 2,
		.backoff_min_ms = 100,
		.backoff_max_ms = 400,
		.duplicates = FRESHET_DUPLICATES_REPEAT};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	stage_serve(&g, "/x", "id: 1\ndata: a\n\n");
	for (int i = 0; i < 5; i++) {
		cut(&g);
		assert_in_range(s->retry_ms, 50, 100);
		assert_int_equal(s->outcome.attempts, 1);
		again(&g, s, "data: b\n\n");
	}
	/* An answer, a comment, an unfinished event, and one that was shown before. */
	cut(&g);
	again(&g, s, ":\n\nid: 1\ndata: a\n\ndata: unfin");
	cut(&g);
	assert_int_equal(s->dones, 1);
	assert_int_equal(s->outcome.err, FRESHET_ECLOSED);
	assert_int_equal(s->outcome.attempts, 2);
	assert_int_equal(s->end.duplicates, 1);
	stage_close(&g);
}

static void attempts_without_bound(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.max_attempts = UINT32_MAX, .backoff_min_ms = 1, .backoff_max_ms = 2};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	for (int i = 0; i < 40; i++) {
		h2peer_reset(stage_call(&g, "/x"), 2);
		stage_settle(&g);
		stage_advance(&g, 2);
	}
	assert_int_equal(s->cuts, 40);
	assert_int_equal(h2server_call_count(&g.server), 41);
	stage_close(&g);
}

static void the_source_may_set_the_pause(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	stage_serve(&g, "/x", "retry: 7000\n\ndata: a\n\n");
	cut(&g);
	assert_in_range(s->retry_ms, 3500, 7000);
	again(&g, s, "retry: 0\n\ndata: a\n\n");
	cut(&g);
	assert_int_equal(s->retry_ms, 0);
	again(&g, s, "retry: 99999999\n\ndata: a\n\n");
	cut(&g);
	/* Not for longer than the policy allows. */
	assert_in_range(s->retry_ms, 15000, 30000);
	stage_close(&g);
}

static void a_source_that_wants_no_pause_does_not_make_a_storm(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.max_attempts = UINT32_MAX};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	stage_serve(&g, "/x", "retry: 0\n\ndata: a\n\n");
	h2server_stop_listening(&g.server);
	cut(&g);
	stage_advance(&g, 60000);
	/* Pauses double from nothing to half a minute: far fewer than one attempt for each millisecond. */
	assert_in_range(s->cuts, 10, 40);
	stage_close(&g);
}

static void retry_after_is_obeyed(void **state)
{
	(void)state;
	static const char *const later[] = {"retry-after", "120", NULL};
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	h2peer_answer_empty(stage_call(&g, "/x"), 503, later);
	stage_settle(&g);
	assert_string_equal(watch_said(s), "cut FRESHET_EHTTP_STATUS\n");
	assert_int_equal(s->retry_ms, 120000);
	assert_true(s->outcome.has_retry_after);
	assert_int_equal(s->outcome.retry_after_ms, 120000);
	assert_int_equal(s->outcome.http_status, 503);
	stage_advance(&g, 119999);
	assert_int_equal(h2server_call_count(&g.server), 1);
	stage_advance(&g, 1);
	assert_int_equal(h2server_call_count(&g.server), 2);
	/* What the first answer asked for is forgotten. */
	h2peer_answer_empty(stage_call(&g, "/x"), 503, NULL);
	stage_settle(&g);
	assert_in_range(s->retry_ms, 1000, 2000);
	assert_false(s->outcome.has_retry_after);
	assert_int_equal(s->outcome.retry_after_ms, 0);
	stage_close(&g);
}

static void the_event_at_the_cursor_is_shown_once(void **state)
{
	(void)state;
	char id[501];
	memset(id, 'i', 500);
	id[500] = '\0';
	const char *const ids[] = {"1", id};
	for (size_t i = 0; i < 2; i++) {
		char text[600], expected[600];
		struct stage g;
		stage_open(&g, NULL);
		const freshet_stream_policy policy = {.duplicates = FRESHET_DUPLICATES_REPEAT};
		struct watch *s = stage_stream_with(&g, "/x", &policy);
		snprintf(text, sizeof text, "id: %s\ndata: a\n\n", ids[i]);
		stage_serve(&g, "/x", text);
		cut(&g);
		watch_said(s);
		struct h2peer_call *call = again(&g, s, text);
		assert_string_equal(watch_said(s), "open\n");
		/* Only the first one: the same id later on is another event. */
		stage_send(&g, call, text);
		snprintf(expected, sizeof expected, "event %s message a\n", ids[i]);
		assert_string_equal(watch_said(s), expected);
		stage_send(&g, call, "data: b\n\n");
		assert_int_equal(s->events, 3);
		assert_int_equal(stage_counters(&g).duplicates, 1);
		stage_close(&g);
	}
}

static void what_is_no_repetition_is_shown(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.duplicates = FRESHET_DUPLICATES_REPEAT};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	stage_serve(&g, "/x", "data: no id\n\n");
	cut(&g);
	watch_said(s);
	/* Without a cursor nothing can be at it, not even an empty id. */
	again(&g, s, "id:\ndata: empty\n\nid: 1\ndata: a\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message empty\nevent 1 message a\n");
	cut(&g);
	watch_said(s);
	/* An event without an id of its own has the cursor's, but is not at it. */
	again(&g, s, "data: b\n\nid: 1\ndata: c\n\n");
	assert_string_equal(watch_said(s), "open\nevent 1 message b\nevent 1 message c\n");
	stage_close(&g);
}

static void a_given_cursor_is_repeated_like_a_reached_one(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.duplicates = FRESHET_DUPLICATES_REPEAT};
	struct watch *s = stage_watch(&g);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/x";
	o.policy = &policy;
	o.last_event_id = freshet_str_of("9");
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	stage_settle(&g);
	stage_serve(&g, "/x", "id: 9\ndata: seen\n\nid: 10\ndata: new\n\n");
	assert_string_equal(watch_said(s), "open\nevent 10 message new\n");
	stage_close(&g);
}

static void ids_that_rise_are_shown_once_each(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.duplicates = FRESHET_DUPLICATES_ORDER};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	stage_serve(&g, "/x", "id: 8\ndata: a\n\nid: 9\ndata: b\n\nid: 9\ndata: again\n\nid: 10\ndata: c\n\n");
	assert_string_equal(watch_said(s), "open\nevent 8 message a\nevent 9 message b\nevent 10 message c\n");
	cut(&g);
	watch_said(s);
	/* What came again must not take the cursor back with it. */
	struct h2peer_call *call = again(&g, s, "id: 7\ndata: x\n\nid: 8\ndata: a\n\n");
	assert_string_equal(h2peer_field(call, "last-event-id"), "10");
	assert_true(freshet_str_is(freshet_stream_last_event_id(s->stream), "10"));
	stage_send(&g, call, "id: 10\ndata: c\n\nid: 11\ndata: d\n\nid: x\ndata: no number\n\ndata: none\n\n");
	assert_string_equal(
		watch_said(s), "open\nevent 11 message d\nevent x message no number\nevent x message none\n");
	freshet_stream_close(s->stream);
	stage_settle(&g);
	assert_int_equal(s->end.duplicates, 4);
	stage_close(&g);
}

static void a_given_number_is_the_first_that_is_passed(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.duplicates = FRESHET_DUPLICATES_ORDER};
	struct watch *s = stage_watch(&g);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/x";
	o.policy = &policy;
	o.last_event_id = freshet_str_of("18446744073709551614");
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	stage_settle(&g);
	stage_serve(&g, "/x", "id: 18446744073709551614\ndata: a\n\nid: 18446744073709551615\ndata: b\n\n");
	assert_string_equal(watch_said(s), "open\nevent 18446744073709551615 message b\n");
	stage_close(&g);
}

static void set_cursor(struct watch *s, enum told told, const freshet_event *event)
{
	if (told == TOLD_EVENT && freshet_str_is(event->data, "set")) {
		assert_true(freshet_str_is(freshet_stream_last_event_id(s->stream), "own"));
		assert_int_equal(freshet_stream_set_cursor(s->stream, freshet_str_of("\xff")), FRESHET_EINVAL);
		assert_int_equal(freshet_stream_set_cursor(s->stream, freshet_str_of("a\nb")), FRESHET_EINVAL);
		assert_int_equal(freshet_stream_set_cursor(s->stream, freshet_str_of("first")), FRESHET_OK);
		assert_int_equal(freshet_stream_set_cursor(s->stream, freshet_str_of("mine")), FRESHET_OK);
		/* The event is still what it was. */
		assert_true(freshet_str_is(event->id, "own"));
	}
	if (told == TOLD_DONE)
		freshet_stream_set_cursor(s->stream, freshet_str_of("a cursor that is long enough for the heap"));
}

static void the_application_may_set_the_cursor(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	s->hook = set_cursor;
	stage_serve(&g, "/x", "id: own\ndata: set\n\n");
	assert_true(freshet_str_is(freshet_stream_last_event_id(s->stream), "mine"));
	cut(&g);
	struct h2peer_call *call = again(&g, s, "");
	assert_string_equal(h2peer_field(call, "last-event-id"), "mine");
	assert_int_equal(
		freshet_stream_set_cursor(s->stream, freshet_str_of("outside, and longer than what lies inside")),
		FRESHET_OK);
	cut(&g);
	call = again(&g, s, "");
	assert_string_equal(h2peer_field(call, "last-event-id"), "outside, and longer than what lies inside");
	freshet_stream_close(s->stream);
	stage_settle(&g);
	stage_close(&g);
}

static void reconnect_on_event(struct watch *s, enum told told, const freshet_event *event)
{
	if (told == TOLD_EVENT && freshet_str_is(event->data, "go"))
		freshet_stream_reconnect(s->stream, 250);
}

static void the_application_may_reconnect(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.max_attempts = 1};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	s->hook = reconnect_on_event;
	struct h2peer_call *call = stage_serve(&g, "/x", "id: 1\ndata: go\n\nid: 2\ndata: comes again\n\n");
	assert_string_equal(watch_said(s), "open\nevent 1 message go\n");
	assert_true(call->reset);
	assert_string_equal(freshet_stream_state(s->stream), "backoff");
	stage_advance(&g, 249);
	assert_int_equal(h2server_call_count(&g.server), 1);
	stage_advance(&g, 1);
	assert_string_equal(h2peer_field(stage_call(&g, "/x"), "last-event-id"), "1");
	stage_serve(&g, "/x", "id: 2\ndata: comes again\n\n");
	assert_string_equal(watch_said(s), "open\nevent 2 message comes again\n");
	/* From outside, at once, twice. */
	freshet_stream_reconnect(s->stream, 0);
	freshet_stream_reconnect(s->stream, 0);
	stage_advance(&g, 0);
	assert_int_equal(h2server_call_count(&g.server), 3);
	assert_int_equal(s->cuts, 0);
	stage_close(&g);
}

static void an_id_that_no_header_can_carry_ends_the_stream(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	stage_serve(&g, "/x", "id: a\x01z\ndata: a\n\n");
	cut(&g);
	stage_advance(&g, s->retry_ms);
	assert_int_equal(s->dones, 1);
	assert_int_equal(s->outcome.err, FRESHET_ESSE_ID);
	stage_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_stream_resumes_from_its_cursor),
		cmocka_unit_test(the_cursor_travels_as_the_policy_says),
		cmocka_unit_test(a_base_path_stands_before_the_cursor),
		cmocka_unit_test(pauses_grow_and_attempts_end),
		cmocka_unit_test(any_event_renews_the_budget_and_nothing_less_does),
		cmocka_unit_test(attempts_without_bound),
		cmocka_unit_test(the_source_may_set_the_pause),
		cmocka_unit_test(a_source_that_wants_no_pause_does_not_make_a_storm),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(the_event_at_the_cursor_is_shown_once),
		cmocka_unit_test(what_is_no_repetition_is_shown),
		cmocka_unit_test(a_given_cursor_is_repeated_like_a_reached_one),
		cmocka_unit_test(ids_that_rise_are_shown_once_each),
		cmocka_unit_test(a_given_number_is_the_first_that_is_passed),
		cmocka_unit_test(the_application_may_set_the_cursor),
		cmocka_unit_test(the_application_may_reconnect),
		cmocka_unit_test(an_id_that_no_header_can_carry_ends_the_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
