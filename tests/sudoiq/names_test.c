/*
 * Every name of <freshet/sudoiq_status.h> under another one: what the lists say is read and nothing else is, in a status, in
 * the events of a stream, in errors, and in what an account holds.
 */
#include "play.h"

#define S(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
#define Z(text) ((freshet_str)S(text))

/* A list of one. */
#define ONE(text) ((const char *const[]){(text), NULL})

static freshet_sudoiq_names names;

static void name_status(void)
{
	static const char *const terminal[] = {"broken", NULL}, *const paused[] = {"waits", NULL},
				 *const completed[] = {"good", NULL}, *const canceled[] = {"stopped", NULL};
	freshet_sudoiq_names_init(&names);
	names.terminal_statuses = terminal;
	names.paused_statuses = paused;
	names.completed_statuses = completed;
	names.canceled_statuses = canceled;
}

static void hold_text(freshet_str text, const char *wanted)
{
	assert_true(freshet_str_is(text, wanted));
}

static void read_as(const char *json, freshet_sudoiq_phase phase)
{
	freshet_sudoiq_status *s;
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(json), &names, &s, NULL), FRESHET_OK);
	assert_int_equal(s->phase, phase);
	freshet_sudoiq_status_free(s);
}

static void statuses(void **state)
{
	(void)state;
	name_status();
	read_as("{\"task_id\":1,\"status\":\"Good\"}", FRESHET_SUDOIQ_COMPLETED);
	read_as("{\"task_id\":1,\"status\":\"stopped\"}", FRESHET_SUDOIQ_CANCELED);
	read_as("{\"task_id\":1,\"status\":\"broken\"}", FRESHET_SUDOIQ_FAILED);
	read_as("{\"task_id\":1,\"status\":\"waits\"}", FRESHET_SUDOIQ_PAUSED);
	static const char *const theirs[] = {
		"completed", "cancelled", "canceled", "failed", "timed_out", "error", "awaiting_tool_calls"};
	for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
		char json[80];
		snprintf(json, sizeof json, "{\"task_id\":1,\"status\":\"%s\"}", theirs[i]);
		read_as(json, FRESHET_SUDOIQ_RUNNING);
	}
}

/* Under the names of the default stands what must not be read. */
static const char wrong[] = "\"agent_id\":\"x\",\"task_id\":9,\"id\":9,\"run_id\":9,\"status\":\"x\",\"result\":\"x\","
			    "\"tool_calls\":[{\"call_id\":\"x\",\"name\":\"x\"}],\"error\":{\"code\":\"x\","
			    "\"message\":\"x\"},\"environment\":\"x\",\"agent_version\":9,\"revision\":9,\"usage\":{"
			    "\"input_tokens\":9,\"output_tokens\":9},\"created_at\":\"x\",\"updated_at\":\"x\"";

static const char other[] =
	"\"o\":{\"agent\":\"a\",\"number\":1,\"state\":\"waits\",\"outcome\":\"r\",\"trouble\":{\"kind\":\"k\","
	"\"words\":"
	"\"w\"},\"where\":\"e\",\"edition\":3,\"change\":4,\"cost\":{\"in\":5,\"out\":6},\"made\":\"m\",\"changed\":"
	"\"c\","
	"\"wants\":[{\"key\":\"y\",\"tool\":\"t\",\"in\":\"lab\",\"given\":{\"q\":1},\"call_id\":\"x\",\"id\":\"x\","
	"\"name\":\"x\",\"namespace\":\"x\",\"args\":{}}]}";

static void members_of_a_status(void **state)
{
	char json[2048];
	freshet_sudoiq_status *s;
	(void)state;
	name_status();
	names.agent_id_fields = ONE("o.agent");
	names.task_id_fields = ONE("o.number");
	names.status_fields = ONE("o.state");
	names.result_fields = ONE("o.outcome");
	names.tool_calls_fields = ONE("o.wants");
	names.error_fields = ONE("o.trouble");
	names.error_code_fields = ONE("o.trouble.kind");
	names.error_message_fields = ONE("o.trouble.words");
	names.environment_fields = ONE("o.where");
	names.agent_version_fields = ONE("o.edition");
	names.revision_fields = ONE("o.change");
	names.usage_fields = ONE("o.cost");
	names.input_tokens_fields = ONE("o.cost.in");
	names.output_tokens_fields = ONE("o.cost.out");
	names.created_at_fields = ONE("o.made");
	names.updated_at_fields = ONE("o.changed");
	names.call_id_fields = ONE("key");
	names.tool_name_fields = ONE("tool");
	names.namespace_fields = ONE("in");
	names.args_fields = ONE("given");
	snprintf(json, sizeof json, "{%s,%s}", wrong, other);
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(json), &names, &s, NULL), FRESHET_OK);
	hold_text(s->agent_id, "a");
	assert_int_equal(s->task_id, 1);
	hold_text(s->status, "waits");
	hold_text(s->result_text, "r");
	hold_text(s->error, "{\"kind\":\"k\",\"words\":\"w\"}");
	hold_text(s->error_code, "k");
	hold_text(s->error_message, "w");
	hold_text(s->environment, "e");
	assert_int_equal(s->agent_version, 3);
	assert_int_equal(s->revision, 4);
	hold_text(s->usage, "{\"in\":5,\"out\":6}");
	assert_int_equal(s->input_tokens, 5);
	assert_int_equal(s->output_tokens, 6);
	hold_text(s->created_at, "m");
	hold_text(s->updated_at, "c");
	assert_int_equal(s->tool_call_count, 1);
	hold_text(s->tool_calls[0].call_id, "y");
	hold_text(s->tool_calls[0].name, "t");
	hold_text(s->tool_calls[0].space, "lab");
	hold_text(s->tool_calls[0].args, "{\"q\":1}");
	freshet_sudoiq_status_free(s);
}

/* ---- streams ---- */

static char told[1024];

static void tell(const char *what, freshet_str a, freshet_str b)
{
	size_t len = strlen(told);
	snprintf(told + len, sizeof told - len, "%s %.*s %.*s;", what, (int)a.len, a.len > 0 ? a.ptr : "", (int)b.len,
		b.len > 0 ? b.ptr : "");
}

static void on_named_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *e, void *user)
{
	static const freshet_str none = {NULL, 0};
	(void)run;
	(void)user;
	switch (e->type) {
	case FRESHET_SUDOIQ_EVENT_UNKNOWN: tell("unknown", e->type_name, none); break;
	case FRESHET_SUDOIQ_EVENT_STARTED: break;
	case FRESHET_SUDOIQ_EVENT_STATUS: tell("status", e->status->status, none); break;
	case FRESHET_SUDOIQ_EVENT_LOG: tell("log", e->log.level, e->log.text); break;
	case FRESHET_SUDOIQ_EVENT_DELTA: tell("delta", e->delta.node_id, e->delta.text); break;
	case FRESHET_SUDOIQ_EVENT_ERROR: tell("error", e->error.code, e->error.text); break;
	case FRESHET_SUDOIQ_EVENT_END: tell("end", e->end.reason, none); break;
	}
}

static void execute_named(const struct step *steps, size_t count, const freshet_sudoiq_options *o)
{
	static const freshet_sudoiq_run_callbacks named = {on_named_event, on_done};
	const freshet_sudoiq_start start = start_options();
	memset(&seen, 0, sizeof seen);
	told[0] = '\0';
	sudoiq_world_open(steps, count, o);
	assert_int_equal(
		freshet_sudoiq_execute_agent(sudoiq_world.client, &start, &named, &seen, &seen.run), FRESHET_OK);
	sudoiq_world_until(&seen.done);
	sudoiq_world_all_taken();
	sudoiq_world_close(NULL);
}

#define EVENT(name, data) "event: " name "\ndata: " data "\n\n"

static void events_and_their_members(void **state)
{
	static const struct step steps[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM,
			.answer = EVENT("sync", "{\"status\":\"completed\"}") EVENT("log", "{\"message\":\"x\"}") EVENT(
				"delta", "{\"text\":\"x\"}") EVENT("end", "{\"reason\":\"x\"}") EVENT("error",
				"{\"retryable\":false}") EVENT("note",
				"{\"grade\":\"g\",\"level\":\"x\",\"words\":\"w\",\"text\":\"x\"}") EVENT("piece",
				"{\"node\":\"n\",\"node_id\":\"x\",\"words\":\"p\"}") EVENT("bye",
				"{\"cause\":\"c\",\"reason\":\"x\"}") EVENT("state", "{\"status\":\"running\"}")
				EVENT("oops", "{\"sign\":\"s\",\"code\":\"x\",\"words\":\"o\",\"passing\":false}")},
	};
	freshet_sudoiq_options o = sudoiq_world_options();
	(void)state;
	freshet_sudoiq_names_init(&names);
	names.snapshot_event_names = ONE("state");
	names.log_event_names = ONE("note");
	names.delta_event_names = ONE("piece");
	names.error_event_names = ONE("oops");
	names.end_event_names = ONE("bye");
	names.event_text_fields = ONE("words");
	names.event_code_fields = ONE("sign");
	names.event_level_fields = ONE("grade");
	names.event_node_id_fields = ONE("node");
	names.event_reason_fields = ONE("cause");
	names.event_retryable_fields = ONE("passing");
	o.names = &names;
	execute_named(steps, 2, &o);
	assert_string_equal(told,
		"status running ;unknown sync ;unknown log ;unknown delta ;unknown end ;unknown error ;"
		"log g w;delta n p;end c ;status running ;error s o;");
	assert_int_equal(seen.err, FRESHET_ESERVER);
	assert_string_equal(seen.code, "s");
}

/* ---- answers ---- */

static void errors_and_their_members(void **state)
{
	static const struct step refused[] = {
		{.request = START,
			.status = 422,
			.answer = "{\"kind\":\"k\",\"words\":\"w\",\"error_code\":\"x\","
				  "\"message\":\"x\"}"},
	};
	/* One of two was answered before, by the words of this server: the other one is sent once more. */
	static const struct step before[] = {
		{.request = START, .status = 200, .answer = STARTED},
		{.request = STREAM, .answer = PAUSED(1, CALL("a", "read_meter") "," CALL("b", "read_meter"))},
		{.request = ANSWER, .status = 409, .answer = "{\"kind\":\"had_it\",\"which\":[\"a\"],\"call_ids\":[]}"},
		{.request = ANSWER,
			.body = ANSWERS(GIVEN("b", "read_meter", "64 percent", "false")),
			.status = 200,
			.answer = "",
			.push = DONE(2)},
	};
	freshet_sudoiq_options o = sudoiq_world_options();
	(void)state;
	freshet_sudoiq_names_init(&names);
	names.failure_code_fields = ONE("kind");
	names.failure_message_fields = ONE("words");
	names.failure_call_ids_fields = ONE("which");
	names.already_submitted_codes = ONE("HAD_IT");
	o.names = &names;
	PLAY(refused, &o);
	assert_string_equal(seen.code, "k");
	assert_string_equal(seen.message, "w");
	PLAY(before, &o);
	hold_good();
}

static void a_token_and_its_life(void **state)
{
	static const struct step steps[] = {
		{.request = "POST /api/v1/auth/token",
			.status = 200,
			.answer = "{\"pass\":{\"text\":\"one\",\"for\":3600},\"access_token\":\"x\",\"expires_in\":"
				  "\"x\"}"},
		{.request = START,
			.head = "authorization: Bearer one\r\n",
			.status = 200,
			.answer = "{\"task_id\":42,\"status\":\"completed\",\"result\":\"64 percent\"}"},
	};
	freshet_sudoiq_options o = sudoiq_world_options();
	(void)state;
	freshet_sudoiq_names_init(&names);
	names.access_token_fields = ONE("pass.text");
	names.expires_in_fields = ONE("pass.for");
	o.auth = FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE;
	o.names = &names;
	PLAY(steps, &o);
	hold_good();
}

static char held[256];

static void on_feedback(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_feedback *f,
	size_t count, freshet_str next_cursor, void *user)
{
	(void)call;
	(void)next_cursor;
	assert_null(error);
	assert_int_equal(count, 1);
	snprintf(held, sizeof held, "%.*s|%.*s|%.*s|%.*s", (int)f->reason.len, f->reason.ptr, (int)f->source.len,
		f->source.ptr, (int)f->tags.len, f->tags.ptr, (int)f->created_at.len, f->created_at.ptr);
	*(bool *)user = true;
}

static void on_tools(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_registered *t,
	size_t count, freshet_str next_cursor, void *user)
{
	(void)call;
	(void)next_cursor;
	assert_null(error);
	assert_int_equal(count, 1);
	snprintf(held, sizeof held, "%.*s|%.*s", (int)t->created_at.len, t->created_at.ptr, (int)t->updated_at.len,
		t->updated_at.ptr);
	*(bool *)user = true;
}

static void what_an_account_holds(void **state)
{
	static const struct step steps[] = {
		{.request = "GET " TASK "/feedback",
			.status = 200,
			.answer = "[{\"why\":\"w\",\"from\":\"f\",\"marks\":[1],\"made\":\"m\",\"reason\":\"x\","
				  "\"source\":\"x\",\"tags\":[],\"created_at\":\"x\"}]"},
		{.request = "GET /api/v1/tools?limit=201",
			.status = 200,
			.answer = "[{\"name\":\"t\",\"made\":\"m\",\"changed\":\"c\",\"created_at\":\"x\","
				  "\"updated_at\":\"x\"}]"},
	};
	const freshet_sudoiq_page page = {201, {NULL, 0}};
	freshet_sudoiq_options o = sudoiq_world_options();
	bool done = false;
	(void)state;
	freshet_sudoiq_names_init(&names);
	names.object_created_at_fields = ONE("made");
	names.object_updated_at_fields = ONE("changed");
	names.reason_fields = ONE("why");
	names.source_fields = ONE("from");
	names.tags_fields = ONE("marks");
	o.names = &names;
	o.max_page = 201;
	sudoiq_world_open(steps, 2, &o);
	assert_int_equal(
		freshet_sudoiq_list_feedback(sudoiq_world.client, Z(AGENT), 42, NULL, on_feedback, &done, NULL),
		FRESHET_OK);
	sudoiq_world_until(&done);
	assert_string_equal(held, "w|f|[1]|m");
	done = false;
	assert_int_equal(
		freshet_sudoiq_get_tools(sudoiq_world.client, Z(""), &page, on_tools, &done, NULL), FRESHET_OK);
	sudoiq_world_until(&done);
	assert_string_equal(held, "m|c");
	sudoiq_world_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(members_of_a_status),
		cmocka_unit_test(events_and_their_members),
		cmocka_unit_test(errors_and_their_members),
		cmocka_unit_test(a_token_and_its_life),
		cmocka_unit_test(what_an_account_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
