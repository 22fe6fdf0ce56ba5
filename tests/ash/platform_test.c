/*
 * The service against the emulator: what a program does with sessions, from an agent's deployment to the end, and what
 * is known after faults. What was shown is held against the emulator's ledger.
 */
#include "support/ash_world.h"
#include "support/test.h"

#include "service/ash/event.h"

#include <freshet/aod.h>

#define SESSIONS 100

/* A program with one session. */
struct program {
	char id[MOCKD_ID_SIZE];
	freshet_ash_chat *chat;
	freshet_ash_turn *turn;
	uint64_t rows; /* of the agent that were shown */
	uint64_t hash;
	struct ash_stored blocks; /* that were shown, streamed or from the store */
	unsigned events;
	unsigned turns;
	unsigned say_more; /* turns to be said in the end of the one before */
	const char *message;
	freshet_ash_turn_state state;
	freshet_err err;
	bool has_result;
	bool is_error;
	uint64_t records;
	bool done;
	unsigned act_at; /* at this event `act` is called */
	void (*act)(struct program *p);
};

static bool answered;
static char last_id[MOCKD_ID_SIZE];
static freshet_ash_status last_status;
static freshet_err last_err;

static void on_agent(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_agent *agents,
	size_t count, void *user)
{
	(void)call;
	(void)user;
	assert_null(error);
	assert_int_equal(count, 1);
	assert_true(freshet_str_is(agents[0].name, "helper"));
	answered = true;
}

static void on_session(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	(void)call;
	(void)user;
	answered = true;
	last_err = error != NULL ? error->outcome.err : FRESHET_OK;
	if (error != NULL)
		return;
	assert_int_equal(count, 1);
	assert_int_equal(sessions[0].id.len, MOCKD_ID_SIZE - 1);
	memcpy(last_id, sessions[0].id.ptr, sessions[0].id.len);
	last_status = sessions[0].status;
}

static void await_answer(freshet_err err)
{
	assert_int_equal(err, FRESHET_OK);
	answered = false;
	ash_world_run_until(&answered);
}

static void deploy(void)
{
	static const freshet_ash_upload file = {{"CLAUDE.md", 9}, {"Be kind.\n", 9}, {NULL, 0}};
	freshet_ash_deploy_options o;
	freshet_ash_deploy_options_init(&o);
	o.name = freshet_str_of("helper");
	o.files = &file;
	o.file_count = 1;
	await_answer(freshet_ash_agent_deploy(ash_world.ash, &o, on_agent, NULL, NULL));
}

static void create(struct program *p)
{
	freshet_ash_session_options o;
	freshet_ash_session_options_init(&o);
	o.agent = freshet_str_of("helper");
	await_answer(freshet_ash_session_create(ash_world.ash, &o, on_session, NULL, NULL));
	assert_int_equal(last_err, FRESHET_OK);
	assert_int_equal(last_status, FRESHET_ASH_STATUS_ACTIVE);
	memcpy(p->id, last_id, sizeof p->id);
}

static freshet_str id_of(const struct program *p)
{
	return freshet_str_of(p->id);
}

/* ---- conversations ---- */

static void count_record(struct ash_stored *blocks, const freshet_ash_record *record)
{
	blocks->texts += record->type == FRESHET_ASH_RECORD_TEXT;
	blocks->thoughts += record->type == FRESHET_ASH_RECORD_REASONING;
	blocks->tool_starts += record->type == FRESHET_ASH_RECORD_TOOL_START;
	blocks->tool_results += record->type == FRESHET_ASH_RECORD_TOOL_RESULT;
}

static void take_event(struct program *p, const freshet_ash_event *event)
{
	bool of_server = event->type == FRESHET_ASH_EVENT_SESSION_START || event->type == FRESHET_ASH_EVENT_ERROR ||
			 event->type == FRESHET_ASH_EVENT_DONE || event->type == FRESHET_ASH_EVENT_RECORD;
	if (event->type == FRESHET_ASH_EVENT_RECORD)
		count_record(&p->blocks, event->record);
	ash_event_count(event, &p->blocks);
	if (!of_server)
		p->hash = mockd_hash_row(p->hash, ++p->rows, event->raw.ptr, event->raw.len);
	if (++p->events == p->act_at)
		p->act(p);
}

static void take_end(struct program *p, const freshet_ash_turn_end *end)
{
	p->state = end->state;
	p->err = end->error.outcome.err;
	p->has_result = end->has_result;
	p->is_error = end->is_error;
	p->records = end->records;
	p->turns++;
}

static void on_event(freshet_ash_chat *chat, const freshet_ash_event *event, void *user)
{
	(void)chat;
	take_event(user, event);
}

static void on_turn(freshet_ash_chat *chat, const freshet_ash_turn_end *end, void *user)
{
	struct program *p = user;
	take_end(p, end);
	p->done = p->turns > p->say_more;
	if (!p->done)
		assert_int_equal(freshet_ash_chat_say(chat, freshet_str_of(p->message), NULL), FRESHET_OK);
}

static void chat_open(struct program *p)
{
	const freshet_ash_chat_callbacks callbacks = {on_event, on_turn};
	p->hash = MOCKD_HASH_START;
	assert_int_equal(freshet_ash_chat_new(ash_world.ash, id_of(p), &callbacks, p, &p->chat), FRESHET_OK);
}

static void say_with(struct program *p, const char *message, const freshet_ash_turn_options *o)
{
	p->done = false;
	p->message = message;
	assert_int_equal(freshet_ash_chat_say(p->chat, freshet_str_of(message), o), FRESHET_OK);
	ash_world_run_until(&p->done);
}

static void say(struct program *p, const char *message)
{
	say_with(p, message, NULL);
}

static void hold_entry(const struct mockd_ledger_entry *entry, void *user)
{
	const struct program *p = user;
	assert_string_equal(entry->platform, "ash");
	assert_int_equal(entry->rows, p->rows);
	assert_true(entry->hash == p->hash);
}

static void hold_against_ledger(struct program *p)
{
	assert_true(mockd_ledger_find(ash_world.mockd, p->id, hold_entry, p));
}

static struct program begin(void)
{
	struct program p = {0};
	ash_world_open_mockd();
	deploy();
	create(&p);
	return p;
}

static void end(struct program *p)
{
	freshet_ash_chat_free(p->chat);
	ash_world_close(NULL);
}

static void several_turns_show_what_the_agent_said(void **state)
{
	freshet_ash_turn_options partial;
	struct program p = begin();
	(void)state;
	chat_open(&p);
	p.say_more = 2;
	say(&p, "script:success");
	assert_int_equal(p.turns, 3);
	assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
	assert_true(p.has_result && !p.is_error);
	freshet_ash_turn_options_init(&partial);
	partial.partial = true;
	say_with(&p, "script:tools unknown=1", &partial);
	assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
	hold_against_ledger(&p);
	end(&p);
}

static void every_ending_is_told_apart(void **state)
{
	static const struct {
		const char *script;
		freshet_ash_turn_state state;
		bool has_result;
		bool is_error;
	} cases[] = {
		{"script:failed", FRESHET_ASH_TURN_COMPLETED, true, true},
		{"script:error", FRESHET_ASH_TURN_FAILED, false, false},
		{"script:gone", FRESHET_ASH_TURN_FAILED, false, false},
		{"script:foreign", FRESHET_ASH_TURN_DISTURBED, false, false},
		{"script:runner", FRESHET_ASH_TURN_UNKNOWN, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct program p = begin();
		chat_open(&p);
		say(&p, cases[i].script);
		assert_int_equal(p.state, cases[i].state);
		assert_int_equal(p.has_result, cases[i].has_result);
		assert_int_equal(p.is_error, cases[i].is_error);
		/* And whatever it was, the next one is in order. */
		say(&p, "script:success");
		assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
		end(&p);
	}
}

/* ---- states of a session ---- */

static void a_session_is_paused_forked_and_woken(void **state)
{
	struct program p = begin();
	struct program fork = {0};
	freshet_ash *ash = ash_world.ash;
	(void)state;
	chat_open(&p);
	say(&p, "script:success");
	await_answer(freshet_ash_session_pause(ash, id_of(&p), on_session, NULL, NULL));
	assert_int_equal(last_status, FRESHET_ASH_STATUS_PAUSED);
	await_answer(freshet_ash_session_fork(ash, id_of(&p), on_session, NULL, NULL));
	assert_int_equal(last_status, FRESHET_ASH_STATUS_PAUSED);
	assert_string_not_equal(last_id, p.id);
	memcpy(fork.id, last_id, sizeof fork.id);
	chat_open(&fork);
	say(&fork, "script:success");
	assert_int_equal(fork.state, FRESHET_ASH_TURN_COMPLETED);
	say(&p, "script:success");
	assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
	await_answer(freshet_ash_session_stop(ash, id_of(&p), on_session, NULL, NULL));
	say(&p, "script:success");
	assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
	assert_true(mockd_ash_lose_sandbox(ash_world.mockd, p.id));
	say(&p, "script:success");
	assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
	await_answer(freshet_ash_session_end(ash, id_of(&p), on_session, NULL, NULL));
	assert_int_equal(last_status, FRESHET_ASH_STATUS_ENDED);
	say(&p, "script:success");
	assert_int_equal(p.state, FRESHET_ASH_TURN_REFUSED);
	assert_int_equal(p.err, FRESHET_ECONFLICT);
	await_answer(freshet_ash_session_resume(ash, id_of(&p), on_session, NULL, NULL));
	assert_int_equal(last_err, FRESHET_ECONFLICT);
	freshet_ash_chat_free(fork.chat);
	end(&p);
}

static void pause_it(struct program *p)
{
	assert_int_equal(freshet_ash_session_pause(ash_world.ash, id_of(p), on_session, NULL, NULL), FRESHET_OK);
}

static void stop_it(struct program *p)
{
	assert_int_equal(freshet_ash_session_stop(ash_world.ash, id_of(p), on_session, NULL, NULL), FRESHET_OK);
}

static void end_it(struct program *p)
{
	assert_int_equal(freshet_ash_session_end(ash_world.ash, id_of(p), on_session, NULL, NULL), FRESHET_OK);
}

static void interrupt_it(struct program *p)
{
	assert_int_equal(freshet_ash_chat_interrupt(p->chat), FRESHET_OK);
}

static void close_client(struct program *p)
{
	(void)p;
	freshet_ash_close(ash_world.ash);
}

static void a_turn_goes_on_while_its_session_is_paused(void **state)
{
	struct program p = begin();
	(void)state;
	chat_open(&p);
	p.act_at = 2;
	p.act = pause_it;
	p.say_more = 1;
	say(&p, "script:success messages=6 row_ms=1000");
	assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
	hold_against_ledger(&p);
	end(&p);
}

static void stop_end_and_interrupt_end_a_turn_that_would_be_silent(void **state)
{
	void (*const acts[])(struct program *) = {stop_it, end_it, interrupt_it};
	(void)state;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		struct program p = begin();
		chat_open(&p);
		p.act_at = 2;
		p.act = acts[i];
		say(&p, "script:hang");
		assert_int_equal(p.state, FRESHET_ASH_TURN_INTERRUPTED);
		assert_int_equal(p.err, FRESHET_OK);
		say(&p, "script:success");
		assert_int_equal(p.state, acts[i] == end_it ? FRESHET_ASH_TURN_REFUSED : FRESHET_ASH_TURN_COMPLETED);
		end(&p);
	}
}

static void closing_the_client_ends_its_turns(void **state)
{
	struct program p = begin();
	(void)state;
	chat_open(&p);
	p.act_at = 2;
	p.act = close_client;
	say(&p, "script:hang");
	assert_int_equal(p.state, FRESHET_ASH_TURN_UNKNOWN);
	assert_int_equal(p.err, FRESHET_ECANCELED);
	end(&p);
}

/* ---- cuts ---- */

static void count_records(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_record *records,
	size_t count, void *user)
{
	(void)call;
	assert_null(error);
	for (size_t i = 0; i < count; i++)
		count_record(user, &records[i]);
	answered = true;
}

/* Each block that the server has stored was shown once. */
static void hold_against_store(const struct program *p)
{
	struct ash_stored stored = {0};
	await_answer(freshet_ash_session_records(
		ash_world.ash, id_of(p), 0, 1000, (freshet_str){NULL, 0}, count_records, &stored, NULL));
	assert_memory_equal(&stored, &p->blocks, sizeof stored);
	assert_true(stored.texts > 0);
}

/* Wherever a turn is cut, the agent hears the message once; and the conversation goes on in order. */
static void a_cut_turn_is_never_sent_again(void **state)
{
	unsigned recovered = 0;
	unsigned unknown = 0;
	(void)state;
	for (unsigned at = 0; at < 24; at++) {
		char fault[128];
		struct program p = begin();
		chat_open(&p);
		snprintf(fault, sizeof fault, "path=/api/sessions/*/messages method=POST moment=event at=%u action=cut",
			at);
		assert_true(mockd_fault_add_text(ash_world.mockd, fault, NULL, 0) != 0);
		/* The agent says the rest of what is in flight before the store is read, or it may not. */
		if (at % 2 == 0)
			assert_true(mockd_fault_add_text(ash_world.mockd,
					    "path=/api/sessions/*/events skip=1 action=delay ms=10000", NULL, 0) != 0);
		say(&p, "script:tools row_ms=1 in_flight=8");
		recovered += p.state == FRESHET_ASH_TURN_RECOVERED;
		unknown += p.state == FRESHET_ASH_TURN_UNKNOWN;
		assert_true(p.state == FRESHET_ASH_TURN_RECOVERED || p.state == FRESHET_ASH_TURN_UNKNOWN ||
			    p.state == FRESHET_ASH_TURN_COMPLETED);
		if (p.state == FRESHET_ASH_TURN_RECOVERED || p.state == FRESHET_ASH_TURN_COMPLETED)
			hold_against_store(&p);
		say(&p, "script:success");
		assert_int_equal(p.state, FRESHET_ASH_TURN_COMPLETED);
		end(&p);
	}
	assert_true(recovered > 0);
	assert_true(unknown > 0);
}

static void count_user_messages(freshet_ash_call *call, const freshet_ash_error *error,
	const freshet_ash_message *messages, size_t count, void *user)
{
	(void)call;
	assert_null(error);
	for (size_t i = 0; i < count; i++)
		*(unsigned *)user += freshet_str_is(messages[i].role, "user");
	answered = true;
}

/* The answer is lost before its first byte: the agent may have heard the message. */
static void a_lost_answer_is_not_an_unsent_message(void **state)
{
	struct program p = begin();
	unsigned heard = 0;
	(void)state;
	chat_open(&p);
	assert_true(mockd_fault_add_text(ash_world.mockd,
			    "path=/api/sessions/*/messages method=POST moment=answer action=cut", NULL, 0) != 0);
	say(&p, "script:success");
	assert_int_equal(p.state, FRESHET_ASH_TURN_UNKNOWN);
	await_answer(freshet_ash_session_messages(ash_world.ash, id_of(&p), 0, 0, count_user_messages, &heard, NULL));
	assert_int_equal(heard, 1);
	end(&p);
}

/* ---- many, and both platforms ---- */

struct aod_program {
	uint64_t rows;
	bool done;
	freshet_aod_stream_end end;
};

static void on_aod_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct aod_program *p = user;
	(void)stream;
	p->rows += event->type == FRESHET_AOD_EVENT_OUTPUT;
}

static void on_aod_done(freshet_aod_stream *stream, const freshet_aod_stream_end *stream_end, void *user)
{
	struct aod_program *p = user;
	(void)stream;
	p->end = *stream_end;
	p->done = true;
}

static void open_aod(freshet_aod *aod, struct aod_program *p)
{
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	char id[MOCKD_ID_SIZE];
	assert_int_equal(mockd_add_session(ash_world.mockd, "script:success", id), FRESHET_OK);
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(id);
	o.callbacks.on_event = on_aod_event;
	o.callbacks.on_done = on_aod_done;
	o.user = p;
	assert_int_equal(freshet_aod_stream_open(aod, &o, &stream), FRESHET_OK);
}

static void sessions_of_both_platforms_live_on_one_thread(void **state)
{
	static struct program ash[SESSIONS];
	static struct aod_program other[SESSIONS];
	freshet_aod_options o;
	freshet_aod *aod;
	(void)state;
	memset(ash, 0, sizeof ash);
	memset(other, 0, sizeof other);
	ash_world_open_mockd();
	freshet_aod_options_init(&o);
	o.url = mockd_url(ash_world.mockd);
	o.token = MOCKD_TOKEN;
	assert_int_equal(freshet_aod_new(ash_world.reactor, &o, &aod), FRESHET_OK);
	for (size_t i = 0; i < SESSIONS; i++) {
		mockd_ash_add_session(ash_world.mockd, ash[i].id);
		chat_open(&ash[i]);
		ash[i].say_more = 2;
		ash[i].message = "script:tools";
		assert_int_equal(freshet_ash_chat_say(ash[i].chat, freshet_str_of("script:success"), NULL), FRESHET_OK);
		open_aod(aod, &other[i]);
	}
	for (size_t i = 0; i < SESSIONS; i++) {
		ash_world_run_until(&ash[i].done);
		ash_world_run_until(&other[i].done);
		assert_int_equal(ash[i].state, FRESHET_ASH_TURN_COMPLETED);
		assert_int_equal(ash[i].turns, 3);
		hold_against_ledger(&ash[i]);
		assert_int_equal(other[i].end.status, FRESHET_AOD_STATUS_COMPLETED);
		assert_true(other[i].rows > 0);
		freshet_ash_chat_free(ash[i].chat);
	}
	freshet_aod_close(aod);
	ash_world_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_turns_show_what_the_agent_said),
		cmocka_unit_test(every_ending_is_told_apart),
		cmocka_unit_test(a_session_is_paused_forked_and_woken),
		cmocka_unit_test(a_turn_goes_on_while_its_session_is_paused),
		cmocka_unit_test(stop_end_and_interrupt_end_a_turn_that_would_be_silent),
		cmocka_unit_test(closing_the_client_ends_its_turns),
		cmocka_unit_test(a_cut_turn_is_never_sent_again),
		cmocka_unit_test(a_lost_answer_is_not_an_unsent_message),
		cmocka_unit_test(sessions_of_both_platforms_live_on_one_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
