/*
 * Servers that break flow control, go on with streams that nobody wants any more, or never stop: nobody else's share of
 * the connection or of the loop is lost over it.
 */
#include "support/neighbour.h"
#include "support/test.h"

#include <stdatomic.h>

struct scene {
	struct client client;
	struct neighbour neighbour;
	struct follower bad;
	struct peer *peer;
	freshet_endpoint *endpoint;
	bool (*act)(struct peer_conn *c, uint32_t id);
	atomic_bool acted; /* and it came to its end */
};

/* The neighbour lives on the same connection. */
static void serve_both(struct peer_conn *c, void *user)
{
	struct scene *s = user;
	peer_greet(c);
	uint32_t neighbour = neighbour_serve_first(&s->neighbour, c);
	uint32_t id = peer_request(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	atomic_store(&s->acted, s->act(c, id));
	peer_await(c);
	neighbour_serve_rest(&s->neighbour, c, neighbour);
	peer_listen(c);
}

static void serve_alone(struct peer_conn *c, void *user)
{
	struct scene *s = user;
	peer_greet(c);
	uint32_t id = peer_request(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: 1\n\n");
	atomic_store(&s->acted, s->act(c, id));
	peer_listen(c);
}

static void scene_start(struct scene *s, peer_script *script, uint32_t stream_window, uint32_t connection_window)
{
	char url[128];
	freshet_endpoint_options o;
	s->peer = peer_start(script, s, NULL);
	client_start(&s->client, NULL);
	client_endpoint_options(&o, &(struct client_url){"http", "127.0.0.1", peer_port(s->peer), NULL}, url);
	o.stream_window = stream_window;
	o.connection_window = connection_window;
	assert_int_equal(freshet_endpoint_new(s->client.reactor, &o, &s->endpoint), FRESHET_OK);
}

static void scene_end(struct scene *s)
{
	client_stop(&s->client);
	peer_stop(s->peer);
}

static bool has_acted(void *user)
{
	struct scene *s = user;
	return atomic_load(&s->acted);
}

static bool is_done(void *user)
{
	const struct follower *f = user;
	return f->dones > 0;
}

static bool has_event(void *user)
{
	const struct follower *f = user;
	return f->seen.events > 0;
}

/* Sends more on a paused stream than the client wants to hold, until the client resets it. */
static bool overdraw_stream(struct peer_conn *c, uint32_t id)
{
	static const char comment[16 * 1024] = ":";
	uint8_t payload[16 * 1024];
	size_t len;
	for (int i = 0; i < 64; i++)
		peer_unwanted_body(c, id, comment, sizeof comment);
	return peer_expect(c, PEER_RST_STREAM, payload, &len) && payload[3] == 3; /* FLOW_CONTROL_ERROR */
}

static void stream_without_credit(void **state)
{
	struct scene s = {.act = overdraw_stream};
	(void)state;
	neighbour_prepare(&s.neighbour);
	scene_start(&s, serve_both, 65535, 16 * 1024 * 1024);
	neighbour_start_on(&s.neighbour, &s.client, s.endpoint);
	client_follow_paused(&s.client, s.endpoint, "/bad", &s.bad);
	client_run(&s.client, has_acted, &s);
	freshet_stream_resume(s.bad.stream);
	client_run(&s.client, is_done, &s.bad);
	assert_string_equal(freshet_err_name(s.bad.end.outcome.err), "FRESHET_EHTTP_PROTOCOL");
	assert_string_equal(s.bad.end.text, "the peer broke the HTTP protocol: FLOW_CONTROL_ERROR");
	assert_int_equal(s.bad.seen.events, 1);
	neighbour_finish(&s.neighbour, s.peer);
	scene_end(&s);
}

/* Does not hear that the client has gone, and sends many times the connection's window to a stream that is no more. */
static bool go_on(struct peer_conn *c, uint32_t id)
{
	static const char comment[64 * 1024] = ":";
	uint8_t payload[16 * 1024];
	size_t len;
	if (!peer_expect(c, PEER_RST_STREAM, payload, &len))
		return false;
	for (int i = 0; i < 32; i++)
		if (!peer_unwanted_body(c, id, comment, sizeof comment))
			return false;
	return true;
}

static void stream_that_is_gone(void **state)
{
	struct scene s = {.act = go_on};
	(void)state;
	neighbour_prepare(&s.neighbour);
	scene_start(&s, serve_both, 65535, 65535);
	neighbour_start_on(&s.neighbour, &s.client, s.endpoint);
	client_follow(&s.client, s.endpoint, "/bad", &s.bad);
	client_run(&s.client, has_event, &s.bad);
	freshet_stream_close(s.bad.stream);
	client_run(&s.client, has_acted, &s);
	assert_string_equal(freshet_err_name(s.bad.end.outcome.err), "FRESHET_ECANCELED");
	assert_int_equal(s.bad.seen.events, 1);
	neighbour_finish(&s.neighbour, s.peer);
	scene_end(&s);
}

/* Floods that break no rule, and so have no end; each of them goes on while a neighbour elsewhere gets its events. */
static bool empty_frames(struct peer_conn *c, uint32_t id)
{
	while (peer_frame(c, PEER_DATA, 0, id, NULL, 0))
		;
	return true;
}

static bool comments(struct peer_conn *c, uint32_t id)
{
	while (peer_body(c, id, ":\n:\n:\n:\n", 8))
		;
	return true;
}

static bool resets_of_the_past(struct peer_conn *c, uint32_t id)
{
	peer_end(c, id);
	while (peer_reset(c, id, 8))
		;
	return true;
}

static bool unknown_frames(struct peer_conn *c, uint32_t id)
{
	while (peer_frame(c, (enum peer_frame_type)0xfe, 0xff, id, "what is this", 12))
		;
	return true;
}

static bool credit_by_bytes(struct peer_conn *c, uint32_t id)
{
	(void)id;
	while (peer_credit(c, 0, 1))
		;
	return true;
}

static void endless_floods(void **state)
{
	static bool (*const floods[])(struct peer_conn * c, uint32_t id) = {
		empty_frames, comments, resets_of_the_past, unknown_frames, credit_by_bytes};
	(void)state;
	for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
		struct scene s = {.act = floods[i]};
		scene_start(&s, serve_alone, 0, 0);
		neighbour_start(&s.neighbour, &s.client);
		client_follow(&s.client, s.endpoint, "/flood", &s.bad);
		client_run(&s.client, has_event, &s.bad);
		neighbour_finish(&s.neighbour, NULL);
		assert_int_equal(s.bad.cuts, 0);
		scene_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_without_credit),
		cmocka_unit_test(stream_that_is_gone),
		cmocka_unit_test(endless_floods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
