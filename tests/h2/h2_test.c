/*
 * One HTTP/2 client session against a scripted server, without a socket.
 */
#include "support/h2pair.h"
#include "support/test.h"

#include <nghttp2/nghttp2.h>

static const char *const plain_text[] = {"content-type", "text/plain", NULL};

/* A pair that has greeted each other. */
static void open_pair(struct h2pair *p, const struct h2pair_options *options)
{
	assert_int_equal(h2pair_init(p, options), FRESHET_OK);
	h2pair_run(p);
	assert_true(p->wire->greeted);
}

static struct h2peer_call *open_call(struct h2pair *p)
{
	int number = h2pair_get(p);
	h2pair_run(p);
	return h2pair_call(p, number);
}

static void end_pair(struct h2pair *p)
{
	assert_false(p->peer->failed);
	h2pair_clear(p);
}

static void a_request_arrives_as_it_was_submitted(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	assert_string_equal(h2peer_field(call, ":method"), "GET");
	assert_string_equal(h2peer_field(call, ":scheme"), "http");
	assert_string_equal(h2peer_field(call, ":authority"), "test:80");
	assert_string_equal(h2peer_field(call, ":path"), "/path?query");
	assert_string_equal(h2peer_field(call, "x-plain"), "seen");
	/* The mark says that it stays out of HPACK's table. */
	assert_string_equal(h2peer_field(call, "x-secret"), "!hidden");
	assert_int_equal(call->field_count, 6);
	assert_true(call->ended);
	end_pair(&p);
}

static void an_answer_comes_with_fields_data_and_end(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, plain_text);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 200 content-type=text/plain\n");
	h2peer_text(call, "hello");
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 data hello\n");
	h2peer_text(call, "bye");
	h2peer_end(call);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 data bye\n1 end\n");
	assert_true(call->gone);
	end_pair(&p);
}

static void the_end_may_come_with_headers_data_or_trailers(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	h2peer_answer_empty(open_call(&p), 204, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 204\n1 end\n");

	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, plain_text);
	h2peer_end(call);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "2 answer 200 content-type=text/plain\n2 end\n");

	call = open_call(&p);
	h2peer_answer(call, 200, plain_text);
	h2peer_text(call, "x");
	h2peer_end_with_trailers(call);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "3 answer 200 content-type=text/plain\n3 data x\n3 end\n");
	end_pair(&p);
}

static void informational_answers_are_passed_over(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	h2peer_inform(call, 100);
	h2peer_inform(call, 103);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "");
	h2peer_answer_empty(call, 200, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 200\n1 end\n");
	end_pair(&p);
}

static void every_reset_code_is_told(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	for (uint32_t code = NGHTTP2_NO_ERROR; code <= NGHTTP2_HTTP_1_1_REQUIRED + 1; code++) {
		h2peer_reset(open_call(&p), code);
		h2pair_run(&p);
		char expected[100];
		if (code == NGHTTP2_REFUSED_STREAM)
			snprintf(expected, sizeof expected, "%d lost FRESHET_EHTTP_REFUSED code %u unprocessed\n",
				p.count, code);
		else
			snprintf(expected, sizeof expected, "%d lost FRESHET_EHTTP_RESET code %u\n", p.count, code);
		assert_string_equal(h2pair_trace(&p), expected);
	}
	assert_false(p.wire->draining);
	end_pair(&p);
}

static void a_reset_in_the_middle_of_a_body(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, plain_text);
	h2peer_text(call, "half");
	h2peer_reset(call, NGHTTP2_INTERNAL_ERROR);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 200 content-type=text/plain\n1 data half\n"
					      "1 lost FRESHET_EHTTP_RESET code 2\n");
	end_pair(&p);
}

static void goaway_loses_what_it_leaves_out_and_drains_the_rest(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *first = open_call(&p);
	open_call(&p);
	open_call(&p);
	h2peer_goaway(p.peer, first->id, NGHTTP2_ENHANCE_YOUR_CALM);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "2 lost FRESHET_EHTTP_GOAWAY unprocessed\n"
					      "3 lost FRESHET_EHTTP_GOAWAY unprocessed\n");
	assert_true(p.wire->draining);
	assert_int_equal(p.wire->loss.err, FRESHET_EHTTP_GOAWAY);
	assert_true(p.wire->loss.has_http2_code);
	assert_int_equal(p.wire->loss.http2_code, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(h2pair_submit(&p, "GET", NULL), FRESHET_EHTTP_GOAWAY);
	h2peer_answer_empty(first, 200, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 200\n1 end\n");
	end_pair(&p);
}

static void a_request_that_goaway_overtakes_is_unprocessed(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	h2pair_get(&p); /* submitted, not yet output */
	h2peer_goaway(p.peer, 0, NGHTTP2_NO_ERROR);
	h2pair_feed(&p, p.peer->out.data, p.peer->out.len);
	p.peer->out.len = 0;
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 lost FRESHET_EHTTP_GOAWAY unprocessed\n");
	assert_int_equal(p.peer->call_count, 0);
	end_pair(&p);
}

static void headers_past_their_limit_lose_only_their_exchange(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.max_header_bytes = 200};
	char value[150];
	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	const char *const fits[] = {"a", value, NULL};
	const char *const too_many[] = {"a", value, "b", "", NULL};
	open_pair(&p, &options);
	/* 1 + 149 + 32 fit into 200; 33 more do not. */
	h2peer_answer_empty(open_call(&p), 200, fits);
	h2pair_run(&p);
	h2pair_trace(&p);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, too_many);
	h2peer_text(call, "not shown");
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "2 lost FRESHET_EHTTP_HEADERS\n");
	assert_true(call->reset);
	assert_int_equal(call->reset_code, NGHTTP2_CANCEL);
	h2peer_answer_empty(open_call(&p), 200, fits);
	h2pair_run(&p);
	assert_true(strncmp(h2pair_trace(&p), "3 answer 200", 12) == 0);
	end_pair(&p);
}

static void trailers_past_the_limit_are_dropped_like_others(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.max_header_bytes = 40};
	open_pair(&p, &options);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, NULL);
	h2peer_end_with_trailers(call); /* 9 + 4 + 32 bytes */
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 200\n1 end\n");
	end_pair(&p);
}

static void a_body_that_is_not_as_long_as_it_says_is_a_loss(void **state)
{
	(void)state;
	static const char *const five[] = {"content-length", "5", NULL};
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, five);
	h2peer_text(call, "123");
	h2peer_end(call);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 200 content-length=5\n1 data 123\n"
					      "1 lost FRESHET_EHTTP_PROTOCOL\n");
	assert_true(call->gone);
	call = open_call(&p);
	h2peer_answer(call, 200, five);
	h2peer_text(call, "123456");
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "2 answer 200 content-length=5\n2 lost FRESHET_EHTTP_PROTOCOL\n");
	assert_int_equal(call->reset_code, NGHTTP2_PROTOCOL_ERROR);
	/* The connection goes on. */
	h2peer_answer_empty(open_call(&p), 200, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "3 answer 200\n3 end\n");
	end_pair(&p);
}

static void pings_go_both_ways(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	h2peer_ping(p.peer);
	h2pair_run(&p);
	assert_int_equal(p.peer->pongs, 1);
	assert_int_equal(p.wire->pings_answered, 0);
	p.wire->protocol->ping(p.wire);
	p.wire->protocol->ping(p.wire);
	h2pair_run(&p);
	assert_int_equal(p.peer->pings, 2);
	assert_int_equal(p.wire->pings_answered, 2);
	end_pair(&p);
}

static void the_peer_says_how_many_it_takes(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options silent = {.peer = {.silent = true}};
	assert_int_equal(h2pair_init(&p, &silent), FRESHET_OK);
	assert_false(p.wire->greeted);
	assert_int_equal(p.wire->capacity, 100);
	h2peer_settings(p.peer, 7);
	h2pair_run(&p);
	assert_true(p.wire->greeted);
	assert_int_equal(p.wire->capacity, 7);
	h2peer_settings(p.peer, 3);
	h2pair_run(&p);
	assert_int_equal(p.wire->capacity, 3);
	h2peer_settings(p.peer, 0);
	h2pair_run(&p);
	assert_int_equal(p.wire->capacity, 0);
	h2peer_settings(p.peer, UINT32_MAX);
	h2pair_run(&p);
	assert_true(p.wire->capacity == UINT32_MAX);
	assert_int_equal(p.peer->settings_acks, 4);
	end_pair(&p);
	/* Settings that say nothing of it: no bound. */
	open_pair(&p, NULL);
	assert_true(p.wire->capacity > 1000000);
	end_pair(&p);
}

/* How far the requests have gone out, whatever nghttp2 holds back. */
static void what_has_gone_out_is_known(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	assert_int_equal(p.wire->sent_id, 0);
	int first = h2pair_get(&p);
	assert_int_equal(p.wire->sent_id, 0);
	h2pair_run(&p);
	assert_int_equal(p.wire->sent_id, p.exchanges[first - 1].stream_id);
	h2peer_settings(p.peer, 1);
	h2pair_run(&p);
	int second = h2pair_get(&p);
	h2pair_run(&p);
	assert_int_equal(p.wire->sent_id, p.exchanges[first - 1].stream_id);
	assert_int_equal(p.peer->call_count, 1);
	h2peer_answer_empty(h2pair_call(&p, first), 200, NULL);
	h2pair_run(&p);
	assert_int_equal(p.wire->sent_id, p.exchanges[second - 1].stream_id);
	assert_int_equal(p.peer->call_count, 2);
	end_pair(&p);
}

static void cancelled_before_it_was_sent_it_is_never_sent(void **state)
{
	(void)state;
	struct h2pair p;
	freshet_str body = freshet_str_of("secret");
	open_pair(&p, NULL);
	assert_int_equal(h2pair_submit(&p, "POST", &body), FRESHET_OK);
	h2pair_cancel(&p, 1);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "");
	assert_int_equal(p.peer->call_count, 0);
	h2peer_answer_empty(open_call(&p), 200, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "2 answer 200\n2 end\n");
	end_pair(&p);
}

static void cancelled_in_the_middle_of_the_body_nothing_more_comes(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, plain_text);
	h2peer_text(call, "seen");
	h2pair_run(&p);
	h2pair_trace(&p);
	h2peer_text(call, "on its way");
	h2pair_cancel(&p, 1);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "");
	assert_true(call->reset);
	assert_int_equal(call->reset_code, NGHTTP2_CANCEL);
	end_pair(&p);
}

/* The reactor has not read yet that it is over. A word about it would be one reset more that the server counts. */
static void cancelled_when_both_sides_have_ended_it_nothing_is_said(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer_empty(call, 200, plain_text);
	h2pair_run(&p);
	h2pair_cancel(&p, 1);
	assert_false(h2pair_output(&p));
	h2pair_run(&p);
	assert_false(call->reset);
	assert_false(p.wire->draining);
	end_pair(&p);
}

/* The memory of a body belongs to the exchange: after the cancel it is gone. */
static void a_cancelled_body_is_not_touched_any_more(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.peer = {.hoard = true}};
	size_t len = 300000;
	char *bytes = malloc(len);
	assert_non_null(bytes);
	memset(bytes, 'b', len);
	freshet_str body = {bytes, len};
	open_pair(&p, &options);
	assert_int_equal(h2pair_submit(&p, "POST", &body), FRESHET_OK);
	h2pair_run(&p);
	struct h2peer_call *call = h2pair_call(&p, 1);
	assert_int_equal(call->body.len, 65535);
	h2pair_cancel(&p, 1);
	free(bytes);
	h2peer_credit(p.peer, call, 65535);
	h2pair_run(&p);
	assert_true(call->reset);
	assert_int_equal(call->body.len, 65535);
	end_pair(&p);
}

/* Puts others in the place of the bytes that were taken. */
static void fill(struct h2pair *p, const char *bytes, bool last)
{
	struct h2pair_exchange *x = &p->exchanges[0];
	assert_true(x->body.wanted);
	x->body = (struct wire_body){.bytes = freshet_str_of(bytes), .open = !last};
	p->wire->protocol->more(p->wire, x->stream_id);
}

static void an_open_body_goes_out_as_it_is_filled(void **state)
{
	(void)state;
	struct h2pair p;
	freshet_str nothing = {NULL, 0};
	open_pair(&p, NULL);
	p.open = true;
	assert_int_equal(h2pair_submit(&p, "POST", &nothing), FRESHET_OK);
	h2pair_run(&p);
	struct h2peer_call *call = h2pair_call(&p, 1);
	assert_string_equal(h2pair_trace(&p), "1 wanted\n");
	fill(&p, "0123", false);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 wanted\n");
	/* Told once; asking for more without any is told again by nobody. */
	p.wire->protocol->more(p.wire, p.exchanges[0].stream_id);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "");
	assert_int_equal(call->body.len, 4);
	fill(&p, "456", false);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 wanted\n");
	assert_false(call->ended);
	fill(&p, "", true);
	h2pair_run(&p);
	assert_true(call->ended);
	assert_memory_equal(call->body.data, "0123456", 7);
	assert_string_equal(h2pair_trace(&p), "");
	end_pair(&p);
}

static void an_open_body_is_given_up(void **state)
{
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		struct h2pair p;
		freshet_str nothing = {NULL, 0};
		open_pair(&p, NULL);
		p.open = true;
		assert_int_equal(h2pair_submit(&p, "POST", &nothing), FRESHET_OK);
		h2pair_run(&p);
		struct h2peer_call *call = h2pair_call(&p, 1);
		fill(&p, "0123", false);
		if (answered == 1)
			h2peer_answer_empty(call, 200, NULL);
		else
			h2pair_cancel(&p, 1);
		h2pair_run(&p);
		assert_true(call->reset);
		assert_int_equal(call->reset_code, answered == 1 ? 0 : 8);
		/* Nothing of it is looked at any more. */
		memset(&p.exchanges[0].body, 0xff, sizeof p.exchanges[0].body);
		p.wire->protocol->more(p.wire, p.exchanges[0].stream_id);
		h2pair_run(&p);
		end_pair(&p);
	}
}

static void a_body_larger_than_the_window_is_sent_as_credit_comes(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.peer = {.hoard = true}};
	size_t len = 200000;
	char *bytes = malloc(len);
	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)('a' + i % 23);
	freshet_str body = {bytes, len};
	open_pair(&p, &options);
	assert_int_equal(h2pair_submit(&p, "POST", &body), FRESHET_OK);
	h2pair_run(&p);
	struct h2peer_call *call = h2pair_call(&p, 1);
	size_t had = 0;
	while (!call->ended) {
		size_t fresh = call->body.len - had;
		assert_in_range(fresh, 1, 65535);
		had = call->body.len;
		h2peer_credit(p.peer, call, fresh);
		h2pair_run(&p);
	}
	assert_int_equal(call->body.len, len);
	assert_memory_equal(call->body.data, bytes, len);
	h2peer_answer_empty(call, 201, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 201\n1 end\n");
	free(bytes);
	end_pair(&p);
}

static void an_early_answer_ends_the_upload(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.peer = {.hoard = true}};
	size_t len = 200000;
	char *bytes = calloc(1, len);
	assert_non_null(bytes);
	freshet_str body = {bytes, len};
	open_pair(&p, &options);
	assert_int_equal(h2pair_submit(&p, "POST", &body), FRESHET_OK);
	h2pair_run(&p);
	struct h2peer_call *call = h2pair_call(&p, 1);
	h2peer_answer_empty(call, 413, NULL);
	h2pair_run(&p);
	assert_string_equal(h2pair_trace(&p), "1 answer 413\n1 end\n");
	free(bytes);
	assert_true(call->gone);
	assert_false(call->ended);
	h2peer_credit(p.peer, call, 65535);
	h2pair_run(&p);
	assert_int_equal(call->body.len, 65535);
	end_pair(&p);
}

static void an_empty_body_still_ends(void **state)
{
	(void)state;
	struct h2pair p;
	freshet_str body = {"", 0};
	open_pair(&p, NULL);
	assert_int_equal(h2pair_submit(&p, "POST", &body), FRESHET_OK);
	h2pair_run(&p);
	assert_true(h2pair_call(&p, 1)->ended);
	assert_int_equal(h2pair_call(&p, 1)->body.len, 0);
	end_pair(&p);
}

static void send_kilobytes(struct h2peer_call *call, size_t kilobytes)
{
	static const char block[1024] = {0};
	for (size_t i = 0; i < kilobytes; i++)
		h2peer_data(call, block, sizeof block);
}

static void a_stream_is_credited_only_for_what_was_consumed(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.stream_window = 65536, .connection_window = 1024 * 1024};
	open_pair(&p, &options);
	struct h2peer_call *call = open_call(&p);
	struct h2pair_exchange *x = &p.exchanges[0];
	h2peer_answer(call, 200, NULL);
	send_kilobytes(call, 256);
	h2pair_run(&p);
	assert_int_equal(x->data_len, 65536);
	assert_int_equal(call->credit, 0);
	p.wire->protocol->consumed(p.wire, x->stream_id, 40000);
	h2pair_run(&p);
	assert_int_equal(call->credit, 40000);
	assert_int_equal(x->data_len, 65536 + 40000);
	/* What was cancelled meanwhile is no error. */
	h2pair_cancel(&p, 1);
	p.wire->protocol->consumed(p.wire, x->stream_id, 40000);
	h2pair_run(&p);
	p.wire->protocol->consumed(p.wire, x->stream_id, 40000);
	h2pair_run(&p);
	end_pair(&p);
}

static void the_connection_is_credited_whatever_becomes_of_the_streams(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.stream_window = 65536, .connection_window = 128 * 1024};
	open_pair(&p, &options);
	uint64_t before = p.peer->credit;
	uint64_t sent = 0;
	for (int i = 0; i < 20; i++) {
		struct h2peer_call *call = open_call(&p);
		h2peer_answer(call, 200, NULL);
		send_kilobytes(call, 64);
		/* Every second one is cancelled while its bytes are on their way, and nothing is ever consumed. */
		if (i % 2 == 0)
			h2pair_cancel(&p, p.count);
		h2pair_run(&p);
		sent += 65536;
	}
	assert_true(p.peer->credit - before >= sent - (uint64_t)128 * 1024 / 2);
	assert_true(p.peer->credit - before <= sent);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, NULL);
	send_kilobytes(call, 64);
	h2pair_run(&p);
	assert_int_equal(p.exchanges[p.count - 1].data_len, 65536);
	end_pair(&p);
}

static void the_windows_are_told_to_the_peer(void **state)
{
	(void)state;
	struct h2pair p;
	const struct h2pair_options options = {.stream_window = 1000, .connection_window = 2 * 1024 * 1024};
	open_pair(&p, &options);
	assert_int_equal(p.peer->credit, 2 * 1024 * 1024 - 65535);
	struct h2peer_call *call = open_call(&p);
	h2peer_answer(call, 200, NULL);
	send_kilobytes(call, 10);
	h2pair_run(&p);
	assert_int_equal(p.exchanges[0].data_len, 1000);
	end_pair(&p);
}

static void goodbye_is_told_and_takes_no_more(void **state)
{
	(void)state;
	struct h2pair p;
	open_pair(&p, NULL);
	p.wire->protocol->goodbye(p.wire);
	assert_true(p.wire->protocol->wants_output(p.wire));
	h2pair_run(&p);
	assert_true(p.peer->goaway);
	assert_int_equal(p.peer->goaway_code, NGHTTP2_NO_ERROR);
	assert_int_equal(h2pair_submit(&p, "GET", NULL), FRESHET_EHTTP_GOAWAY);
	assert_false(p.wire->over);
	end_pair(&p);
}

static void pushes_are_not_taken(void **state)
{
	(void)state;
	static const uint8_t push[] = {
		0, 0, 5, NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 0, 0, 0, 1, 0, 0, 0, 2, 0x88};
	struct h2pair p;
	open_pair(&p, NULL);
	open_call(&p);
	h2peer_raw(p.peer, push, sizeof push);
	h2pair_run(&p);
	assert_true(p.wire->over);
	assert_int_equal(p.wire->loss.err, FRESHET_EHTTP_PROTOCOL);
	assert_int_equal(p.peer->goaway_code, NGHTTP2_PROTOCOL_ERROR);
	end_pair(&p);
}

/* What breaks the connection: the peer is told why, the session says that it is over. */
struct violation {
	const char *what;
	uint8_t bytes[24];
	size_t len;
	uint32_t code;
};

static const struct violation violations[] = {
	{"DATA on the connection", {0, 0, 1, NGHTTP2_DATA, 0, 0, 0, 0, 0, 'x'}, 10, NGHTTP2_PROTOCOL_ERROR},
	{"DATA on a stream that is not open yet", {0, 0, 1, NGHTTP2_DATA, 0, 0, 0, 0, 99, 'x'}, 10,
		NGHTTP2_PROTOCOL_ERROR},
	{"HEADERS on a stream of the server's", {0, 0, 1, NGHTTP2_HEADERS, 4, 0, 0, 0, 2, 0x88}, 10,
		NGHTTP2_PROTOCOL_ERROR},
	{"a frame that is too large", {1, 0, 0, NGHTTP2_DATA, 0, 0, 0, 0, 1}, 9, NGHTTP2_FRAME_SIZE_ERROR},
	{"SETTINGS of a wrong size", {0, 0, 5, NGHTTP2_SETTINGS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 14,
		NGHTTP2_FRAME_SIZE_ERROR},
	{"a window of more than 2^31-1", {0, 0, 4, NGHTTP2_WINDOW_UPDATE, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}, 13,
		NGHTTP2_FLOW_CONTROL_ERROR},
	{"a header block that is none", {0, 0, 1, NGHTTP2_HEADERS, 4, 0, 0, 0, 1, 0xff}, 10, NGHTTP2_COMPRESSION_ERROR},
	{"a lone CONTINUATION", {0, 0, 0, NGHTTP2_CONTINUATION, 4, 0, 0, 0, 1}, 9, NGHTTP2_PROTOCOL_ERROR},
	{"PING on a stream", {0, 0, 8, NGHTTP2_PING, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 17,
		NGHTTP2_PROTOCOL_ERROR},
	{"RST_STREAM of an idle stream", {0, 0, 4, NGHTTP2_RST_STREAM, 0, 0, 0, 0, 9, 0, 0, 0, 0}, 13,
		NGHTTP2_PROTOCOL_ERROR},
};

static void whatever_breaks_the_connection_ends_the_session(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof violations / sizeof violations[0]; i++) {
		const struct violation *v = &violations[i];
		struct h2pair p;
		print_message("%s\n", v->what);
		open_pair(&p, NULL);
		open_call(&p);
		h2peer_raw(p.peer, v->bytes, v->len);
		h2pair_run(&p);
		assert_true(p.wire->over);
		assert_int_equal(p.wire->loss.err, FRESHET_EHTTP_PROTOCOL);
		assert_false(p.wire->loss.unprocessed);
		assert_non_null(p.wire->loss.why);
		assert_true(p.peer->goaway);
		assert_int_equal(p.peer->goaway_code, v->code);
		end_pair(&p);
	}
}

static void a_server_of_http_1_is_recognised(void **state)
{
	(void)state;
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	const struct h2pair_options silent = {.peer = {.silent = true}};
	/* In one piece, and cut after each of its first bytes. */
	for (size_t cut = 0; cut < 8; cut++) {
		struct h2pair p;
		assert_int_equal(h2pair_init(&p, &silent), FRESHET_OK);
		h2pair_feed(&p, (const uint8_t *)answer, cut);
		if (p.err == FRESHET_OK)
			h2pair_feed(&p, (const uint8_t *)answer + cut, sizeof answer - 1 - cut);
		assert_int_equal(p.err, FRESHET_EHTTP_PROTOCOL);
		assert_int_equal(p.wire->loss.err, FRESHET_EHTTP_PROTOCOL);
		assert_string_equal(p.wire->loss.why, "it speaks HTTP/1");
		h2pair_clear(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_arrives_as_it_was_submitted),
		cmocka_unit_test(an_answer_comes_with_fields_data_and_end),
		cmocka_unit_test(the_end_may_come_with_headers_data_or_trailers),
		cmocka_unit_test(informational_answers_are_passed_over),
		cmocka_unit_test(every_reset_code_is_told),
		cmocka_unit_test(a_reset_in_the_middle_of_a_body),
		cmocka_unit_test(goaway_loses_what_it_leaves_out_and_drains_the_rest),
		cmocka_unit_test(a_request_that_goaway_overtakes_is_unprocessed),
		cmocka_unit_test(headers_past_their_limit_lose_only_their_exchange),
		cmocka_unit_test(trailers_past_the_limit_are_dropped_like_others),
		cmocka_unit_test(a_body_that_is_not_as_long_as_it_says_is_a_loss),
		cmocka_unit_test(pings_go_both_ways),
		cmocka_unit_test(the_peer_says_how_many_it_takes),
		cmocka_unit_test(what_has_gone_out_is_known),
		cmocka_unit_test(cancelled_before_it_was_sent_it_is_never_sent),
		cmocka_unit_test(cancelled_in_the_middle_of_the_body_nothing_more_comes),
		cmocka_unit_test(cancelled_when_both_sides_have_ended_it_nothing_is_said),
		cmocka_unit_test(a_cancelled_body_is_not_touched_any_more),
		cmocka_unit_test(an_open_body_goes_out_as_it_is_filled),
		cmocka_unit_test(an_open_body_is_given_up),
		cmocka_unit_test(a_body_larger_than_the_window_is_sent_as_credit_comes),
		cmocka_unit_test(an_early_answer_ends_the_upload),
		cmocka_unit_test(an_empty_body_still_ends),
		cmocka_unit_test(a_stream_is_credited_only_for_what_was_consumed),
		cmocka_unit_test(the_connection_is_credited_whatever_becomes_of_the_streams),
		cmocka_unit_test(the_windows_are_told_to_the_peer),
		cmocka_unit_test(goodbye_is_told_and_takes_no_more),
		cmocka_unit_test(pushes_are_not_taken),
		cmocka_unit_test(whatever_breaks_the_connection_ends_the_session),
		cmocka_unit_test(a_server_of_http_1_is_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
