/*
 * Turns against a server that says what the test wants, whole or broken: which events come, what is known at the end,
 * and what is asked of the server, request by request.
 */
#include "support/ash_world.h"
#include "support/failmem.h"
#include "support/test.h"

#define UUID  "11111111-2222-4333-8444-555555555555"
#define PATH  "/api/sessions/" UUID
#define ID    freshet_str_of(UUID)
#define START "event: session_start\ndata: {\"sessionId\":\"" UUID "\",\"version\":\"0.2.0\"}\n\n"
#define TEXT                                                                                                           \
	"event: message\ndata: "                                                                                       \
	"{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}}\n\n"
#define RESULT(error)                                                                                                  \
	"event: turn_complete\ndata: {\"numTurns\":2,\"result\":\"Hello\"}\n\n"                                        \
	"event: message\ndata: {\"type\":\"result\",\"subtype\":\"success\",\"is_error\":" error                       \
	",\"num_turns\":2,\"total_cost_usd\":0.5}\n\n"
#define DONE   "event: done\ndata: {\"sessionId\":\"" UUID "\"}\n\n"
#define OTHER  "event: done\ndata: {\"sessionId\":\"\"}\n\n"
#define BROKEN "event: error\ndata: {\"error\":\"boom\"}\n\n"

/* How the stream of one message goes. */
enum ending {
	END_CHUNK, /* as it should: the last chunk */
	END_CUT,   /* the connection is closed */
	END_OPEN,  /* it stays open */
};

struct script {
	int status; /* of the first message; 0: 200 */
	const char *refusal;
	const char *frames;
	enum ending end;
	const char *stored[4]; /* what /events answers, one after the other; NULL: nothing */
	int stop_status;       /* 0: 200 */
};

struct seen {
	char asked[1024];  /* method and path of the requests, without the session's */
	char events[1024]; /* types */
	freshet_ash_turn *turn;
	freshet_ash_turn_state state;
	freshet_err err;
	freshet_ash_reason reason;
	bool has_result;
	bool is_error;
	uint64_t records;
	int64_t sequence;
	unsigned stored_reads;
	unsigned messages;
	unsigned opens;
	unsigned dones;
	bool done;
	void (*on_event)(freshet_ash_turn *turn, const freshet_ash_event *event); /* optional */
};

static struct seen seen;
static struct script script;

static void add(char text[1024], const char *what)
{
	size_t len = strlen(text);
	snprintf(text + len, 1024 - len, "%s ", what);
}

static void answer_message(struct h1server_conn *c)
{
	bool refused = script.status != 0 && seen.messages++ == 0;
	if (refused) {
		h1server_reply(c, script.status, "content-type: application/json\r\n", script.refusal);
		return;
	}
	ash_world_stream(c);
	if (script.frames[0] != '\0')
		ash_world_chunk(c, script.frames);
	if (script.end == END_CHUNK)
		ash_world_end(c);
	if (script.end == END_CUT)
		h1server_finish(c);
}

static void answer_events(struct h1server_conn *c)
{
	char body[2048];
	const char *stored = seen.stored_reads < 4 ? script.stored[seen.stored_reads] : NULL;
	seen.stored_reads++;
	snprintf(body, sizeof body, "{\"events\":[%s]}", stored != NULL ? stored : "");
	h1server_reply(c, 200, "content-type: application/json\r\n", body);
}

static void answer_session(struct h1server_conn *c, int status)
{
	h1server_reply(c, status != 0 ? status : 200, "content-type: application/json\r\n",
		status != 0 ? "{\"error\":\"no\",\"statusCode\":500}"
			    : "{\"session\":{\"id\":\"" UUID "\",\"status\":\"active\"}}");
}

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	assert_memory_equal(q->target, PATH, strlen(PATH));
	const char *path = q->target + strlen(PATH);
	add(seen.asked, path);
	if (strcmp(path, "/messages") == 0)
		answer_message(c);
	else if (strncmp(path, "/events", 7) == 0)
		answer_events(c);
	else if (strcmp(path, "/exec") != 0)
		answer_session(c, strcmp(path, "/stop") == 0 ? script.stop_status : 0);
}

static void on_open(freshet_ash_turn *turn, void *user)
{
	(void)turn;
	(void)user;
	seen.opens++;
}

static void on_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user)
{
	char name[64];
	assert_ptr_equal(user, &seen);
	assert_ptr_equal(freshet_ash_turn_user(turn), user);
	bool record = event->type == FRESHET_ASH_EVENT_RECORD;
	snprintf(name, sizeof name, "%s%.*s", record ? "+" : "", (int)event->type_name.len, event->type_name.ptr);
	add(seen.events, name);
	if (seen.on_event != NULL)
		seen.on_event(turn, event);
}

static void on_done(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user)
{
	(void)turn;
	(void)user;
	seen.state = end->state;
	seen.err = end->error.outcome.err;
	seen.reason = end->error.reason;
	seen.has_result = end->has_result;
	seen.is_error = end->is_error;
	seen.records = end->records;
	seen.sequence = end->sequence;
	seen.dones++;
	seen.done = true;
	assert_true(end->error.outcome.text.len > 0);
}

static freshet_ash_turn_options turn_options(void)
{
	freshet_ash_turn_options o;
	freshet_ash_turn_options_init(&o);
	o.session_id = ID;
	o.content = freshet_str_of("Hi");
	o.callbacks = (freshet_ash_turn_callbacks){on_open, on_event, on_done};
	o.user = &seen;
	return o;
}

static void run(const struct script *how, const freshet_ash_turn_options *o)
{
	memset(&seen, 0, sizeof seen);
	script = *how;
	ash_world_open(answer, NULL);
	assert_int_equal(freshet_ash_turn_open(ash_world.ash, o, &seen.turn), FRESHET_OK);
	assert_false(seen.done);
	ash_world_run_until(&seen.done);
	ash_world_close(NULL);
	assert_int_equal(seen.dones, 1);
}

static void run_plain(const struct script *how)
{
	const freshet_ash_turn_options o = turn_options();
	run(how, &o);
}

/* ---- ends ---- */

static void a_turn_ends_with_its_result(void **state)
{
	const struct script how = {.frames = START TEXT RESULT("false") DONE};
	(void)state;
	run_plain(&how);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages ");
	assert_string_equal(seen.events, "session_start message turn_complete message done ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
	assert_int_equal(seen.err, FRESHET_OK);
	assert_true(seen.has_result && !seen.is_error);
	assert_int_equal(seen.opens, 1);
}

static bool paused;

static void pause_at_once(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	(void)event;
	seen.on_event = NULL;
	freshet_ash_turn_pause(turn);
	paused = true;
}

static void a_turn_that_is_paused_tells_nothing(void **state)
{
	const freshet_ash_turn_options o = turn_options();
	(void)state;
	memset(&seen, 0, sizeof seen);
	seen.on_event = pause_at_once;
	paused = false;
	script = (struct script){.frames = START TEXT RESULT("false") DONE};
	ash_world_open(answer, NULL);
	assert_ptr_equal(freshet_endpoint_reactor(freshet_ash_endpoint(ash_world.ash)), ash_world.reactor);
	assert_int_equal(freshet_ash_turn_open(ash_world.ash, &o, &seen.turn), FRESHET_OK);
	ash_world_run_until(&paused);
	for (int i = 0; i < 20; i++)
		assert_true(event_base_loop(ash_world.base, EVLOOP_NONBLOCK) >= 0);
	assert_string_equal(seen.events, "session_start ");
	assert_false(seen.done);
	freshet_ash_turn_resume(seen.turn);
	ash_world_run_until(&seen.done);
	ash_world_close(NULL);
	assert_string_equal(seen.events, "session_start message turn_complete message done ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
}

static void a_result_may_be_a_failure(void **state)
{
	const struct script how = {.frames = START RESULT("true") DONE};
	(void)state;
	run_plain(&how);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
	assert_true(seen.has_result && seen.is_error);
}

static void an_error_needs_no_done(void **state)
{
	const struct script plain = {.frames = START BROKEN};
	const struct script with_done = {.frames = START BROKEN DONE};
	(void)state;
	run_plain(&plain);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_FAILED);
	assert_int_equal(seen.err, FRESHET_OK);
	run_plain(&with_done);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_FAILED);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages ");
}

static void a_foreign_done_is_a_disturbance(void **state)
{
	const struct script how = {.frames = START TEXT OTHER};
	(void)state;
	run_plain(&how);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_DISTURBED);
	assert_int_equal(seen.err, FRESHET_EBAD_ANSWER);
}

/* ---- breaks ---- */

#define STORED(n, type) "{\"id\":\"r\",\"type\":\"" type "\",\"sequence\":" #n ",\"data\":\"{}\"}"

static void a_cut_is_recovered_from_the_store(void **state)
{
	const struct script how = {.frames = START TEXT,
		.end = END_CUT,
		.stored = {STORED(7, "lifecycle"), STORED(8, "text") "," STORED(9, "tool_start"),
			STORED(10, "text") "," STORED(11, "turn_complete")}};
	(void)state;
	run_plain(&how);
	/* The first text was shown before the cut. The message went out once. */
	assert_string_equal(
		seen.asked, "/events?limit=1000 /messages /events?after=7&limit=1000 /events?after=9&limit=1000 ");
	assert_string_equal(seen.events, "session_start message +tool_start +text +turn_complete ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_RECOVERED);
	assert_int_equal(seen.err, FRESHET_OK);
	assert_int_equal(seen.records, 3);
	assert_int_equal(seen.sequence, 11);
}

static void a_cut_without_an_end_in_the_store_is_unknown(void **state)
{
	const struct script how = {.frames = START, .end = END_CUT, .stored = {NULL, STORED(1, "text"), NULL}};
	(void)state;
	run_plain(&how);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages /events?limit=1000 /events?after=1&limit=1000 ");
	assert_string_equal(seen.events, "session_start +text ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNKNOWN);
	assert_int_equal(seen.err, FRESHET_EHTTP_TRUNCATED);
}

static void a_store_that_repeats_itself_is_not_read_for_ever(void **state)
{
	const struct script how = {.frames = START,
		.end = END_CUT,
		.stored = {NULL, STORED(1, "text"), STORED(1, "text"), STORED(1, "text")}};
	(void)state;
	run_plain(&how);
	assert_int_equal(seen.stored_reads, 3);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNKNOWN);
}

static void an_error_in_the_store_ends_the_turn(void **state)
{
	const struct script how = {.frames = START, .end = END_CUT, .stored = {NULL, STORED(1, "error")}};
	(void)state;
	run_plain(&how);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_FAILED);
	assert_int_equal(seen.err, FRESHET_OK);
}

static void a_body_that_ends_without_a_word_is_no_end(void **state)
{
	const struct script how = {.frames = START};
	(void)state;
	run_plain(&how);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages /events?limit=1000 ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNKNOWN);
	assert_int_equal(seen.err, FRESHET_EBAD_ANSWER);
}

static void a_cut_behind_the_end_does_not_matter(void **state)
{
	const struct script how = {.frames = START RESULT("false"), .end = END_CUT};
	(void)state;
	run_plain(&how);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
	assert_int_equal(seen.err, FRESHET_OK);
}

/* Wherever the bytes of the stream end, the message goes out once and the end is known or told to be unknown. */
static void a_cut_at_every_byte_never_sends_again(void **state)
{
	static const char whole[] = START TEXT RESULT("false") DONE;
	static char part[sizeof whole];
	freshet_ash_turn_options o = turn_options();
	(void)state;
	for (size_t len = 0; len < sizeof whole; len++) {
		memcpy(part, whole, len);
		part[len] = '\0';
		const struct script how = {.frames = part,
			.end = END_CUT,
			.stored = {NULL, STORED(1, "text") "," STORED(2, "turn_complete")}};
		run(&how, &o);
		bool known = strstr(seen.events, "turn_complete") != NULL;
		bool recovered = strstr(seen.events, "+turn_complete") != NULL;
		assert_true(known);
		assert_int_equal(seen.state, recovered ? FRESHET_ASH_TURN_RECOVERED : FRESHET_ASH_TURN_COMPLETED);
		/* The text comes once, from the stream or from the store. */
		bool streamed = strstr(seen.events, "message") != NULL;
		bool stored = strstr(seen.events, "+text") != NULL;
		assert_true(streamed != stored);
		const char *sent = strstr(seen.asked, "/messages");
		assert_non_null(sent);
		assert_null(strstr(sent + 1, "/messages"));
	}
}

static void without_recovery_nothing_is_read(void **state)
{
	const struct script how = {.frames = START, .end = END_CUT};
	freshet_ash_turn_options o = turn_options();
	(void)state;
	o.no_recovery = true;
	run(&how, &o);
	assert_string_equal(seen.asked, "/messages ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNKNOWN);
}

/* ---- refusals ---- */

static void a_refusal_is_typed(void **state)
{
	const struct script how = {.status = 400, .refusal = "{\"error\":\"Session is ended\",\"statusCode\":400}"};
	freshet_ash_turn_options o = turn_options();
	(void)state;
	o.resume = true;
	run(&how, &o);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_REFUSED);
	assert_int_equal(seen.err, FRESHET_ECONFLICT);
	assert_int_equal(seen.reason, FRESHET_ASH_REASON_SESSION_ENDED);
	assert_int_equal(seen.opens, 0);
}

static void a_sleeping_session_is_resumed_when_that_is_wanted(void **state)
{
	static const struct {
		int status;
		const char *words;
	} naps[] = {{400, "Session is paused"}, {400, "Session is stopped"}, {400, "Session is error"},
		{500, "Sandbox not found"}, {500, "Runner not available"}};
	(void)state;
	for (size_t i = 0; i < sizeof naps / sizeof naps[0]; i++) {
		char body[128];
		snprintf(body, sizeof body, "{\"error\":\"%s\",\"statusCode\":%d}", naps[i].words, naps[i].status);
		const struct script how = {
			.status = naps[i].status, .refusal = body, .frames = START RESULT("false") DONE};
		freshet_ash_turn_options o = turn_options();
		run(&how, &o);
		assert_int_equal(seen.state, FRESHET_ASH_TURN_REFUSED);
		o.resume = true;
		run(&how, &o);
		assert_string_equal(seen.asked, "/events?limit=1000 /messages /resume /messages ");
		assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
	}
}

static void a_restart_comes_first(void **state)
{
	const struct script how = {.frames = START RESULT("false") DONE};
	freshet_ash_turn_options o = turn_options();
	(void)state;
	o.restart = true;
	o.after = 5;
	run(&how, &o);
	assert_string_equal(seen.asked, "/stop /resume /events?after=5&limit=1000 /messages ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
}

static void a_restart_that_fails_sends_nothing(void **state)
{
	const struct script how = {.stop_status = 500};
	freshet_ash_turn_options o = turn_options();
	(void)state;
	o.restart = true;
	run(&how, &o);
	assert_string_equal(seen.asked, "/stop ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNSENT);
	assert_int_equal(seen.err, FRESHET_ESERVER);
}

static void a_server_that_is_not_there_was_not_reached(void **state)
{
	freshet_ash_turn_options o = turn_options();
	freshet_endpoint_options e;
	freshet_ash_options c;
	freshet_ash *ash;
	(void)state;
	memset(&seen, 0, sizeof seen);
	ash_world_open(answer, NULL);
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%u", ash_world.server.port);
	freshet_endpoint_options_init(&e);
	e.stream.max_attempts = 1;
	freshet_ash_options_init(&c);
	c.url = url;
	c.api_key = ASH_WORLD_KEY;
	c.endpoint = &e;
	assert_int_equal(freshet_ash_new(ash_world.reactor, &c, &ash), FRESHET_OK);
	h1server_stop_listening(&ash_world.server);
	o.no_recovery = true;
	assert_int_equal(freshet_ash_turn_open(ash, &o, &seen.turn), FRESHET_OK);
	ash_world_run_until(&seen.done);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNSENT);
	assert_int_equal(seen.err, FRESHET_ECONNECT);
	ash_world_close(NULL);
}

/* ---- one command at a time ---- */

static void on_exec(
	freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_exec_result *result, void *user)
{
	(void)call;
	(void)result;
	assert_int_equal(error->outcome.err, FRESHET_ECANCELED);
	*(bool *)user = true;
}

static void a_session_has_one_command_at_a_time(void **state)
{
	freshet_ash_turn_options o = turn_options();
	freshet_ash_turn *second = seen.turn;
	freshet_ash_call *exec;
	bool over = false;
	(void)state;
	memset(&seen, 0, sizeof seen);
	script = (struct script){.frames = START, .end = END_OPEN};
	ash_world_open(answer, NULL);
	freshet_ash *ash = ash_world.ash;
	assert_int_equal(freshet_ash_turn_open(ash, &o, &seen.turn), FRESHET_OK);
	assert_int_equal(freshet_ash_turn_open(ash, &o, &second), FRESHET_ESTATE);
	assert_null(second);
	freshet_str command = freshet_str_of("ls");
	assert_int_equal(freshet_ash_session_exec(ash, ID, command, 0, on_exec, &over, NULL), FRESHET_ESTATE);
	freshet_ash_turn_close(seen.turn);
	ash_world_run_until(&seen.done);
	assert_int_equal(seen.err, FRESHET_ECANCELED);
	/* And the other way round. The capital letters are the same session. */
	assert_int_equal(freshet_ash_session_exec(ash, ID, command, 0, on_exec, &over, &exec), FRESHET_OK);
	assert_int_equal(freshet_ash_turn_open(ash, &o, &second), FRESHET_ESTATE);
	freshet_ash_call_cancel(exec);
	ash_world_run_until(&over);
	seen.done = false;
	assert_int_equal(freshet_ash_turn_open(ash, &o, &seen.turn), FRESHET_OK);
	freshet_ash_turn_close(seen.turn);
	freshet_ash_turn_close(seen.turn);
	ash_world_run_until(&seen.done);
	ash_world_close(NULL);
}

/* ---- leaving ---- */

static void interrupt_at_start(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	if (event->type != FRESHET_ASH_EVENT_SESSION_START)
		return;
	assert_int_equal(freshet_ash_turn_interrupt(turn), FRESHET_OK);
	assert_int_equal(freshet_ash_turn_interrupt(turn), FRESHET_OK);
}

static void close_at_start(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	(void)event;
	freshet_ash_turn_close(turn);
}

static void close_reactor(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	(void)turn;
	(void)event;
	freshet_ash_close(ash_world.ash);
}

static void on_session(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	(void)call;
	(void)user;
	(void)sessions;
	assert_null(error);
	assert_int_equal(count, 1);
}

static void end_at_start(freshet_ash_turn *turn, const freshet_ash_event *event)
{
	(void)turn;
	if (event->type == FRESHET_ASH_EVENT_SESSION_START)
		assert_int_equal(freshet_ash_session_end(ash_world.ash, ID, on_session, NULL, NULL), FRESHET_OK);
}

static void run_with(const struct script *how, void (*in_event)(freshet_ash_turn *, const freshet_ash_event *))
{
	const freshet_ash_turn_options o = turn_options();
	memset(&seen, 0, sizeof seen);
	seen.on_event = in_event;
	script = *how;
	ash_world_open(answer, NULL);
	assert_int_equal(freshet_ash_turn_open(ash_world.ash, &o, &seen.turn), FRESHET_OK);
	ash_world_run_until(&seen.done);
	ash_world_close(NULL);
	assert_int_equal(seen.dones, 1);
}

static void an_interrupt_kills_the_agent_and_wakes_the_session(void **state)
{
	const struct script how = {.frames = START, .end = END_OPEN};
	(void)state;
	run_with(&how, interrupt_at_start);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages /stop /resume ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_INTERRUPTED);
	assert_int_equal(seen.err, FRESHET_OK);
}

static void an_interrupt_that_comes_late_leaves_the_end(void **state)
{
	const struct script how = {.frames = START RESULT("false") DONE};
	(void)state;
	run_with(&how, interrupt_at_start);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages /stop /resume ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
}

static void an_interrupt_that_fails_says_so(void **state)
{
	const struct script how = {.frames = START, .end = END_OPEN, .stop_status = 500};
	(void)state;
	run_with(&how, interrupt_at_start);
	assert_string_equal(seen.asked, "/events?limit=1000 /messages /stop ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNKNOWN);
	assert_int_equal(seen.err, FRESHET_ESERVER);
}

static void a_session_that_is_ended_ends_its_turn(void **state)
{
	const struct script how = {.frames = START, .end = END_OPEN};
	(void)state;
	run_with(&how, end_at_start);
	assert_int_equal(seen.state, FRESHET_ASH_TURN_INTERRUPTED);
	assert_int_equal(seen.err, FRESHET_OK);
}

static void a_turn_can_be_closed_in_its_own_event(void **state)
{
	const struct script how = {.frames = START TEXT, .end = END_OPEN};
	(void)state;
	run_with(&how, close_at_start);
	assert_string_equal(seen.events, "session_start ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_UNKNOWN);
	assert_int_equal(seen.err, FRESHET_ECANCELED);
	run_with(&how, close_reactor);
	assert_int_equal(seen.err, FRESHET_ECANCELED);
}

static void what_cannot_be_read_is_shown_as_it_came(void **state)
{
	const struct script how = {.frames = START "event: tool_use\ndata: {\"id\":3}\n\n"
						   "event: done\ndata: nonsense\n\n"
						   "event: brand_new\ndata: nonsense\n\n" RESULT("false") DONE};
	(void)state;
	run_plain(&how);
	assert_string_equal(seen.events, "session_start tool_use done brand_new turn_complete message done ");
	assert_int_equal(seen.state, FRESHET_ASH_TURN_COMPLETED);
}

/* ---- memory ---- */

static void no_allocation_that_fails_is_fatal(void **state)
{
	static const struct script how = {
		.frames = START TEXT, .end = END_CUT, .stored = {NULL, STORED(1, "turn_complete")}};
	freshet_ash_turn_options o = turn_options();
	bool fired = true;
	(void)state;
	for (size_t n = 1; fired; n++) {
		memset(&seen, 0, sizeof seen);
		script = how;
		failmem_arm(0);
		ash_world_open(answer, NULL);
		failmem_arm_one(n);
		freshet_err err = freshet_ash_turn_open(ash_world.ash, &o, &seen.turn);
		if (err == FRESHET_OK)
			ash_world_run_until(&seen.done);
		else
			assert_int_equal(err, FRESHET_ENOMEM);
		fired = failmem_fired();
		failmem_arm(0);
		ash_world_close(NULL);
		assert_int_equal(seen.dones, err == FRESHET_OK);
		assert_int_equal(failmem_live(), 0);
		failmem_off();
	}
	assert_int_equal(seen.state, FRESHET_ASH_TURN_RECOVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_ends_with_its_result),
		cmocka_unit_test(a_turn_that_is_paused_tells_nothing),
		cmocka_unit_test(a_result_may_be_a_failure),
		cmocka_unit_test(an_error_needs_no_done),
		cmocka_unit_test(a_foreign_done_is_a_disturbance),
		cmocka_unit_test(a_cut_is_recovered_from_the_store),
		cmocka_unit_test(a_cut_without_an_end_in_the_store_is_unknown),
		cmocka_unit_test(a_store_that_repeats_itself_is_not_read_for_ever),
		cmocka_unit_test(an_error_in_the_store_ends_the_turn),
		cmocka_unit_test(a_body_that_ends_without_a_word_is_no_end),
		cmocka_unit_test(a_cut_behind_the_end_does_not_matter),
		cmocka_unit_test(a_cut_at_every_byte_never_sends_again),
		cmocka_unit_test(without_recovery_nothing_is_read),
		cmocka_unit_test(a_refusal_is_typed),
		cmocka_unit_test(a_sleeping_session_is_resumed_when_that_is_wanted),
		cmocka_unit_test(a_restart_comes_first),
		cmocka_unit_test(a_restart_that_fails_sends_nothing),
		cmocka_unit_test(a_server_that_is_not_there_was_not_reached),
		cmocka_unit_test(a_session_has_one_command_at_a_time),
		cmocka_unit_test(an_interrupt_kills_the_agent_and_wakes_the_session),
		cmocka_unit_test(an_interrupt_that_comes_late_leaves_the_end),
		cmocka_unit_test(an_interrupt_that_fails_says_so),
		cmocka_unit_test(a_session_that_is_ended_ends_its_turn),
		cmocka_unit_test(a_turn_can_be_closed_in_its_own_event),
		cmocka_unit_test(what_cannot_be_read_is_shown_as_it_came),
		cmocka_unit_test(no_allocation_that_fails_is_fatal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
