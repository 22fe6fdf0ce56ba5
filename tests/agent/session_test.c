/*
 * Whole sessions of the emulator through the model: what comes is held, event by event, against what the emulator's ledger
 * says was produced, read by another JSON reader. Every way to end, cuts, a second turn with the same reader, runtimes
 * whose output is not opened.
 */
#include "support/aod_world.h"
#include "support/test.h"

#include <freshet/agent.h>

#include <jansson.h>

/* ---- what is to be seen ---- */

/* A growing text with a line for each event. */
struct log {
	char *text;
	size_t len;
	FILE *file;
};

static void log_begin(struct log *log)
{
	log->file = open_memstream(&log->text, &log->len);
	assert_non_null(log->file);
}

static void log_event(struct log *log, const char *kind, const char *text, size_t len)
{
	fprintf(log->file, "%s [", kind);
	fwrite(text, 1, len, log->file);
	fputs("]\n", log->file);
}

static void log_end(struct log *log)
{
	fclose(log->file);
}

struct expected {
	struct log log;
	struct log line; /* of stdout, open */
	int64_t turn;
	uint64_t after; /* the rows up to this one were seen before */
	bool opened;    /* the runtime is claude */
};

static void expect_block(struct log *log, json_t *block)
{
	const char *type = json_string_value(json_object_get(block, "type"));
	json_t *value = json_object_get(block, strcmp(type, "tool_use") == 0 ? "name" : type);
	if (strcmp(type, "tool_result") == 0)
		value = json_object_get(block, "content");
	const char *kind = strcmp(type, "tool_use") == 0 ? "tool_call" : type;
	log_event(log, kind, json_string_value(value), json_string_length(value));
}

static void expect_json(struct log *log, json_t *message)
{
	const char *type = json_string_value(json_object_get(message, "type"));
	json_t *content = json_object_get(json_object_get(message, "message"), "content");
	json_t *block;
	size_t i;
	assert_non_null(type);
	if (strcmp(type, "system") == 0)
		log_event(log, "status", "init", 4);
	else if (strcmp(type, "result") == 0)
		log_event(log, "usage", "", 0);
	json_array_foreach(content, i, block) expect_block(log, block);
}

/* The open line has ended. */
static void expect_line(struct expected *e)
{
	json_t *message;
	log_end(&e->line);
	message = json_loadb(e->line.text, e->line.len, 0, NULL);
	if (message != NULL)
		expect_json(&e->log, message);
	else if (e->line.len > 0)
		log_event(&e->log, "raw", e->line.text, e->line.len);
	json_decref(message);
	free(e->line.text);
	log_begin(&e->line);
}

static void expect_stdout(struct expected *e, json_t *data)
{
	const char *text = json_string_value(data);
	if (!e->opened) {
		log_event(&e->log, "output", text, json_string_length(data));
		return;
	}
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			expect_line(e);
		else
			fputc(*text, e->line.file);
	}
}

static void expect_row(const struct mockd_ledger_row *row, void *user)
{
	struct expected *e = user;
	json_t *json = json_loadb(row->data.ptr, row->data.len, 0, NULL);
	assert_non_null(json);
	json_t *data = json_object_get(json, "data");
	bool output = strcmp(row->kind, "stdout") == 0 || strcmp(row->kind, "stderr") == 0;
	if (row->id > e->after && output && row->turn > e->turn) {
		expect_line(e);
		e->turn = row->turn;
		log_event(&e->log, "status", "turn_start", 10);
	}
	if (row->id <= e->after)
		e->turn = row->turn > e->turn ? row->turn : e->turn;
	else if (strcmp(row->kind, "stdout") == 0)
		expect_stdout(e, data);
	else if (strcmp(row->kind, "stderr") == 0)
		log_event(&e->log, "output", json_string_value(data), json_string_length(data));
	else if (strcmp(row->kind, "stage") == 0)
		log_event(&e->log, "status", json_string_value(json_object_get(json, "stage")),
			json_string_length(json_object_get(json, "stage")));
	else
		log_event(&e->log, "raw", row->data.ptr, row->data.len);
	json_decref(json);
}

/* ---- what is seen ---- */

static struct {
	struct log log;
	freshet_agent_reader *reader;
	freshet_aod_stream *stream;
	bool done; /* the stream is over */
	bool began;
	unsigned started;
	unsigned ends; /* DONE events */
	unsigned errors;
	unsigned stale;
	freshet_agent_result result;
	bool has_exit_code;
	int64_t exit_code;
	uint64_t cursor;
} seen;

static void see_text(const freshet_agent_event *event, freshet_str text)
{
	log_event(&seen.log, freshet_agent_kind_name(event->kind), text.ptr != NULL ? text.ptr : "", text.len);
}

static void see_event(const freshet_agent_event *event)
{
	assert_int_equal(seen.ends, 0);
	assert_true(event->kind == FRESHET_AGENT_STARTED || seen.started > 0);
	switch (event->kind) {
	case FRESHET_AGENT_STARTED:
		seen.began = true;
		seen.started++;
		break;
	case FRESHET_AGENT_STATUS:
		if (event->status.subject == FRESHET_AGENT_SUBJECT_STREAM)
			seen.stale++;
		else
			see_text(event, event->status.name);
		break;
	case FRESHET_AGENT_TEXT:
	case FRESHET_AGENT_THINKING: see_text(event, event->text.text); break;
	case FRESHET_AGENT_OUTPUT: see_text(event, event->output.text); break;
	case FRESHET_AGENT_TOOL_CALL: see_text(event, event->tool.name); break;
	case FRESHET_AGENT_TOOL_RESULT: see_text(event, event->tool_result.text); break;
	case FRESHET_AGENT_USAGE: see_text(event, (freshet_str){"", 0}); break;
	case FRESHET_AGENT_RAW: see_text(event, event->raw); break;
	case FRESHET_AGENT_ERROR: seen.errors++; break;
	case FRESHET_AGENT_DONE:
		seen.ends++;
		seen.result = event->done.result;
		seen.has_exit_code = event->done.has_exit_code;
		seen.exit_code = event->done.exit_code;
		break;
	case FRESHET_AGENT_TOOL_REQUEST:
	case FRESHET_AGENT_AWAITING_INPUT:
	case FRESHET_AGENT_AWAITING_APPROVAL: fail_msg("this service has none of these");
	}
}

static void see_all(void)
{
	freshet_agent_event event;
	freshet_agent_step step;
	while ((step = freshet_agent_reader_next(seen.reader, &event)) == FRESHET_AGENT_EVENT)
		see_event(&event);
	assert_int_equal(step, FRESHET_AGENT_MORE);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	(void)stream;
	(void)user;
	assert_int_equal(freshet_agent_reader_aod(seen.reader, event), FRESHET_OK);
	see_all();
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	(void)stream;
	(void)user;
	assert_int_equal(freshet_agent_reader_aod_end(seen.reader, end), FRESHET_OK);
	see_all();
	seen.cursor = end->cursor;
	seen.done = true;
}

/* ---- sessions ---- */

static void begin_reader(freshet_agent_form form)
{
	freshet_agent_reader_options o;
	freshet_agent_reader_options_init(&o);
	o.form = form;
	assert_int_equal(freshet_agent_reader_new(&o, &seen.reader), FRESHET_OK);
}

/* With the reader that there is, or a new one that finds out by itself what it reads. */
static void follow(const char *session, uint64_t cursor)
{
	freshet_agent_reader *reader = seen.reader;
	freshet_aod_stream_options o;
	memset(&seen, 0, sizeof seen);
	seen.reader = reader;
	log_begin(&seen.log);
	if (reader == NULL)
		begin_reader(FRESHET_AGENT_FORM_AUTO);
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(session);
	o.cursor = cursor;
	o.callbacks = (freshet_aod_stream_callbacks){.on_event = on_event, .on_done = on_done};
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &seen.stream), FRESHET_OK);
}

/* All that came is what the ledger has behind that row. */
static void assert_as_in_ledger(const char *session, uint64_t after, bool opened)
{
	struct expected e = {.after = after, .opened = opened};
	log_begin(&e.log);
	log_begin(&e.line);
	assert_true(mockd_ledger_rows(world.mockd, session, expect_row, &e));
	expect_line(&e);
	log_end(&e.line);
	log_end(&e.log);
	log_end(&seen.log);
	assert_true(e.log.len > 0);
	if (strcmp(e.log.text, seen.log.text) != 0)
		fail_msg("--- want\n%s--- got\n%s", e.log.text, seen.log.text);
	assert_int_equal(seen.started, 1);
	assert_int_equal(seen.ends, 1);
	free(e.log.text);
	free(e.line.text);
	free(seen.log.text);
}

static void end_session(void)
{
	freshet_agent_reader_free(seen.reader);
	seen.reader = NULL;
}

static const struct {
	const char *prompt;
	freshet_agent_result result;
	unsigned errors;
	bool has_exit_code;
	int64_t exit_code;
} scripts[] = {
	{"script:success rows=60", FRESHET_AGENT_RESULT_COMPLETED, 0, true, 0},
	{"script:success rows=40 stderr_every=3", FRESHET_AGENT_RESULT_COMPLETED, 0, true, 0},
	{"script:success rows=40 unknown_every=4", FRESHET_AGENT_RESULT_COMPLETED, 0, true, 0},
	{"script:success rows=300 row_ms=0", FRESHET_AGENT_RESULT_COMPLETED, 0, true, 0},
	{"script:exit rows=10 code=3", FRESHET_AGENT_RESULT_FAILED, 0, true, 3},
	{"script:exit rows=3 code=-9", FRESHET_AGENT_RESULT_FAILED, 0, true, -9},
	{"script:error rows=10", FRESHET_AGENT_RESULT_FAILED, 1, false, 0},
	{"script:provision-failure", FRESHET_AGENT_RESULT_FAILED, 1, false, 0},
};

static void run_scripts(freshet_agent_form form)
{
	char session[MOCKD_ID_SIZE];
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		begin_reader(form);
		assert_int_equal(mockd_add_session(world.mockd, scripts[i].prompt, session), FRESHET_OK);
		follow(session, 0);
		world_run_until(&seen.done);
		assert_as_in_ledger(session, 0, form != FRESHET_AGENT_FORM_PLAIN);
		assert_int_equal(seen.result, scripts[i].result);
		assert_int_equal(seen.errors, scripts[i].errors);
		assert_int_equal(seen.has_exit_code, scripts[i].has_exit_code);
		assert_int_equal(seen.exit_code, scripts[i].exit_code);
		end_session();
	}
}

static int set_up(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	world_open(&o);
	return 0;
}

static void sessions_of_every_script(void **state)
{
	(void)state;
	run_scripts(FRESHET_AGENT_FORM_AUTO);
}

static int set_up_with_runtimes(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	o.dialect = MOCKD_DIALECT_R;
	world_open(&o);
	return 0;
}

/* Output that is not opened comes as it was sent. */
static void sessions_of_plain_output(void **state)
{
	(void)state;
	run_scripts(FRESHET_AGENT_FORM_PLAIN);
}

/* Each connection is cut after a few events: lines go on over connections, too. */
static void sessions_that_are_cut(void **state)
{
	(void)state;
	char session[MOCKD_ID_SIZE];
	assert_int_not_equal(mockd_fault_add_text(world.mockd,
				     "moment=event at=9 action=cut times=0 path=/sessions/*/stream", NULL, 0),
		0);
	assert_int_equal(mockd_add_session(world.mockd, "script:success rows=60 stderr_every=7", session), FRESHET_OK);
	follow(session, 0);
	world_run_until(&seen.done);
	assert_as_in_ledger(session, 0, true);
	assert_int_equal(seen.result, FRESHET_AGENT_RESULT_COMPLETED);
	end_session();
}

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	(void)call;
	(void)ack;
	assert_null(error);
	*(bool *)user = true;
}

static void a_second_turn_goes_on_with_the_reader(void **state)
{
	(void)state;
	char session[MOCKD_ID_SIZE];
	bool prompted = false;
	assert_int_equal(mockd_add_session(world.mockd, "script:success rows=20", session), FRESHET_OK);
	follow(session, 0);
	world_run_until(&seen.done);
	assert_as_in_ledger(session, 0, true);
	uint64_t cursor = seen.cursor;
	assert_int_equal(freshet_aod_session_prompt(world.aod, freshet_str_of(session),
				 freshet_str_of("script:exit rows=20 code=2"), 0, on_ack, &prompted, NULL),
		FRESHET_OK);
	world_run_until(&prompted);
	follow(session, cursor);
	world_run_until(&seen.done);
	assert_as_in_ledger(session, cursor, true);
	assert_int_equal(seen.result, FRESHET_AGENT_RESULT_FAILED);
	assert_int_equal(seen.exit_code, 2);
	end_session();
}

static void termination_cancels(void **state)
{
	(void)state;
	char session[MOCKD_ID_SIZE];
	bool asked = false;
	assert_int_equal(mockd_add_session(world.mockd, "script:until-terminated rows=5", session), FRESHET_OK);
	follow(session, 0);
	world_run_until(&seen.began);
	assert_int_equal(
		freshet_aod_session_terminate(world.aod, freshet_str_of(session), on_ack, &asked, NULL), FRESHET_OK);
	world_run_until(&seen.done);
	assert_int_equal(seen.result, FRESHET_AGENT_RESULT_CANCELED);
	log_end(&seen.log);
	free(seen.log.text);
	end_session();
}

static void silence_is_a_status(void **state)
{
	(void)state;
	char session[MOCKD_ID_SIZE];
	assert_int_equal(mockd_add_session(world.mockd, "script:stale rows=5", session), FRESHET_OK);
	follow(session, 0);
	world_run_until(&seen.done);
	assert_as_in_ledger(session, 0, true);
	assert_int_equal(seen.stale, 1);
	assert_int_equal(seen.result, FRESHET_AGENT_RESULT_COMPLETED);
	end_session();
}

static void a_closed_stream_ends_unknown(void **state)
{
	(void)state;
	char session[MOCKD_ID_SIZE];
	assert_int_equal(mockd_add_session(world.mockd, "script:hang rows=5", session), FRESHET_OK);
	follow(session, 0);
	world_run_until(&seen.began);
	freshet_aod_stream_close(seen.stream);
	world_run_until(&seen.done);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.errors, 0);
	assert_int_equal(seen.result, FRESHET_AGENT_RESULT_UNKNOWN);
	log_end(&seen.log);
	free(seen.log.text);
	end_session();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions_of_every_script, set_up, world_close),
		cmocka_unit_test_setup_teardown(sessions_of_every_script, set_up_with_runtimes, world_close),
		cmocka_unit_test_setup_teardown(sessions_of_plain_output, set_up, world_close),
		cmocka_unit_test_setup_teardown(sessions_that_are_cut, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_second_turn_goes_on_with_the_reader, set_up, world_close),
		cmocka_unit_test_setup_teardown(termination_cancels, set_up, world_close),
		cmocka_unit_test_setup_teardown(silence_is_a_status, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_closed_stream_ends_unknown, set_up, world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
