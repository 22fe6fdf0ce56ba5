/*
 * Redirects over both protocols: reported unless they may be followed, followed only within the origin, with the method
 * and the body that the standard says, and not for ever.
 */
#include "support/client.h"
#include "support/failmem.h"
#include "support/web.h"
#include "support/test.h"

#include "reactor/reactor.h"

struct world {
	struct client client;
	struct web web;
	struct web other; /* another origin: nobody is to come there */
	char url[160];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	/* What the server answers /from, how often it was asked for the rest, and what it saw there. */
	int status;
	char location[160];
	size_t filling; /* of the redirect; 0: a short text */
	bool cut_short; /* the connection ends within the redirect */
	unsigned departures;
	unsigned arrivals;
	char method[16];
	char target[256];
	char body[64];
	size_t body_len;
	char content_type[64];
	char authorization[64];
	char mine[64];
	char last_event_id[64];
};

static const char filling[200 * 1024];

static void keep_field(struct web_call *call, const char *name, char *to, size_t size)
{
	const char *value = web_field(call, name);
	snprintf(to, size, "%s", value != NULL ? value : "");
}

static void arrive(struct world *w, struct web_call *call)
{
	w->arrivals++;
	snprintf(w->method, sizeof w->method, "%s", call->method);
	snprintf(w->target, sizeof w->target, "%s", call->target);
	w->body_len = call->body_len;
	snprintf(w->body, sizeof w->body, "%.*s", (int)call->body_len, call->body_len > 0 ? call->body : "");
	keep_field(call, "content-type", w->content_type, sizeof w->content_type);
	keep_field(call, "authorization", w->authorization, sizeof w->authorization);
	keep_field(call, "x-mine", w->mine, sizeof w->mine);
	keep_field(call, "last-event-id", w->last_event_id, sizeof w->last_event_id);
}

static void redirect(struct web_call *call, int status, const char *location)
{
	const struct world *w = call->web->user;
	char fields[256];
	snprintf(fields, sizeof fields, "%s%s%s", location[0] != '\0' ? "location: " : "", location,
		location[0] != '\0' ? "\r\n" : "");
	if (w->cut_short)
		web_cut_short(call, status, fields);
	else if (w->filling > 0)
		web_reply_bytes(call, status, fields, filling, w->filling);
	else
		web_reply(call, status, fields, "it is not here");
}

/* /base/from/here redirects as the test says, "loop" to itself, "events" is a stream; all else is there. */
static void handle(struct web_call *call)
{
	struct world *w = call->web->user;
	if (strcmp(call->target, "/base/from/here") == 0) {
		w->departures++;
		redirect(call, w->status, w->location);
	} else if (strstr(call->target, "/loop") != NULL) {
		redirect(call, w->status, "?again#and-again");
	} else {
		arrive(w, call);
		if (strstr(call->target, "/events") != NULL)
			web_events(call, "id: 7\ndata: x\n\n", w->arrivals > 1);
		else
			web_reply(call, 200, "", "here");
	}
}

static void nobody_comes(struct web_call *call)
{
	struct world *w = call->web->user;
	w->arrivals += 1000;
	web_reply(call, 200, "", "stolen");
}

static void world_open(struct world *w, bool http1)
{
	memset(w, 0, sizeof *w);
	client_start(&w->client, NULL);
	web_open(&w->web, w->client.base, http1, handle, w);
	web_open(&w->other, w->client.base, http1, nobody_comes, w);
	client_endpoint_options(&w->o, &(struct client_url){"http", "127.0.0.1", w->web.port, NULL}, w->url);
	strcat(w->url, "/base");
	w->o.protocol = http1 ? FRESHET_PROTOCOL_HTTP1 : FRESHET_PROTOCOL_HTTP2;
	w->o.bearer_token = "token";
}

static void world_endpoint(struct world *w)
{
	assert_int_equal(freshet_endpoint_new(w->client.reactor, &w->o, &w->e), FRESHET_OK);
}

static void world_close(struct world *w)
{
	assert_int_equal(web_accepted(&w->other), 0);
	web_close(&w->web);
	web_close(&w->other);
	client_stop(&w->client);
}

static const freshet_header own_fields[] = {
	{{"Content-Type", 12}, {"text/plain", 10}, false}, {{"X-Mine", 6}, {"1", 1}, false}};

static void send(struct world *w, const char *method, const char *path, bool follow, struct reply *r)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = method;
	o.path = path;
	o.headers = own_fields;
	o.header_count = 2;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		o.body = freshet_str_of("body");
	o.follow_redirects = follow;
	client_send(&w->client, w->e, &o, r);
	client_run(&w->client, NULL, NULL);
	assert_int_equal(r->dones, 1);
}

struct way {
	int status;
	const char *method;
	const char *location;
	const char *expected; /* the method that arrives; NULL: the redirect is reported */
	const char *target;
	bool body;
};

static const struct way ways[] = {
	{301, "GET", "/there", "GET", "/there", false},
	{302, "GET", "there?a=b", "GET", "/base/from/there?a=b", false},
	{303, "GET", "../x/./y#z", "GET", "/base/x/y", false},
	{307, "GET", "?q", "GET", "/base/from/here?q", false},
	{308, "GET", "//HOST/there", "GET", "/there", false},
	{308, "GET", "http://HOST/there", "GET", "/there", false},
	{301, "POST", "/there", "GET", "/there", false},
	{302, "POST", "/there", "GET", "/there", false},
	{303, "POST", "/there", "GET", "/there", false},
	{307, "POST", "/there", "POST", "/there", true},
	{308, "POST", "/there", "POST", "/there", true},
	{301, "PUT", "/there", "PUT", "/there", true},
	{303, "PUT", "/there", "GET", "/there", false},
	{307, "PATCH", "/there", "PATCH", "/there", true},
	{303, "HEAD", "/there", "HEAD", "/there", false},
	{300, "GET", "/there", NULL, NULL, false},
	{304, "GET", "/there", NULL, NULL, false},
	{305, "GET", "/there", NULL, NULL, false},
	{306, "GET", "/there", NULL, NULL, false},
	{200, "GET", "/there", NULL, NULL, false},
	{201, "POST", "/there", NULL, NULL, false},
	{302, "GET", "", NULL, NULL, false},
	{302, "GET", "http://OTHER/there", NULL, NULL, false},
	{302, "GET", "//OTHER/there", NULL, NULL, false},
	{307, "POST", "http://OTHER/there", NULL, NULL, false},
	{302, "GET", "https://HOST/there", NULL, NULL, false},
	{302, "GET", "http://localhost/there", NULL, NULL, false},
	{302, "GET", "http://user:secret@HOST/there", NULL, NULL, false},
	{302, "GET", "/not there", NULL, NULL, false},
};

/* HOST is the server's host and port, OTHER those of another origin. */
static void set_location(struct world *w, const char *text)
{
	const char *host = strstr(text, "HOST"), *other = strstr(text, "OTHER");
	const char *at = host != NULL ? host : other;
	if (at == NULL)
		snprintf(w->location, sizeof w->location, "%s", text);
	else
		snprintf(w->location, sizeof w->location, "%.*s127.0.0.1:%u%s", (int)(at - text), text,
			host != NULL ? w->web.port : w->other.port, at + (host != NULL ? 4 : 5));
}

static void check_arrival(const struct world *w, const struct way *way, const struct reply *r)
{
	bool head = strcmp(way->expected, "HEAD") == 0;
	assert_int_equal(r->status, 200);
	assert_int_equal(r->redirects, 1);
	assert_int_equal(r->outcome.outcome.attempts, 1);
	assert_string_equal(r->body, head ? "" : "here");
	assert_int_equal(w->arrivals, 1);
	assert_string_equal(w->method, way->expected);
	assert_string_equal(w->target, way->target);
	assert_string_equal(w->body, way->body ? "body" : "");
	/* What told of the body goes with it, everything else stays. */
	bool became_get = strcmp(way->method, way->expected) != 0;
	assert_string_equal(w->content_type, became_get ? "" : "text/plain");
	assert_string_equal(w->mine, "1");
	assert_non_null(strstr(w->authorization, "Bearer token"));
}

static void check_report(const struct world *w, const struct way *way, const struct reply *r)
{
	assert_int_equal(r->status, way->status);
	assert_int_equal(r->redirects, 0);
	assert_int_equal(w->arrivals, 0);
	assert_string_equal(r->location, w->location);
	assert_string_equal(r->body, way->status == 304 ? "" : "it is not here");
}

static void each_goes_its_way(void **state)
{
	const bool *http1 = *state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		const struct way *way = &ways[i];
		struct world w;
		struct reply r;
		print_message("%d %s %s\n", way->status, way->method, way->location);
		world_open(&w, *http1);
		world_endpoint(&w);
		w.status = way->status;
		set_location(&w, way->location);
		send(&w, way->method, "/from/here", true, &r);
		assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
		if (way->expected != NULL)
			check_arrival(&w, way, &r);
		else
			check_report(&w, way, &r);
		/* The answer was read to its end: its connection serves the next one. */
		assert_int_equal(web_accepted(&w.web), 1);
		world_close(&w);
	}
}

static void without_leave_none_is_followed(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct reply r;
	world_open(&w, *http1);
	world_endpoint(&w);
	w.status = 302;
	set_location(&w, "/there");
	send(&w, "GET", "/from/here", false, &r);
	assert_int_equal(r.outcome.outcome.err, FRESHET_OK);
	assert_int_equal(r.status, 302);
	assert_string_equal(r.location, "/there");
	assert_string_equal(r.outcome.location, "/there");
	assert_int_equal(w.arrivals, 0);
	world_close(&w);
}

/* Nobody sees it: it may be longer than answers may be, so long that it is not waited for, or not come whole. */
static void the_body_of_a_redirect_does_not_matter(void **state)
{
	const bool *http1 = *state;
	static const size_t sizes[] = {1000, 60000, 70000, sizeof filling, 0};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct world w;
		struct reply r;
		struct follower f = {.on_event = NULL};
		freshet_request_options q;
		freshet_stream_options s;
		world_open(&w, *http1);
		w.o.stream.follow_redirects = true;
		world_endpoint(&w);
		w.status = 307;
		set_location(&w, "/events");
		w.filling = sizes[i];
		w.cut_short = sizes[i] == 0;
		w.arrivals = 1; /* the server then ends the stream by itself */
		freshet_stream_options_init(&s);
		s.path = "/from/here";
		client_open(&w.client, w.e, &s, &f);
		client_run(&w.client, NULL, NULL);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_int_equal(f.end_events, 1);
		freshet_request_options_init(&q);
		q.path = "/from/here";
		q.max_body = 100;
		q.follow_redirects = true;
		client_send(&w.client, w.e, &q, &r);
		client_run(&w.client, NULL, NULL);
		assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
		assert_int_equal(r.status, 200);
		assert_int_equal(w.departures, 2);
		/* Over HTTP/1.1 what is not read to its end costs the connection, unless the end has come with the rest. */
		unsigned lost = sizes[i] == 0 ? 2 : 0;
		unsigned perhaps = *http1 && sizes[i] > 64 * 1024 ? 2 : 0;
		assert_in_range(web_accepted(&w.web), 1 + lost, 1 + lost + perhaps);
		world_close(&w);
	}
}

static void circles_end(void **state)
{
	const bool *http1 = *state;
	static const uint32_t bounds[] = {0, 1, 5};
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		uint32_t bound = bounds[i] != 0 ? bounds[i] : 10;
		struct world w;
		struct reply r;
		freshet_request_options o;
		world_open(&w, *http1);
		world_endpoint(&w);
		w.status = 308;
		freshet_request_options_init(&o);
		o.path = "/loop";
		o.follow_redirects = true;
		o.max_redirects = bounds[i];
		client_send(&w.client, w.e, &o, &r);
		client_run(&w.client, NULL, NULL);
		assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_EHTTP_REDIRECTS");
		assert_string_equal(r.outcome.text, "more redirects than allowed");
		assert_int_equal(r.redirects, bound);
		assert_int_equal(w.web.calls, bound + 1);
		/* The last of them is there to be looked at. */
		assert_int_equal(r.status, 308);
		assert_string_equal(r.location, "?again#and-again");
		world_close(&w);
	}
}

/* Streams. */

static void follow(struct world *w, const char *method, const char *path, struct follower *f)
{
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.method = method;
	o.path = path;
	if (method != NULL)
		o.body = freshet_str_of("body");
	f->on_event = NULL;
	client_open(&w->client, w->e, &o, f);
	client_run(&w->client, NULL, NULL);
	assert_int_equal(f->dones, 1);
}

static void a_stream_follows(void **state)
{
	const bool *http1 = *state;
	static const struct {
		int status;
		const char *method;
		const char *expected;
	} streams[] = {{307, NULL, "GET"}, {301, NULL, "GET"}, {303, "POST", "GET"}, {302, "POST", "GET"},
		{308, "POST", "POST"}};
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		struct world w;
		struct follower f;
		world_open(&w, *http1);
		w.o.stream.follow_redirects = true;
		world_endpoint(&w);
		w.status = streams[i].status;
		set_location(&w, "http://HOST/events?x");
		w.arrivals = 1; /* the server then ends the stream by itself */
		follow(&w, streams[i].method, "/from/here", &f);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_int_equal(f.end_events, 1);
		assert_int_equal(f.reconnects, 0);
		assert_string_equal(w.method, streams[i].expected);
		assert_string_equal(w.target, "/events?x");
		assert_string_equal(w.body, strcmp(w.method, "POST") == 0 ? "body" : "");
		assert_int_equal(web_accepted(&w.web), 1);
		world_close(&w);
	}
}

static void a_stream_that_may_not_follow_tells_where_to(void **state)
{
	const bool *http1 = *state;
	for (int i = 0; i < 2; i++) {
		struct world w;
		struct follower f;
		world_open(&w, *http1);
		w.o.stream.follow_redirects = i == 1;
		w.o.stream.max_attempts = 5;
		world_endpoint(&w);
		w.status = 302;
		set_location(&w, i == 1 ? "http://OTHER/events" : "/events");
		follow(&w, NULL, "/from/here", &f);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_EHTTP_REDIRECT");
		assert_string_equal(f.end.location, w.location);
		assert_int_equal(f.end.outcome.http_status, 302);
		assert_int_equal(w.web.calls, 1);
		world_close(&w);
	}
}

static void a_stream_in_a_circle_ends(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct follower f;
	world_open(&w, *http1);
	w.o.stream.follow_redirects = true;
	w.o.stream.max_redirects = 3;
	w.o.stream.max_attempts = 5;
	world_endpoint(&w);
	w.status = 302;
	follow(&w, NULL, "/loop", &f);
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_EHTTP_REDIRECTS");
	assert_int_equal(w.web.calls, 4);
	assert_int_equal(f.reconnects, 0);
	world_close(&w);
}

/* Each subscription begins where the first one did, with its cursor and with hops of its own. */
static void a_stream_that_was_cut_begins_anew(void **state)
{
	const bool *http1 = *state;
	struct world w;
	struct follower f;
	world_open(&w, *http1);
	w.o.stream.follow_redirects = true;
	w.o.stream.max_redirects = 1;
	w.o.stream.end_is_final = false;
	w.o.stream.max_attempts = 2;
	w.o.stream.backoff_min_ms = 1;
	w.o.stream.backoff_max_ms = 2;
	w.o.stream.duplicates = FRESHET_DUPLICATES_ORDER;
	world_endpoint(&w);
	w.status = 302;
	set_location(&w, "/events");
	w.arrivals = 1;
	follow(&w, NULL, "/from/here", &f);
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_EHTTP_TRUNCATED");
	assert_int_equal(f.end_events, 1);
	assert_int_equal(f.reconnects, 1);
	assert_int_equal(w.departures, 2);
	assert_string_equal(w.last_event_id, "7");
	assert_string_equal(w.web.order, "GET /base/from/here GET /events GET /base/from/here GET /events ");
	world_close(&w);
}

/* Every allocation fails in turn, alone or with all that follow. */
static bool out_of_memory(bool http1, void (*arm)(size_t n), size_t n)
{
	struct world world, *w = &world;
	struct reply r;
	struct follower f = {.on_event = NULL};
	freshet_request_options q;
	freshet_stream_options s;
	world_open(w, http1);
	w->o.stream.follow_redirects = true;
	w->status = 303;
	set_location(w, "/events");
	w->arrivals = 1;
	world_endpoint(w);
	freshet_request_options_init(&q);
	q.method = "POST";
	q.path = "/from/here";
	q.body = freshet_str_of("body");
	q.follow_redirects = true;
	client_send(&w->client, w->e, &q, &r);
	freshet_stream_options_init(&s);
	s.path = "/from/here";
	client_open(&w->client, w->e, &s, &f);
	arm(n);
	client_run(&w->client, NULL, NULL);
	bool fired = failmem_fired();
	failmem_arm(0);
	assert_int_equal(r.dones, 1);
	assert_int_equal(f.dones, 1);
	if (r.outcome.outcome.err != FRESHET_OK)
		assert_int_equal(r.outcome.outcome.err, FRESHET_ENOMEM);
	if (f.end.outcome.err != FRESHET_OK)
		assert_int_equal(f.end.outcome.err, FRESHET_ENOMEM);
	assert_true(fired || (r.status == 200 && f.end_events == 1));
	world_close(w);
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
		assert_true(n > 20);
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
		OVER_BOTH(each_goes_its_way),
		OVER_BOTH(without_leave_none_is_followed),
		OVER_BOTH(the_body_of_a_redirect_does_not_matter),
		OVER_BOTH(circles_end),
		OVER_BOTH(a_stream_follows),
		OVER_BOTH(a_stream_that_may_not_follow_tells_where_to),
		OVER_BOTH(a_stream_in_a_circle_ends),
		OVER_BOTH(a_stream_that_was_cut_begins_anew),
		OVER_BOTH(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
