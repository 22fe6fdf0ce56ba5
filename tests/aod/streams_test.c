/*
 * Whole streams of the service against the emulator in the same process and on the same loop: every kind of end, turns,
 * cursors, pauses, and sessions that are ended under them. calls_test.c holds the calls.
 */
#include "support/aod_record.h"
#include "support/aod_world.h"
#include "support/test.h"

static int set_up(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	world_open(&o);
	return 0;
}

static void a_full_run(void **state)
{
	struct watch w = {0};
	(void)state;
	create_session(world.agent, "script:success rows=12");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_OK);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(w.has_exit_code);
	assert_int_equal(w.exit_code, 0);
	assert_int_equal(w.outputs, 12);
	assert_int_equal(w.kinds[0], 's');
	assert_non_null(strstr(w.kinds, "toooooooooooo"));
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'e');
	assert_int_equal(strchr(w.kinds, 'e') - w.kinds, strlen(w.kinds) - 1);
	assert_true(w.cursor == w.last_id);
	/* The one that confirmed the end. */
	assert_int_equal(w.reconnects, 1);
	assert_int_equal(w.cuts, 0);
	assert_int_equal(w.opened, 2);
}

static void two_turns(void **state)
{
	struct watch first = {0};
	struct watch second = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	create_session(world.agent, "script:success rows=3");
	strcpy(id, answer.id);
	watch_from(&first, id, 0);
	world_run_until(&first.done);
	assert_int_equal(first.status, FRESHET_AOD_STATUS_COMPLETED);
	prompt_session(id, "script:exit code=7 rows=4");
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.session_status, FRESHET_AOD_STATUS_PENDING);
	second.last_id = first.cursor;
	watch_from(&second, id, first.cursor);
	world_run_until(&second.done);
	assert_string_equal(second.kinds, "sgtooooe");
	assert_int_equal(second.exit_code, 7);
	assert_int_equal(second.status, FRESHET_AOD_STATUS_FAILED);
	/* And from the beginning: both turns, one end. */
	struct watch again = {0};
	watch_from(&again, id, 0);
	world_run_until(&again.done);
	assert_int_equal(again.outputs, 7);
	assert_int_equal(again.status, FRESHET_AOD_STATUS_FAILED);
	const char *turn = strchr(again.kinds, 't');
	assert_non_null(turn);
	assert_non_null(strchr(turn + 1, 't'));
	assert_true(again.cursor == second.cursor);
}

static void a_session_that_cannot_be_set_up(void **state)
{
	struct watch w = {0};
	(void)state;
	create_session(world.agent, "script:provision-failure");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_FAILED);
	assert_false(w.has_exit_code);
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'E');
	assert_non_null(strstr(w.kinds, "to"));
}

static void an_end_without_a_code(void **state)
{
	struct watch w = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	mockd_add_session(world.mockd, "script:manual stages=0", id);
	watch_from(&w, id, 0);
	while (mockd_add_row(world.mockd, id, "stderr", "x", 1) == 0)
		world_turn();
	assert_true(mockd_end_session(world.mockd, id, "completed", NULL));
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_false(w.has_exit_code);
	assert_int_equal(w.outputs, 1);
}

/* More rows than the server gives in one poll. */
static void a_long_replay(void **state)
{
	struct watch w = {0};
	(void)state;
	create_session(world.agent, "script:replay rows=777");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.outputs, 777);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
}

/* Another process goes on where this one stopped. */
static void a_cursor_carries_over(void **state)
{
	struct watch all = {0};
	(void)state;
	create_session(world.agent, "script:replay rows=30");
	watch_from(&all, answer.id, 0);
	world_run_until(&all.done);
	struct watch rest = {.last_id = all.cursor};
	watch_from(&rest, answer.id, all.cursor);
	world_run_until(&rest.done);
	assert_string_equal(rest.kinds, "se");
	assert_true(rest.cursor == all.cursor);
	/* A cursor past the end gives the end and stays. */
	struct watch past = {0};
	watch_from(&past, answer.id, all.cursor + 1000);
	world_run_until(&past.done);
	assert_string_equal(past.kinds, "se");
	assert_true(past.cursor == all.cursor + 1000);
}

static void stale_goes_on(void **state)
{
	struct watch w = {0};
	(void)state;
	create_session(world.agent, "script:stale rows=4");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.outputs, 4);
	assert_non_null(strchr(w.kinds, 'l'));
	assert_int_equal(strchr(w.kinds, 's') - w.kinds, 0);
	assert_null(strchr(w.kinds + 1, 's'));
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_int_equal(w.cuts, 0);
}

static void ask_to_terminate(struct watch *w, const freshet_aod_event *event)
{
	if (event->type != FRESHET_AOD_EVENT_OUTPUT || w->outputs != 2)
		return;
	begin_call();
	freshet_err err = freshet_aod_session_terminate(world.aod, freshet_str_of(w->id), keep_ack, &answer, NULL);
	assert_int_equal(err, FRESHET_OK);
}

static void terminate_while_it_streams(void **state)
{
	struct watch w = {.act = ask_to_terminate};
	(void)state;
	create_session(world.agent, "script:until-terminated rows=5");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_TERMINATED);
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'x');
	assert_int_equal(answer.err, FRESHET_OK);
}

/* The body is cut in the middle; the next subscription tells why. */
static void delete_while_it_streams(void **state)
{
	struct watch w = {0};
	(void)state;
	create_session(world.agent, "script:replay rows=900");
	watch_from(&w, answer.id, 0);
	do {
		world_turn();
		get_session(w.id);
	} while (answer.session_status != FRESHET_AOD_STATUS_COMPLETED);
	assert_false(w.done);
	delete_session(w.id);
	assert_int_equal(answer.err, FRESHET_OK);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_ENOT_FOUND);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_UNKNOWN);
}

static void a_paused_stream_loses_nothing(void **state)
{
	struct watch w = {0};
	(void)state;
	create_session(world.agent, "script:replay rows=250");
	watch_from(&w, answer.id, 0);
	while (w.outputs == 0)
		world_turn();
	freshet_aod_stream_pause(w.stream);
	unsigned before = w.outputs;
	for (int i = 0; i < 50; i++)
		world_turn();
	assert_int_equal(w.outputs, before);
	freshet_aod_stream_resume(w.stream);
	world_run_until(&w.done);
	assert_int_equal(w.outputs, 250);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
}

static void many_streams_of_one_session(void **state)
{
	static struct watch watches[50];
	(void)state;
	memset(watches, 0, sizeof watches);
	create_session(world.agent, "script:success rows=20");
	for (size_t i = 0; i < 50; i++)
		watch_from(&watches[i], answer.id, 0);
	for (size_t i = 0; i < 50; i++) {
		world_run_until(&watches[i].done);
		assert_int_equal(watches[i].outputs, 20);
		assert_int_equal(watches[i].dones, 1);
	}
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_close)
	const struct CMUnitTest tests[] = {
		TEST(a_full_run),
		TEST(two_turns),
		TEST(a_session_that_cannot_be_set_up),
		TEST(an_end_without_a_code),
		TEST(a_long_replay),
		TEST(a_cursor_carries_over),
		TEST(stale_goes_on),
		TEST(terminate_while_it_streams),
		TEST(delete_while_it_streams),
		TEST(a_paused_stream_loses_nothing),
		TEST(many_streams_of_one_session),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
