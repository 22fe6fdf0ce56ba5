/*
 * Streams that are answered with something else: its status, type and whole body are told, over HTTP/2 and HTTP/1.1, up to
 * the limit of the options; past that, and where it broke off, that it is not whole. And event streams whose status is
 * another one of 2xx.
 */
#include "support/h1world.h"
#include "support/stage.h"
#include "support/test.h"

#define DEFAULT_LIMIT ((size_t)64 * 1024)

/* Bytes of which none is like its neighbours. */
static char *letters(size_t len)
{
	char *text = malloc(len + 1);
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + i % 23);
	text[len] = '\0';
	return text;
}

/* What a test hears of the end of one stream. */
struct ear {
	unsigned dones;
	unsigned others; /* callbacks that must not come */
	freshet_err err;
	int http_status;
	char content_type[64];
	char *body;
	size_t body_len;
	bool body_cut;
};

static void on_event(freshet_stream *stream, const freshet_event *event, void *user)
{
	struct ear *ear = user;
	(void)stream;
	(void)event;
	ear->others++;
}

static void on_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	struct ear *ear = user;
	const freshet_outcome *o = &end->outcome;
	(void)stream;
	ear->dones++;
	ear->err = o->err;
	ear->http_status = o->http_status;
	snprintf(ear->content_type, sizeof ear->content_type, "%.*s", (int)o->content_type.len, o->content_type.ptr);
	ear->body = malloc(o->body.len + 1);
	assert_non_null(ear->body);
	memcpy(ear->body, o->body.len > 0 ? o->body.ptr : "", o->body.len);
	ear->body_len = o->body.len;
	ear->body_cut = o->body_cut;
}

static void open_post(freshet_endpoint *endpoint, size_t most, struct ear *ear)
{
	freshet_stream_options o;
	freshet_stream *stream;
	freshet_stream_options_init(&o);
	o.path = "/invoke";
	o.method = "POST";
	o.body = freshet_str_of("{}");
	o.max_other_body = most;
	o.callbacks = (freshet_stream_callbacks){.on_event = on_event, .on_done = on_done};
	o.user = ear;
	*ear = (struct ear){.dones = 0};
	assert_int_equal(freshet_stream_open(endpoint, &o, &stream), FRESHET_OK);
}

/* It heard of such an answer, of which `kept` bytes of `text` are there. */
static void check_ear(struct ear *ear, int status, const char *text, size_t kept, bool cut)
{
	assert_int_equal(ear->dones, 1);
	assert_int_equal(ear->others, 0);
	assert_int_equal(ear->err, status < 300 ? FRESHET_ECONTENT_TYPE : FRESHET_EHTTP_STATUS);
	assert_int_equal(ear->http_status, status);
	assert_string_equal(ear->content_type, "application/json");
	assert_int_equal(ear->body_len, kept);
	if (kept > 0)
		assert_memory_equal(ear->body, text, kept);
	assert_int_equal(ear->body_cut, cut);
	free(ear->body);
}

/* Limit of the options (0: default), length of the body, what is kept. */
struct size_case {
	size_t most;
	size_t len;
	size_t kept;
};

static const struct size_case sizes[] = {
	{0, 0, 0},
	{0, 1, 1},
	{0, DEFAULT_LIMIT - 1, DEFAULT_LIMIT - 1},
	{0, DEFAULT_LIMIT, DEFAULT_LIMIT},
	{0, DEFAULT_LIMIT + 1, DEFAULT_LIMIT},
	{1, 0, 0},
	{1, 1, 1},
	{1, 2, 1},
	{100, 5000, 100},
	{1000000, 999999, 999999},
	{1000000, 1000000, 1000000},
	{1000000, 1000001, 1000000},
	{1000000, 3000000, 1000000},
};

static const int statuses[] = {200, 201, 202, 299, 404};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const json_fields[] = {"content-type", "application/json", NULL};

static void whole_up_to_the_limit_over_http2(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes) * COUNT(statuses); i++) {
		const struct size_case *c = &sizes[i / COUNT(statuses)];
		int status = statuses[i % COUNT(statuses)];
		struct stage g;
		struct ear ear;
		char *text = letters(c->len);
		stage_open(&g, NULL);
		open_post(g.endpoint, c->most, &ear);
		stage_settle(&g);
		struct h2peer_call *call = stage_call(&g, "/invoke");
		h2peer_answer(call, status, json_fields);
		h2peer_data(call, text, c->len);
		stage_settle(&g);
		/* One that is too long is not waited for. */
		assert_int_equal(ear.dones, c->len > c->kept ? 1 : 0);
		assert_int_equal(call->reset, c->len > c->kept);
		if (!call->gone)
			h2peer_end(call);
		stage_settle(&g);
		check_ear(&ear, status, text, c->kept, c->len > c->kept);
		free(text);
		stage_close(&g);
	}
}

/* With the headers alone there is a body as well: an empty one, which is whole. */
static void an_answer_that_is_its_headers_alone(void **state)
{
	struct stage g;
	struct ear ear;
	(void)state;
	stage_open(&g, NULL);
	open_post(g.endpoint, 0, &ear);
	stage_settle(&g);
	h2peer_answer_empty(stage_call(&g, "/invoke"), 202, json_fields);
	stage_settle(&g);
	check_ear(&ear, 202, "", 0, false);
	stage_close(&g);
}

/* Reset, the connection's loss, silence, the stream's own deadline: what came is told, and that it is not whole. */
static void one_that_breaks_off_is_told_as_cut(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		struct stage g;
		struct stage_options o;
		stage_options_init(&o);
		stage_open(&g, &o);
		freshet_stream_options so;
		freshet_stream_options_init(&so);
		so.path = "/invoke";
		so.method = "POST";
		so.deadline_ms = way == 3 ? 1000 : 0;
		struct watch *s = stage_watch(&g);
		assert_int_equal(watch_stream(s, &so), FRESHET_OK);
		stage_settle(&g);
		struct h2peer_call *call = stage_call(&g, "/invoke");
		h2peer_answer(call, 201, json_fields);
		h2peer_text(call, "{\"half\":");
		stage_settle(&g);
		if (way == 0)
			h2peer_reset(call, 2);
		else if (way == 1)
			h2server_drop(g.server.conns[0], true);
		stage_advance(&g, way < 2 ? 0 : 30000);
		stage_settle(&g);
		assert_int_equal(s->dones, 1);
		assert_int_equal(s->outcome.err, way == 3 ? FRESHET_EDEADLINE : FRESHET_ECONTENT_TYPE);
		assert_int_equal(s->outcome.http_status, 201);
		assert_string_equal(s->body, "{\"half\":");
		assert_true(s->outcome.body_cut);
		stage_close(&g);
	}
}

enum framing { CHUNKED, SIZED, TO_CLOSE, FRAMINGS };

struct http1_case {
	struct h1world w;
	const struct size_case *size;
	int status;
	enum framing framing;
	bool short_of; /* the connection closes before the end of the body */
	char *text;
};

static void answer_json(struct h1server_conn *c, const struct h1server_request *q)
{
	struct http1_case *t = c->server->user;
	static const char *const how[] = {[CHUNKED] = "transfer-encoding: chunked", [TO_CLOSE] = "connection: close"};
	char head[256], length[64];
	assert_string_equal(q->method, "POST");
	snprintf(length, sizeof length, "content-length: %zu", t->size->len);
	snprintf(head, sizeof head, "HTTP/1.1 %d X\r\ncontent-type: application/json\r\n%s\r\n\r\n", t->status,
		t->framing == SIZED ? length : how[t->framing]);
	h1server_write(c, head);
	/* In two chunks, of which the second one may be missing. */
	size_t first = t->size->len / 2;
	const size_t parts[] = {first, t->short_of ? 0 : t->size->len - first};
	for (size_t i = 0, at = 0; i < 2; at += parts[i++]) {
		char line[32];
		snprintf(line, sizeof line, "%zx\r\n", parts[i]);
		if (t->framing == CHUNKED && parts[i] > 0)
			h1server_write(c, line);
		h1server_write_bytes(c, t->text + at, parts[i]);
		if (t->framing == CHUNKED && parts[i] > 0)
			h1server_write(c, "\r\n");
	}
	if (t->framing == CHUNKED && !t->short_of)
		h1server_write(c, "0\r\n\r\n");
	h1server_done(c);
	if (t->framing == TO_CLOSE || t->short_of)
		h1server_finish(c);
}

static bool heard(void *user)
{
	return ((struct ear *)user)->dones > 0;
}

static void run_http1_case(struct http1_case *t, size_t kept, bool cut)
{
	struct ear ear;
	t->text = letters(t->size->len);
	h1world_open(&t->w, answer_json);
	t->w.server.user = t;
	h1world_endpoint(&t->w);
	open_post(t->w.e, t->size->most, &ear);
	h1world_wait(&t->w, heard, &ear);
	check_ear(&ear, t->status, t->text, kept, cut);
	h1world_close(&t->w);
	free(t->text);
}

static void whole_up_to_the_limit_over_http1(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes) * FRAMINGS; i++) {
		const struct size_case *size = &sizes[i / FRAMINGS];
		struct http1_case t = {
			.size = size, .status = statuses[i % COUNT(statuses)], .framing = (enum framing)(i % FRAMINGS)};
		run_http1_case(&t, size->kept, size->len > size->kept);
	}
}

static void one_that_breaks_off_over_http1(void **state)
{
	static const struct size_case size = {0, 5000, 2500};
	(void)state;
	for (int framing = CHUNKED; framing <= SIZED; framing++) {
		struct http1_case t = {
			.size = &size, .status = 202, .framing = (enum framing)framing, .short_of = true};
		run_http1_case(&t, size.kept, true);
	}
}

/* Told to do so, a stream takes an event stream with any status of 2xx; it is not told to take other things for one. */
static void an_event_stream_with_another_status(void **state)
{
	static const char *const events[] = {"content-type", "text/event-stream; charset=utf-8", NULL};
	static const struct {
		int status;
		bool any_2xx;
		const char *said;
	} cases[] = {
		{200, false, "open\nevent  message a\n"},
		{200, true, "open\nevent  message a\n"},
		{201, false, "done FRESHET_EHTTP_STATUS\n"},
		{201, true, "open\nevent  message a\n"},
		{202, true, "open\nevent  message a\n"},
		{299, true, "open\nevent  message a\n"},
		{300, true, "done FRESHET_EHTTP_REDIRECT\n"},
		{404, true, "done FRESHET_EHTTP_STATUS\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stage g;
		stage_open(&g, NULL);
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		o.path = "/s";
		o.any_2xx = cases[i].any_2xx;
		struct watch *s = stage_watch(&g);
		assert_int_equal(watch_stream(s, &o), FRESHET_OK);
		stage_settle(&g);
		struct h2peer_call *call = stage_call(&g, "/s");
		h2peer_answer(call, cases[i].status, events);
		h2peer_text(call, "data: a\n\n");
		stage_settle(&g);
		if (s->opens == 0) {
			h2peer_end(call);
			stage_settle(&g);
		}
		assert_string_equal(watch_said(s), cases[i].said);
		stage_close(&g);
	}
}

static void answer_created(struct h1server_conn *c, const struct h1server_request *q)
{
	(void)q;
	h1server_write(
		c, "HTTP/1.1 201 Created\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: a\n\n");
	h1server_done(c);
}

static void an_event_stream_with_another_status_over_http1(void **state)
{
	(void)state;
	for (int any = 0; any < 2; any++) {
		struct h1world w;
		struct follower f = {.on_event = NULL};
		freshet_stream_options o;
		h1world_open(&w, answer_created);
		w.o.stream.end_is_final = true;
		h1world_endpoint(&w);
		freshet_stream_options_init(&o);
		o.path = "/s";
		o.any_2xx = any == 1;
		client_open(&w.client, w.e, &o, &f);
		h1world_run(&w);
		assert_int_equal(f.dones, 1);
		assert_int_equal(f.end.outcome.err, any ? FRESHET_OK : FRESHET_EHTTP_STATUS);
		assert_int_equal(f.end_events, any ? 1 : 0);
		h1world_close(&w);
	}
}

static char long_body[DEFAULT_LIMIT + 1];

/* The outcome of a request tells it as well; the response has the whole body. */
static void a_request_tells_whether_its_outcome_has_all(void **state)
{
	(void)state;
	memset(long_body, 'r', sizeof long_body);
	for (size_t over = 0; over < 2; over++)
		for (int status = 200; status <= 500; status += 300) {
			struct stage g;
			stage_open(&g, NULL);
			struct watch *q = stage_request(&g, "GET", "/q", NULL);
			struct h2peer_call *call = stage_call(&g, "/q");
			h2peer_answer(call, status, json_fields);
			h2peer_data(call, long_body, DEFAULT_LIMIT + over);
			h2peer_end(call);
			stage_settle(&g);
			assert_int_equal(q->dones, 1);
			assert_int_equal(q->body_len, DEFAULT_LIMIT + over);
			assert_int_equal(q->outcome.body.len, status == 200 ? 0 : DEFAULT_LIMIT);
			assert_int_equal(q->outcome.body_cut, status != 200 && over > 0);
			stage_close(&g);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_up_to_the_limit_over_http2),
		cmocka_unit_test(an_answer_that_is_its_headers_alone),
		cmocka_unit_test(one_that_breaks_off_is_told_as_cut),
		cmocka_unit_test(whole_up_to_the_limit_over_http1),
		cmocka_unit_test(one_that_breaks_off_over_http1),
		cmocka_unit_test(an_event_stream_with_another_status),
		cmocka_unit_test(an_event_stream_with_another_status_over_http1),
		cmocka_unit_test(a_request_tells_whether_its_outcome_has_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
