/*
 * A stream from its opening to its end: what the server is asked, what the callbacks are told, which answers end it and
 * which only cut it, and the limits of time.
 */
#include "support/test.h"
#include "support/stage.h"

static void events_are_told_one_by_one(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	struct watch *s = stage_stream(&w, "/events");
	assert_string_equal(freshet_stream_state(s->stream), "sent");
	assert_ptr_equal(freshet_stream_endpoint(s->stream), w.endpoint);
	struct h2peer_call *call = stage_serve(&w, "/events", "");
	assert_string_equal(watch_said(s), "open\n");
	assert_string_equal(freshet_stream_state(s->stream), "open");
	stage_send(&w, call, "id: 1\ndata: a\n\nevent: t\nid: 2\ndata: b\n\nda");
	assert_string_equal(watch_said(s), "event 1 message a\nevent 2 t b\n");
	assert_true(freshet_str_is(freshet_stream_last_event_id(s->stream), "2"));
	stage_send(&w, call, "ta: c\n\n");
	assert_string_equal(watch_said(s), "event 2 message c\n");
	freshet_stream_close(s->stream);
	stage_settle(&w);
	assert_string_equal(watch_said(s), "done FRESHET_ECANCELED\n");
	assert_int_equal(s->end.events, 3);
	assert_int_equal(s->end.reconnects, 0);
	assert_string_equal(s->last_event_id, "2");
	assert_true(call->reset);
	assert_int_equal(stage_counters(&w).events, 3);
	assert_int_equal(stage_counters(&w).streams, 0);
	stage_close(&w);
}

static void a_subscription_says_who_asks_for_what(void **state)
{
	(void)state;
	const freshet_header mine[] = {{freshet_str_of("X-Mine"), freshet_str_of("1"), false},
		{freshet_str_of("User-Agent"), freshet_str_of("me"), false}};
	const freshet_header theirs[] = {{freshet_str_of("X-All"), freshet_str_of("2"), false},
		{freshet_str_of("x-mine"), freshet_str_of("0"), false}};
	struct stage w;
	struct stage_options o;
	stage_options_init(&o);
	o.endpoint.bearer_token = "token";
	o.endpoint.headers = theirs;
	o.endpoint.header_count = 2;
	stage_open(&w, &o);
	freshet_stream_options options;
	freshet_stream_options_init(&options);
	options.path = "/a?b=c";
	options.headers = mine;
	options.header_count = 2;
	options.last_event_id = freshet_str_of("41");
	assert_int_equal(watch_stream(stage_watch(&w), &options), FRESHET_OK);
	stage_settle(&w);
	const struct h2peer_call *call = stage_call(&w, "/a?b=c");
	assert_string_equal(h2peer_field(call, ":method"), "GET");
	assert_string_equal(h2peer_field(call, ":scheme"), "http");
	assert_string_equal(h2peer_field(call, ":authority"), w.url + strlen("http://"));
	assert_string_equal(h2peer_field(call, "accept"), "text/event-stream");
	assert_string_equal(h2peer_field(call, "cache-control"), "no-cache");
	assert_string_equal(h2peer_field(call, "last-event-id"), "41");
	assert_string_equal(h2peer_field(call, "authorization"), "!Bearer token");
	assert_string_equal(h2peer_field(call, "user-agent"), "me");
	assert_string_equal(h2peer_field(call, "x-mine"), "1");
	assert_string_equal(h2peer_field(call, "x-all"), "2");
	assert_int_equal(call->field_count, 11);
	assert_true(call->ended);
	stage_close(&w);
}

static void a_post_stream_sends_its_body(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	struct watch *s = stage_watch(&w);
	char body[] = "{\"prompt\":1}";
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/run";
	o.method = "POST";
	o.body = freshet_str_of(body);
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	memset(body, 'x', sizeof body - 1); /* it was copied */
	stage_settle(&w);
	const struct h2peer_call *call = stage_call(&w, "/run");
	assert_string_equal(h2peer_field(call, ":method"), "POST");
	assert_memory_equal(call->body.data, "{\"prompt\":1}", 12);
	stage_serve(&w, "/run", "data: x\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message x\n");
	/* It may have been processed: it is not sent again. */
	h2server_drop(w.server.conns[0], false);
	stage_advance(&w, 60000);
	assert_string_equal(watch_said(s), "done FRESHET_ECLOSED\n");
	assert_int_equal(h2server_call_count(&w.server), 1);
	stage_close(&w);
}

/* They are none of the value (RFC 9110, section 5.5), and a server of HTTP/2 refuses a field that has them. */
static void blanks_around_values_stay_here(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	const freshet_header headers[] = {{freshet_str_of("authorization"), freshet_str_of("Bearer x \t"), false},
		{freshet_str_of("x-mine"), freshet_str_of("\t a b"), false}};
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/s";
	o.headers = headers;
	o.header_count = 2;
	o.last_event_id = freshet_str_of(" 5\t6 ");
	struct watch *s = stage_watch(&w);
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	stage_settle(&w);
	const struct h2peer_call *call = stage_call(&w, "/s");
	assert_string_equal(h2peer_field(call, "authorization"), "!Bearer x");
	assert_string_equal(h2peer_field(call, "x-mine"), "a b");
	assert_string_equal(h2peer_field(call, "last-event-id"), "5\t6");
	/* An id of nothing else cannot be said. */
	stage_serve(&w, "/s", "id:   \ndata: x\n\n");
	assert_string_equal(watch_said(s), "open\nevent    message x\n");
	h2peer_end(stage_call(&w, "/s"));
	stage_settle(&w);
	stage_advance(&w, s->retry_ms);
	assert_string_equal(watch_said(s), "cut FRESHET_EHTTP_TRUNCATED\ndone FRESHET_ESSE_ID\n");
	assert_int_equal(h2server_call_count(&w.server), 1);
	stage_close(&w);
}

static void what_cannot_be_opened_keeps_nothing(void **state)
{
	(void)state;
	struct stage w;
	struct stage_options wo;
	stage_options_init(&wo);
	wo.endpoint.max_waiting = 2;
	stage_open(&w, &wo);
	struct watch *s = stage_watch(&w);
	freshet_stream_options good, o;
	freshet_stream_options_init(&good);
	good.path = "/x";
	const freshet_header bad_header = {freshet_str_of("x"), freshet_str_of("a\r\nb"), false};
	const freshet_header bad_name = {freshet_str_of("x y"), freshet_str_of("a"), false};
	const freshet_header hop = {freshet_str_of("Connection"), freshet_str_of("close"), false};
	freshet_stream_policy no_name = {.cursor_place = FRESHET_CURSOR_QUERY};
	static const char *const paths[] = {NULL, "", "x", "/a b", "/a\r\n", "/a#b", "/\xc3\xa4"};
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		o = good;
		o.path = paths[i];
		assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	}
	const freshet_header *const headers[] = {&bad_header, &bad_name, &hop, NULL};
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		o = good;
		o.headers = headers[i];
		o.header_count = 1;
		assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	}
	o = good;
	o.method = "GE T";
	assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	o = good;
	o.body.len = 5;
	assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	o = good;
	o.policy = &no_name;
	assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	static const char *const ids[] = {"a\nb", "a\rb", "\xff"};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		o = good;
		o.last_event_id = freshet_str_of(ids[i]);
		assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	}
	char long_id[1100];
	memset(long_id, 'i', sizeof long_id);
	o = good;
	o.last_event_id = (freshet_str){long_id, sizeof long_id};
	assert_int_equal(watch_stream(s, &o), FRESHET_ESSE_ID);
	o = good;
	o.size = 1;
	assert_int_equal(watch_stream(s, &o), FRESHET_EINVAL);
	freshet_stream *stream;
	assert_int_equal(freshet_stream_open(w.endpoint, &good, &stream), FRESHET_EINVAL); /* no callbacks */
	assert_int_equal(watch_stream(stage_watch(&w), &good), FRESHET_OK);
	assert_int_equal(watch_stream(stage_watch(&w), &good), FRESHET_OK);
	assert_int_equal(watch_stream(s, &good), FRESHET_EQUEUE_FULL);
	stage_settle(&w);
	assert_string_equal(watch_said(s), "");
	/* The two have left the line. */
	assert_int_equal(watch_stream(s, &good), FRESHET_OK);
	stage_close(&w);
}

struct answer {
	int status;
	const char *type;
	freshet_err err;
	bool again; /* it comes back */
};

static const struct answer answers[] = {
	{200, "text/html", FRESHET_ECONTENT_TYPE, false},
	{200, NULL, FRESHET_ECONTENT_TYPE, false},
	{201, "text/event-stream", FRESHET_EHTTP_STATUS, false},
	{301, "text/html", FRESHET_EHTTP_REDIRECT, false},
	{307, NULL, FRESHET_EHTTP_REDIRECT, false},
	{400, "application/json", FRESHET_EHTTP_STATUS, false},
	{401, "application/json", FRESHET_EHTTP_STATUS, false},
	{404, "text/plain", FRESHET_EHTTP_STATUS, false},
	{408, "text/plain", FRESHET_EHTTP_STATUS, true},
	{425, "text/plain", FRESHET_EHTTP_STATUS, true},
	{429, "text/event-stream", FRESHET_EHTTP_STATUS, true},
	{500, "text/plain", FRESHET_EHTTP_STATUS, true},
	{501, "text/plain", FRESHET_EHTTP_STATUS, false},
	{502, "text/plain", FRESHET_EHTTP_STATUS, true},
	{503, "text/plain", FRESHET_EHTTP_STATUS, true},
	{504, "text/plain", FRESHET_EHTTP_STATUS, true},
};

static void answers_of_another_kind_are_told_with_their_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		const struct answer *a = &answers[i];
		struct stage w;
		const char *const fields[] = {a->type != NULL ? "content-type" : NULL, a->type, NULL};
		char expected[100];
		print_message("%d %s\n", a->status, a->type != NULL ? a->type : "");
		stage_open(&w, NULL);
		struct watch *s = stage_stream(&w, "/x");
		struct h2peer_call *call = stage_call(&w, "/x");
		h2peer_answer(call, a->status, fields);
		h2peer_text(call, "the rea");
		stage_settle(&w);
		assert_string_equal(watch_said(s), "");
		assert_string_equal(freshet_stream_state(s->stream), "refused");
		h2peer_text(call, "son");
		h2peer_end(call);
		stage_settle(&w);
		snprintf(expected, sizeof expected, "%s %s\n", a->again ? "cut" : "done", freshet_err_name(a->err));
		assert_string_equal(watch_said(s), expected);
		assert_int_equal(s->outcome.http_status, a->status);
		assert_string_equal(s->body, "the reason");
		assert_string_equal(s->content_type, a->type != NULL ? a->type : "");
		assert_int_equal(s->opens, 0);
		stage_close(&w);
	}
}

static void a_long_body_of_a_refusal_is_cut(void **state)
{
	(void)state;
	struct stage w;
	static char block[100 * 1024];
	memset(block, 'b', sizeof block);
	stage_open(&w, NULL);
	struct watch *s = stage_stream(&w, "/x");
	struct h2peer_call *call = stage_call(&w, "/x");
	h2peer_answer(call, 404, NULL);
	h2peer_data(call, block, sizeof block);
	stage_settle(&w);
	assert_string_equal(watch_said(s), "done FRESHET_EHTTP_STATUS\n");
	assert_int_equal(s->outcome.body.len, 64 * 1024);
	assert_true(call->reset);
	stage_close(&w);
}

static void a_refusal_whose_body_breaks_off_is_still_that_refusal(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct stage w;
		stage_open(&w, NULL);
		struct watch *s = stage_stream(&w, "/x");
		struct h2peer_call *call = stage_call(&w, "/x");
		h2peer_answer(call, 403, NULL);
		h2peer_text(call, "no");
		stage_settle(&w);
		if (way == 0)
			h2peer_reset(call, 7); /* REFUSED_STREAM, though it was answered */
		else if (way == 1)
			h2server_drop(w.server.conns[0], true);
		stage_advance(&w, way == 2 ? 30000 : 0);
		stage_settle(&w);
		assert_string_equal(watch_said(s), "done FRESHET_EHTTP_STATUS\n");
		assert_int_equal(s->outcome.http_status, 403);
		assert_string_equal(s->body, "no");
		stage_close(&w);
	}
}

static void status_204_ends_the_stream_well(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	struct watch *s = stage_stream(&w, "/x");
	h2peer_answer_empty(stage_call(&w, "/x"), 204, NULL);
	stage_settle(&w);
	assert_string_equal(watch_said(s), "done FRESHET_OK\n");
	stage_close(&w);
}

static void a_clean_end_is_a_cut_unless_it_is_final(void **state)
{
	(void)state;
	for (int final = 0; final < 2; final++) {
		struct stage w;
		stage_open(&w, NULL);
		const freshet_stream_policy policy = {.end_is_final = final == 1};
		struct watch *s = stage_stream_with(&w, "/x", &policy);
		struct h2peer_call *call = stage_serve(&w, "/x", "data: a\n\ndata: unfinished");
		h2peer_end(call);
		stage_settle(&w);
		assert_string_equal(watch_said(s), final ? "open\nevent  message a\ndone FRESHET_OK\n"
							 : "open\nevent  message a\ncut FRESHET_EHTTP_TRUNCATED\n");
		/* Of what was unfinished, about. */
		assert_in_range(
			stage_counters(&w).discarded_bytes, strlen("unfinished"), 2 * strlen("data: unfinished"));
		stage_close(&w);
	}
}

static void an_event_stream_that_ends_with_its_headers(void **state)
{
	(void)state;
	static const char *const type[] = {"content-type", "text/event-stream", NULL};
	struct stage w;
	stage_open(&w, NULL);
	struct watch *s = stage_stream(&w, "/x");
	h2peer_answer_empty(stage_call(&w, "/x"), 200, type);
	stage_settle(&w);
	assert_string_equal(watch_said(s), "open\ncut FRESHET_EHTTP_TRUNCATED\n");
	stage_close(&w);
}

static void a_reset_is_told_with_its_code(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	struct watch *s = stage_stream(&w, "/x");
	struct h2peer_call *call = stage_serve(&w, "/x", "");
	h2peer_reset(call, 11);
	stage_settle(&w);
	assert_string_equal(watch_said(s), "open\ncut FRESHET_EHTTP_RESET\n");
	assert_true(s->outcome.has_http2_code);
	assert_int_equal(s->outcome.http2_code, 11);
	stage_close(&w);
}

static void what_the_parser_refuses_ends_the_stream(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	const freshet_stream_policy policy = {.max_line = 20};
	struct watch *s = stage_stream_with(&w, "/x", &policy);
	struct h2peer_call *call = stage_serve(&w, "/x", "data: a\n\ndata: 45678901234567890x\n\ndata: b\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message a\ndone FRESHET_ESSE_LINE\n");
	assert_int_equal(s->outcome.position, 9 + 20);
	assert_non_null(strstr(s->text, "byte 29"));
	assert_true(call->reset);
	stage_close(&w);
}

static void finish_and_fail_choose_what_is_told(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	struct watch *a = stage_stream(&w, "/a");
	struct watch *b = stage_stream(&w, "/b");
	freshet_stream_finish(a->stream);
	freshet_stream_fail(b->stream, FRESHET_EBAD_ANSWER);
	freshet_stream_close(a->stream);
	freshet_stream_fail(a->stream, FRESHET_ESERVER);
	assert_int_equal(a->dones + b->dones, 0);
	stage_settle(&w);
	assert_string_equal(watch_said(a), "done FRESHET_OK\n");
	assert_string_equal(watch_said(b), "done FRESHET_EBAD_ANSWER\n");
	stage_close(&w);
}

static void headers_must_come_in_time(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	const freshet_stream_policy policy = {.headers_timeout_ms = 5000};
	struct watch *s = stage_stream_with(&w, "/x", &policy);
	struct h2peer_call *call = stage_call(&w, "/x");
	stage_advance(&w, 4999);
	assert_string_equal(watch_said(s), "");
	stage_advance(&w, 1);
	assert_string_equal(watch_said(s), "cut FRESHET_EHEADERS_TIMEOUT\n");
	assert_true(call->reset);
	/* An answer that comes too late is nobody's. */
	h2peer_open_events(call);
	stage_settle(&w);
	stage_advance(&w, 1000);
	assert_int_equal(h2server_call_count(&w.server), 2);
	stage_serve(&w, "/x", "data: a\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message a\n");
	stage_close(&w);
}

static void silence_is_a_cut(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	const freshet_stream_policy policy = {.idle_timeout_ms = 60000};
	struct watch *s = stage_stream_with(&w, "/x", &policy);
	struct h2peer_call *call = stage_serve(&w, "/x", "");
	stage_advance(&w, 59999);
	stage_send(&w, call, ":\n"); /* a comment is a sign of life */
	stage_advance(&w, 59999);
	assert_string_equal(watch_said(s), "open\n");
	stage_advance(&w, 1);
	assert_string_equal(watch_said(s), "cut FRESHET_EIDLE_TIMEOUT\n");
	assert_true(call->reset);
	stage_close(&w);
}

static void silence_without_limit_is_no_cut(void **state)
{
	(void)state;
	struct stage w;
	stage_open(&w, NULL);
	const freshet_stream_policy policy = {.idle_timeout_ms = UINT64_MAX};
	struct watch *s = stage_stream_with(&w, "/x", &policy);
	struct h2peer_call *call = stage_serve(&w, "/x", "");
	stage_advance(&w, 3600000);
	stage_send(&w, call, "data: late\n\n");
	assert_string_equal(watch_said(s), "open\nevent  message late\n");
	stage_close(&w);
}

static void the_whole_deadline_holds_in_every_state(void **state)
{
	(void)state;
	/* In line, sent, open, refused, pausing. */
	for (int way = 0; way < 5; way++) {
		struct stage w;
		struct stage_options wo;
		stage_options_init(&wo);
		wo.endpoint.max_connections = 1;
		wo.endpoint.max_streams_per_connection = 1;
		stage_open(&w, &wo);
		if (way == 0)
			stage_stream(&w, "/first");
		struct watch *s = stage_watch(&w);
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		o.path = "/x";
		o.deadline_ms = 500;
		assert_int_equal(watch_stream(s, &o), FRESHET_OK);
		stage_settle(&w);
		if (way == 2)
			stage_serve(&w, "/x", "");
		if (way == 3)
			h2peer_answer(stage_call(&w, "/x"), 503, NULL);
		if (way == 4)
			h2peer_reset(stage_call(&w, "/x"), 2);
		static const char *const states[] = {"waiting", "sent", "open", "refused", "backoff"};
		stage_settle(&w);
		assert_string_equal(freshet_stream_state(s->stream), states[way]);
		stage_advance(&w, 499);
		assert_int_equal(s->dones, 0);
		stage_advance(&w, 1);
		assert_int_equal(s->dones, 1);
		assert_int_equal(s->outcome.err, FRESHET_EDEADLINE);
		stage_advance(&w, 100000);
		stage_close(&w);
	}
}

/* It was sent elsewhere, and there is no room for it now. */
static void the_whole_deadline_holds_behind_a_redirect(void **state)
{
	(void)state;
	struct stage w;
	struct stage_options wo;
	stage_options_init(&wo);
	wo.endpoint.max_connections = 1;
	wo.endpoint.stream.follow_redirects = true;
	stage_open(&w, &wo);
	stage_stream(&w, "/open");
	struct watch *s = stage_watch(&w);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/from";
	o.deadline_ms = 40000;
	assert_int_equal(watch_stream(s, &o), FRESHET_OK);
	stage_settle(&w);
	stage_serve(&w, "/open", "");
	/* The body of the redirect has no end. */
	h2peer_answer(stage_call(&w, "/from"), 307, (const char *const[]){"location", "/to", NULL});
	h2peer_settings(w.server.conns[0]->peer, 1);
	stage_settle(&w);
	assert_string_equal(freshet_stream_state(s->stream), "refused");
	stage_advance(&w, 39999);
	assert_string_equal(freshet_stream_state(s->stream), "waiting");
	stage_advance(&w, 1);
	assert_string_equal(watch_said(s), "done FRESHET_EDEADLINE\n");
	stage_close(&w);
}

static void a_held_event_outlives_everything(void **state)
{
	(void)state;
	const freshet_event event = {
		.id = {"7", 1}, .type = {"t", 1}, .data = {"a\0b", 3}, .flags = FRESHET_EVENT_PART};
	freshet_event *held;
	assert_int_equal(freshet_event_hold(&event, &held), FRESHET_OK);
	assert_ptr_not_equal(held->data.ptr, event.data.ptr);
	assert_true(freshet_str_equal(held->id, event.id));
	assert_true(freshet_str_equal(held->type, event.type));
	assert_true(freshet_str_equal(held->data, event.data));
	assert_int_equal(held->flags, event.flags);
	assert_int_equal(held->data.ptr[3], 0);
	freshet_event_drop(held);
	freshet_event_drop(NULL);
	const freshet_event huge = {.id = {"7", SIZE_MAX}};
	assert_int_equal(freshet_event_hold(&huge, &held), FRESHET_ENOMEM);
	assert_null(held);
	assert_int_equal(freshet_event_hold(NULL, &held), FRESHET_EINVAL);
	assert_int_equal(freshet_event_hold(&event, NULL), FRESHET_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_told_one_by_one),
		cmocka_unit_test(a_subscription_says_who_asks_for_what),
		cmocka_unit_test(a_post_stream_sends_its_body),
		cmocka_unit_test(blanks_around_values_stay_here),
		cmocka_unit_test(what_cannot_be_opened_keeps_nothing),
		cmocka_unit_test(answers_of_another_kind_are_told_with_their_body),
		cmocka_unit_test(a_long_body_of_a_refusal_is_cut),
		cmocka_unit_test(a_refusal_whose_body_breaks_off_is_still_that_refusal),
		cmocka_unit_test(status_204_ends_the_stream_well),
		cmocka_unit_test(a_clean_end_is_a_cut_unless_it_is_final),
		cmocka_unit_test(an_event_stream_that_ends_with_its_headers),
		cmocka_unit_test(a_reset_is_told_with_its_code),
		cmocka_unit_test(what_the_parser_refuses_ends_the_stream),
		cmocka_unit_test(finish_and_fail_choose_what_is_told),
		cmocka_unit_test(headers_must_come_in_time),
		cmocka_unit_test(silence_is_a_cut),
		cmocka_unit_test(silence_without_limit_is_no_cut),
		cmocka_unit_test(the_whole_deadline_holds_in_every_state),
		cmocka_unit_test(the_whole_deadline_holds_behind_a_redirect),
		cmocka_unit_test(a_held_event_outlives_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
