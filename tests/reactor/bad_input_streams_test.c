/*
 * What a server can do wrong on one stream: answers of every other kind, headers and bodies that break HTTP, event
 * streams past the limits. Each ends its own stream with an error that says what it was, while another stream of the
 * same connection goes on as if nothing had happened.
 */
#include "support/neighbour.h"
#include "support/skip.h"
#include "support/test.h"

struct bad_case {
	const char *name;
	/* What the server does on the stream; the rest of the connection is not its business. */
	void (*act)(struct peer_conn *c, uint32_t id);
	freshet_err err;
	const char *words; /* in the outcome's text */
	int status;
	uint64_t events; /* that are shown all the same */
	/* Optional: more about the outcome; other options than usual, for the endpoint and for the stream alone. */
	void (*check)(const struct follower *f);
	void (*tune)(freshet_endpoint_options *o, freshet_stream_policy *own);
};

struct scene {
	const struct bad_case *bad;
	struct neighbour neighbour;
	struct peer *peer;
};

/* The neighbour's request comes first; whatever comes then meets the bad thing, as often as it comes. */
static void serve(struct peer_conn *c, void *user)
{
	struct scene *scene = user;
	peer_greet(c);
	uint32_t neighbour = neighbour_serve_first(&scene->neighbour, c);
	uint32_t id = peer_request(c);
	scene->bad->act(c, id);
	peer_await(c);
	neighbour_serve_rest(&scene->neighbour, c, neighbour);
	peer_listen(c);
}

static bool is_done(void *user)
{
	const struct follower *f = user;
	return f->dones > 0;
}

static void assert_outcome(const struct bad_case *bad, const struct follower *f)
{
	const freshet_outcome *o = &f->end.outcome;
	if (o->err != bad->err || strstr(f->end.text, bad->words) == NULL)
		fail_msg("%s: %s \"%s\" instead of %s \"%s\"", bad->name, freshet_err_name(o->err), f->end.text,
			freshet_err_name(bad->err), bad->words);
	if (o->http_status != bad->status)
		fail_msg("%s: status %d instead of %d", bad->name, o->http_status, bad->status);
	if (f->seen.events != bad->events)
		fail_msg("%s: %u events instead of %u", bad->name, (unsigned)f->seen.events, (unsigned)bad->events);
	assert_int_equal(f->dones, 1);
	if (bad->check != NULL)
		bad->check(f);
}

static bool has_event(void *user)
{
	const struct follower *f = user;
	return f->seen.events > 0;
}

/* Where silence is what is bad, it begins behind the first event and takes no real time. */
static void play(const struct bad_case *bad)
{
	struct client client;
	struct follower f = {0};
	struct scene scene = {.bad = bad};
	char url[128];
	freshet_endpoint_options o;
	freshet_stream_options options;
	freshet_endpoint *e;
	freshet_counters counters;
	neighbour_prepare(&scene.neighbour);
	scene.peer = peer_start(serve, &scene, NULL);
	client_start(&client, NULL);
	skip_reactor(client.reactor);
	client_endpoint_options(&o, &(struct client_url){"http", "127.0.0.1", peer_port(scene.peer), NULL}, url);
	freshet_stream_policy policy = o.stream;
	if (bad->tune != NULL)
		bad->tune(&o, &policy);
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	neighbour_start_on(&scene.neighbour, &client, e);
	freshet_stream_options_init(&options);
	options.path = "/bad";
	options.policy = &policy;
	client_open(&client, e, &options, &f);
	if (policy.idle_timeout_ms == SKIP_MS) {
		client_run(&client, has_event, &f);
		skip_time(client.reactor);
	}
	client_run(&client, is_done, &f);
	assert_outcome(bad, &f);
	neighbour_finish(&scene.neighbour, scene.peer);
	counters = client_counters(&client);
	if (counters.connections_opened != 1)
		fail_msg("%s: the connection did not last", bad->name);
	client_stop(&client);
	peer_stop(scene.peer);
}

static void play_all(const struct bad_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		play(&cases[i]);
}

#define PLAY_ALL(cases) play_all(cases, sizeof cases / sizeof cases[0])

/* --- Answers that are no event stream. */

static void answer_headers(struct peer_conn *c, uint32_t id, int status, const char *type)
{
	const struct peer_field fields[] = {{"content-type", type}, {NULL, NULL}};
	peer_answer(c, id, status, fields);
}

static void answer_page(struct peer_conn *c, uint32_t id, int status, const char *type, const char *body)
{
	const struct peer_field fields[] = {{"content-type", type}, {"retry-after", "7"}, {NULL, NULL}};
	peer_answer(c, id, status, type != NULL ? fields : fields + 2);
	if (body != NULL)
		peer_text(c, id, body);
	peer_end(c, id);
}

static void json_error(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 422, "application/json", "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"no\"}]}");
}

static void check_json(const struct follower *f)
{
	assert_string_equal(f->end.content_type, "application/json");
	assert_string_equal(f->end.body, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"no\"}]}");
	assert_int_equal(f->end.outcome.retry_after_ms, 7000);
	assert_int_equal(f->cuts, 0);
}

static void html_error(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 502, "text/html; charset=utf-8", "<html><h1>Bad Gateway</h1></html>");
}

static void check_html(const struct follower *f)
{
	assert_string_equal(f->end.content_type, "text/html; charset=utf-8");
	assert_string_equal(f->end.body, "<html><h1>Bad Gateway</h1></html>");
}

static void empty_error(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 401, NULL, NULL);
}

static void check_empty(const struct follower *f)
{
	assert_string_equal(f->end.content_type, "");
	assert_string_equal(f->end.body, "");
	assert_int_equal(f->end.body_len, 0);
}

/* The body of an error goes on for ever: its beginning is enough. */
static void endless_error(struct peer_conn *c, uint32_t id)
{
	char part[8192];
	uint8_t payload[16 * 1024];
	size_t len;
	memset(part, 'x', sizeof part);
	answer_headers(c, id, 500, "text/plain");
	for (int i = 0; i < 32; i++)
		peer_body(c, id, part, sizeof part);
	peer_expect(c, PEER_RST_STREAM, payload, &len);
}

static void check_64_kib(const struct follower *f)
{
	assert_int_equal(f->end.body_len, 64 * 1024);
}

static void error_cut_off(struct peer_conn *c, uint32_t id)
{
	answer_headers(c, id, 503, "text/plain");
	peer_text(c, id, "come ba");
	peer_reset(c, id, 2);
}

static void check_beginning(const struct follower *f)
{
	assert_string_equal(f->end.body, "come ba");
}

/* Headers of an error, and then nothing: the limit of the headers ends the wait for the body. */
static void error_without_end(struct peer_conn *c, uint32_t id)
{
	answer_headers(c, id, 500, "text/plain");
	peer_text(c, id, "half a");
}

static void quick_headers(freshet_endpoint_options *o, freshet_stream_policy *own)
{
	(void)o;
	own->headers_timeout_ms = 50;
}

static void redirect(struct peer_conn *c, uint32_t id)
{
	static const struct peer_field fields[] = {{"location", "https://elsewhere.example/"}, {NULL, NULL}};
	peer_answer(c, id, 307, fields);
	peer_end(c, id);
}

static void wrong_type(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 200, "text/event-streams", "data: not for you\n\n");
}

/* Nobody asked for it, and no event could be found in it. */
static void coded(struct peer_conn *c, uint32_t id)
{
	static const struct peer_field fields[] = {
		{"content-type", "text/event-stream"}, {"content-encoding", "gzip"}, {NULL, NULL}};
	peer_answer(c, id, 200, fields);
	peer_text(c, id, "\x1f\x8b");
	peer_end(c, id);
}

static void no_coding(struct peer_conn *c, uint32_t id)
{
	static const struct peer_field fields[] = {
		{"content-type", "text/event-stream"}, {"content-encoding", "identity"}, {NULL, NULL}};
	peer_answer(c, id, 200, fields);
	peer_text(c, id, "data: 1\n\n");
	peer_end(c, id);
}

static void no_type(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 200, NULL, "data: not for you\n\n");
}

static void check_no_type(const struct follower *f)
{
	assert_string_equal(f->end.content_type, "");
}

static void json_with_200(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 200, "application/json", "{}");
}

static void odd_status(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 999, "text/plain", "what");
}

static void created(struct peer_conn *c, uint32_t id)
{
	answer_page(c, id, 201, "text/event-stream", "data: not for you\n\n");
}

static void answers_of_another_kind(void **state)
{
	static const struct bad_case cases[] = {
		{"JSON", json_error, FRESHET_EHTTP_STATUS, "(status 422)", 422, 0, check_json, NULL},
		{"HTML", html_error, FRESHET_EHTTP_STATUS, "(status 502)", 502, 0, check_html, NULL},
		{"empty", empty_error, FRESHET_EHTTP_STATUS, "(status 401)", 401, 0, check_empty, NULL},
		{"endless", endless_error, FRESHET_EHTTP_STATUS, "(status 500)", 500, 0, check_64_kib, NULL},
		{"cut off", error_cut_off, FRESHET_EHTTP_STATUS, "(status 503)", 503, 0, check_beginning, NULL},
		{"no end", error_without_end, FRESHET_EHTTP_STATUS, "(status 500)", 500, 0, NULL, quick_headers},
		{"redirect", redirect, FRESHET_EHTTP_REDIRECT, "(status 307)", 307, 0, NULL, NULL},
		{"wrong type", wrong_type, FRESHET_ECONTENT_TYPE, "not an event stream", 200, 0, NULL, NULL},
		{"coded", coded, FRESHET_ECONTENT_TYPE, "with a content coding", 200, 0, NULL, NULL},
		{"no coding", no_coding, FRESHET_OK, "no error", 0, 1, NULL, NULL},
		{"no type", no_type, FRESHET_ECONTENT_TYPE, "not an event stream", 200, 0, check_no_type, NULL},
		{"JSON, 200", json_with_200, FRESHET_ECONTENT_TYPE, "not an event stream", 200, 0, NULL, NULL},
		{"999", odd_status, FRESHET_EHTTP_STATUS, "(status 999)", 999, 0, NULL, NULL},
		{"201", created, FRESHET_EHTTP_STATUS, "(status 201)", 201, 0, NULL, NULL},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Resets. */

static void reset_at_once(struct peer_conn *c, uint32_t id)
{
	peer_reset(c, id, 2);
}

static void check_internal_error(const struct follower *f)
{
	assert_true(f->end.outcome.has_http2_code);
	assert_int_equal(f->end.outcome.http2_code, 2);
	assert_false(f->end.outcome.unprocessed);
}

static void reset_with_events(struct peer_conn *c, uint32_t id)
{
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\ndata: 2\n\ndata: lost");
	peer_reset(c, id, 11);
}

static void reset_with_an_unknown_code(struct peer_conn *c, uint32_t id)
{
	peer_reset(c, id, 0x12345678);
}

static void check_unknown_code(const struct follower *f)
{
	assert_int_equal(f->end.outcome.http2_code, 0x12345678);
}

/* A clean-looking reset is none: the body had no end. */
static void reset_without_error(struct peer_conn *c, uint32_t id)
{
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	peer_reset(c, id, 0);
}

static void refuse_for_ever(struct peer_conn *c, uint32_t id)
{
	for (int i = 0; i < 8 && id != 0; i++) {
		peer_reset(c, id, 7);
		id = peer_request(c);
	}
	peer_reset(c, id, 7);
}

static void check_unprocessed(const struct follower *f)
{
	assert_true(f->end.outcome.unprocessed);
	assert_int_equal(f->reconnects, 0);
}

/* Many resets of a stream that is over: they are nobody's any more. */
static void reset_flood(struct peer_conn *c, uint32_t id)
{
	peer_reset(c, id, 2);
	for (int i = 0; i < 20000; i++)
		peer_reset(c, id, 8);
}

static void resets(void **state)
{
	static const struct bad_case cases[] = {
		{"at once", reset_at_once, FRESHET_EHTTP_RESET, "INTERNAL_ERROR", 0, 0, check_internal_error, NULL},
		{"with events", reset_with_events, FRESHET_EHTTP_RESET, "ENHANCE_YOUR_CALM", 0, 2, NULL, NULL},
		{"unknown code", reset_with_an_unknown_code, FRESHET_EHTTP_RESET, "unknown", 0, 0, check_unknown_code,
			NULL},
		{"no error", reset_without_error, FRESHET_EHTTP_RESET, "NO_ERROR", 0, 1, NULL, NULL},
		{"refused", refuse_for_ever, FRESHET_EHTTP_REFUSED, "REFUSED_STREAM", 0, 0, check_unprocessed, NULL},
		{"flood", reset_flood, FRESHET_EHTTP_RESET, "INTERNAL_ERROR", 0, 0, NULL, NULL},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Headers that break HTTP (RFC 9113, section 8). */

static void send_fields(struct peer_conn *c, uint32_t id, int status, const char *name, const char *value)
{
	const struct peer_field fields[] = {{"content-type", "text/event-stream"}, {name, value}, {NULL, NULL}};
	peer_answer(c, id, status, fields);
}

/* Answers whose one field is wrong. */
struct bad_field {
	const char *what;
	int status;
	const char *name;
	const char *value;
};

static const struct bad_field bad_fields[] = {
	{"no status", 0, "x", "y"},
	{"two statuses", 200, ":status", "200"},
	{"four digits", 2000, "x", "y"},
	{"capital", 200, "Content-Length", "1"},
	{"space", 200, "a b", "1"},
	{"connection", 200, "transfer-encoding", "chunked"},
	{"pseudo", 200, ":path", "/"},
};

static const struct bad_field *bad_field; /* the one that is played */

static void send_bad_field(struct peer_conn *c, uint32_t id)
{
	send_fields(c, id, bad_field->status, bad_field->name, bad_field->value);
}

static void broken_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_fields / sizeof bad_fields[0]; i++) {
		bad_field = &bad_fields[i];
		play(&(struct bad_case){.name = bad_field->what,
			.act = send_bad_field,
			.err = FRESHET_EHTTP_PROTOCOL,
			.words = "broke"});
	}
}

static void two_lengths(struct peer_conn *c, uint32_t id)
{
	static const struct peer_field fields[] = {
		{"content-type", "text/event-stream"}, {"content-length", "5"}, {"content-length", "6"}, {NULL, NULL}};
	peer_answer(c, id, 200, fields);
}

static void body_too_short(struct peer_conn *c, uint32_t id)
{
	send_fields(c, id, 200, "content-length", "100");
	peer_text(c, id, "data: 1\n\n");
	peer_end(c, id);
}

static void body_too_long(struct peer_conn *c, uint32_t id)
{
	send_fields(c, id, 200, "content-length", "9");
	peer_text(c, id, "data: 1\n\n");
	peer_text(c, id, "data: 2\n\n");
}

static void second_headers(struct peer_conn *c, uint32_t id)
{
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	peer_answer(c, id, 200, peer_event_stream);
}

/* Three digits, and no status all the same (RFC 9110, section 15): neither an answer nor one that is still to come. */
static void status_below_100(struct peer_conn *c, uint32_t id)
{
	static const struct peer_field fields[] = {
		{":status", "099"}, {"content-type", "text/event-stream"}, {NULL, NULL}};
	peer_answer(c, id, 0, fields);
	peer_text(c, id, "data: 1\n\n");
	peer_end(c, id);
}

static void broken_headers(void **state)
{
	static const struct bad_case cases[] = {
		{"status below 100", status_below_100, FRESHET_EHTTP_PROTOCOL, "a status below 100", 0, 0, NULL, NULL},
		{"two lengths", two_lengths, FRESHET_EHTTP_PROTOCOL, "broke", 0, 0, NULL, NULL},
		{"too short", body_too_short, FRESHET_EHTTP_PROTOCOL, "broke", 0, 1, NULL, NULL},
		{"too long", body_too_long, FRESHET_EHTTP_PROTOCOL, "broke", 0, 1, NULL, NULL},
		{"second headers", second_headers, FRESHET_EHTTP_PROTOCOL, "broke", 0, 1, NULL, NULL},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Floods of headers. */

/* A block of any size, in a HEADERS frame and as many CONTINUATION frames as it takes. */
static void send_block(struct peer_conn *c, uint32_t id, const uint8_t *block, size_t len)
{
	const size_t most = (size_t)16 * 1024;
	size_t part = len < most ? len : most;
	peer_frame(c, PEER_HEADERS, part == len ? PEER_END_HEADERS : 0, id, block, part);
	while (len > part) {
		block += part;
		len -= part;
		part = len < most ? len : most;
		peer_frame(c, PEER_CONTINUATION, part == len ? PEER_END_HEADERS : 0, id, block, part);
	}
}

static void many_headers(struct peer_conn *c, uint32_t id)
{
	static uint8_t block[128 * 1024];
	size_t len = peer_block(block, 200, peer_event_stream);
	for (int i = 0; i < 2000; i++) {
		char value[16];
		snprintf(value, sizeof value, "%d", i);
		const struct peer_field field[] = {{"x-many", value}, {NULL, NULL}};
		len += peer_block(block + len, 0, field);
	}
	send_block(c, id, block, len);
}

static void huge_headers(struct peer_conn *c, uint32_t id)
{
	static uint8_t block[128 * 1024];
	static char value[40 * 1024];
	const struct peer_field fields[] = {{"x-huge", value}, {"x-huge", value}, {NULL, NULL}};
	memset(value, 'h', sizeof value - 1);
	size_t len = peer_block(block, 200, peer_event_stream);
	send_block(c, id, block, len + peer_block(block + len, 0, fields));
}

/* One entry of 4 KiB in HPACK's table, and ten thousand references of one byte to it. */
static void header_bomb(struct peer_conn *c, uint32_t id)
{
	static uint8_t block[32 * 1024];
	static char value[4 * 1024 - 64];
	const struct peer_field field[] = {{"x-bomb", value}, {NULL, NULL}};
	memset(value, 'b', sizeof value - 1);
	size_t len = peer_block(block, 200, peer_event_stream);
	size_t entry = len;
	len += peer_block(block + len, 0, field);
	block[entry] = 0x40; /* put into the table */
	memset(block + len, 0x80 | 62, 10000);
	send_block(c, id, block, len + 10000);
}

/* Interim answers are no answer: the limit stands. */
static void interim_answers(struct peer_conn *c, uint32_t id)
{
	static const struct peer_field fields[] = {{"link", "</a>; rel=preload"}, {NULL, NULL}};
	for (int i = 0; i < 1000; i++)
		peer_answer(c, id, 103, fields);
}

static void small_header_limit(freshet_endpoint_options *o, freshet_stream_policy *own)
{
	(void)own;
	o->max_header_bytes = 100;
}

static void medium_headers(struct peer_conn *c, uint32_t id)
{
	send_fields(c, id, 200, "x-padding", "0123456789012345678901234567890123456789012345678901234567890123456789");
	peer_end(c, id);
}

static void header_floods(void **state)
{
	static const struct bad_case cases[] = {
		{"many", many_headers, FRESHET_EHTTP_HEADERS, "larger than allowed", 0, 0, NULL, NULL},
		{"huge", huge_headers, FRESHET_EHTTP_HEADERS, "larger than allowed", 0, 0, NULL, NULL},
		{"bomb", header_bomb, FRESHET_EHTTP_HEADERS, "larger than allowed", 0, 0, NULL, NULL},
		{"interim", interim_answers, FRESHET_EHEADERS_TIMEOUT, "no response headers", 0, 0, NULL,
			quick_headers},
		{"own limit", medium_headers, FRESHET_EHTTP_HEADERS, "larger than allowed", 0, 0, NULL,
			small_header_limit},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Silence. */

static void no_answer(struct peer_conn *c, uint32_t id)
{
	(void)c;
	(void)id;
}

static void answer_and_silence(struct peer_conn *c, uint32_t id)
{
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
}

static void quick_idle(freshet_endpoint_options *o, freshet_stream_policy *own)
{
	(void)o;
	own->idle_timeout_ms = SKIP_MS;
}

static void silence(void **state)
{
	static const struct bad_case cases[] = {
		{"no answer", no_answer, FRESHET_EHEADERS_TIMEOUT, "no response headers", 0, 0, NULL, quick_headers},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Event streams past the limits, or not what they should be. */

static void small_limits(freshet_endpoint_options *o, freshet_stream_policy *own)
{
	(void)o;
	own->max_line = 1000;
	own->max_event = 5000;
	own->max_id = 20;
}

static void endless_line(struct peer_conn *c, uint32_t id)
{
	char part[4096];
	uint8_t payload[16 * 1024];
	size_t len;
	memset(part, 'x', sizeof part);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\ndata: ");
	for (int i = 0; i < 64; i++)
		peer_body(c, id, part, sizeof part);
	peer_expect(c, PEER_RST_STREAM, payload, &len);
}

/* "data: 1\n\n" has 9 bytes, and the 1001st byte of the line after it is one too many. */
static void check_line_position(const struct follower *f)
{
	assert_int_equal(f->end.outcome.position, 9 + 1000);
	assert_non_null(strstr(f->end.text, "at byte 1009 of the body"));
}

static void endless_event(struct peer_conn *c, uint32_t id)
{
	uint8_t payload[16 * 1024];
	size_t len;
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	for (int i = 0; i < 5000; i++)
		peer_text(c, id, "data: 7890123\n");
	peer_expect(c, PEER_RST_STREAM, payload, &len);
}

static void long_id(struct peer_conn *c, uint32_t id)
{
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "id: ok\ndata: 1\n\nid: 123456789012345678901\ndata: 2\n\n");
}

static void check_id_kept(const struct follower *f)
{
	assert_string_equal(f->last_id, "ok");
	assert_int_not_equal(f->end.outcome.position, 0);
}

static void truncated(struct peer_conn *c, uint32_t id)
{
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "id: 1\ndata: 1\n\nid: 2\ndata: cut off\n");
	peer_end(c, id);
}

static void check_cursor_1(const struct follower *f)
{
	assert_string_equal(f->last_id, "1");
	assert_string_equal(f->last_data, "1");
}

static void end_is_a_cut(freshet_endpoint_options *o, freshet_stream_policy *own)
{
	(void)o;
	own->end_is_final = false;
}

/* Bytes that are no UTF-8 become U+FFFD, as the standard says; NUL is a character like others, but not in an id. */
static void invalid_utf8(struct peer_conn *c, uint32_t id)
{
	static const char body[] = "id: a\ndata: \xff\xc3(\xe2\x82 \xed\xa0\x80\xf5\n\nid: b\0c\ndata: x\0y\n\n";
	peer_answer(c, id, 200, peer_event_stream);
	peer_body(c, id, body, sizeof body - 1);
	peer_end(c, id);
}

static void check_replaced(const struct follower *f)
{
	struct tally expected = {0};
	static const char first[] =
		"\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd";
	static const char second[] = "x\0y";
	tally_add(&expected, freshet_str_of("a"), freshet_str_of("message"), (freshet_str){first, sizeof first - 1});
	tally_add(&expected, freshet_str_of("a"), freshet_str_of("message"), (freshet_str){second, sizeof second - 1});
	assert_true(f->seen.hash == expected.hash);
	assert_string_equal(f->last_id, "a");
}

/* A picture, by mistake: no limit is passed and no blank line comes. */
static void binary_body(struct peer_conn *c, uint32_t id)
{
	static char body[64 * 1024];
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (char)(i * 7 % 251 == 10 || i * 7 % 251 == 13 ? 0 : i * 7 % 251);
	peer_answer(c, id, 200, peer_event_stream);
	peer_body(c, id, body, sizeof body);
	peer_end(c, id);
}

static void event_streams(void **state)
{
	static const struct bad_case cases[] = {
		{"endless line", endless_line, FRESHET_ESSE_LINE, "a line of the event stream", 0, 1,
			check_line_position, small_limits},
		{"endless event", endless_event, FRESHET_ESSE_EVENT, "an event is larger", 0, 1, NULL, small_limits},
		{"long id", long_id, FRESHET_ESSE_ID, "an event id is longer", 0, 1, check_id_kept, small_limits},
		{"idle", answer_and_silence, FRESHET_EIDLE_TIMEOUT, "silence", 0, 1, NULL, quick_idle},
		{"truncated", truncated, FRESHET_EHTTP_TRUNCATED, "ended early", 0, 1, check_cursor_1, end_is_a_cut},
		{"truncated, final", truncated, FRESHET_OK, "no error", 0, 1, check_cursor_1, NULL},
		{"invalid UTF-8", invalid_utf8, FRESHET_OK, "no error", 0, 2, check_replaced, NULL},
		{"binary", binary_body, FRESHET_OK, "no error", 0, 0, NULL, NULL},
	};
	(void)state;
	PLAY_ALL(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_another_kind),
		cmocka_unit_test(resets),
		cmocka_unit_test(broken_fields),
		cmocka_unit_test(broken_headers),
		cmocka_unit_test(header_floods),
		cmocka_unit_test(silence),
		cmocka_unit_test(event_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
