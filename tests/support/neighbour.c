#include "support/neighbour.h"

#include "support/test.h"

#define NEIGHBOUR_BYTES ((size_t)32 * 1024)

void neighbour_prepare(struct neighbour *n)
{
	memset(n, 0, sizeof *n);
	golden_make(&n->golden, 5, NEIGHBOUR_BYTES);
}

uint32_t neighbour_serve_first(struct neighbour *n, struct peer_conn *c)
{
	uint32_t stream = peer_request(c);
	peer_answer(c, stream, 200, peer_event_stream);
	peer_body(c, stream, n->golden.text, n->golden.half);
	return stream;
}

void neighbour_serve_rest(struct neighbour *n, struct peer_conn *c, uint32_t stream)
{
	peer_body(c, stream, n->golden.text + n->golden.half, n->golden.len - n->golden.half);
	peer_end(c, stream);
}

static void serve(struct peer_conn *c, void *user)
{
	struct neighbour *n = user;
	peer_greet(c);
	uint32_t stream = neighbour_serve_first(n, c);
	if (peer_await(c))
		neighbour_serve_rest(n, c, stream);
	peer_listen(c);
}

static bool saw_first_half(void *user)
{
	const struct neighbour *n = user;
	return n->follower.seen.events >= n->golden.first.events;
}

void neighbour_start_on(struct neighbour *n, struct client *client, freshet_endpoint *e)
{
	n->client = client;
	client_follow(client, e, "/neighbour", &n->follower);
	client_run(client, saw_first_half, n);
	assert_int_equal(n->follower.seen.events, n->golden.first.events);
	assert_true(n->follower.seen.hash == n->golden.first.hash);
}

void neighbour_start(struct neighbour *n, struct client *client)
{
	neighbour_prepare(n);
	n->peer = peer_start(serve, n, NULL);
	freshet_endpoint *e =
		client_endpoint(client, &(struct client_url){"http", "127.0.0.1", peer_port(n->peer), NULL});
	neighbour_start_on(n, client, e);
}

static bool is_done(void *user)
{
	const struct neighbour *n = user;
	return n->follower.dones > 0;
}

void neighbour_finish(struct neighbour *n, struct peer *peer)
{
	peer_release(peer != NULL ? peer : n->peer);
	client_run(n->client, is_done, n);
	const struct follower *f = &n->follower;
	if (f->end.outcome.err != FRESHET_OK)
		fail_msg("the neighbour ended with %s: %s", freshet_err_name(f->end.outcome.err), f->end.text);
	assert_int_equal(f->opens, 1);
	assert_int_equal(f->cuts, 0);
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->seen.events, n->golden.whole.events);
	assert_true(f->seen.hash == n->golden.whole.hash);
	peer_stop(n->peer);
	n->peer = NULL;
	golden_clear(&n->golden);
}
