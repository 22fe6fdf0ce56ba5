/*
 * What a server can do wrong on a whole connection: other protocols, frames that break HTTP/2, floods, credit that is
 * overdrawn, an end at any moment. The connection ends at once and by the client's own doing, its stream hears what the
 * server did, and a stream on another connection goes on as if nothing had happened.
 */
#include "support/neighbour.h"
#include "support/test.h"

struct bad_case {
	const char *name;
	void (*act)(struct peer_conn *c);
	freshet_err err;
	const char *words;  /* in the outcome's text */
	bool server_closes; /* else it waits for the client to do so */
	uint64_t events;    /* that are shown all the same */
	void (*tune)(freshet_endpoint_options *o);
};

static void serve(struct peer_conn *c, void *user)
{
	const struct bad_case *bad = user;
	bad->act(c);
	if (!bad->server_closes)
		peer_listen(c);
}

static bool is_done(void *user)
{
	const struct follower *f = user;
	return f->dones > 0;
}

static void play(const struct bad_case *bad)
{
	union {
		const struct bad_case *constant;
		void *user;
	} script = {bad};
	struct client client;
	struct neighbour neighbour;
	struct follower f = {0};
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	struct peer *peer = peer_start(serve, script.user, NULL);
	client_start(&client, NULL);
	neighbour_start(&neighbour, &client);
	client_endpoint_options(&o, &(struct client_url){"http", "127.0.0.1", peer_port(peer), NULL}, url);
	if (bad->tune != NULL)
		bad->tune(&o);
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/bad", &f);
	client_run(&client, is_done, &f);
	if (f.end.outcome.err != bad->err || strstr(f.end.text, bad->words) == NULL)
		fail_msg("%s: %s \"%s\" instead of %s \"%s\"", bad->name, freshet_err_name(f.end.outcome.err),
			f.end.text, freshet_err_name(bad->err), bad->words);
	if (strstr(f.end.text, url) == NULL)
		fail_msg("%s: \"%s\" does not say where", bad->name, f.end.text);
	if (f.seen.events != bad->events)
		fail_msg("%s: %u events", bad->name, (unsigned)f.seen.events);
	assert_int_equal(f.dones, 1);
	/* The client has left by itself: the server's script ends though the reactor lives. */
	peer_quiesce(peer);
	neighbour_finish(&neighbour, NULL);
	client_stop(&client);
	peer_stop(peer);
}

static void play_all(const struct bad_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		play(&cases[i]);
}

#define PLAY_ALL(cases) play_all(cases, sizeof cases / sizeof cases[0])

/* Greets and takes the one request. */
static uint32_t begin(struct peer_conn *c)
{
	peer_greet(c);
	return peer_request(c);
}

/* --- Other protocols. */

static void http1(struct peer_conn *c)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
	peer_write(c, answer, sizeof answer - 1);
}

static void smtp(struct peer_conn *c)
{
	static const char greeting[] = "220 mail.example ESMTP ready\r\n";
	peer_write(c, greeting, sizeof greeting - 1);
}

static void tls_alert(struct peer_conn *c)
{
	peer_write(c, "\x15\x03\x03\x00\x02\x02\x0a", 7);
	peer_write(c, "\x15\x03\x03\x00\x02\x01\x00", 7);
}

static void noise(struct peer_conn *c)
{
	uint8_t bytes[4096];
	uint32_t state = 1;
	for (size_t i = 0; i < sizeof bytes; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
	peer_write(c, bytes, sizeof bytes);
}

static void zeros(struct peer_conn *c)
{
	static const uint8_t bytes[4096];
	peer_write(c, bytes, sizeof bytes);
}

/* A frame that would be right later: SETTINGS must be the first. */
static void ping_first(struct peer_conn *c)
{
	peer_frame(c, PEER_PING, 0, 0, "01234567", 8);
}

static void other_protocols(void **state)
{
	static const struct bad_case cases[] = {
		{"HTTP/1.1", http1, FRESHET_EHTTP_PROTOCOL, "speaks HTTP/1", false, 0, NULL},
		{"HTTP/1.1 that closes", http1, FRESHET_EHTTP_PROTOCOL, "speaks HTTP/1", true, 0, NULL},
		{"SMTP", smtp, FRESHET_EHTTP_PROTOCOL, "SETTINGS frame", false, 0, NULL},
		{"SMTP that closes", smtp, FRESHET_EHTTP_PROTOCOL, "SETTINGS frame", true, 0, NULL},
		{"TLS", tls_alert, FRESHET_EHTTP_PROTOCOL, "SETTINGS frame", false, 0, NULL},
		{"noise", noise, FRESHET_EHTTP_PROTOCOL, "SETTINGS frame", false, 0, NULL},
		{"zeros", zeros, FRESHET_EHTTP_PROTOCOL, "SETTINGS frame", false, 0, NULL},
		{"PING first", ping_first, FRESHET_EHTTP_PROTOCOL, "SETTINGS frame", false, 0, NULL},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Frames that may not be (RFC 9113, section 6). */

static void too_large(struct peer_conn *c)
{
	begin(c);
	peer_frame_header(c, PEER_DATA, 0, 1, 16385);
}

static void setting(struct peer_conn *c, uint8_t id, uint32_t value)
{
	const uint8_t payload[6] = {
		0, id, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
	begin(c);
	peer_frame(c, PEER_SETTINGS, 0, 0, payload, sizeof payload);
}

static void settings_of_odd_length(struct peer_conn *c)
{
	begin(c);
	peer_frame(c, PEER_SETTINGS, 0, 0, "12345", 5);
}

static void settings_of_a_stream(struct peer_conn *c)
{
	peer_frame(c, PEER_SETTINGS, 0, begin(c), NULL, 0);
}

static void settings_with_push(struct peer_conn *c)
{
	setting(c, 2, 1);
}

static void settings_with_a_huge_window(struct peer_conn *c)
{
	setting(c, 4, 0x80000000);
}

static void settings_with_a_small_frame(struct peer_conn *c)
{
	setting(c, 5, 100);
}

static void ping_of_odd_length(struct peer_conn *c)
{
	begin(c);
	peer_frame(c, PEER_PING, 0, 0, "1234", 4);
}

static void goaway_of_odd_length(struct peer_conn *c)
{
	begin(c);
	peer_frame(c, PEER_GOAWAY, 0, 0, "1234", 4);
}

static void credit_of_nothing(struct peer_conn *c)
{
	begin(c);
	peer_frame(c, PEER_WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4);
}

static void too_much_credit(struct peer_conn *c)
{
	begin(c);
	peer_frame(c, PEER_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4);
}

static void data_of_no_stream(struct peer_conn *c)
{
	begin(c);
	peer_text(c, 0, "data: 1\n\n");
}

static void data_of_an_idle_stream(struct peer_conn *c)
{
	begin(c);
	peer_text(c, 99, "data: 1\n\n");
}

static void data_before_headers(struct peer_conn *c)
{
	peer_text(c, begin(c), "data: 1\n\n");
}

static void headers_of_an_idle_stream(struct peer_conn *c)
{
	begin(c);
	peer_answer(c, 99, 200, peer_event_stream);
}

static void headers_of_a_server_stream(struct peer_conn *c)
{
	begin(c);
	peer_answer(c, 2, 200, peer_event_stream);
}

static void reset_of_an_idle_stream(struct peer_conn *c)
{
	begin(c);
	peer_reset(c, 99, 8);
}

static void push(struct peer_conn *c)
{
	uint32_t id = begin(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	peer_frame(c, PEER_PUSH_PROMISE, PEER_END_HEADERS, id, "\0\0\0\2\x82\x86\x84", 7);
}

static void continuation_of_nothing(struct peer_conn *c)
{
	peer_frame(c, PEER_CONTINUATION, PEER_END_HEADERS, begin(c), "\x88", 1);
}

static void frame_inside_headers(struct peer_conn *c)
{
	peer_frame(c, PEER_HEADERS, 0, begin(c), "\x88", 1);
	peer_frame(c, PEER_PING, 0, 0, "01234567", 8);
}

static void too_much_padding(struct peer_conn *c)
{
	uint32_t id = begin(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_frame(c, PEER_DATA, PEER_PADDED, id, "\x20 data", 6);
}

static void broken_hpack(struct peer_conn *c)
{
	peer_frame(c, PEER_HEADERS, PEER_END_HEADERS, begin(c), "\xff\xff\xff\xff\xff\xff", 6);
}

static void huge_header_field(struct peer_conn *c)
{
	/* A literal whose value says that it has 1 MiB. */
	peer_frame(c, PEER_HEADERS, 0, begin(c), "\x88\0\1a\x7f\x81\xff\x3f", 8);
}

static void continuation_flood(struct peer_conn *c)
{
	uint32_t id = begin(c);
	peer_frame(c, PEER_HEADERS, 0, id, "\x88", 1);
	while (peer_frame(c, PEER_CONTINUATION, 0, id, "\0\1a\1b", 5))
		;
}

static void broken_frames(void **state)
{
	static const struct bad_case cases[] = {
		{"frame too large", too_large, FRESHET_EHTTP_PROTOCOL, "FRAME_SIZE_ERROR", false, 0, NULL},
		{"SETTINGS, length", settings_of_odd_length, FRESHET_EHTTP_PROTOCOL, "FRAME_SIZE", false, 0, NULL},
		{"SETTINGS, stream", settings_of_a_stream, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"SETTINGS, push", settings_with_push, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"SETTINGS, window", settings_with_a_huge_window, FRESHET_EHTTP_PROTOCOL, "Flow", false, 0, NULL},
		{"SETTINGS, frame", settings_with_a_small_frame, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"PING, length", ping_of_odd_length, FRESHET_EHTTP_PROTOCOL, "FRAME_SIZE", false, 0, NULL},
		{"GOAWAY, length", goaway_of_odd_length, FRESHET_EHTTP_PROTOCOL, "FRAME_SIZE", false, 0, NULL},
		{"credit 0", credit_of_nothing, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"credit too much", too_much_credit, FRESHET_EHTTP_PROTOCOL, "Flow", false, 0, NULL},
		{"DATA, stream 0", data_of_no_stream, FRESHET_EHTTP_PROTOCOL, "PROTOCOL", false, 0, NULL},
		{"DATA, idle", data_of_an_idle_stream, FRESHET_EHTTP_PROTOCOL, "PROTOCOL", false, 0, NULL},
		{"DATA, early", data_before_headers, FRESHET_EHTTP_PROTOCOL, "PROTOCOL", false, 0, NULL},
		{"HEADERS, idle", headers_of_an_idle_stream, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"HEADERS, even", headers_of_a_server_stream, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"RST_STREAM, idle", reset_of_an_idle_stream, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 0, NULL},
		{"PUSH_PROMISE", push, FRESHET_EHTTP_PROTOCOL, "Protocol", false, 1, NULL},
		{"CONTINUATION", continuation_of_nothing, FRESHET_EHTTP_PROTOCOL, "PROTOCOL", false, 0, NULL},
		{"frame in headers", frame_inside_headers, FRESHET_EHTTP_PROTOCOL, "PROTOCOL", false, 0, NULL},
		{"padding", too_much_padding, FRESHET_EHTTP_PROTOCOL, "PROTOCOL", false, 0, NULL},
		{"HPACK", broken_hpack, FRESHET_EHTTP_PROTOCOL, "COMPRESSION", false, 0, NULL},
		{"field of 1 MiB", huge_header_field, FRESHET_EHTTP_PROTOCOL, "COMPRESSION", false, 0, NULL},
		{"CONTINUATION flood", continuation_flood, FRESHET_EHTTP_PROTOCOL, "CONTINUATION", false, 0, NULL},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Floods. Each goes on until the client has had enough. */

static void settings_flood(struct peer_conn *c)
{
	begin(c);
	while (peer_frame(c, PEER_SETTINGS, 0, 0, "\0\4\0\0\xff\xff", 6))
		;
}

static void ping_flood(struct peer_conn *c)
{
	begin(c);
	while (peer_frame(c, PEER_PING, 0, 0, "01234567", 8))
		;
}

static void huge_settings(struct peer_conn *c)
{
	static uint8_t settings[16 * 1024 / 6 * 6];
	for (size_t i = 0; i < sizeof settings; i += 6)
		settings[i + 1] = 3;
	begin(c);
	while (peer_frame(c, PEER_SETTINGS, 0, 0, settings, sizeof settings))
		;
}

/* More data than the client gave credit for, until one piece of it is more than the window of the connection. */
static void overdraw(struct peer_conn *c)
{
	static const char comment[16 * 1024] = ":";
	uint32_t id = begin(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	while (peer_frame(c, PEER_DATA, 0, id, comment, sizeof comment))
		;
}

static void small_window(freshet_endpoint_options *o)
{
	o->connection_window = 65535;
	o->stream_window = 0x7fffffff;
}

static void floods(void **state)
{
	static const struct bad_case cases[] = {
		{"SETTINGS", settings_flood, FRESHET_EHTTP_PROTOCOL, "Flooding", false, 0, NULL},
		{"PING", ping_flood, FRESHET_EHTTP_PROTOCOL, "Flooding", false, 0, NULL},
		{"huge SETTINGS", huge_settings, FRESHET_EHTTP_PROTOCOL, "CALM", false, 0, NULL},
		{"overdraft", overdraw, FRESHET_EHTTP_PROTOCOL, "FLOW_CONTROL", false, 1, small_window},
	};
	(void)state;
	PLAY_ALL(cases);
}

/* --- Ends. */

static void close_at_once(struct peer_conn *c)
{
	(void)c;
}

static void close_after_settings(struct peer_conn *c)
{
	peer_greet(c);
}

static void close_inside_a_frame(struct peer_conn *c)
{
	uint32_t id = begin(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	peer_frame_header(c, PEER_DATA, 0, id, 1000);
	peer_write(c, "data: 2\n\n", 9);
}

static void close_inside_a_frame_header(struct peer_conn *c)
{
	begin(c);
	peer_write(c, "\0\0\4", 3);
}

static void calm(struct peer_conn *c)
{
	uint32_t id = begin(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	peer_goaway(c, id, 11);
}

/* TCP resets: what was said before is heard all the same. */
static void reset_after_an_event(struct peer_conn *c)
{
	uint32_t id = begin(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	peer_abort(c);
}

static void reset_after_http1(struct peer_conn *c)
{
	char preface[24];
	peer_read(c, preface, sizeof preface);
	http1(c);
	peer_abort(c);
}

static void reset_after_calm(struct peer_conn *c)
{
	calm(c);
	peer_abort(c);
}

static void reset_after_settings(struct peer_conn *c)
{
	peer_greet(c);
	peer_abort(c);
}

static void never_answers(struct peer_conn *c)
{
	peer_listen(c);
}

static void impatient(freshet_endpoint_options *o)
{
	o->ping_interval_ms = 40;
	o->ping_timeout_ms = 40;
}

static void ends(void **state)
{
	static const struct bad_case cases[] = {
		{"at once", close_at_once, FRESHET_ECLOSED, "was closed", true, 0, NULL},
		{"after SETTINGS", close_after_settings, FRESHET_ECLOSED, "was closed", true, 0, NULL},
		{"in a frame", close_inside_a_frame, FRESHET_ECLOSED, "was closed", true, 2, NULL},
		{"in a frame header", close_inside_a_frame_header, FRESHET_ECLOSED, "was closed", true, 0, NULL},
		{"GOAWAY", calm, FRESHET_EHTTP_GOAWAY, "ENHANCE_YOUR_CALM", true, 1, NULL},
		{"TCP reset", reset_after_settings, FRESHET_ECLOSED, "", true, 0, NULL},
		{"TCP reset, event", reset_after_an_event, FRESHET_ECLOSED, "", true, 1, NULL},
		{"TCP reset, HTTP/1.1", reset_after_http1, FRESHET_EHTTP_PROTOCOL, "speaks HTTP/1", true, 0, NULL},
		{"TCP reset, GOAWAY", reset_after_calm, FRESHET_EHTTP_GOAWAY, "ENHANCE_YOUR_CALM", true, 1, NULL},
		{"silence", never_answers, FRESHET_EPING_TIMEOUT, "stopped answering PING", false, 0, impatient},
	};
	(void)state;
	PLAY_ALL(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(broken_frames),
		cmocka_unit_test(floods),
		cmocka_unit_test(ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
