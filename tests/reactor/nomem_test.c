/*
 * Out of memory, everywhere: each allocation of the library fails in turn, alone or with all that follow it. What is
 * being made is then not made and keeps nothing; what lives ends with FRESHET_ENOMEM or goes on; everybody is told the
 * end once; and when there is memory again nothing hangs.
 */
#include "support/failmem.h"
#include "support/stage.h"
#include "support/test.h"

typedef void arm_fn(size_t n);

static arm_fn *const ways[] = {failmem_arm, failmem_arm_one};

#define WAYS (sizeof ways / sizeof ways[0])

static void a_reactor_is_made_or_not(void **state)
{
	(void)state;
	for (size_t way = 0; way < WAYS; way++)
		for (size_t n = 1;; n++) {
			freshet_reactor_options o;
			freshet_reactor *r;
			freshet_reactor_options_init(&o);
			o.dns_server = "127.0.0.1:53";
			o.posts = true;
			ways[way](n);
			freshet_err err = freshet_reactor_new(&o, &r);
			bool fired = failmem_fired();
			assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
			assert_int_equal(r != NULL, !fired);
			freshet_reactor_free(r);
			assert_int_equal(failmem_live(), 0);
			if (!fired)
				break;
		}
	failmem_off();
}

static const freshet_header headers[] = {{{"X-One", 5}, {"1", 1}, false}, {{"X-Two", 5}, {"2", 1}, true}};
static const freshet_stream_policy policy = {.cursor_place = FRESHET_CURSOR_HEADER | FRESHET_CURSOR_QUERY,
	.cursor_query = "after",
	.duplicates = FRESHET_DUPLICATES_REPEAT,
	.max_attempts = UINT32_MAX};

static freshet_err make_endpoint(struct stage *g)
{
	freshet_endpoint_options o;
	freshet_endpoint *endpoint;
	freshet_endpoint_options_init(&o);
	o.url = "https://127.0.0.1:1/base";
	o.bearer_token = "token";
	o.user_agent_suffix = "a/1";
	o.headers = headers;
	o.header_count = 2;
	o.stream = policy;
	freshet_err err = freshet_endpoint_new(g->reactor, &o, &endpoint);
	freshet_endpoint_close(endpoint);
	return err;
}

static freshet_err make_stream(struct stage *g)
{
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/s";
	o.headers = headers;
	o.header_count = 2;
	o.method = "POST";
	o.repeatable = true;
	o.body = freshet_str_of("a body");
	o.last_event_id = freshet_str_of("an id that does not lie inside the record");
	o.policy = &policy;
	o.deadline_ms = 36000000;
	o.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	return watch_stream(stage_watch(g), &o);
}

static freshet_err make_request(struct stage *g)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/q";
	o.headers = headers;
	o.header_count = 2;
	o.method = "POST";
	o.repeatable = true;
	o.body = freshet_str_of("a body");
	return watch_request(stage_watch(g), &o);
}

static void open_stage(struct stage *g)
{
	struct stage_options o;
	stage_options_init(&o);
	o.no_counting = true;
	failmem_arm(0);
	stage_open(g, &o);
}

static void what_is_being_made_is_made_or_not(void **state)
{
	(void)state;
	freshet_err (*const makes[])(struct stage *) = {make_endpoint, make_stream, make_request};
	for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++)
		for (size_t way = 0; way < WAYS; way++)
			for (size_t n = 1;; n++) {
				struct stage g;
				open_stage(&g);
				size_t before = failmem_live();
				ways[way](n);
				freshet_err err = makes[i](&g);
				bool fired = failmem_fired();
				assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
				/* Room for deadlines may have grown, which stays with the reactor. */
				if (fired)
					assert_in_range(failmem_live(), before, before + 1);
				failmem_arm(0);
				stage_close(&g);
				assert_int_equal(failmem_live(), 0);
				if (!fired)
					break;
			}
	failmem_off();
}

/* Answers whatever has not been answered. */
static void serve(struct stage *g)
{
	static const char *const later[] = {"content-type", "text/plain", "retry-after", "2", NULL};
	static char long_body[3000];
	memset(long_body, 'b', sizeof long_body);
	for (size_t i = 0; i < g->server.conn_count; i++) {
		const struct h2server_conn *c = g->server.conns[i];
		for (size_t j = 0; c->fd >= 0 && j < c->peer->call_count; j++) {
			struct h2peer_call *call = c->peer->calls[j];
			if (call->answered || call->gone)
				continue;
			const char *path = h2peer_field(call, ":path");
			if (strncmp(path, "/s", 2) == 0) {
				h2peer_open_events(call);
				h2peer_text(call, "id: an id that does not lie inside the record\ndata: a\n\n"
						  "id: another one that does not lie there either\ndata: b\n"
						  "data: of two lines\n\ndata: unfinished");
			} else {
				h2peer_answer(call, strcmp(path, "/q") == 0 ? 200 : 503, later);
				h2peer_data(call, long_body, sizeof long_body);
				h2peer_end(call);
			}
		}
	}
	stage_settle(g);
}

static void hold_and_set(struct watch *s, enum told told, const freshet_event *event)
{
	freshet_event *held;
	if (told != TOLD_EVENT)
		return;
	if (freshet_event_hold(event, &held) == FRESHET_OK)
		freshet_event_drop(held);
	freshet_err err =
		freshet_stream_set_cursor(s->stream, freshet_str_of("a cursor of the application's, a long one"));
	assert_true(err == FRESHET_OK || err == FRESHET_ENOMEM);
}

/* Everything that a stream and a request may live through. */
static void live(struct stage *g, struct watch **s, struct watch **refused)
{
	if (make_stream(g) == FRESHET_OK) {
		*s = g->watches;
		(*s)->hook = hold_and_set;
	}
	make_request(g);
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = "/refused";
	*refused = stage_watch(g);
	watch_stream(*refused, &o);
	stage_settle(g);
	serve(g);
	if (*s != NULL && (*s)->stream != NULL)
		freshet_stream_pause((*s)->stream);
	struct h2peer_call *call = h2server_find(&g->server, "/s");
	if (call != NULL && !call->gone && call->answered)
		h2peer_text(call, " and finished\n\nid: held\ndata: held\n\n");
	stage_settle(g);
	if (g->server.conn_count > 0)
		h2server_drop(g->server.conns[0], false);
	stage_settle(g);
	if (*s != NULL && (*s)->stream != NULL)
		freshet_stream_resume((*s)->stream);
	stage_settle(g);
	stage_advance(g, 5000);
	serve(g);
}

static bool alive(const struct watch *w)
{
	return w != NULL && w->stream != NULL;
}

static void check_life(struct stage *g, struct watch *s, struct watch *refused)
{
	for (int i = 0; i < 4; i++) {
		stage_advance(g, 31000);
		serve(g);
	}
	for (const struct watch *w = g->watches; w != NULL; w = w->next) {
		/* Requests have ended by now, and those that were refused a few times. */
		assert_true(!w->opened || w->dones == 1 || w == s || w == refused);
		if (w->dones == 1 && w->outcome.err != FRESHET_OK && w->outcome.err != FRESHET_EHTTP_STATUS)
			assert_int_equal(w->outcome.err, FRESHET_ENOMEM);
	}
	/* Who has survived is being served. */
	if (alive(s)) {
		assert_string_equal(freshet_stream_state(s->stream), "open");
		assert_true(s->events > 0);
	}
	if (alive(refused))
		assert_string_equal(freshet_stream_state(refused->stream), "backoff");
}

static void a_whole_life_ends_or_goes_on(void **state)
{
	(void)state;
	size_t most = 0, survived = 0;
	for (size_t way = 0; way < WAYS; way++)
		for (size_t n = 1;; n++) {
			struct stage g;
			struct watch *s = NULL, *refused = NULL;
			open_stage(&g);
			ways[way](n);
			live(&g, &s, &refused);
			bool fired = failmem_fired();
			failmem_arm(0);
			check_life(&g, s, refused);
			survived += fired && alive(s);
			stage_close(&g);
			assert_int_equal(failmem_live(), 0);
			most = n > most ? n : most;
			if (!fired)
				break;
		}
	failmem_off();
	print_message("%zu allocations\n", most - 1);
	assert_true(most > 50);
	assert_true(survived > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reactor_is_made_or_not),
		cmocka_unit_test(what_is_being_made_is_made_or_not),
		cmocka_unit_test(a_whole_life_ends_or_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
