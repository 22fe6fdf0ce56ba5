/*
 * Streamed invokes against a scripted server: what each frame becomes, whatever the framing; what a server without streams
 * gives; and what is known after a cut at every byte, by each way to recover. No request that may run an agent is ever sent
 * twice.
 */
#include "agentos/hosted_note.h"

#include "support/failmem.h"

#define RUN    AGENTOS_WORLD_RUN
#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

static const char *const no_names[] = {NULL};

/* What the server does. */
static struct {
	const char *stream; /* the body of the invoke's answer */
	size_t cut;         /* so many bytes of it, and then the connection goes; SIZE_MAX: all, and a clean end */
	const char *json;   /* instead of a stream */
	int status;         /* of that; or of a refusal; 0: 200 */
	const char *fields;
	unsigned refusals; /* so many come first */
	const char *poll;  /* the answer of run_get; NULL: 404 */
	unsigned
		frames_resumed; /* with ids: run_stream gives what follows Last-Event-ID, so many frames at a time; 0: 404 */
	bool step;              /* a byte at a time */
	unsigned invokes, polls, resumes;
} server;

static void write_chunk(struct h1server_conn *c, const char *bytes, size_t len)
{
	char size[24];
	snprintf(size, sizeof size, "%zx\r\n", len);
	h1server_write(c, size);
	h1server_write_bytes(c, bytes, len);
	h1server_write(c, "\r\n");
}

static void stream_bytes(struct h1server_conn *c, const char *bytes, size_t len)
{
	h1server_write(c, EVENTS);
	for (size_t i = 0; server.step && i < len; i++)
		write_chunk(c, bytes + i, 1);
	if (!server.step && len > 0)
		write_chunk(c, bytes, len);
}

static void answer_invoke(struct h1server_conn *c)
{
	size_t len = server.stream != NULL ? strlen(server.stream) : 0;
	server.invokes++;
	if (server.invokes <= server.refusals || server.json != NULL) {
		h1server_reply(c, server.status != 0 ? server.status : 200, server.fields != NULL ? server.fields : "",
			server.json != NULL ? server.json : "");
		return;
	}
	stream_bytes(c, server.stream, server.cut < len ? server.cut : len);
	if (server.cut <= len) {
		h1server_finish(c);
		return;
	}
	h1server_write(c, "0\r\n\r\n");
	h1server_done(c);
}

/* The frame behind that id; NULL: there is none. */
static const char *frame_after(unsigned id)
{
	const char *at = server.stream;
	for (; id > 0 && at != NULL; id--) {
		at = strstr(at, "\n\n");
		at = at != NULL ? at + 2 : NULL;
	}
	return at != NULL && *at != '\0' ? at : NULL;
}

static void answer_resume(struct h1server_conn *c, const char *last_id)
{
	const char *from = frame_after((unsigned)atoi(last_id)), *to = from;
	server.resumes++;
	if (server.frames_resumed == 0 || from == NULL) {
		h1server_reply(c, 404, "", "");
		return;
	}
	for (unsigned i = 0; i < server.frames_resumed && *to != '\0'; i++)
		to = strstr(to, "\n\n") + 2;
	stream_bytes(c, from, (size_t)(to - from));
	h1server_finish(c);
}

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	size_t len = strlen(q->target);
	if (strcmp(q->method, "POST") == 0) {
		answer_invoke(c);
	} else if (len > 7 && strcmp(q->target + len - 7, "/stream") == 0) {
		assert_non_null(strstr(q->target, RUN));
		answer_resume(c, q->last_event_id);
	} else {
		server.polls++;
		assert_non_null(strstr(q->target, "/api/v1/runs/" RUN));
		h1server_reply(c, server.poll != NULL ? 200 : 404, "", server.poll != NULL ? server.poll : "");
	}
}

static void open_world(const freshet_agentos_hosted_options *hosted)
{
	agentos_world_open(answer, NULL);
	agentos_world_client(NULL);
	if (hosted != NULL)
		assert_int_equal(freshet_agentos_hosted_set(agentos_world.client, hosted), FRESHET_OK);
}

static void begin(const char *stream)
{
	memset(&server, 0, sizeof server);
	server.stream = stream;
	server.cut = SIZE_MAX;
}

static void start(struct note *n)
{
	freshet_agentos_invoke_options o = say("x");
	assert_int_equal(
		freshet_agentos_invoke_stream(agentos_world.client, &o, &note_callbacks, n, &n->stream), FRESHET_OK);
	assert_int_equal(n->dones, 0);
}

static struct note follow(void)
{
	struct note n = {.dones = 0};
	start(&n);
	agentos_world_run_until(&n.done);
	assert_int_equal(n.dones, 1);
	return n;
}

/* ---- frames ---- */

#define START       "data: {\"type\":\"start\",\"run_id\":\"" RUN "\"}\n\n"
#define DONE        "data: {\"type\":\"done\",\"run_id\":\"" RUN "\",\"status\":\"completed\",\"output\":{\"n\":1}}\n\n"
#define CHUNK(text) "data: {\"type\":\"chunk\",\"text\":\"" text "\"}\n\n"

static const struct {
	const char *stream;
	const char *events;
	freshet_err err;
	const char *text; /* of the result, or the words of the error */
	const char *said;
} streams[] = {
	{START CHUNK("Sales ") CHUNK("rose\\n") DONE, "start " RUN ";chunk Sales ;chunk rose\n;done done;", FRESHET_OK,
		"completed|{\"n\":1}||||||", "Sales rose\n"},
	/* Tools. */
	{START "data: {\"type\":\"tool_call\",\"tool\":\"t\",\"input\":{}}\n\ndata: "
	       "{\"type\":\"tool_result\",\"tool\":\"t\","
	       "\"output\":1}\n\ndata: {\"type\":\"tool_result\",\"tool\":\"t\",\"error\":\"x\"}\n\n" DONE,
		"start " RUN ";tool_call t;tool_result t;tool_result! t;done done;", FRESHET_OK,
		"completed|{\"n\":1}||||||", ""},
	/* Pauses. */
	{START "data: {\"type\":\"awaiting_approval\",\"run_id\":\"r2\",\"approval_id\":\"a1\",\"tool\":\"mail\"}\n\n",
		"start " RUN ";awaiting_approval mail;", FRESHET_OK, "awaiting_approval|||a1||||", ""},
	{"data: {\"type\":\"awaiting_input\",\"run_id\":\"r\",\"question\":{\"id\":\"q\",\"text\":\"t?\"}}\n\n",
		"awaiting_input awaiting_input;", FRESHET_OK, "awaiting_input||||q|t?||", ""},
	/* A run that failed is a result; an error is none. */
	{"data: {\"type\":\"done\",\"status\":\"failed\",\"error_message\":\"crash\"}\n\n", "done done;", FRESHET_OK,
		"failed||||||crash|", ""},
	{START "data: {\"type\":\"error\",\"message\":\"no\\nmore\",\"code\":\"c\"}\n\n",
		"start " RUN ";error no\nmore;", FRESHET_ESERVER, "no more|no\nmore|c", ""},
	/* Marks, comments, names of events, unknown types, data that is no JSON. */
	{START CHUNK("a") "data: [DONE]\n\n", "start " RUN ";chunk a;", FRESHET_OK, "completed|||||||", "a"},
	{": hi\n\nevent: chunk\ndata: {\"text\":\"b\"}\n\n:\n\n" DONE, "chunk b;done done;", FRESHET_OK,
		"completed|{\"n\":1}||||||", "b"},
	{"data: {\"type\":\"novel\"}\n\ndata: {\"x\n\ndata: [1]\n\ndata: {\"type\":\"chunk\",\"text\":7}\n\n" DONE,
		"unknown novel;unknown message;unknown message;unknown chunk;done done;", FRESHET_OK,
		"completed|{\"n\":1}||||||", ""},
	/* Line ends, a mark of the byte order, data over several lines; what comes behind the end is not looked at. */
	{"\xef\xbb\xbf"
	 "data: {\"type\":\"chunk\",\rdata: \"text\":\"\xc3\xa9\"}\r\rdata:{\"type\":\"done\"}\r\n\r\n" CHUNK("late"),
		"chunk \xc3\xa9;done done;", FRESHET_OK, "completed|||||||", "\xc3\xa9"},
};

static void each_frame_becomes_an_event(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof streams / sizeof streams[0]; i++) {
		begin(streams[i / 2].stream);
		server.step = i % 2 == 1;
		open_world(NULL);
		struct note n = follow();
		assert_string_equal(n.events, streams[i / 2].events);
		assert_int_equal(n.err, streams[i / 2].err);
		assert_string_equal(n.err == FRESHET_OK ? n.text : n.words, streams[i / 2].text);
		assert_string_equal(n.said, streams[i / 2].said);
		assert_int_equal(server.invokes, 1);
		assert_int_equal(server.polls, 0);
		agentos_world_close(NULL);
	}
	open_world(NULL);
}

static void the_request_asks_for_a_stream(void **state)
{
	static const struct agentos_reply script[] = {{"/", 0, 400, NULL, ""}, {0}};
	freshet_agentos_reply_options r;
	struct note n = {.dones = 0}, m = {.dones = 0};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = script;
	agentos_world_client(NULL);
	start(&n);
	agentos_world_run_until(&n.done);
	assert_int_equal(n.err, FRESHET_EVALIDATION);
	freshet_agentos_reply_options_init(&r);
	r.run_id = Z(RUN);
	r.answer = Z("2025");
	r.question_id = Z("q1");
	assert_int_equal(
		freshet_agentos_reply_stream(agentos_world.client, &r, &note_callbacks, &m, &m.stream), FRESHET_OK);
	assert_true(freshet_str_is(freshet_agentos_stream_run_id(m.stream), RUN));
	agentos_world_run_until(&m.done);
	assert_string_equal(agentos_world_log(),
		"POST /api/v1/agents/" AGENTOS_WORLD_AGENT "/invoke {\"input\":{\"prompt\":\"x\"},\"stream\":true}\n"
		"POST /api/v1/runs/" RUN "/reply {\"answer\":\"2025\",\"question_id\":\"q1\",\"stream\":true}\n");
	assert_non_null(strcasestr(agentos_world.heads, "\r\naccept: text/event-stream\r\n"));
	assert_non_null(strcasestr(agentos_world.heads, "\r\nauthorization: Bearer " AGENTOS_WORLD_KEY "\r\n"));
	assert_non_null(strcasestr(agentos_world.heads, "\r\nidempotency-key: "));
}

static void an_error_that_is_streamed_tells_no_secret(void **state)
{
	const freshet_agentos_variable variables[] = {{Z("TOKEN"), Z("VARIABLE-SECRET")}};
	freshet_agentos_invoke_options o = say("x");
	struct note n = {.dones = 0};
	(void)state;
	begin("data: {\"type\":\"error\",\"message\":\"" AGENTOS_WORLD_KEY
	      " and VARIABLE-SECRET\",\"code\":\"no\"}\n\n");
	open_world(NULL);
	o.variables = variables;
	o.variable_count = 1;
	assert_int_equal(
		freshet_agentos_invoke_stream(agentos_world.client, &o, &note_callbacks, &n, &n.stream), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_string_equal(n.words, "************************** and ***************|************************** and "
				     "***************|no");
}

static void other_names_can_be_given(void **state)
{
	static const char *const type[] = {"kind", NULL}, *const chunk[] = {"piece", NULL},
				 *const text[] = {"part", NULL}, *const done[] = {"closed", NULL},
				 *const status[] = {"state", NULL}, *const completed[] = {"finished", NULL},
				 *const marks[] = {"[OVER]", NULL};
	static const freshet_agentos_hosted_names names = {.size = sizeof names,
		.type = type,
		.chunk = chunk,
		.text = text,
		.done = done,
		.status = status,
		.completed = completed,
		.end_marks = marks,
		.error = no_names};
	freshet_agentos_hosted_options h;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.names = &names;
	begin("data: {\"kind\":\"PIECE\",\"part\":\"a\"}\n\ndata: {\"kind\":\"error\"}\n\ndata: "
	      "{\"kind\":\"closed\",\"state\":\"Finished\"}\n\n");
	open_world(&h);
	struct note n = follow();
	assert_string_equal(n.events, "chunk a;unknown error;done closed;");
	assert_string_equal(n.text, "completed|||||||");
	server.stream = "data: [DONE]\n\ndata: [OVER]\n\n";
	n = follow();
	assert_string_equal(n.events, "unknown message;");
	assert_int_equal(n.err, FRESHET_OK);
}

static void the_text_that_is_kept_is_bound(void **state)
{
	freshet_agentos_hosted_options h;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.max_text = 5;
	begin(CHUNK("abcd") CHUNK("ef") CHUNK("g") DONE);
	open_world(&h);
	struct note n = follow();
	assert_string_equal(n.said, "abcd");
	assert_true(n.text_cut);
	assert_string_equal(n.events, "chunk abcd;chunk ef;chunk g;done done;");
}

/* ---- no stream ---- */

static void read_run(const char *answer_of_poll, freshet_err err)
{
	struct note n = {.dones = 0};
	server.poll = answer_of_poll;
	assert_int_equal(
		freshet_agentos_run_read(agentos_world.client, freshet_str_of(RUN), on_result, &n, NULL), FRESHET_OK);
	agentos_world_run_until(&n.done);
	assert_int_equal(n.err, err);
}

static void what_is_hosted_is_counted(void **state)
{
	(void)state;
	freshet_agentos_stats s = {.size = sizeof s};
	begin(START CHUNK("a") DONE);
	open_world(NULL);
	assert_int_equal(follow().err, FRESHET_OK);
	server.stream = START "data: {\"type\":\"error\",\"message\":\"no\"}\n\n";
	assert_int_equal(follow().err, FRESHET_ESERVER);
	read_run("{\"run_id\":\"" RUN "\",\"status\":\"completed\"}", FRESHET_OK);
	read_run(NULL, FRESHET_ENOT_FOUND);
	/* What says that it is good and cannot be read is a failure, once. */
	read_run("{\"data\":{\"run_id\":{}}}", FRESHET_EJSON_TYPE);
	assert_int_equal(freshet_agentos_stats_get(agentos_world.client, &s), FRESHET_OK);
	assert_int_equal(s.streams, 2);
	assert_int_equal(s.streams_failed, 1);
	assert_int_equal(s.streams_open, 0);
	assert_int_equal(s.stream_events, 3 + 2);
	assert_int_equal(s.stream_polls + s.stream_resumes, 0);
	assert_int_equal(s.calls, 3);
	assert_int_equal(s.calls_failed, 2);
	assert_int_equal(s.calls_open, 0);
	/* A stream that breaks off is read once; one that is open when the client goes counts as failed. */
	server.stream = START;
	server.poll = "{\"run_id\":\"" RUN "\",\"status\":\"completed\"}";
	assert_true(follow().polled);
	struct note last = {.dones = 0};
	start(&last);
	s = agentos_world_finish();
	assert_int_equal(last.dones, 1);
	assert_int_equal(s.streams, 4);
	assert_int_equal(s.streams_failed, 2);
	assert_int_equal(s.stream_polls, 1);
	assert_int_equal(s.calls, 4);
}

static void a_server_without_streams_gives_its_answer(void **state)
{
	static const struct {
		int status;
		const char *json, *events, *text, *said;
		freshet_err err;
	} cases[] = {
		{200, "{\"data\":{\"run_id\":\"r\",\"status\":\"completed\",\"output\":\"all\"},\"error\":null}",
			"chunk* all;done* done;", "completed|\"all\"|all|||||", "all", FRESHET_OK},
		{200, "{\"output\":{\"a\":1}}", "done* done;", "completed|{\"a\":1}||||||", "", FRESHET_OK},
		{202, "{\"data\":{\"status\":\"awaiting_input\",\"question\":\"q?\"}}",
			"awaiting_input* awaiting_input;", "awaiting_input|||||q?||", "", FRESHET_OK},
		{200, "{\"data\":{},\"error\":{\"message\":\"no\"}}", "", "", "", FRESHET_EBAD_ANSWER},
		{400, "{\"data\":null,\"error\":{\"message\":\"no\"}}", "", "", "", FRESHET_EVALIDATION},
		{200, "<html>", "", "", "", FRESHET_EJSON_MISSING},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(NULL);
		server.json = cases[i].json;
		server.status = cases[i].status;
		server.fields = "content-type: application/json\r\n";
		open_world(NULL);
		struct note n = follow();
		assert_int_equal(n.err, cases[i].err);
		assert_string_equal(n.events, cases[i].events);
		assert_string_equal(n.text, cases[i].text);
		assert_string_equal(n.said, cases[i].said);
		assert_int_equal(server.invokes, 1);
		agentos_world_close(NULL);
	}
	open_world(NULL);
}

static void a_request_is_only_repeated_when_that_is_safe(void **state)
{
	freshet_agentos_hosted_options h;
	(void)state;
	for (int retry = 0; retry < 2; retry++) {
		begin(START DONE);
		server.refusals = 1;
		server.status = 503;
		freshet_agentos_hosted_options_init(&h);
		h.retry_invoke = retry == 1;
		open_world(&h);
		struct note n = follow();
		assert_int_equal(n.err, retry == 1 ? FRESHET_OK : FRESHET_ESERVER);
		assert_int_equal(server.invokes, 1 + retry);
		agentos_world_close(NULL);
	}
	open_world(NULL);
}

/* ---- cuts ---- */

static const char whole[] = START CHUNK("Sal\xc3\xa9s ") ": keep-alive\n\n" CHUNK("rose") DONE;

/* So many bytes hold that many frames that were dispatched. */
static unsigned frames_in(const char *stream, size_t len)
{
	unsigned frames = 0;
	for (size_t i = 2; i <= len; i++)
		frames += memcmp(stream + i - 2, "\n\n", 2) == 0 && memcmp(stream + i - 4, "ve\n\n", 4) != 0;
	return frames;
}

static void a_cut_at_every_byte_is_polled_once(void **state)
{
	static const char *const events[] = {"", "start " RUN ";", "start " RUN ";chunk Sal\xc3\xa9s ;",
		"start " RUN ";chunk Sal\xc3\xa9s ;chunk rose;",
		"start " RUN ";chunk Sal\xc3\xa9s ;chunk rose;done done;"};
	static const char *const said[] = {"", "", "Sal\xc3\xa9s ", "Sal\xc3\xa9s rose", "Sal\xc3\xa9s rose"};
	(void)state;
	begin(whole);
	server.poll =
		"{\"data\":{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"output\":\"Sales\"},\"error\":null}";
	open_world(NULL);
	for (server.cut = 0; server.cut <= strlen(whole); server.cut++) {
		char expected[512];
		unsigned frames = frames_in(whole, server.cut);
		server.invokes = server.polls = 0;
		struct note n = follow();
		bool polled = frames > 0 && frames < 4;
		snprintf(expected, sizeof expected, "%s%s", events[frames], polled ? "done* done;" : "");
		assert_string_equal(n.events, expected);
		assert_string_equal(n.said, said[frames]);
		assert_int_equal(server.invokes, 1);
		assert_int_equal(server.polls, polled);
		assert_int_equal(n.polled, polled);
		assert_int_equal(n.err == FRESHET_OK, frames > 0);
		if (frames > 0)
			assert_string_equal(
				n.text, frames == 4 ? "completed|{\"n\":1}||||||" : "completed|\"Sales\"|Sales|||||");
		else
			assert_true(n.transport);
	}
}

#define ID_FRAME(id, data) "id: " #id "\ndata: " data "\n\n"

static const char numbered[] =
	ID_FRAME(1, "{\"type\":\"start\",\"run_id\":\"" RUN "\"}") ID_FRAME(2, "{\"type\":\"chunk\",\"text\":\"a\"}")
		ID_FRAME(3, "{\"type\":\"chunk\",\"text\":\"b\"}") ID_FRAME(4, "{\"type\":\"chunk\",\"text\":\"c\"}")
			ID_FRAME(5, "{\"type\":\"done\",\"status\":\"completed\"}");

static void a_cut_at_every_byte_is_taken_up_again(void **state)
{
	freshet_agentos_hosted_options h;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.recover = FRESHET_AGENTOS_RECOVER_RESUME;
	begin(numbered);
	server.frames_resumed = 1;
	open_world(&h);
	for (server.cut = 0; server.cut <= strlen(numbered); server.cut++) {
		unsigned frames = frames_in(numbered, server.cut);
		server.invokes = server.polls = server.resumes = 0;
		struct note n = follow();
		assert_int_equal(server.invokes, 1);
		assert_int_equal(server.polls, 0);
		if (frames == 0) {
			assert_int_not_equal(n.err, FRESHET_OK);
			continue;
		}
		/* One frame each time, none lost and none twice. */
		assert_string_equal(n.events, "start " RUN ";chunk a;chunk b;chunk c;done done;");
		assert_string_equal(n.said, "abc");
		assert_int_equal(n.err, FRESHET_OK);
		assert_int_equal(n.resumes, 5 - frames);
		assert_false(n.polled);
	}
}

static void what_cannot_be_taken_up_again_is_polled(void **state)
{
	freshet_agentos_hosted_options h;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.recover = FRESHET_AGENTOS_RECOVER_RESUME;
	/* No ids, and a server that has no such stream. */
	begin(whole);
	server.poll = "{\"run_id\":\"" RUN "\",\"status\":\"awaiting_approval\",\"approval_id\":\"a\"}";
	server.cut = strlen(whole) - 5;
	open_world(&h);
	struct note n = follow();
	assert_true(n.polled);
	assert_string_equal(n.text, "awaiting_approval|||a||||");
	assert_int_equal(server.resumes, 0);
	server.stream = numbered;
	server.cut = strlen(numbered) - 5;
	n = follow();
	assert_true(n.polled);
	assert_int_equal(server.resumes, 1);
	assert_string_equal(n.events, "start " RUN ";chunk a;chunk b;chunk c;awaiting_approval* awaiting_approval;");
}

static void a_run_that_goes_on_or_is_gone_is_an_error_with_what_is_known(void **state)
{
	static const char *const polls[] = {"{\"run_id\":\"" RUN "\",\"status\":\"running\"}", NULL};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(whole);
		server.poll = polls[i];
		server.cut = strlen(whole) - 5;
		open_world(NULL);
		struct note n = follow();
		assert_int_not_equal(n.err, FRESHET_OK);
		assert_true(n.transport);
		assert_string_equal(n.run, RUN);
		assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_RUNNING);
		assert_string_equal(n.said, "Sal\xc3\xa9s rose");
		assert_int_equal(n.polled, i == 0);
		agentos_world_close(NULL);
	}
	freshet_agentos_hosted_options h;
	freshet_agentos_hosted_options_init(&h);
	h.recover = FRESHET_AGENTOS_RECOVER_OFF;
	begin(START CHUNK("a"));
	open_world(&h);
	/* A clean end that comes too soon is a cut all the same. */
	struct note n = follow();
	assert_int_equal(n.err, FRESHET_EHTTP_TRUNCATED);
	assert_int_equal(server.polls, 0);
	assert_string_equal(n.run, RUN);
}

/* ---- in callbacks ---- */

static void close_it(struct note *n, const freshet_agentos_event *e)
{
	(void)e;
	freshet_agentos_stream_close(n->stream);
	freshet_agentos_stream_close(n->stream);
}

static void free_client(struct note *n, const freshet_agentos_event *e)
{
	(void)n;
	(void)e;
	freshet_agentos_free(agentos_world.client);
}

static void free_reactor(struct note *n, const freshet_agentos_event *e)
{
	(void)n;
	(void)e;
	freshet_reactor_free(agentos_world.reactor);
	agentos_world_forget_reactor();
}

static void pause_it(struct note *n, const freshet_agentos_event *e)
{
	(void)e;
	freshet_agentos_stream_pause(n->stream);
	freshet_agentos_stream_resume(n->stream);
}

typedef void act_fn(struct note *n, const freshet_agentos_event *e);

static void everything_is_allowed_in_an_event(void **state)
{
	static act_fn *const acts[] = {close_it, free_client, free_reactor, pause_it};
	static const struct {
		const char *stream, *json, *poll;
		size_t cut;
	} ways[] = {
		{whole, NULL, NULL, SIZE_MAX},
		{NULL, "{\"output\":\"all\"}", NULL, SIZE_MAX},
		{START, NULL, "{\"status\":\"completed\",\"output\":\"x\"}", SIZE_MAX},
	};
	(void)state;
	for (size_t way = 0; way < 3; way++) {
		for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
			struct note n = {.in_event = acts[i]};
			begin(ways[way].stream);
			server.json = ways[way].json;
			server.poll = ways[way].poll;
			open_world(NULL);
			start(&n);
			agentos_world_run_until(&n.done);
			bool goes_on = acts[i] == pause_it || (way == 1 && acts[i] != close_it);
			if (way != 2)
				assert_int_equal(n.err, goes_on ? FRESHET_OK : FRESHET_ECANCELED);
			agentos_world_close(NULL);
			assert_int_equal(n.dones, 1);
		}
	}
	open_world(NULL);
}

static void a_stream_may_be_closed_while_it_waits(void **state)
{
	(void)state;
	for (int what = 0; what < 3; what++) {
		struct note n = {.dones = 0};
		begin(START DONE);
		server.refusals = 100;
		server.status = 503;
		server.fields = "retry-after: 100\r\n";
		open_world(NULL);
		start(&n);
		while (server.invokes == 0 || agentos_world.server.conns->asked)
			agentos_world_turn();
		agentos_world_turn();
		assert_int_equal(n.dones, 0);
		if (what == 0)
			freshet_agentos_stream_close(n.stream);
		else if (what == 1)
			freshet_agentos_free(agentos_world.client);
		else
			agentos_world_close_reactor();
		agentos_world_run_until(&n.done);
		assert_int_equal(n.err, FRESHET_ECANCELED);
		agentos_world_close(NULL);
		assert_int_equal(n.dones, 1);
	}
	open_world(NULL);
}

/* ---- out of memory ---- */

static void each_allocation_may_fail(void **state)
{
	freshet_agentos_hosted_options h;
	(void)state;
	freshet_agentos_hosted_options_init(&h);
	h.recover = FRESHET_AGENTOS_RECOVER_RESUME;
	begin(numbered);
	server.frames_resumed = 1;
	server.poll = "{\"status\":\"completed\"}";
	server.cut = strlen(numbered) / 2;
	open_world(&h);
	follow();
	for (size_t n = 1;; n++) {
		struct note note = {.dones = 0};
		freshet_agentos_invoke_options o = say("x");
		failmem_arm_one(n);
		freshet_err err =
			freshet_agentos_invoke_stream(agentos_world.client, &o, &note_callbacks, &note, &note.stream);
		if (err == FRESHET_OK)
			agentos_world_run_until(&note.done);
		bool fired = failmem_fired();
		failmem_arm(0);
		if (err != FRESHET_OK)
			assert_int_equal(err, FRESHET_ENOMEM);
		else
			assert_int_equal(note.dones, 1);
		if (!fired) {
			assert_int_equal(note.err, FRESHET_OK);
			break;
		}
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_frame_becomes_an_event, agentos_world_close),
		cmocka_unit_test_teardown(the_request_asks_for_a_stream, agentos_world_close),
		cmocka_unit_test_teardown(an_error_that_is_streamed_tells_no_secret, agentos_world_close),
		cmocka_unit_test_teardown(other_names_can_be_given, agentos_world_close),
		cmocka_unit_test_teardown(the_text_that_is_kept_is_bound, agentos_world_close),
		cmocka_unit_test_teardown(what_is_hosted_is_counted, agentos_world_close),
		cmocka_unit_test_teardown(a_server_without_streams_gives_its_answer, agentos_world_close),
		cmocka_unit_test_teardown(a_request_is_only_repeated_when_that_is_safe, agentos_world_close),
		cmocka_unit_test_teardown(a_cut_at_every_byte_is_polled_once, agentos_world_close),
		cmocka_unit_test_teardown(a_cut_at_every_byte_is_taken_up_again, agentos_world_close),
		cmocka_unit_test_teardown(what_cannot_be_taken_up_again_is_polled, agentos_world_close),
		cmocka_unit_test_teardown(
			a_run_that_goes_on_or_is_gone_is_an_error_with_what_is_known, agentos_world_close),
		cmocka_unit_test_teardown(everything_is_allowed_in_an_event, agentos_world_close),
		cmocka_unit_test_teardown(a_stream_may_be_closed_while_it_waits, agentos_world_close),
		cmocka_unit_test_teardown(each_allocation_may_fail, agentos_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
