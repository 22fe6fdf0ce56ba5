/*
 * The states of a stream: the whole table, written down a second time, and the printable names.
 */
#include "support/test.h"

#include "flow/states.h"

#define ILLEGAL STREAM_NONE

/* One row for each state; the columns are STEP_SUBMIT, OPENED, REFUSED, MOVED, CUT, RETRY, END. */
static const enum stream_state expected[STREAM_STATE_COUNT][STREAM_STEP_COUNT] = {
	{ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL},                              /* none */
	{STREAM_SENT, ILLEGAL, ILLEGAL, ILLEGAL, STREAM_BACKOFF, ILLEGAL, STREAM_DONE},               /* waiting */
	{ILLEGAL, STREAM_OPEN, STREAM_REFUSED, STREAM_WAITING, STREAM_BACKOFF, ILLEGAL, STREAM_DONE}, /* sent */
	{ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, STREAM_BACKOFF, ILLEGAL, STREAM_DONE},                   /* open */
	{ILLEGAL, ILLEGAL, ILLEGAL, STREAM_WAITING, STREAM_BACKOFF, ILLEGAL, STREAM_DONE},            /* refused */
	{ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, STREAM_BACKOFF, STREAM_WAITING, STREAM_DONE},            /* backoff */
	{ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL},                              /* done */
};

static const char *const names[STREAM_STATE_COUNT] = {"none", "waiting", "sent", "open", "refused", "backoff", "done"};

static void every_step_in_every_state_is_as_written_down(void **state)
{
	(void)state;
	for (int s = 0; s < STREAM_STATE_COUNT; s++)
		for (int step = 0; step < STREAM_STEP_COUNT; step++) {
			print_message("%s, step %d\n", names[s], step);
			assert_int_equal(
				stream_next_state((enum stream_state)s, (enum stream_step)step), expected[s][step]);
		}
}

static void what_is_no_state_or_step_is_illegal(void **state)
{
	(void)state;
	assert_int_equal(stream_next_state(STREAM_STATE_COUNT, STEP_END), STREAM_NONE);
	assert_int_equal(stream_next_state(STREAM_OPEN, STREAM_STEP_COUNT), STREAM_NONE);
	assert_int_equal(stream_next_state((enum stream_state) - 1, STEP_END), STREAM_NONE);
}

static void every_state_has_its_name(void **state)
{
	(void)state;
	for (int s = 0; s < STREAM_STATE_COUNT; s++)
		assert_string_equal(stream_state_name((enum stream_state)s), names[s]);
	assert_string_equal(stream_state_name(STREAM_STATE_COUNT), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_in_every_state_is_as_written_down),
		cmocka_unit_test(what_is_no_state_or_step_is_illegal),
		cmocka_unit_test(every_state_has_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
