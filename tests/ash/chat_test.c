/*
 * Conversations: several turns, and what is done between them.
 */
#include "support/ash_world.h"
#include "support/test.h"

#define UUID   "11111111-2222-4333-8444-555555555555"
#define PATH   "/api/sessions/" UUID
#define START  "event: session_start\ndata: {\"sessionId\":\"" UUID "\",\"version\":\"0.2.0\"}\n\n"
#define RESULT "event: message\ndata: {\"type\":\"result\",\"is_error\":false}\n\n"
#define DONE   "event: done\ndata: {\"sessionId\":\"" UUID "\"}\n\n"

static struct {
	char asked[1024];
	char states[128];
	freshet_ash_chat *chat;
	unsigned messages;
	unsigned turns;
	unsigned say_until; /* so many turns, each said in the end of the one before */
	unsigned cut_first; /* so many messages are cut */
	bool nap_first;     /* the first one finds the session paused */
	bool interrupt;
	bool free_in_event;
	bool open_end; /* streams stay open */
	bool done;
} t;

static void add(char *text, size_t size, const char *what)
{
	size_t len = strlen(text);
	snprintf(text + len, size - len, "%s ", what);
}

static void answer_message(struct h1server_conn *c)
{
	unsigned number = ++t.messages;
	if (t.nap_first && number == 1) {
		h1server_reply(c, 400, "", "{\"error\":\"Session is paused\",\"statusCode\":400}");
		return;
	}
	ash_world_stream(c);
	ash_world_chunk(c, START);
	if (number <= t.cut_first) {
		h1server_finish(c);
	} else if (!t.open_end) {
		ash_world_chunk(c, RESULT DONE);
		ash_world_end(c);
	}
}

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	const char *path = q->target + strlen(PATH);
	char shown[64];
	snprintf(shown, sizeof shown, "%.*s", (int)strcspn(path, "?"), path);
	add(t.asked, sizeof t.asked, shown);
	if (strcmp(path, "/messages") == 0)
		answer_message(c);
	else if (strncmp(path, "/events", 7) == 0)
		h1server_reply(c, 200, "", "{\"events\":[]}");
	else
		h1server_reply(c, 200, "", "{\"session\":{\"id\":\"" UUID "\",\"status\":\"active\"}}");
}

static void on_event(freshet_ash_chat *chat, const freshet_ash_event *event, void *user)
{
	assert_ptr_equal(user, &t);
	if (event->type != FRESHET_ASH_EVENT_SESSION_START)
		return;
	/* One at a time. */
	assert_int_equal(freshet_ash_chat_say(chat, freshet_str_of("again"), NULL), FRESHET_ESTATE);
	if (t.interrupt)
		assert_int_equal(freshet_ash_chat_interrupt(chat), FRESHET_OK);
	if (t.free_in_event)
		freshet_ash_chat_free(chat);
}

static void on_turn(freshet_ash_chat *chat, const freshet_ash_turn_end *end, void *user)
{
	static const char *const names[] = {
		"unknown", "unsent", "refused", "completed", "failed", "recovered", "disturbed", "interrupted"};
	(void)user;
	add(t.states, sizeof t.states, names[end->state]);
	if (++t.turns < t.say_until)
		assert_int_equal(freshet_ash_chat_say(chat, freshet_str_of("next"), NULL), FRESHET_OK);
	else
		t.done = true;
}

static void open_chat(void)
{
	const freshet_ash_chat_callbacks callbacks = {on_event, on_turn};
	ash_world_open(answer, NULL);
	assert_int_equal(
		freshet_ash_chat_new(ash_world.ash, freshet_str_of(UUID), &callbacks, &t, &t.chat), FRESHET_OK);
	assert_string_equal(freshet_ash_chat_session(t.chat), UUID);
	assert_int_equal(freshet_ash_chat_interrupt(t.chat), FRESHET_ESTATE);
}

static void run(void)
{
	open_chat();
	assert_int_equal(freshet_ash_chat_say(t.chat, freshet_str_of("Hi"), NULL), FRESHET_OK);
	ash_world_run_until(&t.done);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	return 0;
}

static void turns_follow_each_other(void **state)
{
	(void)state;
	t.say_until = 3;
	run();
	assert_string_equal(t.states, "completed completed completed ");
	assert_string_equal(t.asked, "/events /messages /events /messages /events /messages ");
	/* All on one connection: each turn's stream was heard out. */
	assert_int_equal(ash_world.server.accepted, 1);
	freshet_ash_chat_free(t.chat);
}

static void a_sleeping_session_is_woken(void **state)
{
	(void)state;
	t.nap_first = true;
	run();
	assert_string_equal(t.states, "completed ");
	assert_string_equal(t.asked, "/events /messages /resume /messages ");
	freshet_ash_chat_free(t.chat);
}

static void after_an_unknown_end_the_session_is_started_anew(void **state)
{
	(void)state;
	t.say_until = 3;
	t.cut_first = 1;
	run();
	assert_string_equal(t.states, "unknown completed completed ");
	assert_string_equal(t.asked, "/events /messages /events /stop /resume /events /messages /events /messages ");
	freshet_ash_chat_free(t.chat);
}

static void an_interrupted_turn_leaves_a_clean_session(void **state)
{
	(void)state;
	t.interrupt = true;
	t.open_end = true;
	t.say_until = 2;
	run();
	assert_string_equal(t.states, "interrupted interrupted ");
	assert_string_equal(t.asked, "/events /messages /stop /resume /events /messages /stop /resume ");
	freshet_ash_chat_free(t.chat);
}

static void a_chat_can_be_freed_in_its_own_event(void **state)
{
	(void)state;
	t.free_in_event = true;
	t.open_end = true;
	run();
	assert_string_equal(t.states, "unknown ");
}

static void a_chat_outlives_its_client_until_it_is_freed(void **state)
{
	(void)state;
	open_chat();
	ash_world_close_reactor();
	freshet_ash_chat_free(t.chat);
	freshet_ash_chat_free(NULL);
}

static void arguments_are_checked(void **state)
{
	const freshet_ash_chat_callbacks none = {NULL, on_turn};
	freshet_ash_chat *chat = t.chat;
	(void)state;
	ash_world_open(answer, NULL);
	assert_int_equal(freshet_ash_chat_new(ash_world.ash, freshet_str_of(UUID), &none, NULL, &chat), FRESHET_EINVAL);
	assert_int_equal(freshet_ash_chat_new(ash_world.ash, freshet_str_of(UUID), NULL, NULL, &chat), FRESHET_EINVAL);
	const freshet_ash_chat_callbacks both = {on_event, on_turn};
	assert_int_equal(freshet_ash_chat_new(ash_world.ash, freshet_str_of("x"), &both, NULL, &chat), FRESHET_EINVAL);
	assert_null(chat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(turns_follow_each_other, set_up, ash_world_close),
		cmocka_unit_test_setup_teardown(a_sleeping_session_is_woken, set_up, ash_world_close),
		cmocka_unit_test_setup_teardown(
			after_an_unknown_end_the_session_is_started_anew, set_up, ash_world_close),
		cmocka_unit_test_setup_teardown(an_interrupted_turn_leaves_a_clean_session, set_up, ash_world_close),
		cmocka_unit_test_setup_teardown(a_chat_can_be_freed_in_its_own_event, set_up, ash_world_close),
		cmocka_unit_test_setup_teardown(a_chat_outlives_its_client_until_it_is_freed, set_up, ash_world_close),
		cmocka_unit_test_setup_teardown(arguments_are_checked, set_up, ash_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
