/*
 * Hosted agents against the emulator, under both tables of paths and names: each script to its end, pauses that are answered
 * and decided, sessions that remember, streams that are cut and taken up again. What was shown is held against its ledger.
 */
#include "agentos/hosted_note.h"

#include "mockd/mockd.h"

#include <freshet/agent.h>

/* The emulator's time passes with the turns of the loop and not with the clock. */
#define TURN_MS 20

static struct {
	struct event_base *base;
	struct mockd *mockd;
	freshet_reactor *reactor;
	freshet_agentos *client;
} world;

#define NAME_MAX 22

/* The names of the table in force, as lists. */
static void take_names(freshet_agentos_hosted_names *names)
{
	static const char *lists[NAME_MAX][3];
	static char paths[4][64];
	const struct {
		const char *what;
		const char *const **to;
	} rows[] = {
		{"field.run_id", &names->run_id},
		{"field.status", &names->status},
		{"field.output", &names->output},
		{"field.approval_id", &names->approval_id},
		{"field.error_message", &names->error_message},
		{"status.running", &names->running},
		{"status.completed", &names->completed},
		{"status.failed", &names->failed},
		{"status.awaiting_approval", &names->awaiting_approval},
		{"status.awaiting_input", &names->awaiting_input},
		{"field.type", &names->type},
		{"field.text", &names->text},
		{"field.tool", &names->tool},
		{"field.input", &names->input},
		{"field.error", &names->tool_error},
		{"stream.start", &names->start},
		{"stream.chunk", &names->chunk},
		{"stream.tool_call", &names->tool_call},
		{"stream.tool_result", &names->tool_result},
		{"stream.done", &names->done},
		{"stream.error", &names->error},
		{"field.approvals", &names->approvals},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		lists[i][0] = mockd_agentos_name(world.mockd, rows[i].what);
		/* Members of an approval are as in its webhook, where they are published. */
		lists[i][1] = strncmp(rows[i].what, "field.", 6) == 0 ? rows[i].what + 6 : NULL;
		*rows[i].to = lists[i];
	}
	static const char *composed[4][3];
	const char *question = mockd_agentos_name(world.mockd, "field.question");
	const char *usage = mockd_agentos_name(world.mockd, "field.usage");
	snprintf(paths[0], 64, "%s.id", question);
	snprintf(paths[1], 64, "%s.text", question);
	snprintf(paths[2], 64, "%s.input_tokens", usage);
	snprintf(paths[3], 64, "%s.output_tokens", usage);
	for (size_t i = 0; i < 4; i++)
		composed[i][0] = paths[i];
	composed[1][1] = question;
	names->question_id = composed[0];
	names->question_text = composed[1];
	names->input_tokens = composed[2];
	names->output_tokens = composed[3];
}

static void open_world(struct mockd_options *m, freshet_agentos_recover recover)
{
	static const char *const keys[] = {
		"invoke", "approvals_list", "approvals_decide", "run_get", "run_reply", "run_stream"};
	freshet_reactor_options r;
	freshet_agentos_options o;
	freshet_agentos_hosted_options h;
	freshet_agentos_hosted_names names;
	freshet_route routes[6];
	memset(&world, 0, sizeof world);
	freshet_agentos_hosted_names_init(&names);
	world.base = event_base_new();
	m->manual_clock = true;
	m->keep_alive_ms = 3600000;
	assert_int_equal(mockd_new(world.base, m, &world.mockd), FRESHET_OK);
	freshet_reactor_options_init(&r);
	r.base = world.base;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &world.reactor), FRESHET_OK);
	for (size_t i = 0; i < 6; i++)
		routes[i] = (freshet_route){keys[i], NULL, mockd_agentos_name(world.mockd, keys[i])};
	freshet_agentos_options_init(&o);
	o.base_url = mockd_url(world.mockd);
	o.api_key = MOCKD_AGENTOS_AGENT_KEY;
	o.workspace_key = MOCKD_AGENTOS_WORKSPACE_KEY;
	o.agent_id = MOCKD_AGENTOS_AGENT;
	o.retry_base_ms = 2;
	o.retry_cap_ms = 4;
	o.routes = routes;
	o.route_count = 6;
	o.idempotency_header = mockd_agentos_name(world.mockd, "header.idempotency_key");
	assert_int_equal(freshet_agentos_new(world.reactor, &o, &world.client), FRESHET_OK);
	freshet_agentos_hosted_options_init(&h);
	take_names(&names);
	h.names = &names;
	h.recover = recover;
	h.answer_field = mockd_agentos_name(world.mockd, "field.answer");
	h.question_field = mockd_agentos_name(world.mockd, "field.question_id");
	assert_int_equal(freshet_agentos_hosted_set(world.client, &h), FRESHET_OK);
}

static void close_world(void)
{
	freshet_reactor_free(world.reactor);
	mockd_free(world.mockd);
	event_base_free(world.base);
}

static struct mockd_options options_of(bool renamed)
{
	struct mockd_options m;
	mockd_options_init(&m);
	m.agentos_renamed = renamed;
	m.agentos_strict = true;
	return m;
}

static void settle(const bool *done)
{
	/* Many turns without an end are a hang. */
	for (unsigned turns = 0; !*(const volatile bool *)done; turns++) {
		assert_true(turns < 200000);
		event_base_loop(world.base, EVLOOP_NONBLOCK);
		mockd_advance(world.mockd, TURN_MS);
	}
}

static struct note invoke(const freshet_agentos_invoke_options *o)
{
	struct note n = {.dones = 0};
	assert_int_equal(freshet_agentos_invoke(world.client, o, on_result, &n, NULL), FRESHET_OK);
	settle(&n.done);
	return n;
}

static struct note ask(const char *prompt)
{
	freshet_agentos_invoke_options o = say(prompt);
	return invoke(&o);
}

static struct note follow(const char *prompt)
{
	struct note n = {.dones = 0};
	freshet_agentos_invoke_options o = say(prompt);
	assert_int_equal(freshet_agentos_invoke_stream(world.client, &o, &note_callbacks, &n, &n.stream), FRESHET_OK);
	settle(&n.done);
	return n;
}

static struct mockd_agentos_run entry;

static void keep_entry(const struct mockd_agentos_run *run, void *user)
{
	(void)user;
	entry = *run;
}

static const struct mockd_agentos_run *ledger(const char *run)
{
	assert_true(mockd_agentos_find(world.mockd, run, keep_entry, NULL));
	return &entry;
}

/* The text in the part of a note's result that has that number. */
static const char *part(const struct note *n, size_t number)
{
	static char text[256];
	const char *at = n->text;
	for (; number > 0; number--)
		at = strchr(at, '|') + 1;
	snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "|"), at);
	return text;
}

/* ---- under both tables ---- */

static void scripts_end_as_they_are_written(void)
{
	struct note n = ask("script:echo hello");
	assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_COMPLETED);
	assert_string_equal(part(&n, 2), "script:echo hello");
	assert_string_equal(part(&n, 7), "5/5");
	n = ask("script:echo object=1");
	assert_int_equal(part(&n, 1)[0], '{');
	n = ask("script:failed");
	assert_int_equal(n.err, FRESHET_OK);
	assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_FAILED);
	assert_string_equal(part(&n, 6), "tool crashed");
	n = follow("script:echo chunks=3 h\xc3\xa9llo");
	assert_string_equal(n.said, "script:echo chunks=3 h\xc3\xa9llo");
	assert_int_equal(ledger(n.run)->chunks, 3);
	assert_int_equal(ledger(n.run)->invocations, 1);
	n = follow("script:tools unknown=1 comments=2");
	assert_int_equal(ledger(n.run)->tool_calls, 4);
	assert_non_null(strstr(n.events, "tool_result "));
	assert_non_null(strstr(n.events, "unknown "));
	n = follow("script:error");
	assert_int_equal(n.err, FRESHET_ESERVER);
	n = follow("script:success json=1");
	assert_non_null(strstr(n.events, "chunk* "));
	assert_non_null(strstr(n.events, "done* "));
	n = follow("script:success marker=instead");
	assert_int_equal(n.err, FRESHET_OK);
	assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_COMPLETED);
}

static void on_approvals(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *approvals, size_t count, void *user)
{
	struct note *n = user;
	(void)call;
	assert_null(error);
	assert_int_equal(count, 1);
	snprintf(n->text, sizeof n->text, "%.*s", (int)approvals[0].id.len, approvals[0].id.ptr);
	snprintf(n->run, sizeof n->run, "%.*s", (int)approvals[0].run_id.len, approvals[0].run_id.ptr);
	assert_true(approvals[0].tool.len > 0);
	note_end(n);
}

static void on_decision(freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user)
{
	struct note *n = user;
	(void)call;
	(void)status;
	note_error(n, error);
	note_end(n);
}

static void decide(const char *approval, bool approve, freshet_err expected)
{
	struct note n = {.dones = 0};
	assert_int_equal(
		freshet_agentos_decide(world.client, freshet_str_of(approval), approve, NONE, on_decision, &n, NULL),
		FRESHET_OK);
	settle(&n.done);
	assert_int_equal(n.err, expected);
}

static struct note read_run(const char *run)
{
	struct note n = {.dones = 0};
	assert_int_equal(freshet_agentos_run_read(world.client, freshet_str_of(run), on_result, &n, NULL), FRESHET_OK);
	settle(&n.done);
	return n;
}

static struct note reply(const struct note *asked, const char *answer, bool streamed)
{
	freshet_agentos_reply_options r;
	struct note n = {.dones = 0};
	char question[256];
	snprintf(question, sizeof question, "%s", part(asked, 4));
	freshet_agentos_reply_options_init(&r);
	r.run_id = freshet_str_of(asked->run);
	r.answer = freshet_str_of(answer);
	r.question_id = freshet_str_of(question);
	freshet_err err = streamed ? freshet_agentos_reply_stream(world.client, &r, &note_callbacks, &n, &n.stream)
				   : freshet_agentos_reply(world.client, &r, on_result, &n, NULL);
	assert_int_equal(err, FRESHET_OK);
	settle(&n.done);
	return n;
}

static void pauses_go_on_when_they_are_answered(void)
{
	struct note n = ask("script:input"), list = {.dones = 0};
	assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_AWAITING_INPUT);
	assert_true(strlen(part(&n, 5)) > 0);
	struct note end = reply(&n, "2025", false);
	assert_int_equal(end.status, FRESHET_AGENTOS_STATUS_COMPLETED);
	assert_int_equal(ledger(n.run)->answers, 1);
	/* Nobody waits for an answer any more. */
	assert_int_equal(reply(&n, "2026", false).err, FRESHET_ECONFLICT);
	n = follow("script:input");
	assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_AWAITING_INPUT);
	end = reply(&n, "2025", true);
	assert_int_equal(end.err, FRESHET_OK);
	assert_int_equal(end.status, FRESHET_AGENTOS_STATUS_COMPLETED);
	n = follow("script:approval");
	assert_int_equal(n.status, FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL);
	assert_int_equal(freshet_agentos_approvals(world.client, on_approvals, &list, NULL), FRESHET_OK);
	settle(&list.done);
	assert_string_equal(list.run, n.run);
	assert_string_equal(list.text, part(&n, 3));
	decide(list.text, true, FRESHET_OK);
	decide(list.text, false, FRESHET_ECONFLICT);
	decide("9d1e0000-0000-4000-8000-000000000002", true, FRESHET_ENOT_FOUND);
	do
		end = read_run(n.run);
	while (end.status == FRESHET_AGENTOS_STATUS_RUNNING);
	assert_int_equal(end.status, FRESHET_AGENTOS_STATUS_COMPLETED);
	assert_int_equal(read_run("9d1e0000-0000-4000-8000-000000000002").err, FRESHET_ENOT_FOUND);
}

static void conversations_remember(void)
{
	for (int local = 0; local < 2; local++) {
		freshet_agentos_conversation_options o;
		freshet_agentos_conversation *c;
		struct note n[3] = {{.dones = 0}};
		freshet_agentos_conversation_options_init(&o);
		o.local = local == 1;
		assert_int_equal(freshet_agentos_conversation_new(world.client, &o, &c), FRESHET_OK);
		freshet_agentos_conversation_send(c, Z("script:echo one"), on_result, &n[0]);
		freshet_agentos_conversation_send(c, Z("script:echo two"), on_result, &n[1]);
		freshet_agentos_conversation_send(c, Z("script:recall"), on_result, &n[2]);
		settle(&n[2].done);
		assert_non_null(strstr(part(&n[2], 2), "one"));
		assert_non_null(strstr(part(&n[2], 2), "two"));
		assert_int_equal(freshet_agentos_conversation_message_count(c), local == 1 ? 6 : 0);
		freshet_agentos_conversation_free(c);
	}
}

static void the_emulator_takes_all_of_it(void **state)
{
	(void)state;
	for (int renamed = 0; renamed < 2; renamed++) {
		struct mockd_options m = options_of(renamed == 1);
		open_world(&m, FRESHET_AGENTOS_RECOVER_POLL);
		scripts_end_as_they_are_written();
		pauses_go_on_when_they_are_answered();
		conversations_remember();
		close_world();
	}
}

/* ---- errors of the platform ---- */

static void refusals_have_their_class(void **state)
{
	freshet_agentos_invoke_options o = say("script:no_such_script");
	char agent[MOCKD_AGENTOS_ID_SIZE], key[MOCKD_AGENTOS_KEY_SIZE];
	(void)state;
	struct mockd_options m = options_of(false);
	open_world(&m, FRESHET_AGENTOS_RECOVER_POLL);
	struct note n = invoke(&o);
	assert_int_equal(n.error_class, FRESHET_AGENTOS_VALIDATION);
	mockd_agentos_add_agent(world.mockd, false, agent, key);
	o = say("x");
	o.agent_id = agent;
	n = invoke(&o);
	assert_int_equal(n.err, FRESHET_ENOT_FOUND);
	assert_true(mockd_agentos_revoke(world.mockd, MOCKD_AGENTOS_AGENT_KEY));
	n = ask("x");
	assert_int_equal(n.error_class, FRESHET_AGENTOS_AUTH);
	close_world();
}

/* ---- cuts ---- */

static void streams_that_are_cut_lose_nothing(void **state)
{
	(void)state;
	for (int resume = 0; resume < 2; resume++) {
		struct mockd_options m = options_of(false);
		m.agentos_stream_ids = resume == 1;
		open_world(&m, resume == 1 ? FRESHET_AGENTOS_RECOVER_RESUME : FRESHET_AGENTOS_RECOVER_POLL);
		unsigned recovered = 0;
		for (unsigned byte = 1; byte < 900; byte += 53) {
			char fault[64];
			snprintf(fault, sizeof fault, "moment=byte at=%u action=cut", byte);
			uint64_t number = mockd_fault_add_text(world.mockd, fault, NULL, 0);
			assert_true(number > 0);
			struct note n = follow("script:success chunks=5 tools=1 bytes=20");
			mockd_fault_clear(world.mockd);
			recovered += resume == 1 ? n.resumes > 0 : n.polled || n.transport;
			if (n.run[0] == '\0')
				continue;
			const struct mockd_agentos_run *e = ledger(n.run);
			assert_int_equal(e->invocations, 1);
			assert_int_equal(n.resumes > 0 && n.polled, false);
			if (resume == 1)
				assert_int_equal(n.err, FRESHET_OK);
			if (resume == 1 && strstr(n.events, "start ") != NULL) {
				unsigned chunks = 0;
				for (const char *at = n.events; (at = strstr(at, ";chunk ")) != NULL; at++)
					chunks++;
				assert_int_equal(chunks, e->chunks);
			}
		}
		assert_true(recovered > 3);
		close_world();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_emulator_takes_all_of_it),
		cmocka_unit_test(refusals_have_their_class),
		cmocka_unit_test(streams_that_are_cut_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
