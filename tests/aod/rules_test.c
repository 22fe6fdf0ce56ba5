/*
 * The rules of a session's stream, each for itself: a core that only notes what it is asked stands in for the real one,
 * so that a test says frame by frame what arrives, also what no honest server would send.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "service/aod/client.h"

#define SESSION "7D0C2F3E-5b1a-4c8e-9f60-2a4b6c8d0e1f"

/* ---- the core that stands in ---- */

static struct {
	freshet_stream_callbacks callbacks;
	void *user;
	char path[128];
	char id[128];     /* the last id, as the standard says */
	char asked[1024]; /* what the service asked for, in order */
	bool opened;
	bool over; /* no event may come until the next connection, or ever */
	freshet_err refuse;
} core;

__attribute__((format(printf, 1, 2))) static void note_asked(const char *format, ...)
{
	va_list args;
	size_t len = strlen(core.asked);
	va_start(args, format);
	vsnprintf(core.asked + len, sizeof core.asked - len, format, args);
	va_end(args);
}

freshet_err freshet_stream_open(freshet_endpoint *endpoint, const freshet_stream_options *options, freshet_stream **out)
{
	(void)endpoint;
	if (core.refuse != FRESHET_OK)
		return core.refuse;
	core.callbacks = options->callbacks;
	core.user = options->user;
	core.opened = true;
	snprintf(core.path, sizeof core.path, "%s", options->path);
	snprintf(core.id, sizeof core.id, "%.*s", (int)options->last_event_id.len, options->last_event_id.ptr);
	*out = (freshet_stream *)&core;
	return FRESHET_OK;
}

void freshet_stream_close(freshet_stream *stream)
{
	(void)stream;
	core.over = true;
	note_asked("close ");
}

void freshet_stream_finish(freshet_stream *stream)
{
	(void)stream;
	core.over = true;
	note_asked("finish ");
}

void freshet_stream_fail(freshet_stream *stream, freshet_err err)
{
	(void)stream;
	core.over = true;
	note_asked("fail:%s ", freshet_err_name(err));
}

void freshet_stream_reconnect(freshet_stream *stream, uint64_t delay_ms)
{
	(void)stream;
	core.over = true;
	note_asked("reconnect:%llu ", (unsigned long long)delay_ms);
}

void freshet_stream_pause(freshet_stream *stream)
{
	(void)stream;
	note_asked("pause ");
}

void freshet_stream_resume(freshet_stream *stream)
{
	(void)stream;
	note_asked("resume ");
}

freshet_err freshet_stream_set_cursor(freshet_stream *stream, freshet_str id)
{
	(void)stream;
	snprintf(core.id, sizeof core.id, "%.*s", (int)id.len, id.ptr);
	note_asked("cursor:%s ", core.id);
	return core.refuse;
}

const char *freshet_stream_state(const freshet_stream *stream)
{
	(void)stream;
	return "open";
}

/* ---- the application that looks on ---- */

static struct freshet_aod client;
static freshet_aod_stream *stream;
static char seen[2048];
static freshet_aod_stream_end last_end;
static char end_text[256];
static unsigned ends;
static bool close_in_event;

__attribute__((format(printf, 1, 2))) static void note_seen(const char *format, ...)
{
	va_list args;
	size_t len = strlen(seen);
	va_start(args, format);
	vsnprintf(seen + len, sizeof seen - len, format, args);
	va_end(args);
}

static void on_open(freshet_aod_stream *s, void *user)
{
	assert_ptr_equal(freshet_aod_stream_user(s), user);
	note_seen("open ");
}

static void on_event(freshet_aod_stream *s, const freshet_aod_event *event, void *user)
{
	(void)user;
	note_seen("%.*s", (int)event->type_name.len, event->type_name.ptr);
	if (event->type == FRESHET_AOD_EVENT_TURN_START)
		note_seen("=%d", (int)event->turn_start.turn);
	if (event->type == FRESHET_AOD_EVENT_OUTPUT)
		note_seen("=%.*s", (int)event->output.data.len, event->output.data.ptr);
	if (event->type == FRESHET_AOD_EVENT_EXIT)
		note_seen("=%s%d", event->exit.has_code ? "" : "?", (int)event->exit.code);
	if (event->type >= FRESHET_AOD_EVENT_ERROR)
		note_seen("=%.*s", (int)event->message.text.len, event->message.text.ptr);
	note_seen("@%llu ", (unsigned long long)freshet_aod_stream_cursor(s));
	if (close_in_event)
		freshet_aod_stream_close(s);
}

static void on_cut(freshet_aod_stream *s, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)s;
	(void)user;
	note_seen("cut:%s:%llu ", freshet_err_name(cause->err), (unsigned long long)retry_ms);
}

static void on_done(freshet_aod_stream *s, const freshet_aod_stream_end *end, void *user)
{
	(void)s;
	(void)user;
	ends++;
	last_end = *end;
	snprintf(end_text, sizeof end_text, "%.*s", (int)end->error.outcome.text.len, end->error.outcome.text.ptr);
}

static freshet_err open_stream(freshet_aod_stream_options *given)
{
	freshet_aod_stream_options o;
	memset(&core, 0, sizeof core);
	seen[0] = '\0';
	ends = 0;
	close_in_event = false;
	client.stale_pause_ms = 1000;
	freshet_aod_stream_options_init(&o);
	if (given != NULL)
		o = *given;
	o.session_id = freshet_str_of(SESSION);
	o.callbacks = (freshet_aod_stream_callbacks){on_open, on_event, on_cut, on_done};
	o.user = &core;
	return freshet_aod_stream_open(&client, &o, &stream);
}

static void start_stream(bool unconfirmed)
{
	freshet_aod_stream_options o;
	freshet_aod_stream_options_init(&o);
	o.unconfirmed = unconfirmed;
	assert_int_equal(open_stream(&o), FRESHET_OK);
}

/* A frame as the core gives it: `id` NULL is a frame without an id line, which keeps the id before it. */
static void arrive(const char *id, const char *data)
{
	char id_now[128];
	freshet_event event = {.type = freshet_str_of("message"), .data = freshet_str_of(data)};
	assert_false(core.over);
	if (id != NULL) {
		snprintf(core.id, sizeof core.id, "%s", id);
		event.flags = FRESHET_EVENT_OWN_ID;
	}
	snprintf(id_now, sizeof id_now, "%s", core.id);
	event.id = freshet_str_of(id_now);
	core.callbacks.on_event((freshet_stream *)&core, &event, core.user);
}

static void arrive_output(unsigned id, const char *text)
{
	char number[16];
	char data[256];
	snprintf(number, sizeof number, "%u", id);
	snprintf(data, sizeof data,
		"{\"type\": \"output\", \"id\": %u, \"stream\": \"stdout\", \"data\": \"%s\", \"turn\": 1}", id, text);
	arrive(number, data);
}

/* The body ends, and the next subscription is answered. */
static void reconnect(void)
{
	const freshet_outcome cause = {.err = FRESHET_EHTTP_TRUNCATED, .text = freshet_str_of("cut")};
	if (!core.over)
		core.callbacks.on_cut((freshet_stream *)&core, &cause, 70, core.user);
	core.over = false;
	core.callbacks.on_open((freshet_stream *)&core, core.user);
}

static void end_with(const freshet_outcome *outcome)
{
	const freshet_stream_end end = {.outcome = *outcome, .reconnects = 3};
	core.callbacks.on_done((freshet_stream *)&core, &end, core.user);
	assert_int_equal(ends, 1);
}

static void end_as(freshet_err err)
{
	const freshet_outcome outcome = {.err = err, .text = freshet_str_of("core")};
	end_with(&outcome);
}

#define START      "{\"type\": \"start\", \"provider\": \"anthropic\", \"session_id\": \"x\"}"
#define TURN(n)    "{\"type\": \"turn_start\", \"id\": 99, \"turn\": " #n "}"
#define EXIT(code) "{\"type\": \"exit\", \"id\": 10, \"code\": " #code "}"
#define STAGE      "{\"type\": \"stage\", \"id\": 9, \"stage\": \"s\", \"state\": \"started\"}"

/* ---- tests ---- */

static void a_whole_run(void **state)
{
	(void)state;
	start_stream(true);
	assert_string_equal(core.path, "/sessions/7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1f/stream");
	assert_string_equal(core.id, "");
	core.callbacks.on_open((freshet_stream *)&core, core.user);
	arrive(NULL, START);
	arrive("9", STAGE);
	arrive(NULL, TURN(1));
	arrive_output(10, "a");
	arrive("10", EXIT(0));
	assert_string_equal(seen, "open start@0 stage@9 turn_start=1@9 output=a@10 exit=0@10 ");
	end_as(FRESHET_OK);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(last_end.has_exit_code);
	assert_int_equal(last_end.cursor, 10);
	assert_int_equal(last_end.events, 5);
	assert_int_equal(last_end.duplicates, 0);
	assert_int_equal(last_end.reconnects, 3);
	assert_int_equal(last_end.error.outcome.err, FRESHET_OK);
	assert_string_equal(end_text, "the session completed its turn");
}

/* Dying between a turn_start and its output would lose the output if turn_start moved the cursor. */
static void turn_start_never_moves_the_cursor(void **state)
{
	(void)state;
	start_stream(true);
	arrive_output(9, "a");
	arrive(NULL, TURN(2));
	assert_int_equal(freshet_aod_stream_cursor(stream), 9);
	/* Even where it has an id line, which the contract rules out. */
	arrive("99", TURN(3));
	assert_int_equal(freshet_aod_stream_cursor(stream), 9);
	assert_string_equal(core.id, "9");
	arrive("50", START);
	assert_string_equal(core.id, "9");
	end_as(FRESHET_ECANCELED);
}

static void what_comes_on_every_connection_is_shown_once(void **state)
{
	(void)state;
	start_stream(true);
	arrive(NULL, START);
	arrive(NULL, TURN(1));
	arrive_output(10, "a");
	reconnect();
	arrive(NULL, START);
	arrive(NULL, TURN(1));
	arrive_output(11, "b");
	arrive(NULL, TURN(2));
	reconnect();
	arrive(NULL, START);
	arrive(NULL, TURN(2));
	arrive_output(12, "c");
	assert_string_equal(seen, "start@0 turn_start=1@0 output=a@10 cut:FRESHET_EHTTP_TRUNCATED:70 open output=b@11 "
				  "turn_start=2@11 cut:FRESHET_EHTTP_TRUNCATED:70 open output=c@12 ");
	end_as(FRESHET_ECANCELED);
	assert_int_equal(last_end.duplicates, 0);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_UNKNOWN);
}

static void rows_at_or_below_the_cursor_are_dropped(void **state)
{
	(void)state;
	start_stream(true);
	arrive_output(10, "a");
	arrive_output(20, "b");
	reconnect();
	arrive_output(10, "a");
	/* A cut right here must not resume before row 20. */
	assert_string_equal(core.id, "20");
	arrive("20", STAGE);
	arrive("20", "{\"type\": \"new_kind\"}");
	arrive_output(21, "c");
	assert_string_equal(seen, "output=a@10 output=b@20 cut:FRESHET_EHTTP_TRUNCATED:70 open output=c@21 ");
	end_as(FRESHET_ECANCELED);
	assert_int_equal(last_end.duplicates, 3);
	assert_int_equal(last_end.events, 3);
}

static void an_opening_cursor_counts(void **state)
{
	(void)state;
	freshet_aod_stream_options o;
	freshet_aod_stream_options_init(&o);
	o.cursor = 18446744073709551614u;
	o.unconfirmed = true;
	assert_int_equal(open_stream(&o), FRESHET_OK);
	assert_string_equal(core.id, "18446744073709551614");
	assert_true(freshet_aod_stream_cursor(stream) == 18446744073709551614u);
	arrive_output(5, "old");
	arrive("18446744073709551615", STAGE);
	assert_string_equal(seen, "stage@18446744073709551615 ");
	end_as(FRESHET_ECANCELED);
}

static void ids_that_are_no_rows(void **state)
{
	(void)state;
	static const char *const odd[] = {"abc", "", "-1", "+5", "5x", "18446744073709551616", "999999999999999999999"};
	start_stream(true);
	arrive_output(10, "a");
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		seen[0] = '\0';
		arrive(odd[i], "{\"type\": \"output\", \"data\": \"b\"}");
		assert_string_equal(seen, "output=b@10 ");
		assert_string_equal(core.id, "10");
	}
	/* A row without an id line is shown and moves nothing. */
	arrive(NULL, "{\"type\": \"output\", \"id\": 77, \"data\": \"c\"}");
	assert_int_equal(freshet_aod_stream_cursor(stream), 10);
	end_as(FRESHET_ECANCELED);
}

static void terminal_frames_end_the_stream(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		const char *seen;
		freshet_aod_status status;
		bool has_code;
		int64_t code;
	} cases[] = {
		{EXIT(0), "exit=0@10 ", FRESHET_AOD_STATUS_COMPLETED, true, 0},
		{EXIT(137), "exit=137@10 ", FRESHET_AOD_STATUS_FAILED, true, 137},
		{EXIT(-2), "exit=-2@10 ", FRESHET_AOD_STATUS_FAILED, true, -2},
		{EXIT(null), "exit=?0@10 ", FRESHET_AOD_STATUS_COMPLETED, false, 0},
		{"{\"type\": \"error\", \"message\": \"no\"}", "error=no@10 ", FRESHET_AOD_STATUS_FAILED, false, 0},
		{"{\"type\": \"terminated\", \"message\": \"gone\"}", "terminated=gone@10 ",
			FRESHET_AOD_STATUS_TERMINATED, false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start_stream(true);
		arrive_output(10, "a");
		seen[0] = '\0';
		arrive("10", cases[i].data);
		assert_string_equal(seen, cases[i].seen);
		assert_string_equal(core.asked, "finish ");
		end_as(FRESHET_OK);
		assert_int_equal(last_end.status, cases[i].status);
		assert_int_equal(last_end.has_exit_code, cases[i].has_code);
		assert_int_equal(last_end.exit_code, cases[i].code);
	}
}

/* A terminal frame with id 0 has no id line: the cursor stays what it was. */
static void a_terminal_frame_without_id(void **state)
{
	(void)state;
	start_stream(true);
	arrive(NULL, START);
	arrive(NULL, "{\"type\": \"terminated\", \"id\": 0, \"message\": \"x\"}");
	assert_string_equal(core.asked, "finish ");
	end_as(FRESHET_OK);
	assert_int_equal(last_end.cursor, 0);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_TERMINATED);
}

static void the_end_is_confirmed(void **state)
{
	(void)state;
	start_stream(false);
	arrive_output(10, "a");
	arrive("10", EXIT(0));
	assert_string_equal(seen, "output=a@10 ");
	assert_string_equal(core.asked, "reconnect:0 ");
	reconnect();
	arrive(NULL, START);
	arrive_output(11, "late");
	arrive("11", EXIT(0));
	assert_string_equal(seen, "output=a@10 open start@10 output=late@11 exit=0@11 ");
	end_as(FRESHET_OK);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_int_equal(last_end.cursor, 11);
}

/* The last word counts: somebody terminated the session in between. */
static void the_second_word_of_the_end_counts(void **state)
{
	(void)state;
	start_stream(false);
	arrive("10", EXIT(0));
	reconnect();
	arrive("10", "{\"type\": \"terminated\", \"message\": \"m\"}");
	assert_string_equal(seen, "open terminated=m@10 ");
	end_as(FRESHET_OK);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_TERMINATED);
	assert_false(last_end.has_exit_code);
}

/* A prompt came in between: the stream goes on, and the end of that turn is confirmed again. */
static void a_turn_that_begins_while_the_end_is_confirmed(void **state)
{
	(void)state;
	start_stream(false);
	arrive(NULL, TURN(1));
	arrive_output(10, "a");
	arrive("10", EXIT(0));
	reconnect();
	arrive(NULL, TURN(2));
	arrive_output(12, "b");
	core.asked[0] = '\0';
	arrive("12", EXIT(0));
	assert_string_equal(core.asked, "reconnect:0 ");
	reconnect();
	arrive("12", EXIT(0));
	assert_string_equal(seen, "turn_start=1@0 output=a@10 open turn_start=2@10 output=b@12 open exit=0@12 ");
	end_as(FRESHET_OK);
}

/* The session was deleted, or the server is gone: what it said first is all that will be known. */
static void an_end_that_cannot_be_confirmed_is_shown(void **state)
{
	(void)state;
	static const char first[] = "{\"type\": \"error\", \"message\": \"br\\u00f8ken\", \"more\": 1}";
	start_stream(false);
	arrive("10", first);
	assert_string_equal(seen, "");
	const freshet_outcome gone = {.err = FRESHET_EHTTP_STATUS, .http_status = 404, .text = freshet_str_of("x")};
	end_with(&gone);
	assert_string_equal(seen, "error=br\xc3\xb8ken@10 ");
	assert_int_equal(last_end.error.outcome.err, FRESHET_OK);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_FAILED);
	assert_true(strlen(end_text) > 0);
}

static void closing_while_the_end_is_confirmed_shows_nothing(void **state)
{
	(void)state;
	start_stream(false);
	arrive("10", EXIT(0));
	freshet_aod_stream_close(stream);
	end_as(FRESHET_ECANCELED);
	assert_string_equal(seen, "");
	assert_int_equal(last_end.error.outcome.err, FRESHET_ECANCELED);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_UNKNOWN);
}

/* Closing in the last event comes too late to make the end a cancellation: the stream was finished before. */
static void closing_in_the_last_event(void **state)
{
	(void)state;
	start_stream(true);
	close_in_event = true;
	arrive("10", EXIT(0));
	assert_string_equal(core.asked, "finish close ");
	end_as(FRESHET_OK);
}

static void stale_ends_the_connection_only(void **state)
{
	(void)state;
	start_stream(true);
	arrive_output(10, "a");
	core.asked[0] = '\0';
	arrive("10", "{\"type\": \"stale\", \"message\": \"quiet\"}");
	/* 0x7d0c of 0xffff, of a second, after half a second. */
	assert_string_equal(core.asked, "reconnect:988 ");
	assert_string_equal(seen, "output=a@10 stale=quiet@10 ");
	reconnect();
	arrive(NULL, START);
	arrive("10", EXIT(0));
	end_as(FRESHET_OK);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_COMPLETED);
}

static void unknown_events_are_shown_and_move_the_cursor(void **state)
{
	(void)state;
	start_stream(true);
	arrive("10", "{\"type\": \"usage\", \"tokens\": 3}");
	arrive("11", "{\"no\": \"type\"}");
	assert_string_equal(seen, "usage@10 @11 ");
	end_as(FRESHET_ECANCELED);
}

static void an_event_that_cannot_be_read_fails_the_stream(void **state)
{
	(void)state;
	start_stream(true);
	arrive_output(10, "a");
	arrive("11", "{\"type\": \"output\", \"data\": }");
	assert_string_equal(core.asked, "fail:FRESHET_EJSON_SYNTAX ");
	end_as(FRESHET_EJSON_SYNTAX);
	assert_int_equal(last_end.error.outcome.err, FRESHET_EJSON_SYNTAX);
	assert_int_equal(last_end.error.outcome.position, 27);
	assert_int_equal(last_end.cursor, 10);
	assert_string_equal(end_text, "byte 27 of the event with id 11: not valid JSON");
	start_stream(true);
	arrive(NULL, "oops");
	end_as(FRESHET_EJSON_SYNTAX);
	assert_string_equal(end_text, "byte 0 of an event without id: not valid JSON");
}

static void refused_subscriptions_are_typed(void **state)
{
	(void)state;
	start_stream(true);
	freshet_outcome refused = {.err = FRESHET_EHTTP_STATUS, .http_status = 401, .text = freshet_str_of("x")};
	refused.body = freshet_str_of("{\"detail\": \"Invalid key\"}");
	end_with(&refused);
	assert_int_equal(last_end.error.outcome.err, FRESHET_EAUTH);
	assert_string_equal(end_text, "HTTP 401: Invalid key");
	/* What is no answer stays what the core says. */
	start_stream(true);
	end_as(FRESHET_ETLS_HOST);
	assert_int_equal(last_end.error.outcome.err, FRESHET_ETLS_HOST);
	assert_string_equal(end_text, "core");
}

/* Whoever waits for the end must not take a polite silence for it. */
static void an_answer_without_content_is_no_end(void **state)
{
	(void)state;
	start_stream(true);
	const freshet_outcome silence = {.err = FRESHET_OK, .http_status = 204, .text = freshet_str_of("no error")};
	end_with(&silence);
	assert_int_equal(last_end.error.outcome.err, FRESHET_EBAD_ANSWER);
	assert_int_equal(last_end.error.outcome.http_status, 204);
	assert_int_equal(last_end.status, FRESHET_AOD_STATUS_UNKNOWN);
}

static void a_cursor_that_cannot_be_kept_fails_the_stream(void **state)
{
	(void)state;
	start_stream(true);
	arrive_output(10, "a");
	core.refuse = FRESHET_ENOMEM;
	arrive_output(9, "b");
	assert_string_equal(core.asked, "cursor:10 fail:FRESHET_ENOMEM ");
	end_as(FRESHET_ENOMEM);
}

static void bad_arguments_keep_nothing(void **state)
{
	(void)state;
	static const char *const ids[] = {"", "7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1",
		"7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1f0", "7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1g",
		"7d0c2f3e05b1a-4c8e-9f60-2a4b6c8d0e1f", "../../../../../../../../../../admin1"};
	freshet_aod_stream_options o;
	failmem_arm(0);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		memset(&core, 0, sizeof core);
		freshet_aod_stream_options_init(&o);
		o.session_id = freshet_str_of(ids[i]);
		o.callbacks.on_event = on_event;
		o.callbacks.on_done = on_done;
		stream = (freshet_aod_stream *)&o;
		assert_int_equal(freshet_aod_stream_open(&client, &o, &stream), FRESHET_EINVAL);
		assert_null(stream);
		assert_false(core.opened);
	}
	o.session_id = freshet_str_of(SESSION);
	o.callbacks.on_done = NULL;
	assert_int_equal(freshet_aod_stream_open(&client, &o, &stream), FRESHET_EINVAL);
	o.callbacks.on_done = on_done;
	o.callbacks.on_event = NULL;
	assert_int_equal(freshet_aod_stream_open(&client, &o, &stream), FRESHET_EINVAL);
	o.callbacks.on_event = on_event;
	o.size = 3;
	assert_int_equal(freshet_aod_stream_open(&client, &o, &stream), FRESHET_EINVAL);
	o.size = sizeof o;
	core.refuse = FRESHET_EQUEUE_FULL;
	assert_int_equal(freshet_aod_stream_open(&client, &o, &stream), FRESHET_EQUEUE_FULL);
	assert_null(stream);
	assert_int_equal(failmem_live(), 0);
	failmem_arm(1);
	core.refuse = FRESHET_OK;
	assert_int_equal(freshet_aod_stream_open(&client, &o, &stream), FRESHET_ENOMEM);
	assert_false(core.opened);
	failmem_off();
}

/* Without memory to keep the first word of the end, it is the last. */
static void without_memory_the_end_is_not_confirmed(void **state)
{
	(void)state;
	start_stream(false);
	failmem_arm(1);
	arrive("10", EXIT(3));
	assert_true(failmem_fired());
	failmem_off();
	assert_string_equal(core.asked, "finish ");
	assert_string_equal(seen, "exit=3@10 ");
	end_as(FRESHET_OK);
}

static void pause_and_state_are_the_cores(void **state)
{
	(void)state;
	start_stream(true);
	freshet_aod_stream_pause(stream);
	freshet_aod_stream_resume(stream);
	assert_string_equal(core.asked, "pause resume ");
	assert_string_equal(freshet_aod_stream_state(stream), "open");
	end_as(FRESHET_ECANCELED);
}

static int clear_scratch(void **state)
{
	(void)state;
	guest_scratch_clear(&client.scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_run),
		cmocka_unit_test(turn_start_never_moves_the_cursor),
		cmocka_unit_test(what_comes_on_every_connection_is_shown_once),
		cmocka_unit_test(rows_at_or_below_the_cursor_are_dropped),
		cmocka_unit_test(an_opening_cursor_counts),
		cmocka_unit_test(ids_that_are_no_rows),
		cmocka_unit_test(terminal_frames_end_the_stream),
		cmocka_unit_test(a_terminal_frame_without_id),
		cmocka_unit_test(the_end_is_confirmed),
		cmocka_unit_test(the_second_word_of_the_end_counts),
		cmocka_unit_test(a_turn_that_begins_while_the_end_is_confirmed),
		cmocka_unit_test(an_end_that_cannot_be_confirmed_is_shown),
		cmocka_unit_test(closing_while_the_end_is_confirmed_shows_nothing),
		cmocka_unit_test(closing_in_the_last_event),
		cmocka_unit_test(stale_ends_the_connection_only),
		cmocka_unit_test(unknown_events_are_shown_and_move_the_cursor),
		cmocka_unit_test(an_event_that_cannot_be_read_fails_the_stream),
		cmocka_unit_test(refused_subscriptions_are_typed),
		cmocka_unit_test(an_answer_without_content_is_no_end),
		cmocka_unit_test(a_cursor_that_cannot_be_kept_fails_the_stream),
		cmocka_unit_test(bad_arguments_keep_nothing),
		cmocka_unit_test(without_memory_the_end_is_not_confirmed),
		cmocka_unit_test(pause_and_state_are_the_cores),
	};
	return cmocka_run_group_tests(tests, NULL, clear_scratch);
}
