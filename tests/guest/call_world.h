/*
 * What the tests of calls share: a scripted server, a client with credentials and hooks, and calls that tell how they ended,
 * all on a clock that stands.
 */
#ifndef GUEST_CALL_WORLD_H
#define GUEST_CALL_WORLD_H

#include "guest/call.h"

#include "support/failmem.h"
#include "support/h1world.h"
#include "support/test.h"

#include <event2/event.h>

#define ROUTES(X)                                                                                                      \
	X(start, "POST", "/start/{id}", "id")                                                                          \
	X(read, "GET", "/read", NULL)

enum { ROUTES(GUEST_ROUTE_ENUM) ROUTE_COUNT };

static const struct guest_route table[] = {ROUTES(GUEST_ROUTE_ROW)};

/* What the server does with the n-th request; the last step is for all that follow. */
struct step {
	int status; /* 0: no answer */
	const char *fields;
	const char *body;
	bool drop; /* closes instead */
};

/* What arrived. */
struct arrived {
	char line[128];
	char key[64];
	char authorization[64];
	char extra[64];
	char body[128];
};

struct probe {
	struct guest_call call;
	unsigned dones;
	freshet_err err;
	int status;
	uint32_t attempts;
	char body[128];
	void (*in_done)(struct probe *probe); /* optional */
};

static struct {
	struct h1world world;
	struct guest guest;
	bool open; /* the endpoint is there */
	const struct step *steps;
	size_t step_count;
	size_t requests;
	struct arrived arrived[16];
	/* Of the client's credentials. */
	enum guest_auth auth, auth_refused;
	uint64_t version;
	unsigned asked;
	char token[32];
	/* Of the hooks. */
	freshet_err hook_err;
	uint32_t hook_err_at;
	freshet_header hook_field;
} t;

/* ---- the server ---- */

static inline void note_field(const char *head, const char *name, char *out, size_t size)
{
	const char *at = strcasestr(head, name);
	out[0] = '\0';
	if (at != NULL)
		snprintf(out, size, "%.*s", (int)strcspn(at + strlen(name), "\r"), at + strlen(name));
}

static inline void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	const struct step *step = &t.steps[t.requests < t.step_count ? t.requests : t.step_count - 1];
	struct arrived *a = &t.arrived[t.requests % 16];
	t.requests++;
	snprintf(a->line, sizeof a->line, "%.15s %.100s", q->method, q->target);
	snprintf(a->body, sizeof a->body, "%.*s", (int)q->body_len, q->body_len > 0 ? q->body : "");
	note_field(q->head, "\r\nidempotency-key: ", a->key, sizeof a->key);
	note_field(q->head, "\r\nauthorization: ", a->authorization, sizeof a->authorization);
	note_field(q->head, "\r\nx-extra: ", a->extra, sizeof a->extra);
	if (step->drop)
		h1server_drop(c, false);
	else if (step->status != 0)
		h1server_reply(c, step->status, step->fields != NULL ? step->fields : "", step->body);
}

/* ---- the client ---- */

static inline enum guest_auth authorize(
	struct guest *guest, size_t route, const struct guest_credential *refused, struct guest_credential *credential)
{
	assert_ptr_equal(guest, &t.guest);
	assert_true(route < ROUTE_COUNT);
	t.asked++;
	if (refused != NULL && refused->version == t.version && t.auth_refused != GUEST_AUTH_READY)
		return t.auth_refused;
	if (refused != NULL && refused->version == t.version)
		t.version++;
	if (t.auth != GUEST_AUTH_READY)
		return t.auth;
	snprintf(t.token, sizeof t.token, "Bearer token-%u", (unsigned)t.version);
	credential->field = (freshet_header){freshet_str_of("authorization"), freshet_str_of(t.token), true};
	credential->version = t.version;
	return GUEST_AUTH_READY;
}

static inline void endpoint_gone(void *user)
{
	(void)user;
	guest_end(&t.guest);
	t.open = false;
}

static inline void begin(const struct step *steps, size_t count)
{
	memset(&t, 0, sizeof t);
	t.steps = steps;
	t.step_count = count;
	h1world_open(&t.world, answer);
	t.world.o.on_closed = endpoint_gone;
	t.world.o.user = &t;
	h1world_endpoint(&t.world);
	t.open = true;
	assert_int_equal(guest_routes_init(&t.guest.routes, table, ROUTE_COUNT, NULL, NULL, 0), FRESHET_OK);
	t.guest.idempotency_header = freshet_mem_new(1, 32);
	assert_non_null(t.guest.idempotency_header);
	strcpy(t.guest.idempotency_header, "Idempotency-Key");
	assert_int_equal(guest_begin(&t.guest, t.world.e), FRESHET_OK);
	t.guest.clock = h1world_now;
	t.guest.random = 1;
}

#define BEGIN(steps) begin(steps, sizeof(steps) / sizeof((steps)[0]))

static inline void end(void)
{
	h1world_close(&t.world);
	assert_false(t.open);
}

static inline void done(struct guest_call *call, const freshet_response *response)
{
	struct probe *probe = guest_client(call, struct probe, call);
	probe->dones++;
	probe->err = response->outcome.err;
	probe->status = response->status;
	probe->attempts = response->outcome.attempts;
	snprintf(probe->body, sizeof probe->body, "%.*s", (int)response->body.len, response->body.ptr);
	assert_true(response->outcome.text.len > 0);
	if (probe->in_done != NULL)
		probe->in_done(probe);
}

static inline struct guest_call_options options_of(size_t route, struct guest_text *path)
{
	const struct guest_value value = {"id", freshet_str_of("a/1")};
	guest_route_path(&t.guest.routes, route, &value, 1, path);
	return (struct guest_call_options){
		.route = route,
		.path = path,
		.body = freshet_str_of(route == ROUTE_start ? "{\"a\":1}" : ""),
		.keyed = route == ROUTE_start,
		.again = GUEST_AGAIN_ANY,
		.backoff = {.max_retries = 3, .base_ms = 100, .cap_ms = 1000, .asked_ms = 300000},
		.done = done,
	};
}

static inline freshet_err try_send(struct probe *probe, struct guest_call_options *o)
{
	freshet_err err = guest_call_send(&t.guest, &probe->call, o);
	assert_int_equal(probe->dones, 0);
	assert_null(o->path->ptr);
	return err;
}

static inline void send_with(struct probe *probe, struct guest_call_options *o)
{
	assert_int_equal(try_send(probe, o), FRESHET_OK);
}

static inline void send_start(struct probe *probe)
{
	struct guest_text path = {0};
	struct guest_call_options o = options_of(ROUTE_start, &path);
	send_with(probe, &o);
}

static inline void turn(void)
{
	assert_true(event_base_loop(t.world.client.base, EVLOOP_NONBLOCK) >= 0);
}

/* Until the call is in that state. */
static inline void until(struct probe *probe, enum guest_call_state state)
{
	while (probe->call.state != state && probe->dones == 0)
		assert_int_equal(event_base_loop(t.world.client.base, EVLOOP_ONCE), 0);
}

/* Moves the clock until the pause is over; how long it was. */
static inline uint64_t sleep_through(struct probe *probe)
{
	uint64_t ms = 0;
	until(probe, GUEST_CALL_PAUSE);
	uint32_t attempts = probe->call.attempts;
	while (probe->call.attempts == attempts && probe->dones == 0) {
		h1world_advance(&t.world, 1);
		turn();
		ms++;
	}
	return ms;
}

static inline void finish(struct probe *probe)
{
	while (probe->dones == 0) {
		until(probe, GUEST_CALL_PAUSE);
		if (probe->dones == 0)
			sleep_through(probe);
	}
	assert_int_equal(probe->dones, 1);
}

#endif
