/*
 * Pausing: no events, bounded memory, the server stopped by flow control; and whatever happened meanwhile is told in its
 * order when the stream goes on.
 */
#include "support/failmem.h"
#include "support/test.h"
#include "support/stage.h"

static void a_paused_stream_shows_nothing_until_it_goes_on(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	struct h2peer_call *call = stage_serve(&g, "/x", "data: a\n\n");
	freshet_stream_pause(s->stream);
	freshet_stream_pause(s->stream);
	stage_send(&g, call, "data: b\n\nda");
	stage_send(&g, call, "ta: c\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message a\n");
	freshet_stream_resume(s->stream);
	assert_string_equal(watch_said(s), "");
	stage_settle(&g);
	assert_string_equal(watch_said(s), "event  message b\nevent  message c\n");
	freshet_stream_resume(s->stream);
	stage_send(&g, call, "data: d\n\n");
	assert_string_equal(watch_said(s), "event  message d\n");
	stage_close(&g);
}

static void pause_at_each(struct watch *s, enum told told, const freshet_event *event)
{
	(void)event;
	if (told == TOLD_EVENT)
		freshet_stream_pause(s->stream);
}

static void a_pause_inside_an_event_stops_the_ones_behind_it(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	s->hook = pause_at_each;
	stage_serve(&g, "/x", "data: a\n\ndata: b\n\ndata: c\n\nid: unfini");
	assert_string_equal(watch_said(s), "open\nevent  message a\n");
	for (char c = 'b'; c <= 'c'; c++) {
		char expected[40];
		freshet_stream_resume(s->stream);
		stage_settle(&g);
		snprintf(expected, sizeof expected, "event  message %c\n", c);
		assert_string_equal(watch_said(s), expected);
	}
	freshet_stream_resume(s->stream);
	stage_settle(&g);
	stage_send(&g, stage_call(&g, "/x"), "shed\ndata: d\n\n");
	assert_string_equal(watch_said(s), "event unfinished message d\n");
	stage_close(&g);
}

static void pause_and_go_on(struct watch *s, enum told told, const freshet_event *event)
{
	(void)event;
	if (told != TOLD_EVENT)
		return;
	freshet_stream_pause(s->stream);
	freshet_stream_resume(s->stream);
}

static void a_pause_that_is_taken_back_at_once_changes_nothing(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	s->hook = pause_and_go_on;
	stage_serve(&g, "/x", "data: a\n\ndata: b\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message a\nevent  message b\n");
	stage_close(&g);
}

static void a_stream_may_start_paused(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_watch(&g);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/x";
	o.paused = true;
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	stage_settle(&g);
	stage_serve(&g, "/x", "data: a\n\n");
	assert_string_equal(watch_said(s), "open\n");
	freshet_stream_resume(s->stream);
	stage_settle(&g);
	assert_string_equal(watch_said(s), "event  message a\n");
	stage_close(&g);
}

static void a_paused_stream_takes_no_more_than_its_window(void **state)
{
	(void)state;
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.stream_window = 65536;
	stage_open(&g, &o);
	struct watch *s = stage_stream(&g, "/x");
	struct watch *other = stage_stream(&g, "/other");
	struct h2peer_call *call = stage_serve(&g, "/x", "");
	freshet_stream_pause(s->stream);
	static char block[1024 * 1024];
	memset(block, 'd', sizeof block);
	memcpy(block, "data: ", 6);
	memcpy(block + sizeof block - 2, "\n\n", 2);
	h2peer_data(call, block, sizeof block);
	stage_settle(&g);
	assert_int_equal(call->credit, 0);
	assert_int_equal(call->out_from, 65536);
	/* The others on the connection do not notice. */
	struct h2peer_call *busy = stage_serve(&g, "/other", "");
	h2peer_data(busy, block, sizeof block);
	stage_settle(&g);
	assert_int_equal(other->events, 1);
	freshet_stream_resume(s->stream);
	stage_settle(&g);
	assert_int_equal(s->events, 1);
	assert_in_range(call->credit, sizeof block - 2 * 65536, sizeof block);
	stage_close(&g);
}

/* However often it pauses, what it has read is let go: not more is kept than the window lets the server send. */
static void pausing_at_every_event_keeps_memory_bounded(void **state)
{
	(void)state;
	enum { WINDOW = 16 * 1024, KILOBYTES = 600 };
	struct stage g;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.stream_window = WINDOW;
	stage_open(&g, &o);
	struct watch *s = stage_stream(&g, "/x");
	struct h2peer_call *call = stage_serve(&g, "/x", "");
	s->hook = pause_at_each;
	for (int i = 0; i < KILOBYTES; i++) {
		char text[1100];
		snprintf(text, sizeof text, "id: %06d\ndata: %01000d\n\n", i, i);
		h2peer_text(call, text);
	}
	failmem_arm(0);
	while (s->events < KILOBYTES) {
		freshet_stream_resume(s->stream);
		stage_settle(&g);
	}
	assert_in_range(failmem_largest(), 1024, 4 * WINDOW);
	stage_close(&g);
}

/* What ends the connection while something is held. */
enum ending { END_OF_BODY, RESET, CLOSED_CONNECTION, GOAWAY_AND_CLOSE, ENDING_COUNT };

static void end_it(struct stage *g, struct h2peer_call *call, enum ending ending)
{
	switch (ending) {
	case END_OF_BODY: h2peer_end(call); break;
	case RESET: h2peer_reset(call, 7); break;
	case GOAWAY_AND_CLOSE:
		h2peer_goaway(call->peer, call->id, 3);
		h2server_drop(h2server_conn_of(&g->server, call), false);
		break;
	case CLOSED_CONNECTION: h2server_drop(h2server_conn_of(&g->server, call), false); break;
	case ENDING_COUNT: break;
	}
	stage_settle(g);
}

static void what_arrived_before_the_end_is_shown_first(void **state)
{
	(void)state;
	static const char *const causes[] = {
		"FRESHET_EHTTP_TRUNCATED", "FRESHET_EHTTP_REFUSED", "FRESHET_ECLOSED", "FRESHET_EHTTP_GOAWAY"};
	for (int ending = 0; ending < ENDING_COUNT; ending++) {
		char expected[200];
		struct stage g;
		print_message("%s\n", causes[ending]);
		stage_open(&g, NULL);
		struct watch *s = stage_stream(&g, "/x");
		struct h2peer_call *call = stage_serve(&g, "/x", "id: 1\ndata: a\n\n");
		freshet_stream_pause(s->stream);
		stage_send(&g, call, "id: 2\ndata: b\n\nid: 3\ndata: unfin");
		end_it(&g, call, (enum ending)ending);
		stage_advance(&g, 3600000);
		assert_string_equal(watch_said(s), "open\nevent 1 message a\n");
		assert_string_equal(freshet_stream_state(s->stream), "open");
		freshet_stream_resume(s->stream);
		stage_settle(&g);
		snprintf(expected, sizeof expected, "event 2 message b\ncut %s\n", causes[ending]);
		assert_string_equal(watch_said(s), expected);
		assert_int_equal(s->outcome.attempts, 1);
		assert_false(s->outcome.unprocessed);
		stage_advance(&g, s->retry_ms);
		assert_string_equal(h2peer_field(stage_call(&g, "/x"), "last-event-id"), "2");
		stage_close(&g);
	}
}

static void a_final_end_waits_for_what_is_held(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.end_is_final = true};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	s->hook = pause_at_each;
	struct h2peer_call *call = stage_serve(&g, "/x", "data: a\n\ndata: b\n\n");
	end_it(&g, call, END_OF_BODY);
	assert_string_equal(watch_said(s), "open\nevent  message a\n");
	freshet_stream_resume(s->stream);
	stage_settle(&g);
	assert_string_equal(watch_said(s), "event  message b\ndone FRESHET_OK\n");
	stage_close(&g);
}

static void closing_drops_what_is_held(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		struct stage g;
		stage_open(&g, NULL);
		struct watch *s = stage_stream(&g, "/x");
		struct h2peer_call *call = stage_serve(&g, "/x", "");
		freshet_stream_pause(s->stream);
		stage_send(&g, call, "data: a\n\n");
		if (lost)
			end_it(&g, call, CLOSED_CONNECTION);
		freshet_stream_resume(s->stream);
		freshet_stream_close(s->stream);
		stage_settle(&g);
		assert_string_equal(watch_said(s), "open\ndone FRESHET_ECANCELED\n");
		stage_close(&g);
	}
}

static void reconnecting_drops_what_is_held(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	struct watch *s = stage_stream(&g, "/x");
	struct h2peer_call *call = stage_serve(&g, "/x", "id: 1\ndata: a\n\n");
	freshet_stream_pause(s->stream);
	stage_send(&g, call, "id: 2\ndata: b\n\n");
	freshet_stream_reconnect(s->stream, 0);
	freshet_stream_resume(s->stream);
	stage_advance(&g, 0);
	assert_string_equal(h2peer_field(stage_call(&g, "/x"), "last-event-id"), "1");
	stage_serve(&g, "/x", "id: 2\ndata: b\n\n");
	assert_string_equal(watch_said(s), "open\nevent 1 message a\nopen\nevent 2 message b\n");
	stage_close(&g);
}

static void time_in_a_pause_is_no_silence(void **state)
{
	(void)state;
	struct stage g;
	stage_open(&g, NULL);
	const freshet_stream_policy policy = {.idle_timeout_ms = 60000};
	struct watch *s = stage_stream_with(&g, "/x", &policy);
	stage_serve(&g, "/x", "");
	freshet_stream_pause(s->stream);
	stage_advance(&g, 600000);
	assert_string_equal(watch_said(s), "open\n");
	freshet_stream_resume(s->stream);
	stage_advance(&g, 59999);
	assert_string_equal(watch_said(s), "");
	stage_advance(&g, 1);
	assert_string_equal(watch_said(s), "cut FRESHET_EIDLE_TIMEOUT\n");
	stage_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paused_stream_shows_nothing_until_it_goes_on),
		cmocka_unit_test(a_pause_inside_an_event_stops_the_ones_behind_it),
		cmocka_unit_test(a_pause_that_is_taken_back_at_once_changes_nothing),
		cmocka_unit_test(a_stream_may_start_paused),
		cmocka_unit_test(a_paused_stream_takes_no_more_than_its_window),
		cmocka_unit_test(pausing_at_every_event_keeps_memory_bounded),
		cmocka_unit_test(what_arrived_before_the_end_is_shown_first),
		cmocka_unit_test(a_final_end_waits_for_what_is_held),
		cmocka_unit_test(closing_drops_what_is_held),
		cmocka_unit_test(reconnecting_drops_what_is_held),
		cmocka_unit_test(time_in_a_pause_is_no_silence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
