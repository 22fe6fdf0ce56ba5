/*
 * Compressed answers over both protocols: asked for and decoded where the option says so, and only what is gzip.
 */
#include "support/client.h"
#include "support/failmem.h"
#include "support/gzip.h"
#include "support/test.h"
#include "support/web.h"

struct world {
	struct client client;
	struct web web;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	/* What is answered, and what was asked for. */
	int status;
	const char *fields;
	const void *body;
	size_t body_len;
	char accept_encoding[64];
};

static const char text[] = "{\"agents\": [{\"id\": 1}, {\"id\": 2}, {\"id\": 3}, {\"id\": 4}]}";

static void handle(struct web_call *call)
{
	struct world *w = call->web->user;
	const char *accept = web_field(call, "accept-encoding");
	snprintf(w->accept_encoding, sizeof w->accept_encoding, "%s", accept != NULL ? accept : "");
	web_reply_bytes(call, w->status, w->fields, w->body, w->body_len);
}

static void world_open(struct world *w, bool http1)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	web_open(&w->web, w->client.base, http1, handle, w);
	w->status = 200;
	w->fields = "content-encoding: gzip\r\n";
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->web.port, NULL}, w->url);
	w->o.protocol = http1 ? FRESHET_PROTOCOL_HTTP1 : FRESHET_PROTOCOL_HTTP2;
	assert_int_equal(freshet_endpoint_new(w->client.reactor, &w->o, &w->e), FRESHET_OK);
}

static void world_close(struct world *w)
{
	web_close(&w->web);
	client_stop(&w->client);
}

static void ask(struct world *w, freshet_request_options *o, struct reply *r)
{
	o->path = "/";
	o->max_attempts = 1;
	client_send(&w->client, w->e, o, r);
	client_run(&w->client, NULL, NULL);
	assert_int_equal(r->dones, 1);
}

static void assert_err(const struct reply *r, const char *name)
{
	assert_string_equal(freshet_err_name(r->outcome.outcome.err), name);
}

static void what_is_gzip_is_decoded(void **state)
{
	const bool *http1 = *state;
	static const struct {
		const char *method;
		int status;
		const char *fields;
		bool decoded;
	} answers[] = {
		{"GET", 200, "content-encoding: gzip\r\n", true},
		{"POST", 201, "content-encoding: GZip\r\n", true},
		{"GET", 404, "content-encoding: x-gzip\r\ncontent-type: text/plain\r\n", true},
		{"GET", 200, "", false},
		{"GET", 200, "content-encoding: br\r\n", false},
		{"GET", 200, "content-encoding: identity\r\n", false},
		{"GET", 200, "content-encoding: gzip, gzip\r\n", false},
		{"GET", 200, "content-encoding: gzip\r\ncontent-encoding: br\r\n", false},
		{"GET", 200, "content-encoding: br\r\ncontent-encoding: gzip\r\n", false},
		{"GET", 206, "content-encoding: gzip\r\ncontent-range: bytes 0-9/100\r\n", false},
		{"GET", 200, "content-type: application/gzip\r\n", false},
		{"GET", 302, "content-encoding: gzip\r\nlocation: /elsewhere\r\n", true},
	};
	struct gzip_packed p = gzip_pack(text, sizeof text - 1, NULL);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		for (int accept = 0; accept < 2; accept++) {
			bool decoded = accept == 1 && answers[i].decoded;
			struct world w;
			struct reply r;
			freshet_request_options o;
			print_message("%d %s", answers[i].status, answers[i].fields);
			world_open(&w, *http1);
			w.status = answers[i].status;
			w.fields = answers[i].fields;
			w.body = p.bytes;
			w.body_len = p.len;
			freshet_request_options_init(&o);
			o.method = answers[i].method;
			o.accept_gzip = accept == 1;
			ask(&w, &o, &r);
			assert_err(&r, "FRESHET_OK");
			assert_int_equal(r.status, answers[i].status);
			assert_string_equal(w.accept_encoding, accept == 1 ? "gzip" : "");
			assert_int_equal(r.decoded, decoded);
			assert_int_equal(r.body_len, decoded ? sizeof text - 1 : p.len);
			assert_memory_equal(r.body, decoded ? (const void *)text : p.bytes, r.body_len);
			world_close(&w);
		}
	free(p.bytes);
}

/* There is nothing to decode, and that is no mistake. */
static void answers_without_a_body(void **state)
{
	const bool *http1 = *state;
	static const struct {
		const char *method;
		int status;
	} answers[] = {{"HEAD", 200}, {"GET", 204}, {"GET", 304}, {"GET", 200}};
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct world w;
		struct reply r;
		freshet_request_options o;
		world_open(&w, *http1);
		w.status = answers[i].status;
		freshet_request_options_init(&o);
		o.method = answers[i].method;
		o.accept_gzip = true;
		ask(&w, &o, &r);
		assert_err(&r, "FRESHET_OK");
		assert_int_equal(r.body_len, 0);
		assert_false(r.decoded);
		world_close(&w);
	}
}

static void what_the_caller_accepts_is_sent_instead(void **state)
{
	const bool *http1 = *state;
	const freshet_header own = {freshet_str_of("Accept-Encoding"), freshet_str_of("gzip;q=0.5, br"), false};
	struct gzip_packed p = gzip_pack(text, sizeof text - 1, NULL);
	struct world w;
	struct reply r;
	freshet_request_options o;
	world_open(&w, *http1);
	w.body = p.bytes;
	w.body_len = p.len;
	freshet_request_options_init(&o);
	o.headers = &own;
	o.header_count = 1;
	o.accept_gzip = true;
	ask(&w, &o, &r);
	assert_string_equal(w.accept_encoding, "gzip;q=0.5, br");
	assert_string_equal(r.body, text);
	world_close(&w);
	free(p.bytes);
}

static void damaged_answers_are_errors(void **state)
{
	const bool *http1 = *state;
	struct gzip_packed p = gzip_pack(text, sizeof text - 1, NULL);
	uint8_t behind[512] = {0};
	memcpy(behind, p.bytes, p.len);
	for (int i = 0; i < 4; i++) {
		struct world w;
		struct reply r;
		freshet_request_options o;
		world_open(&w, *http1);
		w.body = i == 2 ? (const void *)text : behind;
		w.body_len = i == 0 ? p.len - 1 : i == 1 ? 1 : i == 2 ? sizeof text : p.len + 10;
		freshet_request_options_init(&o);
		o.accept_gzip = true;
		ask(&w, &o, &r);
		assert_err(&r, "FRESHET_EHTTP_CODING");
		assert_string_equal(r.outcome.text, "the compressed response body is damaged or incomplete");
		assert_int_equal(r.status, 200);
		world_close(&w);
	}
	free(p.bytes);
}

/* The bound counts what comes out, and holds before it has. */
static void bombs_end_early(void **state)
{
	const bool *http1 = *state;
	enum { LEN = 64 * 1024 * 1024 };
	char *zeros = calloc(1, LEN);
	assert_non_null(zeros);
	struct gzip_packed p = gzip_pack(zeros, LEN, NULL);
	free(zeros);
	for (int exact = 0; exact < 2; exact++) {
		struct world w;
		struct reply r;
		freshet_request_options o;
		failmem_arm(0);
		world_open(&w, *http1);
		w.body = p.bytes;
		w.body_len = p.len;
		freshet_request_options_init(&o);
		o.accept_gzip = true;
		o.max_body = exact == 1 ? LEN : 100000;
		ask(&w, &o, &r);
		assert_err(&r, exact == 1 ? "FRESHET_OK" : "FRESHET_EHTTP_BODY");
		assert_int_equal(r.body_len, o.max_body);
		/* Beside it the reactor has its own buffers. */
		assert_true(exact == 1 || failmem_largest() <= (size_t)512 * 1024);
		world_close(&w);
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
	free(p.bytes);
}

static bool out_of_memory(const struct gzip_packed *p, bool http1, void (*arm)(size_t n), size_t n)
{
	struct world w;
	struct reply r;
	freshet_request_options o;
	world_open(&w, http1);
	w.body = p->bytes;
	w.body_len = p->len;
	freshet_request_options_init(&o);
	o.path = "/";
	o.max_attempts = 1;
	o.accept_gzip = true;
	client_send(&w.client, w.e, &o, &r);
	arm(n);
	client_run(&w.client, NULL, NULL);
	bool fired = failmem_fired();
	failmem_arm(0);
	assert_int_equal(r.dones, 1);
	if (r.outcome.outcome.err == FRESHET_OK)
		assert_string_equal(r.body, text);
	else
		assert_err(&r, "FRESHET_ENOMEM");
	assert_true(fired || r.outcome.outcome.err == FRESHET_OK);
	world_close(&w);
	assert_int_equal(failmem_live(), 0);
	return fired;
}

static void each_allocation_may_fail(void **state)
{
	const bool *http1 = *state;
	void (*const arms[])(size_t) = {failmem_arm, failmem_arm_one};
	struct gzip_packed p = gzip_pack(text, sizeof text - 1, NULL);
	for (size_t way = 0; way < 2; way++) {
		size_t n = 1;
		failmem_arm(0);
		while (out_of_memory(&p, *http1, arms[way], n))
			n++;
		assert_true(n > 10);
	}
	failmem_off();
	free(p.bytes);
}

int main(void)
{
	static bool http1 = true, http2 = false;
#define OVER_BOTH(test)                                                                                                \
	{#test " over HTTP/2", test, NULL, NULL, &http2},                                                              \
	{                                                                                                              \
#test " over HTTP/1.1", test, NULL, NULL, &http1                                                       \
	}
	const struct CMUnitTest tests[] = {
		OVER_BOTH(what_is_gzip_is_decoded),
		OVER_BOTH(answers_without_a_body),
		OVER_BOTH(what_the_caller_accepts_is_sent_instead),
		OVER_BOTH(damaged_answers_are_errors),
		OVER_BOTH(bombs_end_early),
		OVER_BOTH(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
