/*
 * Request bodies that are pulled from the application, over both protocols: every length, every pace, both ends of it
 * failing, and a hundred MiB with next to no memory.
 */
#include "support/client.h"
#include "support/failmem.h"
#include "support/pattern.h"
#include "support/web.h"
#include "support/test.h"

#include "reactor/conn.h"
#include "reactor/endpoint.h"
#include "reactor/reactor.h"

#include <event2/event.h>
#include <malloc.h>

/* How a source behaves. */
enum manner {
	EAGER,         /* gives all that there is room for; END comes with the last bytes */
	END_ALONE,     /* END comes by itself */
	SLOW,          /* LATER each second time; resumed on a later turn */
	SLOW_AT_ONCE,  /* the same, resumed before it returns */
	STUCK,         /* gives what there is, says LATER and is never resumed */
	FAILS,         /* after what there is it fails */
	GIVES_NOTHING, /* after what there is it says MORE with nothing */
	BOASTS,        /* after what there is it claims more bytes than there was room for */
};

/* A request whose body is the pattern. */
struct sender {
	struct reply reply; /* first: it is the request's user */
	struct client *client;
	freshet_request *request;
	enum manner manner;
	uint64_t length; /* that it gives */
	size_t step;     /* at most at once; 0: all that there is room for */
	uint64_t at;
	unsigned reads;
	unsigned rewinds;
	bool rewind_fails;
	bool over; /* it has said that it is asked no more */
	bool waits;
};

struct world {
	struct client client;
	struct web web;
	char url[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	int first_status; /* of the first answer; 0: as of the others */
	const char *first_fields;
	uint64_t got;
	bool wrong;
	char content_length[32];
	char transfer_encoding[32];
	char method[16];
};

static void keep_field(struct web_call *call, const char *name, char *to, size_t size)
{
	const char *value = web_field(call, name);
	snprintf(to, size, "%s", value != NULL ? value : "");
}

static void handle(struct web_call *call)
{
	struct world *w = call->web->user;
	w->got = call->body_len;
	w->wrong = call->body_wrong;
	snprintf(w->method, sizeof w->method, "%s", call->method);
	keep_field(call, "content-length", w->content_length, sizeof w->content_length);
	keep_field(call, "transfer-encoding", w->transfer_encoding, sizeof w->transfer_encoding);
	if (call->number == 1 && w->first_status != 0)
		web_reply(call, w->first_status, w->first_fields, "first");
	else
		web_reply(call, 200, "", "done");
}

static void world_open(struct world *w, bool http1)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	web_open(&w->web, w->client.base, http1, handle, w);
	web_keep_no_bodies(&w->web);
	w->first_fields = "";
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->web.port, NULL}, w->url);
	w->o.protocol = http1 ? FRESHET_PROTOCOL_HTTP1 : FRESHET_PROTOCOL_HTTP2;
	assert_int_equal(freshet_endpoint_new(w->client.reactor, &w->o, &w->e), FRESHET_OK);
}

static void world_close(struct world *w)
{
	web_close(&w->web);
	client_stop(&w->client);
}

static void resume_later(evutil_socket_t fd, short what, void *user)
{
	struct sender *s = user;
	(void)fd;
	(void)what;
	s->waits = false;
	if (s->reply.dones == 0)
		freshet_request_resume(s->request);
}

static void wait_a_turn(struct sender *s)
{
	const struct timeval now = {0, 0};
	s->waits = true;
	assert_int_equal(event_base_once(s->client->base, -1, EV_TIMEOUT, resume_later, s, &now), 0);
}

/* When all has been given. */
static freshet_body_step finish(struct sender *s, size_t room, size_t *len)
{
	s->over = s->manner != STUCK;
	if (s->manner == BOASTS)
		*len = room + 1;
	switch (s->manner) {
	case FAILS: return FRESHET_BODY_FAIL;
	case STUCK: return FRESHET_BODY_LATER;
	case GIVES_NOTHING:
	case BOASTS: return FRESHET_BODY_MORE;
	default: return FRESHET_BODY_END;
	}
}

static freshet_body_step read_body(freshet_request *request, void *to, size_t room, size_t *len, void *user)
{
	struct sender *s = user;
	assert_ptr_equal(request, s->request);
	assert_int_equal(*len, 0);
	assert_true(room > 0);
	assert_false(s->over || s->waits);
	assert_int_equal(s->reply.dones, 0);
	s->reads++;
	if ((s->manner == SLOW || s->manner == SLOW_AT_ONCE) && s->reads % 2 == 1) {
		s->manner == SLOW ? wait_a_turn(s) : freshet_request_resume(request);
		return FRESHET_BODY_LATER;
	}
	uint64_t left = s->length - s->at;
	if (left == 0)
		return finish(s, room, len);
	*len = s->step != 0 && s->step < room ? s->step : room;
	*len = *len < left ? *len : left;
	pattern_fill(to, *len, s->at);
	s->at += *len;
	if (*len < left || s->manner == END_ALONE || s->manner >= STUCK)
		return FRESHET_BODY_MORE;
	return finish(s, room, len);
}

static bool rewind_body(freshet_request *request, void *user)
{
	struct sender *s = user;
	assert_ptr_equal(request, s->request);
	assert_int_equal(s->reply.dones, 0);
	s->rewinds++;
	s->at = 0;
	s->over = false;
	return !s->rewind_fails;
}

static void options_of(freshet_request_options *o, const char *method)
{
	freshet_request_options_init(o);
	o->method = method;
	o->path = "/upload";
	o->source.read = read_body;
	o->deadline_ms = UINT64_MAX;
}

static void upload(struct world *w, freshet_request_options *o, struct sender *s)
{
	s->client = &w->client;
	client_send_for(&w->client, w->e, o, &s->reply, &s->request);
}

static void assert_ended(const struct sender *s, const char *name)
{
	assert_int_equal(s->reply.dones, 1);
	assert_string_equal(freshet_err_name(s->reply.outcome.outcome.err), name);
}

static void check_framing(const struct world *w, const freshet_request_options *o, bool http1)
{
	char length[32] = "";
	if (o->source.has_length)
		snprintf(length, sizeof length, "%llu", (unsigned long long)o->source.length);
	assert_string_equal(w->content_length, length);
	assert_string_equal(w->transfer_encoding, http1 && !o->source.has_length ? "chunked" : "");
}

static void every_length_at_every_pace(void **state)
{
	const bool *http1 = *state;
	static const uint64_t lengths[] = {0, 1, 2, 1023, 1024, 1025, 2048, 65535, 65536, 65537, 300000};
	static const size_t steps[] = {0, 1, 1000, 1024};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++)
			for (int k = 0; k < 2 * (SLOW_AT_ONCE + 1); k++) {
				struct sender s = {.length = lengths[i], .step = steps[j]};
				struct world w;
				freshet_request_options o;
				if (s.step == 1 && s.length > 3000)
					continue;
				s.manner = (enum manner)(k / 2);
				world_open(&w, *http1);
				options_of(&o, "POST");
				o.source.has_length = k % 2 == 1;
				o.source.length = o.source.has_length ? s.length : 0;
				o.source.buffer = s.step == 1024 ? 1024 : 0;
				upload(&w, &o, &s);
				client_run(&w.client, NULL, NULL);
				assert_ended(&s, "FRESHET_OK");
				assert_int_equal(s.reply.status, 200);
				assert_int_equal(w.got, s.length);
				assert_false(w.wrong);
				check_framing(&w, &o, *http1);
				/* A body that is known to be empty is none. */
				assert_int_equal(s.over, !o.source.has_length || s.length > 0);
				world_close(&w);
			}
}

/* The library's memory, now and at most. */
static size_t now_bytes, most_bytes;

static void *measure(void *memory)
{
	now_bytes += memory != NULL ? malloc_usable_size(memory) : 0;
	most_bytes = now_bytes > most_bytes ? now_bytes : most_bytes;
	return memory;
}

static void *measured_allocate(size_t size, void *user)
{
	(void)user;
	return measure(malloc(size));
}

static void *measured_reallocate(void *memory, size_t size, void *user)
{
	(void)user;
	now_bytes -= memory != NULL ? malloc_usable_size(memory) : 0;
	return measure(realloc(memory, size));
}

static void measured_release(void *memory, void *user)
{
	(void)user;
	now_bytes -= memory != NULL ? malloc_usable_size(memory) : 0;
	free(memory);
}

static void a_hundred_mebibytes_with_little_memory(void **state)
{
	const bool *http1 = *state;
	static const freshet_allocator measured = {measured_allocate, measured_reallocate, measured_release, NULL};
	const uint64_t length = (uint64_t)100 * 1024 * 1024;
	for (int known = 0; known < 2; known++) {
		struct sender s = {.length = length};
		struct world w;
		freshet_request_options o;
		freshet_set_allocator(&measured);
		world_open(&w, *http1);
		options_of(&o, "PUT");
		o.source.has_length = known == 1;
		o.source.length = known == 1 ? length : 0;
		size_t before = most_bytes = now_bytes;
		upload(&w, &o, &s);
		client_run(&w.client, NULL, NULL);
		assert_ended(&s, "FRESHET_OK");
		assert_int_equal(w.got, length);
		assert_false(w.wrong);
		print_message("%zu bytes at most, in %u reads\n", most_bytes - before, s.reads);
		/* The source's buffer, a frame, and twice what is written at once. */
		assert_true(most_bytes - before < (size_t)384 * 1024);
		world_close(&w);
		freshet_set_allocator(NULL);
		assert_int_equal(now_bytes, 0);
	}
}

struct threshold {
	const struct world *w;
	uint64_t bytes;
};

static bool so_much_came(void *user)
{
	const struct threshold *t = user;
	return web_body_total(&t->w->web) >= t->bytes;
}

static bool output_waits(void *user)
{
	const struct world *w = user;
	list_each (node, &w->e->conns)
		if (container_of(node, struct conn, node)->unsent.len > 0)
			return true;
	return false;
}

/* Turns of the loop until the source is not asked any more. */
static void run_until_it_stops(struct world *w, const struct sender *s)
{
	for (unsigned reads = s->reads, still = 0; still < 100; still = s->reads == reads ? still + 1 : 0) {
		reads = s->reads;
		event_base_loop(w->client.base, EVLOOP_NONBLOCK);
	}
}

/* A server that does not read stops the source, by credit or by the socket. */
static void a_slow_server_slows_the_source(void **state)
{
	const bool *http1 = *state;
	const uint64_t length = (uint64_t)64 * 1024 * 1024;
	struct sender s = {.length = length};
	struct world w;
	freshet_request_options o;
	world_open(&w, *http1);
	w.web.h2.peer.hoard = true;
	if (*http1)
		h1server_deaf(&w.web.h1, true);
	options_of(&o, "PUT");
	o.source.buffer = 4096;
	upload(&w, &o, &s);
	if (*http1)
		client_run(&w.client, output_waits, &w);
	else
		client_run(&w.client, so_much_came, &(struct threshold){&w, 65535});
	run_until_it_stops(&w, &s);
	/* What the system's buffers take over HTTP/1.1 nobody knows, but it is no such lot; over HTTP/2 it is the window. */
	assert_true(*http1 ? s.at < length / 2 : s.at <= 65535 + 4096);
	assert_int_equal(s.reply.dones, 0);
	if (*http1) {
		h1server_deaf(&w.web.h1, false);
	} else {
		w.web.h2.conns[0]->peer->options.hoard = false;
		h2peer_credit(w.web.h2.conns[0]->peer, w.web.h2.conns[0]->peer->calls[0], 65535);
		h2server_flush(&w.web.h2);
	}
	client_run(&w.client, NULL, NULL);
	assert_ended(&s, "FRESHET_OK");
	assert_int_equal(w.got, length);
	assert_false(w.wrong);
	world_close(&w);
}

/* Whatever is wrong with the body: no server takes the request for a complete one. */
static void a_broken_source_ends_the_request(void **state)
{
	const bool *http1 = *state;
	static const enum manner manners[] = {FAILS, GIVES_NOTHING, BOASTS};
	static const uint64_t lengths[] = {0, 1, 5000, 200000};
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 4; j++)
			for (int known = 0; known < 2; known++) {
				struct sender s = {.length = lengths[j], .manner = manners[i]};
				struct world w;
				freshet_request_options o;
				world_open(&w, *http1);
				options_of(&o, "PUT");
				o.source.rewind = rewind_body;
				o.source.has_length = known == 1 && s.length > 0;
				o.source.length = o.source.has_length ? s.length : 0;
				upload(&w, &o, &s);
				client_run(&w.client, NULL, NULL);
				assert_ended(&s, "FRESHET_EUPLOAD");
				assert_int_equal(s.rewinds, 0);
				/* The connection goes on over HTTP/2. */
				struct reply r;
				client_get(&w.client, w.e, "/", &r);
				client_run(&w.client, NULL, NULL);
				assert_int_equal(r.status, 200);
				assert_int_equal(w.web.calls, 1);
				assert_string_equal(w.method, "GET");
				assert_int_equal(web_accepted(&w.web), *http1 ? 2 : 1);
				world_close(&w);
			}
}

static void a_length_is_a_promise(void **state)
{
	const bool *http1 = *state;
	static const struct {
		uint64_t promised;
		uint64_t given;
		size_t step;
	} lies[] = {{1, 0, 0}, {2, 1, 0}, {100000, 99999, 0}, {100000, 0, 0}, {1, 2, 0}, {1, 2, 1}, {2048, 2049, 1024},
		{2048, 2049, 0}, {65536, 65537, 0}, {65536, 65537, 65536}, {100000, 500000, 0}};
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		for (int alone = 0; alone < 2; alone++) {
			struct sender s = {.length = lies[i].given, .step = lies[i].step};
			struct world w;
			freshet_request_options o;
			s.manner = alone == 1 ? END_ALONE : EAGER;
			world_open(&w, *http1);
			options_of(&o, "POST");
			o.source.has_length = true;
			o.source.length = lies[i].promised;
			upload(&w, &o, &s);
			client_run(&w.client, NULL, NULL);
			assert_ended(&s, "FRESHET_EUPLOAD_LENGTH");
			assert_string_equal(s.reply.outcome.text, "the request body is not as long as promised");
			struct reply r;
			client_get(&w.client, w.e, "/", &r);
			client_run(&w.client, NULL, NULL);
			assert_int_equal(w.web.calls, 1);
			assert_string_equal(w.method, "GET");
			world_close(&w);
		}
}

/* The answer comes while the body is still on its way, from a source that goes on or hangs. */
static void an_early_answer_ends_the_upload(void **state)
{
	const bool *http1 = *state;
	static const enum manner manners[] = {EAGER, STUCK, SLOW};
	for (size_t i = 0; i < 3; i++) {
		struct sender s = {.length = (uint64_t)32 * 1024 * 1024, .manner = manners[i]};
		struct world w;
		freshet_request_options o;
		if (s.manner == STUCK)
			s.length = 100000;
		world_open(&w, *http1);
		web_be_eager(&w.web);
		w.first_status = 413;
		w.first_fields = *http1 ? "connection: close\r\n" : "";
		options_of(&o, "POST");
		upload(&w, &o, &s);
		client_run(&w.client, NULL, NULL);
		assert_ended(&s, "FRESHET_OK");
		assert_int_equal(s.reply.status, 413);
		assert_string_equal(s.reply.body, "first");
		assert_true(s.at < s.length || s.manner == STUCK);
		unsigned reads = s.reads;
		struct reply r;
		client_get(&w.client, w.e, "/", &r);
		client_run(&w.client, NULL, NULL);
		assert_int_equal(r.status, 200);
		assert_int_equal(s.reads, reads);
		world_close(&w);
	}
}

/* HTTP/2: the server says that it needs no more of the body (RFC 9113, section 8.1), or cuts it off for a reason. */
static void a_reset_after_the_answer_changes_nothing(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 8; code += 8) {
		struct sender s = {.length = (uint64_t)16 * 1024 * 1024};
		struct world w;
		freshet_request_options o;
		world_open(&w, false);
		w.web.h2.peer.hoard = true;
		options_of(&o, "POST");
		upload(&w, &o, &s);
		client_run(&w.client, so_much_came, &(struct threshold){&w, 65535});
		struct h2peer_call *call = w.web.h2.conns[0]->peer->calls[0];
		h2peer_answer(call, 200, NULL);
		h2peer_text(call, "enough");
		h2peer_end(call);
		h2peer_reset(call, code);
		h2server_flush(&w.web.h2);
		client_run(&w.client, NULL, NULL);
		assert_ended(&s, "FRESHET_OK");
		assert_string_equal(s.reply.body, "enough");
		world_close(&w);
	}
}

/* What happens to the first attempt. */
enum mishap { CUT, MISDIRECTED, REDIRECTED, REFUSED, MISHAPS };

static void befall(struct world *w, struct sender *s, enum mishap mishap)
{
	if (mishap == MISDIRECTED || mishap == REDIRECTED)
		return;
	client_run(&w->client, so_much_came, &(struct threshold){w, 100000});
	assert_true(s->at >= 100000);
	if (w->web.http1)
		h1server_drop(w->web.h1.conns, false);
	else if (mishap == REFUSED)
		h2peer_reset(w->web.h2.conns[0]->peer->calls[0], 7);
	else
		h2server_drop(w->web.h2.conns[0], false);
	if (!w->web.http1)
		h2server_flush(&w->web.h2);
}

static void start(struct world *w, bool http1, enum mishap mishap)
{
	world_open(w, http1);
	if (mishap == MISDIRECTED)
		w->first_status = 421;
	if (mishap == REDIRECTED) {
		w->first_status = 307;
		w->first_fields = "location: /there\r\n";
	}
}

static void only_what_can_be_rewound_is_sent_again(void **state)
{
	const bool *http1 = *state;
	enum { NO_REWIND, REWINDS, CANNOT };
	for (int rewind = NO_REWIND; rewind <= CANNOT; rewind++)
		for (int mishap = CUT; mishap < MISHAPS; mishap++) {
			struct sender s = {.length = 300000, .rewind_fails = rewind == CANNOT};
			struct world w;
			freshet_request_options o;
			if (*http1 && mishap == REFUSED)
				continue;
			print_message("rewind %d, mishap %d\n", rewind, mishap);
			start(&w, *http1, (enum mishap)mishap);
			options_of(&o, "PUT"); /* which may be repeated */
			o.source.rewind = rewind != NO_REWIND ? rewind_body : NULL;
			o.source.has_length = true;
			o.source.length = s.length;
			o.follow_redirects = true;
			s.manner = mishap < MISDIRECTED || mishap == REFUSED ? SLOW : EAGER;
			upload(&w, &o, &s);
			befall(&w, &s, (enum mishap)mishap);
			client_run(&w.client, NULL, NULL);
			assert_int_equal(s.rewinds, rewind != NO_REWIND ? 1 : 0);
			if (rewind == REWINDS) {
				assert_ended(&s, "FRESHET_OK");
				assert_int_equal(s.reply.status, 200);
				assert_int_equal(w.got, s.length);
				assert_false(w.wrong);
			} else if (rewind == CANNOT) {
				assert_ended(&s, "FRESHET_EUPLOAD");
			} else if (mishap == MISDIRECTED || mishap == REDIRECTED) {
				assert_ended(&s, "FRESHET_OK");
				assert_int_equal(s.reply.status, w.first_status);
			} else {
				assert_ended(&s, mishap == CUT ? "FRESHET_ECLOSED" : "FRESHET_EHTTP_REFUSED");
				assert_int_equal(s.reply.outcome.outcome.unprocessed, mishap == REFUSED);
			}
			world_close(&w);
		}
}

/* Nothing was read of it yet, so there is nothing to rewind. */
static void what_was_not_read_needs_no_rewinding(void **state)
{
	const bool *http1 = *state;
	struct sender s = {.length = 300000, .manner = SLOW};
	struct world w;
	freshet_request_options o;
	world_open(&w, *http1);
	if (*http1)
		h1server_stop_listening(&w.web.h1);
	else
		h2server_stop_listening(&w.web.h2);
	options_of(&o, "PUT");
	o.max_attempts = 2;
	upload(&w, &o, &s);
	client_run(&w.client, NULL, NULL);
	assert_ended(&s, "FRESHET_ECONNECT");
	assert_int_equal(s.reply.outcome.outcome.attempts, 2);
	assert_int_equal(s.reads, 0);
	world_close(&w);
}

static void a_post_that_becomes_a_get_leaves_its_source(void **state)
{
	const bool *http1 = *state;
	struct sender s = {.length = 300000};
	struct world w;
	freshet_request_options o;
	world_open(&w, *http1);
	w.first_status = 303;
	w.first_fields = "location: /there\r\n";
	options_of(&o, "POST");
	o.source.has_length = true;
	o.source.length = s.length;
	o.follow_redirects = true;
	upload(&w, &o, &s);
	client_run(&w.client, NULL, NULL);
	assert_ended(&s, "FRESHET_OK");
	assert_int_equal(s.reply.status, 200);
	assert_string_equal(w.method, "GET");
	assert_string_equal(w.content_length, "");
	assert_int_equal(w.got, 0);
	assert_int_equal(s.rewinds, 0);
	world_close(&w);
}

static void a_stuck_source_can_be_cancelled(void **state)
{
	const bool *http1 = *state;
	struct sender s = {.length = 100000, .manner = STUCK};
	struct world w;
	freshet_request_options o;
	world_open(&w, *http1);
	options_of(&o, "PUT");
	upload(&w, &o, &s);
	client_run(&w.client, so_much_came, &(struct threshold){&w, 100000});
	/* Nothing is missing; being asked for nothing harms nobody. */
	freshet_request_cancel(s.request);
	freshet_request_resume(s.request);
	client_run(&w.client, NULL, NULL);
	assert_ended(&s, "FRESHET_ECANCELED");
	assert_int_equal(w.web.calls, 0);
	world_close(&w);
}

static void sources_share_a_connection(void **state)
{
	const bool *http1 = *state;
	struct sender s[20];
	struct world w;
	world_open(&w, *http1);
	for (int i = 0; i < 20; i++) {
		freshet_request_options o;
		options_of(&o, "PUT");
		s[i] = (struct sender){.length = 400000, .manner = i % 2 == 0 ? EAGER : SLOW};
		upload(&w, &o, &s[i]);
	}
	client_run(&w.client, NULL, NULL);
	for (int i = 0; i < 20; i++)
		assert_ended(&s[i], "FRESHET_OK");
	assert_int_equal(w.web.calls, 20);
	world_close(&w);
}

static void never_done(freshet_request *request, const freshet_response *response, void *user)
{
	(void)request;
	(void)response;
	(void)user;
	abort();
}

static void what_is_no_source_is_refused(void **state)
{
	(void)state;
	struct world w;
	freshet_request_options o;
	freshet_request *request = (void *)&w;
	struct sender s = {.length = 0};
	world_open(&w, false);
	options_of(&o, "PUT");
	o.on_done = never_done;
	o.user = &s;
	o.body = freshet_str_of("both");
	assert_int_equal(freshet_request_send(w.e, &o, &request), FRESHET_EINVAL);
	assert_null(request);
	o.body.len = 0;
	o.source.buffer = 1023;
	assert_int_equal(freshet_request_send(w.e, &o, &request), FRESHET_EINVAL);
	o.source = (freshet_body_source){.rewind = rewind_body};
	assert_int_equal(freshet_request_send(w.e, &o, &request), FRESHET_EINVAL);
	o.source = (freshet_body_source){.has_length = true};
	assert_int_equal(freshet_request_send(w.e, &o, &request), FRESHET_EINVAL);
	world_close(&w);
}

/* Each allocation fails in turn, alone or with all that follow. */
static bool out_of_memory(bool http1, void (*arm)(size_t n), size_t n)
{
	struct sender s = {.length = 100000, .manner = SLOW};
	struct world w;
	freshet_request_options o;
	world_open(&w, http1);
	options_of(&o, "PUT");
	o.source.rewind = rewind_body;
	o.max_attempts = 1;
	s.client = &w.client;
	o.on_done = NULL;
	arm(n);
	bool sent = client_try_send(&w.client, w.e, &o, &s.reply, &s.request);
	if (sent)
		client_run(&w.client, NULL, NULL);
	bool fired = failmem_fired();
	failmem_arm(0);
	assert_true(sent || fired);
	if (sent && s.reply.outcome.outcome.err != FRESHET_OK) {
		assert_true(fired);
		assert_ended(&s, "FRESHET_ENOMEM");
	} else if (sent) {
		assert_int_equal(w.got, s.length);
		assert_false(w.wrong);
	}
	world_close(&w);
	assert_int_equal(failmem_live(), 0);
	return fired;
}

static void each_allocation_may_fail(void **state)
{
	const bool *http1 = *state;
	void (*const arms[])(size_t) = {failmem_arm, failmem_arm_one};
	for (size_t way = 0; way < 2; way++) {
		size_t n = 1;
		failmem_arm(0);
		while (out_of_memory(*http1, arms[way], n))
			n++;
		print_message("%zu allocations\n", n - 1);
		assert_true(n > 10);
	}
	failmem_off();
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
		OVER_BOTH(every_length_at_every_pace),
		OVER_BOTH(a_hundred_mebibytes_with_little_memory),
		OVER_BOTH(a_slow_server_slows_the_source),
		OVER_BOTH(a_broken_source_ends_the_request),
		OVER_BOTH(a_length_is_a_promise),
		OVER_BOTH(an_early_answer_ends_the_upload),
		cmocka_unit_test(a_reset_after_the_answer_changes_nothing),
		OVER_BOTH(only_what_can_be_rewound_is_sent_again),
		OVER_BOTH(what_was_not_read_needs_no_rewinding),
		OVER_BOTH(a_post_that_becomes_a_get_leaves_its_source),
		OVER_BOTH(a_stuck_source_can_be_cancelled),
		OVER_BOTH(sources_share_a_connection),
		cmocka_unit_test(what_is_no_source_is_refused),
		OVER_BOTH(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
