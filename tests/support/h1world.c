#include "support/h1world.h"

#include "support/test.h"

#include "reactor/reactor.h"

#include <event2/event.h>

static uint64_t fake_ms;

static uint64_t fake_clock(void)
{
	return fake_ms;
}

uint64_t h1world_now(void)
{
	return fake_ms;
}

void h1world_open(struct h1world *w, h1server_fn *answer)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	fake_ms = 1000000;
	w->client.reactor->clock = fake_clock;
	h1server_open(&w->server, w->client.base, answer, w);
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->server.port, NULL}, w->url);
	w->o.protocol = FRESHET_PROTOCOL_AUTO;
}

void h1world_endpoint(struct h1world *w)
{
	assert_int_equal(freshet_endpoint_new(w->client.reactor, &w->o, &w->e), FRESHET_OK);
}

void h1world_close(struct h1world *w)
{
	assert_int_equal(w->server.pipelined, 0);
	h1server_close(&w->server);
	client_stop(&w->client);
}

bool h1world_is_idle(void *user)
{
	const struct h1world *w = user;
	freshet_counters now = client_counters(&w->client);
	return now.connections == 0 && w->server.open == 0;
}

void h1world_advance(struct h1world *w, uint64_t ms)
{
	fake_ms += ms;
	w->client.reactor->loop.handlers.on_timer(w->client.reactor);
}

void h1world_get(struct h1world *w, const char *path, struct reply *reply)
{
	client_get(&w->client, w->e, path, reply);
}

void h1world_post(struct h1world *w, bool repeatable, struct reply *reply)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/post";
	o.method = "POST";
	o.body = freshet_str_of("body");
	o.max_attempts = 1;
	o.repeatable = repeatable;
	client_send(&w->client, w->e, &o, reply);
}

void h1world_run(struct h1world *w)
{
	client_run(&w->client, NULL, NULL);
}

void h1world_wait(struct h1world *w, bool (*until)(void *user), void *user)
{
	while (!until(user))
		assert_int_equal(event_base_loop(w->client.base, EVLOOP_ONCE), 0);
}

void h1world_wait_open(struct h1world *w, size_t open)
{
	while (w->client.open != open)
		assert_int_equal(event_base_loop(w->client.base, EVLOOP_ONCE), 0);
}

bool h1world_was_replied(void *user)
{
	const struct reply *r = user;
	return r->dones > 0;
}

bool h1world_has_ended(void *user)
{
	const struct follower *f = user;
	return f->dones > 0;
}

bool h1world_was_cut(void *user)
{
	const struct follower *f = user;
	return f->cuts > 0;
}

void h1world_assert_ok(const struct reply *r, const char *body)
{
	assert_int_equal(r->dones, 1);
	assert_string_equal(freshet_err_name(r->outcome.outcome.err), "FRESHET_OK");
	assert_int_equal(r->status, 200);
	assert_string_equal(r->body, body);
}

void h1world_answer_ok(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_reply(c, 200, "", "ok");
}

void h1world_answer_events(struct h1server_conn *c, const struct h1server_request *q)
{
	if (strncmp(q->target, "/events", 7) == 0)
		h1server_write(c, H1WORLD_EVENTS);
	else
		h1world_answer_ok(c, q);
}

void h1world_keep(struct h1world *w, size_t count)
{
	struct reply r[16];
	for (size_t i = 0; i < count; i++)
		h1world_get(w, "/", &r[i]);
	h1world_run(w);
	assert_int_equal(client_counters(&w->client).connections, count);
	assert_int_equal(w->server.accepted, count);
}
