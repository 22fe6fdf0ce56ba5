/*
 * Everything inside every callback: each call is made, twice, in each place, with another turn, another call and a
 * conversation beside it. Whatever was opened gets its last callback exactly once, and what was closed is told nothing but
 * that. The address sanitizer looks on.
 */
#include "support/ash_world.h"
#include "support/test.h"

#define SELF_ID  "11111111-2222-4333-8444-555555555555"
#define OTHER_ID "22222222-2222-4333-8444-555555555555"
#define CHAT_ID  "33333333-2222-4333-8444-555555555555"
#define FRESH_ID "44444444-2222-4333-8444-555555555555"
/* A session that is asked for and does not answer. */
#define SLOW_ID  "55555555-2222-4333-8444-555555555555"
#define SESSIONS "/api/sessions/"
#define START    "event: session_start\ndata: {\"sessionId\":\"%.36s\",\"version\":\"0.2.0\"}\n\n"
#define RESULT   "event: message\ndata: {\"type\":\"result\",\"is_error\":false}\n\n"
#define DONE     "event: done\ndata: {\"sessionId\":\"%.36s\"}\n\n"

enum place { IN_OPEN, IN_FIRST_EVENT, IN_LAST_EVENT, IN_DONE, IN_CALL, IN_CHAT_EVENT, IN_CHAT_TURN, PLACES };

enum action {
	CLOSE_THIS,
	INTERRUPT_THIS,
	PAUSE_THIS,
	PAUSE_AND_RESUME_THIS,
	CLOSE_THE_OTHER,
	INTERRUPT_THE_OTHER,
	OPEN_A_TURN,
	SEND_A_CALL,
	CANCEL_THE_OTHER_CALL,
	SAY,
	INTERRUPT_THE_CHAT,
	FREE_THE_CHAT,
	CLOSE_THE_CLIENT,
	CLOSE_THE_REACTOR,
	FREE_THE_REACTOR,
	ACTIONS,
};

static const char *const place_names[PLACES] = {"on_open", "the first event", "the last event", "on_done",
	"a call's callback", "a conversation's on_event", "a conversation's on_turn"};
static const char *const action_names[ACTIONS] = {"close this", "interrupt this", "pause this", "pause and resume this",
	"close the other", "interrupt the other", "open a turn", "send a call", "cancel the other call", "say",
	"interrupt the conversation", "free the conversation", "close the client", "close the reactor",
	"free the reactor"};

struct subject {
	freshet_ash_turn *turn; /* NULL: over */
	unsigned opened;
	unsigned dones;
	unsigned events;
	bool closed; /* no event may come */
	bool paused;
	bool ends; /* it was asked to */
};

static struct {
	enum place place;
	enum action action;
	bool acted;
	bool closing; /* client or reactor */
	struct subject self, other, fresh;
	freshet_ash_call *slow; /* NULL: over */
	unsigned calls;
	unsigned calls_done;
	freshet_ash_chat *chat; /* NULL: freed */
	unsigned said;
	unsigned turns;
	bool reactor_closed;
} t;

/* ---- the server ---- */

static void answer_message(struct h1server_conn *c, const char *id)
{
	char text[512];
	int len = snprintf(text, sizeof text, START, id);
	ash_world_stream(c);
	if (strncmp(id, OTHER_ID, 36) != 0)
		snprintf(text + len, sizeof text - (size_t)len, RESULT DONE, id);
	ash_world_chunk(c, text);
	if (strncmp(id, OTHER_ID, 36) != 0)
		ash_world_end(c);
}

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	char text[128];
	const char *id = q->target + strlen(SESSIONS);
	const char *rest = id + 36;
	if (strlen(q->target) < strlen(SESSIONS) + 36) {
		h1server_reply(c, 200, "content-type: application/json\r\n", "{\"sessions\":[]}");
	} else if (strcmp(rest, "/messages") == 0) {
		answer_message(c, id);
	} else if (strncmp(rest, "/events", 7) == 0) {
		h1server_reply(c, 200, "content-type: application/json\r\n", "{\"events\":[]}");
	} else if (strncmp(id, SLOW_ID, 36) != 0) {
		snprintf(text, sizeof text, "{\"session\":{\"id\":\"%.36s\",\"status\":\"active\"}}", id);
		h1server_reply(c, 200, "content-type: application/json\r\n", text);
	}
}

/* ---- calls ---- */

static void on_turn_open(freshet_ash_turn *turn, void *user);
static void on_turn_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user);
static void on_turn_done(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user);

/* FRESHET_ESTATE: the client or the reactor closes, or there is a turn on the session already. */
static void open_turn(struct subject *s, const char *id)
{
	freshet_ash_turn_options o;
	freshet_ash_turn *turn;
	freshet_ash_turn_options_init(&o);
	o.session_id = freshet_str_of(id);
	o.content = freshet_str_of("Hi");
	o.callbacks = (freshet_ash_turn_callbacks){on_turn_open, on_turn_event, on_turn_done};
	o.user = s;
	freshet_err err = freshet_ash_turn_open(ash_world.ash, &o, &turn);
	if (err == FRESHET_OK) {
		s->turn = turn;
		s->opened++;
	} else {
		assert_int_equal(err, FRESHET_ESTATE);
		assert_null(turn);
	}
}

static void on_answer(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user);

static void send_call(const char *id, freshet_ash_call **out)
{
	freshet_ash_call *call;
	freshet_err err =
		id != NULL ? freshet_ash_session_get(ash_world.ash, freshet_str_of(id), on_answer, out, &call)
			   : freshet_ash_session_list(ash_world.ash, (freshet_str){NULL, 0}, on_answer, out, &call);
	if (err == FRESHET_OK)
		t.calls++;
	else
		assert_int_equal(err, FRESHET_ESTATE);
	if (out != NULL)
		*out = call;
}

static void say(void)
{
	if (t.chat == NULL)
		return;
	freshet_err err = freshet_ash_chat_say(t.chat, freshet_str_of("Hi"), NULL);
	t.said += err == FRESHET_OK;
	assert_true(err == FRESHET_OK || err == FRESHET_ESTATE);
}

static void close_turn(struct subject *s)
{
	if (s->turn == NULL)
		return;
	freshet_ash_turn_close(s->turn);
	s->closed = true;
	s->ends = true;
}

/* FRESHET_ESTATE: it is over, or its message has not been accepted yet. */
static void interrupt_turn(struct subject *s)
{
	freshet_err err = s->turn != NULL ? freshet_ash_turn_interrupt(s->turn) : FRESHET_ESTATE;
	assert_true(err == FRESHET_OK || err == FRESHET_ESTATE);
	s->ends |= err == FRESHET_OK;
}

static void pause_turn(struct subject *s, bool pause)
{
	if (s->turn == NULL)
		return;
	s->paused = pause;
	if (pause)
		freshet_ash_turn_pause(s->turn);
	else
		freshet_ash_turn_resume(s->turn);
}

static void on_reactor_closed(void *user)
{
	(void)user;
	assert_false(t.reactor_closed);
	t.reactor_closed = true;
}

/* A conversation must not be used when its client was closed, but to free it. */
static void close_everything(enum action action)
{
	t.closing = true;
	if (action == CLOSE_THE_CLIENT)
		freshet_ash_close(ash_world.ash);
	else
		freshet_reactor_close(ash_world.reactor, on_reactor_closed, NULL);
	if (action == FREE_THE_REACTOR)
		freshet_reactor_free(ash_world.reactor);
}

static void free_chat(void)
{
	freshet_ash_chat_free(t.chat);
	t.chat = NULL;
}

static void make_the_call(void)
{
	switch (t.action) {
	case CLOSE_THIS: close_turn(&t.self); break;
	case INTERRUPT_THIS: interrupt_turn(&t.self); break;
	case PAUSE_THIS: pause_turn(&t.self, true); break;
	case PAUSE_AND_RESUME_THIS:
		pause_turn(&t.self, true);
		pause_turn(&t.self, false);
		break;
	case CLOSE_THE_OTHER: close_turn(&t.other); break;
	case INTERRUPT_THE_OTHER: interrupt_turn(&t.other); break;
	case OPEN_A_TURN: open_turn(&t.fresh, FRESH_ID); break;
	case SEND_A_CALL: send_call(NULL, NULL); break;
	case CANCEL_THE_OTHER_CALL:
		if (t.slow != NULL)
			freshet_ash_call_cancel(t.slow);
		break;
	case SAY: say(); break;
	case INTERRUPT_THE_CHAT:
		if (t.chat != NULL)
			freshet_ash_chat_interrupt(t.chat);
		break;
	case FREE_THE_CHAT: free_chat(); break;
	case CLOSE_THE_CLIENT:
	case CLOSE_THE_REACTOR:
	case FREE_THE_REACTOR: close_everything(t.action); break;
	case ACTIONS: break;
	}
}

static void reach(enum place place)
{
	if (place != t.place || t.acted)
		return;
	t.acted = true;
	make_the_call();
	make_the_call();
}

/* ---- callbacks ---- */

static void on_turn_open(freshet_ash_turn *turn, void *user)
{
	const struct subject *s = user;
	assert_ptr_equal(freshet_ash_turn_user(turn), user);
	assert_false(s->closed);
	if (s == &t.self)
		reach(IN_OPEN);
}

static void on_turn_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user)
{
	struct subject *s = user;
	assert_ptr_equal(turn, s->turn);
	assert_false(s->closed || s->paused || t.closing);
	if (s == &t.self && s->events++ == 0)
		reach(IN_FIRST_EVENT);
	if (s == &t.self && event->type == FRESHET_ASH_EVENT_DONE)
		reach(IN_LAST_EVENT);
	/* What the callback did must not have taken away what it was told. */
	assert_true(event->type_name.len > 0);
}

static void on_turn_done(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user)
{
	struct subject *s = user;
	assert_ptr_equal(turn, s->turn);
	s->dones++;
	if (s == &t.self)
		reach(IN_DONE);
	assert_true(end->error.outcome.text.len > 0);
	s->turn = NULL;
}

static void on_answer(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	(void)call;
	(void)sessions;
	(void)count;
	t.calls_done++;
	if (user == &t.slow)
		t.slow = NULL;
	else
		reach(IN_CALL);
	if (error != NULL)
		assert_true(error->outcome.text.len > 0);
}

static void on_chat_event(freshet_ash_chat *chat, const freshet_ash_event *event, void *user)
{
	(void)user;
	assert_ptr_equal(chat, t.chat); /* it was not freed */
	assert_false(t.closing);
	reach(IN_CHAT_EVENT);
	assert_true(event->type_name.len > 0);
}

static void on_chat_turn(freshet_ash_chat *chat, const freshet_ash_turn_end *end, void *user)
{
	(void)chat;
	(void)user;
	t.turns++;
	reach(IN_CHAT_TURN);
	assert_true(end->error.outcome.text.len > 0);
}

/* ---- the play ---- */

/* All has come that comes by itself. */
static bool settled(void)
{
	const struct subject *const all[] = {&t.self, &t.other, &t.fresh};
	unsigned open = 0;
	for (size_t i = 0; i < 3; i++)
		open += all[i]->opened - all[i]->dones - (all[i]->opened > all[i]->dones && all[i]->paused);
	bool other_stays = t.other.turn != NULL && !t.other.ends;
	bool slow_stays = t.slow != NULL && t.action != CANCEL_THE_OTHER_CALL;
	if (!t.closing)
		return t.acted && open == other_stays && t.calls == t.calls_done + slow_stays && t.said == t.turns;
	bool told = open == 0 && t.calls == t.calls_done && t.said == t.turns;
	return told && (t.action == CLOSE_THE_CLIENT || t.reactor_closed);
}

static void play(enum place place, enum action action)
{
	static const freshet_ash_chat_callbacks chat = {on_chat_event, on_chat_turn};
	memset(&t, 0, sizeof t);
	t.place = place;
	t.action = action;
	ash_world_open(answer, NULL);
	open_turn(&t.other, OTHER_ID);
	send_call(SLOW_ID, &t.slow);
	assert_int_equal(
		freshet_ash_chat_new(ash_world.ash, freshet_str_of(CHAT_ID), &chat, NULL, &t.chat), FRESHET_OK);
	say();
	open_turn(&t.self, SELF_ID);
	send_call(NULL, NULL);
	assert_int_equal(t.self.opened + t.other.opened + t.calls + t.said, 5);
	for (unsigned turns = 0; !settled(); turns++) {
		if (turns == 10000)
			fail_msg("%s inside %s: it does not end", action_names[action], place_names[place]);
		ash_world_turn();
	}
	if (t.reactor_closed)
		ash_world.reactor = NULL;
	ash_world_close(NULL);
	if (t.self.dones != 1 || t.other.dones != 1 || t.fresh.dones != t.fresh.opened || t.calls != t.calls_done ||
		t.said != t.turns)
		fail_msg("%s inside %s: done %u, %u, %u of %u; calls %u of %u; turns %u of %u", action_names[action],
			place_names[place], t.self.dones, t.other.dones, t.fresh.dones, t.fresh.opened, t.calls_done,
			t.calls, t.turns, t.said);
	free_chat();
}

static void everything_inside_every_callback(void **state)
{
	(void)state;
	for (int place = 0; place < PLACES; place++)
		for (int action = 0; action < ACTIONS; action++)
			play((enum place)place, (enum action)action);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_inside_every_callback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
