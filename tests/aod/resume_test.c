/*
 * Nothing lost, nothing twice: one session of more than 300 rows in two turns is followed again and again, each time with
 * its connection cut at another place: after every byte of the body, between each row's `id:` and `data:` lines, between
 * each `turn_start` and its output. Every run must show every row exactly once and in order, `start` and each
 * `turn_start` once and in their places, and the right end.
 *
 * Several lanes run side by side, each with a session of its own, so that the fault of one run strikes no other run.
 */
#include "support/aod_world.h"
#include "support/test.h"

#define LANES         48
#define ROWS_PER_TURN 152
#define TURNS         2
#define MAX_ROWS      512

/* One row, as the ledger has it. */
struct row {
	uint64_t id;
	unsigned turn;
};

struct lane {
	char session[MOCKD_ID_SIZE];
	struct row rows[MAX_ROWS];
	size_t row_count;
	uint64_t hash;     /* the ledger's, over ids and payloads */
	uint64_t body_len; /* of the whole stream, uncut */
	/* The present run. */
	uint64_t number; /* which place is cut */
	uint64_t fault;
	size_t next_row;
	uint64_t seen_hash;
	unsigned starts;
	int64_t turn;
	bool ended;
	bool finished; /* all runs of this lane are */
};

static struct lane lanes[LANES];

/* What the runs of one test cut, and where. */
static struct plan {
	enum mockd_moment moment;
	enum mockd_action action;
	uint64_t first;
	uint64_t stride;
	uint64_t (*places)(const struct lane *lane); /* the last one, exclusive */
	uint64_t cuts;                               /* made by all runs */
} plan;

static void run_next(struct lane *lane);

/* ---- one run ---- */

static void check_row(struct lane *lane, uint64_t id, int64_t turn, freshet_str payload)
{
	assert_true(lane->next_row < lane->row_count);
	const struct row *row = &lane->rows[lane->next_row++];
	assert_int_equal(id, row->id);
	assert_int_equal(turn, row->turn);
	/* A row's turn was announced before it. */
	assert_int_equal(lane->turn, row->turn);
	lane->seen_hash = mockd_hash_row(lane->seen_hash, id, payload.ptr, payload.len);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct lane *lane = user;
	(void)stream;
	assert_false(lane->ended);
	assert_int_equal(lane->starts, event->type == FRESHET_AOD_EVENT_START ? 0 : 1);
	switch (event->type) {
	case FRESHET_AOD_EVENT_START: lane->starts++; break;
	case FRESHET_AOD_EVENT_TURN_START:
		assert_int_equal(event->turn_start.turn, lane->turn + 1);
		lane->turn++;
		break;
	case FRESHET_AOD_EVENT_STAGE: check_row(lane, event->id, lane->rows[lane->next_row].turn, event->raw); break;
	case FRESHET_AOD_EVENT_OUTPUT: check_row(lane, event->id, event->output.turn, event->raw); break;
	case FRESHET_AOD_EVENT_EXIT:
		assert_true(event->exit.has_code);
		assert_int_equal(event->exit.code, 0);
		lane->ended = true;
		break;
	case FRESHET_AOD_EVENT_UNKNOWN:
	case FRESHET_AOD_EVENT_ERROR:
	case FRESHET_AOD_EVENT_TERMINATED:
	case FRESHET_AOD_EVENT_STALE: fail_msg("an event of type %d", (int)event->type);
	}
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct lane *lane = user;
	(void)stream;
	if (end->error.outcome.err != FRESHET_OK)
		print_message("place %llu: %.*s\n", (unsigned long long)lane->number, (int)end->error.outcome.text.len,
			end->error.outcome.text.ptr);
	assert_int_equal(end->error.outcome.err, FRESHET_OK);
	assert_int_equal(end->status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(end->confirmed);
	assert_true(lane->ended);
	assert_int_equal(lane->next_row, lane->row_count);
	assert_true(lane->seen_hash == lane->hash);
	assert_int_equal(lane->turn, TURNS);
	assert_int_equal(end->cursor, lane->rows[lane->row_count - 1].id);
	plan.cuts += mockd_fault_struck(world.mockd, lane->fault);
	assert_int_equal(mockd_fault_struck(world.mockd, lane->fault), 1);
	mockd_fault_remove(world.mockd, lane->fault);
	lane->number += LANES * plan.stride;
	run_next(lane);
}

static void run_next(struct lane *lane)
{
	struct mockd_fault fault;
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	if (lane->number >= plan.places(lane)) {
		lane->finished = true;
		return;
	}
	lane->next_row = 0;
	lane->seen_hash = MOCKD_HASH_START;
	lane->starts = 0;
	lane->turn = 0;
	lane->ended = false;
	mockd_fault_init(&fault, plan.moment, plan.action);
	fault.session = lane->session;
	fault.at = lane->number;
	fault.code = 2;
	lane->fault = mockd_fault_add(world.mockd, &fault);
	assert_true(lane->fault != 0);
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(lane->session);
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = lane;
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &stream), FRESHET_OK);
}

static void run_plan(enum mockd_moment moment, enum mockd_action action, uint64_t first, uint64_t stride,
	uint64_t (*places)(const struct lane *lane))
{
	bool all;
	uint64_t expected = 0;
	plan = (struct plan){moment, action, first, stride, places, 0};
	for (size_t i = 0; i < LANES; i++) {
		lanes[i].number = first + i * stride;
		lanes[i].finished = false;
		for (uint64_t place = lanes[i].number; place < places(&lanes[i]); place += LANES * stride)
			expected++;
	}
	for (size_t i = 0; i < LANES; i++)
		run_next(&lanes[i]);
	do {
		world_turn();
		all = true;
		for (size_t i = 0; i < LANES; i++)
			all &= lanes[i].finished;
	} while (!all);
	assert_true(expected > 0);
	assert_int_equal(plan.cuts, expected);
	print_message("%llu cuts\n", (unsigned long long)plan.cuts);
}

/* ---- the recorded sessions ---- */

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	(void)call;
	(void)ack;
	assert_null(error);
	*(bool *)user = true;
}

static void record_turn(struct lane *lane)
{
	static const int success = 0;
	/* The script "manual" takes rows once its stages are through. */
	while (mockd_add_row(world.mockd, lane->session, "stdout", "first\n", 6) == 0)
		world_turn();
	for (size_t i = 1; i < ROWS_PER_TURN; i++) {
		char text[32];
		int len = snprintf(text, sizeof text, i % 5 != 0 ? "r%zu\n" : "\"\xc3\xa9%zu\"", i);
		assert_true(mockd_add_row(world.mockd, lane->session, i % 7 == 0 ? "stderr" : "stdout", text,
				    (size_t)len) != 0);
	}
	assert_true(mockd_end_session(world.mockd, lane->session, "completed", &success));
}

static void note_row(const struct mockd_ledger_row *row, void *user)
{
	struct lane *lane = user;
	assert_true(lane->row_count < MAX_ROWS);
	/* A stage stands before its turn's first output: until that is announced the turn is the one before. */
	bool output = strcmp(row->kind, "stage") != 0;
	unsigned before = lane->row_count > 0 ? lane->rows[lane->row_count - 1].turn : 0;
	lane->rows[lane->row_count++] = (struct row){row->id, output ? row->turn : before};
}

static void note_entry(const struct mockd_ledger_entry *entry, void *user)
{
	struct lane *lane = user;
	lane->hash = entry->hash;
	assert_int_equal(entry->turns, TURNS);
}

static void on_body(freshet_request *request, const freshet_response *response, void *user)
{
	struct lane *lane = user;
	(void)request;
	assert_int_equal(response->outcome.err, FRESHET_OK);
	assert_int_equal(response->status, 200);
	lane->body_len = response->body.len;
}

/* The length of the stream's body, read as one answer. */
static void measure_body(struct lane *lane)
{
	char path[96];
	freshet_request_options o;
	snprintf(path, sizeof path, "/sessions/%s/stream", lane->session);
	freshet_request_options_init(&o);
	o.path = path;
	o.on_done = on_body;
	o.user = lane;
	lane->body_len = 0;
	assert_int_equal(freshet_request_send(freshet_aod_endpoint(world.aod), &o, NULL), FRESHET_OK);
	while (lane->body_len == 0)
		world_turn();
}

static void record_session(struct lane *lane)
{
	bool prompted = false;
	*lane = (struct lane){.hash = 0};
	assert_int_equal(mockd_add_session(world.mockd, "script:manual", lane->session), FRESHET_OK);
	record_turn(lane);
	assert_int_equal(freshet_aod_session_prompt(world.aod, freshet_str_of(lane->session),
				 freshet_str_of("script:manual"), 0, on_ack, &prompted, NULL),
		FRESHET_OK);
	world_run_until(&prompted);
	record_turn(lane);
	assert_true(mockd_ledger_rows(world.mockd, lane->session, note_row, lane));
	assert_true(mockd_ledger_find(world.mockd, lane->session, note_entry, lane));
	assert_true(lane->row_count >= 300);
	measure_body(lane);
}

static int record(void **state)
{
	struct mockd_options o;
	(void)state;
	mockd_options_init(&o);
	/* A connection for each stream, so that a cut is a cut of one run; everything at once. */
	o.max_concurrent_streams = 1;
	o.poll_rows = MAX_ROWS;
	o.clock_scale = 20000;
	o.stale_ms = UINT32_MAX;
	o.heartbeat_ms = UINT32_MAX;
	o.merge_writes = true;
	world_open(&o);
	for (size_t i = 0; i < LANES; i++)
		record_session(&lanes[i]);
	return 0;
}

/* ---- where it is cut ---- */

static uint64_t every_byte(const struct lane *lane)
{
	return lane->body_len;
}

static uint64_t every_row(const struct lane *lane)
{
	return lane->row_count + 1;
}

static uint64_t every_turn(const struct lane *lane)
{
	(void)lane;
	return TURNS + 1;
}

static void cut_after_every_byte(void **state)
{
	(void)state;
	run_plan(MOCKD_AT_BYTE, MOCKD_DO_CUT, 0, 1, every_byte);
}

static void aborted_after_many_a_byte(void **state)
{
	(void)state;
	run_plan(MOCKD_AT_BYTE, MOCKD_DO_ABORT, 0, 11, every_byte);
}

static void reset_after_many_a_byte(void **state)
{
	(void)state;
	run_plan(MOCKD_AT_BYTE, MOCKD_DO_RESET, 0, 11, every_byte);
}

/* The most treacherous one: the body ends as if all were well. */
static void ended_after_many_a_byte(void **state)
{
	(void)state;
	run_plan(MOCKD_AT_BYTE, MOCKD_DO_END, 0, 11, every_byte);
}

static void cut_between_id_and_data(void **state)
{
	(void)state;
	run_plan(MOCKD_AT_ID, MOCKD_DO_CUT, 1, 1, every_row);
}

static void cut_between_turn_start_and_output(void **state)
{
	(void)state;
	run_plan(MOCKD_AT_TURN, MOCKD_DO_CUT, 1, 1, every_turn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_between_turn_start_and_output),
		cmocka_unit_test(cut_between_id_and_data),
		cmocka_unit_test(aborted_after_many_a_byte),
		cmocka_unit_test(reset_after_many_a_byte),
		cmocka_unit_test(ended_after_many_a_byte),
		cmocka_unit_test(cut_after_every_byte),
	};
	return cmocka_run_group_tests(tests, record, world_close);
}
