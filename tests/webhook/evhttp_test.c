/*
 * The handler on a real evhttp server, spoken to by bytes: deliveries, refusals and other pages side by side, answers that
 * wait, clients that leave, and every way to end.
 */
#include "webhook/post.h"

#include "support/caller.h"
#include "support/failmem.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define TOKEN "t0ken_6b1d"

struct world {
	struct event_base *base;
	struct evhttp *http;
	uint16_t port;
	freshet_webhook *webhook; /* NULL: freed by a callback */
	freshet_webhook_verdict verdict;
	unsigned deliveries;
	unsigned unconfirmed;
	unsigned pages;
	int64_t task_id;
	uint64_t ticket;
	bool finish_inside;
	bool free_inside;
};

static freshet_webhook_verdict deal(struct world *world, freshet_webhook *webhook, const freshet_webhook_delivery *d)
{
	assert_ptr_equal(webhook, world->webhook);
	world->ticket = d->ticket;
	world->task_id = d->sudoiq->task_id;
	if (world->finish_inside)
		assert_int_equal(freshet_webhook_finish(webhook, d->ticket, FRESHET_WEBHOOK_IGNORED, NULL), FRESHET_OK);
	if (world->free_inside) {
		freshet_webhook_free(webhook);
		freshet_webhook_free(webhook);
		world->webhook = NULL;
		/* What it was given stays until it returns. */
		assert_true(d->sudoiq->task_id == world->task_id);
	}
	return world->verdict;
}

static freshet_webhook_verdict on_delivery(freshet_webhook *webhook, const freshet_webhook_delivery *d, void *user)
{
	struct world *world = user;
	assert_int_equal(d->outcome, FRESHET_WEBHOOK_NEW);
	world->deliveries++;
	return deal(world, webhook, d);
}

static freshet_webhook_verdict on_unconfirmed(freshet_webhook *webhook, const freshet_webhook_delivery *d, void *user)
{
	struct world *world = user;
	assert_int_equal(d->outcome, FRESHET_WEBHOOK_UNCONFIRMED);
	world->unconfirmed++;
	return deal(world, webhook, d);
}

static void on_page(struct evhttp_request *request, void *user)
{
	struct world *world = user;
	struct evbuffer *body = evbuffer_new();
	world->pages++;
	evbuffer_add_printf(body, "page %u", world->pages);
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

static void on_routed(struct evhttp_request *request, void *user)
{
	struct world *world = user;
	freshet_webhook_evhttp_handle(world->webhook, request);
}

static void serve(struct world *world, const freshet_webhook_options *o, const char *path)
{
	freshet_webhook_evhttp_options server;
	struct evhttp_bound_socket *bound;
	struct sockaddr_in address;
	socklen_t len = sizeof address;
	memset(world, 0, sizeof *world);
	world->base = event_base_new();
	world->http = evhttp_new(world->base);
	bound = evhttp_bind_socket_with_handle(world->http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	world->port = ntohs(address.sin_port);
	assert_int_equal(evhttp_set_cb(world->http, "/page", on_page, world), 0);
	world->webhook = post_receiver(o);
	freshet_webhook_evhttp_options_init(&server);
	server.path = path;
	server.on_delivery = on_delivery;
	server.on_unconfirmed = on_unconfirmed;
	server.user = world;
	assert_int_equal(freshet_webhook_evhttp(world->webhook, world->http, &server), FRESHET_OK);
}

static void open_world(struct world *world)
{
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_body = 4000;
	serve(world, &o, "/hooks/sudoiq");
}

static void close_world(struct world *world)
{
	freshet_webhook_free(world->webhook);
	evhttp_free(world->http);
	event_base_free(world->base);
}

/* Says a request; its answer is waited for by others. */
static void say_to(struct caller *c, const char *target, const char *body, const char *id, const char *secret)
{
	char text[8192];
	struct post p;
	post_begin(&p, freshet_str_of(body));
	post_sign_sudoiq(&p, secret, POST_NOW_S);
	snprintf(text, sizeof text,
		"POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"X-Sudoiq-Timestamp: %s\r\nX-Sudoiq-Signature: %s\r\nX-Sudoiq-Delivery: %s\r\n\r\n%s",
		target, strlen(body), p.timestamp, p.signature, id, body);
	caller_say(c, text);
}

static void say(struct caller *c, const char *body, const char *id)
{
	say_to(c, "/hooks/sudoiq", body, id, POST_SECRET);
}

static void hear(struct caller *c, const char *status, const char *answer)
{
	char line[64];
	snprintf(line, sizeof line, "HTTP/1.1 %s\r\n", status);
	const char *heard = caller_take(c, answer);
	if (strstr(heard, line) == NULL)
		print_error("heard: %s\n", heard);
	assert_non_null(strstr(heard, line));
	assert_non_null(strstr(heard, "Content-Type: application/json\r\n"));
}

#define FINE    "{\"ok\":true}"
#define IGNORED "{\"ok\":true,\"status\":\"ignored\"}"
#define NOT_NOW "{\"ok\":false,\"error\":\"not now\"}"

/* ---- deliveries and pages ---- */

static void deliveries_beside_pages(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	struct caller *other = caller_open(world.base, world.port, NULL);
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "200 OK", FINE);
	assert_true(world.task_id == 7);
	caller_say(c, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
	caller_take(c, "page 1");
	caller_say(other, "GET /page?token=x HTTP/1.1\r\nHost: h\r\n\r\n");
	caller_take(other, "page 2");
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "200 OK", FINE);
	assert_int_equal(world.deliveries, 1);
	world.verdict = FRESHET_WEBHOOK_IGNORED;
	say(c, POST_STATUS(8, "running", 1), "d2");
	hear(c, "200 OK", IGNORED);
	world.verdict = FRESHET_WEBHOOK_REJECTED;
	say(c, POST_STATUS(8, "running", 1), "d2");
	hear(c, "503 Service Unavailable", NOT_NOW);
	world.verdict = FRESHET_WEBHOOK_TAKEN;
	say(c, POST_STATUS(8, "running", 1), "d2");
	hear(c, "200 OK", FINE);
	assert_int_equal(world.deliveries, 4);
	caller_say(c, "GET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n");
	caller_until(c, "404");
	caller_close(other);
	caller_close(c);
	close_world(&world);
}

static void refusals(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	caller_say(c, "GET /hooks/sudoiq HTTP/1.1\r\nHost: h\r\n\r\n");
	const char *heard = caller_take(c, "only POST is understood\"}");
	assert_non_null(strstr(heard, "HTTP/1.1 405 Method Not Allowed\r\n"));
	assert_non_null(strstr(heard, "Allow: POST\r\n"));
	say_to(c, "/hooks/sudoiq", "{}", "d", POST_OTHER);
	hear(c, "401 Unauthorized", "the signature is wrong\"}");
	say(c, "{}", "d");
	hear(c, "400 Bad Request", "is not what it should be\"}");
	say(c, "{\"task_id\":1,", "d");
	hear(c, "400 Bad Request", "within the limits\"}");
	caller_say(c, "POST /hooks/sudoiq HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
	hear(c, "401 Unauthorized", "there is no signature\"}");
	caller_say(c, "POST /hooks/sudoiq HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
	hear(c, "401 Unauthorized", "there is no signature\"}");
	assert_int_equal(world.deliveries, 0);
	caller_close(c);
	/* The server reads no more than it is told to. */
	c = caller_open(world.base, world.port, NULL);
	caller_say(c, "POST /hooks/sudoiq HTTP/1.1\r\nHost: h\r\nContent-Length: 4001\r\n\r\n{");
	caller_until(c, "413");
	caller_close(c);
	c = caller_open(world.base, world.port, NULL);
	caller_say(c, "POST /hooks/sudoiq HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfa1\r\n");
	caller_until(c, "413");
	caller_close(c);
	/* Nor more headers than have a use. */
	c = caller_open(world.base, world.port, NULL);
	caller_say(c, "POST /hooks/sudoiq HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n");
	for (int i = 0; i < 130; i++)
		caller_say(c, "A: b\r\n");
	caller_say(c, "\r\n");
	caller_until(c, "431");
	freshet_webhook_stats stats;
	freshet_webhook_stats_init(&stats);
	assert_int_equal(freshet_webhook_stats_get(world.webhook, &stats), FRESHET_OK);
	assert_int_equal(stats.turned_away, 1);
	caller_close(c);
	c = caller_open(world.base, world.port, NULL);
	char flood[1024];
	memset(flood, 'x', sizeof flood);
	caller_say(c, "POST /hooks/sudoiq HTTP/1.1\r\nA: ");
	for (int i = 0; i < 70 && c->state == CALLER_UP; i++)
		caller_say_bytes(c, flood, sizeof flood);
	caller_until_down(c);
	caller_close(c);
	assert_int_equal(world.deliveries, 0);
	close_world(&world);
}

/* A body in chunks, cut anywhere, is one body; the signature is over what it is, not over how it came. */
static void in_chunks(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct post p;
	char text[2048];
	post_sudoiq(&p, POST_STATUS(7, "running", 1), NULL);
	snprintf(text, sizeof text,
		"POST /hooks/sudoiq HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Type: "
		"application/json\r\n"
		"X-Sudoiq-Timestamp: %s\r\nX-Sudoiq-Signature: %s\r\n\r\n5\r\n%.5s\r\n%zx\r\n%s\r\n0\r\n\r\n",
		p.timestamp, p.signature, p.q.body.ptr, p.q.body.len - 5, p.q.body.ptr + 5);
	struct caller *c = caller_open(world.base, world.port, NULL);
	for (size_t i = 0; i < strlen(text); i++)
		caller_say_bytes(c, text + i, 1);
	hear(c, "200 OK", FINE);
	assert_int_equal(world.deliveries, 1);
	caller_close(c);
	close_world(&world);
}

/* ---- answers that wait ---- */

static void until_delivered(struct world *world, struct caller *c, unsigned deliveries)
{
	while (world->deliveries + world->unconfirmed < deliveries)
		caller_turn(c);
}

static void an_answer_waits(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	struct caller *again = caller_open(world.base, world.port, NULL);
	world.verdict = FRESHET_WEBHOOK_LATER;
	say(c, POST_STATUS(7, "running", 1), "d1");
	until_delivered(&world, c, 1);
	say(again, POST_STATUS(7, "running", 1), "d1");
	hear(again, "503 Service Unavailable", NOT_NOW);
	assert_string_equal(caller_take_all(c), "");
	assert_int_equal(freshet_webhook_finish(world.webhook, world.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	hear(c, "200 OK", FINE);
	say(again, POST_STATUS(7, "running", 1), "d1");
	hear(again, "200 OK", FINE);
	assert_int_equal(world.deliveries, 1);
	/* The connection is as good as before. */
	say(c, POST_STATUS(7, "running", 2), "d2");
	until_delivered(&world, c, 2);
	assert_int_equal(
		freshet_webhook_finish(world.webhook, world.ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	hear(c, "503 Service Unavailable", NOT_NOW);
	caller_close(again);
	caller_close(c);
	close_world(&world);
}

static void a_ticket_is_finished_inside(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	world.finish_inside = true;
	world.verdict = FRESHET_WEBHOOK_LATER;
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "200 OK", IGNORED);
	world.verdict = FRESHET_WEBHOOK_TAKEN;
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "200 OK", IGNORED);
	assert_int_equal(world.deliveries, 2);
	caller_close(c);
	close_world(&world);
}

static void a_client_leaves_before_its_answer(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	world.verdict = FRESHET_WEBHOOK_LATER;
	say(c, POST_STATUS(7, "running", 1), "d1");
	until_delivered(&world, c, 1);
	caller_close(c);
	for (int i = 0; i < 10; i++)
		event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_int_equal(freshet_webhook_finish(world.webhook, world.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	for (int i = 0; i < 10; i++)
		event_base_loop(world.base, EVLOOP_NONBLOCK);
	/* The next one is served. */
	c = caller_open(world.base, world.port, NULL);
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "200 OK", FINE);
	assert_int_equal(world.deliveries, 1);
	caller_close(c);
	close_world(&world);
}

/* ---- ends ---- */

static void who_waits_is_told_when_it_ends(void **state)
{
	(void)state;
	struct world world;
	open_world(&world);
	struct caller *first = caller_open(world.base, world.port, NULL);
	struct caller *second = caller_open(world.base, world.port, NULL);
	world.verdict = FRESHET_WEBHOOK_LATER;
	say(first, POST_STATUS(7, "running", 1), "d1");
	until_delivered(&world, first, 1);
	say(second, POST_STATUS(8, "running", 1), "d2");
	until_delivered(&world, second, 2);
	freshet_webhook_free(world.webhook);
	world.webhook = NULL;
	hear(first, "503 Service Unavailable", NOT_NOW);
	hear(second, "503 Service Unavailable", NOT_NOW);
	/* The page is gone, the others stand. */
	say(first, POST_STATUS(7, "running", 1), "d1");
	caller_until(first, "404");
	caller_say(second, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
	caller_take(second, "page 1");
	caller_close(second);
	caller_close(first);
	close_world(&world);
}

static void it_is_freed_inside_its_callback(void **state)
{
	(void)state;
	static const freshet_webhook_verdict verdicts[] = {
		FRESHET_WEBHOOK_TAKEN, FRESHET_WEBHOOK_LATER, FRESHET_WEBHOOK_REJECTED};
	for (size_t i = 0; i < 3; i++) {
		struct world world;
		open_world(&world);
		struct caller *c = caller_open(world.base, world.port, NULL);
		world.free_inside = true;
		world.verdict = verdicts[i];
		say(c, POST_STATUS(7, "running", 1), "d1");
		/* What the callback says afterwards, nobody hears: it may come again. */
		hear(c, "503 Service Unavailable", NOT_NOW);
		assert_null(world.webhook);
		caller_close(c);
		close_world(&world);
	}
}

/* ---- options of the handler ---- */

static void mounting(void **state)
{
	(void)state;
	struct world world;
	freshet_webhook_evhttp_options server;
	freshet_webhook_options o;
	open_world(&world);
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	freshet_webhook *w = post_receiver(&o);
	freshet_webhook_evhttp_options_init(&server);
	server.path = "/hooks/more";
	assert_int_equal(freshet_webhook_evhttp(w, world.http, &server), FRESHET_EINVAL);
	server.on_delivery = on_delivery;
	assert_int_equal(freshet_webhook_evhttp(w, NULL, &server), FRESHET_EINVAL);
	assert_int_equal(freshet_webhook_evhttp(w, world.http, NULL), FRESHET_EINVAL);
	/* The path of another is not taken away. */
	server.path = "/page";
	assert_int_equal(freshet_webhook_evhttp(w, world.http, &server), FRESHET_ESTATE);
	server.path = "/hooks/more";
	assert_int_equal(freshet_webhook_evhttp(w, world.http, &server), FRESHET_OK);
	assert_int_equal(freshet_webhook_evhttp(w, world.http, &server), FRESHET_ESTATE);
	assert_int_equal(freshet_webhook_evhttp(world.webhook, world.http, &server), FRESHET_ESTATE);
	freshet_webhook_free(w);
	struct caller *c = caller_open(world.base, world.port, NULL);
	caller_say(c, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
	caller_take(c, "page 1");
	caller_close(c);
	close_world(&world);
	/* What is to be confirmed needs somebody who does. */
	o.confirm_with_status = true;
	w = post_receiver(&o);
	world.http = evhttp_new(NULL);
	assert_int_equal(freshet_webhook_evhttp(w, world.http, &server), FRESHET_EINVAL);
	freshet_webhook_free(w);
	evhttp_free(world.http);
}

static void a_token_in_a_path_that_the_host_routes(void **state)
{
	(void)state;
	static const freshet_str token = {TOKEN, sizeof TOKEN - 1};
	struct world world;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.tokens = &token;
	o.token_count = 1;
	o.token_place = FRESHET_WEBHOOK_TOKEN_PATH;
	serve(&world, &o, NULL);
	evhttp_set_gencb(world.http, on_routed, &world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	say_to(c, "/hooks/" TOKEN, POST_STATUS(7, "running", 1), "d1", POST_SECRET);
	hear(c, "200 OK", FINE);
	say_to(c, "/hooks/" TOKEN "x", POST_STATUS(8, "running", 1), "d2", POST_SECRET);
	hear(c, "401 Unauthorized", "the token is missing or wrong\"}");
	assert_int_equal(world.deliveries, 1);
	caller_close(c);
	close_world(&world);
}

static void nothing_is_believed(void **state)
{
	(void)state;
	static const char body[] = POST_STATUS(7, "completed", 5);
	struct world world;
	freshet_webhook_options o;
	freshet_webhook_delivery d;
	freshet_sudoiq_status *status;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.confirm_with_status = true;
	serve(&world, &o, "/hooks/sudoiq");
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(body), NULL, &status, NULL), FRESHET_OK);
	struct caller *c = caller_open(world.base, world.port, NULL);
	/* Answered at once, confirmed afterwards. */
	say(c, body, "d1");
	hear(c, "200 OK", FINE);
	assert_int_equal(world.unconfirmed, 1);
	assert_int_equal(world.deliveries, 0);
	assert_int_equal(freshet_webhook_confirm(world.webhook, world.ticket, status, &d), FRESHET_OK);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(world.webhook, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	/* Answered when it is confirmed, and this one is not new. */
	world.verdict = FRESHET_WEBHOOK_LATER;
	say(c, body, "d2");
	until_delivered(&world, c, 2);
	assert_string_equal(caller_take_all(c), "");
	assert_int_equal(freshet_webhook_confirm(world.webhook, world.ticket, status, &d), FRESHET_OK);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_DUPLICATE);
	hear(c, "200 OK", FINE);
	/* Not answered well before it could be read. */
	world.verdict = FRESHET_WEBHOOK_REJECTED;
	say(c, body, "d3");
	hear(c, "503 Service Unavailable", NOT_NOW);
	freshet_webhook_stats stats;
	freshet_webhook_stats_init(&stats);
	assert_int_equal(freshet_webhook_stats_get(world.webhook, &stats), FRESHET_OK);
	assert_int_equal(stats.outcomes[FRESHET_WEBHOOK_UNCONFIRMED], 3);
	assert_int_equal(stats.confirmed[FRESHET_WEBHOOK_NEW], 1);
	assert_int_equal(stats.confirmed[FRESHET_WEBHOOK_DUPLICATE], 1);
	assert_int_equal(stats.finished[FRESHET_WEBHOOK_TAKEN], 1);
	assert_int_equal(stats.finished[FRESHET_WEBHOOK_REJECTED], 1);
	freshet_sudoiq_status_free(status);
	caller_close(c);
	close_world(&world);
}

static void without_memory_it_may_come_again(void **state)
{
	(void)state;
	struct world world;
	failmem_arm(0);
	open_world(&world);
	struct caller *c = caller_open(world.base, world.port, NULL);
	failmem_arm(1);
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "503 Service Unavailable", NOT_NOW);
	assert_true(failmem_fired());
	failmem_arm(0);
	say(c, POST_STATUS(7, "running", 1), "d1");
	hear(c, "200 OK", FINE);
	assert_int_equal(world.deliveries, 1);
	caller_close(c);
	close_world(&world);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deliveries_beside_pages),
		cmocka_unit_test(refusals),
		cmocka_unit_test(in_chunks),
		cmocka_unit_test(an_answer_waits),
		cmocka_unit_test(a_ticket_is_finished_inside),
		cmocka_unit_test(a_client_leaves_before_its_answer),
		cmocka_unit_test(who_waits_is_told_when_it_ends),
		cmocka_unit_test(it_is_freed_inside_its_callback),
		cmocka_unit_test(mounting),
		cmocka_unit_test(a_token_in_a_path_that_the_host_routes),
		cmocka_unit_test(nothing_is_believed),
		cmocka_unit_test(without_memory_it_may_come_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
