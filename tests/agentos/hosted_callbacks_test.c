/*
 * The hosted half: every call is made, twice, inside every callback, with another stream, another call and a conversation
 * beside it. Whatever was begun gets its last callback exactly once, and what was closed is told nothing but that. The
 * address sanitizer looks on.
 */
#include "agentos/hosted_note.h"

#define RUN    AGENTOS_WORLD_RUN
#define START  "data: {\"type\":\"start\",\"run_id\":\"" RUN "\"}\n\n"
#define CHUNK  "data: {\"type\":\"chunk\",\"text\":\"a\"}\n\n"
#define DONE   "data: {\"type\":\"done\",\"output\":\"a\"}\n\n"
#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

enum place {
	IN_FIRST_EVENT,
	IN_LAST_EVENT,
	IN_STREAM_DONE,
	IN_RESULT,
	IN_APPROVALS,
	IN_DECISION,
	IN_CONVERSATION_RESULT,
	IN_CONVERSATION_EVENT,
	IN_CONVERSATION_DONE,
	PLACES
};

enum action {
	CLOSE_THIS,
	PAUSE_THIS,
	PAUSE_AND_RESUME_THIS,
	CLOSE_THE_OTHER,
	INVOKE,
	INVOKE_STREAM,
	REPLY,
	REPLY_STREAM,
	READ_A_RUN,
	LIST_APPROVALS,
	DECIDE,
	CANCEL_THE_OTHER_CALL,
	SEND,
	SEND_STREAM,
	NEW_CONVERSATION,
	FREE_CONVERSATION,
	CLOSE_CLIENT,
	FREE_CLIENT,
	CLOSE_REACTOR,
	FREE_REACTOR,
	ACTIONS
};

static const char *const place_names[PLACES] = {"the first event", "the last event", "on_done", "an invoke's callback",
	"a list's callback", "a decision's callback", "a conversation's callback", "a conversation's event",
	"a conversation's on_done"};
static const char *const action_names[ACTIONS] = {"close this", "pause this", "pause and resume this",
	"close the other", "invoke", "invoke_stream", "reply", "reply_stream", "run_read", "approvals", "decide",
	"cancel the other call", "conversation_send", "conversation_send_stream", "conversation_new and _free",
	"conversation_free", "close the client", "free the client", "close the reactor", "free the reactor"};

/* A stream; those of a conversation have no handle. */
struct subject {
	freshet_agentos_stream *stream; /* NULL: over */
	unsigned begun;
	unsigned dones;
	unsigned events;
	bool closed; /* no event may come */
	bool paused;
};

static struct {
	enum place place;
	enum action action;
	bool acted;
	bool closing; /* client or reactor */
	struct subject self, other, said, fresh;
	freshet_agentos_call *slow; /* NULL: over */
	freshet_agentos_conversation *conversation;
	unsigned calls;
	unsigned calls_done;
	bool reactor_closed;
} t;

/* ---- the server ---- */

static void stream(struct h1server_conn *c, bool whole)
{
	const char *text = whole ? START CHUNK DONE : START;
	char size[24];
	snprintf(size, sizeof size, "%zx\r\n", strlen(text));
	h1server_write(c, EVENTS);
	h1server_write(c, size);
	h1server_write(c, text);
	h1server_write(c, "\r\n");
	if (!whole)
		return;
	h1server_write(c, "0\r\n\r\n");
	h1server_done(c);
}

static bool has(const struct h1server_request *q, const char *word)
{
	return q->body != NULL && memmem(q->body, q->body_len, word, strlen(word)) != NULL;
}

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	if (has(q, "slow"))
		return;
	if (strstr(q->head, "text/event-stream") != NULL)
		stream(c, !has(q, "other"));
	else if (strstr(q->target, "/approvals") != NULL && strcmp(q->method, "GET") == 0)
		h1server_reply(c, 200, "", "{\"data\":[],\"error\":null}");
	else
		h1server_reply(c, 200, "", "{\"run_id\":\"" RUN "\",\"status\":\"completed\",\"output\":\"a\"}");
}

/* ---- calls ---- */

static void on_answer(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_result *result, void *user);
static void on_approvals(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *approvals, size_t count, void *user);
static void on_decided(freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user);
static const freshet_agentos_stream_callbacks callbacks;

/* FRESHET_ESTATE: the client or the reactor closes. */
static bool begun(freshet_err err)
{
	assert_true(err == FRESHET_OK || (err == FRESHET_ESTATE && t.closing));
	return err == FRESHET_OK;
}

static void invoke_stream(struct subject *s, const char *text)
{
	freshet_agentos_invoke_options o = say(text);
	freshet_agentos_stream *opened;
	if (!begun(freshet_agentos_invoke_stream(agentos_world.client, &o, &callbacks, s, &opened)))
		return;
	s->stream = opened;
	s->begun++;
}

static void invoke(const char *text, freshet_agentos_call **out)
{
	freshet_agentos_invoke_options o = say(text);
	t.calls += begun(freshet_agentos_invoke(agentos_world.client, &o, on_answer, out, out));
}

static void reply(bool as_stream)
{
	freshet_agentos_reply_options o;
	freshet_agentos_stream *opened;
	freshet_agentos_reply_options_init(&o);
	o.run_id = Z(RUN);
	o.answer = Z("yes");
	if (!as_stream) {
		t.calls += begun(freshet_agentos_reply(agentos_world.client, &o, on_answer, NULL, NULL));
	} else if (begun(freshet_agentos_reply_stream(agentos_world.client, &o, &callbacks, &t.fresh, &opened))) {
		t.fresh.stream = opened;
		t.fresh.begun++;
	}
}

static void send_text(bool as_stream)
{
	if (t.conversation == NULL)
		return;
	if (as_stream)
		t.said.begun +=
			begun(freshet_agentos_conversation_send_stream(t.conversation, Z("two"), &callbacks, &t.said));
	else
		t.calls += begun(freshet_agentos_conversation_send(t.conversation, Z("one"), on_answer, &t.said));
}

static void new_conversation(void)
{
	freshet_agentos_conversation *c;
	if (!begun(freshet_agentos_conversation_new(agentos_world.client, NULL, &c)))
		return;
	t.calls += begun(freshet_agentos_conversation_send(c, Z("x"), on_answer, NULL));
	freshet_agentos_conversation_free(c);
}

static void free_conversation(void)
{
	freshet_agentos_conversation_free(t.conversation);
	t.conversation = NULL;
}

static void close_stream(struct subject *s)
{
	if (s->stream == NULL)
		return;
	freshet_agentos_stream_close(s->stream);
	s->closed = true;
}

static void pause_stream(struct subject *s, bool pause)
{
	if (s->stream == NULL)
		return;
	s->paused = pause;
	if (pause)
		freshet_agentos_stream_pause(s->stream);
	else
		freshet_agentos_stream_resume(s->stream);
}

static void close_everything(enum action action)
{
	/* After these two the handle is not to be used again. */
	if (t.closing && action != CLOSE_CLIENT)
		return;
	t.closing = true;
	if (action == CLOSE_CLIENT)
		freshet_agentos_close(agentos_world.client, 0, NULL, NULL);
	else if (action == FREE_CLIENT)
		freshet_agentos_free(agentos_world.client);
	else
		freshet_reactor_close(agentos_world.reactor, agentos_world_on_reactor_closed, &t.reactor_closed);
	if (action == FREE_REACTOR)
		freshet_reactor_free(agentos_world.reactor);
}

static void make_the_call(void)
{
	freshet_agentos *client = agentos_world.client;
	switch (t.action) {
	case CLOSE_THIS: close_stream(&t.self); break;
	case PAUSE_THIS: pause_stream(&t.self, true); break;
	case PAUSE_AND_RESUME_THIS:
		pause_stream(&t.self, true);
		pause_stream(&t.self, false);
		break;
	case CLOSE_THE_OTHER: close_stream(&t.other); break;
	case INVOKE: invoke("x", NULL); break;
	case INVOKE_STREAM: invoke_stream(&t.fresh, "x"); break;
	case REPLY: reply(false); break;
	case REPLY_STREAM: reply(true); break;
	case READ_A_RUN: t.calls += begun(freshet_agentos_run_read(client, Z(RUN), on_answer, NULL, NULL)); break;
	case LIST_APPROVALS: t.calls += begun(freshet_agentos_approvals(client, on_approvals, NULL, NULL)); break;
	case DECIDE:
		t.calls += begun(freshet_agentos_decide(client, Z("a"), true, NONE, on_decided, NULL, NULL));
		break;
	case CANCEL_THE_OTHER_CALL:
		if (t.slow != NULL)
			freshet_agentos_call_cancel(t.slow);
		break;
	case SEND: send_text(false); break;
	case SEND_STREAM: send_text(true); break;
	case NEW_CONVERSATION: new_conversation(); break;
	case FREE_CONVERSATION: free_conversation(); break;
	case CLOSE_CLIENT:
	case FREE_CLIENT:
	case CLOSE_REACTOR:
	case FREE_REACTOR: close_everything(t.action); break;
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

static void on_stream_event(freshet_agentos_stream *opened, const freshet_agentos_event *event, void *user)
{
	struct subject *s = user;
	assert_non_null(opened);
	assert_false(s->closed || s->paused);
	bool first = s->events++ == 0;
	if (s == &t.self && first)
		reach(IN_FIRST_EVENT);
	if (s == &t.self && event->type == FRESHET_AGENTOS_EVENT_DONE)
		reach(IN_LAST_EVENT);
	if (s == &t.said)
		reach(IN_CONVERSATION_EVENT);
	/* What the callback did must not have taken away what it was told. */
	assert_true(event->type_name.len > 0 && event->raw.len > 0);
}

static void on_stream_over(freshet_agentos_stream *opened, const freshet_agentos_stream_end *end, void *user)
{
	struct subject *s = user;
	(void)opened;
	s->dones++;
	if (s == &t.self)
		reach(IN_STREAM_DONE);
	if (s == &t.said)
		reach(IN_CONVERSATION_DONE);
	if (end->error != NULL)
		assert_true(end->error->outcome.text.len > 0);
	else
		assert_string_equal("a", end->text.ptr);
	s->stream = NULL;
}

static const freshet_agentos_stream_callbacks callbacks = {on_stream_event, on_stream_over};

static void call_over(const freshet_agentos_error *error, enum place place)
{
	t.calls_done++;
	reach(place);
	if (error != NULL)
		assert_true(error->outcome.text.len > 0);
}

static void on_answer(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_result *result, void *user)
{
	(void)call;
	if (user == &t.slow) {
		t.slow = NULL;
		t.calls_done++;
		return;
	}
	call_over(error, user == &t.said ? IN_CONVERSATION_RESULT : IN_RESULT);
	if (error == NULL)
		assert_true(freshet_str_is(result->run_id, RUN));
}

static void on_approvals(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_approval *approvals, size_t count, void *user)
{
	(void)call;
	(void)approvals;
	(void)count;
	(void)user;
	call_over(error, IN_APPROVALS);
}

static void on_decided(freshet_agentos_call *call, const freshet_agentos_error *error, freshet_str status, void *user)
{
	(void)call;
	(void)status;
	(void)user;
	call_over(error, IN_DECISION);
}

/* ---- the play ---- */

static unsigned open_streams(void)
{
	const struct subject *const all[] = {&t.self, &t.other, &t.said, &t.fresh};
	unsigned open = 0;
	for (size_t i = 0; i < 4; i++)
		open += all[i]->begun - all[i]->dones;
	return open;
}

/* All has come that comes by itself. */
static bool settled(void)
{
	bool self_stays = t.self.paused && t.self.stream != NULL;
	bool other_stays = t.other.stream != NULL && !t.other.closed;
	bool slow_stays = t.slow != NULL && t.action != CANCEL_THE_OTHER_CALL;
	bool reactor_goes = t.action == CLOSE_REACTOR || t.action == FREE_REACTOR;
	if (!t.closing)
		return t.acted && open_streams() == (unsigned)self_stays + other_stays &&
		       t.calls == t.calls_done + slow_stays;
	return open_streams() == 0 && t.calls == t.calls_done && t.reactor_closed == reactor_goes;
}

static void begin_the_play(void)
{
	freshet_agentos_options o = agentos_world_options();
	agentos_world_open(answer, NULL);
	agentos_world_client(&o);
	assert_int_equal(freshet_agentos_conversation_new(agentos_world.client, NULL, &t.conversation), FRESHET_OK);
	invoke_stream(&t.other, "other");
	invoke("slow", &t.slow);
	invoke_stream(&t.self, "x");
	invoke("x", NULL);
	t.calls += begun(freshet_agentos_approvals(agentos_world.client, on_approvals, NULL, NULL));
	t.calls += begun(freshet_agentos_decide(agentos_world.client, Z("a"), true, NONE, on_decided, NULL, NULL));
	send_text(false);
	send_text(true);
	assert_int_equal(t.calls, 5);
	assert_int_equal(open_streams(), 3);
}

static void play(enum place place, enum action action)
{
	memset(&t, 0, sizeof t);
	t.place = place;
	t.action = action;
	begin_the_play();
	for (unsigned turns = 0; !settled(); turns++) {
		if (turns == 10000)
			fail_msg("%s inside %s: it does not end", action_names[action], place_names[place]);
		agentos_world_turn();
	}
	agentos_world_close(NULL);
	if (open_streams() != 0 || t.calls != t.calls_done || t.self.dones != 1)
		fail_msg("%s inside %s: %u streams without an end, calls %u of %u", action_names[action],
			place_names[place], open_streams(), t.calls_done, t.calls);
	free_conversation();
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
