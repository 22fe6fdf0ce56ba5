/*
 * One conversation, heard in every way: cut at every byte, with each allocation failing, with its bytes damaged. The same
 * bytes give the same events whatever the cuts; nothing crashes, leaks, or is told twice.
 */
#include "support/failmem.h"
#include "support/h2pair.h"
#include "support/test.h"

#include "base/random.h"

#include <nghttp2/nghttp2.h>

#define REQUESTS 7

static const char upload[] = "a body of a request";

/* False when there is no memory for all of them. */
static bool submit_all(struct h2pair *p)
{
	freshet_str body = {upload, sizeof upload - 1};
	for (int i = 0; i < REQUESTS; i++)
		if (h2pair_submit(p, i == 4 ? "POST" : "GET", i == 4 ? &body : NULL) != FRESHET_OK)
			return false;
	return true;
}

static struct h2peer_call *call_of(struct h2pair *p, int number)
{
	return h2peer_call_of(p->peer, p->exchanges[number - 1].stream_id);
}

/* What the server says: of everything something. */
static void answer_all(struct h2pair *p)
{
	static const char *const text[] = {"content-type", "text/plain", NULL};
	static const char *const ten[] = {"content-length", "10", NULL};
	struct h2peer_call *call = call_of(p, 1);
	h2peer_inform(call, 103);
	h2peer_answer(call, 200, text);
	h2peer_answer(call_of(p, 2), 200, text);
	h2peer_text(call, "one ");
	h2peer_text(call_of(p, 2), "half");
	h2peer_text(call, "two");
	h2peer_ping(p->peer);
	h2peer_end_with_trailers(call);
	h2peer_reset(call_of(p, 2), NGHTTP2_INTERNAL_ERROR);
	h2peer_reset(call_of(p, 3), NGHTTP2_REFUSED_STREAM);
	h2peer_settings(p->peer, 50);
	h2peer_answer(call_of(p, 4), 200, ten);
	h2peer_text(call_of(p, 4), "short");
	h2peer_end(call_of(p, 4));
	h2peer_answer_empty(call_of(p, 5), 413, text);
	h2peer_answer(call_of(p, 6), 200, ten);
	h2peer_text(call_of(p, 6), "as it says");
	h2peer_end(call_of(p, 6));
	h2peer_goaway(p->peer, call_of(p, 6)->id, NGHTTP2_NO_ERROR);
}

/* The whole conversation, and what was said of each exchange, as one text. */
static void talk(struct h2pair *p)
{
	if (h2pair_init(p, NULL) != FRESHET_OK || !submit_all(p))
		return;
	h2pair_run(p);
	/* Without memory a request may be missing there. */
	if (p->peer->call_count == REQUESTS)
		answer_all(p);
	h2pair_run(p);
}

static char *all_said(const struct h2pair *p)
{
	struct h2peer_buf text = {0};
	for (int i = 0; i < p->count; i++)
		h2peer_buf_add(&text, p->exchanges[i].said.data, p->exchanges[i].said.len);
	h2peer_buf_add(&text, "", 1);
	return (char *)text.data;
}

/* The bytes of the server in one conversation without cuts, and what they gave. */
struct recording {
	struct h2peer_buf bytes;
	char *said;
};

static struct recording record(void)
{
	struct recording r = {0};
	struct h2pair p;
	talk(&p);
	r.said = all_said(&p);
	r.bytes = p.fed;
	p.fed = (struct h2peer_buf){0};
	h2pair_clear(&p);
	return r;
}

static void forget(struct recording *r)
{
	h2peer_buf_free(&r->bytes);
	free(r->said);
}

/* A client that has sent the same requests and is about to hear the server. */
static void listen(struct h2pair *p)
{
	assert_int_equal(h2pair_init(p, NULL), FRESHET_OK);
	assert_true(submit_all(p));
	while (h2pair_output(p))
		;
}

static void the_conversation_is_the_one_that_is_meant(void **state)
{
	(void)state;
	struct recording r = record();
	assert_string_equal(r.said, "1 answer 200 content-type=text/plain\n1 data one two\n1 end\n"
				    "2 answer 200 content-type=text/plain\n2 data half\n"
				    "2 lost FRESHET_EHTTP_RESET code 2\n"
				    "3 lost FRESHET_EHTTP_REFUSED code 7 unprocessed\n"
				    "4 answer 200 content-length=10\n4 data short\n4 lost FRESHET_EHTTP_PROTOCOL\n"
				    "5 answer 413 content-type=text/plain\n5 end\n"
				    "6 answer 200 content-length=10\n6 data as it says\n6 end\n"
				    "7 lost FRESHET_EHTTP_GOAWAY unprocessed\n");
	forget(&r);
}

static void every_cut_gives_the_same_events(void **state)
{
	(void)state;
	struct recording r = record();
	for (size_t cut = 0; cut <= r.bytes.len; cut++) {
		struct h2pair p;
		listen(&p);
		h2pair_feed(&p, r.bytes.data, cut);
		h2pair_output(&p);
		h2pair_feed(&p, r.bytes.data + cut, r.bytes.len - cut);
		h2pair_output(&p);
		char *said = all_said(&p);
		assert_int_equal(p.err, FRESHET_OK);
		assert_string_equal(said, r.said);
		free(said);
		h2pair_clear(&p);
	}
	forget(&r);
}

static void byte_by_byte_gives_the_same_events(void **state)
{
	(void)state;
	struct recording r = record();
	struct h2pair p;
	listen(&p);
	for (size_t i = 0; i < r.bytes.len; i++) {
		h2pair_feed(&p, r.bytes.data, 0);
		h2pair_feed(&p, r.bytes.data + i, 1);
		h2pair_output(&p);
	}
	char *said = all_said(&p);
	assert_string_equal(said, r.said);
	free(said);
	h2pair_clear(&p);
	forget(&r);
}

static bool all_over(const struct h2pair *p)
{
	for (int i = 0; i < p->count; i++)
		if (!p->exchanges[i].over)
			return false;
	return true;
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	void (*const arm[])(size_t) = {failmem_arm, failmem_arm_one};
	struct recording r = record();
	for (size_t way = 0; way < 2; way++) {
		for (size_t n = 1;; n++) {
			struct h2pair p;
			arm[way](n);
			talk(&p);
			bool fired = failmem_fired();
			char *said = all_said(&p);
			/* Nobody is left waiting: all is told, or the session has ended. */
			bool ended = p.wire == NULL || p.count < REQUESTS || p.err != FRESHET_OK || p.no_memory;
			assert_true(ended || all_over(&p));
			assert_true(fired || strcmp(said, r.said) == 0);
			if (p.err != FRESHET_OK)
				assert_int_equal(p.err, FRESHET_ENOMEM);
			free(said);
			h2pair_clear(&p);
			assert_int_equal(failmem_live(), 0);
			if (!fired)
				break;
		}
	}
	failmem_off();
	forget(&r);
}

static void random_bytes_end_the_session_or_not_but_nothing_else(void **state)
{
	(void)state;
	struct random random;
	random_init(&random, 5);
	size_t ended = 0;
	for (int round = 0; round < 500; round++) {
		struct h2pair p;
		uint8_t bytes[200];
		listen(&p);
		for (int piece = 0; piece < 20 && p.err == FRESHET_OK && !p.wire->over; piece++) {
			size_t len = random_next(&random) % sizeof bytes;
			for (size_t i = 0; i < len; i++)
				bytes[i] = (uint8_t)random_next(&random);
			h2pair_feed(&p, bytes, len);
			h2pair_output(&p);
		}
		ended += p.err != FRESHET_OK || p.wire->over;
		h2pair_clear(&p);
	}
	/* Nearly no noise passes for SETTINGS. */
	assert_true(ended > 450);
}

/* Damages a copy of the bytes in a few places. */
static struct h2peer_buf damaged(const struct h2peer_buf *bytes, struct random *random)
{
	struct h2peer_buf copy = {0};
	h2peer_buf_add(&copy, bytes->data, bytes->len);
	for (uint64_t times = 1 + random_next(random) % 4; times > 0; times--) {
		uint64_t bits = random_next(random);
		size_t at = bits % copy.len;
		size_t len = (bits >> 32) % 16;
		if (len > copy.len - at)
			len = copy.len - at;
		switch (bits >> 48 & 3) {
		case 0: copy.data[at] ^= (uint8_t)(1u << (bits >> 50 & 7)); break;
		case 1: copy.data[at] = (uint8_t)(bits >> 56); break;
		case 2: /* something is missing */
			memmove(copy.data + at, copy.data + at + len, copy.len - at - len);
			copy.len -= len < copy.len ? len : 0;
			break;
		default: { /* something comes twice */
			uint8_t twice[16];
			memcpy(twice, copy.data + at, len);
			h2peer_buf_add(&copy, twice, len);
			break;
		}
		}
	}
	return copy;
}

static void damaged_bytes_do_no_harm(void **state)
{
	(void)state;
	struct recording r = record();
	struct random random;
	random_init(&random, 6);
	for (int round = 0; round < 3000; round++) {
		struct h2peer_buf bytes = damaged(&r.bytes, &random);
		struct h2pair p;
		listen(&p);
		for (size_t at = 0; at < bytes.len && p.err == FRESHET_OK && !p.wire->over;) {
			size_t len = 1 + random_next(&random) % 300;
			len = len < bytes.len - at ? len : bytes.len - at;
			h2pair_feed(&p, bytes.data + at, len);
			h2pair_output(&p);
			at += len;
		}
		h2pair_clear(&p);
		h2peer_buf_free(&bytes);
	}
	forget(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_conversation_is_the_one_that_is_meant),
		cmocka_unit_test(every_cut_gives_the_same_events),
		cmocka_unit_test(byte_by_byte_gives_the_same_events),
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(random_bytes_end_the_session_or_not_but_nothing_else),
		cmocka_unit_test(damaged_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
