/*
 * Everything inside every callback: each action is taken in each place, with another stream and another call open, and
 * whatever was opened must get its last callback exactly once. The address sanitizer looks on.
 */
#include "support/aod_world.h"
#include "support/test.h"

enum place { IN_OPEN, IN_EVENT, IN_CUT, IN_DONE, IN_CALL, PLACES };

enum action {
	OPEN_A_STREAM,
	CLOSE_THIS,
	CLOSE_THIS_TWICE,
	CLOSE_THE_OTHER,
	PAUSE_THIS,
	PAUSE_AND_RESUME_THIS,
	SEND_CALLS,
	CANCEL_THE_OTHER_CALL,
	CLOSE_THE_CLIENT,
	CLOSE_THE_CLIENT_TWICE,
	CLOSE_THE_REACTOR,
	ACTIONS,
};

static const char *const place_names[PLACES] = {"on_open", "on_event", "on_cut", "on_done", "a call's callback"};
static const char *const action_names[ACTIONS] = {"open a stream", "close this", "close this twice", "close the other",
	"pause this", "pause and resume this", "send calls", "cancel the other call", "close the client",
	"close the client twice", "close the reactor"};

struct subject {
	freshet_aod_stream *stream; /* NULL: over */
	unsigned opened;
	unsigned done;
};

static struct {
	enum place place;
	enum action action;
	bool taken;
	char session[MOCKD_ID_SIZE];
	struct subject self, other, third;
	freshet_aod_call *other_call; /* NULL: over */
	unsigned calls_sent;
	unsigned calls_done;
	bool reactor_closed;
	bool reactor_closing;
} test;

static void open_subject(struct subject *subject);
static void on_list(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *sessions,
	size_t count, void *user);

static void send_list(freshet_aod_call **out)
{
	if (freshet_aod_session_list(world.aod, on_list, NULL, out) == FRESHET_OK)
		test.calls_sent++;
}

static void take_action(void)
{
	freshet_aod_stream *self = test.self.stream;
	test.taken = true;
	switch (test.action) {
	case OPEN_A_STREAM: open_subject(&test.third); break;
	case CLOSE_THIS: freshet_aod_stream_close(self); break;
	case CLOSE_THIS_TWICE:
		freshet_aod_stream_close(self);
		freshet_aod_stream_close(self);
		break;
	case CLOSE_THE_OTHER:
		if (test.other.stream != NULL)
			freshet_aod_stream_close(test.other.stream);
		break;
	case PAUSE_THIS: freshet_aod_stream_pause(self); break;
	case PAUSE_AND_RESUME_THIS:
		freshet_aod_stream_pause(self);
		freshet_aod_stream_resume(self);
		break;
	case SEND_CALLS:
		send_list(NULL);
		send_list(NULL);
		break;
	case CANCEL_THE_OTHER_CALL:
		if (test.other_call != NULL)
			freshet_aod_call_cancel(test.other_call);
		break;
	case CLOSE_THE_CLIENT: freshet_aod_close(world.aod); break;
	case CLOSE_THE_CLIENT_TWICE:
		freshet_aod_close(world.aod);
		freshet_aod_close(world.aod);
		break;
	case CLOSE_THE_REACTOR:
		test.reactor_closing = true;
		freshet_reactor_close(world.reactor, world_on_reactor_closed, &test.reactor_closed);
		break;
	case ACTIONS: break;
	}
}

static void reach(enum place place, const struct subject *subject)
{
	if (place == test.place && !test.taken && (subject == NULL || subject == &test.self) &&
		test.self.stream != NULL)
		take_action();
}

static void on_open(freshet_aod_stream *stream, void *user)
{
	(void)stream;
	reach(IN_OPEN, user);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	(void)stream;
	if (event->type == FRESHET_AOD_EVENT_OUTPUT)
		reach(IN_EVENT, user);
}

static void on_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)stream;
	(void)cause;
	(void)retry_ms;
	reach(IN_CUT, user);
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct subject *subject = user;
	assert_ptr_equal(stream, subject->stream);
	assert_true(end->error.outcome.text.len > 0);
	subject->done++;
	reach(IN_DONE, subject);
	subject->stream = NULL;
}

static void on_list(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *sessions,
	size_t count, void *user)
{
	(void)sessions;
	(void)user;
	assert_true(error != NULL || count == 1);
	test.calls_done++;
	reach(IN_CALL, NULL);
	if (call == test.other_call)
		test.other_call = NULL;
}

static void open_subject(struct subject *subject)
{
	freshet_aod_stream_options o;
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(test.session);
	o.callbacks = (freshet_aod_stream_callbacks){on_open, on_event, on_cut, on_done};
	o.user = subject;
	if (freshet_aod_stream_open(world.aod, &o, &subject->stream) == FRESHET_OK)
		subject->opened++;
}

static bool is_settled(void)
{
	bool waiting = test.self.stream != NULL || test.other.stream != NULL || test.third.stream != NULL;
	return test.taken && !waiting && test.calls_done == test.calls_sent;
}

static void run_to_the_end(void)
{
	for (unsigned turns = 0; !is_settled(); turns++) {
		assert_true(turns < 20000);
		world_turn();
		/* Nothing comes by itself from a stream that stays paused. */
		if (test.taken && test.action == PAUSE_THIS && test.self.stream != NULL && turns % 10 == 9)
			freshet_aod_stream_resume(test.self.stream);
	}
	assert_int_equal(test.self.done, test.self.opened);
	assert_int_equal(test.other.done, test.other.opened);
	assert_int_equal(test.third.done, test.third.opened);
}

/* Streams of a session that has ended, so that all places are passed; each of them is cut once. */
static void run_pair(enum place place, enum action action)
{
	struct mockd_options o = world_fast();
	struct mockd_fault cut;
	mockd_fault_init(&cut, MOCKD_AT_EVENT, MOCKD_DO_RESET);
	memset(&test, 0, sizeof test);
	test.place = place;
	test.action = action;
	world_open(&o);
	cut.path = "/sessions/*/stream";
	cut.at = 3;
	cut.times = 2;
	assert_int_not_equal(mockd_fault_add(world.mockd, &cut), 0);
	assert_int_equal(mockd_add_session(world.mockd, "script:replay rows=30 stages=0", test.session), FRESHET_OK);
	open_subject(&test.self);
	open_subject(&test.other);
	send_list(NULL);
	send_list(&test.other_call);
	run_to_the_end();
	if (test.reactor_closing)
		world_run_until(&test.reactor_closed);
	world_close(NULL);
}

static void everything_in_every_callback(void **state)
{
	(void)state;
	for (int place = 0; place < PLACES; place++) {
		for (int action = 0; action < ACTIONS; action++) {
			print_message("  %s in %s\n", action_names[action], place_names[place]);
			run_pair((enum place)place, (enum action)action);
		}
	}
}

/* What the client was doing when it was closed is canceled, and its memory goes without another call. */
static void closing_the_client_ends_everything(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	memset(&test, 0, sizeof test);
	test.place = PLACES;
	world_open(&o);
	assert_int_equal(mockd_add_session(world.mockd, "script:manual", test.session), FRESHET_OK);
	open_subject(&test.self);
	send_list(&test.other_call);
	freshet_aod_close(world.aod);
	assert_int_equal(test.self.done, 0);
	assert_int_equal(test.calls_done, 0);
	freshet_aod_call *call = (freshet_aod_call *)&test;
	assert_int_equal(freshet_aod_session_list(world.aod, on_list, NULL, &call), FRESHET_ESTATE);
	assert_null(call);
	while (test.self.done == 0 || test.calls_done == 0)
		world_turn();
	world_close(NULL);
	assert_int_equal(test.self.done, 1);
	assert_int_equal(test.calls_done, 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_in_every_callback),
		cmocka_unit_test(closing_the_client_ends_everything),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
